package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkGrowth is how cost grows with callers, accounts and history, each for ids in order
// and at random. The small ledger has 10,000 accounts and 100,000 posts; OKPAY_TEST_SIZE is by
// how many times the large ones have more of either, 100 making 1,000,000 accounts and
// 10,000,000 posts. x-small is a rate over that of the small ledger.
//
// Besides new posts by 5,000 callers these are timed: one caller's posts, replays by 5,000
// callers, balances, and pages of 50 lines anywhere in a statement.
func BenchmarkGrowth(b *testing.B) {
	for _, p := range places {
		b.Run(p.name, func(b *testing.B) {
			growthInCallers(b, p)
			for _, s := range []shape{uniform, scattered} {
				b.Run("ids="+s.name, func(b *testing.B) { growthInSize(b, p, s) })
			}
		})
	}
}

func growthInCallers(b *testing.B, p place) {
	for _, callers := range []int{1, 8, 64, 512, 5000, 20_000} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			w := newWriter(uniform, accounts)
			l, first := filled(b, p, ledger.Config{}, w)
			measure(b, callers, w.poster(l, first))
		})
	}
}

func growthInSize(b *testing.B, p place, s shape) {
	const history = 100_000
	factor := testsize.Scaled(b, 1)
	type size struct{ accounts, history int }
	sizes := []size{{accounts, history}}
	if factor > 1 {
		many := accounts * factor
		sizes = append(sizes, size{many, max(history, many)}, size{accounts, history * factor})
	}
	small := map[string]float64{}
	for _, size := range sizes {
		b.Run(fmt.Sprintf("accounts=%d/history=%d", size.accounts, size.history), func(b *testing.B) {
			w := newWriter(s, size.accounts)
			open := p.make(b)
			l, closeAll := opened(b, open, ledger.Config{})
			w.fill(b, l, size.history)
			closeAll()
			made := size.history
			run := func(name, unit string, callers int, post func(*ledger.Ledger) poster) {
				b.Run(name, func(b *testing.B) {
					l, closeAll := opened(b, open, ledger.Config{})
					defer closeAll()
					rate := measureAs(b, unit, callers, post(l))
					if size == sizes[0] {
						small[name] = rate
					} else {
						reportTimes(b, rate, small[name], "x-small")
					}
				})
			}
			for _, callers := range []int{5000, 1} {
				run(fmt.Sprintf("new/callers=%d", callers), "transfers/s", callers, func(l *ledger.Ledger) poster {
					made += 1_000_000_000 // no run meets an id of the one before
					return w.poster(l, made)
				})
			}
			run("replays/callers=5000", "transfers/s", 5000, func(l *ledger.Ledger) poster { return w.replayer(l, size.history) })
			run("balance", "reads/s", 1, func(l *ledger.Ledger) poster { return w.balances(l) })
			run("statement", "reads/s", 1, func(l *ledger.Ledger) poster { return w.statements(l) })
		})
	}
}

// account is the nth of accounts taken in no order.
func (w *writer) account(n int) ledger.AccountKey {
	r := rand.New(rand.NewPCG(uint64(n), 0))
	return ledger.AccountKey{Name: w.names[r.IntN(len(w.names))], Currency: currency.Code()}
}

// balances reads one balance after the other.
func (w *writer) balances(l *ledger.Ledger) poster {
	return func(ctx context.Context, n int) error {
		_, err := l.Balance(ctx, w.account(n))
		return err
	}
}

// statements reads a page of 50 lines from anywhere in the statement of one account after
// the other.
func (w *writer) statements(l *ledger.Ledger) poster {
	return func(ctx context.Context, n int) error {
		account := w.account(n)
		balance, err := l.Balance(ctx, account)
		if err != nil {
			return err
		}
		after := rand.New(rand.NewPCG(uint64(n), 1)).Int64N(balance.Entries)
		_, err = l.Statement(ctx, account, ledger.Page{After: after, Limit: 50})
		return err
	}
}
