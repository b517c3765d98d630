package sqlitestore

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/ledger"
)

// Errors of a Tx, beside SQLite's own about the caller's SQL.
var (
	// ErrJoin reports a Tx that can not be used: it has ended, SQLite has rolled it back, a
	// query of it goes on, or it is of another Store. Nothing happened.
	ErrJoin = errors.New("sqlitestore: the transaction can not be used")
	// ErrForbidden reports SQL of the caller's that would end the transaction, change a
	// setting or touch what is the ledger's. Nothing happened.
	ErrForbidden = errors.New("sqlitestore: not allowed in a transaction of a store")
)

// Tx is a transaction that writes the caller's own tables in the store's file, and in which
// ledgers may write too (Join). It holds the file's one writer: until it ends, everybody
// else who writes waits, for Config.BusyTimeout at most. So keep it short, write with the
// joined context only (other writes in the same goroutine would wait for themselves), and
// end it by Commit or Rollback; a deferred Rollback after a Commit does nothing.
//
// A Tx belongs to one goroutine at a time.
type Tx struct {
	tx    *tx
	inner bool // the ledger or a query is at work
}

// BeginTx begins a transaction of the caller's. It waits for its turn as Begin does.
// Errors: those of Begin.
func (s *Store) BeginTx(ctx context.Context) (*Tx, error) {
	t, err := s.begin(ctx, 0)
	if err != nil {
		return nil, err
	}
	return &Tx{tx: t}, nil
}

// Exec runs one statement of the caller's. See Query.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) error {
	return t.Query(ctx, nil, query, args...)
}

// Query runs one statement of the caller's and calls row, unless it is nil, for every row of
// its result. Parameters are ?1, ?2 and so on: integers, floats, strings, bytes, bools, nil.
// row must not use the Tx; its error ends the query and is returned.
//
// The caller's tables stand in the ledger's file, beside tables whose names may become more
// with every version: begin the names of yours with "app_", which the ledger's never do.
// The ledger's tables may be read, although their layout is no promise. ErrForbidden reports
// SQL that would write to them, that begins or ends a transaction or a savepoint, changes a
// setting (PRAGMA), attaches another file, gathers statistics (ANALYZE) or makes something temporary.
//
// A statement that fails is undone and leaves the transaction usable, unless SQLite or its
// own ON CONFLICT ROLLBACK rolled all of it back, which the next use reports (ErrJoin). When
// ctx ends the statement is interrupted; SQLite then rolls back a transaction that was
// writing.
func (t *Tx) Query(ctx context.Context, row func(*sqlite.Stmt) error, query string, args ...any) error {
	if err := t.usable(); err != nil {
		return err
	}
	t.inner = true
	defer func() { t.inner = false }()
	return t.tx.c.guarded(ctx, row, query, args)
}

// Commit commits all that was written in the transaction, the ledger's blocks included, and
// ends it, whatever it returns. Errors: ErrJoin, ledger.ErrRetry and ledger.ErrUnavailable
// mean that nothing was committed; after ledger.ErrCommitUnknown ask the ledger again with
// the Change's id.
func (t *Tx) Commit(ctx context.Context) error {
	if err := t.usable(); err != nil {
		return errors.Join(err, t.Rollback())
	}
	defer t.tx.end()
	if err := ctx.Err(); err != nil {
		return err
	}
	return translateCommit(ctx, t.tx.c.exec("COMMIT"))
}

// Rollback undoes all that was written in the transaction and ends it. After the end it does
// nothing. Its error is ErrJoin while a query goes on.
func (t *Tx) Rollback() error {
	switch {
	case t.tx.c == nil:
		return nil
	case t.inner:
		return notUsable("it is at work")
	}
	t.tx.end()
	return nil
}

// usable reports why nothing may be done with the transaction now.
func (t *Tx) usable() error {
	switch {
	case t.tx.c == nil:
		return notUsable("it has ended")
	case t.inner:
		return notUsable("it is at work")
	case t.tx.c.AutocommitEnabled():
		return notUsable("it was rolled back")
	}
	return nil
}

func notUsable(why string) error { return fmt.Errorf("%w: %s", ErrJoin, why) }

// Join lets ledgers of the store write into a transaction that BeginTx began, for
// ledger.WithJoined. The ledger's block stands behind a savepoint, so that one which the
// store refuses leaves the rest of the transaction as it was.
//
// Only transactions of this store will do: file locks belong to a process, and a second
// SQLite library in it would not see those of the first.
//
// Begin's errors, beside those of a Store: ErrJoin.
func (s *Store) Join(tx *Tx) ledger.Joined { return joined{s, tx} }

type joined struct {
	store *Store
	tx    *Tx
}

