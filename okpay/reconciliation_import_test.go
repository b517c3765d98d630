package okpay_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// wornStore fails every commit after a number of them, until it is mended.
type wornStore struct {
	ledger.Store
	left atomic.Int64
}

func newWornStore() *wornStore {
	s := &wornStore{Store: memstore.New()}
	s.mend()
	return s
}

func (s *wornStore) mend()           { s.left.Store(1 << 60) }
func (s *wornStore) failAfter(n int) { s.left.Store(int64(n)) }

func (s *wornStore) Begin(ctx context.Context, l int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	tx, found, err := s.Store.Begin(ctx, l, need)
	if err != nil {
		return nil, nil, err
	}
	return &wornTx{tx, s}, found, nil
}

type wornTx struct {
	ledger.Tx
	of *wornStore
}

func (t *wornTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	if t.of.left.Add(-1) < 0 {
		return errors.Join(ledger.ErrUnavailable, t.Rollback(ctx))
	}
	return t.Tx.Commit(ctx, batch)
}

// month is a wallet over a store of its own, with objects in every state that statements can
// speak of, and a statement that speaks of all of them.
type month struct {
	*books
	store   *wornStore
	objects []string
	lines   []string
}

// newMonth makes the same objects with the same ids each time.
func newMonth(t *testing.T) *month {
	t.Helper()
	store := newWornStore()
	b := &books{desk: &desk{bank: &rails.SimulatedPayouts{}, fixture: &fixture{t: t, clock: handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}}}
	b.source = &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Unknown }}
	b.bank.Behave = func(rails.Payout, int) rails.Behavior {
		if b.answer == nil {
			return rails.Behavior{}
		}
		return b.answer(rails.Payout{}, 0)
	}
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: b.clock.Now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	var ids atomic.Int64
	b.Wallet, err = okpay.New(l, okpay.Config{
		Sources:         map[string]rails.FundingSource{"bankA": b.source, "psp": b.source},
		PayoutProviders: map[string]rails.PayoutProvider{"bankA": b.bank},
		NewID:           func() string { return fmt.Sprintf("%026d", ids.Add(1)) },
	})
	require.NoError(t, err)
	_, err = b.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "payer", Name: "Payer"})
	require.NoError(t, err)
	_, err = b.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	require.NoError(t, err)
	b.customer, b.merchant = "payer", "shop"
	b.to = b.destination(okpay.SaveDestination{Customer: b.customer, Provider: "bankA"})
	b.fund("user:payer:available", 1_000_000)
	m := &month{books: b, store: store}
	m.Reconciliation.CountEvery(3)
	m.fill()
	return m
}

func (m *month) fill() {
	n := 0
	name := func() string { n++; return fmt.Sprintf("B-%d", n) }
	wd := func(state okpay.WithdrawalState) okpay.WithdrawalID {
		id := m.reach(state, 1_000)
		m.objects = append(m.objects, string(id))
		return id
	}
	top := func(id okpay.TopUpID) okpay.TopUpID { m.objects = append(m.objects, string(id)); return id }
	add := func(lines ...string) { m.lines = append(m.lines, lines...) }

	add(out(wd(okpay.WithdrawalPaid), 1_000, 10, name()))
	add(out(wd(okpay.WithdrawalSubmitted), 1_000, 10, name()))
	for _, state := range []okpay.WithdrawalState{okpay.WithdrawalPaid, okpay.WithdrawalUnknown, okpay.WithdrawalFailed, okpay.WithdrawalSentBack} {
		id := wd(state)
		add(out(id, 1_000, 5, name()), back(id, 1_000, 0, name()))
	}
	id := wd(okpay.WithdrawalSubmitted)
	add(out(id, 1_000, 0, "twice-1"), out(id, 1_000, 0, "twice-2"))
	add(out(wd(okpay.WithdrawalFailed), 1_000, 0, name()), out(wd(okpay.WithdrawalPaid), 1_001, 0, name()), out(wd(okpay.WithdrawalCanceled), 1_000, 0, name()))
	add(in(top(m.came(2_000)), 2_000, 3, name()), in(top(m.asked(2_000)), 2_000, 3, name()), in(top(m.asked(2_000)), 1_900, 3, name()))
	reversed, early := top(m.came(2_000)), top(m.asked(2_000))
	add(in(reversed, 2_000, 0, name()), taken(reversed, 2_000, 0, name()), in(early, 2_000, 0, name()), taken(early, 2_000, 0, name()))
	add(in("nobody", 40, 1, name()), out("", 30, 1, name()), in("top_nowhere", 20, 1, name()))
}

