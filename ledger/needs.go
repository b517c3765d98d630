package ledger

// needs collects what the Changes of a block touch, each once. What the cache holds is kept
// apart: it is loaded only if the head turns out to be somebody else's.
type needs struct {
	Need
	cachedAccounts   []AccountKey
	cachedCurrencies []string

	cache    *cache
	accounts map[AccountKey]bool
	records  map[RecordKey]bool
	texts    map[text]bool
}

// text is a name of some kind.
type text struct{ kind, name string }

func newNeeds(requests []*request, cache *cache) *needs {
	n := &needs{
		cache:    cache,
		accounts: make(map[AccountKey]bool, len(requests)),
		records:  make(map[RecordKey]bool),
		texts:    make(map[text]bool, len(requests)),
	}
	for _, r := range requests {
		if n.first("change", r.change.id) {
			n.Changes = append(n.Changes, r.change.id)
		}
		n.add(&r.change.main)
		if r.change.alternative != nil {
			n.add(r.change.alternative)
		}
	}
	return n
}

func (n *needs) add(p *part) {
	for i := range p.ops {
		op := &p.ops[i]
		switch op := op.op.(type) {
		case Hold:
			n.hold(op.ID)
		case Capture:
			n.hold(op.Hold)
		case Void:
			n.hold(op.Hold)
		}
		for j := range op.postings {
			code := op.postings[j].Amount.Currency().Code()
			n.currency(code)
			n.account(AccountKey{op.postings[j].Debit, code})
			n.account(AccountKey{op.postings[j].Credit, code})
		}
	}
	for i := range p.expects {
		n.record(RecordKey{p.expects[i].Type, p.expects[i].ID})
	}
	for i := range p.puts {
		n.record(RecordKey{p.puts[i].Type, p.puts[i].ID})
		for _, key := range p.puts[i].Unique {
			if n.first("unique", key) {
				n.Unique = append(n.Unique, key)
			}
		}
	}
}

// first reports whether a name is met for the first time.
func (n *needs) first(kind, name string) bool {
	key := text{kind, name}
	if n.texts[key] {
		return false
	}
	n.texts[key] = true
	return true
}

func (n *needs) hold(id string) {
	if n.first("hold", id) {
		n.Holds = append(n.Holds, id)
	}
}

func (n *needs) currency(code string) {
	if !n.first("currency", code) {
		return
	}
	if _, ok := n.cache.currencies[code]; ok {
		n.cachedCurrencies = append(n.cachedCurrencies, code)
	} else {
		n.Currencies = append(n.Currencies, code)
	}
}

func (n *needs) account(key AccountKey) {
	if n.accounts[key] {
		return
	}
	n.accounts[key] = true
	if n.cache.byKey[key] != nil {
		n.cachedAccounts = append(n.cachedAccounts, key)
	} else {
		n.Accounts = append(n.Accounts, key)
	}
}

func (n *needs) record(key RecordKey) {
	if !n.records[key] {
		n.records[key] = true
		n.Records = append(n.Records, key)
	}
}

// empty reports that there is nothing to load.
func (n *Need) empty() bool {
	return len(n.Changes) == 0 && len(n.Accounts) == 0 && len(n.AccountNos) == 0 && len(n.Holds) == 0 &&
		len(n.Records) == 0 && len(n.Unique) == 0 && len(n.Currencies) == 0 && len(n.DueOn) == 0
}
