package care

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

// openMinute is the model: a minute is open when the wall shows a time within the hours of a
// day that is no holiday.
func openMinute(c Calendar, at time.Time) bool {
	if c.Always {
		return true
	}
	local := at.In(c.zone())
	since := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	week := c.Week
	if week == nil {
		nine := []Hours{{9 * time.Hour, 17 * time.Hour}}
		week = map[time.Weekday][]Hours{1: nine, 2: nine, 3: nine, 4: nine, 5: nine}
	}
	for _, d := range c.Holidays {
		if d == dateOf(local) {
			return false
		}
	}
	for _, h := range week[local.Weekday()] {
		if h.From <= since && since < h.To {
			return true
		}
	}
	return false
}

func randomCalendar(r *rand.Rand, z *time.Location, around time.Time) Calendar {
	c := Calendar{Zone: z}
	if r.IntN(4) > 0 {
		c.Week = map[time.Weekday][]Hours{}
		for day := range time.Weekday(7) {
			at := time.Duration(0)
			for range r.IntN(3) {
				from := at + time.Duration(r.IntN(8*60))*time.Minute
				to := from + time.Duration(1+r.IntN(10*60))*time.Minute
				if r.IntN(6) == 0 {
					to = 24 * time.Hour
				}
				if to > 24*time.Hour || to <= from {
					break
				}
				c.Week[day] = append(c.Week[day], Hours{from, to})
				at = to
			}
		}
		c.Week[time.Weekday(r.IntN(7))] = []Hours{{0, 24 * time.Hour}}
	}
	for range r.IntN(4) {
		c.Holidays = append(c.Holidays, dateOf(around.AddDate(0, 0, r.IntN(12)-2)))
	}
	return c
}

func TestACalendarAgreesWithTheWallMinuteByMinute(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	// Moments around which clocks are put forward or back; in Lord Howe by half an hour, in São
	// Paulo at midnight, in Apia by a whole day.
	around := []struct {
		zone string
		at   time.Time
	}{
		{"America/New_York", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)},
		{"Europe/Berlin", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		{"Europe/Berlin", time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC)},
		{"America/Sao_Paulo", time.Date(2018, 11, 4, 3, 0, 0, 0, time.UTC)},
		{"America/Sao_Paulo", time.Date(2018, 2, 18, 2, 0, 0, 0, time.UTC)},
		{"Pacific/Apia", time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC)},
		{"Asia/Shanghai", time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)},
		{"UTC", time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)},
	}
	for range testsize.Scaled(t, 150) {
		place := around[r.IntN(len(around))]
		c := randomCalendar(r, zone(t, place.zone), place.at)
		require.NoError(t, c.check("calendar"))
		from := place.at.Add(-time.Duration(r.IntN(4*24*60)) * time.Minute)
		to := from.Add(time.Duration(r.IntN(9*24*60)) * time.Minute)

		worked := time.Duration(0)
		var passed []time.Time // the ends of the minutes of work
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			open := openMinute(c, at)
			require.Equal(t, open, c.Open(at), "%v %v", c, at)
			if open {
				worked += time.Minute
				passed = append(passed, at.Add(time.Minute))
			}
		}
		require.Equal(t, worked, c.Between(from, to), "%v %v %v", c, from, to)
		require.Zero(t, c.Between(to, from))
		for range 20 {
			if len(passed) == 0 {
				break
			}
			n := 1 + r.IntN(len(passed))
			got := c.Add(from, time.Duration(n)*time.Minute)
			require.True(t, passed[n-1].Equal(got), "%v from %v %d minutes: %v, want %v", c, from, n, got, passed[n-1])
			part := time.Duration(r.Int64N(int64(time.Minute)-1) + 1)
			got = c.Add(from, time.Duration(n)*time.Minute-part)
			require.True(t, passed[n-1].Add(-part).Equal(got))
			require.Equal(t, time.Duration(n)*time.Minute-part, c.Between(from, got))
		}

		// The end of the n-th day of work after today, by going through the minutes.
		n := 1 + r.IntN(4)
		got := c.AddDays(from, n)
		var want time.Time
		today := dateOf(from.In(c.zone()))
		seen, last := 0, today
		for at := from; at.Before(from.AddDate(0, 0, 60)); at = at.Add(time.Minute) {
			if !openMinute(c, at) {
				continue
			}
			date := dateOf(at.In(c.zone()))
			if later(date, last) {
				seen, last = seen+1, date
			}
			if seen > n {
				break
			}
			want = at.Add(time.Minute)
		}
		require.True(t, want.Equal(got), "%v from %v %d days: %v, want %v", c, from, n, got, want)
	}
}

