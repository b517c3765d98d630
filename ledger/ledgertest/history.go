package ledgertest

import (
	"errors"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
)

// TestHistory runs a random history of 2,000 Changes through a ledger and through an
// independent model of it, and compares what every caller is told and, in the end, every balance,
// statement, hold, record and event. Changes of all kinds are committed up to eight at once, or in
// one call with chains, with replays, refusals, Else, holds that expire, clocks that go back, and the
// ledger closed and opened in between. Beside them snapshots are read, in which every currency sums
// to zero. In the end the ledger is copied by an export and an import, and the copy is equal.
//
// The environment variable OKPAY_TEST_SIZE multiplies the 2,000. A test binary with a flag
// called "seed" repeats the history that a failure names.
func TestHistory(t *testing.T, open func(t *testing.T) ledger.Store) {
	seed := historySeed(t)
	t.Logf("repeat with -seed=%d", seed)
	store := open(t)
	t.Cleanup(func() { assert.NoError(t, store.Close(), "Close returns nil") })
	random := rand.New(rand.NewPCG(seed, 1))
	faulty := NewFaulty(store)
	suite := &ledgerSuite{store: faulty}
	f := suite.fixture(t, func(c *ledger.Config) {
		// Small bounds, so that they are met often.
		c.MaxCached = 1 + random.IntN(30)
		c.MaxBlockChanges = 1 + random.IntN(8)
	})
	h := &history{fixture: f, model: newModel(), random: random, faulty: faulty}
	for size := testsize.Scaled(t, 2000); h.made < size && !t.Failed(); {
		h.pass()
		if h.random.IntN(3) == 0 {
			h.inOrder(1 + h.random.IntN(12))
		} else {
			h.step()
		}
	}
	if !t.Failed() {
		h.compare()
	}
}

// historySeed is what the flag says, or random.
func historySeed(t *testing.T) uint64 {
	if f := flag.Lookup("seed"); f != nil {
		seed, err := strconv.ParseUint(f.Value.String(), 10, 64)
		require.NoError(t, err, "the flag seed")
		if seed != 0 {
			return seed
		}
	}
	return rand.Uint64()
}

// history is one run of TestHistory.
type history struct {
	*fixture
	model  *model
	random *rand.Rand
	faulty *Faulty
	made   int
	holds  []string // ids of holds, to be captured and voided
	ids    []string // of changes, to be replayed
	users  int      // further accounts that postings may name
}

// told is what one caller was told.
type told struct {
	change ledger.Change
	out    ledger.Outcome
	err    error
	index  int // place in its block
}

// pass lets some time pass, or goes back in it, or opens the ledger again.
func (h *history) pass() {
	switch n := h.random.IntN(100); {
	case n < 40:
		h.clock.advance(time.Duration(h.random.IntN(3_000_000)) * time.Microsecond)
	case n < 43:
		h.clock.advance(-time.Duration(h.random.IntN(5_000_000)) * time.Microsecond)
	case n < 44:
		h.reopen()
	}
}

// step commits a few Changes at once and looks for an order in which the model says the
// same.
func (h *history) step() {
	h.Helper()
	group := make([]told, 1+h.random.IntN(8))
	for i := range group {
		group[i].change = h.change()
	}
	h.made += len(group)
	h.misbehave()
	if h.random.IntN(100) < 3 {
		h.faulty.LoseCommits(1, ledger.ErrCommitUnknown)
	}
	h.commitAll(group)

	// What was recorded stands in an order; what left no trace may have been decided anywhere
	// between.
	var recorded, rest []*told
	h.view(func(v ledger.View) {
		for i := range group {
			g := &group[i]
			if g.out.Seq == 0 || g.out.Replayed {
				rest = append(rest, g)
				continue
			}
			row, err := v.Change(h.ctx, g.change.ID)
			require.NoError(h, err)
			g.index = row.Index
			recorded = append(recorded, g)
		}
	})
	slices.SortFunc(recorded, func(a, b *told) int {
		if a.out.Seq != b.out.Seq {
			return int(a.out.Seq - b.out.Seq)
		}
		return a.index - b.index
	})
	at := h.clock.Now()
	wrong := make(map[*told]answerOf)
	for i := 0; ; i++ {
		rest = slices.DeleteFunc(rest, func(g *told) bool {
			wrong[g] = h.model.decide(&g.change, at, g.answer(), false)
			return g.heard(wrong[g])
		})
		if i == len(recorded) {
			break
		}
		g := recorded[i]
		want := h.model.decide(&g.change, at, g.answer(), true)
		if !g.heard(want) {
			assert.Equal(h, want, g.answer(), "change %d: %+v", h.made, g.change)
			return
		}
		assert.Equal(h, h.model.last, g.out.Time)
	}
	for _, g := range rest {
		assert.Equal(h, wrong[g], g.answer(), "change %d: %+v", h.made, g.change)
	}
}

