package ledgertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// precedencePromises are about several errors at once.
var precedencePromises = []promise{
	{"Of several errors the documented one is returned", testPrecedence},
	{"The parts of a Change are decided in their order", testOrderOfParts},
}

// formPromises are about what is wrong with a Change before anybody asks the ledger.
var formPromises = []promise{
	{"Bad form is ErrInvalid, names the field, and changes nothing", testForm},
	{"What is just within the bounds is taken and read back", testBounds},
	{"Good neighbours of bad Changes commit", testNeighbours},
	{"A wrong Config is ErrInvalid", testBadConfig},
	{"A secret in a Change does not show in an error", testErrorsKeepSecrets},
	{"Without randomness nothing is committed that needs it", testNoRandomness},
}

func testPrecedence(f *fixture) {
	// Each fault alone makes the error; with all the later ones it still is that error.
	faults := []struct {
		name  string
		apply func(g *fixture, c *ledger.Change)
		want  error
	}{
		{"form", func(_ *fixture, c *ledger.Change) { c.Events = append(c.Events, ledger.Event{}) }, ledger.ErrInvalid},
		{"context", nil, context.Canceled},
		{"closed", nil, ledger.ErrClosed},
		{"id reused", func(_ *fixture, c *ledger.Change) { c.ID = "used" }, ledger.ErrIDReused},
		{"deadline", func(_ *fixture, c *ledger.Change) { c.NotAfter = startTime.Add(-1) }, ledger.ErrDeadline},
		{
			"conflict",
			func(_ *fixture, c *ledger.Change) { c.Expects = []ledger.Expect{{Type: "t", ID: "taken", Version: 9}} }, ledger.ErrConflict,
		},
		{
			"first operation",
			func(_ *fixture, c *ledger.Change) { c.Ops = append([]ledger.Op{ledger.Void{Hold: "voided"}}, c.Ops...) }, ledger.ErrHoldVoided,
		},
		{
			"second operation",
			func(_ *fixture, c *ledger.Change) { c.Ops = append(c.Ops, transfer("user:1", "user:2", 1)) }, ledger.ErrInsufficientFunds,
		},
		{
			"duplicate key",
			func(_ *fixture, c *ledger.Change) {
				c.Puts = []ledger.Put{{Type: "t", ID: "new", Unique: []string{"key"}}}
			}, ledger.ErrDuplicateKey,
		},
	}
	for first := range faults {
		f.Run(faults[first].name, func(t *testing.T) {
			g := f.another(t)
			g.must(ledger.Change{
				ID: "used", Ops: []ledger.Op{reserve("voided", posting("free:1", "free:2", 1)), ledger.Void{Hold: "voided"}},
				Puts: []ledger.Put{{Type: "t", ID: "taken", Unique: []string{"key"}}},
			})
			c := ledger.Change{ID: "new"}
			ctx, cancel := context.WithCancel(g.ctx)
			defer cancel()
			for i := len(faults) - 1; i >= first; i-- {
				switch fault := faults[i]; {
				case fault.apply != nil:
					fault.apply(g, &c)
				case fault.name == "closed":
					g.close()
				default:
					cancel()
				}
			}
			_, err := g.Commit(ctx, c)
			require.ErrorIs(t, err, faults[first].want)
		})
	}
}

func testOrderOfParts(f *fixture) {
	f.fund("user:1", 10)
	// An operation sees what the one before it did, a put what the one before it put.
	f.do(transfer("user:1", "user:2", 10), transfer("user:2", "user:1", 5), transfer("user:1", "user:3", 5))
	f.stands("user:3", 5, 5)
	// Expectations are about what was there before the Change.
	f.must(ledger.Change{Expects: []ledger.Expect{{Type: "t", ID: "id"}}, Puts: []ledger.Put{{Type: "t", ID: "id"}}})
	// NotAfter is a bound that counts itself.
	f.must(ledger.Change{NotAfter: startTime})
	_, err := f.commit(ledger.Change{NotAfter: startTime.Add(-time.Microsecond)})
	require.ErrorIs(f, err, ledger.ErrDeadline)
}

// invalidRow is something wrong with a Change that is good otherwise, and the field that is
// to be named.
type invalidRow struct {
	name  string
	edit  func(c *ledger.Change)
	field string
}

