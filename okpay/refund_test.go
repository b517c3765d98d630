package okpay_test

import (
	"context"
	"encoding/json"
	"math/big"
	"math/rand/v2"
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

func (f *fixture) getRefund(id okpay.RefundID) okpay.Refund {
	f.t.Helper()
	r, err := f.Payments.GetRefund(f.t.Context(), f.merchant, id)
	require.NoError(f.t, err)
	return r
}

// poor starts a wallet whose merchant has a payment of 1,000 captured and nothing left of it.
func poor(t *testing.T, cfg okpay.Config) (*fixture, okpay.Payment) {
	f := start(t, cfg)
	f.topUp(cny(10_000))
	p := f.paid(1000)
	f.drain()
	return f, p
}

// drain takes what the merchant has.
func (f *fixture) drain() {
	f.t.Helper()
	_, err := f.Ledger().Commit(f.t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "merchant:shop:available", Credit: "bank:main", Amount: cny(1 << 40), UpTo: ledger.UpToDebit},
	}}}})
	require.NoError(f.t, err)
}

func TestRefundsWaitForFundsFirstComeFirstServed(t *testing.T) {
	f, p := poor(t, okpay.Config{})
	at := f.last()
	first, err := f.refund(p.ID, cny(500))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundPendingFunds, first.State)
	types, _ := f.since(at)
	assert.Equal(t, []string{"refund.created", "refund.pending"}, types)
	second, err := f.refund(p.ID, cny(200))
	require.NoError(t, err)
	third, err := f.refund(p.ID, money.Amount{})
	require.NoError(t, err)
	assert.Equal(t, cny(300), third.Amount)
	_, err = f.refund(p.ID, cny(1))
	assert.Equal(t, cny(0), *payRefused(t, err, okpay.AmountExceedsRefundable).Limit, "what waits is reserved")
	_, err = f.refund(p.ID, money.Amount{})
	payRefused(t, err, okpay.AmountExceedsRefundable)
	shown, err := f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, cny(1000), shown.RefundPending)
	assert.Equal(t, okpay.PaymentCaptured, shown.State)

	// Enough for the second, which is not its turn.
	_, err = f.buy(300)
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(first.ID).State)
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(second.ID).State)
	at = f.last()
	_, err = f.buy(400)
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(first.ID).State)
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(second.ID).State)
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(third.ID).State)
	assert.Nil(t, f.getRefund(first.ID).Failure)
	types, _ = f.since(at)
	assert.Equal(t, []string{
		"payment.created", "payment.authorized", "payment.captured",
		"refund.succeeded", "payment.partially_refunded", "refund.succeeded", "payment.partially_refunded",
	}, types)
	assert.Equal(t, []string{"refund_succeeded", "refund_succeeded"}, f.templates(f.customer))

	// Money that this process did not see coming is found by looking now and then.
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "bank:main", Credit: "merchant:shop:available", Amount: cny(300)},
	}}}})
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(third.ID).State)
	f.clock.Advance(5 * time.Minute)
	f.work()
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(third.ID).State)
	shown, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentRefunded, shown.State)
	assert.True(t, shown.RefundPending.IsZero())
	f.verify()
}

func TestARefundThatWaitsWaitsForAReportToo(t *testing.T) {
	f, p := poor(t, okpay.Config{})
	r, err := f.refund(p.ID, cny(500))
	require.NoError(t, err)
	f.dispute(p.ID, "dsp_1")
	other := f.paid(2000)
	_, err = f.refund(other.ID, cny(1))
	require.NoError(t, err)
	f.work()
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(r.ID).State, "the customer has reported the payment")
	f.dispute(p.ID, "")
	f.clock.Advance(5 * time.Minute)
	f.work()
	assert.Equal(t, okpay.RefundSucceeded, f.getRefund(r.ID).State)
	f.verify()
}

// Of the merchant's cancel and the merchant's money one comes first.
func TestOfCancelAndPayOneWins(t *testing.T) {
	for range testsize.Scaled(t, 10) {
		f, p := poor(t, okpay.Config{})
		r, err := f.refund(p.ID, cny(500))
		require.NoError(t, err)
		_, err = f.buy(500)
		require.NoError(t, err)
		var (
			running  sync.WaitGroup
			canceled error
		)
		running.Go(func() {
			_, canceled = f.Payments.CancelRefund(t.Context(), okpay.CancelRefund{Merchant: f.merchant, Refund: r.ID})
		})
		for range 8 {
			running.Go(func() { _, err := f.Work(t.Context()); assert.NoError(t, err) })
		}
		running.Wait()
		f.work()
		_, merchant, _ := f.balances("CNY")
		if canceled == nil {
			assert.Equal(t, okpay.RefundCanceled, f.getRefund(r.ID).State)
			assert.Equal(t, int64(500), merchant)
		} else {
			payRefused(t, canceled, okpay.InvalidState)
			assert.Equal(t, okpay.RefundSucceeded, f.getRefund(r.ID).State)
			assert.Zero(t, merchant)
		}
		f.verify()
	}
}

