package okpay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func TestAWithdrawalIsReviewedSubmittedAndPaidAndAnotherIsRejected(t *testing.T) {
	k := startDesk(t, okpay.Config{
		Fees:   okpay.Fees{Withdrawal: okpay.Fee{BasisPoints: 10, Min: 200}},
		Limits: []okpay.Limit{{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 1000}},
	}, 100_000, 0)
	var wd okpay.Withdrawal
	var err error
	require.NoError(t, k.step([]string{"withdrawal.requested", "withdrawal.under_review"}, []string{"withdrawal_received"}, func() error {
		wd, err = k.request(50_000)
		return err
	}))
	assert.Equal(t, okpay.WithdrawalUnderReview, wd.State)
	assert.Equal(t, cny(200), wd.Fee)
	assert.Equal(t, map[string]int64{"user:payer:available": 49_800, "user:payer:available held": 50_200, "bank:nostro": -100_000}, k.balancesOf("CNY"))
	require.NoError(t, k.step([]string{"withdrawal.approved"}, []string{"withdrawal_approved"}, func() error {
		wd, err = k.approve(wd.ID, "ops1")
		return err
	}))
	assert.Equal(t, okpay.WithdrawalApproved, wd.State)
	require.NoError(t, k.step([]string{"withdrawal.submitting", "withdrawal.submitted"}, []string{}, func() error {
		wd, err = k.Withdrawals.Submit(t.Context(), wd.ID)
		return err
	}))
	assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
	k.clock.Advance(time.Minute)
	require.NoError(t, k.step([]string{"withdrawal.paid"}, []string{"withdrawal_paid"}, func() error {
		wd, err = k.says(wd.ID, "e1", rails.PayoutPaid)
		return err
	}))
	assert.Equal(t, okpay.WithdrawalPaid, wd.State)

	stranger := k.destination(okpay.SaveDestination{Merchant: k.merchant, Provider: "bankA"})
	err = k.step([]string{}, []string{}, func() error {
		_, err := k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: cny(2000), Destination: stranger})
		return err
	})
	assert.Equal(t, []string{"fix_destination"}, refusedAs(t, err, okpay.DestinationInvalid).NextAction)

	second, err := k.request(20_000)
	require.NoError(t, err)
	require.NoError(t, k.step([]string{"withdrawal.rejected"}, []string{"withdrawal_rejected"}, func() error {
		second, err = k.Withdrawals.Reject(t.Context(), okpay.RejectWithdrawal{Withdrawal: second.ID, By: "ops1", Reason: "kyc_required"})
		return err
	}))
	assert.Equal(t, okpay.WithdrawalTurnedDown, second.State)
	assert.Equal(t, "kyc_required", second.Reason)
	assert.Equal(t, okpay.WithdrawalRejected, second.Failure.Code)
	assert.Equal(t, map[string]int64{
		"user:payer:available": 49_800, "fees:withdrawal": 200, "clearing:bankA": 50_000, "bank:nostro": -100_000,
	}, k.balancesOf("CNY"))
	assert.Equal(t, []okpay.Step{
		{State: okpay.WithdrawalUnderReview, At: wd.CreatedAt},
		{State: okpay.WithdrawalApproved, At: wd.CreatedAt},
		{State: okpay.WithdrawalSubmitting, At: wd.CreatedAt},
		{State: okpay.WithdrawalSubmitted, At: wd.CreatedAt},
		{State: okpay.WithdrawalPaid, At: wd.CreatedAt.Add(time.Minute)},
	}, wd.History)
	k.verify()
}

