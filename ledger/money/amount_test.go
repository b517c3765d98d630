package money_test

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

var (
	cny = money.MustISO("CNY")
	usd = money.MustISO("USD")
	jpy = money.MustISO("JPY")
	kwd = money.MustISO("KWD")
)

// wei is a currency with as many decimals as there can be.
func wei(t testing.TB) money.Currency {
	t.Helper()
	c, err := money.NewCurrency("WEI", money.MaxScale)
	require.NoError(t, err)
	return c
}

var seedFlag = flag.Uint64("seed", 0, "repeat the random tests with this seed")

// random returns a source of values and logs how to have the same ones again.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with -seed=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// anyInt returns an int64 of any length, with the edges more often than chance
// would.
func anyInt(r *rand.Rand) int64 {
	edges := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}
	if r.IntN(8) == 0 {
		return edges[r.IntN(len(edges))]
	}
	return int64(r.Uint64()) >> r.IntN(64)
}

// requireExact checks a result against the exact one: equal when it is in range,
// and refused when it is not.
func requireExact(t *testing.T, want *big.Int, got money.Amount, err error, msg string, args ...any) {
	t.Helper()
	if !want.IsInt64() {
		require.ErrorIs(t, err, money.ErrOverflow, append([]any{msg}, args...)...)
		require.Zero(t, got, append([]any{msg}, args...)...)
		return
	}
	require.NoError(t, err, append([]any{msg}, args...)...)
	require.Equal(t, money.New(want.Int64(), cny), got, append([]any{msg}, args...)...)
}

func TestArithmeticAgreesWithBigIntegers(t *testing.T) {
	r := random(t)
	for range 50_000 {
		x, y := anyInt(r), anyInt(r)
		a, b := money.New(x, cny), money.New(y, cny)
		bx, by := big.NewInt(x), big.NewInt(y)

		got, err := a.Add(b)
		requireExact(t, new(big.Int).Add(bx, by), got, err, "%d + %d", x, y)
		got, err = a.Sub(b)
		requireExact(t, new(big.Int).Sub(bx, by), got, err, "%d - %d", x, y)
		got, err = a.Mul(y)
		requireExact(t, new(big.Int).Mul(bx, by), got, err, "%d × %d", x, y)
		got, err = a.Neg()
		requireExact(t, new(big.Int).Neg(bx), got, err, "-(%d)", x)

		order, err := a.Cmp(b)
		require.NoError(t, err)
		require.Equal(t, bx.Cmp(by), order, "%d against %d", x, y)
		require.Equal(t, bx.Sign(), a.Sign(), "sign of %d", x)
	}
}

