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

// resident is somebody registered, with a password and two verified contacts.
func (w *world) resident() *subject {
	w.t.Helper()
	id := w.registered(mail)
	o := &subject{holder: w.holder(id)}
	o.phone = o.contact(okpay.AddContact{Phone: phone})
	w.clock.Advance(15 * time.Minute) // more may be sent
	return o
}

func TestALockAfterFailuresIsLearntAndOpenedByAProof(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	w.fails(mail, 5)
	until := w.clock.Now().Add(30 * time.Second)
	v := o.prove(identity.ForUnlock)
	require.Equal(t, identity.Verified, v.State, "one proof is enough")
	for range 2 {
		report, err := w.x.LockReason(t.Context(), identity.LockReasonOf{Proof: v.Proof})
		require.NoError(t, err, "it is not used up")
		require.Len(t, report.Locks, 1)
		assert.Equal(t, identity.LockedAuthenticator{
			Authenticator: lockout.Password, Bucket: lockout.Untrusted, Status: lockout.StatusLocked,
			Reason: lockout.ReasonTooManyFailures, Failures: 5, Until: until,
		}, report.Locks[0])
		assert.Equal(t, lockout.StatusLocked, report.Status)
		assert.Empty(t, report.Account)
		assert.Equal(t, []lockout.Advice{"wait", "verify_identity", "change_password", "enable_second_factor", "contact_support"}, report.Advice)
	}
	_, err := w.try(mail, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	blocks := w.head()
	u, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof, Client: home})
	require.NoError(t, err)
	assert.Equal(t, identity.Unlocked{Customer: o.id, Cleared: true, ChangePassword: true, EnableSecondFactor: true}, u)
	assert.Equal(t, blocks+1, w.head())
	m := o.message("account_unlock_proven")
	assert.Equal(t, "change_password,enable_second_factor", m.Facts["advice"])
	assert.Contains(t, o.audited(), "account.unlock")
	_, err = w.try(mail, good, home)
	require.NoError(t, err)
	_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a proof is good once")
}

func TestWhyAnAccountIsLockedIsToldToItsOwnerAlone(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	_, err := w.x.LockReason(t.Context(), identity.LockReasonOf{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	_, err = w.x.LockReason(t.Context(), identity.LockReasonOf{Proof: identity.NewSecret("vfy_x.y")})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	other := o.prove("export")
	_, err = w.x.LockReason(t.Context(), identity.LockReasonOf{Proof: other.Proof})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a proof for something else")

	// What an operator has in mind stays theirs.
	_, err = w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: o.id, By: "ops1", Reason: "police_inquiry_77"})
	require.NoError(t, err)
	s, err := w.try(mail, good, home)
	require.NoError(t, err)
	report, err := w.x.LockReason(w.as(s.Token), identity.LockReasonOf{})
	require.NoError(t, err)
	assert.Equal(t, identity.LockReport{
		Status: lockout.StatusRiskLocked, Account: lockout.ReasonRisk,
		Advice: []lockout.Advice{"verify_identity", "contact_support", "change_password", "enable_second_factor"},
	}, report)
}

func TestALockForReasonsOfSecurityNeedsTwoProofsOfTwoKinds(t *testing.T) {
	told := []identity.RiskEvent{}
	w := start(t, sending(identity.Config{OnRiskLock: func(d *okpay.Draft, e identity.RiskEvent) error {
		told = append(told, e)
		return nil
	}}))
	o := w.resident()
	before := o.prove(identity.ForUnlock)
	in := identity.RiskLock{Customer: o.id, Reason: lockout.ReasonAgent, By: "ops1", Detail: "the hunch of an operator", Key: "k"}
	blocks := w.head()
	require.NoError(t, w.x.RiskLock(t.Context(), in))
	assert.Equal(t, blocks+1, w.head())
	require.NoError(t, w.x.RiskLock(t.Context(), in), "a repeat")
	assert.Equal(t, identity.RiskEvent{
		Customer: o.id, Reason: lockout.ReasonAgent, By: "op/ops1", Detail: in.Detail, At: w.clock.Now(),
	}, told[0])
	assert.Equal(t, blocks+1, w.head(), "of which nothing comes")
	_, _, err := w.x.Authenticate(t.Context(), o.token)
	require.ErrorIs(t, err, okpay.SessionEnded)
	g := o.gate()
	assert.Equal(t, okpay.GateLocked, g.State)
	assert.Equal(t, map[string]string{
		"reason": "agent", "at": w.clock.Now().Format(time.RFC3339), "advice": "verify_identity,contact_support,change_password,enable_second_factor",
	}, o.message("account_locked").Facts)
	_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: before.Proof})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "what was proven before the lock is void")

	v := o.prove(identity.ForUnlock)
	assert.Equal(t, []lockout.Proof{"phone"}, v.Needs)
	assert.True(t, v.Proof.IsZero())
	_, err = w.x.SendSecond(t.Context(), identity.SendSecond{ID: v.ID, Kind: okpay.ContactEmail})
	require.ErrorIs(t, err, okpay.InvalidState, "the same kind again")
	_, err = w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "phone", Code: identity.NewSecret("12345678")})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "none was sent")
	v = o.proveTwice(identity.ForUnlock)
	u, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	assert.True(t, u.MustChangePassword)
	g = o.gate()
	assert.Equal(t, okpay.GateMustChange, g.State)

	_, err = w.try(mail, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "whoever had the password has nothing now")
	require.NoError(t, o.setNew(o.openReset().Grant, other))
	assert.Equal(t, okpay.GateActive, o.gate().State)
	_, err = w.try(mail, other, home)
	require.NoError(t, err)
	w.verify()
}

