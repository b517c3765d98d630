package okpay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// Every verb in every state: done where the table has a row, and otherwise refused with
// nothing changed.
func TestEveryVerbInEveryState(t *testing.T) {
	challenge := false
	start := func(t *testing.T) *fixture {
		f, psp, _ := withSources(t, okpay.Config{
			Risk: func(context.Context, okpay.RiskCheck) (okpay.Assessment, error) {
				if challenge {
					return okpay.Assessment{Verdict: okpay.Challenge}, nil
				}
				return okpay.Assessment{}, nil
			},
			VerifyStepUp: func(context.Context, okpay.StepUp) (bool, error) { return true, nil },
			MaxAttempts:  2,
		})
		psp.Answer = says(rails.Unknown)
		return f
	}
	cancel := func(f *fixture, id okpay.PaymentID) error {
		_, err := f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: id})
		return err
	}
	bought := func(minor int64, change ...func(*okpay.CreatePayment)) func(*fixture) okpay.PaymentID {
		return func(f *fixture) okpay.PaymentID { p, _ := f.buy(minor, change...); return p.ID }
	}
	then := func(make func(*fixture) okpay.PaymentID, do func(*fixture, okpay.PaymentID)) func(*fixture) okpay.PaymentID {
		return func(f *fixture) okpay.PaymentID { id := make(f); do(f, id); return id }
	}
	refunded := func(minor int64) func(*fixture, okpay.PaymentID) {
		return func(f *fixture, id okpay.PaymentID) { _, _ = f.refund(id, cny(minor)) }
	}
	states := map[okpay.PaymentState]func(*fixture) okpay.PaymentID{
		okpay.PaymentCreated:              func(f *fixture) okpay.PaymentID { return f.create(cny(50), okpay.CaptureManual).ID },
		okpay.PaymentRequiresConfirmation: then(bought(101, byHand), func(f *fixture, _ okpay.PaymentID) { f.topUpFrom("simulated", 100) }),
		okpay.PaymentRequiresAction: func(f *fixture) okpay.PaymentID {
			challenge = true
			defer func() { challenge = false }()
			return bought(50, byHand)(f)
		},
		okpay.PaymentProcessing:        bought(50, byHand, by(okpay.FromSource("psp"))),
		okpay.PaymentAuthorized:        bought(50, byHand),
		okpay.PaymentPartiallyCaptured: then(bought(50, byHand), func(f *fixture, id okpay.PaymentID) { _, _ = f.capture(id, 20, false) }),
		okpay.PaymentCaptured:          bought(50),
		okpay.PaymentPartiallyRefunded: then(bought(50), refunded(20)),
		okpay.PaymentRefunded:          then(bought(50), refunded(50)),
		okpay.PaymentCanceled:          then(bought(50, byHand), func(f *fixture, id okpay.PaymentID) { _ = cancel(f, id) }),
		okpay.PaymentTimedOut: then(bought(50, byHand), func(f *fixture, _ okpay.PaymentID) {
			f.clock.Advance(8 * 24 * time.Hour)
			f.work()
		}),
		okpay.PaymentFailed: then(bought(101), func(f *fixture, id okpay.PaymentID) { _, _ = f.confirm(id) }),
	}
	waiting := []okpay.PaymentState{okpay.PaymentCreated, okpay.PaymentRequiresConfirmation}
	holding := []okpay.PaymentState{okpay.PaymentAuthorized, okpay.PaymentPartiallyCaptured}
	paid := []okpay.PaymentState{okpay.PaymentCaptured, okpay.PaymentPartiallyRefunded}
	verbs := map[string]struct {
		in []okpay.PaymentState
		do func(*fixture, okpay.PaymentID) error
	}{
		"confirm": {waiting, func(f *fixture, id okpay.PaymentID) error { _, err := f.confirm(id); return err }},
		"authenticate": {[]okpay.PaymentState{okpay.PaymentRequiresAction}, func(f *fixture, id okpay.PaymentID) error {
			_, err := f.Payments.Authenticate(t.Context(), okpay.AuthenticatePayment{Payment: id, Customer: f.customer})
			return err
		}},
		"capture": {holding, func(f *fixture, id okpay.PaymentID) error { _, err := f.capture(id, 10, true); return err }},
		"cancel": {
			slices.Concat(waiting, holding, []okpay.PaymentState{okpay.PaymentRequiresAction, okpay.PaymentProcessing}), cancel,
		},
		"refund": {paid, func(f *fixture, id okpay.PaymentID) error { _, err := f.refund(id, cny(5)); return err }},
		"resolve a mismatch": {nil, func(f *fixture, id okpay.PaymentID) error {
			_, err := f.Payments.ResolveMismatch(t.Context(), okpay.ResolveMismatch{Payment: id, By: "ops1"})
			return err
		}},
	}
	for state, reach := range states {
		for verb, v := range verbs {
			t.Run(fmt.Sprintf("%s when %s", verb, state), func(t *testing.T) {
				f := start(t)
				id := reach(f)
				before, err := f.Payments.Get(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, state, before.State)
				seq, _, _, err := f.Ledger().Head(t.Context())
				require.NoError(t, err)
				err = v.do(f, id)
				after, getErr := f.Payments.Get(t.Context(), id)
				require.NoError(t, getErr)
				if slices.Contains(v.in, state) {
					require.NoError(t, err)
					assert.Greater(t, after.Sequence, before.Sequence)
					return
				}
				assert.Equal(t, string(id), payRefused(t, err, okpay.InvalidState).Object)
				assert.Equal(t, before, after)
				now, _, _, err := f.Ledger().Head(t.Context())
				require.NoError(t, err)
				assert.Equal(t, seq, now, "nothing was written")
			})
		}
	}
}

