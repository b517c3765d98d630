package ledger

import (
	"context"
	"errors"
	"sync"
)

// queue holds the Changes that wait for a block, first in, first out.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	most    int // changes
	closed  bool
	ready   chan struct{} // has an item when there is something to take
}

// request is a Change in the queue, and where its answer goes.
type request struct {
	change *prepared
	done   chan answer // holds one
	taken  bool        // under the queue's lock
}

type answer struct {
	outcome Outcome
	err     error
}

func newQueue(most int) *queue {
	return &queue{most: most, ready: make(chan struct{}, 1)}
}

// put adds a request.
func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case len(q.waiting) >= q.most:
		return ErrBusy
	}
	q.waiting = append(q.waiting, r)
	q.wake()
	return nil
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// remove takes back a request that no block has taken yet.
func (q *queue) remove(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.taken {
		return false
	}
	for i, other := range q.waiting {
		if other == r {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			break
		}
	}
	return true
}

// take returns the next requests, bounded by number and bytes; at least one if any waits.
func (q *queue) take(changes, bytes int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && n < changes {
		size += q.waiting[n].change.size
		if n > 0 && size > bytes {
			break
		}
		q.waiting[n].taken = true
		n++
	}
	if n == 0 {
		return nil
	}
	taken := make([]*request, n)
	copy(taken, q.waiting)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	if rest > 0 && !q.closed {
		q.wake()
	}
	return taken
}

// close refuses further requests; what waits will still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.ready)
	}
}

// wait returns the answer to a request, or gives up with the context.
func (q *queue) wait(ctx context.Context, r *request) (Outcome, error) {
	select {
	case a := <-r.done:
		return a.outcome, a.err
	case <-ctx.Done():
	}
	if q.remove(r) {
		return Outcome{}, ctx.Err()
	}
	select {
	case a := <-r.done: // answered in the same moment
		return a.outcome, a.err
	default:
		return Outcome{}, errors.Join(ctx.Err(), ErrOutcomeUnknown)
	}
}
