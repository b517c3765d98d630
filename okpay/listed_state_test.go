package okpay_test

import (
	"testing"

	"github.com/okpay/okpay-go/okpay"
)

// Whoever asks for the work that waits and mistypes the state is told so: an empty list would look like
// nothing to do.
func TestAListOfAStateThatThereIsNotIsRefused(t *testing.T) {
	f := start(t, okpay.Config{})
	for name, list := range map[string]func(state string) error{
		"payments": func(state string) error {
			_, _, err := f.Payments.List(t.Context(), okpay.ListPayments{Merchant: f.merchant, State: okpay.PaymentState(state)})
			return err
		},
		"top-ups": func(state string) error {
			_, _, err := f.TopUps.List(t.Context(), okpay.TopUpQuery{State: okpay.TopUpState(state)})
			return err
		},
		"transfers": func(state string) error {
			_, _, err := f.Transfers.List(t.Context(), okpay.ListTransfers{State: okpay.TransferState(state)})
			return err
		},
		"withdrawals": func(state string) error {
			_, _, err := f.Withdrawals.List(t.Context(), okpay.ListWithdrawals{State: okpay.WithdrawalState(state)})
			return err
		},
		"payouts": func(state string) error {
			_, _, err := f.Payouts.List(t.Context(), okpay.ListPayouts{State: okpay.PayoutState(state)})
			return err
		},
		"destinations": func(state string) error {
			_, err := f.Destinations.List(t.Context(), okpay.ListDestinations{State: okpay.DestinationState(state)})
			return err
		},
		"disputes": func(state string) error {
			_, _, err := f.Disputes.List(t.Context(), okpay.ListDisputes{State: okpay.DisputeState(state)})
			return err
		},
		"exceptions": func(state string) error {
			_, _, err := f.Exceptions.List(t.Context(), okpay.ExceptionQuery{State: okpay.ExceptionState(state)})
			return err
		},
		"reports": func(state string) error {
			_, _, err := f.Reconciliation.List(t.Context(), okpay.ReconciliationQuery{State: okpay.ReconciliationState(state)})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := refusedAs(t, list("underreview"), okpay.InvalidRequest)
			if e.Field != "state" {
				t.Errorf("the field is %q", e.Field)
			}
		})
	}
}
