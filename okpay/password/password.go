package password

import (
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What a password may have at most. Both bounds are far above what people type and what
// password managers make.
const (
	MaxBytes      = 1024 // of UTF-8, as typed
	MaxCodePoints = 256  // in NFC
)

// redacted is what everything shows in place of a secret.
const redacted = "[redacted]"

// Password is a secret that a person typed: a password, or the answer to a security
// question. Its zero value is the empty one.
//
// It prints as "[redacted]" with every verb of fmt, in logs of slog and in JSON. The text
// lies behind a pointer, so that not even a struct with a Password in an unexported field,
// on which fmt calls no method, shows it. Decoding JSON or text into a Password works;
// mind that encoding/json replaces bytes that are not UTF-8.
type Password struct {
	text *string
}

var (
	_ fmt.Formatter  = Password{}
	_ slog.LogValuer = Password{}
)

// New makes a Password of what was typed. It checks nothing: that is for the Hasher and
// the Policy.
func New(text string) Password { return Password{text: &text} }

// Reveal returns the text as typed.
func (p Password) Reveal() string {
	if p.text == nil {
		return ""
	}
	return *p.text
}

// String returns "[redacted]".
func (p Password) String() string { return redacted }

// Format prints "[redacted]" whatever the verb.
func (p Password) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// LogValue logs "[redacted]".
func (p Password) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", which makes it the value in JSON as well.
func (p Password) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes the text as typed.
func (p *Password) UnmarshalText(text []byte) error {
	*p = New(string(text))
	return nil
}

// normalized returns the password in the form that is counted and hashed, NFC, or a
// *Violation: TooLong or InvalidEncoding.
func (p Password) normalized() (string, error) {
	text := p.Reveal()
	if len(text) > MaxBytes { // first, so that the size of an input can not make us work
		return "", &Violation{Code: TooLong, Limit: MaxCodePoints}
	}
	if !utf8.ValidString(text) {
		return "", &Violation{Code: InvalidEncoding}
	}
	text = norm.NFC.String(text)
	if utf8.RuneCountInString(text) > MaxCodePoints {
		return "", &Violation{Code: TooLong, Limit: MaxCodePoints}
	}
	return text, nil
}
