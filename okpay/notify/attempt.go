package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// send makes the next attempt of a send, if its time has come: it commits the intent, calls the
// provider, and commits what came of it.
func (n *Notify) send(ctx context.Context, id string) error {
	s, err := n.claim(ctx, id)
	if err != nil || s == nil {
		return err
	}
	receipt, failed := n.call(ctx, s)
	if ctx.Err() != nil {
		return ctx.Err() // it counts as lost, in time
	}
	return n.finish(ctx, s, receipt, failed)
}

// claim commits the intent of an attempt. Of all who try, in all processes, one gets it. nil is
// for one that is given up, that is forgotten, or that was lost by somebody else and waits for its turn again.
func (n *Notify) claim(ctx context.Context, id string) (claimed *sendDoc, err error) {
	_, err = n.w.Do(ctx, own("send.claim"), func(d *okpay.Draft) error {
		s := &sendDoc{}
		claimed = nil
		if err := d.Read("send", id, s); err != nil {
			return err
		}
		now := d.Now()
		switch {
		case now.Before(s.Put().Due):
			return okpay.ErrNothingDue
		case s.over(): // for so long that nobody asks any more
			d.Remove(s)
			return nil
		}
		if s.State == SendSending {
			s.NextAt, s.Reason = now, "lost"
			return s.move(d, loseSend, okpay.Always)
		}
		if !now.Before(s.EndsAt) {
			if s.Reason == "" {
				s.Reason = "gave_up"
			}
			return errors.Join(n.instead(d, s), n.end(d, s, claimSend, tooLate))
		}
		s.Attempts++
		s.NextAt = now.Add(2*n.cfg.Timeout + time.Minute)
		claimed = s
		return s.move(d, claimSend, okpay.Always)
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// drop is why something is not sent.
type drop string

func (e drop) Error() string { return string(e) }

// The reasons for which a message is not sent.
const (
	dropOver    drop = "flow_over"     // what it tells of is over
	dropGone    drop = "message_gone"  // erased
	dropNobody  drop = "nobody"        // the contact is not there any more
	dropSecret  drop = "no_secret"     // there is no code or link for it
	dropNoMeans drop = "not_available" // nothing is configured that sends it
)

// call renders the message and gives it to the provider.
func (n *Notify) call(ctx context.Context, s *sendDoc) (Receipt, error) {
	m := &messageDoc{}
	if err := n.w.Read(ctx, "message", string(s.Message), m); err != nil {
		return Receipt{}, onlyIf(err, okpay.NotFound, dropGone)
	}
	r, to, err := n.prepare(ctx, s, &m.Message)
	if err != nil {
		return Receipt{}, err
	}
	t, err := n.render(r)
	if err != nil {
		return Receipt{}, err
	}
	ctx, stop := context.WithTimeout(ctx, n.cfg.Timeout)
	defer stop()
	id := s.messageID(n.cfg.Domain)
	switch {
	case s.Medium == ByEmail && n.cfg.Mailer != nil:
		return n.cfg.Mailer.Mail(ctx, Mail{ID: id, To: to, Subject: t.Subject, Plain: t.Plain, HTML: t.HTML, Locale: r.locale})
	case s.Medium == BySMS && n.cfg.SMS != nil:
		text := shorten(t.Short)
		return n.cfg.SMS.Text(ctx, SMS{ID: s.ID + "." + s.Token, To: to, Text: text, Segments: Segments(text)})
	case s.Medium == ByPush && n.cfg.Push != nil:
		return n.cfg.Push.Push(ctx, Push{ID: s.ID + "." + s.Token, Customer: s.Send.Customer, Message: m.ID, Title: t.Subject, Locale: r.locale})
	}
	return Receipt{}, dropNoMeans
}

// prepare finds out what the text is made of, and the address.
func (n *Notify) prepare(ctx context.Context, s *sendDoc, m *okpay.Message) (r rendering, to string, err error) {
	r = rendering{locale: "en", template: n.template(m.Template), facts: m.Facts}
	if m.Customer != "" {
		c, err := n.w.Customers.Get(ctx, m.Customer)
		if err != nil {
			return r, "", onlyIf(err, okpay.NotFound, dropNobody)
		}
		r.locale = n.localeOf(c.Locale)
		at := slices.IndexFunc(c.Contacts, func(o okpay.Contact) bool { return o.ID == s.Contact && o.State == okpay.ContactVerified })
		if at >= 0 {
			to = c.Contacts[at].Value
		}
		if n.cfg.Phrase != nil {
			if r.phrase, err = n.cfg.Phrase(ctx, m.Customer); err != nil {
				return r, "", err
			}
		}
	}
	switch {
	case s.Only && m.Address != nil:
		to = m.Address.Value
	case s.Only, to == "" && s.Medium != ByPush:
		return r, "", dropNobody
	}
	if r.channels, err = n.channels(ctx, r.template); err != nil {
		return r, "", err
	}
	if len(r.template.Secrets) == 0 {
		return r, to, nil
	}
	answered := map[string]string{}
	if n.cfg.Secrets != nil {
		if answered, err = n.cfg.Secrets(ctx, *m); err != nil {
			if errors.Is(err, okpay.InvalidState) {
				err = dropOver
			}
			return r, "", onlyIf(err, okpay.NotFound, dropOver)
		}
	}
	secrets, ok := n.secretsOf(r.template, answered)
	if !ok {
		return r, "", dropSecret
	}
	r.secrets = secrets
	return r, to, nil
}

// channels are the official ones, for a template that names them. What could be read as anything
// else is left out.
func (n *Notify) channels(ctx context.Context, t Template) ([]Channel, error) {
	if !t.Directory {
		return nil, nil
	}
	if n.cfg.Directory != nil {
		list, err := n.cfg.Directory(ctx)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(slices.Clone(list), func(c Channel) bool { return c.check() != nil })
		if len(list) > 0 {
			return list, nil
		}
	}
	return n.cfg.Channels, nil
}

// onlyIf says what an error means if it has a code.
func onlyIf(err error, code okpay.Code, means drop) error {
	if errors.Is(err, code) {
		return means
	}
	return err
}

// finish commits what came of an attempt. What somebody else has decided meanwhile stays: a
// bounce, or that the attempt counts as lost.
func (n *Notify) finish(ctx context.Context, claimed *sendDoc, receipt Receipt, failed error) error {
	var (
		why  *Failure
		over drop
	)
	_, err := n.w.Do(ctx, own("send.finish"), func(d *okpay.Draft) error {
		s := &sendDoc{}
		if err := d.Read("send", claimed.ID, s); err != nil {
			return err
		}
		if s.State != SendSending || s.Attempts != claimed.Attempts {
			return okpay.ErrNothingDue
		}
		switch {
		case failed == nil:
			s.Provider, s.Reason = receipt.ID, ""
			if okpay.CheckText("provider", s.Provider, 200) != nil {
				s.Provider = ""
			}
			return n.end(d, s, acceptSend, okpay.Always)
		case errors.As(failed, &over):
			s.Reason = string(over)
			return n.end(d, s, dropSend, okpay.Always)
		case errors.As(failed, &why) && why.Permanent:
			s.Reason = reasonOf(why.Reason)
			if why.Recipient {
				if err := n.unreachable(d, s); err != nil {
					return err
				}
			}
			if err := n.instead(d, s); err != nil {
				return err
			}
			return n.end(d, s, refuseSend, okpay.Always)
		}
		s.Reason = "not_ready" // an error's own words may name the customer
		if why != nil {
			s.Reason = reasonOf(why.Reason)
		}
		s.NextAt = d.Now().Add(s.wait())
		return s.move(d, deferSend, okpay.Always)
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		return nil
	}
	return err
}

// end takes a send to where nothing more is tried. A message that is nobody's goes with it: what
// it keeps is an address.
func (n *Notify) end(d *okpay.Draft, s *sendDoc, on okpay.Action, g okpay.Guard) error {
	if s.Send.Customer == "" {
		_, r, err := message(d, string(s.Message))
		switch {
		case err == nil:
			d.Put(ledger.Put{Type: r.Type, ID: r.ID, Chaining: r.Chaining, Erase: true})
		case !errors.Is(err, okpay.NotFound):
			return err
		}
	}
	return s.move(d, on, g)
}

// reasonOf keeps only codes: what a provider says in words may name somebody.
func reasonOf(code string) string {
	if code == "" || len(code) > 40 {
		return "refused"
	}
	for _, c := range code {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return "refused"
		}
	}
	return code
}

// Sends returns how a message was sent: one for each medium and recipient. A message that another
// customer has, or nobody, is not found. Errors: NotFound.
func (n *Notify) Sends(ctx context.Context, customer okpay.CustomerID, id okpay.MessageID) ([]Send, error) {
	m := &messageDoc{}
	if err := n.w.Read(ctx, "message", string(id), m); err != nil || m.Customer != customer || customer == "" {
		return nil, okpay.NewError(okpay.NotFound, "there is no message with this id")
	}
	records, _, err := n.w.Records(ctx, ledger.RecordQuery{Type: "send", Label: "m:" + string(id), Limit: 100})
	if err != nil {
		return nil, err
	}
	return decoded[sendDoc](records, func(s *sendDoc) Send { return s.Send })
}

func decodeError(noun string, err error) error {
	return fmt.Errorf("notify: record of a %s: %w", noun, err)
}
