package okpay_test

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func (w *caseWorld) requestWithdrawal(a *arguments) reply {
	user := a.text("user")
	a.get("dest_ok") // see saveDestination
	a.get("dest_error")
	a.get("provider")
	proof := ""
	if a.yes("authenticated") {
		proof = rightProof
	}
	x, err := w.Withdrawals.Request(context.Background(), okpay.RequestWithdrawal{
		Customer: okpay.CustomerID(user), Amount: a.amount("amount", ""),
		Destination: okpay.DestinationID(w.id(destinationName(user, a.text("dest")))), Proof: proof, Key: a.text("key"),
	})
	return w.made(a.text("id"), "withdrawal", string(x.ID), x.Replayed, err)
}

// saveDestination saves the destination of a request before the case begins, and verifies it
// unless the case says that it is not in order.
func (w *caseWorld) saveDestination(call opCall) {
	w.t.Helper()
	a := &arguments{w: w, values: call.Args}
	owner, name := a.text("user", "merchant"), a.text("dest")
	known := destinationName(owner, name)
	if _, ok := w.object(known); ok || name == "" {
		return
	}
	in := okpay.SaveDestination{
		Customer: okpay.CustomerID(a.text("user")), Merchant: okpay.MerchantID(a.text("merchant")),
		Type: "bank", Holder: owner, Details: "details of " + name, Provider: a.text("provider"),
	}
	if in.Provider == "" {
		in.Provider = "bankA"
	}
	d, err := w.Destinations.Save(w.t.Context(), in)
	require.NoError(w.t, err)
	problem := okpay.Code(a.text("dest_error"))
	if ok, given := a.get("dest_ok"); !given || ok == true {
		_, err = w.Destinations.Verify(w.t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops0", Problem: problem})
		require.NoError(w.t, err)
	}
	w.remember(known, "destination", string(d.ID))
}

func destinationName(user, name string) string { return "destination " + name + " of " + user }

func (w *caseWorld) approveWithdrawal(a *arguments) reply {
	n := named{"withdrawal", a.id("id")}
	x, err := w.Withdrawals.Approve(context.Background(), okpay.ReviewWithdrawal{Withdrawal: okpay.WithdrawalID(n.id), By: a.text("by"), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) rejectWithdrawal(a *arguments) reply {
	n := named{"withdrawal", a.id("id")}
	x, err := w.Withdrawals.Reject(context.Background(), okpay.RejectWithdrawal{
		Withdrawal: okpay.WithdrawalID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key"),
	})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) cancelWithdrawal(a *arguments) reply {
	n := named{"withdrawal", a.id("id")}
	x, _ := w.Withdrawals.Get(context.Background(), okpay.WithdrawalID(n.id))
	by := x.Customer
	if who := a.text("by", "user"); who != "" {
		by = okpay.CustomerID(who)
	}
	x, err := w.Withdrawals.Cancel(context.Background(), okpay.CancelWithdrawal{Customer: by, Withdrawal: okpay.WithdrawalID(n.id), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) withdrawalAnswer(a *arguments) reply {
	n := w.outgoing(a)
	x, _ := w.Withdrawals.Get(context.Background(), okpay.WithdrawalID(n.id))
	currency := x.Amount.Currency().Code()
	if n.noun == "payout" {
		x, _ := w.Payouts.Get(context.Background(), okpay.PayoutID(n.id))
		currency = x.Amount.Currency().Code()
	}
	in := okpay.ProviderEvent{
		Provider: a.text("provider"), EventID: a.text("event_id"), Key: n.id, Code: a.text("code", "reason"),
		Amount: a.amount("amount", currency), Reference: a.text("provider_ref", "ref"),
	}
	if in.Provider == "" {
		in.Provider = "bankA"
	}
	in.Status = w.payoutStatus(a.text("status", "outcome", "result"))
	if n.noun == "payout" {
		x, err := w.Payouts.ProviderSays(context.Background(), in)
		return w.about(n, x.Replayed, err)
	}
	x, err := w.Withdrawals.ProviderSays(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) payoutStatus(status string) rails.PayoutStatus {
	switch payoutSays[status] {
	case "accepted":
		return rails.PayoutAccepted
	case "paid":
		return rails.PayoutPaid
	case "failed":
		return rails.PayoutFailed
	case "returned":
		return rails.PayoutReturned
	case "not_found":
		return rails.PayoutNotFound
	case "unknown":
		return rails.PayoutUnknown
	}
	w.inScope(outOfScope("a payout provider that says " + status))
	return rails.PayoutUnknown
}

func (w *caseWorld) review(a *arguments) (okpay.ReviewWithdrawal, named) {
	n := named{"withdrawal", a.id("id")}
	in := okpay.ReviewWithdrawal{Withdrawal: okpay.WithdrawalID(n.id), By: a.text("by"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	return in, n
}

func (w *caseWorld) collectWithdrawal(a *arguments) reply {
	in, n := w.review(a)
	x, err := w.Withdrawals.Collect(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) writeOffWithdrawal(a *arguments) reply {
	in, n := w.review(a)
	x, err := w.Withdrawals.WriteOff(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

// providerWill tells the provider of a withdrawal or payout what to say.
func (w *caseWorld) providerWill(a *arguments, n named) {
	result := rails.PayoutResult{Status: w.payoutStatus(a.text("provider", "status", "result", "outcome", "response", "answer")), Code: a.text("code", "reason")}
	for _, p := range w.providers {
		p.will(n.id, result)
	}
}

// submitWithdrawal does what the worker does with one withdrawal or payout.
func (w *caseWorld) submitWithdrawal(a *arguments) reply {
	n := w.outgoing(a)
	w.providerWill(a, n)
	if n.noun == "payout" {
		x, err := w.Payouts.Submit(context.Background(), okpay.PayoutID(n.id))
		return w.about(n, x.Replayed, err)
	}
	x, err := w.Withdrawals.Submit(context.Background(), okpay.WithdrawalID(n.id))
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) queryWithdrawal(a *arguments) reply {
	n := w.outgoing(a)
	w.providerWill(a, n)
	if n.noun == "payout" {
		x, err := w.Payouts.Query(context.Background(), okpay.PayoutID(n.id))
		return w.about(n, x.Replayed, err)
	}
	x, err := w.Withdrawals.Query(context.Background(), okpay.WithdrawalID(n.id))
	return w.about(n, x.Replayed, err)
}
