package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/webhook"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestTheProgramRegistersItsWebhookAndShips(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready, ended := make(chan string, 1), make(chan error, 1)
	var stderr bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"-okpay", pay.URL, "-addr", "127.0.0.1:0"}, environment(map[string]string{
			"OKPAY_API_KEY": pay.APIKey.Reveal(), "SHOPKEEPER_PASSWORD": password,
		}), &stderr, func(url string) { ready <- url })
	}()
	w := &world{Server: pay, t: t}
	select {
	case w.url = <-ready:
	case err := <-ended:
		require.NoError(t, err)
	}
	b := w.visit("en")
	_, shelf := b.look("/", nil)
	form := firstForm(t, shelf)
	_, _ = b.look("/checkout", form)
	payments, err := pay.Client.Payments.List(t.Context(), merchant.ListPayments{})
	require.NoError(t, err)
	require.Len(t, payments.Data, 1)
	require.NoError(t, pay.Confirm(payments.Data[0].ID, pay.Customer("100.00 CNY")))
	pay.Settle()
	_, page := b.look("/orders/"+form.Get("order"), nil)
	assert.Contains(t, page, "on its way")

	b.client.CloseIdleConnections()
	stop()
	require.NoError(t, <-ended)
	assert.Contains(t, stderr.String(), "msg=ship order="+form.Get("order"))
	assert.NotContains(t, stderr.String(), pay.APIKey.Reveal())
	assert.NotContains(t, stderr.String(), password)
	_, err = http.Get(w.url)
	assert.Error(t, err)
}

func TestTheWebhookSecretIsTheSameAtEveryStartUnlessItIsGiven(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	none := environment(nil)
	first, err := webhookSecret(t.Context(), pay.Client, "https://shop.example.com", none)
	require.NoError(t, err)
	second, err := webhookSecret(t.Context(), pay.Client, "https://shop.example.com", none)
	require.NoError(t, err)
	assert.True(t, first.Equal(second))
	own, err := webhook.NewSecret(nil)
	require.NoError(t, err)
	given, err := webhookSecret(t.Context(), pay.Client, "https://shop.example.com", environment(map[string]string{"OKPAY_WEBHOOK_SECRET": own.Reveal()}))
	require.NoError(t, err)
	assert.True(t, own.Equal(given))
}

func TestWhatCannotBeStartedIsRefused(t *testing.T) {
	t.Parallel()
	const key = "okpay_test_canary"
	full := map[string]string{"OKPAY_API_KEY": key, "SHOPKEEPER_PASSWORD": password}
	tests := []struct {
		name string
		args []string
		env  map[string]string
		want string
	}{
		{"a flag that is not known", []string{"-port", "1"}, full, "-port"},
		{"no password", nil, map[string]string{"OKPAY_API_KEY": key}, "SHOPKEEPER_PASSWORD"},
		{"no API key", nil, map[string]string{"SHOPKEEPER_PASSWORD": password}, "APIKey"},
		{"a service that is no URL", []string{"-okpay", "nowhere"}, full, "BaseURL"},
		{"an address that is none", []string{"-addr", "nowhere:-1"}, full, "listen"},
		{"a secret that is none", []string{"-addr", "127.0.0.1:0"}, map[string]string{
			"OKPAY_API_KEY": key, "SHOPKEEPER_PASSWORD": password, "OKPAY_WEBHOOK_SECRET": "whsec_canary",
		}, "webhook"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := run(ctx, test.args, environment(test.env), io.Discard, func(string) {})
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}
