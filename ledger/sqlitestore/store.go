package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// Store is a ledger.Store in one SQLite file, safe for concurrent use. Make one with Open.
//
// Methods return ledger.ErrClosed after Close, and ledger.ErrNotFound for a ledger that is
// not in the file. A context that has ended is answered with its error, before anything is
// written.
type Store struct {
	path string
	cfg  Config

	// The one connection that writes, and those that read. Whoever takes a connection out
	// of its channel owns it until it is put back. Those who wait at a channel are served in the
	// order in which they came, which makes the writer's a first-in-first-out queue.
	writer  chan *conn
	readers chan *conn

	// Owned with the writer.
	turn turn
	log  logWatch

	closing   chan struct{} // closed by Close: nobody begins any more
	closeOnce sync.Once
	closeErr  error
}

var _ ledger.Store = (*Store)(nil)

// Open opens the file at path, creates it (readable by its owner only) if it is not there,
// and brings its schema up to date. Several processes may do so at once.
//
// It returns ErrMemory for a path that means a database in memory, ErrLibrary, ErrForeign,
// a NewerError, ledger.ErrUnavailable when the file can not be created, read or written,
// ledger.ErrRetry when others held its locks for Config.BusyTimeout, or the error of ctx.
func Open(ctx context.Context, path string, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if path == "" || path == ":memory:" {
		return nil, ErrMemory
	}
	if strings.HasPrefix(path, "file:") {
		return nil, errors.New("sqlitestore: want the path of a file, not a URI")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkLibrary(sqlite.Version); err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, err
	}
	s := &Store{
		path: path, cfg: cfg,
		writer:  make(chan *conn, 1),
		readers: make(chan *conn, cfg.PoolSize),
		turn:    turn{lasts: turnTime, keeps: keepTime},
		closing: make(chan struct{}),
	}
	writer, err := s.openWriter(ctx)
	if err != nil {
		return nil, err
	}
	s.writer <- writer
	if s.log, err = writer.watch(cfg); err != nil {
		_ = s.closeIdle(0)
		return nil, translate(ctx, "open", err)
	}
	for i := range cfg.PoolSize {
		reader, err := s.openReader()
		if err != nil {
			_ = s.closeIdle(i)
			return nil, err
		}
		s.readers <- reader
	}
	return s, nil
}

// openWriter opens the connection that writes, makes sure that the file is ours and
// migrates it.
func (s *Store) openWriter(ctx context.Context) (*conn, error) {
	c, err := openFile(s.path)
	if err != nil {
		return nil, translate(ctx, "open", err)
	}
	wait, cancel, explain := bounded(ctx, s.cfg.BusyTimeout)
	defer cancel()
	if err := s.prepare(wait, c); err != nil {
		err = translate(ctx, "open", explain(err))
		_ = c.close() // it has no more to tell than err
		return nil, err
	}
	return c, nil
}

// prepare looks before it touches: a file that is not ours stays as it is.
func (s *Store) prepare(ctx context.Context, c *conn) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	version := 0
	err = patiently(ctx, func() (err error) {
		defer c.rollback()
		if err := c.exec("BEGIN"); err != nil { // one look, while somebody else may be migrating
			return err
		}
		version, err = identify(c, len(steps))
		return err
	})
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNotADB {
		return ErrForeign
	}
	if err != nil {
		return err
	}
	if version == 0 {
		if err := c.exec(fmt.Sprintf("PRAGMA page_size = %d", pageSize)); err != nil {
			return err
		}
	}
	if err := patiently(ctx, c.useLog); err != nil {
		return err
	}
	if err := c.configure(s.cfg, s.cfg.CacheSize); err != nil {
		return err
	}
	return migrate(ctx, c, steps)
}

// readerCache bounds the pages that one reading connection keeps.
const readerCache = 2 << 20

