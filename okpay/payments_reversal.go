package okpay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// ReversalAnswer is the input of Payments.AnswerReversal: a funding source says that it took
// money back.
type ReversalAnswer struct {
	Payment PaymentID
	// Collection is the id that the source was asked with; empty means the one that paid the
	// payment, or the latest where none has.
	Collection string
	Source     string // who says so: a name of Config.Sources; empty means whoever was asked
	Event      string // the source's id of what it says, 1 to 128 bytes: the same one is heard once
	// Amount is what was taken back. The zero Amount means all that came.
	Amount money.Amount
}

// AnswerReversal hears that a funding source took back what it had sent for a payment, such as a
// card payment that its holder disputes with the card's bank. It may come twice, late, or before
// it is told that the money came, for which it then waits.
//
// What a manual capture holds is released for it: an authorized payment has failed, and one that was
// captured in part is captured with what it has. What was captured stays the merchant's, who pays for it only
// if a dispute says so (Disputes.Open): the payer's balance pays as far as it goes, the rest is a
// debt of theirs (Customers.Debts), and their account is restricted. So is what went to the
// payer's balance because the payment did not wait for it any more. Money that waits for a person
// goes back from there. Another amount than came, and money that a person has given to somebody,
// raise an exception and move nothing.
//
// A second dispute between the payer and the merchant about the same payment gives the payer's
// balance what the dispute says; the debt stays until it is settled.
//
// Errors: InvalidRequest, AmountNotPositive, CurrencyNotSupported, NotFound for the payment or a
// collection that this source was asked for, IdempotencyKeyReused for an event that said
// something else before.
func (s *Payments) AnswerReversal(ctx context.Context, in ReversalAnswer) (Payment, error) {
	if in.Event == "" {
		return Payment{}, InvalidField("event", "is missing")
	}
	if (in.Amount != money.Amount{}) {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return Payment{}, err
		}
	}
	p, err := s.get(ctx, in.Payment)
	if err != nil {
		return Payment{}, translate(err)
	}
	of := in.Collection
	if of == "" {
		of = p.PaidBy
	}
	c := p.collection(of)
	if c == nil || in.Source != "" && in.Source != c.Source {
		return Payment{}, notFound("collection", in.Collection)
	}
	id := c.ID
	out, err := s.do(ctx, answerVerb(c.Source, in.Event, in.Payment, in.Collection, "reversed", in.Amount), func(d *ledger.Draft) error {
		p, err := s.load(d, in.Payment)
		if err != nil {
			return err
		}
		d.Result = string(p.ID)
		return s.takeBack(d, p, id, in.Amount)
	})
	if err != nil && !errors.Is(err, ErrNothingDue) {
		return Payment{}, translate(err)
	}
	shown, err := s.Get(ctx, in.Payment)
	shown.Replayed = out.Replayed
	return shown, err
}

// answerVerb is the verb of whatever a funding source says of a payment by itself: one event
// says one thing.
func answerVerb(source, event string, payment PaymentID, collection, outcome string, amount money.Amount) verb {
	return verb{"s/" + source, "payment.answer", event, []ledger.Field{
		{Name: "payment", Value: string(payment)},
		{Name: "collection", Value: collection},
		{Name: "outcome", Value: outcome},
		amountField("amount", amount),
	}}
}

// takeBack writes that a funding source took back what a collection had brought. taken is the
// zero Amount for all of it. It is ErrNothingDue when that is known already.
func (s *Payments) takeBack(d *ledger.Draft, p *paymentDoc, id string, taken money.Amount) error {
	p.Collections = slices.Clone(p.Collections)
	c := p.collection(id)
	switch {
	case c == nil:
		return notFound("collection", id)
	case c.gone():
		return ErrNothingDue
	case c.Answer != collectionPaid:
		return s.park(d, p, c, taken)
	}
	came, err := p.came(s.w, c)
	if err != nil {
		return err
	}
	given, err := s.givenAway(d, p, c)
	switch {
	case err != nil:
		return err
	case taken != money.Amount{} && taken != came:
		return s.reversalTrouble(d, p, c, exceptionReversal, taken, "the source took back another amount than came")
	case given:
		return s.reversalTrouble(d, p, c, troubleTakenBack, came, "the source took back what a person has given to somebody")
	case c.Suspended != nil:
		c.TakenBackAt = d.Now()
		return s.resolveMismatch(d, p, mismatchReturned)
	case c.HeldBack:
		return s.takeHeldBack(d, p, c, came)
	}
	return s.takeFromPayer(d, p, c, came)
}

// park keeps a reversal until the money comes that it is about.
func (s *Payments) park(d *ledger.Draft, p *paymentDoc, c *collection, taken money.Amount) error {
	parked := suspended{taken.Minor(), taken.Currency().Code()}
	if c.Parked == nil {
		c.Parked = &parked
		return s.write(&d.Change, p, d.Now(), false)
	}
	before, err := p.allOf(s.w, *c.Parked)
	if err != nil {
		return err
	}
	if now, err := p.allOf(s.w, parked); err != nil || now == before {
		return errors.Join(err, ErrNothingDue)
	}
	return s.reversalTrouble(d, p, c, exceptionReversal, taken, "the source took money back, after it had told of taking back another amount")
}

// allOf is what a reversal means, before anything has come: without an amount, what was asked
// for.
func (p *paymentDoc) allOf(w *Wallet, parked suspended) (money.Amount, error) {
	if parked.Currency == "" {
		return w.restore(p.Minor.Amount, p.Currency)
	}
	return parked.amount(w)
}

