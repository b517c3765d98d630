package ledger

import (
	"slices"
	"time"
)

// kernel decides the Changes of one block, each on its own and in order, over the state
// that was loaded for them. It is pure: no clock, no store, no randomness. A Change that
// is refused leaves no trace in it.
type kernel struct {
	chart Chart
	now   time.Time // the block's time
	work  *workset

	head     Head // counters move as the block grows
	batch    Batch
	changes  []byte // encoded changes
	count    int    // how many they are
	effects  []byte // encoded effects of the Change being decided
	expired  []string
	saved    []savedAccount // what to restore if the Change is refused
	undo     []func()
	touched  []touchedAccount // accounts of the operation being decided
	change   string           // id of the Change being decided
	decision int              // counts parts decided, to save an account once for each
}

type savedAccount struct {
	account *workAccount
	was     workAccount
}

type touchedAccount struct {
	account            *workAccount
	spendable, highest int64 // before the operation
}

// newKernel prepares the kernel for a block and journals the holds that are due.
func newKernel(chart Chart, now time.Time, head Head, work *workset) *kernel {
	k := &kernel{chart: chart, now: now, head: head, work: work, decision: 1}
	for _, h := range work.dueHolds(now) {
		k.touched = k.touched[:0]
		k.release(h)
		h.Status = HoldIsExpired
		h.dirty = true
		k.expired = append(k.expired, h.ID)
	}
	k.saved = k.saved[:0] // expiry is not undone by a refusal
	return k
}

// reserve makes room for a block of a number of Changes, most of which post once: growing
// rows of this size step by step costs more than filling them.
func (k *kernel) reserve(changes int) {
	k.batch.Changes = make([]ChangeRow, 0, changes)
	k.batch.Postings = make([]PostingRow, 0, changes)
	k.changes = make([]byte, 0, 128*changes)
}

// decide decides one Change. The error is nil for one that committed, a *RefusedError for
// one whose refusal was recorded or pinned (then the outcome is set too), and otherwise
// says why the Change left no trace.
func (k *kernel) decide(p *prepared) (Outcome, error) {
	if row, ok := k.work.changes[p.id]; ok {
		if field := differ(row.Tags, p.tags, p.fields); field != "" {
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
		case p.alternative != nil && slices.Contains(p.elseOn, refused.Reason):
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
		out.First, out.Transactions = before.head.Transactions+1, int(n)
	}
	k.record(p, &out)
	return out, out.err()
}

// record writes the Change's outcome and effects into the block.
func (k *kernel) record(p *prepared, out *Outcome) {
	encoded := appendOutcome(nil, out)
	k.changes = appendText(k.changes, p.id)
	k.changes = append(k.changes, tagDigest(p.tags)...)
	k.changes = appendBytes(k.changes, encoded)
	k.changes = appendBytes(k.changes, k.effects)
	row := ChangeRow{ID: p.id, Seq: out.Seq, Index: k.count, Tags: p.tags, Outcome: encoded}
	k.batch.Changes = append(k.batch.Changes, row)
	k.work.changes[p.id] = &k.batch.Changes[len(k.batch.Changes)-1]
	k.count++
	k.effects = k.effects[:0]
}

// finish returns what the block writes, nil when nothing was decided.
func (k *kernel) finish(name string) *Batch {
	if k.count == 0 {
		return nil
	}
	body := make([]byte, 0, len(k.changes)+64)
	body = append(body, FormatVersion)
	body = appendUint(body, uint64(len(k.expired)))
	for _, id := range k.expired {
		body = appendText(body, id)
	}
	body = appendUint(body, uint64(k.count))
	body = append(body, k.changes...)
	block := &Block{Seq: k.head.Seq + 1, Time: k.now, Previous: k.head.Hash, Body: body}
	if k.head.Seq == 0 {
		block.Previous = genesisHash(name, k.head.Key)
	}
	block.Hash = hashBlock(name, block)
	k.head.Seq, k.head.Time, k.head.Hash = block.Seq, block.Time, block.Hash
	k.batch.Block, k.batch.Head = block, k.head
	k.work.collect(&k.batch)
	return &k.batch
}

// apply decides the parts of a Change in the order that Change documents.
func (k *kernel) apply(p *part) error {
	k.decision++
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
		k.emit(&p.events[i])
	}
	return nil
}

