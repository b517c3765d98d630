package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/webhook"
)

const password = "a-password-for-tests"

// world is a shop on loopback that is paid through a mock.
type world struct {
	*mock.Server
	t      *testing.T
	url    string
	secret webhook.Secret
	book   *book

	mu         sync.Mutex
	shop       http.Handler
	shipped    []string // ids of orders
	shipFails  error
	deliveries []delivery
}

// delivery is a webhook as it came, and what the shop answered.
type delivery struct {
	header http.Header
	body   []byte
	status int
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{Server: mock.New(t), t: t, book: newBook()}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	w.url = server.URL
	var err error
	_, w.secret, err = w.Client.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{URL: w.url + webhookPath})
	require.NoError(t, err)
	w.restart()
	return w
}

// restart opens the shop again with the orders that it has; what its webhook handler knows is
// forgotten, as when a program starts again.
func (w *world) restart() {
	shop, err := openShop(config{
		Client: w.Client, Secret: w.secret, Password: password, Log: slog.New(slog.DiscardHandler),
		Ship: func(_ context.Context, o order) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.shipFails == nil {
				w.shipped = append(w.shipped, o.ID)
			}
			return w.shipFails
		},
	}, w.book)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shop = shop
}

// serve hands requests to the shop and keeps the webhooks.
func (w *world) serve(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	shop := w.shop
	w.mu.Unlock()
	if r.URL.Path != webhookPath {
		shop.ServeHTTP(out, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	assert.NoError(w.t, err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	shop.ServeHTTP(recorder, r)
	out.WriteHeader(recorder.Code)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deliveries = append(w.deliveries, delivery{r.Header.Clone(), body, recorder.Code})
}

func (w *world) failToShip(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shipFails = err
}

func (w *world) shippedOrders() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.shipped...)
}

func (w *world) delivered() []delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]delivery{}, w.deliveries...)
}

// post delivers a webhook and returns the status.
func (w *world) post(header http.Header, body []byte) int {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+webhookPath, bytes.NewReader(body))
	require.NoError(w.t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	require.NoError(w.t, response.Body.Close())
	return response.StatusCode
}

// browser is a person who looks at pages.
type browser struct {
	*world
	client   *http.Client
	language string
	password string
}

func (w *world) visit(language string) *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	return &browser{world: w, client: &http.Client{Jar: jar}, language: language}
}

// look gets a page, following redirects, or posts a form if one is given.
func (b *browser) look(path string, form url.Values) (status int, page string) {
	b.t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(form.Encode()))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept-Language", b.language)
	if b.password != "" {
		request.SetBasicAuth("shopkeeper", b.password)
	}
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, string(text)
}

// firstForm reads the hidden fields of the first form of a page.
func firstForm(t *testing.T, page string) url.Values {
	t.Helper()
	start, end := strings.Index(page, "<form"), strings.Index(page, "</form>")
	require.True(t, start >= 0 && end > start, "no form in:\n%s", page)
	form := url.Values{}
	for _, field := range regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page[start:end], -1) {
		form.Set(field[1], field[2])
	}
	return form
}

// buy orders the first product, green tea for 19.95 CNY.
func (b *browser) buy() (o order, page string) {
	b.t.Helper()
	status, shelf := b.look("/", nil)
	require.Equal(b.t, http.StatusOK, status)
	form := firstForm(b.t, shelf)
	status, page = b.look("/checkout", form)
	require.Equal(b.t, http.StatusOK, status)
	o, ok := b.book.get(form.Get("order"))
	require.True(b.t, ok)
	return o, page
}

func TestAnOrderIsPaidAndShippedWhenTheWebhookTellsOfThePayment(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.visit("en-GB,en;q=0.9")
	o, page := b.buy()
	assert.Contains(t, page, "Open your wallet and confirm")
	assert.Contains(t, page, string(o.Payment))
	assert.Contains(t, page, "CN¥19.95")

	w.Settle()
	assert.Empty(t, w.shippedOrders(), "what was asked for is not paid")
	require.NoError(t, w.Confirm(o.Payment, w.Customer("100.00 CNY")))
	w.Settle()
	assert.Equal(t, []string{o.ID}, w.shippedOrders())
	o, _ = w.book.get(o.ID)
	assert.True(t, o.Paid)
	_, page = b.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, "Paid. Thank you!")
	assert.Contains(t, page, "on its way")
	for _, d := range w.delivered() {
		assert.Equal(t, http.StatusNoContent, d.status)
	}
}

