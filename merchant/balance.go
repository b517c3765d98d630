package merchant

import (
	"context"

	"github.com/okpay/okpay-go/ledger/money"
)

// Balance is what the merchant has in one currency.
type Balance struct {
	Available money.Amount `json:"available"` // can be spent
	Held      money.Amount `json:"held"`      // reserved
	Total     money.Amount `json:"total"`     // the two together
}

func decodeBalance(data []byte, currencies *money.Registry) (Balance, error) {
	r := reader{currencies: currencies}
	var w struct {
		Available *wireAmount `json:"available"`
		Held      *wireAmount `json:"held"`
		Total     *wireAmount `json:"total"`
	}
	r.object(data, &w)
	return result(&r, Balance{
		Available: r.amount("available", w.Available), Held: r.amount("held", w.Held), Total: r.amount("total", w.Total),
	})
}

// Debt is what the merchant owes in one currency.
type Debt struct {
	Owed money.Amount `json:"owed"`
}

func decodeDebt(data []byte, currencies *money.Registry) (Debt, error) {
	r := reader{currencies: currencies}
	var w struct {
		Owed *wireAmount `json:"owed"`
	}
	r.object(data, &w)
	return result(&r, Debt{Owed: r.amount("owed", w.Owed)})
}

// BalanceService tells what the merchant has, and owes.
type BalanceService struct{ client *Client }

// List returns the merchant's balances, one for each currency ever used.
func (s *BalanceService) List(ctx context.Context) ([]Balance, error) {
	page, err := get(ctx, s.client, "balances.list", "/balances", nil, pageOf(decodeBalance))
	return page.Data, err
}

// Debts returns what the merchant owes, one for each currency in which they owe something. The
// operator decides when the balance pays it.
func (s *BalanceService) Debts(ctx context.Context) ([]Debt, error) {
	page, err := get(ctx, s.client, "balances.debts", "/debts", nil, pageOf(decodeDebt))
	return page.Data, err
}
