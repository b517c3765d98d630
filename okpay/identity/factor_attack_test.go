package identity_test

import (
	"context"
	"errors"
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
	"github.com/okpay/okpay-go/okpay/totp"
)

// everywhere are the stores, each for two processes.
func everywhere() map[string]func(*testing.T) []ledger.Store {
	return map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite, "PostgreSQL": onPostgres}
}

// at makes as many calls at once, by turns in each process, and returns what each was answered.
func at(w *world, n int, call func(p process, i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = call(w.all[i%len(w.all)], i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}

func successes(t *testing.T, errs []error) (n int) {
	t.Helper()
	for _, err := range errs {
		if err == nil {
			n++
			continue
		}
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	return n
}

func TestFiftyEqualCodesAtOnceSucceedOnce(t *testing.T) {
	for name, stores := range everywhere() {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, identity.Config{}, stores(t)...)
			h := w.holder(customer)
			h.enroll()
			for range testsize.Scaled(t, 3) {
				code := h.next()
				before, _, err := h.p.x.FactorRecord(t.Context(), customer)
				require.NoError(t, err)
				settled := atomic.Int64{}
				require.Equal(t, 1, successes(t, at(w, 50, func(p process, _ int) error {
					return p.x.VerifyFactor(t.Context(), customer, code, false, func(*okpay.Draft, int) error { settled.Add(1); return nil })
				})))
				require.Positive(t, settled.Load())
				after, _, err := h.p.x.FactorRecord(t.Context(), customer)
				require.NoError(t, err)
				require.Greater(t, after, before)
				w.clock.Advance(time.Hour) // the others locked it
				h.signIn()
			}
			require.NoError(t, h.verify(h.code()))
		})
	}
}

func TestFiftyEqualRecoveryCodesAtOnceSucceedOnce(t *testing.T) {
	for name, stores := range everywhere() {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, identity.Config{}, stores(t)...)
			h := w.holder(customer)
			h.enroll()
			for i := range 3 {
				require.Equal(t, 1, successes(t, at(w, 50, func(p process, _ int) error {
					return p.x.VerifyFactor(t.Context(), customer, h.codes[i].Reveal(), false, nil)
				})))
				require.Equal(t, 9-i, h.factor().CodesLeft)
				w.clock.Advance(time.Hour)
			}
		})
	}
}

// Without the lock's help too: each replay is verified.
func TestNoReplayIsAccepted(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	replays := testsize.Scaled(t, 1000)
	if testing.Short() {
		replays = 100
	}
	verified := 0
	w.x.OnVerify(func(lockout.Authenticator) { verified++ })
	code := h.next()
	require.NoError(t, h.verify(code))
	recovery := h.codes[0].Reveal()
	require.NoError(t, h.verify(recovery))
	verified = 0
	for i := range replays {
		if i%10 == 0 { // also as time goes by
			w.clock.Advance(time.Second)
		}
		require.ErrorIs(t, h.verify(code), okpay.AuthenticationFailed)
		require.ErrorIs(t, h.verify(recovery), okpay.AuthenticationFailed)
		_, err := w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
			_, err := w.x.ClearLocks(d, customer, lockout.ByReset, lockout.OneTimeCode, lockout.RecoveryCode)
			return err
		})
		require.NoError(t, err)
	}
	assert.Equal(t, 2*replays, verified)

	// With the locks there are few verifications.
	verified = 0
	for range 10_000 {
		require.ErrorIs(t, h.verify(code), okpay.AuthenticationFailed)
	}
	assert.LessOrEqual(t, verified, 5)
}

func TestTwoHundredWrongCodesAtOnceAreVerifiedFiveTimesAtMost(t *testing.T) {
	for name, stores := range everywhere() {
		t.Run(name, func(t *testing.T) {
			runs := 1
			if name == "memory" {
				runs = testsize.Scaled(t, 3)
			}
			for _, a := range []lockout.Authenticator{lockout.OneTimeCode, lockout.RecoveryCode} {
				w := startAll(t, identity.Config{}, stores(t)...)
				for run := range runs {
					id := okpay.CustomerID("victim" + string(rune('a'+run%26)) + string(rune('a'+run/26%26)))
					_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id, Name: "Name"})
					require.NoError(t, err)
					h := w.holder(id)
					h.enroll()
					var verified atomic.Int64
					for _, p := range w.all {
						p.x.OnVerify(func(lockout.Authenticator) { verified.Add(1) })
					}
					wrong := h.wrongCode()
					if a == lockout.RecoveryCode {
						wrong = "000000-000000-000000-000000"
					}
					require.Zero(t, successes(t, at(w, parallel, func(p process, _ int) error {
						return p.x.VerifyFactor(t.Context(), id, wrong, false, nil)
					})))
					require.LessOrEqual(t, verified.Load(), int64(5))
					require.Positive(t, verified.Load())
				}
			}
		})
	}
}

