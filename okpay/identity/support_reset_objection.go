package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

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

// objectionSecret is the token of the link by which an owner cancels a reset of their second
// factor, while it can be canceled.
func (x *Identity) objectionSecret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	r := &resetDoc{}
	if err := x.w.Read(ctx, "factor_reset", m.Object, r); err != nil {
		return nil, err
	}
	if !r.open() || r.Reset.Customer != m.Customer {
		return nil, nil
	}
	token, ok := x.objection(r, "")
	if !ok {
		return nil, okpay.NewError(okpay.InternalError, "a key is gone")
	}
	return map[string]string{"token": r.ID + "." + token}, nil
}
