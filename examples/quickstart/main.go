// Command quickstart drives one payment through every layer, on an SQLite file in a
// temporary directory: the wallet, its HTTP API on loopback, a merchant's client and a
// verified webhook. It exits with 1 when anything is not as it should be.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/httpapi"
	"github.com/okpay/okpay-go/webhook"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "okpay-quickstart-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := &tour{out: out, path: filepath.Join(dir, "wallet.db")}

	if err := t.withWallet(ctx, t.firstVisit); err != nil {
		return err
	}
	t.step("Close the wallet, open the file again")
	return t.withWallet(ctx, t.secondVisit)
}

// tour is what the steps share.
type tour struct {
	out  io.Writer
	path string
	n    int

	customer okpay.CustomerID
	shop     okpay.MerchantID
	before   string // balances when the wallet was closed
}

func (t *tour) step(title string) {
	t.n++
	fmt.Fprintf(t.out, "\n%2d. %s\n", t.n, title)
}

func (t *tour) say(format string, args ...any) { fmt.Fprintf(t.out, "    "+format+"\n", args...) }

// withWallet opens the wallet in the file, calls fn and closes it.
func (t *tour) withWallet(ctx context.Context, fn func(context.Context, *okpay.Wallet) error) (err error) {
	store, err := sqlitestore.Open(ctx, t.path, sqlitestore.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	l, err := ledger.Open(ctx, store, ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(ctx)) }()
	w, err := okpay.New(l, okpay.Config{
		Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}, RefundFees: okpay.ReturnFeeProportionally,
		Webhooks: webhook.SenderConfig{AllowPrivate: true}, // the shop of this tour is on loopback
	})
	if err != nil {
		return err
	}
	return fn(ctx, w)
}

func (t *tour) firstVisit(ctx context.Context, w *okpay.Wallet) error {
	t.step("A wallet in an SQLite file")
	t.say("%s", t.path)

	t.step("Its API on loopback, its background work beside it")
	api, err := httpapi.New(httpapi.Config{Test: w})
	if err != nil {
		return err
	}
	url, closeAPI, err := serve(ctx, api)
	if err != nil {
		return err
	}
	defer closeAPI()
	background, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(background) }()
	defer func() { stop(); <-ended }()
	t.say("%s/v1", url)

	client, events, closeShop, err := t.register(ctx, w, url)
	if err != nil {
		return err
	}
	defer closeShop()
	if err := t.pay(ctx, w, client, events); err != nil {
		return err
	}
	return t.look(ctx, w)
}

// register makes a merchant with an API key and a webhook endpoint, and a customer with
// money.
func (t *tour) register(ctx context.Context, w *okpay.Wallet, url string) (*merchant.Client, <-chan merchant.Event, func(), error) {
	t.step("Register a merchant with a webhook endpoint, and a customer")
	shop, err := w.Merchants.Create(ctx, okpay.CreateMerchant{Name: "Tea house", Key: "tea-house"})
	if err != nil {
		return nil, nil, nil, err
	}
	_, key, err := w.Keys.Create(ctx, shop.ID, "server")
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := merchant.New(merchant.Config{BaseURL: url, APIKey: merchant.NewAPIKey(key.Reveal())})
	if err != nil {
		return nil, nil, nil, err
	}
	events, closeShop, err := listen(ctx, client)
	if err != nil {
		return nil, nil, nil, err
	}
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer", Locale: "zh-CN", Key: "customer-1"})
	if err != nil {
		return nil, nil, nil, err
	}
	t.shop, t.customer = shop.ID, customer.ID
	t.say("merchant %s", shop.ID)
	t.say("customer %s", customer.ID)

	t.step("Top up 100.00 CNY")
	top, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer.ID, Amount: cny(10_000), Key: "top-up-1"})
	if err != nil {
		return nil, nil, nil, err
	}
	t.say("%s: %s", top.State, top.Amount)
	return client, events, closeShop, nil
}

// pay drives one payment from the merchant's request to a refund of a part.
func (t *tour) pay(ctx context.Context, w *okpay.Wallet, client *merchant.Client, events <-chan merchant.Event) error {
	t.step("The merchant asks for 128.00 CNY, more than the customer has")
	tooMuch, err := client.Payments.Create(ctx, merchant.CreatePayment{Amount: cny(12_800), Reference: "order-1", Key: "order-1"})
	if err != nil {
		return err
	}
	refused, err := w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: okpay.PaymentID(tooMuch.ID), Customer: t.customer, Key: "yes-1"})
	if !errors.Is(err, okpay.InsufficientBalance) || refused.LastFailure == nil {
		return fmt.Errorf("the payment should be refused for want of money, not: %v", err)
	}
	t.say("refused and recorded: %s, the payment is now %s", refused.LastFailure.Code, refused.State)
	t.say("%s", refused.LastFailure.MessageEn)
	t.say("%s", refused.LastFailure.MessageZh)
	t.say("what to do: %v", refused.LastFailure.NextAction)
	if _, err := client.Payments.Cancel(ctx, merchant.CancelPayment{Payment: tooMuch.ID, Key: "order-1"}); err != nil {
		return err
	}

	t.step("The merchant asks for 19.95 CNY, the customer says yes: the money is held")
	p, err := client.Payments.Create(ctx, merchant.CreatePayment{
		Amount: cny(1_995), CaptureMethod: merchant.CaptureManual, Reference: "order-2", Key: "order-2",
	})
	if err != nil {
		return err
	}
	if _, err := w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: okpay.PaymentID(p.ID), Customer: t.customer, Key: "yes-2"}); err != nil {
		return err
	}
	if err := t.balances(ctx, w); err != nil {
		return err
	}

	t.step("The merchant captures, and hears of everything so far by signed webhooks, in any order")
	captured, err := client.Payments.Capture(ctx, merchant.CapturePayment{Payment: p.ID, Key: "order-2"})
	if err != nil {
		return err
	}
	t.say("%s is %s, fee %s", captured.Reference, captured.State, captured.Fee)
	for {
		select {
		case e := <-events:
			about, err := e.Payment()
			if err != nil {
				return err
			}
			t.say("webhook verified: %s of %s", e.Type, about.Reference)
			if e.Type != merchant.EventPaymentCaptured {
				continue
			}
			if about.ID != p.ID || about.Captured != cny(1_995) {
				return fmt.Errorf("the webhook speaks of %s, %s", about.ID, about.Captured)
			}
		case <-ctx.Done():
			return fmt.Errorf("no webhook came: %w", ctx.Err())
		}
		break
	}

	t.step("Refund 5.00 CNY of it, twice with one key: once")
	for range 2 {
		r, err := client.Payments.Refund(ctx, merchant.CreateRefund{Payment: p.ID, Amount: cny(500), Reason: "cold tea", Key: "refund-1"})
		if err != nil {
			return err
		}
		t.say("%s %s: %s, fee given back %s", r.ID, r.State, r.Amount, r.FeeReturned)
	}
	return nil
}

