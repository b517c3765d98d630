package okpay_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// through imports a statement that tells everything until now.
func (b *books) through(lines ...string) okpay.Reconciliation {
	b.t.Helper()
	r, err := b.Reconciliation.Import(b.t.Context(), okpay.ImportStatement{
		Provider: "bankA", Format: rails.CSV, File: strings.NewReader(statement(lines...)), Through: b.clock.Now(),
	})
	require.NoError(b.t, err)
	return r
}

// daily makes statements differ from each other.
func daily(n int64) string { return in("day", n, 0, "") }

func TestWhatNoStatementSettlesIsAskedAboutOnce(t *testing.T) {
	b := startBooks(t, okpay.Config{SettlementGrace: 48 * time.Hour})
	paid, top := b.reach(okpay.WithdrawalPaid, 1_000), b.came(2_000)
	settled := b.reach(okpay.WithdrawalPaid, 1_000)
	psp, err := b.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: b.customer, Amount: cny(1), Source: "psp"})
	require.NoError(t, err)
	_, err = b.TopUps.SourceSays(t.Context(), okpay.SourceEvent{Source: "psp", EventID: "x", TopUp: psp.ID, Status: rails.CollectionSucceeded})
	require.NoError(t, err)
	for _, state := range []okpay.WithdrawalState{
		okpay.WithdrawalUnderReview, okpay.WithdrawalApproved, okpay.WithdrawalSubmitted, okpay.WithdrawalUnknown, okpay.WithdrawalFailed,
		okpay.WithdrawalTurnedDown, okpay.WithdrawalCanceled, okpay.WithdrawalSentBack,
	} {
		b.reach(state, 100) // nothing that a bank would have to show, or nothing that is left of it
	}
	b.asked(3)
	open := len(b.open())

	b.clock.Advance(48 * time.Hour)
	r := b.through(daily(1), out(settled, 1_000, 0, ""))
	assert.Zero(t, r.MissingThere, "the grace is not over: what was paid exactly then may still come")
	b.clock.Advance(time.Second)
	last := b.last()
	r = b.through(daily(2))
	assert.Equal(t, 2, r.MissingThere)
	types, _ := b.since(last)
	assert.Equal(t, []string{exception, exception, exception, completed}, types, "a row that is missing here, and two that are missing there")
	for id, minor := range map[string]int64{string(paid): 1_000, string(top): 2_000} {
		assert.Equal(t, 1, b.kinds(id)["missing_there"])
		page, _, err := b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: id})
		require.NoError(t, err)
		require.Len(t, page, 1)
		assert.Equal(t, cny(minor), page[0].Amount)
		assert.Equal(t, r.ID, page[0].Reconciliation)
		assert.Empty(t, page[0].Suspended)
	}
	assert.Equal(t, open+2, len(b.open()), "nothing else")

	for n := range int64(3) {
		b.clock.Advance(100 * time.Hour)
		assert.Zero(t, b.through(daily(10+n)).MissingThere, "each is asked about once")
	}

	t.Run("a later statement resolves it", func(t *testing.T) {
		last := b.last()
		r := b.through(out(paid, 1_000, 0, ""))
		assert.Equal(t, map[string]int{"matched": 1}, counts(r))
		types, _ := b.since(last)
		assert.Equal(t, []string{"reconciliation.resolved", matched, completed}, types)
		assert.Empty(t, b.kinds(string(paid)))
		page, _, err := b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: string(paid)})
		require.NoError(t, err)
		assert.Equal(t, okpay.ExceptionResolved, page[0].State)
	})
	t.Run("a person may resolve it", func(t *testing.T) {
		page, _, err := b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: string(top)})
		require.NoError(t, err)
		e, err := b.Exceptions.Resolve(t.Context(), okpay.ResolveException{Exception: page[0].ID, By: "ops1", Reason: "seen_at_bank"})
		require.NoError(t, err)
		assert.Equal(t, &okpay.Resolution{Reason: "seen_at_bank", By: "ops1", At: b.clock.Now()}, e.Resolution)
		b.clock.Advance(100 * time.Hour)
		assert.Zero(t, b.through(daily(20)).MissingThere, "a person has looked")
	})
	b.verify()
}

func TestWhatCameBackIsMissedWhenOnlyOneOfTheTwoIsThere(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	only, both := b.reach(okpay.WithdrawalSentBack, 1_000), b.reach(okpay.WithdrawalSentBack, 1_000)
	early := b.asked(500) // taken back, and never came
	b.through(out(only, 1_000, 0, ""), out(both, 1_000, 0, ""), back(both, 1_000, 0, ""), taken(early, 500, 0, ""))
	b.clock.Advance(1_000 * time.Hour)
	assert.Equal(t, 2, b.through(daily(1)).MissingThere)
	assert.Equal(t, 1, b.kinds(string(only))["missing_there"])
	assert.Zero(t, b.kinds(string(both))["missing_there"])
	assert.Equal(t, 1, b.kinds(string(early))["missing_there"])
}

func TestWhatAPersonWasAskedAboutIsNotMissedToo(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	id := b.reach(okpay.WithdrawalPaid, 1_000)
	b.through(out(id, 999, 0, ""))
	b.clock.Advance(1_000 * time.Hour)
	assert.Zero(t, b.through(daily(1)).MissingThere)
	assert.Equal(t, map[string]int{"amount_mismatch": 1}, b.kinds(string(id)))

	// The right row comes all the same.
	assert.Equal(t, map[string]int{"matched": 1}, counts(b.through(out(id, 1_000, 0, ""))))
	assert.Equal(t, map[string]int{"amount_mismatch": 1}, b.kinds(string(id)), "its money still waits")
}

func TestWithoutThroughNothingIsMissing(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	b.reach(okpay.WithdrawalPaid, 1_000)
	b.clock.Advance(1_000 * time.Hour)
	r, err := b.load(statement())
	require.NoError(t, err)
	assert.Zero(t, r.MissingThere)
}

func TestMissingThereIsCountedAlsoAfterACrash(t *testing.T) {
	for n := 0; ; n++ {
		m := newMonth(t)
		m.clock.Advance(1_000 * time.Hour)
		load := func() (okpay.Reconciliation, error) {
			return m.Reconciliation.Import(t.Context(), okpay.ImportStatement{
				Provider: "bankA", Format: rails.CSV, File: strings.NewReader(statement(daily(1))), Through: m.clock.Now(),
			})
		}
		m.store.failAfter(n)
		r, err := load()
		whole := err == nil
		if !whole {
			refusedAs(t, err, okpay.ServiceBusy)
			m.store.mend()
			r, err = load()
			require.NoError(t, err)
		}
		assert.Equal(t, map[string]int{"missing here": 1, "missing there": 5}, counts(r), "after %d commits", n)
		if whole {
			require.Greater(t, n, 6)
			return
		}
	}
}
