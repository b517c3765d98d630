package ledger

import (
	"context"
	"fmt"
	"maps"
)

// accountsAtOnce is a page of accounts; each is asked for its dated entries besides.
const accountsAtOnce = 200

func (v *verifier) currencies(ctx context.Context) error {
	var scales map[string]int
	_, err := v.page(ctx, func(view View) (err error) {
		scales, err = view.Currencies(ctx)
		return err
	})
	if err == nil && !maps.Equal(scales, v.fold.currencies) {
		v.problem("currencies", "differ from the journal")
	}
	return err
}

// accountRow is what a store has of an account.
type accountRow struct {
	Account
	dated  DatedRow // the last one
	totals int64    // of its dated entries, over all levels
}

// accounts holds the accounts that the fold keeps against their rows.
func (v *verifier) accounts(ctx context.Context) error {
	f := v.fold
	last := f.low + int64(len(f.accounts))
	for after := f.low; after < last; {
		var rows []accountRow
		_, err := v.page(ctx, func(view View) error {
			found, err := view.Accounts(ctx, "", after, accountsAtOnce)
			if err != nil {
				return err
			}
			rows = make([]accountRow, len(found))
			for i := range found {
				rows[i].Account = found[i]
				if err := rows[i].readDated(ctx, view); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			for after++; after < row.No && after <= last; after++ {
				v.problem(fmt.Sprintf("account %d", after), "is missing")
			}
			if row.No > last {
				break
			}
			v.account(f.account(row.No), row)
		}
		if len(rows) < accountsAtOnce {
			for after++; after <= last; after++ {
				v.problem(fmt.Sprintf("account %d", after), "is missing")
			}
		}
		if v.enough() {
			return errStop
		}
	}
	f.low = last
	f.accounts = f.accounts[:0]
	return nil
}

func (a *accountRow) readDated(ctx context.Context, view View) (err error) {
	ranges := make([]BucketRange, DatedLevels)
	for level := range ranges {
		ranges[level] = BucketRange{Level: level, From: 0, Until: 1 << 62}
	}
	if a.totals, err = view.DatedTotal(ctx, a.No, ranges); err != nil {
		return err
	}
	a.dated, err = view.LastDated(ctx, a.No)
	return ignoreNotFound(err)
}

func (v *verifier) account(want *foldAccount, row *accountRow) {
	where := fmt.Sprintf("account %d %s", row.No, row.Key)
	v.report.Accounts++
	if v.fold.nameDigest(row.Key) != want.name || row.Normal != want.normal || !sameLimit(row.Min, want.min) ||
		!sameLimit(row.Max, want.max) || row.Flags != want.flags {
		v.problem(where, "its name, side, limits or flags differ from the journal")
	}
	if row.Balance != want.balance || row.DebitsHi != want.debitsHi || row.DebitsLo != want.debitsLo {
		v.problem(where, "balance %d, the journal says %d", row.Balance, want.balance)
	}
	if row.PendingOut != want.pendingOut || row.PendingIn != want.pendingIn {
		v.problem(where, "pending %d out, %d in; the journal says %d and %d", row.PendingOut, row.PendingIn, want.pendingOut, want.pendingIn)
	}
	if row.Entries != want.entries || row.Last != want.last {
		v.problem(where, "number of entries or the last of them differs from the journal")
	}
	var dated DatedRow
	if want.dated != nil {
		dated = *want.dated
	}
	if row.totals != DatedLevels*dated.Sum || row.dated.Nth != dated.Nth {
		v.problem(where, "its dated entries differ from the journal")
	}
}

func sameLimit(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// totalsAtOnce is of how many buckets the totals are read together.
const totalsAtOnce = 500

// totals holds the totals of dated entries that the fold keeps against the store's.
func (v *verifier) totals(ctx context.Context) error {
	w := &v.fold.totals
	for keys := w.keys(); len(keys) > 0 && !w.beyond(keys[0]); {
		chunk := keys[:min(len(keys), totalsAtOnce)]
		keys = keys[len(chunk):]
		got := make([]int64, len(chunk))
		_, err := v.page(ctx, func(view View) (err error) {
			for i, k := range chunk {
				one := []BucketRange{{Level: k.level, From: k.bucket, Until: k.bucket + 1}}
				if got[i], err = view.DatedTotal(ctx, k.account, one); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, k := range chunk {
			if w.beyond(k) {
				break
			}
			if *w.drop(k) != got[i] {
				v.problem(fmt.Sprintf("account %d", k.account),
					"the total of its dated entries in bucket %d of level %d differs from the journal", k.bucket, k.level)
			}
			w.after = k
		}
		if v.enough() {
			return errStop
		}
	}
	w.close()
	return nil
}

// reversals holds which transactions were reversed against the journal.
func (v *verifier) reversals(ctx context.Context) error {
	w := &v.fold.reversals
	last := v.transactions
	for !w.done && w.after < last && !w.beyond(w.after+1) {
		nos := make([]int64, 0, MaxPage)
		for no := w.after + 1; len(nos) < MaxPage && no <= last; no++ {
			nos = append(nos, no)
		}
		var got map[int64]int64
		_, err := v.page(ctx, func(view View) (err error) {
			got, err = view.Reversals(ctx, nos)
			return err
		})
		if err != nil {
			return err
		}
		for _, no := range nos {
			if w.beyond(no) {
				break
			}
			var by int64
			if want := w.drop(no); want != nil {
				by = *want
			}
			if got[no] != by {
				v.problem(fmt.Sprintf("transaction %d", no), "is reversed by %d, the journal says %d", got[no], by)
			}
			w.after = no
		}
		if v.enough() {
			return errStop
		}
	}
	if w.after >= last {
		w.last = nil // what is kept beyond was made after the seal
	}
	w.close()
	return nil
}
