package ledger_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// BenchmarkCommit is one transfer between two of a thousand accounts, or from one hot
// account, by so many callers at once. An operation is one transfer.
func BenchmarkCommit(b *testing.B) {
	for _, hot := range []bool{false, true} {
		for _, callers := range []int{1, 64, 5000} {
			name := fmt.Sprintf("spread/callers=%d", callers)
			if hot {
				name = fmt.Sprintf("hot/callers=%d", callers)
			}
			b.Run(name, func(b *testing.B) { benchmarkCommit(b, callers, hot, ledger.Config{}) })
		}
	}
}

// BenchmarkCommitObserved is what metrics, and metrics and traces, cost. Traces are sampled
// one in a hundred.
func BenchmarkCommitObserved(b *testing.B) {
	metrics := func() ledger.Config {
		return ledger.Config{MeterProvider: metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))}
	}
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("metrics/callers=%d", callers), func(b *testing.B) { benchmarkCommit(b, callers, false, metrics()) })
		b.Run(fmt.Sprintf("traces/callers=%d", callers), func(b *testing.B) {
			cfg := metrics()
			cfg.TracerProvider = trace.NewTracerProvider(trace.WithSampler(trace.TraceIDRatioBased(0.01)))
			benchmarkCommit(b, callers, false, cfg)
		})
	}
}

func benchmarkCommit(b *testing.B, callers int, hot bool, cfg ledger.Config) {
	const accounts = 1000
	store := memstore.New()
	l, err := ledger.Open(b.Context(), store, cfg)
	require.NoError(b, err)
	names, ids := make([]string, accounts), make([]string, b.N)
	for i := range names {
		names[i] = fmt.Sprintf("user:%d:available", i)
	}
	for i := range ids {
		ids[i] = fmt.Sprintf("transfer-%012d", i)
	}
	var next atomic.Int64
	var failed atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var wait sync.WaitGroup
	for range min(callers, b.N) {
		wait.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				from, to := names[n%accounts], names[(n*7+1)%accounts]
				if hot {
					from = "hot"
				}
				if from == to {
					to = "other"
				}
				if _, err := l.Commit(b.Context(), pay(ids[n], from, to, 1)); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "transfers/s")
	require.Zero(b, failed.Load())
	seq, _, _, err := l.Head(b.Context())
	require.NoError(b, err)
	b.ReportMetric(float64(b.N)/float64(seq), "transfers/block")
	require.NoError(b, l.Close(b.Context()))
	require.NoError(b, store.Close())
}
