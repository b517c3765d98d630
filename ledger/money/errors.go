package money

import (
	"errors"
	"fmt"
	"strconv"
)

var (
	// ErrUnknownCurrency is matched by the *UnknownCurrencyError that Lookup,
	// Registry.Lookup and the JSON readers return for a code that the registry
	// does not hold.
	ErrUnknownCurrency = errors.New("money: unknown currency")

	// ErrInvalidCurrency is returned by NewCurrency for a code or a scale out of
	// bounds, by Registry.With for an asset that breaks the rules of Info, and by
	// every function that is given the zero Currency, or an Amount of it, where
	// a real one is needed.
	ErrInvalidCurrency = errors.New("money: invalid currency")

	// ErrDuplicateCurrency is returned by Registry.With for an asset whose code,
	// numeric code, symbol or name belongs to another currency already.
	ErrDuplicateCurrency = errors.New("money: duplicate currency")

	// ErrCurrencyMismatch is matched by the *CurrencyMismatchError that Add, Sub
	// and Cmp return for amounts of different currencies.
	ErrCurrencyMismatch = errors.New("money: currencies differ")

	// ErrOverflow is returned when a result does not fit an int64 of minor units.
	// From Parse and the JSON readers it comes inside a *ParseError.
	ErrOverflow = errors.New("money: amount out of range")

	// ErrPrecision is returned by FromDecimal, Parse and the JSON readers for a
	// value with non-zero decimals beyond the scale of its currency. From Parse
	// and the JSON readers it comes inside a *ParseError.
	ErrPrecision = errors.New("money: more decimals than the currency has")

	// ErrSyntax is matched by the *ParseError that Parse and the JSON readers
	// return for text that is not an amount.
	ErrSyntax = errors.New("money: not an amount")

	// ErrInvalidRatio is returned by MulDiv for a denominator that is not
	// positive, by Allocate for ratios that do not say how to divide, and by Split
	// for a number of parts out of bounds.
	ErrInvalidRatio = errors.New("money: invalid ratio")

	// ErrInvalidRounding is returned by MulDiv for a Rounding that is none of the
	// constants of this package.
	ErrInvalidRounding = errors.New("money: invalid rounding")
)

// UnknownCurrencyError reports a code that a registry does not hold. It matches
// ErrUnknownCurrency.
type UnknownCurrencyError struct {
	// Code is what was looked up, as ASCII with other characters escaped as in a Go
	// string, and cut short when it is long, so it is safe to log.
	Code string
}

// Error says which code is unknown.
func (e *UnknownCurrencyError) Error() string {
	return fmt.Sprintf("%v \"%s\"", ErrUnknownCurrency, e.Code)
}

// Is reports whether target is ErrUnknownCurrency.
func (e *UnknownCurrencyError) Is(target error) bool { return target == ErrUnknownCurrency }

// CurrencyMismatchError reports an operation on amounts of two currencies. It
// matches ErrCurrencyMismatch.
type CurrencyMismatchError struct {
	Left, Right Currency // of the receiver and of the argument
}

// Error names both currencies, with their scales when only these differ.
func (e *CurrencyMismatchError) Error() string {
	if e.Left.code == e.Right.code {
		return fmt.Sprintf("%v: %s with scale %d and with scale %d",
			ErrCurrencyMismatch, e.Left, e.Left.scale, e.Right.scale)
	}
	return fmt.Sprintf("%v: %q and %q", ErrCurrencyMismatch, e.Left.code, e.Right.code)
}

// Is reports whether target is ErrCurrencyMismatch.
func (e *CurrencyMismatchError) Is(target error) bool { return target == ErrCurrencyMismatch }

// ParseError reports text or JSON that is not an amount of the currency. It
// matches exactly one of ErrSyntax, ErrPrecision and ErrOverflow, which is also
// what it unwraps to.
type ParseError struct {
	// Text is what could not be read, as ASCII with other characters escaped as in
	// a Go string, and cut short when it is long, so it is safe to log.
	Text string
	// Reason says in English what is wrong with it.
	Reason string

	category error
}

// Error gives the category, the text and the reason.
func (e *ParseError) Error() string {
	return fmt.Sprintf("%v: \"%s\": %s", e.category, e.Text, e.Reason)
}

// Unwrap returns ErrSyntax, ErrPrecision or ErrOverflow.
func (e *ParseError) Unwrap() error { return e.category }

// maxQuoted bounds how many bytes of hostile input an error repeats.
const maxQuoted = 48

func parseError(category error, text, reason string) *ParseError {
	return &ParseError{Text: quotable(text), Reason: reason, category: category}
}

// quotable makes any bytes short printable ASCII.
func quotable(text string) string {
	cut := ""
	if len(text) > maxQuoted {
		text, cut = text[:maxQuoted], "..."
	}
	quoted := strconv.QuoteToASCII(text)
	return quoted[1:len(quoted)-1] + cut
}
