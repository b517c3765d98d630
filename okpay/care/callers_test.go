package care_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// accounts notes what support did to accounts.
type accounts struct {
	did []string
	err error
}

func (a *accounts) note(d *okpay.Draft, what string, of care.AccountDeed) error {
	if a.err != nil {
		return a.err
	}
	a.did = append(a.did, what+" "+string(of.Customer)+" "+string(of.By)+" "+string(of.Second))
	return nil
}

func (a *accounts) Unlock(d *okpay.Draft, of care.AccountDeed) error { return a.note(d, "unlock", of) }

func (a *accounts) UnlockRisk(d *okpay.Draft, of care.AccountDeed) error {
	return a.note(d, "unlock_risk", of)
}

func (a *accounts) ResetContact(d *okpay.Draft, of care.AccountDeed) error {
	return a.note(d, "reset_contact", of)
}

func (a *accounts) ResetFactor(d *okpay.Draft, of care.AccountDeed) error {
	return a.note(d, "reset_factor", of)
}

// startCallers is a desk where proofs name what they prove: "email+totp" proves two factors.
func startCallers(t *testing.T) (*desk, *accounts, care.Case) {
	t.Helper()
	a := &accounts{}
	cfg := care.Config{}
	cfg.Accounts = a
	cfg.UseProof = func(_ *okpay.Draft, proof string, customer okpay.CustomerID) ([]string, error) {
		if customer != "payer" || strings.HasPrefix(proof, "bad") {
			return nil, okpay.NewError(okpay.AuthenticationFailed, "")
		}
		return strings.Split(proof, "+"), nil
	}
	k := startCases(t, cfg)
	c, err := k.Contacts.Add(t.Context(), okpay.AddContact{Customer: k.customer, Email: "pay.er@example.com"})
	require.NoError(t, err)
	_, err = k.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: k.customer, Contact: c.ID})
	require.NoError(t, err)
	k.topUp(12345)
	asked, err := k.Cases.LogContact(t.Context(), care.LogContact{By: "top", Why: why, Customer: k.customer, Category: care.AccountLocked, Text: "can not sign in"})
	require.NoError(t, err)
	k.takes("top", asked.ID)
	return k, a, asked
}

func ask(by care.OperatorID, id care.CaseID) care.AskCaller {
	return care.AskCaller{By: by, Why: why, Case: id}
}

// signedIn is the customer in the app.
func (k *desk) signedIn() context.Context {
	return okpay.WithActor(k.t.Context(), okpay.Actor{Customer: k.customer, Session: "ses_1", Epoch: k.gate().Epoch})
}

// proveCaller takes the caller of an agent to V2, or with a proof to more.
func (k *desk) proveCaller(by care.OperatorID, id care.CaseID, proof string) {
	k.t.Helper()
	r, number, err := k.Callers.AskProof(k.t.Context(), ask(by, id))
	require.NoError(k.t, err)
	_, err = k.Callers.Approve(k.signedIn(), care.ProveCaller{Customer: k.customer, Request: r.ID, Number: number, Proof: proof})
	require.NoError(k.t, err)
}

func (k *desk) level(by care.OperatorID, id care.CaseID) care.CallerLevel {
	k.t.Helper()
	level, _, err := k.Callers.Level(k.t.Context(), ask(by, id))
	require.NoError(k.t, err)
	return level
}

func (k *desk) theTopUp() string {
	k.t.Helper()
	list, err := k.Customers.Activity(k.t.Context(), k.customer, okpay.ActivityPage{Kinds: []string{"topup"}})
	require.NoError(k.t, err)
	return list[0].Object
}

