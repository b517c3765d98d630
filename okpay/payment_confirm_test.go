package okpay_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// payRefused asserts a refusal with all that it has to carry.
func payRefused(t *testing.T, err error, code okpay.Code) *okpay.Error {
	t.Helper()
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, code)
	known, ok := okpay.FailureOf(code)
	require.True(t, ok, code)
	assert.Equal(t, known.Fault, e.Fault)
	assert.Equal(t, known.Retry, e.Retry)
	assert.NotEmpty(t, e.Retry)
	assert.NotEmpty(t, e.NextAction)
	assert.Equal(t, known.NextAction, slices.DeleteFunc(slices.Clone(e.NextAction), func(a string) bool {
		return a == "contact_support" && !slices.Contains(known.NextAction, a)
	}))
	assert.Equal(t, known.En, e.Text("en"))
	assert.Equal(t, known.Zh, e.Text("zh-CN"))
	assert.NotEmpty(t, e.En)
	assert.NotEmpty(t, e.Zh)
	return e
}

// templates returns the templates of a customer's messages, the oldest first.
func (f *fixture) templates(id okpay.CustomerID) []string {
	f.t.Helper()
	messages, err := f.Customers.Messages(f.t.Context(), id, "", 100)
	require.NoError(f.t, err)
	out := []string{}
	for _, m := range slices.Backward(messages) {
		if m.ObjectType != "topup" { // of the money to begin with
			out = append(out, m.Template)
		}
	}
	return out
}

// buy creates and confirms at once.
func (f *fixture) buy(minor int64, change ...func(*okpay.CreatePayment)) (okpay.Payment, error) {
	in := okpay.CreatePayment{Merchant: f.merchant, Customer: f.customer, Amount: cny(minor), Confirm: true}
	for _, c := range change {
		c(&in)
	}
	return f.Payments.Create(f.t.Context(), in)
}

func byHand(in *okpay.CreatePayment) { in.CaptureMethod = okpay.CaptureManual }

func TestAPaymentIsCreatedAndConfirmedInOneCommit(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
	f.topUp(cny(10000))
	at := f.last()
	before, _, _, err := f.Ledger().Head(t.Context())
	require.NoError(t, err)
	key := func(in *okpay.CreatePayment) { in.Key = "k1" }
	p, err := f.buy(2500, key)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	assert.Equal(t, f.customer, p.Customer)
	after, _, _, err := f.Ledger().Head(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before+1, after)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.authorized", "payment.captured"}, types)

	again, err := f.buy(2500, key)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, p.ID, again.ID)
	_, err = f.buy(2600, key)
	payRefused(t, err, okpay.IdempotencyKeyReused)
	_, err = f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: f.merchant, Customer: f.customer, Amount: cny(2500), Key: "k1"})
	assert.Equal(t, "confirm", payRefused(t, err, okpay.IdempotencyKeyReused).Field)
	types, _ = f.since(at)
	assert.Empty(t, types)
	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{7500, 2485, 15}, []int64{customer, merchant, fees})

	p, err = f.buy(100, byHand)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentAuthorized, p.State)
	f.verify()
}

func TestTooLittleAtOnceIsRecordedAndTheSamePaymentIsPaidAfterATopUp(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
	f.topUp(cny(3000))
	at := f.last()
	p, err := f.buy(5000, func(in *okpay.CreatePayment) { in.Key = "k1" })
	e := payRefused(t, err, okpay.InsufficientBalance)
	assert.Equal(t, cny(2000), *e.Short)
	assert.Equal(t, string(p.ID), e.Object)
	assert.Equal(t, []string{"top_up", "switch_payment_method"}, e.NextAction)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.attempt_failed"}, types)

	p, err = f.buy(5000, func(in *okpay.CreatePayment) { in.Key = "k1" })
	payRefused(t, err, okpay.InsufficientBalance)
	assert.True(t, p.Replayed)
	f.topUp(cny(5000))
	_, at = f.since(at)
	in := okpay.ConfirmPayment{Payment: p.ID, Customer: f.customer, Key: "k2"}
	p, err = f.Payments.Confirm(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.authorized", "payment.captured"}, types)
	p, err = f.Payments.Confirm(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, p.Replayed)
	types, _ = f.since(at)
	assert.Empty(t, types)
	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{3000, 4970, 30}, []int64{customer, merchant, fees})
	f.verify()
}

