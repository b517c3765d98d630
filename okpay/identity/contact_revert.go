package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// RevertContact is the input of Identity.RevertContact.
type RevertContact struct {
	Token  Secret // of the link that the old contact was sent
	Client Client
}

// Reverted is what has become of a change that was taken back.
type Reverted struct {
	Customer okpay.CustomerID `json:"customer"`
	// Changes are those that were taken back: the one of the link and all that came after it.
	Changes []ContactChangeID `json:"changes"`
	// Restored says that all contacts that were gone are back. A contact that somebody else has
	// verified meanwhile is not; support has to help then.
	Restored bool `json:"restored"`
}

// RevertContact takes a change of contact back, with all changes that were made after it: the old
// contacts count again and the new ones are gone, all sessions and the trust in all devices end,
// the password is void, no money leaves the account until the owner has set a new one by a reset,
// and withdrawals wait for Config.WithdrawalHold. An account that was locked for reasons of
// security stays so. The customer is told, and so is whoever had the new contact.
//
// Errors, the first that applies: InvalidRequest, AuthenticationFailed with one text for everything
// that is wrong with the token, AccountClosed, ServiceBusy.
func (x *Identity) RevertContact(ctx context.Context, in RevertContact) (Reverted, error) {
	if err := in.Client.check(); err != nil {
		return Reverted{}, err
	}
	name, _ := splitToken(in.Token, "cch_")
	var (
		out   Reverted
		taken []okpay.Address // by somebody else, between two looks
	)
	for {
		err := x.ask(ctx, caller{}, name, "contact_change.revert", func(d *okpay.Draft) error {
			c, err := x.contactChange(d, ContactChangeID(name), ChangeMade)
			if err != nil {
				return err
			}
			right, err := x.rightNotice(c, in.Token.Reveal())
			if err != nil {
				return err
			}
			if !right || !d.Now().Before(c.ExpiresAt) {
				return wrong()
			}
			out, err = x.revert(d, c, &in.Client, taken)
			return err
		})
		if !errors.Is(err, ledger.ErrDuplicateKey) || len(taken) > 0 {
			return out, err
		}
		// The unique key of a contact is somebody else's although the index did not say so yet.
		taken = append(taken, okpay.Address{})
	}
}

// rightNotice compares the token of a link with those of all notices.
func (x *Identity) rightNotice(c *changeDoc, token string) (bool, error) {
	right := false
	for i := range c.Notices {
		want, err := x.link(&c.Notices[i], "revert", string(c.ID))
		if err != nil {
			return false, err
		}
		right = equal([]byte(want), []byte(token)) || right
	}
	return right, nil
}

