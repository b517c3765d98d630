package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// unsteady is the store as one process sees it: it is away now and then, loses answers, and
// ends the process at a statement that was drawn beforehand. What a dead process does has no
// effect. The witness sees what really was committed.
type unsteady struct {
	*memstore.Store
	h *history

	mu   sync.Mutex
	r    *rand.Rand
	left int  // statements until the process ends; negative is never
	only bool // of commits
	dead bool
	calm bool
}

// statement counts one. dies says that the process ends with it, and n is a number from 0 to 1199 that
// says what else goes wrong.
func (s *unsteady) statement(commit bool) (n int, dies, dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return 0, false, true
	}
	if commit || !s.only {
		s.left--
	}
	if s.left == 0 {
		s.dead = true
		s.h.met("process ended")
		return s.r.IntN(3), true, false // 0 is before, if it is a commit
	}
	n = 1199
	if !s.calm {
		n = s.r.IntN(1200)
	}
	return n, false, false
}

// calm reports whether nothing goes wrong in this process.
func (p *process) calm() bool {
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	return p.store.calm
}

func (s *unsteady) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

func (s *unsteady) Begin(ctx context.Context, l int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	n, dies, dead := s.statement(false)
	switch {
	case dead || dies:
		return nil, nil, errKilled
	case n < 2:
		s.h.met("store away")
		return nil, nil, ledger.ErrUnavailable
	case n < 6:
		s.h.met("store asks to try again")
		return nil, nil, ledger.ErrRetry
	}
	tx, found, err := s.Store.Begin(ctx, l, need)
	return unsteadyTx{tx, s}, found, err
}

func (s *unsteady) Read(ctx context.Context, l int64, fn func(ledger.View) error) error {
	n, dies, dead := s.statement(false)
	switch {
	case dead || dies:
		return errKilled
	case n == 0:
		s.h.met("store away")
		return ledger.ErrUnavailable
	}
	return s.Store.Read(ctx, l, fn)
}

type unsteadyTx struct {
	ledger.Tx
	s *unsteady
}

func (t unsteadyTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	if _, dies, dead := t.s.statement(false); dead || dies {
		return nil, errKilled
	}
	return t.Tx.Load(ctx, need)
}

func (t unsteadyTx) Commit(ctx context.Context, b *ledger.Batch) error {
	n, dies, dead := t.s.statement(true)
	before, after, said := "", "", error(nil)
	switch {
	case dead || dies && n == 0:
		return errors.Join(errKilled, t.Tx.Rollback(ctx))
	case dies:
		after, said = "killed after a commit", errKilled
	case n < 4:
		before, said = "commit asks to try again", ledger.ErrRetry
	case n < 7:
		before, said = "commit did not come", ledger.ErrUnavailable
	case n < 11:
		before, said = "unknown and not committed", ledger.ErrCommitUnknown
	case n < 16:
		after, said = "unknown and committed", ledger.ErrCommitUnknown
	}
	if before != "" {
		t.s.h.met(before)
		return errors.Join(said, t.Tx.Rollback(ctx))
	}
	if after != "" {
		t.s.h.met(after)
	}
	// Under one lock with the commit, so that the witness sees blocks in their order.
	t.s.h.commits.Lock()
	defer t.s.h.commits.Unlock()
	if err := t.Tx.Commit(ctx, b); err != nil {
		return err
	}
	t.s.h.witness.block(b)
	return said
}

// met counts something that went wrong on purpose.
func (h *history) met(what string) { h.tally.did("fault", what) }