func TestALockedPayerIsBlockedAndWhatIsAuthorizedIsHonored(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(20000))
	held, err := f.buy(5000, byHand)
	require.NoError(t, err)
	open := f.create(cny(70), okpay.CaptureAutomatic)
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)
	at := f.last()
	p, err := f.buy(100)
	e := payRefused(t, err, okpay.AccountLocked)
	assert.Equal(t, []string{"unlock_account", "contact_support"}, e.NextAction)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.blocked"}, types)
	assert.ElementsMatch(t, []string{"account_locked", "payment_blocked"}, f.templates(f.customer))

	p, err = f.confirm(open.ID)
	payRefused(t, err, okpay.AccountLocked)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.blocked"}, types)

	held, err = f.capture(held.ID, 5000, true)
	require.NoError(t, err)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.captured"}, types)
	_, err = f.refund(held.ID, cny(1000))
	require.NoError(t, err, "a locked customer can be refunded")
	f.verify()
}

func TestRiskBlocksChallengesAndAProofLeadsOn(t *testing.T) {
	verdict := okpay.Challenge
	var fails error
	f := start(t, okpay.Config{
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnPayment {
				return okpay.Assessment{}, nil
			}
			return okpay.Assessment{Verdict: verdict, Reason: "rule_7"}, fails
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) { return s.Proof == "123456", nil },
	})
	f.topUp(cny(1000))
	at := f.last()
	p, err := f.buy(600)
	e := payRefused(t, err, okpay.AuthenticationRequired)
	assert.Equal(t, []string{"authenticate"}, e.NextAction)
	assert.Equal(t, okpay.PaymentRequiresAction, p.State)
	assert.Equal(t, f.clock.Now().Add(10*time.Minute), p.ChallengeExpiresAt)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.requires_action"}, types)

	prove := func(id okpay.PaymentID, proof string) (okpay.Payment, error) {
		return f.Payments.Authenticate(t.Context(), okpay.AuthenticatePayment{Payment: id, Customer: f.customer, Proof: proof})
	}
	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.InvalidState)
	p, err = prove(p.ID, "wrong")
	payRefused(t, err, okpay.AuthenticationFailed)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	assert.Equal(t, 1, p.Attempts)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed"}, types)

	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.AuthenticationRequired)
	_, at = f.since(at)
	p, err = prove(p.ID, "123456")
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.authorized", "payment.captured"}, types)
	_, err = prove(p.ID, "123456")
	payRefused(t, err, okpay.InvalidState)

	// The shortfall is found after the proof.
	p, err = f.buy(401)
	payRefused(t, err, okpay.AuthenticationRequired)
	_, err = f.Payments.Authenticate(t.Context(), okpay.AuthenticatePayment{Payment: p.ID, Customer: "somebody", Proof: "123456"})
	payRefused(t, err, okpay.NotFound)
	p, err = prove(p.ID, "123456")
	assert.Equal(t, cny(1), *payRefused(t, err, okpay.InsufficientBalance).Short)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)

	// At the instant of its end a challenge is over, found by whoever comes first.
	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.AuthenticationRequired)
	f.clock.Advance(10*time.Minute - time.Microsecond)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentRequiresAction, p.State)
	f.clock.Advance(time.Microsecond)
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	_, at = f.since(at)
	p, err = prove(p.ID, "123456")
	payRefused(t, err, okpay.AuthenticationFailed)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed"}, types)
	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.AuthenticationRequired)
	f.clock.Advance(10 * time.Minute)
	_, at = f.since(at)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed"}, types, "the sweeper records it too")
	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.AuthenticationRequired)
	f.clock.Advance(10 * time.Minute)
	_, at = f.since(at)
	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.AuthenticationRequired)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed", "payment.requires_action"}, types, "who begins anew has failed before")
	f.clock.Advance(10 * time.Minute)
	p, err = f.confirm(p.ID)
	payRefused(t, err, okpay.AuthenticationFailed)
	assert.Equal(t, okpay.PaymentFailed, p.State, "the fifth attempt was the last")

	verdict = okpay.Block
	_, at = f.since(at)
	p, err = f.buy(10)
	e = payRefused(t, err, okpay.RiskDeclined)
	assert.Empty(t, e.Detail, "nobody is told why")
	assert.Equal(t, okpay.PaymentFailed, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.blocked"}, types)

	fails = errors.New("down")
	_, err = f.buy(10)
	payRefused(t, err, okpay.ServiceBusy)
	types, _ = f.since(at)
	assert.Empty(t, types)
	f.verify()
}

