package ledgertest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// recordQueryPromises are about lists of records.
var recordQueryPromises = []promise{
	{"Records are listed by type and label, in pages, in both directions", testRecordPages},
	{"Due records are listed by their due time", testDue},
	{"Labels and due time are those of the last version", testLabelsMove},
	{"A query that no record can answer is answered with none", testNoRecords},
}

// eventPromises are about the outbox.
var eventPromises = []promise{
	{"Events are read in their order, in pages", testEvents},
	{"Events of many writers have numbers without gap, in the order of the blocks", testEventsAtOnce},
}

// ids lists what a query selects.
func (f *fixture) ids(query ledger.RecordQuery) []string {
	f.Helper()
	found, err := f.Records(f.ctx, query)
	require.NoError(f, err)
	var ids []string
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	return ids
}

func testRecordPages(f *fixture) {
	var even, whole []string
	c := ledger.Change{}
	for i := range 25 {
		p := ledger.Put{Type: "t", ID: numbered("r", 100+(i*7)%25), Labels: []string{"every"}}
		if (i*7)%2 == 0 {
			p.Labels = append(p.Labels, "even")
			even = append(even, p.ID)
		}
		whole = append(whole, p.ID)
		c.Puts = append(c.Puts, p)
	}
	c.Puts = append(c.Puts, ledger.Put{Type: "s", ID: "r-105", Labels: []string{"even"}}, ledger.Put{Type: "u", ID: "r-105", Labels: []string{"even"}})
	f.must(c)
	slices.Sort(even)
	slices.Sort(whole)
	for label, want := range map[string][]string{"": whole, "every": whole, "even": even, "odd": nil} {
		for _, desc := range []bool{false, true} {
			want := slices.Clone(want)
			if desc {
				slices.Reverse(want)
			}
			for _, limit := range []int{0, 1, 4, 5, 25} {
				query := ledger.RecordQuery{Type: "t", Label: label, Desc: desc, Limit: limit}
				var got []string
				for range len(want) + 1 {
					page := f.ids(query)
					if len(page) == 0 {
						break
					}
					if limit > 0 {
						assert.LessOrEqual(f, len(page), limit)
					}
					got = append(got, page...)
					query.After = page[len(page)-1]
				}
				assert.Equal(f, want, got, "label %q, desc %v, limit %d", label, desc, limit)
			}
		}
	}
}

func testDue(f *fixture) {
	at := func(n int) time.Time { return startTime.Add(time.Duration(n) * time.Microsecond) }
	f.must(ledger.Change{Puts: []ledger.Put{
		{Type: "t", ID: "c", Due: at(1)},
		{Type: "t", ID: "b", Due: at(2).Add(999)}, // cut to microseconds
		{Type: "t", ID: "a", Due: at(2)},
		{Type: "t", ID: "d", Due: at(3), Labels: []string{"l"}},
		{Type: "t", ID: "never"},
		{Type: "u", ID: "other", Due: at(1)},
		{Type: "t", ID: "old", Due: time.Date(1, time.January, 1, 0, 0, 0, 1000, time.UTC)},
		{Type: "t", ID: "plain", Due: at(0), Chaining: ledger.Plain},
	}})
	assert.Equal(f, at(2), f.record("t", "b").Due)
	assert.Zero(f, f.record("t", "never").Due)
	assert.Equal(f, []string{"old"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(0).Add(-1)}))
	assert.Equal(f, []string{"old", "plain"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(0)}))
	assert.Equal(f, []string{"old", "plain", "c", "a", "b"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(2)}))
	assert.Equal(f, []string{"old", "plain", "c"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(9), Limit: 3}))
	assert.Equal(f, []string{"old", "plain", "c", "a", "b", "d"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(9)}))
	assert.Equal(f, []string{"a", "b"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(2), DueAfter: at(1), After: "c"}))
	assert.Equal(f, []string{"b", "d"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: at(9), DueAfter: at(2).Add(999), After: "a"}))
	assert.Len(f, f.ids(ledger.RecordQuery{Type: "t", DueAfter: at(0)}), 7, "not used without DueBy")
}

