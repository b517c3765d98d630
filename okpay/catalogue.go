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
		{"account.owner_proven", false, "after a lock a customer has proven who they are, and changes the password next"},
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
		{"merchant.debt_settled", false, "a merchant's balance was used to pay what they owe"},
		{"merchant.terms_changed", false, "a merchant's own fees or currencies were changed"},

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

		{"fx.quoted", false, "a rate was promised"},
		{"fx.converted", false, "a customer's money was exchanged"},
		{"fx.declined", false, "the risk check forbade an exchange"},

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
		{"payment.source_reversed", false, "a funding source took back money that it had sent for a payment; what is not there any more is owed by the payer"},
		{"payment.amount_mismatch", false, "a funding source sent another amount than was asked for"},
		{"payment.mismatch_resolved", false, "a person decided whose that amount is"},

		{"refund.created", true, "a refund was asked for"},
		{"refund.pending", true, "the refund waits for the merchant's funds, or for the funding source"},
		{"refund.canceled", true, "the merchant called the refund off before it had funds"},
		{"refund.succeeded", true, "the money went back to the customer"},
		{"refund.failed", true, "the refund came to nothing"},

		{"dispute.opened", true, "a customer reported a payment, and the merchant's part of it is reserved"},
		{"dispute.provisional_credit", false, "the customer was paid before the decision"},
		{"dispute.evidence_added", true, "a party of the dispute had something to say"},
		{"dispute.resolved_for_payer", true, "the money went back to the customer"},
		{"dispute.resolved_for_merchant", true, "the money stays with the merchant"},
		{"dispute.withdrawn", true, "the customer took the report back"},
		{"withdrawal.requested", false, "a withdrawal was asked for; the money is held"},
		{"withdrawal.under_review", false, "a person is going to look at the withdrawal"},
		{"withdrawal.approval_recorded", false, "the first of two operators approved the withdrawal"},
		{"withdrawal.approved", false, "the withdrawal may leave"},
		{"withdrawal.rejected", false, "the withdrawal did not pass review; the money is available again"},
		{"withdrawal.canceled", false, "the owner called the withdrawal off; the money is available again"},
		{"withdrawal.paused", false, "the withdrawal is approved and waits: the account is locked or the destination can not be used"},
		{"withdrawal.submitting", false, "the withdrawal is going to be given to its provider"},
		{"withdrawal.submitted", false, "the provider accepted the withdrawal"},
		{"withdrawal.outcome_unknown", false, "the provider did not answer; the money stays held"},
		{"withdrawal.paid", false, "the withdrawal has left the wallet"},
		{"withdrawal.failed", false, "the withdrawal was not carried out; the money is available again"},
		{"withdrawal.returned", false, "the bank sent the withdrawal back"},
		{"withdrawal.paid_after_failed", false, "the withdrawal was paid although it had failed; a person decides"},

		{"payout.requested", true, "a payout was asked for; the money is held"},
		{"payout.under_review", true, "a person is going to look at the payout"},
		{"payout.approval_recorded", true, "the first of two operators approved the payout"},
		{"payout.approved", true, "the payout may leave"},
		{"payout.rejected", true, "the payout did not pass review; the money is available again"},
		{"payout.canceled", true, "the owner called the payout off; the money is available again"},
		{"payout.paused", true, "the payout is approved and waits: the account is locked or the destination can not be used"},
		{"payout.submitting", true, "the payout is going to be given to its provider"},
		{"payout.submitted", true, "the provider accepted the payout"},
		{"payout.outcome_unknown", true, "the provider did not answer; the money stays held"},
		{"payout.paid", true, "the payout has left the wallet"},
		{"payout.failed", true, "the payout was not carried out; the money is available again"},
		{"payout.returned", true, "the bank sent the payout back"},
		{"payout.paid_after_failed", true, "the payout was paid although it had failed; a person decides"},
		{"payout_schedule.set", true, "a merchant's payouts follow a schedule from now on"},
		{"payout_schedule.failed", true, "a payout that was due was refused"},
		{"payout_schedule.removed", true, "a merchant's payouts follow a schedule no more"},

		{"destination.saved", false, "a destination for withdrawals or payouts was saved"},
		{"destination.verified", false, "the destination can be used"},
		{"destination.refused", false, "the destination can not be used"},
		{"destination.removed", false, "the owner removed the destination"},

		{"reconciliation.matched", false, "money that left the wallet or came to it is on the operator's bank account too"},
		{"reconciliation.exception", false, "the wallet and a provider do not agree; a person decides"},
		{"reconciliation.resolved", false, "a person has decided on an exception, or a later statement has"},
		{"reconciliation.completed", false, "a statement was imported to its end"},
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