func TestAProofIsNotTakenFromALockedPayerOrTooLate(t *testing.T) {
	var fails error
	asked := 0
	f := start(t, okpay.Config{
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnPayment {
				return okpay.Assessment{}, nil
			}
			return okpay.Assessment{Verdict: okpay.Review}, nil
		},
		VerifyStepUp:  func(context.Context, okpay.StepUp) (bool, error) { asked++; return true, fails },
		PaymentExpiry: time.Hour,
	})
	f.topUp(cny(1000))
	p, err := f.buy(10)
	payRefused(t, err, okpay.AuthenticationRequired)
	in := okpay.AuthenticatePayment{Payment: p.ID, Customer: f.customer, Key: "k"}
	fails = errors.New("down")
	at := f.last()
	_, err = f.Payments.Authenticate(t.Context(), in)
	payRefused(t, err, okpay.ServiceBusy)
	types, at := f.since(at)
	assert.Empty(t, types)
	fails = nil
	p, err = f.Payments.Authenticate(t.Context(), in)
	require.NoError(t, err, "the same key, once it answers")
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	p, err = f.Payments.Authenticate(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, p.Replayed)
	assert.Equal(t, 2, asked, "a replay asks nobody")

	p, err = f.buy(10)
	payRefused(t, err, okpay.AuthenticationRequired)
	_, at = f.since(at)
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)
	p, err = f.Payments.Authenticate(t.Context(), okpay.AuthenticatePayment{Payment: p.ID, Customer: f.customer})
	payRefused(t, err, okpay.AccountLocked)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"account.locked", "payment.blocked"}, types)
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)

	p, err = f.buy(10, func(in *okpay.CreatePayment) { in.ExpiresIn = time.Minute })
	payRefused(t, err, okpay.AuthenticationRequired)
	f.clock.Advance(time.Minute)
	_, at = f.since(at)
	p, err = f.Payments.Authenticate(t.Context(), okpay.AuthenticatePayment{Payment: p.ID, Customer: f.customer})
	payRefused(t, err, okpay.PaymentExpired)
	assert.Equal(t, okpay.PaymentTimedOut, p.State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.expired"}, types)
	f.verify()
}

func TestARepeatedFailureAdvisesToContactSupport(t *testing.T) {
	f := start(t, okpay.Config{})
	p, err := f.buy(10)
	for try := 1; try <= 5; try++ {
		e := payRefused(t, err, okpay.InsufficientBalance)
		assert.Equal(t, try >= 3, slices.Contains(e.NextAction, "contact_support"), "try %d", try)
		assert.Equal(t, string(p.ID), e.Object)
		assert.Equal(t, e.NextAction, p.LastFailure.NextAction)
		if try < 5 {
			p, err = f.confirm(p.ID)
		}
	}
	assert.Equal(t, okpay.PaymentFailed, p.State)
	assert.Equal(t, []string{"payment_failed"}, f.templates(f.customer))
	known, _ := okpay.FailureOf(okpay.InsufficientBalance)
	assert.NotContains(t, known.NextAction, "contact_support", "the table is as it was")
}

func TestOneOrderIsPaidOnce(t *testing.T) {
	f := start(t, okpay.Config{PaymentExpiry: time.Hour})
	f.topUp(cny(1000))
	order := func(in *okpay.CreatePayment) { in.Reference = "order-1" }
	first, err := f.buy(2000, order)
	payRefused(t, err, okpay.InsufficientBalance)
	at := f.last()
	_, err = f.buy(100, order)
	assert.Equal(t, string(first.ID), payRefused(t, err, okpay.InvalidState).Object)
	types, _ := f.since(at)
	assert.Empty(t, types)
	_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: first.ID})
	require.NoError(t, err)
	second, err := f.buy(100, order, byHand)
	require.NoError(t, err, "a canceled payment frees its order")
	f.clock.Advance(time.Hour)
	third, err := f.buy(100, order)
	require.NoError(t, err, "so does one whose time is over")
	second, err = f.Payments.Get(t.Context(), second.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentTimedOut, second.State)
	_, err = f.buy(100, order)
	assert.Equal(t, string(third.ID), payRefused(t, err, okpay.OrderAlreadyPaid).Object)
	_, err = f.refund(third.ID, cny(100))
	require.NoError(t, err)
	_, err = f.buy(100, order)
	payRefused(t, err, okpay.OrderAlreadyPaid)

	other, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{Name: "Other"})
	require.NoError(t, err)
	_, err = f.buy(100, order, func(in *okpay.CreatePayment) { in.Merchant = other.ID })
	require.NoError(t, err, "another merchant's order")
	f.verify()
}

