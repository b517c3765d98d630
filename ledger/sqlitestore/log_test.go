package sqlitestore

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// longRead is a read that goes on until it is ended.
type longRead struct{ began, end, ended chan struct{} }

// beginRead begins a read that shows what was committed before.
func beginRead(t *testing.T, s *Store, id int64) *longRead {
	r := &longRead{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(r.ended)
		assert.NoError(t, s.Read(context.Background(), id, func(ledger.View) error {
			close(r.began)
			<-r.end
			return nil
		}))
	}()
	<-r.began
	return r
}

func (r *longRead) finish() {
	close(r.end)
	<-r.ended
}

// At every moment some read goes on: each begins before the one before it ends. Nothing
// depends on how fast anybody is, since a writer waits for reads to end however long they take.
func TestLogStaysShortUnderReadsThatNeverPause(t *testing.T) {
	ctx := context.Background()
	const logSize = 128 << 10
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openAt(t, path, Config{LogSize: logSize})
	s.log.wait = 10 * time.Minute
	w := newWriter(t, s, "books", 100)
	head, err := w.write(ctx, ledger.Head{}, 1)
	require.NoError(t, err)

	trimmed, before, longest, block := 0, int64(0), int64(0), int64(0)
	reading := beginRead(t, s, w.ledger)
	for range 60 {
		written := make(chan error, 1)
		go func() {
			var err error
			head, err = w.write(ctx, head, 100)
			written <- err
		}()
		for done := false; !done; {
			next := beginRead(t, s, w.ledger)
			reading.finish()
			reading = next
			select {
			case err := <-written:
				assert.NoError(t, err)
				done = true
			default:
			}
		}
		size := fileSize(t, path+"-wal")
		if size < before {
			trimmed++
		}
		longest, block, before = max(longest, size), max(block, size-before), size
	}
	reading.finish()
	assert.LessOrEqual(t, longest, logFactor*logSize+block, "a writer trims what it finds too long, and writes its block")
	assert.Less(t, block, int64(2*logSize))
	assert.Greater(t, trimmed, 2)
	assert.EqualValues(t, logFactor*logSize, s.log.most, "no try was given up")
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
