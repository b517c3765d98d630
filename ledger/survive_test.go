package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// shaky is a store whose commits fail now and then, written or not, and which tells of each.
type shaky struct {
	ledger.Store
	mu        sync.Mutex
	rand      *rand.Rand
	committed func(n int)
}

func (s *shaky) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	tx, found, err := s.Store.Begin(ctx, id, need)
	return &shakyTx{tx, s}, found, err
}

type shakyTx struct {
	ledger.Tx
	store *shaky
}

func (t *shakyTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	s := t.store
	s.mu.Lock()
	n := s.rand.IntN(100)
	s.mu.Unlock()
	s.committed(n)
	switch {
	case n < 4:
		return errors.Join(ledger.ErrRetry, t.Tx.Rollback(ctx))
	case n < 8:
		return errors.Join(ledger.ErrCommitUnknown, t.Tx.Rollback(ctx))
	case n < 12:
		return errors.Join(ledger.ErrCommitUnknown, t.Tx.Commit(ctx, batch))
	}
	return t.Tx.Commit(ctx, batch)
}

// What a caller was told is what stands in the ledger, whatever happens meanwhile: blocks that
// are decided ahead, commits that fail or are not known, callers that leave, dry runs and
// accepted histories beside, a cache too small for a block, a Close that is not waited for.
func TestWhatCallersWereToldIsSo(t *testing.T) {
	for round := range testsize.Scaled(t, 4) {
		t.Run(fmt.Sprintf("seed %d", round), func(t *testing.T) { toldIsSo(t, uint64(round)) })
	}
}

func toldIsSo(t *testing.T, seed uint64) {
	const callers, windows, each = 4, 6, 250
	var mu sync.Mutex
	leave := make(map[int]context.CancelFunc)
	mem := memstore.New()
	s := &shaky{Store: mem, rand: rand.New(rand.NewPCG(seed, 1)), committed: func(n int) {
		if n >= 12 && n < 20 {
			mu.Lock()
			defer mu.Unlock()
			for caller, cancel := range leave {
				cancel()
				delete(leave, caller)
				break
			}
		}
	}}
	cfg := ledger.Config{Chart: someChart, Now: func() time.Time { return noon }, MaxCached: 1 + int(seed)%4*3, MaxBlockChanges: 100}
	l, err := ledger.Open(t.Context(), s, cfg)
	require.NoError(t, err)
	type told struct {
		change ledger.Change
		answer ledger.Answer
	}
	said := make([][]told, callers)
	var wg sync.WaitGroup
	for caller := range callers {
		random := rand.New(rand.NewPCG(seed, uint64(caller)+2))
		user := func() string { return fmt.Sprintf("user:%d", random.IntN(8)) }
		wg.Go(func() {
			for w := range windows {
				changes := make([]ledger.Change, each)
				for i := range changes {
					c := pay(fmt.Sprintf("%d/%d/%d", caller, w, i), "bank", user(), random.Int64N(50))
					if random.IntN(2) == 0 {
						c = pay(c.ID, user(), "bank", random.Int64N(50))
					}
					c.Linked = random.IntN(5) == 0 && i < each-1
					changes[i] = c
				}
				ctx, cancel := context.WithCancel(t.Context())
				mu.Lock()
				leave[caller] = cancel
				mu.Unlock()
				for i, a := range l.CommitAll(ctx, changes) {
					said[caller] = append(said[caller], told{changes[i], a})
				}
				cancel()
			}
		})
	}
	wg.Go(func() {
		for i := range 20 {
			_, err := l.DryRun(t.Context(), pay(fmt.Sprintf("dry %d", i), "bank", "user:1", 1))
			assert.NoError(t, err)
			seq, _, hash, err := l.Head(t.Context())
			assert.NoError(t, err)
			if err := l.AcceptHistory(t.Context(), ledger.Checkpoint{Seq: seq, Hash: hash}); err != nil {
				assert.True(t, errors.Is(err, ledger.ErrHistoryRegressed), "%v", err)
			}
		}
	})
	if seed%2 == 0 {
		wg.Wait()
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_ = l.Close(ended)
	wg.Wait()

	l, err = ledger.Open(t.Context(), mem, cfg)
	require.NoError(t, err)
	counts := make(map[string]int)
	for _, all := range said {
		for _, s := range all {
			c := s.change
			c.Linked, c.NotAfter = false, noon.Add(-time.Hour) // only what is known is answered otherwise
			is, err := l.Commit(t.Context(), c)
			known := !errors.Is(err, ledger.ErrDeadline)
			var refused *ledger.RefusedError
			what := ""
			switch err := s.answer.Err; {
			case err == nil, errors.As(err, &refused):
				what = "told"
				require.True(t, known, "%s was told %v", c.ID, err)
				require.Equal(t, s.answer.Seq, is.Seq, c.ID)
				require.Equal(t, s.answer.First, is.First, c.ID)
				require.Equal(t, s.answer.Refusal, is.Refusal, c.ID)
				require.False(t, s.answer.Replayed, c.ID)
			case errors.Is(err, ledger.ErrOutcomeUnknown):
				what = "unknown"
			default:
				what = "nothing"
				require.False(t, known, "%s was told %v", c.ID, err)
			}
			counts[what]++
		}
	}
	t.Log(counts)
	report, err := l.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.NoError(t, l.Close(t.Context()))
}
