package identity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	"github.com/okpay/okpay-go/okpay/password"
)

// update is a verb of a customer's own.
func (w *world) update(ctx context.Context, id okpay.CustomerID) error {
	name := "Name"
	_, err := w.Customers.Update(ctx, okpay.UpdateCustomer{Customer: id, Name: &name})
	return err
}

func TestASessionEndsByIdlenessAgeAndSigningOut(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	ctx, s := w.signedIn(email, good, home)
	for range 30 { // used now and then it goes on
		w.clock.Advance(25 * time.Minute)
		if w.clock.Now().Before(s.Session.EndsAt) {
			ctx = w.as(s.Token)
			require.NoError(t, w.update(ctx, id))
		}
	}
	_, _, err := w.x.Authenticate(t.Context(), s.Token)
	require.ErrorIs(t, err, okpay.SessionEnded, "older than 12 hours")
	require.ErrorIs(t, w.update(ctx, id), okpay.SessionEnded)

	ctx, s = w.signedIn(email, good, home)
	w.clock.Advance(30*time.Minute - 1)
	require.NoError(t, w.update(ctx, id))
	w.clock.Advance(1)
	require.ErrorIs(t, w.update(ctx, id), okpay.SessionEnded, "idle, also within a request that was authenticated before")
	_, _, err = w.x.Authenticate(t.Context(), s.Token)
	require.ErrorIs(t, err, okpay.SessionEnded)

	ctx, s = w.signedIn(email, good, home)
	before := w.last()
	require.NoError(t, w.x.SignOut(ctx))
	assert.Equal(t, []string{"session.ended"}, w.events(before))
	assert.Contains(t, w.actions(id), "session.end")
	require.ErrorIs(t, w.x.SignOut(ctx), okpay.SessionEnded)
	require.ErrorIs(t, w.update(ctx, id), okpay.SessionEnded)
	_, _, err = w.x.Authenticate(t.Context(), s.Token)
	require.ErrorIs(t, err, okpay.SessionEnded)

	before = w.last()
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, timesOf(w.events(before), "session.expired"), "those whose time was over are closed")
	w.clock.Advance(31 * 24 * time.Hour)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	var none struct{}
	require.ErrorIs(t, w.Read(t.Context(), "session", string(s.Session.ID), &none), okpay.NotFound, "and forgotten in the end")
	w.verify()
}

func TestUseIsWrittenDownOnceAMinute(t *testing.T) {
	w := start(t, identity.Config{})
	w.registered(email)
	_, s := w.signedIn(email, good, home)
	blocks := w.head()
	for range 59 {
		w.clock.Advance(time.Second)
		w.as(s.Token)
	}
	assert.Equal(t, blocks, w.head())
	w.clock.Advance(time.Second)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, _, err := w.x.Authenticate(t.Context(), s.Token)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, blocks+1, w.head())
}

func TestATokenIsGoodAsAWholeOrNotAtAll(t *testing.T) {
	w := start(t, identity.Config{})
	w.registered(email)
	w.registered("ben@example.com")
	_, s := w.signedIn(email, good, home)
	_, other := w.signedIn("ben@example.com", good, home)
	token := s.Token.Reveal()
	id, secret, _ := strings.Cut(token, ".")
	_, othersSecret, _ := strings.Cut(other.Token.Reveal(), ".")
	for name, forged := range map[string]string{
		"nothing":                    "",
		"the id alone":               id,
		"the id with a dot":          id + ".",
		"no id":                      "." + secret,
		"somebody else's secret":     id + "." + othersSecret,
		"somebody else's id":         string(other.Session.ID) + "." + secret,
		"one character less":         token[:len(token)-1],
		"one more":                   token + "A",
		"a line break":               token + "\n",
		"other spare bits":           token[:len(token)-1] + string(token[len(token)-1]+1),
		"another prefix":             "dev_" + token[4:],
		"another record of the kind": strings.Replace(token, "ses_", "ses_x", 1),
		"very long":                  token + strings.Repeat("A", 1<<20),
		"no id of a record":          "ses_../../x." + secret,
	} {
		_, _, err := w.x.Authenticate(t.Context(), identity.NewSecret(forged))
		require.ErrorIs(t, err, okpay.SessionEnded, name)
		assert.EqualError(t, err, "okpay: session_ended", name)
	}
	w.as(s.Token)
}

