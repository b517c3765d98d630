package ledgertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// Joinable is a store on a database that also holds a table of its caller's: orders, each
// with an id.
type Joinable struct {
	Store  ledger.Store
	Begin  func(t *testing.T) Caller // begins a transaction of the caller's
	Orders func(t *testing.T) int    // how many orders are committed
}

// Caller is a transaction of the caller's.
type Caller interface {
	Joined() ledger.Joined
	Order(id string) error // adds an order
	Commit() error
	Rollback() error
}

// TestJoin holds a driver's transactions of the caller's to what Ledger.CommitJoined and
// ledger.Joined promise. open returns a database without orders; it is called once, and the
// suite closes its store.
func TestJoin(t *testing.T, open func(t *testing.T) Joinable) {
	db := open(t)
	t.Cleanup(func() { assert.NoError(t, db.Store.Close(), "Close returns nil") })
	s := &ledgerSuite{store: db.Store}
	for _, p := range []struct {
		says string
		test func(f *fixture, db *joining)
	}{
		{"The caller's COMMIT commits the Change and the caller's rows together", testJoinCommitted},
		{"The caller's rollback leaves the ledger, and what it remembers, as they were", testJoinRolledBack},
		{"Changes of one transaction see those before", testJoinSeveral},
		{"A refusal is recorded in the transaction and leaves it usable", testJoinRefused},
		{"A refusal is forgotten with the transaction", testJoinRefusalRolledBack},
		{"An id that was used is answered with its first outcome", testJoinReplay},
		{"A Change of wrong form changes nothing and leaves the transaction usable", testJoinInvalid},
		{"A conflict leaves the transaction usable", testJoinConflict},
		{"A block that the store refuses is undone alone", testJoinStoreRefuses},
		{"Other writes refuse a context that carries a transaction", testJoinOtherWrites},
		{"Writers outside wait for the end of the transaction", testJoinWaits},
	} {
		t.Run(p.says, func(t *testing.T) {
			f := s.fixture(t)
			p.test(f, &joining{Joinable: db, f: f})
		})
	}
}

// joining is what a case does with transactions of its own.
type joining struct {
	Joinable
	f *fixture
}

// begin begins a transaction that is rolled back with the case unless it has ended before.
func (j *joining) begin() (Caller, context.Context) {
	j.f.Helper()
	tx := j.Begin(j.f.T)
	return tx, ledger.WithJoined(j.f.ctx, tx.Joined())
}

func (j *joining) must(ctx context.Context, c ledger.Change) ledger.Outcome {
	j.f.Helper()
	out, err := j.f.CommitJoined(ctx, c)
	require.NoError(j.f, err, "CommitJoined of %q", c.ID)
	require.False(j.f, out.Replayed)
	return out
}

func testJoinCommitted(f *fixture, db *joining) {
	f.fund("user:1", 100)
	before := db.Orders(f.T)
	tx, ctx := db.begin()
	require.NoError(f, tx.Order("committed"))
	change := changeOf("buy", transfer("user:1", "free:1", 30))
	change.Puts = []ledger.Put{{Type: "order", ID: "committed", Content: []byte("paid"), Unique: []string{"order:committed"}, Labels: []string{"paid"}}}
	change.Events = []ledger.Event{{Type: "order.paid", Subject: "committed"}}
	out := db.must(ctx, change)
	f.stands("user:1", 100, 100)
	assert.EqualValues(f, out.Seq-1, f.headSeq(), "nobody sees it before")
	require.NoError(f, tx.Commit())

	f.stands("user:1", 70, 70)
	assert.Equal(f, out.Seq, f.headSeq())
	assert.Equal(f, before+1, db.Orders(f.T))
	record, err := f.Record(f.ctx, "order", "committed")
	require.NoError(f, err)
	assert.Equal(f, out.Seq, record.Seq)
	again, err := f.commit(change)
	require.NoError(f, err)
	assert.True(f, again.Replayed, "outside it is known")
	assert.Equal(f, out.Seq, again.Seq)
	f.do(transfer("user:1", "free:1", 70))
	f.refuses(changeOf("too much", transfer("user:1", "free:1", 1)), ledger.InsufficientFunds)
}

