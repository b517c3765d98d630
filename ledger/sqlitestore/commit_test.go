package sqlitestore

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

func TestFullDiskRefusesAndRecovers(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{})
	w := newWriter(t, s, "books", 2)
	head, err := w.write(ctx, ledger.Head{}, 10)
	require.NoError(t, err)
	saved := append([]ledger.Account(nil), w.accounts...)

	onWriter(t, s, "PRAGMA max_page_count = 40") // the file can not grow beyond
	full := head
	for range 100 {
		var next ledger.Head
		if next, err = w.write(ctx, full, 50); err != nil {
			break
		}
		full, saved = next, append(saved[:0], w.accounts...)
	}
	assertCategory(t, err, ledger.ErrUnavailable)
	w.accounts = saved

	now, err := s.Open(ctx, "books", ledger.Genesis{})
	require.NoError(t, err, "reading goes on")
	assert.Equal(t, full.Seq, now.Seq, "what was acknowledged is there, and nothing else")

	onWriter(t, s, "PRAGMA max_page_count = 1000000")
	_, err = w.write(ctx, now, 50)
	assert.NoError(t, err, "it recovers by itself when there is room")
}

func TestCommitOfNothingIsForcedToDisk(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openAt(t, path, Config{})
	head, err := s.Open(ctx, "books", ledger.Genesis{})
	require.NoError(t, err)
	for range 3 {
		before := fileSize(t, path+"-wal")
		tx, _, err := s.Begin(ctx, head.Ledger, ledger.Need{})
		require.NoError(t, err)
		require.NoError(t, tx.Commit(ctx, &ledger.Batch{}))
		assert.Greater(t, fileSize(t, path+"-wal"), before, "something is written to be forced")
		again, err := s.Open(ctx, "books", ledger.Genesis{})
		require.NoError(t, err)
		assert.Equal(t, head, again, "nothing changes")
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func TestCommitOfACanceledCallerWritesNothing(t *testing.T) {
	s := openTemp(t, Config{})
	w := newWriter(t, s, "books", 2)
	ctx, cancel := context.WithCancel(context.Background())
	tx, found, err := s.Begin(ctx, w.ledger, ledger.Need{})
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, tx.Commit(ctx, w.block(found.Head, 3)), context.Canceled)
	head, err := s.Open(context.Background(), "books", ledger.Genesis{})
	require.NoError(t, err)
	assert.Zero(t, head.Seq)
}

func TestTxEndsOnce(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{})
	head, err := s.Open(ctx, "books", ledger.Genesis{})
	require.NoError(t, err)
	tx, _, err := s.Begin(ctx, head.Ledger, ledger.Need{})
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(ctx))
	assert.Equal(t, errEnded, tx.Rollback(ctx))
	assert.Equal(t, errEnded, tx.Commit(ctx, &ledger.Batch{}))
	_, err = tx.Load(ctx, ledger.Need{})
	assert.Equal(t, errEnded, err)
}

func TestBrokenConnectionsAreReplaced(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{PoolSize: 1})
	w := newWriter(t, s, "books", 2)
	spoil := func(pool chan *conn) {
		c := <-pool
		require.NoError(t, c.exec("BEGIN"))
		c.broken = true
		pool <- c
	}
	spoil(s.writer)
	head, err := w.write(ctx, ledger.Head{}, 3)
	require.NoError(t, err)
	spoil(s.readers)
	again, err := s.Open(ctx, "books", ledger.Genesis{})
	require.NoError(t, err)
	assert.Equal(t, head.Seq, again.Seq)
}
