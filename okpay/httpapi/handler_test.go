package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

func TestNewRefusesWhatItCannotServe(t *testing.T) {
	test, _ := newWallet(t, okpay.Test, newClock().Now, okpay.Config{})
	live, _ := newWallet(t, okpay.Live, newClock().Now, okpay.Config{})
	for _, tt := range []struct {
		name string
		cfg  Config
		ok   bool
	}{
		{"no wallet", Config{}, false},
		{"a live wallet as Test", Config{Test: live}, false},
		{"a test wallet as Live", Config{Live: test}, false},
		{"a test wallet", Config{Test: test}, true},
		{"a live wallet", Config{Live: live}, true},
		{"both", Config{Test: test, Live: live}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := New(tt.cfg)
			if tt.ok {
				require.NoError(t, err)
				assert.NotNil(t, h)
				return
			}
			assert.ErrorIs(t, err, ErrInvalidConfig)
			assert.Nil(t, h)
		})
	}
}

func TestTheModeOfTheKeyChoosesTheWallet(t *testing.T) {
	w := newWorld(t)
	live, _ := newWallet(t, okpay.Live, w.clock.Now, okpay.Config{})
	_, err := live.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "shop-1", Name: "Live shop"})
	require.NoError(t, err)
	_, secret, err := live.Keys.Create(t.Context(), "shop-1", "")
	require.NoError(t, err)
	name := func(key string) (int, string) {
		req := w.request(http.MethodGet, "/v1/merchant", "")
		req.Header.Set("Authorization", "bearer "+key) // RFC 9110: the scheme has no case
		a := w.do(req)
		if a.status != http.StatusOK {
			return a.status, a.problem(t).Detail
		}
		return a.status, decoded[merchant](t, a).Name
	}
	for _, tt := range []struct {
		name       string
		cfg        Config
		key        string
		status     int
		wantPartly string
	}{
		{"a test key where both are served", Config{Test: w.wallet, Live: live}, w.key, 200, "Shop shop-1"},
		{"a live key where both are served", Config{Test: w.wallet, Live: live}, secret.Reveal(), 200, "Live shop"},
		{"a test key where only live is served", Config{Live: live}, w.key, 401, "keys of the mode test are not served here"},
		{"a live key where only test is served", Config{Test: w.wallet}, secret.Reveal(), 401, "keys of the mode live are not served here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			w.serve(tt.cfg)
			status, got := name(tt.key)
			assert.Equal(t, tt.status, status)
			assert.Contains(t, got, tt.wantPartly)
		})
	}
}

func TestEveryRequestGetsANewID(t *testing.T) {
	w := newWorld(t)
	seen := make(map[string]bool)
	for range 5 {
		req := w.request(http.MethodGet, "/v1/merchant", "")
		req.Header.Set("Request-Id", "req_mine") // ignored
		a := w.do(onPurpose(req))
		id := a.header.Get("Request-Id")
		assert.NotEqual(t, "req_mine", id)
		assert.False(t, seen[id])
		seen[id] = true
		assert.Equal(t, id, w.log.last(t)["request_id"])
	}
}

func TestRequestIDsComeFromTheGivenSource(t *testing.T) {
	w := newWorld(t)
	w.serve(Config{Test: w.wallet, Rand: bytes.NewReader(make([]byte, 16))})
	assert.Equal(t, "req_"+strings.Repeat("a", 26), w.get("/v1/merchant").header.Get("Request-Id"))
	// The source is empty now: the request is served all the same.
	assert.Equal(t, http.StatusOK, w.get("/v1/merchant").status)
}

