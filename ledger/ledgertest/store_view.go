package ledgertest

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// viewCases are the rules about Read and what a View lists.
var viewCases = []ledgerCase{
	{"What is not there is reported by ErrNotFound, or left out of lists", testNotFound},
	{"Lists are read page by page, each row once and in order", testPages},
	{"Accounts are listed by a prefix of their name, byte by byte", testAccountPrefix},
	{"Entries has any stretch of an account's history", testEntries},
	{"A view shows one moment while commits go on", testViewIsOneMoment},
	{"Views agree with their head while a writer commits block after block", testViewsBesideWriter},
	{"Read does not wait for a Tx that is open", testReadBesideTx},
	{"Read returns the function's error, and what it reads when it ends with one", testReadError},
	{"A view ends with its function", testViewEnds},
	{"A function that panics ends its view", testReadPanics},
}

func testNotFound(t *testing.T, s *scribe) {
	for _, round := range []string{"empty", "filled"} {
		read(t, s.store, s.head.Ledger, func(v ledger.View) {
			ctx := t.Context()
			_, err := v.Change(ctx, "no change")
			require.ErrorIs(t, err, ledger.ErrNotFound, round)
			_, err = v.Account(ctx, cny("nobody"))
			require.ErrorIs(t, err, ledger.ErrNotFound, round)
			_, err = v.Account(ctx, ledger.AccountKey{Name: "from", Currency: "EUR"})
			require.ErrorIs(t, err, ledger.ErrNotFound, round)
			_, err = v.Hold(ctx, "no hold")
			require.ErrorIs(t, err, ledger.ErrNotFound, round)
			_, err = v.Record(ctx, ledger.RecordKey{Type: "type", ID: "no record"})
			require.ErrorIs(t, err, ledger.ErrNotFound, round)
			_, err = v.Record(ctx, ledger.RecordKey{Type: "no type", ID: "record"})
			require.ErrorIs(t, err, ledger.ErrNotFound, round)
			_, err = v.Unique(ctx, "no key")
			require.ErrorIs(t, err, ledger.ErrNotFound, round)

			accounts, err := v.AccountsByNo(ctx, []int64{1000, 0, -1})
			require.NoError(t, err)
			assert.Empty(t, accounts, round)
			accounts, err = v.AccountsByNo(ctx, nil)
			require.NoError(t, err)
			assert.Empty(t, accounts, round)
			holds, err := v.DueHolds(ctx, 1000, firstBlock)
			require.NoError(t, err)
			assert.Empty(t, holds, round)
			entries, err := v.Entries(ctx, 1000, 1, 10)
			require.NoError(t, err)
			assert.Empty(t, entries, round)
			records, err := v.Records(ctx, ledger.RecordQuery{Type: "no type", Limit: 1})
			require.NoError(t, err)
			assert.Empty(t, records, round)
		})
		s.agree()
		if round == "empty" {
			s.busy("first")
			s.commit()
		}
	}
}

// agreeCursor reads a list page by page, with pages of many sizes, and from every row on.
func agreeCursor[T, K any](t *testing.T, name string, want []T, start K, cursor func(T) K, list func(after K, limit int) ([]T, error)) {
	t.Helper()
	for _, limit := range []int{1, 2, 3, len(want) - 1, len(want), len(want) + 1} {
		var got []T
		for after := start; len(got) <= len(want); {
			page, err := list(after, limit)
			require.NoError(t, err, name)
			require.LessOrEqual(t, len(page), limit, "a page of %s has at most limit rows", name)
			got = append(got, page...)
			if len(page) < limit {
				break
			}
			after = cursor(page[len(page)-1])
		}
		same(t, "Pages together are the whole list of "+name, want, got)
	}
	for i := range want {
		got, err := list(cursor(want[i]), 2)
		require.NoError(t, err, name)
		same(t, "A page follows its cursor in "+name, want[i+1:min(i+3, len(want))], got)
	}
}

