package okpay

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// SourceEvent is what a funding source says of a top-up on its own account.
type SourceEvent struct {
	Source  string                 // a name of Config.Sources
	EventID string                 // the source's id for it, at most 128 bytes
	TopUp   TopUpID                // as Collection.ID
	Status  rails.CollectionStatus // succeeded, failed or reversed
	// Amount is what came, or what was taken back. The zero Amount is what was asked for, or
	// all that had come.
	Amount money.Amount
	// Reference is what the source calls the money that came, at most 128 bytes, as far as it
	// says: rows of statements that have nothing else are matched by it. The latest counts.
	Reference string
}

// sourceHeard is the record of an event of a source: it is acted on once.
type sourceHeard struct {
	TopUp        TopUpID                `json:"topup"`
	Status       rails.CollectionStatus `json:"status"`
	Amount       came                   `json:"amount,omitzero"`
	HeardAt      time.Time              `json:"heard_at"`
	Contradicted bool                   `json:"contradicted,omitempty"` // it was told again with another content
}

// SourceSays records what a funding source says, in whatever order and however often it says
// it. When it returns without an error, or with NotFound, what was said is committed.
//
// An event whose id was heard before does nothing; one that contradicts what was heard under its id is
// an exception for a person. A second success is nothing, a failure after a success is stale,
// money after a failure or an expiry is the customer's (topup.succeeded_late). Money of another
// amount or currency, or for an account that is closed, waits in suspense (needs_review). A
// reversal takes the money out of the balance as far as that goes, leaves the rest as a debt
// of the customer's and restricts their account; told before the success, it waits for it. One
// of another amount than came moves nothing and is an exception for a person (reversal_mismatch):
// the statement's row of it brings the money in question.
//
// Errors: InvalidRequest, AmountNotPositive or CurrencyNotSupported for the input; NotFound for a top-up that
// the source was not asked for, which is recorded with an exception; ServiceBusy, and
// others that are not of this package, when it is not known to be committed: say it again.
func (s *TopUps) SourceSays(ctx context.Context, in SourceEvent) (TopUp, error) {
	on, err := s.checkEvent(in)
	if err != nil {
		return TopUp{}, err
	}
	now := sourceHeard{TopUp: in.TopUp, Status: in.Status, Amount: came{in.Amount.Minor(), in.Amount.Currency().Code()}}
	id := in.Source + "/" + in.EventID
	repeated := false
	_, err = s.w.do(ctx, verb{principal: "program", operation: "topup.source_says"}, func(d *ledger.Draft) error {
		heard := sourceHeard{}
		err := draftGet(d, "source_event", id, &heard)
		repeated = err == nil
		switch {
		case repeated:
			now.HeardAt = heard.HeardAt
			if heard == now || heard.Contradicted {
				return ErrNothingDue
			}
			heard.Contradicted = true
			s.putHeard(d, id, heard)
			return s.w.raise(&d.Change, d.Now(), exceptionContradicted, in.Source, string(in.TopUp),
				"the source told of two things with one event id", in.Amount)
		case !errors.Is(err, NotFound):
			return err
		}
		now.HeardAt = d.Now()
		s.putHeard(d, id, now)
		t := &topUpDoc{}
		err = draftGet(d, "topup", string(in.TopUp), t)
		if errors.Is(err, NotFound) || err == nil && t.Source != in.Source {
			d.Refuse(ledger.Refusal{Reason: ledger.Reason(NotFound), Detail: "there is no such top-up of this source"})
			return s.w.raise(&d.Change, d.Now(), exceptionUnknown, in.Source, string(in.TopUp),
				"the source says "+string(in.Status)+" of a top-up that it was not asked for", in.Amount)
		}
		if err != nil {
			return err
		}
		learned, err := s.learn(d, t, on, in.Reference)
		if err != nil {
			return err
		}
		changed, err := s.take(d, t, on, in.Amount)
		if err == nil && !changed && learned {
			err = s.write(d, t)
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrNothingDue) {
		return TopUp{}, translate(err)
	}
	t, err := s.Get(ctx, in.TopUp)
	if err == nil && t.Source != in.Source {
		return TopUp{}, notFound("topup", string(in.TopUp))
	}
	t.Replayed = repeated
	return t, err
}

// learn keeps what the source calls money that came, and reports whether that is news.
func (s *TopUps) learn(d *ledger.Draft, t *topUpDoc, on Action, reference string) (bool, error) {
	if reference == "" || on != topUpSucceeded || t.ProviderReference == reference {
		return false, nil
	}
	t.ProviderReference = reference
	_, err := s.w.learn(d, t.Source, reference, string(t.ID))
	return true, err
}

func (s *TopUps) putHeard(d *ledger.Draft, id string, e sourceHeard) {
	d.Put(ledger.Put{Type: "source_event", ID: id, Content: encode(e), Labels: []string{"topup:" + string(e.TopUp)}})
}

func (s *TopUps) checkEvent(in SourceEvent) (Action, error) {
	if err := CheckID("source", in.Source); err != nil {
		return "", err
	}
	if in.EventID == "" {
		return "", InvalidField("event_id", "is missing")
	}
	if err := CheckText("event_id", in.EventID, maxKeyLen); err != nil {
		return "", err
	}
	if err := CheckID("topup", string(in.TopUp)); err != nil {
		return "", err
	}
	if err := CheckText("reference", in.Reference, 128); err != nil {
		return "", err
	}
	if (in.Amount != money.Amount{}) {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return "", err
		}
	}
	switch in.Status {
	case rails.CollectionSucceeded:
		return topUpSucceeded, nil
	case rails.CollectionFailed:
		return topUpFailed, nil
	case rails.CollectionReversed:
		return topUpReversed, nil
	}
	return "", InvalidField("status", "is not succeeded, failed or reversed")
}

// maxCallback bounds the body of a callback, in bytes.
const maxCallback = 1 << 20

// CallbackHandler receives the callbacks of a funding source that parses them
// (rails.CallbackParser). It answers 204 once all that a callback says is committed, 400 to one that is not
// the source's or cannot be read, and 503 when it should be sent again. Errors:
// InvalidRequest for a source that is not there, or cannot parse.
func (w *Wallet) CallbackHandler(source string) (http.Handler, error) {
	parser, ok := w.cfg.Sources[source].(rails.CallbackParser)
	if !ok {
		return nil, InvalidField("source", "there is no funding source with this name that parses callbacks")
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(w.callback(rw, r, source, parser))
	}), nil
}

