package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

var _ ledger.Stager = (*Store)(nil)

// stageWait bounds how long a stage waits for a lock. What it may have to wait for is somebody
// who writes the same rows, and then it comes to nothing anyway. Whoever has the head may have
// to wait for rows of the stage meanwhile: this ends it long before the server looks for
// deadlocks, which might choose the other.
const stageWait = 10 * time.Millisecond

// errNoRoom reports that there is no connection to spare.
var errNoRoom = errors.New("pgstore: no connection is free to stage on")

// staged is a transaction that has written rows and has not locked the head.
type staged struct {
	store *Store
	tx    *tx
}

// Stage writes on a connection of its own, if one is to be had at once. One is left to readers,
// as with every transaction that writes.
func (s *Store) Stage(ctx context.Context, id int64, batch *ledger.Batch) (ledger.Staged, error) {
	out, err := s.enter()
	if err != nil {
		return nil, err
	}
	select {
	case s.writers <- struct{}{}:
	default:
		out()
		return nil, errNoRoom
	}
	t := &tx{ledger: id, schema: s.cfg.Schema, writes: stages, copies: true, had: indexes{}, leave: func() { <-s.writers; out() }}
	if err := t.stage(ctx, s, batch); err != nil {
		t.end(ctx)
		return nil, err
	}
	return &staged{s, t}, nil
}

func (t *tx) stage(ctx context.Context, s *Store, batch *ledger.Batch) (err error) {
	if stat := s.pool.Stat(); stat.AcquiredConns() >= stat.MaxConns() {
		return errNoRoom
	}
	if t.conn, err = s.acquire(ctx); err != nil {
		return err
	}
	if _, err := t.conn.do(ctx, call{stmt: beginWrite}, s.configure(stageWait)); err != nil {
		return translate(ctx, "stage", err)
	}
	rest, err := t.copy(ctx, batch)
	if err != nil {
		return err
	}
	_, err = t.conn.do(ctx, rest...)
	return translate(ctx, "stage", err)
}

// Begin locks the head, if nobody has it and nobody of this process waits for it.
func (t *staged) Begin(ctx context.Context, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	tx := t.tx
	if tx.ended {
		return nil, nil, errEnded
	}
	turn := t.store.turn(tx.ledger)
	select {
	case turn <- struct{}{}:
	default:
		tx.end(ctx)
		return nil, nil, fmt.Errorf("pgstore: the ledger's head is not free: %w", ledger.ErrRetry)
	}
	leave := tx.leave
	tx.leave = func() { <-turn; leave() }
	tx.writes, tx.copies = completes, false
	found, err := tx.lock(ctx, lockFreeHead, &need, t.store.configure(t.store.cfg.LockTimeout))
	if err != nil {
		tx.end(ctx)
		return nil, nil, err
	}
	return tx, found, nil
}

// Rollback drops what was staged, if need be by closing the connection, so it always does.
func (t *staged) Rollback(ctx context.Context) error { return t.tx.Rollback(ctx) }
