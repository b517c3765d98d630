package okpay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

const (
	succeeded = rails.CollectionSucceeded
	failed    = rails.CollectionFailed
	reversed  = rails.CollectionReversed
)

// step is one thing that a source says, and what becomes of it.
type step struct {
	event  string
	status rails.CollectionStatus
	amount money.Amount
	state  okpay.TopUpState
	emits  []string
	mails  []string
}

func TestWhatASourceSaysInEveryOrder(t *testing.T) {
	none := []string{}
	mismatch := []string{"topup.amount_mismatch", "reconciliation.exception"}
	exception := []string{"reconciliation.exception"}
	back := []string{"topup.reversed", "account.restricted"}
	for _, c := range []struct {
		name  string
		steps []step
		// what stands in the end, of 10,000 asked for
		user, clearing, suspense, owed int64
		gate                           okpay.GateState
	}{
		{
			"a duplicate, a second success and a stale failure are nothing", []step{
				{"e1", succeeded, money.Amount{}, okpay.TopUpSucceeded, []string{"topup.succeeded"}, []string{"topup_succeeded"}},
				{"e1", succeeded, money.Amount{}, okpay.TopUpSucceeded, none, none},
				{"e2", succeeded, money.Amount{}, okpay.TopUpSucceeded, none, none},
				{"e3", succeeded, cny(10_000), okpay.TopUpSucceeded, none, none},
				{"e0", failed, money.Amount{}, okpay.TopUpSucceeded, none, none},
			}, 10_000, 10_000, 0, 0, okpay.GateActive,
		},
		{
			"late money after a failure is the customer's", []step{
				{"e1", failed, money.Amount{}, okpay.TopUpFailed, []string{"topup.failed"}, []string{"topup_failed"}},
				{"e2", failed, money.Amount{}, okpay.TopUpFailed, none, none},
				{"e3", succeeded, money.Amount{}, okpay.TopUpSucceeded, []string{"topup.succeeded_late"}, none},
				{"e4", failed, money.Amount{}, okpay.TopUpSucceeded, none, none},
			}, 10_000, 10_000, 0, 0, okpay.GateActive,
		},
		{
			"another amount waits for a person", []step{
				{"e1", succeeded, cny(9_000), okpay.TopUpNeedsReview, mismatch, none},
				{"e2", succeeded, cny(9_000), okpay.TopUpNeedsReview, none, none},
				{"e3", failed, money.Amount{}, okpay.TopUpNeedsReview, none, none},
				{"e4", succeeded, cny(10_000), okpay.TopUpNeedsReview, exception, none},
			}, 0, 9_000, 9_000, 0, okpay.GateActive,
		},
		{
			"another amount after the right one is told to a person", []step{
				{"e1", succeeded, cny(10_000), okpay.TopUpSucceeded, []string{"topup.succeeded"}, []string{"topup_succeeded"}},
				{"e2", succeeded, cny(9_000), okpay.TopUpSucceeded, exception, none},
			}, 10_000, 10_000, 0, 0, okpay.GateActive,
		},
		{
			"late money of another amount waits for a person, too", []step{
				{"e1", failed, money.Amount{}, okpay.TopUpFailed, []string{"topup.failed"}, []string{"topup_failed"}},
				{"e2", succeeded, cny(1), okpay.TopUpNeedsReview, mismatch, none},
			}, 0, 1, 1, 0, okpay.GateActive,
		},
		{
			"a reversal takes all of it back and restricts the account", []step{
				{"e1", succeeded, money.Amount{}, okpay.TopUpSucceeded, []string{"topup.succeeded"}, []string{"topup_succeeded"}},
				{"e2", reversed, money.Amount{}, okpay.TopUpReversed, back, []string{"topup_reversed"}},
				{"e3", reversed, cny(10_000), okpay.TopUpReversed, none, none},
				{"e4", succeeded, money.Amount{}, okpay.TopUpReversed, none, none},
				{"e5", failed, money.Amount{}, okpay.TopUpReversed, none, none},
				{"e6", succeeded, cny(7), okpay.TopUpReversed, exception, none},
				{"e7", reversed, cny(7), okpay.TopUpReversed, exception, none},
			}, 0, 0, 0, 0, okpay.GateLocked,
		},
		{
			"a reversal that is told first waits for the success", []step{
				{"e1", reversed, money.Amount{}, okpay.TopUpPending, none, none},
				{"e1", reversed, money.Amount{}, okpay.TopUpPending, none, none},
				{"e2", reversed, cny(10_000), okpay.TopUpPending, none, none},
				{"e3", succeeded, money.Amount{}, okpay.TopUpReversed, append([]string{"topup.succeeded"}, back...), []string{"topup_succeeded", "topup_reversed"}},
			}, 0, 0, 0, 0, okpay.GateLocked,
		},
		{
			"a reversal of money in suspense empties it and blames nobody", []step{
				{"e1", succeeded, cny(9_000), okpay.TopUpNeedsReview, mismatch, none},
				{"e2", reversed, cny(8_000), okpay.TopUpNeedsReview, exception, none},
				{"e3", reversed, cny(9_000), okpay.TopUpReversed, []string{"topup.reversed"}, none},
			}, 0, 0, 0, 0, okpay.GateActive,
		},
		{
			"a reversal of another amount than came is told to a person and moves nothing", []step{
				{"e1", succeeded, money.Amount{}, okpay.TopUpSucceeded, []string{"topup.succeeded"}, []string{"topup_succeeded"}},
				{"e2", reversed, cny(4_000), okpay.TopUpSucceeded, exception, none},
			}, 10_000, 10_000, 0, 0, okpay.GateActive,
		},
		{
			"one event id with two contents is told to a person, once", []step{
				{"e1", succeeded, cny(10_000), okpay.TopUpSucceeded, []string{"topup.succeeded"}, []string{"topup_succeeded"}},
				{"e1", succeeded, cny(10_001), okpay.TopUpSucceeded, exception, none},
				{"e1", reversed, money.Amount{}, okpay.TopUpSucceeded, none, none},
			}, 10_000, 10_000, 0, 0, okpay.GateActive,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startPSP(t, okpay.Config{})
			top := p.ask(10_000)
			for i, s := range c.steps {
				p.clock.Advance(time.Millisecond) // ids sort by it
				before, mails := p.last(), len(p.mails())
				got, err := p.says(top.ID, s.event, s.status, s.amount)
				require.NoError(t, err)
				assert.Equal(t, s.state, got.State, "step %d", i)
				types, _ := p.since(before)
				assert.Equal(t, s.emits, types, "step %d", i)
				assert.ElementsMatch(t, s.mails, p.mails()[mails:], "step %d", i)
			}
			assert.Equal(t, c.user, p.account("user:payer:available", "CNY"))
			assert.Equal(t, c.clearing, p.account("clearing:psp", "CNY"))
			assert.Equal(t, c.suspense, p.account("suspense:psp", "CNY"))
			assert.Equal(t, c.owed, p.account("receivable:user:payer", "CNY"))
			g, err := p.Customers.Gate(t.Context(), p.customer)
			require.NoError(t, err)
			assert.Equal(t, c.gate, g.State)
			p.verify()
		})
	}
}

