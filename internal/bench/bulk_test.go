package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkBulk is posts by CommitAll, 100,000 in a call. What B/op and allocs/op count is
// the ledger's and the store's for one post: the Changes are made beforehand.
func BenchmarkBulk(b *testing.B) {
	for _, p := range places {
		for _, s := range []shape{uniform, hot} {
			b.Run(p.name+"/"+s.name, func(b *testing.B) {
				w := newWriter(s, accounts)
				l, first := filled(b, p, ledger.Config{}, w)
				before := blocks(b, l)
				const call = 100_000
				changes := make([]ledger.Change, 0, call)
				b.ReportAllocs()
				b.ResetTimer()
				for done := 0; done < b.N; done += len(changes) {
					b.StopTimer()
					changes = changes[:0]
					for len(changes) < min(call, b.N-done) {
						changes = append(changes, w.post(first+done+len(changes)))
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
			})
		}
	}
}
