package ledger

import "time"

// cache remembers the accounts used lately and the currencies. It is right as long as the
// head is the block that filled it. The kernel decides on the remembered accounts
// themselves; the committer empties the cache whenever what was decided is not known to be
// committed, and when the head is somebody else's.
type cache struct {
	most   int
	byName map[string]map[string]*cached // by currency and name
	byNo   map[int64]*cached
	all    []*cached
	hand   int // in all: what is looked at next where room is to be made

	doubts int // counts how often all that was remembered became doubtful
	asking int // counts the lists of what is needed, to name a doubtful account once in each

	code  string             // the currency that was last asked for
	names map[string]*cached // its accounts

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

// cached is an account with whether it was used since room was last looked for at it.
type cached struct {
	workAccount
	used  bool
	since int // the cache's doubts when it was read
	asked int // the last list that names it
}

func newCache(most int) *cache {
	c := &cache{most: most}
	c.clear()
	return c
}

func (c *cache) clear() {
	c.byName = make(map[string]map[string]*cached)
	c.byNo = make(map[int64]*cached)
	c.all, c.hand = nil, 0
	c.code, c.names = "", nil
	c.currencies = make(map[string]int)
}

// doubt makes all accounts doubtful. They need not be looked for by their names again, and are
// remembered once they were read by their numbers.
func (c *cache) doubt() { c.doubts++ }

// doubtful reports that others have written since the account was read: only its number and its
// key are right.
func (c *cache) doubtful(e *cached) bool { return e.since != c.doubts }

// number returns the number of a doubtful account, if it is one that this list does not name yet.
func (c *cache) number(key AccountKey) (no int64, doubtful, first bool) {
	e := c.in(key.Currency)[key.Name]
	if e == nil || !c.doubtful(e) {
		return 0, false, false
	}
	first = e.asked != c.asking
	e.asked = c.asking
	return e.No, true, first
}

// sure reports whether none of these accounts is doubtful.
func (c *cache) sure(nos []int64) bool {
	for _, no := range nos {
		if e := c.byNo[no]; e != nil && c.doubtful(e) {
			return false
		}
	}
	return true
}

// account returns a remembered account, nil if it is not.
func (c *cache) account(key AccountKey) *workAccount {
	return c.use(c.in(key.Currency)[key.Name])
}

// in returns the accounts in a currency, by name. Most of a block are in one.
func (c *cache) in(code string) map[string]*cached {
	if c.code != code {
		c.code, c.names = code, c.byName[code]
	}
	return c.names
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
	if e = c.certain(e); e == nil {
		return nil
	}
	if !e.used {
		e.used = true
	}
	return &e.workAccount
}

func (c *cache) certain(e *cached) *cached {
	if e == nil || c.doubtful(e) {
		return nil
	}
	return e
}

// add remembers an account, unless it does already.
func (c *cache) add(a *Account) *workAccount {
	if e := c.byNo[a.No]; e != nil {
		if c.doubtful(e) && e.Key == a.Key {
			e.workAccount, e.since = workAccount{Account: *a}, c.doubts
		}
		return &e.workAccount
	}
	e := &cached{workAccount: workAccount{Account: *a}, since: c.doubts}
	names := c.in(a.Key.Currency)
	if names == nil {
		names = make(map[string]*cached)
		c.byName[a.Key.Currency], c.names = names, names
	}
	names[a.Key.Name], c.byNo[a.No] = e, e
	c.all = append(c.all, e)
	return &e.workAccount
}

// trim forgets accounts that were not used lately, down to the bound. The hand goes round
// over those that were there before: whoever was used since it last came by stays.
func (c *cache) trim() {
	for last := len(c.all) - 1; last >= c.most; {
		e := c.all[c.hand]
		if e.used {
			e.used = false
		} else {
			delete(c.in(e.Key.Currency), e.Key.Name)
			delete(c.byNo, e.No)
			c.all[c.hand], c.all[last] = c.all[last], nil
			c.all = c.all[:last]
			last--
		}
		c.hand = (c.hand + 1) % c.most
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
