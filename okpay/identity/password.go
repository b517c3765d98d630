package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

// hasher is a password.Hasher; tests count what it is asked.
type hasher interface {
	Hash(ctx context.Context, p password.Password) (string, error)
	Verify(ctx context.Context, hash string, p password.Password) (right, needsRehash bool, err error)
	VerifyUnknown(ctx context.Context, p password.Password) error
	IsCurrent(hash string) func(context.Context, password.Password) (bool, error)
	NeedsRehash(hash string) (bool, error)
	Memory() password.Memory
	HashAnswer(ctx context.Context, question string, answer password.Password) (string, error)
	VerifyAnswer(ctx context.Context, hash, question string, answer password.Password) (right, needsRehash bool, err error)
}

// passwordDoc is a customer's password, hashed.
type passwordDoc struct {
	Of       okpay.CustomerID `json:"of"`
	Hash     string           `json:"hash"`             // as package password makes them
	Former   string           `json:"former,omitempty"` // that was made worth nothing, and may not come back
	SetAt    time.Time        `json:"set_at"`
	Sequence int64            `json:"sequence"`
}

// Put is the record.
func (p *passwordDoc) Put() ledger.Put { return plain("password", string(p.Of), p.Of) }

// View says whose it is.
func (p *passwordDoc) View() any { return map[string]any{"customer": p.Of, "sequence": p.Sequence} }

// Customer is whose it is.
func (p *passwordDoc) Customer() okpay.CustomerID { return p.Of }

// Counter counts its events.
func (p *passwordDoc) Counter() *int64 { return &p.Sequence }

// passwordOf reads a customer's password; one who has none has an empty hash.
func (x *Identity) passwordOf(r okpay.Reader, customer okpay.CustomerID) (*passwordDoc, error) {
	p := &passwordDoc{Of: customer}
	return p, optional(r.Read("password", string(customer), p))
}

// rightPassword reports whether a password has a hash, and whether the hash is to be replaced.
// With no hash, and with one that can not be used, it does the same work for nothing. unusable
// says why a hash can not be used. Errors: of notVerified, when there was no room.
func (x *Identity) rightPassword(ctx context.Context, hash string, p password.Password) (right, rehash bool, unusable, err error) {
	if hash == "" {
		return false, false, nil, x.hashWork(ctx, p)
	}
	right, rehash, err = x.hasher.Verify(ctx, hash, p)
	var unfit *password.Violation
	switch {
	case errors.As(err, &unfit): // nobody's password
		return false, false, nil, nil
	case errors.Is(err, password.ErrMalformedHash), errors.Is(err, password.ErrTooCostly), errors.Is(err, password.ErrUnknownPepper):
		return false, false, err, nil
	case err != nil:
		return false, false, nil, notVerified(busy(err))
	}
	return right, rehash, nil, nil
}

// hashWork is what rightPassword costs, for nothing.
func (x *Identity) hashWork(ctx context.Context, p password.Password) error {
	err := x.hasher.VerifyUnknown(ctx, p)
	var unfit *password.Violation
	if err == nil || errors.As(err, &unfit) {
		return nil
	}
	return notVerified(busy(err))
}

// busy is what is told when there is no room for another hash.
func busy(err error) error {
	if !errors.Is(err, password.ErrBusy) {
		return err
	}
	e := okpay.NewError(okpay.ServiceBusy, "too many passwords are being checked")
	e.Err = err
	return e
}

// newPassword is one that may become a customer's, ready to be written down.
type newPassword struct {
	hash     string
	replaces string // the hash that stood when it was judged
	unknown  bool   // whether it is known from a breach could not be asked
}

// preparePassword judges a customer's new password and hashes it. Errors: PasswordNotAllowed,
// whose cause is the *password.Violation; NotFound; ServiceBusy.
func (x *Identity) preparePassword(ctx context.Context, id okpay.CustomerID, p password.Password) (newPassword, error) {
	c, err := x.w.Customers.Get(okpay.WithoutActor(ctx), id)
	if err != nil {
		return newPassword{}, err
	}
	r := reading{ctx, x.w}
	now, err := x.passwordOf(r, id)
	if err != nil {
		return newPassword{}, err
	}
	about := password.Context{DisplayName: c.Name, ProductWords: x.cfg.ProductWords}
	for i := range c.Contacts {
		about = knowing(about, c.Contacts[i].Kind, c.Contacts[i].Value)
	}
	if x.second != nil {
		if about.SecondFactor, err = x.second.enrolled(r, id); err != nil {
			return newPassword{}, err
		}
	}
	if now.Hash != "" {
		about.IsCurrent = x.hasher.IsCurrent(now.Hash)
	}
	if now.Former != "" {
		about.IsCurrent = x.hasher.IsCurrent(now.Former)
	}
	n, err := x.judged(ctx, p, about)
	n.replaces = now.Hash
	return n, err
}

