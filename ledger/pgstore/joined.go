package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/okpay/okpay-go/ledger"
)

// Join lets the ledger write into a transaction of the caller's on the store's database,
// for ledger.WithJoined. The transaction must be READ COMMITTED, because under the levels
// above its snapshot may be older than the ledger's last block.
//
// Make it the last statement before COMMIT: every other writer of the ledger waits until
// then. Only a COMMIT without error whose command tag is COMMIT has committed: PostgreSQL
// answers ROLLBACK when the transaction had failed (pgx.Tx returns pgx.ErrTxCommitRollback).
// When the answer is lost, ask the ledger for the Change by its id.
//
// Nothing stays prepared on the connection, and settings are as they were once the ledger's
// Tx has ended. Waiting for the head is bounded by Config.LockTimeout. An error leaves the
// transaction usable unless it reports the end of ctx or of the connection.
//
// Begin's errors, beside those of a Store: ErrJoin (no transaction, a failed one, or one of
// another isolation level), a SchemaError (the database has not the schema), ErrPrivilege.
func (s *Store) Join(tx pgx.Tx) ledger.Joined {
	return &joined{store: s, use: func(fn func(*pgconn.PgConn) error) error {
		c := tx.Conn()
		if c == nil {
			return notJoined("it has no connection")
		}
		return fn(c.PgConn())
	}}
}

// JoinSQL is Join for a transaction of database/sql over pgx's stdlib driver. Begin the
// transaction with conn.BeginTx: a connection has one at most, so the connection says which
// is meant, and one without a transaction is refused. A bare *sql.Tx gives no access to its
// connection.
func (s *Store) JoinSQL(conn *sql.Conn) ledger.Joined {
	return &joined{store: s, use: func(fn func(*pgconn.PgConn) error) error {
		return conn.Raw(func(driver any) error {
			c, ok := driver.(interface{ Conn() *pgx.Conn })
			if !ok {
				return notJoined("its driver is not pgx's stdlib")
			}
			return fn(c.Conn().PgConn())
		})
	}}
}

func notJoined(why string) error { return fmt.Errorf("%w: %s", ErrJoin, why) }

// joined is a transaction of the caller's.
type joined struct {
	store *Store
	use   func(func(*pgconn.PgConn) error) error // lends the connection
}

// do sends calls, if the caller's transaction is still good.
func (j *joined) do(ctx context.Context, calls ...call) error {
	return j.use(func(pg *pgconn.PgConn) error {
		switch {
		case pg.IsClosed():
			return notJoined("its connection is closed")
		case pg.TxStatus() == 'E':
			return notJoined("it has failed")
		case pg.TxStatus() != 'T':
			return notJoined("there is none")
		}
		c := &conn{pg: pg, state: &connState{}, stmts: j.store.statements, unnamed: true}
		_, err := c.do(ctx, calls...)
		if err != nil && !pg.IsClosed() && pg.TxStatus() == 'E' {
			// What failed is undone, settings and locks included. Should this fail, the
			// transaction stays as it is: it can not be committed.
			_, _ = c.do(ctx, call{stmt: rollbackTo}, call{stmt: release})
		}
		return err
	})
}

// Begin locks the head behind a savepoint.
func (j *joined) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	leave, err := j.store.enter()
	if err != nil {
		return nil, nil, err
	}
	t := &joinedTx{joined: j, ledger: id, had: indexes{}, leave: leave}
	found, err := t.begin(ctx, &need)
	if err != nil {
		leave()
		return nil, nil, err
	}
	return t, found, nil
}

// joinedTx is what the ledger does in a transaction of the caller's.
type joinedTx struct {
	*joined
	ledger   int64
	settings [][]byte // of the caller
	had      indexes  // of the records that were loaded
	leave    func()
	failed   error // the savepoint is gone, and all since
	ended    bool
}

