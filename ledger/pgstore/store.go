package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/okpay/okpay-go/ledger"
)

// Versions that a ledger's head row is held against. They rise when a driver that does not
// know of a change would read or write the ledger wrongly, although the schema lets it.
const (
	readerVersion = 1
	writerVersion = 1
)

// Store is a ledger.Store in a PostgreSQL database. It is safe for use by many goroutines.
type Store struct {
	cfg        Config
	pool       *pgxpool.Pool
	owned      bool // the pool ends with the store
	statements *[statementCount]statement

	// writers bounds the transactions that write, so that those that wait for another
	// process leave a connection to readers.
	writers chan struct{}

	mu     sync.Mutex
	turns  map[int64]chan struct{} // by ledger: full while a goroutine of this store has its turn
	closed bool
	using  sync.WaitGroup // what runs
	once   sync.Once
}

var _ ledger.Store = (*Store)(nil)

// Open connects to a database that Migrate has prepared. The DSN is a URL or keywords and
// values, as libpq has them, and may carry pgxpool's pool_ parameters.
//
// Errors: ErrConfig (the Config or the DSN), ledger.ErrUnavailable (the server can not be
// reached), ErrReplica, ErrSchemaOld, ErrSchemaNew. None repeats the DSN.
func Open(ctx context.Context, dsn string, cfg Config) (*Store, error) {
	pc, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The parser's own error repeats the DSN, and finds the password in it only if it
		// is well-formed.
		return nil, fmt.Errorf("%w: the DSN can not be parsed", ErrConfig)
	}
	cfg, err = cfg.defaults()
	if err != nil {
		return nil, err
	}
	if cfg.MaxConns > 0 {
		pc.MaxConns = cfg.MaxConns
		pc.MinConns, pc.MinIdleConns = min(pc.MinConns, cfg.MaxConns), min(pc.MinIdleConns, cfg.MaxConns)
	}
	Configure(pc)
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, translate(ctx, "open", err)
	}
	s, err := open(ctx, pool, cfg)
	if err != nil {
		pool.Close()
		return nil, err
	}
	s.owned = true
	return s, nil
}

// FromPool returns a store that uses a pool of the caller's. The pool must have been made
// from a config that went through Configure. Close leaves it open. The pool must not reset
// its connections (DISCARD ALL) between uses. Errors are those of Open.
func FromPool(ctx context.Context, pool *pgxpool.Pool, cfg Config) (*Store, error) {
	cfg, err := cfg.defaults()
	if err != nil {
		return nil, err
	}
	return open(ctx, pool, cfg)
}

// open makes a store and checks that the database is fit for it.
func open(ctx context.Context, pool *pgxpool.Pool, cfg Config) (*Store, error) {
	s := &Store{
		cfg:        cfg,
		pool:       pool,
		statements: statements(cfg.Schema),
		writers:    make(chan struct{}, max(pool.Config().MaxConns-1, 1)),
		turns:      make(map[int64]chan struct{}),
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// check looks at the server before anything relies on it.
func (s *Store) check(ctx context.Context) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return translate(ctx, "connect", err)
	}
	defer pooled.Release()
	pg := pooled.Conn().PgConn()
	if _, ok := pg.CustomData()[stateKey]; !ok {
		return errNotConfigured
	}
	for _, name := range []string{"server_encoding", "client_encoding"} {
		// In another one some texts could not be stored, or would come back as others.
		if encoding := pg.ParameterStatus(name); encoding != "UTF8" {
			return fmt.Errorf("%w: %s is %q, want UTF8", ErrConfig, name, encoding)
		}
	}
	var replica bool
	if err := pooled.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&replica); err != nil {
		return translate(ctx, "look at the server", err)
	}
	if replica {
		return ErrReplica
	}
	return checkVersion(ctx, pooled.Conn(), s.cfg.Schema)
}

// Open returns the head of the named ledger, creating the ledger with genesis if it is not
// there. Beside the ledger's own errors it returns ErrSchemaNew for a ledger that demands a
// newer program.
func (s *Store) Open(ctx context.Context, name string, genesis ledger.Genesis) (ledger.Head, error) {
	leave, err := s.enter()
	if err != nil {
		return ledger.Head{}, err
	}
	defer leave()
	c, err := s.acquire(ctx)
	if err != nil {
		return ledger.Head{}, err
	}
	defer c.release(ctx)
	for {
		head, found, err := c.openLedger(ctx, name)
		if err != nil || found {
			return head, err
		}
		if genesis.Existing {
			return ledger.Head{}, ledger.ErrNotFound
		}
		// The number after the last may be taken by another that is created at the same
		// time, which is then waited for. Nothing is inserted in that case, so look again.
		if err := c.createLedger(ctx, name, genesis); err != nil {
			return ledger.Head{}, err
		}
	}
}

func (c *conn) openLedger(ctx context.Context, name string) (head ledger.Head, found bool, err error) {
	var v versions
	_, err = c.do(ctx, call{selectLedger, [][]byte{textOf(name)}, func(r *row) {
		head, v = r.head()
		found = true
	}})
	if err != nil {
		return head, false, translate(ctx, "open the ledger", err)
	}
	if found && v.reader > readerVersion {
		return head, false, &SchemaError{What: "reader", Have: v.reader, Want: readerVersion}
	}
	return head, found, nil
}

func (c *conn) createLedger(ctx context.Context, name string, genesis ledger.Genesis) error {
	return c.finish(ctx, []call{
		{stmt: beginWrite},
		{stmt: insertLedger, args: [][]byte{textOf(name), genesis.Key[:]}},
	})
}

// finish sends calls and a COMMIT in one round trip and judges the outcome.
func (c *conn) finish(ctx context.Context, calls []call) error {
	calls = append(calls, call{stmt: commit})
	r, err := c.do(ctx, calls...)
	return judge(ctx, verdict{result: r, want: len(calls), err: err})
}

// enter counts a user of the store in, unless it is closed, and returns how to count it out.
func (s *Store) enter() (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &failure{doing: "use", what: "the store is closed", category: errors.Join(ledger.ErrClosed, ledger.ErrUnavailable)}
	}
	s.using.Add(1)
	return s.using.Done, nil
}

// Close waits for what runs and closes the pool that Open made. A second call does nothing.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.using.Wait()
		if s.owned {
			s.pool.Close()
		}
	})
	return nil
}

// queue waits for this process's turn on a ledger, first come, first served, so that of
// many goroutines that want the same lock only one occupies a connection. It returns how to
// end the turn.
func (s *Store) queue(ctx context.Context, id int64) (leave func(), err error) {
	turn := s.turn(id)
	for i, place := range []chan struct{}{turn, s.writers} {
		// Goroutines that wait to send are served in the order in which they came.
		select {
		case place <- struct{}{}:
		case <-ctx.Done():
			if i > 0 {
				<-turn
			}
			return nil, fmt.Errorf("pgstore: wait for the ledger: %w", ctx.Err())
		}
	}
	return func() {
		<-s.writers
		<-turn
	}, nil
}

// turn is where this process's turn on a ledger is taken.
func (s *Store) turn(id int64) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := s.turns[id]
	if turn == nil {
		turn = make(chan struct{}, 1)
		s.turns[id] = turn
	}
	return turn
}
