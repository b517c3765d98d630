package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// newAsk makes a Change or a chain, for few enough accounts that they fight for the money.
func (s *sim) newAsk() *ask {
	a := &ask{}
	n := 1
	if s.chance(100) {
		n = 2 + s.random.IntN(2)
		s.counts.Chains++
	}
	for i := range n {
		c := s.newChange(fmt.Sprintf("c%d.%d", len(s.asks), i))
		c.Linked = i < n-1
		if n > 1 {
			c.Else = nil
		}
		a.changes = append(a.changes, c)
	}
	if n == 1 && s.chance(20) {
		s.poison[a.changes[0].ID] = true
	}
	s.counts.Changes += n
	s.asks = append(s.asks, a)
	return a
}

func (s *sim) newChange(id string) ledger.Change {
	r := s.random
	user := func() string { return fmt.Sprint("user:", r.IntN(4)) }
	hold := func() string { return fmt.Sprint("h", r.IntN(len(s.asks)+1)) }
	c := ledger.Change{ID: id}
	switch n := r.IntN(100); {
	case n < 25:
		c.Ops = append(c.Ops, post("bank", user(), r.Int64N(100)))
	case n < 55:
		c.Ops = append(c.Ops, post(user(), "shop", r.Int64N(120)))
	case n < 70:
		h := ledger.Hold{ID: fmt.Sprint("h", len(s.asks)), Postings: post(user(), "shop", r.Int64N(80)).Postings}
		if r.IntN(2) == 0 {
			h.Expires = s.now.Add(time.Duration(r.IntN(20_000)-1000) * time.Millisecond)
		}
		c.Ops = append(c.Ops, h)
	case n < 80:
		c.Ops = append(c.Ops, ledger.Capture{Hold: hold()})
	case n < 87:
		c.Ops = append(c.Ops, ledger.Void{Hold: hold()})
	case n < 93:
		c.Puts = append(c.Puts, ledger.Put{Type: "t", ID: id, Unique: []string{fmt.Sprint("u", r.IntN(20))}})
	default:
		c.NotAfter = s.now.Add(time.Duration(r.IntN(6000)-1000) * time.Millisecond)
	}
	if r.IntN(4) == 0 {
		c.Events = append(c.Events, ledger.Event{Type: "t", Subject: id})
	}
	if r.IntN(4) == 0 {
		c.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds}, Change: ledger.Change{
			Events: []ledger.Event{{Type: "refused", Subject: id}},
		}}
	}
	return c
}

// check holds what is in the store against what callers were told.
func (s *sim) check() {
	ctx := context.Background()
	d := s.procs[0].driven
	report, err := d.Verify(ctx)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		s.fail("verify: %w", err)
		return
	}
	head, err := s.store.Open(ctx, "main", ledger.Genesis{})
	if err != nil {
		s.fail("%w", err)
		return
	}
	err = s.store.Read(ctx, head.Ledger, func(v ledger.View) error { return s.compare(ctx, v) })
	if err != nil {
		s.fail("%w", err)
	}
}

// entry is a Change that stands in the journal.
type entry struct {
	change *ledger.Change
	row    ledger.ChangeRow
	answer ledger.Answer
}

