package identity

import (
	"context"
	"errors"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// SupportDeed is what an operator wants to do to a customer's second factor.
type SupportDeed struct {
	By       string       // the operator
	Action   okpay.Action // RequestReset, ApproveReset, CancelReset, or FinishReset when the time to object is over
	Customer okpay.CustomerID
	Case     string // as told when it was requested
	First    string // who requested it, when By approves it, or has approved it
}

// SupportCheck decides whether an operator may do it: has the permission, has verified the
// caller in full (V3), and is not the one who requested what they approve. It is asked once more, about
// both, before a reset is done: one that either of them might not order any more is canceled. It may be
// called from several goroutines, and reads through the
// draft, so that the Change relies on it. Errors: PermissionDenied, SelfApprovalForbidden,
// DuplicateApprover.
type SupportCheck func(d *okpay.Draft, of SupportDeed) error

// CheckSupport has what operators do checked. Call it once, before the Identity is used. Until
// then no operator may do anything.
func (x *Identity) CheckSupport(check SupportCheck) { x.support = check }

// RequestFactorReset is the input of Identity.RequestFactorReset.
type RequestFactorReset struct {
	Customer okpay.CustomerID
	By       string // the operator, 1 to 64 letters, digits, '_' and '-'
	Case     string // of support, as By; may be empty
	Reason   string // in the operator's own words, for the audit, 1 to 500 bytes
	Key      string // makes the call safe to repeat
}

// RequestFactorReset asks for a customer's second factor to be turned off because it is lost.
// The customer is told at once, with a link that cancels it. A second operator has to approve
// it within 24 hours, and 24 hours after that it is done, unless it was canceled. It is the way of a
// program without okpay/care: one with it uses care's Callers.Request, which asks the same of caller
// and agents, for contacts and locks as well, and keeps one request open for a customer.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// PermissionDenied and others of the SupportCheck, AccountClosed, InvalidState when the factor
// is not on or a reset is open already.
func (x *Identity) RequestFactorReset(ctx context.Context, in RequestFactorReset) (Reset, error) {
	if err := checkDeed(in.By, in.Case, in.Reason); err != nil {
		return Reset{}, err
	}
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return Reset{}, err
	}
	act := okpay.Act{Principal: "op/" + in.By, Operation: "factor_reset.request", Key: in.Key, Request: []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "case", Value: in.Case}, {Name: "reason", Value: in.Reason},
	}}
	return x.reset(ctx, act, func(d *okpay.Draft) error {
		f, err := x.mayReset(d, SupportDeed{By: in.By, Action: RequestReset, Customer: in.Customer, Case: in.Case})
		if err != nil {
			return err
		}
		if !FactorMachine().Allows(f.Of.State, ResetFactor) {
			return FactorMachine().Refuse(f.Of.State, string(in.Customer), ResetFactor)
		}
		if f.Reset != "" {
			e := okpay.NewError(okpay.InvalidState, "a reset is open already")
			e.Object = f.Reset
			return e
		}
		r := &resetDoc{Credential: f.App.Credential}
		r.Reset = Reset{
			ID: x.w.NewID("frs_"), Customer: in.Customer, Case: in.Case, RequestedBy: in.By, CreatedAt: d.Now(), Until: d.Now().Add(resetOpen),
		}
		f.Reset = r.ID
		return errors.Join(d.Write(f), x.moveReset(d, r, RequestReset, "op/"+in.By, in.Reason))
	})
}

// MoveFactorReset is the input of Identity.ApproveFactorReset and Identity.CancelFactorReset.
type MoveFactorReset struct {
	ID     string
	By     string // the operator, 1 to 64 letters, digits, '_' and '-'
	Reason string // in the operator's own words, for the audit, 1 to 500 bytes
	Key    string // makes the call safe to repeat
}

// ApproveFactorReset is the second operator's yes. Errors, the first that applies:
// InvalidRequest, IdempotencyKeyReused, NotFound, SelfApprovalForbidden for who requested it,
// PermissionDenied and others of the SupportCheck, AccountClosed, InvalidState unless it is
// requested and its time is not over.
func (x *Identity) ApproveFactorReset(ctx context.Context, in MoveFactorReset) (Reset, error) {
	return x.moveByOperator(ctx, in, ApproveReset)
}

