package ledgertest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// monitorPromises are about monitors of balances.
var monitorPromises = []promise{
	{"A monitor announces once when its condition becomes true, and is armed again when it is false", testMonitorCrossing},
	{"A monitor measures what is posted, available or pending on the normal side", testMonitorMeasures},
	{"The event tells which condition, and the value, in the same block as the money", testMonitorEvent},
	{"A monitor whose condition holds already announces it with the Change that puts it", testMonitorPlacedMet},
	{"A balance that dips and comes back within one Change crosses nothing", testMonitorWithinOneChange},
	{"Changes of one block are compared one by one", testMonitorWithinOneBlock},
	{"No block of many loses a crossing", testMonitorManyBlocks},
	{"A refused Change announces nothing, its Else does", testMonitorRefused},
	{"A chain that fails announces nothing", testMonitorChain},
	{"A replay announces nothing", testMonitorReplay},
	{"A hold that expires crosses too, with the first Change of the block that says so", testMonitorExpiry},
	{"A monitor is found wherever the account comes from", testMonitorAnyAccount},
	{"A copy of a ledger goes on watching", testMonitorCopied},
	{"Monitors are put, replaced, listed and removed", testMonitorList},
	{"Monitors are refused where they can not be", testMonitorRefusals},
	{"Only the ledger puts records of its own types", testReservedTypes},
	{"The form of a monitor is checked", testMonitorForm},
	{"Monitors agree with the balances over a random history", testMonitorHistory},
}

// below is a monitor of what is available in CNY.
func below(id, account string, minor int64) ledger.Monitor {
	return ledger.Monitor{ID: id, Account: account, Currency: currency("CNY"), Below: &minor}
}

// atLeast is a monitor in CNY.
func atLeast(id, account string, on ledger.Measure, minor int64) ledger.Monitor {
	return ledger.Monitor{ID: id, Account: account, Currency: currency("CNY"), On: on, AtLeast: &minor}
}

func unmonitor(id, account string) ledger.Unmonitor {
	return ledger.Unmonitor{ID: id, Account: account, Currency: currency("CNY")}
}

// crossings are the subjects of the events that were announced, oldest first.
func (f *fixture) crossings() []string {
	f.Helper()
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	out := []string{}
	for _, e := range events {
		out = append(out, e.Subject)
	}
	return out
}

func testMonitorCrossing(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50))
	for _, row := range []struct {
		op   ledger.Op
		want int
	}{
		{transfer("user:1", "free:1", 50), 0}, // 50
		{transfer("user:1", "free:1", 1), 1},  // 49
		{transfer("user:1", "free:1", 9), 1},  // 40
		{transfer("free:1", "user:1", 9), 1},  // 49
		{transfer("free:1", "user:1", 1), 1},  // 50
		{transfer("user:1", "free:1", 50), 2}, // 0
	} {
		f.do(row.op)
		require.Len(f, f.crossings(), row.want)
	}
}

func testMonitorMeasures(f *fixture) {
	f.fund("user:1", 100)
	f.do(atLeast("posted", "user:1", ledger.OnPosted, 120), atLeast("in", "user:1", ledger.OnPendingIn, 5), atLeast("out", "user:1", ledger.OnPendingOut, 30))
	f.do(below("available", "user:1", 80))
	f.do(atLeast("bank", "bank:funding", ledger.OnPosted, 110), atLeast("bank out", "bank:funding", ledger.OnPendingOut, 7))
	f.do(reserve("h", posting("user:1", "free:1", 20)))
	assert.Empty(f, f.crossings())
	f.do(reserve("i", posting("user:1", "free:1", 10)))
	assert.Equal(f, []string{"available", "out"}, f.crossings(), "by their ids")
	f.do(ledger.Void{Hold: "h"}, ledger.Void{Hold: "i"}, reserve("j", posting("free:1", "user:1", 5)))
	assert.Equal(f, "in", f.crossings()[2])
	f.do(reserve("k", posting("user:1", "bank:funding", 7)))
	assert.Equal(f, "bank out", f.crossings()[3], "a credit lowers a debit-normal account")
	f.fund("user:1", 20)
	assert.ElementsMatch(f, []string{"posted", "bank"}, f.crossings()[4:])
}

