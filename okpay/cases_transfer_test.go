package okpay_test

import (
	"context"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

func (w *caseWorld) createTransfer(a *arguments) reply {
	in := okpay.CreateTransfer{
		From: okpay.CustomerID(a.text("from")), Amount: a.amount("amount", ""), Note: a.text("note"), Key: a.text("key"),
	}
	for _, name := range notThere {
		a.get(name)
	}
	in.ExpiresIn = seconds(a.values["expires_in"])
	a.get("expires_in")
	if a.yes("authenticated") {
		in.Proof = rightProof
	}
	to := a.text("to", "payee", "to_contact", "contact")
	for _, kind := range []string{"email:", "phone:", "contact:"} {
		to = strings.TrimPrefix(to, kind)
	}
	switch {
	case to != "" && w.strangers[to] && !strings.ContainsAny(to, "@+"):
		in.Email = strings.NewReplacer(":", ".", "_", ".").Replace(to) + "@example.com"
	case strings.Contains(to, "@"):
		in.Email = to
	case strings.HasPrefix(to, "+"):
		in.Phone = to
	default:
		in.To = okpay.CustomerID(to)
	}
	if email := a.text("to_email", "email"); email != "" {
		in.Email = email
	}
	if phone := a.text("to_phone", "phone"); phone != "" {
		in.Phone = phone
	}
	x, err := w.Transfers.Create(context.Background(), in)
	return w.made(a.text("id"), "transfer", string(x.ID), x.Replayed, err)
}

// claimTransfer claims, once the claimant has verified the contact that was sent to (see
// prepare).
func (w *caseWorld) claimTransfer(a *arguments) reply {
	n := named{"transfer", a.id("id")}
	x, err := w.Transfers.Claim(context.Background(), okpay.ClaimTransfer{Transfer: okpay.TransferID(n.id), Customer: w.claimant(a), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) cancelTransfer(a *arguments) reply {
	n := named{"transfer", a.id("id")}
	x, _ := w.Transfers.Get(context.Background(), okpay.TransferID(n.id))
	by := x.From
	if who := a.text("by", "user", "from"); who != "" {
		by = okpay.CustomerID(who)
	}
	x, err := w.Transfers.Cancel(context.Background(), okpay.CancelTransfer{Customer: by, Transfer: okpay.TransferID(n.id), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) reviewTransfer(a *arguments) (okpay.ReviewTransfer, named) {
	n := named{"transfer", a.id("id")}
	return okpay.ReviewTransfer{Transfer: okpay.TransferID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key")}, n
}

func (w *caseWorld) approveTransfer(a *arguments) reply {
	in, n := w.reviewTransfer(a)
	x, err := w.Transfers.Approve(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) rejectTransfer(a *arguments) reply {
	in, n := w.reviewTransfer(a)
	x, err := w.Transfers.Reject(context.Background(), in)
	return w.about(n, x.Replayed, err)
}
