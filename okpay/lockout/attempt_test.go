package lockout_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/lockout"
)

// after is the State after a number of wrong attempts, each as soon as it is admitted, and
// when the next one is.
func after(failures int) (lockout.State, time.Time) {
	var s lockout.State
	now := at(1000)
	for range failures {
		if s.Level > 0 {
			now = s.LockedUntil
		}
		s, _ = try(s, lockout.Policy{}, false, now)
	}
	if s.Level > 0 {
		now = s.LockedUntil
	}
	return s, now
}

// reserve makes a reservation that must be admitted.
func reserve(t *testing.T, s lockout.State, now time.Time) (lockout.State, lockout.Ticket) {
	t.Helper()
	next, ticket, d := lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
	require.Equal(t, lockout.Admitted, d.Outcome)
	return next, ticket
}

func TestAnAttemptThatIsNeverResolvedCountsAsWrong(t *testing.T) {
	s, now := after(4)
	s, _ = reserve(t, s, now) // and the program dies
	assert.Equal(t, 5, s.Failures)
	assert.Equal(t, now.Add(30*time.Second), s.LockedUntil, "the lock begins with the reservation")

	_, _, d := lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now.Add(29*time.Second))
	assert.Equal(t, lockout.Decision{
		Outcome: lockout.RefusedLocked, Wait: time.Second, Until: s.LockedUntil, Failures: 5,
	}, d)
	s, _ = reserve(t, s, s.LockedUntil)
	assert.Equal(t, 2, s.Level)
}

func TestWhileTheOneAfterALockIsVerifiedOthersAreRefused(t *testing.T) {
	s, now := after(5)
	s, first := reserve(t, s, now)
	_, _, d := lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
	assert.Equal(t, lockout.RefusedLocked, d.Outcome)

	cleared, d := lockout.Succeed(s, first, now)
	assert.Equal(t, lockout.Decision{Outcome: lockout.Success, Failures: 5}, d)
	assert.Zero(t, cleared.Counter)
	_, d = lockout.Fail(s, first)
	assert.Equal(t, "failed_now_locked_60s", d.String())
}

func TestWhatArrivedBeforeASuccessCountsAsIfItHadNotHappened(t *testing.T) {
	now := at(1000)
	s, _ := after(2)
	early := lockout.Arrive(s, now)
	s, right := reserve(t, s, now)
	s, d := lockout.Succeed(s, right, now)
	require.Equal(t, lockout.Decision{Outcome: lockout.Success, Failures: 2}, d)

	var outcomes []string
	for range 4 {
		next, ticket, d := lockout.Reserve(s, lockout.Policy{}, early, now)
		if d.Admitted() {
			_, d = lockout.Fail(next, ticket)
		}
		outcomes, s = append(outcomes, d.String()), next
	}
	assert.Equal(t, []string{"failed", "failed", "refused_locked", "refused_locked"}, outcomes)
	assert.Zero(t, s.Counter, "the new generation does not pay for the old one")

	// Two clearings later there is no counter left for it.
	s, d = try(s, lockout.Policy{}, true, now)
	require.Equal(t, lockout.Success, d.Outcome)
	_, _, d = lockout.Reserve(s, lockout.Policy{}, early, now.Add(time.Hour))
	assert.Equal(t, lockout.RefusedSuperseded, d.Outcome)
}

func TestWhatWaitedBeforeItReadTheStateArrivedWhenItCame(t *testing.T) {
	s, now := after(4)
	s, right := reserve(t, s, now)
	s, _ = lockout.Succeed(s, right, now)

	waited := lockout.Arrival{Generation: s.Generation, At: now.Add(-time.Millisecond)}
	_, _, d := lockout.Reserve(s, lockout.Policy{}, waited, now.Add(time.Millisecond))
	assert.Equal(t, lockout.RefusedLocked, d.Outcome)

	together := lockout.Arrival{Generation: s.Generation, At: now}
	_, _, d = lockout.Reserve(s, lockout.Policy{}, together, now)
	assert.Equal(t, lockout.Admitted, d.Outcome, "what has read the success came after it")
}

