package okpay_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// Whoever calls a verb reads in Detail what is wrong, in the words of what was called.
func TestARefusalsDetailSpeaksOfWhatWasAskedFor(t *testing.T) {
	k := startDesk(t, okpay.Config{
		Sources: map[string]rails.FundingSource{"card": &rails.Simulated{}, "bank": &rails.Simulated{}},
		PayoutProviders: map[string]rails.PayoutProvider{
			"bankA": &rails.SimulatedPayouts{}, "bankB": &rails.SimulatedPayouts{},
		},
	}, 20_000, 0)
	pay := func() okpay.PaymentID {
		p, err := k.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: k.merchant, Customer: k.customer, Amount: cny(500), Confirm: true})
		require.NoError(t, err)
		return p.ID
	}
	refund := func(id okpay.PaymentID) error {
		_, err := k.Payments.Refund(t.Context(), okpay.CreateRefund{Merchant: k.merchant, Payment: id})
		return err
	}
	refunded, lost := pay(), pay()
	require.NoError(t, refund(refunded))
	d, err := k.Disputes.Open(t.Context(), okpay.OpenDispute{Customer: k.customer, Payment: lost, Kind: okpay.NotReceived})
	require.NoError(t, err)
	_, err = k.Disputes.ResolveForPayer(t.Context(), okpay.DecideDispute{Dispute: d.ID, By: "ops1"})
	require.NoError(t, err)

	for name, c := range map[string]struct {
		call   func() error
		code   okpay.Code
		field  string
		detail string
		object string
	}{
		"a payment is refunded that was": {
			func() error { return refund(refunded) },
			okpay.InvalidState, "", "refund is not possible: the payment is refunded", string(refunded),
		},
		"a payment is refunded whose dispute gave all of it back": {
			func() error { return refund(lost) },
			okpay.AmountExceedsRefundable, "amount", "nothing is left: refunds, those that wait among them, and a decided dispute count", string(lost),
		},
		"a top-up names no source, and there are two": {
			func() error {
				_, err := k.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: k.customer, Amount: cny(1)})
				return err
			},
			okpay.InvalidRequest, "source", "is missing: the wallet does not have just one funding source", "",
		},
		"a top-up names a source that is not there": {
			func() error {
				_, err := k.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: k.customer, Amount: cny(1), Source: "gold"})
				return err
			},
			okpay.InvalidRequest, "source", "there is no funding source with this name", "",
		},
		"a destination names no provider, and there are two": {
			func() error {
				_, err := k.Destinations.Save(t.Context(), okpay.SaveDestination{Customer: k.customer, Type: "bank", Details: "1"})
				return err
			},
			okpay.InvalidRequest, "provider", "is missing: the wallet does not have just one payout provider", "",
		},
		"a payment is confirmed at once by nobody": {
			func() error {
				_, err := k.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: k.merchant, Amount: cny(1), Confirm: true})
				return err
			},
			okpay.InvalidRequest, "customer", "is missing", "",
		},
		"an owner verifies their own destination": {
			func() error {
				_, err := k.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: k.to, By: string(k.customer)})
				return err
			},
			okpay.SelfApprovalForbidden, "", "the operator is the owner", string(k.to),
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := refusedAs(t, c.call(), c.code)
			assert.Equal(t, c.field, e.Field)
			assert.Equal(t, c.detail, e.Detail)
			assert.Equal(t, c.object, e.Object)
		})
	}
}

// Whoever looks at an exception reads what is wrong, not only what a provider said.
func TestAnExceptionAboutAnOrderTellsWhatIsWrong(t *testing.T) {
	k := startDesk(t, okpay.Config{}, 20_000, 0)
	id := k.submitted(5_000).ID
	for i, status := range []rails.PayoutStatus{rails.PayoutFailed, rails.PayoutPaid} {
		_, err := k.says(id, string(rune('a'+i)), status)
		require.NoError(t, err)
	}
	list, _, err := k.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: string(id)})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "the provider says: paid, after it had failed", list[0].Detail)
}