func TestOneLineIsLoggedForEachRequest(t *testing.T) {
	w := newWorld(t)
	keys, err := w.wallet.Keys.List(t.Context(), "shop-1")
	require.NoError(t, err)
	before := strings.Count(w.log.String(), "\n")
	p := w.payment(good)
	line := w.log.last(t)
	assert.Equal(t, "INFO", line["level"])
	assert.Equal(t, "POST", line["method"])
	assert.Equal(t, "/v1/payments", line["route"])
	assert.EqualValues(t, 201, line["status"])
	assert.Equal(t, "shop-1", line["merchant"])
	assert.Equal(t, "test", line["mode"])
	assert.Equal(t, string(keys[0].ID), line["key"])
	assert.NotContains(t, line, "code")
	assert.NotContains(t, line, "error")

	w.get("/v1/payments/" + string(p.ID) + "x")
	line = w.log.last(t)
	assert.Equal(t, "/v1/payments/{id}", line["route"])
	assert.EqualValues(t, 404, line["status"])
	assert.Equal(t, "not_found", line["code"])
	assert.NotContains(t, line, "error", "a refusal is no error of the service")

	w.do(onPurpose(w.request("PAY"+"ME", "/v1/nothing", "")))
	line = w.log.last(t)
	assert.Equal(t, "other", line["method"])
	assert.Equal(t, "", line["route"])
	assert.Equal(t, before+3, strings.Count(w.log.String(), "\n"))
}

// broken serves a route that fails as told.
func broken(t *testing.T, w *world, serve func(context.Context, *call) (reply, error)) *world {
	t.Helper()
	cfg := Config{Test: w.wallet, Logger: slog.New(slog.NewJSONHandler(w.log, nil))}
	require.NoError(t, cfg.setDefaults())
	h := &handler{cfg: cfg, mux: http.NewServeMux(), document: newDocument()}
	h.register([]route{
		{method: http.MethodGet, path: "/v1/merchant", serve: serve},
		{method: http.MethodPost, path: "/v1/payments", keyed: true, serve: serve},
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	other := *w
	other.t, other.server = t, server
	return &other
}

func TestAPanicIsAProblemAndIsLogged(t *testing.T) {
	w := newWorld(t)
	b := broken(t, w, func(context.Context, *call) (reply, error) { panic("the sky fell, said " + w.key) })
	a := b.get("/v1/merchant")
	assert.Equal(t, http.StatusInternalServerError, a.status)
	p := a.problem(t)
	assert.Equal(t, okpay.InternalError, p.Code)
	assert.NotContains(t, a.body, "the sky fell") // the request's id may have any three letters
	line := w.log.last(t)
	assert.Equal(t, "ERROR", line["level"])
	assert.Equal(t, p.RequestID, line["request_id"])
	assert.Equal(t, "internal_error", line["code"])
	assert.Equal(t, "panic: the sky fell, said okpay_test_[secret]", line["error"])
	assert.Contains(t, line["stack"], "handler_test.go")
	assert.NotContains(t, w.log.String(), w.key)
}

func TestAPanicOnTheWayOutEndsTheConnection(t *testing.T) {
	w := newWorld(t)
	b := broken(t, w, func(_ context.Context, c *call) (reply, error) {
		c.exchange.WriteHeader(http.StatusOK)
		panic("too late")
	})
	_, err := b.send(b.request(http.MethodGet, "/v1/merchant", ""))
	assert.Error(t, err)
	assert.Equal(t, "panic: too late", w.log.last(t)["error"])

	b = broken(t, w, func(context.Context, *call) (reply, error) { panic(http.ErrAbortHandler) })
	_, err = b.send(b.request(http.MethodGet, "/v1/merchant", ""))
	assert.Error(t, err)
}

func TestAReplyThatIsNoJSONIsAnInternalError(t *testing.T) {
	w := newWorld(t)
	b := broken(t, w, func(context.Context, *call) (reply, error) {
		return reply{status: http.StatusOK, body: func() {}}, nil
	})
	assert.Equal(t, http.StatusInternalServerError, b.get("/v1/merchant").status)
}

func TestWhatTheWalletReturnsBecomesAStatus(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		err    error
		moves  bool
		status int
		code   okpay.Code
		cause  bool // it is for the log
	}{
		{"a failure of the store", t.Context(), errors.New("disk full"), true, 500, okpay.InternalError, true},
		{"a failure of the store, wrapped", t.Context(), fmt.Errorf("a: %w", errors.New("disk full")), false, 500, okpay.InternalError, true},
		{"a failure that the wallet calls internal", t.Context(), refuse(okpay.InternalError, "", "the table of accounts is gone"), true, 500, okpay.InternalError, true},
		{"an outcome that is not known", t.Context(), fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, context.Canceled), true, 409, requestInProgress, true},
		{"a caller that left before a change was made or not", ended, context.Canceled, true, 409, requestInProgress, true},
		{"a caller that left while reading", ended, context.Canceled, false, 503, okpay.ServiceBusy, true},
		{"a ledger that was closed, and a change", t.Context(), ledger.ErrClosed, true, 409, requestInProgress, true},
		{"a ledger that was closed, and a read", t.Context(), ledger.ErrClosed, false, 503, okpay.ServiceBusy, true},
		{"a full queue", t.Context(), refuse(okpay.ServiceBusy, "", "nothing was done"), true, 503, okpay.ServiceBusy, true},
		{"a refusal though the caller left", ended, refuse(okpay.InvalidState, "", "no"), true, 409, okpay.InvalidState, false},
		{"a refusal beside a failure", t.Context(), errors.Join(refuse(okpay.InsufficientBalance, "", ""), errors.New("disk full")), true, 402, okpay.InsufficientBalance, false},
		{"a refusal of the funding source, which the API does not have yet", t.Context(), refuse(okpay.FundingSourceDeclined, "", ""), true, 422, okpay.FundingSourceDeclined, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, cause := problemOf(tt.ctx, tt.err, tt.moves)
			assert.Equal(t, tt.status, p.Status)
			assert.Equal(t, tt.code, p.Code)
			assert.Equal(t, tt.cause, cause != "")
			assert.NotEmpty(t, p.Detail)
			assert.NotContains(t, p.Detail, "disk")
			assert.NotContains(t, p.Detail, "table")
		})
	}
}

