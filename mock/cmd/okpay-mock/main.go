// Command okpay-mock serves an OKPay on loopback for tests of programs in any language: the
// real merchants' API over a wallet in memory. It prints its URLs and an API key, and runs
// until it is interrupted.
//
//	okpay-mock [-addr 127.0.0.1:8421] [-webhook URL] [-log]
//
// What a customer does, and the passing of time, is asked for under /mock/; see package
// mock.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/okpay"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "okpay-mock:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("okpay-mock", flag.ContinueOnError)
	flags.SetOutput(log)
	addr := flags.String("addr", "127.0.0.1:8421", "address to listen on")
	hook := flags.String("webhook", "", "URL to deliver events to")
	verbose := flags.Bool("log", false, "log requests to standard error")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	cfg := mock.Config{Addr: *addr, Start: time.Now(), RealTime: true}
	if *verbose {
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	}
	s, err := mock.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	customer, err := s.NewCustomer(ctx, "1000.00 CNY")
	if err != nil {
		return err
	}
	s.Describe(out)
	fmt.Fprintf(out, "Customer   %s with 1000.00 CNY\n", customer)
	if *hook != "" {
		endpoint, secret, err := s.Wallet.Endpoints.Create(ctx, okpay.CreateEndpoint{Merchant: s.Merchant, URL: *hook})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Webhook    %s\nSecret     %s\n", endpoint.URL, secret.Reveal())
	}
	fmt.Fprintf(out, `
Ask for money, then let the customer say yes:

  curl -s %[1]s/v1/payments -H 'Authorization: Bearer %[2]s' -H 'Idempotency-Key: order-1' \
       -H 'Content-Type: application/json' -d '{"amount":{"amount":"19.95","currency":"CNY"}}'
  curl -s %[1]s/mock/confirm -d '{"payment":"pay_…","customer":"%[3]s"}'

Stop with Ctrl-C.
`, s.URL, s.APIKey.Reveal(), customer)
	<-ctx.Done()
	return nil
}
