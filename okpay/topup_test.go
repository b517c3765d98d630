package okpay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func TestATopUpThatTheSourceDeclinesIsRecorded(t *testing.T) {
	source := &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Failed }}
	f := start(t, okpay.Config{Sources: map[string]rails.FundingSource{"bank": source}})
	in := okpay.CreateTopUp{Customer: f.customer, Amount: cny(10), Key: "k"}
	top, err := f.TopUps.Create(t.Context(), in)
	require.ErrorIs(t, err, okpay.FundingSourceDeclined)
	assert.Equal(t, okpay.TopUpFailed, top.State)
	again, err := f.TopUps.Create(t.Context(), in)
	require.ErrorIs(t, err, okpay.FundingSourceDeclined)
	assert.Equal(t, top.ID, again.ID)
	assert.True(t, again.Replayed)
	balances, err := f.Customers.Balances(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Empty(t, balances)
}

func TestAnUnknownOutcomeIsResolvedByAskingAgainAndNeverByTime(t *testing.T) {
	source := &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Unknown }}
	f := start(t, okpay.Config{Sources: map[string]rails.FundingSource{"bank": source}})
	top, err := f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(10), Source: "bank"})
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpPending, top.State)
	for range 100 {
		f.clock.Advance(24 * time.Hour)
		_, err = f.Work(t.Context())
		require.NoError(t, err)
	}
	top, err = f.TopUps.Get(t.Context(), top.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpPending, top.State)

	source.Settle(string(top.ID), rails.Succeeded)
	f.clock.Advance(time.Hour)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	top, err = f.TopUps.Get(t.Context(), top.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpSucceeded, top.State)
	balances, err := f.Customers.Balances(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Equal(t, cny(10), balances[0].Available)
	f.verify()
}

// lost is a source whose answer gets lost on the way, once.
type lost struct {
	rails.Simulated
	failures int
}

func (l *lost) Collect(ctx context.Context, c rails.Collection) (rails.Outcome, error) {
	out, err := l.Simulated.Collect(ctx, c)
	if l.failures > 0 {
		l.failures--
		return rails.Succeeded, errors.New("connection lost")
	}
	return out, err
}

func TestAnAnswerThatGotLostIsNotASuccessAndMovesTheMoneyOnce(t *testing.T) {
	f := start(t, okpay.Config{Sources: map[string]rails.FundingSource{"bank": &lost{failures: 1}}})
	in := okpay.CreateTopUp{Customer: f.customer, Amount: cny(10), Key: "k"}
	top, err := f.TopUps.Create(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpPending, top.State)
	top, err = f.TopUps.Create(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpSucceeded, top.State, "a retry with the same key asks the source again")
	f.clock.Advance(time.Hour)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	customer, _, _ := f.balancesOfCustomer()
	assert.Equal(t, int64(10), customer)
}

func (f *fixture) balancesOfCustomer() (available, held, total int64) {
	f.t.Helper()
	balances, err := f.Customers.Balances(f.t.Context(), f.customer)
	require.NoError(f.t, err)
	require.Len(f.t, balances, 1)
	return balances[0].Available.Minor(), balances[0].Held.Minor(), balances[0].Total.Minor()
}

func TestATopUpFromAnUnknownSourceOrForNobodyIsRefused(t *testing.T) {
	f := start(t, okpay.Config{})
	_, err := f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(10), Source: "nowhere"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: "nobody", Amount: cny(10)})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(0)})
	require.ErrorIs(t, err, okpay.AmountNotPositive)
}
