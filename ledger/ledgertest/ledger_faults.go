package ledgertest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// faultPromises are about stores that fail.
var faultPromises = []promise{
	{"A store that asks to try again is asked again, and the Change commits once", testRetry},
	{"A store that asks to try again for ever is given up, and nothing happened", testRetryForEver},
	{"A commit whose outcome is unknown is found out by its ids", testUnknownFoundOut},
	{"Of one id twice in a block of unknown outcome, one is the first and one the replay", testUnknownTwice},
	{"What left no trace in a block that was lost is decided again, behind what the block recorded", testLostOrder},
	{"While the store cannot tell, the outcome is unknown, whatever else goes wrong", testUnknownForEver},
	{"A store that is unavailable is told to every caller, and nothing happened", testUnavailable},
	{"A Change that the store cannot take fails alone", testPoison},
	{"A replay is told only when what it reports is durable", testReplayDurable},
	{"A block that failed leaves nothing behind in the ledger's memory", testFailedBlockForgotten},
}

var errDisk = errors.New("disk on fire")

func testRetry(f *fixture) {
	for name, fail := range map[string]func(*Faulty){
		"begin":  func(s *Faulty) { s.FailBegins(9, ledger.ErrRetry) },
		"commit": func(s *Faulty) { s.FailCommits(9, ledger.ErrRetry) },
		"both":   func(s *Faulty) { s.FailBegins(4, ledger.ErrRetry); s.FailCommits(5, ledger.ErrRetry) },
	} {
		faulty := NewFaulty(f.store)
		g := f.over(faulty)
		g.fund("user:1", 1)
		fail(faulty)
		out, err := g.commit(payOne(1))
		require.NoError(f, err, name)
		assert.False(f, out.Replayed)
		g.stands("user:2", 1, 1)
		assert.Equal(f, 2, faulty.Blocks())
	}
}

func testRetryForEver(f *fixture) {
	faulty := NewFaulty(f.store)
	g := f.over(faulty)
	g.fund("user:1", 1)
	g.nothingHappens(func() {
		faulty.FailCommits(10, ledger.ErrRetry)
		_, err := g.commit(payOne(1))
		require.ErrorIs(f, err, ledger.ErrRetry)
		require.NotErrorIs(f, err, ledger.ErrOutcomeUnknown)
	})
	g.must(payOne(1))
}

// mixedBlock is what a block of unknown outcome may hold.
func mixedBlock(i int) ledger.Change {
	switch i {
	case 0:
		return changeOf("paid", transfer("user:1", "user:2", 10))
	case 1:
		return changeOf("refused", transfer("user:1", "user:2", 1000))
	case 2:
		return ledger.Change{ID: "conflict", Expects: []ledger.Expect{{Type: "t", ID: "id", Version: 9}}}
	case 3:
		c := changeOf("alternative", transfer("user:1", "user:2", 1000))
		c.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: ledger.Change{Events: []ledger.Event{{Type: "failed"}}}}
		return c
	default:
		return ledger.Change{ID: "record", Puts: []ledger.Put{{Type: "t", ID: "other", Unique: []string{"key"}}}}
	}
}

func testUnknownFoundOut(f *fixture) {
	unknown := ledger.ErrCommitUnknown
	for name, fail := range map[string]func(*Faulty){
		"not written":               func(s *Faulty) { s.FailCommits(1, unknown) },
		"not written several times": func(s *Faulty) { s.FailCommits(5, unknown) },
		"written":                   func(s *Faulty) { s.LoseCommits(1, unknown) },
		"written, and then lost":    func(s *Faulty) { s.LoseCommits(1, unknown); s.FailCommits(4, unknown) },
		"not written, then written": func(s *Faulty) { s.FailCommits(2, unknown); s.LoseCommits(2, unknown) },
		"written, then unavailable": func(s *Faulty) { s.LoseCommits(1, unknown); s.FailCommits(3, ledger.ErrUnavailable) },
		"written, then try again":   func(s *Faulty) { s.LoseCommits(1, unknown); s.FailCommits(3, ledger.ErrRetry) },
	} {
		f.Run(name, func(t *testing.T) {
			p := f.another(t).paused(5, mixedBlock)
			p.faulty.FailCommits(1, nil) // what is in the way
			fail(p.faulty)
			p.resume()
			require.NoError(t, p.errs[0])
			require.ErrorIs(t, p.errs[1], ledger.ErrInsufficientFunds)
			require.ErrorIs(t, p.errs[2], ledger.ErrConflict)
			require.ErrorIs(t, p.errs[3], ledger.ErrInsufficientFunds)
			require.NoError(t, p.errs[4])
			for i, out := range p.outs {
				assert.False(t, out.Replayed, "change %d is no replay to its caller", i)
				assert.Equal(t, i == 3, out.Alternative)
				if i != 2 {
					assert.Equal(t, p.outs[0].Seq, out.Seq, "all stand in one block")
				}
			}
			assert.Equal(t, 3, p.faulty.Blocks())
			p.stands("user:2", 10, 10)
			assert.EqualValues(t, 1, p.record("t", "other").Version)
			assert.Equal(t, []string{"failed"}, p.eventTypes())
			for i := range 5 {
				out, _ := p.commit(mixedBlock(i))
				assert.Equal(t, i != 2, out.Replayed, "change %d", i)
			}
		})
	}
}

