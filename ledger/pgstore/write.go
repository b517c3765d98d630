package pgstore

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// writes are the calls that write a batch: one for each table that it touches.
func writes(id int64, b *ledger.Batch, had indexes) []call {
	w := writer{id: int8Of(id), had: had}
	if b.Block == nil {
		// What was read is durable once something written after it is.
		w.add(assure)
		w.records(b.Records)
		return w.calls
	}
	w.head(b)
	w.fresh(b)
	w.rest(b)
	return w.calls
}

// stages are the calls that write what of a batch can be staged.
func stages(id int64, b *ledger.Batch, _ indexes) []call {
	w := writer{id: int8Of(id)}
	w.fresh(b)
	return w.calls
}

// completes are the calls that write what stages have left.
func completes(id int64, b *ledger.Batch, had indexes) []call {
	w := writer{id: int8Of(id), had: had}
	w.head(b)
	w.rest(b)
	return w.calls
}

type writer struct {
	id    []byte
	had   indexes
	calls []call
}

func (w *writer) add(s stmt, args ...[]byte) {
	w.calls = append(w.calls, call{stmt: s, args: append([][]byte{w.id}, args...)})
}

func (w *writer) head(b *ledger.Batch) {
	h, block := &b.Head, b.Block
	w.add(updateHead, int8Of(block.Seq), blockTime(block), block.Hash[:],
		int8Of(h.Accounts), int8Of(h.Postings), int8Of(h.Transactions), int8Of(h.Events))
}

func blockTime(block *ledger.Block) []byte { return int8Of(block.Time.UnixMicro() - pgEpoch) }

// fresh writes what neither replaces nor asks for a row that is there. The changes come first:
// of those alone, somebody who writes another block may have the same.
func (w *writer) fresh(b *ledger.Batch) {
	w.changes(b.Changes)
	w.postings(b.Postings)
	w.marks(b.Marks)
	w.terms(b.Terms)
	w.events(b.Events)
	block := b.Block
	w.add(insertBlock, int8Of(block.Seq), blockTime(block), block.Previous[:], block.Hash[:], block.Body)
}

func (w *writer) rest(b *ledger.Batch) {
	w.accounts(b)
	w.history(b)
	w.holds(b.Holds, b.Block.Seq)
	w.records(b.Records)
	w.currencies(b.Currencies)
}

func (w *writer) changes(rows []ledger.ChangeRow) {
	if len(rows) == 0 {
		return
	}
	type R = ledger.ChangeRow
	w.add(insertChanges,
		texts(rows, func(r *R) string { return r.ID }),
		int8s(rows, func(r *R) int64 { return r.Seq }),
		int4s(rows, func(r *R) int { return r.Index }),
		blobs(rows, func(r *R) []byte { return r.Tags }),
		blobs(rows, func(r *R) []byte { return r.Outcome }))
}

func (w *writer) postings(rows []ledger.PostingRow) {
	if len(rows) == 0 {
		return
	}
	type R = ledger.PostingRow
	w.add(insertPostings,
		int8s(rows, func(r *R) int64 { return r.No }),
		int8s(rows, func(r *R) int64 { return r.Seq }),
		int8s(rows, func(r *R) int64 { return r.Transaction }),
		times(rows, func(r *R) time.Time { return r.Time }),
		optionalTimes(rows, func(r *R) time.Time {
			if r.Effective.Equal(r.Time) {
				return time.Time{}
			}
			return r.Effective
		}),
		int8s(rows, func(r *R) int64 { return r.Debit }),
		int8s(rows, func(r *R) int64 { return r.Credit }),
		int8s(rows, func(r *R) int64 { return r.Amount }),
		int8s(rows, func(r *R) int64 { return r.DebitAfter }),
		int8s(rows, func(r *R) int64 { return r.CreditAfter }),
		int8s(rows, func(r *R) int64 { return r.DebitNth }),
		int8s(rows, func(r *R) int64 { return r.CreditNth }),
		int8s(rows, func(r *R) int64 { return r.DebitPrev }),
		int8s(rows, func(r *R) int64 { return r.CreditPrev }),
		texts(rows, func(r *R) string { return r.Change }),
		optionalTexts(rows, func(r *R) string { return r.Hold }),
		optionalTexts(rows, func(r *R) string { return r.Reference }),
		blobs(rows, func(r *R) []byte { return r.Metadata }))
}

func (w *writer) accounts(b *ledger.Batch) {
	type R = ledger.Account
	// What moves, in the order in which both statements have it.
	moving := func(rows []R) [][]byte {
		return [][]byte{
			int8s(rows, func(r *R) int64 { return r.No }),
			int8s(rows, func(r *R) int64 { return r.Balance }),
			int8s(rows, func(r *R) int64 { return int64(r.DebitsHi) }),
			int8s(rows, func(r *R) int64 { return int64(r.DebitsLo) }),
			int8s(rows, func(r *R) int64 { return r.PendingOut }),
			int8s(rows, func(r *R) int64 { return r.PendingIn }),
			int8s(rows, func(r *R) int64 { return r.Entries }),
			int8s(rows, func(r *R) int64 { return r.Last }),
		}
	}
	nextExpiry := func(r *R) time.Time { return r.NextExpiry }
	if rows := b.Opened; len(rows) > 0 {
		w.add(insertAccounts, append(moving(rows),
			int4s(rows, func(r *R) int { return int(r.Normal) }),
			int4s(rows, func(r *R) int { return int(r.Flags) }),
			texts(rows, func(r *R) string { return r.Key.Name }),
			texts(rows, func(r *R) string { return r.Key.Currency }),
			optionalInt8s(rows, func(r *R) *int64 { return r.Min }),
			optionalInt8s(rows, func(r *R) *int64 { return r.Max }),
			optionalTimes(rows, nextExpiry))...)
	}
	if rows := b.Accounts; len(rows) > 0 {
		w.add(updateAccounts, append(moving(rows), optionalTimes(rows, nextExpiry))...)
	}
	if rows := b.Altered; len(rows) > 0 {
		w.add(alterAccounts,
			int8s(rows, func(r *R) int64 { return r.No }),
			optionalInt8s(rows, func(r *R) *int64 { return r.Min }),
			optionalInt8s(rows, func(r *R) *int64 { return r.Max }),
			int4s(rows, func(r *R) int { return int(r.Flags) }))
	}
}

