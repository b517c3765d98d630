package okpay

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/webhook"
)

// EndpointID names a webhook endpoint.
type EndpointID string

// Endpoint is where a merchant wants to hear of events.
type Endpoint struct {
	ID         EndpointID `json:"id"`
	Merchant   MerchantID `json:"merchant"`
	URL        string     `json:"url"`
	Events     []string   `json:"events"` // types of events; empty means all
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"` // the receiver answered 410 Gone

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// wants reports whether an event is to be delivered to the endpoint.
func (e *Endpoint) wants(eventType string) bool {
	return e.DisabledAt == nil && (len(e.Events) == 0 || slices.Contains(e.Events, eventType))
}

// endpointDoc is an endpoint as its record keeps it. The record is plain: the secret stands in no block.
type endpointDoc struct {
	Endpoint
	Secret string `json:"secret"`
}

// Endpoints is the service for webhook endpoints.
type Endpoints struct{ w *Wallet }

// CreateEndpoint is the input of Endpoints.Create.
type CreateEndpoint struct {
	Merchant MerchantID
	URL      string   // https, at most 500 bytes; http only where Config.Webhooks allows it
	Events   []string // types of events to deliver; empty means all
	Key      string   // makes the call safe to repeat
}

// maxEndpoints bounds a merchant's endpoints.
const maxEndpoints = 20

// Create registers an endpoint and returns the secret that its messages are signed with;
// a replay returns it again. Errors: InvalidRequest, NotFound for the merchant,
// InvalidState beyond 20 endpoints, IdempotencyKeyReused.
func (s *Endpoints) Create(ctx context.Context, in CreateEndpoint) (Endpoint, webhook.Secret, error) {
	if err := s.check(&in); err != nil {
		return Endpoint{}, webhook.Secret{}, err
	}
	v := verb{"m/" + string(in.Merchant), "endpoint.create", in.Key, []ledger.Field{
		{Name: "url", Value: in.URL}, {Name: "events", Value: strings.Join(in.Events, ",")},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		if err := draftGet(d, "merchant", string(in.Merchant), &Merchant{}); err != nil {
			return err
		}
		if err := s.count(d, in.Merchant, 1); err != nil {
			return err
		}
		var raw [32]byte
		if err := s.w.random(raw[:]); err != nil {
			return err
		}
		secret, err := webhook.NewSecret(strings.NewReader(string(raw[:])))
		if err != nil {
			return err
		}
		doc := endpointDoc{Secret: secret.Reveal(), Endpoint: Endpoint{
			ID: EndpointID(s.w.newID("we_")), Merchant: in.Merchant, URL: in.URL, Events: in.Events, CreatedAt: d.Now(),
		}}
		fresh(d, "endpoint", string(doc.ID))
		d.Put(s.record(&doc))
		return nil
	})
	if err != nil {
		return Endpoint{}, webhook.Secret{}, translate(err)
	}
	var doc endpointDoc
	if err := s.w.get(ctx, "endpoint", out.Result, &doc); err != nil {
		return Endpoint{}, webhook.Secret{}, translate(err)
	}
	doc.Replayed = out.Replayed
	secret, err := webhook.ParseSecret(doc.Secret)
	return doc.Endpoint, secret, err
}

func (s *Endpoints) check(in *CreateEndpoint) error {
	if err := CheckText("url", in.URL, 500); err != nil {
		return err
	}
	if err := s.w.sender.CheckURL(in.URL); err != nil {
		e := InvalidField("url", "%v", err)
		e.Err = err
		return e
	}
	if len(in.Events) > 50 {
		return InvalidField("events", "has %d items, want at most 50", len(in.Events))
	}
	known := EventTypes()
	for _, eventType := range in.Events {
		if !slices.Contains(known, eventType) {
			return InvalidField("events", "has a type that is not known")
		}
	}
	return nil
}

func (s *Endpoints) record(doc *endpointDoc) ledger.Put {
	return ledger.Put{
		Type: "endpoint", ID: string(doc.ID), Chaining: ledger.Plain, Content: encode(doc),
		Labels: []string{"m:" + string(doc.Merchant)},
	}
}

// count keeps the number of a merchant's endpoints, so that two that are made at once do
// not both take the last place.
func (s *Endpoints) count(d *ledger.Draft, merchant MerchantID, change int) error {
	var doc struct {
		Endpoints int `json:"endpoints"`
	}
	if err := draftGet(d, "endpoint_count", string(merchant), &doc); err != nil && CodeOf(err) != NotFound {
		return err
	}
	doc.Endpoints += change
	if doc.Endpoints > maxEndpoints {
		return NewError(InvalidState, "a merchant has at most %d endpoints", maxEndpoints)
	}
	d.Put(ledger.Put{Type: "endpoint_count", ID: string(merchant), Chaining: ledger.Plain, Content: encode(doc)})
	return nil
}

// Get returns a merchant's endpoint. Errors: NotFound, also for another merchant's.
func (s *Endpoints) Get(ctx context.Context, merchant MerchantID, id EndpointID) (Endpoint, error) {
	var doc endpointDoc
	if err := s.w.get(ctx, "endpoint", string(id), &doc); err != nil {
		return Endpoint{}, translate(err)
	}
	if doc.Merchant != merchant {
		return Endpoint{}, notFound("endpoint", string(id))
	}
	return doc.Endpoint, nil
}

// List returns a merchant's endpoints, the oldest first.
func (s *Endpoints) List(ctx context.Context, merchant MerchantID) ([]Endpoint, error) {
	docs, err := s.docs(ctx, merchant)
	out := make([]Endpoint, len(docs))
	for i := range docs {
		out[i] = docs[i].Endpoint
	}
	return out, err
}

func (s *Endpoints) docs(ctx context.Context, merchant MerchantID) ([]endpointDoc, error) {
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{Type: "endpoint", Label: "m:" + string(merchant), Limit: maxEndpoints})
	if err != nil {
		return nil, translate(err)
	}
	docs := make([]endpointDoc, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Content, &docs[i]); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// Delete removes an endpoint; what was not delivered yet will not be. Errors: NotFound,
// also for another merchant's.
func (s *Endpoints) Delete(ctx context.Context, merchant MerchantID, id EndpointID) error {
	v := verb{principal: "program", operation: "endpoint.delete"}
	_, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		var doc endpointDoc
		if err := draftGet(d, "endpoint", string(id), &doc); err != nil {
			return err
		}
		if doc.Merchant != merchant {
			return notFound("endpoint", string(id))
		}
		d.Put(ledger.Put{Type: "endpoint", ID: string(id), Chaining: ledger.Plain, Erase: true})
		return s.count(d, merchant, -1)
	})
	return translate(err)
}

// disable stops deliveries to an endpoint that is gone for good.
func (s *Endpoints) disable(d *ledger.Draft, id EndpointID) error {
	var doc endpointDoc
	if err := draftGet(d, "endpoint", string(id), &doc); err != nil {
		if CodeOf(err) == NotFound {
			return nil
		}
		return err
	}
	if doc.DisabledAt == nil {
		now := d.Now()
		doc.DisabledAt = &now
		d.Put(s.record(&doc))
	}
	return nil
}
