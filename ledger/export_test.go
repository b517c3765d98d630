package ledger

import "context"

// Driven is a ledger without a goroutine: a test drives its committer step by step.
type Driven struct {
	*Ledger
	committer *committer
}

// OpenDriven opens a ledger to be driven by hand.
func OpenDriven(ctx context.Context, store Store, cfg Config) (*Driven, error) {
	l, c, err := open(ctx, store, cfg)
	return &Driven{l, c}, err
}

// Put puts a Change into the queue. What it returns tells the answer after a Step.
func (d *Driven) Put(change Change) (answered func() (Outcome, error), err error) {
	if change.ID == "" {
		change.ID = d.cfg.NewID()
	}
	p, err := prepare(&change, d.head.Key, d.cfg.Rand)
	if err != nil {
		return nil, err
	}
	r := &request{change: p, done: make(chan answer, 1)}
	if err := d.queue.put(r); err != nil {
		return nil, err
	}
	return func() (Outcome, error) {
		select {
		case a := <-r.done:
			return a.outcome, a.err
		default:
			return Outcome{}, ErrOutcomeUnknown
		}
	}, nil
}

// Step writes one block of what waits, and reports whether anything waited.
func (d *Driven) Step(ctx context.Context) bool { return d.committer.step(ctx) }

// Cached lists the accounts whose balances the ledger remembers, the last used first.
func (d *Driven) Cached() (keys []AccountKey) {
	for e := d.committer.cache.order.Front(); e != nil; e = e.Next() {
		keys = append(keys, e.Value.(*Account).Key)
	}
	return keys
}
