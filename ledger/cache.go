package ledger

import "container/list"

// cache remembers the balances of accounts used lately. It is right as long as the head is
// the block that filled it; the committer empties it otherwise.
type cache struct {
	most  int
	byKey map[AccountKey]*list.Element
	byNo  map[int64]*list.Element
	order *list.List // of *Account, most recently used first

	currencies map[string]int
}

func newCache(most int) *cache {
	c := &cache{most: most}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.byKey = make(map[AccountKey]*list.Element)
	c.byNo = make(map[int64]*list.Element)
	c.order = list.New()
	c.currencies = make(map[string]int)
}

func (c *cache) account(key AccountKey) (Account, bool) {
	return c.use(c.byKey[key])
}

func (c *cache) accountNo(no int64) (Account, bool) {
	return c.use(c.byNo[no])
}

func (c *cache) use(e *list.Element) (Account, bool) {
	if e == nil {
		return Account{}, false
	}
	c.order.MoveToFront(e)
	return *e.Value.(*Account), true
}

// keep remembers what a committed block was decided over.
func (c *cache) keep(w *workset) {
	for _, a := range w.accounts {
		if e := c.byKey[a.Key]; e != nil {
			*e.Value.(*Account) = a.Account
			c.order.MoveToFront(e)
			continue
		}
		kept := a.Account
		e := c.order.PushFront(&kept)
		c.byKey[kept.Key], c.byNo[kept.No] = e, e
	}
	for len(c.byKey) > c.most {
		e := c.order.Back()
		old := c.order.Remove(e).(*Account)
		delete(c.byKey, old.Key)
		delete(c.byNo, old.No)
	}
	for code, scale := range w.currencies {
		c.currencies[code] = scale
	}
}
