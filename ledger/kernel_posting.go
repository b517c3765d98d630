package ledger

import "time"

// leg is the pair of accounts of a posting.
type leg struct{ debit, credit *workAccount }

func (k *kernel) transact(p *preparedOp) error {
	legs, err := k.resolve(p)
	if err != nil {
		return err
	}
	k.effects = append(k.effects, byte(effectTransaction))
	return k.postAll(p, legs, nil)
}

// resolve finds or opens the accounts of postings, which have to allow them.
func (k *kernel) resolve(p *preparedOp) ([]leg, error) {
	legs := k.legs[:0]
	for i := range p.postings {
		posting := &p.postings[i]
		currency := posting.Amount.Currency()
		code := currency.Code()
		if err := k.checkScale(code, currency.Scale()); err != nil {
			return nil, err
		}
		l := p.legs[i]
		var err error
		if l.debit == nil {
			if l.debit, err = k.account(AccountKey{posting.Debit, code}); err != nil {
				return nil, err
			}
		}
		if l.credit == nil {
			if l.credit, err = k.account(AccountKey{posting.Credit, code}); err != nil {
				return nil, err
			}
		}
		if err := allows(l.debit, l.credit); err != nil {
			return nil, err
		}
		legs = append(legs, l)
	}
	k.legs = legs
	return legs, nil
}

// allows refuses a movement over a frozen or closed account.
func allows(debit, credit *workAccount) error {
	switch {
	case (debit.Flags|credit.Flags)&(Closed|DebitsFrozen|CreditsFrozen) == 0:
		return nil
	case debit.Flags&Closed != 0:
		return refuse(Refusal{Reason: AccountClosed, Account: debit.Key})
	case credit.Flags&Closed != 0:
		return refuse(Refusal{Reason: AccountClosed, Account: credit.Key})
	case debit.Flags&DebitsFrozen != 0:
		return refuse(Refusal{Reason: AccountFrozen, Account: debit.Key})
	case credit.Flags&CreditsFrozen != 0:
		return refuse(Refusal{Reason: AccountFrozen, Account: credit.Key})
	}
	return nil
}

// postAll posts a transaction, and writes the rest of its effect. Amounts are those of the
// postings unless they are given.
func (k *kernel) postAll(p *preparedOp, legs []leg, amounts []int64) error {
	k.head.Transactions++
	first := k.head.Postings + 1
	row := PostingRow{Transaction: first, Reference: p.reference, Metadata: p.metadata}
	if p.kind == opCapture {
		row.Hold = p.hold
	} else {
		effective := p.at
		if effective.Equal(k.now) {
			effective = time.Time{}
		}
		row.Effective = effective
		k.effects = appendTime(k.effects, effective)
	}
	k.effects = appendText(k.effects, p.reference)
	k.effects = appendBytes(k.effects, p.metadata)
	k.effects = appendUint(k.effects, uint64(len(legs)))
	for i, leg := range legs {
		var amount int64
		if amounts != nil {
			amount = amounts[i]
		} else {
			amount = moved(&p.postings[i], leg)
		}
		if err := k.post(leg.debit, leg.credit, amount, &row); err != nil {
			return err
		}
	}
	for _, hash := range p.terms {
		k.terms = append(k.terms, Term{Hash: hash, Transaction: first})
	}
	return nil
}

// moved is what a posting moves now.
func moved(p *Posting, l leg) int64 {
	amount := p.Amount.Minor()
	if p.UpTo&UpToDebit != 0 {
		amount = min(amount, l.debit.givable())
	}
	if p.UpTo&UpToCredit != 0 {
		amount = min(amount, l.credit.takable())
	}
	return amount
}

// post moves an amount and writes the posting's row and effect.
func (k *kernel) post(debit, credit *workAccount, amount int64, row *PostingRow) error {
	k.touch(debit)
	k.touch(credit)
	var ok1, ok2 bool
	debit.Balance, ok1 = sub(debit.Balance, amount)
	credit.Balance, ok2 = add(credit.Balance, amount)
	if !ok1 || !ok2 {
		return overflow(debit, credit, !ok1)
	}
	debit.addTurnover(amount)
	if !row.Effective.IsZero() {
		if err := k.date(debit, credit, amount); err != nil {
			return err
		}
	}
	k.head.Postings++
	row.No, row.Seq = k.head.Postings, k.head.Seq+1
	row.Time, row.Change = k.now, k.change
	row.Debit, row.Credit, row.Amount = debit.No, credit.No, amount
	row.DebitAfter, row.CreditAfter = debit.Balance, credit.Balance
	row.DebitNth, row.DebitPrev = k.enter(debit, row.No)
	row.CreditNth, row.CreditPrev = k.enter(credit, row.No)
	k.batch.Postings = append(k.batch.Postings, *row)
	if row.Effective.IsZero() {
		k.batch.Postings[len(k.batch.Postings)-1].Effective = k.now
	}
	k.effects = appendUint(k.effects, uint64(debit.No))
	k.effects = appendUint(k.effects, uint64(credit.No))
	k.effects = appendUint(k.effects, uint64(amount))
	return nil
}

// enter makes a posting the account's next entry.
func (k *kernel) enter(a *workAccount, posting int64) (nth, previous int64) {
	previous = a.Last
	a.Entries++
	a.Last = posting
	if a.Entries%MarkEvery == 0 {
		k.batch.Marks = append(k.batch.Marks, Mark{Account: a.No, Nth: a.Entries, Posting: posting})
	}
	return a.Entries, previous
}
