package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

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

// Config.Risk wants to know who is paying. A wrong proof is a failed attempt, and the payment can be confirmed
// again.
func ExamplePayments_Authenticate() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{
		Risk: func(_ context.Context, of okpay.RiskCheck) (okpay.Assessment, error) {
			if of.Operation == okpay.OnPayment && of.Amount.Minor() > 5_000 {
				return okpay.Assessment{Verdict: okpay.Challenge, Reason: "above_50"}, nil
			}
			return okpay.Assessment{}, nil
		},
		VerifyStepUp: func(_ context.Context, of okpay.StepUp) (bool, error) { return of.Proof == "123456", nil },
	})
	defer closeLedger()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	_, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: "alice"})
	must(err)
	_, err = w.Merchants.Create(ctx, okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	must(err)
	_, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "alice", Amount: cny(10_000)})
	must(err)
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: cny(6_000)})
	must(err)

	for _, proof := range []string{"000000", "123456"} {
		p, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: "alice"})
		if !errors.Is(err, okpay.AuthenticationRequired) {
			panic(err)
		}
		fmt.Println(p.State, "until", p.ChallengeExpiresAt.Format(time.TimeOnly))
		p, err = w.Payments.Authenticate(ctx, okpay.AuthenticatePayment{Payment: p.ID, Customer: "alice", Proof: proof})
		fmt.Println(p.State, okpay.CodeOf(err))
	}
	// Output:
	// requires_action until 00:10:00
	// requires_confirmation authentication_failed
	// requires_action until 00:10:00
	// captured
}
