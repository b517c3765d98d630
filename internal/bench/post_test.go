package bench

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// accounts is how many accounts posts are spread over, where a benchmark says nothing else.
const accounts = 10_000

// shape says which accounts the nth post debits and credits, and which id it has.
type shape struct {
	name string
	pair func(n, accounts int) (debit, credit int)
	id   func(n int) string
}

var (
	uniform = shape{"uniform", evenly, ordered}
	hot     = shape{"hot", oneForAll, ordered}
	// scattered posts differ from uniform ones in their ids: no two that come together
	// are neighbors.
	scattered = shape{"scattered", evenly, atRandom}
)

func evenly(n, accounts int) (debit, credit int) {
	debit = n * 7919 % accounts
	return debit, (debit + 1) % accounts
}

func oneForAll(n, accounts int) (debit, credit int) { return 0, 1 + n*7919%(accounts-1) }

// ordered ids grow with time, as those that begin with a time do.
func ordered(n int) string { return fmt.Sprintf("post-%016x", n) }

// atRandom ids are as if drawn at random; no two are equal.
func atRandom(n int) string {
	// The finalizer of SplitMix64, which maps no two numbers to one.
	x := uint64(n)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return fmt.Sprintf("post-%016x", x^x>>31)
}

var currency = money.MustISO("CNY")

// writer makes the Changes that are posts.
type writer struct {
	shape shape
	names []string // of the accounts
}

func newWriter(s shape, accounts int) *writer {
	w := &writer{s, make([]string, accounts)}
	for i := range w.names {
		w.names[i] = "user:" + strconv.Itoa(i)
	}
	return w
}

// post is the nth post.
func (w *writer) post(n int) ledger.Change {
	debit, credit := w.shape.pair(n, len(w.names))
	return w.transfer(n, debit, credit)
}

func (w *writer) transfer(n, debit, credit int) ledger.Change {
	return ledger.Change{ID: w.shape.id(n), Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: w.names[debit], Credit: w.names[credit], Amount: money.New(1, currency)},
	}}}}
}

// poster makes the nth post.
type poster func(ctx context.Context, n int) error

// poster posts through a ledger, the numbers after first.
func (w *writer) poster(l *ledger.Ledger, first int) poster {
	return func(ctx context.Context, n int) error {
		_, err := l.Commit(ctx, w.post(first+n))
		return err
	}
}

// fill makes posts 0 to n-1 in bulk, n being at least half of the accounts: the first ones
// open them all. So nothing that is measured opens an account, which happens once in an
// account's life.
func (w *writer) fill(b testing.TB, l *ledger.Ledger, n int) {
	b.Helper()
	require.GreaterOrEqual(b, n, len(w.names)/2)
	const part = 50_000
	changes := make([]ledger.Change, 0, part)
	for at := 0; at < n; {
		changes = changes[:0]
		for ; at < n && len(changes) < part; at++ {
			if 2*at+1 < len(w.names) {
				changes = append(changes, w.transfer(at, 2*at, 2*at+1))
			} else {
				changes = append(changes, w.post(at))
			}
		}
		for _, a := range l.CommitAll(b.Context(), changes) {
			require.NoError(b, a.Err)
		}
	}
}

// filled is a place's ledger with all accounts open, and the number of the first post that
// was not made.
func filled(b *testing.B, p place, cfg ledger.Config, w *writer) (l *ledger.Ledger, first int) {
	l, _ = opened(b, p.make(b), cfg)
	first = len(w.names) / 2
	w.fill(b, l, first)
	return l, first
}
