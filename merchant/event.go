package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/webhook"
)

// EventID names an event. It is the webhook-id of every message that tells of it.
type EventID string

// EventType says what happened. New types may come at any time: return nil for those that a
// program does not care for.
type EventType string

// The types of events.
const (
	EventPaymentCreated             EventType = "payment.created"
	EventPaymentRequiresAction      EventType = "payment.requires_action"
	EventPaymentProcessing          EventType = "payment.processing"
	EventPaymentBlocked             EventType = "payment.blocked" // the customer may not pay; the payment has failed
	EventPaymentRefundReversed      EventType = "payment.refund_reversed"
	EventPaymentAuthorized          EventType = "payment.authorized" // the customer confirmed; the money is held
	EventPaymentCaptured            EventType = "payment.captured"   // paid
	EventPaymentPartiallyCaptured   EventType = "payment.partially_captured"
	EventPaymentAttemptFailed       EventType = "payment.attempt_failed" // the customer may try again unless payment.failed follows
	EventPaymentFailed              EventType = "payment.failed"
	EventPaymentCanceled            EventType = "payment.canceled"
	EventPaymentExpired             EventType = "payment.expired"
	EventPaymentHoldReleased        EventType = "payment.hold_released" // held money went back to the customer
	EventPaymentRemainderVoided     EventType = "payment.remainder_voided"
	EventPaymentCaptureWindowClosed EventType = "payment.capture_window_closed"
	EventPaymentPartiallyRefunded   EventType = "payment.partially_refunded"
	EventPaymentRefunded            EventType = "payment.refunded"
	EventRefundCreated              EventType = "refund.created"
	EventRefundPending              EventType = "refund.pending"
	EventRefundCanceled             EventType = "refund.canceled"
	EventRefundSucceeded            EventType = "refund.succeeded"
	EventRefundFailed               EventType = "refund.failed"
	EventDisputeOpened              EventType = "dispute.opened" // the customer reported a payment
	EventDisputeEvidenceAdded       EventType = "dispute.evidence_added"
	EventDisputeResolvedForPayer    EventType = "dispute.resolved_for_payer"
	EventDisputeResolvedForMerchant EventType = "dispute.resolved_for_merchant"
	EventDisputeWithdrawn           EventType = "dispute.withdrawn"
	EventPayoutRequested            EventType = "payout.requested"
	EventPayoutUnderReview          EventType = "payout.under_review"
	EventPayoutApprovalRecorded     EventType = "payout.approval_recorded" // the first of two
	EventPayoutApproved             EventType = "payout.approved"
	EventPayoutRejected             EventType = "payout.rejected"
	EventPayoutCanceled             EventType = "payout.canceled"
	EventPayoutPaused               EventType = "payout.paused"
	EventPayoutSubmitting           EventType = "payout.submitting"
	EventPayoutSubmitted            EventType = "payout.submitted"
	EventPayoutOutcomeUnknown       EventType = "payout.outcome_unknown"
	EventPayoutPaid                 EventType = "payout.paid" // the money has left
	EventPayoutFailed               EventType = "payout.failed"
	EventPayoutReturned             EventType = "payout.returned"
	EventPayoutPaidAfterFailed      EventType = "payout.paid_after_failed"
	EventPayoutScheduleSet          EventType = "payout_schedule.set"
	EventPayoutScheduleFailed       EventType = "payout_schedule.failed" // a payout that was due was refused
	EventPayoutScheduleRemoved      EventType = "payout_schedule.removed"
)

// Mode tells events of trying things out from those of real money.
type Mode string

// The modes.
const (
	ModeTest Mode = "test"
	ModeLive Mode = "live"
)

// ErrInvalidEvent is returned by [ParseEvent] for what is no event, and by the methods of
// [Event] when Data is not what they read.
var ErrInvalidEvent = errors.New("merchant: not the event that was expected")

// eventSchema is the version of the form of Event.Data that this package reads. What is added
// to the form does not change the number.
const eventSchema = 1

// Event tells what happened to an object. Events may arrive more than once and in another
// order than they happened in: Sequence tells the order of those about one object, and the
// object in Data is as it was right after the event.
type Event struct {
	ID        EventID         `json:"id"`
	Type      EventType       `json:"type"`
	CreatedAt time.Time       `json:"created_at"`
	Mode      Mode            `json:"mode"`
	Schema    int             `json:"schema"`   // version of the form of Data
	Sequence  int64           `json:"sequence"` // counts the object's events from 1
	Merchant  MerchantID      `json:"merchant"`
	Data      json.RawMessage `json:"data"` // see Payment, Refund, Dispute, Payout and PayoutSchedule

	currencies *money.Registry // nil means ISO 4217
}

