package care

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Operators is the service for operators.
//
// The wallet's own four-eyes rule, in the review of withdrawals, counts names. To drive it with
// operators, ask May for [MayReviewWithdrawals] first and give the wallet the operator's Person
// as By: two operators who are one person are then one approver there, too.
type Operators struct{ c *Care }

// CreateOperator is the input of Operators.Create and Operators.Bootstrap.
type CreateOperator struct {
	By      OperatorID // an admin; not for Bootstrap
	Why     string     // 3 to 500 characters, in the operator's own words; for the audit
	ID      OperatorID
	Name    string   // at most 200 characters
	Roles   []Role   // at least one, at most 10
	Skills  []string // codes, at most 20
	Person  string   // as an ID; defaults to ID
	Account okpay.CustomerID
	Key     string // makes the call safe to repeat
}

// Bootstrap makes the first operator, who is an admin. It works once for each wallet, whoever
// is removed later. Errors, the first that applies: InvalidRequest, IdempotencyKeyReused,
// InvalidState.
func (s *Operators) Bootstrap(ctx context.Context, in CreateOperator) (Operator, error) {
	if in.By != "" {
		return Operator{}, okpay.InvalidField("by", "nobody is there yet")
	}
	if !slices.Contains(in.Roles, Admin) {
		return Operator{}, okpay.InvalidField("roles", "have no admin")
	}
	o, err := s.check(&in)
	if err != nil {
		return Operator{}, err
	}
	act := okpay.Act{Principal: "program", Operation: "operator.bootstrap", Key: in.Key, Request: in.request()}
	out, err := s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
		all := &roster{}
		if err := d.Read("operator_roster", "all", all); !errors.Is(err, okpay.NotFound) {
			return cmp.Or(err, error(okpay.NewError(okpay.InvalidState, "the first operator is there already")))
		}
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "operator.bootstrap", Object: string(in.ID), Reason: in.Why, Facts: o.facts()})
		return s.create(d, all, o)
	})
	return s.after(ctx, in.ID, out, err)
}

// Create makes an operator. Errors, the first that applies: InvalidRequest, PermissionDenied,
// IdempotencyKeyReused, InvalidState when the id is or was somebody's.
func (s *Operators) Create(ctx context.Context, in CreateOperator) (Operator, error) {
	o, err := s.check(&in)
	if err != nil {
		return Operator{}, err
	}
	a := deed{by: in.By, why: in.Why, may: MayManageOperators, action: "operator.create", object: string(in.ID), key: in.Key, request: in.request()}
	out, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		all := &roster{}
		if err := d.Read("operator_roster", "all", all); err != nil {
			return err
		}
		// Nobody makes a second operator of themselves with other roles.
		if o.Person == by.Person {
			return okpay.NewError(okpay.SelfApprovalForbidden, "another admin has to do this")
		}
		entry.Facts = o.facts()
		return s.create(d, all, o)
	})
	return s.after(ctx, in.ID, out, err)
}

func (s *Operators) create(d *okpay.Draft, all *roster, o Operator) error {
	doc := &operatorDoc{}
	if err := d.Read("operator", string(o.ID), doc); !errors.Is(err, okpay.NotFound) {
		return cmp.Or(err, error(okpay.NewError(okpay.InvalidState, "there is or was an operator with this id already")))
	}
	doc.Operator = o
	doc.CreatedAt, doc.UpdatedAt = d.Now(), d.Now()
	m, err := operatorMachine().Move(&doc.State, string(o.ID), createOperator, okpay.Always)
	if err != nil {
		return err
	}
	if o.Has(Admin) {
		all.Admins++
	}
	d.Result = string(o.ID)
	return errors.Join(d.Write(all), d.Write(doc, m))
}

func (in *CreateOperator) request() []ledger.Field {
	return []ledger.Field{
		{Name: "id", Value: string(in.ID)},
		{Name: "name", Value: in.Name},
		{Name: "roles", Value: fmt.Sprint(in.Roles)},
		{Name: "skills", Value: fmt.Sprint(in.Skills)},
		{Name: "person", Value: in.Person},
		{Name: "account", Value: string(in.Account)},
	}
}

// facts are what the audit tells of an operator.
func (o *Operator) facts() map[string]string {
	var set []string
	for _, r := range o.Roles {
		set = append(set, string(r))
	}
	return map[string]string{"roles": strings.Join(set, " "), "skills": strings.Join(o.Skills, " "), "person": o.Person}
}

