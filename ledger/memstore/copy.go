package memstore

import (
	"bytes"
	"slices"

	"github.com/okpay/okpay-go/ledger"
)

// Rows are copied on their way in and on their way out, with all that they point to, so
// that nobody can change what is stored. Strings can not be changed and are shared.

func copyBlock(b *ledger.Block) ledger.Block {
	c := *b
	c.Body = bytes.Clone(b.Body)
	return c
}

func copyChange(r *ledger.ChangeRow) ledger.ChangeRow {
	c := *r
	c.Tags, c.Outcome = bytes.Clone(r.Tags), bytes.Clone(r.Outcome)
	return c
}

func copyPosting(r *ledger.PostingRow) ledger.PostingRow {
	c := *r
	c.Metadata = bytes.Clone(r.Metadata)
	return c
}

func copyEvent(r *ledger.EventRow) ledger.EventRow {
	c := *r
	c.Payload, c.Salt = bytes.Clone(r.Payload), bytes.Clone(r.Salt)
	return c
}

func copyAccount(a *ledger.Account) ledger.Account {
	c := *a
	c.Min, c.Max = copyLimit(a.Min), copyLimit(a.Max)
	return c
}

func copyLimit(limit *int64) *int64 {
	if limit == nil {
		return nil
	}
	c := *limit
	return &c
}

func copyHold(h *ledger.HoldState) ledger.HoldState {
	c := *h
	c.Metadata, c.Legs = bytes.Clone(h.Metadata), slices.Clone(h.Legs)
	return c
}

func copyRecord(r *ledger.RecordRow) ledger.RecordRow {
	c := *r
	c.Content, c.Salt = bytes.Clone(r.Content), bytes.Clone(r.Salt)
	c.Unique, c.Labels = slices.Clone(r.Unique), slices.Clone(r.Labels)
	return c
}

// arena keeps the byte slices of many rows in one piece of memory. It suits rows that stay
// for ever: one of them keeps all of it.
type arena []byte

// newArena returns an arena with room for what a batch appends to a book.
func newArena(batch *ledger.Batch) *arena {
	size := len(batch.Block.Body)
	for i := range batch.Changes {
		size += len(batch.Changes[i].Tags) + len(batch.Changes[i].Outcome)
	}
	for i := range batch.Postings {
		size += len(batch.Postings[i].Metadata)
	}
	for i := range batch.Events {
		size += len(batch.Events[i].Payload) + len(batch.Events[i].Salt)
	}
	a := make(arena, 0, size)
	return &a
}

// copy returns a copy of b inside the arena.
func (a *arena) copy(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	start := len(*a)
	*a = append(*a, b...)
	return slices.Clip((*a)[start:])
}