// look prints the statements of both sides and checks everything.
func (t *tour) look(ctx context.Context, w *okpay.Wallet) error {
	t.step("Statements")
	ofCustomer, err := w.Customers.Statement(ctx, t.customer, "CNY", okpay.StatementPage{})
	if err != nil {
		return err
	}
	t.statement("customer", ofCustomer)
	ofShop, err := w.Merchants.Statement(ctx, t.shop, "CNY", okpay.StatementPage{})
	if err != nil {
		return err
	}
	t.statement("merchant", ofShop)
	if len(ofCustomer) != 3 || ofCustomer[2].Balance != cny(8_505) {
		return errors.New("the customer's statement is not topup, payment and refund with 85.05 CNY left")
	}
	if last := ofShop[len(ofShop)-1]; last.Balance != cny(1_486) {
		return fmt.Errorf("the merchant has %s, not 14.86 CNY", last.Balance)
	}
	return t.verify(ctx, w)
}

func (t *tour) statement(whose string, lines []okpay.StatementLine) {
	t.say("%s", whose)
	for _, l := range lines {
		t.say("  %2d  %-8s %12s  %12s", l.Nth, l.Kind, l.Amount.Text(), l.Balance.Text())
	}
}

func (t *tour) verify(ctx context.Context, w *okpay.Wallet) error {
	t.step("Verify: derive everything again from the journal")
	report, err := w.Ledger().Verify(ctx)
	if err != nil {
		return err
	}
	t.say("%d blocks, %d postings, %d accounts, %d holds, %d records, %d events: %d problems",
		report.Seq, report.Postings, report.Accounts, report.Holds, report.Records, report.Events, len(report.Problems))
	if err := report.Err(); err != nil {
		return err
	}
	t.before, err = balancesOf(ctx, w)
	return err
}

func (t *tour) secondVisit(ctx context.Context, w *okpay.Wallet) error {
	now, err := balancesOf(ctx, w)
	if err != nil {
		return err
	}
	if now != t.before {
		return fmt.Errorf("the balances were\n%s\nand are\n%s", t.before, now)
	}
	if err := t.balances(ctx, w); err != nil {
		return err
	}
	t.say("the same as before")
	report, err := w.Ledger().Verify(ctx)
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "\nEverything is as it should be.")
	return nil
}

func (t *tour) balances(ctx context.Context, w *okpay.Wallet) error {
	ofCustomer, err := w.Customers.Balances(ctx, t.customer)
	if err != nil {
		return err
	}
	ofShop, err := w.Merchants.Balances(ctx, t.shop)
	if err != nil {
		return err
	}
	for _, b := range ofCustomer {
		t.say("customer: %s available, %s held", b.Available, b.Held)
	}
	for _, b := range ofShop {
		t.say("merchant: %s available", b.Available)
	}
	return nil
}

// balancesOf writes every account of the ledger with its balance.
func balancesOf(ctx context.Context, w *okpay.Wallet) (string, error) {
	page, _, err := w.Ledger().Balances(ctx, "", 0, 0)
	text := ""
	for _, b := range page {
		text += fmt.Sprintf("%s %s %s\n", b.Account, b.Posted, b.Available)
	}
	return text, err
}

// listen is the merchant's server: it registers itself as a webhook endpoint and hands on
// the events whose signatures are right.
func listen(ctx context.Context, client *merchant.Client) (<-chan merchant.Event, func(), error) {
	events := make(chan merchant.Event, 100)
	mux := http.NewServeMux()
	url, closeServer, err := serve(ctx, mux)
	if err != nil {
		return nil, nil, err
	}
	_, secret, err := client.WebhookEndpoints.Create(ctx, merchant.CreateEndpoint{URL: url + "/events", Key: "endpoint-1"})
	if err != nil {
		closeServer()
		return nil, nil, err
	}
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	if err != nil {
		closeServer()
		return nil, nil, err
	}
	mux.Handle("POST /events", merchant.EventHandler(verifier, func(_ context.Context, e merchant.Event) error {
		events <- e
		return nil
	}, merchant.EventHandlerConfig{}))
	return events, closeServer, nil
}

// serve serves a handler on a free port of loopback.
func serve(ctx context.Context, handler http.Handler) (url string, closeServer func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // ends with Close
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close()
		<-ended
	}, nil
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }
