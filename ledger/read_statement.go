package ledger

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Entry is one line of an account's statement.
type Entry struct {
	Nth         int64 // ordinal in the account, from 1
	Posting     int64
	Transaction int64
	Seq         int64
	Time        time.Time // recorded
	Effective   time.Time
	Change      string // id of the Change that posted it
	Hold        string // the hold captured, if any
	Reference   string
	Metadata    map[string]string

	// Amount is signed: positive when it raises the account's balance on its normal side.
	// Balance is that balance after the entry.
	Amount, Balance money.Amount

	// Other is the account on the other side of the posting.
	Other AccountKey
}

// Page asks for a part of a statement by ordinals, which never change: entries with
// After < Nth < Before, the newest of them first if Desc is set. Zero bounds are open. A
// page that ends at an entry is continued with that entry's Nth, as After or, descending, as
// Before; what is written meanwhile moves no entry from its place.
type Page struct {
	After, Before int64

	// From and Until restrict to entries recorded at or after From and before Until.
	From, Until time.Time

	Desc  bool
	Limit int // at most and by default MaxPage
}

// Statement returns a page of an account's entries in the order of their recording, each with
// the balance after it. Errors: ErrInvalid for a From or Until outside the years 1 to 9999;
// ErrNotFound for an account that was never used.
func (l *Ledger) Statement(ctx context.Context, key AccountKey, page Page) ([]Entry, error) {
	if err := firstError(checkTime("from", page.From), checkTime("until", page.Until)); err != nil {
		return nil, err
	}
	if !canBeAccount(key) {
		return nil, ErrNotFound
	}
	limit := int64(pageLimit(page.Limit))
	var out []Entry
	err := l.read(ctx, func(v View) error {
		a, err := v.Account(ctx, key)
		if err != nil {
			return err
		}
		if page.After >= a.Entries {
			return nil
		}
		lowest, highest := max(page.After, 0)+1, a.Entries
		if page.Before > 0 {
			highest = min(highest, page.Before-1)
		}
		p := past{ctx: ctx, view: v, account: &a}
		if !page.From.IsZero() {
			before, err := p.recordedBefore(instantAtOrAfter(page.From))
			if err != nil {
				return err
			}
			lowest = max(lowest, before+1)
		}
		if !page.Until.IsZero() {
			before, err := p.recordedBefore(instantAtOrAfter(page.Until))
			if err != nil {
				return err
			}
			highest = min(highest, before)
		}
		if page.Desc {
			lowest = max(lowest, highest-limit+1)
		} else {
			highest = min(highest, lowest+limit-1)
		}
		if lowest > highest {
			return nil
		}
		rows, err := v.Entries(ctx, a.No, lowest, highest)
		if err != nil {
			return err
		}
		out, err = l.entries(ctx, v, &a, rows)
		return err
	})
	if page.Desc {
		slices.Reverse(out)
	}
	return out, err
}

func (l *Ledger) entries(ctx context.Context, v View, a *Account, rows []PostingRow) ([]Entry, error) {
	scales, err := v.Currencies(ctx)
	if err != nil {
		return nil, err
	}
	currency, err := money.NewCurrency(a.Key.Currency, scales[a.Key.Currency])
	if err != nil {
		return nil, err
	}
	others := make(map[int64]AccountKey)
	if err := nameAccounts(ctx, v, rows, others); err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		e := Entry{
			Posting: r.No, Transaction: r.Transaction, Seq: r.Seq, Time: r.Time, Effective: r.Effective,
			Change: r.Change, Hold: r.Hold, Reference: r.Reference,
		}
		nth, amount, balance := sideOf(r, a.No)
		e.Nth, e.Other = nth, others[r.Debit]
		if r.Debit == a.No {
			e.Other = others[r.Credit]
		}
		if a.Normal == Debit {
			amount, balance = -amount, -balance
		}
		e.Amount, e.Balance = money.New(amount, currency), money.New(balance, currency)
		if len(r.Metadata) > 0 {
			if err := json.Unmarshal(r.Metadata, &e.Metadata); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// sideOf tells what a posting is to one of its accounts: which of its entries, by how much it
// moves the balance (credits less debits), and the balance after it.
func sideOf(r *PostingRow, account int64) (nth, amount, balance int64) {
	if r.Debit == account {
		return r.DebitNth, -r.Amount, r.DebitAfter
	}
	return r.CreditNth, r.Amount, r.CreditAfter
}

// nameAccounts adds to known the names of the accounts that rows touch.
func nameAccounts(ctx context.Context, v View, rows []PostingRow, known map[int64]AccountKey) error {
	var nos []int64
	for i := range rows {
		for _, no := range [2]int64{rows[i].Debit, rows[i].Credit} {
			if _, ok := known[no]; !ok {
				known[no] = AccountKey{}
				nos = append(nos, no)
			}
		}
	}
	if len(nos) == 0 {
		return nil
	}
	accounts, err := v.AccountsByNo(ctx, nos)
	for i := range accounts {
		known[accounts[i].No] = accounts[i].Key
	}
	return err
}

// canBeAccount reports whether an account could have this name and currency; a store is not
// asked for others.
func canBeAccount(key AccountKey) bool {
	return checkAccountName(key.Name) == nil && checkText("currency", key.Currency, 1, MaxTypeLen) == nil
}