func testMonitorEvent(f *fixture) {
	f.fund("user:1", 1000)
	m := below("low", "user:1", 500)
	m.Event = "wallet.low"
	f.do(m)
	change := changeOf("buy", transfer("user:1", "free:1", 550))
	change.Events = []ledger.Event{{Type: "own"}}
	out := f.must(change)
	f.do(atLeast("much", "free:1", ledger.OnAvailable, 551))
	f.do(transfer("user:1", "free:1", 5))
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	require.Len(f, events, 3)
	assert.Equal(f, "own", events[0].Type, "the Change's own come first")
	assert.Equal(f, "wallet.low", events[1].Type)
	assert.Equal(f, out.Seq, events[1].Seq)
	assert.JSONEq(f, `{"monitor":"low","account":"user:1","on":"available","below":{"amount":"5.00","currency":"CNY"},"value":{"amount":"4.50","currency":"CNY"}}`, string(events[1].Payload))
	assert.Equal(f, ledger.BalanceEvent, events[2].Type)
	assert.JSONEq(f, `{"monitor":"much","account":"free:1","on":"available","at_least":{"amount":"5.51","currency":"CNY"},"value":{"amount":"5.55","currency":"CNY"}}`, string(events[2].Payload))
}

func testMonitorPlacedMet(f *fixture) {
	f.do(below("new", "user:1", 50))
	assert.Equal(f, []string{"new"}, f.crossings(), "also on an account that was never used")
	f.do(transfer("bank:1", "user:1", 10))
	assert.Len(f, f.crossings(), 1, "it is not armed while the condition holds")
	f.do(below("new", "user:1", 60))
	assert.Len(f, f.crossings(), 2, "one that is replaced is new")
	f.do(below("not met at the end", "user:1", 60), transfer("bank:1", "user:1", 100))
	assert.Len(f, f.crossings(), 2)
	f.do(transfer("user:1", "free:1", 100))
	assert.Equal(f, []string{"new", "new", "new", "not met at the end"}, f.crossings())
}

func testMonitorWithinOneChange(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50))
	f.do(transfer("user:1", "free:1", 100), transfer("free:1", "user:1", 100))
	assert.Empty(f, f.crossings())
}

func testMonitorWithinOneBlock(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50))
	for _, a := range f.CommitAll(f.ctx, []ledger.Change{
		changeOf("down", transfer("user:1", "free:1", 100)),
		changeOf("up", transfer("free:1", "user:1", 100)),
		changeOf("down again", transfer("user:1", "free:1", 100)),
		changeOf("removed", unmonitor("low", "user:1")),
		changeOf("up again", transfer("free:1", "user:1", 100)),
		changeOf("down unseen", transfer("user:1", "free:1", 100)),
		changeOf("put", atLeast("much", "user:1", ledger.OnPosted, 1)),
		changeOf("up seen", transfer("free:1", "user:1", 1)),
	}) {
		require.NoError(f, a.Err)
	}
	assert.Equal(f, []string{"low", "low", "much"}, f.crossings())

	// One that is put by a Change that is refused is not there for the next.
	answers := f.CommitAll(f.ctx, []ledger.Change{
		changeOf("refused", atLeast("never", "user:1", ledger.OnPosted, 5), transfer("user:2", "user:1", 1)),
		changeOf("fund", transfer("bank:1", "user:1", 10)),
		changeOf("not removed", unmonitor("much", "user:1"), transfer("user:2", "user:1", 1)),
		changeOf("down more", transfer("user:1", "free:1", 11)),
		changeOf("up more", transfer("free:1", "user:1", 11)),
	})
	f.refused(answers[0].Err, ledger.InsufficientFunds)
	f.refused(answers[2].Err, ledger.InsufficientFunds)
	assert.Equal(f, []string{"low", "low", "much", "much"}, f.crossings())
}

func testMonitorManyBlocks(f *fixture) {
	g := f.another(f.T, func(c *ledger.Config) { c.MaxBlockChanges = 100 })
	g.do(atLeast("one", "user:1", ledger.OnPosted, 1))
	var changes []ledger.Change
	for range 500 {
		changes = append(changes, ledger.Change{Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}}, ledger.Change{Ops: []ledger.Op{transfer("user:1", "bank:1", 1)}})
	}
	for _, a := range g.CommitAll(g.ctx, changes) {
		require.NoError(g, a.Err)
	}
	assert.Equal(g, 500, len(g.crossings()))
}

func testMonitorRefused(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50))
	change := changeOf("no", transfer("user:1", "free:1", 60), transfer("user:1", "free:1", 60), below("other", "user:2", 1))
	f.refuses(change, ledger.InsufficientFunds)
	assert.Empty(f, f.crossings())
	monitors, err := f.Monitors(f.ctx, cny("user:2"))
	require.NoError(f, err)
	assert.Empty(f, monitors)
	change.ID = "else"
	change.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: ledger.Change{Ops: []ledger.Op{transfer("user:1", "free:1", 51)}}}
	f.refuses(change, ledger.InsufficientFunds)
	assert.Equal(f, []string{"low"}, f.crossings())
}

