package okpay

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"strings"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
	"github.com/okpay/okpay-go/webhook"
)

// Mode tells a wallet for trying things out from one with real money. It stands in every
// API key, so that neither works on the other.
type Mode string

// The modes.
const (
	Test Mode = "test"
	Live Mode = "live"
)

// Config says how a wallet works. The zero value works.
type Config struct {
	// Mode defaults to Test.
	Mode Mode

	// Currencies are those the wallet accepts. Defaults to ISO 4217.
	Currencies *money.Registry

	// Fees are what the wallet takes. A merchant may have schedules of their own
	// (Merchants.SetFees). Defaults to nothing.
	Fees Fees

	// RefundFees says what happens to the fee when a payment is refunded. Defaults to
	// KeepFee.
	RefundFees RefundFees

	// MaxAttempts is how often a customer may try to pay one payment before it fails: each
	// confirmation that comes to nothing is an attempt, and so is each funding source that says
	// no, also when ConfirmPayment.Methods names others after it. Defaults to 5.
	MaxAttempts int

	// PaymentExpiry is how long a payment can be confirmed and captured when the merchant
	// does not say, between MinPaymentExpiry and MaxPaymentExpiry. Defaults to 7 days.
	PaymentExpiry time.Duration

	// TransferExpiry is how long a transfer to a contact that nobody has verified can be
	// claimed before it returns, between MinPaymentExpiry and MaxPaymentExpiry. Defaults to 7
	// days.
	TransferExpiry time.Duration

	// Limits bound what a customer or merchant may do. Defaults to none.
	Limits []Limit

	// Zone is where days and months of limits and reports begin. Defaults to UTC.
	Zone *time.Location

	// Risk is asked before money moves and before somebody is registered; the place for
	// fraud rules, sanctions and KYC screening. It may be called more than once for one
	// operation, from any goroutine. Defaults to allowing everything.
	Risk func(context.Context, RiskCheck) (Assessment, error)

	// VerifyStepUp says whether a customer's proof answers a challenge. Without it every
	// proof is refused.
	VerifyStepUp func(context.Context, StepUp) (bool, error)

	// RequireActor refuses customers' own verbs with AuthenticationRequired unless somebody acts
	// for them, see Actor. Set it where okpay/identity signs customers in. Defaults to trusting the
	// embedding program.
	RequireActor bool

	// DisputeWindow is how long after its last capture a payment can be reported. Defaults to 120 days.
	DisputeWindow time.Duration

	// EvidenceWindow is how long evidence is taken after a dispute was opened. Defaults to 14 days.
	EvidenceWindow time.Duration

	// Sources are the funding sources for top-ups by name. Defaults to one simulated source
	// named "simulated" in Test mode, and to none in Live mode.
	Sources map[string]rails.FundingSource

	// PayoutProviders send money out of the wallet, by name. Defaults to one simulated
	// provider named "simulated" in Test mode, and to none in Live mode.
	PayoutProviders map[string]rails.PayoutProvider

	// PayoutTimeout is how long a call of a payout provider may take; after it the outcome
	// is unknown. Defaults to 30 s.
	PayoutTimeout time.Duration

	// SourceTimeout is how long a call of a funding source may take; after it the outcome is
	// unknown. Defaults to 30 s.
	SourceTimeout time.Duration

	// FinalityWindows say for how long after an order a provider may still come to know it, and
	// remembers its key, by name. Defaults to 72 hours for each.
	FinalityWindows map[string]time.Duration

	// Withdrawals and Payouts say how customers' and merchants' money leaves the wallet.
	Withdrawals OutgoingConfig
	Payouts     OutgoingConfig

	// VerifyDestination says whether a destination is its owner's and can be paid to. It is
	// called outside of any Change, from any goroutine, and may be called more than once.
	// Defaults to leaving that to operators (Destinations.Verify).
	VerifyDestination func(context.Context, DestinationCheck) (DestinationVerdict, error)

	// TopUpExpiry is how long a top-up waits for its money before the source is asked once
	// more whether it has come. Only the source's "not paid" ends it. Defaults to 24 hours.
	TopUpExpiry time.Duration

	// Rates says what one unit of a currency is worth in another one, for quotes that come
	// without a rate and for payments out of a balance in another currency. It may be called
	// more than once for one of them, from any goroutine. Defaults to none: quotes name their
	// rates, and such methods of payment are refused.
	Rates func(ctx context.Context, base, quote money.Currency) (Rate, error)

	// SettlementGrace is how long what was paid or has come may stand on no statement before
	// an import asks a person about it. Defaults to 72 hours.
	SettlementGrace time.Duration
	// Order asks the merchant's side whether it takes an order, when a customer confirms its
	// payment: false refuses it with MerchantRejected, an error with MerchantUnavailable. It may be
	// called more than once for one payment, from any goroutine. Defaults to taking every order.
	Order func(context.Context, OrderCheck) (bool, error)

	// ChallengeExpiry is how long a customer has to prove who they are for a payment that
	// Config.Risk challenges. Defaults to 10 minutes.
	ChallengeExpiry time.Duration

	// RefundTo says where refunds go of payments that a funding source paid. Defaults to
	// RefundToWallet.
	RefundTo RefundTo

	// RefundWindow is how long after its creation a payment can be refunded. Defaults to
	// without end.
	RefundWindow time.Duration

	// Webhooks configures how events are delivered. Set AllowPrivate where receivers are on
	// this machine or in a network of one's own, and nowhere else: merchants choose the URLs.
	Webhooks webhook.SenderConfig

	// Schedule says when a failed delivery is tried again. Defaults to the schedule that
	// Standard Webhooks suggests.
	Schedule webhook.Schedule

	// PollInterval is how often Run looks for due work when nothing wakes it. Defaults to
	// 1 s.
	PollInterval time.Duration

	// Rand is the source of ids and secrets. Defaults to crypto/rand.
	Rand io.Reader

	// NewID makes the 26 characters after an id's prefix; ids made later should sort
	// later. Defaults to the ledger's time and 80 random bits.
	NewID func() string

	// Logger hears of what happens in the background. Defaults to discarding.
	Logger *slog.Logger
}

