// Package mock is an OKPay for tests: the real HTTP API over a wallet in memory, on
// loopback, with a ready merchant client and a clock that is advanced by hand.
//
//	pay := mock.New(t)
//	customer := pay.Customer("100.00 CNY")
//	payment, err := pay.Client.Payments.Create(ctx, merchant.CreatePayment{ … })
//	err = pay.Confirm(payment.ID, customer)
//	pay.Advance(7 * 24 * time.Hour)
//
// What a merchant's program does goes through [Server.Client] or any other program that is
// given [Server.URL] and [Server.APIKey]; what a customer or the passing of time does goes
// through the Server's methods, and what banks do through [Server.Source] and [Server.Payouts]:
//
//	pay.Payouts.Settle(string(payout.ID), rails.PayoutResult{Status: rails.PayoutPaid}, 1)
//
// Webhooks are delivered in the background; when [Server.Advance] or [Server.Settle]
// returns, everything due has been attempted. A failed delivery is tried again when the
// clock has been advanced by webhook.StandardDelays, to the second.
//
// The clock that is advanced is the wallet's: what is created, expires and is tried again
// goes by it. Messages are signed with the machine's time all the same, since that is what a
// receiver compares: it needs no clock of the mock's, however far that was advanced. For
// a receiver with a clock of its own, give the same one as Config.Wallet.Webhooks.Now.
//
// The program okpay-mock (mock/cmd/okpay-mock) is the same for programs that are not
// written in Go.
package mock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/httpapi"
	"github.com/okpay/okpay-go/okpay/rails"
)

// Config says what a Server is like. The zero value works.
type Config struct {
	// Addr is the address to listen on. Defaults to a free port on 127.0.0.1.
	Addr string

	// Start is what the clock shows first. Defaults to the beginning of 2026.
	Start time.Time

	// RealTime lets the clock run; Advance moves it further. Defaults to a clock that
	// stands still between two calls of Advance.
	RealTime bool

	// Wallet configures the wallet: fees, attempts, expiry, currencies. Its Mode is always
	// Test. Defaults to okpay's defaults, except: Sources is one simulated source,
	// Server.Source; PayoutProviders is one simulated provider, Server.Payouts; Webhooks.Now is the machine's clock; Schedule has no jitter, so that a
	// test knows when a delivery is tried again.
	Wallet okpay.Config

	// Logger hears of requests and background work. Defaults to discarding.
	Logger *slog.Logger
}

// Server is an OKPay on loopback. Its methods may be called from several goroutines at once;
// those that fail the test only from the test's own, as testing.TB wants it. A Server made by
// Start has no test to fail, and they panic instead.
type Server struct {
	URL      string           // base URL of the API, without a slash at the end
	Merchant okpay.MerchantID // a registered merchant
	APIKey   merchant.APIKey  // its key
	Client   *merchant.Client // a client with that key
	Wallet   *okpay.Wallet    // the wallet behind the API
	Source   *rails.Simulated // the funding source of top-ups; says yes unless told otherwise

	// Payouts is the provider by which payouts and withdrawals leave. It accepts every order; its
	// Settle says what becomes of one, and the wallet hears of it at once when that reports.
	Payouts *rails.SimulatedPayouts

	clock    *clock
	tb       testing.TB // nil unless made by New
	ledger   *ledger.Ledger
	server   *http.Server
	stop     context.CancelFunc // ends Run and the requests under way
	requests requests
	ended    sync.WaitGroup // Serve and Run
	once     sync.Once
}