func TestMoneyThatWasSpentAndTakenBackIsOwed(t *testing.T) {
	p := startPSP(t, okpay.Config{Fees: okpay.Fees{TopUp: okpay.Fee{BasisPoints: 100}}})
	top := p.ask(10_000)
	top, err := p.says(top.ID, "e1", succeeded)
	require.NoError(t, err)
	assert.Equal(t, cny(100), top.Fee)
	assert.Equal(t, int64(9_900), p.account("user:payer:available", "CNY"))
	assert.Equal(t, int64(100), p.account("fees:topup", "CNY"))
	_, err = p.confirm(p.create(cny(4_000), okpay.CaptureAutomatic).ID)
	require.NoError(t, err)
	held, err := p.confirm(p.create(cny(3_000), okpay.CaptureManual).ID)
	require.NoError(t, err)

	top, err = p.says(top.ID, "e2", reversed)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpReversed, top.State)
	available, onHold, _ := p.balancesOfCustomer()
	assert.Zero(t, available)
	assert.Equal(t, int64(3_000), onHold, "what is held is not taken")
	assert.Equal(t, int64(7_100), p.account("receivable:user:payer", "CNY"))
	assert.Equal(t, int64(0), p.account("clearing:psp", "CNY"))
	assert.Equal(t, int64(100), p.account("fees:topup", "CNY"), "the fee is kept")
	debts, err := p.Customers.Debts(t.Context(), p.customer)
	require.NoError(t, err)
	assert.Equal(t, []money.Amount{cny(7_100)}, debts)

	// Nothing leaves a restricted account but what was authorized before.
	_, err = p.capture(held.ID, 0, true)
	require.NoError(t, err)
	q, err := p.Quotes.Create(t.Context(), okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: dec("0.1"), Rate: dec("0.1")})
	require.NoError(t, err)
	_, err = p.Quotes.Convert(t.Context(), okpay.Convert{Customer: p.customer, Quote: q.ID, Amount: cny(100)})
	isRefusal(t, err, okpay.AccountRestricted)

	// A later top-up is the customer's until somebody settles the debt.
	_, err = p.says(p.ask(5_000).ID, "e3", succeeded)
	require.NoError(t, err)
	assert.Equal(t, int64(4_950), p.account("user:payer:available", "CNY"))
	in := okpay.SettleDebt{Customer: p.customer, Amount: cny(2_000), By: "ops1", Key: "k"}
	for range 2 {
		paid, err := p.Customers.SettleDebt(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, cny(2_000), paid)
	}
	paid, err := p.Customers.SettleDebt(t.Context(), okpay.SettleDebt{Customer: p.customer, Amount: cny(100_000), By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, cny(2_950), paid, "no more than is there")
	_, err = p.says(p.ask(5_000).ID, "e4", succeeded)
	require.NoError(t, err)
	g, err := p.Customers.Gate(t.Context(), p.customer)
	require.NoError(t, err)
	assert.Equal(t, okpay.GateLocked, g.State, "something is owed")
	before := p.last()
	in = okpay.SettleDebt{Customer: p.customer, Amount: cny(100_000), By: "ops1", Key: "last"}
	for range 2 {
		paid, err = p.Customers.SettleDebt(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, cny(2_150), paid, "no more than is owed")
	}
	types, _ := p.since(before)
	assert.Equal(t, []string{"account.debt_settled", "account.unlocked"}, types, "and nothing is owed any more")
	g, err = p.Customers.Gate(t.Context(), p.customer)
	require.NoError(t, err)
	assert.Equal(t, okpay.GateActive, g.State)
	assert.Equal(t, okpay.ReasonDebtPaid, g.Reason)
	messages, err := p.Customers.Messages(t.Context(), p.customer, "", 1)
	require.NoError(t, err)
	assert.Equal(t, "account_unlocked", messages[0].Template)
	paid, err = p.Customers.SettleDebt(t.Context(), okpay.SettleDebt{Customer: p.customer, Amount: cny(1), By: "ops1"})
	require.NoError(t, err)
	assert.True(t, paid.IsZero())
	debts, err = p.Customers.Debts(t.Context(), p.customer)
	require.NoError(t, err)
	assert.Empty(t, debts)
	p.verify()
}