// ParseEvent reads the body of a message that was verified, as [EventHandler] does by itself.
// The type need not be known. Amounts are read with the currencies of ISO 4217; see
// [Event.In] for others. Errors: ErrInvalidEvent.
func ParseEvent(body []byte) (Event, error) {
	var r reader
	var e Event
	r.object(body, &e)
	r.need("id", string(e.ID), "type", string(e.Type))
	r.needTime("created_at", e.CreatedAt)
	if len(e.Data) == 0 {
		r.fail(errNoData)
	}
	if r.err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrInvalidEvent, r.err)
	}
	return e, nil
}

// In returns the event with its amounts to be read with these currencies.
func (e Event) In(currencies *money.Registry) Event {
	e.currencies = currencies
	return e
}

// Payment returns the payment that an event of a type "payment.…" is about, as it was right
// after the event. Errors: ErrInvalidEvent for an event about something else, of a schema
// that this package does not know, or with data that cannot be read.
func (e Event) Payment() (Payment, error) { return eventData(&e, "payment", decodePayment) }

// Refund returns the refund that an event of a type "refund.…" is about, as it was right after
// the event. Errors: as Payment.
func (e Event) Refund() (Refund, error) { return eventData(&e, "refund", decodeRefund) }

// Dispute returns the dispute that an event of a type "dispute.…" is about, as it was right
// after the event. Errors: as Payment.
func (e Event) Dispute() (Dispute, error) { return eventData(&e, "dispute", decodeDispute) }

// Payout returns the payout that an event of a type "payout.…" is about, as it was right after
// the event. Errors: as Payment.
func (e Event) Payout() (Payout, error) { return eventData(&e, "payout", decodePayout) }

// PayoutSchedule returns the schedule that an event of a type "payout_schedule.…" is about, as
// it was right after the event. Errors: as Payment.
func (e Event) PayoutSchedule() (PayoutSchedule, error) {
	return eventData(&e, "payout_schedule", decodePayoutSchedule)
}

func eventData[T any](e *Event, noun string, decode decodeFunc[T]) (T, error) {
	if !strings.HasPrefix(string(e.Type), noun+".") {
		return *new(T), fmt.Errorf("%w: %s is not about a %s", ErrInvalidEvent, clean(string(e.Type), maxName), strings.ReplaceAll(noun, "_", " "))
	}
	if e.Schema != eventSchema {
		return *new(T), fmt.Errorf("%w: the schema is %d, and this package reads %d", ErrInvalidEvent, e.Schema, eventSchema)
	}
	currencies := e.currencies
	if currencies == nil {
		currencies = money.ISO()
	}
	object, err := decode(e.Data, currencies)
	if err != nil {
		return *new(T), fmt.Errorf("%w: %w", ErrInvalidEvent, err)
	}
	return object, nil
}

// EventHandlerConfig sets up an [EventHandler]. The zero value works.
type EventHandlerConfig struct {
	// HandlerConfig is that of the webhook package: the store of messages seen, which has
	// to be shared by the processes of one receiver, the bound of the body, and who is told
	// of errors.
	webhook.HandlerConfig
	// Currencies are those that the events' amounts are read with. Defaults to money.ISO().
	Currencies *money.Registry
}

// EventHandler returns a handler that verifies messages, drops repeats and calls receive once
// for each event. When receive returns nil the event is done; when it returns an error, or
// the message is authentic and no event, the service will deliver it again. See
// webhook.Handler for what is answered when.
//
// EventHandler panics when verifier or receive is nil, as that is a mistake in the program.
func EventHandler(verifier *webhook.Verifier, receive func(context.Context, Event) error, config EventHandlerConfig) http.Handler {
	if receive == nil {
		panic("merchant: EventHandler needs a function")
	}
	return webhook.NewHandler(verifier, func(ctx context.Context, m webhook.Message) error {
		e, err := ParseEvent(m.Body)
		if err != nil {
			return err
		}
		return receive(ctx, e.In(config.Currencies))
	}, config.HandlerConfig)
}
