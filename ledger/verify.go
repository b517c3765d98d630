package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrDiscrepancy reports that tables and journal disagree, or that the chain is broken.
var ErrDiscrepancy = errors.New("ledger: discrepancy")

// Report is what Verify found.
type Report struct {
	Seq                                         int64 // the last block that was folded
	Postings, Accounts, Holds, Records, Changes int64 // rows held against the journal
	Events                                      int64
	Problems                                    []Problem // at most MaxProblems
}

// MaxProblems bounds a Report's problems; Verify stops there.
const MaxProblems = 1000

// Problem is one disagreement.
type Problem struct {
	Where string // such as "block 7" or "account 3 user:42:available:CNY"
	What  string
}

// String returns where and what.
func (p Problem) String() string { return p.Where + ": " + p.What }

// Err is nil when nothing disagrees, and otherwise matches ErrDiscrepancy and tells the
// first problems.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	const most = 5
	text := ""
	for i, p := range r.Problems {
		if i == most {
			text += fmt.Sprintf("; and %d more", len(r.Problems)-most)
			break
		}
		text += "; " + p.String()
	}
	return fmt.Errorf("%w%s", ErrDiscrepancy, text)
}

// Checkpoint is a block's hash that was kept outside the store. The chain alone can not
// tell that its tail was cut off or that all of it was written anew; a checkpoint can.
type Checkpoint struct {
	Seq  int64
	Hash [32]byte
}

// Verify folds the journal again from its first block and holds every table against it:
// the hash chain, accounts with their balances, postings, holds, records with the digests of their
// content, events, ids with their outcomes. It may run while the ledger is written: each page is read
// together with the head's number, and the fold is moved up to that number before the two
// are compared, so no read lasts longer than a page. Memory grows with the number of
// accounts, holds, records and ids.
//
// The error says that the work could not be done; what was found stands in the report.
func (l *Ledger) Verify(ctx context.Context, checkpoints ...Checkpoint) (Report, error) {
	v := &verifier{ledger: l, fold: newFold(), checkpoints: make(map[int64][32]byte)}
	for _, c := range checkpoints {
		v.checkpoints[c.Seq] = c.Hash
	}
	err := v.run(ctx)
	if errors.Is(err, errStop) {
		err = nil
	}
	v.report.Seq = v.fold.seq
	return v.report, err
}

// errStop ends the work when the journal can not be followed any further.
var errStop = errors.New("stop")

type verifier struct {
	ledger      *Ledger
	fold        *fold
	key         [16]byte // the ledger's
	checkpoints map[int64][32]byte
	report      Report

	postings []PostingRow // read ahead
	events   []EventRow
}

func (v *verifier) problem(where, format string, args ...any) {
	if len(v.report.Problems) < MaxProblems {
		v.report.Problems = append(v.report.Problems, Problem{where, fmt.Sprintf(format, args...)})
	}
}

func (v *verifier) run(ctx context.Context) error {
	var head Head
	err := v.ledger.read(ctx, func(view View) (err error) {
		head, err = view.Head(ctx)
		return err
	})
	if err != nil {
		return err
	}
	v.key = head.Key
	if head.Seq > 0 {
		v.fold.hash = genesisHash(v.ledger.cfg.Name, head.Key)
	}
	if err := v.advance(ctx, head.Seq); err != nil {
		return err
	}
	for seq := range v.checkpoints {
		if seq > v.fold.seq {
			v.problem(fmt.Sprintf("checkpoint %d", seq), "the journal ends at block %d", v.fold.seq)
		}
	}
	v.head(&head)
	return firstOf(ctx, v.currencies, v.accounts, v.holds, v.records, v.changes, v.reversals, v.sums, v.leftover)
}

func firstOf(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) head(h *Head) {
	f := v.fold
	if h.Hash != f.hash || !h.Time.Equal(f.time) {
		v.problem("head", "hash or time is not that of block %d", f.seq)
	}
	if h.Accounts != int64(len(f.accounts)) || h.Postings != f.postings || h.Transactions != f.transactions || h.Events != f.events {
		v.problem("head", "counters differ from the journal's")
	}
}

