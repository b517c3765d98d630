package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

// secondFactor is what sign-in asks for after the password.
type secondFactor interface {
	// enrolled reports whether a customer has a second factor. A Draft relies on the answer.
	enrolled(r okpay.Reader, customer okpay.CustomerID) (bool, error)
	// verify takes a code of the second factor, or a recovery code, as an attempt of its own
	// authenticator. settle runs inside the Change that resolves a right one, which also uses
	// the code up; failures is how many tries were wrong before. The error is that of attempt.
	verify(ctx context.Context, in factorGuess) error
}

// factorGuess is what secondFactor.verify is given.
type factorGuess struct {
	customer okpay.CustomerID
	code     string
	client   Client
	trusted  bool // from a device that the customer trusts
	known    bool // by somebody signed in already, see guess.known
	settle   func(d *okpay.Draft, failures int) error
}
