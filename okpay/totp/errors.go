package totp

import (
	"errors"
	"fmt"
)

// The errors of this package. What a function returns matches one of them; its text adds
// which bound was broken, and never what was given.
var (
	// ErrInvalidParams is for an algorithm, a number of digits or a period that is out of bounds.
	ErrInvalidParams = errors.New("totp: invalid parameters")
	// ErrInvalidSecret is for a secret that is too long, too short or not base32.
	ErrInvalidSecret = errors.New("totp: invalid secret")
	// ErrShortSecret is for a secret of fewer than MinSecretBytes, the zero value among
	// them. What matches it matches ErrInvalidSecret too.
	ErrShortSecret = fmt.Errorf("%w: too short", ErrInvalidSecret)
	// ErrInvalidTime is for a time before 1970 or after the year 9999. It tells of a broken
	// clock, not of a failed attempt.
	ErrInvalidTime = errors.New("totp: time out of range")
	// ErrInvalidLabel is for an issuer or an account that an authenticator app could not show as it is.
	ErrInvalidLabel = errors.New("totp: invalid issuer or account")
	// ErrInvalidURI is for a text that is no otpauth URI for time-based codes.
	ErrInvalidURI = errors.New("totp: invalid otpauth URI")
	// ErrInvalidSize is for a picture's size that is out of bounds.
	ErrInvalidSize = errors.New("totp: invalid size")
	// ErrInvalidKey is for a sealing key, a keyring or a pepper that cannot be used: a
	// mistake in the program's configuration.
	ErrInvalidKey = errors.New("totp: invalid key")
	// ErrInvalidRow is for a purpose, an account or a credential that nothing can be bound to.
	ErrInvalidRow = errors.New("totp: invalid row")
	// ErrInvalidPlaintext is for something to be sealed that is empty or too long.
	ErrInvalidPlaintext = errors.New("totp: invalid plaintext")
	// ErrUnknownKey says that something was sealed with a key that the keyring does not have.
	// Nobody made a wrong guess: count no failed attempt, and tell whoever runs the program.
	// It comes as an *UnknownKeyError.
	ErrUnknownKey = errors.New("totp: unknown sealing key")
	// ErrSealBroken says that something does not open: it was changed, copied from another
	// row, sealed with other bytes under this key's id, or never sealed. Neither is this a
	// wrong guess.
	ErrSealBroken = errors.New("totp: broken seal")
	// ErrInvalidRecoveryCode is for a text that cannot be a recovery code. For the person who
	// typed it, and for counting, it is the same as a wrong one.
	ErrInvalidRecoveryCode = errors.New("totp: invalid recovery code")
	// ErrRandomness is for a source of randomness that failed or repeated itself. It wraps the
	// source's error, if there is one.
	ErrRandomness = errors.New("totp: randomness failed")
)

// UnknownKeyError names the missing key. It matches ErrUnknownKey.
type UnknownKeyError struct {
	KeyID string // 1 to MaxKeyIDBytes printable ASCII characters; not secret
}

// Error says which key is missing.
func (e *UnknownKeyError) Error() string { return ErrUnknownKey.Error() + " " + e.KeyID }

// Is reports whether the target is ErrUnknownKey.
func (e *UnknownKeyError) Is(target error) bool { return target == ErrUnknownKey }
