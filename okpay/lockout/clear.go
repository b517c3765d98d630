package lockout

import "time"

// Cause is what clears a counter. Time never does.
type Cause string

// Causes.
const (
	// BySuccess: somebody signed in with all that is asked for. [Succeed] clears the
	// counter of its own authenticator; this clears one of the others.
	BySuccess Cause = "success"
	// ByProof: an identity verification was finished. The secret stays, so it is time to
	// advise changing it. It does not revive a disabled authenticator.
	ByProof Cause = "identity_proof"
	// ByReset: the secret was replaced. This alone revives a disabled authenticator.
	ByReset Cause = "reset"
)

// Clear begins a new generation of the counter. It answers Success, UnlockedProof or
// UnlockedReset by the cause; RefusedDisabled, for a disabled authenticator and any cause
// but a reset; RefusedInvalid for a cause or a State that cannot be. Where nothing has been
// counted the State stays as it is, except that a reset always begins a new generation:
// what is being verified against the old secret must not succeed after it.
func Clear(s State, why Cause, now time.Time) (State, Decision) {
	d := Decision{Failures: s.Failures}
	switch why {
	case BySuccess:
		d.Outcome = Success
	case ByProof:
		d.Outcome = UnlockedProof
	case ByReset:
		d.Outcome = UnlockedReset
	default:
		return s, Decision{Outcome: RefusedInvalid}
	}
	switch {
	case s.Check() != nil || s.Version == maxVersion:
		return s, Decision{Outcome: RefusedInvalid}
	case why == ByReset:
		next := s.clear(now)
		next.Reset = next.Generation
		return next, d
	case s.Disabled:
		return s, Decision{Outcome: RefusedDisabled, Failures: s.Failures}
	case s.Failures == 0:
		return s, d
	}
	return s.clear(now), d
}

// clear begins a new generation and remembers the counter of the last for those who had
// arrived in it.
func (s State) clear(now time.Time) State {
	s.Before, s.Counter = s.Counter, Counter{}
	s.Generation++
	s.Version++
	s.ClearedAt = moment(now)
	return s
}
