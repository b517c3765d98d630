package ledgertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// journalPromises are about copies of a ledger.
var journalPromises = []promise{
	{"A copy is made of an export, equal in everything", testCopy},
	{"A copy goes on as the original would have", testCopyGoesOn},
	{"A record has one content in an export, that of its last version", testCopyOfRecords},
	{"A plain record is in a copy as it stands, key and tombstone included", testCopyOfPlain},
	{"A later export brings a copy up to date, and an earlier one takes nothing from it", testCopyAgain},
	{"An export may leave out what the copy has", testCopyAfter},
	{"An export of a ledger without blocks is a ledger without blocks", testCopyOfNothing},
	{"An import that was interrupted anywhere is done again and ends the same", testImportInterrupted},
	{"A store that fails now and then does not spoil an import", testImportFaults},
	{"Another history is refused, and changes nothing", testImportForeign},
	{"A checkpoint is held against every block before it is written", testImportCheckpoints},
	{"A file that is damaged anywhere is refused, and what was written is a beginning", testImportDamaged},
	{"An export beside writers that never pause ends, and is of one moment", testExportBesideWriters},
	{"An export finds what was altered in the source", testExportAltered},
	{"An export is finished once all of it is durable", testExportDurable},
}

// TestCopy writes an eventful history into a ledger of the first store, copies it by an
// export and an import from each store to the next, and demands that the last copy has everything
// that the original has. The stores are empty; their caller closes them.
func TestCopy(t *testing.T, stores ...ledger.Store) {
	f := (&ledgerSuite{store: stores[0]}).fixture(t)
	f.eventful()
	last := f
	for _, next := range stores[1:] {
		last = last.copyTo(next, last.export(ledger.ExportConfig{}))
	}
	f.equal(last)
}

// elsewhere is a store that keeps ledgers under other names: to a ledger it is another
// store.
type elsewhere struct {
	ledger.Store
	prefix string
}

// Open implements ledger.Store.
func (s elsewhere) Open(ctx context.Context, name string, genesis ledger.Genesis) (ledger.Head, error) {
	return s.Store.Open(ctx, s.prefix+name, genesis)
}

// place makes a store in which no ledger is.
func (f *fixture) place() ledger.Store {
	f.suite.made++
	return elsewhere{f.store, fmt.Sprintf("copy%d:", f.suite.made)}
}

// export returns an export of the ledger.
func (f *fixture) export(cfg ledger.ExportConfig) []byte {
	f.Helper()
	var file bytes.Buffer
	out, err := f.Export(f.ctx, &file, cfg)
	require.NoError(f, err, "Export")
	seq, _, hash, err := f.Head(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, ledger.Checkpoint{Seq: seq, Hash: hash}, out.Checkpoint)
	return file.Bytes()
}

// copyTo imports an export into a store and demands that what comes of it is equal.
func (f *fixture) copyTo(store ledger.Store, file []byte) *fixture {
	f.Helper()
	_, err := ledger.Import(f.ctx, store, bytes.NewReader(file), ledger.ImportConfig{Name: f.config.Name, MaxCached: 3})
	require.NoError(f, err, "Import")
	g := f.beside(store)
	g.clean()
	f.equal(g)
	return g
}

// inMemory is the ledger in a store in memory, equal in everything: for what reads it very
// often and is not about the store.
func (f *fixture) inMemory() *fixture {
	f.Helper()
	store := memstore.New()
	f.T.Cleanup(func() { assert.NoError(f, store.Close(), "Close returns nil") })
	return f.copyTo(store, f.export(ledger.ExportConfig{}))
}

// snapshot is all that a view lists.
type snapshot struct {
	head       ledger.Head
	blocks     []ledger.Block
	changes    []ledger.ChangeRow
	postings   []ledger.PostingRow
	events     []ledger.EventRow
	accounts   []ledger.Account
	currencies map[string]int
	holds      []ledger.HoldState
	records    []ledger.RecordRow
	reversals  map[int64]int64
	dated      map[int64]ledger.DatedRow
}

