package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Admit refuses an actor whose session has ended, expired or is another's, with SessionEnded,
// and with AccountLocked one whose session is limited, see Session.Limited. The wallet asks it
// before every verb of somebody who is signed in, and again inside the verb's Change, which from
// then on relies on the session: one that ends meanwhile moves nothing.
func (x *Identity) Admit(r okpay.Reader, a okpay.Actor) error {
	s, err := x.session(r, a)
	if err == nil && s.Limited {
		err = limited(a.Customer)
	}
	return err
}

func limited(id okpay.CustomerID) error {
	e := okpay.NewError(okpay.AccountLocked, "the session is for changing the password and proving who its holder is")
	e.Object = string(id)
	return e
}

func ended() error { return okpay.NewError(okpay.SessionEnded, "") }

// session reads an actor's session. Errors: SessionEnded.
func (x *Identity) session(r okpay.Reader, a okpay.Actor) (*sessionDoc, error) {
	s := &sessionDoc{}
	err := r.Read("session", a.Session, s)
	switch {
	case a.Session == "", errors.Is(err, okpay.NotFound),
		err == nil && (s.Session.Customer != a.Customer || s.over(a.Epoch, x.w.Now())):
		return nil, ended()
	case err != nil:
		return nil, err
	}
	return s, nil
}

// admitted reads an actor's session and gate, as the wallet does before it asks Admit. Errors:
// SessionEnded.
func (x *Identity) admitted(r okpay.Reader, a okpay.Actor) (*sessionDoc, error) {
	g := &okpay.Gate{}
	err := r.Read("gate", string(a.Customer), g)
	switch {
	case errors.Is(err, okpay.NotFound), err == nil && (g.Epoch != a.Epoch || g.State == okpay.GateClosed):
		return nil, ended()
	case err != nil:
		return nil, err
	}
	return x.session(r, a)
}

// actorOf returns who is signed in. Errors: AuthenticationRequired, SessionEnded.
func (x *Identity) actorOf(ctx context.Context) (okpay.Actor, *sessionDoc, error) {
	a, ok := okpay.ActorOf(ctx)
	if !ok {
		return a, nil, okpay.NewError(okpay.AuthenticationRequired, "nobody is signed in")
	}
	s, err := x.admitted(reading{ctx, x.w}, a)
	return a, s, err
}

// own is a verb of identity by whoever is signed in.
type own struct {
	operation string
	key       string
	request   []ledger.Field
	limited   bool // limited sessions may do it as well
}

// doOwn runs a verb of whoever is signed in. fn gets the session as the Change relies on it.
// Errors: AuthenticationRequired, SessionEnded, AccountLocked for a limited session, those of fn
// and of okpay.Wallet.Do.
func (x *Identity) doOwn(ctx context.Context, v own, fn func(*okpay.Draft, *sessionDoc) error) (ledger.Outcome, error) {
	a, s, err := x.actorOf(ctx) // also for a repeat, for which fn is not asked
	switch {
	case err != nil:
		return ledger.Outcome{}, err
	case s.Limited && !v.limited:
		return ledger.Outcome{}, limited(a.Customer)
	}
	act := okpay.Act{Principal: "s/" + string(a.Customer), Operation: v.operation, Key: v.key, Request: v.request}
	return x.w.Do(okpay.WithoutActor(ctx), act, func(d *okpay.Draft) error {
		s, err := x.admitted(d, a)
		switch {
		case err != nil:
			return err
		case s.Limited && !v.limited:
			return limited(a.Customer)
		}
		return fn(d, s)
	})
}

// reading is a Reader outside of any Change.
type reading struct {
	ctx context.Context
	w   *okpay.Wallet
}

func (r reading) Read(noun, id string, doc any) error { return r.w.Read(r.ctx, noun, id, doc) }
