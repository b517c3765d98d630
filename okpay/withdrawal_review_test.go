package okpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

func TestLargeAmountsNeedTwoApproversWhoAreNotTheOwner(t *testing.T) {
	k := startDesk(t, okpay.Config{Withdrawals: okpay.OutgoingConfig{FourEyesAbove: okpay.Amounts{"CNY": 4999}}}, 20_000, 0)
	wd, err := k.request(5000)
	require.NoError(t, err)
	before := k.whole(wd.ID)
	_, err = k.approve(wd.ID, string(k.customer))
	refusedAs(t, err, okpay.SelfApprovalForbidden)
	_, err = k.approve(wd.ID, "")
	refusedAs(t, err, okpay.InvalidRequest)
	_, err = k.approve("wd_nothing", "ops1")
	refusedAs(t, err, okpay.NotFound)
	assert.Equal(t, before, k.whole(wd.ID))

	first := okpay.ReviewWithdrawal{Withdrawal: wd.ID, By: "ops1", Key: "k"}
	require.NoError(t, k.step([]string{"withdrawal.approval_recorded"}, []string{}, func() error {
		wd, err = k.Withdrawals.Approve(t.Context(), first)
		return err
	}))
	assert.Equal(t, okpay.WithdrawalUnderReview, wd.State)
	wd, err = k.Withdrawals.Approve(t.Context(), first)
	require.NoError(t, err, "a replay is no second approval")
	assert.True(t, wd.Replayed)
	_, err = k.approve(wd.ID, "ops1")
	refusedAs(t, err, okpay.DuplicateApprover)
	_, err = k.Withdrawals.Submit(t.Context(), wd.ID)
	refusedAs(t, err, okpay.InvalidState)
	require.NoError(t, k.step([]string{"withdrawal.approved"}, []string{"withdrawal_approved"}, func() error {
		wd, err = k.approve(wd.ID, "ops2")
		return err
	}))
	assert.Equal(t, okpay.WithdrawalApproved, wd.State)
	review, err := k.Withdrawals.Review(t.Context(), wd.ID)
	require.NoError(t, err)
	assert.Equal(t, 2, review.Needed)
	assert.Equal(t, []okpay.Approval{{By: "ops1", At: wd.CreatedAt}, {By: "ops2", At: wd.CreatedAt}}, review.Approvals)

	small, err := k.request(4999)
	require.NoError(t, err)
	small, err = k.approve(small.ID, "ops1")
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalApproved, small.State)
}

func TestSmallAmountsAreApprovedAtOnceUnlessRiskAsksForAPerson(t *testing.T) {
	var verdict okpay.Verdict
	k := startDesk(t, okpay.Config{
		Withdrawals: okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 1000}},
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnWithdrawal {
				return okpay.Assessment{}, nil
			}
			return okpay.Assessment{Verdict: verdict, Reason: "rule-7", Score: 3}, nil
		},
	}, 20_000, 0)
	var wd okpay.Withdrawal
	ask := func(minor int64) func() error {
		return func() (err error) {
			wd, err = k.request(minor)
			return err
		}
	}
	require.NoError(t, k.step([]string{"withdrawal.requested", "withdrawal.under_review", "withdrawal.approved"}, []string{"withdrawal_received"}, ask(1000)))
	assert.Equal(t, okpay.WithdrawalApproved, wd.State)
	require.NoError(t, k.step([]string{"withdrawal.requested", "withdrawal.under_review"}, []string{"withdrawal_received"}, ask(1001)))
	assert.Equal(t, okpay.WithdrawalUnderReview, wd.State)
	verdict = okpay.Review
	require.NoError(t, k.step([]string{"withdrawal.requested", "withdrawal.under_review"}, []string{"withdrawal_received"}, ask(10)))
	assert.Equal(t, okpay.WithdrawalUnderReview, wd.State)
	review, err := k.Withdrawals.Review(t.Context(), wd.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.Assessment{Verdict: okpay.Review, Reason: "rule-7", Score: 3}, review.Assessment)
	view, err := json.Marshal(wd)
	require.NoError(t, err)
	assert.NotContains(t, string(view), "rule-7")
	verdict = okpay.Block
	refusedAs(t, k.step([]string{}, []string{}, ask(10)), okpay.RiskDeclined)
	verdict = okpay.Challenge
	refusedAs(t, k.step([]string{}, []string{}, ask(10)), okpay.AuthenticationRequired)
}

