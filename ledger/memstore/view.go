package memstore

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// errViewEnded reports use of a view after its Read has returned.
var errViewEnded = errors.New("memstore: the view has ended")

// view is a ledger at one moment.
type view struct {
	book  *book
	stamp uint64

	mu    sync.RWMutex // held for reading by every call, for writing by end
	ended bool
	state state
}

// newView opens a view of what is committed.
func (b *book) newView() *view {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := &view{book: b, stamp: b.stamp, state: b.state}
	b.views[v.stamp] = struct{}{}
	b.stamp++
	return v
}

// end gives back to the book what the view looked at.
func (v *view) end() {
	v.mu.Lock()
	v.ended, v.state = true, state{}
	v.mu.Unlock()
	v.book.mu.Lock()
	delete(v.book.views, v.stamp)
	v.book.mu.Unlock()
}

// enter begins a call. If it returns nil, v.mu is to be unlocked for reading.
func (v *view) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.RLock()
	if v.ended {
		v.mu.RUnlock()
		return errViewEnded
	}
	return nil
}

func (v *view) Head(ctx context.Context) (ledger.Head, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.Head{}, err
	}
	defer v.mu.RUnlock()
	return v.state.head, nil
}

func (v *view) Change(ctx context.Context, id string) (ledger.ChangeRow, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.ChangeRow{}, err
	}
	defer v.mu.RUnlock()
	v.book.mu.RLock()
	place, ok := v.book.byID[id]
	v.book.mu.RUnlock()
	if !ok || place >= v.state.changes.len {
		return ledger.ChangeRow{}, ledger.ErrNotFound
	}
	return copyChange(v.state.changes.at(place)), nil
}

func (v *view) Blocks(ctx context.Context, after int64, limit int) ([]ledger.Block, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return following(&v.state.blocks, after, limit, copyBlock), nil
}

func (v *view) Events(ctx context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return following(&v.state.events, after, limit, copyEvent), nil
}

func (v *view) Account(ctx context.Context, key ledger.AccountKey) (ledger.Account, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.Account{}, err
	}
	defer v.mu.RUnlock()
	v.book.mu.RLock()
	no := v.book.byKey[key]
	v.book.mu.RUnlock()
	a := v.state.account(no)
	if a == nil {
		return ledger.Account{}, ledger.ErrNotFound
	}
	return copyAccount(&a.Account), nil
}

func (v *view) AccountsByNo(ctx context.Context, nos []int64) ([]ledger.Account, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	found := make([]ledger.Account, 0, len(nos))
	for _, no := range nos {
		if a := v.state.account(no); a != nil {
			found = append(found, copyAccount(&a.Account))
		}
	}
	return found, nil
}

func (v *view) Accounts(ctx context.Context, prefix string, after int64, limit int) ([]ledger.Account, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.Account
	for a := range v.state.accounts.from(place(after, v.state.accounts.len)) {
		if len(found) == limit {
			break
		}
		if strings.HasPrefix(a.Key.Name, prefix) {
			found = append(found, copyAccount(&a.Account))
		}
	}
	return found, nil
}

func (v *view) Currencies(ctx context.Context) (map[string]int, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return maps.Clone(v.state.currencies), nil
}

func (v *view) Postings(ctx context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return following(&v.state.postings, after, limit, copyPosting), nil
}

func (v *view) Entries(ctx context.Context, account, lowest, highest int64) ([]ledger.PostingRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return v.state.entries(account, lowest, highest), nil
}

func (v *view) Hold(ctx context.Context, id string) (ledger.HoldState, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.HoldState{}, err
	}
	defer v.mu.RUnlock()
	h, ok := v.state.holds.get(id)
	if !ok {
		return ledger.HoldState{}, ledger.ErrNotFound
	}
	return copyHold(h), nil
}

func (v *view) DueHolds(ctx context.Context, account int64, at time.Time) ([]ledger.HoldState, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.HoldState
	for _, h := range v.state.dueHolds(account, at) {
		found = append(found, copyHold(h))
	}
	return found, nil
}

func (v *view) Holds(ctx context.Context, after string, limit int) ([]ledger.HoldState, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.HoldState
	for id, h := range v.state.holds.from(after) {
		if id == after {
			continue
		}
		if len(found) == limit {
			break
		}
		found = append(found, copyHold(h))
	}
	return found, nil
}

