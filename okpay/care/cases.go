package care

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Cases is the service for support cases.
type Cases struct{ c *Care }

// OpenCase is the input of Cases.Open.
type OpenCase struct {
	Customer okpay.CustomerID
	Category Category
	Channel  CaseChannel // app unless told
	Subject  string      // at most 200 characters, one line
	Text     string      // 1 to 4,000 characters
	// Facts are those that the category's form asks for, each at most 200 characters.
	Facts   map[Fact]string
	Objects []Link // what it is about: the customer's own; at most 10
	Files   []Upload
	Follows CaseID // a closed case that it takes up again
	Key     string // makes the call safe to repeat
}

// Open is how a customer, or the program for them, contacts support. There is one open case for
// each customer and category: a second contact is added to it and keeps its place in the queue.
// Who takes up a case that is closed gets a new one, linked to it.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound for the customer,
// an object or a case that is not theirs, TooManyTries with ResetsAt, InvalidState for Follows
// that is not closed or has another category, and when the open case is full.
func (s *Cases) Open(ctx context.Context, in OpenCase) (Case, error) {
	in.Channel = cmp.Or(in.Channel, ByApp)
	if !slices.Contains([]CaseChannel{ByApp, ByChat, ByMail, ByPhone}, in.Channel) {
		return Case{}, okpay.InvalidField("channel", "is not known")
	}
	a, err := s.approach(in.Customer, in.Category, in.Channel, in.Objects, said{kind: EntryContact, by: "customer", subject: in.Subject, text: in.Text, facts: in.Facts}, in.Files)
	if err != nil {
		return Case{}, err
	}
	a.follows, a.counts = in.Follows, true
	if err := a.complete(); err != nil {
		return Case{}, err
	}
	act := okpay.Act{Principal: "c/" + string(in.Customer), Operation: "case.open", Key: in.Key, Request: a.request()}
	if _, acts := okpay.ActorOf(ctx); !acts && (in.Channel == ByMail || in.Channel == ByPhone) {
		act.Principal = "program" // nobody is signed in there
		act.Request = append(act.Request, ledger.Field{Name: "customer", Value: string(in.Customer)})
	}
	return s.opened(ctx, a.said.files, func() (ledger.Outcome, error) {
		return s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
			k, err := s.contact(d, a)
			if err != nil {
				return err
			}
			d.Result = string(k.ID)
			d.Audit(okpay.AuditEntry{Actor: act.Principal, Action: "case.contact", Customer: in.Customer, Object: string(k.ID), Shown: true})
			return nil
		})
	})
}

// LogContact is the input of Cases.LogContact.
type LogContact struct {
	By       OperatorID // an agent
	Why      string     // 3 to 500 characters; for the audit
	Customer okpay.CustomerID
	Category Category
	Channel  CaseChannel // phone unless told, or chat or mail
	Subject  string
	Text     string // what the customer said, 1 to 4,000 characters
	Facts    map[Fact]string
	Objects  []Link
	Files    []Upload
	Key      string // makes the call safe to repeat
}

// LogContact is Open by an agent who writes down what somebody says who calls or writes, and says
// to be the customer. The customer is told of it where they can be reached: who was not the
// caller learns of it. Facts that a form requires may be missing. Errors as for Open, and
// PermissionDenied, SelfApprovalForbidden for the agent's own account; the customer's limits
// do not count here.
func (s *Cases) LogContact(ctx context.Context, in LogContact) (Case, error) {
	in.Channel = cmp.Or(in.Channel, ByPhone)
	if !slices.Contains([]CaseChannel{ByChat, ByMail, ByPhone}, in.Channel) {
		return Case{}, okpay.InvalidField("channel", "is not known")
	}
	a, err := s.approach(in.Customer, in.Category, in.Channel, in.Objects, said{kind: EntryContact, by: "customer", subject: in.Subject, text: in.Text, facts: in.Facts}, in.Files)
	if err != nil {
		return Case{}, err
	}
	do := deed{by: in.By, why: in.Why, may: MayWorkCases, action: "case.contact", customer: in.Customer, key: in.Key, request: a.request()}
	return s.opened(ctx, a.said.files, func() (ledger.Outcome, error) {
		return s.c.acts(ctx, do, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
			if err := s.c.notOwn(d, by, in.Customer); err != nil {
				return err
			}
			k, err := s.contact(d, a)
			if err != nil {
				return err
			}
			d.Result, entry.Object = string(k.ID), string(k.ID)
			return nil
		})
	})
}

// Urgent is the input of Cases.OpenUrgent.
type Urgent struct {
	Customer okpay.CustomerID
	Category Category // RiskLock or UnauthorizedTransaction, or another one
	Reason   string   // a code
	Text     string   // in the customer's own words, if they reported it
	Objects  []Link   // what it is about: the customer's own
}

