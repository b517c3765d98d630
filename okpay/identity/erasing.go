package identity

import "github.com/okpay/okpay-go/okpay"

// erasures are the records that go with a customer's (okpay.Customers.Erase): sessions and devices
// with their places, secrets and what is derived from them, flows with the contacts that they were
// about, and what somebody wrote in a report. What was agreed to at registration stays.
func erasures() []okpay.Erasure {
	var out []okpay.Erasure
	for _, noun := range []string{
		"session", "devices", "familiar", "password", "questions", "factor", "pending", "step_up", "verification", "password_reset",
		"contact_change", "contact_changes", "factor_reset", "risk_lock", "report",
	} {
		out = append(out, okpay.Erasure{Noun: noun})
	}
	return out
}
