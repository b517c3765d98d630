package okpay

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// worker does one kind of background work. There are several, so that receivers that do not
// answer hold up nothing but deliveries, and payout providers nothing but payouts.
type worker struct {
	once func(context.Context) (done int, err error)
	wake chan struct{} // has an item after a commit that may have left work
	busy chan struct{} // has an item while the worker is working
}

func newWorker(once func(context.Context) (int, error)) *worker {
	return &worker{once: once, wake: make(chan struct{}, 1), busy: make(chan struct{}, 1)}
}

// nudge wakes Run.
func (w *Wallet) nudge() {
	for _, k := range w.workers {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
}

// Run does what falls due (expiry of payments and unclaimed transfers, delivery of events, submission of
// withdrawals and payouts, whatever has an outcome that is not known, refunds that wait for funds) until
// the context ends, and then returns its error. Any number of processes may run
// it on one wallet: each piece of work is claimed by the version of its record. Errors of
// single pieces go to Config.Logger and are tried again; a ledger that was closed ends Run
// with ledger.ErrClosed.
func (w *Wallet) Run(ctx context.Context) error {
	defer w.sender.Close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var running sync.WaitGroup
	for _, k := range w.workers {
		running.Go(func() {
			if err := w.drive(ctx, k); err != nil {
				stop(err)
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

// drive works whenever it is woken, and every PollInterval, until the context ends.
func (w *Wallet) drive(ctx context.Context, k *worker) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		case <-timer.C:
		}
		_, err := k.work(ctx)
		if errors.Is(err, ledger.ErrClosed) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			w.cfg.Logger.ErrorContext(ctx, "okpay: background work", "error", err)
		}
		timer.Reset(w.cfg.PollInterval)
	}
}

// Work does what is due now and returns how many pieces of work it did; the errors of
// single pieces are joined. Run calls it; a test with its own clock calls it too, and knows
// when it returns that nothing due is left, under way in Run or not.
func (w *Wallet) Work(ctx context.Context) (done int, err error) {
	for {
		before := done
		for _, k := range w.workers {
			n, failed := k.work(ctx)
			done += n
			err = errors.Join(err, failed)
		}
		if done == before || err != nil || ctx.Err() != nil {
			return done, err
		}
	}
}

// work repeats until nothing is left to do.
func (k *worker) work(ctx context.Context) (done int, err error) {
	select {
	case k.busy <- struct{}{}:
		defer func() { <-k.busy }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for {
		n, err := k.once(ctx)
		done += n
		if n == 0 || err != nil || ctx.Err() != nil {
			return done, err
		}
	}
}

// Bounds of one round of work.
const (
	dueAtOnce       = 500
	parallelJobs    = 8
	parallelSends   = 64
	sendsOfEndpoint = 4 // so that one that does not answer leaves places for others
)

// job is what is to be done with objects of a kind whose records are due.
type job struct {
	noun string
	do   func(ctx context.Context, id string) error
}

// settleDue does what is due on the wallet's objects: ends what has expired, asks for
// outcomes.
func (w *Wallet) settleDue(ctx context.Context) (done int, err error) { return w.doDue(ctx, w.jobs) }

// payOutDue does what is due on money that leaves, all of which waits for somebody outside.
func (w *Wallet) payOutDue(ctx context.Context) (done int, err error) {
	return w.doDue(ctx, w.payoutJobs)
}

func (w *Wallet) doDue(ctx context.Context, jobs []job) (done int, err error) {
	for _, j := range jobs {
		n, failed := w.due(ctx, j.noun, parallelJobs, nil, j.do)
		done, err = done+n, errors.Join(err, failed)
	}
	n, failed := w.Payments.payCredited(ctx)
	return done + n, errors.Join(err, failed)
}

// deliverDue makes deliveries of new events, and attempts those that are due.
func (w *Wallet) deliverDue(ctx context.Context) (int, error) {
	spread := 0
	for more := true; more; {
		var err error
		if more, err = w.fanOut(ctx); errors.Is(err, ErrNothingDue) {
			break
		} else if err != nil {
			return spread, err
		}
		spread++
	}
	sent := make(map[EndpointID]int)
	var late []string
	fair := func(r ledger.Record) bool {
		for _, label := range r.Labels {
			if id, ok := strings.CutPrefix(label, "we:"); ok {
				endpoint := EndpointID(id)
				sent[endpoint]++
				if sent[endpoint] <= sendsOfEndpoint {
					return true
				}
				if w.failing.has(endpoint) {
					late = append(late, r.ID)
				}
				return false
			}
		}
		return true
	}
	n, err := w.due(ctx, "delivery", parallelSends, fair, w.deliver)
	// What waits for an endpoint that does not answer would stand before all others.
	for _, id := range late {
		err = errors.Join(err, w.putOff(ctx, "delivery", id))
	}
	return spread + n, err
}

// endpointSet is a set of endpoints, for several goroutines.
type endpointSet struct {
	mu  sync.Mutex
	ids map[EndpointID]bool
}

func (s *endpointSet) has(id EndpointID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// set puts an endpoint into the set, or takes it out.
func (s *endpointSet) set(id EndpointID, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !in {
		delete(s.ids, id)
		return
	}
	if s.ids == nil {
		s.ids = make(map[EndpointID]bool)
	}
	s.ids[id] = true
}

// due runs a job for records of a type that are due; take, if given, leaves some of them for
// the next round. A record whose job fails is put off, so that it does not keep others from
// their turn.
func (w *Wallet) due(ctx context.Context, recordType string, parallel int, take func(ledger.Record) bool, job func(context.Context, string) error) (int, error) {
	records, err := w.ledger.Records(ctx, ledger.RecordQuery{Type: recordType, DueBy: w.Now(), Limit: dueAtOnce})
	if err != nil {
		return 0, err
	}
	var (
		mu      sync.Mutex
		done    int
		errs    []error
		running sync.WaitGroup
		places  = make(chan struct{}, parallel)
	)
	for _, r := range records {
		if take != nil && !take(r) {
			continue
		}
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			err := w.recovered(ctx, r.ID, job)
			if err != nil && !errors.Is(err, ErrNothingDue) && CodeOf(err) != NotFound && ctx.Err() == nil {
				err = errors.Join(err, w.putOff(ctx, recordType, r.ID))
			} else if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			done++
		})
	}
	running.Wait()
	return done, errors.Join(errs...)
}

// putOffBy is how long a record whose job failed waits.
const putOffBy = time.Minute

// putOff moves a record's due time and leaves the rest as it is.
func (w *Wallet) putOff(ctx context.Context, recordType, id string) error {
	_, err := w.do(ctx, verb{principal: "program", operation: "due.put_off"}, func(d *ledger.Draft) error {
		r, err := d.Get(recordType, id)
		if err != nil {
			return err
		}
		if r.Due.IsZero() || r.Due.After(d.Now()) {
			return ErrNothingDue
		}
		d.Put(ledger.Put{
			Type: r.Type, ID: r.ID, Content: r.Content, Unique: r.Unique, Labels: r.Labels, Chaining: r.Chaining,
			Due: d.Now().Add(putOffBy),
		})
		return nil
	})
	if errors.Is(err, ErrNothingDue) {
		return nil
	}
	return err
}
