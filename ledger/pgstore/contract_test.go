package pgstore_test

import (
	"flag"
	"testing"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
)

// The contract is kept by a role that may do no more than Grants gives it.
func TestContract(t *testing.T) {
	ledgertest.TestStoreContract(t, func(t *testing.T) ledger.Store {
		dsn, role, _ := granted(t)
		return openStore(t, as(t, dsn, role))
	})
}

func TestSharedStore(t *testing.T) {
	ledgertest.TestSharedStore(t, func(t *testing.T) (a, b ledger.Store) {
		dsn := migrated(t)
		return openStore(t, dsn), openStore(t, dsn)
	})
}

func TestLedger(t *testing.T) {
	ledgertest.TestLedger(t, func(t *testing.T) ledger.Store { return openStore(t, migrated(t)) })
}

func TestSharedLedger(t *testing.T) {
	ledgertest.TestSharedLedger(t, func(t *testing.T) (a, b ledger.Store) {
		dsn := migrated(t)
		return openStore(t, dsn), openStore(t, dsn)
	})
}

// ledgertest.TestHistory looks the flag up.
var _ = flag.Uint64("seed", 0, "repeat the random history with this seed")

func TestHistory(t *testing.T) {
	ledgertest.TestHistory(t, func(t *testing.T) ledger.Store { return openStore(t, migrated(t)) })
}
