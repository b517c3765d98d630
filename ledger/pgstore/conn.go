package pgstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// stateKey is where a connection keeps its connState among the pool's custom data.
const stateKey = "okpay-go/ledger/pgstore"

// connState is what this package knows of one connection. Only who holds the connection
// uses it.
type connState struct {
	warnings int             // how many the server has sent
	prepared map[string]bool // statements, by name
}

// Configure prepares the config of a pool that is to be handed to FromPool: it makes
// connections note the server's warnings, because one that comes with a commit means that the
// commit may not be durable, and refuse a server that is a read replica. Hooks that are set
// already still run, and a target_session_attrs of the DSN's is kept.
func Configure(config *pgxpool.Config) {
	cc := &config.ConnConfig.Config
	if cc.ValidateConnect == nil {
		cc.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	afterConnect, onNotice := cc.AfterConnect, cc.OnNotice
	cc.AfterConnect = func(ctx context.Context, pg *pgconn.PgConn) error {
		pg.CustomData()[stateKey] = &connState{prepared: make(map[string]bool)}
		if afterConnect != nil {
			return afterConnect(ctx, pg)
		}
		return nil
	}
	cc.OnNotice = func(pg *pgconn.PgConn, notice *pgconn.Notice) {
		if state, ok := pg.CustomData()[stateKey].(*connState); ok && notice.SeverityUnlocalized == "WARNING" {
			state.warnings++
		}
		if onNotice != nil {
			onNotice(pg, notice)
		}
	}
}

// conn is a connection out of the pool.
type conn struct {
	pooled *pgxpool.Conn
	pg     *pgconn.PgConn
	state  *connState
	stmts  *[statementCount]statement
	// unnamed connections are not ours: nothing stays prepared on them.
	unnamed bool
	stale   bool // what the server has prepared is not what this process believes
}

// errNotConfigured reports a pool without Configure.
var errNotConfigured = fmt.Errorf("%w: the pool's config must go through Configure before the pool is made", ErrConfig)

// acquire takes a connection out of the pool and sees to it that the statements are
// prepared.
func (s *Store) acquire(ctx context.Context) (*conn, error) {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, translate(ctx, "connect", err)
	}
	pg := pooled.Conn().PgConn()
	state, ok := pg.CustomData()[stateKey].(*connState)
	if !ok {
		pooled.Release()
		return nil, errNotConfigured
	}
	c := &conn{pooled: pooled, pg: pg, state: state, stmts: s.statements}
	if err := c.prepare(ctx); err != nil {
		c.stale = true
		c.release(ctx)
		return nil, translate(ctx, "prepare statements", err)
	}
	return c, nil
}

// prepare prepares what is not prepared yet, in one round trip. Stores of several schemas
// may take turns on a connection.
func (c *conn) prepare(ctx context.Context) error {
	if c.state.prepared[c.stmts[statementCount-1].name] { // it is of this schema alone
		return nil
	}
	pipeline := c.pg.StartPipeline(ctx)
	var names []string
	for _, s := range c.stmts {
		if !c.state.prepared[s.name] {
			pipeline.SendPrepare(s.name, s.sql, nil)
			names = append(names, s.name)
		}
	}
	err := pipeline.Sync()
	for _, name := range names {
		if err != nil {
			break
		}
		if _, err = pipeline.GetResults(); err == nil {
			c.state.prepared[name] = true
		}
	}
	return errors.Join(err, pipeline.Close())
}

// call is one execution of a statement.
type call struct {
	stmt stmt
	args [][]byte   // in binary format, nil for NULL
	row  func(*row) // takes each row of the answer; nil for none
}

// result is what became of calls that were sent together.
type result struct {
	done   int    // calls that were completed, from the first on
	tag    string // command tag of the last call that was completed
	warned bool   // a warning came after the last call but one was completed
}

// binaryFormat is the format of every parameter and every column.
var binaryFormat = []int16{pgx.BinaryFormatCode}

// do sends all calls at once and reads their answers: one round trip. The server stops at
// the first call that fails. An error that is not the server's leaves the connection closed,
// unless nothing was sent.
func (c *conn) do(ctx context.Context, calls ...call) (result, error) {
	pipeline := c.pg.StartPipeline(ctx)
	c.pg.Frontend().Send(roomFor(calls))
	for i := range calls {
		s := &c.stmts[calls[i].stmt]
		if c.unnamed {
			pipeline.SendQueryParams(s.sql, calls[i].args, nil, binaryFormat, binaryFormat)
		} else {
			pipeline.SendQueryPrepared(s.name, calls[i].args, binaryFormat, binaryFormat)
		}
	}
	err := pipeline.Sync()
	var r result
	var malformed error
	warnings := c.state.warnings
	for i := range calls {
		if err != nil {
			break
		}
		warnings = c.state.warnings
		var answer any
		if answer, err = pipeline.GetResults(); err != nil {
			break
		}
		rows, ok := answer.(*pgconn.ResultReader)
		if !ok {
			malformed = errMalformed
			break
		}
		for rows.NextRow() {
			if calls[i].row == nil || malformed != nil {
				continue
			}
			one := row{values: rows.Values()}
			if calls[i].row(&one); one.err != nil {
				malformed = one.err
			}
		}
		var tag pgconn.CommandTag
		if tag, err = rows.Close(); err == nil {
			r.done, r.tag = r.done+1, tag.String()
		}
	}
	if ended := pipeline.Close(); err == nil {
		err = ended
	}
	r.warned = c.state.warnings != warnings
	if err == nil {
		err = malformed
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		c.stale = c.stale || server.Code == noSuchStatement || server.Code == featureNotSupported
	}
	return r, err
}

// room makes a connection's buffer large enough for what is sent next. Growing it step by
// step costs more than all the encoding when a block is large.
type room int

func roomFor(calls []call) room {
	size := 0
	for i := range calls {
		size += 128
		for _, arg := range calls[i].args {
			size += 4 + len(arg)
		}
	}
	return room(size)
}

// Encode adds no byte, only room.
func (n room) Encode(dst []byte) ([]byte, error) { return slices.Grow(dst, int(n)), nil }

// Decode is never called.
func (room) Decode([]byte) error { return errors.ErrUnsupported }

// Frontend marks what a client sends.
func (room) Frontend() {}

// goodbye bounds how long a connection that is to be given back may take to end its
// transaction.
const goodbye = 5 * time.Second

// release gives the connection back to the pool, outside of any transaction, or closes it
// when that can not be had. The server then ends the transaction, and frees its locks, by
// itself.
func (c *conn) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if !c.pg.IsClosed() && c.pg.TxStatus() != 'I' && !c.stale {
		_, err := c.do(ctx, call{stmt: rollback})
		c.stale = c.stale || err != nil
	}
	if c.stale {
		_ = c.pg.Close(ctx) // it is gone either way
	}
	c.pooled.Release()
}
