package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/webhook"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// program is a run of the whole program on loopback.
type program struct {
	url    string
	stop   context.CancelFunc
	ended  chan error
	stderr *bytes.Buffer // to be read once it has ended
}

func start(t *testing.T, db string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{stop: stop, ended: make(chan error, 1), stderr: &bytes.Buffer{}}
	ready := make(chan string, 1)
	go func() {
		p.ended <- run(ctx, []string{"-db", db, "-private", "-addr", "127.0.0.1:0"}, p.stderr, func(url string) { ready <- url })
	}()
	select {
	case p.url = <-ready:
	case err := <-p.ended:
		require.NoError(t, err)
	}
	return p
}

// end interrupts the program and checks that it closed everything in order.
func (p *program) end(t *testing.T) {
	t.Helper()
	p.stop()
	require.NoError(t, <-p.ended)
	var steps []string
	for _, found := range regexp.MustCompile(`msg="?(stopping|server stopped|background work ended|ledger closed|store closed)`).
		FindAllStringSubmatch(p.stderr.String(), -1) {
		steps = append(steps, found[1])
	}
	assert.Equal(t, []string{"stopping", "server stopped", "background work ended", "ledger closed", "store closed"}, steps)
	_, err := http.Get(p.url + "/wallet")
	assert.Error(t, err, "nobody listens any more")
}

// client returns a merchant's client.
func (p *program) client(t *testing.T, key string) *merchant.Client {
	t.Helper()
	client, err := merchant.New(merchant.Config{BaseURL: p.url, APIKey: merchant.NewAPIKey(key)})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// ask sends a form to one of the program's own endpoints, as a user if one is named. Pairs are
// the fields of the form; without any it is a GET.
func (p *program) ask(t *testing.T, user, path string, pairs ...string) (status int, answer map[string]any) {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	method := http.MethodGet
	if len(form) > 0 {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		request.Header.Set("Demo-User", user)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return response.StatusCode, answer
}

// available is what a user can spend, as the program shows it.
func (p *program) available(t *testing.T, user string) any {
	t.Helper()
	status, wallet := p.ask(t, user, "/wallet")
	require.Equal(t, http.StatusOK, status)
	balances, _ := wallet["balances"].([]any)
	require.Len(t, balances, 1)
	return balances[0].(map[string]any)["available"]
}

func yuan(text string) map[string]any { return map[string]any{"amount": text, "currency": "CNY"} }

func TestOnePaymentThroughTheWholeProgramAndAfterARestart(t *testing.T) {
	t.Parallel()
	t.Run("on an SQLite file", func(t *testing.T) {
		t.Parallel()
		onePayment(t, filepath.Join(t.TempDir(), "wallet.db"))
	})
	t.Run("on PostgreSQL", func(t *testing.T) {
		t.Parallel()
		db := pgtest.DSN(t)
		err := run(t.Context(), []string{"-db", db, "-addr", "127.0.0.1:0"}, io.Discard, func(string) {})
		require.ErrorIs(t, err, pgstore.ErrSchemaOld, "the schema is brought up to date by an explicit call alone")
		for range 2 {
			require.NoError(t, run(t.Context(), []string{"-db", db, "-migrate"}, io.Discard, func(string) {}))
		}
		onePayment(t, db)
	})
}

func onePayment(t *testing.T, db string) {
	p := start(t, db)
	status, shop := p.ask(t, "", "/shops", "shop", "tea-house", "name", "Tea house")
	require.Equal(t, http.StatusOK, status)
	key, _ := shop["api_key"].(string)
	client := p.client(t, key)
	events := listen(t, client)
	status, _ = p.ask(t, "", "/signup", "user", "user-1", "name", "A customer", "locale", "zh-CN")
	require.Equal(t, http.StatusOK, status)

	payment, err := client.Payments.Create(t.Context(), merchant.CreatePayment{
		Amount: money.New(1_995, money.MustISO("CNY")), Reference: "order-1", Description: "Green tea", Key: "order-1",
	})
	require.NoError(t, err)
	id := string(payment.ID)
	status, shown := p.ask(t, "user-1", "/payments/"+id)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "Tea house", shown["shop"])
	assert.Equal(t, "Green tea", shown["payment"].(map[string]any)["description"])

	status, refused := p.ask(t, "user-1", "/pay", "payment", id, "key", "click-1")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Equal(t, "insufficient_balance", refused["code"])
	assert.Equal(t, "账户余额不足,请充值或更换支付方式。", refused["message"], "in the customer's language")
	assert.Equal(t, []any{"top_up", "switch_payment_method"}, refused["next_action"])

	for range 2 { // a double click
		status, _ = p.ask(t, "user-1", "/topup", "amount", "100.00", "currency", "CNY", "key", "top-1")
		assert.Equal(t, http.StatusOK, status)
	}
	for range 2 {
		status, paid := p.ask(t, "user-1", "/pay", "payment", id, "key", "click-2")
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, "captured", paid["state"])
	}
	assert.Equal(t, yuan("80.05"), p.available(t, "user-1"))
	assert.Equal(t, payment.ID, (<-events).ID, "the background work delivers webhooks")
	p.end(t)

	p = start(t, db)
	payment, err = p.client(t, key).Payments.Get(t.Context(), payment.ID)
	require.NoError(t, err)
	assert.Equal(t, merchant.PaymentCaptured, payment.State)
	assert.Equal(t, money.New(12, money.MustISO("CNY")), payment.Fee)
	status, _ = p.ask(t, "user-1", "/topup", "amount", "100.00", "currency", "CNY", "key", "top-1")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, yuan("80.05"), p.available(t, "user-1"), "a key is known after a restart too")
	p.end(t)
	assert.NotContains(t, p.stderr.String(), key)

	verify(t, db)
}

