package mock_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
	"github.com/okpay/okpay-go/okpay"
)

// A test calls mock.New(t), which closes the server and reports what goes wrong. Start is the
// same for whoever has no test.
func Example() {
	ctx := context.Background()
	pay, err := mock.Start(ctx, mock.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pay.Close()
	customer := pay.Customer("100.00 CNY")

	price, err := pay.Amount("19.95 CNY")
	if err != nil {
		log.Fatal(err)
	}
	p, err := pay.Client.Payments.Create(ctx, merchant.CreatePayment{Amount: price, Reference: "order-1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State)

	if err := pay.Confirm(p.ID, customer); err != nil {
		log.Fatal(err)
	}
	p, err = pay.Client.Payments.Get(ctx, p.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.Captured)
	// Output:
	// created
	// captured 19.95 CNY
}

// A payment that nobody confirms expires when its time has come, which is at once.
func ExampleServer_Advance() {
	ctx := context.Background()
	pay, err := mock.Start(ctx, mock.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pay.Close()

	price, err := pay.Amount("19.95 CNY")
	if err != nil {
		log.Fatal(err)
	}
	p, err := pay.Client.Payments.Create(ctx, merchant.CreatePayment{Amount: price, ExpiresIn: 15 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	pay.Advance(15 * time.Minute)
	p, err = pay.Client.Payments.Get(ctx, p.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State)
	// Output: expired
}

// A refusal is recorded, and the merchant sees why.
func ExampleServer_Confirm() {
	ctx := context.Background()
	pay, err := mock.Start(ctx, mock.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer pay.Close()
	customer := pay.Customer("10.00 CNY")

	price, err := pay.Amount("19.95 CNY")
	if err != nil {
		log.Fatal(err)
	}
	p, err := pay.Client.Payments.Create(ctx, merchant.CreatePayment{Amount: price})
	if err != nil {
		log.Fatal(err)
	}
	err = pay.Confirm(p.ID, customer)
	fmt.Println("refused:", errors.Is(err, okpay.InsufficientBalance))
	p, err = pay.Client.Payments.Get(ctx, p.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.State, p.LastFailure.Code, p.LastFailure.NextAction)

	pay.TopUp(customer, "9.95 CNY")
	fmt.Println("then:", pay.Confirm(p.ID, customer))
	// Output:
	// refused: true
	// requires_confirmation insufficient_balance [top_up switch_payment_method]
	// then: <nil>
}
