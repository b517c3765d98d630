package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// expireInstead records that a payment's time is over, and refuses the verb that found it
// so. The hold ends by itself: from the instant of its expiry it reserves nothing.
func (s *Payments) expireInstead(d *ledger.Draft, p *paymentDoc, code Code) error {
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(code), Detail: "the payment's time is over"})
	return s.expire(d, p)
}

// expire writes that a payment's time is over.
func (s *Payments) expire(d *ledger.Draft, p *paymentDoc) error {
	held := p.Hold && paymentMachine().Allows(p.State, capture)
	m, err := p.move(expire, Always)
	if err != nil {
		return err
	}
	p.ChallengeEnds, p.Methods = time.Time{}, nil
	s.giveBack(d, p, p.rest())
	return s.write(&d.Change, p, d.Now(), held, m)
}

// workDue does what is due with a payment: ends it, ends a challenge, asks a funding source.
func (s *Payments) workDue(ctx context.Context, id PaymentID) error {
	p := &paymentDoc{}
	if err := s.w.get(ctx, "payment", string(id), p); err != nil {
		return err
	}
	now := s.w.Now()
	switch c := p.open(); {
	case p.due(now):
		return s.expireDue(ctx, id)
	case p.lapsed(now):
		return s.lapseDue(ctx, id)
	case c != nil && !now.Before(c.AskAt):
		return s.askAgain(ctx, p)
	}
	return ErrNothingDue
}

// expireDue records that a payment's time is over, if it is.
func (s *Payments) expireDue(ctx context.Context, id PaymentID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "payment.expire"}, func(d *ledger.Draft) error {
		p, err := s.load(d, id)
		if err != nil {
			return err
		}
		if !p.due(d.Now()) {
			return ErrNothingDue
		}
		return s.expire(d, p)
	})
	return err
}

// lapseDue records that the customer was too late to prove who they are.
func (s *Payments) lapseDue(ctx context.Context, id PaymentID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "payment.lapse"}, func(d *ledger.Draft) error {
		p, err := s.load(d, id)
		if err != nil {
			return err
		}
		if !p.lapsed(d.Now()) {
			return ErrNothingDue
		}
		m, err := s.tryFailed(p, challengeLapsed, AuthenticationFailed, d.Now())
		if err != nil {
			return err
		}
		return s.write(&d.Change, p, d.Now(), false, m)
	})
	return err
}

// nothingDue is no error: what was to be done had been done.
func nothingDue(err error) error {
	if errors.Is(err, ErrNothingDue) {
		return nil
	}
	return err
}
