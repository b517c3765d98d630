package identity_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
	"github.com/okpay/okpay-go/okpay/totp"
)

func keyOf(id string, b byte) identity.Key { return identity.Key{ID: id, Secret: [32]byte{b, b, b}} }

func sealedWith(t *testing.T, h *holder) string {
	t.Helper()
	_, sealed, err := h.p.x.FactorRecord(t.Context(), h.id)
	require.NoError(t, err)
	id, err := totp.SealedWith(sealed)
	require.NoError(t, err)
	return id
}

func TestKeysRotateWhileEverythingRuns(t *testing.T) {
	w := start(t, identity.Config{})
	used, idle := w.holder(customer), w.bob().holder("bob")
	used.enroll()
	idle.enroll()
	assert.Equal(t, "k1", sealedWith(t, used))

	require.NoError(t, w.x.SetKeys(keyOf("k2", 2), key))
	require.NoError(t, used.verify(used.next()))
	assert.Equal(t, "k2", sealedWith(t, used), "sealed anew by its use")
	assert.Equal(t, "k1", sealedWith(t, idle))
	done, err := w.x.RewrapAll(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, identity.Rewrapped{Seen: 2, Sealed: 1}, done)
	done, err = w.x.RewrapAll(t.Context(), 100)
	require.NoError(t, err)
	assert.Equal(t, identity.Rewrapped{Seen: 2}, done)

	require.NoError(t, w.x.SetKeys(keyOf("k2", 2))) // the old key is dropped
	require.NoError(t, idle.verify(idle.next()))
	require.NoError(t, idle.verify(idle.codes[0].Reveal()), "recovery codes outlive the key as well")
	require.NoError(t, used.verify(used.codes[0].Reveal()))
	for _, batch := range []int{0, 101} {
		_, err = w.x.RewrapAll(t.Context(), batch)
		require.ErrorIs(t, err, okpay.InvalidRequest)
	}
}

func TestLocksOutliveNewKeysAsLongAsTheLastOneStays(t *testing.T) {
	store := memstore.New()
	w := startAll(t, identity.Config{}, store)
	w.registered(mail)
	w.fails(mail, 5)
	for name, c := range map[string]struct {
		keys   []identity.Key
		locked bool
	}{
		"one more":                      {[]identity.Key{keyOf("k2", 2), key}, true},
		"another, the second was there": {[]identity.Key{keyOf("k3", 3), key}, true},
		"the last one is dropped":       {[]identity.Key{keyOf("k2", 2)}, false},
	} {
		l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1})
		require.NoError(t, err)
		wallet, err := okpay.New(l, okpay.Config{})
		require.NoError(t, err)
		x, err := identity.New(wallet, identity.Config{Keys: c.keys, Hashing: password.Config{Params: cheap}})
		require.NoError(t, err)
		_, err = x.SignIn(t.Context(), identity.SignIn{Name: mail, Password: password.New(good), Client: home})
		assert.Equal(t, c.locked, errors.Is(err, okpay.AuthenticationFailed), name)
		require.NoError(t, l.Close(t.Context()))
	}
}

func TestAMissingKeyIsNobodysGuess(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	require.NoError(t, w.x.SetKeys(keyOf("k2", 2)))
	for range 30 {
		err := h.verify(h.wrongCode())
		require.ErrorIs(t, err, totp.ErrUnknownKey)
		require.NotErrorIs(t, err, okpay.AuthenticationFailed)
		require.ErrorIs(t, h.verify(h.codes[0].Reveal()), totp.ErrUnknownKey)
	}
	done, err := w.x.RewrapAll(t.Context(), 10)
	require.ErrorIs(t, err, totp.ErrUnknownKey)
	assert.Equal(t, identity.Rewrapped{Seen: 1, Failed: 1}, done)
	require.NoError(t, w.x.SetKeys(keyOf("k2", 2), key))
	require.NoError(t, h.verify(h.next()), "nothing was counted")
	require.NoError(t, h.verify(h.codes[0].Reveal()))
	assert.NotContains(t, h.audited(), "factor.fail")

	// Another key under the same id is a broken seal, and no guess either.
	require.NoError(t, w.x.SetKeys(keyOf("k2", 9)))
	for range 30 {
		require.ErrorIs(t, h.verify(h.wrongCode()), totp.ErrSealBroken)
	}
	assert.NotContains(t, h.audited(), "factor.fail")
}

func TestASealedSecretOpensInItsOwnRowAlone(t *testing.T) {
	w := start(t, identity.Config{})
	h, thief := w.holder(customer), w.bob().holder("bob")
	h.enroll()
	thief.enroll()
	_, mine, err := w.x.FactorRecord(t.Context(), customer)
	require.NoError(t, err)
	_, theirs, err := w.x.FactorRecord(t.Context(), "bob")
	require.NoError(t, err)
	require.NoError(t, w.x.SetSealed(t.Context(), customer, theirs))
	require.ErrorIs(t, h.verify(thief.next()), totp.ErrSealBroken, "of another customer")
	require.NoError(t, w.x.SetSealed(t.Context(), customer, mine))
	require.NoError(t, h.verify(h.code()))

	h.signIn()
	h.begin(h.p, identity.Secret{})
	_, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	_, now, err := w.x.FactorRecord(t.Context(), customer)
	require.NoError(t, err)
	require.NoError(t, w.x.SetSealed(t.Context(), customer, mine))
	require.ErrorIs(t, h.verify(h.next()), totp.ErrSealBroken, "of the same customer's earlier app")
	for i := range now {
		flipped := append([]byte(nil), now...)
		flipped[i] ^= 1
		require.NoError(t, w.x.SetSealed(t.Context(), customer, flipped))
		err := h.verify(h.code())
		require.Error(t, err)
		require.NotErrorIs(t, err, okpay.AuthenticationFailed)
	}
}
