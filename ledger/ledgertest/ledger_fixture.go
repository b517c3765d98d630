package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// fixture is one ledger with a clock that only the case moves.
type fixture struct {
	*testing.T
	*ledger.Ledger
	suite  *ledgerSuite
	store  ledger.Store
	config ledger.Config
	clock  *clock
	ctx    context.Context
	head   int64 // the store's number for the ledger
	closed bool

	archives ledger.BlockSource // of a case that archives blocks
}

// Name is the test's; the ledger has a name too.
func (f *fixture) Name() string { return f.T.Name() }

// startTime is what the clock of every fixture shows first. It has microseconds, so that a
// store that keeps fewer is found out.
var startTime = time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC)

// clock shows the same time until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) advance(d time.Duration) { c.set(c.Now().Add(d)) }

// caseChart is the chart of every case that does not bring its own.
func caseChart() ledger.Chart {
	return ledger.Chart{
		{Name: "bank:*", Normal: ledger.Debit},
		{Name: "vault:*", Normal: ledger.Debit, Min: ledger.Limit(0), Max: ledger.Limit(1000)},
		{Name: "user:*:capped", Min: ledger.Limit(0), Max: ledger.Limit(1000)},
		{Name: "user:**", Min: ledger.Limit(0)},
		{Name: "overdraft:*", Min: ledger.Limit(-500)},
		{Name: "deposit:*", Min: ledger.Limit(100)},
		{Name: "debt:*", Max: ledger.Limit(-100)},
		{Name: "yuan:*", Currencies: []string{"CNY"}},
		{Name: "free:**"},
	}
}

// fixture opens a ledger that is not there yet, as config says. It is verified and closed
// when the case ends.
func (s *ledgerSuite) fixture(t *testing.T, configure ...func(*ledger.Config)) *fixture {
	t.Helper()
	return s.fixtureOver(t, s.store, configure...)
}

func (s *ledgerSuite) fixtureOver(t *testing.T, store ledger.Store, configure ...func(*ledger.Config)) *fixture {
	t.Helper()
	f := &fixture{T: t, suite: s, store: store, clock: &clock{now: startTime}}
	var cancel context.CancelFunc
	f.ctx, cancel = context.WithTimeout(context.Background(), max(s.patience, 2*time.Minute))
	t.Cleanup(cancel)
	f.config = ledger.Config{Name: s.name(), Chart: caseChart(), Now: f.clock.Now, MaxSkew: -1}
	for _, c := range configure {
		c(&f.config)
	}
	f.open()
	f.head = f.number()
	t.Cleanup(f.finish)
	return f
}

// another opens one more ledger, for a row of a table.
func (f *fixture) another(t *testing.T, configure ...func(*ledger.Config)) *fixture {
	t.Helper()
	return f.suite.fixtureOver(t, f.store, configure...)
}

// over opens one more ledger over another store, such as a Faulty one.
func (f *fixture) over(store ledger.Store, configure ...func(*ledger.Config)) *fixture {
	f.Helper()
	return f.suite.fixtureOver(f.T, store, configure...)
}

// beside opens the same ledger once more over a store.
func (f *fixture) beside(store ledger.Store, configure ...func(*ledger.Config)) *fixture {
	f.Helper()
	g := *f
	g.store = store
	for _, c := range configure {
		c(&g.config)
	}
	g.open()
	f.T.Cleanup(func() { g.close() })
	return &g
}

func (f *fixture) open() {
	f.Helper()
	l, err := ledger.Open(f.ctx, f.store, f.config)
	require.NoError(f, err, "Open")
	f.Ledger, f.closed = l, false
}

// reopen closes the ledger and opens it again, as another process would.
func (f *fixture) reopen(configure ...func(*ledger.Config)) {
	f.Helper()
	f.close()
	for _, c := range configure {
		c(&f.config)
	}
	f.open()
}

func (f *fixture) close() {
	f.Helper()
	if f.closed {
		return
	}
	f.closed = true
	assert.NoError(f, f.Ledger.Close(f.ctx), "Close of the ledger")
}

// finish ends the case: the journal must agree with the tables and every currency sum to zero.
func (f *fixture) finish() {
	f.Helper()
	if f.closed {
		f.open()
	}
	f.clean()
	f.close()
}

// clean demands that Verify finds nothing and that every currency sums to zero.
func (f *fixture) clean() {
	f.Helper()
	report, err := f.VerifyWith(f.ctx, ledger.VerifyConfig{Archive: f.archives})
	require.NoError(f, err, "Verify")
	assert.NoError(f, report.Err(), "Verify finds nothing")
	if report.Seq < 100 {
		// In a few passes, however much there is.
		rows := report.Postings + report.Accounts + report.Holds + report.Records + report.Changes
		parts, err := f.VerifyWith(f.ctx, ledger.VerifyConfig{Archive: f.archives, MaxMemory: 2000 + 50*int(rows)})
		require.NoError(f, err, "Verify in parts")
		parts.Passes = report.Passes
		assert.Equal(f, report, parts, "Verify in parts finds the same")
	}
	sums := make(map[string]int64)
	err = f.store.Read(f.ctx, f.number(), func(v ledger.View) error {
		var after int64
		for {
			page, err := v.Accounts(f.ctx, "", after, ledger.MaxPage)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, a := range page {
				sums[a.Key.Currency] += a.Balance // wraps, and comes back to zero all the same
				after = a.No
			}
		}
	})
	require.NoError(f, err)
	for code, sum := range sums {
		assert.Zero(f, sum, "the sum of %s", code)
	}
}

