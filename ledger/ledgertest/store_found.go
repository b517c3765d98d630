package ledgertest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// foundCases are the rules about what Begin and Load find.
var foundCases = []ledgerCase{
	{"Found has what was asked for, if it is there, and nothing else", testFound},
	{"Found has the due holds of an account from the instant of their expiry", testFoundDue},
}

// find asks for something through Begin and through Load and compares both with what was
// committed.
func (s *scribe) find(need ledger.Need) {
	s.t.Helper()
	want := s.kept.find(s.head, need)
	tx, found, err := s.store.Begin(patient(s.t), s.head.Ledger, need)
	require.NoError(s.t, err)
	sameFound(s.t, "Begin finds what is needed", want, found)
	found, err = tx.Load(patient(s.t), ledger.Need{})
	require.NoError(s.t, err)
	sameFound(s.t, "Load finds nothing when nothing is needed", &ledger.Found{Head: s.head}, found)
	found, err = tx.Load(patient(s.t), need)
	require.NoError(s.t, err)
	sameFound(s.t, "Load finds what is needed", want, found)
	require.NoError(s.t, tx.Rollback(patient(s.t)))
}

// find is what a driver has to find.
func (k *kept) find(head ledger.Head, need ledger.Need) *ledger.Found {
	f := &ledger.Found{
		Head: head, Unique: make(map[string]ledger.RecordKey), Currencies: make(map[string]int), NextExpiry: make(map[int64]time.Time),
	}
	changes, keys, nos := setOf(need.Changes), setOf(need.Accounts), setOf(need.AccountNos)
	holds, records, unique := setOf(need.Holds), setOf(need.Records), setOf(need.Unique)
	for _, c := range k.changes {
		if changes[c.ID] {
			f.Changes = append(f.Changes, c)
		}
	}
	for _, a := range k.accounts {
		if keys[a.Key] || nos[a.No] {
			f.Accounts = append(f.Accounts, a)
		}
	}
	for _, h := range k.holds {
		if holds[h.ID] {
			f.Holds = append(f.Holds, h)
		}
	}
	for _, r := range k.records {
		for _, key := range r.Unique {
			if unique[key] {
				f.Unique[key] = r.RecordKey
			}
		}
		if records[r.RecordKey] {
			r.Content = nil
			f.Records = append(f.Records, r)
		}
	}
	for _, code := range need.Currencies {
		if scale, ok := k.currencies[code]; ok {
			f.Currencies[code] = scale
		}
	}
	for _, no := range need.DueOn {
		due, next := k.due(no, need.DueAt)
		f.Holds = append(f.Holds, due...)
		if !next.IsZero() {
			f.NextExpiry[no] = next
		}
	}
	return f
}

func setOf[T comparable](items []T) map[T]bool {
	set := make(map[T]bool, len(items))
	for _, item := range items {
		set[item] = true
	}
	return set
}

// sameFound compares without regard to order, to what came twice and to the salt of records.
func sameFound(t *testing.T, rule string, want, got *ledger.Found) {
	t.Helper()
	same(t, rule, tidy(want), tidy(got), cmpopts.IgnoreFields(ledger.RecordRow{}, "Salt"))
}

// tidy returns a Found in order and each thing once.
func tidy(f *ledger.Found) *ledger.Found {
	c := *f
	c.Changes = once(f.Changes, func(a, b ledger.ChangeRow) int { return strings.Compare(a.ID, b.ID) })
	c.Accounts = once(f.Accounts, func(a, b ledger.Account) int { return int(a.No - b.No) })
	c.Holds = once(f.Holds, func(a, b ledger.HoldState) int { return strings.Compare(a.ID, b.ID) })
	c.Records = once(f.Records, func(a, b ledger.RecordRow) int { return compareRecord(a, b.RecordKey) })
	return &c
}

func once[T any](rows []T, compare func(a, b T) int) []T {
	sorted := slices.SortedFunc(slices.Values(rows), compare)
	return slices.CompactFunc(sorted, func(a, b T) bool { return compare(a, b) == 0 && cmp.Equal(a, b) })
}