func TestEveryActAtEveryLevelIsAllowedAsTheTableSays(t *testing.T) {
	for _, row := range care.CallerRows() {
		for level := care.V0; level <= care.V3; level++ {
			k, a, c := startCallers(t)
			switch level {
			case care.V1:
				ok, err := k.Callers.Identify(t.Context(), care.IdentifyCaller{
					By: "top", Why: why, Case: c.ID, Email: "Pay.Er@example.com", Balance: yuan(12345), Transaction: k.theTopUp(),
				})
				require.NoError(t, err)
				require.True(t, ok)
			case care.V2:
				k.proveCaller("top", c.ID, "")
			case care.V3:
				k.proveCaller("top", c.ID, "totp")
			}
			require.Equal(t, level, k.level("top", c.ID))
			err := k.act("top", c.ID, row.Act)
			name := string(row.Act)
			if level >= row.Level {
				require.NoError(t, err, "%s at %d", name, level)
				continue
			}
			refused(t, err, okpay.PermissionDenied, name, level)
			assert.Empty(t, a.did)
			assert.Contains(t, k.actions(string(c.ID)), "caller.refused", "the try stands in the audit")
			assert.NotContains(t, k.actions(string(c.ID)), "caller."+name)
		}
	}
}

// act does one of the acts of the table.
func (k *desk) act(by care.OperatorID, id care.CaseID, act care.CallerAct) error {
	ctx := k.t.Context()
	switch act {
	case care.GiveHelp:
		_, _, err := k.Callers.Level(ctx, ask(by, id))
		return err
	case care.IdentifyAct:
		_, err := k.Callers.Identify(ctx, care.IdentifyCaller{By: by, Why: why, Case: id, Email: "a@b.cn", Balance: yuan(1), Transaction: "pay_x"})
		return err
	case care.AskPossession:
		_, _, err := k.Callers.AskProof(ctx, ask(by, id))
		return err
	case care.SeeStatus:
		_, err := k.Callers.Status(ctx, ask(by, id))
		return err
	case care.UnlockPlain:
		return k.Callers.Unlock(ctx, ask(by, id))
	}
	in := care.RequestSupport{By: by, Why: why, Case: id, Act: act}
	if act == care.ResetContact {
		c, err := k.Customers.Get(ctx, k.customer)
		require.NoError(k.t, err)
		in.Contact = c.Contacts[0].ID
	}
	_, err := k.Callers.Request(ctx, in)
	return err
}

func TestALevelIsForOneAgentOneCaseAndAQuarterOfAnHour(t *testing.T) {
	k, _, c := startCallers(t)
	k.proveCaller("top", c.ID, "totp")
	other := k.open(care.Complaint)
	k.takes("top", other.ID)
	refused(t, k.act("top", other.ID, care.SeeStatus), okpay.PermissionDenied, "another case's level")
	refused(t, k.act("one", c.ID, care.SeeStatus), okpay.PermissionDenied, "another agent's level, and case")
	_, err := k.Cases.Assign(t.Context(), care.AssignCase{By: "ann", Why: why, Case: c.ID, To: "two"})
	require.NoError(t, err)
	refused(t, k.act("two", c.ID, care.SeeStatus), okpay.PermissionDenied, "the level does not go with the case")
	refused(t, k.act("top", c.ID, care.SeeStatus), okpay.PermissionDenied, "nor stays without it")
	_, err = k.Cases.Assign(t.Context(), care.AssignCase{By: "ann", Why: why, Case: c.ID, To: "top"})
	require.NoError(t, err)

	k.clock.Advance(15*time.Minute - time.Microsecond)
	require.NoError(t, k.act("top", c.ID, care.SeeStatus))
	k.clock.Advance(time.Microsecond)
	refused(t, k.act("top", c.ID, care.SeeStatus), okpay.PermissionDenied, "exactly at its end it is over")

	k.proveCaller("top", c.ID, "")
	_, err = k.Cases.Solve(t.Context(), say("top", c.ID, "done"))
	require.NoError(t, err)
	refused(t, k.act("top", c.ID, care.SeeStatus), okpay.PermissionDenied, "the case is solved")
	k.verify()
}

