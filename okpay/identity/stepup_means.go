package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

func (x *Identity) hasPassword(r okpay.Reader, customer okpay.CustomerID) (bool, error) {
	return false, nil
}

func (x *Identity) guessPassword(ctx context.Context, a okpay.Actor, password string, from Client, settle func(*okpay.Draft, int) error) error {
	return wrong()
}

func (x *Identity) useVerification(d *okpay.Draft, a okpay.Actor, proof string) error {
	return wrong()
}
