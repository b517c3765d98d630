package sqlitestore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// Waiting for the file's write lock is ours: SQLite's own handler sleeps longer and longer,
// up to 100 ms, and a process that comes and goes quickly takes the lock in each of these
// gaps, so another one was seen to wait for seconds. File locks have no queue. Two rules make
// one: whoever waits asks again at short intervals that stay short, and whoever has lately
// noticed another writer stays away a moment longer than such an interval before it asks
// again.
const (
	askFirst = 100 * time.Microsecond // the first pause of one who waits
	askMost  = 500 * time.Microsecond // the longest
	// stayAway is the pause of one who was waited for. It is twice askMost because the
	// timers of an idle process are up to a millisecond late.
	stayAway = 2 * askMost
	// contention is how long one sign of another writer counts.
	contention = 50 * time.Millisecond
)

// turn is what a writer remembers about other writers of the file.
type turn struct {
	version  int64     // PRAGMA data_version: changes when another connection commits
	others   time.Time // when another writer was last noticed
	notUntil time.Time // when to ask for the lock again
}

// lock starts a write transaction, waiting for its turn until ctx is done. The error is
// SQLite's, or that of ctx.
func (t *turn) lock(ctx context.Context, c *conn) error {
	if wait := time.Until(t.notUntil); wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	err := patiently(ctx, func() error {
		err := c.exec("BEGIN IMMEDIATE")
		if isBusy(err) {
			t.others = time.Now()
		}
		return err
	})
	if err != nil {
		return err
	}
	version, err := c.queryInt("PRAGMA data_version")
	if err != nil {
		return err
	}
	if version != t.version {
		t.version, t.others = version, time.Now()
	}
	return nil
}

// unlocked notes that the lock was released.
func (t *turn) unlocked() {
	if now := time.Now(); now.Sub(t.others) < contention {
		t.notUntil = now.Add(stayAway)
	}
}

// patiently repeats try at short intervals for as long as it reports a lock that others hold
// and ctx is not done. Once ctx is done it returns the context's error.
func patiently(ctx context.Context, try func() error) error {
	for pause := askFirst; ; pause = min(pause+pause/4, askMost) {
		err := try()
		if !isBusy(err) {
			return err
		}
		if sqlite.ErrCode(err) == sqlite.ResultBusySnapshot {
			pause = askFirst // somebody has just committed: the lock is free
		}
		if err := sleep(ctx, pause-pause/8+rand.N(pause/4)); err != nil {
			return err
		}
	}
}

// sleep returns early, with the context's error, when ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bounded bounds a wait by most. The function it returns turns the error of a wait under the
// new context into what the caller is told: ledger.ErrRetry when it was our bound that ended
// the wait.
func bounded(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc, func(error) error) {
	wait, cancel := context.WithTimeout(ctx, most)
	return wait, cancel, func(err error) error {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return &sqliteFailure{doing: "wait for the lock", code: sqlite.ResultBusy, category: ledger.ErrRetry}
		}
		return err
	}
}