func TestSomebodySeesAndEndsTheirOwnSessionsOnly(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	w.registered("ben@example.com")
	ctx, mine := w.signedIn(email, good, home)
	_, second := w.signedIn(email, good, identity.Client{})
	third, _ := w.signedIn(email, good, identity.Client{})
	bens, ben := w.signedIn("ben@example.com", good, home)

	list, more, err := w.x.Sessions(ctx, "", 2)
	require.NoError(t, err)
	assert.True(t, more)
	rest, more, err := w.x.Sessions(ctx, list[1].ID, 2)
	require.NoError(t, err)
	assert.False(t, more)
	current := 0
	for _, s := range append(list, rest...) {
		assert.Equal(t, id, s.Customer)
		if s.Current {
			assert.Equal(t, mine.Session.ID, s.ID)
			current++
		}
	}
	assert.Equal(t, 1, current)

	require.ErrorIs(t, w.x.EndSession(ctx, ben.Session.ID), okpay.NotFound)
	require.ErrorIs(t, w.x.EndSession(ctx, "ses_none"), okpay.NotFound)
	require.ErrorIs(t, w.x.EndSession(ctx, "not an id"), okpay.InvalidRequest)
	require.ErrorIs(t, w.x.EndSession(t.Context(), mine.Session.ID), okpay.AuthenticationRequired)
	require.NoError(t, w.x.EndSession(ctx, second.Session.ID))
	require.ErrorIs(t, w.x.EndSession(ctx, second.Session.ID), okpay.NotFound)
	list, _, err = w.x.Sessions(ctx, "", 0)
	require.NoError(t, err)
	assert.Len(t, list, 2)

	require.NoError(t, w.x.EndOtherSessions(ctx))
	require.ErrorIs(t, w.update(third, id), okpay.SessionEnded)
	ctx = w.as(mine.Token)
	require.NoError(t, w.update(ctx, id), "this one goes on")
	list, _, err = w.x.Sessions(ctx, "", 0)
	require.NoError(t, err)
	assert.Len(t, list, 1)
	assert.NoError(t, w.update(bens, ben.Session.Customer))
	assert.Contains(t, w.actions(id), "session.end_others")
}

func TestALimitedSessionChangesThePasswordAndNothingElse(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	before, _ := w.signedIn(email, good, home)
	_, err := w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: id, Reason: "risk"})
	require.NoError(t, err)
	require.ErrorIs(t, w.update(before, id), okpay.SessionEnded)

	ctx, s := w.signedIn(email, good, home)
	assert.True(t, s.Session.Limited)
	only := func(ctx context.Context) {
		require.ErrorIs(t, w.update(ctx, id), okpay.AccountLocked)
		_, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: id, Amount: yuan(1)})
		require.ErrorIs(t, err, okpay.AccountLocked)
		_, _, err = w.x.TrustDevice(ctx, home)
		require.ErrorIs(t, err, okpay.AccountLocked)
		require.ErrorIs(t, w.x.EndOtherSessions(ctx), okpay.AccountLocked)
		require.ErrorIs(t, w.x.EndSession(ctx, s.Session.ID), okpay.AccountLocked)
		_, _, err = w.x.Sessions(ctx, "", 0)
		require.NoError(t, err)
	}
	only(ctx)
	require.NoError(t, w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(good), New: password.New(other)}))
	g, err := w.Customers.Gate(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, okpay.GateLocked, g.State, "a new password lifts no lock")
	only(w.as(s.Token))

	_, err = w.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: id})
	require.NoError(t, err)
	only(w.as(s.Token))
	ctx, s = w.signedIn(email, other, home)
	assert.False(t, s.Session.Limited)
	require.NoError(t, w.update(ctx, id))
	require.NoError(t, w.x.SignOut(ctx))
}

func TestTheChangeOfPasswordThatAProofAsksForOpensTheAccount(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	_, err := w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: id, Reason: "risk"})
	require.NoError(t, err)
	_, err = w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "prove"}, func(d *okpay.Draft) error {
		g, err := d.Gate(id)
		if err != nil {
			return err
		}
		m, err := okpay.GateMachine().Move(&g.State, string(id), okpay.ProveOwner, okpay.Always)
		if err != nil {
			return err
		}
		return d.WriteGate(g, m)
	})
	require.NoError(t, err)
	ctx, s := w.signedIn(email, good, home)
	require.True(t, s.Session.Limited)
	require.ErrorIs(t, w.update(ctx, id), okpay.AccountLocked)
	before := w.last()
	require.NoError(t, w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(good), New: password.New(other)}))
	assert.Equal(t, []string{"password.changed", "account.unlocked"}, w.events(before))
	assert.Contains(t, w.templates(id), "account_unlocked")
	require.NoError(t, w.update(w.as(s.Token), id), "the session that did it is a full one now")
}

