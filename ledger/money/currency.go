package money

import "fmt"

// MaxScale is the most decimals a currency may have. One unit of such a currency
// is 10^18 minor units, so amounts of it stay below 9.3 units; choose the
// smallest scale that serves.
const MaxScale = 18

// The bounds of a currency code, in characters.
const (
	minCodeLen = 3
	maxCodeLen = 16
)

// Currency is the unit that an Amount counts: a code and a scale. It is a small
// value to pass around, to compare with == and to use as a map key. Two
// currencies with one code but different scales are different currencies.
//
// The zero Currency is invalid: it has no code, and amounts of it can only be
// compared with == and asked for their parts.
type Currency struct {
	code  string
	scale uint8
}

// NewCurrency returns the currency with the code, which has 3 to 16 characters of
// A-Z and 0-9 and begins with a letter, and the scale, which is how many
// decimals one unit has, 0 to MaxScale. Anything else is ErrInvalidCurrency.
//
// NewCurrency does not ask whether the currency exists. Use Lookup or a Registry
// for codes that come from outside.
func NewCurrency(code string, scale int) (Currency, error) {
	if len(code) < minCodeLen || len(code) > maxCodeLen {
		return Currency{}, fmt.Errorf("%w: code \"%s\" does not have %d to %d characters",
			ErrInvalidCurrency, quotable(code), minCodeLen, maxCodeLen)
	}
	for i := range len(code) {
		letter := code[i] >= 'A' && code[i] <= 'Z'
		digit := code[i] >= '0' && code[i] <= '9'
		if !letter && (!digit || i == 0) {
			return Currency{}, fmt.Errorf("%w: code \"%s\" is not capital letters and digits beginning with a letter",
				ErrInvalidCurrency, quotable(code))
		}
	}
	if scale < 0 || scale > MaxScale {
		return Currency{}, fmt.Errorf("%w: scale %d of %s is not 0 to %d", ErrInvalidCurrency, scale, code, MaxScale)
	}
	return Currency{code: code, scale: uint8(scale)}, nil
}

// Code returns the code, for example "CNY", or "" for the zero Currency.
func (c Currency) Code() string { return c.code }

// Scale returns how many decimals one unit has, 0 to MaxScale.
func (c Currency) Scale() int { return int(c.scale) }

// IsZero reports whether c is the zero Currency, which is invalid.
func (c Currency) IsZero() bool { return c == Currency{} }

// String returns the code.
func (c Currency) String() string { return c.code }
