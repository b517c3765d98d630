package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/okpay/okpay-go/ledger"
)

// Errors of Open, FromPool and Migrate, beside ledger.ErrUnavailable.
var (
	// ErrSchemaOld reports a database whose schema is older than this program needs, or not
	// there: call Migrate, or apply what Schema prints, as a role that may. It is carried by
	// a SchemaError.
	ErrSchemaOld = errors.New("pgstore: the database's schema is too old")
	// ErrSchemaNew reports a database, or a ledger in it, that needs a newer version of
	// this program. It is carried by a SchemaError.
	ErrSchemaNew = errors.New("pgstore: the database needs a newer version of this program")
	// ErrReplica reports a server that is a read replica. Money is never read from one: it
	// may lack what was acknowledged, or keep what was never.
	ErrReplica = errors.New("pgstore: the server is a read replica")
	// ErrPrivilege reports that the role may not do what was asked: see Store.Forget. Nothing
	// was changed.
	ErrPrivilege = errors.New("pgstore: the role lacks the privilege")
	// ErrJoin reports a transaction that the ledger can not join: see Store.Join. Nothing was
	// done in it.
	ErrJoin = errors.New("pgstore: the transaction can not be joined")
	// ErrConfig reports a Config, a DSN, a pool or a role that can not be used.
	ErrConfig = errors.New("pgstore: bad configuration")
)

// SchemaError reports a database that this program can not use. It matches ErrSchemaOld or
// ErrSchemaNew. Nothing was changed.
type SchemaError struct {
	What string // "schema", "reader" or "writer"
	Have int    // the version of the database, 0 for none; for a ledger, the version it demands
	Want int    // the version of this program
}

// Error names both versions and says what to do.
func (e *SchemaError) Error() string {
	switch {
	case e.What != "schema":
		return fmt.Sprintf("%v: the ledger demands %s version %d, this program has %d: deploy a newer one",
			ErrSchemaNew, e.What, e.Have, e.Want)
	case e.Have > e.Want:
		return fmt.Sprintf("%v: schema version is %d, this program knows %d: deploy a newer one",
			ErrSchemaNew, e.Have, e.Want)
	}
	return fmt.Sprintf("%v: schema version is %d, this program needs %d: run pgstore.Migrate first",
		ErrSchemaOld, e.Have, e.Want)
}

// Is matches ErrSchemaOld or ErrSchemaNew.
func (e *SchemaError) Is(target error) bool {
	if e.Have > e.Want {
		return target == ErrSchemaNew
	}
	return target == ErrSchemaOld
}

// failure is an error of PostgreSQL in the ledger's terms. It names what was being done and
// the server's code, never content.
type failure struct {
	doing    string
	code     string // SQLSTATE, if the server spoke
	what     string
	category error // ledger.ErrRetry, ledger.ErrUnavailable, ledger.ErrCommitUnknown, or nil for data that is to blame
}

func (f *failure) Error() string {
	s := "pgstore: " + f.doing + ": " + f.what
	if f.code != "" {
		s += " (SQLSTATE " + f.code + ")"
	}
	return s
}

func (f *failure) Unwrap() error { return f.category }

// Codes of PostgreSQL with a meaning of their own here. Those that are not listed are
// judged by their class, which is the first two characters.
const (
	completionUnknown     = "40003"
	lockNotAvailable      = "55P03"
	queryCanceled         = "57014"
	idleInTransaction     = "25P03"
	readOnlyTransaction   = "25006"
	noSuchStatement       = "26000"
	featureNotSupported   = "0A000" // also: a prepared statement whose table has changed
	insufficientPrivilege = "42501"
	uniqueViolation       = "23505"
	undefinedTable        = "42P01"
	invalidSchemaName     = "3F000"
	duplicateTable        = "42P07"
	duplicateSchema       = "42P06"
	duplicateObject       = "42710"
)

