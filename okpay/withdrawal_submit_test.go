package okpay_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func TestWhatTheProviderAnswersIsRecorded(t *testing.T) {
	says := func(s rails.PayoutStatus) *rails.PayoutResult { return &rails.PayoutResult{Status: s, Code: "AC06"} }
	for name, test := range map[string]struct {
		b      rails.Behavior
		state  okpay.WithdrawalState
		events []string
	}{
		"accepted":              {rails.Behavior{}, okpay.WithdrawalSubmitted, []string{"withdrawal.submitting", "withdrawal.submitted"}},
		"paid at once":          {rails.Behavior{Says: says(rails.PayoutPaid)}, okpay.WithdrawalPaid, []string{"withdrawal.submitting", "withdrawal.paid"}},
		"failed for good":       {rails.Behavior{Says: says(rails.PayoutFailed)}, okpay.WithdrawalFailed, []string{"withdrawal.submitting", "withdrawal.failed"}},
		"returned at once":      {rails.Behavior{Says: says(rails.PayoutReturned)}, okpay.WithdrawalSentBack, []string{"withdrawal.submitting", "withdrawal.paid", "withdrawal.returned"}},
		"a vague answer":        {rails.Behavior{Says: says(rails.PayoutUnknown)}, okpay.WithdrawalUnknown, []string{"withdrawal.submitting", "withdrawal.outcome_unknown"}},
		"not found":             {rails.Behavior{Says: says(rails.PayoutNotFound)}, okpay.WithdrawalUnknown, []string{"withdrawal.submitting", "withdrawal.outcome_unknown"}},
		"lost on the way there": {rails.Behavior{Lost: errors.New("reset")}, okpay.WithdrawalUnknown, []string{"withdrawal.submitting", "withdrawal.outcome_unknown"}},
		"lost on the way back":  {rails.Behavior{Unanswered: errors.New("502")}, okpay.WithdrawalUnknown, []string{"withdrawal.submitting", "withdrawal.outcome_unknown"}},
		"an answer and an error": {
			rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}, Unanswered: errors.New("cut")},
			okpay.WithdrawalUnknown,
			[]string{"withdrawal.submitting", "withdrawal.outcome_unknown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 20_000, 0)
			id := k.approved(5000).ID
			k.behaves(test.b)
			require.NoError(t, k.step(test.events, nil, func() error {
				wd, err := k.Withdrawals.Submit(t.Context(), id)
				assert.Equal(t, test.state, wd.State)
				return err
			}))
			assert.Equal(t, map[string]int{string(id): 1}, k.bank.Calls())
			k.verify()
		})
	}
}

func TestAProviderThatNeverAnswersHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := startDesk(t, okpay.Config{PayoutTimeout: time.Minute}, 20_000, 0)
		id := k.approved(5000).ID
		k.behaves(rails.Behavior{Never: true})
		began := time.Now()
		wd, err := k.Withdrawals.Submit(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, okpay.WithdrawalUnknown, wd.State)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}

func TestAnUnknownOutcomeIsAskedForAndNeverDecidedByTime(t *testing.T) {
	k := startDesk(t, okpay.Config{FinalityWindows: map[string]time.Duration{"bankA": 1000 * time.Hour}}, 20_000, 0)
	k.bank.Ask = func(string, rails.PayoutResult) (rails.PayoutResult, error) {
		return rails.PayoutResult{}, errors.New("down")
	}
	id := k.reach(okpay.WithdrawalUnknown, 5000)
	before := k.last()
	for range 100 {
		k.clock.Advance(24 * time.Hour)
		_, err := k.Work(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, before, k.last(), "nothing is announced meanwhile")
	assert.Greater(t, k.bank.Queries()[string(id)], 90)
	wd, err := k.Withdrawals.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalUnknown, wd.State)
	available, held, _ := k.balancesOfCustomer()
	assert.Equal(t, [2]int64{15_000, 5000}, [2]int64{available, held}, "the money is held safely")

	k.bank.Ask = nil
	k.bank.Settle(string(id), rails.PayoutResult{Status: rails.PayoutPaid, Amount: cny(5000)}, 0)
	k.clock.Advance(2 * time.Hour)
	require.NoError(t, k.step([]string{"withdrawal.paid"}, []string{"withdrawal_paid"}, func() error {
		_, err := k.Work(t.Context())
		return err
	}))
	k.verify()
}

