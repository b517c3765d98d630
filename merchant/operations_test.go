package merchant_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
)

var sameAmount = cmp.Comparer(func(a, b money.Amount) bool { return a == b })

func pageJSON(items ...string) string {
	return `{"data":[` + strings.Join(items, ",") + `],"next_cursor":null}`
}

func TestOperationsSendWhatTheContractSaysAndReadTheAnswer(t *testing.T) {
	t.Parallel()
	payment, refund := samplePayment(t), sampleRefund(t)
	const endpointJSON = `{"id":"we_1","merchant":"shop-1","url":"https://shop.example/hooks","events":["payment.captured"],"created_at":"2026-01-02T03:00:00Z"`
	endpoint := merchant.Endpoint{
		ID: "we_1", Merchant: "shop-1", URL: "https://shop.example/hooks",
		Events: []merchant.EventType{merchant.EventPaymentCaptured}, CreatedAt: at("2026-01-02T03:00:00Z"),
	}
	const shareJSON = `{"payment":"pay_1","merchant":"shop-2","state":"captured","share":{"merchant":"shop-1","weight":3,
		"captured":{"amount":"3.00","currency":"CNY"},"fee":{"amount":"0.10","currency":"CNY"},
		"refunded":{"amount":"1.00","currency":"CNY"},"fee_returned":{"amount":"0.03","currency":"CNY"}},
		"created_at":"2026-01-02T03:00:00Z","updated_at":"2026-01-02T04:00:00Z"}`
	share := merchant.PaymentShare{
		Payment: "pay_1", Merchant: "shop-2", State: merchant.PaymentCaptured, CreatedAt: at("2026-01-02T03:00:00Z"), UpdatedAt: at("2026-01-02T04:00:00Z"),
		Share: merchant.Share{
			Merchant: "shop-1", Weight: 3, Captured: cny(t, "3"), Fee: cny(t, "0.1"), Refunded: cny(t, "1"), FeeReturned: cny(t, "0.03"),
		},
	}
	disabled := endpoint
	disabled.DisabledAt = at("2026-01-03T03:00:00Z")
	type result struct {
		Value any
		More  any
	}
	one := func(v any, err error) (result, error) { return result{Value: v}, err }
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

	tests := []struct {
		name                string
		call                func(context.Context, *merchant.Client) (result, error)
		method, path, query string
		body                string // "" for none
		status              int
		answer              string
		want                any
		more                any
	}{
		{
			name: "merchant.get", method: "GET", path: "/v1/merchant", status: 200,
			call:   func(ctx context.Context, c *merchant.Client) (result, error) { return one(c.Merchant.Get(ctx)) },
			answer: `{"id":"shop-1","name":"Teapots","created_at":"2026-01-01T00:00:00Z"}`,
			want:   merchant.Merchant{ID: "shop-1", Name: "Teapots", CreatedAt: at("2026-01-01T00:00:00Z")},
		},
		{
			name: "payments.create with little", method: "POST", path: "/v1/payments", status: 201,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "19.95"), Key: "key-1"}))
			},
			body:   `{"amount":{"amount":"19.95","currency":"CNY"}}`,
			answer: paymentJSON, want: payment,
		},
		{
			name: "payments.create with everything", method: "POST", path: "/v1/payments", status: 201,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Create(ctx, merchant.CreatePayment{
					Amount: cny(t, "19.95"), Customer: "customer-1", CaptureMethod: merchant.CaptureManual, ExpiresIn: time.Hour,
					Reference: "order-1001", Description: "两把 <茶壶>", Metadata: map[string]string{"table": "7"}, Key: "key-1",
				}))
			},
			body: `{"amount":{"amount":"19.95","currency":"CNY"},"customer":"customer-1","capture_method":"manual","expires_in":3600,
				"reference":"order-1001","description":"两把 <茶壶>","metadata":{"table":"7"}}`,
			answer: paymentJSON, want: payment,
		},
		{
			name: "payments.get", method: "GET", path: "/v1/payments/pay_1", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Get(ctx, "pay_1"))
			},
			answer: paymentJSON, want: payment,
		},
		{
			name: "an id is one part of the path, whatever is in it", method: "GET", path: "/v1/payments/a%2Fb%3Fc", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Get(ctx, "a/b?c"))
			},
			answer: paymentJSON, want: payment,
		},
		{
			name: "payments.capture of everything", method: "POST", path: "/v1/payments/pay_1/capture", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Capture(ctx, merchant.CapturePayment{Payment: "pay_1", Key: "key-1"}))
			},
			body: `{}`, answer: paymentJSON, want: payment,
		},
		{
			name: "payments.capture of a part", method: "POST", path: "/v1/payments/pay_1/capture", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Capture(ctx, merchant.CapturePayment{Payment: "pay_1", Amount: cny(t, "5"), Final: true, Key: "key-1"}))
			},
			body: `{"amount":{"amount":"5.00","currency":"CNY"},"final":true}`, answer: paymentJSON, want: payment,
		},
		{
			name: "payments.cancel", method: "POST", path: "/v1/payments/pay_1/cancel", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Cancel(ctx, merchant.CancelPayment{Payment: "pay_1", Key: "key-1"}))
			},
			body: `{}`, answer: paymentJSON, want: payment,
		},
		{
			name: "payments.refund", method: "POST", path: "/v1/payments/pay_1/refunds", status: 201,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Refund(ctx, merchant.CreateRefund{Payment: "pay_1", Amount: cny(t, "5"), Reason: "broken", Key: "key-1"}))
			},
			body: `{"amount":{"amount":"5.00","currency":"CNY"},"reason":"broken"}`, answer: refundJSON, want: refund,
		},
		{
			name: "payments.refund of everything", method: "POST", path: "/v1/payments/pay_1/refunds", status: 201,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.Refund(ctx, merchant.CreateRefund{Payment: "pay_1", Key: "key-1"}))
			},
			body: `{}`, answer: refundJSON, want: refund,
		},
		{
			name: "payments.list", method: "GET", path: "/v1/payments", query: "cursor=c1&limit=2&state=captured", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Payments.List(ctx, merchant.ListPayments{State: merchant.PaymentCaptured, Cursor: "c1", Limit: 2}))
			},
			answer: `{"data":[` + paymentJSON + `],"next_cursor":"c2"}`,
			want:   merchant.Page[merchant.Payment]{Data: []merchant.Payment{payment}, NextCursor: "c2"},
		},
		{
			name: "refunds.get", method: "GET", path: "/v1/refunds/ref_1", status: 200,
			call:   func(ctx context.Context, c *merchant.Client) (result, error) { return one(c.Refunds.Get(ctx, "ref_1")) },
			answer: refundJSON, want: refund,
		},
		{
			name: "refunds.list", method: "GET", path: "/v1/refunds", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Refunds.List(ctx, merchant.ListRefunds{}))
			},
			answer: pageJSON(refundJSON), want: merchant.Page[merchant.Refund]{Data: []merchant.Refund{refund}},
		},
		{
			name: "refunds.list of a payment", method: "GET", path: "/v1/payments/pay_1/refunds", query: "limit=5", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Refunds.List(ctx, merchant.ListRefunds{Payment: "pay_1", Limit: 5}))
			},
			answer: pageJSON(), want: merchant.Page[merchant.Refund]{Data: []merchant.Refund{}},
		},
		{
			name: "balances.list", method: "GET", path: "/v1/balances", status: 200,
			call:   func(ctx context.Context, c *merchant.Client) (result, error) { return one(c.Balances.List(ctx)) },
			answer: `{"data":[{"available":{"amount":"3.00","currency":"CNY"},"held":{"amount":"1.00","currency":"CNY"},"total":{"amount":"4.00","currency":"CNY"}}]}`,
			want:   []merchant.Balance{{Available: cny(t, "3"), Held: cny(t, "1"), Total: cny(t, "4")}},
		},
		{
			name: "balances.debts", method: "GET", path: "/v1/debts", status: 200,
			call:   func(ctx context.Context, c *merchant.Client) (result, error) { return one(c.Balances.Debts(ctx)) },
			answer: `{"data":[{"owed":{"amount":"3.00","currency":"CNY"}}]}`,
			want:   []merchant.Debt{{Owed: cny(t, "3")}},
		},
		{
			name: "payment_shares.get", method: "GET", path: "/v1/payment_shares/pay_1", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.PaymentShares.Get(ctx, "pay_1"))
			},
			answer: shareJSON, want: share,
		},
		{
			name: "payment_shares.list", method: "GET", path: "/v1/payment_shares", query: "limit=5", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.PaymentShares.List(ctx, merchant.ListPaymentShares{Limit: 5}))
			},
			answer: pageJSON(shareJSON), want: merchant.Page[merchant.PaymentShare]{Data: []merchant.PaymentShare{share}},
		},
		{
			name: "statement.list", method: "GET", path: "/v1/statement", query: "currency=CNY&limit=1&order=asc", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Statement.List(ctx, merchant.ListStatement{Currency: "CNY", Order: merchant.OldestFirst, Limit: 1}))
			},
			answer: pageJSON(`{"nth":7,"time":"2026-01-02T03:00:00Z","kind":"fee","object":"pay_1","amount":{"amount":"-0.20","currency":"CNY"},"balance":{"amount":"4.00","currency":"CNY"}}`),
			want: merchant.Page[merchant.StatementLine]{Data: []merchant.StatementLine{
				{Nth: 7, Time: at("2026-01-02T03:00:00Z"), Kind: "fee", Object: "pay_1", Amount: cny(t, "-0.20"), Balance: cny(t, "4")},
			}},
		},
		{
			name: "activity.list", method: "GET", path: "/v1/activity", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.Activity.List(ctx, merchant.ListActivity{}))
			},
			answer: pageJSON(`{"kind":"payment","object":"pay_1","state":"captured","amount":{"amount":"19.95","currency":"CNY"},"other":"customer-1","created_at":"2026-01-02T03:00:00Z"}`),
			want: merchant.Page[merchant.Activity]{Data: []merchant.Activity{
				{Kind: "payment", Object: "pay_1", State: "captured", Amount: cny(t, "19.95"), Other: "customer-1", CreatedAt: at("2026-01-02T03:00:00Z")},
			}},
		},
		{
			name: "webhook_endpoints.create", method: "POST", path: "/v1/webhook_endpoints", status: 201,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				e, s, err := c.WebhookEndpoints.Create(ctx, merchant.CreateEndpoint{
					URL: "https://shop.example/hooks", Events: []merchant.EventType{merchant.EventPaymentCaptured}, Key: "key-1",
				})
				return result{e, s.Reveal()}, err
			},
			body:   `{"url":"https://shop.example/hooks","events":["payment.captured"]}`,
			answer: endpointJSON + `,"secret":"` + secret + `"}`, want: endpoint, more: secret,
		},
		{
			name: "webhook_endpoints.list", method: "GET", path: "/v1/webhook_endpoints", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.WebhookEndpoints.List(ctx))
			},
			answer: `{"data":[` + endpointJSON + `},` + endpointJSON + `,"disabled_at":"2026-01-03T03:00:00Z"}]}`,
			want:   []merchant.Endpoint{endpoint, disabled},
		},
		{
			name: "webhook_endpoints.get", method: "GET", path: "/v1/webhook_endpoints/we_1", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.WebhookEndpoints.Get(ctx, "we_1"))
			},
			answer: endpointJSON + `}`, want: endpoint,
		},
		{
			name: "webhook_endpoints.delete", method: "DELETE", path: "/v1/webhook_endpoints/we_1", status: 204,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return result{}, c.WebhookEndpoints.Delete(ctx, "we_1")
			},
		},
		{
			name: "webhook_endpoints.deliveries", method: "GET", path: "/v1/webhook_endpoints/we_1/deliveries", query: "limit=3", status: 200,
			call: func(ctx context.Context, c *merchant.Client) (result, error) {
				return one(c.WebhookEndpoints.Deliveries(ctx, "we_1", 3))
			},
			answer: `{"data":[{"id":"dlv_1","endpoint":"we_1","event":"evt_1","event_type":"payment.captured","state":"pending","attempts":1,"status":502,"next_at":"2026-01-02T03:00:05Z","no":42,"merchant":"shop-1"}]}`,
			want: []merchant.Delivery{{
				ID: "dlv_1", Endpoint: "we_1", Event: "evt_1", EventType: merchant.EventPaymentCaptured, State: merchant.DeliveryPending,
				Attempts: 1, Status: 502, NextAt: at("2026-01-02T03:00:05Z"), No: 42, Merchant: "shop-1",
			}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, reply{status: test.status, body: test.answer})
			got, err := test.call(t.Context(), s.client(t))
			require.NoError(t, err)
			if diff := cmp.Diff(result{test.want, test.more}, got, sameAmount); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			seen := s.seen()
			require.Len(t, seen, 1)
			r := seen[0]
			assert.Equal(t, test.method, r.method)
			assert.Equal(t, test.path, r.path)
			assert.Equal(t, test.query, r.query)
			assert.Equal(t, "Bearer "+canary, r.header.Get("Authorization"))
			assert.Equal(t, merchant.DefaultUserAgent, r.header.Get("User-Agent"))
			assert.Contains(t, r.header.Get("Accept"), "application/json")
			if test.body == "" {
				assert.Empty(t, r.body)
				assert.Empty(t, r.header.Get("Content-Type"))
				assert.Empty(t, r.header.Values("Idempotency-Key"))
				return
			}
			assert.JSONEq(t, test.body, r.body)
			assert.Equal(t, "application/json", r.header.Get("Content-Type"))
			assert.Equal(t, []string{"key-1"}, r.header.Values("Idempotency-Key"))
		})
	}
}

