package memstore

import (
	"cmp"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/okpay/okpay-go/ledger"
)

// book is one ledger. Only the holder of its turn changes anything but the list of views,
// so that holder reads the book without a lock.
type book struct {
	turn *semaphore.Weighted // the lock of the head, first come, first served

	mu    sync.RWMutex // held for writing while a commit is applied, and to open or end a view
	state state
	stamp uint64                      // of what is made until the next view opens, see era
	views map[uint64]struct{}         // stamps of the open views
	byKey map[ledger.AccountKey]int64 // number of an account
	byID  map[string]int              // place of a change in state.changes

	order changeOrder
}

// state is what a ledger holds. A copy is a view of the moment at which it was made.
//
// The maps of a book are not part of it. They only grow, and lead to places in lists that
// only grow, so a view simply disregards places beyond its own lists.
type state struct {
	head       ledger.Head
	blocks     paged[ledger.Block]     // by Seq, from 1
	changes    paged[ledger.ChangeRow] // in the order of their commits
	postings   paged[ledger.PostingRow]
	events     paged[ledger.EventRow]
	accounts   paged[account]
	currencies map[string]int // replaced when one is added, never changed

	holds    sorted[string, *ledger.HoldState] // what is pointed to is never changed
	expiring sorted[expiry, struct{}]          // open holds that expire, by account
	records  sorted[ledger.RecordKey, *ledger.RecordRow]
	labeled  sorted[label, struct{}]
	due      sorted[due, struct{}]
	unique   sorted[string, ledger.RecordKey]

	reversals sorted[int64, int64]
	dated     sorted[datedKey, ledger.DatedRow]
	effective sorted[datedTime, struct{}]
	sums      sorted[sumKey, int64]
	terms     sorted[ledger.Term, struct{}]
}

// datedKey is a dated entry of an account.
type datedKey struct{ account, nth int64 }

// datedTime is a dated entry in the order of its effective time, microseconds since 1970.
type datedTime struct{ account, at, nth int64 }

// sumKey is a bucket of an account's dated entries.
type sumKey struct {
	account int64
	level   int
	bucket  int64
}

// account is an account with its marks: marks[i] is the number of the posting that is entry
// (i+1) × ledger.MarkEvery.
type account struct {
	ledger.Account
	marks []int64
}

// expiry is an open hold on an account. Times are microseconds since 1970.
type expiry struct {
	account, at int64
	hold        string
}

// label is a record that bears a label.
type label struct{ typ, label, id string }

// due is a record that is due.
type due struct {
	typ string
	at  int64
	id  string
}

func newBook(head ledger.Head) *book {
	return &book{
		turn:  semaphore.NewWeighted(1),
		stamp: 1,
		views: make(map[uint64]struct{}),
		byKey: make(map[ledger.AccountKey]int64),
		byID:  make(map[string]int),
		order: changeOrder{ids: sorted[string, int]{compare: strings.Compare}},
		state: state{
			head:       head,
			currencies: make(map[string]int),
			holds:      sorted[string, *ledger.HoldState]{compare: strings.Compare},
			expiring: sorted[expiry, struct{}]{compare: func(a, b expiry) int {
				return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.at, b.at), strings.Compare(a.hold, b.hold))
			}},
			records: sorted[ledger.RecordKey, *ledger.RecordRow]{compare: func(a, b ledger.RecordKey) int {
				return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID))
			}},
			labeled: sorted[label, struct{}]{compare: func(a, b label) int {
				return cmp.Or(strings.Compare(a.typ, b.typ), strings.Compare(a.label, b.label), strings.Compare(a.id, b.id))
			}},
			due: sorted[due, struct{}]{compare: func(a, b due) int {
				return cmp.Or(strings.Compare(a.typ, b.typ), cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id))
			}},
			unique:    sorted[string, ledger.RecordKey]{compare: strings.Compare},
			reversals: sorted[int64, int64]{compare: cmp.Compare[int64]},
			dated: sorted[datedKey, ledger.DatedRow]{compare: func(a, b datedKey) int {
				return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.nth, b.nth))
			}},
			effective: sorted[datedTime, struct{}]{compare: func(a, b datedTime) int {
				return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.at, b.at), cmp.Compare(a.nth, b.nth))
			}},
			sums: sorted[sumKey, int64]{compare: func(a, b sumKey) int {
				return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.level, b.level), cmp.Compare(a.bucket, b.bucket))
			}},
			terms: sorted[ledger.Term, struct{}]{compare: func(a, b ledger.Term) int {
				return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Transaction, b.Transaction))
			}},
		},
	}
}

// changeOrder has changes in the order of their ids. Hardly anybody asks for it, so it is
// brought up to date when somebody does, not when changes are committed.
type changeOrder struct {
	mu   sync.Mutex
	ids  sorted[string, int] // place in state.changes
	upTo int                 // how many changes are in ids
}

// list returns up to limit changes of s whose ids follow after.
func (o *changeOrder) list(s *state, after string, limit int) []ledger.ChangeRow {
	o.mu.Lock()
	defer o.mu.Unlock()
	for ; o.upTo < s.changes.len; o.upTo++ {
		o.ids.set(era{now: 1}, s.changes.at(o.upTo).ID, o.upTo)
	}
	var found []ledger.ChangeRow
	for id, place := range o.ids.from(after) {
		if id == after || place >= s.changes.len {
			continue
		}
		if len(found) == limit {
			break
		}
		found = append(found, copyChange(s.changes.at(place)))
	}
	return found
}

// head returns the committed head.
func (b *book) head() ledger.Head {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.state.head
}

// era returns what a commit may change in place. The caller holds mu.
func (b *book) era() era {
	e := era{now: b.stamp}
	for stamp := range b.views {
		e.sealed = max(e.sealed, stamp)
	}
	return e
}

