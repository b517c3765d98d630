package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// asksSecond is the policy: what asks for a second, independent proof.
func (x *Identity) asksSecond(d *okpay.Draft, f *verificationDoc) (bool, error) {
	if f.Purpose == ForSupportInFull || slices.Contains(x.cfg.SecondProof, f.Purpose) {
		return true, nil
	}
	if f.Purpose != ForUnlock {
		return false, nil
	}
	g, err := d.Gate(f.Of)
	if err != nil {
		return false, err
	}
	return riskLocked(g), nil
}

// factorOf is what a proof proves the possession or knowledge of: two proofs of one factor are
// not independent.
func factorOf(p lockout.Proof) lockout.Proof {
	if p == lockout.ProofRecoveryCode {
		return lockout.ProofTOTP
	}
	return p
}

// offers are the proofs by which a customer can go on, and the questions if they are among them.
func (x *Identity) offers(d *okpay.Draft, f *verificationDoc) (needs []lockout.Proof, questions []string, err error) {
	if x.second != nil {
		enrolled, err := x.second.enrolled(d, f.Of)
		if err != nil {
			return nil, nil, err
		}
		if enrolled {
			needs = append(needs, lockout.ProofTOTP, lockout.ProofRecoveryCode)
		}
	}
	p, err := d.Person(f.Of)
	if err != nil {
		return nil, nil, err
	}
	for _, kind := range []okpay.ContactKind{okpay.ContactEmail, okpay.ContactPhone} {
		if _, ok := verifiedOf(p.Contacts, kind); ok && !slices.Contains(f.Proofs, lockout.Proof(kind)) {
			needs = append(needs, lockout.Proof(kind))
		}
	}
	if x.cfg.Questions {
		q := &questionsDoc{}
		if err := optional(d.Read("questions", string(f.Of), q)); err != nil {
			return nil, nil, err
		}
		if questions = q.ids(); len(questions) > 0 {
			needs = append(needs, lockout.ProofQuestions)
		}
	}
	return needs, questions, nil
}

// verifiedOf is the first verified contact of a kind.
func verifiedOf(contacts []okpay.Contact, kind okpay.ContactKind) (okpay.Contact, bool) {
	for _, c := range contacts {
		if c.Kind == kind && c.State == okpay.ContactVerified {
			return c, true
		}
	}
	return okpay.Contact{}, false
}

// SendSecond is the input of Identity.SendSecond.
type SendSecond struct {
	ID     VerificationID
	Kind   okpay.ContactKind // the other kind than that of the first code
	Client Client
}

// SendSecond sends a code to a contact of another kind, as a second proof. It can be repeated:
// the last code counts. Errors, the first that applies: InvalidRequest, SessionEnded,
// AuthenticationFailed when no second proof is waited for, InvalidState when it was the same kind
// before or there is no such contact, TooManyTries with ResetsAt.
func (x *Identity) SendSecond(ctx context.Context, in SendSecond) (Verification, error) {
	if in.Kind != okpay.ContactEmail && in.Kind != okpay.ContactPhone {
		return Verification{}, okpay.InvalidField("kind", "is neither %s nor %s", okpay.ContactEmail, okpay.ContactPhone)
	}
	if err := in.Client.check(); err != nil {
		return Verification{}, err
	}
	var v Verification
	caller := callerOf(ctx)
	err := x.ask(ctx, caller, string(in.ID), "verification.send_second", func(d *okpay.Draft) error {
		f, err := x.verification(d, caller, in.ID, SecondDue)
		if err != nil {
			return err
		}
		if f.Silent {
			return wrong()
		}
		p, err := d.Person(f.Of)
		if err != nil {
			return err
		}
		c, ok := verifiedOf(p.Contacts, in.Kind)
		if !ok || slices.Contains(f.Proofs, lockout.Proof(in.Kind)) {
			return okpay.NewError(okpay.InvalidState, "there is no other contact of this kind")
		}
		of := &found{address: okpay.Address{Kind: c.Kind, Value: c.Value}, customer: f.Of, gate: okpay.Gate{Epoch: f.Epoch}}
		if f.Unsent, err = x.countSend(d, of, &in.Client); err != nil {
			return err
		}
		f.Code.next(x, of.address, d.Now(), codeLasts)
		f.Contact, f.Second, f.Until = c.ID, lockout.Proof(c.Kind), f.Code.Until
		if err := x.advance(d, f, &in.Client, step{on: SendAnother}); err != nil {
			return err
		}
		v = f.view()
		v.Needs, v.Questions, err = x.offers(d, f)
		return err
	})
	return v, err
}

// ProveSecond is the input of Identity.ProveSecond.
type ProveSecond struct {
	ID   VerificationID
	Kind lockout.Proof // one of Verification.Needs
	// Code is that of the app, a recovery code, or the one that SendSecond has sent.
	Code Secret
	// Answers are those to all of Verification.Questions, by their ids, for questions.
	Answers map[string]Secret
	Client  Client
}

