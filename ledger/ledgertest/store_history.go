package ledgertest

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// historyCases are the rules about what finds transactions and their times again, and about
// what an account allows.
var historyCases = []ledgerCase{
	{"Flags of an account come back, every combination of them", testFlags},
	{"Altered writes limits and flags and nothing else, Accounts writes neither", testAlteredRows},
	{"All postings of a transaction are found by its number, and none of its neighbours", testTransactionsFound},
	{"A reversal is found by the transaction that was reversed", testReversalsFound},
	{"The last dated entry of each account that is named is found", testLastDated},
	{"Dated entries are listed by their effective time, both ways", testDatedOrder},
	{"Totals of dated entries add up over ranges of every level", testDatedTotals},
	{"Transactions are found by a term in order, both ways", testTerms},
	{"Records are found by a label with their content, without tombstones", testLabeled},
	{"Postings and marks are found by their numbers, those that are there", testByNumber},
	{"Forget drops the bodies of blocks up to a number and nothing else", testForget},
	{"A view shows one moment of what finds history", testHistoryMoment},
	{"What finds history is each ledger's own", testHistoryApart},
}

// found begins, takes what was found and rolls back.
func (s *scribe) found(need ledger.Need) *ledger.Found {
	s.t.Helper()
	tx, found, err := s.store.Begin(s.t.Context(), s.head.Ledger, need)
	require.NoError(s.t, err)
	require.NoError(s.t, tx.Rollback(s.t.Context()))
	return found
}

func (s *scribe) view(fn func(v ledger.View)) {
	s.t.Helper()
	read(s.t, s.store, s.head.Ledger, fn)
}

func testFlags(t *testing.T, s *scribe) {
	for flags := range ledger.AccountFlags(16) {
		s.openAs(ledger.Account{Key: cny("flags-" + string('a'+rune(flags))), Flags: flags})
	}
	s.commit()
	s.agreeAccounts()
}

func testAlteredRows(t *testing.T, s *scribe) {
	no := s.openAs(ledger.Account{Key: cny("account"), Balance: 7, Min: ledger.Limit(1)})
	s.openAs(ledger.Account{Key: cny("other"), Balance: 8, Flags: ledger.Closed})
	s.commit()
	account := func() (a ledger.Account) {
		s.view(func(v ledger.View) {
			rows, err := v.AccountsByNo(t.Context(), []int64{no})
			require.NoError(t, err)
			require.Len(t, rows, 1)
			a = rows[0]
		})
		return a
	}
	changed := ledger.Account{No: no, Key: cny("account"), Balance: 100, Max: ledger.Limit(math.MaxInt64), Flags: ledger.DebitsFrozen | ledger.Watched}
	s.batch.Altered = []ledger.Account{changed}
	s.commit()
	want := changed
	want.Balance = 7
	assert.Empty(t, cmp.Diff(want, account()))

	changed.Min, changed.Max, changed.Flags, changed.Balance = ledger.Limit(-5), nil, 0, 9
	s.batch.Accounts = []ledger.Account{changed}
	s.commit()
	want.Balance = 9
	assert.Empty(t, cmp.Diff(want, account()))
}

// transaction adds a transaction of several postings and returns its number.
func (s *scribe) transaction(amounts ...int64) int64 {
	first := s.next.Postings + 1
	for i, amount := range amounts {
		row := s.post("from", "to", amount)
		row.Transaction = first
		if i > 0 {
			s.next.Transactions--
		}
	}
	return first
}

