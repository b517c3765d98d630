package okpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// standing returns what stands on an account, in minor units on its normal side.
func (f *fixture) standing(name, currency string) int64 {
	f.t.Helper()
	b, err := f.Ledger().Balance(f.t.Context(), ledger.AccountKey{Name: name, Currency: currency})
	if errors.Is(err, ledger.ErrNotFound) {
		return 0
	}
	require.NoError(f.t, err)
	return b.Posted.Minor()
}

// withSources starts a wallet with two funding sources that answer as told by name.
func withSources(t *testing.T, cfg okpay.Config) (f *fixture, psp, card *rails.Simulated) {
	psp, card = &rails.Simulated{}, &rails.Simulated{}
	cfg.Sources = map[string]rails.FundingSource{"psp": psp, "card": card, "simulated": &rails.Simulated{}}
	f = start(t, cfg)
	_, err := f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(100), Source: "simulated"})
	require.NoError(t, err)
	return f, psp, card
}

func says(out rails.Outcome) func(rails.Collection) rails.Outcome {
	return func(rails.Collection) rails.Outcome { return out }
}

func by(methods ...okpay.PaymentMethod) func(*okpay.CreatePayment) {
	return func(in *okpay.CreatePayment) { in.Methods = methods }
}

func TestAFundingSourceTopsUpAndPaysInOneCommit(t *testing.T) {
	f, _, _ := withSources(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}})
	at := f.last()
	p, err := f.buy(5000, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	assert.Equal(t, "psp", p.PaidWith.Source)
	types, _ := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.processing", "payment.authorized", "payment.captured"}, types)
	customer, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{100, 4950, 50}, []int64{customer, merchant, fees}, "the customer's own balance is as it was")
	assert.Equal(t, int64(-5000), -f.standing("clearing:psp", "CNY"))

	p, err = f.buy(700, by(okpay.FromSource("psp")), byHand)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentAuthorized, p.State)
	balances, err := f.Customers.Balances(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Equal(t, okpay.Balance{Available: cny(100), Held: cny(700), Total: cny(800)}, balances[0])
	_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: p.ID})
	require.NoError(t, err)
	assert.Equal(t, int64(800), f.standing("user:payer:available", "CNY"))
	f.verify()
}

func TestASourceThatSaysNoLeadsToTheNextMethod(t *testing.T) {
	f, psp, card := withSources(t, okpay.Config{})
	psp.Answer, card.Answer = says(rails.Failed), says(rails.Failed)
	at := f.last()
	p, err := f.buy(100, by(okpay.FromSource("psp"), okpay.FromSource("card"), okpay.PaymentMethod{}))
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, at := f.since(at)
	assert.Equal(t, []string{
		"payment.created", "payment.processing", "payment.attempt_failed", "payment.processing",
		"payment.attempt_failed", "payment.authorized", "payment.captured",
	}, types)
	assert.Equal(t, 3, p.Attempts)

	p, err = f.buy(100, by(okpay.FromSource("psp"), okpay.PaymentMethod{}))
	payRefused(t, err, okpay.InsufficientBalance)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.processing", "payment.attempt_failed", "payment.attempt_failed"}, types)

	p, err = f.buy(100, by(okpay.FromSource("psp")), func(in *okpay.CreatePayment) { in.Key = "k" })
	payRefused(t, err, okpay.FundingSourceDeclined)
	p, err = f.buy(100, by(okpay.FromSource("psp")), func(in *okpay.CreatePayment) { in.Key = "k" })
	payRefused(t, err, okpay.FundingSourceDeclined)
	assert.True(t, p.Replayed)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.processing", "payment.attempt_failed"}, types)

	// The balance comes first, and the source pays when it does not suffice.
	psp.Answer = nil
	p, err = f.buy(101, by(okpay.PaymentMethod{}, okpay.FromSource("psp")))
	require.NoError(t, err)
	assert.Equal(t, "psp", p.PaidWith.Source)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.processing", "payment.authorized", "payment.captured"}, types)
	f.verify()
}

