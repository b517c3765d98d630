package rails_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

var order = rails.Payout{Key: "wd_1", Amount: money.New(500, money.MustISO("CNY")), To: rails.Payee{Type: "bank", Details: "1"}}

func TestAPayoutIsOrderedOnceHoweverOftenItIsSubmitted(t *testing.T) {
	s := &rails.SimulatedPayouts{}
	for range 3 {
		got, err := s.Submit(t.Context(), order)
		require.NoError(t, err)
		assert.Equal(t, rails.PayoutAccepted, got.Status)
	}
	assert.Equal(t, map[string]int{"wd_1": 3}, s.Calls())
	assert.Equal(t, map[string]money.Amount{"wd_1": order.Amount}, s.Ordered())
	s.Settle("wd_1", rails.PayoutResult{Status: rails.PayoutPaid}, 1)
	got, err := s.Query(t.Context(), "wd_1")
	require.NoError(t, err)
	assert.Equal(t, rails.PayoutPaid, got.Status)
	got, err = s.Query(t.Context(), "wd_2")
	require.NoError(t, err)
	assert.Equal(t, rails.PayoutNotFound, got.Status)
	assert.Equal(t, map[string]int{"wd_1": 1, "wd_2": 1}, s.Queries())
}

func TestASimulatedProviderIsAsBadAsItIsTold(t *testing.T) {
	broken := errors.New("broken")
	var reports []rails.PayoutResult
	next := rails.Behavior{}
	s := &rails.SimulatedPayouts{
		Behave: func(rails.Payout, int) rails.Behavior { return next },
		Report: func(_ string, r rails.PayoutResult) { reports = append(reports, r) },
	}
	next = rails.Behavior{Lost: broken}
	_, err := s.Submit(t.Context(), order)
	require.ErrorIs(t, err, broken)
	assert.Empty(t, s.Ordered(), "an error before the effect")
	next = rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}, Unanswered: broken, Reports: 2}
	_, err = s.Submit(t.Context(), order)
	require.ErrorIs(t, err, broken)
	assert.Len(t, s.Ordered(), 1, "an error after the effect")
	assert.Len(t, reports, 2, "twice")
	next = rails.Behavior{Says: &rails.PayoutResult{Status: rails.PayoutFailed}}
	got, err := s.Submit(t.Context(), order)
	require.NoError(t, err)
	assert.Equal(t, rails.PayoutFailed, got.Status, "wrong")
	next = rails.Behavior{}
	got, err = s.Submit(t.Context(), order)
	require.NoError(t, err)
	assert.Equal(t, rails.PayoutPaid, got.Status, "the first outcome stands")

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := &rails.SimulatedPayouts{Behave: func(rails.Payout, int) rails.Behavior { return rails.Behavior{Never: true} }}
		_, err := s.Submit(ctx, order)
		require.ErrorIs(t, err, context.DeadlineExceeded, "never")
		assert.Empty(t, s.Ordered())
		late := make(chan struct{})
		s.Behave = func(rails.Payout, int) rails.Behavior { return rails.Behavior{Wait: late} }
		go func() {
			time.Sleep(time.Hour)
			close(late)
		}()
		began := time.Now()
		got, err := s.Submit(t.Context(), order)
		require.NoError(t, err)
		assert.Equal(t, rails.PayoutAccepted, got.Status)
		assert.Equal(t, time.Hour, time.Since(began), "late")
		_, err = s.Submit(ctx, order)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = s.Query(ctx, order.Key)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestStatusesHaveNames(t *testing.T) {
	names := map[rails.PayoutStatus]string{
		rails.PayoutUnknown: "unknown", rails.PayoutAccepted: "accepted", rails.PayoutPaid: "paid",
		rails.PayoutFailed: "failed", rails.PayoutReturned: "returned", rails.PayoutNotFound: "not_found",
	}
	for s, name := range names {
		assert.Equal(t, name, s.String())
	}
}
