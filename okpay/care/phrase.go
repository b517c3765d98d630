package care

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Phrases is the service for customers' own words, which every message to them carries: one
// without them is somebody else's.
type Phrases struct{ c *Care }

// phraseDoc is a customer's phrase. Its record is in no block.
type phraseDoc struct {
	Of    okpay.CustomerID `json:"of"`
	Text  string           `json:"text"`
	Count int64            `json:"count"`
}

func (p *phraseDoc) Put() ledger.Put {
	return ledger.Put{Type: "phrase", ID: string(p.Of), Chaining: ledger.Plain, Labels: []string{"c:" + string(p.Of)}}
}

func (p *phraseDoc) View() any                  { return map[string]any{"customer": p.Of} }
func (p *phraseDoc) Customer() okpay.CustomerID { return p.Of }
func (p *phraseDoc) Counter() *int64            { return &p.Count }

// SetPhrase is the input of Phrases.Set.
type SetPhrase struct {
	Customer okpay.CustomerID
	Phrase   string // 4 to 40 characters; "" removes it
}

// Set sets a customer's phrase, or removes it. The customer is told, with the new one. Errors,
// the first that applies: InvalidRequest, AuthenticationRequired, SessionEnded, NotFound,
// AccountClosed, AccountRestricted where a restriction takes away okpay.CanManage.
func (s *Phrases) Set(ctx context.Context, in SetPhrase) error {
	text := ""
	if in.Phrase != "" {
		var err error
		if text, err = (prose{field: "phrase", least: 4, most: 40}).check(in.Phrase); err != nil {
			return err
		}
	}
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return err
	}
	// No Key: what was asked for would be kept with it, by its digest alone, but for good.
	act := okpay.Act{Principal: "c/" + string(in.Customer), Operation: "phrase.set"}
	_, err := s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
		g, err := d.Gate(in.Customer)
		if err != nil {
			return err
		}
		if !g.Allows(okpay.CanManage, d.Now()) {
			code := okpay.AccountRestricted
			if g.State == okpay.GateClosed {
				code = okpay.AccountClosed
			}
			return okpay.NewError(code, "the customer may not %s at present", okpay.CanManage)
		}
		a, _ := okpay.ActorOf(ctx)
		entry := okpay.AuditEntry{Actor: act.Principal, Action: "phrase.set", Customer: in.Customer, Session: a.Session, Shown: true}
		told := okpay.Told{Emits: []string{"phrase.set"}, Mails: []string{"phrase_changed"}}
		if text == "" {
			entry.Action, told.Emits = "phrase.remove", []string{"phrase.removed"}
		}
		d.Audit(entry)
		p := &phraseDoc{}
		if err := d.Read("phrase", string(in.Customer), p); err != nil && !errors.Is(err, okpay.NotFound) {
			return err
		}
		p.Of, p.Text = in.Customer, text
		return d.Write(p, told)
	})
	return err
}

// Phrase returns what a message to a customer carries, "" for a customer who has set none.
func (s *Phrases) Phrase(ctx context.Context, customer okpay.CustomerID) (string, error) {
	p := &phraseDoc{}
	err := s.c.w.Read(ctx, "phrase", string(customer), p)
	if errors.Is(err, okpay.NotFound) {
		return "", nil
	}
	return p.Text, err
}
