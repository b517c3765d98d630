package password

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/semaphore"
)

// ErrBusy is returned at once, without any hashing, when so many callers wait for memory
// that no more may. It says nothing about the password; answer that the service is busy.
var ErrBusy = errors.New("password: too many are waiting to be hashed")

// Memory tells how much memory hashing has, for metrics and tests.
type Memory struct {
	Limit   int64 // bytes that hashes in progress may hold together
	InUse   int64 // bytes that they hold now
	Highest int64 // the most that InUse ever was
	Waiting int   // callers who wait for room
}

// limit shares memory out between hashes, each with its own weight, in order of arrival.
type limit struct {
	room       *semaphore.Weighted
	maxWaiting int

	mu   sync.Mutex
	seen Memory // under mu
}

func newLimit(bytes int64, maxWaiting int) *limit {
	return &limit{room: semaphore.NewWeighted(bytes), maxWaiting: maxWaiting, seen: Memory{Limit: bytes}}
}

// acquire takes room for a hash, and returns the function that gives it back. It returns
// ErrBusy or the context's error, and then has taken nothing.
func (l *limit) acquire(ctx context.Context, bytes int64) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !l.room.TryAcquire(bytes) {
		if !l.wait() {
			return nil, ErrBusy
		}
		err := l.room.Acquire(ctx, bytes)
		l.waited()
		if err != nil {
			return nil, err
		}
	}
	l.use(bytes)
	return func() {
		// In this order: whoever gets the room must not be counted on top of it.
		l.use(-bytes)
		l.room.Release(bytes)
	}, nil
}

func (l *limit) wait() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen.Waiting >= l.maxWaiting {
		return false
	}
	l.seen.Waiting++
	return true
}

func (l *limit) waited() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Waiting--
}

func (l *limit) use(bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.InUse += bytes
	l.seen.Highest = max(l.seen.Highest, l.seen.InUse)
}

func (l *limit) state() Memory {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}
