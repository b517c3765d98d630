package identity

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// ReportID names a report of what a customer has not done.
type ReportID string

// Report is what a customer says they have not done.
type Report struct {
	ID       ReportID         `json:"id"`
	Customer okpay.CustomerID `json:"customer"`
	Objects  []ObjectRef      `json:"objects,omitempty"`
	Text     string           `json:"text,omitempty"`
	At       time.Time        `json:"at"`
	// Replayed is set when the Key had been used before: nothing was done this time.
	Replayed bool `json:"-"`
}

// ReportUnauthorised is the input of Identity.ReportUnauthorised.
type ReportUnauthorised struct {
	// Proof is that of a verification for ForReport, for who is not signed in. Otherwise the
	// session in the context is enough.
	Proof   Secret
	Objects []ObjectRef // what was not theirs, at most 20; each has to be the customer's own
	Text    string      // at most 4,000 bytes of UTF-8; lines may be broken
	Client  Client
	Key     string // makes the call safe to repeat
}

const (
	maxReported   = 20
	maxReportText = 4000
)

// ReportUnauthorised is all in one call that a customer needs who sees what they have not done:
// no money leaves the account any more, everybody is signed out, Config.OnRiskLock opens a case,
// and the customer is told. It may be repeated: an account that is locked stays locked, and what
// else is reported goes to the case. Repeats with a proof and the same Key are answered as
// before; in a session that the first call has ended they are refused.
//
// Errors, the first that applies: InvalidRequest, AuthenticationRequired without proof and
// session, SessionEnded, AuthenticationFailed for the proof, IdempotencyKeyReused, AccountClosed,
// NotFound for an object that is not the customer's, those of Config.OnRiskLock, ServiceBusy.
func (x *Identity) ReportUnauthorised(ctx context.Context, in ReportUnauthorised) (Report, error) {
	if err := in.check(); err != nil {
		return Report{}, err
	}
	c := callerOf(ctx)
	customer := c.Customer
	switch {
	case !in.Proof.IsZero():
		var err error
		if customer, err = x.proofCustomer(ctx, in.Proof); err != nil {
			return Report{}, err
		}
		c = caller{okpay.Actor{Customer: customer}}
	case !c.signedIn():
		return Report{}, okpay.NewError(okpay.AuthenticationRequired, "nobody is signed in")
	default:
		if _, _, err := x.actorOf(ctx); err != nil {
			return Report{}, err
		}
	}
	id := ReportID(x.w.NewID("rep_"))
	act := okpay.Act{Principal: "report/" + string(customer), Operation: "report", Key: in.Key, Request: in.request()}
	out, err := x.inTurn(okpay.WithoutActor(ctx), "gate/"+string(customer), act, func(d *okpay.Draft) error {
		if !in.Proof.IsZero() {
			if _, err := x.UseProof(d, in.Proof, ProofOf{Purpose: ForReport, Customer: customer}); err != nil {
				return err
			}
		} else if _, err := x.admitted(d, c.Actor); err != nil {
			return err
		}
		for _, o := range in.Objects {
			if err := x.theirs(d, customer, o); err != nil {
				return err
			}
		}
		r := Report{ID: id, Customer: customer, Objects: in.Objects, Text: in.Text, At: d.Now()}
		put := plain("report", string(id), customer)
		put.Chaining, put.Content = ledger.Chained, encode(r)
		d.Put(put)
		d.Result = string(id)
		d.Audit(okpay.AuditEntry{
			Actor: "c/" + string(customer), Action: "report.unauthorised", Customer: customer, Object: string(id), Session: c.Session,
			Facts: in.Client.facts(), Shown: true,
		})
		d.Tell(okpay.Message{Customer: customer, Template: "report_received", ObjectType: "report", Object: string(id), Facts: map[string]string{
			"at": stampOf(d.Now()), "advice": adviceText(lockout.AdviceVerifyIdentity, lockout.AdviceContactSupport),
		}})
		return x.riskLock(d, RiskEvent{
			Customer: customer, Reason: lockout.ReasonUserReport, By: "c/" + string(customer), Report: id, Objects: in.Objects, Text: in.Text,
		}, &in.Client)
	})
	if err != nil {
		return Report{}, err
	}
	var r Report
	err = x.w.ReadAfter(ctx, out, "report", out.Result, &r)
	r.Replayed = out.Replayed
	return r, err
}

func (in *ReportUnauthorised) check() error {
	if len(in.Objects) > maxReported {
		return okpay.InvalidField("objects", "are %d, want at most %d", len(in.Objects), maxReported)
	}
	for _, o := range in.Objects {
		if _, ok := owners()[o.Type]; !ok {
			return okpay.InvalidField("objects", "have one of a type that can not be reported")
		}
		if err := okpay.CheckID("objects", o.ID); err != nil {
			return err
		}
	}
	if err := checkWords("text", in.Text, maxReportText); err != nil {
		return err
	}
	return in.Client.check()
}

func (in *ReportUnauthorised) request() []ledger.Field {
	fields := []ledger.Field{{Name: "text", Value: in.Text}}
	for _, o := range in.Objects {
		fields = append(fields, ledger.Field{Name: "object", Value: o.Type + "/" + o.ID})
	}
	return fields
}

// checkWords bounds what somebody wrote: text as okpay.CheckText has it, with broken lines.
func checkWords(field, s string, most int) error {
	plain := []byte(s)
	for i, c := range plain {
		if c == '\n' || c == '\t' {
			plain[i] = ' '
		}
	}
	return okpay.CheckText(field, string(plain), most)
}

// owners are where objects say whose they are.
func owners() map[string][]string {
	return map[string][]string{
		"payment": {"customer"}, "withdrawal": {"customer"}, "topup": {"customer"}, "conversion": {"customer"},
		"destination": {"customer"}, "refund": {"customer"}, "transfer": {"from", "to"}, "request": {"from", "to"},
	}
}

// theirs refuses an object that a customer has no part in, like one that is not there.
func (x *Identity) theirs(d *okpay.Draft, customer okpay.CustomerID, o ObjectRef) error {
	fields := map[string]any{}
	err := d.Read(o.Type, o.ID, &fields)
	own := slices.ContainsFunc(owners()[o.Type], func(name string) bool { return fields[name] == string(customer) })
	if errors.Is(err, okpay.NotFound) || err == nil && !own {
		e := okpay.NewError(okpay.NotFound, "there is no %s of the customer's with this id", o.Type)
		e.Object = o.ID
		return e
	}
	return err
}
