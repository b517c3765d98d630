package lockout

// Reason is why something is locked, as a code.
type Reason string

// Reasons.
const (
	// ReasonTooManyFailures: the lock of a [State].
	ReasonTooManyFailures Reason = "too_many_failures"
	// ReasonHardCap: the State is disabled.
	ReasonHardCap Reason = "hard_cap"
	// ReasonRisk: a rule or a model saw a risk.
	ReasonRisk Reason = "risk"
	// ReasonUserReport: the owner reported what they had not done.
	ReasonUserReport Reason = "user_report"
	// ReasonAgent: somebody of support locked the account.
	ReasonAgent Reason = "agent"
)
