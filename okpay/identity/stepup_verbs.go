package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/password"
)

// StepUpRequest says what a proof is to allow. It allows that alone: another amount, payee or
// object needs another proof.
type StepUpRequest struct {
	Action StepUpAction
	Amount money.Amount // with the currency, for what moves money
	// To is the destination of a withdrawal, the payee of a transfer, the merchant of a payment,
	// the source of a top-up, the other currency of a conversion, the contact of a change: the id of
	// one that goes, or one that is to come. A transfer to a contact gives Email or Phone instead, as
	// its CreateTransfer does, and so may a change to a new contact. Addresses and numbers may be
	// written in any way that registration takes.
	To     string
	Email  string
	Phone  string
	Object string // the payment or the quote; empty for what does not exist yet
}

const maxBoundLen = 254

func (in *StepUpRequest) check() (bound, error) {
	b := bound{action: in.Action, amount: in.Amount, to: in.To, object: in.Object}
	if !in.Action.known() {
		return b, okpay.InvalidField("action", "is none of the constants")
	}
	for _, f := range [][2]string{{"to", in.To}, {"object", in.Object}} {
		if err := okpay.CheckText(f[0], f[1], maxBoundLen); err != nil {
			return b, err
		}
	}
	var err error
	switch {
	case in.Email != "" && in.Phone != "", (in.Email != "" || in.Phone != "") && (in.To != "" || in.Action != StepUpTransfer && in.Action != ChangeContact):
		return b, okpay.InvalidField("to", "at most one of to, email and phone is set, the latter two for transfers and contacts")
	case in.Email != "":
		b.to, err = okpay.NormalizeEmail(in.Email)
	case in.Phone != "":
		b.to, err = okpay.NormalizePhone(in.Phone)
	// A proof for another way of writing would be refused by the change that it is for, without a
	// reason that could be told.
	case in.Action == ChangeContact && strings.Contains(in.To, "@"):
		b.to, err = okpay.NormalizeEmail(in.To)
	case in.Action == ChangeContact && strings.HasPrefix(in.To, "+"):
		b.to, err = okpay.NormalizePhone(in.To)
	}
	switch {
	case err != nil:
		return b, err
	case !in.Action.movesMoney() && (!in.Amount.Currency().IsZero() || in.Object != ""):
		return b, okpay.InvalidField("amount", "is for what moves money, and so is object")
	case in.Action.movesMoney() && in.Amount.Currency().IsZero():
		return b, okpay.InvalidField("amount", "is missing")
	case in.Action.movesMoney() && !in.Amount.IsPositive():
		e := okpay.NewError(okpay.AmountNotPositive, "the amount is %s", in.Amount)
		e.Field = "amount"
		return b, e
	case (in.Action.movesMoney() || in.Action == ChangeContact) && b.to == "":
		return b, okpay.InvalidField("to", "is missing")
	case (in.Action == ManageFactor || in.Action == RemoveSecondFactor) && b.to != "":
		return b, okpay.InvalidField("to", "is for what has a payee")
	case (in.Action == StepUpPayment || in.Action == StepUpConversion) && in.Object == "":
		return b, okpay.InvalidField("object", "is missing")
	}
	return b, nil
}

// BeginStepUp asks the customer who is signed in to prove once more who they are, for one act.
// Show them what they are about to allow, and take one of StepUp.Methods to FinishStepUp within
// 5 minutes: the second factor if there is one, and nothing else then; or else the password, or,
// where there is none, a code to a contact.
//
// Errors, the first that applies: AuthenticationRequired without a session, InvalidRequest and
// AmountNotPositive for what is asked for, SessionEnded, InvalidState when there is nothing that
// the customer could answer with.
func (x *Identity) BeginStepUp(ctx context.Context, in StepUpRequest) (StepUp, error) {
	a, _, err := x.actorOf(ctx)
	if err != nil {
		return StepUp{}, err
	}
	b, err := in.check()
	if err != nil {
		return StepUp{}, err
	}
	k, keyID, _ := x.key("", "step_up")
	s := &stepUpDoc{Session: a.Session, Epoch: a.Epoch, Key: keyID}
	s.StepUp = StepUp{ID: x.w.NewID("stp_"), Customer: a.Customer, Action: in.Action, TriesLeft: stepUpTries}
	if in.Action.movesMoney() {
		s.Amount = in.Amount.String()
	}
	b.customer, b.session, b.epoch = a.Customer, a.Session, a.Epoch
	s.Bound = b.digest(k, s.ID)
	_, err = x.doOwn(ctx, own{operation: "step_up.begin"}, func(d *okpay.Draft, _ *sessionDoc) error {
		if s.Methods, err = x.methods(d, a, in.Action); err != nil {
			return err
		}
		s.State, s.Until, s.Sequence = "", d.Now().Add(stepUpTakes), 0
		return x.moveStepUp(d, s, BeginStepUp, okpay.Always, nil)
	})
	return s.StepUp, err
}