// judged has the policy judge a password and hashes it.
func (x *Identity) judged(ctx context.Context, p password.Password, about password.Context) (newPassword, error) {
	report, err := x.cfg.Policy.Check(ctx, p, about)
	var v *password.Violation
	switch {
	case errors.As(err, &v):
		return newPassword{}, notAllowed(v)
	case err != nil:
		return newPassword{}, busy(err)
	}
	hash, err := x.hasher.Hash(ctx, p)
	return newPassword{hash: hash, unknown: report.BreachCheck == password.BreachUnknown}, busy(err)
}

// notAllowed is the error of a password that breaks a rule.
func notAllowed(v *password.Violation) error {
	e := okpay.NewError(okpay.PasswordNotAllowed, "%s", v.Code)
	e.Field, e.Err = "password", v
	return e
}

// knowing adds a contact to what a password must not be made of.
func knowing(c password.Context, kind okpay.ContactKind, value string) password.Context {
	switch {
	case kind == okpay.ContactEmail && c.Email == "":
		c.Email = value
	case kind == okpay.ContactPhone && c.Phone == "":
		c.Phone = value
	default: // of a further one the part before the @ counts, and the number's digits
		word, _, _ := strings.Cut(strings.TrimPrefix(value, "+"), "@")
		c.ProductWords = append(append([]string(nil), c.ProductWords...), word)
	}
	return c
}

// setPassword drafts a customer's new password and what follows from it, as changed does: the
// lock for wrong passwords is cleared, sessions but c.keep end, withdrawals wait, a gate that
// asked for the change opens. c.entry says who did it. Errors: InvalidState when the password
// was changed since it was judged, those of changed.
func (x *Identity) setPassword(d *okpay.Draft, id okpay.CustomerID, p newPassword, c change) (*okpay.Gate, error) {
	doc, err := x.passwordOf(d, id)
	if err != nil {
		return nil, err
	}
	if doc.Hash != p.replaces {
		return nil, okpay.NewError(okpay.InvalidState, "the password was changed meanwhile")
	}
	doc.Hash, doc.Former, doc.SetAt = p.hash, "", d.Now()
	if err := d.Write(doc, okpay.Told{Emits: []string{"password.changed"}}); err != nil {
		return nil, err
	}
	if _, err := x.clearLocks(d, id, lockout.ByReset, lockout.Password); err != nil {
		return nil, err
	}
	x.noteBreachCheck(d, id, p)
	c.password, c.hold = true, true
	if c.template == "" {
		c.template = "password_changed"
	}
	return x.changed(d, id, c)
}

// dropPassword makes a customer's password worth nothing: only a reset sets another.
func (x *Identity) dropPassword(d *okpay.Draft, id okpay.CustomerID) error {
	doc, err := x.passwordOf(d, id)
	if err != nil || doc.Hash == "" {
		return err
	}
	doc.Hash, doc.Former, doc.SetAt = "", doc.Hash, d.Now()
	return d.Write(doc, okpay.Told{Emits: []string{"password.changed"}})
}

// noteBreachCheck writes down that a password was accepted without the answer of the service
// that knows breaches.
func (x *Identity) noteBreachCheck(d *okpay.Draft, id okpay.CustomerID, p newPassword) {
	if p.unknown {
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "password.breach_check_unavailable", Customer: id})
	}
}

// ImportPassword gives a customer whom another system knew the password that they had there, as a
// hash that Config.Hashing can verify, its Foreign ones included; it is replaced when its owner
// signs in. The hash is not the program's to choose for a customer who has one here.
//
// Errors, the first that applies: InvalidRequest for a hash that can not be verified, NotFound,
// AccountClosed, InvalidState when there is a password already.
func (x *Identity) ImportPassword(ctx context.Context, customer okpay.CustomerID, hash string) error {
	if _, err := x.hasher.NeedsRehash(hash); err != nil {
		return okpay.InvalidField("hash", "can not be verified")
	}
	if err := okpay.CheckID("customer", string(customer)); err != nil {
		return err
	}
	act := okpay.Act{Principal: "program", Operation: "password.import"}
	_, err := x.w.Do(okpay.WithoutActor(ctx), act, func(d *okpay.Draft) error {
		g, err := d.Gate(customer)
		if err != nil {
			return err
		}
		p, err := x.passwordOf(d, customer)
		switch {
		case err != nil:
			return err
		case g.State == okpay.GateClosed:
			return okpay.NewError(okpay.AccountClosed, "")
		case p.Hash != "":
			return okpay.NewError(okpay.InvalidState, "there is a password already")
		}
		p.Hash, p.SetAt = hash, d.Now()
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "password.import", Customer: customer})
		return d.Write(p)
	})
	return err
}

