package memstore

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

func (v *view) PostingsByNo(ctx context.Context, nos []int64) ([]ledger.PostingRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.PostingRow
	for _, no := range nos {
		if no >= 1 && no <= int64(v.state.postings.len) {
			found = append(found, copyPosting(v.state.postings.at(int(no-1))))
		}
	}
	return found, nil
}

func (v *view) MarksAt(ctx context.Context, account int64, nths []int64) ([]ledger.Mark, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	a := v.state.account(account)
	if a == nil {
		return nil, nil
	}
	var found []ledger.Mark
	for _, nth := range nths {
		i := nth/ledger.MarkEvery - 1
		if nth%ledger.MarkEvery == 0 && i >= 0 && i < int64(len(a.marks)) {
			found = append(found, ledger.Mark{Account: account, Nth: nth, Posting: a.marks[i]})
		}
	}
	return found, nil
}

func (v *view) Reversals(ctx context.Context, transactions []int64) (map[int64]int64, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	return v.state.reversed(transactions), nil
}

func (v *view) ByTerm(ctx context.Context, hash, after int64, desc bool, limit int) ([]int64, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	from := v.state.terms.from
	if desc {
		from = v.state.terms.below
	}
	var found []int64
	for t := range from(ledger.Term{Hash: hash, Transaction: after}) {
		if t.Hash != hash || len(found) == limit {
			break
		}
		if t.Transaction != after {
			found = append(found, t.Transaction)
		}
	}
	return found, nil
}

func (v *view) DatedAt(ctx context.Context, account int64, nths []int64) ([]ledger.DatedRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	var found []ledger.DatedRow
	for _, nth := range nths {
		if row, ok := v.state.dated.get(datedKey{account, nth}); ok {
			found = append(found, row)
		}
	}
	return found, nil
}

func (v *view) DatedBy(ctx context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]ledger.DatedRow, error) {
	if err := v.enter(ctx); err != nil {
		return nil, err
	}
	defer v.mu.RUnlock()
	after := datedTime{account, effective.UnixMicro(), nth}
	var rows iter.Seq2[datedTime, struct{}]
	if desc {
		rows = v.state.effective.below(after)
	} else {
		rows = v.state.effective.from(after)
	}
	var found []ledger.DatedRow
	for key := range rows {
		if key.account != account || len(found) == limit {
			break
		}
		if key != after {
			row, _ := v.state.dated.get(datedKey{account, key.nth})
			found = append(found, row)
		}
	}
	return found, nil
}

func (v *view) DatedTotal(ctx context.Context, account int64, ranges []ledger.BucketRange) (int64, error) {
	if err := v.enter(ctx); err != nil {
		return 0, err
	}
	defer v.mu.RUnlock()
	var total int64
	for _, r := range ranges {
		for key, sum := range v.state.sums.from(sumKey{account, r.Level, r.From}) {
			if key.account != account || key.level != r.Level || key.bucket >= r.Until {
				break
			}
			total += sum
		}
	}
	return total, nil
}

func (v *view) LastDated(ctx context.Context, account int64) (ledger.DatedRow, error) {
	if err := v.enter(ctx); err != nil {
		return ledger.DatedRow{}, err
	}
	defer v.mu.RUnlock()
	row, ok := v.state.lastDated(account)
	if !ok {
		return ledger.DatedRow{}, ledger.ErrNotFound
	}
	return row, nil
}
