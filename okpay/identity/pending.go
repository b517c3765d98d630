package identity

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// PendingState is where a sign-in is in its life after the password was right.
type PendingState string

const (
	// PendingSecondFactor waits for a code of the second factor.
	PendingSecondFactor PendingState = "second_factor_due"
	// PendingDone led to a session. Final.
	PendingDone PendingState = "done"
	// PendingDropped came to nothing: guesses locked the account meanwhile, credentials were
	// changed, or its time was over. Final.
	PendingDropped PendingState = "dropped"
	// PendingExpired was not finished in time, and is forgotten. Final.
	PendingExpired PendingState = "expired"
)

const (
	finish okpay.Action = "finish"
	drop   okpay.Action = "drop"
)

// PendingMachine is the table of sign-ins that a second factor is due for.
func PendingMachine() okpay.Machine[PendingState] {
	return okpay.Machine[PendingState]{Noun: "sign_in", Rows: []okpay.Row[PendingState]{
		{To: PendingSecondFactor, On: begin},
		{From: PendingSecondFactor, On: finish, To: PendingDone},
		{From: PendingSecondFactor, On: drop, To: PendingDropped},
		{From: PendingSecondFactor, On: expire, To: PendingExpired},
	}}
}

// pendingFor is how long the second factor may take.
const pendingFor = 10 * time.Minute

// pendingDoc is a sign-in whose second factor is due. It is erased when it is over.
type pendingDoc struct {
	ID       string           `json:"id"`
	Of       okpay.CustomerID `json:"of"`
	State    PendingState     `json:"state"`
	Secret   []byte           `json:"secret"`
	Epoch    int64            `json:"epoch"`
	EndsAt   time.Time        `json:"ends_at"`
	Locks    int64            `json:"locks,omitempty"` // as there were when it began
	Failures int              `json:"failures,omitempty"`

	Device  DeviceID `json:"device,omitempty"`
	Address string   `json:"address,omitempty"`
	Agent   string   `json:"agent,omitempty"`
	Place   string   `json:"place,omitempty"`

	Sequence int64 `json:"sequence"`
}

// Put is the record.
func (p *pendingDoc) Put() ledger.Put {
	put := plain("pending", p.ID, p.Of)
	put.Due = p.EndsAt
	return put
}

// View says whose it is.
func (p *pendingDoc) View() any {
	return map[string]any{"id": p.ID, "customer": p.Of, "state": p.State, "sequence": p.Sequence}
}

// Customer is whose it is.
func (p *pendingDoc) Customer() okpay.CustomerID { return p.Of }

// Counter counts its events.
func (p *pendingDoc) Counter() *int64 { return &p.Sequence }

func (p *pendingDoc) client() Client {
	return Client{Address: p.Address, UserAgent: p.Agent, Place: p.Place}
}

// beginPending drafts a sign-in that waits for its second factor.
func (x *Identity) beginPending(d *okpay.Draft, b beginning) (token Secret, until time.Time, err error) {
	p := &pendingDoc{
		ID: x.w.NewID("sin_"), Of: b.customer, Epoch: b.gate.Epoch, EndsAt: d.Now().Add(pendingFor), Failures: b.failures,
		Device: b.device, Address: b.client.address(), Agent: b.client.UserAgent[:min(len(b.client.UserAgent), maxAgentLen)], Place: b.client.Place,
	}
	if token, p.Secret, err = x.newToken(p.ID); err != nil {
		return Secret{}, until, err
	}
	if p.Locks, err = x.lockCount(d, b.customer, b.device != ""); err != nil {
		return Secret{}, until, err
	}
	m, err := PendingMachine().Move(&p.State, p.ID, begin, okpay.Always)
	if err != nil {
		return Secret{}, until, err
	}
	d.Audit(okpay.AuditEntry{
		Actor: "program", Action: "session.second_factor_due", Customer: b.customer, Object: p.ID, Facts: b.client.facts(),
	})
	return token, p.EndsAt, d.Write(p, m)
}