func (c *Config) setDefaults() error {
	if c.Mode == "" {
		c.Mode = Test
	}
	if c.Mode != Test && c.Mode != Live {
		return InvalidField("mode", "is neither %q nor %q", Test, Live)
	}
	if c.Currencies == nil {
		c.Currencies = money.ISO()
	}
	if err := c.Fees.check(c.Currencies); err != nil {
		return err
	}
	for i := range c.Limits {
		if err := c.Limits[i].check(c.Currencies); err != nil {
			return err
		}
	}
	if c.DisputeWindow <= 0 {
		c.DisputeWindow = defaultDisputeWindow
	}
	if c.EvidenceWindow <= 0 {
		c.EvidenceWindow = defaultEvidenceWindow
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.RefundFees > ReturnFeeProportionally {
		return InvalidField("refund_fees", "is not one of the constants")
	}
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = 5
	}
	if c.PaymentExpiry == 0 {
		c.PaymentExpiry = 7 * 24 * time.Hour
	}
	if c.PaymentExpiry < MinPaymentExpiry || c.PaymentExpiry > MaxPaymentExpiry {
		return InvalidField("payment_expiry", "is %v, want %v to %v", c.PaymentExpiry, MinPaymentExpiry, MaxPaymentExpiry)
	}
	if c.TransferExpiry == 0 {
		c.TransferExpiry = 7 * 24 * time.Hour
	}
	if c.TransferExpiry < MinPaymentExpiry || c.TransferExpiry > MaxPaymentExpiry {
		return InvalidField("transfer_expiry", "is %v, want %v to %v", c.TransferExpiry, MinPaymentExpiry, MaxPaymentExpiry)
	}
	if c.Sources == nil && c.Mode == Test {
		c.Sources = map[string]rails.FundingSource{"simulated": &rails.Simulated{}}
	}
	for name := range c.Sources {
		if err := CheckID("sources", name); err != nil {
			return err
		}
	}
	if err := c.setPayoutDefaults(); err != nil {
		return err
	}
	if c.SourceTimeout <= 0 {
		c.SourceTimeout = 30 * time.Second
	}
	if c.TopUpExpiry == 0 {
		c.TopUpExpiry = 24 * time.Hour
	}
	if c.TopUpExpiry < 0 {
		return InvalidField("topup_expiry", "is negative")
	}
	if c.SettlementGrace <= 0 {
		c.SettlementGrace = defaultSettlementGrace
	}
	if c.ChallengeExpiry <= 0 {
		c.ChallengeExpiry = 10 * time.Minute
	}
	if c.RefundTo > RefundToSource {
		return InvalidField("refund_to", "is not one of the constants")
	}
	if c.PollInterval <= 0 {
		c.PollInterval = time.Second
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

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

// verb says what is asked for, by whom, so that it can be told from another request with
// the same key.
type verb struct {
	principal string // such as "m/mer_…"; keys of different principals never meet
	operation string // such as "payment.capture"
	key       string
	request   []ledger.Field
}

// maxKeyLen bounds idempotency keys, in bytes.
const maxKeyLen = 128

// customer is whose own verb it is, "" if it is no customer's.
func (v *verb) customer() CustomerID {
	id, own := strings.CutPrefix(v.principal, "c/")
	if !own {
		return ""
	}
	return CustomerID(id)
}

func (v *verb) id() string { return v.principal + "/" + v.operation + "/" + v.key }

// do runs a verb over the ledger. The error is the ledger's.
func (w *Wallet) do(ctx context.Context, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	return w.doFor(ctx, v.customer(), v, fn)
}

// doFor is do for a verb that is a customer's own, whatever its principal. One that is nobody's own
// is the embedding program's, an operator's or a merchant's: whoever is signed in has no part in it.
func (w *Wallet) doFor(ctx context.Context, of CustomerID, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	if _, acts := ActorOf(ctx); acts && of == "" {
		return ledger.Outcome{}, NewError(PermissionDenied, "a customer is signed in here, whose own this is not")
	}
	return w.doAs(ctx, of, v, fn)
}

// doAs runs a verb of whoever it is said to be.
func (w *Wallet) doAs(ctx context.Context, of CustomerID, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	// An id without '/' keeps one principal's keys apart from another's.
	for _, named := range [...]struct{ prefix, field string }{{"m/", "merchant"}, {"c/", "customer"}} {
		if id, ok := strings.CutPrefix(v.principal, named.prefix); ok {
			if err := CheckID(named.field, id); err != nil {
				return ledger.Outcome{}, err
			}
		}
	}
	if v.key == "" {
		v.key = w.cfg.NewID()
	}
	if err := CheckText("key", v.key, maxKeyLen); err != nil {
		return ledger.Outcome{}, err
	}
	if _, acts := ActorOf(ctx); acts || w.cfg.RequireActor {
		// A repeat is answered without running fn, so who asks is checked here as well.
		if err := w.admit(ctx, reading{ctx, w}, of); err != nil {
			return ledger.Outcome{}, err
		}
		fn = w.admitted(of, fn)
	}
	out, err := w.ledger.Do(ctx, v.id(), v.request, fn)
	if out.Seq > 0 && !out.Replayed {
		w.nudge()
	}
	return out, err
}

// amount checks an amount that is to be moved, and that its currency is the wallet's.
func (w *Wallet) amount(field string, a money.Amount) error {
	if a.Currency().IsZero() {
		return InvalidField(field, "is missing")
	}
	known, err := w.Currency(a.Currency().Code())
	if err == nil && known != a.Currency() {
		err = NewError(CurrencyNotSupported, "the currency has %d decimals here", known.Scale())
	}
	if err == nil && !a.IsPositive() {
		err = NewError(AmountNotPositive, "the amount is %s", a)
	}
	var e *Error
	if errors.As(err, &e) {
		e.Field = field
	}
	return err
}

// restore makes an amount of what a record keeps.
func (w *Wallet) restore(minor int64, code string) (money.Amount, error) {
	c, err := w.cfg.Currencies.Lookup(code)
	if err != nil {
		return money.Amount{}, fmt.Errorf("okpay: a record has currency %s, which Config.Currencies lacks: %w", code, err)
	}
	return money.New(minor, c), nil
}

func (w *Wallet) newID(prefix string) string { return prefix + w.cfg.NewID() }

// timeOrderedID returns 48 bits of milliseconds and 80 random bits in Crockford's base 32. Of
// those made in one millisecond each is above the one before, by a random step, so that what
// one Change makes is listed in its order.
func (w *Wallet) timeOrderedID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(w.Now().UnixMilli())<<16)
	if w.random(b[6:]) != nil {
		// An id without its random part would collide. This source never fails.
		_, _ = rand.Read(b[6:])
	}
	w.lastID.Lock()
	defer w.lastID.Unlock()
	if bytes.Compare(b[:6], w.lastID.at[:6]) <= 0 {
		step := uint64(binary.BigEndian.Uint32(b[12:])) + 1
		b = w.lastID.at
		lo, carry := bits.Add64(binary.BigEndian.Uint64(b[8:]), step, 0)
		binary.BigEndian.PutUint64(b[8:], lo)
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+carry)
	}
	w.lastID.at = b
	return crockford(b)
}

