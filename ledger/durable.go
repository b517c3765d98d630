package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// durable is how far the journal is known to be durable, to this process. Whoever passes
// on what stands in a block (a follower, an export, a checkpoint) waits for that: after a
// failover, a block that could be read and was not safe yet may be gone.
type durable struct {
	mu    sync.Mutex
	seq   int64
	moved chan struct{} // closed when seq moves
}

func newDurable() *durable { return &durable{moved: make(chan struct{})} }

// reach notes that all blocks up to seq are durable.
func (d *durable) reach(seq int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if seq > d.seq {
		d.seq = seq
		close(d.moved)
		d.moved = make(chan struct{})
	}
}

// restart forgets what was known: another history is accepted, with this head.
func (d *durable) restart(seq int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq = seq
	close(d.moved)
	d.moved = make(chan struct{})
}

// get returns the last durable block, and what is closed when there is a later one.
func (d *durable) get() (seq int64, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seq, d.moved
}

// confirm returns the head once all of it is durable. It takes a turn at the head's lock.
func (l *Ledger) confirm(ctx context.Context) (Head, error) {
	if joinedIn(ctx) != nil {
		return Head{}, ErrJoined
	}
	for try := 1; ; try++ {
		tx, found, err := l.store.Begin(ctx, l.head.Ledger, Need{})
		if err == nil {
			err = tx.Commit(ctx, &Batch{})
		}
		switch {
		case err == nil:
			l.durable.reach(found.Head.Seq)
			return found.Head, nil
		case try == retries || !errors.Is(err, ErrRetry) && !errors.Is(err, ErrCommitUnknown):
			return Head{}, err
		}
	}
}

// ensure makes sure that the blocks up to seq are durable. Errors: ErrHistoryRegressed when
// they are gone.
func (l *Ledger) ensure(ctx context.Context, seq int64) error {
	if known, _ := l.durable.get(); known >= seq {
		return nil
	}
	head, err := l.confirm(ctx)
	if err == nil && head.Seq < seq {
		err = fmt.Errorf("%w: head is block %d, block %d was read", ErrHistoryRegressed, head.Seq, seq)
	}
	return err
}
