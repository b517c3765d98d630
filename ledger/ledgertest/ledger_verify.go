package ledgertest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// verifyPromises are about the comparison of journal and tables.
var verifyPromises = []promise{
	{"Verify tells how much it has held against the journal", testVerifyReport},
	{"Verify finds whatever was altered in any table", testAltered},
	{"Verify finds every altered byte of a block", testAlteredBytes},
	{"A checkpoint finds a tail that was cut off and a history that was written anew", testCheckpoint},
	{"Verify finds nothing wrong while the ledger is written", testVerifyBesideWriters},
	{"Verify stops at its bound of problems", testVerifyBound},
	{"Verify tells every problem to whom it may concern, without a bound", testVerifyFound},
	{"Verify in many parts holds the same against the journal, within its memory", testVerifyParts},
	{"Verify in parts finds nothing wrong while the ledger is written", testVerifyPartsBesideWriters},
	{"Verify tells how far it is", testVerifyProgress},
	{"Verify pauses between its reads, and ends when the pause says so", testVerifyPause},
	{"Verify follows the chain behind a block that is missing or can not be read", testVerifyBroken},
	{"Verify needs the archive of blocks that the store has dropped", testVerifyArchived},
	{"Verify finds an archive that is not the one of this ledger", testVerifyWrongArchive},
	{"A checkpoint of a block that can not be is a problem", testVerifyNoSuchCheckpoint},
}

// busyHistory writes something of every kind. Account 1 has more than one mark.
func (f *fixture) busyHistory() {
	f.Helper()
	for range 3 {
		c := ledger.Change{}
		for range ledger.MarkEvery {
			c.Ops = append(c.Ops, transfer("bank:1", "user:1", 10))
		}
		f.must(c)
		f.clock.advance(time.Second)
	}
	f.must(ledger.Change{
		ID: "everything",
		Ops: []ledger.Op{
			ledger.Transaction{
				Postings:  []ledger.Posting{posting("user:1", "user:2:capped", 5), posting("user:1", "vault:1", 0)},
				Effective: startTime.AddDate(-1, 0, 0), Reference: "ref", Metadata: map[string]string{"a": "b"},
			},
			ledger.Hold{
				ID: "open", Postings: []ledger.Posting{posting("user:1", "user:3", 50), posting("user:1", "user:4", 7)},
				Expires: startTime.AddDate(1, 0, 0), Reference: "ref", Metadata: map[string]string{"a": "b"},
			},
			reserve("captured", posting("user:1", "user:3", 5)),
			ledger.Capture{Hold: "captured", Reference: "ref", Metadata: map[string]string{"a": "b"}},
			reserve("voided", posting("user:1", "user:3", 5)),
			ledger.Void{Hold: "voided"},
			until("expired", f.clock.Now().Add(time.Second), posting("user:1", "user:3", 5)),
		},
		Puts: []ledger.Put{
			{Type: "t", ID: "a", Content: []byte("content"), Unique: []string{"u1", "u2"}, Labels: []string{"l1", "l2"}, Due: startTime},
			{Type: "t", ID: "erased", Content: []byte("content")},
			{Type: "t", ID: "plain", Content: []byte("content"), Chaining: ledger.Plain},
		},
		Events: []ledger.Event{{Type: "t", Subject: "s", Payload: []byte("payload")}, {Type: "u"}},
		Result: "result",
	})
	f.clock.advance(time.Second)
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "erased", Erase: true}, {Type: "t", ID: "b"}}})
	f.refuses(changeOf("refused", transfer("user:9", "user:1", 1)), ledger.InsufficientFunds)
	f.clock.advance(time.Second)
	f.fund("user:1", 3) // journals the expiry
}

