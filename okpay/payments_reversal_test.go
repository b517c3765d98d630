package okpay_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
	"github.com/okpay/okpay-go/webhook"
)

// takes says that a source took back what it had sent for a payment.
func (f *fixture) takes(id okpay.PaymentID, event string, amount money.Amount) okpay.Payment {
	f.t.Helper()
	p, err := f.Payments.AnswerReversal(f.t.Context(), okpay.ReversalAnswer{Payment: id, Collection: string(id) + "-1", Event: event, Amount: amount})
	require.NoError(f.t, err)
	return p
}

// sends says that it sent it.
func (f *fixture) sends(id okpay.PaymentID, event string, amount money.Amount) okpay.Payment {
	f.t.Helper()
	p, err := f.Payments.Answer(f.t.Context(), okpay.PaymentAnswer{
		Payment: id, Collection: string(id) + "-1", Event: event, Outcome: rails.Succeeded, Amount: amount,
	})
	require.NoError(f.t, err)
	return p
}

// What becomes of a payment of 1,000 whose payer has 100 beside it when its source takes the
// money back.
func TestWhatASourceTakesBackOfAPayment(t *testing.T) {
	type stands struct{ payer, owed, merchant, clearing, suspense int64 }
	exception := "reconciliation.exception"
	debt := []string{"payment.source_reversed", "account.restricted"}
	psp := by(okpay.FromSource("psp"))
	paid := func(f *fixture, change ...func(*okpay.CreatePayment)) okpay.Payment {
		p, err := f.buy(1000, append(change, psp)...)
		require.NoError(t, err)
		return p
	}
	cancel := func(f *fixture, id okpay.PaymentID) {
		_, err := f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: id})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		name   string
		before func(f *fixture, source *rails.Simulated) okpay.PaymentID
		taken  money.Amount
		state  okpay.PaymentState
		emits  []string
		mails  []string
		stands stands
		locked bool
		kind   string // of the exception that is open in the end
	}{
		{
			name:   "what is held for the merchant is released for it, and nothing is owed",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID { return paid(f, byHand).ID },
			state:  okpay.PaymentFailed, emits: []string{"payment.hold_released", "payment.source_reversed", "payment.failed"},
			mails: []string{"payment_failed"}, stands: stands{payer: 100},
		},
		{
			name: "of what is captured in part the rest is released, and the part is owed",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID {
				p, err := f.capture(paid(f, byHand).ID, 400, false)
				require.NoError(t, err)
				return p.ID
			},
			state: okpay.PaymentCaptured, emits: append([]string{"payment.hold_released", "payment.source_reversed", "payment.remainder_voided"}, "account.restricted"),
			mails: []string{"payment_reversed"}, stands: stands{merchant: 400, owed: 300}, locked: true,
		},
		{
			name:   "what is captured stays the merchant's, and the payer owes it",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID { return paid(f).ID },
			taken:  cny(1000), state: okpay.PaymentCaptured, emits: debt, mails: []string{"payment_reversed"},
			stands: stands{merchant: 1000, owed: 900}, locked: true,
		},
		{
			name: "what was refunded to the balance pays for it",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID {
				id := paid(f).ID
				_, err := f.refund(id, cny(300))
				require.NoError(t, err)
				return id
			},
			state: okpay.PaymentPartiallyRefunded, emits: debt, mails: []string{"payment_reversed"}, stands: stands{merchant: 700, owed: 600}, locked: true,
		},
		{
			name: "what was refunded whole pays all of it",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID {
				id := paid(f).ID
				_, err := f.refund(id, cny(1000))
				require.NoError(t, err)
				return id
			},
			state: okpay.PaymentRefunded, emits: debt, mails: []string{"payment_reversed"}, stands: stands{payer: 100}, locked: true,
		},
		{
			name: "a canceled payment's is in the balance",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID {
				id := paid(f, byHand).ID
				cancel(f, id)
				return id
			},
			state: okpay.PaymentCanceled, emits: debt, mails: []string{"payment_reversed"}, stands: stands{payer: 100}, locked: true,
		},
		{
			name: "at the instant of the expiry, before anybody recorded it",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID {
				p := paid(f, byHand)
				f.clock.Advance(p.ExpiresAt.Sub(f.clock.Now()))
				return p.ID
			},
			state: okpay.PaymentTimedOut, emits: append([]string{"payment.hold_released", "payment.expired"}, debt...),
			mails: []string{"payment_reversed"}, stands: stands{payer: 100}, locked: true,
		},
		{
			name: "late money that the payer has",
			before: func(f *fixture, source *rails.Simulated) okpay.PaymentID {
				source.Answer = says(rails.Unknown)
				id := paid(f).ID
				cancel(f, id)
				f.sends(id, "s1", cny(800))
				return id
			},
			taken: cny(800), state: okpay.PaymentCanceled, emits: debt, mails: []string{"payment_reversed"}, stands: stands{payer: 100}, locked: true,
		},
		{
			name: "another amount that waits for a person goes back, and the attempt has failed",
			before: func(f *fixture, source *rails.Simulated) okpay.PaymentID {
				source.Answer = says(rails.Unknown)
				id := paid(f).ID
				f.sends(id, "s1", cny(800))
				return id
			},
			state: okpay.PaymentRequiresConfirmation, emits: []string{"payment.mismatch_resolved", "payment.attempt_failed"}, mails: []string{},
			stands: stands{payer: 100},
		},
		{
			name: "what waits since its payer has left goes back",
			before: func(f *fixture, source *rails.Simulated) okpay.PaymentID {
				source.Answer = says(rails.Unknown)
				id := paid(f).ID
				f.shut(f.customer)
				f.sends(id, "s1", money.Amount{})
				return id
			},
			state: okpay.PaymentProcessing, emits: []string{"payment.source_reversed", "reconciliation.resolved"}, mails: []string{}, stands: stands{payer: 100},
		},
		{
			name: "what a person sent back already is known",
			before: func(f *fixture, source *rails.Simulated) okpay.PaymentID {
				source.Answer = says(rails.Unknown)
				id := paid(f).ID
				f.shut(f.customer)
				f.sends(id, "s1", money.Amount{})
				f.decide(okpay.ResolveException{Disposition: okpay.ReturnToProvider})
				return id
			},
			state: okpay.PaymentProcessing, emits: []string{"payment.source_reversed"}, mails: []string{}, stands: stands{payer: 100},
		},
		{
			name: "what a person gave to somebody is for a person",
			before: func(f *fixture, source *rails.Simulated) okpay.PaymentID {
				source.Answer = says(rails.Unknown)
				id := paid(f).ID
				f.shut(f.customer)
				f.sends(id, "s1", money.Amount{})
				f.decide(okpay.ResolveException{Disposition: okpay.CreditMerchant, Merchant: f.merchant})
				return id
			},
			state: okpay.PaymentProcessing, emits: []string{exception}, mails: []string{}, kind: "payment_taken_back",
			stands: stands{payer: 100, merchant: 1000, clearing: 1000},
		},
		{
			name:   "another amount than came is for a person and moves nothing",
			before: func(f *fixture, _ *rails.Simulated) okpay.PaymentID { return paid(f).ID },
			taken:  cny(999), state: okpay.PaymentCaptured, emits: []string{exception}, mails: []string{}, kind: "reversal_mismatch",
			stands: stands{payer: 100, merchant: 1000, clearing: 1000},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, source, _ := withSources(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Daily, Max: 1 << 40}}})
			id := c.before(f, source)
			at, mails := f.last(), len(f.mails())
			p := f.takes(id, "r1", c.taken)
			assert.Equal(t, c.state, p.State)
			assert.Equal(t, c.kind == "", p.TakenBack)
			types, at := f.since(at)
			assert.Equal(t, c.emits, types)
			assert.Equal(t, c.mails, f.mails()[mails:])
			check := func() {
				t.Helper()
				assert.Equal(t, c.stands, stands{
					f.standing("user:payer:available", "CNY"), f.standing("receivable:user:payer", "CNY"), f.standing("merchant:shop:available", "CNY"),
					f.standing("clearing:psp", "CNY"), f.standing("suspense:psp", "CNY"),
				})
			}
			check()
			gate, err := f.Customers.Gate(t.Context(), f.customer)
			require.NoError(t, err)
			assert.Equal(t, c.locked, gate.State == okpay.GateLocked)
			if c.locked {
				assert.Equal(t, okpay.ReasonDebt, gate.Reason)
			}
			open, _, err := f.Exceptions.List(t.Context(), okpay.ExceptionQuery{})
			require.NoError(t, err)
			if c.kind == "" {
				assert.Empty(t, open)
			} else {
				require.Len(t, open, 1)
				assert.Equal(t, []string{c.kind, "psp", string(id)}, []string{open[0].Kind, open[0].Provider, open[0].Object})
			}

			// The same event again, and what is known told under another one.
			assert.True(t, f.takes(id, "r1", c.taken).Replayed)
			if c.kind == "" {
				f.takes(id, "r2", c.taken)
				f.takes(id, "r3", money.Amount{})
			}
			f.sends(id, "s9", money.Amount{})
			types, _ = f.since(at)
			assert.Empty(t, types, "it is known")
			check()
			if c.state == okpay.PaymentFailed {
				assert.Equal(t, okpay.FundingSourceDeclined, p.LastFailure.Code)
				assert.Zero(t, f.standing("usage:c_payer:payment:day-2026-01-01", "CNY"), "limits have it back")
			}
			f.verify()
		})
	}
}