// revert takes back a change and all that were made after it, the newest first.
func (x *Identity) revert(d *okpay.Draft, first *changeDoc, client *Client, taken []okpay.Address) (Reverted, error) {
	out := Reverted{Customer: first.Of, Restored: true}
	g, err := d.Gate(first.Of)
	switch {
	case err != nil:
		return out, err
	case g.State == okpay.GateClosed:
		return out, okpay.NewError(okpay.AccountClosed, "")
	}
	changes, err := x.changes(d, first.Of)
	if err != nil {
		return out, err
	}
	var undo []*changeDoc
	for _, id := range changes.Live[max(0, slices.Index(changes.Live, first.ID)):] {
		c := first
		if id != first.ID {
			c = &changeDoc{}
			if err := d.Read("contact_change", string(id), c); err != nil {
				return out, err
			}
		}
		undo = append(undo, c)
	}
	book, err := d.RestoredContacts(first.Of)
	if err != nil {
		return out, err
	}
	var gone, back []okpay.Address // what is not to be there any more, and what is to be there again, whatever it was in between
	without := func(list []okpay.Address, a okpay.Address) []okpay.Address {
		return slices.DeleteFunc(list, func(o okpay.Address) bool { return o == a })
	}
	for _, c := range slices.Backward(undo) {
		changes.drop(c.ID)
		if c.State == ChangePending {
			continue
		}
		if c.New != nil {
			gone, back = append(gone, *c.New), without(back, *c.New)
		}
		if c.Old != nil {
			gone, back = without(gone, *c.Old), append(back, *c.Old)
		}
		out.Changes = append(out.Changes, c.ID)
	}
	for _, k := range book.Contacts() { // by the address: one that went and came back has another id
		if slices.Contains(gone, okpay.Address{Kind: k.Kind, Value: k.Value}) {
			if err := book.Remove(k.ID); err != nil {
				return out, err
			}
		}
	}
	for _, a := range back {
		if slices.ContainsFunc(book.Contacts(), func(k okpay.Contact) bool {
			return k.State == okpay.ContactVerified && k.Kind == a.Kind && k.Value == a.Value
		}) {
			continue // one that went and came back is there already
		}
		owner, err := d.ContactOwner(a)
		if err != nil {
			return out, err
		}
		if owner != "" || len(taken) > 0 {
			out.Restored = false
			continue
		}
		err = makeRoom(book, a)
		var id okpay.ContactID
		if err == nil {
			id, err = addOrFind(book, a)
		}
		if err == nil {
			err = book.Verify(id)
		}
		if err != nil {
			return out, err
		}
	}
	if err := book.Write(); err != nil {
		return out, err
	}
	changes.put(d, first.Of)
	for _, c := range undo {
		on := revertContact
		if c.State == ChangePending {
			on = dropContact
		}
		if err := x.advanceChange(d, c, "program", client, on); err != nil {
			return out, err
		}
	}
	if err := x.dropPassword(d, first.Of); err != nil {
		return out, err
	}
	_, err = x.changed(d, first.Of, change{
		hold:  true,
		entry: okpay.AuditEntry{Actor: "program", Action: "contact.revert", Object: string(first.ID), Facts: client.facts()},
		move: func(g *okpay.Gate) error {
			return mustChange(g, ReasonContactReverted)
		},
	})
	return out, err
}

// makeRoom takes unverified contacts away where there are too many for an address to come back:
// they opened nothing, and whoever has a session can add them.
func makeRoom(book *okpay.ContactBook, back okpay.Address) error {
	for {
		contacts := book.Contacts()
		there := slices.ContainsFunc(contacts, func(k okpay.Contact) bool { return k.Kind == back.Kind && k.Value == back.Value })
		at := slices.IndexFunc(contacts, func(k okpay.Contact) bool { return k.State != okpay.ContactVerified })
		if there || at < 0 || len(contacts) < okpay.MaxContacts {
			return nil
		}
		if err := book.Remove(contacts[at].ID); err != nil {
			return err
		}
	}
}

// mustChange makes the change of the password the next thing that is possible. A gate that is
// locked stays so.
func mustChange(g *okpay.Gate, reason lockout.Reason) error {
	if g.State != okpay.GateActive {
		return nil
	}
	m := okpay.GateMachine()
	if _, err := m.Move(&g.State, string(g.Customer), okpay.LockAccount, okpay.Always); err != nil {
		return err
	}
	g.Reason, g.By, g.ByProof = string(reason), "program", true
	_, err := m.Move(&g.State, string(g.Customer), okpay.ProveOwner, okpay.Always)
	return err
}

// contactChangeDue ends what nobody confirmed, and the time to take back what was made; later it
// forgets both.
func (x *Identity) contactChangeDue(ctx context.Context, id string) error {
	return x.due(ctx, "contact_change", id, func(d *okpay.Draft) error {
		c := &changeDoc{}
		if err := d.Read("contact_change", id, c); err != nil {
			return err
		}
		switch {
		case d.Now().Before(c.Put().Due):
			return okpay.ErrNothingDue
		case c.over():
			d.Remove(c)
			return nil
		}
		changes, err := x.changes(d, c.Of)
		if err != nil {
			return err
		}
		changes.drop(c.ID)
		changes.put(d, c.Of)
		return x.advanceChange(d, c, "program", nil, expireContact)
	})
}
