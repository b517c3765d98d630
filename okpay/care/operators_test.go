package care_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func TestTheFirstAdminIsMadeOnce(t *testing.T) {
	clock := handclock.At(monday)
	k := openDesk(t, memstore.New(), clock, okpay.Config{}, care.Config{}, false)
	in := care.CreateOperator{ID: "root", Roles: []care.Role{care.Admin}, Why: "first of all", Key: "k"}
	won := make(chan error, 20)
	var racing sync.WaitGroup
	for i := range cap(won) {
		racing.Go(func() {
			in := in
			in.Key, in.ID = "", care.OperatorID("root"+string(rune('a'+i)))
			_, err := k.Operators.Bootstrap(t.Context(), in)
			won <- err
		})
	}
	racing.Wait()
	made := 0
	for range cap(won) {
		if err := <-won; err == nil {
			made++
		} else {
			refused(t, err, okpay.InvalidState)
		}
	}
	assert.Equal(t, 1, made)
	_, err := k.Operators.Bootstrap(t.Context(), in)
	refused(t, err, okpay.InvalidState)
	in.Roles = []care.Role{care.Reviewer}
	_, err = k.Operators.Bootstrap(t.Context(), in)
	refused(t, err, okpay.InvalidRequest)
	k.verify()
}

func TestOnlyAdminsMakeOperatorsAndNobodyMakesThemselves(t *testing.T) {
	k := startDesk(t, care.Config{Roles: map[care.Role][]care.Permission{"night_shift": {care.MaySeeCases}}})
	make := func(by care.OperatorID, change func(*care.CreateOperator)) error {
		in := care.CreateOperator{By: by, Why: "was hired", ID: "new", Roles: []care.Role{"night_shift"}}
		if change != nil {
			change(&in)
		}
		_, err := k.Operators.Create(t.Context(), in)
		return err
	}
	for _, by := range []care.OperatorID{"ann", "rev", "cleo", "one", "aud", "nobody", "new"} {
		refused(t, make(by, nil), okpay.PermissionDenied, by)
	}
	for name, change := range map[string]func(*care.CreateOperator){
		"no reason":           func(in *care.CreateOperator) { in.Why = " " },
		"no id":               func(in *care.CreateOperator) { in.ID = "" },
		"an id with a slash":  func(in *care.CreateOperator) { in.ID = "a/b" },
		"no role":             func(in *care.CreateOperator) { in.Roles = nil },
		"an unknown role":     func(in *care.CreateOperator) { in.Roles = []care.Role{"owner"} },
		"a skill of no form":  func(in *care.CreateOperator) { in.Skills = []string{"A b"} },
		"a long name":         func(in *care.CreateOperator) { in.Name = strings.Repeat("n", 201) },
		"a name turned round": func(in *care.CreateOperator) { in.Name = "a\u202eb" },
		"a reason of lines":   func(in *care.CreateOperator) { in.Why = "one\ntwo" },
	} {
		refused(t, make("boss", change), okpay.InvalidRequest, name)
	}
	refused(t, make("boss", func(in *care.CreateOperator) { in.Person = "boss" }), okpay.SelfApprovalForbidden)
	before := k.lastEvent()
	require.NoError(t, make("boss", func(in *care.CreateOperator) { in.Key = "k" }))
	require.NoError(t, make("boss", func(in *care.CreateOperator) { in.Key = "k" }), "a repeat")
	refused(t, make("boss", func(in *care.CreateOperator) { in.Key, in.Name = "k", "x" }), okpay.IdempotencyKeyReused)
	refused(t, make("boss", nil), okpay.InvalidState, "there is one")
	types, _ := k.eventsSince(before)
	assert.Equal(t, []string{"operator.created"}, types)
	assert.Equal(t, []string{"operator.create"}, k.actions("new"))

	_, err := k.Operators.Update(t.Context(), care.UpdateOperator{By: "boss", Why: "more rights", Operator: "boss", Roles: &[]care.Role{care.Admin, care.Compliance}})
	refused(t, err, okpay.SelfApprovalForbidden)
	_, err = k.Operators.Remove(t.Context(), care.MoveOperator{By: "new", Why: "a grudge", Operator: "boss"})
	refused(t, err, okpay.PermissionDenied)

	_, err = care.New(k.Wallet, care.Config{Roles: map[care.Role][]care.Permission{"x": {care.MayHold}}})
	refused(t, err, okpay.InvalidRequest, "what is compliance's alone can not be given")
	_, err = care.New(k.Wallet, care.Config{Roles: map[care.Role][]care.Permission{care.Admin: {}}})
	refused(t, err, okpay.InvalidRequest)
	_, err = care.New(nil, care.Config{})
	refused(t, err, okpay.InvalidRequest)
	k.verify()
}

