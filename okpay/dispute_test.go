package okpay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

func (f *fixture) report(id okpay.PaymentID) (okpay.Dispute, error) {
	return f.Disputes.Open(f.t.Context(), okpay.OpenDispute{Customer: f.customer, Payment: id, Kind: okpay.Unauthorized, Text: "not me"})
}

// minor returns what stands on an account of CNY, on its normal side.
func (f *fixture) minor(account string) int64 {
	f.t.Helper()
	b, err := f.Ledger().Balance(f.t.Context(), ledger.AccountKey{Name: account, Currency: "CNY"})
	require.NoError(f.t, err)
	return b.Posted.Minor()
}

func TestADisputeThatThePayerWins(t *testing.T) {
	for _, provisional := range []bool{true, false} {
		f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
		f.topUp(cny(10_000))
		p := f.paid(8_000)
		_, err := f.refund(p.ID, cny(1_000))
		require.NoError(t, err)
		before := f.last()

		y, err := f.report(p.ID)
		require.NoError(t, err)
		assert.Equal(t, okpay.DisputeUnderReview, y.State)
		assert.Equal(t, cny(7_000), y.Amount)
		assert.EqualValues(t, 6_952, f.minor("reserve:disputes"), "all that the merchant has")
		_, merchant, _ := f.balances("CNY")
		assert.Zero(t, merchant)

		_, err = f.refund(p.ID, cny(1))
		require.ErrorIs(t, err, okpay.PaymentDisputed)
		_, err = f.report(p.ID)
		require.ErrorIs(t, err, okpay.AlreadyDisputed)

		want := []string{"dispute.opened"}
		if provisional {
			_, err = f.Disputes.CreditProvisionally(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "ops"})
			require.NoError(t, err)
			want = append(want, "dispute.provisional_credit")
			customer, _, _ := f.balances("CNY")
			assert.EqualValues(t, 10_000, customer)
			_, err = f.Disputes.CreditProvisionally(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "ops"})
			require.ErrorIs(t, err, okpay.InvalidState, "once")
		}
		decide := okpay.DecideDispute{Dispute: y.ID, By: "ops", Reason: "stolen_device", Key: "k"}
		y, err = f.Disputes.ResolveForPayer(t.Context(), decide)
		require.NoError(t, err)
		assert.Equal(t, okpay.DisputeResolvedForPayer, y.State)
		y, err = f.Disputes.ResolveForPayer(t.Context(), decide)
		require.NoError(t, err)
		assert.True(t, y.Replayed)
		types, _ := f.since(before)
		assert.Equal(t, append(want, "dispute.resolved_for_payer"), types)
		customer, merchant, fees := f.balances("CNY")
		assert.Equal(t, []int64{10_000, 0, 48}, []int64{customer, merchant, fees})
		assert.EqualValues(t, 48, f.minor("receivable:merchant:shop"))
		assert.Zero(t, f.minor("reserve:disputes"))
		assert.Zero(t, f.minor("provisional:disputes"))

		_, err = f.Disputes.ResolveForMerchant(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "ops"})
		require.ErrorIs(t, err, okpay.InvalidState)
		_, err = f.refund(p.ID, cny(1))
		require.Error(t, err, "the money has gone back already")
		f.verify()
	}
}

