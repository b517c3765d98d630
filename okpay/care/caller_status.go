package care

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// CallerStatus is what an agent sees of a caller's account: enough to help, too little to be of
// use elsewhere.
type CallerStatus struct {
	Name            string             `json:"name"`     // its first letter
	Contacts        []MaskedContact    `json:"contacts"` // the first letter, the last digits
	State           okpay.GateState    `json:"state"`
	Reason          string             `json:"reason,omitempty"` // why it is locked, as the customer is told: a code
	Denied          []okpay.Capability `json:"denied,omitempty"`
	WithdrawalsFrom *time.Time         `json:"withdrawals_from,omitempty"`
	Objects         []ObjectStatus     `json:"objects,omitempty"` // what the case is about
}

// MaskedContact is a contact that can be told from others and not used.
type MaskedContact struct {
	Kind   okpay.ContactKind  `json:"kind"`
	Masked string             `json:"masked"`
	State  okpay.ContactState `json:"state"`
}

// ObjectStatus is the state of an object.
type ObjectStatus struct {
	Link
	State string `json:"state"`
}

// Status shows an agent the masked status of the account of a caller at V2. That it was looked
// at, and why, stands in the audit. Errors: InvalidRequest, PermissionDenied, NotFound,
// SelfApprovalForbidden.
func (s *Callers) Status(ctx context.Context, in AskCaller) (CallerStatus, error) {
	in.Key = "" // a repeat would look at nothing
	var out CallerStatus
	_, err := s.does(ctx, in, SeeStatus, nil, func(d *okpay.Draft, _ *Operator, k *caseDoc, _ *okpay.AuditEntry) error {
		out = CallerStatus{}
		g, err := d.Gate(k.Case.Customer)
		if err != nil {
			return err
		}
		p, err := d.Person(k.Case.Customer)
		if err != nil {
			return err
		}
		out.State, out.Denied, out.WithdrawalsFrom = g.State, g.Denied, g.WithdrawalsFrom
		if g.State != okpay.GateActive {
			out.Reason = g.Reason
		}
		if r, n := utf8.DecodeRuneInString(p.Name); n > 0 {
			out.Name = string(r) + "***"
		}
		for _, c := range p.Contacts {
			out.Contacts = append(out.Contacts, MaskedContact{c.Kind, masked(c), c.State})
		}
		for _, o := range k.Objects {
			state := struct {
				State string `json:"state"`
			}{}
			if err := d.Read(o.Type, o.ID, &state); err != nil {
				return err
			}
			out.Objects = append(out.Objects, ObjectStatus{o, state.State})
		}
		return nil
	})
	if err != nil {
		return CallerStatus{}, err
	}
	return out, nil
}

// masked leaves of a contact what its owner knows it by.
func masked(c okpay.Contact) string {
	if c.Kind == okpay.ContactPhone {
		return "***" + c.Value[max(0, len(c.Value)-2):]
	}
	local, domain, _ := strings.Cut(c.Value, "@")
	dot := strings.LastIndexByte(domain, '.')
	return local[:min(1, len(local))] + "***@" + domain[:min(1, len(domain))] + "***" + domain[max(0, dot):]
}

// Accounts is what support does to the account of a customer, in the Change that allows it.
// okpay/identity can be one. A nil Accounts does nothing: what needs it is refused.
type Accounts interface {
	// Unlock undoes a lock after too many failures, and no other. Errors: InvalidState when
	// there is none.
	Unlock(d *okpay.Draft, of AccountDeed) error
	// UnlockRisk undoes a lock for risk: the password has to be changed next. Errors: InvalidState.
	UnlockRisk(d *okpay.Draft, of AccountDeed) error
	// ResetContact takes away the contact in AccountDeed.Contact. Errors: InvalidState, NotFound.
	ResetContact(d *okpay.Draft, of AccountDeed) error
	// ResetFactor turns off the second factor. Errors: InvalidState when it is not on.
	ResetFactor(d *okpay.Draft, of AccountDeed) error
}

// AccountDeed is what support does to an account, and who does it.
type AccountDeed struct {
	Customer okpay.CustomerID
	Case     CaseID
	By       OperatorID
	Second   OperatorID // who approved it, "" when one is enough
	Request  string     // of the two, "" when one is enough
	Why      string     // in the words of By, for the audit
	Contact  okpay.ContactID

	// RequestedAt is when it was requested, if two agreed, and Epoch the gate's at that time: what
	// came later, a newer lock or another second factor, is not what they agreed on.
	RequestedAt time.Time
	Epoch       int64
}

// Unlock undoes a lock after too many failures for a caller at V2. Errors, the first that applies:
// InvalidRequest, PermissionDenied, IdempotencyKeyReused, NotFound, SelfApprovalForbidden, those
// of Accounts.Unlock, InvalidState without Config.Accounts.
func (s *Callers) Unlock(ctx context.Context, in AskCaller) error {
	_, err := s.does(ctx, in, UnlockPlain, []ledger.Field{}, func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) error {
		accounts, err := s.accounts()
		if err != nil {
			return err
		}
		return accounts.Unlock(d, AccountDeed{Customer: k.Case.Customer, Case: k.ID, By: by.ID, Why: entry.Reason})
	})
	return err
}

func (s *Callers) accounts() (Accounts, error) {
	if s.c.cfg.Accounts == nil {
		return nil, okpay.NewError(okpay.InvalidState, "nothing changes accounts for support here")
	}
	return s.c.cfg.Accounts, nil
}
