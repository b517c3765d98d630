package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// elsePromises are about refusals that record something.
var elsePromises = []promise{
	{"An Else commits in the place of what was refused, under the same id, with the error", testElse},
	{"Nothing of the refused part is there when its Else commits", testElseAlone},
	{"An Else is not used for a reason that it does not name", testElseOtherReason},
	{"An Else that is refused itself commits nothing, and the id stays refused if either could succeed later", testElseRefused},
	{"An Else is not for conflicts, deadlines and duplicate keys", testElseNotForErrors},
	{"An Else that conflicts commits nothing and leaves the id free", testElseConflict},
	{"An Else that fails otherwise keeps the id refused for the first reason", testElseFails},
	{"A verb's own refusal commits and is told at every replay", testOwnRefusal},
	{"The kernel's refusal goes before the verb's own", testKernelBeforeOwn},
}

// failing is a payment of 10 from user:1 that records its failure.
func failing(id string, on ...ledger.Reason) ledger.Change {
	return ledger.Change{
		ID:     id,
		Ops:    []ledger.Op{transfer("user:1", "user:2", 10)},
		Puts:   []ledger.Put{{Type: "payment", ID: id, Content: []byte("paid"), Labels: []string{"paid"}, Unique: []string{"paid:" + id}}},
		Events: []ledger.Event{{Type: "paid", Subject: id}},
		Result: "payment " + id,
		Else: &ledger.Else{On: on, Change: ledger.Change{
			Ops:    []ledger.Op{transfer("bank:1", "free:attempts", 1)},
			Puts:   []ledger.Put{{Type: "payment", ID: id, Content: []byte("failed"), Labels: []string{"failed"}}},
			Events: []ledger.Event{{Type: "failed", Subject: id}},
		}},
	}
}

func (f *fixture) eventTypes() []string {
	f.Helper()
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	var types []string
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

func testElse(f *fixture) {
	f.fund("user:1", 9)
	c := failing("p", ledger.LimitExceeded, ledger.InsufficientFunds)
	first, err := f.commit(c)
	want := ledger.Refusal{Reason: ledger.InsufficientFunds, Account: cny("user:1"), Short: 1}
	assert.Equal(f, want, f.refused(err, ledger.InsufficientFunds))
	assert.Equal(f, ledger.Outcome{
		ID: "p", Seq: 2, Time: startTime, Alternative: true, First: 2, Transactions: 1, Result: "payment p", Refusal: &want,
	}, first)
	r, err := f.Record(f.ctx, "payment", "p")
	require.NoError(f, err)
	assert.Equal(f, "failed", string(r.Content))
	assert.EqualValues(f, 1, r.Version)
	assert.Equal(f, []string{"failed"}, f.eventTypes())
	f.stands("free:attempts", 1, 1)

	f.fund("user:1", 1000)
	f.nothingHappens(func() {
		again, err := f.commit(c)
		assert.Equal(f, want, f.refused(err, ledger.InsufficientFunds))
		first.Replayed = true
		assert.Equal(f, first, again)
	})
	f.must(failing("q", ledger.InsufficientFunds))
	assert.Equal(f, []string{"failed", "paid"}, f.eventTypes())
}

func testElseAlone(f *fixture) {
	f.fund("user:1", 15)
	c := failing("p", ledger.InsufficientFunds)
	c.Ops = append(c.Ops,
		reserve("h", posting("user:1", "user:3", 5)),
		ledger.Transaction{Postings: []ledger.Posting{{Debit: "user:1", Credit: "user:4", Amount: yuan(1)}}},
	)
	_, err := f.commit(c)
	f.refused(err, ledger.InsufficientFunds)
	f.stands("user:1", 15, 15)
	assert.EqualValues(f, 1, f.balance("user:1").Entries)
	_, err = f.FindHold(f.ctx, "h")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	_, err = f.RecordByKey(f.ctx, "paid:p")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	_, err = f.Statement(f.ctx, cny("user:2"), ledger.Page{})
	require.ErrorIs(f, err, ledger.ErrNotFound)
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "other", Unique: []string{"paid:p"}}}})
}

func testElseOtherReason(f *fixture) {
	f.fund("user:1", 9)
	c := failing("p", ledger.LimitExceeded, ledger.HoldUnknown)
	out, err := f.commit(c)
	f.refused(err, ledger.InsufficientFunds)
	assert.False(f, out.Alternative)
	assert.Empty(f, out.Result)
	assert.Empty(f, f.eventTypes())
	f.fund("user:1", 100)
	out, err = f.commit(c)
	f.refused(err, ledger.InsufficientFunds)
	assert.True(f, out.Replayed, "the id is pinned")

	c = failing("q", ledger.InsufficientFunds)
	c.Ops = []ledger.Op{transfer("stranger", "user:1", 1)}
	f.nothingHappens(func() { f.refuses(c, ledger.AccountNotAllowed) })
}

