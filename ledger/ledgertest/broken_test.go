package ledgertest_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
)

var brokenName = flag.String("broken", "", "run the suites over the store that is broken in this way")

// broken is a store that breaks its contract in one way.
type broken struct {
	name  string
	suite string // which has to catch it
	wrap  func(ledger.Store) ledger.Store
}

const (
	contract = "Contract" // TestStoreContract
	shared   = "Shared"   // TestSharedStore
	promises = "Ledger"   // TestLedger
	random   = "History"  // TestHistory
)

// TestSuitesCatchBrokenStores runs the suites over stores that are broken on purpose, each in
// a process of its own, since a suite can only fail where it runs. A way that no suite caught
// would be a case that is missing.
func TestSuitesCatchBrokenStores(t *testing.T) {
	if *brokenName != "" {
		t.Skip("this is such a process")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	run := func(t *testing.T, name, suite string) (string, error) {
		t.Helper()
		// A bare command, without what this process was told.
		child := exec.CommandContext(t.Context(), self, "-test.run=^TestBrokenStore$/^"+suite+"$", "-test.failfast", "-test.timeout=5m",
			"-broken="+name, "-seed=1")
		out, err := child.CombinedOutput()
		return string(out), err
	}
	t.Run("none is caught in a store that is not broken", func(t *testing.T) {
		t.Parallel()
		out, err := run(t, "nothing", "(Contract|Shared|History)")
		require.NoError(t, err, out)
	})
	for _, b := range slices.Concat(brokenStores, brokenStagers) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			out, err := run(t, b.name, b.suite)
			require.Error(t, err, "the suite %s did not catch it", b.suite)
			require.Contains(t, out, "--- FAIL: TestBrokenStore/"+b.suite, "a failure, not a breakdown")
			require.NotContains(t, out, "panic: ")
			var last string
			for line := range strings.Lines(out) {
				if strings.Contains(line, "--- FAIL: ") {
					last = strings.TrimSpace(line)
				}
			}
			t.Log(last)
		})
	}
	assert.GreaterOrEqual(t, len(brokenStores), 20)
}

// TestBrokenStore is what the processes run. By itself it has no store to run over.
func TestBrokenStore(t *testing.T) {
	if *brokenName == "" {
		return
	}
	wrap := func(s ledger.Store) ledger.Store { return &stager{Store: &crooked{Store: s}} }
	for _, b := range slices.Concat(brokenStores, brokenStagers) {
		if b.name == *brokenName {
			wrap = b.wrap
		}
	}
	open := func(*testing.T) ledger.Store { return wrap(memstore.New()) }
	t.Run(contract, func(t *testing.T) { ledgertest.TestStoreContract(t, open) })
	t.Run(shared, func(t *testing.T) {
		ledgertest.TestSharedStore(t, func(*testing.T) (a, b ledger.Store) {
			store := memstore.New()
			return wrap(store), wrap(store)
		})
	})
	t.Run(promises, func(t *testing.T) { ledgertest.TestLedger(t, open) })
	t.Run(random, func(t *testing.T) { ledgertest.TestHistory(t, open) })
}

// crooked is a store that does some things in another way than the one below it.
type crooked struct {
	ledger.Store
	open  func(head *ledger.Head, genesis ledger.Genesis)
	begin func(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error)
	found func(f *ledger.Found, need *ledger.Need)
	write func(tx ledger.Tx, batch *ledger.Batch) // alters what is committed
	after func(batch *ledger.Batch) error         // says what a commit that succeeded returns
	view  func(v ledger.View) ledger.View
	close func()
}

func (s *crooked) Close() error {
	if s.close != nil {
		s.close()
	}
	return s.Store.Close()
}

func (s *crooked) Open(ctx context.Context, name string, genesis ledger.Genesis) (ledger.Head, error) {
	head, err := s.Store.Open(ctx, name, genesis)
	if s.open != nil && err == nil {
		s.open(&head, genesis)
	}
	return head, err
}

func (s *crooked) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	begin := s.Store.Begin
	if s.begin != nil {
		begin = s.begin
	}
	tx, found, err := begin(ctx, id, need)
	if err != nil {
		return nil, nil, err
	}
	if s.found != nil {
		s.found(found, &need)
	}
	return &crookedTx{tx, s}, found, nil
}

func (s *crooked) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	return s.Store.Read(ctx, id, func(v ledger.View) error {
		if s.view != nil {
			v = s.view(v)
		}
		return fn(v)
	})
}

type crookedTx struct {
	ledger.Tx
	store *crooked
}

func (t *crookedTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	found, err := t.Tx.Load(ctx, need)
	if err == nil && t.store.found != nil {
		t.store.found(found, &need)
	}
	return found, err
}

func (t *crookedTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	own := *batch
	if t.store.write != nil && own.Block != nil {
		t.store.write(t.Tx, &own)
	}
	if err := t.Tx.Commit(ctx, &own); err != nil {
		return err
	}
	if t.store.after != nil && own.Block != nil {
		return t.store.after(&own)
	}
	return nil
}
