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

// postgresBaseline is one transaction per post, all of its statements in one round trip.
// Balances are locked in the order of their numbers, so that there is no deadlock.
func postgresBaseline(b *testing.B) poster {
	cfg, err := pgxpool.ParseConfig(pgtest.DSN(b))
	require.NoError(b, err)
	cfg.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	_, err = pool.Exec(b.Context(), `
		CREATE TABLE balances (account int PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 50);
		CREATE TABLE entries (id bigint PRIMARY KEY, debit int NOT NULL, credit int NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL);
		INSERT INTO balances SELECT n, 0 FROM generate_series(0, `+strconv.Itoa(accounts-1)+`) n`)
	require.NoError(b, err)
	return func(ctx context.Context, n, debit, credit int) error {
		batch := &pgx.Batch{}
		batch.Queue("BEGIN")
		batch.Queue("SELECT 1 FROM balances WHERE account = ANY($1) ORDER BY account FOR UPDATE", []int{debit, credit})
		batch.Queue("UPDATE balances SET balance = balance + CASE account WHEN $1::int THEN -1 ELSE 1 END WHERE account = ANY($2)", debit, []int{debit, credit})
		batch.Queue("INSERT INTO entries VALUES ($1, $2, $3, 1, now())", n, debit, credit)
		batch.Queue("COMMIT")
		return pool.SendBatch(ctx, batch).Close()
	}
}

// sqliteBaseline is one transaction per post on one connection, with the journal mode and
// durability that the ledger uses.
func sqliteBaseline(b *testing.B) poster {
	conn, err := sqlite.OpenConn(b.TempDir()+"/baseline.db", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, conn.Close()) })
	require.NoError(b, sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = FULL", nil))
	require.NoError(b, sqlitex.ExecuteScript(conn, `
		CREATE TABLE balances (account INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
		CREATE TABLE entries (id INTEGER PRIMARY KEY, debit INTEGER, credit INTEGER, amount INTEGER, at INTEGER);
		WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM n WHERE n < `+strconv.Itoa(accounts-1)+`) INSERT INTO balances SELECT n, 0 FROM n;`, nil))
	turn := make(chan struct{}, 1)
	return func(_ context.Context, n, debit, credit int) error {
		turn <- struct{}{}
		defer func() { <-turn }()
		for _, s := range []struct {
			sql  string
			args []int64
		}{
			{"BEGIN IMMEDIATE", nil},
			{"UPDATE balances SET balance = balance - 1 WHERE account = ?", []int64{int64(debit)}},
			{"UPDATE balances SET balance = balance + 1 WHERE account = ?", []int64{int64(credit)}},
			{"INSERT INTO entries VALUES (?, ?, ?, 1, ?)", []int64{int64(n), int64(debit), int64(credit), time.Now().UnixMicro()}},
			{"COMMIT", nil},
		} {
			stmt, err := conn.Prepare(s.sql)
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
}
