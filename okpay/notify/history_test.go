package notify_test

import (
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

func TestEveryPairOfStateAndActionIsInTheTableOrRefused(t *testing.T) {
	m := notify.SendMachine()
	table := m.Drawn()
	var actions []okpay.Action
	guards := []okpay.Guard{okpay.Always}
	for _, r := range table.Rows {
		actions, guards = append(actions, r.On), append(guards, r.Guard)
	}
	reached := map[string]bool{}
	for _, from := range append([]string{""}, table.States...) {
		for _, on := range actions {
			for _, g := range guards {
				state := notify.SendState(from)
				if _, err := m.Move(&state, "x", on, g); err != nil {
					require.ErrorIs(t, err, okpay.InvalidState)
					require.Equal(t, from, string(state), "a refusal moves nothing")
				} else {
					reached[string(state)] = true
				}
			}
		}
	}
	for _, s := range table.States {
		require.True(t, reached[s], "%s can be reached", s)
	}
}

// answer is what comes of an attempt in a history.
type answer int

const (
	takes answer = iota
	later
	never
	dies // it takes it, and nobody writes that down
)

// script says what comes of which attempt, to the provider and to the model alike.
func script(seed uint64, customer string, attempt int) answer {
	h := fnv.New64a()
	_, _ = h.Write([]byte(customer))
	r := rand.New(rand.NewPCG(seed^h.Sum64(), uint64(attempt)))
	switch n := r.IntN(20); {
	case n < 5:
		return takes
	case n < 14:
		return later
	case n < 16:
		return never
	}
	return dies
}

// expected is the model: one message to one mailbox.
type expected struct {
	state    notify.SendState
	attempts int
	endsAt   time.Time
}

// work is what a round does two hours after the one before.
func (e *expected) work(seed uint64, customer string, now time.Time) {
	if e.state == notify.SendSending {
		e.state = notify.SendQueued // it counts as lost
	}
	if e.state != notify.SendQueued {
		return
	}
	if !now.Before(e.endsAt) {
		e.state = notify.SendFailed
		return
	}
	e.attempts++
	e.state = map[answer]notify.SendState{takes: notify.SendSent, later: notify.SendQueued, never: notify.SendFailed, dies: notify.SendSending}[script(seed, customer, e.attempts)]
}

func (e *expected) report(o notify.Outcome) {
	switch e.state {
	case notify.SendQueued, notify.SendSending, notify.SendSent:
		e.state = map[notify.Outcome]notify.SendState{notify.Delivered: notify.SendDelivered, notify.Bounced: notify.SendBounced, notify.Delayed: e.state}[o]
	case notify.SendDelivered:
		if o == notify.Bounced {
			e.state = notify.SendBounced
		}
	}
}

// TestRandomHistoriesOfSendsEqualAModel runs 2,000 histories, 200 customers at a time, each of
// 14 rounds with attempts that succeed, fail, or are lost, and reports in between.
func TestRandomHistoriesOfSendsEqualAModel(t *testing.T) {
	const customers, rounds = 200, 14
	for world := range testsize.Scaled(t, 10) {
		seed := rand.Uint64()
		t.Logf("world %d has the seed %d", world, seed)
		history(t, seed, customers, rounds)
	}
}

func history(t *testing.T, seed uint64, customers, rounds int) {
	w := start(t)
	r := rand.New(rand.NewPCG(seed, 1))
	var (
		mu       sync.Mutex
		attempts = map[string]int{}
		ids      = map[string]string{} // the Message-ID that a mailbox was sent
	)
	w.sim.Answer = func(_ notify.Medium, id, to string) error {
		mu.Lock()
		if was := ids[to]; was != "" && was != id {
			t.Errorf("seed %d: a second Message-ID", seed)
		}
		ids[to] = id
		attempts[to]++
		n := attempts[to]
		mu.Unlock()
		switch script(seed, to, n) {
		case later:
			return &notify.Failure{Reason: "smtp_451"}
		case never:
			return &notify.Failure{Reason: "smtp_554", Permanent: true}
		case dies:
			panic("the process ends here")
		}
		return nil
	}
	model := map[okpay.CustomerID]*expected{}
	messages := map[okpay.CustomerID]okpay.MessageID{}
	address := func(id okpay.CustomerID) string { return string(id) + "@example.com" }
	for i := range customers {
		id := okpay.CustomerID("c" + strconv.Itoa(i))
		w.customer(id, "en", address(id))
		messages[id] = w.tell(okpay.Message{Customer: id, Template: "topup_failed"})
	}
	for range rounds {
		now := w.clock.Now()
		for id := range messages {
			if model[id] == nil {
				model[id] = &expected{state: notify.SendQueued, endsAt: now.Add(24 * time.Hour)}
			}
			model[id].work(seed, address(id), now)
		}
		for { // attempts that are lost are errors, after which the rest comes in the next round
			if _, err := w.Work(t.Context()); err == nil {
				break
			}
		}
		for id := range messages {
			sent := ids[address(id)]
			if o := r.IntN(30); sent != "" && o < 3 {
				outcome := []notify.Outcome{notify.Delivered, notify.Bounced, notify.Delayed}[o]
				model[id].report(outcome)
				require.NoError(t, w.Take(t.Context(), notify.Report{MessageID: sent, Outcome: outcome}))
			}
		}
		for id, m := range messages {
			list, err := w.Sends(t.Context(), id, m)
			require.NoError(t, err)
			require.Len(t, list, 1, "seed %d", seed)
			require.Equal(t, *model[id], expected{list[0].State, list[0].Attempts, model[id].endsAt}, "seed %d, %s", seed, id)
		}
		w.clock.Advance(2 * time.Hour)
	}
	w.verify()
}
