package okpay_test

import (
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

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
