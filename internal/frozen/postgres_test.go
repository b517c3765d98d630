package frozen

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, pgtest.Hasty()...)) }

// postgres is a database on a server.
type postgres struct{ dsn string }

func newPostgres(t *testing.T) database { return postgres{pgtest.DSN(t)} }

func (postgres) golden() string { return "postgres.sql" }

func (p postgres) prepare(t *testing.T) {
	require.NoError(t, pgstore.Migrate(t.Context(), p.dsn, pgstore.Config{}))
}

func (p postgres) open(ctx context.Context) (ledger.Store, error) {
	return pgstore.Open(ctx, p.dsn, pgstore.Config{})
}

func (p postgres) with(t *testing.T, fn func(*pgx.Conn)) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), p.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) }()
	fn(c)
}

func (p postgres) exec(t *testing.T, sql string) {
	t.Helper()
	p.with(t, func(c *pgx.Conn) {
		_, err := c.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
	})
}

// restore makes the database that a dump tells of.
func (p postgres) restore(t *testing.T, dump string) { p.exec(t, dump) }

// settings make texts of values the same on every server.
const settings = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET standard_conforming_strings = on;
SET search_path = okpay;
`

// dump writes the whole database as SQL: the schema as pgstore gives it, then the rows of each
// table in the order of its key. pg_dump would write other text on other servers.
func (p postgres) dump(t *testing.T) string {
	t.Helper()
	schema, err := pgstore.Schema(pgstore.Config{})
	require.NoError(t, err)
	var s strings.Builder
	s.WriteString(schema + "\n" + settings)
	p.with(t, func(c *pgx.Conn) {
		_, err := c.Exec(t.Context(), settings, pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
		texts := func(sql string, args ...any) []string {
			rows, err := c.Query(t.Context(), sql, args...)
			require.NoError(t, err)
			out, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err, sql)
			return out
		}
		tables := texts(`SELECT tablename::text FROM pg_tables WHERE schemaname = 'okpay' AND tablename <> 'schema_migrations' ORDER BY tablename COLLATE "C"`)
		require.NotEmpty(t, tables)
		fmt.Fprintf(&s, "-- migrations applied: %s\n", strings.Join(texts(`SELECT number::text FROM schema_migrations ORDER BY number`), " "))
		for _, table := range tables {
			columns := texts(`SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'okpay' AND table_name = $1 ORDER BY ordinal_position`, table)
			key := texts(`SELECT a.attname::text FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (no, at), pg_attribute a
				WHERE i.indrelid = $1::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.no ORDER BY k.at`, "okpay."+table)
			values := make([]string, len(columns))
			for i, column := range columns {
				values[i] = "quote_nullable(" + column + "::text)"
			}
			rows := texts("SELECT " + strings.Join(values, " || ', ' || ") + " FROM " + table + " ORDER BY " + strings.Join(key, ", "))
			for _, row := range rows {
				fmt.Fprintf(&s, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), row)
			}
		}
	})
	return s.String()
}

func (postgres) later() []later {
	version := func(v string) string {
		return `UPDATE okpay.blocks SET body = '\x` + v + `'::bytea || substr(body, 2) WHERE seq = (SELECT max(seq) FROM okpay.blocks)`
	}
	return []later{
		{"a newer schema", "INSERT INTO okpay.schema_migrations (number) VALUES (1000)", pgstore.ErrSchemaNew},
		{"a ledger that asks for a newer reader", "UPDATE okpay.ledgers SET min_reader = 1000", pgstore.ErrSchemaNew},
		{"a newer block", version("02"), ledger.ErrFormat},
		{"a block of the time before", version("00"), ledger.ErrFormat},
	}
}

func (postgres) newWriter() (string, error) {
	return "UPDATE okpay.ledgers SET min_writer = 1000", pgstore.ErrSchemaNew
}
