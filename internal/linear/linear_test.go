package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// event is one call of a client with its answer, in nanoseconds of the machine's clock.
type event struct {
	Client       int
	Call         call
	Answer       answer
	Began, Ended int64
}

// history is what clients were told, to be checked in the end.
type history struct {
	mu     sync.Mutex
	events []event
}

func (h *history) add(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// check asks porcupine for an order in which all could have been told what they were.
func (h *history) check(t *testing.T) {
	t.Helper()
	numbers := make(map[string]int)
	byHold := make(map[string]int)
	place := func(in map[string]int, id string) int {
		if _, ok := in[id]; !ok && id != "" {
			in[id] = len(in)
		}
		return in[id]
	}
	var last int64
	unknown := 0
	for _, e := range h.events {
		last = max(last, e.Ended)
	}
	var ops []porcupine.Operation
	for _, e := range h.events {
		op := operation{call: e.Call, number: place(numbers, e.Call.ID), hold: place(byHold, e.Call.Hold)}
		ended := e.Ended
		if e.Answer.Unknown {
			ended = last + 1 // it may happen at any time after it began, or never
			unknown++
		}
		ops = append(ops, porcupine.Operation{ClientId: e.Client, Input: op, Output: e.Answer, Call: e.Began, Return: ended})
	}
	require.LessOrEqual(t, len(numbers), changes)
	result, info := porcupine.CheckOperationsVerbose(model, ops, time.Minute)
	if !assert.Equal(t, porcupine.Ok, result, "%d operations", len(ops)) {
		path := t.ArtifactDir() + "/history.html"
		if porcupine.VisualizePath(model, info, path) == nil {
			t.Logf("a picture of it: %s", path)
		}
	}
	t.Logf("%d operations are linearizable, %d of them with an unknown outcome", len(ops), unknown)
}

// run lets clients call until each has made so many calls.
func (h *history) run(ctx context.Context, t *testing.T, l *ledger.Ledger, seed uint64, clients, each int, prefix string) {
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for n := range each {
				c := random(r, fmt.Sprint(prefix, client), n)
				began := time.Now().UnixNano()
				a, err := perform(ctx, l, c)
				ended := time.Now().UnixNano()
				if !assert.NoError(t, err) {
					return
				}
				h.add(event{client, c, a, began, ended})
			}
		})
	}
	wait.Wait()
}

func TestConcurrentClientsOfOneProcess(t *testing.T) {
	stores := map[string]func(t *testing.T) ledger.Store{"memory": func(*testing.T) ledger.Store { return memstore.New() }}
	for name, database := range databases(t) {
		stores[name] = func(t *testing.T) ledger.Store {
			store, err := openStore(t.Context(), database(t))
			require.NoError(t, err)
			return store
		}
	}
	for name, openOne := range stores {
		t.Run(name, func(t *testing.T) {
			store := openOne(t)
			for round := range testsize.Scaled(t, 10) {
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				l, err := ledger.Open(t.Context(), store, ledger.Config{Name: fmt.Sprintf("seed-%d", seed), Chart: chart(), MaxBlockChanges: 1 + round%5})
				require.NoError(t, err)
				var h history
				h.run(t.Context(), t, l, seed, 6, 16, "")
				h.check(t)
				require.NoError(t, l.Close(context.Background()))
			}
			require.NoError(t, store.Close())
		})
	}
}

// A checker that accepted everything would prove nothing.
func TestWhatCanNotBeInOrderIsFound(t *testing.T) {
	fund := call{Kind: "fund", ID: "f", To: 1, Minor: 10}
	read := func(minor int64) answer { return answer{Balances: [accounts]balance{1: {minor, minor}}} }
	for says, h := range map[string]*history{
		"a read that missed a change which was acknowledged": {events: []event{
			{0, fund, answer{}, 1, 2}, {1, call{Kind: "read"}, read(0), 3, 4},
		}},
		"a read that went back": {events: []event{
			{0, fund, answer{}, 1, 9}, {1, call{Kind: "read"}, read(10), 2, 3}, {1, call{Kind: "read"}, read(0), 4, 5},
		}},
		"money that was spent twice": {events: []event{
			{0, fund, answer{}, 1, 2},
			{0, call{Kind: "move", ID: "a", From: 1, To: 2, Minor: 10}, answer{}, 3, 6},
			{1, call{Kind: "move", ID: "b", From: 1, To: 0, Minor: 10}, answer{}, 3, 6},
		}},
		"a change that happened twice": {events: []event{
			{0, fund, answer{}, 1, 2}, {0, fund, answer{}, 3, 4}, {1, call{Kind: "read"}, read(20), 5, 6},
		}},
	} {
		t.Run(says, func(t *testing.T) {
			var ops []porcupine.Operation
			for _, e := range h.events {
				number := 0
				if e.Call.ID == "b" || e.Call.ID == "a" {
					number = int(e.Call.ID[0])
				}
				ops = append(ops, porcupine.Operation{ClientId: e.Client, Input: operation{call: e.Call, number: number}, Output: e.Answer, Call: e.Began, Return: e.Ended})
			}
			assert.False(t, porcupine.CheckOperations(model, ops))
		})
	}
}
