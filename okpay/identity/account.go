package identity

import (
	"encoding/hex"
	"errors"

	"github.com/okpay/okpay-go/okpay"
)

// noCustomer is an id that no customer has: a customer's begins otherwise or is checked not to have
// the dot. What is read of it is not there, and takes as long.
const noCustomer okpay.CustomerID = ".nobody"

// found is what a name has led to.
type found struct {
	address  okpay.Address
	customer okpay.CustomerID // "" for a name that nobody has
	shadow   string           // its digest then
	contact  okpay.ContactID
	gate     okpay.Gate
	named    bool // by somebody who has proven nothing yet
}

// who is what is counted by.
func (f *found) who() string {
	if f.customer == "" {
		return "shadow/" + f.shadow
	}
	return "customer/" + string(f.customer)
}

// addressOf reads an e-mail address or a telephone number. Errors: InvalidRequest.
func addressOf(email, phone string) (a okpay.Address, err error) {
	switch {
	case (email == "") == (phone == ""):
		return a, okpay.InvalidField("email", "exactly one of an e-mail address and a telephone number is set")
	case email != "":
		a.Kind = okpay.ContactEmail
		a.Value, err = okpay.NormalizeEmail(email)
	default:
		a.Kind = okpay.ContactPhone
		a.Value, err = okpay.NormalizePhone(phone)
	}
	return a, err
}

// find looks for the customer who has an address verified. It reads as much whether there is one
// or not.
func (x *Identity) find(d *okpay.Draft, a okpay.Address) (*found, error) {
	f := &found{address: a, named: true}
	var err error
	if f.customer, err = d.ContactOwner(a); err != nil {
		return nil, err
	}
	id := f.customer
	if id == "" {
		f.shadow = hex.EncodeToString(mac(x.stableKey("shadow"), string(a.Kind), a.Value)[:20])
		id = noCustomer
	}
	g, p, err := standing(d, id)
	if err != nil || f.customer == "" {
		return f, err
	}
	if g == nil {
		return nil, errors.New("okpay: a customer without a gate")
	}
	f.gate = *g
	for _, c := range p.Contacts {
		if c.Kind == a.Kind && c.Value == a.Value && c.State == okpay.ContactVerified {
			f.contact = c.ID
		}
	}
	return f, nil
}

// standing reads a customer's gate and what is personal of them, or as much for nothing: then there
// is no gate.
func standing(d *okpay.Draft, id okpay.CustomerID) (*okpay.Gate, okpay.Customer, error) {
	if id == "" {
		id = noCustomer
	}
	g, err := d.Gate(id)
	if err := optional(err); err != nil {
		return nil, okpay.Customer{}, err
	}
	p, err := d.Person(id)
	if errors.Is(err, okpay.NotFound) {
		var none struct{}
		err = optional(d.Read("profile", "c_"+string(id), &none))
	}
	return g, p, err
}