func testJoinRolledBack(f *fixture, db *joining) {
	f.fund("user:1", 100)
	seq, at, hash, err := f.Head(f.ctx)
	require.NoError(f, err)
	before := db.Orders(f.T)
	for range 2 {
		tx, ctx := db.begin()
		require.NoError(f, tx.Order("rolled back"))
		db.must(ctx, changeOf("buy", transfer("user:1", "free:1", 30), transfer("bank:new", "free:new", 5)))
		require.NoError(f, tx.Rollback())
	}
	nowSeq, nowAt, nowHash, err := f.Head(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, []any{seq, at, hash}, []any{nowSeq, nowAt, nowHash})
	assert.Equal(f, before, db.Orders(f.T))
	f.stands("user:1", 100, 100)
	// What was remembered is still right: all of it can be spent, and no more.
	out := f.must(changeOf("buy", transfer("user:1", "free:1", 100)))
	assert.Equal(f, seq+1, out.Seq)
	f.refuses(changeOf("too much", transfer("user:1", "free:1", 1)), ledger.InsufficientFunds)
}

func testJoinSeveral(f *fixture, db *joining) {
	tx, ctx := db.begin()
	first := db.must(ctx, changeOf("fund", transfer("bank:1", "user:1", 100)))
	require.NoError(f, tx.Order("between"))
	second := db.must(ctx, changeOf("hold", reserve("h", posting("user:1", "free:1", 60))))
	_, err := f.CommitJoined(ctx, changeOf("more", transfer("user:1", "free:1", 41)))
	f.refused(err, ledger.InsufficientFunds)
	third := db.must(ctx, changeOf("capture", capture("h")))
	require.NoError(f, tx.Commit())
	assert.Equal(f, []int64{first.Seq + 1, first.Seq + 3}, []int64{second.Seq, third.Seq}, "each is a block of its own")
	f.stands("user:1", 40, 40)
}

func testJoinRefused(f *fixture, db *joining) {
	f.fund("user:1", 10)
	before := db.Orders(f.T)
	tx, ctx := db.begin()
	_, err := f.CommitJoined(ctx, changeOf("buy", transfer("user:1", "free:1", 30)))
	f.refused(err, ledger.InsufficientFunds)
	require.NoError(f, tx.Order("refused"))
	require.NoError(f, tx.Commit())
	assert.Equal(f, before+1, db.Orders(f.T))
	f.fund("user:1", 100)
	out, err := f.commit(changeOf("buy", transfer("user:1", "free:1", 30)))
	f.refused(err, ledger.InsufficientFunds)
	assert.True(f, out.Replayed)
}

func testJoinRefusalRolledBack(f *fixture, db *joining) {
	f.fund("user:1", 10)
	tx, ctx := db.begin()
	_, err := f.CommitJoined(ctx, changeOf("buy", transfer("user:1", "free:1", 30)))
	f.refused(err, ledger.InsufficientFunds)
	require.NoError(f, tx.Rollback())
	f.fund("user:1", 100)
	f.must(changeOf("buy", transfer("user:1", "free:1", 30)))
}

func testJoinReplay(f *fixture, db *joining) {
	change := changeOf("buy", transfer("bank:1", "user:1", 30))
	first := f.must(change)
	tx, ctx := db.begin()
	out, err := f.CommitJoined(ctx, change)
	require.NoError(f, err)
	assert.True(f, out.Replayed)
	assert.Equal(f, first.Seq, out.Seq)
	_, err = f.CommitJoined(ctx, changeOf("buy", transfer("bank:1", "user:1", 31)))
	require.ErrorIs(f, err, ledger.ErrIDReused)
	db.must(ctx, changeOf("another", transfer("bank:1", "user:1", 1)))
	require.NoError(f, tx.Commit())
	f.stands("user:1", 31, 31)
}

func testJoinInvalid(f *fixture, db *joining) {
	_, err := f.CommitJoined(f.ctx, changeOf("buy", transfer("bank:1", "user:1", 30)))
	require.ErrorIs(f, err, ledger.ErrInvalid, "no transaction")
	tx, ctx := db.begin()
	_, err = f.CommitJoined(ctx, changeOf("buy", transfer("bank:1", "bank:1", 30)))
	require.ErrorIs(f, err, ledger.ErrInvalid)
	db.must(ctx, changeOf("buy", transfer("bank:1", "user:1", 30)))
	require.NoError(f, tx.Commit())
	f.stands("user:1", 30, 30)
}