func (w *Wallet) random(b []byte) error {
	w.randMu.Lock()
	defer w.randMu.Unlock()
	_, err := io.ReadFull(w.cfg.Rand, b)
	return err
}

// crockford writes 128 bits as 26 characters that sort like the number.
func crockford(b [16]byte) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = alphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// CheckID bounds the ids that become parts of account names.
func CheckID(field, id string) error {
	if id == "" {
		return InvalidField(field, "is missing")
	}
	if len(id) > 64 {
		return InvalidField(field, "has %d characters, want 1 to 64", len(id))
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return InvalidField(field, "has a character other than letters, digits, '_' and '-'")
		}
	}
	return nil
}

// CheckText bounds a text: valid UTF-8 without control characters.
func CheckText(field, s string, most int) error {
	if len(s) > most {
		return InvalidField(field, "has %d bytes, want at most %d", len(s), most)
	}
	if strings.ToValidUTF8(s, "") != s || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return InvalidField(field, "is not plain text in UTF-8")
	}
	return nil
}

func checkMetadata(m map[string]string) error {
	if len(m) > 20 {
		return InvalidField("metadata", "has %d entries, want at most 20", len(m))
	}
	for k, v := range m {
		if k == "" {
			return InvalidField("metadata", "has an empty key")
		}
		if err := errors.Join(CheckText("metadata", k, 40), CheckText("metadata", v, 500)); err != nil {
			return err
		}
	}
	return nil
}

