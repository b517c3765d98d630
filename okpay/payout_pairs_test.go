package okpay_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// actPayout does one of the actions of outcomesOfPairs with a payout.
func (k *desk) actPayout(action string, id okpay.PayoutID) (okpay.Payout, error) {
	ctx, review := k.t.Context(), okpay.ReviewPayout{Payout: id, By: "ops2"}
	switch action {
	case "approve":
		return k.Payouts.Approve(ctx, review)
	case "reject":
		return k.Payouts.Reject(ctx, okpay.RejectPayout{Payout: id, By: "ops2", Reason: "kyc_required"})
	case "cancel":
		return k.Payouts.Cancel(ctx, okpay.CancelPayout{Merchant: k.merchant, Payout: id})
	case "submit":
		return k.Payouts.Submit(ctx, id)
	case "query":
		return k.Payouts.Query(ctx, id)
	case "collect":
		return k.Payouts.Collect(ctx, review)
	case "write_off":
		return k.Payouts.WriteOff(ctx, review)
	}
	for _, s := range []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutPaid, rails.PayoutFailed, rails.PayoutReturned} {
		if s.String() == action {
			return k.payoutSays(id, "pair-"+action, s)
		}
	}
	panic(action)
}

// waysTo are the actions that lead a payout to each state. "lose" submits to a provider that
// does not hear it, "die" ends the program before the call.
var waysTo = map[okpay.PayoutState]string{
	okpay.WithdrawalUnderReview: "", okpay.WithdrawalApproved: "approve", okpay.WithdrawalSubmitting: "approve die",
	okpay.WithdrawalUnknown: "approve lose", okpay.WithdrawalSubmitted: "approve submit", okpay.WithdrawalPaid: "approve submit paid",
	okpay.WithdrawalSentBack: "approve submit paid returned", okpay.WithdrawalFailed: "approve submit failed",
	okpay.WithdrawalTurnedDown: "reject", okpay.WithdrawalCanceled: "cancel", okpay.WithdrawalPaidAfterFailed: "approve submit failed paid",
}

func (k *desk) reachPayout(state okpay.PayoutState) okpay.PayoutID {
	k.t.Helper()
	po, err := k.payout(5000)
	require.NoError(k.t, err)
	for _, action := range strings.Fields(waysTo[state]) {
		switch action {
		case "lose":
			k.behaves(rails.Behavior{Lost: errors.New("reset")})
			_, err = k.Payouts.Submit(k.t.Context(), po.ID)
			k.behaves(rails.Behavior{})
		case "die":
			dead, failure := okpay.New(k.Ledger(), okpay.Config{PayoutProviders: map[string]rails.PayoutProvider{"bankA": panicking{}}})
			require.NoError(k.t, failure)
			require.Panics(k.t, func() { _, _ = dead.Payouts.Submit(k.t.Context(), po.ID) })
		default:
			_, err = k.actPayout(action, po.ID)
		}
		require.NoError(k.t, err)
	}
	po, err = k.Payouts.Get(k.t.Context(), po.ID)
	require.NoError(k.t, err)
	require.Equal(k.t, state, po.State)
	return po.ID
}

func TestEveryActionInEveryStateOfAPayoutIsDoneOrRefused(t *testing.T) {
	for action, outcomes := range outcomesOfPairs {
		for i, state := range statesOfPairs {
			t.Run(action+" when "+string(state), func(t *testing.T) {
				k := startDesk(t, okpay.Config{}, 0, 20_000)
				id := k.reachPayout(state)
				balances, last := k.balancesOf("CNY"), k.last()
				after, err := k.actPayout(action, id)
				types, _ := k.since(last)
				if outcomes[i] == "" {
					refusedAs(t, err, okpay.InvalidState)
					assert.Empty(t, types)
					assert.Equal(t, balances, k.balancesOf("CNY"))
					return
				}
				require.NoError(t, err)
				to, rest, _ := strings.Cut(outcomes[i], ":")
				events, _, trouble := strings.Cut(rest, "!")
				want := []string{}
				if repeated := strings.Contains(waysTo[state], action); !repeated { // the same event is heard once
					for _, e := range strings.Fields(events) {
						want = append(want, "payout."+e)
					}
					if trouble {
						want = append(want, "reconciliation.exception")
					}
					assert.Equal(t, okpay.PayoutState(to), after.State)
				} else {
					assert.Equal(t, state, after.State)
				}
				assert.ElementsMatch(t, want, types)
				k.verify()
			})
		}
	}
}
