package totp

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"time"
)

// Algorithm is the hash of the HMAC (RFC 6238, section 1.2).
type Algorithm string

// The algorithms, by their names in otpauth URIs. Many apps know SHA1 alone, and some
// ignore another one silently and then show codes that are never right. HMAC does not
// need what SHA1 has lost (RFC 4226, appendix B).
const (
	SHA1   Algorithm = "SHA1"
	SHA256 Algorithm = "SHA256"
	SHA512 Algorithm = "SHA512"
)

// The bounds of Params. RFC 4226 asks for at least six digits (R4), and the ninth and
// tenth would carry less than a digit each. The longer a period, the longer a stolen code
// is of use (RFC 6238, section 5.2).
const (
	MinDigits = 6
	MaxDigits = 8
	MinPeriod = 10 * time.Second
	MaxPeriod = 5 * time.Minute
)

// Params is what the server and the app agree on besides the secret. The zero value is
// what every app understands.
type Params struct {
	Algorithm Algorithm     // Defaults to SHA1.
	Digits    int           // MinDigits to MaxDigits. Defaults to 6.
	Period    time.Duration // MinPeriod to MaxPeriod, in whole seconds. Defaults to 30 seconds.
}

// Defaulted returns the parameters with the defaults in the place of what is zero, so
// that they can be compared, or stored for the day the defaults change.
func (p Params) Defaulted() Params {
	if p.Algorithm == "" {
		p.Algorithm = SHA1
	}
	if p.Digits == 0 {
		p.Digits = 6
	}
	if p.Period == 0 {
		p.Period = 30 * time.Second
	}
	return p
}

// Check returns an error that matches [ErrInvalidParams] unless every field is zero or in
// its bounds.
func (p Params) Check() error {
	p = p.Defaulted()
	switch {
	case p.Algorithm != SHA1 && p.Algorithm != SHA256 && p.Algorithm != SHA512:
		return fmt.Errorf("%w: the algorithm is none of SHA1, SHA256 and SHA512", ErrInvalidParams)
	case p.Digits < MinDigits || p.Digits > MaxDigits:
		return fmt.Errorf("%w: %d digits, want %d to %d", ErrInvalidParams, p.Digits, MinDigits, MaxDigits)
	case p.Period < MinPeriod || p.Period > MaxPeriod:
		return fmt.Errorf("%w: a period of %s, want %s to %s", ErrInvalidParams, p.Period, MinPeriod, MaxPeriod)
	case p.Period%time.Second != 0:
		return fmt.Errorf("%w: a period of %s, want whole seconds", ErrInvalidParams, p.Period)
	}
	return nil
}

// lastSecond is the last second of the year 9999, beyond which a clock is not right.
const lastSecond = 253402300799

// Step returns the number of the time step that a time lies in: whole periods since 1970
// (RFC 6238, section 4.2, with T0 = 0). Errors: [ErrInvalidParams], then [ErrInvalidTime].
func (p Params) Step(at time.Time) (int64, error) {
	if err := p.Check(); err != nil {
		return 0, err
	}
	unix := at.Unix()
	if unix < 0 || unix > lastSecond {
		return 0, ErrInvalidTime
	}
	return unix / int64(p.Defaulted().Period/time.Second), nil
}

// hash returns the constructor of the hash of parameters that were checked.
func (p Params) hash() func() hash.Hash {
	switch p.Defaulted().Algorithm {
	case SHA256:
		return sha256.New
	case SHA512:
		return sha512.New
	default:
		return sha1.New
	}
}