// after is all that has become of a month.
type after struct {
	Balances map[string]int64
	States   map[string]string
	Events   map[string]int
	Counts   map[string]int
	Sums     []okpay.StatementSum
	Open     map[string]int
}

func (m *month) after(r okpay.Reconciliation) after {
	m.t.Helper()
	a := after{Balances: m.balancesOf("CNY"), States: map[string]string{}, Events: map[string]int{}, Counts: counts(r), Sums: r.Sums, Open: map[string]int{}}
	for _, id := range m.objects {
		a.States[id] = m.stateOf(id)
	}
	types, _ := m.since(0)
	for _, t := range types {
		a.Events[t]++
	}
	page, _, err := m.Exceptions.List(m.t.Context(), okpay.ExceptionQuery{Limit: 100})
	require.NoError(m.t, err)
	for _, e := range page {
		a.Open[e.Kind+" "+e.Object]++
	}
	assert.Equal(m.t, r.Rows, r.Matched+r.Duplicate+r.Mismatch+r.MissingHere, "every row is counted once")
	assert.Equal(m.t, okpay.ReconciliationCompleted, r.State)
	m.verify()
	return a
}

// wholeMonth is what becomes of a month whose statement is imported without any trouble.
func wholeMonth(t *testing.T) (after, int) {
	m := newMonth(t)
	r, err := m.load(statement(m.lines...))
	require.NoError(t, err)
	require.False(t, r.Replayed)
	return m.after(r), len(m.lines)
}

func TestAStatementIsCountedAndAddedUp(t *testing.T) {
	m := newMonth(t)
	text := statement(m.lines...)
	r, err := m.load(text)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(text))
	assert.Equal(t, hex.EncodeToString(sum[:]), r.File)
	assert.Equal(t, "2026-01-01.csv", r.Name)
	assert.Equal(t, len(m.lines), r.Rows)
	assert.Equal(t, map[string]int{"matched": 18, "mismatch": 4, "missing here": 3}, counts(r))
	require.Len(t, r.Sums, 1)
	assert.Equal(t, okpay.StatementSum{
		In: cny(13_960), Out: cny(16_031 - 1_000), Cost: cny(52),
		Settled:   okpay.Turnover{In: cny(4_000 + 8_000), Out: cny(12_000)},
		Suspended: okpay.Turnover{In: cny(1_900 + 60), Out: cny(1_000 + 1_001 + 1_000 + 30)},
	}, r.Sums[0])
	nostro := m.balancesOf("CNY")["bank:nostro"]
	assert.Equal(t, int64(-1_000_000)+15_031-13_960+52, nostro, "all of it moved on the bank account")

	got, err := m.Reconciliation.Get(t.Context(), r.ID)
	require.NoError(t, err)
	assert.Equal(t, r, got)
	for _, q := range []okpay.ReconciliationQuery{
		{}, {Provider: "bankA"}, {State: okpay.ReconciliationCompleted}, {File: r.File}, {Provider: "bankA", State: okpay.ReconciliationCompleted},
	} {
		page, more, err := m.Reconciliation.List(t.Context(), q)
		require.NoError(t, err)
		assert.False(t, more)
		assert.Equal(t, []okpay.Reconciliation{r}, page, "%+v", q)
	}
	page, _, err := m.Reconciliation.List(t.Context(), okpay.ReconciliationQuery{Provider: "psp"})
	require.NoError(t, err)
	assert.Empty(t, page)
	_, _, err = m.Reconciliation.List(t.Context(), okpay.ReconciliationQuery{Provider: "psp", File: r.File})
	refusedAs(t, err, okpay.InvalidRequest)
	_, err = m.Reconciliation.Get(t.Context(), "rec_nowhere")
	refusedAs(t, err, okpay.NotFound)

	entries, err := m.Reconciliation.BankEntries(t.Context(), m.objects[0])
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, okpay.BankEntry{
		ID: entries[0].ID, Provider: "bankA", Object: m.objects[0], Direction: "out", Amount: cny(1_000), Cost: cny(10),
		Reconciliation: r.ID, Row: 1, CreatedAt: m.clock.Now(), Sequence: 1,
	}, entries[0])
}

