package httpapi

import (
	"context"
	"net/http"

	"github.com/okpay/okpay-go/okpay"
)

func listDisputes(ctx context.Context, c *call) (reply, error) {
	of := listing{"disputes", string(c.merchant)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	disputes, more, err := c.wallet.Disputes.List(ctx, okpay.ListDisputes{
		Merchant: c.merchant, After: okpay.DisputeID(after), Limit: limit,
	})
	next := ""
	if more {
		next = string(disputes[len(disputes)-1].ID)
	}
	return paged(of, disputes, next), err
}

func getDispute(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("dispute")
	if err != nil {
		return reply{}, err
	}
	y, err := c.wallet.Disputes.GetOwned(ctx, c.merchant, okpay.DisputeID(id))
	return reply{status: http.StatusOK, body: y}, err
}

func addEvidence(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("dispute")
	if err != nil {
		return reply{}, err
	}
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "text", "document")
	in := okpay.AddEvidence{
		Dispute: okpay.DisputeID(id), From: okpay.PartyMerchant, Merchant: c.merchant, Key: c.key,
		Text: f.text("text"), Document: f.text("document"),
	}
	if f.err != nil {
		return reply{}, f.err
	}
	y, err := c.wallet.Disputes.AddEvidence(ctx, in)
	return reply{status: http.StatusOK, body: y, replayed: y.Replayed}, err
}
