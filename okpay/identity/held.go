package identity

import (
	"context"
	"encoding/json"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Held is what is held about how a customer proves who they are, and what they reported: nothing
// secret, and nothing that a secret can be guessed from.
type Held struct {
	Customer okpay.CustomerID `json:"customer"`
	Consent  *Consent         `json:"consent,omitempty"` // what they agreed to when they registered
	Factor   Factor           `json:"factor"`
	Sessions []Session        `json:"sessions"` // also those that are over and not forgotten yet
	Devices  []Device         `json:"devices"`
	Reports  []Report         `json:"reports"`
}

// Held returns it, for the embedding program, which knows who asks, or for whoever is signed in.
// Errors: NotFound, also for another customer's, SessionEnded.
func (x *Identity) Held(ctx context.Context, customer okpay.CustomerID) (Held, error) {
	out := Held{Customer: customer, Sessions: []Session{}, Devices: []Device{}, Reports: []Report{}}
	if _, acts := okpay.ActorOf(ctx); acts {
		if err := x.w.Admit(ctx, customer); err != nil {
			return out, err
		}
	}
	if _, err := x.w.Customers.Gate(ctx, customer); err != nil {
		return out, err
	}
	consent, err := x.ConsentOf(ctx, customer)
	if err := optional(err); err != nil {
		return out, err
	}
	if err == nil {
		out.Consent = &consent
	}
	if out.Factor, err = x.Factor(ctx, customer); err != nil {
		return out, err
	}
	if out.Sessions, err = heldOf(ctx, x, customer, "session", func(s *sessionDoc) Session { return s.Session }); err != nil {
		return out, err
	}
	if out.Reports, err = heldOf(ctx, x, customer, "report", func(r *Report) Report { return *r }); err != nil {
		return out, err
	}
	var v devicesDoc
	if err := optional(x.w.Read(ctx, "devices", string(customer), &v)); err != nil {
		return out, err
	}
	for i := range v.Devices {
		out.Devices = append(out.Devices, v.Devices[i].Device)
	}
	return out, nil
}

// heldOf reads all of a customer's records of a type, of which item takes what is no secret.
func heldOf[D, T any](ctx context.Context, x *Identity, customer okpay.CustomerID, noun string, item func(*D) T) ([]T, error) {
	out := []T{}
	for after, more := "", true; more; {
		var (
			records []ledger.Record
			err     error
		)
		records, more, err = x.w.Records(ctx, ledger.RecordQuery{Type: noun, Label: "c:" + string(customer), After: after, Limit: 100})
		if err != nil {
			return nil, err
		}
		for i := range records {
			if after = records[i].ID; records[i].Erased {
				continue
			}
			var doc D
			if err := json.Unmarshal(records[i].Content, &doc); err != nil {
				return nil, err
			}
			out = append(out, item(&doc))
		}
	}
	return out, nil
}
