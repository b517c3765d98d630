package ledgertest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// recordCases are the rules about how records are found.
var recordCases = []ledgerCase{
	{"A unique key moves from one record to another in one batch", testUniqueMoves},
	{"A unique key that was given up, or whose record was erased, finds nothing and can be taken", testUniqueFreed},
	{"Labels replace those of the version before", testLabelsReplaced},
	{"Records of a type are listed up and down, with and without a label", testRecordLists},
	{"Records that are due are listed by due time and then id", testRecordsDue},
	{"Records of every type are listed by type and then id, with tombstones", testRecordsAfter},
	{"Records are found by their keys, many at once, complete and with tombstones", testRecordsByKey},
}

// record adds a record of the type "type".
func (s *scribe) record(id string, unique, labels []string) {
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: id}, Content: []byte(id), Unique: unique, Labels: labels})
}

// erase adds a tombstone of the type "type".
func (s *scribe) erase(id string) {
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: id}, Erased: true})
}

func testUniqueMoves(t *testing.T, s *scribe) {
	s.record("a", []string{"x", "y"}, nil)
	s.record("b", []string{"z"}, nil)
	s.record("c", nil, nil)
	s.commit()
	s.agree()
	both := ledger.Need{Unique: []string{"x", "y", "z", "X"}}
	s.find(both)

	s.record("b", []string{"y", "x"}, nil)
	s.record("a", []string{"z"}, nil) // to a record that comes before and to one that comes after
	s.commit()
	s.agree()
	s.find(both)

	s.record("a", nil, nil)
	s.record("b", []string{"x"}, nil)
	s.record("c", []string{"z", "y"}, nil)
	s.commit()
	s.agree()
	s.find(both)

	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "other", ID: "c"}, Unique: []string{"z"}})
	s.record("c", []string{"y"}, nil)
	s.commit()
	s.agree()
	s.find(both)
}

func testUniqueFreed(t *testing.T, s *scribe) {
	s.record("a", []string{"given up", "kept"}, nil)
	s.record("b", []string{"erased"}, nil)
	s.commit()
	s.record("a", []string{"kept"}, nil)
	s.erase("b")
	s.commit()
	s.agree()
	keys := []string{"given up", "kept", "erased", "never there"}
	s.find(ledger.Need{Unique: keys})
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		for _, key := range []string{"given up", "erased", "never there"} {
			_, err := v.Unique(t.Context(), key)
			require.ErrorIs(t, err, ledger.ErrNotFound, "the key %q", key)
		}
	})
	s.record("c", []string{"given up", "erased"}, nil)
	s.commit()
	s.agree()
	s.find(ledger.Need{Unique: keys})
}

func testLabelsReplaced(t *testing.T, s *scribe) {
	check := func() {
		t.Helper()
		s.agree()
		read(t, s.store, s.head.Ledger, func(v ledger.View) {
			for _, label := range []string{"open", "closed", "mine", "Open", "ope", "op%", "op_n"} {
				s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "type", Label: label, Limit: 10})
			}
		})
	}
	s.record("a", nil, []string{"open", "mine"})
	s.record("b", nil, []string{"open"})
	s.record("c", nil, []string{"mine", "open"})
	s.commit()
	check()
	s.record("a", nil, []string{"closed", "mine"})
	s.record("b", nil, nil)
	s.erase("c")
	s.commit()
	check()
	s.record("a", nil, []string{"open"})
	s.record("c", nil, []string{"mine"})
	s.commit()
	check()
}

