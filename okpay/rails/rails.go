// Package rails is where the wallet meets the money outside it. What is outside is
// unreliable: it may be late, wrong, twice or never, so the zero value of an outcome is
// Unknown, and Unknown is resolved by asking, never by waiting long enough.
package rails

import (
	"context"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/webhook"
)

// Outcome is what is known of a movement of money outside.
type Outcome uint8

const (
	// Unknown says nothing: the money may have moved.
	Unknown Outcome = iota
	// Succeeded says that the money has come.
	Succeeded
	// Failed says that it has not come and will not.
	Failed
	// NotPaid says that it has not come so far. It may still come; whoever waits decides when
	// to stop waiting.
	NotPaid
)

// String returns "unknown", "succeeded", "failed" or "not_paid".
func (o Outcome) String() string {
	switch o {
	case Succeeded:
		return "succeeded"
	case Failed:
		return "failed"
	case NotPaid:
		return "not_paid"
	}
	return "unknown"
}

// Collection asks a funding source for a customer's money.
type Collection struct {
	ID       string // the wallet's id for it: the same one always means the same money
	Customer string
	Amount   money.Amount
}

// FundingSource brings money into the wallet: a bank, a card acquirer. Its methods may be
// called from several goroutines and processes at once, and more than once for one id.
type FundingSource interface {
	// Collect asks for the money. Called again with an id that was asked for before, it
	// asks for nothing more and reports the outcome: that is how an Unknown one is resolved.
	// An error means Unknown.
	Collect(ctx context.Context, c Collection) (Outcome, error)
}

// Simulated is a funding source without money behind it, for tests and demonstrations. The
// zero value says yes to everything. It is late when Answer says Unknown and Settle or a
// Callback decides afterwards, wrong when a Callback tells of another amount, twice when one
// is delivered again, and never there when nothing follows.
type Simulated struct {
	// Answer decides each new collection; it may return Unknown. Defaults to Succeeded. It
	// is called under a lock.
	Answer func(Collection) Outcome

	// Secret signs callbacks (see Callback) and verifies them. Without it there are none.
	Secret webhook.Secret

	// Currencies are those that amounts in callbacks may have. Defaults to ISO 4217.
	Currencies *money.Registry

	// Now is the clock by which callbacks are signed and too old. Defaults to time.Now.
	Now func() time.Time
	// AnswerRefund is Answer for refunds.
	AnswerRefund func(Refunding) Outcome

	mu       sync.Mutex
	outcomes map[string]Outcome
}

// Collect decides a collection once.
func (s *Simulated) Collect(ctx context.Context, c Collection) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Unknown, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, known := s.outcomes[c.ID]; known {
		return out, nil
	}
	out := Succeeded
	if s.Answer != nil {
		out = s.Answer(c)
	}
	s.set(c.ID, out)
	return out, nil
}

// Settle decides a collection whose outcome was Unknown or NotPaid.
func (s *Simulated) Settle(id string, out Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(id, out)
}

func (s *Simulated) set(id string, out Outcome) {
	if s.outcomes == nil {
		s.outcomes = make(map[string]Outcome)
	}
	s.outcomes[id] = out
}
