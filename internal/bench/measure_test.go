package bench

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// measure makes b.N posts from a number of callers, each of which makes the next one when
// its last is acknowledged, and reports transfers/s and how long one took. It returns
// transfers/s. An error, whatever it is, fails the benchmark.
func measure(b *testing.B, callers int, post poster) (rate float64) {
	return measureAs(b, "transfers/s", callers, post)
}

// measureAs is measure for what has another unit.
func measureAs(b *testing.B, unit string, callers int, do func(ctx context.Context, n int) error) (rate float64) {
	var (
		next    atomic.Int64
		running sync.WaitGroup
		mu      sync.Mutex
		took    []time.Duration
		failure error
	)
	ctx := b.Context()
	b.ReportAllocs()
	b.ResetTimer()
	for range min(callers, b.N) {
		running.Go(func() {
			var mine []time.Duration
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					break
				}
				start := time.Now()
				if err := do(ctx, n); err != nil {
					mu.Lock()
					failure = err
					mu.Unlock()
					break
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	running.Wait()
	b.StopTimer()
	require.NoError(b, failure)
	slices.Sort(took)
	rate = float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, unit)
	b.ReportMetric(milliseconds(took[len(took)/2]), "p50-ms")
	b.ReportMetric(milliseconds(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(milliseconds(took[len(took)-1]), "max-ms")
	return rate
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// blocks returns how many blocks a ledger has.
func blocks(b *testing.B, l *ledger.Ledger) int64 {
	seq, _, _, err := l.Head(b.Context())
	require.NoError(b, err)
	return seq
}

// reportTimes reports how many times another rate of the same run one is, if that other
// was measured.
func reportTimes(b *testing.B, rate, other float64, unit string) {
	if other > 0 {
		b.ReportMetric(rate/other, unit)
	}
}
