package totp

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
)

// The rule again, in sets and as the published vectors word it, for the tests to compare with.
func ruled(codeAt func(step int64) int, code int, current, lastStep int64) (Result, int64) {
	matches := func(from, to int64) (steps []int64) {
		for s := from; s <= to; s++ {
			if s >= 0 && codeAt(s) == code {
				steps = append(steps, s)
			}
		}
		return steps
	}
	window, all := matches(current-1, current+1), matches(current-4, current+1)
	if len(window) == 0 {
		return Wrong, lastStep
	}
	if all[0] <= lastStep {
		return Replayed, lastStep
	}
	return OK, window[len(window)-1]
}

// Six digits collide once in a million steps, so the histories here have a few codes in
// all: nearly every step's code comes back within sight.
func TestRandomHistoriesOfCollidingCodes(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	results := map[Result]int{}
	for range testsize.Scaled(t, 10_000) {
		codes := make([]int, 50)
		kinds := 1 + random.IntN(8)
		for i := range codes {
			codes[i] = random.IntN(kinds)
		}
		codeAt := func(step int64) int { return codes[step] }
		current, lastStep := int64(random.IntN(6)), NoStep
		used := map[int64]bool{}
		acceptedAt := map[int]int64{} // by code, the step that its acceptance used
		for range 25 {
			current = min(max(current+int64(random.IntN(5))-1, 0), int64(len(codes)-2)) // the clock may be set back
			code := random.IntN(kinds)
			var given [sightSteps]bool
			for i := range given {
				step := current + sightFrom + int64(i)
				given[i] = step >= 0 && codeAt(step) == code
			}
			result, next := judge(given, current, lastStep)
			wantResult, wantNext := ruled(codeAt, code, current, lastStep)
			require.Equal(t, wantResult, result, "seed %d", seed)
			require.Equal(t, wantNext, next, "seed %d", seed)
			results[result]++
			if result != OK {
				require.Equal(t, lastStep, next, "seed %d", seed)
				continue
			}
			require.Greater(t, next, lastStep, "seed %d: the last step only grows", seed)
			require.False(t, used[next], "seed %d: a step is used once", seed)
			if before, ok := acceptedAt[code]; ok {
				require.Greater(t, current, before+4, "seed %d: a code came back while its step was in sight", seed)
			}
			used[next], acceptedAt[code], lastStep = true, next, next
		}
	}
	t.Log(results)
	for _, result := range []Result{OK, Wrong, Replayed} {
		assert.NotZero(t, results[result], result)
	}
}
