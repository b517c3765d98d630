package okpay_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// named is a withdrawal that is submitted, and that the bank has called so.
func (b *books) named(minor int64, reference string) okpay.WithdrawalID {
	b.t.Helper()
	id := b.reach(okpay.WithdrawalSubmitted, minor)
	b.calls(id, reference)
	return id
}

func (b *books) calls(id okpay.WithdrawalID, reference string) {
	b.t.Helper()
	_, err := b.Withdrawals.ProviderSays(b.t.Context(), okpay.ProviderEvent{
		Provider: "bankA", EventID: "n-" + string(id), Key: string(id), Status: rails.PayoutAccepted, Reference: reference,
	})
	require.NoError(b.t, err)
}

func TestARowWithOnlyTheBanksReferenceIsMatchedByIt(t *testing.T) {
	one := func(name string) map[string]int { return map[string]int{name: 1} }
	missing := func(minor int64) map[string]int64 {
		return map[string]int64{"suspense:bankA": minor, "bank:nostro": -minor}
	}
	checkRows(t, okpay.Config{}, []rowCase{
		{
			name: "a withdrawal that is submitted is paid by it", counts: one("matched"), events: []string{"withdrawal.paid", matched}, state: "paid",
			before: func(b *books) (string, string) { return string(b.named(500, "BX-1")), out("", 500, 0, "BX-1") },
			moved:  map[string]int64{"user:payer:available held": -500, "bank:nostro": 500},
		},
		{
			name: "what the bank has as our reference is another's", counts: one("matched"), events: []string{"withdrawal.paid", matched}, state: "paid",
			before: func(b *books) (string, string) { return string(b.named(500, "BX-1")), out("INVOICE 7", 500, 0, "BX-1") },
			moved:  map[string]int64{"user:payer:available held": -500, "bank:nostro": 500},
		},
		{
			name: "another amount is for a person", counts: one("mismatch"), events: []string{exception}, kind: "amount_mismatch", state: "submitted",
			before: func(b *books) (string, string) { return string(b.named(500, "BX-1")), out("", 400, 0, "BX-1") },
			moved:  map[string]int64{"suspense:bankA": -400, "bank:nostro": 400},
		},
		{
			name: "a payout", counts: one("matched"), events: []string{"payout.paid", matched}, state: "paid",
			before: func(b *books) (string, string) {
				po, err := b.Payouts.Request(b.t.Context(), okpay.RequestPayout{Merchant: b.merchant, Amount: cny(500), Destination: b.tom})
				require.NoError(b.t, err)
				_, err = b.Payouts.Approve(b.t.Context(), okpay.ReviewPayout{Payout: po.ID, By: "ops1"})
				require.NoError(b.t, err)
				_, err = b.Payouts.Submit(b.t.Context(), po.ID)
				require.NoError(b.t, err)
				_, err = b.Payouts.ProviderSays(b.t.Context(), okpay.ProviderEvent{
					Provider: "bankA", EventID: "n", Key: string(po.ID), Status: rails.PayoutAccepted, Reference: "BX-1",
				})
				require.NoError(b.t, err)
				return string(po.ID), out("", 500, 0, "BX-1")
			},
			moved: map[string]int64{"merchant:shop:available held": -500, "bank:nostro": 500},
		},
		{
			name: "a top-up whose source has told", counts: one("matched"), events: []string{matched}, state: "succeeded",
			before: func(b *books) (string, string) {
				id := b.asked(500)
				top, err := b.TopUps.SourceSays(b.t.Context(), okpay.SourceEvent{
					Source: "bankA", EventID: "e1", TopUp: id, Status: rails.CollectionSucceeded, Reference: "BX-1",
				})
				require.NoError(b.t, err)
				assert.Equal(b.t, "BX-1", top.ProviderReference)
				return string(id), in("", 500, 0, "BX-1")
			},
			moved: map[string]int64{"clearing:bankA": 500, "bank:nostro": -500},
		},
		{
			name: "a top-up whose source has told after it was known to be there", counts: one("matched"), events: []string{matched}, state: "succeeded",
			before: func(b *books) (string, string) {
				id := b.came(500)
				_, err := b.TopUps.SourceSays(b.t.Context(), okpay.SourceEvent{
					Source: "bankA", EventID: "e2", TopUp: id, Status: rails.CollectionSucceeded, Reference: "BX-1",
				})
				require.NoError(b.t, err)
				return string(id), in("", 500, 0, "BX-1")
			},
			moved: map[string]int64{"clearing:bankA": 500, "bank:nostro": -500},
		},
		{
			name: "a top-up that is taken back", counts: one("matched"), events: []string{"topup.reversed", "account.restricted", matched}, state: "reversed",
			before: func(b *books) (string, string) {
				id := b.asked(500)
				_, err := b.TopUps.SourceSays(b.t.Context(), okpay.SourceEvent{
					Source: "bankA", EventID: "e1", TopUp: id, Status: rails.CollectionSucceeded, Reference: "BX-1",
				})
				require.NoError(b.t, err)
				return string(id), taken("", 500, 0, "BX-1")
			},
			moved: map[string]int64{"user:payer:available": -500, "bank:nostro": 500},
		},
		{
			name: "a payment whose source has told, also after it was known to be paid", counts: one("matched"), events: []string{matched}, state: "captured",
			before: func(b *books) (string, string) {
				id := b.paidBySource(500)
				_, err := b.Payments.Answer(b.t.Context(), okpay.PaymentAnswer{Payment: id, Event: "e2", Outcome: rails.Succeeded, Reference: "BX-1"})
				require.NoError(b.t, err)
				return string(id) + "-1", in("", 500, 0, "BX-1")
			},
			moved: map[string]int64{"clearing:bankA": 500, "bank:nostro": -500},
		},
		{
			name: "what nobody was told of", counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			before: func(b *books) (string, string) { b.named(500, "BX-1"); return "", in("", 500, 0, "BX-2") },
			moved:  missing(500),
		},
		{
			name: "what is two objects' is for a person", counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			before: func(b *books) (string, string) {
				b.named(500, "BX-1")
				b.named(500, "BX-1")
				return "", out("", 500, 0, "BX-1")
			},
			moved: missing(-500),
		},
		{
			name: "a reference of ours that is not there is not replaced by the bank's", counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			before: func(b *books) (string, string) {
				b.named(500, "BX-1")
				return "wd_none", out("wd_none", 500, 0, "BX-1")
			},
			moved: missing(-500),
		},
	})
}

