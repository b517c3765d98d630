package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

// SignIn is the input of Identity.SignIn.
type SignIn struct {
	Name     string // a verified e-mail address, or telephone number with country code
	Password password.Password
	Client   Client
}

// SignedIn is what a sign-in has led to: a session, or a second factor that is due.
type SignedIn struct {
	// Token is the session's, for Authenticate. It is shown once. None while a second factor is due.
	Token   Secret
	Session *Session

	// Pending is what FinishSignIn takes together with a code of the second factor, until then.
	Pending      Secret
	PendingUntil time.Time
}

// SignIn begins a session for whoever knows the password of the customer who has a contact
// verified, or says that a second factor is due. Where the account is locked for reasons of
// security, or the password has to be changed, the session is a limited one, see
// Session.Limited.
//
// A name that nobody has, a wrong password, one that is refused because too many were wrong, and
// an account that is closed are all answered with the same AuthenticationFailed, after the same
// work. Other errors: InvalidRequest for a wrong Client, TooManyTries for too many failures from
// one address, with the time from which on there may be others; ServiceBusy.
func (x *Identity) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	if err := in.Client.check(); err != nil {
		return SignedIn{}, err
	}
	if len(in.Password.Reveal()) > password.MaxBytes {
		return SignedIn{}, wrong() // before any work: nobody has such a password
	}
	ctx = okpay.WithoutActor(ctx)
	s, err := x.signingIn(ctx, in)
	if err != nil {
		return SignedIn{}, err
	}
	g := guess{
		customer: s.customer, shadow: s.shadow, authenticator: lockout.Password, trusted: s.device != "", client: in.Client,
		action: "session.fail",
		dummy:  func(ctx context.Context) error { return x.hashWork(ctx, in.Password) },
		settle: func(d *okpay.Draft, failures int) error { return x.settleSignIn(d, s, failures) },
	}
	err = x.attempt(ctx, g, func(ctx context.Context) (bool, error) {
		right, rehash, unusable, err := x.rightPassword(ctx, s.hash, in.Password)
		if unusable != nil {
			s.unusable(x, ctx, unusable)
		}
		if right && rehash {
			// A hash that is not renewed now is the next time.
			s.renewed, _ = x.hasher.Hash(ctx, in.Password)
		}
		return right && s.gate.State != okpay.GateClosed && s.customer != "", err
	})
	if err != nil {
		return SignedIn{}, unwrapped(err)
	}
	return s.out, nil
}

// absent stands for the customer of a name that nobody has, so that as much is read for it. No
// customer has this id: theirs have no dot.
const absent = okpay.CustomerID(".absent")

// signingIn is a sign-in on its way.
type signingIn struct {
	customer okpay.CustomerID // "" for a name that nobody has
	shadow   string
	client   Client
	gate     okpay.Gate // as it was when the sign-in came
	hash     string
	renewed  string // a hash to replace it
	device   DeviceID
	out      SignedIn
}

// signingIn looks up who signs in: by the same reads for every name.
func (x *Identity) signingIn(ctx context.Context, in SignIn) (*signingIn, error) {
	s := &signingIn{client: in.Client}
	find := okpay.FindContact{}
	var err error
	if strings.Contains(in.Name, "@") {
		find.Email, err = okpay.NormalizeEmail(in.Name)
	} else {
		find.Phone, err = okpay.NormalizePhone(in.Name)
	}
	if s.shadow = find.Email + find.Phone; err != nil {
		// No name at all: one that nobody has, and that is looked for all the same.
		s.shadow = "invalid:" + in.Name[:min(len(in.Name), 512)]
		find = okpay.FindContact{Email: "nobody@invalid.invalid"}
	}
	s.customer, err = x.w.Contacts.Owner(ctx, find)
	if err = optional(err); err != nil {
		return nil, err
	}
	id, r := s.customer, reading{ctx, x.w}
	if id == "" {
		id = absent
	}
	if err := optional(r.Read("gate", string(id), &s.gate)); err != nil {
		return nil, err
	}
	p, err := x.passwordOf(r, id)
	if err != nil {
		return nil, err
	}
	v, err := x.devices(r, id)
	if err != nil {
		return nil, err
	}
	s.hash, s.device = p.Hash, v.find(in.Client.Device, s.gate.Epoch, x.w.Now())
	return s, nil
}

// settleSignIn drafts what a right password leads to.
func (x *Identity) settleSignIn(d *okpay.Draft, s *signingIn, failures int) error {
	s.out = SignedIn{}
	g, err := d.Gate(s.customer)
	if err != nil {
		return err
	}
	p, err := x.passwordOf(d, s.customer)
	if err != nil {
		return err
	}
	if g.State == okpay.GateClosed || p.Hash != s.hash {
		return wrong() // it was right for what stood before
	}
	device := s.device
	if device != "" {
		v, err := x.devices(d, s.customer)
		if err != nil {
			return err
		}
		if !v.has(device, g.Epoch, d.Now()) {
			device = ""
		}
	}
	if s.renewed != "" {
		p.Hash = s.renewed
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "password.rehash", Customer: s.customer})
		if err := d.Write(p); err != nil {
			return err
		}
	}
	b := beginning{customer: s.customer, gate: g, client: s.client, device: device, failures: failures}
	second := false
	if x.second != nil {
		if second, err = x.second.enrolled(d, s.customer); err != nil {
			return err
		}
	}
	if second {
		s.out.Pending, s.out.PendingUntil, err = x.beginPending(d, b)
		return err
	}
	token, session, err := x.beginSession(d, b)
	s.out.Token, s.out.Session = token, &session
	return err
}

// unusable writes down that a stored hash can not be used: somebody has to look at it. Who signs
// in is answered as for a wrong password.
func (s *signingIn) unusable(x *Identity, ctx context.Context, why error) {
	reason := "malformed"
	switch {
	case errors.Is(why, password.ErrTooCostly):
		reason = "too_costly"
	case errors.Is(why, password.ErrUnknownPepper):
		reason = "unknown_pepper"
	}
	_, _ = x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "password.unusable"}, func(d *okpay.Draft) error {
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "password.unusable", Customer: s.customer, Reason: reason})
		return nil
	})
}

// unwrapped takes the mark of notVerified from an error.
func unwrapped(err error) error {
	var u *unverified
	if errors.As(err, &u) {
		return u.err
	}
	return err
}
