package okpay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
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

func TestNobodyReachesWhatIsAnothers(t *testing.T) {
	ctx := t.Context()
	k := startDesk(t, okpay.Config{}, 100_000, 100_000)
	_, err := k.Customers.Create(ctx, okpay.CreateCustomer{ID: "mallory"})
	require.NoError(t, err)
	_, err = k.Merchants.Create(ctx, okpay.CreateMerchant{ID: "evil", Name: "Evil"})
	require.NoError(t, err)
	paid := k.paid(500).ID
	held, err := k.confirm(k.create(cny(500), okpay.CaptureManual).ID)
	require.NoError(t, err)
	hers := k.create(cny(5), okpay.CaptureAutomatic)
	meant, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: cny(5), Customer: "payer"})
	require.NoError(t, err)
	x, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: "nobody@example.com", Amount: cny(5)})
	require.NoError(t, err)
	wd, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(10), Destination: k.to})
	require.NoError(t, err)
	po, err := k.Payouts.Request(ctx, okpay.RequestPayout{Merchant: "shop", Amount: cny(10), Destination: k.tom})
	require.NoError(t, err)
	y, err := k.Disputes.Open(ctx, okpay.OpenDispute{Customer: "payer", Payment: paid, Kind: okpay.Unauthorized})
	require.NoError(t, err)
	q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Customer: "payer", Mid: decimal.New(14, -2), Rate: decimal.New(13, -2)})
	require.NoError(t, err)
	other := k.paid(7).ID
	r, err := k.refund(other, cny(1))
	require.NoError(t, err)
	before := k.last()
	_ = hers
	for name, act := range map[string]func() error{
		"capture": func() error {
			_, err := k.Payments.Capture(ctx, okpay.CapturePayment{Merchant: "evil", Payment: held.ID})
			return err
		},
		"cancel": func() error {
			_, err := k.Payments.Cancel(ctx, okpay.CancelPayment{Merchant: "evil", Payment: held.ID})
			return err
		},
		"refund": func() error {
			_, err := k.Payments.Refund(ctx, okpay.CreateRefund{Merchant: "evil", Payment: other, Amount: cny(1)})
			return err
		},
		"get a refund":  func() error { _, err := k.Payments.GetRefund(ctx, "evil", r.ID); return err },
		"get a payment": func() error { _, err := k.Payments.GetOwned(ctx, "evil", other); return err },
		"cancel a refund": func() error {
			_, err := k.Payments.CancelRefund(ctx, okpay.CancelRefund{Merchant: "evil", Refund: r.ID})
			return err
		},
		"confirm what is meant for another": func() error {
			_, err := k.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: meant.ID, Customer: "mallory"})
			return err
		},
		"authenticate": func() error {
			_, err := k.Payments.Authenticate(ctx, okpay.AuthenticatePayment{Payment: meant.ID, Customer: "mallory", Proof: "x"})
			return err
		},
		"report": func() error {
			_, err := k.Disputes.Open(ctx, okpay.OpenDispute{Customer: "mallory", Payment: other, Kind: okpay.Unauthorized})
			return err
		},
		"withdraw a report": func() error {
			_, err := k.Disputes.Withdraw(ctx, okpay.WithdrawDispute{Customer: "mallory", Dispute: y.ID})
			return err
		},
		"evidence of a customer": func() error {
			_, err := k.Disputes.AddEvidence(ctx, okpay.AddEvidence{Dispute: y.ID, From: okpay.PartyPayer, Customer: "mallory", Text: "x"})
			return err
		},
		"evidence of a merchant": func() error {
			_, err := k.Disputes.AddEvidence(ctx, okpay.AddEvidence{Dispute: y.ID, From: okpay.PartyMerchant, Merchant: "evil", Text: "x"})
			return err
		},
		"claim": func() error {
			_, err := k.Transfers.Claim(ctx, okpay.ClaimTransfer{Transfer: x.ID, Customer: "mallory"})
			return err
		},
		"cancel a transfer": func() error {
			_, err := k.Transfers.Cancel(ctx, okpay.CancelTransfer{Transfer: x.ID, Customer: "mallory"})
			return err
		},
		"cancel a withdrawal": func() error {
			_, err := k.Withdrawals.Cancel(ctx, okpay.CancelWithdrawal{Withdrawal: wd.ID, Customer: "mallory"})
			return err
		},
		"cancel a payout": func() error {
			_, err := k.Payouts.Cancel(ctx, okpay.CancelPayout{Payout: po.ID, Merchant: "evil"})
			return err
		},
		"remove a destination": func() error {
			_, err := k.Destinations.Remove(ctx, okpay.RemoveDestination{Customer: "mallory", Destination: k.to})
			return err
		},
		"convert another's quote": func() error {
			_, err := k.Quotes.Convert(ctx, okpay.Convert{Customer: "mallory", Quote: q.ID, Amount: cny(1)})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { refusedWith(t, act(), okpay.NotFound) })
	}
	_, err = k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "mallory", Amount: cny(10), Destination: k.to})
	refusedWith(t, err, okpay.DestinationInvalid)
	assert.Equal(t, before, k.last(), "nothing was announced")
}

