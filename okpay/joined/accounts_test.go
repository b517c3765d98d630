package joined_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/joined"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
)

func TestACallerAtV2HasALockAfterFailuresUndone(t *testing.T) {
	w := start(t)
	id := w.called()
	ask := care.AskCaller{By: "top", Why: why, Case: id}
	require.ErrorIs(t, w.Care.Callers.Unlock(t.Context(), ask), okpay.PermissionDenied, "nobody has proven anything")
	w.prove(id, false)
	require.ErrorIs(t, w.Care.Callers.Unlock(t.Context(), ask), okpay.InvalidState, "nothing is locked")
	for range 5 {
		_, err := w.Identity.SignIn(t.Context(), identity.SignIn{Name: mailbox, Password: password.New("wrong")})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	_, err := w.Identity.SignIn(t.Context(), identity.SignIn{Name: mailbox, Password: password.New(good)})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "locked")
	mails := len(w.sim.Mails())
	require.NoError(t, w.Care.Callers.Unlock(t.Context(), ask))
	w.signIn()
	assert.Contains(t, w.subjects(mails), "You have proven that the account is yours")
	entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Actor: "op/top"})
	require.NoError(t, err)
	assert.Equal(t, "account.unlock", entries[1].Action, "in the same Change as care's own")
	assert.Equal(t, string(id), entries[1].Object)

	// What is locked for reasons of security one agent does not open.
	w.clock.Advance(14 * time.Minute)
	require.NoError(t, w.Identity.RiskLock(t.Context(), identity.RiskLock{Customer: w.customer, Reason: lockout.ReasonRisk}))
	require.ErrorIs(t, w.Care.Callers.Unlock(t.Context(), ask), okpay.AccountLocked)
	w.verify()
}

func TestTwoAgentsReleaseARiskLockAndTheOwnerChangesThePassword(t *testing.T) {
	w := start(t)
	lock := func() {
		require.NoError(t, w.Identity.RiskLock(t.Context(), identity.RiskLock{Customer: w.customer, Reason: lockout.ReasonRisk}))
	}
	id := w.called()
	lock()
	w.prove(id, true)
	r := w.request(id, care.UnlockRisk, "")
	assert.NotEmpty(t, w.linked("support_request_requested", mailbox), "the owner can stop it")
	_, err := w.approve(r, "top")
	require.ErrorIs(t, err, okpay.PermissionDenied, "an agent may not approve")

	lock() // once more: what was asked for is not about this one
	_, err = w.approve(r, "ann")
	require.ErrorIs(t, err, okpay.InvalidState)
	assert.Equal(t, okpay.GateLocked, w.gate().State)
	_, err = w.Care.Callers.CancelRequest(t.Context(), care.DecideSupport{By: "top", Why: why, Request: r.ID})
	require.NoError(t, err)

	r = w.request(id, care.UnlockRisk, "")
	mails := len(w.sim.Mails())
	r, err = w.approve(r, "ann")
	require.NoError(t, err)
	assert.Equal(t, care.SupportDone, r.State)
	assert.Equal(t, okpay.GateMustChange, w.gate().State)
	assert.Subset(t, w.subjects(mails), []string{"You have proven that the account is yours", "A protected change was made"})
	_, err = w.Identity.SignIn(t.Context(), identity.SignIn{Name: mailbox, Password: password.New(good)})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the old password is worth nothing")
	w.changePassword()
	assert.Equal(t, okpay.GateActive, w.gate().State)

	// The customer's own activity names no agent.
	shown, _, err := w.Audit(t.Context(), okpay.AuditPage{Customer: w.customer, Shown: true, Limit: 100})
	require.NoError(t, err)
	for _, e := range shown {
		for _, fact := range e.Facts {
			assert.NotContains(t, []string{"ann", "top"}, fact, e.Action)
		}
	}
	second, _, err := w.Audit(t.Context(), okpay.AuditPage{Actor: "op/ann"})
	require.NoError(t, err)
	assert.Equal(t, "account.release_approved", second[1].Action)
	w.verify()
}

