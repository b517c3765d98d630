package ledger

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// queue holds the Changes that wait for a block, first in, first out.
type queue struct {
	mu      sync.Mutex
	waiting []*request // those that were removed are among them for a while
	removed int        // how many of waiting were
	changes int        // in waiting, without those
	most    int        // changes
	closed  bool
	ready   chan struct{} // has an item when there is something to take
}

// request is what is decided together: one Change, or several that are linked.
type request struct {
	members []*prepared
	answers []answer
	call    *call
	taken   bool      // under the queue's lock
	removed bool      // likewise
	seen    *observed // nil unless the ledger is observed
	settled atomic.Bool
}

// call is what one caller waits for.
type call struct {
	open atomic.Int64  // requests without an answer
	done chan struct{} // gets an item when there is none left
}

type answer struct {
	outcome Outcome
	err     error
}

func newQueue(most int) *queue {
	return &queue{most: most, ready: make(chan struct{}, 1)}
}

// finish tells the caller that the answers are there.
func (r *request) finish() {
	r.settled.Store(true)
	if r.call.open.Add(-1) == 0 {
		r.call.done <- struct{}{}
	}
}

// fail answers every Change of the request with an error.
func (r *request) fail(err error) {
	for i := range r.answers {
		r.answers[i] = answer{err: err}
	}
	r.finish()
}

// size is how many bytes of a block the request takes, roughly.
func (r *request) size() int {
	size := 0
	for _, p := range r.members {
		size += p.size
	}
	return size
}

// put adds requests, as many of the first ones as there is room for.
func (q *queue) put(requests ...*request) (added int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, ErrClosed
	}
	for _, r := range requests {
		if q.changes+len(r.members) > q.most {
			err = ErrBusy
			break
		}
		q.waiting = append(q.waiting, r)
		q.changes += len(r.members)
		added++
	}
	if added > 0 {
		q.wake()
	}
	return added, err
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// remove takes back a request that no block has taken yet. It is only marked, and the list
// is rewritten once half of it is: so each of very many that give up at once costs little.
func (q *queue) remove(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.taken {
		return false
	}
	if r.removed {
		return true
	}
	r.removed = true
	q.removed++
	q.changes -= len(r.members)
	if q.removed > len(q.waiting)/2 {
		q.waiting = slices.DeleteFunc(q.waiting, func(r *request) bool { return r.removed })
		q.removed = 0
	}
	return true
}

// take returns the next requests, bounded by number of Changes and bytes; at least one if
// any waits.
func (q *queue) take(changes, bytes int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.changes == 0 {
		return nil
	}
	taken := make([]*request, 0, min(len(q.waiting)-q.removed, changes))
	n, size, count := 0, 0, 0
	for ; n < len(q.waiting); n++ {
		r := q.waiting[n]
		if r.removed {
			q.removed--
			continue
		}
		size += r.size()
		if len(taken) > 0 && (size > bytes || count+len(r.members) > changes) {
			break
		}
		count += len(r.members)
		r.taken = true
		taken = append(taken, r)
	}
	q.changes -= count
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	if q.changes > 0 && !q.closed {
		q.wake()
	}
	return taken
}

// enough reports whether so many Changes wait.
func (q *queue) enough(changes int) (enough, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changes >= changes, q.closed
}

// depth is how many Changes wait.
func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changes
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

// wait waits for a call's answers, or gives up with the context. It reports whether all
// are there.
func (c *call) wait(ctx context.Context) bool {
	select {
	case <-c.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// giveUp takes back a request whose caller no longer waits. The error says what is known of
// it; nil means that its answers are there.
func (q *queue) giveUp(ctx context.Context, r *request) error {
	if q.remove(r) {
		return ctx.Err()
	}
	if r.settled.Load() { // in the same moment
		return nil
	}
	return errors.Join(ctx.Err(), ErrOutcomeUnknown)
}
