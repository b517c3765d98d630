package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// MoneyRequests is the service for requests for money between people.
type MoneyRequests struct{ w *Wallet }

// Bounds of a request's life.
const (
	MinRequestExpiry     = time.Second
	MaxRequestExpiry     = 90 * 24 * time.Hour
	DefaultRequestExpiry = 30 * 24 * time.Hour
)

// CreateMoneyRequest is the input of MoneyRequests.Create. Exactly one of To, Email and
// Phone is set.
type CreateMoneyRequest struct {
	From      CustomerID // who asks
	To        CustomerID // who is asked
	Email     string     // see NormalizeEmail
	Phone     string     // see NormalizePhone
	Amount    money.Amount
	Note      string        // what the one who is asked is told, at most 500 bytes
	ExpiresIn time.Duration // MinRequestExpiry to MaxRequestExpiry; defaults to DefaultRequestExpiry
	Key       string        // makes the call safe to repeat
}

// Create asks a person for money. A contact that nobody has verified can still be asked: the
// request is shown to whoever verifies it in time.
//
// Errors, the first that applies: InvalidRequest, AmountNotPositive, CurrencyNotSupported,
// IdempotencyKeyReused, SameAccount when To is From, NotFound, AccountLocked and
// AccountClosed for who asks, NotFound and AccountClosed for who is asked, SameAccount when
// the contact is one's own.
func (s *MoneyRequests) Create(ctx context.Context, in CreateMoneyRequest) (MoneyRequest, error) {
	asked := in.ExpiresIn
	if in.ExpiresIn == 0 {
		in.ExpiresIn = DefaultRequestExpiry
	}
	if in.ExpiresIn < MinRequestExpiry || in.ExpiresIn > MaxRequestExpiry {
		return MoneyRequest{}, InvalidField("expires_in", "is %v, want %v to %v", in.ExpiresIn, MinRequestExpiry, MaxRequestExpiry)
	}
	a, err := s.w.Transfers.check(&CreateTransfer{
		From: in.From, To: in.To, Email: in.Email, Phone: in.Phone, Amount: in.Amount, Note: in.Note,
	})
	if err != nil {
		return MoneyRequest{}, err
	}
	v := verb{"c/" + string(in.From), "request.create", in.Key, []ledger.Field{
		{Name: "to", Value: string(in.To)},
		{Name: "contact", Value: string(a.kind) + a.value},
		{Name: "amount", Value: in.Amount.String()},
		{Name: "note", Value: in.Note},
		{Name: "expires_in", Value: asked.String()},
	}}
	return s.run(ctx, v, "", in.Amount, func(d *ledger.Draft) error {
		if in.To == in.From {
			return sameAccount(in.From)
		}
		if err := s.w.leaving(d, in.From, CanTransfer); err != nil {
			return err
		}
		r := &requestDoc{Currency: in.Amount.Currency().Code(), Minor: in.Amount.Minor()}
		r.MoneyRequest = MoneyRequest{
			ID: RequestID(s.w.newID("req_")), From: in.From, To: in.To, Note: in.Note,
			CreatedAt: d.Now(), ExpiresAt: d.Now().Add(in.ExpiresIn),
		}
		if a.kind != "" {
			g, err := s.w.digests(d)
			if err != nil {
				return err
			}
			r.Contact, r.Digest = a.value, g.of(partyCustomer(""), a)
			party, err := s.w.owner(d, r.Digest)
			if err != nil {
				return err
			}
			r.To = customerOf(party)
		}
		g := unregistered
		if r.To != "" {
			g = registered
			if err := s.w.arriving(d, r.To); err != nil {
				return err
			}
		}
		if r.To == r.From {
			return sameAccount(r.From)
		}
		fresh(d, "request", string(r.ID))
		m, err := r.move(create, g)
		if err != nil {
			return err
		}
		return s.write(d, r, m)
	})
}

// PayMoneyRequest is the input of MoneyRequests.Pay.
type PayMoneyRequest struct {
	Request  RequestID
	Customer CustomerID // who is asked, and pays
	Note     string     // what the one who asked is told, at most 500 bytes
	Proof    string     // answers a challenge (AuthenticationRequired); never stored
	Key      string     // makes the call safe to repeat, also with a proof after a challenge
}

