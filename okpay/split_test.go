package okpay_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// market adds three merchants to a wallet, who sell by way of the shop.
func market(f *fixture) *fixture {
	f.t.Helper()
	for _, id := range []okpay.MerchantID{"a", "b", "c"} {
		_, err := f.Merchants.Create(f.t.Context(), okpay.CreateMerchant{ID: id, Name: string(id)})
		require.NoError(f.t, err)
	}
	return f
}

// among divides a payment between the merchants a, b and c, and the shop if there are four
// weights.
func among(weights ...int64) func(*okpay.CreatePayment) {
	return func(in *okpay.CreatePayment) {
		for i, w := range weights {
			in.Splits = append(in.Splits, okpay.Split{Merchant: []okpay.MerchantID{"a", "b", "c", "shop"}[i], Weight: w})
		}
	}
}

// have returns what merchants have, what they owe taken off.
func (f *fixture) have(ids ...string) (out []int64) {
	f.t.Helper()
	for _, id := range ids {
		out = append(out, f.standing("merchant:"+id+":available", "CNY")-f.standing("receivable:merchant:"+id, "CNY"))
	}
	return out
}

// spend takes all that a merchant has.
func (f *fixture) spend(id, currency string) {
	f.t.Helper()
	_, err := f.Ledger().Commit(f.t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{{
		Debit: "merchant:" + id + ":available", Credit: "bank:main", Amount: money.New(1<<50, money.MustISO(currency)), UpTo: ledger.UpToDebit,
	}}}}})
	require.NoError(f.t, err)
}

func TestAPaymentIsDividedAmongItsParties(t *testing.T) {
	f := market(start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 600}}, RefundFees: okpay.ReturnFeeProportionally}))
	f.topUp(cny(1_000))
	at := f.last()
	key := func(in *okpay.CreatePayment) { in.Key = "k" }
	p, err := f.buy(1_000, byHand, among(3, 3, 3, 1), key)
	require.NoError(t, err)
	for id, pending := range map[string]int64{"a": 300, "b": 300, "c": 300, "shop": 100} {
		b, err := f.Ledger().Balance(t.Context(), ledger.AccountKey{Name: "merchant:" + id + ":available", Currency: "CNY"})
		require.NoError(t, err)
		assert.Equal(t, pending, b.PendingIn.Minor(), id)
	}
	p, err = f.capture(p.ID, 500, false)
	require.NoError(t, err)
	assert.Equal(t, []int64{150, 150, 150, 20}, f.have("a", "b", "c", "shop"), "the fee is the shop's")
	p, err = f.capture(p.ID, 0, false)
	require.NoError(t, err)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.authorized", "payment.partially_captured", "payment.captured"}, types)
	assert.Equal(t, []int64{300, 300, 300, 40}, f.have("a", "b", "c", "shop"))
	assert.Equal(t, okpay.Share{
		Merchant: "shop", Weight: 1, Captured: cny(100), Fee: cny(60), Refunded: cny(0), FeeReturned: cny(0),
	}, p.Splits[3])

	r, err := f.refund(p.ID, cny(505))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundSucceeded, r.State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"refund.created", "refund.succeeded", "payment.partially_refunded"}, types)
	assert.Equal(t, []int64{300 - 152, 300 - 152, 300 - 151, 40 - 50 + 30}, f.have("a", "b", "c", "shop"))
	_, err = f.refund(p.ID, money.Amount{})
	require.NoError(t, err)
	assert.Equal(t, []int64{0, 0, 0, 0}, f.have("a", "b", "c", "shop"), "all of it, to the unit")
	customer, _, fees := f.balances("CNY")
	assert.Equal(t, []int64{1_000, 0}, []int64{customer, fees})
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentRefunded, p.State)
	for _, s := range p.Splits {
		assert.Equal(t, s.Captured, s.Refunded)
		assert.Equal(t, s.Fee, s.FeeReturned)
	}

	again, err := f.buy(1_000, byHand, among(3, 3, 3, 1), key)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, p.ID, again.ID)
	_, err = f.buy(1_000, byHand, among(3, 3, 3, 2), key)
	payRefused(t, err, okpay.IdempotencyKeyReused)
	f.verify()
}

// A third party may have a unit less of a larger whole. What it gives back it may have spent.
func TestAUnitThatAPartyHasLessOfALargerWhole(t *testing.T) {
	for name, spent := range map[string]bool{"it has it": false, "it has spent it": true} {
		t.Run(name, func(t *testing.T) {
			f := market(start(t, okpay.Config{}))
			f.topUp(cny(1_000))
			p, err := f.buy(11, byHand, among(6, 6, 2))
			require.NoError(t, err)
			_, err = f.capture(p.ID, 10, false)
			require.NoError(t, err)
			require.Equal(t, []int64{4, 4, 2}, f.have("a", "b", "c"))
			want := []int64{5, 5, 1}
			if spent {
				f.spend("c", "CNY")
				want[2] = -1
			}
			p, err = f.capture(p.ID, 1, false)
			require.NoError(t, err)
			assert.Equal(t, okpay.PaymentCaptured, p.State)
			assert.Equal(t, want, f.have("a", "b", "c"), "as if 11 had been captured at once")
			assert.Zero(t, f.standing("transit:"+string(p.ID), "CNY"))
			f.verify()
		})
	}
}

