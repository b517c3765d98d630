package rails

import (
	"context"

	"github.com/okpay/okpay-go/ledger/money"
)

// Refunding gives collected money back, whole or in part.
type Refunding struct {
	ID         string // the wallet's id for it: the same one always means the same money
	Collection string // the Collection that is given back
	Customer   string
	Amount     money.Amount
}

// Refunder is a FundingSource that can give money back to where it came from. Its method may
// be called from several goroutines and processes at once, and more than once for one id.
type Refunder interface {
	// Refund gives the money back. Called again with an id that it knows, it gives nothing
	// more and reports the outcome. An error means Unknown.
	Refund(ctx context.Context, r Refunding) (Outcome, error)
}

// Refund decides a refund once; Settle decides one whose outcome was Unknown.
func (s *Simulated) Refund(ctx context.Context, r Refunding) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Unknown, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, known := s.outcomes[r.ID]; known {
		return out, nil
	}
	out := Succeeded
	if s.AnswerRefund != nil {
		out = s.AnswerRefund(r)
	}
	s.set(r.ID, out)
	return out, nil
}
