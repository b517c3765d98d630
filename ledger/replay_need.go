package ledger

import (
	"iter"
	"slices"
)

// need lists what a block touches and the cache has not.
func (r *replay) need(head *Head, body *decodedBody, c *contents) Need {
	var n Need
	seen := make(map[needKey]bool)
	asked := make(map[int64]bool)
	first := func(kind needKind, name, other string) bool {
		key := needKey{kind, name, other}
		if seen[key] {
			return false
		}
		seen[key] = true
		return true
	}
	account := func(no int64) {
		if no >= 1 && no <= head.Accounts && !asked[no] && r.cache.accountNo(no) == nil {
			asked[no] = true
			n.AccountNos = append(n.AccountNos, no)
		}
	}
	hold := func(id string) {
		if first(needHold, id, "") {
			n.Holds = append(n.Holds, id)
		}
	}
	currency := func(code string) {
		if !r.cache.knows(code) && first(needCurrency, code, "") {
			n.Currencies = append(n.Currencies, code)
		}
	}
	for e := range body.all() {
		for _, legs := range [2][]legEffect{e.postings, e.released} {
			for _, l := range legs {
				account(l.debit)
				account(l.credit)
			}
		}
		switch e.kind {
		case effectCurrency:
			currency(e.text)
		case effectOpen:
			n.Accounts = append(n.Accounts, AccountKey{e.text, e.other})
			currency(e.other)
		case effectHold, effectCapture, effectVoid:
			hold(e.text)
		case effectReverse:
			n.Transactions = append(n.Transactions, e.version)
		case effectAlter:
			account(e.version)
		case effectRecord, effectErase:
			if first(needRecord, e.text, e.other) {
				n.Records = append(n.Records, RecordKey{e.text, e.other})
			}
		}
	}
	for i := range body.changes {
		n.Changes = append(n.Changes, body.changes[i].id)
	}
	for _, p := range c.records {
		for _, key := range p.put.Unique {
			if first(needUnique, key, "") {
				n.Unique = append(n.Unique, key)
			}
		}
	}
	return n
}

// more lists what the loaded state points to: accounts of holds, records that hold a unique
// key, dated entries, and the next expiry on accounts of holds that expire.
func (r *replay) more(body *decodedBody, b *Block) Need {
	var n Need
	asked := make(map[int64]bool)
	for _, h := range r.work.holds {
		for _, l := range h.Legs {
			for _, no := range [2]int64{l.Debit, l.Credit} {
				if !asked[no] && r.work.number(no) == nil {
					asked[no] = true
					n.AccountNos = append(n.AccountNos, no)
				}
			}
		}
	}
	for _, holder := range r.work.unique {
		if r.work.records[holder] == nil && !slices.Contains(n.Records, holder) {
			n.Records = append(n.Records, holder)
		}
	}
	dated, due := make(map[int64]bool), make(map[int64]bool)
	for e := range body.all() {
		if e.at.IsZero() || e.kind == effectHold {
			continue
		}
		for _, l := range e.postings {
			for _, no := range [2]int64{l.debit, l.credit} {
				if a := r.work.number(no); a != nil && !dated[no] {
					dated[no] = true
					n.Dated = append(n.Dated, a.Key)
				}
			}
		}
	}
	for i := range body.expired {
		for _, l := range body.expired[i].released {
			for _, no := range [2]int64{l.debit, l.credit} {
				if !due[no] {
					due[no] = true
					n.DueOn, n.DueAt = append(n.DueOn, no), b.Time
				}
			}
		}
	}
	return n
}

// all yields every effect of a block, expiries first.
func (b *decodedBody) all() iter.Seq[*effect] {
	return func(yield func(*effect) bool) {
		for i := range b.expired {
			if !yield(&b.expired[i]) {
				return
			}
		}
		for i := range b.changes {
			for j := range b.changes[i].effects {
				if !yield(&b.changes[i].effects[j]) {
					return
				}
			}
		}
	}
}
