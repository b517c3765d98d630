// Package store is the example for those who write a ledger.Store of their own: a complete
// one, in memory, as simple as it can be. It passes the suites in ledgertest like any other;
// store_test.go shows how to run them. Package memstore is the one to use: here a commit costs
// as much as there is in the ledger.
//
// Read store.go first: the head lock, what a Tx is and when it has ended. All rows of a ledger
// are a book, which never changes (book.go): a commit makes the next book and puts it in the
// place of the last. So a batch is written whole or not at all, and a view is the book of
// the moment (view.go), for which no commit has to wait. Books are made of tables,
// rows in one order (table.go).
package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/okpay/okpay-go/ledger"
)

// Store is a handle on a database in memory. It is safe for concurrent use.
type Store struct {
	db *database

	mu      sync.Mutex
	closed  bool
	closing chan struct{}  // closed with the store, for those who wait for a head lock
	running sync.WaitGroup // calls, and every Tx until it has ended
}

// database is what several handles share.
type database struct {
	mu      sync.Mutex
	ledgers []*journal // a ledger's key is its place, counted from 1
	named   map[string]*journal
}

// journal is one ledger.
type journal struct {
	lock chan struct{} // the head lock: whoever has put something into it, holds it
	mu   sync.Mutex    // held for the moment in which one book follows another
	book atomic.Pointer[book]
}

// New returns a store on an empty database.
func New() *Store {
	return (&Store{db: &database{named: map[string]*journal{}}}).Another()
}

// Another returns a second handle on the same database, as another process would have one.
// Each is closed for itself.
func (s *Store) Another() *Store {
	return &Store{db: s.db, closing: make(chan struct{})}
}

// Open implements ledger.Store.
func (s *Store) Open(ctx context.Context, name string, genesis ledger.Genesis) (ledger.Head, error) {
	if err := s.enter(ctx); err != nil {
		return ledger.Head{}, err
	}
	defer s.running.Done()
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	j := s.db.named[name]
	if j == nil {
		if genesis.Existing {
			return ledger.Head{}, ledger.ErrNotFound
		}
		j = &journal{lock: make(chan struct{}, 1)}
		s.db.ledgers = append(s.db.ledgers, j)
		s.db.named[name] = j
		j.book.Store(newBook(ledger.Head{Ledger: int64(len(s.db.ledgers)), Key: genesis.Key}))
	}
	return j.book.Load().head, nil
}

// Begin implements ledger.Store. When the context ends while it waits, its error is the
// context's, and the lock is not held.
func (s *Store) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, err
	}
	j, err := s.db.journal(id)
	if err == nil {
		err = s.lock(ctx, j)
	}
	if err != nil {
		s.running.Done()
		return nil, nil, err
	}
	return &tx{store: s, journal: j}, j.book.Load().find(need), nil
}

// Read implements ledger.Store.
func (s *Store) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.running.Done()
	j, err := s.db.journal(id)
	if err != nil {
		return err
	}
	v := &view{book: j.book.Load()}
	defer v.ended.Store(true)
	return fn(v)
}

// Forget implements ledger.Store. It does not wait for a Tx.
func (s *Store) Forget(ctx context.Context, id, through int64) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.running.Done()
	j, err := s.db.journal(id)
	if err != nil {
		return err
	}
	return j.turn(func(b *book) (*book, error) { return b.forget(through), nil })
}

// Close implements ledger.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// enter counts a call as running, for which Close waits.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ledger.ErrClosed
	}
	s.running.Add(1)
	return nil
}

func (s *Store) lock(ctx context.Context, j *journal) error {
	select {
	case j.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ledger.ErrClosed
	}
}

func (db *database) journal(id int64) (*journal, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if id < 1 || id > int64(len(db.ledgers)) {
		return nil, fmt.Errorf("ledger %d: %w", id, ledger.ErrNotFound)
	}
	return db.ledgers[id-1], nil
}

// turn puts the next book in the place of the last.
func (j *journal) turn(next func(*book) (*book, error)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	book, err := next(j.book.Load())
	if err != nil {
		return err
	}
	j.book.Store(book)
	return nil
}

// tx holds the head lock of a journal until it has ended.
type tx struct {
	store   *Store
	journal *journal
	ended   atomic.Bool
}

var errEnded = errors.New("store: the Tx has ended")

// Load implements ledger.Tx.
func (t *tx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	if t.ended.Load() {
		return nil, errEnded
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.journal.book.Load().find(need), nil
}

// Commit implements ledger.Tx. There is nothing to wait for, and so the context is not asked.
func (t *tx) Commit(_ context.Context, batch *ledger.Batch) error {
	if !t.ended.CompareAndSwap(false, true) {
		return errEnded
	}
	defer t.unlock()
	return t.journal.turn(func(b *book) (*book, error) { return b.write(batch) })
}

// Rollback implements ledger.Tx. It also works under a context that has ended.
func (t *tx) Rollback(context.Context) error {
	if t.ended.CompareAndSwap(false, true) {
		t.unlock()
	}
	return nil
}

func (t *tx) unlock() {
	<-t.journal.lock
	t.store.running.Done()
}
