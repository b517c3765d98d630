package ledgertest

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// idPromises are about ids and replays.
var idPromises = []promise{
	{"A replay is told the first outcome and does nothing", testReplay},
	{"A replay is the same after the ledger was opened again", testReplayReopened},
	{"Another request under a used id is refused, naming the first field that differs", testIDReused},
	{"Without a Request the time limits and expectations of a Change are not compared", testNotCompared},
	{"A Request is compared in place of the Change's contents", testRequestOverrides},
	{"One id committed many times at once happens once", testOneIDAtOnce},
	{"A Change without an id gets one", testNoID},
	{"An empty Change takes its id and nothing else", testEmptyChange},
	{"Two ledgers of one store do not share ids", testIDsApart},
}

func testReplay(f *fixture) {
	f.fund("user:1", 100)
	c := ledger.Change{
		ID: "pay", Ops: []ledger.Op{transfer("user:1", "user:2", 60), transfer("user:2", "user:3", 10)},
		Puts:   []ledger.Put{{Type: "payment", ID: "p", Content: []byte("paid")}},
		Events: []ledger.Event{{Type: "paid", Subject: "p"}},
		Result: "p",
	}
	first := f.must(c)
	assert.Equal(f, ledger.Outcome{
		ID: "pay", Seq: 2, Time: startTime, First: 2, Transactions: 2, Result: "p",
	}, first)
	f.clock.advance(time.Hour)
	f.nothingHappens(func() {
		for range 3 {
			again, err := f.commit(c)
			require.NoError(f, err)
			assert.True(f, again.Replayed)
			again.Replayed = false
			assert.Equal(f, first, again)
		}
	})
	f.stands("user:1", 40, 40)
	r, err := f.Record(f.ctx, "payment", "p")
	require.NoError(f, err)
	assert.EqualValues(f, 1, r.Version)
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	assert.Len(f, events, 1)
}

func testReplayReopened(f *fixture) {
	f.fund("user:1", 100)
	ok := changeOf("ok", transfer("user:1", "user:2", 60))
	refused := changeOf("refused", transfer("user:1", "user:2", 60))
	first := f.must(ok)
	_, err := f.commit(refused)
	want := f.refused(err, ledger.InsufficientFunds)
	f.fund("user:1", 1000)
	f.reopen()
	again, err := f.commit(ok)
	require.NoError(f, err)
	first.Replayed = true
	assert.Equal(f, first, again)
	again, err = f.commit(refused)
	assert.Equal(f, want, f.refused(err, ledger.InsufficientFunds))
	assert.True(f, again.Replayed)
	f.stands("user:1", 1040, 1040)
}

// fullChange has something in every field that a replay is compared in.
func fullChange() ledger.Change {
	return ledger.Change{
		ID: "full",
		Ops: []ledger.Op{
			ledger.Transaction{
				Postings:  []ledger.Posting{posting("bank:1", "user:1", 100), posting("user:1", "user:2", 10)},
				Effective: startTime, Reference: "ref", Metadata: map[string]string{"a": "1"},
			},
			ledger.Hold{
				ID: "h", Postings: []ledger.Posting{posting("user:1", "user:2", 50)},
				Expires: startTime.AddDate(1, 0, 0), Reference: "ref", Metadata: map[string]string{"a": "1"},
			},
			ledger.Capture{
				Hold: "h", Postings: []ledger.Posting{posting("user:1", "user:2", 10)}, Reference: "ref", Metadata: map[string]string{"a": "1"},
			},
			ledger.Void{Hold: "h"},
		},
		Puts: []ledger.Put{{
			Type: "t", ID: "id", Content: []byte("content"), Unique: []string{"u"}, Labels: []string{"l"}, Due: startTime,
		}},
		Events:  []ledger.Event{{Type: "t", Subject: "s", Payload: []byte("payload")}},
		Refusal: &ledger.Refusal{Reason: "own"},
		Else: &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: ledger.Change{
			Ops:    []ledger.Op{transfer("bank:1", "user:1", 1)},
			Events: []ledger.Event{{Type: "else"}},
		}},
	}
}

