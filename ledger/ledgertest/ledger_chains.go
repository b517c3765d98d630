package ledgertest

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// chainPromises are about CommitAll.
var chainPromises = []promise{
	{"CommitAll decides each Change on its own, in order", testAllAlone},
	{"A chain happens whole or not at all, and only the member that failed keeps its reason", testChain},
	{"A chain that is left open is refused", testChainOpen},
	{"A chain that was committed is replayed member by member", testChainReplayed},
	{"A member whose id was used before fails a chain with new members", testChainUsed},
	{"A chain that failed is answered as it was, also where another member would fail by now", testChainAsked},
	{"What a failed chain did to accounts, records and events is undone", testChainUndone},
	{"A member sees what those before it did", testChainSees},
	{"A wrong form fails its chain and no other Change", testChainForm},
	{"CommitAll carries more Changes than a block holds, chains uncut", testAllMany},
	{"After the context has ended CommitAll commits nothing more", testAllCanceled},
}

// linked ties changes to a chain.
func linked(changes ...ledger.Change) []ledger.Change {
	for i := range changes[:len(changes)-1] {
		changes[i].Linked = true
	}
	return changes
}

// all commits changes and returns the errors.
func (f *fixture) all(changes ...ledger.Change) (outcomes []ledger.Outcome, errs []error) {
	f.Helper()
	answers := f.CommitAll(f.ctx, changes)
	require.Len(f, answers, len(changes))
	for _, a := range answers {
		outcomes, errs = append(outcomes, a.Outcome), append(errs, a.Err)
	}
	return outcomes, errs
}

func testAllAlone(f *fixture) {
	f.fund("user:1", 100)
	out, errs := f.all(changeOf("a", transfer("user:1", "user:2", 60)), changeOf("b", transfer("user:1", "user:2", 60)),
		changeOf("c", transfer("user:2", "user:1", 20)), changeOf("d", transfer("user:1", "user:2", 60)),
		changeOf("a", transfer("user:1", "user:2", 60)))
	assert.NoError(f, errs[0])
	f.refused(errs[1], ledger.InsufficientFunds)
	assert.NoError(f, errs[2])
	assert.NoError(f, errs[3])
	assert.NoError(f, errs[4])
	assert.True(f, out[4].Replayed)
	f.stands("user:1", 0, 0)
	assert.Empty(f, f.CommitAll(f.ctx, nil))
}

func testChain(f *fixture) {
	f.fund("user:s", 100)
	pay := func(id string, minor int64) ledger.Change { return changeOf(id, transfer("user:s", "user:x", minor)) }
	changes := append([]ledger.Change{pay("a", 10)}, linked(pay("b", 20), pay("c", 1000), pay("d", 5))...)
	_, errs := f.all(append(changes, pay("e", 30))...)
	assert.NoError(f, errs[0])
	assert.ErrorIs(f, errs[1], ledger.ErrLinked)
	f.refused(errs[2], ledger.InsufficientFunds)
	assert.ErrorIs(f, errs[3], ledger.ErrLinked)
	assert.NoError(f, errs[4])
	f.stands("user:s", 60, 60)
	// Ids that failed with their chain are free, the one with the reason is not.
	f.must(pay("b", 20))
	f.must(pay("d", 5))
	out, err := f.commit(pay("c", 1000))
	f.refused(err, ledger.InsufficientFunds)
	assert.True(f, out.Replayed)
}

func testChainOpen(f *fixture) {
	f.fund("user:1", 100)
	f.nothingHappens(func() {
		changes := linked(changeOf("a", transfer("user:1", "user:2", 1)), changeOf("b", transfer("user:1", "user:2", 1)))
		changes[1].Linked = true
		_, errs := f.all(changes...)
		assert.ErrorIs(f, errs[0], ledger.ErrLinked)
		assert.ErrorIs(f, errs[1], ledger.ErrInvalid)
		_, err := f.commit(changes[0])
		assert.ErrorIs(f, err, ledger.ErrInvalid, "Commit has no next Change")
	})
}

func testChainReplayed(f *fixture) {
	f.fund("user:1", 100)
	chain := func() []ledger.Change {
		return linked(changeOf("a", transfer("user:1", "user:2", 1)), changeOf("b", transfer("user:1", "user:2", 2)))
	}
	first, errs := f.all(chain()...)
	assert.Equal(f, []error{nil, nil}, errs)
	assert.Equal(f, first[0].Seq, first[1].Seq)
	again, errs := f.all(chain()...)
	assert.Equal(f, []error{nil, nil}, errs)
	for i := range again {
		assert.True(f, again[i].Replayed)
		assert.Equal(f, first[i].First, again[i].First)
	}
	f.stands("user:1", 97, 97)
}

