package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

// factorSecrets are the facts of a message about a second factor that no record has: the token of
// the link by which its owner cancels a reset, while it can be canceled. ok is false for a
// message that has none.
func (x *Identity) factorSecrets(ctx context.Context, m okpay.Message) (facts map[string]string, ok bool, err error) {
	if m.Template != "factor_reset_requested" && m.Template != "factor_reset_approved" {
		return nil, false, nil
	}
	r := &resetDoc{}
	if err := x.w.Read(ctx, "factor_reset", m.Object, r); err != nil {
		return nil, false, err
	}
	token, ok := x.objection(r, "")
	if !ok || !r.open() || r.Reset.Customer != m.Customer {
		return nil, false, nil
	}
	return map[string]string{"token": r.ID + "." + token}, true, nil
}
