package care

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// Callers is the service for what agents may see and do for those who speak with them.
type Callers struct{ c *Care }

// AskCaller is the input of what an agent does for a caller.
type AskCaller struct {
	By   OperatorID // the agent who has the case
	Why  string     // 3 to 500 characters; for the audit
	Case CaseID
	Key  string // makes the call safe to repeat
}

// does commits what an agent does for a caller, if they may. What was refused stands in the
// audit, too. Errors: InvalidRequest, PermissionDenied, NotFound, SelfApprovalForbidden, those of fn.
func (s *Callers) does(ctx context.Context, in AskCaller, act CallerAct, request []ledger.Field,
	fn func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) error,
) (ledger.Outcome, error) {
	if err := okpay.CheckID("case", string(in.Case)); err != nil {
		return ledger.Outcome{}, err
	}
	a := deed{by: in.By, why: in.Why, may: callerRow(act).May, action: "caller." + string(act), object: string(in.Case), key: in.Key, request: request}
	out, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		k, err := s.read(d, in.Case)
		if err != nil {
			return err
		}
		entry.Customer = k.Case.Customer
		if err := s.allow(d, by, k, act); err != nil {
			return err
		}
		return fn(d, by, k, entry)
	})
	if errors.Is(err, okpay.PermissionDenied) || errors.Is(err, okpay.SelfApprovalForbidden) {
		if failed := s.refused(ctx, a); failed != nil {
			return out, errors.Join(err, failed)
		}
	}
	return out, err
}

// refused adds to the audit that an operator tried what they may not. Who is no operator is
// not written down.
func (s *Callers) refused(ctx context.Context, a deed) error {
	reason, err := why(a.why)
	if err != nil {
		return nil // it was refused for that already
	}
	_, err = s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "caller.refused"}, func(d *okpay.Draft) error {
		if _, err := s.c.operator(d, a.by, MayWorkCases); err != nil {
			return okpay.ErrNothingDue
		}
		k, err := s.read(d, CaseID(a.object))
		if err != nil {
			return okpay.ErrNothingDue
		}
		d.Audit(okpay.AuditEntry{
			Actor: "op/" + string(a.by), Action: "caller.refused", Customer: k.Case.Customer, Object: a.object, Reason: reason,
			Facts: map[string]string{"act": a.action},
		})
		return nil
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		return nil
	}
	return err
}

func (s *Callers) read(d *okpay.Draft, id CaseID) (*caseDoc, error) {
	k := &caseDoc{}
	err := d.Read("case", string(id), k)
	if errors.Is(err, okpay.NotFound) {
		return nil, noCase(id)
	}
	return k, err
}

// IdentifyCaller is the input of Callers.Identify: what the caller says.
type IdentifyCaller struct {
	By          OperatorID
	Why         string // 3 to 500 characters; for the audit
	Case        CaseID
	Email       string       // registered and verified
	Balance     money.Amount // what is available in one currency
	Transaction string       // the id of one of their payments, transfers, withdrawals ...
}

// The bounds of Identify, for whatever is wrong or right.
const (
	identifyPerCustomer = 5  // a day, whoever asks
	identifyPerAgent    = 30 // a day
)

// Identify reports whether all of what a caller says is right, and then the caller is at V1 for 15
// minutes. Nothing comes back of what is known, and not which part was wrong. Every try counts
// before it is answered.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied, NotFound for the case,
// SelfApprovalForbidden, TooManyTries with ResetsAt.
func (s *Callers) Identify(ctx context.Context, in IdentifyCaller) (identified bool, err error) {
	if len(in.Email) > 254 || len(in.Transaction) > 64 || in.Balance.Currency().IsZero() {
		return false, okpay.InvalidField("email", "or what else the caller said is missing or too long")
	}
	ask := AskCaller{By: in.By, Why: in.Why, Case: in.Case}
	_, err = s.does(ctx, ask, IdentifyAct, nil, func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) error {
		for key, most := range map[string]int{"c." + string(k.Case.Customer): identifyPerCustomer, "op." + string(by.ID): identifyPerAgent} {
			if err := s.count(d, key, most); err != nil {
				return err
			}
		}
		right, err := s.right(d, k.Case.Customer, in)
		if err != nil {
			return err
		}
		identified = right
		entry.Facts = map[string]string{"identified": "no"}
		if !right {
			return nil
		}
		entry.Facts["identified"] = "yes"
		c, err := s.caller(d, k, by.ID)
		if err != nil {
			return err
		}
		c.raise(V1, nil, d.Now())
		return d.Write(c)
	})
	return identified && err == nil, err
}

// right compares all that the caller said, whatever was wrong first.
func (s *Callers) right(d *okpay.Draft, customer okpay.CustomerID, in IdentifyCaller) (bool, error) {
	right := 0
	person, err := d.Person(customer)
	if err != nil {
		return false, err
	}
	said, err := okpay.NormalizeEmail(in.Email)
	said = map[bool]string{true: said, false: "\x00"}[err == nil]
	email := 0
	for _, c := range person.Contacts {
		if c.Kind == okpay.ContactEmail && c.State == okpay.ContactVerified {
			email |= same(c.Value, said)
		}
	}
	right += email
	balances, err := s.c.w.Customers.Balances(d.Context(), customer)
	if err != nil {
		return false, err
	}
	for _, b := range balances {
		if b.Available.Currency() == in.Balance.Currency() {
			right += same(b.Available.String(), in.Balance.String())
		}
	}
	o, ok := linkOf(in.Transaction)
	if !ok {
		o = Link{"payment", "none"}
	}
	switch err := s.c.Cases.own(d, customer, o); {
	case err == nil:
		right++
	case !errors.Is(err, okpay.NotFound):
		return false, err
	}
	return right == 3, nil
}

// same compares without telling by its time where two texts differ.
func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// triesDoc counts tries.
type triesDoc struct {
	ID    string      `json:"id"`
	At    []time.Time `json:"at,omitempty"`
	Count int64       `json:"count,omitempty"`
}

func (t *triesDoc) Put() ledger.Put {
	put := ledger.Put{Type: "caller_tries", ID: t.ID, Chaining: ledger.Plain}
	if n := len(t.At); n > 0 {
		put.Due = t.At[n-1].Add(24 * time.Hour) // when none of them counts any more
	}
	return put
}
func (t *triesDoc) View() any                  { return nil }
func (t *triesDoc) Customer() okpay.CustomerID { return "" }
func (t *triesDoc) Counter() *int64            { return &t.Count }

func (s *Callers) count(d *okpay.Draft, id string, most int) error {
	t := &triesDoc{}
	if err := d.Read("caller_tries", id, t); err != nil && !errors.Is(err, okpay.NotFound) {
		return err
	}
	t.ID = id
	if err := within(&t.At, d.Now(), 24*time.Hour, most); err != nil {
		return err
	}
	return d.Write(t)
}

// Level returns how well the agent knows who speaks with them about a case, and until when.
// Errors: InvalidRequest, PermissionDenied, NotFound.
func (s *Callers) Level(ctx context.Context, in AskCaller) (level CallerLevel, until time.Time, err error) {
	_, err = s.does(ctx, in, GiveHelp, nil, func(d *okpay.Draft, by *Operator, k *caseDoc, _ *okpay.AuditEntry) error {
		c, err := s.caller(d, k, by.ID)
		if err != nil {
			return err
		}
		if level, until = c.at(d.Now()), c.Until; level == V0 {
			until = time.Time{}
		}
		return nil
	})
	return level, until, err
}
