package okpay

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// CapturePayment is the input of Payments.Capture.
type CapturePayment struct {
	Merchant MerchantID
	Payment  PaymentID
	Amount   money.Amount // the zero Amount means all that is held
	Final    bool         // release what is not captured
	Key      string       // makes the call safe to repeat
}

// Capture takes held money, whole or in parts. Errors: NotFound (also for another
// merchant's payment), AmountExceedsCapturable with Limit, InvalidState (recorded as
// expired when the time is over), AmountNotPositive, CurrencyNotSupported,
// IdempotencyKeyReused.
func (s *Payments) Capture(ctx context.Context, in CapturePayment) (Payment, error) {
	all := in.Amount == money.Amount{}
	if !all {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return Payment{}, err
		}
	}
	v := verb{"m/" + string(in.Merchant), "payment.capture", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)},
		amountField("amount", in.Amount),
		{Name: "final", Value: strconv.FormatBool(in.Final)},
	}}
	return s.run(ctx, v, in.Payment, false, func(d *ledger.Draft) (*paymentDoc, error) {
		p, err := s.owned(d, in.Merchant, in.Payment)
		if err != nil {
			return nil, err
		}
		if p.due(d.Now()) {
			return p, s.expireInstead(d, p, InvalidState)
		}
		if !paymentMachine().Allows(p.State, capture) {
			return nil, p.invalidState(capture)
		}
		amount := in.Amount
		if all {
			amount = p.amountOf(s.w, p.rest())
		}
		if err := p.within("amount", amount, p.rest(), AmountExceedsCapturable, s.w); err != nil {
			return nil, err
		}
		paid, among, err := s.charge(p, amount, d.Now())
		if err != nil {
			return nil, err
		}
		g, released := part, false
		if in.Final || p.rest() == 0 {
			g, released = whole, p.rest() > 0
		}
		m, err := p.move(capture, g)
		if err != nil {
			return nil, err
		}
		if released {
			s.giveBack(d, p, p.rest())
		}
		d.Capture(ledger.Capture{
			Hold: string(p.ID), Final: g == whole, Reference: string(p.ID), Metadata: kind("payment"),
			Postings: paid,
		})
		if among != nil {
			d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("payment"), Postings: among})
		}
		return p, s.write(&d.Change, p, d.Now(), released, m)
	})
}

// within refuses an amount of another currency, or above what is possible.
func (p *paymentDoc) within(field string, amount money.Amount, most int64, code Code, w *Wallet) error {
	if amount.Currency().Code() != p.Currency {
		e := NewError(CurrencyNotSupported, "the payment is in %s", p.Currency)
		e.Field, e.Object = field, string(p.ID)
		return e
	}
	if amount.Minor() > most {
		limit := p.amountOf(w, most)
		e := NewError(code, "at most %s is possible", limit)
		e.Field, e.Object, e.Limit = field, string(p.ID), &limit
		return e
	}
	return nil
}

// CancelPayment is the input of Payments.Cancel.
type CancelPayment struct {
	Merchant MerchantID
	Payment  PaymentID
	Key      string // makes the call safe to repeat
}

// Cancel gives held money back; of a payment captured in part, it releases the rest. What a
// funding source still sends for a canceled payment is the customer's.
// Errors: NotFound (also for another merchant's payment), InvalidState (recorded as expired
// when the time is over), IdempotencyKeyReused.
func (s *Payments) Cancel(ctx context.Context, in CancelPayment) (Payment, error) {
	v := verb{"m/" + string(in.Merchant), "payment.cancel", in.Key, []ledger.Field{{Name: "payment", Value: string(in.Payment)}}}
	return s.run(ctx, v, in.Payment, false, func(d *ledger.Draft) (*paymentDoc, error) {
		p, err := s.owned(d, in.Merchant, in.Payment)
		if err != nil {
			return nil, err
		}
		if p.due(d.Now()) {
			return p, s.expireInstead(d, p, InvalidState)
		}
		held := p.Hold && paymentMachine().Allows(p.State, capture)
		m, err := p.move(cancel, Always)
		if err != nil {
			return nil, err
		}
		p.ChallengeEnds, p.Methods = time.Time{}, nil
		if held {
			d.Void(string(p.ID))
		}
		s.giveBack(d, p, p.rest())
		return p, s.write(&d.Change, p, d.Now(), held, m)
	})
}

// charge counts an amount as captured. It returns what the customer pays to the payment's
// parties, and what follows among them: the fee on everything captured so far, less what was
// posted of it.
func (s *Payments) charge(p *paymentDoc, amount money.Amount, now time.Time) (paid, among []ledger.Posting, err error) {
	gets, fees, err := p.change(amount.Currency(), func() {
		p.Minor.Captured, p.CapturedAt = p.Minor.Captured+amount.Minor(), now
		// A fixed fee or a minimum may be more than the first part that is captured; the rest of
		// it then comes out of the parts that follow.
		p.Minor.Fee += max(0, min(p.Schedule.on(p.Minor.Captured)-p.Minor.Fee, amount.Minor()))
	})
	if err != nil {
		return nil, nil, err
	}
	paid, among = hand(string(p.ID), customerAccount(p.Customer), amount, p.partiesOf(), gets, fees)
	return paid, among, nil
}

// giveBack returns to the payer's limits what will not be captured, in minor units: all of
// it together with the count of the payment, or a part of the sum.
func (s *Payments) giveBack(d *ledger.Draft, p *paymentDoc, minor int64) {
	if len(p.Used) == 0 || minor == 0 {
		return
	}
	var back, kept []usage
	for _, u := range p.Used {
		counts := strings.HasSuffix(u.Account, ":count")
		switch {
		case minor == p.Minor.Amount:
			back = append(back, u)
		case counts:
			kept = append(kept, u)
		default:
			back, kept = append(back, usage{u.Account, minor}), append(kept, usage{u.Account, u.Minor - minor})
		}
	}
	s.w.giveBack(&d.Change, back, p.amountOf(s.w, 0).Currency())
	p.Used = kept
}
