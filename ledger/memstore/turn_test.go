package memstore_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

func TestTurns(t *testing.T) {
	begin := func(ctx context.Context, store *memstore.Store) ledger.Tx {
		tx, _, err := store.Begin(ctx, 1, ledger.Need{})
		require.NoError(t, err)
		return tx
	}
	for name, test := range map[string]func(t *testing.T, ctx context.Context, store *memstore.Store){
		"Writers get past Begin in the order in which they came": func(t *testing.T, ctx context.Context, store *memstore.Store) {
			const writers = 10
			first := begin(ctx, store)
			order := make(chan int, writers)
			for i := range writers {
				go func() {
					tx := begin(ctx, store)
					order <- i
					assert.NoError(t, tx.Rollback(ctx))
				}()
				synctest.Wait() // it stands in the queue
			}
			require.NoError(t, first.Rollback(ctx))
			for i := range writers {
				assert.Equal(t, i, <-order)
			}
		},
		"A Tx that has ended does nothing, and does not end that of another": func(t *testing.T, ctx context.Context, store *memstore.Store) {
			first := begin(ctx, store)
			require.NoError(t, first.Rollback(ctx))
			second := begin(ctx, store)
			require.Error(t, first.Rollback(ctx))
			require.Error(t, first.Commit(ctx, new(ledger.Batch)))
			_, err := first.Load(ctx, ledger.Need{})
			require.Error(t, err)
			waiting := make(chan ledger.Tx)
			go func() { waiting <- begin(ctx, store) }()
			synctest.Wait()
			select {
			case <-waiting:
				t.Error("the second Tx lost its turn")
			default:
			}
			require.NoError(t, second.Rollback(ctx))
			require.NoError(t, (<-waiting).Rollback(ctx))
		},
		"Close waits for Tx and Read, and refuses who waits for a turn": func(t *testing.T, ctx context.Context, store *memstore.Store) {
			tx := begin(ctx, store)
			refused, readEnds, closed := make(chan error, 1), make(chan struct{}), make(chan error, 1)
			go func() {
				_, _, err := store.Begin(ctx, 1, ledger.Need{})
				refused <- err
			}()
			go func() {
				assert.NoError(t, store.Read(ctx, 1, func(ledger.View) error { <-readEnds; return nil }))
			}()
			synctest.Wait()
			go func() { closed <- store.Close() }()
			synctest.Wait()
			require.NoError(t, tx.Rollback(ctx))
			require.ErrorIs(t, <-refused, ledger.ErrClosed)
			synctest.Wait()
			assert.Empty(t, closed, "a Read goes on")
			close(readEnds)
			require.NoError(t, <-closed)
		},
		"A Commit whose context has ended writes nothing and gives the turn back": func(t *testing.T, ctx context.Context, store *memstore.Store) {
			ended, cancel := context.WithCancel(ctx)
			cancel()
			tx := begin(ctx, store)
			block := &ledger.Block{Seq: 1}
			require.ErrorIs(t, tx.Commit(ended, &ledger.Batch{Block: block, Head: ledger.Head{Seq: 1}}), context.Canceled)
			_, found, err := store.Begin(ctx, 1, ledger.Need{})
			require.NoError(t, err)
			assert.Zero(t, found.Head.Seq)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := memstore.New()
				_, err := store.Open(t.Context(), "main", ledger.Genesis{})
				require.NoError(t, err)
				test(t, t.Context(), store)
			})
		})
	}
}

func TestErrors(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	_, _, err := store.Begin(ctx, 1, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrNotFound)
	err = store.Read(ctx, 1, func(ledger.View) error { return nil })
	require.ErrorIs(t, err, ledger.ErrNotFound)
	require.NoError(t, store.Close())
	_, err = store.Open(ctx, "main", ledger.Genesis{})
	require.ErrorIs(t, err, ledger.ErrClosed)
	_, _, err = store.Begin(ctx, 1, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrClosed)
	err = store.Read(ctx, 1, func(ledger.View) error { return nil })
	require.ErrorIs(t, err, ledger.ErrClosed)
}
