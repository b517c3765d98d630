package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// A customer pays at once. The balance is tried first; where it does not suffice, the bank is
// asked, and what it sends is held for the merchant until the goods are shipped.
func ExamplePayments_Create_confirmed() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{Sources: map[string]rails.FundingSource{"bank": &rails.Simulated{}}})
	defer closeLedger()
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: "ann"})
	if err != nil {
		log.Fatal(err)
	}
	shop, err := w.Merchants.Create(ctx, okpay.CreateMerchant{ID: "shop", Name: "A shop"})
	if err != nil {
		log.Fatal(err)
	}
	order := okpay.CreatePayment{
		Merchant: shop.ID, Customer: customer.ID, Amount: money.New(1_995, money.MustISO("CNY")), Reference: "order-1001",
		CaptureMethod: okpay.CaptureManual, Confirm: true, Key: "order-1001",
	}
	p, err := w.Payments.Create(ctx, order)
	var refused *okpay.Error
	if errors.As(err, &refused) {
		fmt.Println(p.State, refused.Code, refused.Short, refused.NextAction)
	}
	p, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{
		Payment: p.ID, Customer: customer.ID, Methods: []okpay.PaymentMethod{okpay.FromBalances("CNY"), okpay.FromSource("bank")}, Key: "again",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.PaidWith.Source)
	p, err = w.Payments.Capture(ctx, okpay.CapturePayment{Merchant: shop.ID, Payment: p.ID, Key: "shipped"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.Captured)
	order.Key = "order-1001-again"
	_, err = w.Payments.Create(ctx, order)
	fmt.Println(errors.Is(err, okpay.OrderAlreadyPaid))
	// Output:
	// requires_confirmation insufficient_balance 19.95 CNY [top_up switch_payment_method]
	// authorized bank
	// captured 19.95 CNY
	// true
}
