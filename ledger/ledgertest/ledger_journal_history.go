package ledgertest

import (
	"bytes"
	"context"
	"sync/atomic"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// restorePromises are about stores that were restored.
var restorePromises = []promise{
	{"A restored store stops the ledger until an operator accepts its head", testRestored},
	{"What is accepted is named exactly", testAcceptExactly},
	{"A history is accepted before anybody has met it", testAcceptBefore},
	{"An accepted history is compared again from there on", testAcceptedIsCompared},
	{"A ledger is not opened on a store that ends before a known block, or differs at it", testNotBefore},
	{"The last block is told once it is durable", testCheckpointIsDurable},
}

// restorable is a store whose ledger can be exchanged for another: what a restore of the
// database does behind a program that runs.
type restorable struct {
	ledger.Store
	id atomic.Int64
}

func (s *restorable) Begin(ctx context.Context, _ int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	return s.Store.Begin(ctx, s.id.Load(), need)
}

func (s *restorable) Read(ctx context.Context, _ int64, fn func(ledger.View) error) error {
	return s.Store.Read(ctx, s.id.Load(), fn)
}

// restored is a ledger whose store can be set back to a backup of block 2.
type restored struct {
	*fixture
	store        *restorable
	now, backup  int64 // numbers of the ledgers
	last, backed ledger.Checkpoint
}

// restorable writes two blocks, takes a backup, and writes two more.
func (f *fixture) restorable() *restored {
	f.Helper()
	store := &restorable{Store: f.place()}
	head, err := store.Open(f.ctx, f.config.Name, ledger.Genesis{Key: [16]byte{1}})
	require.NoError(f, err)
	store.id.Store(head.Ledger)
	r := &restored{fixture: f.beside(store), store: store, now: head.Ledger}
	r.fund("user:1", 100)
	r.fund("user:1", 1)
	other := f.place()
	_, err = ledger.Import(f.ctx, other, bytes.NewReader(r.export(ledger.ExportConfig{})), ledger.ImportConfig{})
	require.NoError(f, err)
	head, err = other.Open(f.ctx, f.config.Name, ledger.Genesis{})
	require.NoError(f, err)
	r.backup, r.backed = head.Ledger, ledger.Checkpoint{Seq: head.Seq, Hash: head.Hash}
	r.must(payOne(1))
	r.must(payOne(2))
	r.last, err = r.Checkpoint(f.ctx)
	require.NoError(f, err)
	return r
}

// stopped demands that nothing is committed.
func (r *restored) stopped(found ledger.Checkpoint) {
	r.Helper()
	_, err := r.commit(payOne(3))
	require.ErrorIs(r, err, ledger.ErrHistoryRegressed)
	var history *ledger.HistoryError
	require.ErrorAs(r, err, &history)
	assert.Equal(r, found, history.Found)
	assert.Equal(r, r.last, history.Known)
}

func testRestored(f *fixture) {
	r := f.restorable()
	r.store.id.Store(r.backup)
	r.stopped(r.backed)
	r.stopped(r.backed)
	require.NoError(f, r.AcceptHistory(f.ctx, r.backed))
	// What was lost is asked for again, with the same ids.
	for i := range 4 {
		r.must(payOne(i))
	}
	r.stands("user:2", 4, 4)
	r.clean()
}

func testAcceptExactly(f *fixture) {
	r := f.restorable()
	r.store.id.Store(r.backup)
	r.stopped(r.backed)
	for name, head := range map[string]ledger.Checkpoint{
		"the head that was":     r.last,
		"no block":              {},
		"another hash":          {Seq: r.backed.Seq, Hash: [32]byte{1}},
		"another number":        {Seq: r.backed.Seq - 1, Hash: r.backed.Hash},
		"a number that is none": {Seq: -1},
	} {
		err := r.AcceptHistory(f.ctx, head)
		var history *ledger.HistoryError
		require.ErrorAs(f, err, &history, name)
		assert.Equal(f, r.backed, history.Found, "it tells the head that there is")
		r.stopped(r.backed)
	}
	require.ErrorIs(f, r.AcceptHistory(ledger.WithJoined(f.ctx, notJoined{}), r.backed), ledger.ErrJoined)
	require.NoError(f, r.AcceptHistory(f.ctx, r.backed))
	r.must(payOne(3))
}

// notJoined is a transaction of the caller's that nobody may use.
type notJoined struct{ ledger.Joined }

func testAcceptBefore(f *fixture) {
	r := f.restorable()
	require.NoError(f, r.AcceptHistory(f.ctx, r.last), "of a ledger that runs it does no harm")
	r.must(payOne(0))
	r.store.id.Store(r.backup)
	require.NoError(f, r.AcceptHistory(f.ctx, r.backed))
	r.must(payOne(1))
	r.clean()
}

func testAcceptedIsCompared(f *fixture) {
	r := f.restorable()
	r.store.id.Store(r.backup)
	r.stopped(r.backed)
	require.NoError(f, r.AcceptHistory(f.ctx, r.backed))
	r.must(payOne(3))
	last, err := r.Checkpoint(f.ctx)
	require.NoError(f, err)
	r.store.id.Store(r.now) // the first database comes back, with the blocks that were given up
	_, err = r.commit(payOne(4))
	require.NoError(f, err, "it is longer, and only its last block would tell")
	r.store.id.Store(r.backup)
	r.last, err = r.Checkpoint(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, last, r.last)
	_, err = r.commit(payOne(5))
	require.ErrorIs(f, err, ledger.ErrHistoryRegressed)
}

func testNotBefore(f *fixture) {
	r := f.restorable()
	open := func(known ledger.Checkpoint) error {
		l, err := ledger.Open(f.ctx, r.store, ledger.Config{Name: f.config.Name, NotBefore: known})
		if err == nil {
			require.NoError(f, l.Close(f.ctx))
		}
		return err
	}
	blocks, err := r.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	for _, b := range blocks {
		require.NoError(f, open(ledger.Checkpoint{Seq: b.Seq, Hash: b.Hash}), "block %d is known", b.Seq)
		require.ErrorIs(f, open(ledger.Checkpoint{Seq: b.Seq, Hash: [32]byte{1}}), ledger.ErrHistoryRegressed)
	}
	r.store.id.Store(r.backup)
	swapped := &opened{restorable: r.store}
	open = func(known ledger.Checkpoint) error {
		l, err := ledger.Open(f.ctx, swapped, ledger.Config{Name: f.config.Name, NotBefore: known})
		if err == nil {
			require.NoError(f, l.Close(f.ctx))
		}
		return err
	}
	err = open(r.last)
	var history *ledger.HistoryError
	require.ErrorAs(f, err, &history)
	assert.Equal(f, ledger.HistoryError{Known: r.last, Found: r.backed}, *history)
	require.NoError(f, open(r.backed), "the operator accepts by saying so")

	// A store that does not have the ledger stays without it.
	name := f.config.Name + "-lost"
	_, err = ledger.Open(f.ctx, f.store, ledger.Config{Name: name, NotBefore: r.last})
	require.ErrorAs(f, err, &history)
	assert.Equal(f, ledger.HistoryError{Known: r.last}, *history)
	_, err = f.store.Open(f.ctx, name, ledger.Genesis{Existing: true})
	require.ErrorIs(f, err, ledger.ErrNotFound, "nothing is created")
}

// opened opens the ledger that a restorable store has now.
type opened struct{ *restorable }

func (s *opened) Open(ctx context.Context, _ string, _ ledger.Genesis) (head ledger.Head, err error) {
	err = s.Read(ctx, 0, func(v ledger.View) (err error) {
		head, err = v.Head(ctx)
		return err
	})
	return head, err
}

func testCheckpointIsDurable(f *fixture) {
	empty, err := f.Checkpoint(f.ctx)
	require.NoError(f, err)
	assert.Zero(f, empty)
	faulty := NewFaulty(f.store)
	g := f.over(faulty)
	g.fund("user:1", 1)
	faulty.FailCommits(1, ledger.ErrUnavailable)
	_, err = g.Checkpoint(f.ctx)
	require.ErrorIs(f, err, ledger.ErrUnavailable, "it is written to be sure")
	for _, later := range []func(){func() { faulty.FailCommits(9, ledger.ErrRetry) }, func() { faulty.LoseCommits(9, ledger.ErrCommitUnknown) }} {
		later()
		got, err := g.Checkpoint(f.ctx)
		require.NoError(f, err)
		seq, _, hash, err := g.Head(f.ctx)
		require.NoError(f, err)
		assert.Equal(f, ledger.Checkpoint{Seq: seq, Hash: hash}, got)
	}
	assert.Equal(f, 1, faulty.Blocks())
}