// methods are how a customer can answer.
func (x *Identity) methods(d *okpay.Draft, a okpay.Actor, action StepUpAction) ([]StepUpMethod, error) {
	f, err := factor(d, a.Customer)
	if err != nil {
		return nil, err
	}
	if f.on() {
		return []StepUpMethod{BySecondFactor}, nil
	}
	if action == RemoveSecondFactor {
		return nil, FactorMachine().Refuse(f.Of.State, string(a.Customer), RemoveFactor)
	}
	p, err := x.passwordOf(d, a.Customer)
	if err != nil {
		return nil, err
	}
	if p.Hash != "" {
		return []StepUpMethod{ByPassword}, nil
	}
	person, err := d.Person(a.Customer)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(person.Contacts, func(c okpay.Contact) bool { return c.State == okpay.ContactVerified }) {
		return []StepUpMethod{ByContact}, nil
	}
	return nil, okpay.NewError(okpay.InvalidState, "the customer has nothing to answer with")
}

// FinishStepUp is the input of Identity.FinishStepUp.
type FinishStepUp struct {
	ID     string
	Method StepUpMethod
	// Answer is a code of the app or a recovery code, the password, or the proof of a
	// verification of a contact for purpose step_up.
	Answer Secret
	Client Client
}

// FinishStepUp takes the customer's answer and returns the proof, to be handed in with the act
// in the same session. It is good once, for 5 minutes, and until the customer's credentials
// change. The fifth wrong answer ends the step-up. An answer counts as a guess at the password
// or factor like any other.
//
// Errors, the first that applies: AuthenticationRequired without a session, SessionEnded,
// NotFound (also for what another session began), InvalidState when it is answered already or
// its time is over, InvalidRequest for a method that is not among StepUp.Methods, TooManyTries
// with ResetsAt, AuthenticationFailed for a wrong answer. A key that is missing from Config.Keys
// is an error of package totp and counts nothing.
func (x *Identity) FinishStepUp(ctx context.Context, in FinishStepUp) (proof Secret, err error) {
	a, held, err := x.actorOf(ctx)
	if err != nil {
		return Secret{}, err
	}
	if held.Limited {
		return Secret{}, limited(a.Customer)
	}
	if err := okpay.CheckID("id", in.ID); err != nil {
		return Secret{}, err
	}
	s, err := x.begun(reading{ctx, x.w}, a, in.ID, x.w.Now())
	if err != nil {
		return Secret{}, err
	}
	if !slices.Contains(s.Methods, in.Method) {
		return Secret{}, okpay.InvalidField("method", "is not among those that were offered")
	}
	proof, digest, err := x.newToken(s.ID)
	if err != nil {
		return Secret{}, err
	}
	settle := func(d *okpay.Draft, _ int) error {
		if _, err := x.admitted(d, a); err != nil {
			return err
		}
		s, err := x.begun(d, a, in.ID, d.Now())
		if err != nil {
			return err
		}
		s.Proof, s.Until = digest, d.Now().Add(stepUpTakes)
		return x.moveStepUp(d, s, AnswerStepUp, okpay.Always, with(in.Client.facts(), "method", string(in.Method)))
	}
	switch in.Method {
	case BySecondFactor:
		err = x.second.verify(ctx, factorGuess{
			customer: a.Customer, code: in.Answer.Reveal(), client: in.Client, trusted: x.trusts(ctx, a, in.Client), known: true, settle: settle,
		})
	case ByPassword:
		err = x.provePassword(ctx, held, password.New(in.Answer.Reveal()), settle)
	case ByContact:
		_, err = x.w.Do(okpay.WithoutActor(ctx), okpay.Act{Principal: "program", Operation: "step_up.answer"}, func(d *okpay.Draft) error {
			if err := x.useVerification(d, a, in.Answer); err != nil {
				return err
			}
			return settle(d, 0)
		})
	}
	if errors.Is(err, okpay.AuthenticationFailed) {
		if err := x.wrongAnswer(ctx, a, in); err != nil && !errors.Is(err, okpay.InvalidState) {
			return Secret{}, err
		}
	}
	if err != nil {
		return Secret{}, err
	}
	return proof, nil
}

// trusts reports whether a client is a device that the customer trusts.
func (x *Identity) trusts(ctx context.Context, a okpay.Actor, from Client) bool {
	v, err := x.devices(reading{ctx, x.w}, a.Customer)
	return err == nil && v.find(from.Device, a.Epoch, x.w.Now()) != ""
}

