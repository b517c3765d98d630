package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

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
