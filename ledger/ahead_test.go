package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// during calls a function while a batch is being committed, once.
type during struct {
	ledger.Store
	commit func(func() error) error
	begin  error // of the next Begin
}

func (s *during) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	if err := s.begin; err != nil {
		s.begin = nil
		return nil, nil, err
	}
	tx, found, err := s.Store.Begin(ctx, id, need)
	return &duringTx{tx, s}, found, err
}

type duringTx struct {
	ledger.Tx
	store *during
}

func (t *duringTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	hook := t.store.commit
	if hook == nil {
		return t.Tx.Commit(ctx, batch)
	}
	t.store.commit = nil
	ended := false
	err := hook(func() error {
		ended = true
		return t.Tx.Commit(ctx, batch)
	})
	if !ended {
		return errors.Join(err, t.Tx.Rollback(ctx))
	}
	return err
}

var someChart = ledger.Chart{
	{Name: "bank", Normal: ledger.Debit},
	{Name: "user:*", Min: new(int64)},
}

// looking is a clock that tells when it is read: the committer reads it once for each block.
type looking chan struct{}

func (l looking) now() time.Time {
	select {
	case l <- struct{}{}:
	default:
	}
	return noon
}

// driveAhead drives a ledger that decides ahead: user:1 has 100, and while the Change that
// gives it 50 more is written, the second one comes to wait.
func driveAhead(t *testing.T, store ledger.Store, commit func(write func() error) error, second ledger.Change) (d *driven, first, next func() (ledger.Outcome, error)) {
	t.Helper()
	looked := make(looking, 1)
	s := &during{Store: store}
	d = drive(t, s, ledger.Config{Chart: someChart, Now: looked.now})
	for _, id := range []string{"zero", "calm"} { // the second block follows one of ours
		_, err := d.commit(pay(id, "bank", "user:1", 50))
		require.NoError(t, err)
	}
	d.DecideAhead(1)
	first = d.put(pay("first", "bank", "user:1", 50))
	s.commit = func(write func() error) error {
		var err error
		for len(looked) > 0 {
			<-looked
		}
		next, err = d.Put(second)
		assert.NoError(t, err)
		<-looked
		return commit(write)
	}
	require.True(t, d.Step(t.Context()))
	return d, first, next
}

func TestTheNextBlockIsDecidedWhileOneIsWritten(t *testing.T) {
	write := func(write func() error) error { return write() }
	other := func(t *testing.T, s ledger.Store, c ledger.Change) {
		l, err := ledger.Open(t.Context(), s, ledger.Config{Chart: someChart, Now: func() time.Time { return noon }})
		require.NoError(t, err)
		_, err = l.Commit(t.Context(), c)
		require.NoError(t, err)
		require.NoError(t, l.Close(t.Context()))
	}
	for _, c := range []struct {
		name string
		// commit is what becomes of the first block, and of the store meanwhile.
		commit func(write func() error) error
		before func(t *testing.T, s ledger.Store) // the second step
		begin  error                              // its Begin returns this first
		second ledger.Change
		plan   bool // holds
		err    error
		want   int64 // user:1 has 100 and gets 50 from the first block
	}{
		{name: "a plan over the block in flight holds", commit: write, second: pay("b", "user:1", "bank", 150), plan: true, want: 0},
		{name: "a plan sees what the block in flight leaves", commit: write, second: pay("b", "user:1", "bank", 151), plan: true, err: ledger.ErrInsufficientFunds, want: 150},
		{
			name:   "a block that has to be decided again takes the plan with it",
			commit: func(func() error) error { return ledger.ErrRetry }, second: pay("b", "user:1", "bank", 150), want: 0,
		},
		{
			name: "a block that was committed though the answer was lost is not posted twice",
			commit: func(write func() error) error {
				if err := write(); err != nil {
					return err
				}
				return ledger.ErrCommitUnknown
			},
			second: pay("b", "user:1", "bank", 150), want: 0,
		},
		{
			name: "a plan is not decided twice when the lock is not had at once", commit: write, begin: ledger.ErrRetry,
			second: pay("b", "user:1", "bank", 100), want: 50,
		},
		{
			name: "somebody else's block in between undoes the plan", commit: write,
			before: func(t *testing.T, s ledger.Store) { other(t, s, pay("theirs", "user:1", "bank", 1)) },
			second: pay("b", "user:1", "bank", 150), err: ledger.ErrInsufficientFunds, want: 149,
		},
		{
			name: "the same id in somebody else's block is answered as before", commit: write,
			before: func(t *testing.T, s ledger.Store) { other(t, s, pay("b", "user:1", "bank", 7)) },
			second: pay("b", "user:1", "bank", 7), want: 143,
		},
		{name: "an id of an earlier block is answered as before", commit: write, second: pay("zero", "bank", "user:1", 50), want: 150},
		{name: "an id of the block in flight is answered as before", commit: write, second: pay("first", "bank", "user:1", 50), want: 150},
		{name: "an account that is not remembered is not decided ahead", commit: write, second: pay("b", "bank", "user:9", 1), want: 150},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := memstore.New()
			d, first, next := driveAhead(t, mem, c.commit, c.second)
			_, err := first()
			require.NoError(t, err)
			_, err = next()
			require.ErrorIs(t, err, ledger.ErrOutcomeUnknown, "nothing is answered before it is committed")
			if c.before != nil {
				c.before(t, mem)
			}
			d.DecideAhead(1 << 30)
			d.asked.Store.(*during).begin = c.begin
			loads, begun := len(d.asked.loaded), len(d.asked.begun)
			require.True(t, d.Step(t.Context()))
			_, err = next()
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			d.stands("user:1", c.want)
			if c.plan {
				assert.Equal(t, begun+1, len(d.asked.begun))
				assert.Equal(t, loads, len(d.asked.loaded))
				assert.Equal(t, ledger.Need{Changes: []string{c.second.ID}}, d.asked.begun[begun])
			}
			require.False(t, d.Step(t.Context()), "nothing is left")
			report, err := d.Verify(t.Context())
			require.NoError(t, err)
			require.NoError(t, report.Err())
		})
	}
}

