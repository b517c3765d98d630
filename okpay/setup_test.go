package okpay_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// fixture is a wallet with one customer and one merchant.
type fixture struct {
	*okpay.Wallet
	t        *testing.T
	clock    *handclock.Clock
	customer okpay.CustomerID
	merchant okpay.MerchantID
}

func start(t *testing.T, cfg okpay.Config) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: f.clock.Now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	cfg.Webhooks.AllowPrivate = cfg.Mode != okpay.Live // receivers are on loopback
	f.Wallet, err = okpay.New(l, cfg)
	require.NoError(t, err)
	customer, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "payer", Name: "Payer"})
	require.NoError(t, err)
	merchant, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	require.NoError(t, err)
	f.customer, f.merchant = customer.ID, merchant.ID
	return f
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

func (f *fixture) topUp(amount money.Amount) {
	f.t.Helper()
	_, err := f.TopUps.Create(f.t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: amount})
	require.NoError(f.t, err)
}

func (f *fixture) create(amount money.Amount, method okpay.CaptureMethod) okpay.Payment {
	f.t.Helper()
	p, err := f.Payments.Create(f.t.Context(), okpay.CreatePayment{Merchant: f.merchant, Amount: amount, CaptureMethod: method})
	require.NoError(f.t, err)
	return p
}

func (f *fixture) confirm(id okpay.PaymentID) (okpay.Payment, error) {
	return f.Payments.Confirm(f.t.Context(), okpay.ConfirmPayment{Payment: id, Customer: f.customer})
}

func (f *fixture) capture(id okpay.PaymentID, minor int64, final bool) (okpay.Payment, error) {
	in := okpay.CapturePayment{Merchant: f.merchant, Payment: id, Final: final}
	if minor != 0 {
		in.Amount = cny(minor)
	}
	return f.Payments.Capture(f.t.Context(), in)
}

func (f *fixture) refund(id okpay.PaymentID, amount money.Amount) (okpay.Refund, error) {
	return f.Payments.Refund(f.t.Context(), okpay.CreateRefund{Merchant: f.merchant, Payment: id, Amount: amount})
}

// paid is a captured payment.
func (f *fixture) paid(minor int64) okpay.Payment {
	f.t.Helper()
	p, err := f.confirm(f.create(cny(minor), okpay.CaptureAutomatic).ID)
	require.NoError(f.t, err)
	require.Equal(f.t, okpay.PaymentCaptured, p.State)
	return p
}

// balances returns what customer, merchant and fees have in a currency, in minor units.
func (f *fixture) balances(currency string) (customer, merchant, fees int64) {
	f.t.Helper()
	of := func(name string) int64 {
		b, err := f.Ledger().Balance(f.t.Context(), ledger.AccountKey{Name: name, Currency: currency})
		require.NoError(f.t, err)
		return b.Posted.Minor()
	}
	return of("user:payer:available"), of("merchant:shop:available"), of("fees:payment")
}

// since returns the types of the events after a number, and the number of the last one.
func (f *fixture) since(no int64) ([]string, int64) {
	f.t.Helper()
	events, last, err := f.Events(f.t.Context(), no, 1000)
	require.NoError(f.t, err)
	types := []string{}
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types, last
}

func (f *fixture) last() int64 {
	_, last := f.since(0)
	return last
}

func (f *fixture) verify() {
	f.t.Helper()
	report, err := f.Ledger().Verify(f.t.Context())
	require.NoError(f.t, err)
	require.NoError(f.t, report.Err())
}
