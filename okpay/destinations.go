package okpay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay/rails"
)

// Destinations is the service for destinations.
type Destinations struct{ w *Wallet }

// DestinationCheck is what Config.VerifyDestination is asked about. It is personal.
type DestinationCheck struct {
	Destination DestinationID
	Customer    CustomerID // whose it is; or
	Merchant    MerchantID
	Provider    string
	Payee       rails.Payee
}

// DestinationVerdict is the answer. The zero value says nothing: the destination stays
// unverified, and Run asks again.
type DestinationVerdict struct {
	Verified bool
	Problem  Code // DestinationInvalid, DestinationClosed, DestinationBlocked or DestinationNameMismatch
}

// SaveDestination is the input of Destinations.Save.
type SaveDestination struct {
	Customer CustomerID // whose it is; or
	Merchant MerchantID
	Type     string // such as bank or card: a code, 1 to 64 letters, digits, '_' and '-'
	Holder   string // name of the account's holder, at most 200 bytes
	Details  string // account number, or the provider's token for it, 1 to 500 bytes
	Provider string // a name of Config.PayoutProviders; may be left out when there is just one
	Key      string // makes the call safe to repeat
}

// Save keeps a destination for later. With Config.VerifyDestination it is verified at once,
// if that knows; without, an operator verifies it. The customer is told, since somebody else might have
// saved it. Errors: InvalidRequest, NotFound for the owner, AccountClosed,
// IdempotencyKeyReused.
func (s *Destinations) Save(ctx context.Context, in SaveDestination) (Destination, error) {
	asked := in.Provider // before the default, which may change between two tries
	if err := s.checkSave(&in); err != nil {
		return Destination{}, err
	}
	o := owner{in.Customer, in.Merchant}
	v := verb{o.principal(), "destination.save", in.Key, []ledger.Field{
		{Name: "type", Value: in.Type}, {Name: "holder", Value: in.Holder}, {Name: "details", Value: in.Details}, {Name: "provider", Value: asked},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		if err := s.present(d, o); err != nil {
			return err
		}
		doc := &destinationDoc{Payee: &rails.Payee{Type: in.Type, Holder: in.Holder, Details: in.Details}}
		doc.Destination = Destination{
			ID: DestinationID(s.w.newID("dst_")), Customer: in.Customer, Merchant: in.Merchant, Type: in.Type,
			Provider: in.Provider, Mask: maskDetails(in.Details), CreatedAt: d.Now(),
		}
		if s.w.cfg.VerifyDestination != nil {
			doc.NextAt = d.Now().Add(putOffBy)
		}
		fresh(d, "destination", string(doc.ID))
		return s.write(d, doc, saveDestination)
	})
	if err != nil {
		return Destination{}, translate(err)
	}
	id := DestinationID(out.Result)
	if !out.Replayed {
		if err := s.check(ctx, id); err != nil {
			return Destination{}, err
		}
	}
	got, err := s.get(ctx, id)
	if err != nil {
		return Destination{}, err
	}
	got.Replayed = out.Replayed
	return got.Destination, nil
}

// present refuses an owner who is not there or has left.
func (s *Destinations) present(d *ledger.Draft, o owner) error {
	if o.customer != "" {
		return s.w.permitted(d, o.customer, CanManage)
	}
	return draftGet(d, "merchant", string(o.merchant), &Merchant{})
}

func (s *Destinations) checkSave(in *SaveDestination) error {
	if (in.Customer == "") == (in.Merchant == "") {
		return InvalidField("customer", "exactly one of customer and merchant is set")
	}
	if in.Provider == "" && len(s.w.cfg.PayoutProviders) == 1 {
		for name := range s.w.cfg.PayoutProviders {
			in.Provider = name
		}
	}
	if in.Provider == "" {
		return InvalidField("provider", "is missing: the wallet does not have just one payout provider")
	}
	if s.w.cfg.PayoutProviders[in.Provider] == nil {
		return InvalidField("provider", "there is no payout provider with this name")
	}
	if in.Details == "" {
		return InvalidField("details", "is empty")
	}
	return errors.Join(CheckID("type", in.Type), CheckText("holder", in.Holder, 200), CheckText("details", in.Details, 500))
}

