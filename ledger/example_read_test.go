package ledger_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// openBooks opens a ledger whose clock shows noon of a day of March 2026, and moves it.
func openBooks(ctx context.Context) (l *ledger.Ledger, day func(int)) {
	var now time.Time
	day = func(n int) { now = time.Date(2026, time.March, n, 12, 0, 0, 0, time.UTC) }
	day(1)
	ids := 0
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{
		Chart: ledger.Chart{{Name: "bank", Normal: ledger.Debit}, {Name: "customer:**"}, {Name: "fees"}},
		Now:   func() time.Time { return now }, MaxSkew: -1,
		NewID: func() string { ids++; return fmt.Sprintf("change-%d", ids) },
	})
	if err != nil {
		log.Fatal(err)
	}
	return l, day
}

func move(ctx context.Context, l *ledger.Ledger, debit, credit, amount string, t ledger.Transaction) int64 {
	t.Postings = []ledger.Posting{{Debit: debit, Credit: credit, Amount: yuan(amount)}}
	out, err := l.Commit(ctx, ledger.Change{Ops: []ledger.Op{t}})
	if err != nil {
		log.Fatal(err)
	}
	return out.First
}

// A deposit that the bank reports late is dated back. In the order of its date it stands
// where it counts, and the balances after it have it in them; nothing was rewritten.
func ExampleLedger_StatementByEffective() {
	ctx := context.Background()
	l, day := openBooks(ctx)
	defer l.Close(ctx)
	move(ctx, l, "bank", "customer:1", "100", ledger.Transaction{})
	day(5)
	move(ctx, l, "customer:1", "fees", "30", ledger.Transaction{})
	day(6)
	move(ctx, l, "bank", "customer:1", "7", ledger.Transaction{Effective: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)})

	customer := ledger.AccountKey{Name: "customer:1", Currency: "CNY"}
	page := ledger.EffectivePage{Limit: 2}
	for {
		got, err := l.StatementByEffective(ctx, customer, page)
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range got.Entries {
			fmt.Println(e.Effective.Format("Jan 2"), e.Amount, "balance", e.Balance)
		}
		if len(got.Entries) < page.Limit {
			break
		}
		page.After = got.Last
	}
	// Output:
	// Mar 1 100.00 CNY balance 100.00 CNY
	// Mar 2 7.00 CNY balance 107.00 CNY
	// Mar 5 -30.00 CNY balance 77.00 CNY
}

// A month's statement is what was recorded in it, here the latest first.
func ExamplePage() {
	ctx := context.Background()
	l, day := openBooks(ctx)
	defer l.Close(ctx)
	for _, n := range []int{1, 15, 31, 32} {
		day(n)
		move(ctx, l, "bank", "customer:1", "10", ledger.Transaction{})
	}
	entries, err := l.Statement(ctx, ledger.AccountKey{Name: "customer:1", Currency: "CNY"}, ledger.Page{
		From:  time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC),
		Until: time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC),
		Desc:  true, Limit: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entries {
		fmt.Println(e.Nth, e.Time.Format("Jan 2"), e.Balance)
	}
	// Output:
	// 3 Mar 31 30.00 CNY
	// 2 Mar 15 20.00 CNY
}

// Transactions are found by what they were given when they were posted, and come whole. Next
// goes on where a page ended, whatever is written meanwhile.
func ExampleLedger_Transactions() {
	ctx := context.Background()
	l, _ := openBooks(ctx)
	defer l.Close(ctx)
	for n, customer := range []string{"customer:1", "customer:2", "customer:1"} {
		move(ctx, l, "bank", customer, "10", ledger.Transaction{
			Reference: fmt.Sprintf("order-%d", n+1), Metadata: map[string]string{"shop": "12"},
		})
	}
	query := ledger.TransactionQuery{Prefix: "customer:", MetadataKey: "shop", MetadataValue: "12", Limit: 2}
	for {
		page, err := l.Transactions(ctx, query)
		if err != nil {
			log.Fatal(err)
		}
		for _, t := range page.Transactions {
			fmt.Println(t.No, t.Reference, t.Postings[0].Credit, t.Postings[0].Amount)
		}
		if page.Next == 0 {
			break
		}
		query.After = page.Next
	}
	// Output:
	// 1 order-1 customer:1 10.00 CNY
	// 2 order-2 customer:2 10.00 CNY
	// 3 order-3 customer:1 10.00 CNY
}

