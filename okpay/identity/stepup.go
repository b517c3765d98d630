package identity

import (
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

const (
	// stepUpTakes is how long the answer is waited for, and then how long the proof is good.
	stepUpTakes = 5 * time.Minute
	// stepUpTries is how many answers may be wrong: the last one ends it.
	stepUpTries = 5
)

// StepUpState is where a step-up is in its life.
type StepUpState string

// The states. Used, failed and expired are final.
const (
	StepUpBegun   StepUpState = "begun"   // an answer is waited for
	StepUpProven  StepUpState = "proven"  // the proof is the customer's
	StepUpUsed    StepUpState = "used"    // the proof allowed what it was for
	StepUpFailed  StepUpState = "failed"  // too many answers were wrong
	StepUpExpired StepUpState = "expired" // nobody came in time
)

// What happens to a step-up.
const (
	BeginStepUp  okpay.Action = "begin"
	AnswerStepUp okpay.Action = "answer"
	UseStepUp    okpay.Action = "use"
	ExpireStepUp okpay.Action = "expire"
)

// StepUpMachine is the table of step-ups.
func StepUpMachine() okpay.Machine[StepUpState] {
	return okpay.Machine[StepUpState]{Noun: "step_up", Rows: []okpay.Row[StepUpState]{
		{To: StepUpBegun, On: BeginStepUp},
		{From: StepUpBegun, On: AnswerStepUp, To: StepUpProven, Emits: []string{"step_up.proven"}},
		{From: StepUpBegun, On: AnswerStepUp, Guard: wrongAnswer, To: StepUpBegun},
		{From: StepUpBegun, On: AnswerStepUp, Guard: lastAnswer, To: StepUpFailed, Emits: []string{"step_up.failed"}, Mails: []string{"step_up_failed"}},
		{From: StepUpBegun, On: ExpireStepUp, To: StepUpExpired},
		{From: StepUpProven, On: UseStepUp, To: StepUpUsed, Emits: []string{"step_up.used"}},
		{From: StepUpProven, On: ExpireStepUp, To: StepUpExpired},
	}}
}

const (
	wrongAnswer okpay.Guard = "the answer is wrong"
	lastAnswer  okpay.Guard = "the last answer is wrong"
)

// StepUpAction is what a proof allows: an okpay.Operation that moves a customer's money, or a
// change of what proves who the customer is.
type StepUpAction string

// The actions.
const (
	StepUpPayment    = StepUpAction(okpay.OnPayment)
	StepUpTransfer   = StepUpAction(okpay.OnTransfer)
	StepUpTopUp      = StepUpAction(okpay.OnTopUp)
	StepUpWithdrawal = StepUpAction(okpay.OnWithdrawal)
	StepUpConversion = StepUpAction(okpay.OnConversion)

	ManageFactor       StepUpAction = "factor.manage"  // enroll another app, renew recovery codes
	RemoveSecondFactor StepUpAction = "factor.remove"  // turn the second factor off
	ChangeContact      StepUpAction = "contact.change" // To names the contact, or is the new one
)

func (a StepUpAction) movesMoney() bool {
	switch a {
	case StepUpPayment, StepUpTransfer, StepUpTopUp, StepUpWithdrawal, StepUpConversion:
		return true
	}
	return false
}

func (a StepUpAction) known() bool {
	return a.movesMoney() || a == ManageFactor || a == RemoveSecondFactor || a == ChangeContact
}

// StepUpMethod is how a customer answers a step-up.
type StepUpMethod string

// The methods.
const (
	BySecondFactor StepUpMethod = "second_factor" // a code of the app, or a recovery code
	ByPassword     StepUpMethod = "password"
	ByContact      StepUpMethod = "contact" // a code sent to a verified contact
)

// StepUp is one step-up as the customer who began it sees it.
type StepUp struct {
	ID       string           `json:"id"`
	Customer okpay.CustomerID `json:"customer"`
	State    StepUpState      `json:"state"`
	Action   StepUpAction     `json:"action"`
	Amount   string           `json:"amount,omitempty"` // with its currency
	// Methods are how it can be answered, the best first.
	Methods   []StepUpMethod `json:"methods"`
	TriesLeft int            `json:"tries_left"`
	Until     time.Time      `json:"until"` // for the answer; once it is proven, for the proof
	Sequence  int64          `json:"sequence"`
}

// stepUpDoc is a StepUp as its record keeps it. What the proof is bound to stands there as a
// keyed digest: payees can be personal.
type stepUpDoc struct {
	StepUp
	Session string `json:"session"`
	Epoch   int64  `json:"epoch"`
	Key     string `json:"key"`             // id of the key of Bound
	Bound   []byte `json:"bound"`           // see stepUpBound
	Proof   []byte `json:"proof,omitempty"` // a digest, once it is proven
}

func (s *stepUpDoc) Put() ledger.Put {
	put := plain("step_up", s.ID, s.StepUp.Customer)
	put.Due = s.Until
	if !s.open() {
		put.Due = s.Until.Add(flowKept)
	}
	return put
}

func (s *stepUpDoc) open() bool { return s.State == StepUpBegun || s.State == StepUpProven }

func (s *stepUpDoc) View() any { return s.StepUp }

func (s *stepUpDoc) Customer() okpay.CustomerID { return s.StepUp.Customer }

func (s *stepUpDoc) Counter() *int64 { return &s.Sequence }

func (s *stepUpDoc) Facts(string) map[string]string {
	facts := map[string]string{"action": string(s.Action)}
	if s.Amount != "" {
		facts["amount"] = s.Amount
	}
	return facts
}

// bound is what a proof allows, and to whom.
type bound struct {
	customer okpay.CustomerID
	session  string
	epoch    int64
	action   StepUpAction
	amount   money.Amount
	to       string
	object   string
}

// digest keeps what is bound under a key.
func (b *bound) digest(key []byte, id string) []byte {
	amount := ""
	if !b.amount.Currency().IsZero() {
		amount = fmt.Sprintf("%d %s %d", b.amount.Minor(), b.amount.Currency().Code(), b.amount.Currency().Scale())
	}
	return mac(key, id, string(b.customer), b.session, fmt.Sprint(b.epoch), string(b.action), amount, b.to, b.object)
}

// move takes a step-up through its table and writes it with its entry in the audit.
func (x *Identity) moveStepUp(d *okpay.Draft, s *stepUpDoc, on okpay.Action, g okpay.Guard, facts map[string]string) error {
	told, err := StepUpMachine().Move(&s.State, s.ID, on, g)
	if err != nil {
		return err
	}
	e := okpay.AuditEntry{
		Actor: "c/" + string(s.StepUp.Customer), Action: "step_up." + string(on), Customer: s.StepUp.Customer, Object: s.ID, Session: s.Session,
		Facts: with(with(map[string]string{}, "amount", s.Amount, "action", string(s.Action)), "outcome", string(g)), Shown: on == AnswerStepUp || on == UseStepUp,
	}
	for name, text := range facts {
		e.Facts[name] = text
	}
	if on == ExpireStepUp {
		e.Actor, e.Session = "program", ""
	}
	if !s.open() {
		s.Proof, s.Bound = nil, nil // nothing is compared with them any more
	}
	d.Audit(e)
	return d.Write(s, told)
}
