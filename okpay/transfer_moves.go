package okpay

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// ReviewTransfer is the input of Transfers.Approve and Transfers.Reject.
type ReviewTransfer struct {
	Transfer TransferID
	By       string // the operator, 1 to 64 letters, digits, '_' and '-'
	Reason   string // a code such as suspicious, at most 64 of the same; Reject only
	Key      string // makes the call safe to repeat
}

// Approve lets a transfer under review go on: completed, or pending_claim when nobody has
// verified the contact by now.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// InvalidState, SelfApprovalForbidden when By is the sender or the payee, AccountLocked when
// the sender has been locked meanwhile, PayeeUnavailable when the payee has been closed
// meanwhile, SameAccount when the contact has become the sender's; the transfer stays under
// review.
func (s *Transfers) Approve(ctx context.Context, in ReviewTransfer) (Transfer, error) {
	return s.review(ctx, in, approveTransfer, func(d *ledger.Draft, t *transferDoc) error {
		if err := s.w.leaving(d, t.From, CanTransfer); err != nil {
			return err
		}
		if t.To == "" {
			party, err := s.w.owner(d, t.Digest)
			if err != nil {
				return err
			}
			t.To = customerOf(party)
		}
		if t.To == t.From {
			return sameAccount(t.From)
		}
		if err := t.reviewable(in.By); err != nil { // the contact may have become the reviewer's
			return err
		}
		g := registered
		if t.To == "" {
			g = unregistered
			t.waits(d.Now())
		} else if err := s.w.reachable(d, t.To); err != nil {
			return err
		}
		m, err := t.move(approveTransfer, g)
		if err != nil {
			return err
		}
		postings, err := t.postings(s.w, t.payee())
		if err != nil {
			return err
		}
		d.Capture(ledger.Capture{
			Hold: string(t.ID), Final: true, Postings: postings, Reference: string(t.ID), Metadata: kind("transfer"),
		})
		return s.write(d, t, m)
	})
}

// Reject ends a transfer under review: it failed, and the money is the sender's again, with
// what it used of their limits.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// InvalidState, SelfApprovalForbidden when By is the sender or the payee.
func (s *Transfers) Reject(ctx context.Context, in ReviewTransfer) (Transfer, error) {
	return s.review(ctx, in, rejectTransfer, func(d *ledger.Draft, t *transferDoc) error {
		m, err := t.move(rejectTransfer, Always)
		if err != nil {
			return err
		}
		t.Review.Reason, t.Failure = in.Reason, refusedFor(RiskDeclined, d.Now())
		return s.release(d, t, m)
	})
}

func (s *Transfers) review(ctx context.Context, in ReviewTransfer, on Action, decide func(*ledger.Draft, *transferDoc) error) (Transfer, error) {
	if err := CheckID("by", in.By); err != nil {
		return Transfer{}, err
	}
	if in.Reason != "" {
		if err := CheckID("reason", in.Reason); err != nil {
			return Transfer{}, err
		}
	}
	v := verb{"op/" + in.By, "transfer." + string(on), in.Key, []ledger.Field{
		{Name: "transfer", Value: string(in.Transfer)}, {Name: "reason", Value: in.Reason},
	}}
	return s.run(ctx, v, in.Transfer, money.Amount{}, func(d *ledger.Draft) error {
		t, err := s.load(d, in.Transfer)
		switch {
		case err != nil:
			return err
		case !transferMachine().Allows(t.State, on):
			return transferMachine().Refuse(t.State, string(t.ID), on)
		}
		if err := t.reviewable(in.By); err != nil {
			return err
		}
		t.Review.By = in.By
		return decide(d, t)
	})
}

// reviewable refuses a reviewer who is a party.
func (t *transferDoc) reviewable(by string) error {
	if by != string(t.From) && by != string(t.To) {
		return nil
	}
	e := NewError(SelfApprovalForbidden, "the reviewer is a party of the transfer")
	e.Field, e.Object = "by", string(t.ID)
	return e
}

// release gives held money back, and what was used of limits.
func (s *Transfers) release(d *ledger.Draft, t *transferDoc, m Told) error {
	amount, err := s.w.restore(t.Minor.Amount, t.Currency)
	if err != nil {
		return err
	}
	d.Void(string(t.ID))
	s.w.giveBack(&d.Change, t.Used, amount.Currency())
	return s.write(d, t, m)
}

