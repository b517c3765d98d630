package ledger

import (
	"fmt"
	"slices"
	"strings"
)

// A Chart says which accounts may exist and by which rules they are opened. The first
// pattern that matches counts. An account keeps the rules it was opened with: they are
// journalled, so a later chart changes accounts opened from then on.
//
// The zero Chart allows every well-formed name, credit-normal and without limits.
type Chart []Pattern

// A Pattern is a rule for the account names that it matches.
type Pattern struct {
	// Name is an account name in which a part "*" stands for any one part, and a last part
	// "**" for one or more.
	Name string

	// Normal is the side on which the account grows. Defaults to Credit.
	Normal Side

	// Min and Max bound the balance on the normal side, in minor units, holds counted. Nil
	// means no bound.
	Min, Max *int64

	// Currencies restricts the currencies. Empty means any.
	Currencies []string
}

// Limit returns a bound for Pattern.Min and Pattern.Max, in minor units.
func Limit(minor int64) *int64 { return &minor }

// Rule returns the rule that an account would be opened by. ok is false when the chart does
// not allow it.
func (c Chart) Rule(key AccountKey) (rule Pattern, ok bool) { return c.rule(key) }

// rule returns the pattern that allows the account.
func (c Chart) rule(key AccountKey) (Pattern, bool) {
	if len(c) == 0 {
		return Pattern{}, true
	}
	for _, p := range c {
		if matchName(p.Name, key.Name) {
			ok := len(p.Currencies) == 0 || slices.Contains(p.Currencies, key.Currency)
			return p, ok
		}
	}
	return Pattern{}, false
}

func matchName(pattern, name string) bool {
	for {
		want, restWant, moreWant := strings.Cut(pattern, ":")
		got, restGot, moreGot := strings.Cut(name, ":")
		switch {
		case want == "**" && !moreWant:
			return true
		case want != "*" && want != got:
			return false
		case moreWant != moreGot:
			return false
		case !moreWant:
			return true
		}
		pattern, name = restWant, restGot
	}
}

// check reports what is wrong with the chart itself.
func (c Chart) check() error {
	for _, p := range c {
		plain := strings.ReplaceAll(strings.ReplaceAll(p.Name, "**", "x"), "*", "x")
		if err := checkAccountName(plain); err != nil {
			return fmt.Errorf("chart pattern %q: %w", p.Name, err)
		}
		for i, part := range strings.Split(p.Name, ":") {
			if strings.Contains(part, "*") && part != "*" && (part != "**" || i != strings.Count(p.Name, ":")) {
				return fmt.Errorf("chart pattern %q: '*' stands for a whole part, '**' for the last ones", p.Name)
			}
		}
		if p.Normal > Debit {
			return fmt.Errorf("chart pattern %q: the normal side is neither Credit nor Debit", p.Name)
		}
		if p.Min != nil && p.Max != nil && *p.Min > *p.Max {
			return fmt.Errorf("chart pattern %q: minimum %d is above maximum %d", p.Name, *p.Min, *p.Max)
		}
	}
	return nil
}
