package care_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// guard says what a method asks before it does anything.
type guard string

const (
	byOperator guard = "an operator with a permission, a reason, the audit"
	reading    guard = "an operator with a permission; nothing of a customer's is shown"
	byCustomer guard = "the customer alone, signed in where the wallet requires it"
	byProof    guard = "the customer, by a session or a proof"
	inChange   guard = "a Change of the program's, which says who acts"
	public     guard = "nothing: everybody may know it"
	program    guard = "the program itself: notify"
)

// guards are those of all exported methods of the services of support. A new method fails the
// test until it stands here.
func guards() map[string]guard {
	return map[string]guard{
		"Cases.Open": byCustomer, "Cases.Reply": byCustomer, "Cases.Withdraw": byCustomer, "Cases.Rate": byCustomer, "Cases.Get": byCustomer,
		"Cases.List": byCustomer, "Cases.Log": byCustomer, "Cases.File": byCustomer, "Cases.Form": byCustomer, "Cases.Transcript": byCustomer,
		"Cases.Export": byCustomer, "Cases.OpenUrgent": inChange,
		"Cases.LogContact": byOperator, "Cases.Take": byOperator, "Cases.TakeNext": byOperator, "Cases.Assign": byOperator, "Cases.Release": byOperator,
		"Cases.Answer": byOperator, "Cases.Note": byOperator, "Cases.Ask": byOperator, "Cases.Wait": byOperator, "Cases.Resume": byOperator,
		"Cases.Escalate": byOperator, "Cases.Solve": byOperator, "Cases.Link": byOperator, "Cases.See": byOperator, "Cases.SeeFile": byOperator,
		"Cases.SetPresence": byOperator, "Cases.Erase": byOperator, "Cases.Queue": reading,
		"Callers.Identify": byOperator, "Callers.AskProof": byOperator, "Callers.Level": byOperator, "Callers.Status": byOperator,
		"Callers.Unlock": byOperator, "Callers.Request": byOperator, "Callers.ApproveRequest": byOperator, "Callers.DenyRequest": byOperator,
		"Callers.CancelRequest": byOperator, "Callers.PendingRequests": reading, "Callers.Check": inChange,
		"Callers.Approve": byProof, "Callers.Decline": byCustomer, "Callers.Requests": byCustomer, "Callers.StopRequest": byProof,
		"Directories.Publish": byOperator, "Directories.Current": public,
		"Phrases.Set": byCustomer, "Phrases.Phrase": program,
	}
}

func TestEveryMethodOfSupportHasItsGuard(t *testing.T) {
	k := openDesk(t, memstore.New(), handclock.At(monday), okpay.Config{RequireActor: true}, care.Config{}, true)
	services := []any{k.Cases, k.Callers, k.Directories, k.Phrases}
	seen := map[string]bool{}
	for _, s := range services {
		v := reflect.ValueOf(s)
		for i := range v.NumMethod() {
			name := v.Type().Elem().Name() + "." + v.Type().Method(i).Name
			g, ok := guards()[name]
			require.True(t, ok, "%s is not listed", name)
			seen[name] = true
			call := func(change func(field string, v reflect.Value)) error { return callWith(t, v.Method(i), change) }
			nothing := func(string, reflect.Value) {}
			switch g {
			case byOperator, reading:
				refused(t, call(nothing), okpay.PermissionDenied, name)
				if g == reading || name == "Cases.TakeNext" {
					continue // it asks for the reason once there is something to take
				}
				refused(t, call(func(field string, v reflect.Value) {
					if field == "Why" {
						v.SetString("")
					}
				}), okpay.InvalidRequest, "%s without a reason", name)
			case byCustomer:
				refused(t, call(nothing), okpay.AuthenticationRequired, name)
			case byProof:
				code := okpay.CodeOf(call(nothing))
				assert.Contains(t, []okpay.Code{okpay.AuthenticationRequired, okpay.NotFound}, code, name)
			}
		}
	}
	assert.Len(t, seen, len(guards()))
	k.verify()
}

