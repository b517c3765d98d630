package identity_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
)

func (o *subject) beginChange(email string, replaces okpay.ContactID) identity.ContactChange {
	o.t.Helper()
	c, err := o.w.x.BeginContactChange(o.ctx(), identity.BeginContactChange{
		Email: email, Replaces: replaces, Proof: o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: email}), Client: home,
	})
	require.NoError(o.t, err)
	return c
}

func (o *subject) confirmChange(c identity.ContactChange) (identity.ContactChange, error) {
	return o.w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: c.ID, Code: o.sent(c.Verification), Client: home})
}

// changeTo puts one e-mail address in the place of another.
func (o *subject) changeTo(email string, replaces okpay.ContactID) identity.ContactChange {
	o.t.Helper()
	c, err := o.confirmChange(o.beginChange(email, replaces))
	require.NoError(o.t, err)
	return c
}

// takeBack is the link that a contact was sent about a change.
func (o *subject) takeBack(c identity.ContactChange, to string) identity.Secret {
	o.t.Helper()
	list, err := o.w.Customers.Messages(o.t.Context(), o.id, "", 100)
	require.NoError(o.t, err)
	for _, m := range list {
		if m.Template == "contact_change_notice" && m.Object == string(c.ID) && m.Address.Value == to {
			secrets, err := o.w.x.Secret(o.t.Context(), m)
			require.NoError(o.t, err)
			return identity.NewSecret(secrets["token"])
		}
	}
	o.t.Fatal("there is no notice")
	return identity.Secret{}
}

// verified are the values of the customer's verified contacts.
func (o *subject) verified() (values []string) {
	o.t.Helper()
	c, err := o.w.Customers.Get(o.t.Context(), o.id)
	require.NoError(o.t, err)
	for _, k := range c.Contacts {
		if k.State == okpay.ContactVerified {
			values = append(values, k.Value)
		}
	}
	slices.Sort(values)
	return values
}

func (o *subject) mailID() okpay.ContactID {
	o.t.Helper()
	c, err := o.w.Customers.Get(o.t.Context(), o.id)
	require.NoError(o.t, err)
	for _, k := range c.Contacts {
		if k.Kind == okpay.ContactEmail && k.State == okpay.ContactVerified {
			return k.ID
		}
	}
	o.t.Fatal("there is no e-mail address")
	return ""
}

func TestANewContactCountsOnceItIsProvenAndTheOldOneHearsOfIt(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	elsewhere := w.holder(o.id)
	c := o.beginChange("new@example.com", o.mailID())
	assert.Equal(t, identity.ChangePending, c.State)
	assert.Equal(t, []string{phone, mail}, o.verified(), "nothing has changed")
	_, err := w.x.ConfirmContactChange(elsewhere.ctx(), identity.ConfirmContactChange{ID: c.ID, Code: o.sent(c.Verification)})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "another session")
	_ = o.ctx()
	blocks, before := w.head(), w.last()
	c, err = o.confirmChange(c)
	require.NoError(t, err)
	assert.Equal(t, blocks+1, w.head(), "one Change")
	assert.Subset(t, w.events(before), []string{"verification.consumed", "contact.removed", "contact.added", "contact.verified", "contact_change.made"})
	assert.Equal(t, identity.ChangeMade, c.State)
	assert.Equal(t, w.clock.Now().Add(7*24*time.Hour), c.ExpiresAt)
	assert.Equal(t, []string{phone, "new@example.com"}, o.verified())
	_, _, err = w.x.Authenticate(t.Context(), elsewhere.token)
	require.ErrorIs(t, err, okpay.SessionEnded, "all other sessions end")
	_ = o.ctx() // this one goes on
	g := o.gate()
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), *g.WithdrawalsFrom)
	notice := o.message("contact_change_notice")
	assert.Equal(t, mail, notice.Address.Value)
	assert.Contains(t, o.told(), "contact_changed")
	assert.Subset(t, o.audited(), []string{"contact_change.begin", "contact.change", "contact_change.make"})
	w.verify()
}

func TestAChangeOfContactNeedsASteppedUpSession(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	in := identity.BeginContactChange{Email: "new@example.com", Replaces: o.mailID()}
	_, err := w.x.BeginContactChange(t.Context(), in)
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	_, err = w.x.BeginContactChange(o.ctx(), in)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	in.Proof = o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: "other@example.com"})
	_, err = w.x.BeginContactChange(o.ctx(), in)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a proof for another contact")
	in.Email = mail
	_, err = w.x.BeginContactChange(o.ctx(), in)
	require.ErrorIs(t, err, okpay.InvalidState, "it is theirs")
	in.Email, in.Replaces = "new@example.com", "con_none"
	_, err = w.x.BeginContactChange(o.ctx(), in)
	require.ErrorIs(t, err, okpay.NotFound)
	require.ErrorIs(t, w.Contacts.Remove(o.ctx(), okpay.MoveContact{Customer: o.id, Contact: o.mailID()}), okpay.AuthenticationRequired, "nor by another entry")
}