// reversalTrouble asks a person about a reversal that moves nothing.
func (s *Payments) reversalTrouble(d *ledger.Draft, p *paymentDoc, c *collection, kind string, amount money.Amount, detail string) error {
	if _, err := p.move(sourceReversed, unlikeCame); err != nil {
		return err
	}
	if err := s.write(&d.Change, p, d.Now(), false); err != nil {
		return err
	}
	return s.w.raise(&d.Change, d.Now(), kind, c.Source, string(p.ID), detail, amount)
}

// takeFromPayer takes back what had gone to the payer: what it holds is released for it, and
// the payer owes what is not there any more.
func (s *Payments) takeFromPayer(d *ledger.Draft, p *paymentDoc, c *collection, came money.Amount) error {
	if p.due(d.Now()) { // found before it is recorded; the hold has ended by itself
		if err := s.endFirst(d, p); err != nil {
			return err
		}
	}
	gate, err := s.w.gate(d, c.Customer)
	if err != nil {
		return err
	}
	from, g := p.State, toPayer
	if p.PaidBy == c.ID && paymentMachine().Allows(p.State, capture) {
		g = hadPaid
	}
	m, err := p.move(sourceReversed, g)
	if err != nil {
		return err
	}
	c.TakenBackAt = d.Now()
	postings := owed(gate, clearingAccount(c.Source), came)
	if g == hadPaid {
		d.Void(string(p.ID))
		s.giveBack(d, p, p.rest())
	}
	whole := g == hadPaid && from == PaymentAuthorized
	if whole { // what was held is all of it, and nothing is owed
		p.remember(FundingSourceDeclined, d.Now())
		postings = []ledger.Posting{{Debit: customerAccount(c.Customer), Credit: clearingAccount(c.Source), Amount: came}}
	}
	d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("topup_reversal"), Postings: postings})
	if err := s.write(&d.Change, p, d.Now(), true, ofPayments(m)); err != nil || whole {
		return err
	}
	return s.w.restrict(d, gate)
}

// endFirst records that a payment's time is over in the Change of something else that happens to it.
func (s *Payments) endFirst(d *ledger.Draft, p *paymentDoc) error {
	m, err := p.move(expire, Always)
	if err != nil {
		return err
	}
	p.ChallengeEnds, p.Methods = time.Time{}, nil
	s.giveBack(d, p, p.rest())
	p.UpdatedAt = d.Now()
	return s.w.announce(&d.Change, d.Now(), p, m.Emits...)
}

// takeHeldBack takes money back that waits for a person, since its payer has left: it waits no
// more.
func (s *Payments) takeHeldBack(d *ledger.Draft, p *paymentDoc, c *collection, came money.Amount) error {
	e, err := s.heldBack(d, p, c)
	if err != nil {
		return err
	}
	m, err := p.move(sourceReversed, toSuspense)
	if err != nil {
		return err
	}
	c.TakenBackAt = d.Now()
	if err := s.write(&d.Change, p, d.Now(), false, ofPayments(m)); err != nil || e.State == ExceptionResolved {
		return err // a person has made it the source's already
	}
	resolved, err := e.move(Action(ReturnToProvider), cameIn)
	if err != nil {
		return err
	}
	e.Resolution = &Resolution{Disposition: ReturnToProvider, At: d.Now()}
	d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("topup_reversal"), Postings: []ledger.Posting{
		{Debit: suspenseAccount(c.Source), Credit: clearingAccount(c.Source), Amount: came},
	}})
	return s.w.write(&d.Change, d.Now(), e, resolved)
}

// heldBack finds the exception for which the money of a collection waits, or did; nil when there
// is none. Of several alike, one that is open comes first.
func (s *Payments) heldBack(d *ledger.Draft, p *paymentDoc, c *collection) (*exceptionDoc, error) {
	came, err := p.came(s.w, c)
	if err != nil {
		return nil, err
	}
	records, err := s.w.ledger.Records(d.Context(), ledger.RecordQuery{Type: "exception", Label: "o:" + string(p.ID), Limit: 100})
	if err != nil {
		return nil, err
	}
	var found *exceptionDoc
	for _, r := range records {
		e := &exceptionDoc{}
		if err := draftGet(d, "exception", r.ID, e); err != nil {
			return nil, err
		}
		if e.Kind != exceptionHeldBack || e.Provider != c.Source || e.waiting() != cameIn || e.Minor != came.Minor() || e.Currency != came.Currency().Code() {
			continue
		}
		if e.State == ExceptionOpen {
			return e, nil
		}
		if found == nil || e.Resolution.Disposition == ReturnToProvider {
			found = e
		}
	}
	return found, nil
}

// givenAway reports whether money that came for a payer who has left is somebody's by a
// person's decision, so that nobody can say from whom it is taken back.
func (s *Payments) givenAway(d *ledger.Draft, p *paymentDoc, c *collection) (bool, error) {
	if !c.HeldBack {
		return false, nil
	}
	e, err := s.heldBack(d, p, c)
	if err != nil {
		return false, err
	}
	return e == nil || e.State == ExceptionResolved && e.Resolution.Disposition != ReturnToProvider, nil
}

// ofPayments leaves out the events of other objects.
func ofPayments(m Told) Told {
	m.Emits = slices.DeleteFunc(slices.Clone(m.Emits), func(t string) bool { return !strings.HasPrefix(t, "payment.") })
	return m
}
