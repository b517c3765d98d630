package okpay

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay/rails"
)

// DestinationID names a destination.
type DestinationID string

// DestinationState is where a destination is in its life.
type DestinationState string

const (
	// DestinationUnverified can not be used yet: verify leads to verified, refuse to refused.
	DestinationUnverified DestinationState = "unverified"
	// DestinationVerified can be used.
	DestinationVerified DestinationState = "verified"
	// DestinationRefused can not be used; Problem says why. It may be verified later.
	DestinationRefused DestinationState = "refused"
	// DestinationRemoved was removed by its owner; its details are forgotten. Final.
	DestinationRemoved DestinationState = "removed"
)

const (
	saveDestination   Action = "save"
	verifyDestination Action = "verify"
	refuseDestination Action = "refuse"
	removeDestination Action = "remove"
)

func destinationMachine() Machine[DestinationState] {
	m := Machine[DestinationState]{Noun: "destination", Rows: []Row[DestinationState]{
		{To: DestinationUnverified, On: saveDestination, Emits: []string{"destination.saved"}, Mails: []string{"destination_saved"}},
		{From: DestinationUnverified, On: verifyDestination, To: DestinationVerified, Emits: []string{"destination.verified"}},
		{From: DestinationRefused, On: verifyDestination, To: DestinationVerified, Emits: []string{"destination.verified"}},
	}}
	for _, s := range []DestinationState{DestinationUnverified, DestinationVerified, DestinationRefused} {
		m.Rows = append(
			m.Rows,
			Row[DestinationState]{From: s, On: refuseDestination, To: DestinationRefused, Emits: []string{"destination.refused"}},
			Row[DestinationState]{From: s, On: removeDestination, To: DestinationRemoved, Emits: []string{"destination.removed"}, Mails: []string{"destination_removed"}},
		)
	}
	return m
}

// Destination is where a customer's or merchant's money can be sent. What was given as its
// details and its holder stands in its record alone: here and in events it is masked.
type Destination struct {
	ID        DestinationID    `json:"id"`
	Customer  CustomerID       `json:"customer,omitempty"`
	Merchant  MerchantID       `json:"merchant,omitempty"`
	Type      string           `json:"type"` // such as bank or card
	Provider  string           `json:"provider"`
	State     DestinationState `json:"state"`
	Problem   Code             `json:"problem,omitempty"` // of one that was refused
	Mask      string           `json:"mask"`              // enough of the details to be known again by their owner
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	Sequence  int64            `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// destinationDoc is a destination as its record keeps it.
type destinationDoc struct {
	Destination
	Payee  *rails.Payee `json:"payee,omitempty"`
	By     string       `json:"by,omitempty"` // the operator who decided last
	Tries  int          `json:"tries,omitempty"`
	NextAt time.Time    `json:"next_at,omitzero"` // when Config.VerifyDestination is asked again
}

func (d *destinationDoc) owner() owner { return owner{d.Customer, d.Merchant} }

func (d *destinationDoc) record() ledger.Put {
	put := ledger.Put{Type: "destination", ID: string(d.ID)}
	if d.State != DestinationRemoved {
		put.Labels = []string{d.owner().label(), d.owner().label() + ":" + string(d.State), "s:" + string(d.State)}
	}
	if d.State == DestinationUnverified {
		put.Due = d.NextAt
	}
	return put
}

// check is what whoever verifies it has to know; it was not removed.
func (d *destinationDoc) check() DestinationCheck {
	return DestinationCheck{Destination: d.ID, Customer: d.Customer, Merchant: d.Merchant, Provider: d.Provider, Payee: *d.Payee}
}

func (d *destinationDoc) view(*Wallet) (any, error) { return d.Destination, nil }

func (d *destinationDoc) counter() *int64 { return &d.Sequence }

func (d *destinationDoc) parties() (MerchantID, CustomerID) { return d.Merchant, d.Customer }

// maskDetails shows the last four characters of what has enough of them not to be guessed.
func maskDetails(details string) string {
	const shown, hidden = 4, "••••"
	if utf8.RuneCountInString(details) < 2*shown {
		return hidden
	}
	runes := []rune(details)
	return hidden + string(runes[len(runes)-shown:])
}

// problem is why a destination can not be used; empty when it can.
func (d *destinationDoc) problem() Code {
	switch d.State {
	case DestinationVerified:
		return ""
	case DestinationRefused:
		return d.Problem
	}
	return DestinationInvalid
}

// usable reads a destination that an owner's money can be sent to. Errors:
// DestinationInvalid, DestinationClosed, DestinationBlocked, DestinationNameMismatch.
func (w *Wallet) usable(d *ledger.Draft, o owner, id DestinationID) (*destinationDoc, error) {
	unusable := func(code Code) error {
		e := NewError(code, "")
		e.Field = "destination"
		if len(id) <= maxKeyLen {
			e.Object = string(id)
		}
		return e
	}
	doc := &destinationDoc{}
	if CheckID("destination", string(id)) != nil {
		return nil, unusable(DestinationInvalid)
	}
	err := draftGet(d, "destination", string(id), doc)
	switch {
	case CodeOf(err) == NotFound, err == nil && doc.owner() != o:
		return nil, unusable(DestinationInvalid) // which of the two is nobody's business
	case err != nil:
		return nil, err
	case doc.problem() != "":
		return nil, unusable(doc.problem())
	case w.cfg.PayoutProviders[doc.Provider] == nil:
		return nil, unusable(DestinationInvalid)
	}
	return doc, nil
}

// usable returns an owner's verified destinations.
func (s *Destinations) usable(ctx context.Context, o owner) ([]Destination, error) {
	return s.labeled(ctx, o.label()+":"+string(DestinationVerified), "", 100)
}
