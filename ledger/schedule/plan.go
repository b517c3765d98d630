package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Bounds of a Plan.
const (
	MaxIDLen  = 200         // bytes of an id
	MaxLabels = 16          // labels, of at most MaxIDLen bytes
	MinEvery  = time.Second // the shortest interval
	MaxMonths = 1200        // the longest, in months
)

// Plan says what a ledger is to do, and when.
type Plan struct {
	// ID identifies the plan for the ledger's life: 1 to MaxIDLen bytes, opaque.
	ID string

	// At is when it is due first, cut to microseconds. One that has passed is due at once.
	At time.Time

	// Every and Months repeat the plan, the first after a fixed time (at least MinEvery), the
	// second on the same day of the month in UTC, or the last day of a month that is too
	// short. At most one is set. Defaults to once.
	Every  time.Duration
	Months int

	// Times is how often in all a plan that repeats happens. Defaults to until it is canceled.
	Times int

	// Labels are what the plan is found by besides its state: an owner, a purpose.
	Labels []string

	// Ops are what happens at each run: Transaction, Hold, Capture, Void, Reverse, Require,
	// Limits, Freeze, Close and Reopen, with the rules of a Change. Times in them are as they
	// are given, whenever the run happens. A plan that repeats has no Hold and no Reverse,
	// which happen once.
	Ops []ledger.Op
}

// check reports what is wrong with a plan, beside the form of its operations.
func (p *Plan) check() error {
	switch {
	case p.ID == "" || len(p.ID) > MaxIDLen:
		return invalid("id", "has %d bytes, want 1 to %d", len(p.ID), MaxIDLen)
	case p.At.IsZero():
		return invalid("at", "is not set")
	case p.Every != 0 && p.Months != 0:
		return invalid("months", "is set beside every")
	case p.Every != 0 && p.Every < MinEvery:
		return invalid("every", "is less than %v", MinEvery)
	case p.Every%time.Microsecond != 0:
		return invalid("every", "has parts of a microsecond")
	case p.Months < 0 || p.Months > MaxMonths:
		return invalid("months", "is not within 0 and %d", MaxMonths)
	case p.Times < 0:
		return invalid("times", "is negative")
	case p.Times > 0 && !p.repeats():
		return invalid("times", "is set for a plan that does not repeat")
	case len(p.Labels) > MaxLabels:
		return invalid("labels", "has %d items, want at most %d", len(p.Labels), MaxLabels)
	case len(p.Ops) == 0:
		return invalid("ops", "is empty")
	}
	for i, label := range p.Labels {
		if label == "" || len(label) > MaxIDLen {
			return invalid("labels", "has an item of %d bytes, want 1 to %d", len(label), MaxIDLen)
		}
		if slices.Contains(p.Labels[:i], label) {
			return invalid("labels", "has an item twice")
		}
	}
	for i, op := range p.Ops {
		switch op.(type) {
		case ledger.Hold, ledger.Reverse:
			if p.repeats() {
				return invalid(fmt.Sprintf("ops[%d].kind", i), "happens once, and the plan repeats")
			}
		}
	}
	return nil
}

func (p *Plan) repeats() bool { return p.Every != 0 || p.Months != 0 }

// after returns when the run that follows so many is due; was is when the last of them was.
// It is zero when there is none.
func (p *Plan) after(runs int, was time.Time) time.Time {
	if !p.repeats() || p.Times > 0 && runs >= p.Times {
		return time.Time{}
	}
	next := was.Add(p.Every)
	if p.Months != 0 {
		next = addMonths(p.At.UTC(), runs*p.Months)
	}
	if next.Year() > 9999 {
		return time.Time{} // beyond what any store keeps
	}
	return next
}

// addMonths moves a time by months, to the last day of one that is too short.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// ChangeID is the id of the Change that is a plan's run, counted from 1.
func ChangeID(plan string, run int) string { return prefix + plan + ":" + strconv.Itoa(run) }

// prefix begins the ids of all Changes of this package: "schedule:<plan>:" and what it is. Runs
// have a number there, and a number is followed by nothing but ":refused", so that no two are the same.
const prefix = "schedule:"

func invalid(field, format string, args ...any) error {
	return &ledger.InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