func TestARefundThatWaitsIsCanceledOrTimesOut(t *testing.T) {
	f, p := poor(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnRefund, Per: okpay.Monthly, Max: 1000}}})
	cancel := func(id okpay.RefundID, key string) (okpay.Refund, error) {
		return f.Payments.CancelRefund(t.Context(), okpay.CancelRefund{Merchant: f.merchant, Refund: id, Key: key})
	}
	r, err := f.refund(p.ID, cny(1000))
	require.NoError(t, err)
	_, err = f.Payments.CancelRefund(t.Context(), okpay.CancelRefund{Merchant: "other", Refund: r.ID})
	payRefused(t, err, okpay.NotFound)
	at := f.last()
	r, err = cancel(r.ID, "k")
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundCanceled, r.State)
	r, err = cancel(r.ID, "k")
	require.NoError(t, err)
	assert.True(t, r.Replayed)
	types, at := f.since(at)
	assert.Equal(t, []string{"refund.canceled"}, types)
	_, err = cancel(r.ID, "other")
	payRefused(t, err, okpay.InvalidState)

	r, err = f.refund(p.ID, cny(1000))
	require.NoError(t, err, "refundable again, and within the limit")
	f.clock.Advance(30*24*time.Hour - time.Microsecond)
	f.work()
	assert.Equal(t, okpay.RefundPendingFunds, f.getRefund(r.ID).State)
	f.clock.Advance(time.Microsecond)
	_, at = f.since(at)
	f.work()
	assert.Equal(t, okpay.RefundFailed, f.getRefund(r.ID).State)
	types, _ = f.since(at)
	assert.Equal(t, []string{"refund.failed"}, types)

	late, err := f.refund(p.ID, cny(1))
	require.NoError(t, err)
	f.clock.Advance(30 * 24 * time.Hour)
	late, err = cancel(late.ID, "late")
	payRefused(t, err, okpay.InvalidState)
	assert.Equal(t, okpay.RefundFailed, late.State, "that is recorded")
	f.verify()
}

func TestRefundsThatAreNotPossible(t *testing.T) {
	f := start(t, okpay.Config{
		RefundWindow: 24 * time.Hour,
		Limits: []okpay.Limit{
			{On: okpay.OnRefund, Per: okpay.Each, Max: 500}, {On: okpay.OnRefund, Per: okpay.Daily, Max: 600},
		},
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation == okpay.OnRefund && c.Amount == cny(13) {
				return okpay.Assessment{Verdict: okpay.Review}, nil
			}
			return okpay.Assessment{}, nil
		},
	})
	f.topUp(cny(10_000))
	for name, id := range map[string]okpay.PaymentID{
		"created":            f.create(cny(10), okpay.CaptureManual).ID,
		"authorized":         func() okpay.PaymentID { p, _ := f.buy(10, byHand); return p.ID }(),
		"partially captured": func() okpay.PaymentID { p, _ := f.buy(10, byHand); _, _ = f.capture(p.ID, 5, false); return p.ID }(),
	} {
		t.Run("of a payment that is "+name, func(t *testing.T) {
			before := f.last()
			_, err := f.refund(id, cny(1))
			payRefused(t, err, okpay.InvalidState)
			assert.Equal(t, before, f.last())
		})
	}
	p := f.paid(1000)
	_, err := f.refund(p.ID, cny(501))
	assert.Equal(t, cny(500), *payRefused(t, err, okpay.LimitExceededTransaction).Limit)
	_, err = f.refund(p.ID, cny(500))
	require.NoError(t, err)
	_, err = f.refund(p.ID, cny(101))
	assert.Equal(t, cny(100), *payRefused(t, err, okpay.LimitExceededDaily).Limit)
	_, err = f.refund(p.ID, cny(13))
	payRefused(t, err, okpay.RiskDeclined)

	f.dispute(p.ID, "dsp_1")
	_, err = f.refund(p.ID, cny(10))
	payRefused(t, err, okpay.PaymentDisputed)
	f.dispute(p.ID, "")
	_, err = f.refund(p.ID, cny(10))
	require.NoError(t, err)
	f.clock.Advance(24 * time.Hour)
	_, err = f.refund(p.ID, cny(10))
	payRefused(t, err, okpay.PaymentNotRefundable)
	f.verify()
}

