package okpay_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// outcomesOfPairs says for each action and state what comes of it: the state afterwards,
// the events without "withdrawal.", and the exception raised, or nothing for a refusal. The order of
// states is that of statesOfPairs.
var statesOfPairs = []okpay.WithdrawalState{
	okpay.WithdrawalUnderReview, okpay.WithdrawalApproved, okpay.WithdrawalSubmitting, okpay.WithdrawalUnknown, okpay.WithdrawalSubmitted,
	okpay.WithdrawalPaid, okpay.WithdrawalSentBack, okpay.WithdrawalFailed, okpay.WithdrawalTurnedDown, okpay.WithdrawalCanceled,
	okpay.WithdrawalPaidAfterFailed,
}

var outcomesOfPairs = map[string][]string{
	"approve": {"approved: approved", "", "", "", "", "", "", "", "", "", ""},
	"reject":  {"rejected: rejected", "", "", "", "", "", "", "", "", "", ""},
	"cancel":  {"canceled: canceled", "canceled: canceled", "", "", "", "", "", "", "", "", ""},
	"submit":  {"", "submitted: submitting submitted", "submitted: submitted", "submitted: submitted", "", "", "", "", "", "", ""},
	"query":   {"", "", "submitting:", "unknown:", "submitted:", "", "", "", "", "", ""},
	"accepted": {
		"under_review: ! not_submitted", "approved: ! not_submitted", "submitted: submitted", "submitted: submitted", "submitted:",
		"paid:", "returned:", "failed:", "rejected: ! not_submitted", "canceled: ! not_submitted", "paid_after_failed:",
	},
	"paid": {
		"under_review: ! not_submitted", "approved: ! not_submitted", "paid: paid", "paid: paid", "paid: paid",
		"paid:", "returned:", "paid_after_failed: paid_after_failed ! paid_after_failed", "rejected: ! not_submitted", "canceled: ! not_submitted", "paid_after_failed:",
	},
	"failed": {
		"under_review: ! not_submitted", "approved: ! not_submitted", "failed: failed", "failed: failed", "failed: failed",
		"paid: ! failed_after_paid", "returned: ! failed_after_paid", "failed:", "rejected: ! not_submitted", "canceled: ! not_submitted", "paid_after_failed:",
	},
	"returned": {
		"under_review: ! not_submitted", "approved: ! not_submitted", "returned: paid returned", "returned: paid returned", "returned: paid returned",
		"returned: returned", "returned:", "returned: returned ! returned_after_failed", "rejected: ! not_submitted", "canceled: ! not_submitted", "returned: returned",
	},
	"collect":   {"", "", "", "", "", "", "", "", "", "", "paid: paid"},
	"write_off": {"", "", "", "", "", "", "", "", "", "", "paid: paid"},
}

// act does one of the actions of outcomesOfPairs.
func (k *desk) act(action string, id okpay.WithdrawalID) (okpay.Withdrawal, error) {
	ctx, review := k.t.Context(), okpay.ReviewWithdrawal{Withdrawal: id, By: "ops2"}
	switch action {
	case "approve":
		return k.Withdrawals.Approve(ctx, review)
	case "reject":
		return k.Withdrawals.Reject(ctx, okpay.RejectWithdrawal{Withdrawal: id, By: "ops2", Reason: "kyc_required"})
	case "cancel":
		return k.Withdrawals.Cancel(ctx, okpay.CancelWithdrawal{Customer: k.customer, Withdrawal: id})
	case "submit":
		return k.Withdrawals.Submit(ctx, id)
	case "query":
		return k.Withdrawals.Query(ctx, id)
	case "collect":
		return k.Withdrawals.Collect(ctx, review)
	case "write_off":
		return k.Withdrawals.WriteOff(ctx, review)
	}
	for _, s := range []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutPaid, rails.PayoutFailed, rails.PayoutReturned} {
		if s.String() == action {
			return k.says(id, "pair", s)
		}
	}
	panic(action)
}

