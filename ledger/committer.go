package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// committer writes the blocks of one ledger. It is a step function: step takes what waits,
// decides it over the locked head, writes and answers. Whoever calls step drives it; calls
// must not overlap.
type committer struct {
	store beginner
	cfg   *Config
	queue *queue

	cache  *cache
	needs  needs
	work   workset
	kernel kernel
	seen   Head  // the last head seen committed
	dead   error // set once history was seen to go backwards
}

// beginner is where a block begins: a Store, or a transaction of somebody else's.
type beginner interface {
	Begin(ctx context.Context, ledger int64, need Need) (Tx, *Found, error)
}

func newCommitter(store beginner, cfg *Config, queue *queue, head Head) *committer {
	c := &committer{store: store, cfg: cfg, queue: queue, cache: newCache(cfg.MaxCached), seen: head}
	c.work.cache = c.cache
	c.kernel.chart, c.kernel.work = cfg.Chart, &c.work
	return c
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
	err := c.attempt(ctx, requests)
	switch {
	case err == nil:
		for _, r := range requests {
			r.finish()
		}
	case len(requests) > 1 && blamesNobody(err):
		half := len(requests) / 2
		c.write(ctx, requests[:half])
		c.write(ctx, requests[half:])
	default:
		for _, r := range requests {
			r.fail(err)
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
func (c *committer) attempt(ctx context.Context, requests []*request) error {
	if c.dead != nil {
		return c.dead
	}
	unknown := false
	var before int64 // the head when a commit's outcome became unknown
	for try := 1; ; try++ {
		err := c.once(ctx, requests)
		again := false
		switch {
		case err == nil:
			if unknown {
				notReplayed(requests, before)
			}
			return nil
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
		if again && try < retries {
			continue
		}
		if unknown {
			// Whatever stopped the later tries, the first one may have committed.
			err = errors.Join(ErrOutcomeUnknown, err)
		}
		return err
	}
}

// notReplayed corrects the answers of a block that was decided again after its commit's
// outcome was unknown: what that commit wrote after all, beyond block before, is no replay
// to the first caller of each id.
func notReplayed(requests []*request, before int64) {
	first := make(map[string]bool, len(requests))
	for _, r := range requests {
		for i, p := range r.members {
			if out := &r.answers[i].outcome; !first[p.id] && out.Seq > before {
				out.Replayed, first[p.id] = false, true
			}
		}
	}
}

// once decides and commits one block.
func (c *committer) once(ctx context.Context, requests []*request) (err error) {
	tx, batch, err := c.decide(ctx, requests)
	switch {
	case err != nil:
		return err
	case batch == nil:
		return tx.Rollback(context.WithoutCancel(ctx))
	}
	if err := tx.Commit(ctx, batch); err != nil {
		c.cache.clear()
		return err
	}
	if batch.Block != nil {
		c.seen = batch.Head
		c.work.keep()
	}
	return nil
}

// decide decides one block under the head's lock, which it returns. The batch is nil when
// nothing is to be written.
func (c *committer) decide(ctx context.Context, requests []*request) (tx Tx, batch *Batch, err error) {
	n := &c.needs
	n.gather(requests, c.cache)
	begun, found, err := c.store.Begin(ctx, c.seen.Ledger, n.Need)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			c.cache.clear()
			err = errors.Join(err, begun.Rollback(context.WithoutCancel(ctx)))
		}
	}()
	head := found.Head
	if head.Seq < c.seen.Seq || head.Seq == c.seen.Seq && head.Hash != c.seen.Hash {
		return nil, nil, fmt.Errorf("%w: head is block %d, block %d was seen committed", ErrHistoryRegressed, head.Seq, c.seen.Seq)
	}
	now, err := c.blockTime(head)
	if err != nil {
		return nil, nil, err
	}
	ours := head.Seq == c.seen.Seq
	if !ours {
		c.cache.clear()
		c.seen = head
	}
	if err := c.load(ctx, begun, found, requests, ours, now); err != nil {
		return nil, nil, err
	}
	k := &c.kernel
	k.start(now, head, len(n.slots))
	replays := false
	for _, r := range requests {
		k.unit(r.members, r.answers)
		for i := range r.answers {
			replays = replays || r.answers[i].outcome.Replayed
		}
	}
	batch = k.finish(c.cfg.Name)
	if batch == nil {
		if k.expiries > 0 {
			c.cache.clear() // their accounts are as if it were written
		}
		if replays {
			batch = &Batch{} // what the replays report must be durable too
		}
	}
	return begun, batch, nil
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

// load completes the working set: what was left out because the cache had it and the head
// turned out to be another's, the accounts that holds and transactions to reverse point to,
// and the holds due on any of these accounts.
func (c *committer) load(ctx context.Context, tx Tx, found *Found, requests []*request, ours bool, now time.Time) (err error) {
	n, work := &c.needs, &c.work
	work.reset()
	work.take(found, n.ids)
	var missing Need
	if !ours {
		n.accounts(requests, c.cache)
		missing.Accounts, missing.Currencies = n.Accounts, n.Currencies
		if missing.empty() {
			ours = true
		}
	}
	asked := make(map[int64]bool)   // accounts that holds and transactions point to
	checked := make(map[int64]bool) // accounts whose due holds are known
	dated := false                  // whether the accounts of dated reversals were asked for
	for {
		if missing.AccountNos, err = c.pointedTo(asked); err != nil {
			return err
		}
		c.due(requests, &missing, checked, now)
		if len(missing.AccountNos) == 0 && !dated {
			dated = true
			missing.Dated = c.datedReversals(requests)
		}
		if missing.empty() {
			break
		}
		more, err := tx.Load(ctx, missing)
		if err != nil {
			return err
		}
		work.take(more, n.ids)
		for _, no := range missing.DueOn {
			work.number(no).NextExpiry = more.NextExpiry[no]
		}
		missing = Need{}
	}
	n.point(requests, c.cache)
	return nil
}

// pointedTo returns the accounts to load that loaded holds and postings point to.
func (c *committer) pointedTo(asked map[int64]bool) (missing []int64, err error) {
	want := func(no int64) {
		if c.cache.accountNo(no) != nil {
			return
		}
		switch was, again := asked[no]; {
		case !again:
			asked[no] = true
			missing = append(missing, no)
		case was && !slices.Contains(missing, no):
			err = fmt.Errorf("%w: account %d, which a hold or a posting names, is missing", ErrDiscrepancy, no)
		}
	}
	for _, h := range c.work.holds {
		for i := range h.Legs {
			want(h.Legs[i].Debit)
			want(h.Legs[i].Credit)
		}
	}
	for _, rows := range c.work.posted {
		for i := range rows {
			want(rows[i].Debit)
			want(rows[i].Credit)
		}
	}
	return missing, err
}

// due asks for the holds that are due on accounts of the block.
func (c *committer) due(requests []*request, missing *Need, checked map[int64]bool, now time.Time) {
	look := func(a *workAccount) {
		if a != nil && !a.NextExpiry.IsZero() && !a.NextExpiry.After(now) && !checked[a.No] {
			checked[a.No] = true
			missing.DueOn, missing.DueAt = append(missing.DueOn, a.No), now
		}
	}
	for _, r := range requests {
		for _, p := range r.members {
			c.dueOn(&p.main, look)
			if p.alternative != nil {
				c.dueOn(p.alternative, look)
			}
		}
	}
	for _, h := range c.work.holds {
		for i := range h.Legs {
			look(c.work.number(h.Legs[i].Debit))
			look(c.work.number(h.Legs[i].Credit))
		}
	}
	for _, rows := range c.work.posted {
		for i := range rows {
			look(c.work.number(rows[i].Debit))
			look(c.work.number(rows[i].Credit))
		}
	}
}

func (c *committer) dueOn(p *part, look func(*workAccount)) {
	for i := range p.ops {
		op := &p.ops[i]
		for j := range op.legs {
			l, code := op.legs[j], op.postings[j].Amount.Currency().Code()
			if l.debit == nil {
				l.debit = c.work.account(AccountKey{op.postings[j].Debit, code})
			}
			if l.credit == nil {
				l.credit = c.work.account(AccountKey{op.postings[j].Credit, code})
			}
			look(l.debit)
			look(l.credit)
		}
		if op.account.Name != "" {
			look(c.work.account(op.account))
		}
	}
}

// datedReversals returns the accounts of transactions that are reversed with a date. One that
// is not there yet may be posted by this very block, on any account that the block moves.
func (c *committer) datedReversals(requests []*request) (keys []AccountKey) {
	byNo := func(debit, credit int64) {
		keys = append(keys, c.work.number(debit).Key, c.work.number(credit).Key)
	}
	here := false
	for op := range operations(requests) {
		if op.kind == opReverse && !op.at.IsZero() {
			rows := c.work.posted[op.transaction]
			here = here || len(rows) == 0
			for i := range rows {
				byNo(rows[i].Debit, rows[i].Credit)
			}
		}
	}
	if here {
		for op := range operations(requests) {
			for i := range op.postings {
				p := &op.postings[i]
				code := p.Amount.Currency().Code()
				keys = append(keys, AccountKey{p.Debit, code}, AccountKey{p.Credit, code})
			}
		}
		for _, h := range c.work.holds {
			for i := range h.Legs {
				byNo(h.Legs[i].Debit, h.Legs[i].Credit)
			}
		}
		for _, rows := range c.work.posted {
			for i := range rows {
				byNo(rows[i].Debit, rows[i].Credit)
			}
		}
	}
	slices.SortFunc(keys, func(a, b AccountKey) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Currency, b.Currency))
	})
	return slices.Compact(keys)
}

// operations are those of all parts of requests.
func operations(requests []*request) iter.Seq[*preparedOp] {
	return func(yield func(*preparedOp) bool) {
		for _, r := range requests {
			for _, p := range r.members {
				for _, part := range [2]*part{&p.main, p.alternative} {
					for i := 0; part != nil && i < len(part.ops); i++ {
						if !yield(&part.ops[i]) {
							return
						}
					}
				}
			}
		}
	}
}
