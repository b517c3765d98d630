package bench

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// postgresSettings are what a database server with some memory is given. Durability is
// PostgreSQL's default, all of it; see requireDurable.
var postgresSettings = []string{"shared_buffers=1GB", "max_wal_size=4GB"}

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		exit(child())
	}
	os.Exit(pgtest.Main(m, postgresSettings...))
}

// place is where a ledger can live.
type place struct {
	name string
	// make makes an empty one and returns how to open it, any number of times.
	make func(b *testing.B) (open func(ctx context.Context) (ledger.Store, error))
}

var (
	memory = place{"memory", func(*testing.B) func(context.Context) (ledger.Store, error) {
		store := memstore.New()
		return func(context.Context) (ledger.Store, error) { return unclosed{store}, nil }
	}}
	sqliteFile = place{"sqlite", func(b *testing.B) func(context.Context) (ledger.Store, error) {
		return opener("sqlite:" + b.TempDir() + "/bench.db")
	}}
	postgres = place{"postgres", func(b *testing.B) func(context.Context) (ledger.Store, error) {
		return opener(postgresDSN(b))
	}}
	places = []place{memory, sqliteFile, postgres}
)

// opener opens SQLite by "sqlite:" and a path, PostgreSQL by any other DSN.
func opener(dsn string) func(context.Context) (ledger.Store, error) {
	return func(ctx context.Context) (ledger.Store, error) {
		if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
			return sqlitestore.Open(ctx, path, sqlitestore.Config{})
		}
		return pgstore.Open(ctx, dsn, pgstore.Config{})
	}
}

// unclosed is a store in memory that is opened again, as others are.
type unclosed struct{ ledger.Store }

func (unclosed) Close() error { return nil }

// postgresDSN makes a database that is ready for a ledger.
func postgresDSN(b *testing.B) string {
	dsn := pgtest.DSN(b)
	requireDurable(b, dsn)
	require.NoError(b, pgstore.Migrate(b.Context(), dsn, pgstore.Config{}))
	return dsn
}

// requireDurable refuses to measure a server that acknowledges what it may lose.
func requireDurable(b *testing.B, dsn string) {
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		require.NoError(b, conn.QueryRow(b.Context(), "SELECT current_setting($1)", name).Scan(&value))
		require.Equal(b, "on", value, name)
	}
	require.NoError(b, conn.Close(b.Context()))
}

// opened opens a place's ledger, until it is closed or the benchmark ends.
func opened(b testing.TB, open func(context.Context) (ledger.Store, error), cfg ledger.Config) (l *ledger.Ledger, closeAll func()) {
	b.Helper()
	store, err := open(b.Context())
	require.NoError(b, err)
	l, err = ledger.Open(b.Context(), store, cfg)
	require.NoError(b, err)
	closed := false
	closeAll = func() {
		if !closed {
			closed = true
			require.NoError(b, errors.Join(l.Close(context.Background()), store.Close()))
		}
	}
	b.Cleanup(closeAll)
	return l, closeAll
}