func invalidRows() []invalidRow {
	long := func(n int) string { return strings.Repeat("x", n+1) }
	op := func(op ledger.Op) func(*ledger.Change) { return func(c *ledger.Change) { c.Ops = []ledger.Op{op} } }
	money1 := func(a money.Amount) func(*ledger.Change) {
		return op(ledger.Transaction{Postings: []ledger.Posting{{Debit: "user:1", Credit: "user:2", Amount: a}}})
	}
	put := func(p ledger.Put) func(*ledger.Change) {
		return func(c *ledger.Change) { c.Puts = append(c.Puts, p) }
	}
	event := func(e ledger.Event) func(*ledger.Change) {
		return func(c *ledger.Change) { c.Events = []ledger.Event{e} }
	}
	refusal := func(r ledger.Refusal) func(*ledger.Change) { return func(c *ledger.Change) { c.Refusal = &r } }
	with := func(edit func(*ledger.Transaction)) func(*ledger.Change) {
		t := transfer("bank:1", "user:1", 1)
		edit(&t)
		return op(t)
	}
	metadata := func(n int) map[string]string {
		m := make(map[string]string)
		for i := range n {
			m[numbered("k", i)] = "v"
		}
		return m
	}
	rows := []invalidRow{
		{"id with NUL", func(c *ledger.Change) { c.ID = "a\x00b" }, "id"},
		{"id with a line break", func(c *ledger.Change) { c.ID = "a\nb" }, "id"},
		{"id with DEL", func(c *ledger.Change) { c.ID = "a\x7f" }, "id"},
		{"id with a C1 control character", func(c *ledger.Change) { c.ID = "a\u0085" }, "id"},
		{"id that is not UTF-8", func(c *ledger.Change) { c.ID = "a\xff" }, "id"},
		{"id that is too long", func(c *ledger.Change) { c.ID = long(ledger.MaxIDLen) }, "id"},
		{"result that is too long", func(c *ledger.Change) { c.Result = long(ledger.MaxIDLen) }, "result"},
		{"result with NUL", func(c *ledger.Change) { c.Result = "\x00" }, "result"},
		{"too many fields of a request", func(c *ledger.Change) { c.Request = make([]ledger.Field, ledger.MaxRequest+1) }, "request"},
		{"too many operations", func(c *ledger.Change) {
			for range ledger.MaxParts + 1 {
				c.Ops = append(c.Ops, transfer("bank:1", "user:1", 0))
			}
		}, "ops"},
		{"too many expectations", func(c *ledger.Change) { c.Expects = make([]ledger.Expect, ledger.MaxParts+1) }, "expects"},
		{"too many puts", func(c *ledger.Change) { c.Puts = make([]ledger.Put, ledger.MaxParts+1) }, "puts"},
		{"too many events", func(c *ledger.Change) { c.Events = make([]ledger.Event, ledger.MaxParts+1) }, "events"},

		{"no operation in the place of one", op(nil), "ops[0].kind"},
		{"a pointer to an operation", op(&ledger.Void{Hold: "h"}), "ops[0].kind"},
		{"empty transaction", op(ledger.Transaction{}), "ops[0].postings"},
		{"empty hold", op(ledger.Hold{ID: "h"}), "ops[0].postings"},
		{"too many postings", op(ledger.Transaction{Postings: make([]ledger.Posting, ledger.MaxPostings+1)}), "ops[0].postings"},
		{"negative amount", money1(yuan(-1)), "ops[0].postings[0].amount"},
		{"no currency", money1(money.Amount{}), "ops[0].postings[0].amount"},
		{"amount without currency", money1(money.New(1, money.Currency{})), "ops[0].postings[0].amount"},
		{"same account on both sides", with(func(t *ledger.Transaction) { t.Postings[0].Credit = "bank:1" }), "ops[0].postings[0].credit"},
		{"no debit account", with(func(t *ledger.Transaction) { t.Postings[0].Debit = "" }), "ops[0].postings[0].debit"},
		{"account name with a space", with(func(t *ledger.Transaction) { t.Postings[0].Debit = "bank: 1" }), "ops[0].postings[0].debit"},
		{"account name with an empty part", with(func(t *ledger.Transaction) { t.Postings[0].Debit = "bank::1" }), "ops[0].postings[0].debit"},
		{"account name that ends in a colon", with(func(t *ledger.Transaction) { t.Postings[0].Credit = "bank:" }), "ops[0].postings[0].credit"},
		{"account name with a star", with(func(t *ledger.Transaction) { t.Postings[0].Credit = "bank:*" }), "ops[0].postings[0].credit"},
		{"account name with NUL", with(func(t *ledger.Transaction) { t.Postings[0].Credit = "bank:\x00" }), "ops[0].postings[0].credit"},
		{"account name beyond ASCII", with(func(t *ledger.Transaction) { t.Postings[0].Credit = "bank:é" }), "ops[0].postings[0].credit"},
		{"account name that is too long", with(func(t *ledger.Transaction) { t.Postings[0].Credit = long(ledger.MaxAccountLen) }), "ops[0].postings[0].credit"},
		{"the second posting of the second operation", func(c *ledger.Change) {
			c.Ops = []ledger.Op{ledger.Void{Hold: "h"}, ledger.Transaction{Postings: []ledger.Posting{posting("a", "b", 1), posting("a", "b", -1)}}}
		}, "ops[1].postings[1].amount"},
		{"reference that is too long", with(func(t *ledger.Transaction) { t.Reference = long(ledger.MaxReferenceLen) }), "ops[0].reference"},
		{"reference with NUL", with(func(t *ledger.Transaction) { t.Reference = "\x00" }), "ops[0].reference"},
		{"too much metadata", with(func(t *ledger.Transaction) { t.Metadata = metadata(ledger.MaxMetadata + 1) }), "ops[0].metadata"},
		{"metadata without a key", with(func(t *ledger.Transaction) { t.Metadata = map[string]string{"": "v"} }), "ops[0].metadata"},
		{"metadata key that is too long", with(func(t *ledger.Transaction) { t.Metadata = map[string]string{long(ledger.MaxMetadataLen): "v"} }), "ops[0].metadata"},
		{"metadata value that is too long", with(func(t *ledger.Transaction) { t.Metadata = map[string]string{"k": long(ledger.MaxMetadataLen)} }), "ops[0].metadata"},
		{"metadata value with NUL", with(func(t *ledger.Transaction) { t.Metadata = map[string]string{"k": "\x00"} }), "ops[0].metadata"},
		{"metadata value that is not UTF-8", with(func(t *ledger.Transaction) { t.Metadata = map[string]string{"k": "\xff"} }), "ops[0].metadata"},
		{"effective time beyond year 9999", with(func(t *ledger.Transaction) { t.Effective = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }), "ops[0].time"},
		{"effective time beyond year 9999 in UTC", with(func(t *ledger.Transaction) {
			t.Effective = time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("west", -7200))
		}), "ops[0].time"},
		{"effective time before year 1", with(func(t *ledger.Transaction) { t.Effective = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }), "ops[0].time"},
		{"expiry that would read as none", op(ledger.Hold{ID: "h", Postings: transfer("bank:1", "user:1", 1).Postings, Expires: time.Time{}.Add(1)}), "ops[0].time"},
		{"hold without id", op(reserve("", posting("bank:1", "user:1", 1))), "ops[0].id"},
		{"hold id that is too long", op(reserve(long(ledger.MaxIDLen), posting("bank:1", "user:1", 1))), "ops[0].id"},
		{"capture without hold", op(ledger.Capture{}), "ops[0].hold"},
		{"capture of a negative amount", op(capture("h", posting("bank:1", "user:1", -1))), "ops[0].postings[0].amount"},
		{"capture with a reference that is not UTF-8", op(ledger.Capture{Hold: "h", Reference: "\xc0"}), "ops[0].reference"},
		{"void without hold", op(ledger.Void{}), "ops[0].hold"},
		{"void of a hold with NUL", op(ledger.Void{Hold: "\x00"}), "ops[0].hold"},

		{"expectation without type", func(c *ledger.Change) { c.Expects = []ledger.Expect{{ID: "id"}} }, "expects[0].type"},
		{"expectation without id", func(c *ledger.Change) { c.Expects = []ledger.Expect{{Type: "t", ID: "id"}, {Type: "t"}} }, "expects[1].id"},
		{"put without type", put(ledger.Put{ID: "id"}), "puts[1].type"},
		{"put without id", put(ledger.Put{Type: "t"}), "puts[1].id"},
		{"record type that is too long", put(ledger.Put{Type: long(ledger.MaxTypeLen), ID: "id"}), "puts[1].type"},
		{"record id with a control character", put(ledger.Put{Type: "t", ID: "\x1b"}), "puts[1].id"},
		{"content that is too long", put(ledger.Put{Type: "t", ID: "id", Content: make([]byte, ledger.MaxContentLen+1)}), "puts[1].content"},
		{"too many unique keys", put(ledger.Put{Type: "t", ID: "id", Unique: make([]string, ledger.MaxIndexed+1)}), "puts[1].unique"},
		{"empty unique key", put(ledger.Put{Type: "t", ID: "id", Unique: []string{""}}), "puts[1].unique"},
		{"unique key twice", put(ledger.Put{Type: "t", ID: "id", Unique: []string{"a", "b", "a"}}), "puts[1].unique"},
		{"unique key that is too long", put(ledger.Put{Type: "t", ID: "id", Unique: []string{long(ledger.MaxIDLen)}}), "puts[1].unique"},
		{"too many labels", put(ledger.Put{Type: "t", ID: "id", Labels: make([]string, ledger.MaxIndexed+1)}), "puts[1].labels"},
		{"label with NUL", put(ledger.Put{Type: "t", ID: "id", Labels: []string{"\x00"}}), "puts[1].labels"},
		{"due time beyond year 9999", put(ledger.Put{Type: "t", ID: "id", Due: time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)}), "puts[1].due"},
		{"due time that would read as none", put(ledger.Put{Type: "t", ID: "id", Due: time.Time{}.Add(999)}), "puts[1].due"},
		{"unknown chaining", put(ledger.Put{Type: "t", ID: "id", Chaining: 2}), "puts[1].chaining"},
		{"erasure with content", put(ledger.Put{Type: "t", ID: "id", Erase: true, Content: []byte("x")}), "puts[1].erase"},
		{"erasure with unique keys", put(ledger.Put{Type: "t", ID: "id", Erase: true, Unique: []string{"x"}}), "puts[1].erase"},
		{"erasure with labels", put(ledger.Put{Type: "t", ID: "id", Erase: true, Labels: []string{"x"}}), "puts[1].erase"},
		{"erasure with a due time", put(ledger.Put{Type: "t", ID: "id", Erase: true, Due: startTime}), "puts[1].erase"},
		{"event without type", event(ledger.Event{}), "events[0].type"},
		{"event type that is too long", event(ledger.Event{Type: long(ledger.MaxTypeLen)}), "events[0].type"},
		{"event subject with NUL", event(ledger.Event{Type: "t", Subject: "\x00"}), "events[0].subject"},
		{"payload that is too long", event(ledger.Event{Type: "t", Payload: make([]byte, ledger.MaxContentLen+1)}), "events[0].payload"},

		{"refusal without reason", refusal(ledger.Refusal{}), "refusal.reason"},
		{"refusal's reason that is too long", refusal(ledger.Refusal{Reason: ledger.Reason(long(ledger.MaxTypeLen))}), "refusal.reason"},
		{"refusal's account that is too long", refusal(ledger.Refusal{Reason: "r", Account: ledger.AccountKey{Name: long(ledger.MaxAccountLen)}}), "refusal.account"},
		{"refusal's currency that is too long", refusal(ledger.Refusal{Reason: "r", Account: ledger.AccountKey{Currency: long(ledger.MaxTypeLen)}}), "refusal.currency"},
		{"refusal's hold with NUL", refusal(ledger.Refusal{Reason: "r", Hold: "\x00"}), "refusal.hold"},
		{"refusal's detail that is too long", refusal(ledger.Refusal{Reason: "r", Detail: long(ledger.MaxDetailLen)}), "refusal.detail"},
		{"refusal's detail with NUL", refusal(ledger.Refusal{Reason: "r", Detail: "\x00"}), "refusal.detail"},

		{"else without reasons", func(c *ledger.Change) { c.Else = &ledger.Else{} }, "else.on"},
	}
	inElse := func(change ledger.Change) func(*ledger.Change) {
		return func(c *ledger.Change) {
			c.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: change}
		}
	}
	return append(rows,
		invalidRow{"else in an else", inElse(ledger.Change{Else: &ledger.Else{On: []ledger.Reason{"r"}}}), "else.else"},
		invalidRow{"bad operation in an else", inElse(changeOf("", transfer("bank:1", "user:1", -1))), "else.ops[0].postings[0].amount"},
		invalidRow{"bad event in an else", inElse(ledger.Change{Events: []ledger.Event{{}}}), "else.events[0].type"},
		invalidRow{"bad put in an else", inElse(ledger.Change{Puts: []ledger.Put{{}}}), "else.puts[0].type"},
	)
}

