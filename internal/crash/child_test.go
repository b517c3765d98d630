package crash

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
)

// The environment of a child: what it does, on which database, under which name.
const (
	roleVariable = "OKPAY_CRASH_ROLE"
	dsnVariable  = "OKPAY_CRASH_DSN"
	nameVariable = "OKPAY_CRASH_NAME"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := child(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(pgtest.Main(m))
}

// openStore opens SQLite by "sqlite:" and a path, PostgreSQL by any other DSN.
func openStore(ctx context.Context, dsn string) (ledger.Store, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		return sqlitestore.Open(ctx, path, sqlitestore.Config{})
	}
	return pgstore.Open(ctx, dsn, pgstore.Config{})
}

// databases are the places that survive a process.
func databases(t *testing.T) map[string]func(t *testing.T) string {
	return map[string]func(t *testing.T) string{
		"SQLite": func(t *testing.T) string { return "sqlite:" + t.TempDir() + "/wallet.db" },
		"PostgreSQL": func(t *testing.T) string {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			return dsn
		},
	}
}

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
	w, err = okpay.New(l, okpay.Config{PaymentFee: okpay.Fee{BasisPoints: 60}})
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

// child pays until it is killed ("forever") or the money is spent ("spend"), and prints
// each key as soon as its payment is acknowledged.
func child(role string) error {
	ctx := context.Background()
	w, closeAll, err := open(ctx, os.Getenv(dsnVariable))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	var (
		mu       sync.Mutex
		running  sync.WaitGroup
		failures = make(chan error, callers)
	)
	acknowledge := func(key string) error {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(out, key)
		return out.Flush()
	}
	for c := range callers {
		running.Go(func() {
			for n := 0; ; n++ {
				key := os.Getenv(nameVariable) + "-" + strconv.Itoa(c) + "-" + strconv.Itoa(n)
				_, err := pay(ctx, w, key)
				if role == "spend" && errors.Is(err, okpay.InsufficientBalance) {
					return
				}
				if err == nil {
					err = acknowledge(key)
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

// process is a running child.
type process struct {
	*exec.Cmd
	t    *testing.T
	keys chan string // what it acknowledged; closed when its output ends
	errs strings.Builder
}

func startChild(t *testing.T, role, dsn, name string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{Cmd: exec.Command(self), t: t, keys: make(chan string, 1<<20)}
	p.Env = append(os.Environ(), roleVariable+"="+role, dsnVariable+"="+dsn, nameVariable+"="+name)
	p.Stderr = &p.errs
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	go func() {
		defer close(p.keys)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.keys <- lines.Text()
		}
	}()
	return p
}

// drain returns the rest of what the child acknowledged, once its output has ended.
func (p *process) drain() []string {
	var keys []string
	for key := range p.keys {
		keys = append(keys, key)
	}
	return keys
}
