package paths

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// asked are arguments of an operator's verb, by the names of their fields: real objects of ann's.
func asked(t *testing.T, w *world, s stage, name string, by care.OperatorID, reason string) (args []any) {
	t.Helper()
	fields := map[string]any{
		"By": by, "Why": reason, "Customer": ann, "Text": "words", "Case": s.caseID, "Restriction": s.restriction, "Appeal": s.appeal,
		"Question": "who are you?", "Requirement": "r1", "Problem": "unreadable", "ID": care.OperatorID("new"), "Operator": care.OperatorID("agent_l1"),
		"Roles": []care.Role{care.Auditor}, "To": care.OperatorID("agent_l2"), "Category": care.GeneralQuestion, "Objects": []care.Link{{Type: "transfer", ID: string(s.transfer)}},
		"Request": "none", "Act": care.ResetFactor, "Requirements": []care.Ask{{Kind: care.Question, Code: "more"}}, "Email": annMail, "Transaction": string(s.transfer),
		"Balance": cny(1), "Channels": []care.Channel{{Kind: care.ChannelPhone, Value: "+8610000000", Open: "24x7"}}, "Tier": 1, "Capabilities": []okpay.Capability{okpay.CanPay},
	}
	if strings.HasSuffix(name, ".Accept") {
		delete(fields, "Problem")
	}
	fill := func(v reflect.Value) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if value, ok := fields[field.Name]; ok && reflect.TypeOf(value).AssignableTo(field.Type) {
				v.Field(i).Set(reflect.ValueOf(value))
			}
			if field.Name == "Name" && field.Type == reflect.TypeFor[*string]() {
				name := "Another"
				v.Field(i).Set(reflect.ValueOf(&name))
			}
			if field.Name == "Reason" {
				v.Field(i).SetString(map[bool]string{true: "evidence_insufficient", false: "unusual_activity"}[strings.HasPrefix(name, "care.Appeals")])
			}
		}
	}
	m := method(t, w.process, name).Type()
	for i := 1; i < m.NumIn(); i++ {
		in := m.In(i)
		v := reflect.New(in).Elem()
		switch {
		case in == reflect.TypeFor[care.OperatorID]():
			v.SetString(string(by))
		case in == reflect.TypeFor[care.RestrictionID]() && !strings.HasSuffix(name, "Waiting"):
			v.SetString(string(s.restriction))
		case in == reflect.TypeFor[care.AppealID]() && !strings.HasSuffix(name, "Waiting"):
			v.SetString(string(s.appeal))
		case in.Kind() == reflect.String:
			v.SetString("none")
		case in.Kind() == reflect.Struct:
			fill(v)
		}
		args = append(args, v.Interface())
	}
	return args
}

// permissions are those of which a row names one.
func permissions(t *testing.T, p path) (out []care.Permission) {
	t.Helper()
	for _, g := range strings.Split(p.guards, ", ") {
		if list, ok := strings.CutPrefix(g, "permission "); ok {
			for _, one := range strings.Split(list, " or ") {
				assert.Contains(t, care.Permissions(), care.Permission(one), p.name)
				out = append(out, care.Permission(one))
			}
		}
	}
	require.NotEmpty(t, out, p.name)
	return out
}

func (w *world) may(by care.OperatorID, any []care.Permission) bool {
	for _, p := range any {
		if _, err := w.c.Operators.May(w.t.Context(), by, p); err == nil {
			return true
		}
	}
	return false
}

