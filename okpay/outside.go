package okpay

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/okpay/okpay-go/okpay/rails"
)

// errPanicked reports that what is not ours has panicked. What it panicked with may repeat
// what it was sent, and is not kept.
var errPanicked = errors.New("okpay: it panicked")

// graceOutside is how long whoever honors a context has to answer after it has ended: an
// answer that says that money moved is worth waiting for.
const graceOutside = time.Second

// callOutside calls a funding source or a payout provider, outside of any Change. One that
// does not come back in time, even though the context has ended, has not answered: it must
// stop neither its caller nor the work on everything else. Its goroutine ends when it comes back.
// One that panics does so in its caller.
func callOutside[T any](ctx context.Context, within time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	type answer struct {
		got      T
		err      error
		panicked any
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				answered <- answer{panicked: p}
			}
		}()
		got, err := call(ctx)
		answered <- answer{got: got, err: err}
	}()
	var a answer
	select {
	case a = <-answered:
	case <-ctx.Done():
		late := time.NewTimer(graceOutside)
		defer late.Stop()
		select {
		case a = <-answered:
		case <-late.C:
			a.err = ctx.Err()
		}
	}
	if a.panicked != nil {
		panic(a.panicked)
	}
	return a.got, a.err
}

// collect asks a funding source for money.
func (w *Wallet) collect(ctx context.Context, source rails.FundingSource, c rails.Collection) (rails.Outcome, error) {
	return callOutside(ctx, w.cfg.SourceTimeout, func(ctx context.Context) (rails.Outcome, error) { return source.Collect(ctx, c) })
}

// recovered makes an error of a panic in a piece of background work, so that one broken
// record, or one function of Config's, does not end the program and everybody else's work.
func (w *Wallet) recovered(ctx context.Context, id string, job func(context.Context, string) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.cfg.Logger.ErrorContext(ctx, "okpay: background work panicked", "object", id, "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	return job(ctx, id)
}