// callWith calls a method with inputs of good form, whose operator is nobody, and returns its error.
func callWith(t *testing.T, method reflect.Value, change func(field string, v reflect.Value)) error {
	t.Helper()
	values := map[string]any{
		"By": care.OperatorID("nobody"), "Why": why, "Case": care.CaseID("cas_1"), "Customer": okpay.CustomerID("payer"), "Text": "text",
		"Category": care.GeneralQuestion, "Rating": 3, "To": care.OperatorID("bob"), "Request": "sup_1", "Act": care.UnlockRisk, "Tier": 1,
		"Objects": []care.Link{{Type: "payment", ID: "pay_1"}}, "Balance": money.New(1, money.MustISO("CNY")), "Phrase": "a phrase", "Channels": channels(),
	}
	var args []reflect.Value
	for i := range method.Type().NumIn() {
		in := method.Type().In(i)
		arg := reflect.New(in).Elem()
		switch {
		case in == reflect.TypeFor[context.Context]():
			arg = reflect.ValueOf(t.Context())
		case in == reflect.TypeFor[okpay.CustomerID]():
			arg.SetString("payer")
		case in == reflect.TypeFor[care.OperatorID]():
			arg.SetString("nobody")
		case in == reflect.TypeFor[care.CaseID](), in.Kind() == reflect.String:
			arg.SetString("id_1")
		case in.Kind() == reflect.Struct:
			for j := range in.NumField() {
				field := in.Field(j).Name
				if value, ok := values[field]; ok && reflect.TypeOf(value) == in.Field(j).Type {
					arg.Field(j).Set(reflect.ValueOf(value))
				}
				change(field, arg.Field(j))
			}
		}
		args = append(args, arg)
	}
	out := method.Call(args)
	err, _ := out[len(out)-1].Interface().(error)
	require.Error(t, err, fmt.Sprint(method.Type()))
	return err
}

func TestWhoIsSignedInActsForThemselvesAlone(t *testing.T) {
	k := openDesk(t, memstore.New(), handclock.At(monday), okpay.Config{RequireActor: true}, care.Config{}, true)
	_, err := k.Cases.Open(t.Context(), care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: "x"})
	refused(t, err, okpay.AuthenticationRequired)
	ctx := k.signedIn()
	c, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: "x"})
	require.NoError(t, err)
	k.newCustomer("other")
	for _, channel := range []care.CaseChannel{care.ByApp, care.ByMail, care.ByPhone} {
		_, err = k.Cases.Open(ctx, care.OpenCase{Customer: "other", Category: care.GeneralQuestion, Text: "x", Channel: channel})
		refused(t, err, okpay.NotFound, channel)
	}
	_, err = k.Cases.Open(t.Context(), care.OpenCase{Customer: "other", Category: care.GeneralQuestion, Text: "mail", Channel: care.ByMail})
	require.NoError(t, err, "the program brings in mail: nobody is signed in there")
	for _, err := range []error{
		func() error { _, err := k.Cases.Take(ctx, work("one", c.ID)); return err }(),
		func() error { _, err := k.Cases.See(ctx, care.SeeCase{By: "one", Why: why, Case: c.ID}); return err }(),
	} {
		refused(t, err, okpay.PermissionDenied, "a customer's session is no operator's")
	}
	// Being signed in as a customer changes nothing for the agent who has the case.
	require.NoError(t, k.Cases.SetPresence(t.Context(), care.SetPresence{By: "one", Why: why, Here: true}))
	p, err := k.Cases.Get(ctx, k.customer, c.ID)
	require.NoError(t, err)
	require.NotNil(t, p.Queue.Wait)
	k.takes("one", c.ID)
	_, err = k.Cases.Ask(t.Context(), say("one", c.ID, "which?"))
	require.NoError(t, err)
	_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "that"})
	require.NoError(t, err)
	assert.Equal(t, care.OperatorID("one"), k.seen(c.ID).Agent)

	_, err = k.Customers.Lock(t.Context(), okpay.MoveGate{Customer: k.customer, By: "ann", Reason: "risk"})
	require.NoError(t, err)
	_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "x"})
	refused(t, err, okpay.SessionEnded)
	_, err = k.Cases.Get(ctx, k.customer, c.ID)
	refused(t, err, okpay.SessionEnded)
	got, err := k.Cases.Get(k.signedIn(), k.customer, c.ID)
	require.NoError(t, err)
	assert.Equal(t, care.CaseOpen, got.State)
}

