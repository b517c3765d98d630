package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// manyRows is how many rows the statement has: OKPAY_TEST_SIZE=200 makes a million of them.
const manyRows = 5_000

// knownEvery is of how many rows one settles a top-up; the others are of nothing that is here.
const knownEvery = 10

// endless is a statement of any number of rows that is made while it is read.
type endless struct {
	head, foot string
	row        func(no int) string
	rows, next int
	left       string
}

func (e *endless) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("only to the start")
	}
	e.next, e.left = 0, e.head
	return 0, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == "" {
		switch e.next++; {
		case e.next <= e.rows:
			e.left = e.row(e.next)
		case e.next == e.rows+1 && e.foot != "":
			e.left = e.foot
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// endlessCSV and endlessCamt are the same statement in two formats.
func endlessCSV(rows int, reference func(int) string) *endless {
	return &endless{head: statementHead, rows: rows, row: func(no int) string { return in(reference(no), 100, 1, fmt.Sprintf("B-%d", no)) }}
}

func endlessCamt(rows int, reference func(int) string) *endless {
	return &endless{
		head: `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>`,
		foot: `</Stmt></BkToCstmrStmt></Document>`, rows: rows,
		row: func(no int) string {
			return fmt.Sprintf(`<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>`+
				`<Chrgs><Rcrd><Amt Ccy="CNY">0.01</Amt></Rcrd></Chrgs><NtryDtls><TxDtls><Refs><AcctSvcrRef>B-%d</AcctSvcrRef><EndToEndId>%s</EndToEndId></Refs>`+
				`<Chrgs><Rcrd><Amt Ccy="CNY">0.01</Amt></Rcrd></Chrgs></TxDtls></NtryDtls></Ntry>`, no, reference(no))
		},
	}
}

// What an import has in memory must not grow with the statement, nor its speed fall. The
// ledger of the one store is in a file, so all that is on the heap is the import's and what the
// ledger remembers, which is bounded; the other store is the heap itself, and tells what a row
// takes to be kept.
func TestAStatementOfManyRowsTakesNoMoreMemoryThanOneOfFew(t *testing.T) {
	rows := testsize.Scaled(t, manyRows)
	stores := map[string]func() ledger.Store{
		"sqlite": func() ledger.Store {
			store, err := sqlitestore.Open(t.Context(), t.TempDir()+"/wallet.db", sqlitestore.Config{})
			require.NoError(t, err)
			return store
		},
		"memory": func() ledger.Store { return memstore.New() },
	}
	formats := map[string]struct {
		file func(int, func(int) string) *endless
		read rails.Statement
	}{"csv": {endlessCSV, rails.CSV}, "camt.053": {endlessCamt, rails.Camt053}}
	for store, open := range stores {
		for name, format := range formats {
			t.Run(store+"/"+name, func(t *testing.T) {
				s := open()
				l, err := ledger.Open(t.Context(), s, ledger.Config{Chart: okpay.Chart(), MaxRecordBytes: 4 << 20})
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, errors.Join(l.Close(context.Background()), s.Close())) })
				pending := &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Unknown }}
				w, err := okpay.New(l, okpay.Config{Sources: map[string]rails.FundingSource{"bankA": pending}})
				require.NoError(t, err)
				known := manyTopUps(t, w, rows/knownEvery)
				reference := func(no int) string {
					if no%knownEvery == 0 {
						return known[no/knownEvery-1]
					}
					return fmt.Sprintf("order-%d", no)
				}
				m := &measured{rows: rows, format: format.read}
				report, err := w.Reconciliation.Import(t.Context(), okpay.ImportStatement{
					Provider: "bankA", Format: m.read, File: format.file(rows, reference),
				})
				require.NoError(t, err)
				m.done(t)
				assert.Equal(t, 2, m.passes)
				assert.Equal(t, []int{rows, rows / knownEvery, rows - rows/knownEvery}, []int{report.Rows, report.Matched, report.MissingHere})
				assert.Equal(t, cny(int64(rows)*100), report.Sums[0].In)
				if store == "sqlite" {
					assert.Less(t, m.most, m.before+24<<20, "what is on the heap does not depend on the number of rows")
				}
			})
		}
	}
}

// manyTopUps are top-ups of 1.00 that wait for their money.
func manyTopUps(t *testing.T, w *okpay.Wallet, n int) []string {
	t.Helper()
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "payer"})
	require.NoError(t, err)
	ids := make([]string, n)
	const atOnce = 64
	var running sync.WaitGroup
	for worker := range atOnce {
		running.Go(func() {
			for i := worker; i < n; i += atOnce {
				top, err := w.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: "payer", Amount: cny(100), Source: "bankA"})
				if !assert.NoError(t, err) {
					return
				}
				ids[i] = string(top.ID)
			}
		})
	}
	running.Wait()
	require.False(t, t.Failed())
	return ids
}

// measured is a format that notes, while its rows are read for the second time, how much is on
// the heap, and how long each tenth of them takes.
type measured struct {
	rows   int
	format rails.Statement

	passes       int
	before, most uint64 // bytes on the heap that are in use
	peak         uint64 // with what is not collected yet
	began, last  time.Time
	tenths       []time.Duration
}

func heap(collected bool) uint64 {
	var now runtime.MemStats
	if collected {
		runtime.GC()
	}
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

func (m *measured) read(r io.Reader, c *money.Registry) iter.Seq2[rails.Row, error] {
	m.passes++
	counts := m.passes == 2
	if counts {
		m.before = heap(true)
		m.began = time.Now()
		m.last = m.began
	}
	return func(yield func(rails.Row, error) bool) {
		for row, err := range m.format(r, c) {
			if counts && row.No%500 == 0 {
				m.peak = max(m.peak, heap(false))
			}
			if counts && row.No%(m.rows/10) == 0 {
				now := time.Now()
				m.tenths = append(m.tenths, now.Sub(m.last))
				m.most = max(m.most, heap(true))
				m.last = time.Now()
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func (m *measured) done(t *testing.T) {
	t.Helper()
	took := time.Since(m.began)
	rate := func(rows int, took time.Duration) int { return int(float64(rows) / took.Seconds()) }
	rates := make([]int, len(m.tenths))
	for i, tenth := range m.tenths {
		rates[i] = rate(m.rows/10, tenth)
	}
	if m.rows < 20*4_096 { // rows are worked on some thousand at a time
		rates = nil
	}
	t.Logf("%d rows in %v: %d rows/s (by tenths %v); on the heap %d MiB before, at most %d MiB in use, %d MiB at its peak",
		m.rows, took.Round(time.Millisecond), rate(m.rows, took), rates, m.before>>20, m.most>>20, m.peak>>20)
}