func TestAReplayIsMarked(t *testing.T) {
	t.Parallel()
	replayed := map[string]string{"Idempotency-Replayed": "true"}
	ctx := t.Context()

	c := newService(t, reply{status: 201, body: paymentJSON, header: replayed}).client(t)
	p, err := create(ctx, c, t)
	require.NoError(t, err)
	assert.True(t, p.Replayed)
	p, err = c.Payments.Cancel(ctx, merchant.CancelPayment{Payment: "pay_1"})
	require.NoError(t, err)
	assert.True(t, p.Replayed)

	r, err := newService(t, reply{status: 201, body: refundJSON, header: replayed}).client(t).Payments.Refund(ctx, merchant.CreateRefund{Payment: "pay_1"})
	require.NoError(t, err)
	assert.True(t, r.Replayed)

	_, err = newService(t, reply{status: 422, body: problemJSON, header: replayed}).client(t).Payments.Capture(ctx, merchant.CapturePayment{Payment: "pay_1"})
	assert.True(t, asError(t, err).Replayed)
}

func TestInputThatCannotBeSentIsRefusedAndNothingIsSent(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 201, body: paymentJSON})
	c := s.client(t)
	ctx := t.Context()
	onlyError := func(_ any, err error) error { return err }
	tests := []struct {
		name  string
		err   error
		field string
	}{
		{"no amount", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{})), "amount"},
		{"half a second", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), ExpiresIn: 1500 * time.Millisecond})), "expires_in"},
		{"a reference that is not UTF-8", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Reference: "\xff"})), "reference"},
		{"metadata that is not UTF-8", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Metadata: map[string]string{"a": "\xff"}})), "metadata"},
		{"a name in metadata that is not UTF-8", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Metadata: map[string]string{"\xff": "a"}})), "metadata"},
		{"a key with a line end", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Key: "a\r\nX-Evil: 1"})), "Key"},
		{"a key with a space behind it", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Key: "a "})), "Key"},
		{"a key that is too long", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Key: strings.Repeat("k", 129)})), "Key"},
		{"a key in Chinese", onlyError(c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "1"), Key: "订单"})), "Key"},
		{"no payment to get", onlyError(c.Payments.Get(ctx, "")), "payment"},
		{"a payment that is a way up", onlyError(c.Payments.Get(ctx, "..")), "payment"},
		{"no payment to capture", onlyError(c.Payments.Capture(ctx, merchant.CapturePayment{})), "payment"},
		{"no payment to cancel", onlyError(c.Payments.Cancel(ctx, merchant.CancelPayment{})), "payment"},
		{"no payment to refund", onlyError(c.Payments.Refund(ctx, merchant.CreateRefund{})), "payment"},
		{"a reason that is not UTF-8", onlyError(c.Payments.Refund(ctx, merchant.CreateRefund{Payment: "pay_1", Reason: "\xff"})), "reason"},
		{"no refund", onlyError(c.Refunds.Get(ctx, "")), "refund"},
		{"refunds of no payment", onlyError(c.Refunds.List(ctx, merchant.ListRefunds{Payment: "."})), "payment"},
		{"no endpoint to get", onlyError(c.WebhookEndpoints.Get(ctx, "")), "webhook_endpoint"},
		{"no endpoint to delete", c.WebhookEndpoints.Delete(ctx, ""), "webhook_endpoint"},
		{"deliveries of no endpoint", onlyError(c.WebhookEndpoints.Deliveries(ctx, "", 0)), "webhook_endpoint"},
		{"a URL that is not UTF-8", func() error {
			_, _, err := c.WebhookEndpoints.Create(ctx, merchant.CreateEndpoint{URL: "https://\xff"})
			return err
		}(), "url"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := asError(t, test.err)
			assert.ErrorIs(t, test.err, merchant.CodeInvalidRequest)
			assert.NotErrorIs(t, test.err, merchant.ErrOutcomeUnknown)
			assert.Equal(t, test.field, e.Field)
			assert.Zero(t, e.Status)
			assert.NotEmpty(t, e.Operation)
			assert.NotEmpty(t, e.Detail)
			assert.NotEmpty(t, e.Message.Text("zh"))
		})
	}
	assert.Empty(t, s.seen())
}

