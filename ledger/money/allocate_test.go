package money_test

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

func minors(parts []money.Amount) []int64 {
	units := make([]int64, len(parts))
	for i, part := range parts {
		units[i] = part.Minor()
	}
	return units
}

func TestAllocateGivesTheLargestRemaindersTheUnitsLeft(t *testing.T) {
	tests := []struct {
		name   string
		minor  int64
		ratios []int64
		want   []int64
	}{
		{"even parts", 100, []int64{1, 1}, []int64{50, 50}},
		{"a tie goes to the earlier party", 100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		{"two units left in a tie of three", 101, []int64{1, 1, 1}, []int64{34, 34, 33}},
		{"the largest remainder is first", 10, []int64{15, 85}, []int64{2, 8}},
		{"a later party with a larger remainder", 10, []int64{33, 67}, []int64{3, 7}},
		{"a negative amount is the mirror", -101, []int64{1, 1, 1}, []int64{-34, -34, -33}},
		{"a ratio of zero gets nothing", 1, []int64{0, 1, 0, 1}, []int64{0, 1, 0, 0}},
		{"one party gets all", 1995, []int64{7}, []int64{1995}},
		{"nothing to give", 0, []int64{1, 2}, []int64{0, 0}},
		{"less than there are parties", 2, []int64{1, 1, 1}, []int64{1, 1, 0}},
		{"the lowest amount to one", math.MinInt64, []int64{math.MaxInt64}, []int64{math.MinInt64}},
		{"the lowest amount to two", math.MinInt64, []int64{1, 1}, []int64{math.MinInt64 / 2, math.MinInt64 / 2}},
		{
			"the highest amount by the highest ratios", math.MaxInt64,
			[]int64{math.MaxInt64 / 2, math.MaxInt64 / 2, 1},
			[]int64{math.MaxInt64 / 2, math.MaxInt64 / 2, 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := money.New(tt.minor, cny).Allocate(tt.ratios...)
			require.NoError(t, err)
			assert.Equal(t, tt.want, minors(parts))
		})
	}
}

func TestAllocateRefusesRatiosThatDoNotDivide(t *testing.T) {
	tests := []struct {
		name   string
		ratios []int64
	}{
		{"none", nil},
		{"a negative one", []int64{1, -1, 3}},
		{"all of them zero", []int64{0, 0}},
		{"a sum out of range", []int64{math.MaxInt64, 1}},
		{"a sum that comes round again", []int64{math.MaxInt64, math.MaxInt64, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts, err := money.New(100, cny).Allocate(tt.ratios...)
			require.ErrorIs(t, err, money.ErrInvalidRatio)
			assert.Nil(t, parts)
		})
	}
}

// modelAllocation is the method of the largest remainder on big integers.
func modelAllocation(minor int64, ratios []int64) []int64 {
	total := new(big.Int).Abs(big.NewInt(minor))
	sum := new(big.Int)
	for _, ratio := range ratios {
		sum.Add(sum, big.NewInt(ratio))
	}
	left := new(big.Int).Set(total)
	units, remainders := make([]*big.Int, len(ratios)), make([]*big.Int, len(ratios))
	order := make([]int, len(ratios))
	for i, ratio := range ratios {
		product := new(big.Int).Mul(total, big.NewInt(ratio))
		units[i], remainders[i] = new(big.Int).QuoRem(product, sum, new(big.Int))
		left.Sub(left, units[i])
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(remainders[j].Cmp(remainders[i]), cmp.Compare(i, j))
	})
	for _, i := range order[:left.Int64()] {
		units[i].Add(units[i], big.NewInt(1))
	}
	parts := make([]int64, len(ratios))
	for i := range parts {
		if minor < 0 {
			units[i].Neg(units[i])
		}
		parts[i] = units[i].Int64()
	}
	return parts
}

func TestAllocateAgreesWithTheModel(t *testing.T) {
	r := random(t)
	for range 20_000 {
		minor := anyInt(r)
		ratios := make([]int64, 1+r.IntN(6))
		if r.IntN(10) == 0 {
			ratios = make([]int64, 50) // so many that a sort may change the order of equals
		}
		for i := range ratios {
			// Cut so that the sum of fifty stays in range.
			ratios[i] = (anyInt(r) & math.MaxInt64) >> 6
			if r.IntN(3) == 0 || len(ratios) == 50 {
				ratios[i] = int64(r.IntN(4))
			}
		}
		if slices.Max(ratios) == 0 {
			ratios[0] = 1
		}
		parts, err := money.New(minor, cny).Allocate(ratios...)
		require.NoError(t, err, "%d by %v", minor, ratios)
		require.Equal(t, modelAllocation(minor, ratios), minors(parts), "%d by %v", minor, ratios)
	}
}

func TestSplitIsAllocateWithEqualRatios(t *testing.T) {
	r := random(t)
	for range 5_000 {
		a, n := money.New(anyInt(r), cny), 1+r.IntN(40)
		ratios := slices.Repeat([]int64{1}, n)
		want, err := a.Allocate(ratios...)
		require.NoError(t, err)
		got, err := a.Split(n)
		require.NoError(t, err)
		require.Equal(t, want, got, "%v in %d parts", a, n)
	}
}

func TestSplitRefusesANumberOfPartsOutOfBounds(t *testing.T) {
	for _, n := range []int{math.MinInt, -1, 0, money.MaxParts + 1, math.MaxInt} {
		parts, err := money.New(100, cny).Split(n)
		require.ErrorIs(t, err, money.ErrInvalidRatio, "%d", n)
		assert.Nil(t, parts)
	}
}

func FuzzAllocate(f *testing.F) {
	f.Add(int64(100), int64(1), int64(1), int64(1))
	f.Add(int64(math.MinInt64), int64(math.MaxInt64), int64(0), int64(0))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(1), int64(0))
	f.Add(int64(-7), int64(3), int64(-2), int64(0))
	f.Fuzz(func(t *testing.T, minor, x, y, z int64) {
		ratios := []int64{x, y, z}
		a := money.New(minor, cny)
		parts, err := a.Allocate(ratios...)
		if err != nil {
			require.ErrorIs(t, err, money.ErrInvalidRatio)
			require.Nil(t, parts)
			return
		}
		require.Equal(t, modelAllocation(minor, ratios), minors(parts))
		sum := money.Zero(cny)
		for i, part := range parts {
			sum, err = sum.Add(part)
			require.NoError(t, err)
			require.False(t, ratios[i] == 0 && !part.IsZero(), "a ratio of 0 got %v", part)
		}
		require.Equal(t, a, sum)
	})
}
