package lockout_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// register stands for a store that several processes share: it holds text, and takes new
// text only from who has seen the version before it.
type register struct {
	mu      sync.Mutex
	version uint64
	text    []byte
}

func (r *register) load(t testing.TB) lockout.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s lockout.State
	if r.text != nil {
		assert.NoError(t, json.Unmarshal(r.text, &s))
	}
	return s
}

func (r *register) swap(t testing.TB, version uint64, next lockout.State) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version != r.version {
		return false
	}
	text, err := json.Marshal(next)
	assert.NoError(t, err)
	r.version, r.text = next.Version, text
	return true
}

// process is one program that signs people in; it shares with others only the register.
type process struct {
	store    *register
	policy   lockout.Policy
	verified atomic.Int64
}

// signIn is what a program does with one attempt. arrived is called between the arrival
// and everything else, and verify says whether the secret is right.
func (p *process) signIn(t testing.TB, now int64, arrived func(), verify func() bool) lockout.Decision {
	s := p.store.load(t)
	arrival := lockout.Arrive(s, at(now))
	arrived()
	for {
		next, ticket, d := lockout.Reserve(s, p.policy, arrival, at(now))
		if !d.Admitted() {
			return d
		}
		if !p.store.swap(t, s.Version, next) {
			s = p.store.load(t)
			continue
		}
		p.verified.Add(1)
		if !verify() {
			_, d := lockout.Fail(p.store.load(t), ticket)
			return d
		}
		for {
			s := p.store.load(t)
			next, d := lockout.Succeed(s, ticket, at(now))
			if next == s || p.store.swap(t, s.Version, next) {
				return d
			}
		}
	}
}

// burst lets attempts run at once in two processes, after all of them have arrived, and
// returns how often each answer came.
func burst(t *testing.T, store *register, now int64, secrets []bool) (answers map[string]int, verified int) {
	t.Helper()
	processes := []*process{{store: store}, {store: store}}
	var here, done sync.WaitGroup
	here.Add(len(secrets))
	var mu sync.Mutex
	answers = map[string]int{}
	for i, right := range secrets {
		done.Go(func() {
			d := processes[i%2].signIn(t, now, func() { here.Done(); here.Wait() }, func() bool { return right })
			mu.Lock()
			defer mu.Unlock()
			answers[d.String()]++
		})
	}
	done.Wait()
	return answers, int(processes[0].verified.Load() + processes[1].verified.Load())
}

func TestParallelWrongGuessesGainNothing(t *testing.T) {
	want := readVectors(t).Scenarios.Concurrency.Expect
	for range testsize.Scaled(t, 100) {
		store := &register{}
		answers, verified := burst(t, store, 0, make([]bool, 200))
		require.Equal(t, want.Verifications, verified)
		require.Equal(t, map[string]int{
			"failed": 4, "failed_now_locked_30s": want.Locks, want.Rest: 195,
		}, answers)
		s := store.load(t)
		require.Equal(t, want.Failures, s.Failures)
		require.Equal(t, want.Locks, s.Level)
		require.Equal(t, int64(30), seconds(s.LockedUntil))
	}
}

func TestARightGuessAmongParallelWrongOnesGivesTheOthersNothing(t *testing.T) {
	limit := readVectors(t).Scenarios.Concurrency.Expect.Verifications
	for run := range testsize.Scaled(t, 100) {
		store := &register{}
		secrets := make([]bool, 200)
		secrets[run*37%200] = true
		answers, verified := burst(t, store, 0, secrets)
		require.LessOrEqual(t, verified, limit)
		require.LessOrEqual(t, answers["success"], 1)
		if answers["success"] == 0 {
			continue
		}
		// Who comes afterwards begins anew.
		s := store.load(t)
		require.Zero(t, s.Counter)
		next, d := try(s, lockout.Policy{}, false, at(0))
		require.Equal(t, "failed", d.String())
		require.Equal(t, 1, next.Failures)
	}
}

func TestAfterALockOneOfManyIsAdmitted(t *testing.T) {
	for range testsize.Scaled(t, 50) {
		store := &register{}
		burst(t, store, 0, make([]bool, 5))
		answers, verified := burst(t, store, 29, make([]bool, 20))
		require.Zero(t, verified, answers)
		answers, verified = burst(t, store, 30, make([]bool, 50))
		require.Equal(t, 1, verified)
		require.Equal(t, map[string]int{"failed_now_locked_60s": 1, "refused_locked": 49}, answers)
	}
}