// decide resolves the one exception that is open.
func (f *fixture) decide(in okpay.ResolveException) {
	f.t.Helper()
	open, _, err := f.Exceptions.List(f.t.Context(), okpay.ExceptionQuery{})
	require.NoError(f.t, err)
	require.Len(f.t, open, 1)
	in.Exception, in.Reason, in.By = open[0].ID, "looked_at", "ops1"
	_, err = f.Exceptions.Resolve(f.t.Context(), in)
	require.NoError(f.t, err)
}

func TestAReversalThatIsRefused(t *testing.T) {
	f, _, _ := withSources(t, okpay.Config{})
	p, err := f.buy(1000, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	at := f.last()
	for name, c := range map[string]struct {
		in   okpay.ReversalAnswer
		code okpay.Code
	}{
		"no event":           {okpay.ReversalAnswer{Payment: p.ID}, okpay.InvalidRequest},
		"an event too long":  {okpay.ReversalAnswer{Payment: p.ID, Event: strings.Repeat("e", 129)}, okpay.InvalidRequest},
		"a negative amount":  {okpay.ReversalAnswer{Payment: p.ID, Event: "r", Amount: cny(-1)}, okpay.AmountNotPositive},
		"no such payment":    {okpay.ReversalAnswer{Payment: "pay_x", Event: "r"}, okpay.NotFound},
		"no such collection": {okpay.ReversalAnswer{Payment: p.ID, Collection: string(p.ID) + "-2", Event: "r"}, okpay.NotFound},
		"another source":     {okpay.ReversalAnswer{Payment: p.ID, Source: "card", Event: "r"}, okpay.NotFound},
	} {
		_, err := f.Payments.AnswerReversal(t.Context(), c.in)
		require.Error(t, err, name)
		payRefused(t, err, c.code)
	}
	assert.Equal(t, at, f.last())
	_, err = f.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: p.ID, Source: "card", Event: "r", Outcome: rails.Failed})
	payRefused(t, err, okpay.NotFound)
	_, err = f.Payments.AnswerReversal(t.Context(), okpay.ReversalAnswer{Payment: p.ID, Source: "psp", Event: "r"})
	require.NoError(t, err, "without a collection, the one that paid")
	_, err = f.Payments.AnswerReversal(t.Context(), okpay.ReversalAnswer{Payment: p.ID, Event: "r", Amount: cny(1)})
	payRefused(t, err, okpay.IdempotencyKeyReused)
	f.verify()
}

