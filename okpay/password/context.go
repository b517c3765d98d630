package password

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Context is what is known about who chooses a password. All of it may be missing.
type Context struct {
	Email        string
	DisplayName  string
	Phone        string
	ProductWords []string // names of the service, such as "okpay"

	// SecondFactor says that the account has a second factor, or gets one together with
	// this password. NIST then asks for 8 characters; Guide makes no difference.
	SecondFactor bool

	// IsCurrent reports whether a password is the current one; it is nil where there is
	// none. See Hasher.IsCurrent. Check returns its error.
	IsCurrent func(context.Context, Password) (bool, error)
}

const (
	minContextWord = 4 // shorter ones are in too many good passwords
	minBesideWord  = 5 // what must be left of a password without the word, in code points
	phoneDigits    = 11
)

// words lists what a password should not be made of: the product's words, the local part
// of the address as a whole and in its pieces, the pieces of the name, and the end of the
// phone number, which people know without the country's code.
func (c Context) words() []string {
	var words []string
	add := func(word string) {
		if utf8.RuneCountInString(word) >= minContextWord {
			words = append(words, word)
		}
	}
	for _, word := range c.ProductWords {
		add(flat(fold(word)))
	}
	local := fold(c.Email)
	if at := strings.LastIndexByte(local, '@'); at >= 0 {
		local = local[:at]
	}
	add(flat(local))
	for _, piece := range append(pieces(local), pieces(fold(c.DisplayName))...) {
		add(piece)
	}
	digits := strings.Map(func(r rune) rune {
		if !unicode.IsDigit(r) {
			return -1
		}
		return r
	}, fold(c.Phone))
	if all := []rune(digits); len(all) > phoneDigits {
		digits = string(all[len(all)-phoneDigits:])
	}
	add(digits)
	return words
}

// hasContextWord reports whether a folded password is little else than one of the words.
func hasContextWord(words []string, folded string) bool {
	plain := flat(folded)
	for _, text := range []string{plain, unleet(plain)} {
		for _, word := range words {
			if !strings.Contains(text, word) {
				continue
			}
			if utf8.RuneCountInString(strings.ReplaceAll(text, word, "")) < minBesideWord {
				return true
			}
		}
	}
	return false
}