func testVerifyReport(f *fixture) {
	f.busyHistory()
	report, err := f.Verify(f.ctx)
	require.NoError(f, err)
	require.NoError(f, report.Err())
	f.view(func(v ledger.View) {
		head, err := v.Head(f.ctx)
		require.NoError(f, err)
		assert.Equal(f, head.Seq, report.Seq)
		assert.Equal(f, head.Postings, report.Postings)
		assert.Equal(f, head.Accounts, report.Accounts)
		assert.Equal(f, head.Events, report.Events)
	})
	assert.EqualValues(f, 4, report.Holds)
	assert.EqualValues(f, 4, report.Records)
	assert.EqualValues(f, 7, report.Changes)
	empty := f.another(f.T)
	report, err = empty.Verify(empty.ctx)
	require.NoError(f, err)
	assert.Equal(f, ledger.Report{Passes: 1}, report)
}

// edit returns a function that changes copies of the rows that match.
func edit[R any](which func(*R) bool, change func(*R)) func([]R) []R {
	return func(rows []R) []R {
		rows = slices.Clone(rows)
		for i := range rows {
			if which(&rows[i]) {
				change(&rows[i])
			}
		}
		return rows
	}
}

// without returns a function that leaves out the rows that match.
func without[R any](which func(*R) bool) func([]R) []R {
	return func(rows []R) []R {
		return slices.DeleteFunc(slices.Clone(rows), func(r R) bool { return which(&r) })
	}
}

// extra returns a function that adds a row made from the last one.
func extra[R any](change func(*R)) func([]R) []R {
	return func(rows []R) []R {
		if len(rows) == 0 {
			return rows
		}
		row := rows[len(rows)-1]
		change(&row)
		return append(slices.Clone(rows), row)
	}
}

// flip returns a copy of bytes with one changed, or one more where there is none.
func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	if i >= len(b) {
		return append(b, 0)
	}
	b[i] ^= 1
	return b
}

// alteration is something done to the tables of busyHistory, and where Verify is to find it.
type alteration struct {
	name  string
	lens  lens
	where string
}