// roundedQuotient divides exactly and rounds by definition, on twice the
// fraction, which is not how the package does it.
func roundedQuotient(product, den *big.Int, rounding money.Rounding) *big.Int {
	magnitude, rest := new(big.Int).QuoRem(new(big.Int).Abs(product), den, new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(den)
	up := false
	switch rounding {
	case money.RoundHalfUp:
		up = half >= 0
	case money.RoundHalfEven:
		up = half > 0 || half == 0 && magnitude.Bit(0) == 1
	case money.RoundUp:
		up = rest.Sign() > 0
	}
	if up {
		magnitude.Add(magnitude, big.NewInt(1))
	}
	if product.Sign() < 0 {
		magnitude.Neg(magnitude)
	}
	return magnitude
}

func TestMulDivAgreesWithBigIntegers(t *testing.T) {
	r := random(t)
	for range 50_000 {
		x, num := anyInt(r), anyInt(r)
		den := max(1, anyInt(r))
		if r.IntN(4) == 0 {
			den = 1 << r.IntN(8) // halves are common here
		}
		for rounding := money.RoundHalfUp; rounding <= money.RoundUp; rounding++ {
			product := new(big.Int).Mul(big.NewInt(x), big.NewInt(num))
			want := roundedQuotient(product, big.NewInt(den), rounding)
			got, err := money.New(x, cny).MulDiv(num, den, rounding)
			requireExact(t, want, got, err, "%d × %d / %d rounded %v", x, num, den, rounding)
		}
	}
}

func TestMulDivRoundsAsNamed(t *testing.T) {
	tests := []struct {
		tenths                     int64 // what is divided by ten
		halfUp, halfEven, down, up int64
	}{
		{-26, -3, -3, -2, -3},
		{-25, -3, -2, -2, -3},
		{-21, -2, -2, -2, -3},
		{-20, -2, -2, -2, -2},
		{-5, -1, 0, 0, -1},
		{0, 0, 0, 0, 0},
		{5, 1, 0, 0, 1},
		{15, 2, 2, 1, 2},
		{24, 2, 2, 2, 3},
		{25, 3, 2, 2, 3},
		{26, 3, 3, 2, 3},
		{35, 4, 4, 3, 4},
	}
	for _, tt := range tests {
		for rounding, want := range map[money.Rounding]int64{
			money.RoundHalfUp:   tt.halfUp,
			money.RoundHalfEven: tt.halfEven,
			money.RoundDown:     tt.down,
			money.RoundUp:       tt.up,
		} {
			got, err := money.New(tt.tenths, cny).MulDiv(1, 10, rounding)
			require.NoError(t, err)
			assert.Equal(t, want, got.Minor(), "%d/10 rounded %v", tt.tenths, rounding)

			got, err = money.New(1, cny).MulDiv(tt.tenths, 10, rounding)
			require.NoError(t, err)
			assert.Equal(t, want, got.Minor(), "1 × %d/10 rounded %v", tt.tenths, rounding)
		}
	}
}

func TestMulDivRefusesWhatHasNoResult(t *testing.T) {
	a := money.New(100, cny)
	tests := []struct {
		name     string
		amount   money.Amount
		num, den int64
		rounding money.Rounding
		want     error
	}{
		{"a denominator of zero", a, 1, 0, money.RoundDown, money.ErrInvalidRatio},
		{"a negative denominator", a, 1, -1, money.RoundDown, money.ErrInvalidRatio},
		{"an unknown rounding", a, 1, 1, 99, money.ErrInvalidRounding},
		{"no currency before a bad denominator", money.Amount{}, 1, 0, money.RoundDown, money.ErrInvalidCurrency},
		{"a bad denominator before an unknown rounding", a, 1, 0, 99, money.ErrInvalidRatio},
		{"an unknown rounding before overflow", money.New(math.MaxInt64, cny), 2, 1, 99, money.ErrInvalidRounding},
		{"a result of 65 bits", money.New(math.MaxInt64, cny), 4, 1, money.RoundDown, money.ErrOverflow},
		{"a result of 64 bits", money.New(math.MaxInt64, cny), 2, 1, money.RoundDown, money.ErrOverflow},
		// The product is 2^65-1: rounding takes the quotient from 64 bits to 65.
		{"a result that rounding brings to 2^64", money.New(145_295_143_558_111, cny), 253_921, 2, money.RoundUp, money.ErrOverflow},
		{"a result that rounding pushes out", money.New(math.MaxInt64, cny), math.MaxInt64, math.MaxInt64 - 1, money.RoundUp, money.ErrOverflow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.amount.MulDiv(tt.num, tt.den, tt.rounding)
			require.ErrorIs(t, err, tt.want)
			assert.Zero(t, got)
		})
	}
}

