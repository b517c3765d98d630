package okpay_test

import (
	"context"
	"fmt"
	"log"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// A funding source that does not know at once says later what became of a top-up, possibly
// more than once and in any order.
func ExampleTopUps_SourceSays() {
	ctx := context.Background()
	bank := &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Unknown }}
	w, closeLedger := openWallet(okpay.Config{Sources: map[string]rails.FundingSource{"bank": bank}})
	defer closeLedger()
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer"})
	if err != nil {
		log.Fatal(err)
	}
	top, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer.ID, Amount: money.New(10_000, money.MustISO("CNY")), Source: "bank", Key: "top-1"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(top.State)
	for _, e := range []okpay.SourceEvent{
		{EventID: "7", Status: rails.CollectionFailed},
		{EventID: "8", Status: rails.CollectionSucceeded}, // late, and the customer's nevertheless
		{EventID: "8", Status: rails.CollectionSucceeded}, // once more
		{EventID: "7", Status: rails.CollectionFailed},
	} {
		e.Source, e.TopUp = "bank", top.ID
		top, err = w.TopUps.SourceSays(ctx, e)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(top.State, top.Received, top.Replayed)
	}
	// Output:
	// pending
	// failed 0.00 CNY false
	// succeeded 100.00 CNY false
	// succeeded 100.00 CNY true
	// succeeded 100.00 CNY true
}

// A quote is used once. What the customer gets is rounded down to the minor units of its
// currency; the difference to the middle rate is the wallet's income.
func ExampleQuotes_Convert() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{})
	defer closeLedger()
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer"})
	if err != nil {
		log.Fatal(err)
	}
	usd := money.MustISO("USD")
	if _, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer.ID, Amount: money.New(10_000, usd)}); err != nil {
		log.Fatal(err)
	}
	quote, err := w.Quotes.Create(ctx, okpay.CreateQuote{
		Base: "USD", Quote: "JPY", Mid: decimal.RequireFromString("150"), Rate: decimal.RequireFromString("149.25"), Key: "quote-1",
	})
	if err != nil {
		log.Fatal(err)
	}
	in := okpay.Convert{Customer: customer.ID, Quote: quote.ID, Amount: money.New(1_001, usd), Key: "convert-1"}
	c, err := w.Quotes.Convert(ctx, in)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Given, "are", c.Got, "and", c.Spread, "of income")
	in.Key = "convert-2"
	_, err = w.Quotes.Convert(ctx, in)
	fmt.Println(okpay.CodeOf(err))
	// Output:
	// 10.01 USD are 1493 JPY and 8 JPY of income
	// quote_already_used
}
