package okpay

import "slices"

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

		{"topup.created", false, "a funding source is going to be asked for a customer's money"},
		{"topup.succeeded", false, "the money is in the customer's balance"},
		{"topup.failed", false, "the funding source said no, or the money was sent back"},
		{"topup.blocked", false, "the risk check forbade the top-up; no source was asked"},
		{"topup.expired", false, "the money had not come in time"},
		{"topup.succeeded_late", false, "money that was not awaited any more is in the customer's balance"},
		{"topup.amount_mismatch", false, "another amount than was asked for came and waits for a person"},
		{"topup.needs_review", false, "the money came and waits for a person"},
		{"topup.reversed", false, "the funding source took the money back"},
		{"account.restricted", false, "a customer's money may not leave until a person has looked at what happened"},
		{"account.debt_settled", false, "a customer's balance was used to pay what they owe"},
		{"reconciliation.exception", false, "the wallet and the outside differ; a person has to look"},

		{"fx.quoted", false, "a rate was promised"},
		{"fx.converted", false, "a customer's money was exchanged"},
		{"fx.declined", false, "the risk check forbade an exchange"},

		{"payment.created", true, "a merchant asked for money"},
		{"payment.attempt_failed", true, "the customer tried to pay and could not"},
		{"payment.failed", true, "the payment was refused for good"},
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

		{"refund.created", true, "a refund was asked for"},
		{"refund.succeeded", true, "the money went back to the customer"},
		{"refund.failed", true, "the refund came to nothing"},

		{"dispute.opened", true, "a customer reported a payment, and the merchant's part of it is reserved"},
		{"dispute.provisional_credit", false, "the customer was paid before the decision"},
		{"dispute.evidence_added", true, "a party of the dispute had something to say"},
		{"dispute.resolved_for_payer", true, "the money went back to the customer"},
		{"dispute.resolved_for_merchant", true, "the money stays with the merchant"},
		{"dispute.withdrawn", true, "the customer took the report back"},
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