func TestTwoAgentsResetALostFactorAfterADay(t *testing.T) {
	w := start(t)
	w.enroll()
	id := w.called()
	w.prove(id, false)
	in := care.RequestSupport{By: "top", Why: why, Case: id, Act: care.ResetFactor}
	_, err := w.Care.Callers.Request(t.Context(), in)
	require.ErrorIs(t, err, okpay.PermissionDenied, "V2 is not enough")
	w.clock.Advance(2 * time.Minute)
	w.prove(id, true)

	// The owner stops one by the link of the message.
	r := w.request(id, care.ResetFactor, "")
	_, err = w.Care.Callers.StopRequest(t.Context(), care.StopSupport{Request: r.ID, Token: w.linked("support_request_requested", mailbox)})
	require.NoError(t, err)
	_, err = w.approve(r, "ann")
	require.ErrorIs(t, err, okpay.InvalidState)

	// There is no second procedure beside this one, with guards of its own.
	_, err = w.Identity.RequestFactorReset(t.Context(), identity.RequestFactorReset{Customer: w.customer, By: "top", Case: string(id), Reason: why})
	require.ErrorIs(t, err, okpay.PermissionDenied)

	r = w.request(id, care.ResetFactor, "")
	r, err = w.approve(r, "ann")
	require.NoError(t, err)
	assert.Equal(t, care.SupportWaiting, r.State)
	session := w.signIn()
	w.clock.Advance(r.Until.Sub(w.clock.Now()) - time.Second)
	w.work()
	f, err := w.Identity.Factor(t.Context(), w.customer)
	require.NoError(t, err)
	assert.Equal(t, identity.FactorActive, f.State)
	w.clock.Advance(time.Second)
	mails := len(w.sim.Mails())
	w.work()
	w.work()
	f, err = w.Identity.Factor(t.Context(), w.customer)
	require.NoError(t, err)
	assert.Equal(t, identity.FactorOff, f.State)
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), *w.gate().WithdrawalsFrom)
	_, _, err = w.Identity.Sessions(session, "", 10)
	require.ErrorIs(t, err, okpay.SessionEnded)
	assert.Contains(t, w.subjects(mails), "Two-factor authentication was turned off by our support")
	w.verify()
}

func TestAnAppThatWasEnrolledSinceIsNotTurnedOff(t *testing.T) {
	w := start(t)
	w.enroll()
	id := w.called()
	w.prove(id, true)
	r, err := w.approve(w.request(id, care.ResetFactor, ""), "ann")
	require.NoError(t, err)
	w.clock.Advance(time.Hour)
	ctx := w.signIn()
	e, err := w.Identity.BeginTOTP(ctx, identity.BeginTOTP{})
	require.NoError(t, err)
	w.app = e.Key.Secret
	_, err = w.Identity.ConfirmTOTP(ctx, w.code())
	require.NoError(t, err)
	w.clock.Advance(24 * time.Hour)
	w.work()
	f, err := w.Identity.Factor(t.Context(), w.customer)
	require.NoError(t, err)
	assert.Equal(t, identity.FactorActive, f.State)
	_, err = w.Care.Callers.StopRequest(w.signIn(), care.StopSupport{Customer: w.customer, Request: r.ID})
	require.ErrorIs(t, err, okpay.InvalidState, "it has failed")
	w.verify()
}

func TestTwoAgentsRemoveALostContactAndItsOwnerCanTakeItBack(t *testing.T) {
	w := start(t)
	id := w.called()
	w.prove(id, true)
	mail := w.contacts()[mailbox]
	_, err := w.approve(w.request(id, care.ResetContact, mail), "ann")
	require.NoError(t, err)
	session := w.signIn()
	texts := len(w.sim.Texts())
	w.clock.Advance(24 * time.Hour)
	w.work()
	assert.NotContains(t, w.contacts(), mailbox)
	_, _, err = w.Identity.Sessions(session, "", 10)
	require.ErrorIs(t, err, okpay.SessionEnded)
	require.NotNil(t, w.gate().WithdrawalsFrom)
	token := w.linked("contact_change_notice", mailbox)
	require.NotEmpty(t, token, "whoever had it hears of it")
	assert.Greater(t, len(w.sim.Texts()), texts, "and so does the telephone that is left")
	back, err := w.Identity.RevertContact(t.Context(), identity.RevertContact{Token: identity.NewSecret(token)})
	require.NoError(t, err)
	assert.True(t, back.Restored)
	assert.Contains(t, w.contacts(), mailbox)
	w.verify()
}

