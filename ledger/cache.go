package ledger

import "time"

// cache remembers the accounts used lately and the currencies. It is right as long as the
// head is the block that filled it. The kernel decides on the remembered accounts
// themselves; the committer empties the cache whenever what was decided is not known to be
// committed, and when the head is somebody else's.
type cache struct {
	most  int
	byKey map[AccountKey]*cached
	byNo  map[int64]*cached

	newest, oldest *cached

	currencies map[string]int

	decision int // counts the parts that were decided on it, to save an account once for each
}

// workAccount is an account that a block is decided on.
type workAccount struct {
	Account
	fresh    bool // opened by this block
	dirty    bool // balances are to be written
	altered  bool // limits or flags are to be written
	decision int  // the last part that touched it
}

// cached is an account in the order of use.
type cached struct {
	workAccount
	older, newer *cached
}

func newCache(most int) *cache {
	c := &cache{most: most}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.byKey = make(map[AccountKey]*cached)
	c.byNo = make(map[int64]*cached)
	c.newest, c.oldest = nil, nil
	c.currencies = make(map[string]int)
}

// account returns a remembered account, nil if it is not.
func (c *cache) account(key AccountKey) *workAccount {
	return c.use(c.byKey[key])
}

// knows reports whether the scale of a currency is remembered.
func (c *cache) knows(code string) bool {
	_, ok := c.currencies[code]
	return ok
}

func (c *cache) accountNo(no int64) *workAccount {
	return c.use(c.byNo[no])
}

func (c *cache) use(e *cached) *workAccount {
	if e == nil {
		return nil
	}
	if e != c.newest {
		c.unlink(e)
		c.pushNewest(e)
	}
	return &e.workAccount
}

// add remembers an account, unless it does already.
func (c *cache) add(a *Account) *workAccount {
	if e := c.byNo[a.No]; e != nil {
		return &e.workAccount
	}
	e := &cached{workAccount: workAccount{Account: *a}}
	c.byKey[a.Key], c.byNo[a.No] = e, e
	c.pushNewest(e)
	return &e.workAccount
}

// trim forgets the accounts that were not used for longest, down to the bound.
func (c *cache) trim() {
	for len(c.byNo) > c.most {
		e := c.oldest
		c.unlink(e)
		delete(c.byKey, e.Key)
		delete(c.byNo, e.No)
	}
}

func (c *cache) pushNewest(e *cached) {
	e.older, e.newer = c.newest, nil
	if c.newest != nil {
		c.newest.newer = e
	}
	c.newest = e
	if c.oldest == nil {
		c.oldest = e
	}
}

func (c *cache) unlink(e *cached) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		c.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		c.oldest = e.newer
	}
}

// expiresBy notes that an open hold on the account expires at an instant.
func (a *workAccount) expiresBy(at time.Time) {
	if !at.IsZero() && (a.NextExpiry.IsZero() || at.Before(a.NextExpiry)) {
		a.NextExpiry = at
	}
}

// settleExpiry forgets the next expiry when nothing is pending any more.
func (a *workAccount) settleExpiry() {
	if a.PendingIn == 0 && a.PendingOut == 0 {
		a.NextExpiry = time.Time{}
	}
}
