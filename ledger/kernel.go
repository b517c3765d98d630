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

type savedAccount struct {
	account *workAccount
	was     workAccount
}

type touchedAccount struct {
	account            *workAccount
	spendable, highest int64 // before the operation
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

func (k *kernel) transact(p *preparedOp) error {
	legs, err := k.resolve(p)
	if err != nil {
		return err
	}
	k.effects = append(k.effects, byte(effectTransaction))
	return k.postAll(p, legs, nil)
}

// postAll posts a transaction, and writes the rest of its effect. Amounts are those of the
// postings unless they are given.
func (k *kernel) postAll(p *preparedOp, legs []leg, amounts []int64) error {
	k.head.Transactions++
	first := k.head.Postings + 1
	row := PostingRow{Transaction: first, Reference: p.reference, Metadata: p.metadata}
	if p.kind == opCapture {
		row.Hold = p.hold
	} else {
		effective := p.at
		if effective.Equal(k.now) {
			effective = time.Time{}
		}
		row.Effective = effective
		k.effects = appendTime(k.effects, effective)
	}
	k.effects = appendText(k.effects, p.reference)
	k.effects = appendBytes(k.effects, p.metadata)
	k.effects = appendUint(k.effects, uint64(len(legs)))
	for i, leg := range legs {
		var amount int64
		if amounts != nil {
			amount = amounts[i]
		} else {
			amount = moved(&p.postings[i], leg)
		}
		if err := k.post(leg.debit, leg.credit, amount, &row); err != nil {
			return err
		}
	}
	for _, hash := range p.terms {
		k.terms = append(k.terms, Term{Hash: hash, Transaction: first})
	}
	return nil
}

// moved is what a posting moves now.
func moved(p *Posting, l leg) int64 {
	amount := p.Amount.Minor()
	if p.UpTo&UpToDebit != 0 {
		amount = min(amount, l.debit.givable())
	}
	if p.UpTo&UpToCredit != 0 {
		amount = min(amount, l.credit.takable())
	}
	return amount
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
	if !row.Effective.IsZero() {
		if err := k.date(debit, credit, amount); err != nil {
			return err
		}
	}
	k.head.Postings++
	row.No, row.Seq = k.head.Postings, k.head.Seq+1
	row.Time, row.Change = k.now, k.change
	row.Debit, row.Credit, row.Amount = debit.No, credit.No, amount
	row.DebitAfter, row.CreditAfter = debit.Balance, credit.Balance
	row.DebitNth, row.DebitPrev = k.enter(debit, row.No)
	row.CreditNth, row.CreditPrev = k.enter(credit, row.No)
	k.batch.Postings = append(k.batch.Postings, *row)
	if row.Effective.IsZero() {
		k.batch.Postings[len(k.batch.Postings)-1].Effective = k.now
	}
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

// emit announces an event and adds it to effects.
func (k *kernel) emit(effects []byte, e *preparedEvent) []byte {
	k.head.Events++
	k.batch.Events = append(k.batch.Events, EventRow{
		No: k.head.Events, Seq: k.head.Seq + 1, Time: k.now,
		Type: e.Type, Subject: e.Subject, Payload: e.Payload, Salt: e.salt,
	})
	return appendEvent(effects, &e.Event, e.digest)
}

// touch saves an account once for each Change, for undo, and once for each operation, for
// the limits.
func (k *kernel) touch(a *workAccount) {
	k.save(a)
	if !a.dirty {
		a.dirty = true
		k.work.touched = append(k.work.touched, a)
	}
	for i := range k.touched {
		if k.touched[i].account == a {
			return
		}
	}
	spendable, highest, _ := a.bounds()
	k.touched = append(k.touched, touchedAccount{a, spendable, highest})
}

// save keeps an account as it is for undo, once for each part.
func (k *kernel) save(a *workAccount) {
	if a.decision != k.work.cache.decision {
		k.saved = append(k.saved, savedAccount{a, *a})
		a.decision = k.work.cache.decision
	}
}

// checkRange refuses an operation that took an account out of what can be counted.
func (k *kernel) checkRange() error {
	for i := range k.touched {
		if _, _, ok := k.touched[i].account.bounds(); !ok {
			return refuse(Refusal{Reason: BalanceOverflow, Account: k.touched[i].account.Key})
		}
	}
	return nil
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

// leg is the pair of accounts of a posting.
type leg struct{ debit, credit *workAccount }

// resolve finds or opens the accounts of postings, which have to allow them.
func (k *kernel) resolve(p *preparedOp) ([]leg, error) {
	legs := k.legs[:0]
	for i := range p.postings {
		posting := &p.postings[i]
		currency := posting.Amount.Currency()
		code := currency.Code()
		if err := k.checkScale(code, currency.Scale()); err != nil {
			return nil, err
		}
		l := p.legs[i]
		var err error
		if l.debit == nil {
			if l.debit, err = k.account(AccountKey{posting.Debit, code}); err != nil {
				return nil, err
			}
		}
		if l.credit == nil {
			if l.credit, err = k.account(AccountKey{posting.Credit, code}); err != nil {
				return nil, err
			}
		}
		if err := allows(l.debit, l.credit); err != nil {
			return nil, err
		}
		legs = append(legs, l)
	}
	k.legs = legs
	return legs, nil
}

// allows refuses a movement over a frozen or closed account.
func allows(debit, credit *workAccount) error {
	switch {
	case (debit.Flags|credit.Flags)&(Closed|DebitsFrozen|CreditsFrozen) == 0:
		return nil
	case debit.Flags&Closed != 0:
		return refuse(Refusal{Reason: AccountClosed, Account: debit.Key})
	case credit.Flags&Closed != 0:
		return refuse(Refusal{Reason: AccountClosed, Account: credit.Key})
	case debit.Flags&DebitsFrozen != 0:
		return refuse(Refusal{Reason: AccountFrozen, Account: debit.Key})
	case credit.Flags&CreditsFrozen != 0:
		return refuse(Refusal{Reason: AccountFrozen, Account: credit.Key})
	}
	return nil
}

func (k *kernel) checkScale(code string, scale int) error {
	was, ok := k.work.cache.currencies[code]
	if !ok {
		k.work.cache.currencies[code] = scale
		if k.batch.Currencies == nil {
			k.batch.Currencies = make(map[string]int)
		}
		k.batch.Currencies[code] = scale
		k.undo = append(k.undo, func() {
			delete(k.work.cache.currencies, code)
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
	if a := k.work.account(key); a != nil {
		return a, nil
	}
	rule, ok := k.chart.rule(key)
	if !ok {
		return nil, refuse(Refusal{Reason: AccountNotAllowed, Account: key})
	}
	return k.openAccount(key, rule), nil
}

// openAccount opens an account by a rule.
func (k *kernel) openAccount(key AccountKey, rule Pattern) *workAccount {
	k.head.Accounts++
	a := &workAccount{fresh: true, dirty: true, decision: k.work.cache.decision}
	a.Account = Account{No: k.head.Accounts, Key: key, Normal: rule.Normal, Min: rule.Min, Max: rule.Max}
	k.work.opened[key], k.work.openedNo[a.No] = a, a
	k.undo = append(k.undo, func() {
		delete(k.work.opened, key)
		delete(k.work.openedNo, a.No)
	})
	k.effects = appendOpen(k.effects, &a.Account)
	return a
}

// position is how far the block had grown, for a refused Change to go back to.
type position struct {
	head                               Head
	postings, marks, events, reversals int
	terms, effects, changes, outcomes  int
	count, used, saved, undo           int
	prefaced                           bool
}

func (k *kernel) mark() position {
	return position{
		head: k.head, postings: len(k.batch.Postings), marks: len(k.batch.Marks), events: len(k.batch.Events),
		reversals: len(k.batch.Reversals), terms: len(k.terms), effects: len(k.effects), changes: len(k.changes),
		outcomes: len(k.outcomes), count: k.count, used: k.used, saved: len(k.saved), undo: len(k.undo), prefaced: k.prefaced,
	}
}

func (k *kernel) rewind(to position) {
	for i := len(k.undo) - 1; i >= to.undo; i-- {
		k.undo[i]()
	}
	for i := len(k.saved) - 1; i >= to.saved; i-- {
		*k.saved[i].account = k.saved[i].was
	}
	k.saved, k.undo = k.saved[:to.saved], k.undo[:to.undo]
	k.head, k.count, k.used, k.prefaced = to.head, to.count, to.used, to.prefaced
	k.batch.Changes = k.batch.Changes[:to.count]
	k.batch.Postings = k.batch.Postings[:to.postings]
	k.batch.Marks = k.batch.Marks[:to.marks]
	k.batch.Events = k.batch.Events[:to.events]
	k.batch.Reversals = k.batch.Reversals[:to.reversals]
	k.terms, k.effects = k.terms[:to.terms], k.effects[:to.effects]
	k.changes, k.outcomes = k.changes[:to.changes], k.outcomes[:to.outcomes]
}

func refuse(r Refusal) error { return &RefusedError{Refusal: r} }

func overflow(debit, credit *workAccount, atDebit bool) error {
	key := credit.Key
	if atDebit {
		key = debit.Key
	}
	return refuse(Refusal{Reason: BalanceOverflow, Account: key})
}
