package okpay_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func of(minor int64, currency string) money.Amount { return money.New(minor, money.MustISO(currency)) }

func (f *fixture) quote(base, quote, mid, rate string) okpay.Quote {
	f.t.Helper()
	q, err := f.Quotes.Create(f.t.Context(), okpay.CreateQuote{Base: base, Quote: quote, Mid: dec(mid), Rate: dec(rate)})
	require.NoError(f.t, err)
	require.Equal(f.t, okpay.QuoteOpen, q.State)
	return q
}

func (f *fixture) convert(q okpay.Quote, minor int64) (okpay.Conversion, error) {
	return f.Quotes.Convert(f.t.Context(), okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(minor, q.Base)})
}

func TestConversionsInPairsOfEveryScale(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(of(20_000, "USD"))
	f.topUp(of(5_000, "KWD"))
	f.topUp(of(100_000, "CLF")) // 4 decimals
	before := f.last()
	for _, c := range []struct {
		base, quote, mid, rate string
		given, got, spread     int64
	}{
		{"USD", "CNY", "7.2", "7.164", 10_000, 71_640, 360},
		{"USD", "JPY", "150", "149.25", 1_001, 1_493, 8},
		{"KWD", "USD", "3.26", "3.2345", 1_234, 399, 3},
		{"CLF", "JPY", "5600.5", "5600.5", 10_001, 5_601, 0},
		{"JPY", "CLF", "0.0002", "0.00017", 6, 10, 2},
	} {
		q := f.quote(c.base, c.quote, c.mid, c.rate)
		got, err := f.convert(q, c.given)
		require.NoError(t, err, c.base+c.quote)
		assert.Equal(t, okpay.ConversionCompleted, got.State)
		assert.Equal(t, of(c.given, c.base), got.Given)
		assert.Equal(t, of(c.got, c.quote), got.Got)
		assert.Equal(t, of(c.spread, c.quote), got.Spread)
		types, last := f.since(before)
		assert.Equal(t, []string{"fx.quoted", "fx.converted"}, types)
		before = last
		q, err = f.Quotes.Get(t.Context(), q.ID)
		require.NoError(t, err)
		assert.Equal(t, okpay.QuoteUsed, q.State)
		assert.Equal(t, got.ID, q.Conversion)
	}
	for account, want := range map[string]int64{
		"user:payer:available USD": 20_000 - 10_000 - 1_001 + 399, "user:payer:available CNY": 71_640,
		"user:payer:available JPY": 1_493 + 5_601 - 6, "user:payer:available KWD": 3_766, "user:payer:available CLF": 100_000 - 10_001 + 10,
		"fx:position USD": 10_000 + 1_001 - 402, "fx:position CNY": -72_000, "fx:position JPY": -1_501 - 5_601 + 6, "fx:position KWD": 1_234,
		"fx:position CLF": 10_001 - 12, "fees:fx_spread CNY": 360, "fees:fx_spread JPY": 8, "fees:fx_spread USD": 3, "fees:fx_spread CLF": 2,
	} {
		name, currency, _ := strings.Cut(account, " ")
		assert.Equal(t, want, f.account(name, currency), account)
	}
	lines, err := f.Customers.Statement(t.Context(), f.customer, "CNY", okpay.StatementPage{})
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Equal(t, "conversion", lines[0].Kind)
	activity, err := f.Customers.Activity(t.Context(), f.customer, okpay.ActivityPage{})
	require.NoError(t, err)
	conversions := 0
	for _, a := range activity {
		if a.Kind == "conversion" {
			conversions++
		}
	}
	assert.Equal(t, 5, conversions)
	f.verify()
}

func TestAQuoteIsUsedOnceAndDeadFromTheInstantOfItsExpiry(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(of(1_000, "USD"))
	used, late, tight := f.quote("USD", "CNY", "7.2", "7.164"), f.quote("USD", "CNY", "7.2", "7.164"), f.quote("USD", "CNY", "7.2", "7.164")
	_, err := f.convert(used, 100)
	require.NoError(t, err)
	before := f.picture()
	_, err = f.convert(used, 100)
	e := isRefusal(t, err, okpay.QuoteAlreadyUsed)
	assert.Equal(t, string(used.ID), e.Object)
	assert.Equal(t, before, f.picture(), "a refusal changes nothing")
	f.clock.Advance(30*time.Second - time.Microsecond)
	_, err = f.convert(tight, 1)
	require.NoError(t, err)
	f.clock.Advance(time.Microsecond)
	before = f.picture()
	for range 2 {
		_, err = f.convert(late, 100)
		e = isRefusal(t, err, okpay.QuoteExpired)
		assert.Equal(t, []string{"requote"}, e.NextAction)
		assert.Equal(t, before, f.picture())
		q, err := f.Quotes.Get(t.Context(), late.ID)
		require.NoError(t, err)
		assert.Equal(t, okpay.QuoteTimedOut, q.State)
		_, err = f.Work(t.Context()) // records what is seen already
		require.NoError(t, err)
	}
	_, err = f.convert(used, 100)
	isRefusal(t, err, okpay.QuoteAlreadyUsed)
	q, err := f.Quotes.Get(t.Context(), used.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.QuoteUsed, q.State, "what was used does not expire")
	f.verify()
}

