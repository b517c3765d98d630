package mock_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
	"github.com/okpay/okpay-go/webhook"
)

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

// ask creates a payment through the client.
func ask(t *testing.T, pay *mock.Server, in merchant.CreatePayment) merchant.Payment {
	t.Helper()
	p, err := pay.Client.Payments.Create(t.Context(), in)
	require.NoError(t, err)
	return p
}

// look reads a payment through the client.
func look(t *testing.T, pay *mock.Server, id merchant.PaymentID) merchant.Payment {
	t.Helper()
	p, err := pay.Client.Payments.Get(t.Context(), id)
	require.NoError(t, err)
	return p
}

func TestTheClientIsReadyAndACustomerCanPay(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	who, err := pay.Client.Merchant.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, merchant.MerchantID(pay.Merchant), who.ID)

	customer := pay.Customer("100.00 CNY", "500 JPY")
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_995), Reference: "order-1", Key: "order-1"})
	assert.Equal(t, merchant.PaymentCreated, p.State)
	assert.Equal(t, pay.Now(), p.CreatedAt, "the wallet goes by the clock that is advanced")
	require.NoError(t, pay.Confirm(p.ID, customer))

	p = look(t, pay, p.ID)
	assert.Equal(t, merchant.PaymentCaptured, p.State)
	assert.Equal(t, customer, p.Customer)
	balances, err := pay.Wallet.Customers.Balances(t.Context(), okpay.CustomerID(customer))
	require.NoError(t, err)
	require.Len(t, balances, 2)
	assert.Equal(t, cny(8_005), balances[0].Available)
	assert.Equal(t, money.New(500, money.MustISO("JPY")), balances[1].Available)
}

func TestARefusalIsReportedAndATopUpHelps(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	customer := pay.Customer("10.00 CNY")
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_001)})
	require.ErrorIs(t, pay.Confirm(p.ID, customer), okpay.InsufficientBalance)
	p = look(t, pay, p.ID)
	assert.Equal(t, merchant.PaymentRequiresConfirmation, p.State)
	require.NotNil(t, p.LastFailure)
	assert.Equal(t, merchant.CodeInsufficientBalance, p.LastFailure.Code)

	pay.TopUp(customer, "0.01 CNY")
	require.NoError(t, pay.Confirm(p.ID, customer), "each Confirm is a new attempt, not a repeat of the refused one")
	assert.Equal(t, merchant.PaymentCaptured, look(t, pay, p.ID).State)
}

func TestTheWalletIsConfiguredAsAskedFor(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	pay := mock.New(t, mock.Config{Start: start, Wallet: okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}}})
	assert.Equal(t, start, pay.Now())
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_000)})
	require.NoError(t, pay.Confirm(p.ID, pay.Customer("10.00 CNY")))
	assert.Equal(t, cny(10), look(t, pay, p.ID).Fee)
}

func TestTheClockRunsWhenItIsToldTo(t *testing.T) {
	t.Parallel()
	pay := mock.New(t, mock.Config{RealTime: true, Start: time.Now()})
	before := pay.Now()
	for pay.Now().Equal(before) {
		runtime.Gosched() // until the next microsecond, which a clock that stands never shows
	}
	pay.Advance(time.Hour)
	assert.GreaterOrEqual(t, pay.Now().Sub(before), time.Hour)
}

func TestAPaymentExpiresWhenTheClockIsAdvancedToItsTime(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	customer := pay.Customer("100.00 CNY")
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_995), ExpiresIn: time.Hour, CaptureMethod: merchant.CaptureManual})
	require.NoError(t, pay.Confirm(p.ID, customer))

	pay.Advance(time.Hour - time.Microsecond)
	assert.Equal(t, merchant.PaymentAuthorized, look(t, pay, p.ID).State)
	pay.Advance(time.Microsecond)
	assert.Equal(t, merchant.PaymentExpired, look(t, pay, p.ID).State)
	_, err := pay.Client.Payments.Capture(t.Context(), merchant.CapturePayment{Payment: p.ID})
	require.ErrorIs(t, err, merchant.CodeInvalidState)
	balances, err := pay.Wallet.Customers.Balances(t.Context(), okpay.CustomerID(customer))
	require.NoError(t, err)
	assert.Equal(t, cny(10_000), balances[0].Available, "what was held is free again")
}

