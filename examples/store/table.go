package store

import (
	"fmt"
	"iter"
	"slices"
)

// A table is a set of rows in the order of compare, under which no two are equal. It never
// changes: with returns another one. So whoever has a table may read it without a lock while
// the next one is being made.
type table[T any] struct {
	compare func(a, b T) int // a probe needs no more of a row than compare looks at
	copy    func(T) T        // shares no memory with what it is given
	rows    []T
}

// with returns the table with these rows in the place of those that equal them. Of rows that
// equal each other the last one stays.
//
// Rows that follow all others are appended, and the new table then shares the old one's array:
// the old one ends before them. That holds as long as only the newest table is built on.
func (t table[T]) with(rows ...T) table[T] {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, t.compare)
	old, merged := t.rows, t.rows
	if len(rows) > 0 && len(old) > 0 && t.compare(rows[0], old[len(old)-1]) <= 0 {
		merged = make([]T, 0, len(old)+len(rows))
	} else {
		old = nil
	}
	for i, row := range rows {
		if i+1 < len(rows) && t.compare(row, rows[i+1]) == 0 {
			continue
		}
		at, there := slices.BinarySearchFunc(old, row, t.compare)
		merged, old = append(merged, old[:at]...), old[at:]
		if there {
			old = old[1:]
		}
		merged = append(merged, t.copy(row))
	}
	t.rows = append(merged, old...)
	return t
}

// refuse returns an error if one of these rows equals another one or one of the table.
func (t table[T]) refuse(noun string, rows ...T) error {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, t.compare)
	for i, row := range rows {
		_, there := slices.BinarySearchFunc(t.rows, row, t.compare)
		if there || i > 0 && t.compare(rows[i-1], row) == 0 {
			return fmt.Errorf("store: number or id of a new %s is taken", noun)
		}
	}
	return nil
}

// get returns a copy of the row that equals the probe.
func (t table[T]) get(probe T) (T, bool) {
	at, there := slices.BinarySearchFunc(t.rows, probe, t.compare)
	if !there {
		return probe, false
	}
	return t.copy(t.rows[at]), true
}

// all returns copies of the rows that equal the probes, as far as they are there.
func (t table[T]) all(probes iter.Seq[T]) []T {
	var found []T
	for probe := range probes {
		if row, there := t.get(probe); there {
			found = append(found, row)
		}
	}
	return found
}

// after goes over the rows that follow the probe, which need not be there; with desc over
// those that precede it, backwards. The rows are the table's own: to be looked at.
func (t table[T]) after(probe T, desc bool) iter.Seq[T] {
	at, there := slices.BinarySearchFunc(t.rows, probe, t.compare)
	return func(yield func(T) bool) {
		if desc {
			for i := at - 1; i >= 0 && yield(t.rows[i]); i-- {
			}
			return
		}
		if there {
			at++
		}
		for i := at; i < len(t.rows) && yield(t.rows[i]); i++ {
		}
	}
}

// page returns copies of at most limit of the rows after the probe, up to the first that
// belongs no more.
func (t table[T]) page(probe T, desc bool, limit int, belongs func(T) bool) []T {
	var found []T
	for row := range t.after(probe, desc) {
		if len(found) == limit || !belongs(row) {
			break
		}
		found = append(found, t.copy(row))
	}
	return found
}

// where returns copies of the rows that match, in the order of the table.
func (t table[T]) where(match func(T) bool) []T {
	var found []T
	for _, row := range t.rows {
		if match(row) {
			found = append(found, t.copy(row))
		}
	}
	return found
}
