package frozen

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// sqliteFile is a database in a file.
type sqliteFile struct{ path string }

func newSQLite(t *testing.T) database { return sqliteFile{filepath.Join(t.TempDir(), "ledger.db")} }

func (sqliteFile) golden() string { return "sqlite.sql" }

func (f sqliteFile) prepare(*testing.T) {}

func (f sqliteFile) open(ctx context.Context) (ledger.Store, error) {
	return sqlitestore.Open(ctx, f.path, sqlitestore.Config{})
}

func (f sqliteFile) with(t *testing.T, flags sqlite.OpenFlags, fn func(*sqlite.Conn)) {
	t.Helper()
	c, err := sqlite.OpenConn(f.path, flags)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	fn(c)
}

func (f sqliteFile) exec(t *testing.T, sql string) {
	t.Helper()
	f.with(t, sqlite.OpenReadWrite|sqlite.OpenCreate, func(c *sqlite.Conn) { require.NoError(t, sqlitex.ExecuteScript(c, sql, nil)) })
}

func (f sqliteFile) restore(t *testing.T, dump string) { f.exec(t, dump) }

// dump writes the whole database as SQL: what marks it as ours, its tables with their rows in
// the order of their keys, and its indexes.
func (f sqliteFile) dump(t *testing.T) string {
	t.Helper()
	var s strings.Builder
	f.with(t, sqlite.OpenReadWrite, func(c *sqlite.Conn) {
		query := func(sql string, row func(*sqlite.Stmt)) {
			require.NoError(t, sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{
				ResultFunc: func(stmt *sqlite.Stmt) error { row(stmt); return nil },
			}), sql)
		}
		for _, pragma := range []string{"application_id", "user_version"} {
			query("PRAGMA "+pragma, func(stmt *sqlite.Stmt) { fmt.Fprintf(&s, "PRAGMA %s = %d;\n", pragma, stmt.ColumnInt64(0)) })
		}
		type made struct{ name, sql string }
		var tables, others []made
		query("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", func(stmt *sqlite.Stmt) {
			if one := (made{stmt.ColumnText(1), stmt.ColumnText(2)}); stmt.ColumnText(0) == "table" {
				tables = append(tables, one)
			} else {
				others = append(others, one)
			}
		})
		for _, table := range tables {
			s.WriteString("\n" + table.sql + ";\n")
			var columns, quoted, key []string
			query("SELECT name, pk FROM pragma_table_info('"+table.name+"')", func(stmt *sqlite.Stmt) {
				columns = append(columns, stmt.ColumnText(0))
				quoted = append(quoted, "quote("+stmt.ColumnText(0)+")")
				if stmt.ColumnInt64(1) > 0 {
					key = append(key, stmt.ColumnText(0))
				}
			})
			query("SELECT "+strings.Join(quoted, ", ")+" FROM "+table.name+" ORDER BY "+strings.Join(key, ", "), func(stmt *sqlite.Stmt) {
				values := make([]string, stmt.ColumnCount())
				for i := range values {
					values[i] = stmt.ColumnText(i)
				}
				fmt.Fprintf(&s, "INSERT INTO %s (%s) VALUES (%s);\n", table.name, strings.Join(columns, ", "), strings.Join(values, ", "))
			})
		}
		for _, one := range others {
			s.WriteString("\n" + one.sql + ";\n")
		}
	})
	return s.String()
}

// later are changes that a later version of the program makes, and the errors with which
// this one refuses what it finds.
func (sqliteFile) later() []later {
	return []later{
		{"a newer schema", "PRAGMA user_version = 1000", sqlitestore.ErrNewer},
		{"a ledger that asks for a newer reader", "UPDATE ledgers SET min_reader = 1000", sqlitestore.ErrNewer},
		{"a newer block", "UPDATE blocks SET body = CAST(x'02' || substr(body, 2) AS BLOB) WHERE seq = (SELECT max(seq) FROM blocks)", ledger.ErrFormat},
		{"a block of the time before", "UPDATE blocks SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE seq = (SELECT max(seq) FROM blocks)", ledger.ErrFormat},
	}
}

func (sqliteFile) newWriter() (string, error) {
	return "UPDATE ledgers SET min_writer = 1000", sqlitestore.ErrNewer
}
