package totp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// RecoveryCodes is how many recovery codes people usually get.
const RecoveryCodes = 10

// MaxRecoveryCodes bounds how many are made at once.
const MaxRecoveryCodes = 100

// A code has 120 random bits, so that a plain MAC keeps it as safe as a slow hash would:
// 24 characters of five bits, shown in groups of six.
const (
	recoveryBytes = 15
	recoveryChars = 24
	recoveryGroup = 6
)

// recoveryAlphabet is Crockford's base32: no I, L and O, which look like 1 and 0, and no U.
const recoveryAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// RecoveryCode lets its owner in once, in the place of a code from the app. It prints as
// "[secret]"; only [RecoveryCode.Reveal] gives it away. The zero value is no code.
type RecoveryCode struct{ canonical concealed }

// GenerateRecoveryCodes makes 1 to MaxRecoveryCodes recovery codes, no two alike. A nil
// source means crypto/rand.Reader. Show them once, and store their MACs in the place of all
// earlier ones. Errors: [ErrInvalidSize] for another number, [ErrRandomness].
func GenerateRecoveryCodes(source io.Reader, n int) ([]RecoveryCode, error) {
	if n < 1 || n > MaxRecoveryCodes {
		return nil, fmt.Errorf("%w: %d recovery codes, want 1 to %d", ErrInvalidSize, n, MaxRecoveryCodes)
	}
	encoding := base32.NewEncoding(recoveryAlphabet)
	codes := make([]RecoveryCode, n)
	seen := map[string]bool{}
	for i := range codes {
		raw, err := randomBytes(source, recoveryBytes)
		if err != nil {
			return nil, err
		}
		text := encoding.EncodeToString(raw)
		if seen[text] {
			// By chance this happens to nobody: the source is broken.
			return nil, fmt.Errorf("%w: it repeats itself", ErrRandomness)
		}
		seen[text] = true
		codes[i] = RecoveryCode{&text}
	}
	return codes, nil
}

// maxRecoveryText bounds what ParseRecoveryCode looks at: a code with a space around and a
// hyphen within every pair of characters, and some to spare.
const maxRecoveryText = 128

// ParseRecoveryCode reads a recovery code as people type it: in either case, with spaces,
// tabs, line ends and hyphens anywhere or nowhere, with the letters I and L for 1 and O for
// 0. Everything else is refused, U and the characters of other scripts among it. The error
// matches [ErrInvalidRecoveryCode] and counts as a failed attempt.
func ParseRecoveryCode(typed string) (RecoveryCode, error) {
	if len(typed) > maxRecoveryText {
		return RecoveryCode{}, fmt.Errorf("%w: more than %d bytes", ErrInvalidRecoveryCode, maxRecoveryText)
	}
	canonical := make([]byte, 0, maxRecoveryText)
	for i := range len(typed) {
		c := typed[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		switch c {
		case ' ', '\t', '\r', '\n', '-':
			continue
		case 'I', 'L':
			c = '1'
		case 'O':
			c = '0'
		}
		if strings.IndexByte(recoveryAlphabet, c) < 0 {
			return RecoveryCode{}, fmt.Errorf("%w: a character that is in none", ErrInvalidRecoveryCode)
		}
		canonical = append(canonical, c)
	}
	if len(canonical) != recoveryChars {
		return RecoveryCode{}, fmt.Errorf("%w: %d characters, want %d", ErrInvalidRecoveryCode, len(canonical), recoveryChars)
	}
	return RecoveryCode{conceal(canonical)}, nil
}

// Reveal returns the code as it is shown, four groups of six characters with hyphens
// between them, or nothing for the zero value.
func (c RecoveryCode) Reveal() string {
	if c.canonical == nil {
		return ""
	}
	var groups []string
	for text := *c.canonical; text != ""; text = text[recoveryGroup:] {
		groups = append(groups, text[:recoveryGroup])
	}
	return strings.Join(groups, "-")
}

// Equal reports whether both are the same code, in constant time.
func (c RecoveryCode) Equal(other RecoveryCode) bool {
	return subtle.ConstantTimeCompare([]byte(c.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[secret]".
func (c RecoveryCode) String() string { return hidden }

// Format writes "[secret]", whatever the verb.
func (c RecoveryCode) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText returns "[secret]".
func (c RecoveryCode) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives slog "[secret]".
func (c RecoveryCode) LogValue() slog.Value { return slog.StringValue(hidden) }

// RecoveryMAC is what is stored of a recovery code. It may be printed and is encoded as 64
// hexadecimal digits; without the pepper nobody can tell a code from it.
type RecoveryMAC [sha256.Size]byte

// String returns the MAC in hexadecimal.
func (m RecoveryMAC) String() string { return hex.EncodeToString(m[:]) }

// MarshalText returns the MAC in hexadecimal.
func (m RecoveryMAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText returned.
func (m *RecoveryMAC) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(m)) {
		return fmt.Errorf("totp: a recovery MAC has %d hexadecimal digits", hex.EncodedLen(len(m)))
	}
	var read RecoveryMAC
	if _, err := hex.Decode(read[:], text); err != nil {
		return fmt.Errorf("totp: a recovery MAC has %d hexadecimal digits", hex.EncodedLen(len(m)))
	}
	*m = read
	return nil
}