// unpark gives unclaimed money back, fee included, and what was used of limits if the
// transfer came to nothing in the sender's eyes.
func (s *Transfers) unpark(d *ledger.Draft, t *transferDoc, limits bool, m Told) error {
	amount, err := s.w.restore(t.Minor.Amount, t.Currency)
	if err != nil {
		return err
	}
	postings, err := t.back(s.w)
	if err != nil {
		return err
	}
	d.Post(ledger.Transaction{Reference: string(t.ID), Metadata: kind("transfer_returned"), Postings: postings})
	if limits {
		s.w.giveBack(&d.Change, t.Used, amount.Currency())
	}
	return s.write(d, t, m)
}

// returns records that nobody claimed a transfer in time. What it used of limits stays used.
func (s *Transfers) returns(d *ledger.Draft, t *transferDoc) error {
	m, err := t.move(expire, Always)
	if err != nil {
		return err
	}
	return s.unpark(d, t, false, m)
}

// returnInstead records that a transfer's time is over, and refuses the verb that found it
// so.
func (s *Transfers) returnInstead(d *ledger.Draft, t *transferDoc, code Code) error {
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(code), Detail: "the time to claim the transfer is over"})
	return s.returns(d, t)
}

// returnDue records that a transfer's time is over, if it is.
func (s *Transfers) returnDue(ctx context.Context, id TransferID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "transfer.return"}, func(d *ledger.Draft) error {
		t, err := s.load(d, id)
		switch {
		case err != nil:
			return err
		case !t.due(d.Now()):
			return ErrNothingDue
		}
		return s.returns(d, t)
	})
	return err
}

// adopt claims what waits for a contact whose owner has just verified it.
func (w *Wallet) adopt(ctx context.Context, digest string) error {
	r, err := w.ledger.Record(ctx, "contact", digest)
	if err != nil {
		return translate(withoutObject(err))
	}
	var o contactOwner
	if err := decodeRecord("contact", digest, r, nil, &o); err != nil {
		return withoutObject(err)
	}
	if customer := customerOf(o.Party); customer != "" {
		if err := w.adoptAll(ctx, "transfer", digest, func(id string) error {
			_, err := w.Transfers.Claim(ctx, ClaimTransfer{Transfer: TransferID(id), Customer: customer})
			return err
		}); err != nil {
			return err
		}
		if err := w.adoptAll(ctx, "request", digest, func(id string) error {
			return w.MoneyRequests.adopt(ctx, RequestID(id), customer)
		}); err != nil {
			return err
		}
	}
	_, err = w.do(ctx, verb{principal: "program", operation: "contact.adopted"}, func(d *ledger.Draft) error {
		now, err := d.Get("contact", digest)
		switch {
		case err != nil:
			return withoutObject(err)
		case now.Version != r.Version || now.Due.IsZero():
			return ErrNothingDue
		}
		d.Put(ledger.Put{Type: "contact", ID: digest, Chaining: ledger.Plain, Content: now.Content})
		return nil
	})
	return err
}

// adoptAll does something with each object that waits for a contact. What refuses (its time
// is over, it was the owner's own) is left as it is.
func (w *Wallet) adoptAll(ctx context.Context, noun, digest string, do func(id string) error) error {
	for after, more := "", true; more; {
		var (
			records []ledger.Record
			err     error
		)
		if records, more, err = w.page(ctx, noun, "to:"+digest, after, false, 100); err != nil {
			return err
		}
		for _, r := range records {
			after = r.ID
			var refused *Error
			if err := do(r.ID); err != nil && (!errors.As(err, &refused) || refused.Code == ServiceBusy) {
				return err
			}
		}
	}
	return nil
}

// Get returns a transfer, returned if its time is over whether or not that is recorded yet.
// Errors: NotFound, also for one that GetOwned does not return while a customer acts.
func (s *Transfers) Get(ctx context.Context, id TransferID) (Transfer, error) {
	if a, acts := ActorOf(ctx); acts {
		return s.GetOwned(ctx, a.Customer, id)
	}
	return s.get(ctx, id)
}

func (s *Transfers) get(ctx context.Context, id TransferID) (Transfer, error) {
	var t transferDoc
	if err := s.w.get(ctx, "transfer", string(id), &t); err != nil {
		return Transfer{}, translate(err)
	}
	if t.due(s.w.Now()) {
		if _, err := t.move(expire, Always); err != nil {
			return Transfer{}, err
		}
	}
	return s.w.transfer(&t)
}

// GetOwned is Get for the sender, and for the payee once it is theirs: another's transfer is
// NotFound.
func (s *Transfers) GetOwned(ctx context.Context, customer CustomerID, id TransferID) (Transfer, error) {
	if err := showing(ctx, "transfer", string(id), customer); err != nil {
		return Transfer{}, err
	}
	t, err := s.get(ctx, id)
	if err == nil && t.From != customer && (t.To != customer || t.State != TransferCompleted) {
		return Transfer{}, notFound("transfer", string(id))
	}
	return t, err
}