func alterations() []alteration {
	var list []alteration
	add := func(where, name string, l lens) {
		list = append(list, alteration{where + ": " + name, l, where})
	}
	head := func(name string, change func(*ledger.Head)) { add("head", name, lens{head: change}) }
	head("hash", func(h *ledger.Head) { h.Hash[31] ^= 1 })
	head("time", func(h *ledger.Head) { h.Time = h.Time.Add(time.Microsecond) })
	head("accounts", func(h *ledger.Head) { h.Accounts++ })
	head("postings", func(h *ledger.Head) { h.Postings-- })
	head("transactions", func(h *ledger.Head) { h.Transactions++ })
	head("events", func(h *ledger.Head) { h.Events-- })
	add("block 1", "another key", lens{head: func(h *ledger.Head) { h.Key[3] ^= 1 }})
	add("head", "set back by a block", lens{head: func(h *ledger.Head) { h.Seq-- }})
	add("block 8", "set forward by a block", lens{head: func(h *ledger.Head) { h.Seq++ }})

	block := func(where, name string, seq int64, change func(*ledger.Block)) {
		add(where, name, lens{blocks: edit(func(b *ledger.Block) bool { return b.Seq == seq }, change)})
	}
	block("block 4", "hash", 4, func(b *ledger.Block) { b.Hash[0] ^= 1 })
	block("block 5", "hash of the one before", 4, func(b *ledger.Block) { b.Hash[0] ^= 1 })
	block("block 4", "previous", 4, func(b *ledger.Block) { b.Previous[5] ^= 1 })
	block("block 4", "time", 4, func(b *ledger.Block) { b.Time = b.Time.Add(time.Microsecond) })
	block("block 4", "is older than the block before", 4, func(b *ledger.Block) { b.Time = b.Time.AddDate(-1, 0, 0) })
	block("block 7", "hash of the last", 7, func(b *ledger.Block) { b.Hash[0] ^= 1 })
	for _, seq := range []int64{1, 4, 7} {
		add(fmt.Sprintf("block %d", seq), "missing", lens{blocks: without(func(b *ledger.Block) bool { return b.Seq == seq })})
	}
	block("block 7", "numbered one too far", 7, func(b *ledger.Block) { b.Seq++ })
	add("block 8", "beyond the head", lens{blocks: extra(func(b *ledger.Block) { b.Seq++ })})

	account := func(name string, change func(*ledger.Account)) {
		add("account 2 user:1:CNY", name, lens{accounts: edit(func(a *ledger.Account) bool { return a.No == 2 }, change)})
	}
	account("balance", func(a *ledger.Account) { a.Balance++ })
	account("debits, high", func(a *ledger.Account) { a.DebitsHi++ })
	account("debits, low", func(a *ledger.Account) { a.DebitsLo-- })
	account("pending out", func(a *ledger.Account) { a.PendingOut-- })
	account("pending in", func(a *ledger.Account) { a.PendingIn++ })
	account("entries", func(a *ledger.Account) { a.Entries-- })
	account("last entry", func(a *ledger.Account) { a.Last-- })
	account("normal side", func(a *ledger.Account) { a.Normal = ledger.Debit })
	account("minimum", func(a *ledger.Account) { a.Min = ledger.Limit(-1) })
	account("minimum that is gone", func(a *ledger.Account) { a.Min = nil })
	account("maximum that is new", func(a *ledger.Account) { a.Max = ledger.Limit(math.MaxInt64) })
	add("account 2 user:9:CNY", "name", lens{accounts: edit(func(a *ledger.Account) bool { return a.No == 2 }, func(a *ledger.Account) { a.Key.Name = "user:9" })})
	add("account 2 user:1:EUR", "currency", lens{accounts: edit(func(a *ledger.Account) bool { return a.No == 2 }, func(a *ledger.Account) { a.Key.Currency = "EUR" })})
	for _, no := range []int64{1, 2, 6} {
		add(fmt.Sprintf("account %d", no), "missing", lens{accounts: without(func(a *ledger.Account) bool { return a.No == no })})
	}
	add("account 1000 extra:CNY", "extra", lens{accounts: extra(func(a *ledger.Account) { a.No, a.Key.Name = 1000, "extra" })})
	expiry := func(name string, at time.Time) {
		add("hold open", name, lens{accounts: edit(func(a *ledger.Account) bool { return a.No == 2 }, func(a *ledger.Account) { a.NextExpiry = at })})
	}
	expiry("account does not know of the expiry", time.Time{})
	expiry("account knows of a later expiry", startTime.AddDate(1, 0, 1))
	add("account 2", "mark that is missing", lens{marks: func([]ledger.Mark) []ledger.Mark { return nil }})
	add("account 2", "mark that points to another posting", lens{marks: edit(func(*ledger.Mark) bool { return true }, func(m *ledger.Mark) { m.Posting++ })})
	none := func([]ledger.DatedRow) []ledger.DatedRow { return nil }
	all := func(*ledger.DatedRow) bool { return true }
	add("posting 193", "effective time that is missing", lens{dated: none})
	add("posting 193", "effective time that is not found by time", lens{nearest: none})
	add("posting 193", "running sum of dated entries", lens{dated: edit(all, func(d *ledger.DatedRow) { d.Sum++ })})
	add("posting 193", "running turnover of dated entries", lens{dated: edit(all, func(d *ledger.DatedRow) { d.Turnover-- })})
	add("posting 193", "another effective time", lens{dated: edit(all, func(d *ledger.DatedRow) { d.Effective = d.Effective.Add(time.Microsecond) })})
	add("account 2 user:1:CNY", "a dated entry too many", lens{lastDated: func(d *ledger.DatedRow) { d.Nth++ }})
	add("account 2 user:1:CNY", "totals of dated entries", lens{total: func(ranges []ledger.BucketRange, sum int64) int64 { return sum + int64(len(ranges)-1) }})
	add("account 2", "one total of dated entries", lens{total: func(ranges []ledger.BucketRange, sum int64) int64 {
		if len(ranges) == 1 && ranges[0].Level == 3 {
			return sum + 1
		}
		return sum
	}})
	add("transaction 7", "a reversal that never was", lens{reversals: func(m map[int64]int64) { m[7] = 9 }})
	add("posting 193", "not found by its reference", lens{terms: func([]int64) []int64 { return nil }})

	// Posting 193 is the first of the transaction that has all fields, 195 that of the capture.
	posting := func(name string, no int64, change func(*ledger.PostingRow)) {
		add(fmt.Sprintf("posting %d", no), name, lens{postings: edit(func(p *ledger.PostingRow) bool { return p.No == no }, change)})
	}
	for name, change := range map[string]func(*ledger.PostingRow){
		"seq": func(p *ledger.PostingRow) { p.Seq++ }, "transaction": func(p *ledger.PostingRow) { p.Transaction++ },
		"time":      func(p *ledger.PostingRow) { p.Time = p.Time.Add(time.Microsecond) },
		"effective": func(p *ledger.PostingRow) { p.Effective = p.Effective.Add(time.Microsecond) },
		"change":    func(p *ledger.PostingRow) { p.Change += "x" }, "hold": func(p *ledger.PostingRow) { p.Hold += "x" },
		"reference": func(p *ledger.PostingRow) { p.Reference = "" }, "metadata": func(p *ledger.PostingRow) { p.Metadata = flip(p.Metadata, 2) },
		"metadata that is gone": func(p *ledger.PostingRow) { p.Metadata = nil },
		"debit":                 func(p *ledger.PostingRow) { p.Debit++ }, "credit": func(p *ledger.PostingRow) { p.Credit++ },
		"amount":        func(p *ledger.PostingRow) { p.Amount++ },
		"balance after": func(p *ledger.PostingRow) { p.DebitAfter++ }, "other balance after": func(p *ledger.PostingRow) { p.CreditAfter-- },
		"ordinal": func(p *ledger.PostingRow) { p.DebitNth++ }, "other ordinal": func(p *ledger.PostingRow) { p.CreditNth++ },
		"previous": func(p *ledger.PostingRow) { p.DebitPrev-- }, "other previous": func(p *ledger.PostingRow) { p.CreditPrev-- },
	} {
		posting(name, 193, change)
		posting(name+" of a capture", 195, change)
	}
	for _, no := range []int64{1, 100, 196} {
		add(fmt.Sprintf("posting %d", no), "missing", lens{postings: without(func(p *ledger.PostingRow) bool { return p.No == no })})
	}
	add("posting 197", "extra", lens{postings: extra(func(p *ledger.PostingRow) { p.No++ })})

	hold := func(id, name string, change func(*ledger.HoldState)) {
		add("hold "+id, name, lens{holds: edit(func(h *ledger.HoldState) bool { return h.ID == id }, change)})
	}
	legs := func(change func(*ledger.HoldLeg)) func(*ledger.HoldState) {
		return func(h *ledger.HoldState) {
			h.Legs = slices.Clone(h.Legs)
			change(&h.Legs[1])
		}
	}
	hold("open", "status", func(h *ledger.HoldState) { h.Status = ledger.HoldIsVoided })
	hold("captured", "status", func(h *ledger.HoldState) { h.Status = ledger.HoldOpen })
	hold("expired", "status", func(h *ledger.HoldState) { h.Status = ledger.HoldOpen })
	hold("open", "seq", func(h *ledger.HoldState) { h.Seq-- })
	hold("open", "expiry", func(h *ledger.HoldState) { h.Expires = h.Expires.Add(-time.Microsecond) })
	hold("open", "expiry that is gone", func(h *ledger.HoldState) { h.Expires = time.Time{} })
	hold("open", "reference", func(h *ledger.HoldState) { h.Reference += " " })
	hold("open", "metadata", func(h *ledger.HoldState) { h.Metadata = flip(h.Metadata, 2) })
	hold("open", "debit", legs(func(l *ledger.HoldLeg) { l.Debit++ }))
	hold("open", "credit", legs(func(l *ledger.HoldLeg) { l.Credit++ }))
	hold("open", "amount", legs(func(l *ledger.HoldLeg) { l.Amount++ }))
	hold("open", "rest", legs(func(l *ledger.HoldLeg) { l.Rest-- }))
	hold("open", "leg that is gone", func(h *ledger.HoldState) { h.Legs = h.Legs[:1] })
	hold("open", "legs in another order", func(h *ledger.HoldState) { h.Legs = slices.Clone(h.Legs); slices.Reverse(h.Legs) })
	for _, id := range []string{"open", "captured", "voided"} {
		add("hold "+id, "missing", lens{holds: without(func(h *ledger.HoldState) bool { return h.ID == id })})
	}
	add("hold open", "not found when it is due", lens{due: func([]ledger.HoldState) []ledger.HoldState { return nil }})
	add("hold zzz", "extra", lens{holds: extra(func(h *ledger.HoldState) { h.ID = "zzz" })})
	return append(list, moreAlterations()...)
}

