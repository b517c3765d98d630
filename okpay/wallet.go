package okpay

import (
	"context"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/webhook"
)

// Wallet is an e-wallet over one ledger. Its services may be used from any number of
// goroutines.
type Wallet struct {
	Customers *Customers
	Merchants *Merchants
	Keys      *Keys
	Endpoints *Endpoints
	TopUps    *TopUps
	Payments  *Payments
	Disputes  *Disputes

	Destinations *Destinations
	Withdrawals  *Withdrawals
	Payouts      *Payouts

	Reconciliation *Reconciliations
	Exceptions     *Exceptions
	Quotes         *Quotes

	Contacts      *Contacts
	Transfers     *Transfers
	MoneyRequests *MoneyRequests

	cfg       Config
	ledger    *ledger.Ledger
	authority Authority
	sender    *webhook.Sender
	jobs      []job // see Wallet.Run
	workers   []*worker
	erasures  []Erasure // see Wallet.Erases

	erasesFirst []func(context.Context, CustomerID) error // see Wallet.ErasesFirst

	payoutJobs []job // of a worker of their own: a provider that hangs holds up nothing else

	failing endpointSet // endpoints whose last attempt failed and will be repeated
	randMu  sync.Mutex

	lastID struct {
		sync.Mutex
		at [16]byte
	}
}

// New returns a wallet over a ledger that was opened with Chart, or with a chart that begins
// with its patterns. The ledger stays the caller's to close; nothing runs in the background
// until Run is called. Errors: InvalidRequest for a wrong Config, no ledger, or a ledger
// with a chart whose rules differ from Chart's, since its customers could overdraw.
func New(l *ledger.Ledger, cfg Config) (*Wallet, error) {
	if err := checkChart(l); err != nil {
		return nil, err
	}
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	w := &Wallet{cfg: cfg, ledger: l}
	if w.cfg.NewID == nil {
		w.cfg.NewID = w.timeOrderedID
	}
	if w.cfg.Webhooks.Now == nil {
		w.cfg.Webhooks.Now = l.Now
	}
	w.sender = webhook.NewSender(w.cfg.Webhooks)
	w.Customers, w.Merchants = &Customers{w}, &Merchants{w}
	w.Keys, w.Endpoints = &Keys{w}, &Endpoints{w}
	w.TopUps, w.Payments, w.Disputes = &TopUps{w}, &Payments{w: w}, &Disputes{w}
	w.Quotes = &Quotes{w}

	w.Destinations = &Destinations{w}
	w.Withdrawals, w.Payouts = &Withdrawals{outgoings{w, "withdrawal", withdrawalMachine()}}, &Payouts{outgoings{w, "payout", payoutMachine()}}
	w.Reconciliation, w.Exceptions = &Reconciliations{w, rowsAtOnce}, &Exceptions{w}
	w.jobs = []job{
		{"payment", func(ctx context.Context, id string) error { return w.Payments.workDue(ctx, PaymentID(id)) }},
		{"refund", func(ctx context.Context, id string) error { return w.Payments.refundDue(ctx, RefundID(id)) }},
		{"topup", func(ctx context.Context, id string) error { return w.TopUps.ask(ctx, TopUpID(id)) }},
	}
	w.payoutJobs = []job{
		{"payout_schedule", w.Payouts.payOut},
		{"withdrawal", w.Withdrawals.settle},
		{"payout", w.Payouts.settle},
		{"destination", w.Destinations.settle},
		{"quote", func(ctx context.Context, id string) error { return w.Quotes.expireDue(ctx, QuoteID(id)) }},
	}
	w.Contacts, w.Transfers, w.MoneyRequests = &Contacts{w}, &Transfers{w}, &MoneyRequests{w}
	w.jobs = append(w.jobs, []job{
		{"transfer", func(ctx context.Context, id string) error { return w.Transfers.returnDue(ctx, TransferID(id)) }},
		{"request", func(ctx context.Context, id string) error { return w.MoneyRequests.expireDue(ctx, RequestID(id)) }},
		{"contact", w.adopt},
		{"gate", func(ctx context.Context, id string) error { return w.unmarkDue(ctx, "gate", id) }},
		{"merchant", func(ctx context.Context, id string) error { return w.unmarkDue(ctx, "merchant", id) }},
	}...)
	w.workers = []*worker{newWorker(w.settleDue), newWorker(w.payOutDue), newWorker(w.deliverDue)}
	return w, nil
}

// Mode returns the wallet's mode.
func (w *Wallet) Mode() Mode { return w.cfg.Mode }

// Now is the wallet's clock.
func (w *Wallet) Now() time.Time { return w.ledger.Now() }

// Zone is where the wallet's days and months begin, as Config.Zone says.
func (w *Wallet) Zone() *time.Location { return w.cfg.Zone }

// Ledger returns the ledger under the wallet, for Verify, exports and reports.
func (w *Wallet) Ledger() *ledger.Ledger { return w.ledger }

// Currency returns the currency with a code. Errors: CurrencyNotSupported.
func (w *Wallet) Currency(code string) (money.Currency, error) {
	c, err := w.cfg.Currencies.Lookup(code)
	if err != nil {
		e := NewError(CurrencyNotSupported, "unknown currency")
		e.Field, e.Err = "currency", err
		return money.Currency{}, e
	}
	return c, nil
}
