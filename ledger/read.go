package ledger

import (
	"context"
	"encoding/json"
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
)

// MaxPage is the most that one read returns; also the page when none is asked for.
const MaxPage = 1000

func pageLimit(n int) int {
	if n <= 0 || n > MaxPage {
		return MaxPage
	}
	return n
}

func (l *Ledger) read(ctx context.Context, fn func(View) error) error {
	return l.store.Read(ctx, l.head.Ledger, fn)
}

// Balance is what stands on an account at one instant.
type Balance struct {
	Account AccountKey
	Normal  Side

	// Posted is the balance on the account's normal side, Available what of it is not
	// reserved, PendingIn and PendingOut what open holds will add and take.
	Posted, Available, PendingIn, PendingOut money.Amount

	// Debits and Credits are the totals ever posted, in major units.
	Debits, Credits decimal.Decimal

	Min, Max *int64 // limits in minor units, nil for none
	Flags    AccountFlags
	Entries  int64 // number of the account's entries
}

// Balance returns an account's balance now; holds that are due no longer count. An account
// that was never used has a balance of zero if the chart allows it.
// Errors: ErrNotFound for an account that the chart does not allow or whose currency was never used.
func (l *Ledger) Balance(ctx context.Context, key AccountKey) (Balance, error) {
	now := l.Now()
	if checkAccountName(key.Name) != nil || checkText("currency", key.Currency, 1, MaxTypeLen) != nil {
		return Balance{}, ErrNotFound
	}
	var out Balance
	err := l.read(ctx, func(v View) error {
		scales, err := v.Currencies(ctx)
		if err != nil {
			return err
		}
		a, err := v.Account(ctx, key)
		if notFound(err) {
			rule, ok := l.cfg.Chart.rule(key)
			if !ok {
				return ErrNotFound
			}
			a = Account{Key: key, Normal: rule.Normal, Min: rule.Min, Max: rule.Max}
		} else if err != nil {
			return err
		}
		out, err = balanceAt(ctx, v, &a, scales, now)
		return err
	})
	return out, err
}

// Balances returns the accounts whose name starts with prefix, in order of their opening, that follow
// the one numbered after; more is what to pass as after for the next page, 0 at the end.
func (l *Ledger) Balances(ctx context.Context, prefix string, after int64, limit int) (page []Balance, more int64, err error) {
	now, limit := l.Now(), pageLimit(limit)
	if checkText("prefix", prefix, 0, MaxAccountLen) != nil {
		return nil, 0, nil // no account is named so
	}
	err = l.read(ctx, func(v View) error {
		scales, err := v.Currencies(ctx)
		if err != nil {
			return err
		}
		accounts, err := v.Accounts(ctx, prefix, after, limit)
		if err != nil {
			return err
		}
		for i := range accounts {
			b, err := balanceAt(ctx, v, &accounts[i], scales, now)
			if err != nil {
				return err
			}
			page = append(page, b)
		}
		if len(accounts) == limit {
			more = accounts[limit-1].No
		}
		return nil
	})
	return page, more, err
}

func balanceAt(ctx context.Context, v View, a *Account, scales map[string]int, now time.Time) (Balance, error) {
	scale, ok := scales[a.Key.Currency]
	if !ok {
		return Balance{}, ErrNotFound
	}
	currency, err := money.NewCurrency(a.Key.Currency, scale)
	if err != nil {
		return Balance{}, err
	}
	if !a.NextExpiry.IsZero() && !a.NextExpiry.After(now) {
		due, err := v.DueHolds(ctx, a.No, now)
		if err != nil {
			return Balance{}, err
		}
		for i := range due {
			for _, l := range due[i].Legs {
				if l.Debit == a.No {
					a.PendingOut -= l.Rest
				}
				if l.Credit == a.No {
					a.PendingIn -= l.Rest
				}
			}
		}
	}
	in, out := a.PendingIn, a.PendingOut
	if a.Normal == Debit {
		in, out = out, in
	}
	posted, _ := a.normalBalance()
	available, _, _ := a.bounds()
	amount := func(v int64) money.Amount { return money.New(v, currency) }
	debits := new(big.Int).SetUint64(a.DebitsHi)
	debits.Lsh(debits, 64).Add(debits, new(big.Int).SetUint64(a.DebitsLo))
	credits := new(big.Int).Add(debits, big.NewInt(a.Balance))
	return Balance{
		Account: a.Key, Normal: a.Normal,
		Posted: amount(posted), Available: amount(available), PendingIn: amount(in), PendingOut: amount(out),
		Debits:  decimal.NewFromBigInt(debits, int32(-scale)),
		Credits: decimal.NewFromBigInt(credits, int32(-scale)),
		Min:     a.Min, Max: a.Max, Flags: a.Flags, Entries: a.Entries,
	}, nil
}

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
// After < Nth < Before, the newest of them first if Desc is set. Zero bounds are open.
type Page struct {
	After, Before int64
	Desc          bool
	Limit         int // at most and by default MaxPage
}