func testTransactionsFound(t *testing.T, s *scribe) {
	var numbers []int64
	for i := range int64(5) {
		amounts := make([]int64, i*3+1)
		for j := range amounts {
			amounts[j] = 10*i + int64(j)
		}
		numbers = append(numbers, s.transaction(amounts...))
	}
	s.commit()
	numbers = append(numbers, s.transaction(1, 2))
	s.commit()
	for i, no := range numbers {
		got := s.found(ledger.Need{Transactions: []int64{no}}).Postings
		end := s.kept.postings[len(s.kept.postings)-1].No + 1
		if i+1 < len(numbers) {
			end = numbers[i+1]
		}
		byNo := cmpopts.SortSlices(func(a, b ledger.PostingRow) bool { return a.No < b.No })
		assert.Empty(t, cmp.Diff(s.kept.postings[no-1:end-1], got, byNo, cmpopts.EquateEmpty()), "transaction %d", no)
	}
	found := s.found(ledger.Need{Transactions: []int64{numbers[1] + 1, end63, numbers[2], numbers[0]}})
	assert.Len(t, found.Postings, 7+1, "a posting that is not the first names no transaction")
	assert.Empty(t, found.Reversals)
}

const end63 = math.MaxInt64 - ledger.MaxPostings - 1

func testReversalsFound(t *testing.T, s *scribe) {
	a, b, c := s.transaction(1), s.transaction(2, 3), s.transaction(4)
	s.batch.Reversals = []ledger.Reversal{{Transaction: a, By: c}}
	s.commit()
	d := s.transaction(5)
	s.batch.Reversals = []ledger.Reversal{{Transaction: b, By: d}}
	s.commit()
	want := map[int64]int64{a: c, b: d}
	assert.Equal(t, want, s.found(ledger.Need{Transactions: []int64{a, b, c, d, 1000}}).Reversals)
	s.view(func(v ledger.View) {
		got, err := v.Reversals(t.Context(), []int64{a, b, c, d, 1000})
		require.NoError(t, err)
		assert.Equal(t, want, got)
		got, err = v.Reversals(t.Context(), []int64{c})
		require.NoError(t, err)
		assert.Empty(t, got)
		got, err = v.Reversals(t.Context(), nil)
		require.NoError(t, err)
		assert.Empty(t, got)
	})
}

// dated adds a dated entry of an account.
func (s *scribe) dated(account, nth int64, at time.Time, sum int64) ledger.DatedRow {
	row := ledger.DatedRow{Account: account, Nth: nth, Entry: nth + 3, Posting: nth + 10, Effective: at, Sum: sum, Turnover: math.MaxInt64}
	s.batch.Dated = append(s.batch.Dated, row)
	return row
}

func testLastDated(t *testing.T, s *scribe) {
	a, b, none := s.open("a"), s.open("b"), s.open("none")
	s.dated(a, 1, firstBlock, 1)
	s.dated(a, 2, firstBlock.Add(-time.Hour), math.MinInt64)
	s.commit()
	lastA := s.dated(a, 3, firstBlock.Add(-time.Minute), 5)
	lastB := s.dated(b, 1, edgesOfTime[1], 7)
	s.commit()
	byAccount := cmpopts.SortSlices(func(a, b ledger.DatedRow) bool { return a.Account < b.Account })
	need := ledger.Need{Dated: []ledger.AccountKey{cny("b"), cny("none"), cny("a"), cny("not there")}}
	assert.Empty(t, cmp.Diff([]ledger.DatedRow{lastA, lastB}, s.found(need).Dated, byAccount))
	s.view(func(v ledger.View) {
		got, err := v.LastDated(t.Context(), a)
		require.NoError(t, err)
		assert.Empty(t, cmp.Diff(lastA, got))
		_, err = v.LastDated(t.Context(), none)
		require.ErrorIs(t, err, ledger.ErrNotFound)
	})
}