// In whatever order a source tells that money came and went, and however often: the ends are
// the same, or a person is told.
func TestAThousandPermutationsOfReversalsEndAlikeOrInAnException(t *testing.T) {
	type telling struct {
		event  string
		taken  bool
		amount money.Amount
	}
	stories := [][]telling{
		{{"s1", false, cny(1000)}, {"s2", false, money.Amount{}}, {"r1", true, cny(1000)}},
		{{"s1", false, money.Amount{}}, {"r1", true, money.Amount{}}, {"r2", true, cny(1000)}},
		{{"s1", false, cny(1000)}, {"r1", true, cny(400)}},
		{{"s1", false, cny(900)}, {"r1", true, cny(900)}},
		{{"s1", false, cny(900)}, {"r1", true, money.Amount{}}, {"r2", true, cny(5)}},
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	type end struct {
		state okpay.PaymentState
		moved [5]int64
	}
	type kindOfEnd struct {
		story  int
		manual bool
	}
	ends, silent := map[kindOfEnd]map[end]bool{}, map[kindOfEnd]bool{}
	f, source, _ := withSources(t, okpay.Config{})
	source.Answer = says(rails.Unknown)
	balances := func() (b [5]int64) {
		for i, name := range []string{"user:payer:available", "receivable:user:payer", "merchant:shop:available", "clearing:psp", "suspense:psp"} {
			b[i] = f.standing(name, "CNY")
		}
		b[0] -= b[1] // who owes and what is left differ by what was there before
		b[1] = 0
		return b
	}
	no := f.last()
	for n := range testsize.Scaled(t, 1000) {
		of := kindOfEnd{r.IntN(len(stories)), r.IntN(2) == 0}
		told := append([]telling(nil), stories[of.story]...)
		for range r.IntN(4) {
			told = append(told, told[r.IntN(len(told))])
		}
		r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		change := []func(*okpay.CreatePayment){by(okpay.FromSource("psp"))}
		if of.manual {
			change = append(change, byHand)
		}
		p, err := f.buy(1000, change...)
		require.NoError(t, err)
		before := balances()
		_, no = f.since(no)
		for _, s := range told {
			event := fmt.Sprintf("%d-%s", n, s.event)
			if s.taken {
				f.takes(p.ID, event, s.amount)
			} else {
				f.sends(p.ID, event, s.amount)
			}
		}
		p, err = f.Payments.Get(t.Context(), p.ID)
		require.NoError(t, err)
		e := end{state: p.State, moved: balances()}
		for i := range e.moved {
			e.moved[i] -= before[i]
		}
		if ends[of] == nil {
			ends[of] = map[end]bool{}
		}
		ends[of][e] = true
		var types []string
		types, no = f.since(no)
		disputed := slices.Contains(types, "reconciliation.exception")
		silent[of] = silent[of] || !disputed
		if g, err := f.Customers.Gate(t.Context(), f.customer); err == nil && g.State == okpay.GateLocked {
			_, err := f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: f.customer})
			require.NoError(t, err)
		}
	}
	for of, all := range ends {
		if len(all) > 1 {
			assert.False(t, silent[of], "%v: ends differ (%v), so each must be told to a person", of, all)
		}
		if of.story < 2 {
			assert.Len(t, all, 1, "nothing is wrong with these: %v", all)
			assert.True(t, silent[of])
		}
	}
	f.verify()
}