func TestAConversionRefusesWhatIsWrongAndLeavesTheQuote(t *testing.T) {
	f := start(t, okpay.Config{Limits: []okpay.Limit{
		{On: okpay.OnConversion, Per: okpay.Each, Max: 5_000}, {On: okpay.OnConversion, Per: okpay.Daily, Max: 6_000},
	}})
	f.topUp(of(1_000, "USD"))
	other, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other", Name: "Other"})
	require.NoError(t, err)
	q := f.quote("USD", "CNY", "7.2", "7.164")
	yen := f.quote("JPY", "KWD", "0.0002", "0.0002")
	theirs, err := f.Quotes.Create(t.Context(), okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("7"), Rate: dec("7"), Customer: other.ID})
	require.NoError(t, err)
	huge := f.quote("USD", "JPY", "1e30", "1e30")
	before := f.picture()
	for name, c := range map[string]struct {
		in   okpay.Convert
		code okpay.Code
	}{
		"nobody":                        {okpay.Convert{Customer: "nobody", Quote: q.ID, Amount: of(1, "USD")}, okpay.NotFound},
		"no quote":                      {okpay.Convert{Customer: f.customer, Quote: "fxq_no", Amount: of(1, "USD")}, okpay.NotFound},
		"no amount":                     {okpay.Convert{Customer: f.customer, Quote: q.ID}, okpay.InvalidRequest},
		"nothing":                       {okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(0, "USD")}, okpay.AmountNotPositive},
		"the other currency":            {okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(1, "CNY")}, okpay.CurrencyNotSupported},
		"a quote for somebody else":     {okpay.Convert{Customer: f.customer, Quote: theirs.ID, Amount: of(1, "USD")}, okpay.NotFound},
		"less than one unit":            {okpay.Convert{Customer: f.customer, Quote: yen.ID, Amount: of(1, "JPY")}, okpay.AmountTooSmall},
		"more than can be counted":      {okpay.Convert{Customer: f.customer, Quote: huge.ID, Amount: of(1, "USD")}, okpay.LimitExceededTransaction},
		"more than a limit":             {okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(5_001, "USD")}, okpay.LimitExceededTransaction},
		"more than there is":            {okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(1_001, "USD")}, okpay.InsufficientBalance},
		"a customer's id that is wrong": {okpay.Convert{Customer: "a b", Quote: q.ID, Amount: of(1, "USD")}, okpay.InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Quotes.Convert(t.Context(), c.in)
			e := isRefusal(t, err, c.code)
			if c.code == okpay.InsufficientBalance {
				assert.Equal(t, of(1, "USD"), *e.Short)
			}
			assert.Equal(t, before, f.picture())
			after, err := f.Quotes.Get(t.Context(), q.ID)
			require.NoError(t, err)
			assert.Equal(t, q, after)
		})
	}
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)
	_, err = f.convert(q, 1)
	isRefusal(t, err, okpay.AccountLocked)
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)

	f.topUp(of(10_000, "USD"))
	_, err = f.convert(q, 5_000)
	require.NoError(t, err, "the quote is still good")
	_, err = f.convert(f.quote("USD", "CNY", "7.2", "7.164"), 1_001)
	e := isRefusal(t, err, okpay.LimitExceededDaily)
	assert.Equal(t, of(1_000, "USD"), *e.Limit)
	f.verify()
}

func TestAConversionIsRepeatedSafely(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(of(1_000, "USD"))
	q := f.quote("USD", "CNY", "7.2", "7.164")
	in := okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(100, "USD"), Key: "k"}
	first, err := f.Quotes.Convert(t.Context(), in)
	require.NoError(t, err)
	before := f.picture()
	f.clock.Advance(time.Hour)
	again, err := f.Quotes.Convert(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	again.Replayed = false
	assert.Equal(t, first, again)
	in.Amount = of(101, "USD")
	_, err = f.Quotes.Convert(t.Context(), in)
	isRefusal(t, err, okpay.IdempotencyKeyReused)
	assert.Equal(t, before, f.picture())
}

