package money

import (
	"math"
	"math/bits"
)

// Amount is a whole number of the minor units of a currency, from -2^63 to
// 2^63-1. It is a small value: pass it by value, compare two with ==, use it as a
// map key. Its methods change nothing and are safe for concurrent use.
//
// The zero Amount has no currency. It is what a field holds that nobody has set:
// arithmetic, formatting as JSON and allocation refuse it with
// ErrInvalidCurrency. Use Zero for nothing of a currency.
type Amount struct {
	minor    int64
	currency Currency
}

// New returns the amount of so many minor units of c: New(1995, cny) is
// 19.95 CNY.
func New(minor int64, c Currency) Amount { return Amount{minor: minor, currency: c} }

// Zero returns nothing of c.
func Zero(c Currency) Amount { return Amount{currency: c} }

// Minor returns the number of minor units.
func (a Amount) Minor() int64 { return a.minor }

// Currency returns the currency, which is the zero Currency for the zero Amount.
func (a Amount) Currency() Currency { return a.currency }

// IsZero reports whether a is nothing of its currency, or of none.
func (a Amount) IsZero() bool { return a.minor == 0 }

// IsNegative reports whether a is less than nothing.
func (a Amount) IsNegative() bool { return a.minor < 0 }

// IsPositive reports whether a is more than nothing.
func (a Amount) IsPositive() bool { return a.minor > 0 }

// Sign returns -1, 0 or 1 as a is negative, nothing or positive.
func (a Amount) Sign() int {
	switch {
	case a.minor < 0:
		return -1
	case a.minor > 0:
		return 1
	}
	return 0
}

// Add returns a + b. Amounts of different currencies are a
// *CurrencyMismatchError, amounts of none ErrInvalidCurrency, and a sum out of
// range ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.sameCurrency(b); err != nil {
		return Amount{}, err
	}
	sum := a.minor + b.minor
	if (b.minor > 0) != (sum > a.minor) && b.minor != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{minor: sum, currency: a.currency}, nil
}

// Sub returns a - b, with the errors of Add.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := a.sameCurrency(b); err != nil {
		return Amount{}, err
	}
	difference := a.minor - b.minor
	if (b.minor > 0) != (difference < a.minor) && b.minor != 0 {
		return Amount{}, ErrOverflow
	}
	return Amount{minor: difference, currency: a.currency}, nil
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or more than b. Amounts of
// different currencies are a *CurrencyMismatchError and amounts of none
// ErrInvalidCurrency; the number is then 0 and means nothing.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := a.sameCurrency(b); err != nil {
		return 0, err
	}
	switch {
	case a.minor < b.minor:
		return -1, nil
	case a.minor > b.minor:
		return 1, nil
	}
	return 0, nil
}

// Neg returns -a. The smallest amount has no negative and is ErrOverflow; an
// amount of no currency is ErrInvalidCurrency.
func (a Amount) Neg() (Amount, error) {
	if a.currency.IsZero() {
		return Amount{}, ErrInvalidCurrency
	}
	if a.minor == math.MinInt64 {
		return Amount{}, ErrOverflow
	}
	return Amount{minor: -a.minor, currency: a.currency}, nil
}

// Mul returns a × n. A product out of range is ErrOverflow and an amount of no
// currency ErrInvalidCurrency.
func (a Amount) Mul(n int64) (Amount, error) {
	if a.currency.IsZero() {
		return Amount{}, ErrInvalidCurrency
	}
	high, low := bits.Mul64(magnitude(a.minor), magnitude(n))
	if high != 0 {
		return Amount{}, ErrOverflow
	}
	return fromMagnitude(low, (a.minor < 0) != (n < 0), a.currency)
}

// MulDiv returns a × num / den, rounded once at the end as told: a fee of 250
// basis points is a.MulDiv(250, 10_000, RoundHalfUp). The product is held in 128
// bits, so only the result has to be in range; out of it, MulDiv returns
// ErrOverflow.
//
// An amount of no currency is ErrInvalidCurrency, a denominator that is not
// positive ErrInvalidRatio, and an unknown rounding ErrInvalidRounding, in this
// order. num may be negative.
func (a Amount) MulDiv(num, den int64, rounding Rounding) (Amount, error) {
	if a.currency.IsZero() {
		return Amount{}, ErrInvalidCurrency
	}
	if den <= 0 {
		return Amount{}, ErrInvalidRatio
	}
	if !rounding.valid() {
		return Amount{}, ErrInvalidRounding
	}
	divisor := uint64(den)
	high, low := bits.Mul64(magnitude(a.minor), magnitude(num))
	if high >= divisor { // the quotient has more than 64 bits
		return Amount{}, ErrOverflow
	}
	quotient, remainder := bits.Div64(high, low, divisor)
	if rounding.awayFromZero(quotient, remainder, divisor) {
		if quotient == math.MaxUint64 {
			return Amount{}, ErrOverflow
		}
		quotient++
	}
	return fromMagnitude(quotient, (a.minor < 0) != (num < 0), a.currency)
}

// sameCurrency returns the error of an operation on a and b, or nil.
func (a Amount) sameCurrency(b Amount) error {
	if a.currency != b.currency {
		return &CurrencyMismatchError{Left: a.currency, Right: b.currency}
	}
	if a.currency.IsZero() {
		return ErrInvalidCurrency
	}
	return nil
}

// magnitude returns |n|, which for the smallest int64 only a uint64 can hold.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// signed undoes magnitude. It needs units that an int64 with the sign can hold.
func signed(units uint64, negative bool) int64 {
	if negative {
		return int64(-units)
	}
	return int64(units)
}

// fromMagnitude returns the amount of so many minor units, or ErrOverflow.
func fromMagnitude(units uint64, negative bool, c Currency) (Amount, error) {
	highest := uint64(math.MaxInt64)
	if negative {
		highest++
	}
	if units > highest {
		return Amount{}, ErrOverflow
	}
	return Amount{minor: signed(units, negative), currency: c}, nil
}