func (s *Operators) check(in *CreateOperator) (o Operator, err error) {
	if err := okpay.CheckID("id", string(in.ID)); err != nil {
		return o, err
	}
	if in.Why, err = why(in.Why); err != nil {
		return o, err
	}
	if in.Name, err = (prose{field: "name", most: 200}).check(in.Name); err != nil {
		return o, err
	}
	in.Person = cmp.Or(in.Person, string(in.ID))
	if err := okpay.CheckID("person", in.Person); err != nil {
		return o, err
	}
	if in.Account != "" {
		if err := okpay.CheckID("account", string(in.Account)); err != nil {
			return o, err
		}
	}
	if in.Roles, err = s.roles(in.Roles); err != nil {
		return o, err
	}
	if in.Skills, err = skills(in.Skills); err != nil {
		return o, err
	}
	return Operator{ID: in.ID, Name: in.Name, Roles: in.Roles, Skills: in.Skills, Person: in.Person, Account: in.Account}, nil
}

func (s *Operators) roles(set []Role) ([]Role, error) {
	set = slices.Clone(set)
	slices.Sort(set)
	set = slices.Compact(set)
	if len(set) == 0 || len(set) > 10 || slices.ContainsFunc(set, func(r Role) bool { return !s.c.knows(r) }) {
		return nil, okpay.InvalidField("roles", "are missing, too many, or not known")
	}
	return set, nil
}

func skills(set []string) ([]string, error) {
	set = slices.Clone(set)
	slices.Sort(set)
	set = slices.Compact(set)
	if len(set) > 20 || slices.ContainsFunc(set, func(s string) bool { return !isCode(s) }) {
		return nil, okpay.InvalidField("skills", "are too many, or no codes")
	}
	return set, nil
}

// UpdateOperator is the input of Operators.Update. What is nil stays as it is.
type UpdateOperator struct {
	By       OperatorID // an admin, and not the operator
	Why      string     // as for CreateOperator
	Operator OperatorID
	Name     *string
	Roles    *[]Role
	Skills   *[]string
	Account  *okpay.CustomerID
	Key      string // makes the call safe to repeat
}

// Update changes what an operator may do. Errors, the first that applies: InvalidRequest,
// PermissionDenied, IdempotencyKeyReused, NotFound, SelfApprovalForbidden, InvalidState for one who
// was removed or is the last admin.
func (s *Operators) Update(ctx context.Context, in UpdateOperator) (Operator, error) {
	name, set, can, account, err := s.checkUpdate(&in)
	if err != nil {
		return Operator{}, err
	}
	a := deed{
		by: in.By, why: in.Why, may: MayManageOperators, action: "operator.change", object: string(in.Operator), key: in.Key,
		request: []ledger.Field{
			{Name: "name", Value: name},
			{Name: "roles", Value: fmt.Sprint(set)},
			{Name: "skills", Value: fmt.Sprint(can)},
			{Name: "account", Value: string(account)},
			{Name: "which", Value: fmt.Sprint(in.Name != nil, in.Roles != nil, in.Skills != nil, in.Account != nil)},
		},
	}
	return s.change(ctx, a, changeOperator, func(o *Operator) {
		if in.Name != nil {
			o.Name = name
		}
		if in.Roles != nil {
			o.Roles = set
		}
		if in.Skills != nil {
			o.Skills = can
		}
		if in.Account != nil {
			o.Account = account
		}
	})
}

func (s *Operators) checkUpdate(in *UpdateOperator) (name string, set []Role, can []string, account okpay.CustomerID, err error) {
	err = okpay.CheckID("operator", string(in.Operator))
	if err == nil && in.Name == nil && in.Roles == nil && in.Skills == nil && in.Account == nil {
		err = okpay.InvalidField("operator", "nothing is to be changed")
	}
	if err == nil && in.Name != nil {
		name, err = prose{field: "name", most: 200}.check(*in.Name)
	}
	if err == nil && in.Roles != nil {
		set, err = s.roles(*in.Roles)
	}
	if err == nil && in.Skills != nil {
		can, err = skills(*in.Skills)
	}
	if err == nil && in.Account != nil {
		if account = *in.Account; account != "" {
			err = okpay.CheckID("account", string(account))
		}
	}
	return name, set, can, account, err
}

// MoveOperator is the input of Operators.Suspend, Operators.Resume and Operators.Remove.
type MoveOperator struct {
	By       OperatorID // an admin, and not the operator
	Why      string     // as for CreateOperator
	Operator OperatorID
	Key      string // makes the call safe to repeat
}

