package ledgertest

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// archivePromises are about blocks that are kept outside of the store.
var archivePromises = []promise{
	{"Archived blocks leave the store and stay in the chain", testArchive},
	{"Forget takes a receipt of this ledger and leaves nothing out", testForgetReceipt},
	{"A ledger works and is exported with its old blocks in archives", testArchivedLedgerWorks},
	{"An archive that is damaged anywhere is refused", testArchiveDamaged},
	{"VerifyChain finds a gap, another block and an altered one", testVerifyChain},
}

// archive archives blocks up to one, and opens the file.
func (f *fixture) archive(through int64) (*ledger.ArchiveReader, []byte) {
	f.Helper()
	var file bytes.Buffer
	receipt, err := f.Archive(f.ctx, &file, through)
	require.NoError(f, err, "Archive")
	a, err := ledger.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()))
	require.NoError(f, err, "OpenArchive")
	assert.Equal(f, receipt, a.Receipt())
	return a, file.Bytes()
}

// bodies is how many blocks have a body.
func (f *fixture) bodies() (n int) {
	f.Helper()
	for _, b := range f.snapshot().blocks {
		if b.Body != nil {
			n++
		}
	}
	return n
}

// forgetful is a fixture that is not verified at its end, since its old blocks are gone.
func (f *fixture) forgetful() *fixture {
	f.Helper()
	return f.beside(f.place())
}

func testArchive(f *fixture) {
	g := f.forgetful()
	for i := range 150 {
		g.fund("user:1", int64(i+1))
	}
	before := g.snapshot()
	a, _ := g.archive(100)
	assert.Equal(f, 150, g.bodies(), "Archive changes nothing")
	require.NoError(f, g.Forget(f.ctx, a.Receipt()))
	require.NoError(f, g.Forget(f.ctx, a.Receipt()), "once more does nothing")
	assert.Equal(f, 50, g.bodies())
	g.fund("user:1", 1)

	b, _ := g.archive(120)
	assert.EqualValues(f, 101, b.Receipt().First)
	require.NoError(f, g.Forget(f.ctx, b.Receipt()))
	for _, after := range []int64{0, 1, 62, 63, 64, 65, 99, 100, 119} {
		got, err := ledger.Archives{b, a}.Blocks(f.ctx, after, 3)
		require.NoError(f, err)
		want := before.blocks[after:]
		assert.Equal(f, want[:len(got)], got, "after %d", after)
		assert.NotEmpty(f, got)
	}
	for _, after := range []int64{120, 1000} {
		got, err := b.Blocks(f.ctx, after, 10)
		require.NoError(f, err)
		assert.Empty(f, got)
	}
	canceled, cancel := context.WithCancel(f.ctx)
	cancel()
	_, err := a.Blocks(canceled, 0, 10)
	require.ErrorIs(f, err, context.Canceled)

	// The chain goes through both archives and what is left.
	last, err := ledger.VerifyChain(f.ctx, ledger.Archives{a, b, g.Ledger}, g.Ledger.Name(), ledger.Checkpoint{})
	require.NoError(f, err)
	head, err := g.Checkpoint(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, head, last)
	last, err = ledger.VerifyChain(f.ctx, g.Ledger, g.Ledger.Name(), b.Receipt().Last)
	require.NoError(f, err, "from where the archives end")
	assert.Equal(f, head, last)
	_, err = ledger.VerifyChain(f.ctx, ledger.Archives{a, g.Ledger}, g.Ledger.Name(), ledger.Checkpoint{})
	require.ErrorIs(f, err, ledger.ErrArchived, "an archive is missing")
	for _, through := range []int64{-1, 0, 120, 152} {
		_, err := g.Archive(f.ctx, &bytes.Buffer{}, through)
		require.ErrorIs(f, err, ledger.ErrInvalid, "through %d", through)
	}
}

func testForgetReceipt(f *fixture) {
	g := f.forgetful()
	for i := range 9 {
		g.fund("user:1", int64(i+1))
	}
	a, _ := g.archive(3)
	good := a.Receipt()
	alter := func(change func(*ledger.ArchiveReceipt)) ledger.ArchiveReceipt {
		r := good
		change(&r)
		return r
	}
	for name, row := range map[string]struct {
		receipt ledger.ArchiveReceipt
		want    error
	}{
		"none":            {ledger.ArchiveReceipt{}, ledger.ErrInvalid},
		"another ledger":  {alter(func(r *ledger.ArchiveReceipt) { r.Ledger += "x" }), ledger.ErrInvalid},
		"no blocks":       {alter(func(r *ledger.ArchiveReceipt) { r.First = 4 }), ledger.ErrInvalid},
		"a later begin":   {alter(func(r *ledger.ArchiveReceipt) { r.First = 2 }), ledger.ErrInvalid},
		"another hash":    {alter(func(r *ledger.ArchiveReceipt) { r.Last.Hash[0]++ }), ledger.ErrOtherHistory},
		"another number":  {alter(func(r *ledger.ArchiveReceipt) { r.Last.Seq++ }), ledger.ErrOtherHistory},
		"beyond the head": {alter(func(r *ledger.ArchiveReceipt) { r.Last.Seq = 100 }), ledger.ErrOtherHistory},
	} {
		require.ErrorIs(f, g.Forget(f.ctx, row.receipt), row.want, name)
	}
	assert.Equal(f, 9, g.bodies(), "nothing was dropped")
	require.NoError(f, g.Forget(f.ctx, good))
	assert.Equal(f, 6, g.bodies())
}

