package okpay

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// ProviderEvent is what a payout provider says without being asked: in a callback, or in a
// line of a statement. Whoever hands it in has made sure that it comes from the provider.
type ProviderEvent struct {
	Provider  string             // a name of Config.PayoutProviders
	EventID   string             // the provider's id of the event, 1 to 128 bytes
	Key       string             // the key of the order: the id of the withdrawal or payout
	Status    rails.PayoutStatus // PayoutAccepted, PayoutPaid, PayoutFailed or PayoutReturned
	Code      string             // why it failed or came back, see rails.PayoutResult
	Amount    money.Amount       // what was moved, as far as the provider says
	Reference string             // the provider's own id, at most 128 bytes
}

// The kinds of exceptions about withdrawals and payouts.
const (
	troubleAmount        = "amount_mismatch"        // the provider moved another amount; the money stays held
	troubleNotSubmitted  = "not_submitted"          // the provider speaks of what was never ordered
	troubleFailedPaid    = "failed_after_paid"      // failed, after it was paid or returned
	troubleReturnFailed  = "returned_after_failed"  // returned, after it had failed
	troublePaidFailed    = "paid_after_failed"      // paid, after it had failed: the money is gone and given back
	troubleNotFound      = "not_found_after_window" // the provider does not know it, and will not any more
	troubleProvider      = "wrong_provider"         // another provider speaks of it
	troubleUnknownObject = "unknown_object"         // nothing has this key
	troubleEventID       = "event_id_reused"        // the provider used an event's id for another event
	troubleOwnerGone     = "returned_to_closed_account"
)

// troubleDetail tells people what a provider said, and what is wrong about it.
func troubleDetail(kind, status string) string {
	wrong := map[string]string{
		troubleAmount:        "of another amount than was ordered",
		troubleNotSubmitted:  "but it was never ordered",
		troubleFailedPaid:    "after it had been paid",
		troubleReturnFailed:  "after it had failed",
		troublePaidFailed:    "after it had failed",
		troubleNotFound:      "and can not come to know it any more: ask them, and record what they say",
		troubleProvider:      "but another provider has the order",
		troubleUnknownObject: "but nothing has this key",
		troubleEventID:       "with the id of another event",
		troubleOwnerGone:     "to a closed account",
	}
	return "the provider says: " + status + ", " + wrong[kind]
}

// payoutEventDoc is the record of one event of a provider.
type payoutEventDoc struct {
	Key    string `json:"key"`
	Status string `json:"status"`
	Amount string `json:"amount,omitempty"`
}

// ProviderSays records what a provider says of a withdrawal. An event that was heard before
// changes nothing, nor does one that tells nothing new; one that contradicts what is known raises an
// exception for a person and is no error. An operator who has learned from the provider what became of
// a withdrawal whose outcome is unknown says so here, too, with an EventID of their own. Errors: InvalidRequest; NotFound, with an exception, for a key that
// no withdrawal has.
func (s *Withdrawals) ProviderSays(ctx context.Context, in ProviderEvent) (Withdrawal, error) {
	return s.withdrawal(s.providerSays(ctx, in))
}

// PayoutProviderSays records what a provider says of a withdrawal or of a payout, whichever
// has the key. Errors are those of Withdrawals.ProviderSays.
func (w *Wallet) PayoutProviderSays(ctx context.Context, in ProviderEvent) error {
	e := w.Withdrawals.outgoings
	if strings.HasPrefix(in.Key, w.Payouts.prefix()) {
		e = w.Payouts.outgoings
	}
	_, _, err := e.providerSays(ctx, in)
	return err
}

func (e outgoings) providerSays(ctx context.Context, in ProviderEvent) (*outgoingDoc, bool, error) {
	if err := checkProviderEvent(&in); err != nil {
		return nil, false, err
	}
	heardBefore := false
	v := verb{principal: "program", operation: e.noun + ".provider"}
	doc, _, err := e.run(ctx, v, in.Key, func(d *ledger.Draft) error {
		heardBefore = false
		doc, err := e.load(d, in.Key)
		if CodeOf(err) == NotFound {
			return e.unknownObject(d, in)
		} else if err != nil {
			return err
		}
		d.Result = doc.ID
		event := payoutEventDoc{Key: in.Key, Status: in.Status.String()}
		if in.Amount != (money.Amount{}) {
			event.Amount = in.Amount.String()
		}
		known, same, err := e.heard(d, in, event)
		if err != nil {
			return err
		}
		var (
			moves   []Told
			trouble string
		)
		switch {
		case known && same:
			heardBefore = true
			return ErrNothingDue
		case known:
			trouble = troubleEventID
		case in.Provider != doc.Provider:
			trouble = troubleProvider
		default:
			moves, trouble, err = e.hear(d, doc, rails.PayoutResult{Status: in.Status, Code: in.Code, Amount: in.Amount, Reference: in.Reference})
		}
		if err != nil {
			return err
		}
		return e.writeHeard(d, doc, moves, trouble, in.Provider, event.Status, in.Amount)
	})
	return doc, heardBefore, err
}

