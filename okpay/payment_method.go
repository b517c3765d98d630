package okpay

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// PaymentMethod is one way to pay: out of the customer's balances, or by a funding source.
// The zero value is the balance in the payment's currency.
type PaymentMethod struct {
	// Balances are currencies that the customer has money in: what is there is taken in this
	// order until the amount is covered, and what is in another currency than the payment's
	// is converted (Config.Rates). It stays converted: a payment that is canceled or expires, and a
	// refund, give back the payment's currency. None means the payment's currency. At most 8.
	Balances []string `json:"balances,omitempty"`

	// Source is a name of Config.Sources that pays the whole amount. It stands alone.
	Source string `json:"source,omitempty"`
}

// FromBalances is the method that pays out of the customer's balances in these currencies.
func FromBalances(currencies ...string) PaymentMethod { return PaymentMethod{Balances: currencies} }

// FromSource is the method that asks a funding source.
func FromSource(name string) PaymentMethod { return PaymentMethod{Source: name} }

// Bounds of what a confirmation may name.
const (
	maxMethods  = 8
	maxBalances = 8
)

// checkMethods refuses methods that no payment could be paid with. None means the default.
func (w *Wallet) checkMethods(methods []PaymentMethod, currency string) error {
	if len(methods) > maxMethods {
		return InvalidField("methods", "has %d methods, want at most %d", len(methods), maxMethods)
	}
	for _, m := range methods {
		switch {
		case m.Source != "" && len(m.Balances) > 0:
			return InvalidField("methods", "a method is a source or balances, not both")
		case m.Source != "" && w.cfg.Sources[m.Source] == nil:
			return InvalidField("methods", "there is no funding source with this name")
		case len(m.Balances) > maxBalances:
			return InvalidField("methods", "has %d balances, want at most %d", len(m.Balances), maxBalances)
		}
		seen := map[string]bool{}
		for _, code := range m.Balances {
			if _, err := w.Currency(code); err != nil {
				return err
			}
			if seen[code] {
				return InvalidField("methods", "names the balance in %s twice", code)
			}
			seen[code] = true
			if code != currency && currency != "" && w.cfg.Rates == nil {
				return InvalidField("methods", "balances in another currency need Config.Rates")
			}
		}
	}
	return nil
}

// methodsField is what a replay must agree in.
func methodsField(methods []PaymentMethod) ledger.Field {
	var b strings.Builder
	for _, m := range methods {
		b.WriteString(strconv.Quote(m.Source) + strings.Join(m.Balances, ",") + ";")
	}
	return ledger.Field{Name: "methods", Value: b.String()}
}

// only reports whether the method takes nothing but the balance in one currency.
func (m PaymentMethod) only(currency string) bool {
	return m.Source == "" && (len(m.Balances) == 0 || len(m.Balances) == 1 && m.Balances[0] == currency)
}

// swap is a part of an amount that comes out of another currency.
type swap struct {
	from   money.Amount // taken from the customer
	mid    int64        // what it is worth, in minor units of the payment's currency
	target int64        // what the customer gets for it
}

// funding is how balances cover an amount, or by how much they do not.
type funding struct {
	exchanges []swap
	missing   int64        // in minor units of the payment's currency
	left      money.Amount // available in the payment's currency, before
}

// fund looks at a customer's balances. What it finds is decided again when the Change commits: another
// Change may take the money first.
func (s *Payments) fund(d *ledger.Draft, rates *rates, payer CustomerID, m PaymentMethod, amount money.Amount) (funding, error) {
	codes := m.Balances
	if len(codes) == 0 {
		codes = []string{amount.Currency().Code()}
	}
	f := funding{missing: amount.Minor(), left: money.Zero(amount.Currency())}
	for _, code := range codes {
		has, err := s.w.available(d, customerAccount(payer), code)
		if err != nil {
			return f, err
		}
		if code == amount.Currency().Code() {
			f.left = has
			f.missing -= min(f.missing, max(has.Minor(), 0))
		} else if has.IsPositive() && f.missing > 0 {
			rate, err := rates.get(d.Context(), has.Currency(), amount.Currency())
			if err != nil {
				return f, err
			}
			if x, ok := rate.cover(has, amount.Currency(), f.missing); ok {
				f.exchanges = append(f.exchanges, x)
				f.missing -= min(f.missing, x.target)
			}
		}
		if f.missing == 0 {
			break
		}
	}
	return f, nil
}

// postings are the exchange of one currency, with the spread booked.
func (x swap) postings(payer CustomerID, into money.Currency) []ledger.Posting {
	account := customerAccount(payer)
	out := []ledger.Posting{
		{Debit: account, Credit: fxPosition, Amount: x.from},
		{Debit: fxPosition, Credit: account, Amount: money.New(x.target, into)},
	}
	if spread := x.mid - x.target; spread > 0 {
		out = append(out, ledger.Posting{Debit: fxPosition, Credit: fxSpread, Amount: money.New(spread, into)})
	}
	return out
}

// available reads what an account can give in one currency.
func (w *Wallet) available(d *ledger.Draft, account, currency string) (money.Amount, error) {
	c, err := w.cfg.Currencies.Lookup(currency)
	if err != nil {
		return money.Amount{}, err
	}
	b, err := d.Balance(ledger.AccountKey{Name: account, Currency: currency})
	if errors.Is(err, ledger.ErrNotFound) { // a currency that was never used
		return money.Zero(c), nil
	}
	if err != nil {
		return money.Amount{}, err
	}
	return b.Available, nil
}

// rates asks Config.Rates at most once a pair for one call of a verb.
type rates struct {
	w   *Wallet
	got map[[2]string]Rate
}

func (r *rates) get(ctx context.Context, from, to money.Currency) (Rate, error) {
	pair := [2]string{from.Code(), to.Code()}
	if rate, ok := r.got[pair]; ok {
		return rate, nil
	}
	if r.w.cfg.Rates == nil {
		return Rate{}, NewError(ProviderUnavailable, "there are no exchange rates")
	}
	rate, err := r.w.cfg.Rates(ctx, from, to)
	if err == nil {
		err = rate.check()
	}
	if err != nil {
		e := NewError(ProviderUnavailable, "there is no exchange rate from %s to %s", from, to)
		e.Err = err
		return Rate{}, e
	}
	if r.got == nil {
		r.got = map[[2]string]Rate{}
	}
	r.got[pair] = rate
	return rate, nil
}
