package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

func (o *subject) askReset() identity.PasswordReset {
	o.t.Helper()
	o.w.clock.Advance(time.Millisecond)
	r, err := o.w.x.RequestPasswordReset(o.t.Context(), identity.RequestPasswordReset{Email: mail, Client: home})
	require.NoError(o.t, err)
	return r
}

// openReset is a reset whose link was right.
func (o *subject) openReset() identity.PasswordReset {
	o.t.Helper()
	r := o.askReset()
	r, err := o.w.x.OpenPasswordReset(o.t.Context(), identity.OpenPasswordReset{Token: o.linkOf(r.ID)})
	require.NoError(o.t, err)
	return r
}

func (o *subject) linkOf(id identity.PasswordResetID) identity.Secret {
	o.t.Helper()
	return identity.NewSecret(o.w.secrets(o.id, "password_reset_requested", string(id))["token"])
}

func (o *subject) setNew(grant identity.Secret, pw string) error {
	return o.w.x.SetNewPassword(o.t.Context(), identity.SetNewPassword{Grant: grant, Password: password.New(pw), Client: home})
}

func TestAPasswordIsResetByLinkOrCode(t *testing.T) {
	for name, open := range map[string]func(*subject, identity.PasswordReset) identity.OpenPasswordReset{
		"link": func(o *subject, r identity.PasswordReset) identity.OpenPasswordReset {
			return identity.OpenPasswordReset{Token: o.linkOf(r.ID)}
		},
		"code": func(o *subject, r identity.PasswordReset) identity.OpenPasswordReset {
			code := o.w.secrets(o.id, "password_reset_requested", string(r.ID))["code"]
			return identity.OpenPasswordReset{ID: r.ID, Code: identity.NewSecret(code)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, identity.Config{})
			o := w.resident()
			ctx, _ := w.signedIn(mail, good, home)
			device, _, err := w.x.TrustDevice(ctx, home)
			require.NoError(t, err)
			w.fails(mail, 5) // locked
			before := w.last()
			in := open(o, o.askReset())
			r, err := w.x.OpenPasswordReset(t.Context(), in)
			require.NoError(t, err)
			assert.Equal(t, identity.PasswordResetMaySet, r.State)
			assert.False(t, r.SecondFactor)
			_, err = w.x.OpenPasswordReset(t.Context(), in)
			require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is burnt")

			require.ErrorIs(t, o.setNew(r.Grant, good), okpay.PasswordNotAllowed, "the current one")
			require.ErrorIs(t, o.setNew(r.Grant, "short"), okpay.PasswordNotAllowed)
			blocks := w.head()
			require.NoError(t, o.setNew(r.Grant, other))
			assert.Equal(t, blocks+1, w.head(), "one Change")
			require.ErrorIs(t, o.setNew(r.Grant, "yet another one, 9 of"), okpay.AuthenticationFailed)
			assert.Equal(t, []string{"password_reset.requested", "password_reset.proven", "password.changed", "password_reset.done"}, w.events(before))

			_, _, err = w.x.Authenticate(t.Context(), o.token)
			require.ErrorIs(t, err, okpay.SessionEnded)
			g := o.gate()
			assert.Equal(t, w.clock.Now().Add(24*time.Hour), *g.WithdrawalsFrom)
			assert.Contains(t, o.told(), "password_changed")
			assert.Subset(t, o.audited(), []string{"password_reset.request", "password_reset.open", "password.reset", "password_reset.set"})
			_, err = w.try(mail, good, home)
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			s, err := w.try(mail, other, home)
			require.NoError(t, err, "the lock is gone, and nobody was signed in by it")
			from := home
			from.Device = device
			_, err = w.try(mail, "wrong", from)
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			devices, err := w.x.Devices(w.as(s.Token))
			require.NoError(t, err)
			assert.Empty(t, devices)
			w.verify()
		})
	}
}

