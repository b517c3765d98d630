package pgstore

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

func (v *view) PostingsByNo(ctx context.Context, nos []int64) ([]ledger.PostingRow, error) {
	return list(ctx, v, getPostings, (*row).posting, int8s(nos, self))
}

func (v *view) MarksAt(ctx context.Context, account int64, nths []int64) ([]ledger.Mark, error) {
	return list(ctx, v, getMarks, (*row).mark, int8Of(account), int8s(nths, self))
}

func (v *view) Reversals(ctx context.Context, transactions []int64) (map[int64]int64, error) {
	found := make(map[int64]int64)
	err := v.ask(ctx, findReversals, into(found), int8s(transactions, self))
	return found, err
}

func (v *view) ByTerm(ctx context.Context, hash, after int64, desc bool, limit int) ([]int64, error) {
	s := listByTerm
	if desc {
		s = listByTermDesc
	}
	return list(ctx, v, s, (*row).int8, int8Of(hash), int8Of(after), limitOf(limit))
}

func (v *view) DatedAt(ctx context.Context, account int64, nths []int64) ([]ledger.DatedRow, error) {
	return list(ctx, v, getDated, (*row).dated, int8Of(account), int8s(nths, self))
}

func (v *view) DatedBy(ctx context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]ledger.DatedRow, error) {
	s := listDated
	if desc {
		s = listDatedDesc
	}
	return list(ctx, v, s, (*row).dated, int8Of(account), int8Of(effective.UnixMicro()-pgEpoch), int8Of(nth), limitOf(limit))
}

func (v *view) LastDated(ctx context.Context, account int64) (ledger.DatedRow, error) {
	rows, err := list(ctx, v, lastDated, (*row).dated, int8Of(account))
	if err == nil && len(rows) == 0 {
		err = notFound("dated entry")
	}
	if err != nil {
		return ledger.DatedRow{}, err
	}
	return rows[0], nil
}

func (v *view) DatedTotal(ctx context.Context, account int64, ranges []ledger.BucketRange) (int64, error) {
	var total int64
	type R = ledger.BucketRange
	err := v.ask(ctx, sumDated, func(r *row) { total = r.int8()<<32 + r.int8() }, int8Of(account),
		int8s(ranges, func(r *R) int64 { return int64(r.Level) }),
		int8s(ranges, func(r *R) int64 { return r.From }),
		int8s(ranges, func(r *R) int64 { return r.Until }))
	return total, err
}

// Forget drops the bodies of the blocks up to through, in one transaction. It needs the role
// that owns the tables: one with no more than Grants gives can not change blocks and gets
// ErrPrivilege, so archive from a program that connects as the owner. The room comes back
// with VACUUM.
//
// Errors: ErrPrivilege, ledger.ErrRetry and ledger.ErrUnavailable (nothing was dropped), or
// ledger.ErrCommitUnknown, after which it may be called again.
func (s *Store) Forget(ctx context.Context, id, through int64) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	c, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.release(ctx)
	return c.finish(ctx, []call{
		{stmt: beginWrite},
		{stmt: forgetBodies, args: [][]byte{int8Of(id), int8Of(through)}},
	})
}
