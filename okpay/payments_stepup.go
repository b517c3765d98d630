package okpay

import (
	"cmp"
	"context"

	"github.com/okpay/okpay-go/ledger"
)

// AuthenticatePayment is the input of Payments.Authenticate.
type AuthenticatePayment struct {
	Payment  PaymentID
	Customer CustomerID // who confirmed
	// Proof goes to Config.VerifyStepUp and is kept nowhere: a repeat with the same Key is
	// answered as before, whatever its Proof.
	Proof string
	Key   string // makes the call safe to repeat
}

// Authenticate goes on with a payment that requires action: the customer has proven who they
// are. With a wrong proof, or from the instant of Payment.ChallengeExpiresAt, the attempt has
// failed with AuthenticationFailed. Otherwise it goes on as Confirm does, with the same errors,
// from limits on; Config.Risk is not asked again.
//
// Errors, in this order: IdempotencyKeyReused, NotFound (also for another customer's),
// PaymentExpired (recorded), InvalidState, AuthenticationFailed for being late (recorded),
// AccountLocked and AccountClosed (recorded: failed), ServiceBusy when Config.VerifyStepUp does
// not answer, AuthenticationFailed (recorded).
func (s *Payments) Authenticate(ctx context.Context, in AuthenticatePayment) (Payment, error) {
	if err := CheckID("customer", string(in.Customer)); err != nil {
		return Payment{}, err
	}
	v := verb{"c/" + string(in.Customer), "payment.authenticate", in.Key, []ledger.Field{{Name: "payment", Value: string(in.Payment)}}}
	proof, rates := &proving{w: s.w}, &rates{w: s.w}
	return s.run(ctx, v, in.Payment, true, func(d *ledger.Draft) (*paymentDoc, error) {
		p, err := s.load(d, in.Payment)
		if err != nil {
			return nil, err
		}
		if by := cmp.Or(p.Tried, p.Customer); by != "" && by != in.Customer {
			return nil, notFound("payment", string(in.Payment))
		}
		if p.due(d.Now()) {
			return p, s.expireInstead(d, p, PaymentExpired)
		}
		if p.State != PaymentRequiresAction {
			return nil, p.invalidState(authenticated)
		}
		failed := ledger.Refusal{Reason: ledger.Reason(AuthenticationFailed)}
		if p.lapsed(d.Now()) {
			failed.Detail = "the challenge has expired"
			return p, s.fail(d, p, challengeLapsed, AuthenticationFailed, failed)
		}
		shut, err := s.shut(d, in.Customer)
		if err != nil {
			return nil, err
		}
		if shut != "" {
			return p, s.block(d, p, shut)
		}
		err = proof.check(d, StepUp{
			Customer: in.Customer, Operation: OnPayment, Object: string(p.ID), Amount: p.amountOf(s.w, p.Minor.Amount), To: string(p.Merchant), Proof: in.Proof,
		})
		switch CodeOf(err) {
		case "":
		case AuthenticationFailed:
			return p, s.fail(d, p, authenticationFailed, AuthenticationFailed, failed)
		default:
			return nil, err
		}
		return p, s.pay(d, p, authenticated, p.Methods, rates)
	})
}