func TestAmountsThatAreNone(t *testing.T) {
	ctx := t.Context()
	k := startDesk(t, okpay.Config{Fees: okpay.Fees{
		Payment: okpay.Fee{BasisPoints: 60, Fixed: 1}, Transfer: okpay.Fee{BasisPoints: 60, Fixed: 1}, Withdrawal: okpay.Fee{BasisPoints: 60, Fixed: 1}, Payout: okpay.Fee{Fixed: math.MaxInt64},
	}, Withdrawals: okpay.OutgoingConfig{MinRemaining: okpay.Amounts{"CNY": math.MaxInt64}}}, 1000, 1000)
	_, err := k.Customers.Create(ctx, okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	held, err := k.confirm(k.create(cny(500), okpay.CaptureManual).ID)
	require.NoError(t, err)
	paid := k.paid(100).ID
	q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "KWD", Mid: decimal.New(14, 2), Rate: decimal.New(13, 2)})
	require.NoError(t, err)
	cny3, err := money.NewCurrency("CNY", 3)
	require.NoError(t, err)
	xxx, err := money.NewCurrency("XYZ", 2)
	require.NoError(t, err)
	verbs := map[string]func(money.Amount) error{
		"payment": func(a money.Amount) error {
			_, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: a})
			return err
		},
		"capture": func(a money.Amount) error {
			_, err := k.Payments.Capture(ctx, okpay.CapturePayment{Merchant: "shop", Payment: held.ID, Amount: a})
			return err
		},
		"refund": func(a money.Amount) error {
			_, err := k.Payments.Refund(ctx, okpay.CreateRefund{Merchant: "shop", Payment: paid, Amount: a})
			return err
		},
		"transfer": func(a money.Amount) error {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", To: "bob", Amount: a})
			return err
		},
		"topup": func(a money.Amount) error {
			_, err := k.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "bob", Amount: a})
			return err
		},
		"withdrawal": func(a money.Amount) error {
			_, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: a, Destination: k.to})
			return err
		},
		"payout": func(a money.Amount) error {
			_, err := k.Payouts.Request(ctx, okpay.RequestPayout{Merchant: "shop", Amount: a, Destination: k.tom})
			return err
		},
		"convert": func(a money.Amount) error {
			_, err := k.Quotes.Convert(ctx, okpay.Convert{Customer: "payer", Quote: q.ID, Amount: a})
			return err
		},
	}
	for name, do := range verbs {
		t.Run(name, func(t *testing.T) {
			before := k.last()
			for what, a := range map[string]struct {
				amount money.Amount
				code   okpay.Code
			}{
				"zero":          {cny(0), okpay.AmountNotPositive},
				"negative":      {cny(-1), okpay.AmountNotPositive},
				"smallest":      {cny(math.MinInt64), okpay.AmountNotPositive},
				"another scale": {money.New(1, cny3), okpay.CurrencyNotSupported},
				"no currency":   {money.New(1, xxx), okpay.CurrencyNotSupported},
			} {
				t.Run(what, func(t *testing.T) { refusedWith(t, do(a.amount), a.code) })
			}
			assert.Equal(t, before, k.last())
			if name == "topup" {
				return
			}
			err := do(cny(math.MaxInt64))
			var e *okpay.Error
			require.ErrorAs(t, err, &e, "the largest amount is refused, and nothing overflows: %v", err)
			assert.NotEqual(t, okpay.InternalError, e.Code)
		})
	}
	t.Run("the largest top-up, twice", func(t *testing.T) {
		require.NoError(t, verbs["topup"](cny(math.MaxInt64)))
		refusedWith(t, verbs["topup"](cny(math.MaxInt64)), okpay.LimitExceededTransaction)
	})
	k.verify()
}

