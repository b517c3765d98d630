package totp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// The bounds of a pepper in bytes.
const (
	MinPepperBytes = 32
	MaxPepperBytes = 128
)

// recoveryPurpose begins what is authenticated, so that the pepper may have other uses.
const recoveryPurpose = "okpay/recovery/v1"

// Pepper is the key of the MACs of recovery codes. It is kept apart from where these are
// stored, and prints as "[secret]". Codes that were stored under one pepper are lost with
// it: to replace it, ask both until people have new codes. The zero value holds none.
type Pepper struct{ key concealed }

// NewPepper makes a pepper of MinPepperBytes to MaxPepperBytes random bytes that are not
// all zero. Errors: [ErrInvalidKey].
func NewPepper(raw []byte) (Pepper, error) {
	if len(raw) < MinPepperBytes || len(raw) > MaxPepperBytes {
		return Pepper{}, fmt.Errorf("%w: a pepper of %d bytes, want %d to %d", ErrInvalidKey, len(raw), MinPepperBytes, MaxPepperBytes)
	}
	if isZero(raw) {
		return Pepper{}, fmt.Errorf("%w: the pepper is all zeros", ErrInvalidKey)
	}
	return Pepper{conceal(raw)}, nil
}

// MAC returns what to store of an account's recovery code: HMAC-SHA256 over
// "okpay/recovery/v1", the account and the code, with a zero byte between each. The account
// is what [Row] calls one. Errors, of which the first wins: [ErrInvalidKey] for the zero
// Pepper, [ErrInvalidRow] for the account, [ErrInvalidRecoveryCode] for the zero
// RecoveryCode.
func (p Pepper) MAC(account string, code RecoveryCode) (RecoveryMAC, error) {
	if p.key == nil {
		return RecoveryMAC{}, fmt.Errorf("%w: there is no pepper", ErrInvalidKey)
	}
	if err := checkPart("account", account, MaxRowPartBytes); err != nil {
		return RecoveryMAC{}, err
	}
	if code.canonical == nil {
		return RecoveryMAC{}, fmt.Errorf("%w: there is none", ErrInvalidRecoveryCode)
	}
	mac := hmac.New(sha256.New, []byte(*p.key))
	mac.Write([]byte(recoveryPurpose + "\x00" + account + "\x00" + *code.canonical))
	return RecoveryMAC(mac.Sum(nil)), nil
}

// Match returns the index of the stored MAC that an account's recovery code has, or -1 if
// it has none of them, in a time that tells only how many are stored. Give it the used ones
// too and refuse afterwards, so that the time does not tell how many are left; and mark one
// as used by compare-and-swap, so that of two who use it at once one gets in. Errors: those
// of [Pepper.MAC].
func (p Pepper) Match(account string, code RecoveryCode, stored []RecoveryMAC) (int, error) {
	mac, err := p.MAC(account, code)
	if err != nil {
		return -1, err
	}
	index := -1
	for i := len(stored) - 1; i >= 0; i-- {
		index = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(mac[:], stored[i][:]), i, index)
	}
	return index, nil
}

// String returns "[secret]".
func (p Pepper) String() string { return hidden }

// Format writes "[secret]", whatever the verb.
func (p Pepper) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText returns "[secret]".
func (p Pepper) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives slog "[secret]".
func (p Pepper) LogValue() slog.Value { return slog.StringValue(hidden) }
