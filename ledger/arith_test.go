package ledger

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestCheckedArithmeticAgreesWithBigIntegers(t *testing.T) {
	values := []int64{
		math.MinInt64, math.MinInt64 + 1, math.MinInt64 / 2, -2, -1, 0, 1, 2, math.MaxInt64/2 + 1, math.MaxInt64 - 1, math.MaxInt64,
	}
	check := func(want *big.Int, got int64, ok bool) {
		t.Helper()
		assert.Equal(t, want.IsInt64(), ok, "%v", want)
		if ok {
			assert.Equal(t, want.Int64(), got)
		}
	}
	for _, a := range values {
		for _, b := range values {
			x, y := big.NewInt(a), big.NewInt(b)
			sum, ok := add(a, b)
			check(new(big.Int).Add(x, y), sum, ok)
			difference, ok := sub(a, b)
			check(new(big.Int).Sub(x, y), difference, ok)
			if far := new(big.Int).Sub(y, x); far.Sign() >= 0 {
				want := int64(math.MaxInt64)
				if far.IsInt64() {
					want = far.Int64()
				}
				assert.Equal(t, want, distance(a, b))
			}
		}
		negative, ok := negate(a)
		check(new(big.Int).Neg(big.NewInt(a)), negative, ok)
	}
}

func TestTurnoverCarries(t *testing.T) {
	var a Account
	sum := new(big.Int)
	for _, debit := range []int64{math.MaxInt64, math.MaxInt64, 1, 0, 1, math.MaxInt64, 7} {
		a.addTurnover(debit)
		sum.Add(sum, big.NewInt(debit))
	}
	got := new(big.Int).SetUint64(a.DebitsHi)
	got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(a.DebitsLo))
	assert.Equal(t, sum.String(), got.String())
	assert.EqualValues(t, 1, a.DebitsHi)
}

func TestTimesAreCutDownToMicroseconds(t *testing.T) {
	for _, row := range [][2]time.Time{
		{{}, {}},
		{time.Date(2026, 3, 1, 12, 0, 0, 1999, time.FixedZone("east", 3600)), time.Date(2026, 3, 1, 11, 0, 0, 1000, time.UTC)},
		{time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC)},
	} {
		assert.Equal(t, row[1], micro(row[0]))
	}
}
