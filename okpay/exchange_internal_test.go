package okpay

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger/money"
)

func asset(t *testing.T, code string, scale int) money.Currency {
	t.Helper()
	c, err := money.NewCurrency(code, scale)
	require.NoError(t, err)
	return c
}

// ratio is a rate from minor units to minor units, in numbers without bounds.
func ratio(from, to money.Currency, rate decimal.Decimal) *big.Rat {
	r := new(big.Rat).SetInt(rate.Coefficient())
	ten := func(n int64) *big.Rat {
		x := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(n, -n)), nil)
		if n < 0 {
			return new(big.Rat).SetFrac(big.NewInt(1), x)
		}
		return new(big.Rat).SetInt(x)
	}
	return r.Mul(r, ten(int64(rate.Exponent())+int64(to.Scale())-int64(from.Scale())))
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

func TestAnExchangeIsExactForEveryScale(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	scales := []int{0, 2, 3, 4, 8, 18}
	overflows, nothings := 0, 0
	for range testsize.Scaled(t, 20_000) {
		from, to := asset(t, "AAA", scales[r.IntN(len(scales))]), asset(t, "BBB", scales[r.IntN(len(scales))])
		amount := money.New(1+r.Int64()>>r.UintN(63), from)
		rate := decimal.New(1+r.Int64()>>r.UintN(63), -int32(r.IntN(24)))
		mid := rate.Mul(decimal.New(10_000+r.Int64N(500), -4))

		target := floor(new(big.Rat).Mul(big.NewRat(amount.Minor(), 1), ratio(from, to, rate)))
		atMid := floor(new(big.Rat).Mul(big.NewRat(amount.Minor(), 1), ratio(from, to, mid)))
		gotTarget, gotMid, err := exchange(amount, to, rate, mid)
		switch {
		case !target.IsInt64() || target.Sign() > 0 && !atMid.IsInt64():
			overflows++
			require.ErrorIs(t, err, LimitExceededTransaction)
			continue
		case target.Sign() == 0:
			nothings++
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, target.Int64(), gotTarget.Minor(), "%s at %s to %d decimals", amount, rate, to.Scale())
		require.Equal(t, atMid.Int64(), gotMid.Minor())

		cost := costOf(gotTarget, from, rate)
		again := func(minor int64) *big.Int {
			return floor(new(big.Rat).Mul(big.NewRat(minor, 1), ratio(from, to, rate)))
		}
		require.GreaterOrEqual(t, again(cost.Minor()).Cmp(target), 0, "the cost buys the target")
		require.Negative(t, again(cost.Minor()-1).Cmp(target), "and one unit less does not")
		require.LessOrEqual(t, cost.Minor(), amount.Minor())
	}
	assert.NotZero(t, overflows)
	assert.NotZero(t, nothings)
}

func TestACostThatCannotBeCountedIsMoreThanAnybodyHas(t *testing.T) {
	cost := costOf(money.New(1<<62, asset(t, "BBB", 0)), asset(t, "AAA", 18), decimal.RequireFromString("0.001"))
	assert.Equal(t, int64(1<<63-1), cost.Minor())
}

func TestARateHasBounds(t *testing.T) {
	for text, ok := range map[string]bool{
		"7.164": true, "0.000000000000000000000000000000000001": true, "1e36": true,
		"0": false, "-1": false, "1e37": false, "1e-37": false, "1e9999": false,
	} {
		err := checkRate("rate", decimal.RequireFromString(text))
		assert.Equal(t, ok, err == nil, text)
	}
}
