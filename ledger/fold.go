package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// fold is what the journal says, block after block. It shares no arithmetic with the
// kernel beyond adding: it takes effects as decided and refuses those that make no sense.
type fold struct {
	seq  int64
	time time.Time
	hash [32]byte

	accounts   []Account // by number less one
	currencies map[string]int
	holds      map[string]*HoldState
	records    map[RecordKey]*foldRecord
	changes    map[string][32]byte
	reversals  map[int64]int64
	dated      map[int64]*foldDated

	postings, transactions, events int64

	rows      []PostingRow // of the last block
	announced []foldEvent
}

type foldRecord struct {
	version, seq int64
	digest       []byte
	erased       bool
}

type foldEvent struct {
	no, seq       int64
	time          time.Time
	kind, subject string
	digest        []byte
}

func newFold() *fold {
	return &fold{
		currencies: make(map[string]int), holds: make(map[string]*HoldState),
		records: make(map[RecordKey]*foldRecord), changes: make(map[string][32]byte), reversals: make(map[int64]int64),
		dated: make(map[int64]*foldDated),
	}
}

var errImpossible = errors.New("an effect that can not be")

func impossible(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errImpossible, fmt.Sprintf(format, args...))
}

// block folds one block.
func (f *fold) block(b *Block, body *decodedBody) error {
	f.seq, f.time, f.hash = b.Seq, b.Time, b.Hash
	f.rows, f.announced = f.rows[:0], f.announced[:0]
	for i := range body.expired {
		e := &body.expired[i]
		h := f.holds[e.text]
		if h == nil || h.Status != HoldOpen || h.Expires.IsZero() || h.Expires.After(b.Time) {
			return impossible("hold %s expires", clip(e.text))
		}
		if err := f.end(h, HoldIsExpired, e.released); err != nil {
			return err
		}
	}
	for i := range body.changes {
		c := &body.changes[i]
		if _, twice := f.changes[c.id]; twice {
			return impossible("id %s is used twice", clip(c.id))
		}
		f.changes[c.id] = changeDigest(b.Seq, i, c.tags, c.outcome)
		for j := range c.effects {
			if err := f.effect(c.id, &c.effects[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

func changeDigest(seq int64, index int, tags, outcome []byte) [32]byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	b = appendBytes(b, tags)
	b = appendBytes(b, outcome)
	return sha256.Sum256(b)
}

func (f *fold) effect(change string, e *effect) error {
	switch e.kind {
	case effectCurrency:
		if _, known := f.currencies[e.text]; known {
			return impossible("currency %s is new twice", clip(e.text))
		}
		f.currencies[e.text] = e.scale
	case effectOpen:
		f.accounts = append(f.accounts, Account{
			No: int64(len(f.accounts)) + 1, Key: AccountKey{e.text, e.other}, Normal: e.normal, Min: e.min, Max: e.max,
		})
	case effectTransaction:
		return f.transaction(change, "", e)
	case effectReverse:
		if f.reversals[e.version] != 0 || e.version < 1 || e.version > f.postings {
			return impossible("transaction %d is reversed", e.version)
		}
		f.reversals[e.version] = f.postings + 1
		return f.transaction(change, "", e)
	case effectAlter:
		a, err := f.account(e.version)
		if err != nil {
			return err
		}
		a.Flags, a.Min, a.Max = e.flags, e.min, e.max
	case effectHold:
		return f.place(e)
	case effectCapture:
		return f.capture(change, e)
	case effectVoid:
		h := f.holds[e.text]
		if h == nil || h.Status != HoldOpen {
			return impossible("hold %s is voided", clip(e.text))
		}
		return f.end(h, HoldIsVoided, e.released)
	case effectRecord, effectErase:
		key := RecordKey{e.text, e.other}
		r := f.records[key]
		if r == nil {
			r = &foldRecord{}
			f.records[key] = r
		}
		if e.version != r.version+1 {
			return impossible("record %s %s goes from version %d to %d", clip(key.Type), clip(key.ID), r.version, e.version)
		}
		*r = foldRecord{version: e.version, seq: f.seq, digest: e.digest, erased: e.kind == effectErase}
	case effectEvent:
		f.events++
		f.announced = append(f.announced, foldEvent{f.events, f.seq, f.time, e.text, e.other, e.digest})
	}
	return nil
}

func (f *fold) account(no int64) (*Account, error) {
	if no < 1 || no > int64(len(f.accounts)) {
		return nil, impossible("account %d was never opened", no)
	}
	return &f.accounts[no-1], nil
}

func (f *fold) pair(l legEffect) (debit, credit *Account, err error) {
	if debit, err = f.account(l.debit); err != nil {
		return nil, nil, err
	}
	if credit, err = f.account(l.credit); err != nil {
		return nil, nil, err
	}
	if debit.Key.Currency != credit.Key.Currency {
		return nil, nil, impossible("accounts %d and %d have different currencies", l.debit, l.credit)
	}
	return debit, credit, nil
}

func (f *fold) transaction(change, hold string, e *effect) error {
	f.transactions++
	first := f.postings + 1
	for _, l := range e.postings {
		debit, credit, err := f.pair(l)
		if err != nil {
			return err
		}
		var ok1, ok2 bool
		debit.Balance, ok1 = sub(debit.Balance, l.amount)
		credit.Balance, ok2 = add(credit.Balance, l.amount)
		if !ok1 || !ok2 {
			return impossible("a balance overflows")
		}
		debit.addTurnover(l.amount)
		f.postings++
		row := PostingRow{
			No: f.postings, Seq: f.seq, Transaction: first, Time: f.time, Effective: f.time,
			Change: change, Hold: hold, Reference: e.reference, Metadata: e.metadata,
			Debit: debit.No, Credit: credit.No, Amount: l.amount,
			DebitAfter: debit.Balance, CreditAfter: credit.Balance,
			DebitPrev: debit.Last, CreditPrev: credit.Last,
		}
		if !e.at.IsZero() {
			row.Effective = e.at
		}
		debit.Entries++
		credit.Entries++
		debit.Last, credit.Last = row.No, row.No
		row.DebitNth, row.CreditNth = debit.Entries, credit.Entries
		f.rows = append(f.rows, row)
	}
	return nil
}

func (f *fold) place(e *effect) error {
	if f.holds[e.text] != nil {
		return impossible("hold %s is placed twice", clip(e.text))
	}
	h := &HoldState{ID: e.text, Status: HoldOpen, Seq: f.seq, Expires: e.at, Reference: e.reference, Metadata: e.metadata}
	for _, l := range e.postings {
		debit, credit, err := f.pair(l)
		if err != nil {
			return err
		}
		debit.PendingOut += l.amount
		credit.PendingIn += l.amount
		h.Legs = append(h.Legs, HoldLeg{Debit: l.debit, Credit: l.credit, Amount: l.amount, Rest: l.amount})
	}
	f.holds[e.text] = h
	return nil
}

func (f *fold) capture(change string, e *effect) error {
	h := f.holds[e.text]
	if h == nil || h.Status != HoldOpen {
		return impossible("hold %s is captured", clip(e.text))
	}
	drawn := make(map[int64]int64)
	for _, l := range e.postings {
		drawn[l.debit] += l.amount
	}
	if err := f.transaction(change, e.text, e); err != nil {
		return err
	}
	if e.final {
		return f.end(h, HoldIsCaptured, e.released)
	}
	if err := f.release(h, e.released); err != nil {
		return err
	}
	for _, l := range e.released {
		drawn[l.debit] -= l.amount
	}
	for no, left := range drawn {
		if left != 0 {
			return impossible("hold %s gives %d more or less than is captured from account %d", clip(e.text), left, no)
		}
	}
	return nil
}

// release takes what an effect says from a hold's legs, first leg first.
func (f *fold) release(h *HoldState, released []legEffect) error {
	for _, l := range released {
		rest := l.amount
		for i := range h.Legs {
			if leg := &h.Legs[i]; leg.Debit == l.debit && leg.Credit == l.credit {
				part := min(rest, leg.Rest)
				rest -= part
				if err := f.take(leg, part); err != nil {
					return err
				}
			}
		}
		if rest != 0 {
			return impossible("hold %s releases more than it reserves", clip(h.ID))
		}
	}
	return nil
}

// take lowers one leg's reserve.
func (f *fold) take(leg *HoldLeg, amount int64) error {
	debit, credit, err := f.pair(legEffect{leg.Debit, leg.Credit, amount})
	if err != nil {
		return err
	}
	leg.Rest -= amount
	debit.PendingOut -= amount
	credit.PendingIn -= amount
	return nil
}

// end releases what a hold still reserves, which is all that the effect says.
func (f *fold) end(h *HoldState, status HoldStatus, released []legEffect) error {
	if err := f.release(h, released); err != nil {
		return err
	}
	for i := range h.Legs {
		if h.Legs[i].Rest != 0 {
			return impossible("hold %s ends with something reserved", clip(h.ID))
		}
	}
	h.Status = status
	return nil
}
