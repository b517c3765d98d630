package okpay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

func TestInsufficientBalanceIsRecordedAndTheSamePaymentCanBePaidAfterATopUp(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
	f.topUp(cny(3000))
	p := f.create(cny(5000), okpay.CaptureAutomatic)
	at := f.last()

	in := okpay.ConfirmPayment{Payment: p.ID, Customer: f.customer, Key: "try-1"}
	p, err := f.Payments.Confirm(t.Context(), in)
	require.ErrorIs(t, err, okpay.InsufficientBalance)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	assert.Equal(t, 1, p.Attempts)
	require.NotNil(t, p.LastFailure)
	assert.Equal(t, okpay.InsufficientBalance, p.LastFailure.Code)
	assert.Equal(t, []string{"top_up", "switch_payment_method"}, p.LastFailure.NextAction)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed"}, types)

	f.topUp(cny(5000))
	_, at = f.since(at)
	p, err = f.Payments.Confirm(t.Context(), in)
	require.ErrorIs(t, err, okpay.InsufficientBalance, "a key that was refused stays refused")
	assert.True(t, p.Replayed)
	types, _ = f.since(at)
	assert.Empty(t, types)

	in.Key = "try-2"
	p, err = f.Payments.Confirm(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	assert.Nil(t, p.LastFailure)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.authorized", "payment.captured"}, types)

	p, err = f.Payments.Confirm(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, p.Replayed)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, _ = f.since(at)
	assert.Empty(t, types)

	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{3000, 4970, 30}, []int64{customer, merchant, fees})
	f.verify()
}

func TestAPaymentFailsForGoodAtTheLastAttempt(t *testing.T) {
	f := start(t, okpay.Config{MaxAttempts: 2})
	f.topUp(cny(1))
	p := f.create(cny(5), okpay.CaptureManual)
	p, err := f.confirm(p.ID)
	require.ErrorIs(t, err, okpay.InsufficientBalance)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	at := f.last()
	p, err = f.confirm(p.ID)
	require.ErrorIs(t, err, okpay.InsufficientBalance)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	types, _ := f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed", "payment.failed"}, types)
	_, err = f.confirm(p.ID)
	require.ErrorIs(t, err, okpay.InvalidState)
}

func TestOneKeyMeansOnePayment(t *testing.T) {
	f := start(t, okpay.Config{})
	in := okpay.CreatePayment{Merchant: f.merchant, Amount: cny(2500), Reference: "order-1", Metadata: map[string]string{"a": "b"}, Key: "k"}
	first, err := f.Payments.Create(t.Context(), in)
	require.NoError(t, err)
	again, err := f.Payments.Create(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, first.ID, again.ID)

	for field, change := range map[string]func(*okpay.CreatePayment){
		"amount":         func(in *okpay.CreatePayment) { in.Amount = cny(2600) },
		"customer":       func(in *okpay.CreatePayment) { in.Customer = f.customer },
		"capture_method": func(in *okpay.CreatePayment) { in.CaptureMethod = okpay.CaptureManual },
		"expires_in":     func(in *okpay.CreatePayment) { in.ExpiresIn = time.Hour },
		"reference":      func(in *okpay.CreatePayment) { in.Reference = "order-2" },
		"description":    func(in *okpay.CreatePayment) { in.Description = "x" },
		"metadata":       func(in *okpay.CreatePayment) { in.Metadata = map[string]string{"a": "c"} },
	} {
		t.Run("another "+field+" is refused", func(t *testing.T) {
			other := in
			change(&other)
			_, err := f.Payments.Create(t.Context(), other)
			require.ErrorIs(t, err, okpay.IdempotencyKeyReused)
			var e *okpay.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, field, e.Field)
		})
	}

	other, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{Name: "Another"})
	require.NoError(t, err)
	in.Merchant = other.ID
	p, err := f.Payments.Create(t.Context(), in)
	require.NoError(t, err, "another merchant's keys are another namespace")
	assert.NotEqual(t, first.ID, p.ID)
}

