package store

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// A book is the ledger.View of its moment.
var _ ledger.View = (*book)(nil)

// find is what Begin and Load return.
func (b *book) find(need ledger.Need) *ledger.Found {
	found := &ledger.Found{
		Head:       b.head,
		Changes:    b.changes.all(each(need.Changes, func(id string) ledger.ChangeRow { return ledger.ChangeRow{ID: id} })),
		Accounts:   b.accounts.all(each(need.AccountNos, accountNo)),
		Holds:      b.holds.all(each(need.Holds, func(id string) ledger.HoldState { return ledger.HoldState{ID: id} })),
		Records:    b.records.all(each(need.Records, record)),
		Unique:     map[string]ledger.RecordKey{},
		Currencies: map[string]int{},
		NextExpiry: map[int64]time.Time{},
	}
	for i := range found.Records {
		found.Records[i].Content = nil
	}
	for _, key := range need.Accounts {
		if account, there := b.accounts.get(accountNo(b.numbers[key])); there {
			found.Accounts = append(found.Accounts, account)
		}
	}
	for _, key := range need.Dated {
		if row, there := b.lastDated(b.numbers[key]); there {
			found.Dated = append(found.Dated, row)
		}
	}
	for _, key := range need.Unique {
		if holder, there := b.unique[key]; there {
			found.Unique[key] = holder
		}
	}
	for _, code := range need.Currencies {
		if scale, there := b.currencies[code]; there {
			found.Currencies[code] = scale
		}
	}
	for _, no := range need.Transactions {
		found.Postings = append(found.Postings, b.postings.page(ledger.PostingRow{No: no - 1}, false, math.MaxInt,
			func(row ledger.PostingRow) bool { return row.Transaction == no })...)
	}
	found.Reversals = b.reversalsOf(need.Transactions)
	for _, label := range need.Labeled {
		found.Labeled = append(found.Labeled, b.records.where(func(row ledger.RecordRow) bool {
			return row.Type == label.Type && slices.Contains(row.Labels, label.Label)
		})...)
	}
	b.findDue(need, found)
	return found
}

// findDue tells of the holds on the accounts of DueOn: those that are due, and when the next
// one of each account will be. A hold comes once, though it may touch several of them.
func (b *book) findDue(need ledger.Need, found *ledger.Found) {
	if len(need.DueOn) == 0 {
		return
	}
	found.Holds = append(found.Holds, b.holds.where(func(row ledger.HoldState) bool {
		return due(row, need.DueAt) && slices.ContainsFunc(need.DueOn, func(no int64) bool { return touches(row, no) })
	})...)
	for _, no := range need.DueOn {
		for _, row := range b.holds.rows {
			if row.Status != ledger.HoldOpen || !row.Expires.After(need.DueAt) || !touches(row, no) {
				continue
			}
			if next, there := found.NextExpiry[no]; !there || row.Expires.Before(next) {
				found.NextExpiry[no] = row.Expires
			}
		}
	}
}

// due says whether an open hold expires at the instant or before. One without an expiry never
// does.
func due(row ledger.HoldState, at time.Time) bool {
	return row.Status == ledger.HoldOpen && !row.Expires.IsZero() && !row.Expires.After(at)
}

func touches(row ledger.HoldState, account int64) bool {
	return slices.ContainsFunc(row.Legs, func(leg ledger.HoldLeg) bool {
		return leg.Debit == account || leg.Credit == account
	})
}

func (b *book) Head(context.Context) (ledger.Head, error) { return b.head, nil }

func (b *book) Change(_ context.Context, id string) (ledger.ChangeRow, error) {
	return one(b.changes.get(ledger.ChangeRow{ID: id}))
}

func (b *book) Changes(_ context.Context, after string, limit int) ([]ledger.ChangeRow, error) {
	return b.changes.page(ledger.ChangeRow{ID: after}, false, limit, every[ledger.ChangeRow]), nil
}

func (b *book) Blocks(_ context.Context, after int64, limit int) ([]ledger.Block, error) {
	return b.blocks.page(ledger.Block{Seq: after}, false, limit, every[ledger.Block]), nil
}

func (b *book) Events(_ context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	return b.events.page(ledger.EventRow{No: after}, false, limit, every[ledger.EventRow]), nil
}

func (b *book) Account(_ context.Context, key ledger.AccountKey) (ledger.Account, error) {
	return one(b.accounts.get(accountNo(b.numbers[key])))
}

func (b *book) AccountsByNo(_ context.Context, nos []int64) ([]ledger.Account, error) {
	return b.accounts.all(each(nos, accountNo)), nil
}

func (b *book) Accounts(_ context.Context, prefix string, after int64, limit int) ([]ledger.Account, error) {
	var found []ledger.Account
	for row := range b.accounts.after(accountNo(after), false) {
		if len(found) == limit {
			break
		}
		if strings.HasPrefix(row.Key.Name, prefix) {
			found = append(found, copyAccount(row))
		}
	}
	return found, nil
}

func (b *book) Currencies(context.Context) (map[string]int, error) {
	return maps.Clone(b.currencies), nil
}

func (b *book) Postings(_ context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	return b.postings.page(ledger.PostingRow{No: after}, false, limit, every[ledger.PostingRow]), nil
}

func (b *book) PostingsByNo(_ context.Context, nos []int64) ([]ledger.PostingRow, error) {
	return b.postings.all(each(nos, posting)), nil
}

