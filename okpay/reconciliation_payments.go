package okpay

import (
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// Refunds that go to a funding source.

func (r *refundDoc) provider() string { return r.To }

func (r *refundDoc) way() rails.Direction { return rails.Out }

func (r *refundDoc) clearing() string { return refundClearing(r.To) }

func (r *refundDoc) movements() *movements { return &r.Settled }

func (r *refundDoc) expects(w *Wallet, _ bool) (money.Amount, bool, error) {
	a, err := w.restore(r.Minor.Amount, r.Currency)
	return a, true, err
}

func (r *refundDoc) lastMoved() (time.Time, bool) {
	return r.MovedAt, r.To != "" && r.State == RefundSucceeded
}

func (r *refundDoc) hear(d *ledger.Draft, w *Wallet, back bool, _ statementRow) (string, verdict, error) {
	s := w.Payments
	switch {
	case r.Undone, !back && r.State == RefundSucceeded:
		return "", rowMatched, w.write(&d.Change, d.Now(), r)
	case r.State == RefundFailed && back:
		return troubleReturnFailed, "", nil
	case r.State == RefundFailed && !r.Credited && r.Failure != nil && r.Failure.Code == MerchantFundsInsufficient:
		return troubleNotSubmitted, "", nil
	case r.State == RefundFailed:
		return exceptionRefundTwice, "", nil
	case r.State != RefundPendingProvider && r.State != RefundSucceeded:
		return troubleNotSubmitted, "", nil
	}
	p, err := s.load(d, r.Payment)
	if err != nil {
		return "", "", err
	}
	if r.State == RefundPendingProvider {
		m, err := r.move(refundArrived, sentToSource)
		if err != nil {
			return "", "", err
		}
		r.LookAt = time.Time{}
		if err := s.refunded(d, p, r, m); err != nil {
			return "", "", err
		}
	}
	if back {
		if err := s.refundReversed(d, p, r); err != nil {
			return "", "", err
		}
	}
	return "", rowMatched, nil
}

// collected is money that a funding source was asked for, for a payment.
type collected struct {
	*paymentDoc
	id string // of the collection
}

func (c collected) of() *collection { return c.collection(c.id) }

func (c collected) provider() string { return c.of().Source }

func (c collected) way() rails.Direction { return rails.In }

func (c collected) clearing() string { return clearingAccount(c.of().Source) }

func (c collected) movements() *movements { return &c.of().Settled }

func (c collected) expects(w *Wallet, back bool) (money.Amount, bool, error) {
	of := c.of()
	a, err := c.came(w, of)
	return a, back || of.Answer == collectionPaid, err
}

func (c collected) lastMoved() (time.Time, bool) {
	of := c.of()
	if of.TakenBackAt.After(of.PaidAt) {
		return of.TakenBackAt, of.there()
	}
	return of.PaidAt, of.there()
}

func (c collected) hear(d *ledger.Draft, w *Wallet, back bool, r statementRow) (string, verdict, error) {
	s, of := w.Payments, c.of()
	switch {
	case back && !of.gone():
		if given, err := s.givenAway(d, c.paymentDoc, of); err != nil || given {
			return troubleTakenBack, "", err
		}
		err := s.takeBack(d, c.paymentDoc, c.id, r.Amount)
		if errors.Is(err, ErrNothingDue) { // it was told already, and waits for the money to come
			err = s.write(&d.Change, c.paymentDoc, d.Now(), false)
		}
		return "", rowMatched, err
	case back, of.Answer == collectionPaid:
		return "", rowMatched, s.write(&d.Change, c.paymentDoc, d.Now(), false)
	}
	v := rowMatched
	if r.Amount != c.amountOf(w, c.Minor.Amount) {
		v = rowMismatch
	}
	return "", v, s.settle(d, c.paymentDoc, c.id, true, r.Amount, &rates{w: w})
}