func TestAnAnswerThatCannotBeReadIsNoObject(t *testing.T) {
	t.Parallel()
	without := func(member string) string { return strings.Replace(paymentJSON, `"`+member+`":`, `"x":`, 1) }
	tests := []struct {
		name, body, says string
	}{
		{"nothing", ``, "JSON"},
		{"a web page", `<html>Sign in to the airport's network</html>`, "JSON"},
		{"null", `null`, "no id"},
		{"an empty object", `{}`, "no id"},
		{"two objects", paymentJSON + paymentJSON, "JSON"},
		{"no state", without("state"), "no state"},
		{"no amount", without("amount"), "no amount"},
		{"no captured", without("captured"), "no captured"},
		{"no created_at", without("created_at"), "no created_at"},
		{"a number for an amount", strings.Replace(paymentJSON, `"19.95"`, `19.95`, 1), "JSON"},
		{"an amount of too many decimals", strings.Replace(paymentJSON, `"19.95"`, `"19.955"`, 1), "decimals"},
		{"a currency that is not known", strings.Replace(paymentJSON, `"CNY"`, `"GEMS"`, 1), "GEMS"},
		{"a time that is none", strings.Replace(paymentJSON, `"2026-01-02T03:05:00Z"`, `"yesterday"`, 1), "JSON"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, reply{status: 201, body: test.body, header: map[string]string{"Request-Id": "req_7"}})
			c := s.client(t)
			p, err := create(t.Context(), c, t)
			assert.Equal(t, merchant.Payment{}, p)
			require.ErrorIs(t, err, merchant.ErrBadResponse)
			var e *merchant.ResponseError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "payments.create", e.Operation)
			assert.Equal(t, http.StatusCreated, e.Status)
			assert.Equal(t, "req_7", e.RequestID)
			assert.ErrorContains(t, err, test.says)
			// It may well have been made.
			assert.ErrorIs(t, err, merchant.ErrOutcomeUnknown)
			assert.Equal(t, "order-1001", merchant.KeyOf(err))
			assert.Len(t, s.seen(), 1, "asking again would be answered alike")

			_, err = c.Payments.Get(t.Context(), "pay_1")
			require.ErrorIs(t, err, merchant.ErrBadResponse)
			assert.NotErrorIs(t, err, merchant.ErrOutcomeUnknown)
		})
	}
}

