package identity

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// ContactChangeID names a change of contact.
type ContactChangeID string

// ContactChangeState is where a change of contact is in its life.
type ContactChangeState string

const (
	// ChangePending: the new contact was sent a code; nothing has changed.
	ChangePending ContactChangeState = "pending"
	// ChangeMade: the contacts are changed, and whoever had the old one can take it back.
	ChangeMade ContactChangeState = "made"
	// ChangeReverted: it was taken back. Final.
	ChangeReverted ContactChangeState = "reverted"
	// ChangeFinal: the time to take it back is over. Final.
	ChangeFinal ContactChangeState = "final"
	// ChangeDropped: it never came to be. Final.
	ChangeDropped ContactChangeState = "dropped"
)

// What happens to a change of contact.
const (
	askContact    okpay.Action = "begin"
	makeContact   okpay.Action = "make"   // the new contact is proven
	removeContact okpay.Action = "remove" // there is none to be proven
	dropContact   okpay.Action = "drop"   // by its owner, or by another change
	expireContact okpay.Action = "expire"
	revertContact okpay.Action = "revert"
)

// revertLasts is how long a change can be taken back.
const revertLasts = 7 * 24 * time.Hour

// ContactChangeMachine is the table of changes of contacts.
func ContactChangeMachine() okpay.Machine[ContactChangeState] {
	var (
		made = []string{"contact_change.made"}
		mail = []string{"contact_changed"}
		gone = []string{"contact_change.dropped"}
	)
	return okpay.Machine[ContactChangeState]{Noun: "contact_change", Rows: []okpay.Row[ContactChangeState]{
		{On: askContact, To: ChangePending, Emits: []string{"contact_change.begun"}},
		{On: removeContact, To: ChangeMade, Emits: made, Mails: mail},
		{From: ChangePending, On: makeContact, To: ChangeMade, Emits: made, Mails: mail},
		{From: ChangePending, On: dropContact, To: ChangeDropped, Emits: gone},
		{From: ChangePending, On: expireContact, To: ChangeDropped, Emits: gone},
		{From: ChangeMade, On: revertContact, To: ChangeReverted, Emits: []string{"contact_change.reverted"}, Mails: []string{"contact_reverted"}},
		{From: ChangeMade, On: expireContact, To: ChangeFinal, Emits: []string{"contact_change.final"}},
	}}
}

// ContactChange is one contact in place of another, one more, or one less.
type ContactChange struct {
	ID      ContactChangeID    `json:"id"`
	State   ContactChangeState `json:"state"`
	Removes okpay.ContactID    `json:"removes,omitempty"`
	Adds    okpay.ContactID    `json:"adds,omitempty"` // once it is made
	// Verification is that of the new contact: hand its code in with ConfirmContactChange.
	Verification VerificationID `json:"verification,omitempty"`
	// ExpiresAt is when it can not be confirmed any more or, once it is made, not be reverted.
	ExpiresAt time.Time `json:"expires_at"`
}

// changeDoc is a change of contact as its record keeps it.
type changeDoc struct {
	ContactChange
	Of      okpay.CustomerID `json:"customer"`
	Session string           `json:"session"`
	Old     *okpay.Address   `json:"old,omitempty"`
	New     *okpay.Address   `json:"new,omitempty"`
	// Notices are those who can take it back: the old contact or, if there is none, all others.
	// Their links are derived from Generation and the place here.
	Notices  []sentCode `json:"notices,omitempty"`
	MadeAt   time.Time  `json:"made_at,omitzero"`
	Sequence int64      `json:"sequence"`
}

func (c *changeDoc) over() bool {
	return c.State == ChangeReverted || c.State == ChangeFinal || c.State == ChangeDropped
}

func (c *changeDoc) Put() ledger.Put {
	put := plain("contact_change", string(c.ID), c.Of)
	put.Due = c.ExpiresAt
	if c.over() {
		put.Due = c.ExpiresAt.Add(flowKept)
	} else {
		put.Labels = append(put.Labels, liveChanges(c.Of))
	}
	return put
}

// View tells nobody's contact.
func (c *changeDoc) View() any {
	return map[string]any{
		"id": c.ID, "state": c.State, "customer": c.Of, "removes": c.Removes, "adds": c.Adds, "sequence": c.Sequence,
	}
}

func (c *changeDoc) Customer() okpay.CustomerID { return c.Of }

func (c *changeDoc) Counter() *int64 { return &c.Sequence }

func liveChanges(id okpay.CustomerID) string { return "c:" + string(id) + ":live" }

// changesDoc are a customer's changes that are not over, the oldest first. Each change of
// contacts relies on it, so they come one after the other.
type changesDoc struct {
	Live []ContactChangeID `json:"live,omitempty"`
}

func (x *Identity) changes(d *okpay.Draft, customer okpay.CustomerID) (*changesDoc, error) {
	c := &changesDoc{}
	return c, optional(d.Read("contact_changes", string(customer), c))
}

func (c *changesDoc) put(d *okpay.Draft, customer okpay.CustomerID) {
	put := plain("contact_changes", string(customer), customer)
	put.Content = encode(c)
	d.Put(put)
}

// advanceChange takes a change through a move and writes it, with the audit, the events and the
// messages.
func (x *Identity) advanceChange(d *okpay.Draft, c *changeDoc, by string, client *Client, on okpay.Action) error {
	told, err := ContactChangeMachine().Move(&c.State, string(c.ID), on, okpay.Always)
	if err != nil {
		return err
	}
	facts := map[string]string{}
	if client != nil {
		facts = client.facts()
	}
	kind := ""
	switch {
	case c.New != nil:
		kind = string(c.New.Kind)
	case c.Old != nil:
		kind = string(c.Old.Kind)
	}
	d.Audit(okpay.AuditEntry{
		Actor: by, Action: "contact_change." + string(on), Customer: c.Of, Object: string(c.ID), Session: c.Session,
		Facts: with(facts, "kind", kind), Shown: true,
	})
	for _, template := range told.Mails {
		x.tellChange(d, c, template, kind, client)
	}
	return d.Write(c, okpay.Told{Emits: told.Emits})
}

// tellChange tells of a change whoever can take it back, each with a link of their own, and the
// customer; of one that was taken back, the customer and whoever lost the contact by that.
func (x *Identity) tellChange(d *okpay.Draft, c *changeDoc, template, kind string, client *Client) {
	base := okpay.Message{Customer: c.Of, Template: template, ObjectType: "contact_change", Object: string(c.ID)}
	facts := func() map[string]string {
		f := map[string]string{"kind": kind, "at": stampOf(d.Now())}
		if client != nil {
			with(f, "place", client.Place, "device", deviceName(client.UserAgent))
		}
		return f
	}
	if template == "contact_changed" {
		for i := range c.Notices {
			m := base
			m.Template, m.Address, m.Facts = "contact_change_notice", &c.Notices[i].To, facts()
			with(m.Facts, "until", stampOf(c.ExpiresAt), "notice", digitsOf(i))
			d.Tell(m)
		}
	}
	if template == "contact_reverted" && c.New != nil {
		m := base
		m.Address, m.Facts = c.New, facts()
		d.Tell(m)
	}
	base.Facts = facts()
	d.Tell(base)
}
