package pgstore_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of JoinSQL
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

func TestJoin(t *testing.T) {
	ledgertest.TestJoin(t, func(t *testing.T) ledgertest.Joinable {
		dsn := migrated(t)
		db := connect(t, dsn)
		db.exec("CREATE TABLE orders (id text)")
		store := openStore(t, dsn)
		return ledgertest.Joinable{
			Store: store,
			Begin: func(t *testing.T) ledgertest.Caller {
				tx, err := connect(t, dsn).Begin(t.Context())
				require.NoError(t, err)
				return caller{store, tx}
			},
			Orders: func(*testing.T) int { return db.number("SELECT count(*) FROM orders") },
		}
	})
}

// caller is a transaction of the caller's, which ends with its connection at the latest.
type caller struct {
	store *pgstore.Store
	tx    pgx.Tx
}

func (c caller) Joined() ledger.Joined { return c.store.Join(c.tx) }
func (c caller) Commit() error         { return c.tx.Commit(context.Background()) }
func (c caller) Rollback() error       { return c.tx.Rollback(context.Background()) }
func (c caller) Order(id string) error {
	_, err := c.tx.Exec(context.Background(), "INSERT INTO orders VALUES ($1)", id)
	return err
}

const settingsNow = `SELECT concat_ws(' ', current_setting('lock_timeout'), current_setting('enable_seqscan'),
	current_setting('enable_hashjoin'), current_setting('enable_mergejoin'), current_setting('jit'))`

// writeJoined writes a block into a transaction of the caller's.
func writeJoined(t *testing.T, j ledger.Joined, id int64, change string) {
	t.Helper()
	tx, found, err := j.Begin(t.Context(), id, ledger.Need{Changes: []string{change}})
	require.NoError(t, err)
	require.Empty(t, found.Changes)
	require.NoError(t, tx.Commit(t.Context(), nextBlock(found.Head, change)))
}

func TestJoinedBlocksEndWithTheCallersTransaction(t *testing.T) {
	for name, committed := range map[string]bool{"committed": true, "rolled back": false} {
		t.Run(name, func(t *testing.T) {
			dsn := migrated(t)
			store, db := openStore(t, dsn), connect(t, dsn)
			head := opened(t, store)
			db.exec("CREATE TABLE orders (id text)")
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			_, err = tx.Exec(t.Context(), "SET LOCAL lock_timeout = '77s'; SET LOCAL enable_hashjoin = off; INSERT INTO orders VALUES ('one')")
			require.NoError(t, err)
			settings := func() (now string) {
				require.NoError(t, tx.QueryRow(t.Context(), settingsNow).Scan(&now))
				return now
			}
			before := settings()
			writeJoined(t, store.Join(tx), head.Ledger, "first")
			assert.Equal(t, before, settings(), "after Commit")
			writeJoined(t, store.Join(tx), head.Ledger, "second")
			undone, found, err := store.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{Changes: []string{"first"}})
			require.NoError(t, err)
			assert.Len(t, found.Changes, 1, "the transaction sees what it wrote")
			assert.EqualValues(t, 2, found.Head.Seq)
			require.NoError(t, undone.Rollback(t.Context()))
			assert.Equal(t, before, settings(), "after Rollback")
			assert.Zero(t, seq(t, store, head.Ledger), "nobody else sees it before")
			assert.Zero(t, db.number("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'okpay%'"))
			want := 0
			if committed {
				want = 1
				require.NoError(t, tx.Commit(t.Context()))
			} else {
				require.NoError(t, tx.Rollback(t.Context()))
			}
			assert.EqualValues(t, 2*want, seq(t, store, head.Ledger))
			assert.Equal(t, want, db.number("SELECT count(*) FROM orders"))
			write(t, store, head.Ledger, "third")
		})
	}
}

func TestJoinedErrorsLeaveTheTransactionUsable(t *testing.T) {
	dsn := migrated(t)
	db := connect(t, dsn)
	store := openWith(t, dsn, pgstore.Config{LockTimeout: 10 * time.Millisecond})
	head := opened(t, store)
	write(t, store, head.Ledger, "taken")
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	var before, after string
	require.NoError(t, tx.QueryRow(t.Context(), settingsNow).Scan(&before))

	holder, _ := begin(t, store, head.Ledger)
	_, _, err = store.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrRetry, "the lock is not had in time")
	require.NoError(t, holder.Rollback(t.Context()))

	_, _, err = store.Join(tx).Begin(t.Context(), head.Ledger+1, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrNotFound)

	broken, found, err := store.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{})
	require.NoError(t, err)
	require.Error(t, broken.Commit(t.Context(), nextBlock(found.Head, "taken")))

	require.NoError(t, tx.QueryRow(t.Context(), settingsNow).Scan(&after))
	assert.Equal(t, before, after)
	writeJoined(t, store.Join(tx), head.Ledger, "new")
	require.NoError(t, tx.Commit(t.Context()))
	assert.EqualValues(t, 2, seq(t, store, head.Ledger))
}

func TestJoinRefuses(t *testing.T) {
	dsn := migrated(t)
	store, db := openStore(t, dsn), connect(t, dsn)
	head := opened(t, store)
	join := func(tx pgx.Tx) error {
		_, _, err := store.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{})
		return err
	}
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		tx, err := db.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
		require.NoError(t, err)
		db.number("SELECT 1") // takes the snapshot
		write(t, store, head.Ledger, string(level))
		require.ErrorIs(t, join(tx), pgstore.ErrJoin, level)
		require.NoError(t, tx.Rollback(t.Context()))
	}
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT 1/0")
	require.Error(t, err)
	require.ErrorIs(t, join(tx), pgstore.ErrJoin, "a failed one")
	require.NoError(t, tx.Rollback(t.Context()))
	require.ErrorIs(t, join(tx), pgstore.ErrJoin, "one that has ended")

	db.exec("ALTER SCHEMA okpay RENAME TO elsewhere")
	tx, err = db.Begin(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, join(tx), pgstore.ErrSchemaOld)
	require.NoError(t, tx.Rollback(t.Context()))
}

func TestJoinedCommitAfterTheCallersRollbackWritesNothing(t *testing.T) {
	dsn := migrated(t)
	store, db := openStore(t, dsn), connect(t, dsn)
	head := opened(t, store)
	caller, err := db.Begin(t.Context())
	require.NoError(t, err)
	late, found, err := store.Join(caller).Begin(t.Context(), head.Ledger, ledger.Need{})
	require.NoError(t, err)
	require.NoError(t, caller.Rollback(t.Context()))
	again, err := db.Begin(t.Context())
	require.NoError(t, err)
	require.Error(t, late.Commit(t.Context(), nextBlock(found.Head, "late")))
	_ = again.Commit(t.Context()) // it has failed, so this rolls back
	assert.Zero(t, seq(t, store, head.Ledger))
}

func TestJoinSQL(t *testing.T) {
	dsn := migrated(t)
	store := openStore(t, dsn)
	head := opened(t, store)
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	_, _, err = store.JoinSQL(conn).Begin(t.Context(), head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, pgstore.ErrJoin, "no transaction")
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	writeJoined(t, store.JoinSQL(conn), head.Ledger, "first")
	writeJoined(t, store.JoinSQL(conn), head.Ledger, "second")
	require.NoError(t, tx.Commit())
	assert.EqualValues(t, 2, seq(t, store, head.Ledger))
}
