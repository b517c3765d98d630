package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/password"
)

// RequestPasswordReset is the input of Identity.RequestPasswordReset: exactly one of Email and
// Phone.
type RequestPasswordReset struct {
	Email  string
	Phone  string
	Client Client
}

// RequestPasswordReset sends a code, and the token for a link, to a contact that a customer has
// verified. Both are good for 10 minutes, and those of an earlier request are dead. A name that
// nobody has is answered as any other, after the same work, and then nothing is sent unless
// Config.TellNoAccount.
//
// Errors, the first that applies: InvalidRequest, TooManyTries with ResetsAt (see Config.Sends).
func (x *Identity) RequestPasswordReset(ctx context.Context, in RequestPasswordReset) (PasswordReset, error) {
	a, err := addressOf(in.Email, in.Phone)
	if err != nil {
		return PasswordReset{}, err
	}
	if err := in.Client.check(); err != nil {
		return PasswordReset{}, err
	}
	id := PasswordResetID(x.w.NewID("rst_"))
	var r *passwordReset
	err = x.ask(ctx, caller{}, "reset/"+a.Value, "password_reset.request", func(d *okpay.Draft) error {
		of, err := x.find(d, a)
		if err != nil {
			return err
		}
		unsent, err := x.countSend(d, of, &in.Client)
		if err != nil {
			return err
		}
		r = &passwordReset{
			ID: id, Of: of.customer, Shadow: of.shadow, Epoch: of.gate.Epoch, Contact: of.contact, Client: in.Client.facts(), Unsent: unsent,
		}
		if err := x.newest(d, of, r); err != nil {
			return err
		}
		r.Code.next(x, a, d.Now(), resetLasts)
		r.Until = r.Code.Until
		return x.advanceReset(d, r, &in.Client, step{on: askReset})
	})
	if err != nil {
		return PasswordReset{}, err
	}
	return r.view(), nil
}

// newest makes a reset the only one that can be used.
func (x *Identity) newest(d *okpay.Draft, of *found, r *passwordReset) error {
	key := x.counters.Key("reset", of.who())
	var last newestReset
	if err := optional(d.Read("newest_reset", key, &last)); err != nil {
		return err
	}
	old := &passwordReset{}
	if last.ID == "" {
		last.ID = PasswordResetID(noCustomer) // there is none, and it takes as long
	}
	if err := optional(d.Read("password_reset", string(last.ID), old)); err != nil {
		return err
	}
	if old.ID != "" && !old.over() {
		if err := x.advanceReset(d, old, nil, step{on: supersede}); err != nil {
			return err
		}
	}
	put := plain("newest_reset", key, of.customer)
	put.Content, put.Due = encode(newestReset{r.ID}), d.Now().Add(2*flowKept)
	d.Put(put)
	return nil
}

// OpenPasswordReset is the input of Identity.OpenPasswordReset: either the token of the link, or
// ID and Code.
type OpenPasswordReset struct {
	Token  Secret
	ID     PasswordResetID
	Code   Secret
	Client Client
}

// OpenPasswordReset takes the code or the token, which is burnt if it is right, and returns the
// Grant for what follows within 10 minutes: FinishResetFactor where SecondFactor is set, and then
// SetNewPassword. The fifth that is wrong is the end of the reset.
//
// Errors, the first that applies: InvalidRequest for what is no code (which counts as no try),
// AuthenticationFailed with one text for everything that is wrong.
func (x *Identity) OpenPasswordReset(ctx context.Context, in OpenPasswordReset) (PasswordReset, error) {
	if err := in.Client.check(); err != nil {
		return PasswordReset{}, err
	}
	id, code := in.ID, ""
	byLink := !in.Token.IsZero()
	if byLink {
		name, _ := splitToken(in.Token, "rst_")
		id, code = PasswordResetID(name), in.Token.Reveal()
	} else {
		var err error
		if code, err = normalizeCode(in.Code.Reveal()); err != nil {
			return PasswordReset{}, err
		}
	}
	grant, digest, err := x.newToken(string(id))
	if err != nil {
		return PasswordReset{}, err
	}
	var (
		out    PasswordReset
		answer error
	)
	err = x.ask(ctx, caller{}, string(id), "password_reset.open", func(d *okpay.Draft) error {
		out, answer = PasswordReset{}, nil
		r, err := x.passwordReset(d, id, PasswordResetSent)
		if err != nil {
			return err
		}
		right, err := x.rightReset(d, r, byLink, code)
		if err != nil {
			return err
		}
		if !right {
			answer = wrong()
			r.Code.Tries++
			return x.advanceReset(d, r, &in.Client, r.wrong(openReset, r.Code.Tries))
		}
		r.Grant, r.Until = digest, d.Now().Add(resetLasts)
		steps := []step{{on: openReset}}
		enrolled := false
		if x.second != nil {
			if enrolled, err = x.second.enrolled(d, r.Of); err != nil {
				return err
			}
		}
		if !enrolled {
			steps = append(steps, step{on: noFactor})
		}
		if err := x.advanceReset(d, r, &in.Client, steps...); err != nil {
			return err
		}
		out = r.view()
		out.Grant, out.SecondFactor = grant, enrolled
		return nil
	})
	return out, first(err, answer)
}

