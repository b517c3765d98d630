package totp

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"log/slog"

	"golang.org/x/crypto/chacha20poly1305"
)

// Cipher is how a key seals. It belongs to the key and does not stand in what is sealed,
// so that nobody who can change that can choose it.
type Cipher string

// The ciphers. With random nonces an AES-GCM key is good for 2^32 seals (NIST SP 800-38D,
// section 8.3), after which it must be replaced; an XChaCha20-Poly1305 key has no such
// limit, and is the faster one on processors without instructions for AES.
const (
	AES256GCM         Cipher = "aes-256-gcm"
	XChaCha20Poly1305 Cipher = "xchacha20-poly1305"
)

// SealingKeyBytes is the length of a sealing key, of either cipher.
const SealingKeyBytes = 32

// MaxKeyIDBytes bounds the id of a sealing key, which every sealed value repeats.
const MaxKeyIDBytes = 64

// SealingKey is a key that seals and opens, with its id and its cipher. It prints as
// "[secret]". The zero value is refused by [NewKeyring].
type SealingKey struct {
	id     string
	cipher Cipher
	key    concealed
}

// NewSealingKey makes a sealing key. Its id is 1 to MaxKeyIDBytes printable ASCII
// characters without a space or a vertical bar; an id is never given to another key. An
// empty cipher means AES256GCM. The key is SealingKeyBytes random bytes, kept apart from
// what it seals; zeros are refused, as they stem from a key that was never read. Errors:
// [ErrInvalidKey].
func NewSealingKey(id string, c Cipher, key []byte) (SealingKey, error) {
	if !validKeyID(id) {
		return SealingKey{}, fmt.Errorf("%w: its id is not 1 to %d printable ASCII characters without space and bar", ErrInvalidKey, MaxKeyIDBytes)
	}
	if c == "" {
		c = AES256GCM
	}
	if c != AES256GCM && c != XChaCha20Poly1305 {
		return SealingKey{}, fmt.Errorf("%w: %s has a cipher that is not known", ErrInvalidKey, id)
	}
	if len(key) != SealingKeyBytes {
		return SealingKey{}, fmt.Errorf("%w: %s has %d bytes, want %d", ErrInvalidKey, id, len(key), SealingKeyBytes)
	}
	if isZero(key) {
		return SealingKey{}, fmt.Errorf("%w: %s is all zeros", ErrInvalidKey, id)
	}
	return SealingKey{id, c, conceal(key)}, nil
}

// ID returns the key's id.
func (k SealingKey) ID() string { return k.id }

// String returns "[secret]".
func (k SealingKey) String() string { return hidden }

// Format writes "[secret]", whatever the verb.
func (k SealingKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText returns "[secret]".
func (k SealingKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives slog "[secret]".
func (k SealingKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// KeyringConfig tells NewKeyring what to hold.
type KeyringConfig struct {
	Keys    []SealingKey // all that may be needed to open something
	Primary string       // the id of the key that seals
	Rand    io.Reader    // where nonces come from. Defaults to crypto/rand.Reader.
}

// Keyring seals with one key, the primary, and opens with all it has. It is safe for
// concurrent use if its source of randomness is, and prints as "[secret]". The zero value
// has no keys.
//
// To replace a key while several processes run: give the new key to all of them, not yet
// as the primary; make it the primary everywhere; run [Keyring.Rewrap] over all that is
// stored; and drop the old key once nothing is sealed with it ([SealedWith]) and no backup
// is that would still be needed. No step makes anything unreadable to any of them.
type Keyring struct {
	// What a keyring holds stands behind a function. A cipher has its key in its fields, and
	// fmt, given a verb that it has no use for, shows what pointers point to.
	holds func() held
}

// held is what a keyring holds.
type held struct {
	keys    map[string]cipher.AEAD
	primary string
	rand    io.Reader
}

func (r *Keyring) held() held {
	if r.holds == nil {
		return held{}
	}
	return r.holds()
}

// NewKeyring makes a keyring. Errors: [ErrInvalidKey] for no keys, for a zero key, for two
// with one id, and for a primary that is not among them.
func NewKeyring(config KeyringConfig) (*Keyring, error) {
	keys := map[string]cipher.AEAD{}
	for _, key := range config.Keys {
		if key.key == nil {
			return nil, fmt.Errorf("%w: one is empty", ErrInvalidKey)
		}
		if keys[key.id] != nil {
			return nil, fmt.Errorf("%w: %s is given twice", ErrInvalidKey, key.id)
		}
		aead, err := key.aead()
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalidKey, key.id, err)
		}
		keys[key.id] = aead
	}
	if keys[config.Primary] == nil {
		return nil, fmt.Errorf("%w: the primary key is not in the keyring", ErrInvalidKey)
	}
	holds := held{keys, config.Primary, config.Rand}
	return &Keyring{func() held { return holds }}, nil
}

func (k SealingKey) aead() (cipher.AEAD, error) {
	if k.cipher == XChaCha20Poly1305 {
		return chacha20poly1305.NewX([]byte(*k.key))
	}
	block, err := aes.NewCipher([]byte(*k.key))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// String returns "[secret]".
func (r Keyring) String() string { return hidden }

// Format writes "[secret]", whatever the verb.
func (r Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText returns "[secret]".
func (r Keyring) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives slog "[secret]".
func (r Keyring) LogValue() slog.Value { return slog.StringValue(hidden) }

// validKeyID reports whether a text can be a key's id: it stands in the bytes that are
// bound to a seal, between bars, and in errors.
func validKeyID(id string) bool {
	if id == "" || len(id) > MaxKeyIDBytes {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' || id[i] == '|' {
			return false
		}
	}
	return true
}

func isZero(key []byte) bool {
	var all byte
	for _, b := range key {
		all |= b
	}
	return all == 0
}
