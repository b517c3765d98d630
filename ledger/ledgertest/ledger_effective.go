package ledgertest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// effectivePromises are about statements selected and ordered by time.
var effectivePromises = []promise{
	{"A statement is restricted to what was recorded from one instant to another", testStatementByRecorded},
	{"A statement by effective time has back-dated entries at their place, with the balance then", testBackDated},
	{"Statements by effective time agree with sorting every entry", testEffectiveAgrees},
	{"Many entries dated to one instant keep their order and their balances across pages", testOneInstant},
	{"Long runs of dated entries between the others are passed over", testDatedRuns},
	{"Pages by effective time go on from their cursors while entries are back-dated", testCursorsBesideWriters},
	{"A bad question about effective time is refused", testEffectiveInvalid},
}

func testStatementByRecorded(f *fixture) {
	const entries = 2*ledger.MarkEvery + 30
	var recorded []time.Time
	for i := range entries {
		if i%7 > 2 {
			f.clock.advance(time.Second)
		}
		f.fund("user:1", int64(i))
		recorded = append(recorded, f.clock.Now())
	}
	nths := func(page ledger.Page) (nths []int64) {
		f.Helper()
		got, err := f.Statement(f.ctx, cny("user:1"), page)
		require.NoError(f, err)
		for _, e := range got {
			nths = append(nths, e.Nth)
		}
		return nths
	}
	for _, from := range []int{0, 1, 63, 64, 65, 100, entries - 1} {
		for _, until := range []int{0, 1, 62, 64, 90, entries - 1} {
			for _, off := range []time.Duration{-1, 0, 1, -time.Microsecond, time.Microsecond, time.Hour} {
				page := ledger.Page{From: recorded[from].Add(off), Until: recorded[until].Add(off)}
				var want []int64
				for i, at := range recorded {
					if !at.Before(page.From) && at.Before(page.Until) {
						want = append(want, int64(i+1))
					}
				}
				require.Equal(f, want, nths(page), "%+v", page)
			}
		}
	}
	since := ledger.Page{From: recorded[50], Limit: 3}
	first := slices.IndexFunc(recorded, func(t time.Time) bool { return !t.Before(recorded[50]) }) + 1
	assert.Equal(f, []int64{int64(first), int64(first + 1), int64(first + 2)}, nths(since))
	since.After = int64(first + 1)
	assert.EqualValues(f, first+2, nths(since)[0])
	assert.Equal(f, []int64{entries, entries - 1}, nths(ledger.Page{From: recorded[50], Desc: true, Limit: 2}))
	assert.Empty(f, nths(ledger.Page{Until: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)}))
	assert.Len(f, nths(ledger.Page{From: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), Until: time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)}), entries)
	_, err := f.Statement(f.ctx, cny("user:1"), ledger.Page{From: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.ErrorIs(f, err, ledger.ErrInvalid)
}

func testBackDated(f *fixture) {
	f.do(transfer("bank:1", "user:1", 100))
	f.clock.advance(time.Hour)
	f.do(transfer("user:1", "bank:1", 30))
	f.do(dated("bank:1", "user:1", 7, startTime.Add(time.Minute)))
	f.do(dated("bank:1", "user:1", 5, startTime.Add(48*time.Hour)))
	type line struct{ nth, amount, balance int64 }
	lines := func(account string, page ledger.EffectivePage) (lines []line) {
		f.Helper()
		got, err := f.StatementByEffective(f.ctx, cny(account), page)
		require.NoError(f, err)
		for _, e := range got.Entries {
			lines = append(lines, line{e.Nth, e.Amount.Minor(), e.Balance.Minor()})
		}
		return lines
	}
	assert.Equal(f, []line{{1, 100, 100}, {3, 7, 107}, {2, -30, 77}, {4, 5, 82}}, lines("user:1", ledger.EffectivePage{}))
	assert.Equal(f, []line{{4, 5, 82}, {2, -30, 77}}, lines("user:1", ledger.EffectivePage{Desc: true, Limit: 2}))
	assert.Equal(f, []line{{3, 7, 107}, {2, -30, 77}}, lines("user:1", ledger.EffectivePage{
		From: startTime.Add(1), Until: startTime.Add(48 * time.Hour),
	}))
	assert.Equal(f, []line{{1, 100, 100}}, lines("user:1", ledger.EffectivePage{Recorded: startTime}))
	assert.Equal(f, []line{{1, 100, 100}, {3, 7, 107}, {2, -30, 77}, {4, 5, 82}}, lines("bank:1", ledger.EffectivePage{}),
		"a debit-normal account is read on its side")
	f.do(reserve("h", posting("user:1", "user:3", 1)))
	assert.Empty(f, lines("user:3", ledger.EffectivePage{}))
}

// effectiveHistory is one account's entries as a model keeps them.
type effectiveHistory struct {
	entries []modelEntry
}

type modelEntry struct {
	nth                 int64
	recorded, effective time.Time
	amount              int64
}

type modelLine struct{ nth, balance int64 }

// lines sorts all entries and adds them up.
func (h *effectiveHistory) lines(page ledger.EffectivePage) (lines []modelLine) {
	var known []modelEntry
	for _, e := range h.entries {
		if page.Recorded.IsZero() || !e.recorded.After(page.Recorded) {
			known = append(known, e)
		}
	}
	slices.SortStableFunc(known, func(a, b modelEntry) int {
		return cmp.Or(a.effective.Compare(b.effective), cmp.Compare(a.nth, b.nth))
	})
	sum := int64(0)
	for _, e := range known {
		sum += e.amount
		if !e.effective.Before(page.From) && (page.Until.IsZero() || e.effective.Before(page.Until)) {
			lines = append(lines, modelLine{e.nth, sum})
		}
	}
	if page.Desc {
		slices.Reverse(lines)
	}
	return lines
}

// pages reads a statement page by page and demands what the model says.
func (f *fixture) pages(h *effectiveHistory, account string, page ledger.EffectivePage) {
	f.Helper()
	want := h.lines(page)
	var got []modelLine
	for range len(want) + 2 {
		found, err := f.StatementByEffective(f.ctx, cny(account), page)
		require.NoError(f, err, "%+v", page)
		var lines []modelLine
		for _, e := range found.Entries {
			lines = append(lines, modelLine{e.Nth, e.Balance.Minor()})
		}
		// Turning round at the first entry shows what came before it.
		if len(got) > 0 && len(lines) > 0 {
			back := page
			back.Desc, back.After, back.Before = !page.Desc, "", found.First
			if page.Desc {
				back.After, back.Before = found.First, ""
			}
			before, err := f.StatementByEffective(f.ctx, cny(account), back)
			require.NoError(f, err, "%+v", back)
			for i, e := range before.Entries {
				require.Equal(f, got[len(got)-1-i], modelLine{e.Nth, e.Balance.Minor()}, "back from %d of %+v", len(got), page)
			}
			require.Len(f, before.Entries, min(page.Limit, len(got)))
		}
		got = append(got, lines...)
		if len(lines) < page.Limit {
			break
		}
		if page.Desc {
			page.Before = found.Last
		} else {
			page.After = found.Last
		}
	}
	require.Equal(f, want, got, "%+v", page)
}

// randomDated gives an account a history in which about one entry of every undated has no date
// of its own.
func (f *fixture) randomDated(random *rand.Rand, account string, n, undated int) *effectiveHistory {
	f.Helper()
	h := &effectiveHistory{}
	for len(h.entries) < n {
		var c ledger.Change
		for range 1 + random.IntN(4) {
			e := modelEntry{nth: int64(len(h.entries) + 1), recorded: f.clock.Now(), amount: random.Int64N(1000) - 500}
			var at time.Time
			switch spread := []time.Duration{0, time.Microsecond, time.Second, time.Second, time.Hour}[random.IntN(5)]; {
			case random.IntN(undated) == 0:
			case len(h.entries) > 0 && random.IntN(2) == 0:
				at = h.entries[random.IntN(len(h.entries))].effective.Add(time.Duration(random.IntN(3)-1) * spread)
			default:
				at = startTime.Add(time.Duration(random.Int64N(400)-100) * spread)
			}
			debit, credit := "bank:1", account
			if e.amount < 0 {
				debit, credit = credit, debit
			}
			c.Ops = append(c.Ops, dated(debit, credit, max(e.amount, -e.amount), at))
			if e.effective = at; at.IsZero() {
				e.effective = e.recorded
			}
			h.entries = append(h.entries, e)
		}
		f.must(c)
		f.clock.advance(time.Duration(random.IntN(3)) * time.Second)
	}
	return h
}

func testEffectiveAgrees(f *fixture) {
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for account, undated := range map[string]int{"free:few": 10, "free:half": 2, "free:most": 1_000_000} {
		h := f.randomDated(random, account, 120, undated)
		some := func() time.Time {
			if random.IntN(3) == 0 {
				return time.Time{}
			}
			e := h.entries[random.IntN(len(h.entries))]
			return []time.Time{e.effective, e.recorded}[random.IntN(2)].Add([]time.Duration{0, 0, 1, -1, time.Microsecond, -time.Microsecond}[random.IntN(6)])
		}
		for range 8 {
			page := ledger.EffectivePage{
				From: some(), Until: some(), Recorded: some(), Desc: random.IntN(2) == 0,
				Limit: []int{2, 7, 50, 1000}[random.IntN(4)],
			}
			f.pages(h, account, page)
		}
		f.pages(h, account, ledger.EffectivePage{Limit: 7})
		f.pages(h, account, ledger.EffectivePage{Limit: 7, Desc: true})
	}
}

func testOneInstant(f *fixture) {
	h := &effectiveHistory{}
	midnight := startTime.Add(-12 * time.Hour)
	for i := range 300 {
		e := modelEntry{nth: int64(i + 1), recorded: f.clock.Now(), effective: midnight, amount: int64(i + 1)}
		at := midnight
		switch {
		case i%50 == 7:
			e.effective, at = f.clock.Now(), time.Time{}
		case i%50 == 9:
			e.effective = midnight.Add(time.Microsecond)
			at = e.effective
		}
		f.do(dated("bank:1", "user:1", e.amount, at))
		h.entries = append(h.entries, e)
		if i%3 == 0 {
			f.clock.advance(time.Second)
		}
	}
	for _, desc := range []bool{false, true} {
		for _, limit := range []int{19, 100} {
			f.pages(h, "user:1", ledger.EffectivePage{Desc: desc, Limit: limit})
			f.pages(h, "user:1", ledger.EffectivePage{Desc: desc, Limit: limit, Recorded: startTime.Add(30 * time.Second)})
		}
	}
}

// One Change has at most MaxParts operations, so that runs of dated entries longer than any page
// take several.
func testDatedRuns(f *fixture) {
	h := &effectiveHistory{}
	past := startTime.Add(-time.Hour)
	for run := range 4 {
		for part := range 3 {
			var c ledger.Change
			for i := range 500 {
				e := modelEntry{nth: int64(len(h.entries) + 1), recorded: f.clock.Now(), amount: 1}
				at := past.Add(time.Duration(run*i) * time.Second)
				if e.effective = at; part == 0 && (i == 3 || i == 4 || i == 77) {
					e.effective, at = e.recorded, time.Time{}
				}
				c.Ops = append(c.Ops, dated("bank:1", "user:1", 1, at))
				h.entries = append(h.entries, e)
			}
			f.must(c)
		}
		f.clock.advance(time.Minute)
	}
	for _, desc := range []bool{false, true} {
		f.pages(h, "user:1", ledger.EffectivePage{Desc: desc, Limit: 1000})
		f.pages(h, "user:1", ledger.EffectivePage{Desc: desc, Limit: 5, From: startTime.Add(-time.Microsecond)})
	}
}

func testCursorsBesideWriters(f *fixture) {
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	h := f.randomDated(random, "free:1", 150, 3)
	known := int64(len(h.entries))
	for _, desc := range []bool{false, true} {
		var want, got []int64
		for _, line := range h.lines(ledger.EffectivePage{Desc: desc}) {
			if line.nth <= known {
				want = append(want, line.nth)
			}
		}
		page := ledger.EffectivePage{Desc: desc, Limit: 11}
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() {
			writer := rand.New(rand.NewPCG(seed, 1))
			for {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				at := startTime.Add(time.Duration(writer.IntN(300)-100) * time.Second)
				if _, err := f.Commit(f.ctx, changeOf("", dated("bank:1", "free:1", 1, at))); err != nil {
					done <- err
					return
				}
			}
		}()
		seen := make(map[int64]bool)
		for {
			found, err := f.StatementByEffective(f.ctx, cny("free:1"), page)
			require.NoError(f, err)
			for _, e := range found.Entries {
				require.False(f, seen[e.Nth], "entry %d is given twice", e.Nth)
				if seen[e.Nth] = true; e.Nth <= known {
					got = append(got, e.Nth)
				}
			}
			if len(found.Entries) < page.Limit || len(got) == len(want) {
				break
			}
			if page.After = found.Last; desc {
				page.After, page.Before = "", found.Last
			}
		}
		close(stop)
		require.NoError(f, <-done)
		assert.Equal(f, want, got, "what was there is given once and in order, desc %v", desc)
	}
}

func testEffectiveInvalid(f *fixture) {
	f.do(transfer("bank:1", "user:1", 1))
	f.do(dated("bank:1", "user:1", 2, startTime.Add(-time.Hour)))
	f.do(transfer("bank:1", "user:2", 1))
	read := func(account string, page ledger.EffectivePage) (ledger.EffectiveStatement, error) {
		return f.StatementByEffective(f.ctx, cny(account), page)
	}
	all, err := read("user:1", ledger.EffectivePage{})
	require.NoError(f, err)
	other, err := read("user:2", ledger.EffectivePage{})
	require.NoError(f, err)
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	altered := []byte(all.Last)
	altered[5] ^= 'A' ^ 'B'
	for field, pages := range map[string][]ledger.EffectivePage{
		"from":     {{From: late}},
		"until":    {{Until: late}},
		"recorded": {{Recorded: late}},
		"after":    {{After: "x"}, {After: other.First}, {After: string(altered)}, {After: all.First[:8]}, {After: strings.Repeat("A", 5000)}},
		"before":   {{Before: "!"}, {Before: other.First}, {Before: all.Last, Recorded: startTime.Add(-time.Minute)}},
	} {
		for _, page := range pages {
			_, err := read("user:1", page)
			var invalid *ledger.InvalidError
			require.ErrorAs(f, err, &invalid, "%+v", page)
			assert.Equal(f, field, invalid.Field)
		}
	}
	for _, account := range []string{"user:3", "", "a\x00"} {
		_, err := read(account, ledger.EffectivePage{})
		require.ErrorIs(f, err, ledger.ErrNotFound)
	}
	none, err := read("user:1", ledger.EffectivePage{After: all.Last})
	require.NoError(f, err)
	assert.Empty(f, none)
	none, err = read("user:1", ledger.EffectivePage{After: all.Last, Before: all.First})
	require.NoError(f, err)
	assert.Empty(f, none)
}
