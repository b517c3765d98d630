package memstore

import (
	"fmt"
	"maps"

	"github.com/okpay/okpay-go/ledger"
)

// commit writes a batch whole or not at all. The caller holds the turn.
func (b *book) commit(batch *ledger.Batch) error {
	if err := b.check(batch); err != nil {
		return fmt.Errorf("memstore: block %d: %w", batch.Block.Seq, err)
	}
	memory := newArena(batch)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.addChanges(batch); err != nil {
		return fmt.Errorf("memstore: block %d: %w", batch.Block.Seq, err)
	}
	e := b.era()
	s := &b.state
	s.addRows(e, batch, memory)
	for i := range batch.Opened {
		*s.accounts.add(e) = account{Account: copyAccount(&batch.Opened[i])}
		b.byKey[batch.Opened[i].Key] = batch.Opened[i].No
	}
	for i := range batch.Accounts {
		s.updateAccount(e, &batch.Accounts[i])
	}
	for i := range batch.Altered {
		from := copyAccount(&batch.Altered[i])
		a := s.accounts.edit(e, int(from.No-1))
		a.Min, a.Max, a.Flags = from.Min, from.Max, from.Flags
	}
	s.addDated(e, batch)
	for _, r := range batch.Reversals {
		s.reversals.set(e, r.Transaction, r.By)
	}
	for _, t := range batch.Terms {
		s.terms.set(e, t, struct{}{})
	}
	for _, m := range batch.Marks {
		a := s.accounts.edit(e, int(m.Account-1))
		a.marks = append(a.marks, m.Posting)
	}
	for i := range batch.Holds {
		s.putHold(e, &batch.Holds[i])
	}
	s.putRecords(e, batch.Records)
	if len(batch.Currencies) > 0 {
		all := make(map[string]int, len(s.currencies)+len(batch.Currencies))
		maps.Copy(all, s.currencies)
		maps.Copy(all, batch.Currencies)
		s.currencies = all
	}
	head := batch.Head
	head.Ledger, head.Key, head.Clock = s.head.Ledger, s.head.Key, s.head.Clock
	s.head = head
	return nil
}