// said is one callback of a permutation.
type said struct {
	event  string
	status rails.CollectionStatus
	amount money.Amount
}

func TestAThousandPermutationsOfCallbacksEndAlikeOrInAnException(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	usd := money.New(10_000, money.MustISO("USD"))
	stories := [][]said{
		{{"s1", succeeded, cny(10_000)}, {"s2", succeeded, money.Amount{}}, {"f1", failed, money.Amount{}}},
		{{"s1", succeeded, cny(10_000)}, {"f1", failed, money.Amount{}}, {"r1", reversed, cny(10_000)}},
		{{"s1", succeeded, money.Amount{}}, {"s2", succeeded, money.Amount{}}, {"r1", reversed, money.Amount{}}, {"r2", reversed, cny(10_000)}},
		{{"f1", failed, money.Amount{}}, {"f2", failed, money.Amount{}}, {"r1", reversed, money.Amount{}}},
		{{"s1", succeeded, cny(9_999)}, {"f1", failed, money.Amount{}}},
		{{"s1", succeeded, cny(9_999)}, {"r1", reversed, cny(9_999)}, {"f1", failed, money.Amount{}}},
		{{"s1", succeeded, usd}, {"s2", succeeded, usd}},
		{{"s1", succeeded, cny(10_000)}, {"s2", succeeded, cny(9_000)}}, // contradict each other
		{{"s1", succeeded, usd}, {"s2", succeeded, cny(10_000)}, {"f1", failed, money.Amount{}}},
		{{"s1", succeeded, cny(10_000)}, {"r1", reversed, cny(4_000)}},
		{{"s1", succeeded, cny(10_000)}, {"r1", reversed, cny(4_000)}, {"r2", reversed, money.Amount{}}},
		{{"s1", succeeded, cny(9_000)}, {"r1", reversed, money.Amount{}}, {"f1", failed, money.Amount{}}},
	}
	p := startPSP(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnTopUp, Per: okpay.Daily, Max: 1 << 50}}})
	balances := func() [6]int64 {
		return [6]int64{
			p.account("user:payer:available", "CNY"), p.account("clearing:psp", "CNY"), p.account("clearing:psp", "USD"),
			p.account("suspense:psp", "CNY"), p.account("receivable:user:payer", "CNY"), p.account("usage:c_payer:topup:day-2026-01-01", "CNY"),
		}
	}
	type end struct {
		state okpay.TopUpState
		moved [6]int64
	}
	ends, disputed := make([]map[end]bool, len(stories)), make([]map[bool]int, len(stories))
	no := p.last()
	for n := range testsize.Scaled(t, 1000) {
		of := r.IntN(len(stories))
		if ends[of] == nil {
			ends[of], disputed[of] = map[end]bool{}, map[bool]int{}
		}
		told := slices.Clone(stories[of])
		for range r.IntN(4) {
			told = append(told, told[r.IntN(len(told))])
		}
		r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })

		top, before := p.ask(10_000), balances()
		before[5] -= 10_000 // reserved when it was asked for
		for _, s := range told {
			_, err := p.says(top.ID, fmt.Sprintf("%d-%s", n, s.event), s.status, s.amount)
			require.NoError(t, err)
		}
		top, err := p.TopUps.Get(t.Context(), top.ID)
		require.NoError(t, err)
		after := balances()
		for i := range after {
			after[i] -= before[i]
		}
		ends[of][end{top.State, after}] = true
		var types []string
		types, no = p.since(no)
		disputed[of][slices.Contains(types, "reconciliation.exception")]++
	}
	for i, story := range stories {
		if len(ends[i]) > 1 {
			assert.Zero(t, disputed[i][false], "%v: ends differ (%v), so each must be told to a person", story, ends[i])
		}
	}
	assert.Len(t, ends[0], 1)
	assert.Len(t, ends[1], 1)
	assert.Len(t, ends[2], 1)
	assert.Zero(t, disputed[0][true]+disputed[1][true]+disputed[2][true]+disputed[3][true], "nothing is wrong with these")
	p.verify()
}

