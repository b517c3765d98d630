package okpay

import (
	"slices"

	"github.com/okpay/okpay-go/ledger"
)

// ContactBook is a customer's contacts within a Change: packages beside the wallet add, verify
// and remove in one commit with whatever they do. What it does counts once it is written.
type ContactBook struct {
	w      *Wallet
	d      *ledger.Draft
	party  string
	digest digester
	holder contactHolder
	p      *profile
	told   []Told
}

// ContactBook reads a customer's contacts. Read one book in a Change, and no Person of the same
// customer after it was written. Errors: NotFound, AccountClosed, AccountRestricted.
func (d *Draft) ContactBook(id CustomerID) (*ContactBook, error) {
	return d.w.contactBook(d, id, "")
}

// RestoredContacts is ContactBook for taking back what a stranger may have changed: no restriction
// keeps that from the owner. Errors: NotFound, AccountClosed.
func (d *Draft) RestoredContacts(id CustomerID) (*ContactBook, error) {
	if err := d.w.arriving(d.Draft, id); err != nil {
		return nil, err
	}
	c, p, err := d.w.customer(d.Draft, id)
	if err != nil {
		return nil, err
	}
	b := &ContactBook{w: d.w, d: d.Draft, party: partyCustomer(id), holder: c, p: p}
	b.digest, err = d.contactDigests()
	return b, err
}

func (w *Wallet) contactBook(d *Draft, customer CustomerID, merchant MerchantID) (*ContactBook, error) {
	b := &ContactBook{w: w, d: d.Draft, party: partyMerchant(merchant)}
	if customer != "" {
		b.party = partyCustomer(customer)
	}
	var err error
	if b.holder, b.p, err = w.contactHolder(d.Draft, customer, merchant); err != nil {
		return nil, err
	}
	b.digest, err = d.contactDigests()
	return b, err
}

// contactDigests reads the key of the index of contacts once for a Draft.
func (d *Draft) contactDigests() (digester, error) {
	if d.digests == nil {
		g, err := d.w.digests(d.Draft)
		if err != nil {
			return g, err
		}
		d.digests = &g
	}
	return *d.digests, nil
}

// ContactOwner returns the customer who has an address verified, "" if nobody has.
func (d *Draft) ContactOwner(a Address) (CustomerID, error) {
	g, err := d.contactDigests()
	if err != nil {
		return "", err
	}
	party, err := d.w.owner(d.Draft, g.of(partyCustomer(""), address{a.Kind, a.Value}))
	return customerOf(party), err
}

// Contacts are those of the book as it is now.
func (b *ContactBook) Contacts() []Contact { return b.p.contacts() }

// Add adds an unverified contact; its address is in its normal form. Errors: InvalidState when
// it is there already, or MaxContacts are.
func (b *ContactBook) Add(a Address) (ContactID, error) {
	c := contactRecord{Digest: b.digest.of(b.party, address{a.Kind, a.Value})}
	c.Contact = Contact{ID: ContactID(b.w.newID("con_")), Kind: a.Kind, Value: a.Value, CreatedAt: b.d.Now()}
	if len(b.p.Contacts) >= MaxContacts || slices.ContainsFunc(b.p.Contacts, func(o contactRecord) bool { return o.Digest == c.Digest }) {
		e := NewError(InvalidState, "the contact is there already, or there are %d", MaxContacts)
		e.Field = string(a.Kind)
		return "", e
	}
	m, err := contactMachine().Move(&c.State, string(c.ID), addContact, Always)
	if err != nil {
		return "", err
	}
	b.p.Contacts = append(b.p.Contacts, c)
	b.told = append(b.told, m)
	return c.ID, nil
}

// Verify makes a contact its owner's. Errors: NotFound, InvalidState when it is verified already,
// ContactTaken when somebody else has it verified.
func (b *ContactBook) Verify(id ContactID) error {
	at := b.p.find(id)
	if at < 0 {
		return notFound("contact", string(id))
	}
	c := &b.p.Contacts[at]
	m, err := contactMachine().Move(&c.State, string(c.ID), verifyContact, Always)
	if err != nil {
		return err
	}
	owner, err := b.w.owner(b.d, c.Digest)
	switch {
	case err != nil:
		return err
	case owner != "":
		return contactTaken(c.ID)
	}
	now := b.d.Now()
	c.VerifiedAt = &now
	b.w.own(b.d, c.Digest, b.party)
	b.told = append(b.told, m)
	return nil
}

// Remove takes a contact away. Errors: NotFound.
func (b *ContactBook) Remove(id ContactID) error {
	at := b.p.find(id)
	if at < 0 {
		return notFound("contact", string(id))
	}
	c := b.p.Contacts[at]
	was := c.State
	m, err := contactMachine().Move(&c.State, string(c.ID), removeContact, Always)
	if err != nil {
		return err
	}
	if was == ContactVerified {
		b.w.disown(b.d, c.Digest)
	}
	b.p.Contacts = slices.Delete(b.p.Contacts, at, at+1)
	b.told = append(b.told, m)
	return nil
}

// Write puts the book into the Change, with the events of what was done.
func (b *ContactBook) Write() error {
	b.holder.with(b.p)
	b.d.Put(b.p.record())
	return b.w.write(&b.d.Change, b.d.Now(), b.holder, b.told...)
}