// misbehave makes the store fail now and then in a way that no caller is to notice.
func (h *history) misbehave() {
	switch n := h.random.IntN(100); {
	case n < 3:
		h.faulty.FailBegins(1, ledger.ErrRetry)
	case n < 6:
		h.faulty.FailCommits(1, ledger.ErrRetry)
	case n < 9:
		h.faulty.FailCommits(1, ledger.ErrCommitUnknown)
	}
}

// commitAll commits a group at once. Half of the time the first block waits for more of the
// group to come, so that blocks hold several Changes.
func (h *history) commitAll(group []told) {
	var wait sync.WaitGroup
	pause := h.faulty.Pause(BeforeBegin)
	defer pause.Resume()
	if h.random.IntN(2) == 0 {
		pause.Resume()
	}
	wait.Go(h.snapshot)
	for i := range group {
		wait.Go(func() { group[i].out, group[i].err = h.Commit(h.ctx, group[i].change) })
	}
	ended := make(chan struct{})
	go func() { wait.Wait(); close(ended) }()
	select {
	case <-pause.Reached():
		for range 20 * len(group) {
			runtime.Gosched() // nothing depends on how many come
		}
		pause.Resume()
		<-ended
	case <-ended: // all were refused by their form
	}
}

// heard reports whether the caller was told what the model says, which does not name the
// field in which a replay without Request differs.
func (g *told) heard(want answerOf) bool {
	if want.Error == "reused something" {
		return errors.Is(g.err, ledger.ErrIDReused)
	}
	return g.answer() == want
}

// refusal is what the caller was refused for, nil if it was not.
func (g *told) refusal() *ledger.Refusal {
	if refused, ok := errors.AsType[*ledger.RefusedError](g.err); ok {
		return &refused.Refusal
	}
	return nil
}

// answer tells what the caller was told in the words of the model.
func (g *told) answer() answerOf {
	a := answerOf{
		Recorded: g.out.Seq > 0, Replayed: g.out.Replayed, Alternative: g.out.Alternative,
		First: g.out.First, Transactions: g.out.Transactions, Result: g.out.Result,
	}
	if refused := g.refusal(); refused != nil {
		a.Refusal = *refused
		return a
	}
	var (
		invalid   *ledger.InvalidError
		reused    *ledger.IDReusedError
		duplicate *ledger.DuplicateKeyError
	)
	switch {
	case g.err == nil:
	case errors.As(g.err, &invalid):
		a.Error = "invalid " + invalid.Field
	case errors.As(g.err, &reused):
		a.Error = "reused " + reused.Field
	case errors.As(g.err, &duplicate):
		a.Error = "duplicate " + duplicate.Key
	case errors.Is(g.err, ledger.ErrConflict):
		a.Error = "conflict"
	case errors.Is(g.err, ledger.ErrLinked):
		a.Error = "linked"
	case errors.Is(g.err, ledger.ErrDeadline):
		a.Error = "deadline"
	case errors.Is(g.err, ledger.ErrNotFound):
		a.Error = "not found"
	default:
		a.Error = g.err.Error()
	}
	return a
}

// compare holds everything that can be read against the model.
func (h *history) compare() {
	h.Helper()
	m := h.model
	h.clock.set(m.last.Add(time.Second))
	m.now = h.clock.Now()
	for name, reopened := range map[string]bool{"as it runs": false, "opened again": true} {
		if reopened {
			h.reopen()
		}
		h.Run(name, func(t *testing.T) {
			h.compareAccounts(t)
			h.compareFold(t)
			h.comparePast(t)
			h.compareHolds(t)
			h.compareRecords(t)
			h.compareEvents(t)
		})
	}
	report, err := h.Verify(h.ctx)
	require.NoError(h, err)
	require.NoError(h, report.Err())
	assert.EqualValues(h, m.postings, report.Postings)
	assert.EqualValues(h, len(m.accounts), report.Accounts)
	assert.EqualValues(h, len(m.holds), report.Holds)
	assert.EqualValues(h, len(m.records), report.Records)
	assert.EqualValues(h, len(m.changes), report.Changes)
	h.copyTo(h.place(), h.export(ledger.ExportConfig{}))
	h.Logf("%d changes, %d recorded in %d blocks: %d postings on %d accounts, %d holds, %d records, %d events",
		h.made, len(m.changes), report.Seq, m.postings, len(m.accounts), len(m.holds), len(m.records), len(m.events))
}

