package okpay_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

const (
	matched   = "reconciliation.matched"
	exception = "reconciliation.exception"
	completed = "reconciliation.completed"
)

// rowCase is what one row of a statement does.
type rowCase struct {
	name   string
	before func(b *books) (reference, row string) // makes the object, and the row about it
	counts map[string]int
	events []string
	moved  map[string]int64
	kind   string // of the exception that is open afterwards
	state  string // of the object afterwards
}

func rowCases() []rowCase {
	one := func(name string) map[string]int { return map[string]int{name: 1} }
	withdrawal := func(state okpay.WithdrawalState, row func(id okpay.WithdrawalID) string) func(*books) (string, string) {
		return func(b *books) (string, string) {
			id := b.reach(state, 10_000)
			return string(id), row(id)
		}
	}
	outRow := func(id okpay.WithdrawalID) string { return out(id, 10_000, 150, "B-1") }
	backRow := func(id okpay.WithdrawalID) string { return back(id, 10_000, 0, "B-2") }
	never := func(state okpay.WithdrawalState) rowCase {
		return rowCase{
			name:   "money left for what is " + string(state) + " and was never ordered",
			before: withdrawal(state, outRow), counts: one("mismatch"), events: []string{exception}, kind: "not_submitted", state: string(state),
			moved: map[string]int64{"suspense:bankA": -10_000, "bank:nostro": 10_150, "expense:provider": -150},
		}
	}
	proves := func(state okpay.WithdrawalState) rowCase {
		return rowCase{
			name: "the row proves that what was " + string(state) + " is paid", before: withdrawal(state, outRow), counts: one("matched"),
			events: []string{"withdrawal.paid", matched}, state: "paid",
			moved: map[string]int64{"user:payer:available held": -10_000, "bank:nostro": 10_150, "expense:provider": -150},
		}
	}
	return []rowCase{
		{
			name: "what is paid is settled, with what it cost", before: withdrawal(okpay.WithdrawalPaid, outRow), counts: one("matched"),
			events: []string{matched}, state: "paid",
			moved: map[string]int64{"clearing:bankA": -10_000, "bank:nostro": 10_150, "expense:provider": -150},
		},
		proves(okpay.WithdrawalSubmitting), proves(okpay.WithdrawalUnknown), proves(okpay.WithdrawalSubmitted),
		never(okpay.WithdrawalUnderReview), never(okpay.WithdrawalApproved), never(okpay.WithdrawalTurnedDown), never(okpay.WithdrawalCanceled),
		{
			name: "what had failed and was paid all the same", before: withdrawal(okpay.WithdrawalFailed, outRow), counts: one("matched"),
			events: []string{"withdrawal.paid_after_failed", exception, matched}, kind: "paid_after_failed", state: "paid_after_failed",
			moved: map[string]int64{"suspense:bankA": -10_000, "bank:nostro": 10_150, "expense:provider": -150},
		},
		{
			name: "what came back after it was paid", before: withdrawal(okpay.WithdrawalPaid, backRow), counts: one("matched"),
			events: []string{"withdrawal.returned", matched}, state: "returned",
			moved: map[string]int64{"user:payer:available": 10_000, "bank:nostro": -10_000},
		},
		{
			name: "what came back before anybody said that it was paid", before: withdrawal(okpay.WithdrawalSubmitted, backRow), counts: one("matched"),
			events: []string{"withdrawal.paid", "withdrawal.returned", matched}, state: "returned",
			moved: map[string]int64{"user:payer:available held": -10_000, "user:payer:available": 10_000, "clearing:bankA": 10_000, "bank:nostro": -10_000},
		},
		{
			name: "what is known to have come back", before: withdrawal(okpay.WithdrawalSentBack, backRow), counts: one("matched"),
			events: []string{matched}, state: "returned",
			moved: map[string]int64{"clearing:bankA": 10_000, "bank:nostro": -10_000},
		},
		{
			name:   "another amount than was ordered",
			before: withdrawal(okpay.WithdrawalSubmitted, func(id okpay.WithdrawalID) string { return out(id, 9_999, 0, "") }),
			counts: one("mismatch"), events: []string{exception}, kind: "amount_mismatch", state: "submitted",
			moved: map[string]int64{"suspense:bankA": -9_999, "bank:nostro": 9_999},
		},
		{
			name:   "another currency than was ordered",
			before: withdrawal(okpay.WithdrawalPaid, func(id okpay.WithdrawalID) string { return "out,10.00,USD," + string(id) + ",,0,false\n" }),
			counts: one("mismatch"), events: []string{exception}, kind: "currency_mismatch", state: "paid",
		},
		{
			name:   "the other way than it should go",
			before: withdrawal(okpay.WithdrawalPaid, func(id okpay.WithdrawalID) string { return in(id, 10_000, 0, "") }),
			counts: one("mismatch"), events: []string{exception}, kind: "direction_mismatch", state: "paid",
			moved: map[string]int64{"suspense:bankA": 10_000, "bank:nostro": -10_000},
		},
		{
			name: "a merchant's payout",
			before: func(b *books) (string, string) {
				po, err := b.Payouts.Request(b.t.Context(), okpay.RequestPayout{Merchant: b.merchant, Amount: cny(700), Destination: b.tom})
				require.NoError(b.t, err)
				if po.State == okpay.WithdrawalUnderReview {
					_, err = b.Payouts.Approve(b.t.Context(), okpay.ReviewPayout{Payout: po.ID, By: "ops1"})
					require.NoError(b.t, err)
				}
				_, err = b.Payouts.Submit(b.t.Context(), po.ID)
				require.NoError(b.t, err)
				return string(po.ID), out(po.ID, 700, 0, "")
			},
			counts: one("matched"), events: []string{"payout.paid", matched},
			moved: map[string]int64{"merchant:shop:available held": -700, "bank:nostro": 700},
		},
		{
			name:   "a top-up whose money has come",
			before: func(b *books) (string, string) { id := b.came(5_000); return string(id), in(id, 5_000, 30, "") },
			counts: one("matched"), events: []string{matched}, state: "succeeded",
			moved: map[string]int64{"clearing:bankA": 5_000, "bank:nostro": -4_970, "expense:provider": -30},
		},
		{
			name:   "a top-up of which nothing was known",
			before: func(b *books) (string, string) { id := b.asked(5_000); return string(id), in(id, 5_000, 0, "") },
			counts: one("matched"), events: []string{"topup.succeeded", matched}, state: "succeeded",
			moved: map[string]int64{"user:payer:available": 5_000, "bank:nostro": -5_000},
		},
		{
			name: "a top-up that had failed",
			before: func(b *books) (string, string) {
				id := b.asked(5_000)
				b.told(id, "f", rails.CollectionFailed, money.Amount{})
				return string(id), in(id, 5_000, 0, "")
			},
			counts: one("matched"), events: []string{"topup.succeeded_late", matched}, state: "succeeded",
			moved: map[string]int64{"user:payer:available": 5_000, "bank:nostro": -5_000},
		},
		{
			name:   "a top-up of which another amount came waits for a person",
			before: func(b *books) (string, string) { id := b.asked(5_000); return string(id), in(id, 4_000, 0, "") },
			counts: one("mismatch"), events: []string{"topup.amount_mismatch", exception, matched}, kind: "amount_mismatch", state: "needs_review",
			moved: map[string]int64{"suspense:bankA": 4_000, "bank:nostro": -4_000},
		},
		{
			name:   "another amount than the source had said came",
			before: func(b *books) (string, string) { id := b.came(5_000); return string(id), in(id, 4_000, 0, "") },
			counts: one("mismatch"), events: []string{exception}, kind: "amount_mismatch", state: "succeeded",
			moved: map[string]int64{"suspense:bankA": 4_000, "bank:nostro": -4_000},
		},
		{
			name:   "a top-up whose money was taken back",
			before: func(b *books) (string, string) { id := b.came(5_000); return string(id), taken(id, 5_000, 0, "") },
			counts: one("matched"), events: []string{"topup.reversed", "account.restricted", matched}, state: "reversed",
			moved: map[string]int64{"user:payer:available": -5_000, "bank:nostro": 5_000},
		},
		{
			name:   "money that was taken back before it came",
			before: func(b *books) (string, string) { id := b.asked(5_000); return string(id), taken(id, 5_000, 0, "") },
			counts: one("matched"), events: []string{matched}, state: "pending",
			moved: map[string]int64{"clearing:bankA": -5_000, "bank:nostro": 5_000},
		},
		{
			name: "an object of another provider",
			before: func(b *books) (string, string) {
				top, err := b.TopUps.Create(b.t.Context(), okpay.CreateTopUp{Customer: b.customer, Amount: cny(100), Source: "psp"})
				require.NoError(b.t, err)
				return string(top.ID), in(top.ID, 100, 0, "")
			},
			counts: one("mismatch"), events: []string{exception}, kind: "wrong_provider", state: "pending",
			moved: map[string]int64{"suspense:bankA": 100, "bank:nostro": -100},
		},
		{
			name:   "money that came for nothing known",
			before: func(*books) (string, string) { return "top_nowhere", in("top_nowhere", 77, 2, "") },
			counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			moved: map[string]int64{"suspense:bankA": 77, "bank:nostro": -75, "expense:provider": -2},
		},
		{
			name:   "money that left for nothing known",
			before: func(*books) (string, string) { return "rent", out("rent", 77, 0, "") },
			counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			moved: map[string]int64{"suspense:bankA": -77, "bank:nostro": 77},
		},
		{
			name:   "money without a reference",
			before: func(*books) (string, string) { return "", in("", 77, 0, "") },
			counts: one("missing here"), events: []string{exception}, kind: "missing_here",
			moved: map[string]int64{"suspense:bankA": 77, "bank:nostro": -77},
		},
		{
			name: "an account that refuses what the row would post",
			before: func(b *books) (string, string) {
				id := b.asked(5_000)
				b.freeze("user:payer:available", true)
				return string(id), in(id, 5_000, 0, "")
			},
			counts: one("mismatch"), events: []string{exception}, kind: "not_possible", state: "pending",
			moved: map[string]int64{"suspense:bankA": 5_000, "bank:nostro": -5_000},
		},
	}
}

