package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
)

// EraseCustomer is the input of Customers.Erase.
type EraseCustomer struct {
	Customer CustomerID
	Key      string // makes the call safe to repeat
}

// Erase removes what is personal of a customer whose account is closed: name and contacts,
// and in transfers and requests for money what they wrote and how they were addressed. The
// profile's record leaves a tombstone, the journal stays verifiable, amounts and ids stay as
// they are. It works in several commits; one that was interrupted goes on when it is called
// again.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// InvalidState when the account is not closed, is restricted or was erased already.
func (s *Customers) Erase(ctx context.Context, in EraseCustomer) (Customer, error) {
	v := verb{"program", "customer.erase", in.Key, []ledger.Field{{Name: "customer", Value: string(in.Customer)}}}
	blanked := false
	erase := func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		c := &customerDoc{}
		if err := draftGet(d, "customer", string(in.Customer), c); err != nil {
			return err
		}
		if g.State != GateClosed || c.ErasedAt != nil {
			e := NewError(InvalidState, "the account is %s, and what is personal is there to be erased: %t", g.State, c.ErasedAt == nil)
			e.Object = string(in.Customer)
			return e
		}
		if len(g.Denied) > 0 {
			e := NewError(InvalidState, "the account is restricted")
			e.Object = string(in.Customer)
			return e
		}
		if !blanked {
			return errNotMarked
		}
		if _, err := d.Get("profile", partyCustomer(in.Customer)); err != nil {
			return err
		}
		d.Put(ledger.Put{Type: "profile", ID: partyCustomer(in.Customer), Erase: true})
		now := d.Now()
		c.ErasedAt = &now
		return s.w.write(&d.Change, now, c, Told{Emits: []string{"customer.erased"}})
	}
	out, err := s.w.do(ctx, v, erase)
	if errors.Is(err, errNotMarked) {
		if err := s.w.blankAll(ctx, in.Customer); err != nil {
			return Customer{}, translate(err)
		}
		blanked = true
		out, err = s.w.do(ctx, v, erase)
	}
	if err != nil {
		return Customer{}, translate(err)
	}
	return s.after(ctx, in.Customer, out)
}

// blanker is an object that keeps something personal of a customer.
type blanker interface {
	document
	// blank removes what is personal of the customer, and reports whether anything was.
	blank(CustomerID) bool
}

// personalNouns are the kinds of objects that keep something personal, found by "c:" and the
// customer's id.
func personalNouns() map[string]func() blanker {
	return map[string]func() blanker{
		"transfer": func() blanker { return &transferDoc{} },
		"request":  func() blanker { return &requestDoc{} },
	}
}

// blankAll removes what is personal of a customer from all objects.
func (w *Wallet) blankAll(ctx context.Context, id CustomerID) error {
	for noun, empty := range personalNouns() {
		for after, more := "", true; more; {
			var (
				records []ledger.Record
				err     error
			)
			if records, more, err = w.page(ctx, noun, "c:"+string(id), after, false, 100); err != nil {
				return err
			}
			for _, r := range records {
				after = r.ID
				_, err := w.do(ctx, verb{principal: "program", operation: "customer.blank"}, func(d *ledger.Draft) error {
					doc := empty()
					if err := draftGet(d, noun, r.ID, doc); err != nil {
						return err
					}
					if !doc.blank(id) {
						return ErrNothingDue
					}
					return w.write(&d.Change, d.Now(), doc)
				})
				if err != nil && !errors.Is(err, ErrNothingDue) {
					return err
				}
			}
		}
	}
	return nil
}
