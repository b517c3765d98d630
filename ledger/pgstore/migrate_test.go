package pgstore_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

func TestMigrate(t *testing.T) {
	t.Run("many at once bring an empty database up to date", func(t *testing.T) {
		dsn := pgtest.DSN(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { assert.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{})) })
		}
		all.Wait()
		db := connect(t, dsn)
		migrations := db.number("SELECT count(*) FROM okpay.schema_migrations")
		assert.Equal(t, migrations, db.number("SELECT max(number) FROM okpay.schema_migrations"))
		opened(t, openStore(t, dsn))
	})

	t.Run("what is there stays", func(t *testing.T) {
		dsn := migrated(t)
		store := openStore(t, dsn)
		head := opened(t, store)
		write(t, store, head.Ledger, "change")
		require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
		assert.EqualValues(t, 1, seq(t, store, head.Ledger))
	})

	t.Run("a role that may not create schemas can use one that is there", func(t *testing.T) {
		dsn := pgtest.DSN(t)
		db := connect(t, dsn)
		role := newRole(t, db)
		db.exec(`CREATE SCHEMA okpay AUTHORIZATION ` + role)
		require.NoError(t, pgstore.Migrate(t.Context(), as(t, dsn, role), pgstore.Config{}))
		opened(t, openStore(t, as(t, dsn, role)))
	})
}

func TestSchemaIsAppliedByHand(t *testing.T) {
	dsn := pgtest.DSN(t)
	sql, err := pgstore.Schema(pgstore.Config{})
	require.NoError(t, err)
	connect(t, dsn).exec(sql)
	opened(t, openStore(t, dsn))
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}), "Migrate finds nothing to do")
}

func TestOpenRefusesOtherSchemas(t *testing.T) {
	for _, c := range []struct {
		name, sql string
		want      error
		advice    string
	}{
		{"no schema", `DROP SCHEMA okpay CASCADE`, pgstore.ErrSchemaOld, "run pgstore.Migrate"},
		{"a schema without tables", `DROP SCHEMA okpay CASCADE; CREATE SCHEMA okpay`, pgstore.ErrSchemaOld, "run pgstore.Migrate"},
		{"an older schema", `DELETE FROM okpay.schema_migrations WHERE number = (SELECT max(number) FROM okpay.schema_migrations)`, pgstore.ErrSchemaOld, "run pgstore.Migrate"},
		{"a newer schema", `INSERT INTO okpay.schema_migrations (number) VALUES (1000)`, pgstore.ErrSchemaNew, "deploy a newer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := migrated(t)
			connect(t, dsn).exec(c.sql)
			_, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
			require.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, c.advice)
			var schema *pgstore.SchemaError
			require.ErrorAs(t, err, &schema)
			assert.Equal(t, "schema", schema.What)
			assert.NotEqual(t, schema.Have, schema.Want)
		})
	}
	t.Run("Migrate leaves a newer schema alone", func(t *testing.T) {
		dsn := migrated(t)
		connect(t, dsn).exec(`INSERT INTO okpay.schema_migrations (number) VALUES (1000)`)
		require.ErrorIs(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}), pgstore.ErrSchemaNew)
	})
}

func TestLedgerThatNeedsANewerProgram(t *testing.T) {
	dsn := migrated(t)
	store, db := openStore(t, dsn), connect(t, dsn)
	head := opened(t, store)

	db.exec(`UPDATE okpay.ledgers SET min_writer = 1000`)
	opened(t, store) // may still be read
	_, _, err := store.Begin(t.Context(), head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, pgstore.ErrSchemaNew, "a program that is running must stop writing as well")
	assert.ErrorContains(t, err, "writer version 1000")

	db.exec(`UPDATE okpay.ledgers SET min_writer = 1, min_reader = 1000`)
	_, err = store.Open(t.Context(), "main", ledger.Genesis{})
	require.ErrorIs(t, err, pgstore.ErrSchemaNew)
	assert.ErrorContains(t, err, "reader version 1000")
}

func TestSchemaNames(t *testing.T) {
	t.Run("any name will do, and two schemas of one database are apart", func(t *testing.T) {
		dsn := pgtest.DSN(t)
		for i, name := range []string{`shop`, `Shop`, `a "quoted"; name'--`, `@`} {
			cfg := pgstore.Config{Schema: name}
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, cfg))
			store := openWith(t, dsn, cfg)
			head := opened(t, store)
			require.Zero(t, head.Seq, "schema %d is empty", i)
			write(t, store, head.Ledger, "change")
		}
	})
	for name, schema := range map[string]string{
		"a name that PostgreSQL keeps for itself": "pg_okpay",
		"a name that PostgreSQL would cut":        string(make([]byte, 64)),
		"a name with NUL":                         "ok\x00pay",
		"a name that is not UTF-8":                "ok\xffpay",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			cfg := pgstore.Config{Schema: schema}
			_, err := pgstore.Open(t.Context(), "", cfg)
			require.ErrorIs(t, err, pgstore.ErrConfig)
			require.ErrorIs(t, pgstore.Migrate(t.Context(), "", cfg), pgstore.ErrConfig)
			_, err = pgstore.Schema(cfg)
			require.ErrorIs(t, err, pgstore.ErrConfig)
			_, err = pgstore.Grants("shop", cfg)
			require.ErrorIs(t, err, pgstore.ErrConfig)
		})
	}
}
