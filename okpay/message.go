package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// MessageID names a message.
type MessageID string

// Message is something that a customer is to be told. It names what it is about and holds
// nothing secret: the text is made from its template when it is shown or sent.
type Message struct {
	ID         MessageID  `json:"id"`
	Customer   CustomerID `json:"customer,omitempty"`
	Template   string     `json:"template"` // such as withdrawal_received
	ObjectType string     `json:"object_type,omitempty"`
	Object     string     `json:"object,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`

	// Facts are what the text speaks of, such as reason, until, device and place: codes and
	// RFC 3339 times, nothing secret.
	Facts map[string]string `json:"facts,omitempty"`
	// Address is the only one that it goes to, instead of all the customer's verified contacts.
	Address *Address `json:"address,omitempty"`
}

// Address is an e-mail address or a telephone number in its normal form. It is personal.
type Address struct {
	Kind  ContactKind `json:"kind"`
	Value string      `json:"value"`
}

// queueMessage adds a message to a Change. Nobody is told when there is neither a customer nor an
// address.
func (w *Wallet) queueMessage(c *ledger.Change, now time.Time, m Message) {
	if m.Customer == "" && m.Address == nil {
		return
	}
	m.ID, m.CreatedAt = MessageID(w.newID("msg_")), now
	put := ledger.Put{Type: "message", ID: string(m.ID), Chaining: ledger.Plain, Content: encode(m), Due: now}
	if m.Customer != "" {
		put.Labels = []string{"c:" + string(m.Customer), "c:" + string(m.Customer) + ":unread"}
	}
	c.Puts = append(c.Puts, put)
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