// CancelFactorReset ends a reset that is open; it takes one operator. Errors as for
// ApproveFactorReset.
func (x *Identity) CancelFactorReset(ctx context.Context, in MoveFactorReset) (Reset, error) {
	return x.moveByOperator(ctx, in, CancelReset)
}

func (x *Identity) moveByOperator(ctx context.Context, in MoveFactorReset, on okpay.Action) (Reset, error) {
	if err := checkDeed(in.By, "", in.Reason); err != nil {
		return Reset{}, err
	}
	if err := okpay.CheckID("id", in.ID); err != nil {
		return Reset{}, err
	}
	act := okpay.Act{Principal: "op/" + in.By, Operation: "factor_reset." + string(on), Key: in.Key, Request: []ledger.Field{
		{Name: "id", Value: in.ID}, {Name: "reason", Value: in.Reason},
	}}
	return x.reset(ctx, act, func(d *okpay.Draft) error {
		r := &resetDoc{}
		if err := d.Read("factor_reset", in.ID, r); err != nil {
			return err
		}
		deed := SupportDeed{By: in.By, Action: on, Customer: r.Reset.Customer, Case: r.Case}
		if on == ApproveReset {
			deed.First = r.RequestedBy
			if in.By == r.RequestedBy {
				return okpay.NewError(okpay.SelfApprovalForbidden, "a second operator has to approve")
			}
		}
		f, err := x.mayReset(d, deed)
		switch {
		case err != nil:
			return err
		case !d.Now().Before(r.Until) || !ResetMachine().Allows(r.State, on):
			return ResetMachine().Refuse(r.State, r.ID, on)
		case on == ApproveReset:
			r.ApprovedBy, r.Until = in.By, d.Now().Add(resetWaits)
			return x.moveReset(d, r, on, "op/"+in.By, in.Reason)
		}
		return x.cancelReset(d, f, r, "op/"+in.By, in.Reason)
	})
}

// mayReset asks whether an operator may, and reads the factor.
func (x *Identity) mayReset(d *okpay.Draft, of SupportDeed) (*factorDoc, error) {
	if _, ok := okpay.ActorOf(d.Context()); ok || x.support == nil {
		return nil, okpay.NewError(okpay.PermissionDenied, "no operator may do this here")
	}
	g, err := d.Gate(of.Customer)
	if err != nil {
		return nil, err
	}
	if err := x.support(d, of); err != nil {
		return nil, err
	}
	if g.State == okpay.GateClosed {
		e := okpay.NewError(okpay.AccountClosed, "the customer's account is closed")
		e.Object = string(of.Customer)
		return nil, e
	}
	return factor(d, of.Customer)
}

// reset runs a verb that moves a reset, and returns it.
func (x *Identity) reset(ctx context.Context, act okpay.Act, fn func(*okpay.Draft) error) (Reset, error) {
	out, err := x.w.Do(ctx, act, fn)
	if err != nil {
		return Reset{}, err
	}
	var r resetDoc
	err = x.w.ReadAfter(ctx, out, "factor_reset", out.Result, &r)
	r.Replayed = out.Replayed
	return r.Reset, err
}

// moveReset takes a reset through its table and writes it.
func (x *Identity) moveReset(d *okpay.Draft, r *resetDoc, on okpay.Action, by, why string) error {
	told, err := ResetMachine().Move(&r.State, r.ID, on, okpay.Always)
	if err != nil {
		return err
	}
	r.UpdatedAt = d.Now()
	d.Result = r.ID
	d.Audit(okpay.AuditEntry{
		Actor: by, Action: "factor_reset." + string(on), Customer: r.Reset.Customer, Object: r.ID, Reason: why, Shown: true,
	})
	return d.Write(r, told)
}

// cancelReset ends a reset.
func (x *Identity) cancelReset(d *okpay.Draft, f *factorDoc, r *resetDoc, by, why string) error {
	if f.Reset == r.ID {
		f.Reset = ""
		if err := d.Write(f); err != nil {
			return err
		}
	}
	r.CanceledBy = by
	return x.moveReset(d, r, CancelReset, by, why)
}

func checkDeed(by, of, reason string) error {
	if err := okpay.CheckID("by", by); err != nil {
		return err
	}
	if of != "" {
		if err := okpay.CheckID("case", of); err != nil {
			return err
		}
	}
	if strings.TrimSpace(reason) == "" {
		return okpay.InvalidField("reason", "is missing")
	}
	return okpay.CheckText("reason", reason, 500)
}
