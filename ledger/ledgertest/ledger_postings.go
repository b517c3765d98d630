package ledgertest

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// postingPromises are about transactions.
var postingPromises = []promise{
	{"A posting takes from the debit account and gives to the credit account", testPosting},
	{"Money may pass through an empty account within one transaction, and only within one", testPassThrough},
	{"One Change may move several currencies, each on accounts of its own", testCurrencies},
	{"A zero amount is posted and moves nothing", testZeroAmount},
	{"A balance that does not fit into 64 bits is refused, to the unit", testOverflow},
	{"The total of debits outgrows 64 bits", testTurnover},
	{"An account that the chart does not name is refused, and so is a currency it does not list", testChart},
	{"A currency keeps the scale it was first used with", testScale},
	{"An account keeps the rules it was opened with", testRulesStay},
	{"The first operation that is refused undoes the whole Change", testWhole},
	{"Transactions are numbered without gap, refused ones leave none", testTransactionNumbers},
	{"A transaction keeps its effective time, reference and metadata", testTransactionFacts},
}

func testPosting(f *fixture) {
	f.do(transfer("bank:1", "user:1", 1000))
	f.do(transfer("user:1", "user:2", 1))
	f.stands("user:1", 999, 999)
	f.stands("user:2", 1, 1)
	f.stands("bank:1", 1000, 1000)
	b := f.balance("user:1")
	assert.Equal(f, cny("user:1"), b.Account)
	assert.Equal(f, ledger.Credit, b.Normal)
	assert.Equal(f, "0.01", b.Debits.String(), "debits in major units")
	assert.Equal(f, "10", b.Credits.String(), "credits in major units")
	assert.EqualValues(f, 2, b.Entries)
	assert.Equal(f, ledger.Limit(0), b.Min)
	assert.Nil(f, b.Max)
	bank := f.balance("bank:1")
	assert.Equal(f, ledger.Debit, bank.Normal, "a bank grows by debits")
	assert.Equal(f, "10", bank.Debits.String())
	assert.Equal(f, "0", bank.Credits.String())
}

func testPassThrough(f *fixture) {
	f.fund("user:1", 100)
	f.do(ledger.Transaction{Postings: []ledger.Posting{
		posting("user:2", "user:3", 100), // user:2 has nothing yet
		posting("user:1", "user:2", 100),
	}})
	f.stands("user:2", 0, 0)
	f.stands("user:3", 100, 100)
	assert.EqualValues(f, 2, f.balance("user:2").Entries, "both postings are entries")

	refusal := f.refuses(changeOf("two", transfer("user:2", "user:1", 100), transfer("user:3", "user:2", 100)), ledger.InsufficientFunds)
	assert.Equal(f, cny("user:2"), refusal.Account, "limits hold after each operation")
	f.stands("user:3", 100, 100)
}

func testCurrencies(f *fixture) {
	yen, euro := currency("JPY"), currency("EUR")
	f.do(
		ledger.Transaction{Postings: []ledger.Posting{
			posting("bank:1", "user:1", 500),
			{Debit: "bank:1", Credit: "user:1", Amount: money.New(70, yen)},
		}},
		ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank:1", Credit: "user:1", Amount: money.New(3, euro)}}},
	)
	f.stands("user:1", 500, 500)
	for _, want := range []money.Amount{money.New(70, yen), money.New(3, euro)} {
		b, err := f.Balance(f.ctx, ledger.AccountKey{Name: "user:1", Currency: want.Currency().Code()})
		require.NoError(f, err)
		assert.Equal(f, want, b.Posted)
		assert.EqualValues(f, 1, b.Entries)
	}
	yens, err := f.Balance(f.ctx, ledger.AccountKey{Name: "bank:1", Currency: "JPY"})
	require.NoError(f, err)
	assert.Equal(f, "70", yens.Debits.String(), "a currency without decimals")
}

func testZeroAmount(f *fixture) {
	out := f.do(transfer("user:1", "user:2", 0))
	assert.Equal(f, 1, out.Transactions)
	f.stands("user:1", 0, 0)
	assert.EqualValues(f, 1, f.balance("user:1").Entries)
	entries, err := f.Statement(f.ctx, cny("user:2"), ledger.Page{})
	require.NoError(f, err)
	require.Len(f, entries, 1)
	assert.True(f, entries[0].Amount.IsZero())
}

