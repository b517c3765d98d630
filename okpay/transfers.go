package okpay

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Transfers is the service for money between people.
type Transfers struct{ w *Wallet }

// CreateTransfer is the input of Transfers.Create. Exactly one of To, Email and Phone is set.
type CreateTransfer struct {
	From   CustomerID
	To     CustomerID
	Email  string       // see NormalizeEmail
	Phone  string       // see NormalizePhone
	Amount money.Amount // more than zero; the fee comes on top
	Note   string       // what the payee is told, at most 500 bytes
	// ExpiresIn is how long it can be claimed if nobody has verified the contact, between
	// MinPaymentExpiry and MaxPaymentExpiry. Defaults to Config.TransferExpiry.
	ExpiresIn time.Duration
	Proof     string // answers a challenge (AuthenticationRequired); never stored
	Key       string // makes the call safe to repeat, also with a proof after a challenge
}

// Create sends money to a customer, or to whoever has a contact verified: the transfer comes
// back completed. A contact that nobody has verified gets it pending_claim: it can be claimed
// for ExpiresIn and then returns, fee included. When Config.Risk asks for a
// review the money is held and the transfer comes back under_review, without error.
//
// Errors, the first that applies:
//   - InvalidRequest, AmountNotPositive, CurrencyNotSupported: form
//   - IdempotencyKeyReused, or the first outcome of the Key
//   - SameAccount when To is From
//   - NotFound for the sender, AccountLocked, AccountRestricted, AccountClosed, ServiceBusy in
//     the moment of closing
//   - PayeeUnavailable when To is unknown or closed, SameAccount when the contact is the sender's own
//   - AmountTooSmall, LimitExceededTransaction with Limit
//   - ServiceBusy when Config.Risk does not answer, RiskDeclined (the verdict is kept as a
//     Screening), AuthenticationRequired, AuthenticationFailed
//   - VelocityExceeded, LimitExceededDaily, LimitExceededMonthly with ResetsAt
//   - InsufficientBalance with Short, what is missing to amount and fee
//
// What is refused makes no transfer and announces nothing.
func (s *Transfers) Create(ctx context.Context, in CreateTransfer) (Transfer, error) {
	a, err := s.check(&in)
	if err != nil {
		return Transfer{}, err
	}
	v := verb{"c/" + string(in.From), "transfer.create", in.Key, []ledger.Field{
		{Name: "to", Value: string(in.To)},
		{Name: "contact", Value: string(a.kind) + a.value},
		{Name: "amount", Value: in.Amount.String()},
		{Name: "note", Value: in.Note},
		{Name: "expires_in", Value: in.ExpiresIn.String()},
	}}
	screening := s.w.screening()
	return s.run(ctx, v, "", in.Amount, func(d *ledger.Draft) error {
		if in.To == in.From {
			return sameAccount(in.From)
		}
		if err := s.w.leaving(d, in.From, CanTransfer); err != nil {
			return err
		}
		t := &transferDoc{}
		t.From, t.To, t.Note, t.ClaimFor = in.From, in.To, in.Note, in.ExpiresIn
		if a.kind != "" {
			g, err := s.w.digests(d)
			if err != nil {
				return err
			}
			t.Contact, t.Digest = a.value, g.of(partyCustomer(""), a)
			party, err := s.w.owner(d, t.Digest)
			if err != nil {
				return err
			}
			t.To = customerOf(party)
		}
		return s.submit(d, t, in.Amount, screening, in.Proof)
	})
}