func (f *fixture) snapshot() (s snapshot) {
	f.Helper()
	const all = 1 << 20
	f.view(func(v ledger.View) {
		var err error
		keep := func(e error) { require.NoError(f, e) }
		s.head, err = v.Head(f.ctx)
		keep(err)
		s.head.Ledger, s.head.Clock = 0, time.Time{}
		s.blocks, err = v.Blocks(f.ctx, 0, all)
		keep(err)
		s.changes, err = v.Changes(f.ctx, "", all)
		keep(err)
		s.postings, err = v.Postings(f.ctx, 0, all)
		keep(err)
		s.events, err = v.Events(f.ctx, 0, all)
		keep(err)
		s.accounts, err = v.Accounts(f.ctx, "", 0, all)
		keep(err)
		s.currencies, err = v.Currencies(f.ctx)
		keep(err)
		s.holds, err = v.Holds(f.ctx, "", all)
		keep(err)
		s.records, err = v.RecordsAfter(f.ctx, ledger.RecordKey{}, all)
		keep(err)
		nos := make([]int64, 0, len(s.postings))
		for i := range s.postings {
			nos = append(nos, s.postings[i].No)
		}
		s.reversals, err = v.Reversals(f.ctx, nos)
		keep(err)
		s.dated = make(map[int64]ledger.DatedRow)
		for i := range s.accounts {
			if row, err := v.LastDated(f.ctx, s.accounts[i].No); err == nil {
				s.dated[row.Account] = row
			}
		}
	})
	return s
}

// equal demands that another store has the same ledger. Only how early an account's next
// expiry is looked for may differ: it is a bound.
func (f *fixture) equal(g *fixture) {
	f.Helper()
	one, other := f.snapshot(), g.snapshot()
	for _, s := range [2]*snapshot{&one, &other} {
		for i := range s.accounts {
			s.accounts[i].NextExpiry = time.Time{}
		}
	}
	if reflect.DeepEqual(one, other) {
		return // without the time that cmp takes to tell differences
	}
	assert.Empty(f, cmp.Diff(one, other, cmp.AllowUnexported(snapshot{}), cmpopts.EquateEmpty()), "the copy is equal")
}

// eventful writes of everything that a journal tells of.
func (f *fixture) eventful() {
	f.Helper()
	f.busyHistory()
	f.do(dated("bank:1", "user:1", 20, startTime.Add(-time.Hour)), dated("user:1", "user:5", 2, startTime.Add(time.Hour)))
	paid := f.do(transfer("bank:1", "user:6", 70), transfer("user:6", "user:7", 7))
	f.do(ledger.Reverse{Transaction: paid.First + 1, Effective: startTime.Add(-time.Minute), Reference: "back"})
	f.do(transfer("bank:1", "user:8", 1), ledger.Reverse{Transaction: paid.First + 3})
	f.do(
		ledger.Limits{Account: "user:6", Currency: currency("CNY"), Min: ledger.Limit(-5)},
		ledger.Freeze{Account: "user:7", Currency: currency("CNY"), Debits: true},
		ledger.Close{Account: "user:never", Currency: currency("EUR")},
	)
	f.do(ledger.Reopen{Account: "user:never", Currency: currency("EUR")})
	f.do(ledger.Transaction{Postings: []ledger.Posting{{Debit: "user:1", Credit: "free:1", Amount: yuan(1 << 40), UpTo: ledger.UpToDebit}}})
	f.do(
		ledger.Monitor{ID: "low", Account: "user:1", Currency: currency("CNY"), Below: ledger.Limit(450)},
		ledger.Monitor{ID: "high", Account: "user:9", Currency: currency("CNY"), AtLeast: ledger.Limit(1)},
	)
	f.do(ledger.Unmonitor{ID: "high", Account: "user:9", Currency: currency("CNY")})
	f.fund("user:1", 500)
	f.do(reserve("parts", posting("user:1", "user:3", 50), posting("user:1", "user:3", 20), posting("user:1", "user:4", 9)))
	f.do(capture("parts", posting("user:1", "user:3", 60)))
	f.do(ledger.Capture{Hold: "parts", Postings: []ledger.Posting{posting("user:1", "free:2", 3)}, Final: true})
	f.do(until("due 1", f.clock.Now().Add(time.Second), posting("user:1", "user:3", 5)))
	f.do(until("due 2", f.clock.Now().Add(time.Minute), posting("user:1", "user:3", 6)))
	f.clock.advance(time.Second)
	f.all(
		ledger.Change{ID: "link 1", Linked: true, Ops: []ledger.Op{transfer("user:1", "user:3", 1)}, Puts: []ledger.Put{{Type: "t", ID: "linked"}}},
		ledger.Change{ID: "link 2", Ops: []ledger.Op{transfer("user:1", "user:4", 1)}, Puts: []ledger.Put{{Type: "t", ID: "linked", Content: []byte("2")}}},
		ledger.Change{ID: "link 3", Linked: true, Ops: []ledger.Op{transfer("user:1", "user:3", 1)}},
		changeOf("link 4", transfer("user:4", "user:3", 1<<40)),
	)
	refused := changeOf("else", transfer("user:9", "user:3", 1<<40))
	refused.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: ledger.Change{
		Puts:   []ledger.Put{{Type: "t", ID: "attempt", Content: []byte("failed"), Unique: []string{"attempt"}}},
		Events: []ledger.Event{{Type: "failed", Payload: bytes.Repeat([]byte("x"), 5000)}},
	}}
	f.refuses(refused, ledger.InsufficientFunds)
	own := ledger.Change{ID: "own refusal", Refusal: &ledger.Refusal{Reason: "own", Detail: "detail"}}
	f.refuses(own, "own")
	f.must(ledger.Change{ID: "nothing"})
	for i := range 3 {
		f.must(ledger.Change{Puts: []ledger.Put{
			{Type: "t", ID: "often", Content: fmt.Append(nil, i), Unique: []string{numbered("often", i)}},
			{Type: "p", ID: "plain", Content: fmt.Append(nil, i), Chaining: ledger.Plain, Unique: []string{numbered("p", i)}, Due: startTime},
			{Type: "p", ID: numbered("one", i), Chaining: ledger.Plain, Labels: []string{"l"}},
		}})
	}
	f.must(ledger.Change{Puts: []ledger.Put{
		{Type: "p", ID: "one-0", Chaining: ledger.Plain, Erase: true},
		{Type: "t", ID: "linked", Erase: true},
		{Type: "t", ID: "back", Content: []byte("1")},
	}})
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "back", Erase: true}}})
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "back", Content: []byte("3")}}})
}

