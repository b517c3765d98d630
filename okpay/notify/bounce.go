package notify

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Outcome is what a provider says later of what it took.
type Outcome string

const (
	// Delivered says that it is in the recipient's mailbox or on the device.
	Delivered Outcome = "delivered"
	// Bounced says that it came back for good.
	Bounced Outcome = "bounced"
	// Delayed says that it has not arrived yet; nothing changes.
	Delayed Outcome = "delayed"
)

// Report is what a provider says later.
type Report struct {
	// MessageID is the Message-ID, with or without brackets. Without one, Medium and Provider are
	// the provider's own id.
	MessageID string
	Medium    Medium
	Provider  string

	Outcome Outcome
	Reason  string // a code such as "5_1_1"; small letters, digits and '_'
}

// Take takes what a provider says later of a message that it took. After a bounce the contact
// counts as one that does not arrive, until it is verified anew, and the message goes to another
// contact that it has not gone to. What is said once more changes nothing. A Message-ID has
// to be whole: it can not be guessed, so who knows it had the message to deliver.
//
// Errors: InvalidRequest, NotFound for what was never sent.
func (n *Notify) Take(ctx context.Context, r Report) error {
	switch r.Outcome {
	case Delayed:
		return nil
	case Delivered, Bounced:
	default:
		return okpay.InvalidField("outcome", "is not one of the constants")
	}
	id, err := n.find(ctx, r)
	if err != nil {
		return err
	}
	_, err = n.w.Do(ctx, own("send.report"), func(d *okpay.Draft) error {
		s := &sendDoc{}
		if err := d.Read("send", id, s); err != nil {
			return err
		}
		on := deliverSend
		if r.Outcome == Bounced {
			on = bounceSend
		}
		if !SendMachine().Allows(s.State, on) {
			return okpay.ErrNothingDue
		}
		if on == deliverSend {
			s.Reason = ""
			return n.end(d, s, on, okpay.Always)
		}
		s.Reason = reasonOf(r.Reason)
		return errors.Join(n.unreachable(d, s), n.instead(d, s), n.end(d, s, on, okpay.Always))
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		return nil
	}
	return err
}

// find returns the id of the send that a report is about.
func (n *Notify) find(ctx context.Context, r Report) (string, error) {
	unknown := okpay.NewError(okpay.NotFound, "nothing was sent under this id")
	if r.MessageID != "" {
		local, domain, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(r.MessageID), "<"), ">"), "@")
		id, token, whole := strings.Cut(local, ".")
		if !ok || !whole || len(id) > 100 || !strings.EqualFold(domain, n.cfg.Domain) {
			return "", unknown
		}
		s := &sendDoc{}
		err := n.w.Read(ctx, "send", id, s)
		if err != nil && !errors.Is(err, okpay.NotFound) {
			return "", err
		}
		if err != nil || s.Token == "" || subtle.ConstantTimeCompare([]byte(s.Token), []byte(token)) != 1 {
			return "", unknown
		}
		return id, nil
	}
	if r.Provider == "" || r.Medium == "" {
		return "", okpay.InvalidField("message_id", "is missing, and so are medium and provider")
	}
	records, _, err := n.w.Records(ctx, ledger.RecordQuery{Type: "send", Label: providerLabel(r.Medium, r.Provider), Limit: 1})
	if err != nil {
		return "", err
	}
	if len(records) == 0 {
		return "", unknown
	}
	return records[0].ID, nil
}

// Reach is whether messages arrive at a contact.
type Reach struct {
	Contact okpay.ContactID `json:"contact"`
	Since   time.Time       `json:"since"` // when it bounced last
	Bounces int             `json:"bounces"`
	Reason  string          `json:"reason"`
}

// reachDoc is what is remembered of one contact.
type reachDoc struct {
	Of okpay.CustomerID `json:"of"`
	Reach
}

