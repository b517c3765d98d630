package care_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

const once guard = "it works once for each wallet"

// restrictionGuards are those of all exported methods of Care and of the services of operators,
// restrictions and appeals. A new method fails the test until it stands here.
func restrictionGuards() map[string]guard {
	return map[string]guard{
		"Operators.Bootstrap": once, "Operators.Create": byOperator, "Operators.Update": byOperator, "Operators.Suspend": byOperator,
		"Operators.Resume": byOperator, "Operators.Remove": byOperator, "Operators.May": reading, "Operators.List": reading, "Operators.Get": program,
		"Restrictions.Impose": byOperator, "Restrictions.Accept": byOperator, "Restrictions.Reject": byOperator, "Restrictions.Require": byOperator,
		"Restrictions.Lift": byOperator, "Restrictions.MakePermanent": byOperator, "Restrictions.File": byOperator, "Restrictions.Waiting": reading,
		"Restrictions.Mine": byCustomer, "Restrictions.Get": byCustomer, "Restrictions.Submit": byCustomer, "Restrictions.Progress": byCustomer,
		"Appeals.Take": byOperator, "Appeals.Release": byOperator, "Appeals.Ask": byOperator, "Appeals.Deny": byOperator, "Appeals.Approve": byOperator,
		"Appeals.File": byOperator, "Appeals.Waiting": reading,
		"Appeals.Submit": byCustomer, "Appeals.Withdraw": byCustomer, "Appeals.Nudge": byCustomer, "Appeals.Answer": byCustomer, "Appeals.Get": byCustomer,
		"Appeals.Mine": byCustomer, "Appeals.Progress": byCustomer,
		"Care.Held": byCustomer, "Care.Export": byOperator, "Care.Erase": byOperator, "Care.Audit": byOperator, "Care.PublicReasons": public, "Care.Secret": program,
		"Care.Gather": program, "Care.Forget": program, "Care.Withholds": public, "Care.Reasons": program, "Care.Roles": program,
	}
}

func TestEveryMethodOfRestrictionsHasItsGuard(t *testing.T) {
	k := openDesk(t, memstore.New(), handclock.At(monday), okpay.Config{RequireActor: true}, care.Config{}, true)
	seen := map[string]bool{}
	for _, s := range []any{k.Care, k.Operators, k.Restrictions, k.Appeals} {
		v := reflect.ValueOf(s)
		for i := range v.NumMethod() {
			name := v.Type().Elem().Name() + "." + v.Type().Method(i).Name
			g, ok := restrictionGuards()[name]
			require.True(t, ok, "%s is not listed", name)
			seen[name] = true
			call := func(reason string) error {
				return callWith(t, v.Method(i), func(field string, v reflect.Value) { fill(name, field, v, reason) })
			}
			switch g {
			case byOperator:
				refused(t, call("of good form"), okpay.PermissionDenied, name)
				refused(t, call(""), okpay.InvalidRequest, "%s without a reason", name)
			case reading:
				refused(t, call("of good form"), okpay.PermissionDenied, name)
			case byCustomer:
				refused(t, call(""), okpay.AuthenticationRequired, name)
			case once:
				refused(t, call("of good form"), okpay.InvalidState, name)
			}
		}
	}
	assert.Len(t, seen, len(restrictionGuards()))
	k.verify()
}

// fill gives a method's input a good form.
func fill(method, field string, v reflect.Value, reason string) {
	text := func(s string) {
		if v.Kind() == reflect.String {
			v.SetString(s)
		}
	}
	switch field {
	case "Why":
		text(reason)
	case "ID", "Operator", "Restriction", "Appeal", "Requirement":
		text("id_1")
	case "By":
		if method == "Operators.Bootstrap" {
			text("")
		}
	case "Roles":
		if v.Kind() == reflect.Pointer {
			v.Set(reflect.ValueOf(&[]care.Role{care.Admin}))
		} else {
			v.Set(reflect.ValueOf([]care.Role{care.Admin}))
		}
	case "Reason":
		if text("identity_unverified"); method == "Appeals.Deny" {
			text("rules_apply")
		}
	case "Problem":
		if method == "Restrictions.Reject" {
			text("unreadable")
		}
	case "Situation", "Request", "Question", "Answer", "Text":
		text(strings.Repeat("of good form ", 3))
	case "Requirements":
		v.Set(reflect.ValueOf([]care.Ask{{Kind: care.Document, Code: "x"}}))
	}
}

// Ten thousand repeats of what was done do nothing more.
func TestRepeatsOfRestrictionsDoNothing(t *testing.T) {
	k := startDesk(t, care.Config{})
	ctx := t.Context()
	impose := care.ImposeRestriction{By: "rev", Why: "was flagged", Customer: k.customer, Reason: "unusual_activity", Key: "k"}
	r, err := k.Restrictions.Impose(ctx, impose)
	require.NoError(t, err)
	submit := care.SubmitRequirement{Customer: k.customer, Restriction: r.ID, Requirement: "r1", Documents: paper("a"), Key: "k"}
	_, err = k.Restrictions.Submit(ctx, submit)
	require.NoError(t, err)
	appeal := care.SubmitAppeal{Customer: k.customer, Restriction: r.ID, Situation: situation, Request: request, Key: "k"}
	a, err := k.Appeals.Submit(ctx, appeal)
	require.NoError(t, err)
	take := k.reviews("ann", a.ID)
	take.Key = "take"
	_, err = k.Appeals.Take(ctx, take)
	require.NoError(t, err)
	approve := k.reviews("ann", a.ID)
	approve.Key = "approve"
	_, err = k.Appeals.Approve(ctx, approve)
	require.NoError(t, err)
	before, told := k.lastEvent(), len(k.mails())
	for range 2000 {
		for i, again := range []func() (bool, error){
			func() (bool, error) { r, err := k.Restrictions.Impose(ctx, impose); return r.Replayed, err },
			func() (bool, error) { r, err := k.Restrictions.Submit(ctx, submit); return r.Replayed, err },
			func() (bool, error) { a, err := k.Appeals.Submit(ctx, appeal); return a.Replayed, err },
			func() (bool, error) { a, err := k.Appeals.Take(ctx, take); return a.Replayed, err },
			func() (bool, error) { a, err := k.Appeals.Approve(ctx, approve); return a.Replayed, err },
		} {
			replayed, err := again()
			require.NoError(t, err, i)
			require.True(t, replayed, i)
		}
	}
	assert.Equal(t, before, k.lastEvent())
	assert.Len(t, k.mails(), told)
	assert.Equal(t, care.RestrictionActive, k.state(r.ID), "one pair of eyes, however often")
	k.verify()
}
