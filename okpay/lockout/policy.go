package lockout

import (
	"errors"
	"fmt"
	"time"
)

// Ceiling is the largest number of consecutive failures that any [Policy] may allow. NIST
// SP 800-63B-4, section 3.2.2, allows no more for one authenticator of one account. Who
// keeps two buckets for an authenticator keeps to it with half in each, as the default does.
const Ceiling = 100

// maxWait bounds Policy.Max: what should be shut for longer is disabled instead.
const maxWait = 30 * 24 * time.Hour

// maxFactor bounds Policy.Factor.
const maxFactor = 100

// ErrPolicy is what every error of [Policy.Check] and [ThrottlePolicy.Check] matches.
var ErrPolicy = errors.New("lockout: unusable policy")

// Policy says when failures lock a counter and for how long. The zero value works. Call
// [Policy.Check] once, where the program is configured.
type Policy struct {
	// Threshold is the failure, counted from the last success, that locks for the first
	// time. From 1 to HardCap. Defaults to 5.
	Threshold int `json:"threshold,omitzero"`
	// Base is how long the first lock lasts. At least 1 second. Defaults to 30 seconds.
	Base time.Duration `json:"base,omitzero"`
	// Factor is by how much each lock is longer than the one before it. From 1 to 100.
	// Defaults to 2.
	Factor int `json:"factor,omitzero"`
	// Max is the longest lock. From Base to 30 days. Defaults to 1 hour, or to Base if
	// that is longer.
	Max time.Duration `json:"max,omitzero"`
	// HardCap is the failure that disables the authenticator until it is reset. From
	// Threshold to [Ceiling]. Defaults to 50.
	HardCap int `json:"hard_cap,omitzero"`
}

// TOTP is the policy for one-time codes. Six digits are guessed sooner than a password, so
// 20 failures disable it.
func TOTP() Policy { return Policy{HardCap: 20} }

// Check reports what is wrong with the policy, fields left zero counting as their
// defaults. The error matches [ErrPolicy].
func (p Policy) Check() error {
	p = p.complete()
	switch {
	case p.HardCap < 1 || p.HardCap > Ceiling:
		return fmt.Errorf("%w: a hard cap of %d is not from 1 to %d", ErrPolicy, p.HardCap, Ceiling)
	case p.Threshold < 1 || p.Threshold > p.HardCap:
		return fmt.Errorf("%w: a threshold of %d is not from 1 to the hard cap of %d", ErrPolicy, p.Threshold, p.HardCap)
	case p.Factor < 1 || p.Factor > maxFactor:
		return fmt.Errorf("%w: a factor of %d is not from 1 to %d", ErrPolicy, p.Factor, maxFactor)
	case p.Base < time.Second:
		return fmt.Errorf("%w: a first lock of %s is shorter than a second", ErrPolicy, p.Base)
	case p.Max < p.Base || p.Max > maxWait:
		return fmt.Errorf("%w: a longest lock of %s is not from %s to %s", ErrPolicy, p.Max, p.Base, maxWait)
	}
	return nil
}

// Wait is how long the lock of a level lasts: nothing for level 0 and below, and never more
// than Max, however high the level.
func (p Policy) Wait(level int) time.Duration {
	if level <= 0 {
		return 0
	}
	p = p.complete()
	if p.Factor <= 1 {
		return min(p.Base, p.Max)
	}
	wait := p.Base
	for ; level > 1 && wait > 0; level-- {
		if wait > p.Max/time.Duration(p.Factor) {
			return p.Max // and no product that could overflow
		}
		wait *= time.Duration(p.Factor)
	}
	return min(wait, p.Max)
}

// complete puts the defaults where nothing was said.
func (p Policy) complete() Policy {
	if p.Threshold == 0 {
		p.Threshold = 5
	}
	if p.Base == 0 {
		p.Base = 30 * time.Second
	}
	if p.Factor == 0 {
		p.Factor = 2
	}
	if p.Max == 0 {
		p.Max = max(time.Hour, p.Base)
	}
	if p.HardCap == 0 {
		p.HardCap = 50
	}
	return p
}