// Statement returns a page of an account's entries. Errors: ErrNotFound for an account that was never used.
func (l *Ledger) Statement(ctx context.Context, key AccountKey, page Page) ([]Entry, error) {
	if checkAccountName(key.Name) != nil || checkText("currency", key.Currency, 1, MaxTypeLen) != nil {
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
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
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
	var nos []int64
	for i := range rows {
		for _, no := range [2]int64{rows[i].Debit, rows[i].Credit} {
			if _, known := others[no]; !known && no != a.No {
				others[no] = AccountKey{}
				nos = append(nos, no)
			}
		}
	}
	accounts, err := v.AccountsByNo(ctx, nos)
	if err != nil {
		return nil, err
	}
	for i := range accounts {
		others[accounts[i].No] = accounts[i].Key
	}
	out := make([]Entry, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		e := Entry{
			Posting: r.No, Transaction: r.Transaction, Seq: r.Seq, Time: r.Time, Effective: r.Effective,
			Change: r.Change, Hold: r.Hold, Reference: r.Reference,
		}
		amount, balance := r.Amount, r.CreditAfter
		e.Nth, e.Other = r.CreditNth, others[r.Debit]
		if r.Debit == a.No {
			amount, balance = -r.Amount, r.DebitAfter
			e.Nth, e.Other = r.DebitNth, others[r.Credit]
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

// Head returns the number, time and hash of the last block.
func (l *Ledger) Head(ctx context.Context) (seq int64, at time.Time, hash [32]byte, err error) {
	err = l.read(ctx, func(v View) error {
		h, err := v.Head(ctx)
		seq, at, hash = h.Seq, h.Time, h.Hash
		return err
	})
	return seq, at, hash, err
}

// Announced is an event with its place in the ledger's order.
type Announced struct {
	Event
	No   int64 // from 1 without gap
	Seq  int64
	Time time.Time
}

// Events returns the events that follow the one numbered after, in order, at most MaxPage.
func (l *Ledger) Events(ctx context.Context, after int64, limit int) ([]Announced, error) {
	var out []Announced
	err := l.read(ctx, func(v View) error {
		rows, err := v.Events(ctx, after, pageLimit(limit))
		for _, r := range rows {
			out = append(out, Announced{Event{r.Type, r.Subject, r.Payload}, r.No, r.Seq, r.Time})
		}
		return err
	})
	return out, err
}

// Blocks returns the blocks that follow the one numbered after, in order, at most MaxPage.
func (l *Ledger) Blocks(ctx context.Context, after int64, limit int) ([]Block, error) {
	var out []Block
	err := l.read(ctx, func(v View) (err error) {
		out, err = v.Blocks(ctx, after, pageLimit(limit))
		return err
	})
	return out, err
}

// Reservation is a hold as it stands now.
type Reservation struct {
	ID        string
	Status    HoldStatus
	Expires   time.Time
	Reference string
	Rest      []money.Amount // still reserved, one for each of the hold's postings
}

// FindHold returns a hold; one that is due is expired, whether or not a block says so yet.
// Errors: ErrNotFound.
func (l *Ledger) FindHold(ctx context.Context, id string) (Reservation, error) {
	now := l.Now()
	if checkText("id", id, 1, MaxIDLen) != nil {
		return Reservation{}, ErrNotFound
	}
	var out Reservation
	err := l.read(ctx, func(v View) error {
		h, err := v.Hold(ctx, id)
		if err != nil {
			return err
		}
		scales, err := v.Currencies(ctx)
		if err != nil {
			return err
		}
		out = Reservation{ID: h.ID, Status: h.Status, Expires: h.Expires, Reference: h.Reference}
		due := h.Status == HoldOpen && !h.Expires.IsZero() && !h.Expires.After(now)
		if due {
			out.Status = HoldIsExpired
		}
		for _, leg := range h.Legs {
			accounts, err := v.AccountsByNo(ctx, []int64{leg.Debit})
			if err != nil || len(accounts) == 0 {
				return firstError(err, ErrNotFound)
			}
			code := accounts[0].Key.Currency
			currency, err := money.NewCurrency(code, scales[code])
			if err != nil {
				return err
			}
			rest := leg.Rest
			if due {
				rest = 0
			}
			out.Rest = append(out.Rest, money.New(rest, currency))
		}
		return nil
	})
	return out, err
}