// trustsNow is trusts for whoever is not signed in: a stranger's guesses elsewhere do not keep the
// owner from proving themselves on a device of theirs.
func (x *Identity) trustsNow(ctx context.Context, customer okpay.CustomerID, from Client) bool {
	g := &okpay.Gate{}
	err := x.w.Read(ctx, "gate", string(customer), g)
	return err == nil && x.trusts(ctx, okpay.Actor{Customer: customer, Epoch: g.Epoch}, from)
}

// begun reads a step-up that waits for an answer in the session of who acts.
func (x *Identity) begun(r okpay.Reader, a okpay.Actor, id string, now time.Time) (*stepUpDoc, error) {
	s := &stepUpDoc{}
	err := r.Read("step_up", id, s)
	switch {
	case err == nil && (s.StepUp.Customer != a.Customer || s.Session != a.Session), errors.Is(err, okpay.NotFound):
		e := okpay.NewError(okpay.NotFound, "there is no step-up with this id")
		e.Object = id
		return nil, e
	case err != nil:
		return nil, err
	case s.State != StepUpBegun || !now.Before(s.Until) || s.Epoch != a.Epoch:
		return nil, StepUpMachine().Refuse(s.State, id, AnswerStepUp)
	}
	return s, nil
}

// wrongAnswer counts an answer that was wrong.
func (x *Identity) wrongAnswer(ctx context.Context, a okpay.Actor, in FinishStepUp) error {
	ctx, stop := staying(okpay.WithoutActor(ctx))
	defer stop()
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "step_up.wrong"}, func(d *okpay.Draft) error {
		s, err := x.begun(d, a, in.ID, d.Now())
		if err != nil {
			return err
		}
		guard := wrongAnswer
		if s.TriesLeft--; s.TriesLeft <= 0 {
			guard = lastAnswer
		}
		return x.moveStepUp(d, s, AnswerStepUp, guard, with(in.Client.facts(), "method", string(in.Method)))
	})
	return err
}

// StepUp uses a proof up in the Change that it allows. It is part of okpay.Authority. Errors:
// AuthenticationFailed for a proof that was used, has expired, or allows anything else than
// this, to anybody else than this customer in this session.
func (x *Identity) StepUp(d *okpay.Draft, of okpay.StepUp) error {
	b := bound{
		customer: of.Customer, session: of.Session, action: StepUpAction(of.Operation), amount: of.Amount, to: of.To, object: of.Object,
	}
	return x.useProof(d, b, of.Contact, NewSecret(of.Proof))
}

// useStepUp is StepUp for what moves no money.
func (x *Identity) useStepUp(d *okpay.Draft, a okpay.Actor, action StepUpAction, to string, proof Secret) error {
	return x.useProof(d, bound{customer: a.Customer, session: a.Session, action: action, to: to}, "", proof)
}

// useProof compares a proof with what it is to allow. A payee who was named by a contact may
// be bound as either.
func (x *Identity) useProof(d *okpay.Draft, b bound, contact string, proof Secret) error {
	id, digest := splitToken(proof, "stp_")
	if id == "" || b.session == "" {
		return wrong()
	}
	s := &stepUpDoc{}
	if err := d.Read("step_up", id, s); err != nil {
		if errors.Is(err, okpay.NotFound) {
			return wrong()
		}
		return err
	}
	g, err := d.Gate(b.customer)
	if err != nil {
		return err
	}
	k, _, ok := x.key(s.Key, "step_up")
	if !ok || s.Key == "" {
		return wrong()
	}
	b.epoch = g.Epoch
	named := equal(s.Bound, b.digest(k, id))
	if contact != "" {
		b.to = contact
		named = equal(s.Bound, b.digest(k, id)) || named
	}
	right := equal(s.Proof, digest)
	if !named || !right || s.State != StepUpProven || !d.Now().Before(s.Until) {
		return wrong()
	}
	return x.moveStepUp(d, s, UseStepUp, okpay.Always, nil)
}

// stepUpDue ends a step-up whose time is over, and later forgets it.
func (x *Identity) stepUpDue(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "step_up.expire"}, func(d *okpay.Draft) error {
		s := &stepUpDoc{}
		if err := d.Read("step_up", id, s); err != nil {
			return err
		}
		switch {
		case d.Now().Before(s.Put().Due):
			return okpay.ErrNothingDue
		case !s.open():
			d.Remove(s)
			return nil
		}
		return x.moveStepUp(d, s, ExpireStepUp, okpay.Always, nil)
	})
	return err
}
