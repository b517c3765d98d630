package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// holdPromises are about placing and voiding holds.
var holdPromises = []promise{
	{"A hold reserves, and what it will bring cannot be spent", testHold},
	{"A void gives back what the hold still reserves", testVoid},
	{"A hold's id is never used twice, whatever became of the hold", testHoldReuse},
	{"A hold reserves all of its postings or none", testHoldWhole},
	{"A hold of zero reserves nothing and is captured like any other", testZeroHold},
	{"A hold may be placed and ended within one Change", testHoldWithinChange},
	{"Capture and Void say what became of the hold", testHoldEnded},
}

// capturePromises are about captures.
var capturePromises = []promise{
	{"A capture without postings takes the rest of the hold's own", testCaptureWhole},
	{"A hold is captured in parts until nothing is left", testCaptureParts},
	{"A capture names its own credits up to the reserve", testCaptureSplit},
	{"A final capture releases what was not captured", testCaptureFinal},
	{"A capture of more than is reserved is refused, to the unit", testCaptureExceeded},
	{"Legs of one debit account are drawn in their order", testCaptureLegs},
	{"A hold in several currencies is captured in each", testCaptureCurrencies},
}

// reserve is a hold in CNY.
func reserve(id string, postings ...ledger.Posting) ledger.Hold {
	return ledger.Hold{ID: id, Postings: postings}
}

// capture is a capture in CNY.
func capture(hold string, postings ...ledger.Posting) ledger.Capture {
	return ledger.Capture{Hold: hold, Postings: postings}
}

// holdIs demands the state of a hold and what each of its legs still reserves.
func (f *fixture) holdIs(id string, status ledger.HoldStatus, rest ...int64) {
	f.Helper()
	h, err := f.FindHold(f.ctx, id)
	require.NoError(f, err, "FindHold of %s", id)
	assert.Equal(f, status, h.Status, "status of %s", id)
	var got []int64
	for _, amount := range h.Rest {
		got = append(got, amount.Minor())
	}
	assert.Equal(f, rest, got, "rest of %s", id)
}

func testHold(f *fixture) {
	f.fund("user:1", 100)
	expires := startTime.AddDate(0, 0, 1)
	f.do(ledger.Hold{
		ID: "h", Postings: []ledger.Posting{posting("user:1", "user:2", 60)}, Expires: expires.Add(999),
		Reference: "order-1", Metadata: map[string]string{"a": "b"},
	})
	f.stands("user:1", 100, 40)
	f.pending("user:1", 0, 60)
	f.stands("user:2", 0, 0)
	f.pending("user:2", 60, 0)
	assert.Zero(f, f.balance("user:2").Entries, "a hold is no entry")
	h, err := f.FindHold(f.ctx, "h")
	require.NoError(f, err)
	assert.Equal(f, ledger.Reservation{
		ID: "h", Status: ledger.HoldOpen, Expires: expires, Reference: "order-1", Rest: []money.Amount{yuan(60)},
	}, h, "the expiry is cut to microseconds")
	f.refuses(changeOf("from what is to come", transfer("user:2", "user:3", 1)), ledger.InsufficientFunds)

	// On the normal side of a bank, a pending debit is what will come.
	f.do(reserve("from bank", posting("bank:1", "user:3", 5)))
	f.pending("bank:1", 5, 0)
	f.stands("bank:1", 0, 0)
	_, err = f.FindHold(f.ctx, "another")
	require.ErrorIs(f, err, ledger.ErrNotFound)
}

func testVoid(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60), posting("user:1", "user:3", 40)))
	f.stands("user:1", 100, 0)
	f.do(capture("h", posting("user:1", "user:2", 10)))
	f.do(ledger.Void{Hold: "h"})
	f.stands("user:1", 90, 90)
	f.pending("user:1", 0, 0)
	f.pending("user:2", 0, 0)
	f.pending("user:3", 0, 0)
	f.holdIs("h", ledger.HoldIsVoided, 0, 0)
	f.stands("user:2", 10, 10)
}

func testHoldReuse(f *fixture) {
	f.fund("user:1", 100)
	again := reserve("h", posting("user:1", "user:2", 1))
	check := func(name string) {
		f.Helper()
		refusal := f.refuses(changeOf(name, again), ledger.HoldExists)
		assert.Equal(f, "h", refusal.Hold)
	}
	f.do(again)
	check("while it is open")
	f.do(ledger.Void{Hold: "h"})
	check("after it was voided")
	f.refuses(changeOf("twice in one Change", reserve("i", posting("user:1", "user:2", 1)), reserve("i", posting("user:1", "user:2", 1))), ledger.HoldExists)
	f.do(reserve("i", posting("user:1", "user:2", 1))) // the refused Change left no hold
	f.holdIs("i", ledger.HoldOpen, 1)
}

func testHoldWhole(f *fixture) {
	f.fund("user:1", 100)
	refusal := f.refuses(changeOf("too much", reserve("h", posting("user:1", "user:2", 60), posting("user:3", "user:4", 1))), ledger.InsufficientFunds)
	assert.Equal(f, cny("user:3"), refusal.Account)
	_, err := f.FindHold(f.ctx, "h")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	f.stands("user:1", 100, 100)
	f.pending("user:2", 0, 0)
}

