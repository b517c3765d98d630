package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// resetDue finishes a reset to which nobody objected, or ends one that nobody approved, and later forgets it.
func (x *Identity) resetDue(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "factor_reset.due"}, func(d *okpay.Draft) error {
		r := &resetDoc{}
		if err := d.Read("factor_reset", id, r); err != nil {
			return err
		}
		switch {
		case d.Now().Before(r.Put().Due):
			return okpay.ErrNothingDue
		case !r.open():
			d.Remove(r)
			return nil
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
		if x.support == nil {
			return okpay.ErrNothingDue // another process knows who may
		}
		err = x.support(d, SupportDeed{By: r.ApprovedBy, Action: FinishReset, Customer: r.Reset.Customer, Case: r.Case, First: r.RequestedBy})
		switch okpay.CodeOf(err) {
		case okpay.PermissionDenied, okpay.SelfApprovalForbidden, okpay.DuplicateApprover:
			return x.cancelReset(d, f, r, "program", "not_allowed_any_more")
		}
		if err != nil {
			return err
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
