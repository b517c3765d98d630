package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkBulk is posts by CommitAll, 100,000 in a call: each a Change of its own, or a
// hundred of them in one Change, which share its id. What B/op and allocs/op count is the
// ledger's and the store's for one post: the Changes are made beforehand.
func BenchmarkBulk(b *testing.B) {
	for _, p := range places {
		for _, s := range []shape{uniform, hot} {
			b.Run(p.name+"/"+s.name, func(b *testing.B) { benchmarkBulk(b, p, s, 1) })
		}
		b.Run(p.name+"/uniform/grouped=100", func(b *testing.B) { benchmarkBulk(b, p, uniform, 100) })
	}
}

func benchmarkBulk(b *testing.B, p place, s shape, group int) {
	w := newWriter(s, accounts)
	l, first := filled(b, p, ledger.Config{}, w)
	before := blocks(b, l)
	const call = 100_000
	changes := make([]ledger.Change, 0, call)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; {
		b.StopTimer()
		changes = changes[:0]
		for until := min(b.N, done+call); done < until; {
			c := w.post(first + done)
			for done++; len(c.Ops) < group && done < until; done++ {
				c.Ops = append(c.Ops, w.post(first+done).Ops...)
			}
			changes = append(changes, c)
		}
		b.StartTimer()
		answers := l.CommitAll(b.Context(), changes)
		b.StopTimer()
		for i := range answers {
			require.NoError(b, answers[i].Err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transfers/s")
	b.ReportMetric(float64(b.N)/float64(blocks(b, l)-before), "transfers/block")
}
