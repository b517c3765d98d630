package care

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Restrictions is the service for restrictions: capabilities that are taken away from a customer
// for a reason, until something is done or decided.
//
// What a customer may do is everything, less the union of what the restrictions in force take
// away. That union stands in the customer's gate; every Change that begins or ends a restriction
// computes it anew from the records of all that are in force, and money that moves at the same
// time comes before it or not at all. Withdrawals that were approved and not given to their
// provider wait, and go on by themselves once nothing forbids it and their destination is still
// good.
//
// Operators are asked for who they are and why: By and Why. A program that restricts by itself
// has an operator of its own.
type Restrictions struct{ c *Care }

// ImposeRestriction is the input of Restrictions.Impose. What is nil or zero is as the Reason says.
type ImposeRestriction struct {
	By       OperatorID
	Why      string // 3 to 500 characters, internal
	Customer okpay.CustomerID
	Reason   string // a Reason's Code
	Detail   string // at most 2,000 characters, internal; may have lines

	Capabilities []okpay.Capability // what is taken away
	Requirements []Ask              // what the customer has to do, at most MaxRequirements
	DueIn        time.Duration      // until when; at most a year
	PastDue      []okpay.Capability // what is taken away as well when that is missed
	Lasts        time.Duration      // when it ends by itself; at most five years
	Key          string             // makes the call safe to repeat
}

const day = 24 * time.Hour

// Impose restricts a customer, who is told unless the reason is one that is kept quiet.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied, IdempotencyKeyReused, NotFound,
// AccountClosed, SelfApprovalForbidden for the operator's own account, InvalidState with too many
// in force.
func (s *Restrictions) Impose(ctx context.Context, in ImposeRestriction) (Restriction, error) {
	reason, err := s.check(&in)
	if err != nil {
		return Restriction{}, err
	}
	a := deed{
		by: in.By, why: in.Why, may: MayImpose, action: "restriction.impose", customer: in.Customer, key: in.Key,
		request: []ledger.Field{
			{Name: "reason", Value: in.Reason},
			{Name: "detail", Value: in.Detail},
			{Name: "capabilities", Value: fmt.Sprint(in.Capabilities)},
			{Name: "requirements", Value: fmt.Sprint(in.Requirements)},
			{Name: "due_in", Value: in.DueIn.String()},
			{Name: "past_due", Value: fmt.Sprint(in.PastDue)},
			{Name: "lasts", Value: in.Lasts.String()},
		},
	}
	if reason.hold {
		a.may = MayHold
	}
	return s.run(ctx, "", a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry, _ *restrictionDoc) (*restrictionDoc, okpay.Told, error) {
		var told okpay.Told
		g, err := d.Gate(in.Customer)
		switch {
		case err != nil:
			return nil, told, err
		case g.State == okpay.GateClosed && !reason.hold: // what has to be kept has to be kept then, too
			return nil, told, okpay.NewError(okpay.AccountClosed, "the customer's account is closed")
		}
		if err := s.c.notOwn(d, by, in.Customer); err != nil {
			return nil, told, err
		}
		r := &restrictionDoc{
			Restriction: Restriction{
				ID: RestrictionID(s.c.w.NewID("rst_")), Customer: in.Customer, Reason: reason.Public, CreatedAt: d.Now(), UpdatedAt: d.Now(),
			},
			Base: in.Capabilities, More: in.PastDue, Code: reason.Code, Detail: in.Detail,
			Automatic: reason.Lift == LiftAutomatic, Quiet: reason.quiet, Hold: reason.hold, ImposedBy: in.By,
		}
		r.Capabilities = in.Capabilities
		r.add(in.Requirements)
		if in.DueIn > 0 && len(in.Requirements) > 0 {
			r.Deadline = after(d.Now(), in.DueIn)
		}
		if in.Lasts > 0 {
			r.ExpiresAt = after(d.Now(), in.Lasts)
		}
		r.note(d, by, entry.Reason)
		told, err = r.move(d, impose, okpay.Always)
		entry.Object = string(r.ID)
		return r, told, err
	})
}

func after(at time.Time, d time.Duration) *time.Time {
	at = at.Add(d)
	return &at
}

// add adds requirements.
func (r *restrictionDoc) add(asks []Ask) {
	for _, a := range asks {
		r.Requirements = append(r.Requirements, requirement{
			Requirement: Requirement{ID: fmt.Sprintf("r%d", len(r.Requirements)+1), Kind: a.Kind, Code: a.Code, State: RequirementDue},
		})
	}
}

// note keeps an operator's reason with the restriction.
func (r *restrictionDoc) note(d *okpay.Draft, by *Operator, text string) {
	r.Notes = append(r.Notes, Note{At: d.Now(), By: by.ID, Text: text})
	if len(r.Notes) > maxNotes {
		r.Notes = r.Notes[len(r.Notes)-maxNotes:]
	}
}

