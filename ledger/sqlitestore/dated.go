package sqlitestore

import (
	"context"
	"math"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// lookup runs a lookup of many keys for a view.
func lookup[T any](ctx context.Context, v *view, query string, keys []int64, read func(*row) T) (all []T, err error) {
	err = v.with(ctx, func(c *conn) error {
		l := loader{ctx: ctx, c: c, no: v.no, found: &ledger.Found{}}
		return lookAll(&l, query, keys, putInt, func(r *row) error {
			all = append(all, read(r))
			return nil
		})
	})
	return all, err
}

// PostingsByNo implements ledger.View.
func (v *view) PostingsByNo(ctx context.Context, nos []int64) ([]ledger.PostingRow, error) {
	return lookup(ctx, v, "SELECT "+postingColumns+" FROM postings WHERE ledger = ?1 AND no IN", nos, readPosting)
}

// nths runs a query of one account for each ordinal.
func nths[T any](ctx context.Context, v *view, query string, account int64, nths []int64, read func(*row) T) (all []T, err error) {
	err = v.with(ctx, func(c *conn) error {
		stmt, err := c.Prepare(query)
		if err != nil {
			return err
		}
		for _, nth := range nths {
			bind(stmt, v.no).int(account).int(nth)
			if err := collect(ctx, stmt, &all, sure(read)); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// MarksAt implements ledger.View.
func (v *view) MarksAt(ctx context.Context, account int64, at []int64) ([]ledger.Mark, error) {
	return nths(ctx, v, "SELECT "+markColumns+" FROM marks WHERE ledger = ?1 AND account = ?2 AND nth = ?3", account, at, readMark)
}

// DatedAt implements ledger.View.
func (v *view) DatedAt(ctx context.Context, account int64, at []int64) ([]ledger.DatedRow, error) {
	return nths(ctx, v, "SELECT "+datedColumns+" FROM dated WHERE ledger = ?1 AND account = ?2 AND nth = ?3", account, at, readDated)
}

// Reversals implements ledger.View.
func (v *view) Reversals(ctx context.Context, transactions []int64) (found map[int64]int64, err error) {
	err = v.with(ctx, func(c *conn) (err error) {
		found, err = reversed(&loader{ctx: ctx, c: c, no: v.no}, transactions)
		return err
	})
	return found, err
}

// ByTerm implements ledger.View.
func (v *view) ByTerm(ctx context.Context, hash, after int64, desc bool, limit int) ([]int64, error) {
	query := "SELECT tx FROM terms WHERE ledger = ?1 AND hash = ?2 AND tx > ?3 ORDER BY tx LIMIT ?4"
	if desc {
		query = "SELECT tx FROM terms WHERE ledger = ?1 AND hash = ?2 AND tx < ?3 ORDER BY tx DESC LIMIT ?4"
	}
	return list(ctx, v, query, func(p *params) { p.int(hash).int(after).int(int64(limit)) }, sure((*row).int))
}

// DatedBy implements ledger.View.
func (v *view) DatedBy(ctx context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]ledger.DatedRow, error) {
	query := "SELECT " + datedColumns + ` FROM dated WHERE ledger = ?1 AND account = ?2 AND (effective, nth) > (?3, ?4)
		ORDER BY effective, nth LIMIT ?5`
	if desc {
		query = "SELECT " + datedColumns + ` FROM dated WHERE ledger = ?1 AND account = ?2 AND (effective, nth) < (?3, ?4)
			ORDER BY effective DESC, nth DESC LIMIT ?5`
	}
	return list(ctx, v, query, func(p *params) {
		p.int(account).int(effective.UnixMicro()).int(nth).int(int64(limit))
	}, sure(readDated))
}

// LastDated implements ledger.View.
func (v *view) LastDated(ctx context.Context, account int64) (ledger.DatedRow, error) {
	return one(ctx, v, "dated entry", "SELECT "+datedColumns+" FROM dated WHERE ledger = ?1 AND account = ?2 AND nth <= ?3 ORDER BY nth DESC LIMIT 1",
		func(p *params) { p.int(account).int(math.MaxInt64) }, sure(readDated))
}

// DatedTotal implements ledger.View. SQLite would make a sum that leaves 64 bits a floating
// number or an error, so it is added up here.
func (v *view) DatedTotal(ctx context.Context, account int64, ranges []ledger.BucketRange) (total int64, err error) {
	err = v.with(ctx, func(c *conn) error {
		for _, rng := range ranges {
			stmt, err := c.Prepare("SELECT total FROM dated_sums WHERE ledger = ?1 AND account = ?2 AND level = ?3 AND bucket >= ?4 AND bucket < ?5")
			if err != nil {
				return err
			}
			bind(stmt, v.no).int(account).int(int64(rng.Level)).int(rng.From).int(rng.Until)
			err = each(stmt, func(r *row) error {
				total += r.int()
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return total, err
}

// Forget implements ledger.Store.
func (s *Store) Forget(ctx context.Context, no, through int64) error {
	return s.lock(ctx, func(c *conn) error {
		stmt, err := c.Prepare("UPDATE blocks SET body = NULL WHERE ledger = ?1 AND seq <= ?2 AND body IS NOT NULL")
		if err != nil {
			return err
		}
		bind(stmt, no).int(through)
		return run(stmt)
	})
}
