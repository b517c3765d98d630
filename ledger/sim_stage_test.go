package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/okpay/okpay-go/ledger"
)

// simStaged is a batch that a simulated store has on the side. Nothing of it is in the store
// below before it is committed.
type simStaged struct {
	store *simStore
	id    int64
	batch *ledger.Batch
	was   ledger.Batch // as it was when it was staged
	ended bool
}

// errTaken is what a database says of a row that is there.
var errTaken = errors.New("a row is there already")

// Stage fails, takes long or ends the process, now and then, while the block before is being
// written.
func (s *simStore) Stage(ctx context.Context, id int64, batch *ledger.Batch) (ledger.Staged, error) {
	sim := s.proc.sim
	if s.open != nil {
		s.open.crash(ctx)
	}
	for _, c := range batch.Changes {
		if sim.poison[c.ID] {
			return nil, errDisk
		}
	}
	if sim.chance(sim.faults.begin) {
		return nil, fmt.Errorf("no room: %w", ledger.ErrUnavailable)
	}
	if s.proc.staged != nil {
		sim.fail("a batch is staged while another is")
	}
	st := &simStaged{store: s, id: id, batch: batch, was: copied(batch)}
	s.proc.staged = st
	return st, nil
}

// copied is a batch with rows of its own.
func copied(b *ledger.Batch) ledger.Batch {
	c := *b
	block := *b.Block
	block.Body = slices.Clone(block.Body)
	c.Block = &block
	c.Changes = slices.Clone(b.Changes)
	c.Postings = slices.Clone(b.Postings)
	c.Accounts = slices.Clone(b.Accounts)
	c.Marks = slices.Clone(b.Marks)
	c.Terms = slices.Clone(b.Terms)
	c.Events = slices.Clone(b.Events)
	return c
}

// end ends it once, whatever becomes of it.
func (t *simStaged) end() {
	if t.ended {
		t.store.proc.sim.fail("a staged batch was ended twice")
	}
	t.ended = true
	t.store.proc.staged = nil
}

// Begin is where others come in between, as in the store's own Begin, and where the lock is
// somebody else's.
func (t *simStaged) Begin(ctx context.Context, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	t.end()
	sim := t.store.proc.sim
	failed := func(err error) (ledger.Tx, *ledger.Found, error) {
		sim.counts.Unstaged++
		return nil, nil, err
	}
	if sim.chance(sim.faults.begin) {
		return failed(ledger.ErrRetry)
	}
	asked := need
	for _, c := range t.batch.Changes {
		asked.Changes = append(slices.Clip(asked.Changes), c.ID)
	}
	tx, found, err := t.store.Begin(ctx, t.id, asked)
	if err != nil {
		return failed(err)
	}
	var others []ledger.ChangeRow
	for _, row := range found.Changes {
		if !slices.Contains(need.Changes, row.ID) {
			if err := tx.Rollback(ctx); err != nil {
				sim.fail("rollback: %w", err)
			}
			return failed(errTaken)
		}
		others = append(others, row)
	}
	found.Changes = others
	return &simStagedTx{tx, t}, found, nil
}

func (t *simStaged) Rollback(context.Context) error {
	t.end()
	t.store.proc.sim.counts.Unstaged++
	return nil
}

// simStagedTx commits what was staged, which must be what is committed.
type simStagedTx struct {
	ledger.Tx
	staged *simStaged
}

func (t *simStagedTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	sim := t.staged.store.proc.sim
	if batch != t.staged.batch {
		sim.fail("block %d is staged and another is committed", t.staged.batch.Block.Seq)
	}
	if diff := cmp.Diff(&t.staged.was, batch, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		sim.fail("a batch changed after it was staged: %s", diff)
	}
	err := t.Tx.Commit(ctx, batch)
	if err == nil {
		sim.counts.Staged++
	}
	return err
}

func (t *simStagedTx) Rollback(ctx context.Context) error {
	t.staged.store.proc.sim.counts.Unstaged++
	return t.Tx.Rollback(ctx)
}
