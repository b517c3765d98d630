package httpapi

import (
	"context"
	"net/http"

	"github.com/okpay/okpay-go/okpay"
)

func createDestination(ctx context.Context, c *call) (reply, error) {
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "type", "holder", "details", "provider")
	f.required("type", "details")
	in := okpay.SaveDestination{
		Merchant: c.merchant, Key: c.key,
		Type: f.text("type"), Holder: f.text("holder"), Details: f.text("details"), Provider: f.word("provider"),
	}
	if f.err != nil {
		return reply{}, f.err
	}
	d, err := c.wallet.Destinations.Save(ctx, in)
	return reply{status: http.StatusCreated, body: d, location: "/v1/destinations/" + string(d.ID), replayed: d.Replayed}, err
}

func listDestinations(ctx context.Context, c *call) (reply, error) {
	of := listing{"destinations", string(c.merchant)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	ask := okpay.ListDestinations{Merchant: c.merchant, After: okpay.DestinationID(after), Limit: limit}
	items, err := c.wallet.Destinations.List(ctx, ask)
	if err != nil || len(items) < limit {
		return paged(of, items, ""), err
	}
	ask.After, ask.Limit = items[len(items)-1].ID, 1
	rest, err := c.wallet.Destinations.List(ctx, ask)
	if err != nil || len(rest) == 0 {
		return paged(of, items, ""), err
	}
	return paged(of, items, string(ask.After)), nil
}

func getDestination(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("destination")
	if err != nil {
		return reply{}, err
	}
	d, err := c.wallet.Destinations.GetOwned(ctx, c.merchant, okpay.DestinationID(id))
	return reply{status: http.StatusOK, body: d}, err
}

func removeDestination(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("destination")
	if err != nil {
		return reply{}, err
	}
	if err := c.nothing(); err != nil {
		return reply{}, err
	}
	d, err := c.wallet.Destinations.Remove(ctx, okpay.RemoveDestination{
		Merchant: c.merchant, Destination: okpay.DestinationID(id), Key: c.key,
	})
	return reply{status: http.StatusOK, body: d, replayed: d.Replayed}, err
}