// ChangePassword is the input of Identity.ChangePassword.
type ChangePassword struct {
	Current password.Password
	New     password.Password
}

// ChangePassword replaces the password of whoever is signed in. All other sessions end and no
// device is trusted any more; this session goes on, but what Authenticate returned is out of
// date: authenticate again. Withdrawals wait (Config.WithdrawalHold). After a lock that a proof
// of identity has lifted, the account opens. The customer is told.
//
// Errors, the first that applies: AuthenticationRequired, SessionEnded, PasswordNotAllowed for a
// new password of more than 1,024 bytes, AuthenticationFailed for a wrong current one,
// TooManyTries, PasswordNotAllowed for another reason (its cause is a *password.Violation),
// InvalidState when the password was changed meanwhile, ServiceBusy.
func (x *Identity) ChangePassword(ctx context.Context, in ChangePassword) error {
	a, s, err := x.actorOf(ctx)
	if err != nil {
		return err
	}
	if len(in.New.Reveal()) > password.MaxBytes { // before any work, and no guess is counted
		return notAllowed(&password.Violation{Code: password.TooLong, Limit: password.MaxCodePoints})
	}
	if err := x.provePassword(ctx, s, in.Current, nil); err != nil {
		return err
	}
	p, err := x.preparePassword(ctx, a.Customer, in.New)
	if err != nil {
		return err
	}
	_, err = x.doOwn(ctx, own{operation: "password.change", limited: true}, func(d *okpay.Draft, s *sessionDoc) error {
		g, err := d.Gate(a.Customer)
		if err != nil {
			return err
		}
		s.ProvenAt = d.Now()
		if g.State == okpay.GateMustChange {
			s.Limited = false // the change opens the account
		}
		_, err = x.setPassword(d, a.Customer, p, change{
			keep:  s,
			entry: okpay.AuditEntry{Actor: "c/" + string(a.Customer), Action: "password.change", Session: string(s.ID)},
			facts: s.passwordFacts(d.Now(), d.Now().Add(x.cfg.WithdrawalHold)),
		})
		return err
	})
	return err
}

// provePassword takes a try at the current password of whoever is signed in. then is drafted
// into the Change that resolves a right one, if it is given.
func (x *Identity) provePassword(ctx context.Context, s *sessionDoc, p password.Password, then func(*okpay.Draft, int) error) error {
	if len(p.Reveal()) > password.MaxBytes {
		return wrong()
	}
	id, r := s.Session.Customer, reading{ctx, x.w}
	now, err := x.passwordOf(r, id)
	if err != nil {
		return err
	}
	trusted, err := x.stillTrusted(r, s)
	if err != nil {
		return err
	}
	g := guess{
		customer: id, authenticator: lockout.Password, trusted: trusted, known: true, action: "password.fail",
		client: Client{Place: s.Place, UserAgent: s.Device},
		settle: func(d *okpay.Draft, failures int) error {
			again, err := x.passwordOf(d, id)
			if err == nil && again.Hash != now.Hash {
				err = wrong() // it was another's when it was verified
			}
			if err != nil || then == nil {
				return err
			}
			return then(d, failures)
		},
	}
	return x.attempt(ctx, g, func(ctx context.Context) (bool, error) {
		right, _, _, err := x.rightPassword(ctx, now.Hash, p)
		return right, err
	})
}

// stillTrusted reports whether a session began on a device that is still trusted.
func (x *Identity) stillTrusted(r okpay.Reader, s *sessionDoc) (bool, error) {
	if s.Trusted == "" {
		return false, nil
	}
	v, err := x.devices(r, s.Session.Customer)
	return v.has(s.Trusted, s.Epoch, x.w.Now()), err
}

// passwordFacts are what the message about a changed password tells.
func (s *sessionDoc) passwordFacts(at, withdrawals time.Time) map[string]string {
	return with(s.Facts(""), "at", at.Format(time.RFC3339), "until", withdrawals.Format(time.RFC3339))
}
