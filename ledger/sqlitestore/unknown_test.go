//go:build linux

package sqlitestore

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// TestFailedWriteOfACommitIsUnknown lets the operating system refuse to write to the log in
// the middle of a commit.
func TestFailedWriteOfACommitIsUnknown(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openAt(t, path, Config{})
	w := newWriter(t, s, "books", 2)
	head, err := w.write(ctx, ledger.Head{}, 10)
	require.NoError(t, err)
	saved := append([]ledger.Account(nil), w.accounts...)

	tx, _, err := s.Begin(ctx, w.ledger, ledger.Need{})
	require.NoError(t, err)
	batch := w.block(head, 10)
	limited(t, fileSize(t, path+"-wal")+pageSize, func() { err = tx.Commit(ctx, batch) })
	assertCategory(t, err, ledger.ErrCommitUnknown)

	again, err := s.Open(ctx, "books", ledger.Genesis{})
	require.NoError(t, err)
	assert.Equal(t, head.Seq, again.Seq, "as long as the file is in use the block is not there")
	w.accounts = saved
	next, err := w.write(ctx, head, 10)
	require.NoError(t, err, "and can be written again")
	assert.Equal(t, batch.Head, next)
}

// limited calls fn while no file of this process may grow beyond most bytes.
func limited(t *testing.T, most int64, fn func()) {
	t.Helper()
	var old syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(most), Max: old.Max}))
	defer func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old)) }()
	fn()
}
