package okpay_test

import (
	"context"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

func (w *caseWorld) createRequest(a *arguments) reply {
	in := okpay.CreateMoneyRequest{
		From: okpay.CustomerID(a.text("from")), Amount: a.amount("amount", ""), Note: a.text("note"),
		ExpiresIn: seconds(a.values["expires_in"]), Key: a.text("key"),
	}
	a.get("expires_in")
	switch to := a.text("to", "payer"); {
	case strings.Contains(to, "@"):
		in.Email = to
	case strings.HasPrefix(to, "+"):
		in.Phone = to
	default:
		in.To = okpay.CustomerID(to)
	}
	r, err := w.MoneyRequests.Create(context.Background(), in)
	return w.made(a.text("id"), "request", string(r.ID), r.Replayed, err)
}

// request is the request that a call is about, and who calls if the case does not say.
func (w *caseWorld) request(a *arguments) (okpay.MoneyRequest, named) {
	n := named{"request", a.id("id")}
	r, _ := w.MoneyRequests.Get(context.Background(), okpay.RequestID(n.id))
	return r, n
}

// who is the one of a call, or else another one.
func (a *arguments) who(other okpay.CustomerID) okpay.CustomerID {
	if id := a.text("by", "user", "payer"); id != "" {
		return okpay.CustomerID(id)
	}
	return other
}

func (w *caseWorld) payRequest(a *arguments) reply {
	r, n := w.request(a)
	in := okpay.PayMoneyRequest{Request: okpay.RequestID(n.id), Customer: a.who(r.To), Note: a.text("note"), Key: a.text("key")}
	if a.yes("authenticated") {
		in.Proof = rightProof
	}
	r, err := w.MoneyRequests.Pay(context.Background(), in)
	return w.about(n, r.Replayed, err)
}

func (w *caseWorld) declineRequest(a *arguments) reply {
	r, n := w.request(a)
	r, err := w.MoneyRequests.Decline(context.Background(), okpay.MoveMoneyRequest{Request: okpay.RequestID(n.id), Customer: a.who(r.To), Key: a.text("key")})
	return w.about(n, r.Replayed, err)
}

func (w *caseWorld) cancelRequest(a *arguments) reply {
	r, n := w.request(a)
	r, err := w.MoneyRequests.Cancel(context.Background(), okpay.MoveMoneyRequest{Request: okpay.RequestID(n.id), Customer: a.who(r.From), Key: a.text("key")})
	return w.about(n, r.Replayed, err)
}
