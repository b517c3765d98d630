package okpay_test

import (
	"context"
	"fmt"

	"github.com/okpay/okpay-go/okpay"
)

// A customer reports a payment that was not theirs: the merchant's part is reserved, the customer is paid
// before the decision, and a person decides.
func ExampleDisputes_Open() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 60}}})
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
	_, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "alice", Amount: cny(8_000)})
	must(err)
	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "alice", Amount: cny(8_000), Confirm: true})
	must(err)
	show := func(what string) {
		customer, err := w.Customers.Balances(ctx, "alice")
		must(err)
		merchant, err := w.Merchants.Balances(ctx, "shop")
		must(err)
		fmt.Println(what+":", customer[0].Available, "and", merchant[0].Available)
	}
	show("paid, less the fee")

	d, err := w.Disputes.Open(ctx, okpay.OpenDispute{Customer: "alice", Payment: p.ID, Kind: okpay.Unauthorized, Text: "I was asleep"})
	must(err)
	show("reported")
	_, err = w.Disputes.CreditProvisionally(ctx, okpay.DecideDispute{Dispute: d.ID, By: "ops1"})
	must(err)
	show("credited")
	_, err = w.Disputes.AddEvidence(ctx, okpay.AddEvidence{Dispute: d.ID, From: okpay.PartyMerchant, Merchant: "shop", Text: "signed for", Document: "doc-1"})
	must(err)
	d, err = w.Disputes.ResolveForMerchant(ctx, okpay.DecideDispute{Dispute: d.ID, By: "ops1", Reason: "signature_matches"})
	must(err)
	show(string(d.State))
	// Output:
	// paid, less the fee: 0.00 CNY and 79.52 CNY
	// reported: 0.00 CNY and 0.00 CNY
	// credited: 80.00 CNY and 0.00 CNY
	// resolved_for_merchant: 0.00 CNY and 79.52 CNY
}