func (t *joinedTx) begin(ctx context.Context, need *ledger.Need) (*ledger.Found, error) {
	found := newFound()
	var v versions
	var isolation string
	schema := -1
	calls := append([]call{
		{stmt: savepoint},
		{lookAround, nil, func(r *row) {
			isolation, schema = r.text(), r.int4()
			for range 5 {
				t.settings = append(t.settings, r.bytes())
			}
		}},
		{stmt: configureJoined, args: [][]byte{textOf(milliseconds(t.store.cfg.LockTimeout))}},
		{lockHead, [][]byte{int8Of(t.ledger)}, func(r *row) {
			found.Head, v = r.head()
			found.Head.Clock = r.time()
		}},
	}, loads(t.ledger, need, found)...)
	all, err := migrations()
	if err != nil {
		return nil, err
	}
	err = t.do(ctx, calls...)
	var server *pgconn.PgError
	wrong := error(nil)
	switch {
	case errors.Is(err, ErrJoin):
		return nil, err
	case isolation != "" && isolation != "read committed" && isolation != "read uncommitted":
		wrong = notJoined("its isolation level is " + isolation + ", want read committed")
	case schema >= 0 && schema != len(all):
		wrong = &SchemaError{What: "schema", Have: schema, Want: len(all)}
	case errors.As(err, &server) && schema < 0 && (server.Code == undefinedTable || server.Code == invalidSchemaName):
		wrong = &SchemaError{What: "schema", Want: len(all)}
	case err != nil:
		return nil, translate(ctx, "lock the ledger", err)
	case found.Head.Ledger == 0:
		wrong = fmt.Errorf("pgstore: ledger %d: %w", t.ledger, ledger.ErrNotFound)
	case v.writer > writerVersion:
		wrong = &SchemaError{What: "writer", Have: v.writer, Want: writerVersion}
	}
	if wrong != nil && err == nil {
		err = t.do(ctx, call{stmt: rollbackTo}, call{stmt: release})
		if err != nil {
			return nil, translate(ctx, "leave the transaction", err)
		}
	}
	if wrong != nil {
		return nil, wrong
	}
	t.had.learn(need.Records, found.Records)
	return found, nil
}

// Load loads more. Once it has failed, all since Begin is undone.
func (t *joinedTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	switch {
	case t.ended:
		return nil, errEnded
	case t.failed != nil:
		return nil, t.failed
	}
	found := newFound()
	calls := append(loads(t.ledger, &need, found),
		call{selectHead, [][]byte{int8Of(t.ledger)}, func(r *row) { found.Head, _ = r.head() }})
	if t.failed = t.translate(ctx, "load", t.do(ctx, calls...)); t.failed != nil {
		return nil, t.failed
	}
	t.had.learn(need.Records, found.Records)
	return found, nil
}

// Commit writes the batch into the caller's transaction. The release at the end fails, and
// with it all that was written, when the savepoint is not there any more.
func (t *joinedTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	if t.ended {
		return errEnded
	}
	defer t.end()
	if t.failed != nil {
		return t.failed
	}
	if unknown := t.had.unknown(batch.Records); len(unknown) > 0 {
		if _, err := t.Load(ctx, ledger.Need{Records: unknown}); err != nil {
			return err
		}
	}
	calls := append(writes(t.ledger, batch, t.had), call{stmt: restoreJoined, args: t.settings}, call{stmt: release})
	return t.translate(ctx, "write", t.do(ctx, calls...))
}

// Rollback undoes what was done since Begin.
func (t *joinedTx) Rollback(ctx context.Context) error {
	if t.ended {
		return errEnded
	}
	defer t.end()
	if t.failed != nil {
		return nil // it is undone
	}
	return t.translate(ctx, "roll back", t.do(ctx, call{stmt: rollbackTo}, call{stmt: release}))
}

func (t *joinedTx) translate(ctx context.Context, doing string, err error) error {
	if errors.Is(err, ErrJoin) {
		return err
	}
	return translate(ctx, doing, err)
}

func (t *joinedTx) end() {
	t.ended = true
	t.leave()
}