func TestAChangeOfPasswordEndsAllOtherSessionsAndTrust(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	ctx, mine := w.signedIn(email, good, home)
	_, _, err := w.x.TrustDevice(ctx, home)
	require.NoError(t, err)
	elsewhere, _ := w.signedIn(email, good, identity.Client{})
	change := func(ctx context.Context, now, next string) error {
		return w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(now), New: password.New(next)})
	}
	require.ErrorIs(t, change(t.Context(), good, other), okpay.AuthenticationRequired)
	require.ErrorIs(t, change(ctx, "wrong", other), okpay.AuthenticationFailed)
	require.ErrorIs(t, change(ctx, good, good), okpay.PasswordNotAllowed)
	require.ErrorIs(t, change(ctx, good, "short"), okpay.PasswordNotAllowed)
	blocked := change(ctx, good, "Password123!")
	require.ErrorIs(t, blocked, okpay.PasswordNotAllowed)
	assert.NotContains(t, blocked.Error(), "Password123")
	require.NoError(t, w.update(elsewhere, id), "nothing was changed")

	before := w.last()
	require.NoError(t, change(ctx, good, other))
	assert.Equal(t, []string{"password.changed"}, w.events(before))
	assert.Contains(t, w.templates(id), "password_changed")
	assert.Contains(t, w.actions(id), "password.change")
	require.ErrorIs(t, w.update(elsewhere, id), okpay.SessionEnded)
	require.ErrorIs(t, change(ctx, other, good), okpay.SessionEnded, "what was authenticated before is out of date")
	ctx = w.as(mine.Token)
	require.NoError(t, w.update(ctx, id))
	devices, err := w.x.Devices(ctx)
	require.NoError(t, err)
	assert.Empty(t, devices)
	g, err := w.Customers.Gate(ctx, id)
	require.NoError(t, err)
	require.NotNil(t, g.WithdrawalsFrom)
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), *g.WithdrawalsFrom)
	_, err = w.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	w.signedIn(email, other, home)
	w.verify()
}

func TestTheCurrentPasswordIsGuessedAtAsAtSignIn(t *testing.T) {
	w := start(t, identity.Config{})
	w.registered(email)
	ctx, _ := w.signedIn(email, good, home)
	guess := func(pw string) error {
		return w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(pw), New: password.New(other)})
	}
	for range 5 {
		require.ErrorIs(t, guess("wrong"), okpay.AuthenticationFailed)
	}
	err := guess(good)
	require.ErrorIs(t, err, okpay.TooManyTries)
	var e *okpay.Error
	require.True(t, errorsAs(err, &e))
	assert.Equal(t, w.clock.Now().Add(30*time.Second), *e.ResetsAt)
	_, err = w.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "no further guesses by another entry")
}

func TestASecondFactorIsAskedForAtEverySignIn(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	f := w.x.WithFactor("123456")
	code := identity.NewSecret("123456")
	begin := func() identity.SignedIn {
		s, err := w.try(email, good, home)
		require.NoError(t, err)
		assert.Nil(t, s.Session)
		assert.True(t, s.Token.IsZero())
		assert.Equal(t, w.clock.Now().Add(10*time.Minute), s.PendingUntil)
		return s
	}
	s := begin()
	_, _, err := w.x.Authenticate(t.Context(), s.Pending)
	require.ErrorIs(t, err, okpay.SessionEnded, "what is pending is no session")
	_, err = w.x.FinishSignIn(t.Context(), s.Pending, identity.NewSecret("000000"))
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	done, err := w.x.FinishSignIn(t.Context(), s.Pending, code)
	require.NoError(t, err)
	assert.True(t, done.Session.SecondFactor)
	assert.Equal(t, "192.0.2.0/24", done.Session.Address)
	require.NoError(t, w.update(w.as(done.Token), id))
	assert.Contains(t, w.templates(id), "sign_in_after_failures")
	_, err = w.x.FinishSignIn(t.Context(), s.Pending, code)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "once")

	s = begin()
	w.clock.Advance(10 * time.Minute)
	_, err = w.x.FinishSignIn(t.Context(), s.Pending, code)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "too late")

	s = begin()
	require.NoError(t, w.x.EndOtherSessions(w.as(done.Token)))
	_, err = w.x.FinishSignIn(t.Context(), s.Pending, code)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "credentials were changed")

	s = begin()
	w.fails(email, 5)
	verified := f.Verified.Load()
	_, err = w.x.FinishSignIn(t.Context(), s.Pending, code)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a lock drops what is pending")
	w.clock.Advance(time.Minute)
	s2 := begin()
	_, err = w.x.FinishSignIn(t.Context(), s.Pending, code)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "for good")
	for range 5 {
		_, err = w.x.FinishSignIn(t.Context(), s2.Pending, identity.NewSecret("1"))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	assert.Equal(t, verified+5, f.Verified.Load())
	_, err = w.x.FinishSignIn(t.Context(), s2.Pending, code)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "and so do wrong codes")

	w.clock.Advance(time.Hour)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	records, _, err := w.Records(t.Context(), ledgerRecords("pending", "c:"+string(id)))
	require.NoError(t, err)
	assert.Empty(t, records, "nothing is left of what was pending")
}

