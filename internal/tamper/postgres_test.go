package tamper

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

// postgresDatabase restores a table from a copy of it.
type postgresDatabase struct {
	dsn    string
	store  *pgstore.Store // one for all, since connecting takes longer than all the rest
	backup map[string]bool
	dirty  string // the table that was changed
}

const schema = "okpay"

func startPostgres(t *testing.T) database {
	dsn := pgtest.DSN(t)
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
	store, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return &postgresDatabase{dsn: dsn, store: store, backup: map[string]bool{}}
}

func (p *postgresDatabase) open(context.Context) (ledger.Store, error) { return shared{p.store}, nil }

// shared is a store that stays open when its user closes it.
type shared struct{ ledger.Store }

func (shared) Close() error { return nil }

func (p *postgresDatabase) with(t *testing.T, fn func(*pgx.Conn)) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	_, err = conn.Exec(t.Context(), "SET search_path = "+schema)
	require.NoError(t, err)
	fn(conn)
}

func (p *postgresDatabase) columns(t *testing.T) (columns [][2]string) {
	p.with(t, func(conn *pgx.Conn) {
		rows, err := conn.Query(t.Context(), `SELECT c.table_name, c.column_name FROM information_schema.columns c
			JOIN information_schema.tables t USING (table_schema, table_name)
			WHERE c.table_schema = $1 AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position`, schema)
		require.NoError(t, err)
		columns, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (c [2]string, err error) {
			err = r.Scan(&c[0], &c[1])
			return c, err
		})
		require.NoError(t, err)
		// What a check refuses is no way to change a value; the checks are not what is tested.
		_, err = conn.Exec(t.Context(), `DO $$ DECLARE c record; BEGIN
			FOR c IN SELECT conrelid::regclass AS rel, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'okpay'::regnamespace
			LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.rel, c.conname); END LOOP; END $$`)
		require.NoError(t, err)
	})
	return columns
}

// keep copies a table once, before it is changed.
func (p *postgresDatabase) keep(t *testing.T, conn *pgx.Conn, table string) {
	p.dirty = table
	if !p.backup[table] {
		_, err := conn.Exec(t.Context(), "CREATE TABLE public.copy_"+table+" AS SELECT * FROM "+table)
		require.NoError(t, err)
		p.backup[table] = true
	}
}

func (p *postgresDatabase) restore(t *testing.T) {
	p.with(t, func(conn *pgx.Conn) {
		_, err := conn.Exec(t.Context(), "TRUNCATE "+p.dirty+"; INSERT INTO "+p.dirty+" SELECT * FROM public.copy_"+p.dirty)
		require.NoError(t, err)
	})
}

func (p *postgresDatabase) change(t *testing.T, table, column string) (changed bool) {
	if key(table) == "" {
		return false // the migrations' own table
	}
	p.with(t, func(conn *pgx.Conn) {
		p.keep(t, conn, table)
		var kind string
		require.NoError(t, conn.QueryRow(t.Context(),
			"SELECT data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND column_name = $3",
			schema, table, column).Scan(&kind))
		value := map[string]string{
			"bigint": "coalesce(" + column + ", 0) + 1", "integer": column + " + 1", "smallint": "(" + column + " + 1)::smallint",
			"text":                     "coalesce(" + column + ", '') || 'x'",
			"boolean":                  "NOT " + column,
			"timestamp with time zone": "coalesce(" + column + ", '2026-01-01') + interval '1 microsecond'",
			"bytea": "CASE WHEN coalesce(length(" + column + "), 0) = 0 THEN '\\x01' ELSE set_bit(" + column + ", 8 * (length(" + column +
				") - 1)::bigint, 1 - get_bit(" + column + ", 8 * (length(" + column + ") - 1)::bigint)) END",
		}[kind]
		if kind == "ARRAY" {
			value = "array_replace(" + column + ", " + column + "[1], " + column + "[1] || 'x')"
			if column == "legs" {
				value = "array_replace(legs, legs[1][4], legs[1][4] + 1)"
			}
		}
		require.NotEmpty(t, value, "column %s.%s has type %q", table, column, kind)
		tag, err := conn.Exec(t.Context(), "UPDATE "+table+" SET "+column+" = "+value+" WHERE "+key(table)+" = (SELECT max("+key(table)+") FROM "+table+")")
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code[:2] == "23" { // integrity constraint violation
			t.Logf("%s.%s: the database refuses it: %v", table, column, err)
			return
		}
		require.NoError(t, err, "%s.%s", table, column)
		changed = tag.RowsAffected() > 0
	})
	return changed
}

func (p *postgresDatabase) flip(t *testing.T, seq int64, nth int) (size int) {
	p.with(t, func(conn *pgx.Conn) {
		p.keep(t, conn, "blocks")
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT length(body) FROM blocks WHERE seq = $1", seq).Scan(&size))
		_, err := conn.Exec(t.Context(), "UPDATE blocks SET body = set_byte(body, $2, get_byte(body, $2) # 1) WHERE seq = $1", seq, nth)
		require.NoError(t, err)
	})
	return size
}
