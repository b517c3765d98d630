package lockout_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// model says the same as the package in the plainest way: it remembers every generation
// for ever and counts in seconds.
type model struct {
	generations []modelCounter
	begun       []int64 // when each generation began
	reset       int     // the generation that the last reset began
}

type modelCounter struct {
	failures, level int
	until           int64
	disabledBy      int // the attempt that reached the cap
}

// modelWaits are the locks by level; what is beyond lasts an hour.
var modelWaits = []int64{0, 30, 60, 120, 240, 480, 960, 1920}

func (m *model) reserve(attempt, generation int, came, now, limit int64) (lockout.Outcome, int) {
	current := len(m.generations) - 1
	if generation == current && current > 0 && came < m.begun[current] && now >= m.begun[current] {
		generation--
	}
	if generation < m.reset || generation < current-1 {
		return lockout.RefusedSuperseded, 0
	}
	c := &m.generations[generation]
	if c.disabledBy > 0 {
		return lockout.RefusedDisabled, 0
	}
	if now < c.until {
		return lockout.RefusedLocked, 0
	}
	c.failures++
	if int64(c.failures) == limit {
		c.disabledBy = attempt
	} else if c.failures >= 5 {
		c.level++
		wait := int64(3600)
		if c.level < len(modelWaits) {
			wait = modelWaits[c.level]
		}
		c.until = now + wait
	}
	return lockout.Admitted, generation
}

func (m *model) succeed(attempt, generation int, now int64) lockout.Outcome {
	current := len(m.generations) - 1
	switch {
	case generation < m.reset:
		return lockout.RefusedSuperseded
	case m.off(current, attempt), generation >= current-1 && m.off(generation, attempt):
		return lockout.RefusedDisabled
	case generation == current:
		m.clear(now)
	}
	return lockout.Success
}

// off reports whether another attempt has disabled the authenticator.
func (m *model) off(generation, attempt int) bool {
	by := m.generations[generation].disabledBy
	return by > 0 && by != attempt
}

func (m *model) clear(now int64) {
	m.generations = append(m.generations, modelCounter{})
	m.begun = append(m.begun, now)
}

// pending is an attempt on its way.
type pending struct {
	id      int
	came    int64
	arrival lockout.Arrival
	ticket  lockout.Ticket
	in      int // the generation the model counted it in
}

func TestRandomHistoriesEqualTheModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for history := range testsize.Scaled(t, 10_000) {
		r := rand.New(rand.NewPCG(seed, uint64(history)))
		if err := playHistory(r); err != nil {
			require.NoError(t, err, "seed %d, history %d", seed, history)
		}
	}
}

// playHistory lets attempts arrive, be reserved, be resolved and be lost in any order.
func playHistory(r *rand.Rand) error {
	policy, limit := lockout.Policy{}, int64(50)
	if r.IntN(2) == 0 {
		policy, limit = lockout.TOTP(), 20
	}
	var s lockout.State
	m := &model{generations: make([]modelCounter, 1), begun: make([]int64, 1)}
	var arrived, reserved []pending
	now, ids := int64(1000), 0
	hurry := r.IntN(3) == 0 // whoever waits for each lock to end reaches the cap
	for step := range 120 {
		switch {
		case hurry && r.IntN(2) == 0 && s.Level > 0:
			now = seconds(s.LockedUntil)
		case r.IntN(3) == 0:
			now += r.Int64N(90)
		case r.IntN(30) == 0:
			now -= r.Int64N(90) // a clock that goes back
		}
		what := r.IntN(100)
		switch {
		case what < 35 || len(arrived)+len(reserved) == 0:
			ids++
			came := now - max(0, r.Int64N(20)-15)
			a := lockout.Arrive(s, at(now))
			a.At = at(came)
			arrived = append(arrived, pending{id: ids, came: came, arrival: a})
		case what < 70 && len(arrived) > 0:
			a := take(r, &arrived)
			next, ticket, d := lockout.Reserve(s, policy, a.arrival, at(now))
			want, in := m.reserve(a.id, int(a.arrival.Generation), a.came, now, limit)
			if d.Outcome != want {
				return fmt.Errorf("step %d, at %d: reserving answers %s, the model %s: %+v", step, now, d, want, s)
			}
			if !d.Admitted() && next != s {
				return fmt.Errorf("step %d: a refusal changes something", step)
			}
			if s = next; d.Admitted() {
				a.ticket, a.in = ticket, in
				reserved = append(reserved, a)
			}
		case what < 90 && len(reserved) > 0:
			a := take(r, &reserved)
			switch kind := r.IntN(10); {
			case kind == 0: // a crash: nobody resolves it
			case kind <= 1 || !hurry && kind <= 3:
				next, d := lockout.Succeed(s, a.ticket, at(now))
				if want := m.succeed(a.id, a.in, now); d.Outcome != want {
					return fmt.Errorf("step %d, at %d: succeeding answers %s, the model %s: %+v", step, now, d, want, s)
				}
				s = next
			default:
				next, _ := lockout.Fail(s, a.ticket)
				if next != s {
					return fmt.Errorf("step %d: a failure changes something", step)
				}
			}
		case what >= 97:
			why := []lockout.Cause{lockout.ByProof, lockout.ByReset, lockout.BySuccess}[r.IntN(3)]
			var d lockout.Decision
			s, d = lockout.Clear(s, why, at(now))
			c := m.generations[len(m.generations)-1]
			switch {
			case why == lockout.ByReset:
				m.clear(now)
				m.reset = len(m.generations) - 1
			case c.disabledBy > 0:
				if d.Outcome != lockout.RefusedDisabled {
					return fmt.Errorf("step %d: %s revives what is disabled", step, why)
				}
			case c.failures > 0:
				m.clear(now)
			}
		}
		if err := agree(s, m, policy, now); err != nil {
			return fmt.Errorf("step %d, at %d: %w", step, now, err)
		}
	}
	return nil
}