func TestARiskLockAndItsCaseAreThereTogether(t *testing.T) {
	k := startCases(t, care.Config{})
	k.topUp(500)
	lock := func(fail error) error {
		_, err := k.Do(t.Context(), okpay.Act{Principal: "program", Operation: "risk.lock"}, func(d *okpay.Draft) error {
			g, err := d.Gate(k.customer)
			if err != nil {
				return err
			}
			m, err := okpay.GateMachine().Move(&g.State, string(k.customer), okpay.LockAccount, okpay.Always)
			if err != nil {
				return err
			}
			g.Reason = "user_report"
			if err := d.WriteGate(g, m); err != nil {
				return err
			}
			_, err = k.Cases.OpenUrgent(d, care.Urgent{
				Customer: k.customer, Category: care.UnauthorizedTransaction, Reason: "user_report", Text: "that was not me",
				Objects: []care.Link{{Type: "topup", ID: k.theTopUp()}},
			})
			if err == nil {
				err = fail
			}
			return err
		})
		return err
	}
	refused(t, lock(okpay.NewError(okpay.ServiceBusy, "")), okpay.ServiceBusy)
	list, _, err := k.Cases.List(t.Context(), care.ListCases{Customer: k.customer})
	require.NoError(t, err)
	assert.Empty(t, list, "neither")
	require.NoError(t, lock(nil))
	list, _, err = k.Cases.List(t.Context(), care.ListCases{Customer: k.customer})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, care.P1, list[0].Priority)
	assert.Equal(t, care.BySystem, list[0].Channel)
	assert.Len(t, list[0].Objects, 1)
	assert.Equal(t, okpay.GateLocked, k.gate().State)
	// What a frightened person writes does not keep the account open.
	_, err = k.Do(t.Context(), okpay.Act{Principal: "program", Operation: "risk.lock"}, func(d *okpay.Draft) error {
		_, err := k.Cases.OpenUrgent(d, care.Urgent{
			Customer: k.customer, Category: care.UnauthorizedTransaction, Text: "no\x00t \u202eme\xff" + strings.Repeat("!", 5000),
			Objects: []care.Link{{Type: "session", ID: "ses_1"}},
		})
		return err
	})
	require.NoError(t, err)
	texts := k.texts(list[0].ID)
	assert.Equal(t, "not me"+strings.Repeat("!", 3994), texts[len(texts)-1])
	k.newCustomer("other")
	for name, in := range map[string]care.Urgent{
		"another's object": {Customer: "other", Category: care.RiskLock, Objects: list[0].Objects},
		"nobody's account": {Customer: "nobody", Category: care.RiskLock},
	} {
		_, err = k.Do(t.Context(), okpay.Act{Principal: "program", Operation: "risk.lock"}, func(d *okpay.Draft) error {
			_, err := k.Cases.OpenUrgent(d, in)
			return err
		})
		refused(t, err, okpay.NotFound, name)
	}
	k.verify()
}

func TestWhatIsHeldAndErasedHasTheCasesInIt(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	c, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: "canary text"})
	require.NoError(t, err)
	k.takes("one", c.ID)
	_, err = k.Cases.Note(ctx, say("one", c.ID, "canary note"))
	require.NoError(t, err)
	held, err := k.Held(ctx, k.customer)
	require.NoError(t, err)
	require.Len(t, held.Cases, 1)
	assert.Equal(t, "canary text", held.Cases[0].Log[0].Text)
	assert.NotContains(t, inJSON(t, held), "canary note")
	_, err = k.Customers.Close(ctx, okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	require.NoError(t, k.Erase(ctx, care.EraseCustomer{By: "cleo", Why: "right to erasure", Customer: k.customer}))
	assert.NotContains(t, k.everything(), "canary")
	k.verify()
}

func TestARepeatWithItsKeyDoesNothingASecondTime(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	open := care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: "x", Key: "open"}
	first, err := k.Cases.Open(ctx, open)
	require.NoError(t, err)
	take := work("one", first.ID)
	take.Key = "take"
	_, err = k.Cases.Take(ctx, take)
	require.NoError(t, err)
	solve := say("one", first.ID, "done")
	solve.Key = "solve"
	_, err = k.Cases.Solve(ctx, solve)
	require.NoError(t, err)
	reply := care.ReplyCase{Customer: k.customer, Case: first.ID, Text: "no", Key: "reply"}
	_, err = k.Cases.Reply(ctx, reply)
	require.NoError(t, err)
	before, entries := k.lastEvent(), len(k.texts(first.ID))
	for range 2500 {
		for _, again := range []func() (care.Case, error){
			func() (care.Case, error) { return k.Cases.Open(ctx, open) },
			func() (care.Case, error) { return k.Cases.Take(ctx, take) },
			func() (care.Case, error) { return k.Cases.Solve(ctx, solve) },
			func() (care.Case, error) { return k.Cases.Reply(ctx, reply) },
		} {
			c, err := again()
			require.NoError(t, err)
			require.True(t, c.Replayed)
			require.Equal(t, first.ID, c.ID)
		}
	}
	assert.Equal(t, before, k.lastEvent())
	assert.Len(t, k.texts(first.ID), entries)
	open.Text = "y"
	_, err = k.Cases.Open(ctx, open)
	refused(t, err, okpay.IdempotencyKeyReused)
	// Who can act no longer is not answered either.
	_, err = k.Operators.Suspend(ctx, care.MoveOperator{By: "boss", Why: "left today", Operator: "one"})
	require.NoError(t, err)
	_, err = k.Cases.Take(ctx, take)
	refused(t, err, okpay.PermissionDenied)
	k.verify()
}
