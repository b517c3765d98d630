package pgstore

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

func newFound() *ledger.Found {
	return &ledger.Found{
		Unique:     make(map[string]ledger.RecordKey),
		Currencies: make(map[string]int),
		NextExpiry: make(map[int64]time.Time),
		Reversals:  make(map[int64]int64),
	}
}

// loads are the calls that find what need names. Nothing is asked for what is not needed.
func loads(id int64, need *ledger.Need, found *ledger.Found) []call {
	l := loader{id: int8Of(id), found: found}
	l.byID(findChanges, need.Changes, collect(&found.Changes, (*row).change))
	l.accounts(need)
	l.holds(need)
	l.records(need.Records)
	l.byID(findUnique, need.Unique, func(r *row) {
		key, record := r.text(), r.recordKey()
		found.Unique[key] = record
	})
	l.byID(findCurrencies, need.Currencies, func(r *row) {
		code, scale := r.text(), r.int4()
		found.Currencies[code] = scale
	})
	l.history(need)
	return l.calls
}

type loader struct {
	id    []byte
	found *ledger.Found
	calls []call
}

func (l *loader) add(s stmt, read func(*row), args ...[]byte) {
	l.calls = append(l.calls, call{s, append([][]byte{l.id}, args...), read})
}

// byID asks for rows by a text.
func (l *loader) byID(s stmt, ids []string, read func(*row)) {
	if ids = only(ids, storable); len(ids) > 0 {
		l.add(s, read, texts(ids, self))
	}
}

func (l *loader) accounts(need *ledger.Need) {
	keys := only(need.Accounts, func(k ledger.AccountKey) bool { return storable(k.Name) && storable(k.Currency) })
	read := collect(&l.found.Accounts, (*row).account)
	if len(keys) > 0 {
		l.add(findAccounts, read,
			texts(keys, func(k *ledger.AccountKey) string { return k.Name }),
			texts(keys, func(k *ledger.AccountKey) string { return k.Currency }))
	}
	if len(need.AccountNos) > 0 {
		l.add(findAccountNos, read, int8s(need.AccountNos, self))
	}
}

func (l *loader) holds(need *ledger.Need) {
	read := collect(&l.found.Holds, (*row).hold)
	l.byID(findHolds, need.Holds, read)
	if len(need.DueOn) == 0 {
		return
	}
	nos, at := int8s(need.DueOn, self), int8Of(need.DueAt.UnixMicro()-pgEpoch)
	l.add(findDue, read, nos, at)
	l.add(findNextExpiry, func(r *row) {
		if no, at := r.int8(), r.time(); !at.IsZero() {
			l.found.NextExpiry[no] = at
		}
	}, nos, at)
}

func (l *loader) records(keys []ledger.RecordKey) {
	keys = only(keys, storableKey)
	if len(keys) > 0 {
		l.add(findRecords, collect(&l.found.Records, (*row).record),
			texts(keys, func(k *ledger.RecordKey) string { return k.Type }),
			texts(keys, func(k *ledger.RecordKey) string { return k.ID }))
	}
}

// history finds transactions, the last dated entries of accounts, and records by label.
func (l *loader) history(need *ledger.Need) {
	if len(need.Transactions) > 0 {
		nos := int8s(need.Transactions, self)
		l.add(findTransactions, collect(&l.found.Postings, (*row).posting), nos, int8Of(ledger.MaxPostings))
		l.add(findReversals, into(l.found.Reversals), nos)
	}
	if keys := only(need.Dated, func(k ledger.AccountKey) bool { return storable(k.Name) && storable(k.Currency) }); len(keys) > 0 {
		l.add(findDated, collect(&l.found.Dated, (*row).dated),
			texts(keys, func(k *ledger.AccountKey) string { return k.Name }),
			texts(keys, func(k *ledger.AccountKey) string { return k.Currency }))
	}
	if labels := only(need.Labeled, func(r ledger.RecordLabel) bool { return storable(r.Type) && storable(r.Label) }); len(labels) > 0 {
		l.add(findLabeled, collect(&l.found.Labeled, (*row).record),
			texts(labels, func(r *ledger.RecordLabel) string { return r.Type }),
			texts(labels, func(r *ledger.RecordLabel) string { return r.Label }))
	}
}

// into reads pairs of numbers.
func into(pairs map[int64]int64) func(*row) {
	return func(r *row) {
		key, value := r.int8(), r.int8()
		pairs[key] = value
	}
}

func storableKey(k ledger.RecordKey) bool { return storable(k.Type) && storable(k.ID) }

// only returns the elements that satisfy ok: the list itself if all do.
func only[T any](list []T, ok func(T) bool) []T {
	for i := range list {
		if !ok(list[i]) {
			return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !ok(v) })
		}
	}
	return list
}
