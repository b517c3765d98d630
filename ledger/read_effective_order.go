package ledger

import (
	"fmt"
	"slices"
	"time"
)

// effectiveOrder walks an account's entries in the order of effective time. Entries without
// a date of their own are in that order as they were recorded, and dated ones are indexed by
// it: the two are merged. Both are numbered for themselves, the undated ones by counting off
// the dated ones before them.
type effectiveOrder struct {
	past
	entries int64    // how many are known
	known   DatedRow // the last dated one among them
	last    DatedRow // the last dated one of all
}

// effectiveItem is one entry with its place.
type effectiveItem struct {
	place
	posting int64
	delta   int64 // credits less debits
	row     PostingRow
}

// know restricts to what was recorded by an instant, and finds how much of it is dated.
func (e *effectiveOrder) know(recorded time.Time) error {
	if !recorded.IsZero() {
		n, _, err := e.recorded(recorded)
		if err != nil {
			return err
		}
		e.entries = min(e.entries, n)
	}
	last, err := e.view.LastDated(e.ctx, e.account.No)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	e.last, e.known = last, last
	if last.Entry > e.entries {
		e.known, err = e.datedBy(e.entries, last)
	}
	return err
}

// page returns up to limit entries that follow lower and precede upper, with the sum of what
// comes before the first, or, descending, up to and with the first.
func (e *effectiveOrder) page(lower, upper place, desc bool, limit int) (items []effectiveItem, sum int64, err error) {
	if lower.compare(upper) >= 0 || e.entries == 0 {
		return nil, 0, nil
	}
	start := lower
	if desc {
		start = upper
	}
	s, err := e.split(start, !desc)
	if err != nil {
		return nil, 0, err
	}
	undated, err := e.undated(s, desc, limit)
	if err != nil {
		return nil, 0, err
	}
	dated, err := e.dated(start, s, lower, upper, desc, limit)
	if err != nil {
		return nil, 0, err
	}
	for len(items) < limit && (len(undated) > 0 || len(dated) > 0) {
		from := &undated
		if len(undated) == 0 || len(dated) > 0 && (dated[0].compare(undated[0].place) < 0) != desc {
			from = &dated
		}
		item := (*from)[0]
		if item.compare(lower) <= 0 || item.compare(upper) >= 0 {
			break
		}
		items, *from = append(items, item), (*from)[1:]
	}
	return items, s.sum, e.postings(items)
}

// split tells how many undated and dated entries come before a place, or up to it, and what
// they add up to.
type split struct {
	undated, dated, sum int64

	among int64 // how many dated ones are among those recorded with the undated ones
}

func (e *effectiveOrder) split(at place, through bool) (s split, err error) {
	recorded, err := e.recordedUpTo(at, through)
	if err != nil {
		return s, err
	}
	before, err := e.datedAmong(recorded)
	if err != nil {
		return s, err
	}
	s.undated, s.among = recorded-before.Nth, before.Nth
	balance := int64(0)
	if recorded > 0 {
		rows, err := e.view.Entries(e.ctx, e.account.No, recorded, recorded)
		if err != nil {
			return s, err
		}
		if len(rows) != 1 {
			return s, fmt.Errorf("ledger: entry %d of %s is missing", recorded, e.account.Key)
		}
		_, _, balance = sideOf(&rows[0], e.account.No)
	}

	counted := e.known.Sum
	if s.dated = e.known.Nth; at.at < endOfTime {
		nth := at.nth
		if !through {
			nth = max(nth-1, 0)
		}
		upTo, err := e.datedAmong(nth)
		if err != nil {
			return s, err
		}
		s.dated = upTo.Nth
		if counted, err = e.datedBefore(at.at); err != nil {
			return s, err
		}
		if through {
			counted += at.through
		} else {
			counted += at.before
		}
	}
	sum, ok1 := sub(balance, before.Sum)
	sum, ok2 := add(sum, counted)
	if !ok1 || !ok2 {
		return s, fmt.Errorf("%w: of %s in the order of effective time", ErrBalanceOverflow, e.account.Key)
	}
	s.sum = sum
	return s, nil
}

// recordedUpTo returns how many entries were recorded before a place, or up to it: the last
// of them that, had it no date of its own, would not come later.
func (e *effectiveOrder) recordedUpTo(at place, through bool) (int64, error) {
	switch {
	case at.at >= endOfTime:
		return e.entries, nil
	case at.nth > 0 && !at.dated:
		if through {
			return at.nth, nil
		}
		return at.nth - 1, nil
	}
	if at.nth > 0 {
		by, err := e.recordedBefore(at.at + 1)
		if err != nil || at.nth > by {
			return min(by, e.entries), err
		}
	}
	before, err := e.recordedBefore(at.at)
	return min(before, e.entries), err
}

// datedAmong returns the last dated entry among the first so many entries.
func (e *effectiveOrder) datedAmong(entries int64) (DatedRow, error) {
	switch {
	case entries == 0:
		return DatedRow{}, nil
	case entries >= e.known.Entry:
		return e.known, nil
	}
	return e.datedBy(entries, e.known)
}

// datedBefore is the sum of the known dated entries of earlier instants.
func (e *effectiveOrder) datedBefore(at int64) (int64, error) {
	if e.known.Nth == 0 || at <= 0 {
		return 0, nil
	}
	all, err := e.view.DatedTotal(e.ctx, e.account.No, bucketsUpTo(timeOf(at-1)))
	if err != nil || e.known.Nth == e.last.Nth {
		return all, err
	}
	unknown, err := e.unknown(e.entries, timeOf(at-1), e.last)
	return all - unknown, err
}