// commitRecords writes records without a block. The caller holds the turn.
func (b *book) commitRecords(records []ledger.RecordRow) error {
	if len(records) == 0 {
		return nil
	}
	if err := b.state.checkUnique(records); err != nil {
		return fmt.Errorf("memstore: records: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.putRecords(b.era(), records)
	return nil
}

// addRows appends what only grows.
func (s *state) addRows(e era, batch *ledger.Batch, memory *arena) {
	block := s.blocks.add(e)
	*block = *batch.Block
	block.Body = memory.copy(block.Body)
	for i := range batch.Changes {
		row := s.changes.add(e)
		*row = batch.Changes[i]
		row.Tags, row.Outcome = memory.copy(row.Tags), memory.copy(row.Outcome)
	}
	for i := range batch.Postings {
		row := s.postings.add(e)
		*row = batch.Postings[i]
		row.Metadata = memory.copy(row.Metadata)
	}
	for i := range batch.Events {
		row := s.events.add(e)
		*row = batch.Events[i]
		row.Payload, row.Salt = memory.copy(row.Payload), memory.copy(row.Salt)
	}
}

// addDated adds dated entries and moves the totals of their buckets.
func (s *state) addDated(e era, batch *ledger.Batch) {
	for _, row := range batch.Dated {
		s.dated.set(e, datedKey{row.Account, row.Nth}, row)
		s.effective.set(e, datedTime{row.Account, row.Effective.UnixMicro(), row.Nth}, struct{}{})
	}
	for _, sum := range batch.DatedSums {
		key := sumKey{sum.Account, sum.Level, sum.Bucket}
		total, _ := s.sums.get(key)
		s.sums.set(e, key, total+sum.Delta)
	}
}

// forget drops the bodies of blocks. The caller holds the turn.
func (b *book) forget(through int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.era()
	for i := range min(int(through), b.state.blocks.len) {
		if b.state.blocks.at(i).Body != nil {
			b.state.blocks.edit(e, i).Body = nil
		}
	}
}

// updateAccount takes over what may change in an account.
func (s *state) updateAccount(e era, from *ledger.Account) {
	a := s.accounts.edit(e, int(from.No-1))
	a.Balance, a.DebitsHi, a.DebitsLo = from.Balance, from.DebitsHi, from.DebitsLo
	a.PendingOut, a.PendingIn = from.PendingOut, from.PendingIn
	a.Entries, a.Last, a.NextExpiry = from.Entries, from.Last, from.NextExpiry
}

// putHold writes a hold and keeps the order of expiry.
func (s *state) putHold(e era, from *ledger.HoldState) {
	if old, ok := s.holds.get(from.ID); ok {
		for _, key := range expiries(old) {
			s.expiring.delete(e, key)
		}
	}
	h := copyHold(from)
	for _, key := range expiries(&h) {
		s.expiring.set(e, key, struct{}{})
	}
	s.holds.set(e, h.ID, &h)
}

// expiries returns under which keys a hold waits for its expiry; some may come twice.
func expiries(h *ledger.HoldState) []expiry {
	if h.Status != ledger.HoldOpen || h.Expires.IsZero() {
		return nil
	}
	keys := make([]expiry, 0, 2*len(h.Legs))
	for i := range h.Legs {
		for _, no := range [2]int64{h.Legs[i].Debit, h.Legs[i].Credit} {
			keys = append(keys, expiry{account: no, at: h.Expires.UnixMicro(), hold: h.ID})
		}
	}
	return keys
}

// putRecords writes records. What the old versions held goes before what the new ones hold
// comes, so that a unique key may move from one record to another.
func (s *state) putRecords(e era, records []ledger.RecordRow) {
	for i := range records {
		key := records[i].RecordKey
		old, ok := s.records.get(key)
		if !ok {
			continue
		}
		for _, k := range old.Unique {
			s.unique.delete(e, k)
		}
		for _, l := range old.Labels {
			s.labeled.delete(e, label{key.Type, l, key.ID})
		}
		if !old.Due.IsZero() {
			s.due.delete(e, due{key.Type, old.Due.UnixMicro(), key.ID})
		}
	}
	for i := range records {
		r := copyRecord(&records[i])
		s.records.set(e, r.RecordKey, &r)
		for _, k := range r.Unique {
			s.unique.set(e, k, r.RecordKey)
		}
		for _, l := range r.Labels {
			s.labeled.set(e, label{r.Type, l, r.ID}, struct{}{})
		}
		if !r.Due.IsZero() {
			s.due.set(e, due{r.Type, r.Due.UnixMicro(), r.ID}, struct{}{})
		}
	}
}

// check refuses a batch that does not continue the book: what it would break is what the
// places in the lists stand for. Ids of changes are checked by addChanges.
func (b *book) check(batch *ledger.Batch) error {
	s := &b.state
	if want := int64(s.blocks.len) + 1; batch.Block.Seq != want {
		return fmt.Errorf("the next block is %d", want)
	}
	for i := range batch.Postings {
		if want := int64(s.postings.len+i) + 1; batch.Postings[i].No != want {
			return fmt.Errorf("posting %d, want %d", batch.Postings[i].No, want)
		}
	}
	for i := range batch.Events {
		if want := int64(s.events.len+i) + 1; batch.Events[i].No != want {
			return fmt.Errorf("event %d, want %d", batch.Events[i].No, want)
		}
	}
	opened := make(map[ledger.AccountKey]bool, len(batch.Opened))
	for i := range batch.Opened {
		a := &batch.Opened[i]
		if want := int64(s.accounts.len+i) + 1; a.No != want {
			return fmt.Errorf("opened account %d, want %d", a.No, want)
		}
		if b.byKey[a.Key] != 0 || opened[a.Key] {
			return fmt.Errorf("account %d opens %s, which is there", a.No, a.Key)
		}
		opened[a.Key] = true
	}
	for _, rows := range [2][]ledger.Account{batch.Accounts, batch.Altered} {
		for i := range rows {
			if a := s.account(rows[i].No); a == nil || a.Key != rows[i].Key {
				return fmt.Errorf("account %d is not %s", rows[i].No, rows[i].Key)
			}
		}
	}
	for _, r := range batch.Reversals {
		if by, twice := s.reversals.get(r.Transaction); twice {
			return fmt.Errorf("transaction %d was reversed by %d already", r.Transaction, by)
		}
	}
	if err := s.checkMarks(batch); err != nil {
		return err
	}
	return s.checkUnique(batch.Records)
}

// checkMarks refuses marks that do not follow each other.
func (s *state) checkMarks(batch *ledger.Batch) error {
	marks := make(map[int64]int64)
	for _, m := range batch.Marks {
		if m.Account < 1 || m.Account > int64(s.accounts.len+len(batch.Opened)) {
			return fmt.Errorf("a mark on account %d, which is not there", m.Account)
		}
		if _, known := marks[m.Account]; !known && m.Account <= int64(s.accounts.len) {
			marks[m.Account] = int64(len(s.account(m.Account).marks))
		}
		marks[m.Account]++
		if want := marks[m.Account] * ledger.MarkEvery; m.Nth != want {
			return fmt.Errorf("a mark on account %d at entry %d, want %d", m.Account, m.Nth, want)
		}
	}
	return nil
}

// checkUnique refuses records that would hold a unique key of another record.
func (s *state) checkUnique(records []ledger.RecordRow) error {
	claimed := make(map[string]ledger.RecordKey)
	written := make(map[ledger.RecordKey]bool, len(records))
	for i := range records {
		written[records[i].RecordKey] = true
		for _, key := range records[i].Unique {
			if other, ok := claimed[key]; ok && other != records[i].RecordKey {
				return &ledger.DuplicateKeyError{Key: key}
			}
			claimed[key] = records[i].RecordKey
		}
	}
	for key, record := range claimed {
		// A holder that is written too has just been asked whether it still claims the key.
		if holder, ok := s.unique.get(key); ok && holder != record && !written[holder] {
			return &ledger.DuplicateKeyError{Key: key}
		}
	}
	return nil
}

// addChanges enters the ids of changes, or none of them when one is taken.
func (b *book) addChanges(batch *ledger.Batch) error {
	for i := range batch.Changes {
		id := batch.Changes[i].ID
		if _, taken := b.byID[id]; taken {
			for _, added := range batch.Changes[:i] {
				delete(b.byID, added.ID)
			}
			return fmt.Errorf("change %q is there already", id)
		}
		b.byID[id] = b.state.changes.len + i
	}
	return nil
}