func testPages(t *testing.T, s *scribe) {
	ids := awkwardIDs()
	seen := make(map[string]bool)
	for i, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		s.change(id)
		s.hold(id, "from", "to", firstBlock)
		s.event("type", id)
		s.post("from", "to:"+string('a'+rune(i%26)), 1)
		if i%4 == 3 {
			s.commit()
		}
	}
	s.commit()
	s.agree()
	ctx := t.Context()
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		agreeCursor(t, "Blocks", s.kept.blocks, 0, func(b ledger.Block) int64 { return b.Seq },
			func(after int64, limit int) ([]ledger.Block, error) { return v.Blocks(ctx, after, limit) })
		agreeCursor(t, "Events", s.kept.events, 0, func(e ledger.EventRow) int64 { return e.No },
			func(after int64, limit int) ([]ledger.EventRow, error) { return v.Events(ctx, after, limit) })
		agreeCursor(t, "Postings", s.kept.postings, 0, func(p ledger.PostingRow) int64 { return p.No },
			func(after int64, limit int) ([]ledger.PostingRow, error) { return v.Postings(ctx, after, limit) })
		agreeCursor(t, "Accounts", s.kept.accounts, 0, func(a ledger.Account) int64 { return a.No },
			func(after int64, limit int) ([]ledger.Account, error) { return v.Accounts(ctx, "", after, limit) })
		agreeCursor(t, "Holds", s.kept.holds, "", func(h ledger.HoldState) string { return h.ID },
			func(after string, limit int) ([]ledger.HoldState, error) { return v.Holds(ctx, after, limit) })
		agreeCursor(t, "Changes", s.kept.changes, "", func(c ledger.ChangeRow) string { return c.ID },
			func(after string, limit int) ([]ledger.ChangeRow, error) { return v.Changes(ctx, after, limit) })

		for _, after := range []int64{s.head.Postings + 1, math.MaxInt64} {
			postings, err := v.Postings(ctx, after, 10)
			require.NoError(t, err)
			assert.Empty(t, postings, "nothing follows number %d", after)
			blocks, err := v.Blocks(ctx, after, 10)
			require.NoError(t, err)
			assert.Empty(t, blocks, "nothing follows block %d", after)
			events, err := v.Events(ctx, after, 10)
			require.NoError(t, err)
			assert.Empty(t, events, "nothing follows event %d", after)
		}
		for _, after := range []string{"a~", "\U0010FFFF", "\x01"} {
			holds, err := v.Holds(ctx, after, math.MaxInt32)
			require.NoError(t, err)
			first := slices.IndexFunc(s.kept.holds, func(h ledger.HoldState) bool { return h.ID > after })
			if first < 0 {
				first = len(s.kept.holds)
			}
			same(t, "Holds follows an id that is not there", s.kept.holds[first:], holds)
		}
	})
}

func testAccountPrefix(t *testing.T, s *scribe) {
	for _, name := range []string{
		"a", "ab", "a_b", "a_b:x", "aXb:x", "A_b:x", "a-b", "a.b", "a.b:c", "a_", "_", "_:a", "__", "x:a_b", "B", "user:1:a", "user:1:b", "user:10:a", "user:2:a", "USER:1:a",
	} {
		s.open(name)
	}
	s.openAs(ledger.Account{Key: ledger.AccountKey{Name: "user:1:a", Currency: "EUR"}})
	s.commit()
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		for _, prefix := range []string{
			"", "a", "A", "a_", "_", "__", "a_b", "a_b:", "a_b:x", "a_b:x:", "user:1", "user:1:", "user:", "x", "z", "USER",
			"%", "a%", "%a", "*", "a*", "?", "[a]", "[", "a\\", "\\", "\\_", "a\\_b", "'", "a'", "\u00e9", "\xff", "\U0010FFFF",
		} {
			for _, after := range []int64{0, 3, s.head.Accounts} {
				for _, limit := range []int{1, 2, 100} {
					var want []ledger.Account
					for _, a := range s.kept.accounts {
						if a.No > after && strings.HasPrefix(a.Key.Name, prefix) && len(want) < limit {
							want = append(want, a)
						}
					}
					got, err := v.Accounts(t.Context(), prefix, after, limit)
					if prefix == "\xff" && err != nil {
						continue // a database may refuse what is no text
					}
					require.NoError(t, err, "prefix %q", prefix)
					same(t, "Accounts have names that start with "+prefix, want, got)
				}
			}
		}
	})
}