// listen returns the payments that are announced as captured to a webhook endpoint of the
// merchant's.
func listen(t *testing.T, client *merchant.Client) <-chan merchant.Payment {
	t.Helper()
	captured := make(chan merchant.Payment, 10)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, secret, err := client.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{
		URL: server.URL + "/okpay", Events: []merchant.EventType{merchant.EventPaymentCaptured},
	})
	require.NoError(t, err)
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	require.NoError(t, err)
	mux.Handle("/okpay", merchant.EventHandler(verifier, func(_ context.Context, e merchant.Event) error {
		p, err := e.Payment()
		captured <- p
		return err
	}, merchant.EventHandlerConfig{}))
	return captured
}

// verify derives everything again from what the program left in its database.
func verify(t *testing.T, db string) {
	t.Helper()
	store, err := openStore(t.Context(), db)
	require.NoError(t, err)
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	report, err := l.Verify(t.Context())
	require.NoError(t, err)
	assert.NoError(t, report.Err())
	assert.NotZero(t, report.Postings)
	require.NoError(t, closeLedger(t.Context(), l))
	require.NoError(t, store.Close())
}

func TestWhatCannotBeDoneIsAnsweredWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := start(t, filepath.Join(t.TempDir(), "wallet.db"))
	defer p.end(t)
	status, shop := p.ask(t, "", "/shops", "shop", "tea-house", "name", "Tea house")
	require.Equal(t, http.StatusOK, status)
	for _, user := range []string{"user-1", "user-2"} {
		status, _ = p.ask(t, "", "/signup", "user", user)
		require.Equal(t, http.StatusOK, status)
	}
	payment, err := p.client(t, shop["api_key"].(string)).Payments.Create(t.Context(), merchant.CreatePayment{
		Amount: money.New(1, money.MustISO("CNY")), Customer: "user-2",
	})
	require.NoError(t, err)
	theirs := string(payment.ID)

	tests := []struct {
		name, user, path string
		form             []string
		status           int
		want             string
	}{
		{"nobody's wallet", "", "/wallet", nil, http.StatusUnauthorized, "Demo-User"},
		{"a stranger's wallet", "stranger", "/wallet", nil, http.StatusUnauthorized, "Demo-User"},
		{"paying without having signed in", "", "/pay", []string{"payment", theirs, "key", "k"}, http.StatusUnauthorized, "Demo-User"},
		{"a top-up without a key", "user-1", "/topup", []string{"amount", "1.00", "currency", "CNY"}, http.StatusBadRequest, "key"},
		{"a top-up of no amount", "user-1", "/topup", []string{"amount", "much", "currency", "CNY", "key", "k"}, http.StatusBadRequest, "amount"},
		{"a top-up of nothing", "user-1", "/topup", []string{"amount", "0.00", "currency", "CNY", "key", "k"}, http.StatusUnprocessableEntity, "amount_not_positive"},
		{"a currency that is not known", "user-1", "/topup", []string{"amount", "1.00", "currency", "XXQ", "key", "k"}, http.StatusUnprocessableEntity, "currency_not_supported"},
		{"a payment without a key", "user-1", "/pay", []string{"payment", theirs}, http.StatusBadRequest, "key"},
		{"a payment that is not known", "user-1", "/pay", []string{"payment", "pay_none", "key", "k"}, http.StatusNotFound, "not_found"},
		{"another customer's payment", "user-1", "/pay", []string{"payment", theirs, "key", "k"}, http.StatusNotFound, "not_found"},
		{"a look at another customer's payment", "user-1", "/payments/" + theirs, nil, http.StatusNotFound, "not_found"},
		{"a user whose id is taken", "", "/signup", []string{"user", "user-1", "name", "Another"}, http.StatusUnprocessableEntity, "idempotency_key_reused"},
		{"a user with an id that cannot be", "", "/signup", []string{"user", "a:b"}, http.StatusUnprocessableEntity, "invalid_request"},
		{"a shop without a name", "", "/shops", []string{"shop", "other"}, http.StatusUnprocessableEntity, "invalid_request"},
		{"the API without a key", "", "/v1/payments", nil, http.StatusUnauthorized, "unauthenticated"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer := p.ask(t, test.user, test.path, test.form...)
			assert.Equal(t, test.status, status)
			text, err := json.Marshal(answer)
			require.NoError(t, err)
			assert.Contains(t, string(text), test.want)
		})
	}
}

func TestARequestUnderWayIsFinishedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	p := start(t, filepath.Join(t.TempDir(), "wallet.db"))
	status, _ := p.ask(t, "", "/signup", "user", "user-1")
	require.Equal(t, http.StatusOK, status)

	body, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/topup", body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Demo-User", "user-1")
	// The body then waits until the program asks for it, so that whoever can write some of it
	// knows that the program has the request.
	request.Header.Set("Expect", "100-continue")
	transport := &http.Transport{ExpectContinueTimeout: time.Hour}
	defer transport.CloseIdleConnections()
	answered := make(chan int, 1)
	go func() {
		response, err := transport.RoundTrip(request)
		if !assert.NoError(t, err) {
			answered <- 0
			return
		}
		assert.NoError(t, response.Body.Close())
		answered <- response.StatusCode
	}()
	_, err = writer.Write([]byte("amount=1.00&currency=CNY&"))
	require.NoError(t, err)
	p.stop()
	// Once nobody is let in any more, the one who is in still gets an answer.
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			break
		}
		require.NoError(t, conn.Close())
	}
	_, err = writer.Write([]byte("key=top-1"))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	assert.Equal(t, http.StatusOK, <-answered)
	p.end(t)
}

func TestWhatCannotBeStartedIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"a flag that is not known", []string{"-port", "1"}, "-port"},
		{"migrating a file", []string{"-db", filepath.Join(dir, "a.db"), "-migrate"}, "-migrate is for PostgreSQL"},
		{"a file in a folder that is not there", []string{"-db", filepath.Join(dir, "none", "a.db")}, "none"},
		{"a DSN that cannot be parsed", []string{"-db", "postgres://user:canary@:port/x"}, "DSN"},
		{"an address that is none", []string{"-db", filepath.Join(dir, "b.db"), "-addr", "nowhere:-1"}, "listen"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := run(ctx, test.args, io.Discard, func(string) {})
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}
