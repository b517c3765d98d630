package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/webhook"
)

func newClock() *handclock.Clock { return handclock.At(time.Date(2025, 12, 1, 10, 0, 0, 0, time.UTC)) }

// journal is a log that a test reads, line by line, as JSON.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// last returns the last line of the log.
func (j *journal) last(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(j.String()), "\n")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &line))
	return line
}

// world is two merchants and a customer with money, and the API in front of them.
type world struct {
	t      *testing.T
	wallet *okpay.Wallet
	ledger *ledger.Ledger
	clock  *handclock.Clock
	log    *journal
	server *httptest.Server
	client *http.Client
	key    string // of shop-1
	other  string // of shop-2
	sent   int    // for keys
}

// loopback sends messages to this machine and no further.
type loopback struct{}

func (loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != "127.0.0.1" {
		return nil, errors.New("there is no such host")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func newWallet(t testing.TB, mode okpay.Mode, now func() time.Time, cfg okpay.Config) (*okpay.Wallet, *ledger.Ledger) {
	t.Helper()
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close(context.WithoutCancel(t.Context()))) })
	cfg.Mode = mode
	w, err := okpay.New(l, cfg)
	require.NoError(t, err)
	return w, l
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), log: &journal{}}
	w.wallet, w.ledger = newWallet(t, okpay.Test, w.clock.Now, okpay.Config{
		Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}, Webhooks: webhook.SenderConfig{Transport: loopback{}, AllowPrivate: true},
	})
	w.key, w.other = w.merchant("shop-1"), w.merchant("shop-2")
	_, err := w.wallet.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "customer-1"})
	require.NoError(t, err)
	_, err = w.wallet.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: "customer-1", Amount: cny(100_000)})
	require.NoError(t, err)
	w.serve(Config{Test: w.wallet})
	return w
}

// serve puts a handler in front of the world. Every exchange with it is held against the document.
func (w *world) serve(cfg Config) {
	w.t.Helper()
	cfg.Logger = slog.New(slog.NewJSONHandler(w.log, nil))
	h, err := New(cfg)
	require.NoError(w.t, err)
	w.server = httptest.NewServer(h)
	w.t.Cleanup(w.server.Close)
	w.client = &http.Client{
		Transport:     &checked{loadContract(w.t), func(err error) { w.t.Errorf("%v", err) }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// merchant registers a merchant and returns an API key.
func (w *world) merchant(id okpay.MerchantID) string {
	w.t.Helper()
	_, err := w.wallet.Merchants.Create(w.t.Context(), okpay.CreateMerchant{ID: id, Name: "Shop " + string(id)})
	require.NoError(w.t, err)
	_, secret, err := w.wallet.Keys.Create(w.t.Context(), id, "tests")
	require.NoError(w.t, err)
	return secret.Reveal()
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) decode(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.body), v), a.body)
}

func decoded[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	a.decode(t, &v)
	return v
}

func (a answer) problem(t testing.TB) problem { return decoded[problem](t, a) }

// request makes a request of shop-1; a POST gets a new Idempotency-Key.
func (w *world) request(method, path, body string) *http.Request {
	w.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, r)
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		w.sent++
		req.Header.Set("Idempotency-Key", "key-"+strconv.Itoa(w.sent))
	}
	return req
}

func (w *world) do(req *http.Request) answer {
	w.t.Helper()
	a, err := w.send(req)
	require.NoError(w.t, err)
	return a
}

// send is do for any goroutine.
func (w *world) send(req *http.Request) (answer, error) {
	res, err := w.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

func (w *world) get(path string) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, path, ""))
}

func (w *world) post(path, body string) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodPost, path, body))
}

// seq returns the number of the ledger's last block: it moves with every change.
func (w *world) seq() int64 {
	w.t.Helper()
	seq, _, _, err := w.ledger.Head(w.t.Context())
	require.NoError(w.t, err)
	return seq
}

// payment makes a payment of shop-1 over the API.
func (w *world) payment(body string) okpay.Payment {
	w.t.Helper()
	a := w.post("/v1/payments", body)
	require.Equal(w.t, http.StatusCreated, a.status, a.body)
	return decoded[okpay.Payment](w.t, a)
}

// confirm is the customer's act, which the program does.
func (w *world) confirm(id okpay.PaymentID) {
	w.t.Helper()
	_, err := w.wallet.Payments.Confirm(w.t.Context(), okpay.ConfirmPayment{Payment: id, Customer: "customer-1"})
	require.NoError(w.t, err)
}

// paid makes a payment that is captured.
func (w *world) paid() okpay.Payment {
	w.t.Helper()
	p := w.payment(`{"amount":{"amount":"20.00","currency":"CNY"}}`)
	w.confirm(p.ID)
	return p
}

// held makes a payment that is authorized.
func (w *world) held() okpay.Payment {
	w.t.Helper()
	p := w.payment(`{"amount":{"amount":"20.00","currency":"CNY"},"capture_method":"manual"}`)
	w.confirm(p.ID)
	return p
}
