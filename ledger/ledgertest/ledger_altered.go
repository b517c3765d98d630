package ledgertest

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// altered is a store that shows another history than there is: what somebody with access to the
// tables could have made of it. Writes go to the store below.
type altered struct {
	ledger.Store
	lens
}

// lens says what a reader is shown of each table. A nil function shows it as it is. Each gets
// the whole table and returns what is to be seen of it.
type lens struct {
	head       func(*ledger.Head)
	blocks     func([]ledger.Block) []ledger.Block
	events     func([]ledger.EventRow) []ledger.EventRow
	accounts   func([]ledger.Account) []ledger.Account
	postings   func([]ledger.PostingRow) []ledger.PostingRow
	marks      func([]ledger.Mark) []ledger.Mark         // what MarksAt answers, not the table
	dated      func([]ledger.DatedRow) []ledger.DatedRow // what DatedAt answers
	nearest    func([]ledger.DatedRow) []ledger.DatedRow // what DatedBy answers
	lastDated  func(*ledger.DatedRow)
	total      func([]ledger.BucketRange, int64) int64 // what DatedTotal answers
	reversals  func(map[int64]int64)                   // what Reversals answers
	terms      func([]int64) []int64                   // what ByTerm answers
	holds      func([]ledger.HoldState) []ledger.HoldState
	records    func([]ledger.RecordRow) []ledger.RecordRow
	changes    func([]ledger.ChangeRow) []ledger.ChangeRow
	currencies func(map[string]int)
	unique     func(key string) ledger.RecordKey
	due        func([]ledger.HoldState) []ledger.HoldState // what DueHolds answers
	labeled    func([]ledger.RecordRow) []ledger.RecordRow // what Records answers
}

// Read implements ledger.Store.
func (s *altered) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	return s.Store.Read(ctx, id, func(v ledger.View) error { return fn(&alteredView{v, &s.lens}) })
}

type alteredView struct {
	ledger.View
	lens *lens
}

// tableOf shows a page of a table through one function of a lens. rest returns the rows that
// follow the one given, the first of them where there is none.
func tableOf[R any](limit int, alter func([]R) []R, after func(R) bool, rest func(last *R) ([]R, error)) ([]R, error) {
	var table []R
	for {
		var last *R
		if len(table) > 0 {
			last = &table[len(table)-1]
		}
		page, err := rest(last)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		table = append(table, page...)
	}
	if alter != nil {
		table = alter(table)
	}
	var page []R
	for _, row := range table {
		if after(row) && len(page) < limit {
			page = append(page, row)
		}
	}
	return page, nil
}

// lastOf is the key of a row, or the zero key without one.
func lastOf[R, K any](last *R, key func(R) K) (k K) {
	if last != nil {
		k = key(*last)
	}
	return k
}

const tablePage = 100

func (v *alteredView) Head(ctx context.Context) (ledger.Head, error) {
	h, err := v.View.Head(ctx)
	if v.lens.head != nil {
		v.lens.head(&h)
	}
	return h, err
}

func (v *alteredView) Blocks(ctx context.Context, after int64, limit int) ([]ledger.Block, error) {
	seq := func(b ledger.Block) int64 { return b.Seq }
	return tableOf(limit, v.lens.blocks, func(b ledger.Block) bool { return b.Seq > after }, func(last *ledger.Block) ([]ledger.Block, error) {
		return v.View.Blocks(ctx, lastOf(last, seq), tablePage)
	})
}

func (v *alteredView) Events(ctx context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	no := func(e ledger.EventRow) int64 { return e.No }
	return tableOf(limit, v.lens.events, func(e ledger.EventRow) bool { return e.No > after }, func(last *ledger.EventRow) ([]ledger.EventRow, error) {
		return v.View.Events(ctx, lastOf(last, no), tablePage)
	})
}

func (v *alteredView) Accounts(ctx context.Context, prefix string, after int64, limit int) ([]ledger.Account, error) {
	no := func(a ledger.Account) int64 { return a.No }
	return tableOf(limit, v.lens.accounts, func(a ledger.Account) bool { return a.No > after }, func(last *ledger.Account) ([]ledger.Account, error) {
		return v.View.Accounts(ctx, prefix, lastOf(last, no), tablePage)
	})
}

func (v *alteredView) AccountsByNo(ctx context.Context, nos []int64) ([]ledger.Account, error) {
	found, err := v.View.AccountsByNo(ctx, nos)
	if v.lens.accounts != nil {
		found = v.lens.accounts(found)
	}
	return found, err
}

func (v *alteredView) Postings(ctx context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	no := func(p ledger.PostingRow) int64 { return p.No }
	return tableOf(limit, v.lens.postings, func(p ledger.PostingRow) bool { return p.No > after }, func(last *ledger.PostingRow) ([]ledger.PostingRow, error) {
		return v.View.Postings(ctx, lastOf(last, no), tablePage)
	})
}