func testElseRefused(f *fixture) {
	rows := []struct {
		name   string
		main   ledger.Op
		other  ledger.Op
		want   ledger.Reason // the refusal of the Else, which is the last word
		pinned bool
	}{
		{"both could succeed later", transfer("user:1", "user:2", 10), transfer("user:3", "user:2", 10), ledger.InsufficientFunds, true},
		{"only the Change could succeed later", transfer("user:1", "user:2", 10), ledger.Void{Hold: "voided"}, ledger.HoldVoided, true},
		{"only the Else could succeed later", ledger.Void{Hold: "voided"}, transfer("user:1", "user:2", 10), ledger.InsufficientFunds, true},
		{"neither could succeed later", ledger.Void{Hold: "voided"}, capture("captured"), ledger.HoldCaptured, false},
	}
	for _, row := range rows {
		f.Run(row.name, func(t *testing.T) {
			g := f.another(t)
			g.do(
				reserve("voided", posting("free:1", "free:2", 1)), ledger.Void{Hold: "voided"},
				reserve("captured", posting("free:1", "free:2", 1)), capture("captured"),
			)
			c := failing("p", ledger.InsufficientFunds, ledger.HoldVoided)
			c.Ops = []ledger.Op{row.main}
			c.Else.Change.Ops = append(c.Else.Change.Ops, row.other)
			out, err := g.commit(c)
			g.refused(err, row.want)
			assert.False(t, out.Alternative)
			assert.Empty(t, out.Result)
			assert.Zero(t, out.Transactions)
			assert.Empty(t, g.eventTypes())
			g.stands("free:attempts", 0, 0)
			g.fund("user:1", 100)
			g.fund("user:3", 100)
			out, err = g.commit(c)
			if row.pinned {
				g.refused(err, row.want)
				assert.True(t, out.Replayed)
				return
			}
			g.refused(err, row.want)
			assert.False(t, out.Replayed)
			g.must(ledger.Change{ID: "p"})
		})
	}
}

func testElseNotForErrors(f *fixture) {
	every := []ledger.Reason{
		"conflict", "deadline", "duplicate_key", "invalid",
		ledger.InsufficientFunds, ledger.LimitExceeded, ledger.BalanceOverflow, ledger.AccountNotAllowed,
	}
	f.must(ledger.Change{Ops: []ledger.Op{transfer("bank:1", "user:1", 100)}, Puts: []ledger.Put{{Type: "t", ID: "id", Unique: []string{"paid:taken"}}}})
	f.nothingHappens(func() {
		c := failing("conflict", every...)
		c.Expects = []ledger.Expect{{Type: "t", ID: "id", Version: 2}}
		_, err := f.commit(c)
		require.ErrorIs(f, err, ledger.ErrConflict)
		c = failing("deadline", every...)
		c.NotAfter = startTime.Add(-1)
		_, err = f.commit(c)
		require.ErrorIs(f, err, ledger.ErrDeadline)
		_, err = f.commit(failing("taken", every...))
		require.ErrorIs(f, err, ledger.ErrDuplicateKey)
	})
}

func testElseConflict(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Unique: []string{"key"}}}})
	for name, edit := range map[string]func(*ledger.Change){
		"conflict": func(c *ledger.Change) { c.Expects = []ledger.Expect{{Type: "t", ID: "id", Version: 7}} },
	} {
		c := failing(name, ledger.InsufficientFunds)
		edit(&c.Else.Change)
		f.nothingHappens(func() {
			out, err := f.commit(c)
			require.Error(f, err)
			assert.NotErrorIs(f, err, ledger.ErrRefused)
			assert.Zero(f, out)
		})
		f.must(ledger.Change{ID: name})
	}
}

func testElseFails(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Unique: []string{"key"}}}})
	c := failing("p", ledger.InsufficientFunds)
	c.Else.Change.Puts[0].Unique = []string{"key"}
	out, err := f.commit(c)
	f.refused(err, ledger.InsufficientFunds)
	assert.False(f, out.Alternative)
	assert.NotZero(f, out.Seq)
	f.fund("user:1", 1000)
	out, err = f.commit(c)
	f.refused(err, ledger.InsufficientFunds)
	assert.True(f, out.Replayed)
}

func testOwnRefusal(f *fixture) {
	c := ledger.Change{
		ID:      "login",
		Puts:    []ledger.Put{{Type: "attempt", ID: "1"}},
		Refusal: &ledger.Refusal{Reason: "wrong_code", Detail: `{"left":2}`, Short: -5, Hold: "h", Account: cny("user:1")},
		Result:  "attempt 1",
	}
	first, err := f.commit(c)
	var refused *ledger.RefusedError
	require.ErrorAs(f, err, &refused)
	require.ErrorIs(f, err, ledger.ErrRefused)
	assert.Equal(f, *c.Refusal, refused.Refusal)
	assert.Equal(f, ledger.Outcome{ID: "login", Seq: 1, Time: startTime, Result: "attempt 1", Refusal: c.Refusal}, first)
	_, err = f.Record(f.ctx, "attempt", "1")
	require.NoError(f, err)
	f.reopen()
	again, err := f.commit(c)
	require.ErrorAs(f, err, &refused)
	assert.Equal(f, *c.Refusal, refused.Refusal)
	first.Replayed = true
	assert.Equal(f, first, again)

	out, err := f.Do(f.ctx, "verb", nil, func(d *ledger.Draft) error {
		d.Put(ledger.Put{Type: "attempt", ID: "2"})
		d.Refuse(ledger.Refusal{Reason: "locked"})
		return nil
	})
	f.refused(err, "locked")
	assert.NotZero(f, out.Seq)
	_, err = f.Record(f.ctx, "attempt", "2")
	require.NoError(f, err)
}

func testKernelBeforeOwn(f *fixture) {
	c := failing("p", ledger.InsufficientFunds)
	c.Refusal = &ledger.Refusal{Reason: "own"}
	out, err := f.commit(c)
	f.refused(err, ledger.InsufficientFunds)
	assert.True(f, out.Alternative)
	assert.Equal(f, []string{"failed"}, f.eventTypes())
	c = changeOf("q", transfer("user:1", "user:2", 10))
	c.Refusal = &ledger.Refusal{Reason: "own"}
	f.refuses(c, ledger.InsufficientFunds)
}
