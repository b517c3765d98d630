package bench

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkLone is a single caller, beside BEGIN, INSERT of one row, COMMIT on the same
// store: the least that a durable change can cost. x-insert is how many times as long a post
// takes; blocks/transfer is 1, since nobody is waited for.
func BenchmarkLone(b *testing.B) {
	for _, c := range []struct {
		place
		inserts []insert
	}{
		{sqliteFile, []insert{{"insert", "x-insert", sqliteInsert}}},
		{postgres, []insert{
			{"insert", "x-insert", postgresInsert},
			{"insert in one round trip", "x-insert-at-once", postgresInsertAtOnce},
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			rates := make([]float64, len(c.inserts))
			for i, in := range c.inserts {
				b.Run("baseline="+in.name, func(b *testing.B) { rates[i] = measure(b, 1, in.open(b)) })
			}
			b.Run("ledger", func(b *testing.B) {
				w := newWriter(uniform, accounts)
				l, first := filled(b, c.place, ledger.Config{}, w)
				before := blocks(b, l)
				rate := measure(b, 1, w.poster(l, first))
				b.ReportMetric(float64(blocks(b, l)-before)/float64(b.N), "blocks/transfer")
				for i, in := range c.inserts {
					if rates[i] > 0 {
						b.ReportMetric(rates[i]/rate, in.unit)
					}
				}
			})
		})
	}
}

// insert is a baseline of BenchmarkLone.
type insert struct {
	name, unit string
	open       func(b *testing.B) poster
}

func sqliteInsert(b *testing.B) poster {
	conn := sqliteConn(b)
	require.NoError(b, sqlitex.ExecuteScript(conn,
		"CREATE TABLE entries (id INTEGER PRIMARY KEY, debit INTEGER, credit INTEGER, amount INTEGER, at INTEGER);", nil))
	return func(_ context.Context, n int) error {
		return sqliteStatements(conn,
			bound{"BEGIN IMMEDIATE", nil},
			bound{"INSERT INTO entries VALUES (?, 1, 2, 1, ?)", []int64{int64(n), time.Now().UnixMicro()}},
			bound{"COMMIT", nil},
		)
	}
}

// postgresInsert is a transaction as programs write it: each statement waits for the one
// before.
func postgresInsert(b *testing.B) poster {
	conn := insertConn(b)
	return func(ctx context.Context, n int) error {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertEntry, n); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
}

// postgresInsertAtOnce sends the three statements together.
func postgresInsertAtOnce(b *testing.B) poster {
	conn := insertConn(b)
	return func(ctx context.Context, n int) error {
		batch := &pgx.Batch{}
		batch.Queue("BEGIN")
		batch.Queue(insertEntry, n)
		batch.Queue("COMMIT")
		return conn.SendBatch(ctx, batch).Close()
	}
}

const insertEntry = "INSERT INTO entries VALUES ($1, 1, 2, 1, now())"

func insertConn(b *testing.B) *pgx.Conn {
	dsn := pgtest.DSN(b)
	requireDurable(b, dsn)
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, conn.Close(context.Background())) })
	_, err = conn.Exec(b.Context(),
		"CREATE TABLE entries (id bigint PRIMARY KEY, debit int NOT NULL, credit int NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL)")
	require.NoError(b, err)
	return conn
}