// fresh makes a Change rely on an id of our making being new, should Config.NewID ever
// repeat itself.
func fresh(d *ledger.Draft, noun, id string) {
	d.Expects = append(d.Expects, ledger.Expect{Type: noun, ID: id})
	d.Result = id
}

// get reads a record into doc.
func (w *Wallet) get(ctx context.Context, noun, id string, doc any) error {
	r, err := w.ledger.Record(ctx, noun, id)
	return decodeRecord(noun, id, r, err, doc)
}

// getAfter is get for a verb that has committed: what it has written need not be read again. A
// replay is answered with what is stored now.
func (w *Wallet) getAfter(ctx context.Context, out ledger.Outcome, noun, id string, doc any) error {
	if out.Replayed || out.Seq == 0 {
		return w.get(ctx, noun, id, doc)
	}
	r, err := w.ledger.RecordSince(ctx, noun, id, out.Seq)
	return decodeRecord(noun, id, r, err, doc)
}

// draftGet reads a record that the draft then relies on.
func draftGet(d *ledger.Draft, noun, id string, doc any) error {
	r, err := d.Get(noun, id)
	return decodeRecord(noun, id, r, err, doc)
}

func decodeRecord(noun, id string, r ledger.Record, err error, doc any) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrErased):
		return notFound(strings.ReplaceAll(noun, "_", " "), id)
	case err != nil:
		return err
	}
	if err := json.Unmarshal(r.Content, doc); err != nil {
		return fmt.Errorf("okpay: record %s %s: %w", noun, id, err)
	}
	return nil
}

// encode writes a record's document.
func encode(doc any) []byte {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // documents are structs of texts, numbers and times
	}
	return b
}

// pageSize bounds a list's page: 1 to 100, 20 unless told.
func pageSize(n int) int {
	if n <= 0 {
		return 20
	}
	return min(n, 100)
}
