package crash

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
)

// A killed wallet has every payment that it acknowledged, once, and nothing half done.
func TestKilledUnderLoad(t *testing.T) {
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			w, closeAll, err := open(t.Context(), dsn)
			require.NoError(t, err)
			setUp(t, w, 1_000_000_000)
			closeAll()
			acknowledged := map[string]bool{}
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			for round := range testsize.Scaled(t, 5) {
				p := startChild(t, "forever", dsn, fmt.Sprintf("r%d", round))
				for range 1 + random.IntN(200) {
					key, ok := <-p.keys
					require.True(t, ok, "the child ended by itself: %s", &p.errs)
					acknowledged[key] = true
				}
				require.NoError(t, p.Process.Kill())
				for _, key := range p.drain() {
					acknowledged[key] = true
				}
				_ = p.Wait() // it was killed
				w, closeAll, err := open(t.Context(), dsn)
				require.NoError(t, err)
				check(t, w, acknowledged)
				closeAll()
			}
			t.Logf("%d payments were acknowledged", len(acknowledged))
		})
	}
}

// check finds every acknowledged payment captured, no key twice, and money and states in
// agreement.
func check(t *testing.T, w *okpay.Wallet, acknowledged map[string]bool) {
	t.Helper()
	report, err := w.Ledger().Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	captured := map[string]bool{}
	var after okpay.PaymentID
	for more := true; more; {
		var page []okpay.Payment
		page, more, err = w.Payments.List(t.Context(), okpay.ListPayments{Merchant: merchant, After: after, Limit: 100})
		require.NoError(t, err)
		for _, p := range page {
			after = p.ID
			switch p.State {
			case okpay.PaymentCaptured:
				require.False(t, captured[p.Reference], "%s is there twice", p.Reference)
				captured[p.Reference] = true
			case okpay.PaymentCreated: // killed between the two steps
				require.False(t, acknowledged[p.Reference])
			default:
				require.Fail(t, "a state that nobody asked for", p.State)
			}
		}
	}
	for key := range acknowledged {
		require.True(t, captured[key], "%s was acknowledged and is lost", key)
	}
	balances, err := w.Merchants.Balances(t.Context(), merchant)
	require.NoError(t, err)
	if len(captured) > 0 {
		require.Equal(t, int64(len(captured)), balances[0].Total.Minor())
	}
}

// Two processes that spend one balance spend exactly it, and each gets its share of turns.
func TestTwoProcessesOnOneDatabase(t *testing.T) {
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			w, closeAll, err := open(t.Context(), dsn)
			require.NoError(t, err)
			money := testsize.Scaled(t, 600)
			setUp(t, w, int64(money))
			one, two := startChild(t, "spend", dsn, "one"), startChild(t, "spend", dsn, "two")
			// A process starts when it is ready; from the moment both have paid, they compete.
			counts := map[string]int{}
			var total int
			streams := []chan string{one.keys, two.keys}
			for streams[0] != nil || streams[1] != nil {
				var key string
				var ok bool
				select {
				case key, ok = <-streams[0]:
					if !ok {
						streams[0] = nil
						continue
					}
				case key, ok = <-streams[1]:
					if !ok {
						streams[1] = nil
						continue
					}
				}
				total++
				who, _, _ := strings.Cut(key, "-")
				if who == "one" && counts["two"] > 0 || who == "two" && counts["one"] > 0 || counts[who] == 0 {
					counts[who]++
				}
			}
			require.NoError(t, one.Wait(), "%s", &one.errs)
			require.NoError(t, two.Wait(), "%s", &two.errs)
			t.Logf("of %d payments, while both ran: %v", total, counts)
			assert.Equal(t, money, total)
			fewer, more := min(counts["one"], counts["two"]), max(counts["one"], counts["two"])
			assert.GreaterOrEqual(t, 5*fewer, more, "one of them starved")
			balances, err := w.Customers.Balances(t.Context(), customer)
			require.NoError(t, err)
			assert.True(t, balances[0].Total.IsZero())
			report, err := w.Ledger().Verify(t.Context())
			require.NoError(t, err)
			require.NoError(t, report.Err())
			closeAll()
		})
	}
}