func TestACustomerWithTooLittleMoneyIsToldWhatToDoInTheirLanguage(t *testing.T) {
	t.Parallel()
	w := open(t)
	english, chinese := w.visit("en"), w.visit("zh-CN,zh;q=0.9,en;q=0.5")
	customer := w.Customer("10.00 CNY")
	o, page := chinese.buy()
	assert.Contains(t, page, "请打开钱包")
	require.ErrorIs(t, w.Confirm(o.Payment, customer), okpay.InsufficientBalance)
	w.Settle()

	_, page = chinese.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, `lang="zh-CN"`)
	assert.Contains(t, page, "账户余额不足,请充值或更换支付方式。")
	assert.Contains(t, page, "请先为钱包充值")
	_, page = english.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, `lang="en"`)
	assert.Contains(t, page, "Your balance is not enough for this payment.")
	assert.Contains(t, page, "Top up your wallet, then confirm again.")
	assert.Empty(t, w.shippedOrders())

	w.TopUp(customer, "9.95 CNY")
	require.NoError(t, w.Confirm(o.Payment, customer))
	w.Settle()
	_, page = chinese.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, "已付款")
	assert.Equal(t, []string{o.ID}, w.shippedOrders())
}

func TestAPaymentThatWasRefusedForGoodSaysSo(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.visit("en")
	o, _ := b.buy()
	poor := w.Customer()
	for range 5 {
		require.ErrorIs(t, w.Confirm(o.Payment, poor), okpay.InsufficientBalance)
	}
	_, page := b.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, "refused for good")
	assert.Contains(t, page, "Your balance is not enough")
}

// captured is the body of the webhook that tells that an order is paid.
func captured(t *testing.T, o order) []byte {
	t.Helper()
	zero := money.Zero(o.Product.Price.Currency())
	data, err := json.Marshal(merchant.Payment{
		ID: o.Payment, State: merchant.PaymentCaptured, Reference: o.ID, Sequence: 3, CreatedAt: time.Now(),
		Amount: o.Product.Price, Captured: o.Product.Price, Refunded: zero, Fee: zero, FeeReturned: zero,
	})
	require.NoError(t, err)
	body, err := json.Marshal(merchant.Event{
		ID: "evt_forged", Type: merchant.EventPaymentCaptured, CreatedAt: time.Now(), Schema: 1, Data: data,
	})
	require.NoError(t, err)
	return body
}

func TestAForgedWebhookIsRefusedAndShipsNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	o, _ := w.visit("en").buy()
	w.Settle()
	body := captured(t, o)
	strangers, err := webhook.NewSecret(nil)
	require.NoError(t, err)
	sign := func(key webhook.SigningKey, at time.Time) http.Header {
		header := http.Header{}
		require.NoError(t, webhook.SetHeaders(header, webhook.Message{ID: "evt_forged", Timestamp: at, Body: body}, key))
		return header
	}
	tests := []struct {
		name   string
		header http.Header
		body   []byte
	}{
		{"not signed", http.Header{}, body},
		{"signed with another secret", sign(strangers, time.Now()), body},
		{"another body than was signed", sign(w.secret, time.Now()), append([]byte(" "), body...)},
		{"of an hour ago", sign(w.secret, time.Now().Add(-time.Hour)), body},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, http.StatusBadRequest, w.post(test.header, test.body))
			assert.Empty(t, w.shippedOrders())
		})
	}
	got, _ := w.book.get(o.ID)
	assert.False(t, got.Paid)
	assert.Equal(t, http.StatusNoContent, w.post(sign(w.secret, time.Now()), body), "only the signature was wrong")
	assert.Equal(t, []string{o.ID}, w.shippedOrders())
}

func TestAWebhookThatComesAgainShipsOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	o, _ := w.visit("en").buy()
	require.NoError(t, w.Confirm(o.Payment, w.Customer("100.00 CNY")))
	w.Settle()
	first := w.delivered()
	require.NotEmpty(t, first)
	for _, d := range first {
		assert.Equal(t, http.StatusNoContent, w.post(d.header, d.body))
	}
	w.restart() // the handler has forgotten what it has seen, and the orders know it
	for _, d := range first {
		assert.Equal(t, http.StatusNoContent, w.post(d.header, d.body))
	}
	assert.Equal(t, []string{o.ID}, w.shippedOrders())
}

func TestAnOrderThatCouldNotBeShippedIsShippedWhenTheWebhookComesAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	o, _ := w.visit("en").buy()
	w.failToShip(errors.New("no boxes"))
	require.NoError(t, w.Confirm(o.Payment, w.Customer("100.00 CNY")))
	w.Settle()
	got, _ := w.book.get(o.ID)
	assert.False(t, got.Shipped)
	w.failToShip(nil)
	w.Advance(5 * time.Second)
	assert.Equal(t, []string{o.ID}, w.shippedOrders())
}

func TestAnOrderThatNobodyPaysExpires(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.visit("en")
	o, _ := b.buy()
	w.Advance(7 * 24 * time.Hour)
	_, page := b.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, "The time to pay is over.")
	require.Error(t, w.Confirm(o.Payment, w.Customer("100.00 CNY")))
	w.Settle()
	assert.Empty(t, w.shippedOrders())

	again, page := b.buy()
	assert.NotEqual(t, o.Payment, again.Payment)
	assert.Contains(t, page, "Open your wallet")
}

