package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// ConversionID names a conversion.
type ConversionID string

// ConversionState is what became of a conversion.
type ConversionState string

const (
	// ConversionCompleted exchanged the money. Final.
	ConversionCompleted ConversionState = "completed"
	// ConversionFailed was refused by the risk check and moved nothing. Final.
	ConversionFailed ConversionState = "failed"
)

const (
	allowed   Guard = "risk allows it"
	forbidden Guard = "risk blocks it, or wants a person to look first"
)

// conversionMachine is the conversion's state machine: it is over as soon as it is made.
func conversionMachine() Machine[ConversionState] {
	return Machine[ConversionState]{Noun: "conversion", Rows: []Row[ConversionState]{
		{
			On: convert, Guard: allowed, To: ConversionCompleted, Emits: []string{"fx.converted"},
			Posts: "Dr user:{customer}:available base / Cr fx:position base; Dr fx:position quote at mid / Cr user:{customer}:available quote at rate, Cr fees:fx_spread the difference",
		},
		{On: convert, Guard: forbidden, To: ConversionFailed, Emits: []string{"fx.declined"}},
	}}
}

// Conversion is an exchange of a customer's money from one currency into another.
type Conversion struct {
	ID        ConversionID    `json:"id"`
	Customer  CustomerID      `json:"customer"`
	Quote     QuoteID         `json:"quote"`
	State     ConversionState `json:"state"`
	Given     money.Amount    `json:"given"`
	Got       money.Amount    `json:"got"`    // floor(given × rate)
	Spread    money.Amount    `json:"spread"` // floor(given × mid) less what was got; income of the wallet
	Failure   *Refused        `json:"failure,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	Sequence  int64           `json:"sequence"` // counts the conversion's events

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// conversionDoc is a conversion as its record keeps it: amounts in minor units.
type conversionDoc struct {
	Conversion
	Base  string `json:"base"`
	To    string `json:"to"`
	Minor struct {
		Given, Got, Spread int64
	} `json:"minor"`
	Risk Assessment `json:"risk,omitzero"`

	// The amounts of the embedded Conversion are kept in Minor.
	Given  *struct{} `json:"given,omitempty"`
	Got    *struct{} `json:"got,omitempty"`
	Spread *struct{} `json:"spread,omitempty"`
}

func (w *Wallet) conversion(d *conversionDoc) (Conversion, error) {
	given, err := w.restore(d.Minor.Given, d.Base)
	if err != nil {
		return Conversion{}, err
	}
	got, err := w.restore(d.Minor.Got, d.To)
	c := d.Conversion
	c.Given, c.Got, c.Spread = given, got, money.New(d.Minor.Spread, got.Currency())
	return c, err
}

func (c *conversionDoc) record() ledger.Put {
	return ledger.Put{Type: "conversion", ID: string(c.ID), Labels: []string{"c:" + string(c.Customer)}}
}

func (c *conversionDoc) view(w *Wallet) (any, error) { return w.conversion(c) }

func (c *conversionDoc) counter() *int64 { return &c.Sequence }

func (c *conversionDoc) parties() (MerchantID, CustomerID) { return "", c.Customer }

// Convert is the input of Quotes.Convert.
type Convert struct {
	Customer CustomerID
	Quote    QuoteID
	Amount   money.Amount // of the quote's base currency, more than zero
	Proof    string       // answers a challenge of the risk check; never stored
	Key      string       // makes the call safe to repeat
}

// Convert exchanges a customer's money at a quote, which is then used up. The customer gets
// floor(amount × rate); the difference to floor(amount × mid) is the wallet's income.
//
// Errors, the first that applies: InvalidRequest, AmountNotPositive or CurrencyNotSupported for the input;
// NotFound for the customer, AccountLocked, AccountRestricted, AccountClosed; NotFound for the quote (also one for another
// customer), QuoteAlreadyUsed, QuoteExpired; CurrencyNotSupported for an amount of another currency than
// the quote's base; AmountTooSmall for an amount that is less than one minor unit of the other
// currency or less than a limit allows; LimitExceededTransaction; AuthenticationRequired and AuthenticationFailed for a
// challenge; RiskDeclined, which is recorded: the conversion comes back failed; then what
// the kernel decides: LimitExceededDaily, LimitExceededMonthly, VelocityExceeded,
// InsufficientBalance with Short. IdempotencyKeyReused. A refusal leaves the quote as it was.
func (s *Quotes) Convert(ctx context.Context, in Convert) (Conversion, error) {
	if err := CheckID("customer", string(in.Customer)); err != nil {
		return Conversion{}, err
	}
	if err := CheckID("quote", string(in.Quote)); err != nil {
		return Conversion{}, err
	}
	if err := s.w.amount("amount", in.Amount); err != nil {
		return Conversion{}, err
	}
	v := verb{"c/" + string(in.Customer), "fx.convert", in.Key, []ledger.Field{
		{Name: "quote", Value: string(in.Quote)}, {Name: "amount", Value: in.Amount.String()},
	}}
	asked := s.w.screening()
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		if err := s.w.leaving(d, in.Customer, CanConvert); err != nil {
			return err
		}
		q, err := s.usable(d, in.Quote, in.Customer)
		if err != nil {
			return err
		}
		target, atMid, err := s.priced(q, in.Amount)
		if err != nil {
			return err
		}
		if err := s.w.within(OnConversion, in.Amount); err != nil {
			return err
		}
		c := &conversionDoc{Base: q.Base, To: q.Quote}
		c.Conversion = Conversion{ID: ConversionID(s.w.newID("fxc_")), Customer: in.Customer, Quote: q.ID, CreatedAt: d.Now()}
		c.Minor.Given = in.Amount.Minor()
		c.Risk, err = asked.screen(d, RiskCheck{
			Operation: OnConversion, Customer: in.Customer, To: q.Quote, Object: string(q.ID), Amount: in.Amount, At: d.Now(),
		}, in.Proof, false)
		if err != nil {
			return err
		}
		fresh(d, "conversion", string(c.ID))
		g := allowed
		if c.Risk.Verdict == Block || c.Risk.Verdict == Review { // a quote does not wait for a person
			g = forbidden
		}
		m, err := conversionMachine().Move(&c.State, string(c.ID), convert, g)
		if err != nil {
			return err
		}
		if c.State == ConversionFailed {
			c.Failure = refusedFor(RiskDeclined, d.Now())
			d.Refuse(ledger.Refusal{Reason: ledger.Reason(RiskDeclined)})
			return s.w.write(&d.Change, d.Now(), c, m)
		}
		c.Minor.Got, c.Minor.Spread = target.Minor(), atMid.Minor()-target.Minor()
		s.w.reserve(&d.Change, OnConversion, partyCustomer(in.Customer), in.Amount, d.Now())
		d.Post(ledger.Transaction{
			Reference: string(c.ID), Metadata: kind("conversion"),
			Postings: exchangePostings(in.Customer, in.Amount, target, money.New(c.Minor.Spread, target.Currency())),
		})
		q.Conversion = c.ID
		used, err := q.move(convert)
		if err != nil {
			return err
		}
		if err := s.w.write(&d.Change, d.Now(), q, used); err != nil {
			return err
		}
		return s.w.write(&d.Change, d.Now(), c, m)
	})
	return s.converted(ctx, in, out, err)
}

// priced returns what a quote gives for an amount of its base currency.
func (s *Quotes) priced(q *Quote, amount money.Amount) (target, atMid money.Amount, err error) {
	if amount.Currency().Code() != q.Base {
		e := NewError(CurrencyNotSupported, "the quote is for %s", q.Base)
		e.Field, e.Object = "amount", string(q.ID)
		return money.Amount{}, money.Amount{}, e
	}
	to, err := s.w.Currency(q.Quote)
	if err != nil {
		return money.Amount{}, money.Amount{}, err
	}
	return exchange(amount, to, q.Rate, q.Mid)
}

// converted is the answer of Convert.
func (s *Quotes) converted(ctx context.Context, in Convert, out ledger.Outcome, err error) (Conversion, error) {
	failure := s.w.refusedByLimit(err, in.Amount, s.w.Now())
	if failure == nil {
		failure = translate(err)
	}
	var (
		e       *Error
		refused *ledger.RefusedError
	)
	if errors.As(failure, &e) && e.Code == InsufficientBalance && errors.As(err, &refused) {
		short := money.New(refused.Short, in.Amount.Currency())
		e.Short = &short
	}
	if out.Result == "" {
		return Conversion{}, failure
	}
	if e != nil {
		e.Object = out.Result
	}
	c, err := s.GetConversion(ctx, ConversionID(out.Result))
	if err != nil {
		return Conversion{}, errors.Join(failure, err)
	}
	c.Replayed = out.Replayed
	return c, failure
}

// GetConversion returns a conversion. Errors: NotFound.
func (s *Quotes) GetConversion(ctx context.Context, id ConversionID) (Conversion, error) {
	var doc conversionDoc
	if err := s.w.get(ctx, "conversion", string(id), &doc); err != nil {
		return Conversion{}, translate(err)
	}
	if err := showing(ctx, "conversion", string(id), doc.Customer); err != nil {
		return Conversion{}, err
	}
	return s.w.conversion(&doc)
}