func TestEveryActionInEveryStateOfAWithdrawalIsDoneOrRefused(t *testing.T) {
	for action, outcomes := range outcomesOfPairs {
		for i, state := range statesOfPairs {
			t.Run(action+" when "+string(state), func(t *testing.T) {
				k := startDesk(t, okpay.Config{
					Fees:   okpay.Fees{Withdrawal: okpay.Fee{Fixed: 10}},
					Limits: []okpay.Limit{{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 100_000}},
				}, 20_000, 0)
				id := k.reach(state, 5000)
				wd, err := k.Withdrawals.Get(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, state, wd.State)
				before, last := k.whole(id), k.last()
				raised := k.kinds(string(id))
				after, err := k.act(action, id)
				types, _ := k.since(last)
				if outcomes[i] == "" {
					refusedAs(t, err, okpay.InvalidState)
					assert.Equal(t, before, k.whole(id), "a refusal changes nothing")
					k.verify()
					return
				}
				require.NoError(t, err)
				to, rest, _ := strings.Cut(outcomes[i], ":")
				events, kind, trouble := strings.Cut(rest, "!")
				want := []string{}
				for _, e := range strings.Fields(events) {
					want = append(want, "withdrawal."+e)
				}
				if trouble {
					raised[strings.TrimSpace(kind)]++
					want = append(want, "reconciliation.exception")
				}
				assert.Equal(t, okpay.WithdrawalState(to), after.State)
				assert.ElementsMatch(t, want, types)
				if action == "collect" || action == "write_off" || action == "returned" && state == okpay.WithdrawalPaidAfterFailed {
					raised = map[string]int{} // a person, or the bank, has settled it
				}
				assert.Equal(t, raised, k.kinds(string(id)))
				if len(want) == 0 {
					assert.Equal(t, before["balances"], k.balancesOf("CNY"))
					assert.Equal(t, before["usage"], k.usage())
				}
				last = k.last()
				if _, isStatus := map[string]bool{"accepted": true, "paid": true, "failed": true, "returned": true}[action]; isStatus {
					again, err := k.act(action, id)
					require.NoError(t, err)
					assert.True(t, again.Replayed, "the same event")
					assert.Equal(t, last, k.last(), "is heard once")
				}
				assert.Equal(t, k.expected(after), k.balancesOf("CNY"))
				used := map[string]int64{"usage:c_payer:withdrawal:day-2026-01-01:CNY": 5000}
				if came := func(s okpay.Step) bool { return s.State == okpay.WithdrawalFailed }; slices.ContainsFunc(after.History, came) ||
					after.State == okpay.WithdrawalTurnedDown || after.State == okpay.WithdrawalCanceled {
					used = map[string]int64{}
				}
				assert.Equal(t, used, k.usage(), "limits are given back by what comes to nothing")
				k.verify()
			})
		}
	}
}

// expected are the balances that a withdrawal of 5000 with a fee of 10, out of 20000, leaves in each state.
func (k *desk) expected(wd okpay.Withdrawal) map[string]int64 {
	nostro := map[string]int64{"bank:nostro": -20_000}
	switch wd.State {
	case okpay.WithdrawalUnderReview, okpay.WithdrawalApproved, okpay.WithdrawalSubmitting, okpay.WithdrawalUnknown, okpay.WithdrawalSubmitted:
		return merged(nostro, map[string]int64{"user:payer:available": 14_990, "user:payer:available held": 5010})
	case okpay.WithdrawalPaid:
		if k.balancesOf("CNY")["expense:loss"] != 0 {
			return merged(nostro, map[string]int64{"user:payer:available": 20_000, "clearing:bankA": 5000, "expense:loss": -5000})
		}
		if k.balancesOf("CNY")["fees:withdrawal"] == 0 { // collected: a failure costs no fee
			return merged(nostro, map[string]int64{"user:payer:available": 15_000, "clearing:bankA": 5000})
		}
		return merged(nostro, map[string]int64{"user:payer:available": 14_990, "clearing:bankA": 5000, "fees:withdrawal": 10})
	case okpay.WithdrawalSentBack:
		if wd.History[len(wd.History)-2].State == okpay.WithdrawalPaid {
			return merged(nostro, map[string]int64{"user:payer:available": 19_990, "fees:withdrawal": 10})
		}
	case okpay.WithdrawalPaidAfterFailed:
		return merged(nostro, map[string]int64{"user:payer:available": 20_000, "clearing:bankA": 5000, "suspense:bankA": -5000})
	}
	return merged(nostro, map[string]int64{"user:payer:available": 20_000})
}
