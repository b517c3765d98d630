package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// findPromises are about transactions that are looked for.
var findPromises = []promise{
	{"A transaction is found by its number, whole, with what reversed it", testFindTransaction},
	{"A transaction of many postings is found whole by each of its accounts", testManyPostings},
	{"Transactions are found by reference, metadata, account, prefix, currency and time, alone and together", testFindAgrees},
	{"A prefix of more accounts than are merged is looked for through the journal, a part in each call", testManyAccounts},
	{"Two texts are told apart though their transactions lie far from each other", testFarApart},
	{"Pages of transactions go on from their numbers while others are written", testFindBesideWriters},
	{"A bad question about transactions is refused", testFindInvalid},
}

func testFindTransaction(f *fixture) {
	f.fund("user:1", 500)
	at := startTime.Add(-time.Hour)
	f.clock.advance(time.Minute)
	out := f.must(changeOf("pay", ledger.Transaction{
		Postings: []ledger.Posting{
			posting("user:1", "user:2", 30),
			{Debit: "user:1", Credit: "free:fees", Amount: yuan(2), UpTo: ledger.UpToDebit},
			posting("user:1", "free:fees", 0),
		},
		Effective: at, Reference: "order-7", Metadata: map[string]string{"shop": "12"},
	}))
	f.do(reserve("h", posting("user:1", "user:3", 5)))
	captured := f.must(changeOf("take", ledger.Capture{Hold: "h", Reference: "order-8"}))
	want := ledger.PostedTransaction{
		No: out.First, Seq: 2, Time: f.clock.Now(), Effective: at, Change: "pay", Reference: "order-7",
		Metadata: map[string]string{"shop": "12"},
		Postings: []ledger.Posting{posting("user:1", "user:2", 30), posting("user:1", "free:fees", 2), posting("user:1", "free:fees", 0)},
	}
	got, err := f.FindTransaction(f.ctx, out.First)
	require.NoError(f, err)
	assert.Equal(f, want, got)
	back := f.do(ledger.Reverse{Transaction: out.First})
	want.ReversedBy = back.First
	got, err = f.FindTransaction(f.ctx, out.First)
	require.NoError(f, err)
	assert.Equal(f, want, got)
	got, err = f.FindTransaction(f.ctx, captured.First)
	require.NoError(f, err)
	assert.Equal(f, ledger.PostedTransaction{
		No: captured.First, Seq: 4, Time: f.clock.Now(), Effective: f.clock.Now(), Change: "take", Hold: "h", Reference: "order-8",
		Postings: []ledger.Posting{posting("user:1", "user:3", 5)},
	}, got)
	for _, no := range []int64{-1, 0, out.First + 1, back.First + 99} {
		_, err := f.FindTransaction(f.ctx, no)
		require.ErrorIs(f, err, ledger.ErrNotFound, "%d is the number of no transaction", no)
	}
}

func testManyPostings(f *fixture) {
	for _, n := range []int{1, 2, 3, 4, 5, 15, 16, ledger.MaxPostings} {
		t := ledger.Transaction{Reference: numbered("n", n)}
		for i := range n {
			t.Postings = append(t.Postings, posting("bank:1", numbered("free:many", i%3), int64(i)))
		}
		f.do(t)
	}
	for _, n := range []int{1, 3, 4, 16, ledger.MaxPostings} {
		got := f.found(ledger.TransactionQuery{Reference: numbered("n", n)})
		require.Len(f, got, 1)
		require.Len(f, got[0].Postings, n)
		for i, p := range got[0].Postings {
			require.Equal(f, posting("bank:1", numbered("free:many", i%3), int64(i)), p)
		}
	}
	whole := numbersOf(f.found(ledger.TransactionQuery{}))
	require.Len(f, whole, 8)
	for _, limit := range []int{1, 3, 8} {
		assert.Equal(f, whole, numbersOf(f.found(ledger.TransactionQuery{Account: "bank:1", Limit: limit})))
		assert.Equal(f, whole[2:], numbersOf(f.found(ledger.TransactionQuery{Account: "free:many-2", Limit: limit})))
		back := numbersOf(f.found(ledger.TransactionQuery{Prefix: "free:many", Limit: limit, Desc: true}))
		slices.Reverse(back)
		assert.Equal(f, whole, back)
		for _, before := range []int64{whole[7] + 500, whole[7] + 1, whole[7], whole[6] + 1} {
			want := slices.DeleteFunc(slices.Clone(whole), func(no int64) bool { return no >= before })
			slices.Reverse(want)
			assert.Equal(f, want, numbersOf(f.found(ledger.TransactionQuery{Account: "free:many-0", Before: before, Desc: true, Limit: limit})))
			assert.Equal(f, want, numbersOf(f.found(ledger.TransactionQuery{Before: before, Desc: true, Limit: limit})))
		}
	}
}

