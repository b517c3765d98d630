package okpay

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Conditions is what to know before asking for a withdrawal or a payout in one currency. It is
// true when it is read and reserves nothing.
type Conditions struct {
	Currency string       `json:"currency"`
	Minimum  money.Amount `json:"minimum"` // the smallest amount

	// Maximum is the largest amount of each, zero for no bound.
	Maximum money.Amount `json:"maximum"`

	Limits       []LimitLeft  `json:"limits"`        // of periods, in the order of Config.Limits
	MinRemaining money.Amount `json:"min_remaining"` // what must remain in the balance
	Fee          Fee          `json:"fee"`           // on top of the amount
	Available    money.Amount `json:"available"`     // the balance less what is held

	// Withdrawable is the largest amount that the balance allows: with its fee it leaves
	// MinRemaining. Most is the largest that could be asked for now: limits count, and it is zero while the
	// account is locked, withdrawing is denied, or when no amount is possible.
	Withdrawable money.Amount `json:"withdrawable"`
	Most         money.Amount `json:"most"`

	Account      GateState     `json:"account,omitempty"` // of a customer; only active lets money leave
	Destinations []Destination `json:"destinations"`      // those that are verified, the newest first, at most 100
}

// LimitLeft is what is left of one limit.
type LimitLeft struct {
	Per      Period        `json:"per"`
	Left     *money.Amount `json:"left,omitempty"`  // of the sum
	Count    *int64        `json:"count,omitempty"` // how many more
	ResetsAt time.Time     `json:"resets_at"`
}

// Conditions answers what a withdrawal has to satisfy, before a form is filled in. Errors:
// NotFound, CurrencyNotSupported.
func (s *Withdrawals) Conditions(ctx context.Context, customer CustomerID, currency string) (Conditions, error) {
	g, err := s.w.Customers.Gate(ctx, customer)
	if err != nil {
		return Conditions{}, err
	}
	c, err := s.conditions(ctx, owner{customer: customer}, nil, currency, 0)
	if err != nil {
		return Conditions{}, err
	}
	if c.Account = g.State; !g.Allows(CanWithdraw, s.w.Now()) {
		c.Most = money.Zero(c.Most.Currency())
	}
	return c, nil
}

func (e outgoings) conditions(ctx context.Context, o owner, m *Merchant, code string, reserve int64) (Conditions, error) {
	currency, err := e.w.Currency(code)
	if err != nil {
		return Conditions{}, err
	}
	amount := func(minor int64) money.Amount { return money.New(minor, currency) }
	available, err := e.w.availableOn(ctx, o.account(), currency)
	if err != nil {
		return Conditions{}, err
	}
	out := Conditions{
		Currency: currency.Code(), Minimum: amount(1), Maximum: amount(0), Limits: []LimitLeft{}, Available: amount(available),
		MinRemaining: amount(saturated(e.config().MinRemaining[code], reserve)), Fee: e.schedule(m, code),
	}
	most := withdrawable(available, out.MinRemaining.Minor(), out.Fee)
	out.Withdrawable = amount(most)
	now := e.w.Now()
	for i := range e.w.cfg.Limits {
		l := &e.w.cfg.Limits[i]
		if l.On != e.operation() || l.Currency != "" && l.Currency != code {
			continue
		}
		if l.Per == Each {
			out.Minimum = amount(max(out.Minimum.Minor(), l.Min))
			if l.Max > 0 && (out.Maximum.IsZero() || l.Max < out.Maximum.Minor()) {
				out.Maximum = amount(l.Max)
				most = min(most, l.Max)
			}
			continue
		}
		left, possible, err := e.w.limitLeft(ctx, l, e.operation(), o.party(), currency, now)
		if err != nil {
			return Conditions{}, err
		}
		out.Limits, most = append(out.Limits, left), min(most, possible)
	}
	if most < out.Minimum.Minor() {
		most = 0
	}
	out.Most = amount(most)
	out.Destinations, err = e.w.Destinations.usable(ctx, o)
	return out, err
}

// limitLeft is what is left of a limit for a period, and the largest amount that it allows.
func (w *Wallet) limitLeft(ctx context.Context, l *Limit, on Operation, party string, c money.Currency, now time.Time) (LimitLeft, int64, error) {
	period, resets := l.period(now, w.cfg.Zone)
	account := strings.Join([]string{"usage", party, string(on), period}, ":")
	out, most := LimitLeft{Per: l.Per, ResetsAt: resets.UTC()}, int64(math.MaxInt64)
	if l.Max > 0 {
		used, err := w.availableOn(ctx, account, c)
		if err != nil {
			return out, 0, err
		}
		most = max(l.Max-used, 0)
		left := money.New(most, c)
		out.Left = &left
	}
	if l.Count > 0 {
		used, err := w.availableOn(ctx, account+":count", c)
		if err != nil {
			return out, 0, err
		}
		count := max(l.Count-used, 0)
		if out.Count = &count; count == 0 {
			most = 0
		}
	}
	return out, most, nil
}

// availableOn is what is available on an account, 0 for one that was never used.
func (w *Wallet) availableOn(ctx context.Context, account string, c money.Currency) (int64, error) {
	b, err := w.ledger.Balance(ctx, ledger.AccountKey{Name: account, Currency: c.Code()})
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, translate(err)
	}
	return b.Available.Minor(), nil
}
