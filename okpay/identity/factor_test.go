package identity_test

import (
	"bytes"
	"image/png"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/totp"
)

func TestAnAppCountsOnceItsFirstCodeIsConfirmed(t *testing.T) {
	w := start(t, identity.Config{Issuer: "Purse"})
	h := w.holder(customer)
	assert.Equal(t, identity.Factor{Customer: customer, State: identity.FactorOff}, h.factor())

	e := h.begin(h.p, identity.Secret{})
	assert.Equal(t, identity.FactorPending, e.Factor.State)
	assert.Equal(t, w.clock.Now().Add(10*time.Minute), e.Until)
	assert.Equal(t, "Purse", e.Key.Issuer)
	assert.Equal(t, "ann", e.Key.Account, "there is no verified contact to call it by")
	assert.Len(t, e.Key.Secret.Bytes(), 20)
	uri, err := e.Key.URI()
	require.NoError(t, err)
	assert.Contains(t, uri, "otpauth://totp/Purse:ann?secret=")
	picture, err := e.Key.PNG(0)
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	on, err := h.p.x.Enrolled(t.Context(), customer)
	require.NoError(t, err)
	assert.False(t, on, "it does not count yet")
	require.ErrorIs(t, h.verify(h.code()), okpay.AuthenticationFailed)

	other := w.holder(customer)
	otherCtx := other.ctx()
	_, err = h.p.x.ConfirmTOTP(otherCtx, identity.NewSecret(h.code()))
	require.ErrorIs(t, err, okpay.InvalidState, "another session did not begin it")
	codes, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	require.Len(t, codes, 10)
	assert.Len(t, codes[0].Reveal(), 27)

	f := h.factor()
	assert.Equal(t, identity.FactorActive, f.State)
	assert.Equal(t, 10, f.CodesLeft)
	assert.False(t, f.MustEnroll)
	assert.Nil(t, f.ConfirmBy)
	h.ctx() // this session goes on
	_, err = h.p.x.ConfirmTOTP(otherCtx, identity.NewSecret(h.code()))
	require.ErrorIs(t, err, okpay.SessionEnded, "the others have ended")
	assert.Nil(t, h.gate().WithdrawalsFrom, "a first factor takes nothing away")
	assert.ElementsMatch(t, []string{"new_sign_in", "factor_enabled"}, h.told())
	assert.Subset(t, h.audited(), []string{"factor.begin", "factor.enable"})
	require.ErrorIs(t, h.verify(h.code()), okpay.AuthenticationFailed, "the confirming code is used up")
	require.NoError(t, h.verify(h.next()))
}

func TestTheFifthWrongCodeAndTimeEndWhatWasBegun(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.begin(h.p, identity.Secret{})
	for range 5 {
		_, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.wrongCode()))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	assert.Equal(t, identity.FactorOff, h.factor().State)
	_, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.ErrorIs(t, err, okpay.InvalidState, "it is destroyed")
	_, sealed, err := h.p.x.FactorRecord(t.Context(), customer)
	require.NoError(t, err)
	assert.Empty(t, sealed)

	w.clock.Advance(time.Minute)
	h.signIn()
	h.begin(h.p, identity.Secret{})
	for range 4 {
		_, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.wrongCode()))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	_, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err, "four wrong ones and a right one")

	h.begin(h.p, h.proof(identity.StepUpRequest{Action: identity.ManageFactor}))
	assert.Equal(t, identity.FactorReplacing, h.factor().State)
	w.clock.Advance(10 * time.Minute)
	_, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.ErrorIs(t, err, okpay.InvalidState, "its time is over")
	_, err = h.w.Work(t.Context())
	require.NoError(t, err)
	assert.Equal(t, identity.FactorActive, h.factor().State, "the old one goes on")
	assert.Contains(t, h.audited(), "factor.expire")
}

