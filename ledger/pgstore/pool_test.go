package pgstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/pgstore"
)

func TestFromPool(t *testing.T) {
	dsn := migrated(t)
	newPool := func(configure func(*pgxpool.Config)) *pgxpool.Pool {
		cfg, err := pgxpool.ParseConfig(dsn)
		require.NoError(t, err)
		configure(cfg)
		pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return pool
	}
	t.Run("a pool that was not configured is refused", func(t *testing.T) {
		_, err := pgstore.FromPool(t.Context(), newPool(func(*pgxpool.Config) {}), pgstore.Config{})
		require.ErrorIs(t, err, pgstore.ErrConfig)
		assert.ErrorContains(t, err, "Configure")
	})
	t.Run("the pool stays open and its hooks run", func(t *testing.T) {
		var connected, noticed int
		pool := newPool(func(cfg *pgxpool.Config) {
			cfg.MaxConns = 1
			cfg.ConnConfig.AfterConnect = func(context.Context, *pgconn.PgConn) error { connected++; return nil }
			cfg.ConnConfig.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) { noticed++ }
			pgstore.Configure(cfg)
		})
		store, err := pgstore.FromPool(t.Context(), pool, pgstore.Config{})
		require.NoError(t, err)
		head := opened(t, store)
		write(t, store, head.Ledger, "change")
		require.NoError(t, store.Close())
		_, err = pool.Exec(t.Context(), `DO $$ BEGIN RAISE NOTICE 'still here'; END $$`)
		require.NoError(t, err)
		assert.Equal(t, 1, connected)
		assert.Equal(t, 1, noticed)
	})
	t.Run("stores of several schemas share a pool", func(t *testing.T) {
		pool := newPool(pgstore.Configure)
		other := pgstore.Config{Schema: "other"}
		require.NoError(t, pgstore.Migrate(t.Context(), dsn, other))
		for _, cfg := range []pgstore.Config{{}, other, {}} {
			store, err := pgstore.FromPool(t.Context(), pool, cfg)
			require.NoError(t, err)
			head := opened(t, store)
			write(t, store, head.Ledger, "change of "+fmt.Sprint(head.Seq))
			require.NoError(t, store.Close())
		}
	})
}

func TestOpenRefusesOtherEncodings(t *testing.T) {
	_, err := pgstore.Open(t.Context(), with(t, migrated(t), "client_encoding", "LATIN1"), pgstore.Config{})
	require.ErrorIs(t, err, pgstore.ErrConfig)
	assert.ErrorContains(t, err, "client_encoding")
}