// leaves are the events of money that leaves a customer's account by a decision of theirs.
var leaves = map[string]bool{
	"payment.authorized": true, "payment.processing": true, "transfer.created": true, "withdrawal.requested": true, "fx.converted": true,
	"withdrawal.submitting": true,
}

func TestNothingLeavesAfterALock(t *testing.T) {
	ctx := t.Context()
	for round := range 6 {
		k := startDesk(t, okpay.Config{}, 1_000_000, 0)
		_, err := k.Customers.Create(ctx, okpay.CreateCustomer{ID: "bob"})
		require.NoError(t, err)
		var quotes []okpay.QuoteID
		var approved []okpay.WithdrawalID
		for range 6 {
			q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: decimal.New(14, -2), Rate: decimal.New(13, -2)})
			require.NoError(t, err)
			quotes = append(quotes, q.ID)
			wd, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(10), Destination: k.to})
			require.NoError(t, err)
			_, err = k.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: wd.ID, By: "ops1"})
			require.NoError(t, err)
			approved = append(approved, wd.ID)
		}
		begin := make(chan struct{})
		ended := make(chan struct{}, 36) // an item for each that was answered
		var running sync.WaitGroup
		try := func(fn func(i int) error) {
			for i := range 6 {
				running.Go(func() {
					<-begin
					err := fn(i)
					ended <- struct{}{}
					var e *okpay.Error
					if err != nil && assert.ErrorAs(t, err, &e) {
						assert.Contains(t, []okpay.Code{okpay.AccountLocked}, e.Code)
					}
				})
			}
		}
		try(func(int) error {
			_, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(1)})
			return err
		})
		try(func(int) error {
			_, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(1), Methods: []okpay.PaymentMethod{okpay.FromSource("simulated")}})
			return err
		})
		try(func(int) error {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", To: "bob", Amount: cny(1)})
			return err
		})
		try(func(int) error {
			_, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(1), Destination: k.to})
			return err
		})
		try(func(i int) error {
			_, err := k.Quotes.Convert(ctx, okpay.Convert{Customer: "payer", Quote: quotes[i], Amount: cny(100)})
			return err
		})
		try(func(i int) error {
			_, err := k.Withdrawals.Submit(ctx, approved[i])
			return err
		})
		var lockErr error
		running.Go(func() {
			<-begin
			for range 3 * round { // so many come first, at least
				<-ended
			}
			_, lockErr = k.Customers.Lock(ctx, okpay.MoveGate{Customer: "payer"})
		})
		close(begin)
		running.Wait()
		require.NoError(t, lockErr)
		locked := false
		events, _, err := k.Events(ctx, 0, 1000)
		require.NoError(t, err)
		for _, e := range events {
			locked = locked || e.Type == "account.locked"
			assert.False(t, locked && leaves[e.Type], "%s after the lock", e.Type)
		}
		k.verify()
	}
}

func TestSixtyFourAtOnceNeverPassALimit(t *testing.T) {
	ctx := t.Context()
	limits := []okpay.Limit{}
	for _, on := range []okpay.Operation{okpay.OnPayment, okpay.OnTransfer, okpay.OnWithdrawal, okpay.OnTopUp, okpay.OnConversion} {
		limits = append(limits, okpay.Limit{On: on, Per: okpay.Daily, Max: 1000}, okpay.Limit{On: on, Per: okpay.Hourly, Count: 8})
	}
	k := startDesk(t, okpay.Config{Limits: limits}, 1_000_000, 0)
	_, err := k.Customers.Create(ctx, okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	for name, do := range map[string]func() error{
		"payment": func() error {
			_, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(150)})
			return err
		},
		"transfer": func() error {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", To: "bob", Amount: cny(150)})
			return err
		},
		"withdrawal": func() error {
			_, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(150), Destination: k.to})
			return err
		},
		"topup": func() error {
			_, err := k.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "payer", Amount: cny(150)})
			return err
		},
		"conversion": func() error {
			q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: decimal.New(14, -2), Rate: decimal.New(13, -2)})
			if err != nil {
				return err
			}
			_, err = k.Quotes.Convert(ctx, okpay.Convert{Customer: "payer", Quote: q.ID, Amount: cny(150)})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var (
				mu      sync.Mutex
				done    int
				running sync.WaitGroup
			)
			for range 64 {
				running.Go(func() {
					err := do()
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						done++
						return
					}
					assert.Equal(t, okpay.LimitExceededDaily, okpay.CodeOf(err), "%v", err)
				})
			}
			running.Wait()
			assert.Equal(t, 6, done, "six of 150 are 900, seven would be more than 1,000")
		})
	}
	k.verify()
}

