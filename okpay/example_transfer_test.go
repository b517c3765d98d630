package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// Ann sends money to a telephone number. Bob registers, proves that the number is his, and
// has it.
func ExampleTransfers_Create() {
	ctx := context.Background()
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	w, err := okpay.New(l, okpay.Config{Fees: okpay.Fees{Transfer: okpay.Fee{BasisPoints: 10, Min: 100}}})
	if err != nil {
		log.Fatal(err)
	}
	yuan := func(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

	ann, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: "ann", Name: "Ann"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: ann.ID, Amount: yuan(100_00)}); err != nil {
		log.Fatal(err)
	}
	tr, err := w.Transfers.Create(ctx, okpay.CreateTransfer{
		From: ann.ID, Phone: "+86 138 0013 8000", Amount: yuan(60_00), Note: "rent", Key: "rent-2026-01",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tr.State, tr.Amount, "fee", tr.Fee)

	bob, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: "bob", Name: "Bob"})
	if err != nil {
		log.Fatal(err)
	}
	phone, err := w.Contacts.Add(ctx, okpay.AddContact{Customer: bob.ID, Phone: "0086 138-0013-8000"})
	if err != nil {
		log.Fatal(err)
	}
	// Your program has sent a code to the number, and Bob has typed it in.
	if _, err := w.Contacts.MarkVerified(ctx, okpay.MoveContact{Customer: bob.ID, Contact: phone.ID}); err != nil {
		log.Fatal(err)
	}
	if _, err := w.Work(ctx); err != nil { // Run does this in a server
		log.Fatal(err)
	}
	tr, err = w.Transfers.Get(ctx, tr.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tr.State, "to", tr.To)

	_, err = w.Transfers.Create(ctx, okpay.CreateTransfer{From: ann.ID, To: bob.ID, Amount: yuan(40_00)})
	var refused *okpay.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, "short of", refused.Short)
	}
	// Output:
	// pending_claim 60.00 CNY fee 1.00 CNY
	// completed to bob
	// insufficient_balance short of 2.00 CNY
}

// Bob asks Ann for money, and she pays.
func ExampleMoneyRequests_Pay() {
	ctx := context.Background()
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	w, err := okpay.New(l, okpay.Config{})
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range []okpay.CustomerID{"ann", "bob"} {
		if _, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: id}); err != nil {
			log.Fatal(err)
		}
	}
	amount := money.New(12_50, money.MustISO("CNY"))
	if _, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "ann", Amount: amount}); err != nil {
		log.Fatal(err)
	}
	r, err := w.MoneyRequests.Create(ctx, okpay.CreateMoneyRequest{From: "bob", To: "ann", Amount: amount, Note: "dinner"})
	if err != nil {
		log.Fatal(err)
	}
	r, err = w.MoneyRequests.Pay(ctx, okpay.PayMoneyRequest{Request: r.ID, Customer: "ann", Key: "tap-1"})
	if err != nil {
		log.Fatal(err)
	}
	tr, err := w.Transfers.Get(ctx, r.Transfer)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.State, "by a transfer that is", tr.State)
	// Output:
	// paid by a transfer that is completed
}
