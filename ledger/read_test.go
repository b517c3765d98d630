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
