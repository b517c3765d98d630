package notify

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/okpay/okpay-go/okpay"
)

// maxFact bounds how much of a fact is shown, in characters.
const maxFact = 120

// clean makes one harmless line of what came from outside, such as a device's name: without
// control characters and those that turn the direction of text, not too long, and with nothing in
// it that a mail program would make a link of.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
			return -1
		case r == '.' || r == '．' || r == '｡': // as hosts may be written
			return '.'
		case r == '：':
			return ':'
		case r == '／':
			return '/'
		case r == '＠':
			return '@'
		}
		return r
	}, s)
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > maxFact {
		r = append(r[:maxFact-1], '…')
	}
	var b strings.Builder
	for i, c := range r {
		switch {
		case c == ':' && i > 0 && unicode.IsLetter(r[i-1]) && i+1 < len(r) && r[i+1] != ' ':
			b.WriteString("[:]")
		case c == '.' && i > 0 && r[i-1] != ' ' && i+1 < len(r) && unicode.IsLetter(r[i+1]):
			b.WriteString("[.]")
		case c == '@':
			b.WriteString("[at]")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// form is how a fact is written for people.
type form int

const (
	asText form = iota
	asTime
	asStart
	asCodes
	asFailure
	asAmounts
)

// unknownDevice is what a fact has for a device of which nothing is known.
const unknownDevice = "unknown"

func formOf(template, fact string) form {
	switch fact {
	case "until":
		// That of a lock, and of withdrawals that wait, is when something is possible again; all others
		// are until when something is.
		if template == "sign_in_locked" || template == "password_changed" {
			return asStart
		}
		return asTime
	case "withdrawals_from", "payout_from", "next_from":
		return asStart
	case "at", "deadline", "expected", "from":
		return asTime
	case "reason", "authenticator", "advice", "purpose", "kind", "contact", "capabilities", "requirements", "requirement",
		"problem", "denial", "action", "act", "category", "codes_low":
		return asCodes
	case "failure":
		return asFailure
	case "amount", "money_in", "money_out":
		return asAmounts
	}
	return asText
}

// shown writes a fact of a message for people. It is empty for one that can not be shown.
func (n *Notify) shown(locale, template, fact, value string) string {
	if value == "" {
		return ""
	}
	if fact == "device" && value == unknownDevice {
		return n.words(locale, fact, value)
	}
	switch is := formOf(template, fact); is {
	case asTime, asStart:
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return ""
		}
		if is == asStart && t.Truncate(time.Minute) != t {
			t = t.Truncate(time.Minute).Add(time.Minute) // the minute that is shown is not too early
		}
		return n.clock(locale, t)
	case asCodes:
		return n.words(locale, fact, value)
	case asFailure:
		f, ok := okpay.FailureOf(okpay.Code(value))
		if !ok {
			f, _ = okpay.FailureOf(okpay.InternalError)
		}
		return f.Text(locale)
	case asAmounts:
		return amounts(locale, value)
	}
	return clean(value)
}

// clock writes an instant in the wallet's zone, which it names: mail travels.
func (n *Notify) clock(locale string, t time.Time) string {
	t = t.In(n.w.Zone())
	zone := "UTC"
	if _, offset := t.Zone(); offset != 0 {
		zone = t.Format("UTC-07:00")
	}
	if locale == "zh-CN" {
		return t.Format("2006年1月2日 15:04") + "(" + zone + ")"
	}
	return t.Format("2 January 2006, 15:04") + " (" + zone + ")"
}

// words are codes in a language, each once: as Config.Words has it, else the catalogue, else what
// stands there for all that it does not know. Several codes have commas or spaces between them.
func (n *Notify) words(locale, fact, value string) string {
	var out []string
	for code := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		word := ""
		if n.cfg.Words != nil {
			word = clean(n.cfg.Words(locale, fact, code))
		}
		known := n.languages[locale].Words[fact]
		if code == "" {
			continue
		}
		word = cmp.Or(word, known[code], known[""])
		if word != "" && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	between := ", "
	if locale == "zh-CN" {
		between = "、"
	}
	return strings.Join(out, between)
}

// amounts writes amounts such as "1234.50 CNY", with semicolons between them. They have their
// currency's decimals already.
func amounts(locale, value string) string {
	var out []string
	for one := range strings.SplitSeq(value, ";") {
		number, currency, ok := strings.Cut(strings.TrimSpace(one), " ")
		sign, number := cutSign(number)
		whole, rest, dot := strings.Cut(number, ".")
		if !ok || whole == "" || !digits(whole) || dot && (rest == "" || !digits(rest)) || !capitals(currency) {
			return clean(value)
		}
		var grouped strings.Builder
		for i, c := range whole {
			if i > 0 && (len(whole)-i)%3 == 0 {
				grouped.WriteByte(',')
			}
			grouped.WriteRune(c)
		}
		if dot {
			rest = "." + rest
		}
		out = append(out, sign+grouped.String()+rest+" "+currency)
	}
	between := "; "
	if locale == "zh-CN" {
		between = ";"
	}
	return strings.Join(out, between)
}

func cutSign(s string) (sign, rest string) {
	if r, ok := strings.CutPrefix(s, "-"); ok {
		return "-", r
	}
	return "", s
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func capitals(s string) bool {
	return len(s) > 0 && len(s) <= 16 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// localeOf is the language of a customer's, or English for one that there are no texts in.
func (n *Notify) localeOf(locale string) string {
	if _, ok := n.languages[locale]; ok {
		return locale
	}
	return "en"
}