func TestAnAgentNeedsAReasonAPermissionAndAnothersAccount(t *testing.T) {
	k, a, c := startCallers(t)
	k.proveCaller("top", c.ID, "totp")
	for _, reason := range []string{"", "  ", "ab", strings.Repeat("x", 501), "line\nbreak", "turn\u202earound"} {
		in := ask("top", c.ID)
		in.Why = reason
		_, err := k.Callers.Status(t.Context(), in)
		refused(t, err, okpay.InvalidRequest, "%q", reason)
		refused(t, k.Callers.Unlock(t.Context(), in), okpay.InvalidRequest)
	}
	for _, by := range []care.OperatorID{"nobody", "aud", "boss", "rev"} {
		refused(t, k.act(by, c.ID, care.UnlockPlain), okpay.PermissionDenied, by)
	}
	_, err := k.Callers.Status(k.signedIn(), ask("top", c.ID))
	refused(t, err, okpay.PermissionDenied, "a customer is no operator")

	// An agent whose own account it is.
	_, err = k.Operators.Create(t.Context(), care.CreateOperator{By: "boss", Why: "was hired", ID: "self", Roles: []care.Role{care.Supervisor}, Account: k.customer})
	require.NoError(t, err)
	_, err = k.Cases.Assign(t.Context(), care.AssignCase{By: "ann", Why: why, Case: c.ID, To: "self"})
	refused(t, err, okpay.SelfApprovalForbidden)
	for _, act := range []care.CallerAct{care.SeeStatus, care.UnlockPlain, care.ResetContact} {
		refused(t, k.act("self", c.ID, act), okpay.SelfApprovalForbidden, act)
	}
	_, err = k.Cases.See(t.Context(), care.SeeCase{By: "self", Why: why, Case: c.ID})
	refused(t, err, okpay.SelfApprovalForbidden)
	_, err = k.Cases.LogContact(t.Context(), care.LogContact{By: "self", Why: why, Customer: k.customer, Category: care.GeneralQuestion, Text: "me"})
	refused(t, err, okpay.SelfApprovalForbidden)
	assert.Empty(t, a.did)

	// An agent who is suspended while acting does nothing any more.
	_, err = k.Operators.Suspend(t.Context(), care.MoveOperator{By: "boss", Why: "left today", Operator: "top"})
	require.NoError(t, err)
	refused(t, k.act("top", c.ID, care.SeeStatus), okpay.PermissionDenied)
	k.verify()
}

func TestIdentifyingACallerTellsNothingElse(t *testing.T) {
	k, _, c := startCallers(t)
	right := care.IdentifyCaller{By: "top", Why: why, Case: c.ID, Email: "pay.er@example.com", Balance: yuan(12345), Transaction: k.theTopUp()}
	tries := 0
	for name, change := range map[string]func(*care.IdentifyCaller){
		"another address":     func(in *care.IdentifyCaller) { in.Email = "other@example.com" },
		"no address":          func(in *care.IdentifyCaller) { in.Email = "not an address" },
		"another balance":     func(in *care.IdentifyCaller) { in.Balance = yuan(12346) },
		"another transaction": func(in *care.IdentifyCaller) { in.Transaction = "top_0000" },
		"no id at all":        func(in *care.IdentifyCaller) { in.Transaction = "x" },
	} {
		in := right
		change(&in)
		ok, err := k.Callers.Identify(t.Context(), in)
		require.NoError(t, err, name)
		assert.False(t, ok, name)
		assert.Equal(t, care.V0, k.level("top", c.ID))
		tries++
	}
	require.Equal(t, 5, tries)
	_, err := k.Callers.Identify(t.Context(), right)
	e := refused(t, err, okpay.TooManyTries, "the right answer comes too late")
	assert.Equal(t, monday.Add(24*time.Hour), *e.ResetsAt)

	// The same customer from another case and another agent: the tries are the customer's.
	other := k.open(care.Complaint)
	k.takes("one", other.ID)
	in := right
	in.By, in.Case = "one", other.ID
	_, err = k.Callers.Identify(t.Context(), in)
	refused(t, err, okpay.TooManyTries)
	k.clock.Advance(24 * time.Hour)
	ok, err := k.Callers.Identify(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, ok)
	for _, e := range k.audit(string(other.ID)) {
		for _, v := range e.Facts {
			assert.NotContains(t, v, "example.com")
			assert.NotContains(t, v, "123")
		}
	}
	k.verify()
}