// FinishSignIn begins the session of a sign-in whose second factor was due: code is one of the
// authenticator, or a recovery code. A sign-in is finished once. It is dropped when guesses
// have locked the account since, when credentials were changed, and after ten minutes.
//
// Errors: AuthenticationFailed for whatever is wrong with the pending sign-in or the code, and for a
// code that is refused because too many were wrong; TooManyTries; ServiceBusy.
func (x *Identity) FinishSignIn(ctx context.Context, pending, code Secret) (out SignedIn, err error) {
	ctx = okpay.WithoutActor(ctx)
	id, digest := splitToken(pending, "sin_")
	p, r := &pendingDoc{}, reading{ctx, x.w}
	if id != "" {
		if err := optional(r.Read("pending", id, p)); err != nil {
			return SignedIn{}, err
		}
	}
	if x.second == nil || !equal(p.Secret, digest) {
		return SignedIn{}, wrong()
	}
	if err := x.stillPending(r, p, x.w.Now()); err != nil {
		return SignedIn{}, first(x.dropPending(ctx, id), err)
	}
	err = x.second.verify(ctx, factorGuess{
		customer: p.Of, code: code.Reveal(), client: p.client(), trusted: p.Device != "",
		settle: func(d *okpay.Draft, failures int) error {
			p := &pendingDoc{}
			err := d.Read("pending", id, p)
			if errors.Is(err, okpay.NotFound) {
				return wrong()
			}
			if err != nil {
				return err
			}
			if err := x.stillPending(d, p, d.Now()); err != nil {
				return err
			}
			g, err := d.Gate(p.Of)
			if err != nil {
				return err
			}
			m, err := PendingMachine().Move(&p.State, p.ID, finish, okpay.Always)
			if err != nil {
				return err
			}
			if err := d.Write(p, m); err != nil {
				return err
			}
			token, session, err := x.beginSession(d, beginning{
				customer: p.Of, gate: g, client: p.client(), device: p.Device, second: true, failures: p.Failures + failures,
			})
			out = SignedIn{Token: token, Session: &session}
			return err
		},
	})
	if err != nil {
		return SignedIn{}, unwrapped(err)
	}
	return out, nil
}

// stillPending refuses a sign-in that is over with AuthenticationFailed.
func (x *Identity) stillPending(r okpay.Reader, p *pendingDoc, now time.Time) error {
	var g okpay.Gate
	if err := r.Read("gate", string(p.Of), &g); err != nil {
		return err
	}
	locks, err := x.lockCount(r, p.Of, p.Device != "")
	if err != nil {
		return err
	}
	if p.State != PendingSecondFactor || !now.Before(p.EndsAt) || g.Epoch != p.Epoch || g.State == okpay.GateClosed || locks != p.Locks {
		return wrong()
	}
	return nil
}

// dropPending ends a sign-in that can not be finished any more.
func (x *Identity) dropPending(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "sign_in.drop"}, func(d *okpay.Draft) error {
		p := &pendingDoc{}
		if err := d.Read("pending", id, p); err != nil {
			return err
		}
		m, err := PendingMachine().Move(&p.State, p.ID, drop, okpay.Always)
		if err != nil {
			return okpay.ErrNothingDue // over already
		}
		p.Secret = nil
		return d.Write(p, m)
	})
	if errors.Is(err, okpay.ErrNothingDue) || errors.Is(err, okpay.NotFound) {
		return nil
	}
	return err
}

// lockCount is how many locks guesses at what a sign-in asks for have led to, ever.
func (x *Identity) lockCount(r okpay.Reader, customer okpay.CustomerID, trusted bool) (n int64, err error) {
	for _, a := range []lockout.Authenticator{lockout.Password, lockout.OneTimeCode, lockout.RecoveryCode} {
		var lock lockDoc
		if err := optional(r.Read("lock", x.lockKey(customer, "", a, trusted), &lock)); err != nil {
			return 0, err
		}
		n += lock.Locks
	}
	return n, nil
}

// pendingDue erases a sign-in that is over.
func (x *Identity) pendingDue(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "sign_in.expire"}, func(d *okpay.Draft) error {
		p := &pendingDoc{}
		if err := d.Read("pending", id, p); err != nil {
			return err
		}
		if d.Now().Before(p.EndsAt) {
			return okpay.ErrNothingDue
		}
		d.Remove(p)
		return nil
	})
	if errors.Is(err, okpay.NotFound) {
		return okpay.ErrNothingDue
	}
	return err
}

// first is the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
