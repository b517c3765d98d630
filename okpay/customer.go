package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// CustomerID names a customer.
type CustomerID string

// Customer is a person with a wallet.
type Customer struct {
	ID        CustomerID `json:"id"`
	Name      string     `json:"name"`
	Locale    string     `json:"locale"` // "en" or "zh-CN"
	Contacts  []Contact  `json:"contacts,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	ErasedAt  *time.Time `json:"erased_at,omitempty"` // when name and contacts were erased

	Sequence int64 `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// customerDoc is a customer as its record keeps it.
type customerDoc struct {
	Customer

	// Name and Contacts of the embedded Customer are kept in the profile, which can be
	// erased by itself.
	Name     *struct{} `json:"name,omitempty"`
	Contacts *struct{} `json:"contacts,omitempty"`

	profile *profile
}

func (c *customerDoc) record() ledger.Put { return ledger.Put{Type: "customer", ID: string(c.ID)} }

// view names the customer and holds nothing personal.
func (c *customerDoc) view(*Wallet) (any, error) {
	v := map[string]any{"id": c.ID, "locale": c.Locale, "sequence": c.Sequence}
	if c.ErasedAt != nil {
		v["erased_at"] = c.ErasedAt
	}
	if c.profile != nil {
		v["contacts"] = known(c.profile.contacts())
	}
	return v, nil
}

func (c *customerDoc) counter() *int64 { return &c.Sequence }

func (c *customerDoc) parties() (MerchantID, CustomerID) { return "", c.ID }

func (c *customerDoc) with(p *profile) { c.profile = p }

// customer reads a customer and the profile. The draft relies on both.
func (w *Wallet) customer(d *ledger.Draft, id CustomerID) (*customerDoc, *profile, error) {
	c := &customerDoc{}
	if err := draftGet(d, "customer", string(id), c); err != nil {
		return nil, nil, err
	}
	p, err := w.profile(d, partyCustomer(id))
	c.profile = p
	return c, p, err
}

// Customers is the service for customers.
type Customers struct{ w *Wallet }

// CreateCustomer is the input of Customers.Create.
type CreateCustomer struct {
	// ID is the embedding program's own id: 1 to 64 letters, digits, '_' and '-'. Defaults
	// to a new one with the prefix "cus_".
	ID     CustomerID
	Name   string // at most 200 bytes
	Locale string // "en" or "zh-CN"; defaults to "en"
	Key    string // makes the call safe to repeat
}

// Create registers a customer. Config.Risk is asked first and may refuse; one that it wants
// challenged or reviewed is registered with the gate locked (reason "risk"), until Unlock.
// Its verdict is kept as a Screening. Contacts are added by Contacts.Add.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, InvalidState when the
// ID is taken, ServiceBusy when Config.Risk does not answer, RiskDeclined (recorded; the ID
// stays free).
func (s *Customers) Create(ctx context.Context, in CreateCustomer) (Customer, error) {
	return s.register(ctx, in, nil)
}

func checkProfile(name, locale *string) error {
	if locale != nil && *locale != "en" && *locale != "zh-CN" {
		return InvalidField("locale", "is neither en nor zh-CN")
	}
	if name != nil {
		return CheckText("name", *name, 200)
	}
	return nil
}

// UpdateCustomer is the input of Customers.Update. What is nil stays as it is.
type UpdateCustomer struct {
	Customer CustomerID
	Name     *string // at most 200 bytes
	Locale   *string // "en" or "zh-CN"
	Key      string  // makes the call safe to repeat
}

// Update changes a customer's name or locale. Errors, the first that applies:
// InvalidRequest, IdempotencyKeyReused, NotFound, AccountClosed.
func (s *Customers) Update(ctx context.Context, in UpdateCustomer) (Customer, error) {
	if in.Name == nil && in.Locale == nil {
		return Customer{}, InvalidField("name", "is missing, and so is locale: nothing to change")
	}
	if err := checkProfile(in.Name, in.Locale); err != nil {
		return Customer{}, err
	}
	v := verb{"program", "customer.update", in.Key, []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, optionalField("name", in.Name), optionalField("locale", in.Locale),
	}}
	out, err := s.w.doFor(ctx, in.Customer, v, func(d *ledger.Draft) error {
		if err := s.w.permitted(d, in.Customer, CanManage); err != nil {
			return err
		}
		c, p, err := s.w.customer(d, in.Customer)
		if err != nil {
			return err
		}
		if in.Name != nil {
			p.Name = *in.Name
			d.Put(p.record())
		}
		if in.Locale != nil {
			c.Locale = *in.Locale
		}
		return s.w.write(&d.Change, d.Now(), c, Told{Emits: []string{"customer.updated"}})
	})
	if err != nil {
		return Customer{}, translate(err)
	}
	return s.after(ctx, in.Customer, out)
}