func TestADisputeThatTheMerchantWins(t *testing.T) {
	for name, end := range map[string]func(f *fixture, id okpay.DisputeID) (okpay.Dispute, error){
		"resolved": func(f *fixture, id okpay.DisputeID) (okpay.Dispute, error) {
			return f.Disputes.ResolveForMerchant(f.t.Context(), okpay.DecideDispute{Dispute: id, By: "ops"})
		},
		"withdrawn": func(f *fixture, id okpay.DisputeID) (okpay.Dispute, error) {
			return f.Disputes.Withdraw(f.t.Context(), okpay.WithdrawDispute{Customer: f.customer, Dispute: id})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, okpay.Config{})
			f.topUp(cny(8_000))
			p := f.paid(8_000)
			y, err := f.report(p.ID)
			require.NoError(t, err)
			_, err = f.Disputes.CreditProvisionally(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "ops"})
			require.NoError(t, err)
			// Most of the credit is spent elsewhere.
			f.paid(5_000)
			y, err = end(f, y.ID)
			require.NoError(t, err)
			customer, merchant, _ := f.balances("CNY")
			assert.Equal(t, []int64{0, 13_000}, []int64{customer, merchant})
			assert.EqualValues(t, 5_000, f.minor("receivable:user:payer"))
			assert.Zero(t, f.minor("provisional:disputes"))
			assert.Zero(t, f.minor("transit:"+string(y.ID)))
			_, err = f.refund(p.ID, cny(8_000))
			require.NoError(t, err, "it can be refunded again")
			f.verify()
		})
	}
}

func TestWhatCanNotBeReported(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(1_000))
	open := f.create(cny(10), okpay.CaptureAutomatic)
	_, err := f.report(open.ID)
	require.ErrorIs(t, err, okpay.NotFound, "nobody paid it yet")

	p := f.paid(10)
	_, err = f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: "other", Payment: p.ID, Kind: okpay.Unauthorized})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: f.customer, Payment: p.ID, Kind: "bored"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = f.refund(p.ID, cny(10))
	require.NoError(t, err)
	_, err = f.report(p.ID)
	require.ErrorIs(t, err, okpay.InvalidState, "refunded whole")

	late := f.paid(10)
	f.clock.Advance(120*24*time.Hour - time.Second)
	_, err = f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: f.customer, Payment: late.ID, Kind: okpay.NotReceived})
	require.NoError(t, err, "a second before the end")
	later := f.paid(10)
	f.clock.Advance(120 * 24 * time.Hour)
	_, err = f.report(later.ID)
	require.ErrorIs(t, err, okpay.InvalidState, "at the instant it is over")
}

func TestEvidenceIsTakenFromThePartiesInTime(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(10))
	y, err := f.report(f.paid(10).ID)
	require.NoError(t, err)
	require.Len(t, y.Evidence, 1)
	in := okpay.AddEvidence{Dispute: y.ID, From: okpay.PartyMerchant, Merchant: f.merchant, Document: "doc_1", Key: "k"}
	y, err = f.Disputes.AddEvidence(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, y.Evidence, 2)
	_, err = f.Disputes.AddEvidence(t.Context(), okpay.AddEvidence{Dispute: y.ID, From: okpay.PartyPayer, Customer: "other", Text: "hi"})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Disputes.AddEvidence(t.Context(), okpay.AddEvidence{Dispute: y.ID, From: okpay.PartyPayer, Customer: f.customer})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	f.clock.Advance(14 * 24 * time.Hour)
	in.Key = "late"
	_, err = f.Disputes.AddEvidence(t.Context(), in)
	require.ErrorIs(t, err, okpay.InvalidState)
	in.Key = "k"
	y, err = f.Disputes.AddEvidence(t.Context(), in)
	require.NoError(t, err, "a replay is answered")
	assert.True(t, y.Replayed)
	page, more, err := f.Disputes.List(t.Context(), okpay.ListDisputes{Merchant: f.merchant})
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, page, 1)
	assert.Equal(t, y.ID, page[0].ID)
}

func TestADisputeAndARefundAtOnceHaveOneWinner(t *testing.T) {
	for range 20 {
		f := start(t, okpay.Config{})
		f.topUp(cny(100))
		p := f.paid(100)
		var running sync.WaitGroup
		var refunded, reported error
		running.Go(func() { _, refunded = f.refund(p.ID, cny(100)) })
		running.Go(func() { _, reported = f.report(p.ID) })
		running.Wait()
		if refunded == nil {
			require.ErrorIs(t, reported, okpay.InvalidState)
		} else {
			require.NoError(t, reported)
			require.ErrorIs(t, refunded, okpay.PaymentDisputed)
		}
		f.verify()
	}
}
