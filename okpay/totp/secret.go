package totp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// The bounds of a secret in bytes. RFC 4226 demands 128 bits and recommends 160 (section
// 4, R6); beyond the 128 bytes of a block of SHA-512, HMAC would hash the secret first.
const (
	MinSecretBytes = 16
	MaxSecretBytes = 128
)

// newSecretBytes is the length that RFC 4226 recommends and that every app takes.
const newSecretBytes = 20

// hidden is what a secret shows.
const hidden = "[secret]"

// Secret is the key that the server and an authenticator app share. The zero value holds
// none and is refused wherever one is needed.
//
// Printing, logging or encoding a Secret shows "[secret]"; only [Secret.Reveal] and
// [Secret.Bytes] give it away. There is no decoding either: what is stored is sealed, see
// [Keyring]. Compare secrets with [Secret.Equal].
type Secret struct{ key concealed }

// concealed holds bytes, or nil, as a string behind a pointer: fmt calls no methods on
// what a caller's unexported fields hold, and then prints the address of a pointer to a
// string, where it would show a string or a slice.
type concealed *string

func conceal(raw []byte) concealed {
	text := string(raw)
	return &text
}

// GenerateSecret makes a secret of 20 random bytes. A nil source means
// crypto/rand.Reader. Errors: [ErrRandomness].
func GenerateSecret(source io.Reader) (Secret, error) {
	raw, err := randomBytes(source, newSecretBytes)
	if err != nil {
		return Secret{}, err
	}
	return Secret{conceal(raw)}, nil
}

// NewSecret makes a secret of bytes that come from somewhere else. Errors:
// [ErrShortSecret]; [ErrInvalidSecret] for more than MaxSecretBytes.
func NewSecret(raw []byte) (Secret, error) {
	if len(raw) < MinSecretBytes {
		return Secret{}, fmt.Errorf("%w: %d bytes, want %d to %d", ErrShortSecret, len(raw), MinSecretBytes, MaxSecretBytes)
	}
	if len(raw) > MaxSecretBytes {
		return Secret{}, fmt.Errorf("%w: %d bytes, want %d to %d", ErrInvalidSecret, len(raw), MinSecretBytes, MaxSecretBytes)
	}
	return Secret{conceal(raw)}, nil
}

// maxSecretText bounds what ParseSecret looks at: the longest secret, with its padding and
// a space after each four characters.
const maxSecretText = 260

// ParseSecret reads a secret in base32 (RFC 4648, section 6), as other programs show it:
// upper or lower case, with or without the padding, with spaces or hyphens between groups.
// Errors: [ErrShortSecret], [ErrInvalidSecret].
func ParseSecret(text string) (Secret, error) {
	if len(text) > maxSecretText {
		return Secret{}, fmt.Errorf("%w: more than %d characters", ErrInvalidSecret, maxSecretText)
	}
	clean := strings.ToUpper(separators.Replace(text))
	clean, pad := strings.TrimRight(clean, "="), strings.Count(clean, "=")
	if pad != 0 && (len(clean)+pad)%8 != 0 {
		return Secret{}, fmt.Errorf("%w: wrong padding", ErrInvalidSecret)
	}
	raw, err := secretBase32().DecodeString(clean)
	// Encoding again finds what the decoder lets pass: line ends, and bits after the last byte.
	if err != nil || secretBase32().EncodeToString(raw) != clean {
		return Secret{}, fmt.Errorf("%w: not base32", ErrInvalidSecret)
	}
	return NewSecret(raw)
}

var separators = strings.NewReplacer(" ", "", "-", "")

func secretBase32() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// Reveal returns the secret in base32 without padding, for a person to type into an app,
// or nothing for the zero value.
func (s Secret) Reveal() string { return secretBase32().EncodeToString(s.Bytes()) }

// Bytes returns a copy of the secret, in order to be sealed, or nothing for the zero value.
func (s Secret) Bytes() []byte {
	if s.key == nil {
		return nil
	}
	return []byte(*s.key)
}

// Equal reports whether both hold the same secret, in a time that tells only their lengths.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare(s.Bytes(), other.Bytes()) == 1
}

// String returns "[secret]".
func (s Secret) String() string { return hidden }

// Format writes "[secret]", whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText returns "[secret]".
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives slog "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// check returns an error for the zero value, the only one that no function has checked.
func (s Secret) check() error {
	if s.key == nil {
		return fmt.Errorf("%w: there is none", ErrShortSecret)
	}
	return nil
}

// randomBytes reads n bytes from a source, or from crypto/rand if that is nil.
func randomBytes(source io.Reader, n int) ([]byte, error) {
	if source == nil {
		source = rand.Reader
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(source, raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRandomness, err)
	}
	return raw, nil
}
