package tamper

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// sqliteFile is restored from a copy.
type sqliteFile struct{ path string }

func startSQLite(t *testing.T) database { return &sqliteFile{t.TempDir() + "/ledger.db"} }

func (f *sqliteFile) open(ctx context.Context) (ledger.Store, error) {
	return sqlitestore.Open(ctx, f.path, sqlitestore.Config{})
}

// with calls fn with a connection that checks no constraints.
func (f *sqliteFile) with(t *testing.T, fn func(*sqlite.Conn) error) {
	t.Helper()
	conn, err := sqlite.OpenConn(f.path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, sqlitex.ExecuteTransient(conn, "PRAGMA ignore_check_constraints = ON", nil))
	require.NoError(t, fn(conn))
}

func (f *sqliteFile) columns(t *testing.T) (columns [][2]string) {
	f.with(t, func(conn *sqlite.Conn) error {
		return sqlitex.ExecuteTransient(conn,
			`SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`,
			&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
				columns = append(columns, [2]string{s.ColumnText(0), s.ColumnText(1)})
				return nil
			}})
	})
	f.save(t)
	return columns
}

func (f *sqliteFile) save(t *testing.T)    { copyFile(t, f.path, f.path+".copy") }
func (f *sqliteFile) restore(t *testing.T) { copyFile(t, f.path+".copy", f.path) }

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.Create(to)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, err)
	require.NoError(t, out.Close())
}

func (f *sqliteFile) change(t *testing.T, table, column string) (changed bool) {
	f.with(t, func(conn *sqlite.Conn) error {
		var kind string
		err := sqlitex.ExecuteTransient(conn, "SELECT type FROM pragma_table_info('"+table+"') WHERE name = '"+column+"'",
			&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error { kind = s.ColumnText(0); return nil }})
		if err != nil {
			return err
		}
		value := map[string]string{
			"INTEGER": "coalesce(" + column + ", 0) + 1",
			"TEXT":    "coalesce(" + column + ", '') || 'x'",
			// The last byte: where the first one is a version, another is refused anyway.
			"BLOB": "CASE WHEN ifnull(length(" + column + "), 0) = 0 THEN x'01' ELSE CAST(substr(" + column + ", 1, length(" + column +
				") - 1) || CASE substr(" + column + ", -1) WHEN x'01' THEN x'02' ELSE x'01' END AS BLOB) END",
		}[kind]
		require.NotEmpty(t, value, "column %s.%s has type %q", table, column, kind)
		// The last row by all columns, so that keys stay free where a number is raised.
		err = sqlitex.ExecuteTransient(conn, "UPDATE "+table+" SET "+column+" = "+value+" WHERE "+key(table)+" = (SELECT max("+key(table)+") FROM "+table+")", nil)
		if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint {
			t.Logf("%s.%s: the database refuses it: %v", table, column, err)
			return nil
		}
		changed = err == nil && conn.Changes() > 0
		return err
	})
	return changed
}

// key is a column that tells a table's rows apart in a ledger of the test's.
func key(table string) string {
	return map[string]string{
		"ledgers": "ledger", "blocks": "seq", "changes": "id", "postings": "no", "accounts": "no", "marks": "nth", "holds": "id",
		"hold_due": "account", "records": "id", "record_keys": "key", "record_labels": "label", "events": "no", "currencies": "code",
		"reversals": "tx", "terms": "hash", "dated": "posting", "dated_sums": "bucket",
	}[table]
}

func (f *sqliteFile) flip(t *testing.T, seq int64, nth int) (size int) {
	if _, err := os.Stat(f.path + ".copy"); err != nil {
		f.with(t, func(*sqlite.Conn) error { return nil }) // brings the log into the file
		f.save(t)
	}
	f.with(t, func(conn *sqlite.Conn) error {
		var body []byte
		err := sqlitex.Execute(conn, "SELECT body FROM blocks WHERE seq = ?", &sqlitex.ExecOptions{
			Args: []any{seq},
			ResultFunc: func(s *sqlite.Stmt) error {
				body = make([]byte, s.ColumnLen(0))
				s.ColumnBytes(0, body)
				return nil
			},
		})
		if err != nil {
			return err
		}
		size = len(body)
		body[nth] ^= 1
		return sqlitex.Execute(conn, "UPDATE blocks SET body = ? WHERE seq = ?", &sqlitex.ExecOptions{Args: []any{body, seq}})
	})
	return size
}
