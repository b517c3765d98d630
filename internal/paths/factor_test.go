package paths

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
	"github.com/okpay/okpay-go/okpay/totp"
)

func changing() identity.ChangePassword {
	return identity.ChangePassword{Current: password.New(secret), New: password.New("a better staple, 8 of them")}
}

// begin begins an app for ann.
func (w *world) begin() totp.Secret {
	w.t.Helper()
	e, err := w.x.BeginTOTP(w.ann, identity.BeginTOTP{Proof: w.proof(w.ann, identity.StepUpRequest{Action: identity.ManageFactor})})
	require.NoError(w.t, err)
	return e.Key.Secret
}

// enroll gives ann an app; her session goes on.
func (w *world) enroll() totp.Secret {
	w.t.Helper()
	app := w.begin()
	_, err := w.x.ConfirmTOTP(w.ann, identity.NewSecret(w.code(app)))
	require.NoError(w.t, err)
	w.ann = w.as(w.annToken)
	return app
}

// code is what an app shows that was not used before.
func (w *world) code(app totp.Secret) string {
	w.t.Helper()
	w.clock.Advance(30 * time.Second)
	code, err := totp.Code(app, totp.Params{}, w.clock.Now())
	require.NoError(w.t, err)
	return code
}

// proofBy answers a step-up with an app.
func (w *world) proofBy(app totp.Secret, in identity.StepUpRequest) identity.Secret {
	w.t.Helper()
	s, err := w.x.BeginStepUp(w.ann, in)
	require.NoError(w.t, err)
	proof, err := w.x.FinishStepUp(w.ann, identity.FinishStepUp{ID: s.ID, Method: identity.BySecondFactor, Answer: identity.NewSecret(w.code(app))})
	require.NoError(w.t, err)
	return proof
}