func (v *alteredView) MarksAt(ctx context.Context, account int64, nths []int64) ([]ledger.Mark, error) {
	found, err := v.View.MarksAt(ctx, account, nths)
	if v.lens.marks != nil {
		found = v.lens.marks(found)
	}
	return found, err
}

func (v *alteredView) DatedAt(ctx context.Context, account int64, nths []int64) ([]ledger.DatedRow, error) {
	found, err := v.View.DatedAt(ctx, account, nths)
	if v.lens.dated != nil {
		found = v.lens.dated(found)
	}
	return found, err
}

func (v *alteredView) DatedBy(ctx context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]ledger.DatedRow, error) {
	found, err := v.View.DatedBy(ctx, account, effective, nth, desc, limit)
	if v.lens.nearest != nil {
		found = v.lens.nearest(found)
	}
	return found, err
}

func (v *alteredView) LastDated(ctx context.Context, account int64) (ledger.DatedRow, error) {
	row, err := v.View.LastDated(ctx, account)
	if err == nil && v.lens.lastDated != nil {
		v.lens.lastDated(&row)
	}
	return row, err
}

func (v *alteredView) DatedTotal(ctx context.Context, account int64, ranges []ledger.BucketRange) (int64, error) {
	sum, err := v.View.DatedTotal(ctx, account, ranges)
	if v.lens.total != nil {
		sum = v.lens.total(ranges, sum)
	}
	return sum, err
}

func (v *alteredView) Reversals(ctx context.Context, transactions []int64) (map[int64]int64, error) {
	found, err := v.View.Reversals(ctx, transactions)
	if err == nil && v.lens.reversals != nil {
		v.lens.reversals(found)
	}
	return found, err
}

func (v *alteredView) ByTerm(ctx context.Context, hash, after int64, desc bool, limit int) ([]int64, error) {
	found, err := v.View.ByTerm(ctx, hash, after, desc, limit)
	if v.lens.terms != nil {
		found = v.lens.terms(found)
	}
	return found, err
}

func (v *alteredView) Holds(ctx context.Context, after string, limit int) ([]ledger.HoldState, error) {
	id := func(h ledger.HoldState) string { return h.ID }
	return tableOf(limit, v.lens.holds, func(h ledger.HoldState) bool { return h.ID > after }, func(last *ledger.HoldState) ([]ledger.HoldState, error) {
		return v.View.Holds(ctx, lastOf(last, id), tablePage)
	})
}

func (v *alteredView) RecordsAfter(ctx context.Context, after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
	name := func(r ledger.RecordRow) ledger.RecordKey { return r.RecordKey }
	follows := func(r ledger.RecordRow) bool {
		return r.Type > after.Type || r.Type == after.Type && r.ID > after.ID
	}
	return tableOf(limit, v.lens.records, follows, func(last *ledger.RecordRow) ([]ledger.RecordRow, error) {
		return v.View.RecordsAfter(ctx, lastOf(last, name), tablePage)
	})
}

func (v *alteredView) RecordsByKey(ctx context.Context, keys []ledger.RecordKey) ([]ledger.RecordRow, error) {
	found, err := v.View.RecordsByKey(ctx, keys)
	if v.lens.records != nil {
		found = v.lens.records(found)
	}
	return found, err
}

func (v *alteredView) Changes(ctx context.Context, after string, limit int) ([]ledger.ChangeRow, error) {
	id := func(c ledger.ChangeRow) string { return c.ID }
	return tableOf(limit, v.lens.changes, func(c ledger.ChangeRow) bool { return c.ID > after }, func(last *ledger.ChangeRow) ([]ledger.ChangeRow, error) {
		return v.View.Changes(ctx, lastOf(last, id), tablePage)
	})
}

func (v *alteredView) Currencies(ctx context.Context) (map[string]int, error) {
	scales, err := v.View.Currencies(ctx)
	if err == nil && v.lens.currencies != nil {
		v.lens.currencies(scales)
	}
	return scales, err
}

func (v *alteredView) Unique(ctx context.Context, key string) (ledger.RecordKey, error) {
	if v.lens.unique != nil {
		return v.lens.unique(key), nil
	}
	return v.View.Unique(ctx, key)
}

func (v *alteredView) DueHolds(ctx context.Context, account int64, at time.Time) ([]ledger.HoldState, error) {
	found, err := v.View.DueHolds(ctx, account, at)
	if v.lens.due != nil {
		found = v.lens.due(found)
	}
	return found, err
}

func (v *alteredView) Records(ctx context.Context, query ledger.RecordQuery) ([]ledger.RecordRow, error) {
	found, err := v.View.Records(ctx, query)
	if v.lens.labeled != nil {
		found = v.lens.labeled(found)
	}
	return found, err
}
