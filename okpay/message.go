package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// MessageID names a message.
type MessageID string

// Message is something that a customer is to be told. It names what it is about and holds
// nothing personal: the text is made from its template when it is shown or sent.
type Message struct {
	ID         MessageID  `json:"id"`
	Customer   CustomerID `json:"customer"`
	Template   string     `json:"template"` // such as withdrawal_received
	ObjectType string     `json:"object_type"`
	Object     string     `json:"object"`
	CreatedAt  time.Time  `json:"created_at"`
}

// queueMessage adds a message to a Change. Nobody is told when there is no customer.
func (w *Wallet) queueMessage(c *ledger.Change, now time.Time, to CustomerID, template, objectType, object string) {
	if to == "" {
		return
	}
	m := Message{
		ID: MessageID(w.newID("msg_")), Customer: to, Template: template, ObjectType: objectType, Object: object, CreatedAt: now,
	}
	c.Puts = append(c.Puts, ledger.Put{
		Type: "message", ID: string(m.ID), Chaining: ledger.Plain, Content: encode(m), Labels: []string{"c:" + string(to)}, Due: now,
	})
}

// Messages returns a customer's messages, the newest first, at most limit (1 to 100, 20
// unless told), continuing after one that was seen. Errors: NotFound.
func (s *Customers) Messages(ctx context.Context, id CustomerID, after MessageID, limit int) ([]Message, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "message", Label: "c:" + string(id), After: string(after), Desc: true, Limit: pageSize(limit),
	})
	if err != nil {
		return nil, translate(err)
	}
	out := make([]Message, 0, len(records))
	for _, r := range records {
		var m Message
		if err := decodeRecord("message", r.ID, r, nil, &m); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}
