package okpay

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger/money"
)

// ByLargestRemainder divides a whole as it is done by hand: rounded down, and then a unit for
// each of those with the largest remainders, the earlier first.
func ByLargestRemainder(whole int64, weights []int64) []int64 {
	sum, out := new(big.Int), make([]int64, len(weights))
	rest := make([]*big.Int, len(weights))
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	if whole == 0 {
		return out
	}
	left := whole
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(whole), big.NewInt(w)), sum, new(big.Int))
		out[i], rest[i] = q.Int64(), r
		left -= out[i]
	}
	for ; left > 0; left-- {
		most := 0
		for i := range rest {
			if rest[i].Cmp(rest[most]) > 0 {
				most = i
			}
		}
		out[most]++
		rest[most] = big.NewInt(-1)
	}
	return out
}

// checkDivision holds a division to what is promised of it.
func checkDivision(t *testing.T, p *paymentDoc, c money.Currency) {
	t.Helper()
	got, err := divide(p, c)
	require.NoError(t, err)
	weights, payee := make([]int64, len(p.Parties)), -1
	for i, s := range p.Parties {
		if weights[i] = s.Weight; s.Merchant == p.Merchant {
			payee = i
		}
	}
	captured := ByLargestRemainder(p.Minor.Captured, weights)
	refunded := ByLargestRemainder(p.Minor.RefundPosted, captured)
	others, own := append([]int64{}, captured...), int64(0)
	if payee >= 0 {
		own, others[payee] = min(p.Minor.Fee, captured[payee]), 0
	}
	fee := ByLargestRemainder(p.Minor.Fee-own, others)
	if payee >= 0 {
		fee[payee] = own
	}
	feeReturned := ByLargestRemainder(p.Minor.FeeReturned, fee)
	var sum portion
	for i, of := range got {
		require.Equal(t, portion{captured[i], fee[i], refunded[i], feeReturned[i]}, of, "party %d of %v with %+v", i, p.Parties, p.Minor)
		assert.GreaterOrEqual(t, of.fee, int64(0))
		assert.LessOrEqual(t, of.fee, of.captured)
		assert.LessOrEqual(t, of.refunded, of.captured)
		assert.LessOrEqual(t, of.feeReturned, of.fee)
		sum.captured += of.captured
		sum.fee += of.fee
		sum.refunded += of.refunded
		sum.feeReturned += of.feeReturned
	}
	require.Equal(t, portion{p.Minor.Captured, p.Minor.Fee, p.Minor.RefundPosted, p.Minor.FeeReturned}, sum)

	// A dispute about the rest, and refunds of all before it, take exactly what there is.
	rest := p.Minor.Captured - p.Minor.RefundPosted
	parts, err := p.last(rest, c)
	require.NoError(t, err)
	for i := range parts {
		require.GreaterOrEqual(t, parts[i], int64(0))
		require.Equal(t, captured[i], parts[i]+refunded[i])
	}
}

// randomDivision is a payment with parties, some of whom get nothing, in amounts up to most.
func randomDivision(r *rand.Rand, most int64) *paymentDoc {
	p := &paymentDoc{}
	p.Merchant = "m0"
	first := r.IntN(2) // whether the payment's merchant is one of them
	for i := range 1 + r.IntN(6) {
		w := 1 + r.Int64N(20)
		if r.IntN(4) == 0 {
			w = 1 + r.Int64N(1<<59)
		}
		p.Parties = append(p.Parties, Split{MerchantID("m" + string(rune('0'+i+first))), w})
	}
	m := &p.Minor
	m.Captured = 1 + r.Int64N(most)
	m.Fee, m.RefundPosted = r.Int64N(m.Captured+1), r.Int64N(m.Captured+1)
	m.FeeReturned = r.Int64N(m.Fee + 1)
	return p
}

func TestDivisionsAgreeWithBigNumbers(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, code := range []string{"JPY", "CNY", "KWD", "CLF"} {
		for range testsize.Scaled(t, 5_000) {
			most := []int64{10, 1_000, 1_000_000, 1<<63 - 2}[r.IntN(4)]
			checkDivision(t, randomDivision(r, most), money.MustISO(code))
		}
	}
}

