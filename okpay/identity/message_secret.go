package identity

import (
	"context"
	"slices"
	"strconv"

	"github.com/okpay/okpay-go/okpay"
)

// Secret returns the secret facts of a message that this package has queued, for whoever sends
// it: they stand in no record. A message that needs none has none. Show them to nobody but the
// message's Address, and keep them nowhere.
//
// Errors: NotFound once the message is not the newest of its flow, or its flow is over: then it is
// not worth sending; InternalError for a Key that is gone; those of reading.
func (x *Identity) Secret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	var (
		secrets map[string]string
		err     error
	)
	switch {
	case !slices.ContainsFunc(Templates(), func(t Template) bool { return t.Name == m.Template && len(t.Secrets) > 0 }):
		return nil, nil
	case m.Template == "verification_code":
		secrets, err = x.verificationSecret(ctx, m)
	case m.Template == "password_reset_requested":
		secrets, err = x.resetSecret(ctx, m)
	case m.Template == "contact_change_notice":
		secrets, err = x.noticeSecret(ctx, m)
	case m.Template == "factor_reset_requested", m.Template == "factor_reset_approved":
		secrets, err = x.objectionSecret(ctx, m)
	}
	if err == nil && secrets == nil {
		err = okpay.NewError(okpay.NotFound, "the message is not worth sending any more")
	}
	return secrets, err
}

// newestOf reports whether a message is the one that a code was sent with last.
func (x *Identity) newestOf(c *sentCode, m okpay.Message) bool {
	return m.Facts["generation"] == strconv.Itoa(c.Generation) && m.Address != nil && *m.Address == c.To && x.w.Now().Before(c.Until)
}

func (x *Identity) verificationSecret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	var f verificationDoc
	if err := x.w.Read(ctx, "verification", m.Object, &f); err != nil {
		return nil, err
	}
	if f.State != CodeSent && f.State != SecondDue || f.Silent || f.Unsent || !x.newestOf(&f.Code, m) {
		return nil, nil
	}
	code, err := x.code(&f.Code, string(f.ID))
	return map[string]string{"code": code}, err
}

func (x *Identity) resetSecret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	var r passwordReset
	if err := x.w.Read(ctx, "password_reset", m.Object, &r); err != nil {
		return nil, err
	}
	if r.State != PasswordResetSent || r.Of == "" || r.Unsent || !x.newestOf(&r.Code, m) {
		return nil, nil
	}
	code, err := x.code(&r.Code, string(r.ID))
	if err != nil {
		return nil, err
	}
	token, err := x.link(&r.Code, "reset", string(r.ID))
	return map[string]string{"code": code, "token": token}, err
}

func (x *Identity) noticeSecret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	var c changeDoc
	if err := x.w.Read(ctx, "contact_change", m.Object, &c); err != nil {
		return nil, err
	}
	at, err := strconv.Atoi(m.Facts["notice"])
	if err != nil || at < 0 || at >= len(c.Notices) || c.State != ChangeMade || !x.w.Now().Before(c.ExpiresAt) {
		return nil, nil
	}
	if m.Address == nil || *m.Address != c.Notices[at].To {
		return nil, nil
	}
	token, err := x.link(&c.Notices[at], "revert", string(c.ID))
	return map[string]string{"token": token}, err
}
