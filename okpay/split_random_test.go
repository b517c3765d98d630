package okpay_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// splitModel is a divided payment in big numbers.
type splitModel struct {
	fee                          okpay.Fee
	weights                      []int64
	payee                        int // -1 if no party
	captured, refunded, disputed int64
}

func (m *splitModel) feeOf(captured int64) int64 {
	n := new(big.Int).Mul(big.NewInt(captured), big.NewInt(m.fee.BasisPoints))
	n.Quo(n.Add(n, big.NewInt(5_000)), big.NewInt(10_000))
	n.Add(n, big.NewInt(m.fee.Fixed))
	if m.fee.Max > 0 && n.Cmp(big.NewInt(m.fee.Max)) > 0 {
		n.SetInt64(m.fee.Max)
	}
	return min(n.Int64(), captured)
}

// net is what each party should have of it.
func (m *splitModel) net() []int64 {
	captured := okpay.ByLargestRemainder(m.captured, m.weights)
	refunded := okpay.ByLargestRemainder(m.refunded, captured)
	fee := m.feeOf(m.captured)
	own, others := int64(0), append([]int64{}, captured...)
	if m.payee >= 0 {
		own, others[m.payee] = min(fee, captured[m.payee]), 0
	}
	fees := okpay.ByLargestRemainder(fee-own, others)
	if m.payee >= 0 {
		fees[m.payee] = own
	}
	back := new(big.Int).Mul(big.NewInt(fee), big.NewInt(m.refunded))
	if m.captured > 0 {
		back.Quo(back, big.NewInt(m.captured))
	}
	returned := okpay.ByLargestRemainder(back.Int64(), fees)
	rest := okpay.ByLargestRemainder(m.captured-m.disputed, captured) // before what a dispute took
	out := make([]int64, len(captured))
	for i := range out {
		out[i] = rest[i] - refunded[i] - fees[i] + returned[i]
	}
	return out
}

// Payments of every scale, divided at random, captured and refunded in parts, with merchants who spend what
// they have at any time, and some disputed in the end: what each merchant has, spent and owes is to the unit
// what big numbers say, and one capture of it all would end in the same.
func TestRandomSplitsAgreeWithBigNumbers(t *testing.T) {
	for scale, code := range map[int]string{0: "JPY", 2: "CNY", 3: "KWD", 4: "CLF"} {
		t.Run(fmt.Sprintf("%d decimals", scale), func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, uint64(scale)))
			require.Equal(t, scale, money.MustISO(code).Scale())
			for range testsize.Scaled(t, 20) {
				randomSplit(t, r, money.MustISO(code))
			}
		})
	}
}

func randomSplit(t *testing.T, r *rand.Rand, c money.Currency) {
	m := &splitModel{payee: -1, fee: okpay.Fee{BasisPoints: r.Int64N(2_000), Fixed: r.Int64N(4)}}
	if r.IntN(3) == 0 {
		m.fee.Max = 1 + r.Int64N(50)
	}
	f := market(start(t, okpay.Config{Fees: okpay.Fees{Payment: m.fee}, RefundFees: okpay.ReturnFeeProportionally}))
	var splits []okpay.Split
	names := [][]string{{"a", "b", "c", "shop"}, {"shop", "c", "b"}, {"b", "shop"}, {"a", "b", "c"}, {"b", "a"}, {"c"}}[r.IntN(6)]
	for i, id := range names {
		w := []int64{1 + r.Int64N(9), 1 + r.Int64N(9), 1 + r.Int64N(10_000)}[r.IntN(3)]
		splits, m.weights = append(splits, okpay.Split{Merchant: okpay.MerchantID(id), Weight: w}), append(m.weights, w)
		if id == "shop" {
			m.payee = i
		}
	}
	amount := 1 + r.Int64N([]int64{30, 1_000, 1_000_000_000}[r.IntN(3)])
	f.topUp(money.New(amount, c))
	p, err := f.buy(amount, byHand, func(in *okpay.CreatePayment) { in.Amount, in.Splits = money.New(amount, c), splits })
	require.NoError(t, err)

	spent := map[string]int64{}
	owes := func(id string) int64 { return f.standing("receivable:merchant:"+id, c.Code()) }
	check := func(what string) {
		t.Helper()
		var got []int64
		for _, id := range names {
			got = append(got, f.standing("merchant:"+id+":available", c.Code())+spent[id]-owes(id))
		}
		require.Equal(t, m.net(), got, "after %s of %d in %+v with %+v", what, amount, splits, m)
	}
	spend := func() {
		if r.IntN(3) > 0 {
			return
		}
		id := names[r.IntN(len(names))]
		spent[id] += f.standing("merchant:"+id+":available", c.Code())
		f.spend(id, c.Code())
	}
	for m.captured < amount {
		spend()
		part := min(amount-m.captured, 1+r.Int64N(max(amount/3, 3)))
		final := r.IntN(6) == 0
		p, err = f.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: "shop", Payment: p.ID, Amount: money.New(part, c), Final: final})
		require.NoError(t, err, "a capture does not depend on what merchants have")
		m.captured += part
		check("a capture")
		if final {
			break
		}
	}
	for m.refunded < m.captured && r.IntN(8) > 0 {
		spend()
		part := min(m.captured-m.refunded, 1+r.Int64N(max(m.captured/3, 3)))
		made, err := f.refund(p.ID, money.New(part, c))
		require.NoError(t, err)
		if made.State == okpay.RefundPendingFunds {
			check("a refund that waits")
			_, err = f.Payments.CancelRefund(t.Context(), okpay.CancelRefund{Merchant: "shop", Refund: made.ID})
			require.NoError(t, err)
			break
		}
		m.refunded += part
		check("a refund")
	}
	if m.refunded < m.captured && r.IntN(2) == 0 {
		spend()
		y, err := f.report(p.ID)
		require.NoError(t, err)
		in := okpay.DecideDispute{Dispute: y.ID, By: "ops"}
		if r.IntN(2) == 0 {
			_, err = f.Disputes.ResolveForPayer(t.Context(), in)
			m.disputed = m.captured - m.refunded
		} else {
			_, err = f.Disputes.ResolveForMerchant(t.Context(), in)
		}
		require.NoError(t, err)
		check("a dispute")
	}
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	var captured, fee, refunded, returned int64
	for _, s := range p.Splits {
		captured, fee = captured+s.Captured.Minor(), fee+s.Fee.Minor()
		refunded, returned = refunded+s.Refunded.Minor(), returned+s.FeeReturned.Minor()
	}
	assert.Equal(t, []int64{p.Captured.Minor(), p.Fee.Minor(), p.Refunded.Minor(), p.FeeReturned.Minor()}, []int64{captured, fee, refunded, returned})
	assert.Equal(t, m.feeOf(m.captured), p.Fee.Minor())
	assert.Zero(t, f.standing("transit:"+string(p.ID), c.Code()))
	f.verify()
}
