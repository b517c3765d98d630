package okpay_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
	"github.com/okpay/okpay-go/webhook"
)

// inState makes a top-up of 10,000 in a state.
func (p *psp) inState(state okpay.TopUpState) okpay.TopUp {
	p.t.Helper()
	top := p.ask(10_000)
	switch state {
	case okpay.TopUpPending:
		return top
	case okpay.TopUpSucceeded:
		top = must(p.says(top.ID, "", succeeded))
	case okpay.TopUpFailed:
		top = must(p.says(top.ID, "", failed))
	case okpay.TopUpNeedsReview:
		top = must(p.says(top.ID, "", succeeded, cny(9_000)))
	case okpay.TopUpReversed:
		must(p.says(top.ID, "", succeeded))
		top = must(p.says(top.ID, "", reversed))
	case okpay.TopUpTimedOut:
		p.source.Settle(string(top.ID), rails.NotPaid)
		p.clock.Advance(25 * time.Hour)
		_, err := p.Work(p.t.Context())
		require.NoError(p.t, err)
		top = must(p.TopUps.Get(p.t.Context(), top.ID))
	}
	require.Equal(p.t, state, top.State)
	return top
}

var topUpStates = []okpay.TopUpState{
	okpay.TopUpPending, okpay.TopUpSucceeded, okpay.TopUpFailed, okpay.TopUpTimedOut, okpay.TopUpNeedsReview, okpay.TopUpReversed,
}

func TestATopUpIsResolvedOnlyWhileItNeedsReview(t *testing.T) {
	for _, state := range topUpStates {
		for name, verb := range map[string]func(*psp, okpay.ResolveTopUp) (okpay.TopUp, error){
			"credit": func(p *psp, in okpay.ResolveTopUp) (okpay.TopUp, error) {
				return p.TopUps.ResolveCredit(p.t.Context(), in)
			},
			"return": func(p *psp, in okpay.ResolveTopUp) (okpay.TopUp, error) {
				return p.TopUps.ResolveReturn(p.t.Context(), in)
			},
		} {
			t.Run(string(state)+" "+name, func(t *testing.T) {
				p := startPSP(t, okpay.Config{})
				top := p.inState(state)
				before := p.picture()
				in := okpay.ResolveTopUp{TopUp: top.ID, By: "ops1", Note: "called the bank", Key: "k"}
				got, err := verb(p, in)
				if state == okpay.TopUpNeedsReview {
					require.NoError(t, err)
					again, err := verb(p, in)
					require.NoError(t, err)
					assert.True(t, again.Replayed)
					assert.Equal(t, got.State, again.State)
					in.Note = "did not"
					_, err = verb(p, in)
					isRefusal(t, err, okpay.IdempotencyKeyReused)
					return
				}
				e := isRefusal(t, err, okpay.InvalidState)
				assert.Equal(t, string(top.ID), e.Object)
				assert.Equal(t, before, p.picture())
				after, err := p.TopUps.Get(t.Context(), top.ID)
				require.NoError(t, err)
				assert.Equal(t, top, after)
			})
		}
	}
}

func TestEveryStateTakesWhateverASourceSays(t *testing.T) {
	same := func(s okpay.TopUpState) [3]okpay.TopUpState { return [3]okpay.TopUpState{s, s, s} }
	for state, after := range map[okpay.TopUpState][3]okpay.TopUpState{ // succeeded, failed, reversed
		okpay.TopUpPending:     {okpay.TopUpSucceeded, okpay.TopUpFailed, okpay.TopUpPending},
		okpay.TopUpSucceeded:   {okpay.TopUpSucceeded, okpay.TopUpSucceeded, okpay.TopUpReversed},
		okpay.TopUpFailed:      {okpay.TopUpSucceeded, okpay.TopUpFailed, okpay.TopUpFailed},
		okpay.TopUpTimedOut:    {okpay.TopUpSucceeded, okpay.TopUpTimedOut, okpay.TopUpTimedOut},
		okpay.TopUpNeedsReview: {okpay.TopUpNeedsReview, okpay.TopUpNeedsReview, okpay.TopUpReversed},
		okpay.TopUpReversed:    same(okpay.TopUpReversed),
	} {
		for i, status := range []rails.CollectionStatus{succeeded, failed, reversed} {
			t.Run(string(state)+" "+string(status), func(t *testing.T) {
				p := startPSP(t, okpay.Config{})
				top := p.inState(state)
				before := p.picture()
				got, err := p.says(top.ID, "", status)
				require.NoError(t, err)
				assert.Equal(t, after[i], got.State)
				if got.State == state {
					assert.Equal(t, before, p.picture())
					assert.Equal(t, top, got)
				}
				p.verify()
			})
		}
	}
}

