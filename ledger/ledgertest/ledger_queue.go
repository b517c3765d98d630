package ledgertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// queuePromises are about waiting for a block.
var queuePromises = []promise{
	{"A full queue is ErrBusy and nothing happened", testBusy},
	{"A caller who gives up before its Change was taken leaves no trace", testCanceledBefore},
	{"A caller who gives up later does not know, and learns it by asking again", testCanceledAfter},
	{"What a caller alters after it gave up does not reach the ledger", testAlterAfterwards},
	{"A context that has ended commits nothing", testCanceledAtOnce},
	{"Many Changes wait for one block and share the next", testShareBlock},
	{"The context of Open bounds Open, not the ledger", testOpenContext},
	{"Close commits what waits and refuses what comes", testCloseDrains},
	{"Close with a context that ends abandons what waits", testCloseAbandons},
}

// paused returns a ledger whose block is stopped before it begins, with n more Changes, those
// that change makes, in a queue that holds no other. errs has their errors once resume was called
// and wait has returned.
type paused struct {
	*fixture
	faulty *Faulty
	pause  *Pause
	ended  sync.WaitGroup
	outs   []ledger.Outcome
	errs   []error
}

func (f *fixture) paused(n int, change func(i int) ledger.Change, configure ...func(*ledger.Config)) *paused {
	f.Helper()
	faulty := NewFaulty(f.store)
	g := f.over(faulty, append(configure, func(c *ledger.Config) { c.MaxQueue = n })...)
	p := &paused{fixture: g, faulty: faulty, outs: make([]ledger.Outcome, n), errs: make([]error, n)}
	g.fund("user:1", 100)
	p.pause = faulty.Pause(BeforeBegin)
	f.Cleanup(p.pause.Resume)
	p.ended.Go(func() { _, _ = g.commit(ledger.Change{ID: "in the way"}) })
	p.reached()
	for i := range n {
		p.ended.Go(func() {
			for { // a probe may be in the way for a moment
				if p.outs[i], p.errs[i] = g.commit(change(i)); !errors.Is(p.errs[i], ledger.ErrBusy) {
					return
				}
			}
		})
	}
	// Only when all n wait is the queue full for a probe.
	for {
		probe, cancel := context.WithTimeout(g.ctx, time.Millisecond)
		_, err := g.Commit(probe, ledger.Change{ID: "probe", Refusal: &ledger.Refusal{Reason: "committed"}})
		cancel()
		if errors.Is(err, ledger.ErrBusy) {
			return p
		}
		require.ErrorIs(g, err, context.DeadlineExceeded)
		require.NotErrorIs(g, err, ledger.ErrOutcomeUnknown)
	}
}

// reached waits until the pause has been reached.
func (p *paused) reached() {
	p.Helper()
	select {
	case <-p.pause.Reached():
	case <-p.ctx.Done():
		require.Fail(p, "the ledger did not come to the pause")
	}
}

// resume lets the block go on and waits for every caller.
func (p *paused) resume() {
	p.Helper()
	p.pause.Resume()
	p.ended.Wait()
}

func payOne(i int) ledger.Change {
	return changeOf(numbered("pay", i), transfer("user:1", "user:2", 1))
}

func testBusy(f *fixture) {
	p := f.paused(3, payOne)
	_, err := p.commit(changeOf("refused", transfer("user:1", "user:2", 1)))
	require.ErrorIs(f, err, ledger.ErrBusy)
	p.resume()
	require.NoError(f, errors.Join(p.errs...))
	p.stands("user:2", 3, 3)
	p.must(changeOf("refused", transfer("user:1", "user:2", 1)))
}

func testCanceledBefore(f *fixture) {
	const impatient = 20
	p := f.paused(1, payOne)
	p.resume()
	second := p.faulty.Pause(BeforeBegin)
	defer second.Resume()
	p.ended.Go(func() { _, _ = p.commit(ledger.Change{ID: "in the way again"}) })
	<-second.Reached()
	// With room for one, each has to leave the queue before the next gets in.
	for i := range impatient {
		ctx, cancel := context.WithTimeout(p.ctx, time.Millisecond)
		_, err := p.Commit(ctx, changeOf(numbered("impatient", i), transfer("user:1", "user:2", 1)))
		cancel()
		require.ErrorIs(f, err, context.DeadlineExceeded)
		require.NotErrorIs(f, err, ledger.ErrOutcomeUnknown)
	}
	second.Resume()
	p.ended.Wait()
	p.stands("user:2", 1, 1)
	p.must(changeOf("impatient-0", transfer("user:1", "user:2", 1)))
}

func testCanceledAfter(f *fixture) {
	for _, at := range []Point{BeforeBegin, BeforeCommit, AfterCommit} {
		faulty := NewFaulty(f.store)
		g := f.over(faulty)
		g.fund("user:1", 100)
		pause := faulty.Pause(at)
		ctx, cancel := context.WithCancelCause(g.ctx)
		failed := make(chan error)
		go func() {
			_, err := g.Commit(ctx, payOne(1))
			failed <- err
		}()
		<-pause.Reached()
		cancel(errors.New("the caller's own reason"))
		err := <-failed
		require.ErrorIs(f, err, ledger.ErrOutcomeUnknown)
		require.ErrorIs(f, err, context.Canceled)
		pause.Resume()
		out, err := g.commit(payOne(1))
		require.NoError(f, err)
		assert.True(f, out.Replayed, "the commit went on")
		g.stands("user:2", 1, 1)
	}
}

