package mock_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// paid makes a payment that is paid.
func paid(t *testing.T, pay *mock.Server, amount money.Amount) merchant.Payment {
	t.Helper()
	p := ask(t, pay, merchant.CreatePayment{Amount: amount})
	require.NoError(t, pay.Confirm(p.ID, pay.Customer("100.00 CNY")))
	return look(t, pay, p.ID)
}

func TestTheClientTakesMoneyOut(t *testing.T) {
	t.Parallel()
	pay := mock.New(t, mock.Config{Wallet: okpay.Config{
		VerifyDestination: func(context.Context, okpay.DestinationCheck) (okpay.DestinationVerdict, error) {
			return okpay.DestinationVerdict{Verified: true}, nil
		},
		Limits: []okpay.Limit{{On: okpay.OnPayout, Per: okpay.Daily, Max: 1_000, Count: 5}},
	}})
	c, ctx := pay.Client, t.Context()
	paid(t, pay, cny(5_000))
	d, err := c.Destinations.Create(ctx, merchant.CreateDestination{Type: "bank", Holder: "Shop", Details: "DE00CANARY1234", Key: "d"})
	require.NoError(t, err)
	assert.Equal(t, merchant.DestinationVerified, d.State)
	again, err := c.Destinations.Create(ctx, merchant.CreateDestination{Type: "bank", Holder: "Shop", Details: "DE00CANARY1234", Key: "d"})
	require.NoError(t, err)
	assert.Equal(t, d.ID, again.ID)
	assert.True(t, again.Replayed)

	conditions, err := c.Payouts.Conditions(ctx, "CNY")
	require.NoError(t, err)
	assert.Equal(t, cny(1_000), conditions.Most)
	assert.Equal(t, cny(5_000), conditions.Withdrawable)
	require.Len(t, conditions.Limits, 1)
	assert.Equal(t, cny(1_000), conditions.Limits[0].Left)
	assert.EqualValues(t, 5, *conditions.Limits[0].Count)
	assert.Len(t, conditions.Destinations, 1)

	_, err = c.Payouts.Create(ctx, merchant.CreatePayout{Amount: cny(1_001), Destination: d.ID})
	var refused *merchant.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, merchant.CodeLimitExceededDaily, refused.Code)
	assert.Equal(t, cny(1_000), refused.Limit)
	assert.False(t, refused.ResetsAt.IsZero())

	p, err := c.Payouts.Create(ctx, merchant.CreatePayout{Amount: cny(600), Destination: d.ID})
	require.NoError(t, err)
	assert.Equal(t, merchant.PayoutUnderReview, p.State)
	p, err = c.Payouts.Cancel(ctx, merchant.CancelPayout{Payout: p.ID})
	require.NoError(t, err)
	assert.Equal(t, merchant.PayoutCanceled, p.State)
	got, err := c.Payouts.Get(ctx, p.ID)
	require.NoError(t, err)
	assert.Equal(t, p.History, got.History)
	n := 0
	for _, err := range c.Payouts.All(ctx, merchant.ListPayouts{Limit: 1}) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 1, n)

	s, err := c.Payouts.SetSchedule(ctx, merchant.SetPayoutSchedule{
		Currency: "CNY", Every: merchant.EveryWeek, Weekday: 1, Hour: 6, Reserve: cny(100), Destination: d.ID,
	})
	require.NoError(t, err)
	assert.Equal(t, cny(100), s.Reserve)
	read, err := c.Payouts.Schedule(ctx, "CNY")
	require.NoError(t, err)
	assert.Equal(t, s.NextAt, read.NextAt)
	s, err = c.Payouts.RemoveSchedule(ctx, merchant.RemovePayoutSchedule{Currency: "CNY"})
	require.NoError(t, err)
	assert.Equal(t, merchant.PayoutScheduleRemoved, s.State)

	d, err = c.Destinations.Remove(ctx, merchant.RemoveDestination{Destination: d.ID})
	require.NoError(t, err)
	assert.Equal(t, merchant.DestinationRemoved, d.State)
	d, err = c.Destinations.Get(ctx, d.ID)
	require.NoError(t, err)
	assert.Empty(t, d.Mask)
	left, err := c.Destinations.List(ctx, merchant.ListDestinations{})
	require.NoError(t, err)
	assert.Empty(t, left.Data)
}

