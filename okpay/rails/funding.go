package rails

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/webhook"
)

// CollectionStatus is what a funding source says of a collection on its own account.
type CollectionStatus string

const (
	// CollectionSucceeded says that money has come.
	CollectionSucceeded CollectionStatus = "succeeded"
	// CollectionFailed says that none has come and none will.
	CollectionFailed CollectionStatus = "failed"
	// CollectionReversed says that money that had come was taken back.
	CollectionReversed CollectionStatus = "reversed"
)

// CollectionEvent is one thing that a funding source tells in a callback.
type CollectionEvent struct {
	ID         string // the source's own: told again under the same id, it is the same
	Collection string // Collection.ID
	Status     CollectionStatus
	Amount     money.Amount // that moved; the zero Amount means all of the collection's
	// Reference, if set, is what the source calls the money that came, at most 128 bytes: what its
	// statements have beside, or instead of, Collection.
	Reference string
}

// CallbackParser is a FundingSource that tells of collections by callbacks.
type CallbackParser interface {
	// ParseCallback verifies that a callback is the source's and reads it: the body as it was
	// received, and the header. A callback that is not authentic is refused with
	// ErrNotAuthentic and one that cannot be read with ErrMalformed; nothing of it counts then.
	ParseCallback(body []byte, header http.Header) ([]CollectionEvent, error)
}

var (
	// ErrNotAuthentic reports a callback that is not the source's, or too old.
	ErrNotAuthentic = errors.New("rails: callback is not authentic")
	// ErrMalformed reports a callback of the source's that cannot be read.
	ErrMalformed = errors.New("rails: callback is malformed")
)

// maxEvents bounds how many events one callback of the simulated source tells.
const maxEvents = 100

type wireCallback struct {
	Events []wireEvent `json:"events"`
}

type wireEvent struct {
	ID         string           `json:"id"`
	Collection string           `json:"collection"`
	Status     CollectionStatus `json:"status"`
	Amount     json.RawMessage  `json:"amount,omitempty"` // {"amount":"10.00","currency":"CNY"}
	Reference  string           `json:"reference,omitempty"`
}

// Callback makes the callback that tells of events, signed with Secret: deliver it late,
// twice, out of order or never. Errors: no Secret, no event, an id that no header can carry.
func (s *Simulated) Callback(events ...CollectionEvent) (body []byte, header http.Header, err error) {
	if len(events) == 0 || len(events) > maxEvents {
		return nil, nil, fmt.Errorf("rails: a callback has 1 to %d events, not %d", maxEvents, len(events))
	}
	wire := wireCallback{}
	for _, e := range events {
		w := wireEvent{ID: e.ID, Collection: e.Collection, Status: e.Status, Reference: e.Reference}
		if (e.Amount != money.Amount{}) {
			if w.Amount, err = json.Marshal(e.Amount); err != nil {
				return nil, nil, err
			}
		}
		wire.Events = append(wire.Events, w)
	}
	if body, err = json.Marshal(wire); err != nil {
		return nil, nil, err
	}
	header = http.Header{}
	m := webhook.Message{ID: events[0].ID, Timestamp: s.now(), Body: body}
	return body, header, webhook.SetHeaders(header, m, s.Secret)
}

// ParseCallback reads what Callback makes. Without a Secret nothing is authentic.
func (s *Simulated) ParseCallback(body []byte, header http.Header) ([]CollectionEvent, error) {
	v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{s.Secret}, Now: s.now})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAuthentic, err)
	}
	if _, err := v.Verify(header, body); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAuthentic, err)
	}
	return s.parse(body)
}

// parse reads the body of an authentic callback.
func (s *Simulated) parse(body []byte) ([]CollectionEvent, error) {
	var wire wireCallback
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&wire); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows", ErrMalformed)
	}
	if len(wire.Events) == 0 || len(wire.Events) > maxEvents {
		return nil, fmt.Errorf("%w: %d events", ErrMalformed, len(wire.Events))
	}
	currencies := s.Currencies
	if currencies == nil {
		currencies = money.ISO()
	}
	var events []CollectionEvent
	for i, w := range wire.Events {
		e := CollectionEvent{ID: w.ID, Collection: w.Collection, Status: w.Status, Reference: w.Reference}
		switch w.Status {
		case CollectionSucceeded, CollectionFailed, CollectionReversed:
		default:
			return nil, fmt.Errorf("%w: event %d has an unknown status", ErrMalformed, i)
		}
		if e.ID == "" || e.Collection == "" {
			return nil, fmt.Errorf("%w: event %d has no id or no collection", ErrMalformed, i)
		}
		if w.Amount != nil {
			var err error
			if e.Amount, err = currencies.ParseJSON(w.Amount); err != nil {
				return nil, fmt.Errorf("%w: event %d: %w", ErrMalformed, i, err)
			}
		}
		events = append(events, e)
	}
	return events, nil
}

func (s *Simulated) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
