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

// operations returns the history as the model takes it, whose Changes have numbers.
func (h *history) operations(t *testing.T) (ops []porcupine.Operation, unknown int) {
	t.Helper()
	numbers := make(map[string]int)
	byHold := make(map[string]int)
	place := func(in map[string]int, id string) int {
		if _, ok := in[id]; !ok && id != "" {
			in[id] = len(in)
		}
		return in[id]
	}
	numbered := func(c call) operation {
		return operation{call: c, number: place(numbers, c.ID), hold: place(byHold, c.Hold)}
	}
	var last int64
	for _, e := range h.events {
		last = max(last, e.Ended)
	}
	for _, e := range h.events {
		op := numbered(e.Call)
		for _, member := range e.Call.Members {
			op.members = append(op.members, numbered(member))
		}
		ended := e.Ended
		if e.Answer.Unknown {
			ended = last + 1 // it may happen at any time after it began, or never
			unknown++
		}
		ops = append(ops, porcupine.Operation{ClientId: e.Client, Input: op, Output: e.Answer, Call: e.Began, Return: ended})
	}
	require.LessOrEqual(t, len(numbers), changes)
	return ops, unknown
}

// check asks porcupine for an order in which all could have been told what they were.
func (h *history) check(t *testing.T) {
	t.Helper()
	ops, unknown := h.operations(t)
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
	chain := call{Kind: "chain", Members: []call{fund, {Kind: "move", ID: "m", From: 1, To: 2, Minor: 11}}}
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
		"a chain that happened in part": {events: []event{
			{0, chain, answer{Members: []string{linked, "insufficient_funds"}}, 1, 2}, {1, call{Kind: "read"}, read(10), 3, 4},
		}},
		"a chain of which one that could happen is blamed": {events: []event{
			{0, chain, answer{Members: []string{"insufficient_funds", linked}}, 1, 2},
		}},
		"a chain that happened although one of it was decided before": {events: []event{
			{0, fund, answer{}, 1, 2}, {0, chain, answer{Members: []string{"", ""}}, 3, 4},
		}},
		"a chain that failed and succeeds when it is asked again": {events: []event{
			{0, chain, answer{Members: []string{linked, "insufficient_funds"}}, 1, 2},
			{0, call{Kind: "fund", ID: "more", To: 1, Minor: 90}, answer{}, 3, 4},
			{0, chain, answer{Members: []string{"", ""}}, 5, 6},
		}},
		"a chain that is seen in part while it happens": {events: []event{
			{0, call{Kind: "fund", ID: "more", To: 1, Minor: 1}, answer{}, 1, 2},
			{0, chain, answer{Members: []string{"", ""}}, 3, 9},
			{1, call{Kind: "read"}, read(11), 4, 5},
		}},
	} {
		t.Run(says, func(t *testing.T) {
			ops, _ := h.operations(t)
			assert.False(t, porcupine.CheckOperations(model, ops))
		})
	}
}