func testOverflow(f *fixture) {
	const most = math.MaxInt64
	hold := func(id, debit, credit string, minor int64) ledger.Hold {
		return ledger.Hold{ID: id, Postings: []ledger.Posting{posting(debit, credit, minor)}}
	}
	rows := []struct {
		name   string
		before []ledger.Op
		op     ledger.Op
		at     string // the account that overflows, "" if none does
	}{
		{"the largest balance is reached", []ledger.Op{transfer("free:a", "free:b", most-1)}, transfer("free:a", "free:b", 1), ""},
		{"one more is too much", []ledger.Op{transfer("free:a", "free:b", most)}, transfer("free:c", "free:b", 1), "free:b"},
		{"the smallest balance is reached", []ledger.Op{transfer("free:a", "free:b", most)}, transfer("free:a", "free:c", 1), ""},
		{"one less is too little", []ledger.Op{transfer("free:a", "free:b", most), transfer("free:a", "free:c", 1)}, transfer("free:a", "free:d", 1), "free:a"},
		{"a bank's largest balance is reached", []ledger.Op{transfer("bank:a", "free:b", most)}, transfer("bank:a", "free:c", 0), ""},
		{"a bank's balance is refused where its opposite does not fit", []ledger.Op{transfer("bank:a", "free:b", most)}, transfer("bank:a", "free:c", 1), "bank:a"},
		{"pending debits do not fit", []ledger.Op{hold("h", "free:a", "free:b", most)}, hold("i", "free:a", "free:c", 1), "free:a"},
		{"pending credits do not fit", []ledger.Op{hold("h", "free:a", "free:b", most)}, hold("i", "free:c", "free:b", 1), "free:b"},
		{"what could still be spent does not fit", []ledger.Op{transfer("free:a", "free:b", most)}, hold("h", "free:a", "free:c", 2), "free:a"},
		{"what could still come does not fit", []ledger.Op{transfer("free:a", "free:b", most)}, hold("h", "free:c", "free:b", 1), "free:b"},
		{"the largest hold", nil, hold("h", "free:a", "free:b", most), ""},
	}
	for _, row := range rows {
		f.Run(row.name, func(t *testing.T) {
			g := f.another(t)
			if len(row.before) > 0 {
				g.do(row.before...)
			}
			if row.at == "" {
				g.do(row.op)
				return
			}
			refusal := g.refuses(changeOf("too much", row.op), ledger.BalanceOverflow)
			assert.Equal(t, cny(row.at), refusal.Account)
		})
	}
}

func testTurnover(f *fixture) {
	const most = math.MaxInt64
	for range 3 {
		f.do(transfer("free:a", "free:b", most), transfer("free:b", "free:a", most))
	}
	f.do(transfer("free:a", "free:b", 7))
	a := f.balance("free:a")
	// 3 × 9,223,372,036,854,775,807 and 7 minor units.
	assert.Equal(f, "276701161105643274.28", a.Debits.String())
	assert.Equal(f, "276701161105643274.21", a.Credits.String())
	f.stands("free:a", -7, -7)
	f.reopen()
	assert.Equal(f, a, f.balance("free:a"), "the total is kept in all its bits")
}

func testChart(f *fixture) {
	euros := ledger.Transaction{Postings: []ledger.Posting{{Debit: "yuan:1", Credit: "free:1", Amount: money.New(1, currency("EUR"))}}}
	f.nothingHappens(func() {
		for account, op := range map[string]ledger.Op{
			"stranger":   transfer("bank:1", "stranger", 1),
			"bank:1:2":   transfer("bank:1:2", "user:1", 1),
			"user":       transfer("bank:1", "user", 1),
			"free":       transfer("free", "user:1", 1),
			"yuan:1":     euros,
			"Bank:upper": transfer("Bank:upper", "user:1", 1),
		} {
			refusal := f.refuses(changeOf("not on the chart "+account, op), ledger.AccountNotAllowed)
			assert.Equal(f, account, refusal.Account.Name)
		}
	})
	f.do(transfer("yuan:1", "free:1", 1))
	_, err := f.Balance(f.ctx, cny("stranger"))
	require.ErrorIs(f, err, ledger.ErrNotFound)
}

