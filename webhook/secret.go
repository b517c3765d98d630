package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
)

// The bounds of a secret in bytes. Standard Webhooks 1.0.0 asks for 24 to 64;
// Svix hands out secrets of up to 75, which are read too.
const (
	MinSecretBytes = 24
	MaxSecretBytes = 75
)

// newSecretBytes is the length of the secrets made here: the output of the
// hash, beyond which a longer HMAC key adds nothing.
const newSecretBytes = 32

// Secret is a symmetric key (whsec_) that sender and receiver share: the one
// signs with it and the other verifies, with HMAC-SHA256. The zero value holds
// no key and is refused wherever a key is needed.
//
// Printing, logging or encoding a Secret shows "whsec_[redacted]"; only
// [Secret.Reveal] gives the text. Compare secrets with [Secret.Equal].
type Secret struct {
	// The bytes, or nil. They are a string behind a pointer because fmt calls no
	// methods on what a caller's unexported fields hold. It then prints the
	// address of a pointer to a string, while it may follow one to a struct or a
	// slice (as it does for %s).
	key *string
}

func secretFrom(raw []byte) Secret {
	key := string(raw)
	return Secret{&key}
}

// NewSecret makes a secret of 32 random bytes. A nil source means
// crypto/rand.Reader; an error is the source's.
func NewSecret(source io.Reader) (Secret, error) {
	raw, err := randomBytes(source, newSecretBytes)
	if err != nil {
		return Secret{}, err
	}
	return secretFrom(raw), nil
}

// ParseSecret reads the text form of a secret, "whsec_" and the base64 of
// [MinSecretBytes] to [MaxSecretBytes] bytes. The error matches [ErrInvalidKey].
func ParseSecret(text string) (Secret, error) {
	raw, err := decodeKey(prefixSecret, text)
	if err != nil {
		return Secret{}, err
	}
	if len(raw) < MinSecretBytes || len(raw) > MaxSecretBytes {
		return Secret{}, fmt.Errorf("%w: a secret has %d to %d bytes, this one %d", ErrInvalidKey, MinSecretBytes, MaxSecretBytes, len(raw))
	}
	return secretFrom(raw), nil
}

// Reveal returns the text form of the secret, or nothing for the zero value.
// It is the only way to get it out.
func (s Secret) Reveal() string {
	if s.empty() {
		return ""
	}
	return prefixSecret + base64.StdEncoding.EncodeToString([]byte(*s.key))
}

// Equal reports whether both hold the same secret, in constant time.
func (s Secret) Equal(other Secret) bool {
	if s.empty() || other.empty() {
		return s.empty() == other.empty()
	}
	return subtle.ConstantTimeCompare([]byte(*s.key), []byte(*other.key)) == 1
}

// String returns "whsec_[redacted]".
func (s Secret) String() string { return redacted(prefixSecret) }

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns what String returns, so that JSON shows no secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives slog what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// UnmarshalText reads the text form as [ParseSecret] does, so that a secret can
// stand in a configuration file.
func (s *Secret) UnmarshalText(text []byte) error {
	parsed, err := ParseSecret(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

func (s Secret) scheme() string { return schemeHMAC }

func (s Secret) empty() bool { return s.key == nil }

func (s Secret) mac(content []byte) []byte {
	mac := hmac.New(sha256.New, []byte(*s.key))
	mac.Write(content)
	return mac.Sum(nil)
}

func (s Secret) sign(content []byte) string {
	return base64.StdEncoding.EncodeToString(s.mac(content))
}

func (s Secret) matches(content []byte, signatures []string) bool {
	if len(signatures) == 0 {
		return false
	}
	// The text is compared, not the bytes, so that one signature has one spelling.
	expected := []byte(s.sign(content))
	match := 0
	for _, signature := range signatures {
		match |= subtle.ConstantTimeCompare(expected, []byte(signature))
	}
	return match == 1
}

func redacted(prefix string) string { return prefix + "[redacted]" }

// randomBytes reads n bytes from source, or from the system if it is nil.
func randomBytes(source io.Reader, n int) ([]byte, error) {
	if source == nil {
		source = rand.Reader
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(source, raw); err != nil {
		return nil, fmt.Errorf("webhook: reading randomness: %w", err)
	}
	return raw, nil
}
