package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// expiryPromises are about holds that expire.
var expiryPromises = []promise{
	{"A hold is there until its expiry and gone from that very instant", testExpiryInstant},
	{"Reads subtract a hold that is due before any block says so", testExpiryRead},
	{"A block that touches an account journals the expiry of its due holds", testExpiryJournalled},
	{"An expiry frees the other accounts of the hold as well", testExpiryOther},
	{"An account with many holds loses each at its own instant", testExpiryMany},
	{"A hold that would be due when it is placed is refused", testExpiryPast},
	{"A refused Change does not undo an expiry", testExpiryKept},
	{"A hold that was captured or voided does not expire", testExpiryEnded},
}

// until is a hold in CNY of one posting that expires.
func until(id string, expires time.Time, p ledger.Posting) ledger.Hold {
	return ledger.Hold{ID: id, Postings: []ledger.Posting{p}, Expires: expires}
}

// holdRow is how the store keeps a hold.
func (f *fixture) holdRow(id string) ledger.HoldState {
	f.Helper()
	var row ledger.HoldState
	f.view(func(v ledger.View) {
		var err error
		row, err = v.Hold(f.ctx, id)
		require.NoError(f, err, "Hold %s", id)
	})
	return row
}

func testExpiryInstant(f *fixture) {
	expires := startTime.Add(time.Hour)
	for name, act := range map[string]func(*fixture) error{
		"capture": func(g *fixture) error { _, err := g.commit(changeOf("c", capture("h"))); return err },
		"part": func(g *fixture) error {
			_, err := g.commit(changeOf("c", capture("h", posting("user:1", "user:2", 1))))
			return err
		},
		"void": func(g *fixture) error { _, err := g.commit(changeOf("c", ledger.Void{Hold: "h"})); return err },
		"spend": func(g *fixture) error {
			// The opposite: what the hold reserves cannot be spent until it is gone.
			_, err := g.commit(changeOf("c", transfer("user:1", "user:2", 41)))
			return err
		},
	} {
		f.Run(name, func(t *testing.T) {
			for _, late := range []bool{false, true} {
				g := f.another(t)
				g.fund("user:1", 100)
				g.do(until("h", expires, posting("user:1", "user:2", 60)))
				g.clock.set(expires.Add(-time.Microsecond))
				if late {
					g.clock.set(expires)
				}
				err := act(g)
				switch {
				case name == "spend" && !late:
					g.refused(err, ledger.InsufficientFunds)
				case name != "spend" && late:
					refusal := g.refused(err, ledger.HoldExpired)
					assert.Equal(t, "h", refusal.Hold)
				default:
					assert.NoError(t, err, "late: %v", late)
				}
			}
		})
	}
}

func testExpiryRead(f *fixture) {
	expires := startTime.Add(time.Hour)
	f.fund("user:1", 100)
	f.do(until("h", expires, posting("user:1", "user:2", 60)))
	f.do(reserve("stays", posting("user:1", "user:2", 1)))
	f.clock.set(expires.Add(-time.Microsecond))
	f.stands("user:1", 100, 39)
	f.pending("user:2", 61, 0)
	f.holdIs("h", ledger.HoldOpen, 60)
	f.nothingHappens(func() {
		f.clock.set(expires)
		f.stands("user:1", 100, 99)
		f.pending("user:1", 0, 1)
		f.pending("user:2", 1, 0)
		f.holdIs("h", ledger.HoldIsExpired, 0)
		page, _, err := f.Balances(f.ctx, "user:", 0, 0)
		require.NoError(f, err)
		require.Len(f, page, 2)
		assert.EqualValues(f, 99, page[0].Available.Minor(), "Balances reads at the same instant")
		assert.Equal(f, ledger.HoldOpen, f.holdRow("h").Status, "no block says so yet")
	})
}

func testExpiryJournalled(f *fixture) {
	expires := startTime.Add(time.Hour)
	f.fund("user:1", 100)
	f.do(until("h", expires, posting("user:1", "user:2", 60)))
	f.clock.set(expires)
	f.do(transfer("bank:1", "user:3", 1))
	assert.Equal(f, ledger.HoldOpen, f.holdRow("h").Status, "a block that does not touch the account says nothing")
	f.do(transfer("bank:1", "user:1", 1))
	row := f.holdRow("h")
	assert.Equal(f, ledger.HoldIsExpired, row.Status)
	assert.Zero(f, row.Legs[0].Rest)
	f.view(func(v ledger.View) {
		a, err := v.Account(f.ctx, cny("user:1"))
		require.NoError(f, err)
		assert.Zero(f, a.PendingOut)
		assert.Zero(f, a.NextExpiry)
	})
	f.refuses(changeOf("capture", capture("h")), ledger.HoldExpired)
}

