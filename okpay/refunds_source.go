package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay/rails"
)

// RefundOutcome is what a funding source says of money that it was to give back.
type RefundOutcome string

// The outcomes.
const (
	RefundArrived  RefundOutcome = "succeeded"
	RefundRejected RefundOutcome = "failed"
	RefundUndone   RefundOutcome = "reversed" // it had succeeded, and came back
)

// RefundAnswer is the input of Payments.AnswerRefund: what a funding source says by itself.
type RefundAnswer struct {
	Refund  RefundID
	Event   string // the source's id of what it says: the same one is heard once
	Outcome RefundOutcome
}

// AnswerRefund hears what a funding source says of a refund without being asked. It may come
// twice, late or in any order. A refund that failed before it had succeeded is credited to
// the customer's balance (to the merchant, if the customer's account is closed); one that is undone after it
// had succeeded is the merchant's again, and can be refunded anew. Success after failure needs a person. What is
// known already changes nothing. Errors: InvalidRequest, NotFound, InvalidState for a refund
// that did not go to a source, IdempotencyKeyReused.
func (s *Payments) AnswerRefund(ctx context.Context, in RefundAnswer) (Refund, error) {
	if in.Outcome != RefundArrived && in.Outcome != RefundRejected && in.Outcome != RefundUndone {
		return Refund{}, InvalidField("outcome", "is none of succeeded, failed and reversed")
	}
	r := &refundDoc{}
	if err := s.w.get(ctx, "refund", string(in.Refund), r); err != nil {
		return Refund{}, translate(err)
	}
	v := verb{"s/" + r.To, "refund.answer", in.Event, []ledger.Field{
		{Name: "refund", Value: string(in.Refund)}, {Name: "outcome", Value: string(in.Outcome)},
	}}
	out, err := s.settleRefund(ctx, v, in.Refund, in.Outcome)
	if err != nil && !errors.Is(err, ErrNothingDue) {
		return Refund{}, translate(err)
	}
	if err := s.w.get(ctx, "refund", string(in.Refund), r); err != nil {
		return Refund{}, translate(err)
	}
	shown, err := s.w.refund(r)
	shown.Replayed = out.Replayed
	return shown, err
}

// askRefund asks the funding source that a refund waits for, and returns the refund as it is
// then.
func (s *Payments) askRefund(ctx context.Context, id RefundID) (*refundDoc, error) {
	r := &refundDoc{}
	if err := s.w.get(ctx, "refund", string(id), r); err != nil || r.State != RefundPendingProvider {
		return r, err
	}
	source, ok := s.w.cfg.Sources[r.To].(rails.Refunder)
	if !ok {
		s.w.cfg.Logger.WarnContext(ctx, "okpay: a refund waits for a funding source that is not configured", "refund", id, "source", r.To)
		return r, nil
	}
	amount, err := s.w.restore(r.Minor.Amount, r.Currency)
	if err != nil {
		return nil, err
	}
	outcome, err := callOutside(ctx, s.w.cfg.SourceTimeout, func(ctx context.Context) (rails.Outcome, error) {
		return source.Refund(ctx, rails.Refunding{
			ID: string(id), Collection: r.Collection, Customer: string(r.Customer), Amount: amount,
		})
	})
	switch {
	case err != nil:
		s.w.cfg.Logger.WarnContext(ctx, "okpay: funding source did not answer", "refund", id, "source", r.To, "error", err)
		return r, nil
	case definite(outcome) == rails.Unknown:
		return r, nil
	}
	said := RefundArrived
	if outcome == rails.Failed {
		said = RefundRejected
	}
	// The money has moved or not whatever becomes of the caller.
	ctx = context.WithoutCancel(ctx)
	v := verb{principal: "program", operation: "refund.settle"}
	if _, err := s.settleRefund(ctx, v, id, said); err != nil && !errors.Is(err, ErrNothingDue) {
		return nil, err
	}
	r = &refundDoc{}
	return r, s.w.get(ctx, "refund", string(id), r)
}