func testDatedOrder(t *testing.T, s *scribe) {
	a, b := s.open("a"), s.open("b")
	var ordered []ledger.DatedRow // by effective time, then number
	times := []time.Duration{5, 1, 3, 1, -2, 5}
	for i, at := range times {
		s.dated(a, int64(i+1), firstBlock.Add(at*time.Microsecond), int64(i))
		s.dated(b, int64(i+1), firstBlock, 0)
	}
	for _, i := range []int{4, 1, 3, 2, 0, 5} {
		ordered = append(ordered, s.batch.Dated[2*i])
	}
	all := append([]ledger.DatedRow(nil), s.batch.Dated...)
	s.commit()
	s.view(func(v ledger.View) {
		list := func(at time.Time, nth int64, desc bool, limit int) []ledger.DatedRow {
			rows, err := v.DatedBy(t.Context(), a, at, nth, desc, limit)
			require.NoError(t, err)
			return rows
		}
		same := cmpopts.EquateEmpty()
		assert.Empty(t, cmp.Diff(ordered, list(firstBlock.Add(-time.Hour), 0, false, 100), same))
		assert.Empty(t, cmp.Diff(ordered[:2], list(firstBlock.Add(-time.Hour), 0, false, 2), same))
		for i := range ordered {
			at, nth := ordered[i].Effective, ordered[i].Nth
			assert.Empty(t, cmp.Diff(ordered[i+1:], list(at, nth, false, 100), same), "after %d", i)
			var before []ledger.DatedRow
			for j := i - 1; j >= 0; j-- {
				before = append(before, ordered[j])
			}
			assert.Empty(t, cmp.Diff(before, list(at, nth, true, 100), same), "before %d", i)
		}
		rows, err := v.DatedAt(t.Context(), a, []int64{2, 7, 0, 5})
		require.NoError(t, err)
		byNth := cmpopts.SortSlices(func(a, b ledger.DatedRow) bool { return a.Nth < b.Nth })
		assert.Empty(t, cmp.Diff([]ledger.DatedRow{all[2], all[8]}, rows, byNth))
	})
}

func testDatedTotals(t *testing.T, s *scribe) {
	a, b := s.open("a"), s.open("b")
	for level := range ledger.DatedLevels {
		for bucket := range int64(5) {
			s.batch.DatedSums = append(s.batch.DatedSums, ledger.DatedSum{Account: a, Level: level, Bucket: bucket * 2, Delta: int64(level*100) + bucket})
		}
	}
	s.batch.DatedSums = append(s.batch.DatedSums, ledger.DatedSum{Account: b, Bucket: 2, Delta: math.MaxInt64}, ledger.DatedSum{Account: b, Bucket: 3, Delta: math.MaxInt64},
		ledger.DatedSum{Account: b, Bucket: 4, Delta: math.MinInt64 + 1}, ledger.DatedSum{Account: b, Bucket: 1 << 58, Delta: math.MinInt64 + 1})
	s.commit()
	s.batch.DatedSums = []ledger.DatedSum{{Account: a, Level: 1, Bucket: 2, Delta: -1000}, {Account: a, Level: 1, Bucket: 3, Delta: 7}}
	s.commit()
	s.view(func(v ledger.View) {
		total := func(account int64, ranges ...ledger.BucketRange) int64 {
			sum, err := v.DatedTotal(t.Context(), account, ranges)
			require.NoError(t, err)
			return sum
		}
		assert.EqualValues(t, 0+1+2+3+4, total(a, ledger.BucketRange{From: 0, Until: 9}))
		assert.EqualValues(t, 1+2, total(a, ledger.BucketRange{From: 1, Until: 5}))
		assert.EqualValues(t, 500-1000+10+7, total(a, ledger.BucketRange{Level: 1, From: 0, Until: 100}))
		assert.EqualValues(t, 501+2, total(a, ledger.BucketRange{Level: 5, From: 2, Until: 3}, ledger.BucketRange{Level: 0, From: 4, Until: 5}))
		assert.Zero(t, total(a, ledger.BucketRange{Level: 2, From: 3, Until: 3}))
		assert.Zero(t, total(a))
		assert.Zero(t, total(b, ledger.BucketRange{From: 0, Until: 1 << 62}), "on the way it left 64 bits")
		assert.Zero(t, total(1000, ledger.BucketRange{From: 0, Until: 1 << 62}))
	})
}

