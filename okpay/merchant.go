package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// MerchantID names a merchant.
type MerchantID string

// Merchant is a shop or business that is paid.
type Merchant struct {
	ID        MerchantID `json:"id"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`

	// Fees, if set, replace Config.Fees for this merchant.
	Fees *Fees `json:"fees,omitempty"`

	// Currencies, if set, are the only ones that the merchant takes payments in.
	Currencies []string `json:"currencies,omitempty"`

	Sequence int64 `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func (m *Merchant) record() ledger.Put { return ledger.Put{Type: "merchant", ID: string(m.ID)} }

func (m *Merchant) view(*Wallet) (any, error) {
	return map[string]any{"id": m.ID, "sequence": m.Sequence}, nil
}

func (m *Merchant) counter() *int64 { return &m.Sequence }

// parties are none: merchants hear of their money, not of themselves.
func (m *Merchant) parties() (MerchantID, CustomerID) { return "", "" }

// Merchants is the service for merchants.
type Merchants struct{ w *Wallet }

// CreateMerchant is the input of Merchants.Create.
type CreateMerchant struct {
	// ID is the embedding program's own id: 1 to 64 letters, digits, '_' and '-'. Defaults
	// to a new one with the prefix "mer_".
	ID   MerchantID
	Name string // 1 to 200 bytes
	Key  string // makes the call safe to repeat
}

// Create registers a merchant. Errors: InvalidRequest, InvalidState when the ID is taken,
// IdempotencyKeyReused.
func (s *Merchants) Create(ctx context.Context, in CreateMerchant) (Merchant, error) {
	if in.Name == "" {
		return Merchant{}, invalidField("name", "is empty")
	}
	if err := checkText("name", in.Name, 200); err != nil {
		return Merchant{}, err
	}
	if in.ID != "" {
		if err := checkID("id", string(in.ID)); err != nil {
			return Merchant{}, err
		}
	}
	v := verb{"program", "merchant.create", in.Key, []ledger.Field{
		{Name: "id", Value: string(in.ID)}, {Name: "name", Value: in.Name},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		m := Merchant{ID: in.ID, Name: in.Name, CreatedAt: d.Now()}
		if m.ID == "" {
			m.ID = MerchantID(s.w.newID("mer_"))
		}
		if err := mustBeNew(d, "merchant", string(m.ID)); err != nil {
			return err
		}
		d.Result = string(m.ID)
		return s.w.write(&d.Change, d.Now(), &m, told{emits: []string{"merchant.created"}})
	})
	if err != nil {
		return Merchant{}, translate(err)
	}
	m, err := s.Get(ctx, MerchantID(out.Result))
	m.Replayed = out.Replayed
	return m, err
}

// Get returns a merchant. Errors: NotFound.
func (s *Merchants) Get(ctx context.Context, id MerchantID) (Merchant, error) {
	var m Merchant
	err := s.w.get(ctx, "merchant", string(id), &m)
	return m, translate(err)
}

// Balances returns the merchant's balances, one for each currency ever used, in order of
// first use. Errors: NotFound.
func (s *Merchants) Balances(ctx context.Context, id MerchantID) ([]Balance, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.balances(ctx, merchantAccount(id))
}

// Statement returns a page of the merchant's entries in one currency. Errors: NotFound,
// CurrencyNotSupported.
func (s *Merchants) Statement(ctx context.Context, id MerchantID, currency string, page StatementPage) ([]StatementLine, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.statement(ctx, merchantAccount(id), currency, page)
}
