package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// categories are the errors by which a driver tells the ledger what to do next.
var categories = []error{ledger.ErrRetry, ledger.ErrUnavailable, ledger.ErrCommitUnknown}

// assertCategory checks that err matches want and none of the others. A nil want means none
// at all.
func assertCategory(t *testing.T, err, want error) {
	t.Helper()
	require.Error(t, err)
	for _, category := range categories {
		assert.Equal(t, category == want, errors.Is(err, category), "%v: matches %v", err, category)
	}
}

func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		code        sqlite.ResultCode
		run, commit error // what it means for a statement and for COMMIT, nil for a plain error
	}{
		{sqlite.ResultBusy, ledger.ErrRetry, ledger.ErrRetry},
		{sqlite.ResultBusySnapshot, ledger.ErrRetry, ledger.ErrRetry},
		{sqlite.ResultBusyRecovery, ledger.ErrRetry, ledger.ErrRetry},
		{sqlite.ResultLocked, ledger.ErrRetry, ledger.ErrRetry},
		{sqlite.ResultLockedSharedCache, ledger.ErrRetry, ledger.ErrRetry},
		{sqlite.ResultInterrupt, ledger.ErrRetry, ledger.ErrRetry},
		{sqlite.ResultProtocol, ledger.ErrRetry, ledger.ErrCommitUnknown},
		{sqlite.ResultSchema, ledger.ErrRetry, ledger.ErrCommitUnknown},
		{sqlite.ResultAbortRollback, ledger.ErrRetry, ledger.ErrCommitUnknown},

		{sqlite.ResultFull, ledger.ErrUnavailable, ledger.ErrUnavailable},
		{sqlite.ResultIOErrWrite, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultIOErrFsync, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultIOErrSHMSize, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultIOErrRead, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultCantOpen, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultCantOpenIsDir, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultReadOnlyDBMoved, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultPerm, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultAuth, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultNoMem, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultCorrupt, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultNotADB, ledger.ErrUnavailable, ledger.ErrCommitUnknown},
		{sqlite.ResultNoLFS, ledger.ErrUnavailable, ledger.ErrCommitUnknown},

		{sqlite.ResultConstraintUnique, nil, nil},
		{sqlite.ResultConstraintPrimaryKey, nil, nil},
		{sqlite.ResultConstraintCheck, nil, nil},
		{sqlite.ResultConstraintNotNull, nil, nil},
		{sqlite.ResultTooBig, nil, ledger.ErrCommitUnknown},
		{sqlite.ResultMismatch, nil, ledger.ErrCommitUnknown},
		{sqlite.ResultRange, nil, ledger.ErrCommitUnknown},
		{sqlite.ResultMisuse, nil, ledger.ErrCommitUnknown},
	} {
		t.Run(c.code.String(), func(t *testing.T) {
			ctx := context.Background()
			engine := fmt.Errorf("sqlite: step: %w", c.code.ToError())
			for _, err := range []error{translate(ctx, "write", engine), translate(ctx, "read", translate(ctx, "write", engine))} {
				assertCategory(t, err, c.run)
				assert.Contains(t, err.Error(), "write: ", "it tells what was being done, first of all")
				assert.Contains(t, err.Error(), c.code.String())
			}
			assertCategory(t, translateCommit(ctx, engine), c.commit)
		})
	}
}

func TestTranslateLeavesAloneWhatIsNotOfSQLite(t *testing.T) {
	ctx := context.Background()
	assert.NoError(t, translate(ctx, "write", nil))
	for _, err := range []error{context.Canceled, context.DeadlineExceeded, ledger.ErrClosed, errEnded, notFound("hold")} {
		assert.Equal(t, err, translate(ctx, "write", err))
	}
}

func TestTranslateAnInterruptIsTheContextsError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, translate(ctx, "read", sqlite.ResultInterrupt.ToError()), context.Canceled)
}

func TestErrorsOfTheEngineTellNoContent(t *testing.T) {
	ctx := context.Background()
	const canary = "canary-5f1c"
	s := openTemp(t, Config{})
	w := newWriter(t, s, "books", 2)
	w.prefix = canary
	head, err := w.write(ctx, ledger.Head{}, 3)
	require.NoError(t, err)

	for _, c := range []struct {
		name  string
		spoil func(*ledger.Batch)
	}{
		{"an id that is taken", func(b *ledger.Batch) { b.Changes[0].ID = fmt.Sprintf("%s:payment.create:%016x", canary, 1) }},
		{"a unique key twice", func(b *ledger.Batch) {
			for i := range int64(2) {
				b.Records = append(b.Records, ledger.RecordRow{
					RecordKey: ledger.RecordKey{Type: "t", ID: fmt.Sprintf("%s%d", canary, i)},
					Version:   1, Seq: b.Block.Seq, Unique: []string{canary},
				})
			}
		}},
		{"a hold without a status", func(b *ledger.Batch) { b.Holds = []ledger.HoldState{{ID: canary, Seq: 1}} }},
		{"a label that is no text", func(b *ledger.Batch) {
			b.Records = []ledger.RecordRow{{RecordKey: ledger.RecordKey{Type: "t", ID: "1"}, Version: 1, Seq: 1, Labels: []string{canary + "\xff"}}}
		}},
		{"a negative amount", func(b *ledger.Batch) { b.Postings[0].Amount, b.Postings[0].Reference = -1, canary }},
		{"an account that is not there", func(b *ledger.Batch) {
			b.Accounts = append(b.Accounts, ledger.Account{No: 99, Key: ledger.AccountKey{Name: canary}})
		}},
		{"a block that does not follow", func(b *ledger.Batch) { b.Block.Seq += 5 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx, _, err := s.Begin(ctx, w.ledger, ledger.Need{})
			require.NoError(t, err)
			accounts := append([]ledger.Account(nil), w.accounts...)
			batch := w.block(head, 2)
			w.accounts = accounts // the block is not going to be
			c.spoil(batch)
			err = tx.Commit(ctx, batch)
			assertCategory(t, err, nil)
			assert.NotContains(t, err.Error(), canary)

			require.NoError(t, s.Read(ctx, w.ledger, func(v ledger.View) error {
				now, err := v.Head(ctx)
				assert.Equal(t, head.Seq, now.Seq, "nothing was written")
				return err
			}))
		})
	}
	_, err = w.write(ctx, head, 2)
	assert.NoError(t, err, "and the next block is taken")
}
