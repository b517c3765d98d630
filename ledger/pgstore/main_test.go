package pgstore_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

// No test here has a machine lose its power: who kills a server takes one of its own.
func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, pgtest.Hasty()...)) }

// migrated returns the DSN of a database with the schema in it.
func migrated(t testing.TB) string {
	t.Helper()
	dsn := pgtest.DSN(t)
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
	return dsn
}

// openStore opens a store that is closed when the test ends.
func openStore(t testing.TB, dsn string) *pgstore.Store {
	t.Helper()
	return openWith(t, dsn, pgstore.Config{})
}

func openWith(t testing.TB, dsn string, cfg pgstore.Config) *pgstore.Store {
	t.Helper()
	store, err := pgstore.Open(t.Context(), dsn, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// database is a test's own connection to the database.
type database struct {
	t *testing.T
	*pgx.Conn
}

func connect(t *testing.T, dsn string) database {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	return database{t, c}
}

func (d database) exec(sql string, args ...any) {
	d.t.Helper()
	_, err := d.Exec(d.t.Context(), sql, args...)
	require.NoError(d.t, err)
}

// number returns the one number that a query asks for.
func (d database) number(sql string, args ...any) int {
	d.t.Helper()
	var n int
	require.NoError(d.t, d.QueryRow(d.t.Context(), sql, args...).Scan(&n))
	return n
}

// eventually asks a query for a number until it is the one that is wanted.
func (d database) eventually(want int, sql string, args ...any) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	for {
		got := d.number(sql, args...)
		if got == want {
			return
		}
		require.NoError(d.t, ctx.Err(), "%s is still %d, want %d", sql, got, want)
	}
}

// patience is how long tests wait for what should happen at once.
const patience = 30 * time.Second

// Questions about what the other connections to the database do.
const (
	others        = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
	waitingOthers = others + ` AND wait_event_type = 'Lock'`
	openOthers    = others + ` AND state <> 'idle'`
	killOthers    = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
)

// opened opens a ledger.
func opened(t testing.TB, store ledger.Store) ledger.Head {
	t.Helper()
	head, err := store.Open(t.Context(), "main", ledger.Genesis{Key: [16]byte{1}})
	require.NoError(t, err)
	return head
}

// blockTime is when the blocks of tests are written.
var blockTime = time.Date(2026, time.February, 27, 23, 59, 58, 987_654_000, time.UTC)

// nextBlock returns a batch that follows head and has changes with these ids.
func nextBlock(head ledger.Head, ids ...string) *ledger.Batch {
	head.Seq++
	head.Time = blockTime
	head.Hash = [32]byte{byte(head.Seq)}
	b := &ledger.Batch{Head: head, Block: &ledger.Block{Seq: head.Seq, Time: blockTime, Hash: head.Hash, Body: []byte("body")}}
	for i, id := range ids {
		b.Changes = append(b.Changes, ledger.ChangeRow{ID: id, Seq: head.Seq, Index: i})
	}
	return b
}

// begin begins a Tx that the test has to end.
func begin(t testing.TB, store ledger.Store, id int64) (ledger.Tx, *ledger.Found) {
	t.Helper()
	tx, found, err := store.Begin(t.Context(), id, ledger.Need{})
	require.NoError(t, err)
	return tx, found
}

// write commits one block with a change of this id.
func write(t testing.TB, store ledger.Store, id int64, change string) {
	t.Helper()
	tx, found := begin(t, store, id)
	require.NoError(t, tx.Commit(t.Context(), nextBlock(found.Head, change)))
}

// seq returns the number of the ledger's last block.
func seq(t testing.TB, store ledger.Store, id int64) (n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, store.Read(ctx, id, func(v ledger.View) error {
		head, err := v.Head(ctx)
		n = head.Seq
		return err
	}))
	return n
}