// Review returns what operators know of a transfer. Errors: NotFound.
func (s *Transfers) Review(ctx context.Context, id TransferID) (TransferReview, error) {
	if err := notWithActor(ctx); err != nil {
		return TransferReview{}, err
	}
	var t transferDoc
	err := s.w.get(ctx, "transfer", string(id), &t)
	return t.Review, translate(err)
}

// ListTransfers is the input of Transfers.List. Exactly one of Customer and State is set.
type ListTransfers struct {
	Customer CustomerID    // who sent or received
	State    TransferState // for operators: all customers' in this state, such as under_review
	After    TransferID    // continue after this transfer
	Limit    int           // 1 to 100, 20 unless told
}

// List returns transfers as they are recorded, the newest first, and whether there are more.
// Errors: InvalidRequest.
func (s *Transfers) List(ctx context.Context, in ListTransfers) (page []Transfer, more bool, err error) {
	if err := transferMachine().asked(in.State); err != nil {
		return nil, false, err
	}
	label := "c:" + string(in.Customer)
	switch {
	case (in.Customer == "") == (in.State == ""):
		return nil, false, InvalidField("customer", "exactly one of customer and state is set")
	case in.State != "":
		label = "s:" + string(in.State)
	}
	if err := showingList(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	records, more, err := s.w.page(ctx, "transfer", label, string(in.After), true, in.Limit)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		var doc transferDoc
		if err := decodeRecord("transfer", r.ID, r, nil, &doc); err != nil {
			return nil, false, err
		}
		t, err := s.w.transfer(&doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, t)
	}
	return page, more, nil
}

// run runs a verb and returns the transfer as it is afterwards.
func (s *Transfers) run(ctx context.Context, v verb, id TransferID, asked money.Amount, fn func(*ledger.Draft) error) (Transfer, error) {
	out, err := s.w.inTime(ctx, v, fn)
	failure := s.w.refusedTransfer(err, out, asked)
	if failure != nil && out.Seq == 0 || out.Result == "" && id == "" {
		return Transfer{}, failure
	}
	if out.Result != "" {
		id = TransferID(out.Result)
	}
	t, err := s.get(ctx, id)
	if err != nil {
		return Transfer{}, errors.Join(failure, err)
	}
	t.Replayed = out.Replayed
	return t, about(failure, string(id))
}

// about names the object in a refusal that lacks it.
func about(failure error, id string) error {
	var e *Error
	if errors.As(failure, &e) && e.Object == "" {
		e.Object = id
	}
	return failure
}

// inTime is do for a verb that must be committed before an object's time is over: one that
// was too late runs again, and finds it over.
func (w *Wallet) inTime(ctx context.Context, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	if v.key == "" {
		v.key = w.cfg.NewID() // the same for every try
	}
	out, err := w.do(ctx, v, fn)
	for try := 0; try < 3 && errors.Is(err, ledger.ErrDeadline); try++ {
		out, err = w.do(ctx, v, fn)
	}
	if errors.Is(err, ledger.ErrDeadline) {
		e := NewError(ServiceBusy, "the time was over before it could be recorded")
		e.Err = err
		err = e
	}
	return out, err
}

// refusedTransfer makes the error of what the ledger refused. amount is what was to be sent.
func (w *Wallet) refusedTransfer(err error, out ledger.Outcome, amount money.Amount) error {
	at := out.Time // the first time, at a replay
	if out.Seq == 0 {
		at = w.Now()
	}
	if limit := w.refusedByLimit(err, amount, at); limit != nil {
		return limit
	}
	var refused *ledger.RefusedError
	if errors.As(err, &refused) && refused.Reason == ledger.InsufficientFunds {
		missing := money.New(refused.Short, amount.Currency())
		e := NewError(InsufficientBalance, "%s is missing, fee included", missing)
		e.Short, e.Err = &missing, err
		return e
	}
	return translate(err)
}

func (s *Transfers) load(d *ledger.Draft, id TransferID) (*transferDoc, error) {
	t := &transferDoc{}
	err := draftGet(d, "transfer", string(id), t)
	return t, err
}

// write puts the transfer's next version into a Change, and what becomes of the request for
// money that it pays.
func (s *Transfers) write(d *ledger.Draft, t *transferDoc, m Told) error {
	t.UpdatedAt = d.Now()
	if t.State != TransferPendingClaim {
		t.ExpiresAt = nil
	}
	if err := s.w.write(&d.Change, d.Now(), t, m); err != nil {
		return err
	}
	return s.w.MoneyRequests.follow(d, t)
}