func testChainAsked(f *fixture) {
	f.fund("user:s", 100)
	chain := func() []ledger.Change {
		return linked(changeOf("a", transfer("user:s", "user:x", 60)), changeOf("b", transfer("user:s", "user:x", 60)))
	}
	f.all(chain()...)
	f.must(changeOf("spent", transfer("user:s", "user:x", 100)))
	_, errs := f.all(chain()...)
	assert.ErrorIs(f, errs[0], ledger.ErrLinked)
	f.refused(errs[1], ledger.InsufficientFunds)
	f.fund("user:s", 100)
	f.must(changeOf("a", transfer("user:s", "user:x", 60))) // its id stayed free
}

func testChainUsed(f *fixture) {
	f.fund("user:1", 100)
	f.must(changeOf("used", transfer("user:1", "user:2", 1)))
	out, errs := f.all(linked(changeOf("new", transfer("user:1", "user:2", 1)), changeOf("used", transfer("user:1", "user:2", 1)),
		changeOf("newer", transfer("user:1", "user:2", 1)))...)
	assert.ErrorIs(f, errs[0], ledger.ErrLinked)
	assert.NoError(f, errs[1])
	assert.True(f, out[1].Replayed)
	assert.ErrorIs(f, errs[2], ledger.ErrLinked)
	f.stands("user:1", 99, 99)
	f.must(changeOf("new", transfer("user:1", "user:2", 1)))
}

func testChainUndone(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("h", posting("user:1", "user:2", 10)))
	first := changeOf("a", transfer("user:1", "user:new", 50), capture("h"), frozen("user:1", true, true), reserve("g", posting("bank:1", "user:2", 1)))
	first.Puts = []ledger.Put{{Type: "t", ID: "1", Content: []byte("x"), Unique: []string{"u"}}}
	first.Events = []ledger.Event{{Type: "e"}}
	_, errs := f.all(linked(first, changeOf("b", transfer("user:2", "user:1", 1000)))...)
	assert.ErrorIs(f, errs[0], ledger.ErrLinked)
	f.refused(errs[1], ledger.AccountFrozen)
	f.stands("user:1", 100, 90)
	f.holdIs("h", ledger.HoldOpen, 10)
	_, err := f.FindHold(f.ctx, "g")
	assert.ErrorIs(f, err, ledger.ErrNotFound)
	_, err = f.Record(f.ctx, "t", "1")
	assert.ErrorIs(f, err, ledger.ErrNotFound)
	assert.Empty(f, f.eventTypes())
	f.must(first)
	f.holdIs("h", ledger.HoldIsCaptured, 0)
}

func testChainSees(f *fixture) {
	_, errs := f.all(linked(changeOf("a", transfer("bank:1", "user:1", 10)), changeOf("b", transfer("user:1", "user:2", 10)),
		changeOf("c", transfer("user:2", "user:3", 10)))...)
	assert.Equal(f, []error{nil, nil, nil}, errs)
	f.stands("user:3", 10, 10)
}

func testChainForm(f *fixture) {
	f.fund("user:1", 100)
	good := func(id string) ledger.Change { return changeOf(id, transfer("user:1", "user:2", 1)) }
	bad := changeOf("bad", ledger.Transaction{})
	withElse := good("else")
	withElse.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}}
	for _, member := range []ledger.Change{bad, withElse, good("first")} {
		_, errs := f.all(append(linked(good("first"), member, good("last")), good(""))...)
		assert.ErrorIs(f, errs[0], ledger.ErrLinked, member.ID)
		assert.ErrorIs(f, errs[1], ledger.ErrInvalid, member.ID)
		assert.ErrorIs(f, errs[2], ledger.ErrLinked, member.ID)
		assert.NoError(f, errs[3], member.ID)
	}
	f.stands("user:1", 97, 97)
}

func testAllMany(f *fixture) {
	f.reopen(func(c *ledger.Config) { c.MaxBlockChanges = 7 })
	f.fund("user:1", 1000)
	var changes []ledger.Change
	for i := range 100 {
		c := changeOf(fmt.Sprint("c", i), transfer("user:1", "user:2", 1))
		c.Linked = i%10 != 9
		changes = append(changes, c)
	}
	out, errs := f.all(changes...)
	for i := range errs {
		require.NoError(f, errs[i], "%d", i)
		assert.Equal(f, out[i-i%10].Seq, out[i].Seq, "a chain is in one block")
	}
	f.stands("user:2", 100, 100)
}

func testAllCanceled(f *fixture) {
	f.fund("user:1", 100)
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	f.nothingHappens(func() {
		for _, a := range f.CommitAll(ctx, []ledger.Change{changeOf("a", transfer("user:1", "user:2", 1)), changeOf("b")}) {
			assert.ErrorIs(f, a.Err, context.Canceled)
		}
	})
}
