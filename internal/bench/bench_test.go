package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// accounts is how many accounts uniform posts are spread over.
const accounts = 10_000

// shapes say which account the nth post debits and credits.
var shapes = []struct {
	name string
	pair func(n int) (debit, credit int)
}{
	{"uniform", func(n int) (int, int) { return n * 7919 % accounts, (n*7919 + 1) % accounts }},
	{"hot", func(n int) (int, int) { return 0, 1 + n*7919%(accounts-1) }},
}

var callers = []int{1, 64, 5000}

// poster makes one post. n is unique.
type poster func(ctx context.Context, n, debit, credit int) error

func BenchmarkPosts(b *testing.B) {
	for _, store := range []struct {
		name     string
		open     func(b *testing.B) ledger.Store
		baseline func(b *testing.B) poster
	}{
		{"memory", func(*testing.B) ledger.Store { return memstore.New() }, memoryBaseline},
		{"sqlite", func(b *testing.B) ledger.Store {
			s, err := sqlitestore.Open(b.Context(), b.TempDir()+"/bench.db", sqlitestore.Config{})
			require.NoError(b, err)
			return s
		}, sqliteBaseline},
		{"postgres", func(b *testing.B) ledger.Store {
			dsn := pgtest.DSN(b)
			require.NoError(b, pgstore.Migrate(b.Context(), dsn, pgstore.Config{}))
			s, err := pgstore.Open(b.Context(), dsn, pgstore.Config{})
			require.NoError(b, err)
			return s
		}, postgresBaseline},
	} {
		for _, shape := range shapes {
			for _, n := range callers {
				b.Run(fmt.Sprintf("%s/%s/callers=%d/ledger", store.name, shape.name, n), func(b *testing.B) {
					measure(b, n, shape.pair, ledgerPoster(b, store.open(b), 0))
				})
			}
			for _, n := range callers[:2] { // more callers wait for the same few connections
				b.Run(fmt.Sprintf("%s/%s/callers=%d/baseline", store.name, shape.name, n), func(b *testing.B) {
					measure(b, n, shape.pair, store.baseline(b))
				})
			}
		}
	}
}

var currency = money.MustISO("CNY")

// ledgerPoster posts through a ledger with blocks of at most most Changes, 0 for the
// default.
func ledgerPoster(b *testing.B, store ledger.Store, most int) poster {
	l, err := ledger.Open(b.Context(), store, ledger.Config{MaxBlockChanges: most})
	require.NoError(b, err)
	b.Cleanup(func() {
		require.NoError(b, l.Close(context.Background()))
		require.NoError(b, store.Close())
	})
	names := make([]string, accounts)
	for i := range names {
		names[i] = "user:" + strconv.Itoa(i)
	}
	amount := money.New(1, currency)
	return func(ctx context.Context, n, debit, credit int) error {
		_, err := l.Commit(ctx, ledger.Change{
			ID: "post-" + strconv.FormatInt(1_000_000_000_000+int64(n), 10),
			Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
				{Debit: names[debit], Credit: names[credit], Amount: amount},
			}}},
		})
		return err
	}
}

func memoryBaseline(b *testing.B) poster { return ledgerPoster(b, memstore.New(), 1) }

// measure makes b.N posts from a number of callers and reports posts/s and how long one
// took.
func measure(b *testing.B, callers int, pair func(int) (int, int), post poster) {
	var (
		next    atomic.Int64
		running sync.WaitGroup
		mu      sync.Mutex
		took    []time.Duration
		failure error
	)
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		running.Go(func() {
			var mine []time.Duration
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					break
				}
				debit, credit := pair(n)
				start := time.Now()
				if err := post(b.Context(), n, debit, credit); err != nil {
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