// The fee of a larger whole may be a unit more than the merchant's share of the part that is captured.
func TestAFeeThatTheMerchantHasSpentIsOwed(t *testing.T) {
	f := market(start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 600}}}))
	f.topUp(cny(1_000))
	p, err := f.buy(25, byHand, func(in *okpay.CreatePayment) {
		in.Splits = []okpay.Split{{Merchant: "a", Weight: 9}, {Merchant: "shop", Weight: 1}}
	})
	require.NoError(t, err)
	_, err = f.capture(p.ID, 24, false)
	require.NoError(t, err)
	require.Equal(t, []int64{22, 1}, f.have("a", "shop"))
	f.spend("shop", "CNY")
	_, err = f.capture(p.ID, 1, false)
	require.NoError(t, err)
	assert.Equal(t, []int64{23, -1}, f.have("a", "shop"))
	assert.Equal(t, int64(2), f.standing("fees:payment", "CNY"))
	f.verify()
}

func TestARefundWaitsForEachOfThoseWhoPayIt(t *testing.T) {
	f := market(start(t, okpay.Config{}))
	f.topUp(cny(10_000))
	divided, err := f.buy(1_000, among(1, 1))
	require.NoError(t, err)
	f.spend("b", "CNY")
	r, err := f.refund(divided.ID, cny(400))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundPendingFunds, r.State)
	assert.Equal(t, okpay.MerchantFundsInsufficient, r.Failure.Code)
	assert.Equal(t, []int64{500, 0}, f.have("a", "b"), "nothing was taken from anybody")

	// That b has too little does not keep a's own refunds.
	f.merchant = "a"
	own, err := f.buy(100)
	require.NoError(t, err)
	f.spend("a", "CNY")
	mine, err := f.refund(own.ID, money.Amount{})
	require.NoError(t, err)
	require.Equal(t, okpay.RefundPendingFunds, mine.State)
	_, err = f.buy(600)
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(mine.ID).State)
	assert.Equal(t, []int64{500, 0}, f.have("a", "b"))

	// A capture of a divided payment is money for all of them.
	f.merchant = "shop"
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(r.ID).State)
	_, err = f.buy(400, among(1, 1))
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(r.ID).State)
	assert.Equal(t, []int64{500, 0}, f.have("a", "b"))
	f.verify()
}

func TestARefundThatComesBackIsThePartiesAgain(t *testing.T) {
	f, _, _ := withSources(t, okpay.Config{
		RefundTo: okpay.RefundToSource, RefundFees: okpay.ReturnFeeProportionally, Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 1_000}},
	})
	market(f)
	p, err := f.buy(101, by(okpay.FromSource("psp")), among(2, 2, 2, 1))
	require.NoError(t, err)
	had := f.have("a", "b", "c", "shop")
	r, err := f.refund(p.ID, money.Amount{})
	require.NoError(t, err)
	require.Equal(t, okpay.RefundSucceeded, r.State)
	assert.Equal(t, []int64{0, 0, 0, 0}, f.have("a", "b", "c", "shop"))
	_, err = f.Payments.AnswerRefund(t.Context(), okpay.RefundAnswer{Refund: r.ID, Outcome: okpay.RefundUndone})
	require.NoError(t, err)
	assert.Equal(t, had, f.have("a", "b", "c", "shop"))
	assert.Zero(t, f.standing("clearing:psp:refunds", "CNY"))
	assert.Equal(t, int64(10), f.standing("fees:payment", "CNY"))
	f.verify()
}

func TestADisputeReservesFromEachParty(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*okpay.Disputes, okpay.DecideDispute) error
		have []int64
		owed int64
	}{
		"for the payer": {func(s *okpay.Disputes, in okpay.DecideDispute) error {
			_, err := s.ResolveForPayer(t.Context(), in)
			return err
		}, []int64{0, -333, 0}, 333},
		"for the merchants": {func(s *okpay.Disputes, in okpay.DecideDispute) error {
			_, err := s.ResolveForMerchant(t.Context(), in)
			return err
		}, []int64{333, 0, 333}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := market(start(t, okpay.Config{}))
			f.topUp(cny(1_000))
			p, err := f.buy(1_000, among(1, 1, 1))
			require.NoError(t, err)
			_, err = f.refund(p.ID, cny(1))
			require.NoError(t, err)
			require.Equal(t, []int64{333, 333, 333}, f.have("a", "b", "c"))
			f.spend("b", "CNY")
			y, err := f.report(p.ID)
			require.NoError(t, err)
			assert.Equal(t, []int64{0, 0, 0}, f.have("a", "b", "c"))
			assert.EqualValues(t, 666, f.minor("reserve:disputes"))
			require.NoError(t, c.end(f.Disputes, okpay.DecideDispute{Dispute: y.ID, By: "ops"}))
			assert.Equal(t, c.have, f.have("a", "b", "c"))
			assert.Equal(t, c.owed, f.standing("receivable:merchant:b", "CNY"))
			assert.Zero(t, f.minor("reserve:disputes"))
			f.verify()
		})
	}
}

