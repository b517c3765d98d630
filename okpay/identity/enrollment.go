package identity

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/totp"
)

// BeginTOTP is the input of Identity.BeginTOTP.
type BeginTOTP struct {
	// Account is what the app shows as the account's name. Defaults to the customer's first
	// verified e-mail address or telephone number, or else the customer's id.
	Account string
	// Proof is of a StepUp for ManageFactor. It is needed unless the customer signed in within
	// Config.Recent, with the present factor if there is one.
	Proof Secret
}

// Enrollment is an app that waits for its first code. Key has the secret: the customer is
// shown Key.PNG for the app's camera or Key.Secret.Reveal to type, once. It is nowhere to be
// had again.
type Enrollment struct {
	Factor Factor
	Key    totp.Key
	Until  time.Time // when it is forgotten unless it was confirmed
}

// BeginTOTP begins to enroll an authenticator app for the customer who is signed in. It takes
// a code of the app, given to ConfirmTOTP in the same session within 10 minutes, to count.
// Until then the factor that was there before goes on; one that was begun before is forgotten.
//
// Errors, the first that applies: AuthenticationRequired without a session or when the sign-in
// is too long ago and Proof is missing, SessionEnded, InvalidRequest for Account,
// AccountRestricted and AccountLocked, InvalidState when the factor is disabled,
// AuthenticationFailed for a wrong Proof.
func (x *Identity) BeginTOTP(ctx context.Context, in BeginTOTP) (Enrollment, error) {
	a, _, err := x.actorOf(ctx)
	if err != nil {
		return Enrollment{}, err
	}
	secret, err := totp.GenerateSecret(x.random())
	if err != nil {
		return Enrollment{}, err
	}
	e := Enrollment{Key: totp.Key{Issuer: x.cfg.Issuer, Account: in.Account, Secret: secret}}
	if in.Account != "" {
		if _, err := e.Key.URI(); err != nil {
			return Enrollment{}, okpay.InvalidField("account", "can not be shown by an app")
		}
	}
	begun := app{Credential: x.w.NewID("fac_"), LastStep: totp.NoStep}
	if begun.Sealed, err = x.ring.SealSecret(begun.row(a.Customer), secret); err != nil {
		return Enrollment{}, err
	}
	err = x.manage(ctx, "factor.begin", func(d *okpay.Draft, s *sessionDoc) error {
		f, err := factor(d, s.Session.Customer)
		if err != nil {
			return err
		}
		told, err := f.move(d, BeginApp, okpay.Always)
		if err != nil {
			return err
		}
		if err := x.reauthenticated(d, s, f, in.Proof); err != nil {
			return err
		}
		if in.Account == "" {
			if e.Key.Account, err = accountName(d, s.Session.Customer, e.Key); err != nil {
				return err
			}
		}
		f.Pending = &pendingApp{app: begun, Session: s.ID, Until: d.Now().Add(enrollmentTakes)}
		e.Factor, e.Until = f.view(), f.Pending.Until
		return x.writeFactor(d, f, told, entryOf(s, "factor.begin"))
	})
	if err != nil {
		return Enrollment{}, err
	}
	return e, nil
}

// accountName is how the app calls the customer's account.
func accountName(d *okpay.Draft, customer okpay.CustomerID, k totp.Key) (string, error) {
	person, err := d.Person(customer)
	if err != nil {
		return "", err
	}
	for _, c := range person.Contacts {
		if k.Account = c.Value; c.State == okpay.ContactVerified {
			if _, err := k.URI(); err == nil {
				return c.Value, nil
			}
		}
	}
	return string(customer), nil
}

// ConfirmTOTP turns the app on that BeginTOTP began in this session: code is one that it
// shows. It returns new recovery codes to be shown once, in the place of all earlier ones. All
// other sessions end. Where an app is replaced withdrawals wait for Config.WithdrawalHold.
//
// The fifth wrong code, and time, end what was begun, and what was there before goes on.
//
// Errors, the first that applies: AuthenticationRequired without a session, SessionEnded,
// AccountRestricted and AccountLocked, InvalidState when nothing was begun in this session or
// its time is over, AuthenticationFailed for a wrong code. A key that is missing from
// Config.Keys is an error of package totp and counts nothing.
func (x *Identity) ConfirmTOTP(ctx context.Context, code Secret) ([]totp.RecoveryCode, error) {
	a, _, err := x.actorOf(ctx)
	if err != nil {
		return nil, err
	}
	// The try is counted before the code is looked at, so that codes given at once gain nothing.
	var begun app
	var try int
	err = x.manage(ctx, "factor.try", func(d *okpay.Draft, s *sessionDoc) error {
		f, err := factor(d, s.Session.Customer)
		if err != nil {
			return err
		}
		if err := f.waiting(d, s, ConfirmApp); err != nil {
			return err
		}
		begun = f.Pending.app
		if _, err := x.ring.OpenSecret(begun.row(a.Customer), begun.Sealed); err != nil {
			return err
		}
		f.Pending.Tries++
		try = f.Pending.Tries
		if try > enrollmentTries { // the last one was counted and never decided
			return x.abandon(d, s, f, ConfirmApp, lastTry)
		}
		return d.Write(f)
	})
	switch {
	case err != nil:
		return nil, err
	case try > enrollmentTries:
		return nil, wrong()
	}
	secret, err := x.ring.OpenSecret(begun.row(a.Customer), begun.Sealed)
	if err != nil {
		return nil, err
	}
	x.verifying(lockout.OneTimeCode)
	result, step, err := totp.Verify(secret, totp.Params{}, code.Reveal(), x.w.Now(), begun.LastStep)
	if err != nil {
		return nil, err
	}
	if result != totp.OK {
		err := x.manage(ctx, "factor.confirm", func(d *okpay.Draft, s *sessionDoc) error {
			f, err := factor(d, s.Session.Customer)
			if err != nil {
				return err
			}
			if f.Pending == nil || f.Pending.Credential != begun.Credential {
				return okpay.ErrNothingDue
			}
			guard := wrongCode
			if try >= enrollmentTries {
				guard = lastTry
			}
			return x.abandon(d, s, f, ConfirmApp, guard)
		})
		if err != nil && !errors.Is(err, okpay.ErrNothingDue) {
			return nil, err
		}
		return nil, wrong()
	}
	begun.LastStep = step
	return x.confirm(ctx, a.Customer, begun)
}