func testJoinConflict(f *fixture, db *joining) {
	f.must(ledger.Change{ID: "put", Puts: []ledger.Put{{Type: "gate", ID: "1"}}})
	tx, ctx := db.begin()
	change := changeOf("buy", transfer("bank:1", "user:1", 30))
	change.Expects = []ledger.Expect{{Type: "gate", ID: "1", Version: 0}}
	_, err := f.CommitJoined(ctx, change)
	require.ErrorIs(f, err, ledger.ErrConflict)
	change.Expects[0].Version = 1
	db.must(ctx, change)
	require.NoError(f, tx.Commit())
	f.stands("user:1", 30, 30)
}

func testJoinStoreRefuses(f *fixture, db *joining) {
	f.fund("user:1", 100)
	f.must(changeOf("taken", transfer("user:1", "free:1", 1)))
	before := db.Orders(f.T)
	tx, ctx := db.begin()
	require.NoError(f, tx.Order("kept"))
	db.must(ctx, changeOf("before", transfer("user:1", "free:1", 2)))

	// A block that could not be: its second Change has an id that is taken.
	inner, found, err := tx.Joined().Begin(f.ctx, f.number(), ledger.Need{})
	require.NoError(f, err)
	head := found.Head
	head.Seq++
	head.Time = head.Time.Add(1)
	batch := &ledger.Batch{Head: head, Block: &ledger.Block{Seq: head.Seq, Time: f.Now(), Previous: head.Hash, Body: []byte("body")}}
	for i, id := range []string{"free", "taken"} {
		batch.Changes = append(batch.Changes, ledger.ChangeRow{ID: id, Seq: head.Seq, Index: i})
	}
	require.Error(f, inner.Commit(f.ctx, batch))

	// One that is given up.
	inner, again, err := tx.Joined().Begin(f.ctx, f.number(), ledger.Need{Changes: []string{"before", "free"}})
	require.NoError(f, err)
	assert.Equal(f, found.Head.Hash, again.Head.Hash)
	assert.Len(f, again.Changes, 1, "what came before is there, what was refused is not")
	require.NoError(f, inner.Rollback(f.ctx))

	require.NoError(f, tx.Order("kept too"))
	db.must(ctx, changeOf("free", transfer("user:1", "free:1", 3)))
	require.NoError(f, tx.Commit())
	assert.Equal(f, before+2, db.Orders(f.T))
	f.stands("user:1", 94, 94)
}

func testJoinOtherWrites(f *fixture, db *joining) {
	f.fund("user:1", 100)
	tx, ctx := db.begin()
	change := changeOf("buy", transfer("user:1", "free:1", 30))
	db.must(ctx, change)
	other := changeOf("other", transfer("user:1", "free:1", 1))
	_, err := f.Commit(ctx, other)
	assert.ErrorIs(f, err, ledger.ErrJoined, "Commit")
	assert.ErrorIs(f, f.CommitAll(ctx, []ledger.Change{other})[0].Err, ledger.ErrJoined, "CommitAll")
	_, err = f.DryRun(ctx, other)
	assert.ErrorIs(f, err, ledger.ErrJoined, "DryRun")
	_, err = f.Do(ctx, "other", nil, func(d *ledger.Draft) error { d.Post(transfer("user:1", "free:1", 1)); return nil })
	assert.ErrorIs(f, err, ledger.ErrJoined, "Do")
	b, err := f.Balance(ctx, cny("user:1"))
	require.NoError(f, err, "reads go on")
	assert.EqualValues(f, 100, b.Posted.Minor(), "and see what is committed")
	require.NoError(f, tx.Commit())
	f.stands("user:1", 70, 70)
}

func testJoinWaits(f *fixture, db *joining) {
	f.fund("user:1", 100)
	tx, ctx := db.begin()
	inside := db.must(ctx, changeOf("inside", transfer("user:1", "free:1", 60)))
	type answer struct {
		out ledger.Outcome
		err error
	}
	outside := make(chan answer, 1)
	go func() {
		out, err := f.Commit(f.ctx, changeOf("outside", transfer("user:1", "free:1", 40)))
		outside <- answer{out, err}
	}()
	second := db.must(ctx, changeOf("inside too", transfer("bank:1", "user:1", 1)))
	require.NoError(f, tx.Commit())
	got := <-outside
	require.NoError(f, got.err)
	assert.Equal(f, []int64{inside.Seq + 1, inside.Seq + 2}, []int64{second.Seq, got.out.Seq}, "nothing came between")
	f.stands("user:1", 1, 1)
}