// dispute writes a dispute into a payment's record.
func (f *fixture) dispute(id okpay.PaymentID, dispute string) {
	f.t.Helper()
	r, err := f.Ledger().Record(f.t.Context(), "payment", string(id))
	require.NoError(f.t, err)
	var doc map[string]any
	require.NoError(f.t, json.Unmarshal(r.Content, &doc))
	doc["dispute"] = dispute
	content, err := json.Marshal(doc)
	require.NoError(f.t, err)
	_, err = f.Ledger().Commit(f.t.Context(), ledger.Change{Puts: []ledger.Put{{
		Type: r.Type, ID: r.ID, Content: content, Labels: r.Labels, Unique: r.Unique, Due: r.Due,
	}}})
	require.NoError(f.t, err)
}

// toSource starts a wallet that refunds to the source, with a payment of 1,000 from it.
func toSource(t *testing.T) (*fixture, *rails.Simulated, okpay.Payment) {
	f, psp, _ := withSources(t, okpay.Config{
		RefundTo: okpay.RefundToSource, RefundFees: okpay.ReturnFeeProportionally, Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}},
	})
	p, err := f.buy(1000, by(okpay.FromSource("psp")))
	require.NoError(t, err)
	return f, psp, p
}

func TestARefundGoesBackToTheSource(t *testing.T) {
	f, psp, p := toSource(t)
	at := f.last()
	r, err := f.refund(p.ID, cny(300))
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundSucceeded, r.State)
	assert.Equal(t, "psp", r.Source)
	assert.Equal(t, cny(3), r.FeeReturned)
	types, at := f.since(at)
	assert.Equal(t, []string{"refund.created", "refund.pending", "refund.succeeded", "payment.partially_refunded"}, types)
	assert.Equal(t, int64(100), f.standing("user:payer:available", "CNY"))
	assert.Equal(t, int64(-300), f.standing("clearing:psp:refunds", "CNY"))

	psp.AnswerRefund = func(rails.Refunding) rails.Outcome { return rails.Unknown }
	r, err = f.refund(p.ID, money.Amount{})
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundPendingProvider, r.State)
	shown, err := f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, cny(700), shown.RefundPending)
	assert.Equal(t, okpay.PaymentPartiallyRefunded, shown.State)
	f.clock.Advance(365 * 24 * time.Hour)
	f.work()
	assert.Equal(t, okpay.RefundPendingProvider, f.getRefund(r.ID).State, "time decides nothing")
	psp.Settle(string(r.ID), rails.Succeeded)
	f.clock.Advance(time.Hour)
	_, at = f.since(at)
	f.work()
	types, _ = f.since(at)
	assert.Equal(t, []string{"refund.succeeded", "payment.refunded"}, types)
	_, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{0, 0}, []int64{merchant, fees})
	_, err = f.Payments.CancelRefund(t.Context(), okpay.CancelRefund{Merchant: f.merchant, Refund: r.ID})
	payRefused(t, err, okpay.InvalidState)
	f.verify()
}

func TestASourceThatCanNotGiveBackIsReplacedByTheWallet(t *testing.T) {
	f, psp, p := toSource(t)
	psp.AnswerRefund = func(rails.Refunding) rails.Outcome { return rails.Unknown }
	r, err := f.refund(p.ID, cny(400))
	require.NoError(t, err)
	at := f.last()
	in := okpay.RefundAnswer{Refund: r.ID, Event: "e1", Outcome: okpay.RefundRejected}
	r, err = f.Payments.AnswerRefund(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, okpay.RefundFailed, r.State)
	assert.True(t, r.CreditedToWallet)
	assert.Equal(t, okpay.ProviderRejected, r.Failure.Code)
	types, at := f.since(at)
	assert.Equal(t, []string{"refund.failed", "payment.partially_refunded"}, types)
	assert.Equal(t, []string{"refund_failed"}, f.templates(f.customer))
	assert.Equal(t, int64(500), f.standing("user:payer:available", "CNY"))
	assert.Zero(t, f.standing("clearing:psp:refunds", "CNY"))
	r, err = f.Payments.AnswerRefund(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, r.Replayed)
	in.Event = "e2"
	_, err = f.Payments.AnswerRefund(t.Context(), in)
	require.NoError(t, err)
	types, at = f.since(at)
	assert.Empty(t, types, "known already")
	_, err = f.Payments.AnswerRefund(t.Context(), okpay.RefundAnswer{Refund: r.ID, Event: "e3", Outcome: okpay.RefundArrived})
	require.NoError(t, err)
	types, _ = f.since(at)
	assert.Equal(t, []string{"reconciliation.exception"}, types, "a person has to look")
	_, err = f.refund(p.ID, cny(601))
	payRefused(t, err, okpay.AmountExceedsRefundable)
	_, err = f.Payments.AnswerRefund(t.Context(), okpay.RefundAnswer{Refund: r.ID, Outcome: "maybe"})
	payRefused(t, err, okpay.InvalidRequest)
	f.verify()
}

