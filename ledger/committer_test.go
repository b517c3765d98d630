package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

// driven is a ledger that a test drives step by step, and what its store was asked.
type driven struct {
	*testing.T
	*ledger.Driven
	asked *asked
}

func drive(t *testing.T, store ledger.Store, cfg ledger.Config) *driven {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return noon }
	}
	a := &asked{Store: store}
	d, err := ledger.OpenDriven(t.Context(), a, cfg)
	require.NoError(t, err)
	return &driven{t, d, a}
}

func (d *driven) Name() string { return d.T.Name() }

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// asked notes what a ledger asks of a store.
type asked struct {
	ledger.Store
	begun     []ledger.Need
	loaded    []ledger.Need
	batches   []*ledger.Batch
	rollbacks int
	reads     int
}

func (a *asked) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	a.reads++
	return a.Store.Read(ctx, id, fn)
}

func (a *asked) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	tx, found, err := a.Store.Begin(ctx, id, need)
	a.begun = append(a.begun, need)
	return &askedTx{tx, a}, found, err
}

type askedTx struct {
	ledger.Tx
	asked *asked
}

func (t *askedTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	t.asked.loaded = append(t.asked.loaded, need)
	return t.Tx.Load(ctx, need)
}

func (t *askedTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	kept := *batch // the rest stays the committer's, which uses it again
	kept.Changes, kept.Postings, kept.Marks = slices.Clone(batch.Changes), slices.Clone(batch.Postings), slices.Clone(batch.Marks)
	kept.Opened, kept.Accounts = slices.Clone(batch.Opened), slices.Clone(batch.Accounts)
	t.asked.batches = append(t.asked.batches, &kept)
	return t.Tx.Commit(ctx, batch)
}

func (t *askedTx) Rollback(ctx context.Context) error {
	t.asked.rollbacks++
	return t.Tx.Rollback(ctx)
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

func post(debit, credit string, minor int64) ledger.Transaction {
	return ledger.Transaction{Postings: []ledger.Posting{{Debit: debit, Credit: credit, Amount: cny(minor)}}}
}

func pay(id, debit, credit string, minor int64) ledger.Change {
	return ledger.Change{ID: id, Ops: []ledger.Op{post(debit, credit, minor)}}
}

// put queues a Change.
func (d *driven) put(c ledger.Change) func() (ledger.Outcome, error) {
	d.Helper()
	answered, err := d.Put(c)
	require.NoError(d, err)
	return answered
}

// commit queues a Change and writes it.
func (d *driven) commit(c ledger.Change) (ledger.Outcome, error) {
	d.Helper()
	answered := d.put(c)
	require.True(d, d.Step(d.Context()))
	return answered()
}

func (d *driven) stands(account string, minor int64) {
	d.Helper()
	b, err := d.Balance(d.Context(), ledger.AccountKey{Name: account, Currency: "CNY"})
	require.NoError(d, err)
	assert.Equal(d, minor, b.Available.Minor(), account)
}

// blocks lists the ids of each block's Changes in their order.
func (d *driven) blocks() (blocks [][]string) {
	for _, b := range d.asked.batches {
		var ids []string
		for i, c := range b.Changes {
			assert.Equal(d, i, c.Index)
			ids = append(ids, c.ID)
		}
		blocks = append(blocks, ids)
	}
	return blocks
}

func TestAStepWritesWhatWaitsInTheOrderOfItsComing(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{})
	require.False(t, d.Step(t.Context()), "nothing waits")
	var answers []func() (ledger.Outcome, error)
	for i := range 5 {
		answers = append(answers, d.put(pay(fmt.Sprint("pay-", i), "bank", "user", 1)))
	}
	_, err := answers[0]()
	require.ErrorIs(t, err, ledger.ErrOutcomeUnknown, "nothing is answered before a step")
	require.True(t, d.Step(t.Context()))
	require.False(t, d.Step(t.Context()))
	for i, answered := range answers {
		out, err := answered()
		require.NoError(t, err)
		assert.EqualValues(t, 1, out.Seq)
		assert.EqualValues(t, i+1, out.First)
	}
	assert.Equal(t, [][]string{{"pay-0", "pay-1", "pay-2", "pay-3", "pay-4"}}, d.blocks())
	d.stands("user", 5)
}

func TestABlockIsBoundedByChanges(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{MaxBlockChanges: 4})
	for i := range 10 {
		d.put(pay(fmt.Sprint(i), "bank", "user", 1))
	}
	for d.Step(t.Context()) {
	}
	assert.Equal(t, [][]string{{"0", "1", "2", "3"}, {"4", "5", "6", "7"}, {"8", "9"}}, d.blocks())
}

