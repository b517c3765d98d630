package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

const (
	// resetWaits is how long the owner has to object to a reset of their second factor.
	resetWaits = 24 * time.Hour
	// resetOpen is how long a second operator is waited for.
	resetOpen = 24 * time.Hour
)

// ResetState is where a reset of a second factor by support is in its life.
type ResetState string

// The states. Done, canceled and expired are final.
const (
	ResetRequested ResetState = "requested" // by one operator; a second one has to approve
	ResetWaiting   ResetState = "waiting"   // for the owner to object
	ResetDone      ResetState = "done"
	ResetCanceled  ResetState = "canceled"
	ResetExpired   ResetState = "expired" // nobody approved
)

// What happens to a reset.
const (
	RequestReset okpay.Action = "request"
	ApproveReset okpay.Action = "approve"
	CancelReset  okpay.Action = "cancel"
	FinishReset  okpay.Action = "finish" // the time to object is over
	ExpireReset  okpay.Action = "expire"
)

// ResetMachine is the table of resets by support.
func ResetMachine() okpay.Machine[ResetState] {
	ended := []string{"factor_reset_canceled"}
	return okpay.Machine[ResetState]{Noun: "factor_reset", Rows: []okpay.Row[ResetState]{
		{To: ResetRequested, On: RequestReset, Emits: []string{"factor_reset.requested"}, Mails: []string{"factor_reset_requested"}},
		{From: ResetRequested, On: ApproveReset, To: ResetWaiting, Emits: []string{"factor_reset.approved"}, Mails: []string{"factor_reset_approved"}},
		{From: ResetRequested, On: CancelReset, To: ResetCanceled, Emits: []string{"factor_reset.canceled"}, Mails: ended},
		{From: ResetRequested, On: ExpireReset, To: ResetExpired, Emits: []string{"factor_reset.expired"}, Mails: ended},
		{From: ResetWaiting, On: CancelReset, To: ResetCanceled, Emits: []string{"factor_reset.canceled"}, Mails: ended},
		{From: ResetWaiting, On: FinishReset, To: ResetDone, Emits: []string{"factor_reset.done"}, Mails: []string{"factor_reset_done"}},
	}}
}