func (s *Transfers) check(in *CreateTransfer) (address, error) {
	if err := s.w.amount("amount", in.Amount); err != nil {
		return address{}, err
	}
	if err := CheckID("from", string(in.From)); err != nil {
		return address{}, err
	}
	if err := CheckText("note", in.Note, 500); err != nil {
		return address{}, err
	}
	if in.ExpiresIn != 0 && (in.ExpiresIn < MinPaymentExpiry || in.ExpiresIn > MaxPaymentExpiry) {
		return address{}, InvalidField("expires_in", "is %v, want %v to %v", in.ExpiresIn, MinPaymentExpiry, MaxPaymentExpiry)
	}
	a, err := parseAddress(in.Email, in.Phone)
	switch {
	case err != nil:
		return address{}, err
	case (in.To == "") == (a.kind == ""):
		return address{}, InvalidField("to", "exactly one of to, email and phone is set")
	case in.To != "":
		err = CheckID("to", string(in.To))
	}
	return a, err
}

func sameAccount(id CustomerID) error {
	e := NewError(SameAccount, "the sender is the payee")
	e.Object = string(id)
	return e
}

func payeeUnavailable(id CustomerID) error {
	e := NewError(PayeeUnavailable, "the payee can not receive money")
	e.Object = string(id)
	return e
}

// reachable refuses a payee who can not be paid.
func (w *Wallet) reachable(d *ledger.Draft, id CustomerID) error {
	err := w.permitted(d, id, CanReceive)
	// Nobody learns from a refused transfer that its payee is restricted.
	if errors.Is(err, NotFound) || errors.Is(err, AccountClosed) || errors.Is(err, AccountRestricted) {
		return payeeUnavailable(id)
	}
	return err
}

// submit decides a transfer whose sender was let through, and whose payee is known or not.
func (s *Transfers) submit(d *ledger.Draft, t *transferDoc, amount money.Amount, screening *screening, proof string) error {
	w := s.w
	if t.To == t.From {
		return sameAccount(t.From)
	}
	if t.To != "" {
		if err := w.reachable(d, t.To); err != nil {
			return err
		}
	}
	if err := w.within(OnTransfer, amount); err != nil {
		return err
	}
	now := d.Now()
	t.ID, t.Currency, t.ClaimFor = TransferID(w.newID("tr_")), amount.Currency().Code(), cmp.Or(t.ClaimFor, w.cfg.TransferExpiry)
	t.CreatedAt, t.UpdatedAt = now, now
	t.Minor.Amount = amount.Minor()
	t.Minor.Fee = w.fees(nil, t.Currency).Transfer.additional(amount.Minor())

	check := RiskCheck{Operation: OnTransfer, Customer: t.From, To: t.To.or(t.Contact), Contact: t.Contact, Amount: amount, At: now}
	verdict, err := screening.screen(d, check, proof, false)
	switch {
	case err != nil:
		return err
	case verdict.Verdict == Block:
		w.refuseScreened(d, RiskDeclined, check, verdict)
		return nil
	}
	t.Review.Assessment = verdict
	fresh(d, "transfer", string(t.ID))
	t.Used = w.reserve(&d.Change, OnTransfer, partyCustomer(t.From), amount, now)
	postings, err := t.postings(w, t.payee())
	if err != nil {
		return err
	}
	g := registered
	switch {
	case verdict.Verdict == Review:
		g = riskReviews
	case t.To == "":
		g = unregistered
		t.waits(now)
	}
	moved, err := t.move(submitTransfer, g)
	if err != nil {
		return err
	}
	if g == riskReviews {
		d.Hold(ledger.Hold{ID: string(t.ID), Reference: string(t.ID), Metadata: kind("transfer"), Postings: postings})
	} else {
		d.Post(ledger.Transaction{Reference: string(t.ID), Metadata: kind("transfer"), Postings: postings})
	}
	return w.write(&d.Change, now, t, moved)
}

// or is the customer, or what stands for one who is not registered.
func (id CustomerID) or(contact string) string {
	if id == "" {
		return contact
	}
	return string(id)
}

// ClaimTransfer is the input of Transfers.Claim.
type ClaimTransfer struct {
	Transfer TransferID
	Customer CustomerID // who has the contact verified that it was sent to
	Key      string     // makes the call safe to repeat
}

