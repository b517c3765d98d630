package care_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// union is what the restrictions in force take away, by what the customer is shown of them.
func (k *desk) union() (denied []okpay.Capability) {
	k.t.Helper()
	var set []okpay.Capability
	for before, more := care.RestrictionID(""), true; more; {
		var (
			list []care.Restriction
			err  error
		)
		list, more, err = k.Restrictions.Mine(k.t.Context(), k.customer, before, 100)
		require.NoError(k.t, err)
		for _, r := range list {
			before = r.ID
			if inForce(r.State) {
				set = append(set, r.Capabilities...)
			}
		}
	}
	for _, can := range okpay.Capabilities() {
		if slices.Contains(set, can) {
			denied = append(denied, can)
		}
	}
	return denied
}

func inForce(s care.RestrictionState) bool {
	return slices.Contains([]care.RestrictionState{
		care.RestrictionActive, care.RestrictionPastDue, care.RestrictionInReview, care.RestrictionPermanent,
	}, s)
}

func someCapabilities(rng *rand.Rand) (set []okpay.Capability) {
	for len(set) == 0 {
		for _, can := range okpay.Capabilities() {
			if rng.IntN(3) == 0 {
				set = append(set, can)
			}
		}
	}
	return set
}

// Two processes impose, lift, submit and let restrictions of one customer run out, all at
// once. Whenever they stand still, the gate denies exactly what is in force.
func TestRacesLeaveNoCapabilityOnOrOffWrongly(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		imposed, lifted := atomic.Int64{}, atomic.Int64{}
		for round := range testsize.Scaled(t, 12) {
			var racing sync.WaitGroup
			for worker := range 6 {
				racing.Go(func() {
					k := processes[worker%2]
					rng := rand.New(rand.NewPCG(seed, uint64(100*round+worker)))
					for range 4 {
						switch rng.IntN(6) {
						case 0, 1:
							_, err := k.Restrictions.Impose(t.Context(), care.ImposeRestriction{
								By: "rev", Why: "at random", Customer: k.customer, Reason: "unusual_activity", Capabilities: someCapabilities(rng),
								PastDue: someCapabilities(rng), DueIn: time.Duration(1+rng.IntN(3)) * time.Hour, Lasts: time.Duration(1+rng.IntN(6)) * time.Hour,
							})
							if err == nil {
								imposed.Add(1)
							} else {
								assert.ErrorIs(t, err, okpay.InvalidState) // too many
							}
						case 2, 3:
							list, _, err := k.Restrictions.Mine(t.Context(), k.customer, "", 50)
							if !assert.NoError(t, err) || len(list) == 0 {
								continue
							}
							r := list[rng.IntN(len(list))]
							_, err = k.Restrictions.Lift(t.Context(), care.MoveRestriction{By: "ann", Why: "at random", Restriction: r.ID})
							if err == nil {
								lifted.Add(1)
							} else {
								assert.ErrorIs(t, err, okpay.InvalidState)
							}
						case 4:
							_, err := k.Work(t.Context())
							assert.NoError(t, err)
						case 5: // somebody else who writes the gate
							_, _ = k.Customers.Lock(t.Context(), okpay.MoveGate{Customer: k.customer})
							_, _ = k.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: k.customer})
						}
					}
				})
			}
			racing.Wait()
			for _, k := range processes {
				require.Equal(t, k.union(), k.gate().Denied, "round %d", round)
			}
			processes[0].clock.Advance(45 * time.Minute)
		}
		assert.Positive(t, imposed.Load())
		assert.Positive(t, lifted.Load())
		processes[0].clock.Advance(10 * time.Hour)
		processes[1].work()
		require.Empty(t, processes[0].gate().Denied)
	})
}

