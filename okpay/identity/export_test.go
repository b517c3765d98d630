package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// Guess is a guess as tests make one.
type Guess struct {
	Customer      okpay.CustomerID
	Shadow        string
	Authenticator lockout.Authenticator
	Trusted       bool
	Client        Client
	Known         bool
	Dummy         func(context.Context) error
	Settle        func(d *okpay.Draft, failures int) error
}

// Attempt is attempt.
func (x *Identity) Attempt(ctx context.Context, g Guess, verify func(context.Context) (bool, error)) error {
	return x.attempt(ctx, guess{
		customer: g.Customer, shadow: g.Shadow, authenticator: g.Authenticator, trusted: g.Trusted,
		client: g.Client, known: g.Known, dummy: g.Dummy, settle: g.Settle,
	}, verify)
}

// NotVerified is notVerified.
func NotVerified(err error) error { return notVerified(err) }

// ClearLocks is clearLocks.
func (x *Identity) ClearLocks(d *okpay.Draft, c okpay.CustomerID, why lockout.Cause, which ...lockout.Authenticator) (bool, error) {
	return x.clearLocks(d, c, why, which...)
}

// Locks is locks.
func (x *Identity) Locks(r okpay.Reader, c okpay.CustomerID) ([]LockedAuthenticator, error) {
	return x.locks(r, c, x.w.Now())
}