// confirm makes the app that was begun the one that counts.
func (x *Identity) confirm(ctx context.Context, customer okpay.CustomerID, begun app) ([]totp.RecoveryCode, error) {
	codes, recovery, err := x.newRecoveryCodes(customer)
	if err != nil {
		return nil, err
	}
	err = x.manage(ctx, "factor.confirm", func(d *okpay.Draft, s *sessionDoc) error {
		f, err := factor(d, s.Session.Customer)
		if err != nil {
			return err
		}
		if err := f.waiting(d, s, ConfirmApp); err != nil {
			return err
		}
		if f.Pending.Credential != begun.Credential {
			return FactorMachine().Refuse(f.Of.State, string(customer), ConfirmApp)
		}
		replaced := f.on()
		told, err := f.move(d, ConfirmApp, okpay.Always)
		if err != nil {
			return err
		}
		now := d.Now()
		f.App, f.Recovery = &begun, recovery
		f.Of.EnabledAt, f.Of.UsedAt = &now, &now
		// What was guessed at before is no more.
		if _, err := x.clearLocks(d, customer, lockout.ByReset, lockout.OneTimeCode, lockout.RecoveryCode); err != nil {
			return err
		}
		if err := x.cancelResets(d, f, "program"); err != nil {
			return err
		}
		action := "factor.enable"
		if replaced {
			action = "factor.replace"
		}
		return x.changedFactor(d, s, f, told, action, replaced)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// CancelTOTP gives up the app that was begun, in whichever session. What was there before it
// goes on.
//
// Errors, the first that applies: AuthenticationRequired without a session, SessionEnded,
// AccountRestricted and AccountLocked, InvalidState when nothing was begun.
func (x *Identity) CancelTOTP(ctx context.Context) error {
	return x.manage(ctx, "factor.cancel", func(d *okpay.Draft, s *sessionDoc) error {
		f, err := factor(d, s.Session.Customer)
		if err != nil {
			return err
		}
		return x.abandon(d, s, f, CancelApp, okpay.Always)
	})
}

// waiting refuses a factor for which no app was begun in this session and in time.
func (f *factorDoc) waiting(d *okpay.Draft, s *sessionDoc, on okpay.Action) error {
	if f.Pending == nil || f.Pending.Session != s.ID || !d.Now().Before(f.Pending.Until) {
		return FactorMachine().Refuse(f.Of.State, string(f.Of.Customer), on)
	}
	return nil
}

// abandon ends, or does not yet end, what was begun.
func (x *Identity) abandon(d *okpay.Draft, s *sessionDoc, f *factorDoc, on okpay.Action, g okpay.Guard) error {
	told, err := f.move(d, on, g)
	if err != nil {
		return err
	}
	e := entryOf(s, "factor."+string(on))
	e.Reason = string(g)
	switch {
	case on == ExpireApp:
		e.Actor, e.Session = "program", ""
	case on == ConfirmApp:
		e.Action, e.Reason = "factor.confirm_fail", ""
		e.Facts = map[string]string{"last": yesNo(g == lastTry)}
	}
	return x.writeFactor(d, f, told, e)
}

// expireApp forgets an app that nobody has confirmed.
func (x *Identity) expireApp(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "factor.expire"}, func(d *okpay.Draft) error {
		f, err := factor(d, okpay.CustomerID(id))
		switch {
		case err != nil:
			return err
		case f.Pending == nil || d.Now().Before(f.Pending.Until):
			return okpay.ErrNothingDue
		}
		return x.abandon(d, &sessionDoc{Session: Session{Customer: f.Of.Customer}}, f, ExpireApp, okpay.Always)
	})
	return err
}
