package ledger

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Ledger is one journal of money, records and events over a Store. Its methods may be
// called from any number of goroutines; any number of processes may open one ledger at the same
// time where the store allows it.
type Ledger struct {
	cfg   Config
	store Store
	head  Head // as it was opened: Ledger and Key never change
	queue *queue

	durable  *durable
	accepted accepted
	recall   recall

	calls sync.Pool // of *single

	observer *observer // nil unless Config asks for logs, metrics or traces

	stop context.CancelFunc
	done chan struct{} // closed when the committer's goroutine has ended
}

// Config says how a ledger works. The zero value works.
type Config struct {
	// Name tells the ledgers of one store apart: letters, digits, '_', '-', '.' and ':', at most
	// MaxAccountLen bytes. Defaults to "main".
	Name string

	// Chart says which accounts may exist. Defaults to every account, without limits.
	Chart Chart

	// Now is the clock. Defaults to time.Now. It must be safe for concurrent use.
	Now func() time.Time

	// Rand is the source of salts, of the ledger's key and of ids. Defaults to crypto/rand.
	Rand io.Reader

	// NewID makes the ids of Changes that come without one. Defaults to 26 random
	// characters.
	NewID func() string

	// MaxSkew is how far Now may differ from the store server's clock. Defaults to 5 s;
	// negative switches the check off, for injected clocks.
	MaxSkew time.Duration

	// MaxQueue bounds how many Changes wait; one more is refused with ErrBusy. Defaults to
	// 65,536.
	MaxQueue int

	// MaxBlockChanges bounds a block's Changes. Defaults to 5,000.
	MaxBlockChanges int

	// MaxBlockBytes bounds a block's size, roughly; a single Change may exceed it, but no
	// block exceeds MaxBlockLen. Defaults to 8 MiB.
	MaxBlockBytes int

	// MaxCached bounds how many accounts' balances are remembered. Defaults to 100,000,
	// some 40 MB.
	MaxCached int

	// MaxRecordBytes bounds, roughly, how much memory the records take that verbs (Do) read
	// and wrote last. Defaults to 32 MiB; negative means that none are remembered.
	MaxRecordBytes int

	// NotBefore is a block that is known from outside the store, such as the last signed
	// checkpoint: Open refuses (ErrHistoryRegressed) a store that ends before it, or that
	// has another block with its number, and creates nothing in one that does not have the
	// ledger. Defaults to none.
	NotBefore Checkpoint

	// Poll is how long a follower waits before it looks for blocks of other processes; it
	// learns of this ledger's own at once. Defaults to 1 s; negative means that it learns of its own alone.
	Poll time.Duration

	// Logger is told when the ledger opens and closes, of blocks (at the debug level), of
	// retries, failures and verifications. TracerProvider has a span made for each call
	// that commits and for each block, MeterProvider the metrics that
	// docs/observability.md lists. None of them ever gets the name of an account, an id, a
	// reference or content. Each defaults to nothing; what OpenTelemetry has as global
	// provider is not used.
	Logger         *slog.Logger
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
}

func (c *Config) setDefaults() error {
	if c.Name == "" {
		c.Name = "main"
	}
	if err := checkAccountName(c.Name); err != nil {
		return &InvalidError{Field: "config.name", Reason: err.Error()}
	}
	if err := c.Chart.check(); err != nil {
		return &InvalidError{Field: "config.chart", Reason: err.Error()}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	} else {
		c.Rand = &lockedReader{r: c.Rand}
	}
	if c.NewID == nil {
		source := c.Rand
		c.NewID = func() string { return randomID(source) }
	}
	if c.MaxSkew == 0 {
		c.MaxSkew = 5 * time.Second
	}
	if c.MaxRecordBytes == 0 {
		c.MaxRecordBytes = 32 << 20
	}
	if c.Poll == 0 {
		c.Poll = time.Second
	}
	for _, d := range []struct {
		field   *int
		initial int
	}{{&c.MaxQueue, 65_536}, {&c.MaxBlockChanges, 5_000}, {&c.MaxBlockBytes, 8 << 20}, {&c.MaxCached, 100_000}} {
		if *d.field <= 0 {
			*d.field = d.initial
		}
	}
	return nil
}

// Open opens the ledger that Config names, creating it on first use. Close it before the
// store. Errors: ErrInvalid for a wrong Config; a HistoryError (ErrHistoryRegressed) for a
// store that Config.NotBefore does not allow; a FormatError (ErrFormat) for a ledger whose last block
// has a format that this program does not know; otherwise the store's.
func Open(ctx context.Context, store Store, cfg Config) (*Ledger, error) {
	l, c, err := open(ctx, store, cfg)
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go func() {
		defer close(l.done)
		for range l.queue.ready {
			for c.step(run) {
			}
		}
		for c.step(run) {
		}
		c.answering.Wait()
	}()
	return l, nil
}

// open is Open without the goroutine, so that tests can drive the committer step by step.
func open(ctx context.Context, store Store, cfg Config) (*Ledger, *committer, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, nil, err
	}
	// Where a block is known, a ledger that is not there is not one to be created.
	genesis := Genesis{Existing: cfg.NotBefore != Checkpoint{}}
	if _, err := io.ReadFull(cfg.Rand, genesis.Key[:]); err != nil {
		return nil, nil, fmt.Errorf("ledger: reading randomness: %w", err)
	}
	head, err := store.Open(ctx, cfg.Name, genesis)
	if genesis.Existing && notFound(err) {
		err = &HistoryError{Known: cfg.NotBefore}
	}
	if err != nil {
		return nil, nil, err
	}
	l := &Ledger{cfg: cfg, store: store, head: head, queue: newQueue(cfg.MaxQueue), durable: newDurable(), done: make(chan struct{})}
	l.recall.most = max(cfg.MaxRecordBytes, 0)
	if err := l.checkNotBefore(ctx, &head); err != nil {
		return nil, nil, err
	}
	if err := l.checkFormat(ctx, &head); err != nil {
		return nil, nil, err
	}
	if l.observer, err = newObserver(&l.cfg, l.queue, &head); err != nil {
		return nil, nil, fmt.Errorf("ledger: making instruments: %w", err)
	}
	c := newCommitter(store, &l.cfg, l.queue, head)
	c.durable, c.accepted, c.observer = l.durable, &l.accepted, l.observer
	return l, c, nil
}

// Close commits what waits, refuses what comes (ErrClosed) and ends the ledger's
// goroutine. When the context ends first, what still waits is abandoned: its callers get
// ErrOutcomeUnknown or the store's error. The store stays open.
func (l *Ledger) Close(ctx context.Context) error {
	l.queue.close()
	defer l.observer.close()
	select {
	case <-l.done:
		l.stop()
		return nil
	case <-ctx.Done():
		l.stop()
		<-l.done
		return ctx.Err()
	}
}

// Now is the ledger's clock, in the precision that is recorded.
func (l *Ledger) Now() time.Time { return micro(l.cfg.Now()) }

// Chart is the chart that the ledger was opened with.
func (l *Ledger) Chart() Chart { return slices.Clone(l.cfg.Chart) }

// Name is the ledger's name in its store.
func (l *Ledger) Name() string { return l.cfg.Name }

// lockedReader makes a source of randomness safe for concurrent use.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}

func randomID(source io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(source, b[:]); err != nil {
		// Without an id the Change is refused by its form, and nothing is written.
		return ""
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// notFound reports whether an error is ErrNotFound.
func notFound(err error) bool { return errors.Is(err, ErrNotFound) }