func TestAnAppIsReplacedByWhoHasTheOldOne(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	w.clock.Advance(6 * time.Minute)
	_, err := h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired, "the sign-in is too long ago")
	_, err = h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{Proof: identity.NewSecret("stp_1.nothing")})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)

	old := h.app
	h.begin(h.p, h.proof(identity.StepUpRequest{Action: identity.ManageFactor}))
	fresh := h.app
	h.app = old
	require.NoError(t, h.verify(h.next()), "the old one counts")
	h.app = fresh
	oldCodes := h.codes
	codes, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	assert.Contains(t, h.told(), "factor_replaced")
	require.NotNil(t, h.gate().WithdrawalsFrom)
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), *h.gate().WithdrawalsFrom)
	assert.Equal(t, h.gate().WithdrawalsFrom.Format(time.RFC3339), h.message("factor_replaced").Facts["withdrawals_from"])
	h.app = old
	require.ErrorIs(t, h.verify(h.next()), okpay.AuthenticationFailed, "the old app is void")
	require.ErrorIs(t, h.verify(oldCodes[0].Reveal()), okpay.AuthenticationFailed, "and so are the old recovery codes")
	h.app = fresh
	require.NoError(t, h.verify(h.next()))
	require.NoError(t, h.verify(codes[0].Reveal()))
}

func TestASignInWithTheFactorIsFreshForFiveMinutes(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	_, err := h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired, "this session began without the factor")
	h.signIn()
	w.clock.Advance(5 * time.Minute)
	h.begin(h.p, identity.Secret{})
	require.NoError(t, h.p.x.CancelTOTP(h.ctx()))
	assert.Equal(t, identity.FactorActive, h.factor().State)
	w.clock.Advance(time.Second)
	_, err = h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
}

func TestAFactorIsRemovedByAProofOfItsOwn(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	_, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.RemoveSecondFactor})
	require.ErrorIs(t, err, okpay.InvalidState, "there is none")
	require.ErrorIs(t, h.p.x.RemoveTOTP(h.ctx(), identity.Secret{}), okpay.InvalidState)
	h.enroll()
	require.ErrorIs(t, h.p.x.RemoveTOTP(h.ctx(), identity.Secret{}), okpay.AuthenticationRequired, "however fresh the sign-in")
	manage := h.proof(identity.StepUpRequest{Action: identity.ManageFactor})
	require.ErrorIs(t, h.p.x.RemoveTOTP(h.ctx(), manage), okpay.AuthenticationFailed, "a proof of something else")
	other := w.holder(customer)
	otherCtx := other.ctx()
	require.NoError(t, h.p.x.RemoveTOTP(h.ctx(), h.proof(identity.StepUpRequest{Action: identity.RemoveSecondFactor})))
	assert.Equal(t, identity.FactorOff, h.factor().State)
	assert.Equal(t, 0, h.factor().CodesLeft)
	require.ErrorIs(t, h.p.x.CancelTOTP(otherCtx), okpay.SessionEnded)
	require.NotNil(t, h.gate().WithdrawalsFrom)
	assert.Nil(t, h.message("factor_removed").Address, "it goes to all verified contacts")
	assert.Contains(t, h.audited(), "factor.remove")
	require.ErrorIs(t, h.verify(h.codes[0].Reveal()), okpay.AuthenticationFailed)
	require.ErrorIs(t, h.verify(h.next()), okpay.AuthenticationFailed)
}

