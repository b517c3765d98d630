package okpay

import (
	"math"
	"math/bits"

	"github.com/okpay/okpay-go/ledger/money"
)

// Fee is a schedule: a share of the amount plus a fixed part, within bounds. The same
// numbers apply to every currency, in its minor units. The zero Fee is nothing.
type Fee struct {
	BasisPoints int64 `json:"basis_points,omitempty"` // of the amount, 0 to 10,000; half a unit is rounded up
	Fixed       int64 `json:"fixed,omitempty"`        // minor units
	Min         int64 `json:"min,omitempty"`          // minor units
	Max         int64 `json:"max,omitempty"`          // minor units; 0 means no bound
}

// Fees are the schedules of one wallet or one merchant.
type Fees struct {
	Payment    Fee `json:"payment,omitzero"`    // paid by the merchant, of what is captured
	TopUp      Fee `json:"topup,omitzero"`      // paid by the customer, of what comes in
	Transfer   Fee `json:"transfer,omitzero"`   // paid by the sender on top of the amount
	Withdrawal Fee `json:"withdrawal,omitzero"` // paid by the customer on top of the amount
	Payout     Fee `json:"payout,omitzero"`     // paid by the merchant on top of the amount

	// Currency has whole schedules for single currencies, which replace those above; they
	// have no Currency of their own.
	Currency map[string]Fees `json:"currency,omitempty"`
}

func (f Fees) check(currencies *money.Registry) error {
	for _, fee := range [...]Fee{f.Payment, f.TopUp, f.Transfer, f.Withdrawal, f.Payout} {
		if err := fee.check(); err != nil {
			return err
		}
	}
	for code, of := range f.Currency {
		if of.Currency != nil {
			return InvalidField("fees.currency", "%s has currencies of its own", code)
		}
		if _, err := currencies.Lookup(code); err != nil {
			return InvalidField("fees.currency", "has a currency that Config.Currencies lacks")
		}
		if err := of.check(currencies); err != nil {
			return err
		}
	}
	return nil
}

// in returns the schedules for a currency.
func (f Fees) in(currency string) Fees {
	if of, ok := f.Currency[currency]; ok {
		return of
	}
	return f
}

// fees returns the schedules for a merchant, who may have their own, in a currency. m may be
// nil.
func (w *Wallet) fees(m *Merchant, currency string) Fees {
	if m != nil && m.Fees != nil {
		return m.Fees.in(currency)
	}
	return w.cfg.Fees.in(currency)
}

// additional returns the fee that is paid on top of an amount: unlike On, it may be more than
// the amount.
func (f Fee) additional(amount int64) int64 {
	if amount <= 0 {
		return 0
	}
	fee := max(f.raw(amount), f.Min)
	if f.Max > 0 {
		fee = min(fee, f.Max)
	}
	return fee
}

// RefundFees says what happens to a payment's fee when it is refunded.
type RefundFees uint8

const (
	// KeepFee keeps the whole fee.
	KeepFee RefundFees = iota
	// ReturnFeeProportionally returns the share of the fee that the refunds so far are of
	// the captured amount, rounded down; all of it with the last unit.
	ReturnFeeProportionally
)

func (f Fee) check() error {
	switch {
	case f.BasisPoints < 0 || f.BasisPoints > 10_000:
		return InvalidField("fee.basis_points", "is %d, want 0 to 10,000", f.BasisPoints)
	case f.Fixed < 0 || f.Min < 0 || f.Max < 0:
		return InvalidField("fee", "has a negative part")
	case f.Max > 0 && f.Max < f.Min:
		return InvalidField("fee.max", "is below the minimum")
	}
	return nil
}

// On returns the fee on an amount: clamp(half_up(amount × bps / 10,000) + fixed, min, max),
// and never more than the amount.
func (f Fee) On(amount money.Amount) money.Amount {
	return money.New(f.on(amount.Minor()), amount.Currency())
}

func (f Fee) on(amount int64) int64 {
	if amount <= 0 {
		return 0
	}
	fee := max(f.raw(amount), f.Min)
	if f.Max > 0 {
		fee = min(fee, f.Max)
	}
	return min(fee, amount)
}

// raw is half_up(amount × bps / 10,000) + fixed, at most what an int64 holds.
func (f Fee) raw(amount int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(f.BasisPoints))
	lo, carry := bits.Add64(lo, 5_000, 0)
	quotient, _ := bits.Div64(hi+carry, lo, 10_000) // hi < 10,000: the share is at most the amount
	fee := int64(quotient)
	if fee += f.Fixed; fee < 0 {
		fee = math.MaxInt64 // the sum of two amounts passed an int64
	}
	return fee
}

// share returns floor(total × part / whole) for 0 ≤ part ≤ whole, whole > 0.
func share(total, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(total), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}
