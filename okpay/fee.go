package okpay

import (
	"math/bits"

	"github.com/okpay/okpay-go/ledger/money"
)

// Fee is a schedule: a share of the amount plus a fixed part, within bounds. The same
// numbers apply to every currency, in its minor units. The zero Fee is nothing.
type Fee struct {
	BasisPoints int64 // of the amount, 0 to 10,000; half a unit is rounded up
	Fixed       int64 // minor units
	Min         int64 // minor units
	Max         int64 // minor units; 0 means no bound
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
		return invalidField("fee.basis_points", "is %d, want 0 to 10,000", f.BasisPoints)
	case f.Fixed < 0 || f.Min < 0 || f.Max < 0:
		return invalidField("fee", "has a negative part")
	case f.Max > 0 && f.Max < f.Min:
		return invalidField("fee.max", "is below the minimum")
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
	hi, lo := bits.Mul64(uint64(amount), uint64(f.BasisPoints))
	lo, carry := bits.Add64(lo, 5_000, 0)
	quotient, _ := bits.Div64(hi+carry, lo, 10_000) // hi < 10,000: the share is at most the amount
	fee := int64(quotient)
	if fee += min(f.Fixed, amount); fee < 0 {
		fee = amount // the sum of two amounts passed an int64
	}
	fee = max(fee, f.Min)
	if f.Max > 0 {
		fee = min(fee, f.Max)
	}
	return min(fee, amount)
}

// share returns floor(total × part / whole) for 0 ≤ part ≤ whole, whole > 0.
func share(total, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(total), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}
