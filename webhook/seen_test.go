package webhook_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

func begin(t *testing.T, seen webhook.Seen, id string) webhook.Claim {
	t.Helper()
	claim, err := seen.Begin(t.Context(), id)
	require.NoError(t, err)
	return claim
}

func TestMemorySeenGrantsAnIDOnce(t *testing.T) {
	seen := webhook.NewMemorySeen(webhook.MemorySeenConfig{})
	assert.Equal(t, webhook.ClaimGranted, begin(t, seen, "a"))
	assert.Equal(t, webhook.ClaimTaken, begin(t, seen, "a"))
	assert.Equal(t, webhook.ClaimGranted, begin(t, seen, "b"), "ids do not disturb each other")

	require.NoError(t, seen.Forget(t.Context(), "a"))
	assert.Equal(t, webhook.ClaimGranted, begin(t, seen, "a"), "what is forgotten can be claimed again")
	require.NoError(t, seen.Done(t.Context(), "a"))
	assert.Equal(t, webhook.ClaimDone, begin(t, seen, "a"))
	require.NoError(t, seen.Forget(t.Context(), "a"))
	assert.Equal(t, webhook.ClaimDone, begin(t, seen, "a"), "what was handled stays handled")
}

func TestMemorySeenGrantsOneOfManyCallers(t *testing.T) {
	seen := webhook.NewMemorySeen(webhook.MemorySeenConfig{})
	var granted atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			if claim, err := seen.Begin(t.Context(), "a"); err == nil && claim == webhook.ClaimGranted {
				granted.Add(1)
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, granted.Load())
}

func TestMemorySeenIsBounded(t *testing.T) {
	seen := webhook.NewMemorySeen(webhook.MemorySeenConfig{Capacity: 3})
	assert.Equal(t, webhook.ClaimGranted, begin(t, seen, "in progress"))
	for i := range 5 {
		id := fmt.Sprint(i)
		assert.Equal(t, webhook.ClaimGranted, begin(t, seen, id))
		require.NoError(t, seen.Done(t.Context(), id))
	}
	assert.Equal(t, webhook.ClaimTaken, begin(t, seen, "in progress"), "a claim is never dropped")
	for i, want := range []webhook.Claim{
		webhook.ClaimGranted, webhook.ClaimGranted, // the two handled longest ago
		webhook.ClaimDone, webhook.ClaimDone, webhook.ClaimDone,
	} {
		assert.Equal(t, want, begin(t, seen, fmt.Sprint(i)), "id %d", i)
	}
}

func TestMemorySeenForgetsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := webhook.NewMemorySeen(webhook.MemorySeenConfig{})
		begin(t, seen, "a")
		time.Sleep(webhook.DefaultSeenTTL)
		assert.Equal(t, webhook.ClaimTaken, begin(t, seen, "a"), "a claim does not lapse")
		require.NoError(t, seen.Done(t.Context(), "a"))
		time.Sleep(webhook.DefaultSeenTTL - time.Nanosecond)
		assert.Equal(t, webhook.ClaimDone, begin(t, seen, "a"))
		time.Sleep(time.Nanosecond)
		assert.Equal(t, webhook.ClaimGranted, begin(t, seen, "a"))
	})
}

func TestMemorySeenCountsFromTheLastTimeAnIDWasHandled(t *testing.T) {
	now := noon
	seen := webhook.NewMemorySeen(webhook.MemorySeenConfig{TTL: time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, seen.Done(t.Context(), "a"))
	now = now.Add(40 * time.Minute)
	require.NoError(t, seen.Done(t.Context(), "a"))
	now = now.Add(40 * time.Minute)
	assert.Equal(t, webhook.ClaimDone, begin(t, seen, "a"))
	now = now.Add(20 * time.Minute)
	assert.Equal(t, webhook.ClaimGranted, begin(t, seen, "a"))
}