// New starts a server for a test, which it fails if that is not possible, and closes it
// when the test ends. At most one Config is given.
func New(tb testing.TB, config ...Config) *Server {
	tb.Helper()
	var cfg Config
	if len(config) > 0 {
		cfg = config[0]
	}
	s, err := Start(tb.Context(), cfg)
	if err != nil {
		tb.Fatalf("mock: %v", err)
	}
	s.tb = tb
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server without a test. Close it. The context bounds the start alone. Errors:
// those of okpay.New for Config.Wallet, and of listening at Config.Addr.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Start.IsZero() {
		cfg.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	s := &Server{Source: &rails.Simulated{}, Payouts: &rails.SimulatedPayouts{}, clock: newClock(cfg.Start, cfg.RealTime)}
	err := s.open(ctx, cfg)
	if err == nil {
		err = s.listen(ctx, cfg)
	}
	if err != nil && s.ledger != nil {
		err = errors.Join(err, s.ledger.Close(context.WithoutCancel(ctx)))
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// open makes the wallet with its merchant.
func (s *Server) open(ctx context.Context, cfg Config) error {
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: s.clock.Now, MaxSkew: -1})
	if err != nil {
		return err
	}
	s.ledger = l
	cfg.Wallet.Mode = okpay.Test
	cfg.Wallet.Webhooks.AllowPrivate = true // receivers are tests on this machine
	if cfg.Wallet.Sources == nil {
		cfg.Wallet.Sources = map[string]rails.FundingSource{"simulated": s.Source}
	}
	if cfg.Wallet.PayoutProviders == nil {
		cfg.Wallet.PayoutProviders = map[string]rails.PayoutProvider{"simulated": s.Payouts}
		s.Payouts.Report = s.reported
	}
	if cfg.Wallet.Webhooks.Now == nil {
		cfg.Wallet.Webhooks.Now = time.Now
	}
	if cfg.Wallet.Schedule.Jitter == nil {
		cfg.Wallet.Schedule.Jitter = func(time.Duration) time.Duration { return 0 }
	}
	if cfg.Wallet.Logger == nil {
		cfg.Wallet.Logger = cfg.Logger
	}
	if s.Wallet, err = okpay.New(l, cfg.Wallet); err != nil {
		return err
	}
	m, err := s.Wallet.Merchants.Create(ctx, okpay.CreateMerchant{Name: "Test merchant"})
	if err != nil {
		return err
	}
	_, secret, err := s.Wallet.Keys.Create(ctx, m.ID, "mock")
	s.Merchant, s.APIKey = m.ID, merchant.NewAPIKey(secret.Reveal())
	return err
}

// reported is a callback of the simulated provider's. What it says twice has one id. The wallet
// asks the provider in time, so that one that is lost does no harm.
func (s *Server) reported(key string, r rails.PayoutResult) {
	_ = s.Wallet.PayoutProviderSays(context.Background(), okpay.ProviderEvent{
		Provider: "simulated", EventID: key + "/" + r.Status.String(), Key: key,
		Status: r.Status, Code: r.Code, Amount: r.Amount, Reference: r.Reference,
	})
}

// listen serves the API and the control pages, and starts the background work.
func (s *Server) listen(ctx context.Context, cfg Config) error {
	api, err := httpapi.New(httpapi.Config{Test: s.Wallet, Logger: cfg.Logger})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return err
	}
	s.URL = "http://" + listener.Addr().String()
	s.Client, err = merchant.New(merchant.Config{BaseURL: s.URL, APIKey: s.APIKey, AllowInsecure: true})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	s.control(mux)
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.server = &http.Server{
		Handler: s.requests.count(mux), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return run },
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.ended.Go(func() { _ = s.server.Serve(listener) }) // ends with Close
	s.ended.Go(func() { _ = s.Wallet.Run(run) })        // ends with its context
	return nil
}

// Close ends the server and everything it started: what is under way is cut off, as a test
// wants it, and has ended when Close returns. A second call does nothing.
func (s *Server) Close() {
	s.once.Do(func() {
		s.Client.Close()
		_ = s.server.Close() // which only says that the listener was closed before
		s.stop()
		s.requests.close()
		s.ended.Wait()
		_ = s.ledger.Close(context.Background()) // nothing waits any more
	})
}

// Now is what the server's clock shows.
func (s *Server) Now() time.Time { return s.Wallet.Now() }

// Advance moves the clock forward, and then does what has fallen due: payments expire,
// webhooks are tried again. A clock does not go back, so a negative d fails the test.
func (s *Server) Advance(d time.Duration) {
	s.help()
	s.check(s.advance(s.context(), d))
}

func (s *Server) advance(ctx context.Context, d time.Duration) error {
	if err := s.clock.advance(d); err != nil {
		return err
	}
	_, err := s.Wallet.Work(ctx)
	return err
}

// Settle does what is due now. When it returns, every webhook that was due has been
// attempted.
func (s *Server) Settle() {
	s.help()
	_, err := s.Wallet.Work(s.context())
	s.check(err)
}