func TestTwoPartialCapturesOverCaptureRefusedFinalReleasesTheRest(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
	f.topUp(cny(50000))
	p, err := f.confirm(f.create(cny(30000), okpay.CaptureManual).ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentAuthorized, p.State)
	balances, err := f.Customers.Balances(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Equal(t, []okpay.Balance{{Available: cny(20000), Held: cny(30000), Total: cny(50000)}}, balances)

	at := f.last()
	p, err = f.capture(p.ID, 10000, false)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentPartiallyCaptured, p.State)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.partially_captured"}, types)

	_, err = f.capture(p.ID, 25000, false)
	require.ErrorIs(t, err, okpay.AmountExceedsCapturable)
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, cny(20000), *e.Limit)
	types, at = f.since(at)
	assert.Empty(t, types)

	p, err = f.capture(p.ID, 12000, true)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.hold_released", "payment.captured"}, types)

	_, err = f.capture(p.ID, 1, false)
	require.ErrorIs(t, err, okpay.InvalidState)
	types, _ = f.since(at)
	assert.Empty(t, types)
	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{28000, 21868, 132}, []int64{customer, merchant, fees})
	f.verify()
}

func TestExpiryIsExactAndWhatWasCapturedStays(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(10000))
	authorize := func(minor int64) okpay.PaymentID {
		p, err := f.Payments.Create(t.Context(), okpay.CreatePayment{
			Merchant: f.merchant, Amount: cny(minor), CaptureMethod: okpay.CaptureManual, ExpiresIn: 600 * time.Second,
		})
		require.NoError(t, err)
		_, err = f.confirm(p.ID)
		require.NoError(t, err)
		return p.ID
	}
	p1, p2, p3 := authorize(1000), authorize(2000), authorize(3000)
	f.clock.Advance(5 * time.Minute)
	_, err := f.capture(p3, 1200, false)
	require.NoError(t, err)
	f.clock.Advance(5*time.Minute - time.Microsecond)
	at := f.last()
	_, err = f.capture(p1, 1000, false)
	require.NoError(t, err, "the last microsecond counts")
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.captured"}, types)

	f.clock.Advance(time.Microsecond)
	balances, err := f.Customers.Balances(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Equal(t, cny(0), balances[0].Held, "at the instant nothing is held any more, sweeper or not")
	p, err := f.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: f.merchant, Payment: p2, Amount: cny(2000), Key: "late"})
	require.ErrorIs(t, err, okpay.InvalidState)
	assert.Equal(t, okpay.PaymentTimedOut, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.hold_released", "payment.expired"}, types)
	p, err = f.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: f.merchant, Payment: p2, Amount: cny(2000), Key: "late"})
	require.ErrorIs(t, err, okpay.InvalidState, "the recorded refusal is replayed")
	assert.True(t, p.Replayed)

	_, err = f.Work(t.Context())
	require.NoError(t, err)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.hold_released", "payment.capture_window_closed"}, types)
	f.clock.Advance(time.Minute)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	types, _ = f.since(at)
	assert.Empty(t, types)

	p, err = f.Payments.Get(t.Context(), p3)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	customer, merchant, _ := f.balances("CNY")
	assert.Equal(t, []int64{7800, 2200}, []int64{customer, merchant})
	f.verify()
}

func TestAConfirmationAfterExpiryIsRefusedAndRecorded(t *testing.T) {
	f := start(t, okpay.Config{PaymentExpiry: time.Minute})
	f.topUp(cny(100))
	p := f.create(cny(100), okpay.CaptureAutomatic)
	f.clock.Advance(time.Minute)
	p, err := f.confirm(p.ID)
	require.ErrorIs(t, err, okpay.PaymentExpired)
	assert.Equal(t, okpay.PaymentTimedOut, p.State)
}