// optionalField tells "not given" from an empty text.
func optionalField(name string, value *string) ledger.Field {
	if value == nil {
		return ledger.Field{Name: name}
	}
	return ledger.Field{Name: name, Value: "=" + *value}
}

// after is what a verb returns.
func (s *Customers) after(ctx context.Context, id CustomerID, out ledger.Outcome) (Customer, error) {
	c, err := s.Get(ctx, id)
	c.Replayed = out.Replayed
	return c, err
}

// Get returns a customer. Errors: NotFound, also for another one while a customer acts, as with all
// that customers read.
func (s *Customers) Get(ctx context.Context, id CustomerID) (Customer, error) {
	if err := showingCustomer(ctx, id); err != nil {
		return Customer{}, err
	}
	var doc customerDoc
	if err := s.w.get(ctx, "customer", string(id), &doc); err != nil {
		return Customer{}, translate(err)
	}
	return s.w.shown(ctx, &doc)
}

// shown puts a customer together with the profile.
func (w *Wallet) shown(ctx context.Context, doc *customerDoc) (Customer, error) {
	var p profile
	c := doc.Customer
	err := w.get(ctx, "profile", partyCustomer(c.ID), &p)
	if errors.Is(err, NotFound) { // erased
		err = nil
	}
	c.Name, c.Contacts = p.Name, p.contacts()
	return c, translate(err)
}

// List returns customers in the order of their ids, at most limit (1 to 100, 20 unless
// told), continuing after one that was seen, and whether there are more. Errors: PermissionDenied while a customer acts.
func (s *Customers) List(ctx context.Context, after CustomerID, limit int) (page []Customer, more bool, err error) {
	if err := notWithActor(ctx); err != nil {
		return nil, false, err
	}
	records, more, err := s.w.page(ctx, "customer", "", string(after), false, limit)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		var doc customerDoc
		if err := decodeRecord("customer", r.ID, r, nil, &doc); err != nil {
			return nil, false, err
		}
		c, err := s.w.shown(ctx, &doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, c)
	}
	return page, more, nil
}

// Balances returns the customer's balances, one for each currency ever used, in order of
// first use. Errors: NotFound.
func (s *Customers) Balances(ctx context.Context, id CustomerID) ([]Balance, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.balances(ctx, customerAccount(id))
}

// Statement returns a page of the customer's entries in one currency. Errors: NotFound,
// CurrencyNotSupported.
func (s *Customers) Statement(ctx context.Context, id CustomerID, currency string, page StatementPage) ([]StatementLine, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.statement(ctx, customerAccount(id), currency, page)
}

// mustBeNew refuses an id that is taken.
func mustBeNew(d *ledger.Draft, noun, id string) error {
	_, err := d.Get(noun, id)
	if err == nil || errors.Is(err, ledger.ErrErased) { // whose balances may still be there
		e := NewError(InvalidState, "there is or was a %s with this id already", noun)
		e.Field, e.Object = "id", id
		return e
	}
	if !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	return nil
}

// Balance is what a customer or merchant has in one currency.
type Balance struct {
	Available money.Amount `json:"available"` // can be spent
	Held      money.Amount `json:"held"`      // reserved by payments that are authorized
	Total     money.Amount `json:"total"`     // the two together
}

func (w *Wallet) balances(ctx context.Context, account string) ([]Balance, error) {
	var out []Balance
	for after := int64(0); ; {
		page, more, err := w.ledger.Balances(ctx, account, after, 0)
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			if b.Account.Name == account { // the prefix also matches longer names
				out = append(out, Balance{Available: b.Available, Held: b.PendingOut, Total: b.Posted})
			}
		}
		if more == 0 {
			return out, nil
		}
		after = more
	}
}
