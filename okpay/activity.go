package okpay

import (
	"cmp"
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
	Kind      string       `json:"kind"` // payment, refund, topup, transfer, withdrawal, payout, conversion, dispute
	Object    string       `json:"object"`
	State     string       `json:"state"`
	Amount    money.Amount `json:"amount"`
	Other     string       `json:"other,omitempty"` // the other party: a merchant, a customer, a funding source, a destination, a currency
	Failure   *Refused     `json:"failure,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
}

// ActivityPage asks for the newest activities, or for those older than Before, the Object of the
// last one seen. Limit is 20 unless told, at most 100.
type ActivityPage struct {
	Before string
	Kinds  []string // only these; none means all
	Limit  int
}

// Activity returns what happened with a customer's money, the newest first. Errors:
// NotFound.
func (s *Customers) Activity(ctx context.Context, id CustomerID, page ActivityPage) ([]Activity, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.activity(ctx, "c:"+string(id), reader{customer: id}, page)
}

// Activity returns what happened with a merchant's money, the newest first. Errors:
// NotFound.
func (s *Merchants) Activity(ctx context.Context, id MerchantID, page ActivityPage) ([]Activity, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.activity(ctx, "m:"+string(id), reader{merchant: id}, page)
}

// reader is who looks at an activity.
type reader struct {
	customer CustomerID
	merchant MerchantID
}

// other is the other party of what is between a customer and a merchant.
func (r reader) other(c CustomerID, m MerchantID) string {
	if r.merchant != "" {
		return string(c)
	}
	return string(m)
}

// active is one kind of objects that are activities. Their records carry the labels "c:" and
// "m:" with the ids of those whose money it was. What follows the prefix of an id sorts by
// time over all kinds.
type active struct {
	noun, prefix string
	of           func(w *Wallet, r ledger.Record, by reader) (Activity, error)
}

// activities are all kinds.
func activities() []active {
	return []active{
		{"payment", "pay_", func(w *Wallet, r ledger.Record, by reader) (Activity, error) {
			return activityOf(r, w.payment, func(p *Payment) Activity {
				return Activity{"", "", string(p.State), p.Amount, by.other(p.Customer, p.Merchant), p.LastFailure, p.CreatedAt}
			})
		}},
		{"refund", "ref_", func(w *Wallet, r ledger.Record, by reader) (Activity, error) {
			return activityOf(r, w.refund, func(f *Refund) Activity {
				return Activity{"", "", string(f.State), f.Amount, by.other(f.Customer, f.Merchant), f.Failure, f.CreatedAt}
			})
		}},
		{"topup", "top_", func(w *Wallet, r ledger.Record, _ reader) (Activity, error) {
			return activityOf(r, w.topUp, func(t *TopUp) Activity {
				return Activity{"", "", string(t.State), t.Amount, t.Source, t.Failure, t.CreatedAt}
			})
		}},
		{"transfer", "tr_", func(w *Wallet, r ledger.Record, by reader) (Activity, error) {
			return activityOf(r, w.transfer, func(t *Transfer) Activity {
				other := t.To // empty until somebody claims it
				if by.customer == t.To {
					other = t.From
				}
				return Activity{"", "", string(t.State), t.Amount, string(other), t.Failure, t.CreatedAt}
			})
		}},
		{"withdrawal", "wd_", outgoingActivity},
		{"payout", "po_", outgoingActivity},
		{"conversion", "fxc_", func(w *Wallet, r ledger.Record, _ reader) (Activity, error) {
			return activityOf(r, w.conversion, func(c *Conversion) Activity {
				return Activity{"", "", string(c.State), c.Given, c.Got.Currency().Code(), c.Failure, c.CreatedAt}
			})
		}},
		{"dispute", "dsp_", func(w *Wallet, r ledger.Record, by reader) (Activity, error) {
			return activityOf(r, w.dispute, func(y *Dispute) Activity {
				return Activity{"", "", string(y.State), y.Amount, by.other(y.Customer, y.Merchant), nil, y.CreatedAt}
			})
		}},
	}
}

func outgoingActivity(w *Wallet, r ledger.Record, _ reader) (Activity, error) {
	return activityOf(r, w.outgoing, func(o *Outgoing) Activity {
		return Activity{"", "", string(o.State), o.Amount, string(o.Destination), o.Failure, o.CreatedAt}
	})
}

// activityOf makes an activity of a record: D is its document, V what the outside sees of it.
func activityOf[D, V any](r ledger.Record, view func(*D) (V, error), of func(*V) Activity) (Activity, error) {
	doc := new(D)
	if err := decodeRecord(r.Type, r.ID, r, nil, doc); err != nil {
		return Activity{}, err
	}
	v, err := view(doc)
	a := of(&v)
	a.Kind, a.Object = r.Type, r.ID
	return a, err
}

func (w *Wallet) activity(ctx context.Context, label string, by reader, page ActivityPage) ([]Activity, error) {
	limit := pageSize(page.Limit)
	_, before, _ := strings.Cut(page.Before, "_")
	var out []Activity
	for _, k := range activities() {
		if len(page.Kinds) > 0 && !slices.Contains(page.Kinds, k.noun) {
			continue
		}
		q := ledger.RecordQuery{Type: k.noun, Label: label, Desc: true, Limit: limit}
		if before != "" {
			q.After = k.prefix + before
		}
		records, err := w.ledger.Records(ctx, q)
		if err != nil {
			return nil, translate(err)
		}
		for _, r := range records {
			a, err := k.of(w, r, by)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Activity) int {
		_, x, _ := strings.Cut(a.Object, "_")
		_, y, _ := strings.Cut(b.Object, "_")
		return cmp.Compare(y, x)
	})
	return out[:min(limit, len(out))], nil
}
