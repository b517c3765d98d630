package okpay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// outgoingDoc is a withdrawal or a payout as its record keeps it: amounts in minor units of
// one currency.
type outgoingDoc struct {
	ID       string     `json:"id"`
	Customer CustomerID `json:"customer,omitempty"` // of a withdrawal
	Merchant MerchantID `json:"merchant,omitempty"` // of a payout
	Outgoing
	Currency string `json:"currency"`
	Minor    struct {
		Amount, Fee int64
		Charged     int64 // of the fee: what was taken and not given back
	} `json:"minor"`

	Settled    movements  `json:"settled,omitzero"` // what statements have of it
	Used       []usage    `json:"used,omitempty"`   // of limits; empty once given back
	Assessment Assessment `json:"assessment,omitzero"`
	Approvals  []Approval `json:"approvals,omitempty"`
	RejectedBy string     `json:"rejected_by,omitempty"`
	WrittenOff bool       `json:"written_off,omitempty"` // a loss paid it

	NextAt      time.Time `json:"next_at,omitzero"`      // when Run does something about it
	SubmittedAt time.Time `json:"submitted_at,omitzero"` // when the intent to submit it was committed first
	Tries       int       `json:"tries,omitempty"`       // how often the provider was asked in vain since the last move

	// Payee is the destination as it was when the intent was committed, so that the same
	// key always orders the same. It is forgotten once the provider has answered.
	Payee *rails.Payee `json:"payee,omitempty"`

	Amount *struct{} `json:"amount,omitempty"` // kept in Minor
	Fee    *struct{} `json:"fee,omitempty"`
}

// owner is whose money leaves: a customer or a merchant.
type owner struct {
	customer CustomerID
	merchant MerchantID
}

func (o owner) principal() string {
	if o.customer != "" {
		return "c/" + string(o.customer)
	}
	return "m/" + string(o.merchant)
}

func (o owner) label() string {
	if o.customer != "" {
		return "c:" + string(o.customer)
	}
	return "m:" + string(o.merchant)
}

// party is the owner's name in accounts of limits.
func (o owner) party() string {
	if o.customer != "" {
		return partyCustomer(o.customer)
	}
	return partyMerchant(o.merchant)
}

func (o owner) account() string {
	if o.customer != "" {
		return customerAccount(o.customer)
	}
	return merchantAccount(o.merchant)
}

// is reports whether an operator's name is the owner's.
func (o owner) is(by string) bool { return by == string(o.customer) || by == string(o.merchant) }

func (d *outgoingDoc) owner() owner { return owner{d.Customer, d.Merchant} }

// outgoings is what the services for withdrawals and payouts do alike.
type outgoings struct {
	w       *Wallet
	noun    string                   // "withdrawal" or "payout", which is also the record's type
	machine Machine[WithdrawalState] // has some hundred rows, and is made once
}

func (e outgoings) operation() Operation {
	if e.noun == "payout" {
		return OnPayout
	}
	return OnWithdrawal
}

func (e outgoings) config() *OutgoingConfig {
	if e.noun == "payout" {
		return &e.w.cfg.Payouts
	}
	return &e.w.cfg.Withdrawals
}

func (e outgoings) feeAccount() string {
	if e.noun == "payout" {
		return payoutFees
	}
	return withdrawalFees
}

func (e outgoings) prefix() string {
	if e.noun == "payout" {
		return "po_"
	}
	return "wd_"
}

func (d *outgoingDoc) noun() string {
	if d.Merchant != "" {
		return "payout"
	}
	return "withdrawal"
}

func (d *outgoingDoc) record() ledger.Put {
	put := ledger.Put{Type: d.noun(), ID: d.ID, Labels: []string{d.owner().label(), "s:" + string(d.State)}}
	_, moved := d.lastMoved()
	put.Labels = append(put.Labels, d.Settled.labels(d.Provider, moved)...)
	moving := d.State == WithdrawalApproved || slices.Contains(inFlight(), d.State)
	if moving {
		put.Due = d.NextAt
	}
	if moving || d.State == WithdrawalUnderReview || d.State == WithdrawalPaidAfterFailed {
		put.Labels = append(put.Labels, "open:"+d.owner().party()) // it may still move the owner's money
	}
	return put
}

func (d *outgoingDoc) view(w *Wallet) (any, error) {
	if d.Merchant != "" {
		return w.payout(d)
	}
	return w.withdrawal(d)
}