func testMonitorChain(f *fixture) {
	f.fund("user:1", 100)
	f.do(until("h", startTime.Add(time.Hour), posting("user:1", "free:1", 40)), below("low", "user:1", 50), atLeast("all", "user:1", ledger.OnAvailable, 100))
	f.clock.advance(time.Hour)
	first := changeOf("first", transfer("user:1", "free:1", 90))
	first.Linked = true
	answers := f.CommitAll(f.ctx, []ledger.Change{first, changeOf("second", transfer("user:1", "free:1", 11)), changeOf("third", transfer("bank:1", "free:1", 1))})
	require.ErrorIs(f, answers[0].Err, ledger.ErrLinked)
	f.refused(answers[1].Err, ledger.InsufficientFunds)
	require.NoError(f, answers[2].Err)
	assert.Equal(f, []string{"all"}, f.crossings(), "what expired before it is announced once")
}

func testMonitorReplay(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50))
	change := changeOf("down", transfer("user:1", "free:1", 60))
	f.must(change)
	f.do(transfer("free:1", "user:1", 60))
	out, err := f.commit(change)
	require.NoError(f, err)
	assert.True(f, out.Replayed)
	assert.Len(f, f.crossings(), 1)
}

func testMonitorExpiry(f *fixture) {
	f.fund("user:1", 100)
	f.do(until("h", startTime.Add(time.Hour), posting("user:1", "user:2", 60)), atLeast("back", "user:1", ledger.OnAvailable, 100), below("none", "user:2", 1))
	require.Equal(f, []string{"none"}, f.crossings())
	f.do(atLeast("in", "user:2", ledger.OnPendingIn, 60))
	f.reopen()
	f.clock.advance(time.Hour)
	f.do(transfer("bank:1", "user:3", 1))
	assert.Len(f, f.crossings(), 2, "no block has touched the account")
	change := changeOf("touch", transfer("user:1", "free:1", 10))
	change.Events = []ledger.Event{{Subject: "own", Type: "own"}}
	f.must(change)
	assert.Equal(f, []string{"back", "own"}, f.crossings()[2:], "although the Change spent it at once")
	f.do(transfer("free:1", "user:1", 10))
	assert.Equal(f, "back", f.crossings()[4])

	// What the expiry announces is written even when nothing but a refusal is.
	f.do(until("i", f.clock.Now().Add(time.Hour), posting("user:1", "user:2", 60)))
	f.clock.advance(time.Hour)
	f.refuses(changeOf("too much", transfer("user:1", "free:1", 101)), ledger.InsufficientFunds)
	assert.Equal(f, []string{"in", "back"}, f.crossings()[5:])
}

func testMonitorAnyAccount(f *fixture) {
	// One that only a hold or a transaction names, in a process that has seen nothing yet.
	f.fund("user:1", 100)
	out := f.do(transfer("user:1", "free:1", 60), transfer("free:1", "user:1", 60))
	f.do(reserve("h", posting("user:1", "free:1", 60)), reserve("i", posting("free:1", "user:2", 1)))
	f.do(below("low", "free:1", 0))
	f.do(atLeast("posted", "free:1", ledger.OnPosted, 60), atLeast("freed", "user:1", ledger.OnAvailable, 100), below("spent", "user:1", 40))
	base := len(f.crossings())
	f.reopen()
	f.do(capture("h"))
	assert.Equal(f, []string{"posted"}, f.crossings()[base:])
	f.reopen()
	f.do(ledger.Reverse{Transaction: out.First + 1, Force: true})
	assert.Equal(f, []string{"spent"}, f.crossings()[base+1:])
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	var payload struct{ Value struct{ Amount string } }
	require.NoError(f, json.Unmarshal(events[base].Payload, &payload))
	assert.Equal(f, "0.60", payload.Value.Amount, "the scale is known too")

	// One that another process has put while this one remembers the account.
	other := f.beside(f.store)
	other.do(atLeast("other's", "user:2", ledger.OnPosted, 5))
	f.do(transfer("bank:1", "user:2", 5))
	assert.Equal(f, "other's", f.crossings()[base+2])
	other.do(unmonitor("other's", "user:2"))
	f.do(transfer("user:2", "free:1", 5), transfer("bank:1", "user:2", 5))
	assert.Len(f, f.crossings(), base+3)
}

