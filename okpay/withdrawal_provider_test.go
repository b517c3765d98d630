package okpay_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// stories are what may really have happened, and the balances that it leaves when it is told
// in order. A story that contradicts itself ends there, or in an exception.
var stories = []struct {
	name        string
	told        []rails.PayoutStatus
	contradicts bool
}{
	{"paid", []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutPaid}, false},
	{"failed", []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutFailed}, false},
	{"returned", []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutPaid, rails.PayoutReturned}, false},
	{"paid after failed", []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutFailed, rails.PayoutPaid}, true},
	{"failed after paid", []rails.PayoutStatus{rails.PayoutPaid, rails.PayoutFailed}, true},
	{"everything", []rails.PayoutStatus{rails.PayoutAccepted, rails.PayoutFailed, rails.PayoutPaid, rails.PayoutReturned}, true},
}

func TestPermutationsOfCallbacksEndInTheSameBalancesOrInAnException(t *testing.T) {
	const seed = 4
	r := rand.New(rand.NewPCG(seed, seed))
	t.Log("seed", seed)
	cfg := okpay.Config{
		Fees:   okpay.Fees{Withdrawal: okpay.Fee{Fixed: 10}},
		Limits: []okpay.Limit{{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 100_000}},
	}
	inOrder := map[string]map[string]int64{}
	for _, s := range stories {
		k := startDesk(t, cfg, 20_000, 0)
		id := k.submitted(5000).ID
		for i, status := range s.told {
			_, err := k.says(id, fmt.Sprint(i), status)
			require.NoError(t, err)
		}
		inOrder[s.name] = k.balancesOf("CNY")
	}
	for n := range testsize.Scaled(t, 1000) {
		s := stories[n%len(stories)]
		k := startDesk(t, cfg, 20_000, 0)
		id := k.submitted(5000).ID
		type callback struct {
			event  string
			status rails.PayoutStatus
		}
		var calls []callback
		for i, status := range s.told {
			for copies := range 1 + r.IntN(3) {
				calls = append(calls, callback{fmt.Sprint(i), status}) // the same event again
				if r.IntN(3) == 0 {
					calls = append(calls, callback{fmt.Sprint(i, "-", copies), status}) // or the same fact in another event
				}
			}
		}
		r.Shuffle(len(calls), func(i, j int) { calls[i], calls[j] = calls[j], calls[i] })
		if n%10 == 0 { // all at once
			var running sync.WaitGroup
			for _, c := range calls {
				running.Go(func() {
					_, err := k.says(id, c.event, c.status)
					assert.NoError(t, err)
				})
			}
			running.Wait()
		} else {
			for _, c := range calls {
				_, err := k.says(id, c.event, c.status)
				require.NoError(t, err)
			}
		}
		same := assert.ObjectsAreEqual(inOrder[s.name], k.balancesOf("CNY"))
		raised := len(k.kinds(string(id))) > 0
		switch {
		case !s.contradicts:
			require.True(t, same, "%s: %v leaves %v", s.name, calls, k.balancesOf("CNY"))
			require.False(t, raised, "%s: %v", s.name, calls)
		default:
			require.True(t, raised || same && slices.Contains(s.told, rails.PayoutReturned), "%s: %v is silent", s.name, calls)
		}
		for kind, times := range k.kinds(string(id)) {
			assert.Equal(t, 1, times, "%s is one exception", kind)
		}
		if n%50 == 0 {
			k.verify()
		}
	}
}

