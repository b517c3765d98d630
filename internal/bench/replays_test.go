package bench

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
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

// What is called a replay is one, and every post of the history is asked for once.
func TestReplaysAreSpreadOverHistory(t *testing.T) {
	const history, accounts = 3_000, 100
	store := memstore.New()
	l, _ := opened(t, func(context.Context) (ledger.Store, error) { return store, nil }, ledger.Config{})
	w := newWriter(scattered, accounts)
	asked := map[string]bool{}
	id := w.shape.id
	w.shape.id = func(n int) string {
		asked[id(n)] = true
		return id(n)
	}
	w.fill(t, l, history)
	require.Len(t, asked, history, "no two posts have one id")
	clear(asked)
	replay := w.replayer(l, history)
	for n := range history - accounts/2 {
		require.NoError(t, replay(t.Context(), n))
	}
	assert.Len(t, asked, history-accounts/2)
	balances, _, err := l.Balances(t.Context(), "user:", 0, 0)
	require.NoError(t, err)
	assert.Len(t, balances, accounts, "all accounts are open before anything is measured")

	// A post that was never made is not taken for one.
	fresh := newWriter(shape{"other", evenly, func(n int) string { return "other-" + ordered(n) }}, accounts)
	assert.ErrorIs(t, fresh.replayer(l, history)(t.Context(), 0), errNotReplayed)
}
