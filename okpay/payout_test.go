package okpay_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func (k *desk) payout(minor int64) (okpay.Payout, error) {
	return k.Payouts.Request(k.t.Context(), okpay.RequestPayout{Merchant: k.merchant, Amount: cny(minor), Destination: k.tom})
}

func (k *desk) payoutSays(id okpay.PayoutID, event string, status rails.PayoutStatus) (okpay.Payout, error) {
	return k.Payouts.ProviderSays(k.t.Context(), okpay.ProviderEvent{Provider: "bankA", EventID: event, Key: string(id), Status: status})
}

func TestAPayoutGoesTheWayOfAWithdrawal(t *testing.T) {
	k := startDesk(t, okpay.Config{
		Fees: okpay.Fees{Payout: okpay.Fee{Fixed: 25}}, Payouts: okpay.OutgoingConfig{FourEyesAbove: okpay.Amounts{"CNY": 1000}},
		Limits: []okpay.Limit{{On: okpay.OnPayout, Per: okpay.Daily, Max: 50_000}},
	}, 0, 20_000)
	var po okpay.Payout
	var err error
	do := func(events []string, verb func() (okpay.Payout, error)) {
		t.Helper()
		require.NoError(t, k.step(events, []string{}, func() error {
			po, err = verb()
			return err
		}))
	}
	do([]string{"payout.requested", "payout.under_review"}, func() (okpay.Payout, error) { return k.payout(5000) })
	assert.Equal(t, cny(25), po.Fee)
	_, err = k.Payouts.Approve(t.Context(), okpay.ReviewPayout{Payout: po.ID, By: string(k.merchant)})
	refusedAs(t, err, okpay.SelfApprovalForbidden)
	do([]string{"payout.approval_recorded"}, func() (okpay.Payout, error) {
		return k.Payouts.Approve(t.Context(), okpay.ReviewPayout{Payout: po.ID, By: "ops1"})
	})
	do([]string{"payout.approved"}, func() (okpay.Payout, error) {
		return k.Payouts.Approve(t.Context(), okpay.ReviewPayout{Payout: po.ID, By: "ops2"})
	})
	do([]string{"payout.submitting", "payout.submitted"}, func() (okpay.Payout, error) {
		_, err := k.Work(t.Context())
		require.NoError(t, err)
		return k.Payouts.Get(t.Context(), po.ID)
	})
	assert.Equal(t, map[string]int{string(po.ID): 1}, k.bank.Calls())
	do([]string{"payout.paid"}, func() (okpay.Payout, error) {
		event := okpay.ProviderEvent{Provider: "bankA", EventID: "e1", Key: string(po.ID), Status: rails.PayoutPaid}
		require.NoError(t, k.PayoutProviderSays(t.Context(), event))
		return k.payoutSays(po.ID, "e1", rails.PayoutPaid)
	})
	assert.Equal(t, map[string]int64{
		"merchant:shop:available": 14_975, "fees:payout": 25, "clearing:bankA": 5000, "bank:nostro": -20_000,
	}, k.balancesOf("CNY"))
	do([]string{"payout.returned"}, func() (okpay.Payout, error) { return k.payoutSays(po.ID, "e2", rails.PayoutReturned) })
	assert.Equal(t, map[string]int64{"merchant:shop:available": 19_975, "fees:payout": 25, "bank:nostro": -20_000}, k.balancesOf("CNY"))

	first := po.ID
	second, err := k.payout(500)
	require.NoError(t, err)
	do([]string{"payout.canceled"}, func() (okpay.Payout, error) {
		return k.Payouts.Cancel(t.Context(), okpay.CancelPayout{Merchant: k.merchant, Payout: second.ID})
	})
	third, err := k.payout(500)
	require.NoError(t, err)
	do([]string{"payout.rejected"}, func() (okpay.Payout, error) {
		return k.Payouts.Reject(t.Context(), okpay.RejectPayout{Payout: third.ID, By: "ops1", Reason: "risk"})
	})
	assert.Equal(t, map[string]int64{"usage:m_shop:payout:day-2026-01-01:CNY": 5000}, k.usage(), "what was paid counts")
	_, err = k.payout(46_000)
	refusedAs(t, err, okpay.LimitExceededDaily)
	_, err = k.payout(19_951)
	assert.Equal(t, yuan(19_950), refusedAs(t, err, okpay.WithdrawalExceedsWithdrawable).Limit)

	mine, _, err := k.Payouts.List(t.Context(), okpay.ListPayouts{Merchant: k.merchant})
	require.NoError(t, err)
	assert.Len(t, mine, 3)
	_, err = k.Payouts.GetOwned(t.Context(), "other", first)
	refusedAs(t, err, okpay.NotFound)
	_, err = k.Withdrawals.Get(t.Context(), okpay.WithdrawalID(first))
	refusedAs(t, err, okpay.NotFound)
	review, err := k.Payouts.Review(t.Context(), first)
	require.NoError(t, err)
	assert.Len(t, review.Approvals, 2)
	c, err := k.Payouts.Conditions(t.Context(), k.merchant, "CNY")
	require.NoError(t, err)
	assert.Equal(t, cny(19_950), c.Withdrawable)
	assert.Len(t, c.Destinations, 1)
	_, err = k.Payouts.Request(t.Context(), okpay.RequestPayout{Merchant: k.merchant, Amount: cny(1), Destination: k.to})
	refusedAs(t, err, okpay.DestinationInvalid)
	activity, err := k.Merchants.Activity(t.Context(), k.merchant, okpay.ActivityPage{})
	require.NoError(t, err)
	assert.Len(t, activity, 3)
	k.verify()
}