func testUnknownTwice(f *fixture) {
	p := f.paused(6, func(i int) ledger.Change { return payOne(i / 2) })
	p.faulty.FailCommits(1, nil) // what is in the way
	p.faulty.LoseCommits(1, ledger.ErrCommitUnknown)
	p.resume()
	require.NoError(f, errors.Join(p.errs...))
	for i := 0; i < 6; i += 2 {
		assert.NotEqual(f, p.outs[i].Replayed, p.outs[i+1].Replayed, "of two callers one is the first")
	}
	p.stands("user:2", 3, 3)
}

func testUnknownForEver(f *fixture) {
	unknown := ledger.ErrCommitUnknown
	for name, row := range map[string]struct {
		fail func(*Faulty)
		also error
	}{
		"every time":            {func(s *Faulty) { s.LoseCommits(10, unknown) }, unknown},
		"then unavailable":      {func(s *Faulty) { s.LoseCommits(1, unknown); s.FailCommits(9, ledger.ErrUnavailable) }, ledger.ErrUnavailable},
		"then another error":    {func(s *Faulty) { s.LoseCommits(1, unknown); s.FailBegins(1, nil); s.FailBegins(1, errDisk) }, errDisk},
		"then at the commit":    {func(s *Faulty) { s.LoseCommits(1, unknown); s.FailCommits(1, errDisk) }, errDisk},
		"then the clock is off": {func(s *Faulty) { s.LoseCommits(1, unknown) }, ledger.ErrClockSkew},
	} {
		f.Run(name, func(t *testing.T) {
			faulty := NewFaulty(f.store)
			faulty.AlterHead(func(h *ledger.Head) { h.Clock = startTime })
			g := f.suite.fixtureOver(t, faulty, func(c *ledger.Config) { c.MaxSkew = time.Second })
			g.fund("user:1", 100)
			row.fail(faulty)
			if row.also == ledger.ErrClockSkew {
				begun := 0
				faulty.AlterHead(func(h *ledger.Head) {
					h.Clock = startTime
					if begun++; begun > 1 {
						h.Clock = startTime.Add(time.Hour)
					}
				})
			}
			_, err := g.commit(payOne(1))
			require.ErrorIs(t, err, ledger.ErrOutcomeUnknown, "it may have been written")
			require.ErrorIs(t, err, row.also)
			faulty.AlterHead(func(h *ledger.Head) { h.Clock = startTime })
			out, err := g.commit(payOne(1))
			require.NoError(t, err)
			assert.True(t, out.Replayed, "asking again with the same id tells")
			g.stands("user:2", 1, 1)
		})
	}
}

func testUnavailable(f *fixture) {
	p := f.paused(5, payOne)
	p.faulty.FailBegins(1, nil)
	p.faulty.FailCommits(2, ledger.ErrUnavailable)
	p.nothingHappens(p.resume)
	for _, err := range p.errs {
		require.ErrorIs(f, err, ledger.ErrUnavailable)
		require.NotErrorIs(f, err, ledger.ErrOutcomeUnknown)
	}
	for i := range 5 {
		p.must(payOne(i))
	}
	p.stands("user:2", 5, 5)
}

func testPoison(f *fixture) {
	const callers, poisonous = 33, 17
	p := f.paused(callers, payOne)
	p.faulty.Poison(func(b *ledger.Batch) error {
		for _, c := range b.Changes {
			if c.ID == payOne(poisonous).ID {
				return errDisk
			}
		}
		return nil
	})
	p.resume()
	for i, err := range p.errs {
		if i == poisonous {
			require.ErrorIs(f, err, errDisk)
			continue
		}
		require.NoError(f, err, "neighbour %d", i)
	}
	p.stands("user:2", callers-1, callers-1)
	p.faulty.Poison(nil)
	p.must(payOne(poisonous))
}

