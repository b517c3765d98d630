package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

// Rekey exchanges the keys.
func (x *Identity) Rekey(keys ...Key) { x.cfg.Keys = keys }

// DoDue does what time alone does with one record.
func (x *Identity) DoDue(ctx context.Context, noun, id string) error {
	for _, t := range x.proofTasks() {
		if t.Noun == noun {
			return t.Do(ctx, id)
		}
	}
	return okpay.NewError(okpay.NotFound, "")
}

// CodeOf is the code that a verification has sent last.
func (x *Identity) CodeOf(ctx context.Context, id VerificationID) Secret {
	var f verificationDoc
	if err := x.w.Read(ctx, "verification", string(id), &f); err != nil {
		return Secret{}
	}
	code, _ := x.code(&f.Code, string(id))
	return NewSecret(code)
}
