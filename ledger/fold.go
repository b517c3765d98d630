package ledger

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/dchest/siphash"
)

// fold is what the journal says, block after block. It shares no arithmetic with the
// kernel beyond adding: it takes effects as decided and notes those that make no sense.
//
// It keeps what falls into its portions, of which there may be more than one pass's worth. What it
// keeps of an account follows from the effects that name the account, and what it keeps of
// a hold from those that name the hold, so that neither needs the other.
type fold struct {
	k0, k1 uint64 // key the digests that stand for names and ids

	seal int64 // what blocks after this one add is not kept, so that the work ends
	seq  int64
	time time.Time
	hash [32]byte

	currencies map[string]int
	codes      map[string]uint32
	currencyOf []uint32 // of every account, by number less one

	postings, transactions, events int64

	low      int64 // the first account that is kept is the one after
	sealed   int64 // how many accounts there were at the seal, known after the first pass
	most     int   // accounts that are kept at once
	accounts []foldAccount
	room     int // bytes for the portions

	holds     portion[string, HoldState]
	records   portion[RecordKey, foldRecord]
	reversals portion[int64, int64]
	totals    portion[totalKey, int64]
	ids       foldIDs

	// Of the last block.
	rows      []foldPosting
	dated     []DatedRow
	marks     []Mark
	announced []foldEvent
	wrong     []string
}

// foldAccount is an account in few bytes, since there may be very many.
type foldAccount struct {
	no                    int64
	name                  [2]uint64 // digest of its key
	min, max              *int64
	normal                Side
	flags                 AccountFlags
	balance               int64
	debitsHi, debitsLo    uint64
	pendingOut, pendingIn int64
	entries, last         int64
	dated                 *DatedRow // the last one
}

// accountWeight is how many bytes a foldAccount takes, with what it points to.
const accountWeight = 192

type foldRecord struct {
	version, seq int64
	digest       [32]byte
	erased       bool
}

// foldPosting is a posting with whether its accounts are kept. What concerns an account
// that is not is not filled in.
type foldPosting struct {
	PostingRow
	debit, credit bool
}

type foldEvent struct {
	no, seq       int64
	time          time.Time
	kind, subject string
	digest        []byte
}

// newFold returns a fold that keeps so many bytes, roughly. The key is a secret of this one
// verification, so that nobody can make rows whose digests agree.
func newFold(key [16]byte, memory int) *fold {
	most := max(1, memory/4*3/accountWeight)
	f := &fold{
		k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:]),
		most: most, room: memory,
		holds: newPortion(strings.Compare, func(id string, h *HoldState) int {
			return 300 + 2*len(id) + len(h.Reference) + len(h.Metadata) + 40*len(h.Legs)
		}),
		records:   newPortion(compareRecords, func(k RecordKey, _ *foldRecord) int { return 200 + len(k.Type) + len(k.ID) }),
		reversals: newPortion(cmp.Compare[int64], func(int64, *int64) int { return 64 }),
		totals:    newPortion(compareTotals, func(totalKey, *int64) int { return 96 }),
	}
	f.ids.suspects = newPortion(strings.Compare, func(id string, _ *[2]uint64) int { return 100 + len(id) })
	return f
}

// restart begins a pass at the journal's beginning.
func (f *fold) restart(genesis [32]byte, accounts int64) {
	if f.accounts == nil {
		f.accounts = make([]foldAccount, 0, min(int64(f.most), max(0, accounts)))
	}
	f.seq, f.time, f.hash = 0, time.Time{}, genesis
	f.currencies, f.codes, f.currencyOf = make(map[string]int), make(map[string]uint32), f.currencyOf[:0]
	f.postings, f.transactions, f.events = 0, 0, 0
	f.accounts = f.accounts[:0]
	for _, w := range f.portions() {
		w.reopen()
	}
}

func (f *fold) portions() []shrinking {
	return []shrinking{&f.holds, &f.records, &f.reversals, &f.totals, &f.ids.suspects}
}

// adds reports whether what is not kept yet is to be.
func (f *fold) adds() bool { return f.seq <= f.seal }

// more reports whether another pass has something to do.
func (f *fold) more() bool {
	return f.low < f.sealed || !f.holds.done || !f.records.done || !f.reversals.done || !f.totals.done || f.ids.more()
}

