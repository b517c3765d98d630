package ledgertest

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// agree reads all that the ledger has, in every way in which a View can be asked, and
// compares it with what was committed.
func (s *scribe) agree() {
	s.t.Helper()
	read(s.t, s.store, s.head.Ledger, func(v ledger.View) { s.kept.agree(s.t, v, s.head) })
}

// agree is scribe.agree for a view.
func (k *kept) agree(t *testing.T, v ledger.View, head ledger.Head) {
	t.Helper()
	k.agreeLists(t, v, head)
	k.agreeEach(t, v)
}

func (k *kept) agreeLists(t *testing.T, v ledger.View, head ledger.Head) {
	t.Helper()
	ctx := t.Context()
	got, err := v.Head(ctx)
	require.NoError(t, err)
	same(t, "Head is the last block's", head, got)

	blocks, err := v.Blocks(ctx, 0, len(k.blocks)+1)
	require.NoError(t, err)
	same(t, "Blocks has every block", k.blocks, blocks)

	changes, err := v.Changes(ctx, "", len(k.changes)+1)
	require.NoError(t, err)
	same(t, "Changes has every change", k.changes, changes)

	postings, err := v.Postings(ctx, 0, len(k.postings)+1)
	require.NoError(t, err)
	same(t, "Postings has every posting", k.postings, postings)

	events, err := v.Events(ctx, 0, len(k.events)+1)
	require.NoError(t, err)
	same(t, "Events has every event", k.events, events)

	accounts, err := v.Accounts(ctx, "", 0, len(k.accounts)+1)
	require.NoError(t, err)
	same(t, "Accounts has every account", k.accounts, accounts)

	currencies, err := v.Currencies(ctx)
	require.NoError(t, err)
	same(t, "Currencies has every currency", k.currencies, currencies)

	holds, err := v.Holds(ctx, "", len(k.holds)+1)
	require.NoError(t, err)
	same(t, "Holds has every hold", k.holds, holds)

	records, err := v.RecordsAfter(ctx, ledger.RecordKey{}, len(k.records)+1)
	require.NoError(t, err)
	same(t, "RecordsAfter has every record", k.records, records)
}

func (k *kept) agreeEach(t *testing.T, v ledger.View) {
	t.Helper()
	ctx := t.Context()
	for _, want := range k.changes {
		got, err := v.Change(ctx, want.ID)
		require.NoError(t, err, "Change %q", want.ID)
		same(t, "Change finds by id", want, got)
	}
	nos := make([]int64, 0, len(k.accounts))
	for _, want := range k.accounts {
		nos = append(nos, want.No)
		got, err := v.Account(ctx, want.Key)
		require.NoError(t, err, "Account %s", want.Key)
		same(t, "Account finds by key", want, got)

		entries, err := v.Entries(ctx, want.No, 1, math.MaxInt64)
		require.NoError(t, err)
		same(t, "Entries has the account's postings", k.entries(want.No), entries)
	}
	byNo, err := v.AccountsByNo(ctx, nos)
	require.NoError(t, err)
	same(t, "AccountsByNo finds by number", k.accounts, byNo, byNumber)

	for _, want := range k.holds {
		got, err := v.Hold(ctx, want.ID)
		require.NoError(t, err, "Hold %q", want.ID)
		same(t, "Hold finds by id", want, got)
	}
	keys := make([]ledger.RecordKey, 0, len(k.records))
	for _, want := range k.records {
		keys = append(keys, want.RecordKey)
		got, err := v.Record(ctx, want.RecordKey)
		require.NoError(t, err, "Record %v", want.RecordKey)
		same(t, "Record finds by type and id", want, got)
		for _, key := range want.Unique {
			holder, err := v.Unique(ctx, key)
			require.NoError(t, err, "Unique %q", key)
			assert.Equal(t, want.RecordKey, holder, "Unique tells which record holds the key %q", key)
		}
	}
	k.agreeByKey(t, v, keys)
}

// entries returns the postings that touch an account.
func (k *kept) entries(no int64) []ledger.PostingRow {
	var entries []ledger.PostingRow
	for _, p := range k.postings {
		if p.Debit == no || p.Credit == no {
			entries = append(entries, p)
		}
	}
	return entries
}

// due returns the open holds that touch the account and expire at the instant or before, and
// the earliest expiry after it.
func (k *kept) due(no int64, at time.Time) (due []ledger.HoldState, next time.Time) {
	for _, h := range k.holds {
		touches := slices.ContainsFunc(h.Legs, func(l ledger.HoldLeg) bool { return l.Debit == no || l.Credit == no })
		switch {
		case !touches || h.Status != ledger.HoldOpen || h.Expires.IsZero():
		case !h.Expires.After(at):
			due = append(due, h)
		case next.IsZero() || h.Expires.Before(next):
			next = h.Expires
		}
	}
	return due, next
}

// selected returns the records that a query selects, in its order.
func (k *kept) selected(q ledger.RecordQuery) []ledger.RecordRow {
	var rows []ledger.RecordRow
	for _, r := range k.records {
		switch {
		case r.Type != q.Type || r.Erased:
		case !q.DueBy.IsZero():
			follows := q.DueAfter.IsZero() || r.Due.After(q.DueAfter) || r.Due.Equal(q.DueAfter) && r.ID > q.After
			if !r.Due.IsZero() && !r.Due.After(q.DueBy) && follows {
				rows = append(rows, r)
			}
		case q.Label != "" && !slices.Contains(r.Labels, q.Label):
		case q.After != "" && !q.Desc && r.ID <= q.After, q.After != "" && q.Desc && r.ID >= q.After:
		default:
			rows = append(rows, r)
		}
	}
	switch {
	case !q.DueBy.IsZero():
		slices.SortStableFunc(rows, func(a, b ledger.RecordRow) int { return a.Due.Compare(b.Due) })
	case q.Desc:
		slices.Reverse(rows)
	}
	return rows[:min(q.Limit, len(rows))]
}

// How to compare where order does not matter.
var (
	byNumber = cmpopts.SortSlices(func(a, b ledger.Account) int { return int(a.No - b.No) })
	byHoldID = cmpopts.SortSlices(func(a, b ledger.HoldState) int { return strings.Compare(a.ID, b.ID) })
)