func (k *kernel) applyOp(p *preparedOp) error {
	k.touched = k.touched[:0]
	var err error
	switch op := p.op.(type) {
	case Transaction:
		err = k.transact(p, op.Reference)
	case Hold:
		err = k.hold(p, &op)
	case Capture:
		err = k.capture(p, &op)
	case Void:
		err = k.void(op.Hold)
	}
	if err != nil {
		return err
	}
	return k.checkLimits()
}

func (k *kernel) transact(p *preparedOp, reference string) error {
	k.head.Transactions++
	legs, err := k.resolve(p.postings)
	if err != nil {
		return err
	}
	k.effects = append(k.effects, byte(effectTransaction))
	effective := p.at
	if effective.Equal(k.now) {
		effective = time.Time{}
	}
	k.effects = appendTime(k.effects, effective)
	k.effects = appendText(k.effects, reference)
	k.effects = appendBytes(k.effects, p.metadata)
	k.effects = appendUint(k.effects, uint64(len(p.postings)))
	for i, leg := range legs {
		row := PostingRow{Reference: reference, Metadata: p.metadata, Effective: effective}
		if err := k.post(leg.debit, leg.credit, p.postings[i].Amount.Minor(), &row); err != nil {
			return err
		}
	}
	return nil
}

// post moves an amount and writes the posting's row and effect.
func (k *kernel) post(debit, credit *workAccount, amount int64, row *PostingRow) error {
	k.touch(debit)
	k.touch(credit)
	var ok1, ok2 bool
	debit.Balance, ok1 = sub(debit.Balance, amount)
	credit.Balance, ok2 = add(credit.Balance, amount)
	if !ok1 || !ok2 {
		return overflow(debit, credit, !ok1)
	}
	debit.addTurnover(amount)
	k.head.Postings++
	row.No, row.Seq, row.Transaction = k.head.Postings, k.head.Seq+1, k.head.Transactions
	row.Time, row.Change = k.now, k.change
	if row.Effective.IsZero() {
		row.Effective = k.now
	}
	row.Debit, row.Credit, row.Amount = debit.No, credit.No, amount
	row.DebitAfter, row.CreditAfter = debit.Balance, credit.Balance
	row.DebitNth, row.DebitPrev = k.enter(debit, row.No)
	row.CreditNth, row.CreditPrev = k.enter(credit, row.No)
	k.batch.Postings = append(k.batch.Postings, *row)
	k.effects = appendUint(k.effects, uint64(debit.No))
	k.effects = appendUint(k.effects, uint64(credit.No))
	k.effects = appendUint(k.effects, uint64(amount))
	return nil
}

// enter makes a posting the account's next entry.
func (k *kernel) enter(a *workAccount, posting int64) (nth, previous int64) {
	previous = a.Last
	a.Entries++
	a.Last = posting
	if a.Entries%MarkEvery == 0 {
		k.batch.Marks = append(k.batch.Marks, Mark{Account: a.No, Nth: a.Entries, Posting: posting})
	}
	return a.Entries, previous
}

