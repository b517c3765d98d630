package okpay

import (
	"slices"
	"sync"
)

// announced is one row of the catalogue of events.
type announced struct {
	eventType string
	merchants bool // merchants can hear of it
	when      string
}

// catalogue lists every type of event that the wallet announces, in the order of
// docs/events.md. A test holds it to the tables of the state machines.
func catalogue() []announced {
	return []announced{
		{"customer.created", false, "a customer was registered"},
		{"account.locked", false, "a customer's money may not leave any more"},
		{"account.unlocked", false, "a customer's money may leave again"},
		{"account.closed", false, "a customer's account was closed"},
		{"merchant.created", false, "a merchant was registered"},
		{"merchant.terms_changed", false, "a merchant's own fees or currencies were changed"},

		{"topup.created", false, "a funding source is going to be asked for a customer's money"},
		{"topup.succeeded", false, "the money is in the customer's balance"},
		{"topup.failed", false, "the funding source said no"},

		{"payment.created", true, "a merchant asked for money"},
		{"payment.attempt_failed", true, "the customer tried to pay and could not"},
		{"payment.failed", true, "the payment was refused for good"},
		{"payment.requires_action", true, "the customer has to prove who they are"},
		{"payment.processing", true, "a funding source was asked and has not answered"},
		{"payment.blocked", true, "the payer's account is locked or closed, or risk blocked the payment: it has failed"},
		{"payment.authorized", true, "the customer's money is held for the merchant"},
		{"payment.partially_captured", true, "a part of what is held was taken, the rest is still held"},
		{"payment.captured", true, "the payment is paid"},
		{"payment.hold_released", true, "what was held and not taken is the customer's again"},
		{"payment.remainder_voided", true, "the rest of a payment that was captured in part was given up"},
		{"payment.capture_window_closed", true, "the time to capture the rest is over"},
		{"payment.canceled", true, "the payment was called off before anything was captured"},
		{"payment.expired", true, "the payment was not confirmed or not captured in time"},
		{"payment.partially_refunded", true, "a part of what was captured went back"},
		{"payment.refunded", true, "all that was captured went back"},

		{"payment.refund_reversed", true, "a refund that had succeeded was undone by the funding source"},
		{"payment.source_paid_late", false, "money came for a payment that does not wait for it any more, and is the payer's"},
		{"payment.amount_mismatch", false, "a funding source sent another amount than was asked for"},
		{"payment.mismatch_resolved", false, "a person decided whose that amount is"},
		{"reconciliation.exception", false, "something does not agree with what is outside, and needs a person"},

		{"refund.created", true, "a refund was asked for"},
		{"refund.pending", true, "the refund waits for the merchant's funds, or for the funding source"},
		{"refund.canceled", true, "the merchant called the refund off before it had funds"},
		{"refund.succeeded", true, "the money went back to the customer"},
		{"refund.failed", true, "the refund came to nothing"},
	}
}

// EventTypes returns the types of events that merchants can hear of.
func EventTypes() []string {
	var types []string
	for _, a := range catalogue() {
		if a.merchants {
			types = append(types, a.eventType)
		}
	}
	slices.Sort(types)
	return types
}

// privateTypes are those that merchants do not hear of.
var privateTypes = sync.OnceValue(func() map[string]bool {
	private := map[string]bool{}
	for _, a := range catalogue() {
		if !a.merchants {
			private[a.eventType] = true
		}
	}
	return private
})
