package ledger

import (
	"math"
	"slices"
	"time"
)

// require decides a Require.
func (k *kernel) require(p *preparedOp) error {
	var available int64
	if a := k.work.account(p.account); a != nil {
		var ok bool
		if available, _, ok = a.bounds(); !ok {
			return refuse(Refusal{Reason: BalanceOverflow, Account: p.account})
		}
	} else if _, allowed := k.chart.rule(p.account); !allowed {
		return refuse(Refusal{Reason: AccountNotAllowed, Account: p.account})
	}
	switch {
	case p.low != nil && available < *p.low:
		return refuse(Refusal{Reason: ConditionFailed, Account: p.account, Short: distance(available, *p.low)})
	case p.high != nil && available > *p.high:
		return refuse(Refusal{Reason: ConditionFailed, Account: p.account, Short: distance(*p.high, available)})
	}
	return nil
}

// alter decides a Limits, a Freeze, a Close or a Reopen.
func (k *kernel) alter(p *preparedOp) error {
	if err := k.checkScale(p.account.Currency, int(p.scale)); err != nil {
		return err
	}
	a, err := k.account(p.account)
	if err != nil {
		return err
	}
	switch closed := a.Flags&Closed != 0; {
	case p.kind == opReopen && !closed:
		return refuse(Refusal{Reason: AccountOpen, Account: p.account})
	case p.kind == opClose && closed:
		return refuse(Refusal{Reason: AccountClosed, Account: p.account})
	}
	k.save(a)
	switch p.kind {
	case opLimits:
		a.Min, a.Max = p.low, p.high
	case opFreeze:
		a.Flags = a.Flags&^(DebitsFrozen|CreditsFrozen) | p.flags
	case opClose:
		a.Flags |= Closed
	case opReopen:
		a.Flags &^= Closed
	}
	a.altered = true
	k.work.touched = append(k.work.touched, a)
	k.effects = appendAlter(k.effects, &a.Account)
	return nil
}

// reverse decides a Reverse up to the limits.
func (k *kernel) reverse(p *preparedOp) error {
	rows := k.work.posted[p.transaction]
	if len(rows) == 0 {
		rows = k.postedHere(p.transaction)
	}
	if len(rows) == 0 {
		return refuse(Refusal{Reason: TransactionUnknown, Transaction: p.transaction})
	}
	if _, reversed := k.work.reversals[p.transaction]; reversed {
		return refuse(Refusal{Reason: AlreadyReversed, Transaction: p.transaction})
	}
	legs, amounts := make([]leg, len(rows)), make([]int64, len(rows))
	for i := range rows {
		from := &rows[len(rows)-1-i]
		legs[i] = leg{k.work.number(from.Credit), k.work.number(from.Debit)}
		amounts[i] = from.Amount
		if err := allows(legs[i].debit, legs[i].credit); err != nil {
			return err
		}
	}
	by := k.head.Postings + 1
	k.work.reversals[p.transaction] = by
	k.undo = append(k.undo, func() { delete(k.work.reversals, p.transaction) })
	k.batch.Reversals = append(k.batch.Reversals, Reversal{Transaction: p.transaction, By: by})
	k.effects = appendUint(append(k.effects, byte(effectReverse)), uint64(p.transaction))
	return k.postAll(p, legs, amounts)
}

// postedHere returns the postings of a transaction of the block being decided.
func (k *kernel) postedHere(transaction int64) []PostingRow {
	rows := k.batch.Postings
	first := slices.IndexFunc(rows, func(r PostingRow) bool { return r.Transaction == transaction })
	if first < 0 {
		return nil
	}
	end := first
	for end < len(rows) && rows[end].Transaction == transaction {
		end++
	}
	return slices.Clone(rows[first:end])
}

// date counts a dated posting on both accounts.
func (k *kernel) date(debit, credit *workAccount, amount int64) error {
	for _, side := range [2]struct {
		account *workAccount
		delta   int64
	}{{debit, -amount}, {credit, amount}} {
		no := side.account.No
		was, known := k.work.dated[no]
		is := was
		var ok1, ok2 bool
		is.Sum, ok1 = add(was.Sum, side.delta)
		is.Turnover, ok2 = add(was.Turnover, amount)
		if !ok1 || !ok2 {
			return refuse(Refusal{Reason: BalanceOverflow, Account: side.account.Key})
		}
		is.Account, is.Nth = no, was.Nth+1
		k.work.dated[no] = is
		k.undo = append(k.undo, func() {
			if known {
				k.work.dated[no] = was
			} else {
				delete(k.work.dated, no)
			}
		})
	}
	return nil
}

