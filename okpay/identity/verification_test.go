package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
)

func TestACodeProvesAnIdentityOnceAndForOnePurpose(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.proprietor()
	before := w.last()
	v := o.start("export")
	assert.Equal(t, identity.Verification{
		ID: v.ID, Purpose: "export", State: identity.CodeSent, Channel: okpay.ContactEmail, ExpiresAt: w.clock.Now().Add(10 * time.Minute),
	}, v)
	m := o.message("verification_code")
	assert.Equal(t, okpay.Address{Kind: okpay.ContactEmail, Value: mail}, *m.Address)
	assert.Equal(t, map[string]string{
		"purpose": "export", "until": "2026-01-01T00:10:00Z", "generation": "1", "device": "Safari, iPhone", "place": "Shanghai, CN",
	}, m.Facts)
	code := o.sent()
	require.Len(t, code.Reveal(), 8)

	_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: wrongOf(code)})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	spaced := identity.NewSecret(" " + code.Reveal()[:4] + "-" + code.Reveal()[4:] + " ")
	v, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: spaced})
	require.NoError(t, err)
	assert.Equal(t, identity.Verified, v.State)
	assert.Equal(t, w.clock.Now().Add(15*time.Minute), v.ExpiresAt)
	_, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is burnt")

	for name, of := range map[string]identity.ProofOf{
		"another purpose":  {Purpose: identity.ForUnlock},
		"another customer": {Purpose: "export", Customer: "bob"},
	} {
		_, err = w.use(t.Context(), v.Proof, of)
		require.ErrorIs(t, err, okpay.AuthenticationFailed, name)
	}
	forged := identity.NewSecret(v.Proof.Reveal()[:len(v.Proof.Reveal())-3] + "AAA")
	_, err = w.use(t.Context(), forged, identity.ProofOf{Purpose: "export"})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	p, err := w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export", Customer: customer})
	require.NoError(t, err)
	assert.Equal(t, identity.Proven{Verification: v.ID, Customer: customer, Proofs: []lockout.Proof{"email"}}, p)
	_, err = w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export", Customer: customer})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is used")
	assert.Equal(t, []string{
		"verification.started", "verification.possession_proven", "verification.verified", "verification.consumed",
	}, w.events(before))
	assert.Subset(t, o.audited(), []string{"verification.start", "verification.prove", "verification.satisfy", "verification.consume"})
	_, err = w.x.Secret(t.Context(), m)
	require.ErrorIs(t, err, okpay.NotFound, "the message is not sent any more")
	w.verify()
}

func TestAProofIsSoonOverAndNotGoodAfterAChangeOfCredentials(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"time": func(w *world) { w.clock.Advance(15 * time.Minute) },
		"a lock": func(w *world) {
			require.NoError(w.t, w.x.RiskLock(w.t.Context(), identity.RiskLock{Customer: customer, Reason: lockout.ReasonRisk}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, identity.Config{})
			v := w.proprietor().prove("export")
			spoil(w)
			_, err := w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export", Customer: customer})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
		})
	}
}

