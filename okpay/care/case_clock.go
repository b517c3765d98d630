package care

import "time"

// Clock measures how long a customer has waited for something, by a calendar, while it runs.
type Clock struct {
	Target time.Duration `json:"target"`
	Used   time.Duration `json:"used"`             // until Since
	Since  *time.Time    `json:"since,omitempty"`  // since when it runs; nil while it does not
	DueAt  *time.Time    `json:"due_at,omitempty"` // when its target passes if it goes on running
	// WarnAt is when three quarters of the target are over.
	WarnAt     *time.Time `json:"warn_at,omitempty"`
	WarnedAt   *time.Time `json:"warned_at,omitempty"`
	BreachedAt *time.Time `json:"breached_at,omitempty"` // when its target passed
	Done       bool       `json:"done,omitempty"`        // stopped; it starts again at 0 if it starts
}

// pace is how a clock runs.
type pace struct {
	calendar Calendar
	target   time.Duration
}

// run lets a clock run from now on. One that was paused goes on, one that was done begins anew.
func (k *Clock) run(p pace, now time.Time) {
	if k.Since != nil {
		return
	}
	if k.Done {
		*k = Clock{}
	}
	k.Target, k.Since = p.target, &now
	at := func(used time.Duration) *time.Time {
		t := p.calendar.Add(now, used-k.Used)
		return &t
	}
	k.DueAt, k.WarnAt = at(k.Target), at(k.Target/4*3)
}

// pause stops a clock for as long as somebody else is waited for.
func (k *Clock) pause(p pace, now time.Time) {
	if k.Since == nil {
		return
	}
	k.Used += p.calendar.Between(*k.Since, now)
	k.Since, k.DueAt, k.WarnAt = nil, nil, nil
}

// stop ends a clock: what the customer waited for has come.
func (k *Clock) stop(p pace, now time.Time) {
	k.pause(p, now)
	k.Done = true
}

// change gives a clock another pace from now on. What was used by then stays used.
func (k *Clock) change(was, is pace, now time.Time) {
	running := k.Since != nil
	k.pause(was, now)
	k.Target = is.target
	if running {
		k.run(is, now)
	}
}

// pass notes what has passed by now, each once for a run of the clock.
func (k *Clock) pass(now time.Time) (warned, breached bool) {
	if k.Since == nil {
		return false, false
	}
	if k.BreachedAt == nil && !now.Before(*k.DueAt) {
		at := *k.DueAt
		k.BreachedAt, breached = &at, true
	}
	if k.WarnedAt == nil && k.BreachedAt == nil && !now.Before(*k.WarnAt) {
		at := *k.WarnAt
		k.WarnedAt, warned = &at, true
	}
	return warned, breached
}

// next is when pass has something to note, the zero time for never.
func (k *Clock) next() time.Time {
	switch {
	case k.Since == nil || k.BreachedAt != nil:
		return time.Time{}
	case k.WarnedAt == nil && k.WarnAt.Before(*k.DueAt):
		return *k.WarnAt
	}
	return *k.DueAt
}
