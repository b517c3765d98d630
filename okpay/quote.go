package okpay

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger"
)

// QuoteID names a quote.
type QuoteID string

// QuoteState is where a quote is in its life.
type QuoteState string

const (
	// QuoteOpen can be used: a conversion leads to used, time to expired.
	QuoteOpen QuoteState = "open"
	// QuoteUsed was used. Final.
	QuoteUsed QuoteState = "used"
	// QuoteTimedOut was not used in time. Final.
	QuoteTimedOut QuoteState = "expired"
)

const (
	makeQuote Action = "quote"
	convert   Action = "convert"
)

// quoteMachine is the quote's state machine. That a quote was used is told by the conversion, and
// that its time is over by nothing: its expiry was announced with it.
func quoteMachine() Machine[QuoteState] {
	return Machine[QuoteState]{Noun: "quote", Rows: []Row[QuoteState]{
		{On: makeQuote, To: QuoteOpen, Emits: []string{"fx.quoted"}},
		{From: QuoteOpen, On: convert, To: QuoteUsed},
		{From: QuoteOpen, On: expire, To: QuoteTimedOut},
	}}
}

// Quote is a promise to exchange at a rate, once and until it expires.
type Quote struct {
	ID       QuoteID         `json:"id"`
	State    QuoteState      `json:"state"`
	Customer CustomerID      `json:"customer,omitempty"` // only they may use it; empty means whoever comes
	Base     string          `json:"base"`               // code of the currency that is given
	Quote    string          `json:"quote"`              // code of the currency that is got
	Mid      decimal.Decimal `json:"mid"`                // units of Quote for one of Base in the middle of the market
	Rate     decimal.Decimal `json:"rate"`               // units of Quote for one of Base that the customer gets; at most Mid

	Conversion ConversionID `json:"conversion,omitempty"` // which used it
	CreatedAt  time.Time    `json:"created_at"`
	ExpiresAt  time.Time    `json:"expires_at"` // the first instant at which it is expired
	Sequence   int64        `json:"sequence"`   // counts the quote's events

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func (q *Quote) move(on Action) (Told, error) {
	return quoteMachine().Move(&q.State, string(q.ID), on, Always)
}

// due reports whether the quote's time is over and that changes its state.
func (q *Quote) due(now time.Time) bool { return q.State == QuoteOpen && !now.Before(q.ExpiresAt) }

func (q *Quote) record() ledger.Put {
	put := ledger.Put{Type: "quote", ID: string(q.ID)}
	if q.Customer != "" {
		put.Labels = []string{"c:" + string(q.Customer)}
	}
	if q.State == QuoteOpen {
		put.Due = q.ExpiresAt
	}
	return put
}

func (q *Quote) view(*Wallet) (any, error) { return q, nil }

func (q *Quote) counter() *int64 { return &q.Sequence }

func (q *Quote) parties() (MerchantID, CustomerID) { return "", q.Customer }
