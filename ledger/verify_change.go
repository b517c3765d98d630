package ledger

import "context"

// changes holds the ids of Changes against their rows: all by their sums, in the first
// pass, and then those that differ one by one.
func (v *verifier) changes(ctx context.Context) error {
	s := &v.fold.ids
	if s.suspicious == nil {
		err := v.changeRows(ctx, "", func(row *ChangeRow, head *Head) bool {
			switch {
			case row.Seq > head.Seq:
				v.problem("change "+clip(row.ID), "is of block %d, which is beyond the head", row.Seq)
			case row.Seq <= v.fold.seal:
				v.report.Changes++
				s.subtract(v.fold.idBucket(row.ID), v.fold.changeDigest(row))
			}
			return true
		})
		if err != nil {
			return err
		}
		s.judge()
		return nil
	}
	w := &s.suspects
	if w.done {
		return nil
	}
	err := v.changeRows(ctx, w.after, func(row *ChangeRow, _ *Head) bool {
		if w.beyond(row.ID) {
			return false
		}
		if !s.suspicious[v.fold.idBucket(row.ID)] {
			return true
		}
		want := w.drop(row.ID)
		switch {
		case want == nil && row.Seq > v.fold.seal: // written meanwhile, or told before
		case want == nil:
			v.problem("change "+clip(row.ID), "is not in the journal")
		case *want != v.fold.changeDigest(row):
			v.problem("change "+clip(row.ID), "its row differs from the journal")
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, id := range w.keys() {
		v.problem("change "+clip(id), "of block %d or before is missing", v.fold.seal)
	}
	w.close()
	return nil
}

func (f *fold) changeDigest(row *ChangeRow) [2]uint64 {
	return f.idDigest(row.ID, row.Seq, row.Index, row.Tags, row.Outcome)
}

// changeRows calls fn with each row that follows an id, and the head that it was read with, until fn
// has had enough.
func (v *verifier) changeRows(ctx context.Context, after string, fn func(*ChangeRow, *Head) bool) error {
	for {
		var (
			head Head
			rows []ChangeRow
		)
		err := v.read(ctx, func(view View) (err error) {
			if head, err = view.Head(ctx); err != nil {
				return err
			}
			rows, err = view.Changes(ctx, after, MaxPage)
			return err
		})
		if err != nil {
			return err
		}
		for i := range rows {
			if !fn(&rows[i], &head) {
				return nil
			}
			after = rows[i].ID
		}
		if v.enough() {
			return errStop
		}
		if len(rows) < MaxPage {
			return nil
		}
	}
}
