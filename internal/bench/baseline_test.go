package bench

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/internal/pgtest"
)

// baseline is one transaction per post: what a program does without the ledger.
type baseline struct {
	name    string
	callers []int
	open    func(b *testing.B, callers int) poster
}

// statementsBaseline sends all statements of a transaction in one round trip. Balances are
// locked in the order of their numbers, so that there is no deadlock.
func statementsBaseline(b *testing.B, callers int) poster {
	pool := baselinePool(b, callers)
	return func(ctx context.Context, n int) error {
		debit, credit := uniform.pair(n, accounts)
		batch := &pgx.Batch{}
		batch.Queue("BEGIN")
		batch.Queue("SELECT 1 FROM balances WHERE account = ANY($1) ORDER BY account FOR UPDATE", []int{debit, credit})
		batch.Queue("UPDATE balances SET balance = balance + CASE account WHEN $1::int THEN -1 ELSE 1 END WHERE account = ANY($2)", debit, []int{debit, credit})
		batch.Queue("INSERT INTO entries VALUES ($1, $2, $3, 1, now())", n, debit, credit)
		batch.Queue("COMMIT")
		return pool.SendBatch(ctx, batch).Close()
	}
}

// functionBaseline is one call of a stored function, which is a transaction by itself: the
// least that PostgreSQL can be asked to do for a post.
func functionBaseline(b *testing.B, callers int) poster {
	pool := baselinePool(b, callers)
	_, err := pool.Exec(b.Context(), `
		CREATE FUNCTION post(id bigint, debit int, credit int, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			IF debit < credit THEN
				UPDATE balances SET balance = balance - amount WHERE account = debit;
				UPDATE balances SET balance = balance + amount WHERE account = credit;
			ELSE
				UPDATE balances SET balance = balance + amount WHERE account = credit;
				UPDATE balances SET balance = balance - amount WHERE account = debit;
			END IF;
			INSERT INTO entries VALUES (id, debit, credit, amount, now());
		END $$`)
	require.NoError(b, err)
	return func(ctx context.Context, n int) error {
		debit, credit := uniform.pair(n, accounts)
		_, err := pool.Exec(ctx, "SELECT post($1, $2, $3, 1)", n, debit, credit)
		return err
	}
}

// baselinePool is a database with balances and entries, and a connection for each caller.
func baselinePool(b *testing.B, callers int) *pgxpool.Pool {
	dsn := pgtest.DSN(b)
	requireDurable(b, dsn)
	cfg, err := pgxpool.ParseConfig(dsn)
	require.NoError(b, err)
	cfg.MaxConns, cfg.MinConns = int32(callers), int32(callers)
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	_, err = pool.Exec(b.Context(), `
		CREATE TABLE balances (account int PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 50);
		CREATE TABLE entries (id bigint PRIMARY KEY, debit int NOT NULL, credit int NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL);
		INSERT INTO balances SELECT n, 0 FROM generate_series(0, `+strconv.Itoa(accounts-1)+`) n;
		ANALYZE balances`)
	require.NoError(b, err)
	return pool
}

// sqliteBaseline is one connection that the callers take turns on, with the journal mode and
// durability that the ledger uses.
func sqliteBaseline(b *testing.B, _ int) poster {
	conn := sqliteConn(b)
	require.NoError(b, sqlitex.ExecuteScript(conn, `
		CREATE TABLE balances (account INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
		CREATE TABLE entries (id INTEGER PRIMARY KEY, debit INTEGER, credit INTEGER, amount INTEGER, at INTEGER);
		WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM n WHERE n < `+strconv.Itoa(accounts-1)+`) INSERT INTO balances SELECT n, 0 FROM n;`, nil))
	turn := make(chan struct{}, 1)
	return func(_ context.Context, n int) error {
		debit, credit := uniform.pair(n, accounts)
		turn <- struct{}{}
		defer func() { <-turn }()
		return sqliteStatements(conn,
			bound{"BEGIN IMMEDIATE", nil},
			bound{"UPDATE balances SET balance = balance - 1 WHERE account = ?", []int64{int64(debit)}},
			bound{"UPDATE balances SET balance = balance + 1 WHERE account = ?", []int64{int64(credit)}},
			bound{"INSERT INTO entries VALUES (?, ?, ?, 1, ?)", []int64{int64(n), int64(debit), int64(credit), time.Now().UnixMicro()}},
			bound{"COMMIT", nil},
		)
	}
}

func sqliteConn(b *testing.B) *sqlite.Conn {
	conn, err := sqlite.OpenConn(b.TempDir()+"/baseline.db", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, conn.Close()) })
	require.NoError(b, sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = FULL", nil))
	return conn
}

// bound is a statement with its arguments.
type bound struct {
	sql  string
	args []int64
}

func sqliteStatements(conn *sqlite.Conn, statements ...bound) error {
	for _, s := range statements {
		stmt, err := conn.Prepare(s.sql) // prepared once, then kept by the connection
		if err != nil {
			return err
		}
		for i, arg := range s.args {
			stmt.BindInt64(i+1, arg)
		}
		if _, err := stmt.Step(); err != nil {
			return err
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
	}
	return nil
}
