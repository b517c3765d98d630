package identity

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/totp"
)

// factors is the second factor that sign-in asks for.
type factors struct{ x *Identity }

// enrolled reports whether a customer has a second factor. A Draft relies on the answer.
func (s factors) enrolled(r okpay.Reader, customer okpay.CustomerID) (bool, error) {
	f, err := factor(r, customer)
	return err == nil && f.on(), err
}

// verify takes a code of the customer's app or one of the recovery codes, told apart by form,
// as an attempt of its own authenticator: what has 24 characters of their alphabet is a
// recovery code, anything else is a code of the app. The right one is used up in the Change
// that resolves the attempt, in which settle is drafted too.
//
// Errors: those of attempt. Besides, and before anything is counted, totp.ErrUnknownKey and
// totp.ErrSealBroken: what can not be opened can not be guessed at.
func (s factors) verify(ctx context.Context, in factorGuess) error {
	x := s.x
	f, err := factor(reading{ctx, x.w}, in.customer)
	if err != nil {
		return err
	}
	g := guess{
		customer: in.customer, trusted: in.trusted, client: in.client, known: in.known,
		authenticator: lockout.OneTimeCode, action: "factor.fail",
	}
	if recovery, err := totp.ParseRecoveryCode(in.code); err == nil {
		g.authenticator = lockout.RecoveryCode
		return x.verifyRecovery(ctx, g, f, recovery, in)
	}
	return x.verifyApp(ctx, g, f, in)
}

// verifyApp takes a code of the app.
func (x *Identity) verifyApp(ctx context.Context, g guess, f *factorDoc, in factorGuess) error {
	var secret totp.Secret
	if f.App != nil {
		var err error
		if secret, err = x.ring.OpenSecret(f.App.row(in.customer), f.App.Sealed); err != nil {
			return err
		}
	}
	var at time.Time
	right := func(f *factorDoc, opened string) (int64, error) {
		if f.App == nil || f.App.Disabled || f.App.Credential != opened {
			return 0, wrong()
		}
		result, step, err := totp.Verify(secret, totp.Params{}, in.code, at, f.App.LastStep)
		if err == nil && result != totp.OK {
			err = wrong()
		}
		return step, err
	}
	opened := ""
	if f.App != nil {
		opened = f.App.Credential
	}
	g.settle = func(d *okpay.Draft, failures int) error {
		f, err := factor(d, in.customer)
		if err != nil {
			return err
		}
		// The code is judged by the last step as it is now: of all who come with one code, the
		// first to commit has used it up.
		step, err := right(f, opened)
		if err != nil {
			return err
		}
		told, err := f.move(d, UseApp, okpay.Always)
		if err != nil {
			return wrong()
		}
		f.App.LastStep = step
		if err := x.used(d, f, told, in, "factor.use"); err != nil {
			return err
		}
		if in.settle == nil {
			return nil
		}
		return in.settle(d, failures)
	}
	g.failed = func(d *okpay.Draft, decision lockout.Decision) error {
		if decision.Outcome != lockout.FailedDisabled {
			return nil
		}
		_, err := x.disableApp(d, in, opened)
		return err
	}
	err := x.attempt(ctx, g, func(context.Context) (bool, error) {
		x.verifying(g.authenticator)
		at = x.w.Now()
		_, err := right(f, opened)
		if errors.Is(err, okpay.AuthenticationFailed) {
			return false, nil
		}
		return err == nil, err
	})
	if f.App != nil && !f.App.Disabled && (errors.Is(err, okpay.AuthenticationFailed) || errors.Is(err, okpay.TooManyTries)) {
		err = errors.Join(err, x.catchUp(ctx, in, opened))
	}
	return err
}

// catchUp disables an app whose last guess was counted and never resolved: the counter refuses
// all others since.
func (x *Identity) catchUp(ctx context.Context, in factorGuess, credential string) error {
	_, err := x.w.Do(okpay.WithoutActor(ctx), okpay.Act{Principal: "program", Operation: "factor.disable"}, func(d *okpay.Draft) error {
		locks, err := x.locks(d, in.customer, d.Now())
		if err != nil {
			return err
		}
		for _, l := range locks {
			if l.Authenticator == lockout.OneTimeCode && l.Status == lockout.StatusDisabled {
				if done, err := x.disableApp(d, in, credential); done || err != nil {
					return err
				}
			}
		}
		return okpay.ErrNothingDue
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		return nil
	}
	return err
}

// verifyRecovery takes a recovery code.
func (x *Identity) verifyRecovery(ctx context.Context, g guess, f *factorDoc, code totp.RecoveryCode, in factorGuess) error {
	var pepper totp.Pepper
	opened := ""
	if f.Recovery != nil {
		var err error
		if pepper, err = x.pepper(in.customer, f.Recovery); err != nil {
			return err
		}
		opened = f.Recovery.Credential
	}
	right := func(f *factorDoc) (int, error) {
		if f.Recovery == nil || f.Recovery.Credential != opened {
			return 0, wrong()
		}
		at, err := pepper.Match(string(in.customer), code, f.Recovery.MACs)
		if err == nil && (at < 0 || !f.Recovery.UsedAt[at].IsZero()) {
			err = wrong()
		}
		return at, err
	}
	g.settle = func(d *okpay.Draft, failures int) error {
		f, err := factor(d, in.customer)
		if err != nil {
			return err
		}
		at, err := right(f)
		if err != nil {
			return err
		}
		told, err := f.move(d, UseRecovery, okpay.Always)
		if err != nil {
			return wrong()
		}
		f.Recovery.UsedAt[at] = d.Now()
		if f.Hold, err = x.holdWithdrawals(d, in.customer); err != nil {
			return err
		}
		if err := x.used(d, f, told, in, "factor.recover"); err != nil {
			return err
		}
		if in.settle == nil {
			return nil
		}
		return in.settle(d, failures)
	}
	return x.attempt(ctx, g, func(context.Context) (bool, error) {
		x.verifying(g.authenticator)
		_, err := right(f)
		if errors.Is(err, okpay.AuthenticationFailed) {
			return false, nil
		}
		return err == nil, err
	})
}

// used writes a factor of which a code was right, sealed under the primary key.
func (x *Identity) used(d *okpay.Draft, f *factorDoc, told okpay.Told, in factorGuess, action string) error {
	now := d.Now()
	f.Of.UsedAt, f.client = &now, in.client.facts()
	if _, err := x.rewrap(f); err != nil && !errors.Is(err, totp.ErrUnknownKey) && !errors.Is(err, totp.ErrSealBroken) {
		return err
	}
	return x.writeFactor(d, f, told, okpay.AuditEntry{
		Actor: "c/" + string(in.customer), Action: action, Customer: in.customer, Facts: in.client.facts(), Shown: true,
	})
}

// disableApp turns an app off at which too many guesses were made, and reports whether it did.
func (x *Identity) disableApp(d *okpay.Draft, in factorGuess, credential string) (bool, error) {
	f, err := factor(d, in.customer)
	if err != nil || f.App == nil || f.App.Credential != credential || f.App.Disabled {
		return false, err
	}
	told, err := f.move(d, DisableApp, okpay.Always)
	if err != nil {
		return false, err
	}
	f.client = in.client.facts()
	return true, x.writeFactor(d, f, told, okpay.AuditEntry{
		Actor: "program", Action: "factor.disable", Customer: in.customer, Reason: string(lockout.ReasonHardCap), Facts: in.client.facts(), Shown: true,
	})
}
