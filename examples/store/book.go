package store

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// book is the whole state of a ledger after some commit. It never changes.
type book struct {
	head     ledger.Head
	blocks   table[ledger.Block]
	changes  table[ledger.ChangeRow]
	postings table[ledger.PostingRow]
	events   table[ledger.EventRow]
	holds    table[ledger.HoldState]
	records  table[ledger.RecordRow]
	accounts table[ledger.Account] // by number

	entries   table[ledger.Mark] // as if every entry of an account had a mark
	marks     table[ledger.Mark]
	reversals table[ledger.Reversal]
	terms     table[ledger.Term]
	dated     table[ledger.DatedRow] // by account and ordinal
	effective table[ledger.DatedRow] // the same by account, effective time and ordinal
	sums      table[ledger.DatedSum] // Delta is the total

	numbers    map[ledger.AccountKey]int64
	unique     map[string]ledger.RecordKey
	currencies map[string]int
}

func newBook(head ledger.Head) *book {
	marks := table[ledger.Mark]{compare: func(a, b ledger.Mark) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Nth, b.Nth))
	}, copy: same[ledger.Mark]}
	return &book{
		head: head,
		blocks: table[ledger.Block]{copy: copyBlock, compare: func(a, b ledger.Block) int {
			return cmp.Compare(a.Seq, b.Seq)
		}},
		changes: table[ledger.ChangeRow]{copy: copyChange, compare: func(a, b ledger.ChangeRow) int {
			return strings.Compare(a.ID, b.ID)
		}},
		postings: table[ledger.PostingRow]{copy: copyPosting, compare: func(a, b ledger.PostingRow) int {
			return cmp.Compare(a.No, b.No)
		}},
		events: table[ledger.EventRow]{copy: copyEvent, compare: func(a, b ledger.EventRow) int {
			return cmp.Compare(a.No, b.No)
		}},
		holds: table[ledger.HoldState]{copy: copyHold, compare: func(a, b ledger.HoldState) int {
			return strings.Compare(a.ID, b.ID)
		}},
		records: table[ledger.RecordRow]{copy: copyRecord, compare: func(a, b ledger.RecordRow) int {
			return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID))
		}},
		accounts: table[ledger.Account]{copy: copyAccount, compare: func(a, b ledger.Account) int {
			return cmp.Compare(a.No, b.No)
		}},
		entries: marks,
		marks:   marks,
		reversals: table[ledger.Reversal]{copy: same[ledger.Reversal], compare: func(a, b ledger.Reversal) int {
			return cmp.Compare(a.Transaction, b.Transaction)
		}},
		terms: table[ledger.Term]{copy: same[ledger.Term], compare: func(a, b ledger.Term) int {
			return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Transaction, b.Transaction))
		}},
		dated: table[ledger.DatedRow]{copy: copyDated, compare: func(a, b ledger.DatedRow) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Nth, b.Nth))
		}},
		effective: table[ledger.DatedRow]{copy: copyDated, compare: func(a, b ledger.DatedRow) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), a.Effective.Compare(b.Effective), cmp.Compare(a.Nth, b.Nth))
		}},
		sums: table[ledger.DatedSum]{copy: same[ledger.DatedSum], compare: func(a, b ledger.DatedSum) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Level, b.Level), cmp.Compare(a.Bucket, b.Bucket))
		}},
		numbers:    map[ledger.AccountKey]int64{},
		unique:     map[string]ledger.RecordKey{},
		currencies: map[string]int{},
	}
}

// write returns the book with the batch in it. What is new has to be new: a number, an id or a
// unique key that is taken is refused. The errors blame the batch, since nothing would become
// better by trying again.
func (b *book) write(batch *ledger.Batch) (*book, error) {
	next := *b
	if err := next.writeRecords(batch.Records); err != nil {
		return nil, err
	}
	if batch.Block == nil {
		return &next, nil
	}
	if err := cmp.Or(
		b.blocks.refuse("block", *batch.Block), b.changes.refuse("change", batch.Changes...),
		b.postings.refuse("posting", batch.Postings...), b.events.refuse("event", batch.Events...),
		b.accounts.refuse("account", batch.Opened...),
	); err != nil {
		return nil, err
	}
	if err := next.writeAccounts(batch); err != nil {
		return nil, err
	}

	head := batch.Head
	next.head = ledger.Head{
		Ledger: b.head.Ledger, Key: b.head.Key,
		Seq: batch.Block.Seq, Time: utc(batch.Block.Time), Hash: batch.Block.Hash,
		Accounts: head.Accounts, Postings: head.Postings, Transactions: head.Transactions, Events: head.Events,
	}
	next.blocks = b.blocks.with(*batch.Block)
	next.changes = b.changes.with(batch.Changes...)
	next.postings = b.postings.with(batch.Postings...)
	next.events = b.events.with(batch.Events...)
	next.holds = b.holds.with(batch.Holds...)
	next.marks = b.marks.with(batch.Marks...)
	next.reversals = b.reversals.with(batch.Reversals...)
	next.terms = b.terms.with(batch.Terms...)
	next.dated = b.dated.with(batch.Dated...)
	next.effective = b.effective.with(batch.Dated...)

	var entries []ledger.Mark
	for _, p := range batch.Postings {
		entries = append(entries,
			ledger.Mark{Account: p.Debit, Nth: p.DebitNth, Posting: p.No},
			ledger.Mark{Account: p.Credit, Nth: p.CreditNth, Posting: p.No})
	}
	next.entries = b.entries.with(entries...)

	sums := slices.Clone(batch.DatedSums)
	for i, sum := range sums {
		if total, there := b.sums.get(sum); there {
			sums[i].Delta += total.Delta
		}
	}
	next.sums = b.sums.with(sums...)

	next.currencies = maps.Clone(b.currencies)
	maps.Copy(next.currencies, batch.Currencies)
	return &next, nil
}

