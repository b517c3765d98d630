package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// ObjectRef names an object of the wallet.
type ObjectRef struct {
	Type string `json:"type"` // payment, transfer, withdrawal, topup, conversion, request, destination or refund
	ID   string `json:"id"`
}

// RiskEvent is why an account was locked for reasons of security, for Config.OnRiskLock.
type RiskEvent struct {
	Customer okpay.CustomerID
	Reason   lockout.Reason // ReasonRisk, ReasonAgent, ReasonUserReport
	By       string         // as in the audit: "c/" or "op/" with an id, or "program"
	Detail   string         // an operator's or a rule's own words: for operators alone
	At       time.Time

	// Of a report by the customer:
	Report  ReportID
	Objects []ObjectRef
	Text    string // the customer's own words
	// Again says that the account was locked before.
	Again bool
}

// RiskLock is the input of Identity.RiskLock.
type RiskLock struct {
	Customer okpay.CustomerID
	Reason   lockout.Reason // ReasonRisk or ReasonAgent
	By       string         // id of the operator, "" for a rule of the program
	Detail   string         // for operators, at most 500 bytes of plain text; the customer never sees it
	Client   Client
	Key      string // makes the call safe to repeat
}

// RiskLock locks an account for reasons of security: no money leaves it, all sessions and the
// trust in all devices end, what was proven so far is void, and the customer is told the reason's
// code. Two independent proofs unlock it (see Unlock), or two operators (see ReleaseLock). An
// account that is locked already stays so, with the new reason.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound, AccountClosed,
// those of Config.OnRiskLock, ServiceBusy.
func (x *Identity) RiskLock(ctx context.Context, in RiskLock) error {
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return err
	}
	if in.Reason != lockout.ReasonRisk && in.Reason != lockout.ReasonAgent {
		return okpay.InvalidField("reason", "is neither %s nor %s", lockout.ReasonRisk, lockout.ReasonAgent)
	}
	by := "program"
	if in.By != "" {
		if err := okpay.CheckID("by", in.By); err != nil {
			return err
		}
		by = "op/" + in.By
	}
	if err := okpay.CheckText("detail", in.Detail, 500); err != nil {
		return err
	}
	if err := in.Client.check(); err != nil {
		return err
	}
	act := okpay.Act{Principal: by, Operation: "account.risk_lock", Key: in.Key, Request: []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "reason", Value: string(in.Reason)}, {Name: "detail", Value: in.Detail},
	}}
	_, err := x.inTurn(okpay.WithoutActor(ctx), "gate/"+string(in.Customer), act, func(d *okpay.Draft) error {
		return x.riskLock(d, RiskEvent{
			Customer: in.Customer, Reason: in.Reason, By: by, Detail: in.Detail,
		}, &in.Client)
	})
	return err
}

// riskLock drafts the lock of an account for reasons of security. A gate that a debt has locked
// is taken over by it: who the owner is has to be proven first. The debt's lock comes back then.
func (x *Identity) riskLock(d *okpay.Draft, e RiskEvent, client *Client) error {
	g, err := d.Gate(e.Customer)
	if err != nil {
		return err
	}
	memo, err := x.riskMemo(d, e.Customer)
	if err != nil {
		return err
	}
	memo.Agent = "" // what was said about an earlier lock
	m := okpay.GateMachine()
	var told okpay.Told
	switch {
	case g.State == okpay.GateClosed:
		return okpay.NewError(okpay.AccountClosed, "")
	case g.State == okpay.GateLocked:
		if !g.Guarded() {
			memo.Debt = g.Reason
			if memo.Owed, err = x.owes(d, e.Customer); err != nil {
				return err
			}
		}
		g.Reason, e.Again = string(e.Reason), true
	default:
		if told, err = m.Move(&g.State, string(e.Customer), okpay.LockAccount, okpay.Always); err != nil {
			return err
		}
		g.Reason = string(e.Reason)
	}
	g.ByProof = true
	g.By, g.ClosingAt = strings.TrimPrefix(strings.TrimPrefix(e.By, "op/"), "c/"), nil
	g.Epoch++
	e.At = d.Now()
	d.Audit(okpay.AuditEntry{
		Actor: e.By, Action: "account.risk_lock", Customer: e.Customer, Object: string(e.Report), Reason: cmpOr(e.Detail, string(e.Reason)),
		Facts: with(client.facts(), "reason", string(e.Reason)), Shown: true,
	})
	advice, err := x.advised(d, e.Customer, lockout.AdviceVerifyIdentity, lockout.AdviceContactSupport, lockout.AdviceChangePassword, lockout.AdviceSecondFactor)
	if err != nil {
		return err
	}
	for _, template := range slices.Concat(told.Mails, mailsAgain(told, e.Again)) {
		d.Tell(okpay.Message{Customer: e.Customer, Template: template, ObjectType: "gate", Object: string(e.Customer), Facts: map[string]string{
			"reason": string(e.Reason), "at": stampOf(d.Now()), "advice": adviceText(advice...),
		}})
	}
	memo.put(d, e.Customer)
	if x.cfg.OnRiskLock != nil {
		if err := x.cfg.OnRiskLock(d, e); err != nil {
			return err
		}
	}
	return d.WriteGate(g, okpay.Told{Emits: told.Emits})
}

// mailsAgain is the message of an account that is locked once more.
func mailsAgain(told okpay.Told, again bool) []string {
	if again && len(told.Mails) == 0 {
		return []string{"account_locked"}
	}
	return nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// adviceText is what to do, in order, as facts tell it.
func adviceText(advice ...lockout.Advice) string {
	var codes []string
	for _, a := range advice {
		codes = append(codes, string(a))
	}
	return strings.Join(codes, ",")
}

// riskLocked reports whether a gate is locked for reasons of security.
func riskLocked(g *okpay.Gate) bool { return g.State == okpay.GateLocked && g.Guarded() }

// riskMemo is what is remembered of a lock for reasons of security.
type riskMemo struct {
	Agent string `json:"agent,omitempty"` // who has released it, until a second one confirms
	Epoch int64  `json:"epoch,omitempty"` // the gate's: a release is about this lock, and none that comes after it
	Debt  string `json:"debt,omitempty"`  // why a debt had locked the gate before
	Owed  bool   `json:"owed,omitempty"`  // something was owed then; what is locked for a debt may be paid already
}

// owes reports whether a customer owes anything. The gate is written by whatever makes a debt that locks, and
// by what pays one, so what is read here is true when a Change that relies on the gate commits.
func (x *Identity) owes(d *okpay.Draft, customer okpay.CustomerID) (bool, error) {
	owed, err := x.w.Customers.Debts(okpay.WithoutActor(d.Context()), customer)
	return len(owed) > 0, err
}

func (x *Identity) riskMemo(d *okpay.Draft, customer okpay.CustomerID) (*riskMemo, error) {
	m := &riskMemo{}
	return m, optional(d.Read("risk_lock", string(customer), m))
}

func (m *riskMemo) put(d *okpay.Draft, customer okpay.CustomerID) {
	put := plain("risk_lock", string(customer), customer)
	put.Content = encode(m)
	d.Put(put)
}