// goodChange is a Change that rows of invalidRows spoil.
func goodChange(id string) ledger.Change {
	return ledger.Change{
		ID: id, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)},
		Puts: []ledger.Put{{Type: "t", ID: id}}, Events: []ledger.Event{{Type: "t", Subject: id}},
	}
}

func testForm(f *fixture) {
	f.must(goodChange("first")) // the rows below are bad, not what they spoil
	f.nothingHappens(func() {
		for i, row := range invalidRows() {
			f.Run(row.name, func(t *testing.T) {
				c := goodChange(numbered("row", i))
				row.edit(&c)
				out, err := f.commit(c)
				var invalid *ledger.InvalidError
				require.ErrorAs(t, err, &invalid)
				assert.ErrorIs(t, err, ledger.ErrInvalid)
				assert.Equal(t, row.field, invalid.Field)
				assert.NotEmpty(t, invalid.Reason)
				assert.Zero(t, out)
			})
		}
	})
	f.stands("user:1", 1, 1)
}

func testBounds(f *fixture) {
	text := func(n int) string { return strings.Repeat("é", n/2) }
	account := "free:" + strings.Repeat("x", ledger.MaxAccountLen-5)
	metadata := make(map[string]string)
	for i := range ledger.MaxMetadata {
		k := numbered("k", i)
		metadata[k+strings.Repeat("x", ledger.MaxMetadataLen-len(k))] = strings.Repeat("\n", ledger.MaxMetadataLen)
	}
	var unique, labels []string
	for i := range ledger.MaxIndexed {
		k := numbered("k", i)
		unique = append(unique, k+strings.Repeat("u", ledger.MaxIDLen-len(k)))
		labels = append(labels, k+strings.Repeat("l", ledger.MaxIDLen-len(k)))
	}
	c := ledger.Change{
		ID: text(ledger.MaxIDLen), Result: text(ledger.MaxIDLen),
		Ops: []ledger.Op{ledger.Transaction{
			Postings: []ledger.Posting{posting(account, "free:2", 1)}, Reference: text(ledger.MaxReferenceLen), Metadata: metadata,
			Effective: time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		}},
		Puts:   []ledger.Put{{Type: text(ledger.MaxTypeLen), ID: text(ledger.MaxIDLen), Unique: unique, Labels: labels, Due: time.Time{}.Add(time.Microsecond)}},
		Events: []ledger.Event{{Type: text(ledger.MaxTypeLen), Subject: text(ledger.MaxIDLen), Payload: make([]byte, ledger.MaxContentLen)}},
	}
	for range ledger.MaxPostings - 1 {
		op := c.Ops[0].(ledger.Transaction)
		op.Postings = append(op.Postings, posting("free:2", "free:3", 0))
		c.Ops[0] = op
	}
	out := f.must(c)
	assert.Equal(f, c.Result, out.Result)
	entries, err := f.Statement(f.ctx, cny(account), ledger.Page{})
	require.NoError(f, err)
	require.Len(f, entries, 1)
	assert.Equal(f, metadata, entries[0].Metadata)
	assert.Equal(f, text(ledger.MaxReferenceLen), entries[0].Reference)
	assert.Equal(f, c.Ops[0].(ledger.Transaction).Effective, entries[0].Effective)
	r, err := f.RecordByKey(f.ctx, unique[ledger.MaxIndexed-1])
	require.NoError(f, err)
	assert.Equal(f, text(ledger.MaxIDLen), r.ID)
	assert.Equal(f, unique, r.Unique)
	assert.Equal(f, labels, r.Labels)
	assert.Equal(f, c.Puts[0].Due, r.Due)
	assert.Len(f, f.ids(ledger.RecordQuery{Type: text(ledger.MaxTypeLen), Label: labels[7]}), 1)

	many := ledger.Change{}
	for i := range ledger.MaxParts {
		many.Ops = append(many.Ops, transfer("bank:1", "user:1", 1))
		many.Expects = append(many.Expects, ledger.Expect{Type: "t", ID: numbered("r", i)})
		many.Puts = append(many.Puts, ledger.Put{Type: "t", ID: numbered("r", i)})
		many.Events = append(many.Events, ledger.Event{Type: "t"})
	}
	f.must(many)
	f.stands("user:1", ledger.MaxParts, ledger.MaxParts)
}

