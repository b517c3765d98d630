package identity

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/password"
)

// Register is the input of Identity.Register. Exactly one of Email and Phone is set.
type Register struct {
	Name     string // at most 200 bytes
	Email    string
	Phone    string // with country code
	Password password.Password
	Locale   string // "en" or "zh-CN"; defaults to "en"
	Consent  Consent
	Client   Client
	Key      string // makes the call safe to repeat
}

// Consent is what somebody has agreed to.
type Consent struct {
	Version string    `json:"version"` // of the terms, at most 64 letters, digits, '_' and '-'
	At      time.Time `json:"at"`      // defaults to now
}

// Registered is what Register returns: the same whether the contact is free or somebody else's.
type Registered struct {
	Customer okpay.CustomerID
	Contact  okpay.ContactID // to be verified before it counts
	// Verification waits for the code that was sent to the contact.
	Verification VerificationID
}

// contactChecks verifies contacts. It drafts the beginning of a verification into the Change of a
// registration; taken says that the contact is another customer's, so that no code is sent, and
// that all else looks the same.
type contactChecks interface {
	beginContact(d *okpay.Draft, customer okpay.CustomerID, c okpay.Contact, taken bool, from Client) error
}

// registrationDoc is what is remembered of a registration.
type registrationDoc struct {
	Of        okpay.CustomerID `json:"of"`
	At        time.Time        `json:"at"`
	Locale    string           `json:"locale"`
	WelcomeAt time.Time        `json:"welcome_at,omitzero"`
	Consent   Consent          `json:"consent"`
	Sequence  int64            `json:"sequence"`
}

// Put is the record. It is chained: what somebody agreed to has to be provable.
func (g *registrationDoc) Put() ledger.Put {
	return ledger.Put{Type: "registration", ID: string(g.Of), Labels: []string{"c:" + string(g.Of)}}
}

// View says whose it is, and to what they agreed.
func (g *registrationDoc) View() any {
	return map[string]any{"customer": g.Of, "consent": g.Consent, "locale": g.Locale, "sequence": g.Sequence}
}

// Customer is whose it is.
func (g *registrationDoc) Customer() okpay.CustomerID { return g.Of }

// Counter counts its events.
func (g *registrationDoc) Counter() *int64 { return &g.Sequence }

// Register registers a customer with a password and a contact, which counts only when it is
// verified: nobody signs in with it before. When the contact is somebody else's already, the
// answer is the same, the new customer can never verify it, and its owner is told that somebody
// tried.
//
// Errors, the first that applies: InvalidRequest, TooManyTries for too many registrations from one
// address, PasswordNotAllowed (its cause is a *password.Violation), IdempotencyKeyReused,
// ServiceBusy, RiskDeclined.
func (x *Identity) Register(ctx context.Context, in Register) (Registered, error) {
	ctx = okpay.WithoutActor(ctx)
	contact, err := in.check(x.w.Now())
	if err != nil {
		return Registered{}, err
	}
	if err := x.countRegistration(ctx, &in.Client); err != nil {
		return Registered{}, err
	}
	about := knowing(password.Context{DisplayName: in.Name, ProductWords: x.cfg.ProductWords}, contact.Kind, contact.Value)
	p, err := x.judged(ctx, in.Password, about)
	if err != nil {
		return Registered{}, err
	}
	c, err := x.w.Customers.Register(ctx, okpay.Registration{
		CreateCustomer: okpay.CreateCustomer{Name: in.Name, Locale: in.Locale, Key: in.Key},
		Contact:        contact,
		Also:           func(d *okpay.Draft, r okpay.Registered) error { return x.alsoRegister(d, r, in, p) },
	})
	if err != nil {
		return Registered{}, err
	}
	out := Registered{Customer: c.ID}
	if len(c.Contacts) > 0 {
		out.Contact = c.Contacts[0].ID
		out.Verification = verificationOf(out.Contact)
	}
	return out, nil
}

func (in *Register) check(now time.Time) (contact okpay.Address, err error) {
	if in.Locale == "" {
		in.Locale = "en"
	}
	switch {
	case (in.Email == "") == (in.Phone == ""):
		err = okpay.InvalidField("email", "exactly one of e-mail address and telephone number is set")
	case in.Email != "":
		contact.Kind = okpay.ContactEmail
		contact.Value, err = okpay.NormalizeEmail(in.Email)
	default:
		contact.Kind = okpay.ContactPhone
		contact.Value, err = okpay.NormalizePhone(in.Phone)
	}
	if err == nil {
		err = first(okpay.CheckText("name", in.Name, 200), okpay.CheckID("consent.version", in.Consent.Version), in.Client.check())
	}
	if in.Consent.At.IsZero() {
		in.Consent.At = now
	}
	if err == nil && in.Consent.At.After(now) {
		err = okpay.InvalidField("consent.at", "is in the future")
	}
	return contact, err
}