func testCopy(f *fixture) {
	f.eventful()
	g := f.copyTo(f.place(), f.export(ledger.ExportConfig{}))
	f.copyTo(f.place(), g.export(ledger.ExportConfig{})) // a copy of the copy
}

func testCopyGoesOn(f *fixture) {
	f.eventful()
	g := f.copyTo(f.place(), f.export(ledger.ExportConfig{}))
	replayed, err := g.commit(ledger.Change{ID: "nothing"})
	require.NoError(f, err)
	assert.True(f, replayed.Replayed, "ids are known to the copy")
	f.clock.advance(time.Minute)
	for _, l := range []*fixture{f, g} {
		l.must(changeOf("on", capture("open"), transfer("user:1", "user:3", 1), dated("bank:1", "user:1", 1, startTime)))
		l.holdIs("due 2", ledger.HoldIsExpired, 0)
		l.clean()
	}
	f.equal(g)
}

func testCopyOfRecords(f *fixture) {
	put := func(id, content string, unique ...string) ledger.Put {
		return ledger.Put{Type: "t", ID: id, Content: []byte(content), Unique: unique}
	}
	f.must(ledger.Change{Puts: []ledger.Put{put("a", "secret of a", "key"), put("b", "b1")}})
	f.must(ledger.Change{Puts: []ledger.Put{put("a", "a2")}})
	f.must(ledger.Change{Puts: []ledger.Put{put("b", "b2", "key"), put("c", "secret of c")}})
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "c", Erase: true}}})
	file := f.export(ledger.ExportConfig{})
	assert.NotContains(f, string(file), "secret", "what was replaced or erased is in no export")
	f.copyTo(f.place(), file)
}

func testCopyOfPlain(f *fixture) {
	plain := func(id string, unique ...string) ledger.Put {
		return ledger.Put{Type: "t", ID: id, Content: []byte(id), Unique: unique, Chaining: ledger.Plain}
	}
	place := f.place()
	f.must(ledger.Change{Puts: []ledger.Put{plain("a", "k1"), plain("b", "k2"), plain("c", "k3")}})
	f.copyTo(place, f.export(ledger.ExportConfig{}))
	// Keys go from one plain record to another, and to a chained one, between two exports.
	f.must(ledger.Change{Puts: []ledger.Put{plain("a"), plain("b"), {Type: "t", ID: "c", Erase: true, Chaining: ledger.Plain}}})
	f.must(ledger.Change{Puts: []ledger.Put{plain("a", "k2"), {Type: "t", ID: "chained", Unique: []string{"k1"}}, plain("d", "k3")}})
	g := f.copyTo(place, f.export(ledger.ExportConfig{}))
	holder, err := g.RecordByKey(f.ctx, "k3")
	require.NoError(f, err)
	assert.Equal(f, "d", holder.ID)
	for i := range 500 {
		f.must(ledger.Change{Puts: []ledger.Put{plain(numbered("many", i), numbered("key", i))}})
	}
	f.copyTo(place, f.export(ledger.ExportConfig{}))
}

