package httpapi

import (
	"context"
	"net/http"

	"github.com/okpay/okpay-go/okpay"
)

// newEndpoint is an endpoint as its creation answers it: with what its messages are signed
// with, which no other operation tells.
type newEndpoint struct {
	okpay.Endpoint
	Secret string `json:"secret"`
}

// endpoint makes an endpoint fit for JSON: no events means all, and is [] and not null.
func endpoint(e okpay.Endpoint) okpay.Endpoint {
	e.Events = append([]string{}, e.Events...)
	return e
}

func createEndpoint(ctx context.Context, c *call) (reply, error) {
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "url", "events")
	f.required("url")
	in := okpay.CreateEndpoint{Merchant: c.merchant, URL: f.text("url"), Events: f.texts("events"), Key: c.key}
	if f.err != nil {
		return reply{}, f.err
	}
	e, secret, err := c.wallet.Endpoints.Create(ctx, in)
	if err != nil {
		return reply{}, err
	}
	return reply{
		status: http.StatusCreated, body: newEndpoint{endpoint(e), secret.Reveal()},
		location: "/v1/webhook_endpoints/" + string(e.ID), replayed: e.Replayed,
	}, nil
}

func listEndpoints(ctx context.Context, c *call) (reply, error) {
	endpoints, err := c.wallet.Endpoints.List(ctx, c.merchant)
	out := list[okpay.Endpoint]{Data: []okpay.Endpoint{}}
	for _, e := range endpoints {
		out.Data = append(out.Data, endpoint(e))
	}
	return reply{status: http.StatusOK, body: out}, err
}

func getEndpoint(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("endpoint")
	if err != nil {
		return reply{}, err
	}
	e, err := c.wallet.Endpoints.Get(ctx, c.merchant, okpay.EndpointID(id))
	return reply{status: http.StatusOK, body: endpoint(e)}, err
}

func deleteEndpoint(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("endpoint")
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusNoContent}, c.wallet.Endpoints.Delete(ctx, c.merchant, okpay.EndpointID(id))
}

func listDeliveries(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("endpoint")
	if err != nil {
		return reply{}, err
	}
	limit, err := c.limit()
	if err != nil {
		return reply{}, err
	}
	deliveries, err := c.wallet.Endpoints.Deliveries(ctx, c.merchant, okpay.EndpointID(id), limit)
	return reply{status: http.StatusOK, body: list[okpay.Delivery]{append([]okpay.Delivery{}, deliveries...)}}, err
}
