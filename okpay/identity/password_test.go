package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

func TestNISTAsksForEightCharactersBesideASecondFactor(t *testing.T) {
	w := start(t, identity.Config{Policy: password.Policy{Rules: password.NIST}})
	f := w.x.WithFactor("123456")
	f.Enrolled = false
	w.registered(email)
	ctx, s := w.signedIn(email, good, home)
	change := func(ctx context.Context, next string) error {
		return w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(good), New: password.New(next)})
	}
	err := change(ctx, "kestrel9")
	require.ErrorIs(t, err, okpay.PasswordNotAllowed)
	var v *password.Violation
	require.True(t, errors.As(err, &v))
	assert.Equal(t, password.Violation{Code: password.TooShort, Limit: 15}, *v)
	f.Enrolled = true
	require.NoError(t, change(w.as(s.Token), "kestrel9"))
}

// breaches answers what it is told to.
type breaches struct {
	count int
	err   error
}

func (b *breaches) Count(context.Context, password.Password) (int, error) { return b.count, b.err }

func TestAPasswordFromABreachIsRefused(t *testing.T) {
	b := &breaches{}
	w := start(t, identity.Config{Policy: password.Policy{Breaches: b}})
	id := w.registered(email)
	_, s := w.signedIn(email, good, home)
	change := func() error {
		return w.x.ChangePassword(w.as(s.Token), identity.ChangePassword{Current: password.New(good), New: password.New(other)})
	}
	b.count = 3
	require.ErrorIs(t, change(), okpay.PasswordNotAllowed)
	b.count, b.err = 0, errors.New("away")
	require.NoError(t, change(), "a service that is down keeps nobody from changing a password")
	assert.Contains(t, w.actions(id), "password.breach_check_unavailable")

	w = start(t, identity.Config{Policy: password.Policy{Breaches: b, RequireBreachCheck: true}})
	_, err := w.x.Register(t.Context(), identity.Register{
		Name: "A", Email: email, Password: password.New(good), Consent: identity.Consent{Version: "t"},
	})
	require.ErrorIs(t, err, okpay.PasswordNotAllowed, "unless it has to be asked")
}

func TestAPepperIsPartOfEachNewHash(t *testing.T) {
	pepper, err := password.NewPepper("p1", []byte("a pepper, of no fewer than 32 bytes"))
	require.NoError(t, err)
	stores := inMemory(t)
	w := startAll(t, identity.Config{Hashing: password.Config{Params: cheap, Peppers: []password.Pepper{pepper}}}, stores...)
	id := w.registered(email)
	w.signedIn(email, good, home)
	var doc struct{ Hash string }
	require.NoError(t, w.Read(t.Context(), "password", string(id), &doc))
	assert.Contains(t, doc.Hash, "keyid=")
	without := startAll2(t, w, identity.Config{}, stores[0])
	_, err = without.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a hash without its pepper is no use")
}

// reversed verifies hashes of a system that was before.
type reversed struct{}

func (reversed) Recognizes(hash string) bool { return len(hash) > 4 && hash[:4] == "rev:" }

func (reversed) Verify(_ context.Context, hash string, p password.Password) (bool, error) {
	text := []byte(p.Reveal())
	for i, j := 0, len(text)-1; i < j; i, j = i+1, j-1 {
		text[i], text[j] = text[j], text[i]
	}
	return hash == "rev:"+string(text), nil
}

func TestAPasswordFromAnotherSystemIsHashedAnewAtTheFirstSignIn(t *testing.T) {
	w := start(t, identity.Config{Hashing: password.Config{Params: cheap, Foreign: []password.Foreign{reversed{}}}})
	c, err := w.Customers.Register(t.Context(), okpay.Registration{Contact: okpay.Address{Kind: okpay.ContactEmail, Value: email}})
	require.NoError(t, err)
	require.NoError(t, w.x.ContactVerified(t.Context(), identity.ContactVerified{Customer: c.ID, Contact: c.Contacts[0].ID}))
	require.ErrorIs(t, w.x.ImportPassword(t.Context(), c.ID, "plain"), okpay.InvalidRequest)
	require.ErrorIs(t, w.x.ImportPassword(t.Context(), "nobody", "rev:drowssap dlo"), okpay.NotFound)
	require.NoError(t, w.x.ImportPassword(t.Context(), c.ID, "rev:drowssap dlo"))
	require.ErrorIs(t, w.x.ImportPassword(t.Context(), c.ID, "rev:x"), okpay.InvalidState)
	_, err = w.try(email, "wrong", home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	w.signedIn(email, "old password", home)
	var doc struct{ Hash string }
	require.NoError(t, w.Read(t.Context(), "password", string(c.ID), &doc))
	assert.Contains(t, doc.Hash, "$argon2id$")
	w.signedIn(email, "old password", home)
}

func TestAProofClearsLocksAndAResetRevives(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	clear := func(why lockout.Cause, which ...lockout.Authenticator) (cleared bool) {
		_, err := w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "clear"}, func(d *okpay.Draft) (err error) {
			cleared, err = w.x.ClearLocks(d, id, why, which...)
			return err
		})
		require.NoError(t, err)
		return cleared
	}
	assert.False(t, clear(lockout.ByProof))
	w.fails(email, 5)
	_, err := w.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	assert.True(t, clear(lockout.ByProof))
	w.signedIn(email, good, home)
	for range 50 {
		w.fails(email, 1)
		w.clock.Advance(2 * time.Hour)
	}
	assert.Contains(t, w.templates(id), "sign_in_disabled")
	assert.False(t, clear(lockout.ByProof), "nothing is open that was not")
	_, err = w.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a proof does not revive what the hard cap disabled")
	assert.True(t, clear(lockout.ByReset, lockout.OneTimeCode, lockout.Password))
	w.signedIn(email, good, home)
}

func TestAConfigThatCanNotWorkIsRefused(t *testing.T) {
	w := start(t, identity.Config{})
	for field, cfg := range map[string]identity.Config{
		"lockout":         {Lockout: lockout.Policy{Threshold: -1}},
		"code_lockout":    {CodeLockout: lockout.Policy{HardCap: 1000}},
		"throttle":        {Throttle: lockout.ThrottlePolicy{Limit: -1}},
		"policy":          {Policy: password.Policy{Rules: 7}},
		"hashing":         {Hashing: password.Config{MemoryBudget: 1}},
		"session_idle":    {SessionIdle: time.Second},
		"session_life":    {SessionLife: -1},
		"device_trust":    {DeviceTrust: -1},
		"max_devices":     {MaxDevices: 21},
		"recent":          {Recent: -1},
		"keys":            {Keys: []identity.Key{{ID: "k"}}},
		"withdrawal_hold": {WithdrawalHold: -1},
	} {
		_, err := identity.New(w.Wallet, cfg)
		require.ErrorIs(t, err, okpay.InvalidRequest, field)
		var e *okpay.Error
		require.True(t, errors.As(err, &e))
		assert.Equal(t, field, e.Field)
	}
	_, err := identity.New(nil, identity.Config{})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}
