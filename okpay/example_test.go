package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// openWallet opens a wallet in memory whose clock stands still; a program uses sqlitestore
// or pgstore and leaves the clock alone.
func openWallet(cfg okpay.Config) (w *okpay.Wallet, closeLedger func()) {
	ctx := context.Background()
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{
		Chart: okpay.Chart(),
		Now:   func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		log.Fatal(err)
	}
	w, err = okpay.New(l, cfg)
	if err != nil {
		log.Fatal(err)
	}
	return w, func() {
		if err := l.Close(ctx); err != nil {
			log.Fatal(err)
		}
	}
}

func Example() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
	defer closeLedger()
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer", Key: "signup-1"})
	if err != nil {
		log.Fatal(err)
	}
	shop, err := w.Merchants.Create(ctx, okpay.CreateMerchant{Name: "A shop", Key: "shop-1"})
	if err != nil {
		log.Fatal(err)
	}
	cny := money.MustISO("CNY")
	if _, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer.ID, Amount: money.New(10_000, cny), Key: "top-1"}); err != nil {
		log.Fatal(err)
	}
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: shop.ID, Amount: money.New(2_500, cny), Key: "order-1"})
	if err != nil {
		log.Fatal(err)
	}
	p, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: customer.ID, Key: "yes-1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.Captured, "fee", p.Fee)
	balances, err := w.Customers.Balances(ctx, customer.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balances[0].Available, "left")
	// Output:
	// captured 25.00 CNY fee 0.15 CNY
	// 75.00 CNY left
}

// A refusal says whose fault it is and what to do, and is recorded with the payment.
func ExamplePayments_Confirm_refused() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{})
	defer closeLedger()
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer"})
	if err != nil {
		log.Fatal(err)
	}
	shop, err := w.Merchants.Create(ctx, okpay.CreateMerchant{Name: "A shop"})
	if err != nil {
		log.Fatal(err)
	}
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: shop.ID, Amount: money.New(2_500, money.MustISO("CNY"))})
	if err != nil {
		log.Fatal(err)
	}
	p, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: customer.ID, Key: "yes-1"})
	var refused *okpay.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Fault, refused.Retry, refused.NextAction)
		fmt.Println(refused.Text("en"))
		fmt.Println(refused.Text("zh-CN"))
	}
	fmt.Println(p.State, p.Attempts, errors.Is(err, okpay.InsufficientBalance))
	// Output:
	// insufficient_balance payer after_action [top_up switch_payment_method]
	// Your balance is not enough for this payment.
	// 账户余额不足,请充值或更换支付方式。
	// requires_confirmation 1 true
}

// A payment captured by the merchant in parts; the rest goes back to the customer.
func ExamplePayments_Capture() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{})
	defer closeLedger()
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer"})
	if err != nil {
		log.Fatal(err)
	}
	shop, err := w.Merchants.Create(ctx, okpay.CreateMerchant{Name: "A shop"})
	if err != nil {
		log.Fatal(err)
	}
	jpy := money.MustISO("JPY")
	if _, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer.ID, Amount: money.New(3_000, jpy)}); err != nil {
		log.Fatal(err)
	}
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{
		Merchant: shop.ID, Amount: money.New(3_000, jpy), CaptureMethod: okpay.CaptureManual, ExpiresIn: 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: customer.ID}); err != nil {
		log.Fatal(err)
	}
	p, err = w.Payments.Capture(ctx, okpay.CapturePayment{Merchant: shop.ID, Payment: p.ID, Amount: money.New(1_000, jpy)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.Captured)
	p, err = w.Payments.Capture(ctx, okpay.CapturePayment{Merchant: shop.ID, Payment: p.ID, Amount: money.New(500, jpy), Final: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.Captured)
	balances, err := w.Customers.Balances(ctx, customer.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balances[0].Available, "available,", balances[0].Held, "held")
	// Output:
	// partially_captured 1000 JPY
	// captured 1500 JPY
	// 1500 JPY available, 0 JPY held
}
