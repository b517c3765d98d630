package sqlitestore

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// others names the two places where a writer may meet another one.
var others = map[string]func(t *testing.T, cfg Config) (holder, waiter *Store){
	"in the same store": func(t *testing.T, cfg Config) (holder, waiter *Store) {
		s := openTemp(t, cfg)
		return s, s
	},
	"in another process": func(t *testing.T, cfg Config) (holder, waiter *Store) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		return openAt(t, path, cfg), openAt(t, path, cfg)
	},
}

func TestBeginWaitsForTheLock(t *testing.T) {
	for where, open := range others {
		t.Run(where, func(t *testing.T) {
			ctx := context.Background()
			holder, waiter := open(t, Config{BusyTimeout: 20 * time.Millisecond})
			head, err := holder.Open(ctx, "books", ledger.Genesis{})
			require.NoError(t, err)
			tx, _, err := holder.Begin(ctx, head.Ledger, ledger.Need{})
			require.NoError(t, err)

			t.Run("until BusyTimeout", func(t *testing.T) {
				start := time.Now()
				_, _, err := waiter.Begin(ctx, head.Ledger, ledger.Need{})
				assertCategory(t, err, ledger.ErrRetry)
				assert.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
			})
			t.Run("until its context ends", func(t *testing.T) {
				short, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				_, _, err := waiter.Begin(short, head.Ledger, ledger.Need{})
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.NotErrorIs(t, err, ledger.ErrRetry)
			})
			t.Run("and reads meanwhile", func(t *testing.T) {
				require.NoError(t, waiter.Read(ctx, head.Ledger, func(v ledger.View) error {
					_, err := v.Head(ctx)
					return err
				}))
			})
			require.NoError(t, tx.Rollback(ctx))
			t.Run("and has it once it is free", func(t *testing.T) {
				tx, _, err := waiter.Begin(ctx, head.Ledger, ledger.Need{})
				require.NoError(t, err)
				require.NoError(t, tx.Rollback(ctx))
			})
		})
	}
}

func TestBeginIsFirstInFirstOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := openTemp(t, Config{})
		head, err := s.Open(ctx, "books", ledger.Genesis{})
		require.NoError(t, err)
		tx, _, err := s.Begin(ctx, head.Ledger, ledger.Need{})
		require.NoError(t, err)
		const n = 10
		order := make(chan int, n)
		for i := range n {
			go func() {
				tx, _, err := s.Begin(ctx, head.Ledger, ledger.Need{})
				assert.NoError(t, err)
				order <- i
				assert.NoError(t, tx.Rollback(ctx))
			}()
			synctest.Wait() // until it stands in the queue
		}
		require.NoError(t, tx.Rollback(ctx))
		for i := range n {
			assert.Equal(t, i, <-order)
		}
	})
}

func TestReadsBeyondThePoolWait(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{PoolSize: 1, BusyTimeout: 5 * time.Millisecond})
	head, err := s.Open(ctx, "books", ledger.Genesis{})
	require.NoError(t, err)
	require.NoError(t, s.Read(ctx, head.Ledger, func(ledger.View) error {
		err := s.Read(ctx, head.Ledger, func(ledger.View) error { return nil })
		assertCategory(t, err, ledger.ErrRetry)
		return nil
	}))
}
