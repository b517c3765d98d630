package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/pgstore"
)

// newRole makes a role that is dropped when the test ends, and returns its quoted name,
// which is chosen to be hard to quote.
func newRole(t *testing.T, db database) string {
	t.Helper()
	role := pgx.Identifier{`okpay "test"; ` + rand.Text()}.Sanitize()
	db.exec("CREATE ROLE " + role)
	db.exec("GRANT " + role + " TO CURRENT_USER")
	t.Cleanup(func() {
		// The database of the test goes later.
		_, err := db.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		assert.NoError(t, err)
	})
	return role
}

// unquoted undoes the quoting of newRole.
func unquoted(role string) string { return strings.ReplaceAll(role[1:len(role)-1], `""`, `"`) }

// as returns a DSN whose sessions act as the role.
func as(t *testing.T, dsn, role string) string {
	t.Helper()
	return with(t, dsn, "role", unquoted(role))
}

// with adds a parameter to a DSN of either form.
func with(t *testing.T, dsn, name, value string) string {
	t.Helper()
	if !strings.Contains(dsn, "://") {
		return dsn + " " + name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // libpq knows only the latter
	return u.String()
}

// granted returns a database with the schema and a role that may run a store in it.
func granted(t *testing.T) (dsn, role string, owner database) {
	t.Helper()
	dsn = migrated(t)
	owner = connect(t, dsn)
	role = newRole(t, owner)
	sql, err := pgstore.Grants(unquoted(role), pgstore.Config{})
	require.NoError(t, err)
	owner.exec(sql)
	return dsn, role, owner
}

func TestGrantsAreNoMoreThanEnough(t *testing.T) {
	dsn, role, owner := granted(t)
	store := openStore(t, as(t, dsn, role))
	head := opened(t, store)
	write(t, store, head.Ledger, "change")

	refused := func(sql string) {
		t.Helper()
		tx, err := owner.Begin(t.Context())
		require.NoError(t, err)
		defer tx.Rollback(t.Context())
		_, err = tx.Exec(t.Context(), "SET LOCAL ROLE "+role)
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), sql)
		var server *pgconn.PgError
		if assert.True(t, errors.As(err, &server), "%s is refused", sql) {
			assert.Equal(t, "42501", server.Code, "%s is refused for want of privilege: %v", sql, err)
		}
	}
	columns := func(table string) (names []string) {
		rows, err := owner.Query(t.Context(), `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0`, "okpay."+table)
		require.NoError(t, err)
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return names
	}
	for _, table := range []string{"blocks", "changes", "postings", "marks", "reversals", "terms", "dated", "events", "currencies", "schema_migrations"} {
		for _, column := range columns(table) {
			refused(fmt.Sprintf("UPDATE okpay.%s SET %s = NULL", table, column))
		}
	}
	for _, table := range []string{"blocks", "changes", "postings", "marks", "events", "currencies", "schema_migrations", "ledgers", "accounts", "holds", "records", "reversals", "terms", "dated", "dated_sums"} {
		refused("DELETE FROM okpay." + table)
		refused("TRUNCATE okpay." + table)
		refused("DROP TABLE okpay." + table)
		refused("ALTER TABLE okpay." + table + " DISABLE TRIGGER ALL")
	}
	for table, identity := range map[string][]string{
		"ledgers":    {"ledger", "name", "key", "min_reader", "min_writer"},
		"accounts":   {"ledger", "no", "name", "currency", "normal"},
		"dated_sums": {"ledger", "account", "level", "bucket"},
		"holds":      {"ledger", "id"},
		"records":    {"ledger", "type", "id"},
	} {
		for _, column := range identity {
			refused(fmt.Sprintf("UPDATE okpay.%s SET %s = NULL", table, column))
		}
	}
	refused("CREATE TABLE okpay.mine ()")
	refused("INSERT INTO okpay.schema_migrations (number) VALUES (2)")
}

func TestGrantsRefusesWhatIsNoRole(t *testing.T) {
	for name, role := range map[string]string{
		"everybody":                        "public",
		"nobody":                           "none",
		"an empty name":                    "",
		"a name that would be cut":         strings.Repeat("r", 64),
		"a name with NUL":                  "shop\x00",
		"a name with broken UTF-8 in it":   "shop\xff",
		"a name that ends in half a point": "shop\xe2\x82",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pgstore.Grants(role, pgstore.Config{})
			require.ErrorIs(t, err, pgstore.ErrConfig)
		})
	}
}
