package care_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// racing runs a function many times at once, in turn in each of the processes, and returns the
// errors. A process that is busy did nothing, and is asked again.
func racing(processes []*desk, times int, fn func(k *desk, i int) error) []error {
	errs := make([]error, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			for range 200 {
				errs[i] = fn(processes[i%len(processes)], i)
				if !errors.Is(errs[i], okpay.ServiceBusy) {
					return
				}
			}
		})
	}
	all.Wait()
	return errs
}

func TestOfManyContactsAtOnceOneCaseIsMade(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		k := processes[0]
		ids := make([]care.CaseID, 16)
		errs := racing(processes, len(ids), func(k *desk, i int) error {
			c, err := k.Cases.Open(t.Context(), care.OpenCase{Customer: k.customer, Category: care.Complaint, Text: fmt.Sprint("contact ", i)})
			ids[i] = c.ID
			return err
		})
		for i, err := range errs {
			require.NoError(t, err)
			assert.Equal(t, ids[0], ids[i])
		}
		assert.Len(t, k.texts(ids[0]), len(ids), "each is in the log")
		list, _, err := k.Cases.List(t.Context(), care.ListCases{Customer: k.customer})
		require.NoError(t, err)
		assert.Len(t, list, 1)
		processes[1].verify()
	})
}

func TestOfManyAgentsOneGetsTheCaseAndNobodyMoreThanTheyCan(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		k := processes[0]
		agents := []care.OperatorID{"ann", "bob", "one", "two"}
		k.hire("two", care.AgentL1)
		id := k.open(care.GeneralQuestion).ID
		errs := racing(processes, 16, func(k *desk, i int) error {
			_, err := k.Cases.Take(t.Context(), work(agents[i%4], id))
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			refused(t, err, okpay.InvalidState)
		}
		assert.Equal(t, 1, won)

		// One agent, many cases, both processes at once: no more than five are open.
		k.hire("three", care.AgentL1)
		var ids []care.CaseID
		for i := range 8 {
			who := okpay.CustomerID(fmt.Sprint("customer", i))
			k.newCustomer(who)
			ids = append(ids, k.openFor(who, care.GeneralQuestion).ID)
		}
		errs = racing(processes, len(ids), func(k *desk, i int) error {
			_, err := k.Cases.Take(t.Context(), work("three", ids[i]))
			return err
		})
		taken := len(slices.DeleteFunc(errs, func(err error) bool { return err != nil }))
		assert.Equal(t, 5, taken)
	})
}

func TestParallelGuessesOfACallerGainNothing(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		k := processes[0]
		id := k.open(care.GeneralQuestion).ID
		k.takes("one", id)
		errs := racing(processes, 40, func(k *desk, i int) error {
			ok, err := k.Callers.Identify(t.Context(), care.IdentifyCaller{
				By: "one", Why: why, Case: id, Email: fmt.Sprintf("a%d@example.com", i), Balance: yuan(0), Transaction: "pay_1",
			})
			assert.False(t, ok)
			return err
		})
		answered := 0
		for _, err := range errs {
			if err == nil {
				answered++
				continue
			}
			refused(t, err, okpay.TooManyTries)
		}
		assert.Equal(t, 5, answered)
	})
}

func TestAnApprovalIsGoodOnceFromAllProcesses(t *testing.T) {
	inTwoProcesses(t, func(t *testing.T, processes []*desk) {
		k := processes[0]
		id := k.open(care.GeneralQuestion).ID
		k.takes("one", id)
		r, number, err := k.Callers.AskProof(t.Context(), ask("one", id))
		require.NoError(t, err)
		ctx := k.signedIn()
		before := k.lastEvent()
		errs := racing(processes, 20, func(k *desk, i int) error {
			in := care.ProveCaller{Customer: k.customer, Request: r.ID, Number: number}
			if i%2 == 1 {
				in.Number = "x"
			}
			_, err := k.Callers.Approve(ctx, in)
			return err
		})
		late := 0
		for _, err := range errs {
			if errors.Is(err, okpay.InvalidState) {
				late++
			}
		}
		assert.Equal(t, 19, late)
		types, _ := k.eventsSince(before)
		answers := slices.DeleteFunc(types, func(s string) bool { return s == "case.noted" })
		assert.Len(t, answers, 1)
	})
}
