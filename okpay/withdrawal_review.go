package okpay

import (
	"context"
	"slices"

	"github.com/okpay/okpay-go/ledger"
)

// ReviewWithdrawal is the input of Withdrawals.Approve.
type ReviewWithdrawal struct {
	Withdrawal WithdrawalID
	By         string // the operator, 1 to 64 letters, digits, '_' and '-', never the owner
	Key        string // makes the call safe to repeat
}

// Approve lets a withdrawal leave; Run submits it. Above OutgoingConfig.FourEyesAbove the first approval is
// recorded and a second operator has to approve, too. Of several errors the first of this
// list is returned: InvalidRequest, NotFound, InvalidState, SelfApprovalForbidden,
// DuplicateApprover; IdempotencyKeyReused comes before those that depend on state.
func (s *Withdrawals) Approve(ctx context.Context, in ReviewWithdrawal) (Withdrawal, error) {
	return s.withdrawal(s.approve(ctx, string(in.Withdrawal), in.By, in.Key))
}

func (e outgoings) approve(ctx context.Context, id, by, key string) (*outgoingDoc, bool, error) {
	if err := CheckID("by", by); err != nil {
		return nil, false, err
	}
	v := verb{"op/" + by, e.noun + ".approve", key, []ledger.Field{{Name: e.noun, Value: id}}}
	return e.run(ctx, v, id, func(d *ledger.Draft) error {
		doc, err := e.load(d, id)
		if err != nil {
			return err
		}
		switch {
		case !e.machine.Allows(doc.State, approveOut):
			return e.machine.Refuse(doc.State, id, approveOut)
		case doc.owner().is(by):
			return withObject(NewError(SelfApprovalForbidden, "the operator is the owner"), id)
		case slices.ContainsFunc(doc.Approvals, func(a Approval) bool { return a.By == by }):
			return withObject(NewError(DuplicateApprover, ""), id)
		}
		amount, err := e.w.restore(doc.Minor.Amount, doc.Currency)
		if err != nil {
			return err
		}
		doc.Approvals = append(doc.Approvals, Approval{By: by, At: d.Now()})
		g := enoughEyes
		if len(doc.Approvals) < e.config().approvers(amount) {
			g = moreEyes
		}
		m, err := e.move(doc, d.Now(), approveOut, g)
		if err != nil {
			return err
		}
		doc.NextAt = d.Now().Add(e.config().SubmitDelay)
		d.Result = id
		return e.write(&d.Change, doc, d.Now(), m)
	})
}

// withObject names the object that an error concerns.
func withObject(e *Error, id string) *Error {
	e.Object = id
	return e
}

// RejectWithdrawal is the input of Withdrawals.Reject.
type RejectWithdrawal struct {
	Withdrawal WithdrawalID
	By         string // the operator, 1 to 64 letters, digits, '_' and '-'
	Reason     string // a code that the customer is told, such as kyc_required, 1 to 64 of the same
	Key        string // makes the call safe to repeat
}

// Reject gives back what is held, and tells the customer why. Errors: InvalidRequest
// without a reason or an operator, NotFound, InvalidState, IdempotencyKeyReused.
func (s *Withdrawals) Reject(ctx context.Context, in RejectWithdrawal) (Withdrawal, error) {
	return s.withdrawal(s.reject(ctx, string(in.Withdrawal), in.By, in.Reason, in.Key))
}

func (e outgoings) reject(ctx context.Context, id, by, reason, key string) (*outgoingDoc, bool, error) {
	if err := CheckID("by", by); err != nil {
		return nil, false, err
	}
	if err := CheckID("reason", reason); err != nil {
		return nil, false, err
	}
	v := verb{"op/" + by, e.noun + ".reject", key, []ledger.Field{{Name: e.noun, Value: id}, {Name: "reason", Value: reason}}}
	return e.run(ctx, v, id, func(d *ledger.Draft) error {
		doc, err := e.load(d, id)
		if err != nil {
			return err
		}
		m, err := e.move(doc, d.Now(), rejectOut, Always)
		if err != nil {
			return err
		}
		doc.RejectedBy, doc.Reason = by, reason
		doc.Failure = refusedFor(WithdrawalRejected, d.Now())
		return e.release(d, doc, m)
	})
}

// Review returns what reviewers see of a withdrawal. Errors: NotFound.
func (s *Withdrawals) Review(ctx context.Context, id WithdrawalID) (OutgoingReview, error) {
	if err := notWithActor(ctx); err != nil {
		return OutgoingReview{}, err
	}
	return s.review(ctx, string(id))
}

func (e outgoings) review(ctx context.Context, id string) (OutgoingReview, error) {
	doc, err := e.get(ctx, id)
	if err != nil {
		return OutgoingReview{}, err
	}
	amount, err := e.w.restore(doc.Minor.Amount, doc.Currency)
	return OutgoingReview{
		Approvals: doc.Approvals, Needed: e.config().approvers(amount), RejectedBy: doc.RejectedBy, Assessment: doc.Assessment,
	}, err
}