func (k *desk) audit(object string) []okpay.AuditEntry {
	k.t.Helper()
	list, _, err := k.Wallet.Audit(k.t.Context(), okpay.AuditPage{Object: object, Limit: 100})
	require.NoError(k.t, err)
	return list
}

func TestAnAgentCanNotTryOutAddressesOfManyCustomers(t *testing.T) {
	k, _, _ := startCallers(t)
	stopped := 0
	for i := range 12 {
		id := okpay.CustomerID("victim" + string(rune('a'+i)))
		k.newCustomer(id)
		c, err := k.Cases.LogContact(t.Context(), care.LogContact{By: "one", Why: why, Customer: id, Category: care.GeneralQuestion, Text: "calls"})
		require.NoError(t, err)
		k.takes("one", c.ID)
		for range 3 {
			ok, err := k.Callers.Identify(t.Context(), care.IdentifyCaller{By: "one", Why: why, Case: c.ID, Email: "a@b.cn", Balance: yuan(0), Transaction: "pay_1"})
			assert.False(t, ok)
			if err != nil {
				refused(t, err, okpay.TooManyTries)
				stopped++
			}
		}
		_, err = k.Cases.Solve(t.Context(), say("one", c.ID, "nothing"))
		require.NoError(t, err)
	}
	assert.Equal(t, 6, stopped, "30 a day and no more")
}

func TestACallerIsProvenByTheCustomerAndNeverByTheAgent(t *testing.T) {
	k, _, c := startCallers(t)
	ctx := t.Context()
	r, number, err := k.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	in := care.ProveCaller{Customer: k.customer, Request: r.ID, Number: number}

	_, err = k.Callers.Approve(ctx, in)
	refused(t, err, okpay.AuthenticationRequired, "neither session nor proof")
	in.Proof = "bad"
	_, err = k.Callers.Approve(ctx, in)
	refused(t, err, okpay.AuthenticationFailed)
	in.Customer = "someone"
	_, err = k.Callers.Approve(ctx, in)
	refused(t, err, okpay.NotFound, "another customer's request")
	assert.Equal(t, care.V0, k.level("top", c.ID))

	in.Customer, in.Proof = k.customer, "email"
	_, err = k.Callers.Approve(ctx, in) // by telephone, with a code typed there
	require.NoError(t, err)
	assert.Equal(t, care.V2, k.level("top", c.ID))
	_, err = k.Callers.Approve(ctx, in)
	refused(t, err, okpay.InvalidState, "a request is answered once")

	// A code of the app and a recovery code are one factor.
	r, number, err = k.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	_, err = k.Callers.Approve(ctx, care.ProveCaller{Customer: k.customer, Request: r.ID, Number: number, Proof: "totp+recovery_code"})
	require.NoError(t, err)
	assert.Equal(t, care.V2, k.level("top", c.ID))
	r, number, err = k.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	_, err = k.Callers.Approve(ctx, care.ProveCaller{Customer: k.customer, Request: r.ID, Number: number, Proof: "email+totp"})
	require.NoError(t, err)
	assert.Equal(t, care.V3, k.level("top", c.ID))

	// An older request, and one whose time is over, are good for nothing.
	old, number, err := k.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	newer, newNumber, err := k.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	_, err = k.Callers.Approve(k.signedIn(), care.ProveCaller{Customer: k.customer, Request: old.ID, Number: number})
	refused(t, err, okpay.InvalidState)
	k.clock.Advance(10 * time.Minute)
	_, err = k.Callers.Approve(k.signedIn(), care.ProveCaller{Customer: k.customer, Request: newer.ID, Number: newNumber})
	refused(t, err, okpay.InvalidState)
	list, err := k.Callers.Requests(ctx, k.customer)
	require.NoError(t, err)
	assert.Empty(t, list)
	before := k.lastEvent()
	k.work()
	types, _ := k.eventsSince(before)
	assert.Equal(t, []string{"caller_request.expired", "caller_request.expired"}, types)
	k.verify()
}

