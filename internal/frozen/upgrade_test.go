package frozen

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/schedule"
)

// files are what a version left beside its databases.
type files struct {
	version    string
	archive    *ledger.ArchiveReader
	checkpoint ledger.Checkpoint
}

func filesOf(t *testing.T, version string) files {
	t.Helper()
	f := files{version: version}
	var signed ledger.SignedCheckpoint
	require.NoError(t, signed.UnmarshalText([]byte(read(t, version, "checkpoint.txt"))))
	var err error
	f.checkpoint, err = signed.Prove(signer().Public().(ed25519.PublicKey), "frozen:ledger")
	require.NoError(t, err)
	archive := readHex(t, version, "archive.hex")
	f.archive, err = ledger.OpenArchive(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	return f
}

// open opens the ledger at the end of the history, which must be all there.
func (f *files) open(t *testing.T, store ledger.Store) *ledger.Ledger {
	t.Helper()
	cfg := config(end)
	cfg.NotBefore = f.checkpoint
	l, err := ledger.Open(t.Context(), store, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.WithoutCancel(t.Context()))) })
	return l
}

// verify proves the ledger from its first block on.
func (f *files) verify(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	report, err := l.VerifyWith(t.Context(), ledger.VerifyConfig{Archive: f.archive, Checkpoints: []ledger.Checkpoint{f.checkpoint}})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.GreaterOrEqual(t, report.Seq, f.checkpoint.Seq)
}

// replay asks for every Change of the history again, and returns what is answered. Plans are put
// again too, which their ids answer.
func (f *files) replay(t *testing.T, l *ledger.Ledger) []asked {
	t.Helper()
	var golden told
	require.NoError(t, json.Unmarshal([]byte(read(t, f.version, "ledger.json")), &golden))
	history := record(t, memstore.New())
	history.close()
	seq := headOf(t, l)
	var again []asked
	n := 0
	for _, was := range history.asked {
		if golden.Answers[was.changes[0].ID] == "" {
			continue // of a version that came later
		}
		answers := l.CommitAll(t.Context(), was.changes)
		for i, a := range answers {
			assert.Equal(t, was.answers[i].Seq != 0, a.Replayed, "%s: %v", was.changes[i].ID, a.Err)
			assert.Equal(t, was.answers[i].Err, a.Err, was.changes[i].ID)
			n++
		}
		again = append(again, asked{was.changes, answers})
	}
	assert.Len(t, golden.Answers, n)
	for _, p := range history.plans {
		_, err := schedule.New(l, schedule.Config{}).Put(t.Context(), p)
		require.NoError(t, err, p.ID)
	}
	assert.Equal(t, seq, headOf(t, l), "no block was written")
	return again
}

// headOf is the number of the last block.
func headOf(t *testing.T, l *ledger.Ledger) int64 {
	t.Helper()
	seq, _, _, err := l.Head(t.Context())
	require.NoError(t, err)
	return seq
}

// reuse asks for something else under every id that is kept.
func (f *files) reuse(t *testing.T, l *ledger.Ledger, answers []asked) {
	t.Helper()
	seq := headOf(t, l)
	for _, was := range answers {
		for i, other := range was.changes {
			if was.answers[i].Seq == 0 {
				continue // its id stayed free
			}
			other.Linked, other.Request = false, []ledger.Field{{Name: "something", Value: "else"}}
			_, err := l.Commit(t.Context(), other)
			require.ErrorIs(t, err, ledger.ErrIDReused, other.ID)
		}
	}
	assert.Equal(t, seq, headOf(t, l), "no block was written")
}

// goOn does new things with what is there.
func goOn(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	cny := money.MustISO("CNY")
	r, err := l.Record(t.Context(), "order", "1")
	require.NoError(t, err)
	for _, c := range []ledger.Change{
		{ID: "new:capture", Ops: []ledger.Op{ledger.Capture{Hold: "open"}, ledger.Capture{Hold: "parts", Final: true, Postings: []ledger.Posting{leg("user:1:available", "shop:1", yuan(1))}}}},
		{ID: "new:expiry", Ops: []ledger.Op{pay("shop:1", "user:3", yuan(1))}},
		{ID: "new:reverse", Ops: []ledger.Op{ledger.Reverse{Transaction: 38}}},
		{ID: "new:dated", Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{leg("shop:many", "shop:1", yuan(9))}, Effective: beginning()}}},
		{
			ID: "new:record", Expects: []ledger.Expect{{Type: "order", ID: "1", Version: r.Version}},
			Puts:   []ledger.Put{{Type: "order", ID: "1", Content: []byte("new"), Unique: []string{"order:c"}}, {Type: "order", ID: "2", Erase: true}},
			Events: []ledger.Event{{Type: "order.new", Subject: "1", Payload: []byte("new")}},
		},
		{ID: "new:watched", Ops: []ledger.Op{
			pay("shop:1", "user:1:available", yuan(200_000)), pay("user:1:available", "shop:1", yuan(200_000)),
			ledger.Unmonitor{ID: "much", Account: "user:1:available", Currency: cny},
			ledger.Freeze{Account: "user:4", Currency: cny},
		}},
	} {
		out, err := l.Commit(t.Context(), c)
		require.NoError(t, err, c.ID)
		require.False(t, out.Replayed, c.ID)
	}
	hold, err := l.FindHold(t.Context(), "due")
	require.NoError(t, err)
	assert.Equal(t, ledger.HoldIsExpired, hold.Status)
	s := schedule.New(l, schedule.Config{})
	n, err := s.Due(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n, "the rent is due once a month")
	plan, err := s.Cancel(t.Context(), "daily")
	require.NoError(t, err)
	assert.Equal(t, schedule.Canceled, plan.State)
}