// ProveSecond takes the second proof. If it is right, what is returned is Verified and has the
// proof. Codes of the app count as guesses at it everywhere, questions can be tried three times
// in 24 hours, and the fifth second proof that is wrong ends the verification.
//
// Errors, the first that applies: InvalidRequest, SessionEnded, AuthenticationFailed with one text
// for everything that is wrong, TooManyTries for one network address, ServiceBusy.
func (x *Identity) ProveSecond(ctx context.Context, in ProveSecond) (Verification, error) {
	if err := in.Client.check(); err != nil {
		return Verification{}, err
	}
	token, digest, err := x.newToken(string(in.ID))
	if err != nil {
		return Verification{}, err
	}
	var v Verification
	c := callerOf(ctx)
	settle := func(d *okpay.Draft) error {
		f, err := x.verification(d, c, in.ID, SecondDue)
		if err != nil {
			return err
		}
		g, err := d.Gate(f.Of)
		switch {
		case err != nil:
			return err
		case g.Epoch != f.Epoch || slices.ContainsFunc(f.Proofs, func(p lockout.Proof) bool { return factorOf(p) == factorOf(in.Kind) }):
			return wrong()
		}
		f.Proofs = append(f.Proofs, in.Kind)
		f.verified(d, digest)
		err = x.advance(d, f, &in.Client, step{on: ProveOther})
		v = f.view()
		v.Proof = token
		return err
	}
	switch in.Kind {
	case lockout.ProofEmail, lockout.ProofPhone:
		err = x.secondCode(ctx, in, settle)
	case lockout.ProofTOTP, lockout.ProofRecoveryCode:
		err = x.secondFactorProof(ctx, in, settle)
	case lockout.ProofQuestions:
		err = x.secondQuestions(ctx, in, settle)
	default:
		return Verification{}, okpay.InvalidField("kind", "is no second proof")
	}
	if err != nil {
		return Verification{}, err
	}
	return v, nil
}

// secondCode compares the code that was sent to a second contact.
func (x *Identity) secondCode(ctx context.Context, in ProveSecond, settle func(*okpay.Draft) error) error {
	code, err := normalizeCode(in.Code.Reveal())
	if err != nil {
		return err
	}
	var answer error
	c := callerOf(ctx)
	err = x.ask(ctx, c, string(in.ID), "verification.prove_second", func(d *okpay.Draft) error {
		answer = nil
		f, err := x.verification(d, c, in.ID, SecondDue)
		if err != nil {
			return err
		}
		if f.Second != in.Kind {
			return wrong() // none was sent
		}
		right, err := x.rightCode(d, f, code)
		if err != nil {
			return err
		}
		if right {
			return settle(d)
		}
		answer = wrong()
		f.Tries++
		return x.wrongSecond(d, f, &in.Client)
	})
	return first(err, answer)
}

// wrongSecond ends a verification with the last second proof that was wrong.
func (x *Identity) wrongSecond(d *okpay.Draft, f *verificationDoc, client *Client) error {
	guard := answerWrong
	if f.Tries >= secondTries {
		guard = answerLast
	}
	return x.advance(d, f, client, step{ProveOther, guard})
}

// reserveSecond counts a second proof before it is verified, in a Change of its own. prepare
// looks at what it is about.
func (x *Identity) reserveSecond(ctx context.Context, in ProveSecond, prepare func(*okpay.Draft, *verificationDoc) error) (customer okpay.CustomerID, err error) {
	c := callerOf(ctx)
	err = x.ask(ctx, c, string(in.ID), "verification.reserve", func(d *okpay.Draft) error {
		f, err := x.verification(d, c, in.ID, SecondDue)
		switch {
		case err != nil:
			return err
		case f.Tries >= secondTries:
			return wrong() // the last one is being verified
		}
		f.Tries++
		customer = f.Of
		if prepare != nil {
			if err := prepare(d, f); err != nil {
				return err
			}
		}
		return d.Write(f)
	})
	return customer, err
}

// failSecond resolves a second proof that was reserved and wrong. Whoever tries can not keep it
// from being told by going away.
func (x *Identity) failSecond(ctx context.Context, in ProveSecond) error {
	ctx, stop := staying(ctx)
	defer stop()
	err := x.ask(ctx, caller{}, string(in.ID), "verification.fail_second", func(d *okpay.Draft) error {
		f := &verificationDoc{}
		if err := d.Read("verification", string(in.ID), f); err != nil {
			return err
		}
		if f.State != SecondDue {
			return wrong()
		}
		return x.wrongSecond(d, f, &in.Client)
	})
	if err != nil {
		return err
	}
	return wrong()
}

// secondFactorProof has a code of the app or a recovery code verified, as an attempt of theirs.
func (x *Identity) secondFactorProof(ctx context.Context, in ProveSecond, settle func(*okpay.Draft) error) error {
	if x.second == nil {
		return wrong()
	}
	customer, err := x.reserveSecond(ctx, in, nil)
	if err != nil {
		return err
	}
	err = x.second.verify(ctx, factorGuess{
		customer: customer, code: in.Code.Reveal(), client: in.Client, trusted: x.trustsNow(ctx, customer, in.Client),
		settle: func(d *okpay.Draft, _ int) error { return settle(d) },
	})
	if errors.Is(err, okpay.AuthenticationFailed) {
		return x.failSecond(ctx, in)
	}
	return err
}