// receiver is a merchant's server. It answers each delivery with the next of its answers, and
// then with the last, and keeps the messages that a Verifier with default settings takes.
type receiver struct {
	url string

	mu         sync.Mutex
	deliveries int
	answers    []int
	verified   []webhook.Message
	refused    []error
}

func receive(t *testing.T, pay *mock.Server, answers ...int) *receiver {
	t.Helper()
	r := &receiver{answers: answers}
	var verifier *webhook.Verifier
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if !assert.NoError(t, err) {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		m, err := verifier.Verify(request.Header, body)
		if err != nil {
			r.refused = append(r.refused, err)
		} else {
			r.verified = append(r.verified, m)
		}
		w.WriteHeader(r.answers[min(r.deliveries, len(r.answers)-1)])
		r.deliveries++
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	_, secret, err := pay.Client.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{
		URL: server.URL, Events: []merchant.EventType{merchant.EventPaymentCaptured, merchant.EventPaymentExpired},
	})
	require.NoError(t, err)
	verifier, err = webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	require.NoError(t, err)
	return r
}

// received returns how many deliveries came, and the types of the events that were verified.
func (r *receiver) received(t *testing.T) (deliveries int, types []merchant.EventType) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(t, r.refused)
	for _, m := range r.verified {
		e, err := merchant.ParseEvent(m.Body)
		require.NoError(t, err)
		types = append(types, e.Type)
	}
	return r.deliveries, types
}

func TestWebhooksAreDeliveredWhenSettleReturns(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	r := receive(t, pay, http.StatusNoContent)
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_995)})
	require.NoError(t, pay.Confirm(p.ID, pay.Customer("100.00 CNY")))
	pay.Settle()
	deliveries, types := r.received(t)
	assert.Equal(t, 1, deliveries)
	assert.Equal(t, []merchant.EventType{merchant.EventPaymentCaptured}, types)
	pay.Settle()
	deliveries, _ = r.received(t)
	assert.Equal(t, 1, deliveries, "what was delivered is not delivered again")
}

func TestAReceiverWithTheMachinesClockTakesWebhooksHoweverFarTheMocksWasAdvanced(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	r := receive(t, pay, http.StatusNoContent)
	ask(t, pay, merchant.CreatePayment{Amount: cny(1_995), ExpiresIn: time.Hour})
	pay.Advance(20 * 365 * 24 * time.Hour)
	_, types := r.received(t)
	assert.Equal(t, []merchant.EventType{merchant.EventPaymentExpired}, types)
}

func TestAFailedDeliveryIsTriedAgainToTheSecondWhenTheClockIsAdvanced(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	r := receive(t, pay, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusNoContent)
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_995)})
	require.NoError(t, pay.Confirm(p.ID, pay.Customer("100.00 CNY")))
	pay.Settle()
	made := 1
	for _, delay := range webhook.StandardDelays()[1:3] {
		pay.Advance(delay - time.Microsecond)
		deliveries, _ := r.received(t)
		require.Equal(t, made, deliveries, "not before its time")
		pay.Advance(time.Microsecond)
		made++
		deliveries, _ = r.received(t)
		require.Equal(t, made, deliveries)
	}
	pay.Advance(30 * 24 * time.Hour)
	deliveries, types := r.received(t)
	assert.Equal(t, 3, deliveries, "the third was taken")
	assert.Len(t, types, 3)
	assert.Equal(t, r.verified[0].ID, r.verified[2].ID, "every attempt has the same id")
}

func TestParallelMocksDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	for n := range 6 {
		t.Run(fmt.Sprintf("mock %d", n), func(t *testing.T) {
			t.Parallel()
			pay := mock.New(t)
			r := receive(t, pay, http.StatusNoContent)
			customer := pay.Customer("100.00 CNY")
			amount := cny(int64(n + 1))
			// The same key in every mock means another payment in each.
			p := ask(t, pay, merchant.CreatePayment{Amount: amount, Key: "order-1", ExpiresIn: time.Hour})
			lost := ask(t, pay, merchant.CreatePayment{Amount: amount, Key: "order-2", ExpiresIn: time.Duration(n+1) * time.Hour})
			require.NoError(t, pay.Confirm(p.ID, customer))
			start := pay.Now()
			pay.Advance(time.Duration(n+1)*time.Hour - time.Microsecond)
			assert.Equal(t, merchant.PaymentCreated, look(t, pay, lost.ID).State, "another mock's clock has expired it")
			pay.Advance(time.Microsecond)
			assert.Equal(t, merchant.PaymentExpired, look(t, pay, lost.ID).State)
			assert.Equal(t, start.Add(time.Duration(n+1)*time.Hour), pay.Now())
			assert.Equal(t, amount, look(t, pay, p.ID).Captured)
			_, types := r.received(t)
			assert.ElementsMatch(t, []merchant.EventType{merchant.EventPaymentCaptured, merchant.EventPaymentExpired}, types)
			report, err := pay.Wallet.Ledger().Verify(t.Context())
			require.NoError(t, err)
			assert.NoError(t, report.Err())
		})
	}
}

// Not parallel: it counts all goroutines of the process. Tests that are parallel wait until
// it has ended.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	once := func() {
		pay, err := mock.Start(t.Context(), mock.Config{})
		require.NoError(t, err)
		received := make(chan struct{}, 10)
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received <- struct{}{} }))
		_, _, err = pay.Client.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{URL: server.URL})
		require.NoError(t, err)
		ask(t, pay, merchant.CreatePayment{Amount: cny(1)})
		pay.Settle()
		<-received
		pay.Close()
		pay.Close()
		server.Close()
	}
	once() // what is started once for the whole process
	before := runtime.NumGoroutine()
	const servers = 10
	for range servers {
		once()
	}
	// The ends of connections are seen a moment after they were closed. Goroutines of
	// earlier tests may end meanwhile, which cannot hide one left by each server.
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() >= before+servers/2; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestCloseCutsOffARequestUnderWay(t *testing.T) {
	t.Parallel()
	// A receiver that does not answer holds up the request that waits for the delivery.
	pay, err := mock.Start(t.Context(), mock.Config{Wallet: okpay.Config{Webhooks: webhook.SenderConfig{Timeout: time.Hour}}})
	require.NoError(t, err)
	reached := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body) // only then the end of the connection is noticed
		assert.NoError(t, err)
		reached <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	_, _, err = pay.Client.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{URL: server.URL})
	require.NoError(t, err)
	ask(t, pay, merchant.CreatePayment{Amount: cny(1)})
	answered := make(chan error, 1)
	go func() {
		response, err := http.Post(pay.URL+"/mock/advance", "application/json", http.NoBody)
		if err == nil {
			err = response.Body.Close()
		}
		answered <- err
	}()
	<-reached
	pay.Close() // would wait for an hour
	<-answered
	_, err = pay.Wallet.Merchants.Create(t.Context(), okpay.CreateMerchant{Name: "late"})
	assert.Error(t, err, "the ledger is closed")
	_, err = http.Get(pay.URL + "/mock/")
	assert.Error(t, err, "nobody listens")
}

