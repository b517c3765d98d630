package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/totp"
)

// SignedIn is the token of a new session, as if its holder had just signed in.
func (x *Identity) SignedIn(ctx context.Context, id okpay.CustomerID, from Client, withFactor bool) (token Secret, err error) {
	_, err = x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "test.sign_in"}, func(d *okpay.Draft) error {
		g, err := d.Gate(id)
		if err != nil {
			return err
		}
		token, _, err = x.beginSession(d, beginning{customer: id, gate: g, client: from, second: withFactor})
		return err
	})
	return token, err
}

// VerifyFactor is what sign-in does with a code.
func (x *Identity) VerifyFactor(ctx context.Context, id okpay.CustomerID, code string, trusted bool, settle func(*okpay.Draft, int) error) error {
	return x.second.verify(ctx, factorGuess{customer: id, code: code, trusted: trusted, settle: settle})
}

// Enrolled is whether sign-in asks for a second factor.
func (x *Identity) Enrolled(ctx context.Context, id okpay.CustomerID) (bool, error) {
	return x.second.enrolled(reading{ctx, x.w}, id)
}

// OnVerify has each verification of a guess told.
func (x *Identity) OnVerify(tell func(lockout.Authenticator)) { x.verifying = tell }

// SetKeys is another Config.Keys.
func (x *Identity) SetKeys(keys ...Key) error {
	x.cfg.Keys = keys
	return x.setRing()
}

// UseStepUp is useStepUp.
func (x *Identity) UseStepUp(d *okpay.Draft, a okpay.Actor, action StepUpAction, to string, proof Secret) error {
	return x.useStepUp(d, a, action, to, proof)
}

// FactorRecord is what is kept of a factor.
func (x *Identity) FactorRecord(ctx context.Context, id okpay.CustomerID) (lastStep int64, sealed []byte, err error) {
	f, err := factor(reading{ctx, x.w}, id)
	if err != nil || f.App == nil {
		return 0, nil, err
	}
	return f.App.LastStep, f.App.Sealed, nil
}

// SetApp gives a customer's app another secret, of which no code was used.
func (x *Identity) SetApp(ctx context.Context, id okpay.CustomerID, secret totp.Secret) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "test.set_app"}, func(d *okpay.Draft) error {
		f, err := factor(d, id)
		if err != nil {
			return err
		}
		f.App.LastStep = totp.NoStep
		if f.App.Sealed, err = x.ring.SealSecret(f.App.row(id), secret); err != nil {
			return err
		}
		return d.Write(f)
	})
	return err
}

// SetSealed stores what was sealed for another app, or under another key.
func (x *Identity) SetSealed(ctx context.Context, id okpay.CustomerID, sealed []byte) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "test.set_sealed"}, func(d *okpay.Draft) error {
		f, err := factor(d, id)
		if err != nil {
			return err
		}
		f.App.Sealed = sealed
		return d.Write(f)
	})
	return err
}
