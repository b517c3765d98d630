package identity

import (
	"context"
	"slices"

	"github.com/okpay/okpay-go/okpay"
)

// StartVerification is the input of Identity.StartVerification. It says whose identity is to be
// proven in one of three ways: by Email or Phone; by the session of whoever acts (see
// okpay.Actor), with Contact or without; by Customer and Contact, for ForContact alone, where the
// embedding program knows who has just registered.
type StartVerification struct {
	Purpose Purpose
	Email   string
	Phone   string
	// Contact is where the code goes. With a session, defaults to the first verified one; one
	// that is not verified yet for ForContact.
	Contact  okpay.ContactID
	Customer okpay.CustomerID
	Client   Client
}

// StartVerification sends a code of 8 digits, good for 10 minutes, to a verified contact (to one
// that is to be verified for ForContact). A name that nobody has is answered as any other, and
// then nothing is sent unless Config.TellNoAccount.
//
// Errors, the first that applies: InvalidRequest, AuthenticationRequired without a session where
// one is needed, SessionEnded, NotFound for a contact of the session's that is not there,
// AccountRestricted for ForContact, InvalidState when the customer has no verified contact or, for
// ForContact, has one already (a further one is added with BeginContactChange), TooManyTries with ResetsAt (see Config.Sends).
func (x *Identity) StartVerification(ctx context.Context, in StartVerification) (Verification, error) {
	if err := okpay.CheckID("purpose", string(in.Purpose)); err != nil {
		return Verification{}, err
	}
	if err := in.Client.check(); err != nil {
		return Verification{}, err
	}
	f := &verificationDoc{}
	id := VerificationID(x.w.NewID("vfy_"))
	begin := func(d *okpay.Draft, c caller, of *found) error {
		*f = verificationDoc{
			ID: id, Purpose: in.Purpose, Of: of.customer, Shadow: of.shadow, Silent: of.customer == "",
			Contact: of.contact, Epoch: of.gate.Epoch, Session: c.Session, Client: in.Client.facts(),
		}
		return x.beginCode(d, f, of, &in.Client)
	}
	if in.Email != "" || in.Phone != "" {
		a, err := addressOf(in.Email, in.Phone)
		switch {
		case err != nil:
			return Verification{}, err
		case in.Customer != "" || in.Contact != "":
			return Verification{}, okpay.InvalidField("contact", "stands beside a name")
		case in.Purpose == ForContact || in.Purpose == ForStepUp:
			return Verification{}, okpay.InvalidField("purpose", "needs a session")
		}
		err = x.ask(ctx, caller{}, "start/"+a.Value, "verification.start", func(d *okpay.Draft) error {
			of, err := x.find(d, a)
			if err != nil {
				return err
			}
			return begin(d, caller{}, of)
		})
		if err != nil {
			return Verification{}, err
		}
		return f.view(), nil
	}
	c, customer := callerOf(ctx), in.Customer
	switch {
	case c.signedIn():
		customer = c.Customer
		if in.Customer != "" && in.Customer != c.Customer {
			return Verification{}, okpay.NewError(okpay.NotFound, "there is no customer with this id")
		}
	case in.Customer == "" || in.Purpose != ForContact:
		return Verification{}, okpay.NewError(okpay.AuthenticationRequired, "nobody is signed in")
	}
	if err := okpay.CheckID("customer", string(customer)); err != nil {
		return Verification{}, err
	}
	err := x.ask(ctx, c, "start/"+string(customer), "verification.start", func(d *okpay.Draft) error {
		of, err := x.own(d, customer, in.Contact, in.Purpose)
		if err != nil {
			return err
		}
		return begin(d, c, of)
	})
	if err != nil {
		return Verification{}, err
	}
	return f.view(), nil
}

