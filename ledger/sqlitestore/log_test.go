package sqlitestore

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

func TestLogStaysShortUnderReadsThatNeverPause(t *testing.T) {
	ctx := context.Background()
	const logSize = 128 << 10
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openAt(t, path, Config{LogSize: logSize})
	w := newWriter(t, s, "books", 100)
	head, err := w.write(ctx, ledger.Head{}, 1)
	require.NoError(t, err)

	var done atomic.Bool
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for !done.Load() {
				assert.NoError(t, s.Read(ctx, w.ledger, func(ledger.View) error {
					time.Sleep(5 * time.Millisecond) // the read's own business
					return nil
				}))
			}
		})
	}
	var longest int64
	const blocks, block = 150, 100 << 10
	for range blocks {
		head, err = w.write(ctx, head, 100)
		require.NoError(t, err)
		longest = max(longest, fileSize(t, path+"-wal"))
	}
	done.Store(true)
	readers.Wait()
	t.Logf("the log had at most %d KiB", longest>>10)
	// A reader that gets no processor for logWait doubles what the log may have once more, so on
	// a busy machine some doublings are no fault. Without trimming it would have all that was written.
	assert.Less(t, longest, int64(blocks*block/2))
}

func TestReadThatDoesNotEndDelaysAWriterOnlyNowAndThen(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{LogSize: 16 << 10})
	w := newWriter(t, s, "books", 100)
	head, err := w.write(ctx, ledger.Head{}, 1)
	require.NoError(t, err)
	require.NoError(t, s.Read(ctx, w.ledger, func(v ledger.View) error {
		tries, most := 0, s.log.most
		for range 60 {
			head, err = w.write(ctx, head, 100)
			require.NoError(t, err)
			if s.log.most != most {
				tries, most = tries+1, s.log.most
			}
		}
		assert.Positive(t, tries)
		assert.Less(t, tries, 10, "each try waits for twice the log")
		now, err := v.Head(ctx)
		assert.EqualValues(t, 1, now.Seq, "the view stands still")
		return err
	}))
	_, err = w.write(ctx, head, 1)
	require.NoError(t, err)
	info := s.log.size()
	assert.Less(t, info, s.log.most)
}
