package schedule_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/schedule"
)

func pay(minor int64) []ledger.Op {
	return []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank", Credit: "user", Amount: money.New(minor, money.MustISO("CNY"))}}}}
}

// bubble runs a case over a ledger and a store in memory, in time of its own.
func bubble(t *testing.T, test func(t *testing.T, l *ledger.Ledger)) {
	synctest.Test(t, func(t *testing.T) {
		l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{})
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close(context.Background())) }()
		test(t, l)
	})
}

func posted(t *testing.T, l *ledger.Ledger) int64 {
	t.Helper()
	b, err := l.Balance(t.Context(), ledger.AccountKey{Name: "user", Currency: "CNY"})
	if err != nil {
		require.ErrorIs(t, err, ledger.ErrNotFound)
		return 0
	}
	return b.Posted.Minor()
}

func TestRunSleepsUntilThePlanIsDue(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger) {
		s := schedule.New(l, schedule.Config{PollInterval: 24 * time.Hour})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		start := time.Now()
		_, err := s.Put(ctx, schedule.Plan{ID: "once", At: start.Add(time.Hour), Ops: pay(7)})
		require.NoError(t, err)
		_, err = s.Put(ctx, schedule.Plan{ID: "twice", At: start.Add(30 * time.Minute), Every: 90 * time.Minute, Times: 2, Ops: pay(100)})
		require.NoError(t, err)
		for _, row := range []struct {
			after time.Duration
			want  int64
		}{
			{30*time.Minute - time.Microsecond, 0},
			{30 * time.Minute, 100},
			{time.Hour - time.Microsecond, 100},
			{time.Hour, 107},
			{2*time.Hour - time.Microsecond, 107},
			{2 * time.Hour, 207},
			{100 * time.Hour, 207},
		} {
			time.Sleep(time.Until(start.Add(row.after)))
			synctest.Wait()
			assert.Equal(t, row.want, posted(t, l), "after %v", row.after)
		}
		once, err := s.Get(ctx, "once")
		require.NoError(t, err)
		assert.Equal(t, schedule.Done, once.State)
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestRunFindsWhatOthersHavePut(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger) {
		mine, others := schedule.New(l, schedule.Config{}), schedule.New(l, schedule.Config{})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { assert.ErrorIs(t, mine.Run(ctx), context.Canceled) })
		synctest.Wait()
		_, err := others.Put(ctx, schedule.Plan{ID: "id", At: time.Now().Add(time.Second), Ops: pay(1)})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.EqualValues(t, 1, posted(t, l), "at its next look")
		_, err = others.Put(ctx, schedule.Plan{ID: "again", At: time.Now().Add(time.Second), Ops: pay(1)})
		require.NoError(t, err)
		mine.Wake()
		time.Sleep(time.Second)
		synctest.Wait()
		assert.EqualValues(t, 2, posted(t, l), "or when it is woken")
		stop()
		running.Wait()
	})
}

func TestRunMakesUpForWhatWasMissed(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger) {
		s := schedule.New(l, schedule.Config{Batch: 2})
		for _, id := range []string{"a", "b", "c"} {
			_, err := s.Put(t.Context(), schedule.Plan{ID: id, At: time.Now().Add(-10 * time.Hour), Every: time.Hour, Ops: pay(1)})
			require.NoError(t, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended, start := make(chan error), time.Now()
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		assert.Equal(t, start, time.Now())
		assert.EqualValues(t, 3*11, posted(t, l), "each of them, at once")
		stop()
		<-ended
	})
}

