package identity_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// process is one wallet with its Identity. Several may be over one store.
type process struct {
	*okpay.Wallet
	x *identity.Identity
}

// world is one store with a wallet, or several, and one customer.
type world struct {
	process
	t     *testing.T
	clock *clock
	all   []process
}

const customer = okpay.CustomerID("ann")

// key protects what all processes of a test store.
var key = identity.Key{ID: "k1", Secret: [32]byte{1, 2, 3}}

// start is one process over a store in memory.
func start(t *testing.T, cfg identity.Config) *world { return startAll(t, cfg, memstore.New()) }

// startAll is one process for each store handed in, which are all the same one.
func startAll(t *testing.T, cfg identity.Config, stores ...ledger.Store) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	for _, store := range stores {
		l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
		p := process{}
		p.Wallet, err = okpay.New(l, okpay.Config{RequireActor: true})
		require.NoError(t, err)
		cfg.Keys = []identity.Key{key}
		p.x, err = identity.New(p.Wallet, cfg)
		require.NoError(t, err)
		w.all = append(w.all, p)
	}
	w.process = w.all[0]
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: customer, Name: "Ann"})
	require.NoError(t, err)
	return w
}

// inMemory is one store for two processes.
func inMemory(*testing.T) []ledger.Store {
	s := memstore.New()
	return []ledger.Store{s, s}
}

// onSQLite is one file opened twice.
func onSQLite(t *testing.T) []ledger.Store {
	path := filepath.Join(t.TempDir(), "wallet.db")
	var out []ledger.Store
	for range 2 {
		s, err := sqlitestore.Open(t.Context(), path, sqlitestore.Config{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		out = append(out, s)
	}
	return out
}
