package ledger

import "strconv"

// needs collects what the Changes of a block touch, each once. It is reused from block to
// block.
type needs struct {
	Need
	ids   map[string]*idSlot
	slots []idSlot
	seen  map[needKey]bool // what is listed already, besides ids
}

// idSlot is what is known under one id of a block.
type idSlot struct{ row *ChangeRow }

// needKey is a name of some kind.
type needKey struct {
	kind        needKind
	name, other string
}

type needKind uint8

const (
	needAccount needKind = iota
	needCurrency
	needHold
	needRecord
	needUnique
	needTransaction
	needDated
)

// gather lists what requests touch. Of accounts and currencies, what the cache has is left
// out, and the legs of postings are pointed to it; accounts that it doubts are named by number.
func (n *needs) gather(requests []*request, cache *cache) {
	clear(n.ids)
	clear(n.seen)
	if n.ids == nil {
		n.ids, n.seen = make(map[string]*idSlot), make(map[needKey]bool)
	}
	changes := 0
	for _, r := range requests {
		changes += len(r.members)
	}
	if cap(n.slots) < changes {
		n.slots = make([]idSlot, changes)
	}
	n.slots = n.slots[:changes]
	clear(n.slots)
	n.Need = Need{Changes: n.Changes[:0], Accounts: n.Accounts[:0], AccountNos: n.AccountNos[:0]}
	cache.asking++
	for _, r := range requests {
		for _, p := range r.members {
			slot := n.ids[p.id]
			if slot == nil {
				slot = &n.slots[len(n.Changes)]
				n.ids[p.id] = slot
				n.Changes = append(n.Changes, p.id)
			}
			p.was = slot
			n.add(&p.main, cache)
			if p.alternative != nil {
				n.add(p.alternative, cache)
			}
		}
	}
}

// point points the legs of postings to the accounts that were loaded meanwhile.
func (n *needs) point(requests []*request, cache *cache) {
	if len(n.Accounts)+len(n.AccountNos) == 0 {
		return
	}
	for _, r := range requests {
		for _, p := range r.members {
			n.addAccounts(&p.main, cache)
			if p.alternative != nil {
				n.addAccounts(p.alternative, cache)
			}
		}
	}
}

// accounts lists the accounts and currencies again, after the cache was emptied or doubted.
func (n *needs) accounts(requests []*request, cache *cache) {
	n.Need = Need{Changes: n.Changes[:0], Accounts: n.Accounts[:0], AccountNos: n.AccountNos[:0]}
	cache.asking++
	clear(n.seen)
	for _, r := range requests {
		for _, p := range r.members {
			n.addAccounts(&p.main, cache)
			if p.alternative != nil {
				n.addAccounts(p.alternative, cache)
			}
		}
	}
}

func (n *needs) add(p *part, cache *cache) {
	n.addAccounts(p, cache)
	for i := range p.ops {
		op := &p.ops[i]
		if op.hold != "" && n.first(needHold, op.hold, "") {
			n.Holds = append(n.Holds, op.hold)
		}
		if op.monitor != nil {
			n.record(RecordKey{MonitorType, op.monitor.ID})
		}
		if op.kind == opReverse && n.first(needTransaction, strconv.FormatInt(op.transaction, 10), "") {
			n.Transactions = append(n.Transactions, op.transaction)
		}
		if op.at.IsZero() || op.kind == opHold {
			continue
		}
		for j := range op.postings {
			code := op.postings[j].Amount.Currency().Code()
			n.dated(AccountKey{op.postings[j].Debit, code})
			n.dated(AccountKey{op.postings[j].Credit, code})
		}
	}
	for i := range p.expects {
		n.record(RecordKey{p.expects[i].Type, p.expects[i].ID})
	}
	for i := range p.puts {
		n.record(RecordKey{p.puts[i].Type, p.puts[i].ID})
		for _, key := range p.puts[i].Unique {
			if n.first(needUnique, key, "") {
				n.Unique = append(n.Unique, key)
			}
		}
	}
}

func (n *needs) addAccounts(p *part, cache *cache) {
	for i := range p.ops {
		op := &p.ops[i]
		for j := range op.postings {
			currency := op.postings[j].Amount.Currency()
			code := currency.Code()
			n.currency(code, cache)
			op.legs[j] = leg{
				n.account(AccountKey{op.postings[j].Debit, code}, cache),
				n.account(AccountKey{op.postings[j].Credit, code}, cache),
			}
		}
		if op.account.Name != "" {
			n.currency(op.account.Currency, cache)
			n.account(op.account, cache)
		}
	}
}

// forget forgets what was found, or decided, under the ids.
func (n *needs) forget() { clear(n.slots) }

// onlyIDs reports that nothing but ids is needed.
func (n *needs) onlyIDs() bool {
	rest := n.Need
	rest.Changes = nil
	return rest.empty()
}

// first reports whether a name is met for the first time.
func (n *needs) first(kind needKind, name, other string) bool {
	key := needKey{kind, name, other}
	if n.seen[key] {
		return false
	}
	n.seen[key] = true
	return true
}

func (n *needs) currency(code string, cache *cache) {
	if _, ok := cache.currencies[code]; !ok && n.first(needCurrency, code, "") {
		n.Currencies = append(n.Currencies, code)
	}
}

func (n *needs) account(key AccountKey, cache *cache) *workAccount {
	if a := cache.account(key); a != nil {
		return a
	}
	if no, doubtful, first := cache.number(key); doubtful {
		if first {
			n.AccountNos = append(n.AccountNos, no)
		}
		return nil
	}
	if n.first(needAccount, key.Name, key.Currency) {
		n.Accounts = append(n.Accounts, key)
	}
	return nil
}

func (n *needs) record(key RecordKey) {
	if n.first(needRecord, key.Type, key.ID) {
		n.Records = append(n.Records, key)
	}
}

func (n *needs) dated(key AccountKey) {
	if n.first(needDated, key.Name, key.Currency) {
		n.Dated = append(n.Dated, key)
	}
}

// empty reports that there is nothing to load.
func (n *Need) empty() bool {
	return len(n.Changes) == 0 && len(n.Accounts) == 0 && len(n.AccountNos) == 0 && len(n.Holds) == 0 &&
		len(n.Records) == 0 && len(n.Unique) == 0 && len(n.Currencies) == 0 && len(n.DueOn) == 0 &&
		len(n.Transactions) == 0 && len(n.Dated) == 0 && len(n.Labeled) == 0
}