func TestARefundThatIsUndoneIsTheMerchantsAgain(t *testing.T) {
	f, _, p := toSource(t)
	first, err := f.refund(p.ID, cny(300))
	require.NoError(t, err)
	second, err := f.refund(p.ID, cny(700))
	require.NoError(t, err)
	undo := func(id okpay.RefundID, out okpay.RefundOutcome) {
		_, err := f.Payments.AnswerRefund(t.Context(), okpay.RefundAnswer{Refund: id, Outcome: out})
		require.NoError(t, err)
	}
	at := f.last()
	undo(second.ID, okpay.RefundUndone)
	types, _ := f.since(at)
	assert.Equal(t, []string{"refund.failed", "payment.refund_reversed"}, types)
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentPartiallyRefunded, p.State)
	assert.Equal(t, cny(300), p.Refunded)
	assert.Equal(t, cny(3), p.FeeReturned)
	_, merchant, fees := f.balances("CNY")
	assert.Equal(t, []int64{693, 7}, []int64{merchant, fees})
	undo(first.ID, okpay.RefundRejected) // failed after succeeded
	p, err = f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentCaptured, p.State)
	_, merchant, fees = f.balances("CNY")
	assert.Equal(t, []int64{990, 10}, []int64{merchant, fees})
	_, err = f.refund(p.ID, cny(1000))
	require.NoError(t, err, "anew")

	wallet := f.paid(10)
	r, err := f.refund(wallet.ID, cny(10))
	require.NoError(t, err)
	_, err = f.Payments.AnswerRefund(t.Context(), okpay.RefundAnswer{Refund: r.ID, Outcome: okpay.RefundUndone})
	payRefused(t, err, okpay.InvalidState)
	f.verify()
}

func TestOf64RefundsThatTogetherExceedTheCaptureOneWins(t *testing.T) {
	for range testsize.Scaled(t, 5) {
		f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
		f.topUp(cny(10_000))
		p := f.paid(10_000)
		var (
			running sync.WaitGroup
			errs    [64]error
		)
		for i := range errs {
			running.Go(func() { _, errs[i] = f.refund(p.ID, cny(7000)) })
		}
		running.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			e := payRefused(t, err, okpay.AmountExceedsRefundable)
			assert.Equal(t, cny(3000), *e.Limit)
			assert.Equal(t, string(p.ID), e.Object)
		}
		assert.Equal(t, 1, won)
		p, err := f.Payments.Get(t.Context(), p.ID)
		require.NoError(t, err)
		assert.Equal(t, okpay.PaymentPartiallyRefunded, p.State)
		customer, merchant, fees := f.balances("CNY")
		assert.Equal(t, []int64{7000, 2940, 60}, []int64{customer, merchant, fees})
		f.verify()
	}
}

