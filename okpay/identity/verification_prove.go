package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// ProveCode is the input of Identity.ProveCode.
type ProveCode struct {
	ID     VerificationID
	Code   Secret // 8 digits; spaces and hyphens do not matter
	Client Client
}

// ProveCode takes the code that was sent. The right one is burnt; if the purpose asks for no
// more, what is returned is Verified and has the proof (for ForContact the contact is verified
// and there is none), otherwise it is SecondDue and says what is needed. The fifth wrong one
// ends the verification.
//
// Errors, the first that applies: InvalidRequest for what is no code (which counts as no try),
// SessionEnded, AuthenticationFailed with one text for everything that is wrong, for ForContact
// AccountRestricted, InvalidState when another contact counts by now, and, when somebody else has verified it meanwhile, ContactTaken (the
// verification is over then).
func (x *Identity) ProveCode(ctx context.Context, in ProveCode) (Verification, error) {
	code, err := normalizeCode(in.Code.Reveal())
	if err != nil {
		return Verification{}, err
	}
	if err := in.Client.check(); err != nil {
		return Verification{}, err
	}
	token, digest, err := x.newToken(string(in.ID))
	if err != nil {
		return Verification{}, err
	}
	var (
		v      Verification
		answer error
	)
	c := callerOf(ctx)
	err = x.ask(ctx, c, string(in.ID), "verification.prove", func(d *okpay.Draft) error {
		v, answer = Verification{}, nil
		f, err := x.verification(d, c, in.ID, CodeSent)
		if err != nil {
			return err
		}
		right, err := x.rightCode(d, f, code)
		if err != nil {
			return err
		}
		if !right {
			answer = wrong()
			f.Code.Tries++
			guard := answerWrong
			if f.Code.Tries >= codeTries {
				guard = answerLast
			}
			return x.advance(d, f, &in.Client, step{ProveFirst, guard})
		}
		f.Proofs = append(f.Proofs, lockout.Proof(f.Code.To.Kind))
		if f.Purpose == ForContact && f.Change == "" {
			f.Until = d.Now()
			err := x.contactProven(d, f)
			if errors.Is(err, okpay.ContactTaken) {
				answer, err = err, nil
			}
			if err != nil {
				return err
			}
			if err := x.advance(d, f, &in.Client, step{on: ProveFirst}, step{on: Satisfy}, step{on: Consume}); err != nil {
				return err
			}
			v = f.view()
			return nil
		}
		if v, err = x.afterFirst(d, f, &in.Client, digest); err == nil && v.State == Verified {
			v.Proof = token
		}
		return err
	})
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = okpay.NewError(okpay.ContactTaken, "")
	}
	return v, first(err, answer)
}

// rightCode compares a code in constant time, and does as much for one that nobody was sent.
func (x *Identity) rightCode(d *okpay.Draft, f *verificationDoc, code string) (bool, error) {
	want, err := x.code(&f.Code, string(f.ID))
	if err != nil {
		return false, err
	}
	current, err := x.current(d, f)
	same := equal([]byte(want), []byte(code))
	return same && current && !f.Silent && d.Now().Before(f.Code.Until), err
}

// afterFirst asks for a second proof, or for none.
func (x *Identity) afterFirst(d *okpay.Draft, f *verificationDoc, client *Client, digest []byte) (Verification, error) {
	second, err := x.asksSecond(d, f)
	if err != nil {
		return Verification{}, err
	}
	if !second {
		f.verified(d, digest)
		err := x.advance(d, f, client, step{on: ProveFirst}, step{on: Satisfy})
		return f.view(), err
	}
	f.Until, f.Tries = d.Now().Add(secondLasts), 0
	if err := x.advance(d, f, client, step{on: ProveFirst}, step{on: AskSecond}); err != nil {
		return Verification{}, err
	}
	v := f.view()
	v.Needs, v.Questions, err = x.offers(d, f)
	return v, err
}

// verified gives a verification its proof.
func (f *verificationDoc) verified(d *okpay.Draft, digest []byte) {
	f.Token, f.Until = digest, d.Now().Add(proofLasts)
}

// contactProven verifies the contact whose code was right.
func (x *Identity) contactProven(d *okpay.Draft, f *verificationDoc) error {
	book, err := d.ContactBook(f.Of)
	if err != nil {
		return err
	}
	if err := onlyFirst(book.Contacts()); err != nil {
		return err // another one was verified since the code was sent
	}
	if err := book.Verify(f.Contact); err != nil {
		return err
	}
	if err := book.Write(); err != nil {
		return err
	}
	d.Audit(okpay.AuditEntry{
		Actor: "c/" + string(f.Of), Action: "contact.verify", Customer: f.Of, Object: string(f.Contact), Session: f.Session,
		Facts: map[string]string{"kind": string(f.Code.To.Kind)}, Shown: true,
	})
	return x.welcome(d, f.Of)
}