func TestAVerificationInASessionIsThatSessionsAlone(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.proprietor()
	v, err := w.x.StartVerification(o.ctx(), identity.StartVerification{Purpose: "export", Contact: o.phone})
	require.NoError(t, err)
	assert.Equal(t, okpay.ContactPhone, v.Channel)
	code := o.sent()
	elsewhere := w.holder(customer)
	_, err = w.x.ProveCode(elsewhere.ctx(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "another session")
	_, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "no session")
	_, err = w.x.ResendCode(t.Context(), identity.ResendCode{ID: v.ID})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	v, err = w.x.ProveCode(o.ctx(), identity.ProveCode{ID: v.ID, Code: code})
	require.NoError(t, err)
	_, err = w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export", Customer: customer})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "outside of the session")
	a, _ := okpay.ActorOf(o.ctx())
	_, err = w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export", Customer: customer, Session: identity.SessionID(a.Session)})
	require.NoError(t, err)

	_, err = w.x.StartVerification(o.ctx(), identity.StartVerification{Purpose: "export", Contact: "con_other"})
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "export"})
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	_, err = w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: identity.ForStepUp, Email: mail})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestCodesAreSentOnlySoOften(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.proprietor()
	v := o.start("export")
	resend := func() error {
		_, err := w.x.ResendCode(t.Context(), identity.ResendCode{ID: v.ID, Client: home})
		return err
	}
	refused := func(until time.Time, why string) {
		t.Helper()
		err := resend()
		require.ErrorIs(t, err, okpay.TooManyTries, why)
		var e *okpay.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, until, *e.ResetsAt, why)
	}
	first := w.clock.Now()
	old := o.sent(v.ID)
	refused(first.Add(time.Minute), "within 60 s")
	w.clock.Advance(time.Minute)
	require.NoError(t, resend())
	_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: old})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the old code is dead")
	w.clock.Advance(time.Minute)
	require.NoError(t, resend())
	w.clock.Advance(time.Minute)
	refused(first.Add(15*time.Minute), "a fourth within 15 minutes")
	_, err = w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "export", Phone: phone, Client: identity.Client{Address: "203.0.113.9"}})
	require.NoError(t, err, "answered as a name that is nobody's")
	assert.Empty(t, w.mailsTo(phone), "the customer is the same by whatever contact, purpose and address")
	for range 7 {
		w.clock.Advance(15 * time.Minute)
		v = o.start("export")
	}
	w.clock.Advance(15 * time.Minute)
	_, err = w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "export", Email: mail})
	require.ErrorIs(t, err, okpay.TooManyTries, "an eleventh within a day")
	w.clock.Advance(first.Add(24 * time.Hour).Sub(w.clock.Now()))
	o.start("export")
}

func TestAnAddressAsksOnlySoOftenForWhomever(t *testing.T) {
	w := start(t, identity.Config{SendsByAddress: identity.SendLimit{Quarter: 3}})
	ask := func(name string, from identity.Client) error {
		_, err := w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "export", Email: name, Client: from})
		return err
	}
	for _, name := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		require.NoError(t, ask(name, home))
	}
	require.ErrorIs(t, ask("d@example.com", home), okpay.TooManyTries)
	require.NoError(t, ask("d@example.com", identity.Client{Address: "203.0.113.9"}))
	require.NoError(t, ask("e@example.com", identity.Client{}), "who hands in no address has no such limit")
}

func TestTriesStayCountedWhateverIsSent(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.proprietor()
	v := o.start("export")
	for i := range 5 {
		_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: wrongOf(o.sent(v.ID))})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		if i < 4 {
			w.clock.Advance(time.Second)
			_, err = w.x.ResendCode(t.Context(), identity.ResendCode{ID: v.ID})
			require.NoError(t, err)
		}
	}
	assert.Contains(t, w.record("verification", string(v.ID)), `"state":"failed"`)
	assert.Contains(t, o.told(), "verification_failed")
	_, err := w.x.ResendCode(t.Context(), identity.ResendCode{ID: v.ID})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
}

func TestAContactIsVerifiedInOneChange(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := &subject{holder: w.holder(customer)} // who has none yet
	c, err := w.Contacts.Add(o.ctx(), okpay.AddContact{Customer: customer, Email: "new@example.com"})
	require.NoError(t, err)
	v, err := w.x.StartVerification(o.ctx(), identity.StartVerification{Purpose: identity.ForContact, Contact: c.ID})
	require.NoError(t, err)
	blocks, before := w.head(), w.last()
	v, err = w.x.ProveCode(o.ctx(), identity.ProveCode{ID: v.ID, Code: o.sent()})
	require.NoError(t, err)
	assert.Equal(t, identity.VerificationDone, v.State)
	assert.True(t, v.Proof.IsZero())
	assert.Equal(t, blocks+1, w.head())
	assert.Contains(t, w.events(before), "contact.verified")
	got, err := w.Contacts.Customer(t.Context(), okpay.FindContact{Email: "new@example.com"})
	require.NoError(t, err)
	assert.Equal(t, customer, got.ID)
	assert.Contains(t, o.audited(), "contact.verify")
}