func testCopyAgain(f *fixture) {
	place := f.place()
	f.eventful()
	early := f.export(ledger.ExportConfig{})
	f.copyTo(place, early)
	f.fund("user:1", 5)
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "p", ID: "plain", Content: []byte("late"), Chaining: ledger.Plain}}})
	late := f.export(ledger.ExportConfig{})
	g := f.copyTo(place, late)
	for _, file := range [][]byte{early, late} {
		out, err := ledger.Import(f.ctx, place, bytes.NewReader(file), ledger.ImportConfig{})
		require.NoError(f, err)
		assert.Zero(f, out.Blocks, "all were there")
		f.equal(g)
	}
}

func testCopyAfter(f *fixture) {
	place := f.place()
	f.eventful()
	seq := f.headSeq()
	f.copyTo(place, f.export(ledger.ExportConfig{}))
	f.eventfulAgain()
	for _, after := range []int64{seq, seq - 3, 1} {
		more := f.export(ledger.ExportConfig{After: after})
		assert.Less(f, len(more), len(f.export(ledger.ExportConfig{})))
		f.copyTo(place, more)
		_, err := ledger.Import(f.ctx, f.place(), bytes.NewReader(more), ledger.ImportConfig{})
		require.ErrorIs(f, err, ledger.ErrOtherHistory, "it does not begin where an empty ledger ends")
	}
	f.copyTo(place, f.export(ledger.ExportConfig{After: f.headSeq()}))
	for _, after := range []int64{-1, f.headSeq() + 1} {
		_, err := f.Export(f.ctx, io.Discard, ledger.ExportConfig{After: after})
		require.ErrorIs(f, err, ledger.ErrInvalid)
	}
}

// eventfulAgain writes more of records and events.
func (f *fixture) eventfulAgain() {
	f.Helper()
	for i := range 5 {
		f.must(ledger.Change{
			Ops:    []ledger.Op{transfer("bank:1", "user:1", 1)},
			Puts:   []ledger.Put{{Type: "t", ID: "often", Content: fmt.Append(nil, "again", i)}},
			Events: []ledger.Event{{Type: "again", Subject: numbered("s", i), Payload: []byte("p")}, {Type: "again"}},
		})
	}
}

func testCopyOfNothing(f *fixture) {
	place := f.place()
	file := f.export(ledger.ExportConfig{})
	f.copyTo(place, file)
	f.fund("user:1", 1)
	f.copyTo(place, f.export(ledger.ExportConfig{}))
	out, err := ledger.Import(f.ctx, place, bytes.NewReader(file), ledger.ImportConfig{})
	require.NoError(f, err, "nothing is the beginning of everything")
	assert.Zero(f, out.Seq)
}

func testImportInterrupted(f *fixture) {
	f.eventful()
	file := f.export(ledger.ExportConfig{})
	place := f.place()
	for cut := 0; cut < len(file); cut += max(1, len(file)/40) {
		before := int64(0)
		_, err := ledger.Import(f.ctx, place, bytes.NewReader(file[:cut]), ledger.ImportConfig{})
		require.ErrorIs(f, err, ledger.ErrDamaged, "cut at %d", cut)
		head, err := place.Open(f.ctx, f.config.Name, ledger.Genesis{Key: f.snapshot().head.Key})
		require.NoError(f, err)
		require.GreaterOrEqual(f, head.Seq, before, "it goes on from where it was")
		before = head.Seq
		if head.Seq > 0 {
			blocks, err := f.Blocks(f.ctx, before-1, 1)
			require.NoError(f, err)
			require.Equal(f, blocks[0].Hash, head.Hash, "what was written is a beginning")
		}
	}
	f.copyTo(place, file)
}

