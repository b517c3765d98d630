package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay/rails"
)

// Submit gives an approved withdrawal to its provider; Run does so by itself. The intent is committed
// before the provider is called, with the withdrawal's id as the provider's key: there is one key for
// each withdrawal, for ever, so that no call orders a second one. What the provider answers is
// recorded after the call, even when the context ends meanwhile: submitted, paid, failed,
// returned, or unknown, which is no error here. A withdrawal that is submitting or
// unknown is submitted once more, with the same key, while the provider's finality window lasts and the account is
// open; otherwise the provider is only asked.
//
// While the account is locked, or the destination can not be used any more, it stays approved: AccountLocked,
// AccountClosed, DestinationInvalid, DestinationClosed, DestinationBlocked or
// DestinationNameMismatch is returned together with the withdrawal, paused is announced once, and Run
// tries again every five minutes. Other errors: NotFound, InvalidState.
func (s *Withdrawals) Submit(ctx context.Context, id WithdrawalID) (Withdrawal, error) {
	return s.withdrawal(s.submit(ctx, string(id)))
}

// Query asks the provider what has become of a withdrawal that it has or may have, and
// records the answer; Run does so by itself. That the provider does not find it proves
// nothing before its finality window is over; then it becomes an exception for a person, and
// not failed: once they have learned what became of it, they say so by ProviderSays. Errors: NotFound, InvalidState.
func (s *Withdrawals) Query(ctx context.Context, id WithdrawalID) (Withdrawal, error) {
	return s.withdrawal(s.query(ctx, string(id)))
}

// How long Run waits before it does something again.
const (
	resumeAfter   = 5 * time.Minute  // what is paused
	askAfterFirst = 30 * time.Second // a provider that does not know, doubled each time
	askAfterMost  = time.Hour
	callMargin    = 30 * time.Second // beyond the time that a call may take
)

func (e outgoings) submit(ctx context.Context, id string) (*outgoingDoc, bool, error) {
	doc, order, err := e.intend(ctx, id)
	switch {
	case err != nil:
		return doc, false, err
	case order == nil:
		return e.query(ctx, id)
	}
	got := e.call(ctx, doc, func(ctx context.Context, p rails.PayoutProvider) (rails.PayoutResult, error) {
		return p.Submit(ctx, *order)
	})
	if got.Status == rails.PayoutNotFound {
		got.Status = rails.PayoutUnknown // no answer to an order
	}
	return e.learn(ctx, id, got)
}

// intend commits that the provider is going to be given an order. No order means that the
// provider may only be asked any more.
func (e outgoings) intend(ctx context.Context, id string) (doc *outgoingDoc, order *rails.Payout, err error) {
	v := verb{principal: "program", operation: e.noun + ".submit"}
	doc, _, err = e.run(ctx, v, id, func(d *ledger.Draft) error {
		order = nil
		doc, err := e.load(d, id)
		if err != nil {
			return err
		}
		d.Result = id
		first := e.machine.Allows(doc.State, submitOut)
		on, g := resubmitOut, Always
		switch {
		case first:
			if wait := e.mayLeave(d, doc); wait != nil {
				return e.pause(d, doc, wait)
			}
			on, g = submitOut, mayLeave
			doc.Paused, doc.SubmittedAt = false, d.Now()
		case !e.machine.Allows(doc.State, resubmitOut):
			return e.machine.Refuse(doc.State, id, submitOut)
		case e.pastWindow(doc, d.Now()) || doc.Payee == nil:
			return ErrNothingDue
		default:
			// Whether the order was heard is not known. If it was not, this would be the first
			// one, and no money leaves an account that is shut.
			_, shut := e.openOwner(d, doc.owner())
			switch CodeOf(shut) {
			case "":
			case AccountLocked, AccountRestricted, AccountClosed:
				return ErrNothingDue
			default:
				return shut
			}
		}
		m, err := e.move(doc, d.Now(), on, g)
		if err != nil {
			return err
		}
		amount, err := e.w.restore(doc.Minor.Amount, doc.Currency)
		if err != nil {
			return err
		}
		order = &rails.Payout{Key: id, Amount: amount, To: *doc.Payee}
		doc.NextAt = d.Now().Add(e.w.cfg.PayoutTimeout + callMargin)
		return e.write(&d.Change, doc, d.Now(), m)
	})
	return doc, order, err
}

// mayLeave refuses to submit while the account is not open or the destination can not be used, and
// otherwise notes where the money goes.
func (e outgoings) mayLeave(d *ledger.Draft, doc *outgoingDoc) error {
	if _, err := e.openOwner(d, doc.owner()); err != nil {
		return err
	}
	dst, err := e.w.usable(d, doc.owner(), doc.Destination)
	if err != nil {
		return err
	}
	doc.Payee = dst.Payee
	return nil
}

// pause records that an approved one has to wait, and announces it the first time.
func (e outgoings) pause(d *ledger.Draft, doc *outgoingDoc, why error) error {
	var own *Error
	if !errors.As(why, &own) {
		return why
	}
	m, err := e.move(doc, d.Now(), submitOut, mustWait)
	if err != nil {
		return err
	}
	if doc.Paused {
		m = Told{}
	}
	doc.Paused, doc.NextAt = true, d.Now().Add(resumeAfter)
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(own.Code)})
	return e.write(&d.Change, doc, d.Now(), m)
}

