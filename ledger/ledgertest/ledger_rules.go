package ledgertest

import (
	"math"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// rulePromises are about what an account allows, and how that is changed.
var rulePromises = []promise{
	{"A frozen direction refuses, the other one does not", testFreeze},
	{"A freeze in both directions ends by a Freeze of neither", testThaw},
	{"A closed account refuses everything but voids and expiries, until it is reopened", testClose},
	{"Closing what is closed and reopening what is open are refused", testCloseTwice},
	{"Limits are changed from now on and count holds", testNewLimits},
	{"What rules say survives a restart and is the same on another process", testRulesRemain},
	{"A refusal by a frozen or closed account pins the id", testRulesPin},
	{"A Require holds at its place in the Change and is refused by what is missing", testRequire},
	{"A Require of an account that was never used finds nothing there", testRequireNothing},
	{"What is refused leaves an account's rules as they were", testRulesRollBack},
}

// upToPromises are about postings that move what is there.
var upToPromises = []promise{
	{"Up to what the debit account has, and not more than the amount", testUpToDebit},
	{"Up to what the credit account takes", testUpToCredit},
	{"Up to both is the lesser of the two", testUpToBoth},
	{"Up to nothing moves nothing and is a transaction all the same", testUpToNothing},
	{"The other side's limit refuses what the bound side would give", testUpToRefused},
	{"What is held can not be moved by up to", testUpToHeld},
	{"Each posting of a transaction sees what those before it moved", testUpToWaterfall},
	{"A hold reserves up to what is there", testUpToHold},
}

// reversalPromises are about reversals and dry runs.
var reversalPromises = []promise{
	{"A reversal mirrors every posting and names what it reverses", testReverse},
	{"A transaction is reversed once", testReverseTwice},
	{"A reversal respects funds unless it is forced", testReverseFunds},
	{"A forced reversal still respects frozen and closed accounts", testReverseFrozen},
	{"A transaction that is not there can not be reversed, and the id is pinned", testReverseUnknown},
	{"A transaction is reversed in the Change that made it, and a reversal can be reversed", testReverseReversal},
	{"Reversals of one transaction that meet in a block post its mirror once", testReverseAtOnce},
	{"A capture is reversed like any transaction", testReverseCapture},
	{"A dated reversal counts at its date", testReverseDated},
	{"A dated reversal of what the same block posted follows the dated entries before it", testReverseDatedHere},
	{"A dry run tells what would happen and changes nothing", testDryRun},
	{"A dry run of what would be refused says so and pins nothing", testDryRunRefused},
}

func cnyCurrency() money.Currency { return money.MustISO("CNY") }

func frozen(account string, debits, credits bool) ledger.Freeze {
	return ledger.Freeze{Account: account, Currency: cnyCurrency(), Debits: debits, Credits: credits}
}

func testFreeze(f *fixture) {
	f.fund("user:1", 100)
	f.do(frozen("user:1", true, false))
	refusal := f.refuses(changeOf("", transfer("user:1", "user:2", 1)), ledger.AccountFrozen)
	assert.Equal(f, cny("user:1"), refusal.Account)
	f.refuses(changeOf("", reserve("h", posting("user:1", "user:2", 1))), ledger.AccountFrozen)
	f.do(transfer("bank:1", "user:1", 1))
	f.do(frozen("user:1", false, true))
	f.refuses(changeOf("", transfer("bank:1", "user:1", 1)), ledger.AccountFrozen)
	f.do(transfer("user:1", "user:2", 1))
	f.stands("user:1", 100, 100)
}

func testThaw(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 10)), reserve("g", posting("user:1", "user:2", 10)))
	f.do(frozen("user:1", true, true))
	f.refuses(changeOf("", capture("h")), ledger.AccountFrozen)
	f.do(ledger.Void{Hold: "g"})
	f.do(frozen("user:1", false, false))
	f.do(capture("h"))
	f.stands("user:1", 90, 90)
}

