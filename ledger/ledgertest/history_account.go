package ledgertest

import (
	"math/big"

	"github.com/okpay/okpay-go/ledger"
)

// administer does an operation of the model that moves nothing.
func (m *model) administer(op ledger.Op) error {
	switch op := op.(type) {
	case ledger.Require:
		return m.require(&op)
	case ledger.Limits:
		return m.alter(op.Account, currencyOf{op.Currency.Code(), op.Currency.Scale()}, func(a *modelAccount) error {
			set(m, &a.rule, modelRule{debit: a.rule.debit, min: op.Min, max: op.Max})
			return nil
		})
	case ledger.Freeze:
		return m.alter(op.Account, currencyOf{op.Currency.Code(), op.Currency.Scale()}, func(a *modelAccount) error {
			flags := a.flags & ledger.Closed
			if op.Debits {
				flags |= ledger.DebitsFrozen
			}
			if op.Credits {
				flags |= ledger.CreditsFrozen
			}
			set(m, &a.flags, flags)
			return nil
		})
	case ledger.Close:
		return m.alter(op.Account, currencyOf{op.Currency.Code(), op.Currency.Scale()}, func(a *modelAccount) error {
			if a.flags&ledger.Closed != 0 {
				return refusal{{Reason: ledger.AccountClosed, Account: a.key}}
			}
			set(m, &a.flags, a.flags|ledger.Closed)
			return nil
		})
	case ledger.Reopen:
		return m.alter(op.Account, currencyOf{op.Currency.Code(), op.Currency.Scale()}, func(a *modelAccount) error {
			if a.flags&ledger.Closed == 0 {
				return refusal{{Reason: ledger.AccountOpen, Account: a.key}}
			}
			set(m, &a.flags, a.flags&^ledger.Closed)
			return nil
		})
	}
	panic("the model does not know this operation")
}

// currencyOf is a currency as the model knows it.
type currencyOf struct {
	code  string
	scale int
}

// alter changes an account, which is opened if it was never used.
func (m *model) alter(name string, c currencyOf, change func(a *modelAccount) error) error {
	if was, known := m.scales[c.code]; !known {
		put(m, m.scales, c.code, c.scale)
	} else if was != c.scale {
		return refusal{{Reason: ledger.ScaleChanged, Account: ledger.AccountKey{Currency: c.code}}}
	}
	a, err := m.account(ledger.AccountKey{Name: name, Currency: c.code})
	if err != nil {
		return err
	}
	return change(a)
}

// require looks at what is available on an account.
func (m *model) require(op *ledger.Require) error {
	key := ledger.AccountKey{Name: op.Account, Currency: op.Currency.Code()}
	available := new(big.Int)
	if a := m.accounts[key]; a != nil {
		var highest *big.Int
		available, highest = m.limits(a)
		if !fits(available) || !fits(highest) || !fits(new(big.Int).Neg(a.balance)) && a.rule.debit {
			return refusal{{Reason: ledger.BalanceOverflow, Account: key}}
		}
	} else if _, ok := modelChart(key); !ok {
		return refusal{{Reason: ledger.AccountNotAllowed, Account: key}}
	}
	if op.AtLeast != nil {
		if low := big.NewInt(*op.AtLeast); available.Cmp(low) < 0 {
			return refusal{{Reason: ledger.ConditionFailed, Account: key, Short: short(available, low)}}
		}
	}
	if op.AtMost != nil {
		if high := big.NewInt(*op.AtMost); available.Cmp(high) > 0 {
			return refusal{{Reason: ledger.ConditionFailed, Account: key, Short: short(high, available)}}
		}
	}
	return nil
}

// allowed refuses a movement over a frozen or closed account: closed ones first, and the
// debit account first.
func allowed(debit, credit *modelAccount) error {
	for _, look := range []struct {
		a      *modelAccount
		flag   ledger.AccountFlags
		reason ledger.Reason
	}{
		{debit, ledger.Closed, ledger.AccountClosed},
		{credit, ledger.Closed, ledger.AccountClosed},
		{debit, ledger.DebitsFrozen, ledger.AccountFrozen},
		{credit, ledger.CreditsFrozen, ledger.AccountFrozen},
	} {
		if look.a.flags&look.flag != 0 {
			return refusal{{Reason: look.reason, Account: look.a.key}}
		}
	}
	return nil
}

// moved is what a posting moves now: its amount, or what is there up to it.
func (m *model) moved(p *ledger.Posting, pair [2]*modelAccount) *big.Int {
	amount := big.NewInt(p.Amount.Minor())
	if p.UpTo&ledger.UpToDebit != 0 {
		amount = least(amount, m.room(pair[0], true))
	}
	if p.UpTo&ledger.UpToCredit != 0 {
		amount = least(amount, m.room(pair[1], false))
	}
	return amount
}

func least(a, b *big.Int) *big.Int {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}

// room is how far an account is from its bound, or from zero if it has none on that side,
// when it gives (to its credit balance's lower end) or takes.
func (m *model) room(a *modelAccount, gives bool) *big.Int {
	out, in := m.pending(a)
	have, bound := new(big.Int).Sub(a.balance, out), new(big.Int)
	if !gives {
		have.Add(a.balance, in)
	}
	// On the credit side a debit-normal account is bounded by its limits with the other sign.
	switch low := a.rule.min; {
	case gives && a.rule.debit && a.rule.max != nil:
		bound.Neg(big.NewInt(*a.rule.max))
	case gives && !a.rule.debit && low != nil:
		bound.SetInt64(*low)
	case !gives && a.rule.debit && low != nil:
		bound.Neg(big.NewInt(*low))
	case !gives && !a.rule.debit && a.rule.max != nil:
		bound.SetInt64(*a.rule.max)
	}
	if !fits(have) {
		return new(big.Int)
	}
	left := new(big.Int).Sub(have, bound)
	if !gives {
		left.Neg(left)
	}
	if left.Sign() < 0 {
		return new(big.Int)
	}
	return left
}

// reverse posts the mirror of a transaction.
func (t *modelTouch) reverse(op *ledger.Reverse) error {
	rows := t.m.posted[op.Transaction]
	if rows == nil {
		return refusal{{Reason: ledger.TransactionUnknown, Transaction: op.Transaction}}
	}
	if t.m.reversed[op.Transaction] {
		return refusal{{Reason: ledger.AlreadyReversed, Transaction: op.Transaction}}
	}
	for i := len(rows) - 1; i >= 0; i-- {
		if err := allowed(rows[i].credit, rows[i].debit); err != nil {
			return err
		}
	}
	put(t.m, t.m.reversed, op.Transaction, true)
	for i := len(rows) - 1; i >= 0; i-- {
		if err := t.move(rows[i].credit, rows[i].debit, rows[i].amount); err != nil {
			return err
		}
	}
	return nil
}
