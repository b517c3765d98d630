package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// tx holds the head row's lock.
type tx struct {
	conn   *conn
	ledger int64
	schema string
	writes func(int64, *ledger.Batch, indexes) []call // what is to be written of a batch
	copies bool                                       // by COPY where it is large
	had    indexes                                    // of the records that were loaded
	leave  func()                                     // gives back the turn and counts the user out
	failed error                                      // of a Load: nothing can be committed any more
	ended  bool
}

// errEnded reports use of a Tx after Commit or Rollback, or of a View after its function.
var errEnded = errors.New("pgstore: the transaction has ended")

// Begin locks the head row and loads what need names, in one round trip. When ctx ends
// while it waits, it returns an error that matches ctx.Err(), and the server's side of the
// wait is ended too.
func (s *Store) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	out, err := s.enter()
	if err != nil {
		return nil, nil, err
	}
	leave, err := s.queue(ctx, id)
	if err != nil {
		out()
		return nil, nil, err
	}
	t := &tx{ledger: id, schema: s.cfg.Schema, writes: writes, copies: true, had: indexes{}, leave: func() { leave(); out() }}
	found, err := t.begin(ctx, s, &need)
	if err != nil {
		t.end(ctx)
		return nil, nil, err
	}
	return t, found, nil
}

func (t *tx) begin(ctx context.Context, s *Store, need *ledger.Need) (*ledger.Found, error) {
	c, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	t.conn = c
	return t.lock(ctx, lockHead, need, call{stmt: beginWrite}, s.configure(s.cfg.LockTimeout))
}

// configure sets what a transaction that writes needs.
func (s *Store) configure(lockTimeout time.Duration) call {
	return call{stmt: configureWrite, args: [][]byte{textOf(milliseconds(lockTimeout)), textOf(milliseconds(s.cfg.IdleTimeout))}}
}

// lock locks the head after the calls that come first, and loads.
func (t *tx) lock(ctx context.Context, lock stmt, need *ledger.Need, first ...call) (*ledger.Found, error) {
	found := newFound()
	var v versions
	// Every statement of READ COMMITTED has its own snapshot, so what follows sees all
	// that was committed before the lock was had.
	calls := append(first, call{lock, [][]byte{int8Of(t.ledger)}, func(r *row) {
		found.Head, v = r.head()
		found.Head.Clock = r.time()
	}})
	calls = append(calls, loads(t.ledger, need, found)...)
	if _, err := t.conn.do(ctx, calls...); err != nil {
		return nil, translate(ctx, "lock the ledger", err)
	}
	switch {
	case found.Head.Ledger == 0:
		return nil, fmt.Errorf("pgstore: ledger %d: %w", t.ledger, ledger.ErrNotFound)
	case v.writer > writerVersion:
		return nil, &SchemaError{What: "writer", Have: v.writer, Want: writerVersion}
	}
	t.had.learn(need.Records, found.Records)
	return found, nil
}

// Load loads more in one round trip. Once it has failed, the Tx can not be committed.
func (t *tx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	if t.ended {
		return nil, errEnded
	}
	if t.failed != nil {
		return nil, t.failed
	}
	found := newFound()
	calls := loads(t.ledger, &need, found)
	calls = append(calls, call{selectHead, [][]byte{int8Of(t.ledger)}, func(r *row) { found.Head, _ = r.head() }})
	if _, err := t.conn.do(ctx, calls...); err != nil {
		t.failed = translate(ctx, "load", err)
		return nil, t.failed
	}
	t.had.learn(need.Records, found.Records)
	return found, nil
}

// Commit writes the batch and commits in one round trip, and one more for each table that a
// large batch fills by COPY, and for records that were not loaded.
func (t *tx) Commit(ctx context.Context, batch *ledger.Batch) error {
	if t.ended {
		return errEnded
	}
	defer t.end(ctx)
	if t.failed != nil {
		return t.failed
	}
	if unknown := t.had.unknown(batch.Records); len(unknown) > 0 {
		if _, err := t.Load(ctx, ledger.Need{Records: unknown}); err != nil {
			return err
		}
	}
	if !t.copies || !large(batch) {
		return t.conn.finish(ctx, t.writes(t.ledger, batch, t.had))
	}
	rest, err := t.copy(ctx, batch)
	if err != nil {
		return err
	}
	return t.conn.finish(ctx, rest)
}

// copy fills tables by COPY and returns the calls that write the rest of a large batch.
func (t *tx) copy(ctx context.Context, batch *ledger.Batch) (rest []call, err error) {
	sending := parts(t.ledger, batch, func(id int64, b *ledger.Batch) []call { return t.writes(id, b, t.had) })
	for p := range sending {
		if p.rows == nil {
			rest = p.calls
			continue
		}
		if err := t.conn.copy(ctx, t.schema, p.rows); err != nil {
			for range sending { // the batch is the caller's again once this returns
			}
			return nil, translate(ctx, "write", err)
		}
	}
	return rest, nil
}

// Rollback releases the lock, if need be by closing the connection, so it always does.
func (t *tx) Rollback(ctx context.Context) error {
	if t.ended {
		return errEnded
	}
	t.end(ctx)
	return nil
}

// end gives everything back.
func (t *tx) end(ctx context.Context) {
	t.ended = true
	if t.conn != nil {
		t.conn.release(ctx)
	}
	t.leave()
}
