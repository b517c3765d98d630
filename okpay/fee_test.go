package okpay_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/okpay/okpay-go/okpay"
)

// exactFee is the fee out of an amount by the formula, in numbers without bounds.
func exactFee(f okpay.Fee, amount int64) int64 {
	return min(exactAdditional(f, amount), max(amount, 0))
}

// exactAdditional is the fee on top of an amount.
func exactAdditional(f okpay.Fee, amount int64) int64 {
	if amount <= 0 {
		return 0
	}
	x := new(big.Int).Mul(big.NewInt(amount), big.NewInt(f.BasisPoints))
	x.Add(x, big.NewInt(5000)).Div(x, big.NewInt(10_000)).Add(x, big.NewInt(f.Fixed))
	if x.Cmp(big.NewInt(f.Min)) < 0 {
		x.SetInt64(f.Min)
	}
	if f.Max > 0 && x.Cmp(big.NewInt(f.Max)) > 0 {
		x.SetInt64(f.Max)
	}
	if !x.IsInt64() {
		return math.MaxInt64
	}
	return x.Int64()
}

func TestFeesAreExact(t *testing.T) {
	for _, c := range []struct {
		name   string
		fee    okpay.Fee
		amount int64
		want   int64
	}{
		{"nothing by default", okpay.Fee{}, 1000, 0},
		{"half a unit is rounded up", okpay.Fee{BasisPoints: 60}, 2500, 15},
		{"just under half is rounded down", okpay.Fee{BasisPoints: 360}, 13, 0},
		{"just over half is rounded up", okpay.Fee{BasisPoints: 360}, 14, 1},
		{"a minimum", okpay.Fee{BasisPoints: 1, Min: 10}, 100, 10},
		{"a maximum", okpay.Fee{BasisPoints: 1000, Max: 5}, 100, 5},
		{"never more than the amount", okpay.Fee{Fixed: 50}, 20, 20},
		{"the largest amount", okpay.Fee{BasisPoints: 10_000, Fixed: math.MaxInt64}, math.MaxInt64, math.MaxInt64},
		{"no fee on nothing", okpay.Fee{Min: 5}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, cny(c.want), c.fee.On(cny(c.amount)))
			assert.Equal(t, c.want, exactFee(c.fee, c.amount))
		})
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 100_000 {
		f := okpay.Fee{BasisPoints: r.Int64N(10_001), Fixed: r.Int64() >> r.UintN(63), Min: r.Int64() >> r.UintN(63)}
		if r.IntN(2) == 0 {
			f.Max = max(f.Min, r.Int64()>>r.UintN(63))
		}
		amount := r.Int64() >> r.UintN(63)
		assert.Equal(t, exactFee(f, amount), f.On(cny(amount)).Minor(), "%+v on %d", f, amount)
	}
}
