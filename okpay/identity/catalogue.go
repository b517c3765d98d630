package identity

import (
	"slices"

	"github.com/okpay/okpay-go/okpay"
)

// Template is a message that this package has queued: its text is made elsewhere, when it is
// shown or sent.
type Template struct {
	Name  string
	When  string
	Facts []string // that its text may speak of; each may be missing
	// Secrets are facts that no record has. They are asked for when the message is sent.
	Secrets []string
}

// EventType is a type of event that this package announces.
type EventType struct {
	Type string
	When string
}

// Templates are all messages of this package.
func Templates() []Template {
	return slices.Concat(signInTemplates(), factorTemplates(), proofTemplates())
}

// Events are all types of events of this package.
func Events() []EventType {
	return slices.Concat(signInEvents(), factorEvents(), proofEvents())
}

// Machines are the tables of this package's state machines.
func Machines() []okpay.Table {
	return []okpay.Table{
		SessionMachine().Drawn(),
		DeviceMachine().Drawn(),
		PendingMachine().Drawn(),
		FactorMachine().Drawn(),
		ResetMachine().Drawn(),
		StepUpMachine().Drawn(),
		VerificationMachine().Drawn(),
		PasswordResetMachine().Drawn(),
		ContactChangeMachine().Drawn(),
	}
}

// client are the facts of a Client.
func clientFacts(more ...string) []string {
	return append([]string{"device", "place", "address"}, more...)
}

func signInTemplates() []Template {
	return []Template{
		{Name: "welcome", When: "a customer's first contact was verified; the text names the official channels"},
		{Name: "registration_attempt", When: "somebody tried to register with a contact of this customer", Facts: clientFacts("at", "contact")},
		{Name: "new_sign_in", When: "a session began on a device, or in a place, that was not seen before", Facts: clientFacts("at")},
		{Name: "sign_in_after_failures", When: "a session began after wrong guesses", Facts: clientFacts("at")},
		{
			Name: "sign_in_locked", When: "too many wrong guesses began a lock, at most once in 24 hours; the text has no link to sign in",
			Facts: clientFacts("reason", "authenticator", "at", "until", "advice"),
		},
		{
			Name: "sign_in_disabled", When: "a password or another authenticator was disabled by wrong guesses, until it is reset",
			Facts: clientFacts("reason", "authenticator", "at", "advice"),
		},
		{Name: "password_changed", When: "the password was changed or reset: all other sessions have ended, withdrawals wait", Facts: clientFacts("at", "until")},
		{Name: "device_trusted", When: "a device is trusted from now on", Facts: clientFacts("at")},
	}
}

func signInEvents() []EventType {
	return []EventType{
		{"customer.registered", "a customer registered, with what they agreed to"},
		{"customer.welcomed", "a customer's first contact was verified"},
		{"session.begun", "somebody signed in"},
		{"session.ended", "a session was signed out"},
		{"session.expired", "a session's time was over, or a change of credentials had ended it"},
		{"device.trusted", "a customer trusts a device"},
		{"device.revoked", "a customer trusts a device no longer"},
		{"device.expired", "the time of the trust in a device was over, or a change of credentials had ended it"},
		{"password.changed", "a customer's password was changed or reset"},
	}
}
