package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/okpay/okpay-go/ledger/money"
)

// replay writes decided blocks again, for a copy of a ledger. It goes through what the
// kernel uses to keep its books, and through none of what decides: no chart, no limit, no
// clock. What it writes is encoded anew and has to be the block that it was given, to the
// byte, so an effect that was understood in another way can not pass.
type replay struct {
	name   string
	key    [16]byte
	cache  *cache
	work   workset
	kernel kernel
	wrote  map[string]bool // ids of the block's changes
}

// contents is what belongs to a block and does not stand in it.
type contents struct {
	events  []EventRow                 // payload and salt, in the block's order
	records map[RecordKey]*recordPiece // of chained records whose version the copy keeps
}

// recordPiece is the content of one version of a chained record.
type recordPiece struct {
	version int64
	put     Put
	salt    []byte
}

func newReplay(name string, key [16]byte, maxCached int) *replay {
	r := &replay{name: name, key: key, cache: newCache(maxCached), wrote: make(map[string]bool)}
	r.work.cache, r.kernel.work = r.cache, &r.work
	return r
}

// block returns what a block writes. The state that it needs is in the workset.
func (r *replay) block(head Head, b *Block, body *decodedBody, c *contents) (*Batch, error) {
	k := &r.kernel
	clear(r.wrote)
	k.saved, k.undo = k.saved[:0], k.undo[:0]
	k.reset(b.Time, head, len(body.changes))
	for i := range body.expired {
		e := &body.expired[i]
		h := r.work.holds[e.text]
		if h == nil || h.Status != HoldOpen || h.Expires.IsZero() || h.Expires.After(b.Time) || !r.complete(h) {
			return nil, impossible("hold %s expires", clip(e.text))
		}
		k.expire(h)
	}
	for i := range body.changes {
		if err := r.change(&body.changes[i], c); err != nil {
			return nil, err
		}
	}
	if len(c.events) > 0 {
		return nil, impossible("more events than it announces")
	}
	batch := k.finish(r.name)
	if batch == nil || batch.Block.Hash != b.Hash || !bytes.Equal(batch.Block.Body, b.Body) {
		return nil, impossible("its effects say something else than its bytes")
	}
	return batch, nil
}

var errImpossible = errors.New("an effect that can not be")

func impossible(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errImpossible, fmt.Sprintf(format, args...))
}

func (r *replay) change(ch *changeEffect, c *contents) error {
	k := &r.kernel
	if r.wrote[ch.id] {
		return impossible("id %s is used twice", clip(ch.id))
	}
	r.wrote[ch.id] = true
	k.change = ch.id
	for i := range ch.effects {
		if err := r.effect(&ch.effects[i], c); err != nil {
			var refused *RefusedError
			if errors.As(err, &refused) {
				return impossible("%s", refused.Reason)
			}
			return err
		}
	}
	row := ChangeRow{ID: ch.id, Seq: k.head.Seq + 1, Outcome: ch.outcome}
	out, err := row.outcome()
	if err != nil {
		return err
	}
	k.record(&prepared{id: ch.id, tags: ch.tags, was: &idSlot{}}, &out)
	return nil
}