// undated returns the undated entries that follow, or descending precede, a place.
func (e *effectiveOrder) undated(s split, desc bool, limit int) ([]effectiveItem, error) {
	first, last := s.undated+1, min(s.undated+int64(limit), e.entries-e.known.Nth)
	if desc {
		first, last = max(s.undated-int64(limit)+1, 1), s.undated
	}
	if first > last {
		return nil, nil
	}
	ordinals, err := e.ordinals(first, last, s.among, desc)
	if err != nil {
		return nil, err
	}
	items := make([]effectiveItem, 0, len(ordinals))
	for len(ordinals) > 0 {
		// Entries that lie close together are read at once, with what lies between them.
		const close = 8
		n := 1
		for n < len(ordinals) && ordinals[n]-ordinals[n-1] <= close {
			n++
		}
		rows, err := e.view.Entries(e.ctx, e.account.No, ordinals[0], ordinals[n-1])
		if err != nil {
			return nil, err
		}
		for i := range rows {
			nth, delta, _ := sideOf(&rows[i], e.account.No)
			if _, wanted := slices.BinarySearch(ordinals[:n], nth); wanted {
				items = append(items, effectiveItem{place: place{at: instant(rows[i].Time), nth: nth}, posting: rows[i].No, delta: delta, row: rows[i]})
			}
		}
		ordinals = ordinals[n:]
	}
	if desc {
		slices.Reverse(items)
	}
	return items, nil
}

// dated returns the known dated entries that follow, or descending precede, a place.
func (e *effectiveOrder) dated(start place, s split, lower, upper place, desc bool, limit int) ([]effectiveItem, error) {
	if e.known.Nth == 0 {
		return nil, nil
	}
	at, nth := start.at, s.dated
	if desc {
		nth++
	}
	var items []effectiveItem
	for len(items) < limit {
		rows, err := e.view.DatedBy(e.ctx, e.account.No, timeOf(at), nth, desc, limit)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			r := &rows[i]
			at, nth = instant(r.Effective), r.Nth
			if at < lower.at || at > upper.at {
				return items, nil
			}
			if r.Entry <= e.entries && len(items) < limit {
				items = append(items, effectiveItem{place: place{at: at, nth: r.Entry, dated: true}, posting: r.Posting})
			}
		}
		if len(rows) < limit {
			break
		}
	}
	return items, nil
}

// postings reads the postings of the dated entries.
func (e *effectiveOrder) postings(items []effectiveItem) error {
	var nos []int64
	for i := range items {
		if items[i].dated {
			nos = append(nos, items[i].posting)
		}
	}
	if len(nos) == 0 {
		return nil
	}
	rows, err := e.view.PostingsByNo(e.ctx, nos)
	if err != nil {
		return err
	}
	byNo := make(map[int64]*PostingRow, len(rows))
	for i := range rows {
		byNo[rows[i].No] = &rows[i]
	}
	for i := range items {
		item := &items[i]
		if !item.dated {
			continue
		}
		row := byNo[item.posting]
		if row == nil {
			return fmt.Errorf("ledger: posting %d of %s is missing", item.posting, e.account.Key)
		}
		item.row = *row
		_, item.delta, _ = sideOf(row, e.account.No)
	}
	return nil
}

// ends are the places of a page's first and last entry, with their sums.
func (e *effectiveOrder) ends(items []effectiveItem, lower, upper place, desc bool) (first, last place, err error) {
	if !desc {
		at, sum := lower.at, lower.through
		for i := range items {
			item := &items[i]
			if item.at != at {
				at, sum = item.at, 0
			}
			item.before = sum
			if item.dated {
				sum += item.delta
			}
			item.through = sum
		}
		return items[0].place, items[len(items)-1].place, nil
	}
	at, sum := upper.at, upper.before
	for i := range items {
		item := &items[i]
		if item.at != at {
			at = item.at
			// Only the ends matter; between them one instant may begin anywhere.
			if i == 0 || at == items[len(items)-1].at {
				if sum, err = e.datedOn(at); err != nil {
					return first, last, err
				}
			}
		}
		item.through = sum
		if item.dated {
			sum -= item.delta
		}
		item.before = sum
	}
	return items[0].place, items[len(items)-1].place, nil
}

// datedOn is the sum of the known dated entries of one instant.
func (e *effectiveOrder) datedOn(at int64) (int64, error) {
	if e.known.Nth == 0 {
		return 0, nil
	}
	sum, err := e.view.DatedTotal(e.ctx, e.account.No, []BucketRange{{Level: 0, From: at, Until: at + 1}})
	if err != nil || e.known.Nth == e.last.Nth {
		return sum, err
	}
	nth := e.known.Nth
	for {
		rows, err := e.view.DatedBy(e.ctx, e.account.No, timeOf(at), nth, false, MaxPage)
		if err != nil {
			return 0, err
		}
		var unknown []int64
		for i := range rows {
			if instant(rows[i].Effective) != at {
				break
			}
			unknown, nth = append(unknown, rows[i].Posting), rows[i].Nth
		}
		if len(unknown) == 0 {
			return sum, nil
		}
		postings, err := e.view.PostingsByNo(e.ctx, unknown)
		if err != nil {
			return 0, err
		}
		for i := range postings {
			_, delta, _ := sideOf(&postings[i], e.account.No)
			sum -= delta
		}
		if len(unknown) < MaxPage {
			return sum, nil
		}
	}
}