func TestAnOrderThatWasLostIsGivenAgainWithTheSameKey(t *testing.T) {
	for name, lost := range map[string]rails.Behavior{
		"on the way there": {Lost: errors.New("reset")},
		"on the way back":  {Unanswered: errors.New("reset")},
	} {
		t.Run(name, func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 20_000, 0)
			id := k.approved(5000).ID
			k.answer = func(_ rails.Payout, call int) rails.Behavior {
				if call < 3 {
					return lost
				}
				return rails.Behavior{}
			}
			for range 10 {
				_, err := k.Work(t.Context())
				require.NoError(t, err)
				k.clock.Advance(10 * time.Minute)
			}
			wd, err := k.Withdrawals.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
			assert.Equal(t, map[string]money.Amount{string(id): cny(5000)}, k.bank.Ordered())
			assert.Len(t, k.bank.Calls(), 1)
			k.verify()
		})
	}
}

func TestWhatAProviderDoesNotFindIsForAPersonOnceItIsFinal(t *testing.T) {
	k := startDesk(t, okpay.Config{FinalityWindows: map[string]time.Duration{"bankA": 10 * time.Hour}}, 20_000, 0)
	id := k.reach(okpay.WithdrawalUnknown, 5000)
	query := func() (err error) {
		_, err = k.Withdrawals.Query(t.Context(), id)
		return err
	}
	require.NoError(t, k.step([]string{}, []string{}, query), "it proves nothing yet")
	k.clock.Advance(10*time.Hour - time.Second)
	require.NoError(t, k.step([]string{}, []string{}, query))
	k.clock.Advance(time.Second)
	calls := k.bank.Calls()
	require.NoError(t, k.step([]string{"reconciliation.exception"}, []string{}, query))
	require.NoError(t, k.step([]string{}, []string{}, query), "one exception")
	wd, err := k.Withdrawals.Submit(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalUnknown, wd.State)
	for range 5 {
		k.clock.Advance(2 * time.Hour)
		_, err := k.Work(t.Context())
		require.NoError(t, err)
	}
	assert.Equal(t, calls, k.bank.Calls(), "the provider may have forgotten the key: no order is given any more")
	assert.Equal(t, map[string]int{"not_found_after_window": 1}, k.kinds(string(id)))

	wd, err = k.says(id, "letter", rails.PayoutFailed) // a person has the provider's word
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalFailed, wd.State)
	available, held, _ := k.balancesOfCustomer()
	assert.Equal(t, [2]int64{20_000, 0}, [2]int64{available, held})
	k.verify()
}

func TestManyWhoSubmitAtOnceOrderOnce(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.approved(5000).ID
	var running sync.WaitGroup
	for range 64 {
		running.Go(func() {
			if _, err := k.Withdrawals.Submit(t.Context(), id); err != nil {
				refusedAs(t, err, okpay.InvalidState)
			}
		})
	}
	running.Wait()
	assert.Equal(t, map[string]money.Amount{string(id): cny(5000)}, k.bank.Ordered())
	assert.Len(t, k.bank.Calls(), 1)
	wd, err := k.Withdrawals.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
}

func TestACallbackThatOvertakesTheAnswerCounts(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.approved(5000).ID
	n := 0
	k.bank.Report = func(key string, r rails.PayoutResult) {
		n++
		_, err := k.Withdrawals.ProviderSays(t.Context(), okpay.ProviderEvent{Provider: "bankA", EventID: "e1", Key: key, Status: r.Status, Amount: cny(5000)})
		assert.NoError(t, err)
	}
	k.behaves(rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}, Reports: 2, Says: &rails.PayoutResult{Status: rails.PayoutAccepted}})
	require.NoError(t, k.step([]string{"withdrawal.submitting", "withdrawal.paid"}, []string{"withdrawal_paid"}, func() error {
		wd, err := k.Withdrawals.Submit(t.Context(), id)
		assert.Equal(t, okpay.WithdrawalPaid, wd.State)
		return err
	}))
	assert.Equal(t, 2, n)
	k.verify()
}