func TestOfSeveralSourcesOneIsNamed(t *testing.T) {
	var cards, bank rails.Simulated
	f := start(t, okpay.Config{Sources: map[string]rails.FundingSource{"cards": &cards, "bank": &bank}})
	in := okpay.CreateTopUp{Customer: f.customer, Amount: cny(100)}
	for _, in.Source = range []string{"", "nowhere"} {
		_, err := f.TopUps.Create(t.Context(), in)
		assert.Equal(t, "source", isRefusal(t, err, okpay.InvalidRequest).Field)
	}
	for _, in.Source = range []string{"cards", "bank"} {
		top, err := f.TopUps.Create(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, in.Source, top.Source)
		assert.Equal(t, int64(100), f.account("clearing:"+in.Source, "CNY"))
	}
	f.verify()
}

func TestAPersonCreditsWhatCameLessTheFee(t *testing.T) {
	p := startPSP(t, okpay.Config{Fees: okpay.Fees{TopUp: okpay.Fee{BasisPoints: 1_000}}})
	top := p.inState(okpay.TopUpNeedsReview)
	assert.Equal(t, cny(9_000), top.Received)
	assert.Equal(t, []string{"amount_mismatch"}, p.exceptions())
	before := p.last()
	top, err := p.TopUps.ResolveCredit(t.Context(), okpay.ResolveTopUp{TopUp: top.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpSucceeded, top.State)
	assert.Equal(t, cny(900), top.Fee)
	types, _ := p.since(before)
	assert.Equal(t, []string{"topup.succeeded"}, types)
	assert.Equal(t, int64(8_100), p.account("user:payer:available", "CNY"))
	assert.Equal(t, int64(900), p.account("fees:topup", "CNY"))
	assert.Zero(t, p.account("suspense:psp", "CNY"))
	assert.Empty(t, p.exceptions(), "the exception is resolved")

	// What came is what can be taken back.
	top, err = p.says(top.ID, "r", reversed)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpReversed, top.State)
	assert.Equal(t, int64(900), p.account("receivable:user:payer", "CNY"))
	p.verify()
}

func TestAPersonSendsMoneyBackAndItIsNotCreditedAgain(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	top := p.inState(okpay.TopUpNeedsReview)
	before := p.last()
	top, err := p.TopUps.ResolveReturn(t.Context(), okpay.ResolveTopUp{TopUp: top.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpFailed, top.State)
	assert.Equal(t, okpay.AmountMismatch, top.Failure.Code)
	types, _ := p.since(before)
	assert.Equal(t, []string{"topup.failed"}, types)
	assert.Zero(t, p.account("clearing:psp", "CNY"))
	assert.Zero(t, p.account("suspense:psp", "CNY"))
	for _, s := range []rails.CollectionStatus{reversed, failed} {
		top, err = p.says(top.ID, "", s)
		require.NoError(t, err)
		assert.Equal(t, okpay.TopUpFailed, top.State)
	}
	_, before = p.since(0)
	top, err = p.says(top.ID, "again", succeeded, cny(10_000))
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpFailed, top.State)
	types, _ = p.since(before)
	assert.Equal(t, []string{"reconciliation.exception"}, types)
	assert.Equal(t, []string{"paid_after_return"}, p.exceptions())
	p.verify()
}

func TestALimitCountsMoneyOnlyWhileItIsThere(t *testing.T) {
	p := startPSP(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnTopUp, Per: okpay.Daily, Max: 10_000}}})
	used := func() int64 { return p.account("usage:c_payer:topup:day-2026-01-01", "CNY") }
	top := p.ask(10_000)
	assert.Equal(t, int64(10_000), used())
	must(p.says(top.ID, "", failed))
	assert.Zero(t, used())
	must(p.says(top.ID, "", succeeded, cny(9_000)))
	assert.Equal(t, int64(10_000), used(), "it came late")
	must(p.TopUps.ResolveReturn(t.Context(), okpay.ResolveTopUp{TopUp: top.ID, By: "ops1"}))
	assert.Zero(t, used(), "and went back")
	p.inState(okpay.TopUpReversed)
	assert.Equal(t, int64(10_000), used(), "what was reversed was used")
	p.verify()
}

func TestMoneyInAnotherCurrencyIsCreditedInThatCurrency(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	top := p.ask(10_000)
	usd := money.New(1_500, money.MustISO("USD"))
	top, err := p.says(top.ID, "e", succeeded, usd)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpNeedsReview, top.State)
	assert.Equal(t, usd, top.Received)
	assert.Equal(t, cny(10_000), top.Amount)
	_, err = p.TopUps.ResolveCredit(t.Context(), okpay.ResolveTopUp{TopUp: top.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, int64(1_500), p.account("user:payer:available", "USD"))
	assert.Zero(t, p.account("user:payer:available", "CNY"))
	p.verify()
}

