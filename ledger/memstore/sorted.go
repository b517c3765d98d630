package memstore

import (
	"iter"
	"slices"
)

// era says which memory a commit may change in place. Memory is stamped when it is made;
// what was made before the newest view that is still open belongs to that view as well and
// is copied instead.
type era struct {
	now    uint64 // stamp of what is made by this commit, greater than sealed
	sealed uint64 // stamp up to which a view may be looking
}

// owns reports whether what bears the stamp may be changed in place.
func (e era) owns(stamp uint64) bool { return stamp > e.sealed }

// runLen is the most entries that one run holds.
const runLen = 64

// sorted is a map in the order of its keys. A copy of the struct is a snapshot: changes
// made later, under an era that seals it, do not show in the copy.
type sorted[K, V any] struct {
	compare func(a, b K) int
	runs    []*run[K, V] // ascending, none empty
	stamp   uint64       // of the slice runs
}

// run is a stretch of neighbouring entries.
type run[K, V any] struct {
	keys   []K // ascending
	values []V
	stamp  uint64
}

// find returns the place of a key, or where it belongs: place j in run i. Beyond the last
// key, i is the number of runs.
func (s *sorted[K, V]) find(key K) (i, j int, found bool) {
	i, _ = slices.BinarySearchFunc(s.runs, key, func(r *run[K, V], key K) int {
		return s.compare(r.keys[len(r.keys)-1], key)
	})
	if i < len(s.runs) {
		j, found = slices.BinarySearchFunc(s.runs[i].keys, key, s.compare)
	}
	return i, j, found
}

// get returns the value of a key.
func (s *sorted[K, V]) get(key K) (value V, found bool) {
	i, j, found := s.find(key)
	if found {
		value = s.runs[i].values[j]
	}
	return value, found
}

// set enters a key or replaces its value.
func (s *sorted[K, V]) set(e era, key K, value V) {
	i, j, found := s.find(key)
	if found {
		s.own(e, i).values[j] = value
		return
	}
	if i == len(s.runs) {
		// Keys that arrive in ascending order fill run after run to the brim.
		if i == 0 || len(s.runs[i-1].keys) == runLen {
			s.insertRun(e, i, []K{key}, []V{value})
			return
		}
		i--
		j = len(s.runs[i].keys)
	}
	r := s.own(e, i)
	if len(r.keys) == runLen {
		const half = runLen / 2
		s.insertRun(e, i+1, r.keys[half:], r.values[half:])
		r.keys = slices.Delete(r.keys, half, runLen)
		r.values = slices.Delete(r.values, half, runLen)
		if j > half {
			r, j = s.runs[i+1], j-half
		}
	}
	r.keys = slices.Insert(r.keys, j, key)
	r.values = slices.Insert(r.values, j, value)
}

// delete removes a key if it is there.
func (s *sorted[K, V]) delete(e era, key K) {
	i, j, found := s.find(key)
	if !found {
		return
	}
	r := s.own(e, i)
	r.keys = slices.Delete(r.keys, j, j+1)
	r.values = slices.Delete(r.values, j, j+1)
	if len(r.keys) == 0 {
		s.runs = slices.Delete(s.runs, i, i+1)
	}
}

// from yields the entries whose keys are not below key, ascending.
func (s *sorted[K, V]) from(key K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		i, j, _ := s.find(key)
		for ; i < len(s.runs); i, j = i+1, 0 {
			for r := s.runs[i]; j < len(r.keys); j++ {
				if !yield(r.keys[j], r.values[j]) {
					return
				}
			}
		}
	}
}

// below yields the entries whose keys are below key, descending.
func (s *sorted[K, V]) below(key K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		i, j, _ := s.find(key)
		for {
			for j--; j >= 0; j-- {
				if r := s.runs[i]; !yield(r.keys[j], r.values[j]) {
					return
				}
			}
			if i--; i < 0 {
				return
			}
			j = len(s.runs[i].keys)
		}
	}
}

// own makes run i, and the slice that points to it, changeable.
func (s *sorted[K, V]) own(e era, i int) *run[K, V] {
	s.ownRuns(e)
	r := s.runs[i]
	if !e.owns(r.stamp) {
		r = newRun(e, r.keys, r.values)
		s.runs[i] = r
	}
	return r
}

// ownRuns makes the slice of runs changeable.
func (s *sorted[K, V]) ownRuns(e era) {
	if !e.owns(s.stamp) {
		s.runs, s.stamp = slices.Clone(s.runs), e.now
	}
}

// insertRun makes copies of keys and values the run i.
func (s *sorted[K, V]) insertRun(e era, i int, keys []K, values []V) {
	s.ownRuns(e)
	s.runs = slices.Insert(s.runs, i, newRun(e, keys, values))
}

func newRun[K, V any](e era, keys []K, values []V) *run[K, V] {
	return &run[K, V]{
		keys:   append(make([]K, 0, runLen), keys...),
		values: append(make([]V, 0, runLen), values...),
		stamp:  e.now,
	}
}
