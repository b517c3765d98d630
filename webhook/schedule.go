package webhook

import (
	"math/rand/v2"
	"time"
)

// StandardDelays returns the example retry schedule of Standard Webhooks
// 1.0.0: the wait before the first attempt, which is none, before the second,
// and so on. Ten attempts span a little more than three days.
func StandardDelays() []time.Duration {
	return []time.Duration{
		0,
		5 * time.Second,
		5 * time.Minute,
		30 * time.Minute,
		2 * time.Hour,
		5 * time.Hour,
		10 * time.Hour,
		14 * time.Hour,
		20 * time.Hour,
		24 * time.Hour,
	}
}

// Schedule says when a message is tried again. It remembers nothing; the zero
// value is the standard's schedule with a little jitter.
type Schedule struct {
	// Delays are the waits before each attempt, the first one included.
	// Defaults to [StandardDelays].
	Delays []time.Duration
	// Jitter returns what to add to a delay, so that messages which failed
	// together do not come back together. It is not asked about a delay of 0.
	// Defaults to an even choice between nothing and a tenth of the delay.
	Jitter func(delay time.Duration) time.Duration
}

// Next returns how long to wait after made attempts before the next one, and
// false when there is to be none. Next(0) is the wait before the first attempt.
// A negative number counts as 0; a wait is never negative.
func (s Schedule) Next(made int) (time.Duration, bool) {
	delays := s.Delays
	if delays == nil {
		delays = StandardDelays()
	}
	made = max(made, 0)
	if made >= len(delays) {
		return 0, false
	}
	delay := delays[made]
	if delay <= 0 {
		return 0, true
	}
	if s.Jitter != nil {
		return max(delay+s.Jitter(delay), 0), true
	}
	return delay + rand.N(delay/10+1), true
}

// After returns how long to wait after made attempts of which the last one
// ended in result, and false when there is to be no further attempt: it was
// delivered, the endpoint is gone or unusable, or the schedule is at its end.
// The wait is the schedule's or the one the receiver asked for, whichever is
// longer.
func (s Schedule) After(made int, result Result) (time.Duration, bool) {
	if !result.Outcome.Again() {
		return 0, false
	}
	delay, ok := s.Next(made)
	if !ok {
		return 0, false
	}
	return max(delay, result.RetryAfter), true
}
