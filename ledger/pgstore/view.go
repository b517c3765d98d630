package pgstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// view reads in a transaction that begins with its first question, in the same round trip,
// and shows the state of that moment. It is for one goroutine.
type view struct {
	conn   *conn
	ledger int64
	begun  bool
	ended  bool
}

// Read calls fn with one consistent view of committed state. The View is for one goroutine,
// and shows the state as of the first question put to it.
func (s *Store) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	c, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(ctx)
	v := &view{conn: c, ledger: id}
	defer func() { v.ended = true }()
	return fn(v)
}

// ask sends one question.
func (v *view) ask(ctx context.Context, s stmt, read func(*row), args ...[]byte) error {
	return v.askAll(ctx, call{s, append([][]byte{int8Of(v.ledger)}, args...), read})
}

func (v *view) askAll(ctx context.Context, calls ...call) error {
	if v.ended {
		return errEnded
	}
	if !v.begun {
		calls = append([]call{{stmt: beginRead}, {stmt: configureRead}}, calls...)
		v.begun = true
	}
	_, err := v.conn.do(ctx, calls...)
	return translate(ctx, "read", err)
}

// list asks for rows.
func list[T any](ctx context.Context, v *view, s stmt, read func(*row) T, args ...[]byte) ([]T, error) {
	var rows []T
	if err := v.ask(ctx, s, collect(&rows, read), args...); err != nil {
		return nil, err
	}
	return rows, nil
}

// get asks for the one row whose key the texts are. A text that can not be stored names
// nothing.
func get[T any](ctx context.Context, v *view, s stmt, read func(*row) T, what string, key ...string) (T, error) {
	var none T
	var rows []T
	args := make([][]byte, len(key))
	for i, k := range key {
		if !storable(k) {
			return none, notFound(what)
		}
		args[i] = texts([]string{k}, self)
	}
	if err := v.ask(ctx, s, collect(&rows, read), args...); err != nil {
		return none, err
	}
	if len(rows) == 0 {
		return none, notFound(what)
	}
	return rows[0], nil
}

func notFound(what string) error { return fmt.Errorf("pgstore: %s: %w", what, ledger.ErrNotFound) }

func limitOf(limit int) []byte { return int8Of(int64(limit)) }

// Head returns the ledger's head as of the view.
func (v *view) Head(ctx context.Context) (ledger.Head, error) {
	heads, err := list(ctx, v, selectHead, func(r *row) ledger.Head {
		head, _ := r.head()
		return head
	})
	if err == nil && len(heads) == 0 {
		err = notFound("ledger")
	}
	if err != nil {
		return ledger.Head{}, err
	}
	return heads[0], nil
}

func (v *view) Change(ctx context.Context, id string) (ledger.ChangeRow, error) {
	return get(ctx, v, findChanges, (*row).change, "change", id)
}

func (v *view) Changes(ctx context.Context, after string, limit int) ([]ledger.ChangeRow, error) {
	return list(ctx, v, listChanges, (*row).change, textOf(after), limitOf(limit))
}

func (v *view) Blocks(ctx context.Context, after int64, limit int) ([]ledger.Block, error) {
	return list(ctx, v, listBlocks, (*row).block, int8Of(after), limitOf(limit))
}

func (v *view) Events(ctx context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	return list(ctx, v, listEvents, (*row).event, int8Of(after), limitOf(limit))
}

func (v *view) Account(ctx context.Context, key ledger.AccountKey) (ledger.Account, error) {
	return get(ctx, v, findAccounts, (*row).account, "account", key.Name, key.Currency)
}

func (v *view) AccountsByNo(ctx context.Context, nos []int64) ([]ledger.Account, error) {
	if len(nos) == 0 {
		return nil, nil
	}
	return list(ctx, v, findAccountNos, (*row).account, int8s(nos, self))
}

// highest is the character that sorts last.
const highest = "\U0010FFFF"