// brokenOutside panics, hangs or talks nonsense.
type brokenOutside struct{ how func(context.Context) }

func (b brokenOutside) Collect(ctx context.Context, _ rails.Collection) (rails.Outcome, error) {
	b.how(ctx)
	return rails.Outcome(200), nil
}

func (b brokenOutside) Submit(ctx context.Context, _ rails.Payout) (rails.PayoutResult, error) {
	b.how(ctx)
	return rails.PayoutResult{Status: 200, Code: strings.Repeat("x", 10_000), Reference: strings.Repeat("é\x00", 10_000), Amount: cny(-5)}, nil
}

func (b brokenOutside) Query(ctx context.Context, _ string) (rails.PayoutResult, error) {
	b.how(ctx)
	return rails.PayoutResult{Status: 201}, nil
}

func TestWhoeverIsOutsideMayBreak(t *testing.T) {
	for name, how := range map[string]func(context.Context){
		"panics":                    func(context.Context) { panic("canary-panic") },
		"hangs until it is told":    func(ctx context.Context) { <-ctx.Done() },
		"hangs whatever it is told": func(context.Context) { time.Sleep(24 * time.Hour) },
		"talks nonsense":            func(context.Context) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				var logged lockedBuffer
				b := brokenOutside{how}
				k := startDesk(t, okpay.Config{
					Sources:         map[string]rails.FundingSource{"broken": b, "simulated": &rails.Simulated{}},
					PayoutProviders: map[string]rails.PayoutProvider{"bankA": b},
					Logger:          slog.New(slog.NewJSONHandler(&logged, nil)),
				}, 1000, 0)
				var (
					p   okpay.Payment
					top okpay.TopUp
					err error
				)
				do := func(call func()) {
					if name == "panics" {
						require.Panics(t, call, "whoever called hears it")
					}
					if name != "panics" {
						call()
					}
					require.NoError(t, err)
				}
				do(func() {
					p, err = k.Payments.Create(ctx, okpay.CreatePayment{
						Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(5), Methods: []okpay.PaymentMethod{okpay.FromSource("broken")},
					})
					assert.Equal(t, okpay.PaymentProcessing, p.State)
				})
				do(func() {
					top, err = k.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "payer", Amount: cny(5), Source: "broken"})
					assert.Equal(t, okpay.TopUpPending, top.State)
				})
				wd, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(10), Destination: k.to})
				require.NoError(t, err)
				_, err = k.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: wd.ID, By: "ops1"})
				require.NoError(t, err)
				do(func() {
					wd, err = k.Withdrawals.Submit(ctx, wd.ID)
					assert.Equal(t, okpay.WithdrawalUnknown, wd.State)
				})

				// What has nothing to do with them goes on in the background.
				x, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: "a@example.com", Amount: cny(5)})
				require.NoError(t, err)
				k.clock.Advance(8 * 24 * time.Hour)
				_, _ = k.Work(ctx)
				after, err := k.Ledger().Record(ctx, "transfer", string(x.ID))
				require.NoError(t, err)
				assert.Contains(t, string(after.Content), `"returned"`)
				k.verify()
				assert.NotContains(t, logged.String(), "canary-panic")
				time.Sleep(48 * time.Hour) // of the bubble: those who hang come back
			})
		})
	}
}

// lockedBuffer is a buffer for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestARiskCheckThatPanicsOrTalksNonsenseLetsNothingPass(t *testing.T) {
	ctx := t.Context()
	panics := true
	k := startDesk(t, okpay.Config{Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
		if c.Operation == okpay.OnRegister {
			return okpay.Assessment{}, nil
		}
		if panics {
			panic("risk")
		}
		return okpay.Assessment{Verdict: "nonsense"}, nil
	}}, 1000, 1000)
	q, err := k.Quotes.Create(ctx, okpay.CreateQuote{Base: "CNY", Quote: "USD", Mid: decimal.New(14, -2), Rate: decimal.New(13, -2)})
	require.NoError(t, err)
	before := k.last()
	for name, do := range map[string]func() error{
		"payment": func() error {
			_, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(1), Key: "k"})
			return err
		},
		"transfer": func() error {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: "a@example.com", Amount: cny(1)})
			return err
		},
		"withdrawal": func() error {
			_, err := k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(1), Destination: k.to})
			return err
		},
		"payout": func() error {
			_, err := k.Payouts.Request(ctx, okpay.RequestPayout{Merchant: "shop", Amount: cny(1), Destination: k.tom})
			return err
		},
		"topup": func() error {
			_, err := k.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "payer", Amount: cny(1)})
			return err
		},
		"conversion": func() error {
			_, err := k.Quotes.Convert(ctx, okpay.Convert{Customer: "payer", Quote: q.ID, Amount: cny(100)})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			panics = true
			require.Panics(t, func() { _ = do() }, "a program's own panic is its own to hear")
			panics = false
			refusedWith(t, do(), okpay.ServiceBusy)
		})
	}
	assert.Equal(t, before, k.last(), "nothing has happened")
	k.verify()
}

