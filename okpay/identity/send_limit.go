package identity

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// SendLimit bounds how often codes and links are sent. What is zero is as Config says.
type SendLimit struct {
	Gap     time.Duration // from one to the next
	Quarter int           // in any 15 minutes
	Day     int           // in any 24 hours, at most 1,000
}

// sendsTo is what one customer or contact is sent unless told.
func sendsTo() SendLimit { return SendLimit{Gap: time.Minute, Quarter: 3, Day: 10} }

// sendsByAddress is what may be asked for from one network address unless told: more, since the
// people of an office, or of a telephone company, share one.
func sendsByAddress() SendLimit { return SendLimit{Gap: time.Minute, Quarter: 30, Day: 300} }

func (l *SendLimit) complete(field string, by SendLimit) error {
	l.Gap, l.Quarter, l.Day = cmp.Or(l.Gap, by.Gap), cmp.Or(l.Quarter, by.Quarter), cmp.Or(l.Day, by.Day)
	if l.Gap < 0 || l.Quarter < 1 || l.Day < 1 || l.Day > 1000 {
		return okpay.InvalidField(field, "has a negative bound, or one that is too large")
	}
	return nil
}

// free is when one more may be sent: now or before, if it may be at once.
func (l *SendLimit) free(sent []time.Time) time.Time {
	var from time.Time
	later := func(n int, after time.Duration) {
		if len(sent) >= n {
			if t := sent[len(sent)-n].Add(after); t.After(from) {
				from = t
			}
		}
	}
	if l.Gap > 0 {
		later(1, l.Gap)
	}
	later(l.Quarter, 15*time.Minute)
	later(l.Day, 24*time.Hour)
	return from
}

// sendsDoc is when something was sent to one customer, to one name that nobody has, or for one
// network address. Its id does not tell whose it is.
type sendsDoc struct {
	Sent []time.Time `json:"sent"`
}

// sender is who counts for a limit.
type sender struct {
	key   string
	limit SendLimit
}

// countSend counts one thing to be sent to what a name has led to: for the customer, for the
// contact, to which there is a gap between two, and for the network address that asks. Who has
// proven nothing yet is not refused for the customer's sake, but nothing is sent then: a refusal at
// one name after many asked for at another would tell that both are one customer's. A device that the customer trusts is counted apart, so that strangers who ask for codes in
// somebody's name do not keep their owner from asking. Errors: TooManyTries with ResetsAt.
func (x *Identity) countSend(d *okpay.Draft, of *found, client *Client) (unsent bool, err error) {
	trusted, err := x.asksTrusted(d, of, client)
	if err != nil {
		return false, err
	}
	who, to := of.who(), string(of.address.Kind)+"/"+of.address.Value
	if trusted {
		who, to = "trusted/"+who, "trusted/"+to
	}
	all, by := x.cfg.Sends, x.cfg.SendsByAddress
	all.Gap, by.Gap = 0, 0
	out := []sender{{x.counters.Key("sends/to", to), x.cfg.Sends}}
	if a, ok := client.throttled(); ok && !trusted {
		out = append(out, sender{x.counters.Key("sends/address", a.String()), by})
	}
	if err := send(d, out); err != nil {
		return false, err
	}
	err = send(d, []sender{{x.counters.Key("sends", who), all}})
	if of.named && errors.Is(err, okpay.TooManyTries) {
		return true, nil
	}
	return false, err
}

// asksTrusted reports whether a client is a device that the customer trusts. It reads as much for
// a name that nobody has.
func (x *Identity) asksTrusted(d *okpay.Draft, of *found, client *Client) (bool, error) {
	if client.Device.IsZero() {
		return false, nil
	}
	id := of.customer
	if id == "" {
		id = noCustomer
	}
	v, err := x.devices(d, id)
	return err == nil && v.find(client.Device, of.gate.Epoch, d.Now()) != "", err
}

// send counts one thing to be sent. Errors: TooManyTries with ResetsAt, and then it is not
// counted.
func send(d *okpay.Draft, senders []sender) error {
	for _, s := range senders {
		var doc sendsDoc
		if err := optional(d.Read("sends", s.key, &doc)); err != nil {
			return err
		}
		if from := s.limit.free(doc.Sent); d.Now().Before(from) {
			return tooMany(from)
		}
		doc.Sent = slices.DeleteFunc(doc.Sent, func(t time.Time) bool { return !d.Now().Before(t.Add(24 * time.Hour)) })
		doc.Sent = append(doc.Sent, d.Now())
		d.Put(ledger.Put{
			Type: "sends", ID: s.key, Chaining: ledger.Plain, Content: encode(doc), Due: d.Now().Add(25 * time.Hour),
		})
	}
	return nil
}
