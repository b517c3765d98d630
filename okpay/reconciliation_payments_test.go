package okpay_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

var toTheSource = okpay.Config{RefundTo: okpay.RefundToSource}

// waitsForSource is a payment that waits for its money from bankA; what the bank calls it is
// the payment's id and "-1".
func (b *books) waitsForSource(minor int64) okpay.PaymentID {
	b.t.Helper()
	p := b.create(cny(minor), okpay.CaptureAutomatic)
	p, err := b.Payments.Confirm(b.t.Context(), okpay.ConfirmPayment{
		Payment: p.ID, Customer: b.customer, Methods: []okpay.PaymentMethod{okpay.FromSource("bankA")},
	})
	require.NoError(b.t, err)
	require.Equal(b.t, okpay.PaymentProcessing, p.State)
	return p.ID
}

func (b *books) answers(id okpay.PaymentID, amount money.Amount) {
	b.t.Helper()
	_, err := b.Payments.Answer(b.t.Context(), okpay.PaymentAnswer{Payment: id, Event: "a-" + string(id), Outcome: rails.Succeeded, Amount: amount})
	require.NoError(b.t, err)
}

func (b *books) paidBySource(minor int64) okpay.PaymentID {
	b.t.Helper()
	id := b.waitsForSource(minor)
	b.answers(id, money.Amount{})
	return id
}

// refundIn makes a refund of all of a payment of 1,000, in a state.
func (b *books) refundIn(state okpay.RefundState, says ...okpay.RefundOutcome) okpay.RefundID {
	b.t.Helper()
	r, err := b.refund(b.paidBySource(1_000), cny(1_000))
	require.NoError(b.t, err)
	for _, out := range says {
		_, err := b.Payments.AnswerRefund(b.t.Context(), okpay.RefundAnswer{Refund: r.ID, Event: string(r.ID) + string(out), Outcome: out})
		require.NoError(b.t, err)
	}
	require.Equal(b.t, state, b.getRefund(r.ID).State)
	return r.ID
}

