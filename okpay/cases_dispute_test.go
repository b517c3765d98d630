package okpay_test

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

func (w *caseWorld) openDispute(a *arguments) reply {
	name, payment := a.text("id"), named{"payment", a.id("payment")}
	p, _ := w.Payments.Get(context.Background(), okpay.PaymentID(payment.id))
	a.get("due_in") // see config
	by := p.Customer
	if who := a.text("by", "user", "payer"); who != "" {
		by = okpay.CustomerID(who)
	}
	kind := a.text("kind", "reason")
	if kind == "unauthorised" {
		kind = string(okpay.Unauthorized)
	}
	y, err := w.Disputes.Open(context.Background(), okpay.OpenDispute{
		Customer: by, Payment: okpay.PaymentID(payment.id), Kind: okpay.DisputeKind(kind), Key: a.text("key"),
	})
	if y.ID == "" {
		return w.about(payment, false, err)
	}
	return w.made(name, "dispute", string(y.ID), y.Replayed, err)
}

func (w *caseWorld) decision(a *arguments) (okpay.DecideDispute, named) {
	n := named{"dispute", a.id("id")}
	in := okpay.DecideDispute{Dispute: okpay.DisputeID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	return in, n
}

func (w *caseWorld) creditDispute(a *arguments) reply {
	in, n := w.decision(a)
	y, err := w.Disputes.CreditProvisionally(context.Background(), in)
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) addEvidence(a *arguments) reply {
	n := named{"dispute", a.id("id")}
	y, _ := w.Disputes.Get(context.Background(), okpay.DisputeID(n.id))
	in := okpay.AddEvidence{Dispute: okpay.DisputeID(n.id), From: okpay.PartyMerchant, Customer: y.Customer, Merchant: y.Merchant, Text: "evidence", Key: a.text("key")}
	switch by := a.text("by", "from", "party"); by {
	case "payer", "user", "customer", string(y.Customer):
		in.From = okpay.PartyPayer
	}
	if text := a.text("text"); text != "" {
		in.Text = text
	}
	y, err := w.Disputes.AddEvidence(context.Background(), in)
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) resolveDispute(a *arguments) reply {
	in, n := w.decision(a)
	resolve := w.Disputes.ResolveForPayer
	switch outcome := a.text("outcome"); outcome {
	case "payer_won", "payer", "won", "payer_wins", "for_payer":
	case "merchant_won", "merchant", "lost", "merchant_wins", "for_merchant":
		resolve = w.Disputes.ResolveForMerchant
	default:
		w.inScope(outOfScope("a dispute that ends with " + outcome))
	}
	y, err := resolve(context.Background(), in)
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) withdrawDispute(a *arguments) reply {
	n := named{"dispute", a.id("id")}
	y, _ := w.Disputes.Get(context.Background(), okpay.DisputeID(n.id))
	by := y.Customer
	if who := a.text("by", "user"); who != "" {
		by = okpay.CustomerID(who)
	}
	y, err := w.Disputes.Withdraw(context.Background(), okpay.WithdrawDispute{Customer: by, Dispute: okpay.DisputeID(n.id), Key: a.text("key")})
	return w.about(n, y.Replayed, err)
}