func testClose(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 10)))
	hold := reserve("due", posting("user:1", "user:2", 10))
	hold.Expires = startTime.Add(time.Hour)
	f.do(hold)
	f.do(ledger.Close{Account: "user:1", Currency: cnyCurrency()})
	f.refuses(changeOf("", transfer("user:1", "user:2", 1)), ledger.AccountClosed)
	f.refuses(changeOf("", transfer("bank:1", "user:1", 1)), ledger.AccountClosed)
	f.refuses(changeOf("", capture("h")), ledger.AccountClosed)
	f.do(ledger.Void{Hold: "h"})
	f.clock.advance(time.Hour)
	f.pending("user:1", 0, 0)
	f.do(ledger.Reopen{Account: "user:1", Currency: cnyCurrency()})
	f.do(transfer("user:1", "user:2", 100))
	f.stands("user:1", 0, 0)
}

func testCloseTwice(f *fixture) {
	f.fund("user:1", 1)
	f.refuses(changeOf("", ledger.Reopen{Account: "user:1", Currency: cnyCurrency()}), ledger.AccountOpen)
	f.do(ledger.Close{Account: "user:1", Currency: cnyCurrency()})
	f.refuses(changeOf("", ledger.Close{Account: "user:1", Currency: cnyCurrency()}), ledger.AccountClosed)
	f.do(ledger.Close{Account: "user:never", Currency: cnyCurrency()})
	f.refuses(changeOf("", transfer("bank:1", "user:never", 1)), ledger.AccountClosed)
}

func testNewLimits(f *fixture) {
	f.fund("user:1", 100)
	f.do(ledger.Limits{Account: "user:1", Currency: cnyCurrency(), Min: ledger.Limit(-50), Max: ledger.Limit(120)})
	f.do(reserve("h", posting("user:1", "user:2", 140)))
	f.stands("user:1", 100, -40)
	short := f.refuses(changeOf("", transfer("user:1", "user:2", 11)), ledger.InsufficientFunds).Short
	assert.EqualValues(f, 1, short)
	f.do(transfer("user:1", "user:2", 10))
	f.do(ledger.Void{Hold: "h"})
	f.do(transfer("bank:1", "user:1", 30))
	assert.EqualValues(f, 1, f.refuses(changeOf("", transfer("bank:1", "user:1", 1)), ledger.LimitExceeded).Short)
	b := f.balance("user:1")
	assert.EqualValues(f, -50, *b.Min)
	assert.EqualValues(f, 120, *b.Max)
	// What stands outside of new limits stays, and may move towards them.
	f.do(ledger.Limits{Account: "user:1", Currency: cnyCurrency(), Max: ledger.Limit(0)})
	f.do(transfer("user:1", "user:2", 1))
	f.refuses(changeOf("", transfer("bank:1", "user:1", 1)), ledger.LimitExceeded)
	f.stands("user:1", 119, 119)
}

func testRulesRemain(f *fixture) {
	f.fund("user:1", 100)
	f.do(frozen("user:1", true, false), ledger.Limits{Account: "user:2", Currency: cnyCurrency(), Max: ledger.Limit(5)})
	f.do(ledger.Close{Account: "user:3", Currency: cnyCurrency()})
	other := f.beside(f.store)
	for range 2 {
		for _, g := range []*fixture{f, other} {
			g.refuses(changeOf("", transfer("user:1", "user:2", 1)), ledger.AccountFrozen)
			g.refuses(changeOf("", transfer("bank:1", "user:2", 6)), ledger.LimitExceeded)
			g.refuses(changeOf("", transfer("bank:1", "user:3", 1)), ledger.AccountClosed)
		}
		f.reopen()
	}
}

