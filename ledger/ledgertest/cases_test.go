package ledgertest_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

var casesFile = flag.String("cases", "testdata/ledger_cases.json", "the file of cases to run, an absolute path")

func TestCases(t *testing.T) {
	file, err := os.Open(*casesFile)
	require.NoError(t, err)
	defer file.Close()
	cases, err := ledgertest.ReadCases(file)
	require.NoError(t, err)
	for name, open := range map[string]func(t *testing.T) ledger.Store{
		"memory": func(*testing.T) ledger.Store { return memstore.New() },
		"SQLite": func(t *testing.T) ledger.Store {
			store, err := sqlitestore.Open(t.Context(), t.TempDir()+"/cases.db", sqlitestore.Config{})
			require.NoError(t, err)
			return store
		},
		"PostgreSQL": func(t *testing.T) ledger.Store {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			store, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
			require.NoError(t, err)
			return store
		},
	} {
		t.Run(name, func(t *testing.T) { ledgertest.TestCases(t, cases, open) })
	}
}
