package sqlitestore

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
)

func TestJoin(t *testing.T) {
	ledgertest.TestJoin(t, func(t *testing.T) ledgertest.Joinable {
		s := withOrders(t)
		return ledgertest.Joinable{
			Store:  s,
			Begin:  func(t *testing.T) ledgertest.Caller { return caller{s, beginTx(t, s)} },
			Orders: func(t *testing.T) int { return orders(t, s) },
		}
	})
}

type caller struct {
	store *Store
	*Tx
}

func (c caller) Joined() ledger.Joined { return c.store.Join(c.Tx) }
func (c caller) Order(id string) error {
	return c.Exec(context.Background(), "INSERT INTO app_orders VALUES (?1)", id)
}
func (c caller) Commit() error { return c.Tx.Commit(context.Background()) }

// withOrders opens a store on a file with a table of the caller's.
func withOrders(t *testing.T) *Store {
	t.Helper()
	s := openTemp(t, Config{})
	tx := beginTx(t, s)
	require.NoError(t, tx.Exec(t.Context(), "CREATE TABLE app_orders (id TEXT NOT NULL CHECK (id <> ''))"))
	require.NoError(t, tx.Commit(t.Context()))
	return s
}

// beginTx begins a transaction that ends with the test at the latest.
func beginTx(t *testing.T, s *Store) *Tx {
	t.Helper()
	tx, err := s.BeginTx(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tx.Rollback()) })
	return tx
}

func orders(t *testing.T, s *Store) (n int) {
	t.Helper()
	require.NoError(t, s.Query(t.Context(), func(r *sqlite.Stmt) error { n = r.ColumnInt(0); return nil }, "SELECT count(*) FROM app_orders"))
	return n
}