// moreAlterations are those of records, events, changes and currencies.
func moreAlterations() []alteration {
	var list []alteration
	add := func(where, name string, l lens) {
		list = append(list, alteration{where + ": " + name, l, where})
	}
	record := func(id, name string, change func(*ledger.RecordRow)) {
		add("record t "+id, name, lens{records: edit(func(r *ledger.RecordRow) bool { return r.ID == id }, change)})
	}
	record("a", "content", func(r *ledger.RecordRow) { r.Content = flip(r.Content, 0) })
	record("a", "more content", func(r *ledger.RecordRow) { r.Content = flip(r.Content, 99) })
	record("a", "content that is gone", func(r *ledger.RecordRow) { r.Content = nil })
	record("b", "content that is new", func(r *ledger.RecordRow) { r.Content = []byte("new") })
	record("a", "salt", func(r *ledger.RecordRow) { r.Salt = flip(r.Salt, 15) })
	record("a", "version", func(r *ledger.RecordRow) { r.Version++ })
	record("a", "seq", func(r *ledger.RecordRow) { r.Seq++ })
	record("a", "label", func(r *ledger.RecordRow) { r.Labels = []string{"l1", "l3"} })
	record("a", "labels that run together", func(r *ledger.RecordRow) { r.Labels = []string{"l1l2"} })
	record("a", "due time", func(r *ledger.RecordRow) { r.Due = r.Due.Add(time.Microsecond) })
	record("a", "due time that is gone", func(r *ledger.RecordRow) { r.Due = time.Time{} })
	record("a", "unique key", func(r *ledger.RecordRow) { r.Unique = []string{"u1"} })
	record("a", "erased behind the journal's back", func(r *ledger.RecordRow) {
		r.Erased, r.Content, r.Salt, r.Unique, r.Labels, r.Due = true, nil, nil, nil, nil, time.Time{}
	})
	record("a", "plain", func(r *ledger.RecordRow) { r.Chaining = ledger.Plain })
	record("plain", "chained", func(r *ledger.RecordRow) { r.Chaining = ledger.Chained })
	record("erased", "content that came back", func(r *ledger.RecordRow) { r.Content = []byte("content") })
	record("erased", "salt that came back", func(r *ledger.RecordRow) { r.Salt = make([]byte, 16) })
	record("erased", "label that came back", func(r *ledger.RecordRow) { r.Labels = []string{"l"} })
	record("erased", "due time that came back", func(r *ledger.RecordRow) { r.Due = startTime })
	record("erased", "no longer erased", func(r *ledger.RecordRow) { r.Erased = false })
	for _, id := range []string{"a", "b", "erased"} {
		add("record t "+id, "missing", lens{records: without(func(r *ledger.RecordRow) bool { return r.ID == id })})
	}
	add("record t zzz", "extra", lens{records: func(rows []ledger.RecordRow) []ledger.RecordRow {
		row := rows[0]
		row.ID, row.Unique = "zzz", nil
		return append(slices.Clone(rows), row)
	}})
	add("label l1 of record t a", "not found by it", lens{labeled: without(func(r *ledger.RecordRow) bool { return slices.Contains(r.Labels, "l1") })})
	add("unique key u1", "points to another record", lens{unique: func(string) ledger.RecordKey { return ledger.RecordKey{Type: "t", ID: "b"} }})
	add("unique key u2", "points nowhere", lens{unique: func(string) ledger.RecordKey { return ledger.RecordKey{} }})

	event := func(name string, change func(*ledger.EventRow)) {
		add("event 1", name, lens{events: edit(func(e *ledger.EventRow) bool { return e.No == 1 }, change)})
	}
	event("payload", func(e *ledger.EventRow) { e.Payload = flip(e.Payload, 3) })
	event("salt", func(e *ledger.EventRow) { e.Salt = flip(e.Salt, 0) })
	event("type", func(e *ledger.EventRow) { e.Type = "x" })
	event("subject", func(e *ledger.EventRow) { e.Subject = "" })
	event("seq", func(e *ledger.EventRow) { e.Seq++ })
	event("time", func(e *ledger.EventRow) { e.Time = e.Time.Add(-time.Microsecond) })
	for _, no := range []int64{1, 2} {
		add(fmt.Sprintf("event %d", no), "missing", lens{events: without(func(e *ledger.EventRow) bool { return e.No == no })})
	}
	add("event 3", "extra", lens{events: extra(func(e *ledger.EventRow) { e.No++ })})

	change := func(id, name string, alter func(*ledger.ChangeRow)) {
		add("change "+id, name, lens{changes: edit(func(c *ledger.ChangeRow) bool { return c.ID == id }, alter)})
	}
	change("everything", "outcome", func(c *ledger.ChangeRow) { c.Outcome = flip(c.Outcome, len(c.Outcome)-1) })
	change("refused", "outcome of a refusal", func(c *ledger.ChangeRow) { c.Outcome = flip(c.Outcome, 0) })
	change("everything", "tags", func(c *ledger.ChangeRow) { c.Tags = flip(c.Tags, 9) })
	change("everything", "fewer tags", func(c *ledger.ChangeRow) { c.Tags = c.Tags[8:] })
	change("everything", "seq", func(c *ledger.ChangeRow) { c.Seq-- })
	change("everything", "index", func(c *ledger.ChangeRow) { c.Index++ })
	for _, id := range []string{"everything", "refused"} {
		add("change "+id, "missing", lens{changes: without(func(c *ledger.ChangeRow) bool { return c.ID == id })})
	}
	add("change zzz", "extra", lens{changes: extra(func(c *ledger.ChangeRow) { c.ID = "zzz" })})

	add("currencies", "scale", lens{currencies: func(m map[string]int) { m["CNY"]++ }})
	add("currencies", "missing", lens{currencies: func(m map[string]int) { delete(m, "CNY") }})
	add("currencies", "extra", lens{currencies: func(m map[string]int) { m["EUR"] = 2 }})
	return list
}

