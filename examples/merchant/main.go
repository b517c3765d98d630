// Command merchant is a small shop that is paid through OKPay: products, checkout, a payment
// page, the webhook that ships, and refunds by the shopkeeper. It needs no JavaScript and
// no database, and forgets its orders when it ends.
//
// To try it, start an OKPay for tests, and the shop with the API key that it prints:
//
//	go run ./mock/cmd/okpay-mock
//	OKPAY_API_KEY=okpay_test_… SHOPKEEPER_PASSWORD=… go run ./examples/merchant
//
// Order something at http://127.0.0.1:8422, and let the customer whom okpay-mock made say yes:
//
//	curl -s http://127.0.0.1:8421/mock/confirm -d '{"payment":"pay_…","customer":"cus_…"}'
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
	"syscall"
	"time"

	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	err := run(ctx, os.Args[1:], os.Getenv, os.Stderr, func(string) {})
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "merchant:", err)
		os.Exit(1)
	}
}

// run opens the shop until the context ends. Secrets come from the environment, where other
// users of the machine do not see them. It calls ready once it listens.
func run(ctx context.Context, args []string, getenv func(string) string, stderr io.Writer, ready func(url string)) error {
	flags := flag.NewFlagSet("merchant", flag.ContinueOnError)
	flags.SetOutput(stderr)
	service := flags.String("okpay", "http://127.0.0.1:8421", "`URL` of OKPay")
	addr := flags.String("addr", "127.0.0.1:8422", "`address` to listen on")
	public := flags.String("public", "", "`URL` under which OKPay reaches the shop (default http:// and the address)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if getenv("SHOPKEEPER_PASSWORD") == "" {
		return errors.New("SHOPKEEPER_PASSWORD is not set")
	}
	client, err := merchant.New(merchant.Config{BaseURL: *service, APIKey: merchant.NewAPIKey(getenv("OKPAY_API_KEY")), Logger: log})
	if err != nil {
		return err
	}
	defer client.Close()

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *addr)
	if err != nil {
		return err
	}
	defer listener.Close() // also when the shop never opens
	url := "http://" + listener.Addr().String()
	if *public == "" {
		*public = url
	}
	secret, err := webhookSecret(ctx, client, *public, getenv)
	if err != nil {
		return err
	}
	shop, err := newShop(config{
		Client: client, Secret: secret, Password: getenv("SHOPKEEPER_PASSWORD"), Log: log,
		Ship: func(_ context.Context, o order) error {
			log.Info("ship", "order", o.ID, "product", o.Product.En)
			return nil
		},
	})
	if err != nil {
		return err
	}

	server := &http.Server{Handler: shop, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Info("open", "url", url)
	ready(url)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

// webhookSecret returns the secret that OKPay signs with: the one in the environment, or that
// of an endpoint which is registered here, where the Key makes it the same one at every start.
func webhookSecret(ctx context.Context, client *merchant.Client, public string, getenv func(string) string) (webhook.Secret, error) {
	if text := getenv("OKPAY_WEBHOOK_SECRET"); text != "" {
		return webhook.ParseSecret(text)
	}
	_, secret, err := client.WebhookEndpoints.Create(ctx, merchant.CreateEndpoint{URL: public + webhookPath, Key: "shop at " + public})
	return secret, err
}