func TestWhatARowDoesOfPaymentsAndRefunds(t *testing.T) {
	one := func(name string) map[string]int { return map[string]int{name: 1} }
	refund := func(row func(id okpay.RefundID) string, state okpay.RefundState, says ...okpay.RefundOutcome) func(*books) (string, string) {
		return func(b *books) (string, string) {
			id := b.refundIn(state, says...)
			return string(id), row(id)
		}
	}
	outRow := func(id okpay.RefundID) string { return out(id, 1_000, 5, "") }
	backRow := func(id okpay.RefundID) string { return back(id, 1_000, 0, "") }
	const refunds = "clearing:bankA:refunds"
	checkRows(t, toTheSource, []rowCase{
		{
			name: "the source has paid a payment", counts: one("matched"), events: []string{matched}, state: "captured",
			before: func(b *books) (string, string) {
				id := b.paidBySource(700)
				return string(id) + "-1", in(id+"-1", 700, 1, "")
			},
			moved: map[string]int64{"clearing:bankA": 700, "bank:nostro": -699, "expense:provider": -1},
		},
		{
			name: "the row proves that a payment is paid", counts: one("matched"), state: "captured",
			events: []string{"payment.authorized", "payment.captured", matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				return string(id) + "-1", in(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"merchant:shop:available": 700, "bank:nostro": -700},
		},
		{
			name: "money for a payment that is over is the payer's", counts: one("matched"), state: "expired",
			events: []string{"payment.source_paid_late", matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				b.clock.Advance(8 * 24 * time.Hour)
				_, err := b.Work(b.t.Context())
				require.NoError(b.t, err)
				return string(id) + "-1", in(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"user:payer:available": 700, "bank:nostro": -700},
		},
		{
			name: "another amount for a payment waits for a person", counts: one("mismatch"), state: "processing", kind: "amount_mismatch",
			events: []string{"payment.amount_mismatch", exception, matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				return string(id) + "-1", in(id+"-1", 600, 0, "")
			},
			moved: map[string]int64{"suspense:bankA": 600, "bank:nostro": -600},
		},
		{
			name: "what came otherwise than it was asked for is settled as it came", counts: one("matched"), state: "processing", kind: "amount_mismatch",
			events: []string{matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				b.answers(id, cny(600))
				return string(id) + "-1", in(id+"-1", 600, 0, "")
			},
			moved: map[string]int64{"clearing:bankA": 600, "bank:nostro": -600},
		},
		{
			name: "what a person sent back", counts: one("matched"), state: "requires_confirmation", events: []string{matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				b.answers(id, cny(600))
				_, err := b.Payments.ResolveMismatch(b.t.Context(), okpay.ResolveMismatch{Payment: id, By: "ops1"})
				require.NoError(b.t, err)
				return string(id) + "-1", taken(id+"-1", 600, 0, "")
			},
			moved: map[string]int64{"clearing:bankA": -600, "bank:nostro": 600},
		},
		{
			name: "the source took a payment's money back", counts: one("matched"), state: "captured",
			events: []string{"payment.source_reversed", "account.restricted", matched},
			before: func(b *books) (string, string) {
				id := b.paidBySource(700)
				return string(id) + "-1", taken(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"user:payer:available": -700, "bank:nostro": 700},
		},
		{
			name: "the source is known to have taken it back", counts: one("matched"), state: "captured", events: []string{matched},
			before: func(b *books) (string, string) {
				id := b.paidBySource(700)
				b.takes(id, "r1", money.Amount{})
				return string(id) + "-1", taken(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"clearing:bankA": -700, "bank:nostro": 700},
		},
		{
			name: "the source took back what has not come yet", counts: one("matched"), state: "processing", events: []string{matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				return string(id) + "-1", taken(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"clearing:bankA": -700, "bank:nostro": 700},
		},
		{
			name: "it was told before that it took back what has not come yet", counts: one("matched"), state: "processing", events: []string{matched},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				b.takes(id, "r1", money.Amount{})
				return string(id) + "-1", taken(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"clearing:bankA": -700, "bank:nostro": 700},
		},
		{
			name: "the source took back what a person has given to somebody", counts: one("mismatch"), state: "processing", kind: "payment_taken_back",
			events: []string{exception},
			before: func(b *books) (string, string) {
				id := b.waitsForSource(700)
				b.shut(b.customer)
				b.sends(id, "s1", money.Amount{})
				b.decide(okpay.ResolveException{Disposition: okpay.CreditMerchant, Merchant: b.merchant})
				return string(id) + "-1", taken(id+"-1", 700, 0, "")
			},
			moved: map[string]int64{"suspense:bankA": -700, "bank:nostro": 700},
		},
		{
			name: "a collection that there was not", counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			before: func(b *books) (string, string) {
				id := b.paidBySource(700)
				return string(id) + "-2", in(id+"-2", 700, 0, "")
			},
			moved: map[string]int64{"suspense:bankA": 700, "bank:nostro": -700},
		},
		{
			name: "a refund that the source has given back", before: refund(outRow, okpay.RefundSucceeded, okpay.RefundArrived),
			counts: one("matched"), events: []string{matched}, state: "succeeded",
			moved: map[string]int64{refunds: -1_000, "bank:nostro": 1_005, "expense:provider": -5},
		},
		{
			name: "the row proves that a refund was given back", before: refund(outRow, okpay.RefundPendingProvider),
			counts: one("matched"), events: []string{"refund.succeeded", "payment.refunded", matched}, state: "succeeded",
			moved: map[string]int64{refunds: -1_000, "bank:nostro": 1_005, "expense:provider": -5},
		},
		{
			name: "a refund came back after it had arrived", before: refund(backRow, okpay.RefundSucceeded, okpay.RefundArrived),
			counts: one("matched"), events: []string{"refund.failed", "payment.refund_reversed", matched}, state: "failed",
			moved: map[string]int64{"merchant:shop:available": 1_000, "bank:nostro": -1_000},
		},
		{
			name: "a refund is known to have come back", before: refund(backRow, okpay.RefundFailed, okpay.RefundArrived, okpay.RefundUndone),
			counts: one("matched"), events: []string{matched}, state: "failed",
			moved: map[string]int64{refunds: 1_000, "bank:nostro": -1_000},
		},
		{
			name: "a refund had failed and was given back all the same", before: refund(outRow, okpay.RefundFailed, okpay.RefundRejected),
			counts: one("mismatch"), events: []string{exception}, kind: "refund_paid_after_failed", state: "failed",
			moved: map[string]int64{"suspense:bankA": -1_000, "bank:nostro": 1_005, "expense:provider": -5},
		},
		{
			name: "a refund had failed and comes back", before: refund(backRow, okpay.RefundFailed, okpay.RefundRejected),
			counts: one("mismatch"), events: []string{exception}, kind: "returned_after_failed", state: "failed",
			moved: map[string]int64{"suspense:bankA": 1_000, "bank:nostro": -1_000},
		},
	})
}

func TestPaymentsAndRefundsEndTheSameInAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var want map[string]int64
	var states []string
	for n := range 20 {
		b := startBooks(t, toTheSource)
		var lines, objects []string
		for _, id := range []okpay.RefundID{
			b.refundIn(okpay.RefundPendingProvider), b.refundIn(okpay.RefundSucceeded, okpay.RefundArrived),
			b.refundIn(okpay.RefundFailed, okpay.RefundArrived, okpay.RefundUndone), b.refundIn(okpay.RefundFailed, okpay.RefundRejected),
		} {
			lines, objects = append(lines, out(id, 1_000, 0, ""), back(id, 1_000, 0, "")), append(objects, string(id))
		}
		for _, id := range []okpay.PaymentID{b.waitsForSource(300), b.paidBySource(300)} {
			lines, objects = append(lines, in(id+"-1", 300, 0, "")), append(objects, string(id))
		}
		// Of payers of their own: a reversal restricts them, and then nothing else of theirs is paid.
		for i, make := range []func(int64) okpay.PaymentID{b.waitsForSource, b.paidBySource} {
			var err error
			payer := b.customer
			b.customer = okpay.CustomerID(fmt.Sprintf("payer%d", i))
			_, err = b.Customers.Create(t.Context(), okpay.CreateCustomer{ID: b.customer})
			require.NoError(t, err)
			id := make(200)
			b.customer = payer
			lines, objects = append(lines, in(id+"-1", 200, 0, ""), taken(id+"-1", 200, 0, "")), append(objects, string(id))
		}
		if n > 0 {
			random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		_, err := b.load(statement(lines...))
		require.NoError(t, err)
		var got []string
		for _, id := range objects {
			got = append(got, b.stateOf(id))
		}
		if n == 0 {
			want, states = b.balancesOf("CNY"), got
		}
		assert.Equal(t, want, b.balancesOf("CNY"))
		assert.Equal(t, states, got)
		b.verify()
	}
}

func TestPaymentsAndRefundsAreMissedToo(t *testing.T) {
	b := startBooks(t, toTheSource)
	paid := b.paidBySource(300)
	b.waitsForSource(300)
	refund := b.refundIn(okpay.RefundSucceeded, okpay.RefundArrived) // with a payment of its own
	b.refundIn(okpay.RefundPendingProvider)
	b.clock.Advance(100 * time.Hour)
	assert.Equal(t, 4, b.through(daily(1)).MissingThere, "three payments that are paid, and a refund")
	assert.Equal(t, 1, b.kinds(string(paid))["missing_there"])
	assert.Equal(t, 1, b.kinds(string(refund))["missing_there"])
	b.clock.Advance(100 * time.Hour)
	assert.Zero(t, b.through(daily(2)).MissingThere)
	b.through(in(paid+"-1", 300, 0, ""), out(refund, 1_000, 0, ""))
	assert.Zero(t, b.kinds(string(paid))["missing_there"])
	assert.Zero(t, b.kinds(string(refund))["missing_there"])
	b.verify()
}
