package okpay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

func (w *caseWorld) withdrawalConditions(a *arguments) reply {
	c, err := w.Withdrawals.Conditions(context.Background(), okpay.CustomerID(a.text("user")), a.text("ccy"))
	return reply{err: err, facts: conditionFacts(c)}
}

func (w *caseWorld) payoutConditions(a *arguments) reply {
	c, err := w.Payouts.Conditions(context.Background(), okpay.MerchantID(a.text("merchant")), a.text("ccy"))
	return reply{err: err, facts: conditionFacts(c)}
}

// conditionFacts are what a form can show before it is filled in, under the names of refusals: a
// case may expect what it would be refused with.
func conditionFacts(c okpay.Conditions) map[string]any {
	facts := map[string]any{"account": string(c.Account), "destinations": json.Number(fmt.Sprint(len(c.Destinations)))}
	number := func(name string, amount money.Amount) { facts[name] = json.Number(fmt.Sprint(amount.Minor())) }
	number("minimum", c.Minimum)
	number("maximum", c.Maximum)
	number("min_remaining", c.MinRemaining)
	number("available", c.Available)
	number("withdrawable", c.Withdrawable)
	number("most", c.Most)
	for _, l := range c.Limits {
		period := map[okpay.Period]string{okpay.Hourly: "hourly", okpay.Daily: "daily", okpay.Monthly: "monthly"}[l.Per]
		if l.Left != nil {
			number(period+"_left", *l.Left)
			facts[period+"_remaining"] = facts[period+"_left"]
		}
		if l.Count != nil {
			facts[period+"_count_left"] = json.Number(fmt.Sprint(*l.Count))
		}
		facts[period+"_resets_at"] = l.ResetsAt.UTC().Format(time.RFC3339)
	}
	return facts
}

// close ends a customer's account, or a merchant's.
func (w *caseWorld) close(a *arguments) reply {
	if shop := a.text("merchant"); shop != "" {
		m, err := w.Merchants.Close(context.Background(), okpay.CloseMerchant{Merchant: okpay.MerchantID(shop), By: a.text("by"), Key: a.text("key")})
		now, _ := w.Merchants.Get(context.Background(), okpay.MerchantID(shop))
		return reply{err: err, replayed: m.Replayed, state: string(now.State)}
	}
	g, err := w.Customers.Close(context.Background(), w.moveGate(a))
	return w.gateReply(a, g, err)
}
