package lockout

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrState is what every error of [State.Check] matches, and that of reading a State from
// JSON that no State was written to.
var ErrState = errors.New("lockout: not a state")

// maxVersion is the largest whole number that every reader of JSON keeps exactly.
const maxVersion = 1 << 53

// Counter is what has been counted since the last clearing.
type Counter struct {
	// Failures are the attempts since the last clearing that have not succeeded: the
	// wrong ones, and those that were reserved and not resolved.
	Failures int `json:"failures,omitzero"`
	// Level is how many locks there have been since the last clearing. Time does not
	// lower it.
	Level int `json:"level,omitzero"`
	// LockedUntil is when the last lock ends or ended: the first moment at which one
	// attempt is admitted. Zero while Level is 0.
	LockedUntil time.Time `json:"locked_until,omitzero"`
	// Disabled says that the hard cap was reached. Only a reset changes it back.
	Disabled bool `json:"disabled,omitzero"`
}

// State is the counter of one account, one authenticator and one bucket. The zero value
// was never used. States are compared with ==, and written to and read from JSON.
type State struct {
	Counter
	// Version grows by one with every change; a caller stores the next State only where
	// the version before it still stands.
	Version uint64 `json:"version,omitzero"`
	// Generation grows by one with every clearing.
	Generation uint64 `json:"generation,omitzero"`
	// Reset is the generation that the last reset began. What was verified for an earlier
	// one was verified against a secret that is no more.
	Reset uint64 `json:"reset,omitzero"`
	// ClearedAt is when this generation began.
	ClearedAt time.Time `json:"cleared_at,omitzero"`
	// Before is the counter of the generation before this one. Attempts that arrived in
	// it are counted there.
	Before Counter `json:"before,omitzero"`
}

// Status is how the counter stands at a time: open, locked or disabled. It is open again
// when a lock has ended, though [State.Level] remembers the lock.
func (s State) Status(p Policy, now time.Time) Status {
	switch {
	case p.Check() != nil || s.Check() != nil || s.disabled(p.complete()):
		return StatusDisabled
	case s.locked(moment(now)):
		return StatusLocked
	}
	return StatusOpen
}

// Check reports whether the State can be one that this package made. The error matches
// [ErrState]. Every function here refuses a State that fails it.
func (s State) Check() error {
	if err := s.Counter.check(); err != nil {
		return err
	}
	if err := s.Before.check(); err != nil {
		return fmt.Errorf("%w, before the last clearing", err)
	}
	switch {
	case s.Version > maxVersion:
		return fmt.Errorf("%w: version %d is too large", ErrState, s.Version)
	case s.Generation > s.Version:
		return fmt.Errorf("%w: %d clearings in %d changes", ErrState, s.Generation, s.Version)
	case s.Reset > s.Generation:
		return fmt.Errorf("%w: reset %d is of no generation", ErrState, s.Reset)
	case s.Generation == 0 && s.Before != Counter{}:
		return fmt.Errorf("%w: a counter before the first", ErrState)
	case !storable(s.ClearedAt):
		return fmt.Errorf("%w: cleared at a time no calendar has", ErrState)
	}
	return nil
}

// UnmarshalJSON reads what was written as JSON and checks it, because a counter that was
// damaged in a store must not let attempts through. The error matches [ErrState].
func (s *State) UnmarshalJSON(data []byte) error {
	type plain State // which has no UnmarshalJSON
	var read plain
	if err := json.Unmarshal(data, &read); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	state := State(read)
	state.LockedUntil = canonical(state.LockedUntil)
	state.Before.LockedUntil = canonical(state.Before.LockedUntil)
	state.ClearedAt = canonical(state.ClearedAt)
	if err := state.Check(); err != nil {
		return err
	}
	*s = state
	return nil
}

// check reports whether the counter can be one that this package made.
func (c Counter) check() error {
	switch {
	case c.Failures < 0 || c.Failures > Ceiling:
		return fmt.Errorf("%w: %d failures are not from 0 to %d", ErrState, c.Failures, Ceiling)
	case c.Level < 0 || c.Level > c.Failures:
		return fmt.Errorf("%w: %d locks after %d failures", ErrState, c.Level, c.Failures)
	case (c.Level > 0) == c.LockedUntil.IsZero():
		return fmt.Errorf("%w: a lock without an end, or an end without a lock", ErrState)
	case c.Disabled && c.Failures == 0:
		return fmt.Errorf("%w: disabled after no failure", ErrState)
	case !storable(c.LockedUntil):
		return fmt.Errorf("%w: locked until a time no calendar has", ErrState)
	}
	return nil
}

// disabled reports whether only a reset helps. A policy with a lower cap than the one that
// counted is obeyed at once, and one with a higher cap revives nothing.
func (c Counter) disabled(p Policy) bool { return c.Disabled || c.Failures >= p.HardCap }

// locked reports whether the counter refuses at a time. A clock that went back makes a lock
// last longer and never shorter.
func (c Counter) locked(now time.Time) bool { return c.Level > 0 && now.Before(c.LockedUntil) }

// latest is the last moment that JSON can carry; locks end there at the latest.
var latest = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_999, time.UTC)

// moment makes a time one that can be stored and compared: in UTC, without the reading of a
// monotonic clock, which means nothing to another process, and within the calendar.
func moment(t time.Time) time.Time {
	t = canonical(t)
	switch {
	case t.Before(time.Time{}):
		return time.Time{}
	case t.After(latest):
		return latest
	}
	return t
}

// after is the time some while after another, or the latest there is.
func after(t time.Time, wait time.Duration) time.Time {
	if latest.Sub(t) < wait {
		return latest
	}
	return t.Add(wait)
}

// canonical makes equal times equal values.
func canonical(t time.Time) time.Time { return t.Round(0).UTC() }

// storable reports whether a time is within the calendar of JSON.
func storable(t time.Time) bool { return !t.Before(time.Time{}) && !t.After(latest) }
