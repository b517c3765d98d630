package okpay_test

import (
	"math"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

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
