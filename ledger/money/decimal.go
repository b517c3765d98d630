package money

import (
	"math/big"

	"github.com/shopspring/decimal"
)

// maxCoefficientBits bounds the coefficient of a decimal that FromDecimal reads:
// over 600 digits, where an amount has 19. It keeps the work of FromDecimal
// small whatever the caller passes on from outside.
const maxCoefficientBits = 2048

// Decimal returns the exact value of a in units of its currency: 19.95 for
// 19.95 CNY. FromDecimal takes it back.
func (a Amount) Decimal() decimal.Decimal {
	return decimal.New(a.minor, -int32(a.currency.scale))
}

// FromDecimal returns the amount of d units of c, exactly or not at all; round d
// yourself first, where that is meant. Trailing zeros count for nothing: 10.0 is
// 10 JPY.
//
// The zero Currency is ErrInvalidCurrency. A d with non-zero decimals beyond the
// scale of c is ErrPrecision. One that does not fit an int64 of minor units is
// ErrOverflow, and so is one whose coefficient has more than 2,048 bits, whatever
// its value. A huge exponent costs no memory and no time.
func FromDecimal(d decimal.Decimal, c Currency) (Amount, error) {
	if c.IsZero() {
		return Amount{}, ErrInvalidCurrency
	}
	coefficient := d.Coefficient()
	if coefficient.Sign() == 0 {
		return Zero(c), nil
	}
	if coefficient.BitLen() > maxCoefficientBits {
		return Amount{}, ErrOverflow
	}

	// d is coefficient × 10^exponent, so it is coefficient × 10^shift minor units.
	shift := int64(d.Exponent()) + int64(c.scale)
	switch {
	case shift > 18:
		return Amount{}, ErrOverflow // 10^19 is out of range, and the coefficient is not 0
	case shift > 0:
		coefficient.Mul(coefficient, powerOfTen(shift))
	case shift < 0:
		// A multiple of 10^n is one of 2^n. Asking this first refuses a huge
		// exponent before its power of ten is made.
		if int64(coefficient.TrailingZeroBits()) < -shift {
			return Amount{}, ErrPrecision
		}
		var remainder big.Int
		coefficient.QuoRem(coefficient, powerOfTen(-shift), &remainder)
		if remainder.Sign() != 0 {
			return Amount{}, ErrPrecision
		}
	}
	if !coefficient.IsInt64() {
		return Amount{}, ErrOverflow
	}
	return New(coefficient.Int64(), c), nil
}

func powerOfTen(n int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil)
}
