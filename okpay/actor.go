package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
)

// Actor is who acts for a customer, as something outside of this package has proven:
// okpay/identity makes one of a session. With an Actor in its context every verb acts for that
// customer alone, what is the embedding program's, an operator's or a merchant's to do is refused
// with PermissionDenied (see WithoutActor), what is read is what is theirs (another's is NotFound), and every Change that it makes relies on the customer's gate and on whatever
// the Authority looked at, so that it is refused once the session has ended, whichever
// comes first.
type Actor struct {
	Customer CustomerID
	Session  string // an id, never the secret that proves it
	Epoch    int64  // the gate's when the session began, see Gate.Epoch
}

type actorKey struct{}

// WithActor returns a context in which an actor acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// WithoutActor returns a context in which nobody acts: what a package beside the wallet does by
// itself, such as counting a guess, is not the doing of whoever is signed in.
func WithoutActor(ctx context.Context) context.Context {
	return context.WithValue(ctx, actorKey{}, nil)
}

// ActorOf returns who acts in a context.
func ActorOf(ctx context.Context) (a Actor, ok bool) {
	a, ok = ctx.Value(actorKey{}).(Actor)
	return a, ok
}

// Reader reads records' documents. A Draft is one: the Change relies on what it reads.
type Reader interface {
	// Read reads a document, NotFound if there is none or it was erased.
	Read(noun, id string, doc any) error
}

// Authority decides who may act. okpay/identity is one.
type Authority interface {
	// Admit refuses an actor whose session has ended, with SessionEnded. It is asked before
	// each verb, and once more inside its Change.
	Admit(r Reader, a Actor) error
	// StepUp refuses a proof that does not allow what is asked for, with AuthenticationFailed,
	// and uses it up in the Change.
	StepUp(d *Draft, of StepUp) error
}

// Trust makes an Authority decide who may act. Call it once, before the wallet is used. From
// then on withdrawals need a proof always, and the proofs of challenges are the Authority's to
// check instead of Config.VerifyStepUp's.
func (w *Wallet) Trust(a Authority) { w.authority = a }

// admit checks who acts before a verb looks at anything. of is the customer whose own verb it
// is, if it is one. Errors: AuthenticationRequired, NotFound for another customer's,
// SessionEnded.
func (w *Wallet) admit(ctx context.Context, r Reader, of CustomerID) error {
	a, ok := ActorOf(ctx)
	switch {
	case !ok && of != "" && w.cfg.RequireActor:
		return NewError(AuthenticationRequired, "nobody is signed in")
	case !ok:
		return nil
	case of != "" && of != a.Customer:
		return notFound("customer", string(of))
	}
	g := &Gate{}
	err := r.Read("gate", string(a.Customer), g)
	switch {
	case errors.Is(err, NotFound), err == nil && (g.Epoch != a.Epoch || g.State == GateClosed):
		return NewError(SessionEnded, "")
	case err != nil || w.authority == nil:
		return err
	}
	return w.authority.Admit(r, a)
}

// Admit checks who acts before something of a customer's is shown to them; Do does so by itself.
// Errors: AuthenticationRequired, NotFound for another customer's, SessionEnded.
func (w *Wallet) Admit(ctx context.Context, of CustomerID) error {
	return translate(w.admit(ctx, reading{ctx, w}, of))
}

// admitted makes a Change rely on who acts.
func (w *Wallet) admitted(of CustomerID, fn func(*ledger.Draft) error) func(*ledger.Draft) error {
	return func(d *ledger.Draft) error {
		if err := w.admit(d.Context(), &Draft{Draft: d, w: w}, of); err != nil {
			return err
		}
		return fn(d)
	}
}

// reading is a Reader outside of any Change.
type reading struct {
	ctx context.Context
	w   *Wallet
}

func (r reading) Read(noun, id string, doc any) error { return r.w.get(r.ctx, noun, id, doc) }

// proving has the proof of a StepUp checked. Config.VerifyStepUp is asked at most once for one
// call of a verb, however often a conflict makes the verb run again: a code may be good for one
// time only. An Authority decides inside the Change, so it is asked each time.
type proving struct {
	w     *Wallet
	asked bool
	err   error
}

// check refuses a proof that is not right. Errors: AuthenticationFailed, ServiceBusy.
func (p *proving) check(d *ledger.Draft, of StepUp) error {
	a, _ := ActorOf(d.Context())
	of.Session = a.Session
	if p.w.authority != nil {
		return p.w.authority.StepUp(&Draft{Draft: d, w: p.w}, of)
	}
	if !p.asked {
		p.asked, p.err = true, p.ask(d.Context(), of)
	}
	return p.err
}

func (p *proving) ask(ctx context.Context, of StepUp) error {
	if p.w.cfg.VerifyStepUp == nil {
		return NewError(AuthenticationFailed, "nothing verifies proofs here")
	}
	right, err := p.w.cfg.VerifyStepUp(ctx, of)
	switch {
	case err != nil:
		e := NewError(ServiceBusy, "the proof could not be verified")
		e.Err = err
		return e
	case !right:
		return NewError(AuthenticationFailed, "the proof is not right")
	}
	return nil
}
