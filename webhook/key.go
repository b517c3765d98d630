package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The prefixes of the text forms of keys, from Standard Webhooks 1.0.0.
const (
	prefixSecret     = "whsec_"
	prefixPrivateKey = "whsk_"
	prefixPublicKey  = "whpk_"
)

// The identifiers of the two signature schemes.
const (
	schemeHMAC    = "v1"  // HMAC-SHA256
	schemeEd25519 = "v1a" // Ed25519
)

// ErrInvalidKey is returned when the text of a key cannot be used (another
// kind of key, not canonical base64, too short or too long, halves that do not
// belong together), and when a key that is nil or holds nothing is given where
// one is needed. The error never holds any part of the key.
var ErrInvalidKey = errors.New("webhook: invalid key")

// SigningKey is a key a sender signs with: a [Secret] or a [PrivateKey]. No
// type outside this package implements it.
type SigningKey interface {
	// Reveal returns the text form of the key, for storing it or handing it over.
	Reveal() string

	scheme() string
	empty() bool
	sign(content []byte) string // base64
}

// VerifyKey is a key a receiver trusts: a [Secret] or a [PublicKey]. No type
// outside this package implements it.
type VerifyKey interface {
	// Reveal returns the text form of the key, for storing it or handing it over.
	Reveal() string

	scheme() string
	empty() bool
	// matches says whether one of the signatures of the key's own scheme is
	// right. They are base64 text as received, of any length and form.
	matches(content []byte, signatures []string) bool
}

// ParseSigningKey reads the text of a key to sign with: whsec_ gives a
// [Secret], whsk_ a [PrivateKey]. Anything else is refused with an error that
// matches [ErrInvalidKey]; a whpk_ key cannot sign.
func ParseSigningKey(text string) (SigningKey, error) {
	switch {
	case strings.HasPrefix(text, prefixSecret):
		return asKey[SigningKey](ParseSecret(text))
	case strings.HasPrefix(text, prefixPrivateKey):
		return asKey[SigningKey](ParsePrivateKey(text))
	case strings.HasPrefix(text, prefixPublicKey):
		return nil, fmt.Errorf("%w: a public key (%s) cannot sign", ErrInvalidKey, prefixPublicKey)
	}
	return nil, fmt.Errorf("%w: a key to sign with begins with %s or %s", ErrInvalidKey, prefixSecret, prefixPrivateKey)
}

// ParseVerifyKey reads the text of a key to verify with: whsec_ gives a
// [Secret], whpk_ a [PublicKey]. Anything else is refused with an error that
// matches [ErrInvalidKey]. A whsk_ key is refused although its public half
// could verify: a receiver that was given the sender's private key must learn
// that it should not have it.
func ParseVerifyKey(text string) (VerifyKey, error) {
	switch {
	case strings.HasPrefix(text, prefixSecret):
		return asKey[VerifyKey](ParseSecret(text))
	case strings.HasPrefix(text, prefixPublicKey):
		return asKey[VerifyKey](ParsePublicKey(text))
	case strings.HasPrefix(text, prefixPrivateKey):
		return nil, fmt.Errorf("%w: a private key (%s) belongs to the sender alone", ErrInvalidKey, prefixPrivateKey)
	}
	return nil, fmt.Errorf("%w: a key to verify with begins with %s or %s", ErrInvalidKey, prefixSecret, prefixPublicKey)
}

// asKey keeps a failed parse from becoming an interface that is not nil.
func asKey[Key any](key any, err error) (Key, error) {
	if err != nil {
		var none Key
		return none, err
	}
	return key.(Key), nil
}

// decodeKey returns the bytes of a key's text form. Only the canonical
// spelling is read: a key that can be written in two ways is two keys to
// whoever compares or stores the text.
func decodeKey(prefix, text string) ([]byte, error) {
	encoded, found := strings.CutPrefix(text, prefix)
	if !found {
		return nil, fmt.Errorf("%w: the text does not begin with %s", ErrInvalidKey, prefix)
	}
	raw, ok := decodeBase64(encoded)
	if !ok {
		return nil, fmt.Errorf("%w: what follows %s is not base64", ErrInvalidKey, prefix)
	}
	return raw, nil
}

// decodeBase64 reads canonical base64: standard alphabet, padded, no bits left
// over and no line ends, which encoding/base64 skips even when strict.
func decodeBase64(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	return raw, err == nil
}