func TestCallbacksTellOfPaymentsToo(t *testing.T) {
	f, source, _ := withSources(t, okpay.Config{})
	source.Answer, source.Secret, source.Now = says(rails.Unknown), must(webhook.NewSecret(nil)), f.clock.Now
	handler, err := f.CallbackHandler("psp")
	require.NoError(t, err)
	send := func(events ...rails.CollectionEvent) {
		t.Helper()
		body, header, err := source.Callback(events...)
		require.NoError(t, err)
		for range 2 {
			r := httptest.NewRequest(http.MethodPost, "/callbacks/psp", strings.NewReader(string(body)))
			r.Header = header
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, r)
			assert.Equal(t, http.StatusNoContent, answer.Code)
		}
	}
	kinds := func() (kinds []string) {
		open, _, err := f.Exceptions.List(t.Context(), okpay.ExceptionQuery{})
		require.NoError(t, err)
		for _, e := range open {
			kinds = append(kinds, e.Kind)
		}
		return kinds
	}
	p, err := f.buy(1000, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	id := string(p.ID) + "-1"
	send(rails.CollectionEvent{ID: "r1", Collection: id, Status: reversed}, rails.CollectionEvent{ID: "s1", Collection: id, Status: succeeded, Amount: cny(1000)})
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	assert.True(t, p.TakenBack)
	assert.Equal(t, int64(900), f.standing("receivable:user:payer", "CNY"))
	assert.Empty(t, kinds())

	send(rails.CollectionEvent{ID: "s1", Collection: id, Status: failed})
	assert.Equal(t, []string{"event_contradiction"}, kinds(), "one event id with two contents is told to a person, once")
	send(rails.CollectionEvent{ID: "s1", Collection: id, Status: reversed})
	assert.Len(t, kinds(), 1)

	// Of another source's payment, and of none.
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: f.customer})
	require.NoError(t, err)
	other, err := f.buy(1000, by(okpay.FromSource("card")))
	require.NoError(t, err)
	at := f.standing("clearing:card", "CNY")
	send(
		rails.CollectionEvent{ID: "r2", Collection: string(other.ID) + "-1", Status: reversed},
		rails.CollectionEvent{ID: "r3", Collection: "pay_nowhere-1", Status: reversed},
		rails.CollectionEvent{ID: "s4", Collection: "pay_nowhere-1", Status: succeeded},
	)
	assert.Equal(t, []string{"unknown_topup", "unknown_topup", "unknown_topup", "event_contradiction"}, kinds())
	assert.Equal(t, at, f.standing("clearing:card", "CNY"), "no source speaks for another one")
	f.verify()
}

