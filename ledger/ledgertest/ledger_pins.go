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

// pinPromises are about what becomes of the id of a Change that was refused.
var pinPromises = []promise{
	{"A refusal that could turn into success later keeps its id refused for ever", testPinned},
	{"Every other refusal leaves the id free", testNotPinned},
}

func testPinned(f *fixture) {
	rows := []struct {
		name   string
		before func(g *fixture)
		change ledger.Change
		reason ledger.Reason
		cure   func(g *fixture)
	}{
		{
			"insufficient funds", func(g *fixture) { g.fund("user:1", 9) },
			changeOf("id", transfer("user:1", "user:2", 10)), ledger.InsufficientFunds,
			func(g *fixture) { g.fund("user:1", 1000) },
		},
		{
			"insufficient funds of a hold", func(g *fixture) { g.fund("user:1", 9) },
			changeOf("id", reserve("h", posting("user:1", "user:2", 10))), ledger.InsufficientFunds,
			func(g *fixture) { g.fund("user:1", 1000) },
		},
		{
			"limit exceeded", func(g *fixture) { g.fund("user:1:capped", 1000) },
			changeOf("id", transfer("bank:1", "user:1:capped", 10)), ledger.LimitExceeded,
			func(g *fixture) { g.do(transfer("user:1:capped", "bank:1", 1000)) },
		},
		{
			"balance overflow", func(g *fixture) { g.fund("user:1", 9) },
			changeOf("id", transfer("free:1", "user:1", math.MaxInt64)), ledger.BalanceOverflow,
			func(g *fixture) { g.do(transfer("user:1", "bank:1", 9)) },
		},
		{
			"hold unknown", func(g *fixture) { g.fund("user:1", 10) },
			changeOf("id", capture("h")), ledger.HoldUnknown,
			func(g *fixture) { g.do(reserve("h", posting("user:1", "user:2", 10))) },
		},
	}
	for _, row := range rows {
		f.Run(row.name, func(t *testing.T) {
			g := f.another(t)
			row.before(g)
			row.change.Result = "not to be told"
			first, err := g.commit(row.change)
			want := g.refused(err, row.reason)
			assert.NotZero(t, first.Seq, "a block holds the refusal")
			assert.Equal(t, &want, first.Refusal)
			assert.Empty(t, first.Result, "no object was made")
			assert.False(t, first.Alternative)
			row.cure(g)
			g.clock.advance(time.Hour)
			g.nothingHappens(func() {
				again, err := g.commit(row.change)
				assert.Equal(t, want, g.refused(err, row.reason), "the same facts as at first")
				first.Replayed = true
				assert.Equal(t, first, again)
				_, err = g.commit(ledger.Change{ID: row.change.ID})
				require.ErrorIs(t, err, ledger.ErrIDReused, "the content is pinned with the id")
			})
			row.change.ID = "another id"
			g.must(row.change)
		})
	}
}

func testNotPinned(f *fixture) {
	rescaled, err := money.NewCurrency("CNY", 4)
	require.NoError(f, err)
	rows := []struct {
		name   string
		change ledger.Change
		want   error
	}{
		{"conflict", ledger.Change{Expects: []ledger.Expect{{Type: "t", ID: "taken", Version: 0}}}, ledger.ErrConflict},
		{"deadline", ledger.Change{NotAfter: startTime.Add(-1)}, ledger.ErrDeadline},
		{"duplicate key", ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "new", Unique: []string{"key"}}}}, ledger.ErrDuplicateKey},
		{"chaining that differs", ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "taken", Chaining: ledger.Plain}}}, ledger.ErrInvalid},
		{"erasure of nothing", ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "new", Erase: true}}}, ledger.ErrNotFound},
		{"bad form", changeOf("", transfer("", "user:1", 1)), ledger.ErrInvalid},
		{"hold captured", changeOf("", capture("captured")), ledger.ErrHoldCaptured},
		{"hold voided", changeOf("", capture("voided")), ledger.ErrHoldVoided},
		{"hold expired", changeOf("", capture("expired")), ledger.ErrHoldExpired},
		{"hold exceeded", changeOf("", capture("open", posting("user:1", "user:2", 11))), ledger.ErrHoldExceeded},
		{"hold exists", changeOf("", reserve("open", posting("user:1", "user:2", 1))), ledger.ErrHoldExists},
		{"account not allowed", changeOf("", transfer("stranger", "user:1", 1)), ledger.ErrAccountNotAllowed},
		{"scale changed", changeOf("", ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank:1", Credit: "user:1", Amount: money.New(1, rescaled)}}}), ledger.ErrScaleChanged},
	}
	for _, row := range rows {
		f.Run(row.name, func(t *testing.T) {
			g := f.another(t)
			g.must(ledger.Change{
				Ops: []ledger.Op{
					transfer("bank:1", "user:1", 100),
					reserve("captured", posting("user:1", "user:2", 10)), capture("captured"),
					reserve("voided", posting("user:1", "user:2", 10)),
					ledger.Void{Hold: "voided"},
					reserve("open", posting("user:1", "user:2", 10)),
					until("expired", startTime.Add(time.Second), posting("user:3", "user:2", 0)),
				},
				Puts: []ledger.Put{{Type: "t", ID: "taken", Unique: []string{"key"}}},
			})
			g.clock.advance(time.Second)
			g.stands("user:1", 90, 80)
			row.change.ID = "id"
			g.nothingHappens(func() {
				out, err := g.commit(row.change)
				require.ErrorIs(t, err, row.want)
				assert.Zero(t, out)
			})
			g.stands("user:1", 90, 80)
			g.must(changeOf("id", transfer("bank:1", "user:1", 1)))
		})
	}
}
