package ledger

import (
	"context"
)

// Stager is what a Store may be besides: it writes the new rows of a batch before the head is
// locked for it, beside the block that is being written. The ledger stages the block that it
// decided ahead. Where a store is no Stager, or a stage comes to nothing, it takes the
// ordinary way by Begin, so an error decides nothing and need not be of a certain kind.
type Stager interface {
	// Stage writes rows of a batch that is to follow a head which may not be committed yet.
	// Nobody else sees them before the Tx that Staged.Begin returns is committed, and without
	// that nothing of them stays. It may write what is new by the batch's own word alone (its
	// Block, Changes, Postings, Marks, Terms and Events) and neither reads nor changes what is
	// there. It waits neither for the head's lock nor for room; it may wait for somebody who
	// writes the same rows, but not for longer than it takes to see that it is so. The block
	// being written meanwhile has no row with the same key: the caller sees to that.
	//
	// The batch stays as it is until the Staged, or its Tx, has ended. With an error nothing is
	// staged: there is no room, a row is there already, or whatever it may be.
	Stage(ctx context.Context, ledger int64, batch *Batch) (Staged, error)
}

// Staged is a batch of which rows are written and not committed. Exactly one of Begin and
// Rollback ends it. It is used by one goroutine at a time. Whoever writes the same rows under
// the head's lock may have to wait until it has ended, which is why Begin never waits.
type Staged interface {
	// Begin is Store.Begin, except that it does not wait: when somebody else has the head's
	// lock, or waits for it in this process, that is ErrRetry. Once it has returned a Tx, the
	// ids of the batch's Changes are known to be new. The head may have moved; then the caller
	// rolls back. The Tx's Commit is given the batch that was staged, and writes what is
	// missing. With an error nothing that was staged is left, and the lock is not had.
	Begin(ctx context.Context, need Need) (Tx, *Found, error)

	// Rollback drops what was staged, even if ctx has ended.
	Rollback(ctx context.Context) error
}

// stage is a plan's batch on its way into a Stager.
type stage struct {
	done   chan struct{} // closed once staged is set
	staged Staged        // nil if it came to nothing
}

// stage has the plan's new rows written while the block before is.
func (c *committer) stage(ctx context.Context) {
	store, ok := c.store.(Stager)
	batch := c.ahead.batch
	if !ok || batch == nil || batch.Block == nil || c.repeats(batch) {
		return
	}
	if checkBlockLen(batch.Block.Body, c.longest, c.heaviest) != nil {
		return // the ordinary way refuses it
	}
	s := &stage{done: make(chan struct{})}
	c.ahead.stage = s
	id := c.seen.Ledger
	write := func() {
		defer close(s.done)
		// What is not there in time is of no use any more.
		ctx, cancel := context.WithTimeout(ctx, planLasts)
		defer cancel()
		if staged, err := store.Stage(ctx, id, batch); err == nil {
			s.staged = staged
		}
	}
	if c.oneGoroutine {
		write()
	} else {
		go write()
	}
}

// repeats reports whether a plan has an id of the block that is being written: each of the two
// might come to wait for the other.
func (c *committer) repeats(planned *Batch) bool {
	writing := &c.desks[0]
	if c.desk == writing {
		writing = &c.desks[1]
	}
	for i := range planned.Changes {
		if writing.needs.ids[planned.Changes[i].ID] != nil {
			return true
		}
	}
	return false
}

// beginStaged begins with what was staged for a plan. It returns nil, and nothing of the stage
// is left, unless the plan holds.
func (c *committer) beginStaged(ctx context.Context, planned *Batch, s *stage) Tx {
	if s == nil {
		return nil
	}
	<-s.done
	if s.staged == nil {
		return nil
	}
	tx, found, err := s.staged.Begin(ctx, Need{Changes: c.unrecorded(planned)})
	if err != nil {
		return nil
	}
	head := found.Head
	if planned.Block.Previous == head.Hash && len(found.Changes) == 0 && checkHead(&head, &c.seen) == nil {
		if now, err := c.blockTime(head); err == nil && c.timely(planned, head, now) {
			return tx
		}
	}
	// The lock is free again whatever Rollback returns, and Begin will find what is wrong.
	_ = tx.Rollback(context.WithoutCancel(ctx))
	return nil
}

// unrecorded lists the ids of a plan that leave no trace in its batch, and that nothing but a
// look shows to be new: those of Changes that were refused without being recorded.
func (c *committer) unrecorded(planned *Batch) (ids []string) {
	all := c.desk.needs.Changes
	if len(planned.Changes) == len(all) {
		return nil
	}
	recorded := make(map[string]bool, len(planned.Changes))
	for i := range planned.Changes {
		recorded[planned.Changes[i].ID] = true
	}
	for _, id := range all {
		if !recorded[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// drop gives up what was planned, and what was staged of it. The Changes stay taken.
func (c *committer) drop(ctx context.Context) {
	if s := c.ahead.stage; s != nil {
		<-s.done
		if s.staged != nil {
			_ = s.staged.Rollback(context.WithoutCancel(ctx)) // it is gone either way
		}
	}
	c.ahead.batch, c.ahead.stage = nil, nil
}
