package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// ActivityKind is what kind of object an activity is about. New kinds may come at any time.
type ActivityKind string

// The kinds.
const (
	ActivityPayment ActivityKind = "payment"
	ActivityRefund  ActivityKind = "refund"
	ActivityDispute ActivityKind = "dispute"
	ActivityPayout  ActivityKind = "payout"
)

// Activity is one thing that happened with the merchant's money, attempts that failed among
// them.
type Activity struct {
	Kind      ActivityKind `json:"kind"`
	Object    string       `json:"object"` // its id
	State     string       `json:"state"`  // of the object
	Amount    money.Amount `json:"amount"`
	Other     string       `json:"other,omitempty"`   // id of the customer, once known; of a payout, its destination
	Failure   *Refused     `json:"failure,omitempty"` // nil if there is none
	CreatedAt time.Time    `json:"created_at"`
}

func decodeActivity(data []byte, currencies *money.Registry) (Activity, error) {
	r := reader{currencies: currencies}
	var w struct {
		Activity
		Amount *wireAmount `json:"amount"`
	}
	r.object(data, &w)
	a := w.Activity
	r.need("kind", string(a.Kind), "object", a.Object, "state", a.State)
	a.Amount = r.amount("amount", w.Amount)
	r.needTime("created_at", a.CreatedAt)
	return result(&r, a)
}

// ActivityService tells what happened.
type ActivityService struct{ client *Client }

// ListActivity is the input of Activity.List and Activity.All.
type ListActivity struct {
	Kinds  []ActivityKind // only these; none means all
	Cursor string         // NextCursor of the page before; empty means from the beginning
	Limit  int            // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of what happened, the newest first. Codes: CodeInvalidRequest.
func (s *ActivityService) List(ctx context.Context, in ListActivity) (Page[Activity], error) {
	q := pageQuery(in.Cursor, in.Limit)
	setKinds(q, in.Kinds)
	return get(ctx, s.client, "activity.list", "/activity", q, pageOf(decodeActivity))
}

// All goes through what happened, the newest first, page after page. An error comes once and
// ends it; so does the context.
func (s *ActivityService) All(ctx context.Context, in ListActivity) iter.Seq2[Activity, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "activity.list", in.Cursor, func(cursor string) (Page[Activity], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
