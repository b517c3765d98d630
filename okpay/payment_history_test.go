package okpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// payWorld is a wallet in which everything that can become of a payment does.
type payWorld struct {
	*fixture
	psp, card *rails.Simulated
	customers []okpay.CustomerID

	mu       sync.Mutex
	payments []okpay.PaymentID
	refunds  []okpay.RefundID
}

const payDayLimit = 20_000

func newPayWorld(t *testing.T, seed uint64) *payWorld {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 99))
	chance := func(n int) int { mu.Lock(); defer mu.Unlock(); return r.IntN(n) }
	w := &payWorld{psp: &rails.Simulated{}, card: &rails.Simulated{}}
	w.psp.Answer = func(rails.Collection) rails.Outcome { return rails.Outcome(chance(3)) }
	w.card.Answer = func(rails.Collection) rails.Outcome { return rails.Outcome(chance(3)) }
	w.psp.AnswerRefund = func(rails.Refunding) rails.Outcome { return rails.Outcome(chance(3)) }
	w.fixture = start(t, okpay.Config{
		Fees:       okpay.Fees{Payment: okpay.Fee{BasisPoints: 137, Fixed: 3, Max: 500}},
		RefundFees: okpay.ReturnFeeProportionally, RefundTo: okpay.RefundToSource, MaxAttempts: 4,
		Sources: map[string]rails.FundingSource{"psp": w.psp, "card": w.card, "bank": &rails.Simulated{}},
		Limits:  []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Monthly, Max: payDayLimit, Count: 200}},
		Rates: func(context.Context, money.Currency, money.Currency) (okpay.Rate, error) {
			return rate("7.2", "7.164"), nil
		},
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation != okpay.OnPayment {
				return okpay.Assessment{}, nil
			}
			verdict := okpay.Allow
			switch chance(30) {
			case 0:
				verdict = okpay.Block
			case 1, 2, 3:
				verdict = okpay.Challenge
			case 4:
				verdict = okpay.Review
			}
			return okpay.Assessment{Verdict: verdict}, nil
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) { return s.Proof == "right", nil },
	})
	for i := range 4 {
		c, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: okpay.CustomerID("c" + strconv.Itoa(i))})
		require.NoError(t, err)
		w.customers = append(w.customers, c.ID)
	}
	return w
}

func (w *payWorld) pick(r *rand.Rand) (okpay.PaymentID, okpay.RefundID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var p okpay.PaymentID
	var f okpay.RefundID
	if n := len(w.payments); n > 0 {
		p = w.payments[n-1-r.IntN(min(n, 30))]
	}
	if n := len(w.refunds); n > 0 {
		f = w.refunds[n-1-r.IntN(min(n, 6))]
	}
	return p, f
}

