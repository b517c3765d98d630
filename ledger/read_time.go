package ledger

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// At is a moment on the two axes of time. A zero field is now, with all that is known and
// all that is dated later.
type At struct {
	// Recorded asks for what was known at this instant: entries that were recorded by then.
	Recorded time.Time
	// Effective asks for what counts at this instant: entries whose effective time is not later.
	Effective time.Time
}

// BalanceAt returns an account's posted balance, on its normal side, at a moment of the
// past (or, on the effective axis, of the future). Its cost grows with the logarithm of the
// number of entries; with both axes given, also with the number of dated entries recorded
// after, or up to, Recorded, whichever are fewer.
//
// Errors: ErrInvalid for a time outside the years 1 to 9999; ErrNotFound for an account that was
// never used; ErrBalanceOverflow where a partial sum does not fit into 64 bits.
func (l *Ledger) BalanceAt(ctx context.Context, key AccountKey, at At) (money.Amount, error) {
	// Far beyond these years an instant does not fit into 64 bits, and would be another one.
	if err := firstError(checkTime("recorded", at.Recorded), checkTime("effective", at.Effective)); err != nil {
		return money.Amount{}, err
	}
	if !canBeAccount(key) {
		return money.Amount{}, ErrNotFound
	}
	var out money.Amount
	err := l.read(ctx, func(v View) error {
		a, err := v.Account(ctx, key)
		if err != nil {
			return err
		}
		scales, err := v.Currencies(ctx)
		if err != nil {
			return err
		}
		currency, err := money.NewCurrency(key.Currency, scales[key.Currency])
		if err != nil {
			return err
		}
		p := past{ctx: ctx, view: v, account: &a}
		balance, err := p.balance(micro(at.Recorded), micro(at.Effective))
		if err != nil {
			return err
		}
		if a.Normal == Debit {
			var ok bool
			if balance, ok = negate(balance); !ok {
				return fmt.Errorf("%w: of %s at an earlier time", ErrBalanceOverflow, key)
			}
		}
		out = money.New(balance, currency)
		return nil
	})
	return out, err
}

// past reads an account's history within one view.
type past struct {
	ctx     context.Context
	view    View
	account *Account
}

// balance is credits less debits. Entries without a date of their own count by when they
// were recorded; those with one are taken out of that and counted by their date.
func (p *past) balance(recorded, effective time.Time) (int64, error) {
	by := recorded
	if !effective.IsZero() && (by.IsZero() || effective.Before(by)) {
		by = effective
	}
	entries, balance, err := p.recorded(by)
	if err != nil || effective.IsZero() {
		return balance, err
	}
	last, err := p.view.LastDated(p.ctx, p.account.No)
	if notFound(err) {
		return balance, nil
	}
	if err != nil {
		return 0, err
	}
	out, err := p.datedBy(entries, last)
	if err != nil {
		return 0, err
	}
	in, err := p.view.DatedTotal(p.ctx, p.account.No, bucketsUpTo(effective))
	if err != nil {
		return 0, err
	}
	var unknown int64
	if !recorded.IsZero() {
		if entries, _, err = p.recorded(recorded); err != nil {
			return 0, err
		}
		if unknown, err = p.unknown(entries, effective, last); err != nil {
			return 0, err
		}
	}
	sum, ok1 := sub(balance, out.Sum)
	counted, ok2 := sub(in, unknown)
	sum, ok3 := add(sum, counted)
	if !ok1 || !ok2 || !ok3 {
		return 0, fmt.Errorf("%w: of %s at an earlier time", ErrBalanceOverflow, p.account.Key)
	}
	return sum, nil
}

// recorded returns how many entries were recorded by an instant, and the balance after them.
func (p *past) recorded(at time.Time) (entries, balance int64, err error) {
	a := p.account
	if at.IsZero() || a.Entries == 0 {
		return a.Entries, a.Balance, nil
	}
	mark, err := p.lastOf(a.Entries/MarkEvery, func(nths []int64) (map[int64]bool, error) { return p.marksBy(nths, at) })
	if err != nil {
		return 0, 0, err
	}
	first := max(mark*MarkEvery, 1)
	rows, err := p.view.Entries(p.ctx, a.No, first, min(mark*MarkEvery+MarkEvery, a.Entries))
	if err != nil {
		return 0, 0, err
	}
	for i := range rows {
		if rows[i].Time.After(at) {
			break
		}
		entries, _, balance = sideOf(&rows[i], a.No)
	}
	return entries, balance, nil
}