func testRecordLists(t *testing.T, s *scribe) {
	ids := awkwardIDs()
	seen := make(map[string]bool)
	for i, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		labels := []string{"all"}
		if i%2 == 0 {
			labels = append(labels, "even")
		}
		s.record(id, nil, labels)
		if i%10 == 9 {
			s.commit()
		}
	}
	for _, typ := range []string{"typ", "type2", "Type", "type\u00e9"} {
		s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: typ, ID: "m"}, Labels: []string{"all", "even"}})
	}
	s.commit()
	for _, id := range []string{ids[0], "A", "~"} {
		s.erase(id)
	}
	s.commit()

	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		for _, label := range []string{"", "all", "even", "none"} {
			for _, desc := range []bool{false, true} {
				q := ledger.RecordQuery{Type: "type", Label: label, Desc: desc, Limit: len(ids)}
				all := s.kept.agreeQuery(t, v, q)
				for _, limit := range []int{1, 2, 7, len(all), len(all) + 1} {
					s.kept.agreePages(t, v, q, max(1, limit))
				}
				// Not only ids that are there can be followed.
				q.Limit = 3
				for _, q.After = range append(ids, "a~", "\U0010FFFF", "\x01") {
					s.kept.agreeQuery(t, v, q)
				}
			}
		}
		s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "typ", Limit: 10})
		s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "ty%", Limit: 10})
		s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "Type", Desc: true, Limit: 10})
	})
}

// agreeQuery asks for records and compares them with those that the query selects.
func (k *kept) agreeQuery(t *testing.T, v ledger.View, q ledger.RecordQuery) []ledger.RecordRow {
	t.Helper()
	got, err := v.Records(t.Context(), q)
	require.NoError(t, err, "Records of %+v", q)
	want := k.selected(q)
	if !assert.Equal(t, recordIDs(want), recordIDs(got), "Records of %+v", q) {
		return want
	}
	same(t, "Records are complete", want, got)
	return want
}

// agreePages reads page after page until there is no more.
func (k *kept) agreePages(t *testing.T, v ledger.View, q ledger.RecordQuery, limit int) {
	t.Helper()
	want := k.selected(q)
	var got []ledger.RecordRow
	for q.Limit = limit; len(got) <= len(want); {
		page, err := v.Records(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), limit, "a page has at most Limit records")
		got = append(got, page...)
		if len(page) < limit {
			break
		}
		q.After = page[len(page)-1].ID
	}
	assert.Equal(t, recordIDs(want), recordIDs(got), "pages of %d records together are the whole list of %+v", limit, q)
}

func recordIDs(rows []ledger.RecordRow) []string {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	return ids
}

func testRecordsDue(t *testing.T, s *scribe) {
	noon := firstBlock.Add(time.Hour)
	due := func(typ, id string, at time.Time) {
		s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: typ, ID: id}, Content: []byte(id), Labels: []string{"l"}, Due: at})
	}
	due("job", "z, at noon", noon)
	due("job", "a, at noon", noon)
	due("job", "B, at noon", noon)
	due("job", "_, at noon", noon)
	due("job", "just before", noon.Add(-time.Microsecond))
	due("job", "just after", noon.Add(time.Microsecond))
	due("job", "moves to later", noon.Add(-time.Hour))
	due("job", "moves to earlier", noon.Add(time.Hour))
	due("job", "is done", noon.Add(-time.Minute))
	due("job", "is erased", noon.Add(-time.Minute))
	due("job", "before 1970", edgesOfTime[2])
	due("job", "in the far future", edgesOfTime[len(edgesOfTime)-1])
	due("job", "never", time.Time{})
	due("other job", "m", noon)
	due("jobs", "m", noon)
	s.commit()
	check := func() {
		t.Helper()
		read(t, s.store, s.head.Ledger, func(v ledger.View) {
			for _, at := range append(edgesOfTime[1:], noon.Add(-time.Microsecond), noon, noon.Add(time.Microsecond)) {
				for limit := 1; limit <= 16; limit++ {
					s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "job", DueBy: at, Limit: limit})
				}
				s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "jobs", DueBy: at, Limit: 2})
				s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "no job", DueBy: at, Limit: 2})
				s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "job", DueBy: at, Label: "not used", After: "zz", Limit: 20})
				s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "job", DueAfter: at, Limit: 20})
				for _, after := range []string{"", "_, at noon", "a, at noon", "is done", "zz"} {
					for _, from := range []time.Time{noon.Add(-time.Hour), noon.Add(-time.Microsecond), noon, edgesOfTime[2], at} {
						s.kept.agreeQuery(t, v, ledger.RecordQuery{Type: "job", DueBy: at, DueAfter: from, After: after, Limit: 3})
					}
				}
			}
		})
	}
	check()
	due("job", "moves to later", noon.Add(time.Hour))
	due("job", "moves to earlier", noon.Add(-time.Hour))
	due("job", "is done", time.Time{})
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "job", ID: "is erased"}, Erased: true})
	s.commit()
	check()
	s.agree()
}

