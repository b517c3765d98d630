package lockout_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/lockout"
)

// vectors are the published schedules and histories in testdata/lockout.json.
type vectors struct {
	Schedule struct {
		Policy struct {
			Threshold   int
			BaseSeconds int `json:"base_seconds"`
			Factor      int
			MaxSeconds  int `json:"max_seconds"`
			HardCap     int `json:"hard_cap"`
			Ceiling     int `json:"nist_ceiling"`
		}
		Levels []struct {
			Level int
			Wait  int `json:"wait_s"`
		} `json:"level_to_wait"`
		Attack int `json:"seconds_of_continuous_attack_until_hard_cap"`
	} `json:"lockout_schedule"`
	Scenarios struct {
		Scenarios []struct {
			Name  string
			Steps []struct {
				T           int64
				Event       string
				Expect      string
				Failures    int
				Level       int
				LockedUntil int64 `json:"locked_until"`
			}
		}
		Concurrency struct {
			Expect struct {
				Verifications int `json:"argon2_verifications_at_most"`
				Failures      int
				Locks         int
				Mails         int `json:"lock_emails"`
				Rest          string
			}
		}
		Independence []map[string]string
	} `json:"lockout_scenarios"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/lockout.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(data, &v))
	require.NotEmpty(t, v.Schedule.Levels)
	require.NotEmpty(t, v.Scenarios.Scenarios)
	return v
}

// at is a time in seconds, as the vectors count it.
func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// seconds is at the other way round, and 0 for no time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// try is one attempt with nobody else about: it arrives, is reserved and resolved at once.
func try(s lockout.State, p lockout.Policy, right bool, now time.Time) (lockout.State, lockout.Decision) {
	next, ticket, d := lockout.Reserve(s, p, lockout.Arrive(s, now), now)
	switch {
	case !d.Admitted():
		return next, d
	case right:
		return lockout.Succeed(next, ticket, now)
	}
	return lockout.Fail(next, ticket)
}

func TestThePolicyIsThePublishedOne(t *testing.T) {
	v := readVectors(t).Schedule
	published := lockout.Policy{
		Threshold: v.Policy.Threshold, Base: time.Duration(v.Policy.BaseSeconds) * time.Second,
		Factor: v.Policy.Factor, Max: time.Duration(v.Policy.MaxSeconds) * time.Second, HardCap: v.Policy.HardCap,
	}
	assert.Equal(t, v.Policy.Ceiling, lockout.Ceiling)
	for _, p := range []lockout.Policy{{}, published} {
		require.NoError(t, p.Check())
		for _, row := range v.Levels {
			assert.Equal(t, time.Duration(row.Wait)*time.Second, p.Wait(row.Level), "level %d", row.Level)
		}
		assert.Equal(t, int64(v.Attack), attackUntil(p, v.Policy.HardCap))
	}
	assert.Less(t, attackUntil(lockout.TOTP(), 20), int64(v.Attack))
}

// attackUntil is when an attacker who never pauses reaches the hard cap.
func attackUntil(p lockout.Policy, limit int) int64 {
	var s lockout.State
	var now time.Time
	now = at(0)
	for n := 1; ; n++ {
		next, d := try(s, p, false, now)
		if d.Outcome == lockout.FailedDisabled && n == limit {
			return seconds(now)
		}
		if d.Outcome != lockout.Failed && d.Outcome != lockout.FailedLocked {
			return -1
		}
		if s = next; s.Level > 0 {
			now = s.LockedUntil
		}
	}
}

func TestTheScenariosComeOutAsPublished(t *testing.T) {
	for _, scenario := range readVectors(t).Scenarios.Scenarios {
		t.Run(scenario.Name, func(t *testing.T) {
			var s lockout.State
			for i, step := range scenario.Steps {
				var d lockout.Decision
				switch now := at(step.T); step.Event {
				case "fail", "ok":
					s, d = try(s, lockout.Policy{}, step.Event == "ok", now)
				case "reset_done":
					s, d = lockout.Clear(s, lockout.ByReset, now)
				default:
					require.Fail(t, "an event nobody knows", step.Event)
				}
				s = written(t, s)
				require.Equal(t, step.Expect, d.String(), "step %d", i)
				require.Equal(t, step.Failures, s.Failures, "step %d", i)
				require.Equal(t, step.Level, s.Level, "step %d", i)
				require.Equal(t, step.LockedUntil, seconds(s.LockedUntil), "step %d", i)
			}
		})
	}
}

// written sends a State through JSON, as a store does.
func written(t testing.TB, s lockout.State) lockout.State {
	t.Helper()
	data, err := json.Marshal(s)
	require.NoError(t, err)
	var read lockout.State
	require.NoError(t, json.Unmarshal(data, &read), "%s", data)
	require.Equal(t, s, read)
	require.True(t, s == read, "equal States are equal values")
	return read
}

func TestCountersAreIndependentAsPublished(t *testing.T) {
	keys, err := lockout.NewKeys(bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	password := keys.Counter("customer", lockout.Password, lockout.Untrusted)
	trusted := keys.Counter("customer", lockout.Password, lockout.Trusted)
	totp := keys.Counter("customer", lockout.OneTimeCode, lockout.Untrusted)
	shadow := keys.Shadow("nobody@example.com", lockout.Password, lockout.Untrusted)

	fails := func(store map[string]lockout.State, key string, p lockout.Policy, n int) (all []lockout.Decision) {
		for range n {
			var d lockout.Decision
			store[key], d = try(store[key], p, false, at(0))
			all = append(all, d)
		}
		return all
	}
	check := map[string]func(t *testing.T){
		"password locked": func(t *testing.T) {
			store := map[string]lockout.State{}
			fails(store, password, lockout.Policy{}, 5)
			assert.Equal(t, lockout.StatusLocked, store[password].Status(lockout.Policy{}, at(1)))
			assert.Zero(t, store[totp])
		},
		"password success": func(t *testing.T) {
			store := map[string]lockout.State{}
			fails(store, totp, lockout.TOTP(), 3)
			store[password], _ = try(store[password], lockout.Policy{}, true, at(1))
			assert.Equal(t, 3, store[totp].Failures)
		},
		"full AAL2 success": func(t *testing.T) {
			store := map[string]lockout.State{}
			fails(store, totp, lockout.TOTP(), 3)
			fails(store, password, lockout.Policy{}, 3)
			store[totp], _ = try(store[totp], lockout.TOTP(), true, at(1))
			store[password], _ = lockout.Clear(store[password], lockout.BySuccess, at(1))
			assert.Zero(t, store[totp].Counter)
			assert.Zero(t, store[password].Counter)
		},
		"untrusted bucket locked": func(t *testing.T) {
			store := map[string]lockout.State{}
			fails(store, password, lockout.Policy{}, 5)
			_, d := try(store[trusted], lockout.Policy{}, true, at(1))
			assert.Equal(t, lockout.Success, d.Outcome)
		},
		"unknown e-mail": func(t *testing.T) {
			store := map[string]lockout.State{}
			assert.Equal(t, fails(store, password, lockout.Policy{}, 7), fails(store, shadow, lockout.Policy{}, 7))
			assert.Equal(t, store[password], store[shadow])
			assert.Len(t, shadow, len(password))
		},
	}
	given := readVectors(t).Scenarios.Independence
	assert.Len(t, given, len(check))
	for _, row := range given {
		require.Contains(t, check, row["given"])
		t.Run(row["given"], check[row["given"]])
	}
}