// Claim takes an unclaimed transfer. It is the customer's who has the contact verified; Run
// claims what waits for a contact soon after Contacts.MarkVerified, so that Claim is for who
// does not want to wait.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound (also when
// the contact is not the customer's), TransferExpired (recorded: the money returns; also when
// it was returned before), InvalidState, AccountClosed, SameAccount for the sender.
func (s *Transfers) Claim(ctx context.Context, in ClaimTransfer) (Transfer, error) {
	v := verb{"c/" + string(in.Customer), "transfer.claim", in.Key, []ledger.Field{{Name: "transfer", Value: string(in.Transfer)}}}
	return s.run(ctx, v, in.Transfer, money.Amount{}, func(d *ledger.Draft) error { return s.claim(d, in) })
}

func (s *Transfers) claim(d *ledger.Draft, in ClaimTransfer) error {
	t, err := s.load(d, in.Transfer)
	if err != nil {
		return err
	}
	p, err := s.w.profile(d, partyCustomer(in.Customer))
	if err != nil {
		return err
	}
	theirs := t.Digest != "" && p.verified(t.Digest) && t.State != TransferUnderReview
	switch {
	case !theirs && (t.To != in.Customer || t.State != TransferCompleted):
		return notFound("transfer", string(in.Transfer))
	case t.due(d.Now()):
		return s.returnInstead(d, t, TransferExpired)
	case t.State == TransferReturned:
		e := NewError(TransferExpired, "it was returned at %s", t.UpdatedAt.UTC().Format(time.RFC3339))
		e.Object = string(t.ID)
		return e
	case !transferMachine().Allows(t.State, claimTransfer):
		return transferMachine().Refuse(t.State, string(t.ID), claimTransfer)
	case t.From == in.Customer:
		return sameAccount(in.Customer)
	}
	if err := s.w.arriving(d, in.Customer); err != nil {
		return err
	}
	t.inTime(d)
	t.To = in.Customer
	m, err := t.move(claimTransfer, Always)
	if err != nil {
		return err
	}
	amount, err := s.w.restore(t.Minor.Amount, t.Currency)
	if err != nil {
		return err
	}
	d.Post(ledger.Transaction{
		Reference: string(t.ID), Metadata: kind("transfer"),
		Postings: []ledger.Posting{{Debit: unclaimedTransfers, Credit: customerAccount(t.To), Amount: amount}},
	})
	return s.write(d, t, m)
}

// CancelTransfer is the input of Transfers.Cancel.
type CancelTransfer struct {
	Customer CustomerID // the sender
	Transfer TransferID
	Key      string // makes the call safe to repeat
}

// Cancel calls back a transfer that nobody has claimed, or that is under review; amount and
// fee are the sender's again, and what it used of their limits.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound (also for
// who is not the sender), InvalidState (recorded as returned when the time is over).
func (s *Transfers) Cancel(ctx context.Context, in CancelTransfer) (Transfer, error) {
	v := verb{"c/" + string(in.Customer), "transfer.cancel", in.Key, []ledger.Field{{Name: "transfer", Value: string(in.Transfer)}}}
	return s.run(ctx, v, in.Transfer, money.Amount{}, func(d *ledger.Draft) error {
		t, err := s.load(d, in.Transfer)
		switch {
		case err != nil:
			return err
		case t.From != in.Customer:
			return notFound("transfer", string(in.Transfer))
		case t.due(d.Now()):
			return s.returnInstead(d, t, InvalidState)
		}
		was := t.State
		m, err := t.move(cancel, Always)
		if err != nil {
			return err
		}
		if was == TransferUnderReview {
			return s.release(d, t, m)
		}
		t.inTime(d)
		return s.unpark(d, t, true, m)
	})
}

// inTime keeps what is done in time from being committed too late.
func (t *transferDoc) inTime(d *ledger.Draft) {
	d.NotAfter = t.ExpiresAt.Add(-time.Microsecond)
}
