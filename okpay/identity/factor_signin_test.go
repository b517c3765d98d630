package identity_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

const ann = "ann@example.com"

// passwordHolder is a holder who signs in with a password.
func (w *world) passwordHolder(email string) *holder {
	id := w.registered(email)
	_, s := w.signedIn(email, good, identity.Client{})
	return &holder{t: w.t, w: w, p: w.process, id: id, token: s.Token}
}

func TestSignInAsksForTheFactorAndTakesARecoveryCode(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.passwordHolder(ann)
	h.begin(h.p, identity.Secret{})
	_, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.wrongCode()))
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	h.codes, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)

	pending := func() identity.Secret {
		s, err := w.try(ann, good, identity.Client{})
		require.NoError(t, err)
		require.Nil(t, s.Session)
		return s.Pending
	}
	p := pending()
	_, err = w.x.FinishSignIn(t.Context(), p, identity.NewSecret(h.code()))
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "the code that confirmed the app")
	s, err := w.x.FinishSignIn(t.Context(), p, identity.NewSecret(h.next()))
	require.NoError(t, err)
	assert.True(t, s.Session.SecondFactor)
	h.token = s.Token

	// The same code from two sign-ins at once.
	code, a, b := identity.NewSecret(h.next()), pending(), pending()
	var all sync.WaitGroup
	errs := make([]error, 2)
	for i, p := range []identity.Secret{a, b} {
		all.Go(func() { _, errs[i] = w.x.FinishSignIn(t.Context(), p, code) })
	}
	all.Wait()
	assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "one gets in")

	s, err = w.x.FinishSignIn(t.Context(), pending(), identity.NewSecret(h.codes[2].Reveal()))
	require.NoError(t, err)
	assert.True(t, h.factor().MustEnroll)
	require.NotNil(t, h.gate().WithdrawalsFrom)
	_, err = w.x.FinishSignIn(t.Context(), pending(), identity.NewSecret(h.codes[2].Reveal()))
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	h.token = s.Token
	w.clock.Advance(6 * time.Minute)
	longer := password.New("another 1 entirely, longer")
	require.NoError(t, h.p.x.ChangePassword(h.ctx(), identity.ChangePassword{Current: password.New(good), New: longer}))
	_, err = h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired, "the password is no proof of the factor")
	s, err = w.try(ann, longer.Reveal(), identity.Client{})
	require.NoError(t, err)
	s, err = w.x.FinishSignIn(t.Context(), s.Pending, identity.NewSecret(h.codes[3].Reveal()))
	require.NoError(t, err)
	h.token = s.Token
	h.begin(h.p, identity.Secret{}) // the sign-in was with the factor, just now
	_, err = h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	assert.False(t, h.factor().MustEnroll)
}

func TestWithoutAFactorThePasswordAnswersAStepUp(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.passwordHolder(ann)
	up, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	require.NoError(t, err)
	assert.Equal(t, []identity.StepUpMethod{identity.ByPassword}, up.Methods)
	answer := func(with string) (identity.Secret, error) {
		return h.p.x.FinishStepUp(h.ctx(), identity.FinishStepUp{ID: up.ID, Method: identity.ByPassword, Answer: identity.NewSecret(with)})
	}
	_, err = answer("wrong")
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	w.clock.Advance(6 * time.Minute)
	_, err = answer(good)
	require.ErrorIs(t, err, okpay.InvalidState, "too late")
	_, err = h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	up, err = h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	require.NoError(t, err)
	proof, err := answer(good)
	require.NoError(t, err)
	h.begin(h.p, proof)
	_, err = h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{Proof: proof})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is used up")

	// A proof is void once the password changes, in the same session too.
	up, err = h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	require.NoError(t, err)
	proof, err = answer(good)
	require.NoError(t, err)
	require.NoError(t, h.p.x.ChangePassword(h.ctx(), identity.ChangePassword{Current: password.New(good), New: password.New("another 1 entirely, longer")}))
	_, err = h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{Proof: proof})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
}

func TestWithAFactorThePasswordAnswersNoStepUp(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.passwordHolder(ann)
	before, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	require.NoError(t, err)
	h.enroll()
	_, err = h.p.x.FinishStepUp(h.ctx(), identity.FinishStepUp{ID: before.ID, Method: identity.ByPassword, Answer: identity.NewSecret(good)})
	require.ErrorIs(t, err, okpay.InvalidState, "not even one that was begun before")
	up, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	require.NoError(t, err)
	_, err = h.p.x.FinishStepUp(h.ctx(), identity.FinishStepUp{ID: up.ID, Method: identity.ByPassword, Answer: identity.NewSecret(good)})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestStepUpPasswordsAreGuessedAtFiveTimesAtMost(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.passwordHolder(ann)
	hashes := w.x.Counting()
	ctx := h.ctx()
	// Many step-ups give no more guesses than one.
	var ids []string
	for range 20 {
		up, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
		require.NoError(t, err)
		ids = append(ids, up.ID)
	}
	for _, err := range at(w, parallel, func(p process, i int) error {
		_, err := p.x.FinishStepUp(ctx, identity.FinishStepUp{ID: ids[i%20], Method: identity.ByPassword, Answer: identity.NewSecret("wrong")})
		return err
	}) {
		require.Contains(t, []okpay.Code{okpay.AuthenticationFailed, okpay.TooManyTries, okpay.InvalidState}, okpay.CodeOf(err))
	}
	assert.LessOrEqual(t, hashes.N.Load(), int64(5))
	_, err := w.try(ann, good, identity.Client{})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is one counter for all entries")
}

// Whoever knows the password does not lock the owner's trusted device by guessing at the factor.
func TestAStrangersCodesDoNotLockATrustedDevice(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.passwordHolder(ann)
	h.enroll()
	h.next()
	for range 5 {
		require.ErrorIs(t, h.verify(h.wrongCode()), okpay.AuthenticationFailed)
	}
	require.ErrorIs(t, h.verify(h.code()), okpay.AuthenticationFailed, "all others are locked out")
	require.NoError(t, h.p.x.VerifyFactor(t.Context(), h.id, h.code(), true, nil))
}
