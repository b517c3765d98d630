package money

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Info describes a currency to people.
type Info struct {
	// Currency is the code and the scale.
	Currency Currency
	// Numeric is the three-digit code of ISO 4217, "156" for CNY. It is "" for
	// assets that the standard does not list.
	Numeric string
	// NameEN is the English name; for currencies of ISO 4217 the one that the
	// standard gives. With "", people see the code.
	NameEN string
	// NameZH is the name in Simplified Chinese. With "", people see the code.
	// A name has at most 100 bytes of printable UTF-8 and no space around it.
	NameZH string
	// Symbol is written before the number in English: up to 8 characters, none of
	// them a digit, white space or one of "+-.,". With "", people see the code.
	Symbol string
}

// maxNameLen bounds a name, in bytes.
const maxNameLen = 100

// maxSymbolLen bounds a symbol, in characters.
const maxSymbolLen = 8

// Registry is an immutable set of currencies. Any number of goroutines may use
// it. The nil Registry and the zero Registry are empty.
type Registry struct {
	infos  []Info            // sorted by code
	byCode map[string]int    // index in infos
	words  map[string]string // the code that owns each code, symbol, number and name
}

// iso is built at its first use and never changes.
var iso = sync.OnceValue(func() *Registry {
	registry, err := (*Registry)(nil).With(isoTable()...)
	if err != nil {
		panic(err) // the table is part of the program, and a test reads it
	}
	return registry
})

// ISO returns the registry of the active currencies of ISO 4217, all that the
// standard's list one gives a number of minor units.
//
// The codes without one are left out, because an amount of them has no smallest
// unit to count: precious metals (XAU, XAG, XPD, XPT), the bond market units
// (XBA to XBD), units of account (XDR, XSU, XUA), and the codes for testing and
// for no currency (XTS, XXX). Register an asset of your own, with the scale you
// settle in, to hold gold, for example.
func ISO() *Registry { return iso() }

// Lookup returns the currency of ISO 4217 with the code. It is short for
// ISO().Lookup(code).
func Lookup(code string) (Currency, error) { return ISO().Lookup(code) }

// MustISO returns the currency of ISO 4217 with the code, and panics when there
// is none. It is meant for tests, examples and constants in code.
func MustISO(code string) Currency {
	c, err := Lookup(code)
	if err != nil {
		panic(err)
	}
	return c
}

// With returns a registry that holds what r holds and the assets. r stays as it
// is. An asset that breaks a rule of Info is refused with ErrInvalidCurrency.
// One whose code, numeric code, symbol or name stands for another currency already
// is refused with ErrDuplicateCurrency, so what Format writes names one currency
// only. The first asset that is refused decides, and then nothing is added.
func (r *Registry) With(assets ...Info) (*Registry, error) {
	next := &Registry{
		byCode: make(map[string]int),
		// Format writes this word for CNY in Chinese.
		words: map[string]string{yuanZH: "CNY"},
	}
	if r != nil {
		next.infos = slices.Clone(r.infos)
		maps.Copy(next.words, r.words)
	}
	for _, asset := range assets {
		if err := next.add(asset); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(next.infos, func(a, b Info) int {
		return strings.Compare(a.Currency.code, b.Currency.code)
	})
	for i, info := range next.infos {
		next.byCode[info.Currency.code] = i
	}
	return next, nil
}

func (r *Registry) add(asset Info) error {
	if err := asset.validate(); err != nil {
		return err
	}
	code := asset.Currency.code
	if owner, ok := r.words[code]; ok {
		return fmt.Errorf("%w: %s is taken by %s", ErrDuplicateCurrency, code, owner)
	}
	for _, word := range []string{code, asset.Symbol, asset.Numeric, asset.NameEN, asset.NameZH} {
		if word == "" {
			continue
		}
		if owner, ok := r.words[word]; ok && owner != code {
			return fmt.Errorf("%w: %s: %q is taken by %s", ErrDuplicateCurrency, code, word, owner)
		}
		r.words[word] = code
	}
	r.infos = append(r.infos, asset)
	return nil
}

func (i Info) validate() error {
	if i.Currency.IsZero() {
		return fmt.Errorf("%w: an asset has no code", ErrInvalidCurrency)
	}
	if i.Numeric != "" && (len(i.Numeric) != 3 || strings.Trim(i.Numeric, "0123456789") != "") {
		return fmt.Errorf("%w: %s: the numeric code is not three digits", ErrInvalidCurrency, i.Currency)
	}
	for _, name := range []string{i.NameEN, i.NameZH} {
		if len(name) > maxNameLen || !utf8.ValidString(name) || strings.ContainsFunc(name, notGraphic) ||
			strings.TrimSpace(name) != name {
			return fmt.Errorf("%w: %s: a name is over %d bytes, not printable UTF-8 or has space around it",
				ErrInvalidCurrency, i.Currency, maxNameLen)
		}
	}
	if utf8.RuneCountInString(i.Symbol) > maxSymbolLen || !utf8.ValidString(i.Symbol) ||
		strings.ContainsFunc(i.Symbol, notSymbol) {
		return fmt.Errorf("%w: %s: the symbol is over %d characters or has one that may not stand in it",
			ErrInvalidCurrency, i.Currency, maxSymbolLen)
	}
	return nil
}

func notGraphic(r rune) bool { return !unicode.IsGraphic(r) }

// notSymbol finds what would run together with the number behind the symbol.
func notSymbol(r rune) bool {
	return notGraphic(r) || unicode.IsSpace(r) || unicode.IsNumber(r) || strings.ContainsRune("+-.,", r)
}

// Lookup returns the currency with the code, which is case-sensitive: codes are
// upper case. A code that r does not hold is an *UnknownCurrencyError, which
// matches ErrUnknownCurrency.
func (r *Registry) Lookup(code string) (Currency, error) {
	info, ok := r.Info(code)
	if !ok {
		return Currency{}, &UnknownCurrencyError{Code: quotable(code)}
	}
	return info.Currency, nil
}

// Info returns what r knows about the currency with the code, and whether r holds
// it.
func (r *Registry) Info(code string) (Info, bool) {
	if r == nil {
		return Info{}, false
	}
	i, ok := r.byCode[code]
	if !ok {
		return Info{}, false
	}
	return r.infos[i], true
}

// Len returns how many currencies r holds.
func (r *Registry) Len() int {
	if r == nil {
		return 0
	}
	return len(r.infos)
}

// All returns the currencies of r in the order of their codes.
func (r *Registry) All() iter.Seq[Info] {
	return func(yield func(Info) bool) {
		if r == nil {
			return
		}
		for _, info := range r.infos {
			if !yield(info) {
				return
			}
		}
	}
}
