package merchant_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
)

// canary is the API key of the tests. It must be seen nowhere but in Authorization.
const canary = "okpay_test_CANARY-7hJ2kQ9xW4vT1sB8nM5cR3zL6pD0fG"

// reply is one answer of a scripted service.
type reply struct {
	status int
	header map[string]string
	body   string
	drop   bool // break the connection instead
	cut    bool // break it in the middle of the body
}

// received is one request as it came.
type received struct {
	method, path, query string
	header              http.Header
	body                string
}

// service answers with its replies in turn, the last one again and again.
type service struct {
	*httptest.Server
	mu       sync.Mutex
	replies  []reply
	requests []received
}

func newService(t *testing.T, replies ...reply) *service {
	t.Helper()
	s := &service{replies: replies}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, received{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Clone(), string(body)})
	next := s.replies[min(len(s.requests), len(s.replies))-1]
	s.mu.Unlock()
	if next.drop {
		panic(http.ErrAbortHandler)
	}
	for name, value := range next.header {
		w.Header().Set(name, value)
	}
	if next.cut {
		w.Header().Set("Content-Length", "100000")
	}
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
	if next.cut {
		panic(http.ErrAbortHandler)
	}
}

func (s *service) seen() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.requests...)
}

// client returns a client of the service that waits for nothing.
func (s *service) client(t *testing.T, change ...func(*merchant.Config)) *merchant.Client {
	t.Helper()
	return newClient(t, append([]func(*merchant.Config){func(c *merchant.Config) { c.BaseURL = s.URL }}, change...)...)
}

func newClient(t *testing.T, change ...func(*merchant.Config)) *merchant.Client {
	t.Helper()
	config := merchant.Config{
		BaseURL: "http://localhost:1", APIKey: merchant.NewAPIKey(canary),
		MinBackoff: time.Nanosecond, MaxBackoff: time.Nanosecond,
	}
	for _, f := range change {
		f(&config)
	}
	c, err := merchant.New(config)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respond makes what a transport returns.
func respond(r *http.Request, p reply) *http.Response {
	w := httptest.NewRecorder()
	for name, value := range p.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, p.body)
	response := w.Result()
	response.Request = r
	return response
}

func cny(t testing.TB, text string) money.Amount {
	t.Helper()
	a, err := money.Parse(text, money.MustISO("CNY"))
	require.NoError(t, err)
	return a
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

// Objects as the service writes them.
const (
	paymentJSON = `{"id":"pay_1","merchant":"shop-1","customer":"customer-1","state":"captured","capture_method":"automatic",
		"amount":{"amount":"19.95","currency":"CNY"},"captured":{"amount":"19.95","currency":"CNY"},
		"refunded":{"amount":"0.00","currency":"CNY"},"fee":{"amount":"0.20","currency":"CNY"},
		"fee_returned":{"amount":"0.00","currency":"CNY"},"reference":"order-1001","metadata":{"table":"7"},"attempts":2,
		"last_failure":{"code":"insufficient_balance","fault":"payer","retry":"after_action","next_action":["top_up"],
		"message_en":"Not enough.","message_zh":"余额不足。","at":"2026-01-02T03:04:05Z"},
		"created_at":"2026-01-02T03:00:00.123456Z","updated_at":"2026-01-02T03:05:00Z","expires_at":"2026-01-09T03:00:00Z","sequence":4}`
	refundJSON = `{"id":"ref_1","payment":"pay_1","merchant":"shop-1","customer":"customer-1","state":"succeeded",
		"amount":{"amount":"5.00","currency":"CNY"},"fee_returned":{"amount":"0.05","currency":"CNY"},"reason":"broken",
		"created_at":"2026-01-02T04:00:00Z","sequence":2}`
	problemJSON = `{"type":"urn:okpay:error:amount_exceeds_capturable","title":"More than the authorized amount that is left.","status":422,
		"detail":"at most 19.95 CNY is possible","code":"amount_exceeds_capturable","fault":"merchant","retry":"lower_amount",
		"next_action":["lower_amount"],"message":{"en":"More than the authorized amount that is left.","zh-CN":"超出可请款金额。"},
		"field":"amount","limit":{"amount":"19.95","currency":"CNY"},"object":"pay_1","request_id":"req_1"}`
)

func samplePayment(t *testing.T) merchant.Payment {
	return merchant.Payment{
		ID: "pay_1", Merchant: "shop-1", Customer: "customer-1", State: merchant.PaymentCaptured, CaptureMethod: merchant.CaptureAutomatic,
		Amount: cny(t, "19.95"), Captured: cny(t, "19.95"), Refunded: cny(t, "0"), Fee: cny(t, "0.20"), FeeReturned: cny(t, "0"),
		Reference: "order-1001", Metadata: map[string]string{"table": "7"}, Attempts: 2,
		LastFailure: &merchant.Refused{
			Code: merchant.CodeInsufficientBalance, Fault: merchant.FaultPayer, Retry: merchant.RetryAfterAction,
			NextAction: []string{"top_up"}, MessageEn: "Not enough.", MessageZh: "余额不足。", At: at("2026-01-02T03:04:05Z"),
		},
		CreatedAt: at("2026-01-02T03:00:00.123456Z"), UpdatedAt: at("2026-01-02T03:05:00Z"), ExpiresAt: at("2026-01-09T03:00:00Z"),
		Sequence: 4,
	}
}

func sampleRefund(t *testing.T) merchant.Refund {
	return merchant.Refund{
		ID: "ref_1", Payment: "pay_1", Merchant: "shop-1", Customer: "customer-1", State: merchant.RefundSucceeded,
		Amount: cny(t, "5"), FeeReturned: cny(t, "0.05"), Reason: "broken", CreatedAt: at("2026-01-02T04:00:00Z"), Sequence: 2,
	}
}

// problem is a refusal by the service.
func problem(status int, code merchant.Code, retry merchant.Retry) reply {
	return reply{
		status: status, header: map[string]string{"Content-Type": "application/problem+json"},
		body: `{"type":"urn:okpay:error:` + string(code) + `","title":"t","status":0,"detail":"d","code":"` + string(code) +
			`","fault":"caller","retry":"` + string(retry) + `","next_action":[],"message":{"en":"e","zh-CN":"z"},"request_id":"req_9"}`,
	}
}

func create(ctx context.Context, c *merchant.Client, t testing.TB) (merchant.Payment, error) {
	return c.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(t, "19.95"), Key: "order-1001"})
}

func asError(t *testing.T, err error) *merchant.Error {
	t.Helper()
	var e *merchant.Error
	require.ErrorAs(t, err, &e)
	return e
}

func requireNoCanary(t *testing.T, text string) {
	t.Helper()
	assert.NotContains(t, text, canary[len("okpay_test_"):])
}