// While the merchant captures what is held, the source takes it back: either comes first, and
// the sums are right.
func TestAReversalRacesACapture(t *testing.T) {
	for n := range testsize.Scaled(t, 20) {
		f, _, _ := withSources(t, okpay.Config{})
		p, err := f.buy(1000, byHand, by(okpay.FromSource("psp")))
		require.NoError(t, err)
		var running sync.WaitGroup
		for i := range 8 {
			running.Go(func() {
				if i%2 == 0 {
					_, err := f.capture(p.ID, 600, true)
					if err != nil {
						payRefused(t, err, okpay.InvalidState)
					}
					return
				}
				f.takes(p.ID, fmt.Sprintf("r%d", i%3), money.Amount{})
			})
		}
		running.Wait()
		p, err = f.Payments.Get(t.Context(), p.ID)
		require.NoError(t, err)
		assert.True(t, p.TakenBack)
		payer, owed, merchant := f.standing("user:payer:available", "CNY"), f.standing("receivable:user:payer", "CNY"), f.standing("merchant:shop:available", "CNY")
		switch p.State {
		case okpay.PaymentFailed:
			assert.Equal(t, []int64{100, 0, 0}, []int64{payer, owed, merchant}, "%d", n)
		case okpay.PaymentCaptured:
			assert.Equal(t, []int64{0, 500, 600}, []int64{payer, owed, merchant}, "%d", n)
		default:
			t.Errorf("it is %s", p.State)
		}
		assert.Zero(t, f.standing("clearing:psp", "CNY"))
		f.verify()
	}
}

// Only a dispute takes it from the merchant. The customer's balance has it then, and can pay the debt.
func TestADisputeChargesTheMerchantForWhatWasTakenBack(t *testing.T) {
	f, _, _ := withSources(t, okpay.Config{})
	p, err := f.buy(1000, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	f.takes(p.ID, "r1", money.Amount{})
	y, err := f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: f.customer, Payment: p.ID, Kind: okpay.Unauthorized})
	require.NoError(t, err)
	assert.Zero(t, f.standing("merchant:shop:available", "CNY"))
	_, err = f.Disputes.ResolveForPayer(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "ops1"})
	require.NoError(t, err)
	paid, err := f.Customers.SettleDebt(t.Context(), okpay.SettleDebt{Customer: f.customer, Amount: cny(5000), By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, cny(900), paid)
	debts, err := f.Customers.Debts(t.Context(), f.customer)
	require.NoError(t, err)
	assert.Empty(t, debts)
	assert.Equal(t, int64(100), f.standing("user:payer:available", "CNY"))
	f.verify()
}
