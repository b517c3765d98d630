package care

import (
	"context"
	"errors"
	"slices"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// What operators do is done through acts: who they are, whether they may and why they do it is
// asked in one place, and stands in the audit in the Change that does it.

// deed is what an operator does.
type deed struct {
	by       OperatorID
	why      string // in the operator's own words
	may      Permission
	or       Permission // does as well, if it is given
	action   string     // such as "restriction.impose"; also the audit's
	customer okpay.CustomerID
	object   string
	key      string
	request  []ledger.Field
}

// acts commits what an operator does: fn drafts it and may add to the entry of the audit. Errors,
// the first that applies: InvalidRequest, PermissionDenied, IdempotencyKeyReused, those of fn.
func (c *Care) acts(ctx context.Context, a deed, fn func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error) (ledger.Outcome, error) {
	if err := okpay.CheckID("by", string(a.by)); err != nil {
		return ledger.Outcome{}, err
	}
	reason, err := why(a.why)
	if err != nil {
		return ledger.Outcome{}, err
	}
	// A repeat is answered without running fn, so who asks is checked here as well.
	if _, err := c.allowed(ctx, outside{ctx, c.w}, a.by, a.may, a.or); err != nil {
		return ledger.Outcome{}, err
	}
	act := okpay.Act{
		Principal: "op/" + string(a.by), Operation: a.action, Key: a.key,
		Request: append([]ledger.Field{{Name: "why", Value: reason}, {Name: "of", Value: string(a.customer)}, {Name: "object", Value: a.object}}, a.request...),
	}
	return c.w.Do(ctx, act, func(d *okpay.Draft) error {
		by, err := c.operator(d, a.by, a.may, a.or)
		if err != nil {
			return err
		}
		entry := okpay.AuditEntry{Actor: "op/" + string(a.by), Action: a.action, Customer: a.customer, Object: a.object, Reason: reason}
		if err := fn(d, by, &entry); err != nil {
			return err
		}
		d.Audit(entry)
		return nil
	})
}

// outside reads outside of any Change.
type outside struct {
	ctx context.Context
	w   *okpay.Wallet
}

func (o outside) Read(noun, id string, doc any) error { return o.w.Read(o.ctx, noun, id, doc) }

// may refuses an operator who cannot act or has not the permission. The Change relies on it: an
// operator who is removed before it commits does nothing any more. Errors: PermissionDenied.
func (c *Care) may(d *okpay.Draft, by OperatorID, p Permission) error {
	_, err := c.operator(d, by, p)
	return err
}

// operator is may, with any of several permissions, and returns who it is.
func (c *Care) operator(d *okpay.Draft, by OperatorID, p Permission, or ...Permission) (*Operator, error) {
	return c.allowed(d.Context(), d, by, p, or...)
}

func (c *Care) allowed(ctx context.Context, r okpay.Reader, by OperatorID, p Permission, or ...Permission) (*Operator, error) {
	if _, ok := okpay.ActorOf(ctx); ok {
		return nil, okpay.NewError(okpay.PermissionDenied, "a customer is signed in here, and no operator")
	}
	o := &operatorDoc{}
	err := r.Read("operator", string(by), o)
	if err != nil && !errors.Is(err, okpay.NotFound) {
		return nil, err
	}
	if err != nil || o.State != OperatorActive || !c.has(&o.Operator, append(or, p)...) {
		// The same for all, so that nobody learns who is an operator.
		return nil, okpay.NewError(okpay.PermissionDenied, "the operator may not do this: %s", p)
	}
	return &o.Operator, nil
}

// has reports whether one of an operator's roles has one of several permissions.
func (c *Care) has(o *Operator, any ...Permission) bool {
	return slices.ContainsFunc(o.Roles, func(r Role) bool {
		return slices.ContainsFunc(any, func(p Permission) bool { return slices.Contains(c.permissions(r), p) })
	})
}

// hand is an operator who has put a hand to something that needs two.
type hand struct {
	by  OperatorID
	may Permission // what that takes
}

// fourEyes is the one rule for what needs two: they are different people, both can act, and both
// may do what they do at the time of the second. Errors: DuplicateApprover for the same person,
// PermissionDenied.
func (c *Care) fourEyes(d *okpay.Draft, first, second hand) error {
	b, err := c.operator(d, second.by, second.may)
	if err != nil {
		return err
	}
	if first.by == second.by {
		return okpay.NewError(okpay.DuplicateApprover, "a second person has to approve")
	}
	a, err := c.operator(d, first.by, first.may)
	if err != nil {
		return err
	}
	if a.Person == b.Person {
		return okpay.NewError(okpay.DuplicateApprover, "a second person has to approve")
	}
	return nil
}

// notOwn refuses an operator's hand in their own affairs: their own account, and what one of
// the others, who are the same person, has done. Errors: SelfApprovalForbidden.
func (c *Care) notOwn(d *okpay.Draft, by *Operator, customer okpay.CustomerID, others ...OperatorID) error {
	own := by.Account != "" && by.Account == customer || string(by.ID) == string(customer)
	for _, id := range others {
		if id == "" {
			continue
		}
		o := &operatorDoc{}
		err := d.Read("operator", string(id), o)
		if err != nil && !errors.Is(err, okpay.NotFound) {
			return err
		}
		own = own || id == by.ID || err == nil && o.Person == by.Person
	}
	if own {
		return okpay.NewError(okpay.SelfApprovalForbidden, "it is the operator's own affair")
	}
	return nil
}