func TestTwoAgentsReleaseAnAccount(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	agent := func(id string, level int) identity.ByAgent {
		return identity.ByAgent{Customer: o.id, Agent: identity.Agent{ID: id, Level: level, Case: "cas_1", Reason: "called in"}}
	}
	require.ErrorIs(t, w.x.ReleaseLock(t.Context(), agent("ana", 3)), okpay.InvalidState, "it is not locked")
	lock := func() {
		require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	}
	lock()
	require.ErrorIs(t, w.x.ReleaseLock(t.Context(), agent("ana", 2)), okpay.PermissionDenied)
	_, err := w.x.ConfirmRelease(t.Context(), agent("ben", 0))
	require.ErrorIs(t, err, okpay.InvalidState, "nobody has released it")
	require.NoError(t, w.x.ReleaseLock(t.Context(), agent("ana", 3)))
	_, err = w.x.ConfirmRelease(t.Context(), agent("ana", 3))
	require.ErrorIs(t, err, okpay.DuplicateApprover)
	lock() // once more
	_, err = w.x.ConfirmRelease(t.Context(), agent("ben", 0))
	require.ErrorIs(t, err, okpay.InvalidState, "the word was about another lock")
	require.NoError(t, w.x.ReleaseLock(t.Context(), agent("ana", 3)))
	u, err := w.x.ConfirmRelease(t.Context(), agent("ben", 0))
	require.NoError(t, err)
	assert.True(t, u.MustChangePassword)
	assert.Equal(t, okpay.GateMustChange, o.gate().State)
	entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Actor: "op/ana"})
	require.NoError(t, err)
	require.Len(t, entries, 2)
	assert.Equal(t, "called in", entries[0].Reason)
	w.verify()
}

