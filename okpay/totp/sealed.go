package totp

import (
	"crypto/cipher"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PurposeTOTP is the purpose of the secrets that codes are made of.
const PurposeTOTP = "okpay/totp/v1"

// The bounds of what is sealed and of what it is bound to, in bytes.
const (
	MaxPlaintextBytes = 4096
	MaxPurposeBytes   = 64
	MaxRowPartBytes   = 255
	// MaxSealedBytes is the longest that anything gets by being sealed.
	MaxSealedBytes = 2 + MaxKeyIDBytes + 24 + MaxPlaintextBytes + 16
)

// Row is where a sealed value belongs: what it is, whose it is, and which of theirs. The
// same row must be given to seal and to open, and no two values have the same one.
//
// Each part is UTF-8 without control characters and without vertical bars, which separate
// the parts, so that no two rows read alike. None may be empty.
type Row struct {
	Purpose    string // what it is, with a version: PurposeTOTP, or another package's own. Up to MaxPurposeBytes.
	Account    string // whose it is, up to MaxRowPartBytes
	Credential string // which one it is, up to MaxRowPartBytes
}

// The format: a version, the length of the key's id, the id, the nonce, and the ciphertext
// with its tag. Bound to it ("additional data" of the cipher, RFC 5116) are the row and the
// key's id as "purpose|account|credential|id". The nonce has the length that the key's
// cipher asks for.
const sealedVersion = 0x01

// Seal seals 1 to MaxPlaintextBytes bytes with the primary key and a random nonce. Errors,
// of which the first wins: [ErrInvalidRow], [ErrInvalidPlaintext], [ErrInvalidKey] for the
// zero Keyring, [ErrRandomness].
func (r *Keyring) Seal(row Row, plaintext []byte) ([]byte, error) {
	if err := row.check(); err != nil {
		return nil, err
	}
	if len(plaintext) == 0 || len(plaintext) > MaxPlaintextBytes {
		return nil, fmt.Errorf("%w: %d bytes, want 1 to %d", ErrInvalidPlaintext, len(plaintext), MaxPlaintextBytes)
	}
	held := r.held()
	primary, aead := held.primary, held.keys[held.primary]
	if aead == nil {
		return nil, fmt.Errorf("%w: the keyring is empty", ErrInvalidKey)
	}
	nonce, err := randomBytes(held.rand, aead.NonceSize())
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, 0, 2+len(primary)+len(nonce)+len(plaintext)+aead.Overhead())
	sealed = append(sealed, sealedVersion, byte(len(primary)))
	sealed = append(sealed, primary...)
	sealed = append(sealed, nonce...)
	return aead.Seal(sealed, nonce, plaintext, row.bound(primary)), nil
}

// Open returns what was sealed for the row, with whichever key of the keyring. Errors, of
// which the first wins: [ErrInvalidRow]; [ErrSealBroken] for what cannot have been sealed;
// [ErrUnknownKey]; [ErrSealBroken] for what was changed, sealed for another row, or sealed
// with other bytes under this key's id.
func (r *Keyring) Open(row Row, sealed []byte) ([]byte, error) {
	plaintext, _, err := r.open(row, sealed)
	return plaintext, err
}

func (r *Keyring) open(row Row, sealed []byte) (plaintext []byte, id string, err error) {
	if err := row.check(); err != nil {
		return nil, "", err
	}
	aead, id, rest, err := r.find(sealed)
	if err != nil {
		return nil, "", err
	}
	nonce, ciphertext := rest[:aead.NonceSize()], rest[aead.NonceSize():]
	plaintext, err = aead.Open(nil, nonce, ciphertext, row.bound(id))
	if err != nil {
		return nil, "", fmt.Errorf("%w: it does not open", ErrSealBroken)
	}
	return plaintext, id, nil
}

// SealSecret seals a secret as Seal does its bytes. A row for it has PurposeTOTP. Errors:
// [ErrShortSecret] for the zero Secret, then those of [Keyring.Seal].
func (r *Keyring) SealSecret(row Row, secret Secret) ([]byte, error) {
	if err := secret.check(); err != nil {
		return nil, err
	}
	return r.Seal(row, secret.Bytes())
}