func TestOneOfManyFinishesASignIn(t *testing.T) {
	w := startAll(t, identity.Config{}, inMemory(t)...)
	w.registered(email)
	for _, p := range w.all {
		p.x.WithFactor("123456")
	}
	s, err := w.try(email, good, identity.Client{})
	require.NoError(t, err)
	var done atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if _, err := w.all[i%2].x.FinishSignIn(t.Context(), s.Pending, identity.NewSecret("123456")); err == nil {
				done.Add(1)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, done.Load())
}

func TestTwoChangesOfOnePasswordAreOneAfterTheOther(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	act := okpay.Act{Principal: "program", Operation: "password.reset"}
	first, err := w.x.Prepare(t.Context(), id, password.New(other))
	require.NoError(t, err)
	second, err := w.x.Prepare(t.Context(), id, password.New("yet another one, the 3rd"))
	require.NoError(t, err)
	w.fails(email, 5)
	_, err = w.Do(t.Context(), act, first)
	require.NoError(t, err)
	_, err = w.Do(t.Context(), act, second)
	require.ErrorIs(t, err, okpay.InvalidState, "it was judged against another password")
	w.signedIn(email, other, home) // and the lock was cleared
}

func TestOneSessionTooManyEndsTheOneNotUsedForLongest(t *testing.T) {
	w := start(t, identity.Config{MaxSessions: 3})
	id := w.registered(email)
	var tokens []identity.Secret
	for i := range 3 {
		_, s := w.signedIn(email, good, identity.Client{UserAgent: "Firefox/1 Windows", Place: fmt.Sprint("place ", i)})
		tokens = append(tokens, s.Token)
		w.clock.Advance(2 * time.Minute)
	}
	_ = w.as(tokens[0]) // used again
	before := w.last()
	_, last := w.signedIn(email, good, home)
	assert.Equal(t, []string{"session.ended", "session.begun"}, w.events(before))
	_, _, err := w.x.Authenticate(t.Context(), tokens[1])
	require.ErrorIs(t, err, okpay.SessionEnded, "not used for longest")
	_, _, err = w.x.Authenticate(t.Context(), tokens[0])
	require.NoError(t, err)
	list, _, err := w.x.Sessions(w.as(last.Token), "", 100)
	require.NoError(t, err)
	assert.Len(t, list, 3)
	shown, _, err := w.Audit(t.Context(), okpay.AuditPage{Customer: id, Shown: true})
	require.NoError(t, err)
	at := slices.IndexFunc(shown, func(e okpay.AuditEntry) bool { return e.Action == "session.end_oldest" })
	require.GreaterOrEqual(t, at, 0, "the customer sees it")
	assert.Equal(t, map[string]string{"device": "Firefox, Windows", "place": "place 1"}, shown[at].Facts)

	require.NoError(t, w.x.EndOtherSessions(w.as(last.Token)))
	before = w.last()
	w.signedIn(email, good, home)
	assert.Equal(t, []string{"session.begun"}, w.events(before), "what a change of credentials has ended takes no place")
	w.verify()
}

func TestParallelSignInsLeaveNoMoreSessionsThanThereMayBe(t *testing.T) {
	for name, stores := range map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite} {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, identity.Config{MaxSessions: 4}, stores(t)...)
			id := w.registered(email)
			var all sync.WaitGroup
			for i := range testsize.Scaled(t, 40) {
				all.Go(func() { // by what follows a password that is right, since parallel guesses lock
					_, err := w.all[i%2].x.SignedIn(t.Context(), id, home, false)
					if err != nil && !errors.Is(err, okpay.ServiceBusy) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			ctx, _ := w.signedIn(email, good, home)
			list, _, err := w.x.Sessions(ctx, "", 100)
			require.NoError(t, err)
			assert.Len(t, list, 4)
			w.verify()
		})
	}
}
