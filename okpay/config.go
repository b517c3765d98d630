package okpay

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"

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