// through is the fixture's ledger, read through a lens.
func (f *fixture) through(l lens) *fixture {
	f.Helper()
	return f.beside(&altered{Store: f.store, lens: l})
}

func testAltered(f *fixture) {
	f.busyHistory()
	f.through(lens{}).clean() // the view itself alters nothing
	f = f.inMemory()
	for _, a := range alterations() {
		f.Run(a.name, func(t *testing.T) {
			g := f.through(a.lens)
			report, err := g.Verify(f.ctx)
			require.NoError(t, err)
			require.ErrorIs(t, report.Err(), ledger.ErrDiscrepancy)
			assert.Contains(t, places(report), a.where, "problems: %v", report.Problems)
			parts, err := g.VerifyWith(f.ctx, ledger.VerifyConfig{MaxMemory: 1})
			require.NoError(t, err)
			assert.ElementsMatch(t, report.Problems, parts.Problems, "in parts the same is found, and nothing twice")
			if _, what, ok := strings.Cut(a.name, ": is "); ok {
				assert.Contains(t, report.Err().Error(), what)
			}
			assert.Contains(t, report.Err().Error(), report.Problems[0].String())
		})
	}
}

// places lists where the problems of a report are.
func places(r ledger.Report) (places []string) {
	for _, p := range r.Problems {
		places = append(places, p.Where)
	}
	return places
}