func (d *outgoingDoc) counter() *int64 { return &d.Sequence }

func (d *outgoingDoc) parties() (MerchantID, CustomerID) { return d.Merchant, d.Customer }

// outgoing returns what the outside sees of both kinds.
func (w *Wallet) outgoing(d *outgoingDoc) (Outgoing, error) {
	amount, err := w.restore(d.Minor.Amount, d.Currency)
	if err != nil {
		return Outgoing{}, err
	}
	o := d.Outgoing
	o.Amount, o.Fee = amount, money.New(d.Minor.Fee, amount.Currency())
	o.History = slices.Clone(o.History)
	return o, nil
}

func (w *Wallet) withdrawal(d *outgoingDoc) (Withdrawal, error) {
	o, err := w.outgoing(d)
	return Withdrawal{ID: WithdrawalID(d.ID), Customer: d.Customer, Outgoing: o}, err
}

func (w *Wallet) payout(d *outgoingDoc) (Payout, error) {
	o, err := w.outgoing(d)
	return Payout{ID: PayoutID(d.ID), Merchant: d.Merchant, Outgoing: o}, err
}

// move takes it through its table and writes its history.
func (e outgoings) move(d *outgoingDoc, now time.Time, on Action, g Guard) (Told, error) {
	from := d.State
	m, err := e.machine.Move(&d.State, d.ID, on, g)
	if err == nil && d.State != from {
		d.History = append(d.History, Step{d.State, now})
		d.Tries = 0
	}
	return m, err
}

// write puts its next version into a Change, with the events and messages of its moves.
// What a move says of an exception is left to whoever raises that.
func (e outgoings) write(c *ledger.Change, d *outgoingDoc, now time.Time, moves ...Told) error {
	d.UpdatedAt = now
	for i := range moves {
		moves[i].Emits = slices.DeleteFunc(slices.Clone(moves[i].Emits), func(t string) bool { return t == exceptionRaised })
	}
	return e.w.write(c, now, d, moves...)
}

func (e outgoings) load(d *ledger.Draft, id string) (*outgoingDoc, error) {
	doc := &outgoingDoc{}
	err := draftGet(d, e.noun, id, doc)
	return doc, err
}

func (e outgoings) owned(d *ledger.Draft, o owner, id string) (*outgoingDoc, error) {
	doc, err := e.load(d, id)
	if err == nil && doc.owner() != o {
		return nil, notFound(e.noun, id)
	}
	return doc, err
}

// get reads one that is committed.
func (e outgoings) get(ctx context.Context, id string) (*outgoingDoc, error) {
	doc := &outgoingDoc{}
	if err := e.w.get(ctx, e.noun, id, doc); err != nil {
		return nil, translate(err)
	}
	return doc, nil
}

// run runs a verb and returns the object as it is afterwards, together with a refusal that
// was recorded. A verb that finds nothing to do returns errNothingDue, which is no error here.
func (e outgoings) run(ctx context.Context, v verb, id string, fn func(*ledger.Draft) error) (doc *outgoingDoc, replayed bool, err error) {
	out, err := e.w.do(ctx, v, fn)
	if errors.Is(err, ErrNothingDue) {
		doc, err = e.get(ctx, id)
		return doc, false, err
	}
	failure := translate(err)
	if failure != nil && (out.Seq == 0 || out.Result == "") {
		return nil, false, failure
	}
	if out.Result != "" {
		id = out.Result
	}
	if doc, err = e.get(ctx, id); err != nil {
		return nil, false, errors.Join(failure, err)
	}
	var own *Error
	if errors.As(failure, &own) {
		own.Object = id
	}
	return doc, out.Replayed, failure
}

// list returns a page of records with a label, the newest first.
func (e outgoings) list(ctx context.Context, label, after string, limit int) (page []*outgoingDoc, more bool, err error) {
	limit = pageSize(limit)
	records, err := e.w.ledger.Records(ctx, ledger.RecordQuery{Type: e.noun, Label: label, After: after, Desc: true, Limit: limit + 1})
	if err != nil {
		return nil, false, translate(err)
	}
	for _, r := range records[:min(limit, len(records))] {
		doc := &outgoingDoc{}
		if err := decodeRecord(e.noun, r.ID, r, nil, doc); err != nil {
			return nil, false, err
		}
		page = append(page, doc)
	}
	return page, len(records) > limit, nil
}
