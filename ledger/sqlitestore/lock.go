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
// gaps, so another one was seen to wait for seconds. File locks have no queue. Three rules
// make one that costs little: whoever waits asks again at short intervals that stay short;
// whoever meets other writers has a turn of several blocks, because only the first of them
// finds nothing of what it needs in memory; and after its turn it stays away while the others
// ask.
const (
	askFirst = 100 * time.Microsecond // the first pause of one who waits
	askMost  = 500 * time.Microsecond // the longest
	// stayAway is the shortest pause of one who was waited for. It is twice askMost because the
	// timers of an idle process are up to a millisecond late.
	stayAway = 2 * askMost
	// contention is how long one sign of another writer counts.
	contention = 50 * time.Millisecond
	// turnTime is how long a turn goes on, for as many blocks as end by then. Of four processes
	// each waits for a tenth of a second.
	turnTime = 30 * time.Millisecond
	// keepTime is how long the lock is kept within a turn while no block comes.
	keepTime = time.Millisecond
)

// turn is what a writer remembers about other writers of the file, and about its own turn.
type turn struct {
	version  int64     // PRAGMA data_version, which changes when another connection commits; 0 before the first look
	others   time.Time // when another writer was last noticed
	notUntil time.Time // when to ask for the lock again

	lasts  time.Duration // turnTime
	keeps  time.Duration // keepTime
	waited time.Duration // for this turn
	began  time.Time     // when this turn began
	block  time.Time     // when its last block began
	idle   *time.Timer   // runs while the lock is kept for the next block, nil before the first time
}

// lock starts a write transaction, waiting for its turn until ctx is done. The error is
// SQLite's, or that of ctx.
func (t *turn) lock(ctx context.Context, c *conn) error {
	if c.kept {
		c.kept = false
		t.idle.Stop()
		t.block = time.Now()
		return nil
	}
	asked := time.Now()
	if wait := t.notUntil.Sub(asked); wait > 0 {
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
	t.began = time.Now()
	t.block, t.waited = t.began, t.began.Sub(asked)
	if t.version != 0 && version != t.version {
		t.others = t.began
	}
	t.version = version
	return nil
}

// keep takes the lock again at once after a commit, if others want it too and the turn has
// time for one more block like the last. Whoever writes next has it; if nobody does, end is
// called after keepTime.
func (t *turn) keep(c *conn, end func()) {
	now := time.Now()
	last := now.Sub(t.block)
	if now.Sub(t.others) >= contention || now.Sub(t.began)+last > t.lasts {
		return
	}
	if c.exec("BEGIN IMMEDIATE") != nil {
		return // another one was faster: it is their turn
	}
	c.kept = true
	if t.idle == nil {
		t.idle = time.AfterFunc(t.keeps, end)
	} else {
		t.idle.Reset(t.keeps)
	}
}

// unlocked notes that the lock was released. Where others write it is left to them: for most of
// the time for which they kept us waiting, so that nobody has two turns while one of them waits,
// and for longer than they may oversleep on a busy machine after a turn that was long.
func (t *turn) unlocked() {
	if now := time.Now(); now.Sub(t.others) < contention {
		t.notUntil = now.Add(max(stayAway, min(t.waited, contention)*8/10, min(now.Sub(t.began), t.lasts)/3))
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