// settleRefund records what a funding source said.
func (s *Payments) settleRefund(ctx context.Context, v verb, id RefundID, said RefundOutcome) (ledger.Outcome, error) {
	return s.w.do(ctx, v, func(d *ledger.Draft) error {
		r, p, err := s.loadRefund(d, id)
		if err != nil {
			return err
		}
		d.Result = string(id)
		switch {
		case r.To == "" || r.State == RefundPendingFunds || r.State == RefundCanceled:
			return refundMachine().Refuse(r.State, string(id), refundArrived)
		case said == RefundArrived && r.State == RefundSucceeded, said != RefundArrived && r.State == RefundFailed:
			return ErrNothingDue
		case said == RefundArrived && r.State == RefundFailed:
			m, err := r.move(refundArrived, sentToSource)
			if err != nil {
				return err
			}
			if err := s.w.write(&d.Change, d.Now(), r, m.Without(exceptionRaised)); err != nil {
				return err
			}
			amount, err := s.w.restore(r.Minor.Amount, r.Currency)
			if err != nil {
				return err
			}
			return s.w.raise(&d.Change, d.Now(), exceptionRefundTwice, r.To, string(id), "the source gave back what it had refused, and the customer has it twice", amount)
		case said == RefundArrived:
			m, err := r.move(refundArrived, sentToSource)
			if err != nil {
				return err
			}
			r.LookAt = time.Time{}
			return s.refunded(d, p, r, m)
		case r.State == RefundSucceeded:
			return s.refundReversed(d, p, r)
		}
		return s.refundRejected(d, p, r)
	})
}

// exceptionRefundTwice is the kind of an exception about a refund that succeeded after it had
// failed.
const exceptionRefundTwice = "refund_paid_after_failed"

// refundRejected writes that a funding source did not give the money back: the customer's
// balance gets it instead.
func (s *Payments) refundRejected(d *ledger.Draft, p *paymentDoc, r *refundDoc) error {
	closed := s.w.arriving(d, r.Customer)
	if closed != nil && CodeOf(closed) != AccountClosed {
		return closed
	}
	r.Failure, r.LookAt = refusedFor(ProviderRejected, d.Now()), time.Time{}
	if closed != nil {
		m, err := r.move(refundBounced, toMerchant)
		if err != nil {
			return err
		}
		if err := s.undoRefund(d, p, r); err != nil {
			return err
		}
		p.Minor.RefundPending -= r.Minor.Amount
		if err := s.w.write(&d.Change, d.Now(), r, m); err != nil {
			return err
		}
		return s.write(&d.Change, p, d.Now(), false)
	}
	m, err := r.move(refundBounced, toWallet)
	if err != nil {
		return err
	}
	r.Credited = true
	d.Post(ledger.Transaction{Reference: string(r.ID), Metadata: kind("refund"), Postings: []ledger.Posting{
		{Debit: refundClearing(r.To), Credit: customerAccount(r.Customer), Amount: p.amountOf(s.w, r.Minor.Amount)},
	}})
	return s.refunded(d, p, r, m)
}

// refundReversed writes that a funding source undid a refund.
func (s *Payments) refundReversed(d *ledger.Draft, p *paymentDoc, r *refundDoc) error {
	m, err := r.move(refundCameBack, sentToSource)
	if err != nil {
		return err
	}
	r.Failure, r.Undone, r.MovedAt = refusedFor(ProviderRejected, d.Now()), true, d.Now()
	if err := s.undoRefund(d, p, r); err != nil {
		return err
	}
	p.Minor.Refunded -= r.Minor.Amount
	g := stillRefunded
	if p.Minor.Refunded == 0 {
		g = notRefunded
	}
	moved, err := p.move(refundReversed, g)
	if err != nil {
		return err
	}
	if err := s.w.write(&d.Change, d.Now(), r, m); err != nil {
		return err
	}
	return s.write(&d.Change, p, d.Now(), false, moved)
}

// undoRefund posts a refund back to whom it was taken from, whose fee is then that of what is left
// refunded.
func (s *Payments) undoRefund(d *ledger.Draft, p *paymentDoc, r *refundDoc) error {
	amount := p.amountOf(s.w, r.Minor.Amount)
	gets, fees, err := p.change(amount.Currency(), func() {
		p.Minor.RefundPosted -= r.Minor.Amount
		p.Minor.FeeReturned -= max(0, -s.feeBack(p, 0))
	})
	if err != nil {
		return err
	}
	paid, among := hand(string(r.ID), refundClearing(r.To), amount, p.partiesOf(), gets, fees)
	r.Minor.FeeReturned = 0
	s.w.giveBack(&d.Change, r.Used, amount.Currency())
	r.Used = nil
	d.Post(ledger.Transaction{Reference: string(r.ID), Metadata: kind("refund"), Postings: append(paid, among...)})
	return nil
}
