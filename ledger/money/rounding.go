package money

import "strconv"

// Rounding says what becomes of the part of a minor unit that a division leaves.
// Every mode treats amounts below zero as the mirror of those above.
type Rounding uint8

const (
	// RoundHalfUp rounds to the nearest minor unit, and a half away from zero: 2.5
	// becomes 3 and -2.5 becomes -3. It is the zero Rounding.
	RoundHalfUp Rounding = iota
	// RoundHalfEven rounds to the nearest minor unit, and a half to the even one:
	// 2.5 becomes 2 and 3.5 becomes 4.
	RoundHalfEven
	// RoundDown rounds toward zero: 2.9 becomes 2 and -2.9 becomes -2.
	RoundDown
	// RoundUp rounds away from zero: 2.1 becomes 3 and -2.1 becomes -3.
	RoundUp
)

// String returns the name of the constant without "Round".
func (r Rounding) String() string {
	switch r {
	case RoundHalfUp:
		return "HalfUp"
	case RoundHalfEven:
		return "HalfEven"
	case RoundDown:
		return "Down"
	case RoundUp:
		return "Up"
	}
	return "Rounding(" + strconv.Itoa(int(r)) + ")"
}

func (r Rounding) valid() bool { return r <= RoundUp }

// awayFromZero reports whether a division with this result, of magnitudes, is
// rounded to quotient+1. It needs remainder < divisor.
func (r Rounding) awayFromZero(quotient, remainder, divisor uint64) bool {
	rest := divisor - remainder // remainder > rest says more than a half without overflow
	switch r {
	case RoundHalfUp:
		return remainder >= rest
	case RoundHalfEven:
		return remainder > rest || remainder == rest && quotient%2 == 1
	case RoundUp:
		return remainder > 0
	default: // RoundDown
		return false
	}
}
