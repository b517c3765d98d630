package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

// objectionSecret is the token of the link by which an owner cancels a reset of their second
// factor, while it can be canceled.
func (x *Identity) objectionSecret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	r := &resetDoc{}
	if err := x.w.Read(ctx, "factor_reset", m.Object, r); err != nil {
		return nil, err
	}
	if !r.open() || r.Reset.Customer != m.Customer {
		return nil, nil
	}
	token, ok := x.objection(r, "")
	if !ok {
		return nil, okpay.NewError(okpay.InternalError, "a key is gone")
	}
	return map[string]string{"token": r.ID + "." + token}, nil
}