func TestTheLastVerifiedContactStays(t *testing.T) {
	w := start(t)
	id := w.called()
	w.prove(id, true)
	contacts := w.contacts()
	remove := func(contact okpay.ContactID) error {
		_, err := w.Do(t.Context(), okpay.Act{Principal: "op/top", Operation: "test"}, func(d *okpay.Draft) error {
			_, err := w.Identity.RemoveContactFor(d, identity.Deed{Customer: w.customer, By: "top", Second: "ann", Object: "sup_1", Contact: contact})
			return err
		})
		return err
	}
	require.NoError(t, remove(contacts[mobile]))
	require.ErrorIs(t, remove(contacts[mobile]), okpay.NotFound)
	require.ErrorIs(t, remove(contacts[mailbox]), okpay.InvalidState)

	// One that was never verified opened nothing: nobody is signed out for it.
	w.clock.Advance(25 * time.Hour)
	session := w.signIn()
	claim, err := w.Contacts.Add(session, okpay.AddContact{Customer: w.customer, Email: "claim@example.com"})
	require.NoError(t, err)
	require.NoError(t, remove(claim.ID))
	_, _, err = w.Identity.Sessions(session, "", 10)
	require.NoError(t, err)
	entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Object: string(claim.ID)})
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	assert.Equal(t, "contact.remove", entries[0].Action)
	assert.Equal(t, "op/top", entries[0].Actor)
	w.verify()
}

func TestWhatAgentsDoTakesNoCustomerAndTwoAgents(t *testing.T) {
	w := start(t)
	session := w.signIn()
	deeds := map[string]func(*okpay.Draft, identity.Deed) error{
		"unlock":  func(d *okpay.Draft, in identity.Deed) error { _, err := w.Identity.UnlockFor(d, in); return err },
		"release": func(d *okpay.Draft, in identity.Deed) error { _, err := w.Identity.ReleaseFor(d, in); return err },
		"contact": func(d *okpay.Draft, in identity.Deed) error { _, err := w.Identity.RemoveContactFor(d, in); return err },
		"factor":  func(d *okpay.Draft, in identity.Deed) error { return w.Identity.TurnFactorOff(d, in) },
	}
	in := identity.Deed{Customer: w.customer, By: "top", Second: "ann", Object: "sup_1", Contact: w.contacts()[mobile]}
	alone := in
	alone.Second = "top"
	for name, do := range deeds {
		_, err := w.Do(session, okpay.Act{Principal: "c/" + string(w.customer), Operation: "test"}, func(d *okpay.Draft) error { return do(d, in) })
		require.ErrorIs(t, err, okpay.PermissionDenied, name)
		if name == "unlock" {
			continue
		}
		_, err = w.Do(t.Context(), okpay.Act{Principal: "op/top", Operation: "test"}, func(d *okpay.Draft) error { return do(d, alone) })
		require.ErrorIs(t, err, okpay.InvalidRequest, name)
	}
	assert.Len(t, w.contacts(), 2)
}

func TestAReportOfAnUnauthorisedTransactionOpensTheCase(t *testing.T) {
	heard := []identity.RiskEvent{}
	w := start(t, func(c *joined.Config) {
		c.Identity.OnRiskLock = func(_ *okpay.Draft, e identity.RiskEvent) error {
			heard = append(heard, e)
			return nil
		}
	})
	ctx := w.signIn()
	up, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: w.customer, Amount: cny(500)})
	require.NoError(t, err)
	mails := len(w.sim.Mails())
	_, err = w.Identity.ReportUnauthorised(ctx, identity.ReportUnauthorised{
		Text: "that was not me \u202e", Objects: []identity.ObjectRef{{Type: "topup", ID: string(up.ID)}},
	})
	require.NoError(t, err)
	queue, _, err := w.Care.Cases.Queue(t.Context(), care.ReadQueue{By: "top", Tier: 1})
	require.NoError(t, err)
	require.Len(t, queue, 1)
	assert.Equal(t, care.P1, queue[0].Priority)
	assert.Equal(t, care.UnauthorizedTransaction, queue[0].Category)
	assert.Equal(t, []care.Link{{Type: "topup", ID: string(up.ID)}}, queue[0].Objects)
	require.Len(t, heard, 1, "the program hears of it, too")
	assert.Equal(t, okpay.GateLocked, w.gate().State)
	assert.Contains(t, w.subjects(mails), "Your account is locked")
	w.verify()
}

func TestTheAuditIsReadByWhoMayReadIt(t *testing.T) {
	w := start(t)
	_, err := w.Care.Operators.Create(t.Context(), care.CreateOperator{By: "boss", ID: "ada", Roles: []care.Role{care.Auditor}, Why: why})
	require.NoError(t, err)
	in := notify.AuditActivity{By: "top", Reason: why, Customer: w.customer}
	_, _, err = w.Notify.AuditedActivity(t.Context(), in)
	require.ErrorIs(t, err, okpay.PermissionDenied, "an agent may not")
	in.By = "ada"
	list, _, err := w.Notify.AuditedActivity(t.Context(), in)
	require.NoError(t, err)
	assert.NotEmpty(t, list)
}
