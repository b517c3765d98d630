package identity_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

const parallel = 200

// storm makes as many guesses at once, half of them in each process, and returns what each was
// answered and how many were verified. right says which are right.
func storm(t *testing.T, w *world, g identity.Guess, right func(i int) bool) (answers []error, verified int) {
	t.Helper()
	var count atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	answers = make([]error, parallel)
	for i := range parallel {
		all.Go(func() {
			<-begin
			answers[i] = w.all[i%len(w.all)].x.Attempt(t.Context(), g, func(context.Context) (bool, error) {
				count.Add(1)
				return right(i), nil
			})
		})
	}
	close(begin)
	all.Wait()
	return answers, int(count.Load())
}

func never(int) bool { return false }

func TestParallelGuessesFromTwoProcessesAreVerifiedFiveTimesAtMost(t *testing.T) {
	for name, stores := range map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runs := testsize.Scaled(t, 10)
			if name != "memory" {
				runs = testsize.Scaled(t, 1)
			}
			for _, a := range []lockout.Authenticator{lockout.Password, lockout.OneTimeCode, lockout.RecoveryCode, "code", "question"} {
				w := startAll(t, identity.Config{}, stores(t)...)
				for run := range runs {
					g := identity.Guess{Customer: okpay.CustomerID(fmt.Sprintf("victim%d", run)), Authenticator: a}
					answers, verified := storm(t, w, g, never)
					require.LessOrEqual(t, verified, 5, "%s, run %d", a, run)
					require.Positive(t, verified)
					for _, err := range answers {
						require.ErrorIs(t, err, okpay.AuthenticationFailed)
						require.EqualError(t, err, answers[0].Error())
					}
				}
			}
		})
	}
}

func TestARightGuessAmongManyAdmitsNoMore(t *testing.T) {
	for run := range testsize.Scaled(t, 5) {
		w := startAll(t, identity.Config{}, inMemory(t)...)
		// None is resolved before all have arrived: what arrives after a success begins anew.
		g := identity.Guess{Customer: customer, Authenticator: lockout.Password}
		var arrived sync.WaitGroup
		arrived.Add(parallel - 5)
		g.Dummy = func(context.Context) error { arrived.Done(); return nil }
		var all sync.WaitGroup
		var verified, succeeded atomic.Int64
		for i := range parallel {
			all.Go(func() {
				err := w.all[i%2].x.Attempt(t.Context(), g, func(context.Context) (bool, error) {
					arrived.Wait()
					return verified.Add(1) == 3, nil
				})
				if err == nil {
					succeeded.Add(1)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 5, verified.Load(), "run %d", run)
		require.EqualValues(t, 1, succeeded.Load())
	}
}

func TestAGuessIsCountedBeforeItIsVerified(t *testing.T) {
	w := start(t, identity.Config{})
	g := identity.Guess{Customer: customer, Authenticator: lockout.Password}
	crash := errors.New("crash")
	for range 5 {
		err := w.x.Attempt(t.Context(), g, func(context.Context) (bool, error) { return true, crash })
		require.ErrorIs(t, err, crash)
	}
	err := w.x.Attempt(t.Context(), g, func(context.Context) (bool, error) { return true, nil })
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "five crashes cost five guesses")
	w.clock.Advance(30 * time.Second)
	require.NoError(t, w.x.Attempt(t.Context(), g, func(context.Context) (bool, error) { return true, nil }))
}

func TestAGuessThatNobodyLookedAtIsGivenBack(t *testing.T) {
	w := start(t, identity.Config{})
	g := identity.Guess{Customer: customer, Authenticator: lockout.Password, Client: identity.Client{Address: "192.0.2.1"}}
	busy := errors.New("busy")
	for range 60 {
		err := w.x.Attempt(t.Context(), g, func(context.Context) (bool, error) { return false, identity.NotVerified(busy) })
		require.ErrorIs(t, err, busy)
	}
	require.NoError(t, w.x.Attempt(t.Context(), g, func(context.Context) (bool, error) { return true, nil }))
}

func TestALockIsToldOnceADay(t *testing.T) {
	w := start(t, identity.Config{})
	g := identity.Guess{Customer: customer, Authenticator: lockout.Password, Client: identity.Client{
		Address: "192.0.2.77:1234", Place: "Shanghai, CN", UserAgent: "Mozilla/5.0 (Windows NT 10.0) Firefox/140 http://evil.example",
	}}
	wrong := func(context.Context) (bool, error) { return false, nil }
	for range 12 {
		require.ErrorIs(t, w.x.Attempt(t.Context(), g, wrong), okpay.AuthenticationFailed)
		w.clock.Advance(31 * time.Minute)
	}
	messages, err := w.Customers.Messages(t.Context(), customer, "", 0)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	assert.Equal(t, "sign_in_locked", messages[0].Template)
	assert.Equal(t, map[string]string{
		"reason": "too_many_failures", "authenticator": "password", "device": "Firefox, Windows", "place": "Shanghai, CN",
		"address": "192.0.2.0/24", "at": "2026-01-01T02:04:00Z", "until": "2026-01-01T02:04:30Z",
		"advice": "wait,verify_identity,change_password,enable_second_factor,contact_support",
	}, messages[0].Facts)
	w.clock.Advance(24 * time.Hour)
	require.ErrorIs(t, w.x.Attempt(t.Context(), g, wrong), okpay.AuthenticationFailed)
	messages, err = w.Customers.Messages(t.Context(), customer, "", 0)
	require.NoError(t, err)
	assert.Len(t, messages, 2)
}

// TestTwoHundredSignInsAtOnceAreCheckedFiveTimesAtMost is the storm through the front door, with the
// right password among the wrong ones.
func TestTwoHundredSignInsAtOnceAreCheckedFiveTimesAtMost(t *testing.T) {
	for run := range testsize.Scaled(t, 5) {
		w := startAll(t, identity.Config{}, inMemory(t)...)
		id := w.registered(email)
		hashes := []*identity.Hashes{w.all[0].x.Counting(), w.all[1].x.Counting()}
		var all sync.WaitGroup
		var in, busy atomic.Int64
		begin := make(chan struct{})
		for i := range parallel {
			all.Go(func() {
				<-begin
				pw := "wrong"
				if i == run%parallel {
					pw = good
				}
				_, err := w.all[i%2].x.SignIn(t.Context(), identity.SignIn{Name: email, Password: password.New(pw)})
				switch {
				case err == nil:
					in.Add(1)
				case errors.Is(err, okpay.ServiceBusy):
					busy.Add(1)
				default:
					assert.ErrorIs(t, err, okpay.AuthenticationFailed)
				}
			})
		}
		close(begin)
		all.Wait()
		checked := hashes[0].Checked.Load() + hashes[1].Checked.Load()
		if in.Load() == 0 {
			require.LessOrEqual(t, checked, int64(5), "run %d", run)
			require.Equal(t, 1, timesOf(w.templates(id), "sign_in_locked"))
		} else { // those that arrived after the success begin anew
			require.LessOrEqual(t, checked, int64(10), "run %d", run)
		}
		require.Zero(t, busy.Load())
		require.EqualValues(t, parallel, hashes[0].N.Load()+hashes[1].N.Load(), "what is refused costs as much")
	}
}

func timesOf(list []string, what string) (n int) {
	for _, s := range list {
		n += one(s == what)
	}
	return n
}