// Customer registers a customer with balances such as "100.00 CNY". Balances come from the
// funding source, so a source that says no fails the test.
func (s *Server) Customer(balances ...string) merchant.CustomerID {
	s.help()
	id, err := s.NewCustomer(s.context(), balances...)
	s.check(err)
	return id
}

// NewCustomer is Customer with an error instead of a failed test. A balance that is no
// amount, or not more than zero, registers nobody.
func (s *Server) NewCustomer(ctx context.Context, balances ...string) (merchant.CustomerID, error) {
	amounts := make([]money.Amount, len(balances))
	for i, text := range balances {
		var err error
		if amounts[i], err = s.positive(text); err != nil {
			return "", err
		}
	}
	c, err := s.Wallet.Customers.Create(ctx, okpay.CreateCustomer{Name: "Test customer"})
	if err != nil {
		return "", err
	}
	for _, amount := range amounts {
		if err := s.give(ctx, c.ID, amount); err != nil {
			return "", err
		}
	}
	return merchant.CustomerID(c.ID), nil
}

// TopUp gives a customer more money, such as "5.00 CNY".
func (s *Server) TopUp(customer merchant.CustomerID, balance string) {
	s.help()
	s.check(s.topUp(s.context(), customer, balance))
}

func (s *Server) topUp(ctx context.Context, customer merchant.CustomerID, balance string) error {
	amount, err := s.positive(balance)
	if err != nil {
		return err
	}
	return s.give(ctx, okpay.CustomerID(customer), amount)
}

func (s *Server) give(ctx context.Context, customer okpay.CustomerID, amount money.Amount) error {
	t, err := s.Wallet.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer, Amount: amount})
	if err == nil && t.State != okpay.TopUpSucceeded {
		err = fmt.Errorf("the funding source left top-up %s %s", t.ID, t.State)
	}
	return err
}

// Confirm is the customer saying yes to a payment, each call once more. A refusal, such as
// too little balance, is an *okpay.Error, and matches its code:
// errors.Is(err, okpay.InsufficientBalance).
func (s *Server) Confirm(payment merchant.PaymentID, customer merchant.CustomerID) error {
	_, err := s.Wallet.Payments.Confirm(s.context(), okpay.ConfirmPayment{
		Payment: okpay.PaymentID(payment), Customer: okpay.CustomerID(customer),
	})
	return err
}

// Amount reads an amount such as "19.95 CNY", in a currency of the wallet's. Errors:
// okpay.CurrencyNotSupported, also when no currency is named, and those of money.Parse.
func (s *Server) Amount(text string) (money.Amount, error) {
	number, code, _ := strings.Cut(text, " ")
	c, err := s.Wallet.Currency(code)
	if err != nil {
		return money.Amount{}, fmt.Errorf("amount %q: %w", text, err)
	}
	return money.Parse(number, c)
}

// errNotPositive refuses a balance that nobody can bring in.
var errNotPositive = errors.New("a balance is more than zero")

func (s *Server) positive(text string) (money.Amount, error) {
	amount, err := s.Amount(text)
	if err == nil && !amount.IsPositive() {
		err = fmt.Errorf("amount %q: %w", text, errNotPositive)
	}
	return amount, err
}

// Describe writes what a person needs to use the server.
func (s *Server) Describe(w io.Writer) {
	fmt.Fprintf(w, "API        %s/v1\nDocument   %s/v1/openapi.yaml\nAPI key    %s\nMerchant   %s\nControl    %s/mock/\n",
		s.URL, s.URL, s.APIKey.Reveal(), s.Merchant, s.URL)
}

func (s *Server) context() context.Context {
	if s.tb != nil {
		// A test's context has ended when its cleanup runs, and a cleanup may still ask.
		return context.WithoutCancel(s.tb.Context())
	}
	return context.Background()
}

func (s *Server) help() {
	if s.tb != nil {
		s.tb.Helper()
	}
}

// check fails the test; a Server without a test has nobody to tell but a panic.
func (s *Server) check(err error) {
	switch {
	case err == nil:
	case s.tb != nil:
		s.tb.Helper()
		s.tb.Fatalf("mock: %v", err)
	default:
		panic(fmt.Errorf("mock: %w", err))
	}
}
