package ledger

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// PostedTransaction is a transaction as it stands in the journal.
type PostedTransaction struct {
	No        int64 // number of its first posting; the others follow it without gap
	Seq       int64 // block
	Time      time.Time
	Effective time.Time // equals Time unless it was dated
	Change    string    // id of the Change that posted it
	Hold      string    // the hold captured, if any
	Reference string
	Metadata  map[string]string

	// Postings have the amounts that were moved.
	Postings []Posting

	// ReversedBy is the number of the transaction that reversed it, 0 for none. Nothing
	// else of a transaction ever changes.
	ReversedBy int64
}

// TransactionQuery selects transactions. Those that satisfy all that is set are found; the
// zero value asks for all of them from the first on.
type TransactionQuery struct {
	// Account and Prefix select by the accounts that a posting touches, on either side: the
	// one of this name, or those whose name starts with Prefix. With Currency the account
	// must also be of that currency; Currency alone selects by the currency of a posting.
	Account, Prefix string
	Currency        string

	Reference string

	// MetadataKey and MetadataValue select by one entry of the metadata. The value may be
	// empty; without a key it must be.
	MetadataKey, MetadataValue string

	// From and Until restrict to transactions recorded at or after From and before Until.
	From, Until time.Time

	// After and Before restrict to numbers: After < No < Before. Zero is open. Numbers never
	// change, and new transactions get higher ones.
	After, Before int64

	Desc  bool // the newest first
	Limit int  // at most and by default MaxPage
}

// TransactionPage is a page of transactions.
type TransactionPage struct {
	Transactions []PostedTransaction

	// Next is what to pass as After, or, with Desc, as Before, for the next page; 0 when
	// there are no more. It may be set though fewer than Limit, even none, were found: one
	// call looks at no more than MaxPage transactions.
	Next int64
}

// FindTransaction returns the transaction with a number (Outcome.First,
// Entry.Transaction). Errors: ErrNotFound.
func (l *Ledger) FindTransaction(ctx context.Context, no int64) (PostedTransaction, error) {
	if no < 1 {
		return PostedTransaction{}, ErrNotFound
	}
	var out PostedTransaction
	err := l.read(ctx, func(v View) error {
		r := transactionReader{ctx: ctx, view: v, names: make(map[int64]AccountKey)}
		found, err := r.whole([]int64{no})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		made, err := r.made(found)
		if err == nil {
			out = made[0]
		}
		return err
	})
	return out, err
}

// Transactions returns a page of the transactions that a query selects, whole, in the order of
// their numbers, which is that of their recording.
//
// Pages are stable under concurrent writes: what is recorded meanwhile comes after all that
// is there, so nothing is given twice or left out.
//
// References, metadata, and accounts (up to 64 under a prefix) are found by index,
// and several of them together by stepping from one index to the other. A prefix of more
// accounts, or a currency alone, is found by looking through the journal, a bounded part in
// each call: see TransactionPage.Next.
//
// Errors: ErrInvalid for a query of wrong form. An account, reference or currency that was
// never used selects nothing.
func (l *Ledger) Transactions(ctx context.Context, query TransactionQuery) (TransactionPage, error) {
	var out TransactionPage
	if err := query.check(); err != nil {
		return out, err
	}
	err := l.read(ctx, func(v View) (err error) {
		r := transactionReader{ctx: ctx, view: v, query: &query, key: l.head.Key, names: make(map[int64]AccountKey)}
		out, err = r.page(pageLimit(query.Limit))
		return err
	})
	if err != nil {
		return TransactionPage{}, err
	}
	return out, nil
}

func (q *TransactionQuery) check() error {
	if err := firstError(checkText("prefix", q.Prefix, 0, MaxAccountLen), checkText("currency", q.Currency, 0, MaxTypeLen),
		checkText("reference", q.Reference, 0, MaxReferenceLen), checkText("metadata_key", q.MetadataKey, 0, MaxMetadataLen),
		checkLen("metadata_value", len(q.MetadataValue), MaxMetadataLen), checkUTF8("metadata_value", q.MetadataValue),
		checkTime("from", q.From), checkTime("until", q.Until)); err != nil {
		return err
	}
	switch {
	case q.Account != "" && q.Prefix != "":
		return invalid("prefix", "is set beside account")
	case q.MetadataKey == "" && q.MetadataValue != "":
		return invalid("metadata_key", "is missing")
	case q.After < 0:
		return invalid("after", "is negative")
	case q.Before < 0:
		return invalid("before", "is negative")
	}
	if q.Account != "" {
		if err := checkAccountName(q.Account); err != nil {
			return &InvalidError{Field: "account", Reason: err.Error()}
		}
	}
	return nil
}

