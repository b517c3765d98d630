package ledgertest

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// timePromises are about balances at other times than now.
var timePromises = []promise{
	{"A balance at a recorded instant counts what was recorded by then, to the microsecond", testRecordedAxis},
	{"A dated entry counts from its date, and what was believed before stays known", testBothAxes},
	{"Balances on either axis and on both agree with adding up every entry", testAxesAgree},
	{"An account of the debit side is asked on its own side at every time", testDebitAxis},
	{"What never was has no past", testNoPast},
	{"Dated entries are refused where their sum of amounts would overflow", testDatedOverflow},
}

func (f *fixture) balanceAt(account string, at ledger.At) int64 {
	f.Helper()
	amount, err := f.BalanceAt(f.ctx, cny(account), at)
	require.NoError(f, err)
	return amount.Minor()
}

func testRecordedAxis(f *fixture) {
	for i := range 3 * ledger.MarkEvery {
		f.fund("user:1", int64(i+1))
		f.clock.advance(time.Second)
	}
	want := int64(0)
	assert.Zero(f, f.balanceAt("user:1", ledger.At{Recorded: startTime.Add(-time.Microsecond)}))
	for i := range 3 * ledger.MarkEvery {
		want += int64(i + 1)
		at := startTime.Add(time.Duration(i) * time.Second)
		require.Equal(f, want, f.balanceAt("user:1", ledger.At{Recorded: at}), "entry %d", i+1)
		require.Equal(f, want, f.balanceAt("user:1", ledger.At{Effective: at.Add(time.Second - time.Microsecond)}), "entry %d", i+1)
	}
	assert.Equal(f, want, f.balanceAt("user:1", ledger.At{}))
}

func dated(debit, credit string, minor int64, at time.Time) ledger.Transaction {
	return ledger.Transaction{Postings: []ledger.Posting{posting(debit, credit, minor)}, Effective: at}
}

func testBothAxes(f *fixture) {
	f.fund("user:1", 100)
	f.clock.advance(time.Hour)
	before := f.clock.Now()
	f.clock.advance(time.Hour)
	f.do(dated("bank:1", "user:1", 20, startTime.Add(-time.Hour)))
	f.do(dated("bank:1", "user:1", 3, f.clock.Now().Add(24*time.Hour)))
	assert.EqualValues(f, 123, f.balanceAt("user:1", ledger.At{}))
	assert.EqualValues(f, 100, f.balanceAt("user:1", ledger.At{Recorded: before}))
	assert.EqualValues(f, 120, f.balanceAt("user:1", ledger.At{Effective: before}))
	assert.EqualValues(f, 20, f.balanceAt("user:1", ledger.At{Effective: startTime.Add(-time.Hour)}))
	assert.Zero(f, f.balanceAt("user:1", ledger.At{Effective: startTime.Add(-time.Hour - time.Microsecond)}))
	assert.EqualValues(f, 100, f.balanceAt("user:1", ledger.At{Effective: before, Recorded: before}))
	assert.Zero(f, f.balanceAt("user:1", ledger.At{Effective: startTime.Add(-time.Hour), Recorded: before}))
	assert.EqualValues(f, 120, f.balanceAt("user:1", ledger.At{Effective: f.clock.Now()}))
	assert.EqualValues(f, 123, f.balanceAt("user:1", ledger.At{Effective: f.clock.Now().Add(24 * time.Hour)}))
}

func testAxesAgree(f *fixture) {
	seed := rand.Uint64()
	f.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	type entry struct {
		recorded, effective time.Time
		amount              int64
	}
	var entries []entry
	some := func() time.Time {
		spread := []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * 365 * time.Hour}[random.IntN(5)]
		return startTime.Add(time.Duration(random.Int64N(1_000)-500) * spread)
	}
	for range 300 {
		e := entry{recorded: f.clock.Now(), effective: f.clock.Now(), amount: random.Int64N(1000) - 500}
		if random.IntN(3) > 0 {
			e.effective = some()
		}
		debit, credit := "bank:1", "free:1"
		if e.amount < 0 {
			debit, credit = credit, debit
		}
		f.do(dated(debit, credit, max(e.amount, -e.amount), e.effective))
		entries = append(entries, e)
		f.clock.advance(time.Duration(random.IntN(3)) * time.Second)
	}
	for range 200 {
		var at ledger.At
		if random.IntN(3) > 0 {
			at.Recorded = entries[random.IntN(len(entries))].recorded.Add(time.Duration(random.IntN(3)-1) * time.Microsecond)
		}
		switch random.IntN(4) {
		case 0:
		case 1:
			at.Effective = some()
		default:
			at.Effective = entries[random.IntN(len(entries))].effective.Add(time.Duration(random.IntN(3)-1) * time.Microsecond)
		}
		var want int64
		for _, e := range entries {
			if (at.Recorded.IsZero() || !e.recorded.After(at.Recorded)) && (at.Effective.IsZero() || !e.effective.After(at.Effective)) {
				want += e.amount
			}
		}
		require.Equal(f, want, f.balanceAt("free:1", at), "%+v", at)
	}
}

func testDebitAxis(f *fixture) {
	f.do(dated("vault:1", "user:1", 10, startTime.Add(-time.Hour)))
	assert.EqualValues(f, 10, f.balanceAt("vault:1", ledger.At{Effective: startTime.Add(-time.Minute)}))
}

func testNoPast(f *fixture) {
	for _, account := range []string{"user:never", "not a name", "nowhere"} {
		_, err := f.BalanceAt(f.ctx, cny(account), ledger.At{Recorded: startTime})
		require.ErrorIs(f, err, ledger.ErrNotFound)
	}
}

func testDatedOverflow(f *fixture) {
	past := startTime.Add(-time.Hour)
	f.do(dated("bank:1", "free:1", math.MaxInt64-5, past))
	f.do(dated("free:1", "bank:1", 5, past))
	refusal := f.refuses(changeOf("", dated("free:1", "bank:1", 1, past)), ledger.BalanceOverflow)
	assert.Equal(f, cny("free:1"), refusal.Account)
	f.do(transfer("free:1", "bank:1", 1))
	assert.EqualValues(f, math.MaxInt64-11, f.balanceAt("free:1", ledger.At{}))
}