func TestFailuresOfTheServiceAreAnsweredByTheDocument(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		err           error
		read, written int
	}{
		{errors.New("disk full"), 500, 500},
		{refuse(okpay.ServiceBusy, "", "nothing was done"), 503, 503},
		{ledger.ErrClosed, 503, 409},
	} {
		b := broken(t, w, func(context.Context, *call) (reply, error) { return reply{}, tt.err })
		a := b.get("/v1/merchant")
		assert.Equal(t, tt.read, a.status)
		if tt.read == http.StatusServiceUnavailable {
			assert.Equal(t, "1", a.header.Get("Retry-After"))
		}
		assert.Equal(t, "same_key", a.problem(t).Retry)
		a = b.post("/v1/payments", good)
		assert.Equal(t, tt.written, a.status)
		assert.Equal(t, "same_key", a.problem(t).Retry)
	}
}

func TestABodyThatEndsTooSoonIsAProblem(t *testing.T) {
	w := newWorld(t)
	h, err := New(Config{Test: w.wallet})
	require.NoError(t, err)
	req := httptest.NewRequest(http.MethodPost, "/v1/payments", iotest.ErrReader(errors.New("reset")))
	req.ContentLength = 10
	req.Header.Set("Authorization", "Bearer "+w.key)
	req.Header.Set("Idempotency-Key", "k")
	before := w.seq()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	assert.Equal(t, http.StatusBadRequest, rec.Code)
	assert.Contains(t, rec.Body.String(), "before it was whole")
	assert.NoError(t, loadContract(t).response(req, rec.Result(), rec.Body.Bytes()))
	assert.Equal(t, before, w.seq())
}

