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
	processRefund    Action = "process"
	merchantCredited Action = "merchant_credited"
	refundTimeout    Action = "timeout"
	refundArrived    Action = "provider_succeeded"
	refundBounced    Action = "provider_failed"
	refundCameBack   Action = "provider_reversed"
)

const (
	merchantPays Guard = "merchant has funds, to the wallet"
	sourcePays   Guard = "merchant has funds, to the funding source"
	lacksFunds   Guard = "merchant lacks funds"
	sentToSource Guard = "went to a funding source"
	toWallet     Guard = "to the payer's wallet instead"
	toMerchant   Guard = "payer's account closed"
)

const (
	postFeeBack      = "Dr fees:payment / Cr merchant:{party}:available"
	postRefund       = postFeeBack + "; Dr merchant:{party}:available / Cr user:{customer}:available"
	postSourceRefund = postFeeBack + "; Dr merchant:{party}:available / Cr clearing:{source}:refunds"
	postUndone       = "Dr clearing:{source}:refunds / Cr merchant:{party}:available; Dr merchant:{party}:available / Cr fees:payment"
)

func refundMachine() Machine[RefundState] {
	type r = Row[RefundState]
	rows := []r{{On: create, To: RefundCreated, Emits: []string{"refund.created"}}}
	for _, starts := range []struct {
		from RefundState
		on   Action
	}{{RefundCreated, processRefund}, {RefundPendingFunds, merchantCredited}} {
		rows = append(rows,
			r{
				From: starts.from, On: starts.on, Guard: merchantPays, To: RefundSucceeded, Posts: postRefund,
				Emits: []string{"refund.succeeded"}, Mails: []string{"refund_succeeded"},
			},
			r{From: starts.from, On: starts.on, Guard: sourcePays, To: RefundPendingProvider, Posts: postSourceRefund, Emits: []string{"refund.pending"}})
	}
	return Machine[RefundState]{Noun: "refund", Rows: append(rows,
		r{From: RefundCreated, On: processRefund, Guard: lacksFunds, To: RefundPendingFunds, Emits: []string{"refund.pending"}},
		r{From: RefundPendingFunds, On: cancel, To: RefundCanceled, Emits: []string{"refund.canceled"}},
		r{From: RefundPendingFunds, On: refundTimeout, To: RefundFailed, Emits: []string{"refund.failed"}},

		r{From: RefundPendingProvider, On: refundArrived, Guard: sentToSource, To: RefundSucceeded, Emits: []string{"refund.succeeded"}, Mails: []string{"refund_succeeded"}},
		r{
			From: RefundPendingProvider, On: refundBounced, Guard: toWallet, To: RefundFailed,
			Posts: "Dr clearing:{source}:refunds / Cr user:{customer}:available",
			Emits: []string{"refund.failed"}, Mails: []string{"refund_failed"},
		},
		r{From: RefundPendingProvider, On: refundBounced, Guard: toMerchant, To: RefundFailed, Posts: postUndone, Emits: []string{"refund.failed"}, Mails: []string{"refund_failed"}},
		r{From: RefundSucceeded, On: refundCameBack, Guard: sentToSource, To: RefundFailed, Posts: postUndone, Emits: []string{"refund.failed"}},
		r{From: RefundFailed, On: refundArrived, Guard: sentToSource, To: RefundFailed, Emits: []string{"reconciliation.exception"}},
	)}
}