// writeRecords lets go of all unique keys of the records before any is taken: within one batch
// a key may go from one record to another, in whatever order they come.
func (b *book) writeRecords(rows []ledger.RecordRow) error {
	if len(rows) == 0 {
		return nil
	}
	unique := maps.Clone(b.unique)
	for _, row := range rows {
		if old, there := b.records.get(row); there {
			for _, key := range old.Unique {
				delete(unique, key)
			}
		}
	}
	for _, row := range rows {
		for _, key := range row.Unique {
			if holder, taken := unique[key]; taken && holder != row.RecordKey {
				return fmt.Errorf("store: a unique key of the record %q is taken by %q", row.RecordKey, holder)
			}
			unique[key] = row.RecordKey
		}
	}
	b.unique, b.records = unique, b.records.with(rows...)
	return nil
}

func (b *book) writeAccounts(batch *ledger.Batch) error {
	if len(batch.Opened) > 0 {
		b.numbers = maps.Clone(b.numbers)
		for _, account := range batch.Opened {
			if no, taken := b.numbers[account.Key]; taken {
				return fmt.Errorf("store: the account %d has the key of account %d", account.No, no)
			}
			b.numbers[account.Key] = account.No
		}
		b.accounts = b.accounts.with(batch.Opened...)
	}
	for _, part := range []struct {
		rows []ledger.Account
		set  func(account *ledger.Account, row ledger.Account)
	}{{batch.Accounts, setBalance}, {batch.Altered, setRules}} {
		rows := slices.Clone(part.rows)
		for i, row := range rows {
			account, there := b.accounts.get(row)
			if !there {
				return fmt.Errorf("store: there is no account %d", row.No)
			}
			part.set(&account, row)
			rows[i] = account
		}
		b.accounts = b.accounts.with(rows...)
	}
	return nil
}

func setBalance(account *ledger.Account, row ledger.Account) {
	account.Balance, account.DebitsHi, account.DebitsLo = row.Balance, row.DebitsHi, row.DebitsLo
	account.PendingOut, account.PendingIn = row.PendingOut, row.PendingIn
	account.Entries, account.Last, account.NextExpiry = row.Entries, row.Last, row.NextExpiry
}

func setRules(account *ledger.Account, row ledger.Account) {
	account.Min, account.Max, account.Flags = row.Min, row.Max, row.Flags
}

// forget returns the book without the bodies of the blocks up to one.
func (b *book) forget(through int64) *book {
	next := *b
	var rows []ledger.Block
	for row := range b.blocks.after(ledger.Block{}, false) {
		if row.Seq > through {
			break
		}
		row.Body = nil
		rows = append(rows, row)
	}
	next.blocks = b.blocks.with(rows...)
	return &next
}

// What comes in and what goes out is copied: neither is changed or kept by the other side. A
// time comes back as what it is, in UTC.

func utc(t time.Time) time.Time { return t.Round(0).UTC() }

func same[T any](row T) T { return row }

func copyBlock(row ledger.Block) ledger.Block {
	row.Time, row.Body = utc(row.Time), bytes.Clone(row.Body)
	return row
}

func copyChange(row ledger.ChangeRow) ledger.ChangeRow {
	row.Tags, row.Outcome = bytes.Clone(row.Tags), bytes.Clone(row.Outcome)
	return row
}

func copyPosting(row ledger.PostingRow) ledger.PostingRow {
	row.Time, row.Effective, row.Metadata = utc(row.Time), utc(row.Effective), bytes.Clone(row.Metadata)
	return row
}

func copyEvent(row ledger.EventRow) ledger.EventRow {
	row.Time, row.Payload, row.Salt = utc(row.Time), bytes.Clone(row.Payload), bytes.Clone(row.Salt)
	return row
}

func copyHold(row ledger.HoldState) ledger.HoldState {
	row.Expires, row.Metadata, row.Legs = utc(row.Expires), bytes.Clone(row.Metadata), slices.Clone(row.Legs)
	return row
}

func copyRecord(row ledger.RecordRow) ledger.RecordRow {
	row.Content, row.Salt, row.Due = bytes.Clone(row.Content), bytes.Clone(row.Salt), utc(row.Due)
	row.Unique, row.Labels = slices.Clone(row.Unique), slices.Clone(row.Labels)
	return row
}

func copyAccount(row ledger.Account) ledger.Account {
	row.Min, row.Max, row.NextExpiry = copyLimit(row.Min), copyLimit(row.Max), utc(row.NextExpiry)
	return row
}

func copyLimit(limit *int64) *int64 {
	if limit == nil {
		return nil
	}
	return ledger.Limit(*limit)
}

func copyDated(row ledger.DatedRow) ledger.DatedRow {
	row.Effective = utc(row.Effective)
	return row
}