// pastWindow reports whether the provider may have forgotten the key: then ordering again
// could pay twice.
func (e outgoings) pastWindow(doc *outgoingDoc, now time.Time) bool {
	window, ok := e.w.cfg.FinalityWindows[doc.Provider]
	if !ok {
		window = defaultFinalityWindow
	}
	return !doc.SubmittedAt.IsZero() && !now.Before(doc.SubmittedAt.Add(window))
}

// call calls the provider outside of any Change. What is no answer is PayoutUnknown.
func (e outgoings) call(ctx context.Context, doc *outgoingDoc, fn func(context.Context, rails.PayoutProvider) (rails.PayoutResult, error)) rails.PayoutResult {
	provider := e.w.cfg.PayoutProviders[doc.Provider]
	if provider == nil {
		e.w.cfg.Logger.WarnContext(ctx, "okpay: a payout provider is missing", e.noun, doc.ID, "provider", doc.Provider)
		return rails.PayoutResult{}
	}
	got, err := callOutside(ctx, e.w.cfg.PayoutTimeout, func(ctx context.Context) (rails.PayoutResult, error) { return fn(ctx, provider) })
	if err != nil {
		// The error is the provider's, and may repeat what it was sent.
		e.w.cfg.Logger.WarnContext(ctx, "okpay: a payout provider did not answer", e.noun, doc.ID, "provider", doc.Provider)
		return rails.PayoutResult{}
	}
	return got
}

func (e outgoings) query(ctx context.Context, id string) (*outgoingDoc, bool, error) {
	doc, err := e.get(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if !e.asks(doc) {
		return nil, false, e.machine.Refuse(doc.State, id, "query")
	}
	return e.learn(ctx, id, e.call(ctx, doc, func(ctx context.Context, p rails.PayoutProvider) (rails.PayoutResult, error) {
		return p.Query(ctx, id)
	}))
}

// asks reports whether there is something that the provider could tell.
func (e outgoings) asks(doc *outgoingDoc) bool {
	_, ok := e.machine.Next(doc.State, providerNotFound, withinWindow)
	return ok
}

// learn records what the provider answered to a call of ours. The money has moved or not
// whatever becomes of the caller.
func (e outgoings) learn(ctx context.Context, id string, got rails.PayoutResult) (*outgoingDoc, bool, error) {
	v := verb{principal: "program", operation: e.noun + ".outcome"}
	return e.run(context.WithoutCancel(ctx), v, id, func(d *ledger.Draft) error {
		doc, err := e.load(d, id)
		if err != nil {
			return err
		}
		d.Result = id
		asked := e.asks(doc)
		from := doc.State
		moves, trouble, err := e.hear(d, doc, got)
		if err != nil {
			return err
		}
		if asked && doc.State == from {
			doc.Tries++
		} else if !asked && len(moves) == 0 {
			return ErrNothingDue // it was settled while the provider was asked
		}
		doc.NextAt = d.Now().Add(backOff(doc.Tries))
		return e.writeHeard(d, doc, moves, trouble, doc.Provider, got.Status.String(), got.Amount)
	})
}

// backOff is how long to wait before a provider is asked again.
func backOff(tries int) time.Duration {
	return min(askAfterFirst<<min(tries, 10), askAfterMost)
}

// settle does what is due: it submits what is approved, and asks for what the provider has or may have.
func (e outgoings) settle(ctx context.Context, id string) error {
	doc, err := e.get(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case doc.NextAt.After(e.w.Now()):
		return ErrNothingDue // another process was faster
	case doc.State == WithdrawalApproved:
		after, _, err := e.submit(ctx, id)
		var own *Error
		if after != nil && errors.As(err, &own) {
			return nil // that it has to wait is recorded, whatever became of it since
		}
		return notBefore(err)
	case !e.asks(doc):
		return ErrNothingDue
	}
	// Whether it has the order is asked first: what the answer says is then known, even of
	// a provider that would refuse to hear an order twice.
	_, _, err = e.ask(ctx, doc)
	return notBefore(err)
}

// ask asks, and orders again what is not there and may still be ordered.
func (e outgoings) ask(ctx context.Context, doc *outgoingDoc) (*outgoingDoc, bool, error) {
	got := e.call(ctx, doc, func(ctx context.Context, p rails.PayoutProvider) (rails.PayoutResult, error) {
		return p.Query(ctx, doc.ID)
	})
	again := got.Status == rails.PayoutNotFound && doc.State != WithdrawalSubmitted
	if again && !e.pastWindow(doc, e.w.Now()) && doc.Payee != nil {
		return e.submit(ctx, doc.ID)
	}
	return e.learn(ctx, doc.ID, got)
}

// notBefore makes nothing of a refusal because somebody else was faster.
func notBefore(err error) error {
	if errors.Is(err, InvalidState) {
		return ErrNothingDue
	}
	return err
}