// alsoRegister drafts what identity keeps of a new customer.
func (x *Identity) alsoRegister(d *okpay.Draft, r okpay.Registered, in Register, p newPassword) error {
	g := &registrationDoc{Of: r.Customer, At: d.Now(), Locale: in.Locale, Consent: in.Consent}
	d.Audit(okpay.AuditEntry{
		Actor: "c/" + string(r.Customer), Action: "customer.register", Customer: r.Customer,
		Facts: with(in.Client.facts(), "consent", in.Consent.Version, "locale", in.Locale), Shown: true,
	})
	x.noteBreachCheck(d, r.Customer, p)
	err := first(
		d.Write(&passwordDoc{Of: r.Customer, Hash: p.hash, SetAt: d.Now()}),
		d.Write(g, okpay.Told{Emits: []string{"customer.registered"}}),
	)
	if err == nil && x.contactChecks != nil {
		err = x.contactChecks.beginContact(d, r.Customer, r.Contact, r.Owner != "", in.Client)
	}
	if err != nil || r.Owner == "" {
		return err
	}
	d.Audit(okpay.AuditEntry{Actor: "program", Action: "customer.register_taken", Customer: r.Owner, Facts: in.Client.facts(), Shown: true})
	// The owner hears of it as often as codes are sent, whoever registers from wherever.
	most := x.cfg.Sends
	most.Gap = 0
	switch err := send(d, []sender{{x.counters.Key("sends/registration", string(r.Owner)), most}}); {
	case errors.Is(err, okpay.TooManyTries):
		return nil
	case err != nil:
		return err
	}
	d.Tell(okpay.Message{
		Customer: r.Owner, Template: "registration_attempt",
		Facts: with(in.Client.facts(), "at", d.Now().Format(time.RFC3339), "contact", string(r.Contact.Kind)),
	})
	return nil
}

// countRegistration counts a registration against its address. It counts for nothing else.
func (x *Identity) countRegistration(ctx context.Context, from *Client) error {
	a, ok := from.throttled()
	if !ok {
		return nil
	}
	t := &try{address: x.counters.Key("registration", a.String())}
	return x.counting(ctx, t, "registration.count", func(d *okpay.Draft) error {
		throttle := throttleDoc{Key: t.address}
		if err := optional(d.Read("throttle", t.address, &throttle)); err != nil {
			return err
		}
		next, _, decision := throttle.Reserve(x.cfg.Throttle, d.Now())
		if !decision.Admitted() {
			return tooMany(decision.Until)
		}
		throttle.Throttle = next
		d.Put(throttle.put(x.cfg.Throttle))
		return nil
	})
}

// ContactVerified is the input of Identity.ContactVerified.
type ContactVerified struct {
	Customer okpay.CustomerID
	Contact  okpay.ContactID
	Key      string // makes the call safe to repeat
}

// ContactVerified says that the embedding program has seen proof that a contact is its owner's, as
// okpay.Contacts.MarkVerified does, whoever is signed in. A customer whose first contact it is, is
// welcomed. Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// AccountClosed, AccountRestricted, InvalidState when it is verified already, ContactTaken when
// somebody else has it verified.
func (x *Identity) ContactVerified(ctx context.Context, in ContactVerified) error {
	if err := first(okpay.CheckID("customer", string(in.Customer)), okpay.CheckID("contact", string(in.Contact))); err != nil {
		return err
	}
	act := okpay.Act{Principal: "program", Operation: "identity.contact_verified", Key: in.Key, Request: []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "contact", Value: string(in.Contact)},
	}}
	_, err := x.w.Do(okpay.WithoutActor(ctx), act, func(d *okpay.Draft) error {
		book, err := d.ContactBook(in.Customer)
		if err != nil {
			return err
		}
		if err := book.Verify(in.Contact); err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "contact.verify", Customer: in.Customer, Object: string(in.Contact), Shown: true})
		return first(book.Write(), x.welcome(d, in.Customer))
	})
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = okpay.NewError(okpay.ContactTaken, "")
	}
	return err
}

// welcome drafts the message that welcomes a customer, once, when the first contact is verified.
// It names the channels through which the service speaks with its customers.
func (x *Identity) welcome(d *okpay.Draft, customer okpay.CustomerID) error {
	g := &registrationDoc{}
	err := d.Read("registration", string(customer), g)
	if errors.Is(err, okpay.NotFound) || err == nil && !g.WelcomeAt.IsZero() {
		return nil // not registered here, or welcomed already
	}
	if err != nil {
		return err
	}
	g.WelcomeAt = d.Now()
	return d.Write(g, okpay.Told{Emits: []string{"customer.welcomed"}, Mails: []string{"welcome"}})
}

// ConsentOf returns what a customer agreed to when they registered. Errors: NotFound.
func (x *Identity) ConsentOf(ctx context.Context, customer okpay.CustomerID) (Consent, error) {
	var g registrationDoc
	err := x.w.Read(ctx, "registration", string(customer), &g)
	return g.Consent, err
}
