package care

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// grace is what a customer has at least to submit again after a rejection.
const grace = 7 * day

// ReviewRequirement is the input of Restrictions.Accept and Restrictions.Reject.
type ReviewRequirement struct {
	By          OperatorID
	Why         string // 3 to 500 characters, internal
	Restriction RestrictionID
	Requirement string // its ID
	Problem     string // one of RejectionCodes, which the customer is told; for Reject alone
	Key         string // makes the call safe to repeat
}

// Accept finds what was submitted for a requirement good. The last one lifts the restriction, or
// brings it to review, as its reason says. Errors, the first that applies: InvalidRequest,
// PermissionDenied, IdempotencyKeyReused, NotFound, SelfApprovalForbidden, InvalidState.
func (s *Restrictions) Accept(ctx context.Context, in ReviewRequirement) (Restriction, error) {
	if in.Problem != "" {
		return Restriction{}, okpay.InvalidField("problem", "is for what is rejected")
	}
	return s.review(ctx, in, acceptSubmitted, func(d *okpay.Draft, r *restrictionDoc, q *requirement) (okpay.Told, error) {
		switch {
		case !r.satisfied():
			return r.move(d, acceptSubmitted, someLeft)
		case r.Automatic:
			return r.move(d, acceptSubmitted, allAndLifts)
		}
		r.ReviewFrom, r.ReviewDue = d.Now(), s.c.decideBy(d.Now())
		return r.move(d, acceptSubmitted, allReviewed)
	})
}

// Reject asks the customer to submit again. What documents were rejected is not taken a second
// time. There are seven days at least. Errors as for Accept.
func (s *Restrictions) Reject(ctx context.Context, in ReviewRequirement) (Restriction, error) {
	if !slices.Contains(RejectionCodes(), in.Problem) {
		return Restriction{}, okpay.InvalidField("problem", "is not one of RejectionCodes")
	}
	return s.review(ctx, in, rejectSubmitted, func(d *okpay.Draft, r *restrictionDoc, q *requirement) (okpay.Told, error) {
		q.Problem, r.about = in.Problem, q
		if r.Deadline != nil && r.Deadline.Before(d.Now().Add(grace)) {
			r.Deadline = after(d.Now(), grace)
		}
		all, err := s.c.restricted(d, r.Customer())
		if err != nil {
			return okpay.Told{}, err
		}
		for _, e := range q.Documents {
			all.Rejected = append(all.Rejected, e.SHA256)
		}
		all.Rejected = all.Rejected[max(0, len(all.Rejected)-maxRejected):]
		r.all = all
		return r.move(d, rejectSubmitted, okpay.Always)
	})
}

func (s *Restrictions) review(
	ctx context.Context, in ReviewRequirement, on okpay.Action, fn func(*okpay.Draft, *restrictionDoc, *requirement) (okpay.Told, error),
) (Restriction, error) {
	a := deed{
		by: in.By, why: in.Why, may: MayReview, action: "restriction." + string(on), key: in.Key,
		request: []ledger.Field{{Name: "requirement", Value: in.Requirement}, {Name: "problem", Value: in.Problem}},
	}
	return s.run(ctx, in.Restriction, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry, r *restrictionDoc) (*restrictionDoc, okpay.Told, error) {
		if err := s.c.decides(d, by, r, MayReview); err != nil {
			return nil, okpay.Told{}, err
		}
		i := slices.IndexFunc(r.Requirements, func(q requirement) bool { return q.ID == in.Requirement })
		if i < 0 {
			return nil, okpay.Told{}, okpay.NewError(okpay.NotFound, "there is no such requirement")
		}
		if !restrictionMachine().Allows(r.State, on) || r.ended(d.Now()) {
			return nil, okpay.Told{}, restrictionMachine().Refuse(r.State, string(r.ID), on)
		}
		q := &r.Requirements[i]
		if _, err := requirementMachine().Move(&q.State, string(r.ID), on, okpay.Always); err != nil {
			return nil, okpay.Told{}, err
		}
		q.By, q.Problem = in.By, ""
		entry.Facts = map[string]string{"requirement": q.Code}
		if in.Problem != "" {
			entry.Facts["problem"] = in.Problem
		}
		told, err := fn(d, r, q)
		return r, told, err
	})
}

// ended reports whether its time is over, whether or not that is recorded.
func (r *restrictionDoc) ended(now time.Time) bool {
	return r.State != RestrictionPermanent && r.ExpiresAt != nil && !now.Before(*r.ExpiresAt)
}

// decides refuses an operator who does not decide on a restriction: ordinary ones take the
// permission, what is quiet takes compliance's. Errors: PermissionDenied.
func (c *Care) decides(d *okpay.Draft, by *Operator, r *restrictionDoc, ordinary Permission) error {
	need := ordinary
	switch {
	case r.Hold:
		need = MayHold
	case r.Quiet:
		need = MayHandleCompliance
	}
	if err := c.may(d, by.ID, need); err != nil {
		return okpay.NewError(okpay.PermissionDenied, "the operator may not do this: %s", ordinary)
	}
	return nil
}

