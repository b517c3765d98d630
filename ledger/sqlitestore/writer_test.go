package sqlitestore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// epoch is the time of block 0 in these tests.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// writer makes blocks of simple transfers, as the kernel would, over a few accounts that it
// keeps in memory.
type writer struct {
	store    *Store
	prefix   string // of the ids of changes
	ledger   int64
	accounts []ledger.Account
	fresh    int // of the accounts, how many are not opened yet
	rand     uint64
}

// newWriter opens a ledger in the store.
func newWriter(t testing.TB, s *Store, name string, accounts int) *writer {
	t.Helper()
	head, err := s.Open(context.Background(), name, ledger.Genesis{Key: [16]byte{1, 2, 3}})
	require.NoError(t, err)
	w := &writer{store: s, prefix: "p", ledger: head.Ledger, fresh: accounts, rand: 1}
	for i := range accounts {
		w.accounts = append(w.accounts, ledger.Account{
			No:  int64(i) + 1,
			Key: ledger.AccountKey{Name: fmt.Sprintf("user:%d:available", i+1), Currency: "CNY"},
		})
	}
	return w
}

// pick returns a number below n; the sequence is the same in every run.
func (w *writer) pick(n int) int {
	w.rand ^= w.rand << 13
	w.rand ^= w.rand >> 7
	w.rand ^= w.rand << 17
	return int(w.rand % uint64(n))
}

// block makes a batch of n transfers that follows head.
func (w *writer) block(head ledger.Head, n int) *ledger.Batch {
	seq := head.Seq + 1
	now := epoch.Add(time.Duration(seq) * time.Millisecond)
	b := &ledger.Batch{
		Block: &ledger.Block{
			Seq: seq, Time: now, Previous: head.Hash, Hash: [32]byte{byte(seq), byte(seq >> 8), byte(seq >> 16)},
			Body: make([]byte, 60*n),
		},
		Changes:  make([]ledger.ChangeRow, 0, n),
		Postings: make([]ledger.PostingRow, 0, n),
	}
	touched := make(map[int]bool, n)
	for i := range n {
		debit := w.pick(len(w.accounts))
		credit := (debit + 1 + w.pick(len(w.accounts)-1)) % len(w.accounts)
		touched[debit], touched[credit] = true, true
		no := head.Postings + int64(i) + 1
		id := fmt.Sprintf("%s:payment.create:%016x", w.prefix, no)
		d, c := &w.accounts[debit], &w.accounts[credit]
		amount := int64(w.pick(10_000))
		d.Balance, c.Balance = d.Balance-amount, c.Balance+amount
		d.DebitsLo += uint64(amount)
		p := ledger.PostingRow{
			No: no, Seq: seq, Transaction: no, Time: now, Effective: now, Change: id, Amount: amount,
			Debit: d.No, DebitAfter: d.Balance, DebitNth: d.Entries + 1, DebitPrev: d.Last,
			Credit: c.No, CreditAfter: c.Balance, CreditNth: c.Entries + 1, CreditPrev: c.Last,
		}
		for _, a := range []*ledger.Account{d, c} {
			a.Entries, a.Last = a.Entries+1, no
			if a.Entries%ledger.MarkEvery == 0 {
				b.Marks = append(b.Marks, ledger.Mark{Account: a.No, Nth: a.Entries, Posting: no})
			}
		}
		b.Postings = append(b.Postings, p)
		b.Changes = append(b.Changes, ledger.ChangeRow{
			ID: id, Seq: seq, Index: i, Tags: make([]byte, 32), Outcome: []byte{1, 2, 3, 4, 5, 6, 7, 8},
		})
	}
	if w.fresh > 0 {
		b.Opened, w.fresh = append(b.Opened, w.accounts...), 0
	} else {
		for i := range touched {
			b.Accounts = append(b.Accounts, w.accounts[i])
		}
	}
	b.Head = head
	b.Head.Seq, b.Head.Time, b.Head.Hash = seq, now, b.Block.Hash
	b.Head.Accounts = int64(len(w.accounts))
	b.Head.Postings += int64(n)
	b.Head.Transactions += int64(n)
	return b
}

// ids returns the ids of the changes of the next block.
func (w *writer) ids(head ledger.Head, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s:payment.create:%016x", w.prefix, head.Postings+int64(i)+1)
	}
	return ids
}

// write commits one block of n transfers and returns the new head.
func (w *writer) write(ctx context.Context, head ledger.Head, n int) (ledger.Head, error) {
	tx, found, err := w.store.Begin(ctx, w.ledger, ledger.Need{Changes: w.ids(head, n)})
	if err != nil {
		return head, err
	}
	b := w.block(found.Head, n)
	return b.Head, tx.Commit(ctx, b)
}
