package ledger

type touchedAccount struct {
	account            *workAccount
	spendable, highest int64 // before the operation
}

// touch saves an account once for each Change, for undo, and once for each operation, for
// the limits.
func (k *kernel) touch(a *workAccount) {
	k.save(a)
	if !a.dirty {
		a.dirty = true
		k.work.touched = append(k.work.touched, a)
	}
	for i := range k.touched {
		if k.touched[i].account == a {
			return
		}
	}
	spendable, highest, _ := a.bounds()
	k.touched = append(k.touched, touchedAccount{a, spendable, highest})
}

// checkLimits refuses an operation that moved an account beyond a limit. One that moves an
// account back towards its limits is never refused by them.
func (k *kernel) checkLimits() error {
	for i := range k.touched {
		t := &k.touched[i]
		spendable, highest, ok := t.account.bounds()
		if !ok {
			return refuse(Refusal{Reason: BalanceOverflow, Account: t.account.Key})
		}
		if low := t.account.Min; low != nil && spendable < *low && spendable < t.spendable {
			return refuse(Refusal{Reason: InsufficientFunds, Account: t.account.Key, Short: distance(spendable, *low)})
		}
		if high := t.account.Max; high != nil && highest > *high && highest > t.highest {
			return refuse(Refusal{Reason: LimitExceeded, Account: t.account.Key, Short: distance(*high, highest)})
		}
	}
	return nil
}

// checkRange refuses an operation that took an account out of what can be counted.
func (k *kernel) checkRange() error {
	for i := range k.touched {
		if _, _, ok := k.touched[i].account.bounds(); !ok {
			return refuse(Refusal{Reason: BalanceOverflow, Account: k.touched[i].account.Key})
		}
	}
	return nil
}

// distance is how far b lies above a, as far as an int64 can tell.
func distance(a, b int64) int64 {
	d, ok := sub(b, a)
	if !ok {
		return 1<<63 - 1
	}
	return d
}

func refuse(r Refusal) error { return &RefusedError{Refusal: r} }

func overflow(debit, credit *workAccount, atDebit bool) error {
	key := credit.Key
	if atDebit {
		key = debit.Key
	}
	return refuse(Refusal{Reason: BalanceOverflow, Account: key})
}