func TestResolutionsThatComeLate(t *testing.T) {
	old, now := after(3)
	old, mine := reserve(t, old, now)
	clear := func(why lockout.Cause) lockout.State {
		s, _ := lockout.Clear(old, why, now)
		return s
	}
	capped := lockout.Policy{Threshold: 5, HardCap: 5}
	disabled, its, d := lockout.Reserve(old, capped, lockout.Arrive(old, now), now)
	require.True(t, d.Admitted())
	disabledLater := clear(lockout.ByProof)
	for range 5 {
		disabledLater, _ = try(disabledLater, capped, false, now)
	}
	require.True(t, disabledLater.Disabled)

	for _, c := range []struct {
		name          string
		s             lockout.State
		ticket        lockout.Ticket
		success, fail lockout.Outcome
	}{
		{"after a success", clear(lockout.BySuccess), mine, lockout.Success, lockout.Failed},
		{"after an identity proof", clear(lockout.ByProof), mine, lockout.Success, lockout.Failed},
		{"after a reset", clear(lockout.ByReset), mine, lockout.RefusedSuperseded, lockout.Failed},
		{"after another attempt disabled it", disabled, mine, lockout.RefusedDisabled, lockout.Failed},
		{"the attempt that disables it", disabled, its, lockout.Success, lockout.FailedDisabled},
		{"disabled in the generation after", disabledLater, mine, lockout.RefusedDisabled, lockout.Failed},
		{"without a ticket", old, lockout.Ticket{}, lockout.RefusedInvalid, lockout.RefusedInvalid},
		{"of a reservation that was not stored", old, its, lockout.RefusedInvalid, lockout.RefusedInvalid},
		{"of a counter that was lost", lockout.State{}, mine, lockout.RefusedInvalid, lockout.RefusedInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, d := lockout.Succeed(c.s, c.ticket, now)
			assert.Equal(t, c.success, d.Outcome)
			if c.ticket != its || c.success != lockout.Success {
				assert.Equal(t, c.s, s, "nothing changes")
			}
			s, d = lockout.Fail(c.s, c.ticket)
			assert.Equal(t, c.fail, d.Outcome)
			assert.Equal(t, c.s, s)
		})
	}
}

func TestWhatClearsACounter(t *testing.T) {
	locked, now := after(7)
	disabled, _ := after(50)
	require.True(t, disabled.Disabled)
	for _, c := range []struct {
		name    string
		s       lockout.State
		why     lockout.Cause
		want    lockout.Outcome
		cleared bool
	}{
		{"a success elsewhere", locked, lockout.BySuccess, lockout.Success, true},
		{"a proof", locked, lockout.ByProof, lockout.UnlockedProof, true},
		{"a reset", locked, lockout.ByReset, lockout.UnlockedReset, true},
		{"a success while disabled", disabled, lockout.BySuccess, lockout.RefusedDisabled, false},
		{"a proof while disabled", disabled, lockout.ByProof, lockout.RefusedDisabled, false},
		{"a reset while disabled", disabled, lockout.ByReset, lockout.UnlockedReset, true},
		{"a proof for nothing", lockout.State{}, lockout.ByProof, lockout.UnlockedProof, false},
		{"a reset for nothing", lockout.State{}, lockout.ByReset, lockout.UnlockedReset, true},
		{"time", locked, "time", lockout.RefusedInvalid, false},
		{"nothing", locked, "", lockout.RefusedInvalid, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, d := lockout.Clear(c.s, c.why, now)
			assert.Equal(t, c.want, d.Outcome)
			if !c.cleared {
				assert.Equal(t, c.s, next)
				return
			}
			assert.Zero(t, next.Counter)
			assert.Equal(t, c.s.Counter, next.Before)
			assert.Equal(t, c.s.Version+1, next.Version)
			// Those who had arrived do not profit, and after a reset not at all.
			_, _, d = lockout.Reserve(next, lockout.Policy{}, lockout.Arrive(c.s, now), now.Add(-time.Second))
			assert.False(t, d.Admitted())
		})
	}
}

