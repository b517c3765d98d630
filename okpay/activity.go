package okpay

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Activity is one thing that happened with a customer's or merchant's money, attempts that
// failed among them.
type Activity struct {
	Kind      string       `json:"kind"` // payment, refund, topup, withdrawal, payout
	Object    string       `json:"object"`
	State     string       `json:"state"`
	Amount    money.Amount `json:"amount"`
	Other     string       `json:"other,omitempty"` // the merchant, the customer, the funding source or the destination
	Failure   *Refused     `json:"failure,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
}

// ActivityPage asks for the newest activities, or for those older than Before, the Object of the
// last one seen. Limit is 20 unless told, at most 100.
type ActivityPage struct {
	Before string
	Limit  int
}

// Activity returns what happened with a customer's money, the newest first. Errors:
// NotFound.
func (s *Customers) Activity(ctx context.Context, id CustomerID, page ActivityPage) ([]Activity, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.activity(ctx, "c:"+string(id), false, page)
}

// Activity returns what happened with a merchant's money, the newest first. Errors:
// NotFound.
func (s *Merchants) Activity(ctx context.Context, id MerchantID, page ActivityPage) ([]Activity, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.activity(ctx, "m:"+string(id), true, page)
}

// activityPrefixes are the kinds of objects with the prefix of their ids. What follows the
// prefix sorts by time over all kinds.
var activityPrefixes = [...]struct{ noun, prefix string }{{"payment", "pay_"}, {"refund", "ref_"}, {"topup", "top_"}, {"withdrawal", "wd_"}, {"payout", "po_"}}

func (w *Wallet) activity(ctx context.Context, label string, ofMerchant bool, page ActivityPage) ([]Activity, error) {
	limit := pageSize(page.Limit)
	_, before, _ := strings.Cut(page.Before, "_")
	var out []Activity
	for _, k := range activityPrefixes {
		q := ledger.RecordQuery{Type: k.noun, Label: label, Desc: true, Limit: limit}
		if before != "" {
			q.After = k.prefix + before
		}
		records, err := w.ledger.Records(ctx, q)
		if err != nil {
			return nil, translate(err)
		}
		for _, r := range records {
			a, err := w.activityOf(k.noun, r, ofMerchant)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Activity) int {
		_, x, _ := strings.Cut(a.Object, "_")
		_, y, _ := strings.Cut(b.Object, "_")
		return strings.Compare(y, x)
	})
	return out[:min(limit, len(out))], nil
}

func (w *Wallet) activityOf(noun string, r ledger.Record, ofMerchant bool) (Activity, error) {
	switch noun {
	case "payment":
		var doc paymentDoc
		if err := decodeRecord(noun, r.ID, r, nil, &doc); err != nil {
			return Activity{}, err
		}
		p, err := w.payment(&doc)
		other := string(p.Merchant)
		if ofMerchant {
			other = string(p.Customer)
		}
		return Activity{noun, r.ID, string(p.State), p.Amount, other, p.LastFailure, p.CreatedAt}, err
	case "refund":
		var doc refundDoc
		if err := decodeRecord(noun, r.ID, r, nil, &doc); err != nil {
			return Activity{}, err
		}
		f, err := w.refund(&doc)
		other := string(f.Merchant)
		if ofMerchant {
			other = string(f.Customer)
		}
		return Activity{noun, r.ID, string(f.State), f.Amount, other, f.Failure, f.CreatedAt}, err
	case "withdrawal", "payout":
		var doc outgoingDoc
		if err := decodeRecord(noun, r.ID, r, nil, &doc); err != nil {
			return Activity{}, err
		}
		o, err := w.outgoing(&doc)
		other := string(o.Destination)
		if ofMerchant {
			other = "" // merchants see customers there
		}
		return Activity{noun, r.ID, string(o.State), o.Amount, other, o.Failure, o.CreatedAt}, err
	default:
		var doc topUpDoc
		if err := decodeRecord(noun, r.ID, r, nil, &doc); err != nil {
			return Activity{}, err
		}
		t, err := w.topUp(&doc)
		return Activity{noun, r.ID, string(t.State), t.Amount, t.Source, t.Failure, t.CreatedAt}, err
	}
}
