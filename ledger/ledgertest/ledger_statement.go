package ledgertest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// readPromises are about balances and blocks.
var readPromises = []promise{
	{"Balances are listed by prefix, in the order of opening, in pages", testBalances},
	{"An account that was never used has a balance of zero where the chart allows it", testUnusedAccount},
	{"Blocks are chained from the first on", testBlocks},
}

// statementPromises are about the history of an account.
var statementPromises = []promise{
	{"A statement is read in pages, in both directions, from any entry", testStatement},
	{"A statement of a debit-normal account is signed on its side", testStatementDebit},
	{"A statement of what was never used is ErrNotFound", testStatementNotFound},
}

func testBalances(f *fixture) {
	for i := range 30 {
		f.do(transfer("bank:1", numbered("user:1:a", i), int64(i)), transfer("bank:1", numbered("user:10", i), int64(i)))
	}
	list := func(prefix string, limit int) (names []string) {
		f.Helper()
		var after int64
		for {
			page, more, err := f.Balances(f.ctx, prefix, after, limit)
			require.NoError(f, err)
			for _, b := range page {
				names = append(names, b.Account.Name)
				if i := strings.LastIndexByte(b.Account.Name, '-'); i >= 0 {
					assert.Equal(f, b.Account.Name[i+1:], fmt.Sprint(b.Posted.Minor()))
				}
			}
			if more == 0 {
				return names
			}
			require.Greater(f, more, after)
			require.Len(f, page, limit)
			after = more
		}
	}
	var ones []string
	for i := range 30 {
		ones = append(ones, numbered("user:1:a", i))
	}
	for _, limit := range []int{0, 1, 7, 30, 100} {
		assert.Equal(f, ones, list("user:1:", limit), "limit %d", limit)
	}
	assert.Len(f, list("user:1", 8), 60, "a prefix is bytes, not parts")
	assert.Len(f, list("", 0), 61)
	assert.Equal(f, []string{"bank:1"}, list("bank:1", 5))
	for _, prefix := range []string{"bank:1:", "BANK", "%", "_", "user:_", `user:\`, "\x00", "\xff", strings.Repeat("x", 500)} {
		assert.Empty(f, list(prefix, 5), "prefix %q", prefix)
	}
}

func testUnusedAccount(f *fixture) {
	_, err := f.Balance(f.ctx, cny("user:1"))
	require.ErrorIs(f, err, ledger.ErrNotFound, "no currency was ever used")
	f.fund("user:2", 5)
	b := f.balance("user:1:capped")
	assert.True(f, b.Posted.IsZero())
	assert.Equal(f, ledger.Limit(0), b.Min)
	assert.Equal(f, ledger.Limit(1000), b.Max)
	assert.Equal(f, ledger.Debit, f.balance("bank:9").Normal)
	for _, account := range []ledger.AccountKey{
		cny("stranger"),
		{Name: "user:2", Currency: "EUR"},
		{Name: "user:2", Currency: ""},
		{Name: "user:2", Currency: "C\x00"},
		{Name: "", Currency: "CNY"},
		cny("user:\x00"),
		cny("user:\xff"),
		cny("free:" + strings.Repeat("x", ledger.MaxAccountLen)),
	} {
		_, err := f.Balance(f.ctx, account)
		require.ErrorIs(f, err, ledger.ErrNotFound, "%q", account)
	}
}

func testBlocks(f *fixture) {
	seq, at, hash, err := f.Head(f.ctx)
	require.NoError(f, err)
	assert.Zero(f, seq)
	assert.True(f, at.IsZero())
	assert.Zero(f, hash)
	for range 10 {
		f.fund("user:1", 1)
		f.clock.advance(time.Second)
	}
	var all []ledger.Block
	for after := int64(0); ; after = all[len(all)-1].Seq {
		page, err := f.Blocks(f.ctx, after, 3)
		require.NoError(f, err)
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	require.Len(f, all, 10)
	last := ledger.Block{Hash: all[0].Previous}
	assert.NotZero(f, last.Hash, "the first block follows a hash of the ledger's name and key")
	for i, b := range all {
		assert.EqualValues(f, i+1, b.Seq)
		assert.Equal(f, last.Hash, b.Previous)
		assert.Equal(f, startTime.Add(time.Duration(i)*time.Second), b.Time)
		last = b
	}
	seq, at, hash, err = f.Head(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, last, ledger.Block{Seq: seq, Time: at, Hash: hash, Previous: last.Previous, Body: last.Body})

	g := f.another(f.T)
	g.fund("user:1", 1)
	others, err := g.Blocks(f.ctx, 0, 1)
	require.NoError(f, err)
	assert.NotEqual(f, all[0].Previous, others[0].Previous)
}

// longAccount gives user:1 a history of n entries, alternately up and down, and returns
// their amounts.
func (f *fixture) longAccount(n int) (amounts []int64) {
	f.Helper()
	for len(amounts) < n {
		c := ledger.Change{}
		for range min(50, n-len(amounts)) {
			i := len(amounts)
			t := ledger.Transaction{Reference: numbered("entry", i+1), Metadata: map[string]string{"nth": fmt.Sprint(i + 1)}}
			if i%3 == 2 {
				t.Postings = []ledger.Posting{posting("user:1", numbered("user:2", i%5), 1)}
				amounts = append(amounts, -1)
			} else {
				t.Postings = []ledger.Posting{posting("bank:1", "user:1", int64(i))}
				amounts = append(amounts, int64(i))
			}
			c.Ops = append(c.Ops, t)
		}
		f.must(c)
		f.clock.advance(time.Minute)
	}
	return amounts
}

func testStatement(f *fixture) {
	const entries = 5*ledger.MarkEvery + 7
	amounts := f.longAccount(entries)
	balances := make([]int64, entries)
	sum := int64(0)
	for i, amount := range amounts {
		sum += amount
		balances[i] = sum
	}
	check := func(page ledger.Page, want []int) {
		f.Helper()
		got, err := f.Statement(f.ctx, cny("user:1"), page)
		require.NoError(f, err)
		var nths []int
		for _, e := range got {
			nth := int(e.Nth)
			nths = append(nths, nth)
			assert.Equal(f, amounts[nth-1], e.Amount.Minor())
			assert.Equal(f, balances[nth-1], e.Balance.Minor(), "the running balance at entry %d", nth)
			assert.Equal(f, numbered("entry", nth), e.Reference)
			assert.Equal(f, map[string]string{"nth": fmt.Sprint(nth)}, e.Metadata)
			assert.Equal(f, startTime.Add(time.Duration((nth-1)/50)*time.Minute), e.Time)
			if amounts[nth-1] < 0 {
				assert.Equal(f, cny(numbered("user:2", (nth-1)%5)), e.Other)
			} else {
				assert.Equal(f, cny("bank:1"), e.Other)
			}
		}
		assert.Equal(f, want, nths, "%+v", page)
	}
	span := func(from, to int) []int {
		var s []int
		for i := from; i <= to; i++ {
			s = append(s, i)
		}
		return s
	}
	back := func(from, to int) []int { s := span(to, from); slices.Reverse(s); return s }
	check(ledger.Page{}, span(1, entries))
	check(ledger.Page{Desc: true}, back(entries, 1))
	check(ledger.Page{Limit: -1}, span(1, entries))
	for _, limit := range []int{1, 10, 63, 64, 65, 200} {
		for _, at := range []int{0, 1, 62, 63, 64, 65, 127, 128, 129, 200, entries - 1, entries} {
			check(ledger.Page{After: int64(at), Limit: limit}, span(at+1, min(at+limit, entries)))
			check(ledger.Page{Before: int64(at + 1), Limit: limit, Desc: true}, back(at, max(at-limit+1, 1)))
		}
	}
	check(ledger.Page{After: 10, Before: 20}, span(11, 19))
	check(ledger.Page{After: 10, Before: 20, Limit: 3}, span(11, 13))
	check(ledger.Page{After: 10, Before: 20, Limit: 3, Desc: true}, back(19, 17))
	check(ledger.Page{After: 10, Before: 20, Desc: true}, back(19, 11))
	check(ledger.Page{After: 10, Before: 11}, nil)
	check(ledger.Page{After: 20, Before: 10}, nil)
	check(ledger.Page{After: entries}, nil)
	check(ledger.Page{After: math.MaxInt64}, nil)
	check(ledger.Page{After: math.MaxInt64, Desc: true}, nil)
	check(ledger.Page{Before: math.MaxInt64, Limit: 2, Desc: true}, back(entries, entries-1))
	check(ledger.Page{Before: 1}, nil)
	check(ledger.Page{After: math.MinInt64, Limit: 2}, span(1, 2))

	// The other side of the same postings has its own ordinals.
	got, err := f.Statement(f.ctx, cny("user:2-0"), ledger.Page{})
	require.NoError(f, err)
	for i, e := range got {
		assert.EqualValues(f, i+1, e.Nth)
		assert.EqualValues(f, i+1, e.Balance.Minor())
		assert.Equal(f, cny("user:1"), e.Other)
	}
}

func testStatementDebit(f *fixture) {
	f.do(transfer("bank:1", "user:1", 70))
	f.do(transfer("user:1", "bank:1", 20))
	got, err := f.Statement(f.ctx, cny("bank:1"), ledger.Page{})
	require.NoError(f, err)
	require.Len(f, got, 2)
	assert.Equal(f, []int64{70, 70, -20, 50}, []int64{
		got[0].Amount.Minor(), got[0].Balance.Minor(), got[1].Amount.Minor(), got[1].Balance.Minor(),
	})
}

func testStatementNotFound(f *fixture) {
	f.fund("user:1", 1)
	for _, account := range []ledger.AccountKey{cny("user:2"), cny(""), cny("a\x00"), {Name: "user:1", Currency: "EUR"}, {Name: "user:1", Currency: "\x00"}} {
		_, err := f.Statement(f.ctx, account, ledger.Page{})
		require.ErrorIs(f, err, ledger.ErrNotFound, "%q", account)
	}
	f.do(reserve("h", posting("user:1", "user:3", 1)))
	got, err := f.Statement(f.ctx, cny("user:3"), ledger.Page{})
	require.NoError(f, err, "a hold opens an account")
	assert.Empty(f, got)
}