// MoreRequirements is the input of Restrictions.Require.
type MoreRequirements struct {
	By           OperatorID
	Why          string // 3 to 500 characters, internal
	Restriction  RestrictionID
	Requirements []Ask         // at least one
	DueIn        time.Duration // until when, for all that is open; at most a year, 0 for no deadline
	Key          string        // makes the call safe to repeat
}

// Require asks for more than was asked for at first, and sets the deadline anew. Errors as for
// Accept; InvalidRequest for what is quiet.
func (s *Restrictions) Require(ctx context.Context, in MoreRequirements) (Restriction, error) {
	if err := checkAsks(in.Requirements); err != nil {
		return Restriction{}, err
	}
	if len(in.Requirements) == 0 {
		return Restriction{}, okpay.InvalidField("requirements", "are missing")
	}
	if in.DueIn < 0 || in.DueIn > 366*day {
		return Restriction{}, okpay.InvalidField("due_in", "is %v, want at most a year", in.DueIn)
	}
	a := deed{
		by: in.By, why: in.Why, may: MayReview, action: "restriction.require", key: in.Key,
		request: []ledger.Field{{Name: "requirements", Value: fmt.Sprint(in.Requirements)}, {Name: "due_in", Value: in.DueIn.String()}},
	}
	return s.run(ctx, in.Restriction, a, func(d *okpay.Draft, by *Operator, _ *okpay.AuditEntry, r *restrictionDoc) (*restrictionDoc, okpay.Told, error) {
		var told okpay.Told
		if err := s.c.decides(d, by, r, MayReview); err != nil {
			return nil, told, err
		}
		switch {
		case r.Quiet:
			return nil, told, okpay.InvalidField("requirements", "are not possible with a reason that customers are not told of")
		case len(r.Requirements)+len(in.Requirements) > MaxRequirements:
			return nil, told, okpay.InvalidField("requirements", "are more than %d together", MaxRequirements)
		case r.ended(d.Now()):
			return nil, told, restrictionMachine().Refuse(r.State, string(r.ID), askMore)
		}
		r.add(in.Requirements)
		r.ReviewFrom, r.ReviewDue, r.Deadline = time.Time{}, time.Time{}, nil
		if in.DueIn > 0 {
			r.Deadline = after(d.Now(), in.DueIn)
		}
		told, err := r.move(d, askMore, okpay.Always)
		return r, told, err
	})
}

// MoveRestriction is the input of Restrictions.Lift and Restrictions.MakePermanent.
type MoveRestriction struct {
	By          OperatorID
	Why         string // 3 to 500 characters, internal
	Restriction RestrictionID
	Key         string // makes the call safe to repeat
}

// Lift ends a restriction, whatever is left to do. One whose reason is kept quiet takes two
// operators: the first call proposes, another one's lifts it. Errors, the first that applies:
// InvalidRequest, PermissionDenied, IdempotencyKeyReused, NotFound, SelfApprovalForbidden,
// InvalidState, DuplicateApprover.
func (s *Restrictions) Lift(ctx context.Context, in MoveRestriction) (Restriction, error) {
	return s.decide(ctx, in, lift, MayLift)
}

// MakePermanent makes a restriction one for good, which takes two operators: the first call
// proposes, another one's decides. Everything is denied but managing, unless that was. After
// Config.PayoutAfter what is left of the balance can be withdrawn, to a verified destination as
// always. Only an appeal ends it. What is kept quiet can not be made permanent: impose one that is
// not. Errors as for Lift.
func (s *Restrictions) MakePermanent(ctx context.Context, in MoveRestriction) (Restriction, error) {
	return s.decide(ctx, in, makePermanent, MayClose)
}

func (s *Restrictions) decide(ctx context.Context, in MoveRestriction, on okpay.Action, need Permission) (Restriction, error) {
	a := deed{by: in.By, why: in.Why, may: need, action: "restriction." + string(on), key: in.Key}
	return s.run(ctx, in.Restriction, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry, r *restrictionDoc) (*restrictionDoc, okpay.Told, error) {
		var told okpay.Told
		if err := s.c.decides(d, by, r, need); err != nil {
			return nil, told, err
		}
		if !restrictionMachine().Allows(r.State, on) || r.ended(d.Now()) || on == makePermanent && r.Quiet {
			return nil, told, restrictionMachine().Refuse(r.State, string(r.ID), on)
		}
		r.note(d, by, entry.Reason)
		if on == lift && !r.Quiet {
			told, err := r.move(d, on, oneEnough)
			return r, told, err
		}
		g, err := s.c.seconded(d, r.Proposed, by, on, need)
		if err != nil {
			return nil, told, err
		}
		if g == firstOfTwo {
			r.Proposed = &proposal{On: on, By: by.ID, At: d.Now()}
			entry.Facts = map[string]string{"step": "proposed"}
		} else {
			r.Proposed = nil
			r.ReviewFrom, r.ReviewDue = time.Time{}, time.Time{}
		}
		if on == makePermanent && g == secondOfTwo {
			r.PayoutFrom, r.ExpiresAt, r.Deadline = after(d.Now(), s.c.cfg.PayoutAfter), nil, nil
		}
		told, err = r.move(d, on, g)
		return r, told, err
	})
}

