package money

import (
	"math"
	"strings"
)

// maxTextLen bounds the text of an amount, in bytes. The longest that an Amount
// writes has 21.
const maxTextLen = 40

// Parse reads an amount of c from text such as "19.95". The text is
//
//	["-"] ("0" | "1".."9" {"0".."9"}) ["." "0".."9" {"0".."9"}]
//
// in ASCII and has at most 40 bytes. So there is no plus sign, no exponent, no
// separator between thousands, no space, no digit of another script, no
// leading zero but the one before the point, and a digit on each side of the
// point. Decimals beyond the scale of c are taken when they are zeros, so "10.0"
// is 10 JPY. Zero has no sign: "-0" and "-0.00" are refused, since whoever wrote
// them meant another number.
//
// The zero Currency is ErrInvalidCurrency. Everything else is a *ParseError
// that matches the first that applies of ErrSyntax; ErrPrecision, for non-zero
// decimals beyond the scale; and ErrOverflow, for an amount beyond an int64 of
// minor units.
func Parse(text string, c Currency) (Amount, error) {
	if c.IsZero() {
		return Amount{}, ErrInvalidCurrency
	}
	if len(text) > maxTextLen {
		return Amount{}, parseError(ErrSyntax, text, "longer than 40 bytes")
	}
	unsigned, negative := strings.CutPrefix(text, "-")
	whole, decimals, point := strings.Cut(unsigned, ".")
	switch {
	case text == "":
		return Amount{}, parseError(ErrSyntax, text, "empty")
	case !digits(whole):
		return Amount{}, parseError(ErrSyntax, text, "must be digits with an optional minus sign before and decimals behind a point")
	case len(whole) > 1 && whole[0] == '0':
		return Amount{}, parseError(ErrSyntax, text, "leading zero")
	case point && !digits(decimals):
		return Amount{}, parseError(ErrSyntax, text, "must have digits and nothing else behind the point")
	case negative && strings.Trim(unsigned, "0.") == "":
		return Amount{}, parseError(ErrSyntax, text, "zero with a minus sign")
	}

	scale := int(c.scale)
	if len(decimals) > scale {
		if strings.Trim(decimals[scale:], "0") != "" {
			return Amount{}, parseError(ErrPrecision, text, "more decimals than "+c.code+" has")
		}
		decimals = decimals[:scale]
	}

	units, ok := appendDigits(0, whole)
	if ok {
		units, ok = appendDigits(units, decimals)
	}
	for range scale - len(decimals) {
		if ok {
			units, ok = appendDigits(units, "0")
		}
	}
	if ok {
		if a, err := fromMagnitude(units, negative, c); err == nil {
			return a, nil
		}
	}
	return Amount{}, parseError(ErrOverflow, text, "beyond what an amount of "+c.code+" can be")
}

// digits reports whether text is one ASCII digit or more.
func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// appendDigits returns the number that digits written behind units make, and
// whether it is at most 2^63 or so: whether going on cannot wrap around.
func appendDigits(units uint64, digits string) (uint64, bool) {
	for i := range len(digits) {
		if units > math.MaxInt64/10 {
			return 0, false
		}
		units = units*10 + uint64(digits[i]-'0')
	}
	return units, true
}