func testTerms(t *testing.T, s *scribe) {
	for _, hash := range []int64{5, -5, math.MaxInt64, math.MinInt64, 0} {
		for tx := int64(1); tx <= 4; tx++ {
			s.batch.Terms = append(s.batch.Terms, ledger.Term{Hash: hash, Transaction: tx * 10})
		}
	}
	s.commit()
	s.view(func(v ledger.View) {
		for _, hash := range []int64{5, -5, math.MaxInt64, math.MinInt64, 0} {
			for _, row := range []struct {
				after int64
				desc  bool
				limit int
				want  []int64
			}{
				{0, false, 100, []int64{10, 20, 30, 40}},
				{10, false, 2, []int64{20, 30}},
				{15, false, 1, []int64{20}},
				{40, false, 5, nil},
				{math.MaxInt64, true, 100, []int64{40, 30, 20, 10}},
				{30, true, 1, []int64{20}},
				{10, true, 3, nil},
			} {
				got, err := v.ByTerm(t.Context(), hash, row.after, row.desc, row.limit)
				require.NoError(t, err)
				assert.Empty(t, cmp.Diff(row.want, got, cmpopts.EquateEmpty()), "hash %d, %+v", hash, row)
			}
		}
		got, err := v.ByTerm(t.Context(), 6, 0, false, 10)
		require.NoError(t, err)
		assert.Empty(t, got)
	})
}

func testLabeled(t *testing.T, s *scribe) {
	record := func(typ, id string, labels ...string) ledger.RecordRow {
		return ledger.RecordRow{
			RecordKey: ledger.RecordKey{Type: typ, ID: id}, Content: []byte("content of " + id), Salt: []byte("0123456789abcdef"), Labels: labels, Due: firstBlock,
		}
	}
	s.put(record("monitor", "a", "account-1"))
	s.put(record("monitor", "b", "account-1", "account-2"))
	s.put(record("monitor", "c", "account-3"))
	s.put(record("other", "d", "account-1"))
	s.put(record("monitor", "e", "account-1"))
	s.commit()
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "monitor", ID: "e"}, Erased: true})
	s.commit()
	ids := func(labels ...ledger.RecordLabel) map[string]string {
		got := make(map[string]string)
		for _, r := range s.found(ledger.Need{Labeled: labels}).Labeled {
			got[r.Type+" "+r.ID] = string(r.Content)
		}
		return got
	}
	assert.Equal(t, map[string]string{"monitor a": "content of a", "monitor b": "content of b"}, ids(ledger.RecordLabel{Type: "monitor", Label: "account-1"}))
	assert.Equal(t, map[string]string{"monitor b": "content of b", "monitor c": "content of c", "other d": "content of d"},
		ids(ledger.RecordLabel{Type: "monitor", Label: "account-2"}, ledger.RecordLabel{Type: "monitor", Label: "account-3"}, ledger.RecordLabel{Type: "other", Label: "account-1"}))
	assert.Empty(t, ids(ledger.RecordLabel{Type: "monitor", Label: "account"}))
}

func testByNumber(t *testing.T, s *scribe) {
	for range 2*ledger.MarkEvery + 5 {
		s.post("from", "to", 1)
	}
	s.commit()
	s.view(func(v ledger.View) {
		rows, err := v.PostingsByNo(t.Context(), []int64{3, 1, 1000, 0, -1, 7})
		require.NoError(t, err)
		byNo := cmpopts.SortSlices(func(a, b ledger.PostingRow) bool { return a.No < b.No })
		want := []ledger.PostingRow{s.kept.postings[0], s.kept.postings[2], s.kept.postings[6]}
		assert.Empty(t, cmp.Diff(want, rows, byNo, cmpopts.EquateEmpty()))
		account := s.accounts[cny("to")].No
		marks, err := v.MarksAt(t.Context(), account, []int64{2 * ledger.MarkEvery, 1, 0, ledger.MarkEvery, 3 * ledger.MarkEvery})
		require.NoError(t, err)
		assert.ElementsMatch(t, []ledger.Mark{
			{Account: account, Nth: ledger.MarkEvery, Posting: ledger.MarkEvery}, {Account: account, Nth: 2 * ledger.MarkEvery, Posting: 2 * ledger.MarkEvery},
		}, marks)
		marks, err = v.MarksAt(t.Context(), 1000, []int64{ledger.MarkEvery})
		require.NoError(t, err)
		assert.Empty(t, marks)
	})
}