// own finds the contact of a known customer that a code goes to.
func (x *Identity) own(d *okpay.Draft, customer okpay.CustomerID, id okpay.ContactID, p Purpose) (*found, error) {
	g, err := d.Gate(customer)
	if err != nil {
		return nil, err
	}
	if g.State == okpay.GateClosed {
		return nil, okpay.NewError(okpay.AccountClosed, "")
	}
	if p == ForContact && !g.Allows(okpay.CanManage, d.Now()) {
		return nil, okpay.NewError(okpay.AccountRestricted, "contacts may not be changed at present")
	}
	person, err := d.Person(customer)
	if err != nil {
		return nil, err
	}
	want := okpay.ContactVerified
	if p == ForContact {
		want = okpay.ContactUnverified
		if err := onlyFirst(person.Contacts); err != nil {
			return nil, err
		}
	}
	for _, c := range person.Contacts {
		if c.ID == id || id == "" && c.State == want {
			if c.State != want {
				return nil, okpay.NewError(okpay.InvalidState, "the contact is %s", c.State)
			}
			return &found{address: okpay.Address{Kind: c.Kind, Value: c.Value}, customer: customer, contact: c.ID, gate: *g}, nil
		}
	}
	if id != "" {
		return nil, okpay.NewError(okpay.NotFound, "there is no contact with this id")
	}
	return nil, okpay.NewError(okpay.InvalidState, "there is no contact to send a code to")
}

// onlyFirst refuses to verify a contact by its code alone where another one counts already: each
// contact opens the account, so a further one takes what BeginContactChange asks for.
func onlyFirst(contacts []okpay.Contact) error {
	if slices.ContainsFunc(contacts, func(c okpay.Contact) bool { return c.State == okpay.ContactVerified }) {
		return okpay.NewError(okpay.InvalidState, "a further contact is added by a change of contact")
	}
	return nil
}

// beginCode sends the first code of a verification. One that is to verify a contact which is
// somebody else's goes on in silence, and the owner hears of it: who asks has proven nothing.
func (x *Identity) beginCode(d *okpay.Draft, f *verificationDoc, of *found, client *Client) error {
	var err error
	if f.Unsent, err = x.countSend(d, of, client); err != nil {
		return err
	}
	if f.Purpose == ForContact {
		owner, err := d.ContactOwner(of.address)
		if err != nil {
			return err
		}
		if owner != "" && owner != f.Of {
			f.Silent = true
			d.Tell(okpay.Message{
				Customer: owner, Template: "contact_claimed", Address: &of.address,
				Facts: with(map[string]string{}, "kind", string(of.address.Kind), "at", stampOf(d.Now())),
			})
		}
	}
	f.Code.next(x, of.address, d.Now(), codeLasts)
	f.Until = f.Code.Until
	return x.advance(d, f, client, step{on: Start})
}

// ResendCode is the input of Identity.ResendCode.
type ResendCode struct {
	ID     VerificationID
	Client Client
}

// ResendCode sends another code instead of the last one, which is dead from then on; what was
// tried stays counted. Errors, the first that applies: InvalidRequest, SessionEnded,
// AuthenticationFailed when no code is waited for, TooManyTries with ResetsAt.
func (x *Identity) ResendCode(ctx context.Context, in ResendCode) (Verification, error) {
	if err := in.Client.check(); err != nil {
		return Verification{}, err
	}
	var f *verificationDoc
	c := callerOf(ctx)
	err := x.ask(ctx, c, string(in.ID), "verification.resend", func(d *okpay.Draft) error {
		var err error
		if f, err = x.verification(d, c, in.ID, CodeSent); err != nil {
			return err
		}
		of := &found{address: f.Code.To, customer: f.Of, shadow: f.Shadow, gate: okpay.Gate{Epoch: f.Epoch}, named: f.Session == ""}
		if f.Unsent, err = x.countSend(d, of, &in.Client); err != nil {
			return err
		}
		f.Code.next(x, f.Code.To, d.Now(), codeLasts)
		f.Until = f.Code.Until
		return x.advance(d, f, &in.Client, step{on: Resend})
	})
	if err != nil {
		return Verification{}, err
	}
	return f.view(), nil
}