func testScale(f *fixture) {
	f.fund("user:1", 100)
	rescaled, err := money.NewCurrency("CNY", 3)
	require.NoError(f, err)
	op := ledger.Transaction{Postings: []ledger.Posting{{Debit: "user:1", Credit: "user:2", Amount: money.New(1, rescaled)}}}
	check := func() {
		f.Helper()
		f.nothingHappens(func() {
			refusal := f.refuses(changeOf("rescaled", op), ledger.ScaleChanged)
			assert.Equal(f, "CNY", refusal.Account.Currency)
		})
	}
	check()
	f.reopen()
	check()
	// A currency whose first use was refused has no scale yet.
	token2, err := money.NewCurrency("TOKEN", 2)
	require.NoError(f, err)
	token6, err := money.NewCurrency("TOKEN", 6)
	require.NoError(f, err)
	first := ledger.Transaction{Postings: []ledger.Posting{{Debit: "user:1", Credit: "user:2", Amount: money.New(1, token2)}}}
	f.refuses(changeOf("refused", first), ledger.InsufficientFunds)
	f.do(ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank:1", Credit: "user:2", Amount: money.New(1, token6)}}})
	b, err := f.Balance(f.ctx, ledger.AccountKey{Name: "user:2", Currency: "TOKEN"})
	require.NoError(f, err)
	assert.Equal(f, money.New(1, token6), b.Posted)
}

func testRulesStay(f *fixture) {
	f.fund("user:1", 100)
	f.reopen(func(c *ledger.Config) {
		c.Chart = ledger.Chart{{Name: "user:*", Min: ledger.Limit(-50), Max: ledger.Limit(10)}, {Name: "**"}}
	})
	f.refuses(changeOf("below", transfer("user:1", "shop", 101)), ledger.InsufficientFunds)
	f.do(transfer("bank:funding", "user:1", 100)) // the later maximum does not bind it
	f.do(transfer("user:2", "shop", 50))          // an account opened later has the later rules
	f.refuses(changeOf("below as well", transfer("user:2", "shop", 1)), ledger.InsufficientFunds)
	b := f.balance("user:1")
	assert.Equal(f, ledger.Limit(0), b.Min)
	assert.Nil(f, b.Max)
	assert.Equal(f, ledger.Debit, f.balance("bank:funding").Normal)
}

func testWhole(f *fixture) {
	f.fund("user:1", 100)
	before := f.headSeq()
	refusal := f.refuses(ledger.Change{
		ID: "half", Ops: []ledger.Op{
			transfer("user:1", "user:2", 60),
			ledger.Hold{ID: "half-hold", Postings: []ledger.Posting{posting("user:1", "user:3", 30)}},
			transfer("user:1", "user:4", 11),
		},
		Puts:   []ledger.Put{{Type: "note", ID: "half"}},
		Events: []ledger.Event{{Type: "half", Subject: "half"}},
	}, ledger.InsufficientFunds)
	assert.Equal(f, ledger.Refusal{Reason: ledger.InsufficientFunds, Account: cny("user:1"), Short: 1}, refusal)
	assert.Equal(f, before+1, f.headSeq(), "a block tells that the id was refused")
	f.stands("user:1", 100, 100)
	assert.EqualValues(f, 1, f.balance("user:1").Entries)
	_, err := f.FindHold(f.ctx, "half-hold")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	_, err = f.Record(f.ctx, "note", "half")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	assert.Empty(f, events)
	_, err = f.Statement(f.ctx, cny("user:2"), ledger.Page{})
	require.ErrorIs(f, err, ledger.ErrNotFound, "an account that was opened by a refused Change is not there")
}

func testTransactionNumbers(f *fixture) {
	first := f.do(transfer("bank:1", "user:1", 10), transfer("user:1", "user:2", 5))
	assert.EqualValues(f, 1, first.First)
	assert.Equal(f, 2, first.Transactions)
	refused, err := f.commit(changeOf("refused", transfer("user:1", "user:2", 1), transfer("user:1", "user:2", 100)))
	f.refused(err, ledger.InsufficientFunds)
	assert.Zero(f, refused.First)
	assert.Zero(f, refused.Transactions)
	reserved := f.do(ledger.Hold{ID: "h", Postings: []ledger.Posting{posting("user:1", "user:2", 1)}})
	assert.Zero(f, reserved.First, "a hold is no transaction")
	mixed := f.do(
		transfer("user:1", "user:2", 1),
		ledger.Capture{Hold: "h"},
		ledger.Transaction{Postings: []ledger.Posting{posting("user:2", "user:3", 1), posting("user:2", "user:4", 1)}},
	)
	assert.EqualValues(f, 3, mixed.First)
	assert.Equal(f, 3, mixed.Transactions, "captures count")
	entries, err := f.Statement(f.ctx, cny("user:2"), ledger.Page{})
	require.NoError(f, err)
	var postings, transactions []int64
	for _, e := range entries {
		postings, transactions = append(postings, e.Posting), append(transactions, e.Transaction)
	}
	assert.Equal(f, []int64{2, 3, 4, 5, 6}, postings, "postings are numbered without gap")
	assert.Equal(f, []int64{2, 3, 4, 5, 5}, transactions, "in the order of the operations")
}

func testTransactionFacts(f *fixture) {
	effective := startTime.AddDate(-1, 0, 0).Add(789) // nanoseconds are cut
	metadata := map[string]string{"order": "4711", "quote": `"<&>\` + "\u2028", "unicode": "汇率"}
	out := f.do(ledger.Transaction{
		Postings: []ledger.Posting{posting("bank:1", "user:1", 5)}, Effective: effective, Reference: "invoice-7 §", Metadata: metadata,
	})
	f.clock.advance(time.Hour)
	f.do(transfer("bank:1", "user:1", 6))
	entries, err := f.Statement(f.ctx, cny("user:1"), ledger.Page{})
	require.NoError(f, err)
	require.Len(f, entries, 2)
	e := entries[0]
	assert.Equal(f, startTime, e.Time)
	assert.Equal(f, startTime.AddDate(-1, 0, 0), e.Effective)
	assert.Equal(f, "invoice-7 §", e.Reference)
	assert.Equal(f, metadata, e.Metadata)
	assert.Equal(f, out.ID, e.Change)
	assert.Equal(f, out.Seq, e.Seq)
	assert.Equal(f, cny("bank:1"), e.Other)
	assert.Equal(f, entries[1].Time, entries[1].Effective, "without an effective time the recorded one counts")
	assert.Nil(f, entries[1].Metadata)
}