func (v *view) Accounts(ctx context.Context, prefix string, after int64, limit int) ([]ledger.Account, error) {
	if prefix == "" {
		return list(ctx, v, listAccounts, (*row).account, int8Of(after), limitOf(limit))
	}
	if !storable(prefix) {
		return nil, nil
	}
	var rows []ledger.Account
	// Whether to walk all accounts or to sort those with the prefix depends on how many
	// have it: let the planner look.
	err := v.askAll(ctx, call{stmt: customPlans}, call{
		listAccountsByPrefix,
		[][]byte{int8Of(v.ledger), int8Of(after), limitOf(limit), textOf(prefix), textOf(prefix + highest)},
		collect(&rows, (*row).account),
	})
	return rows, err
}

func (v *view) Currencies(ctx context.Context) (map[string]int, error) {
	scales := make(map[string]int)
	err := v.ask(ctx, listCurrencies, func(r *row) {
		code, scale := r.text(), r.int4()
		scales[code] = scale
	})
	return scales, err
}

func (v *view) Postings(ctx context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	return list(ctx, v, listPostings, (*row).posting, int8Of(after), limitOf(limit))
}

func (v *view) Entries(ctx context.Context, account, lowest, highest int64) ([]ledger.PostingRow, error) {
	return list(ctx, v, listEntries, (*row).posting, int8Of(account), int8Of(lowest), int8Of(highest))
}

func (v *view) Hold(ctx context.Context, id string) (ledger.HoldState, error) {
	return get(ctx, v, findHolds, (*row).hold, "hold", id)
}

func (v *view) DueHolds(ctx context.Context, account int64, at time.Time) ([]ledger.HoldState, error) {
	return list(ctx, v, findDue, (*row).hold, int8s([]int64{account}, self), int8Of(at.UnixMicro()-pgEpoch))
}

func (v *view) Holds(ctx context.Context, after string, limit int) ([]ledger.HoldState, error) {
	return list(ctx, v, listHolds, (*row).hold, textOf(after), limitOf(limit))
}

func (v *view) Record(ctx context.Context, key ledger.RecordKey) (ledger.RecordRow, error) {
	if !storableKey(key) {
		return ledger.RecordRow{}, notFound("record")
	}
	rows, err := list(ctx, v, getRecord, (*row).record, textOf(key.Type), textOf(key.ID))
	if err == nil && len(rows) == 0 {
		err = notFound("record")
	}
	if err != nil {
		return ledger.RecordRow{}, err
	}
	return rows[0], nil
}

func (v *view) RecordsByKey(ctx context.Context, keys []ledger.RecordKey) ([]ledger.RecordRow, error) {
	keys = only(keys, storableKey)
	return list(ctx, v, getRecords, (*row).record,
		texts(keys, func(k *ledger.RecordKey) string { return k.Type }),
		texts(keys, func(k *ledger.RecordKey) string { return k.ID }))
}

func (v *view) Unique(ctx context.Context, key string) (ledger.RecordKey, error) {
	return get(ctx, v, findUnique, func(r *row) ledger.RecordKey {
		r.text()
		return r.recordKey()
	}, "unique key", key)
}

func (v *view) RecordsAfter(ctx context.Context, after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
	return list(ctx, v, listRecords, (*row).record, textOf(after.Type), textOf(after.ID), limitOf(limit))
}

func (v *view) Records(ctx context.Context, q ledger.RecordQuery) ([]ledger.RecordRow, error) {
	if !storable(q.Type) || !storable(q.Label) || !storable(q.After) {
		return nil, nil
	}
	if !q.DueBy.IsZero() {
		args := [][]byte{textOf(q.Type), timeOf(q.DueBy), limitOf(q.Limit)}
		if q.DueAfter.IsZero() {
			return list(ctx, v, recordsByDue, (*row).record, args...)
		}
		return list(ctx, v, recordsByDueAfter, (*row).record, append(args, timeOf(q.DueAfter), textOf(q.After))...)
	}
	byID, byLabel, from := recordsByID, recordsByLabel, q.After
	if q.Desc {
		byID, byLabel = recordsByIDDesc, recordsByLabelDesc
		if from == "" {
			from = strings.Repeat(highest, ledger.MaxIDLen/len(highest)+1) // follows every id
		}
	}
	args := [][]byte{textOf(q.Type), textOf(from), limitOf(q.Limit)}
	if q.Label == "" {
		return list(ctx, v, byID, (*row).record, args...)
	}
	return list(ctx, v, byLabel, (*row).record, append(args, textOf(q.Label))...)
}
