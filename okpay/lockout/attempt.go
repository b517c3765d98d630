package lockout

import "time"

// Arrival is what an attempt knew when it came in. It stays with the attempt through every
// call of [Reserve], and is never handed to whoever attempts.
type Arrival struct {
	// Generation is that of the State when the request first read it.
	Generation uint64 `json:"generation"`
	// At is when the request came in. Where it waited before it read the State, this is
	// the earlier time; a clearing between the two then counts as after its arrival.
	At time.Time `json:"at"`
}

// Arrive notes the arrival of an attempt: call it with the first State that the request
// reads, before it waits for anything.
func Arrive(s State, now time.Time) Arrival {
	return Arrival{Generation: s.Generation, At: moment(now)}
}

// Ticket is an attempt that was admitted and not resolved. The zero value is none.
type Ticket struct {
	// Generation is that in which the attempt was counted.
	Generation uint64 `json:"generation"`
	// Version is that of the State that holds the reservation.
	Version uint64 `json:"version"`
	// Level is that of the lock this attempt led to, 0 for none; the lock lasts Wait and
	// ends at Until.
	Level int           `json:"level,omitzero"`
	Wait  time.Duration `json:"wait,omitzero"`
	Until time.Time     `json:"until,omitzero"`
	// Disables says that this attempt reached the hard cap.
	Disables bool `json:"disables,omitzero"`
}

// Reserve counts an attempt before it is verified. If it is [Admitted], store the next
// State where State.Version is still that of s, then verify, then call [Succeed] or [Fail].
// If it is refused, verify nothing, and there is nothing to store.
//
// The attempt counts against the generation it arrived in, this one or the one before; if
// that is longer ago, or a reset lies between, it is RefusedSuperseded. Of several refusals
// RefusedInvalid wins, then RefusedSuperseded, RefusedDisabled, RefusedLocked.
func Reserve(s State, p Policy, a Arrival, now time.Time) (State, Ticket, Decision) {
	if p.Check() != nil || s.Check() != nil || s.Version == maxVersion {
		return s, Ticket{}, Decision{Outcome: RefusedInvalid}
	}
	p, now = p.complete(), moment(now)
	arrived := s.arrived(a, now)
	next := s
	var counter *Counter
	switch {
	case arrived < s.Reset || arrived > s.Generation:
		// A generation still to come was seen in a State that has since been lost.
		return s, Ticket{}, Decision{Outcome: RefusedSuperseded}
	case arrived == s.Generation:
		counter = &next.Counter
	case arrived == s.Generation-1:
		counter = &next.Before
	default:
		return s, Ticket{}, Decision{Outcome: RefusedSuperseded}
	}
	ticket, decision := counter.reserve(p, now)
	if !decision.Admitted() {
		return s, Ticket{}, decision
	}
	next.Version++
	ticket.Generation, ticket.Version = arrived, next.Version
	return next, ticket, decision
}

// Succeed resolves an attempt that was verified and right. It clears the counter, for those
// who arrive from now on. The answer is Success only if the caller has stored the State it
// returns; if another was quicker, read again and call again.
//
// Late resolutions: if the counter has been cleared since by a success or an identity
// proof, the attempt still is a success, and changes nothing. If the secret was reset, it
// is RefusedSuperseded, because it was the old secret that was right. If another attempt
// has disabled the authenticator, it is RefusedDisabled. A Ticket whose reservation the
// State does not hold is RefusedInvalid.
func Succeed(s State, t Ticket, now time.Time) (State, Decision) {
	switch {
	case !s.holds(t) || s.Version == maxVersion:
		return s, Decision{Outcome: RefusedInvalid}
	case t.Generation < s.Reset:
		return s, Decision{Outcome: RefusedSuperseded}
	case t.Generation < s.Generation:
		ownBefore := t.Generation == s.Generation-1 && s.Before.Disabled && !t.Disables
		if s.Disabled || ownBefore {
			return s, Decision{Outcome: RefusedDisabled, Failures: s.Failures}
		}
		return s, Decision{Outcome: Success}
	case s.Disabled && !t.Disables:
		return s, Decision{Outcome: RefusedDisabled, Failures: s.Failures}
	}
	return s.clear(now), Decision{Outcome: Success, Failures: s.Failures - 1}
}

// Fail resolves an attempt that was verified and wrong. It was counted when it was
// reserved, so the State is returned as it is, and there is nothing to store. The answer
// tells the attempt's own part: FailedLocked or FailedDisabled for the one that led there,
// unless the counter has been cleared since.
func Fail(s State, t Ticket) (State, Decision) {
	if !s.holds(t) {
		return s, Decision{Outcome: RefusedInvalid}
	}
	d := Decision{Outcome: Failed, Failures: s.Failures}
	switch {
	case t.Generation < s.Generation:
	case t.Disables:
		d.Outcome = FailedDisabled
	case t.Level > 0:
		d.Outcome, d.Wait, d.Until = FailedLocked, t.Wait, t.Until
	}
	return s, d
}

// reserve counts one attempt, if it is admitted.
func (c *Counter) reserve(p Policy, now time.Time) (Ticket, Decision) {
	switch {
	case c.disabled(p):
		return Ticket{}, Decision{Outcome: RefusedDisabled, Failures: c.Failures}
	case c.locked(now):
		return Ticket{}, Decision{
			Outcome: RefusedLocked, Wait: c.LockedUntil.Sub(now), Until: c.LockedUntil, Failures: c.Failures,
		}
	}
	c.Failures++
	var t Ticket
	switch {
	case c.Failures >= p.HardCap:
		c.Disabled, t.Disables = true, true
	case c.Level > 0 || c.Failures >= p.Threshold:
		// A level is one more than the last even if the policy has become milder since.
		c.Level++
		t.Level, t.Wait = c.Level, p.Wait(c.Level)
		t.Until = after(now, t.Wait)
		c.LockedUntil = t.Until
	}
	return t, Decision{Outcome: Admitted, Failures: c.Failures}
}

// arrived is the generation against which an attempt counts. An attempt that came in before
// the last clearing belongs to the generation before even if it read the State afterwards.
// A clock that shows less now than at the clearing says nothing about what came first, so
// then what was read decides alone.
func (s State) arrived(a Arrival, now time.Time) uint64 {
	early := moment(a.At).Before(s.ClearedAt) && !now.Before(s.ClearedAt)
	if early && a.Generation == s.Generation && s.Generation > 0 {
		return s.Generation - 1
	}
	return a.Generation
}

// holds reports whether the reservation of a ticket can be in the State.
func (s State) holds(t Ticket) bool {
	return s.Check() == nil && t.Version > 0 && t.Version <= s.Version && t.Generation <= s.Generation
}
