package care_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, pgtest.Hasty()...)) }

// inTwoProcesses runs a test over one database that is opened twice, as two processes would,
// with every driver that can be.
func inTwoProcesses(t *testing.T, test func(t *testing.T, processes []*desk)) {
	open := map[string]func(t *testing.T) func() ledger.Store{
		"sqlite": func(t *testing.T) func() ledger.Store {
			path := t.TempDir() + "/care.db"
			return func() ledger.Store {
				s, err := sqlitestore.Open(t.Context(), path, sqlitestore.Config{})
				require.NoError(t, err)
				t.Cleanup(func() { _ = s.Close() })
				return s
			}
		},
		"postgres": func(t *testing.T) func() ledger.Store {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			return func() ledger.Store {
				s, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
				require.NoError(t, err)
				t.Cleanup(func() { _ = s.Close() })
				return s
			}
		},
	}
	for name, prepare := range open {
		t.Run(name, func(t *testing.T) {
			store := prepare(t)
			clock := handclock.At(monday)
			first := openDesk(t, store(), clock, okpay.Config{}, care.Config{}, true)
			second := openDesk(t, store(), clock, okpay.Config{}, care.Config{}, false)
			test(t, []*desk{first, second})
			first.verify()
		})
	}
}