func TestResolvingRefusesWhatIsWrong(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	top := p.inState(okpay.TopUpNeedsReview)
	for name, c := range map[string]struct {
		in   okpay.ResolveTopUp
		code okpay.Code
	}{
		"nobody":        {okpay.ResolveTopUp{TopUp: top.ID}, okpay.InvalidRequest},
		"a bad name":    {okpay.ResolveTopUp{TopUp: top.ID, By: "a b"}, okpay.InvalidRequest},
		"a long note":   {okpay.ResolveTopUp{TopUp: top.ID, By: "a", Note: strings.Repeat("x", 501)}, okpay.InvalidRequest},
		"no such thing": {okpay.ResolveTopUp{TopUp: "top_no", By: "a"}, okpay.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := p.TopUps.ResolveCredit(t.Context(), c.in)
			isRefusal(t, err, c.code)
			_, err = p.TopUps.ResolveReturn(t.Context(), c.in)
			isRefusal(t, err, c.code)
		})
	}
	page, more, err := p.TopUps.List(t.Context(), okpay.TopUpQuery{State: okpay.TopUpNeedsReview})
	require.NoError(t, err)
	assert.False(t, more)
	assert.Equal(t, []okpay.TopUp{top}, page)
	page, _, err = p.TopUps.List(t.Context(), okpay.TopUpQuery{Customer: p.customer, State: okpay.TopUpPending})
	require.NoError(t, err)
	assert.Empty(t, page)
	_, _, err = p.TopUps.List(t.Context(), okpay.TopUpQuery{})
	isRefusal(t, err, okpay.InvalidRequest)
}

func TestRiskDecidesWhatBecomesOfATopUp(t *testing.T) {
	var verdict okpay.Verdict
	var checked []okpay.RiskCheck
	var proofs []string
	var riskErr error
	p := startPSP(t, okpay.Config{
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation == okpay.OnRegister {
				return okpay.Assessment{}, nil
			}
			checked = append(checked, c)
			return okpay.Assessment{Verdict: verdict, Reason: "rule_1", Score: 7}, riskErr
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) {
			proofs = append(proofs, s.Proof)
			return s.Proof == "right", nil
		},
	})
	in := okpay.CreateTopUp{Customer: p.customer, Amount: cny(100), Key: "blocked"}

	verdict = okpay.Block
	before := p.last()
	top, err := p.TopUps.Create(t.Context(), in)
	e := isRefusal(t, err, okpay.RiskDeclined)
	assert.Equal(t, string(top.ID), e.Object)
	assert.Equal(t, okpay.TopUpFailed, top.State)
	assert.Equal(t, okpay.RiskDeclined, top.Failure.Code)
	types, _ := p.since(before)
	assert.Equal(t, []string{"topup.blocked"}, types)
	assert.Equal(t, okpay.OnTopUp, checked[0].Operation)
	assert.Equal(t, "psp", checked[0].To)
	verdict = okpay.Allow
	again, err := p.TopUps.Create(t.Context(), in)
	isRefusal(t, err, okpay.RiskDeclined)
	assert.True(t, again.Replayed)
	assert.Equal(t, top.ID, again.ID)

	verdict = okpay.Challenge
	in.Key = "challenged"
	picture := p.picture()
	_, err = p.TopUps.Create(t.Context(), in)
	isRefusal(t, err, okpay.AuthenticationRequired)
	in.Proof = "wrong"
	_, err = p.TopUps.Create(t.Context(), in)
	isRefusal(t, err, okpay.AuthenticationFailed)
	assert.Equal(t, picture, p.picture())
	in.Proof = "right"
	top, err = p.TopUps.Create(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpPending, top.State)
	assert.Equal(t, []string{"wrong", "right"}, proofs)

	verdict = okpay.Review
	top, err = p.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: p.customer, Amount: cny(100)})
	require.NoError(t, err)
	before = p.last()
	top, err = p.says(top.ID, "e", succeeded)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpNeedsReview, top.State)
	types, _ = p.since(before)
	assert.Equal(t, []string{"topup.needs_review", "reconciliation.exception"}, types)
	assert.Equal(t, []string{"topup_held_back"}, p.exceptions())
	top, err = p.TopUps.ResolveCredit(t.Context(), okpay.ResolveTopUp{TopUp: top.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpSucceeded, top.State)
	assert.Equal(t, int64(100), p.account("user:payer:available", "CNY"))

	riskErr = errors.New("down")
	picture = p.picture()
	_, err = p.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: p.customer, Amount: cny(100)})
	isRefusal(t, err, okpay.ServiceBusy)
	assert.Equal(t, picture, p.picture())
	p.verify()
}

