package okpay

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/okpay/okpay-go/ledger"
)

// What follows is for packages that stand beside the wallet and keep objects of their own on its
// ledger: okpay/identity, okpay/care, okpay/notify, or an embedding program's. They write the
// way the wallet does: read, decide, commit one Change.

// Act says what is asked for and by whom, so that it can be told from another request with
// the same key.
type Act struct {
	Principal string     // such as "op/ana"; keys of different principals never meet. "c/" and an id is a customer's own act
	Operation string     // such as "restriction.impose"
	Customer  CustomerID // whose own act it is although the principal is another, if it is
	Key       string     // makes the call safe to repeat; "" for a new one
	Request   []ledger.Field
}

// Draft is a Change in the making. What is read through it the Change relies on.
type Draft struct {
	*ledger.Draft
	w       *Wallet
	digests *digester // of contacts, once they were needed
}

// Do runs fn, possibly more than once, and commits the Change that it has drafted. Nothing is
// written when fn fails. Errors: InvalidRequest, IdempotencyKeyReused, AuthenticationRequired,
// SessionEnded, PermissionDenied for an operator's act while a customer acts, those of fn, ServiceBusy.
func (w *Wallet) Do(ctx context.Context, a Act, fn func(*Draft) error) (ledger.Outcome, error) {
	if _, acts := ActorOf(ctx); acts && strings.HasPrefix(a.Principal, "op/") {
		return ledger.Outcome{}, NewError(PermissionDenied, "a customer is signed in here, and no operator")
	}
	of := a.Customer
	if id, ok := strings.CutPrefix(a.Principal, "c/"); ok {
		of = CustomerID(id)
	}
	v := verb{principal: a.Principal, operation: a.Operation, key: a.Key, request: a.Request}
	out, err := w.doAs(ctx, of, v, func(d *ledger.Draft) error { return fn(&Draft{Draft: d, w: w}) })
	return out, translate(err)
}

// Read reads a document that the Change then relies on. Errors: NotFound.
func (d *Draft) Read(noun, id string, doc any) error { return draftGet(d.Draft, noun, id, doc) }

// Object is an object of a package beside the wallet, kept as JSON.
type Object interface {
	// Put is the record without its content: type, id, labels, unique keys, due time, chaining.
	Put() ledger.Put
	// View is what its events show: nothing personal, nothing secret.
	View() any
	// Customer is who gets the messages, "" for nobody.
	Customer() CustomerID
	// Counter is where it counts its events.
	Counter() *int64
}

// Informed is an Object whose messages speak of facts.
type Informed interface {
	Facts(template string) map[string]string
}

// Write puts an object's next version into the Change, with the events and messages of the moves
// that it made.
func (d *Draft) Write(o Object, moves ...Told) error {
	return d.w.write(&d.Change, d.Now(), beside{o}, moves...)
}

// Announce adds events about an object that is written by the same Change later, each with the
// object as it is now.
func (d *Draft) Announce(o Object, eventTypes ...string) error {
	return d.w.announce(&d.Change, d.Now(), beside{o}, eventTypes...)
}

// Remove erases an object's record: a tombstone stays.
func (d *Draft) Remove(o Object) {
	put := o.Put()
	d.Put(ledger.Put{Type: put.Type, ID: put.ID, Chaining: put.Chaining, Erase: true})
}

// Gate reads a customer's gate. Errors: NotFound.
func (d *Draft) Gate(id CustomerID) (*Gate, error) { return d.w.gate(d.Draft, id) }

// WriteGate writes a gate that was read through the draft, with the events and messages of the
// moves that it made (see GateMachine).
func (d *Draft) WriteGate(g *Gate, moves ...Told) error {
	g.UpdatedAt = d.Now()
	return d.w.write(&d.Change, d.Now(), g, moves...)
}

// Tell queues a message; its ID and CreatedAt are set. Nobody is told when it has neither a
// customer nor an address.
func (d *Draft) Tell(m Message) { d.w.queueMessage(&d.Change, d.Now(), m) }

// Audit adds an entry to the audit; its ID and At are set.
func (d *Draft) Audit(e AuditEntry) { d.w.audit(&d.Change, d.Now(), e) }

// Person reads a customer and what is personal of them. Errors: NotFound.
func (d *Draft) Person(id CustomerID) (Customer, error) {
	doc, p, err := d.w.customer(d.Draft, id)
	if err != nil {
		return Customer{}, err
	}
	c := doc.Customer
	c.Name, c.Contacts = p.Name, p.contacts()
	return c, nil
}

// Read reads a document as it is now. Errors: NotFound.
func (w *Wallet) Read(ctx context.Context, noun, id string, doc any) error {
	return translate(w.get(ctx, noun, id, doc))
}

// ReadAfter reads a document for a verb that has committed.
func (w *Wallet) ReadAfter(ctx context.Context, out ledger.Outcome, noun, id string, doc any) error {
	return translate(w.getAfter(ctx, out, noun, id, doc))
}

// Records returns a page of records of a type, and whether there are more. limit is 1 to 100, 20
// unless told.
func (w *Wallet) Records(ctx context.Context, q ledger.RecordQuery) (page []ledger.Record, more bool, err error) {
	limit := pageSize(q.Limit)
	q.Limit = limit + 1
	records, err := w.ledger.Records(ctx, q)
	if err != nil {
		return nil, false, translate(err)
	}
	return records[:min(limit, len(records))], len(records) > limit, nil
}

// NewID makes an id with a prefix such as "cas_".
func (w *Wallet) NewID(prefix string) string { return w.newID(prefix) }

// Random fills b from Config.Rand.
func (w *Wallet) Random(b []byte) error { return w.random(b) }

// Task is background work on records of one type, done for each that is due. A record whose
// task fails is put off; one for which it returns ErrNothingDue is left alone.
type Task struct {
	Noun string // the records' type
	Do   func(ctx context.Context, id string) error
}

// Also adds tasks to Run and Work, with a worker of their own: what hangs in them holds up
// nothing else. Call it before the wallet is used.
func (w *Wallet) Also(tasks ...Task) {
	w.workers = append(w.workers, newWorker(func(ctx context.Context) (done int, err error) {
		for _, t := range tasks {
			n, failed := w.due(ctx, t.Noun, parallelJobs, nil, t.Do)
			done, err = done+n, errors.Join(err, failed)
		}
		return done, err
	}))
}

// beside makes a document of an Object.
type beside struct{ o Object }

func (b beside) record() ledger.Put { return b.o.Put() }

func (b beside) view(*Wallet) (any, error) { return b.o.View(), nil }

func (b beside) counter() *int64 { return b.o.Counter() }

func (b beside) parties() (MerchantID, CustomerID) { return "", b.o.Customer() }

// MarshalJSON writes the object itself.
func (b beside) MarshalJSON() ([]byte, error) { return json.Marshal(b.o) }

func (b beside) facts(_ *Wallet, template string) map[string]string {
	if i, ok := b.o.(Informed); ok {
		return i.Facts(template)
	}
	return nil
}