func TestAChallengeIsAnsweredByAProof(t *testing.T) {
	var asked atomic.Int64
	k := startDesk(t, okpay.Config{
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnWithdrawal {
				return okpay.Assessment{}, nil
			}
			return okpay.Assessment{Verdict: okpay.Challenge}, nil
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) {
			asked.Add(1)
			if s.Proof == "broken" {
				return true, errors.New("no answer")
			}
			return s.Proof == "123456" && s.Customer == "payer" && s.Amount == cny(10), nil
		},
	}, 20_000, 0)
	request := func(proof string) error {
		_, err := k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: cny(10), Destination: k.to, Proof: proof})
		return err
	}
	refusedAs(t, request(""), okpay.AuthenticationRequired)
	refusedAs(t, request("000000"), okpay.AuthenticationFailed)
	refusedAs(t, request("broken"), okpay.ServiceBusy)
	require.NoError(t, request("123456"))
	assert.Equal(t, int64(3), asked.Load())
	for _, e := range k.payloads() {
		assert.NotContains(t, e, "123456", "a proof is not stored")
	}
}

// payloads are all events as they are announced.
func (k *desk) payloads() (out []string) {
	k.t.Helper()
	events, err := k.Ledger().Events(k.t.Context(), 0, 1000)
	require.NoError(k.t, err)
	for _, e := range events {
		out = append(out, string(e.Payload))
	}
	return out
}

func TestOfManyWhoApproveCancelAndRejectAtOnceOneWins(t *testing.T) {
	for range testsize.Scaled(t, 5) {
		k := startDesk(t, okpay.Config{}, 20_000, 0)
		wd, err := k.request(5000)
		require.NoError(t, err)
		var won sync.Map
		var running sync.WaitGroup
		for i := range 64 {
			running.Go(func() {
				actions := []string{"approve", "cancel", "reject"}
				action := actions[i%len(actions)]
				var err error
				switch action {
				case "approve":
					_, err = k.approve(wd.ID, fmt.Sprint("ops", i))
				default:
					_, err = k.act(action, wd.ID)
				}
				if err == nil {
					won.Store(action, i)
					return
				}
				refusedAs(t, err, okpay.InvalidState)
			})
		}
		running.Wait()
		got, err := k.Withdrawals.Get(t.Context(), wd.ID)
		require.NoError(t, err)
		winners := map[any]bool{}
		won.Range(func(key, _ any) bool { winners[key] = true; return true })
		switch {
		case winners["approve"] && winners["cancel"]: // what is approved may still be canceled
			assert.Equal(t, okpay.WithdrawalCanceled, got.State)
			assert.Len(t, winners, 2)
		default:
			assert.Len(t, winners, 1)
		}
		types, _ := k.since(0)
		ends := 0
		for _, e := range types {
			if e == "withdrawal.canceled" || e == "withdrawal.rejected" {
				ends++
			}
		}
		assert.LessOrEqual(t, ends, 1)
		k.verify()
	}
}

func TestARejectionNeedsAReason(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	wd, err := k.request(5000)
	require.NoError(t, err)
	for _, in := range []okpay.RejectWithdrawal{
		{Withdrawal: wd.ID, By: "ops1"}, {Withdrawal: wd.ID, Reason: "kyc"}, {Withdrawal: wd.ID, By: "ops1", Reason: "a long story"},
	} {
		_, err := k.Withdrawals.Reject(t.Context(), in)
		refusedAs(t, err, okpay.InvalidRequest)
	}
}

func TestARequestIsMadeOnceAndItsRefusalStays(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 5000, 0)
	in := okpay.RequestWithdrawal{Customer: k.customer, Amount: cny(5000), Destination: k.to, Key: "k"}
	wd, err := k.Withdrawals.Request(t.Context(), in)
	require.NoError(t, err)
	again, err := k.Withdrawals.Request(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, wd.ID, again.ID)
	in.Amount = cny(4000)
	_, err = k.Withdrawals.Request(t.Context(), in)
	refusedAs(t, err, okpay.IdempotencyKeyReused)

	in.Key = "other"
	_, err = k.Withdrawals.Request(t.Context(), in)
	assert.Equal(t, yuan(0), refusedAs(t, err, okpay.WithdrawalExceedsWithdrawable).Limit)
	k.fund("user:payer:available", 100_000)
	_, err = k.Withdrawals.Request(t.Context(), in)
	assert.Equal(t, yuan(0), refusedAs(t, err, okpay.WithdrawalExceedsWithdrawable).Limit, "a key that was refused stays so")

	cancel := okpay.CancelWithdrawal{Customer: k.customer, Withdrawal: wd.ID, Key: "c"}
	_, err = k.Withdrawals.Cancel(t.Context(), cancel)
	require.NoError(t, err)
	again, err = k.Withdrawals.Cancel(t.Context(), cancel)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	_, err = k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
	require.NoError(t, err)
	cancel.Customer = "other"
	_, err = k.Withdrawals.Cancel(t.Context(), cancel)
	refusedAs(t, err, okpay.NotFound)
	_, err = k.Withdrawals.GetOwned(t.Context(), "other", wd.ID)
	refusedAs(t, err, okpay.NotFound)
}