// opened is how many accounts there are.
func (f *fold) opened() int64 { return int64(len(f.currencyOf)) }

func (f *fold) impossible(format string, args ...any) {
	f.wrong = append(f.wrong, "an effect that can not be: "+fmt.Sprintf(format, args...))
}

// block folds one block.
func (f *fold) block(b *Block, body *decodedBody) {
	f.seq, f.time, f.hash = b.Seq, b.Time, b.Hash
	f.rows, f.dated, f.marks, f.announced, f.wrong = f.rows[:0], f.dated[:0], f.marks[:0], f.announced[:0], f.wrong[:0]
	for i := range body.expired {
		e := &body.expired[i]
		f.unreserve(e.released)
		if h, ok := f.open(e.text, "expires"); ok {
			if h.Expires.IsZero() || h.Expires.After(b.Time) {
				f.impossible("hold %s expires too early", clip(e.text))
			}
			f.end(h, HoldIsExpired, e.released)
		}
	}
	for i := range body.changes {
		c := &body.changes[i]
		f.id(c, b.Seq, i)
		for j := range c.effects {
			f.effect(c.id, &c.effects[j])
		}
	}
	f.settle()
}

// settle leaves things to a later pass as long as there is not room for all.
func (f *fold) settle() {
	for {
		var heaviest shrinking
		most, all := 0, len(f.accounts)*accountWeight
		for _, w := range f.portions() {
			entries, weight := w.size()
			all += weight
			if entries > 1 && weight > most {
				heaviest, most = w, weight
			}
		}
		if all <= f.room || heaviest == nil {
			return
		}
		heaviest.halve()
	}
}

func (f *fold) effect(change string, e *effect) {
	switch e.kind {
	case effectCurrency:
		if _, known := f.currencies[e.text]; known {
			f.impossible("currency %s is new twice", clip(e.text))
			return
		}
		f.currencies[e.text] = e.scale
	case effectOpen:
		f.opens(e)
	case effectTransaction:
		f.transaction(change, "", e)
	case effectReverse:
		f.reverse(e.version)
		f.transaction(change, "", e)
	case effectAlter:
		if e.version < 1 || e.version > f.opened() {
			f.impossible("account %d was never opened", e.version)
		}
		if a := f.account(e.version); a != nil {
			a.flags, a.min, a.max = e.flags, e.min, e.max
		}
	case effectHold:
		f.place(e)
	case effectCapture:
		f.capture(change, e)
	case effectVoid:
		f.unreserve(e.released)
		if h, ok := f.open(e.text, "is voided"); ok {
			f.end(h, HoldIsVoided, e.released)
		}
	case effectRecord, effectErase:
		f.record(e)
	case effectEvent:
		f.events++
		f.announced = append(f.announced, foldEvent{f.events, f.seq, f.time, e.text, e.other, e.digest})
	}
}

func (f *fold) opens(e *effect) {
	code, known := f.codes[e.other]
	if !known {
		code = uint32(len(f.codes))
		f.codes[e.other] = code
	}
	f.currencyOf = append(f.currencyOf, code)
	if no := f.opened(); no > f.low && len(f.accounts) < f.most && f.adds() {
		f.accounts = append(f.accounts, foldAccount{
			no: no, name: f.nameDigest(AccountKey{e.text, e.other}), normal: e.normal, min: e.min, max: e.max,
		})
	}
}

// account returns an account that is kept, nil for another one.
func (f *fold) account(no int64) *foldAccount {
	if no <= f.low || no > f.low+int64(len(f.accounts)) {
		return nil
	}
	return &f.accounts[no-f.low-1]
}

// digest stands for a text.
func (f *fold) digest(text []byte) [2]uint64 {
	a, b := siphash.Hash128(f.k0, f.k1, text)
	return [2]uint64{a, b}
}

func (f *fold) nameDigest(key AccountKey) [2]uint64 {
	var room [MaxAccountLen + MaxTypeLen + 8]byte
	return f.digest(appendText(appendText(room[:0], key.Name), key.Currency))
}

