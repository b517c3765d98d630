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
		{"customer.updated", false, "a customer's name or language was changed"},
		{"customer.erased", false, "what is personal of a customer was erased"},
		{"merchant.updated", false, "a merchant's name or language was changed"},
		{"merchant.closed", false, "a merchant's account was closed"},
		{"contact.added", false, "a customer or merchant named a contact"},
		{"contact.verified", false, "a contact was proven to be theirs"},
		{"contact.removed", false, "a contact was taken away"},

		{"transfer.created", false, "a customer sent money to a person"},
		{"transfer.completed", false, "the money is in the payee's balance"},
		{"transfer.pending_claim", false, "the money waits for somebody to verify the contact that it was sent to"},
		{"transfer.under_review", false, "the money is held until a person has looked at it"},
		{"transfer.canceled", false, "the sender called the transfer back"},
		{"transfer.returned", false, "nobody claimed the transfer in time, amount and fee are the sender's again"},
		{"transfer.failed", false, "the transfer was rejected in a review"},

		{"request.created", false, "a customer asked a person for money"},
		{"request.assigned", false, "the contact that was asked is a customer's now"},
		{"request.under_review", false, "the request was paid by a transfer that is under review"},
		{"request.reopened", false, "the transfer came to nothing, the request can be paid again"},
		{"request.paid", false, "the request was paid"},
		{"request.declined", false, "the one who was asked said no"},
		{"request.canceled", false, "the one who asked called it back"},
		{"request.expired", false, "the request was not paid in time"},

		{"topup.created", false, "a funding source is going to be asked for a customer's money"},
		{"topup.succeeded", false, "the money is in the customer's balance"},
		{"topup.failed", false, "the funding source said no"},

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
