package bench

import (
	"context"
	"errors"
	"testing"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
)

var errNotReplayed = errors.New("bench: it had not been there")

// BenchmarkReplays is 5,000 callers who ask for what was committed long ago, as after an
// outage, beside as many who ask for something new. The history is OKPAY_TEST_SIZE times
// 200,000 posts with ids in no order; store and ledger are opened anew, so that nothing of
// it is remembered, and no id is asked for again before all others were. x-new is a rate over
// that of new posts.
func BenchmarkReplays(b *testing.B) {
	const callers = 5000
	for _, p := range places {
		b.Run(p.name, func(b *testing.B) {
			history := testsize.Scaled(b, 200_000)
			w := newWriter(scattered, accounts)
			open := p.make(b)
			l, closeAll := opened(b, open, ledger.Config{})
			w.fill(b, l, history)
			closeAll()
			made, fresh := history, 0.0
			b.Run("new", func(b *testing.B) {
				l, closeAll := opened(b, open, ledger.Config{})
				defer closeAll()
				fresh = measure(b, callers, w.poster(l, made))
				made += b.N
			})
			b.Run("replays", func(b *testing.B) {
				l, closeAll := opened(b, open, ledger.Config{})
				defer closeAll()
				rate := measure(b, callers, w.replayer(l, history))
				reportTimes(b, rate, fresh, "x-new")
			})
		})
	}
}

// replayer asks again for posts that fill has made, in an order of its own.
func (w *writer) replayer(l *ledger.Ledger, history int) poster {
	open := len(w.names) / 2 // those that opened accounts were other ones than post makes
	return func(ctx context.Context, n int) error {
		// The factor is a prime that divides no history, so it reaches every post.
		out, err := l.Commit(ctx, w.post(open+n%(history-open)*999_983%(history-open)))
		if err == nil && !out.Replayed {
			err = errNotReplayed
		}
		return err
	}
}
