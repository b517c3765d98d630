package ledger

import (
	"slices"
	"time"
)

// kernel decides the Changes of one block, each on its own and in order, over the state
// that was loaded for them. It has no clock, no store and no randomness. A Change that is
// refused leaves no trace in it. It is reused from block to block, for its room.
type kernel struct {
	chart Chart
	now   time.Time // the block's time
	work  *workset

	head     Head // counters move as the block grows
	batch    Batch
	terms    []Term
	changes  []byte // encoded changes
	outcomes []byte // what ChangeRows point to
	count    int    // how many Changes are recorded
	effects  []byte // encoded effects of the Change being decided
	expired  []byte // encoded expiries
	expiries int
	preface  []byte // encoded events of expiries, which stand in the block's first Change
	prefaced bool
	saved    []savedAccount // what to restore if the Change is refused
	undo     []func()
	touched  []touchedAccount // accounts of the operation being decided
	released []legEffect      // by the operation being decided
	legs     []leg            // of the operation being decided
	change   string           // id of the Change being decided
	rows     []ChangeRow
	used     int // of rows

	monitored []*workAccount // accounts on which the part being decided puts or removes monitors
}

// start begins a block of at most so many Changes and journals the holds that are due.
func (k *kernel) start(now time.Time, head Head, changes int) {
	k.reset(now, head, changes)
	for _, h := range k.work.dueHolds(now) {
		k.expire(h)
	}
	k.preface = k.announce(k.preface, 0)
}

// reset empties the kernel for a block.
func (k *kernel) reset(now time.Time, head Head, changes int) {
	b := &k.batch
	*b = Batch{
		Changes: b.Changes[:0], Postings: b.Postings[:0], Opened: b.Opened[:0], Accounts: b.Accounts[:0],
		Altered: b.Altered[:0], Marks: b.Marks[:0], Reversals: b.Reversals[:0], Events: b.Events[:0],
		Holds: b.Holds[:0], Records: b.Records[:0],
	}
	k.now, k.head = now, head
	k.terms, k.changes, k.outcomes, k.effects, k.expired = k.terms[:0], k.changes[:0], k.outcomes[:0], k.effects[:0], k.expired[:0]
	k.count, k.expiries, k.used = 0, 0, 0
	if cap(k.rows) < changes {
		k.rows = make([]ChangeRow, changes)
	}
	k.rows = k.rows[:cap(k.rows)]
	k.work.cache.decision++
	k.saved, k.undo, k.monitored, k.prefaced, k.preface = k.saved[:0], k.undo[:0], k.monitored[:0], false, k.preface[:0]
}

// units decides requests in their order, and reports whether one was answered as before.
func (k *kernel) units(requests []*request) (replays bool) {
	for _, r := range requests {
		k.unit(r.members, r.answers)
		for i := range r.answers {
			replays = replays || r.answers[i].outcome.Replayed
		}
	}
	return replays
}

// unit decides what a request holds: one Change, or a chain of which all happen or none.
func (k *kernel) unit(members []*prepared, answers []answer) {
	k.saved, k.undo = k.saved[:0], k.undo[:0]
	if len(members) == 1 {
		answers[0].outcome, answers[0].err = k.decide(members[0])
		return
	}
	known, first := 0, 0
	for i, p := range members {
		if p.was.row != nil {
			if known++; known == 1 {
				first = i
			}
		}
	}
	if known == len(members) {
		for i, p := range members {
			answers[i].outcome, answers[i].err = k.decide(p)
		}
		return
	}
	if known > 0 {
		// It can not happen as one. Nobody else is decided: a chain that failed is answered
		// as it was, also where another member would fail by now.
		for i := range answers {
			answers[i] = answer{err: ErrLinked}
		}
		answers[first].outcome, answers[first].err = k.decide(members[first])
		return
	}
	before := k.mark()
	for i, p := range members {
		answers[i].outcome, answers[i].err = k.decide(p)
		if answers[i].err == nil {
			continue
		}
		k.rewind(before)
		for _, q := range members {
			if q.was.row != nil && q.was.row.Seq == k.head.Seq+1 && q.was.row.Index >= k.count {
				q.was.row = nil
			}
		}
		// The one that failed keeps its own reason, the others happened as little as it did.
		if refused, ok := answers[i].err.(*RefusedError); ok && refused.Reason.pins() {
			out := Outcome{ID: p.id, Seq: k.head.Seq + 1, Time: k.now, Refusal: &refused.Refusal}
			k.record(p, &out)
			answers[i].outcome = out
		}
		for j := range members {
			if j != i {
				answers[j] = answer{err: ErrLinked}
			}
		}
		return
	}
}