func TestAPayoutThatWasPaidAfterItFailedIsSettledByAPerson(t *testing.T) {
	for _, how := range []string{"collect", "write off"} {
		t.Run(how, func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 0, 20_000)
			po, err := k.payout(5000)
			require.NoError(t, err)
			_, err = k.Payouts.Approve(t.Context(), okpay.ReviewPayout{Payout: po.ID, By: "ops1"})
			require.NoError(t, err)
			k.behaves(rails.Behavior{Lost: errors.New("reset")})
			po, err = k.Payouts.Submit(t.Context(), po.ID)
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalUnknown, po.State)
			po, err = k.Payouts.Query(t.Context(), po.ID)
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalUnknown, po.State)
			for _, s := range []rails.PayoutStatus{rails.PayoutFailed, rails.PayoutPaid} {
				po, err = k.payoutSays(po.ID, s.String(), s)
				require.NoError(t, err)
			}
			assert.Equal(t, okpay.WithdrawalPaidAfterFailed, po.State)
			in := okpay.ReviewPayout{Payout: po.ID, By: "ops1"}
			merchant, lost := int64(15_000), int64(0)
			if how == "collect" {
				po, err = k.Payouts.Collect(t.Context(), in)
			} else {
				po, err = k.Payouts.WriteOff(t.Context(), in)
				merchant, lost = 20_000, -5000
			}
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalPaid, po.State)
			b := k.balancesOf("CNY")
			assert.Equal(t, merchant, b["merchant:shop:available"])
			assert.Equal(t, lost, b["expense:loss"])
			assert.Zero(t, b["suspense:bankA"])
			assert.Empty(t, k.kinds(string(po.ID)))
			k.verify()
		})
	}
}

