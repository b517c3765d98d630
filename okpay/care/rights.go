package care

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Held is what is held about a customer's restrictions, appeals and support cases: what they gave and what they
// were told. What operators noted for colleagues is not part of it.
type Held struct {
	Customer     okpay.CustomerID  `json:"customer"`
	At           time.Time         `json:"at"`
	Restrictions []HeldRestriction `json:"restrictions"`
	Appeals      []HeldAppeal      `json:"appeals"`
	Cases        []Transcript      `json:"cases"`
}

// HeldRestriction is a restriction with what the customer submitted.
type HeldRestriction struct {
	Restriction
	Submitted []Submitted `json:"submitted,omitempty"`
}

// HeldAppeal is an appeal with all that was written between the customer and us.
type HeldAppeal struct {
	Appeal
	Situation string      `json:"situation"`
	Request   string      `json:"request"`
	Evidence  []Evidence  `json:"evidence,omitempty"`
	Rounds    []InfoRound `json:"rounds,omitempty"`
}

// Held returns what is held about a customer, for themselves. Errors: those of okpay.Wallet.Admit,
// NotFound.
func (c *Care) Held(ctx context.Context, customer okpay.CustomerID) (Held, error) {
	if err := c.own(ctx, customer); err != nil {
		return Held{}, err
	}
	return c.held(ctx, customer)
}

// ExportCustomer is the input of Care.Export.
type ExportCustomer struct {
	By       OperatorID
	Why      string // 3 to 500 characters, internal
	Customer okpay.CustomerID
}

// Export returns the same, for an operator. Errors, the first that applies: InvalidRequest,
// PermissionDenied, NotFound, SelfApprovalForbidden.
func (c *Care) Export(ctx context.Context, in ExportCustomer) (Held, error) {
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return Held{}, err
	}
	a := deed{by: in.By, why: in.Why, may: MayExport, action: "data.export", customer: in.Customer}
	_, err := c.acts(ctx, a, func(d *okpay.Draft, by *Operator, _ *okpay.AuditEntry) error {
		if _, err := d.Gate(in.Customer); err != nil {
			return err
		}
		return c.notOwn(d, by, in.Customer)
	})
	if err != nil {
		return Held{}, err
	}
	return c.held(ctx, in.Customer)
}

// Gather returns the same for the embedding program, which knows who asks: for an export of all that
// is held about a customer. Errors: NotFound, and with an Actor those of Held.
func (c *Care) Gather(ctx context.Context, customer okpay.CustomerID) (Held, error) {
	if _, acts := okpay.ActorOf(ctx); acts {
		return c.Held(ctx, customer)
	}
	if _, err := c.w.Customers.Gate(ctx, customer); err != nil {
		return Held{}, err
	}
	return c.held(ctx, customer)
}

// Withholds reports whether an entry of the audit is kept from the customer whom it is about, also
// in an export: what operators look at and decide in restrictions and appeals is told by the
// restriction alone, and what is quiet is told by nothing.
func (c *Care) Withholds(e okpay.AuditEntry) bool {
	noun, _, _ := strings.Cut(e.Action, ".")
	return !e.Shown && (noun == "restriction" || noun == "appeal")
}

func (c *Care) held(ctx context.Context, customer okpay.CustomerID) (Held, error) {
	out := Held{Customer: customer, At: c.w.Now(), Restrictions: []HeldRestriction{}, Appeals: []HeldAppeal{}, Cases: []Transcript{}}
	err := c.each(ctx, "restriction", customer, func(rec ledger.Record) error {
		r := &restrictionDoc{}
		if err := decodeDoc(rec, r); err != nil {
			return err
		}
		out.Restrictions = append(out.Restrictions, HeldRestriction{r.public(), r.submitted()})
		return nil
	})
	if err != nil {
		return Held{}, err
	}
	err = c.each(ctx, "appeal", customer, func(rec ledger.Record) error {
		a := &appealDoc{}
		if err := decodeDoc(rec, a); err != nil {
			return err
		}
		f := a.file()
		out.Appeals = append(out.Appeals, HeldAppeal{f.Appeal, f.Situation, f.Request, f.Evidence, f.Rounds})
		return nil
	})
	if err != nil {
		return Held{}, err
	}
	err = c.each(ctx, "case", customer, func(rec ledger.Record) error {
		k := &caseDoc{}
		if err := decodeDoc(rec, k); err != nil {
			return err
		}
		t, err := c.Cases.transcript(ctx, k)
		out.Cases = append(out.Cases, t)
		return err
	})
	return out, err
}

