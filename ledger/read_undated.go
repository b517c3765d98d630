package ledger

import (
	"slices"
)

// ordinals says which of the account's entries are the undated ones numbered first to last.
// The undated entry k has as many dated ones before it as have fewer than k undated before
// them, which is a dated entry's ordinal less its own number.
//
// Near is how many dated ones are known to come before the first, or, descending, the most
// that can come before the last.
func (e *effectiveOrder) ordinals(first, last, near int64, desc bool) ([]int64, error) {
	look := min(max(last-first+1, MarkEvery), MaxPage)
	low, high := near, min(near+look, e.known.Nth)
	if desc {
		low, high = max(near-look, 0), near
	}
	rows, err := e.datedFrom(low+1, high)
	if err != nil {
		return nil, err
	}
	// As a rule few dated entries lie among those of a page, and one look finds them.
	if n := len(rows); n == 0 || !desc && (high == e.known.Nth || rows[n-1].Entry-rows[n-1].Nth >= last) ||
		desc && (low == 0 || rows[0].Entry-rows[0].Nth < first) {
		return placeUndated(nil, first, last, low, rows), nil
	}
	low, high = near, e.known.Nth
	if desc {
		low, high = 0, near
	}
	if low, err = e.datedUnder(first, low, high); err != nil {
		return nil, err
	}
	if high, err = e.datedUnder(last, low, high); err != nil {
		return nil, err
	}
	return e.ordinalsIn(nil, first, last, low, high)
}

// ordinalsIn is ordinals where low dated entries come before the first and high before the last.
func (e *effectiveOrder) ordinalsIn(to []int64, first, last, low, high int64) ([]int64, error) {
	if first == last || high-low <= MaxPage {
		if first == last {
			return append(to, last+high), nil
		}
		between, err := e.datedFrom(low+1, high)
		return placeUndated(to, first, last, low, between), err
	}
	middle := first + (last-first)/2
	before, err := e.datedUnder(middle, low, high)
	if err != nil {
		return nil, err
	}
	if to, err = e.ordinalsIn(to, first, middle, low, before); err != nil {
		return nil, err
	}
	after, err := e.datedUnder(middle+1, before, high)
	if err != nil {
		return nil, err
	}
	return e.ordinalsIn(to, middle+1, last, after, high)
}

// placeUndated appends the ordinals of undated entries; dated are those that follow the first
// so many dated ones.
func placeUndated(to []int64, first, last, before int64, dated []DatedRow) []int64 {
	for k := first; k <= last; k++ {
		for len(dated) > 0 && dated[0].Entry-dated[0].Nth < k {
			before, dated = dated[0].Nth, dated[1:]
		}
		to = append(to, k+before)
	}
	return to
}

// datedUnder returns how many dated entries have fewer than k undated before them, which is
// known to be from low to high.
func (e *effectiveOrder) datedUnder(k, low, high int64) (int64, error) {
	return lastIn(low, high, func(nths []int64) (map[int64]bool, error) {
		rows, err := e.view.DatedAt(e.ctx, e.account.No, nths)
		under := make(map[int64]bool, len(rows))
		for _, r := range rows {
			under[r.Nth] = r.Entry-r.Nth < k
		}
		return under, err
	})
}

// datedFrom returns the dated entries from one to another in their order.
func (e *effectiveOrder) datedFrom(from, to int64) ([]DatedRow, error) {
	if from > to {
		return nil, nil
	}
	nths := make([]int64, 0, to-from+1)
	for nth := from; nth <= to; nth++ {
		nths = append(nths, nth)
	}
	rows, err := e.view.DatedAt(e.ctx, e.account.No, nths)
	slices.SortFunc(rows, func(a, b DatedRow) int { return int(a.Nth - b.Nth) })
	return rows, err
}
