package notify

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// messageDoc is a message as its record keeps it: what was queued, and what became of it here.
type messageDoc struct {
	okpay.Message
	RoutedAt   *time.Time `json:"routed_at,omitempty"` // when its sends were made
	ReadAt     *time.Time `json:"read_at,omitempty"`
	ArchivedAt *time.Time `json:"archived_at,omitempty"`
}

// message reads a message's record for a Change, and returns how to write it again.
func message(d *okpay.Draft, id string) (m *messageDoc, r ledger.Record, err error) {
	r, err = d.Get("message", id)
	switch {
	case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrErased):
		return nil, r, okpay.NewError(okpay.NotFound, "there is no message with this id")
	case err != nil:
		return nil, r, err
	}
	m = &messageDoc{}
	if err := json.Unmarshal(r.Content, m); err != nil {
		return nil, r, err
	}
	return m, r, nil
}

// put writes a message again. Labels find all of a customer's, those that are unread and those
// that are archived.
func (m *messageDoc) put(d *okpay.Draft, due time.Time) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	put := ledger.Put{Type: "message", ID: string(m.ID), Chaining: ledger.Plain, Content: b, Due: due}
	if of := "c:" + string(m.Customer); m.Customer != "" {
		put.Labels = []string{of}
		if m.ReadAt == nil && m.ArchivedAt == nil {
			put.Labels = append(put.Labels, of+":unread")
		}
		if m.ArchivedAt != nil {
			put.Labels = append(put.Labels, of+":archived")
		}
	}
	d.Put(put)
	return nil
}

// recipient is one way to one recipient.
type recipient struct {
	by      Medium
	contact okpay.ContactID // "" for the message's own address, and for push
	only    bool            // the message's own address
}

// route decides, once for each message, whom it goes to and how.
func (n *Notify) route(ctx context.Context, id string) error {
	_, err := n.w.Do(ctx, own("message.route"), func(d *okpay.Draft) error {
		m, r, err := message(d, id)
		if err != nil {
			return err
		}
		if r.Due.IsZero() || r.Due.After(d.Now()) {
			return okpay.ErrNothingDue
		}
		to, err := n.recipients(d, &m.Message)
		if err != nil {
			return err
		}
		at, err := n.paced(d, m, to)
		if err != nil {
			return err
		}
		for i, one := range to {
			if err := n.queue(d, m, one, at[i]); err != nil {
				return err
			}
		}
		if m.Customer == "" && len(to) == 0 {
			d.Put(ledger.Put{Type: r.Type, ID: r.ID, Chaining: r.Chaining, Erase: true})
			return nil
		}
		if err := n.enroll(d, m.Customer); err != nil {
			return err
		}
		now := d.Now()
		m.RoutedAt = &now
		return m.put(d, time.Time{})
	})
	return err
}

// queue makes one send. The zero time is for what does not go out: there would be too many.
func (n *Notify) queue(d *okpay.Draft, m *messageDoc, to recipient, at time.Time) error {
	var random [10]byte
	if err := n.w.Random(random[:]); err != nil {
		return err
	}
	s := &sendDoc{
		Send: Send{
			ID: sendID(m.ID, to.by, to.contact), Message: m.ID, Customer: m.Customer, Medium: to.by, Contact: to.contact, CreatedAt: d.Now(),
		},
		NextAt: at, EndsAt: at.Add(n.cfg.GiveUp), Only: to.only,
		Token: strings.ToLower(base32.StdEncoding.EncodeToString(random[:])),
	}
	return s.move(d, queueSend, okpay.Always)
}

// recipients are whom a message goes to: its own address alone if it has one; else every verified
// contact for what is about security, and one contact for the rest; and the app.
func (n *Notify) recipients(d *okpay.Draft, m *okpay.Message) ([]recipient, error) {
	t := n.template(m.Template)
	var contacts []okpay.Contact
	if m.Customer != "" {
		c, err := d.Person(m.Customer)
		if errors.Is(err, okpay.NotFound) {
			return nil, nil // erased meanwhile
		}
		if err != nil {
			return nil, err
		}
		contacts = c.Contacts
	}
	if a := m.Address; a != nil {
		by, ok := n.medium(a.Kind)
		if !ok {
			return nil, nil
		}
		return []recipient{{by, contactOf(contacts, a), true}}, nil
	}
	var good, bad []recipient
	for _, c := range contacts {
		by, ok := n.medium(c.Kind)
		if c.State != okpay.ContactVerified || !ok {
			continue
		}
		arrives, err := reachable(d, &c)
		switch {
		case err != nil:
			return nil, err
		case arrives:
			good = append(good, recipient{by: by, contact: c.ID})
		default:
			bad = append(bad, recipient{by: by, contact: c.ID})
		}
	}
	email := func(r recipient) bool { return r.by == ByEmail }
	var out []recipient
	switch at := slices.IndexFunc(good, email); {
	case t.Name == Bouncing:
		out = good
	case t.Security:
		out = slices.Concat(good, bad)
	case at >= 0:
		out = good[at : at+1]
	case len(good) > 0:
		out = good[:1]
	default:
		out = bad // better in vain than not at all
	}
	if n.cfg.Push != nil && m.Customer != "" && len(t.Secrets) == 0 {
		out = append(slices.Clone(out), recipient{by: ByPush})
	}
	return out, nil
}

// medium is how contacts of a kind are reached, if they are.
func (n *Notify) medium(k okpay.ContactKind) (Medium, bool) {
	switch k {
	case okpay.ContactEmail:
		return ByEmail, n.cfg.Mailer != nil
	case okpay.ContactPhone:
		return BySMS, n.cfg.SMS != nil
	}
	return "", false
}

// contactOf finds the contact that an address is.
func contactOf(contacts []okpay.Contact, a *okpay.Address) okpay.ContactID {
	for _, c := range contacts {
		if c.Kind == a.Kind && c.Value == a.Value && c.State != okpay.ContactRemoved {
			return c.ID
		}
	}
	return ""
}