func testArchivedLedgerWorks(f *fixture) {
	g := f.forgetful()
	g.eventful()
	seq := g.headSeq()
	before := g.snapshot()
	a, _ := g.archive(seq / 2)
	require.NoError(f, g.Forget(f.ctx, a.Receipt()))
	b, _ := g.archive(seq)
	require.NoError(f, g.Forget(f.ctx, b.Receipt()))
	assert.Zero(f, g.bodies())
	_, err := g.Export(f.ctx, &bytes.Buffer{}, ledger.ExportConfig{})
	require.ErrorIs(f, err, ledger.ErrArchived)
	_, err = g.Export(f.ctx, &bytes.Buffer{}, ledger.ExportConfig{Archive: a})
	require.ErrorIs(f, err, ledger.ErrArchived, "the second half is missing")

	file := g.export(ledger.ExportConfig{Archive: ledger.Archives{a, b}})
	place := f.place()
	_, err = ledger.Import(f.ctx, place, bytes.NewReader(file), ledger.ImportConfig{})
	require.NoError(f, err)
	full := g.beside(place)
	full.clean()
	assert.Equal(f, before.blocks, full.snapshot().blocks, "the copy has its bodies again")

	replayed, err := g.commit(ledger.Change{ID: "nothing"})
	require.NoError(f, err)
	assert.True(f, replayed.Replayed)
	g.must(changeOf("on", capture("open")))
	g.reopen()
	g.must(changeOf("further", transfer("user:1", "user:3", 1)))
	last, err := ledger.VerifyChain(f.ctx, ledger.Archives{a, b, g.Ledger}, g.Ledger.Name(), ledger.Checkpoint{})
	require.NoError(f, err)
	assert.Equal(f, seq+2, last.Seq)
}

func testArchiveDamaged(f *fixture) {
	for i := range 70 {
		f.fund("user:1", int64(i+1))
	}
	_, file := f.archive(5) // a small one, since each of its bytes is tried
	for i := range file {
		damaged := flip(file, i)
		_, err := ledger.OpenArchive(bytes.NewReader(damaged), int64(len(damaged)))
		require.ErrorIs(f, err, refusedFor(i), "byte %d", i)
	}
	for cut := 0; cut < len(file); cut += 7 {
		_, err := ledger.OpenArchive(bytes.NewReader(file), int64(cut))
		require.ErrorIs(f, err, ledger.ErrDamaged, "cut at %d", cut)
	}
	longer := append(bytes.Clone(file), 0)
	_, err := ledger.OpenArchive(bytes.NewReader(longer), int64(len(longer)))
	require.ErrorIs(f, err, ledger.ErrDamaged, "something follows")
	export := f.export(ledger.ExportConfig{})
	_, err = ledger.OpenArchive(bytes.NewReader(export), int64(len(export)))
	require.ErrorIs(f, err, ledger.ErrDamaged, "an export is no archive")
	_, err = ledger.Import(f.ctx, f.place(), bytes.NewReader(file), ledger.ImportConfig{})
	require.ErrorIs(f, err, ledger.ErrDamaged, "nor an archive an export")

	// Altered after it was opened.
	_, file = f.archive(70)
	own := bytes.Clone(file)
	a, err := ledger.OpenArchive(bytes.NewReader(own), int64(len(own)))
	require.NoError(f, err)
	own[len(own)/2] ^= 1
	_, err = a.Blocks(f.ctx, 0, 100)
	require.ErrorIs(f, err, ledger.ErrDamaged)
}

func testVerifyChain(f *fixture) {
	for i := range 40 {
		f.fund("user:1", int64(i+1))
	}
	name := f.Ledger.Name()
	for what, l := range map[string]lens{
		"a gap":            {blocks: without(func(b *ledger.Block) bool { return b.Seq == 20 })},
		"an altered body":  {blocks: edit(func(b *ledger.Block) bool { return b.Seq == 20 }, func(b *ledger.Block) { b.Body = flip(b.Body, 8) })},
		"an altered time":  {blocks: edit(func(b *ledger.Block) bool { return b.Seq == 20 }, func(b *ledger.Block) { b.Time = b.Time.Add(1000) })},
		"an altered hash":  {blocks: edit(func(b *ledger.Block) bool { return b.Seq == 20 }, func(b *ledger.Block) { b.Hash[0]++ })},
		"an altered link":  {blocks: edit(func(b *ledger.Block) bool { return b.Seq == 1 }, func(b *ledger.Block) { b.Previous[0]++ })},
		"no first block":   {blocks: without(func(b *ledger.Block) bool { return b.Seq == 1 })},
		"another's blocks": {},
	} {
		f.Run(what, func(t *testing.T) {
			named := name
			if what == "another's blocks" {
				named += "x"
			}
			_, err := ledger.VerifyChain(f.ctx, f.through(l).Ledger, named, ledger.Checkpoint{})
			require.ErrorIs(t, err, ledger.ErrDiscrepancy)
		})
	}
	last, err := ledger.VerifyChain(f.ctx, f.Ledger, name, ledger.Checkpoint{})
	require.NoError(f, err)
	assert.EqualValues(f, 40, last.Seq)
}
