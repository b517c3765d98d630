package store

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

var errViewEnded = errors.New("store: the view has ended")

// view is the ledger.View of a book's moment, until its Read has ended. Its methods begin with
// open, so that a view that was kept fails rather than tell of the past.
type view struct {
	*book
	ended atomic.Bool
}

func (v *view) open() error {
	if v.ended.Load() {
		return errViewEnded
	}
	return nil
}

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

func (v *view) Head(context.Context) (ledger.Head, error) {
	if err := v.open(); err != nil {
		return ledger.Head{}, err
	}
	return v.head, nil
}

func (v *view) Change(_ context.Context, id string) (ledger.ChangeRow, error) {
	if err := v.open(); err != nil {
		return ledger.ChangeRow{}, err
	}
	return one(v.changes.get(ledger.ChangeRow{ID: id}))
}

func (v *view) Changes(_ context.Context, after string, limit int) ([]ledger.ChangeRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.changes.page(ledger.ChangeRow{ID: after}, false, limit, every[ledger.ChangeRow]), nil
}

func (v *view) Blocks(_ context.Context, after int64, limit int) ([]ledger.Block, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.blocks.page(ledger.Block{Seq: after}, false, limit, every[ledger.Block]), nil
}

func (v *view) Events(_ context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.events.page(ledger.EventRow{No: after}, false, limit, every[ledger.EventRow]), nil
}

func (v *view) Account(_ context.Context, key ledger.AccountKey) (ledger.Account, error) {
	if err := v.open(); err != nil {
		return ledger.Account{}, err
	}
	return one(v.accounts.get(accountNo(v.numbers[key])))
}

func (v *view) AccountsByNo(_ context.Context, nos []int64) ([]ledger.Account, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.accounts.all(each(nos, accountNo)), nil
}

func (v *view) Accounts(_ context.Context, prefix string, after int64, limit int) ([]ledger.Account, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	var found []ledger.Account
	for row := range v.accounts.after(accountNo(after), false) {
		if len(found) == limit {
			break
		}
		if strings.HasPrefix(row.Key.Name, prefix) {
			found = append(found, copyAccount(row))
		}
	}
	return found, nil
}

func (v *view) Currencies(context.Context) (map[string]int, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return maps.Clone(v.currencies), nil
}

func (v *view) Postings(_ context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.postings.page(ledger.PostingRow{No: after}, false, limit, every[ledger.PostingRow]), nil
}

func (v *view) PostingsByNo(_ context.Context, nos []int64) ([]ledger.PostingRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.postings.all(each(nos, posting)), nil
}

func (v *view) Entries(_ context.Context, account, lowest, highest int64) ([]ledger.PostingRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	var found []ledger.PostingRow
	for entry := range v.entries.after(ledger.Mark{Account: account, Nth: max(lowest, 1) - 1}, false) {
		if entry.Account != account || entry.Nth > highest {
			break
		}
		row, _ := v.postings.get(posting(entry.Posting))
		found = append(found, row)
	}
	return found, nil
}

func (v *view) MarksAt(_ context.Context, account int64, nths []int64) ([]ledger.Mark, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.marks.all(each(nths, func(nth int64) ledger.Mark { return ledger.Mark{Account: account, Nth: nth} })), nil
}

func (v *view) Reversals(_ context.Context, transactions []int64) (map[int64]int64, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.reversalsOf(transactions), nil
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

func (v *view) ByTerm(_ context.Context, hash, after int64, desc bool, limit int) ([]int64, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	var found []int64
	for row := range v.terms.after(ledger.Term{Hash: hash, Transaction: after}, desc) {
		if len(found) == limit || row.Hash != hash {
			break
		}
		found = append(found, row.Transaction)
	}
	return found, nil
}

func (v *view) DatedAt(_ context.Context, account int64, nths []int64) ([]ledger.DatedRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.dated.all(each(nths, func(nth int64) ledger.DatedRow { return ledger.DatedRow{Account: account, Nth: nth} })), nil
}

func (v *view) DatedBy(_ context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]ledger.DatedRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	probe := ledger.DatedRow{Account: account, Effective: effective, Nth: nth}
	return v.effective.page(probe, desc, limit, func(row ledger.DatedRow) bool { return row.Account == account }), nil
}

func (v *view) DatedTotal(_ context.Context, account int64, ranges []ledger.BucketRange) (int64, error) {
	if err := v.open(); err != nil {
		return 0, err
	}
	var total int64
	for _, r := range ranges {
		for _, row := range v.sums.rows {
			if row.Account == account && row.Level == r.Level && r.From <= row.Bucket && row.Bucket < r.Until {
				total += row.Delta
			}
		}
	}
	return total, nil
}

func (v *view) LastDated(_ context.Context, account int64) (ledger.DatedRow, error) {
	if err := v.open(); err != nil {
		return ledger.DatedRow{}, err
	}
	return one(v.lastDated(account))
}

func (b *book) lastDated(account int64) (ledger.DatedRow, bool) {
	for row := range b.dated.after(ledger.DatedRow{Account: account, Nth: math.MaxInt64}, true) {
		return copyDated(row), row.Account == account
	}
	return ledger.DatedRow{}, false
}

func (v *view) Hold(_ context.Context, id string) (ledger.HoldState, error) {
	if err := v.open(); err != nil {
		return ledger.HoldState{}, err
	}
	return one(v.holds.get(ledger.HoldState{ID: id}))
}

func (v *view) DueHolds(_ context.Context, account int64, at time.Time) ([]ledger.HoldState, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.holds.where(func(row ledger.HoldState) bool { return due(row, at) && touches(row, account) }), nil
}

func (v *view) Holds(_ context.Context, after string, limit int) ([]ledger.HoldState, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.holds.page(ledger.HoldState{ID: after}, false, limit, every[ledger.HoldState]), nil
}

func (v *view) Record(_ context.Context, key ledger.RecordKey) (ledger.RecordRow, error) {
	if err := v.open(); err != nil {
		return ledger.RecordRow{}, err
	}
	return one(v.records.get(record(key)))
}

func (v *view) RecordsByKey(_ context.Context, keys []ledger.RecordKey) ([]ledger.RecordRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.records.all(each(keys, record)), nil
}

func (v *view) Unique(_ context.Context, key string) (ledger.RecordKey, error) {
	if err := v.open(); err != nil {
		return ledger.RecordKey{}, err
	}
	holder, there := v.unique[key]
	return one(holder, there)
}

func (v *view) Records(_ context.Context, query ledger.RecordQuery) ([]ledger.RecordRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	if !query.DueBy.IsZero() {
		found := v.records.where(func(row ledger.RecordRow) bool {
			return row.Type == query.Type && !row.Erased && !row.Due.IsZero() && !row.Due.After(query.DueBy) &&
				(query.DueAfter.IsZero() || cmp.Or(row.Due.Compare(query.DueAfter), strings.Compare(row.ID, query.After)) > 0)
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
	for row := range v.records.after(record(start), query.Desc) {
		if len(found) == query.Limit || row.Type != query.Type {
			break
		}
		if !row.Erased && (query.Label == "" || slices.Contains(row.Labels, query.Label)) {
			found = append(found, copyRecord(row))
		}
	}
	return found, nil
}

func (v *view) RecordsAfter(_ context.Context, after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
	if err := v.open(); err != nil {
		return nil, err
	}
	return v.records.page(record(after), false, limit, every[ledger.RecordRow]), nil
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