func testRulesPin(f *fixture) {
	f.fund("user:1", 100)
	f.do(frozen("user:1", true, false))
	f.refuses(changeOf("frozen", transfer("user:1", "user:2", 1)), ledger.AccountFrozen)
	f.do(frozen("user:1", false, false), ledger.Close{Account: "user:2", Currency: cnyCurrency()})
	f.refuses(changeOf("closed", transfer("user:1", "user:2", 1)), ledger.AccountClosed)
	f.do(ledger.Reopen{Account: "user:2", Currency: cnyCurrency()})
	for id, reason := range map[string]ledger.Reason{"frozen": ledger.AccountFrozen, "closed": ledger.AccountClosed} {
		out, err := f.commit(changeOf(id, transfer("user:1", "user:2", 1)))
		f.refused(err, reason)
		assert.True(f, out.Replayed)
	}
	f.stands("user:1", 100, 100)
}

func requires(account string, least, most *int64) ledger.Require {
	return ledger.Require{Account: account, Currency: cnyCurrency(), AtLeast: least, AtMost: most}
}

func testRequire(f *fixture) {
	f.fund("user:1", 100)
	f.do(requires("user:1", ledger.Limit(100), ledger.Limit(100)), transfer("user:1", "user:2", 60), requires("user:1", ledger.Limit(40), nil))
	refusal := f.refuses(changeOf("pinned", requires("user:1", ledger.Limit(50), nil), transfer("user:1", "user:2", 1)), ledger.ConditionFailed)
	assert.Equal(f, ledger.Refusal{Reason: ledger.ConditionFailed, Account: cny("user:1"), Short: 10}, refusal)
	assert.EqualValues(f, 7, f.refuses(changeOf("", requires("user:1", nil, ledger.Limit(33))), ledger.ConditionFailed).Short)
	f.do(reserve("h", posting("user:1", "user:2", 40)))
	f.refuses(changeOf("", requires("user:1", ledger.Limit(1), nil)), ledger.ConditionFailed)
	f.fund("user:1", 1000)
	out, err := f.commit(changeOf("pinned", requires("user:1", ledger.Limit(50), nil), transfer("user:1", "user:2", 1)))
	f.refused(err, ledger.ConditionFailed)
	assert.True(f, out.Replayed)
	// A debit-normal account is asked on its own side.
	f.do(transfer("bank:7", "user:1", 5), requires("bank:7", ledger.Limit(5), ledger.Limit(5)))
}

func testRequireNothing(f *fixture) {
	f.do(requires("user:nobody", ledger.Limit(0), ledger.Limit(0)))
	f.refuses(changeOf("", requires("user:nobody", ledger.Limit(1), nil)), ledger.ConditionFailed)
	f.refuses(changeOf("", requires("nowhere", ledger.Limit(0), nil)), ledger.AccountNotAllowed)
}

func testRulesRollBack(f *fixture) {
	f.fund("user:1", 100)
	f.refuses(changeOf("", frozen("user:1", true, true),
		ledger.Limits{Account: "user:1", Currency: cnyCurrency(), Min: ledger.Limit(-1000)},
		ledger.Close{Account: "user:9", Currency: cnyCurrency()},
		requires("user:1", ledger.Limit(1000), nil)), ledger.ConditionFailed)
	f.do(transfer("user:1", "user:9", 100))
	f.refuses(changeOf("", transfer("user:1", "user:9", 1)), ledger.InsufficientFunds)
}

// upTo is a transfer in CNY of what is there.
func upTo(debit, credit string, minor int64, bound ledger.UpTo) ledger.Transaction {
	p := posting(debit, credit, minor)
	p.UpTo = bound
	return ledger.Transaction{Postings: []ledger.Posting{p}}
}