func TestWhatIsKnownOfACallerIsForgottenAndTheAuditIsNot(t *testing.T) {
	k, _, c := startCallers(t)
	contents := func() (n int) {
		for _, noun := range []string{"caller", "caller_tries", "caller_request"} {
			records, err := k.Ledger().Records(t.Context(), recordsOf(noun, ""))
			require.NoError(t, err)
			for _, r := range records {
				if !r.Erased {
					n++
				}
			}
		}
		return n
	}
	k.proveCaller("top", c.ID, "email+totp")
	r, number, err := k.Callers.AskProof(t.Context(), ask("top", c.ID)) // nobody answers
	require.NoError(t, err)
	require.Equal(t, 4, contents())
	k.clock.Advance(24*time.Hour - time.Microsecond)
	k.work()
	assert.Equal(t, 4, contents(), "the tries of a day count still")
	_, err = k.Callers.Approve(k.signedIn(), care.ProveCaller{Customer: k.customer, Request: r.ID, Number: number})
	refused(t, err, okpay.InvalidState)
	before, _, err := k.Wallet.Audit(t.Context(), okpay.AuditPage{Limit: 100})
	require.NoError(t, err)
	k.clock.Advance(24 * time.Hour)
	k.work()
	assert.Zero(t, contents())
	after, _, err := k.Wallet.Audit(t.Context(), okpay.AuditPage{Limit: 100})
	require.NoError(t, err)
	assert.Subset(t, after, before)
	k.verify()
}

func TestWhoIsNotTheCallerSaysSo(t *testing.T) {
	for _, how := range []string{"decline", "wrong number"} {
		k, _, c := startCallers(t)
		k.proveCaller("top", c.ID, "totp")
		r, number, err := k.Callers.AskProof(t.Context(), ask("top", c.ID))
		require.NoError(t, err)
		in := care.ProveCaller{Customer: k.customer, Request: r.ID, Number: "x" + number}
		if how == "decline" {
			_, err = k.Callers.Decline(k.signedIn(), in)
			require.NoError(t, err)
		} else {
			_, err = k.Callers.Approve(k.signedIn(), in)
			refused(t, err, okpay.AuthenticationFailed)
		}
		assert.Equal(t, care.V0, k.level("top", c.ID), "what was known is void")
		in.Number = number
		_, err = k.Callers.Approve(k.signedIn(), in)
		refused(t, err, okpay.InvalidState, "there is one try")
		assert.Contains(t, k.mails(), "caller_proof_declined")
		log := k.seen(c.ID).Log
		assert.Equal(t, map[care.Fact]string{care.LockReason: "caller_declined"}, log[len(log)-1].Facts)
		assert.NotContains(t, inJSON(t, k.texts(c.ID)), "declined")
		k.verify()
	}
}

func TestACallersStatusIsMasked(t *testing.T) {
	k, _, c := startCallers(t)
	_, err := k.Contacts.Add(t.Context(), okpay.AddContact{Customer: k.customer, Phone: "+8613800138042"})
	require.NoError(t, err)
	id := k.theTopUp()
	_, err = k.Cases.Link(t.Context(), care.LinkCase{By: "top", Why: why, Case: c.ID, Objects: []care.Link{{Type: "topup", ID: id}}})
	require.NoError(t, err)
	k.proveCaller("top", c.ID, "")
	got, err := k.Callers.Status(t.Context(), ask("top", c.ID))
	require.NoError(t, err)
	assert.Equal(t, care.CallerStatus{
		Name: "P***", State: okpay.GateActive,
		Contacts: []care.MaskedContact{
			{Kind: okpay.ContactEmail, Masked: "p***@e***.com", State: okpay.ContactVerified},
			{Kind: okpay.ContactPhone, Masked: "***42", State: okpay.ContactUnverified},
		},
		Objects: []care.ObjectStatus{{Link: care.Link{Type: "topup", ID: id}, State: "succeeded"}},
	}, got)
	entries := k.audit(string(c.ID))
	found := false
	for _, e := range entries {
		if e.Action == "caller.see_status" {
			found = true
			assert.Equal(t, "op/top", e.Actor)
			assert.Equal(t, why, e.Reason)
			assert.Equal(t, k.customer, e.Customer)
			assert.False(t, e.Shown)
		}
	}
	assert.True(t, found, "that it was looked at stands in the audit")
}