// wrong is the step of a try that was wrong.
func (r *passwordReset) wrong(on okpay.Action, tries int) step {
	if tries >= resetTries {
		return step{on, answerLast}
	}
	return step{on, answerWrong}
}

// reset reads a reset whose next step somebody wants to take. What can not be used is refused
// like a wrong code.
func (x *Identity) passwordReset(d *okpay.Draft, id PasswordResetID, in PasswordResetState) (*passwordReset, error) {
	r := &passwordReset{}
	err := readFlow(d, "password_reset", string(id), r)
	switch {
	case errors.Is(err, okpay.NotFound), err == nil && (r.State != in || !d.Now().Before(r.Until)):
		return nil, wrong()
	}
	return r, err
}

// rightReset compares what was sent, and does as much where nobody was sent anything: the contact
// must be the customer's still, and the credentials the same.
func (x *Identity) rightReset(d *okpay.Draft, r *passwordReset, byLink bool, got string) (bool, error) {
	make := x.code
	if byLink {
		make = func(c *sentCode, flow string) (string, error) { return x.link(c, "reset", flow) }
	}
	want, err := make(&r.Code, string(r.ID))
	if err != nil {
		return false, err
	}
	g, p, err := standing(d, r.Of)
	if err != nil {
		return false, err
	}
	same := equal([]byte(want), []byte(got))
	return same && r.Of != "" && g != nil && g.State != okpay.GateClosed && g.Epoch == r.Epoch && r.sameContact(p) && d.Now().Before(r.Code.Until), nil
}

// granted reads the reset of a grant.
func (x *Identity) granted(d *okpay.Draft, grant Secret, in PasswordResetState) (*passwordReset, error) {
	id, digest := splitToken(grant, "rst_")
	r, err := x.passwordReset(d, PasswordResetID(id), in)
	if err != nil {
		return nil, err
	}
	g, err := d.Gate(r.Of)
	if err != nil {
		return nil, err
	}
	p, err := d.Person(r.Of)
	if err != nil {
		return nil, err
	}
	if !equal(r.Grant, digest) || g.Epoch != r.Epoch || g.State == okpay.GateClosed || !r.sameContact(p) {
		return nil, wrong()
	}
	return r, nil
}

// FinishResetFactor is the input of Identity.FinishResetFactor.
type FinishResetFactor struct {
	Grant  Secret
	Code   Secret // of the app, or a recovery code
	Client Client
}

