package notify

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Notice is a message as its customer reads it in the message center, in the language that the
// customer has now. Codes and links are never in it.
type Notice struct {
	ID         okpay.MessageID `json:"id"`
	Template   string          `json:"template"`
	Title      string          `json:"title"`
	Lines      []string        `json:"lines"`
	ObjectType string          `json:"object_type,omitempty"`
	Object     string          `json:"object,omitempty"`
	Security   bool            `json:"security,omitempty"` // it is about the account's safety
	CreatedAt  time.Time       `json:"created_at"`
	ReadAt     *time.Time      `json:"read_at,omitempty"`
	ArchivedAt *time.Time      `json:"archived_at,omitempty"`
}

// NoticePage asks for the newest notices, or for those older than Before.
type NoticePage struct {
	Before   okpay.MessageID
	Unread   bool // only those that are unread
	Archived bool // only those that are archived; they are left out otherwise
	Limit    int  // 1 to 100, 20 unless told
}

// Notices returns a page of a customer's message center, the newest first, and whether there are
// more. Errors: InvalidRequest, AuthenticationRequired, NotFound for another's, SessionEnded.
func (n *Notify) Notices(ctx context.Context, customer okpay.CustomerID, page NoticePage) (list []Notice, more bool, err error) {
	c, err := n.reader(ctx, customer)
	if err != nil {
		return nil, false, err
	}
	label := "c:" + string(customer)
	switch {
	case page.Unread && page.Archived:
		return nil, false, okpay.InvalidField("unread", "what is archived counts as read")
	case page.Unread:
		label += ":unread"
	case page.Archived:
		label += ":archived"
	}
	if page.Limit < 1 || page.Limit > 100 {
		page.Limit = 20
	}
	after := string(page.Before)
	for {
		records, further, err := n.w.Records(ctx, ledger.RecordQuery{Type: "message", Label: label, After: after, Desc: true, Limit: 100})
		if err != nil {
			return nil, false, err
		}
		for _, r := range records {
			after = r.ID
			m := &messageDoc{}
			if err := json.Unmarshal(r.Content, m); err != nil {
				return nil, false, decodeError("message", err)
			}
			if m.ArchivedAt != nil != page.Archived {
				continue
			}
			if len(list) == page.Limit {
				return list, true, nil
			}
			list = append(list, n.notice(&c, m))
		}
		if !further {
			return list, false, nil
		}
	}
}

// Notice returns one notice. Errors: as of Notices.
func (n *Notify) Notice(ctx context.Context, customer okpay.CustomerID, id okpay.MessageID) (Notice, error) {
	c, err := n.reader(ctx, customer)
	if err != nil {
		return Notice{}, err
	}
	m := &messageDoc{}
	if err := n.w.Read(ctx, "message", string(id), m); err != nil {
		return Notice{}, err
	}
	if m.Customer != customer {
		return Notice{}, okpay.NewError(okpay.NotFound, "there is no message with this id")
	}
	return n.notice(&c, m), nil
}

// Unread returns how many notices of a customer are unread. Errors: as of Notices.
func (n *Notify) Unread(ctx context.Context, customer okpay.CustomerID) (count int, err error) {
	if _, err := n.reader(ctx, customer); err != nil {
		return 0, err
	}
	for after, more := "", true; more; {
		var records []ledger.Record
		records, more, err = n.w.Records(ctx, ledger.RecordQuery{Type: "message", Label: "c:" + string(customer) + ":unread", After: after, Limit: 100})
		if err != nil {
			return 0, err
		}
		for _, r := range records {
			after = r.ID
		}
		count += len(records)
	}
	return count, nil
}

// reader checks who asks, and returns the customer.
func (n *Notify) reader(ctx context.Context, customer okpay.CustomerID) (okpay.Customer, error) {
	if err := n.w.Admit(ctx, customer); err != nil {
		return okpay.Customer{}, err
	}
	return n.w.Customers.Get(ctx, customer)
}

func (n *Notify) notice(c *okpay.Customer, m *messageDoc) Notice {
	r := rendering{locale: n.localeOf(c.Locale), template: n.template(m.Template), facts: m.Facts}
	l := n.languages[r.locale]
	title, _ := n.fill(r, l.Templates[r.template.Name].Subject)
	out := Notice{
		ID: m.ID, Template: m.Template, Title: title, Lines: n.body(r), ObjectType: m.ObjectType, Object: m.Object,
		Security: r.template.Security, CreatedAt: m.CreatedAt, ReadAt: m.ReadAt, ArchivedAt: m.ArchivedAt,
	}
	if len(r.template.Secrets) > 0 {
		// The line that has the code was first, and says nothing without it.
		out.Lines = append(dropFirst(out.Lines), l.Frame["hidden"])
	}
	return out
}

func dropFirst(lines []string) []string {
	if len(lines) > 0 && strings.Contains(lines[0], "…") {
		return lines[1:]
	}
	return lines
}

// MarkNotices is the input of Notify.Mark: what is nil stays as it is.
type MarkNotices struct {
	Customer okpay.CustomerID
	Messages []okpay.MessageID // 1 to 100
	Read     *bool
	Archived *bool // what is archived counts as read
	Key      string
}

// Mark marks notices as read or unread, archived or not. Nothing is ever removed. Errors:
// InvalidRequest, IdempotencyKeyReused, NotFound for one that is not there or another's: then
// nothing is marked; AuthenticationRequired, SessionEnded.
func (n *Notify) Mark(ctx context.Context, in MarkNotices) error {
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return err
	}
	if len(in.Messages) == 0 || len(in.Messages) > 100 || in.Read == nil && in.Archived == nil {
		return okpay.InvalidField("messages", "are %d, want 1 to 100, or there is nothing to mark", len(in.Messages))
	}
	request := []ledger.Field{{Name: "read", Value: said(in.Read)}, {Name: "archived", Value: said(in.Archived)}}
	for _, id := range in.Messages {
		request = append(request, ledger.Field{Name: "message", Value: string(id)})
	}
	act := okpay.Act{Principal: "c/" + string(in.Customer), Operation: "message.mark", Key: in.Key, Request: request}
	_, err := n.w.Do(ctx, act, func(d *okpay.Draft) error {
		seen := map[okpay.MessageID]bool{}
		for _, id := range in.Messages {
			if seen[id] {
				continue
			}
			seen[id] = true
			m, r, err := message(d, string(id))
			if err != nil {
				return err
			}
			if m.Customer != in.Customer {
				return okpay.NewError(okpay.NotFound, "there is no message with this id")
			}
			m.ReadAt = marked(m.ReadAt, in.Read, d.Now())
			m.ArchivedAt = marked(m.ArchivedAt, in.Archived, d.Now())
			if err := m.put(d, r.Due); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// marked is when something was marked: it keeps the first time.
func marked(was *time.Time, want *bool, now time.Time) *time.Time {
	switch {
	case want == nil || *want && was != nil:
		return was
	case *want:
		return &now
	}
	return nil
}

func said(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

// decoded reads records' documents.
func decoded[D, V any](records []ledger.Record, view func(*D) V) ([]V, error) {
	out := make([]V, 0, len(records))
	for _, r := range records {
		doc := new(D)
		if err := json.Unmarshal(r.Content, doc); err != nil {
			return nil, decodeError(r.Type, err)
		}
		out = append(out, view(doc))
	}
	return out, nil
}
