package ledgertest

import (
	"math/big"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// operate does one operation of the model.
func (m *model) operate(op ledger.Op) error {
	t := modelTouch{m: m, before: make(map[*modelAccount][2]*big.Int), first: m.postings + 1, effective: m.now}
	var err error
	switch op := op.(type) {
	case ledger.Transaction:
		t.date(op.Effective)
		err = t.post(op.Postings)
	case ledger.Hold:
		err = t.place(&op)
	case ledger.Capture:
		err = t.capture(&op)
	case ledger.Void:
		var h *modelHold
		if h, err = m.open(op.Hold); err == nil {
			t.end(h, ledger.HoldIsVoided)
		}
	case ledger.Reverse:
		t.date(op.Effective)
		t.force = op.Force
		err = t.reverse(&op)
	default:
		return m.administer(op)
	}
	if err == nil && t.rows != nil {
		set(m, &m.transactions, m.transactions+1)
		put(m, m.posted, t.first, t.rows)
	}
	if err != nil {
		return err
	}
	return t.check()
}

// modelTouch is one operation and what the accounts that it touched could do before.
type modelTouch struct {
	m      *model
	before map[*modelAccount][2]*big.Int
	dated  bool // whether the postings count at another time than now
	force  bool // whether limits do not count

	first     int64 // number of the transaction, if it is one
	rows      []modelPosting
	effective time.Time
}

// date gives the postings a time of their own.
func (t *modelTouch) date(effective time.Time) {
	if effective = effective.Truncate(time.Microsecond); !effective.IsZero() && !effective.Equal(t.m.now) {
		t.dated, t.effective = true, effective
	}
}

func (t *modelTouch) touch(a *modelAccount) {
	if _, known := t.before[a]; !known {
		spendable, highest := t.m.limits(a)
		t.before[a] = [2]*big.Int{spendable, highest}
	}
}

// check finds every limit that the operation broke.
func (t *modelTouch) check() error {
	var broken refusal
	for a, before := range t.before {
		spendable, highest := t.m.limits(a)
		balance := a.balance
		if a.rule.debit {
			balance = new(big.Int).Neg(balance)
		}
		if !fits(spendable) || !fits(highest) || !fits(balance) {
			broken = append(broken, ledger.Refusal{Reason: ledger.BalanceOverflow, Account: a.key})
			continue
		}
		if t.force {
			continue
		}
		if low := a.rule.min; low != nil && spendable.Cmp(big.NewInt(*low)) < 0 && spendable.Cmp(before[0]) < 0 {
			broken = append(broken, ledger.Refusal{
				Reason: ledger.InsufficientFunds, Account: a.key, Short: short(spendable, big.NewInt(*low)),
			})
			continue
		}
		if high := a.rule.max; high != nil && highest.Cmp(big.NewInt(*high)) > 0 && highest.Cmp(before[1]) > 0 {
			broken = append(broken, ledger.Refusal{
				Reason: ledger.LimitExceeded, Account: a.key, Short: short(big.NewInt(*high), highest),
			})
		}
	}
	if broken != nil {
		return broken
	}
	return nil
}

// resolve finds the accounts of postings.
func (t *modelTouch) resolve(postings []ledger.Posting) (pairs [][2]*modelAccount, err error) {
	for _, p := range postings {
		code, scale := p.Amount.Currency().Code(), p.Amount.Currency().Scale()
		if was, known := t.m.scales[code]; !known {
			put(t.m, t.m.scales, code, scale)
		} else if was != scale {
			return nil, refusal{{Reason: ledger.ScaleChanged, Account: ledger.AccountKey{Currency: code}}}
		}
		var pair [2]*modelAccount
		for i, name := range []string{p.Debit, p.Credit} {
			if pair[i], err = t.m.account(ledger.AccountKey{Name: name, Currency: code}); err != nil {
				return nil, err
			}
		}
		if err := allowed(pair[0], pair[1]); err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

func (t *modelTouch) post(postings []ledger.Posting) error {
	pairs, err := t.resolve(postings)
	if err != nil {
		return err
	}
	for i, p := range postings {
		if err := t.move(pairs[i][0], pairs[i][1], t.m.moved(&p, pairs[i])); err != nil {
			return err
		}
	}
	return nil
}

func (t *modelTouch) move(debit, credit *modelAccount, amount *big.Int) error {
	t.touch(debit)
	t.touch(credit)
	set(t.m, &t.m.postings, t.m.postings+1)
	t.rows = append(t.rows, modelPosting{debit, credit, amount, t.m.now, t.effective})
	set(t.m, &debit.balance, new(big.Int).Sub(debit.balance, amount))
	set(t.m, &credit.balance, new(big.Int).Add(credit.balance, amount))
	set(t.m, &debit.debits, new(big.Int).Add(debit.debits, amount))
	set(t.m, &debit.entries, debit.entries+1)
	set(t.m, &credit.entries, credit.entries+1)
	for _, a := range []*modelAccount{debit, credit} {
		if !fits(a.balance) {
			return refusal{{Reason: ledger.BalanceOverflow, Account: a.key}}
		}
	}
	for _, a := range []*modelAccount{debit, credit} {
		if !t.dated {
			continue
		}
		set(t.m, &a.turnover, new(big.Int).Add(a.turnover, amount))
		if !fits(a.turnover) {
			return refusal{{Reason: ledger.BalanceOverflow, Account: a.key}}
		}
	}
	return nil
}

func (t *modelTouch) place(op *ledger.Hold) error {
	if t.m.holds[op.ID] != nil {
		return refusal{{Reason: ledger.HoldExists, Hold: op.ID}}
	}
	if !op.Expires.IsZero() && !op.Expires.After(t.m.now) {
		return refusal{{Reason: ledger.HoldExpired, Hold: op.ID}}
	}
	pairs, err := t.resolve(op.Postings)
	if err != nil {
		return err
	}
	h := &modelHold{status: ledger.HoldOpen, expires: op.Expires}
	for _, pair := range pairs {
		for _, a := range pair {
			t.touch(a)
		}
	}
	for i, p := range op.Postings {
		amount := t.m.moved(&p, pairs[i])
		h.legs = append(h.legs, modelLeg{debit: pairs[i][0].key, credit: pairs[i][1].key, amount: amount, rest: amount})
		for _, a := range pairs[i] {
			t.m.stale(a)
			if n := len(a.reserved); n == 0 || a.reserved[n-1] != h {
				grow(t.m, &a.reserved, h)
			}
		}
		if out, _ := t.m.pending(pairs[i][0]); !fits(out) {
			return refusal{{Reason: ledger.BalanceOverflow, Account: pairs[i][0].key}}
		}
		if _, in := t.m.pending(pairs[i][1]); !fits(in) {
			return refusal{{Reason: ledger.BalanceOverflow, Account: pairs[i][1].key}}
		}
	}
	put(t.m, t.m.holds, op.ID, h)
	return nil
}

// open returns a hold that is open at the moment.
func (m *model) open(id string) (*modelHold, error) {
	h := m.holds[id]
	if h == nil {
		return nil, refusal{{Reason: ledger.HoldUnknown, Hold: id}}
	}
	switch m.status(h) {
	case ledger.HoldIsCaptured:
		return nil, refusal{{Reason: ledger.HoldCaptured, Hold: id}}
	case ledger.HoldIsVoided:
		return nil, refusal{{Reason: ledger.HoldVoided, Hold: id}}
	case ledger.HoldIsExpired:
		return nil, refusal{{Reason: ledger.HoldExpired, Hold: id}}
	}
	return h, nil
}

func (t *modelTouch) capture(op *ledger.Capture) error {
	h, err := t.m.open(op.Hold)
	if err != nil {
		return err
	}
	for _, l := range h.legs {
		for _, a := range []*modelAccount{t.m.accounts[l.debit], t.m.accounts[l.credit]} {
			t.touch(a)
			t.m.stale(a)
		}
	}
	type part struct {
		debit, credit *modelAccount
		amount        *big.Int
	}
	var parts []part
	if len(op.Postings) == 0 {
		for i, l := range h.legs {
			if l.rest.Sign() > 0 || l.amount.Sign() == 0 {
				debit, credit := t.m.accounts[l.debit], t.m.accounts[l.credit]
				if err := allowed(debit, credit); err != nil {
					return err
				}
				parts = append(parts, part{debit, credit, l.rest})
				set(t.m, &h.legs[i].rest, new(big.Int))
			}
		}
	} else {
		pairs, err := t.resolve(op.Postings)
		if err != nil {
			return err
		}
		for i, p := range op.Postings {
			amount := big.NewInt(p.Amount.Minor())
			parts = append(parts, part{pairs[i][0], pairs[i][1], amount})
			if !t.draw(h, pairs[i][0].key, amount) {
				return t.exceeded(op.Hold, h, pairs[i][0].key, amount)
			}
		}
	}
	for _, p := range parts {
		if err := t.move(p.debit, p.credit, p.amount); err != nil {
			return err
		}
	}
	left := new(big.Int)
	for _, l := range h.legs {
		left.Add(left, l.rest)
	}
	if op.Final || len(op.Postings) == 0 || left.Sign() == 0 {
		t.end(h, ledger.HoldIsCaptured)
	}
	return nil
}

// draw takes an amount from the legs of a debit account, in their order. It reports false
// when there is less, or no such leg.
func (t *modelTouch) draw(h *modelHold, debit ledger.AccountKey, amount *big.Int) bool {
	rest, found := new(big.Int).Set(amount), false
	available := new(big.Int)
	for _, l := range h.legs {
		if l.debit == debit {
			found = true
			available.Add(available, l.rest)
		}
	}
	if !found || available.Cmp(amount) < 0 {
		return false
	}
	for i, l := range h.legs {
		if l.debit == debit {
			part := rest
			if l.rest.Cmp(rest) < 0 {
				part = l.rest
			}
			set(t.m, &h.legs[i].rest, new(big.Int).Sub(l.rest, part))
			rest = new(big.Int).Sub(rest, part)
		}
	}
	return true
}

func (t *modelTouch) exceeded(id string, h *modelHold, debit ledger.AccountKey, amount *big.Int) error {
	available := new(big.Int)
	for _, l := range h.legs {
		if l.debit == debit {
			available.Add(available, l.rest)
		}
	}
	return refusal{{Reason: ledger.HoldExceeded, Hold: id, Account: debit, Short: short(available, amount)}}
}

// end releases what a hold still reserves.
func (t *modelTouch) end(h *modelHold, status ledger.HoldStatus) {
	for i, l := range h.legs {
		for _, a := range []*modelAccount{t.m.accounts[l.debit], t.m.accounts[l.credit]} {
			t.touch(a)
			t.m.stale(a)
		}
		set(t.m, &h.legs[i].rest, new(big.Int))
	}
	set(t.m, &h.status, status)
}