func TestAnAgentUnlocksWhatFailuresHaveLocked(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	w.fails(mail, 5)
	in := identity.ByAgent{Customer: o.id, Agent: identity.Agent{ID: "ana", Level: 1, Reason: "called in"}}
	_, err := w.x.UnlockByAgent(t.Context(), in)
	require.ErrorIs(t, err, okpay.PermissionDenied)
	in.Agent.Level = 2
	_, err = w.x.UnlockByAgent(o.ctx(), in)
	require.ErrorIs(t, err, okpay.PermissionDenied, "whoever is signed in is no operator")
	u, err := w.x.UnlockByAgent(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, u.Cleared)
	_, err = w.try(mail, good, home)
	require.NoError(t, err)
	require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	_, err = w.x.UnlockByAgent(t.Context(), in)
	require.ErrorIs(t, err, okpay.AccountLocked)
	in.Agent.Reason = ""
	_, err = w.x.UnlockByAgent(t.Context(), in)
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestAReportFreezesSignsOutAndOpensACaseInOneChange(t *testing.T) {
	var cases []identity.RiskEvent
	w := start(t, sending(identity.Config{OnRiskLock: func(d *okpay.Draft, e identity.RiskEvent) error {
		cases = append(cases, e)
		return nil
	}}))
	o := w.resident()
	bob := w.registered("bob@example.com")
	transfer := func(from okpay.CustomerID, to okpay.CustomerID) string {
		h := w.holder(from)
		_, err := w.TopUps.Create(h.ctx(), okpay.CreateTopUp{Customer: from, Amount: cny(100)})
		require.NoError(t, err)
		tr, err := w.Transfers.Create(h.ctx(), okpay.CreateTransfer{From: from, To: to, Amount: cny(1)})
		require.NoError(t, err)
		return string(tr.ID)
	}
	mine, alien := transfer(o.id, bob), transfer(bob, customer)
	in := identity.ReportUnauthorised{Objects: []identity.ObjectRef{{Type: "transfer", ID: mine}}, Text: "Not mine.\nNone of it.", Client: home}
	bad := in
	bad.Objects = []identity.ObjectRef{{Type: "transfer", ID: alien}}
	_, err := w.x.ReportUnauthorised(o.ctx(), bad)
	require.ErrorIs(t, err, okpay.NotFound, "somebody else's")
	bad.Objects[0].Type = "gate"
	_, err = w.x.ReportUnauthorised(o.ctx(), bad)
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = w.x.ReportUnauthorised(t.Context(), in)
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	assert.Equal(t, okpay.GateActive, o.gate().State, "refusals change nothing")
	cases = nil

	ctx, blocks, before := o.ctx(), w.head(), w.last()
	r, err := w.x.ReportUnauthorised(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, blocks+1, w.head())
	assert.Equal(t, []string{"account.locked"}, w.events(before))
	assert.Equal(t, []identity.RiskEvent{{
		Customer: o.id, Reason: lockout.ReasonUserReport, By: "c/" + string(o.id), At: w.clock.Now(), Report: r.ID, Objects: in.Objects, Text: in.Text,
	}}, cases)
	assert.Equal(t, in.Text, r.Text)
	assert.Subset(t, o.told(), []string{"report_received", "account_locked"})
	assert.Subset(t, o.audited(), []string{"report.unauthorised", "account.risk_lock"})
	_, _, err = w.x.Authenticate(t.Context(), o.token)
	require.ErrorIs(t, err, okpay.SessionEnded, "everybody is signed out")
	_, err = w.x.ReportUnauthorised(ctx, in)
	require.ErrorIs(t, err, okpay.SessionEnded)

	// Who is locked out reports with a proof, and repeats it safely.
	v := o.prove(identity.ForReport)
	in.Proof, in.Key = v.Proof, "k"
	first, err := w.x.ReportUnauthorised(t.Context(), in)
	require.NoError(t, err)
	again, err := w.x.ReportUnauthorised(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, first.ID, again.ID)
	assert.True(t, cases[1].Again)
	in.Key = "other"
	_, err = w.x.ReportUnauthorised(t.Context(), in)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the proof is used")
	assert.Equal(t, okpay.GateLocked, o.gate().State)
	w.verify()
}

func TestALockWhoseCaseCanNotBeOpenedIsNone(t *testing.T) {
	w := start(t, identity.Config{OnRiskLock: func(*okpay.Draft, identity.RiskEvent) error {
		return okpay.NewError(okpay.ServiceBusy, "")
	}})
	o := w.resident()
	require.ErrorIs(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}), okpay.ServiceBusy)
	assert.Equal(t, okpay.GateActive, o.gate().State)
	_ = o.ctx()
}