func testEntries(t *testing.T, s *scribe) {
	const marks = 3
	// One account has every posting, on either side; one every seventh; one a single one;
	// one as many as there are between two marks.
	posted := 0
	for _, n := range []int{1, ledger.MarkEvery - 2, 1, 1, ledger.MarkEvery, 2*ledger.MarkEvery - 1, 5, marks * ledger.MarkEvery} {
		for range n {
			posted++
			other := "other"
			switch {
			case posted%7 == 0:
				other = "seventh"
			case posted == 100:
				other = "single"
			case posted > 100 && posted <= 100+ledger.MarkEvery:
				other = "exactly to the mark"
			}
			if posted%2 == 0 {
				s.post("hot", other, int64(posted))
			} else {
				s.post(other, "hot", int64(posted))
			}
		}
		s.commit()
	}
	s.open("unused")
	s.commit()
	s.agree()

	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		for _, a := range s.kept.accounts {
			all := s.kept.entries(a.No)
			require.Len(t, all, int(a.Entries), "the suite itself is consistent")
			edges := []int64{math.MinInt64, -1, 0, 1, 2, math.MaxInt64}
			for mark := int64(ledger.MarkEvery); mark <= a.Entries+1; mark += ledger.MarkEvery {
				edges = append(edges, mark-1, mark, mark+1)
			}
			edges = append(edges, a.Entries/2, a.Entries-1, a.Entries, a.Entries+1, a.Entries+ledger.MarkEvery)
			for _, lowest := range edges {
				for _, highest := range edges {
					agreeEntries(t, v, a, all, lowest, highest)
				}
			}
			for lowest := int64(1); lowest <= a.Entries; lowest += 10 {
				agreeEntries(t, v, a, all, lowest, lowest+9)
			}
		}
	})
}

func agreeEntries(t *testing.T, v ledger.View, a ledger.Account, all []ledger.PostingRow, lowest, highest int64) {
	t.Helper()
	got, err := v.Entries(t.Context(), a.No, lowest, highest)
	require.NoError(t, err)
	var want []ledger.PostingRow
	if lo, hi := max(lowest, 1), min(highest, a.Entries); lo <= hi {
		want = all[lo-1 : hi]
	}
	if !assert.Len(t, got, len(want), "entries %d to %d of the %d of %s", lowest, highest, a.Entries, a.Key) {
		return
	}
	for i := range want {
		if want[i].No != got[i].No {
			assert.Equal(t, want[i].No, got[i].No, "entry %d when asked for %d to %d of %s", max(lowest, 1)+int64(i), lowest, highest, a.Key)
			return
		}
	}
}

func testViewIsOneMoment(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	before, head := s.kept, s.head
	before.currencies = maps.Clone(before.currencies)
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		_, err := v.Head(t.Context()) // from here on at the latest, the moment is fixed
		require.NoError(t, err)
		for _, name := range []string{"second", "third"} {
			s.busy(name)
			for range ledger.MarkEvery {
				s.post("from", "to", 1)
			}
			s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: "record first"}, Erased: true})
			s.commit()
			s.agree()
			before.agree(t, v, head)
		}
		for _, q := range []ledger.RecordQuery{
			{Type: "type", Limit: 10},
			{Type: "type", Limit: 10, Desc: true},
			{Type: "type", Limit: 10, Label: "first"},
			{Type: "type", Limit: 10, Label: "second"},
			{Type: "type", Limit: 10, DueBy: firstBlock.Add(time.Hour)},
		} {
			before.agreeQuery(t, v, q)
		}
		for no := int64(1); no <= s.head.Accounts; no++ {
			want, _ := before.due(no, firstBlock.Add(time.Hour))
			got, err := v.DueHolds(t.Context(), no, firstBlock.Add(time.Hour))
			require.NoError(t, err)
			same(t, "DueHolds are those of the view's moment", want, got, byHoldID)
		}
		_, err = v.Change(t.Context(), "change second")
		require.ErrorIs(t, err, ledger.ErrNotFound, "a later change is not in the view")
		_, err = v.Account(t.Context(), cny("new:second"))
		require.ErrorIs(t, err, ledger.ErrNotFound, "a later account is not in the view")
		_, err = v.Hold(t.Context(), "hold second")
		require.ErrorIs(t, err, ledger.ErrNotFound, "a later hold is not in the view")
		_, err = v.Unique(t.Context(), "key of record second")
		require.ErrorIs(t, err, ledger.ErrNotFound, "a later unique key is not in the view")
	})
	s.agree()
}

