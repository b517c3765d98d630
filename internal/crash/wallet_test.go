package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// open opens the wallet of a database.
func open(ctx context.Context, dsn string) (w *okpay.Wallet, closeAll func(), err error) {
	store, err := openStore(ctx, dsn)
	if err != nil {
		return nil, nil, err
	}
	l, err := ledger.Open(ctx, store, ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	w, err = okpay.New(l, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
	closeAll = func() {
		if err := errors.Join(l.Close(context.Background()), store.Close()); err != nil {
			panic(err)
		}
	}
	return w, closeAll, err
}

const (
	customer okpay.CustomerID = "payer"
	merchant okpay.MerchantID = "shop"
	callers                   = 8
)

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

// setUp registers a customer with money and a merchant.
func setUp(t *testing.T, w *okpay.Wallet, minor int64) {
	t.Helper()
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: customer})
	require.NoError(t, err)
	_, err = w.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: merchant, Name: "Shop"})
	require.NoError(t, err)
	_, err = w.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: customer, Amount: cny(minor)})
	require.NoError(t, err)
}

// pay makes and confirms one payment; both steps carry the key.
func pay(ctx context.Context, w *okpay.Wallet, key string) (okpay.Payment, error) {
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: merchant, Amount: cny(1), Reference: key, Key: key})
	if err != nil {
		return p, err
	}
	return w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: customer, Key: key})
}

// payments pays until the process is killed or, if it is to spend, the money is gone, and
// says each key as soon as its payment is acknowledged.
func payments(ctx context.Context, say func(string) error, spend bool) error {
	w, closeAll, err := open(ctx, os.Getenv(dsnVariable))
	if err != nil {
		return err
	}
	var (
		running  sync.WaitGroup
		failures = make(chan error, callers)
	)
	for c := range callers {
		running.Go(func() {
			for n := 0; ; n++ {
				key := os.Getenv(nameVariable) + "-" + strconv.Itoa(c) + "-" + strconv.Itoa(n)
				_, err := pay(ctx, w, key)
				if spend && errors.Is(err, okpay.InsufficientBalance) {
					return
				}
				if err == nil {
					err = say(key)
				}
				if err != nil {
					failures <- err
					return
				}
			}
		})
	}
	running.Wait()
	closeAll()
	close(failures)
	return <-failures
}

// A killed wallet has every payment that it acknowledged, once, and nothing half done.
func TestWalletKilledUnderLoad(t *testing.T) {
	for _, database := range databases {
		t.Run(database.name, func(t *testing.T) {
			dsn := database.open(t)
			w, closeAll, err := open(t.Context(), dsn)
			require.NoError(t, err)
			setUp(t, w, 1_000_000_000)
			closeAll()
			acknowledged := map[string]bool{}
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			const checks = 5 // each looks at all that is there
			rounds := testsize.Scaled(t, checks)
			for round := range rounds {
				p := startChild(t, "pay", dsn, fmt.Sprintf("r%d", round))
				for range 1 + random.IntN(200) {
					acknowledged[p.next(t)] = true
				}
				for _, key := range p.kill(t) {
					acknowledged[key] = true
				}
				if (round+1)%(rounds/checks) == 0 {
					w, closeAll, err := open(t.Context(), dsn)
					require.NoError(t, err)
					check(t, w, acknowledged)
					closeAll()
				}
			}
			t.Logf("%d kills, %d payments acknowledged, 0 lost, 0 doubled", rounds, len(acknowledged))
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
	for _, database := range databases {
		t.Run(database.name, func(t *testing.T) {
			dsn := database.open(t)
			w, closeAll, err := open(t.Context(), dsn)
			require.NoError(t, err)
			money := testsize.Scaled(t, 600)
			setUp(t, w, int64(money))
			one, two := startChild(t, "spend", dsn, "one"), startChild(t, "spend", dsn, "two")
			// A process starts when it is ready; from the moment both have paid, they compete.
			counts := map[string]int{}
			var total int
			streams := []chan string{one.lines, two.lines}
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
