package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

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
			return nil, fmt.Errorf("pgstore: %s is out of order", name)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, migration{number: number, sql: string(text)})
	}
	return all, nil
}

// migrationTable is the table of the migrations that were applied.
const migrationTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
  number     integer     PRIMARY KEY CHECK (number > 0),
  applied_at timestamptz NOT NULL DEFAULT now()
);
`

// inSchema makes the SQL that follows it, up to the end of the transaction, mean the schema.
func inSchema(schema string) string {
	return "SET LOCAL search_path TO " + pgx.Identifier{schema}.Sanitize() + ";\n"
}

// Schema returns the whole SQL that Migrate applies to an empty database, for whoever
// applies it by other means. It ends by noting the version that Open looks for.
func Schema(cfg Config) (string, error) {
	cfg, err := cfg.defaults()
	if err != nil {
		return "", err
	}
	all, err := migrations()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("BEGIN;\nCREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{cfg.Schema}.Sanitize() + ";\n")
	b.WriteString(inSchema(cfg.Schema) + migrationTable)
	for _, m := range all {
		fmt.Fprintf(&b, "\n%s\nINSERT INTO schema_migrations (number) VALUES (%d);\n", m.sql, m.number)
	}
	b.WriteString("COMMIT;\n")
	return b.String(), nil
}

// Migrate brings the database's schema up to date, each migration in a transaction of its
// own. Several may run at once. The DSN's role must be allowed to create the schema, if it
// is not there, and owns what is made.
//
// Errors: ErrConfig, ledger.ErrUnavailable, ErrSchemaNew (nothing was changed), or what the
// server complained of; the migrations before that one are kept.
func Migrate(ctx context.Context, dsn string, cfg Config) error {
	cfg, err := cfg.defaults()
	if err != nil {
		return err
	}
	all, err := migrations()
	if err != nil {
		return err
	}
	cc, err := pgx.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("%w: the DSN can not be parsed", ErrConfig) // the parser's error repeats it
	}
	if cc.ValidateConnect == nil {
		cc.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	c, err := pgx.ConnectConfig(ctx, cc)
	if err != nil {
		return translate(ctx, "connect", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	for again := 0; ; {
		more, err := migrateOne(ctx, c, cfg.Schema, all)
		var made *pgconn.PgError
		switch {
		case errors.As(err, &made) && madeByAnother(made.Code) && again < attempts:
			again++
		case err != nil:
			return translateMigration(ctx, err)
		case !more:
			return nil
		}
	}
}

// attempts bounds how often Migrate tries again when another makes what it wants to make.
const attempts = 10

// madeByAnother reports that another Migrate made the schema or the table at this moment:
// IF NOT EXISTS does not help against that.
func madeByAnother(code string) bool {
	switch code {
	case uniqueViolation, duplicateSchema, duplicateTable, duplicateObject:
		return true
	}
	return false
}

func translateMigration(ctx context.Context, err error) error {
	var schema *SchemaError
	if errors.As(err, &schema) {
		return err
	}
	return translate(ctx, "migrate", err)
}

// migrateOne applies the next migration, if there is one.
func migrateOne(ctx context.Context, c *pgx.Conn, schema string, all []migration) (more bool, err error) {
	tx, err := c.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	// Asking first lets a role migrate that may not create schemas.
	var there bool
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema).Scan(&there); err != nil {
		return false, err
	}
	if !there {
		if _, err := tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize()); err != nil {
			return false, err
		}
	}
	if _, err := tx.Exec(ctx, inSchema(schema)+migrationTable+"LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE"); err != nil {
		return false, err
	}
	var version int
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(number), 0) FROM schema_migrations").Scan(&version); err != nil {
		return false, err
	}
	switch {
	case version > len(all):
		return false, &SchemaError{What: "schema", Have: version, Want: len(all)}
	case version == len(all):
		return false, nil
	}
	next := all[version]
	if _, err := tx.Exec(ctx, next.sql); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO schema_migrations (number) VALUES ($1)", next.number); err != nil {
		return false, err
	}
	return true, tx.Commit(ctx)
}

// checkVersion returns a SchemaError unless the database has the schema of this program.
func checkVersion(ctx context.Context, c *pgx.Conn, schema string) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	var version int
	err = c.QueryRow(ctx, "SELECT coalesce(max(number), 0) FROM "+
		pgx.Identifier{schema, "schema_migrations"}.Sanitize()).Scan(&version)
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && (server.Code == undefinedTable || server.Code == invalidSchemaName):
		version = 0
	case err != nil:
		return translate(ctx, "look at the schema", err)
	}
	if version != len(all) {
		return &SchemaError{What: "schema", Have: version, Want: len(all)}
	}
	return nil
}