func TestPressingTheButtonTwiceIsOnePayment(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.visit("en")
	_, shelf := b.look("/", nil)
	form := firstForm(t, shelf)
	for range 2 {
		status, _ := b.look("/checkout", form)
		assert.Equal(t, http.StatusOK, status)
	}
	list, err := w.Client.Payments.List(t.Context(), merchant.ListPayments{})
	require.NoError(t, err)
	assert.Len(t, list.Data, 1)
}

func TestWhatIsNotTheShopsIsRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.visit("en")
	o, _ := b.buy()
	tests := []struct {
		name, path string
		form       url.Values
		status     int
	}{
		{"a product that is not sold", "/checkout", url.Values{"product": {"gold"}, "order": {rand.Text()}}, http.StatusBadRequest},
		{"an order without an id", "/checkout", url.Values{"product": {"green"}}, http.StatusBadRequest},
		{"an order with an id that is easy to guess", "/checkout", url.Values{"product": {"green"}, "order": {"1"}}, http.StatusBadRequest},
		{"an order for another product", "/checkout", url.Values{"product": {"oolong"}, "order": {o.ID}}, http.StatusConflict},
		{"an order that is not there", "/orders/" + rand.Text(), nil, http.StatusNotFound},
		{"a page that is not there", "/nothing", nil, http.StatusNotFound},
		{"the shopkeeper's page", "/shopkeeper", nil, http.StatusUnauthorized},
		{"a refund by a stranger", "/shopkeeper/refunds", url.Values{"order": {o.ID}, "key": {"k"}}, http.StatusUnauthorized},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, _ := b.look(test.path, test.form)
			assert.Equal(t, test.status, status)
		})
	}
	t.Run("a form on somebody else's site", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/checkout", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("Origin", "https://shop.example.com")
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		response, err := b.client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusForbidden, response.StatusCode)
	})
	b.password = "a-wrong-password"
	status, _ := b.look("/shopkeeper", nil)
	assert.Equal(t, http.StatusUnauthorized, status)
}

func TestTheShopkeeperGivesTheMoneyBack(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.visit("en")
	customer := w.Customer("100.00 CNY")
	o, _ := b.buy()
	b.password = password
	status, page := b.look("/shopkeeper", nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "not paid")
	assert.NotContains(t, page, "<form", "what is not paid cannot be refunded")
	status, page = b.look("/shopkeeper/refunds", url.Values{"order": {o.ID}, "key": {"refund-0"}})
	assert.Equal(t, http.StatusConflict, status, "also when somebody asks for it by hand")
	assert.Contains(t, page, "<p>")

	require.NoError(t, w.Confirm(o.Payment, customer))
	w.Settle()
	_, page = b.look("/shopkeeper", nil)
	form := firstForm(t, page)
	for range 2 { // a double click
		status, _ = b.look("/shopkeeper/refunds", form)
		assert.Equal(t, http.StatusOK, status)
	}
	w.Settle()
	_, page = b.look("/shopkeeper", nil)
	assert.Contains(t, page, "refunded")
	_, page = b.look("/orders/"+o.ID, nil)
	assert.Contains(t, page, "Your money was given back: CN¥19.95")
	refunds, err := w.Client.Refunds.List(t.Context(), merchant.ListRefunds{Payment: o.Payment})
	require.NoError(t, err)
	assert.Len(t, refunds.Data, 1)
	balances, err := w.Wallet.Customers.Balances(t.Context(), okpay.CustomerID(customer))
	require.NoError(t, err)
	assert.Equal(t, money.New(10_000, money.MustISO("CNY")), balances[0].Available)

	status, _ = b.look("/shopkeeper/refunds", url.Values{"order": {rand.Text()}, "key": {"k"}})
	assert.Equal(t, http.StatusNotFound, status)
}

func TestWhenTheWalletIsAwayTheCustomerCanTryAgainSafely(t *testing.T) {
	t.Parallel()
	w := open(t)
	broken, err := merchant.New(merchant.Config{
		BaseURL: w.URL, APIKey: w.APIKey, MaxRetries: -1,
		Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("the cable is cut") }),
	})
	require.NoError(t, err)
	client := w.Client
	w.Client = broken
	w.restart()
	b := w.visit("en")
	_, shelf := b.look("/", nil)
	form := firstForm(t, shelf)
	status, page := b.look("/checkout", form)
	assert.Equal(t, http.StatusBadGateway, status)
	assert.Contains(t, page, "Nothing is lost")
	assert.Equal(t, form, firstForm(t, page), "the same order is tried again")
	status, page = b.look("/orders/"+form.Get("order"), nil)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "Try again")

	w.Client = client
	w.restart()
	status, page = b.look("/checkout", form)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "Open your wallet")

	w.Client = broken
	w.restart()
	status, _ = b.look("/orders/"+form.Get("order"), nil)
	assert.Equal(t, http.StatusBadGateway, status)
	b.password = password
	status, page = b.look("/shopkeeper/refunds", url.Values{"order": {form.Get("order")}, "key": {"k"}})
	assert.Equal(t, http.StatusBadGateway, status)
	assert.Contains(t, page, "not known")
	w.Client = client
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