func testAlteredBytes(f *fixture) {
	f.busyHistory()
	f = f.inMemory()
	blocks, err := f.Blocks(f.ctx, 3, 1)
	require.NoError(f, err)
	body := blocks[0].Body
	require.Greater(f, len(body), 300)
	altered := &altered{Store: f.store}
	g := f.beside(altered)
	for i := range len(body) + 1 {
		altered.blocks = edit(func(b *ledger.Block) bool { return b.Seq == 4 }, func(b *ledger.Block) { b.Body = flip(b.Body, i) })
		report, err := g.Verify(f.ctx)
		require.NoError(f, err)
		require.Contains(f, places(report), "block 4", "byte %d", i)
	}
}

func testCheckpoint(f *fixture) {
	f.fund("user:1", 1)
	f.fund("user:1", 2)
	f.fund("user:1", 3)
	blocks, err := f.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	kept := func(b ledger.Block) ledger.Checkpoint { return ledger.Checkpoint{Seq: b.Seq, Hash: b.Hash} }
	report, err := f.Verify(f.ctx, kept(blocks[0]), kept(blocks[2]))
	require.NoError(f, err)
	require.NoError(f, report.Err())

	// The same ledger with another last block: its chain is whole.
	anew := f.another(f.T)
	anew.fund("user:1", 1)
	anew.fund("user:1", 2)
	report, err = anew.Verify(f.ctx, kept(blocks[2]))
	require.NoError(f, err)
	require.Len(f, report.Problems, 1)
	assert.Equal(f, "checkpoint 3", report.Problems[0].Where)
	anew.fund("user:1", 4)
	report, err = anew.Verify(f.ctx, kept(blocks[2]))
	require.NoError(f, err)
	require.Len(f, report.Problems, 1)
	assert.Equal(f, "block 3", report.Problems[0].Where)
}