func TestCancelReleasesWhatIsHeld(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(1000))
	cancel := func(id okpay.PaymentID) (okpay.Payment, error) {
		return f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: id})
	}
	created := f.create(cny(10), okpay.CaptureManual)
	at := f.last()
	p, err := cancel(created.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCanceled, p.State)
	types, _ := f.since(at)
	assert.Equal(t, []string{"payment.canceled"}, types)

	p, err = f.confirm(f.create(cny(400), okpay.CaptureManual).ID)
	require.NoError(t, err)
	at = f.last()
	p, err = cancel(p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCanceled, p.State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.hold_released", "payment.canceled"}, types)

	p, err = f.confirm(f.create(cny(400), okpay.CaptureManual).ID)
	require.NoError(t, err)
	_, err = f.capture(p.ID, 100, false)
	require.NoError(t, err)
	at = f.last()
	p, err = cancel(p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.hold_released", "payment.remainder_voided"}, types)
	_, err = cancel(p.ID)
	require.ErrorIs(t, err, okpay.InvalidState)
	customer, merchant, _ := f.balances("CNY")
	assert.Equal(t, []int64{900, 100}, []int64{customer, merchant})
	f.verify()
}

func TestRefundsInPartAndWhole(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}, RefundFees: okpay.ReturnFeeProportionally})
	f.topUp(cny(10000))
	p := f.paid(10000)
	at := f.last()
	r, err := f.refund(p.ID, cny(3333))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundSucceeded, r.State)
	assert.Equal(t, cny(19), r.FeeReturned)
	types, _ := f.since(at)
	assert.Equal(t, []string{"refund.created", "refund.succeeded", "payment.partially_refunded"}, types)
	_, err = f.refund(p.ID, cny(6668))
	require.ErrorIs(t, err, okpay.AmountExceedsRefundable)
	at = f.last()
	r, err = f.refund(p.ID, money.Amount{})
	require.NoError(t, err)
	assert.Equal(t, cny(6667), r.Amount)
	assert.Equal(t, cny(41), r.FeeReturned)
	types, _ = f.since(at)
	assert.Equal(t, []string{"refund.created", "refund.succeeded", "payment.refunded"}, types)
	_, err = f.refund(p.ID, cny(1))
	require.ErrorIs(t, err, okpay.InvalidState)
	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{10000, 0, 0}, []int64{customer, merchant, fees})
	refunds, more, err := f.Payments.Refunds(t.Context(), okpay.ListRefunds{Merchant: f.merchant, Payment: p.ID})
	require.NoError(t, err)
	assert.False(t, more)
	assert.Len(t, refunds, 2)
	f.verify()
}

func TestYenHasNoDecimalsAndItsFeesComeBackWhole(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 360}}, RefundFees: okpay.ReturnFeeProportionally})
	yen := func(n int64) money.Amount { return money.New(n, money.MustISO("JPY")) }
	f.topUp(yen(1000))
	pay := func(n int64) okpay.PaymentID {
		p, err := f.confirm(f.create(yen(n), okpay.CaptureAutomatic).ID)
		require.NoError(t, err)
		return p.ID
	}
	p := pay(101)
	_, err := f.refund(p, yen(50))
	require.NoError(t, err)
	_, err = f.refund(p, yen(51))
	require.NoError(t, err)
	pay(13)
	pay(14)
	customer, merchant, fees := f.balances("JPY")
	assert.Equal(t, []int64{973, 26, 1}, []int64{customer, merchant, fees})
	f.verify()
}

func TestARefundThatTheMerchantHasNoMoneyForWaits(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{Fixed: 1}}})
	f.topUp(cny(100))
	p := f.paid(100)
	in := okpay.CreateRefund{Merchant: f.merchant, Payment: p.ID, Amount: cny(100), Key: "r"}
	r, err := f.Payments.Refund(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundPendingFunds, r.State)
	assert.Equal(t, okpay.MerchantFundsInsufficient, r.Failure.Code)
	again, err := f.Payments.Refund(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, r.ID, again.ID)
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	assert.Equal(t, cny(100), p.RefundPending)
	f.verify()
}

func TestOfTwoRefundsThatTogetherExceedTheCaptureOneWins(t *testing.T) {
	for range 20 {
		f := start(t, okpay.Config{})
		f.topUp(cny(10000))
		p := f.paid(10000)
		errs := make([]error, 2)
		var running sync.WaitGroup
		for i := range errs {
			running.Go(func() { _, errs[i] = f.refund(p.ID, cny(7000)) })
		}
		running.Wait()
		if errs[0] != nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], okpay.AmountExceedsRefundable)
		var e *okpay.Error
		require.ErrorAs(t, errs[1], &e)
		assert.Equal(t, cny(3000), *e.Limit)
		p, err := f.Payments.Get(t.Context(), p.ID)
		require.NoError(t, err)
		assert.Equal(t, okpay.PaymentPartiallyRefunded, p.State)
		f.verify()
	}
}

func TestManyCustomersActsOnOnePaymentHaveOneWinner(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(1000))
	p, err := f.confirm(f.create(cny(1000), okpay.CaptureManual).ID)
	require.NoError(t, err)
	var (
		mu   sync.Mutex
		done []string
	)
	var running sync.WaitGroup
	for i := range 64 {
		running.Go(func() {
			var err error
			name := "capture"
			if i%2 == 0 {
				name = "cancel"
				_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: p.ID})
			} else {
				_, err = f.capture(p.ID, 0, false)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				done = append(done, name)
				return
			}
			assert.ErrorIs(t, err, okpay.InvalidState)
		})
	}
	running.Wait()
	assert.Len(t, done, 1)
	f.verify()
}