func testNeighbours(f *fixture) {
	const good = 100
	rows := invalidRows()
	errs := make([]error, good)
	bad := make([]error, len(rows))
	together(good+len(rows), func(i int) {
		if i < good {
			_, errs[i] = f.commit(goodChange(numbered("good", i)))
			return
		}
		c := goodChange(numbered("bad", i))
		rows[i-good].edit(&c)
		_, bad[i-good] = f.commit(c)
	})
	require.NoError(f, errors.Join(errs...))
	for i, err := range bad {
		assert.ErrorIs(f, err, ledger.ErrInvalid, rows[i].name)
	}
	f.stands("user:1", good, good)
	assert.Len(f, f.eventTypes(), good)
}

func testBadConfig(f *fixture) {
	for name, config := range map[string]ledger.Config{
		"name with a space":        {Name: "a b"},
		"name with an empty part":  {Name: "a::b"},
		"name that is too long":    {Name: strings.Repeat("x", ledger.MaxAccountLen+1)},
		"pattern without a name":   {Chart: ledger.Chart{{}}},
		"star inside a part":       {Chart: ledger.Chart{{Name: "a:b*"}}},
		"two stars before the end": {Chart: ledger.Chart{{Name: "a:**:b"}}},
		"minimum above maximum":    {Chart: ledger.Chart{{Name: "a", Min: ledger.Limit(1), Max: ledger.Limit(0)}}},
		"no such side":             {Chart: ledger.Chart{{Name: "a", Normal: 2}}},
	} {
		f.Run(name, func(t *testing.T) {
			_, err := ledger.Open(f.ctx, f.store, config)
			require.ErrorIs(t, err, ledger.ErrInvalid)
		})
	}
}

