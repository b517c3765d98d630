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
	"github.com/okpay/okpay-go/okpay/password"
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
		if cfg.Hashing.Params == (password.Params{}) {
			cfg.Hashing.Params = cheap
		}
		p.x, err = identity.New(p.Wallet, cfg)
		require.NoError(t, err)
		w.all = append(w.all, p)
	}
	w.process = w.all[0]
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: customer, Name: "Ann"})
	require.NoError(t, err)
	return w
}

// cheap are costs for tests that are not about them.
var cheap = password.Params{Memory: 64, Time: 1, Threads: 1}

const (
	email = "ann@example.com"
	good  = "correct horse 7 battery"
	other = "a better staple, 8 of them"
)

// register registers somebody with a contact that is not verified.
func (w *world) register(email string) identity.Registered {
	w.t.Helper()
	r, err := w.x.Register(w.t.Context(), identity.Register{
		Name: "Somebody", Email: email, Password: password.New(good), Consent: identity.Consent{Version: "terms-1"},
	})
	require.NoError(w.t, err)
	return r
}

// registered is somebody who can sign in.
func (w *world) registered(email string) okpay.CustomerID {
	w.t.Helper()
	r := w.register(email)
	_, err := w.x.ContactVerified(w.t.Context(), okpay.MoveContact{Customer: r.Customer, Contact: r.Contact})
	require.ErrorIs(w.t, err, okpay.AuthenticationRequired, "the wallet has verbs of customers refused while nobody is signed in")
	return r.Customer
}

func (w *world) try(email, pw string, from identity.Client) (identity.SignedIn, error) {
	return w.x.SignIn(w.t.Context(), identity.SignIn{Name: email, Password: password.New(pw), Client: from})
}

// signedIn is a context in which somebody acts.
func (w *world) signedIn(email, pw string, from identity.Client) (context.Context, identity.SignedIn) {
	w.t.Helper()
	s, err := w.try(email, pw, from)
	require.NoError(w.t, err)
	return w.as(s.Token), s
}

// as is a context in which the holder of a token acts.
func (w *world) as(token identity.Secret) context.Context {
	w.t.Helper()
	ctx, _, err := w.x.Authenticate(w.t.Context(), token)
	require.NoError(w.t, err)
	return ctx
}

// templates are the messages of a customer, the newest first.
func (w *world) templates(id okpay.CustomerID) []string {
	w.t.Helper()
	messages, err := w.Customers.Messages(w.t.Context(), id, "", 100)
	require.NoError(w.t, err)
	var out []string
	for _, m := range messages {
		out = append(out, m.Template)
	}
	return out
}

// actions are the entries of the audit about a customer, the newest first.
func (w *world) actions(id okpay.CustomerID) []string {
	w.t.Helper()
	entries, _, err := w.Audit(w.t.Context(), okpay.AuditPage{Customer: id, Limit: 100})
	require.NoError(w.t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Action)
	}
	return out
}

// events are the types of the events after a number.
func (w *world) events(after int64) []string {
	w.t.Helper()
	events, _, err := w.Events(w.t.Context(), after, 1000)
	require.NoError(w.t, err)
	out := []string{}
	for _, e := range events {
		out = append(out, e.Type)
	}
	return out
}

func (w *world) last() int64 {
	_, last, err := w.Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	return last
}

func (w *world) verify() {
	w.t.Helper()
	report, err := w.Ledger().Verify(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, report.Err())
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
