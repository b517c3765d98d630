package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// resetDue finishes a reset to which nobody objected, or ends one that nobody approved.
func (x *Identity) resetDue(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "factor_reset.due"}, func(d *okpay.Draft) error {
		r := &resetDoc{}
		if err := d.Read("factor_reset", id, r); err != nil {
			return err
		}
		if !r.open() || d.Now().Before(r.Until) {
			return okpay.ErrNothingDue
		}
		f, err := factor(d, r.Reset.Customer)
		if err != nil {
			return err
		}
		g, err := d.Gate(r.Reset.Customer)
		if err != nil {
			return err
		}
		if r.State == ResetRequested {
			f.Reset = ""
			return errors.Join(d.Write(f), x.moveReset(d, r, ExpireReset, "program", ""))
		}
		if g.State == okpay.GateClosed || f.App == nil || f.App.Credential != r.Credential {
			return x.cancelReset(d, f, r, "program", "superseded")
		}
		return x.finishReset(d, f, r)
	})
	return err
}

// finishReset turns the factor off.
func (x *Identity) finishReset(d *okpay.Draft, f *factorDoc, r *resetDoc) error {
	f.Reset = ""
	if err := x.turnOff(d, f, okpay.AuditEntry{Actor: "program", Action: "factor.reset", Object: r.ID}); err != nil {
		return err
	}
	r.Hold = f.Hold
	return x.moveReset(d, r, FinishReset, "program", "")
}

// turnOff turns a factor off that is lost: all sessions end, withdrawals wait.
func (x *Identity) turnOff(d *okpay.Draft, f *factorDoc, e okpay.AuditEntry) error {
	told, err := f.move(d, ResetFactor, okpay.Always)
	if err != nil {
		return err
	}
	if _, err := x.clearLocks(d, f.Of.Customer, lockout.ByReset, lockout.OneTimeCode, lockout.RecoveryCode); err != nil {
		return err
	}
	g, err := x.changed(d, f.Of.Customer, change{hold: true, entry: e})
	if err != nil {
		return err
	}
	f.Hold = g.WithdrawalsFrom
	return d.Write(f, told)
}

// LostFactor is what TurnFactorOff is told.
type LostFactor struct {
	Customer okpay.CustomerID
	By       string // the operator whose act it is, 1 to 64 letters, digits, '_' and '-'
	Second   string // the operator who approved it
	Object   string // the request or the case
}

// TurnFactorOff turns a customer's second factor off at once, in a Change of somebody else's. It
// asks nobody: it is for a package with a procedure of its own, in which two operators have
// agreed, the caller was verified, and the owner had time to object. The others go by
// RequestFactorReset. All sessions end, withdrawals wait, the owner is told.
//
// Errors: InvalidRequest for one operator alone, PermissionDenied while a customer acts,
// InvalidState when the factor is not on, NotFound.
func (x *Identity) TurnFactorOff(d *okpay.Draft, in LostFactor) error {
	if _, ok := okpay.ActorOf(d.Context()); ok {
		return okpay.NewError(okpay.PermissionDenied, "a customer is signed in here, and no operator")
	}
	for field, id := range map[string]string{"by": in.By, "second": in.Second, "object": in.Object} {
		if err := okpay.CheckID(field, id); err != nil {
			return err
		}
	}
	if in.By == in.Second {
		return okpay.InvalidField("second", "is the same operator")
	}
	f, err := factor(d, in.Customer)
	if err != nil {
		return err
	}
	if err := x.cancelResets(d, f, "op/"+in.By); err != nil {
		return err
	}
	e := okpay.AuditEntry{Actor: "op/" + in.By, Action: "factor.reset", Object: in.Object, Facts: map[string]string{"approved_by": in.Second}}
	if err := x.turnOff(d, f, e); err != nil {
		return err
	}
	d.Tell(okpay.Message{Customer: in.Customer, Template: "factor_reset_done", Facts: map[string]string{
		"at": stamp(d.Now()), "withdrawals_from": stamp(*f.Hold),
	}})
	return nil
}

// cancelResets ends the reset that is open because the factor that it is about is no more. The
// factor is the caller's to write.
func (x *Identity) cancelResets(d *okpay.Draft, f *factorDoc, by string) error {
	if f.Reset == "" {
		return nil
	}
	r := &resetDoc{}
	if err := d.Read("factor_reset", f.Reset, r); err != nil {
		return err
	}
	result := d.Result
	f.Reset, r.CanceledBy = "", by
	err := x.moveReset(d, r, CancelReset, by, "superseded")
	d.Result = result
	return err
}