// openReader opens a connection that reads.
func (s *Store) openReader() (*conn, error) {
	c, err := openFile(s.path)
	if err != nil {
		return nil, translate(context.Background(), "open", err)
	}
	err = c.configure(s.cfg, readerCache)
	if err == nil {
		err = c.exec("PRAGMA query_only = on")
	}
	if err != nil {
		err = translate(context.Background(), "open", err)
		_ = c.close() // it has no more to tell than err
		return nil, err
	}
	return c, nil
}

// take takes a connection out of pool, waiting until ctx is done.
func (s *Store) take(ctx context.Context, pool chan *conn, reopen func() (*conn, error)) (*conn, error) {
	select {
	case <-s.closing:
		return nil, ledger.ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var c *conn
	select {
	case c = <-pool:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closing:
		return nil, ledger.ErrClosed
	}
	if !c.broken {
		return c, nil
	}
	_ = c.close() // it is broken: that it can not be closed well is no news
	fresh, err := reopen()
	if err != nil {
		pool <- c
		return nil, err
	}
	return fresh, nil
}

// Open implements ledger.Store.
func (s *Store) Open(ctx context.Context, name string, genesis ledger.Genesis) (ledger.Head, error) {
	var head ledger.Head
	err := s.read(ctx, func(c *conn) (err error) {
		head, err = openLedger(c, name)
		return err
	})
	if !errors.Is(err, ledger.ErrNotFound) || genesis.Existing {
		return head, err
	}
	err = s.lock(ctx, func(c *conn) error {
		head, err = openLedger(c, name)
		if !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if err := createLedger(c, name, genesis); err != nil {
			return err
		}
		head, err = openLedger(c, name)
		return err
	})
	return head, err
}

// openLedger returns the head of the named ledger, or ledger.ErrNotFound.
func openLedger(c *conn, name string) (head ledger.Head, err error) {
	stmt, err := c.Prepare("SELECT ledger FROM ledgers WHERE name = ?1")
	if err != nil {
		return head, err
	}
	stmt.BindText(1, name)
	var no int64
	err = each(stmt, func(r *row) error {
		no = r.int()
		return nil
	})
	if err != nil {
		return head, err
	}
	head, minReader, minWriter, err := readLedger(c, no)
	switch {
	case err != nil:
		return head, err
	case minReader > readerVersion:
		return head, &NewerError{What: "reader", Need: minReader, Have: readerVersion}
	case minWriter > writerVersion:
		return head, &NewerError{What: "writer", Need: minWriter, Have: writerVersion}
	}
	return head, nil
}

// createLedger adds a head row without a block.
func createLedger(c *conn, name string, genesis ledger.Genesis) error {
	stmt, err := c.Prepare(`INSERT INTO ledgers
		(ledger, name, key, seq, hash, accounts, postings, transactions, events, min_reader, min_writer)
		SELECT ifnull(max(ledger), 0) + 1, ?1, ?2, 0, zeroblob(32), 0, 0, 0, 0, ?3, ?4 FROM ledgers`)
	if err != nil {
		return err
	}
	stmt.BindText(1, name)
	stmt.BindBytes(2, genesis.Key[:])
	stmt.BindInt64(3, readerVersion)
	stmt.BindInt64(4, writerVersion)
	return change(c, stmt)
}

// Begin implements ledger.Store. Callers in this Store get past it in the order in which
// they came; between several Stores on the file none starves. It waits no longer than
// Config.BusyTimeout and then returns ledger.ErrRetry.
func (s *Store) Begin(ctx context.Context, no int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	t, err := s.begin(ctx, no)
	if err != nil {
		return nil, nil, err
	}
	found, err := t.load(ctx, &need)
	if err != nil {
		t.end()
		return nil, nil, translate(ctx, "load", err)
	}
	return t, found, nil
}

// begin takes the writer and the file's write lock.
func (s *Store) begin(ctx context.Context, no int64) (*tx, error) {
	wait, cancel, explain := bounded(ctx, s.cfg.BusyTimeout)
	defer cancel()
	c, err := s.take(wait, s.writer, func() (*conn, error) { return s.openWriter(wait) })
	if err != nil {
		return nil, explain(err)
	}
	t := &tx{store: s, c: c, ledger: no}
	if !c.kept {
		s.log.trim(c, s.cfg)
	}
	if err := s.turn.lock(wait, c); err != nil {
		t.end()
		return nil, translate(ctx, "begin", explain(err))
	}
	return t, nil
}

// release gives the writer back, and the file's lock unless the turn goes on.
func (s *Store) release(c *conn) {
	if !c.kept {
		c.rollback()
		s.turn.unlocked()
	}
	s.writer <- c
}

// endTurn lets go of a lock that was kept for a block that did not come. Where one came at the
// last moment it ends the turn after that block.
func (s *Store) endTurn() {
	select {
	case c := <-s.writer:
		if !c.kept {
			s.writer <- c
			return
		}
		c.kept = false
		s.release(c)
	case <-s.closing: // the connection closes, and the lock goes with it
	}
}

// lock calls fn under the write lock and commits when it returns nil.
func (s *Store) lock(ctx context.Context, fn func(*conn) error) error {
	t, err := s.begin(ctx, 0)
	if err != nil {
		return err
	}
	defer t.end()
	if err := fn(t.c); err != nil {
		return translate(ctx, "write", err)
	}
	if err := t.c.exec("COMMIT"); err != nil {
		return translateCommit(ctx, err)
	}
	return nil
}

// Read implements ledger.Store. The view is that of the moment at which Read got one of the
// Config.PoolSize connections. A statement that runs when ctx ends is interrupted.
func (s *Store) Read(ctx context.Context, no int64, fn func(ledger.View) error) error {
	var fromFn error
	err := s.read(ctx, func(c *conn) error {
		head, minReader, _, err := readLedger(c, no)
		if err != nil {
			return err
		}
		if minReader > readerVersion {
			return &NewerError{What: "reader", Need: minReader, Have: readerVersion}
		}
		v := &view{c: c, no: no, head: head}
		defer v.end()
		fromFn = fn(v)
		return nil
	})
	if err == nil {
		err = fromFn // as it is
	}
	return err
}

// read calls fn with a connection that sees one moment of the file, from the first
// statement that fn runs.
func (s *Store) read(ctx context.Context, fn func(*conn) error) error {
	wait, cancel, explain := bounded(ctx, s.cfg.BusyTimeout)
	defer cancel()
	c, err := s.take(wait, s.readers, s.openReader)
	if err != nil {
		return explain(err)
	}
	defer func() {
		c.SetInterrupt(nil)
		c.rollback()
		s.readers <- c
	}()
	c.SetInterrupt(ctx.Done())
	// BEGIN alone takes no lock and fixes no moment: the first look at the file does, and
	// finds it busy while another process recovers the log.
	err = patiently(wait, func() error {
		c.rollback()
		if err := c.exec("BEGIN"); err != nil {
			return err
		}
		_, err := c.queryInt("SELECT ledger FROM ledgers LIMIT 1")
		return err
	})
	if err != nil {
		return translate(ctx, "read", explain(err))
	}
	return translate(ctx, "read", fn(c))
}

// Close implements ledger.Store: it waits until every Tx and Read has ended, and must not be
// called from within one. The last Store on a file that closes leaves no log behind.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.closeErr = s.closeIdle(cap(s.readers))
	})
	return s.closeErr
}

// closeIdle waits for the connections that were opened and closes them. The writer comes
// last: SQLite copies the log when the last connection closes, and readers may not write.
func (s *Store) closeIdle(readers int) error {
	var errs []error
	for range readers {
		errs = append(errs, (<-s.readers).close())
	}
	errs = append(errs, (<-s.writer).close())
	return translate(context.Background(), "close", errors.Join(errs...))
}