func (k *kernel) hold(p *preparedOp, op *Hold) error {
	if k.work.holds[op.ID] != nil {
		return refuse(Refusal{Reason: HoldExists, Hold: op.ID})
	}
	if !p.at.IsZero() && !p.at.After(k.now) {
		return refuse(Refusal{Reason: HoldExpired, Hold: op.ID})
	}
	legs, err := k.resolve(p.postings)
	if err != nil {
		return err
	}
	h := &workHold{dirty: true}
	h.ID, h.Status, h.Seq, h.Expires = op.ID, HoldOpen, k.head.Seq+1, p.at
	h.Reference, h.Metadata = op.Reference, p.metadata
	k.effects = append(k.effects, byte(effectHold))
	k.effects = appendText(k.effects, op.ID)
	k.effects = appendTime(k.effects, p.at)
	k.effects = appendText(k.effects, op.Reference)
	k.effects = appendBytes(k.effects, p.metadata)
	k.effects = appendUint(k.effects, uint64(len(legs)))
	for i, leg := range legs {
		amount := p.postings[i].Amount.Minor()
		k.touch(leg.debit)
		k.touch(leg.credit)
		var ok1, ok2 bool
		leg.debit.PendingOut, ok1 = add(leg.debit.PendingOut, amount)
		leg.credit.PendingIn, ok2 = add(leg.credit.PendingIn, amount)
		if !ok1 || !ok2 {
			return overflow(leg.debit, leg.credit, !ok1)
		}
		leg.debit.expiresBy(p.at)
		leg.credit.expiresBy(p.at)
		h.Legs = append(h.Legs, HoldLeg{Debit: leg.debit.No, Credit: leg.credit.No, Amount: amount, Rest: amount})
		k.effects = appendUint(k.effects, uint64(leg.debit.No))
		k.effects = appendUint(k.effects, uint64(leg.credit.No))
		k.effects = appendUint(k.effects, uint64(amount))
	}
	k.work.holds[op.ID] = h
	k.undo = append(k.undo, func() { delete(k.work.holds, op.ID) })
	return nil
}

// open returns a hold that may be captured or voided, saved for undo.
func (k *kernel) open(id string) (*workHold, error) {
	h := k.work.holds[id]
	if h == nil {
		return nil, refuse(Refusal{Reason: HoldUnknown, Hold: id})
	}
	switch h.Status {
	case HoldIsCaptured:
		return nil, refuse(Refusal{Reason: HoldCaptured, Hold: id})
	case HoldIsVoided:
		return nil, refuse(Refusal{Reason: HoldVoided, Hold: id})
	case HoldIsExpired:
		return nil, refuse(Refusal{Reason: HoldExpired, Hold: id})
	}
	was := *h
	was.Legs = slices.Clone(h.Legs)
	k.undo = append(k.undo, func() { *h = was })
	h.dirty = true
	return h, nil
}

func (k *kernel) capture(p *preparedOp, op *Capture) error {
	h, err := k.open(op.Hold)
	if err != nil {
		return err
	}
	k.head.Transactions++
	var legs []leg
	var amounts []int64
	ends := op.Final
	if len(p.postings) == 0 {
		ends = true
		for i := range h.Legs {
			l := &h.Legs[i]
			if l.Rest > 0 || l.Amount == 0 {
				legs = append(legs, leg{k.work.byNo[l.Debit], k.work.byNo[l.Credit]})
				amounts = append(amounts, l.Rest)
				k.consume(l, l.Rest)
			}
		}
	} else {
		if legs, err = k.resolve(p.postings); err != nil {
			return err
		}
		for i := range legs {
			amount := p.postings[i].Amount.Minor()
			amounts = append(amounts, amount)
			if err := k.draw(h, legs[i].debit, amount); err != nil {
				return err
			}
		}
	}
	if h.rest() == 0 {
		ends = true
	}
	k.effects = append(k.effects, byte(effectCapture))
	k.effects = appendText(k.effects, h.ID)
	if ends {
		k.effects = append(k.effects, 1)
	} else {
		k.effects = append(k.effects, 0)
	}
	k.effects = appendText(k.effects, op.Reference)
	k.effects = appendBytes(k.effects, p.metadata)
	k.effects = appendUint(k.effects, uint64(len(legs)))
	for i, leg := range legs {
		row := PostingRow{Hold: h.ID, Reference: op.Reference, Metadata: p.metadata}
		if err := k.post(leg.debit, leg.credit, amounts[i], &row); err != nil {
			return err
		}
	}
	if ends {
		k.release(h)
		h.Status = HoldIsCaptured
	}
	return nil
}

// draw takes an amount from what the hold reserves on a debit account, leg by leg.
func (k *kernel) draw(h *workHold, debit *workAccount, amount int64) error {
	found := false
	for i := range h.Legs {
		l := &h.Legs[i]
		if l.Debit != debit.No {
			continue
		}
		found = true
		part := min(amount, l.Rest)
		k.consume(l, part)
		amount -= part
	}
	if amount > 0 || !found {
		return refuse(Refusal{Reason: HoldExceeded, Hold: h.ID, Account: debit.Key, Short: amount})
	}
	return nil
}