func TestLimitsBoundTopUps(t *testing.T) {
	p := startPSP(t, okpay.Config{Limits: []okpay.Limit{
		{On: okpay.OnTopUp, Per: okpay.Each, Min: 100, Max: 5_000},
		{On: okpay.OnTopUp, Per: okpay.Daily, Max: 8_000},
		{On: okpay.OnTopUp, Per: okpay.Hourly, Count: 4},
	}})
	create := func(minor int64) (okpay.TopUp, error) {
		return p.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: p.customer, Amount: cny(minor)})
	}
	_, err := create(99)
	assert.Equal(t, cny(100), *isRefusal(t, err, okpay.AmountTooSmall).Limit)
	_, err = create(5_001)
	assert.Equal(t, cny(5_000), *isRefusal(t, err, okpay.LimitExceededTransaction).Limit)
	first, err := create(5_000)
	require.NoError(t, err)
	_, err = create(3_001)
	e := isRefusal(t, err, okpay.LimitExceededDaily)
	assert.Equal(t, cny(3_000), *e.Limit)
	assert.Equal(t, "2026-01-02T00:00:00Z", e.ResetsAt.UTC().Format(time.RFC3339))
	_, err = p.says(first.ID, "", failed)
	require.NoError(t, err)
	for range 4 {
		_, err = create(100)
		require.NoError(t, err, "a failure gives back")
	}
	_, err = create(100)
	isRefusal(t, err, okpay.VelocityExceeded)
	p.verify()
}

func TestALockedAccountMayBringMoneyIn(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	_, err := p.Customers.Lock(t.Context(), okpay.MoveGate{Customer: p.customer, Reason: "risk", By: "ops1"})
	require.NoError(t, err)
	top := p.inState(okpay.TopUpSucceeded)
	before := p.last()
	_, err = p.says(top.ID, "r", reversed)
	require.NoError(t, err)
	types, _ := p.since(before)
	assert.Equal(t, []string{"topup.reversed", "account.restricted"}, types)
	g, err := p.Customers.Gate(t.Context(), p.customer)
	require.NoError(t, err)
	assert.Equal(t, "risk", g.Reason, "the first reason stays")
	assert.Equal(t, okpay.GateLocked, g.State)
	g, err = p.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: p.customer, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, okpay.GateActive, g.State)
}

func TestCallbacksComeByHTTP(t *testing.T) {
	p := startPSP(t, okpay.Config{})
	p.source.Secret = must(webhook.NewSecret(nil))
	p.source.Now = p.clock.Now
	handler, err := p.CallbackHandler("psp")
	require.NoError(t, err)
	send := func(method string, body []byte, header http.Header) int {
		t.Helper()
		r := httptest.NewRequest(method, "/callbacks/psp", strings.NewReader(string(body)))
		r.Header = header
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer.Code
	}
	one, two := p.ask(10_000), p.ask(500)
	body, header, err := p.source.Callback(
		rails.CollectionEvent{ID: "e1", Collection: string(one.ID), Status: succeeded, Amount: cny(10_000)},
		rails.CollectionEvent{ID: "e2", Collection: string(two.ID), Status: succeeded, Amount: cny(499)},
		rails.CollectionEvent{ID: "e3", Collection: "top_nowhere", Status: failed},
	)
	require.NoError(t, err)
	for range 3 {
		assert.Equal(t, http.StatusNoContent, send(http.MethodPost, body, header))
	}
	assert.Equal(t, int64(10_000), p.account("user:payer:available", "CNY"))
	assert.Equal(t, int64(499), p.account("suspense:psp", "CNY"))
	assert.ElementsMatch(t, []string{"amount_mismatch", "unknown_topup"}, p.exceptions())

	picture := p.picture()
	assert.Equal(t, http.StatusMethodNotAllowed, send(http.MethodGet, body, header))
	assert.Equal(t, http.StatusBadRequest, send(http.MethodPost, append(body, ' '), header))
	assert.Equal(t, http.StatusBadRequest, send(http.MethodPost, body, nil))
	assert.Equal(t, http.StatusRequestEntityTooLarge, send(http.MethodPost, make([]byte, 1<<20+1), header))
	strange, strangeHeader, err := p.source.Callback(rails.CollectionEvent{ID: "e4", Collection: "a b", Status: failed})
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, send(http.MethodPost, strange, strangeHeader))
	p.clock.Advance(time.Hour)
	assert.Equal(t, http.StatusBadRequest, send(http.MethodPost, body, header), "too old")
	assert.Equal(t, picture, p.picture())

	body, header, err = p.source.Callback(rails.CollectionEvent{ID: "e5", Collection: string(one.ID), Status: reversed})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r.Header = header
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r.WithContext(ctx))
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code, "what is not known to be committed is to be sent again")
	assert.Equal(t, http.StatusNoContent, send(http.MethodPost, body, header))
	assert.Zero(t, p.account("user:payer:available", "CNY"))

	_, err = p.CallbackHandler("nowhere")
	isRefusal(t, err, okpay.InvalidRequest)
	p.verify()
}