func TestWhatIsNotOnesOwnIsNotThere(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(1000))
	other, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "other", Name: "Other"})
	require.NoError(t, err)
	_, err = f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "stranger"})
	require.NoError(t, err)
	p, err := f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: f.merchant, Customer: f.customer, Amount: cny(10), CaptureMethod: okpay.CaptureManual})
	require.NoError(t, err)
	_, err = f.Payments.Confirm(t.Context(), okpay.ConfirmPayment{Payment: p.ID, Customer: "stranger"})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.confirm(p.ID)
	require.NoError(t, err)
	_, err = f.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: other.ID, Payment: p.ID})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: other.ID, Payment: p.ID})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Payments.Refund(t.Context(), okpay.CreateRefund{Merchant: other.ID, Payment: p.ID})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Payments.GetOwned(t.Context(), other.ID, p.ID)
	require.ErrorIs(t, err, okpay.NotFound)
}

func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	f := start(t, okpay.Config{})
	good := okpay.CreatePayment{Merchant: f.merchant, Amount: cny(1)}
	token, err := money.NewCurrency("TOKEN", 18)
	require.NoError(t, err)
	wrongScale, err := money.NewCurrency("CNY", 3)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*okpay.CreatePayment)
		code   okpay.Code
		field  string
	}{
		"an amount of zero":            {func(in *okpay.CreatePayment) { in.Amount = cny(0) }, okpay.AmountNotPositive, "amount"},
		"a negative amount":            {func(in *okpay.CreatePayment) { in.Amount = cny(-1) }, okpay.AmountNotPositive, "amount"},
		"no amount":                    {func(in *okpay.CreatePayment) { in.Amount = money.Amount{} }, okpay.InvalidRequest, "amount"},
		"a currency that is not known": {func(in *okpay.CreatePayment) { in.Amount = money.New(1, token) }, okpay.CurrencyNotSupported, "amount"},
		"a currency of another scale":  {func(in *okpay.CreatePayment) { in.Amount = money.New(1, wrongScale) }, okpay.CurrencyNotSupported, "amount"},
		"a merchant that is not there": {func(in *okpay.CreatePayment) { in.Merchant = "nobody" }, okpay.NotFound, ""},
		"a merchant id with a colon":   {func(in *okpay.CreatePayment) { in.Merchant = "a:b" }, okpay.InvalidRequest, "merchant"},
		"a customer that is not there": {func(in *okpay.CreatePayment) { in.Customer = "nobody" }, okpay.NotFound, ""},
		"an unknown capture method":    {func(in *okpay.CreatePayment) { in.CaptureMethod = "later" }, okpay.InvalidRequest, "capture_method"},
		"an expiry in the past":        {func(in *okpay.CreatePayment) { in.ExpiresIn = -time.Second }, okpay.InvalidRequest, "expires_in"},
		"an expiry beyond 90 days":     {func(in *okpay.CreatePayment) { in.ExpiresIn = 91 * 24 * time.Hour }, okpay.InvalidRequest, "expires_in"},
		"a reference with a NUL":       {func(in *okpay.CreatePayment) { in.Reference = "a\x00" }, okpay.InvalidRequest, "reference"},
		"a description not in UTF-8":   {func(in *okpay.CreatePayment) { in.Description = "\xff" }, okpay.InvalidRequest, "description"},
		"metadata with an empty key":   {func(in *okpay.CreatePayment) { in.Metadata = map[string]string{"": "x"} }, okpay.InvalidRequest, "metadata"},
		"an over-long key":             {func(in *okpay.CreatePayment) { in.Key = string(make([]byte, 129)) }, okpay.InvalidRequest, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _, _, err := f.Ledger().Head(t.Context())
			require.NoError(t, err)
			in := good
			c.change(&in)
			_, err = f.Payments.Create(t.Context(), in)
			require.ErrorIs(t, err, c.code)
			var e *okpay.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.field, e.Field)
			after, _, _, err := f.Ledger().Head(t.Context())
			require.NoError(t, err)
			assert.Equal(t, before, after)
		})
	}
}

