package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func (k *desk) request(id care.CaseID, act care.CallerAct) care.SupportRequest {
	k.t.Helper()
	in := care.RequestSupport{By: "top", Why: why, Case: id, Act: act}
	if act == care.ResetContact {
		c, err := k.Customers.Get(k.t.Context(), k.customer)
		require.NoError(k.t, err)
		in.Contact = c.Contacts[0].ID
	}
	r, err := k.Callers.Request(k.t.Context(), in)
	require.NoError(k.t, err)
	return r
}

func decide(by care.OperatorID, r care.SupportRequest) care.DecideSupport {
	return care.DecideSupport{By: by, Why: why, Request: r.ID}
}

func TestAResetTakesTwoAgentsAndADayInWhichTheOwnerCanStopIt(t *testing.T) {
	k, a, c := startCallers(t)
	ctx := t.Context()
	k.proveCaller("top", c.ID, "totp")
	r := k.request(c.ID, care.ResetFactor)
	assert.Equal(t, care.SupportRequested, r.State)
	_, err := k.Callers.Request(ctx, care.RequestSupport{By: "top", Why: why, Case: c.ID, Act: care.UnlockRisk})
	refused(t, err, okpay.InvalidState, "one at a time")

	for _, by := range []care.OperatorID{"top", "one", "rev", "nobody", "boss"} {
		_, err = k.Callers.ApproveRequest(ctx, decide(by, r))
		refused(t, err, okpay.PermissionDenied, by)
	}
	// The one who requested it, with the role that approves: one person is one pair of eyes.
	_, err = k.Operators.Update(ctx, care.UpdateOperator{By: "boss", Why: "promoted", Operator: "top", Roles: &[]care.Role{care.Supervisor}})
	require.NoError(t, err)
	_, err = k.Callers.ApproveRequest(ctx, decide("top", r))
	refused(t, err, okpay.DuplicateApprover)
	_, err = k.Operators.Create(ctx, care.CreateOperator{By: "boss", Why: "second account", ID: "top2", Person: "top", Roles: []care.Role{care.Supervisor}})
	require.NoError(t, err)
	_, err = k.Callers.ApproveRequest(ctx, decide("top2", r))
	refused(t, err, okpay.DuplicateApprover)

	r, err = k.Callers.ApproveRequest(ctx, decide("ann", r))
	require.NoError(t, err)
	assert.Equal(t, care.SupportWaiting, r.State)
	assert.Equal(t, k.clock.Now().Add(24*time.Hour), r.Until)
	k.clock.Advance(24*time.Hour - time.Microsecond)
	k.work()
	assert.Empty(t, a.did)
	k.clock.Advance(time.Microsecond)
	k.work()
	assert.Equal(t, []string{"reset_factor payer top ann"}, a.did)
	assert.ElementsMatch(t, []string{
		"topup_succeeded", "case_opened", "caller_proof_asked", "support_request_requested", "support_request_approved", "support_request_done",
	}, k.mails())
	assert.ElementsMatch(t, []string{"support_request.approve", "support_request.finish"}, k.actions(r.ID))
	_, err = k.Callers.ApproveRequest(ctx, decide("bob", r))
	refused(t, err, okpay.InvalidState)
	k.verify()
}

func TestARiskLockIsUndoneAtOnceByTwo(t *testing.T) {
	k, a, c := startCallers(t)
	k.proveCaller("top", c.ID, "totp")
	r := k.request(c.ID, care.UnlockRisk)
	assert.Empty(t, a.did)
	r, err := k.Callers.ApproveRequest(t.Context(), decide("ann", r))
	require.NoError(t, err)
	assert.Equal(t, care.SupportDone, r.State)
	assert.Equal(t, []string{"unlock_risk payer top ann"}, a.did)

	a.err = okpay.NewError(okpay.InvalidState, "it is not locked")
	r = k.request(c.ID, care.UnlockRisk)
	_, err = k.Callers.ApproveRequest(t.Context(), decide("ann", r))
	refused(t, err, okpay.InvalidState)
	_, err = k.Callers.DenyRequest(t.Context(), decide("ann", r))
	require.NoError(t, err)
	k.verify()
}