func testMonitorCopied(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50), below("removed", "user:1", 60), atLeast("back", "user:1", ledger.OnAvailable, 100))
	f.do(unmonitor("removed", "user:1"), until("h", startTime.Add(time.Hour), posting("user:1", "free:1", 60)))
	f.clock.advance(time.Hour)
	f.do(transfer("user:1", "free:1", 1)) // what the expiry crosses stands before its own Change
	f.do(below("other", "user:2", 1), unmonitor("back", "user:1"))
	want := []string{"back", "low", "back", "other"}
	require.Equal(f, want, f.crossings())
	g := f.copyTo(f.place(), f.export(ledger.ExportConfig{}))
	assert.Equal(f, want, g.crossings())
	g.do(transfer("user:1", "free:1", 60))
	assert.Equal(f, append(want, "low"), g.crossings())
	assert.Equal(f, want, f.crossings())
}

func testMonitorList(f *fixture) {
	list := func(want ...ledger.Monitor) {
		f.Helper()
		got, err := f.Monitors(f.ctx, cny("user:1"))
		require.NoError(f, err)
		assert.Empty(f, cmp.Diff(want, got, cmp.Comparer(func(a, b money.Currency) bool { return a == b })))
		assert.Equal(f, len(want) > 0, f.balance("user:1").Flags&ledger.Watched != 0, "the account is watched while it has one")
	}
	f.fund("user:1", 100)
	list()
	b, a := below("b", "user:1", 50), atLeast("a", "user:1", ledger.OnPendingIn, -7)
	b.Event = "low"
	f.do(b, ledger.Freeze{Account: "user:1", Currency: currency("CNY"), Credits: true})
	list(b)
	f.do(a)
	a.Event = ledger.BalanceEvent
	list(a, b)
	b.Below = ledger.Limit(10)
	f.do(b)
	list(a, b)
	f.do(unmonitor("a", "user:1"))
	list(b)
	f.do(unmonitor("b", "user:1"))
	list()
	assert.NotZero(f, f.balance("user:1").Flags&ledger.CreditsFrozen, "other flags stay")
	f.do(b)
	list(b)
	record, err := f.Record(f.ctx, ledger.MonitorType, "b")
	require.NoError(f, err)
	assert.Equal(f, ledger.Chained, record.Chaining)
	assert.EqualValues(f, 4, record.Version, "put, replaced, removed, put again")
	f.do(unmonitor("b", "user:1"), ledger.Monitor{ID: "b", Account: "user:2", Currency: currency("CNY"), AtLeast: ledger.Limit(1)})
	list()
	moved, err := f.Monitors(f.ctx, cny("user:2"))
	require.NoError(f, err)
	assert.Len(f, moved, 1, "an id that is free may be put on another account")
	for _, key := range []ledger.AccountKey{cny("never:used"), {}, {Name: "user:1", Currency: "EUR"}} {
		none, err := f.Monitors(f.ctx, key)
		require.NoError(f, err)
		assert.Empty(f, none, key)
	}
}

func testMonitorRefusals(f *fixture) {
	f.fund("user:1", 100)
	f.do(below("low", "user:1", 50))
	unknown := changeOf("unknown", unmonitor("other", "user:1"))
	f.refuses(unknown, ledger.MonitorUnknown)
	f.do(below("other", "user:1", 50))
	f.refuses(unknown, ledger.MonitorUnknown)
	f.refuses(changeOf("elsewhere", unmonitor("low", "user:2")), ledger.MonitorUnknown)
	f.do(transfer("bank:1", "user:2", 1))
	f.refuses(changeOf("elsewhere 2", unmonitor("low", "user:2")), ledger.MonitorUnknown)
	f.refuses(changeOf("exists", below("low", "user:2", 50)), ledger.MonitorExists)
	f.refuses(changeOf("no such account", below("new", "nobody", 50)), ledger.AccountNotAllowed)
	var many []ledger.Op
	for i := range ledger.MaxMonitors - 2 {
		many = append(many, below(fmt.Sprint("many ", i), "user:1", 1))
	}
	f.do(many...)
	f.refuses(changeOf("too many", below("one too many", "user:1", 50)), ledger.TooManyMonitors)
	f.do(below("low", "user:1", 40))
	all, err := f.Monitors(f.ctx, cny("user:1"))
	require.NoError(f, err)
	assert.Len(f, all, ledger.MaxMonitors)
}