func testFindAgrees(f *fixture) {
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(choices ...string) string { return choices[random.IntN(len(choices))] }
	account := func() string { return pick("free:a:1", "free:a:2", "free:ab", "free:b:1", "free:b:2") }
	var all []ledger.PostedTransaction
	for len(all) < 250 {
		var c ledger.Change
		for range 1 + random.IntN(5) {
			t := ledger.Transaction{Reference: pick("", "", "r1", "r2", "r3")}
			if random.IntN(2) == 0 {
				t.Metadata = map[string]string{"k": pick("", "1", "2"), "j": pick("1", "2")}
			}
			for range 1 + random.IntN(4) {
				p := ledger.Posting{Debit: "bank:1", Credit: account(), Amount: money.New(random.Int64N(9), currency(pick("CNY", "CNY", "USD")))}
				if from := account(); random.IntN(3) == 0 && from != p.Credit {
					p.Debit = from
				}
				t.Postings = append(t.Postings, p)
			}
			c.Ops = append(c.Ops, t)
		}
		out := f.must(c)
		no := out.First
		for _, op := range c.Ops {
			t := op.(ledger.Transaction)
			all = append(all, ledger.PostedTransaction{
				No: no, Seq: out.Seq, Time: out.Time, Effective: out.Time, Change: out.ID,
				Reference: t.Reference, Metadata: t.Metadata, Postings: t.Postings,
			})
			no += int64(len(t.Postings))
		}
		if random.IntN(3) > 0 {
			f.clock.advance(time.Duration(random.IntN(2_000_000)) * time.Microsecond)
		}
	}
	some := func() time.Time {
		return all[random.IntN(len(all))].Time.Add([]time.Duration{0, 0, 1, -1, time.Microsecond}[random.IntN(5)])
	}
	for range 100 {
		q := ledger.TransactionQuery{Desc: random.IntN(2) == 0, Limit: []int{7, 40, 0, 0}[random.IntN(4)]}
		switch random.IntN(4) {
		case 0:
			q.Account = pick("free:a:1", "free:ab", "bank:1", "free:none")
		case 1:
			q.Prefix = pick("free:a:", "free:a", "f", "bank", "none")
		}
		if random.IntN(3) == 0 {
			q.Currency = pick("CNY", "USD", "EUR")
		}
		if random.IntN(3) == 0 {
			q.Reference = pick("r1", "r2", "r9")
		}
		if random.IntN(3) == 0 {
			q.MetadataKey, q.MetadataValue = pick("k", "j", "none"), pick("", "1", "2")
		}
		if random.IntN(3) == 0 {
			q.From = some()
		}
		if random.IntN(3) == 0 {
			q.Until = some()
		}
		if random.IntN(4) == 0 {
			q.After = random.Int64N(all[len(all)-1].No + 5)
		}
		if random.IntN(4) == 0 {
			q.Before = random.Int64N(all[len(all)-1].No + 5)
		}
		var want []ledger.PostedTransaction
		for _, t := range all {
			if selected(&q, &t) {
				want = append(want, t)
			}
		}
		if q.Desc {
			slices.Reverse(want)
		}
		require.Equal(f, want, f.found(q), "%+v", q)
	}
}

// selected is what a query means, said once more.
func selected(q *ledger.TransactionQuery, t *ledger.PostedTransaction) bool {
	if t.No <= q.After || q.Before > 0 && t.No >= q.Before || !q.From.IsZero() && t.Time.Before(q.From) || !q.Until.IsZero() && !t.Time.Before(q.Until) {
		return false
	}
	if q.Reference != "" && t.Reference != q.Reference {
		return false
	}
	if q.MetadataKey != "" {
		if value, ok := t.Metadata[q.MetadataKey]; !ok || value != q.MetadataValue {
			return false
		}
	}
	for _, p := range t.Postings {
		for _, name := range []string{p.Debit, p.Credit} {
			if (q.Currency == "" || p.Amount.Currency().Code() == q.Currency) && (q.Account == "" || name == q.Account) && strings.HasPrefix(name, q.Prefix) {
				return true
			}
		}
	}
	return false
}

func testManyAccounts(f *fixture) {
	var want []int64
	for block := range 6 {
		var c ledger.Change
		for i := range 300 {
			name := "free:other"
			if i < 20 {
				name = numbered("free:many:of", 20*block+i)
			}
			c.Ops = append(c.Ops, transfer("bank:1", name, 1))
		}
		out := f.must(c)
		for i := range int64(20) {
			want = append(want, out.First+i)
		}
	}
	for _, limit := range []int{7, 0} {
		assert.Equal(f, want, numbersOf(f.found(ledger.TransactionQuery{Prefix: "free:many:", Limit: limit})))
		back := numbersOf(f.found(ledger.TransactionQuery{Prefix: "free:many:", Limit: limit, Desc: true}))
		slices.Reverse(back)
		assert.Equal(f, want, back)
	}
	page, err := f.Transactions(f.ctx, ledger.TransactionQuery{Prefix: "free:many:", Currency: "USD"})
	require.NoError(f, err)
	assert.Empty(f, page, "there is none in another currency")
	page, err = f.Transactions(f.ctx, ledger.TransactionQuery{Currency: "USD"})
	require.NoError(f, err)
	assert.Empty(f, page.Transactions)
	assert.NotZero(f, page.Next, "one call looks at a part of the journal")
}