// proposalLasts is for how long a first operator's word counts.
const proposalLasts = 7 * day

// seconded tells which of the two an operator is. Errors: DuplicateApprover, and PermissionDenied
// when the first may not do it any more.
func (c *Care) seconded(d *okpay.Draft, p *proposal, by *Operator, on okpay.Action, need Permission) (okpay.Guard, error) {
	if p == nil || p.On != on || !d.Now().Before(p.At.Add(proposalLasts)) {
		return firstOfTwo, nil
	}
	err := c.fourEyes(d, hand{p.By, need}, hand{by.ID, need})
	if errors.Is(err, okpay.PermissionDenied) {
		return firstOfTwo, nil // the first one's word counts no more, so this one is the first
	}
	return secondOfTwo, err
}

// RestrictionFile is what operators see of a restriction.
type RestrictionFile struct {
	Restriction
	Code      string      `json:"code"` // the reason's internal name
	Detail    string      `json:"detail,omitempty"`
	Notes     []Note      `json:"notes,omitempty"`
	ImposedBy OperatorID  `json:"imposed_by"`
	Proposed  string      `json:"proposed,omitempty"` // what waits for a second operator
	Submitted []Submitted `json:"submitted,omitempty"`
	ReviewDue *time.Time  `json:"review_due,omitempty"`
}

// Submitted is what a customer has given for a requirement.
type Submitted struct {
	Requirement string     `json:"requirement"`
	At          time.Time  `json:"at"`
	Documents   []Evidence `json:"documents,omitempty"`
	Answer      string     `json:"answer,omitempty"`
}

// LookAt says who looks at something, and why: it stands in the audit.
type LookAt struct {
	By  OperatorID
	Why string // 3 to 500 characters
}

// File returns a restriction with what is internal. Of what is kept quiet, operators who are not
// compliance see what the customer sees. Errors, the first that applies: InvalidRequest,
// PermissionDenied, NotFound.
func (s *Restrictions) File(ctx context.Context, look LookAt, id RestrictionID) (RestrictionFile, error) {
	if err := okpay.CheckID("restriction", string(id)); err != nil {
		return RestrictionFile{}, err
	}
	var file RestrictionFile
	a := deed{by: look.By, why: look.Why, may: MaySeeRestrictions, action: "restriction.see", object: string(id)}
	_, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		r := &restrictionDoc{}
		if err := d.Read("restriction", string(id), r); err != nil {
			return err
		}
		entry.Customer = r.Customer()
		if r.Quiet {
			entry.Reason = withCompliance
		}
		file = s.c.file(by, r)
		return nil
	})
	return file, err
}

// file is what an operator sees of a restriction.
func (c *Care) file(by *Operator, r *restrictionDoc) RestrictionFile {
	file := RestrictionFile{Restriction: r.public(), Code: r.Reason}
	if r.Quiet && !c.has(by, MayHandleCompliance) || r.Hold && !c.has(by, MayHold) {
		return file
	}
	file.Code, file.Detail, file.Notes, file.ImposedBy = r.Code, r.Detail, r.Notes, r.ImposedBy
	if r.Proposed != nil {
		file.Proposed = string(r.Proposed.On)
	}
	if !r.ReviewDue.IsZero() {
		file.ReviewDue = &r.ReviewDue
	}
	file.Submitted = r.submitted()
	return file
}

// submitted is what the customer has given.
func (r *restrictionDoc) submitted() (list []Submitted) {
	for _, q := range r.Requirements {
		if !q.At.IsZero() {
			list = append(list, Submitted{q.ID, q.At, q.Documents, q.Answer})
		}
	}
	return list
}

// Waiting returns restrictions that wait for an operator, the oldest first, and whether there are
// more: those that compliance decides on, or the others. Errors: PermissionDenied.
func (s *Restrictions) Waiting(ctx context.Context, by OperatorID, compliance bool, after RestrictionID, limit int) ([]Restriction, bool, error) {
	need, label := MayReview, "queue:review"
	if compliance {
		need, label = MayHandleCompliance, "queue:compliance"
	}
	if _, err := s.c.allowed(ctx, outside{ctx, s.c.w}, by, need); err != nil {
		return nil, false, err
	}
	return s.c.restrictions(ctx, ledger.RecordQuery{Type: "restriction", Label: label, After: string(after), Limit: limit})
}

func (c *Care) restrictions(ctx context.Context, q ledger.RecordQuery) ([]Restriction, bool, error) {
	records, more, err := c.w.Records(ctx, q)
	if err != nil {
		return nil, false, err
	}
	list := make([]Restriction, 0, len(records))
	for _, rec := range records {
		r := &restrictionDoc{}
		if err := json.Unmarshal(rec.Content, r); err != nil {
			return nil, false, fmt.Errorf("care: restriction %s: %w", rec.ID, err)
		}
		list = append(list, r.public())
	}
	return list, more, nil
}