// OpenUrgent opens a case of the highest priority in a Change of somebody else's, so that what
// happened to an account and the case about it are there together. An open case of the category
// becomes urgent instead. What is written and linked is taken as it comes, so that no account stays
// open for it: characters that a case does not have are left out, as is what is too long, and
// objects of other types. Errors: InvalidRequest for another form, NotFound for a customer or an
// object that is not there or not theirs.
func (s *Cases) OpenUrgent(d *okpay.Draft, in Urgent) (CaseID, error) {
	in.Text = readable(in.Text, maxSaid)
	var objects []Link
	for _, o := range in.Objects {
		if _, ok := linkTypes()[o.Type]; ok && len(objects) < maxLinks {
			objects = append(objects, o)
		}
	}
	in.Objects = objects
	e := said{kind: EntrySystem, by: "program", text: in.Text}
	if in.Text != "" {
		e.kind, e.by = EntryContact, "customer"
	}
	var facts map[Fact]string
	if in.Reason != "" {
		if err := okpay.CheckID("reason", in.Reason); err != nil {
			return "", err
		}
		facts = map[Fact]string{LockReason: in.Reason}
	}
	return s.openFor(d, in.Customer, in.Category, e, func(a *approach) { a.urgent, a.said.facts, a.objects = true, facts, in.Objects })
}

// openForAppeal opens the case that an appeal belongs to, or adds it to the open one. The
// appeal is written by the same Change.
func (s *Cases) openForAppeal(d *okpay.Draft, customer okpay.CustomerID, appeal AppealID) (string, error) {
	id, err := s.openFor(d, customer, RestrictionQuestion, said{kind: EntrySystem, by: "program"}, func(a *approach) {
		a.said.facts = map[Fact]string{ObjectState: "appeal_submitted"} // or nobody could tell what the entry is
		a.made = []Link{{"appeal", string(appeal)}}
	})
	return string(id), err
}

// openFor opens a case, or adds to the open one, in a Change of this package's or another's.
func (s *Cases) openFor(d *okpay.Draft, customer okpay.CustomerID, c Category, e said, with func(*approach)) (CaseID, error) {
	a, err := s.approach(customer, c, BySystem, nil, e, nil)
	if err != nil {
		return "", err
	}
	with(&a)
	k, err := s.contact(d, a)
	if err != nil {
		return "", err
	}
	d.Audit(okpay.AuditEntry{Actor: "program", Action: "case.contact", Customer: customer, Object: string(k.ID)})
	return k.ID, nil
}

// opened does what opens a case, again if another one took the place that it was decided on.
func (s *Cases) opened(ctx context.Context, files []upload, do func() (ledger.Outcome, error)) (Case, error) {
	undo, err := s.keep(ctx, files)
	if err != nil {
		return Case{}, err
	}
	var out ledger.Outcome
	for range 5 {
		if out, err = do(); !errors.Is(err, ledger.ErrDuplicateKey) {
			break
		}
	}
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = okpay.NewError(okpay.ServiceBusy, "nothing was done")
	}
	if err != nil && !errors.Is(err, ledger.ErrOutcomeUnknown) || out.Replayed {
		undo()
	}
	return s.after(ctx, out, err)
}

func (s *Cases) after(ctx context.Context, out ledger.Outcome, err error) (Case, error) {
	if err != nil {
		return Case{}, err
	}
	k := &caseDoc{}
	err = s.c.w.ReadAfter(ctx, out, "case", out.Result, k)
	k.Replayed = out.Replayed
	return k.Case, err
}

// noCase is the answer for a case that is not there, or another customer's.
func noCase(id CaseID) error {
	e := okpay.NewError(okpay.NotFound, "there is no case with this id")
	if okpay.CheckID("case", string(id)) == nil {
		e.Object = string(id)
	}
	return e
}

// load reads a case, with what time has done to it since.
func (s *Cases) load(d *okpay.Draft, id CaseID) (*caseDoc, []okpay.Told, error) {
	k := &caseDoc{}
	if err := d.Read("case", string(id), k); err != nil {
		if errors.Is(err, okpay.NotFound) {
			err = noCase(id)
		}
		return nil, nil, err
	}
	k.read.agent, k.read.state = k.Agent, k.State
	told, err := s.settle(d, k)
	return k, told, err
}

// write puts a case's next version, with the desks that it moved between.
func (s *Cases) write(d *okpay.Draft, k *caseDoc, told ...okpay.Told) error {
	k.UpdatedAt = d.Now()
	return errors.Join(s.seat(d, k), d.Write(k, told...))
}

// pace is how a clock of a case runs.
func (c *Care) pace(k *caseDoc, clock string) pace {
	service := c.cfg.Services[k.Priority]
	p := pace{calendar: Calendar{Always: true}}
	if service.Business {
		p.calendar = c.cfg.Calendar
	}
	p.target = map[string]time.Duration{
		"first_response": service.First, "next_response": service.Next, "resolution": service.Resolution,
	}[clock]
	return p
}

// prioritize changes a case's priority, and with it how its clocks run.
func (s *Cases) prioritize(k *caseDoc, p Priority, now time.Time) {
	var was []pace
	for _, clock := range k.clocks() {
		was = append(was, s.c.pace(k, clock.name))
	}
	k.Priority = p
	for i, clock := range k.clocks() {
		clock.change(was[i], s.c.pace(k, clock.name), now)
	}
}
