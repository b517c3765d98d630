package care

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	Text     string   // in the customer's own words, if they reported it; at most 4,000 characters
	Objects  []Link   // what it is about: the customer's own
}

// OpenUrgent opens a case of the highest priority in a Change of somebody else's, so that what
// happened to an account and the case about it are there together. An open case of the category
// becomes urgent instead. Errors: InvalidRequest, NotFound.
func (s *Cases) OpenUrgent(d *okpay.Draft, in Urgent) (CaseID, error) {
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
	return s.openFor(d, in.Customer, in.Category, in.Objects, e, func(a *approach) { a.urgent, a.said.facts = true, facts })
}

// openForAppeal opens the case that an appeal belongs to, or adds it to the open one. The
// appeal is written by the same Change.
func (s *Cases) openForAppeal(d *okpay.Draft, customer okpay.CustomerID, appeal AppealID) (string, error) {
	id, err := s.openFor(d, customer, RestrictionQuestion, nil, said{kind: EntrySystem, by: "program"}, func(a *approach) {
		a.made = []Link{{"appeal", string(appeal)}}
	})
	return string(id), err
}

// openFor opens a case, or adds to the open one, in a Change of this package's or another's.
func (s *Cases) openFor(d *okpay.Draft, customer okpay.CustomerID, c Category, objects []Link, e said, with func(*approach)) (CaseID, error) {
	a, err := s.approach(customer, c, BySystem, objects, e, nil)
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

// approach is a contact that was checked.
type approach struct {
	customer okpay.CustomerID
	row      CategoryRow
	channel  CaseChannel
	objects  []Link
	said     said
	follows  CaseID
	made     []Link // objects of the same Change, which are not read
	urgent   bool
	counts   bool // towards the customer's limits
}

func (s *Cases) approach(customer okpay.CustomerID, c Category, channel CaseChannel, objects []Link, e said, files []Upload) (a approach, err error) {
	if err := okpay.CheckID("customer", string(customer)); err != nil {
		return a, err
	}
	a = approach{customer: customer, channel: channel, said: e}
	a.said.channel = channel
	if a.row, err = category(c); err != nil {
		return a, err
	}
	if err := s.checkSaid(&a.said, channel != BySystem); err != nil {
		return a, err
	}
	if a.said.facts, err = a.row.check(e.facts); err != nil {
		return a, err
	}
	if a.objects, err = checkLinks(objects); err != nil {
		return a, err
	}
	a.said.files, err = s.c.checkFiles(files)
	return a, err
}

// check keeps the facts that a case keeps. Errors: InvalidRequest.
func (r CategoryRow) check(facts map[Fact]string) (map[Fact]string, error) {
	var kept map[Fact]string
	for f, text := range facts {
		if !slices.Contains(r.Facts, f) {
			return nil, okpay.InvalidField("facts", "have one that the form does not ask for")
		}
		text, err := prose{field: "facts", most: 200}.check(text)
		if err != nil {
			return nil, err
		}
		if text != "" && f.kept() {
			if kept == nil {
				kept = map[Fact]string{}
			}
			kept[f] = text
		}
	}
	return kept, nil
}

// complete refuses a contact without what the form requires. A link says which transaction it is.
func (a *approach) complete() error {
	for _, f := range a.row.Required {
		if a.said.facts[f] == "" && (f != TransactionID || len(a.objects) == 0) {
			return okpay.InvalidField("facts", "lack %s", f)
		}
	}
	return nil
}

func (a *approach) request() []ledger.Field {
	return append(a.said.request(),
		ledger.Field{Name: "category", Value: string(a.row.Category)}, ledger.Field{Name: "channel", Value: string(a.channel)},
		ledger.Field{Name: "objects", Value: fmt.Sprint(a.objects)}, ledger.Field{Name: "follows", Value: string(a.follows)},
	)
}

func (e *said) request() []ledger.Field {
	var files []string
	for i := range e.files {
		files = append(files, e.files[i].Name+" "+e.files[i].SHA256)
	}
	return []ledger.Field{
		{Name: "subject", Value: e.subject}, {Name: "text", Value: e.text}, {Name: "facts", Value: fmt.Sprint(e.facts)},
		{Name: "files", Value: strings.Join(files, "\n")},
	}
}

// contact adds what a customer says to the open case of the category, or opens one.
func (s *Cases) contact(d *okpay.Draft, a approach) (*caseDoc, error) {
	if err := s.known(d, a.customer); err != nil {
		return nil, err
	}
	k, told, err := s.current(d, a.customer, a.row.Category)
	if err != nil {
		return nil, err
	}
	if err := s.quota(d, a.customer, k == nil, a.counts); err != nil {
		return nil, err
	}
	if k == nil {
		if k, err = s.fresh(d, a); err != nil {
			return nil, err
		}
	}
	for _, o := range a.objects {
		if err := s.own(d, a.customer, o); err != nil {
			return nil, err
		}
	}
	objects := a.objects
	if o, ok := linkOf(a.said.facts[TransactionID]); ok && s.own(d, a.customer, o) == nil {
		objects = append(slices.Clone(objects), o)
	}
	k.link(append(objects, a.made...))
	if len(k.Objects) > maxLinks && a.channel != BySystem {
		return nil, okpay.NewError(okpay.InvalidState, "the case has %d objects", maxLinks)
	}
	m, err := s.said(d, k, a.said)
	if err != nil {
		return nil, err
	}
	told = append(told, m)
	if a.urgent && k.Priority != P1 {
		m, err := k.move(urgentCase, okpay.Always)
		if err != nil {
			return nil, err
		}
		s.prioritize(k, P1, d.Now())
		told = append(told, m)
	}
	return k, s.write(d, k, told...)
}

// known refuses a customer who is not there, or was erased.
func (s *Cases) known(d *okpay.Draft, id okpay.CustomerID) error {
	of := struct {
		ErasedAt *time.Time `json:"erased_at"`
	}{}
	err := d.Read("customer", string(id), &of)
	if err == nil && of.ErasedAt != nil || errors.Is(err, okpay.NotFound) {
		err = okpay.NewError(okpay.NotFound, "there is no customer with this id")
	}
	return err
}

// current reads the customer's open case of a category, nil if there is none. Two Changes that
// both find none write the customer's limits, so the second is decided again; and the key of the
// record lets only one be.
func (s *Cases) current(d *okpay.Draft, customer okpay.CustomerID, c Category) (*caseDoc, []okpay.Told, error) {
	r, err := s.c.w.Ledger().RecordByKey(d.Context(), openKey(customer, c))
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	k, told, err := s.load(d, CaseID(r.ID))
	if err == nil && !k.live() { // since this moment
		if err := s.write(d, k, told...); err != nil {
			return nil, nil, err
		}
		return nil, nil, nil
	}
	return k, told, err
}

// fresh is a case that is not written yet.
func (s *Cases) fresh(d *okpay.Draft, a approach) (*caseDoc, error) {
	if a.follows != "" {
		of := &caseDoc{}
		err := d.Read("case", string(a.follows), of)
		if errors.Is(err, okpay.NotFound) || err == nil && of.Case.Customer != a.customer {
			return nil, noCase(a.follows)
		}
		if err != nil {
			return nil, err
		}
		closed := of.State == CaseClosed || of.State == CaseSolved && !d.Now().Before(*of.ClosesAt)
		if !closed || of.Category != a.row.Category {
			return nil, okpay.NewError(okpay.InvalidState, "the case is %s, and about %s", of.State, of.Category)
		}
	}
	id := s.c.w.NewID("cas_")
	number := strings.ToUpper(id[max(0, len(id)-8):])
	now := d.Now()
	k := &caseDoc{Case: Case{
		ID: CaseID(id), Number: number[:min(4, len(number))] + "-" + number[min(4, len(number)):], Customer: a.customer, Category: a.row.Category,
		Priority: a.row.Priority, Tier: 1, Channel: a.channel, Follows: a.follows, QueuedAt: now, CreatedAt: now,
	}}
	if a.urgent {
		k.Priority = P1
	}
	k.First.run(s.c.pace(k, "first_response"), now)
	k.Resolution.run(s.c.pace(k, "resolution"), now)
	return k, nil
}

// said adds what the customer says, and what that does to the case.
func (s *Cases) said(d *okpay.Draft, k *caseDoc, e said) (okpay.Told, error) {
	was, now := k.State, d.Now()
	m, err := k.move(contactCase, okpay.Always)
	if err != nil {
		return m, err
	}
	if err := s.log(d, k, e); err != nil {
		return m, err
	}
	if was == CasePending || was == CaseSolved {
		k.GivesUpAt = nil
		if err := s.back(d, k); err != nil {
			return m, err
		}
	}
	if was == CaseSolved {
		k.SolvedAt, k.ClosesAt = nil, nil
		k.Reopened++
	}
	if k.First.Done {
		k.Next.run(s.c.pace(k, "next_response"), now)
	}
	return m, nil
}

// back gives a case that is worked on again to the agent who had it, or to the queue if they are
// not there any more.
func (s *Cases) back(d *okpay.Draft, k *caseDoc) error {
	k.Resolution.run(s.c.pace(k, "resolution"), d.Now())
	if k.Agent != "" {
		_, err := s.c.operator(d, k.Agent, MayWorkCases)
		if err == nil {
			return nil
		}
		if !errors.Is(err, okpay.PermissionDenied) {
			return err
		}
	}
	k.Agent, k.QueuedAt = "", d.Now()
	return nil
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
