package okpay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// BankEntryID names an entry of the operator's bank account.
type BankEntryID string

// BankEntry says that money between the wallet and a provider has arrived at the operator's bank account, or left
// it. It has no states: it is made once.
type BankEntry struct {
	ID        BankEntryID  `json:"id"`
	Provider  string       `json:"provider"`
	Object    string       `json:"object,omitempty"` // id of what it settles, if that is known
	Direction string       `json:"direction"`        // "in" for money that came, "out" for money that left
	Amount    money.Amount `json:"amount"`
	Cost      money.Amount `json:"cost"` // what the provider took for it, beside the amount

	// Reconciliation and Row tell the statement and its row (from 1), if there was one.
	Reconciliation ReconciliationID `json:"reconciliation,omitempty"`
	Row            int              `json:"row,omitempty"`
	BookedAt       time.Time        `json:"booked_at,omitzero"` // as the statement says

	CreatedAt time.Time `json:"created_at"`
	Sequence  int64     `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// bankEntryDoc is a bank entry as its record keeps it.
type bankEntryDoc struct {
	BankEntry
	Currency string    `json:"currency"`
	Minor    int64     `json:"minor"`
	CostIs   int64     `json:"cost_is,omitempty"`
	Amount   *struct{} `json:"amount,omitempty"` // kept in Minor
	Cost     *struct{} `json:"cost,omitempty"`   // kept in CostIs
}

func (w *Wallet) bankEntry(s *bankEntryDoc) (BankEntry, error) {
	amount, err := w.restore(s.Minor, s.Currency)
	out := s.BankEntry
	out.Amount, out.Cost = amount, money.New(s.CostIs, amount.Currency())
	return out, err
}

func (s *bankEntryDoc) record() ledger.Put {
	put := ledger.Put{Type: "bank_entry", ID: string(s.ID)}
	if s.Object != "" {
		put.Labels = []string{"o:" + s.Object}
	}
	return put
}

func (s *bankEntryDoc) view(w *Wallet) (any, error) { return w.bankEntry(s) }

func (s *bankEntryDoc) counter() *int64 { return &s.Sequence }

func (s *bankEntryDoc) parties() (MerchantID, CustomerID) { return "", "" }

// book posts a settlement and announces it.
func (s *Reconciliations) book(d *ledger.Draft, st *bankEntryDoc, clearing string, r rails.Row) error {
	st.Currency, st.Minor, st.CostIs = r.Amount.Currency().Code(), r.Amount.Minor(), r.Cost.Minor()
	reference := st.Object
	if reference == "" {
		reference = string(st.ID)
	}
	d.Post(throughBank(r, clearing, reference))
	return s.w.write(&d.Change, d.Now(), st, Told{Emits: []string{"reconciliation.matched"}})
}

// Settle is the input of Reconciliation.Settle.
type Settle struct {
	Provider string       // whose clearing account is settled
	Refunds  bool         // settles what a funding source gives back, on clearing:{provider}:refunds
	Amount   money.Amount // more than zero
	Cost     money.Amount // what the provider took for it, beside the amount; the zero Amount is nothing
	Key      string       // makes the call safe to repeat
}

// Settle books a settlement that is known without a statement: what the wallet owes a provider has left the
// operator's bank account or, where the provider owes the wallet, has come to it. It is never
// more than is owed, so that a settlement that is told twice is noticed.
//
// It settles no object: those wait for their rows, and a statement that has them later settles them again. So use either
// Settle or statements for one provider.
//
// Errors, the first that applies: InvalidRequest, AmountNotPositive or CurrencyNotSupported for the input; InvalidState
// with Limit when less is owed, and nothing is recorded. IdempotencyKeyReused.
func (s *Reconciliations) Settle(ctx context.Context, in Settle) (BankEntry, error) {
	if err := CheckID("provider", in.Provider); err != nil {
		return BankEntry{}, err
	}
	if err := s.w.amount("amount", in.Amount); err != nil {
		return BankEntry{}, err
	}
	if (in.Cost != money.Amount{}) && (in.Cost.IsNegative() || in.Cost.Currency() != in.Amount.Currency()) {
		return BankEntry{}, InvalidField("cost", "is negative, or in another currency than the amount")
	}
	v := verb{"program", "reconciliation.settle", in.Key, []ledger.Field{
		{Name: "provider", Value: in.Provider},
		amountField("amount", in.Amount), amountField("cost", in.Cost),
		{Name: "refunds", Value: strconv.FormatBool(in.Refunds)},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		way, err := s.owed(d, in)
		if err != nil {
			return err
		}
		st := &bankEntryDoc{BankEntry: BankEntry{
			ID: BankEntryID(s.w.newID("be_")), Provider: in.Provider, Direction: way.String(), CreatedAt: d.Now(),
		}}
		fresh(d, "bank_entry", string(st.ID))
		return s.book(d, st, in.clearing(), rails.Row{
			Direction: way, Amount: in.Amount, Cost: money.New(in.Cost.Minor(), in.Amount.Currency()),
		})
	})
	if err != nil {
		return BankEntry{}, translate(err)
	}
	var doc bankEntryDoc
	if err := s.w.get(ctx, "bank_entry", out.Result, &doc); err != nil {
		return BankEntry{}, translate(err)
	}
	st, err := s.w.bankEntry(&doc)
	st.Replayed = out.Replayed
	return st, err
}

func (in *Settle) clearing() string {
	if in.Refunds {
		return refundClearing(in.Provider)
	}
	return clearingAccount(in.Provider)
}

// owed tells which way a settlement goes, and refuses more than is owed.
func (s *Reconciliations) owed(d *ledger.Draft, in Settle) (rails.Direction, error) {
	key := ledger.AccountKey{Name: in.clearing(), Currency: in.Amount.Currency().Code()}
	// Two that settle the same account are decided one after the other. What the kernel could
	// require counts what is only held for the account, and that is not owed yet.
	turn := key.String()
	if _, err := d.Get("settlement_turn", turn); err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return 0, err
	}
	d.Put(ledger.Put{Type: "settlement_turn", ID: turn, Chaining: ledger.Plain, Content: encode(d.Now())})
	b, err := d.Balance(key)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return 0, err
	}
	way, owed := rails.In, b.Posted.Minor()
	if owed < 0 {
		way, owed = rails.Out, -owed
	}
	if in.Amount.Minor() > owed {
		limit := money.New(owed, in.Amount.Currency())
		e := NewError(InvalidState, "no more than %s is owed", limit)
		e.Field, e.Limit = "amount", &limit
		return 0, e
	}
	return way, nil
}

// BankEntries returns what settled an object, the newest first: of one whose money came back there are two.
func (s *Reconciliations) BankEntries(ctx context.Context, object string) ([]BankEntry, error) {
	if err := notWithActor(ctx); err != nil {
		return nil, err
	}
	page, _, err := listed(ctx, s.w, ledger.RecordQuery{Type: "bank_entry", Label: "o:" + object, Limit: 100}, s.w.bankEntry)
	return page, err
}