// A provider's names are its own: another one may have the same.
func TestTheBanksReferenceIsThatOfOneProvider(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	id := b.named(500, "BX-1")
	top, err := b.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: b.customer, Amount: cny(500), Source: "psp"})
	require.NoError(t, err)
	_, err = b.TopUps.SourceSays(t.Context(), okpay.SourceEvent{
		Source: "psp", EventID: "e1", TopUp: top.ID, Status: rails.CollectionSucceeded, Reference: "BX-1", Amount: money.Amount{},
	})
	require.NoError(t, err)
	r, err := b.load(statement(out("", 500, 0, "BX-1")))
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"matched": 1}, counts(r))
	assert.Equal(t, "paid", b.stateOf(string(id)))
	// With and without our reference it is one movement.
	r, err = b.load(statement(out(id, 500, 0, "BX-1")))
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"duplicate": 1}, counts(r))
	b.verify()
}

func TestAReferenceTooLongIsRefused(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	long := string(make([]byte, 129))
	_, err := b.TopUps.SourceSays(t.Context(), okpay.SourceEvent{
		Source: "bankA", EventID: "e", TopUp: b.asked(500), Status: rails.CollectionSucceeded, Reference: long,
	})
	refusedAs(t, err, okpay.InvalidRequest)
	_, err = b.Payments.Answer(t.Context(), okpay.PaymentAnswer{Payment: b.waitsForSource(500), Outcome: rails.Succeeded, Reference: long})
	refusedAs(t, err, okpay.InvalidRequest)
}