func TestAWithdrawalToADestinationThatIsNoLongerInOrderWaits(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.approved(5000).ID
	_, err := k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: k.to, By: "ops1", Problem: okpay.DestinationBlocked})
	require.NoError(t, err)
	refusedAs(t, k.step([]string{"withdrawal.paused"}, []string{}, func() error {
		_, err := k.Withdrawals.Submit(t.Context(), id)
		return err
	}), okpay.DestinationBlocked)
	_, err = k.Destinations.Remove(t.Context(), okpay.RemoveDestination{Customer: k.customer, Destination: k.to})
	require.NoError(t, err)
	_, err = k.Withdrawals.Submit(t.Context(), id)
	refusedAs(t, err, okpay.DestinationInvalid)
	assert.Empty(t, k.bank.Calls())
	wd, err := k.act("cancel", id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalCanceled, wd.State)
	assert.False(t, wd.Paused)
}

func TestAnApprovedWithdrawalWaitsForItsDelay(t *testing.T) {
	k := startDesk(t, okpay.Config{Withdrawals: okpay.OutgoingConfig{SubmitDelay: time.Hour}}, 20_000, 0)
	id := k.approved(5000).ID
	k.clock.Advance(time.Hour - time.Second)
	_, err := k.Work(t.Context())
	require.NoError(t, err)
	assert.Empty(t, k.bank.Calls())
	k.clock.Advance(time.Second)
	_, err = k.Work(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]int{string(id): 1}, k.bank.Calls())
}

func TestWhatMayNotHaveBeenOrderedIsNotOrderedFromALockedAccount(t *testing.T) {
	for lockedBy, lock := range map[string]func(*desk) error{
		"an operator": func(k *desk) error {
			_, err := k.Customers.Lock(t.Context(), okpay.MoveGate{Customer: k.customer})
			return err
		},
		"a top-up that was reversed": func(k *desk) error {
			top, err := k.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: k.customer, Amount: cny(10)})
			if err == nil {
				_, err = k.TopUps.SourceSays(t.Context(), okpay.SourceEvent{Source: "simulated", EventID: "e1", TopUp: top.ID, Status: reversed})
			}
			return err
		},
	} {
		t.Run("locked by "+lockedBy, func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 20_000, 0)
			id := k.reach(okpay.WithdrawalSubmitting, 5000)
			require.NoError(t, lock(k))
			wd, err := k.Withdrawals.Submit(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalSubmitting, wd.State)
			for range 5 {
				k.clock.Advance(time.Hour)
				_, err = k.Work(t.Context())
				require.NoError(t, err)
			}
			assert.Empty(t, k.bank.Calls())
			assert.NotEmpty(t, k.bank.Queries())
			_, err = k.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: k.customer})
			require.NoError(t, err)
			k.clock.Advance(time.Hour)
			_, err = k.Work(t.Context())
			require.NoError(t, err)
			assert.Equal(t, map[string]int{string(id): 1}, k.bank.Calls())
		})
	}
}

func TestAnAnswerIsRecordedThoughItsCallerHasGone(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.approved(5000).ID
	ctx, cancel := context.WithCancel(t.Context())
	k.answer = func(rails.Payout, int) rails.Behavior {
		cancel()
		return rails.Behavior{}
	}
	_, _ = k.Withdrawals.Submit(ctx, id)
	wd, err := k.Withdrawals.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
}

func TestAProviderThatNeverAnswersHoldsNothingElseUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := startDesk(t, okpay.Config{PayoutTimeout: 1000 * time.Hour}, 20_000, 0)
		id := k.approved(5000).ID
		k.behaves(rails.Behavior{Never: true})
		p := k.create(cny(1), okpay.CaptureAutomatic)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- k.Run(ctx) }()
		time.Sleep(time.Minute)
		assert.Len(t, k.bank.Calls(), 1, "it is being called")
		k.clock.Advance(8 * 24 * time.Hour)
		time.Sleep(time.Minute)
		types, _ := k.since(0)
		assert.Contains(t, types, "payment.expired", "meanwhile %s expired", p.ID)
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
		wd, err := k.Withdrawals.Get(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, okpay.WithdrawalUnknown, wd.State)
	})
}