func TestTheNextMethodHasTheLimitThatTheFirstGivesBack(t *testing.T) {
	f, psp, card := withSources(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Daily, Max: 100, Count: 1}}})
	psp.Answer, card.Answer = says(rails.Failed), says(rails.Unknown)
	p, err := f.buy(90, by(okpay.FromSource("psp"), okpay.FromSource("card"), okpay.PaymentMethod{}))
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentProcessing, p.State)
	_, err = f.buy(1)
	payRefused(t, err, okpay.VelocityExceeded)
	p, err = f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: p.ID, Outcome: rails.Failed})
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	_, err = f.buy(1)
	payRefused(t, err, okpay.VelocityExceeded)
	f.verify()
}

func TestAPaymentWaitsForASourceThatDoesNotKnow(t *testing.T) {
	f, psp, _ := withSources(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Daily, Max: 1000}}})
	psp.Answer = says(rails.Unknown)
	wait := func(minor int64, change ...func(*okpay.CreatePayment)) okpay.Payment {
		p, err := f.buy(minor, append(change, by(okpay.FromSource("psp")))...)
		require.NoError(t, err)
		require.Equal(t, okpay.PaymentProcessing, p.State)
		return p
	}
	p := wait(900)
	_, err := f.buy(101, by(okpay.FromSource("psp")))
	payRefused(t, err, okpay.LimitExceededDaily)
	_, err = f.confirm(p.ID)
	payRefused(t, err, okpay.InvalidState)
	f.clock.Advance(time.Hour)
	at := f.last()
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	types, at := f.since(at)
	assert.Empty(t, types, "nobody guesses")
	psp.Settle(string(p.ID)+"-1", rails.Succeeded)
	f.clock.Advance(time.Hour)
	_, err = f.Work(t.Context())
	require.NoError(t, err)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.authorized", "payment.captured"}, types)

	// By the source's own message, twice.
	f.clock.Advance(24 * time.Hour)
	p = wait(500)
	_, at = f.since(at)
	in := okpay.PaymentAnswer{Payment: p.ID, Event: "e1", Outcome: rails.Succeeded, Amount: cny(500)}
	p, err = f.Payments.Answer(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.authorized", "payment.captured"}, types)
	p, err = f.Payments.Answer(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, p.Replayed)
	for _, e := range []okpay.PaymentAnswer{
		{Payment: p.ID, Event: "e2", Outcome: rails.Succeeded}, {Payment: p.ID, Event: "e0", Outcome: rails.Failed}, {Payment: p.ID, Event: "e3"},
	} {
		_, err = f.Payments.Answer(t.Context(), e)
		require.NoError(t, err)
	}
	types, _ = f.since(at)
	assert.Empty(t, types)
	assert.Equal(t, int64(500+900), f.standing("clearing:psp", "CNY"))
	_, err = f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: "pay_x", Outcome: rails.Failed})
	payRefused(t, err, okpay.NotFound)
	_, err = f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: p.ID, Collection: "other", Outcome: rails.Failed})
	payRefused(t, err, okpay.NotFound)
	f.verify()
}

