package restore

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func openSQLite(t *testing.T, path string) ledger.Store {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), path, sqlitestore.Config{})
	require.NoError(t, err)
	return store
}

func openPostgres(t *testing.T, dsn string) ledger.Store {
	t.Helper()
	store, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
	require.NoError(t, err)
	return store
}

func TestMoveFromSQLiteToPostgreSQLToMemory(t *testing.T) {
	dsn := pgtest.DSN(t)
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
	stores := []ledger.Store{openSQLite(t, filepath.Join(t.TempDir(), "ledger.db")), openPostgres(t, dsn), memstore.New()}
	for _, store := range stores {
		t.Cleanup(func() { require.NoError(t, store.Close()) })
	}
	ledgertest.TestCopy(t, stores...)
}

// exchanged is a store that becomes another one: what a program sees whose database is
// restored while it runs.
type exchanged struct{ now atomic.Pointer[ledger.Store] }

func (e *exchanged) set(store ledger.Store) { e.now.Store(&store) }
func (e *exchanged) get() ledger.Store      { return *e.now.Load() }
func (e *exchanged) Close() error           { return e.get().Close() }
func (e *exchanged) Open(ctx context.Context, name string, g ledger.Genesis) (ledger.Head, error) {
	return e.get().Open(ctx, name, g)
}

func (e *exchanged) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	return e.get().Begin(ctx, id, need)
}

func (e *exchanged) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	return e.get().Read(ctx, id, fn)
}

func (e *exchanged) Forget(ctx context.Context, id, through int64) error {
	return e.get().Forget(ctx, id, through)
}

// database is one that can be backed up while it is written, and restored.
type database interface {
	open(t *testing.T) ledger.Store
	backup(t *testing.T)
	restore(t *testing.T) // nobody has it open
}

func pay(id string) ledger.Change {
	return ledger.Change{ID: id, Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "bank", Credit: "user", Amount: money.New(100, money.MustISO("CNY"))},
	}}}}
}

func TestRestore(t *testing.T) {
	for name, start := range map[string]func(*testing.T) database{"SQLite": startSQLite, "PostgreSQL": startPostgres} {
		t.Run(name, func(t *testing.T) {
			ctx, db := t.Context(), start(t)
			store := &exchanged{}
			store.set(db.open(t))
			l, err := ledger.Open(ctx, store, ledger.Config{})
			require.NoError(t, err)
			commit := func(ids ...string) {
				for _, id := range ids {
					out, err := l.Commit(ctx, pay(id))
					require.NoError(t, err)
					require.False(t, out.Replayed, id)
				}
			}
			commit("1", "2")
			db.backup(t)
			commit("3", "4")
			key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
			signed, err := l.SignedCheckpoint(ctx, key)
			require.NoError(t, err)

			require.NoError(t, store.Close())
			db.restore(t)
			store.set(db.open(t))

			// The program that ran on stops by itself.
			_, err = l.Commit(ctx, pay("5"))
			var history *ledger.HistoryError
			require.ErrorAs(t, err, &history)
			assert.EqualValues(t, 2, history.Found.Seq)
			assert.Equal(t, signed.Checkpoint, history.Known)

			// A program that is started anew stops when it knows the last checkpoint.
			proved, err := signed.Prove(key.Public().(ed25519.PublicKey), l.Name())
			require.NoError(t, err)
			_, err = ledger.Open(ctx, store, ledger.Config{NotBefore: proved})
			require.ErrorIs(t, err, ledger.ErrHistoryRegressed)
			report, err := l.Verify(ctx, proved)
			require.NoError(t, err)
			require.ErrorIs(t, report.Err(), ledger.ErrDiscrepancy)
			report, err = l.Verify(ctx)
			require.NoError(t, err)
			require.NoError(t, report.Err(), "what was restored is a whole ledger")

			// The operator accepts, and what was lost is asked for again.
			require.NoError(t, l.AcceptHistory(ctx, history.Found))
			commit("3", "4", "5")
			out, err := l.Commit(ctx, pay("2"))
			require.NoError(t, err)
			assert.True(t, out.Replayed, "what was not lost is not done twice")
			b, err := l.Balance(ctx, ledger.AccountKey{Name: "user", Currency: "CNY"})
			require.NoError(t, err)
			assert.EqualValues(t, 500, b.Posted.Minor())
			report, err = l.Verify(ctx, history.Found)
			require.NoError(t, err)
			require.NoError(t, report.Err())
			require.NoError(t, l.Close(ctx))
			require.NoError(t, store.Close())
		})
	}
}

// sqliteFile is backed up by VACUUM INTO.
type sqliteFile struct{ path string }

func startSQLite(t *testing.T) database { return sqliteFile{filepath.Join(t.TempDir(), "ledger.db")} }

func (f sqliteFile) open(t *testing.T) ledger.Store { return openSQLite(t, f.path) }

func (f sqliteFile) backup(t *testing.T) {
	conn, err := sqlite.OpenConn(f.path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteTransient(conn, "VACUUM INTO '"+f.path+".backup'", nil))
	require.NoError(t, conn.Close())
}

func (f sqliteFile) restore(t *testing.T) {
	for _, rest := range []string{"-wal", "-shm"} {
		if err := os.Remove(f.path + rest); err != nil {
			require.ErrorIs(t, err, os.ErrNotExist)
		}
	}
	require.NoError(t, os.Rename(f.path+".backup", f.path))
}

// postgresDatabase is backed up by pg_dump, and restored into a new database.
type postgresDatabase struct {
	dsn, dump string
}

func startPostgres(t *testing.T) database {
	dsn := pgtest.DSN(t)
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
	return &postgresDatabase{dsn, filepath.Join(t.TempDir(), "okpay.dump")}
}

func (p *postgresDatabase) open(t *testing.T) ledger.Store { return openPostgres(t, p.dsn) }

func (p *postgresDatabase) backup(t *testing.T) {
	run(t, "pg_dump", "--format=custom", "--file="+p.dump, "--dbname="+p.dsn)
}

func (p *postgresDatabase) restore(t *testing.T) {
	p.dsn = pgtest.DSN(t)
	run(t, "pg_restore", "--exit-on-error", "--single-transaction", "--dbname="+p.dsn, p.dump)
}

// run runs a program of PostgreSQL, of the newest version that is there.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	require.NoError(t, err)
	slices.Sort(found)
	path := program
	if len(found) > 0 {
		path = found[len(found)-1]
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", program, out)
}
