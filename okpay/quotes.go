package okpay

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Quotes is the service for exchanges of currencies.
type Quotes struct{ w *Wallet }

// Rate is what a unit of one currency is worth in another one, in numbers of the module
// github.com/shopspring/decimal.
type Rate struct {
	Mid  decimal.Decimal // in the middle of the market
	Rate decimal.Decimal // what the customer gets; at most Mid. The difference is the wallet's income.
}

// Bounds of a quote's life.
const (
	MinQuoteTTL     = time.Second
	DefaultQuoteTTL = 30 * time.Second
	MaxQuoteTTL     = 24 * time.Hour
)

// CreateQuote is the input of Quotes.Create.
type CreateQuote struct {
	Base, Quote string     // codes of the currencies that are given and got
	Customer    CustomerID // only they may use it; empty means whoever comes
	// Mid and Rate are units of Quote for one of Base, as in Rate. With neither,
	// Config.Rates is asked.
	Mid, Rate decimal.Decimal
	TTL       time.Duration // how long it can be used, MinQuoteTTL to MaxQuoteTTL; defaults to DefaultQuoteTTL
	Key       string        // makes the call safe to repeat
}

// Create makes a quote; the operator's program calls it, since it sets the rate. Errors, the
// first that applies: CurrencyNotSupported; InvalidRequest for one currency twice, a TTL out of bounds, a rate that
// is not more than zero or above the middle one (the wallet would pay for the exchange) or none at all;
// ProviderUnavailable when Config.Rates does not answer, or with no such rate; NotFound for the customer;
// IdempotencyKeyReused.
func (s *Quotes) Create(ctx context.Context, in CreateQuote) (Quote, error) {
	asked := in // before defaults and Config.Rates, which may say something else at the second try
	if in.Mid.IsZero() && in.Rate.IsZero() {
		asked.Mid, asked.Rate = decimal.Zero, decimal.Zero // whatever exponents they come with
	}
	if err := s.checkCreate(ctx, &in); err != nil {
		return Quote{}, err
	}
	v := verb{"program", "quote.create", in.Key, []ledger.Field{
		{Name: "base", Value: in.Base},
		{Name: "quote", Value: in.Quote},
		{Name: "customer", Value: string(in.Customer)},
		{Name: "mid", Value: asked.Mid.String()},
		{Name: "rate", Value: asked.Rate.String()},
		{Name: "ttl", Value: asked.TTL.String()},
	}}
	of := CustomerID("")
	if _, acts := ActorOf(ctx); acts {
		of = in.Customer // whoever is signed in asks for themselves
	}
	out, err := s.w.doFor(ctx, of, v, func(d *ledger.Draft) error {
		if in.Customer != "" {
			if err := draftGet(d, "customer", string(in.Customer), &Customer{}); err != nil {
				return err
			}
		}
		q := &Quote{
			ID: QuoteID(s.w.newID("fxq_")), Customer: in.Customer, Base: in.Base, Quote: in.Quote, Mid: in.Mid, Rate: in.Rate,
			CreatedAt: d.Now(), ExpiresAt: d.Now().Add(in.TTL),
		}
		m, err := q.move(makeQuote)
		if err != nil {
			return err
		}
		fresh(d, "quote", string(q.ID))
		return s.w.write(&d.Change, d.Now(), q, m)
	})
	if err != nil {
		return Quote{}, translate(err)
	}
	q, err := s.Get(ctx, QuoteID(out.Result))
	q.Replayed = out.Replayed
	return q, err
}

func (s *Quotes) checkCreate(ctx context.Context, in *CreateQuote) error {
	var pair [2]money.Currency
	for i, c := range [...]struct{ field, code string }{{"base", in.Base}, {"quote", in.Quote}} {
		var err error
		if pair[i], err = s.w.Currency(c.code); err != nil {
			e := NewError(CurrencyNotSupported, "unknown currency")
			e.Field, e.Err = c.field, err
			return e
		}
	}
	if in.Base == in.Quote {
		return InvalidField("quote", "is the same currency as base")
	}
	if in.Customer != "" {
		if err := CheckID("customer", string(in.Customer)); err != nil {
			return err
		}
	}
	if in.TTL == 0 {
		in.TTL = DefaultQuoteTTL
	}
	if in.TTL < MinQuoteTTL || in.TTL > MaxQuoteTTL {
		return InvalidField("ttl", "is %v, want %v to %v", in.TTL, MinQuoteTTL, MaxQuoteTTL)
	}
	if in.Mid.IsZero() && in.Rate.IsZero() && s.w.cfg.Rates != nil {
		r, err := s.w.cfg.Rates(ctx, pair[0], pair[1])
		if err != nil {
			e := NewError(ProviderUnavailable, "there is no rate from %s to %s now", in.Base, in.Quote)
			e.Err = err
			return e
		}
		in.Mid, in.Rate = r.Mid, r.Rate
		if err := r.check(); err != nil { // nothing that the caller could have said better
			e := NewError(ProviderUnavailable, "the rate from %s to %s cannot be used", in.Base, in.Quote)
			e.Err = err
			return e
		}
	}
	return Rate{in.Mid, in.Rate}.check()
}

func (r Rate) check() error {
	if err := checkRate("mid", r.Mid); err != nil {
		return err
	}
	if err := checkRate("rate", r.Rate); err != nil {
		return err
	}
	if r.Rate.GreaterThan(r.Mid) {
		return InvalidField("rate", "is above the middle rate")
	}
	return nil
}

// Get returns a quote, expired if its time is over whether or not that is recorded yet.
// Errors: NotFound.
func (s *Quotes) Get(ctx context.Context, id QuoteID) (Quote, error) {
	var q Quote
	if err := s.w.get(ctx, "quote", string(id), &q); err != nil {
		return Quote{}, translate(err)
	}
	if q.Customer != "" {
		if err := showing(ctx, "quote", string(id), q.Customer); err != nil {
			return Quote{}, err
		}
	}
	if q.due(s.w.Now()) {
		_, err := q.move(expire)
		return q, err
	}
	return q, nil
}

// usable reads a quote that a customer wants to use now. Whoever uses it moves it with the
// same Draft, so that it is used once. Errors: NotFound (also for another customer's), QuoteAlreadyUsed, QuoteExpired.
func (s *Quotes) usable(d *ledger.Draft, id QuoteID, customer CustomerID) (*Quote, error) {
	q := &Quote{}
	if err := draftGet(d, "quote", string(id), q); err != nil {
		return nil, err
	}
	if q.Customer != "" && q.Customer != customer {
		return nil, notFound("quote", string(id))
	}
	switch {
	case q.State == QuoteUsed:
		e := NewError(QuoteAlreadyUsed, "the quote was used")
		e.Object = string(id)
		return nil, e
	case q.State == QuoteTimedOut || q.due(d.Now()):
		e := NewError(QuoteExpired, "the quote expired at %s", q.ExpiresAt.UTC().Format(time.RFC3339Nano))
		e.Object = string(id)
		return nil, e
	}
	return q, nil
}

// expireDue records that a quote's time is over, if it is.
func (s *Quotes) expireDue(ctx context.Context, id QuoteID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "quote.expire"}, func(d *ledger.Draft) error {
		q := &Quote{}
		if err := draftGet(d, "quote", string(id), q); err != nil {
			return err
		}
		if !q.due(d.Now()) {
			return ErrNothingDue
		}
		m, err := q.move(expire)
		if err != nil {
			return err
		}
		return s.w.write(&d.Change, d.Now(), q, m)
	})
	return err
}