func checkProviderEvent(in *ProviderEvent) error {
	if err := CheckID("provider", in.Provider); err != nil {
		return err
	}
	if in.EventID == "" || in.Key == "" {
		return InvalidField("event_id", "is empty, or the key is")
	}
	if in.Status == rails.PayoutUnknown || in.Status > rails.PayoutReturned {
		return InvalidField("status", "is not one that a provider tells by itself")
	}
	for field, text := range map[string]string{"event_id": in.EventID, "key": in.Key, "code": in.Code, "reference": in.Reference} {
		if err := CheckText(field, text, 128); err != nil {
			return err
		}
	}
	return nil
}

// heard notes an event by the provider's id of it, and reports whether that was known, and
// for the same event.
func (e outgoings) heard(d *ledger.Draft, in ProviderEvent, event payoutEventDoc) (known, same bool, err error) {
	id := e.noun + "/" + in.Provider + "/" + in.EventID
	var before payoutEventDoc
	switch err := draftGet(d, "payout_event", id, &before); {
	case err == nil:
		return true, before == event, nil
	case CodeOf(err) != NotFound:
		return false, false, err
	}
	d.Put(ledger.Put{Type: "payout_event", ID: id, Content: encode(event)})
	return false, false, nil
}

// unknownObject records that a provider speaks of what is not there, once for each event.
func (e outgoings) unknownObject(d *ledger.Draft, in ProviderEvent) error {
	known, _, err := e.heard(d, in, payoutEventDoc{Key: in.Key, Status: in.Status.String()})
	switch {
	case err != nil:
		return err
	case known:
		return notFound(e.noun, in.Key)
	}
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(NotFound)})
	return e.w.raise(&d.Change, d.Now(), troubleUnknownObject, in.Provider, in.Key, troubleDetail(troubleUnknownObject, in.Status.String()), in.Amount)
}

// hear takes what a provider says to the state machine: moves the object and its money. It
// returns the moves to be told, and the kind of the exception to be raised after them, if any
// (writeHeard).
func (e outgoings) hear(d *ledger.Draft, doc *outgoingDoc, got rails.PayoutResult) (moves []Told, trouble string, err error) {
	now, before := d.Now(), doc.State
	code := refusalOf(got.Code)
	on := heardAs(got.Status, code)
	g, err := e.guardOf(d, doc, on, got)
	if err != nil {
		return nil, "", err
	}
	m, err := e.move(doc, now, on, g)
	if err != nil {
		return nil, "", err
	}
	if slices.Contains(m.Emits, exceptionRaised) {
		trouble = kindOf(before, on, g)
	}
	if CheckText("reference", got.Reference, 128) == nil && got.Reference != "" {
		doc.ProviderReference = got.Reference
		if _, err := e.w.learn(d, doc.Provider, got.Reference, doc.ID); err != nil {
			return nil, "", err
		}
	}
	if doc.State == before {
		if m.Emits == nil {
			return nil, trouble, nil
		}
		return []Told{m}, trouble, nil
	}
	if doc.State != WithdrawalUnknown {
		doc.Payee = nil
	}
	if err := e.moveMoney(d, doc, before, g); err != nil {
		return nil, "", err
	}
	switch doc.State {
	case WithdrawalFailed:
		doc.Failure = refusedFor(code, now)
	case WithdrawalSentBack:
		doc.Failure, doc.Reason = refusedFor(WithdrawalReturned, now), ""
		if code != ProviderRejected {
			doc.Reason = string(code)
		}
	case WithdrawalPaid:
		doc.Failure = nil
	}
	if on == providerReturned && slices.Contains(inFlight(), before) {
		moves, err = e.paidFirst(d, doc, now, m)
		return moves, trouble, err
	}
	return []Told{m}, trouble, nil
}

// writeHeard writes what came of what a provider said: the moves, and then the exception.
func (e outgoings) writeHeard(d *ledger.Draft, doc *outgoingDoc, moves []Told, trouble, provider, status string, amount money.Amount) error {
	if err := e.write(&d.Change, doc, d.Now(), moves...); err != nil || trouble == "" {
		return err
	}
	return e.trouble(d, doc, trouble, provider, troubleDetail(trouble, status), amount)
}

// paidFirst tells that what came back had been paid, in the state that it passed through.
func (e outgoings) paidFirst(d *ledger.Draft, doc *outgoingDoc, now time.Time, m Told) ([]Told, error) {
	last := len(doc.History) - 1
	doc.History = append(doc.History[:last:last], Step{WithdrawalPaid, now})
	failure := doc.Failure
	doc.State, doc.Failure, doc.UpdatedAt = WithdrawalPaid, nil, now
	if err := e.w.announce(&d.Change, now, doc, m.Emits[0]); err != nil {
		return nil, err
	}
	doc.State, doc.Failure = WithdrawalSentBack, failure
	doc.History = append(doc.History, Step{WithdrawalSentBack, now})
	m.Emits = m.Emits[1:]
	return []Told{m}, nil
}

