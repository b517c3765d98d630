package merchant

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/webhook"
)

// EndpointID names a webhook endpoint.
type EndpointID string

// Endpoint is where the merchant wants to hear of events.
type Endpoint struct {
	ID         EndpointID  `json:"id"`
	Merchant   MerchantID  `json:"merchant"`
	URL        string      `json:"url"`
	Events     []EventType `json:"events"` // types to deliver; empty means all
	CreatedAt  time.Time   `json:"created_at"`
	DisabledAt time.Time   `json:"disabled_at,omitzero"` // the receiver answered 410 Gone; zero if it did not

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func decodeEndpoint(data []byte, _ *money.Registry) (Endpoint, error) {
	var r reader
	var e Endpoint
	r.object(data, &e)
	r.need("id", string(e.ID), "url", e.URL)
	r.needTime("created_at", e.CreatedAt)
	return result(&r, e)
}

// createdEndpoint is an endpoint with the secret that is told once.
type createdEndpoint struct {
	Endpoint
	Secret string `json:"secret"`
}

// newEndpoint is createdEndpoint once the secret was read.
type newEndpoint struct {
	endpoint Endpoint
	secret   webhook.Secret
}

func decodeNewEndpoint(data []byte, currencies *money.Registry) (newEndpoint, error) {
	r := reader{currencies: currencies}
	var w createdEndpoint
	r.object(data, &w)
	e, err := decodeEndpoint(data, currencies)
	if err != nil {
		r.fail(err)
	}
	secret, err := webhook.ParseSecret(w.Secret)
	if err != nil {
		r.fail(fmt.Errorf("secret: %w", err)) // which quotes nothing of it
	}
	return result(&r, newEndpoint{e, secret})
}

// EndpointService says where events go.
type EndpointService struct{ client *Client }

// CreateEndpoint is the input of WebhookEndpoints.Create.
type CreateEndpoint struct {
	URL    string      // https, at most 500 bytes; with a test key also http
	Events []EventType // types to deliver; empty means all
	Key    string      // makes the call safe to repeat; empty means a new one
}

type createEndpointBody struct {
	URL    string      `json:"url"`
	Events []EventType `json:"events,omitempty"`
}

// Create registers an endpoint and returns the secret that its messages are signed with. Keep
// it where [EventHandler] finds it: only repeating this call with its Key tells it again.
// Codes: CodeInvalidRequest, CodeInvalidState when there are too many,
// CodeIdempotencyKeyReused.
func (s *EndpointService) Create(ctx context.Context, in CreateEndpoint) (Endpoint, webhook.Secret, error) {
	const operation = "webhook_endpoints.create"
	if err := checkText("url", in.URL); err != nil {
		return Endpoint{}, webhook.Secret{}, refuse(operation, in.Key, err)
	}
	out, replayed, err := post(ctx, s.client, operation, "/webhook_endpoints", in.Key,
		createEndpointBody{URL: in.URL, Events: in.Events}, decodeNewEndpoint)
	out.endpoint.Replayed = replayed
	return out.endpoint, out.secret, err
}

// List returns the merchant's endpoints, the oldest first.
func (s *EndpointService) List(ctx context.Context) ([]Endpoint, error) {
	page, err := get(ctx, s.client, "webhook_endpoints.list", "/webhook_endpoints", nil, pageOf(decodeEndpoint))
	return page.Data, err
}

// Get returns an endpoint. Codes: CodeNotFound.
func (s *EndpointService) Get(ctx context.Context, id EndpointID) (Endpoint, error) {
	const operation = "webhook_endpoints.get"
	if err := checkID("webhook_endpoint", string(id)); err != nil {
		return Endpoint{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("webhook_endpoints", string(id)), nil, decodeEndpoint)
}

// Delete removes an endpoint; what was not delivered yet will not be. Codes: CodeNotFound,
// unless an attempt of this very call may have removed it.
func (s *EndpointService) Delete(ctx context.Context, id EndpointID) error {
	const operation = "webhook_endpoints.delete"
	if err := checkID("webhook_endpoint", string(id)); err != nil {
		return refuse(operation, "", err)
	}
	_, err := s.client.send(ctx, &call{
		operation: operation, method: http.MethodDelete, path: place("webhook_endpoints", string(id)),
	})
	return err
}

// DeliveryState is where the delivery of one event to one endpoint is. New states may come at
// any time.
type DeliveryState string

const (
	// DeliveryPending will be tried, or tried again.
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
	Event     EventID       `json:"event"`
	EventType EventType     `json:"event_type"`
	State     DeliveryState `json:"state"`
	Attempts  int           `json:"attempts"`
	Status    int           `json:"status"`           // of HTTP at the last attempt, 0 for none
	NextAt    time.Time     `json:"next_at,omitzero"` // of the next attempt; zero if there will be none
	No        int64         `json:"no"`               // the event's place in the service's order
	Merchant  MerchantID    `json:"merchant"`
}

func decodeDelivery(data []byte, _ *money.Registry) (Delivery, error) {
	var r reader
	var d Delivery
	r.object(data, &d)
	r.need("id", d.ID, "event", string(d.Event), "state", string(d.State))
	return result(&r, d)
}

// Deliveries returns what was or will be sent to an endpoint, the newest first, at most limit (1
// to 100; zero means 20). Codes: CodeNotFound, CodeInvalidRequest.
func (s *EndpointService) Deliveries(ctx context.Context, id EndpointID, limit int) ([]Delivery, error) {
	const operation = "webhook_endpoints.deliveries"
	if err := checkID("webhook_endpoint", string(id)); err != nil {
		return nil, refuse(operation, "", err)
	}
	path := place("webhook_endpoints", string(id), "deliveries")
	page, err := get(ctx, s.client, operation, path, pageQuery("", limit), pageOf(decodeDelivery))
	return page.Data, err
}
