package webhook

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
)

// PrivateKey is the sender's half of an asymmetric key (whsk_, Ed25519): it
// signs. The zero value holds no key and is refused wherever a key is needed.
//
// Printing, logging or encoding a PrivateKey shows "whsk_[redacted]"; only
// [PrivateKey.Reveal] gives the text. Compare with [PrivateKey.Equal].
type PrivateKey struct {
	key *string // seed and public key, or nil; a pointer for the reason given at Secret
}

func privateKeyFrom(seed []byte) PrivateKey {
	key := string(ed25519.NewKeyFromSeed(seed))
	return PrivateKey{&key}
}

// NewPrivateKey makes a key from 32 random bytes. A nil source means
// crypto/rand.Reader; an error is the source's.
func NewPrivateKey(source io.Reader) (PrivateKey, error) {
	seed, err := randomBytes(source, ed25519.SeedSize)
	if err != nil {
		return PrivateKey{}, err
	}
	return privateKeyFrom(seed), nil
}

// ParsePrivateKey reads the text form of a private key: "whsk_" and the base64
// of 64 bytes, the seed and then the public key. It is refused when the public
// half does not follow from the seed, since signing with such a pair gives the
// seed away. The error matches [ErrInvalidKey].
func ParsePrivateKey(text string) (PrivateKey, error) {
	raw, err := decodeKey(prefixPrivateKey, text)
	if err != nil {
		return PrivateKey{}, err
	}
	if len(raw) != ed25519.PrivateKeySize {
		return PrivateKey{}, fmt.Errorf("%w: a private key has %d bytes, this one %d", ErrInvalidKey, ed25519.PrivateKeySize, len(raw))
	}
	key := privateKeyFrom(raw[:ed25519.SeedSize])
	if !key.bytes().Equal(ed25519.PrivateKey(raw)) {
		return PrivateKey{}, fmt.Errorf("%w: the public half does not belong to the private half", ErrInvalidKey)
	}
	return key, nil
}

// Public returns the half that receivers are given, or the zero value for the
// zero value.
func (k PrivateKey) Public() PublicKey {
	if k.empty() {
		return PublicKey{}
	}
	return PublicKey{(*k.key)[ed25519.SeedSize:]}
}

// Reveal returns the text form of the private key, or nothing for the zero
// value. It is the only way to get it out.
func (k PrivateKey) Reveal() string {
	if k.empty() {
		return ""
	}
	return prefixPrivateKey + base64.StdEncoding.EncodeToString(k.bytes())
}

// Equal reports whether both hold the same key, in constant time.
func (k PrivateKey) Equal(other PrivateKey) bool {
	if k.empty() || other.empty() {
		return k.empty() == other.empty()
	}
	return k.bytes().Equal(other.bytes())
}

// String returns "whsk_[redacted]".
func (k PrivateKey) String() string { return redacted(prefixPrivateKey) }

// Format writes what String returns, whatever the verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText returns what String returns, so that JSON shows no secret.
func (k PrivateKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue gives slog what String returns.
func (k PrivateKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// UnmarshalText reads the text form as [ParsePrivateKey] does, so that a key
// can stand in a configuration file.
func (k *PrivateKey) UnmarshalText(text []byte) error {
	parsed, err := ParsePrivateKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

func (k PrivateKey) scheme() string { return schemeEd25519 }

func (k PrivateKey) empty() bool { return k.key == nil }

func (k PrivateKey) bytes() ed25519.PrivateKey { return ed25519.PrivateKey(*k.key) }

func (k PrivateKey) sign(content []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(k.bytes(), content))
}

// PublicKey is the receiver's half of an asymmetric key (whpk_, Ed25519): it
// verifies. It is no secret: it prints and encodes as its text form, and two of
// them can be compared with ==. The zero value holds no key and is refused
// wherever a key is needed.
type PublicKey struct {
	raw string // the 32 bytes, as a string so that keys compare
}

// ParsePublicKey reads the text form of a public key, "whpk_" and the base64 of
// 32 bytes. The error matches [ErrInvalidKey].
func ParsePublicKey(text string) (PublicKey, error) {
	raw, err := decodeKey(prefixPublicKey, text)
	if err != nil {
		return PublicKey{}, err
	}
	if len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("%w: a public key has %d bytes, this one %d", ErrInvalidKey, ed25519.PublicKeySize, len(raw))
	}
	if bytes.Count(raw, []byte{0}) == len(raw) {
		// A forgotten field, and a point for which signatures can be made up.
		return PublicKey{}, fmt.Errorf("%w: the public key is all zeros", ErrInvalidKey)
	}
	return PublicKey{string(raw)}, nil
}

// Reveal returns the text form of the key, as String does.
func (k PublicKey) Reveal() string { return k.String() }

// String returns the text form of the key, or nothing for the zero value.
func (k PublicKey) String() string {
	if k.empty() {
		return ""
	}
	return prefixPublicKey + base64.StdEncoding.EncodeToString([]byte(k.raw))
}

// MarshalText returns what String returns.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the text form as [ParsePublicKey] does.
func (k *PublicKey) UnmarshalText(text []byte) error {
	parsed, err := ParsePublicKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

func (k PublicKey) scheme() string { return schemeEd25519 }

func (k PublicKey) empty() bool { return k.raw == "" }

func (k PublicKey) matches(content []byte, signatures []string) bool {
	for _, signature := range signatures {
		// Verify reports false for a signature of another length.
		raw, ok := decodeBase64(signature)
		if ok && ed25519.Verify(ed25519.PublicKey(k.raw), content, raw) {
			return true
		}
	}
	return false
}