// Suspend keeps an operator from acting, at once: what they have under way fails. Errors as for Update.
func (s *Operators) Suspend(ctx context.Context, in MoveOperator) (Operator, error) {
	return s.move(ctx, in, suspendOperator)
}

// Resume lets them act again. Errors as for Update.
func (s *Operators) Resume(ctx context.Context, in MoveOperator) (Operator, error) {
	return s.move(ctx, in, resumeOperator)
}

// Remove ends what an operator may do, for good. Errors as for Update.
func (s *Operators) Remove(ctx context.Context, in MoveOperator) (Operator, error) {
	return s.move(ctx, in, removeOperator)
}

func (s *Operators) move(ctx context.Context, in MoveOperator, on okpay.Action) (Operator, error) {
	if err := okpay.CheckID("operator", string(in.Operator)); err != nil {
		return Operator{}, err
	}
	a := deed{by: in.By, why: in.Why, may: MayManageOperators, action: "operator." + string(on), object: string(in.Operator), key: in.Key}
	return s.change(ctx, a, on, func(*Operator) {})
}

func (s *Operators) change(ctx context.Context, a deed, on okpay.Action, fn func(*Operator)) (Operator, error) {
	id := OperatorID(a.object)
	out, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		o := &operatorDoc{}
		if err := d.Read("operator", a.object, o); err != nil {
			return err
		}
		if o.Person == by.Person {
			return okpay.NewError(okpay.SelfApprovalForbidden, "another admin has to do this")
		}
		counted := o.counts()
		m, err := operatorMachine().Move(&o.State, a.object, on, okpay.Always)
		if err != nil {
			return err
		}
		fn(&o.Operator)
		o.UpdatedAt = d.Now()
		entry.Facts = o.facts()
		d.Result = a.object
		if counted == o.counts() {
			return d.Write(o, m)
		}
		all := &roster{}
		if err := d.Read("operator_roster", "all", all); err != nil {
			return err
		}
		all.Admins += o.counts() - counted
		if all.Admins < 1 {
			return okpay.NewError(okpay.InvalidState, "this is the last admin")
		}
		return errors.Join(d.Write(all), d.Write(o, m))
	})
	return s.after(ctx, id, out, err)
}

// counts is 1 for an admin who can act.
func (o *Operator) counts() int {
	if o.State == OperatorActive && o.Has(Admin) {
		return 1
	}
	return 0
}

func (s *Operators) after(ctx context.Context, id OperatorID, out ledger.Outcome, err error) (Operator, error) {
	if err != nil {
		return Operator{}, err
	}
	o := &operatorDoc{}
	err = s.c.w.ReadAfter(ctx, out, "operator", string(id), o)
	o.Replayed = out.Replayed
	return o.Operator, err
}

// May returns an operator who may do something, as it is now; what is done in a Change of this
// package asks again inside of it. Errors: PermissionDenied.
func (s *Operators) May(ctx context.Context, id OperatorID, p Permission) (Operator, error) {
	o, err := s.c.allowed(ctx, outside{ctx, s.c.w}, id, p)
	if err != nil {
		return Operator{}, err
	}
	return *o, nil
}

// Get returns an operator, for the embedding program. Errors: NotFound.
func (s *Operators) Get(ctx context.Context, id OperatorID) (Operator, error) {
	o := &operatorDoc{}
	err := s.c.w.Read(ctx, "operator", string(id), o)
	return o.Operator, err
}

// ListOperators asks for a page of operators.
type ListOperators struct {
	By    OperatorID    // who may see operators
	State OperatorState // "" for all
	After OperatorID
	Limit int // 1 to 100, 20 unless told
}

// List returns operators by id, and whether there are more. Errors: PermissionDenied.
func (s *Operators) List(ctx context.Context, in ListOperators) (list []Operator, more bool, err error) {
	if _, err := s.c.allowed(ctx, outside{ctx, s.c.w}, in.By, MaySeeOperators); err != nil {
		return nil, false, err
	}
	q := ledger.RecordQuery{Type: "operator", After: string(in.After), Limit: in.Limit}
	if in.State != "" {
		q.Label = "state:" + string(in.State)
	}
	records, more, err := s.c.w.Records(ctx, q)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		o := Operator{}
		if err := json.Unmarshal(r.Content, &o); err != nil {
			return nil, false, fmt.Errorf("care: operator %s: %w", r.ID, err)
		}
		list = append(list, o)
	}
	return list, more, nil
}