func TestABlockIsBoundedByBytesAndASingleChangeMayExceedThem(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{MaxBlockBytes: 10_000})
	for i, size := range []int{4_000, 4_000, 4_000, 50_000, 50_000, 10, 10} {
		d.put(ledger.Change{ID: fmt.Sprint(i), Puts: []ledger.Put{{Type: "t", ID: "id", Content: make([]byte, size)}}})
	}
	for d.Step(t.Context()) {
	}
	assert.Equal(t, [][]string{{"0", "1"}, {"2"}, {"3"}, {"4"}, {"5", "6"}}, d.blocks())
}

func TestABlockHoldsWhatIsRecordedAndNothingElse(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{Chart: ledger.Chart{{Name: "user:*", Min: ledger.Limit(0)}, {Name: "bank"}}})
	results := []struct {
		change ledger.Change
		want   error
	}{
		{pay("in", "bank", "user:1", 10), nil},
		{pay("too much", "user:1", "user:2", 11), ledger.ErrInsufficientFunds},
		{ledger.Change{ID: "conflict", Expects: []ledger.Expect{{Type: "t", ID: "id", Version: 1}}}, ledger.ErrConflict},
		{ledger.Change{ID: "put", Puts: []ledger.Put{{Type: "t", ID: "id"}}}, nil},
		{ledger.Change{ID: "put again", Expects: []ledger.Expect{{Type: "t", ID: "id", Version: 1}}, Puts: []ledger.Put{{Type: "t", ID: "id"}}}, nil},
		{pay("nowhere", "bank", "stranger", 1), ledger.ErrAccountNotAllowed},
		{pay("all of it", "user:1", "user:2", 10), nil},
		{pay("in", "bank", "user:1", 10), nil}, // a replay within the block
		{pay("in", "bank", "user:1", 11), ledger.ErrIDReused},
		{pay("too little is left", "user:1", "user:2", 1), ledger.ErrInsufficientFunds},
	}
	var answers []func() (ledger.Outcome, error)
	for _, r := range results {
		answers = append(answers, d.put(r.change))
	}
	require.True(t, d.Step(t.Context()))
	for i, r := range results {
		out, err := answers[i]()
		require.ErrorIs(t, err, r.want, r.change.ID)
		assert.Equal(t, i == 7, out.Replayed)
	}
	assert.Equal(t, [][]string{{"in", "too much", "put", "put again", "all of it", "too little is left"}}, d.blocks())
	b := d.asked.batches[0]
	assert.Len(t, b.Postings, 2)
	assert.Len(t, b.Opened, 3)
	require.Len(t, b.Records, 1)
	assert.EqualValues(t, 2, b.Records[0].Version, "rows are the state after the block")
}

func TestAChangeThatFailsLeavesNothingToItsNeighbours(t *testing.T) {
	chart := ledger.Chart{{Name: "user:*", Min: ledger.Limit(0)}, {Name: "**"}}
	d := drive(t, memstore.New(), ledger.Config{Chart: chart})
	hold := func(id string, minor int64) ledger.Hold {
		return ledger.Hold{ID: id, Postings: post("user:1", "shop", minor).Postings}
	}
	capture := func(id string, minor int64) ledger.Capture {
		return ledger.Capture{Hold: id, Postings: post("user:1", "shop", minor).Postings}
	}
	put := func(id string, unique ...string) ledger.Put { return ledger.Put{Type: "t", ID: id, Unique: unique} }
	_, err := d.commit(ledger.Change{
		Ops: []ledger.Op{post("bank", "user:1", 100), hold("h", 40)}, Puts: []ledger.Put{put("a", "x"), put("b", "y")},
	})
	require.NoError(t, err)

	// Everything is touched more than once before the last part fails.
	failed := d.put(ledger.Change{
		ID: "failed",
		Ops: []ledger.Op{
			post("user:1", "new", 10), post("user:1", "new", 10),
			capture("h", 10), capture("h", 10), hold("i", 10), capture("i", 5),
			ledger.Void{Hold: "i"},
			ledger.Void{Hold: "h"},
			ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank", Credit: "new", Amount: money.New(1, money.MustISO("EUR"))}}},
		},
		Puts: []ledger.Put{put("a", "z"), put("a"), put("b", "x"), put("b"), put("a", "y"), put("c", "w"), put("d", "w")},
	})
	good := []func() (ledger.Outcome, error){
		d.put(ledger.Change{
			Expects: []ledger.Expect{{Type: "t", ID: "a", Version: 1}, {Type: "t", ID: "b", Version: 1}, {Type: "t", ID: "c"}, {Type: "t", ID: "d"}},
			Puts:    []ledger.Put{put("c", "w", "z")},
		}),
		d.put(ledger.Change{Ops: []ledger.Op{post("user:1", "shop", 60), capture("h", 40), hold("i", 0)}}),
	}
	bad := map[error]func() (ledger.Outcome, error){
		ledger.ErrInsufficientFunds: d.put(pay("", "user:1", "shop", 1)),
		ledger.ErrHoldCaptured:      d.put(ledger.Change{Ops: []ledger.Op{capture("h", 0)}}),
		ledger.ErrDuplicateKey:      d.put(ledger.Change{Puts: []ledger.Put{put("d", "x")}}),
	}
	require.True(t, d.Step(t.Context()))
	_, err = failed()
	require.ErrorIs(t, err, ledger.ErrDuplicateKey)
	for _, answered := range good {
		_, err := answered()
		require.NoError(t, err)
	}
	for want, answered := range bad {
		_, err := answered()
		require.ErrorIs(t, err, want)
	}
	// The cache has no trace of it either.
	out, err := d.commit(ledger.Change{Ops: []ledger.Op{post("bank", "new", 1)}})
	require.NoError(t, err)
	assert.EqualValues(t, 4, out.First)
	d.stands("user:1", 0)
	d.stands("new", 1)
	report, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
}