func TestASecretThatCannotBeReadIsNotShown(t *testing.T) {
	t.Parallel()
	const endpoint = `"merchant":"m","url":"https://shop.example","events":[],"created_at":"2026-01-02T03:00:00Z","secret":`
	for name, body := range map[string]string{
		"which is none":    `{"id":"we_1",` + endpoint + `"whsec_hunter2"}`,
		"of another kind":  `{"id":"we_1",` + endpoint + `"whsk_hunter2"}`,
		"which is missing": `{"id":"we_1",` + endpoint + `""}`,
		"of no endpoint":   `{"x":"we_1",` + endpoint + `"whsec_hunter2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newService(t, reply{status: 201, body: body}).client(t)
			e, secret, err := c.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{URL: "https://shop.example", Key: "key-1"})
			require.ErrorIs(t, err, merchant.ErrBadResponse)
			assert.Equal(t, "key-1", merchant.KeyOf(err))
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Empty(t, e.ID)
			assert.Empty(t, secret.Reveal())
		})
	}
}

func TestAListThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `null`, `[]`, `{"data":null}`, `{"data":[{}]}`, `{"data":[null]}`, `{"data":[` + paymentJSON + `],"next_cursor":5}`} {
		c := newService(t, reply{status: 200, body: body}).client(t)
		_, err := c.Payments.List(t.Context(), merchant.ListPayments{})
		assert.ErrorIs(t, err, merchant.ErrBadResponse, body)
	}
}

func TestWhatIsNewIsTolerated(t *testing.T) {
	t.Parallel()
	body := strings.Replace(paymentJSON, `"state":"captured"`, `"state":"teleported","mood":{"of":["the","day"]}`, 1)
	body = strings.Replace(body, `"code":"insufficient_balance","fault":"payer","retry":"after_action"`, `"code":"new_code","fault":"moon","retry":"twice"`, 1)
	c := newService(t, reply{status: 200, body: body}).client(t)
	p, err := c.Payments.Get(t.Context(), "pay_1")
	require.NoError(t, err)
	assert.Equal(t, merchant.PaymentState("teleported"), p.State)
	assert.Equal(t, merchant.Code("new_code"), p.LastFailure.Code)
	assert.Equal(t, cny(t, "19.95"), p.Amount)
}

func TestOtherAssetsAreReadOnceTheyAreRegistered(t *testing.T) {
	t.Parallel()
	gems, err := money.NewCurrency("GEMS", 3)
	require.NoError(t, err)
	registry, err := money.ISO().With(money.Info{Currency: gems})
	require.NoError(t, err)
	s := newService(t,
		reply{status: 200, body: strings.ReplaceAll(paymentJSON, `"CNY"`, `"GEMS"`)},
		reply{status: 422, body: strings.ReplaceAll(problemJSON, `"CNY"`, `"GEMS"`)})
	c := s.client(t, func(c *merchant.Config) { c.Currencies = registry })
	p, err := c.Payments.Get(t.Context(), "pay_1")
	require.NoError(t, err)
	assert.Equal(t, money.New(19950, gems), p.Amount)
	_, err = c.Payments.Capture(t.Context(), merchant.CapturePayment{Payment: "pay_1", Amount: money.New(20000, gems)})
	assert.Equal(t, money.New(19950, gems), asError(t, err).Limit)
	assert.JSONEq(t, `{"amount":{"amount":"20.000","currency":"GEMS"}}`, s.seen()[1].body)
}

func TestABasePathIsKept(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 200, body: paymentJSON})
	c := newClient(t, func(c *merchant.Config) { c.BaseURL = s.URL + "/okpay/" })
	_, err := c.Payments.Get(t.Context(), "pay_1")
	require.NoError(t, err)
	assert.Equal(t, "/okpay/v1/payments/pay_1", s.seen()[0].path)
}
