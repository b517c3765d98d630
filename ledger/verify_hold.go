package ledger

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"
)

// holds holds the holds that the fold keeps against their rows.
func (v *verifier) holds(ctx context.Context) error {
	w := &v.fold.holds
	for more := !w.done; more; {
		var (
			rows     []HoldState
			accounts []Account
		)
		head, err := v.page(ctx, func(view View) (err error) {
			if rows, err = view.Holds(ctx, w.after, MaxPage); err != nil {
				return err
			}
			accounts, err = view.AccountsByNo(ctx, accountsOf(rows))
			return err
		})
		if err != nil {
			return err
		}
		more = len(rows) == MaxPage
		if end := slices.IndexFunc(rows, func(h HoldState) bool { return w.beyond(h.ID) }); end >= 0 {
			rows, more = rows[:end], false
		}
		expiry := make(map[int64]time.Time, len(accounts))
		for i := range accounts {
			expiry[accounts[i].No] = accounts[i].NextExpiry
		}
		for i := range rows {
			row := &rows[i]
			if want := w.drop(row.ID); want != nil || row.Seq <= v.fold.seal || row.Seq > head.Seq {
				v.hold(row, want, expiry)
			}
			w.after = row.ID
		}
		v.dueHolds(rows)
		if err := v.look(ctx); err != nil {
			return err
		}
		if v.enough() {
			return errStop
		}
	}
	for _, id := range w.keys() {
		v.problem("hold "+id, "is missing")
	}
	w.close()
	return nil
}

// touched calls fn for every account of a hold's legs, once.
func (h *HoldState) touched(fn func(no int64)) {
	seen := make(map[int64]bool, 2)
	for i := range h.Legs {
		for _, no := range [2]int64{h.Legs[i].Debit, h.Legs[i].Credit} {
			if !seen[no] {
				seen[no] = true
				fn(no)
			}
		}
	}
}

func accountsOf(rows []HoldState) []int64 {
	seen := make(map[int64]bool)
	for i := range rows {
		for _, l := range rows[i].Legs {
			seen[l.Debit], seen[l.Credit] = true, true
		}
	}
	return slices.Collect(maps.Keys(seen))
}

func (v *verifier) hold(row, want *HoldState, expiry map[int64]time.Time) {
	where := "hold " + row.ID
	v.report.Holds++
	if want == nil {
		v.problem(where, "is not in the journal")
		return
	}
	if row.Status != want.Status || row.Seq != want.Seq || !row.Expires.Equal(want.Expires) || row.Reference != want.Reference ||
		!bytes.Equal(row.Metadata, want.Metadata) || !slices.Equal(row.Legs, want.Legs) {
		v.problem(where, "its row differs from the journal")
	}
	if row.Status != HoldOpen || row.Expires.IsZero() {
		return
	}
	for _, l := range row.Legs {
		for _, no := range [2]int64{l.Debit, l.Credit} {
			if at := expiry[no]; l.Rest > 0 && (at.IsZero() || at.After(row.Expires)) {
				v.problem(where, "account %d does not know when it expires", no)
			}
		}
	}
}

// dueHolds checks that open holds are found when they expire, account by account. One that
// ended meanwhile is found open no more, and nothing is asked of it.
func (v *verifier) dueHolds(rows []HoldState) {
	on := make(map[int64][]string)
	latest := make(map[int64]time.Time)
	for i := range rows {
		h := &rows[i]
		if h.Status != HoldOpen || h.Expires.IsZero() {
			continue
		}
		h.touched(func(no int64) {
			on[no] = append(on[no], h.ID)
			if h.Expires.After(latest[no]) {
				latest[no] = h.Expires
			}
		})
	}
	for _, no := range slices.Sorted(maps.Keys(on)) {
		v.lookups = append(v.lookups, func(ctx context.Context, view View) error {
			due, err := view.DueHolds(ctx, no, latest[no])
			if err != nil {
				return err
			}
			found := make(map[string]bool, len(due))
			for i := range due {
				found[due[i].ID] = true
			}
			for _, id := range on[no] {
				if found[id] {
					continue
				}
				now, err := view.Hold(ctx, id)
				if err := ignoreNotFound(err); err != nil {
					return err
				}
				if err == nil && now.Status == HoldOpen {
					v.problem("hold "+id, "is not found due on account %d", no)
				}
			}
			return nil
		})
	}
}

func ignoreNotFound(err error) error {
	if notFound(err) {
		return nil
	}
	return err
}
