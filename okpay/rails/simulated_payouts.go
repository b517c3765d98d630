package rails

import (
	"context"
	"maps"
	"sync"

	"github.com/okpay/okpay-go/ledger/money"
)

// Behavior is how a simulated provider treats one call of Submit. The zero value accepts the
// order and tells so.
type Behavior struct {
	// Never keeps the call until its context ends, and has no effect.
	Never bool

	// Lost is returned in place of an answer, and the order has no effect: the connection
	// broke on the way there.
	Lost error

	// Wait, if set, keeps the call until the channel is closed, or its context ends, after the
	// order has had its effect: an answer that is late.
	Wait <-chan struct{}

	// Becomes is what the order comes to. PayoutUnknown means PayoutAccepted.
	Becomes PayoutResult

	// Unanswered is returned in place of an answer, after the order has had its effect: the
	// connection broke on the way back.
	Unanswered error

	// Says, if set, is answered whatever the order comes to: wrong, vague or early.
	Says *PayoutResult

	// Reports is how many times the provider reports by callback what the order has come
	// to, to SimulatedPayouts.Report; twice means duplicates.
	Reports int
}

// SimulatedPayouts is a payout provider without money behind it, for tests and
// demonstrations. It may be late, wrong, twice or never, as told for each call. An order
// whose key it has keeps its first outcome. The zero value accepts every order; Settle says
// what becomes of one.
type SimulatedPayouts struct {
	// Behave decides each call of Submit; call counts those with this key from 1. Defaults
	// to the zero Behavior. It is called under a lock.
	Behave func(p Payout, call int) Behavior

	// Ask, if set, decides each call of Query in place of what is true. It is called under
	// a lock.
	Ask func(key string, truth PayoutResult) (PayoutResult, error)

	// Report, if set, hears what the provider reports by callback. It is called without a
	// lock, before the call that caused it returns.
	Report func(key string, r PayoutResult)

	mu      sync.Mutex
	orders  map[string]PayoutResult
	amounts map[string]money.Amount
	calls   map[string]int
	queries map[string]int
}

// Submit does what Behave says.
func (s *SimulatedPayouts) Submit(ctx context.Context, p Payout) (PayoutResult, error) {
	if err := ctx.Err(); err != nil {
		return PayoutResult{}, err
	}
	b, truth := s.take(p)
	switch {
	case b.Never:
		<-ctx.Done()
		return PayoutResult{}, ctx.Err()
	case b.Lost != nil:
		return PayoutResult{}, b.Lost
	}
	if s.Report != nil {
		for range b.Reports {
			s.Report(p.Key, truth)
		}
	}
	if b.Wait != nil {
		select {
		case <-b.Wait:
		case <-ctx.Done():
			return PayoutResult{}, ctx.Err()
		}
	}
	switch {
	case b.Unanswered != nil:
		return PayoutResult{}, b.Unanswered
	case b.Says != nil:
		return *b.Says, nil
	}
	return truth, nil
}

// take counts a call and gives the order its effect, once.
func (s *SimulatedPayouts) take(p Payout) (Behavior, PayoutResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.orders == nil {
		s.orders, s.calls, s.amounts = map[string]PayoutResult{}, map[string]int{}, map[string]money.Amount{}
	}
	s.calls[p.Key]++
	var b Behavior
	if s.Behave != nil {
		b = s.Behave(p, s.calls[p.Key])
	}
	if b.Never || b.Lost != nil {
		return b, PayoutResult{}
	}
	if b.Becomes.Status == PayoutUnknown {
		b.Becomes.Status = PayoutAccepted
	}
	if _, known := s.orders[p.Key]; !known {
		s.orders[p.Key], s.amounts[p.Key] = b.Becomes, p.Amount
	}
	return b, s.orders[p.Key]
}

// Query says what is true, or what Ask says.
func (s *SimulatedPayouts) Query(ctx context.Context, key string) (PayoutResult, error) {
	if err := ctx.Err(); err != nil {
		return PayoutResult{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queries == nil {
		s.queries = map[string]int{}
	}
	s.queries[key]++
	truth, known := s.orders[key]
	if !known {
		truth = PayoutResult{Status: PayoutNotFound}
	}
	if s.Ask != nil {
		return s.Ask(key, truth)
	}
	return truth, nil
}

// Settle says what becomes of an order, and reports it by callback as often as told.
func (s *SimulatedPayouts) Settle(key string, r PayoutResult, reports int) {
	s.mu.Lock()
	if s.orders == nil {
		s.orders, s.calls, s.amounts = map[string]PayoutResult{}, map[string]int{}, map[string]money.Amount{}
	}
	s.orders[key] = r
	s.mu.Unlock()
	if s.Report != nil {
		for range reports {
			s.Report(key, r)
		}
	}
}

// Calls returns how often Submit was called for each key, calls that had no effect included.
func (s *SimulatedPayouts) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Queries returns how often Query was called for each key.
func (s *SimulatedPayouts) Queries() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.queries)
}

// Ordered returns the amount of each order that had an effect, by key.
func (s *SimulatedPayouts) Ordered() map[string]money.Amount {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.amounts)
}
