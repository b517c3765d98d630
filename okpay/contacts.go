package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
)

// Contacts is the service for e-mail addresses and telephone numbers.
type Contacts struct{ w *Wallet }

// AddContact is the input of Contacts.Add. Exactly one of Customer and Merchant is set, and
// exactly one of Email and Phone.
type AddContact struct {
	Customer CustomerID
	Merchant MerchantID
	Email    string // see NormalizeEmail
	Phone    string // see NormalizePhone
	Key      string // makes the call safe to repeat
}

// Add adds an unverified contact. That somebody else has it verified is not told here: who
// asks has proven nothing yet.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// AccountClosed, InvalidState when the customer or merchant has the contact already or has
// MaxContacts.
func (s *Contacts) Add(ctx context.Context, in AddContact) (Contact, error) {
	party, err := contactParty(in.Customer, in.Merchant)
	if err != nil {
		return Contact{}, err
	}
	a, err := parseAddress(in.Email, in.Phone)
	if err == nil && a.kind == "" {
		err = InvalidField("email", "is missing, and so is phone")
	}
	if err != nil {
		return Contact{}, err
	}
	v := verb{"program", "contact.add", in.Key, []ledger.Field{
		{Name: "party", Value: party}, {Name: string(a.kind), Value: a.value},
	}}
	out, err := s.w.doFor(ctx, in.Customer, v, s.inBook(in.Customer, in.Merchant, func(d *Draft, b *ContactBook) error {
		id, err := b.Add(Address{a.kind, a.value})
		d.Result = string(id)
		return err
	}))
	if err != nil {
		return Contact{}, translate(err)
	}
	return s.find(ctx, party, ContactID(out.Result))
}

// MoveContact is the input of Contacts.MarkVerified and Contacts.Remove. Exactly one of
// Customer and Merchant is set.
type MoveContact struct {
	Customer CustomerID
	Merchant MerchantID
	Contact  ContactID
	Key      string // makes the call safe to repeat
}

// MarkVerified says that the embedding program has seen proof that a contact is its
// owner's. Transfers that wait for the contact are claimed for the customer soon after, by
// Run (or at once by Transfers.Claim); requests for money sent to it become the customer's
// to answer.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// AccountClosed, AuthenticationRequired where somebody acts and an Authority decides (see
// Wallet.Trust), InvalidState when it is verified already, ContactTaken when somebody else
// has it verified.
func (s *Contacts) MarkVerified(ctx context.Context, in MoveContact) (Contact, error) {
	party, err := contactParty(in.Customer, in.Merchant)
	if err != nil {
		return Contact{}, err
	}
	_, err = s.w.doFor(ctx, in.Customer, in.verb(party, "contact.verify"), s.inBook(in.Customer, in.Merchant, func(d *Draft, b *ContactBook) error {
		if err := s.w.beyondSession(d, in.Customer); err != nil {
			return err
		}
		return b.Verify(in.Contact)
	}))
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = contactTaken(in.Contact)
	}
	if err != nil {
		return Contact{}, translate(err)
	}
	return s.find(ctx, party, in.Contact)
}

func contactTaken(id ContactID) error {
	e := NewError(ContactTaken, "")
	e.Object = string(id)
	return e
}

// Remove takes a contact away; it is free for others at once. Errors, the first that
// applies: InvalidRequest, IdempotencyKeyReused, NotFound, AccountClosed, AuthenticationRequired
// as for MarkVerified.
func (s *Contacts) Remove(ctx context.Context, in MoveContact) error {
	party, err := contactParty(in.Customer, in.Merchant)
	if err != nil {
		return err
	}
	_, err = s.w.doFor(ctx, in.Customer, in.verb(party, "contact.remove"), s.inBook(in.Customer, in.Merchant, func(d *Draft, b *ContactBook) error {
		if err := s.w.beyondSession(d, in.Customer); err != nil {
			return err
		}
		return b.Remove(in.Contact)
	}))
	return translate(err)
}

// FindContact is the input of Contacts.Customer. Exactly one of the two is set.
type FindContact struct {
	Email string
	Phone string
}

// Customer returns the customer who has a contact verified. Errors: InvalidRequest,
// NotFound, also for another's while a customer acts.
func (s *Contacts) Customer(ctx context.Context, in FindContact) (Customer, error) {
	a, err := parseAddress(in.Email, in.Phone)
	if err == nil && a.kind == "" {
		err = InvalidField("email", "is missing, and so is phone")
	}
	if err != nil {
		return Customer{}, err
	}
	digest, err := s.w.digest(ctx, a)
	if err != nil {
		return Customer{}, err
	}
	var o contactOwner
	if err := s.w.get(ctx, "contact", digest, &o); err != nil {
		return Customer{}, translate(withoutObject(err))
	}
	if showingCustomer(ctx, customerOf(o.Party)) != nil {
		return Customer{}, nobodys()
	}
	return s.w.Customers.Get(ctx, customerOf(o.Party))
}

