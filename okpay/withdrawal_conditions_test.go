package okpay_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func TestConditionsAreAnsweredBeforeTheForm(t *testing.T) {
	fee := okpay.Fee{BasisPoints: 100, Min: 5}
	k := startDesk(t, okpay.Config{
		Fees: okpay.Fees{Withdrawal: fee},
		Limits: []okpay.Limit{
			{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 100, Max: 5000},
			{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 3000, Count: 2},
			{On: okpay.OnWithdrawal, Per: okpay.Monthly, Max: 4000},
			{On: okpay.OnTransfer, Per: okpay.Daily, Max: 1},
			{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 1, Currency: "USD"},
		},
		Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": 50}},
		Zone:        time.FixedZone("Asia/Shanghai", 8*3600),
	}, 10_151, 0)
	ask := func() okpay.Conditions {
		c, err := k.Withdrawals.Conditions(t.Context(), k.customer, "CNY")
		require.NoError(t, err)
		return c
	}
	day, month := time.Date(2026, 1, 1, 16, 0, 0, 0, time.UTC), time.Date(2026, 1, 31, 16, 0, 0, 0, time.UTC)
	count := func(n int64) *int64 { return &n }
	dst, err := k.Destinations.Get(t.Context(), k.to)
	require.NoError(t, err)
	want := okpay.Conditions{
		Currency: "CNY", Minimum: cny(100), Maximum: cny(5000), MinRemaining: cny(50), Fee: fee, Available: cny(10_151),
		Limits: []okpay.LimitLeft{
			{Per: okpay.Daily, Left: yuan(3000), Count: count(2), ResetsAt: day},
			{Per: okpay.Monthly, Left: yuan(4000), ResetsAt: month},
		},
		Withdrawable: cny(10_001), Most: cny(3000), Account: okpay.GateActive, Destinations: []okpay.Destination{dst},
	}
	assert.Equal(t, want, ask())

	_, err = k.request(2000)
	require.NoError(t, err)
	want.Available, want.Withdrawable, want.Most = cny(10_151-2020), cny(8001), cny(1000)
	want.Limits[0].Left, want.Limits[0].Count, want.Limits[1].Left = yuan(1000), count(1), yuan(2000)
	assert.Equal(t, want, ask())
	_, err = k.request(950)
	require.NoError(t, err)
	assert.Equal(t, cny(0), ask().Most, "the day's count is used up, and what is left is below the minimum")
	_, err = k.request(100)
	refusedAs(t, err, okpay.LimitExceededDaily)

	k.clock.Advance(16 * time.Hour)
	assert.Equal(t, cny(1050), ask().Most, "the next day, of the month")
	_, err = k.Customers.Lock(t.Context(), okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	c := ask()
	assert.Equal(t, okpay.GateLocked, c.Account)
	assert.Equal(t, cny(0), c.Most)

	_, err = k.Withdrawals.Conditions(t.Context(), "nobody", "CNY")
	refusedAs(t, err, okpay.NotFound)
	_, err = k.Withdrawals.Conditions(t.Context(), k.customer, "XXX")
	refusedAs(t, err, okpay.CurrencyNotSupported)
}

func TestWhatIsSaidToBeWithdrawableCanBeWithdrawnAndNotAUnitMore(t *testing.T) {
	for name, fee := range map[string]okpay.Fee{
		"no fee": {}, "a share": {BasisPoints: 250}, "a minimum": {BasisPoints: 10, Min: 200}, "a maximum": {BasisPoints: 5000, Max: 300},
		"all of it": {BasisPoints: 10_000, Fixed: 1},
	} {
		for _, balance := range []int64{0, 1, 49, 50, 51, 250, 251, 252, 999, 10_000, 123_457} {
			k := startDesk(t, okpay.Config{
				Fees:        okpay.Fees{Withdrawal: fee},
				Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": 50}},
			}, balance, 0)
			c, err := k.Withdrawals.Conditions(t.Context(), k.customer, "CNY")
			require.NoError(t, err)
			_, err = k.request(c.Withdrawable.Minor() + 1)
			assert.Equal(t, c.Withdrawable, *refusedAs(t, err, okpay.WithdrawalExceedsWithdrawable).Limit, "%s of %d", name, balance)
			if c.Withdrawable.IsPositive() {
				_, err = k.request(c.Withdrawable.Minor())
				assert.NoError(t, err, "%s of %d", name, balance)
			}
		}
	}
	k := startDesk(t, okpay.Config{Fees: okpay.Fees{Withdrawal: okpay.Fee{BasisPoints: 10_000, Fixed: math.MaxInt64}}}, math.MaxInt64, 0)
	_, err := k.request(math.MaxInt64)
	assert.Equal(t, cny(0), *refusedAs(t, err, okpay.WithdrawalExceedsWithdrawable).Limit)
}

func TestHowMoneyLeavesMustMakeSense(t *testing.T) {
	for name, cfg := range map[string]okpay.Config{
		"a negative amount":        {Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": -1}}},
		"an unknown currency":      {Payouts: okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"???": 1}}},
		"a negative delay":         {Payouts: okpay.OutgoingConfig{SubmitDelay: -1}},
		"a window of nobody":       {FinalityWindows: map[string]time.Duration{"bankZ": time.Hour}},
		"a window without time":    {FinalityWindows: map[string]time.Duration{"simulated": 0}},
		"a provider without names": {PayoutProviders: map[string]rails.PayoutProvider{"bank:A": &rails.SimulatedPayouts{}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := okpay.New(start(t, okpay.Config{}).Ledger(), cfg)
			refusedAs(t, err, okpay.InvalidRequest)
		})
	}
}

func TestALimitWithoutACurrencyCountsEachOnItsOwn(t *testing.T) {
	k := startDesk(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 3000}}}, 10_000, 0)
	_, err := k.request(3000)
	require.NoError(t, err)
	_, err = k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{
		Customer: k.customer, Amount: money.New(1, money.MustISO("USD")), Destination: k.to,
	})
	refusedAs(t, err, okpay.WithdrawalExceedsWithdrawable)
}