func testForget(t *testing.T, s *scribe) {
	for range 4 {
		s.post("from", "to", 1)
		s.commit()
	}
	for _, through := range []int64{0, 2, 2, 1, 3} {
		require.NoError(t, s.store.Forget(t.Context(), s.head.Ledger, through))
	}
	s.post("from", "to", 1)
	s.commit()
	for i := range s.kept.blocks[:3] {
		s.kept.blocks[i].Body = nil
	}
	s.view(func(v ledger.View) {
		blocks, err := v.Blocks(t.Context(), 0, 100)
		require.NoError(t, err)
		assert.Empty(t, cmp.Diff(s.kept.blocks, blocks, cmpopts.EquateEmpty()))
	})
}

// history adds one of everything that finds history.
func (s *scribe) history(account int64) {
	tx := s.transaction(1, 2)
	s.batch.Terms = append(s.batch.Terms, ledger.Term{Hash: 1, Transaction: tx})
	s.batch.Reversals = append(s.batch.Reversals, ledger.Reversal{Transaction: tx, By: tx + 100})
	s.dated(account, 1, firstBlock, 1)
	s.batch.DatedSums = append(s.batch.DatedSums, ledger.DatedSum{Account: account, Bucket: 1, Delta: 1})
}

// noHistory demands that a view shows nothing that history adds.
func noHistory(t *testing.T, v ledger.View, account int64) {
	t.Helper()
	terms, err := v.ByTerm(t.Context(), 1, 0, false, 10)
	require.NoError(t, err)
	assert.Empty(t, terms)
	reversals, err := v.Reversals(t.Context(), []int64{1})
	require.NoError(t, err)
	assert.Empty(t, reversals)
	_, err = v.LastDated(t.Context(), account)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	rows, err := v.DatedBy(t.Context(), account, firstBlock.Add(-time.Hour), 0, false, 10)
	require.NoError(t, err)
	assert.Empty(t, rows)
	total, err := v.DatedTotal(t.Context(), account, []ledger.BucketRange{{Until: 10}})
	require.NoError(t, err)
	assert.Zero(t, total)
	postings, err := v.PostingsByNo(t.Context(), []int64{1, 2})
	require.NoError(t, err)
	assert.Empty(t, postings)
}

func testHistoryMoment(t *testing.T, s *scribe) {
	account := s.open("a")
	s.commit()
	s.view(func(v ledger.View) {
		_, err := v.Head(t.Context()) // fixes the moment
		require.NoError(t, err)
		s.history(account)
		s.commit()
		noHistory(t, v, account)
	})
	s.view(func(v ledger.View) {
		terms, err := v.ByTerm(t.Context(), 1, 0, false, 10)
		require.NoError(t, err)
		assert.Equal(t, []int64{1}, terms)
	})
}

func testHistoryApart(t *testing.T, s *scribe) {
	other := newScribe(t, s.store, "history of another")
	account := other.open("a")
	other.commit()
	s.history(s.open("a"))
	s.commit()
	other.view(func(v ledger.View) { noHistory(t, v, account) })
	found := other.found(ledger.Need{Transactions: []int64{1}, Dated: []ledger.AccountKey{cny("a")}})
	assert.Empty(t, found.Postings)
	assert.Empty(t, found.Reversals)
	assert.Empty(t, found.Dated)
}
