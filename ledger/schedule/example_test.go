package schedule_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/schedule"
)

// Rent is paid on the last day of each month. A program calls Run in a goroutine; here a
// test clock moves, and Due does what has fallen due.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, time.January, 15, 12, 0, 0, 0, time.UTC)
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{
		Now:   func() time.Time { return now },
		Chart: ledger.Chart{{Name: "customer:*", Min: ledger.Limit(0)}, {Name: "landlord"}, {Name: "bank", Normal: ledger.Debit}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	cny := money.MustISO("CNY")
	transfer := func(debit, credit string, minor int64) ledger.Op {
		return ledger.Transaction{Postings: []ledger.Posting{{Debit: debit, Credit: credit, Amount: money.New(minor, cny)}}}
	}
	if _, err := l.Commit(ctx, ledger.Change{ID: "deposit", Ops: []ledger.Op{transfer("bank", "customer:7", 250_000)}}); err != nil {
		log.Fatal(err)
	}

	s := schedule.New(l, schedule.Config{})
	_, err = s.Put(ctx, schedule.Plan{
		ID: "rent:7", At: time.Date(2026, time.January, 31, 9, 0, 0, 0, time.UTC), Months: 1,
		Labels: []string{"customer:7"},
		Ops:    []ledger.Op{transfer("customer:7", "landlord", 120_000)},
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		now = now.AddDate(0, 1, 0)
		n, err := s.Due(ctx)
		if err != nil {
			log.Fatal(err)
		}
		rent, err := s.Get(ctx, "rent:7")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(n, " run, next on ", rent.Next.Format(time.DateOnly))
		if refusal := rent.Last.Refusal; refusal != nil {
			fmt.Print(", refused: ", refusal.Reason, ", short by ", money.New(refusal.Short, cny))
		}
		fmt.Println()
	}
	rent, err := s.Cancel(ctx, "rent:7")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rent.State)
	// Output:
	// 1 run, next on 2026-02-28
	// 1 run, next on 2026-03-31
	// 1 run, next on 2026-04-30, refused: insufficient_funds, short by 1100.00 CNY
	// canceled
}

// A plan may be part of a verb of the caller's: the order and its instalments happen
// together.
func ExampleScheduler_Add() {
	ctx := context.Background()
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	s := schedule.New(l, schedule.Config{})
	_, err = l.Do(ctx, "order:4711", nil, func(d *ledger.Draft) error {
		d.Put(ledger.Put{Type: "order", ID: "4711", Content: []byte(`{"state":"open"}`)})
		return s.Add(d, schedule.Plan{
			ID: "order:4711", At: d.Now().AddDate(0, 1, 0), Months: 1, Times: 6,
			Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
				{Debit: "customer:1", Credit: "shop", Amount: money.New(1995, money.MustISO("CNY"))},
			}}},
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	s.Wake()
	pending, err := s.List(ctx, schedule.Query{State: schedule.Pending})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(pending), pending[0].ID, pending[0].Times)
	// Output: 1 order:4711 6
}
