package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// committer writes the blocks of one ledger. It is a step function: step takes what waits,
// decides it over the locked head, writes and answers. Whoever calls step drives it; calls
// must not overlap.
type committer struct {
	store beginner
	cfg   *Config
	queue *queue

	cache *cache
	desks [2]desk
	desk  *desk // of the block that is being decided
	seen  Head  // the last head seen committed
	dead  error // set once history was seen to go backwards

	ahead     plan
	plans     plans
	aheadFrom int  // how many Changes a block has at least while which another is decided
	alone     bool // the last block followed one of ours, and none of its ids was there before
	foreign   bool // the last block followed somebody else's
	share     share
	company   company
	answering sync.WaitGroup

	// oneGoroutine has a block decided before, instead of while, the one before it is written:
	// a simulator's runs repeat to the byte.
	oneGoroutine bool

	longest, heaviest int // bounds of a block's body and of what it takes decoded

	durable  *durable  // told of every commit; nil for a committer of its own
	accepted *accepted // a head to go on from, see AcceptHistory

	observer *observer
	view     *blockView // of the block being written
}

// desk is what one block is decided with.
type desk struct {
	needs  needs
	work   workset
	kernel kernel
}

// beginner is where a block begins: a Store, or a transaction of somebody else's.
type beginner interface {
	Begin(ctx context.Context, ledger int64, need Need) (Tx, *Found, error)
}

func newCommitter(store beginner, cfg *Config, queue *queue, head Head) *committer {
	c := &committer{store: store, cfg: cfg, queue: queue, cache: newCache(cfg.MaxCached), seen: head, aheadFrom: manyChanges, longest: MaxBlockLen, heaviest: maxDecoded}
	for i := range c.desks {
		d := &c.desks[i]
		d.work.cache = c.cache
		d.kernel.chart, d.kernel.work = cfg.Chart, &d.work
	}
	c.desk = &c.desks[0]
	return c
}

// retries bounds how often one block is decided again before its callers are told.
const retries = 10

// step writes one block of what waits, and reports whether anything waited.
func (c *committer) step(ctx context.Context) bool {
	taken := c.ahead.requests
	c.ahead.requests = nil
	if taken == nil {
		if !c.oneGoroutine {
			c.company.await(c.queue, c.cfg.Now)
		}
		most := c.cfg.MaxBlockChanges
		if c.foreign {
			most = c.share.bound(most)
		}
		taken = c.queue.take(most, c.cfg.MaxBlockBytes)
	}
	if taken == nil {
		return false
	}
	c.company.took(len(taken))
	c.observer.taken(ctx, taken)
	c.write(ctx, taken)
	return true
}