func testZeroHold(f *fixture) {
	f.do(reserve("h", posting("user:1", "user:2", 0)))
	f.holdIs("h", ledger.HoldOpen, 0)
	out := f.do(capture("h"))
	assert.Equal(f, 1, out.Transactions)
	f.holdIs("h", ledger.HoldIsCaptured, 0)
	assert.EqualValues(f, 1, f.balance("user:1").Entries, "the posting of zero is there")

	f.fund("user:1", 10)
	f.do(reserve("i", posting("user:1", "user:2", 10)))
	f.do(capture("i", posting("user:1", "user:3", 0)))
	f.holdIs("i", ledger.HoldOpen, 10)
	f.do(ledger.Capture{Hold: "i", Postings: []ledger.Posting{posting("user:1", "user:3", 0)}, Final: true})
	f.holdIs("i", ledger.HoldIsCaptured, 0)
	f.stands("user:1", 10, 10)
}

func testHoldWithinChange(f *fixture) {
	f.fund("user:1", 100)
	out := f.do(
		reserve("h", posting("user:1", "user:2", 60)),
		capture("h", posting("user:1", "user:2", 20)),
		ledger.Void{Hold: "h"},
		transfer("user:1", "user:3", 80),
	)
	assert.Equal(f, 2, out.Transactions)
	f.holdIs("h", ledger.HoldIsVoided, 0)
	f.stands("user:1", 0, 0)
	f.stands("user:2", 20, 20)

	f.fund("user:1", 10)
	f.do(reserve("i", posting("user:1", "user:2", 10)))
	// A refused Change that had touched the hold leaves it as it was.
	f.refuses(changeOf("refused", capture("i", posting("user:1", "user:4", 4)), ledger.Void{Hold: "i"}, capture("i")), ledger.HoldVoided)
	f.holdIs("i", ledger.HoldOpen, 10)
	f.stands("user:1", 10, 0)
	f.do(capture("i"))
	f.stands("user:2", 30, 30)
}

func testHoldEnded(f *fixture) {
	f.fund("user:1", 100)
	expires := startTime.AddDate(0, 0, 1)
	for _, id := range []string{"captured", "voided", "expired"} {
		h := reserve(id, posting("user:1", "user:2", 10))
		if id == "expired" {
			h.Expires = expires
		}
		f.do(h)
	}
	f.do(capture("captured"))
	f.do(ledger.Void{Hold: "voided"})
	f.clock.set(expires)
	for id, reason := range map[string]ledger.Reason{
		"captured": ledger.HoldCaptured, "voided": ledger.HoldVoided, "expired": ledger.HoldExpired, "never placed": ledger.HoldUnknown,
	} {
		for name, op := range map[string]ledger.Op{
			"capture all of": capture(id), "capture part of": capture(id, posting("user:1", "user:2", 1)),
			"finish": ledger.Capture{Hold: id, Final: true}, "void": ledger.Void{Hold: id},
		} {
			f.Run(name+" a hold that was "+id, func(t *testing.T) {
				_, err := f.commit(changeOf(name+" "+id, op))
				var refused *ledger.RefusedError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, ledger.Refusal{Reason: reason, Hold: id}, refused.Refusal)
			})
		}
	}
	f.stands("user:1", 90, 90)
}

func testCaptureWhole(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60), posting("user:1", "user:3", 10)))
	out := f.do(ledger.Capture{Hold: "h", Reference: "capture-1", Metadata: map[string]string{"part": "all"}})
	assert.Equal(f, 1, out.Transactions, "a capture is one transaction")
	f.stands("user:1", 30, 30)
	f.stands("user:2", 60, 60)
	f.stands("user:3", 10, 10)
	f.pending("user:2", 0, 0)
	f.holdIs("h", ledger.HoldIsCaptured, 0, 0)
	entries, err := f.Statement(f.ctx, cny("user:1"), ledger.Page{Desc: true, Limit: 1})
	require.NoError(f, err)
	require.Len(f, entries, 1)
	assert.Equal(f, "h", entries[0].Hold)
	assert.Equal(f, "capture-1", entries[0].Reference)
	assert.Equal(f, map[string]string{"part": "all"}, entries[0].Metadata)
}

func testCaptureParts(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60)))
	f.do(capture("h", posting("user:1", "user:2", 25)))
	f.holdIs("h", ledger.HoldOpen, 35)
	f.stands("user:1", 75, 40)
	f.pending("user:2", 35, 0)
	f.reopen()
	f.do(capture("h", posting("user:1", "user:2", 34)))
	f.holdIs("h", ledger.HoldOpen, 1)
	f.do(capture("h", posting("user:1", "user:2", 1)))
	f.holdIs("h", ledger.HoldIsCaptured, 0)
	f.refuses(changeOf("again", capture("h", posting("user:1", "user:2", 0))), ledger.HoldCaptured)
	f.stands("user:1", 40, 40)
	f.stands("user:2", 60, 60)

	f.do(reserve("i", posting("user:1", "user:2", 10)))
	f.do(capture("i", posting("user:1", "user:3", 4)))
	f.do(capture("i")) // the rest goes where the hold said
	f.stands("user:2", 66, 66)
	f.stands("user:3", 4, 4)
}

