package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
)

// EraseCustomer is the input of Customers.Erase.
type EraseCustomer struct {
	Customer CustomerID
	Key      string // makes the call safe to repeat
}

// Erase removes what is personal of a customer whose account is closed: name and contacts,
// in transfers and requests for money what they wrote and how they were addressed, messages,
// device and place in the audit, and what Wallet.Erases names. The
// profile's record leaves a tombstone, the journal stays verifiable, amounts and ids stay as
// they are. It works in several commits; one that was interrupted goes on when it is called
// again.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// InvalidState when the account is not closed or was erased already, those of what
// Wallet.ErasesFirst names, InvalidState when the account is restricted.
func (s *Customers) Erase(ctx context.Context, in EraseCustomer) (Customer, error) {
	v := verb{"program", "customer.erase", in.Key, []ledger.Field{{Name: "customer", Value: string(in.Customer)}}}
	begun, blanked := len(s.w.erasesFirst) == 0, false
	erase := func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		c := &customerDoc{}
		if err := draftGet(d, "customer", string(in.Customer), c); err != nil {
			return err
		}
		if g.State != GateClosed || c.ErasedAt != nil {
			e := NewError(InvalidState, "the account is %s, and only one that is closed is erased", g.State)
			if c.ErasedAt != nil {
				e.Detail = "the customer was erased already"
			}
			e.Object = string(in.Customer)
			return e
		}
		if !begun {
			return errNotBegun
		}
		if len(g.Denied) > 0 {
			e := NewError(InvalidState, "the account is restricted")
			e.Object = string(in.Customer)
			return e
		}
		if !blanked {
			return errNotMarked
		}
		if _, err := d.Get("profile", partyCustomer(in.Customer)); err != nil {
			return err
		}
		d.Put(ledger.Put{Type: "profile", ID: partyCustomer(in.Customer), Erase: true})
		now := d.Now()
		c.ErasedAt = &now
		return s.w.write(&d.Change, now, c, Told{Emits: []string{"customer.erased"}})
	}
	out, err := s.w.do(ctx, v, erase)
	if errors.Is(err, errNotBegun) {
		for _, first := range s.w.erasesFirst {
			if err := first(ctx, in.Customer); err != nil {
				return Customer{}, translate(err)
			}
		}
		begun = true
		out, err = s.w.do(ctx, v, erase)
	}
	if errors.Is(err, errNotMarked) {
		if err := s.w.blankAll(ctx, in.Customer); err != nil {
			return Customer{}, translate(err)
		}
		blanked = true
		out, err = s.w.do(ctx, v, erase)
	}
	if err != nil {
		return Customer{}, translate(err)
	}
	return s.after(ctx, in.Customer, out)
}

// blanker is an object that keeps something personal of a customer.
type blanker interface {
	document
	// blank removes what is personal of the customer, and reports whether anything was.
	blank(CustomerID) bool
}

// Erasure says what Customers.Erase does with records of one type that are found by a label,
// which is "c:" and the customer's id.
type Erasure struct {
	Noun string
	// Blank rewrites one of them without what is personal; ErrNothingDue when nothing is. It
	// may be called more than once for one record. nil erases the record: a tombstone stays.
	Blank func(d *Draft, id string, of CustomerID) error
}

// Erases makes records of packages beside the wallet take part in Customers.Erase. Call it
// before the wallet is used.
func (w *Wallet) Erases(more ...Erasure) { w.erasures = append(w.erasures, more...) }

// errNotBegun reports that what erases first has not done so.
var errNotBegun = errors.New("okpay: what erases first has not done so yet")

// ErasesFirst makes what has rules of its own for erasing, such as something that the law wants
// kept, a part of Customers.Erase: fn is called before anything else is erased, once it is known
// that the account is closed, and its error is that of Customers.Erase. It may be called again for
// one customer. Call it before the wallet is used.
func (w *Wallet) ErasesFirst(fn func(ctx context.Context, of CustomerID) error) {
	w.erasesFirst = append(w.erasesFirst, fn)
}

// blanks is the Erasure of a kind of the wallet's own objects.
func (w *Wallet) blanks(noun string, empty func() blanker) Erasure {
	return Erasure{noun, func(d *Draft, id string, of CustomerID) error {
		doc := empty()
		if err := d.Read(noun, id, doc); err != nil {
			return err
		}
		if !doc.blank(of) {
			return ErrNothingDue
		}
		return w.write(&d.Change, d.Now(), doc)
	}}
}

// personal are the records that keep something personal: the wallet's own first. Messages go
// whole; of the audit what was done, when and by whom stays.
func (w *Wallet) personal() []Erasure {
	return append([]Erasure{
		w.blanks("transfer", func() blanker { return &transferDoc{} }),
		w.blanks("request", func() blanker { return &requestDoc{} }),
		{"message", nil},
		{"audit", blankAudit},
	}, w.erasures...)
}

// blankAudit leaves an entry without device, place and whatever else its facts are, and without
// words that somebody typed.
func blankAudit(d *Draft, id string, _ CustomerID) error {
	r, err := d.Get("audit", id)
	var e AuditEntry
	if err := decodeRecord("audit", id, r, err, &e); err != nil {
		return err
	}
	words := e.Reason != "" && CheckID("reason", e.Reason) != nil
	if len(e.Facts) == 0 && !words {
		return ErrNothingDue
	}
	e.Facts = nil
	if words {
		e.Reason = ""
	}
	d.Put(ledger.Put{Type: r.Type, ID: r.ID, Content: encode(e), Labels: r.Labels, Chaining: r.Chaining})
	return nil
}

// blankAll removes what is personal of a customer from all objects.
func (w *Wallet) blankAll(ctx context.Context, id CustomerID) error {
	for _, e := range w.personal() {
		for after, more := "", true; more; {
			var (
				records []ledger.Record
				err     error
			)
			if records, more, err = w.page(ctx, e.Noun, "c:"+string(id), after, false, 100); err != nil {
				return err
			}
			for _, r := range records {
				after = r.ID
				_, err := w.do(ctx, verb{principal: "program", operation: "customer.blank"}, func(d *ledger.Draft) error {
					if e.Blank != nil {
						return e.Blank(&Draft{Draft: d, w: w}, r.ID, id)
					}
					if _, err := d.Get(r.Type, r.ID); err != nil {
						return err
					}
					d.Put(ledger.Put{Type: r.Type, ID: r.ID, Chaining: r.Chaining, Erase: true})
					return nil
				})
				if err != nil && !errors.Is(err, ErrNothingDue) && !errors.Is(err, ledger.ErrErased) && CodeOf(err) != NotFound {
					return err
				}
			}
		}
	}
	return nil
}
