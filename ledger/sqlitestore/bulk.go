package sqlitestore

import (
	"context"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
)

// bulkSizes are the numbers of rows that one INSERT writes, largest first. Half the cost of
// a small row is that of its statement; beyond 32 rows nothing more was to be had.
var bulkSizes = [...]int{32, 8, 1}

// bulkKey names a prepared statement of insertAll.
type bulkKey struct {
	into string
	rows int
}

// insertAll inserts rows into "table (ledger, column, …)". put binds all columns but the
// ledger. A row that is refused ends the whole transaction (OR ROLLBACK), which is what we
// want and spares SQLite from preparing to undo one statement.
func insertAll[T any](ctx context.Context, c *conn, ledger int64, into string, rows []T, put func(*params, *T)) error {
	for _, size := range bulkSizes {
		if len(rows) < size {
			continue
		}
		stmt, err := c.bulkInsert(into, size)
		if err != nil {
			return err
		}
		p := bind(stmt, ledger)
		for ; len(rows) >= size; rows = rows[size:] {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.last = 1
			for i := range size {
				put(p, &rows[i])
			}
			if err := run(stmt); err != nil {
				return err
			}
		}
	}
	return nil
}

// bulkInsert prepares an insert of some rows whose first column is parameter 1.
func (c *conn) bulkInsert(into string, rows int) (*sqlite.Stmt, error) {
	key := bulkKey{into, rows}
	if stmt := c.bulk[key]; stmt != nil {
		return stmt, nil
	}
	columns := strings.Count(into, ",") + 1
	var b strings.Builder
	b.WriteString("INSERT OR ROLLBACK INTO " + into + " VALUES ")
	n := 1
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(?1")
		for range columns - 1 {
			n++
			b.WriteString(",?" + strconv.Itoa(n))
		}
		b.WriteByte(')')
	}
	stmt, err := c.Prepare(b.String())
	if err != nil {
		return nil, err
	}
	c.bulk[key] = stmt
	return stmt, nil
}