// OpenSecret opens what SealSecret sealed. Errors: those of [Keyring.Open], then those of
// [NewSecret] for something else that was sealed for this row.
func (r *Keyring) OpenSecret(row Row, sealed []byte) (Secret, error) {
	raw, err := r.Open(row, sealed)
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(raw)
}

// NeedsRewrap reports whether something is sealed with another key than the primary one.
// Errors: [ErrSealBroken] for what cannot have been sealed, [ErrUnknownKey].
func (r *Keyring) NeedsRewrap(sealed []byte) (bool, error) {
	_, id, _, err := r.find(sealed)
	return err == nil && id != r.held().primary, err
}

// Rewrap opens what was sealed for the row and, if it was with another key than the
// primary one, seals it again. It returns what is to be stored and whether that is
// something new. Call it when a value is used, or for all that are stored, one after the
// other; store what is new only if the stored bytes are still the ones that were given
// (compare-and-swap), or a change in between is lost. Errors: those of [Keyring.Open] and
// [Keyring.Seal]; what was given stays good with any of them.
func (r *Keyring) Rewrap(row Row, sealed []byte) (stored []byte, changed bool, err error) {
	plaintext, id, err := r.open(row, sealed)
	if err != nil {
		return nil, false, err
	}
	if id == r.held().primary {
		return sealed, false, nil
	}
	stored, err = r.Seal(row, plaintext)
	return stored, err == nil, err
}

// SealedWith returns the id of the key that something is said to be sealed with. Errors:
// [ErrSealBroken] for what cannot have been sealed.
func SealedWith(sealed []byte) (string, error) {
	id, _, err := splitSealed(sealed)
	return id, err
}

// splitSealed takes the key's id from what comes after it.
func splitSealed(sealed []byte) (id string, rest []byte, err error) {
	switch {
	case len(sealed) < 2 || len(sealed) > MaxSealedBytes:
		return "", nil, fmt.Errorf("%w: %d bytes long", ErrSealBroken, len(sealed))
	case sealed[0] != sealedVersion:
		return "", nil, fmt.Errorf("%w: version %d is not known", ErrSealBroken, sealed[0])
	case len(sealed) < 2+int(sealed[1]) || !validKeyID(string(sealed[2:2+int(sealed[1])])):
		return "", nil, fmt.Errorf("%w: it names no key", ErrSealBroken)
	}
	end := 2 + int(sealed[1])
	return string(sealed[2:end]), sealed[end:], nil
}

// find returns the key of something sealed and what comes after its id, which is long
// enough for the key's nonce and tag.
func (r *Keyring) find(sealed []byte) (aead cipher.AEAD, id string, rest []byte, err error) {
	id, rest, err = splitSealed(sealed)
	if err != nil {
		return nil, "", nil, err
	}
	aead = r.held().keys[id]
	if aead == nil {
		return nil, "", nil, &UnknownKeyError{id}
	}
	if len(rest) <= aead.NonceSize()+aead.Overhead() {
		return nil, "", nil, fmt.Errorf("%w: %d bytes long", ErrSealBroken, len(sealed))
	}
	return aead, id, rest, nil
}

// bound returns what a seal is bound to. No part contains the bar.
func (w Row) bound(keyID string) []byte {
	return []byte(w.Purpose + "|" + w.Account + "|" + w.Credential + "|" + keyID)
}

func (w Row) check() error {
	if err := checkPart("purpose", w.Purpose, MaxPurposeBytes); err != nil {
		return err
	}
	if err := checkPart("account", w.Account, MaxRowPartBytes); err != nil {
		return err
	}
	return checkPart("credential", w.Credential, MaxRowPartBytes)
}

func checkPart(name, text string, most int) error {
	switch {
	case text == "" || len(text) > most:
		return fmt.Errorf("%w: the %s has %d bytes, want 1 to %d", ErrInvalidRow, name, len(text), most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "|"):
		return fmt.Errorf("%w: the %s is not UTF-8 without control characters and bars", ErrInvalidRow, name)
	}
	return nil
}
