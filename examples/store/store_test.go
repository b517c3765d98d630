package store_test

import (
	"testing"

	"github.com/okpay/okpay-go/examples/store"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
)

func open(*testing.T) ledger.Store { return store.New() }

func openTwo(*testing.T) (a, b ledger.Store) {
	first := store.New()
	return first, first.Another()
}

// TestStoreContract is the one to begin with: its cases name the rule that does not hold.
func TestStoreContract(t *testing.T) { ledgertest.TestStoreContract(t, open) }

// TestLedger holds a ledger over the store to what the ledger promises.
func TestLedger(t *testing.T) { ledgertest.TestLedger(t, open) }

// TestHistory finds what nobody thought of.
func TestHistory(t *testing.T) { ledgertest.TestHistory(t, open) }

// The next three are for stores that several processes may open.

func TestSharedStore(t *testing.T) { ledgertest.TestSharedStore(t, openTwo) }

func TestSharedLedger(t *testing.T) { ledgertest.TestSharedLedger(t, openTwo) }

func TestCopy(t *testing.T) {
	a, b := store.New(), store.New()
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	ledgertest.TestCopy(t, a, b)
}