func TestAScheduleOfPayoutsPaysWhatIsAboveTheReserve(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	k := startDesk(t, okpay.Config{
		Zone: shanghai, Fees: okpay.Fees{Payout: okpay.Fee{Fixed: 25}},
		Payouts: okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 1_000_000}, MinRemaining: okpay.Amounts{"CNY": 100}},
		Limits:  []okpay.Limit{{On: okpay.OnPayout, Per: okpay.Each, Min: 50}, {On: okpay.OnPayout, Per: okpay.Daily, Max: 9000}},
	}, 0, 7000)
	in := okpay.SetPayoutSchedule{Merchant: k.merchant, Currency: "CNY", Every: okpay.Daily, Hour: 9, Reserve: cny(1000), Destination: k.tom}
	var s okpay.PayoutSchedule
	require.NoError(t, k.step([]string{"payout_schedule.set"}, nil, func() error {
		s, err = k.Payouts.SetSchedule(t.Context(), in)
		return err
	}))
	at := func(hour int) time.Time { return time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC) }
	assert.Equal(t, at(1), s.NextAt, "nine o'clock there")
	work := func(events ...string) {
		t.Helper()
		require.NoError(t, k.step(append([]string{}, events...), nil, func() error {
			_, err := k.Work(t.Context())
			return err
		}))
	}
	k.clock.Advance(time.Hour - time.Second)
	work()
	k.clock.Advance(time.Second)
	work("payout.requested", "payout.under_review", "payout.approved", "payout.submitting", "payout.submitted")
	s, err = k.Payouts.Schedule(t.Context(), k.merchant, "CNY")
	require.NoError(t, err)
	assert.Equal(t, at(25), s.NextAt)
	po, err := k.Payouts.Get(t.Context(), s.LastPayout)
	require.NoError(t, err)
	assert.Equal(t, cny(5875), po.Amount, "7000 less 1000, 100 and the fee")

	k.clock.Advance(24 * time.Hour)
	work() // nothing is above the reserve
	k.fund("merchant:shop:available", 20_000)
	k.clock.Advance(3 * 24 * time.Hour)
	work("payout.requested", "payout.under_review", "payout.approved", "payout.submitting", "payout.submitted")
	s, err = k.Payouts.Schedule(t.Context(), k.merchant, "CNY")
	require.NoError(t, err)
	po, err = k.Payouts.Get(t.Context(), s.LastPayout)
	require.NoError(t, err)
	assert.Equal(t, cny(9000), po.Amount, "as far as the limit of the day allows, and once for all the days missed")
	assert.Equal(t, at(25+4*24), s.NextAt)

	_, err = k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: k.tom, By: "ops1", Problem: okpay.DestinationClosed})
	require.NoError(t, err)
	k.clock.Advance(24 * time.Hour)
	work("payout_schedule.failed")
	s, err = k.Payouts.Schedule(t.Context(), k.merchant, "CNY")
	require.NoError(t, err)
	assert.Equal(t, okpay.DestinationClosed, s.LastFailure.Code)

	require.NoError(t, k.step([]string{"payout_schedule.removed"}, nil, func() error {
		_, err := k.Payouts.RemoveSchedule(t.Context(), okpay.RemovePayoutSchedule{Merchant: k.merchant, Currency: "CNY"})
		return err
	}))
	_, err = k.Payouts.RemoveSchedule(t.Context(), okpay.RemovePayoutSchedule{Merchant: k.merchant, Currency: "CNY"})
	refusedAs(t, err, okpay.InvalidState)
	_, err = k.Payouts.RemoveSchedule(t.Context(), okpay.RemovePayoutSchedule{Merchant: k.merchant, Currency: "USD"})
	refusedAs(t, err, okpay.NotFound)
	k.clock.Advance(24 * time.Hour)
	work()
	k.verify()
}

func TestAWeeklyScheduleComesOnItsDay(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 0, 7000)
	in := okpay.SetPayoutSchedule{
		Merchant: k.merchant, Currency: "CNY", Every: okpay.Weekly, Weekday: time.Monday, Hour: 23, Destination: k.tom, Key: "k",
	}
	s, err := k.Payouts.SetSchedule(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 1, 5, 23, 0, 0, 0, time.UTC), s.NextAt)
	again, err := k.Payouts.SetSchedule(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	k.clock.Advance(5 * 24 * time.Hour)
	_, err = k.Work(t.Context())
	require.NoError(t, err)
	s, err = k.Payouts.Schedule(t.Context(), k.merchant, "CNY")
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 1, 12, 23, 0, 0, 0, time.UTC), s.NextAt)
	po, err := k.Payouts.Get(t.Context(), s.LastPayout)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalUnderReview, po.State, "without AutoApproveMax a person looks")

	for name, change := range map[string]func(*okpay.SetPayoutSchedule){
		"no period":              func(in *okpay.SetPayoutSchedule) { in.Every = okpay.Monthly },
		"an hour of none":        func(in *okpay.SetPayoutSchedule) { in.Hour = 24 },
		"a day of none":          func(in *okpay.SetPayoutSchedule) { in.Weekday = 7 },
		"a day for every day":    func(in *okpay.SetPayoutSchedule) { in.Every = okpay.Daily },
		"a negative reserve":     func(in *okpay.SetPayoutSchedule) { in.Reserve = cny(-1) },
		"a reserve of another":   func(in *okpay.SetPayoutSchedule) { in.Currency, in.Reserve = "USD", cny(1) },
		"a merchant with spaces": func(in *okpay.SetPayoutSchedule) { in.Merchant = "a b" },
	} {
		t.Run(name, func(t *testing.T) {
			wrong := in
			wrong.Key = ""
			change(&wrong)
			_, err := k.Payouts.SetSchedule(t.Context(), wrong)
			refusedAs(t, err, okpay.InvalidRequest)
		})
	}
	wrong := in
	wrong.Key, wrong.Destination = "", k.to
	_, err = k.Payouts.SetSchedule(t.Context(), wrong)
	refusedAs(t, err, okpay.DestinationInvalid)
}