// A thousand transfers of two processes race with restrictions that come and go: in the ledger's
// order there is none between the beginning of one and its end.
func TestNoMoneyMovesWhileARestrictionIsInForce(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		k := processes[0]
		_, err := k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
		require.NoError(t, err)
		k.topUp(1_000_000)
		var (
			racing        sync.WaitGroup
			left          atomic.Int64
			moved, denied atomic.Int64
		)
		left.Store(1000)
		for worker := range 8 {
			racing.Go(func() {
				k := processes[worker%2]
				for left.Add(-1) >= 0 {
					_, err := k.Transfers.Create(t.Context(), okpay.CreateTransfer{From: k.customer, To: "other", Amount: yuan(1)})
					switch okpay.CodeOf(err) {
					case "":
						moved.Add(1)
					case okpay.AccountRestricted:
						denied.Add(1)
					default:
						assert.NoError(t, err)
					}
				}
			})
		}
		for i := 0; left.Load() > 0; i++ {
			k := processes[i%2]
			r := k.impose("payment_disputes")
			_, err := k.Transfers.Create(t.Context(), okpay.CreateTransfer{From: k.customer, To: "other", Amount: yuan(1)})
			refused(t, err, okpay.AccountRestricted, "it is in force once Impose has returned")
			_, err = processes[(i+1)%2].lift("ann", r.ID)
			require.NoError(t, err)
			_, err = k.Transfers.Create(t.Context(), okpay.CreateTransfer{From: k.customer, To: "other", Amount: yuan(1)})
			require.NoError(t, err)
			moved.Add(1)
		}
		racing.Wait()
		restricted, completed := false, int64(0)
		for no, more := int64(0), true; more; {
			events, last, err := k.Events(t.Context(), no, 500)
			require.NoError(t, err)
			for _, e := range events {
				switch e.Type {
				case "restriction.imposed":
					restricted = true
				case "restriction.lifted":
					restricted = false
				case "transfer.completed":
					completed++
					require.False(t, restricted, "money moved while a restriction was in force: %s", e.Data)
				}
			}
			no, more = last, len(events) == 500
		}
		assert.Equal(t, moved.Load(), completed)
		assert.Positive(t, denied.Load())
		b, err := json.Marshal(k.gate())
		require.NoError(t, err)
		t.Logf("%d moved, %d denied, %s", moved.Load(), denied.Load(), b)
	})
}

// Of what two processes do at the same time with appeals there is one: one appeal, one who takes
// it, one approval that lifts the restriction, one answer to a nudge.
func TestRacesOfAppealsHaveOneWinner(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		k := processes[0]
		race := func(n int, fn func(k *desk, i int) error) int {
			var (
				racing sync.WaitGroup
				won    atomic.Int64
			)
			for i := range n {
				racing.Go(func() {
					err := fn(processes[i%2], i)
					if err == nil {
						won.Add(1)
						return
					}
					assert.Contains(t, []okpay.Code{okpay.InvalidState, okpay.TooManyTries, okpay.PermissionDenied, okpay.DuplicateApprover}, okpay.CodeOf(err), "%v", err)
				})
			}
			racing.Wait()
			return int(won.Load())
		}
		r := k.impose("terms_violation")
		assert.Equal(t, 1, race(40, func(k *desk, _ int) error { _, err := k.appeal(r.ID); return err }))
		list, _, err := k.Appeals.Mine(t.Context(), k.customer, "", 0)
		require.NoError(t, err)
		require.Len(t, list, 1)
		a := list[0].ID
		assert.Equal(t, 1, race(20, func(k *desk, _ int) error { _, err := k.nudge(a); return err }))
		agents := []care.OperatorID{"ann", "bob"}
		assert.Equal(t, 1, race(10, func(k *desk, i int) error { return k.take(agents[i%2], a) }))
		file, err := k.Appeals.File(t.Context(), care.LookAt{By: "ann", Why: "a look"}, a)
		require.NoError(t, err)
		first, second := file.Reviewer, agents[0]
		if first == second {
			second = agents[1]
		}
		require.NoError(t, k.approve(first, a))
		assert.Equal(t, 1, race(20, func(k *desk, i int) error {
			if i%4 < 2 {
				return k.approve(second, a)
			}
			return k.approve(first, a)
		}))
		assert.Equal(t, care.RestrictionLifted, k.state(r.ID))
		types, _ := k.eventsSince(0)
		for _, one := range []string{"appeal.submitted", "appeal.taken", "appeal.approved", "restriction.lifted"} {
			assert.Len(t, slices.DeleteFunc(slices.Clone(types), func(s string) bool { return s != one }), 1, one)
		}
	})
}