func TestAPanicInTheBackgroundStopsNothingElse(t *testing.T) {
	ctx := t.Context()
	armed := false
	f := start(t, okpay.Config{VerifyDestination: func(context.Context, okpay.DestinationCheck) (okpay.DestinationVerdict, error) {
		if armed {
			panic("verify")
		}
		return okpay.DestinationVerdict{}, errors.New("not now")
	}})
	_, err := f.Destinations.Save(ctx, okpay.SaveDestination{Customer: "payer", Type: "bank", Details: "1"})
	require.NoError(t, err)
	_, err = f.Merchants.Create(ctx, okpay.CreateMerchant{ID: "other", Name: "Other"})
	require.NoError(t, err)
	later, err := f.Payments.Create(ctx, okpay.CreatePayment{Merchant: "other", Amount: cny(5), ExpiresIn: time.Hour})
	require.NoError(t, err)
	armed = true
	f.clock.Advance(2 * time.Hour)
	before := f.last()
	_, err = f.Work(ctx)
	require.Error(t, err, "the piece of work that panicked has failed")
	types, _ := f.since(before)
	assert.Contains(t, types, "payment.expired")
	got, err := f.Payments.Get(ctx, later.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentTimedOut, got.State)
}

func TestNobodyLeavesAnOpenDisputeOrRefundBehind(t *testing.T) {
	ctx := t.Context()
	f := start(t, okpay.Config{})
	f.topUp(cny(500))
	p := f.paid(500)
	y, err := f.Disputes.Open(ctx, okpay.OpenDispute{Customer: "payer", Payment: p.ID, Kind: okpay.Unauthorized})
	require.NoError(t, err)
	_, err = f.Customers.Close(ctx, okpay.MoveGate{Customer: "payer"})
	e := refusedWith(t, err, okpay.InvalidState)
	assert.Contains(t, e.Detail, string(y.ID))
	_, err = f.Merchants.Close(ctx, okpay.CloseMerchant{Merchant: "shop"})
	e = refusedWith(t, err, okpay.InvalidState)
	assert.Contains(t, e.Detail, string(y.ID))
	_, err = f.Disputes.ResolveForPayer(ctx, okpay.DecideDispute{Dispute: y.ID, By: "ops1"})
	require.NoError(t, err)
	balance, _, _ := f.balances("CNY")
	assert.EqualValues(t, 500, balance)

	f = start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{Fixed: 500}}})
	f.topUp(cny(500))
	r, err := f.refund(f.paid(500).ID, cny(500)) // all of it went into the fee
	require.NoError(t, err)
	require.Equal(t, okpay.RefundPendingFunds, r.State)
	_, err = f.Customers.Close(ctx, okpay.MoveGate{Customer: "payer"})
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Merchants.Close(ctx, okpay.CloseMerchant{Merchant: "shop"})
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Payments.CancelRefund(ctx, okpay.CancelRefund{Merchant: "shop", Refund: r.ID})
	require.NoError(t, err)
	_, err = f.Merchants.Close(ctx, okpay.CloseMerchant{Merchant: "shop"})
	require.NoError(t, err)
}

func TestAReportIsTooLateAtTheEndOfTheWindow(t *testing.T) {
	f := start(t, okpay.Config{DisputeWindow: time.Hour})
	f.topUp(cny(100))
	p, late := f.paid(10), f.paid(10)
	open := func(id okpay.PaymentID) error {
		_, err := f.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: "payer", Payment: id, Kind: okpay.Unauthorized})
		return err
	}
	f.clock.Advance(time.Hour - time.Nanosecond*1000)
	require.NoError(t, open(p.ID))
	f.clock.Advance(time.Microsecond)
	refusedWith(t, open(late.ID), okpay.InvalidState)
}