func TestOfSeveralRefusalsTheFirstOfTheListIsReturned(t *testing.T) {
	var verdict okpay.Verdict
	k := startDesk(t, okpay.Config{
		Fees: okpay.Fees{Withdrawal: okpay.Fee{BasisPoints: 100, Min: 5}},
		Limits: []okpay.Limit{
			{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 100, Max: 5000},
			{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 3000, Count: 5},
			{On: okpay.OnWithdrawal, Per: okpay.Monthly, Max: 2500},
		},
		Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": 50}},
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnWithdrawal {
				return okpay.Assessment{}, nil
			}
			return okpay.Assessment{Verdict: verdict}, nil
		},
	}, 1060, 0)
	ask := func(amount money.Amount, to okpay.DestinationID) error {
		_, err := k.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: amount, Destination: to})
		return err
	}
	// Everything is wrong, and put right one after the other.
	verdict = okpay.Block
	_, err := k.Customers.Lock(t.Context(), okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	refusedAs(t, ask(cny(0), "dst_x"), okpay.AmountNotPositive)
	refusedAs(t, ask(cny(1), "dst_x"), okpay.AccountLocked)
	_, err = k.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	assert.Equal(t, yuan(100), refusedAs(t, ask(cny(1), "dst_x"), okpay.WithdrawalBelowMinimum).Limit)
	assert.Equal(t, yuan(5000), refusedAs(t, ask(cny(5001), "dst_x"), okpay.LimitExceededTransaction).Limit)
	refusedAs(t, ask(cny(4000), "dst_x"), okpay.DestinationInvalid)
	refusedAs(t, ask(cny(4000), ""), okpay.DestinationInvalid)
	refusedAs(t, ask(cny(4000), k.to), okpay.RiskDeclined)
	verdict = okpay.Allow
	assert.Equal(t, yuan(3000), refusedAs(t, ask(cny(4000), k.to), okpay.LimitExceededDaily).Limit)
	assert.Equal(t, yuan(2500), refusedAs(t, ask(cny(2800), k.to), okpay.LimitExceededMonthly).Limit)
	// 1060 less 50 is 1010: 1000 with a fee of 10.
	assert.Equal(t, yuan(1000), refusedAs(t, ask(cny(1001), k.to), okpay.WithdrawalExceedsWithdrawable).Limit)
	require.NoError(t, ask(cny(1000), k.to))
	k.verify()
}

func TestWithdrawalsAreListedByOwnerAndByState(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	for range 3 {
		_, err := k.request(10)
		require.NoError(t, err)
	}
	k.approved(20)
	page, more, err := k.Withdrawals.List(t.Context(), okpay.ListWithdrawals{State: okpay.WithdrawalUnderReview, Limit: 2})
	require.NoError(t, err)
	assert.True(t, more)
	require.Len(t, page, 2)
	assert.Greater(t, page[0].ID, page[1].ID)
	rest, more, err := k.Withdrawals.List(t.Context(), okpay.ListWithdrawals{State: okpay.WithdrawalUnderReview, After: page[1].ID})
	require.NoError(t, err)
	assert.False(t, more)
	assert.Len(t, rest, 1)
	all, _, err := k.Withdrawals.List(t.Context(), okpay.ListWithdrawals{Customer: k.customer})
	require.NoError(t, err)
	assert.Len(t, all, 4)
	_, _, err = k.Withdrawals.List(t.Context(), okpay.ListWithdrawals{})
	refusedAs(t, err, okpay.InvalidRequest)
	activity, err := k.Customers.Activity(t.Context(), k.customer, okpay.ActivityPage{})
	require.NoError(t, err)
	assert.Len(t, activity, 4)
	assert.Equal(t, "withdrawal", activity[0].Kind)
}

func TestWhatIsNotFinishedIsFoundByItsOwner(t *testing.T) {
	for _, state := range statesOfPairs {
		k := startDesk(t, okpay.Config{}, 20_000, 0)
		id := k.reach(state, 5000)
		found, err := k.Ledger().Records(t.Context(), ledger.RecordQuery{Type: "withdrawal", Label: "open:c_payer", Limit: 10})
		require.NoError(t, err)
		switch state {
		case okpay.WithdrawalPaid, okpay.WithdrawalSentBack, okpay.WithdrawalFailed, okpay.WithdrawalTurnedDown, okpay.WithdrawalCanceled:
			assert.Empty(t, found, state)
		default:
			require.Len(t, found, 1, state)
			assert.Equal(t, string(id), found[0].ID)
		}
	}
}
