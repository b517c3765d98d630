package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// GateState says whether a customer's money may move.
type GateState string

const (
	// GateActive lets everything pass.
	GateActive GateState = "active"
	// GateLocked lets no money leave: new payments, transfers, withdrawals and conversions
	// are refused with AccountLocked (AccountRestricted after a top-up was reversed), payouts that were not submitted wait. What is
	// authorized can still be captured, and money can still come in.
	GateLocked GateState = "locked"
	// GateMustChange is locked as GateLocked is, for money: the customer has proven who they are
	// and has to set another password next.
	GateMustChange GateState = "must_change"
	// GateClosed is the end: nothing passes. Final.
	GateClosed GateState = "closed"
)

const (
	// LockAccount keeps money from leaving.
	LockAccount Action = "lock"
	// UnlockAccount lets it leave again.
	UnlockAccount Action = "unlock"

	lockAccount          = LockAccount
	unlockAccount        = UnlockAccount
	closeAccount  Action = "close"

	restrictAccount Action = "restrict"

	// ProveOwner is the proof of who the owner is, after a lock.
	ProveOwner Action = "prove_owner"
	// ChangePassword is the change of password that a proof asks for.
	ChangePassword Action = "change_password"
)

// GateMachine is the table of gates.
func GateMachine() Machine[GateState] {
	return Machine[GateState]{Noun: "account", Rows: []Row[GateState]{
		{To: GateActive, On: "register", Emits: []string{"customer.created"}},
		{
			To: GateLocked, On: "register", Guard: "risk asks for a challenge or a review",
			Emits: []string{"customer.created", "account.locked"}, Mails: []string{"account_locked"},
		},
		{From: GateActive, On: lockAccount, To: GateLocked, Emits: []string{"account.locked"}, Mails: []string{"account_locked"}},
		{From: GateLocked, On: unlockAccount, To: GateActive, Emits: []string{"account.unlocked"}, Mails: []string{"account_unlocked"}},
		{From: GateActive, On: restrictAccount, To: GateLocked, Emits: []string{"account.restricted"}},
		{From: GateLocked, On: restrictAccount, To: GateLocked, Emits: []string{"account.restricted"}},
		{From: GateLocked, On: ProveOwner, To: GateMustChange, Emits: []string{"account.owner_proven"}},
		{From: GateMustChange, On: ChangePassword, To: GateActive, Emits: []string{"account.unlocked"}, Mails: []string{"account_unlocked"}},
		{From: GateMustChange, On: unlockAccount, To: GateActive, Emits: []string{"account.unlocked"}, Mails: []string{"account_unlocked"}},
		{From: GateMustChange, On: lockAccount, To: GateLocked, Emits: []string{"account.locked"}, Mails: []string{"account_locked"}},
		{From: GateMustChange, On: restrictAccount, To: GateLocked, Emits: []string{"account.restricted"}},
		{From: GateActive, On: closeAccount, To: GateClosed, Emits: []string{"account.closed"}, Mails: []string{"account_closed"}},
	}}
}

// ReasonDebt is the Reason of a gate that a debt has locked, see Customers.Debts.
const ReasonDebt = topUpRestriction