func testVerifyBesideWriters(f *fixture) {
	var done atomic.Bool
	const writers = 4
	f.fund("user:1", 1_000_000)
	errs := make([]error, writers)
	together(writers+1, func(i int) {
		if i == writers {
			defer done.Store(true)
			for range 5 {
				report, err := f.Verify(f.ctx)
				assert.NoError(f, err)
				assert.NoError(f, report.Err())
			}
			return
		}
		for n := 0; !done.Load() && n < 10_000; n++ {
			id := fmt.Sprintf("w-%d-%d", i, n)
			_, err := f.commit(ledger.Change{
				ID: id, Ops: []ledger.Op{
					transfer("user:1", numbered("user:2", n%7), 1), reserve(id, posting("user:1", "user:3", 1)),
				},
				Puts:   []ledger.Put{{Type: "t", ID: numbered("r", n%5), Content: []byte(id)}},
				Events: []ledger.Event{{Type: "t", Subject: id}},
			})
			errs[i] = errors.Join(errs[i], err)
			if n%2 == 0 {
				_, err := f.commit(changeOf("void "+id, ledger.Void{Hold: id}))
				errs[i] = errors.Join(errs[i], err)
			}
		}
	})
	require.NoError(f, errors.Join(errs...))
}

func testVerifyBound(f *fixture) {
	c := ledger.Change{}
	for range ledger.MaxParts {
		c.Ops = append(c.Ops, transfer("bank:1", "user:1", 1))
	}
	f.must(c)
	f.must(ledger.Change{Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}})
	f.must(ledger.Change{Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}})
	g := f.through(lens{postings: edit(func(*ledger.PostingRow) bool { return true }, func(p *ledger.PostingRow) { p.Change += "x" })})
	report, err := g.Verify(f.ctx)
	require.NoError(f, err)
	assert.Len(f, report.Problems, ledger.MaxProblems)
	assert.Contains(f, report.Err().Error(), fmt.Sprintf("and %d more", ledger.MaxProblems-5))
}