func testImportFaults(f *fixture) {
	f.eventful()
	file := f.export(ledger.ExportConfig{})
	place := f.place()
	faulty := NewFaulty(place)
	n := 0
	faulty.Poison(func(*ledger.Batch) error {
		n++
		switch {
		case n%3 == 0:
			faulty.LoseCommits(1, ledger.ErrCommitUnknown)
			return ledger.ErrRetry
		case n%5 == 0:
			return ledger.ErrCommitUnknown
		case n%7 == 0:
			faulty.FailBegins(2, ledger.ErrRetry)
		}
		return nil
	})
	f.copyTo(faulty, file)
	other := NewFaulty(f.place())
	other.FailCommits(1, errDisk)
	_, err := ledger.Import(f.ctx, other, bytes.NewReader(file), ledger.ImportConfig{})
	require.ErrorIs(f, err, errDisk)
}

func testImportForeign(f *fixture) {
	f.fund("user:1", 1)
	f.fund("user:1", 2)
	file := f.export(ledger.ExportConfig{})
	place := f.place()
	f.copyTo(place, file)

	refused := func(store ledger.Store, file []byte, cfg ledger.ImportConfig) {
		f.Helper()
		_, err := ledger.Import(f.ctx, store, bytes.NewReader(file), cfg)
		require.ErrorIs(f, err, ledger.ErrOtherHistory)
	}
	refused(place, file, ledger.ImportConfig{Name: "another"})

	// The same key, another history from the second block on, shorter, as long, and longer.
	key := f.snapshot().head.Key
	for blocks := 1; blocks <= 4; blocks++ {
		fork := f.place()
		_, err := fork.Open(f.ctx, f.config.Name, ledger.Genesis{Key: key})
		require.NoError(f, err)
		g := f.beside(fork)
		for i := range blocks {
			g.fund("user:1", int64(10+i))
		}
		before := g.snapshot()
		refused(fork, file, ledger.ImportConfig{})
		assert.Empty(f, cmp.Diff(before, g.snapshot(), cmp.AllowUnexported(snapshot{}), cmpopts.EquateEmpty()), "nothing was changed")
	}
	// A ledger of that name that was created apart.
	apart := f.place()
	_, err := apart.Open(f.ctx, f.config.Name, ledger.Genesis{Key: [16]byte{9}})
	require.NoError(f, err)
	refused(apart, file, ledger.ImportConfig{})
}

func testImportCheckpoints(f *fixture) {
	for i := range 5 {
		f.fund("user:1", int64(i))
	}
	blocks, err := f.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	file := f.export(ledger.ExportConfig{})
	good := ledger.Checkpoint{Seq: 4, Hash: blocks[3].Hash}
	_, err = ledger.Import(f.ctx, f.place(), bytes.NewReader(file), ledger.ImportConfig{Checkpoints: []ledger.Checkpoint{good}})
	require.NoError(f, err)

	bad := ledger.Checkpoint{Seq: 4, Hash: blocks[2].Hash}
	out, err := ledger.Import(f.ctx, f.place(), bytes.NewReader(file), ledger.ImportConfig{Checkpoints: []ledger.Checkpoint{good, bad}})
	require.ErrorIs(f, err, ledger.ErrOtherHistory)
	assert.EqualValues(f, 3, out.Blocks, "the block that differs was not written")

	_, err = ledger.Import(f.ctx, f.place(), bytes.NewReader(file), ledger.ImportConfig{Checkpoints: []ledger.Checkpoint{{Seq: 6}}})
	require.ErrorIs(f, err, ledger.ErrOtherHistory, "the file ends before")

	// A file may begin after a checkpoint: then the copy has to have met it.
	place := f.place()
	f.copyTo(place, file)
	f.fund("user:1", 1)
	later := f.export(ledger.ExportConfig{After: 5})
	_, err = ledger.Import(f.ctx, place, bytes.NewReader(later), ledger.ImportConfig{Checkpoints: []ledger.Checkpoint{bad}})
	require.ErrorIs(f, err, ledger.ErrOtherHistory)
	_, err = ledger.Import(f.ctx, place, bytes.NewReader(later), ledger.ImportConfig{Checkpoints: []ledger.Checkpoint{good}})
	require.NoError(f, err)
}

