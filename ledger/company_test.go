package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCompany(t *testing.T) {
	change := func() *request {
		return &request{members: make([]*prepared, 1), call: &call{done: make(chan struct{}, 1)}}
	}
	for name, c := range map[string]struct {
		m     company
		comes []time.Duration // when Changes come
		close time.Duration   // when the queue is closed, 0 for never
		waits time.Duration
	}{
		"a lone caller's block waits for nobody":             {company{met: time.Now(), expect: 1}, nil, 0, 0},
		"no block waits where nobody else was ever met":      {company{expect: 8}, nil, 0, 0},
		"nor where others were met long ago":                 {company{met: time.Now().Add(-meets - time.Second), expect: 8}, nil, 0, 0},
		"it waits for as many as were there a moment ago":    {company{met: time.Now(), expect: 2}, []time.Duration{10 * time.Microsecond, 50 * time.Microsecond, 90 * time.Microsecond}, 0, 50 * time.Microsecond},
		"but no longer than for a moment":                    {company{met: time.Now(), expect: 3}, []time.Duration{10 * time.Microsecond, 50 * time.Microsecond}, 0, companyWait},
		"not at all when they are there already":             {company{met: time.Now(), expect: 2}, []time.Duration{0, 0}, 0, 0},
		"and not for those who can not come to a closed one": {company{met: time.Now(), expect: 2}, nil, 20 * time.Microsecond, 20 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			synctest.Test(t, func(t *testing.T) {
				if !c.m.met.IsZero() {
					c.m.met = time.Now().Add(c.m.met.Sub(now))
				}
				q := newQueue(100)
				for _, at := range c.comes {
					time.AfterFunc(at, func() {
						_, err := q.put(change())
						require.NoError(t, err)
					})
				}
				if c.close > 0 {
					time.AfterFunc(c.close, q.close)
				}
				synctest.Wait()
				start := time.Now()
				c.m.await(q, time.Now)
				assert.Equal(t, c.waits, time.Since(start))
			})
		})
	}
	t.Run("what is expected rises at once and falls slowly", func(t *testing.T) {
		var m company
		for _, step := range []struct{ took, expect int }{{64, 64}, {8, 57}, {100, 100}, {100, 100}, {1, 87}} {
			m.took(step.took)
			assert.Equal(t, step.expect, m.expect)
		}
	})
}
