package okpay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestAGateIsMovedOnceAndTellsTheCustomer(t *testing.T) {
	f := start(t, okpay.Config{})
	before := f.last()
	in := okpay.MoveGate{Customer: f.customer, By: "ops1", Reason: "risk", Key: "k"}
	g, err := f.Customers.Lock(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.GateLocked, g.State)
	assert.False(t, g.Replayed)
	again, err := f.Customers.Lock(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	types, _ := f.since(before)
	assert.Equal(t, []string{"account.locked"}, types)

	in.Key = "other"
	_, err = f.Customers.Lock(t.Context(), in)
	require.ErrorIs(t, err, okpay.InvalidState)

	messages, err := f.Customers.Messages(t.Context(), f.customer, "", 0)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	assert.Equal(t, "account_locked", messages[0].Template)
	assert.Equal(t, "gate", messages[0].ObjectType)

	g, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: f.customer, By: "ops2"})
	require.NoError(t, err)
	assert.Equal(t, okpay.GateActive, g.State)
	assert.Empty(t, g.Reason)
}

func TestAGateRefusesWhatIsWrong(t *testing.T) {
	f := start(t, okpay.Config{})
	_, err := f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "nobody"})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Customers.Gate(t.Context(), "nobody")
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.ErrorIs(t, err, okpay.InvalidState)
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer, Reason: "two words"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	g, err := f.Customers.Gate(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Equal(t, okpay.GateActive, g.State, "a refusal changes nothing")
}

func TestALimitMustMakeSense(t *testing.T) {
	for name, limit := range map[string]okpay.Limit{
		"no period":                 {On: okpay.OnTransfer, Max: 1},
		"a negative bound":          {On: okpay.OnTransfer, Per: okpay.Daily, Max: -1},
		"a minimum for a day":       {On: okpay.OnTransfer, Per: okpay.Daily, Min: 1},
		"a count of each":           {On: okpay.OnTransfer, Per: okpay.Each, Count: 1},
		"no operation":              {Per: okpay.Daily, Max: 1},
		"an operation with a typo":  {On: "payments", Per: okpay.Daily, Max: 1},
		"what moves no money":       {On: okpay.OnRegister, Per: okpay.Daily, Count: 1},
		"a currency with a typo":    {On: okpay.OnPayment, Per: okpay.Daily, Currency: "cny", Max: 1},
		"a maximum below a minimum": {On: okpay.OnTransfer, Per: okpay.Each, Min: 2, Max: 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := okpay.New(start(t, okpay.Config{}).Ledger(), okpay.Config{Limits: []okpay.Limit{limit}})
			require.ErrorIs(t, err, okpay.InvalidRequest)
		})
	}
	_, err := okpay.New(start(t, okpay.Config{}).Ledger(), okpay.Config{
		Limits: []okpay.Limit{{On: okpay.OnTransfer, Per: okpay.Daily, Max: 10, Count: 3}},
		Zone:   time.FixedZone("somewhere", 8*3600),
	})
	require.NoError(t, err)
}