// Each index alone has many; both have two. What one has between is stepped over by the other.
func testFarApart(f *fixture) {
	pay := func(reference, account string) ledger.Transaction {
		return ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", account, 1)}, Reference: reference}
	}
	var want []int64
	for round := range 2 {
		for part := range 4 {
			var c ledger.Change
			for i := range 400 {
				c.Ops = append(c.Ops, []ledger.Transaction{pay("", "free:1"), pay("r", "free:2")}[(part+i/200)%2])
			}
			f.must(c)
		}
		want = append(want, f.do(pay("r", "free:1")).First)
		assert.Len(f, want, round+1)
	}
	q := ledger.TransactionQuery{Account: "free:1", Reference: "r", Limit: 1}
	assert.Equal(f, want, numbersOf(f.found(q)))
	q.Desc = true
	slices.Reverse(want)
	assert.Equal(f, want, numbersOf(f.found(q)))
	page, err := f.Transactions(f.ctx, q)
	require.NoError(f, err)
	assert.Equal(f, want[:1], numbersOf(page.Transactions))
	page, err = f.Transactions(f.ctx, ledger.TransactionQuery{Account: "free:1", Reference: "r"})
	require.NoError(f, err)
	assert.Len(f, page.Transactions, 2, "one call is enough")
	assert.Zero(f, page.Next)
}

func testFindBesideWriters(f *fixture) {
	write := func() error {
		_, err := f.Commit(f.ctx, changeOf("", transfer("bank:1", "free:1", 1), transfer("bank:1", "free:2", 1)))
		return err
	}
	for range 60 {
		require.NoError(f, write())
	}
	known := numbersOf(f.found(ledger.TransactionQuery{Account: "free:1"}))
	for _, desc := range []bool{false, true} {
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() {
			for {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				if err := write(); err != nil {
					done <- err
					return
				}
			}
		}()
		q := ledger.TransactionQuery{Account: "free:1", Limit: 7, Desc: desc}
		if desc {
			q.Before = known[len(known)-1] + 1
		}
		var got []int64
		for len(got) < len(known) {
			page, err := f.Transactions(f.ctx, q)
			require.NoError(f, err)
			got = append(got, numbersOf(page.Transactions)...)
			if q.After = page.Next; desc {
				q.After, q.Before = 0, page.Next
			}
			if page.Next == 0 {
				break
			}
		}
		close(stop)
		require.NoError(f, <-done)
		if desc {
			slices.Reverse(got)
		}
		require.GreaterOrEqual(f, len(got), len(known))
		assert.Equal(f, known, got[:len(known)], "desc %v", desc)
	}
}

func testFindInvalid(f *fixture) {
	f.fund("user:1", 1)
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	long := strings.Repeat("x", 600)
	for field, queries := range map[string][]ledger.TransactionQuery{
		"account":        {{Account: "a b"}, {Account: "a::b"}, {Account: long}, {Account: "\x00"}},
		"prefix":         {{Prefix: "\x00"}, {Prefix: long}, {Prefix: "user", Account: "user:1"}},
		"currency":       {{Currency: "C\x00"}, {Currency: long}},
		"reference":      {{Reference: "\xff"}, {Reference: long}},
		"metadata_key":   {{MetadataKey: long}, {MetadataValue: "v"}},
		"metadata_value": {{MetadataKey: "k", MetadataValue: long}, {MetadataKey: "k", MetadataValue: "\xff"}},
		"from":           {{From: late}},
		"until":          {{Until: late}},
		"after":          {{After: -1}},
		"before":         {{Before: -1}},
	} {
		for _, q := range queries {
			_, err := f.Transactions(f.ctx, q)
			var invalid *ledger.InvalidError
			require.ErrorAs(f, err, &invalid, "%s %s", field, fmt.Sprintf("%.80q", fmt.Sprint(q)))
			assert.Equal(f, field, invalid.Field)
			assert.ErrorIs(f, err, ledger.ErrInvalid)
		}
	}
}

// found reads a query page by page.
func (f *fixture) found(query ledger.TransactionQuery) (all []ledger.PostedTransaction) {
	f.Helper()
	for calls := 0; ; calls++ {
		require.Less(f, calls, 10_000, "%+v ends", query)
		page, err := f.Transactions(f.ctx, query)
		require.NoError(f, err, "%+v", query)
		if query.Limit > 0 {
			require.LessOrEqual(f, len(page.Transactions), query.Limit)
		}
		all = append(all, page.Transactions...)
		if page.Next == 0 {
			return all
		}
		if query.Desc {
			query.Before = page.Next
		} else {
			query.After = page.Next
		}
	}
}

func numbersOf(all []ledger.PostedTransaction) (nos []int64) {
	for _, t := range all {
		nos = append(nos, t.No)
	}
	return nos
}
