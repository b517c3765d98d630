package identity

import (
	"context"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// freshFor is how long ago a sign-in may be for what asks the customer to prove anew who they
// are.
const freshFor = 5 * time.Minute

// Factor returns a customer's second factor; one who never had any has one that is off. Errors:
// those of the store.
func (x *Identity) Factor(ctx context.Context, customer okpay.CustomerID) (Factor, error) {
	f, err := factor(reader{ctx, x.w}, customer)
	if err != nil {
		return Factor{}, err
	}
	return f.view(), nil
}

// RemoveTOTP turns the second factor of the customer who is signed in off; recovery codes are
// void. proof is of a StepUp for RemoveSecondFactor, which the factor itself has answered. All
// other sessions end, and withdrawals wait for Config.WithdrawalHold.
//
// Errors, the first that applies: AuthenticationRequired without a session or proof,
// SessionEnded, AccountRestricted and AccountLocked, InvalidState unless the factor is on,
// AuthenticationFailed for a wrong proof.
func (x *Identity) RemoveTOTP(ctx context.Context, proof string) error {
	a, err := signedIn(ctx)
	if err != nil {
		return err
	}
	return x.manage(ctx, a, "factor.remove", func(d *okpay.Draft) error {
		f, err := factor(d, a.Customer)
		if err != nil {
			return err
		}
		told, err := f.move(d, RemoveFactor, okpay.Always)
		if err != nil {
			return err
		}
		if proof == "" {
			return proofNeeded()
		}
		if err := x.useStepUp(d, a, RemoveSecondFactor, "", proof); err != nil {
			return err
		}
		if _, err := x.clearLocks(d, a.Customer, lockout.ByReset, lockout.OneTimeCode, lockout.RecoveryCode); err != nil {
			return err
		}
		if err := x.cancelResets(d, f, "program"); err != nil {
			return err
		}
		if err := x.endOthers(d, a, f, true); err != nil {
			return err
		}
		return x.writeFactor(d, f, told, entryOf(a, "factor.remove"))
	})
}

// manage runs a change that the customer who is signed in makes to their own credentials. It
// is refused in a session that may not, and while the account is locked or restricted.
func (x *Identity) manage(ctx context.Context, a okpay.Actor, operation string, fn func(*okpay.Draft) error) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "c/" + string(a.Customer), Operation: operation}, func(d *okpay.Draft) error {
		if err := x.mayManage(d, a); err != nil {
			return err
		}
		return fn(d)
	})
	return err
}

// mayManage refuses who may not change credentials. Errors: AccountRestricted, AccountLocked,
// SessionEnded for a session that may not.
func (x *Identity) mayManage(d *okpay.Draft, a okpay.Actor) error {
	g, err := d.Gate(a.Customer)
	if err != nil {
		return err
	}
	code := okpay.Code("")
	switch {
	case !g.Allows(okpay.CanManage, d.Now()):
		code = okpay.AccountRestricted
	case g.State != okpay.GateActive:
		code = okpay.AccountLocked
	default:
		return nil
	}
	e := okpay.NewError(code, "credentials can not be changed at present")
	e.Object = string(a.Customer)
	return e
}

// signedIn is who acts.
func signedIn(ctx context.Context) (okpay.Actor, error) {
	a, ok := okpay.ActorOf(ctx)
	if !ok || a.Session == "" {
		return a, okpay.NewError(okpay.AuthenticationRequired, "nobody is signed in")
	}
	return a, nil
}

func proofNeeded() error {
	return okpay.NewError(okpay.AuthenticationRequired, "a proof of who the customer is has to come along")
}

// reauthenticated refuses who has not proven lately who they are: by a proof, which is used up,
// or by the sign-in, which asked for the factor if there is one.
func (x *Identity) reauthenticated(d *okpay.Draft, a okpay.Actor, f *factorDoc, proof string) error {
	if proof != "" {
		return x.useStepUp(d, a, ManageFactor, "", proof)
	}
	at, withFactor, err := x.signedInAt(d, a)
	switch {
	case err != nil:
		return err
	case d.Now().Sub(at) > freshFor, f.on() && !withFactor:
		return proofNeeded()
	}
	return nil
}

// endOthers ends all sessions but the one in which a factor was changed. Withdrawals wait if
// hold says so.
func (x *Identity) endOthers(d *okpay.Draft, a okpay.Actor, f *factorDoc, hold bool) error {
	g, err := d.Gate(a.Customer)
	if err != nil {
		return err
	}
	g.Epoch++
	if hold {
		from := d.Now().Add(x.cfg.WithdrawalHold)
		g.WithdrawalsFrom, f.Hold = &from, &from
	}
	if err := x.keepSession(d, a, g.Epoch); err != nil {
		return err
	}
	return d.WriteGate(g)
}

// holdWithdrawals makes withdrawals wait from now on. Sessions go on.
func (x *Identity) holdWithdrawals(d *okpay.Draft, customer okpay.CustomerID) (*time.Time, error) {
	g, err := d.Gate(customer)
	if err != nil {
		return nil, err
	}
	from := d.Now().Add(x.cfg.WithdrawalHold)
	g.WithdrawalsFrom = &from
	return &from, d.WriteGate(g)
}

// writeFactor writes a factor with what its move tells and its entry in the audit.
func (x *Identity) writeFactor(d *okpay.Draft, f *factorDoc, told okpay.Told, e okpay.AuditEntry) error {
	d.Audit(e)
	return d.Write(f, told)
}

// entryOf is the entry of what a customer does in a session.
func entryOf(a okpay.Actor, action string) okpay.AuditEntry {
	return okpay.AuditEntry{
		Actor: "c/" + string(a.Customer), Action: action, Customer: a.Customer, Session: a.Session, Shown: true,
	}
}

// stamp is a time in facts.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func digits(n int) string { return strconv.Itoa(n) }

func yesNo(b bool) string { return strconv.FormatBool(b) }

// reader reads outside of any Change.
type reader struct {
	ctx context.Context
	w   *okpay.Wallet
}

func (r reader) Read(noun, id string, doc any) error { return r.w.Read(r.ctx, noun, id, doc) }
