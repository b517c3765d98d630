package identity_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, pgtest.Hasty()...)) }

// onPostgres is one database opened twice.
func onPostgres(t *testing.T) []ledger.Store {
	dsn := pgtest.DSN(t)
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
	var out []ledger.Store
	for range 2 {
		s, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		out = append(out, s)
	}
	return out
}
