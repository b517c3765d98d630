package notify

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// pace is how fast a customer is sent messages, by kind and medium: an arrival time in theory for
// each. Whoever makes one kind of messages come in crowds does not hold up another kind.
type pace struct {
	Of okpay.CustomerID     `json:"of"`
	At map[string]time.Time `json:"at"`
}

// paced returns when each send of a message may go out.
func (n *Notify) paced(d *okpay.Draft, m *messageDoc, to []recipient) ([]time.Time, error) {
	out := make([]time.Time, len(to))
	for i := range to {
		out[i] = d.Now()
	}
	if m.Customer == "" || len(to) == 0 {
		return out, nil
	}
	p := &pace{}
	if err := d.Read("pace", string(m.Customer), p); err != nil && !errors.Is(err, okpay.NotFound) {
		return nil, err
	}
	kept := map[string]time.Time{}
	for k, at := range p.At {
		if at.After(d.Now()) {
			kept[k] = at
		}
	}
	kind := "rest"
	if n.template(m.Template).Security {
		kind = m.Template
	}
	step := time.Hour / time.Duration(n.cfg.PerHour)
	for i, r := range to {
		key := string(r.by) + ":" + string(r.contact) + ":" + kind
		next := kept[key]
		if next.Before(d.Now()) {
			next = d.Now()
		}
		if at := next.Add(step - time.Hour); at.After(d.Now()) {
			out[i] = at
		}
		kept[key] = next.Add(step)
	}
	p.Of, p.At = m.Customer, kept
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	d.Put(ledger.Put{
		Type: "pace", ID: string(m.Customer), Chaining: ledger.Plain, Content: b, Labels: []string{"c:" + string(m.Customer)},
	})
	return out, nil
}
