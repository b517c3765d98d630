package ledger

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// workset is the state that one block is decided over: the cache's accounts, and what was
// loaded for this block alone.
type workset struct {
	cache    *cache
	opened   map[AccountKey]*workAccount
	openedNo map[int64]*workAccount
	touched  []*workAccount // what may have to be written, some twice

	holds     map[string]*workHold
	records   map[RecordKey]*workRecord
	unique    map[string]RecordKey
	posted    map[int64][]PostingRow // transactions to reverse
	reversals map[int64]int64
	dated     map[int64]DatedRow // the last dated entry of an account
	watching  []RecordRow
	monitors  map[int64][]workMonitor // of accounts by number, sorted by id; listed where they were asked for
}

type workHold struct {
	HoldState
	dirty bool
}

type workRecord struct {
	RecordRow
	dirty bool
}

// reset empties the workset for the next block.
func (w *workset) reset() {
	if w.opened == nil {
		w.opened, w.openedNo = make(map[AccountKey]*workAccount), make(map[int64]*workAccount)
		w.holds, w.records = make(map[string]*workHold), make(map[RecordKey]*workRecord)
		w.unique, w.posted = make(map[string]RecordKey), make(map[int64][]PostingRow)
		w.reversals, w.dated = make(map[int64]int64), make(map[int64]DatedRow)
		w.monitors = make(map[int64][]workMonitor)
	}
	clear(w.opened)
	clear(w.openedNo)
	clear(w.holds)
	clear(w.records)
	clear(w.unique)
	clear(w.posted)
	clear(w.reversals)
	clear(w.dated)
	clear(w.monitors)
	w.touched, w.watching = w.touched[:0], nil
}

// take adds what a store found. Ids of changes go to the needs that asked for them.
func (w *workset) take(f *Found, ids map[string]*idSlot) {
	for i := range f.Accounts {
		w.cache.add(&f.Accounts[i])
	}
	for no, at := range f.NextExpiry {
		if a := w.number(no); a != nil {
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
		if slot := ids[f.Changes[i].ID]; slot != nil {
			slot.row = &f.Changes[i]
		}
	}
	for k, v := range f.Unique {
		w.unique[k] = v
	}
	for k, v := range f.Currencies {
		w.cache.currencies[k] = v
	}
	for i := range f.Postings {
		t := f.Postings[i].Transaction
		w.posted[t] = append(w.posted[t], f.Postings[i])
	}
	for k, v := range f.Reversals {
		w.reversals[k] = v
	}
	for i := range f.Dated {
		w.dated[f.Dated[i].Account] = f.Dated[i]
	}
	w.watching = append(w.watching, f.Labeled...)
}

// account returns an account that is there, nil if it is not.
func (w *workset) account(key AccountKey) *workAccount {
	if e := w.cache.certain(w.cache.in(key.Currency)[key.Name]); e != nil {
		return &e.workAccount
	}
	return w.opened[key]
}

func (w *workset) number(no int64) *workAccount {
	if e := w.cache.certain(w.cache.byNo[no]); e != nil {
		return &e.workAccount
	}
	return w.openedNo[no]
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
	for _, a := range w.opened {
		b.Opened = append(b.Opened, a.Account)
	}
	byNo := func(a, b Account) int { return cmp.Compare(a.No, b.No) }
	slices.SortFunc(b.Opened, byNo)
	slices.SortFunc(w.touched, func(a, b *workAccount) int { return cmp.Compare(a.No, b.No) })
	for _, a := range w.touched {
		if a.fresh {
			continue
		}
		if a.dirty {
			b.Accounts = append(b.Accounts, a.Account)
		}
		if a.altered {
			b.Altered = append(b.Altered, a.Account)
		}
		a.dirty, a.altered = false, false // those that come again are written once
	}
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

// keep hands the accounts that a committed block opened to the cache, in the order of their
// numbers: what is forgotten first follows from it, and is to be the same in every run.
func (w *workset) keep() {
	for _, no := range slices.Sorted(maps.Keys(w.openedNo)) {
		w.cache.add(&w.openedNo[no].Account)
	}
	w.cache.trim()
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