func testIDReused(f *fixture) {
	transaction := func(c *ledger.Change, edit func(*ledger.Transaction)) {
		op := c.Ops[0].(ledger.Transaction)
		edit(&op)
		c.Ops[0] = op
	}
	hold := func(c *ledger.Change, edit func(*ledger.Hold)) {
		op := c.Ops[1].(ledger.Hold)
		edit(&op)
		c.Ops[1] = op
	}
	capture := func(c *ledger.Change, edit func(*ledger.Capture)) {
		op := c.Ops[2].(ledger.Capture)
		edit(&op)
		c.Ops[2] = op
	}
	rows := map[string]func(c *ledger.Change){
		"ops[0].kind":               func(c *ledger.Change) { c.Ops[0] = ledger.Void{Hold: "h"} },
		"ops[0].postings":           func(c *ledger.Change) { transaction(c, func(o *ledger.Transaction) { o.Postings = o.Postings[:1] }) },
		"ops[0].postings[0].debit":  func(c *ledger.Change) { c.Ops[0].(ledger.Transaction).Postings[0].Debit = "bank:2" },
		"ops[0].postings[0].credit": func(c *ledger.Change) { c.Ops[0].(ledger.Transaction).Postings[0].Credit = "user:9" },
		"ops[0].postings[1].amount": func(c *ledger.Change) { c.Ops[0].(ledger.Transaction).Postings[1].Amount = yuan(11) },
		"ops[0].postings[1].currency": func(c *ledger.Change) {
			c.Ops[0].(ledger.Transaction).Postings[1].Amount = money.New(10, currency("EUR"))
		},
		"ops[0].effective": func(c *ledger.Change) {
			transaction(c, func(o *ledger.Transaction) { o.Effective = startTime.Add(time.Microsecond) })
		},
		"ops[0].reference": func(c *ledger.Change) { transaction(c, func(o *ledger.Transaction) { o.Reference = "" }) },
		"ops[0].metadata":  func(c *ledger.Change) { c.Ops[0].(ledger.Transaction).Metadata["a"] = "2" },
		"ops[1].id":        func(c *ledger.Change) { hold(c, func(o *ledger.Hold) { o.ID = "i" }) },
		"ops[1].expires":   func(c *ledger.Change) { hold(c, func(o *ledger.Hold) { o.Expires = time.Time{} }) },
		"ops[1].reference": func(c *ledger.Change) { hold(c, func(o *ledger.Hold) { o.Reference = "REF" }) },
		"ops[1].metadata":  func(c *ledger.Change) { hold(c, func(o *ledger.Hold) { o.Metadata = nil }) },
		"ops[2].hold":      func(c *ledger.Change) { capture(c, func(o *ledger.Capture) { o.Hold = "i" }) },
		"ops[2].postings":  func(c *ledger.Change) { capture(c, func(o *ledger.Capture) { o.Postings = nil }) },
		"ops[2].final":     func(c *ledger.Change) { capture(c, func(o *ledger.Capture) { o.Final = true }) },
		"ops[2].reference": func(c *ledger.Change) { capture(c, func(o *ledger.Capture) { o.Reference = "r" }) },
		"ops[2].metadata": func(c *ledger.Change) {
			capture(c, func(o *ledger.Capture) { o.Metadata = map[string]string{"b": "1"} })
		},
		"ops[3].hold":      func(c *ledger.Change) { c.Ops[3] = ledger.Void{Hold: "i"} },
		"puts[0].type":     func(c *ledger.Change) { c.Puts[0].Type = "u" },
		"puts[0].id":       func(c *ledger.Change) { c.Puts[0].ID = "id2" },
		"puts[0].content":  func(c *ledger.Change) { c.Puts[0].Content = []byte("Content") },
		"puts[0].unique":   func(c *ledger.Change) { c.Puts[0].Unique = nil },
		"puts[0].labels":   func(c *ledger.Change) { c.Puts[0].Labels = []string{"l", "m"} },
		"puts[0].due":      func(c *ledger.Change) { c.Puts[0].Due = time.Time{} },
		"puts[0].chaining": func(c *ledger.Change) { c.Puts[0].Chaining = ledger.Plain },
		"puts[0].erase": func(c *ledger.Change) {
			c.Puts[0] = ledger.Put{Type: "t", ID: "id", Content: c.Puts[0].Content, Unique: []string{"u"}, Labels: []string{"l"}, Due: startTime}
			c.Puts[0].Erase = true
		},
		"events[0].type":                   func(c *ledger.Change) { c.Events[0].Type = "T" },
		"events[0].subject":                func(c *ledger.Change) { c.Events[0].Subject = "S" },
		"events[0].payload":                func(c *ledger.Change) { c.Events[0].Payload = nil },
		"refusal":                          func(c *ledger.Change) { c.Refusal.Reason = "other" },
		"else.on":                          func(c *ledger.Change) { c.Else.On = append(c.Else.On, ledger.LimitExceeded) },
		"else.ops[0].postings[0].amount":   func(c *ledger.Change) { c.Else.Change.Ops[0].(ledger.Transaction).Postings[0].Amount = yuan(2) },
		"else.events[0].type":              func(c *ledger.Change) { c.Else.Change.Events[0].Type = "other" },
		"else.parts":                       func(c *ledger.Change) { c.Else.Change.Events = nil },
		"else.events[1].type":              func(c *ledger.Change) { c.Else.Change.Events = append(c.Else.Change.Events, ledger.Event{Type: "x"}) },
		"ops[0].postings[0].debit, before": func(c *ledger.Change) { c.Ops[0].(ledger.Transaction).Postings[0].Debit = "bank:2"; c.Events = nil },
	}
	// What is erased has no content, so its form is refused before it is compared.
	delete(rows, "puts[0].erase")

	out, err := f.commit(fullChange())
	f.refused(err, "own")
	require.NotZero(f, out.Seq)
	names := make(map[string]string)
	for field := range rows {
		names[field] = field
	}
	names["ops[0].postings[0].debit, before"] = "ops[0].postings[0].debit"
	f.nothingHappens(func() {
		for field, edit := range maps.All(rows) {
			f.Run(field, func(t *testing.T) {
				c := fullChange()
				edit(&c)
				out, err := f.commit(c)
				var reused *ledger.IDReusedError
				require.ErrorAs(t, err, &reused)
				assert.ErrorIs(t, err, ledger.ErrIDReused)
				assert.Equal(t, ledger.IDReusedError{ID: "full", Field: names[field]}, *reused)
				assert.Zero(t, out, "nothing of the first outcome is told")
			})
		}
		out, err := f.commit(fullChange())
		f.refused(err, "own")
		assert.True(f, out.Replayed)
	})
}

