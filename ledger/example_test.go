package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

// openShop opens a ledger in memory in which customers can not spend more than they have.
func openShop(ctx context.Context) *ledger.Ledger {
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: ledger.Chart{
		{Name: "bank", Normal: ledger.Debit},
		{Name: "customer:*", Min: ledger.Limit(0)},
		{Name: "shop:*"},
		{Name: "fees"},
	}})
	if err != nil {
		log.Fatal(err)
	}
	return l
}

func yuan(s string) money.Amount {
	a, err := money.Parse(s, money.MustISO("CNY"))
	if err != nil {
		log.Fatal(err)
	}
	return a
}

func show(ctx context.Context, l *ledger.Ledger, accounts ...string) {
	for _, name := range accounts {
		b, err := l.Balance(ctx, ledger.AccountKey{Name: name, Currency: "CNY"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s, %s available\n", name, b.Posted, b.Available)
	}
}

// deposit gives a customer money.
func deposit(ctx context.Context, l *ledger.Ledger, customer string, amount money.Amount) {
	_, err := l.Commit(ctx, ledger.Change{ID: "deposit:" + customer, Ops: []ledger.Op{
		ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank", Credit: customer, Amount: amount}}},
	}})
	if err != nil {
		log.Fatal(err)
	}
}

// Money moves by postings, each from a debit account to a credit account. The postings of
// one transaction are made together or not at all.
func ExampleLedger_Commit() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))

	out, err := l.Commit(ctx, ledger.Change{ID: "order-4711", Ops: []ledger.Op{
		ledger.Transaction{
			Postings: []ledger.Posting{
				{Debit: "customer:1", Credit: "shop:7", Amount: yuan("19.95")},
				{Debit: "shop:7", Credit: "fees", Amount: yuan("0.20")},
			},
			Reference: "order-4711",
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("block", out.Seq, "transaction", out.First)
	show(ctx, l, "customer:1", "shop:7", "fees")
	// Output:
	// block 2 transaction 2
	// customer:1: 30.05 CNY, 30.05 CNY available
	// shop:7: 19.75 CNY, 19.75 CNY available
	// fees: 0.20 CNY, 0.20 CNY available
}

// A hold reserves money now and is captured later: here less than was reserved, with a fee,
// and the rest released.
func ExampleHold() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))

	_, err := l.Commit(ctx, ledger.Change{ID: "authorize", Ops: []ledger.Op{
		ledger.Hold{
			ID:       "ride-1",
			Postings: []ledger.Posting{{Debit: "customer:1", Credit: "shop:7", Amount: yuan("30.00")}},
			Expires:  l.Now().AddDate(0, 0, 7),
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	show(ctx, l, "customer:1", "shop:7")

	_, err = l.Commit(ctx, ledger.Change{ID: "capture", Ops: []ledger.Op{
		ledger.Capture{
			Hold: "ride-1",
			Postings: []ledger.Posting{
				{Debit: "customer:1", Credit: "shop:7", Amount: yuan("21.50")},
				{Debit: "customer:1", Credit: "fees", Amount: yuan("1.00")},
			},
			Final: true,
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	show(ctx, l, "customer:1", "shop:7", "fees")
	// Output:
	// customer:1: 50.00 CNY, 20.00 CNY available
	// shop:7: 0.00 CNY, 0.00 CNY available
	// customer:1: 27.50 CNY, 27.50 CNY available
	// shop:7: 21.50 CNY, 21.50 CNY available
	// fees: 1.00 CNY, 1.00 CNY available
}

// Only the ledger knows that funds are short, and the payment has to record that it failed.
// So the Change says what to write in that case.
func ExampleElse() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("5.00"))

	out, err := l.Commit(ctx, ledger.Change{
		ID: "pay-1",
		Ops: []ledger.Op{ledger.Transaction{
			Postings: []ledger.Posting{{Debit: "customer:1", Credit: "shop:7", Amount: yuan("19.95")}},
		}},
		Puts:   []ledger.Put{{Type: "payment", ID: "p1", Content: []byte(`{"state":"paid"}`)}},
		Events: []ledger.Event{{Type: "payment.paid", Subject: "p1"}},
		Else: &ledger.Else{
			On: []ledger.Reason{ledger.InsufficientFunds},
			Change: ledger.Change{
				Puts:   []ledger.Put{{Type: "payment", ID: "p1", Content: []byte(`{"state":"failed"}`)}},
				Events: []ledger.Event{{Type: "payment.failed", Subject: "p1"}},
			},
		},
	})
	var refused *ledger.RefusedError
	if errors.As(err, &refused) {
		fmt.Println(refused.Reason, "short by", refused.Short, "minor units")
	}
	fmt.Println("recorded in block", out.Seq)
	payment, err := l.Record(ctx, "payment", "p1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(payment.Content))
	show(ctx, l, "customer:1")
	// Output:
	// insufficient_funds short by 1495 minor units
	// recorded in block 2
	// {"state":"failed"}
	// customer:1: 5.00 CNY, 5.00 CNY available
}

// A caller that does not know what became of its Change asks again with the same id. It is
// told the first outcome, and nothing happens twice.
func ExampleOutcome() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))

	pay := func(amount string) {
		out, err := l.Commit(ctx, ledger.Change{ID: "pay-1", Ops: []ledger.Op{ledger.Transaction{
			Postings: []ledger.Posting{{Debit: "customer:1", Credit: "shop:7", Amount: yuan(amount)}},
		}}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("block", out.Seq, "replayed:", out.Replayed)
	}
	pay("19.95")
	pay("19.95")
	pay("29.95")
	show(ctx, l, "customer:1")
	// Output:
	// block 2 replayed: false
	// block 2 replayed: true
	// ledger: id "pay-1" was used for another request: ops[0].postings[0].amount differs
	// customer:1: 30.05 CNY, 30.05 CNY available
}

// A verb reads, decides and writes down a Change. What it read, the Change relies on: had the
// record changed meanwhile, the verb would run again.
func ExampleLedger_Do() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)

	visit := func(id string) {
		_, err := l.Do(ctx, id, nil, func(d *ledger.Draft) error {
			card, err := d.Get("card", "customer-1")
			if err != nil && !errors.Is(err, ledger.ErrNotFound) {
				return err
			}
			d.Put(ledger.Put{Type: "card", ID: "customer-1", Content: append(card.Content, '*')})
			return nil
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	visit("monday")
	visit("tuesday")
	visit("tuesday") // a retry
	card, err := l.Record(ctx, "card", "customer-1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(card.Content), "version", card.Version)
	// Output: ** version 2
}

// Verify folds the journal again and holds every table against it. A hash that is kept
// outside the store also proves that the journal was not cut off or written anew.
func ExampleLedger_Verify() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))
	seq, _, hash, err := l.Head(ctx)
	if err != nil {
		log.Fatal(err)
	}
	kept := ledger.Checkpoint{Seq: seq, Hash: hash}
	deposit(ctx, l, "customer:2", yuan("20.00"))

	report, err := l.Verify(ctx, kept)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Seq, "blocks,", report.Postings, "postings,", report.Accounts, "accounts, problems:", report.Err())

	kept.Hash[0]++ // as if the block had been another one
	report, err = l.Verify(ctx, kept)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Err())
	// Output:
	// 2 blocks, 2 postings, 3 accounts, problems: <nil>
	// ledger: discrepancy; block 1: differs from the checkpoint
}

// A monitor announces when a customer's money runs low: once, and again when it runs low the
// next time.
func ExampleMonitor() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))

	threshold := int64(1000) // in minor units
	_, err := l.Commit(ctx, ledger.Change{ID: "watch", Ops: []ledger.Op{
		ledger.Monitor{ID: "low:1", Account: "customer:1", Currency: money.MustISO("CNY"), Below: &threshold},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, amount := range []string{"30.00", "15.00", "1.00"} {
		_, err := l.Commit(ctx, ledger.Change{ID: "pay:" + amount, Ops: []ledger.Op{
			ledger.Transaction{Postings: []ledger.Posting{{Debit: "customer:1", Credit: "shop:7", Amount: yuan(amount)}}},
		}})
		if err != nil {
			log.Fatal(err)
		}
	}
	events, err := l.Events(ctx, 0, 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range events {
		fmt.Println(e.Type, string(e.Payload))
	}
	// Output:
	// balance.crossed {"monitor":"low:1","account":"customer:1","on":"available","below":{"amount":"10.00","currency":"CNY"},"value":{"amount":"5.00","currency":"CNY"}}
}