func TestLateMoneyIsThePayers(t *testing.T) {
	f, psp, _ := withSources(t, okpay.Config{PaymentExpiry: time.Hour, Limits: []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Daily, Max: 1000}}})
	psp.Answer = says(rails.Unknown)
	source := by(okpay.FromSource("psp"))
	answer := func(id okpay.PaymentID, out rails.Outcome, minor int64) okpay.Payment {
		p, err := f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: id, Collection: string(id) + "-1", Outcome: out, Amount: cny(minor)})
		require.NoError(t, err)
		return p
	}
	canceled, err := f.buy(1000, source)
	require.NoError(t, err)
	at := f.last()
	canceled, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: canceled.ID})
	require.NoError(t, err)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.canceled"}, types)
	expired, err := f.buy(1000, source)
	require.NoError(t, err, "the limit was given back")
	canceled = answer(canceled.ID, rails.Succeeded, 999)
	assert.Equal(t, okpay.PaymentCanceled, canceled.State)
	_, at = f.since(at)

	// At the instant of its expiry, before anybody recorded it.
	f.clock.Advance(time.Hour)
	expired = answer(expired.ID, rails.Succeeded, 1000)
	assert.Equal(t, okpay.PaymentTimedOut, expired.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.expired", "payment.source_paid_late"}, types)

	// After a failure, when the payment was paid by other means.
	paid, err := f.buy(100, source)
	require.NoError(t, err)
	answer(paid.ID, rails.Failed, 100)
	_, err = f.confirm(paid.ID)
	require.NoError(t, err)
	_, at = f.since(at)
	paid = answer(paid.ID, rails.Succeeded, 100)
	assert.Equal(t, okpay.PaymentCaptured, paid.State)
	types, at = f.since(at)
	assert.Equal(t, []string{"payment.source_paid_late"}, types)
	assert.Equal(t, int64(999+1000+100), f.standing("user:payer:available", "CNY"))

	// A payer who is locked meanwhile keeps the money.
	locked, err := f.buy(50, source)
	require.NoError(t, err)
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)
	_, at = f.since(at)
	locked = answer(locked.ID, rails.Succeeded, 50)
	assert.Equal(t, okpay.PaymentFailed, locked.State)
	assert.Equal(t, okpay.AccountLocked, locked.LastFailure.Code)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.blocked"}, types)
	assert.Equal(t, int64(2149), f.standing("user:payer:available", "CNY"))
	f.verify()
}

// shut closes a customer's account without asking what is on it.
func (f *fixture) shut(id okpay.CustomerID) {
	f.t.Helper()
	g, err := f.Customers.Gate(f.t.Context(), id)
	require.NoError(f.t, err)
	g.State = okpay.GateClosed
	content, err := json.Marshal(g)
	require.NoError(f.t, err)
	_, err = f.Ledger().Commit(f.t.Context(), ledger.Change{Puts: []ledger.Put{{Type: "gate", ID: string(id), Content: content}}})
	require.NoError(f.t, err)
}

func TestWhatComesForAClosedAccountIsNotLost(t *testing.T) {
	f, psp, _ := withSources(t, okpay.Config{RefundTo: okpay.RefundToSource, RefundFees: okpay.ReturnFeeProportionally, Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}})
	paid, err := f.buy(1000, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	psp.AnswerRefund = func(rails.Refunding) rails.Outcome { return rails.Unknown }
	r, err := f.refund(paid.ID, cny(500))
	require.NoError(t, err)
	psp.Answer = says(rails.Unknown)
	waits, err := f.buy(30, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	open := f.create(cny(10), okpay.CaptureAutomatic)
	f.shut(f.customer)

	at := f.last()
	p, err := f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: waits.ID, Outcome: rails.Succeeded})
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentProcessing, p.State)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.source_paid_late", "reconciliation.exception"}, types)
	assert.Equal(t, int64(30), f.standing("suspense:psp", "CNY"))

	r, err = f.Payments.AnswerRefund(t.Context(), okpay.RefundAnswer{Refund: r.ID, Outcome: okpay.RefundRejected})
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundFailed, r.State)
	assert.False(t, r.CreditedToWallet)
	types, _ = f.since(at)
	assert.Equal(t, []string{"refund.failed"}, types)
	_, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{990, 10}, []int64{merchant, fees}, "the merchant's again")
	_, err = f.refund(paid.ID, cny(500))
	payRefused(t, err, okpay.PaymentNotRefundable)
	p, err = f.confirm(open.ID)
	payRefused(t, err, okpay.AccountClosed)
	assert.Equal(t, okpay.PaymentFailed, p.State)
	f.verify()
}