func testImportDamaged(f *fixture) {
	f.eventful()
	file := f.export(ledger.ExportConfig{})
	place := f.place()
	for i := 0; i < len(file); i += 1 + i%97*len(file)/4000 {
		_, err := ledger.Import(f.ctx, place, bytes.NewReader(flip(file, i)), ledger.ImportConfig{})
		require.ErrorIs(f, err, refusedFor(i), "byte %d", i)
	}
	f.copyTo(place, file)
}

// refusedFor is with which error a file is refused whose byte at a place differs.
func refusedFor(at int) error {
	if at == 8 {
		return ledger.ErrFormat // the byte is the file's version
	}
	return ledger.ErrDamaged
}

func testExportBesideWriters(f *fixture) {
	f.fund("user:1", 1_000_000)
	const writers = 3
	place := f.place()
	stop := make(chan struct{})
	errs := make([]error, writers)
	together(writers+1, func(i int) {
		if i == writers {
			defer close(stop)
			for range 5 {
				// A pipe: the copy is made while the export is written.
				r, w := io.Pipe()
				go func() {
					_, err := f.Export(f.ctx, w, ledger.ExportConfig{})
					w.CloseWithError(err)
				}()
				_, err := ledger.Import(f.ctx, place, r, ledger.ImportConfig{})
				if !assert.NoError(f, err) {
					return
				}
				g := f.beside(place)
				g.clean()
				// What is written together is together in the copy, in the journal or not.
				chained, err := g.Record(f.ctx, "t", "r")
				plain, err2 := g.Record(f.ctx, "t", "p")
				if ignoreMissing(err, err2) {
					assert.Equal(f, chained.Content, plain.Content)
					assert.Equal(f, chained.Seq, plain.Seq)
				}
				g.close()
			}
			return
		}
		for n := 0; n < 1500; n++ { // a bound for fast machines
			select {
			case <-stop:
				return
			default:
			}
			id := fmt.Sprintf("w-%d-%d", i, n)
			_, errs[i] = f.commit(ledger.Change{
				ID: id, Ops: []ledger.Op{transfer("user:1", "user:2", 1)},
				Puts: []ledger.Put{
					{Type: "t", ID: "r", Content: []byte(id)},
					{Type: "t", ID: "p", Content: []byte(id), Chaining: ledger.Plain},
				},
				Events: []ledger.Event{{Type: "t", Payload: []byte(id)}},
			})
			if errs[i] != nil {
				return
			}
		}
	})
	for _, err := range errs {
		require.NoError(f, err)
	}
}

// ignoreMissing reports that both were found.
func ignoreMissing(errs ...error) bool {
	return !slices.ContainsFunc(errs, func(err error) bool { return err != nil })
}

func testExportAltered(f *fixture) {
	f.eventful()
	for name, l := range map[string]lens{
		"block":  {blocks: edit(func(b *ledger.Block) bool { return b.Seq == 4 }, func(b *ledger.Block) { b.Body = flip(b.Body, 9) })},
		"gap":    {blocks: without(func(b *ledger.Block) bool { return b.Seq == 4 })},
		"tail":   {blocks: without(func(b *ledger.Block) bool { return b.Seq > 4 })},
		"event":  {events: edit(func(e *ledger.EventRow) bool { return e.No == 1 }, func(e *ledger.EventRow) { e.Payload = flip(e.Payload, 0) })},
		"events": {events: without(func(e *ledger.EventRow) bool { return e.No == 2 })},
	} {
		f.Run(name, func(t *testing.T) {
			g := f.through(l)
			_, err := g.Export(f.ctx, io.Discard, ledger.ExportConfig{})
			require.ErrorIs(t, err, ledger.ErrDiscrepancy)
		})
	}
}

func testExportDurable(f *fixture) {
	f.fund("user:1", 1)
	faulty := NewFaulty(f.store)
	g := f.beside(faulty)
	faulty.FailCommits(1, ledger.ErrUnavailable)
	var file bytes.Buffer
	_, err := g.Export(f.ctx, &file, ledger.ExportConfig{})
	require.ErrorIs(f, err, ledger.ErrUnavailable, "another process wrote it, and whether it is durable can not be told")
	_, err = ledger.Import(f.ctx, f.place(), bytes.NewReader(file.Bytes()), ledger.ImportConfig{})
	require.ErrorIs(f, err, ledger.ErrDamaged, "it has no end")
	_, err = g.Export(f.ctx, io.Discard, ledger.ExportConfig{})
	require.NoError(f, err)
}