// One that can not be read is told of at every look, and keeps nobody from their turn.
func TestRunGoesOnBesideAPlanThatCanNotBeRead(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger) {
		var log bytes.Buffer
		s := schedule.New(l, schedule.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		_, err := l.Commit(t.Context(), ledger.Change{ID: "newer", Puts: []ledger.Put{
			{Type: schedule.Type, ID: "newer", Content: []byte(`{"v":2}`), Due: time.Now().Add(-time.Hour)},
		}})
		require.NoError(t, err)
		_, err = s.Put(t.Context(), schedule.Plan{ID: "id", At: time.Now(), Ops: pay(1)})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		time.Sleep(150 * time.Second)
		stop()
		<-ended
		assert.EqualValues(t, 1, posted(t, l))
		assert.LessOrEqual(t, bytes.Count(log.Bytes(), []byte("\n")), 4, "once a look, not in a hurry")
		assert.Contains(t, log.String(), "newer")
	})
}

// However many can not be read, those that can are carried out, and in time.
func TestPlansThatCanNotBeReadAreSetAside(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger) {
		var log lines
		s := schedule.New(l, schedule.Config{Batch: 10, PollInterval: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		start := time.Now()
		var puts []ledger.Put
		for i := range 35 {
			puts = append(puts, ledger.Put{Type: schedule.Type, ID: fmt.Sprintf("newer-%02d", i), Content: []byte(`{"v":2}`), Labels: []string{"state:pending"}, Due: start.Add(-time.Hour)})
		}
		_, err := l.Commit(t.Context(), ledger.Change{ID: "newer", Puts: puts})
		require.NoError(t, err)
		for i := range 25 {
			_, err = s.Put(t.Context(), schedule.Plan{ID: fmt.Sprint("now-", i), At: start, Ops: pay(1)})
			require.NoError(t, err)
		}
		_, err = s.Put(t.Context(), schedule.Plan{ID: "soon", At: start.Add(time.Second), Ops: pay(100)})
		require.NoError(t, err)

		n, err := s.Due(t.Context())
		assert.Equal(t, 10, n, "a batch")
		require.ErrorIs(t, err, schedule.ErrUnreadable)
		require.ErrorContains(t, err, `"newer-00" version 1`)
		require.ErrorContains(t, err, "and 25 more")
		plans, err := s.List(t.Context(), schedule.Query{State: schedule.Pending})
		require.ErrorIs(t, err, schedule.ErrUnreadable)
		assert.Len(t, plans, 16, "beside those that can be read")

		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		assert.EqualValues(t, 25, posted(t, l), "all of them at once")
		looks := log.count()
		assert.Contains(t, []int{1, 2}, looks, "told of once a look: the first, and the one that the new plans may have asked for")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.EqualValues(t, 125, posted(t, l), "and the next when it is due")
		stop()
		<-ended
		newer, err := l.Record(t.Context(), schedule.Type, "newer-34")
		require.NoError(t, err)
		assert.EqualValues(t, 1, newer.Version, "it is left for those who can read it")
	})
}

// lines counts the lines of a log.
type lines struct {
	mu sync.Mutex
	n  int
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

func TestAPlanThatCanNotBeThereIsNotFound(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger) {
		s := schedule.New(l, schedule.Config{})
		for _, id := range []string{"", "unknown", strings.Repeat("x", schedule.MaxIDLen+1), strings.Repeat("x", ledger.MaxIDLen+1), "a\x00b", "\xff"} {
			_, err := s.Cancel(t.Context(), id)
			require.ErrorIs(t, err, ledger.ErrNotFound, "%q", id)
			_, err = s.Get(t.Context(), id)
			require.ErrorIs(t, err, ledger.ErrNotFound, "%q", id)
		}
		seq, _, _, err := l.Head(t.Context())
		require.NoError(t, err)
		assert.Zero(t, seq, "and nothing is written")
	})
}

func TestRunEndsWithTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{})
		require.NoError(t, err)
		s := schedule.New(l, schedule.Config{})
		_, err = s.Put(t.Context(), schedule.Plan{ID: "id", At: time.Now().Add(time.Minute), Ops: pay(1)})
		require.NoError(t, err)
		ended := make(chan error)
		go func() { ended <- s.Run(t.Context()) }()
		synctest.Wait()
		require.NoError(t, l.Close(t.Context()))
		require.ErrorIs(t, <-ended, ledger.ErrClosed)
	})
}