func TestAQuoteRefusesWhatIsWrong(t *testing.T) {
	f := start(t, okpay.Config{})
	before := f.picture()
	for name, c := range map[string]struct {
		in    okpay.CreateQuote
		code  okpay.Code
		field string
	}{
		"an unknown base":             {okpay.CreateQuote{Base: "XXQ", Quote: "CNY", Mid: dec("1"), Rate: dec("1")}, okpay.CurrencyNotSupported, "base"},
		"an unknown quote":            {okpay.CreateQuote{Base: "USD", Quote: "XXQ", Mid: dec("1"), Rate: dec("1")}, okpay.CurrencyNotSupported, "quote"},
		"one currency twice":          {okpay.CreateQuote{Base: "USD", Quote: "USD", Mid: dec("1"), Rate: dec("1")}, okpay.InvalidRequest, "quote"},
		"no rate":                     {okpay.CreateQuote{Base: "USD", Quote: "CNY"}, okpay.InvalidRequest, "mid"},
		"a rate below zero":           {okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("1"), Rate: dec("-1")}, okpay.InvalidRequest, "rate"},
		"a rate that costs the house": {okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("1"), Rate: dec("1.0001")}, okpay.InvalidRequest, "rate"},
		"a rate without end":          {okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("1"), Rate: dec("1e-37")}, okpay.InvalidRequest, "rate"},
		"a life too short":            {okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("1"), Rate: dec("1"), TTL: 1}, okpay.InvalidRequest, "ttl"},
		"a life too long":             {okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("1"), Rate: dec("1"), TTL: 25 * time.Hour}, okpay.InvalidRequest, "ttl"},
		"a customer who is not there": {okpay.CreateQuote{Base: "USD", Quote: "CNY", Mid: dec("1"), Rate: dec("1"), Customer: "nobody"}, okpay.NotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Quotes.Create(t.Context(), c.in)
			e := isRefusal(t, err, c.code)
			assert.Equal(t, c.field, e.Field)
			assert.Equal(t, before, f.picture())
		})
	}
	_, err := f.Quotes.Get(t.Context(), "fxq_no")
	isRefusal(t, err, okpay.NotFound)
	_, err = f.Quotes.GetConversion(t.Context(), "fxc_no")
	isRefusal(t, err, okpay.NotFound)
}

func TestQuotesComeFromConfigRates(t *testing.T) {
	var down error
	rate := dec("7.164")
	f := start(t, okpay.Config{Rates: func(_ context.Context, base, quote money.Currency) (okpay.Rate, error) {
		assert.Equal(t, "USD", base.Code())
		assert.Equal(t, "CNY", quote.Code())
		return okpay.Rate{Mid: dec("7.2"), Rate: rate}, down
	}})
	in := okpay.CreateQuote{Base: "USD", Quote: "CNY", Key: "k", TTL: time.Minute}
	q, err := f.Quotes.Create(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, "7.164", q.Rate.String())
	assert.Equal(t, q.CreatedAt.Add(time.Minute), q.ExpiresAt)
	again, err := f.Quotes.Create(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, q.ID, again.ID)
	assert.True(t, again.Replayed)
	in.Key, rate = "other", dec("7.21")
	_, err = f.Quotes.Create(t.Context(), in)
	isRefusal(t, err, okpay.ProviderUnavailable)
	down = errors.New("no line")
	_, err = f.Quotes.Create(t.Context(), in)
	isRefusal(t, err, okpay.ProviderUnavailable)
}

func TestRiskDecidesWhatBecomesOfAConversion(t *testing.T) {
	var verdict okpay.Verdict
	f := start(t, okpay.Config{
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnConversion {
				return okpay.Assessment{}, nil
			}
			return okpay.Assessment{Verdict: verdict, Reason: "rule_1"}, nil
		},
	})
	f.topUp(of(1_000, "USD"))
	q := f.quote("USD", "CNY", "7.2", "7.164")
	for _, verdict = range []okpay.Verdict{okpay.Block, okpay.Review} {
		before := f.last()
		c, err := f.convert(q, 100)
		isRefusal(t, err, okpay.RiskDeclined)
		assert.Equal(t, okpay.ConversionFailed, c.State)
		types, _ := f.since(before)
		assert.Equal(t, []string{"fx.declined"}, types)
	}
	verdict = okpay.Challenge
	_, err := f.convert(q, 100)
	isRefusal(t, err, okpay.AuthenticationRequired)
	_, err = f.Quotes.Convert(t.Context(), okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(100, "USD"), Proof: "x"})
	isRefusal(t, err, okpay.AuthenticationFailed)
	verdict = okpay.Allow
	_, err = f.convert(q, 100)
	require.NoError(t, err, "the quote is still good")
	f.verify()
}

func TestOfManyWhoUseOneQuoteOneDoes(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(of(1_000_000, "USD"))
	for range 5 {
		q := f.quote("USD", "CNY", "7.2", "7.164")
		before, usd := f.last(), f.account("user:payer:available", "USD")
		var (
			all     sync.WaitGroup
			winners atomic.Int64
		)
		for range 64 {
			all.Go(func() {
				_, err := f.Quotes.Convert(context.Background(), okpay.Convert{Customer: f.customer, Quote: q.ID, Amount: of(100, "USD")})
				if err == nil {
					winners.Add(1)
				} else {
					assert.ErrorIs(t, err, okpay.QuoteAlreadyUsed)
				}
			})
		}
		all.Wait()
		assert.Equal(t, int64(1), winners.Load())
		assert.Equal(t, usd-100, f.account("user:payer:available", "USD"))
		types, _ := f.since(before)
		assert.Equal(t, []string{"fx.converted"}, types)
	}
	f.verify()
}