func testReservedTypes(f *fixture) {
	for _, c := range []ledger.Change{
		{Puts: []ledger.Put{{Type: ledger.MonitorType, ID: "forged"}}},
		{Puts: []ledger.Put{{Type: ledger.ReservedTypes + "other", ID: "forged", Chaining: ledger.Plain}}},
		{Puts: []ledger.Put{{Type: ledger.MonitorType, ID: "forged", Erase: true}}},
		{Else: &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: ledger.Change{Puts: []ledger.Put{{Type: ledger.MonitorType, ID: "forged"}}}}},
	} {
		f.nothingHappens(func() {
			_, err := f.commit(c)
			require.ErrorIs(f, err, ledger.ErrInvalid)
		})
	}
}

func testMonitorForm(f *fixture) {
	good := below("low", "user:1", 50)
	for field, alter := range map[string]func(m *ledger.Monitor){
		"ops[0].id":       func(m *ledger.Monitor) { m.ID = "" },
		"ops[0].account":  func(m *ledger.Monitor) { m.Account = "user:" },
		"ops[0].currency": func(m *ledger.Monitor) { m.Currency = money.Currency{} },
		"ops[0].on":       func(m *ledger.Monitor) { m.On = ledger.OnPendingOut + 1 },
		"ops[0].below":    func(m *ledger.Monitor) { m.AtLeast = ledger.Limit(1) },
		"ops[0].event":    func(m *ledger.Monitor) { m.Event = "a\x00b" },
	} {
		m := good
		alter(&m)
		f.nothingHappens(func() {
			_, err := f.commit(changeOf("form", m))
			var wrong *ledger.InvalidError
			require.ErrorAs(f, err, &wrong)
			assert.Equal(f, field, wrong.Field)
		})
	}
	f.nothingHappens(func() {
		_, err := f.commit(changeOf("form", unmonitor("", "user:1")))
		require.ErrorIs(f, err, ledger.ErrInvalid)
	})
	f.must(changeOf("form", good))
	other := good
	other.Below = ledger.Limit(51)
	_, err := f.commit(changeOf("form", other))
	require.ErrorIs(f, err, ledger.ErrIDReused)
}

// testMonitorHistory compares every Change's events with what the balances around it say.
func testMonitorHistory(f *fixture) {
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	accounts := []string{"user:1", "user:2", "bank:1"}
	var monitors []ledger.Monitor
	for _, account := range accounts {
		for on := range ledger.OnPendingOut + 1 {
			m := atLeast(fmt.Sprint(account, " ", on, " up"), account, on, 1+r.Int64N(100))
			n := m
			n.ID, n.Below, n.AtLeast = fmt.Sprint(account, " ", on, " down"), m.AtLeast, nil
			monitors = append(monitors, m, n)
		}
	}
	for _, m := range monitors {
		f.do(m)
	}
	met := func() (out []string) {
		for _, m := range monitors {
			b := f.balance(m.Account)
			v := map[ledger.Measure]money.Amount{
				ledger.OnAvailable: b.Available, ledger.OnPosted: b.Posted, ledger.OnPendingIn: b.PendingIn, ledger.OnPendingOut: b.PendingOut,
			}[m.On].Minor()
			if m.Below != nil && v < *m.Below || m.AtLeast != nil && v >= *m.AtLeast {
				out = append(out, m.ID)
			}
		}
		return out
	}
	announced, before, holds := len(f.crossings()), met(), []string{}
	for i := range 150 {
		pair := r.Perm(len(accounts))
		p := posting(accounts[pair[0]], accounts[pair[1]], r.Int64N(80))
		var op ledger.Op = ledger.Transaction{Postings: []ledger.Posting{p}}
		switch n := r.IntN(4); {
		case n == 0:
			id := fmt.Sprint("h", i)
			holds = append(holds, id)
			op = reserve(id, p)
		case n == 1 && len(holds) > 0:
			op = capture(holds[r.IntN(len(holds))])
		case n == 2 && len(holds) > 0:
			op = ledger.Void{Hold: holds[r.IntN(len(holds))]}
		}
		_, err := f.commit(changeOf(fmt.Sprint("change ", i), op))
		if err != nil {
			require.ErrorIs(f, err, ledger.ErrRefused)
		}
		now := met()
		var want []string
		for _, id := range now {
			if !slices.Contains(before, id) {
				want = append(want, id)
			}
		}
		got := f.crossings()
		require.ElementsMatch(f, want, got[announced:], "after change %d", i)
		announced, before = len(got), now
		if i%20 == 19 {
			f.reopen()
		}
	}
	assert.NotZero(f, announced)
}
