package merchant

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Fee is a share of an amount plus a fixed part, within bounds, all in minor units of the
// currency.
type Fee struct {
	BasisPoints int64 `json:"basis_points,omitempty"` // of the amount
	Fixed       int64 `json:"fixed,omitempty"`
	Min         int64 `json:"min,omitempty"`
	Max         int64 `json:"max,omitempty"` // 0 means no bound
}

// LimitLeft is what is left of a limit for a period.
type LimitLeft struct {
	Per      string       `json:"per"`             // such as hour, day, month
	Left     money.Amount `json:"left,omitzero"`   // of the sum; the zero Amount (without a currency) if the sum has no bound
	Count    *int64       `json:"count,omitempty"` // how many more; nil for no bound
	ResetsAt time.Time    `json:"resets_at"`
}

func decodeLimitLeft(data []byte, currencies *money.Registry) (LimitLeft, error) {
	r := reader{currencies: currencies}
	var w struct {
		LimitLeft
		Left *wireAmount `json:"left"`
	}
	r.object(data, &w)
	l := w.LimitLeft
	r.need("per", l.Per)
	if w.Left != nil {
		l.Left = r.amount("left", w.Left)
	}
	r.needTime("resets_at", l.ResetsAt)
	return result(&r, l)
}

// PayoutConditions is what a payout in one currency has to satisfy. It was true when it was
// read and reserves nothing.
type PayoutConditions struct {
	Currency     string        `json:"currency"`
	Minimum      money.Amount  `json:"minimum"`       // the smallest amount
	Maximum      money.Amount  `json:"maximum"`       // the largest of each payout, zero for no bound
	Limits       []LimitLeft   `json:"limits"`        // what is left for periods
	MinRemaining money.Amount  `json:"min_remaining"` // what must remain in the balance
	Fee          Fee           `json:"fee"`           // on top of the amount
	Available    money.Amount  `json:"available"`     // the balance less what is held
	Withdrawable money.Amount  `json:"withdrawable"`  // the largest amount that the balance allows
	Most         money.Amount  `json:"most"`          // the largest that could be asked for now; zero when none could
	Destinations []Destination `json:"destinations"`  // those that are verified, the newest first, at most 100
}

func decodePayoutConditions(data []byte, currencies *money.Registry) (PayoutConditions, error) {
	r := reader{currencies: currencies}
	var w struct {
		PayoutConditions
		Minimum      *wireAmount       `json:"minimum"`
		Maximum      *wireAmount       `json:"maximum"`
		Limits       []json.RawMessage `json:"limits"`
		MinRemaining *wireAmount       `json:"min_remaining"`
		Available    *wireAmount       `json:"available"`
		Withdrawable *wireAmount       `json:"withdrawable"`
		Most         *wireAmount       `json:"most"`
		Destinations []json.RawMessage `json:"destinations"`
	}
	r.object(data, &w)
	c := w.PayoutConditions
	r.need("currency", c.Currency)
	c.Minimum, c.Maximum = r.amount("minimum", w.Minimum), r.amount("maximum", w.Maximum)
	c.MinRemaining, c.Available = r.amount("min_remaining", w.MinRemaining), r.amount("available", w.Available)
	c.Withdrawable, c.Most = r.amount("withdrawable", w.Withdrawable), r.amount("most", w.Most)
	c.Limits = each(&r, w.Limits, decodeLimitLeft)
	c.Destinations = each(&r, w.Destinations, decodeDestination)
	return result(&r, c)
}

// Conditions answers what a payout has to satisfy, before a form is filled in. Codes:
// CodeInvalidRequest, CodeCurrencyNotSupported.
func (s *PayoutService) Conditions(ctx context.Context, currency string) (PayoutConditions, error) {
	return get(ctx, s.client, "payouts.conditions", "/payout_conditions", url.Values{"currency": {currency}}, decodePayoutConditions)
}