func testUpToDebit(f *fixture) {
	f.fund("user:1", 70)
	f.do(upTo("user:1", "user:2", 50, ledger.UpToDebit))
	f.stands("user:1", 20, 20)
	f.do(upTo("user:1", "user:2", math.MaxInt64, ledger.UpToDebit))
	f.stands("user:1", 0, 0)
	f.stands("user:2", 70, 70)
	f.do(upTo("overdraft:1", "user:2", 1000, ledger.UpToDebit))
	f.stands("overdraft:1", -500, -500)
	// Without a limit on that side it goes to zero; a debit-normal account has its maximum.
	f.do(transfer("bank:1", "free:1", 30), upTo("free:1", "user:2", 1000, ledger.UpToDebit))
	f.stands("free:1", 0, 0)
	f.do(upTo("vault:1", "user:2", 5000, ledger.UpToDebit))
	f.stands("vault:1", 1000, 1000)
}

func testUpToCredit(f *fixture) {
	f.do(upTo("bank:1", "user:1:capped", 5000, ledger.UpToCredit))
	f.stands("user:1:capped", 1000, 1000)
	f.do(transfer("free:1", "free:2", 40), upTo("bank:1", "free:1", 5000, ledger.UpToCredit))
	f.stands("free:1", 0, 0)
	f.do(transfer("vault:1", "free:3", 300), upTo("free:3", "vault:1", 5000, ledger.UpToCredit))
	f.stands("vault:1", 0, 0)
}

func testUpToBoth(f *fixture) {
	f.fund("user:1", 100)
	f.do(transfer("bank:1", "user:1:capped", 970), upTo("user:1", "user:1:capped", 50, ledger.UpToDebit|ledger.UpToCredit))
	f.stands("user:1", 70, 70)
	f.do(upTo("user:1", "user:1:capped", 50, ledger.UpToDebit|ledger.UpToCredit))
	f.stands("user:1", 70, 70)
}

func testUpToNothing(f *fixture) {
	f.fund("user:2", 1)
	out := f.do(upTo("user:1", "user:2", 50, ledger.UpToDebit))
	assert.Equal(f, 1, out.Transactions)
	f.stands("user:1", 0, 0)
}

func testUpToRefused(f *fixture) {
	f.fund("user:1", 4)
	f.do(transfer("free:1", "free:2", 5))
	f.refuses(changeOf("", upTo("user:1", "free:1", 10, ledger.UpToCredit)), ledger.InsufficientFunds)
	f.do(upTo("user:1", "free:1", 10, ledger.UpToDebit))
	f.stands("free:1", -1, -1)
}

func testUpToHeld(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60)))
	f.do(upTo("user:1", "user:2", 100, ledger.UpToDebit))
	f.stands("user:1", 60, 0)
	f.do(reserve("g", posting("bank:1", "user:1:capped", 900)), upTo("bank:1", "user:1:capped", 500, ledger.UpToCredit))
	f.stands("user:1:capped", 100, 100)
}

func testUpToWaterfall(f *fixture) {
	for account, minor := range map[string]int64{"user:1": 40, "user:2": 40, "user:3": 40} {
		f.fund(account, minor)
	}
	var postings []ledger.Posting
	for _, account := range []string{"user:1", "user:2", "user:3"} {
		p := posting(account, "free:pot", 1000)
		p.UpTo = ledger.UpToDebit | ledger.UpToCredit
		postings = append(postings, p)
	}
	// The pot is owed 100: it takes 40, 40 and the 20 that are left.
	f.do(transfer("free:pot", "free:shop", 100), ledger.Transaction{Postings: postings})
	f.stands("free:pot", 0, 0)
	f.stands("user:3", 20, 20)
}

func testUpToHold(f *fixture) {
	f.fund("user:1", 30)
	p := posting("user:1", "user:2", 100)
	p.UpTo = ledger.UpToDebit
	f.do(reserve("h", p))
	f.holdIs("h", ledger.HoldOpen, 30)
	f.stands("user:1", 30, 0)
	p = posting("user:1", "user:2", 10)
	p.UpTo = ledger.UpToDebit
	_, err := f.commit(changeOf("", ledger.Capture{Hold: "h", Postings: []ledger.Posting{p}}))
	require.ErrorIs(f, err, ledger.ErrInvalid)
}