func TestSecondProofs(t *testing.T) {
	t.Run("a code of the app, and a recovery code is the same factor", func(t *testing.T) {
		w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"export"}}))
		o := w.proprietor()
		o.enroll()
		v := o.prove("export")
		assert.Equal(t, []lockout.Proof{"totp", "recovery_code", "phone"}, v.Needs)
		_, err := w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "totp", Code: identity.NewSecret(o.wrongCode())})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		got, err := w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "totp", Code: identity.NewSecret(o.next())})
		require.NoError(t, err)
		assert.Equal(t, identity.Verified, got.State)
		p, err := w.use(t.Context(), got.Proof, identity.ProofOf{Purpose: "export"})
		require.NoError(t, err)
		assert.Equal(t, []lockout.Proof{"email", "totp"}, p.Proofs)

		v = o.prove("export")
		got, err = w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "recovery_code", Code: identity.NewSecret(o.codes[0].Reveal())})
		require.NoError(t, err)
		_, err = w.use(t.Context(), got.Proof, identity.ProofOf{Purpose: "export"})
		require.NoError(t, err)
	})
	t.Run("five wrong ones end it", func(t *testing.T) {
		w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"export"}}))
		o := w.proprietor()
		v := o.prove("export")
		_, err := w.x.SendSecond(t.Context(), identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
		require.NoError(t, err)
		code := o.sent(v.ID)
		for range 5 {
			_, err = w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "phone", Code: wrongOf(code)})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
		}
		_, err = w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "phone", Code: code})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		assert.Contains(t, w.record("verification", string(v.ID)), `"state":"failed"`)
	})
	t.Run("security questions, three tries in 24 hours", func(t *testing.T) {
		w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"export"}, Questions: true}))
		o := w.proprietor()
		answers := map[string]identity.Secret{"school": identity.NewSecret("St. Mary’s  School"), "street": identity.NewSecret("北京第一小学")}
		require.NoError(t, w.x.SetQuestions(o.ctx(), identity.SetQuestions{Answers: answers, Proof: o.stepUpFor(identity.ManageFactor)}))
		assert.NotContains(t, w.record("questions", string(o.id)), "school ", "answers are hashed")
		prove := func(school string) error {
			v := o.prove("export")
			assert.Contains(t, v.Needs, lockout.ProofQuestions)
			assert.Equal(t, []string{"school", "street"}, v.Questions)
			_, err := w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "questions", Answers: map[string]identity.Secret{
				"school": identity.NewSecret(school), "street": answers["street"],
			}})
			return err
		}
		require.NoError(t, prove("st marys SCHOOL"))
		require.ErrorIs(t, prove("another school"), okpay.AuthenticationFailed)
		require.ErrorIs(t, prove("x"), okpay.AuthenticationFailed)
		require.ErrorIs(t, prove("st marys school"), okpay.AuthenticationFailed, "three tries, whatever came of them")
		w.clock.Advance(24 * time.Hour)
		o.signIn()
		require.NoError(t, prove("st marys school"))
	})
	t.Run("questions are off unless the program wants them", func(t *testing.T) {
		w := start(t, sending(identity.Config{}))
		o := w.proprietor()
		err := w.x.SetQuestions(o.ctx(), identity.SetQuestions{Answers: map[string]identity.Secret{"a": identity.NewSecret("one two"), "b": identity.NewSecret("three")}})
		require.ErrorIs(t, err, okpay.InvalidState)
	})
}

// TestTheProgramsOwnVerbOpensNoLockThatAProofOpens tries Customers.Unlock at each state into which
// identity brings a gate.
func TestTheProgramsOwnVerbOpensNoLockThatAProofOpens(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	refused := func(when string) {
		t.Helper()
		blocks := w.head()
		_, err := w.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: o.id, By: "ops1", Reason: "asked_nicely"})
		require.ErrorIs(t, err, okpay.AccountLocked, when)
		assert.Equal(t, blocks, w.head(), "nothing is written")
	}
	lock := func() error {
		return w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk})
	}
	require.NoError(t, lock())
	refused("locked")
	v := o.proveTwice(identity.ForUnlock)
	_, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	require.Equal(t, okpay.GateMustChange, o.gate().State)
	refused("the password has to be changed")
	_, err = w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: o.id, By: "ops1", Reason: "risk"})
	require.NoError(t, err)
	refused("locked by the program before the password was changed")
	v = o.proveTwice(identity.ForUnlock)
	_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	require.NoError(t, o.setNew(o.openReset().Grant, other))
	require.Equal(t, okpay.GateActive, o.gate().State)
	assert.False(t, o.gate().ByProof)

	// What the program locked itself it takes back itself.
	_, err = w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: o.id, By: "ops1", Reason: "risk"})
	require.NoError(t, err)
	g, err := w.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: o.id, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, okpay.GateActive, g.State)

	// A report locks as well, and so does whoever takes a contact back.
	o.signIn()
	_, err = w.x.ReportUnauthorised(o.ctx(), identity.ReportUnauthorised{Text: "not mine"})
	require.NoError(t, err)
	refused("reported")
	two := w.registered("two@example.com")
	p := &subject{holder: w.holder(two)}
	p.contact(okpay.AddContact{Phone: "+8613900139000"})
	c := p.beginChange("next@example.com", p.mailID())
	c, err = p.confirmChange(c)
	require.NoError(t, err)
	_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: p.takeBack(c, "two@example.com")})
	require.NoError(t, err)
	o = p
	require.Equal(t, okpay.GateMustChange, o.gate().State)
	refused("taken back")
	w.verify()
}
