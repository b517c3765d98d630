package ledger

import (
	"bytes"
	"context"
	"slices"
)

// records holds the records that the fold keeps against their rows, and plain ones, which
// are not in the journal, to being found.
func (v *verifier) records(ctx context.Context) error {
	w := &v.fold.records
	for more := !w.done; more; {
		var (
			rows  []RecordRow
			wrong []Problem
		)
		head, err := v.page(ctx, func(view View) (err error) {
			if rows, err = view.RecordsAfter(ctx, w.after, contentAtOnce); err != nil {
				return err
			}
			for i := range rows {
				if wrong, err = unfound(ctx, view, &rows[i], wrong); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		more = len(rows) == contentAtOnce
		if end := slices.IndexFunc(rows, func(r RecordRow) bool { return w.beyond(r.RecordKey) }); end >= 0 {
			rows, more = rows[:end], false
		}
		for _, p := range wrong {
			v.once(p.Where, p.What)
		}
		for i := range rows {
			row := &rows[i]
			if want := w.drop(row.RecordKey); want != nil || row.Chaining == Plain || row.Seq <= v.fold.seal || row.Seq > head.Seq {
				v.record(row, want)
			}
			w.after = row.RecordKey
		}
		if v.enough() {
			return errStop
		}
	}
	for _, key := range w.keys() {
		v.problem("record "+key.Type+" "+key.ID, "is missing")
	}
	w.close()
	return nil
}

// unfound adds the labels and unique keys by which a record is not found.
func unfound(ctx context.Context, view View, row *RecordRow, wrong []Problem) ([]Problem, error) {
	const what = "does not lead to the record"
	for _, label := range row.Labels {
		// No id has control characters, so none lies between this one and the bound.
		found, err := view.Records(ctx, RecordQuery{Type: row.Type, Label: label, After: row.ID + "\x01", Desc: true, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(found) != 1 || found[0].ID != row.ID {
			wrong = append(wrong, Problem{"label " + label + " of record " + row.Type + " " + row.ID, what})
		}
	}
	for _, key := range row.Unique {
		holder, err := view.Unique(ctx, key)
		if err := ignoreNotFound(err); err != nil {
			return nil, err
		}
		if holder != row.RecordKey {
			wrong = append(wrong, Problem{"unique key " + key, what})
		}
	}
	return wrong, nil
}

func (v *verifier) record(row *RecordRow, want *foldRecord) {
	where := "record " + row.Type + " " + row.ID
	v.report.Records++
	if row.Chaining == Plain {
		if want != nil {
			v.problem(where, "is plain, but stands in the journal")
		}
		return
	}
	if want == nil {
		v.problem(where, "is not in the journal")
		return
	}
	if row.Version != want.version || row.Seq != want.seq || row.Erased != want.erased {
		v.problem(where, "version or erasure differs from the journal")
		return
	}
	if row.Erased {
		if len(row.Content) > 0 || len(row.Salt) > 0 || len(row.Unique) > 0 || len(row.Labels) > 0 || !row.Due.IsZero() {
			v.problem(where, "is erased, but something of it is there")
		}
		return
	}
	p := Put{Type: row.Type, ID: row.ID, Content: row.Content, Unique: row.Unique, Labels: row.Labels, Due: row.Due}
	if !bytes.Equal(recordDigest(row.Salt, &p), want.digest[:]) {
		v.problem(where, "its content differs from the digest in the journal")
	}
}
