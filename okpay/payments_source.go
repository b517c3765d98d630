package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// collect asks the funding sources that a payment waits for, one after the other, until one
// has paid, none is left, or one does not know.
func (s *Payments) collect(ctx context.Context, p *paymentDoc) (*paymentDoc, error) {
	for p.State == PaymentProcessing {
		c := p.open()
		if c == nil {
			return p, nil
		}
		asked, outcome := c.ID, s.askFor(ctx, p, c)
		if outcome == rails.Unknown {
			return p, nil
		}
		// The money has moved or not whatever becomes of the caller.
		ctx = context.WithoutCancel(WithoutActor(ctx))
		if err := nothingDue(s.answered(ctx, p.ID, c.ID, outcome)); err != nil {
			return nil, err
		}
		var err error
		if p, err = s.get(ctx, p.ID); err != nil {
			return nil, err
		}
		if next := p.open(); next != nil && next.ID == asked {
			return p, nil
		}
	}
	return p, nil
}

// askFor asks one source. What it does not answer is unknown.
func (s *Payments) askFor(ctx context.Context, p *paymentDoc, c *collection) rails.Outcome {
	source := s.w.cfg.Sources[c.Source]
	if source == nil {
		s.w.cfg.Logger.WarnContext(ctx, "okpay: a payment waits for a funding source that is not configured", "payment", p.ID, "source", c.Source)
		return rails.Unknown
	}
	outcome, err := s.w.collect(ctx, source, rails.Collection{
		ID: c.ID, Customer: string(c.Customer), Amount: p.amountOf(s.w, p.Minor.Amount),
	})
	if err != nil {
		s.w.cfg.Logger.WarnContext(ctx, "okpay: funding source did not answer", "payment", p.ID, "source", c.Source, "error", err)
		return rails.Unknown
	}
	return definite(outcome)
}

// definite makes unknown of whatever does not say that the money came, or that it will not.
func definite(o rails.Outcome) rails.Outcome {
	if o == rails.Succeeded || o == rails.Failed {
		return o
	}
	return rails.Unknown
}

// answered records an answer that the source gave when it was asked.
func (s *Payments) answered(ctx context.Context, id PaymentID, collection string, outcome rails.Outcome) error {
	rates := &rates{w: s.w}
	out, err := s.do(ctx, verb{principal: "program", operation: "payment.settle"}, func(d *ledger.Draft) error {
		p, err := s.load(d, id)
		if err != nil {
			return err
		}
		d.Result = string(id)
		return s.settle(d, p, collection, outcome == rails.Succeeded, p.amountOf(s.w, p.Minor.Amount), rates)
	})
	if out.Result != "" {
		return nil // that the next method was refused is recorded
	}
	return err
}

// askAgain asks the source of a payment, and puts off the next question if it does not know.
// A payment that is over is asked for too: its money may still come.
func (s *Payments) askAgain(ctx context.Context, p *paymentDoc) error {
	c := p.open()
	if outcome := s.askFor(ctx, p, c); outcome != rails.Unknown {
		if err := s.answered(ctx, p.ID, c.ID, outcome); err != nil {
			return err
		}
		if p, err := s.get(ctx, p.ID); err == nil {
			_, err = s.collect(ctx, p) // the next source, if the first said no
			s.creditedOf(p)
			return err
		}
		return nil
	}
	_, err := s.w.do(ctx, verb{principal: "program", operation: "payment.wait"}, func(d *ledger.Draft) error {
		p, err := s.load(d, p.ID)
		if err != nil {
			return err
		}
		c := p.open()
		if c == nil || d.Now().Before(c.AskAt) {
			return ErrNothingDue
		}
		// A source that knows nothing for long is asked less often.
		c.AskAt = d.Now().Add(min(max(queryAfter, d.Now().Sub(p.CreatedAt)/8), 6*time.Hour))
		return s.write(&d.Change, p, d.Now(), false)
	})
	return err
}

// PaymentAnswer is the input of Payments.Answer: what a funding source says by itself.
type PaymentAnswer struct {
	Payment PaymentID
	// Collection is the id that the source was asked with; empty means the latest. It is the
	// payment's id, '-' and a number from 1.
	Collection string
	Source     string // who says so: a name of Config.Sources; empty means whoever was asked
	Event      string // the source's id of what it says: the same one is heard once
	Outcome    rails.Outcome
	// Amount is what came, with Succeeded. The zero Amount means what was asked for.
	Amount money.Amount
	// Reference is what the source calls the money that came, at most 128 bytes, as far as it
	// says: rows of statements that have nothing else are matched by it.
	Reference string
}