// callback returns the status that answers a request.
func (w *Wallet) callback(rw http.ResponseWriter, r *http.Request, source string, parser rails.CallbackParser) int {
	if r.Method != http.MethodPost {
		rw.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxCallback))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest
	}
	events, err := parser.ParseCallback(body, r.Header)
	if err != nil {
		w.cfg.Logger.WarnContext(r.Context(), "okpay: callback refused", "source", source, "error", err)
		return http.StatusBadRequest
	}
	status := http.StatusNoContent
	for _, e := range events {
		err := w.sourceSays(r.Context(), source, e)
		switch code := CodeOf(err); code {
		case "", NotFound: // committed, the second with an exception for a person
			continue
		case InvalidRequest, AmountNotPositive, CurrencyNotSupported:
			// Sending it again does not help; the others of the callback count.
			status = max(status, http.StatusBadRequest)
		default:
			status = http.StatusServiceUnavailable
		}
		w.cfg.Logger.ErrorContext(r.Context(), "okpay: callback not taken", "source", source, "event", e.ID, "error", err)
	}
	return status
}

// sourceSays hands an event to the noun that the source was asked for.
func (w *Wallet) sourceSays(ctx context.Context, source string, e rails.CollectionEvent) error {
	if payment, _, ok := strings.Cut(e.Collection, "-"); ok && strings.HasPrefix(payment, "pay_") {
		return w.sourceSaysOfPayment(ctx, source, PaymentID(payment), e)
	}
	_, err := w.TopUps.SourceSays(ctx, SourceEvent{
		Source: source, EventID: e.ID, TopUp: TopUpID(e.Collection), Status: e.Status, Amount: e.Amount, Reference: e.Reference,
	})
	return err
}

// sourceSaysOfPayment hands an event to a payment. What it can not take is told to a person, once: an
// event id with two contents, and money for a payment that the source was not asked for.
func (w *Wallet) sourceSaysOfPayment(ctx context.Context, source string, id PaymentID, e rails.CollectionEvent) (err error) {
	if err := CheckID("collection", string(id)); err != nil {
		return err
	}
	switch e.Status {
	case rails.CollectionReversed:
		_, err = w.Payments.AnswerReversal(ctx, ReversalAnswer{Payment: id, Collection: e.Collection, Source: source, Event: e.ID, Amount: e.Amount})
	case rails.CollectionSucceeded, rails.CollectionFailed:
		outcome := rails.Succeeded
		if e.Status == rails.CollectionFailed {
			outcome = rails.Failed
		}
		_, err = w.Payments.Answer(ctx, PaymentAnswer{Payment: id, Collection: e.Collection, Source: source, Event: e.ID, Outcome: outcome, Amount: e.Amount, Reference: e.Reference})
	default:
		return InvalidField("status", "is not succeeded, failed or reversed")
	}
	trouble, detail := exceptionContradicted, "the source told of two things with one event id"
	switch CodeOf(err) {
	case IdempotencyKeyReused:
	case NotFound:
		trouble, detail = exceptionUnknown, "the source says "+string(e.Status)+" of a payment that it was not asked for"
	default:
		return err
	}
	v := verb{"s/" + source, "payment." + trouble, e.ID, nil}
	_, raised := w.do(ctx, v, func(d *ledger.Draft) error {
		return w.raise(&d.Change, d.Now(), trouble, source, string(id), detail, e.Amount)
	})
	if trouble == exceptionContradicted {
		return translate(raised)
	}
	return cmp.Or(translate(raised), err)
}