func TestCallbacksThatRaceAreActedOnOnce(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	for i := range 8 {
		top := p.ask(1_000)
		before := p.last()
		var all sync.WaitGroup
		for n := range 64 {
			all.Go(func() {
				// Half of them are one event, the others are each their own.
				event := fmt.Sprintf("%d-one", i)
				if n%2 == 0 {
					event = fmt.Sprintf("%d-%d", i, n)
				}
				_, err := p.TopUps.SourceSays(context.Background(), okpay.SourceEvent{Source: "psp", EventID: event, TopUp: top.ID, Status: succeeded})
				assert.NoError(t, err)
			})
		}
		all.Wait()
		types, _ := p.since(before)
		assert.Equal(t, []string{"topup.succeeded"}, types)
		assert.Equal(t, int64(1_000*(i+1)), p.account("user:payer:available", "CNY"))
	}
	p.verify()
}

func TestASpendThatRacesAReversalIsCoveredOrOwed(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	top := p.ask(1_000)
	_, err := p.says(top.ID, "s", succeeded)
	require.NoError(t, err)
	var pays []okpay.Payment
	for range 10 {
		pays = append(pays, p.create(cny(100), okpay.CaptureAutomatic))
	}
	var all sync.WaitGroup
	for _, pay := range pays {
		all.Go(func() {
			_, _ = p.Payments.Confirm(context.Background(), okpay.ConfirmPayment{Payment: pay.ID, Customer: p.customer})
		})
	}
	all.Go(func() {
		_, err := p.TopUps.SourceSays(context.Background(), okpay.SourceEvent{Source: "psp", EventID: "r", TopUp: top.ID, Status: reversed})
		assert.NoError(t, err)
	})
	all.Wait()
	assert.Zero(t, p.account("clearing:psp", "CNY"))
	assert.Zero(t, p.account("user:payer:available", "CNY"))
	assert.Equal(t, p.account("merchant:shop:available", "CNY"), p.account("receivable:user:payer", "CNY"), "what was spent is owed")
	p.verify()
}

