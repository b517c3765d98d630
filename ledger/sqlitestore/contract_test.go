package sqlitestore

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
)

func TestStoreContract(t *testing.T) {
	ledgertest.TestStoreContract(t, func(t *testing.T) ledger.Store { return openTemp(t, Config{}) })
}

func TestSharedStore(t *testing.T) {
	ledgertest.TestSharedStore(t, func(t *testing.T) (a, b ledger.Store) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		return openAt(t, path, Config{}), openAt(t, path, Config{})
	})
}

func TestLedger(t *testing.T) {
	ledgertest.TestLedger(t, func(t *testing.T) ledger.Store { return openTemp(t, Config{}) })
}

func TestSharedLedger(t *testing.T) {
	ledgertest.TestSharedLedger(t, func(t *testing.T) (a, b ledger.Store) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		return openAt(t, path, Config{}), openAt(t, path, Config{})
	})
}

// ledgertest.TestHistory looks the flag up.
var _ = flag.Uint64("seed", 0, "repeat the random history with this seed")

func TestHistory(t *testing.T) {
	ledgertest.TestHistory(t, func(t *testing.T) ledger.Store { return openTemp(t, Config{}) })
}