// check asks Config.VerifyDestination about a destination that waits for it, outside of any
// Change, and records what it says.
func (s *Destinations) check(ctx context.Context, id DestinationID) error {
	if s.w.cfg.VerifyDestination == nil {
		return nil
	}
	doc, err := s.get(ctx, id)
	if err != nil || doc.State != DestinationUnverified || doc.Payee == nil {
		return err
	}
	verdict, err := s.w.cfg.VerifyDestination(ctx, doc.check())
	if err != nil || verdict.Problem != "" && !isDestinationProblem(verdict.Problem) {
		// The error is the caller's own and may repeat what it was asked about.
		s.w.cfg.Logger.WarnContext(ctx, "okpay: a destination could not be verified", "destination", id)
		verdict = DestinationVerdict{}
	}
	_, err = s.w.do(context.WithoutCancel(WithoutActor(ctx)), verb{principal: "program", operation: "destination.check"}, func(d *ledger.Draft) error {
		doc := &destinationDoc{}
		if err := draftGet(d, "destination", string(id), doc); err != nil {
			return err
		}
		if doc.State != DestinationUnverified {
			return ErrNothingDue // a person was faster
		}
		switch {
		case verdict.Problem != "":
			doc.Problem = verdict.Problem
			return s.write(d, doc, refuseDestination)
		case verdict.Verified:
			return s.write(d, doc, verifyDestination)
		}
		doc.Tries++
		doc.NextAt = d.Now().Add(putOffBy << min(doc.Tries, 10))
		doc.UpdatedAt = d.Now()
		return s.w.write(&d.Change, d.Now(), doc)
	})
	if errors.Is(err, ErrNothingDue) {
		return nil
	}
	return translate(err)
}

func isDestinationProblem(c Code) bool {
	return slices.Contains([]Code{DestinationInvalid, DestinationClosed, DestinationBlocked, DestinationNameMismatch}, c)
}

// VerifyDestination is the input of Destinations.Verify.
type VerifyDestination struct {
	Destination DestinationID
	By          string // the operator, 1 to 64 letters, digits, '_' and '-', never the owner
	Problem     Code   // DestinationInvalid, DestinationClosed, DestinationBlocked or DestinationNameMismatch; empty when it is in order
	Key         string // makes the call safe to repeat
}

// Verify records what an operator found out about a destination. One with a problem is used
// no more: what is approved and not yet submitted waits. Errors: InvalidRequest, NotFound,
// SelfApprovalForbidden, InvalidState for one that was removed or is verified already,
// IdempotencyKeyReused.
func (s *Destinations) Verify(ctx context.Context, in VerifyDestination) (Destination, error) {
	if err := CheckID("by", in.By); err != nil {
		return Destination{}, err
	}
	if in.Problem != "" && !isDestinationProblem(in.Problem) {
		return Destination{}, InvalidField("problem", "is not a problem of a destination")
	}
	v := verb{"op/" + in.By, "destination.verify", in.Key, []ledger.Field{
		{Name: "destination", Value: string(in.Destination)}, {Name: "problem", Value: string(in.Problem)},
	}}
	return s.run(ctx, v, in.Destination, func(d *ledger.Draft, doc *destinationDoc) error {
		if doc.owner().is(in.By) {
			return withObject(NewError(SelfApprovalForbidden, "the operator is the owner"), string(in.Destination))
		}
		doc.By, doc.Problem = in.By, in.Problem
		if in.Problem != "" {
			return s.write(d, doc, refuseDestination)
		}
		return s.write(d, doc, verifyDestination)
	})
}

// RemoveDestination is the input of Destinations.Remove.
type RemoveDestination struct {
	Customer    CustomerID // whose it is; or
	Merchant    MerchantID
	Destination DestinationID
	Key         string // makes the call safe to repeat
}

// Remove forgets a destination. What is approved for it and not yet submitted waits, and can be canceled. The
// customer is told. Errors: NotFound (also for another owner's), InvalidState when it was
// removed already, IdempotencyKeyReused.
func (s *Destinations) Remove(ctx context.Context, in RemoveDestination) (Destination, error) {
	o := owner{in.Customer, in.Merchant}
	v := verb{o.principal(), "destination.remove", in.Key, []ledger.Field{{Name: "destination", Value: string(in.Destination)}}}
	return s.run(ctx, v, in.Destination, func(d *ledger.Draft, doc *destinationDoc) error {
		if doc.owner() != o {
			return notFound("destination", string(in.Destination))
		}
		doc.Payee, doc.Mask = nil, ""
		return s.write(d, doc, removeDestination)
	})
}

func (s *Destinations) run(ctx context.Context, v verb, id DestinationID, fn func(*ledger.Draft, *destinationDoc) error) (Destination, error) {
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		doc := &destinationDoc{}
		if err := draftGet(d, "destination", string(id), doc); err != nil {
			return err
		}
		return fn(d, doc)
	})
	if err != nil {
		return Destination{}, translate(err)
	}
	doc, err := s.get(ctx, id)
	if err != nil {
		return Destination{}, err
	}
	doc.Replayed = out.Replayed
	return doc.Destination, nil
}