// Pay sends the money that is asked for: a transfer of its own, made in the same commit and
// by the rules of Transfers.Create, fee and limits among them. When Config.Risk asks for a
// review, the request comes back under_review without error and follows the transfer: paid
// when it is approved, open again when it is rejected or canceled.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound (also for
// who is not asked), InvalidState (recorded as expired when the time is over), then those of
// Transfers.Create from AccountLocked on. What is refused leaves the request open.
func (s *MoneyRequests) Pay(ctx context.Context, in PayMoneyRequest) (MoneyRequest, error) {
	if err := CheckText("note", in.Note, 500); err != nil {
		return MoneyRequest{}, err
	}
	v := verb{"c/" + string(in.Customer), "request.pay", in.Key, []ledger.Field{
		{Name: "request", Value: string(in.Request)}, {Name: "note", Value: in.Note},
	}}
	var amount money.Amount // for the words of a refusal, also at a replay
	if r, err := s.get(ctx, in.Request); err == nil {
		amount = r.Amount
	}
	screening := s.w.screening()
	return s.run(ctx, v, in.Request, amount, func(d *ledger.Draft) error {
		r, err := s.asked(d, in.Request, in.Customer, payRequest)
		if err != nil || d.Refusal != nil {
			return err
		}
		if err := s.w.leaving(d, in.Customer, CanTransfer); err != nil {
			return err
		}
		amount, err := s.w.restore(r.Minor, r.Currency)
		if err != nil {
			return err
		}
		t := &transferDoc{}
		t.From, t.To, t.Note, t.Request = in.Customer, r.From, in.Note, r.ID
		if err := s.w.Transfers.submit(d, t, amount, screening, in.Proof); err != nil || d.Refusal != nil {
			return err
		}
		r.inTime(d)
		r.Transfer = t.ID
		g := Always
		if t.State == TransferUnderReview {
			g = riskReviews
		}
		m, err := r.move(payRequest, g)
		if err != nil {
			return err
		}
		d.Result = string(r.ID)
		return s.write(d, r, m)
	})
}

// MoveMoneyRequest is the input of MoneyRequests.Decline and MoneyRequests.Cancel.
type MoveMoneyRequest struct {
	Request  RequestID
	Customer CustomerID // who is asked (Decline), who asks (Cancel)
	Key      string     // makes the call safe to repeat
}

// Decline says no to a request. Errors, the first that applies: InvalidRequest,
// IdempotencyKeyReused, NotFound (also for who is not asked), InvalidState (recorded as
// expired when the time is over).
func (s *MoneyRequests) Decline(ctx context.Context, in MoveMoneyRequest) (MoneyRequest, error) {
	return s.run(ctx, in.verb(declineRequest), in.Request, money.Amount{}, func(d *ledger.Draft) error {
		r, err := s.asked(d, in.Request, in.Customer, declineRequest)
		if err != nil || d.Refusal != nil {
			return err
		}
		return s.end(d, r, declineRequest)
	})
}

// Cancel calls a request back. Errors, the first that applies: InvalidRequest,
// IdempotencyKeyReused, NotFound (also for who does not ask), InvalidState (recorded as
// expired when the time is over).
func (s *MoneyRequests) Cancel(ctx context.Context, in MoveMoneyRequest) (MoneyRequest, error) {
	return s.run(ctx, in.verb(cancel), in.Request, money.Amount{}, func(d *ledger.Draft) error {
		r := &requestDoc{}
		err := draftGet(d, "request", string(in.Request), r)
		switch {
		case err != nil:
			return err
		case r.From != in.Customer:
			return notFound("request", string(in.Request))
		case r.due(d.Now()):
			return s.expireInstead(d, r)
		}
		return s.end(d, r, cancel)
	})
}

func (in *MoveMoneyRequest) verb(on Action) verb {
	return verb{"c/" + string(in.Customer), "request." + string(on), in.Key, []ledger.Field{{Name: "request", Value: string(in.Request)}}}
}

// asked reads a request for who is asked, if they may answer it so; or refuses the draft
// because its time is over.
func (s *MoneyRequests) asked(d *ledger.Draft, id RequestID, customer CustomerID, on Action) (*requestDoc, error) {
	r := &requestDoc{}
	if err := draftGet(d, "request", string(id), r); err != nil {
		return nil, err
	}
	if r.To == "" {
		p, err := s.w.profile(d, partyCustomer(customer))
		if err != nil {
			return nil, err
		}
		if p.verified(r.Digest) && customer != r.From {
			r.To = customer
		}
	}
	switch {
	case r.To != customer:
		return nil, notFound("request", string(id))
	case r.due(d.Now()):
		return r, s.expireInstead(d, r)
	case !requestMachine().Allows(r.State, on):
		return nil, requestMachine().Refuse(r.State, string(id), on)
	}
	return r, nil
}

// end takes an open request to a state without money.
func (s *MoneyRequests) end(d *ledger.Draft, r *requestDoc, on Action) error {
	m, err := r.move(on, Always)
	if err != nil {
		return err
	}
	r.inTime(d)
	return s.write(d, r, m)
}

// expireInstead records that a request's time is over, and refuses the verb that found it so.
func (s *MoneyRequests) expireInstead(d *ledger.Draft, r *requestDoc) error {
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(InvalidState), Detail: "the request's time is over"})
	m, err := r.move(expire, Always)
	if err != nil {
		return err
	}
	return s.write(d, r, m)
}

