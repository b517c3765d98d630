package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// ExceptionID names an exception.
type ExceptionID string

// ExceptionState is where an exception is in its life.
type ExceptionState string

// The states of an exception.
const (
	ExceptionOpen     ExceptionState = "open"     // waits for a person: leads to resolved
	ExceptionResolved ExceptionState = "resolved" // a person has decided, or a later statement has. Final.
)

// Exception is something on which the wallet and the outside differ, for a person to look
// at. Nothing of it is ever settled by the passing of time.
type Exception struct {
	ID       ExceptionID `json:"id"`
	Kind     string      `json:"kind"`     // a code, such as amount_mismatch; docs/reconciliation.md tells of each
	Provider string      `json:"provider"` // the funding source or payout provider
	Object   string      `json:"object"`   // id of the object concerned, as far as it is known
	Detail   string      `json:"detail"`   // for people, in English
	// Amount is what the exception is about.
	Amount money.Amount `json:"amount,omitzero"`
	// Suspended says that Amount really moved and waits on suspense:{provider} for a decision:
	// "in" for money that came, "out" for money that left. Empty means that no money waits.
	Suspended string `json:"suspended,omitempty"`

	// Reconciliation and Row tell the statement and its row (from 1) where it was found.
	Reconciliation ReconciliationID `json:"reconciliation,omitempty"`
	Row            int              `json:"row,omitempty"`

	State      ExceptionState `json:"state"`
	Resolution *Resolution    `json:"resolution,omitempty"`
	CreatedAt  time.Time      `json:"created_at"`
	Sequence   int64          `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// Resolution is what a person decided on an exception.
type Resolution struct {
	Disposition Disposition `json:"disposition,omitempty"`
	To          string      `json:"to,omitempty"`     // the customer or merchant who got the money
	Reason      string      `json:"reason,omitempty"` // a code
	By          string      `json:"by,omitempty"`     // operator
	At          time.Time   `json:"at"`
}

// Disposition says what becomes of money that waits for a person.
type Disposition string

// The dispositions.
const (
	// NoMoney is for an exception for which no money waits: it is taken off the list.
	NoMoney Disposition = ""
	// CreditCustomer gives money that came to a customer.
	CreditCustomer Disposition = "credit_customer"
	// CreditMerchant gives money that came to a merchant.
	CreditMerchant Disposition = "credit_merchant"
	// ReturnToProvider makes it a matter with the provider, on clearing:{provider}: money that came is
	// owed to them until it is sent back, money that left is owed by them, or settles what
	// the wallet owed them.
	ReturnToProvider Disposition = "return"
	// WriteOff books money that left as a loss.
	WriteOff Disposition = "write_off"
)

const (
	raiseException  Action = "raise"
	settleException Action = "settle"
	statementCame   Action = "statement_came"
)

const (
	objectDecided Guard = "a person decided on the object itself"
	cameIn        Guard = "money that came"
	wentOut       Guard = "money that left"
)

// exceptionMachine is the exception's state machine. How a person resolves it, the
// disposition, is the action.
func exceptionMachine() Machine[ExceptionState] {
	resolved := []string{"reconciliation.resolved"}
	return Machine[ExceptionState]{Noun: "exception", Rows: []Row[ExceptionState]{
		{To: ExceptionOpen, On: raiseException, Emits: []string{exceptionRaised}},
		{
			To: ExceptionOpen, On: raiseException, Guard: cameIn, Emits: []string{exceptionRaised},
			Posts: "by a row of a statement: Dr bank:nostro / Cr suspense:{provider} amount; Dr expense:provider / Cr bank:nostro cost",
		},
		{
			To: ExceptionOpen, On: raiseException, Guard: wentOut, Emits: []string{exceptionRaised},
			Posts: "by a row of a statement: Dr suspense:{provider} / Cr bank:nostro amount; Dr expense:provider / Cr bank:nostro cost",
		},
		{From: ExceptionOpen, On: "resolve", To: ExceptionResolved, Emits: resolved},
		{
			From: ExceptionOpen, On: Action(CreditCustomer), Guard: cameIn, To: ExceptionResolved, Emits: resolved,
			Posts: "Dr suspense:{provider} / Cr user:{customer}:available amount",
		},
		{
			From: ExceptionOpen, On: Action(CreditMerchant), Guard: cameIn, To: ExceptionResolved, Emits: resolved,
			Posts: "Dr suspense:{provider} / Cr merchant:{merchant}:available amount",
		},
		{
			From: ExceptionOpen, On: Action(ReturnToProvider), Guard: cameIn, To: ExceptionResolved, Emits: resolved,
			Posts: "Dr suspense:{provider} / Cr clearing:{provider} amount",
		},
		{
			From: ExceptionOpen, On: Action(ReturnToProvider), Guard: wentOut, To: ExceptionResolved, Emits: resolved,
			Posts: "Dr clearing:{provider} / Cr suspense:{provider} amount",
		},
		{
			From: ExceptionOpen, On: Action(WriteOff), Guard: wentOut, To: ExceptionResolved, Emits: resolved,
			Posts: "Dr expense:loss / Cr suspense:{provider} amount",
		},
		{From: ExceptionOpen, On: settleException, Guard: objectDecided, To: ExceptionResolved},
		{From: ExceptionOpen, On: statementCame, To: ExceptionResolved, Emits: resolved},
	}}
}

// exceptionDoc is an exception as its record keeps it.
type exceptionDoc struct {
	Exception
	Currency string    `json:"currency,omitempty"`
	Minor    int64     `json:"minor,omitempty"`
	Amount   *struct{} `json:"amount,omitempty"` // kept in Minor
}

func (w *Wallet) exception(e *exceptionDoc) (Exception, error) {
	out := e.Exception
	if e.Currency == "" {
		return out, nil
	}
	var err error
	out.Amount, err = w.restore(e.Minor, e.Currency)
	return out, err
}

func (e *exceptionDoc) record() ledger.Put {
	put := ledger.Put{Type: "exception", ID: string(e.ID), Labels: []string{"state:" + string(e.State)}}
	if e.Object != "" {
		put.Labels = append(put.Labels, "o:"+e.Object)
	}
	if e.Reconciliation != "" {
		put.Labels = append(put.Labels, foundBy(e.Reconciliation, e.Kind))
	}
	return put
}

// foundBy is the label of the exceptions of one kind that one import has raised.
func foundBy(id ReconciliationID, kind string) string { return "r:" + string(id) + ":" + kind }

func (e *exceptionDoc) view(w *Wallet) (any, error) { return w.exception(e) }

func (e *exceptionDoc) counter() *int64 { return &e.Sequence }

func (e *exceptionDoc) parties() (MerchantID, CustomerID) { return "", "" }

func (e *exceptionDoc) move(on Action, g Guard) (Told, error) {
	return exceptionMachine().Move(&e.State, string(e.ID), on, g)
}

// waiting tells which way the money went that waits for a decision.
func (e *exceptionDoc) waiting() Guard {
	switch e.Suspended {
	case rails.In.String():
		return cameIn
	case rails.Out.String():
		return wentOut
	}
	return Always
}

// raise adds an exception to a Change, with its event. The amount may be the zero Amount.
func (w *Wallet) raise(c *ledger.Change, now time.Time, kind, provider, object, detail string, amount money.Amount) error {
	return w.raiseAs(c, now, &exceptionDoc{Exception: Exception{Kind: kind, Provider: provider, Object: object, Detail: detail}}, amount)
}

// raiseAs is raise for an exception of which more is known.
func (w *Wallet) raiseAs(c *ledger.Change, now time.Time, e *exceptionDoc, amount money.Amount) error {
	e.ID, e.CreatedAt = ExceptionID(w.newID("exc_")), now
	e.Currency, e.Minor = amount.Currency().Code(), amount.Minor()
	m, err := e.move(raiseException, e.waiting())
	if err != nil {
		return err
	}
	return w.write(c, now, e, m)
}

// settled resolves the open exceptions about an object, on which a person has decided. Those
// for which money waits have to be decided on their own.
func (w *Wallet) settled(d *ledger.Draft, object string) error {
	return w.resolveAbout(d, object, settleException, objectDecided, func(e *exceptionDoc) bool { return e.Kind != missingThere })
}

// resolveAbout resolves those open exceptions about an object that are, and for which no
// money waits.
func (w *Wallet) resolveAbout(d *ledger.Draft, object string, on Action, g Guard, are func(*exceptionDoc) bool) error {
	records, err := w.ledger.Records(d.Context(), ledger.RecordQuery{Type: "exception", Label: "o:" + object, Desc: true, Limit: 100})
	if err != nil {
		return err
	}
	for _, r := range records {
		e := &exceptionDoc{}
		if err := draftGet(d, "exception", r.ID, e); err != nil {
			return err
		}
		if e.State != ExceptionOpen || e.Suspended != "" || !are(e) {
			continue
		}
		m, err := e.move(on, g)
		if err != nil {
			return err
		}
		e.Resolution = &Resolution{At: d.Now()}
		if err := w.write(&d.Change, d.Now(), e, m); err != nil {
			return err
		}
	}
	return nil
}