func (s *Destinations) write(d *ledger.Draft, doc *destinationDoc, on Action) error {
	m, err := destinationMachine().Move(&doc.State, string(doc.ID), on, Always)
	if err != nil {
		return err
	}
	doc.UpdatedAt, doc.Tries = d.Now(), 0
	if doc.State == DestinationVerified {
		doc.Problem = ""
	}
	if d.Result == "" {
		d.Result = string(doc.ID)
	}
	return s.w.write(&d.Change, d.Now(), doc, m)
}

func (s *Destinations) get(ctx context.Context, id DestinationID) (*destinationDoc, error) {
	doc := &destinationDoc{}
	if err := s.w.get(ctx, "destination", string(id), doc); err != nil {
		return nil, translate(err)
	}
	return doc, nil
}

// Get returns a destination. Errors: NotFound.
func (s *Destinations) Get(ctx context.Context, id DestinationID) (Destination, error) {
	doc, err := s.get(ctx, id)
	if err != nil {
		return Destination{}, err
	}
	if err := showing(ctx, "destination", string(id), doc.Destination.Customer); err != nil {
		return Destination{}, err
	}
	return doc.Destination, nil
}

// GetOwned returns a merchant's destination, also one that was removed. Errors: NotFound, also
// for another owner's.
func (s *Destinations) GetOwned(ctx context.Context, merchant MerchantID, id DestinationID) (Destination, error) {
	out, err := s.Get(ctx, id)
	if err == nil && out.Merchant != merchant {
		return Destination{}, notFound("destination", string(id))
	}
	return out, err
}

// Review returns what an operator who verifies a destination, or reviews a withdrawal to it, has to
// see: holder and account number. It is personal, and for operators alone. Errors: PermissionDenied while a
// customer acts (see Actor), NotFound, also for one that was removed.
func (s *Destinations) Review(ctx context.Context, id DestinationID) (DestinationCheck, error) {
	if _, acts := ActorOf(ctx); acts {
		return DestinationCheck{}, NewError(PermissionDenied, "a customer is signed in here, and no operator")
	}
	doc, err := s.get(ctx, id)
	if err != nil {
		return DestinationCheck{}, err
	}
	if doc.Payee == nil {
		return DestinationCheck{}, notFound("destination", string(id))
	}
	return doc.check(), nil
}

// ListDestinations is the input of Destinations.List.
type ListDestinations struct {
	Customer CustomerID       // whose; or
	Merchant MerchantID       // whose; or
	State    DestinationState // of everybody, such as those that wait to be verified
	After    DestinationID    // continue after this one
	Limit    int              // 1 to 100, 20 unless told
}

// List returns destinations, the newest first, without those that were removed.
// Errors: InvalidRequest unless exactly one of Customer, Merchant and State is set.
func (s *Destinations) List(ctx context.Context, in ListDestinations) ([]Destination, error) {
	if err := destinationMachine().asked(in.State); err != nil {
		return nil, err
	}
	if in.State != "" && in.Customer == "" && in.Merchant == "" {
		return s.labeled(ctx, "s:"+string(in.State), in.After, pageSize(in.Limit))
	}
	if in.State != "" || (in.Customer == "") == (in.Merchant == "") {
		return nil, InvalidField("customer", "exactly one of customer, merchant and state is set")
	}
	if err := showingList(ctx, in.Customer); err != nil {
		return nil, err
	}
	return s.labeled(ctx, owner{in.Customer, in.Merchant}.label(), in.After, pageSize(in.Limit))
}

func (s *Destinations) labeled(ctx context.Context, label string, after DestinationID, limit int) ([]Destination, error) {
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "destination", Label: label, After: string(after), Desc: true, Limit: limit,
	})
	if err != nil {
		return nil, translate(err)
	}
	out := make([]Destination, 0, len(records))
	for _, r := range records {
		var doc destinationDoc
		if err := decodeRecord("destination", r.ID, r, nil, &doc); err != nil {
			return nil, err
		}
		out = append(out, doc.Destination)
	}
	return out, nil
}

// settle asks again about a destination that is due.
func (s *Destinations) settle(ctx context.Context, id string) error {
	if s.w.cfg.VerifyDestination == nil {
		return s.rest(ctx, DestinationID(id))
	}
	return s.check(ctx, DestinationID(id))
}

// rest takes a destination off the list of what is due: there is nobody to ask any more.
func (s *Destinations) rest(ctx context.Context, id DestinationID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "destination.rest"}, func(d *ledger.Draft) error {
		doc := &destinationDoc{}
		if err := draftGet(d, "destination", string(id), doc); err != nil {
			return err
		}
		doc.NextAt = time.Time{}
		return s.w.write(&d.Change, d.Now(), doc)
	})
	return err
}
