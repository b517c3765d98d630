package okpay_test

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func (w *caseWorld) createTopUp(a *arguments) reply {
	a.get("expires_in") // see config
	source := a.text("provider", "source")
	if source == "" {
		source = "psp"
	}
	x, err := w.TopUps.Create(context.Background(), okpay.CreateTopUp{
		Customer: okpay.CustomerID(a.text("user")), Amount: a.amount("amount", ""), Source: source, Key: a.text("key"),
	})
	return w.made(a.text("id"), "topup", string(x.ID), x.Replayed, err)
}

func (w *caseWorld) topUpAnswer(a *arguments) reply {
	n := named{"topup", a.id("id")}
	x, _ := w.TopUps.Get(context.Background(), okpay.TopUpID(n.id))
	if given := a.text("provider", "source"); given != "" {
		x.Source = given
	}
	in := okpay.SourceEvent{Source: x.Source, EventID: a.text("event_id"), TopUp: okpay.TopUpID(n.id), Amount: a.amount("amount", x.Amount.Currency().Code())}
	switch status := a.text("status", "outcome", "result"); sourceSays[status] {
	case "succeeded":
		in.Status = rails.CollectionSucceeded
	case "failed":
		in.Status = rails.CollectionFailed
	case "reversed":
		in.Status = rails.CollectionReversed
	default:
		w.inScope(outOfScope("a funding source that says " + status))
	}
	x, err := w.TopUps.SourceSays(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) resolveTopUp(a *arguments) (okpay.ResolveTopUp, named) {
	n := named{"topup", a.id("id")}
	in := okpay.ResolveTopUp{TopUp: okpay.TopUpID(n.id), By: a.text("by"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	return in, n
}

func (w *caseWorld) creditTopUp(a *arguments) reply {
	in, n := w.resolveTopUp(a)
	x, err := w.TopUps.ResolveCredit(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) returnTopUp(a *arguments) reply {
	in, n := w.resolveTopUp(a)
	x, err := w.TopUps.ResolveReturn(context.Background(), in)
	return w.about(n, x.Replayed, err)
}