// heardAs is the action that a status stands for. Only a definitive code makes a failure.
func heardAs(s rails.PayoutStatus, code Code) Action {
	switch s {
	case rails.PayoutAccepted:
		return providerAccepted
	case rails.PayoutPaid:
		return providerPaid
	case rails.PayoutFailed:
		if definitive(code) {
			return providerFailed
		}
	case rails.PayoutReturned:
		return providerReturned
	case rails.PayoutNotFound:
		return providerNotFound
	}
	return providerUnknown
}

// guardOf finds which of the rows for an action applies.
func (e outgoings) guardOf(d *ledger.Draft, doc *outgoingDoc, on Action, got rails.PayoutResult) (Guard, error) {
	has := func(g Guard) bool {
		_, ok := e.machine.Next(doc.State, on, g)
		return ok
	}
	differs := got.Amount != money.Amount{} && (got.Amount.Minor() != doc.Minor.Amount || got.Amount.Currency().Code() != doc.Currency)
	switch {
	case differs && has(wrongAmount):
		return wrongAmount, nil
	case has(afterWindow) && e.pastWindow(doc, d.Now()):
		return afterWindow, nil
	case has(withinWindow):
		return withinWindow, nil
	case doc.WrittenOff && has(writtenOff):
		return writtenOff, nil
	}
	if has(ownerGone) {
		err := e.w.arriving(d, doc.Customer)
		if CodeOf(err) == AccountClosed {
			return ownerGone, nil
		} else if err != nil {
			return Always, err
		}
	}
	if has(notWrittenOff) {
		return notWrittenOff, nil
	}
	return Always, nil
}

// kindOf names what the row that was taken raises an exception for.
func kindOf(from WithdrawalState, on Action, g Guard) string {
	switch {
	case g == wrongAmount:
		return troubleAmount
	case g == ownerGone:
		return troubleOwnerGone
	case on == providerNotFound:
		return troubleNotFound
	case from == WithdrawalFailed && on == providerPaid:
		return troublePaidFailed
	case from == WithdrawalFailed && on == providerReturned:
		return troubleReturnFailed
	case from == WithdrawalPaid || from == WithdrawalSentBack:
		return troubleFailedPaid
	}
	return troubleNotSubmitted
}

// trouble raises an exception about an object, unless one of the same kind is open. The
// object is written together with it, so that two who find the same trouble are told apart.
func (e outgoings) trouble(d *ledger.Draft, doc *outgoingDoc, kind, provider, detail string, amount money.Amount) error {
	records, err := e.w.ledger.Records(d.Context(), ledger.RecordQuery{Type: "exception", Label: "o:" + doc.ID, Desc: true, Limit: 100})
	if err != nil {
		return err
	}
	for _, r := range records {
		var x exceptionDoc
		if err := decodeRecord("exception", r.ID, r, nil, &x); err != nil {
			return err
		}
		if x.Kind == kind && x.State == ExceptionOpen {
			return nil
		}
	}
	if amount.Currency().IsZero() {
		if amount, err = e.w.restore(doc.Minor.Amount, doc.Currency); err != nil {
			return err
		}
	}
	x := &exceptionDoc{Exception: Exception{Kind: kind, Provider: provider, Object: doc.ID, Detail: detail}}
	if kind == troubleOwnerGone {
		// What came back waits on suspense: a person decides whose it is.
		x.Suspended = rails.In.String()
		if amount, err = e.cameBack(doc); err != nil {
			return err
		}
	}
	return e.w.raiseAs(&d.Change, d.Now(), x, amount)
}

// cameBack is what a return gave back: the amount and the fee, as far as it is not charged any
// more. Its money is moved already.
func (e outgoings) cameBack(doc *outgoingDoc) (money.Amount, error) {
	return e.w.restore(doc.Minor.Amount+doc.Minor.Fee-doc.Minor.Charged, doc.Currency)
}

// refusalOf is what a provider's code means here: a code of ours, or one that failures.json
// maps. What has no meaning is ProviderRejected.
func refusalOf(code string) Code {
	if _, ok := FailureOf(Code(code)); ok {
		return Code(code)
	}
	found := ProviderRejected
	for _, own := range []Code{
		DestinationInvalid, DestinationClosed, DestinationBlocked, DestinationNameMismatch, RiskDeclined, LimitExceededTransaction,
		ProviderUnavailable, ProviderOutcomeUnknown, RequestInProgress, AmountTooSmall, CurrencyNotSupported,
	} {
		f, _ := FailureOf(own)
		for _, name := range []string{"iso20022", "stripe", "ach", "wechat", "alipay", "mojaloop"} {
			if code != "" && slices.Contains(strings.Fields(f.Maps[name]), code) {
				return own
			}
		}
	}
	return found
}

// definitive reports whether a code says that the money has not left and will not: a provider
// that is away, busy or unsure says nothing about the order.
func definitive(code Code) bool {
	f, _ := FailureOf(code)
	return f.Retry != "same_key" && code != ProviderUnavailable && code != ServiceBusy && code != UnderReview
}
