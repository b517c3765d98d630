package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// TopUps is the service for top-ups.
type TopUps struct{ w *Wallet }

// CreateTopUp is the input of TopUps.Create.
type CreateTopUp struct {
	Customer CustomerID
	Amount   money.Amount // more than zero
	Source   string       // a name of Config.Sources; may be left out when there is just one
	Proof    string       // answers a challenge of the risk check; never stored
	Key      string       // makes the call safe to repeat
}

// Create asks a funding source for a customer's money. The intent is committed before the
// source is called. The top-up comes back succeeded; or failed, with the error FundingSourceDeclined;
// or pending, without error, when the source does not know yet: then the source says so later
// (SourceSays), or Run asks it again. One that has expired comes back with PaymentExpired at a
// replay.
//
// Other errors, the first that applies: InvalidRequest, AmountNotPositive or CurrencyNotSupported for
// the input; NotFound for the customer, AccountClosed (one that is locked may bring money in);
// AmountTooSmall and LimitExceededTransaction with Limit; AuthenticationRequired and AuthenticationFailed for a challenge;
// RiskDeclined, which is recorded: the top-up comes back failed, and no source was asked; then
// what the kernel decides: LimitExceededDaily and LimitExceededMonthly with Limit, VelocityExceeded,
// each with ResetsAt. IdempotencyKeyReused.
//
// A verdict of Review lets the source be asked; what comes waits for a person (needs_review).
func (s *TopUps) Create(ctx context.Context, in CreateTopUp) (TopUp, error) {
	if err := s.w.amount("amount", in.Amount); err != nil {
		return TopUp{}, err
	}
	asked := in.Source // before the default, which may change between two tries
	if in.Source == "" && len(s.w.cfg.Sources) == 1 {
		for name := range s.w.cfg.Sources {
			in.Source = name
		}
	}
	if in.Source == "" {
		return TopUp{}, InvalidField("source", "is missing: the wallet does not have just one funding source")
	}
	if s.w.cfg.Sources[in.Source] == nil {
		return TopUp{}, InvalidField("source", "there is no funding source with this name")
	}
	v := verb{"c/" + string(in.Customer), "topup.create", in.Key, []ledger.Field{
		{Name: "amount", Value: in.Amount.String()}, {Name: "source", Value: asked},
	}}
	screening := s.w.screening()
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error { return s.create(ctx, d, in, screening) })
	failure := s.w.refusedByLimit(err, in.Amount, s.w.Now())
	if failure == nil {
		failure = translate(err)
	}
	if out.Result == "" {
		return TopUp{}, failure
	}
	t, err := s.Get(ctx, TopUpID(out.Result))
	if err == nil && t.State == TopUpPending {
		t, err = s.collect(ctx, t)
	}
	if err != nil {
		return TopUp{}, errors.Join(failure, err)
	}
	t.Replayed = out.Replayed
	if failure == nil && t.Failure != nil {
		failure = NewError(t.Failure.Code, "")
	}
	var e *Error
	if errors.As(failure, &e) {
		e.Object = string(t.ID)
	}
	return t, failure
}

func (s *TopUps) create(ctx context.Context, d *ledger.Draft, in CreateTopUp, screening *screening) error {
	if err := s.w.permitted(d, in.Customer, CanTopUp); err != nil {
		return err
	}
	if err := s.w.within(OnTopUp, in.Amount); err != nil {
		return err
	}
	verdict, err := screening.screen(d, RiskCheck{
		Operation: OnTopUp, Customer: in.Customer, To: in.Source, Amount: in.Amount, At: d.Now(),
	}, in.Proof, false)
	if err != nil {
		return err
	}
	t := &topUpDoc{Currency: in.Amount.Currency().Code(), Minor: in.Amount.Minor(), Risk: verdict, AskedAt: d.Now()}
	t.TopUp = TopUp{
		ID: TopUpID(s.w.newID("top_")), Customer: in.Customer, Source: in.Source,
		CreatedAt: d.Now(), ExpiresAt: d.Now().Add(s.w.cfg.TopUpExpiry),
	}
	fresh(d, "topup", string(t.ID))
	g := Always
	if verdict.Verdict == Block {
		g = riskForbids
		t.Failure = refusedFor(RiskDeclined, d.Now())
		d.Refuse(ledger.Refusal{Reason: ledger.Reason(RiskDeclined)})
	} else {
		t.Used = s.w.reserve(&d.Change, OnTopUp, partyCustomer(in.Customer), in.Amount, d.Now())
	}
	m, err := t.move(topUpAsked, g)
	if err != nil {
		return err
	}
	if err := s.tell(d, t, m); err != nil {
		return err
	}
	return s.write(d, t)
}

