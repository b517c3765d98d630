package okpay_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func TestASettlementThatIsKnownWithoutAStatement(t *testing.T) {
	usd := func(minor int64) money.Amount { return money.New(minor, money.MustISO("USD")) }
	for name, c := range map[string]struct {
		in    okpay.Settle
		code  okpay.Code
		field string
		limit *money.Amount
		way   string
		moved map[string]int64
	}{
		"what is owed to a provider leaves": {
			in: okpay.Settle{Provider: "bankA", Amount: cny(50_000), Cost: cny(150)}, way: "out",
			moved: map[string]int64{"clearing:bankA": -50_000, "bank:nostro": 50_150, "expense:provider": -150},
		},
		"a part of it": {
			in: okpay.Settle{Provider: "bankA", Amount: cny(1)}, way: "out",
			moved: map[string]int64{"clearing:bankA": -1, "bank:nostro": 1},
		},
		"what a source owes comes": {
			in: okpay.Settle{Provider: "psp", Amount: cny(700), Cost: cny(7)}, way: "in",
			moved: map[string]int64{"clearing:psp": 700, "bank:nostro": -693, "expense:provider": -7},
		},
		"more than is owed":             {in: okpay.Settle{Provider: "bankA", Amount: cny(50_001)}, code: okpay.InvalidState, field: "amount", limit: yuan(50_000)},
		"what is only held is not owed": {in: okpay.Settle{Provider: "bankA", Amount: cny(60_000)}, code: okpay.InvalidState, field: "amount", limit: yuan(50_000)},
		"nothing is owed":               {in: okpay.Settle{Provider: "bankB", Amount: cny(1)}, code: okpay.InvalidState, field: "amount", limit: yuan(0)},
		"another currency":              {in: okpay.Settle{Provider: "bankA", Amount: usd(1)}, code: okpay.InvalidState, field: "amount", limit: func() *money.Amount { a := usd(0); return &a }()},
		"no provider":                   {in: okpay.Settle{Amount: cny(1)}, code: okpay.InvalidRequest, field: "provider"},
		"no amount":                     {in: okpay.Settle{Provider: "bankA"}, code: okpay.InvalidRequest, field: "amount"},
		"zero":                          {in: okpay.Settle{Provider: "bankA", Amount: cny(0)}, code: okpay.AmountNotPositive, field: "amount"},
		"a negative cost":               {in: okpay.Settle{Provider: "bankA", Amount: cny(1), Cost: cny(-1)}, code: okpay.InvalidRequest, field: "cost"},
		"a cost in another currency":    {in: okpay.Settle{Provider: "bankA", Amount: cny(1), Cost: usd(1)}, code: okpay.InvalidRequest, field: "cost"},
	} {
		t.Run(name, func(t *testing.T) {
			b := startBooks(t, toTheSource)
			b.refundIn(okpay.RefundPendingProvider)
			_, err := b.Reconciliation.Settle(t.Context(), okpay.Settle{Provider: "bankA", Amount: cny(1_000)}) // what paid for it
			require.NoError(t, err)
			b.reach(okpay.WithdrawalPaid, 50_000)
			b.reach(okpay.WithdrawalSubmitted, 20_000)
			b.fund("user:payer:available", 1)
			top, err := b.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: b.customer, Amount: cny(700), Source: "psp"})
			require.NoError(t, err)
			_, err = b.TopUps.SourceSays(t.Context(), okpay.SourceEvent{Source: "psp", EventID: "1", TopUp: top.ID, Status: "succeeded"})
			require.NoError(t, err)
			before, last := b.balancesOf("CNY"), b.last()
			c.in.Key = "k"
			got, err := b.Reconciliation.Settle(t.Context(), c.in)
			types, _ := b.since(last)
			if c.code != "" {
				e := refusedAs(t, err, c.code)
				assert.Equal(t, c.field, e.Field)
				assert.Equal(t, c.limit, e.Limit)
				assert.Empty(t, types)
				assert.Equal(t, before, b.balancesOf("CNY"))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{matched}, types)
			assert.Equal(t, c.way, got.Direction)
			assert.Equal(t, c.in.Amount, got.Amount)
			assert.Equal(t, c.moved, b.moved(b.copyOf(before)))

			again, err := b.Reconciliation.Settle(t.Context(), c.in)
			require.NoError(t, err)
			assert.True(t, again.Replayed)
			again.Replayed = false
			assert.Equal(t, got, again)
			assert.Equal(t, c.moved, b.moved(b.copyOf(before)))
			c.in.Cost = cny(9)
			_, err = b.Reconciliation.Settle(t.Context(), c.in)
			refusedAs(t, err, okpay.IdempotencyKeyReused)
			b.verify()
		})
	}
}

func TestSettlementsThatRaceNeverSettleMoreThanIsOwed(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	b.reach(okpay.WithdrawalPaid, 10_000)
	b.reach(okpay.WithdrawalSubmitted, 10_000)
	var running sync.WaitGroup
	errs := make([]error, 64)
	start := make(chan struct{})
	for i := range errs {
		running.Go(func() {
			<-start
			_, errs[i] = b.Reconciliation.Settle(t.Context(), okpay.Settle{Provider: "bankA", Amount: cny(3_000)})
		})
	}
	close(start)
	running.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		refusedAs(t, err, okpay.InvalidState)
	}
	assert.Equal(t, 3, done)
	assert.Equal(t, int64(1_000), b.balancesOf("CNY")["clearing:bankA"])
	b.verify()
}

func ExampleReconciliations_Import() {
	ctx := context.Background()
	w, closeLedger := openWallet(okpay.Config{})
	defer closeLedger()
	_, err := w.Customers.Create(ctx, okpay.CreateCustomer{ID: "alice", Name: "Alice"})
	if err != nil {
		log.Fatal(err)
	}
	top, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "alice", Amount: cny(10_000)})
	if err != nil {
		log.Fatal(err)
	}

	file := "direction,amount,currency,reference,cost\n" +
		"in,100.00,CNY," + string(top.ID) + ",0.30\n" +
		"in,7.50,CNY,unheard-of,0.00\n"
	report, err := w.Reconciliation.Import(ctx, okpay.ImportStatement{
		Provider: "simulated", Name: "today.csv", Format: rails.CSV, File: strings.NewReader(file),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("rows", report.Rows, "matched", report.Matched, "missing here", report.MissingHere)

	// What is not understood waits for a person.
	open, _, err := w.Exceptions.List(ctx, okpay.ExceptionQuery{})
	if err != nil {
		log.Fatal(err)
	}
	e, err := w.Exceptions.Resolve(ctx, okpay.ResolveException{
		Exception: open[0].ID, Disposition: okpay.CreditCustomer, Customer: "alice", Reason: "payer_called", By: "ops1",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Kind, e.Amount, e.State)
	// Output:
	// rows 2 matched 1 missing here 1
	// missing_here 7.50 CNY resolved
}
