package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// followPromises are about those who read the journal as it grows.
var followPromises = []promise{
	{"A follower gets every event once and in order, from any cursor", testFollowEvents},
	{"A follower gets every block, each following the one before", testFollowBlocks},
	{"Followers of two ledgers in one store see every event while many write", testFollowBesideWriters},
	{"A follower learns of this ledger's own blocks without looking for them", testFollowOwn},
	{"A follower ends with its context, and when its consumer has enough", testFollowEnds},
	{"A follower is told nothing that is not durable", testFollowDurable},
	{"A follower that meets another history says so", testFollowRegressed},
	{"A follower that meets a gap says so", testFollowGap},
}

// announce commits n Changes with i mod 3 events each.
func (f *fixture) announce(n int) (events int64) {
	f.Helper()
	for i := range n {
		c := ledger.Change{}
		for range i % 3 {
			events++
			c.Events = append(c.Events, ledger.Event{Type: "t", Subject: fmt.Sprint(events), Payload: fmt.Append(nil, "payload ", events)})
		}
		f.must(c)
	}
	return events
}

func testFollowEvents(f *fixture) {
	all := f.announce(400)
	for _, after := range []int64{0, 1, all / 2, all - 1} {
		next := after + 1
		for e, err := range f.FollowEvents(f.ctx, after) {
			require.NoError(f, err)
			require.Equal(f, next, e.No)
			require.Equal(f, fmt.Sprint(next), e.Subject)
			require.Equal(f, fmt.Sprint("payload ", next), string(e.Payload))
			if next++; next > all {
				break
			}
		}
		assert.Equal(f, all+1, next)
	}
}

func testFollowBlocks(f *fixture) {
	f.announce(50)
	want, err := f.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	for _, from := range []int{0, 1, 30, 49} {
		after := ledger.Checkpoint{}
		if from > 0 {
			after = ledger.Checkpoint{Seq: want[from-1].Seq, Hash: want[from-1].Hash}
		}
		for _, after := range []ledger.Checkpoint{after, {Seq: after.Seq}} {
			i := from
			for b, err := range f.FollowBlocks(f.ctx, after) {
				require.NoError(f, err)
				require.Equal(f, want[i], b)
				if i++; i == len(want) {
					break
				}
			}
			assert.Equal(f, len(want), i)
		}
	}
}

func testFollowBesideWriters(f *fixture) {
	other := f.another(f.T)
	const writers, each = 4, 60
	var failed atomic.Bool
	var wait sync.WaitGroup
	for _, l := range []*fixture{f, other} {
		// One follower is of the ledger that writes, one of another process.
		for _, follower := range []*fixture{l, l.beside(l.store, func(c *ledger.Config) { c.Poll = time.Millisecond })} {
			wait.Go(func() {
				seen := make(map[string]bool)
				next := int64(1)
				for e, err := range follower.FollowEvents(f.ctx, 0) {
					if !assert.NoError(f, err) || !assert.Equal(f, next, e.No) || !assert.False(f, seen[e.Subject], e.Subject) {
						failed.Store(true)
						return
					}
					seen[e.Subject] = true
					if next++; next > writers*each || failed.Load() {
						return
					}
				}
			})
		}
		for w := range writers {
			wait.Go(func() {
				for i := range each {
					_, err := l.commit(ledger.Change{Events: []ledger.Event{{Type: "t", Subject: fmt.Sprintf("%d-%d", w, i)}}})
					if err != nil {
						assert.NoError(f, err)
						return
					}
				}
			})
		}
	}
	wait.Wait()
}

func testFollowOwn(f *fixture) {
	g := f.another(f.T, func(c *ledger.Config) { c.Poll = -1 })
	const rounds = 20
	turn := make(chan int64)
	var wait sync.WaitGroup
	wait.Go(func() {
		defer close(turn)
		for e, err := range g.FollowEvents(f.ctx, 0) {
			if !assert.NoError(f, err) {
				return
			}
			turn <- e.No
			if e.No == rounds {
				return
			}
		}
	})
	for i := range int64(rounds) {
		g.must(ledger.Change{Events: []ledger.Event{{Type: "t"}}})
		assert.Equal(f, i+1, <-turn)
	}
	wait.Wait()
}