func TestAContactOfSomebodyElsesIsVerifiedByNobodyElse(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.proprietor()
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	bob := &subject{holder: w.holder("bob")}
	c, err := w.Contacts.Add(bob.ctx(), okpay.AddContact{Customer: "bob", Email: mail})
	require.NoError(t, err)
	v, err := w.x.StartVerification(bob.ctx(), identity.StartVerification{Purpose: identity.ForContact, Contact: c.ID})
	require.NoError(t, err, "nothing is told of whose it is")
	assert.NotContains(t, bob.told(), "verification_code", "nothing is sent")
	assert.Contains(t, o.told(), "contact_claimed")
	_, err = w.x.ProveCode(bob.ctx(), identity.ProveCode{ID: v.ID, Code: identity.NewSecret("12345678")})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)

	// And one that somebody else verifies while the code is on its way.
	free, err := w.Contacts.Add(bob.ctx(), okpay.AddContact{Customer: "bob", Email: "free@example.com"})
	require.NoError(t, err)
	v, err = w.x.StartVerification(bob.ctx(), identity.StartVerification{Purpose: identity.ForContact, Contact: free.ID})
	require.NoError(t, err)
	code := bob.sent()
	o.contact(okpay.AddContact{Email: "free@example.com"})
	_, err = w.x.ProveCode(bob.ctx(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.ContactTaken)
	_, err = w.x.ProveCode(bob.ctx(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the code is burnt")
	w.verify()
}

func TestARegistrationSendsTheCodeForItsContact(t *testing.T) {
	w := start(t, identity.Config{})
	r := w.register(mail)
	v, err := w.x.ProveCode(t.Context(), identity.ProveCode{
		ID: r.Verification, Code: identity.NewSecret(w.secrets(r.Customer, "verification_code", "")["code"]),
	})
	require.NoError(t, err)
	assert.Equal(t, identity.VerificationDone, v.State)
	assert.Contains(t, w.templates(r.Customer), "welcome")
	_, err = w.try(mail, good, home)
	require.NoError(t, err)
	// One who registers too soon after somebody else asks for the code later.
	r = w.register("busy@example.com")
	late := w.register("busy@example.com")
	assert.NotContains(t, w.templates(late.Customer), "verification_code")
	w.clock.Advance(time.Minute)
	_, err = w.x.ResendCode(t.Context(), identity.ResendCode{ID: late.Verification})
	require.NoError(t, err)
	assert.Contains(t, w.templates(late.Customer), "verification_code")
	_ = r
}

func TestWhatNobodyFinishesIsEndedAndForgotten(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.proprietor()
	v := o.start("export")
	code := o.sent()
	w.clock.Advance(10 * time.Minute)
	_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "from the very instant")
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	assert.Contains(t, w.record("verification", string(v.ID)), `"state":"expired"`)
	w.clock.Advance(48 * time.Hour)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	_, err = w.Ledger().Record(t.Context(), "verification", string(v.ID))
	require.Error(t, err)
	w.verify()
}

func TestAKeyThatIsGoneCountsNoTry(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.proprietor()
	v := o.start("export")
	code, m := o.sent(), o.message("verification_code")
	w.x.Rekey(identity.Key{ID: "k2", Secret: [32]byte{9}})
	_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	require.ErrorIs(t, err, okpay.InternalError)
	_, err = w.x.Secret(t.Context(), m)
	require.ErrorIs(t, err, okpay.InternalError)
	w.x.Rekey(identity.Key{ID: "k2", Secret: [32]byte{9}}, key)
	_, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	require.NoError(t, err, "the old key still opens what was made under it")
}

func TestStrangersDoNotKeepAnOwnerFromAsking(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	o.signIn()
	token, _, err := w.x.TrustDevice(o.ctx(), home)
	require.NoError(t, err)
	ask := func(from identity.Client) error {
		_, err := w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: mail, Client: from})
		return err
	}
	for i := range 9 { // with that of the registration as many as a day allows
		w.clock.Advance(15 * time.Minute)
		require.NoError(t, ask(identity.Client{Address: "203.0.113." + string(rune('1'+i%9))}))
	}
	w.clock.Advance(15 * time.Minute)
	require.ErrorIs(t, ask(identity.Client{}), okpay.TooManyTries)
	stolen := home
	stolen.Device = identity.NewSecret("dev_x." + token.Reveal()[len(token.Reveal())-43:])
	require.ErrorIs(t, ask(stolen), okpay.TooManyTries)
	trusted := home
	trusted.Device = token
	require.NoError(t, ask(trusted), "the owner's device is counted apart")
	require.ErrorIs(t, ask(trusted), okpay.TooManyTries, "and bounded as well")
}