func testLabelsMove(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Labels: []string{"open", "mine"}, Due: startTime}}})
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Labels: []string{"done", "mine"}}}})
	assert.Equal(f, []string{"done", "mine"}, f.record("t", "id").Labels)
	assert.Empty(f, f.ids(ledger.RecordQuery{Type: "t", Label: "open"}))
	assert.Empty(f, f.ids(ledger.RecordQuery{Type: "t", DueBy: startTime}))
	assert.Equal(f, []string{"id"}, f.ids(ledger.RecordQuery{Type: "t", Label: "done"}))
	assert.Equal(f, []string{"id"}, f.ids(ledger.RecordQuery{Type: "t", Label: "mine"}))
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Due: startTime}}})
	assert.Empty(f, f.ids(ledger.RecordQuery{Type: "t", Label: "mine"}))
	assert.Equal(f, []string{"id"}, f.ids(ledger.RecordQuery{Type: "t", DueBy: startTime}))
}

func testNoRecords(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Labels: []string{"l"}}}})
	long := strings.Repeat("x", ledger.MaxIDLen+1)
	for _, query := range []ledger.RecordQuery{
		{Type: ""},
		{Type: "other"},
		{Type: "t\x00"},
		{Type: "\xff"},
		{Type: long},
		{Type: "t", Label: "l\x00"},
		{Type: "t", Label: "\xff"},
		{Type: "t", Label: long},
		{Type: "t", After: "\x00"},
		{Type: "t", After: long},
		{Type: "t", After: "id"},
		{Type: "t", DueBy: startTime.AddDate(900, 0, 0)},
	} {
		assert.Empty(f, f.ids(query), "%+v", query)
	}
}

func testEvents(f *fixture) {
	for i := range 5 {
		c := ledger.Change{}
		for j := range 4 {
			c.Events = append(c.Events, ledger.Event{Type: "t", Subject: numbered("s", 4*i+j), Payload: []byte{byte(i), 0, byte(j)}})
		}
		f.must(c)
		f.clock.advance(time.Second)
	}
	var got []ledger.Announced
	for after := int64(0); ; after = got[len(got)-1].No {
		page, err := f.Events(f.ctx, after, 3)
		require.NoError(f, err)
		if len(page) == 0 {
			break
		}
		require.LessOrEqual(f, len(page), 3)
		got = append(got, page...)
	}
	require.Len(f, got, 20)
	for i, e := range got {
		assert.Equal(f, ledger.Announced{
			Event: ledger.Event{Type: "t", Subject: numbered("s", i), Payload: []byte{byte(i / 4), 0, byte(i % 4)}},
			No:    int64(i + 1), Seq: int64(i/4 + 1), Time: startTime.Add(time.Duration(i/4) * time.Second),
		}, e)
	}
}

func testEventsAtOnce(f *fixture) {
	const writers, each = 16, 10
	errs := make([]error, writers)
	together(writers, func(i int) {
		for j := range each {
			c := ledger.Change{Events: []ledger.Event{{Type: "first", Subject: numbered("w", i)}, {Type: "second", Subject: numbered("w", i), Payload: []byte{byte(j)}}}}
			_, err := f.commit(c)
			refusal := ledger.Change{Ops: []ledger.Op{transfer("user:1", "user:2", 1)}, Events: c.Events}
			_, refused := f.commit(refusal) // its events are in no order
			errs[i] = errors.Join(errs[i], err)
			if !errors.Is(refused, ledger.ErrInsufficientFunds) {
				errs[i] = errors.Join(errs[i], errors.New("not refused"), refused)
			}
		}
	})
	require.NoError(f, errors.Join(errs...))
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	require.Len(f, events, 2*writers*each)
	next := make(map[string]int)
	for i, e := range events {
		assert.EqualValues(f, i+1, e.No)
		if i > 0 {
			assert.GreaterOrEqual(f, e.Seq, events[i-1].Seq)
		}
		if i%2 == 1 {
			assert.Equal(f, "second", e.Type, "the events of one Change stand together")
			assert.Equal(f, events[i-1].Subject, e.Subject)
			assert.Equal(f, []byte{byte(next[e.Subject])}, e.Payload, "one writer's events are in its order")
			next[e.Subject]++
		}
	}
}