func TestTheLastVerifiedContactIsNotRemoved(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	remove := func(id okpay.ContactID) (identity.ContactChange, error) {
		return w.x.RemoveContact(o.ctx(), identity.RemoveContact{Contact: id, Proof: o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: string(id)})})
	}
	c, err := remove(o.phone)
	require.NoError(t, err)
	assert.Equal(t, []string{mail}, o.verified())
	_, err = remove(o.mailID())
	require.ErrorIs(t, err, okpay.InvalidState)
	out, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: o.takeBack(c, phone)})
	require.NoError(t, err)
	assert.True(t, out.Restored)
	assert.Equal(t, []string{phone, mail}, o.verified())
	w.verify()
}

func TestTheOldContactTakesAChangeBack(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.changeTo("thief@example.com", o.mailID())
	token := o.takeBack(c, mail)
	w.clock.Advance(6 * 24 * time.Hour)
	blocks, before := w.head(), w.last()
	out, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: token, Client: home})
	require.NoError(t, err)
	assert.Equal(t, blocks+1, w.head(), "one Change")
	assert.Equal(t, identity.Reverted{Customer: o.id, Changes: []identity.ContactChangeID{c.ID}, Restored: true}, out)
	assert.Subset(t, w.events(before), []string{"contact.removed", "contact.verified", "contact_change.reverted"})
	assert.Equal(t, []string{phone, mail}, o.verified())
	_, _, err = w.x.Authenticate(t.Context(), o.token)
	require.ErrorIs(t, err, okpay.SessionEnded)
	g := o.gate()
	assert.Equal(t, okpay.GateMustChange, g.State, "no money leaves")
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), *g.WithdrawalsFrom)
	_, err = w.try(mail, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the password is void: a thief may know it")
	told := map[string]bool{}
	list, err := w.Customers.Messages(t.Context(), o.id, "", 100)
	require.NoError(t, err)
	for _, m := range list {
		if m.Template == "contact_reverted" {
			told[valueOf(m.Address)] = true
		}
	}
	assert.Equal(t, map[string]bool{"": true, "thief@example.com": true}, told)
	_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: token})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "once")

	r := o.openReset()
	require.ErrorIs(t, o.setNew(r.Grant, good), okpay.PasswordNotAllowed, "not the one that was made void")
	require.NoError(t, o.setNew(r.Grant, other))
	assert.Equal(t, okpay.GateActive, o.gate().State)
	_, err = w.try(mail, other, home)
	require.NoError(t, err)
	w.verify()
}

func valueOf(a *okpay.Address) string {
	if a == nil {
		return ""
	}
	return a.Value
}

func TestALaterChangeDoesNotTakeTheNoticeAway(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	first := o.changeTo("thief@example.com", o.mailID())
	token := o.takeBack(first, mail)
	second := o.changeTo("thief2@example.com", o.mailID())
	third, err := w.x.RemoveContact(o.ctx(), identity.RemoveContact{
		Contact: o.phone, Proof: o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: string(o.phone)}),
	})
	require.NoError(t, err)
	pending := o.beginChange("thief3@example.com", "")
	later := o.takeBack(second, "thief@example.com")
	out, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: token})
	require.NoError(t, err)
	assert.Equal(t, []identity.ContactChangeID{third.ID, second.ID, first.ID}, out.Changes)
	assert.Equal(t, []string{phone, mail}, o.verified(), "all is as it was before the first")
	_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: later})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the thief's own link is dead")
	assert.Contains(t, w.record("contact_change", string(pending.ID)), `"state":"dropped"`)
	w.verify()
}

func TestAThiefsLinkLeavesTheOwnersAlive(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	first := o.changeTo("thief@example.com", o.mailID())
	token := o.takeBack(first, mail)
	second := o.changeTo("thief2@example.com", o.mailID())
	_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: o.takeBack(second, "thief@example.com")})
	require.NoError(t, err)
	assert.Equal(t, []string{phone, "thief@example.com"}, o.verified())
	_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: token})
	require.NoError(t, err)
	assert.Equal(t, []string{phone, mail}, o.verified())
}

func TestAContactThatIsSomebodyElsesByNowDoesNotComeBack(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.changeTo("new@example.com", o.mailID())
	token := o.takeBack(c, mail)
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	bob := &subject{holder: w.holder("bob")}
	bob.contact(okpay.AddContact{Email: mail})
	out, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: token})
	require.NoError(t, err)
	assert.False(t, out.Restored)
	assert.Equal(t, []string{phone}, o.verified(), "the new one is gone all the same")
	assert.Equal(t, okpay.GateMustChange, o.gate().State)
	assert.Equal(t, []string{mail}, bob.verified())
	w.verify()
}

func TestANewContactTakenMeanwhileIsNotChangedTo(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.beginChange("new@example.com", o.mailID())
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	(&subject{holder: w.holder("bob")}).contact(okpay.AddContact{Email: "new@example.com"})
	_, err = o.confirmChange(c)
	require.ErrorIs(t, err, okpay.ContactTaken)
	assert.Equal(t, []string{phone, mail}, o.verified())
	before := o.told()
	c = o.beginChange("new@example.com", o.mailID())
	assert.Equal(t, identity.ChangePending, c.State, "it looks as any other")
	assert.Equal(t, times(before, "verification_code"), times(o.told(), "verification_code"), "nothing is sent")
	_, err = w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: c.ID, Code: identity.NewSecret("12345678")})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
}

