package paths

import (
	"reflect"
	"strings"
	"testing"
	"time"

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

// spends are the calls that a proof allows, with a proof or none, by their rows.
func (w *world) spends(s stage, proof string) map[string][]any {
	return map[string][]any{
		"okpay.Payments.Authenticate": {okpay.AuthenticatePayment{Payment: s.payment, Customer: ann, Proof: proof}},
		"okpay.Transfers.Create":      {okpay.CreateTransfer{From: ann, To: ben, Amount: cny(100), Proof: proof}},
		"okpay.MoneyRequests.Pay":     {okpay.PayMoneyRequest{Request: s.asked, Customer: ann, Proof: proof}},
		"okpay.Withdrawals.Request":   {okpay.RequestWithdrawal{Customer: ann, Amount: cny(500), Destination: w.to, Proof: proof}},
		"okpay.Quotes.Convert":        {okpay.Convert{Customer: ann, Quote: s.quote, Amount: usd(100), Proof: proof}},
		"okpay.TopUps.Create":         {okpay.CreateTopUp{Customer: ann, Amount: cny(100), Proof: proof}},
	}
}

// means is what a proof for each of them is for.
func (w *world) means(s stage) map[string]identity.StepUpRequest {
	return map[string]identity.StepUpRequest{
		"okpay.Payments.Authenticate": w.pays(s),
		"okpay.Transfers.Create":      {Action: identity.StepUpTransfer, Amount: cny(100), To: string(ben)},
		"okpay.MoneyRequests.Pay":     {Action: identity.StepUpTransfer, Amount: cny(200), To: string(ben)},
		"okpay.Withdrawals.Request":   w.withdraws(500),
		"okpay.Quotes.Convert":        {Action: identity.StepUpConversion, Amount: usd(100), To: "CNY", Object: string(s.quote)},
		"okpay.TopUps.Create":         {Action: identity.StepUpTopUp, Amount: cny(100), To: "simulated"},
	}
}

// What a step-up guards is refused without a proof, with one that is made up, and with one for
// anything else; with the right one it is done, once.
func TestWhatAStepUpGuardsTakesItsOwnProof(t *testing.T) {
	rows := 0
	for _, p := range owns(t) {
		if !strings.HasPrefix(p.name, "okpay.") || !has(p.guards, "step-up") {
			continue
		}
		rows++
		t.Run(p.name, func(t *testing.T) {
			w := start(t)
			s := w.stage()
			if p.name == "okpay.Payments.Authenticate" {
				w.challenged(s)
			}
			w.challenges.Store(true)
			worth := w.worth(ann)
			bad := map[string]string{"none": "", "made up": "stp_none.c2VjcmV0"}
			for name, means := range w.means(s) {
				if name != p.name {
					bad["of "+name] = w.proof(w.ann, means).Reveal()
				}
			}
			again := w.as(w.token(annMail))
			bad["of another session"] = w.proof(again, w.means(s)[p.name]).Reveal()
			for what, proof := range bad {
				if p.name == "okpay.Payments.Authenticate" { // a wrong answer is recorded, and costs a try
					if what != "none" {
						continue
					}
					_, err := call(t, w.process, p.name, append([]any{w.ann}, w.spends(s, proof)[p.name]...)...)
					require.ErrorIs(t, err, okpay.AuthenticationFailed, what)
					w.challenged(s)
					w.challenges.Store(true)
				} else {
					w.refused(w.ann, p.name, w.spends(s, proof)[p.name], okpay.AuthenticationRequired, okpay.AuthenticationFailed)
				}
				require.Equal(t, worth, w.worth(ann), what)
			}
			proof := w.proof(w.ann, w.means(s)[p.name]).Reveal()
			_, err := call(t, w.process, p.name, append([]any{w.ann}, w.spends(s, proof)[p.name]...)...)
			require.NoError(t, err)
			require.NotEqual(t, worth, w.worth(ann))
			worth = w.worth(ann)
			_, err = call(t, w.process, p.name, append([]any{w.ann}, w.spends(s, proof)[p.name]...)...)
			require.Error(t, err, "a proof is good once")
			require.Equal(t, worth, w.worth(ann))
			w.verify()
		})
	}
	require.Equal(t, 6, rows)
}

// Changes of credentials take a proof that is theirs.
func TestCredentialsChangeWithTheirOwnProof(t *testing.T) {
	w := start(t)
	app := w.enroll()
	other := w.proofBy(app, w.withdraws(7))
	w.clock.Advance(10 * time.Minute)
	w.ann = w.as(w.annToken)
	rows := 0
	for _, p := range owns(t) {
		if !strings.HasPrefix(p.name, "identity.") || !has(p.guards, "step-up") {
			continue
		}
		rows++
		for _, proof := range []identity.Secret{{}, identity.NewSecret("stp_none.c2VjcmV0"), other} {
			args := map[string]any{
				"identity.BeginContactChange": identity.BeginContactChange{Email: "new@example.com", Proof: proof},
				"identity.RemoveContact":      identity.RemoveContact{Contact: w.phone, Proof: proof},
				"identity.SetQuestions": identity.SetQuestions{Proof: proof, Answers: map[string]identity.Secret{
					"school": identity.NewSecret("the old one"), "street": identity.NewSecret("the long one"),
				}},
				"identity.BeginTOTP":          identity.BeginTOTP{Proof: proof},
				"identity.RemoveTOTP":         proof,
				"identity.RenewRecoveryCodes": proof,
			}[p.name]
			w.refused(w.ann, p.name, []any{args}, okpay.AuthenticationRequired, okpay.AuthenticationFailed)
		}
	}
	require.Equal(t, 6, rows)
}