// pair notes what is wrong with the accounts of a posting.
func (f *fold) pair(l legEffect) {
	for _, no := range [2]int64{l.debit, l.credit} {
		if no < 1 || no > f.opened() {
			f.impossible("account %d was never opened", no)
			return
		}
	}
	if f.currencyOf[l.debit-1] != f.currencyOf[l.credit-1] {
		f.impossible("accounts %d and %d have different currencies", l.debit, l.credit)
	}
}

func (f *fold) transaction(change, hold string, e *effect) {
	f.transactions++
	first := f.postings + 1
	for _, l := range e.postings {
		f.pair(l)
		f.postings++
		row := foldPosting{PostingRow: PostingRow{
			No: f.postings, Seq: f.seq, Transaction: first, Time: f.time, Effective: f.time,
			Change: change, Hold: hold, Reference: e.reference, Metadata: e.metadata,
			Debit: l.debit, Credit: l.credit, Amount: l.amount,
		}}
		if !e.at.IsZero() {
			row.Effective = e.at
		}
		if a := f.account(l.debit); a != nil {
			row.debit = true
			a.addTurnover(l.amount)
			row.DebitAfter, row.DebitNth, row.DebitPrev = f.entry(a, &row, -l.amount)
		}
		if a := f.account(l.credit); a != nil {
			row.credit = true
			row.CreditAfter, row.CreditNth, row.CreditPrev = f.entry(a, &row, l.amount)
		}
		if !row.Effective.Equal(row.Time) {
			f.total(l.debit, row.Effective, -l.amount)
			f.total(l.credit, row.Effective, l.amount)
		}
		f.rows = append(f.rows, row)
	}
}

func (a *foldAccount) addTurnover(debit int64) {
	lo := a.debitsLo + uint64(debit)
	if lo < a.debitsLo {
		a.debitsHi++
	}
	a.debitsLo = lo
}

// entry folds one side of a posting.
func (f *fold) entry(a *foldAccount, row *foldPosting, delta int64) (after, nth, previous int64) {
	sum, ok := add(a.balance, delta)
	if !ok {
		f.impossible("the balance of account %d overflows", a.no)
	}
	previous = a.last
	a.balance, a.last = sum, row.No
	a.entries++
	if a.entries%MarkEvery == 0 {
		f.marks = append(f.marks, Mark{Account: a.no, Nth: a.entries, Posting: row.No})
	}
	if !row.Effective.Equal(row.Time) {
		if a.dated == nil {
			a.dated = &DatedRow{Account: a.no}
		}
		d := a.dated
		d.Nth++
		d.Entry, d.Posting, d.Effective = a.entries, row.No, row.Effective
		d.Sum += delta
		d.Turnover += row.Amount
		f.dated = append(f.dated, *d)
	}
	return sum, a.entries, previous
}

// total adds a dated entry to the account's totals.
func (f *fold) total(account int64, effective time.Time, delta int64) {
	for level := range DatedLevels {
		key := totalKey{account, level, instant(effective) >> (level * DatedShift)}
		if !f.totals.covers(key) {
			continue
		}
		switch sum := f.totals.kept[key]; {
		case sum != nil:
			*sum += delta
		case f.adds():
			first := delta // of its own for each level
			f.totals.keep(key, &first)
		}
	}
}

func (f *fold) reverse(transaction int64) {
	if transaction < 1 || transaction > f.postings {
		f.impossible("transaction %d is reversed", transaction)
		return
	}
	if !f.reversals.covers(transaction) {
		return
	}
	if f.reversals.kept[transaction] != nil {
		f.impossible("transaction %d is reversed twice", transaction)
		return
	}
	by := f.postings + 1
	f.reversals.keep(transaction, &by)
}

func (f *fold) record(e *effect) {
	key := RecordKey{e.text, e.other}
	if !f.records.covers(key) {
		return
	}
	r := f.records.kept[key]
	if r == nil {
		if !f.adds() {
			return
		}
		r = &foldRecord{}
		f.records.keep(key, r)
	}
	if e.version != r.version+1 {
		f.impossible("record %s %s goes from version %d to %d", clip(key.Type), clip(key.ID), r.version, e.version)
	}
	*r = foldRecord{version: e.version, seq: f.seq, erased: e.kind == effectErase}
	copy(r.digest[:], e.digest)
}
