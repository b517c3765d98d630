package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// Errors of Open, beside ledger.ErrUnavailable and ledger.ErrRetry.
var (
	// ErrMemory reports a path that means a database in memory. Use package memstore.
	ErrMemory = errors.New("sqlitestore: a database in memory can not be shared by connections, use memstore")
	// ErrForeign reports a file that is not a database of this package. It was not changed.
	ErrForeign = errors.New("sqlitestore: the file belongs to something else")
	// ErrNewer reports a database that a newer version of this package has written; see
	// NewerError.
	ErrNewer = errors.New("sqlitestore: the database needs a newer version of the program")
	// ErrLibrary reports an SQLite library that is too old to be trusted with money.
	ErrLibrary = errors.New("sqlitestore: SQLite is too old")
)

// NewerError reports a database, or a ledger in it, that needs a newer version of the
// program. It matches ErrNewer. Nothing was changed.
type NewerError struct {
	What string // "schema", "reader" or "writer"
	Need int    // the version needed
	Have int    // the version of this program
}

// Error names both versions.
func (e *NewerError) Error() string {
	return fmt.Sprintf("%v: %s %d, this one has %d", ErrNewer, e.What, e.Need, e.Have)
}

// Is matches ErrNewer.
func (e *NewerError) Is(target error) bool { return target == ErrNewer }

// translate turns an error of SQLite into the ledger's terms. It is the only place that
// does. The result names what was being done and SQLite's code, never content: SQLite's own
// messages name tables and columns, and are kept only where those help.
func translate(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	code := sqlite.ErrCode(err)
	if code == sqlite.ResultError {
		return err // not SQLite's, translated before, or a mistake in our SQL
	}
	f := &sqliteFailure{doing: doing, code: code}
	switch code.ToPrimary() {
	case sqlite.ResultInterrupt:
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.category = ledger.ErrRetry
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultProtocol, sqlite.ResultSchema, sqlite.ResultAbort:
		f.category = ledger.ErrRetry
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultReadOnly, sqlite.ResultPerm,
		sqlite.ResultAuth, sqlite.ResultNoMem, sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultNoLFS:
		// None of these is the fault of what was to be written.
		f.category = ledger.ErrUnavailable
	default:
		f.detail = err.Error()
	}
	return f
}

// translateCommit is translate for an error of COMMIT itself, after which the transaction
// has been rolled back in memory. With these codes nothing reached the log as a whole. With
// any other, such as a failed fsync, the complete commit may stand in the log and come back
// to life when the file is next recovered.
func translateCommit(ctx context.Context, err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultOK, sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultFull, sqlite.ResultConstraint, sqlite.ResultInterrupt:
		return translate(ctx, "commit", err)
	}
	return &sqliteFailure{doing: "commit", code: sqlite.ErrCode(err), category: ledger.ErrCommitUnknown}
}

// sqliteFailure is a translated error.
type sqliteFailure struct {
	doing    string
	code     sqlite.ResultCode
	category error  // the ledger's sentinel, nil for none
	detail   string // SQLite's message, where it helps
}

func (f *sqliteFailure) Error() string {
	s := "sqlitestore: " + f.doing + ": "
	if f.category != nil {
		s += f.category.Error() + ": "
	}
	s += f.code.String()
	if f.detail != "" {
		s += ": " + f.detail
	}
	return s
}

func (f *sqliteFailure) Unwrap() error { return f.category }

// isBusy reports whether waiting and trying again may help against err.
func isBusy(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultProtocol:
		return true
	}
	return false
}
