package ledger

import (
	"slices"
	"strings"
	"time"
)

// workset is the state that one block is decided over: copies of what was cached or
// loaded, so that a block that is not committed leaves nothing behind.
type workset struct {
	accounts   map[AccountKey]*workAccount
	byNo       map[int64]*workAccount
	holds      map[string]*workHold
	records    map[RecordKey]*workRecord
	unique     map[string]RecordKey
	currencies map[string]int
	changes    map[string]*ChangeRow
}

type workAccount struct {
	Account
	fresh    bool // opened by this block
	dirty    bool
	decision int // the last part that touched it
}

type workHold struct {
	HoldState
	dirty bool
}

type workRecord struct {
	RecordRow
	dirty bool
}

func newWorkset() *workset {
	return &workset{
		accounts:   make(map[AccountKey]*workAccount),
		byNo:       make(map[int64]*workAccount),
		holds:      make(map[string]*workHold),
		records:    make(map[RecordKey]*workRecord),
		unique:     make(map[string]RecordKey),
		currencies: make(map[string]int),
		changes:    make(map[string]*ChangeRow),
	}
}

// take adds what a store found.
func (w *workset) take(f *Found) {
	for i := range f.Accounts {
		w.addAccount(f.Accounts[i])
	}
	for no, at := range f.NextExpiry {
		if a := w.byNo[no]; a != nil {
			a.NextExpiry = at
		}
	}
	for i := range f.Holds {
		if h := f.Holds[i]; w.holds[h.ID] == nil {
			h.Legs = slices.Clone(h.Legs)
			w.holds[h.ID] = &workHold{HoldState: h}
		}
	}
	for i := range f.Records {
		r := f.Records[i]
		w.records[r.RecordKey] = &workRecord{RecordRow: r}
	}
	for i := range f.Changes {
		w.changes[f.Changes[i].ID] = &f.Changes[i]
	}
	for k, v := range f.Unique {
		w.unique[k] = v
	}
	for k, v := range f.Currencies {
		w.currencies[k] = v
	}
}

func (w *workset) addAccount(a Account) {
	if w.byNo[a.No] == nil {
		copied := &workAccount{Account: a}
		w.accounts[a.Key], w.byNo[a.No] = copied, copied
	}
}

// version returns a record's version, 0 if there is none.
func (w *workset) version(key RecordKey) int64 {
	if r := w.records[key]; r != nil {
		return r.Version
	}
	return 0
}

// dueHolds returns the loaded holds that are open and due, in the order of their ids.
func (w *workset) dueHolds(now time.Time) []*workHold {
	var due []*workHold
	for _, h := range w.holds {
		if h.Status == HoldOpen && !h.Expires.IsZero() && !h.Expires.After(now) {
			due = append(due, h)
		}
	}
	slices.SortFunc(due, func(a, b *workHold) int { return strings.Compare(a.ID, b.ID) })
	return due
}

// collect adds the rows that changed to the batch, in a fixed order.
func (w *workset) collect(b *Batch) {
	b.Accounts = make([]Account, 0, len(w.accounts))
	for _, a := range w.accounts {
		switch {
		case a.fresh:
			b.Opened = append(b.Opened, a.Account)
		case a.dirty:
			b.Accounts = append(b.Accounts, a.Account)
		}
	}
	byNo := func(a, b Account) int { return int(a.No - b.No) }
	slices.SortFunc(b.Opened, byNo)
	slices.SortFunc(b.Accounts, byNo)
	for _, h := range w.holds {
		if h.dirty {
			b.Holds = append(b.Holds, h.HoldState)
		}
	}
	slices.SortFunc(b.Holds, func(a, b HoldState) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range w.records {
		if r.dirty {
			b.Records = append(b.Records, r.RecordRow)
		}
	}
	slices.SortFunc(b.Records, func(a, b RecordRow) int {
		if c := strings.Compare(a.Type, b.Type); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// rest is what the hold still reserves on all legs.
func (h *workHold) rest() int64 {
	var sum int64
	for i := range h.Legs {
		// Legs may be in several currencies; only whether the sum is zero counts, and no
		// rest is negative, so saturation does no harm.
		s, ok := add(sum, h.Legs[i].Rest)
		if !ok {
			return sum
		}
		sum = s
	}
	return sum
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