func TestLimitsOfADayBeginInTheZoneAndAreGivenBack(t *testing.T) {
	k := startDesk(t, okpay.Config{
		Limits: []okpay.Limit{
			{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 1000},
			{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 500_000},
		},
		Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": 10_000}},
		Zone:        time.FixedZone("Asia/Shanghai", 8*3600),
	}, 900_000, 0)
	at := func(text string) {
		when, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		k.clock.Advance(when.Sub(k.clock.Now()))
	}
	refused := func(minor int64, code okpay.Code) *okpay.Error {
		return refusedAs(t, k.step([]string{}, []string{}, func() error {
			_, err := k.request(minor)
			return err
		}), code)
	}
	at("2026-01-01T15:59:00Z")
	assert.Equal(t, yuan(1000), refused(999, okpay.WithdrawalBelowMinimum).Limit)
	w1, err := k.request(400_000)
	require.NoError(t, err)
	at("2026-01-01T15:59:01Z")
	e := refused(150_000, okpay.LimitExceededDaily)
	assert.Equal(t, yuan(100_000), e.Limit)
	assert.Equal(t, time.Date(2026, 1, 1, 16, 0, 0, 0, time.UTC), e.ResetsAt.UTC())
	at("2026-01-01T15:59:02Z")
	w1, err = k.Withdrawals.Cancel(t.Context(), okpay.CancelWithdrawal{Customer: k.customer, Withdrawal: w1.ID})
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalCanceled, w1.State)
	at("2026-01-01T15:59:59Z")
	_, err = k.request(400_000)
	require.NoError(t, err)
	at("2026-01-01T16:00:00Z")
	assert.Equal(t, yuan(490_000), refused(495_000, okpay.WithdrawalExceedsWithdrawable).Limit)
	assert.Equal(t, okpay.LimitExceededDaily, refused(600_000, okpay.LimitExceededDaily).Code, "the limit is told before the balance")
	_, err = k.request(490_000)
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{
		"user:payer:available": 10_000, "user:payer:available held": 890_000, "bank:nostro": -900_000,
	}, k.balancesOf("CNY"))
	k.verify()
}

func TestOfSubmittingAndCancelingAtOnceOneWins(t *testing.T) {
	for range 50 {
		k := startDesk(t, okpay.Config{}, 10_000, 0)
		id := k.approved(5000).ID
		var canceled, submitted error
		var running sync.WaitGroup
		running.Go(func() {
			_, canceled = k.Withdrawals.Cancel(t.Context(), okpay.CancelWithdrawal{Customer: k.customer, Withdrawal: id})
		})
		running.Go(func() { _, submitted = k.Withdrawals.Submit(t.Context(), id) })
		running.Wait()
		wd, err := k.Withdrawals.Get(t.Context(), id)
		require.NoError(t, err)
		if canceled == nil {
			refusedAs(t, submitted, okpay.InvalidState)
			assert.Equal(t, okpay.WithdrawalCanceled, wd.State)
			assert.Equal(t, map[string]int64{"user:payer:available": 10_000, "bank:nostro": -10_000}, k.balancesOf("CNY"))
			assert.Empty(t, k.bank.Calls())
		} else {
			refusedAs(t, canceled, okpay.InvalidState)
			require.NoError(t, submitted)
			assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
			assert.Equal(t, map[string]int64{
				"user:payer:available": 5000, "user:payer:available held": 5000, "bank:nostro": -10_000,
			}, k.balancesOf("CNY"))
			assert.Equal(t, map[string]int{string(id): 1}, k.bank.Calls())
		}
	}
}

func TestAWithdrawalOfALockedAccountWaits(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.approved(6000).ID
	_, err := k.Customers.Lock(t.Context(), okpay.MoveGate{Customer: k.customer, By: "ops1"})
	require.NoError(t, err)
	var wd okpay.Withdrawal
	err = k.step([]string{"withdrawal.paused"}, []string{}, func() error {
		wd, err = k.Withdrawals.Submit(t.Context(), id)
		return err
	})
	refusedAs(t, err, okpay.AccountLocked)
	assert.Equal(t, okpay.WithdrawalApproved, wd.State)
	assert.True(t, wd.Paused)
	err = k.step([]string{}, []string{}, func() error {
		wd, err = k.Withdrawals.Submit(t.Context(), id)
		return err
	})
	refusedAs(t, err, okpay.AccountLocked)
	refusedAs(t, k.step([]string{}, []string{}, func() error {
		_, err := k.request(100)
		return err
	}), okpay.AccountLocked)
	k.clock.Advance(24 * time.Hour)
	require.NoError(t, k.step([]string{}, []string{}, func() error {
		_, err := k.Work(t.Context())
		return err
	}), "the worker waits, too")
	assert.Empty(t, k.bank.Calls())
	_, err = k.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: k.customer, By: "ops1"})
	require.NoError(t, err)
	k.clock.Advance(time.Hour)
	require.NoError(t, k.step([]string{"withdrawal.submitting", "withdrawal.submitted"}, []string{}, func() error {
		_, err := k.Work(t.Context())
		return err
	}))
	wd, err = k.says(id, "e1", rails.PayoutPaid)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalPaid, wd.State)
	assert.False(t, wd.Paused)
	assert.Equal(t, map[string]int64{"user:payer:available": 14_000, "clearing:bankA": 6000, "bank:nostro": -20_000}, k.balancesOf("CNY"))
	assert.Equal(t, map[string]int{string(id): 1}, k.bank.Calls())
	k.verify()
}
