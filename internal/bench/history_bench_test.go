package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// entries is how long the account is that BenchmarkHistory reads, times OKPAY_TEST_SIZE.
var entries = flag.Int("entries", 1_000_000, "entries of the account whose history is read")

// BenchmarkHistory reads one long account. A quarter of its entries is dated: half of these to
// one of the midnights before, half to any time of the year before or to come.
//
//	go test ./internal/bench -run '^$' -bench History -benchtime 200x -entries 1000000
func BenchmarkHistory(b *testing.B) {
	for _, store := range []struct {
		name string
		open func(b *testing.B) ledger.Store
	}{
		{"sqlite", func(b *testing.B) ledger.Store {
			s, err := sqlitestore.Open(b.Context(), b.TempDir()+"/history.db", sqlitestore.Config{})
			require.NoError(b, err)
			return s
		}},
		{"postgres", func(b *testing.B) ledger.Store {
			dsn := pgtest.DSN(b)
			require.NoError(b, pgstore.Migrate(b.Context(), dsn, pgstore.Config{}))
			s, err := pgstore.Open(b.Context(), dsn, pgstore.Config{})
			require.NoError(b, err)
			return s
		}},
	} {
		b.Run(store.name, func(b *testing.B) { history(b, store.open(b), testsize.Scaled(b, *entries)) })
	}
}

// historyStart is when the first entry is recorded; an entry follows every second.
var historyStart = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

var longAccount = ledger.AccountKey{Name: "user:long", Currency: "CNY"}

func history(b *testing.B, store ledger.Store, n int) {
	now := historyStart
	l, err := ledger.Open(b.Context(), store, ledger.Config{Now: func() time.Time { return now }, MaxSkew: -1})
	require.NoError(b, err)
	b.Cleanup(func() {
		require.NoError(b, l.Close(context.Background()))
		require.NoError(b, store.Close())
	})
	random := rand.New(rand.NewPCG(1, uint64(n)))
	span := time.Duration(n) * time.Second
	pay := func(i int, effective time.Time) ledger.Transaction {
		t := ledger.Transaction{
			Effective: effective, Reference: "order-" + strconv.Itoa(i), Metadata: map[string]string{"shop": strconv.Itoa(i % 50)},
			Postings: []ledger.Posting{{Debit: "bank", Credit: longAccount.Name, Amount: money.New(1+random.Int64N(100), currency)}},
		}
		return t
	}
	day := func() time.Time { return now.Truncate(24*time.Hour).AddDate(0, 0, -random.IntN(3)) }
	for done := 0; done < n; {
		var changes []ledger.Change
		for range 10 {
			var c ledger.Change
			for range 100 {
				at := time.Time{}
				switch random.IntN(8) {
				case 0:
					at = day()
				case 1:
					at = now.Add(time.Duration(random.Int64N(int64(2*span))) - span)
				}
				c.Ops = append(c.Ops, pay(done, at))
				done++
			}
			changes = append(changes, c)
		}
		for _, answer := range l.CommitAll(b.Context(), changes) {
			require.NoError(b, answer.Err)
		}
		now = now.Add(1000 * time.Second)
	}
	ctx := b.Context()
	some := func() time.Time { return historyStart.Add(time.Duration(random.Int64N(int64(span)))) }
	must := func(got int, err error) {
		if err != nil || got == 0 {
			b.Fatal(got, err)
		}
	}
	at := func(at ledger.At) {
		_, err := l.BalanceAt(ctx, longAccount, at)
		must(1, err)
	}
	page := func(p ledger.Page) {
		p.Limit = 100
		got, err := l.Statement(ctx, longAccount, p)
		must(len(got), err)
	}
	effective := func(p ledger.EffectivePage) string {
		p.Limit = 100
		got, err := l.StatementByEffective(ctx, longAccount, p)
		must(len(got.Entries), err)
		return got.Last
	}
	find := func(q ledger.TransactionQuery) {
		q.Limit = 100
		got, err := l.Transactions(ctx, q)
		must(len(got.Transactions), err)
	}
	middle := effective(ledger.EffectivePage{From: historyStart.Add(span / 2).Truncate(24 * time.Hour)})
	for _, c := range []struct {
		name string
		run  func(i int)
	}{
		{"balance/now", func(int) { _, err := l.Balance(ctx, longAccount); must(1, err) }},
		{"balance/recorded", func(int) { at(ledger.At{Recorded: some()}) }},
		{"balance/effective", func(int) { at(ledger.At{Effective: some()}) }},
		{"page/recorded/start", func(int) { page(ledger.Page{}) }},
		{"page/recorded/middle", func(int) { page(ledger.Page{After: random.Int64N(int64(n) - 100)}) }},
		{"page/recorded/end", func(int) { page(ledger.Page{Desc: true}) }},
		{"page/recorded/from_instant", func(int) { page(ledger.Page{From: some().Add(-2000 * time.Second)}) }},
		{"page/effective/start", func(int) { effective(ledger.EffectivePage{}) }},
		{"page/effective/middle", func(int) { effective(ledger.EffectivePage{From: some()}) }},
		{"page/effective/middle_desc", func(int) { effective(ledger.EffectivePage{Until: some(), Desc: true}) }},
		{"page/effective/midnight", func(int) { effective(ledger.EffectivePage{From: some().Truncate(24 * time.Hour)}) }},
		{"page/effective/cursor", func(int) { middle = effective(ledger.EffectivePage{After: middle}) }},
		{"page/effective/end", func(int) { effective(ledger.EffectivePage{Desc: true}) }},
		{"transactions/account", func(int) {
			find(ledger.TransactionQuery{Account: longAccount.Name, After: random.Int64N(int64(n) / 2)})
		}},
		{"transactions/prefix_desc", func(int) { find(ledger.TransactionQuery{Prefix: "user:", Desc: true}) }},
		{"transactions/reference", func(int) { find(ledger.TransactionQuery{Reference: "order-" + strconv.Itoa(random.IntN(n))}) }},
		{"transactions/metadata", func(int) {
			find(ledger.TransactionQuery{MetadataKey: "shop", MetadataValue: strconv.Itoa(random.IntN(50)), From: some().Add(-span / 2)})
		}},
		{"transactions/account_and_metadata", func(int) {
			find(ledger.TransactionQuery{Account: longAccount.Name, MetadataKey: "shop", MetadataValue: strconv.Itoa(random.IntN(50)), Desc: true})
		}},
		{"write/now", func(i int) {
			_, err := l.Commit(ctx, ledger.Change{Ops: []ledger.Op{pay(i, time.Time{})}})
			must(1, err)
		}},
		{"write/back_dated", func(i int) {
			_, err := l.Commit(ctx, ledger.Change{Ops: []ledger.Op{pay(i, some())}})
			must(1, err)
		}},
	} {
		b.Run(fmt.Sprintf("%s/entries=%d", c.name, n), func(b *testing.B) {
			took := make([]time.Duration, 0, b.N)
			for i := range b.N {
				start := time.Now()
				c.run(i)
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