func TestTheClientAnswersADisputeAndCallsARefundOff(t *testing.T) {
	t.Parallel()
	pay := mock.New(t, mock.Config{Wallet: okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{Fixed: 1}}}})
	c, ctx := pay.Client, t.Context()
	p := paid(t, pay, cny(2_000))
	r, err := c.Payments.Refund(ctx, merchant.CreateRefund{Payment: p.ID}) // the fee is missing
	require.NoError(t, err)
	require.Equal(t, merchant.RefundPendingFunds, r.State)
	assert.Equal(t, cny(2_000), look(t, pay, p.ID).RefundPending)
	r, err = c.Refunds.Cancel(ctx, merchant.CancelRefund{Refund: r.ID})
	require.NoError(t, err)
	assert.Equal(t, merchant.RefundCanceled, r.State)

	opened, err := pay.Wallet.Disputes.Open(ctx, okpay.OpenDispute{
		Customer: okpay.CustomerID(p.Customer), Payment: okpay.PaymentID(p.ID), Kind: okpay.NotReceived, Text: "Nothing came.",
	})
	require.NoError(t, err)
	assert.Equal(t, merchant.DisputeID(opened.ID), look(t, pay, p.ID).Dispute)
	_, err = c.Payments.Refund(ctx, merchant.CreateRefund{Payment: p.ID})
	require.ErrorIs(t, err, merchant.CodePaymentDisputed)
	y, err := c.Disputes.AddEvidence(ctx, merchant.AddEvidence{Dispute: merchant.DisputeID(opened.ID), Text: "Signed for.", Document: "doc-1"})
	require.NoError(t, err)
	require.Len(t, y.Evidence, 2)
	assert.Equal(t, merchant.PartyMerchant, y.Evidence[1].From)
	got, err := c.Disputes.Get(ctx, y.ID)
	require.NoError(t, err)
	assert.Equal(t, y.Evidence, got.Evidence)
	all, err := c.Disputes.List(ctx, merchant.ListDisputes{})
	require.NoError(t, err)
	assert.Len(t, all.Data, 1)
	_, err = c.Disputes.Get(ctx, "dsp_unknown")
	require.ErrorIs(t, err, merchant.CodeNotFound)
}

func TestTheClientReadsReports(t *testing.T) {
	t.Parallel()
	pay := mock.New(t, mock.Config{Wallet: okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{Fixed: 1}}}})
	c, ctx := pay.Client, t.Context()
	p := paid(t, pay, cny(2_000))

	s, err := c.Settlement.Get(ctx, merchant.GetSettlement{Currency: "CNY", Date: "2026-01-01"})
	require.NoError(t, err)
	assert.Equal(t, cny(1_999), s.Closing)
	assert.Equal(t, []merchant.SettlementLine{{Kind: "fee", Count: 1, Amount: cny(-1)}, {Kind: "payment", Count: 1, Amount: cny(2_000)}}, s.Kinds)
	file, err := c.Settlement.CSV(ctx, merchant.GetSettlement{Currency: "CNY", Date: "2026-01-01"})
	require.NoError(t, err)
	assert.Contains(t, string(file), "2026-01-01,closing,,19.99,CNY\r\n")

	in := merchant.ListStatement{Currency: "CNY", From: s.From, Until: s.Until, Kinds: []string{"payment", "refund"}}
	lines, err := c.Statement.List(ctx, in)
	require.NoError(t, err)
	assert.Len(t, lines.Data, 1)
	file, err = c.Statement.CSV(ctx, in)
	require.NoError(t, err)
	assert.Contains(t, string(file), ",payment,"+string(p.ID)+",20.00,")
	assert.NotContains(t, string(file), ",fee,")
	_, err = c.Statement.CSV(ctx, merchant.ListStatement{Currency: "XYZ"})
	require.ErrorIs(t, err, merchant.CodeCurrencyNotSupported)

	activity, err := c.Activity.List(ctx, merchant.ListActivity{Kinds: []merchant.ActivityKind{merchant.ActivityPayout, merchant.ActivityDispute}})
	require.NoError(t, err)
	assert.Empty(t, activity.Data)
}

