package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// document is an object of the wallet as its record keeps it.
type document interface {
	// record is the record without its content: type, id, labels, unique keys, due time.
	record() ledger.Put
	// view is what events and callers see.
	view(w *Wallet) (any, error)
	// counter is where the object counts its events.
	counter() *int64
	// parties are whose endpoints hear of it, and who gets the messages about it.
	parties() (MerchantID, CustomerID)
}

// addressed is a document of several customers: each message has its own.
type addressed interface {
	recipient(template string) CustomerID
}

// write puts an object's next version into a Change, with the events and messages of the
// moves that it made. Events show the object as it is now.
func (w *Wallet) write(c *ledger.Change, now time.Time, d document, moves ...Told) error {
	put := d.record()
	for _, m := range moves {
		if err := w.announceOf(c, now, d, put.ID, m.Emits); err != nil {
			return err
		}
	}
	put.Content = encode(d)
	c.Puts = append(c.Puts, put)
	_, customer := d.parties()
	for _, m := range moves {
		for _, template := range m.Mails {
			to := customer
			if a, ok := d.(addressed); ok {
				to = a.recipient(template)
			}
			m := Message{Customer: to, Template: template, ObjectType: put.Type, Object: put.ID}
			if i, ok := d.(informed); ok {
				m.Facts = i.facts(w, template)
			}
			w.queueMessage(c, now, m)
		}
	}
	return nil
}

// announce adds events with the object as it is now. The sequence in the payload is the
// event's own.
func (w *Wallet) announce(c *ledger.Change, now time.Time, d document, eventTypes ...string) error {
	return w.announceOf(c, now, d, d.record().ID, eventTypes)
}

// announceOf is announce for a document whose id is known already: its record is not made for that alone.
func (w *Wallet) announceOf(c *ledger.Change, now time.Time, d document, id string, eventTypes []string) error {
	owner, _ := d.parties()
	for _, eventType := range eventTypes {
		merchant := owner
		if privateTypes()[eventType] {
			merchant = ""
		}
		sequence := d.counter()
		*sequence++
		view, err := d.view(w)
		if err != nil {
			return err
		}
		*sequence--
		a := announcer{w: w, now: now, merchant: merchant, subject: id, sequence: sequence}
		c.Events = append(c.Events, a.event(eventType, view))
	}
	return nil
}
