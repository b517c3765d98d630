package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Withdrawals is the service for withdrawals.
type Withdrawals struct{ outgoings }

// RequestWithdrawal is the input of Withdrawals.Request.
type RequestWithdrawal struct {
	Customer    CustomerID
	Amount      money.Amount  // what the destination gets, more than zero; the fee comes on top
	Destination DestinationID // one of the customer's, verified
	Proof       string        // always needed with an Authority such as okpay/identity; else answers a challenge of Config.Risk
	Key         string        // makes the call safe to repeat
}

// Request holds amount and fee, and begins the review; an amount up to
// OutgoingConfig.AutoApproveMax is approved at once. The customer is told.
//
// Nothing is recorded of a refusal. Of several errors the first of this list is returned:
// AmountNotPositive, CurrencyNotSupported, InvalidRequest; NotFound for the customer,
// AccountLocked, AccountClosed; WithdrawalBelowMinimum and LimitExceededTransaction with
// Limit, the bound; DestinationInvalid (not there, another's, or not verified),
// DestinationClosed, DestinationBlocked, DestinationNameMismatch; ServiceBusy, RiskDeclined,
// AuthenticationRequired, AuthenticationFailed; LimitExceededDaily, LimitExceededMonthly,
// with Limit, what is left, and ResetsAt, and VelocityExceeded with ResetsAt, in the order of
// Config.Limits; WithdrawalExceedsWithdrawable with Limit, the largest amount that leaves
// OutgoingConfig.MinRemaining after the fee. IdempotencyKeyReused comes before all that
// depend on the wallet's state.
func (s *Withdrawals) Request(ctx context.Context, in RequestWithdrawal) (Withdrawal, error) {
	return s.withdrawal(s.request(ctx, outgoingRequest{
		owner: owner{customer: in.Customer}, amount: in.Amount, destination: in.Destination, proof: in.Proof, key: in.Key,
	}))
}

// withdrawal makes what the outside sees of what a verb returned.
func (s *Withdrawals) withdrawal(d *outgoingDoc, replayed bool, failure error) (Withdrawal, error) {
	if d == nil {
		return Withdrawal{}, failure
	}
	out, err := s.w.withdrawal(d)
	if err != nil {
		return Withdrawal{}, err
	}
	out.Replayed = replayed
	return out, failure
}

// CancelWithdrawal is the input of Withdrawals.Cancel.
type CancelWithdrawal struct {
	Customer   CustomerID
	Withdrawal WithdrawalID
	Key        string // makes the call safe to repeat
}

// Cancel gives back what is held, as long as the withdrawal was not submitted. A locked
// account does not stand in the way. Errors: NotFound (also for another customer's),
// InvalidState, IdempotencyKeyReused.
func (s *Withdrawals) Cancel(ctx context.Context, in CancelWithdrawal) (Withdrawal, error) {
	return s.withdrawal(s.cancel(ctx, owner{customer: in.Customer}, string(in.Withdrawal), in.Key))
}

func (e outgoings) cancel(ctx context.Context, o owner, id, key string) (*outgoingDoc, bool, error) {
	v := verb{o.principal(), e.noun + ".cancel", key, []ledger.Field{{Name: e.noun, Value: id}}}
	return e.run(ctx, v, id, func(d *ledger.Draft) error {
		doc, err := e.owned(d, o, id)
		if err != nil {
			return err
		}
		m, err := e.move(doc, d.Now(), cancel, Always)
		if err != nil {
			return err
		}
		return e.release(d, doc, m)
	})
}

// release ends what comes to nothing: the hold is voided, limits are given back.
func (e outgoings) release(d *ledger.Draft, doc *outgoingDoc, m Told) error {
	amount, err := e.w.restore(doc.Minor.Amount, doc.Currency)
	if err != nil {
		return err
	}
	d.Void(doc.ID)
	e.w.giveBack(&d.Change, doc.Used, amount.Currency())
	doc.Used, doc.Payee, doc.Paused = nil, nil, false
	d.Result = doc.ID
	return e.write(&d.Change, doc, d.Now(), m)
}

// Get returns a withdrawal. Errors: NotFound.
func (s *Withdrawals) Get(ctx context.Context, id WithdrawalID) (Withdrawal, error) {
	d, err := s.get(ctx, string(id))
	if err == nil {
		err = showing(ctx, "withdrawal", string(id), d.Customer)
	}
	return s.withdrawal(d, false, err)
}

// GetOwned returns a customer's withdrawal. Errors: NotFound, also for another customer's.
func (s *Withdrawals) GetOwned(ctx context.Context, customer CustomerID, id WithdrawalID) (Withdrawal, error) {
	out, err := s.Get(ctx, id)
	if err == nil && out.Customer != customer {
		return Withdrawal{}, notFound("withdrawal", string(id))
	}
	return out, err
}

// ListWithdrawals is the input of Withdrawals.List.
type ListWithdrawals struct {
	Customer CustomerID      // whose; or
	State    WithdrawalState // of every customer, such as those that wait for review
	After    WithdrawalID    // continue after this one
	Limit    int             // 1 to 100, 20 unless told
}

// List returns withdrawals, the newest first, and whether there are more. Errors:
// InvalidRequest unless exactly one of Customer and State is set.
func (s *Withdrawals) List(ctx context.Context, in ListWithdrawals) (page []Withdrawal, more bool, err error) {
	label, err := outgoingLabel(owner{customer: in.Customer}, in.State)
	if err != nil {
		return nil, false, err
	}
	if err := showingList(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	docs, more, err := s.list(ctx, label, string(in.After), in.Limit)
	if err != nil {
		return nil, false, err
	}
	for _, d := range docs {
		out, err := s.w.withdrawal(d)
		if err != nil {
			return nil, false, err
		}
		page = append(page, out)
	}
	return page, more, nil
}

func outgoingLabel(o owner, state WithdrawalState) (string, error) {
	if err := withdrawalMachine().asked(state); err != nil {
		return "", err
	}
	owned := o != owner{}
	if owned == (state != "") {
		return "", InvalidField("state", "exactly one of an owner and a state is set")
	}
	if owned {
		return o.label(), nil
	}
	return "s:" + string(state), nil
}
