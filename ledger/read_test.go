package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// A database may refuse such a text with an error of its own, so it does not get to see it.
func TestAStoreIsNotAskedForWhatItCanNotHold(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{})
	_, err := d.commit(pay("", "bank", "user", 1))
	require.NoError(t, err)
	ctx := t.Context()
	for _, bad := range []string{"a\x00b", "\xff", strings.Repeat("x", 1000)} {
		for what, read := range map[string]func() (found any, err error){
			"balance": func() (any, error) {
				_, err := d.Balance(ctx, ledger.AccountKey{Name: bad, Currency: "CNY"})
				return nil, err
			},
			"currency": func() (any, error) {
				_, err := d.Balance(ctx, ledger.AccountKey{Name: "bank", Currency: bad})
				return nil, err
			},
			"statement": func() (any, error) {
				return d.Statement(ctx, ledger.AccountKey{Name: bad, Currency: "CNY"}, ledger.Page{})
			},
			"entries of a currency": func() (any, error) {
				return d.Statement(ctx, ledger.AccountKey{Name: "bank", Currency: bad}, ledger.Page{})
			},
			"effective": func() (any, error) {
				found, err := d.StatementByEffective(ctx, ledger.AccountKey{Name: bad, Currency: "CNY"}, ledger.EffectivePage{})
				return found, err
			},
			"transactions of an account": func() (any, error) { return d.Transactions(ctx, ledger.TransactionQuery{Account: bad}) },
			"transactions of a prefix":   func() (any, error) { return d.Transactions(ctx, ledger.TransactionQuery{Prefix: bad}) },
			"transactions of a currency": func() (any, error) { return d.Transactions(ctx, ledger.TransactionQuery{Currency: bad}) },
			"reference":                  func() (any, error) { return d.Transactions(ctx, ledger.TransactionQuery{Reference: bad}) },
			"metadata":                   func() (any, error) { return d.Transactions(ctx, ledger.TransactionQuery{MetadataKey: bad}) },
			"totals":                     func() (any, error) { return d.Totals(ctx, bad) },
			"prefix":                     func() (any, error) { found, _, err := d.Balances(ctx, bad, 0, 0); return found, err },
			"hold":                       func() (any, error) { _, err := d.FindHold(ctx, bad); return nil, err },
			"type":                       func() (any, error) { _, err := d.Record(ctx, bad, "id"); return nil, err },
			"id":                         func() (any, error) { _, err := d.Record(ctx, "t", bad); return nil, err },
			"key":                        func() (any, error) { _, err := d.RecordByKey(ctx, bad); return nil, err },
			"query":                      func() (any, error) { return d.Records(ctx, ledger.RecordQuery{Type: bad}) },
			"label":                      func() (any, error) { return d.Records(ctx, ledger.RecordQuery{Type: "t", Label: bad}) },
			"after":                      func() (any, error) { return d.Records(ctx, ledger.RecordQuery{Type: "t", After: bad}) },
		} {
			d.asked.reads = 0
			found, err := read()
			if err != nil {
				require.True(t, errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrInvalid), "%s: %v", what, err)
			}
			assert.Empty(t, found, what)
			assert.Zero(t, d.asked.reads, "%s %q", what, bad)
		}
	}
	found, err := d.Records(ctx, ledger.RecordQuery{Type: "t", DueBy: time.Now()})
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.Equal(t, 1, d.asked.reads, "a good question is asked")
}

// Instants are counted in 64 bits, which other years than those of a calendar do not fit into.
func TestTimesAndNumbersBeyondAllThereIs(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{})
	_, err := d.commit(ledger.Change{Ops: []ledger.Op{ledger.Transaction{
		Effective: noon.AddDate(-1, 0, 0), Postings: pay("", "bank", "user", 7).Ops[0].(ledger.Transaction).Postings,
	}}})
	require.NoError(t, err)
	ctx, user := t.Context(), ledger.AccountKey{Name: "user", Currency: "CNY"}
	for _, at := range []time.Time{
		time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), time.Time{}.Add(1),
	} {
		_, err = d.BalanceAt(ctx, user, ledger.At{Effective: at})
		require.ErrorIs(t, err, ledger.ErrInvalid, "%v", at)
		_, err = d.BalanceAt(ctx, user, ledger.At{Recorded: at})
		require.ErrorIs(t, err, ledger.ErrInvalid, "%v", at)
		_, err = d.Records(ctx, ledger.RecordQuery{Type: "t", DueBy: at})
		require.ErrorIs(t, err, ledger.ErrInvalid, "%v", at)
	}
	last, err := d.BalanceAt(ctx, user, ledger.At{Effective: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)})
	require.NoError(t, err)
	assert.EqualValues(t, 7, last.Minor())

	for _, desc := range []bool{false, true} {
		page, err := d.Transactions(ctx, ledger.TransactionQuery{After: 1<<63 - 1, Desc: desc})
		require.NoError(t, err)
		assert.Empty(t, page)
		page, err = d.Transactions(ctx, ledger.TransactionQuery{Before: 1<<63 - 1, Desc: desc})
		require.NoError(t, err)
		assert.Len(t, page.Transactions, 1)
	}
	for _, n := range []int64{-1 << 63, -1, 1<<63 - 1} {
		events, err := d.Events(ctx, n, 0)
		require.NoError(t, err)
		assert.Empty(t, events)
		blocks, err := d.Blocks(ctx, n, 0)
		require.NoError(t, err)
		assert.Equal(t, n < 0, len(blocks) == 1, "%d", n)
		_, err = d.FindTransaction(ctx, n)
		require.ErrorIs(t, err, ledger.ErrNotFound)
	}
}
