package care

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// OperatorID names an operator: 1 to 64 letters, digits, '_' and '-'.
type OperatorID string

// OperatorState says whether an operator can act.
type OperatorState string

// The states of operators. Removed is final: an id is never given to somebody else.
const (
	OperatorActive    OperatorState = "active"
	OperatorSuspended OperatorState = "suspended"
	OperatorRemoved   OperatorState = "removed"
)

const (
	createOperator  okpay.Action = "create"
	changeOperator  okpay.Action = "change"
	suspendOperator okpay.Action = "suspend"
	resumeOperator  okpay.Action = "resume"
	removeOperator  okpay.Action = "remove"
)

func operatorMachine() okpay.Machine[OperatorState] {
	return okpay.Machine[OperatorState]{Noun: "operator", Rows: []okpay.Row[OperatorState]{
		{On: createOperator, To: OperatorActive, Emits: []string{"operator.created"}},
		{From: OperatorActive, On: changeOperator, To: OperatorActive, Emits: []string{"operator.changed"}},
		{From: OperatorSuspended, On: changeOperator, To: OperatorSuspended, Emits: []string{"operator.changed"}},
		{From: OperatorActive, On: suspendOperator, To: OperatorSuspended, Emits: []string{"operator.suspended"}},
		{From: OperatorSuspended, On: resumeOperator, To: OperatorActive, Emits: []string{"operator.resumed"}},
		{From: OperatorActive, On: removeOperator, To: OperatorRemoved, Emits: []string{"operator.removed"}},
		{From: OperatorSuspended, On: removeOperator, To: OperatorRemoved, Emits: []string{"operator.removed"}},
	}}
}

// Operator is somebody who looks after customers. The embedding program signs operators in;
// this is what they may do.
type Operator struct {
	ID    OperatorID    `json:"id"`
	Name  string        `json:"name,omitempty"`
	State OperatorState `json:"state"`
	Roles []Role        `json:"roles"`
	// Skills are the categories of cases that are given to the operator, codes; none means all.
	Skills []string `json:"skills,omitempty"`
	// Person says which operators are one person: they are one pair of eyes. The operator's own
	// id unless told.
	Person string `json:"person"`
	// Account is the operator's own account as a customer, if they have one: there they do
	// nothing as an operator.
	Account   okpay.CustomerID `json:"account,omitempty"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
	Sequence  int64            `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before.
	Replayed bool `json:"-"`
}

// Has reports whether the operator has a role.
func (o *Operator) Has(r Role) bool { return slices.Contains(o.Roles, r) }

type operatorDoc struct{ Operator }

func (o *operatorDoc) Put() ledger.Put {
	put := ledger.Put{Type: "operator", ID: string(o.ID), Labels: []string{"state:" + string(o.State)}}
	return put
}

// View names what an operator is, not who.
func (o *operatorDoc) View() any {
	return map[string]any{"id": o.ID, "state": o.State, "roles": o.Roles, "skills": o.Skills, "sequence": o.Sequence}
}

func (o *operatorDoc) Customer() okpay.CustomerID { return "" }

func (o *operatorDoc) Counter() *int64 { return &o.Sequence }

// roster says how many admins can act. There is one record of it; Bootstrap makes it.
type roster struct {
	Admins int   `json:"admins"`
	Count  int64 `json:"count"`
}

func (r *roster) Put() ledger.Put            { return ledger.Put{Type: "operator_roster", ID: "all"} }
func (r *roster) View() any                  { return nil }
func (r *roster) Customer() okpay.CustomerID { return "" }
func (r *roster) Counter() *int64            { return &r.Count }