// A transaction tells what reversed it.
func ExampleLedger_FindTransaction() {
	ctx := context.Background()
	l, _ := openBooks(ctx)
	defer l.Close(ctx)
	no := move(ctx, l, "bank", "customer:1", "10", ledger.Transaction{Reference: "order-1"})
	if _, err := l.Commit(ctx, ledger.Change{Ops: []ledger.Op{ledger.Reverse{Transaction: no}}}); err != nil {
		log.Fatal(err)
	}
	t, err := l.FindTransaction(ctx, no)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Reference, "was reversed by", t.ReversedBy)
	// Output: order-1 was reversed by 2
}

// What all customers are owed, and what the bank holds for them.
func ExampleLedger_Totals() {
	ctx := context.Background()
	l, _ := openBooks(ctx)
	defer l.Close(ctx)
	move(ctx, l, "bank", "customer:1", "10", ledger.Transaction{})
	move(ctx, l, "bank", "customer:2", "5.50", ledger.Transaction{})
	for _, prefix := range []string{"customer:", "bank"} {
		totals, err := l.Totals(ctx, prefix)
		if err != nil {
			log.Fatal(err)
		}
		for _, t := range totals {
			fmt.Println(prefix, t.Accounts, "accounts", t.Posted, t.Currency, t.Normal)
		}
	}
	// Output:
	// customer: 2 accounts 15.5 CNY credit
	// bank 1 accounts 15.5 CNY debit
}

// An export is written page by page, and ends where the account ended when it began.
func ExampleLedger_ExportStatement() {
	ctx := context.Background()
	l, day := openBooks(ctx)
	defer l.Close(ctx)
	move(ctx, l, "bank", "customer:1", "10", ledger.Transaction{Reference: "order-1"})
	day(2)
	move(ctx, l, "customer:1", "fees", "0.30", ledger.Transaction{Metadata: map[string]string{"kind": "monthly"}})
	customer := ledger.AccountKey{Name: "customer:1", Currency: "CNY"}
	var file strings.Builder
	lines, err := l.ExportStatement(ctx, &file, ledger.CSV, customer, ledger.Page{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lines, "entries")
	fmt.Print(strings.ReplaceAll(file.String(), "\r\n", "\n"))
	// Output:
	// 2 entries
	// entry,posting,transaction,block,recorded,effective,amount,balance,currency,other,reference,hold,change,metadata
	// 1,1,1,1,2026-03-01T12:00:00.000000Z,2026-03-01T12:00:00.000000Z,10.00,10.00,CNY,bank,order-1,,change-1,
	// 2,2,2,2,2026-03-02T12:00:00.000000Z,2026-03-02T12:00:00.000000Z,-0.30,9.70,CNY,fees,,,change-2,"{""kind"":""monthly""}"
}

// Programs read JSON lines: one object on each, amounts as decimal strings.
func ExampleLedger_ExportTransactions() {
	ctx := context.Background()
	l, _ := openBooks(ctx)
	defer l.Close(ctx)
	move(ctx, l, "bank", "customer:1", "10", ledger.Transaction{Reference: "order-1"})
	if _, err := l.ExportTransactions(ctx, os.Stdout, ledger.JSONLines, ledger.TransactionQuery{Account: "bank"}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"transaction":1,"block":1,"recorded":"2026-03-01T12:00:00.000000Z","effective":"2026-03-01T12:00:00.000000Z","postings":[{"debit":"bank","credit":"customer:1","amount":"10.00","currency":"CNY"}],"reference":"order-1","change":"change-1"}
}