// consume takes an amount out of one leg's reserve.
func (k *kernel) consume(l *HoldLeg, amount int64) {
	debit, credit := k.work.byNo[l.Debit], k.work.byNo[l.Credit]
	k.touch(debit)
	k.touch(credit)
	l.Rest -= amount
	debit.PendingOut -= amount
	credit.PendingIn -= amount
	debit.settleExpiry()
	credit.settleExpiry()
}

// release gives back whatever the hold still reserves.
func (k *kernel) release(h *workHold) {
	for i := range h.Legs {
		k.consume(&h.Legs[i], h.Legs[i].Rest)
	}
}

func (k *kernel) void(id string) error {
	h, err := k.open(id)
	if err != nil {
		return err
	}
	k.release(h)
	h.Status = HoldIsVoided
	k.effects = appendText(append(k.effects, byte(effectVoid)), id)
	return nil
}

func (k *kernel) put(p *preparedPut) error {
	key := RecordKey{p.Type, p.ID}
	r := k.work.records[key]
	if r == nil {
		r = &workRecord{}
		k.work.records[key] = r
	}
	if r.Version > 0 && r.Chaining != p.Chaining {
		return &InvalidError{Field: "puts.chaining", Reason: "differs from the record's"}
	}
	if p.Erase && (r.Version == 0 || r.Erased) {
		return ErrNotFound
	}
	for _, u := range p.Unique {
		if holder, taken := k.work.unique[u]; taken && holder != key {
			return &DuplicateKeyError{Key: u}
		}
	}
	was := *r
	k.undo = append(k.undo, func() {
		for _, u := range r.Unique {
			delete(k.work.unique, u)
		}
		*r = was
		for _, u := range r.Unique {
			k.work.unique[u] = key
		}
	})
	for _, u := range r.Unique {
		delete(k.work.unique, u)
	}
	r.RecordRow = RecordRow{
		RecordKey: key, Version: r.Version + 1, Seq: k.head.Seq + 1, Chaining: p.Chaining, Erased: p.Erase,
		Content: p.Content, Salt: p.salt, Unique: p.Unique, Labels: p.Labels, Due: p.Due,
	}
	r.dirty = true
	for _, u := range p.Unique {
		k.work.unique[u] = key
	}
	switch {
	case p.Chaining == Plain:
	case p.Erase:
		k.effects = appendErase(k.effects, key, r.Version)
	default:
		k.effects = appendRecord(k.effects, key, r.Version, p.digest)
	}
	return nil
}

func (k *kernel) emit(e *preparedEvent) {
	k.head.Events++
	k.batch.Events = append(k.batch.Events, EventRow{
		No: k.head.Events, Seq: k.head.Seq + 1, Time: k.now,
		Type: e.Type, Subject: e.Subject, Payload: e.Payload, Salt: e.salt,
	})
	k.effects = appendEvent(k.effects, &e.Event, e.digest)
}

// touch saves an account once for each Change, for undo, and once for each operation, for
// the limits.
func (k *kernel) touch(a *workAccount) {
	if a.decision != k.decision {
		k.saved = append(k.saved, savedAccount{a, *a})
		a.decision = k.decision
		a.dirty = true
	}
	for i := range k.touched {
		if k.touched[i].account == a {
			return
		}
	}
	spendable, highest, _ := a.bounds()
	k.touched = append(k.touched, touchedAccount{a, spendable, highest})
}

// checkLimits refuses an operation that moved an account beyond a limit. One that moves an
// account back towards its limits is never refused by them.
func (k *kernel) checkLimits() error {
	for i := range k.touched {
		t := &k.touched[i]
		spendable, highest, ok := t.account.bounds()
		if !ok {
			return refuse(Refusal{Reason: BalanceOverflow, Account: t.account.Key})
		}
		if low := t.account.Min; low != nil && spendable < *low && spendable < t.spendable {
			return refuse(Refusal{Reason: InsufficientFunds, Account: t.account.Key, Short: distance(spendable, *low)})
		}
		if high := t.account.Max; high != nil && highest > *high && highest > t.highest {
			return refuse(Refusal{Reason: LimitExceeded, Account: t.account.Key, Short: distance(*high, highest)})
		}
	}
	return nil
}

