package httpapi

import (
	"context"
	"net/http"

	"github.com/okpay/okpay-go/okpay"
)

func listPaymentShares(ctx context.Context, c *call) (reply, error) {
	of := listing{"payment_shares", string(c.merchant)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	shares, more, err := c.wallet.Payments.Shares(ctx, okpay.ListShares{Merchant: c.merchant, After: okpay.PaymentID(after), Limit: limit})
	next := ""
	if more {
		next = string(shares[len(shares)-1].Payment)
	}
	return paged(of, shares, next), err
}

func getPaymentShare(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payment")
	if err != nil {
		return reply{}, err
	}
	s, err := c.wallet.Payments.GetShare(ctx, c.merchant, okpay.PaymentID(id))
	return reply{status: http.StatusOK, body: s}, err
}
