package memstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// Commit and the load before it, for blocks of 5,000 changes of one posting each between
// 100,000 accounts, or all from one account. One op is one posting.
func BenchmarkCommit(b *testing.B) {
	const block, accounts = 5000, 100_000
	for _, c := range []struct {
		name   string
		debit  func(i int) int
		credit func(i int) int
		viewed bool // a view of the moment before is open at every commit
	}{
		{"uniform", func(i int) int { return i * 7919 % accounts }, func(i int) int { return (i*7919 + 1) % accounts }, false},
		{"one hot account", func(int) int { return 0 }, func(i int) int { return 1 + i*7919%(accounts-1) }, false},
		{"uniform, with views", func(i int) int { return i * 7919 % accounts }, func(i int) int { return (i*7919 + 1) % accounts }, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx, store := b.Context(), memstore.New()
			head, err := store.Open(ctx, "main", ledger.Genesis{})
			require.NoError(b, err)
			state := make([]ledger.Account, accounts)
			for i := range state {
				state[i] = ledger.Account{No: int64(i) + 1, Key: ledger.AccountKey{Name: fmt.Sprintf("user:%d", i), Currency: "CNY"}}
			}
			write := func(batch *ledger.Batch, need ledger.Need) {
				tx, found, err := store.Begin(ctx, head.Ledger, need)
				require.NoError(b, err)
				head = found.Head
				head.Seq++
				head.Postings += int64(len(batch.Postings))
				batch.Head, batch.Block = head, &ledger.Block{Seq: head.Seq, Body: make([]byte, 40*len(batch.Postings))}
				require.NoError(b, tx.Commit(ctx, batch))
			}
			write(&ledger.Batch{Opened: state}, ledger.Need{})
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; {
				b.StopTimer()
				n := min(block, b.N-done)
				batch, need := makeBatch(state, done, n, c.debit, c.credit)
				b.StartTimer()
				if c.viewed {
					require.NoError(b, store.Read(ctx, head.Ledger, func(ledger.View) error { write(batch, need); return nil }))
				} else {
					write(batch, need)
				}
				done += n
			}
		})
	}
}

func makeBatch(state []ledger.Account, first, n int, debit, credit func(int) int) (*ledger.Batch, ledger.Need) {
	batch, need := new(ledger.Batch), ledger.Need{}
	touched := make(map[int]bool, 2*n)
	tags, outcome := make([]byte, 24), make([]byte, 30)
	for i := first; i < first+n; i++ {
		id := fmt.Sprintf("m:merchant-17:payment.create:%016x", uint64(i)*0x9e3779b97f4a7c15)
		need.Changes = append(need.Changes, id)
		batch.Changes = append(batch.Changes, ledger.ChangeRow{ID: id, Index: i, Tags: tags, Outcome: outcome})
		p := ledger.PostingRow{No: int64(i) + 1, Change: id, Debit: int64(debit(i)) + 1, Credit: int64(credit(i)) + 1, Amount: 1}
		for _, no := range [2]int64{p.Debit, p.Credit} {
			a := &state[no-1]
			a.Entries++
			a.Last = p.No
			if a.Entries%ledger.MarkEvery == 0 {
				batch.Marks = append(batch.Marks, ledger.Mark{Account: no, Nth: a.Entries, Posting: p.No})
			}
			touched[int(no-1)] = true
		}
		batch.Postings = append(batch.Postings, p)
	}
	for i := range touched {
		batch.Accounts = append(batch.Accounts, state[i])
	}
	return batch, need
}