func testFound(t *testing.T, s *scribe) {
	s.openAs(ledger.Account{Key: ledger.AccountKey{Name: "from", Currency: "EUR"}})
	s.busy("first")
	s.commit()
	s.busy("second")
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: "gone"}, Erased: true})
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: "plain"}, Chaining: ledger.Plain, Content: []byte("not loaded")})
	s.commit()

	record := func(id string) ledger.RecordKey { return ledger.RecordKey{Type: "type", ID: id} }
	for name, need := range map[string]ledger.Need{
		"nothing":             {},
		"changes":             {Changes: []string{"change first", "change third", "change", "CHANGE first", "change first "}},
		"accounts by key":     {Accounts: []ledger.AccountKey{cny("from"), cny("new:second"), cny("new"), cny("From"), {Name: "from", Currency: "USD"}}},
		"accounts by number":  {AccountNos: []int64{2, 1, 1000, 0, -1}},
		"accounts twice":      {Accounts: []ledger.AccountKey{cny("from"), cny("from")}, AccountNos: []int64{2, 2}},
		"holds":               {Holds: []string{"hold", "hold second", "hold third"}},
		"records":             {Records: []ledger.RecordKey{record("record"), record("no record"), {Type: "typ", ID: "record"}, {Type: "record", ID: "type"}}},
		"a tombstone":         {Records: []ledger.RecordKey{record("gone")}},
		"a plain record":      {Records: []ledger.RecordKey{record("plain")}},
		"records crosswise":   {Records: []ledger.RecordKey{{Type: "type", ID: "gone"}, {Type: "other", ID: "record"}}},
		"unique keys":         {Unique: []string{"key of record", "key in second of record", "key of nothing", "KEY of record"}},
		"unique keys of old":  {Unique: []string{"key in first of record", "key in first of record first"}},
		"currencies":          {Currencies: []string{"Xfirst", "Xsecond", "xfirst", "CNY"}},
		"due holds":           {DueOn: []int64{2}, DueAt: s.head.Time},
		"due holds of nobody": {DueOn: []int64{1, 77}, DueAt: s.head.Time},
		"a time alone":        {DueAt: s.head.Time},
		"some of everything": {
			Changes: []string{"change first"}, Accounts: []ledger.AccountKey{cny("to")}, AccountNos: []int64{1, 3}, Holds: []string{"hold", "hold first"},
			Records: []ledger.RecordKey{record("record first")}, Unique: []string{"key of record"}, Currencies: []string{"Xfirst"},
			DueOn: []int64{2, 3}, DueAt: s.head.Time,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.find(need)
		})
	}
	s.t = t
}

func testFoundDue(t *testing.T, s *scribe) {
	noon := firstBlock.Add(time.Hour)
	micro := time.Microsecond
	s.hold("far", "payer", "shop", noon.AddDate(100, 0, 0))
	s.hold("never", "payer", "shop", time.Time{})
	s.hold("other", "somebody", "else", noon.Add(-micro))
	s.hold("just before", "payer", "shop", noon.Add(-micro))
	s.hold("at", "payer", "shop", noon)
	s.hold("just after", "payer", "shop", noon.Add(micro))
	s.hold("later", "payer", "shop", noon.Add(2*micro))
	s.hold("credit side", "other payer", "shop", noon)
	for _, status := range []ledger.HoldStatus{ledger.HoldIsCaptured, ledger.HoldIsVoided, ledger.HoldIsExpired} {
		s.hold("ended "+string('0'+rune(status)), "payer", "shop", noon.Add(-time.Hour))
		s.batch.Holds[len(s.batch.Holds)-1].Status = status
	}
	s.hold("of many legs", "third payer", "shop", noon)
	legs := &s.batch.Holds[len(s.batch.Holds)-1].Legs
	*legs = append(*legs, ledger.HoldLeg{Debit: s.account("payer").No, Credit: s.account("fees").No, Amount: 1, Rest: 1}, (*legs)[0])
	s.commit()

	check := func() {
		t.Helper()
		all := slices.Collect(maps.Keys(s.accounts))
		nos := []int64{1000}
		for _, key := range all {
			nos = append(nos, s.accounts[key].No)
		}
		for _, at := range []time.Time{noon.Add(-micro), noon, noon.Add(micro), noon.AddDate(200, 0, 0), noon.AddDate(-30, 0, 0)} {
			s.find(ledger.Need{DueOn: nos, DueAt: at})
			s.find(ledger.Need{DueOn: nos[:3], DueAt: at, Holds: []string{"at", "far"}})
			read(t, s.store, s.head.Ledger, func(v ledger.View) {
				for _, no := range nos {
					want, _ := s.kept.due(no, at)
					got, err := v.DueHolds(t.Context(), no, at)
					require.NoError(t, err)
					same(t, "DueHolds has each hold that is due at "+at.Format(time.RFC3339Nano)+" once", want, got, byHoldID)
				}
			})
		}
	}
	check()
	want, next := s.kept.due(s.accounts[cny("payer")].No, noon)
	assert.Len(t, want, 3, "the holds before, at, and of many legs are due at noon")
	assert.Equal(t, noon.Add(micro), next)

	// What ends is due no more, what is prolonged is due later.
	for _, h := range s.kept.holds {
		switch h.ID {
		case "just before", "just after":
			h.Status, h.Legs = ledger.HoldIsCaptured, slices.Clone(h.Legs)
			h.Legs[0].Rest = 0
		case "at":
			h.Expires = noon.Add(time.Hour)
		default:
			continue
		}
		s.batch.Holds = append(s.batch.Holds, h)
	}
	s.commit()
	check()
}
