package okpay

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Event is what happened to an object, as it is announced in the ledger and delivered to
// merchants: Data is the object after the transition.
type Event struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	CreatedAt time.Time       `json:"created_at"`
	Mode      Mode            `json:"mode"`
	Schema    int             `json:"schema"`   // version of Data's form
	Sequence  int64           `json:"sequence"` // counts the object's events from 1
	Merchant  MerchantID      `json:"merchant,omitempty"`
	Data      json.RawMessage `json:"data"`
}

// eventSchema is the version of the form of Event.Data.
const eventSchema = 1

// announcer numbers and writes the events of one object within one Change.
type announcer struct {
	w        *Wallet
	now      time.Time
	merchant MerchantID // whose endpoints hear of it, if any
	subject  string
	sequence *int64 // kept in the object's record
}

// event makes one event with the object as it is now.
func (a *announcer) event(eventType string, object any) ledger.Event {
	*a.sequence++
	// The outer Data hides the one of Event: what is encoded already would be gone through again.
	return ledger.Event{Type: eventType, Subject: a.subject, Payload: encode(struct {
		Event
		Data any `json:"data"`
	}{Event{
		ID: a.w.newID("evt_"), Type: eventType, CreatedAt: a.now, Mode: a.w.cfg.Mode, Schema: eventSchema,
		Sequence: *a.sequence, Merchant: a.merchant,
	}, object})}
}

// Events returns the wallet's events that follow the one numbered after in the ledger's
// order, at most limit (1 to 1,000), with the number of the last one. Secrets never stand in events.
func (w *Wallet) Events(ctx context.Context, after int64, limit int) (events []Event, last int64, err error) {
	announced, err := w.ledger.Events(ctx, after, limit)
	if err != nil {
		return nil, after, err
	}
	last = after
	for _, a := range announced {
		var e Event
		if err := json.Unmarshal(a.Payload, &e); err != nil {
			return nil, after, fmt.Errorf("okpay: event %d: %w", a.No, err)
		}
		events, last = append(events, e), a.No
	}
	return events, last, nil
}