func TestSplitsThatAreRefused(t *testing.T) {
	f := market(start(t, okpay.Config{}))
	f.topUp(cny(1_000))
	_, err := f.Merchants.SetCurrencies(t.Context(), okpay.SetCurrencies{Merchant: "c", Currencies: []string{"USD"}})
	require.NoError(t, err)
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "gone", Name: "Gone"})
	require.NoError(t, err)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: "gone"})
	require.NoError(t, err)
	many := make([]okpay.Split, okpay.MaxSplits+1)
	for i := range many {
		many[i] = okpay.Split{Merchant: okpay.MerchantID("m" + string(rune('a'+i%26)) + string(rune('a'+i/26))), Weight: 1}
	}
	for name, c := range map[string]struct {
		splits []okpay.Split
		code   okpay.Code
	}{
		"a weight of zero":                  {[]okpay.Split{{"a", 1}, {"b", 0}}, okpay.InvalidRequest},
		"a negative weight":                 {[]okpay.Split{{"a", 2}, {"b", -1}}, okpay.InvalidRequest},
		"weights beyond an int64":           {[]okpay.Split{{"a", math.MaxInt64}, {"b", 1}}, okpay.InvalidRequest},
		"a merchant twice":                  {[]okpay.Split{{"a", 1}, {"a", 1}}, okpay.InvalidRequest},
		"a merchant without an id":          {[]okpay.Split{{"", 1}}, okpay.InvalidRequest},
		"a merchant id with a colon":        {[]okpay.Split{{"a:b", 1}}, okpay.InvalidRequest},
		"too many":                          {many, okpay.InvalidRequest},
		"a merchant that is not there":      {[]okpay.Split{{"a", 1}, {"nobody", 1}}, okpay.NotFound},
		"a currency that one does not take": {[]okpay.Split{{"a", 1}, {"c", 1}}, okpay.MerchantNotAllowed},
		"a merchant who is closed":          {[]okpay.Split{{"a", 1}, {"gone", 1}}, okpay.MerchantNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			before, _, _, err := f.Ledger().Head(t.Context())
			require.NoError(t, err)
			_, err = f.buy(10, func(in *okpay.CreatePayment) { in.Splits = c.splits })
			e := refusedWith(t, err, c.code)
			if c.code == okpay.InvalidRequest {
				assert.Equal(t, "splits", e.Field)
			}
			after, _, _, err := f.Ledger().Head(t.Context())
			require.NoError(t, err)
			assert.Equal(t, before, after)
		})
	}
}

func TestWhoIsToBePaidYetStays(t *testing.T) {
	f := market(start(t, okpay.Config{PaymentExpiry: time.Hour}))
	f.topUp(cny(1_000))
	p, err := f.Payments.Create(t.Context(), okpay.CreatePayment{
		Merchant: f.merchant, Amount: cny(10), CaptureMethod: okpay.CaptureManual,
		Splits: []okpay.Split{{Merchant: "a", Weight: 1}, {Merchant: "shop", Weight: 1}},
	})
	require.NoError(t, err)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: "a"})
	require.ErrorIs(t, err, okpay.InvalidState)

	// One who takes the currency no longer is asked again when the customer pays.
	_, err = f.Merchants.SetCurrencies(t.Context(), okpay.SetCurrencies{Merchant: "a", Currencies: []string{"USD"}})
	require.NoError(t, err)
	p, err = f.confirm(p.ID)
	payRefused(t, err, okpay.MerchantNotAllowed)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: "a"})
	require.NoError(t, err)

	// Whoever is only a party neither sees the payment nor captures it.
	p, err = f.buy(10, byHand, func(in *okpay.CreatePayment) { in.Splits = []okpay.Split{{Merchant: "b", Weight: 1}} })
	require.NoError(t, err)
	_, err = f.Payments.GetOwned(t.Context(), "b", p.ID)
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: "b", Payment: p.ID})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: "b"})
	require.ErrorIs(t, err, okpay.InvalidState)
	p, err = f.capture(p.ID, 0, false)
	require.NoError(t, err)
	assert.Equal(t, []int64{10, 0}, f.have("b", "shop"))
	f.verify()
}
