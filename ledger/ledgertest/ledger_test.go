package ledgertest_test

import (
	"flag"
	"os"
	"testing"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, pgtest.Hasty()...)) }

func TestLedger(t *testing.T) {
	ledgertest.TestLedger(t, func(*testing.T) ledger.Store { return memstore.New() })
}

// Two users of one Store are to each other what two processes are.
func TestSharedLedger(t *testing.T) {
	ledgertest.TestSharedLedger(t, func(*testing.T) (a, b ledger.Store) {
		store := memstore.New()
		return store, store
	})
}

// The history looks for this flag.
var _ = flag.Uint64("seed", 0, "repeat the random history with this seed")

func TestHistory(t *testing.T) {
	ledgertest.TestHistory(t, func(*testing.T) ledger.Store { return memstore.New() })
}

func TestLongHistory(t *testing.T) {
	ledgertest.TestLongHistory(t, func(*testing.T) ledger.Store { return memstore.New() })
}
