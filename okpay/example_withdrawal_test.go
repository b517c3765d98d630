package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// A customer takes money out: the conditions, the request, the review, the submission, and
// what the bank says in the end.
func ExampleWithdrawals_Request() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{
		Fees:        okpay.Fees{Withdrawal: okpay.Fee{BasisPoints: 10, Min: 200}},
		Limits:      []okpay.Limit{{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 1000}},
		Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": 10_000}},
	})
	defer closeLedger()
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	_, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: "alice"})
	must(err)
	_, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "alice", Amount: cny(100_000)})
	must(err)
	bank, err := w.Destinations.Save(ctx, okpay.SaveDestination{Customer: "alice", Type: "bank", Holder: "Alice", Details: "6222020200112233"})
	must(err)
	bank, err = w.Destinations.Verify(ctx, okpay.VerifyDestination{Destination: bank.ID, By: "ops1"})
	must(err)

	c, err := w.Withdrawals.Conditions(ctx, "alice", "CNY")
	must(err)
	fmt.Println("from", c.Minimum, "up to", c.Most, "to", bank.Mask)

	_, err = w.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "alice", Amount: cny(95_000), Destination: bank.ID})
	var refused *okpay.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.En, refused.Limit, refused.NextAction)
	}

	wd, err := w.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "alice", Amount: cny(50_000), Destination: bank.ID})
	must(err)
	_, err = w.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: wd.ID, By: "ops1"})
	must(err)
	_, err = w.Work(ctx) // what Run does in the background
	must(err)
	wd, err = w.Withdrawals.ProviderSays(ctx, okpay.ProviderEvent{
		Provider: "simulated", EventID: "evt-1", Key: string(wd.ID), Status: rails.PayoutPaid,
	})
	must(err)
	for _, step := range wd.History {
		fmt.Println(step.State)
	}
	// Output:
	// from 10.00 CNY up to 898.00 CNY to ••••2233
	// More than you can withdraw now. 898.00 CNY [lower_amount]
	// under_review
	// approved
	// submitting
	// submitted
	// paid
}

// The bank lost the order and does not know it. Time alone decides nothing: once its finality window is
// over a person asks the bank, records the answer under an event id of their own, and the money is back.
func ExampleWithdrawals_ProviderSays() {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	ctx, now := context.Background(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	bank := &rails.SimulatedPayouts{Behave: func(rails.Payout, int) rails.Behavior {
		return rails.Behavior{Lost: errors.New("connection lost")}
	}}
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: func() time.Time { return now }, MaxSkew: -1})
	must(err)
	defer func() { must(l.Close(ctx)) }()
	w, err := okpay.New(l, okpay.Config{
		PayoutProviders: map[string]rails.PayoutProvider{"bank": bank},
		FinalityWindows: map[string]time.Duration{"bank": 48 * time.Hour},
		Withdrawals:     okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 10_000}},
	})
	must(err)
	_, err = w.Customers.Create(ctx, okpay.CreateCustomer{ID: "alice"})
	must(err)
	_, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "alice", Amount: cny(10_000)})
	must(err)
	to, err := w.Destinations.Save(ctx, okpay.SaveDestination{Customer: "alice", Type: "bank", Holder: "Alice", Details: "6222020200112233"})
	must(err)
	_, err = w.Destinations.Verify(ctx, okpay.VerifyDestination{Destination: to.ID, By: "ops1"})
	must(err)
	wd, err := w.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "alice", Amount: cny(5_000), Destination: to.ID})
	must(err)

	for range 2 { // the order, and a question after the window
		_, err = w.Work(ctx)
		must(err)
		now = now.Add(49 * time.Hour)
	}
	wd, err = w.Withdrawals.Get(ctx, wd.ID)
	must(err)
	fmt.Println(wd.State)
	waiting, _, err := w.Exceptions.List(ctx, okpay.ExceptionQuery{})
	must(err)
	fmt.Println(waiting[0].Kind)

	wd, err = w.Withdrawals.ProviderSays(ctx, okpay.ProviderEvent{
		Provider: "bank", EventID: "ops1-phone-call", Key: string(wd.ID), Status: rails.PayoutFailed, Code: "provider_rejected",
	})
	must(err)
	_, err = w.Exceptions.Resolve(ctx, okpay.ResolveException{Exception: waiting[0].ID, Reason: "never_arrived", By: "ops1"})
	must(err)
	balances, err := w.Customers.Balances(ctx, "alice")
	must(err)
	fmt.Println(wd.State, balances[0].Available)
	// Output:
	// unknown
	// not_found_after_window
	// failed 100.00 CNY
}
