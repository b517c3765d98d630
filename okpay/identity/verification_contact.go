package identity

import (
	"errors"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

// verificationOf is the id of the verification that a registration begins.
func verificationOf(id okpay.ContactID) VerificationID {
	return VerificationID("vfy_" + strings.TrimPrefix(string(id), "con_"))
}

// beginContact drafts the verification of the contact with which somebody registers. One that is
// somebody else's looks the same, and nothing is sent to it. Where too much was
// sent already, the registration goes on and the code has to be asked for later.
func (x *Identity) beginContact(d *okpay.Draft, customer okpay.CustomerID, c okpay.Contact, taken bool, from Client) error {
	f := &verificationDoc{
		ID: verificationOf(c.ID), Purpose: ForContact, Of: customer, Contact: c.ID, Silent: taken, Client: from.facts(),
	}
	of := &found{address: okpay.Address{Kind: c.Kind, Value: c.Value}, customer: customer, contact: c.ID}
	var err error
	if f.Unsent, err = x.countSend(d, of, &from); errors.Is(err, okpay.TooManyTries) {
		f.Unsent, err = true, nil
	}
	if err != nil {
		return err
	}
	f.Code.next(x, of.address, d.Now(), codeLasts)
	f.Until = f.Code.Until
	return x.advance(d, f, &from, step{on: Start})
}