func (f *fixture) topUpFrom(source string, minor int64) {
	f.t.Helper()
	_, err := f.TopUps.Create(f.t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(minor), Source: source})
	require.NoError(f.t, err)
}

func TestOf64PaymentsForOneBalanceOneIsPaid(t *testing.T) {
	for range testsize.Scaled(t, 3) {
		f := start(t, okpay.Config{})
		f.topUp(cny(100))
		var (
			running sync.WaitGroup
			states  [64]okpay.PaymentState
		)
		for i := range states {
			running.Go(func() {
				p, err := f.buy(100)
				states[i] = p.State
				if err != nil {
					assert.Equal(t, cny(100), *payRefused(t, err, okpay.InsufficientBalance).Short)
				}
			})
		}
		running.Wait()
		slices.Sort(states[:])
		assert.Equal(t, okpay.PaymentCaptured, states[0])
		assert.Equal(t, okpay.PaymentRequiresConfirmation, states[1])
		f.verify()
	}
}

func TestOf64PaymentsWithinOneLimitOneIsPaidAndTheRestSayWhy(t *testing.T) {
	for range testsize.Scaled(t, 10) {
		f := start(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Daily, Max: 100}}})
		f.topUp(cny(100_000))
		var (
			running sync.WaitGroup
			mu      sync.Mutex
			paid    int
		)
		for range 64 {
			running.Go(func() {
				p, err := f.buy(100)
				if err == nil {
					mu.Lock()
					paid++
					mu.Unlock()
					return
				}
				assert.Equal(t, cny(0), *payRefused(t, err, okpay.LimitExceededDaily).Limit)
				assert.Equal(t, okpay.LimitExceededDaily, p.LastFailure.Code)
			})
		}
		running.Wait()
		assert.Equal(t, 1, paid)
		f.verify()
	}
}