func (b *book) Entries(_ context.Context, account, lowest, highest int64) ([]ledger.PostingRow, error) {
	var found []ledger.PostingRow
	for entry := range b.entries.after(ledger.Mark{Account: account, Nth: lowest - 1}, false) {
		if entry.Account != account || entry.Nth > highest {
			break
		}
		row, _ := b.postings.get(posting(entry.Posting))
		found = append(found, row)
	}
	return found, nil
}

func (b *book) MarksAt(_ context.Context, account int64, nths []int64) ([]ledger.Mark, error) {
	return b.marks.all(each(nths, func(nth int64) ledger.Mark { return ledger.Mark{Account: account, Nth: nth} })), nil
}

func (b *book) Reversals(_ context.Context, transactions []int64) (map[int64]int64, error) {
	return b.reversalsOf(transactions), nil
}

func (b *book) reversalsOf(transactions []int64) map[int64]int64 {
	found := map[int64]int64{}
	for _, no := range transactions {
		if row, there := b.reversals.get(ledger.Reversal{Transaction: no}); there {
			found[no] = row.By
		}
	}
	return found
}

func (b *book) ByTerm(_ context.Context, hash, after int64, desc bool, limit int) ([]int64, error) {
	var found []int64
	for row := range b.terms.after(ledger.Term{Hash: hash, Transaction: after}, desc) {
		if len(found) == limit || row.Hash != hash {
			break
		}
		found = append(found, row.Transaction)
	}
	return found, nil
}

func (b *book) DatedAt(_ context.Context, account int64, nths []int64) ([]ledger.DatedRow, error) {
	return b.dated.all(each(nths, func(nth int64) ledger.DatedRow { return ledger.DatedRow{Account: account, Nth: nth} })), nil
}

func (b *book) DatedBy(_ context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]ledger.DatedRow, error) {
	probe := ledger.DatedRow{Account: account, Effective: effective, Nth: nth}
	return b.effective.page(probe, desc, limit, func(row ledger.DatedRow) bool { return row.Account == account }), nil
}

func (b *book) DatedTotal(_ context.Context, account int64, ranges []ledger.BucketRange) (int64, error) {
	var total int64
	for _, r := range ranges {
		for _, row := range b.sums.rows {
			if row.Account == account && row.Level == r.Level && r.From <= row.Bucket && row.Bucket < r.Until {
				total += row.Delta
			}
		}
	}
	return total, nil
}

func (b *book) LastDated(_ context.Context, account int64) (ledger.DatedRow, error) {
	return one(b.lastDated(account))
}

func (b *book) lastDated(account int64) (ledger.DatedRow, bool) {
	for row := range b.dated.after(ledger.DatedRow{Account: account, Nth: math.MaxInt64}, true) {
		return copyDated(row), row.Account == account
	}
	return ledger.DatedRow{}, false
}

func (b *book) Hold(_ context.Context, id string) (ledger.HoldState, error) {
	return one(b.holds.get(ledger.HoldState{ID: id}))
}

func (b *book) DueHolds(_ context.Context, account int64, at time.Time) ([]ledger.HoldState, error) {
	return b.holds.where(func(row ledger.HoldState) bool { return due(row, at) && touches(row, account) }), nil
}

func (b *book) Holds(_ context.Context, after string, limit int) ([]ledger.HoldState, error) {
	return b.holds.page(ledger.HoldState{ID: after}, false, limit, every[ledger.HoldState]), nil
}

func (b *book) Record(_ context.Context, key ledger.RecordKey) (ledger.RecordRow, error) {
	return one(b.records.get(record(key)))
}

func (b *book) Unique(_ context.Context, key string) (ledger.RecordKey, error) {
	holder, there := b.unique[key]
	return one(holder, there)
}

func (b *book) Records(_ context.Context, query ledger.RecordQuery) ([]ledger.RecordRow, error) {
	if !query.DueBy.IsZero() {
		found := b.records.where(func(row ledger.RecordRow) bool {
			return row.Type == query.Type && !row.Erased && !row.Due.IsZero() && !row.Due.After(query.DueBy)
		})
		slices.SortStableFunc(found, func(a, b ledger.RecordRow) int {
			return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
		})
		return found[:min(len(found), query.Limit)], nil
	}
	start := ledger.RecordKey{Type: query.Type, ID: query.After}
	if query.Desc && query.After == "" {
		start.Type += "\x00" // no type lies between: before it is the type's last record
	}
	var found []ledger.RecordRow
	for row := range b.records.after(record(start), query.Desc) {
		if len(found) == query.Limit || row.Type != query.Type {
			break
		}
		if !row.Erased && (query.Label == "" || slices.Contains(row.Labels, query.Label)) {
			found = append(found, copyRecord(row))
		}
	}
	return found, nil
}

func (b *book) RecordsAfter(_ context.Context, after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
	return b.records.page(record(after), false, limit, every[ledger.RecordRow]), nil
}

func accountNo(no int64) ledger.Account            { return ledger.Account{No: no} }
func posting(no int64) ledger.PostingRow           { return ledger.PostingRow{No: no} }
func record(key ledger.RecordKey) ledger.RecordRow { return ledger.RecordRow{RecordKey: key} }
func every[T any](T) bool                          { return true }

// each turns what is asked for into probes.
func each[K, T any](keys []K, probe func(K) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, key := range keys {
			if !yield(probe(key)) {
				return
			}
		}
	}
}

// one reports what is not there.
func one[T any](row T, there bool) (T, error) {
	if !there {
		var none T
		return none, ledger.ErrNotFound
	}
	return row, nil
}