func (h *history) compareAccounts(t *testing.T) {
	page, more, err := h.Balances(h.ctx, "", 0, 0)
	require.NoError(t, err)
	require.Zero(t, more)
	var opened []ledger.AccountKey
	for _, b := range page {
		opened = append(opened, b.Account)
		a := h.model.accounts[b.Account]
		if !assert.NotNil(t, a, "%s", b.Account) {
			continue
		}
		h.compareBalance(t, &b, a)
		h.compareStatement(t, &b, a)
	}
	assert.Equal(t, h.model.opened, opened, "accounts in the order of their opening")
}

// balanceText has a balance in words that ledger and model share.
type balanceText struct{ posted, available, in, out, debits, credits, entries string }

func (h *history) compareBalance(t *testing.T, b *ledger.Balance, a *modelAccount) {
	out, in := h.model.pending(a)
	spendable, _ := h.model.limits(a)
	posted := a.balance
	if a.rule.debit {
		posted = new(big.Int).Neg(posted)
		in, out = out, in
	}
	credits := new(big.Int).Add(a.debits, a.balance)
	scale := int32(b.Posted.Currency().Scale())
	want := balanceText{
		posted.String(), spendable.String(), in.String(), out.String(), a.debits.String(), credits.String(), fmt.Sprint(a.entries),
	}
	minor := func(n int64) string { return strconv.FormatInt(n, 10) }
	got := balanceText{
		minor(b.Posted.Minor()), minor(b.Available.Minor()), minor(b.PendingIn.Minor()), minor(b.PendingOut.Minor()),
		b.Debits.Shift(scale).String(), b.Credits.Shift(scale).String(), minor(b.Entries),
	}
	assert.Equal(t, want, got, "%s", b.Account)
	assert.Equal(t, a.rule.min, b.Min)
	assert.Equal(t, a.rule.max, b.Max)
	assert.Equal(t, a.flags, b.Flags, "flags of %s", b.Account)
}

// compareStatement reads an account's whole statement in pages of a random size.
func (h *history) compareStatement(t *testing.T, b *ledger.Balance, a *modelAccount) {
	limit := 1 + h.random.IntN(200)
	var nth, sum int64
	for {
		page, err := h.Statement(h.ctx, b.Account, ledger.Page{After: nth, Limit: limit})
		require.NoError(t, err)
		for _, e := range page {
			nth++
			sum += e.Amount.Minor() // wraps where the balance does, within a transaction
			if nth != e.Nth || sum != e.Balance.Minor() {
				assert.Failf(t, "wrong entry", "%s: entry %d is %+v, the sum is %d", b.Account, nth, e, sum)
				return
			}
		}
		if len(page) < limit {
			break
		}
	}
	assert.Equal(t, a.entries, nth, "%s", b.Account)
	assert.Equal(t, b.Posted.Minor(), sum, "%s", b.Account)
}

func (h *history) compareHolds(t *testing.T) {
	for id, want := range h.model.holds {
		got, err := h.FindHold(h.ctx, id)
		require.NoError(t, err, id)
		status := h.model.status(want)
		assert.Equal(t, status, got.Status, "hold %s", id)
		for i, l := range want.legs {
			rest := l.rest.Int64()
			if status != ledger.HoldOpen {
				rest = 0
			}
			assert.Equal(t, rest, got.Rest[i].Minor(), "hold %s, leg %d", id, i)
		}
	}
}

func (h *history) compareRecords(t *testing.T) {
	for key, want := range h.model.records {
		got, err := h.Record(h.ctx, key.Type, key.ID)
		if want.erased {
			require.ErrorIs(t, err, ledger.ErrErased)
		} else {
			require.NoError(t, err)
		}
		have := modelRecord{
			got.Version, got.Chaining == ledger.Plain, got.Erased, string(got.Content), got.Unique, got.Labels, got.Due,
		}
		assert.Empty(t, cmp.Diff(want, have, cmp.AllowUnexported(modelRecord{}), cmpopts.EquateEmpty()), "%v", key)
		for _, label := range want.labels {
			found, err := h.Records(h.ctx, ledger.RecordQuery{Type: key.Type, Label: label})
			require.NoError(t, err)
			assert.True(t, slices.ContainsFunc(found, func(r ledger.Record) bool { return r.ID == key.ID }))
		}
	}
	for key, holder := range h.model.unique {
		got, err := h.RecordByKey(h.ctx, key)
		require.NoError(t, err, key)
		assert.Equal(t, holder, ledger.RecordKey{Type: got.Type, ID: got.ID})
	}
}

func (h *history) compareEvents(t *testing.T) {
	var after int64
	for {
		page, err := h.Events(h.ctx, after, 0)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			require.Equal(t, after+1, e.No)
			require.Empty(t, cmp.Diff(h.model.events[after], e.Event, cmpopts.EquateEmpty()), "event %d", e.No)
			after = e.No
		}
	}
	assert.EqualValues(t, len(h.model.events), after)
}