// dated adds to the batch what is kept of its dated postings.
func (k *kernel) dated() {
	k.batch.Dated, k.batch.DatedSums = nil, nil
	// What is known of an account is its state after the block; what it was before follows.
	at := make(map[int64]DatedRow)
	for i := len(k.batch.Postings) - 1; i >= 0; i-- {
		row := &k.batch.Postings[i]
		if row.Effective.Equal(k.now) {
			continue
		}
		// Backwards the credit side comes first.
		for _, side := range [2]struct{ account, nth, delta int64 }{
			{row.Credit, row.CreditNth, row.Amount}, {row.Debit, row.DebitNth, -row.Amount},
		} {
			last, ok := at[side.account]
			if !ok {
				last = k.work.dated[side.account]
			}
			entry := last
			entry.Entry, entry.Posting, entry.Effective = side.nth, row.No, row.Effective
			k.batch.Dated = append(k.batch.Dated, entry)
			last.Nth, last.Sum, last.Turnover = last.Nth-1, last.Sum-side.delta, last.Turnover-row.Amount
			at[side.account] = last
		}
	}
	if len(k.batch.Dated) == 0 {
		return
	}
	slices.Reverse(k.batch.Dated)
	k.batch.DatedSums = datedSums(k.batch.Dated, at)
}

// datedSums adds up what rows change in the totals of their buckets. Before says what each
// account's last dated entry was before them.
func datedSums(rows []DatedRow, before map[int64]DatedRow) []DatedSum {
	type key struct {
		account int64
		level   int
		bucket  int64
	}
	place := make(map[key]int)
	var sums []DatedSum
	sum := make(map[int64]int64, len(before))
	for no, row := range before {
		sum[no] = row.Sum
	}
	for i := range rows {
		r := &rows[i]
		delta := r.Sum - sum[r.Account]
		sum[r.Account] = r.Sum
		bucket := instant(r.Effective)
		for level := range DatedLevels {
			id := key{r.Account, level, bucket >> (level * DatedShift)}
			j, ok := place[id]
			if !ok {
				j = len(sums)
				place[id] = j
				sums = append(sums, DatedSum{Account: r.Account, Level: level, Bucket: id.bucket})
			}
			sums[j].Delta += delta
		}
	}
	return sums
}

// instant is a time as microseconds since the year 1.
func instant(t time.Time) int64 {
	const since1 = 62_135_596_800 * 1_000_000 // microseconds from the year 1 to 1970
	return t.UnixMicro() + since1
}

// givable is how much the account can be debited before it meets its limit, or zero if it
// has none on that side.
func (a *workAccount) givable() int64 {
	low := a.Min
	if a.Normal == Debit {
		low = mirrored(a.Max)
	}
	have, ok := sub(a.Balance, a.PendingOut)
	if !ok {
		return 0
	}
	return room(valueOf(low), have)
}

// takable is how much the account can be credited before it meets its limit, or zero if it
// has none on that side.
func (a *workAccount) takable() int64 {
	high := a.Max
	if a.Normal == Debit {
		high = mirrored(a.Min)
	}
	have, ok := add(a.Balance, a.PendingIn)
	if !ok {
		return 0
	}
	return room(have, valueOf(high))
}

func valueOf(limit *int64) int64 {
	if limit == nil {
		return 0
	}
	return *limit
}

// mirrored is a limit of a debit-normal account as a bound of credits less debits.
func mirrored(limit *int64) *int64 {
	if limit == nil {
		return nil
	}
	v := int64(math.MaxInt64)
	if *limit != math.MinInt64 {
		v = -*limit
	}
	return &v
}

// room is how far b lies above a, 0 if it does not.
func room(a, b int64) int64 {
	if b <= a {
		return 0
	}
	return distance(a, b)
}

func (k *kernel) checkScale(code string, scale int) error {
	was, ok := k.work.cache.currencies[code]
	if !ok {
		k.work.cache.currencies[code] = scale
		if k.batch.Currencies == nil {
			k.batch.Currencies = make(map[string]int)
		}
		k.batch.Currencies[code] = scale
		k.undo = append(k.undo, func() {
			delete(k.work.cache.currencies, code)
			delete(k.batch.Currencies, code)
		})
		k.effects = appendCurrency(k.effects, code, scale)
		return nil
	}
	if was != scale {
		return refuse(Refusal{Reason: ScaleChanged, Account: AccountKey{Currency: code}})
	}
	return nil
}

// account finds an account, or opens it by the chart.
func (k *kernel) account(key AccountKey) (*workAccount, error) {
	if a := k.work.account(key); a != nil {
		return a, nil
	}
	rule, ok := k.chart.rule(key)
	if !ok {
		return nil, refuse(Refusal{Reason: AccountNotAllowed, Account: key})
	}
	return k.openAccount(key, rule), nil
}

// openAccount opens an account by a rule.
func (k *kernel) openAccount(key AccountKey, rule Pattern) *workAccount {
	k.head.Accounts++
	a := &workAccount{fresh: true, dirty: true, decision: k.work.cache.decision}
	a.Account = Account{No: k.head.Accounts, Key: key, Normal: rule.Normal, Min: rule.Min, Max: rule.Max}
	k.work.opened[key], k.work.openedNo[a.No] = a, a
	k.undo = append(k.undo, func() {
		delete(k.work.opened, key)
		delete(k.work.openedNo, a.No)
	})
	k.effects = appendOpen(k.effects, &a.Account)
	return a
}