// A key that leaks is money that leaks: one is put into every place that a request has, and
// looked for in everything that comes out.
func TestAnAPIKeyIsNowhereInLogsAndAnswers(t *testing.T) {
	w := newWorld(t)
	var out strings.Builder
	for _, key := range []string{w.key, w.key + "x", "okpay_live_" + strings.Repeat("A", 43)} {
		for _, bad := range []*http.Request{
			w.request(http.MethodGet, "/v1/payments/"+key, ""),
			w.request(http.MethodPost, "/v1/payments/"+key+"/capture", ""),
			w.request(http.MethodGet, "/v1/refunds/"+key, ""),
			w.request(http.MethodDelete, "/v1/webhook_endpoints/"+key, ""),
			w.request(http.MethodGet, "/v1/"+key, ""),
			w.request(http.MethodGet, "/v1/payments?cursor="+key, ""),
			w.request(http.MethodGet, "/v1/payments?limit="+key, ""),
			w.request(http.MethodGet, "/v1/payments?state="+key, ""),
			w.request(http.MethodGet, "/v1/payments?"+key+"=1", ""),
			w.request(http.MethodGet, "/v1/statement?currency="+key, ""),
			w.request(http.MethodPost, "/v1/payments", `{"`+key+`":1}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"`+key+`":1}}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"amount":"1","currency":"`+key+`"}}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"amount":"`+key+`","currency":"CNY"}}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"amount":"1","currency":"CNY"},"customer":"`+key+`1234567890"}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"amount":"1","currency":"CNY"},"capture_method":"`+key+`"}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"amount":"1","currency":"CNY"},"expires_in":"`+key+`"}`),
			w.request(http.MethodPost, "/v1/payments", `{"amount":{"amount":"1","currency":"CNY"},"metadata":{"`+key+`":1}}`),
			w.request(http.MethodPost, "/v1/payments", key),
			w.request(http.MethodPost, "/v1/webhook_endpoints", `{"url":"`+key+`"}`),
			w.request(http.MethodPost, "/v1/webhook_endpoints", `{"url":"https://`+key+`:x@shop.example/"}`),
			w.request(http.MethodPost, "/v1/webhook_endpoints", `{"url":"https://shop.example/","events":["`+key+`"]}`),
			w.request(strings.ReplaceAll(key, "_", "-"), "/v1/payments", ""),
		} {
			bad.Header.Set("X-Key", key)
			bad.Header.Set("User-Agent", key)
			a := w.do(onPurpose(bad))
			assert.GreaterOrEqual(t, a.status, 400)
			fmt.Fprintf(&out, "%v %s\n", a.header, a.body)
		}
		req := w.request(http.MethodPost, "/v1/payments", good)
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Idempotency-Key", "k-"+key)
		a := w.do(onPurpose(req))
		fmt.Fprintf(&out, "%v %s\n", a.header, a.body)
	}
	for what, text := range map[string]string{"the log": w.log.String(), "an answer": out.String()} {
		assert.NotContains(t, text, w.key, what)
		assert.NotContains(t, text, strings.ReplaceAll(w.key, "_", "-"), what)
		assert.NotContains(t, text, w.key[len("okpay_test_"):len("okpay_test_")+12], what+" has a part of the key")
		assert.NotContains(t, text, "AAAAAAAAAAAA", what)
		assert.NotContains(t, text, "Bearer okpay", what)
	}
}

func TestBodiesAndHeadersAreNotLogged(t *testing.T) {
	w := newWorld(t)
	req := w.request(http.MethodPost, "/v1/payments?canary-query=1", `{"canary-name":"canary-value"}`)
	req.Header.Set("X-Canary", "canary-header")
	req.Header.Set("Idempotency-Key", "canary-key")
	w.do(onPurpose(req))
	w.do(onPurpose(w.request(http.MethodGet, "/v1/payments/canary-id", "")))
	w.do(onPurpose(w.request(http.MethodGet, "/v1/canary-path", "")))
	assert.NotContains(t, w.log.String(), "canary")
}

func TestTheHandlerStandsInALargerOne(t *testing.T) {
	w := newWorld(t)
	h, err := New(Config{Test: w.wallet})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/v1/", h)
	mux.HandleFunc("/", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusTeapot) })
	server := httptest.NewServer(mux)
	defer server.Close()
	w.server = server
	assert.Equal(t, http.StatusOK, w.get("/v1/merchant").status)
	p := w.payment(good)
	assert.Equal(t, http.StatusOK, w.get("/v1/payments/"+string(p.ID)).status)
	res, err := http.Get(server.URL + "/")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusTeapot, res.StatusCode)
}
