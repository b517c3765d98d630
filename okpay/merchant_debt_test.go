package okpay_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// indebted is a wallet whose merchant owes 1,000: a dispute was decided for the payer when the
// merchant had nothing left.
func indebted(t *testing.T) *fixture {
	t.Helper()
	f := start(t, okpay.Config{})
	f.topUp(cny(5000))
	p := f.paid(1000)
	_, err := f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
		Postings: []ledger.Posting{{Debit: "merchant:shop:available", Credit: "bank:nostro", Amount: cny(1000)}},
	}}})
	require.NoError(t, err)
	y, err := f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: f.customer, Payment: p.ID, Kind: okpay.NotReceived})
	require.NoError(t, err)
	_, err = f.Disputes.ResolveForPayer(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "ops1"})
	require.NoError(t, err)
	return f
}

func (f *fixture) owes(want ...money.Amount) {
	f.t.Helper()
	debts, err := f.Merchants.Debts(f.t.Context(), f.merchant)
	require.NoError(f.t, err)
	assert.Equal(f.t, want, debts)
}

func TestAMerchantsDebtIsNettedByAnOperatorsDecision(t *testing.T) {
	f := indebted(t)
	f.owes(cny(1000))
	settle := func(minor int64, key string) money.Amount {
		t.Helper()
		paid, err := f.Merchants.SettleDebt(t.Context(), okpay.SettleMerchantDebt{Merchant: f.merchant, Amount: cny(minor), By: "ops1", Key: key})
		require.NoError(t, err)
		return paid
	}
	assert.Equal(t, cny(0), settle(1000, ""), "there is nothing to pay it from")
	f.paid(300)
	f.owes(cny(1000))
	at := f.last()
	assert.Equal(t, cny(200), settle(200, "k"), "no more than was decided")
	assert.Equal(t, cny(200), settle(200, "k"), "asked again, it is the same")
	types, _ := f.since(at)
	assert.Equal(t, []string{"merchant.debt_settled"}, types)
	assert.Equal(t, int64(100), f.standing("merchant:shop:available", "CNY"))
	assert.Equal(t, cny(100), settle(5000, ""), "no more than is there")
	f.owes(cny(700))
	_, err := f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: f.merchant})
	payRefused(t, err, okpay.InvalidState)
	f.paid(900)
	assert.Equal(t, cny(700), settle(5000, ""), "no more than is owed")
	f.owes()
	lines, err := f.Merchants.Statement(t.Context(), f.merchant, "CNY", okpay.StatementPage{Kinds: []string{"debt"}})
	require.NoError(t, err)
	require.Len(t, lines, 4)
	for i, minor := range []int64{0, -200, -100, -700} {
		assert.Equal(t, cny(minor), lines[i].Amount)
	}
	f.verify()
}

func TestWhatIsHeldForAPayoutDoesNotPayADebt(t *testing.T) {
	f := indebted(t)
	f.paid(300)
	_, err := f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Hold{
		ID: "h", Postings: []ledger.Posting{{Debit: "merchant:shop:available", Credit: "clearing:bankA", Amount: cny(250)}},
	}}})
	require.NoError(t, err)
	paid, err := f.Merchants.SettleDebt(t.Context(), okpay.SettleMerchantDebt{Merchant: f.merchant, Amount: cny(1000), By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, cny(50), paid)
	f.verify()
}

func TestASettlementOfAMerchantsDebtThatIsRefused(t *testing.T) {
	f := indebted(t)
	good := okpay.SettleMerchantDebt{Merchant: f.merchant, Amount: cny(100), By: "ops1", Key: "k"}
	_, err := f.Merchants.SettleDebt(t.Context(), good)
	require.NoError(t, err)
	at := f.last()
	for name, c := range map[string]struct {
		change func(*okpay.SettleMerchantDebt)
		code   okpay.Code
	}{
		"no merchant":      {func(in *okpay.SettleMerchantDebt) { in.Merchant = "" }, okpay.InvalidRequest},
		"nobody":           {func(in *okpay.SettleMerchantDebt) { in.By = "" }, okpay.InvalidRequest},
		"nothing":          {func(in *okpay.SettleMerchantDebt) { in.Amount = cny(0) }, okpay.AmountNotPositive},
		"no such merchant": {func(in *okpay.SettleMerchantDebt) { in.Merchant, in.Key = "other", "" }, okpay.NotFound},
		"another amount":   {func(in *okpay.SettleMerchantDebt) { in.Amount = cny(101) }, okpay.IdempotencyKeyReused},
	} {
		in := good
		c.change(&in)
		_, err := f.Merchants.SettleDebt(t.Context(), in)
		require.Error(t, err, name)
		payRefused(t, err, c.code)
	}
	_, err = f.Merchants.Debts(t.Context(), "other")
	payRefused(t, err, okpay.NotFound)
	other, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "gone", Name: "Gone"})
	require.NoError(t, err)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: other.ID})
	require.NoError(t, err)
	_, err = f.Merchants.SettleDebt(t.Context(), okpay.SettleMerchantDebt{Merchant: other.ID, Amount: cny(1), By: "ops1"})
	payRefused(t, err, okpay.AccountClosed)
	types, _ := f.since(at)
	assert.NotContains(t, types, "merchant.debt_settled")
}

func TestSettlementsThatRacePayNoMoreThanIsOwed(t *testing.T) {
	f := indebted(t)
	f.paid(3000)
	var (
		running sync.WaitGroup
		paid    [32]int64
	)
	for i := range paid {
		running.Go(func() {
			a, err := f.Merchants.SettleDebt(t.Context(), okpay.SettleMerchantDebt{Merchant: f.merchant, Amount: cny(90), By: "ops1"})
			assert.NoError(t, err)
			paid[i] = a.Minor()
		})
	}
	running.Wait()
	sum := int64(0)
	for _, minor := range paid {
		sum += minor
	}
	assert.Equal(t, int64(1000), sum)
	f.owes()
	assert.Equal(t, int64(2000), f.standing("merchant:shop:available", "CNY"))
	f.verify()
}
