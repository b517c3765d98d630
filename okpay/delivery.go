package okpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/webhook"
)

// DeliveryState is where the delivery of one event to one endpoint is.
type DeliveryState string

const (
	// DeliveryPending will be tried, or tried again: leads to delivered or failed.
	DeliveryPending DeliveryState = "pending"
	// DeliveryDelivered was taken by the receiver. Final.
	DeliveryDelivered DeliveryState = "delivered"
	// DeliveryFailed was given up. Final.
	DeliveryFailed DeliveryState = "failed"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID        string        `json:"id"`
	Endpoint  EndpointID    `json:"endpoint"`
	Event     string        `json:"event"` // id of the event, which is the webhook-id
	EventType string        `json:"event_type"`
	State     DeliveryState `json:"state"`
	Attempts  int           `json:"attempts"`
	Status    int           `json:"status"` // HTTP status of the last attempt, 0 for none
	NextAt    *time.Time    `json:"next_at,omitempty"`

	No       int64      `json:"no"` // of the event in the ledger
	Merchant MerchantID `json:"merchant"`
}

// lease is how long one process has for an attempt before another may make it.
const lease = 2 * time.Minute

// fanOutSize is how many events are spread in one Change: with maxEndpoints deliveries
// each, they stay below ledger.MaxParts.
const fanOutSize = 40

// cursorDoc says up to which event deliveries were made.
type cursorDoc struct {
	No int64 `json:"no"`
}

// fanOut makes deliveries of the events that came since it was last called. It reports
// whether there may be more.
func (w *Wallet) fanOut(ctx context.Context) (more bool, err error) {
	v := verb{principal: "program", operation: "delivery.spread"}
	_, err = w.do(ctx, v, func(d *ledger.Draft) error {
		var cursor cursorDoc
		if err := draftGet(d, "cursor", "deliveries", &cursor); err != nil && CodeOf(err) != NotFound {
			return err
		}
		announced, err := w.ledger.Events(d.Context(), cursor.No, fanOutSize)
		if err != nil {
			return err
		}
		if len(announced) == 0 {
			return ErrNothingDue
		}
		more = len(announced) == fanOutSize
		endpoints, heard := make(map[MerchantID][]endpointDoc), EventTypes()
		for _, a := range announced {
			var e Event
			// An event that is not of this package's making, or that merchants do not hear of, is
			// nobody's here.
			if json.Unmarshal(a.Payload, &e) != nil || e.Merchant == "" || !slices.Contains(heard, e.Type) {
				continue
			}
			if _, known := endpoints[e.Merchant]; !known {
				if endpoints[e.Merchant], err = w.Endpoints.docs(d.Context(), e.Merchant); err != nil {
					return err
				}
			}
			for _, to := range endpoints[e.Merchant] {
				if to.wants(e.Type) {
					now := d.Now()
					d.Put(deliveryRecord(&Delivery{
						ID: fmt.Sprintf("dlv_%019d_%s", a.No, to.ID), Endpoint: to.ID, Event: e.ID, EventType: e.Type,
						State: DeliveryPending, NextAt: &now, No: a.No, Merchant: e.Merchant,
					}))
				}
			}
		}
		d.Put(ledger.Put{Type: "cursor", ID: "deliveries", Chaining: ledger.Plain, Content: encode(cursorDoc{announced[len(announced)-1].No})})
		return nil
	})
	return more, err
}

func deliveryRecord(y *Delivery) ledger.Put {
	p := ledger.Put{
		Type: "delivery", ID: y.ID, Chaining: ledger.Plain, Content: encode(y),
		Labels: []string{"we:" + string(y.Endpoint), "m:" + string(y.Merchant)},
	}
	if y.NextAt != nil {
		p.Due = *y.NextAt
	}
	return p
}