func TestTwoHundredWrongCodesOfANewAppAtOnceAreVerifiedFiveTimesAtMost(t *testing.T) {
	for name, stores := range everywhere() {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, identity.Config{}, stores(t)...)
			h := w.holder(customer)
			h.begin(h.p, identity.Secret{})
			ctx, wrong := h.ctx(), identity.NewSecret(h.wrongCode())
			var verified atomic.Int64
			for _, p := range w.all {
				p.x.OnVerify(func(lockout.Authenticator) { verified.Add(1) })
			}
			failed := 0
			for _, err := range at(w, parallel, func(p process, _ int) error {
				_, err := p.x.ConfirmTOTP(ctx, wrong)
				return err
			}) {
				switch okpay.CodeOf(err) {
				case okpay.AuthenticationFailed:
					failed++
				case okpay.InvalidState, okpay.ServiceBusy:
				default:
					require.NoError(t, err)
				}
			}
			require.LessOrEqual(t, verified.Load(), int64(5))
			require.Equal(t, identity.FactorOff, h.factor().State)
		})
	}
}

func TestAStepUpIsGuessedAtFiveTimesAtMost(t *testing.T) {
	w := startAll(t, identity.Config{}, inMemory(t)...)
	h := w.holder(customer)
	h.enroll()
	s, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	require.NoError(t, err)
	var verified atomic.Int64
	for _, p := range w.all {
		p.x.OnVerify(func(lockout.Authenticator) { verified.Add(1) })
	}
	ctx, wrong := h.ctx(), identity.NewSecret(h.wrongCode())
	for _, err := range at(w, parallel, func(p process, _ int) error {
		_, err := p.x.FinishStepUp(ctx, identity.FinishStepUp{ID: s.ID, Method: identity.BySecondFactor, Answer: wrong})
		return err
	}) {
		require.Contains(t, []okpay.Code{okpay.AuthenticationFailed, okpay.TooManyTries, okpay.InvalidState}, okpay.CodeOf(err))
	}
	require.LessOrEqual(t, verified.Load(), int64(5))
}

func TestCountersAreEachOthersNoBusiness(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	h.next()
	for range 4 {
		require.ErrorIs(t, h.verify(h.wrongCode()), okpay.AuthenticationFailed)
	}
	right := func(authenticator lockout.Authenticator, ok bool) error {
		return w.x.Attempt(t.Context(), identity.Guess{Customer: customer, Authenticator: authenticator}, verdict(ok))
	}
	require.NoError(t, right(lockout.Password, true), "a right password")
	require.ErrorIs(t, h.verify(h.wrongCode()), okpay.AuthenticationFailed)
	require.ErrorIs(t, h.verify(h.code()), okpay.AuthenticationFailed, "did not clear the counter of codes")
	require.NoError(t, right(lockout.Password, true), "the password's counter knows nothing of it")
	require.NoError(t, h.p.x.VerifyFactor(t.Context(), customer, h.code(), true, nil), "neither does that of trusted devices")
	for range 5 {
		require.ErrorIs(t, right(lockout.Password, false), okpay.AuthenticationFailed)
	}
	w.clock.Advance(30 * time.Second)
	require.NoError(t, h.verify(h.next()), "a locked password does not lock the factor")
	require.NoError(t, h.verify(h.codes[0].Reveal()))
}

func verdict(right bool) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) { return right, nil }
}

// The process ends between the count of the twentieth guess and its answer.
func TestAGuessThatWasNeverAnsweredDisablesTheAppAllTheSame(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	for range 19 {
		require.ErrorIs(t, h.verify(h.wrongCode()), okpay.AuthenticationFailed)
		w.clock.Advance(time.Hour)
	}
	died := errors.New("died")
	err := w.x.Attempt(t.Context(), identity.Guess{Customer: customer, Authenticator: lockout.OneTimeCode}, func(context.Context) (bool, error) { return false, died })
	require.ErrorIs(t, err, died)
	assert.Equal(t, identity.FactorActive, h.factor().State)
	require.ErrorIs(t, h.verify(h.code()), okpay.AuthenticationFailed)
	assert.Equal(t, identity.FactorDisabled, h.factor().State)
	assert.Contains(t, h.told(), "factor_disabled")
	require.ErrorIs(t, h.verify(h.next()), okpay.AuthenticationFailed)
	n := 0
	for _, m := range h.told() {
		if m == "factor_disabled" {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

func TestOneCommitUsesACodeUpAndDoesWhatItAllows(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	code, refused := h.next(), errors.New("refused")
	before := record(t, h)
	err := w.x.VerifyFactor(t.Context(), customer, code, false, func(*okpay.Draft, int) error { return refused })
	require.ErrorIs(t, err, refused)
	assert.Equal(t, before, record(t, h), "nothing is used up by what did not happen")
	require.NoError(t, h.verify(code))
}

func record(t *testing.T, h *holder) int64 {
	t.Helper()
	step, _, err := h.p.x.FactorRecord(t.Context(), h.id)
	require.NoError(t, err)
	return step
}

// Codes of two steps near each other can be equal. The second is a replay of the first.
func TestACodeThatComesBackIsAReplay(t *testing.T) {
	secret, err := totp.NewSecret([]byte("12345678901234567890"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		at   int64 // when the code is used
		code string
	}{
		"the next step has the same code":  {1732990060, "251166"},
		"the step after the next one":      {1710533470, "882938"},
		"the third step, at the last time": {1727335090, "895952"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, identity.Config{})
			h := w.holder(customer)
			h.enroll()
			require.NoError(t, w.x.SetApp(t.Context(), customer, secret))
			w.clock.Set(time.Unix(c.at, 0))
			require.NoError(t, h.verify(c.code))
			for range 6 {
				require.ErrorIs(t, h.verify(c.code), okpay.AuthenticationFailed)
				w.clock.Advance(30 * time.Second)
			}
		})
	}
}