func (v *view) Record(ctx context.Context, key ledger.RecordKey) (ledger.RecordRow, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.RecordRow{}, err
	}
	defer v.mu.RUnlock()
	r, ok := v.state.records.get(key)
	if !ok {
		return ledger.RecordRow{}, ledger.ErrNotFound
	}
	return copyRecord(r), nil
}

func (v *view) Unique(ctx context.Context, key string) (ledger.RecordKey, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.RecordKey{}, err
	}
	defer v.mu.RUnlock()
	holder, ok := v.state.unique.get(key)
	if !ok {
		return ledger.RecordKey{}, ledger.ErrNotFound
	}
	return holder, nil
}

func (v *view) RecordsByKey(ctx context.Context, keys []ledger.RecordKey) ([]ledger.RecordRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	found := make([]ledger.RecordRow, 0, len(keys))
	for _, key := range keys {
		if r, ok := v.state.records.get(key); ok {
			found = append(found, copyRecord(r))
		}
	}
	return found, nil
}

func (v *view) Records(ctx context.Context, query ledger.RecordQuery) ([]ledger.RecordRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.RecordRow
	for id := range v.state.ids(&query) {
		r, _ := v.state.records.get(ledger.RecordKey{Type: query.Type, ID: id})
		if r.Erased {
			continue
		}
		if len(found) == query.Limit {
			break
		}
		found = append(found, copyRecord(r))
	}
	return found, nil
}

func (v *view) RecordsAfter(ctx context.Context, after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.RecordRow
	for key, r := range v.state.records.from(after) {
		if key == after {
			continue
		}
		if len(found) == limit {
			break
		}
		found = append(found, copyRecord(r))
	}
	return found, nil
}

func (v *view) Changes(ctx context.Context, after string, limit int) ([]ledger.ChangeRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return v.book.order.list(&v.state, after, limit), nil
}

// ids yields the ids of the records that a query selects, in its order. Tombstones of the
// type are among them.
func (s *state) ids(q *ledger.RecordQuery) iter.Seq[string] {
	return func(yield func(string) bool) {
		switch {
		case !q.DueBy.IsZero():
			from := due{typ: q.Type, at: math.MinInt64}
			if !q.DueAfter.IsZero() {
				from.at, from.id = q.DueAfter.UnixMicro(), q.After
			}
			for d := range s.due.from(from) {
				if d == from && !q.DueAfter.IsZero() {
					continue
				}
				if d.typ != q.Type || d.at > q.DueBy.UnixMicro() || !yield(d.id) {
					return
				}
			}
		case q.Label != "":
			for l := range walk(&s.labeled, q, label{q.Type, q.Label, q.After}, label{q.Type, next(q.Label), ""}) {
				if l.typ != q.Type || l.label != q.Label || l.id != q.After && !yield(l.id) {
					return
				}
			}
		default:
			for key := range walk(&s.records, q, ledger.RecordKey{Type: q.Type, ID: q.After}, ledger.RecordKey{Type: next(q.Type)}) {
				if key.Type != q.Type || key.ID != q.After && !yield(key.ID) {
					return
				}
			}
		}
	}
}

// walk yields the entries from after on in the order of a query, or, descending without an
// After, from end.
func walk[K, V any](s *sorted[K, V], q *ledger.RecordQuery, after, end K) iter.Seq2[K, V] {
	switch {
	case !q.Desc:
		return s.from(after)
	case q.After == "":
		return s.below(end)
	default:
		return s.below(after)
	}
}

// next is the first string after s in the order of bytes.
func next(s string) string { return s + "\x00" }

// following returns copies of up to limit rows that come after the number.
func following[T any](rows *paged[T], after int64, limit int, copyRow func(*T) T) []T {
	first := place(after, rows.len)
	found := make([]T, 0, max(0, min(limit, rows.len-first)))
	for row := range rows.from(first) {
		if len(found) == limit {
			break
		}
		found = append(found, copyRow(row))
	}
	return found
}

// place is where the row after a number stands in a list of n rows that is numbered from 1.
func place(after int64, n int) int { return int(min(max(after, 0), int64(n))) }
