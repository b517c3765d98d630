package okpay_test

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// Random operations from several goroutines leave no unit out of place: whatever was
// refused, each currency sums to zero, nobody is below zero, and each payment's amounts
// agree with what its customer and merchant were charged.
func TestRandomHistories(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := start(t, okpay.Config{
		Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 137, Fixed: 3, Max: 500}}, RefundFees: okpay.ReturnFeeProportionally, MaxAttempts: 3,
	})
	currencies := []money.Currency{money.MustISO("CNY"), money.MustISO("JPY"), money.MustISO("KWD")}
	var customers []okpay.CustomerID
	for i := range 5 {
		c, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: okpay.CustomerID("c" + strconv.Itoa(i))})
		require.NoError(t, err)
		customers = append(customers, c.ID)
	}
	var (
		mu       sync.Mutex
		payments []okpay.PaymentID
		running  sync.WaitGroup
	)
	steps := testsize.Scaled(t, 300)
	for worker := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(worker)))
		running.Go(func() {
			for range steps {
				if err := f.step(r, &mu, &payments, customers, currencies); err != nil && okpay.CodeOf(err) == okpay.InternalError {
					assert.NoError(t, err)
					return
				}
			}
		})
	}
	running.Wait()
	f.clock.Advance(365 * 24 * time.Hour)
	f.work()

	sums := map[string]int64{}
	page, _, err := f.Ledger().Balances(t.Context(), "", 0, 0)
	require.NoError(t, err)
	for _, b := range page {
		assert.True(t, b.PendingIn.IsZero() && b.PendingOut.IsZero(), "%s: nothing is pending after a year", b.Account)
		if b.Normal == ledger.Debit {
			sums[b.Account.Currency] -= b.Posted.Minor()
			continue
		}
		sums[b.Account.Currency] += b.Posted.Minor()
		assert.False(t, b.Posted.IsNegative(), b.Account)
	}
	for currency, sum := range sums {
		assert.Zero(t, sum, currency)
	}
	owed := map[string]int64{}
	states := map[okpay.PaymentState]int{}
	for _, id := range payments {
		p, err := f.Payments.Get(t.Context(), id)
		require.NoError(t, err)
		states[p.State]++
		owed[p.Amount.Currency().Code()] += p.Captured.Minor() - p.Refunded.Minor() - p.Fee.Minor() + p.FeeReturned.Minor()
		assert.LessOrEqual(t, p.Captured.Minor(), p.Amount.Minor())
		assert.LessOrEqual(t, p.Refunded.Minor(), p.Captured.Minor())
	}
	balances, err := f.Merchants.Balances(t.Context(), f.merchant)
	require.NoError(t, err)
	for _, b := range balances {
		assert.Equal(t, owed[b.Total.Currency().Code()], b.Total.Minor(), "the merchant has what its payments say")
	}
	t.Logf("%d payments: %v", len(payments), states)
	f.verify()
}

// step does one random thing.
func (f *fixture) step(r *rand.Rand, mu *sync.Mutex, payments *[]okpay.PaymentID, customers []okpay.CustomerID, currencies []money.Currency) error {
	ctx := f.t.Context()
	customer := customers[r.IntN(len(customers))]
	amount := money.New(1+r.Int64N(1000), currencies[r.IntN(len(currencies))])
	var id okpay.PaymentID
	mu.Lock()
	if n := len(*payments); n > 0 {
		id = (*payments)[r.IntN(n)]
	}
	mu.Unlock()
	p, err := f.Payments.Get(ctx, id)
	if err == nil {
		amount = money.New(1+r.Int64N(p.Amount.Minor()), p.Amount.Currency())
	}
	switch r.IntN(8) {
	case 0, 1:
		in := okpay.CreatePayment{Merchant: f.merchant, Amount: amount, CaptureMethod: okpay.CaptureManual}
		if r.IntN(3) == 0 {
			in.CaptureMethod = okpay.CaptureAutomatic
		}
		created, err := f.Payments.Create(ctx, in)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			*payments = append(*payments, created.ID)
		}
		return err
	case 2:
		_, err = f.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer, Amount: amount})
	case 3, 4:
		_, err = f.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: id, Customer: customer})
	case 5:
		_, err = f.Payments.Capture(ctx, okpay.CapturePayment{Merchant: f.merchant, Payment: id, Amount: amount, Final: r.IntN(4) == 0})
	case 6:
		_, err = f.Payments.Refund(ctx, okpay.CreateRefund{Merchant: f.merchant, Payment: id, Amount: amount})
	default:
		if r.IntN(4) == 0 {
			_, err = f.Payments.Cancel(ctx, okpay.CancelPayment{Merchant: f.merchant, Payment: id})
			break
		}
		f.clock.Advance(time.Duration(r.IntN(3600)) * time.Second)
	}
	var refused *okpay.Error
	if errors.As(err, &refused) {
		assert.NotEmpty(f.t, refused.En)
		assert.NotEmpty(f.t, refused.Zh)
		assert.NotEmpty(f.t, refused.NextAction)
		assert.NotEmpty(f.t, refused.Retry)
	}
	return err
}