// load finds what need names. The caller holds the turn.
func (b *book) load(need *ledger.Need) *ledger.Found {
	s := &b.state
	f := &ledger.Found{
		Head:       s.head,
		Unique:     make(map[string]ledger.RecordKey),
		Currencies: make(map[string]int),
		NextExpiry: make(map[int64]time.Time),
	}
	for _, id := range need.Changes {
		if i, ok := b.byID[id]; ok {
			f.Changes = append(f.Changes, copyChange(s.changes.at(i)))
		}
	}
	for _, key := range need.Accounts {
		if a := s.account(b.byKey[key]); a != nil {
			f.Accounts = append(f.Accounts, copyAccount(&a.Account))
		}
	}
	for _, no := range need.AccountNos {
		if a := s.account(no); a != nil {
			f.Accounts = append(f.Accounts, copyAccount(&a.Account))
		}
	}
	for _, id := range need.Holds {
		if h, ok := s.holds.get(id); ok {
			f.Holds = append(f.Holds, copyHold(h))
		}
	}
	for _, key := range need.Records {
		if r, ok := s.records.get(key); ok {
			bare := *r
			bare.Content = nil
			f.Records = append(f.Records, copyRecord(&bare))
		}
	}
	for _, key := range need.Unique {
		if holder, ok := s.unique.get(key); ok {
			f.Unique[key] = holder
		}
	}
	for _, code := range need.Currencies {
		if scale, ok := s.currencies[code]; ok {
			f.Currencies[code] = scale
		}
	}
	for _, key := range need.Dated {
		if row, ok := s.lastDated(b.byKey[key]); ok {
			f.Dated = append(f.Dated, row)
		}
	}
	for _, label := range need.Labeled {
		for id := range s.ids(&ledger.RecordQuery{Type: label.Type, Label: label.Label}) {
			if r, _ := s.records.get(ledger.RecordKey{Type: label.Type, ID: id}); !r.Erased {
				f.Labeled = append(f.Labeled, copyRecord(r))
			}
		}
	}
	for _, no := range need.Transactions {
		for row := range s.postings.from(place(no-1, s.postings.len)) {
			if row.Transaction != no {
				break
			}
			f.Postings = append(f.Postings, copyPosting(row))
		}
	}
	f.Reversals = s.reversed(need.Transactions)
	s.loadDue(f, need)
	return f
}

// loadDue finds the due holds of need, each once, and what expires next.
func (s *state) loadDue(f *ledger.Found, need *ledger.Need) {
	if len(need.DueOn) == 0 {
		return
	}
	asked := make(map[string]bool, len(need.Holds))
	for _, id := range need.Holds {
		asked[id] = true
	}
	for _, no := range need.DueOn {
		for _, h := range s.dueHolds(no, need.DueAt) {
			if !asked[h.ID] {
				asked[h.ID] = true
				f.Holds = append(f.Holds, copyHold(h))
			}
		}
		if next, ok := s.nextExpiry(no, need.DueAt); ok {
			f.NextExpiry[no] = next
		}
	}
}

// account returns the account with the number, nil if there is none.
func (s *state) account(no int64) *account {
	if no < 1 || no > int64(s.accounts.len) {
		return nil
	}
	return s.accounts.at(int(no - 1))
}

// dueHolds returns the open holds that touch the account and expire at the instant or before.
func (s *state) dueHolds(no int64, at time.Time) []*ledger.HoldState {
	var found []*ledger.HoldState
	for e := range s.expiring.from(expiry{account: no, at: math.MinInt64}) {
		if e.account != no || e.at > at.UnixMicro() {
			break
		}
		h, _ := s.holds.get(e.hold)
		found = append(found, h)
	}
	return found
}

// nextExpiry returns the earliest expiry after the instant of an open hold on the account.
func (s *state) nextExpiry(no int64, at time.Time) (next time.Time, ok bool) {
	for e := range s.expiring.from(expiry{account: no, at: at.UnixMicro() + 1}) {
		if e.account == no {
			h, _ := s.holds.get(e.hold)
			return h.Expires, true
		}
		break
	}
	return time.Time{}, false
}

// entries returns the entries of an account from lowest to highest: from the first mark at
// or above highest it steps back along the postings' pointers.
func (s *state) entries(no, lowest, highest int64) []ledger.PostingRow {
	a := s.account(no)
	if a == nil {
		return nil
	}
	lowest, highest = max(lowest, 1), min(highest, a.Entries)
	if lowest > highest {
		return nil
	}
	nth, posting := a.Entries, a.Last
	if i := int((highest - 1) / ledger.MarkEvery); i < len(a.marks) {
		nth, posting = int64(i+1)*ledger.MarkEvery, a.marks[i]
	}
	found := make([]ledger.PostingRow, highest-lowest+1)
	for ; nth >= lowest; nth-- {
		p := s.postings.at(int(posting - 1))
		if nth <= highest {
			found[nth-lowest] = copyPosting(p)
		}
		if p.Debit == no {
			posting = p.DebitPrev
		} else {
			posting = p.CreditPrev
		}
	}
	return found
}

// lastDated returns the last dated entry of an account.
func (s *state) lastDated(no int64) (row ledger.DatedRow, ok bool) {
	for key, row := range s.dated.below(datedKey{account: no, nth: math.MaxInt64}) {
		return row, key.account == no
	}
	return row, false
}

// reversed returns which of the transactions were reversed.
func (s *state) reversed(transactions []int64) map[int64]int64 {
	found := make(map[int64]int64)
	for _, no := range transactions {
		if by, ok := s.reversals.get(no); ok {
			found[no] = by
		}
	}
	return found
}