func testReplayDurable(f *fixture) {
	faulty := NewFaulty(f.store)
	g := f.over(faulty)
	g.fund("user:1", 100)
	g.must(payOne(1))
	faulty.FailCommits(1, ledger.ErrUnavailable)
	_, err := g.commit(payOne(1))
	require.ErrorIs(f, err, ledger.ErrUnavailable, "the commit that makes it sure did not happen")
	out, err := g.commit(payOne(1))
	require.NoError(f, err)
	assert.True(f, out.Replayed)
	assert.Equal(f, 2, faulty.Blocks(), "a replay writes no block")
}

func testFailedBlockForgotten(f *fixture) {
	for name, err := range map[string]error{"blamed": errDisk, "unavailable": ledger.ErrUnavailable, "gave up": ledger.ErrRetry} {
		faulty := NewFaulty(f.store)
		g := f.over(faulty)
		g.fund("user:1", 100)
		faulty.FailCommits(10, err)
		n := 1
		if name == "gave up" {
			n = 0
		}
		_, failed := g.commit(ledger.Change{
			ID: "lost", Ops: []ledger.Op{
				transfer("user:1", "user:2", 100), transfer("bank:new", "user:3", 100),
				reserve("h", posting("user:2", "user:1", 100)),
			},
			Puts: []ledger.Put{{Type: "t", ID: "id", Unique: []string{"key"}}},
		})
		require.ErrorIs(f, failed, err)
		for range 9 * n { // the faults that are left
			_, failed = g.commit(ledger.Change{})
			require.ErrorIs(f, failed, err)
		}
		g.refuses(changeOf("from what was lost", transfer("user:2", "user:1", 1)), ledger.InsufficientFunds)
		g.refuses(changeOf("hold that was lost", capture("h")), ledger.HoldUnknown)
		g.must(changeOf("all", transfer("user:1", "user:4", 100)))
		g.must(ledger.Change{ID: "lost", Puts: []ledger.Put{{Type: "t", ID: "other", Unique: []string{"key"}}}})
		out := g.do(transfer("bank:other", "user:3", 1))
		assert.EqualValues(f, 3, out.First, "numbers that were lost are given again")
	}
}

// clockPromises are about time and about a history that changes.
var clockPromises = []promise{
	{"A clock that differs from the store's by more than MaxSkew is refused, to the microsecond", testSkew},
	{"Time never goes backwards, though the clock does", testTimeBackwards},
	{"A history that went backwards stops the ledger for good", testRegressed},
	{"A block's time is cut to microseconds", testTimeCut},
	{"A clock of long ago works like any other", testOldClock},
}

func testSkew(f *fixture) {
	for _, row := range []struct {
		name  string
		max   time.Duration
		skew  time.Duration
		taken bool
	}{
		{"by default five seconds are allowed", 0, 5 * time.Second, true},
		{"and backwards", 0, -5 * time.Second, true},
		{"one microsecond more is not", 0, 5*time.Second + time.Microsecond, false},
		{"nor one less", 0, -5*time.Second - time.Microsecond, false},
		{"a bound of its own", time.Minute, time.Minute, true},
		{"and one more", time.Minute, time.Minute + time.Microsecond, false},
		{"years, when the check is off", -1, 100_000 * time.Hour, true},
	} {
		f.Run(row.name, func(t *testing.T) {
			faulty := NewFaulty(f.store)
			g := f.suite.fixtureOver(t, faulty, func(c *ledger.Config) { c.MaxSkew = row.max })
			faulty.AlterHead(func(h *ledger.Head) { h.Clock = startTime.Add(row.skew) })
			if row.taken {
				g.fund("user:1", 1)
				return
			}
			g.nothingHappens(func() {
				_, err := g.commit(changeOf("id", transfer("bank:1", "user:1", 1)))
				require.ErrorIs(t, err, ledger.ErrClockSkew)
			})
			faulty.AlterHead(func(h *ledger.Head) { h.Clock = g.clock.Now() })
			g.must(changeOf("id", transfer("bank:1", "user:1", 1)))
		})
	}
}