// outage reports whether an error says nothing of what was asked for: the caller asks again.
func outage(err error) bool {
	for _, is := range []error{
		errKilled, ledger.ErrOutcomeUnknown, ledger.ErrUnavailable, ledger.ErrRetry, ledger.ErrCommitUnknown, ledger.ErrClosed,
		okpay.ServiceBusy,
	} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// fate is a number that is always the same for one text, and otherwise as good as random.
func (h *history) fate(format string, args ...any) int {
	f := fnv.New64a()
	_, _ = fmt.Fprintf(f, "%d ", h.seed)
	_, _ = fmt.Fprintf(f, format, args...)
	// The low bits of the hash alone are too regular.
	return int(rand.New(rand.NewPCG(f.Sum64(), 1)).Uint64() >> 33)
}

// source is a funding source that sometimes can not be asked.
type source struct {
	*rails.Simulated
	h    *history
	name string

	mu    sync.Mutex
	calls map[string]int
}

func (s *source) away(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[id]++
	if s.calls[id] == 5 { // it has found out by now
		if known, _ := s.Simulated.Collect(context.Background(), rails.Collection{ID: id}); known == rails.Unknown {
			s.Settle(id, rails.Outcome(1+s.h.fate("%s at last %s", s.name, id)%3))
		}
	}
	return s.h.fate("%s away %s %d", s.name, id, s.calls[id])%20 == 0
}

func (s *source) Collect(ctx context.Context, c rails.Collection) (rails.Outcome, error) {
	if s.away(c.ID) {
		s.h.met("funding source away")
		return rails.Unknown, errors.New("no answer")
	}
	return s.Simulated.Collect(ctx, c)
}

func (s *source) Refund(ctx context.Context, r rails.Refunding) (rails.Outcome, error) {
	if s.away(r.ID) {
		s.h.met("funding source away")
		return rails.Unknown, errors.New("no answer")
	}
	return s.Simulated.Refund(ctx, r)
}

func (h *history) source(name string, outcomes ...rails.Outcome) *source {
	return &source{h: h, name: name, calls: map[string]int{}, Simulated: &rails.Simulated{
		Answer:       func(c rails.Collection) rails.Outcome { return outcomes[h.fate("%s %s", name, c.ID)%len(outcomes)] },
		AnswerRefund: func(r rails.Refunding) rails.Outcome { return rails.Outcome(h.fate("%s %s", name, r.ID) % 3) },
	}}
}

// bank is a payout provider that does everything that one can do.
type bank struct {
	*rails.SimulatedPayouts
	h *history
}

func (h *history) bank() *bank {
	b := &bank{&rails.SimulatedPayouts{}, h}
	lost := errors.New("connection reset")
	b.Behave = func(p rails.Payout, call int) rails.Behavior {
		failed := rails.PayoutResult{Status: rails.PayoutFailed, Code: string(okpay.DestinationClosed)}
		n := h.fate("submit %s %d", p.Key, call) % 40
		h.met(map[bool]string{true: "payout order unanswered, late, wrong or lost", false: "payout order answered"}[n < 17])
		switch {
		case n < 4:
			return rails.Behavior{Lost: lost}
		case n < 8:
			return rails.Behavior{Unanswered: lost}
		case n < 10:
			return rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}, Unanswered: lost, Reports: 2}
		case n < 12:
			return rails.Behavior{Becomes: failed, Says: &rails.PayoutResult{Status: rails.PayoutAccepted}}
		case n < 14:
			return rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}, Says: &rails.PayoutResult{Status: rails.PayoutUnknown}}
		case n < 15:
			return rails.Behavior{Never: true}
		case n < 17:
			return rails.Behavior{Says: &failed} // and it is carried out all the same
		case n < 20:
			return rails.Behavior{Becomes: failed, Reports: 1}
		case n < 27:
			return rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}}
		}
		return rails.Behavior{}
	}
	b.Report = func(key string, r rails.PayoutResult) {
		p := h.process()
		h.call(p, "payout.callback", func(ctx context.Context, w *okpay.Wallet) error { return w.PayoutProviderSays(ctx, h.said(key, r)) })
	}
	return b
}

// said is what the bank tells in a callback.
func (h *history) said(key string, r rails.PayoutResult) okpay.ProviderEvent {
	return okpay.ProviderEvent{
		Provider: "bankA", EventID: key + "-" + r.Status.String() + r.Amount.Text(), Key: key, Status: r.Status, Code: r.Code, Amount: r.Amount, Reference: bankCalls(key),
	}
}

func (b *bank) Query(ctx context.Context, key string) (rails.PayoutResult, error) {
	if n := b.h.random(6); n == 0 {
		b.h.met("payout provider away")
		return rails.PayoutResult{}, errors.New("no answer")
	} else if n == 1 { // carried out by now
		if truth, _ := b.SimulatedPayouts.Query(ctx, key); truth.Status == rails.PayoutAccepted {
			b.Settle(key, rails.PayoutResult{Status: rails.PayoutPaid}, 0)
		}
	}
	return b.SimulatedPayouts.Query(ctx, key)
}
