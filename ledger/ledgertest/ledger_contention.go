package ledgertest

import (
	"fmt"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// contentionPromises are about many who want the same.
var contentionPromises = []promise{
	{"64 callers paying from one account never overdraw it, and spend all of it", func(f *fixture) { testContention(f, f) }},
	{"64 callers over two ledgers on one store never overdraw one account, and spend all of it", func(f *fixture) {
		testContention(f, f.beside(f.store))
	}},
	{"64 callers reserving, capturing and voiding leave nothing over and nothing lost", testContentionHolds},
	{"Two ledgers on one store agree, whoever wrote last", func(f *fixture) { testTakeTurns(f, f.beside(f.store)) }},
}

// sharedPromises are about two handles on one database.
var sharedPromises = []sharedPromise{
	{"64 callers over two handles never overdraw one account, and spend all of it", testContention},
	{"What one handle commits, the other builds on at once", testTakeTurns},
	{"One id committed through both handles at once happens once", testSharedID},
	{"Verbs over two handles lose no step of one counter", testSharedCounter},
	{"Schedulers over two handles carry out every run once", testSharedSchedule},
}

func testContention(a, b *fixture) {
	const callers, each, amount = 64, 8, 7
	const balance = 1234 // not a multiple of the amount
	a.fund("user:1", balance)
	succeeded := make([]int, callers)
	refused := make([]int, callers)
	together(callers, func(i int) {
		f := a
		if i%2 == 1 {
			f = b
		}
		for j := range each {
			_, err := f.commit(changeOf(fmt.Sprintf("pay-%d-%d", i, j), transfer("user:1", numbered("user:2", i), amount)))
			switch {
			case err == nil:
				succeeded[i]++
			case assert.ErrorIs(f, err, ledger.ErrInsufficientFunds):
				refused[i]++
			}
		}
	})
	total := 0
	for i, n := range succeeded {
		total += n
		if n > 0 {
			a.stands(numbered("user:2", i), int64(n*amount), int64(n*amount))
		}
	}
	assert.Equal(a, balance/amount, total)
	a.stands("user:1", balance%amount, balance%amount)
	b.stands("user:1", balance%amount, balance%amount)
	entries, err := b.Statement(b.ctx, cny("user:1"), ledger.Page{})
	require.NoError(b, err)
	for _, e := range entries {
		assert.GreaterOrEqual(b, e.Balance.Minor(), int64(0), "at no entry was it overdrawn")
	}
	a.clean()
}

func testContentionHolds(f *fixture) {
	const callers, each = 64, 4
	f.fund("user:1", 100)
	captured := make([]int64, callers)
	together(callers, func(i int) {
		for j := range each {
			id := fmt.Sprintf("h-%d-%d", i, j)
			if _, err := f.commit(changeOf(id, reserve(id, posting("user:1", "user:2", 10)))); err != nil {
				assert.ErrorIs(f, err, ledger.ErrInsufficientFunds)
				continue
			}
			var err error
			if (i+j)%2 == 0 {
				_, err = f.commit(changeOf(id+"-void", ledger.Void{Hold: id}))
			} else {
				_, err = f.commit(changeOf(id+"-capture", ledger.Capture{Hold: id, Postings: []ledger.Posting{posting("user:1", "user:2", 3)}, Final: true}))
				captured[i] += 3
			}
			assert.NoError(f, err)
		}
	})
	total := int64(0)
	for _, n := range captured {
		total += n
	}
	f.stands("user:1", 100-total, 100-total)
	f.stands("user:2", total, total)
}

func testTakeTurns(a, b *fixture) {
	a.fund("user:1", 100)
	posted := int64(100)
	for i := range 20 {
		f, g := a, b
		if i%2 == 1 {
			f, g = b, a
		}
		// Each knows the account from its own last block, which is no longer the last.
		f.do(transfer("user:1", "user:2", 3))
		posted -= 3
		g.stands("user:1", posted, posted)
		g.refuses(changeOf(numbered("too much", i), transfer("user:1", "user:2", posted+1)), ledger.InsufficientFunds)
		f.do(reserve(numbered("h", i), posting("user:1", "user:2", posted)))
		g.refuses(changeOf(numbered("reserved", i), transfer("user:1", "user:2", 1)), ledger.InsufficientFunds)
		g.do(ledger.Void{Hold: numbered("h", i)})
		g.must(ledger.Change{ID: numbered("put", i), Puts: []ledger.Put{{Type: "t", ID: "id"}}, Expects: []ledger.Expect{{Type: "t", ID: "id", Version: int64(i)}}})
		out, err := f.commit(ledger.Change{ID: numbered("put", i), Puts: []ledger.Put{{Type: "t", ID: "id"}}})
		require.NoError(f, err)
		assert.True(f, out.Replayed)
	}
	a.clean()
}

func testSharedID(a, b *fixture) {
	a.fund("user:1", 100)
	const callers = 20
	outs, errs := make([]ledger.Outcome, callers), make([]error, callers)
	together(callers, func(i int) {
		f := a
		if i%2 == 1 {
			f = b
		}
		outs[i], errs[i] = f.commit(payOne(0))
	})
	firsts := 0
	for i := range outs {
		require.NoError(a, errs[i])
		assert.Equal(a, outs[0].Seq, outs[i].Seq)
		if !outs[i].Replayed {
			firsts++
		}
	}
	assert.Equal(a, 1, firsts)
	b.stands("user:2", 1, 1)
}

func testSharedCounter(a, b *fixture) {
	const callers, each = 8, 4
	together(callers, func(i int) {
		f := a
		if i%2 == 1 {
			f = b
		}
		for j := range each {
			_, err := f.Do(f.ctx, fmt.Sprintf("count-%d-%d", i, j), nil, func(d *ledger.Draft) error {
				_, _ = d.Get("counter", "c")
				d.Put(ledger.Put{Type: "counter", ID: "c"})
				return nil
			})
			assert.NoError(f, err)
		}
	})
	assert.EqualValues(a, callers*each, a.record("counter", "c").Version)
	assert.EqualValues(b, callers*each, b.record("counter", "c").Version)
}
