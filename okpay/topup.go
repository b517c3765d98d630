package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// TopUpID names a top-up.
type TopUpID string

// TopUpState is where a top-up is in its life.
type TopUpState string

const (
	// TopUpPending waits for the funding source: leads to succeeded or failed.
	TopUpPending TopUpState = "pending"
	// TopUpSucceeded put the money into the customer's balance. Final.
	TopUpSucceeded TopUpState = "succeeded"
	// TopUpFailed moved nothing. Final.
	TopUpFailed TopUpState = "failed"
)

const (
	topUpAsked     action = "create"
	topUpSucceeded action = "provider_succeeded"
	topUpFailed    action = "provider_failed"
)

// topUpMachine is the top-up's state machine: what the funding source says in each state.
func topUpMachine() machine[TopUpState] {
	return machine[TopUpState]{noun: "topup", rows: []row[TopUpState]{
		{to: TopUpPending, on: topUpAsked, emits: []string{"topup.created"}},
		{
			from: TopUpPending, on: topUpSucceeded, to: TopUpSucceeded, emits: []string{"topup.succeeded"},
			posts: "Dr clearing:{source} / Cr user:{customer}:available",
		},
		{from: TopUpPending, on: topUpFailed, to: TopUpFailed, emits: []string{"topup.failed"}},
	}}
}

// TopUp is money that a customer brings into the wallet.
type TopUp struct {
	ID        TopUpID      `json:"id"`
	Customer  CustomerID   `json:"customer"`
	Source    string       `json:"source"`
	State     TopUpState   `json:"state"`
	Amount    money.Amount `json:"amount"`
	Failure   *Refused     `json:"failure,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	Sequence  int64        `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// topUpDoc is a top-up as its record keeps it.
type topUpDoc struct {
	TopUp
	Currency string    `json:"currency"`
	Minor    int64     `json:"minor"`
	Amount   *struct{} `json:"amount,omitempty"` // kept in Minor

	due time.Time // when its source is asked again
}

func (w *Wallet) topUp(d *topUpDoc) (TopUp, error) {
	amount, err := w.restore(d.Minor, d.Currency)
	t := d.TopUp
	t.Amount = amount
	return t, err
}

// TopUps is the service for top-ups.
type TopUps struct{ w *Wallet }

// CreateTopUp is the input of TopUps.Create.
type CreateTopUp struct {
	Customer CustomerID
	Amount   money.Amount // more than zero
	Source   string       // a name of Config.Sources; may be left out when there is just one
	Key      string       // makes the call safe to repeat
}

// queryAfter is how long a top-up waits before its source is asked again.
const queryAfter = 30 * time.Second

// Create asks a funding source for a customer's money. The intent is committed before the
// source is called. The top-up comes back succeeded; or failed, with the error FundingSourceDeclined;
// or pending, without error, when the source does not know yet: Run asks it again until it does.
// Other errors: NotFound for the customer, InvalidRequest for the source, AmountNotPositive, CurrencyNotSupported,
// IdempotencyKeyReused.
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
	if s.w.cfg.Sources[in.Source] == nil {
		return TopUp{}, invalidField("source", "there is no funding source with this name")
	}
	v := verb{"c/" + string(in.Customer), "topup.create", in.Key, []ledger.Field{
		{Name: "amount", Value: in.Amount.String()}, {Name: "source", Value: asked},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		if err := draftGet(d, "customer", string(in.Customer), &Customer{}); err != nil {
			return err
		}
		t := &topUpDoc{Currency: in.Amount.Currency().Code(), Minor: in.Amount.Minor()}
		t.TopUp = TopUp{
			ID: TopUpID(s.w.newID("top_")), Customer: in.Customer, Source: in.Source, State: TopUpPending, CreatedAt: d.Now(),
		}
		fresh(d, "topup", string(t.ID))
		m, _ := topUpMachine().next("", topUpAsked, always)
		return s.write(d, t, told{emits: m.emits})
	})
	if err != nil {
		return TopUp{}, translate(err)
	}
	id := TopUpID(out.Result)
	t, err := s.Get(ctx, id)
	if err != nil {
		return TopUp{}, err
	}
	if t.State == TopUpPending {
		outcome, err := s.w.cfg.Sources[t.Source].Collect(ctx, rails.Collection{
			ID: string(t.ID), Customer: string(t.Customer), Amount: t.Amount,
		})
		if err != nil {
			s.w.cfg.Logger.WarnContext(ctx, "okpay: funding source did not answer", "topup", t.ID, "source", t.Source, "error", err)
			outcome = rails.Unknown
		}
		// The money has moved or not whatever becomes of the caller.
		if t, err = s.settle(context.WithoutCancel(ctx), id, outcome); err != nil {
			return TopUp{}, err
		}
	}
	t.Replayed = out.Replayed
	if t.State == TopUpFailed {
		e := newError(FundingSourceDeclined, "")
		e.Object = string(t.ID)
		return t, e
	}
	return t, nil
}