func TestAClockThatGoesBackBringsNothingBack(t *testing.T) {
	ctx := t.Context()
	f := start(t, okpay.Config{})
	f.topUp(cny(1000))
	p, err := f.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(5), CaptureMethod: okpay.CaptureManual, ExpiresIn: time.Hour})
	require.NoError(t, err)
	x, err := f.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: "a@example.com", Amount: cny(5), ExpiresIn: time.Hour})
	require.NoError(t, err)
	f.clock.Advance(time.Hour)
	_, err = f.ExpireDue(ctx)
	require.NoError(t, err)
	f.clock.Advance(-2 * time.Hour)
	_, err = f.capture(p.ID, 5, false)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Transfers.Cancel(ctx, okpay.CancelTransfer{Customer: "payer", Transfer: x.ID})
	refusedWith(t, err, okpay.InvalidState)
	balance, _, _ := f.balances("CNY")
	assert.EqualValues(t, 1000, balance)
	_ = f.paid(10) // and everything goes on
	f.verify()
}

func TestCanariesAreHeardNowhere(t *testing.T) {
	ctx := t.Context()
	const email, phone, holder, details, proof, note, reason = "canary-mail@example.com", "+8613912345678", "canary-holder", "canary-details-4711", "canary-proof", "canary-note", "canary-risk"
	canaries := []string{"canary-mail", "13912345678", holder, "canary-details", proof, note, reason}
	var logged lockedBuffer
	k := startDesk(t, okpay.Config{
		Logger: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation == okpay.OnTopUp || c.Operation == okpay.OnRegister {
				return okpay.Assessment{}, nil
			}
			if c.Amount == cny(13) {
				return okpay.Assessment{Verdict: okpay.Block, Reason: reason}, nil
			}
			return okpay.Assessment{Verdict: okpay.Challenge, Reason: reason}, nil
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) { return s.Proof == proof, nil },
	}, 1000, 0)
	var heard []string
	hear := func(err error) {
		if err != nil {
			heard = append(heard, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
			raw, _ := json.Marshal(err)
			heard = append(heard, string(raw))
		}
	}
	for _, p := range []string{proof, "canary-proof-wrong", ""} {
		for _, amount := range []int64{1, 13, 5000} {
			_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: email, Amount: cny(amount), Note: note, Proof: p})
			hear(err)
			_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Phone: phone, Amount: cny(amount), Note: note, Proof: p})
			hear(err)
			_, err = k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(amount), Destination: k.to, Proof: p})
			hear(err)
			pay, err := k.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Customer: "payer", Confirm: true, Amount: cny(amount)})
			hear(err)
			_, err = k.Payments.Authenticate(ctx, okpay.AuthenticatePayment{Payment: pay.ID, Customer: "payer", Proof: p})
			hear(err)
		}
	}
	d, err := k.Destinations.Save(ctx, okpay.SaveDestination{Customer: "payer", Type: "bank", Holder: holder, Details: details})
	require.NoError(t, err)
	_, err = k.Destinations.Save(ctx, okpay.SaveDestination{Customer: "payer", Type: "canary type", Holder: holder, Details: details, Provider: "nobody"})
	hear(err)
	_, err = k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: "payer", Amount: cny(1), Destination: d.ID, Proof: proof})
	hear(err)
	_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Email: email + " canary-mail", Amount: cny(1)})
	hear(err)
	_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "payer", Phone: "13912345678", Amount: cny(1)})
	hear(err)
	_, err = k.Contacts.Add(ctx, okpay.AddContact{Customer: "payer", Email: email})
	require.NoError(t, err)
	_, err = k.Contacts.Add(ctx, okpay.AddContact{Customer: "payer", Email: email})
	hear(err)
	_, _ = k.Work(ctx)

	// The events and the labels of all records, and the log.
	events, _, err := k.Events(ctx, 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		heard = append(heard, e.Type+" "+string(e.Data))
	}
	for _, noun := range []string{"payment", "transfer", "withdrawal", "destination", "screening", "message", "contact", "profile", "customer", "gate"} {
		records, err := k.Ledger().Records(ctx, ledger.RecordQuery{Type: noun, Limit: 100})
		require.NoError(t, err)
		for _, r := range records {
			heard = append(heard, noun+" "+r.ID+" "+strings.Join(r.Labels, " ")+strings.Join(r.Unique, " "))
		}
	}
	heard = append(heard, logged.String())
	require.Greater(t, len(heard), 60)
	for _, text := range heard {
		for _, c := range canaries {
			assert.NotContains(t, text, c)
		}
	}
}
