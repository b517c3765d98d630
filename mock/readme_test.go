package mock_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/webhook"
)

// TestCheckout is the sample of the README, word for word, with a Shop that believes nothing
// but verified webhooks.
func TestCheckout(t *testing.T) {
	pay := mock.New(t)
	shop := NewShop(pay.Client)
	customer := pay.Customer("100.00 CNY")

	order := shop.Checkout(t.Context(), "19.95 CNY")
	pay.Confirm(order.Payment, customer)

	pay.Advance(7 * 24 * time.Hour)
	require.True(t, shop.Paid(order))

	t.Cleanup(shop.server.Close)
	unpaid := shop.Checkout(t.Context(), "80.06 CNY")
	require.Error(t, pay.Confirm(unpaid.Payment, customer))
	pay.Advance(7 * 24 * time.Hour)
	require.False(t, shop.Paid(unpaid))
}

// Shop stands for the code under test.
type Shop struct {
	client *merchant.Client
	server *httptest.Server

	mu       sync.Mutex
	verifier *webhook.Verifier
	paid     map[merchant.PaymentID]bool
}

// Order is a thing somebody wants.
type Order struct{ Payment merchant.PaymentID }

func NewShop(client *merchant.Client) *Shop {
	s := &Shop{client: client, paid: make(map[merchant.PaymentID]bool)}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		merchant.EventHandler(s.verifier, s.receive, merchant.EventHandlerConfig{}).ServeHTTP(w, r)
	}))
	_, secret, err := client.WebhookEndpoints.Create(context.Background(), merchant.CreateEndpoint{URL: s.server.URL})
	if err == nil {
		s.verifier, err = webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	}
	if err != nil {
		panic(err)
	}
	return s
}

func (s *Shop) receive(_ context.Context, e merchant.Event) error {
	p, err := e.Payment()
	if errors.Is(err, merchant.ErrInvalidEvent) || e.Type != merchant.EventPaymentCaptured {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paid[p.ID] = true
	return nil
}

func (s *Shop) Checkout(ctx context.Context, price string) Order {
	number, code, _ := strings.Cut(price, " ")
	amount, err := money.Parse(number, money.MustISO(code))
	if err != nil {
		panic(err)
	}
	p, err := s.client.Payments.Create(ctx, merchant.CreatePayment{Amount: amount})
	if err != nil {
		panic(err)
	}
	return Order{Payment: p.ID}
}

func (s *Shop) Paid(o Order) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paid[o.Payment]
}
