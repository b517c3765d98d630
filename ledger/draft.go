package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Draft is a Change being written by a verb: what the verb reads becomes what the Change
// expects.
type Draft struct {
	Change

	ledger *Ledger
	ctx    context.Context
	now    time.Time

	epoch  int  // of what is remembered
	fresh  bool // reads ask the store
	recall bool // a read was answered from memory

	otherwise func(*Change) error // writes Else, see OtherwiseLater
}

// tries bounds how often Do runs a verb again after a conflict.
const tries = 100

// Do runs a verb: fn reads through the Draft, decides, and writes down a Change, which is
// then committed under id. When a record that fn read has changed meanwhile, fn runs again
// on a new Draft; and also when it returned an error after a read was answered from memory. fn runs in the caller's goroutine; its panic reaches the caller, and then
// nothing is committed.
//
// An id that was used before is answered with the first outcome, whatever fn says, as long
// as the request is the same. If fn returns an error and the id is new, nothing is
// committed and the error is returned as it is.
//
// Errors are those of Commit and of fn.
func (l *Ledger) Do(ctx context.Context, id string, request []Field, fn func(*Draft) error) (Outcome, error) {
	if request == nil {
		request = []Field{} // a verb without inputs, not one that is compared by its Change
	}
	fresh := false
	for try := 1; ; try++ {
		d := &Draft{ledger: l, ctx: ctx, now: l.Now(), epoch: l.recall.now(), fresh: fresh}
		d.ID, d.Request = id, request
		out, drafted, err := l.draft(ctx, d, fn)
		if !drafted {
			if d.recall {
				fresh = true // what this process remembers may be why
				continue
			}
			out, known, replayErr := l.replay(ctx, id, request)
			if known || replayErr != nil {
				return out, replayErr
			}
			return Outcome{}, err
		}
		if !errors.Is(err, ErrConflict) {
			l.learn(d, &out)
			return out, err
		}
		fresh = true
		if try == tries {
			return Outcome{}, fmt.Errorf("%w %d times in a row", err, tries)
		}
	}
}

// errElse reports a Change that was refused for a reason for which its Else is still to be written.
// Nothing happened.
var errElse = fmt.Errorf("%w: it has an else to be written", ErrConflict)

// draft has a verb written down and commits it, the second time with its Else if that was left for
// later and is needed. drafted is false for an error of the verb's own.
func (l *Ledger) draft(ctx context.Context, d *Draft, fn func(*Draft) error) (out Outcome, drafted bool, err error) {
	if err := fn(d); err != nil {
		return Outcome{}, false, err
	}
	out, err = l.Commit(ctx, d.Change)
	if !errors.Is(err, errElse) {
		return out, true, err
	}
	d.Else.later = false
	if err := d.otherwise(&d.Else.Change); err != nil {
		return Outcome{}, false, err
	}
	out, err = l.Commit(ctx, d.Change)
	return out, true, err
}

// replay answers for an id that was used before. It asks in the ledger's one order, so
// that what it reports is durable.
func (l *Ledger) replay(ctx context.Context, id string, request []Field) (out Outcome, known bool, err error) {
	if id == "" {
		return Outcome{}, false, nil
	}
	// A Change that can never commit: its deadline has passed since long, on any clock.
	// Idempotency comes before the deadline, so only a known id is answered otherwise.
	out, err = l.Commit(ctx, Change{ID: id, Request: request, NotAfter: time.Time{}.Add(1)})
	if errors.Is(err, ErrDeadline) {
		return Outcome{}, false, nil
	}
	return out, err == nil || out.Replayed, err
}

// Now is the verb's one reading of the clock. The block's time, which is what is recorded,
// is not before it unless clocks of several processes differ.
func (d *Draft) Now() time.Time { return d.now }

// Context is the context of the call.
func (d *Draft) Context() context.Context { return d.ctx }

// Get reads a record and makes the Change expect its version, also when it is not there
// (ErrNotFound) or erased (ErrErased). The record may be one that this process remembers: if
// another process has written it since, the Change is refused, and the verb runs again on
// what is stored.
func (d *Draft) Get(recordType, id string) (Record, error) {
	key := RecordKey{recordType, id}
	if !d.fresh {
		if r, ok := d.ledger.recall.get(key, d.now); ok {
			d.recall = true
			d.Expects = append(d.Expects, Expect{Type: recordType, ID: id, Version: r.Version})
			return r, nil
		}
	}
	r, err := d.ledger.readRecord(d.ctx, key)
	if err != nil && !notFound(err) {
		return Record{}, err
	}
	if err == nil && !r.Erased {
		d.ledger.recall.put(r, d.now, d.epoch)
	} else {
		d.ledger.recall.forget(key)
	}
	d.Expects = append(d.Expects, Expect{Type: recordType, ID: id, Version: r.Version})
	if err != nil {
		return Record{}, err
	}
	if r.Erased {
		return r, ErrErased
	}
	return r, nil
}

// Balance reads an account. The Change does not expect it: what an account allows is
// decided by its limits when the Change commits.
func (d *Draft) Balance(key AccountKey) (Balance, error) {
	return d.ledger.Balance(d.ctx, key)
}

// Post adds a transaction.
func (d *Draft) Post(t Transaction) { d.Ops = append(d.Ops, t) }

// Hold adds a hold.
func (d *Draft) Hold(h Hold) { d.Ops = append(d.Ops, h) }

// Capture adds a capture.
func (d *Draft) Capture(c Capture) { d.Ops = append(d.Ops, c) }

// Void adds a void.
func (d *Draft) Void(hold string) { d.Ops = append(d.Ops, Void{Hold: hold}) }

// Put adds a record to write.
func (d *Draft) Put(p Put) { d.Puts = append(d.Puts, p) }

// Emit adds an event.
func (d *Draft) Emit(e Event) { d.Events = append(d.Events, e) }

// Refuse makes the Change record that the verb was refused: what the Draft holds commits,
// and the caller gets a *RefusedError, now and at every replay.
func (d *Draft) Refuse(r Refusal) { d.Refusal = &r }

// Otherwise returns the Change that commits in place of the draft when the kernel refuses
// it for one of the reasons.
func (d *Draft) Otherwise(on ...Reason) *Change {
	d.Else = &Else{On: on}
	return &d.Else.Change
}

// OtherwiseLater is Otherwise for a Change that is dear to write and seldom needed: write is called
// when the kernel has refused the draft for one of the reasons, in the goroutine that called Do.
// All is then decided again, and either of the two commits. An error of write is one of the verb's.
func (d *Draft) OtherwiseLater(write func(*Change) error, on ...Reason) {
	d.Else, d.otherwise = &Else{On: on, later: true}, write
}
