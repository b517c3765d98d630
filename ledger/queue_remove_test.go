package ledger

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func waitingRequest() *request {
	return &request{members: []*prepared{{size: 1}}, call: &call{done: make(chan struct{}, 1)}}
}

// Very many callers may give up at once: the list must not be gone through for each of them.
func TestGivingUpIsCheapHoweverManyWait(t *testing.T) {
	const n = 1 << 12
	for _, order := range []string{"the last first", "the first first", "in any order"} {
		t.Run(order, func(t *testing.T) {
			q := newQueue(n)
			requests := make([]*request, n)
			for i := range requests {
				requests[i] = waitingRequest()
			}
			_, err := q.put(requests...)
			require.NoError(t, err)
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			places := rand.New(rand.NewPCG(seed, 0)).Perm(n)
			moved, before := 0, n
			for i := range n {
				switch order {
				case "the last first":
					places[i] = n - 1 - i
				case "the first first":
					places[i] = i
				}
				require.True(t, q.remove(requests[places[i]]))
				require.True(t, q.remove(requests[places[i]]), "a second time")
				assert.Equal(t, n-1-i, q.depth())
				if len(q.waiting) != before {
					moved += before
					before = len(q.waiting)
				}
			}
			assert.LessOrEqual(t, moved, 2*n, "entries that were gone through")
			assert.Empty(t, q.waiting, "and nothing is kept")
			assert.Nil(t, q.take(n, n))
		})
	}
}

// What is taken is what was put, in order, without what was removed.
func TestAQueueWithoutThoseWhoGaveUp(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	q := newQueue(1 << 20)
	var model []*request
	for range 20_000 {
		switch n := random.IntN(10); {
		case n < 5:
			r := waitingRequest()
			_, err := q.put(r)
			require.NoError(t, err)
			model = append(model, r)
		case n < 9 && len(model) > 0:
			i := random.IntN(len(model))
			require.True(t, q.remove(model[i]))
			model = append(model[:i:i], model[i+1:]...)
			require.LessOrEqual(t, len(q.waiting), 2*len(model)+1, "what was removed is not kept for long")
		case n == 9:
			taken := q.take(1+random.IntN(5), 1+random.IntN(5))
			require.Equal(t, len(model) > 0, len(taken) > 0, "at least one if any waits")
			for i, r := range taken {
				require.Same(t, model[i], r)
				require.False(t, q.remove(r), "it is taken")
			}
			model = model[len(taken):]
		}
		require.Equal(t, len(model), q.depth())
	}
}