// collect asks the source of a pending top-up and records what it says.
func (s *TopUps) collect(ctx context.Context, t TopUp) (TopUp, error) {
	// What the source says after the top-up's time is over decides whether it expires.
	lapsed := !s.w.Now().Before(t.ExpiresAt)
	outcome, err := rails.Unknown, error(nil)
	source := s.w.cfg.Sources[t.Source]
	if source != nil {
		// Collect is asked, not another method: if the program ended before the first call, the
		// source knows nothing of it, and asking twice for one id moves money once.
		outcome, err = s.w.collect(ctx, source, rails.Collection{ID: string(t.ID), Customer: string(t.Customer), Amount: t.Amount})
	}
	if source == nil || err != nil {
		s.w.cfg.Logger.WarnContext(ctx, "okpay: funding source did not answer", "topup", t.ID, "source", t.Source, "error", err)
		outcome = rails.Unknown
	}
	// The money has moved or not whatever becomes of the caller.
	return s.settle(context.WithoutCancel(WithoutActor(ctx)), t.ID, outcome, lapsed)
}

// settle records what the source said when it was asked. lapsed says that it was asked when
// the top-up's time was over already.
func (s *TopUps) settle(ctx context.Context, id TopUpID, outcome rails.Outcome, lapsed bool) (TopUp, error) {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "topup.settle"}, func(d *ledger.Draft) error {
		t := &topUpDoc{}
		if err := draftGet(d, "topup", string(id), t); err != nil {
			return err
		}
		var on Action
		switch {
		case outcome == rails.Succeeded:
			on = topUpSucceeded
		case outcome == rails.Failed:
			on = topUpFailed
		case outcome == rails.NotPaid && lapsed && t.State == TopUpPending:
			on = expire
		case t.State == TopUpPending:
			// Nothing is known, or nothing has come so far. However long ago it was asked, no
			// timer decides.
			t.Asks, t.AskedAt = t.Asks+1, d.Now()
			return s.write(d, t)
		default:
			return ErrNothingDue
		}
		changed, err := s.take(d, t, on, money.Amount{})
		if err == nil && !changed {
			err = ErrNothingDue // it repeats or contradicts what was decided: not acted on
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrNothingDue) {
		return TopUp{}, translate(err)
	}
	return s.Get(ctx, id)
}

// ask asks the source of a top-up that is due.
func (s *TopUps) ask(ctx context.Context, id TopUpID) error {
	t, err := s.Get(ctx, id)
	if err != nil || t.State != TopUpPending {
		return err
	}
	_, err = s.collect(ctx, t)
	return err
}

// Get returns a top-up. Errors: NotFound.
func (s *TopUps) Get(ctx context.Context, id TopUpID) (TopUp, error) {
	var doc topUpDoc
	if err := s.w.get(ctx, "topup", string(id), &doc); err != nil {
		return TopUp{}, translate(err)
	}
	if err := showing(ctx, "topup", string(id), doc.Customer); err != nil {
		return TopUp{}, err
	}
	return s.w.topUp(&doc)
}

// TopUpQuery selects top-ups: those of a customer, those in a state, or both; one of the two
// is given.
type TopUpQuery struct {
	Customer CustomerID
	State    TopUpState
	After    TopUpID // continue after this one
	Limit    int     // 1 to 100, 20 unless told
}

// List returns a page of top-ups, the newest first, and whether there are more. Errors:
// InvalidRequest for a query that selects nothing in particular.
func (s *TopUps) List(ctx context.Context, in TopUpQuery) (page []TopUp, more bool, err error) {
	if err := topUpMachine().asked(in.State); err != nil {
		return nil, false, err
	}
	label := "c:" + string(in.Customer)
	switch {
	case in.Customer == "" && in.State == "":
		return nil, false, InvalidField("customer", "neither a customer nor a state is given")
	case in.Customer == "":
		label = "state:" + string(in.State)
	case in.State != "":
		label += ":" + string(in.State)
	}
	if err := showingList(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	limit := pageSize(in.Limit)
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "topup", Label: label, After: string(in.After), Desc: true, Limit: limit + 1,
	})
	if err != nil {
		return nil, false, translate(err)
	}
	for _, r := range records[:min(limit, len(records))] {
		var doc topUpDoc
		if err := decodeRecord("topup", r.ID, r, nil, &doc); err != nil {
			return nil, false, err
		}
		t, err := s.w.topUp(&doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, t)
	}
	return page, len(records) > limit, nil
}