// each calls fn for a customer's records of a type.
func (c *Care) each(ctx context.Context, noun string, customer okpay.CustomerID, fn func(ledger.Record) error) error {
	for after, more := "", true; more; {
		var (
			records []ledger.Record
			err     error
		)
		if records, more, err = c.w.Records(ctx, ledger.RecordQuery{Type: noun, Label: "c:" + string(customer), After: after, Limit: 100}); err != nil {
			return err
		}
		for _, rec := range records {
			after = rec.ID
			if err := fn(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// EraseCustomer is the input of Care.Erase.
type EraseCustomer struct {
	By       OperatorID
	Why      string // 3 to 500 characters, internal
	Customer okpay.CustomerID
	Key      string // makes the call safe to repeat
}

// Erase removes what is personal of a customer whose account is closed from restrictions, appeals
// and cases: what they wrote and submitted, and what was noted about them. States, times and codes
// stay, as do the audit and the journal, which stay verifiable; restrictions in force end. It works
// in several commits; one that was interrupted goes on when it is called again. Call it before
// okpay.Customers.Erase, which waits for it; or have that call Forget (see
// okpay.Wallet.ErasesFirst), as okpay/joined does.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied, IdempotencyKeyReused, NotFound,
// SelfApprovalForbidden, InvalidState when the account is not closed or something has to be kept.
func (c *Care) Erase(ctx context.Context, in EraseCustomer) error {
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return err
	}
	a := deed{by: in.By, why: in.Why, may: MayErase, action: "data.erase", customer: in.Customer, key: in.Key}
	erased := false
	erase := func(d *okpay.Draft, by *Operator, _ *okpay.AuditEntry) error {
		if err := c.notOwn(d, by, in.Customer); err != nil {
			return err
		}
		all, err := c.erasable(d, in.Customer)
		switch {
		case err != nil:
			return err
		case !erased:
			return errNotErased
		}
		all.Rejected = nil
		return d.Write(all)
	}
	_, err := c.acts(ctx, a, erase)
	if !errors.Is(err, errNotErased) {
		return err
	}
	may := func(d *okpay.Draft) error { return c.may(d, in.By, MayErase) }
	if err := c.blankAll(ctx, in.Customer, "op/"+string(in.By), may); err != nil {
		return err
	}
	erased = true
	_, err = c.acts(ctx, a, erase)
	return err
}

// Forget does what Erase does for the embedding program, without an operator: as a part of
// okpay.Customers.Erase. It may be called again. Errors: PermissionDenied while a customer acts,
// NotFound, InvalidState when the account is not closed or something has to be kept.
func (c *Care) Forget(ctx context.Context, customer okpay.CustomerID) error {
	if _, acts := okpay.ActorOf(ctx); acts {
		return okpay.NewError(okpay.PermissionDenied, "a customer is signed in here")
	}
	act := okpay.Act{Principal: "program", Operation: "data.erase"}
	_, err := c.w.Do(ctx, act, func(d *okpay.Draft) error {
		if _, err := c.erasable(d, customer); err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "data.erase", Customer: customer})
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.blankAll(ctx, customer, "program", func(*okpay.Draft) error { return nil }); err != nil {
		return err
	}
	_, err = c.w.Do(ctx, act, func(d *okpay.Draft) error {
		all, err := c.erasable(d, customer)
		if err != nil {
			return err
		}
		all.Rejected = nil
		return d.Write(all)
	})
	return err
}

// errNotErased reports that everything else has to be erased first.
var errNotErased = errors.New("care: the records are not erased yet")

// erasable refuses to erase what has to stay. Errors: NotFound, InvalidState.
func (c *Care) erasable(d *okpay.Draft, customer okpay.CustomerID) (*restricted, error) {
	g, err := d.Gate(customer)
	if err != nil {
		return nil, err
	}
	all, err := c.restricted(d, customer)
	if err != nil {
		return nil, err
	}
	if g.State != okpay.GateClosed {
		return nil, okpay.NewError(okpay.InvalidState, "the account is %s", g.State)
	}
	for _, id := range all.Active {
		r := &restrictionDoc{}
		if err := d.Read("restriction", string(id), r); err != nil {
			return nil, err
		}
		if r.Hold {
			return nil, okpay.NewError(okpay.InvalidState, "something has to be kept")
		}
	}
	return all, nil
}

// blankAll erases a customer's records one by one, as long as may allows it.
func (c *Care) blankAll(ctx context.Context, customer okpay.CustomerID, actor string, may func(*okpay.Draft) error) error {
	blank := func(noun string, fn func(*okpay.Draft, string) error) error {
		return c.each(ctx, noun, customer, func(rec ledger.Record) error {
			_, err := c.w.Do(ctx, okpay.Act{Principal: actor, Operation: noun + ".erase"}, func(d *okpay.Draft) error {
				if err := may(d); err != nil {
					return err
				}
				if _, err := c.erasable(d, customer); err != nil {
					return err
				}
				d.Audit(okpay.AuditEntry{Actor: actor, Action: noun + ".erase", Customer: customer, Object: rec.ID})
				return fn(d, rec.ID)
			})
			return err
		})
	}
	// Restrictions end before their appeals are erased: an appeal that is open ends with its own.
	err := blank("restriction", func(d *okpay.Draft, id string) error {
		r := &restrictionDoc{}
		if err := d.Read("restriction", id, r); err != nil {
			return err
		}
		var told okpay.Told
		if restrictionMachine().Allows(r.State, eraseAll) {
			if err := c.settleAppeal(d, r, false); err != nil {
				return err
			}
			var err error
			if told, err = r.move(d, eraseAll, okpay.Always); err != nil {
				return err
			}
		}
		r.blank()
		return c.enforce(d, r, told)
	})
	if err != nil {
		return err
	}
	err = blank("appeal", func(d *okpay.Draft, id string) error {
		a := &appealDoc{}
		if err := d.Read("appeal", id, a); err != nil {
			return err
		}
		a.blank()
		return d.Write(a)
	})
	if err != nil {
		return err
	}
	return c.Cases.eraseAll(ctx, customer)
}

// blank removes what is personal.
func (r *restrictionDoc) blank() {
	r.Detail, r.Notes, r.Erased = "", nil, true
	for i := range r.Requirements {
		r.Requirements[i].Documents, r.Requirements[i].Answer = nil, ""
	}
}

// blank removes what is personal.
func (a *appealDoc) blank() {
	a.Situation, a.Request, a.Evidence, a.Rounds, a.Notes, a.Question, a.Erased = "", "", nil, nil, nil, "", true
}

// Audit returns entries of the audit for an operator who may see it; that they looked stands there,
// too. Errors, the first that applies: InvalidRequest, PermissionDenied.
func (c *Care) Audit(ctx context.Context, look LookAt, page okpay.AuditPage) ([]okpay.AuditEntry, bool, error) {
	a := deed{by: look.By, why: look.Why, may: MaySeeAudit, action: "audit.see", customer: page.Customer}
	if _, err := c.acts(ctx, a, func(*okpay.Draft, *Operator, *okpay.AuditEntry) error { return nil }); err != nil {
		return nil, false, err
	}
	return c.w.Audit(ctx, page)
}
