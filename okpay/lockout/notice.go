package lockout

import "time"

// NoticeInterval is the shortest time between two messages about a lock, so that a stranger
// who keeps an account locked does not fill its owner's mailbox as well.
const NoticeInterval = 24 * time.Hour

// NotifyDue reports whether the owner is to be told of a lock: never told, or not within
// the last 24 hours. After exactly 24 hours it is due. If the clock went back it is not.
// Store the new time in the same commit as the message.
func NotifyDue(lastTold, now time.Time) bool {
	if lastTold.IsZero() {
		return true
	}
	return !moment(now).Before(after(moment(lastTold), NoticeInterval))
}

// Notice is what a message about a lock tells, as codes and times for a template. It
// carries no link: a message about security that asks to sign in looks like the forged one
// that it should not be mistaken for.
type Notice struct {
	Reason        Reason        `json:"reason"`
	Authenticator Authenticator `json:"authenticator,omitzero"`
	Bucket        Bucket        `json:"bucket,omitzero"`
	// Failures is how many there were.
	Failures int `json:"failures,omitzero"`
	// At is when it happened, and Until when the lock ends, zero if it does not by itself.
	At    time.Time `json:"at"`
	Until time.Time `json:"until,omitzero"`
	// Place is where the last attempt came from, as far as the caller knows and may say.
	Place string `json:"place,omitzero"`
	// Advice is what to do, in order.
	Advice []Advice `json:"advice"`
}

// Advice is something the owner can do, as a code.
type Advice string

// Advices.
const (
	AdviceWait            Advice = "wait"
	AdviceVerifyIdentity  Advice = "verify_identity"
	AdviceResetPassword   Advice = "reset_password"
	AdviceUseRecoveryCode Advice = "use_recovery_code"
	AdviceChangePassword  Advice = "change_password"
	AdviceSecondFactor    Advice = "enable_second_factor"
	AdviceContactSupport  Advice = "contact_support"
)

// NoticeOf gives the facts of a lock that [Fail] answered. It is false for every other
// outcome: refused attempts are told to nobody.
func NoticeOf(d Decision, a Authenticator, b Bucket, place string, at time.Time) (Notice, bool) {
	n := Notice{Authenticator: a, Bucket: b, Failures: d.Failures, At: moment(at), Place: place}
	switch d.Outcome {
	case FailedLocked:
		n.Reason, n.Until = ReasonTooManyFailures, d.Until
		n.Advice = []Advice{AdviceWait, AdviceVerifyIdentity, AdviceChangePassword, AdviceSecondFactor, AdviceContactSupport}
	case FailedDisabled:
		n.Reason = ReasonHardCap
		n.Advice = []Advice{AdviceResetPassword, AdviceContactSupport}
		if a != Password {
			n.Advice = []Advice{AdviceUseRecoveryCode, AdviceContactSupport}
		}
	default:
		return Notice{}, false
	}
	return n, true
}

// NoticeOfAccount gives the facts of a risk lock. It is false if there is none.
func NoticeOfAccount(a Account) (Notice, bool) {
	if a.standing() != StatusRiskLocked {
		return Notice{}, false
	}
	return Notice{
		Reason: a.Reason, At: a.Since,
		Advice: []Advice{AdviceVerifyIdentity, AdviceContactSupport, AdviceChangePassword, AdviceSecondFactor},
	}, true
}
