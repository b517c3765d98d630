package identity

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

func digitsOf(n int) string { return strconv.Itoa(n) }

// BeginContactChange is the input of Identity.BeginContactChange.
type BeginContactChange struct {
	// Email or Phone is the new contact, exactly one of the two.
	Email string
	Phone string
	// Replaces is the verified contact that goes when the new one is verified, "" to keep all.
	Replaces okpay.ContactID
	// Proof is that of a step-up for ChangeContact to the new contact.
	Proof  Secret
	Client Client
}

// BeginContactChange sends a code to a new contact of the customer who is signed in. Nothing is
// changed until the code is handed in, within 10 minutes, with ConfirmContactChange. Another change
// that was begun and not confirmed is dropped. A contact that is somebody else's is answered as
// any other, nothing is sent to it, and its owner hears of it.
//
// Errors, the first that applies: InvalidRequest, AuthenticationRequired, SessionEnded,
// AccountLocked for a limited session, AccountRestricted, NotFound for Replaces, InvalidState when
// Replaces is not verified, the contact is the customer's already, or there are
// okpay.MaxContacts, AuthenticationFailed for the proof, TooManyTries with ResetsAt.
func (x *Identity) BeginContactChange(ctx context.Context, in BeginContactChange) (ContactChange, error) {
	a, err := addressOf(in.Email, in.Phone)
	if err != nil {
		return ContactChange{}, err
	}
	if err := in.Client.check(); err != nil {
		return ContactChange{}, err
	}
	id, verification := ContactChangeID(x.w.NewID("cch_")), VerificationID(x.w.NewID("vfy_"))
	var out ContactChange
	_, err = x.doOwn(ctx, own{operation: "contact_change.begin"}, func(d *okpay.Draft, s *sessionDoc) error {
		customer := s.Session.Customer
		book, err := d.ContactBook(customer)
		if err != nil {
			return err
		}
		c := &changeDoc{Of: customer, Session: string(s.ID), New: &a}
		c.ID, c.Removes, c.Verification = id, in.Replaces, verification
		if in.Replaces != "" {
			old, err := verifiedIn(book.Contacts(), in.Replaces)
			if err != nil {
				return err
			}
			c.Old = &old
		}
		for _, k := range book.Contacts() {
			if k.Kind == a.Kind && k.Value == a.Value && k.State == okpay.ContactVerified {
				return okpay.NewError(okpay.InvalidState, "the contact is the customer's already")
			}
		}
		if len(book.Contacts()) >= okpay.MaxContacts && in.Replaces == "" {
			return okpay.NewError(okpay.InvalidState, "there are %d contacts", okpay.MaxContacts)
		}
		if err := x.useStepUp(d, s.actor(), ChangeContact, a.Value, in.Proof); err != nil {
			return err
		}
		changes, err := x.changes(d, customer)
		if err != nil {
			return err
		}
		if err := x.dropPendingChange(d, customer, changes); err != nil {
			return err
		}
		of := &found{address: a, customer: customer, gate: okpay.Gate{Epoch: s.Epoch}}
		f := &verificationDoc{
			ID: verification, Purpose: ForContact, Of: customer, Session: string(s.ID), Epoch: s.Epoch, Change: string(id), Client: in.Client.facts(),
		}
		if err := x.beginCode(d, f, of, &in.Client); err != nil {
			return err
		}
		c.ExpiresAt = d.Now().Add(codeLasts)
		changes.Live = append(changes.Live, id)
		changes.put(d, customer)
		err = x.advanceChange(d, c, "c/"+string(customer), &in.Client, askContact)
		out = c.ContactChange
		return err
	})
	return out, err
}

// verifiedIn finds a verified contact. Errors: NotFound, InvalidState.
func verifiedIn(contacts []okpay.Contact, id okpay.ContactID) (okpay.Address, error) {
	for _, c := range contacts {
		switch {
		case c.ID == id && c.State != okpay.ContactVerified:
			return okpay.Address{}, okpay.NewError(okpay.InvalidState, "the contact is %s", c.State)
		case c.ID == id:
			return okpay.Address{Kind: c.Kind, Value: c.Value}, nil
		}
	}
	return okpay.Address{}, okpay.NewError(okpay.NotFound, "there is no contact with this id")
}

// dropPendingChange drops a change that was begun and not confirmed.
func (x *Identity) dropPendingChange(d *okpay.Draft, customer okpay.CustomerID, changes *changesDoc) error {
	for _, id := range slices.Clone(changes.Live) {
		c := &changeDoc{}
		if err := d.Read("contact_change", string(id), c); err != nil {
			return err
		}
		if c.State != ChangePending {
			continue
		}
		if err := x.advanceChange(d, c, "c/"+string(customer), nil, dropContact); err != nil {
			return err
		}
		changes.drop(id)
	}
	return nil
}

func (c *changesDoc) drop(id ContactChangeID) {
	c.Live = slices.DeleteFunc(c.Live, func(o ContactChangeID) bool { return o == id })
}

// ConfirmContactChange is the input of Identity.ConfirmContactChange.
type ConfirmContactChange struct {
	ID     ContactChangeID
	Code   Secret // that was sent to the new contact
	Client Client
}

