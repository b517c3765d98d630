package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// committer writes the blocks of one ledger. It is a step function: step takes what waits,
// decides it over the locked head, writes and answers. Whoever calls step drives it; calls
// must not overlap.
type committer struct {
	store Store
	cfg   *Config
	queue *queue

	cache *cache
	seen  Head  // the last head seen committed
	dead  error // set once history was seen to go backwards
}

// retries bounds how often one block is decided again before its callers are told.
const retries = 10

// step writes one block of what waits, and reports whether anything waited.
func (c *committer) step(ctx context.Context) bool {
	taken := c.queue.take(c.cfg.MaxBlockChanges, c.cfg.MaxBlockBytes)
	if taken == nil {
		return false
	}
	c.write(ctx, taken)
	return true
}

// write commits requests as one block. When the store fails for a reason that blames no
// Change, it tries each half, so that a Change that the store can not take fails alone.
func (c *committer) write(ctx context.Context, requests []*request) {
	answers, err := c.attempt(ctx, requests)
	switch {
	case err == nil:
		for i, r := range requests {
			r.done <- answers[i]
		}
	case len(requests) > 1 && blamesNobody(err):
		half := len(requests) / 2
		c.write(ctx, requests[:half])
		c.write(ctx, requests[half:])
	default:
		for _, r := range requests {
			r.done <- answer{err: err}
		}
	}
}

// blamesNobody reports an error of the store that one Change's data may have caused.
func blamesNobody(err error) bool {
	for _, known := range []error{
		ErrRetry, ErrCommitUnknown, ErrOutcomeUnknown, ErrUnavailable, ErrClosed, ErrClockSkew, ErrHistoryRegressed,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return false
		}
	}
	return true
}

// attempt decides and commits one block, again when the store asks for it. After a commit
// whose outcome is unknown the block is decided again too: its ids tell what was committed.
func (c *committer) attempt(ctx context.Context, requests []*request) ([]answer, error) {
	if c.dead != nil {
		return nil, c.dead
	}
	unknown := false
	var before int64 // the head when a commit's outcome became unknown
	for try := 1; ; try++ {
		answers, err := c.once(ctx, requests)
		again := false
		switch {
		case err == nil:
			if unknown {
				notReplayed(requests, answers, before)
			}
			return answers, nil
		case errors.Is(err, ErrHistoryRegressed):
			c.dead = err
		case errors.Is(err, ErrCommitUnknown):
			if !unknown {
				unknown, before = true, c.seen.Seq
			}
			again = true
		case errors.Is(err, ErrRetry), unknown && errors.Is(err, ErrUnavailable):
			again = true
		}
		if again {
			c.cache.clear()
			if try < retries {
				continue
			}
		}
		if unknown {
			// Whatever stopped the later tries, the first one may have committed.
			err = errors.Join(ErrOutcomeUnknown, err)
		}
		return nil, err
	}
}

// notReplayed corrects the answers of a block that was decided again after its commit's
// outcome was unknown: what that commit wrote after all, beyond block before, is no replay
// to the first caller of each id.
func notReplayed(requests []*request, answers []answer, before int64) {
	first := make(map[string]bool, len(requests))
	for i, r := range requests {
		if out := &answers[i].outcome; !first[r.change.id] && out.Seq > before {
			out.Replayed = false
		}
		first[r.change.id] = true
	}
}

