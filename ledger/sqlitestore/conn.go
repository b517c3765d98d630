package sqlitestore

import (
	"fmt"
	"os"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// conn is one connection to the file. It belongs to one goroutine at a time.
type conn struct {
	*sqlite.Conn
	bulk   map[bulkKey]*sqlite.Stmt // see insertAll and lookAll
	broken bool                     // to be replaced before its next use
	shut   bool
	kept   bool // a write transaction was begun for the next block of the turn

	joined     bool // a row that is refused must not end the transaction, which is the caller's
	bulkJoined map[bulkKey]*sqlite.Stmt
}

// Prepare prepares one of our statements, which is kept.
func (c *conn) Prepare(query string) (*sqlite.Stmt, error) {
	if c.joined {
		query = strings.Replace(query, " OR ROLLBACK", "", 1)
	}
	return c.Conn.Prepare(query)
}

// pageSize holds 40 to 60 postings. Measured against 4 KiB it saves a fifth of the work in
// bulk and costs nothing in blocks of one change; 16 KiB costs those.
const pageSize = 8 << 10

// openFile opens a connection to a file that is there. It changes nothing in the file.
func openFile(path string) (*conn, error) {
	// Without OpenURI the path is a path, whatever it looks like.
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	// We wait for locks ourselves; see lock.go.
	c.SetBusyTimeout(0)
	return &conn{Conn: c, bulk: make(map[bulkKey]*sqlite.Stmt), bulkJoined: make(map[bulkKey]*sqlite.Stmt)}, nil
}

// create makes an empty file that only its owner may read, unless something is there
// already. A file that is there is left alone: closing a descriptor of it would drop the
// locks that other connections of this process hold.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sqlitestore: %w: %w", ledger.ErrUnavailable, err)
	}
	return f.Close()
}

// close frees the connection and what it has locked. A second call does nothing.
func (c *conn) close() error {
	if c.shut {
		return nil
	}
	c.shut = true
	return c.Conn.Close()
}

// useLog switches the file to write-ahead logging, which is remembered in it.
func (c *conn) useLog() error {
	stmt, err := c.Prepare("PRAGMA journal_mode = wal")
	if err != nil {
		return err
	}
	var mode string
	err = each(stmt, func(r *row) error {
		mode = r.text()
		return nil
	})
	if err == nil && mode != "wal" {
		err = fmt.Errorf("sqlitestore: %w: no write-ahead log on this file system", ledger.ErrUnavailable)
	}
	return err
}

// configure sets what every connection needs. Memory-mapped reading stays off: a disk error
// would arrive as a signal that ends the process.
func (c *conn) configure(cfg Config, cache int64) error {
	for _, pragma := range []string{
		"PRAGMA synchronous = " + cfg.Synchronous.String(),
		fmt.Sprintf("PRAGMA cache_size = -%d", max(cache>>10, 1)),
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", max(cfg.LogSize/pageSize, 1)),
		fmt.Sprintf("PRAGMA journal_size_limit = %d", 2*cfg.LogSize),
		"PRAGMA mmap_size = 0",
		"PRAGMA temp_store = memory",
		"PRAGMA trusted_schema = off",
		"PRAGMA cell_size_check = on",
	} {
		if err := c.exec(pragma); err != nil {
			return err
		}
	}
	// Not SetDefensive: in zombiezen.com/go/sqlite v1.4.2 it hands SQLite one variable
	// argument where SQLITE_DBCONFIG_DEFENSIVE takes two, and SQLite writes through whatever
	// lies behind it.
	return nil
}

// exec runs one statement without parameters and ignores its rows.
func (c *conn) exec(query string) error {
	stmt, err := c.Prepare(query)
	if err != nil {
		return err
	}
	return run(stmt)
}

// queryInt returns the first column of the first row.
func (c *conn) queryInt(query string) (v int64, err error) {
	stmt, err := c.Prepare(query)
	if err != nil {
		return 0, err
	}
	err = each(stmt, func(r *row) error {
		v = r.int()
		return nil
	})
	return v, err
}

// rollback ends a transaction if one is open. A connection that can not even do that is of
// no further use: closing it will.
func (c *conn) rollback() {
	if !c.AutocommitEnabled() && c.exec("ROLLBACK") != nil {
		c.broken = true
	}
}

// run runs a statement to its end and makes it ready to be bound again.
func run(stmt *sqlite.Stmt) error {
	for {
		more, err := stmt.Step()
		if err != nil {
			return err // Step has reset it
		}
		if !more {
			return stmt.Reset()
		}
	}
}

// each calls fn for every row of a bound statement and makes the statement ready to be
// bound again.
func each(stmt *sqlite.Stmt, fn func(*row) error) error {
	r := row{stmt: stmt}
	for {
		more, err := stmt.Step()
		if err != nil {
			return err
		}
		if !more {
			return stmt.Reset()
		}
		r.next = 0
		if err := fn(&r); err != nil {
			_ = stmt.Reset() // it repeats the error of the last Step, and there was none
			return err
		}
	}
}
