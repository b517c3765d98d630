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

// inTurn returns a store whose turn goes on after the block that it has just written, another
// store on its file, and the turn's writer.
func inTurn(t *testing.T) (s, other *Store, w *writer, head ledger.Head) {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, other = openAt(t, path, Config{}), openAt(t, path, Config{BusyTimeout: 20 * time.Millisecond})
	w = newWriter(t, s, "books", 2)
	head, err := w.write(ctx, ledger.Head{}, 1)
	require.NoError(t, err)
	noticed(s)
	head, err = w.write(ctx, head, 1)
	require.NoError(t, err)
	require.True(t, keeps(s), "the lock is kept")
	return s, other, w, head
}

// noticed lets the store believe that it met another writer, and that its turn lasts for an hour.
func noticed(s *Store) {
	c := <-s.writer
	s.turn.others = time.Now().Add(time.Hour)
	s.turn.lasts, s.turn.keeps = time.Hour, time.Hour
	s.turn.notUntil = time.Time{}
	s.writer <- c
}

// keeps reports whether the lock is kept.
func keeps(s *Store) bool {
	c := <-s.writer
	defer func() { s.writer <- c }()
	return c.kept
}

func TestATurnGoesOnForTheNextBlock(t *testing.T) {
	ctx := context.Background()
	s, other, w, head := inTurn(t)

	_, _, err := other.Begin(ctx, w.ledger, ledger.Need{})
	assertCategory(t, err, ledger.ErrRetry)
	require.NoError(t, other.Read(ctx, w.ledger, func(v ledger.View) error {
		now, err := v.Head(ctx)
		assert.Equal(t, head.Seq, now.Seq, "what was acknowledged is committed and can be read")
		return err
	}))

	began := s.turn.began
	_, err = w.write(ctx, head, 1)
	require.NoError(t, err)
	assert.Equal(t, began, s.turn.began, "the next block belongs to the same turn")
}

func TestATurnEnds(t *testing.T) {
	ctx := context.Background()
	free := func(t *testing.T, other *Store, no int64) {
		t.Helper()
		tx, _, err := other.Begin(ctx, no, ledger.Need{})
		require.NoError(t, err)
		require.NoError(t, tx.Rollback(ctx))
	}
	t.Run("when no block comes", func(t *testing.T) {
		s, other, w, _ := inTurn(t)
		c := <-s.writer
		s.turn.idle.Reset(0)
		s.writer <- c
		other.cfg.BusyTimeout = time.Minute
		free(t, other, w.ledger)
	})
	t.Run("when the next one is given up", func(t *testing.T) {
		s, other, w, _ := inTurn(t)
		tx, _, err := s.Begin(ctx, w.ledger, ledger.Need{})
		require.NoError(t, err)
		require.NoError(t, tx.Rollback(ctx))
		free(t, other, w.ledger)
	})
	t.Run("with a transaction of the program's own", func(t *testing.T) {
		s, other, w, _ := inTurn(t)
		tx, err := s.BeginTx(ctx)
		require.NoError(t, err)
		require.NoError(t, tx.Exec(ctx, "CREATE TABLE app_notes (id INTEGER PRIMARY KEY)"))
		require.NoError(t, tx.Commit(ctx))
		free(t, other, w.ledger)
	})
	t.Run("when it has lasted for long enough", func(t *testing.T) {
		s, other, w, head := inTurn(t)
		c := <-s.writer
		s.turn.began = time.Now().Add(-time.Hour)
		s.writer <- c
		_, err := w.write(ctx, head, 1)
		require.NoError(t, err)
		assert.False(t, keeps(s))
		free(t, other, w.ledger)
	})
	t.Run("when the store closes", func(t *testing.T) {
		s, other, w, _ := inTurn(t)
		require.NoError(t, s.Close())
		s.endTurn() // a timer that was late
		free(t, other, w.ledger)
	})
	t.Run("and nothing is kept where nobody else writes", func(t *testing.T) {
		s := openTemp(t, Config{})
		w := newWriter(t, s, "books", 2)
		_, err := w.write(ctx, ledger.Head{}, 1)
		require.NoError(t, err)
		assert.False(t, keeps(s))
	})
}

func TestATurnThatIsOverIsLeftToTheOthersForAsLongAsTheyHadIt(t *testing.T) {
	for name, c := range map[string]struct{ waited, lasted, away time.Duration }{
		"a moment at least":            {0, 0, stayAway},
		"most of the time":             {20 * time.Millisecond, 0, 16 * time.Millisecond},
		"a short time at most":         {time.Minute, 0, contention * 8 / 10},
		"and longer after a long turn": {0, time.Minute, turnTime / 3},
	} {
		t.Run(name, func(t *testing.T) {
			before := time.Now()
			tn := turn{others: before, lasts: turnTime, waited: c.waited, began: before.Add(-c.lasted)}
			if c.lasted == 0 {
				tn.began = before.Add(time.Hour) // this very moment
			}
			tn.unlocked()
			assert.WithinRange(t, tn.notUntil, before.Add(c.away), time.Now().Add(c.away))
		})
	}
	t.Run("but asked for at once where nobody was met", func(t *testing.T) {
		tn := turn{waited: time.Minute}
		tn.unlocked()
		assert.Zero(t, tn.notUntil)
	})
}
