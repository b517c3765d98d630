package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// WithdrawalID names a withdrawal.
type WithdrawalID string

// Withdrawal is money that a customer takes out of the wallet. Its JSON is what the customer
// sees.
type Withdrawal struct {
	ID       WithdrawalID `json:"id"`
	Customer CustomerID   `json:"customer"`
	Outgoing

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// Outgoing is what withdrawals and payouts have in common.
type Outgoing struct {
	State       WithdrawalState `json:"state"`
	Amount      money.Amount    `json:"amount"` // what the destination gets
	Fee         money.Amount    `json:"fee"`    // held on top of the amount, taken when it is paid
	Destination DestinationID   `json:"destination"`
	Provider    string          `json:"provider"`          // a name of Config.PayoutProviders
	Paused      bool            `json:"paused,omitempty"`  // approved, and waits until the account or the destination is in order
	Reason      string          `json:"reason,omitempty"`  // why it was rejected or came back: a code
	Failure     *Refused        `json:"failure,omitempty"` // why it was rejected, failed or returned
	History     []Step          `json:"history"`           // every state with its time, in order
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	Sequence    int64           `json:"sequence"` // counts its events

	// ProviderReference is the provider's own id, once known: what a bank asks for.
	ProviderReference string `json:"provider_reference,omitempty"`
}

// Step is one entry of a history.
type Step struct {
	State WithdrawalState `json:"state"`
	At    time.Time       `json:"at"`
}

// OutgoingReview is what reviewers see of a withdrawal or a payout, and nobody else.
type OutgoingReview struct {
	Approvals  []Approval `json:"approvals"`             // in order
	Needed     int        `json:"needed"`                // how many approvers it takes
	RejectedBy string     `json:"rejected_by,omitempty"` // operator
	Assessment Assessment `json:"assessment"`            // what Config.Risk said when it was asked for
}

// Approval is one operator's approval.
type Approval struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Amounts are amounts by currency code, in minor units.
type Amounts map[string]int64

// OutgoingConfig says how money leaves the wallet.
type OutgoingConfig struct {
	// MinRemaining is what must remain in the balance. Defaults to nothing.
	MinRemaining Amounts

	// AutoApproveMax is up to which amount no person has to look, as long as Config.Risk
	// does not ask for it. A currency that is not listed is always reviewed.
	AutoApproveMax Amounts

	// FourEyesAbove is above which amount two operators have to approve. A currency that is
	// not listed needs one. It wins over AutoApproveMax.
	FourEyesAbove Amounts

	// ReturnFee says that the fee comes back together with an amount that the bank
	// returned. Defaults to keeping it.
	ReturnFee bool

	// SubmitDelay is how long Run leaves what is approved before it submits it, so that the owner
	// may still cancel. Defaults to nothing.
	SubmitDelay time.Duration
}

// Defaults of payout providers.
const (
	defaultPayoutTimeout  = 30 * time.Second
	defaultFinalityWindow = 72 * time.Hour
)

func (c *Config) setPayoutDefaults() error {
	if c.PayoutProviders == nil && c.Mode == Test {
		c.PayoutProviders = map[string]rails.PayoutProvider{"simulated": &rails.SimulatedPayouts{}}
	}
	for name := range c.PayoutProviders {
		if err := CheckID("payout_providers", name); err != nil {
			return err
		}
	}
	if c.PayoutTimeout <= 0 {
		c.PayoutTimeout = defaultPayoutTimeout
	}
	for name, window := range c.FinalityWindows {
		if c.PayoutProviders[name] == nil || window <= 0 {
			return InvalidField("finality_windows", "has no time, or a provider that Config.PayoutProviders lacks")
		}
	}
	if err := c.Withdrawals.check("withdrawals", c.Currencies); err != nil {
		return err
	}
	return c.Payouts.check("payouts", c.Currencies)
}

func (c *OutgoingConfig) check(field string, currencies *money.Registry) error {
	for name, amounts := range map[string]Amounts{
		"min_remaining": c.MinRemaining, "auto_approve_max": c.AutoApproveMax, "four_eyes_above": c.FourEyesAbove,
	} {
		for code, minor := range amounts {
			if _, err := currencies.Lookup(code); err != nil {
				return InvalidField(field+"."+name, "has a currency that Config.Currencies lacks")
			}
			if minor < 0 {
				return InvalidField(field+"."+name, "has a negative amount")
			}
		}
	}
	if c.SubmitDelay < 0 {
		return InvalidField(field+".submit_delay", "is negative")
	}
	return nil
}

// automatic reports whether an amount needs no person.
func (c *OutgoingConfig) automatic(a money.Amount) bool {
	most, ok := c.AutoApproveMax[a.Currency().Code()]
	return ok && a.Minor() <= most && c.approvers(a) == 1
}

// approvers is how many operators have to approve an amount.
func (c *OutgoingConfig) approvers(a money.Amount) int {
	if above, ok := c.FourEyesAbove[a.Currency().Code()]; ok && a.Minor() > above {
		return 2
	}
	return 1
}