// advance folds blocks up to seq, and holds the postings and events of each against their
// rows, which never change once written.
func (v *verifier) advance(ctx context.Context, seq int64) error {
	for v.fold.seq < seq {
		var blocks []Block
		err := v.ledger.read(ctx, func(view View) (err error) {
			blocks, err = view.Blocks(ctx, v.fold.seq, 100)
			return err
		})
		if err != nil {
			return err
		}
		if len(blocks) == 0 {
			v.problem(fmt.Sprintf("block %d", v.fold.seq+1), "is missing, the head says there are %d", seq)
			return errStop
		}
		for i := range blocks {
			if blocks[i].Seq > seq {
				return nil
			}
			if err := v.block(ctx, &blocks[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) block(ctx context.Context, b *Block) error {
	where := fmt.Sprintf("block %d", b.Seq)
	f := v.fold
	switch {
	case b.Seq != f.seq+1:
		v.problem(fmt.Sprintf("block %d", f.seq+1), "is missing, the next one is %d", b.Seq)
		return errStop
	case b.Previous != f.hash:
		v.problem(where, "does not follow the hash of the block before")
	case b.Time.Before(f.time):
		v.problem(where, "is older than the block before")
	}
	if hashBlock(v.ledger.cfg.Name, b) != b.Hash {
		v.problem(where, "its hash does not match its content")
	}
	if hash, ok := v.checkpoints[b.Seq]; ok && hash != b.Hash {
		v.problem(where, "differs from the checkpoint")
	}
	body, err := decodeBody(b.Body)
	if err != nil {
		v.problem(where, "%v", err)
		return errStop
	}
	if err := f.block(b, &body); err != nil {
		v.problem(where, "%v", err)
		return errStop
	}
	for i := range f.rows {
		row, err := v.nextPosting(ctx, f.rows[i].No)
		if err != nil {
			return err
		}
		v.comparePosting(&f.rows[i], row)
	}
	if err := v.foundBy(ctx, v.key); err != nil {
		return err
	}
	for i := range f.announced {
		row, err := v.nextEvent(ctx, f.announced[i].no)
		if err != nil {
			return err
		}
		v.compareEvent(&f.announced[i], row)
	}
	if len(v.report.Problems) >= MaxProblems {
		return errStop
	}
	return nil
}

// nextPosting returns the row with a number, nil if it is missing.
func (v *verifier) nextPosting(ctx context.Context, no int64) (*PostingRow, error) {
	if len(v.postings) == 0 {
		err := v.ledger.read(ctx, func(view View) (err error) {
			v.postings, err = view.Postings(ctx, no-1, MaxPage)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(v.postings) == 0 || v.postings[0].No != no {
		return nil, nil
	}
	row := &v.postings[0]
	v.postings = v.postings[1:]
	return row, nil
}

func (v *verifier) nextEvent(ctx context.Context, no int64) (*EventRow, error) {
	if len(v.events) == 0 {
		err := v.ledger.read(ctx, func(view View) (err error) {
			v.events, err = view.Events(ctx, no-1, MaxPage)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(v.events) == 0 || v.events[0].No != no {
		return nil, nil
	}
	row := &v.events[0]
	v.events = v.events[1:]
	return row, nil
}

func (v *verifier) comparePosting(want, got *PostingRow) {
	where := fmt.Sprintf("posting %d", want.No)
	if got == nil {
		v.problem(where, "is missing")
		return
	}
	v.report.Postings++
	same := got.Seq == want.Seq && got.Transaction == want.Transaction && got.Time.Equal(want.Time) &&
		got.Effective.Equal(want.Effective) && got.Change == want.Change && got.Hold == want.Hold &&
		got.Reference == want.Reference && bytes.Equal(got.Metadata, want.Metadata) &&
		got.Debit == want.Debit && got.Credit == want.Credit && got.Amount == want.Amount &&
		got.DebitNth == want.DebitNth && got.CreditNth == want.CreditNth &&
		got.DebitPrev == want.DebitPrev && got.CreditPrev == want.CreditPrev
	if !same {
		v.problem(where, "its row differs from the journal")
	}
	if got.DebitAfter != want.DebitAfter || got.CreditAfter != want.CreditAfter {
		v.problem(where, "its balances differ from the journal")
	}
}

func (v *verifier) compareEvent(want *foldEvent, got *EventRow) {
	where := fmt.Sprintf("event %d", want.no)
	if got == nil {
		v.problem(where, "is missing")
		return
	}
	v.report.Events++
	e := Event{Type: got.Type, Subject: got.Subject, Payload: got.Payload}
	if got.Seq != want.seq || !got.Time.Equal(want.time) || got.Type != want.kind || got.Subject != want.subject ||
		!bytes.Equal(eventDigest(got.Salt, &e), want.digest) {
		v.problem(where, "its row differs from the journal")
	}
}

func (v *verifier) currencies(ctx context.Context) error {
	var (
		scales map[string]int
		head   Head
	)
	err := v.page(ctx, func(view View) (err error) {
		scales, err = view.Currencies(ctx)
		return err
	}, &head)
	if err != nil {
		return err
	}
	if !maps.Equal(scales, v.fold.currencies) {
		v.problem("currencies", "differ from the journal")
	}
	return nil
}

// page reads something together with the head and moves the fold up to it.
func (v *verifier) page(ctx context.Context, fn func(View) error, head *Head) error {
	err := v.ledger.read(ctx, func(view View) (err error) {
		if *head, err = view.Head(ctx); err != nil {
			return err
		}
		return fn(view)
	})
	if err != nil {
		return err
	}
	return v.advance(ctx, head.Seq)
}

func (v *verifier) accounts(ctx context.Context) error {
	var after int64
	for {
		var (
			rows []Account
			head Head
		)
		err := v.page(ctx, func(view View) (err error) {
			rows, err = view.Accounts(ctx, "", after, MaxPage)
			return err
		}, &head)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := v.account(ctx, &rows[i], after+1); err != nil {
				return err
			}
			after = rows[i].No
		}
		if len(rows) < MaxPage {
			if after < head.Accounts {
				v.problem(fmt.Sprintf("account %d", after+1), "is missing")
			}
			return nil
		}
	}
}

func (v *verifier) account(ctx context.Context, row *Account, expected int64) error {
	where := fmt.Sprintf("account %d %s", row.No, row.Key)
	v.report.Accounts++
	if row.No != expected {
		v.problem(fmt.Sprintf("account %d", expected), "is missing")
	}
	if row.No < 1 || row.No > int64(len(v.fold.accounts)) {
		v.problem(where, "is not in the journal")
		return nil
	}
	want := &v.fold.accounts[row.No-1]
	if row.Key != want.Key || row.Normal != want.Normal || !sameLimit(row.Min, want.Min) || !sameLimit(row.Max, want.Max) ||
		row.Flags != want.Flags {
		v.problem(where, "its name, side, limits or flags differ from the journal")
	}
	if row.Balance != want.Balance || row.DebitsHi != want.DebitsHi || row.DebitsLo != want.DebitsLo {
		v.problem(where, "balance %d, the journal says %d", row.Balance, want.Balance)
	}
	if row.PendingOut != want.PendingOut || row.PendingIn != want.PendingIn {
		v.problem(where, "pending %d out, %d in; the journal says %d and %d", row.PendingOut, row.PendingIn, want.PendingOut, want.PendingIn)
	}
	if row.Entries != want.Entries || row.Last != want.Last {
		v.problem(where, "number of entries or the last of them differs from the journal")
	}
	for nth := int64(MarkEvery); nth <= row.Entries; nth += MarkEvery {
		if err := v.mark(ctx, where, row.No, nth); err != nil {
			return err
		}
	}
	return nil
}

// mark checks that the account's history can be found by its marks.
func (v *verifier) mark(ctx context.Context, where string, account, nth int64) error {
	var rows []PostingRow
	err := v.ledger.read(ctx, func(view View) (err error) {
		rows, err = view.Entries(ctx, account, nth, nth)
		return err
	})
	if err != nil {
		return err
	}
	if len(rows) != 1 || !(rows[0].Debit == account && rows[0].DebitNth == nth || rows[0].Credit == account && rows[0].CreditNth == nth) {
		v.problem(where, "entry %d is not found by its mark", nth)
	}
	return nil
}

func sameLimit(a, b *int64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func (v *verifier) holds(ctx context.Context) error {
	missing := make(map[string]bool, len(v.fold.holds))
	for id := range v.fold.holds {
		missing[id] = true
	}
	after := ""
	for {
		var (
			rows     []HoldState
			accounts []Account
			head     Head
		)
		err := v.page(ctx, func(view View) (err error) {
			if rows, err = view.Holds(ctx, after, MaxPage); err != nil {
				return err
			}
			accounts, err = view.AccountsByNo(ctx, accountsOf(rows))
			return err
		}, &head)
		if err != nil {
			return err
		}
		expiry := make(map[int64]time.Time, len(accounts))
		for i := range accounts {
			expiry[accounts[i].No] = accounts[i].NextExpiry
		}
		for i := range rows {
			if err := v.due(ctx, &rows[i]); err != nil {
				return err
			}
			v.hold(&rows[i], expiry)
			delete(missing, rows[i].ID)
			after = rows[i].ID
		}
		if len(rows) < MaxPage {
			break
		}
	}
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		v.problem("hold "+id, "is missing")
	}
	return nil
}

func accountsOf(rows []HoldState) []int64 {
	seen := make(map[int64]bool)
	for i := range rows {
		for _, l := range rows[i].Legs {
			seen[l.Debit], seen[l.Credit] = true, true
		}
	}
	return slices.Collect(maps.Keys(seen))
}

func (v *verifier) hold(row *HoldState, expiry map[int64]time.Time) {
	where := "hold " + row.ID
	v.report.Holds++
	want := v.fold.holds[row.ID]
	if want == nil {
		v.problem(where, "is not in the journal")
		return
	}
	if row.Status != want.Status || row.Seq != want.Seq || !row.Expires.Equal(want.Expires) || row.Reference != want.Reference ||
		!bytes.Equal(row.Metadata, want.Metadata) || !slices.Equal(row.Legs, want.Legs) {
		v.problem(where, "its row differs from the journal")
	}
	if row.Status != HoldOpen || row.Expires.IsZero() {
		return
	}
	for _, l := range row.Legs {
		for _, no := range [2]int64{l.Debit, l.Credit} {
			if at := expiry[no]; l.Rest > 0 && (at.IsZero() || at.After(row.Expires)) {
				v.problem(where, "account %d does not know when it expires", no)
			}
		}
	}
}

// due checks that an open hold is found when it expires. A hold that ended meanwhile is
// found open no more, and nothing is asked of it.
func (v *verifier) due(ctx context.Context, row *HoldState) error {
	if row.Status != HoldOpen || row.Expires.IsZero() {
		return nil
	}
	return v.ledger.read(ctx, func(view View) error {
		now, err := view.Hold(ctx, row.ID)
		if err != nil || now.Status != HoldOpen {
			return ignoreNotFound(err)
		}
		for _, l := range row.Legs {
			for _, no := range [2]int64{l.Debit, l.Credit} {
				found, err := view.DueHolds(ctx, no, row.Expires)
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(found, func(h HoldState) bool { return h.ID == row.ID }) {
					v.problem("hold "+row.ID, "is not found due on account %d", no)
				}
			}
		}
		return nil
	})
}

func ignoreNotFound(err error) error {
	if notFound(err) {
		return nil
	}
	return err
}

func (v *verifier) records(ctx context.Context) error {
	missing := make(map[RecordKey]bool, len(v.fold.records))
	for key := range v.fold.records {
		missing[key] = true
	}
	var after RecordKey
	for {
		var (
			rows  []RecordRow
			head  Head
			wrong []string
		)
		err := v.page(ctx, func(view View) (err error) {
			if rows, err = view.RecordsAfter(ctx, after, MaxPage); err != nil {
				return err
			}
			for i := range rows {
				for _, label := range rows[i].Labels {
					found, err := labeled(ctx, view, &rows[i], label)
					if err != nil {
						return err
					}
					if !found {
						wrong = append(wrong, "label "+label+" of record "+rows[i].Type+" "+rows[i].ID)
					}
				}
				for _, key := range rows[i].Unique {
					holder, err := view.Unique(ctx, key)
					if err != nil && !notFound(err) {
						return err
					}
					if holder != rows[i].RecordKey {
						wrong = append(wrong, "unique key "+key)
					}
				}
			}
			return nil
		}, &head)
		if err != nil {
			return err
		}
		for _, where := range wrong {
			v.problem(where, "does not lead to the record")
		}
		for i := range rows {
			v.record(&rows[i])
			delete(missing, rows[i].RecordKey)
			after = rows[i].RecordKey
		}
		if len(rows) < MaxPage {
			break
		}
	}
	for key := range missing {
		v.problem("record "+key.Type+" "+key.ID, "is missing")
	}
	return nil
}

// labeled reports whether a query by the label finds the record.
func labeled(ctx context.Context, view View, row *RecordRow, label string) (bool, error) {
	// No id has control characters, so none lies between this one and the bound.
	found, err := view.Records(ctx, RecordQuery{Type: row.Type, Label: label, After: row.ID + "\x01", Desc: true, Limit: 1})
	return len(found) == 1 && found[0].ID == row.ID, err
}

func (v *verifier) record(row *RecordRow) {
	where := "record " + row.Type + " " + row.ID
	v.report.Records++
	want := v.fold.records[row.RecordKey]
	if row.Chaining == Plain {
		if want != nil {
			v.problem(where, "is plain, but stands in the journal")
		}
		return
	}
	if want == nil {
		v.problem(where, "is not in the journal")
		return
	}
	if row.Version != want.version || row.Seq != want.seq || row.Erased != want.erased {
		v.problem(where, "version or erasure differs from the journal")
		return
	}
	if row.Erased {
		if len(row.Content) > 0 || len(row.Salt) > 0 || len(row.Unique) > 0 || len(row.Labels) > 0 || !row.Due.IsZero() {
			v.problem(where, "is erased, but something of it is there")
		}
		return
	}
	p := Put{Type: row.Type, ID: row.ID, Content: row.Content, Unique: row.Unique, Labels: row.Labels, Due: row.Due}
	if !bytes.Equal(recordDigest(row.Salt, &p), want.digest) {
		v.problem(where, "its content differs from the digest in the journal")
	}
}

func (v *verifier) changes(ctx context.Context) error {
	sealed := v.fold.seq
	missing := make(map[string]bool, len(v.fold.changes))
	for id := range v.fold.changes {
		missing[id] = true
	}
	after := ""
	for {
		var (
			rows []ChangeRow
			head Head
		)
		err := v.page(ctx, func(view View) (err error) {
			rows, err = view.Changes(ctx, after, MaxPage)
			return err
		}, &head)
		if err != nil {
			return err
		}
		for i := range rows {
			row := &rows[i]
			after = row.ID
			delete(missing, row.ID)
			v.report.Changes++
			if want, ok := v.fold.changes[row.ID]; !ok || want != changeDigest(row.Seq, row.Index, row.Tags, row.Outcome) {
				v.problem("change "+clip(row.ID), "its row differs from the journal")
			}
		}
		if len(rows) < MaxPage {
			break
		}
	}
	for id := range missing {
		v.problem("change "+clip(id), "of block %d or before is missing", sealed)
	}
	return nil
}

// leftover looks for blocks, postings and events beyond the journal's end.
func (v *verifier) leftover(ctx context.Context) error {
	var head Head
	var blocks []Block
	var postings []PostingRow
	var events []EventRow
	err := v.page(ctx, func(view View) (err error) {
		if blocks, err = view.Blocks(ctx, head.Seq, 1); err != nil {
			return err
		}
		if postings, err = view.Postings(ctx, head.Postings, 1); err != nil {
			return err
		}
		events, err = view.Events(ctx, head.Events, 1)
		return err
	}, &head)
	if err != nil {
		return err
	}
	if len(blocks) > 0 {
		v.problem(fmt.Sprintf("block %d", blocks[0].Seq), "is beyond the head")
	}
	if len(postings) > 0 {
		v.problem(fmt.Sprintf("posting %d", postings[0].No), "is not in the journal")
	}
	if len(events) > 0 {
		v.problem(fmt.Sprintf("event %d", events[0].No), "is not in the journal")
	}
	return nil
}