func TestEveryActionOnAnOperatorInEveryState(t *testing.T) {
	k := startDesk(t, care.Config{})
	reach := map[care.OperatorState]func(care.OperatorID){
		care.OperatorActive: func(care.OperatorID) {},
		care.OperatorSuspended: func(id care.OperatorID) {
			_, err := k.Operators.Suspend(t.Context(), care.MoveOperator{By: "boss", Why: "on leave", Operator: id})
			require.NoError(t, err)
		},
		care.OperatorRemoved: func(id care.OperatorID) {
			_, err := k.Operators.Remove(t.Context(), care.MoveOperator{By: "boss", Why: "has left", Operator: id})
			require.NoError(t, err)
		},
	}
	name := "New Name"
	act := map[string]func(care.OperatorID) (care.Operator, error){
		"create": func(id care.OperatorID) (care.Operator, error) {
			return k.Operators.Create(t.Context(), care.CreateOperator{By: "boss", Why: "was hired", ID: id, Roles: []care.Role{care.Auditor}})
		},
		"change": func(id care.OperatorID) (care.Operator, error) {
			return k.Operators.Update(t.Context(), care.UpdateOperator{By: "boss", Why: "was married", Operator: id, Name: &name})
		},
		"suspend": func(id care.OperatorID) (care.Operator, error) {
			return k.Operators.Suspend(t.Context(), care.MoveOperator{By: "boss", Why: "on leave", Operator: id})
		},
		"resume": func(id care.OperatorID) (care.Operator, error) {
			return k.Operators.Resume(t.Context(), care.MoveOperator{By: "boss", Why: "is back", Operator: id})
		},
		"remove": func(id care.OperatorID) (care.Operator, error) {
			return k.Operators.Remove(t.Context(), care.MoveOperator{By: "boss", Why: "has left", Operator: id})
		},
	}
	var machine okpay.Table
	for _, m := range care.Machines() {
		if m.Noun == "operator" {
			machine = m
		}
	}
	require.Len(t, machine.States, len(reach))
	n := 0
	for from, prepare := range reach {
		for on, do := range act {
			n++
			id := care.OperatorID("op" + string(rune('a'+n)))
			k.hire(id, care.Auditor)
			prepare(id)
			var want *okpay.Row[string]
			for _, r := range machine.Rows {
				if r.From == string(from) && string(r.On) == on {
					want = &r
				}
			}
			before, _ := k.Operators.Get(t.Context(), id)
			events := k.lastEvent()
			got, err := do(id)
			types, _ := k.eventsSince(events)
			if want == nil {
				refused(t, err, okpay.InvalidState, "%s on %s", on, from)
				after, _ := k.Operators.Get(t.Context(), id)
				assert.Equal(t, before, after)
				assert.Empty(t, types)
				continue
			}
			require.NoError(t, err, "%s on %s", on, from)
			assert.Equal(t, want.To, string(got.State))
			assert.Equal(t, want.Emits, types)
		}
	}
	_, err := act["remove"]("nobody")
	refused(t, err, okpay.NotFound)
	k.verify()
}

func TestTheLastAdminStays(t *testing.T) {
	k := startDesk(t, care.Config{})
	k.hire("boss2", care.Admin)
	_, err := k.Operators.Remove(t.Context(), care.MoveOperator{By: "boss2", Why: "has left", Operator: "boss"})
	require.NoError(t, err)
	_, err = k.Operators.Create(t.Context(), care.CreateOperator{By: "boss", Why: "was hired", ID: "x", Roles: []care.Role{care.Admin}})
	refused(t, err, okpay.PermissionDenied)
	k.hireBy("boss2", "boss3", care.Admin)
	// Both take the other's role away: one of them wins.
	var racing sync.WaitGroup
	errs := make([]error, 2)
	pair := []care.OperatorID{"boss2", "boss3"}
	for i := range pair {
		racing.Go(func() {
			_, errs[i] = k.Operators.Suspend(t.Context(), care.MoveOperator{By: pair[i], Why: "a struggle", Operator: pair[1-i]})
		})
	}
	racing.Wait()
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
			refused(t, err, okpay.PermissionDenied)
		}
	}
	assert.Equal(t, 1, failed)
	k.verify()
}

func TestACustomerWhoIsSignedInIsNoOperator(t *testing.T) {
	k := startDesk(t, care.Config{})
	ctx := okpay.WithActor(t.Context(), okpay.Actor{Customer: k.customer, Session: "s"})
	_, err := k.Operators.Create(ctx, care.CreateOperator{By: "boss", Why: "was hired", ID: "x", Roles: []care.Role{care.Admin}})
	refused(t, err, okpay.PermissionDenied)
	_, err = k.Operators.May(ctx, "boss", care.MayManageOperators)
	refused(t, err, okpay.PermissionDenied)
	_, _, err = k.Operators.List(ctx, care.ListOperators{By: "boss"})
	refused(t, err, okpay.PermissionDenied)
}

func TestOperatorsAreListed(t *testing.T) {
	k := startDesk(t, care.Config{})
	_, _, err := k.Operators.List(t.Context(), care.ListOperators{By: "one"})
	refused(t, err, okpay.PermissionDenied)
	list, more, err := k.Operators.List(t.Context(), care.ListOperators{By: "boss", Limit: 3, State: care.OperatorActive})
	require.NoError(t, err)
	assert.True(t, more)
	require.Len(t, list, 3)
	list, more, err = k.Operators.List(t.Context(), care.ListOperators{By: "boss", After: list[2].ID})
	require.NoError(t, err)
	assert.False(t, more)
	assert.Len(t, list, 5)
	o, err := k.Operators.May(t.Context(), "rev", care.MayReviewWithdrawals)
	require.NoError(t, err)
	assert.Equal(t, "rev", o.Person)
	_, err = k.Operators.May(t.Context(), "one", care.MayReviewWithdrawals)
	refused(t, err, okpay.PermissionDenied)
}
