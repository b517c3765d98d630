package notify

import (
	"context"
	"encoding/json"
	"io"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Section is what another package holds about a customer, for Notify.Export: sessions, cases. Its
// each calls give with one item after the other. Nothing secret, and no internal reasons.
type Section struct {
	Name string // a name in the document, such as sessions
	Each func(ctx context.Context, customer okpay.CustomerID, give func(item any) error) error
}

// exportedEntry is an entry of the audit as the customer gets it: without why, which may be
// internal, and without who of the operator's people did it.
type exportedEntry struct {
	ID     okpay.AuditID     `json:"id"`
	At     string            `json:"at"`
	By     string            `json:"by"` // you, operator or program
	Action string            `json:"action"`
	Object string            `json:"object,omitempty"`
	Facts  map[string]string `json:"facts,omitempty"`
}

// Export writes all that is held about a customer as one JSON document, as it reads: customer,
// messages, sends, unreachable, audit (what the customer sees and what not, without internal
// reasons), activity, balances, statements by currency, and Config.Export. An error leaves a
// document that is cut off. The program may call it for anybody, an Actor for themselves. Errors:
// NotFound, SessionEnded, those of out.
func (n *Notify) Export(ctx context.Context, out io.Writer, customer okpay.CustomerID) error {
	if _, acts := okpay.ActorOf(ctx); acts {
		if err := n.w.Admit(ctx, customer); err != nil {
			return err
		}
	}
	c, err := n.w.Customers.Get(ctx, customer)
	if err != nil {
		return err
	}
	e := &exporter{out: out}
	e.raw(`{"version":1,"customer":`)
	e.value(c)
	list := func(name string, each func(give func(any) error) error) {
		if e.err != nil {
			return
		}
		e.raw(",")
		e.value(name)
		e.raw(":")
		e.list(each)
	}
	list("messages", n.records(ctx, "message", customer, func(r ledger.Record) (any, error) {
		m := &messageDoc{}
		err := json.Unmarshal(r.Content, m)
		return struct {
			*messageDoc
			Text Notice `json:"text"`
		}{m, n.notice(&c, m)}, err
	}))
	list("sends", n.records(ctx, "send", customer, func(r ledger.Record) (any, error) {
		s := &sendDoc{}
		err := json.Unmarshal(r.Content, s)
		return s.Send, err
	}))
	list("unreachable", n.records(ctx, "reach", customer, func(r ledger.Record) (any, error) {
		s := &reachDoc{}
		err := json.Unmarshal(r.Content, s)
		return s.Reach, err
	}))
	list("audit", n.records(ctx, "audit", customer, func(r ledger.Record) (any, error) {
		a := &okpay.AuditEntry{}
		err := json.Unmarshal(r.Content, a)
		if err == nil && n.cfg.Withhold != nil && n.cfg.Withhold(*a) {
			return nil, nil
		}
		return exported(a), err
	}))
	list("activity", func(give func(any) error) error {
		for page := (okpay.ActivityPage{Limit: 100}); ; {
			moves, err := n.w.Customers.Activity(ctx, customer, page)
			if err != nil {
				return err
			}
			for i := range moves {
				page.Before = moves[i].Object
				if err := give(moves[i]); err != nil {
					return err
				}
			}
			if len(moves) < page.Limit {
				return nil
			}
		}
	})
	balances, err := n.w.Customers.Balances(ctx, customer)
	if err != nil {
		return err
	}
	list("balances", func(give func(any) error) error {
		for _, b := range balances {
			if err := give(b); err != nil {
				return err
			}
		}
		return nil
	})
	for _, b := range balances {
		list("statement_"+b.Total.Currency().Code(), n.statement(ctx, customer, b.Total.Currency().Code()))
	}
	for _, s := range n.cfg.Export {
		list(s.Name, func(give func(any) error) error { return s.Each(ctx, customer, give) })
	}
	e.raw("}\n")
	return e.err
}

func exported(a *okpay.AuditEntry) exportedEntry {
	by := "program"
	switch {
	case a.Actor == "c/"+string(a.Customer):
		by = "you"
	case len(a.Actor) > 3 && a.Actor[:3] == "op/":
		by = "operator"
	}
	out := exportedEntry{ID: a.ID, At: a.At.UTC().Format("2006-01-02T15:04:05Z07:00"), By: by, Action: a.Action, Object: a.Object}
	if a.Shown {
		out.Facts = a.Facts
	}
	return out
}

// records gives all of a customer's records of a type, but for those of which item makes nil.
func (n *Notify) records(ctx context.Context, noun string, customer okpay.CustomerID, item func(ledger.Record) (any, error)) func(func(any) error) error {
	return func(give func(any) error) error {
		for after, more := "", true; more; {
			var (
				records []ledger.Record
				err     error
			)
			records, more, err = n.w.Records(ctx, ledger.RecordQuery{Type: noun, Label: "c:" + string(customer), After: after, Limit: 100})
			if err != nil {
				return err
			}
			for _, r := range records {
				after = r.ID
				v, err := item(r)
				if err != nil {
					return decodeError(noun, err)
				}
				if v == nil {
					continue // withheld
				}
				if err := give(v); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func (n *Notify) statement(ctx context.Context, customer okpay.CustomerID, currency string) func(func(any) error) error {
	return func(give func(any) error) error {
		for page := (okpay.StatementPage{Limit: 100}); ; {
			lines, err := n.w.Customers.Statement(ctx, customer, currency, page)
			if err != nil {
				return err
			}
			for _, l := range lines {
				page.After = l.Nth
				if err := give(l); err != nil {
					return err
				}
			}
			if len(lines) < page.Limit {
				return nil
			}
		}
	}
}

// exporter writes a document in parts.
type exporter struct {
	out io.Writer
	err error
}

func (e *exporter) raw(s string) {
	if e.err == nil {
		_, e.err = io.WriteString(e.out, s)
	}
}

func (e *exporter) value(v any) {
	if e.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		e.err = err
		return
	}
	_, e.err = e.out.Write(b)
}

func (e *exporter) list(each func(give func(any) error) error) {
	e.raw("[")
	first := true
	err := each(func(v any) error {
		if !first {
			e.raw(",\n")
		}
		first = false
		e.value(v)
		return e.err
	})
	if e.err == nil {
		e.err = err
	}
	e.raw("]")
}