func times(list []string, what string) (n int) {
	for _, s := range list {
		if s == what {
			n++
		}
	}
	return n
}

func TestOfTwoChangesAtOnceTheLastOneBegunCounts(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	first := o.beginChange("one@example.com", o.mailID())
	code := o.sent(first.Verification)
	second := o.beginChange("two@example.com", o.mailID())
	_, err := w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: first.ID, Code: code})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	_, err = o.confirmChange(second)
	require.NoError(t, err)
	assert.Equal(t, []string{phone, "two@example.com"}, o.verified())
}

func TestAnAddedContactCanBeTakenBackByAllOthers(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.changeTo("more@example.com", "")
	assert.Equal(t, []string{phone, "more@example.com", mail}, o.verified())
	o.takeBack(c, mail)
	_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: o.takeBack(c, phone)})
	require.NoError(t, err)
	assert.Equal(t, []string{phone, mail}, o.verified())
}

func TestAChangeIsFinalAfterSevenDays(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.changeTo("new@example.com", o.mailID())
	token := o.takeBack(c, mail)
	w.clock.Advance(7 * 24 * time.Hour)
	_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: token})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	assert.Contains(t, w.record("contact_change", string(c.ID)), `"state":"final"`)
}

func TestTakingAChangeBackLiftsNoLock(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.changeTo("new@example.com", o.mailID())
	require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: o.takeBack(c, mail)})
	require.NoError(t, err)
	assert.Equal(t, okpay.GateLocked, o.gate().State)
}

func TestAThiefWhoFillsTheBookDoesNotKeepTheOldContactFromComingBack(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.proprietor()
	c, err := w.x.RemoveContact(o.ctx(), identity.RemoveContact{
		Contact: o.mail, Proof: o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: string(o.mail)}), Client: home,
	})
	require.NoError(t, err)
	for i := range okpay.MaxContacts - 1 { // the telephone number is still there
		_, err := w.Contacts.Add(o.ctx(), okpay.AddContact{Customer: o.id, Email: fmt.Sprintf("thief%d@example.net", i)})
		require.NoError(t, err)
	}
	r, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: o.takeBack(c, mail), Client: home})
	require.NoError(t, err)
	assert.True(t, r.Restored)
	assert.Contains(t, o.verified(), mail)
}

func TestASessionAloneAddsNoContactThatCounts(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.proprietor()
	c, err := w.Contacts.Add(o.ctx(), okpay.AddContact{Customer: o.id, Email: "thief@example.net"})
	require.NoError(t, err)
	_, err = w.x.StartVerification(o.ctx(), identity.StartVerification{Purpose: identity.ForContact, Contact: c.ID})
	require.ErrorIs(t, err, okpay.InvalidState)
	assert.NotContains(t, o.verified(), "thief@example.net")
}

func TestACodeForAContactIsWorthNothingOnceAnotherOneCounts(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := &subject{holder: w.holder(customer)}
	c, err := w.Contacts.Add(o.ctx(), okpay.AddContact{Customer: o.id, Email: "thief@example.net"})
	require.NoError(t, err)
	v, err := w.x.StartVerification(o.ctx(), identity.StartVerification{Purpose: identity.ForContact, Contact: c.ID})
	require.NoError(t, err)
	code := o.sent(v.ID)
	o.contact(okpay.AddContact{Email: mail})
	_, err = w.x.ProveCode(o.ctx(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.InvalidState)
	assert.Equal(t, []string{mail}, o.verified())
}

func TestARestrictionKeepsNoOwnerFromTakingAChangeBack(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	c := o.changeTo("thief@example.com", o.mailID())
	token := o.takeBack(c, mail)
	_, err := w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "restrict"}, func(d *okpay.Draft) error {
		g, err := d.Gate(o.id)
		if err != nil {
			return err
		}
		g.Denied = []okpay.Capability{okpay.CanManage}
		return d.WriteGate(g)
	})
	require.NoError(t, err)
	out, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: token})
	require.NoError(t, err)
	assert.True(t, out.Restored)
}

func TestAContactThatWentAndCameBackIsThereAfterBothAreTakenBack(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	removed, err := w.x.RemoveContact(o.ctx(), identity.RemoveContact{
		Contact: o.mailID(), Proof: o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: string(o.mailID())}),
	})
	require.NoError(t, err)
	require.Equal(t, []string{phone}, o.verified())
	o.changeTo(mail, o.phone)
	require.Equal(t, []string{mail}, o.verified(), "in the place of the telephone")
	back, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: o.takeBack(removed, mail)})
	require.NoError(t, err)
	assert.True(t, back.Restored)
	assert.Len(t, back.Changes, 2)
	assert.Equal(t, []string{phone, mail}, o.verified())
	w.verify()
}
