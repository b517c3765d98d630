package identity

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/password"
)

type StepUpAction string

const (
	ManageFactor  StepUpAction = "factor.manage"
	ChangeContact StepUpAction = "contact.change"
)

func (x *Identity) useStepUp(d *okpay.Draft, a okpay.Actor, action StepUpAction, to, proof string) error {
	if proof != string(action)+to {
		return wrong()
	}
	return nil
}

func (x *Identity) preparePassword(ctx context.Context, c okpay.CustomerID, p password.Password) (string, error) {
	return x.hasher.Hash(ctx, p)
}

func (x *Identity) setPassword(d *okpay.Draft, c okpay.CustomerID, hash string) error {
	put := plain("password", string(c), c)
	put.Content = encode(hash)
	d.Put(put)
	return nil
}
func (x *Identity) afterContact(d *okpay.Draft, c okpay.CustomerID, first bool) error { return nil }
func (x *Identity) dropPassword(d *okpay.Draft, c okpay.CustomerID) error { return nil }
func hashing(err error) error { return err }

func (s *sessionDoc) actor() okpay.Actor {
	return okpay.Actor{Customer: s.Session.Customer, Session: string(s.ID), Epoch: s.Epoch}
}