func (w *writer) marks(rows []ledger.Mark) {
	if len(rows) == 0 {
		return
	}
	w.add(insertMarks,
		int8s(rows, func(r *ledger.Mark) int64 { return r.Account }),
		int8s(rows, func(r *ledger.Mark) int64 { return r.Nth }),
		int8s(rows, func(r *ledger.Mark) int64 { return r.Posting }))
}

func (w *writer) terms(rows []ledger.Term) {
	if len(rows) == 0 {
		return
	}
	w.add(insertTerms,
		int8s(rows, func(r *ledger.Term) int64 { return r.Hash }),
		int8s(rows, func(r *ledger.Term) int64 { return r.Transaction }))
}

// history writes what became of transactions, and what was dated.
func (w *writer) history(b *ledger.Batch) {
	if rows := b.Reversals; len(rows) > 0 {
		w.add(insertReversals,
			int8s(rows, func(r *ledger.Reversal) int64 { return r.Transaction }),
			int8s(rows, func(r *ledger.Reversal) int64 { return r.By }))
	}
	if rows := b.Dated; len(rows) > 0 {
		type R = ledger.DatedRow
		w.add(insertDated,
			int8s(rows, func(r *R) int64 { return r.Account }),
			int8s(rows, func(r *R) int64 { return r.Nth }),
			int8s(rows, func(r *R) int64 { return r.Entry }),
			int8s(rows, func(r *R) int64 { return r.Posting }),
			times(rows, func(r *R) time.Time { return r.Effective }),
			int8s(rows, func(r *R) int64 { return r.Sum }),
			int8s(rows, func(r *R) int64 { return r.Turnover }))
	}
	if rows := b.DatedSums; len(rows) > 0 {
		type R = ledger.DatedSum
		w.add(addDatedSums,
			int8s(rows, func(r *R) int64 { return r.Account }),
			int4s(rows, func(r *R) int { return r.Level }),
			int8s(rows, func(r *R) int64 { return r.Bucket }),
			int8s(rows, func(r *R) int64 { return r.Delta }))
	}
}

// due is one row of hold_due.
type due struct {
	account int64
	expires time.Time
	hold    string
}

func (w *writer) holds(rows []ledger.HoldState, seq int64) {
	if len(rows) == 0 {
		return
	}
	type R = ledger.HoldState
	var before []string // those that were there
	var waiting []due
	for i := range rows {
		h := &rows[i]
		if h.Seq != seq {
			before = append(before, h.ID)
		}
		if h.Status != ledger.HoldOpen || h.Expires.IsZero() {
			continue
		}
		for j := range h.Legs {
			waiting = append(waiting, due{h.Legs[j].Debit, h.Expires, h.ID}, due{h.Legs[j].Credit, h.Expires, h.ID})
		}
	}
	if len(before) > 0 {
		w.add(deleteDue, texts(before, self))
	}
	if len(waiting) > 0 {
		w.add(insertDue,
			int8s(waiting, func(r *due) int64 { return r.account }),
			times(waiting, func(r *due) time.Time { return r.expires }),
			texts(waiting, func(r *due) string { return r.hold }))
	}
	w.add(putHolds,
		texts(rows, func(r *R) string { return r.ID }),
		int4s(rows, func(r *R) int { return int(r.Status) }),
		int8s(rows, func(r *R) int64 { return r.Seq }),
		optionalTimes(rows, func(r *R) time.Time { return r.Expires }),
		optionalTexts(rows, func(r *R) string { return r.Reference }),
		blobs(rows, func(r *R) []byte { return r.Metadata }),
		texts(rows, func(r *R) string { return legTable(r.Legs) }))
}

func legTable(legs []ledger.HoldLeg) string {
	table := make([][4]int64, len(legs))
	for i, l := range legs {
		table[i] = [4]int64{l.Debit, l.Credit, l.Amount, l.Rest}
	}
	return intTable(table)
}

func (w *writer) events(rows []ledger.EventRow) {
	if len(rows) == 0 {
		return
	}
	type R = ledger.EventRow
	w.add(insertEvents,
		int8s(rows, func(r *R) int64 { return r.No }),
		int8s(rows, func(r *R) int64 { return r.Seq }),
		times(rows, func(r *R) time.Time { return r.Time }),
		texts(rows, func(r *R) string { return r.Type }),
		texts(rows, func(r *R) string { return r.Subject }),
		blobs(rows, func(r *R) []byte { return r.Payload }),
		blobs(rows, func(r *R) []byte { return r.Salt }))
}

func (w *writer) currencies(scales map[string]int) {
	if len(scales) == 0 {
		return
	}
	codes := make([]string, 0, len(scales))
	for code := range scales {
		codes = append(codes, code)
	}
	w.add(insertCurrencies, texts(codes, self), int4s(codes, func(code *string) int { return scales[*code] }))
}