func testReverse(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(ledger.Transaction{Postings: []ledger.Posting{posting("user:1", "user:2", 30), posting("user:2", "user:3", 10)}})
	back := f.must(changeOf("back", ledger.Reverse{Transaction: out.First, Reference: "why", Metadata: map[string]string{"a": "b"}}))
	assert.Equal(f, 1, back.Transactions)
	f.stands("user:1", 100, 100)
	f.stands("user:2", 0, 0)
	f.stands("user:3", 0, 0)
	entries, err := f.Statement(f.ctx, cny("user:2"), ledger.Page{})
	require.NoError(f, err)
	var amounts []int64
	for _, e := range entries {
		amounts = append(amounts, e.Amount.Minor())
	}
	assert.Equal(f, []int64{30, -10, 10, -30}, amounts, "the last posting first")
	assert.Equal(f, "why", entries[3].Reference)
	f.view(func(v ledger.View) {
		reversals, err := v.Reversals(f.ctx, []int64{out.First, back.First})
		require.NoError(f, err)
		assert.Equal(f, map[int64]int64{out.First: back.First}, reversals)
	})
}

func testReverseTwice(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(transfer("user:1", "user:2", 30))
	f.must(changeOf("back", ledger.Reverse{Transaction: out.First}))
	refusal := f.refuses(changeOf("", ledger.Reverse{Transaction: out.First, Force: true}), ledger.AlreadyReversed)
	assert.Equal(f, out.First, refusal.Transaction)
	replay, err := f.commit(changeOf("back", ledger.Reverse{Transaction: out.First}))
	require.NoError(f, err)
	assert.True(f, replay.Replayed)
	f.stands("user:1", 100, 100)
}

func testReverseFunds(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(transfer("user:1", "user:2", 100))
	f.do(transfer("user:2", "user:3", 100))
	f.refuses(changeOf("", ledger.Reverse{Transaction: out.First}), ledger.InsufficientFunds)
	f.do(ledger.Reverse{Transaction: out.First, Force: true})
	f.stands("user:2", -100, -100)
}

func testReverseFrozen(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(transfer("user:1", "user:2", 100))
	f.do(frozen("user:2", true, false))
	f.refuses(changeOf("", ledger.Reverse{Transaction: out.First, Force: true}), ledger.AccountFrozen)
	f.do(frozen("user:2", false, false), ledger.Close{Account: "user:1", Currency: cnyCurrency()})
	f.refuses(changeOf("", ledger.Reverse{Transaction: out.First, Force: true}), ledger.AccountClosed)
}

func testReverseUnknown(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(ledger.Transaction{Postings: []ledger.Posting{posting("user:1", "user:2", 1), posting("user:1", "user:3", 1)}})
	second := out.First + 1 // a posting, but not a transaction
	f.refuses(changeOf("second", ledger.Reverse{Transaction: second}), ledger.TransactionUnknown)
	f.refuses(changeOf("later", ledger.Reverse{Transaction: second + 1}), ledger.TransactionUnknown)
	f.do(transfer("user:1", "user:2", 1))
	replay, err := f.commit(changeOf("later", ledger.Reverse{Transaction: second + 1}))
	f.refused(err, ledger.TransactionUnknown)
	assert.True(f, replay.Replayed)
	_, err = f.commit(changeOf("", ledger.Reverse{}))
	require.ErrorIs(f, err, ledger.ErrInvalid)
}

func testReverseReversal(f *fixture) {
	f.fund("user:1", 100) // posting 1
	f.do(transfer("user:1", "user:2", 30), ledger.Reverse{Transaction: 2}, ledger.Reverse{Transaction: 3})
	f.stands("user:2", 30, 30)
	f.refuses(changeOf("", ledger.Reverse{Transaction: 2}), ledger.AlreadyReversed)
	f.do(ledger.Reverse{Transaction: 4})
	f.stands("user:2", 0, 0)
}