func TestClocksAndExtremes(t *testing.T) {
	t.Run("a clock that goes back makes no lock shorter", func(t *testing.T) {
		s, now := after(5)
		_, d := try(s, lockout.Policy{}, true, now.Add(-time.Hour))
		assert.Equal(t, lockout.RefusedLocked, d.Outcome)
		assert.Equal(t, time.Hour, d.Wait)
	})
	t.Run("a clock that goes back before a clearing leaves the order to what was read", func(t *testing.T) {
		s, now := after(4)
		s, _ = try(s, lockout.Policy{}, true, now)
		s, d := try(s, lockout.Policy{}, false, now.Add(-time.Hour))
		assert.Equal(t, lockout.Failed, d.Outcome)
		assert.Equal(t, 1, s.Failures)
	})
	for name, now := range map[string]time.Time{
		"at the end of the calendar":    time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"after the end of the calendar": time.Unix(1<<60, 0),
		"at the zero time":              {},
		"before the calendar":           time.Unix(-1<<60, 0),
	} {
		t.Run(name, func(t *testing.T) {
			var s lockout.State
			for range 5 {
				s, _ = try(s, lockout.Policy{}, false, now)
				s = written(t, s)
			}
			assert.Equal(t, 1, s.Level)
			assert.False(t, s.LockedUntil.IsZero())
			s, d := lockout.Clear(s, lockout.ByProof, now)
			assert.Equal(t, lockout.UnlockedProof, d.Outcome)
			written(t, s)
		})
	}
	t.Run("a level beyond every schedule", func(t *testing.T) {
		long := lockout.Policy{Factor: 100, Max: 30 * 24 * time.Hour}
		require.NoError(t, long.Check())
		for _, level := range []int{50, 1 << 40} {
			assert.Equal(t, time.Hour, lockout.Policy{}.Wait(level))
			assert.Equal(t, long.Max, long.Wait(level))
			assert.Equal(t, time.Minute, lockout.Policy{Base: time.Minute, Factor: 1}.Wait(level))
		}
		assert.Zero(t, lockout.Policy{}.Wait(0))
		assert.Zero(t, lockout.Policy{}.Wait(-1))
	})
	t.Run("a version beyond which none is exact", func(t *testing.T) {
		last := lockout.State{Version: 1 << 53}
		require.NoError(t, last.Check())
		_, d := try(last, lockout.Policy{}, true, at(0))
		assert.Equal(t, lockout.RefusedInvalid, d.Outcome)
		_, d = lockout.Clear(last, lockout.ByReset, at(0))
		assert.Equal(t, lockout.RefusedInvalid, d.Outcome)
	})
	t.Run("an arrival in a generation that was lost", func(t *testing.T) {
		for _, generation := range []uint64{1, 3, math.MaxUint64} {
			_, _, d := lockout.Reserve(lockout.State{}, lockout.Policy{}, lockout.Arrival{Generation: generation}, at(0))
			assert.Equal(t, lockout.RefusedSuperseded, d.Outcome)
		}
	})
}

func TestAPolicyThatChangesIsObeyedAtOnceAndRevivesNothing(t *testing.T) {
	s, now := after(7)
	_, d := try(s, lockout.Policy{HardCap: 7}, true, now)
	assert.Equal(t, lockout.RefusedDisabled, d.Outcome, "a lower cap")
	_, d = try(s, lockout.Policy{Threshold: 40}, false, now)
	assert.Equal(t, "failed_now_locked_240s", d.String(), "a higher threshold opens no lock")

	disabled, now := after(50)
	_, d = try(disabled, lockout.Policy{HardCap: 100}, true, now)
	assert.Equal(t, lockout.RefusedDisabled, d.Outcome, "a higher cap")
}

func TestPoliciesThatAreRefused(t *testing.T) {
	for name, p := range map[string]lockout.Policy{
		"more failures than the ceiling":  {HardCap: 101},
		"a negative cap":                  {HardCap: -1},
		"a threshold beyond the cap":      {Threshold: 51},
		"a threshold beyond a lower cap":  {HardCap: 4},
		"a negative threshold":            {Threshold: -1},
		"a factor that shortens":          {Factor: -2},
		"a factor beyond all bounds":      {Factor: 1 << 40},
		"a lock of no time":               {Base: time.Nanosecond},
		"a negative lock":                 {Base: -time.Second},
		"a longest lock below the first":  {Base: time.Hour, Max: time.Minute},
		"a longest lock beyond all bound": {Max: 31 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, p.Check(), lockout.ErrPolicy)
			s, d := try(lockout.State{}, p, true, at(0))
			assert.Equal(t, lockout.RefusedInvalid, d.Outcome)
			assert.Zero(t, s)
			assert.Equal(t, lockout.StatusDisabled, s.Status(p, at(0)))
		})
	}
	for name, p := range map[string]lockout.Policy{
		"the zero value": {}, "that for codes": lockout.TOTP(), "the ceiling": {HardCap: 100},
		"a first lock of a day": {Base: 24 * time.Hour}, "disabled at the first lock": {Threshold: 5, HardCap: 5},
	} {
		assert.NoError(t, p.Check(), name)
	}
}
