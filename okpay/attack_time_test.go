package okpay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestNobodyLeavesAnOpenDisputeOrRefundBehind(t *testing.T) {
	ctx := t.Context()
	f := start(t, okpay.Config{})
	f.topUp(cny(500))
	p := f.paid(500)
	y, err := f.Disputes.Open(ctx, okpay.OpenDispute{Customer: "payer", Payment: p.ID, Kind: okpay.Unauthorized})
	require.NoError(t, err)
	_, err = f.Customers.Close(ctx, okpay.MoveGate{Customer: "payer"})
	e := refusedWith(t, err, okpay.InvalidState)
	assert.Contains(t, e.Detail, string(y.ID))
	_, err = f.Merchants.Close(ctx, okpay.CloseMerchant{Merchant: "shop"})
	e = refusedWith(t, err, okpay.InvalidState)
	assert.Contains(t, e.Detail, string(y.ID))
	_, err = f.Disputes.ResolveForPayer(ctx, okpay.DecideDispute{Dispute: y.ID, By: "ops1"})
	require.NoError(t, err)
	balance, _, _ := f.balances("CNY")
	assert.EqualValues(t, 500, balance)

	f = start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{Fixed: 500}}})
	f.topUp(cny(500))
	r, err := f.refund(f.paid(500).ID, cny(500)) // all of it went into the fee
	require.NoError(t, err)
	require.Equal(t, okpay.RefundPendingFunds, r.State)
	_, err = f.Customers.Close(ctx, okpay.MoveGate{Customer: "payer"})
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Merchants.Close(ctx, okpay.CloseMerchant{Merchant: "shop"})
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Payments.CancelRefund(ctx, okpay.CancelRefund{Merchant: "shop", Refund: r.ID})
	require.NoError(t, err)
	_, err = f.Merchants.Close(ctx, okpay.CloseMerchant{Merchant: "shop"})
	require.NoError(t, err)
}

func TestAReportIsTooLateAtTheEndOfTheWindow(t *testing.T) {
	f := start(t, okpay.Config{DisputeWindow: time.Hour})
	f.topUp(cny(100))
	p, late := f.paid(10), f.paid(10)
	open := func(id okpay.PaymentID) error {
		_, err := f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: "payer", Payment: id, Kind: okpay.Unauthorized})
		return err
	}
	f.clock.Advance(time.Hour - time.Nanosecond*1000)
	require.NoError(t, open(p.ID))
	f.clock.Advance(time.Microsecond)
	refusedWith(t, open(late.ID), okpay.InvalidState)
}

func TestAClockThatGoesBackBringsNothingBack(t *testing.T) {
	ctx := t.Context()
	f := start(t, okpay.Config{})
	f.topUp(cny(1000))
	p, err := f.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(5), CaptureMethod: okpay.CaptureManual, ExpiresIn: time.Hour})
	require.NoError(t, err)
	x, err := f.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: "a@example.com", Amount: cny(5), ExpiresIn: time.Hour})
	require.NoError(t, err)
	f.clock.Advance(time.Hour)
	_, err = f.ExpireDue(ctx)
	require.NoError(t, err)
	f.clock.Advance(-2 * time.Hour)
	_, err = f.capture(p.ID, 5, false)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Transfers.Cancel(ctx, okpay.CancelTransfer{Customer: "payer", Transfer: x.ID})
	refusedWith(t, err, okpay.InvalidState)
	balance, _, _ := f.balances("CNY")
	assert.EqualValues(t, 1000, balance)
	_ = f.paid(10) // and everything goes on
	f.verify()
}
