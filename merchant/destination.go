package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// DestinationID names a destination.
type DestinationID string

// DestinationState is where a destination is in its life. New states may come at any time.
type DestinationState string

const (
	// DestinationUnverified cannot be used yet.
	DestinationUnverified DestinationState = "unverified"
	// DestinationVerified can be used.
	DestinationVerified DestinationState = "verified"
	// DestinationRefused cannot be used; Destination.Problem says why.
	DestinationRefused DestinationState = "refused"
	// DestinationRemoved was removed; its details are forgotten. Final.
	DestinationRemoved DestinationState = "removed"
)

// Destination is where payouts can go. What was given as its details and its holder is never
// told again.
type Destination struct {
	ID        DestinationID    `json:"id"`
	Merchant  MerchantID       `json:"merchant"`
	Type      string           `json:"type"`     // such as bank or card
	Provider  string           `json:"provider"` // who carries out payouts to it
	State     DestinationState `json:"state"`
	Problem   Code             `json:"problem,omitempty"` // of one that was refused
	Mask      string           `json:"mask"`              // the last characters of the details; empty once it was removed
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	Sequence  int64            `json:"sequence"` // counts what happened to it

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func decodeDestination(data []byte, _ *money.Registry) (Destination, error) {
	var r reader
	var d Destination
	r.object(data, &d)
	r.need("id", string(d.ID), "state", string(d.State))
	r.needTime("created_at", d.CreatedAt)
	return result(&r, d)
}

// DestinationService keeps where payouts can go.
type DestinationService struct{ client *Client }

// CreateDestination is the input of Destinations.Create. It is personal: keep it out of logs.
type CreateDestination struct {
	Type     string // such as bank or card: a code, 1 to 64 letters, digits, '_' and '-'
	Holder   string // name of the account's holder, at most 200 bytes
	Details  string // account number, or the provider's token for it, 1 to 500 bytes
	Provider string // who is to carry out payouts; may be left out where there is just one
	Key      string // makes the call safe to repeat; empty means a new one
}

type createDestinationBody struct {
	Type     string `json:"type"`
	Holder   string `json:"holder,omitempty"`
	Details  string `json:"details"`
	Provider string `json:"provider,omitempty"`
}

// Create saves a destination. It can be used once its state is DestinationVerified, which it
// may be at once. Codes: CodeInvalidRequest, CodeIdempotencyKeyReused.
func (s *DestinationService) Create(ctx context.Context, in CreateDestination) (Destination, error) {
	const operation = "destinations.create"
	if err := checkText("type", in.Type, "holder", in.Holder, "details", in.Details, "provider", in.Provider); err != nil {
		return Destination{}, refuse(operation, in.Key, err)
	}
	d, replayed, err := post(ctx, s.client, operation, "/destinations", in.Key,
		createDestinationBody{Type: in.Type, Holder: in.Holder, Details: in.Details, Provider: in.Provider}, decodeDestination)
	d.Replayed = replayed
	return d, err
}

// Get returns a destination as it is now, also one that was removed. Codes: CodeNotFound.
func (s *DestinationService) Get(ctx context.Context, id DestinationID) (Destination, error) {
	const operation = "destinations.get"
	if err := checkID("destination", string(id)); err != nil {
		return Destination{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("destinations", string(id)), nil, decodeDestination)
}

// RemoveDestination is the input of Destinations.Remove.
type RemoveDestination struct {
	Destination DestinationID
	Key         string // makes the call safe to repeat; empty means a new one
}

// Remove forgets a destination. What is approved for it and has not left waits, and can be
// canceled. Codes: CodeNotFound, CodeInvalidState when it was removed already,
// CodeIdempotencyKeyReused.
func (s *DestinationService) Remove(ctx context.Context, in RemoveDestination) (Destination, error) {
	const operation = "destinations.remove"
	if err := checkID("destination", string(in.Destination)); err != nil {
		return Destination{}, refuse(operation, in.Key, err)
	}
	d, replayed, err := post(ctx, s.client, operation, place("destinations", string(in.Destination), "remove"), in.Key, struct{}{}, decodeDestination)
	d.Replayed = replayed
	return d, err
}

// ListDestinations is the input of Destinations.List and Destinations.All.
type ListDestinations struct {
	Cursor string // NextCursor of the page before; empty means from the beginning
	Limit  int    // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the merchant's destinations, the newest first, without those that
// were removed. Codes: CodeInvalidRequest.
func (s *DestinationService) List(ctx context.Context, in ListDestinations) (Page[Destination], error) {
	return get(ctx, s.client, "destinations.list", "/destinations", pageQuery(in.Cursor, in.Limit), pageOf(decodeDestination))
}

// All goes through the merchant's destinations, the newest first, page after page. An error
// comes once and ends it; so does the context.
func (s *DestinationService) All(ctx context.Context, in ListDestinations) iter.Seq2[Destination, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "destinations.list", in.Cursor, func(cursor string) (Page[Destination], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
