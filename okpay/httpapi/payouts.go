package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

func getPayoutConditions(ctx context.Context, c *call) (reply, error) {
	currency, err := c.currency()
	if err != nil {
		return reply{}, err
	}
	conditions, err := c.wallet.Payouts.Conditions(ctx, c.merchant, currency)
	return reply{status: http.StatusOK, body: conditions}, err
}

func createPayout(ctx context.Context, c *call) (reply, error) {
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "amount", "destination")
	f.required("amount", "destination")
	in := okpay.RequestPayout{
		Merchant: c.merchant, Key: c.key,
		Amount:      f.amount("amount", c.wallet),
		Destination: okpay.DestinationID(f.text("destination")),
	}
	if f.err != nil {
		return reply{}, f.err
	}
	p, err := c.wallet.Payouts.Request(ctx, in)
	return reply{status: http.StatusCreated, body: p, location: "/v1/payouts/" + string(p.ID), replayed: p.Replayed}, err
}

func listPayouts(ctx context.Context, c *call) (reply, error) {
	of := listing{"payouts", string(c.merchant)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	payouts, more, err := c.wallet.Payouts.List(ctx, okpay.ListPayouts{
		Merchant: c.merchant, After: okpay.PayoutID(after), Limit: limit,
	})
	next := ""
	if more {
		next = string(payouts[len(payouts)-1].ID)
	}
	return paged(of, payouts, next), err
}

func getPayout(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payout")
	if err != nil {
		return reply{}, err
	}
	p, err := c.wallet.Payouts.GetOwned(ctx, c.merchant, okpay.PayoutID(id))
	return reply{status: http.StatusOK, body: p}, err
}

func cancelPayout(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payout")
	if err != nil {
		return reply{}, err
	}
	if err := c.nothing(); err != nil {
		return reply{}, err
	}
	p, err := c.wallet.Payouts.Cancel(ctx, okpay.CancelPayout{Merchant: c.merchant, Payout: okpay.PayoutID(id), Key: c.key})
	return reply{status: http.StatusOK, body: p, replayed: p.Replayed}, err
}

func setPayoutSchedule(ctx context.Context, c *call) (reply, error) {
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "currency", "every", "weekday", "hour", "reserve", "destination")
	f.required("currency", "every", "hour", "destination")
	in := okpay.SetPayoutSchedule{
		Merchant: c.merchant, Key: c.key,
		Currency:    f.text("currency"),
		Every:       okpay.Period(f.text("every")),
		Weekday:     time.Weekday(f.number("weekday", 0, 6)),
		Hour:        f.number("hour", 0, 23),
		Reserve:     f.amount("reserve", c.wallet),
		Destination: okpay.DestinationID(f.text("destination")),
	}
	if f.err != nil {
		return reply{}, f.err
	}
	s, err := c.wallet.Payouts.SetSchedule(ctx, in)
	return reply{status: http.StatusOK, body: s, replayed: s.Replayed}, err
}

// schedule returns the currency in the path. A code that is not known has no schedule.
func (c *call) schedule() (string, error) {
	code := c.request.PathValue("currency")
	if _, err := c.wallet.Currency(code); err != nil {
		return "", refuse(okpay.NotFound, "", "there is no payout schedule for this currency")
	}
	return code, nil
}

func getPayoutSchedule(ctx context.Context, c *call) (reply, error) {
	currency, err := c.schedule()
	if err != nil {
		return reply{}, err
	}
	s, err := c.wallet.Payouts.Schedule(ctx, c.merchant, currency)
	return reply{status: http.StatusOK, body: s}, err
}

func removePayoutSchedule(ctx context.Context, c *call) (reply, error) {
	currency, err := c.schedule()
	if err != nil {
		return reply{}, err
	}
	if err := c.nothing(); err != nil {
		return reply{}, err
	}
	s, err := c.wallet.Payouts.RemoveSchedule(ctx, okpay.RemovePayoutSchedule{Merchant: c.merchant, Currency: currency, Key: c.key})
	return reply{status: http.StatusOK, body: s, replayed: s.Replayed}, err
}