// deliver makes one attempt. The attempt is counted, and taken from other processes for the
// time of the lease, before it is made.
func (w *Wallet) deliver(ctx context.Context, id string) error {
	y, err := w.changeDelivery(ctx, id, "delivery.claim", func(d *ledger.Draft, y *Delivery) error {
		if y.NextAt == nil || y.NextAt.After(d.Now()) {
			return ErrNothingDue
		}
		next := d.Now().Add(lease)
		y.Attempts, y.NextAt = y.Attempts+1, &next
		return nil
	})
	if err != nil {
		return err
	}
	result := w.attempt(ctx, &y)
	if ctx.Err() != nil {
		return ctx.Err() // the lease runs out, and the attempt is made again
	}
	w.failing.set(y.Endpoint, result.Outcome.Again())
	_, err = w.changeDelivery(ctx, id, "delivery.result", func(d *ledger.Draft, y *Delivery) error {
		y.Status, y.NextAt = result.Status, nil
		wait, again := w.cfg.Schedule.After(y.Attempts, result)
		switch {
		case result.Outcome == webhook.OutcomeDelivered:
			y.State = DeliveryDelivered
		case again:
			next := d.Now().Add(wait)
			y.NextAt = &next
		default:
			y.State = DeliveryFailed
		}
		if result.Outcome == webhook.OutcomeGone {
			return w.Endpoints.disable(d, y.Endpoint)
		}
		return nil
	})
	return err
}

func (w *Wallet) changeDelivery(ctx context.Context, id, operation string, fn func(*ledger.Draft, *Delivery) error) (Delivery, error) {
	var y Delivery
	_, err := w.do(ctx, verb{principal: "program", operation: operation}, func(d *ledger.Draft) error {
		y = Delivery{}
		if err := draftGet(d, "delivery", id, &y); err != nil {
			return err
		}
		if y.State != DeliveryPending {
			return ErrNothingDue
		}
		if err := fn(d, &y); err != nil {
			return err
		}
		d.Put(deliveryRecord(&y))
		return nil
	})
	return y, err
}

// attempt sends the event's body, which is the same for every attempt.
func (w *Wallet) attempt(ctx context.Context, y *Delivery) webhook.Result {
	var doc endpointDoc
	if err := w.get(ctx, "endpoint", string(y.Endpoint), &doc); err != nil {
		if CodeOf(err) == NotFound {
			return webhook.Result{Outcome: webhook.OutcomeInvalid, Err: err} // deleted since
		}
		return webhook.Result{Outcome: webhook.OutcomeRetry, Err: err}
	}
	if doc.DisabledAt != nil {
		return webhook.Result{Outcome: webhook.OutcomeInvalid}
	}
	secret, err := webhook.ParseSecret(doc.Secret)
	if err != nil {
		return webhook.Result{Outcome: webhook.OutcomeInvalid, Err: err}
	}
	events, err := w.ledger.Events(ctx, y.No-1, 1)
	if err != nil || len(events) == 0 {
		return webhook.Result{Outcome: webhook.OutcomeRetry, Err: err}
	}
	return w.sender.Send(ctx, webhook.Endpoint{URL: doc.URL, Keys: []webhook.SigningKey{secret}},
		webhook.Message{ID: y.Event, Body: events[0].Payload})
}

// Deliveries returns what was or will be sent to an endpoint, the newest first, at most
// limit (20 unless told, at most 100). Errors: NotFound, also for another merchant's endpoint.
func (s *Endpoints) Deliveries(ctx context.Context, merchant MerchantID, id EndpointID, limit int) ([]Delivery, error) {
	if _, err := s.Get(ctx, merchant, id); err != nil {
		return nil, err
	}
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "delivery", Label: "we:" + string(id), Desc: true, Limit: pageSize(limit),
	})
	if err != nil {
		return nil, translate(err)
	}
	out := make([]Delivery, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Content, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ErrNothingDue ends a background verb that found nothing to do. It commits nothing.
var ErrNothingDue = errors.New("okpay: nothing is due")