func TestAnotherAmountGoesToSuspenseUntilAPersonDecides(t *testing.T) {
	f, psp, _ := withSources(t, okpay.Config{})
	psp.Answer = says(rails.Unknown)
	mismatch := func(got money.Amount) okpay.Payment {
		p, err := f.buy(1000, by(okpay.FromSource("psp"), okpay.PaymentMethod{}))
		require.NoError(t, err)
		at := f.last()
		p, err = f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: p.ID, Event: "e-" + string(p.ID), Outcome: rails.Succeeded, Amount: got})
		require.NoError(t, err)
		assert.Equal(t, okpay.PaymentProcessing, p.State)
		assert.True(t, p.NeedsReview)
		types, _ := f.since(at)
		assert.Equal(t, []string{"payment.amount_mismatch", "reconciliation.exception"}, types)
		return p
	}
	resolve := func(id okpay.PaymentID, credit bool) (okpay.Payment, error) {
		return f.Payments.ResolveMismatch(t.Context(), okpay.ResolveMismatch{Payment: id, Credit: credit, By: "ops1"})
	}
	p := mismatch(cny(900))
	assert.Equal(t, int64(900), f.standing("suspense:psp", "CNY"))
	at := f.last()
	p, err := resolve(p.ID, true)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentRequiresConfirmation, p.State)
	assert.Equal(t, okpay.AmountMismatch, p.LastFailure.Code)
	assert.False(t, p.NeedsReview)
	types, at := f.since(at)
	assert.Equal(t, []string{"payment.mismatch_resolved", "payment.attempt_failed"}, types)
	p, err = f.confirm(p.ID)
	require.NoError(t, err, "with what was there it is enough")
	_, err = resolve(p.ID, true)
	payRefused(t, err, okpay.InvalidState)

	p = mismatch(money.New(1000, money.MustISO("USD")))
	_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: p.ID})
	require.NoError(t, err)
	_, at = f.since(at)
	p, err = resolve(p.ID, false)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCanceled, p.State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.mismatch_resolved"}, types)
	assert.Zero(t, f.standing("suspense:psp", "USD"))

	// Decided at the instant of the expiry, before anybody recorded that.
	p = mismatch(cny(1))
	f.clock.Advance(p.ExpiresAt.Sub(f.clock.Now()))
	_, at = f.since(f.last())
	p, err = resolve(p.ID, true)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentTimedOut, p.State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"payment.expired", "payment.mismatch_resolved"}, types)
	assert.Zero(t, f.standing("clearing:psp", "USD"))
	f.verify()
}

func rate(mid, rate string) okpay.Rate {
	return okpay.Rate{Mid: decimal.RequireFromString(mid), Rate: decimal.RequireFromString(rate)}
}

func TestOtherBalancesPayAfterConversion(t *testing.T) {
	f := start(t, okpay.Config{Rates: func(_ context.Context, from, to money.Currency) (okpay.Rate, error) {
		switch from.Code() + to.Code() {
		case "USDCNY":
			return rate("7.2", "7.164"), nil
		case "JPYCNY":
			return rate("0.05", "0.048"), nil
		}
		return okpay.Rate{}, errors.New("no such pair")
	}})
	f.topUp(money.New(10_000, money.MustISO("USD")))
	f.topUp(money.New(5_000, money.MustISO("JPY")))
	f.topUp(cny(300))

	at := f.last()
	p, err := f.buy(7164, by(okpay.PaymentMethod{}, okpay.FromBalances("USD")))
	require.NoError(t, err)
	assert.Equal(t, []string{"USD"}, p.PaidWith.Balances)
	types, _ := f.since(at)
	assert.Equal(t, []string{"payment.created", "payment.authorized", "payment.captured"}, types)
	assert.Equal(t, int64(9_000), f.standing("user:payer:available", "USD"))
	assert.Equal(t, int64(1_000), f.standing("fx:position", "USD"))
	assert.Equal(t, int64(-7_200), f.standing("fx:position", "CNY"))
	assert.Equal(t, int64(36), f.standing("fees:fx_spread", "CNY"))
	assert.Equal(t, int64(300), f.standing("user:payer:available", "CNY"))

	// What is there first, the rest from two others; a unit that no rate can split stays the
	// customer's.
	p, err = f.buy(65_001, by(okpay.FromBalances("CNY", "USD", "JPY")))
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	assert.Zero(t, f.standing("user:payer:available", "USD"))
	// 65,001 - 300 - 64,476 = 225 are left: 47 yen are worth 225.6.
	assert.Equal(t, int64(5_000-47), f.standing("user:payer:available", "JPY"))
	assert.Zero(t, f.standing("user:payer:available", "CNY"))

	p, err = f.buy(100_000, by(okpay.FromBalances("JPY")))
	assert.Equal(t, cny(100_000-23_774), *payRefused(t, err, okpay.InsufficientBalance).Short)
	assert.Equal(t, int64(5_000-47), f.standing("user:payer:available", "JPY"), "nothing was exchanged")
	f.topUp(money.New(10, money.MustISO("EUR")))
	_, err = f.buy(10, by(okpay.FromBalances("EUR")))
	payRefused(t, err, okpay.ProviderUnavailable)
	for _, wrong := range [][]okpay.PaymentMethod{
		{{Source: "nowhere"}},
		{{Source: "simulated", Balances: []string{"CNY"}}},
		{okpay.FromBalances("CNY", "CNY")},
		make([]okpay.PaymentMethod, 9),
	} {
		_, err = f.buy(10, by(wrong...))
		payRefused(t, err, okpay.InvalidRequest)
	}
	_, err = f.buy(10, by(okpay.FromBalances("XXQ")))
	payRefused(t, err, okpay.CurrencyNotSupported)
	plain := start(t, okpay.Config{})
	_, err = plain.buy(10, by(okpay.FromBalances("USD")))
	payRefused(t, err, okpay.InvalidRequest)
	f.verify()
}