// number is the store's own key for the ledger.
func (f *fixture) number() int64 {
	f.Helper()
	head, err := f.store.Open(f.ctx, f.config.Name, ledger.Genesis{})
	require.NoError(f, err, "Open of the store")
	return head.Ledger
}

// view reads the store behind the ledger.
func (f *fixture) view(fn func(v ledger.View)) {
	f.Helper()
	err := f.store.Read(f.ctx, f.number(), func(v ledger.View) error { fn(v); return nil })
	require.NoError(f, err, "Read of the store")
}

// currency returns a currency of ISO 4217.
func currency(code string) money.Currency { return money.MustISO(code) }

// yuan is an amount of CNY in minor units.
func yuan(minor int64) money.Amount { return money.New(minor, currency("CNY")) }

// posting moves an amount of CNY.
func posting(debit, credit string, minor int64) ledger.Posting {
	return ledger.Posting{Debit: debit, Credit: credit, Amount: yuan(minor)}
}

// transfer is a transaction of one posting in CNY.
func transfer(debit, credit string, minor int64) ledger.Transaction {
	return ledger.Transaction{Postings: []ledger.Posting{posting(debit, credit, minor)}}
}

// changeOf is a Change of operations.
func changeOf(id string, ops ...ledger.Op) ledger.Change { return ledger.Change{ID: id, Ops: ops} }

// commit commits a Change.
func (f *fixture) commit(c ledger.Change) (ledger.Outcome, error) {
	f.Helper()
	return f.Commit(f.ctx, c)
}

// must commits a Change that has to succeed for the first time.
func (f *fixture) must(c ledger.Change) ledger.Outcome {
	f.Helper()
	out, err := f.commit(c)
	require.NoError(f, err, "Commit of %q", c.ID)
	require.False(f, out.Replayed, "%q was not used before", c.ID)
	return out
}

// do commits operations under an id of the ledger's making.
func (f *fixture) do(ops ...ledger.Op) ledger.Outcome {
	f.Helper()
	return f.must(ledger.Change{Ops: ops})
}

// fund gives an account an amount of CNY.
func (f *fixture) fund(account string, minor int64) {
	f.Helper()
	f.do(transfer("bank:funding", account, minor))
}

// refused demands that an error is a refusal for a reason, and returns it.
func (f *fixture) refused(err error, reason ledger.Reason) ledger.Refusal {
	f.Helper()
	var refused *ledger.RefusedError
	require.ErrorAs(f, err, &refused)
	assert.Equal(f, reason, refused.Reason)
	assert.ErrorIs(f, err, ledger.ErrRefused, "a refusal matches ErrRefused")
	for r, sentinel := range refusalSentinels() {
		assert.Equal(f, r == reason, errors.Is(err, sentinel), "a refusal matches the sentinel of its reason alone: %v", sentinel)
	}
	return refused.Refusal
}

// refuses commits a Change that has to be refused for a reason.
func (f *fixture) refuses(c ledger.Change, reason ledger.Reason) ledger.Refusal {
	f.Helper()
	_, err := f.commit(c)
	return f.refused(err, reason)
}

func refusalSentinels() map[ledger.Reason]error {
	return map[ledger.Reason]error{
		ledger.InsufficientFunds: ledger.ErrInsufficientFunds,
		ledger.LimitExceeded:     ledger.ErrLimitExceeded,
		ledger.BalanceOverflow:   ledger.ErrBalanceOverflow,
		ledger.AccountNotAllowed: ledger.ErrAccountNotAllowed,
		ledger.ScaleChanged:      ledger.ErrScaleChanged,
		ledger.HoldExists:        ledger.ErrHoldExists,
		ledger.HoldUnknown:       ledger.ErrHoldUnknown,
		ledger.HoldCaptured:      ledger.ErrHoldCaptured,
		ledger.HoldVoided:        ledger.ErrHoldVoided,
		ledger.HoldExpired:       ledger.ErrHoldExpired,
		ledger.HoldExceeded:      ledger.ErrHoldExceeded,
		ledger.MonitorUnknown:    ledger.ErrMonitorUnknown,
		ledger.MonitorExists:     ledger.ErrMonitorExists,
		ledger.TooManyMonitors:   ledger.ErrTooManyMonitors,
	}
}

// balance reads an account in CNY.
func (f *fixture) balance(name string) ledger.Balance {
	f.Helper()
	b, err := f.Balance(f.ctx, cny(name))
	require.NoError(f, err, "Balance of %s", name)
	return b
}

// stands demands what is posted on an account in CNY and what of it is available.
func (f *fixture) stands(name string, posted, available int64) {
	f.Helper()
	b := f.balance(name)
	assert.Equal(f, posted, b.Posted.Minor(), "posted on %s", name)
	assert.Equal(f, available, b.Available.Minor(), "available on %s", name)
}

// pending demands what open holds will add to an account in CNY and take from it.
func (f *fixture) pending(name string, in, out int64) {
	f.Helper()
	b := f.balance(name)
	assert.Equal(f, in, b.PendingIn.Minor(), "pending in on %s", name)
	assert.Equal(f, out, b.PendingOut.Minor(), "pending out on %s", name)
}

// headSeq is the number of the last block.
func (f *fixture) headSeq() int64 {
	f.Helper()
	seq, _, _, err := f.Head(f.ctx)
	require.NoError(f, err)
	return seq
}

// nothingHappens demands that fn leaves no block behind.
func (f *fixture) nothingHappens(fn func()) {
	f.Helper()
	before := f.headSeq()
	fn()
	assert.Equal(f, before, f.headSeq(), "nothing is written")
}

// numbered makes an id.
func numbered(text string, n int) string { return fmt.Sprintf("%s-%d", text, n) }