func TestOf64PaymentsForOneOrderOneIsMade(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(100_000))
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		made    int
	)
	for range 64 {
		running.Go(func() {
			_, err := f.buy(100, func(in *okpay.CreatePayment) { in.Reference = "order-1" })
			if err == nil {
				mu.Lock()
				made++
				mu.Unlock()
				return
			}
			payRefused(t, err, okpay.OrderAlreadyPaid)
		})
	}
	running.Wait()
	assert.Equal(t, 1, made)
	customer, merchant, _ := f.balances("CNY")
	assert.Equal(t, []int64{99_900, 100}, []int64{customer, merchant})
	f.verify()
}

// A lock and payments at the same time: whichever comes first, nothing is paid after it.
func TestALockAndPaymentsAreDecidedOneAfterTheOther(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(100_000))
	var running sync.WaitGroup
	for i := range 64 {
		running.Go(func() {
			if i == 32 {
				_, err := f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer})
				assert.NoError(t, err)
				return
			}
			if p, err := f.buy(1); err != nil {
				payRefused(t, err, okpay.AccountLocked)
				assert.Equal(t, okpay.PaymentFailed, p.State)
			}
		})
	}
	running.Wait()
	events, _, err := f.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	locked := false
	for _, e := range events {
		locked = locked || e.Type == "account.locked"
		if locked {
			assert.NotEqual(t, "payment.captured", e.Type)
		}
	}
	f.verify()
}

// Answers of a source in any order, each of them several times: the money is somewhere once.
func TestAnswersInAnyOrderMoveTheMoneyOnce(t *testing.T) {
	answers := []okpay.PaymentAnswer{
		{Event: "paid", Outcome: rails.Succeeded},
		{Event: "paid-again", Outcome: rails.Succeeded, Amount: cny(40)},
		{Event: "failed", Outcome: rails.Failed},
		{Event: "unknown"},
	}
	var orders [][]okpay.PaymentAnswer
	var permute func([]okpay.PaymentAnswer, int)
	permute = func(a []okpay.PaymentAnswer, n int) {
		if n == len(a) {
			orders = append(orders, slices.Clone(a))
		}
		for i := n; i < len(a); i++ {
			a[n], a[i] = a[i], a[n]
			permute(a, n+1)
			a[n], a[i] = a[i], a[n]
		}
	}
	permute(answers, 0)
	for _, canceled := range []bool{false, true} {
		for _, order := range orders {
			f, psp, _ := withSources(t, okpay.Config{})
			psp.Answer = says(rails.Unknown)
			p, err := f.buy(40, by(okpay.FromSource("psp")))
			require.NoError(t, err)
			if canceled {
				_, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: p.ID})
				require.NoError(t, err)
			}
			for _, a := range slices.Concat(order, order) {
				a.Payment = p.ID
				_, err = f.Payments.Answer(t.Context(), a)
				require.NoError(t, err)
			}
			customer, merchant, _ := f.balances("CNY")
			assert.Equal(t, int64(140), customer+merchant)
			assert.Equal(t, int64(40), f.standing("clearing:psp", "CNY"))
			f.verify()
		}
	}
}

// What stands on records of payments is shown to merchants without what is not theirs.
func TestMerchantsSeeNoAssessmentAndNotWhatIsTheCustomers(t *testing.T) {
	f := start(t, okpay.Config{Risk: func(context.Context, okpay.RiskCheck) (okpay.Assessment, error) {
		return okpay.Assessment{Reason: "secret_rule", Score: 77}, nil
	}})
	f.topUp(cny(100))
	_, err := f.buy(10)
	require.NoError(t, err)
	announced, err := f.Ledger().Events(t.Context(), 0, 100)
	require.NoError(t, err)
	for _, e := range announced {
		assert.NotContains(t, string(e.Payload), "secret_rule")
		assert.NotContains(t, string(e.Payload), "collections")
	}
	records, err := f.Ledger().Records(t.Context(), ledger.RecordQuery{Type: "payment"})
	require.NoError(t, err)
	require.Len(t, records, 1)
	assert.Contains(t, string(records[0].Content), "secret_rule", "it is kept")
}