func TestOverflowIsAnErrorAtEachEdge(t *testing.T) {
	lowest, highest := money.New(math.MinInt64, cny), money.New(math.MaxInt64, cny)
	one := money.New(1, cny)
	tests := []struct {
		name string
		call func() (money.Amount, error)
	}{
		{"highest plus one", func() (money.Amount, error) { return highest.Add(one) }},
		{"lowest plus lowest", func() (money.Amount, error) { return lowest.Add(lowest) }},
		{"lowest minus one", func() (money.Amount, error) { return lowest.Sub(one) }},
		{"zero minus lowest", func() (money.Amount, error) { return money.Zero(cny).Sub(lowest) }},
		{"minus lowest", lowest.Neg},
		{"lowest times minus one", func() (money.Amount, error) { return lowest.Mul(-1) }},
		{"highest times two", func() (money.Amount, error) { return highest.Mul(2) }},
		{"lowest times lowest", func() (money.Amount, error) { return lowest.Mul(math.MinInt64) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.call()
			require.ErrorIs(t, err, money.ErrOverflow)
			assert.Zero(t, got)
		})
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	other, err := money.NewCurrency("CNY", 4)
	require.NoError(t, err)
	pairs := []struct {
		name        string
		left, right money.Currency
		message     string
	}{
		{"two currencies", cny, usd, `money: currencies differ: "CNY" and "USD"`},
		{"one code with two scales", cny, other, "money: currencies differ: CNY with scale 2 and with scale 4"},
		{"a currency and none", cny, money.Currency{}, `money: currencies differ: "CNY" and ""`},
	}
	operations := map[string]func(a, b money.Amount) error{
		"Add": func(a, b money.Amount) error { _, err := a.Add(b); return err },
		"Sub": func(a, b money.Amount) error { _, err := a.Sub(b); return err },
		"Cmp": func(a, b money.Amount) error { _, err := a.Cmp(b); return err },
	}
	for _, pair := range pairs {
		for name, operation := range operations {
			t.Run(name+" of "+pair.name, func(t *testing.T) {
				// The sum would overflow too: the mismatch is what is reported.
				err := operation(money.New(math.MaxInt64, pair.left), money.New(math.MaxInt64, pair.right))
				require.ErrorIs(t, err, money.ErrCurrencyMismatch)
				assert.NotErrorIs(t, err, money.ErrOverflow)
				var mismatch *money.CurrencyMismatchError
				require.ErrorAs(t, err, &mismatch)
				assert.Equal(t, pair.left, mismatch.Left)
				assert.Equal(t, pair.right, mismatch.Right)
				assert.EqualError(t, err, pair.message)
			})
		}
	}
}

func TestAnAmountOfNoCurrencyIsRefused(t *testing.T) {
	var none money.Amount
	calls := map[string]func() error{
		"Add":      func() error { _, err := none.Add(none); return err },
		"Sub":      func() error { _, err := none.Sub(none); return err },
		"Cmp":      func() error { _, err := none.Cmp(none); return err },
		"Neg":      func() error { _, err := none.Neg(); return err },
		"Mul":      func() error { _, err := none.Mul(2); return err },
		"MulDiv":   func() error { _, err := none.MulDiv(1, 2, money.RoundDown); return err },
		"Allocate": func() error { _, err := none.Allocate(1); return err },
		"Split":    func() error { _, err := none.Split(1); return err },
		"JSON":     func() error { _, err := none.MarshalJSON(); return err },
		"Parse":    func() error { _, err := money.Parse("1", money.Currency{}); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, call(), money.ErrInvalidCurrency)
		})
	}
}

func TestAmountTellsItsSign(t *testing.T) {
	for minor, sign := range map[int64]int{math.MinInt64: -1, -1: -1, 0: 0, 1: 1, math.MaxInt64: 1} {
		a := money.New(minor, cny)
		assert.Equal(t, sign, a.Sign())
		assert.Equal(t, sign < 0, a.IsNegative())
		assert.Equal(t, sign == 0, a.IsZero())
		assert.Equal(t, sign > 0, a.IsPositive())
		assert.Equal(t, minor, a.Minor())
		assert.Equal(t, cny, a.Currency())
	}
	assert.Equal(t, money.New(0, jpy), money.Zero(jpy))
	assert.True(t, money.Amount{}.IsZero())
}

func TestAmountsServeAsMapKeys(t *testing.T) {
	parsed, err := money.Parse("19.95", cny)
	require.NoError(t, err)
	counts := map[money.Amount]int{money.New(1995, cny): 1}
	counts[parsed]++
	assert.Equal(t, map[money.Amount]int{money.New(1995, cny): 2}, counts)
	assert.NotEqual(t, money.New(1995, cny), money.New(1995, usd))
}

func TestArithmeticDoesNotAllocate(t *testing.T) {
	a, b := money.New(1995, cny), money.New(5, cny)
	var sink money.Amount
	var order int
	allocations := testing.AllocsPerRun(100, func() {
		sum, _ := a.Add(b)
		difference, _ := sum.Sub(money.New(7, cny))
		product, _ := difference.Mul(3)
		share, _ := product.MulDiv(60, 10_000, money.RoundHalfUp)
		sink, _ = share.Neg()
		order, _ = sink.Cmp(a)
	})
	assert.Zero(t, allocations)
	assert.Equal(t, -1, order)
	assert.Equal(t, money.New(-36, cny), sink) // 59.79 × 0.6 %
}

func TestRoundingHasAName(t *testing.T) {
	assert.Equal(t, "HalfUp", money.RoundHalfUp.String())
	assert.Equal(t, "HalfEven", money.RoundHalfEven.String())
	assert.Equal(t, "Down", money.RoundDown.String())
	assert.Equal(t, "Up", money.RoundUp.String())
	assert.Equal(t, "Rounding(9)", money.Rounding(9).String())
}
