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
	CreatedAt time.Time  `json:"created_at"`

	Sequence int64 `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func (c *Customer) record() ledger.Put { return ledger.Put{Type: "customer", ID: string(c.ID)} }

// view names the customer and holds nothing personal.
func (c *Customer) view(*Wallet) (any, error) {
	return map[string]any{"id": c.ID, "locale": c.Locale, "sequence": c.Sequence}, nil
}

func (c *Customer) counter() *int64 { return &c.Sequence }

func (c *Customer) parties() (MerchantID, CustomerID) { return "", c.ID }

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

// Create registers a customer. Errors: InvalidRequest, InvalidState when the ID is taken,
// IdempotencyKeyReused.
func (s *Customers) Create(ctx context.Context, in CreateCustomer) (Customer, error) {
	if in.Locale == "" {
		in.Locale = "en"
	}
	if in.Locale != "en" && in.Locale != "zh-CN" {
		return Customer{}, invalidField("locale", "is neither en nor zh-CN")
	}
	if err := checkText("name", in.Name, 200); err != nil {
		return Customer{}, err
	}
	if in.ID != "" {
		if err := checkID("id", string(in.ID)); err != nil {
			return Customer{}, err
		}
	}
	v := verb{"program", "customer.create", in.Key, []ledger.Field{
		{Name: "id", Value: string(in.ID)}, {Name: "name", Value: in.Name}, {Name: "locale", Value: in.Locale},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		c := Customer{ID: in.ID, Name: in.Name, Locale: in.Locale, CreatedAt: d.Now()}
		if c.ID == "" {
			c.ID = CustomerID(s.w.newID("cus_"))
		}
		if err := mustBeNew(d, "customer", string(c.ID)); err != nil {
			return err
		}
		d.Result = string(c.ID)
		if err := s.w.write(&d.Change, d.Now(), &c, told{emits: []string{"customer.created"}}); err != nil {
			return err
		}
		return s.w.write(&d.Change, d.Now(), &Gate{Customer: c.ID, State: GateActive, UpdatedAt: d.Now()})
	})
	if err != nil {
		return Customer{}, translate(err)
	}
	c, err := s.Get(ctx, CustomerID(out.Result))
	c.Replayed = out.Replayed
	return c, err
}

// Get returns a customer. Errors: NotFound.
func (s *Customers) Get(ctx context.Context, id CustomerID) (Customer, error) {
	var c Customer
	err := s.w.get(ctx, "customer", string(id), &c)
	return c, translate(err)
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
		e := newError(InvalidState, "there is or was a %s with this id already", noun)
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