// Begin opens a savepoint; the file is locked already.
func (j joined) Begin(ctx context.Context, no int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	if err := j.tx.usable(); err != nil {
		return nil, nil, err
	}
	if j.tx.tx.store != j.store {
		return nil, nil, notUsable("it is of another store")
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	t := &joinedTx{outer: j.tx, tx: tx{store: j.store, c: j.tx.tx.c, ledger: no}}
	if err := t.tx.c.exec("SAVEPOINT okpay"); err != nil {
		return nil, nil, translate(ctx, "begin", err)
	}
	t.outer.inner = true
	t.tx.c.join()
	found, err := t.tx.load(ctx, &need)
	if err != nil {
		return nil, nil, errors.Join(translate(ctx, "load", err), t.Rollback(ctx))
	}
	return t, found, nil
}

// joinedTx is what the ledger does in a transaction of the caller's.
type joinedTx struct {
	outer *Tx
	tx    tx // its end is the savepoint's
}

// Load implements ledger.Tx.
func (t *joinedTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	return t.tx.Load(ctx, need)
}

// Commit writes the batch into the caller's transaction.
func (t *joinedTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	if t.tx.c == nil {
		return errEnded
	}
	err := t.tx.write(ctx, batch)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return errors.Join(translate(ctx, "write", err), t.Rollback(ctx))
	}
	defer t.end()
	return translate(ctx, "write", t.tx.c.exec("RELEASE okpay"))
}

// Rollback undoes what was done since Begin.
func (t *joinedTx) Rollback(ctx context.Context) error {
	if t.tx.c == nil {
		return errEnded
	}
	defer t.end()
	if t.tx.c.AutocommitEnabled() {
		return nil // SQLite has undone it, and all before
	}
	err := t.tx.c.exec("ROLLBACK TO okpay")
	if err == nil {
		err = t.tx.c.exec("RELEASE okpay")
	}
	if err != nil {
		t.tx.c.rollback() // rather nothing of it than half a block
	}
	return translate(ctx, "roll back", err)
}

func (t *joinedTx) end() {
	t.tx.c.join()
	t.tx.c, t.outer.inner = nil, false
}

// join begins or ends the time in which a statement of ours that fails must not end the
// transaction. What was prepared for the one is not for the other.
func (c *conn) join() {
	c.joined = !c.joined
	c.bulk, c.bulkJoined = c.bulkJoined, c.bulk
}

// guarded runs a statement that is not ours. It is never one of those that are kept
// prepared: they were allowed what this one may not.
func (c *conn) guarded(ctx context.Context, row func(*sqlite.Stmt) error, query string, args []any) (err error) {
	if err := c.SetAuthorizer(sqlite.AuthorizeFunc(authorize)); err != nil {
		return err
	}
	before := c.SetInterrupt(ctx.Done())
	defer func() {
		c.SetInterrupt(before)
		if off := c.SetAuthorizer(nil); err == nil {
			err = off
		}
	}()
	var fromRow error
	opts := &sqlitex.ExecOptions{Args: args}
	if row != nil {
		opts.ResultFunc = func(stmt *sqlite.Stmt) error {
			fromRow = row(stmt)
			return fromRow
		}
	}
	err = sqlitex.ExecuteTransient(c.Conn, query, opts)
	switch {
	case fromRow != nil:
		return fromRow
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case sqlite.ErrCode(err).ToPrimary() == sqlite.ResultAuth:
		return ErrForbidden
	}
	return fmt.Errorf("sqlitestore: %w", err)
}

// authorize says what SQL of the caller's may do. It is asked before a statement runs, also
// for what triggers and foreign keys would do.
func authorize(a sqlite.Action) sqlite.AuthResult {
	switch a.Type() {
	case sqlite.OpTransaction, sqlite.OpSavepoint, sqlite.OpPragma, sqlite.OpAttach, sqlite.OpDetach, sqlite.OpAnalyze,
		sqlite.OpCreateTempTable, sqlite.OpCreateTempIndex, sqlite.OpCreateTempTrigger, sqlite.OpCreateTempView:
		return sqlite.AuthResultDeny
	case sqlite.OpRead, sqlite.OpSelect, sqlite.OpFunction, sqlite.OpRecursive:
		return sqlite.AuthResultOK
	}
	if ownTable(a.Table()) || ownTable(a.View()) {
		return sqlite.AuthResultDeny
	}
	return sqlite.AuthResultOK
}

// Query reads tables of the caller's, at one moment of the file and without waiting for a
// writer; see Tx.Query. Whatever writes is refused.
func (s *Store) Query(ctx context.Context, row func(*sqlite.Stmt) error, query string, args ...any) error {
	var own error // the caller's, as it is
	err := s.read(ctx, func(c *conn) error {
		own = c.guarded(ctx, row, query, args)
		return nil
	})
	if err == nil {
		err = own
	}
	return err
}
