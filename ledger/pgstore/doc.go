// Package pgstore keeps ledgers in PostgreSQL, 15 or later. Any number of processes may
// share a database.
//
// The schema is made and brought up to date by an explicit call, never by Open:
//
//	err := pgstore.Migrate(ctx, adminDSN, pgstore.Config{})      // on deployment, as the owner
//	sql, err := pgstore.Grants("shop", pgstore.Config{})         // what the program's role may do
//	store, err := pgstore.Open(ctx, dsn, pgstore.Config{})       // in the program
//
// Or print the SQL with Schema and apply it your own way. Open refuses a schema that is
// older or newer than it knows.
//
// # Durability
//
// A commit is reported as done only if the server answers COMMIT and sends no warning with
// it. How much a commit survives is up to the server: keep synchronous_commit on, and see to
// synchronous standbys if it has to survive the loss of the machine.
//
// Money is never read from a replica. Connections to one are refused, whatever is between
// this program and its servers.
//
// # Settings that matter
//
// A DSN without target_session_attrs gets target_session_attrs=primary, so that a DSN of several hosts
// finds the primary. What a DSN leaves out is taken from the PG* environment variables and
// the password file, as by every program that uses libpq's conventions. A pooler in front of
// the server has to keep prepared statements apart (PgBouncer: 1.21 or later with
// max_prepared_statements above 0, or session pooling).
package pgstore
