package sqlitestore

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite/sqlitex"
)

// applicationID marks a file as ours in its header: "OKPY".
const applicationID = 0x4F4B5059

// Versions that a ledger's head row is held against. They rise when a driver that does not
// know of a change would read or write the ledger wrongly, although the schema lets it.
const (
	readerVersion = 1
	writerVersion = 1
)

// ownTable reports a table of ours.
func ownTable(name string) bool {
	switch strings.ToLower(name) {
	case "ledgers", "blocks", "changes", "postings", "accounts", "marks", "reversals", "terms", "dated", "dated_sums",
		"holds", "hold_due", "records", "record_keys", "record_labels", "events", "currencies":
		return true
	}
	return false
}

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration brings the schema from number-1 to number.
type migration struct {
	number int
	sql    string
}

// migrations returns the embedded ones in order.
func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, name := range names { // Glob sorts
		digits, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || number != i+1 {
			return nil, fmt.Errorf("sqlitestore: %s is out of order", name)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, migration{number: number, sql: string(text)})
	}
	return all, nil
}

// identify reads which schema the file has, 0 for an empty file. It returns ErrForeign for
// a file that is not ours and a NewerError for one beyond latest.
func identify(c *conn, latest int) (int, error) {
	id, err := c.queryInt("PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	version, err := c.queryInt("PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	if id != applicationID {
		tables, err := c.queryInt("SELECT count(*) FROM sqlite_schema")
		if err != nil {
			return 0, err
		}
		if id != 0 || version != 0 || tables != 0 {
			return 0, ErrForeign
		}
	}
	if int(version) > latest {
		return 0, &NewerError{What: "schema", Need: int(version), Have: latest}
	}
	return int(version), nil
}

// migrate brings the file up to date, each step in a transaction of its own. Another process
// may do the same at the same time: the schema is looked at again under the lock.
func migrate(ctx context.Context, c *conn, all []migration) error {
	for {
		if err := patiently(ctx, func() error { return c.exec("BEGIN IMMEDIATE") }); err != nil {
			return err
		}
		more, err := migrateOne(c, all)
		if err != nil || !more {
			c.rollback()
			return err
		}
		if err := c.exec("COMMIT"); err != nil {
			c.rollback()
			return err
		}
	}
}

// migrateOne applies the next migration to the locked file, if there is one.
func migrateOne(c *conn, all []migration) (more bool, err error) {
	version, err := identify(c, len(all))
	if err != nil || version == len(all) {
		return false, err
	}
	next := all[version]
	if err := sqlitex.ExecuteScript(c.Conn, next.sql, nil); err != nil {
		return false, err
	}
	if err := c.exec(fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return false, err
	}
	return true, c.exec(fmt.Sprintf("PRAGMA user_version = %d", next.number))
}

// libraryMin is the first SQLite in which a commit in WAL mode can not be lost to a
// checkpoint that runs beside it.
const libraryMin = "3.51.3"

// checkLibrary returns ErrLibrary if version is below libraryMin.
func checkLibrary(version string) error {
	have, ok := parseVersion(version)
	if want, _ := parseVersion(libraryMin); !ok || less(have, want) {
		return fmt.Errorf("%w: it is %q, want %s or later", ErrLibrary, version, libraryMin)
	}
	return nil
}

// parseVersion reads "3.51.3"; a missing third part is 0.
func parseVersion(s string) (v [3]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

func less(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}