func TestAShuffledStatementEndsInTheSameBalances(t *testing.T) {
	want, n := wholeMonth(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 15 {
		m := newMonth(t)
		random.Shuffle(n, func(i, j int) { m.lines[i], m.lines[j] = m.lines[j], m.lines[i] })
		r, err := m.load(statement(m.lines...))
		require.NoError(t, err)
		got := m.after(r)
		assert.Equal(t, want.Balances, got.Balances)
		assert.Equal(t, want.States, got.States)
		assert.Equal(t, want.Counts, got.Counts)
		assert.Equal(t, want.Sums, got.Sums)
	}
}

func TestTheSameRowsInAnotherFileAreDuplicates(t *testing.T) {
	m := newMonth(t)
	_, err := m.load(statement(m.lines[:12]...))
	require.NoError(t, err)
	before, last := m.balancesOf("CNY"), m.last()
	r, err := m.load(statement(m.lines[:10]...))
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"duplicate": 10}, counts(r))
	assert.Equal(t, before, m.balancesOf("CNY"))
	types, _ := m.since(last)
	assert.Equal(t, []string{completed}, types)
	assert.Equal(t, cny(0), r.Sums[0].Cost)
	assert.Equal(t, cny(0), r.Sums[0].Settled.Out)

	t.Run("without the bank's names too", func(t *testing.T) {
		id := m.reach(okpay.WithdrawalSubmitted, 500)
		_, err := m.load(statement(out(id, 500, 0, "")))
		require.NoError(t, err)
		r, err := m.load(statement(in("x", 1, 0, ""), out(id, 500, 0, "")))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"duplicate": 1, "missing here": 1}, counts(r))
	})
	t.Run("also what waits for a person", func(t *testing.T) {
		id := m.reach(okpay.WithdrawalApproved, 500)
		rows := []string{out(id, 500, 0, "W-1"), in("nobody", 9, 0, "W-2"), in("nobody", 9, 0, "W-2"), in("", 8, 0, "W-3")}
		r, err := m.load(statement(rows...))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"mismatch": 1, "missing here": 3}, counts(r))
		_, err = m.Withdrawals.Submit(t.Context(), id)
		require.NoError(t, err)
		before := m.balancesOf("CNY")
		r, err = m.load(statement(append(rows, in("", 8, 0, ""))...))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"duplicate": 4, "missing here": 1}, counts(r), "one without any name is taken for another")
		assert.Equal(t, map[string]int64{"suspense:bankA": 8, "bank:nostro": -8}, m.moved(before))
		assert.Equal(t, okpay.WithdrawalSubmitted, okpay.WithdrawalState(m.stateOf(string(id))))
	})
	t.Run("but not twice in one file", func(t *testing.T) {
		id := m.reach(okpay.WithdrawalSubmitted, 500)
		r, err := m.load(statement(out(id, 500, 0, ""), out(id, 500, 0, "")))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"matched": 1, "mismatch": 1}, counts(r))
		assert.Equal(t, 1, m.kinds(string(id))["settled_twice"])
	})
}