func TestTheClientReadsWhatThePartiesOfADividedPaymentHave(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	other, err := pay.Wallet.Merchants.Create(t.Context(), okpay.CreateMerchant{Name: "Other"})
	require.NoError(t, err)
	shop := okpay.MerchantID(paid(t, pay, cny(100)).Merchant)
	p, err := pay.Wallet.Payments.Create(t.Context(), okpay.CreatePayment{
		Merchant: shop, Amount: cny(1_001), Splits: []okpay.Split{{Merchant: shop, Weight: 2}, {Merchant: other.ID, Weight: 1}},
	})
	require.NoError(t, err)
	require.NoError(t, pay.Confirm(merchant.PaymentID(p.ID), pay.Customer("100.00 CNY")))
	got := look(t, pay, merchant.PaymentID(p.ID))
	require.Len(t, got.Splits, 2)
	assert.Equal(t, merchant.Share{
		Merchant: merchant.MerchantID(shop), Weight: 2, Captured: cny(667), Fee: cny(0), Refunded: cny(0), FeeReturned: cny(0),
	}, got.Splits[0])
	assert.Equal(t, merchant.MerchantID(other.ID), got.Splits[1].Merchant)
	assert.Equal(t, cny(334), got.Splits[1].Captured)
	assert.Empty(t, look(t, pay, paid(t, pay, cny(100)).ID).Splits)
}

// What becomes of a payout is the simulated bank's to say, and a test's to tell it.
func TestTheBankOfTheMockSaysWhatBecomesOfAPayout(t *testing.T) {
	t.Parallel()
	pay := mock.New(t, mock.Config{Wallet: okpay.Config{
		VerifyDestination: func(context.Context, okpay.DestinationCheck) (okpay.DestinationVerdict, error) {
			return okpay.DestinationVerdict{Verified: true}, nil
		},
		Payouts: okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 1_000}},
	}})
	c, ctx := pay.Client, t.Context()
	paid(t, pay, cny(5_000))
	d, err := c.Destinations.Create(ctx, merchant.CreateDestination{Type: "bank", Details: "DE00CANARY1234"})
	require.NoError(t, err)
	send := func() merchant.PayoutID {
		p, err := c.Payouts.Create(ctx, merchant.CreatePayout{Amount: cny(600), Destination: d.ID})
		require.NoError(t, err)
		pay.Settle()
		return p.ID
	}
	state := func(id merchant.PayoutID) merchant.PayoutState {
		p, err := c.Payouts.Get(ctx, id)
		require.NoError(t, err)
		return p.State
	}
	told, asked := send(), send()
	assert.Equal(t, merchant.PayoutSubmitted, state(told))

	pay.Payouts.Settle(string(told), rails.PayoutResult{Status: rails.PayoutPaid}, 2) // twice is once
	assert.Equal(t, merchant.PayoutPaid, state(told))
	pay.Payouts.Settle(string(told), rails.PayoutResult{Status: rails.PayoutReturned, Code: "AC04"}, 1)
	assert.Equal(t, merchant.PayoutReturned, state(told))

	pay.Payouts.Settle(string(asked), rails.PayoutResult{Status: rails.PayoutFailed, Code: "AC04"}, 0) // and says nothing
	assert.Equal(t, merchant.PayoutSubmitted, state(asked))
	pay.Advance(time.Hour)
	assert.Equal(t, merchant.PayoutFailed, state(asked))
}
