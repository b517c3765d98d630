package okpay

import (
	"context"
	"slices"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// SetFees is the input of Merchants.SetFees.
type SetFees struct {
	Merchant MerchantID
	Fees     *Fees  // in place of Config.Fees; nil means Config.Fees again
	Key      string // makes the call safe to repeat
}

// SetFees gives a merchant schedules of their own, from now on: a payment keeps the schedule
// that it was made under. Errors: InvalidRequest, NotFound, IdempotencyKeyReused.
func (s *Merchants) SetFees(ctx context.Context, in SetFees) (Merchant, error) {
	if in.Fees != nil {
		if err := in.Fees.check(s.w.cfg.Currencies); err != nil {
			return Merchant{}, err
		}
	}
	v := verb{"program", "merchant.set_fees", in.Key, []ledger.Field{
		{Name: "merchant", Value: string(in.Merchant)}, {Name: "fees", Value: string(encode(in.Fees))},
	}}
	return s.setTerms(ctx, v, in.Merchant, func(m *Merchant) { m.Fees = in.Fees })
}

// SetCurrencies is the input of Merchants.SetCurrencies.
type SetCurrencies struct {
	Merchant   MerchantID
	Currencies []string // the only ones to be paid in; none means every one of the wallet's
	Key        string   // makes the call safe to repeat
}

// SetCurrencies says in which currencies a merchant takes payments, from now on: an open
// payment in another one is refused with MerchantNotAllowed when it is confirmed. Errors:
// CurrencyNotSupported, NotFound, IdempotencyKeyReused.
func (s *Merchants) SetCurrencies(ctx context.Context, in SetCurrencies) (Merchant, error) {
	for _, code := range in.Currencies {
		if _, err := s.w.Currency(code); err != nil {
			return Merchant{}, err
		}
	}
	v := verb{"program", "merchant.set_currencies", in.Key, []ledger.Field{
		{Name: "merchant", Value: string(in.Merchant)}, {Name: "currencies", Value: string(encode(in.Currencies))},
	}}
	return s.setTerms(ctx, v, in.Merchant, func(m *Merchant) { m.Currencies = in.Currencies })
}

func (s *Merchants) setTerms(ctx context.Context, v verb, id MerchantID, set func(*Merchant)) (Merchant, error) {
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		m := &Merchant{}
		if err := draftGet(d, "merchant", string(id), m); err != nil {
			return err
		}
		set(m)
		return s.w.write(&d.Change, d.Now(), m, Told{Emits: []string{"merchant.terms_changed"}})
	})
	if err != nil {
		return Merchant{}, translate(err)
	}
	m, err := s.Get(ctx, id)
	m.Replayed = out.Replayed
	return m, err
}

// accepts refuses a currency that the merchant does not take payments in.
func (m *Merchant) accepts(c money.Currency) error {
	if len(m.Currencies) == 0 || slices.Contains(m.Currencies, c.Code()) {
		return nil
	}
	e := NewError(MerchantNotAllowed, "the merchant takes no payments in %s", c)
	e.Field, e.Object = "amount", string(m.ID)
	return e
}