func testExpiryOther(f *fixture) {
	expires := startTime.Add(time.Hour)
	f.fund("user:1", 100)
	f.do(
		ledger.Hold{ID: "h", Expires: expires, Postings: []ledger.Posting{posting("user:1", "user:2", 10), posting("bank:1", "user:3:capped", 1000)}},
		until("later", expires.Add(time.Hour), posting("user:1", "user:2", 7)),
	)
	f.refuses(changeOf("before", transfer("bank:2", "user:3:capped", 1)), ledger.LimitExceeded)
	f.reopen()
	f.clock.set(expires)
	f.do(transfer("bank:2", "user:3:capped", 1000))
	f.view(func(v ledger.View) {
		a, err := v.Account(f.ctx, cny("user:1"))
		require.NoError(f, err)
		assert.EqualValues(f, 7, a.PendingOut, "the block freed it too")
		assert.Equal(f, expires.Add(time.Hour), a.NextExpiry, "and knows what expires next")
	})
	f.stands("user:1", 100, 93)
}

func testExpiryMany(f *fixture) {
	const holds = 150
	f.fund("user:1", holds)
	var place []ledger.Op
	for i := range holds {
		// Placed in another order than they expire, several at one instant.
		at := startTime.Add(time.Duration((i*7)%50+1) * time.Minute)
		place = append(place, until(numbered("h", i), at, posting("user:1", numbered("user:2", i%3), 1)))
	}
	f.do(place...)
	f.stands("user:1", holds, 0)
	for minute := 1; minute <= 50; minute++ {
		f.clock.set(startTime.Add(time.Duration(minute)*time.Minute - time.Microsecond))
		f.stands("user:1", holds, int64(minute-1)*3)
		f.clock.advance(time.Microsecond)
		free := int64(minute) * 3
		if minute%5 == 0 { // otherwise nobody touches the account
			f.refuses(changeOf(numbered("too much", minute), transfer("user:1", "bank:1", free+1)), ledger.InsufficientFunds)
			f.do(transfer("user:1", "user:4", free), transfer("user:4", "user:1", free))
		}
		f.stands("user:1", holds, free)
		if minute%17 == 0 {
			f.reopen()
		}
	}
	f.do(transfer("user:1", "bank:1", holds))
	for i := range holds {
		assert.Equal(f, ledger.HoldIsExpired, f.holdRow(numbered("h", i)).Status, "hold %d", i)
	}
}

func testExpiryPast(f *fixture) {
	f.fund("user:1", 100)
	for name, at := range map[string]time.Time{
		"now": startTime, "before": startTime.Add(-time.Hour), "within the microsecond": startTime.Add(999),
	} {
		refusal := f.refuses(changeOf(name, until("h", at, posting("user:1", "user:2", 1))), ledger.HoldExpired)
		assert.Equal(f, "h", refusal.Hold)
	}
	f.do(until("h", startTime.Add(time.Microsecond), posting("user:1", "user:2", 1)))
}

func testExpiryKept(f *fixture) {
	expires := startTime.Add(time.Hour)
	f.fund("user:1", 100)
	f.do(until("h", expires, posting("user:1", "user:2", 60)))
	f.clock.set(expires)
	// Pinned: the block that says so journals the expiry as well.
	refusal := f.refuses(changeOf("too much", transfer("user:1", "user:2", 101)), ledger.InsufficientFunds)
	assert.EqualValues(f, 1, refusal.Short, "what the hold reserved is free again")
	assert.Equal(f, ledger.HoldIsExpired, f.holdRow("h").Status)
	f.stands("user:1", 100, 100)
}

func testExpiryEnded(f *fixture) {
	expires := startTime.Add(time.Hour)
	f.fund("user:1", 100)
	f.do(until("captured", expires, posting("user:1", "user:2", 10)), until("voided", expires, posting("user:1", "user:2", 10)),
		until("in part", expires, posting("user:1", "user:2", 10)))
	f.do(capture("captured"), ledger.Void{Hold: "voided"}, capture("in part", posting("user:1", "user:2", 4)))
	f.clock.set(expires)
	f.do(transfer("bank:1", "user:1", 1))
	f.holdIs("captured", ledger.HoldIsCaptured, 0)
	f.holdIs("voided", ledger.HoldIsVoided, 0)
	f.holdIs("in part", ledger.HoldIsExpired, 0)
	f.stands("user:1", 87, 87)
	f.stands("user:2", 14, 14)
}