// A block that the store can not take is written in halves. What is decided ahead while the
// first is written does not follow the second.
func TestAPlanIsGivenUpWhenTheOtherHalfOfABlockGoesFirst(t *testing.T) {
	s := &during{Store: memstore.New()}
	d := drive(t, s, ledger.Config{Chart: someChart})
	for _, id := range []string{"zero", "calm"} { // the second block follows one of ours
		_, err := d.commit(pay(id, "bank", "user:1", 50))
		require.NoError(t, err)
	}
	d.DecideAhead(1)
	d.OneGoroutine()
	answers := []func() (ledger.Outcome, error){d.put(pay("a", "bank", "user:1", 10)), d.put(pay("b", "bank", "user:1", 20))}
	s.commit = func(func() error) error {
		answers = append(answers, d.put(pay("next", "bank", "user:1", 5)))
		return errDisk
	}
	for d.Step(t.Context()) {
	}
	for _, answer := range answers {
		_, err := answer()
		require.NoError(t, err)
	}
	d.stands("user:1", 135)
	report, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
}

func TestALedgerThatStoppedAnswersWhatWasDecidedAhead(t *testing.T) {
	stop := func(func() error) error { return fmt.Errorf("%w: for a test", ledger.ErrHistoryRegressed) }
	d, first, next := driveAhead(t, memstore.New(), stop, pay("second", "bank", "user:1", 1))
	_, err := first()
	require.ErrorIs(t, err, ledger.ErrHistoryRegressed)
	require.True(t, d.Step(t.Context()))
	_, err = next()
	require.ErrorIs(t, err, ledger.ErrHistoryRegressed)
	require.False(t, d.Step(t.Context()))
}

// A joined transaction may keep the head for minutes and then come to nothing.
func TestAPlanDoesNotOutliveWhatItWasDecidedFor(t *testing.T) {
	for _, c := range []struct {
		name string
		late time.Duration
		err  error
	}{
		{"the lock is had at once", 0, nil},
		{"the lock is had after the deadline", time.Hour, ledger.ErrDeadline},
	} {
		t.Run(c.name, func(t *testing.T) {
			var late time.Duration
			looked := make(looking, 1)
			s := &during{Store: memstore.New()}
			d := drive(t, s, ledger.Config{Chart: someChart, Now: func() time.Time { return looked.now().Add(late) }})
			for _, id := range []string{"zero", "calm"} {
				_, err := d.commit(pay(id, "bank", "user:1", 50))
				require.NoError(t, err)
			}
			d.DecideAhead(1)
			first := d.put(pay("first", "bank", "user:1", 50))
			second := pay("second", "user:1", "bank", 1)
			second.NotAfter = noon.Add(time.Minute)
			var next func() (ledger.Outcome, error)
			s.commit = func(write func() error) error {
				for len(looked) > 0 {
					<-looked
				}
				next = d.put(second)
				<-looked
				return write()
			}
			require.True(t, d.Step(t.Context()))
			_, err := first()
			require.NoError(t, err)
			late = c.late
			require.True(t, d.Step(t.Context()))
			_, err = next()
			if c.err == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.err)
			}
		})
	}
}
