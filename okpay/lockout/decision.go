package lockout

import (
	"strconv"
	"time"
)

// Outcome is what became of an attempt or of a clearing, as a code. Admitted, Refused* and
// the rest are for the program and its log: the answer to whoever attempts must be the same
// for every kind of failure and refusal.
type Outcome string

// Outcomes.
const (
	// Admitted answers [Reserve]: store the next State, then verify.
	Admitted Outcome = "admitted"
	// Success answers [Succeed]: the secret was right, and nothing stands against it.
	Success Outcome = "success"
	// Failed answers [Fail].
	Failed Outcome = "failed"
	// FailedLocked answers [Fail] for the attempt that led to a lock. There is one such
	// answer to each lock, so the message about the lock is sent once.
	FailedLocked Outcome = "failed_now_locked"
	// FailedDisabled answers [Fail] for the attempt that reached the hard cap.
	FailedDisabled Outcome = "failed_now_disabled"
	// RefusedLocked: a lock lasts. The attempt is not verified and not counted, and does
	// not make the lock longer.
	RefusedLocked Outcome = "refused_locked"
	// RefusedDisabled: the authenticator is off until a reset.
	RefusedDisabled Outcome = "refused_disabled"
	// RefusedSuperseded: since the attempt arrived the secret was reset, or the counter
	// was cleared more than once. A new attempt is decided anew.
	RefusedSuperseded Outcome = "refused_superseded"
	// RefusedThrottled: too many failures from one address, see [Throttle].
	RefusedThrottled Outcome = "refused_throttled"
	// RefusedInvalid: a policy, state, ticket or cause that cannot be. It is a mistake in
	// the program or damage in its store, and nothing is admitted because of it.
	RefusedInvalid Outcome = "refused_invalid"
	// UnlockedProof and UnlockedReset answer [Clear].
	UnlockedProof Outcome = "unlocked_proof"
	UnlockedReset Outcome = "unlocked_reset"
)

// Decision is an Outcome with its facts.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	// Wait is how long the lock lasts: all of it with FailedLocked, what is left of it
	// with RefusedLocked and RefusedThrottled.
	Wait time.Duration `json:"wait,omitzero"`
	// Until is when that lock ends: the first moment at which an attempt is admitted.
	Until time.Time `json:"until,omitzero"`
	// Failures is how many failures stand on the counter, and with Success and
	// Unlocked* how many there were besides the attempt that succeeded. A sign-in after
	// failures is worth a message.
	Failures int `json:"failures,omitzero"`
}

// Admitted reports whether the attempt may be verified.
func (d Decision) Admitted() bool { return d.Outcome == Admitted }

// String is the code, with the length of the lock where one begins:
// "failed_now_locked_30s".
func (d Decision) String() string {
	if d.Outcome != FailedLocked {
		return string(d.Outcome)
	}
	return string(d.Outcome) + "_" + strconv.FormatFloat(d.Wait.Seconds(), 'f', -1, 64) + "s"
}
