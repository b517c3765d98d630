package okpay_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
	"github.com/okpay/okpay-go/webhook"
)

// network answers for every host but one, which never does.
type network struct{ lost, answered atomic.Int64 }

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Host, "dead.") {
		n.lost.Add(1)
		return nil, errors.New("no answer")
	}
	n.answered.Add(1)
	return &http.Response{StatusCode: http.StatusNoContent, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func TestAnEndpointThatDoesNotAnswerDoesNotKeepOthersFromTheirTurn(t *testing.T) {
	n := &network{}
	f := start(t, okpay.Config{Webhooks: webhook.SenderConfig{Transport: n}})
	dead, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: "https://dead.example.com/"})
	require.NoError(t, err)
	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "other", Name: "Other"})
	require.NoError(t, err)
	_, _, err = f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: "other", URL: "https://alive.example.com/"})
	require.NoError(t, err)
	for range 100 {
		f.create(cny(1), okpay.CaptureAutomatic)
	}
	_, err = f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: "other", Amount: cny(1)})
	require.NoError(t, err)
	f.work()
	assert.Equal(t, int64(1), n.answered.Load())
	assert.Less(t, n.lost.Load(), int64(20), "the rest was put off")
	deliveries, err := f.Endpoints.Deliveries(t.Context(), f.merchant, dead.ID, 100)
	require.NoError(t, err)
	assert.Len(t, deliveries, 100)
	for _, d := range deliveries {
		assert.Equal(t, okpay.DeliveryPending, d.State)
	}
}

func TestPiecesOfWorkThatFailDoNotKeepOthersFromTheirTurn(t *testing.T) {
	source := &rails.Simulated{Answer: func(c rails.Collection) rails.Outcome {
		if c.Amount.Minor() == 7 {
			return rails.Unknown
		}
		return rails.Succeeded
	}}
	f := start(t, okpay.Config{Sources: map[string]rails.FundingSource{"bank": source}})
	f.topUp(cny(math.MaxInt64 - 10))
	for range 20 { // money that the customer's account can not hold
		_, err := f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(100)})
		require.ErrorIs(t, err, okpay.LimitExceededTransaction)
	}
	good, err := f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: f.customer, Amount: cny(7)})
	require.NoError(t, err)
	source.Settle(string(good.ID), rails.Succeeded)
	f.clock.Advance(time.Hour)
	_, err = f.Work(t.Context())
	require.Error(t, err, "the failures are reported")
	good, err = f.TopUps.Get(t.Context(), good.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.TopUpSucceeded, good.State)
	_, err = f.Work(t.Context())
	require.NoError(t, err, "and put off")
	f.verify()
}

func TestAnEventThatIsNotTheWalletsIsPassedOver(t *testing.T) {
	f, r := start(t, okpay.Config{}), listen(t)
	_, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL})
	require.NoError(t, err)
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Events: []ledger.Event{{Type: "mine", Payload: []byte("plain text")}}})
	require.NoError(t, err)
	f.create(cny(1), okpay.CaptureAutomatic)
	f.work()
	assert.Len(t, r.received(), 1)
}

func TestWhoCouldNotPayHasNotMadeThePaymentTheirs(t *testing.T) {
	f := start(t, okpay.Config{})
	_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "poor"})
	require.NoError(t, err)
	f.topUp(cny(10))
	p := f.create(cny(10), okpay.CaptureAutomatic)
	p, err = f.Payments.Confirm(t.Context(), okpay.ConfirmPayment{Payment: p.ID, Customer: "poor"})
	require.ErrorIs(t, err, okpay.InsufficientBalance)
	assert.Empty(t, p.Customer)
	activity, err := f.Customers.Activity(t.Context(), "poor", okpay.ActivityPage{})
	require.NoError(t, err)
	assert.Len(t, activity, 1, "the attempt stands in their activity")
	p, err = f.confirm(p.ID)
	require.NoError(t, err)
	assert.Equal(t, f.customer, p.Customer)
}

func TestAnIdThatWasErasedIsNotGivenToSomebodyElse(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(10))
	_, err := f.Ledger().Commit(t.Context(), ledger.Change{Puts: []ledger.Put{{Type: "customer", ID: string(f.customer), Erase: true}}})
	require.NoError(t, err)
	_, err = f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: f.customer})
	require.ErrorIs(t, err, okpay.InvalidState)
}

func TestAPrincipalThatIsNoIdIsRefusedBeforeItsKeysCanMeetAnothers(t *testing.T) {
	f := start(t, okpay.Config{})
	p := f.create(cny(1), okpay.CaptureManual)
	_, err := f.Payments.Cancel(t.Context(), okpay.CancelPayment{Merchant: "shop/payment.cancel/k1", Payment: p.ID, Key: "k2"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = f.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: "a/b", Amount: cny(1)})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestTheLongestKeyOfTheLongestMerchantIsAccepted(t *testing.T) {
	f := start(t, okpay.Config{})
	id := okpay.MerchantID(strings.Repeat("m", 64))
	_, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: id, Name: "Long"})
	require.NoError(t, err)
	_, err = f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: id, Amount: cny(1), Key: strings.Repeat("k", 128)})
	require.NoError(t, err)
}

func TestAPaymentWhoseTimeIsOverIsShownExpiredBeforeThatIsRecorded(t *testing.T) {
	f := start(t, okpay.Config{PaymentExpiry: time.Hour})
	p := f.create(cny(1), okpay.CaptureAutomatic)
	f.clock.Advance(time.Hour)
	p, err := f.Payments.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.PaymentTimedOut, p.State)
}
