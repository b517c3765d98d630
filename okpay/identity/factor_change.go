package identity

import (
	"context"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// Factor returns a customer's second factor; one who never had any has one that is off. Errors:
// those of the store.
func (x *Identity) Factor(ctx context.Context, customer okpay.CustomerID) (Factor, error) {
	f, err := factor(reading{ctx, x.w}, customer)
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
func (x *Identity) RemoveTOTP(ctx context.Context, proof Secret) error {
	return x.manage(ctx, "factor.remove", func(d *okpay.Draft, s *sessionDoc) error {
		f, err := factor(d, s.Session.Customer)
		if err != nil {
			return err
		}
		told, err := f.move(d, RemoveFactor, okpay.Always)
		if err != nil {
			return err
		}
		if proof.IsZero() {
			return proofNeeded()
		}
		if err := x.useStepUp(d, s.actor(), RemoveSecondFactor, "", proof); err != nil {
			return err
		}
		if _, err := x.clearLocks(d, s.Session.Customer, lockout.ByReset, lockout.OneTimeCode, lockout.RecoveryCode); err != nil {
			return err
		}
		if err := x.cancelResets(d, f, "program"); err != nil {
			return err
		}
		return x.changedFactor(d, s, f, told, "factor.remove", true)
	})
}

// manage runs a change that the customer who is signed in makes to their own credentials. It
// is refused in a session that may not, and while the account is locked or restricted.
func (x *Identity) manage(ctx context.Context, operation string, fn func(*okpay.Draft, *sessionDoc) error) error {
	_, err := x.doOwn(ctx, own{operation: operation}, func(d *okpay.Draft, s *sessionDoc) error {
		if err := mayManage(d, s.Session.Customer); err != nil {
			return err
		}
		return fn(d, s)
	})
	return err
}

// mayManage refuses who may not change credentials. Errors: AccountRestricted, AccountLocked,
// SessionEnded for a session that may not.
func mayManage(d *okpay.Draft, customer okpay.CustomerID) error {
	g, err := d.Gate(customer)
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
	e.Object = string(customer)
	return e
}

func proofNeeded() error {
	return okpay.NewError(okpay.AuthenticationRequired, "a proof of who the customer is has to come along")
}

// reauthenticated refuses who has not proven lately who they are: by a proof, which is used up,
// or by the sign-in, which asked for the factor if there is one.
func (x *Identity) reauthenticated(d *okpay.Draft, s *sessionDoc, f *factorDoc, proof Secret) error {
	if !proof.IsZero() {
		return x.useStepUp(d, s.actor(), ManageFactor, "", proof)
	}
	// What a session has proven since it began it may have proven with the password alone.
	at := s.ProvenAt
	if f.on() {
		at = s.BeganAt
	}
	if d.Now().Sub(at) > x.cfg.Recent || f.on() && !s.SecondFactor {
		return proofNeeded()
	}
	return nil
}

// changedFactor writes a factor that was changed: all sessions end but the one in which it was,
// and withdrawals wait if hold says so.
func (x *Identity) changedFactor(d *okpay.Draft, s *sessionDoc, f *factorDoc, told okpay.Told, action string, hold bool) error {
	g, err := x.changed(d, f.Of.Customer, change{keep: s, hold: hold, entry: entryOf(s, action)})
	if err != nil {
		return err
	}
	if hold {
		f.Hold = g.WithdrawalsFrom
	}
	return d.Write(f, told)
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
func entryOf(s *sessionDoc, action string) okpay.AuditEntry {
	id := s.Session.Customer
	return okpay.AuditEntry{Actor: "c/" + string(id), Action: action, Customer: id, Session: string(s.ID), Shown: true}
}

// actor is who acts in a session.
func (s *sessionDoc) actor() okpay.Actor {
	return okpay.Actor{Customer: s.Session.Customer, Session: string(s.ID), Epoch: s.Epoch}
}

// stamp is a time in facts.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func digits(n int) string { return strconv.Itoa(n) }

func yesNo(b bool) string { return strconv.FormatBool(b) }
