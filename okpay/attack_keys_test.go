package okpay_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// keyed is a verb with a key: made twice it is the same, made with another body it is not.
type keyed struct {
	name  string
	same  func(key string) (replayed bool, err error)
	other func(key string) error
}

func TestEveryKeyIsGoodForOneRequest(t *testing.T) {
	ctx := t.Context()
	k := startDesk(t, okpay.Config{Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
		if c.Operation == okpay.OnTransfer && c.Amount == cny(77) {
			return okpay.Assessment{Verdict: okpay.Review}, nil
		}
		return okpay.Assessment{}, nil
	}}, 1_000_000, 1_000_000)
	_, err := k.Customers.Create(ctx, okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	pay := func() okpay.PaymentID { return k.paid(1000).ID }
	held := func() okpay.PaymentID {
		p, err := k.confirm(k.create(cny(1000), okpay.CaptureManual).ID)
		require.NoError(t, err)
		return p.ID
	}
	review := func() okpay.TransferID {
		x, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", To: "bob", Amount: cny(77)})
		require.NoError(t, err)
		return x.ID
	}
	waiting := func() okpay.TransferID {
		x, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: "nobody@example.com", Amount: cny(5)})
		require.NoError(t, err)
		return x.ID
	}
	withdrawal := func() okpay.WithdrawalID {
		x, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(10), Destination: k.to})
		require.NoError(t, err)
		return x.ID
	}
	dispute := func() okpay.DisputeID {
		y, err := k.Disputes.Open(ctx, okpay.OpenDispute{Customer: "payer", Payment: pay(), Kind: okpay.Unauthorized})
		require.NoError(t, err)
		return y.ID
	}
	quote := func() okpay.QuoteID {
		q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: decimal.New(14, -2), Rate: decimal.New(13, -2)})
		require.NoError(t, err)
		return q.ID
	}
	p1, p2 := pay(), pay()
	h1, h2, h3, h4 := held(), held(), held(), held()
	r1, r2, x1, x2 := review(), review(), waiting(), waiting()
	w1, w2, w3, w4 := withdrawal(), withdrawal(), withdrawal(), withdrawal()
	y1, y2, y3, y4 := dispute(), dispute(), dispute(), dispute()
	q1, q2 := quote(), quote()
	forDispute, forDispute2 := pay(), pay()

	for _, v := range []keyed{
		{"payment.create", func(key string) (bool, error) {
			p, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: cny(1), Key: key})
			return p.Replayed, err
		}, func(key string) error {
			_, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: cny(1), Metadata: map[string]string{"a": "b"}, Key: key})
			return err
		}},
		{"payment.capture", func(key string) (bool, error) {
			p, err := k.Payments.Capture(ctx, okpay.CapturePayment{Merchant: "shop", Payment: h1, Amount: cny(1), Key: key})
			return p.Replayed, err
		}, func(key string) error {
			_, err := k.Payments.Capture(ctx, okpay.CapturePayment{Merchant: "shop", Payment: h1, Amount: cny(1), Final: true, Key: key})
			return err
		}},
		{"payment.cancel", func(key string) (bool, error) {
			p, err := k.Payments.Cancel(ctx, okpay.CancelPayment{Merchant: "shop", Payment: h2, Key: key})
			return p.Replayed, err
		}, func(key string) error {
			_, err := k.Payments.Cancel(ctx, okpay.CancelPayment{Merchant: "shop", Payment: h3, Key: key})
			return err
		}},
		{"payment.confirm", func(key string) (bool, error) {
			p, err := k.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: h4, Customer: "payer", Key: key})
			assert.ErrorIs(t, err, okpay.InvalidState)
			return p.Replayed, nil
		}, nil},
		{"refund.create", func(key string) (bool, error) {
			r, err := k.Payments.Refund(ctx, okpay.CreateRefund{Merchant: "shop", Payment: p1, Amount: cny(1), Key: key})
			return r.Replayed, err
		}, func(key string) error {
			_, err := k.Payments.Refund(ctx, okpay.CreateRefund{Merchant: "shop", Payment: p2, Amount: cny(1), Key: key})
			return err
		}},
		{"transfer.create", func(key string) (bool, error) {
			x, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", To: "bob", Amount: cny(3), Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", To: "bob", Amount: cny(3), ExpiresIn: time.Hour, Key: key})
			return err
		}},
		{"transfer.cancel", func(key string) (bool, error) {
			x, err := k.Transfers.Cancel(ctx, okpay.CancelTransfer{Customer: "payer", Transfer: x1, Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Transfers.Cancel(ctx, okpay.CancelTransfer{Customer: "payer", Transfer: x2, Key: key})
			return err
		}},
		{"transfer.approve", func(key string) (bool, error) {
			x, err := k.Transfers.Approve(ctx, okpay.ReviewTransfer{Transfer: r1, By: "ops1", Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Transfers.Approve(ctx, okpay.ReviewTransfer{Transfer: r2, By: "ops1", Key: key})
			return err
		}},
		{"topup.create", func(key string) (bool, error) {
			x, err := k.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "payer", Amount: cny(9), Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "payer", Amount: money.New(9, money.MustISO("USD")), Key: key})
			return err
		}},
		{"withdrawal.request", func(key string) (bool, error) {
			x, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(9), Destination: k.to, Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(9), Destination: k.tom, Key: key})
			return err
		}},
		{"withdrawal.approve", func(key string) (bool, error) {
			x, err := k.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: w1, By: "ops1", Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: w2, By: "ops1", Key: key})
			return err
		}},
		{"withdrawal.reject", func(key string) (bool, error) {
			x, err := k.Withdrawals.Reject(ctx, okpay.RejectWithdrawal{Withdrawal: w3, By: "ops1", Reason: "a", Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Withdrawals.Reject(ctx, okpay.RejectWithdrawal{Withdrawal: w3, By: "ops1", Reason: "b", Key: key})
			return err
		}},
		{"withdrawal.cancel", func(key string) (bool, error) {
			x, err := k.Withdrawals.Cancel(ctx, okpay.CancelWithdrawal{Customer: "payer", Withdrawal: w2, Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Withdrawals.Cancel(ctx, okpay.CancelWithdrawal{Customer: "payer", Withdrawal: w4, Key: key})
			return err
		}},
		{"payout.request", func(key string) (bool, error) {
			x, err := k.Payouts.Request(ctx, okpay.RequestPayout{Merchant: "shop", Amount: cny(9), Destination: k.tom, Key: key})
			return x.Replayed, err
		}, func(key string) error {
			_, err := k.Payouts.Request(ctx, okpay.RequestPayout{Merchant: "shop", Amount: cny(8), Destination: k.tom, Key: key})
			return err
		}},
		{"dispute.open", func(key string) (bool, error) {
			y, err := k.Disputes.Open(ctx, okpay.OpenDispute{Customer: "payer", Payment: forDispute, Kind: okpay.Unauthorized, Key: key})
			return y.Replayed, err
		}, func(key string) error {
			_, err := k.Disputes.Open(ctx, okpay.OpenDispute{Customer: "payer", Payment: forDispute2, Kind: okpay.Unauthorized, Key: key})
			return err
		}},
		{"dispute.provisional_credit", func(key string) (bool, error) {
			y, err := k.Disputes.CreditProvisionally(ctx, okpay.DecideDispute{Dispute: y1, By: "ops1", Key: key})
			return y.Replayed, err
		}, func(key string) error {
			_, err := k.Disputes.CreditProvisionally(ctx, okpay.DecideDispute{Dispute: y2, By: "ops1", Key: key})
			return err
		}},
		{"dispute.resolve", func(key string) (bool, error) {
			y, err := k.Disputes.ResolveForPayer(ctx, okpay.DecideDispute{Dispute: y3, By: "ops1", Key: key})
			return y.Replayed, err
		}, func(key string) error {
			_, err := k.Disputes.ResolveForPayer(ctx, okpay.DecideDispute{Dispute: y4, By: "ops1", Key: key})
			return err
		}},
		{"dispute.withdraw", func(key string) (bool, error) {
			y, err := k.Disputes.Withdraw(ctx, okpay.WithdrawDispute{Customer: "payer", Dispute: y2, Key: key})
			return y.Replayed, err
		}, func(key string) error {
			_, err := k.Disputes.Withdraw(ctx, okpay.WithdrawDispute{Customer: "payer", Dispute: y4, Key: key})
			return err
		}},
		{"quote.create", func(key string) (bool, error) {
			q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: decimal.New(14, -2), Rate: decimal.New(13, -2), Key: key})
			return q.Replayed, err
		}, func(key string) error {
			_, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: decimal.New(14, -2), Rate: decimal.New(12, -2), Key: key})
			return err
		}},
		{"convert", func(key string) (bool, error) {
			c, err := k.Quotes.Convert(ctx, okpay.Convert{Customer: "payer", Quote: q1, Amount: cny(100), Key: key})
			return c.Replayed, err
		}, func(key string) error {
			_, err := k.Quotes.Convert(ctx, okpay.Convert{Customer: "payer", Quote: q2, Amount: cny(100), Key: key})
			return err
		}},
		{"account.lock", func(key string) (bool, error) {
			g, err := k.Customers.Lock(ctx, okpay.MoveGate{Customer: "bob", Key: key})
			return g.Replayed, err
		}, func(key string) error {
			_, err := k.Customers.Lock(ctx, okpay.MoveGate{Customer: "payer", Key: key})
			return err
		}},
		{"account.unlock", func(key string) (bool, error) {
			g, err := k.Customers.Unlock(ctx, okpay.MoveGate{Customer: "bob", Key: key})
			return g.Replayed, err
		}, func(key string) error {
			_, err := k.Customers.Unlock(ctx, okpay.MoveGate{Customer: "payer", Key: key})
			return err
		}},
	} {
		t.Run(v.name, func(t *testing.T) {
			const key = "one"
			replayed, err := v.same(key)
			require.NoError(t, err)
			require.False(t, replayed)
			before := k.last()
			for range 2 {
				if v.other == nil {
					break
				}
				refusedWith(t, v.other(key), okpay.IdempotencyKeyReused)
				again, err := v.same(key)
				require.NoError(t, err)
				assert.True(t, again)
			}
			assert.Equal(t, before, k.last(), "neither a repeat nor another body announces anything")
		})
	}
	k.verify()
}