func TestAFileIsOfOneProvider(t *testing.T) {
	m := newMonth(t)
	text := statement(m.lines...)
	_, err := m.load(text)
	require.NoError(t, err)
	last := m.last()
	_, err = m.Reconciliation.Import(t.Context(), okpay.ImportStatement{Provider: "psp", Format: rails.CSV, File: strings.NewReader(text)})
	e := refusedAs(t, err, okpay.IdempotencyKeyReused)
	assert.Equal(t, "provider", e.Field)
	assert.Equal(t, last, m.last())
}

func TestSeveralProcessesImportOneFileAtOnce(t *testing.T) {
	want, _ := wholeMonth(t)
	for _, processes := range []int{2, 5} {
		m := newMonth(t)
		text := statement(m.lines...)
		reports := make([]okpay.Reconciliation, processes)
		errs := make([]error, processes)
		var running sync.WaitGroup
		for i := range processes {
			// Each with a ledger of its own, and batches of its own size.
			l, err := ledger.Open(t.Context(), m.store, ledger.Config{Chart: okpay.Chart(), Now: m.clock.Now, MaxSkew: -1})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
			w, err := okpay.New(l, okpay.Config{
				Sources:         map[string]rails.FundingSource{"bankA": m.source},
				PayoutProviders: map[string]rails.PayoutProvider{"bankA": m.bank},
			})
			require.NoError(t, err)
			w.Reconciliation.CountEvery(2 + i)
			running.Go(func() {
				reports[i], errs[i] = w.Reconciliation.Import(t.Context(), okpay.ImportStatement{
					Provider: "bankA", Name: "2026-01-01.csv", Format: rails.CSV, File: strings.NewReader(text),
				})
			})
		}
		running.Wait()
		for i := range processes {
			require.NoError(t, errs[i])
			reports[i].Replayed = false
			assert.Equal(t, reports[0], reports[i])
		}
		assert.Equal(t, want, m.after(reports[0]))
	}
}

func TestAnImportThatWasInterruptedGoesOn(t *testing.T) {
	want, _ := wholeMonth(t)
	for n := 0; ; n++ {
		m := newMonth(t)
		text := statement(m.lines...)
		m.store.failAfter(n)
		r, err := m.load(text)
		if err == nil {
			require.Greater(t, n, 10, "it was interrupted at many places")
			assert.Equal(t, want, m.after(r))
			return
		}
		refusedAs(t, err, okpay.ServiceBusy)
		m.store.mend()
		r, err = m.load(text)
		require.NoError(t, err, "after %d commits", n)
		assert.Equal(t, want, m.after(r), "after %d commits", n)
	}
}

func TestAnImportThatWasCanceledGoesOn(t *testing.T) {
	want, rows := wholeMonth(t)
	for n := 1; n <= rows; n++ {
		m := newMonth(t)
		text := statement(m.lines...)
		ctx, cancel := context.WithCancel(t.Context())
		passes := 0
		format := func(r io.Reader, c *money.Registry) iter.Seq2[rails.Row, error] {
			passes++
			return func(yield func(rails.Row, error) bool) {
				for row, err := range rails.CSV(r, c) {
					if passes == 2 && row.No == n {
						cancel()
					}
					if !yield(row, err) {
						return
					}
				}
			}
		}
		_, err := m.Reconciliation.Import(ctx, okpay.ImportStatement{Provider: "bankA", Name: "2026-01-01.csv", Format: format, File: strings.NewReader(text)})
		require.ErrorIs(t, err, context.Canceled)
		r, err := m.load(text)
		require.NoError(t, err)
		assert.Equal(t, want, m.after(r), "canceled at row %d", n)
	}
}

