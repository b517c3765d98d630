package pgtest_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
)

// childVariable tells this test binary that it was started by one of its own
// tests, and what to do.
const (
	childVariable    = "OKPAY_PGTEST_CHILD"
	childWithMain    = "with Main"
	childWithoutMain = "without Main"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == childWithoutMain {
		os.Exit(m.Run())
	}
	os.Exit(pgtest.Main(m))
}

func TestEachDatabaseIsEmptyAndApart(t *testing.T) {
	t.Parallel()
	first, second := pgtest.DSN(t), pgtest.DSN(t)
	require.NotEqual(t, first, second)

	const tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
	assert.Zero(t, query[int](t, first, tables))
	conn, err := pgx.Connect(t.Context(), first)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "CREATE TABLE only_here ()")
	require.NoError(t, err)
	assert.Equal(t, 1, query[int](t, first, tables))
	assert.Zero(t, query[int](t, second, tables))
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	t.Parallel()
	const count = "SELECT count(*) FROM pg_database WHERE datname = $1"
	watcher := pgtest.DSN(t)
	var name string
	t.Run("which leaves a connection open", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), pgtest.DSN(t))
		require.NoError(t, err)
		name = conn.Config().Database
		assert.Equal(t, 1, query[int](t, watcher, count, name))
	})
	assert.Zero(t, query[int](t, watcher, count, name))
}

func TestPrivateServerSettings(t *testing.T) {
	t.Setenv(pgtest.ServerVariable, "")
	dsn := pgtest.DSN(t)
	for name, want := range map[string]string{
		"fsync":              "on",
		"synchronous_commit": "on",
		"full_page_writes":   "on",
		"max_connections":    "100",
		"shared_buffers":     "128MB",
		"listen_addresses":   "",
		"server_encoding":    "UTF8",
		"TimeZone":           "UTC",
	} {
		assert.Equal(t, want, query[string](t, dsn, "SELECT current_setting($1)", name), name)
	}
}

func TestServerFromTheEnvironmentIsUsed(t *testing.T) {
	admin := pgtest.DSN(t)
	t.Setenv(pgtest.ServerVariable, admin)
	t.Setenv("PATH", "")
	dsn := pgtest.DSN(t)
	assert.NotEqual(t, admin, dsn)
	const started = "SELECT pg_postmaster_start_time()::text"
	assert.Equal(t, query[string](t, admin, started), query[string](t, dsn, started), "the same server")
}

// query returns the one value of a statement's one row.
func query[T any](t *testing.T, dsn, sql string, args ...any) T {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer conn.Close(ctx)
	var v T
	require.NoError(t, conn.QueryRow(ctx, sql, args...).Scan(&v))
	return v
}
