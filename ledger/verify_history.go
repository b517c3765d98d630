package ledger

import (
	"context"
	"encoding/json"
	"fmt"
)

// foldDated is what the journal says of an account's dated entries.
type foldDated struct {
	last DatedRow
	sums [DatedLevels]map[int64]int64 // totals by bucket
}

// date folds a posting whose effective time is its own, and returns the rows of both
// accounts.
func (f *fold) date(row *PostingRow) (rows [2]DatedRow) {
	for i, side := range [2]struct{ account, nth, delta int64 }{
		{row.Debit, row.DebitNth, -row.Amount}, {row.Credit, row.CreditNth, row.Amount},
	} {
		d := f.dated[side.account]
		if d == nil {
			d = &foldDated{}
			for level := range d.sums {
				d.sums[level] = make(map[int64]int64)
			}
			f.dated[side.account] = d
		}
		d.last = DatedRow{
			Account: side.account, Nth: d.last.Nth + 1, Entry: side.nth, Posting: row.No, Effective: row.Effective,
			Sum: d.last.Sum + side.delta, Turnover: d.last.Turnover + row.Amount,
		}
		for level := range d.sums {
			d.sums[level][instant(row.Effective)>>(level*DatedShift)] += side.delta
		}
		rows[i] = d.last
	}
	return rows
}

// foundBy holds what the last block's transactions are found by against the journal.
func (v *verifier) foundBy(ctx context.Context, key [16]byte) error {
	for i := range v.fold.rows {
		row := &v.fold.rows[i]
		where := fmt.Sprintf("posting %d", row.No)
		if !row.Effective.Equal(row.Time) {
			for _, want := range v.fold.date(row) {
				if err := v.datedRow(ctx, where, &want); err != nil {
					return err
				}
			}
		}
		if row.No != row.Transaction || row.Reference == "" && len(row.Metadata) == 0 {
			continue
		}
		var metadata map[string]string
		if len(row.Metadata) > 0 {
			if err := json.Unmarshal(row.Metadata, &metadata); err != nil {
				v.problem(where, "its metadata can not be read")
				continue
			}
		}
		r := preparer{key: key}
		for _, hash := range r.terms(row.Reference, metadata) {
			if err := v.term(ctx, where, hash, row.No); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) datedRow(ctx context.Context, where string, want *DatedRow) error {
	var rows []DatedRow
	err := v.ledger.read(ctx, func(view View) (err error) {
		rows, err = view.DatedAt(ctx, want.Account, []int64{want.Nth})
		if err != nil || len(rows) != 1 {
			return err
		}
		near, err := view.DatedBy(ctx, want.Account, want.Effective, want.Nth-1, false, 1)
		if err == nil && (len(near) != 1 || near[0].Nth != want.Nth) {
			rows = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(rows) != 1 || !rows[0].Effective.Equal(want.Effective) {
		v.problem(where, "its effective time is not found on account %d", want.Account)
		return nil
	}
	got := rows[0]
	got.Effective = want.Effective
	if got != *want {
		v.problem(where, "what is kept of its effective time on account %d differs from the journal", want.Account)
	}
	return nil
}

func (v *verifier) term(ctx context.Context, where string, hash, transaction int64) error {
	var found []int64
	err := v.ledger.read(ctx, func(view View) (err error) {
		found, err = view.ByTerm(ctx, hash, transaction-1, false, 1)
		return err
	})
	if err == nil && (len(found) != 1 || found[0] != transaction) {
		v.problem(where, "it is not found by its reference or metadata")
	}
	return err
}

// sumsAtOnce is of how many accounts the totals are read together.
const sumsAtOnce = 100

// sums holds the totals of dated entries against the journal, bucket by bucket, and that
// there are no others.
func (v *verifier) sums(ctx context.Context) error {
	for from := int64(1); from <= int64(len(v.fold.accounts)); {
		until := min(from+sumsAtOnce, int64(len(v.fold.accounts))+1)
		var head Head
		read := make([]datedTotals, until-from)
		err := v.page(ctx, func(view View) error {
			for i := range read {
				if err := read[i].read(ctx, view, from+int64(i), v.fold.dated[from+int64(i)]); err != nil {
					return err
				}
			}
			return nil
		}, &head)
		if err != nil {
			return err
		}
		for i := range read {
			v.compareTotals(from+int64(i), &read[i])
		}
		from = until
	}
	return nil
}

// datedTotals is what a store has of one account's dated entries.
type datedTotals struct {
	last    DatedRow
	all     int64 // over all levels
	buckets [DatedLevels]map[int64]int64
}

func (d *datedTotals) read(ctx context.Context, view View, account int64, want *foldDated) (err error) {
	ranges := make([]BucketRange, DatedLevels)
	for level := range ranges {
		ranges[level] = BucketRange{Level: level, From: 0, Until: 1 << 62}
	}
	if d.all, err = view.DatedTotal(ctx, account, ranges); err != nil {
		return err
	}
	if d.last, err = view.LastDated(ctx, account); err != nil && !notFound(err) {
		return err
	}
	if want == nil {
		return nil
	}
	for level := range want.sums {
		d.buckets[level] = make(map[int64]int64)
		for bucket := range want.sums[level] {
			one := []BucketRange{{Level: level, From: bucket, Until: bucket + 1}}
			if d.buckets[level][bucket], err = view.DatedTotal(ctx, account, one); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) compareTotals(account int64, got *datedTotals) {
	where := fmt.Sprintf("account %d", account)
	want := v.fold.dated[account]
	if want == nil {
		want = &foldDated{}
	}
	if got.all != DatedLevels*want.last.Sum || got.last.Nth != want.last.Nth {
		v.problem(where, "its dated entries differ from the journal")
	}
	// Buckets that are new since they were asked for are in the total above.
	for level := range got.buckets {
		for bucket, total := range got.buckets[level] {
			if sum := want.sums[level][bucket]; total != sum {
				v.problem(where, "the total of its dated entries in bucket %d of level %d differs from the journal", bucket, level)
			}
		}
	}
}

// reversals holds which transactions were reversed against the journal.
func (v *verifier) reversals(ctx context.Context) error {
	for from := int64(1); from <= v.fold.postings; from += MaxPage {
		nos := make([]int64, 0, MaxPage)
		for no := from; no < from+MaxPage && no <= v.fold.postings; no++ {
			nos = append(nos, no)
		}
		var (
			head Head
			got  map[int64]int64
		)
		err := v.page(ctx, func(view View) (err error) {
			got, err = view.Reversals(ctx, nos)
			return err
		}, &head)
		if err != nil {
			return err
		}
		for _, no := range nos {
			if got[no] != v.fold.reversals[no] {
				v.problem(fmt.Sprintf("transaction %d", no), "is reversed by %d, the journal says %d", got[no], v.fold.reversals[no])
			}
		}
	}
	return nil
}