func TestTheOwnerStopsAResetFromASessionOrByTheLinkOfTheMessage(t *testing.T) {
	k, a, c := startCallers(t)
	ctx := t.Context()
	k.proveCaller("top", c.ID, "totp")
	r := k.request(c.ID, care.ResetContact)

	message := k.message("support_request_requested")
	assert.NotContains(t, inJSON(t, message), "token")
	secret, err := k.Secret(ctx, message)
	require.NoError(t, err)
	require.Len(t, secret["token"], 43)
	assert.NotContains(t, k.everything(), secret["token"], "nobody keeps it")
	stolen := message
	stolen.Customer = "another"
	_, err = k.Secret(ctx, stolen)
	refused(t, err, okpay.NotFound)
	for _, m := range []okpay.Message{{Template: "case_opened", ObjectType: "case", Object: string(c.ID)}, k.message("case_opened")} {
		secret, err := k.Secret(ctx, m)
		require.NoError(t, err)
		assert.Empty(t, secret)
	}

	for _, in := range []care.StopSupport{
		{Request: r.ID, Token: "x"},
		{Request: r.ID, Token: secret["token"][1:] + "A"},
		{Request: "sup_none", Token: secret["token"]},
	} {
		_, err = k.Callers.StopRequest(ctx, in)
		e := refused(t, err, okpay.AuthenticationFailed)
		assert.Equal(t, "the link is not right", e.Detail)
	}
	_, err = k.Callers.StopRequest(ctx, care.StopSupport{Request: r.ID, Customer: "another"})
	refused(t, err, okpay.NotFound)
	_, err = k.Callers.ApproveRequest(ctx, decide("ann", r))
	require.NoError(t, err)
	r, err = k.Callers.StopRequest(ctx, care.StopSupport{Request: r.ID, Token: secret["token"]})
	require.NoError(t, err)
	assert.Equal(t, care.SupportCanceled, r.State)
	_, err = k.Secret(ctx, message)
	refused(t, err, okpay.NotFound, "when it is over the link is dead")
	k.clock.Advance(25 * time.Hour)
	k.work()
	assert.Empty(t, a.did)

	k.proveCaller("top", c.ID, "totp")
	r = k.request(c.ID, care.ResetFactor)
	r, err = k.Callers.StopRequest(k.signedIn(), care.StopSupport{Request: r.ID, Customer: k.customer})
	require.NoError(t, err)
	assert.Equal(t, care.SupportCanceled, r.State)
	k.verify()
}

func TestAResetThatCanNotBeDoneAnyMoreFails(t *testing.T) {
	for name, meanwhile := range map[string]func(*desk, *accounts){
		"an agent who wanted it was removed": func(k *desk, _ *accounts) {
			_, err := k.Operators.Remove(k.t.Context(), care.MoveOperator{By: "boss", Why: "fraud", Operator: "top"})
			require.NoError(k.t, err)
		},
		"the account has changed": func(_ *desk, a *accounts) { a.err = okpay.NewError(okpay.InvalidState, "nothing is lost") },
	} {
		k, a, c := startCallers(t)
		k.proveCaller("top", c.ID, "totp")
		r := k.request(c.ID, care.ResetFactor)
		_, err := k.Callers.ApproveRequest(t.Context(), decide("ann", r))
		require.NoError(t, err)
		meanwhile(k, a)
		k.clock.Advance(24 * time.Hour)
		k.work()
		assert.Empty(t, a.did, name)
		assert.Contains(t, k.mails(), "support_request_canceled", name)
		list, _, err := k.Callers.PendingRequests(t.Context(), "ann", "", 0)
		require.NoError(t, err)
		assert.Empty(t, list, name)
		k.verify()
	}
}

func TestARequestThatNobodyApprovesExpires(t *testing.T) {
	k, a, c := startCallers(t)
	k.proveCaller("top", c.ID, "totp")
	r := k.request(c.ID, care.ResetFactor)
	k.clock.Advance(24 * time.Hour)
	_, err := k.Callers.ApproveRequest(t.Context(), decide("ann", r))
	refused(t, err, okpay.InvalidState, "exactly at its end it is over")
	k.work()
	assert.Empty(t, a.did)
	assert.Contains(t, k.mails(), "support_request_canceled")
	k.verify()
}

func (k *desk) message(template string) okpay.Message {
	k.t.Helper()
	list, err := k.Customers.Messages(k.t.Context(), k.customer, "", 100)
	require.NoError(k.t, err)
	for _, m := range list {
		if m.Template == template {
			return m
		}
	}
	k.t.Fatalf("there is no message %s", template)
	return okpay.Message{}
}

// everything is all that the ledger keeps of this package, the wallet's messages and audit, and
// all events, without the secret keys.
func (k *desk) everything() string {
	k.t.Helper()
	all := ""
	for _, noun := range []string{
		"case", "case_entry", "case_quota", "desk", "caller", "caller_tries", "caller_request", "support_request", "message", "audit", "phrase",
	} {
		for after := ""; ; {
			records, err := k.Ledger().Records(k.t.Context(), recordsOf(noun, after))
			require.NoError(k.t, err)
			for _, r := range records {
				all += r.ID + string(r.Content) + inJSON(k.t, r.Labels) + inJSON(k.t, r.Unique)
				after = r.ID
			}
			if len(records) < 100 {
				break
			}
		}
	}
	for no := int64(0); ; {
		events, last, err := k.Wallet.Events(k.t.Context(), no, 1000)
		require.NoError(k.t, err)
		for _, e := range events {
			all += inJSON(k.t, e)
		}
		if no = last; len(events) < 1000 {
			return all
		}
	}
}

func recordsOf(noun, after string) ledger.RecordQuery {
	return ledger.RecordQuery{Type: noun, After: after, Limit: 100}
}

func TestNothingIsRequestedForAnAccountThatIsClosed(t *testing.T) {
	k, _, c := startCallers(t)
	k.proveCaller("top", c.ID, "totp")
	_, err := k.Wallet.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test.close"}, func(d *okpay.Draft) error {
		g, err := d.Gate(k.customer)
		if err != nil {
			return err
		}
		g.State = okpay.GateClosed
		return d.WriteGate(g)
	})
	require.NoError(t, err)
	_, err = k.Callers.Request(t.Context(), care.RequestSupport{By: "top", Why: why, Case: c.ID, Act: care.ResetFactor})
	refused(t, err, okpay.AccountClosed)
}
