package memstore_test

import (
	"testing"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
)

func TestStoreContract(t *testing.T) {
	ledgertest.TestStoreContract(t, func(*testing.T) ledger.Store { return memstore.New() })
}

// Several users of one Store are to each other what several processes are.
func TestSharedStore(t *testing.T) {
	ledgertest.TestSharedStore(t, func(*testing.T) (a, b ledger.Store) {
		store := memstore.New()
		return store, store
	})
}
