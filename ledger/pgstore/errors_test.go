package pgstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
)

// canary stands for content and passwords; no error may have it.
const canary = "canary-7f3a"

// categories are what the ledger acts on.
var categories = map[string]error{
	"retry":       ledger.ErrRetry,
	"unavailable": ledger.ErrUnavailable,
	"unknown":     ledger.ErrCommitUnknown,
}

// assertCategory checks that an error has this category and no other, "" for none: that
// blames the data.
func assertCategory(t *testing.T, want string, err error) {
	t.Helper()
	require.Error(t, err)
	for name, category := range categories {
		assert.Equal(t, name == want, errors.Is(err, category), "is %q, want %q: %v", name, want, err)
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		assert.NotContains(t, text, canary)
	}
}

func TestTranslate(t *testing.T) {
	server := func(code string) error {
		return &pgconn.PgError{Severity: "ERROR", Code: code, Message: "message", Detail: canary, Where: canary}
	}
	quoting := func(code string) error {
		return &pgconn.PgError{Severity: "ERROR", Code: code, Message: canary, ConstraintName: "changes_pkey", TableName: "changes"}
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"serialization failure", server("40001"), "retry"},
		{"deadlock", server("40P01"), "retry"},
		{"integrity violation of the transaction", server("40002"), "retry"},
		{"lock not had in time", server("55P03"), "retry"},
		{"statement timeout", server("57014"), "retry"},
		{"too long idle in the transaction", server("25P03"), "retry"},
		{"prepared statement is gone", server("26000"), "retry"},
		{"table has changed under a prepared statement", server("0A000"), "retry"},
		{"disk full", server("53100"), "unavailable"},
		{"out of memory", server("53200"), "unavailable"},
		{"too many connections", server("53300"), "unavailable"},
		{"shut down by an administrator", server("57P01"), "unavailable"},
		{"shut down by a crash", server("57P02"), "unavailable"},
		{"starting up", server("57P03"), "unavailable"},
		{"database dropped", server("57P04"), "unavailable"},
		{"idle session timeout", server("57P05"), "unavailable"},
		{"connection failure", server("08006"), "unavailable"},
		{"I/O error", server("58030"), "unavailable"},
		{"no writes allowed", server("25006"), "unavailable"},
		{"connection lost", io.ErrUnexpectedEOF, "unavailable"},
		{"connection closed before", pgconn.ErrConnClosed, "unavailable"},
		{"the server is a replica", fmt.Errorf("connect: %w", pgconn.ErrStandbyConnection), "unavailable"},
		{"NUL in a text", quoting("22021"), ""},
		{"character that the encoding lacks", quoting("22P05"), ""},
		{"malformed value", quoting("22P02"), ""},
		{"number out of range", quoting("22003"), ""},
		{"unique violation", quoting("23505"), ""},
		{"check violation", quoting("23514"), ""},
		{"exclusion by a trigger", quoting("P0001"), ""},
		{"key too long for an index", quoting("54000"), ""},
		{"no privilege", server("42501"), ""},
		{"internal error", server("XX000"), ""},
		{"no code at all", server(""), ""},
		{"malformed answer", errMalformed, ""},
	} {
		t.Run(c.name, func(t *testing.T) { assertCategory(t, c.want, translate(t.Context(), "test", c.err)) })
	}
	t.Run("nothing", func(t *testing.T) { require.NoError(t, translate(t.Context(), "test", nil)) })
	t.Run("the context has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := translate(ctx, "test", io.ErrUnexpectedEOF)
		require.ErrorIs(t, err, context.Canceled)
		assertCategory(t, "", err)
	})
}

