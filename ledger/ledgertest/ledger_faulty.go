package ledgertest

import (
	"context"
	"errors"
	"sync"

	"github.com/okpay/okpay-go/ledger"
)

// Faulty is a store over another one that fails and waits as a test tells it to: what a
// driver, a network or a disk does once in a year, on demand. Make one with NewFaulty. It is safe
// for concurrent use; closing it closes the store below.
type Faulty struct {
	ledger.Store

	mu      sync.Mutex
	begins  []error
	commits []commitFault
	poison  func(*ledger.Batch) error
	head    func(*ledger.Head)
	pauses  map[Point][]*Pause
	blocks  int
}

// Point is a place in a commit at which a Faulty store can be told to wait.
type Point uint8

const (
	// BeforeBegin is before the head is locked: the ledger has taken its Changes.
	BeforeBegin Point = iota + 1
	// BeforeCommit is under the lock, before anything is written.
	BeforeCommit
	// AfterCommit is after everything is written, before the ledger knows.
	AfterCommit
)

type commitFault struct {
	err     error
	written bool
}

// NewFaulty returns a store over another one that does nothing wrong yet.
func NewFaulty(store ledger.Store) *Faulty {
	return &Faulty{Store: store, pauses: make(map[Point][]*Pause)}
}

// FailBegins makes the next n calls of Begin fail with err; the head is not locked.
func (f *Faulty) FailBegins(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.begins = append(f.begins, err)
	}
}

// FailCommits makes the next n commits write nothing and fail with err.
func (f *Faulty) FailCommits(n int, err error) { f.fail(n, commitFault{err: err}) }

// LoseCommits makes the next n commits write everything and fail with err all the same, as
// when the connection breaks before the answer.
func (f *Faulty) LoseCommits(n int, err error) { f.fail(n, commitFault{err: err, written: true}) }

func (f *Faulty) fail(n int, fault commitFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for range n {
		f.commits = append(f.commits, fault)
	}
}

// forgive drops the faults that nothing has met yet.
func (f *Faulty) forgive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begins, f.commits = nil, nil
}

// Poison makes every commit for which bad returns an error write nothing and fail with it.
// Nil ends that.
func (f *Faulty) Poison(bad func(*ledger.Batch) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.poison = bad
}

// AlterHead makes Begin find another head than there is. Nil ends that.
func (f *Faulty) AlterHead(alter func(*ledger.Head)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head = alter
}

// Blocks is how many blocks were written through this store.
func (f *Faulty) Blocks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blocks
}

// Pause makes the next call that comes to the point wait there until Resume.
func (f *Faulty) Pause(at Point) *Pause {
	p := &Pause{reached: make(chan struct{}), resume: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pauses[at] = append(f.pauses[at], p)
	return p
}

// Pause is a call that waits, or will.
type Pause struct {
	reached, resume chan struct{}
	once            sync.Once
}

// Reached is closed when a call has come to the point and waits there.
func (p *Pause) Reached() <-chan struct{} { return p.reached }

// Resume lets the call go on. A second call does nothing.
func (p *Pause) Resume() { p.once.Do(func() { close(p.resume) }) }

// wait waits at a point if it was told to, or until the context ends.
func (f *Faulty) wait(ctx context.Context, at Point) error {
	f.mu.Lock()
	var p *Pause
	if waiting := f.pauses[at]; len(waiting) > 0 {
		p, f.pauses[at] = waiting[0], waiting[1:]
	}
	f.mu.Unlock()
	if p == nil {
		return nil
	}
	close(p.reached)
	select {
	case <-p.resume:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Begin implements ledger.Store.
func (f *Faulty) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	if err := f.wait(ctx, BeforeBegin); err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	var err error
	if len(f.begins) > 0 {
		err, f.begins = f.begins[0], f.begins[1:]
	}
	f.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	tx, found, err := f.Store.Begin(ctx, id, need)
	if err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.head != nil {
		f.head(&found.Head)
	}
	return &faultyTx{Tx: tx, store: f}, found, nil
}

type faultyTx struct {
	ledger.Tx
	store *Faulty
}

// Commit implements ledger.Tx.
func (t *faultyTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	f := t.store
	if err := f.wait(ctx, BeforeCommit); err != nil {
		return errors.Join(err, t.Rollback(context.WithoutCancel(ctx)))
	}
	f.mu.Lock()
	var fault commitFault
	if len(f.commits) > 0 {
		fault, f.commits = f.commits[0], f.commits[1:]
	}
	bad := f.poison
	f.mu.Unlock()
	if fault.err == nil && bad != nil {
		fault.err = bad(batch)
	}
	if fault.err != nil && !fault.written {
		return errors.Join(fault.err, t.Rollback(context.WithoutCancel(ctx)))
	}
	if err := t.Tx.Commit(ctx, batch); err != nil {
		return err
	}
	if batch.Block != nil {
		f.mu.Lock()
		f.blocks++
		f.mu.Unlock()
	}
	if err := f.wait(ctx, AfterCommit); err != nil {
		return errors.Join(ledger.ErrCommitUnknown, err)
	}
	return fault.err
}
