// Command withdraw takes money out of a wallet, from the question what is possible to the line
// on the bank's statement, with a provider that loses the connection on the way:
//
//	go run ./examples/withdraw
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "withdraw:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	cny := money.MustISO("CNY")
	// A bank that carries out the order and loses the connection before it can say so.
	bank := &rails.SimulatedPayouts{Behave: func(rails.Payout, int) rails.Behavior {
		return rails.Behavior{Becomes: rails.PayoutResult{Status: rails.PayoutPaid}, Unanswered: errors.New("connection lost")}
	}}
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	w, err := okpay.New(l, okpay.Config{
		PayoutProviders: map[string]rails.PayoutProvider{"bank": bank},
		Fees:            okpay.Fees{Withdrawal: okpay.Fee{Fixed: 200}},
		Limits:          []okpay.Limit{{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 1_000}, {On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 500_000}},
	})
	if err != nil {
		return err
	}
	customer, err := w.Customers.Create(ctx, okpay.CreateCustomer{Name: "A customer"})
	if err != nil {
		return err
	}
	if _, err = w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: customer.ID, Amount: money.New(100_000, cny)}); err != nil {
		return err
	}

	// Before the form: what is possible?
	may, err := w.Withdrawals.Conditions(ctx, customer.ID, "CNY")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "at least %s, now up to %s, fee %s\n", may.Minimum, may.Withdrawable, money.New(may.Fee.Fixed, cny))

	// Where to, once and for all. An operator, or Config.VerifyDestination, says that it is theirs.
	to, err := w.Destinations.Save(ctx, okpay.SaveDestination{Customer: customer.ID, Type: "bank", Holder: "A customer", Details: "6222 0000 1111 2222"})
	if err != nil {
		return err
	}
	if _, err = w.Destinations.Verify(ctx, okpay.VerifyDestination{Destination: to.ID, By: "ops1"}); err != nil {
		return err
	}

	// Asked for, reviewed by somebody else, submitted in the background.
	x, err := w.Withdrawals.Request(ctx, okpay.RequestWithdrawal{
		Customer: customer.ID, Amount: money.New(50_000, cny), Destination: to.ID, Key: "click-1",
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s to %s: %s\n", x.Amount, to.Mask, x.State)
	if _, err = w.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: x.ID, By: "ops1"}); err != nil {
		return err
	}
	if x, err = w.Withdrawals.Submit(ctx, x.ID); err != nil { // Run does it
		return err
	}
	fmt.Fprintf(out, "submitted, and nobody answered: %s; the money is held\n", x.State)

	// Nothing is decided by waiting. The bank's statement tells, and settles it.
	statement := "direction,amount,currency,reference,cost\nout,500.00,CNY," + string(x.ID) + ",1.50\n"
	report, err := w.Reconciliation.Import(ctx, okpay.ImportStatement{
		Provider: "bank", Name: "monday", Format: rails.CSV, File: strings.NewReader(statement), Through: time.Now(),
	})
	if err != nil {
		return err
	}
	if x, err = w.Withdrawals.Get(ctx, x.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "statement: %d row, %d matched; the withdrawal is %s\n", report.Rows, report.Matched, x.State)
	for _, step := range x.History {
		fmt.Fprintln(out, "  was", step.State)
	}
	messages, err := w.Customers.Messages(ctx, customer.ID, "", 0)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the customer was told", len(messages), "times, last:", messages[0].Template)

	balances, err := w.Customers.Balances(ctx, customer.ID)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "left:", balances[0].Available)
	problems, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	return problems.Err()
}