// carriesOn holds a store with the history in it to the promise.
func (f *files) carriesOn(t *testing.T, store ledger.Store) (*ledger.Ledger, []asked) {
	t.Helper()
	l := f.open(t, store)
	f.verify(t, l)
	answers := f.replay(t, l)
	equal(t, "ledger.json", read(t, f.version, "ledger.json"), ask(t, l, answers))
	f.reuse(t, l, answers)
	goOn(t, l)
	f.verify(t, l)
	return l, answers
}

// copies exports the ledger of a database to each other kind of store, where it must be the same.
func (f *files) copies(t *testing.T, l *ledger.Ledger, answers []asked, from string) {
	t.Helper()
	var export bytes.Buffer
	exported, err := l.Export(t.Context(), &export, ledger.ExportConfig{Archive: f.archive})
	require.NoError(t, err)
	want := ask(t, l, answers)
	stores := map[string]ledger.Store{"memory": memstore.New()}
	for name, start := range databases() {
		if name == from {
			continue
		}
		db := start(t)
		db.prepare(t)
		stores[name] = opened(t, db)
	}
	for name, store := range stores {
		imported, err := ledger.Import(t.Context(), store, bytes.NewReader(export.Bytes()), ledger.ImportConfig{Checkpoints: []ledger.Checkpoint{f.checkpoint}})
		require.NoError(t, err, name)
		assert.Equal(t, exported.Checkpoint, imported.Checkpoint)
		other := f.open(t, store)
		f.verify(t, other)
		equal(t, "the copy in "+name, want, ask(t, other, answers))
		var again bytes.Buffer
		_, err = other.Export(t.Context(), &again, ledger.ExportConfig{})
		require.NoError(t, err)
		assert.True(t, bytes.Equal(export.Bytes(), again.Bytes()), "the export of the copy in %s is the same file", name)
	}
}

// A database of every version is restored, brought up to date by today's code, and used.
func TestDatabasesOfEveryVersionAreCarriedOn(t *testing.T) {
	for _, version := range versions(t) {
		for name, start := range databases() {
			t.Run(version+" in "+name, func(t *testing.T) {
				db, f := start(t), filesOf(t, version)
				db.restore(t, read(t, version, db.golden()))
				db.prepare(t)
				l, answers := f.carriesOn(t, opened(t, db))
				f.copies(t, l, answers, name)
			})
		}
	}
}

// An export of every version is read into every store, and used.
func TestExportsOfEveryVersionAreRead(t *testing.T) {
	for _, version := range versions(t) {
		stores := databases()
		stores["memory"] = nil
		for name, start := range stores {
			t.Run(version+" into "+name, func(t *testing.T) {
				f := filesOf(t, version)
				var store ledger.Store = memstore.New()
				if start != nil {
					db := start(t)
					db.prepare(t)
					store = opened(t, db)
				}
				imported, err := ledger.Import(t.Context(), store, bytes.NewReader(readHex(t, version, "export.hex")),
					ledger.ImportConfig{Name: "frozen:ledger", Checkpoints: []ledger.Checkpoint{f.checkpoint}})
				require.NoError(t, err)
				assert.Equal(t, f.checkpoint, imported.Checkpoint)
				equal(t, "blocks.txt", read(t, version, "blocks.txt"), blocksText(t, f.open(t, store)))
				f.carriesOn(t, store)
			})
		}
	}
}

// An archive of every version is a part of the chain.
func TestArchivesOfEveryVersionAreRead(t *testing.T) {
	for _, version := range versions(t) {
		f := filesOf(t, version)
		receipt := f.archive.Receipt()
		assert.Equal(t, "frozen:ledger", receipt.Ledger)
		assert.EqualValues(t, archived, receipt.Last.Seq)
		last, err := ledger.VerifyChain(t.Context(), f.archive, receipt.Ledger, ledger.Checkpoint{})
		require.NoError(t, err)
		assert.Equal(t, receipt.Last, last)
		blocks, err := f.archive.Blocks(t.Context(), 0, ledger.MaxPage)
		require.NoError(t, err)
		assert.Contains(t, read(t, version, "blocks.txt"), hexLines(blocks[archived-1].Body))
	}
}