func testNotCompared(f *fixture) {
	c := changeOf("id", transfer("bank:1", "user:1", 1))
	f.must(c)
	f.clock.advance(time.Hour)
	c.NotAfter = startTime
	c.Expects = []ledger.Expect{{Type: "t", ID: "id", Version: 7}}
	c.Result = "another"
	out, err := f.commit(c)
	require.NoError(f, err)
	assert.True(f, out.Replayed)
	assert.Empty(f, out.Result, "the first outcome's")
	// The order of metadata is no difference, nor is what is cut from a time.
	c = changeOf("cut", ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", "user:1", 1)}, Effective: startTime.Add(1)})
	f.must(c)
	c.Ops[0] = ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", "user:1", 1)}, Effective: startTime.In(time.FixedZone("east", 3600)).Add(2)}
	out, err = f.commit(c)
	require.NoError(f, err)
	assert.True(f, out.Replayed)
}

func testRequestOverrides(f *fixture) {
	c := changeOf("id", transfer("bank:1", "user:1", 1))
	c.Request = []ledger.Field{{Name: "customer", Value: "1"}, {Name: "amount", Value: "0.01"}}
	f.must(c)
	c.Ops = []ledger.Op{transfer("bank:1", "user:1", 2)}
	c.Events = []ledger.Event{{Type: "more"}}
	out, err := f.commit(c)
	require.NoError(f, err)
	assert.True(f, out.Replayed)
	f.stands("user:1", 1, 1)
	for _, row := range []struct {
		field   string
		request []ledger.Field
	}{
		{"customer", []ledger.Field{{Name: "customer", Value: "2"}, {Name: "amount", Value: "0.02"}}},
		{"amount", []ledger.Field{{Name: "customer", Value: "1"}, {Name: "amount", Value: "0.02"}}},
		{"Amount", []ledger.Field{{Name: "customer", Value: "1"}, {Name: "Amount", Value: "0.01"}}},
		{"note", []ledger.Field{{Name: "customer", Value: "1"}, {Name: "amount", Value: "0.01"}, {Name: "note"}}},
		{"number of fields", []ledger.Field{{Name: "customer", Value: "1"}}},
		{"number of fields", []ledger.Field{}},
		{"ops[0].kind", nil},
	} {
		c.Request = row.request
		_, err := f.commit(c)
		var reused *ledger.IDReusedError
		require.ErrorAs(f, err, &reused)
		assert.Equal(f, row.field, reused.Field)
	}
	// A request without fields is compared in nothing.
	c = ledger.Change{ID: "nothing asked", Request: []ledger.Field{}, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}}
	f.must(c)
	c.Ops = nil
	out, err = f.commit(c)
	require.NoError(f, err)
	assert.True(f, out.Replayed)
}

