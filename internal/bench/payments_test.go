package bench

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// Who pays and who is paid in BenchmarkPayments.
const (
	payers = 1_000
	shops  = 100
)

// payment fee: 60 basis points, of an amount of 10.00.
var (
	paymentFee    = okpay.Fee{BasisPoints: 60}
	paymentAmount = money.New(1_000, currency)
)

// BenchmarkPayments is payments by the wallet (create, confirm, which authorizes, and capture, with a
// fee, events and records: three Changes) beside the bare posts of the same money on the
// same accounts: a hold, then its capture and the fee, which is two Changes. x-bare is how many times as long a
// payment takes.
func BenchmarkPayments(b *testing.B) {
	for _, p := range places {
		b.Run(p.name, func(b *testing.B) {
			for _, callers := range []int{64, 1_000} {
				var bare float64
				b.Run(fmt.Sprintf("bare/callers=%d", callers), func(b *testing.B) {
					l, _ := withMoney(b, p)
					bare = measureAs(b, "payments/s", callers, bareCapture(l))
				})
				b.Run(fmt.Sprintf("payments/callers=%d", callers), func(b *testing.B) {
					l, w := withMoney(b, p)
					before := blocks(b, l)
					rate := measureAs(b, "payments/s", callers, payAndCapture(w))
					b.ReportMetric(float64(b.N)/float64(blocks(b, l)-before), "payments/block")
					reportTimes(b, bare, rate, "x-bare")
				})
			}
		})
	}
}

// withMoney is a wallet whose customers have enough for everything.
func withMoney(b *testing.B, p place) (*ledger.Ledger, *okpay.Wallet) {
	l, _ := opened(b, p.make(b), ledger.Config{Chart: okpay.Chart()})
	w, err := okpay.New(l, okpay.Config{Fees: okpay.Fees{Payment: paymentFee}})
	require.NoError(b, err)
	for i := range shops {
		_, err := w.Merchants.Create(b.Context(), okpay.CreateMerchant{ID: shop(i), Name: "shop"})
		require.NoError(b, err)
	}
	enough := money.New(1_000_000_000_000, currency)
	for i := range payers {
		_, err := w.Customers.Create(b.Context(), okpay.CreateCustomer{ID: payer(i)})
		require.NoError(b, err)
		_, err = l.Commit(b.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
			{Debit: "bank:nostro", Credit: available("user", payer(i)), Amount: enough},
		}}}})
		require.NoError(b, err)
	}
	return l, w
}

func payer(n int) okpay.CustomerID { return okpay.CustomerID("c" + strconv.Itoa(n%payers)) }

func shop(n int) okpay.MerchantID { return okpay.MerchantID("m" + strconv.Itoa(n%shops)) }

func available[ID ~string](kind string, id ID) string { return kind + ":" + string(id) + ":available" }

func payAndCapture(w *okpay.Wallet) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		key := strconv.Itoa(n)
		p, err := w.Payments.Create(ctx, okpay.CreatePayment{
			Merchant: shop(n), Amount: paymentAmount, CaptureMethod: okpay.CaptureManual, Reference: "order-" + key, Key: key,
		})
		if err != nil {
			return err
		}
		if _, err = w.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: p.ID, Customer: payer(n * 7919), Key: key}); err != nil {
			return err
		}
		p, err = w.Payments.Capture(ctx, okpay.CapturePayment{Merchant: shop(n), Payment: p.ID, Key: key})
		if err == nil && p.State != okpay.PaymentCaptured {
			err = fmt.Errorf("payment %s is %s", p.ID, p.State)
		}
		return err
	}
}

func bareCapture(l *ledger.Ledger) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		id := ordered(n)
		from, to := available("user", payer(n*7919)), available("merchant", shop(n))
		posting := []ledger.Posting{{Debit: from, Credit: to, Amount: paymentAmount}}
		if _, err := l.Commit(ctx, ledger.Change{ID: "hold-" + id, Ops: []ledger.Op{ledger.Hold{ID: id, Postings: posting}}}); err != nil {
			return err
		}
		fee := []ledger.Posting{{Debit: to, Credit: "fees:payment", Amount: paymentFee.On(paymentAmount)}}
		_, err := l.Commit(ctx, ledger.Change{ID: "capture-" + id, Ops: []ledger.Op{
			ledger.Capture{Hold: id}, ledger.Transaction{Postings: fee},
		}})
		return err
	}
}
