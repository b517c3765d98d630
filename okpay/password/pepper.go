package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrUnknownPepper is returned for a stored hash that was made with a pepper that the
// Config does not have. It is no wrong password: the key is missing, or was never ours.
var ErrUnknownPepper = errors.New("password: stored hash needs a pepper that is not configured")

// minPepperBytes is the least size of a key: that of SHA-256, NIST SP 800-107.
const minPepperBytes = 32

// Pepper is a secret key that goes into every hash and is kept apart from the hashes, in a
// key store or the program's secrets. Its id is written into each hash, so that keys can be
// replaced one sign-in at a time. It prints as "[redacted]".
type Pepper struct {
	id  string
	key *string // behind a pointer, so that fmt shows no key of an unexported field
}

// NewPepper makes a Pepper. The id is public, has 1 to 8 ASCII letters, digits, "-" or "_",
// and must never stand for another key. The key has at least 32 random
// bytes and is copied; zeros are refused, as they stem from a key that was never read.
func NewPepper(id string, key []byte) (Pepper, error) {
	if !validPepperID(id) {
		return Pepper{}, fmt.Errorf("%w: the id of a pepper has 1 to %d letters, digits, - or _", ErrInvalidConfig, maxPepperID)
	}
	if len(key) < minPepperBytes {
		return Pepper{}, fmt.Errorf("%w: the key of pepper %s has fewer than %d bytes", ErrInvalidConfig, id, minPepperBytes)
	}
	if !slices.ContainsFunc(key, func(b byte) bool { return b != 0 }) {
		return Pepper{}, fmt.Errorf("%w: the key of pepper %s is all zeros", ErrInvalidConfig, id)
	}
	kept := string(key)
	return Pepper{id: id, key: &kept}, nil
}

// ID returns the id.
func (p Pepper) ID() string { return p.id }

// Format prints "[redacted]" whatever the verb.
func (p Pepper) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// MarshalText returns "[redacted]".
func (p Pepper) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// mix returns what argon2id is given for a message.
func (p Pepper) mix(message string) []byte {
	if p.key == nil {
		return []byte(message)
	}
	mac := hmac.New(sha256.New, []byte(*p.key))
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

func validPepperID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= maxPepperID
}
