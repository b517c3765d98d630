package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/rails"
)

// A withdrawal that was approved waits while a restriction is in force, goes on afterwards, and
// not before its destination was looked at again.
func TestMoneyOnItsWayOutWaitsAndIsLookedAtAgain(t *testing.T) {
	bank := &rails.SimulatedPayouts{}
	k := openDesk(t, memstore.New(), handclock.At(monday), okpay.Config{PayoutProviders: map[string]rails.PayoutProvider{"bank": bank}}, care.Config{}, true)
	k.topUp(1000)
	to, err := k.Destinations.Save(t.Context(), okpay.SaveDestination{Customer: k.customer, Provider: "bank", Type: "bank", Holder: "Pat Payer", Details: "6222020200112233"})
	require.NoError(t, err)
	_, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: to.ID, By: "ann"})
	require.NoError(t, err)
	waiting := func() okpay.WithdrawalID {
		wd, err := k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: yuan(100), Destination: to.ID})
		require.NoError(t, err)
		// The review of withdrawals with operators: who may, and which person they are.
		o, err := k.Operators.May(t.Context(), "rev", care.MayReviewWithdrawals)
		require.NoError(t, err)
		_, err = k.Withdrawals.Approve(t.Context(), okpay.ReviewWithdrawal{Withdrawal: wd.ID, By: o.Person})
		require.NoError(t, err)
		return wd.ID
	}
	state := func(id okpay.WithdrawalID) okpay.Withdrawal {
		wd, err := k.Withdrawals.Get(t.Context(), id)
		require.NoError(t, err)
		return wd
	}
	first, second := waiting(), waiting()
	r := k.impose("payment_disputes")
	conditions, err := k.Withdrawals.Conditions(t.Context(), k.customer, "CNY")
	require.NoError(t, err)
	assert.True(t, conditions.Most.IsZero(), "nothing could be asked for now")
	for range 5 {
		k.clock.Advance(10 * time.Minute)
		k.work()
	}
	assert.Equal(t, okpay.WithdrawalApproved, state(first).State)
	assert.True(t, state(first).Paused)
	_, err = k.Withdrawals.Cancel(t.Context(), okpay.CancelWithdrawal{Customer: k.customer, Withdrawal: second})
	require.NoError(t, err, "what waits can be called back")

	_, err = k.lift("ann", r.ID)
	require.NoError(t, err)
	k.clock.Advance(10 * time.Minute)
	k.work()
	assert.Equal(t, okpay.WithdrawalSubmitted, state(first).State)
	assert.Equal(t, okpay.WithdrawalCanceled, state(second).State)

	// A destination that became unusable meanwhile keeps it waiting.
	fourth := waiting()
	r = k.impose("payment_disputes")
	_, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: to.ID, By: "ann", Problem: okpay.DestinationBlocked})
	require.NoError(t, err)
	_, err = k.lift("ann", r.ID)
	require.NoError(t, err)
	k.clock.Advance(10 * time.Minute)
	k.work()
	assert.Equal(t, okpay.WithdrawalApproved, state(fourth).State)

	// A restriction for good lets the balance out after its time, to a verified destination alone.
	_, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: to.ID, By: "ann"})
	require.NoError(t, err)
	k.clock.Advance(10 * time.Minute)
	k.work()
	r = k.impose("terms_violation")
	for _, by := range []care.OperatorID{"ann", "bob"} {
		_, err = k.permanent(by, r.ID)
		require.NoError(t, err)
	}
	ask := func() error {
		_, err := k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: yuan(1), Destination: to.ID})
		return err
	}
	refused(t, ask(), okpay.AccountRestricted)
	k.clock.Advance(180 * day)
	k.work()
	require.NoError(t, ask())
	unverified, err := k.Destinations.Save(t.Context(), okpay.SaveDestination{Customer: k.customer, Provider: "bank", Type: "bank", Holder: "Pat Payer", Details: "6222020200999999"})
	require.NoError(t, err)
	_, err = k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: yuan(1), Destination: unverified.ID})
	refused(t, err, okpay.DestinationInvalid)
	_, err = k.Transfers.Create(t.Context(), okpay.CreateTransfer{From: k.customer, To: "x", Amount: yuan(1)})
	refused(t, err, okpay.AccountRestricted)
	k.verify()
}