// The least that is worth the amount is taken, and every unit of it stands somewhere.
func TestConversionIsExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	now := rate("1", "1")
	token, err := money.NewCurrency("TOK", 4)
	require.NoError(t, err)
	registry, err := money.ISO().With(money.Info{Currency: token, NameEN: "Token", NameZH: "代币"})
	require.NoError(t, err)
	f := start(t, okpay.Config{Currencies: registry, Rates: func(context.Context, money.Currency, money.Currency) (okpay.Rate, error) { return now, nil }})
	currencies := []money.Currency{money.MustISO("JPY"), money.MustISO("CNY"), money.MustISO("KWD"), token}
	const plenty = 1 << 50
	for _, c := range currencies {
		f.topUp(money.New(plenty, c))
	}
	for range 60 {
		from, to := currencies[r.IntN(4)], currencies[r.IntN(4)]
		if from == to {
			continue
		}
		mid := decimal.New(1+r.Int64N(1_000_000), -int32(r.IntN(7)))
		now = okpay.Rate{Mid: mid, Rate: mid.Mul(decimal.New(900+r.Int64N(101), -3))}
		amount := 1 + r.Int64N(1_000_000)
		before := f.standing("user:payer:available", from.Code())
		spread, position := f.standing("fees:fx_spread", to.Code()), f.standing("fx:position", to.Code())
		left := f.standing("user:payer:available", to.Code())
		_, err := f.buy(amount, by(okpay.FromBalances(from.Code())), func(in *okpay.CreatePayment) { in.Amount = money.New(amount, to) })
		require.NoError(t, err)
		took := before - f.standing("user:payer:available", from.Code())
		worth := func(rate decimal.Decimal, minor int64) int64 {
			x := new(big.Rat).Mul(rate.Rat(), new(big.Rat).SetInt64(minor))
			for s := from.Scale(); s != to.Scale(); {
				if s < to.Scale() {
					x.Mul(x, big.NewRat(10, 1))
					s++
				} else {
					x.Mul(x, big.NewRat(1, 10))
					s--
				}
			}
			return new(big.Int).Quo(x.Num(), x.Denom()).Int64()
		}
		got := worth(now.Rate, took)
		assert.GreaterOrEqual(t, got, amount)
		assert.Less(t, worth(now.Rate, took-1), amount, "a unit less would not do")
		assert.Equal(t, left+got-amount, f.standing("user:payer:available", to.Code()))
		assert.Equal(t, worth(now.Mid, took)-got, f.standing("fees:fx_spread", to.Code())-spread)
		assert.Equal(t, worth(now.Mid, took), position-f.standing("fx:position", to.Code()))
	}
	f.verify()
}