// translate turns an error of something that committed nothing into the ledger's terms. It
// and judge are the only places that do.
func translate(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, errMalformed) {
		return fmt.Errorf("pgstore: %s: %w", doing, ended)
	}
	var connect *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.Is(err, pgconn.ErrStandbyConnection) || errors.Is(err, pgconn.ErrReadOnlyConnection):
		return &failure{doing: doing, what: "the server takes no writes", category: errors.Join(ErrReplica, ledger.ErrUnavailable)}
	case errors.As(err, &server):
		f := &failure{doing: doing, code: server.Code, what: describe(server), category: categoryOf(server.Code)}
		if errors.As(err, &connect) {
			f.category = ledger.ErrUnavailable // whatever the reason, nothing can be asked of it
		}
		return f
	case errors.As(err, &connect):
		return &failure{doing: doing, what: withoutPassword(connect), category: ledger.ErrUnavailable}
	case errors.Is(err, errMalformed):
		return &failure{doing: doing, what: "the server sent a malformed value"}
	}
	// What remains comes from the connection; what it says names addresses at most.
	return &failure{doing: doing, what: "connection lost: " + err.Error(), category: ledger.ErrUnavailable}
}

// categoryOf says what the ledger should do after an error by which the server refused a
// statement, and with it the transaction.
func categoryOf(code string) error {
	switch code {
	case insufficientPrivilege:
		return ErrPrivilege
	case lockNotAvailable, queryCanceled, idleInTransaction, noSuchStatement, featureNotSupported:
		return ledger.ErrRetry
	case readOnlyTransaction:
		return ledger.ErrUnavailable // fenced off, or demoted
	}
	switch code[:min(2, len(code))] {
	case "40": // the transaction was rolled back so that others could go on
		return ledger.ErrRetry
	case "08", // the connection
		"53", // no disk, memory or connections left
		"57", // shutting down, starting up, operator intervention
		"58": // the operating system failed
		return ledger.ErrUnavailable
	}
	return nil
}

// describe says what the server complained of, without content: the messages of some
// classes quote data.
func describe(e *pgconn.PgError) string {
	switch e.Code[:min(2, len(e.Code))] {
	case "22", "54":
		return "the database can not store the data"
	case "23":
		return fmt.Sprintf("the data violates constraint %q of table %q", e.ConstraintName, e.TableName)
	case "P0", "44":
		return "refused by a trigger or view"
	}
	return e.Message
}

// withoutPassword is the text of an error of connecting. It should not have the password;
// this makes sure.
func withoutPassword(e *pgconn.ConnectError) string {
	text := e.Error()
	if e.Config != nil && e.Config.Password != "" && strings.Contains(text, e.Config.Password) {
		return "failed to connect"
	}
	return text
}

// verdict is what was seen of a transaction whose last call was COMMIT.
type verdict struct {
	result
	want int   // how many calls there were, COMMIT included
	err  error // of conn.do
}

// judge says whether the transaction was committed: nil only when the server said so and
// said nothing against it.
func judge(ctx context.Context, v verdict) error {
	unknown := func(what string) error {
		f := &failure{doing: "commit", what: what, category: ledger.ErrCommitUnknown}
		if ended := ctx.Err(); ended != nil {
			f.category = errors.Join(f.category, ended)
		}
		return f
	}
	if v.done == v.want { // COMMIT was answered, so what came after it does not matter
		switch {
		case v.tag == "ROLLBACK":
			// The transaction had failed before, and COMMIT says so only in its tag.
			return &failure{doing: "commit", what: "the transaction had failed and was rolled back"}
		case v.tag != "COMMIT":
			return unknown("the server did not confirm it")
		case v.warned:
			// Such as a wait for a synchronous standby that was cancelled: committed here,
			// and not where it has to survive.
			return unknown("the server confirmed it with a warning")
		}
		return nil
	}
	var server *pgconn.PgError
	switch {
	case pgconn.SafeToRetry(v.err): // nothing was sent
		return translate(ctx, "commit", v.err)
	case !errors.As(v.err, &server):
		return unknown("connection lost")
	case v.done < v.want-1: // the server stopped before it came to COMMIT
		return translate(ctx, "write", v.err)
	case strings.HasPrefix(server.Code, "40") && server.Code != completionUnknown, strings.HasPrefix(server.Code, "23"):
		return translate(ctx, "commit", v.err) // these do roll back
	}
	return unknown(describe(server) + " (SQLSTATE " + server.Code + ")")
}