func TestCloseWaitsForARequestThatDoesNotLetItselfBeCutOff(t *testing.T) {
	t.Parallel()
	pay, err := mock.Start(t.Context(), mock.Config{})
	require.NoError(t, err)
	customer := pay.Customer()
	var ended atomic.Bool
	reached := make(chan struct{})
	pay.Source.Answer = func(rails.Collection) rails.Outcome {
		close(reached)
		for err := error(nil); err == nil; { // until Close has begun
			var conn net.Conn
			if conn, err = net.Dial("tcp", strings.TrimPrefix(pay.URL, "http://")); err == nil {
				err = conn.Close()
			}
		}
		for range 10_000 {
			runtime.Gosched() // long enough for a Close that does not wait
		}
		ended.Store(true)
		return rails.Succeeded
	}
	answered := make(chan error, 1)
	go func() {
		body := strings.NewReader(`{"customer":"` + string(customer) + `","amount":"1.00 CNY"}`)
		response, err := http.Post(pay.URL+"/mock/topup", "application/json", body)
		if err == nil {
			err = response.Body.Close()
		}
		answered <- err
	}()
	<-reached
	pay.Close()
	assert.True(t, ended.Load())
	assert.Error(t, <-answered)
}

// failing is a test that may fail: it keeps the message and ends its goroutine.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// message returns with what fn fails a test.
func message(t *testing.T, fn func(testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(f)
	}()
	<-done
	return f.message
}

func TestWhatCannotBeDoneFailsTheTest(t *testing.T) {
	t.Parallel()
	on := func(fn func(*mock.Server)) func(testing.TB) {
		return func(tb testing.TB) { fn(mock.New(tb)) }
	}
	tests := []struct {
		name string
		do   func(testing.TB)
		want string
	}{
		{"a wallet that cannot be configured", func(tb testing.TB) {
			mock.New(tb, mock.Config{Wallet: okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: -1}}}})
		}, "invalid_request"},
		{"an address that cannot be listened at", func(tb testing.TB) { mock.New(tb, mock.Config{Addr: "nowhere:-1"}) }, "listen"},
		{"a customer with no amount", on(func(pay *mock.Server) { pay.Customer("plenty") }), `"plenty"`},
		{"a customer with too many decimals", on(func(pay *mock.Server) { pay.Customer("1.001 CNY") }), "decimals"},
		{"a customer with nothing", on(func(pay *mock.Server) { pay.Customer("0.00 CNY") }), "more than zero"},
		{"a top-up of a debt", on(func(pay *mock.Server) { pay.TopUp(pay.Customer(), "-1.00 CNY") }), "more than zero"},
		{"a top-up for nobody", on(func(pay *mock.Server) { pay.TopUp("cus_nobody", "1.00 CNY") }), "not_found"},
		{"a clock that goes back", on(func(pay *mock.Server) { pay.Advance(-time.Second) }), "does not go back"},
		{"a clock that goes on forever", on(func(pay *mock.Server) {
			for range 100 {
				pay.Advance(100 * 365 * 24 * time.Hour)
			}
		}), "year 9000"},
		{"a source that says no", on(func(pay *mock.Server) {
			pay.Source.Answer = func(rails.Collection) rails.Outcome { return rails.Failed }
			pay.Customer("1.00 CNY")
		}), "funding_source_declined"},
		{"a source that does not know", on(func(pay *mock.Server) {
			pay.Source.Answer = func(rails.Collection) rails.Outcome { return rails.Unknown }
			pay.Customer("1.00 CNY")
		}), "pending"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, message(t, test.do), test.want)
		})
	}
}

func TestAnAmountThatIsNoneRegistersNobody(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	pay.Settle() // so that the background has nothing left to write
	before, err := pay.Wallet.Ledger().Verify(t.Context())
	require.NoError(t, err)
	_, err = pay.NewCustomer(t.Context(), "1.00 CNY", "1.00 XXQ")
	require.ErrorIs(t, err, okpay.CurrencyNotSupported)
	after, err := pay.Wallet.Ledger().Verify(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before.Seq, after.Seq)
}

func TestAServerWithoutATestPanics(t *testing.T) {
	t.Parallel()
	pay, err := mock.Start(t.Context(), mock.Config{})
	require.NoError(t, err)
	defer pay.Close()
	assert.PanicsWithError(t, "mock: advance by -1s: a clock does not go back", func() { pay.Advance(-time.Second) })
}
