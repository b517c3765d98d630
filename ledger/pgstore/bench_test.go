package pgstore_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkBlocks writes blocks of simple transfers, each one change and one posting, as a
// ledger would whose cache has the accounts. "hot" is one account that pays all others,
// "uniform" is any account of 10,000 that pays any other.
func BenchmarkBlocks(b *testing.B) {
	for _, accounts := range []string{"hot", "uniform"} {
		for _, size := range []int{1, 100, 1000, 5000} {
			b.Run(accounts+"/"+strconv.Itoa(size), func(b *testing.B) {
				w := newTransfers(b, accounts == "hot")
				for b.Loop() {
					b.StopTimer()
					need, batch := w.block(size)
					b.StartTimer()
					w.commit(need, batch)
				}
				b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "transfers/s")
			})
		}
	}
}

// transfers makes blocks of transfers.
type transfers struct {
	b        *testing.B
	store    ledger.Store
	head     ledger.Head
	accounts []ledger.Account
	hot      bool
	random   *rand.Rand
}

func newTransfers(b *testing.B, hot bool) *transfers {
	store := openStore(b, migrated(b))
	head, err := store.Open(b.Context(), "bench", ledger.Genesis{})
	require.NoError(b, err)
	w := &transfers{b: b, store: store, head: head, hot: hot, random: rand.New(rand.NewPCG(1, 2))}
	const accounts = 10_000
	for no := range int64(accounts) {
		w.accounts = append(w.accounts, ledger.Account{No: no + 1, Key: ledger.AccountKey{Name: fmt.Sprintf("user:%d:available", no+1), Currency: "CNY"}})
	}
	_, batch := w.block(0)
	batch.Opened, batch.Head.Accounts = w.accounts, accounts
	batch.Currencies = map[string]int{"CNY": 2}
	w.head.Accounts = accounts
	w.commit(ledger.Need{}, batch)
	return w
}

// block returns the next block.
func (w *transfers) block(size int) (ledger.Need, *ledger.Batch) {
	w.head.Seq++
	w.head.Time = blockTime
	w.head.Hash = sha256.Sum256(w.head.Hash[:])
	batch := &ledger.Batch{Block: &ledger.Block{
		Seq: w.head.Seq, Time: w.head.Time, Hash: w.head.Hash, Body: make([]byte, 80*size),
	}}
	var need ledger.Need
	touched := make(map[int64]bool)
	for i := range size {
		debit := int64(1)
		if !w.hot {
			debit = 1 + w.random.Int64N(int64(len(w.accounts)))
		}
		credit := 1 + w.random.Int64N(int64(len(w.accounts)))
		if credit == debit {
			credit = 1 + debit%int64(len(w.accounts))
		}
		w.head.Postings++
		w.head.Transactions++
		id := fmt.Sprintf("m:1:%020d", w.head.Postings)
		need.Changes = append(need.Changes, id)
		batch.Changes = append(batch.Changes, ledger.ChangeRow{ID: id, Seq: w.head.Seq, Index: i, Tags: make([]byte, 56), Outcome: []byte{1, 2, 3, 4}})
		p := ledger.PostingRow{
			No: w.head.Postings, Seq: w.head.Seq, Transaction: w.head.Transactions, Time: w.head.Time, Effective: w.head.Time,
			Change: id, Debit: debit, Credit: credit, Amount: 1,
		}
		p.DebitNth, p.DebitPrev, p.DebitAfter = w.enter(batch, debit, -1)
		p.CreditNth, p.CreditPrev, p.CreditAfter = w.enter(batch, credit, 1)
		batch.Postings = append(batch.Postings, p)
		touched[debit], touched[credit] = true, true
	}
	for _, a := range w.accounts {
		if touched[a.No] {
			batch.Accounts = append(batch.Accounts, a)
		}
	}
	batch.Head = w.head
	return need, batch
}

// enter adds an entry to an account.
func (w *transfers) enter(batch *ledger.Batch, no, amount int64) (nth, prev, after int64) {
	a := &w.accounts[no-1]
	prev = a.Last
	a.Entries++
	a.Last = w.head.Postings
	a.Balance += amount
	if a.Entries%ledger.MarkEvery == 0 {
		batch.Marks = append(batch.Marks, ledger.Mark{Account: no, Nth: a.Entries, Posting: a.Last})
	}
	return a.Entries, prev, a.Balance
}

func (w *transfers) commit(need ledger.Need, batch *ledger.Batch) {
	tx, _, err := w.store.Begin(w.b.Context(), w.head.Ledger, need)
	require.NoError(w.b, err)
	require.NoError(w.b, tx.Commit(w.b.Context(), batch))
}

// BenchmarkShared has several stores, as of several processes, write blocks of 100 changes
// to one ledger without a pause. It reports what all write together, what the slowest writes
// of what the fastest does, and the longest time for which one did not get the lock.
func BenchmarkShared(b *testing.B) {
	for _, processes := range []int{1, 2, 4} {
		b.Run(strconv.Itoa(processes), func(b *testing.B) {
			dsn := migrated(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			wrote, gap := make([]int, processes), make([]time.Duration, processes)
			var all sync.WaitGroup
			for i := range processes {
				store := openStore(b, dsn)
				head := opened(b, store)
				all.Go(func() {
					last := time.Now()
					for left.Add(-1) >= 0 {
						tx, found, err := store.Begin(b.Context(), head.Ledger, ledger.Need{})
						if !assert.NoError(b, err) {
							return
						}
						gap[i], last = max(gap[i], time.Since(last)), time.Now()
						ids := make([]string, 100)
						for j := range ids {
							ids[j] = fmt.Sprintf("m:1:%012d%08d", found.Head.Seq, j)
						}
						if !assert.NoError(b, tx.Commit(b.Context(), nextBlock(found.Head, ids...))) {
							return
						}
						wrote[i]++
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
			b.ReportMetric(float64(slices.Min(wrote))/float64(slices.Max(wrote)), "slowest/fastest")
			b.ReportMetric(float64(slices.Max(gap).Milliseconds()), "gap-ms")
		})
	}
}
