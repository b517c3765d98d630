package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// verifyWith demands that a verification could be done.
func (f *fixture) verifyWith(cfg ledger.VerifyConfig) ledger.Report {
	f.Helper()
	report, err := f.VerifyWith(f.ctx, cfg)
	require.NoError(f, err)
	return report
}

// crowd writes things with many keys, some of each kind of which Verify keeps a part.
func (f *fixture) crowd(n int) {
	f.Helper()
	for i := range n {
		c := ledger.Change{
			ID: fmt.Sprintf("crowd-%d", n-i),
			Ops: []ledger.Op{
				transfer("bank:1", numbered("user:a", i), 10),
				ledger.Transaction{
					Postings:  []ledger.Posting{posting("bank:1", numbered("user:a", i/2), 1)},
					Effective: startTime.AddDate(0, -i, 0), Reference: numbered("ref", i),
				},
				until(numbered("hold", n-i), startTime.AddDate(0, 0, i+1), posting(numbered("user:a", i), "user:b", 3)),
			},
			Puts: []ledger.Put{{Type: numbered("t", i%3), ID: numbered("r", i), Content: []byte("content"), Labels: []string{"l"}}},
		}
		out := f.must(c)
		if i%3 == 0 {
			f.do(ledger.Void{Hold: numbered("hold", n-i)}, ledger.Reverse{Transaction: out.First, Force: true})
		}
	}
}

func testVerifyFound(f *fixture) {
	c := ledger.Change{}
	for range ledger.MaxParts {
		c.Ops = append(c.Ops, transfer("bank:1", "user:1", 1))
	}
	f.must(c)
	f.must(ledger.Change{Ops: []ledger.Op{transfer("bank:1", "user:1", 1), transfer("bank:1", "user:1", 1)}})
	g := f.through(lens{postings: edit(func(*ledger.PostingRow) bool { return true }, func(p *ledger.PostingRow) { p.Change += "x" })})
	var found []ledger.Problem
	report := g.verifyWith(ledger.VerifyConfig{Found: func(p ledger.Problem) { found = append(found, p) }})
	assert.Len(f, found, ledger.MaxParts+2)
	assert.EqualValues(f, len(found), report.Found)
	assert.Equal(f, found[:ledger.MaxProblems], report.Problems)
	assert.Contains(f, report.Err().Error(), fmt.Sprintf("and %d more", len(found)-5))
	slices.SortFunc(found, func(a, b ledger.Problem) int { return len(a.Where) - len(b.Where) })
	assert.Len(f, slices.Compact(found), len(found), "each is told once")
}

func testVerifyParts(f *fixture) {
	f.busyHistory()
	f.crowd(30)
	whole := f.verifyWith(ledger.VerifyConfig{})
	require.NoError(f, whole.Err())
	assert.Equal(f, 1, whole.Passes)
	parts := f.verifyWith(ledger.VerifyConfig{MaxMemory: 5000})
	parts.Passes = 1
	assert.Equal(f, whole, parts)
	f = f.inMemory()
	for _, memory := range []int{1, 300, 1000, 5000, 20_000} {
		parts := f.verifyWith(ledger.VerifyConfig{MaxMemory: memory})
		assert.Greater(f, parts.Passes, 1, "of %d bytes", memory)
		assert.LessOrEqual(f, parts.Passes, 10+200_000/memory, "of %d bytes", memory)
		parts.Passes = 1
		assert.Equal(f, whole, parts, "of %d bytes", memory)
	}
}

func testVerifyPartsBesideWriters(f *fixture) {
	var done atomic.Bool
	f.crowd(5)
	var failed error
	together(2, func(i int) {
		if i == 0 {
			defer done.Store(true)
			for _, memory := range []int{1000, 2000} {
				report, err := f.VerifyWith(f.ctx, ledger.VerifyConfig{MaxMemory: memory})
				assert.NoError(f, err)
				assert.NoError(f, report.Err())
				assert.Greater(f, report.Passes, 1)
			}
			return
		}
		for n := 0; !done.Load() && n < 200; n++ {
			id := fmt.Sprintf("w-%d", n)
			_, err := f.commit(ledger.Change{
				ID: id,
				Ops: []ledger.Op{
					transfer("bank:1", numbered("user:w", n%50), 5),
					ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", "user:w", 1)}, Effective: startTime.AddDate(0, 0, -n%20)},
					until(id, startTime.AddDate(0, 0, 1), posting(numbered("user:w", n%50), "user:3", 1)),
				},
				Puts:   []ledger.Put{{Type: "t", ID: numbered("w", n%5), Content: []byte(id)}},
				Events: []ledger.Event{{Type: "t", Subject: id}},
			})
			failed = errors.Join(failed, err)
			if n%2 == 0 {
				_, err := f.commit(changeOf("void "+id, ledger.Void{Hold: id}))
				failed = errors.Join(failed, err)
			}
		}
	})
	require.NoError(f, failed)
}

func testVerifyProgress(f *fixture) {
	f.crowd(10)
	for _, memory := range []int{0, 1000} {
		var last, total int64
		f.verifyWith(ledger.VerifyConfig{MaxMemory: memory, Progress: func(done, of int64) {
			assert.GreaterOrEqual(f, done, last)
			assert.GreaterOrEqual(f, of, total)
			assert.LessOrEqual(f, done, of)
			last, total = done, of
		}})
		assert.NotZero(f, last)
		assert.Equal(f, total, last, "at the end nothing is left")
	}
}