func TestCaptureCancelAndExpiryRaceForOneWinner(t *testing.T) {
	for range testsize.Scaled(t, 5) {
		f := start(t, okpay.Config{Limits: []okpay.Limit{{On: okpay.OnPayment, Per: okpay.Daily, Max: 1_000}}})
		f.topUp(cny(1000))
		p, err := f.buy(1000, byHand, func(in *okpay.CreatePayment) { in.ExpiresIn = time.Hour })
		require.NoError(t, err)
		f.clock.Advance(time.Hour - time.Microsecond)
		at := f.last()
		var (
			running sync.WaitGroup
			mu      sync.Mutex
			won     []okpay.PaymentState
		)
		for i := range 64 {
			running.Go(func() {
				var (
					got okpay.Payment
					err error
				)
				switch i % 4 {
				case 0:
					got, err = f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: f.merchant, Payment: p.ID})
				case 1:
					got, err = f.capture(p.ID, 1000, true)
				case 2:
					if i == 30 {
						f.clock.Advance(time.Microsecond)
					}
					_, err = f.Work(t.Context())
					assert.NoError(t, err)
					return
				default:
					_, err = f.confirm(p.ID)
					assert.Error(t, err)
					return
				}
				if err == nil {
					mu.Lock()
					won = append(won, got.State)
					mu.Unlock()
					return
				}
				payRefused(t, err, okpay.InvalidState)
			})
		}
		running.Wait()
		f.work()
		p, err = f.Payments.Get(t.Context(), p.ID)
		require.NoError(t, err)
		types, _ := f.since(at)
		customer, merchant, _ := f.balances("CNY")
		switch p.State {
		case okpay.PaymentTimedOut:
			assert.Empty(t, won)
			assert.Equal(t, []string{"payment.hold_released", "payment.expired"}, types)
			assert.Equal(t, []int64{1000, 0}, []int64{customer, merchant})
		case okpay.PaymentCanceled:
			assert.Equal(t, []okpay.PaymentState{p.State}, won)
			assert.Equal(t, []string{"payment.hold_released", "payment.canceled"}, types)
			assert.Equal(t, []int64{1000, 0}, []int64{customer, merchant})
		default:
			assert.Equal(t, []okpay.PaymentState{okpay.PaymentCaptured}, won)
			assert.Equal(t, []string{"payment.captured"}, types)
			assert.Equal(t, []int64{0, 1000}, []int64{customer, merchant})
		}
		f.verify()
	}
}

// Captures and refunds in random parts: the fees are the formula's of what is captured so
// far, and come back by the share of what is refunded so far, in currencies of 0, 2, 3 and 4
// decimals.
func TestFeesOfPartsAreExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	uf, err := money.NewCurrency("CLF", 4)
	require.NoError(t, err)
	for _, c := range []money.Currency{money.MustISO("JPY"), money.MustISO("CNY"), money.MustISO("KWD"), uf} {
		for range testsize.Scaled(t, 6) {
			fee := okpay.Fee{BasisPoints: r.Int64N(10_001), Fixed: r.Int64N(50), Min: r.Int64N(200)}
			if r.IntN(2) == 0 {
				fee.Max = fee.Min + r.Int64N(10_000)
			}
			f := start(t, okpay.Config{Fees: okpay.Fees{Payment: fee}, RefundFees: okpay.ReturnFeeProportionally})
			amount := 50 + r.Int64N(1_000_000)
			f.topUp(money.New(amount, c))
			p, err := f.buy(amount, byHand, func(in *okpay.CreatePayment) { in.Amount = money.New(amount, c) })
			require.NoError(t, err)
			captured, total := int64(0), int64(0)
			for captured < amount {
				part := min(1+r.Int64N(amount), amount-captured)
				p, err = f.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: f.merchant, Payment: p.ID, Amount: money.New(part, c)})
				require.NoError(t, err)
				captured += part
				// What a part is too small to bear of the fee comes out of the next.
				total += min(exactFee(fee, captured)-total, part)
				require.Equal(t, total, p.Fee.Minor(), "%+v of %d", fee, captured)
			}
			refunded := int64(0)
			for refunded < captured {
				part := min(1+r.Int64N(captured), captured-refunded)
				got, err := f.Payments.Refund(t.Context(), okpay.CreateRefund{Merchant: f.merchant, Payment: p.ID, Amount: money.New(part, c)})
				require.NoError(t, err)
				require.Equal(t, okpay.RefundSucceeded, got.State)
				refunded += part
				back := new(big.Int).Mul(big.NewInt(total), big.NewInt(refunded))
				back.Quo(back, big.NewInt(captured))
				p, err = f.Payments.Get(t.Context(), p.ID)
				require.NoError(t, err)
				assert.Equal(t, back.Int64(), p.FeeReturned.Minor())
				customer, merchant, fees := f.balances(c.Code())
				assert.Equal(t, refunded, customer)
				assert.Equal(t, captured-refunded-(total-back.Int64()), merchant)
				assert.Equal(t, total-back.Int64(), fees)
			}
			assert.Equal(t, okpay.PaymentRefunded, p.State)
			f.verify()
		}
	}
}
