package mock

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// The errors of moving a clock.
var (
	errBackwards = errors.New("a clock does not go back")
	errTooFar    = errors.New("the clock would pass the year 9000, and texts of times end with 9999")
)

// clock stands still, or runs, and is moved forward by hand.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	running bool
	set     time.Time // when now was set, on the machine's clock
}

func newClock(start time.Time, running bool) *clock {
	return &clock{now: start, running: running, set: time.Now()}
}

// Now is what the clock shows.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shows()
}

func (c *clock) shows() time.Time {
	if c.running {
		return c.now.Add(time.Since(c.set))
	}
	return c.now
}

// advance moves the clock, or says why not and leaves it.
func (c *clock) advance(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d < 0 {
		return fmt.Errorf("advance by %v: %w", d, errBackwards)
	}
	if c.shows().Add(d).Year() > 9000 {
		return fmt.Errorf("advance by %v: %w", d, errTooFar)
	}
	c.now = c.now.Add(d)
	return nil
}