// expireDue records that a request's time is over, if it is.
func (s *MoneyRequests) expireDue(ctx context.Context, id RequestID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "request.expire"}, func(d *ledger.Draft) error {
		r := &requestDoc{}
		if err := draftGet(d, "request", string(id), r); err != nil {
			return err
		}
		if !r.due(d.Now()) {
			return ErrNothingDue
		}
		m, err := r.move(expire, Always)
		if err != nil {
			return err
		}
		return s.write(d, r, m)
	})
	return err
}

// adopt gives an open request to who has verified the contact that it was sent to.
func (s *MoneyRequests) adopt(ctx context.Context, id RequestID, customer CustomerID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "request.assign"}, func(d *ledger.Draft) error {
		r := &requestDoc{}
		if err := draftGet(d, "request", string(id), r); err != nil {
			return err
		}
		p, err := s.w.profile(d, partyCustomer(customer))
		switch {
		case err != nil:
			return err
		case r.To != "" || r.From == customer || !p.verified(r.Digest):
			return notFound("request", string(id))
		}
		r.To = customer
		m, err := r.move(assignRequest, Always)
		if err != nil {
			return err
		}
		return s.write(d, r, m)
	})
	return translate(err)
}

// follow takes the request that a transfer pays where the transfer's review has led.
func (s *MoneyRequests) follow(d *ledger.Draft, t *transferDoc) error {
	if t.Request == "" {
		return nil
	}
	r := &requestDoc{}
	if err := draftGet(d, "request", string(t.Request), r); err != nil {
		return err
	}
	on, g := reviewPassed, Always
	if t.State != TransferCompleted {
		on, g = reviewEnded, inTime
		if !d.Now().Before(r.ExpiresAt) {
			g = tooLate
		}
		r.Transfer = ""
	}
	m, err := r.move(on, g)
	if err != nil {
		return err
	}
	return s.write(d, r, m)
}

// Get returns a request, expired if its time is over whether or not that is recorded yet.
// Errors: NotFound, also for one of others' while a customer acts.
func (s *MoneyRequests) Get(ctx context.Context, id RequestID) (MoneyRequest, error) {
	r, err := s.get(ctx, id)
	if err == nil {
		err = showing(ctx, "request", string(id), r.From, r.To)
	}
	if err != nil {
		return MoneyRequest{}, err
	}
	return r, nil
}

func (s *MoneyRequests) get(ctx context.Context, id RequestID) (MoneyRequest, error) {
	var r requestDoc
	if err := s.w.get(ctx, "request", string(id), &r); err != nil {
		return MoneyRequest{}, translate(err)
	}
	if r.due(s.w.Now()) {
		if _, err := r.move(expire, Always); err != nil {
			return MoneyRequest{}, err
		}
	}
	return s.w.request(&r)
}

// GetOwned is Get for the two parties: another's request is NotFound.
func (s *MoneyRequests) GetOwned(ctx context.Context, customer CustomerID, id RequestID) (MoneyRequest, error) {
	r, err := s.Get(ctx, id)
	if err == nil && r.From != customer && r.To != customer {
		return MoneyRequest{}, notFound("request", string(id))
	}
	return r, err
}

// ListMoneyRequests is the input of MoneyRequests.List.
type ListMoneyRequests struct {
	Customer CustomerID // who asks or is asked
	After    RequestID  // continue after this request
	Limit    int        // 1 to 100, 20 unless told
}

// List returns a customer's requests as they are recorded, the newest first, and whether
// there are more. Errors: InvalidRequest.
func (s *MoneyRequests) List(ctx context.Context, in ListMoneyRequests) (page []MoneyRequest, more bool, err error) {
	if err := CheckID("customer", string(in.Customer)); err != nil {
		return nil, false, err
	}
	if err := showingCustomer(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	records, more, err := s.w.page(ctx, "request", "c:"+string(in.Customer), string(in.After), true, in.Limit)
	if err != nil {
		return nil, false, err
	}
	for _, record := range records {
		var doc requestDoc
		if err := decodeRecord("request", record.ID, record, nil, &doc); err != nil {
			return nil, false, err
		}
		r, err := s.w.request(&doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, r)
	}
	return page, more, nil
}

// run runs a verb and returns the request as it is afterwards.
func (s *MoneyRequests) run(ctx context.Context, v verb, id RequestID, amount money.Amount, fn func(*ledger.Draft) error) (MoneyRequest, error) {
	out, err := s.w.inTime(ctx, v, fn)
	failure := s.w.refusedTransfer(err, out, amount)
	if failure != nil && out.Seq == 0 || out.Result == "" && id == "" {
		return MoneyRequest{}, failure
	}
	if out.Result != "" {
		id = RequestID(out.Result)
	}
	r, err := s.get(ctx, id)
	if err != nil {
		return MoneyRequest{}, errors.Join(failure, err)
	}
	r.Replayed = out.Replayed
	return r, about(failure, string(id))
}

func (s *MoneyRequests) write(d *ledger.Draft, r *requestDoc, m Told) error {
	r.UpdatedAt = d.Now()
	return s.w.write(&d.Change, d.Now(), r, m)
}