func testRecordsAfter(t *testing.T, s *scribe) {
	for i, typ := range []string{"b", "a", "B", "_", "ab", "a b", "\u00e9"} {
		for j, id := range []string{"b", "a", "B", "_", "\u00e9"} {
			key := ledger.RecordKey{Type: typ, ID: id}
			if (i+j)%3 == 0 {
				s.put(ledger.RecordRow{RecordKey: key, Erased: true})
			} else {
				s.put(ledger.RecordRow{RecordKey: key, Content: []byte(typ + id)})
			}
		}
	}
	s.commit()
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		agreeCursor(t, "RecordsAfter", s.kept.records, ledger.RecordKey{}, func(r ledger.RecordRow) ledger.RecordKey { return r.RecordKey },
			func(after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
				return v.RecordsAfter(t.Context(), after, limit)
			})
		// A key that is not there: between two types, and between two ids.
		for _, after := range []ledger.RecordKey{{Type: "a"}, {Type: "aa", ID: "x"}, {Type: "a", ID: "aa"}, {Type: "~", ID: "~"}} {
			got, err := v.RecordsAfter(t.Context(), after, 2)
			require.NoError(t, err)
			var want []ledger.RecordRow
			for _, r := range s.kept.records {
				if compareRecord(r, after) > 0 && len(want) < 2 {
					want = append(want, r)
				}
			}
			same(t, "RecordsAfter follows a key that is not there", want, got)
		}
	})
}

func testRecordsByKey(t *testing.T, s *scribe) {
	keys := []ledger.RecordKey{{Type: "type", ID: "none"}, {Type: "none", ID: "a"}, {Type: "type", ID: ""}, {Type: "\x00", ID: "\xff"}}
	for _, typ := range []string{"type", "typ", "Type"} {
		seen := make(map[string]bool)
		for i, id := range awkwardIDs() {
			if seen[id] {
				continue
			}
			seen[id] = true
			key := ledger.RecordKey{Type: typ, ID: id}
			keys = append(keys, key)
			if i%5 == 4 {
				s.put(ledger.RecordRow{RecordKey: key, Erased: true})
				continue
			}
			row := ledger.RecordRow{RecordKey: key, Content: []byte(typ + id), Labels: []string{"l"}, Due: firstBlock}
			if row.Unique = []string{typ + id}; i%2 == 0 {
				row.Chaining, row.Salt = ledger.Chained, []byte("sixteen bytes of")
			}
			s.put(row)
		}
		s.commit()
	}
	check := func() {
		t.Helper()
		read(t, s.store, s.head.Ledger, func(v ledger.View) {
			for _, n := range []int{0, 1, 5, len(keys)} {
				s.kept.agreeByKey(t, v, keys[:n])
				s.kept.agreeByKey(t, v, append(keys[len(keys)-n:], keys[:n/2]...)) // some are named twice
			}
		})
	}
	check()
	// Versions that replace others.
	s.record(awkwardIDs()[0], nil, nil)
	s.erase(awkwardIDs()[1])
	s.commit()
	check()
}

// agreeByKey asks for records by their keys and compares them with those that are there.
func (k *kept) agreeByKey(t *testing.T, v ledger.View, keys []ledger.RecordKey) {
	t.Helper()
	got, err := v.RecordsByKey(t.Context(), keys)
	require.NoError(t, err, "RecordsByKey of %d keys", len(keys))
	var want []ledger.RecordRow
	for _, r := range k.records {
		if slices.Contains(keys, r.RecordKey) {
			want = append(want, r)
		}
	}
	byKey := func(a, b ledger.RecordRow) int { return compareRecord(a, b.RecordKey) }
	same(t, "RecordsByKey finds every record that is there, and no other", want, once(got, byKey))
}
