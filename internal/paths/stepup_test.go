package paths

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// challenged confirms a payment that is challenged, and returns the answer with a good proof.
func (w *world) challenged(s stage) okpay.AuthenticatePayment {
	w.t.Helper()
	w.challenges.Store(true)
	_, err := w.Payments.Confirm(w.ann, okpay.ConfirmPayment{Payment: s.payment, Customer: ann})
	w.challenges.Store(false)
	require.ErrorIs(w.t, err, okpay.AuthenticationRequired)
	return okpay.AuthenticatePayment{Payment: s.payment, Customer: ann, Proof: w.proof(w.ann, w.pays(s)).Reveal()}
}

func (w *world) pays(s stage) identity.StepUpRequest {
	return identity.StepUpRequest{Action: identity.StepUpPayment, Amount: cny(700), To: "shop", Object: string(s.payment)}
}

// bogus are arguments that are well formed and good for nothing.
func bogus(t *testing.T, p process, name string) (args []any) {
	t.Helper()
	if name == "identity.ConfirmContactChange" {
		return []any{identity.ConfirmContactChange{ID: "none", Code: identity.NewSecret("12345678")}}
	}
	m := method(t, p, name).Type()
	for i := 1; i < m.NumIn(); i++ {
		args = append(args, reflect.Zero(m.In(i)).Interface())
	}
	return args
}
