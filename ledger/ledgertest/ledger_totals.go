package ledgertest

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// totalPromises are about sums over accounts.
var totalPromises = []promise{
	{"Accounts are added up by prefix, currency and normal side", testTotals},
	{"A total may be larger than any amount", testLargeTotals},
	{"Totals are of one moment: they balance while others write", testTotalsBesideWriters},
}

func testTotals(f *fixture) {
	none, err := f.Totals(f.ctx, "")
	require.NoError(f, err)
	assert.Empty(f, none)
	usd := func(minor int64) money.Amount { return money.New(minor, currency("USD")) }
	f.do(
		transfer("bank:1", "user:1", 1000), transfer("bank:1", "user:2:a", 500), transfer("user:1", "user:2:a", 50),
		ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank:1", Credit: "user:2:b", Amount: usd(77)}}},
	)
	f.do(reserve("h", posting("user:1", "user:2:c", 200)), ledger.Hold{
		ID: "due", Expires: f.clock.Now().Add(time.Minute), Postings: []ledger.Posting{posting("user:2:a", "bank:1", 40)},
	})
	d := func(s string) decimal.Decimal { return decimal.RequireFromString(s) }
	check := func(prefix string, want ...ledger.Total) {
		f.Helper()
		got, err := f.Totals(f.ctx, prefix)
		require.NoError(f, err)
		require.Len(f, got, len(want))
		for i, w := range want {
			g := got[i]
			assert.Equal(f, [3]any{w.Currency, w.Normal, w.Accounts}, [3]any{g.Currency, g.Normal, g.Accounts})
			for what, pair := range map[string][2]decimal.Decimal{
				"posted": {w.Posted, g.Posted}, "available": {w.Available, g.Available}, "pending in": {w.PendingIn, g.PendingIn},
				"pending out": {w.PendingOut, g.PendingOut}, "debits": {w.Debits, g.Debits}, "credits": {w.Credits, g.Credits},
			} {
				assert.True(f, pair[0].Equal(pair[1]), "%s of %s in %s: want %s, got %s", what, prefix, w.Currency, pair[0], pair[1])
			}
		}
	}
	cnyUsers := ledger.Total{
		Currency: currency("CNY"), Accounts: 3, Posted: d("15"), Available: d("12.60"), PendingIn: d("2"), PendingOut: d("2.40"),
		Debits: d("0.5"), Credits: d("15.5"),
	}
	usdUsers := ledger.Total{Currency: currency("USD"), Accounts: 1, Posted: d("0.77"), Available: d("0.77"), Credits: d("0.77")}
	check("user:", cnyUsers, usdUsers)
	check("",
		cnyUsers,
		// A pending credit of a bank lowers what it has, so it is what the hold takes from it.
		ledger.Total{Currency: currency("CNY"), Normal: ledger.Debit, Accounts: 1, Posted: d("15"), Available: d("14.6"), PendingOut: d("0.4"), Debits: d("15")},
		usdUsers,
		ledger.Total{Currency: currency("USD"), Normal: ledger.Debit, Accounts: 1, Posted: d("0.77"), Available: d("0.77"), Debits: d("0.77")},
	)
	check("user:2:b", usdUsers)
	check("nobody")
	f.clock.advance(time.Minute)
	cnyUsers.PendingOut, cnyUsers.Available = d("2"), d("13")
	check("user:", cnyUsers, usdUsers)
	for _, prefix := range []string{"\x00", "\xff", strings.Repeat("x", 500)} {
		_, err := f.Totals(f.ctx, prefix)
		require.ErrorIs(f, err, ledger.ErrInvalid, "%q", prefix)
	}
}

func testLargeTotals(f *fixture) {
	var c ledger.Change
	for i := range 20 {
		c.Ops = append(c.Ops, transfer(numbered("bank:of", i), numbered("free:of", i), math.MaxInt64))
	}
	f.must(c)
	want := decimal.NewFromInt(math.MaxInt64).Mul(decimal.NewFromInt(20)).Shift(-2)
	got, err := f.Totals(f.ctx, "")
	require.NoError(f, err)
	require.Len(f, got, 2)
	for _, t := range got {
		assert.True(f, want.Equal(t.Posted), "%s", t.Posted)
		assert.True(f, want.Equal(t.Available), "%s", t.Available)
		assert.True(f, want.Equal(t.Debits.Add(t.Credits)))
	}
}

func testTotalsBesideWriters(f *fixture) {
	f.do(transfer("bank:1", "free:0", 1_000_000))
	errs := make([]error, 2)
	together(2, func(i int) {
		for n := range 60 {
			if i == 0 {
				_, err := f.commit(changeOf("", transfer("free:0", numbered("free:n", n), 7), transfer("bank:1", "free:0", 1)))
				errs[0] = errors.Join(errs[0], err)
				continue
			}
			got, err := f.Totals(f.ctx, "")
			if err != nil || len(got) != 2 || !got[0].Posted.Equal(got[1].Posted) || !got[0].Credits.Add(got[1].Credits).Equal(got[0].Debits.Add(got[1].Debits)) {
				errs[1] = errors.Join(errs[1], err, errors.New("the totals do not balance"))
			}
		}
	})
	require.NoError(f, errors.Join(errs...))
}
