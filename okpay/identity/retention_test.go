package identity_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// held are the records of each type that have contents.
func (w *world) held(types ...string) map[string]int {
	w.t.Helper()
	out := map[string]int{}
	for _, noun := range types {
		for _, r := range w.records(noun) {
			out[noun] += one(!r.Erased)
		}
	}
	return out
}

// ephemeral are the types of records that go by themselves.
func ephemeral() []string {
	return []string{
		"session", "pending", "step_up", "verification", "password_reset", "newest_reset", "contact_change", "factor_reset",
		"sends", "unsent", "throttle", "shadow", "lock_told",
	}
}

// from is a client at an address.
func from(i int) identity.Client {
	return identity.Client{Address: fmt.Sprintf("198.51.%d.%d", i/200, i%200+1)}
}

// TestWhatIsOverIsForgottenAndNoLockIs lives through all that leaves records, and then lets years pass.
func TestWhatIsOverIsForgottenAndNoLockIs(t *testing.T) {
	w := startAll(t, sending(identity.Config{}), inMemory(t)...)
	o := w.resident()
	o.stepUp(identity.StepUpRequest{Action: identity.ChangeContact, To: "x@example.com"})
	_, err := w.x.BeginStepUp(o.ctx(), identity.StepUpRequest{Action: identity.ManageFactor}) // never answered
	require.NoError(t, err)
	o.askReset()
	o.prove(identity.ForUnlock)
	o.changeTo("next@example.com", o.mailID())
	_, err = w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: "nobody@example.com", Client: from(0)})
	require.NoError(t, err)
	for i := range 6 {
		_, err := w.try("next@example.com", "wrong", from(i))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		_, err = w.try("nobody@example.com", "wrong", from(i))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	there := w.held(ephemeral()...)
	for _, noun := range ephemeral() {
		if noun != "pending" && noun != "factor_reset" {
			assert.Positive(t, there[noun], noun)
		}
	}
	kept := w.held("lock", "audit", "registration", "password", "devices", "gate")
	counters := w.records("lock")

	work := func() {
		var both sync.WaitGroup
		for _, p := range w.all { // two processes at once
			both.Go(func() {
				_, err := p.Work(t.Context())
				assert.NoError(t, err)
			})
		}
		both.Wait()
	}
	w.clock.Advance(14 * time.Minute)
	work()
	assert.Equal(t, there["throttle"], w.held("throttle")["throttle"], "they have an effect still")
	w.clock.Advance(16 * time.Minute)
	work()
	assert.Empty(t, w.held("throttle"), "and now none")
	for range 3 { // what expires is forgotten later
		w.clock.Advance(365 * 24 * time.Hour)
		work()
	}
	assert.Empty(t, w.held(ephemeral()...))
	after := w.held("lock", "audit", "registration", "password", "devices", "gate")
	assert.GreaterOrEqual(t, after["audit"], kept["audit"])
	after["audit"] = kept["audit"]
	assert.Equal(t, kept, after)
	assert.Equal(t, counters, w.records("lock"), "time clears no lock")
	w.verify()
}

// TestAnAddressThatIsForgottenMayDoWhatItMightAnyway refuses one before its time and not after.
func TestAnAddressThatIsForgottenMayDoWhatItMightAnyway(t *testing.T) {
	w := start(t, identity.Config{})
	guess := func() error {
		_, err := w.try(fmt.Sprintf("n%d@example.com", w.head()), "wrong", from(1))
		return err
	}
	for range 50 {
		require.ErrorIs(t, guess(), okpay.AuthenticationFailed)
	}
	require.ErrorIs(t, guess(), okpay.TooManyTries)
	_, err := w.Work(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, guess(), okpay.TooManyTries, "it is not forgotten before its time")
	w.clock.Advance(30*time.Minute - time.Microsecond)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, w.held("throttle")["throttle"])
	w.clock.Advance(time.Microsecond)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	assert.Empty(t, w.held("throttle"))
	require.ErrorIs(t, guess(), okpay.AuthenticationFailed)
	assert.Equal(t, 1, w.held("throttle")["throttle"], "and counted anew")
}

// TestALongerWindowKeepsAnAddressLonger writes a record under one policy and lets it fall due under another.
func TestALongerWindowKeepsAnAddressLonger(t *testing.T) {
	stores := inMemory(t)
	w := startAll(t, identity.Config{}, stores[:1]...)
	_, err := w.try("nobody@example.com", "wrong", from(1))
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	cfg := identity.Config{}
	cfg.Throttle.Window = time.Hour
	longer := startAll2(t, w, cfg, stores[1])
	w.clock.Advance(time.Hour)
	_, err = longer.Work(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, longer.held("throttle")["throttle"])
	due, err := longer.Ledger().Records(t.Context(), ledger.RecordQuery{Type: "throttle", DueBy: w.clock.Now(), Limit: 10})
	require.NoError(t, err)
	assert.Empty(t, due, "it does not stand in the way of others that are due")
	w.clock.Advance(time.Hour)
	_, err = longer.Work(t.Context())
	require.NoError(t, err)
	assert.Empty(t, longer.held("throttle"))
}