func TestAnEventOfWrongFormIsRefusedAndNothingOfItIsKept(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	top := p.ask(1_000)
	before := p.picture()
	for name, c := range map[string]struct {
		in   okpay.SourceEvent
		code okpay.Code
	}{
		"no source":           {okpay.SourceEvent{EventID: "e", TopUp: top.ID, Status: succeeded}, okpay.InvalidRequest},
		"no event id":         {okpay.SourceEvent{Source: "psp", TopUp: top.ID, Status: succeeded}, okpay.InvalidRequest},
		"no top-up":           {okpay.SourceEvent{Source: "psp", EventID: "e", Status: succeeded}, okpay.InvalidRequest},
		"an unknown status":   {okpay.SourceEvent{Source: "psp", EventID: "e", TopUp: top.ID, Status: "maybe"}, okpay.InvalidRequest},
		"an amount below one": {okpay.SourceEvent{Source: "psp", EventID: "e", TopUp: top.ID, Status: succeeded, Amount: cny(0)}, okpay.AmountNotPositive},
		"a strange currency": {okpay.SourceEvent{
			Source: "psp", EventID: "e", TopUp: top.ID, Status: succeeded, Amount: money.New(1, must(money.NewCurrency("ABCD", 2))),
		}, okpay.CurrencyNotSupported},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.TopUps.SourceSays(t.Context(), c.in)
			isRefusal(t, err, c.code)
			assert.Equal(t, before, p.picture())
		})
	}
	top, err := p.says(top.ID, "e", succeeded)
	require.NoError(t, err)
	assert.False(t, top.Replayed, "the event's id is still free")
}