func (r *replay) effect(e *effect, c *contents) error {
	k := &r.kernel
	k.touched, k.released = k.touched[:0], k.released[:0]
	switch e.kind {
	case effectCurrency:
		if _, known := r.cache.currencies[e.text]; known {
			return impossible("currency %s is new twice", clip(e.text))
		}
		if _, err := money.NewCurrency(e.text, e.scale); err != nil {
			return impossible("a currency of no known form")
		}
		return k.checkScale(e.text, e.scale)
	case effectOpen:
		key := AccountKey{e.text, e.other}
		if r.work.account(key) != nil || checkAccountName(key.Name) != nil {
			return impossible("account %s is opened", clip(key.Name))
		}
		if _, known := r.cache.currencies[key.Currency]; !known {
			return impossible("account %s is opened in a currency that was never used", clip(key.Name))
		}
		k.openAccount(key, Pattern{Normal: e.normal, Min: e.min, Max: e.max})
	case effectTransaction:
		k.effects = append(k.effects, byte(e.kind))
		return r.post(opTransaction, e)
	case effectReverse:
		rows := r.work.posted[e.version]
		if len(rows) == 0 {
			rows = k.postedHere(e.version)
		}
		if r.work.reversals[e.version] != 0 || len(rows) == 0 {
			return impossible("transaction %d is reversed", e.version)
		}
		by := k.head.Postings + 1
		r.work.reversals[e.version] = by
		k.batch.Reversals = append(k.batch.Reversals, Reversal{Transaction: e.version, By: by})
		k.effects = appendUint(append(k.effects, byte(e.kind)), uint64(e.version))
		return r.post(opReverse, e)
	case effectAlter:
		a := r.work.number(e.version)
		if a == nil {
			return impossible("account %d was never opened", e.version)
		}
		a.Flags, a.Min, a.Max, a.altered = e.flags, e.min, e.max, true
		k.work.touched = append(k.work.touched, a)
		k.effects = appendAlter(k.effects, &a.Account)
	case effectHold:
		return r.hold(e)
	case effectCapture:
		return r.capture(e)
	case effectVoid:
		h := r.work.holds[e.text]
		if h == nil || h.Status != HoldOpen || !r.complete(h) {
			return impossible("hold %s is voided", clip(e.text))
		}
		k.release(h)
		h.Status, h.dirty = HoldIsVoided, true
		k.effects = appendLegs(appendText(append(k.effects, byte(e.kind)), e.text), k.released)
	case effectRecord, effectErase:
		return r.put(e, c)
	case effectEvent:
		if len(c.events) == 0 {
			return impossible("an event without its payload")
		}
		row := c.events[0]
		c.events = c.events[1:]
		k.effects = k.emit(k.effects, &preparedEvent{Event: Event{Type: e.text, Subject: e.other, Payload: row.Payload}, salt: row.Salt, digest: e.digest})
	default:
		return impossible("effect of kind %d", e.kind)
	}
	return nil
}

// pairs finds the accounts of postings.
func (r *replay) pairs(legs []legEffect) ([]leg, []int64, error) {
	found, amounts := make([]leg, len(legs)), make([]int64, len(legs))
	for i, l := range legs {
		found[i] = leg{r.work.number(l.debit), r.work.number(l.credit)}
		if found[i].debit == nil || found[i].credit == nil {
			return nil, nil, impossible("account %d or %d was never opened", l.debit, l.credit)
		}
		if l.debit == l.credit {
			return nil, nil, impossible("account %d is on both sides", l.debit)
		}
		if found[i].debit.Key.Currency != found[i].credit.Key.Currency {
			return nil, nil, impossible("accounts %d and %d have different currencies", l.debit, l.credit)
		}
		amounts[i] = l.amount
	}
	return found, amounts, nil
}

// post makes an effect's postings. Its kind, and what stands before them, is written.
func (r *replay) post(kind opKind, e *effect) error {
	if len(e.postings) == 0 {
		return impossible("a transaction without postings") // the next one would have its number
	}
	legs, amounts, err := r.pairs(e.postings)
	if err != nil {
		return err
	}
	op := &preparedOp{kind: kind, at: e.at, reference: e.reference, metadata: e.metadata}
	if kind == opCapture {
		op.hold = e.text
	}
	var metadata map[string]string
	if len(e.metadata) > 0 {
		if err := json.Unmarshal(e.metadata, &metadata); err != nil {
			return impossible("metadata that can not be read")
		}
	}
	p := preparer{key: r.key}
	op.terms = p.terms(e.reference, metadata)
	return r.kernel.postAll(op, legs, amounts)
}

func (r *replay) hold(e *effect) error {
	k := &r.kernel
	legs, amounts, err := r.pairs(e.postings)
	if err != nil {
		return err
	}
	if r.work.holds[e.text] != nil {
		return impossible("hold %s is placed twice", clip(e.text))
	}
	h := &workHold{dirty: true}
	h.ID, h.Status, h.Seq, h.Expires = e.text, HoldOpen, k.head.Seq+1, e.at
	h.Reference, h.Metadata = e.reference, e.metadata
	for i, l := range legs {
		k.touch(l.debit)
		k.touch(l.credit)
		var ok1, ok2 bool
		l.debit.PendingOut, ok1 = add(l.debit.PendingOut, amounts[i])
		l.credit.PendingIn, ok2 = add(l.credit.PendingIn, amounts[i])
		if !ok1 || !ok2 {
			return impossible("what is pending overflows")
		}
		l.debit.expiresBy(e.at)
		l.credit.expiresBy(e.at)
		h.Legs = append(h.Legs, HoldLeg{Debit: l.debit.No, Credit: l.credit.No, Amount: amounts[i], Rest: amounts[i]})
	}
	r.work.holds[h.ID] = h
	k.effects = appendText(append(k.effects, byte(e.kind)), e.text)
	k.effects = appendTime(k.effects, e.at)
	k.effects = appendBytes(appendText(k.effects, e.reference), e.metadata)
	k.effects = appendLegs(k.effects, e.postings)
	return nil
}