func TestBalancesInSeveralCurrenciesAndAssets(t *testing.T) {
	coin, err := money.NewCurrency("COIN", 18)
	require.NoError(t, err)
	registry, err := money.ISO().With(money.Info{Currency: coin, NameEN: "Coin", NameZH: "硬币"})
	require.NoError(t, err)
	f := start(t, okpay.Config{Currencies: registry})
	usd := money.New(5, money.MustISO("USD"))
	one := money.New(1_000_000_000_000_000_001, coin)
	f.topUp(cny(7))
	f.topUp(usd)
	f.topUp(one)
	p, err := f.confirm(f.create(one, okpay.CaptureManual).ID)
	require.NoError(t, err)
	assert.Equal(t, one, p.Amount)
	balances, err := f.Customers.Balances(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Equal(t, []okpay.Balance{
		{Available: cny(7), Held: cny(0), Total: cny(7)},
		{Available: usd, Held: money.Zero(usd.Currency()), Total: usd},
		{Available: money.Zero(coin), Held: one, Total: one},
	}, balances)
}

func TestStatementAndActivityTellWhatHappened(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}})
	f.topUp(cny(1000))
	f.clock.Advance(time.Second)
	p := f.paid(600)
	f.clock.Advance(time.Second)
	r, err := f.refund(p.ID, cny(100))
	require.NoError(t, err)
	f.clock.Advance(time.Second)
	tooMuch := f.create(cny(9999), okpay.CaptureAutomatic)
	_, err = f.confirm(tooMuch.ID)
	require.ErrorIs(t, err, okpay.InsufficientBalance)

	lines, err := f.Customers.Statement(t.Context(), f.customer, "CNY", okpay.StatementPage{})
	require.NoError(t, err)
	require.Len(t, lines, 3)
	assert.Equal(t, "topup", lines[0].Kind)
	assert.Equal(t, okpay.StatementLine{Nth: 2, Time: lines[1].Time, Kind: "payment", Object: string(p.ID), Amount: cny(-600), Balance: cny(400)}, lines[1])
	assert.Equal(t, okpay.StatementLine{Nth: 3, Time: lines[2].Time, Kind: "refund", Object: string(r.ID), Amount: cny(100), Balance: cny(500)}, lines[2])

	lines, err = f.Merchants.Statement(t.Context(), f.merchant, "CNY", okpay.StatementPage{Desc: true, Limit: 2})
	require.NoError(t, err)
	require.Len(t, lines, 2)
	assert.Equal(t, "refund", lines[0].Kind)
	assert.Equal(t, "fee", lines[1].Kind)
	assert.Equal(t, cny(-6), lines[1].Amount)

	activity, err := f.Customers.Activity(t.Context(), f.customer, okpay.ActivityPage{Limit: 2})
	require.NoError(t, err)
	require.Len(t, activity, 2)
	assert.Equal(t, string(tooMuch.ID), activity[0].Object)
	assert.Equal(t, "requires_confirmation", activity[0].State)
	assert.Equal(t, okpay.InsufficientBalance, activity[0].Failure.Code)
	assert.Equal(t, "refund", activity[1].Kind)
	activity, err = f.Customers.Activity(t.Context(), f.customer, okpay.ActivityPage{Before: activity[1].Object})
	require.NoError(t, err)
	require.Len(t, activity, 2)
	assert.Equal(t, "payment", activity[0].Kind)
	assert.Equal(t, "topup", activity[1].Kind)
}

func TestAFeeOfTheWholeAmountAndSplitCapturesNeverLeaveTheLedgerUneven(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 10_000, Fixed: 5}}})
	f.topUp(cny(100))
	p, err := f.confirm(f.create(cny(100), okpay.CaptureManual).ID)
	require.NoError(t, err)
	for range 3 {
		_, err = f.capture(p.ID, 33, false)
		require.NoError(t, err)
	}
	p, err = f.capture(p.ID, 1, false)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{0, 0, 100}, []int64{customer, merchant, fees})
	r, err := f.refund(p.ID, cny(1))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundPendingFunds, r.State)
	balances, _, err := f.Ledger().Balances(t.Context(), "", 0, 0)
	require.NoError(t, err)
	var sum int64
	for _, b := range balances {
		if b.Normal == ledger.Debit {
			sum -= b.Posted.Minor()
		} else {
			sum += b.Posted.Minor()
		}
	}
	assert.Zero(t, sum)
}