func TestMoneyForATopUpThatIsNotThereIsToldToAPerson(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	top := p.ask(1_000)
	for _, in := range []okpay.SourceEvent{
		{Source: "psp", EventID: "e1", TopUp: "top_nowhere", Status: succeeded, Amount: cny(5)},
		{Source: "other", EventID: "e1", TopUp: top.ID, Status: succeeded},
	} {
		before := p.last()
		for i := range 2 {
			_, err := p.TopUps.SourceSays(t.Context(), in)
			isRefusal(t, err, okpay.NotFound)
			types, _ := p.since(before)
			assert.Equal(t, []string{"reconciliation.exception"}, types, "told once, time %d", i)
		}
	}
	assert.Equal(t, []string{"unknown_topup", "unknown_topup"}, p.exceptions())
	assert.Zero(t, p.account("clearing:psp", "CNY"))
}

func TestATopUpExpiresOnlyWhenItsSourceSaysThatNothingCame(t *testing.T) {
	answer := rails.Unknown
	p := startPSP(t, okpay.Config{
		TopUpExpiry: time.Hour, Limits: []okpay.Limit{{On: okpay.OnTopUp, Per: okpay.Monthly, Max: 10_000}},
	})
	p.source.Answer = nil
	asked := 0
	p.source.Answer = func(rails.Collection) rails.Outcome { return rails.NotPaid }
	source := &counted{FundingSource: p.source, asked: &asked, answer: &answer}
	p.Wallet = must(okpay.New(p.Ledger(), okpay.Config{
		TopUpExpiry: time.Hour, Limits: []okpay.Limit{{On: okpay.OnTopUp, Per: okpay.Monthly, Max: 10_000}},
		Sources: map[string]rails.FundingSource{"psp": source},
	}))
	answer = rails.NotPaid
	top := p.ask(10_000)
	state := func() okpay.TopUpState {
		p.t.Helper()
		_, err := p.Work(t.Context())
		require.NoError(t, err)
		top, err := p.TopUps.Get(t.Context(), top.ID)
		require.NoError(t, err)
		return top.State
	}
	p.clock.Advance(59 * time.Minute)
	assert.Equal(t, okpay.TopUpPending, state(), "it may still come")
	_, err := p.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: p.customer, Amount: cny(1), Source: "psp"})
	limited := isRefusal(t, err, okpay.LimitExceededMonthly)
	assert.Equal(t, cny(0), *limited.Limit)

	answer = rails.Unknown
	p.clock.Advance(time.Minute - time.Microsecond)
	assert.Equal(t, okpay.TopUpPending, state())
	was := asked
	p.clock.Advance(time.Microsecond)
	assert.Equal(t, okpay.TopUpPending, state(), "unknown is not no")
	assert.Equal(t, was+1, asked, "at the instant of expiry the source is asked")
	for range 50 {
		p.clock.Advance(24 * time.Hour)
		assert.Equal(t, okpay.TopUpPending, state(), "no timer decides")
	}

	answer = rails.NotPaid
	before := p.last()
	p.clock.Advance(time.Hour)
	assert.Equal(t, okpay.TopUpTimedOut, state())
	types, _ := p.since(before)
	assert.Equal(t, []string{"topup.expired"}, types)
	got, err := p.TopUps.Get(t.Context(), top.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentExpired, got.Failure.Code)
	assert.Zero(t, p.account("usage:c_payer:topup:month-2026-01", "CNY"), "the limit is free again")
	was = asked
	p.clock.Advance(100 * time.Hour)
	assert.Equal(t, okpay.TopUpTimedOut, state())
	assert.Equal(t, was, asked, "nobody is asked any more")

	got, err = p.says(top.ID, "late", succeeded)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpSucceeded, got.State)
	assert.Nil(t, got.Failure)
	assert.Equal(t, int64(10_000), p.account("usage:c_payer:topup:month-2026-01", "CNY"), "late money counts")
	types, _ = p.since(before)
	assert.Equal(t, []string{"topup.expired", "topup.succeeded_late"}, types)
	p.verify()
}

// counted answers as it is told and counts the questions.
type counted struct {
	rails.FundingSource
	asked  *int
	answer *rails.Outcome
}

func (c *counted) Collect(context.Context, rails.Collection) (rails.Outcome, error) {
	*c.asked++
	return *c.answer, nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
