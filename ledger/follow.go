package ledger

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// FollowEvents yields the events after the one numbered after, in order and without a gap,
// and then waits for those to come, until the context ends. Keep the number of the last
// event that was dealt with, and follow from there again: what was yielded and not dealt with comes again.
//
// Only what is durable is yielded. An event that another process announced is seen within
// Config.Poll; one of this ledger's own at once.
//
// It ends with an error as the last pair: the context's; ErrHistoryRegressed when events
// that were yielded, or after itself, are not there any more; ErrDiscrepancy when one is missing; the store's, after which
// it may be called again.
func (l *Ledger) FollowEvents(ctx context.Context, after int64) iter.Seq2[Announced, error] {
	return func(yield func(Announced, error) bool) {
		for {
			var rows []EventRow
			err := l.await(ctx, func(v View) (found bool, seq int64, err error) {
				if rows, err = v.Events(ctx, after, followedEvents); err != nil {
					return false, 0, err
				}
				if len(rows) == 0 {
					h, err := v.Head(ctx)
					if err == nil && h.Events < after {
						err = fmt.Errorf("%w: there are %d events, number %d was followed", ErrHistoryRegressed, h.Events, after)
					}
					return false, 0, err
				}
				return true, rows[len(rows)-1].Seq, nil
			})
			if err != nil {
				yield(Announced{}, err)
				return
			}
			for _, r := range rows {
				if r.No != after+1 {
					yield(Announced{}, fmt.Errorf("%w: event %d is missing", ErrDiscrepancy, after+1))
					return
				}
				after = r.No
				if !yield(Announced{Event{r.Type, r.Subject, r.Payload}, r.No, r.Seq, r.Time}, nil) {
					return
				}
			}
		}
	}
}

// FollowBlocks yields the blocks after one, in order and without a gap, and then waits for
// those to come, until the context ends. Each follows the hash of the one before, beginning
// with after; its zero value begins at the first block, and a zero hash is not compared. Blocks that were
// archived come with a nil Body.
//
// Only what is durable is yielded. It ends as FollowEvents does; a block that does not
// follow the one before is ErrHistoryRegressed.
func (l *Ledger) FollowBlocks(ctx context.Context, after Checkpoint) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		for {
			var blocks []Block
			err := l.await(ctx, func(v View) (found bool, seq int64, err error) {
				if blocks, err = v.Blocks(ctx, after.Seq, followedBlocks); err != nil {
					return false, 0, err
				}
				if len(blocks) == 0 {
					h, err := v.Head(ctx)
					if err == nil {
						known := Head{Seq: after.Seq, Hash: after.Hash}
						if after.Hash == [32]byte{} {
							known.Hash = h.Hash
						}
						err = checkHead(&h, &known)
					}
					return false, 0, err
				}
				return true, blocks[len(blocks)-1].Seq, nil
			})
			if err != nil {
				yield(Block{}, err)
				return
			}
			for _, b := range blocks {
				switch {
				case b.Seq != after.Seq+1:
					err = fmt.Errorf("%w: block %d is missing", ErrDiscrepancy, after.Seq+1)
				case after.Hash != [32]byte{} && b.Previous != after.Hash:
					err = &HistoryError{Known: after, Found: Checkpoint{after.Seq, b.Previous}}
				}
				if err != nil {
					yield(Block{}, err)
					return
				}
				after = Checkpoint{b.Seq, b.Hash}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// How many a follower reads at a time: an event may have a megabyte, a block several.
const (
	followedEvents = 100
	followedBlocks = 16
)

// await calls read until it finds something, and returns once that is durable. Read says
// with which block what it found ends.
func (l *Ledger) await(ctx context.Context, read func(View) (found bool, seq int64, err error)) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		// Asked for first: a block that is committed from here on ends the wait below.
		_, moved := l.durable.get()
		var (
			found bool
			seq   int64
		)
		err := l.read(ctx, func(v View) (err error) {
			found, seq, err = read(v)
			return err
		})
		if err != nil {
			return err
		}
		if found {
			return l.ensure(ctx, seq)
		}
		if err := l.waitForNews(ctx, moved); err != nil {
			return err
		}
	}
}

// waitForNews waits for a block of this ledger's own, or until it is time to look again.
func (l *Ledger) waitForNews(ctx context.Context, moved <-chan struct{}) error {
	var again <-chan time.Time
	if l.cfg.Poll > 0 {
		timer := time.NewTimer(l.cfg.Poll)
		defer timer.Stop()
		again = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-moved:
		return nil
	case <-again:
		return nil
	}
}