// step does one random thing.
func (w *payWorld) step(r *rand.Rand) error {
	ctx := w.t.Context()
	customer := w.customers[r.IntN(len(w.customers))]
	id, refund := w.pick(r)
	minor := 1 + r.Int64N(1000)
	methods := [][]okpay.PaymentMethod{
		nil,
		{okpay.FromSource("psp"), {}},
		{okpay.FromSource("card"), okpay.FromSource("psp")},
		{okpay.FromBalances("CNY", "USD")},
		{{}, okpay.FromSource("psp")},
	}[r.IntN(5)]
	var err error
	switch r.IntN(18) {
	case 0, 1, 2, 3:
		in := okpay.CreatePayment{Merchant: w.merchant, Amount: cny(minor), CaptureMethod: okpay.CaptureManual, ExpiresIn: time.Duration(1+r.IntN(48)) * time.Hour}
		if r.IntN(2) == 0 {
			in.CaptureMethod = okpay.CaptureAutomatic
		}
		if r.IntN(4) > 0 {
			in.Customer, in.Confirm, in.Methods = customer, true, methods
		}
		var p okpay.Payment
		if p, err = w.Payments.Create(ctx, in); p.ID != "" {
			w.mu.Lock()
			w.payments = append(w.payments, p.ID)
			w.mu.Unlock()
		}
	case 4, 5:
		_, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: id, Customer: customer, Methods: methods})
	case 6:
		_, err = w.Payments.Authenticate(ctx, okpay.AuthenticatePayment{Payment: id, Customer: customer, Proof: []string{"right", "right", "wrong"}[r.IntN(3)]})
	case 7, 8:
		_, err = w.Payments.Capture(ctx, okpay.CapturePayment{Merchant: w.merchant, Payment: id, Amount: cny(minor), Final: r.IntN(4) == 0})
	case 9:
		_, err = w.Payments.Cancel(ctx, okpay.CancelPayment{Merchant: w.merchant, Payment: id})
	case 10, 11, 16, 17:
		for range 20 { // of the ones that were captured
			if p, err := w.Payments.Get(ctx, id); err == nil && p.Captured.IsPositive() {
				break
			}
			id, _ = w.pick(r)
		}
		var got okpay.Refund
		if got, err = w.Payments.Refund(ctx, okpay.CreateRefund{Merchant: w.merchant, Payment: id, Amount: cny(minor)}); got.ID != "" {
			w.mu.Lock()
			w.refunds = append(w.refunds, got.ID)
			w.mu.Unlock()
		}
	case 12:
		in := okpay.PaymentAnswer{Payment: id, Outcome: rails.Outcome(r.IntN(3)), Event: "e" + strconv.Itoa(r.IntN(50))}
		if r.IntN(3) == 0 {
			in.Amount = cny(minor)
		}
		if _, err = w.Payments.Answer(ctx, in); err == nil && r.IntN(2) == 0 {
			_, err = w.Payments.ResolveMismatch(ctx, okpay.ResolveMismatch{Payment: id, Credit: r.IntN(2) == 0, By: "ops1"})
		}
	case 13:
		if r.IntN(3) == 0 {
			_, err = w.Payments.CancelRefund(ctx, okpay.CancelRefund{Merchant: w.merchant, Refund: refund})
			break
		}
		_, err = w.Payments.AnswerRefund(ctx, okpay.RefundAnswer{
			Refund: refund, Outcome: []okpay.RefundOutcome{okpay.RefundArrived, okpay.RefundRejected, okpay.RefundUndone}[r.IntN(3)],
		})
	case 14:
		amount := []money.Amount{cny(minor), money.New(minor, money.MustISO("USD"))}[r.IntN(2)]
		_, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer, Amount: amount, Source: "bank"})
	default:
		switch r.IntN(9) {
		case 0:
			_, err = w.Customers.Lock(ctx, okpay.MoveGate{Customer: customer})
		case 1, 2, 3:
			_, err = w.Customers.Unlock(ctx, okpay.MoveGate{Customer: customer})
		case 4, 5:
			w.clock.Advance(time.Duration(r.IntN(7200)) * time.Second)
			_, err = w.Work(ctx)
		default:
			_, err = w.Ledger().Commit(ctx, ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
				{Debit: "merchant:shop:available", Credit: "bank:main", Amount: cny(minor), UpTo: ledger.UpToDebit},
			}}}})
		}
	}
	return err
}

