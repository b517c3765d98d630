package mock

import (
	"sync"
	"time"
)

// clock stands still, or runs, and is moved forward by hand.
type clock struct {
	state *clockState
}

type clockState struct {
	mu      sync.Mutex
	now     time.Time
	running bool
	set     time.Time // when now was set, on the machine's clock
}

func newClock(start time.Time, running bool) clock {
	return clock{&clockState{now: start, running: running, set: time.Now()}}
}

// Now is what the clock shows.
func (c clock) Now() time.Time {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return s.now.Add(time.Since(s.set))
	}
	return s.now
}

// Advance moves the clock; it never goes backwards.
func (c clock) Advance(d time.Duration) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(max(d, 0))
}