func TestWhatIsWrongOnTheMerchantsSideIsNotThePayersFault(t *testing.T) {
	var accept bool
	var fails error
	f := start(t, okpay.Config{Order: func(context.Context, okpay.OrderCheck) (bool, error) { return accept, fails }})
	f.topUp(cny(1000))
	fails = errors.New("timeout")
	p, err := f.buy(10)
	payRefused(t, err, okpay.MerchantUnavailable)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	fails = nil
	at := f.last()
	p, err = f.confirm(p.ID)
	payRefused(t, err, okpay.MerchantRejected)
	assert.Equal(t, okpay.PaymentFailed, p.State, "for good")
	types, _ := f.since(at)
	assert.Equal(t, []string{"payment.attempt_failed", "payment.failed"}, types)

	accept = true
	open := f.create(cny(10), okpay.CaptureAutomatic)
	m, err := f.Merchants.SetCurrencies(t.Context(), okpay.SetCurrencies{Merchant: f.merchant, Currencies: []string{"USD"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"USD"}, m.Currencies)
	_, err = f.buy(10)
	payRefused(t, err, okpay.MerchantNotAllowed)
	p, err = f.confirm(open.ID)
	payRefused(t, err, okpay.MerchantNotAllowed)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	_, err = f.Merchants.SetCurrencies(t.Context(), okpay.SetCurrencies{Merchant: f.merchant, Currencies: []string{"XXQ"}})
	payRefused(t, err, okpay.CurrencyNotSupported)
}

func TestAMerchantHasFeesOfTheirOwn(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}})
	f.topUp(cny(3000))
	before := f.create(cny(1000), okpay.CaptureAutomatic)
	in := okpay.SetFees{Merchant: f.merchant, Fees: &okpay.Fees{Payment: okpay.Fee{BasisPoints: 50, Fixed: 2}}, Key: "k"}
	m, err := f.Merchants.SetFees(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, in.Fees, m.Fees)
	m, err = f.Merchants.SetFees(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, m.Replayed)
	p, err := f.confirm(before.ID)
	require.NoError(t, err)
	assert.Equal(t, cny(10), p.Fee, "as agreed when it was made")
	p, err = f.buy(1000)
	require.NoError(t, err)
	assert.Equal(t, cny(7), p.Fee)
	_, err = f.Merchants.SetFees(t.Context(), okpay.SetFees{Merchant: f.merchant})
	require.NoError(t, err)
	p, err = f.buy(1000)
	require.NoError(t, err)
	assert.Equal(t, cny(10), p.Fee)
	_, err = f.Merchants.SetFees(t.Context(), okpay.SetFees{Merchant: f.merchant, Fees: &okpay.Fees{Payment: okpay.Fee{BasisPoints: -1}}})
	payRefused(t, err, okpay.InvalidRequest)
}

func TestLimitsAreReservedWhenThePaymentIsAuthorizedAndGivenBack(t *testing.T) {
	f := start(t, okpay.Config{
		Limits: []okpay.Limit{
			{On: okpay.OnPayment, Per: okpay.Each, Min: 10, Max: 600},
			{On: okpay.OnPayment, Per: okpay.Daily, Max: 1000, Count: 4},
		},
		Zone: time.FixedZone("Shanghai", 8*3600), MaxAttempts: 20,
	})
	f.topUp(cny(100_000))
	p, err := f.buy(9)
	assert.Equal(t, cny(10), *payRefused(t, err, okpay.AmountTooSmall).Limit)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	_, err = f.buy(601)
	assert.Equal(t, cny(600), *payRefused(t, err, okpay.LimitExceededTransaction).Limit)

	held, err := f.buy(600, byHand)
	require.NoError(t, err)
	at := f.last()
	refused, err := f.buy(401)
	e := payRefused(t, err, okpay.LimitExceededDaily)
	assert.Equal(t, cny(400), *e.Limit)
	assert.True(t, e.ResetsAt.Equal(time.Date(2026, 1, 1, 16, 0, 0, 0, time.UTC)))
	assert.Equal(t, okpay.LimitExceededDaily, refused.LastFailure.Code)
	types, _ := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.attempt_failed"}, types)

	_, err = f.capture(held.ID, 100, true) // gives 500 back
	require.NoError(t, err)
	_, err = f.confirm(refused.ID)
	require.NoError(t, err)
	_, err = f.buy(500)
	payRefused(t, err, okpay.LimitExceededDaily)
	canceled, err := f.buy(400, byHand)
	require.NoError(t, err)
	_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: canceled.ID})
	require.NoError(t, err)
	for range 2 {
		_, err = f.buy(10)
		require.NoError(t, err, "the canceled one does not count")
	}
	e = func() *okpay.Error { _, err := f.buy(10); return payRefused(t, err, okpay.VelocityExceeded) }()
	require.NotNil(t, e.ResetsAt)
	f.clock.Advance(16 * time.Hour)
	p, err = f.buy(600, byHand, func(in *okpay.CreatePayment) { in.ExpiresIn = time.Hour })
	require.NoError(t, err, "a new day")
	_, err = f.capture(p.ID, 200, false)
	require.NoError(t, err)
	f.clock.Advance(time.Hour)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	_, err = f.buy(600)
	require.NoError(t, err, "what expired was given back")
	f.verify()
}