// ConfirmContactChange takes the code that was sent to the new contact, in the session that began
// the change: the new contact is verified and the one that it replaces is gone, all other sessions
// end, withdrawals wait for Config.WithdrawalHold, and the old contact (or, if none is replaced,
// each that the customer has) gets a link by which the change can be taken back for 7 days,
// whatever happens to the new one. The fifth wrong code ends it.
//
// Errors, the first that applies: InvalidRequest for what is no code (which counts as no try),
// AuthenticationRequired, SessionEnded, AccountLocked for a limited session, AuthenticationFailed
// with one text for everything that is wrong, AccountRestricted, InvalidState when the contact
// to be replaced is gone, ContactTaken when somebody else has verified the new one meanwhile.
func (x *Identity) ConfirmContactChange(ctx context.Context, in ConfirmContactChange) (ContactChange, error) {
	code, err := normalizeCode(in.Code.Reveal())
	if err != nil {
		return ContactChange{}, err
	}
	if err := in.Client.check(); err != nil {
		return ContactChange{}, err
	}
	var (
		out    ContactChange
		answer error
	)
	_, err = x.doOwn(ctx, own{operation: "contact_change.confirm"}, func(d *okpay.Draft, s *sessionDoc) error {
		out, answer = ContactChange{}, nil
		c, err := x.contactChange(d, in.ID, ChangePending)
		if err != nil {
			return err
		}
		if c.Of != s.Session.Customer || c.Session != string(s.ID) || !d.Now().Before(c.ExpiresAt) {
			return wrong()
		}
		f, err := x.verification(d, caller{s.actor()}, c.Verification, CodeSent)
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
		f.Until = d.Now()
		if err := x.advance(d, f, &in.Client, step{on: ProveFirst}, step{on: Satisfy}, step{on: Consume}); err != nil {
			return err
		}
		if err := x.makeChange(d, s, c, &in.Client); err != nil {
			return err
		}
		out = c.ContactChange
		return nil
	})
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = okpay.NewError(okpay.ContactTaken, "")
	}
	return out, first(err, answer)
}

// makeChange makes a change whose new contact is proven.
func (x *Identity) makeChange(d *okpay.Draft, s *sessionDoc, c *changeDoc, client *Client) error {
	book, err := d.ContactBook(c.Of)
	if err != nil {
		return err
	}
	if c.Removes != "" {
		if _, err := verifiedIn(book.Contacts(), c.Removes); err != nil {
			return okpay.NewError(okpay.InvalidState, "the contact to be replaced is gone")
		}
	}
	c.notify(x, book.Contacts(), d)
	if c.Removes != "" {
		if err := book.Remove(c.Removes); err != nil {
			return err
		}
	}
	if c.Adds, err = addOrFind(book, *c.New); err != nil {
		return err
	}
	if err := book.Verify(c.Adds); err != nil {
		return err
	}
	if err := book.Write(); err != nil {
		return err
	}
	return x.contactsChanged(d, c, inSession(s, client), makeContact)
}

// addOrFind adds a contact, or finds it unverified.
func addOrFind(book *okpay.ContactBook, a okpay.Address) (okpay.ContactID, error) {
	for _, k := range book.Contacts() {
		if k.Kind == a.Kind && k.Value == a.Value {
			return k.ID, nil
		}
	}
	return book.Add(a)
}

// notify says who can take a change back: who had the contact that goes or, if none goes, all.
func (c *changeDoc) notify(x *Identity, contacts []okpay.Contact, d *okpay.Draft) {
	c.Notices = nil
	for _, k := range contacts {
		if k.State == okpay.ContactVerified && (c.Removes == "" || k.ID == c.Removes) {
			n := sentCode{Generation: len(c.Notices)}
			n.next(x, okpay.Address{Kind: k.Kind, Value: k.Value}, d.Now(), revertLasts)
			c.Notices = append(c.Notices, n)
		}
	}
	c.ExpiresAt, c.MadeAt = d.Now().Add(revertLasts), d.Now()
}

// RemoveContact is the input of Identity.RemoveContact.
type RemoveContact struct {
	Contact okpay.ContactID
	Proof   Secret // of a step-up for ChangeContact to the contact's id
	Client  Client
}

// RemoveContact takes a contact away from the customer who is signed in. For a verified one all
// other sessions end, withdrawals wait, and whoever had it gets a link by which it can be taken
// back for 7 days.
//
// Errors, the first that applies: InvalidRequest, AuthenticationRequired, SessionEnded,
// AccountLocked for a limited session, AccountRestricted, NotFound, InvalidState for the last
// verified contact, AuthenticationFailed for the proof.
func (x *Identity) RemoveContact(ctx context.Context, in RemoveContact) (ContactChange, error) {
	if err := okpay.CheckID("contact", string(in.Contact)); err != nil {
		return ContactChange{}, err
	}
	if err := in.Client.check(); err != nil {
		return ContactChange{}, err
	}
	id := ContactChangeID(x.w.NewID("cch_"))
	var out ContactChange
	_, err := x.doOwn(ctx, own{operation: "contact_change.remove"}, func(d *okpay.Draft, s *sessionDoc) error {
		r, err := x.removal(d, s.Session.Customer, in.Contact)
		if err != nil {
			return err
		}
		if err := x.useStepUp(d, s.actor(), ChangeContact, string(in.Contact), in.Proof); err != nil {
			return err
		}
		r.change.ID, r.change.Session = id, string(s.ID)
		out, err = x.remove(d, r, inSession(s, &in.Client))
		return err
	})
	return out, err
}

// contactChange reads a change in a state. What is not there or in another state is refused like
// a wrong code.
func (x *Identity) contactChange(d *okpay.Draft, id ContactChangeID, in ContactChangeState) (*changeDoc, error) {
	c := &changeDoc{}
	err := readFlow(d, "contact_change", string(id), c)
	if errors.Is(err, okpay.NotFound) || err == nil && c.State != in {
		return nil, wrong()
	}
	return c, err
}