func TestAStepThatRecordsNothingWritesNothing(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{})
	_, err := d.commit(ledger.Change{Expects: []ledger.Expect{{Type: "t", ID: "id", Version: 1}}})
	require.ErrorIs(t, err, ledger.ErrConflict)
	assert.Empty(t, d.asked.batches)
	assert.Equal(t, 1, d.asked.rollbacks)

	_, err = d.commit(pay("in", "bank", "user", 1))
	require.NoError(t, err)
	out, err := d.commit(pay("in", "bank", "user", 1))
	require.NoError(t, err)
	assert.True(t, out.Replayed)
	require.Len(t, d.asked.batches, 2)
	assert.Nil(t, d.asked.batches[1].Block, "a replay alone commits without a block")
	assert.Equal(t, 1, d.asked.rollbacks)
}

func TestEvery64thEntryOfAnAccountIsMarked(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{})
	for range 3 {
		for range 50 {
			d.put(pay("", "bank", "user", 1))
		}
		d.put(pay("", "other", "user", 1))
		require.True(t, d.Step(t.Context()))
	}
	var marks []ledger.Mark
	for _, b := range d.asked.batches {
		marks = append(marks, b.Marks...)
	}
	const bank, user = 1, 2
	assert.Equal(t, []ledger.Mark{
		{Account: user, Nth: 64, Posting: 64},
		{Account: bank, Nth: 64, Posting: 65}, // one posting was another account's
		{Account: user, Nth: 128, Posting: 128},
		{Account: bank, Nth: 128, Posting: 130},
	}, marks)
}

// lossy is a store that does not find accounts by their number.
type lossy struct{ ledger.Store }

func (s lossy) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	tx, found, err := s.Store.Begin(ctx, id, need)
	return lossyTx{tx}, found, err
}

type lossyTx struct{ ledger.Tx }

func (t lossyTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	need.AccountNos = nil
	return t.Tx.Load(ctx, need)
}

func TestAHoldWithoutItsAccountsFailsAlone(t *testing.T) {
	store := memstore.New()
	d := drive(t, store, ledger.Config{})
	_, err := d.commit(ledger.Change{Ops: []ledger.Op{ledger.Hold{ID: "h", Postings: post("user", "shop", 10).Postings}}})
	require.NoError(t, err)
	broken := drive(t, lossy{store}, ledger.Config{})
	before := broken.put(pay("before", "bank", "user", 1))
	void := broken.put(ledger.Change{ID: "void", Ops: []ledger.Op{ledger.Void{Hold: "h"}}})
	after := broken.put(pay("after", "bank", "user", 1))
	require.True(t, broken.Step(t.Context()))
	_, err = void()
	require.ErrorIs(t, err, ledger.ErrDiscrepancy)
	for _, answered := range []func() (ledger.Outcome, error){before, after} {
		_, err := answered()
		require.NoError(t, err)
	}
}

func TestAPoisonousChangeIsFoundByHalving(t *testing.T) {
	faulty := ledgertest.NewFaulty(memstore.New())
	poison := errors.New("poison")
	faulty.Poison(func(b *ledger.Batch) error {
		for _, c := range b.Changes {
			if c.ID == "2" || c.ID == "7" {
				return poison
			}
		}
		return nil
	})
	d := drive(t, faulty, ledger.Config{})
	var answers []func() (ledger.Outcome, error)
	for i := range 8 {
		answers = append(answers, d.put(pay(fmt.Sprint(i), "bank", "user", 1)))
	}
	require.True(t, d.Step(t.Context()))
	require.False(t, d.Step(t.Context()))
	seq := int64(0)
	for i, answered := range answers {
		out, err := answered()
		if i == 2 || i == 7 {
			require.ErrorIs(t, err, poison)
			continue
		}
		require.NoError(t, err)
		assert.GreaterOrEqual(t, out.Seq, seq, "the order is kept")
		seq = out.Seq
	}
	assert.Equal(t, 4, faulty.Blocks(), "0 and 1, 3, 4 and 5, 6")
	d.stands("user", 6)
}
