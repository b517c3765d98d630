// Command embed is an ordinary net/http program with a wallet inside, on an SQLite file or on
// PostgreSQL. It serves the merchants' API under /v1/ and, beside it, a few endpoints of its
// own (site.go), which show where a program calls the SDK:
//
//	go run ./examples/embed -db wallet.db
//
//	curl localhost:8420/shops -d shop=tea-house -d name='Tea house'   # prints an API key
//	curl localhost:8420/v1/payments -H 'Authorization: Bearer okpay_test_…' -H 'Idempotency-Key: order-1' \
//	     -H 'Content-Type: application/json' -d '{"amount":{"amount":"19.95","currency":"CNY"}}'
//
//	curl localhost:8420/signup -d user=user-1 -d name='A customer' -d locale=zh-CN
//	curl localhost:8420/topup -H 'Demo-User: user-1' -d amount=100.00 -d currency=CNY -d key=top-1
//	curl localhost:8420/payments/pay_… -H 'Demo-User: user-1'
//	curl localhost:8420/pay -H 'Demo-User: user-1' -d payment=pay_… -d key=click-1
//	curl localhost:8420/wallet -H 'Demo-User: user-1'
//
// A PostgreSQL schema is brought up to date first, by a role that may:
//
//	go run ./examples/embed -db postgres://localhost/shop -migrate
//	go run ./examples/embed -db postgres://localhost/shop
//
// The wallet is in Test mode: top-ups come from a simulated source, and no money is real.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/httpapi"
	"github.com/okpay/okpay-go/webhook"
)

// grace is how long requests under way, and then the ledger, have to finish.
const grace = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	err := run(ctx, os.Args[1:], os.Stderr, func(string) {})
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run is the whole program: it opens everything, serves until the context ends, and closes
// everything in the opposite order. It calls ready once it listens.
func run(ctx context.Context, args []string, stderr io.Writer, ready func(url string)) (err error) {
	flags := flag.NewFlagSet("embed", flag.ContinueOnError)
	flags.SetOutput(stderr)
	db := flags.String("db", "wallet.db", "path of an SQLite `file`, or DSN of a PostgreSQL database")
	migrate := flags.Bool("migrate", false, "bring the PostgreSQL schema up to date, and end")
	private := flags.Bool("private", false, "deliver webhooks to private addresses too: for development on one machine")
	addr := flags.String("addr", "127.0.0.1:8420", "`address` to listen on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if *migrate {
		if !isPostgres(*db) {
			return errors.New("-migrate is for PostgreSQL: an SQLite file is brought up to date when it is opened")
		}
		return pgstore.Migrate(ctx, *db, pgstore.Config{})
	}

	store, err := openStore(ctx, *db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()); log.Info("store closed") }()

	l, err := ledger.Open(ctx, store, ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLedger(ctx, l)); log.Info("ledger closed") }()

	w, err := okpay.New(l, okpay.Config{
		Fees:     okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}, // 0.6 %
		Webhooks: webhook.SenderConfig{AllowPrivate: *private}, Logger: log,
	})
	if err != nil {
		return err
	}

	// The background work (expiry, webhooks) goes on until the last request has ended, so
	// it does not end with ctx.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(background) // which ends with its context, and only so
	}()
	defer func() { stop(); <-ended; log.Info("background work ended") }()

	api, err := httpapi.New(httpapi.Config{Test: w, Logger: log})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", api)
	(&site{wallet: w, log: log}).register(mux)
	return serve(ctx, *addr, mux, log, ready)
}

// isPostgres tells a DSN, as a URL or as keywords and values, from the path of a file.
func isPostgres(db string) bool {
	return strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://") || strings.Contains(db, "dbname=")
}

func openStore(ctx context.Context, db string) (ledger.Store, error) {
	if isPostgres(db) {
		return pgstore.Open(ctx, db, pgstore.Config{})
	}
	return sqlitestore.Open(ctx, db, sqlitestore.Config{})
}

func closeLedger(ctx context.Context, l *ledger.Ledger) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return l.Close(ctx)
}

// serve serves until the context ends and the requests under way are done.
func serve(ctx context.Context, addr string, handler http.Handler, log *slog.Logger, ready func(url string)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	log.Info("listening", "url", url)
	ready(url)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, server.Close()) // cuts off what did not end in time
	}
	log.Info("server stopped")
	return err
}