func testErrorsKeepSecrets(f *fixture) {
	const canary = "canary-7f3a"
	f.must(ledger.Change{ID: "id", Request: []ledger.Field{{Name: "pin", Value: "1234"}}, Puts: []ledger.Put{{Type: "t", ID: "id"}}})
	secret := []byte(canary)
	for name, c := range map[string]ledger.Change{
		"id reused":   {ID: "id", Request: []ledger.Field{{Name: "pin", Value: canary}}},
		"conflict":    {Expects: []ledger.Expect{{Type: "t", ID: "id", Version: 9}}, Puts: []ledger.Put{{Type: "t", ID: "id", Content: secret}}},
		"chaining":    {Puts: []ledger.Put{{Type: "t", ID: "id", Chaining: ledger.Plain, Content: secret}}},
		"too long":    {Puts: []ledger.Put{{Type: "t", ID: "id", Content: append(make([]byte, ledger.MaxContentLen), secret...)}}},
		"bad payload": {Events: []ledger.Event{{Payload: secret}}},
		"refused":     {Ops: []ledger.Op{transfer("user:1", "user:2", 1)}, Puts: []ledger.Put{{Type: "t", ID: "id", Content: secret}}},
	} {
		_, err := f.commit(c)
		require.Error(f, err, name)
		assert.NotContains(f, err.Error(), canary, name)
	}
	blocks, err := f.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	for _, b := range blocks {
		assert.NotContains(f, string(b.Body), canary)
		assert.NotContains(f, string(b.Body), "1234", "a request is not readable in the journal")
	}
}

func testNoRandomness(f *fixture) {
	g := f.another(f.T, func(c *ledger.Config) { c.Rand = strings.NewReader("enough for one key") })
	g.nothingHappens(func() {
		for name, c := range map[string]ledger.Change{
			"salt of a record": {ID: "id", Puts: []ledger.Put{{Type: "t", ID: "id"}}},
			"salt of an event": {ID: "id", Events: []ledger.Event{{Type: "t"}}},
			"id":               changeOf("", transfer("bank:1", "user:1", 1)),
		} {
			_, err := g.commit(c)
			require.Error(f, err, name)
		}
	})
	g.must(ledger.Change{ID: "id", Puts: []ledger.Put{{Type: "t", ID: "id", Chaining: ledger.Plain}}})
}