func testCaptureSplit(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60)))
	f.do(capture("h", posting("user:1", "user:2", 55), posting("user:1", "free:fees", 3), posting("user:1", "free:tips", 2)))
	f.holdIs("h", ledger.HoldIsCaptured, 0)
	f.stands("user:1", 40, 40)
	f.stands("user:2", 55, 55)
	f.stands("free:fees", 3, 3)
	f.stands("free:tips", 2, 2)
	f.pending("user:2", 0, 0)
	f.pending("free:fees", 0, 0)
}

func testCaptureFinal(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 60), posting("user:1", "user:3", 40)))
	f.do(ledger.Capture{Hold: "h", Postings: []ledger.Posting{posting("user:1", "free:1", 1)}, Final: true})
	f.holdIs("h", ledger.HoldIsCaptured, 0, 0)
	f.stands("user:1", 99, 99)
	f.pending("user:2", 0, 0)
	f.pending("user:3", 0, 0)
}

func testCaptureExceeded(f *fixture) {
	f.fund("user:1", 1000)
	f.fund("user:2", 1000)
	f.do(reserve("h", posting("user:1", "user:3", 60)))
	rows := []struct {
		name    string
		capture ledger.Capture
		want    ledger.Refusal
	}{
		{"one unit more", capture("h", posting("user:1", "user:3", 61)), ledger.Refusal{Account: cny("user:1"), Short: 1}},
		{"one unit more in two postings", capture("h", posting("user:1", "user:3", 60), posting("user:1", "free:1", 1)), ledger.Refusal{Account: cny("user:1"), Short: 1}},
		{"an account that the hold does not debit", capture("h", posting("user:2", "user:3", 5)), ledger.Refusal{Account: cny("user:2"), Short: 5}},
		{"nothing of an account that the hold does not debit", capture("h", posting("user:2", "user:3", 0)), ledger.Refusal{Account: cny("user:2")}},
		{"the account that the hold credits", capture("h", posting("user:3", "user:1", 1)), ledger.Refusal{Account: cny("user:3"), Short: 1}},
		{
			"another currency",
			ledger.Capture{Hold: "h", Postings: []ledger.Posting{{Debit: "user:1", Credit: "user:3", Amount: money.New(1, currency("EUR"))}}},
			ledger.Refusal{Account: ledger.AccountKey{Name: "user:1", Currency: "EUR"}, Short: 1},
		},
	}
	for _, row := range rows {
		f.Run(row.name, func(t *testing.T) {
			f.nothingHappens(func() {
				_, err := f.commit(changeOf(row.name, row.capture))
				var refused *ledger.RefusedError
				require.ErrorAs(t, err, &refused)
				row.want.Reason, row.want.Hold = ledger.HoldExceeded, "h"
				assert.Equal(t, row.want, refused.Refusal)
			})
		})
	}
	f.holdIs("h", ledger.HoldOpen, 60)
	f.stands("user:1", 1000, 940)
	f.do(capture("h", posting("user:1", "user:3", 60)))
}

func testCaptureLegs(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 30), posting("user:1", "user:3", 40), posting("user:1", "user:4", 10)))
	f.do(capture("h", posting("user:1", "free:1", 50)))
	f.holdIs("h", ledger.HoldOpen, 0, 20, 10)
	f.pending("user:2", 0, 0)
	f.pending("user:3", 20, 0)
	f.do(capture("h"))
	f.stands("user:2", 0, 0)
	f.stands("user:3", 20, 20)
	f.stands("user:4", 10, 10)
	entries, err := f.Statement(f.ctx, cny("user:1"), ledger.Page{})
	require.NoError(f, err)
	assert.Len(f, entries, 4, "a leg of which nothing is left is not posted")
}

func testCaptureCurrencies(f *fixture) {
	euro := func(minor int64) ledger.Posting {
		return ledger.Posting{Debit: "user:1", Credit: "user:2", Amount: money.New(minor, currency("EUR"))}
	}
	f.fund("user:1", 100)
	f.do(ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank:1", Credit: "user:1", Amount: money.New(100, currency("EUR"))}}})
	f.do(reserve("h", posting("user:1", "user:2", 60), euro(50)))
	f.do(capture("h", euro(50)))
	f.holdIs("h", ledger.HoldOpen, 60, 0)
	f.do(capture("h", posting("user:1", "user:2", 60)))
	f.holdIs("h", ledger.HoldIsCaptured, 0, 0)
	f.stands("user:1", 40, 40)
	b, err := f.Balance(f.ctx, ledger.AccountKey{Name: "user:1", Currency: "EUR"})
	require.NoError(f, err)
	assert.EqualValues(f, 50, b.Available.Minor())
}
