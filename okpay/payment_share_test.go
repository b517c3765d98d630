package okpay_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

func TestAPartySeesItsShareOfAPaymentAndNothingElse(t *testing.T) {
	f := market(start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}}))
	f.topUp(cny(10_000))
	among := func(parties ...okpay.MerchantID) func(*okpay.CreatePayment) {
		return func(in *okpay.CreatePayment) {
			for _, m := range parties {
				in.Splits = append(in.Splits, okpay.Split{Merchant: m, Weight: 1})
			}
		}
	}
	var ids []okpay.PaymentID
	for range 3 {
		f.clock.Advance(time.Second)
		p, err := f.buy(1000, byHand, among("shop", "a", "b"))
		require.NoError(t, err)
		ids = append(ids, p.ID)
	}
	own, err := f.buy(100)
	require.NoError(t, err)
	other, err := f.buy(100, among("b"))
	require.NoError(t, err)
	_, err = f.capture(ids[1], 300, true)
	require.NoError(t, err)

	page, more, err := f.Payments.Shares(t.Context(), okpay.ListShares{Merchant: "a", Limit: 2})
	require.NoError(t, err)
	assert.True(t, more)
	require.Len(t, page, 2)
	assert.Equal(t, []okpay.PaymentID{ids[2], ids[1]}, []okpay.PaymentID{page[0].Payment, page[1].Payment}, "the newest first")
	assert.Equal(t, okpay.PaymentAuthorized, page[0].State)
	share := page[1]
	assert.Equal(t, okpay.PaymentCaptured, share.State)
	assert.Equal(t, f.merchant, share.Merchant)
	assert.Equal(t, okpay.Share{Merchant: "a", Weight: 1, Captured: cny(100), Fee: cny(0), Refunded: cny(0), FeeReturned: cny(0)}, share.Share)
	text, err := json.Marshal(share)
	require.NoError(t, err)
	assert.NotContains(t, string(text), `"b"`, "nothing of the other parties")
	assert.NotContains(t, string(text), "payer", "nor of who paid")
	page, more, err = f.Payments.Shares(t.Context(), okpay.ListShares{Merchant: "a", After: page[1].Payment})
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, page, 1)
	assert.Equal(t, ids[0], page[0].Payment)

	got, err := f.Payments.GetShare(t.Context(), "a", ids[1])
	require.NoError(t, err)
	assert.Equal(t, share, got)
	for name, id := range map[string]okpay.PaymentID{"of others": other.ID, "undivided": own.ID, "that is not there": "pay_x"} {
		_, err := f.Payments.GetShare(t.Context(), "a", id)
		require.Error(t, err, name)
		payRefused(t, err, okpay.NotFound)
	}
	_, err = f.Payments.GetShare(t.Context(), f.merchant, ids[1])
	payRefused(t, err, okpay.NotFound)
	mine, _, err := f.Payments.Shares(t.Context(), okpay.ListShares{Merchant: f.merchant})
	require.NoError(t, err)
	assert.Empty(t, mine, "one's own are payments, and listed as such")
	_, _, err = f.Payments.Shares(t.Context(), okpay.ListShares{})
	payRefused(t, err, okpay.InvalidRequest)
	f.verify()
}

// As many parties as there may be, through all of a payment's life.
func TestAPaymentOfAsManyPartiesAsThereMayBe(t *testing.T) {
	f := start(t, okpay.Config{PaymentExpiry: time.Hour})
	f.topUp(cny(100_000))
	var splits []okpay.Split
	for i := range okpay.MaxSplits {
		m, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: okpay.MerchantID(fmt.Sprintf("party%d", i)), Name: "Party"})
		require.NoError(t, err)
		splits = append(splits, okpay.Split{Merchant: m.ID, Weight: int64(i + 1)})
	}
	last := splits[len(splits)-1].Merchant
	among := func(in *okpay.CreatePayment) { in.Splits = splits }
	closing := func() error {
		_, err := f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: last})
		return err
	}
	const sum = okpay.MaxSplits * (okpay.MaxSplits + 1) / 2 // of the weights
	p, err := f.buy(10*sum, among)
	require.NoError(t, err)
	assert.Equal(t, int64(10*okpay.MaxSplits), f.standing("merchant:"+string(last)+":available", "CNY"))
	// Nobody has anything left, so the refund waits for all of them.
	for _, s := range splits {
		_, err := f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
			Postings: []ledger.Posting{{Debit: "merchant:" + string(s.Merchant) + ":available", Credit: "bank:nostro", Amount: cny(10 * s.Weight)}},
		}}})
		require.NoError(t, err)
	}
	r, err := f.refund(p.ID, cny(10*sum))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundPendingFunds, r.State)
	_, err = f.buy(10*sum, among)
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(r.ID).State)
	assert.Zero(t, f.standing("merchant:"+string(last)+":available", "CNY"))

	held, err := f.buy(sum, byHand, among)
	require.NoError(t, err)
	e := payRefused(t, closing(), okpay.InvalidState)
	assert.Contains(t, e.Detail, "held for the account")
	_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: held.ID})
	require.NoError(t, err)

	open, err := f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: f.merchant, Amount: cny(sum), Splits: splits})
	require.NoError(t, err)
	assert.Equal(t, "the payment "+string(open.ID)+" is not finished", payRefused(t, closing(), okpay.InvalidState).Detail)
	f.clock.Advance(time.Hour)
	f.work()
	require.NoError(t, closing(), "who is to be paid no more may leave")
	shares, _, err := f.Payments.Shares(t.Context(), okpay.ListShares{Merchant: last})
	require.NoError(t, err)
	assert.Len(t, shares, 4)
	f.verify()
}
