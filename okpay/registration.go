package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
)

// Registration is a customer who is registered together with a contact, for a package beside the
// wallet that adds what it keeps of them to the same Change.
type Registration struct {
	CreateCustomer
	// Contact is unverified. Whether somebody else has it verified makes no difference.
	Contact Address
	// Also drafts what else is committed. The Draft can not read what is being created.
	Also func(*Draft, Registered) error
}

// Registered is what Registration.Also is told.
type Registered struct {
	Customer CustomerID
	Gate     *Gate
	Contact  Contact
	Owner    CustomerID // who has the contact verified, "" for nobody
}

// Register registers a customer as Create does, with a contact. Errors as for Create.
func (s *Customers) Register(ctx context.Context, in Registration) (Customer, error) {
	var err error
	switch in.Contact.Kind {
	case ContactEmail:
		in.Contact.Value, err = NormalizeEmail(in.Contact.Value)
	case ContactPhone:
		in.Contact.Value, err = NormalizePhone(in.Contact.Value)
	default:
		err = InvalidField("contact", "is neither an e-mail address nor a telephone number")
	}
	if err != nil {
		return Customer{}, err
	}
	return s.register(ctx, in.CreateCustomer, &in)
}

func (s *Customers) register(ctx context.Context, in CreateCustomer, with *Registration) (Customer, error) {
	if in.Locale == "" {
		in.Locale = "en"
	}
	if err := checkProfile(&in.Name, &in.Locale); err != nil {
		return Customer{}, err
	}
	asked := in.ID
	if in.ID == "" {
		in.ID = CustomerID(s.w.newID("cus_"))
	} else if err := CheckID("id", string(in.ID)); err != nil {
		return Customer{}, err
	}
	v := verb{"program", "customer.create", in.Key, []ledger.Field{
		{Name: "id", Value: string(asked)}, {Name: "name", Value: in.Name}, {Name: "locale", Value: in.Locale},
	}}
	if with != nil {
		v.request = append(v.request, ledger.Field{Name: string(with.Contact.Kind), Value: with.Contact.Value})
	}
	risk := s.w.risk()
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		c := &customerDoc{Customer: Customer{ID: in.ID, Locale: in.Locale, CreatedAt: d.Now()}}
		if err := mustBeNew(d, "customer", string(c.ID)); err != nil {
			return err
		}
		check := RiskCheck{Operation: OnRegister, Customer: c.ID, Name: in.Name, At: d.Now()}
		verdict, err := risk.ask(ctx, check)
		if err != nil {
			return err
		}
		if verdict.Verdict == Block {
			s.w.refuseScreened(d, RiskDeclined, check, verdict)
			return nil
		}
		if verdict != (Assessment{}) {
			s.w.screened(d, check, verdict, false)
		}
		d.Result = string(c.ID)
		c.profile = &profile{Party: partyCustomer(c.ID), Name: in.Name}
		g := &Gate{Customer: c.ID, State: GateActive, UpdatedAt: d.Now()}
		var locked Told
		if verdict.Verdict != Allow {
			g.State, g.Reason = GateLocked, "risk"
			locked = Told{Emits: []string{"account.locked"}, Mails: []string{"account_locked"}}
		}
		created := Told{Emits: []string{"customer.created"}}
		if with != nil {
			if err := s.w.registerWith(d, with, c.profile, g); err != nil {
				return err
			}
			created.Emits = append(created.Emits, "contact.added")
		}
		d.Put(c.profile.record())
		return errors.Join(
			s.w.write(&d.Change, d.Now(), c, created),
			s.w.write(&d.Change, d.Now(), g, locked),
		)
	})
	if err != nil {
		return Customer{}, translate(err)
	}
	return s.after(ctx, CustomerID(out.Result), out)
}

// registerWith adds the contact of a Registration to a new profile, and what else is committed.
func (w *Wallet) registerWith(d *ledger.Draft, with *Registration, p *profile, g *Gate) error {
	digests, err := w.digests(d)
	if err != nil {
		return err
	}
	c := contactRecord{Digest: digests.of(p.Party, address{with.Contact.Kind, with.Contact.Value})}
	c.Contact = Contact{ID: ContactID(w.newID("con_")), Kind: with.Contact.Kind, Value: with.Contact.Value, CreatedAt: d.Now()}
	if _, err := contactMachine().Move(&c.State, string(c.ID), addContact, Always); err != nil {
		return err
	}
	p.Contacts = append(p.Contacts, c)
	owner, err := w.owner(d, c.Digest)
	if err != nil || with.Also == nil {
		return err
	}
	return with.Also(&Draft{Draft: d, w: w}, Registered{Customer: g.Customer, Gate: g, Contact: c.Contact, Owner: customerOf(owner)})
}