// once decides and commits one block.
func (c *committer) once(ctx context.Context, requests []*request) (answers []answer, err error) {
	need := newNeeds(requests, c.cache)
	tx, found, err := c.store.Begin(ctx, c.seen.Ledger, need.Need)
	if err != nil {
		return nil, err
	}
	open := true
	defer func() {
		if open {
			err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
		}
	}()
	head := found.Head
	if head.Seq < c.seen.Seq || head.Seq == c.seen.Seq && head.Hash != c.seen.Hash {
		return nil, fmt.Errorf("%w: head is block %d, block %d was seen committed", ErrHistoryRegressed, head.Seq, c.seen.Seq)
	}
	now, err := c.blockTime(head)
	if err != nil {
		return nil, err
	}
	if head.Seq != c.seen.Seq {
		c.cache.clear()
		c.seen = head
	}
	work, err := c.load(ctx, tx, found, need, now)
	if err != nil {
		return nil, err
	}
	k := newKernel(c.cfg.Chart, now, head, work)
	k.reserve(len(requests))
	answers = make([]answer, len(requests))
	replays := false
	for i, r := range requests {
		answers[i].outcome, answers[i].err = k.decide(r.change)
		replays = replays || answers[i].outcome.Replayed
	}
	batch := k.finish(c.cfg.Name)
	if batch == nil {
		if !replays {
			return answers, nil
		}
		batch = &Batch{} // what the replays report must be durable too
	}
	open = false
	if err := tx.Commit(ctx, batch); err != nil {
		return nil, err
	}
	if batch.Block != nil {
		c.seen = batch.Head
		c.cache.keep(work)
	}
	return answers, nil
}

// blockTime reads the clock once for the block and holds it against the store's.
func (c *committer) blockTime(head Head) (time.Time, error) {
	now := micro(c.cfg.Now())
	if c.cfg.MaxSkew >= 0 && !head.Clock.IsZero() {
		if skew := now.Sub(head.Clock).Abs(); skew > c.cfg.MaxSkew {
			return time.Time{}, fmt.Errorf("%w: by %v, allowed is %v", ErrClockSkew, skew, c.cfg.MaxSkew)
		}
	}
	if now.Before(head.Time) {
		now = head.Time
	}
	return now, nil
}

// load completes the working set: what was left out because the cache had it, the accounts
// that holds point to, and the holds due on any of these accounts.
func (c *committer) load(ctx context.Context, tx Tx, found *Found, n *needs, now time.Time) (*workset, error) {
	work := newWorkset()
	work.take(found)
	var missing Need
	for _, key := range n.cachedAccounts {
		if a, ok := c.cache.account(key); ok {
			work.addAccount(a)
		} else {
			missing.Accounts = append(missing.Accounts, key)
		}
	}
	for _, code := range n.cachedCurrencies {
		if scale, ok := c.cache.currencies[code]; ok {
			work.currencies[code] = scale
		} else {
			missing.Currencies = append(missing.Currencies, code)
		}
	}
	checked := make(map[int64]bool) // accounts whose due holds are known
	asked := make(map[int64]bool)   // accounts that holds point to
	for {
		missing.AccountNos = c.accountsOfHolds(work)
		for _, no := range missing.AccountNos {
			if asked[no] {
				return nil, fmt.Errorf("%w: account %d of a hold is missing", ErrDiscrepancy, no)
			}
			asked[no] = true
		}
		for no, a := range work.byNo {
			if !checked[no] && !a.NextExpiry.IsZero() && !a.NextExpiry.After(now) {
				checked[no] = true
				missing.DueOn, missing.DueAt = append(missing.DueOn, no), now
			}
		}
		if missing.empty() {
			return work, nil
		}
		more, err := tx.Load(ctx, missing)
		if err != nil {
			return nil, err
		}
		work.take(more)
		for _, no := range missing.DueOn {
			work.byNo[no].NextExpiry = more.NextExpiry[no]
		}
		missing = Need{}
	}
}

// accountsOfHolds adds the accounts that loaded holds point to from the cache, and returns
// the numbers of those to load.
func (c *committer) accountsOfHolds(work *workset) []int64 {
	var missing []int64
	listed := make(map[int64]bool)
	for _, h := range work.holds {
		for i := range h.Legs {
			for _, no := range [2]int64{h.Legs[i].Debit, h.Legs[i].Credit} {
				if work.byNo[no] != nil {
					continue
				}
				if a, ok := c.cache.accountNo(no); ok {
					work.addAccount(a)
				} else if !listed[no] {
					listed[no] = true
					missing = append(missing, no)
				}
			}
		}
	}
	return missing
}