// FinishResetFactor takes the second factor that a reset waits for. It counts as a guess at it
// everywhere; the fifth wrong one ends the reset.
//
// Errors, the first that applies: InvalidRequest, AuthenticationFailed with one text for everything
// that is wrong, TooManyTries for one network address.
func (x *Identity) FinishResetFactor(ctx context.Context, in FinishResetFactor) (PasswordReset, error) {
	if err := in.Client.check(); err != nil {
		return PasswordReset{}, err
	}
	id, _ := splitToken(in.Grant, "rst_")
	var of okpay.CustomerID
	err := x.ask(ctx, caller{}, id, "password_reset.reserve", func(d *okpay.Draft) error {
		r, err := x.granted(d, in.Grant, PasswordResetProven)
		switch {
		case err != nil:
			return err
		case r.Tries >= resetTries:
			return wrong() // the last one is being verified
		}
		r.Tries++
		of = r.Of
		return d.Write(r)
	})
	if err != nil {
		return PasswordReset{}, err
	}
	if x.second == nil {
		return PasswordReset{}, wrong()
	}
	var out PasswordReset
	err = x.second.verify(okpay.WithoutActor(ctx), factorGuess{
		customer: of, code: in.Code.Reveal(), client: in.Client, trusted: x.trustsNow(ctx, of, in.Client),
		settle: func(d *okpay.Draft, _ int) error {
			r, err := x.granted(d, in.Grant, PasswordResetProven)
			if err != nil {
				return err
			}
			r.Until = d.Now().Add(resetLasts)
			err = x.advanceReset(d, r, &in.Client, step{on: proveFactor})
			out = r.view()
			return err
		},
	})
	if !errors.Is(err, okpay.AuthenticationFailed) {
		return out, err
	}
	staying, stop := staying(ctx)
	defer stop()
	failed := x.ask(staying, caller{}, id, "password_reset.fail", func(d *okpay.Draft) error {
		r, err := x.passwordReset(d, PasswordResetID(id), PasswordResetProven)
		if err != nil {
			return err
		}
		return x.advanceReset(d, r, &in.Client, r.wrong(proveFactor, r.Tries))
	})
	return PasswordReset{}, first(failed, wrong())
}

// SetNewPassword is the input of Identity.SetNewPassword.
type SetNewPassword struct {
	Grant    Secret
	Password password.Password
	Client   Client
}

// SetNewPassword finishes a reset: the password is set, all sessions and the trust in all devices
// end, the lock of the password is cleared, withdrawals wait for Config.WithdrawalHold, and the
// customer is told. A lock for reasons of security and restrictions stay. Nobody is signed in
// by it. A password that is not allowed leaves the reset as it is.
//
// Errors, the first that applies: InvalidRequest, AuthenticationFailed with one text whatever is
// wrong with the grant, PasswordNotAllowed (its cause is a
// *password.Violation), ServiceBusy.
func (x *Identity) SetNewPassword(ctx context.Context, in SetNewPassword) error {
	if err := in.Client.check(); err != nil {
		return err
	}
	id, digest := splitToken(in.Grant, "rst_")
	var now passwordReset
	if id == "" {
		return wrong()
	}
	err := x.w.Read(ctx, "password_reset", id, &now)
	switch {
	case errors.Is(err, okpay.NotFound),
		err == nil && (now.State != PasswordResetMaySet || !equal(now.Grant, digest) || !x.w.Now().Before(now.Until)):
		return wrong() // before anything costly is done
	case err != nil:
		return err
	}
	p, err := x.preparePassword(ctx, now.Of, in.Password)
	if err != nil {
		return err
	}
	return x.ask(ctx, caller{}, id, "password_reset.set", func(d *okpay.Draft) error {
		r, err := x.granted(d, in.Grant, PasswordResetMaySet)
		if err != nil {
			return err
		}
		_, err = x.setPassword(d, r.Of, p, change{
			entry: okpay.AuditEntry{Actor: "program", Action: "password.reset", Object: string(r.ID), Facts: in.Client.facts()},
			facts: with(in.Client.facts(), "at", stampOf(d.Now()), "until", stampOf(d.Now().Add(x.cfg.WithdrawalHold))),
		})
		if err != nil {
			return err
		}
		return x.advanceReset(d, r, &in.Client, step{on: setNew})
	})
}

// passwordResetDue ends a reset whose time is over, and later forgets it.
func (x *Identity) passwordResetDue(ctx context.Context, id string) error {
	return x.due(ctx, "password_reset", id, func(d *okpay.Draft) error {
		r := &passwordReset{}
		if err := d.Read("password_reset", id, r); err != nil {
			return err
		}
		switch {
		case d.Now().Before(r.Put().Due):
			return okpay.ErrNothingDue
		case r.over():
			d.Remove(r)
			return nil
		}
		return x.advanceReset(d, r, nil, step{on: expireReset})
	})
}
