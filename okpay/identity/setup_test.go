package identity_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// process is one wallet with its Identity. Several may be over one store.
type process struct {
	*okpay.Wallet
	x *identity.Identity
}

// world is one store with a wallet, or several, and one customer.
type world struct {
	process
	t     testing.TB
	clock *handclock.Clock
	all   []process
}

const customer = okpay.CustomerID("ann")

// key protects what all processes of a test store.
var key = identity.Key{ID: "k1", Secret: [32]byte{1, 2, 3}}

// start is one process over a store in memory.
func start(t testing.TB, cfg identity.Config) *world { return startAll(t, cfg, memstore.New()) }

// startAll is one process for each store handed in, which are all the same one.
func startAll(t testing.TB, cfg identity.Config, stores ...ledger.Store) *world {
	t.Helper()
	w := &world{t: t, clock: handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	for _, store := range stores {
		p := w.join(cfg, store)
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
	require.NoError(w.t, w.x.ContactVerified(w.t.Context(), identity.ContactVerified{Customer: r.Customer, Contact: r.Contact}))
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

// templates are the messages of a customer, sorted.
func (w *world) templates(id okpay.CustomerID) []string {
	w.t.Helper()
	messages, err := w.Customers.Messages(w.t.Context(), id, "", 100)
	require.NoError(w.t, err)
	var out []string
	for _, m := range messages {
		out = append(out, m.Template)
	}
	slices.Sort(out)
	return out
}

// actions are the entries of the audit about a customer, sorted.
func (w *world) actions(id okpay.CustomerID) []string {
	w.t.Helper()
	entries, _, err := w.Audit(w.t.Context(), okpay.AuditPage{Customer: id, Limit: 100})
	require.NoError(w.t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Action)
	}
	slices.Sort(out)
	return out
}

// events are the types of the events after a number.
func (w *world) events(after int64) []string {
	w.t.Helper()
	out := []string{}
	for {
		events, last, err := w.Events(w.t.Context(), after, 1000)
		require.NoError(w.t, err)
		for _, e := range events {
			out = append(out, e.Type)
		}
		if len(events) == 0 || last == after {
			return out
		}
		after = last
	}
}

func (w *world) last() int64 {
	w.t.Helper()
	for after := int64(0); ; {
		_, last, err := w.Events(w.t.Context(), after, 1000)
		require.NoError(w.t, err)
		if last == after {
			return last
		}
		after = last
	}
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

// fails are wrong guesses at a password, none of them from an address.
func (w *world) fails(email string, n int) {
	w.t.Helper()
	for range n {
		_, err := w.try(email, "wrong", identity.Client{})
		require.ErrorIs(w.t, err, okpay.AuthenticationFailed)
	}
}

// head is how many blocks there are: with one caller, how many Changes were committed.
func (w *world) head() int64 {
	w.t.Helper()
	seq, _, _, err := w.Ledger().Head(w.t.Context())
	require.NoError(w.t, err)
	return seq
}

// countingStore counts views.
type countingStore struct {
	ledger.Store
	reads atomic.Int64
}

func (s *countingStore) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	s.reads.Add(1)
	return s.Store.Read(ctx, id, fn)
}

// startAll2 is a further process, with another Config, of a world that is there already.
func startAll2(t testing.TB, w *world, cfg identity.Config, store ledger.Store) *world {
	t.Helper()
	p := w.join(cfg, store)
	return &world{process: p, t: t, clock: w.clock, all: []process{p}}
}

// join opens one more process.
func (w *world) join(cfg identity.Config, store ledger.Store) process {
	w.t.Helper()
	l, err := ledger.Open(w.t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, l.Close(context.Background())) })
	p := process{}
	p.Wallet, err = okpay.New(l, okpay.Config{RequireActor: true})
	require.NoError(w.t, err)
	cfg.Keys = []identity.Key{key}
	if cfg.Hashing.Params == (password.Params{}) {
		cfg.Hashing.Params = cheap
	}
	p.x, err = identity.New(p.Wallet, cfg)
	require.NoError(w.t, err)
	return p
}

// bare is an Identity over an empty wallet.
func bare(tb testing.TB) *identity.Identity {
	tb.Helper()
	l, err := ledger.Open(tb.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart()})
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = l.Close(context.Background()) })
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(tb, err)
	x, err := identity.New(w, identity.Config{})
	require.NoError(tb, err)
	return x
}

func errorsAs(err error, target any) bool { return errors.As(err, target) }

func yuan(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

func ledgerRecords(noun, label string) ledger.RecordQuery {
	return ledger.RecordQuery{Type: noun, Label: label, Limit: 100}
}