// selects says whether a whole transaction satisfies the query, apart from its number and time.
// Hashes may collide and a walk through the journal selects by nothing, so all is compared.
func (q *TransactionQuery) selects(t *PostedTransaction) bool {
	if q.Reference != "" && t.Reference != q.Reference {
		return false
	}
	if value, ok := t.Metadata[q.MetadataKey]; q.MetadataKey != "" && (!ok || value != q.MetadataValue) {
		return false
	}
	if q.Account == "" && q.Prefix == "" && q.Currency == "" {
		return true
	}
	return slices.ContainsFunc(t.Postings, func(p Posting) bool {
		if q.Currency != "" && p.Amount.Currency().Code() != q.Currency {
			return false
		}
		if q.Account != "" {
			return p.Debit == q.Account || p.Credit == q.Account
		}
		return strings.HasPrefix(p.Debit, q.Prefix) || strings.HasPrefix(p.Credit, q.Prefix)
	})
}

// transactionReader reads transactions within one view.
type transactionReader struct {
	ctx   context.Context
	view  View
	query *TransactionQuery
	key   [16]byte

	names  map[int64]AccountKey
	scales map[string]int
}

// whole returns all postings of these transactions, which are in no order and not there
// twice. How many postings a transaction has shows where the next one begins.
func (r *transactionReader) whole(nos []int64) (map[int64][]PostingRow, error) {
	found := make(map[int64][]PostingRow, len(nos))
	const few = 3
	next, ask := int64(0), int64(few)
	open := nos
	for len(open) > 0 && next < MaxPostings {
		wanted := make(map[int64]struct{}, len(open)*int(ask))
		numbers := make([]int64, 0, len(open)*int(ask))
		for _, first := range open {
			for no := first + next; no < first+next+ask; no++ {
				if _, twice := wanted[no]; !twice {
					wanted[no] = struct{}{}
					numbers = append(numbers, no)
				}
			}
		}
		rows, err := r.view.PostingsByNo(r.ctx, numbers)
		if err != nil {
			return nil, err
		}
		full := make(map[int64]bool, len(open))
		for _, first := range open {
			full[first] = true
		}
		for i := range rows {
			first := rows[i].Transaction
			if full[first] && rows[i].No >= first+next && rows[i].No < first+next+ask {
				found[first] = append(found[first], rows[i])
			}
		}
		next, ask = next+ask, ask*4
		open = slices.DeleteFunc(slices.Clone(open), func(first int64) bool { return int64(len(found[first])) < next })
	}
	for _, rows := range found {
		slices.SortFunc(rows, func(a, b PostingRow) int { return int(a.No - b.No) })
	}
	return found, nil
}

// made makes transactions of their postings, in ascending order.
func (r *transactionReader) made(found map[int64][]PostingRow) ([]PostedTransaction, error) {
	nos := make([]int64, 0, len(found))
	var rows []PostingRow
	for no, postings := range found {
		nos = append(nos, no)
		rows = append(rows, postings...)
	}
	slices.Sort(nos)
	if err := nameAccounts(r.ctx, r.view, rows, r.names); err != nil {
		return nil, err
	}
	if r.scales == nil {
		scales, err := r.view.Currencies(r.ctx)
		if err != nil {
			return nil, err
		}
		r.scales = scales
	}
	reversals, err := r.view.Reversals(r.ctx, nos)
	if err != nil {
		return nil, err
	}
	out := make([]PostedTransaction, 0, len(nos))
	for _, no := range nos {
		rows := found[no]
		t := PostedTransaction{
			No: no, Seq: rows[0].Seq, Time: rows[0].Time, Effective: rows[0].Effective, Change: rows[0].Change,
			Hold: rows[0].Hold, Reference: rows[0].Reference, ReversedBy: reversals[no],
			Postings: make([]Posting, 0, len(rows)),
		}
		if len(rows[0].Metadata) > 0 {
			if err := json.Unmarshal(rows[0].Metadata, &t.Metadata); err != nil {
				return nil, err
			}
		}
		for i := range rows {
			debit, credit := r.names[rows[i].Debit], r.names[rows[i].Credit]
			currency, err := money.NewCurrency(debit.Currency, r.scales[debit.Currency])
			if err != nil {
				return nil, err
			}
			t.Postings = append(t.Postings, Posting{Debit: debit.Name, Credit: credit.Name, Amount: money.New(rows[i].Amount, currency)})
		}
		out = append(out, t)
	}
	return out, nil
}