func TestAnAmountOtherThanOrderedIsForAPersonAndKeepsTheState(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.submitted(5000).ID
	event := okpay.ProviderEvent{Provider: "bankA", EventID: "e1", Key: string(id), Status: rails.PayoutPaid, Amount: cny(4999)}
	before := k.balancesOf("CNY")
	require.NoError(t, k.step([]string{"reconciliation.exception"}, []string{}, func() error {
		wd, err := k.Withdrawals.ProviderSays(t.Context(), event)
		assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
		return err
	}))
	event.EventID = "e2"
	event.Amount = money.New(5000, money.MustISO("USD"))
	require.NoError(t, k.step([]string{}, []string{}, func() error { // it is open already
		_, err := k.Withdrawals.ProviderSays(t.Context(), event)
		return err
	}))
	assert.Equal(t, before, k.balancesOf("CNY"))
	x, _, err := k.Exceptions.List(t.Context(), okpay.ExceptionQuery{})
	require.NoError(t, err)
	require.Len(t, x, 1)
	assert.Equal(t, "amount_mismatch", x[0].Kind)
	assert.Equal(t, cny(4999), x[0].Amount)
	resolved, err := k.Exceptions.Resolve(t.Context(), okpay.ResolveException{Exception: x[0].ID, By: "ops1", Reason: "told_by_phone"})
	require.NoError(t, err)
	assert.Equal(t, okpay.ExceptionResolved, resolved.State)
	_, err = k.Exceptions.Resolve(t.Context(), okpay.ResolveException{Exception: x[0].ID, By: "ops1", Reason: "told_by_phone"})
	refusedAs(t, err, okpay.InvalidState)
	event.EventID = "e3"
	require.NoError(t, k.step([]string{"reconciliation.exception"}, []string{}, func() error { // it is new again
		_, err := k.Withdrawals.ProviderSays(t.Context(), event)
		return err
	}))
	event.EventID, event.Amount = "e4", cny(5000)
	wd, err := k.Withdrawals.ProviderSays(t.Context(), event)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalPaid, wd.State)
	k.verify()
}

func TestWhatAProviderSaysOfNothingOrOfAnothersIsForAPerson(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.submitted(5000).ID
	_, err := k.Withdrawals.ProviderSays(t.Context(), okpay.ProviderEvent{Provider: "bankB", EventID: "e1", Key: string(id), Status: rails.PayoutPaid})
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"wrong_provider": 1}, k.kinds(string(id)))

	unknown := okpay.ProviderEvent{Provider: "bankA", EventID: "e1", Key: "wd_nobody", Status: rails.PayoutPaid, Amount: cny(7)}
	refusedAs(t, k.step([]string{"reconciliation.exception"}, nil, func() error {
		_, err := k.Withdrawals.ProviderSays(t.Context(), unknown)
		return err
	}), okpay.NotFound)
	refusedAs(t, k.step([]string{}, nil, func() error { return k.PayoutProviderSays(t.Context(), unknown) }), okpay.NotFound)
	assert.Equal(t, map[string]int{"unknown_object": 1}, k.kinds("wd_nobody"))

	_, err = k.says(id, "e2", rails.PayoutAccepted)
	require.NoError(t, err)
	wd, err := k.says(id, "e2", rails.PayoutPaid) // the same id, and not the same event
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalSubmitted, wd.State)
	assert.Equal(t, map[string]int{"wrong_provider": 1, "event_id_reused": 1}, k.kinds(string(id)))
	k.verify()
}

func TestAnEventThatIsNoneIsRefused(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := string(k.submitted(5000).ID)
	for name, e := range map[string]okpay.ProviderEvent{
		"no provider":   {EventID: "e", Key: id, Status: rails.PayoutPaid},
		"no id":         {Provider: "bankA", Key: id, Status: rails.PayoutPaid},
		"no key":        {Provider: "bankA", EventID: "e", Status: rails.PayoutPaid},
		"no status":     {Provider: "bankA", EventID: "e", Key: id},
		"not found":     {Provider: "bankA", EventID: "e", Key: id, Status: rails.PayoutNotFound},
		"control codes": {Provider: "bankA", EventID: "e\n", Key: id, Status: rails.PayoutPaid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k.Withdrawals.ProviderSays(t.Context(), e)
			refusedAs(t, err, okpay.InvalidRequest)
		})
	}
	assert.Equal(t, okpay.WithdrawalSubmitted, func() okpay.WithdrawalState {
		wd, err := k.Withdrawals.Get(t.Context(), okpay.WithdrawalID(id))
		require.NoError(t, err)
		return wd.State
	}())
}