func testTimeBackwards(f *fixture) {
	f.fund("user:1", 10)
	f.do(until("h", startTime.Add(time.Hour), posting("user:1", "user:2", 5)))
	f.clock.advance(time.Hour)
	f.must(ledger.Change{Ops: []ledger.Op{transfer("user:1", "user:2", 10)}, Events: []ledger.Event{{Type: "t"}}})
	f.clock.advance(-2 * time.Hour)
	f.reopen()
	out := f.must(ledger.Change{ID: "id", Ops: []ledger.Op{transfer("user:2", "user:1", 1)}, NotAfter: startTime.Add(time.Hour)})
	assert.Equal(f, startTime.Add(time.Hour), out.Time)
	_, at, _, err := f.Head(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, startTime.Add(time.Hour), at)
	f.holdIs("h", ledger.HoldIsExpired, 0)
	_, err = f.commit(ledger.Change{NotAfter: startTime.Add(time.Hour - time.Microsecond)})
	require.ErrorIs(f, err, ledger.ErrDeadline, "the block's time counts, not the clock's")
	f.clock.advance(2*time.Hour + time.Microsecond)
	assert.Equal(f, startTime.Add(time.Hour+time.Microsecond), f.must(ledger.Change{ID: "later"}).Time)
}

func testRegressed(f *fixture) {
	for name, alter := range map[string]func(*ledger.Head){
		"an older head":                      func(h *ledger.Head) { h.Seq--; h.Hash = [32]byte{1} },
		"no head at all":                     func(h *ledger.Head) { *h = ledger.Head{Ledger: h.Ledger, Key: h.Key} },
		"another block with the same number": func(h *ledger.Head) { h.Hash[31]++ },
	} {
		f.Run(name, func(t *testing.T) {
			faulty := NewFaulty(f.store)
			g := f.suite.fixtureOver(t, faulty)
			g.fund("user:1", 100)
			g.nothingHappens(func() {
				faulty.AlterHead(alter)
				_, err := g.commit(payOne(1))
				require.ErrorIs(t, err, ledger.ErrHistoryRegressed)
				faulty.AlterHead(nil)
				_, err = g.commit(payOne(2))
				require.ErrorIs(t, err, ledger.ErrHistoryRegressed, "it writes nothing more, though the head is right again")
				_, err = g.commit(changeOf("invalid", transfer("", "", 1)))
				require.ErrorIs(t, err, ledger.ErrInvalid)
			})
			g.stands("user:1", 100, 100)
			g.clean()
			g.reopen()
			g.must(payOne(1))
		})
	}
}

func testTimeCut(f *fixture) {
	f.clock.set(startTime.Add(999).In(time.FixedZone("east", 3600)))
	out := f.must(ledger.Change{ID: "id", Events: []ledger.Event{{Type: "t"}}})
	assert.Equal(f, startTime, out.Time)
	assert.Equal(f, startTime, f.Now())
	f.reopen()
	again, err := f.commit(ledger.Change{ID: "id", Events: []ledger.Event{{Type: "t"}}})
	require.NoError(f, err)
	assert.Equal(f, startTime, again.Time)
}

func testOldClock(f *fixture) {
	for _, year := range []int{2, 1600, 1969, 1970} {
		f.Run(fmt.Sprint(year), func(t *testing.T) {
			start := time.Date(year, time.January, 1, 0, 0, 0, 1000, time.UTC)
			g := f.another(t)
			g.clock.set(start)
			g.nothingHappens(func() {
				_, err := g.Do(g.ctx, "verb", nil, func(*ledger.Draft) error { return errDisk })
				assert.Equal(t, errDisk, err)
			})
			g.fund("user:1", 10)
			g.must(ledger.Change{
				Ops:  []ledger.Op{until("h", start.Add(time.Second), posting("user:1", "user:2", 10))},
				Puts: []ledger.Put{{Type: "t", ID: "id", Due: start.Add(time.Second)}},
			})
			g.clock.advance(time.Second - time.Microsecond)
			g.stands("user:1", 10, 0)
			assert.Empty(t, g.ids(ledger.RecordQuery{Type: "t", DueBy: g.clock.Now()}))
			g.clock.advance(time.Microsecond)
			g.stands("user:1", 10, 10)
			assert.Len(t, g.ids(ledger.RecordQuery{Type: "t", DueBy: g.clock.Now()}), 1)
			out := g.do(transfer("user:1", "user:2", 10))
			assert.Equal(t, start.Add(time.Second), out.Time)
			g.holdIs("h", ledger.HoldIsExpired, 0)
		})
	}
}