func TestDivisionsByHand(t *testing.T) {
	for name, c := range map[string]struct {
		weights                 []int64
		captured, fee, refunded int64
		payee                   MerchantID
		want                    []portion
	}{
		"ties go to the earlier":               {[]int64{1, 1, 1}, 100, 0, 0, "a", []portion{{captured: 34}, {captured: 33}, {captured: 33}}},
		"the largest remainders get the units": {[]int64{1, 2, 4}, 10, 0, 0, "a", []portion{{captured: 1}, {captured: 3}, {captured: 6}}},
		"basis points":                         {[]int64{9_250, 750}, 9_999, 0, 0, "a", []portion{{captured: 9_249}, {captured: 750}}},
		"amounts as weights are exact":         {[]int64{4_001, 5_998}, 9_999, 0, 0, "a", []portion{{captured: 4_001}, {captured: 5_998}}},
		"the fee is the merchant's":            {[]int64{1, 9}, 1_000, 60, 0, "a", []portion{{100, 60, 0, 0}, {captured: 900}}},
		"what the share does not cover is the others', by their shares": {
			[]int64{1, 3, 6}, 100, 19, 0, "a", []portion{{10, 10, 0, 0}, {30, 3, 0, 0}, {60, 6, 0, 0}},
		},
		"a merchant who is no party bears none of it": {[]int64{1, 3}, 100, 10, 0, "z", []portion{{25, 3, 0, 0}, {75, 7, 0, 0}}},
		"refunds are by what each has":                {[]int64{1, 1, 1}, 100, 0, 50, "a", []portion{{34, 0, 17, 0}, {33, 0, 17, 0}, {33, 0, 16, 0}}},
		"a full refund takes it all":                  {[]int64{1, 1, 1}, 100, 0, 100, "a", []portion{{34, 0, 34, 0}, {33, 0, 33, 0}, {33, 0, 33, 0}}},
		"a small party has less of a larger whole, 10": {
			[]int64{6, 6, 2}, 10, 0, 0, "a", []portion{{captured: 4}, {captured: 4}, {captured: 2}},
		},
		"a small party has less of a larger whole, 11": {
			[]int64{6, 6, 2}, 11, 0, 0, "a", []portion{{captured: 5}, {captured: 5}, {captured: 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &paymentDoc{}
			p.Merchant = c.payee
			for i, w := range c.weights {
				p.Parties = append(p.Parties, Split{MerchantID(rune('a' + i)), w})
			}
			p.Minor.Captured, p.Minor.Fee, p.Minor.RefundPosted = c.captured, c.fee, c.refunded
			got, err := divide(p, money.MustISO("CNY"))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

// FuzzDivide tries divisions of whatever size among whatever parties.
func FuzzDivide(f *testing.F) {
	f.Add(int64(100), int64(7), int64(50), int64(3), []byte{1, 1, 1}, byte(0))
	f.Add(int64(11), int64(0), int64(1), int64(0), []byte{6, 6, 2}, byte(9))
	f.Add(int64(1<<63-1), int64(1<<63-1), int64(1<<63-1), int64(1<<63-1), []byte{255, 1, 255, 254}, byte(1))
	f.Fuzz(func(t *testing.T, captured, fee, refunded, returned int64, weights []byte, payee byte) {
		p := &paymentDoc{}
		p.Merchant = MerchantID("m" + string(rune(payee)))
		for i, w := range weights {
			p.Parties = append(p.Parties, Split{MerchantID("m" + string(rune(i))), int64(w)})
		}
		if len(weights) == 0 || captured < 0 || fee < 0 || fee > captured || refunded < 0 || refunded > captured || returned < 0 || returned > fee {
			return // no division there could be
		}
		for i := range p.Parties {
			if p.Parties[i].Weight == 0 {
				p.Parties[i].Weight = 1 << 40
			}
		}
		m := &p.Minor
		m.Captured, m.Fee, m.RefundPosted, m.FeeReturned = captured, fee, refunded, returned
		checkDivision(t, p, money.MustISO("CNY"))
	})
}
