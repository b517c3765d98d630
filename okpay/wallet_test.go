package okpay_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestABadConfigIsRefused(t *testing.T) {
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	for name, cfg := range map[string]okpay.Config{
		"an unknown mode":                 {Mode: "production"},
		"a fee in a currency with a typo": {Fees: okpay.Fees{Currency: map[string]okpay.Fees{"cny": {}}}},
		"a fee above the whole amount":    {Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 10_001}}},
		"a transfer that never waits":     {TransferExpiry: -1},
		"a negative fee":                  {Fees: okpay.Fees{Payment: okpay.Fee{Fixed: -1}}},
		"a maximum below the minimum":     {Fees: okpay.Fees{Payment: okpay.Fee{Min: 2, Max: 1}}},
		"an unknown way to return fees":   {RefundFees: 9},
		"a source that names no account":  {Sources: map[string]rails.FundingSource{"a:b": &rails.Simulated{}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := okpay.New(l, cfg)
			require.ErrorIs(t, err, okpay.InvalidRequest)
		})
	}
}

func TestAWalletIsRefusedOnALedgerWhoseChartWouldLetCustomersOverdraw(t *testing.T) {
	_, err := okpay.New(nil, okpay.Config{})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	for name, c := range map[string]struct {
		chart ledger.Chart
		ok    bool
	}{
		"no chart":                       {nil, false},
		"another chart":                  {ledger.Chart{{Name: "**"}}, false},
		"the wallet's, hidden by others": {append(ledger.Chart{{Name: "user:**"}}, okpay.Chart()...), false},
		"the wallet's":                   {okpay.Chart(), true},
		"the wallet's and others":        {append(okpay.Chart(), ledger.Pattern{Name: "mine:**"}), true},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: c.chart})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
			_, err = okpay.New(l, okpay.Config{})
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, okpay.InvalidRequest)
		})
	}
}

func TestRunEndsWhenItsLedgerIsClosed(t *testing.T) {
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	require.ErrorIs(t, w.Run(t.Context()), ledger.ErrClosed)
}

func TestIdsThatRepeatThemselvesOverwriteNothing(t *testing.T) {
	id := "00000000000000000000000000"
	f := start(t, okpay.Config{NewID: func() string { return id }})
	in := okpay.CreatePayment{Merchant: f.merchant, Amount: cny(1), Key: "first"}
	first, err := f.Payments.Create(t.Context(), in)
	require.NoError(t, err)
	in.Amount, in.Key = cny(2), "second"
	_, err = f.Payments.Create(t.Context(), in)
	require.ErrorIs(t, err, okpay.ServiceBusy)
	p, err := f.Payments.Get(t.Context(), first.ID)
	require.NoError(t, err)
	assert.Equal(t, cny(1), p.Amount)
}

func TestWithoutRandomnessIdsStayUniqueAndSecretsAreNotMade(t *testing.T) {
	f := start(t, okpay.Config{Rand: broken{}})
	a, b := f.create(cny(1), okpay.CaptureAutomatic), f.create(cny(1), okpay.CaptureAutomatic)
	assert.NotEqual(t, a.ID, b.ID)
	_, _, err := f.Keys.Create(t.Context(), f.merchant, "key")
	require.Error(t, err)
}

func TestCustomersAndMerchantsHaveOneOwnerPerId(t *testing.T) {
	f := start(t, okpay.Config{})
	_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: f.customer})
	require.ErrorIs(t, err, okpay.InvalidState)
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: f.merchant, Name: "x"})
	require.ErrorIs(t, err, okpay.InvalidState)
	for _, id := range []okpay.CustomerID{"a:b", "ä", okpay.CustomerID(strings.Repeat("x", 65)), "a b", "a\x00"} {
		_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id})
		require.ErrorIs(t, err, okpay.InvalidRequest, "%q", id)
		_, err = f.Customers.Get(t.Context(), id)
		require.ErrorIs(t, err, okpay.NotFound, "%q", id)
	}
	_, err = f.Customers.Create(t.Context(), okpay.CreateCustomer{Locale: "xx"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = f.Customers.Balances(t.Context(), "nobody")
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Merchants.Statement(t.Context(), f.merchant, "XYZ", okpay.StatementPage{})
	require.ErrorIs(t, err, okpay.CurrencyNotSupported)
}

func TestPersonalDataStandsInNoBlockAndNoEvent(t *testing.T) {
	f := start(t, okpay.Config{})
	_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{Name: "canary-of-a-name"})
	require.NoError(t, err)
	_, err = f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: f.merchant, Amount: cny(1), Description: "canary-of-a-description"})
	require.NoError(t, err)
	blocks, err := f.Ledger().Blocks(t.Context(), 0, 0)
	require.NoError(t, err)
	for _, b := range blocks {
		assert.NotContains(t, string(b.Body), "canary")
	}
	events, _, err := f.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		assert.NotContains(t, string(e.Data), "canary-of-a-name")
	}
}

func TestIDsMadeLaterSortLater(t *testing.T) {
	f := start(t, okpay.Config{})
	before := f.NewID("x_")
	for range 10_000 {
		next := f.NewID("x_")
		require.Less(t, before, next, "the clock stands still")
		before = next
	}
	f.clock.Advance(-time.Hour)
	next := f.NewID("x_")
	require.Less(t, before, next, "the clock went back")
	f.clock.Advance(2 * time.Hour)
	require.Less(t, next, f.NewID("x_"))

	var (
		mu   sync.Mutex
		seen = map[string]bool{}
		wg   sync.WaitGroup
	)
	for range 8 {
		wg.Go(func() {
			for range 1_000 {
				id := f.NewID("x_")
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	assert.Len(t, seen, 8_000)
}
