package sqlitestore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkCommit writes blocks of simple transfers between accounts picked evenly: the ids
// of the block are looked up, and each transfer is a change and a posting. What the kernel
// would do is not counted.
func BenchmarkCommit(b *testing.B) {
	for _, accounts := range []int{2, 1_000, 10_000} {
		for _, n := range []int{1, 100, 1_000, 5_000} {
			b.Run(fmt.Sprintf("accounts=%d/block=%d", accounts, n), func(b *testing.B) {
				ctx := context.Background()
				s := openTemp(b, Config{})
				w := newWriter(b, s, "bench", accounts)
				head, err := w.write(ctx, ledger.Head{}, 1)
				require.NoError(b, err)
				b.ReportAllocs()
				b.ResetTimer()
				var spent time.Duration
				for range b.N {
					ids := w.ids(head, n)
					batch := w.block(head, n)
					start := time.Now()
					tx, _, err := s.Begin(ctx, w.ledger, ledger.Need{Changes: ids})
					require.NoError(b, err)
					require.NoError(b, tx.Commit(ctx, batch))
					spent += time.Since(start)
					head = batch.Head
				}
				b.ReportMetric(float64(b.N*n)/spent.Seconds(), "transfers/s")
				b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "µs/block")
			})
		}
	}
}

// BenchmarkRead opens a view and looks up one account.
func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	s := openTemp(b, Config{})
	w := newWriter(b, s, "bench", 10_000)
	_, err := w.write(ctx, ledger.Head{}, 1)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		key := w.accounts[w.pick(len(w.accounts))].Key
		require.NoError(b, s.Read(ctx, w.ledger, func(v ledger.View) error {
			_, err := v.Account(ctx, key)
			return err
		}))
	}
}
