package lockout

import (
	"fmt"
	"time"
)

// Bounds of a ThrottlePolicy. Their product fits into a Duration.
const (
	maxLimit  = 100_000
	maxWindow = 24 * time.Hour
)

// ThrottlePolicy says how many failures one address may make. The zero value works.
type ThrottlePolicy struct {
	// Limit is how many attempts that did not succeed are admitted in a Window, over all
	// accounts together; in no stretch of that length more than twice as many. From 1 to 100,000. Defaults to 50, which a household and a
	// small office do not reach.
	Limit int `json:"limit,omitzero"`
	// Window is from 1 second to 24 hours. Defaults to 15 minutes.
	Window time.Duration `json:"window,omitzero"`
}

// Check reports what is wrong with the policy, fields left zero counting as their
// defaults. The error matches [ErrPolicy].
func (p ThrottlePolicy) Check() error {
	p = p.complete()
	switch {
	case p.Limit < 1 || p.Limit > maxLimit:
		return fmt.Errorf("%w: a limit of %d is not from 1 to %d", ErrPolicy, p.Limit, maxLimit)
	case p.Window < time.Second || p.Window > maxWindow:
		return fmt.Errorf("%w: a window of %s is not from 1s to %s", ErrPolicy, p.Window, maxWindow)
	}
	return nil
}

// complete puts the defaults where nothing was said.
func (p ThrottlePolicy) complete() ThrottlePolicy {
	if p.Limit == 0 {
		p.Limit = 50
	}
	if p.Window == 0 {
		p.Window = 15 * time.Minute
	}
	return p
}

// Throttle counts the failures of one [Address], whatever accounts they were for, so that
// one password tried on many accounts is slowed down like many on one. It locks no account,
// and unlike a [State] it forgets with time. The zero value was never used; its size does
// not grow.
//
// It counts in windows and takes of the last window the share that still lies within one
// window's length from now, as if its failures had been spread evenly.
type Throttle struct {
	// Version grows by one with every change, for a compare-and-swap.
	Version uint64 `json:"version,omitzero"`
	// Start is when the present window began.
	Start time.Time `json:"start,omitzero"`
	// Count and Before are the attempts that have not succeeded, in the present window
	// and in the one before it.
	Count  int `json:"count,omitzero"`
	Before int `json:"before,omitzero"`
}

// ThrottleTicket is an attempt that a Throttle admitted.
type ThrottleTicket struct {
	// Start is when the window began in which the attempt was counted.
	Start time.Time `json:"start"`
	// Version is that of the Throttle that holds it; 0 is no ticket.
	Version uint64 `json:"version"`
}

// Reserve counts an attempt of the address before it is verified. The Decision is Admitted,
// RefusedThrottled with the first time at which an attempt would be admitted if no other
// came, or RefusedInvalid. A refused attempt is not counted. Ask the Throttle before the
// [State]: what it refuses must not count against an account. A failure needs nothing more;
// for a success call [Throttle.Return].
//
// A clock that went back counts in the present window.
func (t Throttle) Reserve(p ThrottlePolicy, now time.Time) (Throttle, ThrottleTicket, Decision) {
	if p.Check() != nil || !t.possible() || t.Version == maxVersion {
		return t, ThrottleTicket{}, Decision{Outcome: RefusedInvalid}
	}
	p, now = p.complete(), moment(now)
	next := t.turn(p.Window, now)
	elapsed := max(now.Sub(next.Start), 0)
	if wait := next.wait(p, elapsed); wait > 0 {
		d := Decision{Outcome: RefusedThrottled, Wait: wait, Failures: next.Count}
		d.Until = after(now, wait)
		if now.Before(next.Start) {
			d.Until = after(next.Start, wait)
			d.Wait = d.Until.Sub(now)
		}
		return t, ThrottleTicket{}, d
	}
	next.Count++
	next.Version++
	return next, ThrottleTicket{next.Start, next.Version}, Decision{Outcome: Admitted, Failures: next.Count}
}

// Return takes back what a successful attempt was counted for: a success costs nothing, and
// forgives no other attempt's failure. What has left both windows is forgotten already.
// Call it once for a ticket.
func (t Throttle) Return(p ThrottlePolicy, ticket ThrottleTicket) Throttle {
	if p.Check() != nil || !t.possible() || t.Version == maxVersion ||
		ticket.Version == 0 || ticket.Version > t.Version {
		return t
	}
	switch start := canonical(ticket.Start); {
	case start.Equal(t.Start) && t.Count > 0:
		t.Count--
	case after(start, p.complete().Window).Equal(t.Start) && t.Before > 0:
		t.Before--
	default:
		return t
	}
	t.Version++
	return t
}

// ForgottenAt is when nothing that the Throttle has counted has an effect any more: from then on it admits what
// one that was never used admits, and what keeps it may let it go. Ask with the policy of that time.
func (t Throttle) ForgottenAt(p ThrottlePolicy) time.Time {
	return after(t.Start, 2*p.complete().Window)
}

// turn moves on to the window that now lies in.
func (t Throttle) turn(window time.Duration, now time.Time) Throttle {
	switch elapsed := now.Sub(t.Start); {
	case t.Version == 0 || elapsed >= 2*window:
		t.Start, t.Count, t.Before = now, 0, 0
	case elapsed >= window:
		t.Start, t.Count, t.Before = after(t.Start, window), 0, t.Count
	}
	return t
}

// wait is how long until one more attempt stays within the limit: nothing if it does now.
func (t Throttle) wait(p ThrottlePolicy, elapsed time.Duration) time.Duration {
	if free := p.Limit - 1 - t.Count; free >= 0 {
		return max(faded(t.Before, free, p.Window)-elapsed, 0)
	}
	// Not in this window; in the next, what counts now is what fades then.
	return p.Window + faded(t.Count, p.Limit-1, p.Window) - elapsed
}

// faded is how far into a window no more than so many of the failures of the one before
// count still.
func faded(before, allowed int, window time.Duration) time.Duration {
	if before <= allowed {
		return 0
	}
	return window - window*time.Duration(allowed)/time.Duration(before)
}

// possible reports whether the Throttle can be one that this package made.
func (t Throttle) possible() bool {
	return t.Version <= maxVersion && storable(t.Start) &&
		t.Count >= 0 && t.Count <= maxLimit && t.Before >= 0 && t.Before <= maxLimit
}