// settle records what the funding source said.
func (s *TopUps) settle(ctx context.Context, id TopUpID, outcome rails.Outcome) (TopUp, error) {
	v := verb{principal: "program", operation: "topup.settle"}
	_, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		t := &topUpDoc{}
		if err := draftGet(d, "topup", string(id), t); err != nil {
			return err
		}
		on := topUpSucceeded
		switch outcome {
		case rails.Unknown:
			return errNothingDue
		case rails.Failed:
			on = topUpFailed
		}
		if !topUpMachine().allows(t.State, on) {
			return errNothingDue // an answer that repeats or contradicts the first is not acted on
		}
		m, err := topUpMachine().move(&t.State, string(id), on, always)
		if err != nil {
			return err
		}
		if t.State == TopUpFailed {
			t.Failure = refusedFor(FundingSourceDeclined, d.Now())
		} else {
			amount, err := s.w.restore(t.Minor, t.Currency)
			if err != nil {
				return err
			}
			d.Post(ledger.Transaction{
				Reference: string(t.ID), Metadata: kind("topup"),
				Postings: []ledger.Posting{{Debit: clearingAccount(t.Source), Credit: customerAccount(t.Customer), Amount: amount}},
			})
		}
		return s.write(d, t, m)
	})
	if err != nil && !errors.Is(err, errNothingDue) {
		return TopUp{}, translate(err)
	}
	return s.Get(ctx, id)
}

// ask asks the source of a pending top-up, and puts off the next question if it does not
// know.
func (s *TopUps) ask(ctx context.Context, id TopUpID) error {
	t, err := s.Get(ctx, id)
	if err != nil || t.State != TopUpPending {
		return err
	}
	source := s.w.cfg.Sources[t.Source]
	outcome := rails.Unknown
	if source != nil {
		// Collect is asked, not Query: if the program ended before the first call, the
		// source knows nothing of it, and asking twice for one id moves money once.
		outcome, err = source.Collect(ctx, rails.Collection{ID: string(id), Customer: string(t.Customer), Amount: t.Amount})
	}
	if source == nil || err != nil {
		s.w.cfg.Logger.WarnContext(ctx, "okpay: funding source did not answer", "topup", id, "source", t.Source, "error", err)
		outcome = rails.Unknown
	}
	if outcome != rails.Unknown {
		_, err := s.settle(ctx, id, outcome)
		return err
	}
	v := verb{principal: "program", operation: "topup.wait"}
	_, err = s.w.do(ctx, v, func(d *ledger.Draft) error {
		t := &topUpDoc{}
		if err := draftGet(d, "topup", string(id), t); err != nil {
			return err
		}
		if t.State != TopUpPending {
			return errNothingDue
		}
		return s.write(d, t)
	})
	return err
}

func (s *TopUps) write(d *ledger.Draft, t *topUpDoc, moves ...told) error {
	t.due = d.Now().Add(queryAfter)
	return s.w.write(&d.Change, d.Now(), t, moves...)
}

func (t *topUpDoc) record() ledger.Put {
	put := ledger.Put{Type: "topup", ID: string(t.ID), Labels: []string{"c:" + string(t.Customer)}}
	if t.State == TopUpPending {
		put.Due = t.due
	}
	return put
}

func (t *topUpDoc) view(w *Wallet) (any, error) { return w.topUp(t) }

func (t *topUpDoc) counter() *int64 { return &t.Sequence }

func (t *topUpDoc) parties() (MerchantID, CustomerID) { return "", t.Customer }

// Get returns a top-up. Errors: NotFound.
func (s *TopUps) Get(ctx context.Context, id TopUpID) (TopUp, error) {
	var doc topUpDoc
	if err := s.w.get(ctx, "topup", string(id), &doc); err != nil {
		return TopUp{}, translate(err)
	}
	return s.w.topUp(&doc)
}