// agree compares what the State shows with what the model counted.
func agree(s lockout.State, m *model, p lockout.Policy, now int64) error {
	c := m.generations[len(m.generations)-1]
	status := lockout.StatusOpen
	switch {
	case c.disabledBy > 0:
		status = lockout.StatusDisabled
	case now < c.until:
		status = lockout.StatusLocked
	}
	if int(s.Generation) != len(m.generations)-1 || s.Failures != c.failures || s.Level != c.level ||
		seconds(s.LockedUntil) != c.until || s.Disabled != (c.disabledBy > 0) || s.Status(p, at(now)) != status {
		return fmt.Errorf("%+v is not %+v of generation %d", s, c, len(m.generations)-1)
	}
	return s.Check()
}

// take removes one of several.
func take(r *rand.Rand, from *[]pending) pending {
	i := r.IntN(len(*from))
	taken := (*from)[i]
	(*from)[i] = (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	return taken
}

// small is a policy that four attempts can wear out: two lock, three more disable.
func small() lockout.Policy { return lockout.Policy{Threshold: 2, HardCap: 4, Base: time.Second} }

// TestEveryInterleavingOfAFewAttempts walks all orders in which the steps of a few attempts
// can happen: each arrives, reads the State, swaps in its reservation if nobody was quicker
// (or reads again), and is resolved. The clock stands still, so whatever the order, those
// who arrived in one generation have no more verified than the threshold.
func TestEveryInterleavingOfAFewAttempts(t *testing.T) {
	for _, secrets := range []string{"www", "wwr", "wrr", "rrr", "wwc", "wrc", "rrc", "rcc", "wwww", "wwwr", "wwrc", "wwrr"} {
		t.Run(secrets, func(t *testing.T) {
			w := walk{t: t, secrets: secrets, seen: map[world]bool{}}
			w.from(world{})
			require.NotZero(t, w.ends)
			if secrets == "www" || secrets == "wwww" {
				require.Zero(t, w.successes)
			}
			t.Logf("%d worlds, %d of them ends, %d with a success", len(w.seen), w.ends, w.successes)
		})
	}
}

// world is everything at one moment of the walk. Worlds are values, so that one that was
// reached by another order is not walked twice.
type world struct {
	s        lockout.State
	attempts [4]walker
	verified [5]int // by the generation of arrival
}

type walker struct {
	step    byte // 0 on its way, 1 arrived, 2 has read, 3 reserved, 4 done
	arrival lockout.Arrival
	read    lockout.State
	ticket  lockout.Ticket
	success bool
}

type walk struct {
	t               *testing.T
	secrets         string
	seen            map[world]bool
	ends, successes int
}

func (w *walk) from(now world) {
	if w.seen[now] {
		return
	}
	w.seen[now] = true
	moved := false
	for i := range w.secrets {
		if next, ok := w.step(now, i); ok {
			moved = true
			w.from(next)
		}
	}
	if moved {
		return
	}
	w.ends++
	for _, a := range now.attempts {
		if a.success {
			w.successes++
			return
		}
	}
}

// step lets one attempt do its next step.
func (w *walk) step(now world, i int) (world, bool) {
	a, clock := &now.attempts[i], at(0)
	switch a.step {
	case 0:
		a.arrival, a.step = lockout.Arrive(now.s, clock), 1
	case 1:
		a.read, a.step = now.s, 2
	case 2:
		next, ticket, d := lockout.Reserve(a.read, small(), a.arrival, clock)
		switch {
		case !d.Admitted():
			a.step = 4
		case a.read.Version != now.s.Version:
			a.step = 1 // somebody was quicker
		default:
			now.s, a.ticket, a.step = next, ticket, 3
			now.verified[a.arrival.Generation]++
			require.LessOrEqual(w.t, now.verified[a.arrival.Generation], small().Threshold,
				"%s: more were verified than the threshold: %+v", w.secrets, now)
		}
		a.read = lockout.State{}
	case 3:
		a.step = 4
		if w.secrets[i] == 'r' {
			var d lockout.Decision
			now.s, d = lockout.Succeed(now.s, a.ticket, clock)
			require.Equal(w.t, lockout.Success, d.Outcome, "%s: %+v", w.secrets, now)
			a.success = true
		}
		if w.secrets[i] == 'w' {
			_, d := lockout.Fail(now.s, a.ticket)
			require.Contains(w.t, []lockout.Outcome{lockout.Failed, lockout.FailedLocked}, d.Outcome)
		}
	default:
		return now, false
	}
	return now, true
}
