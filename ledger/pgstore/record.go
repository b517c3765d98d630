package pgstore

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// indexes is by what records were found that have been loaded under the head's lock, so that no
// other one changes it: keys and labels, none for a record that is not there.
type indexes map[ledger.RecordKey]index

type index struct{ keys, labels []string }

// learn takes what was found of the records that were asked for.
func (x indexes) learn(asked []ledger.RecordKey, found []ledger.RecordRow) {
	for _, key := range asked {
		x[key] = index{}
	}
	for i := range found {
		x[found[i].RecordKey] = index{found[i].Unique, found[i].Labels}
	}
}

// unknown are those of the records that were not loaded.
func (x indexes) unknown(rows []ledger.RecordRow) (keys []ledger.RecordKey) {
	for i := range rows {
		if _, known := x[rows[i].RecordKey]; !known {
			keys = append(keys, rows[i].RecordKey)
		}
	}
	return keys
}

// indexed is what a record can be found by.
type indexed struct{ typ, id, name string }

// records writes records, and of what they are found by no more than what becomes another. What is
// given up goes first, so that another record may take it.
func (w *writer) records(rows []ledger.RecordRow) {
	if len(rows) == 0 {
		return
	}
	type R = ledger.RecordRow
	var lostKeys, newKeys, lostLabels, newLabels []indexed
	for i := range rows {
		r := &rows[i]
		had := w.had[r.RecordKey]
		lostKeys, newKeys = without(lostKeys, r, had.keys, r.Unique), without(newKeys, r, r.Unique, had.keys)
		lostLabels, newLabels = without(lostLabels, r, had.labels, r.Labels), without(newLabels, r, r.Labels, had.labels)
	}
	w.indexed(deleteKeys, lostKeys)
	w.indexed(deleteLabels, lostLabels)
	w.indexed(insertKeys, newKeys)
	w.indexed(insertLabels, newLabels)
	w.add(putRecords,
		texts(rows, func(r *R) string { return r.Type }),
		texts(rows, func(r *R) string { return r.ID }),
		int8s(rows, func(r *R) int64 { return r.Version }),
		int8s(rows, func(r *R) int64 { return r.Seq }),
		int4s(rows, func(r *R) int { return int(r.Chaining) }),
		bools(rows, func(r *R) bool { return r.Erased }),
		optionalTimes(rows, func(r *R) time.Time { return r.Due }),
		blobs(rows, func(r *R) []byte { return r.Salt }),
		optionalTexts(rows, func(r *R) string { return textList(r.Unique) }),
		optionalTexts(rows, func(r *R) string { return textList(r.Labels) }),
		blobs(rows, func(r *R) []byte { return r.Content }))
}

// without adds those of a record's names that are not among others.
func without(to []indexed, r *ledger.RecordRow, names, others []string) []indexed {
	for _, name := range names {
		if !slices.Contains(others, name) {
			to = append(to, indexed{r.Type, r.ID, name})
		}
	}
	return to
}

func (w *writer) indexed(s stmt, rows []indexed) {
	if len(rows) == 0 {
		return
	}
	w.add(s,
		texts(rows, func(r *indexed) string { return r.typ }),
		texts(rows, func(r *indexed) string { return r.id }),
		texts(rows, func(r *indexed) string { return r.name }))
}