// decide decides one Change. The error is nil for one that committed, a *RefusedError for
// one whose refusal was recorded or pinned (then the outcome is set too), and otherwise
// says why the Change left no trace.
func (k *kernel) decide(p *prepared) (Outcome, error) {
	if row := p.was.row; row != nil {
		if field := p.differ(row.Tags); field != "" {
			return Outcome{}, &IDReusedError{ID: p.id, Field: field}
		}
		out, err := row.outcome()
		if err != nil {
			return Outcome{}, err
		}
		out.Replayed = true
		return out, out.err()
	}
	if !p.after.IsZero() && k.now.After(p.after) {
		return Outcome{}, ErrDeadline
	}
	k.change = p.id
	out := Outcome{ID: p.id, Seq: k.head.Seq + 1, Time: k.now, Refusal: p.refusal, Result: p.result}
	before := k.mark()
	err := k.apply(&p.main)
	if refused, ok := err.(*RefusedError); ok {
		k.rewind(before)
		switch {
		case p.alternative == nil && slices.Contains(p.elseOn, refused.Reason):
			err = errElse
		case slices.Contains(p.elseOn, refused.Reason):
			out.Alternative, out.Refusal = true, &refused.Refusal
			err = k.apply(p.alternative)
			// Either of the two could commit later, behind the back of the caller.
			pinned := &refused.Refusal
			inner, isRefused := err.(*RefusedError)
			if isRefused {
				pinned = &inner.Refusal
			}
			if err != nil && err != ErrConflict && (refused.Reason.pins() || isRefused && inner.Reason.pins()) {
				k.rewind(before)
				out.Alternative, out.Refusal, out.Result, err = false, pinned, "", nil
			}
		case refused.Reason.pins():
			out.Refusal, out.Result, err = &refused.Refusal, "", nil
		}
	}
	if err != nil {
		k.rewind(before)
		return Outcome{}, err
	}
	if n := k.head.Transactions - before.head.Transactions; n > 0 {
		out.First, out.Transactions = before.head.Postings+1, int(n)
	}
	k.record(p, &out)
	return out, out.err()
}

// record writes the Change's outcome and effects into the block.
func (k *kernel) record(p *prepared, out *Outcome) {
	at := len(k.outcomes)
	k.outcomes = appendOutcome(k.outcomes, out)
	encoded := k.outcomes[at:len(k.outcomes):len(k.outcomes)]
	k.changes = appendText(k.changes, p.id)
	k.changes = appendBytes(k.changes, p.tags)
	k.changes = appendBytes(k.changes, encoded)
	if !k.prefaced && len(k.preface) > 0 {
		k.effects = append(slices.Clone(k.preface), k.effects...)
	}
	k.prefaced = true
	k.changes = appendBytes(k.changes, k.effects)
	row := &k.rows[k.used]
	k.used++
	*row = ChangeRow{ID: p.id, Seq: out.Seq, Index: k.count, Tags: p.tags, Outcome: encoded}
	k.batch.Changes = append(k.batch.Changes, *row)
	p.was.row = row
	k.count++
	k.effects = k.effects[:0]
}

// finish returns what the block writes, nil when nothing was decided.
func (k *kernel) finish(name string) *Batch {
	if k.count == 0 {
		return nil
	}
	body := make([]byte, 0, len(k.changes)+len(k.expired)+16)
	body = append(body, FormatVersion)
	body = appendUint(body, uint64(k.expiries))
	body = append(body, k.expired...)
	body = appendUint(body, uint64(k.count))
	body = append(body, k.changes...)
	block := &Block{Seq: k.head.Seq + 1, Time: k.now, Previous: k.head.Hash, Body: body}
	if k.head.Seq == 0 {
		block.Previous = genesisHash(name, k.head.Key)
	}
	block.Hash = hashBlock(name, block)
	k.head.Seq, k.head.Time, k.head.Hash = block.Seq, block.Time, block.Hash
	k.batch.Block, k.batch.Head, k.batch.Terms = block, k.head, k.terms
	k.work.collect(&k.batch)
	k.dated()
	return &k.batch
}

// apply decides the parts of a Change in the order that Change documents.
func (k *kernel) apply(p *part) error {
	k.work.cache.decision++
	k.monitored = k.monitored[:0]
	before := len(k.saved)
	for i := range p.expects {
		e := &p.expects[i]
		if k.work.version(RecordKey{e.Type, e.ID}) != e.Version {
			return ErrConflict
		}
	}
	for i := range p.ops {
		if err := k.applyOp(&p.ops[i]); err != nil {
			return err
		}
	}
	for i := range p.puts {
		if err := k.put(&p.puts[i]); err != nil {
			return err
		}
	}
	for i := range p.events {
		k.effects = k.emit(k.effects, &p.events[i])
	}
	k.effects = k.announce(k.effects, before)
	return nil
}

func (k *kernel) applyOp(p *preparedOp) error {
	k.touched, k.released = k.touched[:0], k.released[:0]
	var err error
	switch p.kind {
	case opTransaction:
		err = k.transact(p)
	case opHold:
		err = k.hold(p)
	case opCapture:
		err = k.capture(p)
	case opVoid:
		err = k.void(p.hold)
	case opReverse:
		if err = k.reverse(p); err == nil && p.force {
			return k.checkRange()
		}
	case opRequire:
		return k.require(p)
	case opMonitor, opUnmonitor:
		return k.monitor(p)
	default:
		return k.alter(p)
	}
	if err != nil {
		return err
	}
	return k.checkLimits()
}
