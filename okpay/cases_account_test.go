package okpay_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

func (w *caseWorld) makeQuote(a *arguments) reply {
	in := okpay.CreateQuote{Base: a.text("base"), Quote: a.text("quote"), TTL: time.Duration(max(a.number("ttl"), a.number("expires_in"))) * time.Second, Key: a.text("key")}
	if exp, ok := a.get("exp"); ok { // the currencies' decimals, which must be ours
		for code, scale := range exp.(map[string]any) {
			if fmt.Sprint(w.currency(code).Scale()) != fmt.Sprint(scale) {
				w.inScope(outOfScope(fmt.Sprintf("%s with %v decimals", code, scale)))
			}
		}
	}
	var err error
	if in.Mid, err = decimal.NewFromString(a.text("mid")); err == nil {
		in.Rate, err = decimal.NewFromString(a.text("rate"))
	}
	if err != nil {
		w.inScope(outOfScope("a rate that is no number"))
	}
	q, err := w.Quotes.Create(context.Background(), in)
	return w.made(a.text("id"), "quote", string(q.ID), q.Replayed, err)
}

func (w *caseWorld) convert(a *arguments) reply {
	quote := okpay.QuoteID(a.id("quote"))
	q, _ := w.Quotes.Get(context.Background(), quote)
	c, err := w.Quotes.Convert(context.Background(), okpay.Convert{
		Customer: okpay.CustomerID(a.text("user")), Quote: quote, Amount: a.amount("amount", q.Base), Key: a.text("key"),
	})
	return w.made(a.text("id"), "conversion", string(c.ID), c.Replayed, err)
}

func (w *caseWorld) lock(a *arguments) reply {
	g, err := w.Customers.Lock(context.Background(), w.moveGate(a))
	return w.gateReply(a, g, err)
}

func (w *caseWorld) unlock(a *arguments) reply {
	g, err := w.Customers.Unlock(context.Background(), w.moveGate(a))
	return w.gateReply(a, g, err)
}

func (w *caseWorld) moveGate(a *arguments) okpay.MoveGate {
	return okpay.MoveGate{Customer: okpay.CustomerID(a.text("user")), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key")}
}

func (w *caseWorld) gateReply(a *arguments, g okpay.Gate, err error) reply {
	r := reply{err: err, replayed: g.Replayed}
	is, _ := w.Customers.Gate(context.Background(), okpay.CustomerID(a.text("user")))
	r.state = string(is.State)
	return r
}

func (w *caseWorld) settle(a *arguments) reply {
	amount := a.amount("amount", "")
	in := okpay.Settle{Provider: a.text("provider"), Amount: amount, Cost: money.New(a.number("cost"), amount.Currency()), Key: a.text("key")}
	_, err := w.Reconciliation.Settle(context.Background(), in)
	return reply{err: err}
}
