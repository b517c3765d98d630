package ledger

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// EffectivePage asks for a part of a statement in the order of effective time. The zero
// value asks for its beginning.
type EffectivePage struct {
	// From and Until restrict to entries that count at or after From and before Until.
	From, Until time.Time

	// Recorded restricts to what was known at an instant: entries recorded by then. Zero
	// means all.
	Recorded time.Time

	// After and Before are cursors of an EffectiveStatement of the same account: only
	// entries that follow After and precede Before. To go on, pass Last as After (as Before,
	// if Desc is set); to go back, turn Desc around and pass First as Before (as After).
	After, Before string

	Desc  bool // the latest first
	Limit int  // at most and by default MaxPage
}

// EffectiveStatement is a page of a statement in the order of effective time.
type EffectiveStatement struct {
	// Entries have as Balance what had counted by then: the sum of all entries up to this
	// one in the order of effective time, not of recording.
	Entries []Entry

	// First and Last are cursors of the first and the last of Entries, empty without
	// entries. They are valid for as long as the ledger is, in every process.
	First, Last string
}

// StatementByEffective returns a page of an account's entries in the order of their effective
// time, and, where it is the same, of their recording.
//
// A cursor stands for a place in that order. An entry that is back-dated between two pages
// appears if its place is still to come; none is given twice or left out. It moves the
// balances after it: to see them as of one moment throughout, set Recorded.
//
// The cost grows with the logarithm of the number of entries and with the size of the page,
// the first page of an instant included. With Recorded it also grows with the number of
// dated entries recorded after, or up to, Recorded, whichever are fewer, and with those
// recorded later that lie among the entries of the page.
//
// Errors, the first that applies: ErrInvalid for a time outside the years 1 to 9999, a cursor
// that is not one of this account's, or one of an entry not yet recorded at Recorded;
// ErrNotFound for an account that was never used; ErrBalanceOverflow where a partial sum does
// not fit into 64 bits.
func (l *Ledger) StatementByEffective(ctx context.Context, key AccountKey, page EffectivePage) (EffectiveStatement, error) {
	return l.effectivePage(ctx, key, page, 0)
}

// effectivePage is StatementByEffective among the first so many entries, 0 for all.
func (l *Ledger) effectivePage(ctx context.Context, key AccountKey, page EffectivePage, among int64) (EffectiveStatement, error) {
	var out EffectiveStatement
	if err := firstError(checkTime("from", page.From), checkTime("until", page.Until), checkTime("recorded", page.Recorded)); err != nil {
		return out, err
	}
	if !canBeAccount(key) {
		return out, ErrNotFound
	}
	err := l.read(ctx, func(v View) error {
		a, err := v.Account(ctx, key)
		if err != nil {
			return err
		}
		e := effectiveOrder{past: past{ctx: ctx, view: v, account: &a}, entries: a.Entries}
		if among > 0 {
			e.entries = min(e.entries, among)
		}
		if err := e.know(micro(page.Recorded)); err != nil {
			return err
		}
		lower, upper, err := l.effectiveBounds(&page, &e)
		if err != nil {
			return err
		}
		items, sum, err := e.page(lower, upper, page.Desc, pageLimit(page.Limit))
		if err != nil || len(items) == 0 {
			return err
		}
		if out.Entries, err = l.effectiveEntries(ctx, v, &a, items, sum, page.Desc); err != nil {
			return err
		}
		first, last, err := e.ends(items, lower, upper, page.Desc)
		out.First, out.Last = l.cursor(a.No, first), l.cursor(a.No, last)
		return err
	})
	if err != nil {
		return EffectiveStatement{}, err
	}
	return out, nil
}

// effectiveBounds are the places between which a page lies.
func (l *Ledger) effectiveBounds(page *EffectivePage, e *effectiveOrder) (lower, upper place, err error) {
	lower, upper = place{}, place{at: endOfTime}
	if !page.From.IsZero() {
		lower = place{at: instantAtOrAfter(page.From)}
	}
	if !page.Until.IsZero() {
		upper = place{at: instantAtOrAfter(page.Until)}
	}
	for _, c := range []struct {
		field, text string
		bound       *place
		side        int
	}{{"after", page.After, &lower, 1}, {"before", page.Before, &upper, -1}} {
		if c.text == "" {
			continue
		}
		at, err := l.parseCursor(c.text, e.account.No)
		switch {
		case err != nil:
			return lower, upper, invalid(c.field, "%v", err)
		case at.nth > e.entries:
			return lower, upper, invalid(c.field, "is the cursor of an entry that was not yet recorded")
		case at.compare(*c.bound) == c.side:
			*c.bound = at
		}
	}
	return lower, upper, nil
}

// effectiveEntries makes entries with their balances in the order of effective time. Sum is
// what counts before the first of them, or with it if they descend.
func (l *Ledger) effectiveEntries(ctx context.Context, v View, a *Account, items []effectiveItem, sum int64, desc bool) ([]Entry, error) {
	rows := make([]PostingRow, len(items))
	for i := range items {
		rows[i] = items[i].row
	}
	entries, err := l.entries(ctx, v, a, rows)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		ok := true
		if !desc {
			sum, ok = add(sum, items[i].delta)
		}
		balance, ok2 := sum, true
		if a.Normal == Debit {
			balance, ok2 = negate(sum)
		}
		if !ok || !ok2 {
			return nil, fmt.Errorf("%w: of %s in the order of effective time", ErrBalanceOverflow, a.Key)
		}
		entries[i].Balance = money.New(balance, entries[i].Amount.Currency())
		if desc && i+1 < len(entries) {
			if sum, ok = sub(sum, items[i].delta); !ok {
				return nil, fmt.Errorf("%w: of %s in the order of effective time", ErrBalanceOverflow, a.Key)
			}
		}
	}
	return entries, nil
}

// endOfTime is the instant at which the year 10000 begins, after all that can be recorded.
const endOfTime = 315_537_897_600 * 1_000_000

// place is a place in an account's effective order: that of an entry, or, with nth 0, the
// one before all entries of an instant.
type place struct {
	at  int64 // see instant
	nth int64 // ordinal of the entry

	dated bool // whether the entry has a date of its own

	// Before and through are the sums of the dated entries of the same instant that come
	// before the entry, and of these with the entry. Neither ever changes: what is recorded
	// later comes later among those of one instant.
	before, through int64
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.at, q.at), cmp.Compare(p.nth, q.nth))
}
