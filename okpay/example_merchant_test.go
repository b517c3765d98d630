package okpay_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
)

// A merchant is paid, gives a part back with its share of the fee, is paid out every night, and reads the day.
func ExampleMerchants_Settlement() {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	ctx, now := context.Background(), time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: func() time.Time { return now }, MaxSkew: -1})
	must(err)
	defer func() { must(l.Close(ctx)) }()
	w, err := okpay.New(l, okpay.Config{
		Fees:       okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}},
		RefundFees: okpay.ReturnFeeProportionally,
		Payouts:    okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 100_000}},
	})
	must(err)
	_, err = w.Customers.Create(ctx, okpay.CreateCustomer{ID: "alice"})
	must(err)
	_, err = w.Merchants.Create(ctx, okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	must(err)
	_, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "alice", Amount: cny(10_000)})
	must(err)
	bank, err := w.Destinations.Save(ctx, okpay.SaveDestination{Merchant: "shop", Type: "bank", Holder: "Shop", Details: "6222020200112233"})
	must(err)
	_, err = w.Destinations.Verify(ctx, okpay.VerifyDestination{Destination: bank.ID, By: "ops1"})
	must(err)
	_, err = w.Payouts.SetSchedule(ctx, okpay.SetPayoutSchedule{
		Merchant: "shop", Currency: "CNY", Every: okpay.Daily, Hour: 23, Reserve: cny(1_000), Destination: bank.ID,
	})
	must(err)

	p, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "alice", Amount: cny(10_000), Confirm: true})
	must(err)
	r, err := w.Payments.Refund(ctx, okpay.CreateRefund{Merchant: "shop", Payment: p.ID, Amount: cny(2_500)})
	must(err)
	fmt.Println("refunded", r.Amount, "of which the wallet pays", r.FeeReturned)

	now = now.Add(11 * time.Hour)
	_, err = w.Work(ctx) // what Run does
	must(err)
	s, err := w.Payouts.Schedule(ctx, "shop", "CNY")
	must(err)
	payout, err := w.Payouts.Get(ctx, s.LastPayout)
	must(err)
	fmt.Println("paid out", payout.Amount, payout.State)

	day, err := w.Merchants.Settlement(ctx, "shop", "CNY", now)
	must(err)
	var csv strings.Builder // its lines end as RFC 4180 wants it
	must(day.CSV(&csv))
	fmt.Print(strings.ReplaceAll(csv.String(), "\r\n", "\n"))
	// Output:
	// refunded 25.00 CNY of which the wallet pays 0.25 CNY
	// paid out 64.25 CNY submitted
	// date,kind,count,amount,currency
	// 2026-01-01,opening,,0.00,CNY
	// 2026-01-01,fee,2,-0.75,CNY
	// 2026-01-01,payment,1,100.00,CNY
	// 2026-01-01,refund,1,-25.00,CNY
	// 2026-01-01,closing,,74.25,CNY
}