func TestAnOperatorDoesWhatTheyMayAndNothingElse(t *testing.T) {
	w := start(t)
	s := w.stage()
	w.hire("gone", roles()[:6]...)
	_, err := w.c.Operators.Remove(t.Context(), care.MoveOperator{By: "admin", Why: "has left", Operator: "gone"})
	require.NoError(t, err)
	w.hire("away", roles()[:6]...)
	_, err = w.c.Operators.Suspend(t.Context(), care.MoveOperator{By: "admin", Why: "is away", Operator: "away"})
	require.NoError(t, err)
	rows, allowed := 0, map[string]int{}
	for _, p := range paths(t) {
		if p.who != "operator" {
			continue
		}
		rows++
		need := permissions(t, p)
		for _, by := range []care.OperatorID{"gone", "away", "nobody"} {
			w.refused(t.Context(), p.name, asked(t, w, s, p.name, by, why), okpay.PermissionDenied)
		}
		for _, r := range roles() {
			by := care.OperatorID(r)
			if !w.may(by, need) {
				w.refused(t.Context(), p.name, asked(t, w, s, p.name, by, why), okpay.PermissionDenied)
				continue
			}
			allowed[p.name]++
			// In a customer's session nobody is an operator.
			w.refused(w.ann, p.name, asked(t, w, s, p.name, by, why), okpay.PermissionDenied)
			w.refused(w.ben, p.name, asked(t, w, s, p.name, by, why), okpay.PermissionDenied)
			if has(p.guards, "reason") {
				for _, none := range []string{"", "  ", "x", strings.Repeat("x", 501)} {
					w.refused(t.Context(), p.name, asked(t, w, s, p.name, by, none), okpay.InvalidRequest)
				}
			}
		}
		assert.Positive(t, allowed[p.name], "%s: no role may do it", p.name)
	}
	assert.Greater(t, rows, 45)
	w.verify()
}

// An operator's permission that is taken away counts from the next Change on, a repeat of what was
// done before is not answered either.
func TestARepeatIsNotAnsweredToAnOperatorWhoWasRemoved(t *testing.T) {
	w := start(t)
	w.hire("temp", care.Reviewer)
	in := care.ImposeRestriction{By: "temp", Why: why, Customer: ann, Reason: "cooling_off", Key: "k"}
	_, err := w.c.Restrictions.Impose(t.Context(), in)
	require.NoError(t, err)
	_, err = w.c.Operators.Remove(t.Context(), care.MoveOperator{By: "admin", Why: "has left", Operator: "temp"})
	require.NoError(t, err)
	w.refused(t.Context(), "care.Restrictions.Impose", []any{in}, okpay.PermissionDenied)
}

// What four eyes have to see is not done by one person, whatever they are called.
func TestFourEyesAreTwoPeople(t *testing.T) {
	w := start(t)
	for _, id := range []care.OperatorID{"sup1", "sup2"} {
		_, err := w.c.Operators.Create(t.Context(), care.CreateOperator{
			By: "admin", Why: "was hired", ID: id, Roles: []care.Role{care.Supervisor}, Person: "one",
		})
		require.NoError(t, err)
	}
	r, err := w.c.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: "reviewer", Why: why, Customer: ann, Reason: "cooling_off"})
	require.NoError(t, err)
	move := func(by care.OperatorID) care.MoveRestriction {
		return care.MoveRestriction{By: by, Why: why, Restriction: r.ID}
	}
	_, err = w.c.Restrictions.MakePermanent(t.Context(), move("sup1"))
	require.NoError(t, err)
	for _, by := range []care.OperatorID{"sup1", "sup2"} {
		w.refused(t.Context(), "care.Restrictions.MakePermanent", []any{move(by)}, okpay.DuplicateApprover)
	}
	require.NoError(t, w.x.RiskLock(t.Context(), riskLock()))
	w.refused(t.Context(), "identity.ReleaseLock", []any{agent("op1", 2)}, okpay.PermissionDenied)
	w.refused(t.Context(), "identity.UnlockByAgent", []any{agent("op1", 1)}, okpay.PermissionDenied)
	require.NoError(t, w.x.ReleaseLock(t.Context(), agent("op1", 3)))
	w.refused(t.Context(), "identity.ConfirmRelease", []any{agent("op1", 3)}, okpay.DuplicateApprover)
	w.clock.Advance(time.Hour)
	w.verify()
}