// distance is how far b lies above a, as far as an int64 can tell.
func distance(a, b int64) int64 {
	d, ok := sub(b, a)
	if !ok {
		return 1<<63 - 1
	}
	return d
}

type leg struct{ debit, credit *workAccount }

// resolve finds or opens the accounts of postings.
func (k *kernel) resolve(postings []Posting) ([]leg, error) {
	legs := make([]leg, len(postings))
	for i := range postings {
		p := &postings[i]
		currency := p.Amount.Currency()
		if err := k.checkScale(currency.Code(), currency.Scale()); err != nil {
			return nil, err
		}
		var err error
		if legs[i].debit, err = k.account(AccountKey{p.Debit, currency.Code()}); err != nil {
			return nil, err
		}
		if legs[i].credit, err = k.account(AccountKey{p.Credit, currency.Code()}); err != nil {
			return nil, err
		}
	}
	return legs, nil
}

func (k *kernel) checkScale(code string, scale int) error {
	was, ok := k.work.currencies[code]
	if !ok {
		k.work.currencies[code] = scale
		if k.batch.Currencies == nil {
			k.batch.Currencies = make(map[string]int)
		}
		k.batch.Currencies[code] = scale
		k.undo = append(k.undo, func() {
			delete(k.work.currencies, code)
			delete(k.batch.Currencies, code)
		})
		k.effects = appendCurrency(k.effects, code, scale)
		return nil
	}
	if was != scale {
		return refuse(Refusal{Reason: ScaleChanged, Account: AccountKey{Currency: code}})
	}
	return nil
}

// account finds an account, or opens it by the chart.
func (k *kernel) account(key AccountKey) (*workAccount, error) {
	if a := k.work.accounts[key]; a != nil {
		return a, nil
	}
	rule, ok := k.chart.rule(key)
	if !ok {
		return nil, refuse(Refusal{Reason: AccountNotAllowed, Account: key})
	}
	k.head.Accounts++
	a := &workAccount{fresh: true, dirty: true, decision: k.decision}
	a.Account = Account{No: k.head.Accounts, Key: key, Normal: rule.Normal, Min: rule.Min, Max: rule.Max}
	k.work.accounts[key], k.work.byNo[a.No] = a, a
	k.undo = append(k.undo, func() {
		delete(k.work.accounts, key)
		delete(k.work.byNo, a.No)
	})
	k.effects = appendOpen(k.effects, &a.Account)
	return a, nil
}

// position is how far the block had grown, for a refused Change to go back to.
type position struct {
	head                    Head
	postings, marks, events int
	effects                 int
}

func (k *kernel) mark() position {
	k.saved, k.undo = k.saved[:0], k.undo[:0]
	return position{
		head: k.head, postings: len(k.batch.Postings), marks: len(k.batch.Marks), events: len(k.batch.Events),
		effects: len(k.effects),
	}
}

func (k *kernel) rewind(to position) {
	for i := len(k.undo) - 1; i >= 0; i-- {
		k.undo[i]()
	}
	for i := len(k.saved) - 1; i >= 0; i-- {
		*k.saved[i].account = k.saved[i].was
	}
	k.saved, k.undo = k.saved[:0], k.undo[:0]
	k.head = to.head
	k.batch.Postings = k.batch.Postings[:to.postings]
	k.batch.Marks = k.batch.Marks[:to.marks]
	k.batch.Events = k.batch.Events[:to.events]
	k.effects = k.effects[:to.effects]
}

func refuse(r Refusal) error { return &RefusedError{Refusal: r} }

func overflow(debit, credit *workAccount, atDebit bool) error {
	key := credit.Key
	if atDebit {
		key = debit.Key
	}
	return refuse(Refusal{Reason: BalanceOverflow, Account: key})
}
