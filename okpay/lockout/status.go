package lockout

// Status is how something stands for whoever wants to sign in.
type Status string

// Statuses, from the best to the worst.
const (
	// StatusOpen: an attempt is admitted.
	StatusOpen Status = "open"
	// StatusLocked: too many failures; it opens by itself for one attempt.
	StatusLocked Status = "locked"
	// StatusDisabled: the hard cap was reached; the authenticator has to be reset.
	StatusDisabled Status = "disabled"
	// StatusMustChange: a risk lock was lifted; only the password may be changed.
	StatusMustChange Status = "must_change"
	// StatusRiskLocked: shut for reasons of security; proofs or two agents open it.
	StatusRiskLocked Status = "risk_locked"
)

// statuses is the order of [Worst].
var statuses = []Status{StatusOpen, StatusLocked, StatusDisabled, StatusMustChange, StatusRiskLocked}

// Worst is the status of a whole account: the worst of its counters and of its own. It is
// StatusOpen for none, and StatusRiskLocked if any is unknown here. It is for showing;
// whether an attempt is admitted is decided by its own counter, so that a device the owner
// trusts works while strangers are locked out.
func Worst(of ...Status) Status {
	worst := 0
	for _, status := range of {
		rank := len(statuses) - 1
		for i, known := range statuses {
			if status == known {
				rank = i
			}
		}
		worst = max(worst, rank)
	}
	return statuses[worst]
}
