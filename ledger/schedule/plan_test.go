package schedule

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

func TestRunsAreDueByTheRule(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v
	}
	for _, row := range []struct {
		says string
		plan Plan
		want []string // after At
	}{
		{"once", Plan{At: at("2026-01-31T10:00:00Z")}, nil},
		{"every day, three times", Plan{At: at("2026-02-27T10:00:00Z"), Every: 24 * time.Hour, Times: 3}, []string{"2026-02-28T10:00:00Z", "2026-03-01T10:00:00Z"}},
		{
			"on the last day of months that are too short, and on its own day of others",
			Plan{At: at("2027-12-31T23:59:59Z"), Months: 1, Times: 4},
			[]string{"2028-01-31T23:59:59Z", "2028-02-29T23:59:59Z", "2028-03-31T23:59:59Z"},
		},
		{"every quarter", Plan{At: at("2026-11-30T00:00:00Z"), Months: 3, Times: 3}, []string{"2027-02-28T00:00:00Z", "2027-05-30T00:00:00Z"}},
		{"months are those of UTC", Plan{At: at("2026-02-01T00:30:00+01:00"), Months: 1, Times: 2}, []string{"2026-02-28T23:30:00Z"}},
		{"until the calendar ends", Plan{At: at("9998-06-01T00:00:00Z"), Months: 12}, []string{"9999-06-01T00:00:00Z"}},
	} {
		t.Run(row.says, func(t *testing.T) {
			was := row.plan.At.UTC()
			for i, want := range row.want {
				was = row.plan.after(i+1, was)
				assert.Equal(t, want, was.Format(time.RFC3339))
			}
			assert.Zero(t, row.plan.after(len(row.want)+1, was))
		})
	}
}

// everyOp has one operation of each kind, with every member set.
func everyOp() []ledger.Op {
	cny := money.MustISO("CNY")
	bit, err := money.NewCurrency("BIT", 8)
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC)
	postings := []ledger.Posting{
		{Debit: "a", Credit: "b", Amount: money.New(1<<62+1, cny), UpTo: ledger.UpToDebit | ledger.UpToCredit},
		{Debit: "a", Credit: "c", Amount: money.New(7, bit)},
	}
	metadata := map[string]string{"order": "<7>"}
	return []ledger.Op{
		ledger.Transaction{Postings: postings, Effective: at, Reference: "r", Metadata: metadata},
		ledger.Hold{ID: "h", Postings: postings, Expires: at, Reference: "r", Metadata: metadata},
		ledger.Capture{Hold: "h", Postings: postings[1:], Final: true, Reference: "r", Metadata: metadata},
		ledger.Void{Hold: "h"},
		ledger.Reverse{Transaction: 7, Force: true, Effective: at, Reference: "r", Metadata: metadata},
		ledger.Require{Account: "a", Currency: cny, AtLeast: ledger.Limit(-1), AtMost: ledger.Limit(0)},
		ledger.Limits{Account: "a", Currency: bit, Min: ledger.Limit(0), Max: ledger.Limit(9)},
		ledger.Freeze{Account: "a", Currency: cny, Debits: true, Credits: true},
		ledger.Close{Account: "a", Currency: cny},
		ledger.Reopen{Account: "a", Currency: cny},
	}
}

func TestDocumentsKeepEveryOperation(t *testing.T) {
	want := Scheduled{
		Plan:  Plan{ID: "id", At: time.Date(2026, time.March, 1, 12, 0, 0, 1000, time.UTC), Labels: []string{"x"}, Ops: everyOp()},
		State: Refused, Runs: 1, Refused: 1,
		Last: &Run{No: 1, Change: "schedule:id:1", Time: time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC), Refusal: &ledger.Refusal{
			Reason: ledger.InsufficientFunds, Account: ledger.AccountKey{Name: "a", Currency: "CNY"}, Short: 3, Hold: "h", Transaction: 4, Detail: "d",
		}},
	}
	put, err := want.put()
	require.NoError(t, err)
	assert.Equal(t, []string{"state:refused", "label:x"}, put.Labels)
	got, err := decodeDocument("id", put.Content)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// What decodes can be written down again, and means the same.
func FuzzDecodeDocument(f *testing.F) {
	for _, s := range []Scheduled{
		{Plan: Plan{ID: "id", At: time.Unix(0, 0).UTC(), Ops: everyOp()}, State: Pending},
		{Plan: Plan{ID: "id", At: time.Unix(0, 0).UTC(), Every: time.Hour, Times: 3, Ops: everyOp()[5:]}, State: Done, Runs: 3, Last: &Run{No: 3}},
	} {
		put, err := s.put()
		require.NoError(f, err)
		f.Add(put.Content)
	}
	for _, text := range []string{
		"", "null", "{}", `{"v":2,"at":"2026-01-01T00:00:00Z","ops":[{"op":"void","hold":"h"}],"state":"pending"}`,
		`{"v":1,"at":"2026-01-01T00:00:00Z","ops":[{"op":"void","hold":"h"}],"state":"other"}`,
		`{"v":1,"at":"2026-01-01T00:00:00Z","ops":[{"op":"other"}],"state":"pending"}`,
		`{"v":1,"at":"2026-01-01T00:00:00Z","every_us":9223372036854775807,"ops":[{"op":"void","hold":"h"}],"state":"pending"}`,
		`{"v":1,"at":"2026-01-01T00:00:00Z","ops":[{"op":"void","hold":"h"}],"state":"pending","runs":1,"refused":2}`,
		`{"v":1,"at":"2026-01-01T00:00:00Z","ops":[{"op":"void","hold":"h"}],"state":"pending"} {}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := decodeDocument("id", content)
		if err != nil {
			require.ErrorIs(t, err, ErrUnreadable)
			return
		}
		put, err := s.put()
		require.NoError(t, err)
		again, err := decodeDocument("id", put.Content)
		require.NoError(t, err)
		one, err := json.Marshal(s)
		require.NoError(t, err)
		two, err := json.Marshal(again)
		require.NoError(t, err)
		assert.Equal(t, string(one), string(two))
	})
}