func testReverseCapture(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60)))
	out := f.do(capture("h"))
	f.do(ledger.Reverse{Transaction: out.First})
	f.stands("user:1", 100, 100)
	f.holdIs("h", ledger.HoldIsCaptured, 0)
}

func testReverseAtOnce(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(transfer("user:1", "user:2", 30))
	reversal := changeOf("a", ledger.Reverse{Transaction: out.First})
	outs, errs := f.all(reversal, changeOf("b", ledger.Reverse{Transaction: out.First}), reversal)
	require.NoError(f, errs[0])
	f.refused(errs[1], ledger.AlreadyReversed)
	require.NoError(f, errs[2])
	assert.True(f, outs[2].Replayed)
	f.stands("user:1", 100, 100)
	f.view(func(v ledger.View) {
		rows, err := v.Postings(f.ctx, out.First, 10)
		require.NoError(f, err)
		assert.Len(f, rows, 1)
	})
}

func testReverseDatedHere(f *fixture) {
	at := startTime.AddDate(0, -1, 0)
	f.do(ledger.Transaction{Postings: []ledger.Posting{posting("bank:funding", "user:1", 100)}, Effective: at})
	f.reopen() // what the reversal needs is loaded
	f.do(transfer("user:1", "user:2", 30), ledger.Reverse{Transaction: 2, Effective: at})
	f.view(func(v ledger.View) {
		a, err := v.Account(f.ctx, cny("user:1"))
		require.NoError(f, err)
		last, err := v.LastDated(f.ctx, a.No)
		require.NoError(f, err)
		assert.Equal(f, ledger.DatedRow{Account: a.No, Nth: 2, Entry: 3, Posting: 3, Effective: at, Sum: 130, Turnover: 130}, last)
	})
}

func testReverseDated(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(transfer("user:1", "user:2", 60))
	at := startTime.AddDate(0, -1, 0)
	f.reopen() // what the reversal needs is loaded
	f.do(ledger.Reverse{Transaction: out.First, Effective: at})
	f.view(func(v ledger.View) {
		a, err := v.Account(f.ctx, cny("user:1"))
		require.NoError(f, err)
		last, err := v.LastDated(f.ctx, a.No)
		require.NoError(f, err)
		assert.Equal(f, ledger.DatedRow{Account: a.No, Nth: 1, Entry: 3, Posting: 3, Effective: at, Sum: 60, Turnover: 60}, last)
	})
}

func testDryRun(f *fixture) {
	f.fund("user:1", 100)
	f.nothingHappens(func() {
		preview, err := f.DryRun(f.ctx, changeOf("id", upTo("user:1", "user:2", 500, ledger.UpToDebit)))
		require.NoError(f, err)
		assert.EqualValues(f, 2, preview.First)
		require.Len(f, preview.Postings, 1)
		assert.Equal(f, ledger.Movement{
			Debit: cny("user:1"), Credit: cny("user:2"), Amount: yuan(100), DebitAfter: yuan(0), CreditAfter: yuan(100), Effective: startTime,
		}, preview.Postings[0])
	})
	out := f.must(changeOf("id", transfer("user:1", "user:2", 7)))
	assert.False(f, out.Replayed, "the id stayed free")
	preview, err := f.DryRun(f.ctx, changeOf("id", transfer("user:1", "user:2", 7)))
	require.NoError(f, err)
	assert.True(f, preview.Replayed)
	assert.Empty(f, preview.Postings)
}

func testDryRunRefused(f *fixture) {
	f.fund("user:1", 100)
	f.nothingHappens(func() {
		_, err := f.DryRun(f.ctx, changeOf("id", transfer("user:1", "user:2", 101)))
		assert.EqualValues(f, 1, f.refused(err, ledger.InsufficientFunds).Short)
		_, err = f.DryRun(f.ctx, ledger.Change{ID: "\x00"})
		require.ErrorIs(f, err, ledger.ErrInvalid)
	})
	f.fund("user:1", 1)
	f.must(changeOf("id", transfer("user:1", "user:2", 101)))
}
