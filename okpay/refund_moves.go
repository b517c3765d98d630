package okpay

// RefundState is where a refund is in its life.
type RefundState string

const (
	// RefundCreated is left in the commit that makes the refund: to succeeded, pending_funds
	// or pending_provider.
	RefundCreated RefundState = "created"
	// RefundPendingFunds waits until the merchant has the money, first come first served:
	// leads on as from created; the merchant may cancel it; after 30 days it has failed. What
	// it is about is reserved: nobody else can refund it.
	RefundPendingFunds RefundState = "pending_funds"
	// RefundPendingProvider has been taken from the merchant and waits for the funding source
	// that it goes back to: leads to succeeded or failed.
	RefundPendingProvider RefundState = "pending_provider"
	// RefundSucceeded gave the money back. Only a funding source that undoes it leads on, to
	// failed.
	RefundSucceeded RefundState = "succeeded"
	// RefundFailed gave nothing back by the way it was to go; Refund.CreditedToWallet tells
	// whether the customer has the money all the same. Final.
	RefundFailed RefundState = "failed"
	// RefundCanceled was called off by the merchant. Final.
	RefundCanceled RefundState = "canceled"
)

const (
	processRefund    action = "process"
	merchantCredited action = "merchant_credited"
	refundTimeout    action = "timeout"
	refundArrived    action = "provider_succeeded"
	refundBounced    action = "provider_failed"
	refundCameBack   action = "provider_reversed"
)

const (
	merchantPays guard = "merchant has funds, to the wallet"
	sourcePays   guard = "merchant has funds, to the funding source"
	lacksFunds   guard = "merchant lacks funds"
	sentToSource guard = "went to a funding source"
	toWallet     guard = "to the payer's wallet instead"
	toMerchant   guard = "payer's account closed"
)

const (
	postFeeBack      = "Dr fees:payment / Cr merchant:{party}:available"
	postRefund       = postFeeBack + "; Dr merchant:{party}:available / Cr user:{customer}:available"
	postSourceRefund = postFeeBack + "; Dr merchant:{party}:available / Cr clearing:{source}:refunds"
	postUndone       = "Dr clearing:{source}:refunds / Cr merchant:{party}:available; Dr merchant:{party}:available / Cr fees:payment"
)

func refundMachine() machine[RefundState] {
	type r = row[RefundState]
	rows := []r{{on: create, to: RefundCreated, emits: []string{"refund.created"}}}
	for _, starts := range []struct {
		from RefundState
		on   action
	}{{RefundCreated, processRefund}, {RefundPendingFunds, merchantCredited}} {
		rows = append(rows,
			r{
				from: starts.from, on: starts.on, guard: merchantPays, to: RefundSucceeded, posts: postRefund,
				emits: []string{"refund.succeeded"}, mails: []string{"refund_succeeded"},
			},
			r{from: starts.from, on: starts.on, guard: sourcePays, to: RefundPendingProvider, posts: postSourceRefund, emits: []string{"refund.pending"}})
	}
	return machine[RefundState]{noun: "refund", rows: append(rows,
		r{from: RefundCreated, on: processRefund, guard: lacksFunds, to: RefundPendingFunds, emits: []string{"refund.pending"}},
		r{from: RefundPendingFunds, on: cancel, to: RefundCanceled, emits: []string{"refund.canceled"}},
		r{from: RefundPendingFunds, on: refundTimeout, to: RefundFailed, emits: []string{"refund.failed"}},

		r{from: RefundPendingProvider, on: refundArrived, guard: sentToSource, to: RefundSucceeded, emits: []string{"refund.succeeded"}, mails: []string{"refund_succeeded"}},
		r{
			from: RefundPendingProvider, on: refundBounced, guard: toWallet, to: RefundFailed,
			posts: "Dr clearing:{source}:refunds / Cr user:{customer}:available",
			emits: []string{"refund.failed"}, mails: []string{"refund_failed"},
		},
		r{from: RefundPendingProvider, on: refundBounced, guard: toMerchant, to: RefundFailed, posts: postUndone, emits: []string{"refund.failed"}, mails: []string{"refund_failed"}},
		r{from: RefundSucceeded, on: refundCameBack, guard: sentToSource, to: RefundFailed, posts: postUndone, emits: []string{"refund.failed"}},
		r{from: RefundFailed, on: refundArrived, guard: sentToSource, to: RefundFailed, emits: []string{"reconciliation.exception"}},
	)}
}