func TestWhatARowOfAStatementDoes(t *testing.T) { checkRows(t, okpay.Config{}, rowCases()) }

func checkRows(t *testing.T, cfg okpay.Config, cases []rowCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := startBooks(t, cfg)
			reference, row := c.before(b)
			before, last := b.balancesOf("CNY"), b.last()

			report, err := b.load(statement(row))
			require.NoError(t, err)
			assert.Equal(t, c.counts, counts(report))
			assert.Equal(t, 1, report.Rows)
			types, _ := b.since(last)
			assert.Equal(t, append(c.events, completed), types)
			if c.moved == nil {
				c.moved = map[string]int64{}
			}
			assert.Equal(t, c.moved, b.moved(before))
			if c.state != "" {
				assert.Equal(t, c.state, b.stateOf(reference))
			}
			open := b.open()
			if c.kind == "" {
				assert.Empty(t, open)
			} else {
				require.Contains(t, open, c.kind)
				require.Len(t, open, 1)
				object, _, _ := strings.Cut(reference, "-") // a collection's payment
				if c.kind == "missing_here" {
					object = reference
				}
				assert.Equal(t, object, open[c.kind].Object)
				assert.Equal(t, "bankA", open[c.kind].Provider)
				assert.NotEmpty(t, open[c.kind].Detail)
			}

			// Once more, as a whole.
			last = b.last()
			all := b.balancesOf("CNY")
			again, err := b.load(statement(row))
			require.NoError(t, err)
			assert.True(t, again.Replayed)
			again.Replayed = false
			assert.Equal(t, report, again)
			assert.Equal(t, last, b.last())
			assert.Equal(t, all, b.balancesOf("CNY"))
			b.verify()
		})
	}
}

// stateOf is the state of a withdrawal, payout or top-up.
func (b *books) stateOf(id string) string {
	b.t.Helper()
	var state string
	var err error
	switch id[:3] {
	case "wd_":
		var wd okpay.Withdrawal
		wd, err = b.Withdrawals.Get(b.t.Context(), okpay.WithdrawalID(id))
		state = string(wd.State)
	case "po_":
		var po okpay.Payout
		po, err = b.Payouts.Get(b.t.Context(), okpay.PayoutID(id))
		state = string(po.State)
	case "ref":
		state = string(b.getRefund(okpay.RefundID(id)).State)
		return state
	case "pay":
		var p okpay.Payment
		id, _, _ := strings.Cut(id, "-")
		p, err = b.Payments.Get(b.t.Context(), okpay.PaymentID(id))
		state = string(p.State)
	default:
		var top okpay.TopUp
		top, err = b.TopUps.Get(b.t.Context(), okpay.TopUpID(id))
		state = string(top.State)
	}
	require.NoError(b.t, err)
	return state
}
