package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Operation names what moves money, for fees, limits and risk.
type Operation string

// The operations.
const (
	OnPayment    Operation = "payment"    // a customer confirms a payment
	OnTransfer   Operation = "transfer"   // a customer sends money to a person
	OnTopUp      Operation = "topup"      // a customer brings money in
	OnWithdrawal Operation = "withdrawal" // a customer takes money out
	OnPayout     Operation = "payout"     // a merchant takes money out
	OnConversion Operation = "conversion" // a customer exchanges currencies
	OnRefund     Operation = "refund"     // a merchant gives money back
	OnRegister   Operation = "register"   // a customer or merchant is registered
)

// RiskCheck is what Config.Risk is asked about.
type RiskCheck struct {
	Operation Operation
	Customer  CustomerID   // who acts, if a customer does
	Merchant  MerchantID   // who acts or is paid, if a merchant is
	To        string       // the payee of a transfer (the contact if nobody has verified it), the destination of a withdrawal, the source of a top-up
	Object    string       // id of the payment, if it exists already
	Contact   string       // by which the payee of a transfer was named, in its normal form, whoever has it verified
	Amount    money.Amount // zero for OnRegister
	At        time.Time

	Name string // of who is registered, for screening (OnRegister)
}

// Verdict is what is to become of an operation. The zero value allows it.
type Verdict string

// The verdicts.
const (
	Allow     Verdict = ""          // go on
	Challenge Verdict = "challenge" // only after the customer has proven once more who they are
	Review    Verdict = "review"    // only after a person has looked at it
	Block     Verdict = "block"     // not at all: RiskDeclined
)

func (v Verdict) known() bool { return v == Allow || v == Challenge || v == Review || v == Block }

// Assessment is the answer. It is stored with the object and shown to nobody but operators.
type Assessment struct {
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"` // the rule that decided: a code, at most 64 letters, digits, '_' and '-'
	Score   int     `json:"score,omitempty"`
}

// StepUp is the proof by which a customer answers a challenge, and what it is to allow.
type StepUp struct {
	Customer  CustomerID
	Operation Operation
	Session   string // of the Actor, if somebody is signed in
	Object    string // the payment that was challenged; empty for what does not exist yet
	Amount    money.Amount
	To        string
	Contact   string // by which the payee of a transfer was named, in its normal form; the proof may name it instead of To
	Proof     string // as the customer's program handed it in; never stored
}

// assessment asks Config.Risk at most once for one call of a verb, however often a conflict
// makes the verb run again.
type assessment struct {
	w     *Wallet
	asked bool
	got   Assessment
	err   error
}

func (w *Wallet) risk() *assessment { return &assessment{w: w} }

// ask returns the assessment. An error of Config.Risk, or a verdict that does not exist,
// refuses the operation with ServiceBusy: what can not be screened does not pass.
func (a *assessment) ask(ctx context.Context, c RiskCheck) (Assessment, error) {
	if a.w.cfg.Risk == nil {
		return Assessment{}, nil
	}
	if !a.asked {
		a.asked = true
		a.got, a.err = a.w.cfg.Risk(ctx, c)
		switch {
		case a.err != nil:
			e := NewError(ServiceBusy, "the risk check did not answer")
			e.Err, a.err = a.err, e
		case !a.got.Verdict.known():
			a.err = NewError(ServiceBusy, "the risk check gave a verdict that is none of the constants")
		case a.got.Reason != "":
			a.err = CheckID("risk reason", a.got.Reason)
		}
	}
	return a.got, a.err
}

// declined is the refusal of what Config.Risk blocks. It does not tell why.
func declined(object string) *Error {
	e := NewError(RiskDeclined, "")
	e.Object = object
	return e
}