// write commits requests as one block. When the store fails for a reason that blames no
// Change, it tries each half, so that a Change that the store can not take fails alone.
func (c *committer) write(ctx context.Context, requests []*request) {
	err := c.attempt(ctx, requests)
	switch {
	case err == nil:
		c.answer(requests)
	case len(requests) > 1 && blamesNobody(err):
		half := len(requests) / 2
		c.write(ctx, requests[:half])
		c.write(ctx, requests[half:])
	default:
		c.observer.failed(ctx, requests, err)
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
	if c.accepted != nil {
		if head := c.accepted.Swap(nil); head != nil {
			c.cache.clear()
			c.seen, c.dead = *head, nil
		}
	}
	if c.dead != nil {
		c.drop(ctx)
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
			c.observer.again(ctx, try, err)
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
	ctx, c.view = c.observer.block(ctx, requests)
	tx, batch, err := c.decide(ctx, requests)
	c.view.decided(len(c.desk.needs.Accounts))
	defer func() { c.view.end(c, requests, batch, err) }()
	switch {
	case err != nil:
		return err
	case batch == nil:
		return tx.Rollback(context.WithoutCancel(ctx))
	}
	d := c.desk
	if err := c.commit(ctx, tx, batch); err != nil {
		c.drop(ctx) // it followed what is not known to be there
		c.cache.clear()
		return err
	}
	if batch.Block != nil {
		c.seen = batch.Head
		d.work.keep()
		if c.foreign {
			c.share.wrote(len(batch.Changes), c.cfg.Now().Sub(batch.Block.Time))
		}
	}
	if c.durable != nil {
		c.durable.reach(c.seen.Seq)
	}
	return nil
}

// decide decides one block under the head's lock, which it returns. The batch is nil when
// nothing is to be written.
func (c *committer) decide(ctx context.Context, requests []*request) (tx Tx, batch *Batch, err error) {
	planned, stage := c.planned(ctx, requests)
	if tx := c.beginStaged(ctx, planned, stage); tx != nil {
		c.plans.used++
		c.view.locked()
		return tx, planned, nil
	}
	n := &c.desk.needs
	if planned == nil {
		if c.foreign {
			c.cache.doubt() // others are at work, so ask for everything at once
		}
		n.gather(requests, c.cache)
	}
	begun, found, err := c.store.Begin(ctx, c.seen.Ledger, n.Need)
	if err != nil {
		if planned != nil {
			c.cache.clear() // it has what was decided
		}
		return nil, nil, err
	}
	c.view.locked()
	defer func() {
		if err == nil && batch != nil && batch.Block != nil {
			err = checkBlockLen(batch.Block.Body, c.longest, c.heaviest)
		}
		if err != nil {
			tx, batch = nil, nil
			c.cache.clear()
			err = errors.Join(err, begun.Rollback(context.WithoutCancel(ctx)))
		}
	}()
	head := found.Head
	if err := checkHead(&head, &c.seen); err != nil {
		return nil, nil, err
	}
	now, err := c.blockTime(head)
	if err != nil {
		return nil, nil, err
	}
	ours := head.Seq == c.seen.Seq
	if planned != nil {
		if planned.Block.Previous == head.Hash && len(found.Changes) == 0 && c.timely(planned, head, now) {
			c.plans.used++
			return begun, planned, nil
		}
		ours = false
		c.cache.clear() // it has what was decided
		n.forget()
	}
	if !ours {
		c.cache.doubt()
		c.seen = head
		c.company.met = now
	}
	c.alone, c.foreign = ours && len(found.Changes) == 0, !ours
	if err := c.load(ctx, begun, found, requests, ours, now); err != nil {
		return nil, nil, err
	}
	k := &c.desk.kernel
	k.start(now, head, len(n.slots))
	replays := k.units(requests)
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
	n, work := &c.desk.needs, &c.desk.work
	work.reset()
	work.take(found, n.ids)
	var missing Need
	again := func() {
		n.accounts(requests, c.cache)
		missing.Accounts, missing.AccountNos, missing.Currencies = n.Accounts, slices.Clip(n.AccountNos), n.Currencies
	}
	if !ours {
		again()
	}
	asked := make(map[int64]bool)   // accounts that holds and transactions point to
	checked := make(map[int64]bool) // accounts whose due holds are known
	dated := false                  // whether the accounts of dated reversals were asked for
	for {
		nos, err := c.pointedTo(asked)
		if err != nil {
			return err
		}
		missing.AccountNos = append(missing.AccountNos, nos...)
		c.due(requests, &missing, checked, now)
		if len(missing.AccountNos) == 0 && !dated {
			dated = true
			missing.Dated = c.datedReversals(requests)
		}
		if missing.empty() && !c.cache.sure(n.AccountNos) {
			// Numbers are not what they were: this is another history. Ask by name.
			c.cache.clear()
			clear(asked)
			again()
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
	return work.watch()
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
	for _, h := range c.desk.work.holds {
		for i := range h.Legs {
			want(h.Legs[i].Debit)
			want(h.Legs[i].Credit)
		}
	}
	for _, rows := range c.desk.work.posted {
		for i := range rows {
			want(rows[i].Debit)
			want(rows[i].Credit)
		}
	}
	slices.Sort(missing) // one order, whatever that of the maps is
	return missing, err
}

// due asks for the holds that are due on accounts of the block, and for their monitors.
func (c *committer) due(requests []*request, missing *Need, checked map[int64]bool, now time.Time) {
	look := func(a *workAccount) {
		if a != nil && !a.NextExpiry.IsZero() && !a.NextExpiry.After(now) && !checked[a.No] {
			checked[a.No] = true
			missing.DueOn, missing.DueAt = append(missing.DueOn, a.No), now
		}
		if a != nil && a.Flags&Watched != 0 {
			if _, asked := c.desk.work.monitors[a.No]; !asked {
				c.desk.work.monitors[a.No] = nil
				missing.Labeled = append(missing.Labeled, RecordLabel{MonitorType, a.Key.String()})
				if code := a.Key.Currency; !c.cache.knows(code) {
					missing.Currencies = append(missing.Currencies, code)
				}
			}
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
	for _, h := range c.desk.work.holds {
		for i := range h.Legs {
			look(c.desk.work.number(h.Legs[i].Debit))
			look(c.desk.work.number(h.Legs[i].Credit))
		}
	}
	for _, rows := range c.desk.work.posted {
		for i := range rows {
			look(c.desk.work.number(rows[i].Debit))
			look(c.desk.work.number(rows[i].Credit))
		}
	}
}

func (c *committer) dueOn(p *part, look func(*workAccount)) {
	for i := range p.ops {
		op := &p.ops[i]
		for j := range op.legs {
			l, code := op.legs[j], op.postings[j].Amount.Currency().Code()
			if l.debit == nil {
				l.debit = c.desk.work.account(AccountKey{op.postings[j].Debit, code})
			}
			if l.credit == nil {
				l.credit = c.desk.work.account(AccountKey{op.postings[j].Credit, code})
			}
			look(l.debit)
			look(l.credit)
		}
		if op.account.Name != "" {
			look(c.desk.work.account(op.account))
		}
	}
}

// datedReversals returns the accounts of transactions that are reversed with a date. One that
// is not there yet may be posted by this very block, on any account that the block moves.
func (c *committer) datedReversals(requests []*request) (keys []AccountKey) {
	byNo := func(debit, credit int64) {
		keys = append(keys, c.desk.work.number(debit).Key, c.desk.work.number(credit).Key)
	}
	here := false
	for op := range operations(requests) {
		if op.kind == opReverse && !op.at.IsZero() {
			rows := c.desk.work.posted[op.transaction]
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
		for _, h := range c.desk.work.holds {
			for i := range h.Legs {
				byNo(h.Legs[i].Debit, h.Legs[i].Credit)
			}
		}
		for _, rows := range c.desk.work.posted {
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