func TestAProvidersCodeSaysWhyItFailed(t *testing.T) {
	for code, want := range map[string]okpay.Code{
		"AC04": okpay.DestinationClosed, "AC06": okpay.DestinationBlocked, "BE01": okpay.DestinationNameMismatch, "R03": okpay.DestinationInvalid,
		"account_frozen": okpay.DestinationBlocked, "destination_closed": okpay.DestinationClosed, "": okpay.ProviderRejected, "XY99": okpay.ProviderRejected,
	} {
		t.Run(code, func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 20_000, 0)
			id := k.submitted(5000).ID
			wd, err := k.Withdrawals.ProviderSays(t.Context(), okpay.ProviderEvent{
				Provider: "bankA", EventID: "e", Key: string(id), Status: rails.PayoutFailed, Code: code, Reference: "b-1",
			})
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalFailed, wd.State)
			assert.Equal(t, want, wd.Failure.Code)
			assert.Equal(t, "b-1", wd.ProviderReference)
		})
	}
	for _, code := range []string{"SYSTEM_ERROR", "provider_unavailable", "network_error", "internal_error", "idempotency_key_in_use"} {
		t.Run(code+" decides nothing", func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 20_000, 0)
			k.behaves(rails.Behavior{Says: &rails.PayoutResult{Status: rails.PayoutFailed, Code: code}})
			wd, err := k.Withdrawals.Submit(t.Context(), k.approved(5000).ID)
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalUnknown, wd.State)
		})
	}
}

func TestWhatCameBackAndWhatIsLostIsBookedWhereItBelongs(t *testing.T) {
	fee := okpay.Config{Fees: okpay.Fees{Withdrawal: okpay.Fee{Fixed: 10}}, Withdrawals: okpay.OutgoingConfig{ReturnFee: true}}
	t.Run("the fee comes back, if it is the policy", func(t *testing.T) {
		k := startDesk(t, fee, 20_000, 0)
		k.reach(okpay.WithdrawalSentBack, 5000)
		assert.Equal(t, map[string]int64{"user:payer:available": 20_000, "bank:nostro": -20_000}, k.balancesOf("CNY"))
	})
	t.Run("collected, and then returned: it is the customer's again", func(t *testing.T) {
		k := startDesk(t, fee, 20_000, 0)
		id := k.reach(okpay.WithdrawalPaidAfterFailed, 5000)
		_, err := k.act("collect", id)
		require.NoError(t, err)
		_, err = k.says(id, "late", rails.PayoutReturned)
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"user:payer:available": 20_000, "bank:nostro": -20_000}, k.balancesOf("CNY"))
	})
	t.Run("written off, and then returned: the loss is made good", func(t *testing.T) {
		k := startDesk(t, fee, 20_000, 0)
		id := k.reach(okpay.WithdrawalPaidAfterFailed, 5000)
		_, err := k.act("write_off", id)
		require.NoError(t, err)
		assert.Equal(t, int64(-5000), k.balancesOf("CNY")["expense:loss"])
		_, err = k.says(id, "late", rails.PayoutReturned)
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"user:payer:available": 20_000, "bank:nostro": -20_000}, k.balancesOf("CNY"))
	})
	t.Run("collecting takes no more than there is", func(t *testing.T) {
		k := startDesk(t, okpay.Config{}, 5000, 0)
		id := k.reach(okpay.WithdrawalPaidAfterFailed, 5000)
		_, err := k.request(2000)
		require.NoError(t, err)
		before := k.whole(id)
		_, err = k.act("collect", id)
		assert.Equal(t, yuan(2000), refusedAs(t, err, okpay.InsufficientBalance).Short)
		assert.Equal(t, before, k.whole(id))
	})
}

func TestWhatComesBackToAClosedAccountIsForAPerson(t *testing.T) {
	for _, state := range []okpay.WithdrawalState{okpay.WithdrawalSubmitted, okpay.WithdrawalPaid} {
		t.Run(string(state), func(t *testing.T) {
			k := startDesk(t, okpay.Config{}, 5000, 0)
			id := k.reach(state, 5000)
			record, err := k.Ledger().Record(t.Context(), "gate", string(k.customer))
			require.NoError(t, err)
			closed := bytes.Replace(record.Content, []byte(`"active"`), []byte(`"closed"`), 1)
			_, err = k.Ledger().Commit(t.Context(), ledger.Change{Puts: []ledger.Put{{Type: "gate", ID: string(k.customer), Content: closed}}})
			require.NoError(t, err)
			wd, err := k.says(id, "e1", rails.PayoutReturned)
			require.NoError(t, err)
			assert.Equal(t, okpay.WithdrawalSentBack, wd.State)
			assert.Equal(t, string(okpay.DestinationClosed), wd.Reason)
			assert.Equal(t, map[string]int64{"suspense:bankA": 5000, "bank:nostro": -5000}, k.balancesOf("CNY"))
			assert.Equal(t, map[string]int{"returned_to_closed_account": 1}, k.kinds(string(id)))
			k.verify()
		})
	}
}
