package password_test

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay/password"
)

// A thousand sign-ins at once, with hashes of different sizes, all get their answer and
// hold no more memory together than they may.
func TestParallelSignInsStayInsideTheBudget(t *testing.T) {
	t.Parallel()
	params := password.Params{Memory: 256, Time: 1, Threads: 1}
	large := password.Params{Memory: 1024, Time: 1, Threads: 1}
	const budget = 12 << 20 // room for four large hashes, or sixteen small ones
	h := newHasher(t, password.Config{Params: params, Ceiling: large, MemoryBudget: budget})
	small, err := h.Hash(t.Context(), password.New("purple ferry lantern"))
	require.NoError(t, err)
	big, err := newHasher(t, password.Config{Params: large}).Hash(t.Context(), password.New("purple ferry lantern"))
	require.NoError(t, err)

	// The test counts for itself what is in use, and the Hasher's own count must agree.
	var inUse, highest atomic.Int64
	h.Count(func(params password.Params) func() {
		now := inUse.Add(int64(params.Memory) * 1024)
		for {
			seen := highest.Load()
			if now <= seen || highest.CompareAndSwap(seen, now) {
				break
			}
		}
		runtime.Gosched()
		return func() { inUse.Add(-int64(params.Memory) * 1024) }
	})
	var group sync.WaitGroup
	var right atomic.Int64
	for i := range 1000 {
		group.Go(func() {
			switch i % 4 {
			case 0:
				assert.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong")))
			case 1:
				ok, _, err := h.Verify(t.Context(), big, password.New("purple ferry lantern"))
				assert.NoError(t, err)
				if ok {
					right.Add(1)
				}
			default:
				ok, _, err := h.Verify(t.Context(), small, password.New("purple ferry lantern"))
				assert.NoError(t, err)
				if ok {
					right.Add(1)
				}
			}
		})
	}
	group.Wait()
	assert.Equal(t, int64(750), right.Load())
	memory := h.Memory()
	assert.LessOrEqual(t, highest.Load(), int64(budget/3))
	assert.LessOrEqual(t, memory.Highest, int64(budget/3))
	assert.Greater(t, memory.Highest, int64(1<<20), "some were computed at a time")
	assert.Equal(t, password.Memory{Limit: budget / 3, Highest: memory.Highest}, memory, "all was given back")
}

// What the process really takes is measured too: it stays inside the whole budget, of
// which most is for what the collector has not yet taken away.
func TestParallelSignInsTakeNoMoreMemoryThanTheBudget(t *testing.T) {
	const budget = password.DefaultMemoryBudget
	h := newHasher(t, password.Config{})
	runtime.GC()
	before := heap()
	stop, measured := make(chan struct{}), make(chan uint64)
	go func() {
		var highest uint64
		for {
			select {
			case <-stop:
				measured <- highest
				return
			default:
				highest = max(highest, heap())
				runtime.Gosched()
			}
		}
	}()
	var group sync.WaitGroup
	for range testsize.Scaled(t, 100) {
		group.Go(func() {
			assert.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong")))
		})
	}
	group.Wait()
	close(stop)
	highest := <-measured
	t.Logf("%d MiB before, at most %d MiB, budget %d MiB", before>>20, highest>>20, budget>>20)
	assert.LessOrEqual(t, highest, before+budget)
}

// heap is how many bytes live and dead objects take.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// hold makes every derivation wait until it is let go.
func hold(h *password.Hasher) (letGo func()) {
	gate := make(chan struct{})
	h.Pretend(func() { <-gate })
	return sync.OnceFunc(func() { close(gate) })
}

func TestWhoFindsTooManyWaitingIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, password.Config{Params: cheap(), Ceiling: cheap(), MemoryBudget: 3 * 64 * 1024, MaxWaiting: 2})
		letGo := hold(h)
		var group sync.WaitGroup
		for range 3 { // one is computed and two wait
			group.Go(func() {
				assert.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong")))
			})
		}
		synctest.Wait()
		assert.Equal(t, 2, h.Memory().Waiting)
		require.ErrorIs(t, h.VerifyUnknown(t.Context(), password.New("wrong")), password.ErrBusy)
		_, err := h.Hash(t.Context(), password.New("new"))
		require.ErrorIs(t, err, password.ErrBusy)
		_, _, err = h.Verify(t.Context(), "nonsense", password.New("wrong"))
		require.ErrorIs(t, err, password.ErrBusy, "a broken hash is no way around the queue")
		_, err = password.Policy{}.Check(t.Context(), password.New("purple ferry lantern"),
			password.Context{IsCurrent: h.IsCurrent(sound)})
		require.ErrorIs(t, err, password.ErrBusy, "not taken for another password than the current one")

		letGo()
		group.Wait()
		assert.Zero(t, h.Memory().Waiting)
		require.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong")))
	})
}

func TestNobodyWaitsWhereNobodyMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, password.Config{Params: cheap(), Ceiling: cheap(), MemoryBudget: 3 * 64 * 1024, MaxWaiting: -1})
		letGo := hold(h)
		var group sync.WaitGroup
		group.Go(func() { assert.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong"))) })
		synctest.Wait()
		require.ErrorIs(t, h.VerifyUnknown(t.Context(), password.New("wrong")), password.ErrBusy)
		letGo()
		group.Wait()
	})
}

func TestWhoStopsWaitingGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, password.Config{Params: cheap(), Ceiling: cheap(), MemoryBudget: 3 * 64 * 1024, MaxWaiting: 1})
		letGo := hold(h)
		var group sync.WaitGroup
		group.Go(func() { assert.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong"))) })
		synctest.Wait()

		for range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			got := make(chan error, 1)
			group.Go(func() { got <- h.VerifyUnknown(ctx, password.New("wrong")) })
			synctest.Wait()
			assert.Equal(t, 1, h.Memory().Waiting)
			cancel()
			require.ErrorIs(t, <-got, context.Canceled)
			assert.Zero(t, h.Memory().Waiting)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, h.VerifyUnknown(ended, password.New("wrong")), context.Canceled)

		letGo()
		group.Wait()
		assert.Zero(t, h.Memory().InUse)
		require.ErrorIs(t, h.VerifyUnknown(ended, password.New("wrong")), context.Canceled, "even where there is room")
		require.NoError(t, h.VerifyUnknown(t.Context(), password.New("wrong")))
	})
}

// Many who come and go at once leave nothing behind.
func TestMemoryIsGivenBackWhateverHappens(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap(), MemoryBudget: 6 * 64 * 1024, Ceiling: cheap(), MaxWaiting: 20})
	var group sync.WaitGroup
	for i := range 500 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			_, _, err := h.Verify(ctx, []string{sound, "nonsense", ""}[i%3], password.New("wrong"))
			ours := err == nil || errors.Is(err, password.ErrBusy) || errors.Is(err, context.Canceled) ||
				errors.Is(err, password.ErrMalformedHash)
			assert.True(t, ours, err)
		})
	}
	group.Wait()
	memory := h.Memory()
	assert.Zero(t, memory.InUse)
	assert.Zero(t, memory.Waiting)
	assert.LessOrEqual(t, memory.Highest, memory.Limit)
}

func TestAPoisonedHashTakesNoMemory(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	var most uint32
	h.Watch(func(d password.Derivation) { most = max(most, d.Params.Memory) })
	for _, params := range []string{"m=4294967295,t=1,p=1", "m=65537,t=1,p=1", "m=64,t=4294967295,p=1", "m=65536,t=1,p=255"} {
		_, _, err := h.Verify(t.Context(), "$argon2id$v=19$"+params+"$"+someSalt+"$"+someTag, password.New("wrong"))
		require.ErrorIs(t, err, password.ErrTooCostly)
	}
	assert.Equal(t, cheap().Memory, most)
	assert.Equal(t, int64(64*1024), h.Memory().Highest)
}