func testViewsBesideWriter(t *testing.T, s *scribe) {
	const blocks = 100
	s.open("from")
	s.open("to")
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "counter", ID: "1"}, Unique: []string{"counter"}})
	s.commit()
	ctx := patient(t)
	written := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < blocks && err == nil; i++ {
			id := "move-" + time.Duration(i).String()
			err = tryWrite(ctx, s.store, s.head.Ledger, moveNeed(id), func(f *ledger.Found) *ledger.Batch { return move(f, id) })
		}
		written <- err
	}()
	seen, done := int64(0), false
	for !done && !t.Failed() {
		select {
		case err := <-written:
			require.NoError(t, err)
			done = true // one more look, at the end
		default:
		}
		read(t, s.store, s.head.Ledger, func(v ledger.View) {
			head, err := v.Head(ctx)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, head.Seq, seen, "a later Read does not see an earlier moment")
			seen = head.Seq
			agreeMoves(t, v, head)
			again, err := v.Head(ctx)
			require.NoError(t, err)
			same(t, "The head does not move within a view", head, again)
		})
	}
	assert.Equal(t, int64(blocks)+1, seen, "a Read after the last commit sees it")
}

func testReadBesideTx(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{Accounts: []ledger.AccountKey{cny("from")}})
	require.NoError(t, err)
	s.agree()
	s.busy("second")
	b := s.finish()
	require.NoError(t, tx.Commit(patient(t), b))
	s.keep(b)
	s.agree()
}

func testReadError(t *testing.T, s *scribe) {
	sentinel := errors.New("the function's error")
	err := s.store.Read(patient(t), s.head.Ledger, func(ledger.View) error { return sentinel })
	require.ErrorIs(t, err, sentinel)
	s.busy("first")
	s.commit()
	s.agree()
}

func testViewEnds(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	var v ledger.View
	read(t, s.store, s.head.Ledger, func(view ledger.View) { v = view })
	ctx := t.Context()
	_, err := v.Head(ctx)
	require.Error(t, err, "Head of a view that has ended")
	_, err = v.Change(ctx, "change first")
	require.Error(t, err, "Change of a view that has ended")
	require.NotErrorIs(t, err, ledger.ErrNotFound, "the change is there")
	_, err = v.Record(ctx, ledger.RecordKey{Type: "type", ID: "record"})
	require.Error(t, err, "Record of a view that has ended")
	require.NotErrorIs(t, err, ledger.ErrNotFound, "the record is there")
	_, err = v.RecordsByKey(ctx, []ledger.RecordKey{{Type: "type", ID: "record"}})
	require.Error(t, err, "RecordsByKey of a view that has ended")
	_, err = v.Postings(ctx, 0, 1)
	require.Error(t, err, "Postings of a view that has ended")
	_, err = v.Entries(ctx, 1, 1, 1)
	require.Error(t, err, "Entries of a view that has ended")
}

func testReadPanics(t *testing.T, s *scribe) {
	for range 20 { // more often than a driver has connections
		assert.PanicsWithValue(t, "from the function", func() {
			_ = s.store.Read(patient(t), s.head.Ledger, func(v ledger.View) error {
				_, err := v.Head(t.Context())
				assert.NoError(t, err)
				panic("from the function")
			})
		}, "a panic reaches the caller of Read")
	}
	s.busy("first")
	s.commit()
	s.agree()
}
