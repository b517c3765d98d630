package schedule

import (
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// opDocument is an operation in a plan's document. Which members are used depends on the
// kind.
type opDocument struct {
	Op          string            `json:"op"`
	Hold        string            `json:"hold,omitempty"`
	Transaction int64             `json:"transaction,omitempty"`
	Postings    []postingDocument `json:"postings,omitempty"`
	Time        *time.Time        `json:"time,omitempty"` // effective, or expiry
	Final       bool              `json:"final,omitempty"`
	Force       bool              `json:"force,omitempty"`
	Reference   string            `json:"reference,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`

	Account  string `json:"account,omitempty"`
	Currency string `json:"currency,omitempty"`
	Scale    int    `json:"scale,omitempty"`
	Min      *int64 `json:"min,omitempty"`
	Max      *int64 `json:"max,omitempty"`
	Debits   bool   `json:"debits,omitempty"`
	Credits  bool   `json:"credits,omitempty"`
}

type postingDocument struct {
	Debit      string `json:"debit"`
	Credit     string `json:"credit"`
	Minor      int64  `json:"minor"`
	Currency   string `json:"currency"`
	Scale      int    `json:"scale"`
	UpToDebit  bool   `json:"up_to_debit,omitempty"`
	UpToCredit bool   `json:"up_to_credit,omitempty"`
}

// encodeOps writes operations down.
func encodeOps(ops []ledger.Op) ([]opDocument, error) {
	out := make([]opDocument, 0, len(ops))
	for i, op := range ops {
		var d opDocument
		switch op := op.(type) {
		case ledger.Transaction:
			d = opDocument{Op: "transaction", Postings: encodePostings(op.Postings), Time: encodeTime(op.Effective), Reference: op.Reference, Metadata: op.Metadata}
		case ledger.Hold:
			d = opDocument{Op: "hold", Hold: op.ID, Postings: encodePostings(op.Postings), Time: encodeTime(op.Expires), Reference: op.Reference, Metadata: op.Metadata}
		case ledger.Capture:
			d = opDocument{Op: "capture", Hold: op.Hold, Postings: encodePostings(op.Postings), Final: op.Final, Reference: op.Reference, Metadata: op.Metadata}
		case ledger.Void:
			d = opDocument{Op: "void", Hold: op.Hold}
		case ledger.Reverse:
			d = opDocument{Op: "reverse", Transaction: op.Transaction, Force: op.Force, Time: encodeTime(op.Effective), Reference: op.Reference, Metadata: op.Metadata}
		case ledger.Require:
			d = encodeAccount("require", op.Account, op.Currency)
			d.Min, d.Max = op.AtLeast, op.AtMost
		case ledger.Limits:
			d = encodeAccount("limits", op.Account, op.Currency)
			d.Min, d.Max = op.Min, op.Max
		case ledger.Freeze:
			d = encodeAccount("freeze", op.Account, op.Currency)
			d.Debits, d.Credits = op.Debits, op.Credits
		case ledger.Close:
			d = encodeAccount("close", op.Account, op.Currency)
		case ledger.Reopen:
			d = encodeAccount("reopen", op.Account, op.Currency)
		default:
			return nil, invalid(fmt.Sprintf("ops[%d].kind", i), "can not be scheduled")
		}
		out = append(out, d)
	}
	return out, nil
}

func encodePostings(postings []ledger.Posting) []postingDocument {
	var out []postingDocument
	for _, p := range postings {
		c := p.Amount.Currency()
		out = append(out, postingDocument{
			Debit: p.Debit, Credit: p.Credit, Minor: p.Amount.Minor(), Currency: c.Code(), Scale: c.Scale(),
			UpToDebit: p.UpTo&ledger.UpToDebit != 0, UpToCredit: p.UpTo&ledger.UpToCredit != 0,
		})
	}
	return out
}

func encodeAccount(kind, account string, c money.Currency) opDocument {
	return opDocument{Op: kind, Account: account, Currency: c.Code(), Scale: c.Scale()}
}

// encodeTime cuts a time to what the ledger keeps; nil stands for none.
func encodeTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = micro(t)
	return &t
}

func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// decodeOps reads what encodeOps wrote. Their form is for the ledger to check.
func decodeOps(documents []opDocument) ([]ledger.Op, error) {
	ops := make([]ledger.Op, 0, len(documents))
	for i := range documents {
		op, err := documents[i].decode()
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}

func (d *opDocument) decode() (ledger.Op, error) {
	var at time.Time
	if d.Time != nil {
		at = *d.Time
	}
	postings, err := decodePostings(d.Postings)
	if err != nil {
		return nil, err
	}
	switch d.Op {
	case "transaction":
		return ledger.Transaction{Postings: postings, Effective: at, Reference: d.Reference, Metadata: d.Metadata}, nil
	case "hold":
		return ledger.Hold{ID: d.Hold, Postings: postings, Expires: at, Reference: d.Reference, Metadata: d.Metadata}, nil
	case "capture":
		return ledger.Capture{Hold: d.Hold, Postings: postings, Final: d.Final, Reference: d.Reference, Metadata: d.Metadata}, nil
	case "void":
		return ledger.Void{Hold: d.Hold}, nil
	case "reverse":
		return ledger.Reverse{Transaction: d.Transaction, Force: d.Force, Effective: at, Reference: d.Reference, Metadata: d.Metadata}, nil
	}
	c, err := money.NewCurrency(d.Currency, d.Scale)
	if err != nil {
		return nil, ErrUnreadable
	}
	switch d.Op {
	case "require":
		return ledger.Require{Account: d.Account, Currency: c, AtLeast: d.Min, AtMost: d.Max}, nil
	case "limits":
		return ledger.Limits{Account: d.Account, Currency: c, Min: d.Min, Max: d.Max}, nil
	case "freeze":
		return ledger.Freeze{Account: d.Account, Currency: c, Debits: d.Debits, Credits: d.Credits}, nil
	case "close":
		return ledger.Close{Account: d.Account, Currency: c}, nil
	case "reopen":
		return ledger.Reopen{Account: d.Account, Currency: c}, nil
	}
	return nil, ErrUnreadable
}

func decodePostings(documents []postingDocument) ([]ledger.Posting, error) {
	var out []ledger.Posting
	for _, d := range documents {
		c, err := money.NewCurrency(d.Currency, d.Scale)
		if err != nil {
			return nil, ErrUnreadable
		}
		p := ledger.Posting{Debit: d.Debit, Credit: d.Credit, Amount: money.New(d.Minor, c)}
		if d.UpToDebit {
			p.UpTo |= ledger.UpToDebit
		}
		if d.UpToCredit {
			p.UpTo |= ledger.UpToCredit
		}
		out = append(out, p)
	}
	return out, nil
}
