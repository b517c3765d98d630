package identity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

func TestCodesAskedForByNameDoNotTellWhichNamesAreOneCustomers(t *testing.T) {
	w := start(t, identity.Config{})
	w.proprietor()
	ask := func(email, phone string) error {
		w.clock.Advance(61 * time.Second)
		_, err := w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: email, Phone: phone})
		return err
	}
	for _, email := range []string{mail, "nobody@example.com"} {
		for range 3 {
			require.NoError(t, ask(email, ""))
		}
		number := phone
		if email != mail {
			number = "+8613900139000"
		}
		assert.NoError(t, ask("", number), "%s", email)
		assert.Empty(t, w.mailsTo(number), "no more is sent for the customer, either")
		w.clock.Advance(time.Hour)
	}
}

func TestWhoeverRegistersWithAnOwnersContactDoesNotFloodTheOwner(t *testing.T) {
	w := start(t, identity.Config{})
	owner := w.registered(email)
	for i := range 30 {
		w.clock.Advance(time.Second)
		_, err := w.x.Register(t.Context(), identity.Register{
			Name: "Somebody", Email: email, Password: password.New(good), Consent: identity.Consent{Version: "terms-1"},
			Client: identity.Client{Address: fmt.Sprintf("198.51.%d.7", i)},
		})
		require.NoError(t, err)
	}
	told := 0
	for _, template := range w.templates(owner) {
		if template == "registration_attempt" {
			told++
		}
	}
	assert.LessOrEqual(t, told, 3, "in a quarter of an hour")
}

func TestPeopleWhoShareANetworkAddressCanEachAskForACode(t *testing.T) {
	w := start(t, identity.Config{})
	office := identity.Client{Address: "203.0.113.7"}
	ask := func(i int) error {
		_, err := w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: fmt.Sprintf("n%d@example.com", i), Client: office})
		return err
	}
	for i := range 30 {
		require.NoError(t, ask(i))
	}
	require.ErrorIs(t, ask(30), okpay.TooManyTries, "but no machine can go through a list of names")
	for i := range 270 {
		if i%30 == 0 {
			w.clock.Advance(16 * time.Minute)
		}
		require.NoError(t, ask(31+i))
	}
	w.clock.Advance(16 * time.Minute)
	require.ErrorIs(t, ask(400), okpay.TooManyTries, "300 in a day")
}

func TestNamesThatNobodyHasShareABoundedNumberOfCounters(t *testing.T) {
	x, keys := bare(t), map[string]bool{}
	for i := range 200_000 {
		keys[x.LockKey(fmt.Sprintf("nobody%d@example.com", i))] = true
	}
	assert.LessOrEqual(t, len(keys), 1<<16)
}
