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
	// GateClosed is the end: nothing passes. Final.
	GateClosed GateState = "closed"
)

const (
	lockAccount   action = "lock"
	unlockAccount action = "unlock"
	closeAccount  action = "close"

	restrictAccount action = "restrict"
)

func gateMachine() machine[GateState] {
	return machine[GateState]{noun: "account", rows: []row[GateState]{
		{to: GateActive, on: "register", emits: []string{"customer.created"}},
		{
			to: GateLocked, on: "register", guard: "risk asks for a challenge or a review",
			emits: []string{"customer.created", "account.locked"}, mails: []string{"account_locked"},
		},
		{from: GateActive, on: lockAccount, to: GateLocked, emits: []string{"account.locked"}, mails: []string{"account_locked"}},
		{from: GateLocked, on: unlockAccount, to: GateActive, emits: []string{"account.unlocked"}, mails: []string{"account_unlocked"}},
		{from: GateActive, on: restrictAccount, to: GateLocked, emits: []string{"account.restricted"}},
		{from: GateLocked, on: restrictAccount, to: GateLocked, emits: []string{"account.restricted"}},
		{from: GateActive, on: closeAccount, to: GateClosed, emits: []string{"account.closed"}, mails: []string{"account_closed"}},
	}}
}

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

// leaving refuses to let a customer's money leave unless the gate is open. Errors: NotFound,
// AccountLocked, AccountRestricted after a top-up was reversed, AccountClosed, ServiceBusy in
// the moment of closing.
func (w *Wallet) leaving(d *ledger.Draft, id CustomerID) error {
	g, err := w.gate(d, id)
	if err != nil {
		return err
	}
	switch g.State {
	case GateLocked:
		e := newError(g.lockedAs(), "no money leaves the customer's account")
		e.Object = string(id)
		return e
	case GateClosed:
		return accountClosed(id)
	}
	return busyClosing(g.ClosingAt, string(id))
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

func accountClosed(id CustomerID) error {
	e := newError(AccountClosed, "the customer's account is closed")
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
			if err := checkID(field, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *MoveGate) verb(on action) verb {
	return verb{"program", "account." + string(on), in.Key, []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "by", Value: in.By}, {Name: "reason", Value: in.Reason},
	}}
}

// Lock keeps a customer's money from leaving. The customer is told. Errors: InvalidRequest,
// NotFound, InvalidState when it is locked or closed already, IdempotencyKeyReused.
func (s *Customers) Lock(ctx context.Context, in MoveGate) (Gate, error) {
	return s.moveGate(ctx, in, lockAccount)
}

// Unlock lets it leave again. Errors as for Lock.
func (s *Customers) Unlock(ctx context.Context, in MoveGate) (Gate, error) {
	return s.moveGate(ctx, in, unlockAccount)
}

func (s *Customers) moveGate(ctx context.Context, in MoveGate, on action) (Gate, error) {
	if err := in.check(); err != nil {
		return Gate{}, err
	}
	out, err := s.w.do(ctx, in.verb(on), func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		m, err := gateMachine().move(&g.State, string(in.Customer), on, always)
		if err != nil {
			return err
		}
		g.By, g.Reason, g.UpdatedAt, g.ClosingAt = in.By, in.Reason, d.Now(), nil
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
	var g Gate
	err := s.w.get(ctx, "gate", string(id), &g)
	if errors.Is(err, NotFound) {
		err = notFound("customer", string(id))
	}
	return g, translate(err)
}
