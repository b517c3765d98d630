package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// routes returns every operation. openapi.yaml describes the same ones, which a test
// compares.
func (h *handler) routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{method: get, path: "/v1/openapi.yaml", public: true, serve: h.document.get},

		{method: get, path: "/v1/merchant", serve: getMerchant},
		{method: get, path: "/v1/balances", serve: listBalances},
		{method: get, path: "/v1/statement", query: []string{"currency", "order", "cursor", "limit"}, serve: getStatement},
		{method: get, path: "/v1/activity", query: []string{"cursor", "limit"}, serve: listActivity},

		{method: post, path: "/v1/payments", keyed: true, serve: createPayment},
		{method: get, path: "/v1/payments", query: []string{"state", "cursor", "limit"}, serve: listPayments},
		{method: get, path: "/v1/payments/{id}", serve: getPayment},
		{method: post, path: "/v1/payments/{id}/capture", keyed: true, serve: capturePayment},
		{method: post, path: "/v1/payments/{id}/cancel", keyed: true, serve: cancelPayment},
		{method: post, path: "/v1/payments/{id}/refunds", keyed: true, serve: createRefund},
		{method: get, path: "/v1/payments/{id}/refunds", query: []string{"cursor", "limit"}, serve: listPaymentRefunds},

		{method: get, path: "/v1/refunds", query: []string{"cursor", "limit"}, serve: listRefunds},
		{method: get, path: "/v1/refunds/{id}", serve: getRefund},

		{method: post, path: "/v1/webhook_endpoints", keyed: true, serve: createEndpoint},
		{method: get, path: "/v1/webhook_endpoints", serve: listEndpoints},
		{method: get, path: "/v1/webhook_endpoints/{id}", serve: getEndpoint},
		{method: del, path: "/v1/webhook_endpoints/{id}", serve: deleteEndpoint},
		{method: get, path: "/v1/webhook_endpoints/{id}/deliveries", query: []string{"limit"}, serve: listDeliveries},
	}
}

// merchant is the merchant as merchants see it.
type merchant struct {
	ID        okpay.MerchantID `json:"id"`
	Name      string           `json:"name"`
	CreatedAt time.Time        `json:"created_at"`
}

func getMerchant(ctx context.Context, c *call) (reply, error) {
	m, err := c.wallet.Merchants.Get(ctx, c.merchant)
	return reply{status: http.StatusOK, body: merchant{m.ID, m.Name, m.CreatedAt}}, err
}

func listBalances(ctx context.Context, c *call) (reply, error) {
	balances, err := c.wallet.Merchants.Balances(ctx, c.merchant)
	return reply{status: http.StatusOK, body: list[okpay.Balance]{append([]okpay.Balance{}, balances...)}}, err
}

func getStatement(ctx context.Context, c *call) (reply, error) {
	currency, order := c.query.Get("currency"), "desc"
	if currency == "" {
		return reply{}, invalid("currency", "is missing")
	}
	if c.query.Has("order") {
		order = c.query.Get("order")
	}
	if order != "desc" && order != "asc" {
		return reply{}, invalid("order", "is neither desc nor asc")
	}
	of := listing{"statement", string(c.merchant), currency, order}
	limit, err := c.limit()
	if err != nil {
		return reply{}, err
	}
	ask := okpay.StatementPage{Desc: order == "desc", Limit: limit}
	from := &ask.After
	if ask.Desc {
		from = &ask.Before
	}
	if c.query.Has("cursor") {
		if *from, err = of.ordinal(c.query.Get("cursor")); err != nil {
			return reply{}, err
		}
	}
	lines, err := c.wallet.Merchants.Statement(ctx, c.merchant, currency, ask)
	if err != nil || len(lines) < limit {
		return paged(of, lines, ""), err
	}
	last := lines[len(lines)-1].Nth
	ask.Limit, *from = 1, last
	rest, err := c.wallet.Merchants.Statement(ctx, c.merchant, currency, ask)
	if err != nil || len(rest) == 0 {
		return paged(of, lines, ""), err
	}
	return paged(of, lines, strconv.FormatInt(last, 10)), nil
}

func listActivity(ctx context.Context, c *call) (reply, error) {
	of := listing{"activity", string(c.merchant)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	items, err := c.wallet.Merchants.Activity(ctx, c.merchant, okpay.ActivityPage{Before: after, Limit: limit})
	if err != nil || len(items) < limit {
		return paged(of, items, ""), err
	}
	last := items[len(items)-1].Object
	rest, err := c.wallet.Merchants.Activity(ctx, c.merchant, okpay.ActivityPage{Before: last, Limit: 1})
	if err != nil || len(rest) == 0 {
		return paged(of, items, ""), err
	}
	return paged(of, items, last), nil
}