// marksBy tells which marks stand on postings that were recorded by an instant.
func (p *past) marksBy(nths []int64, at time.Time) (map[int64]bool, error) {
	for i := range nths {
		nths[i] *= MarkEvery
	}
	marks, err := p.view.MarksAt(p.ctx, p.account.No, nths)
	if err != nil {
		return nil, err
	}
	nthOf := make(map[int64]int64, len(marks))
	nos := make([]int64, 0, len(marks))
	for _, m := range marks {
		nthOf[m.Posting] = m.Nth
		nos = append(nos, m.Posting)
	}
	rows, err := p.view.PostingsByNo(p.ctx, nos)
	by := make(map[int64]bool, len(rows))
	for i := range rows {
		by[nthOf[rows[i].No]/MarkEvery] = !rows[i].Time.After(at)
	}
	return by, err
}

// datedBy returns the last dated entry among the first so many entries, zero if there is none.
func (p *past) datedBy(entries int64, last DatedRow) (DatedRow, error) {
	found := make(map[int64]DatedRow)
	n, err := p.lastOf(last.Nth, func(nths []int64) (map[int64]bool, error) {
		rows, err := p.view.DatedAt(p.ctx, p.account.No, nths)
		by := make(map[int64]bool, len(rows))
		for _, r := range rows {
			found[r.Nth], by[r.Nth] = r, r.Entry <= entries
		}
		return by, err
	})
	return found[n], err
}

// recordedBefore returns how many entries were recorded before an instant.
func (p *past) recordedBefore(at int64) (entries int64, err error) {
	if at <= 1 {
		return 0, nil // nothing is recorded at the zero time
	}
	entries, _, err = p.recorded(timeOf(at - 1))
	return entries, err
}

// unknown is the sum of the dated entries that count by effective and are not among the
// first so many entries.
func (p *past) unknown(entries int64, effective time.Time, last DatedRow) (int64, error) {
	known, err := p.datedBy(entries, last)
	if err != nil || known.Nth == last.Nth {
		return 0, err
	}
	if known.Nth >= last.Nth-known.Nth {
		return p.sumOf(known.Nth+1, last.Nth, known.Sum, effective)
	}
	sum, err := p.sumOf(1, known.Nth, 0, effective)
	if err != nil {
		return 0, err
	}
	all, err := p.view.DatedTotal(p.ctx, p.account.No, bucketsUpTo(effective))
	return all - sum, err
}

// sumOf adds up the dated entries from one to another that count by effective. Before is
// the running sum of those before.
func (p *past) sumOf(from, to, before int64, effective time.Time) (sum int64, err error) {
	for from <= to {
		nths := make([]int64, 0, MaxPage)
		for ; from <= to && len(nths) < MaxPage; from++ {
			nths = append(nths, from)
		}
		rows, err := p.view.DatedAt(p.ctx, p.account.No, nths)
		if err != nil {
			return 0, err
		}
		sort.Slice(rows, func(i, j int) bool { return rows[i].Nth < rows[j].Nth })
		for _, r := range rows {
			if !r.Effective.After(effective) {
				sum += r.Sum - before
			}
			before = r.Sum
		}
	}
	return sum, nil
}

// lastOf finds the last of 1 to n for which a condition holds that holds for all before it,
// 0 if there is none. It asks about several at a time: a round trip costs more than a row.
func (p *past) lastOf(n int64, holds func(nths []int64) (map[int64]bool, error)) (int64, error) {
	return lastIn(0, n, holds)
}

// lastIn is lastOf where it is known to hold at low, and not to hold after high.
func lastIn(low, high int64, holds func(nths []int64) (map[int64]bool, error)) (int64, error) {
	const atOnce = 32
	for low < high {
		step := (high-low-1)/atOnce + 1
		var nths []int64
		for nth := low + step; nth < high; nth += step {
			nths = append(nths, nth)
		}
		nths = append(nths, high)
		by, err := holds(append([]int64(nil), nths...))
		if err != nil {
			return 0, err
		}
		for _, nth := range nths {
			if !by[nth] {
				high = nth - 1
				break
			}
			low = nth
		}
	}
	return low, nil
}

// bucketsUpTo are the buckets of the instants up to and with this one.
func bucketsUpTo(at time.Time) []BucketRange {
	end := instant(at) + 1
	ranges := make([]BucketRange, 0, DatedLevels)
	for level := range DatedLevels {
		shift := level * DatedShift
		until := end >> shift
		from := until >> DatedShift << DatedShift
		if level == DatedLevels-1 {
			from = 0
		}
		ranges = append(ranges, BucketRange{Level: level, From: from, Until: until})
	}
	return ranges
}

// timeOf is the time of an instant; see instant.
func timeOf(at int64) time.Time { return time.UnixMicro(at - instant(time.UnixMicro(0))).UTC() }

// instantAtOrAfter is the first instant that is not before a time.
func instantAtOrAfter(t time.Time) int64 {
	at := instant(t.Truncate(time.Microsecond))
	if t.Truncate(time.Microsecond).Before(t) {
		at++
	}
	return at
}
