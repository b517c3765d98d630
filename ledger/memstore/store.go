// Package memstore keeps ledgers in memory: for tests, for the mock, and for programs whose
// books need not outlive them.
//
// A [Store] behaves as a database does. Several ledgers may live in it, several
// ledger.Ledger values may share it as several processes would share a database, writers of
// one ledger queue in the order in which they came, and a read sees one moment of the
// ledger for as long as it lasts, while commits go on beside it.
//
// A posting together with its change takes some 600 bytes. Nothing of it is given back
// before the store is closed.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/okpay/okpay-go/ledger"
)

// Store is a ledger.Store in memory, safe for concurrent use. Make one with New.
//
// Methods that need the store return ledger.ErrClosed after Close. Begin and Read return
// ledger.ErrNotFound for a ledger that was not opened here. A context that has ended is
// answered with its error, before anything is written.
type Store struct {
	mu     sync.Mutex // guards what follows
	closed bool
	books  []*book // by the ledger's number, from 1
	byName map[string]*book

	running sync.WaitGroup // Begin to the end of its Tx, and Read; added to only under mu
}

var _ ledger.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{byName: make(map[string]*book)}
}

// Open implements ledger.Store.
func (s *Store) Open(ctx context.Context, name string, genesis ledger.Genesis) (ledger.Head, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Head{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ledger.Head{}, ledger.ErrClosed
	}
	b := s.byName[name]
	if b == nil {
		if genesis.Existing {
			return ledger.Head{}, ledger.ErrNotFound
		}
		b = newBook(ledger.Head{Ledger: int64(len(s.books)) + 1, Key: genesis.Key})
		s.books = append(s.books, b)
		s.byName[name] = b
	}
	return b.head(), nil
}

// Begin implements ledger.Store. Callers get past it in the order in which they came.
func (s *Store) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	b, err := s.enter(id)
	if err != nil {
		return nil, nil, err
	}
	if err := b.turn.Acquire(ctx, 1); err != nil {
		s.running.Done()
		return nil, nil, err
	}
	t := &tx{store: s, book: b}
	t.open.Store(true)
	if s.isClosed() { // while this caller waited
		t.end()
		return nil, nil, ledger.ErrClosed
	}
	return t, b.load(&need), nil
}

// Read implements ledger.Store. Neither does a commit wait for fn, nor fn for a commit, but
// for the instant in which its rows are put in place.
func (s *Store) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := s.enter(id)
	if err != nil {
		return err
	}
	defer s.running.Done()
	v := b.newView()
	defer v.end()
	return fn(v)
}

// Forget drops the bodies of blocks.
func (s *Store) Forget(ctx context.Context, id, through int64) error {
	b, err := s.enter(id)
	if err != nil {
		return err
	}
	defer s.running.Done()
	if err := b.turn.Acquire(ctx, 1); err != nil {
		return err
	}
	defer b.turn.Release(1)
	b.forget(through)
	return nil
}

// Close waits for every Tx and Read that has begun and drops the ledgers. It must not be
// called from within one of them.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.books, s.byName = nil, nil
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// enter returns the ledger with the number and counts the caller as running.
func (s *Store) enter(id int64) (*book, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ledger.ErrClosed
	}
	if id < 1 || id > int64(len(s.books)) {
		return nil, fmt.Errorf("memstore: ledger %d: %w", id, ledger.ErrNotFound)
	}
	s.running.Add(1)
	return s.books[id-1], nil
}

func (s *Store) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// errEnded reports use of a Tx that has ended. Nothing happened.
var errEnded = errors.New("memstore: the transaction has ended")

// tx is the turn at a ledger's head.
type tx struct {
	store *Store
	book  *book
	open  atomic.Bool
}

// Load implements ledger.Tx.
func (t *tx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	if !t.open.Load() {
		return nil, errEnded
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.book.load(&need), nil
}

// Commit implements ledger.Tx. A batch that does not continue the ledger is refused: a
// block, posting, event or account that has not the next number, a change's id that is
// taken, a unique key that two records would hold.
func (t *tx) Commit(ctx context.Context, batch *ledger.Batch) error {
	if !t.open.Load() {
		return errEnded
	}
	defer t.end()
	if err := ctx.Err(); err != nil {
		return err
	}
	if batch.Block == nil {
		return t.book.commitRecords(batch.Records)
	}
	return t.book.commit(batch)
}

// Rollback implements ledger.Tx.
func (t *tx) Rollback(context.Context) error {
	if !t.end() {
		return errEnded
	}
	return nil
}

// end passes the turn on. It reports false when that was done before.
func (t *tx) end() bool {
	if !t.open.CompareAndSwap(true, false) {
		return false
	}
	t.book.turn.Release(1)
	t.store.running.Done()
	return true
}
