package okpay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// jobs are what is done with records that are due, by type.
func (w *Wallet) jobs() map[string]func(context.Context, string) error {
	return map[string]func(context.Context, string) error{
		"payment":  func(ctx context.Context, id string) error { return w.Payments.expireDue(ctx, PaymentID(id)) },
		"topup":    func(ctx context.Context, id string) error { return w.TopUps.ask(ctx, TopUpID(id)) },
		"delivery": w.deliver,
	}
}

// parallel is how many due records are worked on at once: a receiver that does not answer
// holds up one of them.
const parallel = 16

// Run does what falls due (expiry of payments, delivery of events, top-ups whose outcome is not
// known) until the context ends, and then returns its error. Any number of processes may run
// it on one wallet: each piece of work is claimed by the version of its record. Errors of
// single pieces go to Config.Logger and are tried again; a ledger that was closed ends Run
// with ledger.ErrClosed.
func (w *Wallet) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer w.sender.Close()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.wake:
		case <-timer.C:
		}
		_, err := w.Work(ctx)
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
	select {
	case w.working <- struct{}{}:
		defer func() { <-w.working }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for {
		n, err := w.workOnce(ctx)
		done += n
		if n == 0 || err != nil || ctx.Err() != nil {
			return done, err
		}
	}
}

func (w *Wallet) workOnce(ctx context.Context) (int, error) {
	var (
		mu   sync.Mutex
		done int
		errs []error
	)
	count := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			done++
		case !errors.Is(err, errNothingDue) && CodeOf(err) != NotFound:
			errs = append(errs, err)
		}
	}
	for more := true; more; {
		var err error
		more, err = w.fanOut(ctx)
		count(err)
		more = more && err == nil
	}
	var running sync.WaitGroup
	places := make(chan struct{}, parallel)
	for recordType, job := range w.jobs() {
		due, err := w.ledger.Records(ctx, ledger.RecordQuery{Type: recordType, DueBy: w.Now(), Limit: 100})
		if err != nil {
			count(err)
			continue
		}
		for _, r := range due {
			places <- struct{}{}
			running.Go(func() {
				defer func() { <-places }()
				count(job(ctx, r.ID))
			})
		}
	}
	running.Wait()
	return done, errors.Join(errs...)
}