func (s *sim) compare(ctx context.Context, v ledger.View) error {
	const all = 1 << 20
	blocks, err := v.Blocks(ctx, 0, all)
	if err != nil {
		return err
	}
	for i, b := range blocks {
		if b.Seq != int64(i)+1 || i > 0 && b.Previous != blocks[i-1].Hash {
			return fmt.Errorf("block %d follows %d", b.Seq, i)
		}
	}
	events, err := v.Events(ctx, 0, all)
	if err != nil {
		return err
	}
	announced := make(map[string]int)
	for i, e := range events {
		if e.No != int64(i)+1 {
			return fmt.Errorf("event %d follows %d", e.No, i)
		}
		announced[e.Type+" "+e.Subject]++
	}
	rows, err := v.Postings(ctx, 0, all)
	if err != nil {
		return err
	}
	posted := make(map[string][]int64)
	for i, p := range rows {
		if p.No != int64(i)+1 {
			return fmt.Errorf("posting %d follows %d", p.No, i)
		}
		posted[p.Change] = append(posted[p.Change], p.Amount)
	}
	var journal []entry
	for _, a := range s.asks {
		for i := range a.changes {
			c := &a.changes[i]
			row, err := v.Change(ctx, c.ID)
			there := err == nil
			if err != nil && !errors.Is(err, ledger.ErrNotFound) {
				return err
			}
			if errors.Is(a.final[i].Err, ledger.ErrLinked) {
				there = false // its refusal may stand there from another attempt; what follows shows that it did not happen
			}
			if answer := a.final[i]; there != (answer.Seq > 0) {
				return fmt.Errorf("%s is in the journal: %t, and its caller was told %+v", c.ID, there, answer)
			}
			if there && !a.unsure && (a.told == nil || !a.told[i]) {
				return fmt.Errorf("%s was told to nobody as the first, though every attempt was answered", c.ID)
			}
			happened := there && a.final[i].Err == nil
			for _, e := range c.Events {
				if n := announced[e.Type+" "+e.Subject]; n > 1 || (n == 1) != happened {
					return fmt.Errorf("the event of %s is there %d times, and it happened: %t", c.ID, n, happened)
				}
			}
			if n := announced["refused "+c.ID]; there && (n == 1) != a.final[i].Alternative || n > 1 || !there && n > 0 {
				return fmt.Errorf("the Else of %s is there %d times", c.ID, n)
			}
			if !happened && len(posted[c.ID]) > 0 {
				return fmt.Errorf("%s did not happen and posted %v", c.ID, posted[c.ID])
			}
			if there {
				s.counts.Recorded++
				if happened || len(a.changes) == 1 { // a chain's refusal was decided on what was undone
					journal = append(journal, entry{c, row, a.final[i]})
				}
				if !happened {
					s.counts.Refused++
				}
			}
		}
	}
	slices.SortFunc(journal, func(a, b entry) int {
		if a.row.Seq != b.row.Seq {
			return int(a.row.Seq - b.row.Seq)
		}
		return a.row.Index - b.row.Index
	})
	return s.retrace(journal, posted)
}

// simHold is a hold as a simulation retraces it.
type simHold struct {
	user    string
	minor   int64
	expires time.Time
	ended   ledger.Reason
}

// retrace does what the journal says in its order, with the shortest rules there are, and
// expects what each caller was told.
func (s *sim) retrace(journal []entry, posted map[string][]int64) error {
	balances := make(map[string]int64)
	holds := make(map[string]*simHold)
	var last time.Time
	for _, e := range journal {
		now := e.answer.Time
		if now.Before(last) {
			return fmt.Errorf("%s is at %v, after %v", e.change.ID, now, last)
		}
		last = now
		for _, h := range holds {
			if h.ended == "" && !h.expires.IsZero() && !h.expires.After(now) {
				h.ended = ledger.HoldExpired
			}
		}
		available := func(user string) int64 {
			left := balances[user]
			for _, h := range holds {
				if h.user == user && h.ended == "" {
					left -= h.minor
				}
			}
			return left
		}
		var want ledger.Reason
		var moves []int64
		for _, op := range e.change.Ops {
			switch op := op.(type) {
			case ledger.Transaction:
				p := op.Postings[0]
				if minor := p.Amount.Minor(); p.Debit != "bank" && minor > 0 && available(p.Debit) < minor {
					want = ledger.InsufficientFunds
				} else {
					balances[p.Debit] -= minor
					balances[p.Credit] += minor
					moves = append(moves, minor)
				}
			case ledger.Hold:
				p := op.Postings[0]
				if minor := p.Amount.Minor(); minor > 0 && available(p.Debit) < minor {
					want = ledger.InsufficientFunds
				} else if holds[op.ID] != nil || !op.Expires.IsZero() && !op.Expires.After(now) {
					want = "a refusal that leaves no trace"
				} else {
					holds[op.ID] = &simHold{user: p.Debit, minor: minor, expires: op.Expires}
				}
			case ledger.Capture:
				if want = endSimHold(holds[op.Hold], ledger.HoldCaptured); want == "" {
					balances[holds[op.Hold].user] -= holds[op.Hold].minor
					moves = append(moves, holds[op.Hold].minor)
				}
			case ledger.Void:
				want = endSimHold(holds[op.Hold], ledger.HoldVoided)
			}
		}
		var got ledger.Reason
		if e.answer.Refusal != nil {
			got = e.answer.Refusal.Reason
		}
		if got != want || !slices.Equal(moves, posted[e.change.ID]) {
			return fmt.Errorf("block %d, %s: told %q, want %q; posted %v, want %v", e.row.Seq, e.change.ID, got, want, posted[e.change.ID], moves)
		}
	}
	return nil
}

func endSimHold(h *simHold, how ledger.Reason) ledger.Reason {
	switch {
	case h == nil:
		return ledger.HoldUnknown
	case h.ended != "":
		return h.ended
	}
	h.ended = how
	return ""
}
