package password

import (
	"context"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Rules say how long a password must be and what must be in it.
type Rules int

const (
	// Guide asks for 10 characters with letters, digits and symbols among them, or for 15
	// of anything.
	Guide Rules = iota

	// NIST asks for what SP 800-63B-4, section 3.1.1.2, does: 15 characters, or 8 for an
	// account with a second factor, of anything.
	NIST
)

// The lengths of the rules, in code points.
const (
	guideLength      = 10
	passphraseLength = 15
	secondLength     = 8
)

// maxRepeated is how many different characters a password may have and still count as
// repetitive. No run of 8 and no word that somebody would remember has so few.
const maxRepeated = 3

// Policy judges new passwords. Its zero value works: Guide with the DefaultBlocklist and
// no check for breaches. It is safe for concurrent use when its parts are.
type Policy struct {
	Rules Rules

	// Blocklist has the common passwords. Defaults to DefaultBlocklist.
	Blocklist Blocklist

	// Breaches knows passwords from breaches, such as a RangeClient. Defaults to none.
	Breaches Breaches

	// RequireBreachCheck refuses a password with BreachCheckUnavailable when Breaches does
	// not answer. By default it is allowed, and the Report tells: a service that is down
	// must not keep people from changing a password.
	RequireBreachCheck bool
}

// Report tells what a Check can not say by its error.
type Report struct {
	BreachCheck BreachCheck
	Unavailable error // why, where BreachCheck is BreachUnknown; it has nothing of the password
}

// BreachCheck says what became of the question whether a password is known from a breach.
type BreachCheck string

const (
	BreachNotAsked BreachCheck = ""        // there is nobody to ask, or another rule was broken
	BreachClear    BreachCheck = "clear"   // not known
	BreachFound    BreachCheck = "found"   // known
	BreachUnknown  BreachCheck = "unknown" // no answer: an event for the audit
)

// Check returns nil for a password that may be used, and a *Violation for the first rule
// that it breaks, in the order of the package comment. Any other error means that it could
// not be judged: ErrInvalidConfig for Rules that are neither, that of Context.IsCurrent, or of
// the context when it has ended.
func (p Policy) Check(ctx context.Context, password Password, c Context) (Report, error) {
	if p.Rules != Guide && p.Rules != NIST {
		return Report{}, fmt.Errorf("%w: there are no rules %d", ErrInvalidConfig, p.Rules)
	}
	text, err := password.normalized()
	if err != nil {
		return Report{}, err
	}
	if violation := p.form(text, c); violation != nil {
		return Report{}, violation
	}
	if c.IsCurrent != nil {
		same, err := c.IsCurrent(ctx, password)
		if err != nil {
			return Report{}, err
		}
		if same {
			return Report{}, &Violation{Code: Unchanged}
		}
	}
	if violation := p.strength(text, c); violation != nil {
		return Report{}, violation
	}
	return p.breaches(ctx, New(text))
}

// form judges what a password is made of and how long it is.
func (p Policy) form(text string, c Context) *Violation {
	for _, r := range text {
		if forbidden(r) {
			return &Violation{Code: ForbiddenCharacter}
		}
	}
	if least := p.least(c); utf8.RuneCountInString(text) < least {
		return &Violation{Code: TooShort, Limit: least}
	}
	return nil
}

// strength judges how easily a password is guessed.
func (p Policy) strength(text string, c Context) *Violation {
	folded := fold(text)
	list := p.Blocklist
	if list == nil {
		list = DefaultBlocklist()
	}
	switch {
	case isCommon(list, folded):
		return &Violation{Code: Common}
	case repetitive(folded):
		return &Violation{Code: TooRepetitive}
	case sequential(folded):
		return &Violation{Code: Sequential}
	case hasContextWord(c.words(), folded):
		return &Violation{Code: ContextWord}
	case p.Rules != NIST && utf8.RuneCountInString(text) < passphraseLength && !composed(text):
		return &Violation{Code: NeedsLetterDigitSymbol, Limit: passphraseLength}
	}
	return nil
}

// breaches asks whether a password is known from a breach.
func (p Policy) breaches(ctx context.Context, password Password) (Report, error) {
	if p.Breaches == nil {
		return Report{}, nil
	}
	count, err := p.Breaches.Count(ctx, password)
	if ended := ctx.Err(); err != nil && ended != nil {
		return Report{}, ended // whoever asked is gone, which is no fault of the service
	}
	switch {
	case err != nil && p.RequireBreachCheck:
		return Report{BreachUnknown, err}, &Violation{Code: BreachCheckUnavailable}
	case err != nil:
		return Report{BreachUnknown, err}, nil
	case count > 0:
		return Report{BreachCheck: BreachFound}, &Violation{Code: Breached}
	}
	return Report{BreachCheck: BreachClear}, nil
}

// least is the shortest length that the rules allow.
func (p Policy) least(c Context) int {
	switch {
	case p.Rules != NIST:
		return guideLength
	case c.SecondFactor:
		return secondLength
	}
	return passphraseLength
}

// forbidden reports whether a character can not be part of a password: one that keyboards
// do not make and forms lose, or that is not for exchange between programs.
func forbidden(r rune) bool {
	noncharacter := 0xfdd0 <= r && r <= 0xfdef || r&0xfffe == 0xfffe
	return noncharacter || unicode.In(r, unicode.Cc, unicode.Cs)
}

// repetitive reports whether a password is made of very few different characters.
func repetitive(text string) bool {
	different := map[rune]struct{}{}
	for _, r := range text {
		different[r] = struct{}{}
		if len(different) > maxRepeated {
			return false
		}
	}
	return true
}

// minRun is the length from which a run is one: "1234" alone says nothing.
const minRun = 5

// sequential reports whether a password is one run, up or down, through the order of the
// characters. Digits go round from 9 to 0.
func sequential(text string) bool {
	runes := []rune(text)
	if len(runes) < minRun {
		return false
	}
	up, down := true, true
	for i, r := range runes[1:] {
		up = up && follows(runes[i], r)
		down = down && follows(r, runes[i])
	}
	return up || down
}

func follows(a, b rune) bool { return b == a+1 || a == '9' && b == '0' }

// composed reports whether there are letters, digits and symbols. A symbol is whatever is
// neither a letter, a mark on one, nor a number; a space is one too.
func composed(text string) bool {
	var letter, digit, symbol bool
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letter = true
		case unicode.IsNumber(r):
			digit = true
		case !unicode.IsMark(r):
			symbol = true
		}
	}
	return letter && digit && symbol
}