// Answer hears what a funding source says of a payment without being asked. It may come twice, late or
// in any order. Money that the payment waits for pays it; of another amount or currency, it
// goes to suspense, and Payment.NeedsReview is set; money for a payment that does not wait
// for it any more is the payer's, or goes to suspense when the payer's account is closed. A
// failure after success, or Unknown, changes nothing.
//
// Errors: InvalidRequest, NotFound for the payment or a collection that this source was asked for, AmountNotPositive, CurrencyNotSupported,
// IdempotencyKeyReused. That the payment fails by what is said is no error here, but stands in its LastFailure.
func (s *Payments) Answer(ctx context.Context, in PaymentAnswer) (Payment, error) {
	exact := in.Amount == money.Amount{}
	if !exact {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return Payment{}, err
		}
	}
	if err := CheckText("reference", in.Reference, 128); err != nil {
		return Payment{}, err
	}
	p, err := s.get(ctx, in.Payment)
	if err != nil {
		return Payment{}, translate(err)
	}
	c := p.collection(in.Collection)
	if c == nil || in.Source != "" && in.Source != c.Source {
		return Payment{}, notFound("collection", in.Collection)
	}
	if definite(in.Outcome) == rails.Unknown {
		return s.w.payment(p)
	}
	v := answerVerb(c.Source, in.Event, in.Payment, in.Collection, in.Outcome.String(), in.Amount)
	rates, id := &rates{w: s.w}, c.ID
	out, err := s.do(ctx, v, func(d *ledger.Draft) error {
		p, err := s.load(d, in.Payment)
		if err != nil {
			return err
		}
		got := in.Amount
		if exact {
			got = p.amountOf(s.w, p.Minor.Amount)
		}
		d.Result = string(p.ID)
		news := false
		if c := p.collection(id); c != nil && in.Outcome == rails.Succeeded && in.Reference != "" {
			if news, err = s.w.learn(d, c.Source, in.Reference, c.ID); err != nil {
				return err
			}
		}
		err = s.settle(d, p, id, in.Outcome == rails.Succeeded, got, rates)
		if errors.Is(err, ErrNothingDue) && news { // what the source calls it is told after all
			return nil
		}
		return err
	})
	if err != nil && out.Result == "" && !errors.Is(err, ErrNothingDue) {
		return Payment{}, translate(err)
	}
	if p, err = s.get(ctx, in.Payment); err == nil {
		p, err = s.collect(ctx, p)
	}
	if err != nil {
		return Payment{}, translate(err)
	}
	s.creditedOf(p)
	shown, err := s.w.payment(p)
	shown.Replayed = out.Replayed
	return shown, err
}

// ResolveMismatch is the input of Payments.ResolveMismatch.
type ResolveMismatch struct {
	Payment PaymentID
	Credit  bool   // to the payer's balance; otherwise back to the funding source
	By      string // who decides, 1 to 64 letters, digits, '_' and '-'
	Key     string // makes the call safe to repeat
}

// ResolveMismatch is an operator's decision about money of another amount than was asked for: it
// goes to the payer's balance, who may then confirm again, or back to the source. A payment
// that still waits has then failed an attempt, with AmountMismatch. Errors:
// InvalidRequest, NotFound, InvalidState when nothing is to be decided, AccountClosed for a
// payer who is gone, IdempotencyKeyReused.
func (s *Payments) ResolveMismatch(ctx context.Context, in ResolveMismatch) (Payment, error) {
	if err := CheckID("by", in.By); err != nil {
		return Payment{}, err
	}
	on := mismatchReturned
	if in.Credit {
		on = mismatchCredited
	}
	v := verb{"op/" + in.By, "payment.resolve_mismatch", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)}, {Name: "to", Value: string(on)},
	}}
	out, err := s.do(ctx, v, func(d *ledger.Draft) error {
		p, err := s.load(d, in.Payment)
		if err != nil {
			return err
		}
		return s.resolveMismatch(d, p, on)
	})
	if err != nil {
		return Payment{}, translate(err)
	}
	p, err := s.Get(ctx, in.Payment)
	p.Replayed = out.Replayed
	return p, err
}

func (s *Payments) resolveMismatch(d *ledger.Draft, p *paymentDoc, on Action) error {
	var c *collection
	for i := range p.Collections {
		if p.Collections[i].Suspended != nil {
			c = &p.Collections[i]
		}
	}
	if c == nil {
		return p.invalidState(on)
	}
	amount, err := s.w.restore(c.Suspended.Minor, c.Suspended.Currency)
	if err != nil {
		return err
	}
	to := clearingAccount(c.Source)
	if on == mismatchCredited {
		if err := s.w.arriving(d, c.Customer); err != nil {
			return err
		}
		to = customerAccount(c.Customer)
	}
	c.Suspended, c.SentBack = nil, on == mismatchReturned
	if err := s.w.settled(d, string(p.ID)); err != nil {
		return err
	}
	d.Post(ledger.Transaction{
		Reference: string(p.ID), Metadata: kind("topup"),
		Postings: []ledger.Posting{{Debit: suspenseAccount(c.Source), Credit: to, Amount: amount}},
	})
	if p.State != PaymentProcessing || p.due(d.Now()) {
		if p.State == PaymentProcessing {
			s.giveBack(d, p, p.rest())
			m, err := p.move(expire, Always)
			if err != nil {
				return err
			}
			if err := s.w.announce(&d.Change, d.Now(), p, m.Emits...); err != nil {
				return err
			}
		}
		m, err := p.move(on, Always)
		if err != nil {
			return err
		}
		return s.write(&d.Change, p, d.Now(), false, m)
	}
	s.giveBack(d, p, p.rest())
	m, err := s.tryFailed(p, on, AmountMismatch, d.Now())
	if err != nil {
		return err
	}
	p.Methods = nil
	return s.write(&d.Change, p, d.Now(), false, m)
}