// Reset is one reset of a second factor by support: for a customer who has lost the app and
// the recovery codes, and has proven who they are in other ways.
type Reset struct {
	ID          string           `json:"id"`
	Customer    okpay.CustomerID `json:"customer"`
	State       ResetState       `json:"state"`
	Case        string           `json:"case,omitempty"` // of support
	RequestedBy string           `json:"requested_by"`   // operators
	ApprovedBy  string           `json:"approved_by,omitempty"`
	CanceledBy  string           `json:"canceled_by,omitempty"` // "c/" or "op/" with an id, "link" from a message, or "program"
	Until       time.Time        `json:"until"`                 // while it is requested: to be approved; while it waits: when it is done
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	Sequence    int64            `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before.
	Replayed bool `json:"-"`
}

// resetDoc is a Reset as its record keeps it.
type resetDoc struct {
	Reset
	Credential string     `json:"credential"` // of the app that is lost: another one is not touched
	Hold       *time.Time `json:"-"`
}

func (r *resetDoc) Put() ledger.Put {
	put := plain("factor_reset", r.ID, r.Reset.Customer)
	if r.open() {
		put.Due = r.Until
	}
	return put
}

func (r *resetDoc) open() bool { return r.State == ResetRequested || r.State == ResetWaiting }

// View names nobody of support.
func (r *resetDoc) View() any {
	v := r.Reset
	v.RequestedBy, v.ApprovedBy, v.CanceledBy, v.Case = "", "", "", ""
	return v
}

func (r *resetDoc) Customer() okpay.CustomerID { return r.Reset.Customer }

func (r *resetDoc) Counter() *int64 { return &r.Sequence }

// Facts are what the messages tell. The link to cancel is added when they are sent, see Secret.
func (r *resetDoc) Facts(string) map[string]string {
	facts := map[string]string{"at": stamp(r.UpdatedAt)}
	if r.open() {
		facts["until"] = stamp(r.Until)
	}
	if r.Hold != nil {
		facts["withdrawals_from"] = stamp(*r.Hold)
	}
	return facts
}

// SupportDeed is what an operator wants to do to a customer's second factor.
type SupportDeed struct {
	By       string       // the operator
	Action   okpay.Action // RequestReset, ApproveReset or CancelReset
	Customer okpay.CustomerID
	Case     string // as told when it was requested
	First    string // who requested it, when somebody else approves it
}

// SupportCheck decides whether an operator may do it: has the permission, has verified the
// caller in full (V3), and is not the one who requested what they approve. It reads through the
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
// it within 24 hours, and 24 hours after that it is done, unless it was canceled.
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

// OpenFactorReset returns the reset by support that is open for the customer who is signed in.
// Errors: AuthenticationRequired, SessionEnded, NotFound.
func (x *Identity) OpenFactorReset(ctx context.Context) (Reset, error) {
	a, _, err := x.actorOf(ctx)
	if err != nil {
		return Reset{}, err
	}
	f, err := factor(reading{ctx, x.w}, a.Customer)
	if err != nil {
		return Reset{}, err
	}
	if f.Reset == "" {
		return Reset{}, okpay.NewError(okpay.NotFound, "no reset is open")
	}
	var r resetDoc
	if err := x.w.Read(ctx, "factor_reset", f.Reset, &r); err != nil {
		return Reset{}, err
	}
	return r.View().(Reset), nil
}

// ObjectToFactorReset is the owner's no to a reset by support, from a session.
//
// Errors, the first that applies: AuthenticationRequired, SessionEnded, NotFound, also for another
// customer's, InvalidState when it is not open any more.
func (x *Identity) ObjectToFactorReset(ctx context.Context, id string) error {
	if err := okpay.CheckID("id", id); err != nil {
		return err
	}
	_, err := x.doOwn(ctx, own{operation: "factor_reset.object", limited: true}, func(d *okpay.Draft, s *sessionDoc) error {
		return x.object(d, id, "c/"+string(s.Session.Customer), func(r *resetDoc) error {
			if r.Reset.Customer != s.Session.Customer {
				return okpay.NewError(okpay.NotFound, "there is no reset with this id")
			}
			return nil
		})
	})
	return err
}

// object is the owner's no, who is found to be the owner by theirs.
func (x *Identity) object(d *okpay.Draft, id, by string, theirs func(*resetDoc) error) error {
	r := &resetDoc{}
	if err := d.Read("factor_reset", id, r); err != nil {
		return err
	}
	if err := theirs(r); err != nil {
		return err
	}
	f, err := factor(d, r.Reset.Customer)
	if err != nil {
		return err
	}
	return x.cancelReset(d, f, r, by, "the owner objects")
}

// ObjectToFactorResetByLink is the same without a session: token is from the link in the messages
// about the reset. What fetches links from messages by itself must not call it: ask first.
//
// Errors, the first that applies: AuthenticationFailed for a wrong token, InvalidState when it is
// not open any more.
func (x *Identity) ObjectToFactorResetByLink(ctx context.Context, token Secret) error {
	id, text, _ := strings.Cut(token.Reveal(), ".")
	if err := okpay.CheckID("id", id); err != nil {
		return wrong()
	}
	act := okpay.Act{Principal: "program", Operation: "factor_reset.object"}
	_, err := x.w.Do(okpay.WithoutActor(ctx), act, func(d *okpay.Draft) error {
		err := x.object(d, id, "link", func(r *resetDoc) error {
			if !x.objects(r, text) {
				return wrong()
			}
			return nil
		})
		if errors.Is(err, okpay.NotFound) {
			err = wrong()
		}
		return err
	})
	return err
}

// objection is the token that cancels a reset. It is derived and stored nowhere.
func (x *Identity) objection(r *resetDoc, keyID string) (token string, ok bool) {
	k, id, ok := x.key(keyID, "factor_reset")
	if !ok {
		return "", false
	}
	return id + "." + base64.RawURLEncoding.EncodeToString(mac(k, r.ID, string(r.Reset.Customer), r.Credential)), true
}

// objects reports whether a token is a reset's, made under any key.
func (x *Identity) objects(r *resetDoc, token string) bool {
	id, _, _ := strings.Cut(token, ".")
	want, ok := x.objection(r, id)
	return ok && id != "" && equal([]byte(want), []byte(token))
}

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
