package ledger

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
)

// Total adds up accounts of one currency that grow on the same side. Sums are exact and in
// major units: they may be larger than any amount.
type Total struct {
	Currency money.Currency
	Normal   Side
	Accounts int64 // how many

	// Posted, Available, PendingIn and PendingOut are as in Balance, on the normal side.
	Posted, Available, PendingIn, PendingOut decimal.Decimal

	// Debits and Credits are the totals ever posted.
	Debits, Credits decimal.Decimal
}

// Totals adds up the accounts whose name starts with prefix, all of them if it is empty, as
// they stand at one moment; holds that are due no longer count. There is a Total for each
// currency and normal side that has accounts, ordered by currency, credit before debit: what
// is owed and what is owned are not added to each other. Over all accounts, debits equal
// credits in each currency.
//
// The cost grows with the number of these accounts; a million take seconds, during which
// nobody waits.
//
// Errors: ErrInvalid for a prefix that is no text.
func (l *Ledger) Totals(ctx context.Context, prefix string) ([]Total, error) {
	if err := checkText("prefix", prefix, 0, MaxAccountLen); err != nil {
		return nil, err
	}
	now := l.Now()
	type key struct {
		currency string
		normal   Side
	}
	sums := make(map[key]*sum)
	var scales map[string]int
	err := l.read(ctx, func(v View) (err error) {
		if scales, err = v.Currencies(ctx); err != nil {
			return err
		}
		for after := int64(0); ; {
			accounts, err := v.Accounts(ctx, prefix, after, MaxPage)
			if err != nil {
				return err
			}
			for i := range accounts {
				a := &accounts[i]
				if err := releaseDue(ctx, v, a, now); err != nil {
					return err
				}
				k := key{a.Key.Currency, a.Normal}
				if sums[k] == nil {
					sums[k] = &sum{}
				}
				sums[k].add(a)
			}
			if len(accounts) < MaxPage {
				return nil
			}
			after = accounts[len(accounts)-1].No
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]Total, 0, len(sums))
	for k, s := range sums {
		currency, err := money.NewCurrency(k.currency, scales[k.currency])
		if err != nil {
			return nil, err
		}
		out = append(out, s.total(currency, k.normal))
	}
	slices.SortFunc(out, func(a, b Total) int {
		return cmp.Or(cmp.Compare(a.Currency.Code(), b.Currency.Code()), cmp.Compare(a.Normal, b.Normal))
	})
	return out, nil
}

// sum adds up accounts as the store keeps them: credits less debits.
type sum struct {
	accounts                               int64
	balance, debits, pendingOut, pendingIn big.Int
}

func (s *sum) add(a *Account) {
	var n big.Int
	s.accounts++
	s.balance.Add(&s.balance, n.SetInt64(a.Balance))
	s.debits.Add(&s.debits, a.debits())
	s.pendingOut.Add(&s.pendingOut, n.SetInt64(a.PendingOut))
	s.pendingIn.Add(&s.pendingIn, n.SetInt64(a.PendingIn))
}

func (s *sum) total(currency money.Currency, normal Side) Total {
	var credits, posted, available big.Int
	credits.Add(&s.debits, &s.balance)
	posted.Set(&s.balance)
	in, out := &s.pendingIn, &s.pendingOut
	if normal == Debit {
		posted.Neg(&posted)
		in, out = out, in
	}
	available.Sub(&posted, out)
	major := func(n *big.Int) decimal.Decimal { return decimal.NewFromBigInt(n, -int32(currency.Scale())) }
	return Total{
		Currency: currency, Normal: normal, Accounts: s.accounts,
		Posted: major(&posted), Available: major(&available), PendingIn: major(in), PendingOut: major(out),
		Debits: major(&s.debits), Credits: major(&credits),
	}
}
