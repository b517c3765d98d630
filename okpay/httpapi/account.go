package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
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

// debt is what the merchant owes in one currency.
type debt struct {
	Owed money.Amount `json:"owed"`
}

func listDebts(ctx context.Context, c *call) (reply, error) {
	owed, err := c.wallet.Merchants.Debts(ctx, c.merchant)
	debts := make([]debt, len(owed))
	for i, a := range owed {
		debts[i] = debt{a}
	}
	return reply{status: http.StatusOK, body: list[debt]{debts}}, err
}

// activityKinds are the kinds of what happens with a merchant's money.
func activityKinds() []string { return []string{"payment", "refund", "dispute", "payout"} }

func listActivity(ctx context.Context, c *call) (reply, error) {
	kinds, err := c.kinds(activityKinds())
	if err != nil {
		return reply{}, err
	}
	of := listing{"activity", string(c.merchant), strings.Join(kinds, ",")}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	items, err := c.wallet.Merchants.Activity(ctx, c.merchant, okpay.ActivityPage{Before: after, Kinds: kinds, Limit: limit})
	if err != nil || len(items) < limit {
		return paged(of, items, ""), err
	}
	last := items[len(items)-1].Object
	rest, err := c.wallet.Merchants.Activity(ctx, c.merchant, okpay.ActivityPage{Before: last, Kinds: kinds, Limit: 1})
	if err != nil || len(rest) == 0 {
		return paged(of, items, ""), err
	}
	return paged(of, items, last), nil
}