func testAlterAfterwards(f *fixture) {
	faulty := NewFaulty(f.store)
	g := f.over(faulty)
	intact := func() ledger.Change {
		c := fullChange()
		c.Request = []ledger.Field{{Name: "a", Value: "b"}}
		c.Expects = []ledger.Expect{{Type: "t", ID: "new"}}
		c.Refusal.Detail = "detail"
		return c
	}
	pause := faulty.Pause(BeforeBegin)
	defer pause.Resume()
	ctx, cancel := context.WithCancel(g.ctx)
	c := intact()
	failed := make(chan error)
	go func() {
		_, err := g.Commit(ctx, c)
		failed <- err
	}()
	<-pause.Reached()
	cancel()
	require.ErrorIs(f, <-failed, ledger.ErrOutcomeUnknown)
	c.Request[0] = ledger.Field{}
	c.Expects[0].Version = 9
	for _, op := range c.Ops[:2] {
		switch op := op.(type) {
		case ledger.Transaction:
			op.Postings[0] = posting("free:1", "free:2", 7)
			op.Metadata["a"] = "altered"
		case ledger.Hold:
			op.Postings[0] = posting("free:1", "free:2", 7)
		}
	}
	c.Ops[3] = ledger.Void{Hold: "altered"}
	copy(c.Puts[0].Content, "altered")
	c.Puts[0].Unique[0], c.Puts[0].Labels[0] = "altered", "altered"
	copy(c.Events[0].Payload, "altered")
	c.Events[0].Type = "altered"
	*c.Refusal = ledger.Refusal{Reason: "altered"}
	c.Else.On[0] = "altered"
	c.Else.Change.Events[0].Type = "altered"
	pause.Resume()

	out, err := g.commit(intact())
	assert.Equal(f, ledger.Refusal{Reason: "own", Detail: "detail"}, g.refused(err, "own"))
	assert.True(f, out.Replayed)
	r := g.record("t", "id")
	assert.Equal(f, "content", string(r.Content))
	assert.Equal(f, []string{"u"}, r.Unique)
	assert.Equal(f, []string{"l"}, r.Labels)
	events, err := g.Events(g.ctx, 0, 0)
	require.NoError(f, err)
	require.Len(f, events, 1)
	assert.Equal(f, fullChange().Events[0], events[0].Event)
	entries, err := g.Statement(g.ctx, cny("user:1"), ledger.Page{})
	require.NoError(f, err)
	require.Len(f, entries, 3)
	assert.Equal(f, cny("bank:1"), entries[0].Other)
	assert.Equal(f, map[string]string{"a": "1"}, entries[0].Metadata)
	g.clean()
}

func testCanceledAtOnce(f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	f.nothingHappens(func() {
		_, err := f.Commit(ctx, changeOf("id", transfer("bank:1", "user:1", 1)))
		require.ErrorIs(f, err, context.Canceled)
		require.NotErrorIs(f, err, ledger.ErrOutcomeUnknown)
	})
	f.must(ledger.Change{ID: "id"})
}

func testShareBlock(f *fixture) {
	const callers = 50
	p := f.paused(callers, payOne)
	before := p.headSeq()
	p.resume()
	require.NoError(f, errors.Join(p.errs...))
	assert.Equal(f, before+2, p.headSeq(), "one block for what was in the way and one for all that waited")
	for i := range p.outs {
		assert.Equal(f, before+2, p.outs[i].Seq)
	}
	p.stands("user:2", callers, callers)
}

func testOpenContext(f *fixture) {
	f.close()
	ctx, cancel := context.WithCancel(f.ctx)
	l, err := ledger.Open(ctx, f.store, f.config)
	require.NoError(f, err)
	f.Ledger, f.closed = l, false
	cancel()
	f.fund("user:1", 1)
	f.stands("user:1", 1, 1)
}

func testCloseDrains(f *fixture) {
	const callers = 7
	// Several blocks are needed for what waits.
	p := f.paused(callers, payOne, func(c *ledger.Config) { c.MaxBlockChanges = 2 })
	closed := make(chan error)
	go func() { closed <- p.Close(p.ctx) }()
	for {
		probe, cancel := context.WithTimeout(p.ctx, time.Millisecond)
		_, err := p.Commit(probe, ledger.Change{ID: "late"})
		cancel()
		if errors.Is(err, ledger.ErrClosed) {
			break
		}
		if !errors.Is(err, ledger.ErrBusy) {
			require.ErrorIs(f, err, context.DeadlineExceeded)
		}
	}
	p.resume()
	require.NoError(f, errors.Join(p.errs...))
	require.NoError(f, <-closed)
	require.NoError(f, p.Close(p.ctx), "a second Close does nothing")
	_, err := p.commit(ledger.Change{ID: "late"})
	require.ErrorIs(f, err, ledger.ErrClosed)
	p.reopen()
	p.stands("user:2", callers, callers)
	p.must(ledger.Change{ID: "late"})
}

func testCloseAbandons(f *fixture) {
	p := f.paused(5, payOne)
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	require.ErrorIs(f, p.Close(ctx), context.Canceled)
	p.ended.Wait() // though nobody resumed
	for _, err := range p.errs {
		require.Error(f, err)
	}
	p.closed = true
	p.open()
	p.stands("user:1", 100, 100)
	p.must(payOne(1))
}
