package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
)

func TestAPasswordThatIsDisabledIsSaidToNeedAReset(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	for range 50 {
		w.fails(mail, 1)
		w.clock.Advance(2 * time.Hour)
	}
	v := o.prove(identity.ForUnlock)
	report, err := w.x.LockReason(t.Context(), identity.LockReasonOf{Proof: v.Proof})
	require.NoError(t, err)
	assert.Equal(t, lockout.StatusDisabled, report.Status)
	assert.Equal(t, []lockout.Advice{"reset_password", "contact_support"}, report.Advice, "a recovery code is of no use for it")
	u, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	assert.Equal(t, identity.Unlocked{Customer: o.id, ResetPassword: true, ChangePassword: true, EnableSecondFactor: true}, u, "nothing was cleared")
	assert.Equal(t, "reset_password,enable_second_factor", o.message("account_unlock_proven").Facts["advice"])

	in := identity.ByAgent{Customer: o.id, Agent: identity.Agent{ID: "ops1", Level: 2, Reason: "as asked"}}
	u, err = w.x.UnlockByAgent(t.Context(), in)
	require.NoError(t, err)
	assert.False(t, u.Cleared)
	assert.True(t, u.ResetPassword)
}

func TestNobodyIsAdvisedToTurnOnASecondFactorThatIsOn(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	o.signIn()
	o.enroll()
	w.fails(mail, 5)
	assert.Equal(t, "wait,verify_identity,change_password,contact_support", o.message("sign_in_locked").Facts["advice"])
	report, err := w.x.LockReason(o.ctx(), identity.LockReasonOf{})
	require.NoError(t, err)
	assert.Equal(t, []lockout.Advice{"wait", "verify_identity", "change_password", "contact_support"}, report.Advice)
	require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	assert.Equal(t, "verify_identity,contact_support,change_password", o.message("account_locked").Facts["advice"])
}

func TestAWithdrawalThatWaitsIsRefusedWithNothingToDoButWait(t *testing.T) {
	u := startPurse(t, okpay.Allow, memstore.New())
	step, err := u.x.BeginStepUp(u.ctx(), u.withdrawal(1000, u.to))
	require.NoError(t, err)
	_, err = u.x.FinishStepUp(u.ctx(), identity.FinishStepUp{
		ID: step.ID, Method: identity.BySecondFactor, Answer: identity.NewSecret(u.codes[0].Reveal()),
	})
	require.NoError(t, err, "a recovery code, after which withdrawals wait")
	from := u.gate().WithdrawalsFrom
	require.NotNil(t, from)
	u.signIn()
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, "", "")
	var refused *okpay.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, okpay.AccountRestricted, refused.Code)
	assert.Equal(t, from, refused.ResetsAt)
	assert.Equal(t, "after_time", refused.Retry)
	assert.Equal(t, []string{"wait", "contact_support"}, refused.NextAction)
	for _, word := range []string{"verif", "appeal", "release"} {
		assert.NotContains(t, refused.En, word)
	}
	assert.NotContains(t, refused.Zh, "申请")
}

func TestAProofForANewContactIsGoodHoweverTheContactIsWritten(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	for name, in := range map[string]struct {
		step identity.StepUpRequest
		act  identity.BeginContactChange
	}{
		"an address in To, in capitals": {identity.StepUpRequest{To: " New@Example.COM"}, identity.BeginContactChange{Email: "new@example.com"}},
		"an address in Email":           {identity.StepUpRequest{Email: "Other@Example.com"}, identity.BeginContactChange{Email: "other@EXAMPLE.com"}},
		"a number in To, with spaces":   {identity.StepUpRequest{To: "+86 138 0013 8123"}, identity.BeginContactChange{Phone: "+8613800138123"}},
		"a number in Phone":             {identity.StepUpRequest{Phone: "0086 138 0013 8124"}, identity.BeginContactChange{Phone: "+86-138-0013-8124"}},
	} {
		in.step.Action = identity.ChangeContact
		in.act.Proof = o.stepUp(in.step)
		_, err := w.x.BeginContactChange(o.ctx(), in.act)
		require.NoError(t, err, name)
		w.clock.Advance(20 * time.Minute) // more may be sent
	}
	_, err := w.x.BeginStepUp(o.ctx(), identity.StepUpRequest{Action: identity.ChangeContact, To: "new@"})
	require.ErrorIs(t, err, okpay.InvalidRequest, "not a proof that nothing takes")
}