func (r *replay) capture(e *effect) error {
	k := &r.kernel
	h := r.work.holds[e.text]
	if h == nil || h.Status != HoldOpen || !r.complete(h) {
		return impossible("hold %s is captured", clip(e.text))
	}
	h.dirty = true
	drawn := make(map[int64]int64)
	for _, l := range e.released {
		drawn[l.debit] += l.amount
		rest := l.amount
		for i := range h.Legs {
			if leg := &h.Legs[i]; leg.Debit == l.debit && leg.Credit == l.credit {
				part := min(rest, leg.Rest)
				rest -= part
				k.consume(leg, part)
			}
		}
		if rest != 0 {
			return impossible("hold %s releases more than it reserves", clip(e.text))
		}
	}
	for _, l := range e.postings {
		drawn[l.debit] -= l.amount
	}
	for no, left := range drawn {
		if left < 0 || left > 0 && !e.final {
			return impossible("hold %s gives %d more or less than is captured from account %d", clip(e.text), left, no)
		}
	}
	if e.final != (h.rest() == 0) {
		return impossible("hold %s ends with something reserved, or does not end with nothing", clip(e.text))
	}
	k.effects = appendText(append(k.effects, byte(e.kind)), e.text)
	if e.final {
		h.Status = HoldIsCaptured
		k.effects = append(k.effects, 1)
	} else {
		k.effects = append(k.effects, 0)
	}
	released := slices.Clone(k.released)
	if err := r.post(opCapture, e); err != nil {
		return err
	}
	k.effects = appendLegs(k.effects, released)
	return nil
}

// complete reports whether the accounts of a hold are loaded.
func (r *replay) complete(h *workHold) bool {
	for i := range h.Legs {
		if r.work.number(h.Legs[i].Debit) == nil || r.work.number(h.Legs[i].Credit) == nil {
			return false
		}
	}
	return true
}

// put writes a version of a chained record. Where the copy does not have the content, since
// a later version or an erasure follows, it writes a tombstone: the version counts on, and
// nothing stands in the way of those that come.
func (r *replay) put(e *effect, c *contents) error {
	k := &r.kernel
	key := RecordKey{e.text, e.other}
	w := r.work.records[key]
	if w == nil {
		w = &workRecord{}
		r.work.records[key] = w
	}
	if e.version != w.Version+1 || w.Version > 0 && w.Chaining != Chained {
		return impossible("record %s %s goes from version %d to %d", clip(key.Type), clip(key.ID), w.Version, e.version)
	}
	row := RecordRow{RecordKey: key, Version: e.version, Seq: k.head.Seq + 1, Chaining: Chained, Erased: true}
	piece := c.records[key]
	if piece != nil && piece.version == e.version && e.kind == effectRecord {
		p := &piece.put
		row.Erased, row.Content, row.Salt, row.Unique, row.Labels, row.Due = false, p.Content, piece.salt, p.Unique, p.Labels, p.Due
	}
	if err := r.write(w, row); err != nil {
		return err
	}
	if e.kind == effectErase {
		k.effects = appendErase(k.effects, key, e.version)
	} else {
		k.effects = appendRecord(k.effects, key, e.version, e.digest)
	}
	return nil
}

// write puts a row in place of a record. A plain record that holds one of its unique keys
// is of an earlier copy, and will come again with what it holds now; until then it is a tombstone.
func (r *replay) write(w *workRecord, row RecordRow) error {
	for _, u := range w.Unique {
		delete(r.work.unique, u)
	}
	w.RecordRow, w.dirty = row, true
	for _, u := range row.Unique {
		if holder, taken := r.work.unique[u]; taken && holder != row.RecordKey {
			other := r.work.records[holder]
			if other == nil || other.Chaining != Plain {
				return impossible("record %s %s takes the unique key of another", clip(row.Type), clip(row.ID))
			}
			for _, theirs := range other.Unique {
				delete(r.work.unique, theirs)
			}
			other.RecordRow = RecordRow{
				RecordKey: holder, Version: other.Version, Seq: other.Seq, Chaining: Plain, Erased: true,
			}
			other.dirty = true
		}
		r.work.unique[u] = row.RecordKey
	}
	return nil
}
