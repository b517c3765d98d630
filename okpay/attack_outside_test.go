package okpay_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

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
