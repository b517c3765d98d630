package ledger

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// portion keeps what the journal says of the things with the next keys, as many as there is
// memory for. Where it does not hold all, those with the greatest keys are left to a later
// pass, which goes on where this one ended.
type portion[K comparable, V any] struct {
	compare func(a, b K) int
	weigh   func(K, *V) int // bytes, roughly

	after  K  // keys up to this one are done; the zero key before all
	last   *K // keys beyond this one are left to a later pass; nil for none
	done   bool
	closed bool // until the next pass
	kept   map[K]*V
	weight int
}

func newPortion[K comparable, V any](compare func(a, b K) int, weigh func(K, *V) int) portion[K, V] {
	return portion[K, V]{compare: compare, weigh: weigh, kept: make(map[K]*V)}
}

// covers reports whether a key is this pass's.
func (w *portion[K, V]) covers(key K) bool {
	return !w.done && !w.closed && w.compare(key, w.after) > 0 && !w.beyond(key)
}

// beyond reports whether a key is left to a later pass.
func (w *portion[K, V]) beyond(key K) bool { return w.last != nil && w.compare(key, *w.last) > 0 }

// keep adds what is new. The key is covered and not kept yet.
func (w *portion[K, V]) keep(key K, value *V) {
	w.kept[key] = value
	w.weight += w.weigh(key, value)
}

// drop takes out what was held against its row, nil if it is not kept.
func (w *portion[K, V]) drop(key K) *V {
	value := w.kept[key]
	if value != nil {
		w.weight -= w.weigh(key, value)
		delete(w.kept, key)
	}
	return value
}

// keys returns the keys that are kept, in order.
func (w *portion[K, V]) keys() []K { return slices.SortedFunc(maps.Keys(w.kept), w.compare) }

// halve leaves the greater keys to a later pass, about half of the weight, never all.
func (w *portion[K, V]) halve() {
	keys, most := w.keys(), w.weight/2
	sum, n := w.weigh(keys[0], w.kept[keys[0]]), 1
	for ; n < len(keys)-1 && sum < most; n++ {
		sum += w.weigh(keys[n], w.kept[keys[n]])
	}
	for _, key := range keys[n:] {
		w.drop(key)
	}
	w.last = &keys[n-1]
}

func (w *portion[K, V]) size() (entries, weight int) { return len(w.kept), w.weight }

// close ends a pass: the next one goes on behind the last key of this one.
func (w *portion[K, V]) close() {
	w.kept, w.weight, w.closed = nil, 0, true
	if w.last == nil {
		w.done = true
		return
	}
	w.after, w.last = *w.last, nil
}

// reopen begins a pass.
func (w *portion[K, V]) reopen() {
	w.kept, w.closed = make(map[K]*V), false
}

// shrinking is a portion of any kind.
type shrinking interface {
	halve()
	size() (entries, weight int)
	reopen()
}

func compareRecords(a, b RecordKey) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID))
}

// totalKey names one total of an account's dated entries.
type totalKey struct {
	account int64
	level   int
	bucket  int64
}

func compareTotals(a, b totalKey) int {
	return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.level, b.level), cmp.Compare(a.bucket, b.bucket))
}
