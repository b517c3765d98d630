package ledger

import (
	"context"
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
	if !canBeAccount(key) {
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
	if err := releaseDue(ctx, v, a, now); err != nil {
		return Balance{}, err
	}
	in, out := a.PendingIn, a.PendingOut
	if a.Normal == Debit {
		in, out = out, in
	}
	posted, _ := a.normalBalance()
	available, _, _ := a.bounds()
	amount := func(v int64) money.Amount { return money.New(v, currency) }
	debits := a.debits()
	credits := new(big.Int).Add(debits, big.NewInt(a.Balance))
	return Balance{
		Account: a.Key, Normal: a.Normal,
		Posted: amount(posted), Available: amount(available), PendingIn: amount(in), PendingOut: amount(out),
		Debits:  decimal.NewFromBigInt(debits, int32(-scale)),
		Credits: decimal.NewFromBigInt(credits, int32(-scale)),
		Min:     a.Min, Max: a.Max, Flags: a.Flags, Entries: a.Entries,
	}, nil
}

// releaseDue takes from an account's pending amounts what due holds still reserve, which a
// later block will say.
func releaseDue(ctx context.Context, v View, a *Account, now time.Time) error {
	if a.NextExpiry.IsZero() || a.NextExpiry.After(now) {
		return nil
	}
	due, err := v.DueHolds(ctx, a.No, now)
	if err != nil {
		return err
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
	return nil
}

// debits is the total ever debited, in minor units.
func (a *Account) debits() *big.Int {
	n := new(big.Int).SetUint64(a.DebitsHi)
	return n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(a.DebitsLo))
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
