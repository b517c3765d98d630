package care

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/okpay/okpay-go/okpay"
)

// prose bounds what people write. It is kept and shown as text and never read as anything else;
// what could make it look like something else where it is shown is refused: control characters,
// and those that turn the direction of text or can not be seen.
type prose struct {
	field       string
	least, most int  // characters, counted as Unicode code points, without space around
	lines       bool // may have several lines
}

// check returns the text without space around it. Errors: InvalidRequest.
func (p prose) check(s string) (string, error) {
	if len(s) > 4*p.most+64 {
		return "", okpay.InvalidField(p.field, "has more than %d characters", p.most)
	}
	if !utf8.ValidString(s) {
		return "", okpay.InvalidField(p.field, "is not text in UTF-8")
	}
	if p.lines {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	s = strings.TrimSpace(s)
	if n := utf8.RuneCountInString(s); n < p.least || n > p.most {
		return "", okpay.InvalidField(p.field, "has %d characters, want %d to %d", n, p.least, p.most)
	}
	for _, r := range s {
		if r == '\n' && p.lines || r == '\t' && p.lines {
			continue
		}
		if hidden(r) {
			return "", okpay.InvalidField(p.field, "has a character that is not seen, or that turns the direction of text")
		}
	}
	return s, nil
}

// hidden reports characters that have no place in what people write here. The joiners U+200C and
// U+200D stay: scripts need them.
func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xad, r == 0x200b, r == 0x200e, r == 0x200f, r == 0x61c, r == 0xfeff,
		r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// why is an operator's reason for what they do.
func why(s string) (string, error) { return prose{field: "why", least: 3, most: 500}.check(s) }

// isCode reports whether a text is a code: 1 to 64 of a-z, 0-9 and '_', beginning with a letter.
func isCode(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
}
