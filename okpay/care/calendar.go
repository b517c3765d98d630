package care

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// Calendar says when people work, by the clock on their wall: what is to be done within eight
// hours of work is measured by it. Where the clocks are put forward the hour that is left out
// counts as none, where they are put back the hour that comes twice counts twice. The zero value
// is open on Mondays to Fridays from 9:00 to 17:00 in UTC.
type Calendar struct {
	// Always is open at every moment; nothing else matters then.
	Always bool
	// Zone is where the wall is. Defaults to UTC.
	Zone *time.Location
	// Week are the hours of each day, in order, those of one day without an overlap; a day
	// without hours is closed. Defaults to Mondays to Fridays from 9:00 to 17:00.
	Week map[time.Weekday][]Hours
	// Holidays are closed, whatever day of the week they are; at most 1,000.
	Holidays []Date
}

// Hours are a part of a day, from one time since midnight to another, which is not part of it
// any more: whole minutes, at most 24 hours.
type Hours struct{ From, To time.Duration }

// Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

const (
	daySeconds  = 24 * 60 * 60
	maxHolidays = 1000
	// farAhead bounds how far ahead a calendar is searched. It is more than all the days that
	// can be holidays.
	farAhead = 20 * 365 * 24 * time.Hour
)

// check refuses what can not be a calendar.
func (c Calendar) check(field string) error {
	if c.Always {
		return nil
	}
	open := c.Week == nil
	for day, week := range c.Week {
		last := time.Duration(0)
		for _, h := range week {
			if day < time.Sunday || day > time.Saturday || h.From < last || h.To <= h.From || h.To > 24*time.Hour ||
				h.From%time.Minute != 0 || h.To%time.Minute != 0 {
				return okpay.InvalidField(field, "has hours that are not whole minutes of one day, in order")
			}
			last, open = h.To, true
		}
	}
	if !open || len(c.Holidays) > maxHolidays {
		return okpay.InvalidField(field, "is never open, or has more than %d holidays", maxHolidays)
	}
	for _, d := range c.Holidays {
		if d != dateOf(time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC)) {
			return okpay.InvalidField(field, "has a holiday that is no date")
		}
	}
	return nil
}

// Open reports whether people work at a moment.
func (c Calendar) Open(at time.Time) bool {
	if c.Always {
		return true
	}
	open := false
	c.each(at, at.Add(1), func(_, _ time.Time, _ int64) bool {
		open = true
		return false
	})
	return open
}

// Add returns the first moment at which people have worked for d since from; from itself, and
// the end of what is open rather than the next beginning. d that is not positive adds nothing.
func (c Calendar) Add(from time.Time, d time.Duration) time.Time {
	switch {
	case d <= 0:
		return from
	case c.Always:
		return from.Add(d)
	}
	at := from
	// After the last holiday some day of each week is open, so this ends.
	for until := from; d > 0; {
		until = until.Add(farAhead)
		c.each(at, until, func(begin, end time.Time, _ int64) bool {
			if has := end.Sub(begin); has < d {
				d -= has
				return true
			}
			at, d = begin.Add(d), 0
			return false
		})
		if d > 0 {
			at = until
		}
	}
	return at
}

// Between returns for how long people work from one moment to another, 0 if that is not later.
func (c Calendar) Between(from, to time.Time) time.Duration {
	switch {
	case !to.After(from):
		return 0
	case c.Always:
		return to.Sub(from)
	}
	sum := time.Duration(0)
	c.each(from, to, func(begin, end time.Time, _ int64) bool {
		sum += end.Sub(begin)
		return true
	})
	return sum
}

// AddDays returns the end of work on the n-th day of work after the one that from is on: what
// is asked for on a Thursday evening is done within three days of work by the end of Tuesday. A
// calendar that is always open adds n times 24 hours. n is at least 1.
func (c Calendar) AddDays(from time.Time, n int) time.Time {
	n = max(n, 1)
	if c.Always {
		return from.Add(time.Duration(n) * 24 * time.Hour)
	}
	_, offset := from.In(c.zone()).Zone()
	last, at := floorDiv(from.Unix()+int64(offset), daySeconds), from
	c.each(from, from.Add(time.Duration(n)*farAhead), func(_, end time.Time, day int64) bool {
		if day > last {
			n, last = n-1, day
		}
		if n >= 0 {
			at = end
		}
		// The end of a day is known when the next one begins.
		return n >= 0
	})
	return at
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// hours are those of a day, which is counted from 1970-01-01.
func (c Calendar) hours(day int64) []Hours {
	at := time.Unix(day*daySeconds, 0).UTC()
	weekday := at.Weekday()
	switch {
	case slices.Contains(c.Holidays, dateOf(at)):
		return nil
	case c.Week != nil:
		return c.Week[weekday]
	case weekday == time.Saturday || weekday == time.Sunday:
		return nil
	}
	return []Hours{{9 * time.Hour, 17 * time.Hour}}
}

// each calls fn for what is open between two moments, in order and with the day that it is part
// of, until fn has had enough. It goes through the stretches in which the zone's offset is the
// same: in each of them the wall's clock is the moment plus the offset.
func (c Calendar) each(from, to time.Time, fn func(begin, end time.Time, day int64) bool) {
	for from.Before(to) {
		local := from.In(c.zone())
		_, offset := local.Zone()
		_, until := local.ZoneBounds()
		if until.IsZero() || until.After(to) {
			until = to
		}
		wall := func(day int64, since time.Duration) time.Time {
			return time.Unix(day*daySeconds+int64(since/time.Second)-int64(offset), 0)
		}
		for day := floorDiv(from.Unix()+int64(offset), daySeconds); wall(day, 0).Before(until); day++ {
			for _, h := range c.hours(day) {
				begin, end := wall(day, h.From), wall(day, h.To)
				if begin.Before(from) {
					begin = from
				}
				if end.After(until) {
					end = until
				}
				if begin.Before(end) && !fn(begin.In(from.Location()), end.In(from.Location()), day) {
					return
				}
			}
		}
		from = until
	}
}

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