// Gate is the one record of a customer that every Change of the customer's money relies
// on: whatever moves it (a lock, a restriction, the end of all sessions) and money that
// moves at the same time are decided one after the other, whichever comes first.
type Gate struct {
	Customer  CustomerID `json:"customer"`
	State     GateState  `json:"state"`
	Reason    string     `json:"reason,omitempty"` // a code, as told when it was locked
	By        string     `json:"by,omitempty"`     // who moved it last
	UpdatedAt time.Time  `json:"updated_at"`
	Sequence  int64      `json:"sequence"`

	// Epoch counts what ends all sessions of the customer: a lock, a change of credentials. A
	// session begun under an earlier epoch has ended.
	Epoch int64 `json:"epoch,omitempty"`
	// Denied are the capabilities that restrictions take away at present.
	Denied []Capability `json:"denied,omitempty"`
	// ByProof says that Customers.Unlock does not open it while it is Guarded: what proves who
	// owners are has locked it (see okpay/identity), and a proof ends it, or two people who answer
	// for the owner. Nobody who can reach the program's own verb is asked for either.
	ByProof bool `json:"by_proof,omitempty"`
	// WithdrawalsFrom is when withdrawals are possible again after a change of credentials.
	WithdrawalsFrom *time.Time `json:"withdrawals_from,omitempty"`

	// ClosingAt is set for the moment in which Customers.Close looks for what is in the way.
	// Nothing begins meanwhile.
	ClosingAt *time.Time `json:"closing_at,omitempty"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func (g *Gate) record() ledger.Put {
	put := ledger.Put{Type: "gate", ID: string(g.Customer)}
	if g.ClosingAt != nil {
		put.Due = g.ClosingAt.Add(closingTakes)
	}
	return put
}

func (g *Gate) view(*Wallet) (any, error) { return g, nil }

func (g *Gate) counter() *int64 { return &g.Sequence }

func (g *Gate) parties() (MerchantID, CustomerID) { return "", g.Customer }

// gate reads a customer's gate. The draft relies on it from now on.
func (w *Wallet) gate(d *ledger.Draft, id CustomerID) (*Gate, error) {
	g := &Gate{}
	err := draftGet(d, "gate", string(id), g)
	if errors.Is(err, NotFound) {
		return nil, notFound("customer", string(id))
	}
	return g, err
}

// Guarded reports whether who the owner is has to be proven before anything else: the gate is
// locked, for another reason than a debt, or the password has to be changed.
func (g *Gate) Guarded() bool {
	return g.State == GateMustChange || g.State == GateLocked && g.Reason != topUpRestriction
}

// lockedAs is the code of what a gate that is locked refuses: AccountRestricted after a top-up
// was reversed, else AccountLocked.
func (g *Gate) lockedAs() Code {
	if g.Reason == topUpRestriction {
		return AccountRestricted
	}
	return AccountLocked
}

// arriving refuses to let money come to a customer whose account is closed. Errors: NotFound,
// AccountClosed, ServiceBusy in the moment of closing.
func (w *Wallet) arriving(d *ledger.Draft, id CustomerID) error {
	g, err := w.gate(d, id)
	switch {
	case err != nil:
		return err
	case g.State == GateClosed:
		return accountClosed(id)
	}
	return busyClosing(g.ClosingAt, string(id))
}

// permitted refuses what a restriction takes away and a lock does not. Errors: NotFound,
// AccountClosed, AccountRestricted, ServiceBusy in the moment of closing.
func (w *Wallet) permitted(d *ledger.Draft, id CustomerID, can Capability) error {
	g, err := w.gate(d, id)
	if err != nil {
		return err
	}
	return g.refuse(can, d.Now())
}

func accountClosed(id CustomerID) error {
	e := NewError(AccountClosed, "the customer's account is closed")
	e.Object = string(id)
	return e
}

// MoveGate is the input of Customers.Lock, Customers.Unlock and Customers.Close.
type MoveGate struct {
	Customer CustomerID
	By       string // who does it, at most 64 letters, digits, '_' and '-'
	Reason   string // a code such as risk or password_attempts, at most 64 of the same
	Key      string // makes the call safe to repeat
}

func (in *MoveGate) check() error {
	for field, text := range map[string]string{"by": in.By, "reason": in.Reason} {
		if text != "" {
			if err := CheckID(field, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *MoveGate) verb(on Action) verb {
	return verb{"program", "account." + string(on), in.Key, []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "by", Value: in.By}, {Name: "reason", Value: in.Reason},
	}}
}

// operatorOr is who acts, in the audit.
func operatorOr(by string) string {
	if by == "" {
		return "program"
	}
	return "op/" + by
}

// Lock keeps a customer's money from leaving, and ends all sessions. The customer is told. Errors: InvalidRequest,
// NotFound, InvalidState when it is locked or closed already, IdempotencyKeyReused.
func (s *Customers) Lock(ctx context.Context, in MoveGate) (Gate, error) {
	return s.moveGate(ctx, in, lockAccount)
}

// Unlock lets it leave again: what Lock, a debt or Config.Risk has locked. What was locked for
// reasons of security by what proves who owners are (see Gate.ByProof) it does not open. Errors as for Lock,
// with InvalidState when it is not locked, and then AccountLocked for a gate that only a proof opens.
func (s *Customers) Unlock(ctx context.Context, in MoveGate) (Gate, error) {
	return s.moveGate(ctx, in, unlockAccount)
}

func (s *Customers) moveGate(ctx context.Context, in MoveGate, on Action) (Gate, error) {
	if err := in.check(); err != nil {
		return Gate{}, err
	}
	out, err := s.w.do(ctx, in.verb(on), func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		held := g.ByProof && g.Guarded()
		m, err := GateMachine().Move(&g.State, string(in.Customer), on, Always)
		switch {
		case err != nil:
			return err
		case on == lockAccount:
			g.Epoch++
		case held:
			e := NewError(AccountLocked, "a proof of who the owner is opens it, or two agents")
			e.Object = string(in.Customer)
			return e
		default:
			g.ByProof = false
		}
		g.By, g.Reason, g.UpdatedAt, g.ClosingAt = in.By, in.Reason, d.Now(), nil
		s.w.audit(&d.Change, d.Now(), AuditEntry{
			Actor: operatorOr(in.By), Action: "account." + string(on), Customer: in.Customer, Reason: in.Reason, Shown: true,
		})
		d.Result = string(in.Customer)
		return s.w.write(&d.Change, d.Now(), g, m)
	})
	if err != nil {
		return Gate{}, translate(err)
	}
	g, err := s.Gate(ctx, in.Customer)
	g.Replayed = out.Replayed
	return g, err
}

// Gate returns a customer's gate. Errors: NotFound.
func (s *Customers) Gate(ctx context.Context, id CustomerID) (Gate, error) {
	if err := showingCustomer(ctx, id); err != nil {
		return Gate{}, err
	}
	var g Gate
	err := s.w.get(ctx, "gate", string(id), &g)
	if errors.Is(err, NotFound) {
		err = notFound("customer", string(id))
	}
	return g, translate(err)
}