func TestJudge(t *testing.T) {
	const want = 4 // BEGIN, two writes, COMMIT
	failed := func(code string) error {
		return &pgconn.PgError{Severity: "ERROR", Code: code, Message: "message", Detail: canary}
	}
	for _, c := range []struct {
		name string
		v    verdict
		want string // "ok", a category, or "" for an error that blames the data
	}{
		{"the tag is COMMIT", verdict{result: result{done: 4, tag: "COMMIT"}}, "ok"},
		{"the connection is lost after COMMIT was confirmed", verdict{result: result{done: 4, tag: "COMMIT"}, err: io.EOF}, "ok"},
		{"a warning comes with COMMIT", verdict{result: result{done: 4, tag: "COMMIT", warned: true}}, "unknown"},
		{"the tag is ROLLBACK", verdict{result: result{done: 4, tag: "ROLLBACK"}}, ""},
		{"the tag is something else", verdict{result: result{done: 4, tag: "INSERT 0 1"}}, "unknown"},
		{"there is no tag", verdict{result: result{done: 4}}, "unknown"},
		{"nothing was sent", verdict{err: unsent{}}, "unavailable"},
		{"the connection is lost before any answer", verdict{err: io.EOF}, "unknown"},
		{"the connection is lost before COMMIT is answered", verdict{result: result{done: 3}, err: io.EOF}, "unknown"},
		{"the context ends before COMMIT is answered", verdict{result: result{done: 3}, err: context.Canceled}, "unknown"},
		{"a write violates a constraint", verdict{result: result{done: 2}, err: failed("23505")}, ""},
		{"a write finds the disk full", verdict{result: result{done: 2}, err: failed("53100")}, "unavailable"},
		{"a write meets a deadlock", verdict{result: result{done: 1}, err: failed("40P01")}, "retry"},
		{"the server is shut down before COMMIT", verdict{result: result{done: 2}, err: failed("57P01")}, "unavailable"},
		{"the server is shut down at COMMIT", verdict{result: result{done: 3}, err: failed("57P01")}, "unknown"},
		{"COMMIT fails to serialize", verdict{result: result{done: 3}, err: failed("40001")}, "retry"},
		{"COMMIT does not know itself", verdict{result: result{done: 3}, err: failed("40003")}, "unknown"},
		{"a deferred constraint fails at COMMIT", verdict{result: result{done: 3}, err: failed("23505")}, ""},
		{"the disk is full at COMMIT", verdict{result: result{done: 3}, err: failed("53100")}, "unknown"},
		{"something else fails at COMMIT", verdict{result: result{done: 3}, err: failed("XX000")}, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.v.want = want
			err := judge(t.Context(), c.v)
			if c.want == "ok" {
				require.NoError(t, err)
				return
			}
			assertCategory(t, c.want, err)
		})
	}
	t.Run("an unknown outcome tells that the context has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := judge(ctx, verdict{result: result{done: 3}, want: want, err: io.EOF})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, ledger.ErrCommitUnknown)
	})
}

// unsent is pgx's way to say that nothing was sent.
type unsent struct{}

func (unsent) Error() string     { return "unsent" }
func (unsent) SafeToRetry() bool { return true }

func TestErrorsOfConnectingKeepThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://shop:" + canary + "@/okpay?host=/nowhere/at/all",
		"host=/nowhere/at/all user=shop password=" + canary,
		"host=/nowhere/at/all user=shop password='" + canary + "' sslmode=nonsense",
		"postgres://shop:" + canary + "@127.0.0.1:x/okpay",
		"postgres://shop:" + canary + "/@127.0.0.1/okpay",
		"postgres://shop@127.0.0.1/okpay?passwordd=" + canary + "&port=none",
		"host " + canary,
		canary,
	} {
		_, err := Open(t.Context(), dsn, Config{})
		require.Error(t, err)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), canary)
		err = Migrate(t.Context(), dsn, Config{})
		require.Error(t, err)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), canary)
	}
}

func TestCommitOfAFailedTransaction(t *testing.T) {
	_, c := acquired(t)
	_, err := c.do(t.Context(), call{stmt: beginWrite}, call{stmt: configureWrite, args: [][]byte{textOf("not a time"), textOf("0")}})
	require.Error(t, err)
	// The server answers COMMIT without an error.
	r, err := c.do(t.Context(), call{stmt: commit})
	require.NoError(t, err)
	require.Equal(t, "ROLLBACK", r.tag)
	assertCategory(t, "", judge(t.Context(), verdict{result: r, want: 1}))
}

func TestStatementsUseIndexes(t *testing.T) {
	s, c := acquired(t)
	conn := c.pooled.Conn()
	// To a planner who knows that the tables are empty, scanning them costs nothing.
	_, err := conn.Exec(t.Context(), "ANALYZE")
	require.NoError(t, err)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(t.Context())
	_, err = c.do(t.Context(), call{stmt: configureWrite, args: [][]byte{textOf("0"), textOf("0")}})
	require.NoError(t, err)
	for i := selectLedger; i < statementCount; i++ {
		// With generic plans the values do not matter.
		sd, err := conn.Prepare(t.Context(), fmt.Sprintf("explain_%d", i), s.statements[i].sql)
		require.NoError(t, err)
		nulls := ""
		for range sd.ParamOIDs {
			nulls += ", NULL"
		}
		rows, err := tx.Query(t.Context(), fmt.Sprintf("EXPLAIN EXECUTE explain_%d (%s)", i, nulls[2:]), pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range plan {
			assert.NotContains(t, line, "Seq Scan", "%s\n%s", s.statements[i].sql, plan)
		}
	}
}

// acquired returns a store with one of its connections.
func acquired(t *testing.T) (*Store, *conn) {
	t.Helper()
	dsn := pgtest.DSN(t)
	require.NoError(t, Migrate(t.Context(), dsn, Config{}))
	s, err := Open(t.Context(), dsn, Config{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	c, err := s.acquire(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { c.release(context.Background()) })
	return s, c
}
