package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/webhook"
)

// same compares what the API answered with what the wallet says.
func same(t *testing.T, want, got any) {
	t.Helper()
	diff := cmp.Diff(want, got,
		cmp.Comparer(func(a, b money.Amount) bool { return a == b }),
		cmpopts.IgnoreFields(okpay.Payment{}, "Replayed"), cmpopts.IgnoreFields(okpay.Refund{}, "Replayed"),
		cmpopts.IgnoreFields(okpay.Endpoint{}, "Replayed"), cmpopts.EquateEmpty())
	assert.Empty(t, diff, "-wallet +API")
}

func TestAPaymentFromTheFirstRequestToTheRefund(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()

	a := w.post("/v1/payments", `{"amount":{"amount":"19.95","currency":"CNY"},"customer":"customer-1","capture_method":"manual",
		"expires_in":3600,"reference":"order-1001","description":"两只茶壶 \"blue\" <b>","metadata":{"table":"7"}}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	p := decoded[okpay.Payment](t, a)
	assert.Equal(t, "/v1/payments/"+string(p.ID), a.header.Get("Location"))
	assert.Equal(t, cny(1995), p.Amount)
	assert.Equal(t, "两只茶壶 \"blue\" <b>", p.Description)
	assert.Equal(t, w.clock.Now().Add(time.Hour).UTC(), p.ExpiresAt)
	stored, err := w.wallet.Payments.Get(ctx, p.ID)
	require.NoError(t, err)
	same(t, stored, p)
	same(t, stored, decoded[okpay.Payment](t, w.get(a.header.Get("Location"))))

	w.confirm(p.ID)
	assert.Equal(t, okpay.PaymentAuthorized, decoded[okpay.Payment](t, w.get("/v1/payments/"+string(p.ID))).State)

	a = w.post("/v1/payments/"+string(p.ID)+"/capture", `{"amount":{"amount":"10.00","currency":"CNY"}}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Equal(t, okpay.PaymentPartiallyCaptured, decoded[okpay.Payment](t, a).State)
	a = w.post("/v1/payments/"+string(p.ID)+"/capture", `{"amount":{"amount":"5.00","currency":"CNY"},"final":true}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	captured := decoded[okpay.Payment](t, a)
	assert.Equal(t, okpay.PaymentCaptured, captured.State)
	assert.Equal(t, cny(1500), captured.Captured)

	a = w.post("/v1/payments/"+string(p.ID)+"/refunds", `{"amount":{"amount":"2.50","currency":"CNY"},"reason":"broken"}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	r := decoded[okpay.Refund](t, a)
	assert.Equal(t, "/v1/refunds/"+string(r.ID), a.header.Get("Location"))
	assert.Equal(t, okpay.RefundSucceeded, r.State)
	same(t, r, decoded[okpay.Refund](t, w.get(a.header.Get("Location"))))
	same(t, []okpay.Refund{r}, decoded[page[okpay.Refund]](t, w.get("/v1/refunds")).Data)
	same(t, []okpay.Refund{r}, decoded[page[okpay.Refund]](t, w.get("/v1/payments/"+string(p.ID)+"/refunds")).Data)

	balances, err := w.wallet.Merchants.Balances(ctx, "shop-1")
	require.NoError(t, err)
	same(t, balances, decoded[list[okpay.Balance]](t, w.get("/v1/balances")).Data)

	lines, err := w.wallet.Merchants.Statement(ctx, "shop-1", "CNY", okpay.StatementPage{Desc: true})
	require.NoError(t, err)
	require.NotEmpty(t, lines)
	same(t, lines, decoded[page[okpay.StatementLine]](t, w.get("/v1/statement?currency=CNY")).Data)

	activity, err := w.wallet.Merchants.Activity(ctx, "shop-1", okpay.ActivityPage{})
	require.NoError(t, err)
	require.Len(t, activity, 2)
	same(t, activity, decoded[page[okpay.Activity]](t, w.get("/v1/activity")).Data)
}

func TestEmptyBodiesMeanEverythingWhereTheyMay(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{"", "{}"} {
		p := w.held()
		a := w.post("/v1/payments/"+string(p.ID)+"/capture", body)
		assert.Equal(t, okpay.PaymentCaptured, decoded[okpay.Payment](t, a).State, a.body)
		p = w.held()
		a = w.post("/v1/payments/"+string(p.ID)+"/cancel", body)
		assert.Equal(t, okpay.PaymentCanceled, decoded[okpay.Payment](t, a).State, a.body)
	}
	req := w.request(http.MethodPost, "/v1/payments/"+string(w.held().ID)+"/cancel", "")
	req.Body, req.ContentLength = http.NoBody, -1 // of unknown length, and then empty
	assert.Equal(t, http.StatusOK, w.do(req).status)
}

func TestTheMerchantSeesItself(t *testing.T) {
	w := newWorld(t)
	m := decoded[merchant](t, w.get("/v1/merchant"))
	assert.Equal(t, merchant{"shop-1", "Shop shop-1", w.clock.Now().UTC()}, m)
}

func TestAFailedAttemptIsSeenByTheMerchant(t *testing.T) {
	w := newWorld(t)
	p := w.payment(`{"amount":{"amount":"99999.00","currency":"CNY"}}`)
	_, err := w.wallet.Payments.Confirm(t.Context(), okpay.ConfirmPayment{Payment: p.ID, Customer: "customer-1"})
	require.ErrorIs(t, err, okpay.InsufficientBalance)
	seen := decoded[okpay.Payment](t, w.get("/v1/payments/"+string(p.ID)))
	require.NotNil(t, seen.LastFailure)
	assert.Equal(t, okpay.InsufficientBalance, seen.LastFailure.Code)
	activity := decoded[page[okpay.Activity]](t, w.get("/v1/activity")).Data
	require.Len(t, activity, 1)
	require.NotNil(t, activity[0].Failure)
}

func TestWebhookEndpoints(t *testing.T) {
	w := newWorld(t)
	a := w.post("/v1/webhook_endpoints", `{"url":"https://shop.example/hooks","events":["payment.captured"]}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	e := decoded[newEndpoint](t, a)
	_, err := webhook.ParseSecret(e.Secret)
	require.NoError(t, err)
	location := a.header.Get("Location")
	assert.Equal(t, "/v1/webhook_endpoints/"+string(e.ID), location)

	w.clock.Advance(time.Millisecond)
	all := decoded[newEndpoint](t, w.post("/v1/webhook_endpoints", `{"url":"https://shop.example/all"}`))
	listed := w.get("/v1/webhook_endpoints")
	same(t, []okpay.Endpoint{e.Endpoint, all.Endpoint}, decoded[list[okpay.Endpoint]](t, listed).Data)
	assert.Contains(t, listed.body, `"events":[]`)
	same(t, e.Endpoint, decoded[okpay.Endpoint](t, w.get(location)))
	for _, a := range []answer{listed, w.get(location)} {
		assert.NotContains(t, a.body, "whsec_")
	}

	w.paid()
	_, err = w.wallet.Work(t.Context()) // no such host: the attempt fails and is kept
	require.NoError(t, err)
	deliveries := decoded[list[okpay.Delivery]](t, w.get(location+"/deliveries")).Data
	require.Len(t, deliveries, 1)
	assert.Equal(t, "payment.captured", deliveries[0].EventType)
	assert.Greater(t, len(decoded[list[okpay.Delivery]](t, w.get("/v1/webhook_endpoints/"+string(all.ID)+"/deliveries")).Data), 1)
	assert.Len(t, decoded[list[okpay.Delivery]](t, w.get("/v1/webhook_endpoints/"+string(all.ID)+"/deliveries?limit=1")).Data, 1)

	gone := w.do(w.request(http.MethodDelete, location, ""))
	assert.Equal(t, http.StatusNoContent, gone.status)
	assert.Empty(t, gone.body)
	assert.Equal(t, http.StatusNotFound, w.get(location).status)
	assert.Equal(t, http.StatusNotFound, w.do(w.request(http.MethodDelete, location, "")).status)
}

func TestAnEndpointThatTheProgramMadeHasAListOfEvents(t *testing.T) {
	w := newWorld(t)
	e, _, err := w.wallet.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: "shop-1", URL: "https://shop.example/"})
	require.NoError(t, err)
	assert.Contains(t, w.get("/v1/webhook_endpoints/"+string(e.ID)).body, `"events":[]`)
	assert.Contains(t, w.get("/v1/webhook_endpoints").body, `"events":[]`)
}

func TestReplaysAreMarkedAndDoNothing(t *testing.T) {
	w := newWorld(t)
	held, paid := w.held(), w.paid()
	other := w.held()
	for _, tt := range []struct {
		name, path, body string
		status           int
	}{
		{"a payment", "/v1/payments", good, http.StatusCreated},
		{"a capture", "/v1/payments/" + string(held.ID) + "/capture", `{"amount":{"amount":"1.00","currency":"CNY"}}`, http.StatusOK},
		{"a cancel", "/v1/payments/" + string(other.ID) + "/cancel", "", http.StatusOK},
		{"a refund", "/v1/payments/" + string(paid.ID) + "/refunds", `{"amount":{"amount":"1.00","currency":"CNY"}}`, http.StatusCreated},
		{"an endpoint", "/v1/webhook_endpoints", `{"url":"https://shop.example/hooks"}`, http.StatusCreated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ask := func() answer {
				req := w.request(http.MethodPost, tt.path, tt.body)
				req.Header.Set("Idempotency-Key", "once")
				return w.do(req)
			}
			first := ask()
			require.Equal(t, tt.status, first.status, first.body)
			assert.Empty(t, first.header.Get("Idempotency-Replayed"))
			events := w.events()
			again := ask()
			assert.Equal(t, tt.status, again.status, again.body)
			assert.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
			assert.Equal(t, first.body, again.body)
			assert.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
			assert.Equal(t, events, w.events())
		})
	}
}

// events returns how many events the ledger has.
func (w *world) events() int {
	w.t.Helper()
	events, _, err := w.wallet.Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	return len(events)
}

func TestAReplayAnswersWithTheObjectAsItIsNow(t *testing.T) {
	w := newWorld(t)
	req := func() *http.Request {
		req := w.request(http.MethodPost, "/v1/payments", good)
		req.Header.Set("Idempotency-Key", "order-1")
		return req
	}
	p := decoded[okpay.Payment](t, w.do(req()))
	w.confirm(p.ID)
	assert.Equal(t, okpay.PaymentCaptured, decoded[okpay.Payment](t, w.do(req())).State)
}

func TestOneKeyOfTwoMerchantsIsTwoKeys(t *testing.T) {
	w := newWorld(t)
	ids := make(map[okpay.PaymentID]bool)
	for _, key := range []string{w.key, w.other} {
		req := w.request(http.MethodPost, "/v1/payments", good)
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Idempotency-Key", "order-1")
		a := w.do(req)
		require.Equal(t, http.StatusCreated, a.status, a.body)
		assert.Empty(t, a.header.Get("Idempotency-Replayed"))
		ids[decoded[okpay.Payment](t, a).ID] = true
	}
	assert.Len(t, ids, 2)
}

func TestSixteenRequestsWithOneKeyMakeOnePayment(t *testing.T) {
	w := newWorld(t)
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		ids     = make(map[okpay.PaymentID]int)
		first   int
	)
	for range 16 {
		req := w.request(http.MethodPost, "/v1/payments", good)
		req.Header.Set("Idempotency-Key", "order-1")
		running.Go(func() {
			a, err := w.send(req)
			mu.Lock()
			defer mu.Unlock()
			if assert.NoError(t, err) && assert.Equal(t, http.StatusCreated, a.status, a.body) {
				ids[decoded[okpay.Payment](t, a).ID]++
			}
			if a.header.Get("Idempotency-Replayed") == "" {
				first++
			}
		})
	}
	running.Wait()
	assert.Len(t, ids, 1)
	assert.Equal(t, 1, first, "all but one are replays")
	assert.Len(t, decoded[page[okpay.Payment]](t, w.get("/v1/payments")).Data, 1)
}

// walk turns all pages of a list and returns its items; between is called after each page.
func walk[T any](w *world, path string, limit int, between func()) []T {
	w.t.Helper()
	var items []T
	at := fmt.Sprintf("%s%slimit=%d", path, map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")], limit)
	for next := at; ; {
		a := w.get(next)
		require.Equal(w.t, http.StatusOK, a.status, a.body)
		p := decoded[page[T]](w.t, a)
		require.True(w.t, next == at || len(p.Data) > 0, "a cursor led to nothing")
		items = append(items, p.Data...)
		if p.NextCursor == nil {
			return items
		}
		require.Len(w.t, p.Data, limit, "only the last page may be short")
		if between != nil {
			between()
		}
		next = at + "&cursor=" + url.QueryEscape(*p.NextCursor)
	}
}

func TestPaginationWalksAllPaymentsOnceWhileNewOnesArrive(t *testing.T) {
	w := newWorld(t)
	want := make(map[okpay.PaymentID]bool)
	for range 23 {
		want[w.payment(good).ID] = true
		w.clock.Advance(time.Millisecond)
	}
	seen := make(map[okpay.PaymentID]int)
	var order []okpay.PaymentID
	arrived := 0
	for _, p := range walk[okpay.Payment](w, "/v1/payments", 5, func() {
		w.payment(good)
		arrived++
		w.clock.Advance(time.Millisecond)
	}) {
		seen[p.ID]++
		order = append(order, p.ID)
	}
	assert.Positive(t, arrived)
	for id := range want {
		assert.Equal(t, 1, seen[id], id)
	}
	for i := 1; i < len(order); i++ {
		assert.Greater(t, order[i-1], order[i], "the newest first")
	}
	assert.Len(t, walk[okpay.Payment](w, "/v1/payments", 100, nil), len(want)+arrived)
}

func TestEveryListEndsAfterItsLastItem(t *testing.T) {
	w := newWorld(t)
	p := w.paid()
	for range 5 {
		a := w.post("/v1/payments/"+string(p.ID)+"/refunds", `{"amount":{"amount":"1.00","currency":"CNY"}}`)
		require.Equal(t, http.StatusCreated, a.status, a.body)
		w.clock.Advance(time.Millisecond)
	}
	for _, path := range []string{"/v1/refunds", "/v1/payments/" + string(p.ID) + "/refunds"} {
		all := walk[okpay.Refund](w, path, 100, nil)
		assert.Len(t, all, 5)
		for _, limit := range []int{1, 2, 3, 5} {
			same(t, all, walk[okpay.Refund](w, path, limit, nil))
		}
	}
	activity := walk[okpay.Activity](w, "/v1/activity", 100, nil)
	assert.Len(t, activity, 6)
	for _, limit := range []int{1, 2, 3, 6} {
		same(t, activity, walk[okpay.Activity](w, "/v1/activity", limit, nil))
	}
	for _, order := range []string{"desc", "asc"} {
		path := "/v1/statement?currency=CNY&order=" + order
		lines := walk[okpay.StatementLine](w, path, 100, nil)
		require.Greater(t, len(lines), 5)
		assert.Equal(t, order == "asc", lines[0].Nth == 1)
		for _, limit := range []int{1, 2, 3, len(lines)} {
			same(t, lines, walk[okpay.StatementLine](w, path, limit, nil))
		}
	}
}

func TestPaymentsCanBeFilteredByState(t *testing.T) {
	w := newWorld(t)
	w.payment(good)
	held := w.held()
	found := decoded[page[okpay.Payment]](t, w.get("/v1/payments?state=authorized")).Data
	require.Len(t, found, 1)
	assert.Equal(t, held.ID, found[0].ID)
	for _, s := range paymentStates() {
		assert.Equal(t, http.StatusOK, w.get("/v1/payments?state="+string(s)).status, s)
	}
}

func TestEventsAreWhatTheDocumentSays(t *testing.T) {
	w := newWorld(t)
	c := loadContract(t)
	received := make(chan []byte, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		_ = r.Write(&body)
		_, payload, _ := strings.Cut(body.String(), "\r\n\r\n")
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			assert.NotEmpty(t, r.Header.Get(name))
		}
		received <- []byte(payload)
	}))
	defer receiver.Close()
	a := w.post("/v1/webhook_endpoints", `{"url":"`+receiver.URL+`"}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)

	s := newStock(w)
	w.post("/v1/payments/"+string(s.paid.ID)+"/refunds", "{}") // too little is left: it waits
	w.clock.Advance(8 * 24 * time.Hour)
	_, err := w.wallet.Work(context.WithoutCancel(t.Context()))
	require.NoError(t, err)

	seen := make(map[string]bool)
	for len(received) > 0 {
		payload := <-received
		e := decoded[okpay.Event](t, answer{body: string(payload)})
		seen[e.Type] = true
		name := "PaymentEvent"
		if strings.HasPrefix(e.Type, "refund.") {
			name = "RefundEvent"
		}
		assert.NoError(t, c.schema(name, payload), "%s", payload)
	}
	for _, eventType := range []string{"payment.created", "payment.authorized", "payment.captured", "payment.canceled", "payment.expired", "refund.succeeded", "refund.pending"} {
		assert.True(t, seen[eventType], "%s was not delivered", eventType)
	}
}