func testOneIDAtOnce(f *fixture) {
	const callers = 32
	f.fund("user:1", 100)
	outcomes, errs := make([]ledger.Outcome, 2*callers), make([]error, 2*callers)
	together(2*callers, func(i int) {
		if i%2 == 0 {
			outcomes[i], errs[i] = f.commit(changeOf("same", transfer("user:1", "user:2", 1)))
		} else {
			outcomes[i], errs[i] = f.commit(changeOf("too much", transfer("user:1", "user:2", 1000)))
		}
	})
	firsts := 0
	for i := range outcomes {
		if i%2 == 0 {
			require.NoError(f, errs[i])
			assert.Equal(f, outcomes[0].Seq, outcomes[i].Seq)
		} else {
			f.refused(errs[i], ledger.InsufficientFunds)
			assert.Equal(f, outcomes[1].Seq, outcomes[i].Seq)
		}
		if !outcomes[i].Replayed {
			firsts++
		}
	}
	assert.Equal(f, 2, firsts, "one of each is the first")
	f.stands("user:1", 99, 99)
}

func testNoID(f *fixture) {
	a, b := f.do(transfer("bank:1", "user:1", 1)), f.do(transfer("bank:1", "user:1", 1))
	assert.NotEmpty(f, a.ID)
	assert.NotEqual(f, a.ID, b.ID)
	f.stands("user:1", 2, 2)
	var mu sync.Mutex
	made := 0
	g := f.another(f.T, func(c *ledger.Config) {
		c.NewID = func() string {
			mu.Lock()
			defer mu.Unlock()
			made++
			return numbered("made", made)
		}
	})
	assert.Equal(f, "made-1", g.do(transfer("bank:1", "user:1", 1)).ID)
	assert.Equal(f, "made-2", g.do(transfer("bank:1", "user:1", 1)).ID)
}

func testEmptyChange(f *fixture) {
	out := f.must(ledger.Change{ID: "nothing", Result: "result"})
	assert.Equal(f, ledger.Outcome{ID: "nothing", Seq: 1, Time: startTime, Result: "result"}, out)
	_, err := f.commit(changeOf("nothing", transfer("bank:1", "user:1", 1)))
	require.ErrorIs(f, err, ledger.ErrIDReused)
}

func testIDsApart(f *fixture) {
	g := f.another(f.T)
	c := ledger.Change{
		ID: "same", Ops: []ledger.Op{transfer("bank:1", "user:1", 1), reserve("h", posting("user:1", "user:2", 1))},
		Puts: []ledger.Put{{Type: "t", ID: "id", Unique: []string{"u"}}},
	}
	f.must(c)
	g.must(c)
}
