package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// ExceptionID names an exception.
type ExceptionID string

// The states of an exception.
const (
	ExceptionOpen     = "open"     // waits for a person
	ExceptionResolved = "resolved" // a person has decided
)

// Exception is something on which the wallet and the outside differ, for a person to look
// at. Nothing of it is ever settled by itself.
type Exception struct {
	ID        ExceptionID  `json:"id"`
	Kind      string       `json:"kind"`     // a code, such as amount_mismatch
	Provider  string       `json:"provider"` // the funding source or payout provider
	Object    string       `json:"object"`   // id of the object concerned, as far as it is known
	Detail    string       `json:"detail"`   // for people, in English
	Amount    money.Amount `json:"amount,omitzero"`
	State     string       `json:"state"`
	CreatedAt time.Time    `json:"created_at"`
	Sequence  int64        `json:"sequence"`
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
	put := ledger.Put{Type: "exception", ID: string(e.ID), Labels: []string{"state:" + e.State}}
	if e.Object != "" {
		put.Labels = append(put.Labels, "o:"+e.Object)
	}
	return put
}

func (e *exceptionDoc) view(w *Wallet) (any, error) { return w.exception(e) }

func (e *exceptionDoc) counter() *int64 { return &e.Sequence }

func (e *exceptionDoc) parties() (MerchantID, CustomerID) { return "", "" }

// raise adds an exception to a Change, with its event. The amount may be the zero Amount.
func (w *Wallet) raise(c *ledger.Change, now time.Time, kind, provider, object, detail string, amount money.Amount) error {
	e := &exceptionDoc{Exception: Exception{
		ID: ExceptionID(w.newID("exc_")), Kind: kind, Provider: provider, Object: object, Detail: detail,
		State: ExceptionOpen, CreatedAt: now,
	}}
	e.Currency, e.Minor = amount.Currency().Code(), amount.Minor()
	return w.write(c, now, e, told{emits: []string{"reconciliation.exception"}})
}

// settled resolves the open exceptions about an object, on which a person has decided.
func (w *Wallet) settled(d *ledger.Draft, object string) error {
	records, err := w.ledger.Records(d.Context(), ledger.RecordQuery{Type: "exception", Label: "o:" + object})
	if err != nil {
		return err
	}
	for _, r := range records {
		e := &exceptionDoc{}
		if err := draftGet(d, "exception", r.ID, e); err != nil {
			return err
		}
		if e.State != ExceptionOpen {
			continue
		}
		e.State = ExceptionResolved
		if err := w.write(&d.Change, d.Now(), e); err != nil {
			return err
		}
	}
	return nil
}

// Exceptions returns what waits for a person, the newest first, at most limit (1 to 100, 20
// unless told), continuing after one that was seen.
func (w *Wallet) Exceptions(ctx context.Context, after ExceptionID, limit int) ([]Exception, error) {
	records, err := w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "exception", Label: "state:" + ExceptionOpen, After: string(after), Desc: true, Limit: pageSize(limit),
	})
	if err != nil {
		return nil, translate(err)
	}
	out := make([]Exception, 0, len(records))
	for _, r := range records {
		doc := &exceptionDoc{}
		if err := decodeRecord("exception", r.ID, r, nil, doc); err != nil {
			return nil, err
		}
		e, err := w.exception(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}
