package identity

import "github.com/okpay/okpay-go/okpay"

func (x *Identity) useVerification(d *okpay.Draft, a okpay.Actor, proof Secret) error {
	return wrong()
}