func TestARecoveryCodeIsGoodOnce(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	require.NoError(t, h.verify(h.codes[3].Reveal()))
	f := h.factor()
	assert.Equal(t, identity.FactorRecovered, f.State)
	assert.True(t, f.MustEnroll)
	assert.Equal(t, 9, f.CodesLeft)
	require.NotNil(t, h.gate().WithdrawalsFrom)
	h.ctx() // no session ends
	m := h.message("recovery_code_used")
	assert.Equal(t, "9", m.Facts["codes_left"])
	assert.NotContains(t, m.Facts, "codes_low")
	require.ErrorIs(t, h.verify(h.codes[3].Reveal()), okpay.AuthenticationFailed)
	require.NoError(t, h.verify(h.next()), "the app goes on while it is not disabled")
	for i := range 7 {
		w.clock.Advance(time.Minute)
		require.NoError(t, h.verify([]totp.RecoveryCode{h.codes[0], h.codes[1], h.codes[2], h.codes[4], h.codes[5], h.codes[6], h.codes[7]}[i].Reveal()))
	}
	m = h.message("recovery_code_used")
	assert.Equal(t, "2", m.Facts["codes_left"])
	assert.Equal(t, "true", m.Facts["codes_low"])

	w.clock.Advance(20 * time.Minute)
	_, err := h.p.x.RenewRecoveryCodes(h.ctx(), identity.Secret{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	codes, err := h.p.x.RenewRecoveryCodes(h.ctx(), h.proof(identity.StepUpRequest{Action: identity.ManageFactor}))
	require.NoError(t, err)
	assert.Equal(t, 10, h.factor().CodesLeft)
	assert.Contains(t, h.told(), "recovery_codes_renewed")
	require.ErrorIs(t, h.verify(h.codes[8].Reveal()), okpay.AuthenticationFailed, "the unused ones of before are void")
	require.NoError(t, h.verify(codes[0].Reveal()))

	// A new app ends the recovery.
	h.signIn()
	h.begin(h.p, identity.Secret{})
	assert.Equal(t, identity.FactorRebinding, h.factor().State)
	_, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	assert.Equal(t, identity.FactorActive, h.factor().State)
	assert.False(t, h.factor().MustEnroll)
}

func TestTwentyWrongCodesDisableTheAppAndARecoveryCodeHelps(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	for i := range 20 {
		assert.Equal(t, identity.FactorActive, h.factor().State, i)
		require.ErrorIs(t, h.verify(h.wrongCode()), okpay.AuthenticationFailed)
		w.clock.Advance(time.Hour)
	}
	assert.Equal(t, identity.FactorDisabled, h.factor().State)
	assert.Contains(t, h.told(), "factor_disabled")
	assert.NotContains(t, h.told(), "sign_in_disabled", "it is told once")
	require.ErrorIs(t, h.verify(h.code()), okpay.AuthenticationFailed)
	require.ErrorIs(t, h.p.x.VerifyFactor(t.Context(), customer, h.code(), true, nil), okpay.AuthenticationFailed, "on a trusted device as well")
	h.signIn()
	_, err := h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.InvalidState)

	require.NoError(t, h.verify(h.codes[0].Reveal()), "recovery codes have a counter of their own")
	assert.Equal(t, identity.FactorRecovered, h.factor().State)
	require.ErrorIs(t, h.verify(h.next()), okpay.AuthenticationFailed, "the app stays disabled")
	require.ErrorIs(t, h.p.x.VerifyFactor(t.Context(), customer, h.next(), true, nil), okpay.AuthenticationFailed)
	h.signIn()
	h.begin(h.p, identity.Secret{})
	_, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	require.NoError(t, h.verify(h.next()), "a new app begins anew")
	assert.Equal(t, identity.FactorActive, h.factor().State)
}

func TestWhoMayNotManageChangesNoFactor(t *testing.T) {
	for name, c := range map[string]struct {
		gate func(*okpay.Gate)
		want okpay.Code
	}{
		"restricted": {func(g *okpay.Gate) { g.Denied = []okpay.Capability{okpay.CanManage} }, okpay.AccountRestricted},
		"locked":     {func(g *okpay.Gate) { g.State = okpay.GateLocked }, okpay.AccountLocked},
		"signed out": {func(g *okpay.Gate) { g.Epoch++ }, okpay.SessionEnded},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, identity.Config{})
			h := w.holder(customer)
			h.enroll()
			h.signIn()
			h.begin(h.p, identity.Secret{})
			ctx := h.ctx()
			_, err := w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
				g, err := d.Gate(customer)
				if err != nil {
					return err
				}
				c.gate(g)
				return d.WriteGate(g)
			})
			require.NoError(t, err)
			_, err = h.p.x.BeginTOTP(ctx, identity.BeginTOTP{})
			require.ErrorIs(t, err, c.want)
			_, err = h.p.x.ConfirmTOTP(ctx, identity.NewSecret(h.code()))
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, h.p.x.CancelTOTP(ctx), c.want)
			require.ErrorIs(t, h.p.x.RemoveTOTP(ctx, identity.Secret{}), c.want)
			_, err = h.p.x.RenewRecoveryCodes(ctx, identity.Secret{})
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, identity.FactorReplacing, h.factor().State)
		})
	}
	w := start(t, identity.Config{})
	_, err := w.x.BeginTOTP(t.Context(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	_, err = w.x.ConfirmTOTP(t.Context(), identity.NewSecret("123456"))
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	_, err = w.x.BeginTOTP(w.holder(customer).ctx(), identity.BeginTOTP{Account: "a:b"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestTheAppShowsAVerifiedContact(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	_, err := w.Contacts.Add(h.ctx(), okpay.AddContact{Customer: customer, Email: "first@example.com"})
	require.NoError(t, err)
	h.verifies("second@example.com")
	assert.Equal(t, "second@example.com", h.begin(w.process, identity.Secret{}).Key.Account)
}