// Owner returns the id of the customer who has a contact verified, by as many reads when nobody
// has. Errors: InvalidRequest, NotFound.
func (s *Contacts) Owner(ctx context.Context, in FindContact) (CustomerID, error) {
	a, err := parseAddress(in.Email, in.Phone)
	if err == nil && a.kind == "" {
		err = InvalidField("email", "is missing, and so is phone")
	}
	if err != nil {
		return "", err
	}
	digest, err := s.w.digest(ctx, a)
	if err != nil {
		return "", err
	}
	var o contactOwner
	if err := s.w.get(ctx, "contact", digest, &o); err != nil {
		return "", translate(withoutObject(err))
	}
	if showingCustomer(ctx, customerOf(o.Party)) != nil {
		return "", nobodys()
	}
	return customerOf(o.Party), nil
}

// nobodys is the answer for a contact that nobody has verified, and for another's while a customer acts.
func nobodys() *Error { return NewError(NotFound, "nobody has verified this contact") }

// withoutObject keeps the digest of a contact out of an error.
func withoutObject(err error) error {
	if errors.Is(err, NotFound) || errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrErased) {
		return nobodys()
	}
	return err
}

// digest is a customer's contact's, outside of a draft.
func (w *Wallet) digest(ctx context.Context, a address) (string, error) {
	r, err := w.ledger.Record(ctx, "secret", "contacts")
	if errors.Is(err, ledger.ErrNotFound) {
		return "", nobodys()
	}
	return digester{r.Content}.of(partyCustomer(""), a), translate(err)
}

func (in *MoveContact) verb(party, operation string) verb {
	return verb{"program", operation, in.Key, []ledger.Field{
		{Name: "party", Value: party}, {Name: "contact", Value: string(in.Contact)},
	}}
}

// contactParty checks whose contact is meant.
func contactParty(customer CustomerID, merchant MerchantID) (string, error) {
	switch {
	case (customer == "") == (merchant == ""):
		return "", InvalidField("customer", "exactly one of customer and merchant is set")
	case customer != "":
		return partyCustomer(customer), CheckID("customer", string(customer))
	}
	return partyMerchant(merchant), CheckID("merchant", string(merchant))
}

// contactHolder is a customer or merchant as contacts see them.
type contactHolder interface {
	document
	with(*profile) // events show the contacts as they are there
}

// contactHolder reads who has contacts, and the profile. Closed accounts are refused.
func (w *Wallet) contactHolder(d *ledger.Draft, customer CustomerID, merchant MerchantID) (contactHolder, *profile, error) {
	if customer == "" {
		m, err := w.openMerchant(d, merchant)
		if err != nil {
			return nil, nil, err
		}
		p, err := w.profile(d, partyMerchant(merchant))
		return m, p, err
	}
	if err := w.permitted(d, customer, CanManage); err != nil {
		return nil, nil, err
	}
	c, p, err := w.customer(d, customer)
	return c, p, err
}

// inBook does something with the contacts of a customer or merchant, and writes them.
func (s *Contacts) inBook(customer CustomerID, merchant MerchantID, fn func(*Draft, *ContactBook) error) func(*ledger.Draft) error {
	return func(ld *ledger.Draft) error {
		d := &Draft{Draft: ld, w: s.w}
		b, err := s.w.contactBook(d, customer, merchant)
		if err != nil {
			return err
		}
		if err := fn(d, b); err != nil {
			return err
		}
		return b.Write()
	}
}

// beyondSession refuses what a session alone does not allow where an Authority decides: contacts
// prove who somebody is, so the Authority has verbs of its own for changing them. The embedding
// program itself may.
func (w *Wallet) beyondSession(d *Draft, of CustomerID) error {
	if _, acts := ActorOf(d.Context()); acts && of != "" && w.authority != nil {
		return NewError(AuthenticationRequired, "a session alone does not allow this")
	}
	return nil
}

// find returns a contact as it is now. One that was removed since is not found.
func (s *Contacts) find(ctx context.Context, party string, id ContactID) (Contact, error) {
	var p profile
	if err := s.w.get(ctx, "profile", party, &p); err != nil {
		return Contact{}, translate(withoutObject(err))
	}
	if at := p.find(id); at >= 0 {
		return p.Contacts[at].Contact, nil
	}
	return Contact{}, notFound("contact", string(id))
}