func testFollowEnds(f *fixture) {
	f.announce(6)
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	n := 0
	var last error
	for e, err := range f.FollowEvents(ctx, 0) {
		last = err
		if err != nil {
			assert.Zero(f, e)
			continue
		}
		if n++; e.No == 6 {
			cancel()
		}
	}
	require.ErrorIs(f, last, context.Canceled)
	assert.Equal(f, 6, n)
	n = 0
	for _, err := range f.FollowBlocks(ctx, ledger.Checkpoint{}) {
		require.ErrorIs(f, err, context.Canceled)
		n++
	}
	assert.Equal(f, 1, n, "the error is the last of all")
	for range f.FollowEvents(f.ctx, 0) {
		break
	}
}

func testFollowDurable(f *fixture) {
	writer := f.another(f.T)
	faulty := NewFaulty(f.store)
	reader := writer.beside(faulty)
	writer.announce(3)
	first := func() (int64, error) {
		for e, err := range reader.FollowEvents(f.ctx, 0) {
			return e.No, err
		}
		return 0, errors.New("nothing was yielded")
	}
	faulty.FailCommits(1, ledger.ErrUnavailable)
	_, err := first()
	require.ErrorIs(f, err, ledger.ErrUnavailable, "another process wrote it, and whether it is durable can not be told")
	no, err := first()
	require.NoError(f, err)
	assert.EqualValues(f, 1, no)
	faulty.FailBegins(1, ledger.ErrUnavailable)
	no, err = first()
	require.NoError(f, err, "it is known now")
	assert.EqualValues(f, 1, no)
	_, err = reader.commit(ledger.Change{})
	require.ErrorIs(f, err, ledger.ErrUnavailable, "the fault that was left")
}

func testFollowRegressed(f *fixture) {
	r := f.restorable()
	events := r.announce(3)
	last, err := r.Checkpoint(f.ctx)
	require.NoError(f, err)
	r.store.id.Store(r.backup)
	for _, err := range r.FollowEvents(f.ctx, events) {
		require.ErrorIs(f, err, ledger.ErrHistoryRegressed)
	}
	for _, err := range r.FollowBlocks(f.ctx, last) {
		require.ErrorIs(f, err, ledger.ErrHistoryRegressed)
	}
	for _, err := range r.FollowBlocks(f.ctx, ledger.Checkpoint{Seq: 1, Hash: [32]byte{1}}) {
		require.ErrorIs(f, err, ledger.ErrHistoryRegressed, "there is a block after it that does not follow")
	}
	for _, err := range r.FollowBlocks(f.ctx, ledger.Checkpoint{Seq: 2, Hash: [32]byte{1}}) {
		require.ErrorIs(f, err, ledger.ErrHistoryRegressed, "the last block is another")
	}
	for _, err := range r.FollowBlocks(f.ctx, ledger.Checkpoint{Seq: 3}) {
		require.ErrorIs(f, err, ledger.ErrHistoryRegressed, "there is no such block")
	}
}

func testFollowGap(f *fixture) {
	f.announce(6)
	g := f.through(lens{
		events: without(func(e *ledger.EventRow) bool { return e.No == 3 }),
		blocks: without(func(b *ledger.Block) bool { return b.Seq == 3 }),
	})
	var got []int64
	for e, err := range g.FollowEvents(f.ctx, 0) {
		if err != nil {
			require.ErrorIs(f, err, ledger.ErrDiscrepancy)
			break
		}
		got = append(got, e.No)
	}
	for b, err := range g.FollowBlocks(f.ctx, ledger.Checkpoint{}) {
		if err != nil {
			require.ErrorIs(f, err, ledger.ErrDiscrepancy)
			break
		}
		got = append(got, b.Seq)
	}
	assert.Equal(f, []int64{1, 2, 1, 2}, got)
}