func TestTxForbidsWhatIsNotTheCallers(t *testing.T) {
	s := withOrders(t)
	_, err := s.Open(t.Context(), "books", ledger.Genesis{})
	require.NoError(t, err)
	tx := beginTx(t, s)
	require.NoError(t, tx.Exec(t.Context(), "CREATE VIEW app_heads AS SELECT name, seq FROM ledgers"))
	for _, query := range []string{
		"COMMIT",
		"ROLLBACK",
		"END",
		"BEGIN",
		"SAVEPOINT mine",
		"RELEASE okpay",
		"ROLLBACK TO okpay",
		"PRAGMA synchronous = off",
		"PRAGMA writable_schema = on",
		"SELECT * FROM pragma_table_info('ledgers')",
		"ATTACH 'other.db' AS other",
		"ANALYZE",
		"UPDATE ledgers SET seq = 7",
		"Update LEDGERS SET seq = 7",
		"DELETE FROM blocks",
		"INSERT INTO currencies VALUES (1, 'CNY', 3)",
		"DROP TABLE events",
		"ALTER TABLE events ADD COLUMN more",
		"CREATE INDEX app_index ON events (type)",
		"CREATE TRIGGER app_trigger AFTER INSERT ON events BEGIN DELETE FROM app_orders; END",
		"CREATE TEMP TABLE accounts (a)",
		"CREATE TEMP TRIGGER app_trigger AFTER INSERT ON app_orders BEGIN DELETE FROM app_orders; END",
		"CREATE TEMP VIEW accounts AS SELECT 1",
	} {
		require.ErrorIs(t, tx.Exec(t.Context(), query), ErrForbidden, query)
	}
	require.NoError(t, tx.Exec(t.Context(), "CREATE TRIGGER app_trigger AFTER INSERT ON app_orders BEGIN UPDATE ledgers SET seq = 7; END"))
	require.ErrorIs(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('one')"), ErrForbidden, "through a trigger")
	require.NoError(t, tx.Exec(t.Context(), "DROP TRIGGER app_trigger"))
	require.NoError(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('one')"))
	var name string
	require.NoError(t, tx.Query(t.Context(), func(r *sqlite.Stmt) error { name = r.ColumnText(0); return nil }, "SELECT name FROM app_heads"))
	assert.Equal(t, "books", name)
	require.NoError(t, tx.Commit(t.Context()))
	assert.Equal(t, 1, orders(t, s))
	require.ErrorIs(t, s.Query(t.Context(), nil, "PRAGMA query_only = off"), ErrForbidden)
	require.Error(t, s.Query(t.Context(), nil, "DELETE FROM app_orders"))
}

func TestOwnTableKnowsEveryTable(t *testing.T) {
	s := openTemp(t, Config{})
	count := 0
	require.NoError(t, s.Query(t.Context(), func(r *sqlite.Stmt) error {
		count++
		assert.True(t, ownTable(r.ColumnText(0)), r.ColumnText(0))
		return nil
	}, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
	assert.NotZero(t, count)
}

func TestTxOfFailedStatements(t *testing.T) {
	s := withOrders(t)
	tx := beginTx(t, s)
	require.NoError(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('one')"))
	require.ErrorContains(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('two'), ('')"), "CHECK")
	require.ErrorContains(t, tx.Exec(t.Context(), "INSERT INTO nowhere VALUES (1)"), "nowhere")
	require.Error(t, tx.Exec(t.Context(), "SELECT 1; SELECT 2"), "one statement")
	own := assert.AnError
	require.Equal(t, own, tx.Query(t.Context(), func(*sqlite.Stmt) error { return own }, "SELECT 1"), "the caller's error as it is")
	require.NoError(t, tx.Query(t.Context(), func(*sqlite.Stmt) error {
		assert.ErrorIs(t, tx.Exec(t.Context(), "SELECT 1"), ErrJoin)
		assert.ErrorIs(t, tx.Rollback(), ErrJoin)
		_, _, err := s.Join(tx).Begin(t.Context(), 1, ledger.Need{})
		assert.ErrorIs(t, err, ErrJoin)
		return nil
	}, "SELECT 1"), "a query that goes on")
	require.NoError(t, tx.Commit(t.Context()))
	assert.Equal(t, 1, orders(t, s))

	tx = beginTx(t, s)
	require.NoError(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('two')"))
	require.Error(t, tx.Exec(t.Context(), "INSERT OR ROLLBACK INTO app_orders VALUES ('')"))
	require.ErrorIs(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('three')"), ErrJoin, "nothing is written outside of a transaction")
	require.ErrorIs(t, tx.Commit(t.Context()), ErrJoin)
	assert.Equal(t, 1, orders(t, s))
}

func TestTxThatHasEnded(t *testing.T) {
	s, other := withOrders(t), openTemp(t, Config{})
	head, err := s.Open(t.Context(), "books", ledger.Genesis{})
	require.NoError(t, err)
	tx := beginTx(t, s)
	_, _, err = other.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, ErrJoin, "of another store")
	_, _, err = s.Join(tx).Begin(t.Context(), head.Ledger+1, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrNotFound)
	require.NoError(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('one')"), "which leaves it usable")
	inner, _, err := s.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{})
	require.NoError(t, err)
	require.ErrorIs(t, tx.Commit(t.Context()), ErrJoin, "while the ledger is at work")
	require.NoError(t, inner.Rollback(t.Context()))
	require.Error(t, inner.Rollback(t.Context()))
	_, err = inner.Load(t.Context(), ledger.Need{})
	require.Error(t, err)
	require.Error(t, inner.Commit(t.Context(), &ledger.Batch{}))
	require.NoError(t, tx.Commit(t.Context()))
	assert.ErrorIs(t, tx.Commit(t.Context()), ErrJoin)
	assert.ErrorIs(t, tx.Exec(t.Context(), "SELECT 1"), ErrJoin)
	_, _, err = s.Join(tx).Begin(t.Context(), head.Ledger, ledger.Need{})
	assert.ErrorIs(t, err, ErrJoin)
	assert.NoError(t, tx.Rollback(), "after the end it does nothing")
}

func TestTxOfACanceledCaller(t *testing.T) {
	s := withOrders(t)
	tx := beginTx(t, s)
	require.NoError(t, tx.Exec(t.Context(), "INSERT INTO app_orders VALUES ('one')"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, tx.Exec(ctx, "INSERT INTO app_orders VALUES ('two')"), context.Canceled)
	require.ErrorIs(t, tx.Commit(ctx), context.Canceled)
	assert.Zero(t, orders(t, s))
	beginTx(t, s) // the writer is free
}

// A Store that waits for a transaction of another process's, or of its own, gives up in time.
func TestBeginTxWaitsNoLongerThanAllowed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	a, b := openAt(t, path, Config{}), openAt(t, path, Config{BusyTimeout: 20 * time.Millisecond})
	tx := beginTx(t, a)
	_, err := b.BeginTx(t.Context())
	require.ErrorIs(t, err, ledger.ErrRetry)
	require.NoError(t, tx.Rollback())
	beginTx(t, b)
}