func (s *Restrictions) check(in *ImposeRestriction) (reason Reason, err error) {
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return reason, err
	}
	reason, ok := s.c.reason(in.Reason)
	if !ok {
		return reason, okpay.InvalidField("reason", "is not in the catalogue")
	}
	if in.Why, err = why(in.Why); err != nil {
		return reason, err
	}
	if in.Detail, err = (prose{field: "detail", most: 2000, lines: true}).check(in.Detail); err != nil {
		return reason, err
	}
	if in.Capabilities == nil {
		in.Capabilities = reason.Capabilities
	}
	if in.PastDue == nil {
		in.PastDue = reason.PastDue
	}
	if in.Requirements == nil {
		in.Requirements = reason.Requirements
	}
	if in.DueIn == 0 {
		in.DueIn = reason.DueIn
	}
	if in.Lasts == 0 {
		in.Lasts = reason.Lasts
	}
	if in.Capabilities, err = capabilities("capabilities", in.Capabilities, 1); err != nil {
		return reason, err
	}
	if in.PastDue, err = capabilities("past_due", in.PastDue, 0); err != nil {
		return reason, err
	}
	if err := checkAsks(in.Requirements); err != nil {
		return reason, err
	}
	switch {
	case in.DueIn < 0 || in.DueIn > 366*day:
		err = okpay.InvalidField("due_in", "is %v, want at most a year", in.DueIn)
	case in.Lasts < 0 || in.Lasts > 5*366*day:
		err = okpay.InvalidField("lasts", "is %v, want at most five years", in.Lasts)
	case reason.quiet && len(in.Requirements) > 0:
		err = okpay.InvalidField("requirements", "are not possible with a reason that customers are not told of")
	case reason.Lift == LiftAutomatic && len(in.Requirements) == 0:
		err = okpay.InvalidField("requirements", "are missing: nothing would lift it")
	}
	return reason, err
}

// withCompliance stands in the audit in place of an operator's reason that compliance keeps, in the
// notes of the restriction.
const withCompliance = "with compliance"

// run commits what an operator does to a restriction, or what makes one for id "".
func (s *Restrictions) run(
	ctx context.Context, id RestrictionID, a deed,
	fn func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry, r *restrictionDoc) (*restrictionDoc, okpay.Told, error),
) (Restriction, error) {
	if id != "" {
		if err := okpay.CheckID("restriction", string(id)); err != nil {
			return Restriction{}, err
		}
		a.object = string(id)
	}
	out, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		var r *restrictionDoc
		if id != "" {
			r = &restrictionDoc{}
			if err := d.Read("restriction", string(id), r); err != nil {
				return err
			}
			entry.Customer = r.Customer()
			if err := s.c.notOwn(d, by, r.Customer()); err != nil {
				return err
			}
		}
		r, told, err := fn(d, by, entry, r)
		if err != nil {
			return err
		}
		if r.Quiet {
			// Who reads the audit is not told more than the customer; compliance reads the notes.
			entry.Reason = withCompliance
		}
		entry.Shown = !r.Quiet && len(told.Emits) > 0
		if entry.Facts == nil {
			entry.Facts = map[string]string{}
		}
		entry.Facts["reason"], entry.Facts["state"] = r.Reason, string(r.State)
		d.Result = string(r.ID)
		return s.c.enforce(d, r, told)
	})
	if err != nil {
		return Restriction{}, err
	}
	return s.after(ctx, out)
}

func (s *Restrictions) after(ctx context.Context, out ledger.Outcome) (Restriction, error) {
	r := &restrictionDoc{}
	if err := s.c.w.ReadAfter(ctx, out, "restriction", out.Result, r); err != nil {
		return Restriction{}, err
	}
	p := r.public()
	p.Replayed = out.Replayed
	return p, nil
}

// enforce writes a restriction's next version, and what all that are in force then take away
// together into the customer's gate. Every restriction in force, the list of them and the gate
// are read by the Change, so it holds when it commits.
func (c *Care) enforce(d *okpay.Draft, changed *restrictionDoc, told ...okpay.Told) error {
	all, err := changed.all, error(nil)
	if all == nil {
		if all, err = c.restricted(d, changed.Customer()); err != nil {
			return err
		}
	}
	g, err := d.Gate(changed.Customer())
	if err != nil {
		return err
	}
	was := slices.Contains(all.Active, changed.ID)
	is := slices.Contains(inForce(), changed.State)
	switch {
	case is && !was && len(all.Active) >= maxInForce:
		return okpay.NewError(okpay.InvalidState, "%d restrictions are in force already", maxInForce)
	case is && !was:
		all.Active = append(all.Active, changed.ID)
	case was && !is:
		all.Active = slices.DeleteFunc(all.Active, func(id RestrictionID) bool { return id == changed.ID })
	}
	var denied []okpay.Capability
	for _, id := range all.Active {
		r := changed
		if id != changed.ID {
			r = &restrictionDoc{}
			if err := d.Read("restriction", string(id), r); err != nil {
				return err
			}
		}
		denied = append(denied, r.denies()...)
	}
	changed.Capabilities = changed.shown()
	if !is {
		if err := c.endAppeal(d, changed); err != nil {
			return err
		}
	}
	err = d.Write(changed, told...)
	if is != was || changed.all != nil {
		err = errors.Join(err, d.Write(all))
	}
	if union := ordered(denied); !slices.Equal(union, g.Denied) {
		g.Denied = union
		err = errors.Join(err, d.WriteGate(g))
	}
	return err
}

// shown is what it takes away, or took last.
func (r *restrictionDoc) shown() []okpay.Capability {
	if slices.Contains(inForce(), r.State) {
		return r.denies()
	}
	return r.Capabilities
}

// ordered is a set of capabilities in the order of okpay.Capabilities, nil if it is empty.
func ordered(set []okpay.Capability) (out []okpay.Capability) {
	for _, can := range okpay.Capabilities() {
		if slices.Contains(set, can) {
			out = append(out, can)
		}
	}
	return out
}

// restricted reads what is known of a customer's restrictions together.
func (c *Care) restricted(d *okpay.Draft, customer okpay.CustomerID) (*restricted, error) {
	all := &restricted{}
	err := d.Read("restricted", string(customer), all)
	if err != nil && !errors.Is(err, okpay.NotFound) {
		return nil, err
	}
	all.ID = customer
	return all, nil
}
