package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// posted holds what the last block wrote and nothing changes afterwards against its rows:
// postings with what they are found by, and events.
func (v *verifier) posted(ctx context.Context) error {
	f := v.fold
	for i := range f.rows {
		want := &f.rows[i]
		if !v.first && !want.debit && !want.credit {
			continue
		}
		got, err := v.nextPosting(ctx, want.No)
		if err != nil {
			return err
		}
		v.comparePosting(want, got)
	}
	if v.first {
		for i := range f.rows {
			v.terms(&f.rows[i].PostingRow)
		}
		for i := range f.announced {
			got, err := v.nextEvent(ctx, f.announced[i].no)
			if err != nil {
				return err
			}
			v.compareEvent(&f.announced[i], got)
		}
	}
	for _, row := range f.dated {
		v.lookups = append(v.lookups, v.datedRow(row))
	}
	for _, mark := range f.marks {
		v.lookups = append(v.lookups, v.mark(mark))
	}
	if len(v.lookups) >= lookupsAtOnce {
		return v.look(ctx)
	}
	return nil
}

// look asks what was put off.
func (v *verifier) look(ctx context.Context) error {
	for len(v.lookups) > 0 {
		n := min(len(v.lookups), lookupsAtOnce)
		err := v.read(ctx, func(view View) error {
			for _, one := range v.lookups[:n] {
				if err := one(ctx, view); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		v.lookups = v.lookups[n:]
	}
	v.lookups = v.lookups[:0]
	return nil
}

// nextPosting returns the row with a number, nil if it is missing.
func (v *verifier) nextPosting(ctx context.Context, no int64) (*PostingRow, error) {
	for len(v.postings) > 0 && v.postings[0].No < no {
		v.postings = v.postings[1:]
	}
	if len(v.postings) == 0 {
		err := v.read(ctx, func(view View) (err error) {
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
	return &v.postings[0], nil
}

// contentAtOnce bounds pages of what may have MaxContentLen bytes each.
const contentAtOnce = 64

func (v *verifier) nextEvent(ctx context.Context, no int64) (*EventRow, error) {
	for len(v.events) > 0 && v.events[0].No < no {
		v.events = v.events[1:]
	}
	if len(v.events) == 0 {
		err := v.read(ctx, func(view View) (err error) {
			v.events, err = view.Events(ctx, no-1, contentAtOnce)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(v.events) == 0 || v.events[0].No != no {
		return nil, nil
	}
	return &v.events[0], nil
}

func (v *verifier) comparePosting(want *foldPosting, got *PostingRow) {
	where := fmt.Sprintf("posting %d", want.No)
	if got == nil {
		v.once(where, "is missing")
		return
	}
	if v.first {
		v.report.Postings++
		same := got.Seq == want.Seq && got.Transaction == want.Transaction && got.Time.Equal(want.Time) &&
			got.Effective.Equal(want.Effective) && got.Change == want.Change && got.Hold == want.Hold &&
			got.Reference == want.Reference && bytes.Equal(got.Metadata, want.Metadata) &&
			got.Debit == want.Debit && got.Credit == want.Credit && got.Amount == want.Amount
		if !same {
			v.problem(where, "its row differs from the journal")
		}
	}
	if want.debit {
		v.side(where, "debit", got.DebitAfter == want.DebitAfter, got.DebitNth == want.DebitNth && got.DebitPrev == want.DebitPrev)
	}
	if want.credit {
		v.side(where, "credit", got.CreditAfter == want.CreditAfter, got.CreditNth == want.CreditNth && got.CreditPrev == want.CreditPrev)
	}
}

func (v *verifier) side(where, side string, after, place bool) {
	if !after {
		v.problem(where, "the balance that it left on the %s side differs from the journal", side)
	}
	if !place {
		v.problem(where, "its place in the history of the %s side differs from the journal", side)
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

// terms looks a transaction up by all that it is found by.
func (v *verifier) terms(row *PostingRow) {
	if row.No != row.Transaction || row.Reference == "" && len(row.Metadata) == 0 {
		return
	}
	where := fmt.Sprintf("posting %d", row.No)
	var metadata map[string]string
	if len(row.Metadata) > 0 {
		if err := json.Unmarshal(row.Metadata, &metadata); err != nil {
			v.problem(where, "its metadata can not be read")
			return
		}
	}
	p := preparer{key: v.head.Key}
	for _, hash := range p.terms(row.Reference, metadata) {
		no := row.No
		v.lookups = append(v.lookups, func(ctx context.Context, view View) error {
			found, err := view.ByTerm(ctx, hash, no-1, false, 1)
			if err == nil && (len(found) != 1 || found[0] != no) {
				v.problem(where, "it is not found by its reference or metadata")
			}
			return err
		})
	}
}

// datedRow looks up one side of a posting that has an effective time of its own.
func (v *verifier) datedRow(want DatedRow) lookup {
	return func(ctx context.Context, view View) error {
		where := fmt.Sprintf("posting %d", want.Posting)
		rows, err := view.DatedAt(ctx, want.Account, []int64{want.Nth})
		if err != nil {
			return err
		}
		near, err := view.DatedBy(ctx, want.Account, want.Effective, want.Nth-1, false, 1)
		if err != nil {
			return err
		}
		if len(rows) != 1 || len(near) != 1 || near[0].Nth != want.Nth || !rows[0].Effective.Equal(want.Effective) {
			v.problem(where, "its effective time is not found on account %d", want.Account)
			return nil
		}
		got := rows[0]
		got.Effective = want.Effective
		if got != want {
			v.problem(where, "what is kept of its effective time on account %d differs from the journal", want.Account)
		}
		return nil
	}
}

// mark looks up a mark, by which an account's history is found.
func (v *verifier) mark(want Mark) lookup {
	return func(ctx context.Context, view View) error {
		got, err := view.MarksAt(ctx, want.Account, []int64{want.Nth})
		if err == nil && (len(got) != 1 || got[0] != want) {
			v.problem(fmt.Sprintf("account %d", want.Account), "entry %d is not found by its mark", want.Nth)
		}
		return err
	}
}

// leftover looks for rows beyond the journal's end.
func (v *verifier) leftover(ctx context.Context) error {
	var (
		head     Head
		blocks   []Block
		postings []PostingRow
		events   []EventRow
		accounts []Account
	)
	err := v.read(ctx, func(view View) (err error) {
		if head, err = view.Head(ctx); err != nil {
			return err
		}
		if blocks, err = view.Blocks(ctx, head.Seq, 1); err != nil {
			return err
		}
		if postings, err = view.Postings(ctx, head.Postings, MaxPage); err != nil {
			return err
		}
		if events, err = view.Events(ctx, head.Events, contentAtOnce); err != nil {
			return err
		}
		accounts, err = view.Accounts(ctx, "", head.Accounts, MaxPage)
		return err
	})
	if err != nil {
		return err
	}
	for i := range blocks {
		v.problem(fmt.Sprintf("block %d", blocks[i].Seq), "is beyond the head")
	}
	for i := range postings {
		v.problem(fmt.Sprintf("posting %d", postings[i].No), "is not in the journal")
	}
	for i := range events {
		v.problem(fmt.Sprintf("event %d", events[i].No), "is not in the journal")
	}
	for i := range accounts {
		v.problem(fmt.Sprintf("account %d %s", accounts[i].No, accounts[i].Key), "is not in the journal")
	}
	return nil
}