func later(a, b Date) bool {
	at := func(d Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	return at(a).After(at(b))
}

func TestACalendarCountsWorkAsPeopleDo(t *testing.T) {
	shanghai := zone(t, "Asia/Shanghai")
	berlin := zone(t, "Europe/Berlin")
	office := Calendar{Zone: shanghai, Holidays: []Date{{2026, time.October, 1}, {2026, time.October, 2}}}
	at := func(z *time.Location, month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, z)
	}
	nights := Calendar{Zone: berlin, Week: map[time.Weekday][]Hours{
		time.Sunday: {{0, 4 * time.Hour}}, time.Monday: {{0, 4 * time.Hour}},
	}}
	for name, c := range map[string]struct {
		calendar  Calendar
		from, end time.Time
		work      time.Duration
	}{
		"within a day":                     {office, at(shanghai, 9, 29, 10, 0), at(shanghai, 9, 29, 12, 30), 150 * time.Minute},
		"up to the end, not the next day":  {office, at(shanghai, 9, 29, 10, 0), at(shanghai, 9, 29, 17, 0), 7 * time.Hour},
		"into the next day":                {office, at(shanghai, 9, 29, 16, 0), at(shanghai, 9, 30, 10, 0), 2 * time.Hour},
		"over holidays and a weekend":      {office, at(shanghai, 9, 30, 16, 0), at(shanghai, 10, 5, 10, 0), 2 * time.Hour},
		"from the middle of the night":     {office, at(shanghai, 9, 29, 3, 0), at(shanghai, 9, 29, 9, 15), 15 * time.Minute},
		"a night with an hour less":        {nights, at(berlin, 3, 29, 0, 0), at(berlin, 3, 30, 1, 0), 4 * time.Hour},
		"a night with an hour more":        {nights, at(berlin, 10, 25, 0, 0), at(berlin, 10, 25, 4, 0), 5 * time.Hour},
		"always, also when clocks go back": {Calendar{Always: true, Zone: berlin}, at(berlin, 10, 25, 0, 0), at(berlin, 10, 25, 4, 0), 5 * time.Hour},
		"nothing to do":                    {office, at(shanghai, 10, 1, 3, 0), at(shanghai, 10, 1, 3, 0), 0},
	} {
		assert.True(t, c.end.Equal(c.calendar.Add(c.from, c.work)), "%s: %v", name, c.calendar.Add(c.from, c.work))
		assert.Equal(t, c.work, c.calendar.Between(c.from, c.end), name)
	}
	assert.True(t, at(shanghai, 10, 6, 17, 0).Equal(office.AddDays(at(shanghai, 9, 29, 20, 0), 3)), "Wednesday, Monday, Tuesday")
	assert.True(t, at(shanghai, 10, 6, 17, 0).Equal(office.AddDays(at(shanghai, 9, 29, 9, 0), 3)))
	assert.Equal(t, 72*time.Hour, Calendar{Always: true}.AddDays(at(shanghai, 9, 29, 9, 0), 3).Sub(at(shanghai, 9, 29, 9, 0)))
}

func TestWhatIsNoCalendarIsRefused(t *testing.T) {
	for name, c := range map[string]Calendar{
		"never open":            {Week: map[time.Weekday][]Hours{}},
		"no hours on any day":   {Week: map[time.Weekday][]Hours{1: {}}},
		"no day of the week":    {Week: map[time.Weekday][]Hours{7: {{0, time.Hour}}}},
		"before midnight":       {Week: map[time.Weekday][]Hours{1: {{-time.Hour, time.Hour}}}},
		"after midnight":        {Week: map[time.Weekday][]Hours{1: {{0, 25 * time.Hour}}}},
		"backwards":             {Week: map[time.Weekday][]Hours{1: {{2 * time.Hour, time.Hour}}}},
		"overlapping":           {Week: map[time.Weekday][]Hours{1: {{0, 2 * time.Hour}, {time.Hour, 3 * time.Hour}}}},
		"seconds":               {Week: map[time.Weekday][]Hours{1: {{0, time.Hour + time.Second}}}},
		"no date":               {Holidays: []Date{{2026, 2, 29}}},
		"too many holidays":     {Holidays: make([]Date, maxHolidays+1)},
		"a holiday without day": {Holidays: []Date{{}}},
	} {
		require.ErrorIs(t, c.check("calendar"), okpay.InvalidRequest, name)
	}
	require.NoError(t, Calendar{}.check("calendar"))
	require.NoError(t, Calendar{Always: true, Holidays: []Date{{}}}.check("calendar"))
}