func testVerifyPause(f *fixture) {
	f.crowd(3)
	pauses := 0
	f.verifyWith(ledger.VerifyConfig{Pause: func(context.Context) error { pauses++; return nil }})
	assert.Greater(f, pauses, 5)
	enough := errors.New("enough")
	for stop := range pauses {
		n := 0
		_, err := f.VerifyWith(f.ctx, ledger.VerifyConfig{Pause: func(context.Context) error {
			if n++; n > stop {
				return enough
			}
			return nil
		}})
		require.ErrorIs(f, err, enough, "pause %d", stop)
	}
	ctx, cancel := context.WithCancel(f.ctx)
	_, err := f.VerifyWith(ctx, ledger.VerifyConfig{Pause: func(ctx context.Context) error { cancel(); return ctx.Err() }})
	require.ErrorIs(f, err, context.Canceled)
}

func testVerifyBroken(f *fixture) {
	f.busyHistory()
	wrong := func(b *ledger.Block) {
		if b.Seq == 6 {
			b.Time = b.Time.AddDate(-1, 0, 0)
		}
	}
	for name, blocks := range map[string]func([]ledger.Block) []ledger.Block{
		"missing":         without(func(b *ledger.Block) bool { return b.Seq == 3 }),
		"can not be read": edit(func(b *ledger.Block) bool { return b.Seq == 3 }, func(b *ledger.Block) { b.Body = []byte{99} }),
	} {
		g := f.through(lens{blocks: func(rows []ledger.Block) []ledger.Block {
			return edit(func(*ledger.Block) bool { return true }, wrong)(blocks(rows))
		}})
		report := g.verifyWith(ledger.VerifyConfig{Checkpoints: []ledger.Checkpoint{{Seq: 5}, {Seq: 9}}})
		found := places(report)
		assert.Subset(f, found, []string{"block 3", "block 5", "block 6", "checkpoint 9"}, name)
		assert.Contains(f, report.Err().Error(), "tables were not held against it", name)
		assert.EqualValues(f, 2, report.Seq, name)
	}
}

// shelf is an archive in memory.
type shelf []ledger.Block

func (k shelf) Blocks(_ context.Context, after int64, limit int) (out []ledger.Block, _ error) {
	for _, b := range k {
		if b.Seq > after && len(out) < limit {
			out = append(out, b)
		}
	}
	return out, nil
}

// archived drops the first blocks from the store and returns all that there were.
func (f *fixture) archived(through int64) shelf {
	f.Helper()
	blocks, err := f.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	require.NoError(f, f.store.Forget(f.ctx, f.number(), through))
	f.archives = shelf(blocks)
	return shelf(blocks)
}

func testVerifyArchived(f *fixture) {
	f.busyHistory()
	archive := f.archived(5)
	_, err := f.Verify(f.ctx)
	require.ErrorIs(f, err, ledger.ErrArchived)
	for _, memory := range []int{0, 500} {
		report := f.verifyWith(ledger.VerifyConfig{
			Archive: archive, MaxMemory: memory, Checkpoints: []ledger.Checkpoint{{Seq: 2, Hash: archive[1].Hash}},
		})
		require.NoError(f, report.Err())
		assert.EqualValues(f, 7, report.Seq)
	}
	lost := errors.New("the archive is lost")
	_, err = f.VerifyWith(f.ctx, ledger.VerifyConfig{Archive: failingArchive{lost}})
	require.ErrorIs(f, err, lost)
}

type failingArchive struct{ err error }

func (a failingArchive) Blocks(context.Context, int64, int) ([]ledger.Block, error) {
	return nil, a.err
}

func testVerifyWrongArchive(f *fixture) {
	f.busyHistory()
	archive := f.archived(5)
	for name, c := range map[string]struct {
		archive shelf
		where   string
	}{
		"without a block":     {without(func(b *ledger.Block) bool { return b.Seq == 4 })(archive), "block 4"},
		"that ends too early": {archive[:2], "block 3"},
		"that is empty":       {nil, "block 1"},
		"with another body":   {edit(func(b *ledger.Block) bool { return b.Seq == 4 }, func(b *ledger.Block) { b.Body = flip(b.Body, 20) })(archive), "block 4"},
		"without a body":      {edit(func(b *ledger.Block) bool { return b.Seq == 4 }, func(b *ledger.Block) { b.Body = nil })(archive), "block 4"},
		"of another ledger":   {edit(func(b *ledger.Block) bool { return b.Seq == 2 }, func(b *ledger.Block) { b.Body = archive[2].Body })(archive), "block 2"},
	} {
		report := f.verifyWith(ledger.VerifyConfig{Archive: c.archive})
		assert.Contains(f, places(report), c.where, name)
	}
}

func testVerifyNoSuchCheckpoint(f *fixture) {
	f.fund("user:1", 1)
	report := f.verifyWith(ledger.VerifyConfig{Checkpoints: []ledger.Checkpoint{{Seq: 0}}})
	require.NoError(f, report.Err(), "what Head says of an empty ledger")
	for _, c := range []ledger.Checkpoint{{Seq: -1}, {Seq: 0, Hash: [32]byte{1}}, {Seq: 2}} {
		report := f.verifyWith(ledger.VerifyConfig{Checkpoints: []ledger.Checkpoint{c}})
		assert.Equal(f, []string{fmt.Sprintf("checkpoint %d", c.Seq)}, places(report))
	}
	_, _, hash, err := f.Head(f.ctx)
	require.NoError(f, err)
	report = f.verifyWith(ledger.VerifyConfig{Checkpoints: []ledger.Checkpoint{{Seq: 1, Hash: hash}, {Seq: 1}}})
	assert.Equal(f, []string{"block 1"}, places(report), "two for one block are both looked at")
}
