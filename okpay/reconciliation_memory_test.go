package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// endless is a statement of any number of rows that is made while it is read.
type endless struct {
	rows, next int
	left       string
}

func (e *endless) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("only to the start")
	}
	e.next, e.left = 0, statementHead
	return 0, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == "" {
		if e.next == e.rows {
			return 0, io.EOF
		}
		e.next++
		e.left = in(fmt.Sprintf("order-%d", e.next), 100, 1, fmt.Sprintf("B-%d", e.next))
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// The ledger of this test is in a file: what it keeps of each row is not in memory.
func TestAStatementOfManyRowsTakesNoMoreMemoryThanOneOfFew(t *testing.T) {
	rows := testsize.Scaled(t, 20_000)
	store, err := sqlitestore.Open(t.Context(), t.TempDir()+"/wallet.db", sqlitestore.Config{})
	require.NoError(t, err)
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, errors.Join(l.Close(context.Background()), store.Close())) })
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(t, err)

	heap := func() uint64 {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	before, most, passes := heap(), uint64(0), 0
	format := func(r io.Reader, c *money.Registry) iter.Seq2[rails.Row, error] {
		passes++
		return func(yield func(rails.Row, error) bool) {
			for row, err := range rails.CSV(r, c) {
				if row.No%5_000 == 0 {
					most = max(most, heap())
				}
				if !yield(row, err) {
					return
				}
			}
		}
	}
	report, err := w.Reconciliation.Import(t.Context(), okpay.ImportStatement{Provider: "simulated", Format: format, File: &endless{rows: rows}})
	require.NoError(t, err)
	assert.Equal(t, 2, passes)
	assert.Equal(t, rows, report.MissingHere)
	assert.Equal(t, cny(int64(rows)*100), report.Sums[0].Suspended.In)
	t.Logf("%d rows took %d KiB more", rows, (most-min(before, most))>>10)
	assert.Less(t, most, before+8<<20)
}
