package ledger_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
)

func TestCloseEndsTheLedgersGoroutine(t *testing.T) {
	// The bubble ends only when every goroutine in it has.
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		l, err := ledger.Open(t.Context(), store, ledger.Config{})
		require.NoError(t, err)
		_, err = l.Commit(t.Context(), pay("in", "bank", "user", 1))
		require.NoError(t, err)
		require.NoError(t, l.Close(t.Context()))
		require.NoError(t, store.Close())
	})
}

func TestACallersDeadlineCountsFromItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := ledgertest.NewFaulty(memstore.New())
		l, err := ledger.Open(t.Context(), faulty, ledger.Config{})
		require.NoError(t, err)
		pause := faulty.Pause(ledgertest.BeforeCommit)
		start := time.Now()
		within := func(d time.Duration, id string) error {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_, err := l.Commit(ctx, pay(id, "bank", "user", 1))
			assert.Equal(t, d, time.Since(start))
			return err
		}
		failed := make(chan error)
		go func() { failed <- within(time.Hour, "taken") }()
		synctest.Wait()
		err = within(time.Minute, "waiting")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, ledger.ErrOutcomeUnknown)
		err = <-failed
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, ledger.ErrOutcomeUnknown)
		pause.Resume()
		out, err := l.Commit(t.Context(), pay("taken", "bank", "user", 1))
		require.NoError(t, err)
		assert.True(t, out.Replayed)
		assert.Equal(t, start, out.Time.In(start.Location()), "the block was begun before anybody gave up")
		require.NoError(t, l.Close(t.Context()))
	})
}