// reachable reports whether messages arrive at a contact as far as is known: none has come back
// since it was verified.
func reachable(d *okpay.Draft, c *okpay.Contact) (bool, error) {
	r := &reachDoc{}
	err := d.Read("reach", string(c.ID), r)
	if errors.Is(err, okpay.NotFound) {
		return true, nil
	}
	return err == nil && c.VerifiedAt != nil && c.VerifiedAt.After(r.Since), err
}

// unreachable remembers that a message came back from a contact. The customer is told, in the
// message center and by other contacts, when it is the first one.
func (n *Notify) unreachable(d *okpay.Draft, s *sendDoc) error {
	if s.Contact == "" || s.Send.Customer == "" {
		return nil
	}
	p, err := d.Person(s.Send.Customer)
	if errors.Is(err, okpay.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	at := slices.IndexFunc(p.Contacts, func(c okpay.Contact) bool { return c.ID == s.Contact })
	if at < 0 {
		return nil
	}
	c := &p.Contacts[at]
	arrived, err := reachable(d, c)
	if err != nil {
		return err
	}
	r := &reachDoc{}
	if err := d.Read("reach", string(c.ID), r); err != nil && !errors.Is(err, okpay.NotFound) {
		return err
	}
	r.Of, r.Contact, r.Since, r.Reason = s.Send.Customer, c.ID, d.Now(), s.Reason
	r.Bounces++
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	d.Put(ledger.Put{Type: "reach", ID: string(c.ID), Chaining: ledger.Plain, Content: b, Labels: []string{"c:" + string(r.Of)}})
	if arrived && c.State == okpay.ContactVerified {
		d.Tell(okpay.Message{Customer: r.Of, Template: Bouncing, ObjectType: "contact", Object: string(c.ID), Facts: map[string]string{
			"kind": string(c.Kind), "at": d.Now().UTC().Format(time.RFC3339),
		}})
	}
	return nil
}

// instead sends a message to another verified contact that it has not gone to, best one where
// messages arrive. What goes to one address alone goes nowhere else.
func (n *Notify) instead(d *okpay.Draft, s *sendDoc) error {
	if s.Only || s.Medium == ByPush || s.Send.Customer == "" {
		return nil
	}
	m, _, err := message(d, string(s.Message))
	if err != nil {
		return ignoring(err, okpay.NotFound)
	}
	p, err := d.Person(s.Send.Customer)
	if err != nil {
		return ignoring(err, okpay.NotFound)
	}
	var best *recipient
	for _, c := range p.Contacts {
		by, ok := n.medium(c.Kind)
		if c.State != okpay.ContactVerified || !ok {
			continue
		}
		err := d.Read("send", sendID(m.ID, by, c.ID), &sendDoc{})
		if err == nil {
			continue
		}
		if !errors.Is(err, okpay.NotFound) {
			return err
		}
		arrives, err := reachable(d, &c)
		if err != nil {
			return err
		}
		if best == nil || arrives {
			best = &recipient{by: by, contact: c.ID}
		}
		if arrives {
			break
		}
	}
	if best == nil {
		return nil
	}
	return n.queue(d, m, *best, d.Now())
}

func ignoring(err error, code okpay.Code) error {
	if errors.Is(err, code) {
		return nil
	}
	return err
}

// Unreachable returns the contacts of a customer from which messages came back since they were
// verified, so that an app can ask for others. Errors: NotFound.
func (n *Notify) Unreachable(ctx context.Context, customer okpay.CustomerID) ([]Reach, error) {
	c, err := n.w.Customers.Get(ctx, customer)
	if err != nil {
		return nil, err
	}
	var out []Reach
	for _, one := range c.Contacts {
		r := &reachDoc{}
		err := n.w.Read(ctx, "reach", string(one.ID), r)
		switch {
		case errors.Is(err, okpay.NotFound):
		case err != nil:
			return nil, err
		case one.State == okpay.ContactVerified && (one.VerifiedAt == nil || !one.VerifiedAt.After(r.Since)):
			out = append(out, r.Reach)
		}
	}
	return out, nil
}
