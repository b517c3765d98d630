package ledger

import (
	"context"
	"time"
)

// While a large block is being written, the next one is decided: on the remembered accounts,
// as the block in flight leaves them. Such a plan holds if that block was committed, nobody
// else wrote meanwhile and none of its ids was there before. What the head's lock shows is
// asked before the plan is used, as always; where it does not hold, all that was remembered
// is forgotten and the block is decided again.

// manyChanges is what makes a block large: it takes longer to write than to hand over.
const manyChanges = 64

// planLasts is how long a plan is of use. The head's lock may be had much later, after a joined
// transaction of somebody else's that came to nothing, and a deadline or a hold's expiry has
// then passed that the plan did not see.
const planLasts = time.Second

// plan is a block that was decided before the head was locked for it.
type plan struct {
	requests []*request // taken from the queue, not yet written
	first    *request   // the first of those that were decided
	batch    *Batch     // what was decided, nil for nothing
	stage    *stage     // where the batch is being staged, nil for nowhere
}

// plans counts plans: those made, and those whose block was handed to the store as it was
// decided. The others were dropped: their blocks were decided again.
type plans struct{ made, used int }

// planned returns what was decided ahead for these requests, nil if nothing was, and where it
// is staged.
func (c *committer) planned(ctx context.Context, requests []*request) (*Batch, *stage) {
	if c.ahead.batch == nil {
		return nil, nil
	}
	if c.ahead.first != requests[0] {
		// The second half of a block goes before it, and what is remembered has the plan.
		c.drop(ctx)
		c.cache.clear()
		return nil, nil
	}
	batch, stage := c.ahead.batch, c.ahead.stage
	c.ahead.batch, c.ahead.stage = nil, nil
	return batch, stage
}

// timely reports whether a plan's time may still be recorded, now that the head is locked.
func (c *committer) timely(planned *Batch, head Head, now time.Time) bool {
	at := planned.Block.Time
	if now.Sub(at) > planLasts {
		return false
	}
	return c.cfg.MaxSkew < 0 || head.Clock.IsZero() || head.Clock.Sub(at).Abs() <= c.cfg.MaxSkew
}

// commit commits a batch, and decides the next block meanwhile if as many Changes come to
// wait as the batch has. Were it fewer, blocks would become ever smaller.
func (c *committer) commit(ctx context.Context, tx Tx, batch *Batch) error {
	size := len(batch.Changes)
	if size < c.aheadFrom || !c.alone || c.ahead.requests != nil || c.queue == nil {
		return tx.Commit(ctx, batch)
	}
	if c.oneGoroutine {
		if enough, _ := c.queue.enough(size); enough {
			c.lookAhead(batch.Head)
			c.stage(ctx)
		}
		return tx.Commit(ctx, batch)
	}
	done := make(chan error, 1)
	go func() { done <- tx.Commit(ctx, batch) }()
	for {
		switch enough, closed := c.queue.enough(size); {
		case enough:
			c.lookAhead(batch.Head)
			c.stage(ctx)
			return <-done
		case closed:
			return <-done
		}
		select {
		case err := <-done:
			return err
		case <-c.queue.ready:
		}
	}
}

// lookAhead takes what waits and decides it over the head that the block in flight leaves,
// if it touches nothing but remembered accounts that are not watched and on which no hold is
// due.
func (c *committer) lookAhead(head Head) {
	taken := c.queue.take(c.cfg.MaxBlockChanges, c.cfg.MaxBlockBytes)
	if taken == nil {
		return
	}
	c.ahead = plan{requests: taken}
	d := &c.desks[0]
	if c.desk == d {
		d = &c.desks[1]
	}
	n, work, k := &d.needs, &d.work, &d.kernel
	n.gather(taken, c.cache)
	now := micro(c.cfg.Now())
	if now.Before(head.Time) {
		now = head.Time
	}
	if !n.onlyIDs() || anyMore(taken, now) {
		return
	}
	c.desk = d
	work.reset()
	k.start(now, head, len(n.slots))
	k.units(taken)
	if c.ahead.first, c.ahead.batch = taken[0], k.finish(c.cfg.Name); c.ahead.batch != nil {
		c.plans.made++
	}
}

// anyMore reports whether more may have to be loaded: due holds or monitors.
func anyMore(requests []*request, now time.Time) bool {
	more := func(a *workAccount) bool {
		return a == nil || a.Flags&Watched != 0 || !a.NextExpiry.IsZero() && !a.NextExpiry.After(now)
	}
	for _, r := range requests {
		for _, p := range r.members {
			for _, part := range [2]*part{&p.main, p.alternative} {
				if part == nil {
					continue
				}
				for i := range part.ops {
					op := &part.ops[i]
					if op.account.Name != "" {
						return true // it is not pointed to
					}
					for _, l := range op.legs {
						if more(l.debit) || more(l.credit) {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

// answer tells the callers of a committed block. Many are told beside the next block.
func (c *committer) answer(requests []*request) {
	tell := func() {
		for _, r := range requests {
			r.finish()
		}
	}
	if len(requests) < manyChanges {
		tell()
		return
	}
	c.answering.Go(tell)
}