func TestAStatementThatCanNotBeReadChangesNothing(t *testing.T) {
	m := newMonth(t)
	last, before := m.last(), m.balancesOf("CNY")
	for n := range m.lines {
		lines := append([]string(nil), m.lines...)
		lines[n] = "in,1.001,CNY,x,,0,false\n"
		_, err := m.load(statement(lines...))
		e := refusedAs(t, err, okpay.InvalidRequest)
		assert.Equal(t, "file", e.Field)
		var where *rails.StatementError
		require.ErrorAs(t, err, &where)
		assert.Equal(t, n+1, where.Row)
		assert.Contains(t, e.Error(), fmt.Sprintf("row %d:", n+1))
	}
	huge := "in,92233720368547758.07,CNY,x,,0,false\n"
	_, err := m.load(statement(huge, huge))
	refusedAs(t, err, okpay.InvalidRequest)

	broken := errors.New("the disk is gone")
	_, err = m.Reconciliation.Import(t.Context(), okpay.ImportStatement{Provider: "bankA", Format: rails.CSV, File: brokenFile{broken}})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, okpay.InvalidRequest)

	ok := okpay.ImportStatement{Provider: "bankA", Format: rails.CSV, File: strings.NewReader(statement(m.lines...))}
	for name, spoil := range map[string]func(*okpay.ImportStatement){
		"no provider":                 func(in *okpay.ImportStatement) { in.Provider = "" },
		"a provider that is not ours": func(in *okpay.ImportStatement) { in.Provider = "bankB" },
		"no format":                   func(in *okpay.ImportStatement) { in.Format = nil },
		"no file":                     func(in *okpay.ImportStatement) { in.File = nil },
		"a name that is no text":      func(in *okpay.ImportStatement) { in.Name = "a\x00b" },
		"another format":              func(in *okpay.ImportStatement) { in.Format = rails.Camt053 },
	} {
		t.Run(name, func(t *testing.T) {
			in := ok
			spoil(&in)
			_, err := m.Reconciliation.Import(t.Context(), in)
			refusedAs(t, err, okpay.InvalidRequest)
		})
	}
	assert.Equal(t, last, m.last())
	assert.Equal(t, before, m.balancesOf("CNY"))
	page, _, err := m.Reconciliation.List(t.Context(), okpay.ReconciliationQuery{})
	require.NoError(t, err)
	assert.Empty(t, page)
}

type brokenFile struct{ err error }

func (f brokenFile) Read([]byte) (int, error)       { return 0, f.err }
func (f brokenFile) Seek(int64, int) (int64, error) { return 0, nil }

func TestAFileThatChangesUnderTheImportIsNotCompleted(t *testing.T) {
	m := newMonth(t)
	f := &changing{first: statement(m.lines[0]), then: statement(m.lines[0], m.lines[1])}
	_, err := m.Reconciliation.Import(t.Context(), okpay.ImportStatement{Provider: "bankA", Format: rails.CSV, File: f})
	refusedAs(t, err, okpay.InvalidRequest)
	page, _, err := m.Reconciliation.List(t.Context(), okpay.ReconciliationQuery{State: okpay.ReconciliationRunning})
	require.NoError(t, err)
	assert.Len(t, page, 1)
}

// changing is another file the second time.
type changing struct {
	io.Reader
	first, then string
	passes      int
}

func (f *changing) Seek(int64, int) (int64, error) {
	text := f.first
	if f.passes++; f.passes > 1 {
		text = f.then
	}
	f.Reader = strings.NewReader(text)
	return 0, nil
}

func TestAnEmptyStatementIsCompleted(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	r, err := b.load(statement())
	require.NoError(t, err)
	assert.Equal(t, okpay.ReconciliationCompleted, r.State)
	assert.Empty(t, counts(r))
	assert.Empty(t, r.Sums)
}

func TestCamt053IsImportedToo(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	id := b.reach(okpay.WithdrawalSubmitted, 10_000)
	text := `<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy="CNY">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>` +
		`<BookgDt><Dt>2026-01-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>` + string(id) + `</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`
	r, err := b.Reconciliation.Import(t.Context(), okpay.ImportStatement{Provider: "bankA", Format: rails.Camt053, File: strings.NewReader(text)})
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"matched": 1}, counts(r))
	entries, err := b.Reconciliation.BankEntries(t.Context(), string(id))
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), entries[0].BookedAt)
}