func TestAResetIsOverSoonAndByWhateverComesBetween(t *testing.T) {
	for name, spoil := range map[string]func(o *subject){
		"time":          func(o *subject) { o.w.clock.Advance(10 * time.Minute) },
		"another reset": func(o *subject) { o.w.clock.Advance(time.Minute); o.askReset() },
		"five wrong codes": func(o *subject) {
			m := o.message("password_reset_requested")
			for range 5 {
				secrets, err := o.w.x.Secret(o.t.Context(), m)
				require.NoError(o.t, err)
				_, err = o.w.x.OpenPasswordReset(o.t.Context(), identity.OpenPasswordReset{
					ID: identity.PasswordResetID(m.Object), Code: wrongOf(identity.NewSecret(secrets["code"])),
				})
				require.ErrorIs(o.t, err, okpay.AuthenticationFailed)
			}
		},
		"the address changed": func(o *subject) {
			p, err := o.w.Customers.Get(o.t.Context(), o.id)
			require.NoError(o.t, err)
			for _, c := range p.Contacts {
				if c.Value == mail {
					_, err := o.w.Do(o.t.Context(), okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
						b, err := d.ContactBook(o.id)
						require.NoError(o.t, err)
						require.NoError(o.t, b.Remove(c.ID))
						return b.Write()
					})
					require.NoError(o.t, err)
				}
			}
		},
		"a change of the password": func(o *subject) {
			require.NoError(o.t, o.w.x.ChangePassword(o.ctx(), identity.ChangePassword{Current: password.New(good), New: password.New(other)}))
		},
		"a lock for reasons of security": func(o *subject) {
			require.NoError(o.t, o.w.x.RiskLock(o.t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, identity.Config{})
			o := w.resident()
			r := o.askReset()
			token := o.linkOf(r.ID)
			spoil(o)
			_, err := w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: token})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			assert.Equal(t, shows(okpay.NewError(okpay.AuthenticationFailed, "")), shows(err))
			_, err = w.Work(t.Context())
			require.NoError(t, err)
		})
	}
}

func TestAResetAsksForTheSecondFactor(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	o.signIn()
	o.enroll()
	r := o.openReset()
	assert.Equal(t, identity.PasswordResetProven, r.State)
	require.True(t, r.SecondFactor)
	require.ErrorIs(t, o.setNew(r.Grant, other), okpay.AuthenticationFailed, "not without the factor")
	finish := func(code string) error {
		_, err := w.x.FinishResetFactor(t.Context(), identity.FinishResetFactor{Grant: r.Grant, Code: identity.NewSecret(code)})
		return err
	}
	require.ErrorIs(t, finish(o.wrongCode()), okpay.AuthenticationFailed)
	require.NoError(t, finish(o.next()))
	require.ErrorIs(t, finish(o.next()), okpay.AuthenticationFailed, "it was given")
	require.NoError(t, o.setNew(r.Grant, other))

	w.clock.Advance(15 * time.Minute)
	r = o.openReset()
	require.NoError(t, finish(o.codes[0].Reveal()), "a recovery code")
	require.NoError(t, o.setNew(r.Grant, good))

	w.clock.Advance(15 * time.Minute)
	r = o.openReset()
	for range 5 {
		require.ErrorIs(t, finish(o.wrongCode()), okpay.AuthenticationFailed)
	}
	require.ErrorIs(t, finish(o.next()), okpay.AuthenticationFailed)
	assert.Contains(t, w.record("password_reset", string(r.ID)), `"state":"dead"`)
}

func TestAResetLiftsNoLockForReasonsOfSecurity(t *testing.T) {
	w := start(t, identity.Config{})
	o := w.resident()
	require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	r := o.openReset()
	require.NoError(t, o.setNew(r.Grant, other))
	assert.Equal(t, okpay.GateLocked, o.gate().State)

	// But it is the change of password that two proofs have asked for.
	w.clock.Advance(15 * time.Minute)
	_, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: o.proveTwice(identity.ForUnlock).Proof})
	require.NoError(t, err)
	assert.Equal(t, okpay.GateMustChange, o.gate().State)
	w.clock.Advance(15 * time.Minute)
	r = o.openReset()
	require.NoError(t, o.setNew(r.Grant, good))
	assert.Equal(t, okpay.GateActive, o.gate().State)
	w.verify()
}

func TestAStrangersGuessesDoNotKeepATrustedDeviceFromAReset(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	o.signIn()
	o.enroll()
	device, _, err := w.x.TrustDevice(o.ctx(), identity.Client{UserAgent: "Firefox on Linux"})
	require.NoError(t, err)
	for range 5 { // who knows the password and has not the app
		s, err := w.try(mail, good, identity.Client{})
		require.NoError(t, err)
		_, err = w.x.FinishSignIn(t.Context(), s.Pending, identity.NewSecret("000000"))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	r := o.openReset()
	w.clock.Advance(time.Second)
	finish := func(from identity.Client) error {
		_, err := w.x.FinishResetFactor(t.Context(), identity.FinishResetFactor{
			Grant: r.Grant, Code: identity.NewSecret(codeOf(t, o.app, w.clock.Now().Add(30*time.Second))), Client: from,
		})
		return err
	}
	require.ErrorIs(t, finish(identity.Client{}), okpay.AuthenticationFailed)
	require.NoError(t, finish(identity.Client{Device: device}))
}