// Everything that can become of payments, from several goroutines: money, states and events
// agree to the unit.
func TestRandomPayments(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newPayWorld(t, seed)
	var running sync.WaitGroup
	for worker := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(worker)))
		running.Go(func() {
			for range testsize.Scaled(t, 400) {
				err := w.step(r)
				var refused *okpay.Error
				if errors.As(err, &refused) {
					payRefused(t, err, refused.Code)
				} else if !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	running.Wait()
	w.check()
	w.clock.Advance(365 * 24 * time.Hour)
	w.work()
	w.check()
	w.verify()
}

// check compares payments, refunds, balances and events with each other.
func (w *payWorld) check() {
	t := w.t
	t.Helper()
	page, _, err := w.Ledger().Balances(t.Context(), "", 0, 0)
	require.NoError(t, err)
	sums := map[string]int64{}
	usage := int64(0)
	for _, b := range page {
		minor := b.Posted.Minor()
		switch {
		case strings.HasPrefix(b.Account.Name, "usage:"):
			if !strings.HasSuffix(b.Account.Name, ":count") {
				usage += minor
				assert.LessOrEqual(t, minor, int64(payDayLimit))
			}
		case b.Account.Name == "memo:usage":
		case b.Normal == ledger.Debit:
			sums[b.Account.Currency] -= minor
		default:
			sums[b.Account.Currency] += minor
		}
		if strings.HasPrefix(b.Account.Name, "user:") || strings.HasPrefix(b.Account.Name, "merchant:") {
			assert.False(t, b.Available.IsNegative(), b.Account)
		}
	}
	for currency, sum := range sums {
		assert.Zero(t, sum, currency)
	}
	var owed, pending, using int64
	states := map[okpay.PaymentState]int{}
	waits := map[okpay.PaymentID]int64{}
	gone := map[okpay.PaymentID]int64{}
	for _, id := range w.refunds {
		f := w.getRefund(id)
		switch {
		case f.State == okpay.RefundPendingFunds || f.State == okpay.RefundPendingProvider:
			waits[f.Payment] += f.Amount.Minor()
			if f.State == okpay.RefundPendingProvider {
				pending += f.Amount.Minor()
			}
		case f.State == okpay.RefundSucceeded || f.CreditedToWallet:
			gone[f.Payment] += f.Amount.Minor()
		}
	}
	for _, id := range w.payments {
		p, err := w.Payments.Get(t.Context(), id)
		require.NoError(t, err)
		states[p.State]++
		owed += p.Captured.Minor() - p.Refunded.Minor() - p.Fee.Minor() + p.FeeReturned.Minor()
		assert.Equal(t, waits[id], p.RefundPending.Minor(), "%s", id)
		assert.Equal(t, gone[id], p.Refunded.Minor(), "%s", id)
		assert.LessOrEqual(t, p.Refunded.Minor()+p.RefundPending.Minor(), p.Captured.Minor())
		assert.Equal(t, p.State == okpay.PaymentRefunded, p.Captured.IsPositive() && p.Captured == p.Refunded)
		switch p.State {
		case okpay.PaymentAuthorized, okpay.PaymentPartiallyCaptured, okpay.PaymentProcessing:
			using += p.Amount.Minor()
		case okpay.PaymentCaptured, okpay.PaymentPartiallyRefunded, okpay.PaymentRefunded:
			using += p.Captured.Minor()
		}
	}
	t.Logf("%d payments: %v, %d refunds", len(w.payments), states, len(w.refunds))
	drained := w.standing("bank:main", "CNY")
	assert.Equal(t, owed-pending, w.standing("merchant:shop:available", "CNY")-drained, "the merchant has what its payments say")
	// What is over and not recorded yet still counts as used; afterwards nothing does.
	assert.GreaterOrEqual(t, usage, using)
	if w.nothingDue() {
		assert.Equal(t, using, usage, "the limits count what was paid and what may still be")
	}
	w.checkEvents()
}

// nothingDue reports whether no payment waits to be ended.
func (w *payWorld) nothingDue() bool {
	due, err := w.Ledger().Records(w.t.Context(), ledger.RecordQuery{Type: "payment", DueBy: w.Now()})
	require.NoError(w.t, err)
	return len(due) == 0
}

// checkEvents reads what was announced: each object's events are numbered without a gap, and
// show the state that they tell of.
func (w *payWorld) checkEvents() {
	told := map[string]string{
		"payment.created": "created", "payment.requires_action": "requires_action", "payment.processing": "processing",
		"payment.authorized": "authorized", "payment.partially_captured": "partially_captured", "payment.captured": "captured",
		"payment.canceled": "canceled", "payment.expired": "expired", "payment.failed": "failed", "payment.blocked": "failed",
		"payment.partially_refunded": "partially_refunded", "payment.refunded": "refunded", "refund.created": "created",
		"refund.succeeded": "succeeded", "refund.failed": "failed", "refund.canceled": "canceled",
	}
	last := map[string]int64{}
	for after := int64(0); ; {
		events, next, err := w.Events(w.t.Context(), after, 1000)
		require.NoError(w.t, err)
		if len(events) == 0 {
			break
		}
		after = next
		for _, e := range events {
			var object struct {
				ID       string
				State    string
				Sequence int64
			}
			require.NoError(w.t, json.Unmarshal(e.Data, &object))
			if strings.HasPrefix(object.ID, "pay_") || strings.HasPrefix(object.ID, "ref_") {
				last[object.ID]++
				assert.Equal(w.t, last[object.ID], e.Sequence, "%s of %s", e.Type, object.ID)
				assert.Equal(w.t, e.Sequence, object.Sequence)
			}
			if state, ok := told[e.Type]; ok {
				assert.Equal(w.t, state, object.State, e.Type)
			}
		}
	}
}
