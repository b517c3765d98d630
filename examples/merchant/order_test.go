package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
)

func TestNewsOfPayments(t *testing.T) {
	t.Parallel()
	tea := products()[0]
	cny := tea.Price.Currency()
	news := func(sequence, captured, refunded int64) merchant.Payment {
		return merchant.Payment{
			ID: "pay_1", Reference: "order-1", Sequence: sequence,
			Captured: money.New(captured, cny), Refunded: money.New(refunded, cny),
		}
	}
	of := func(p merchant.Payment, change func(*merchant.Payment)) merchant.Payment {
		change(&p)
		return p
	}
	price := tea.Price.Minor()
	tests := []struct {
		name string
		news []merchant.Payment
		want order // Shipped, Paid and Refunded
	}{
		{"created and authorized", []merchant.Payment{news(1, 0, 0), news(2, 0, 0)}, order{}},
		{"captured", []merchant.Payment{news(3, price, 0)}, order{Paid: true, Shipped: true}},
		{"captured before it was created", []merchant.Payment{news(3, price, 0), news(1, 0, 0)}, order{Paid: true, Shipped: true}},
		{"captured twice", []merchant.Payment{news(3, price, 0), news(3, price, 0)}, order{Paid: true, Shipped: true}},
		{"captured, and then something that changes no money", []merchant.Payment{news(3, price, 0), news(4, price, 0)}, order{Paid: true, Shipped: true}},
		{"captured in part", []merchant.Payment{news(3, price-1, 0)}, order{}},
		{"refunded later", []merchant.Payment{news(3, price, 0), news(4, price, price)}, order{Paid: true, Shipped: true, Refunded: true}},
		{"refunded before it was known as captured", []merchant.Payment{news(4, price, price), news(3, price, 0)}, order{Paid: true, Refunded: true}},
		{"in another currency", []merchant.Payment{of(news(3, 0, 0), func(p *merchant.Payment) {
			p.Captured = money.New(price, money.MustISO("USD"))
		})}, order{}},
		{"of another payment for the order", []merchant.Payment{of(news(3, price, 0), func(p *merchant.Payment) { p.ID = "pay_2" })}, order{}},
		{"of another order", []merchant.Payment{of(news(3, price, 0), func(p *merchant.Payment) { p.Reference = "order-2" })}, order{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBook()
			require.NoError(t, b.place("order-1", tea, time.Time{}))
			b.asked("order-1", "pay_1")
			shipped := 0
			for _, p := range test.news {
				require.NoError(t, b.told(t.Context(), p, func(context.Context, order) error { shipped++; return nil }))
			}
			got, _ := b.get("order-1")
			assert.Equal(t, test.want, order{Paid: got.Paid, Refunded: got.Refunded, Shipped: got.Shipped})
			assert.Equal(t, test.want.Shipped, shipped == 1, "shipped %d times", shipped)
		})
	}
}

func TestNewsMayComeBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	tea := products()[0]
	b := newBook()
	require.NoError(t, b.place("order-1", tea, time.Time{}))
	paid := merchant.Payment{ID: "pay_1", Reference: "order-1", Sequence: 3, Captured: tea.Price, Refunded: money.Zero(tea.Price.Currency())}
	away := errors.New("no boxes")
	require.ErrorIs(t, b.told(t.Context(), paid, func(context.Context, order) error { return away }), away)
	got, _ := b.get("order-1")
	assert.Equal(t, order{ID: "order-1", Product: tea}, got, "news that could not be acted on are no news yet")
	require.NoError(t, b.told(t.Context(), paid, func(context.Context, order) error { return nil }))
	got, _ = b.get("order-1")
	assert.True(t, got.Shipped)
	assert.Equal(t, merchant.PaymentID("pay_1"), got.Payment)
}

func TestOrdersAreListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	b := newBook()
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, id := range []string{"a", "b", "c"} {
		require.NoError(t, b.place(id, products()[0], day.Add(time.Duration(i)*time.Hour)))
	}
	require.ErrorIs(t, b.place("a", products()[1], day), errOtherProduct)
	var ids []string
	for _, o := range b.all() {
		ids = append(ids, o.ID)
	}
	assert.Equal(t, []string{"c", "b", "a"}, ids)
}
