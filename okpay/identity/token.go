package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

// A token is an id, by which its record is found, and a secret of 256 random bits, of which the
// record has the SHA-256 alone: with so many bits there is nothing to guess from it.

const (
	secretLen   = 32
	maxTokenLen = 128
)

// newToken draws a token for an id.
func (x *Identity) newToken(id string) (token Secret, digest []byte, err error) {
	secret := make([]byte, secretLen)
	if err := x.w.Random(secret); err != nil {
		return Secret{}, nil, err
	}
	return NewSecret(id + "." + base64.RawURLEncoding.EncodeToString(secret)), digestOf(secret), nil
}

// splitToken takes a token apart. One that is not well-formed has no id, and the digest of
// nothing.
func splitToken(token Secret, prefix string) (id string, digest []byte) {
	id, text, ok := strings.Cut(token.Reveal(), ".")
	if len(token.Reveal()) > maxTokenLen || !ok || !strings.HasPrefix(id, prefix) || okpay.CheckID("token", id) != nil {
		return "", digestOf(nil)
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(secret) != secretLen || len(text) != base64.RawURLEncoding.EncodedLen(secretLen) { // the decoder skips line breaks
		return "", digestOf(nil)
	}
	return id, digestOf(secret)
}

func digestOf(secret []byte) []byte {
	d := sha256.Sum256(secret)
	return d[:]
}

// hexOf writes a keyed digest.
func hexOf(digest []byte) string { return hex.EncodeToString(digest[:16]) }
