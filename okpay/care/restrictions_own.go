package care

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Mine returns a customer's own restrictions, the newest first, those that are over among them,
// and whether there are more. Errors: those of okpay.Wallet.Admit, NotFound.
func (s *Restrictions) Mine(ctx context.Context, customer okpay.CustomerID, before RestrictionID, limit int) ([]Restriction, bool, error) {
	if err := s.c.own(ctx, customer); err != nil {
		return nil, false, err
	}
	return s.c.restrictions(ctx, ledger.RecordQuery{
		Type: "restriction", Label: "c:" + string(customer), After: string(before), Desc: true, Limit: limit,
	})
}

// own lets a customer, or the program for them, see what is theirs. Errors: those of
// okpay.Wallet.Admit, NotFound.
func (c *Care) own(ctx context.Context, customer okpay.CustomerID) error {
	if err := okpay.CheckID("customer", string(customer)); err != nil {
		return err
	}
	if err := c.w.Admit(ctx, customer); err != nil {
		return err
	}
	_, err := c.w.Customers.Gate(ctx, customer)
	return err
}

// SubmitRequirement is the input of Restrictions.Submit.
type SubmitRequirement struct {
	Customer    okpay.CustomerID
	Restriction RestrictionID
	Requirement string     // its ID
	Documents   []Evidence // for a Document, 1 to MaxEvidence
	Answer      string     // for a Question, 1 to MaxAnswer characters; may have lines
	Key         string     // makes the call safe to repeat
}

// Submit gives what a requirement asks for. It is possible whatever is restricted, and after the
// deadline.
//
// Errors, the first that applies: InvalidRequest, AuthenticationRequired, SessionEnded,
// IdempotencyKeyReused, NotFound (another customer's, too), AccountClosed, InvalidState when it is
// not the customer's turn, TooManyTries after MaxSubmissions, InvalidRequest for a document that was
// rejected before.
func (s *Restrictions) Submit(ctx context.Context, in SubmitRequirement) (Restriction, error) {
	if err := checkSubmission(&in); err != nil {
		return Restriction{}, err
	}
	var digests []string
	for _, e := range in.Documents {
		digests = append(digests, e.SHA256)
	}
	act := okpay.Act{
		Principal: "c/" + string(in.Customer), Operation: "restriction.submit", Key: in.Key,
		Request: []ledger.Field{
			{Name: "restriction", Value: string(in.Restriction)},
			{Name: "requirement", Value: in.Requirement},
			{Name: "documents", Value: strings.Join(digests, " ")},
			{Name: "answer", Value: in.Answer},
		},
	}
	out, err := s.c.w.Do(ctx, act, func(d *okpay.Draft) error { return s.submit(d, in) })
	if err != nil {
		return Restriction{}, err
	}
	return s.after(ctx, out)
}

func checkSubmission(in *SubmitRequirement) (err error) {
	for field, id := range map[string]string{"customer": string(in.Customer), "restriction": string(in.Restriction), "requirement": in.Requirement} {
		if err := okpay.CheckID(field, id); err != nil {
			return err
		}
	}
	if (len(in.Documents) == 0) == (in.Answer == "") {
		return okpay.InvalidField("documents", "or an answer is given, one of the two")
	}
	if err := checkEvidence("documents", in.Documents); err != nil {
		return err
	}
	if in.Answer != "" {
		in.Answer, err = prose{field: "answer", least: 1, most: MaxAnswer, lines: true}.check(in.Answer)
	}
	return err
}

func (s *Restrictions) submit(d *okpay.Draft, in SubmitRequirement) error {
	r, err := s.c.theirs(d, in.Customer, in.Restriction)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.Requirements, func(q requirement) bool { return q.ID == in.Requirement })
	switch {
	case i < 0:
		return okpay.NewError(okpay.NotFound, "there is no such requirement")
	case !restrictionMachine().Allows(r.State, submit) || r.ended(d.Now()):
		return restrictionMachine().Refuse(r.State, string(r.ID), submit)
	}
	q := &r.Requirements[i]
	if (q.Kind == Document) != (len(in.Documents) > 0) {
		return okpay.InvalidField("documents", "are not what is asked for: it is a %s", q.Kind)
	}
	var told []okpay.Told
	if r.missed(d.Now()) {
		m, err := r.move(d, missDeadline, okpay.Always)
		if err != nil {
			return err
		}
		told = append(told, m)
	}
	if _, err := requirementMachine().Move(&q.State, string(r.ID), submit, okpay.Always); err != nil {
		return err
	}
	if q.Tries >= MaxSubmissions {
		return okpay.NewError(okpay.TooManyTries, "it was submitted %d times", q.Tries)
	}
	all, err := s.c.restricted(d, in.Customer)
	if err != nil {
		return err
	}
	for _, e := range in.Documents {
		if slices.Contains(all.Rejected, e.SHA256) {
			return okpay.InvalidField("documents", "have one that was rejected before")
		}
	}
	q.Documents, q.Answer, q.Problem, q.At = in.Documents, in.Answer, "", d.Now()
	q.Tries++
	r.about = q
	m, err := r.move(d, submit, okpay.Always)
	if err != nil {
		return err
	}
	d.Audit(okpay.AuditEntry{
		Actor: "c/" + string(in.Customer), Action: "restriction.submit", Customer: in.Customer, Object: string(r.ID), Session: session(d),
		Shown: true, Facts: map[string]string{"requirement": q.Code},
	})
	d.Result = string(r.ID)
	return s.c.enforce(d, r, append(told, m)...)
}

// session is the one in which a customer acts, if any.
func session(d *okpay.Draft) string {
	a, _ := okpay.ActorOf(d.Context())
	return a.Session
}

// theirs reads a customer's own restriction. Errors: NotFound, AccountClosed.
func (c *Care) theirs(d *okpay.Draft, customer okpay.CustomerID, id RestrictionID) (*restrictionDoc, error) {
	g, err := d.Gate(customer)
	if err != nil {
		return nil, err
	}
	if g.State == okpay.GateClosed {
		return nil, okpay.NewError(okpay.AccountClosed, "the customer's account is closed")
	}
	r := &restrictionDoc{}
	if err := d.Read("restriction", string(id), r); err != nil {
		return nil, err
	}
	if r.Customer() != customer {
		e := okpay.NewError(okpay.NotFound, "there is no restriction with this id")
		e.Object = string(id)
		return nil, e
	}
	return r, nil
}

// Get returns a customer's own restriction. Errors: those of okpay.Wallet.Admit, NotFound.
func (s *Restrictions) Get(ctx context.Context, customer okpay.CustomerID, id RestrictionID) (Restriction, error) {
	r, err := s.c.mine(ctx, customer, id)
	if err != nil {
		return Restriction{}, err
	}
	return r.public(), nil
}

func (c *Care) mine(ctx context.Context, customer okpay.CustomerID, id RestrictionID) (*restrictionDoc, error) {
	if err := c.own(ctx, customer); err != nil {
		return nil, err
	}
	r := &restrictionDoc{}
	err := c.w.Read(ctx, "restriction", string(id), r)
	if err == nil && r.Customer() != customer {
		e := okpay.NewError(okpay.NotFound, "there is no restriction with this id")
		e.Object = string(id)
		err = e
	}
	return r, err
}

// Progress tells a customer how far a restriction of theirs is, at any time. Errors: those of
// okpay.Wallet.Admit, NotFound.
func (s *Restrictions) Progress(ctx context.Context, customer okpay.CustomerID, id RestrictionID) (Progress, error) {
	r, err := s.c.mine(ctx, customer, id)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{State: string(r.State), Stage: StageWithUs}
	switch {
	case !slices.Contains(inForce(), r.State):
		p.Stage = StageOver
	case r.customersTurn():
		p.Stage, p.Until = StageYourTurn, r.public().Deadline
		for _, q := range r.Requirements {
			if q.customersTurn() {
				p.Open = append(p.Open, q.Code)
			}
		}
	case r.queue() != "":
		since := r.waitsSince()
		if p.Place, err = s.c.place(ctx, "restriction", r.queue(), since, string(r.ID), func() waiting { return &restrictionDoc{} }); err != nil {
			return Progress{}, err
		}
		p.expect(s.c.w.Now(), s.c.decideBy(since), s.c.cfg.Calendar)
	}
	return p, nil
}

// place counts who waits before something, and itself. It looks at maxPlace at most.
func (c *Care) place(ctx context.Context, noun, queue string, since time.Time, id string, empty func() waiting) (int, error) {
	place := 1
	for after, seen := "", 0; seen < maxPlace; {
		records, more, err := c.w.Records(ctx, ledger.RecordQuery{Type: noun, Label: queue, After: after, Limit: 100})
		if err != nil {
			return 0, err
		}
		for _, rec := range records {
			after = rec.ID
			seen++
			before, err := comesBefore(rec, empty(), since, id)
			if err != nil {
				return 0, err
			}
			if before {
				place++
			}
		}
		if !more {
			break
		}
	}
	return place, nil
}

func decodeDoc(rec ledger.Record, doc any) error {
	if err := json.Unmarshal(rec.Content, doc); err != nil {
		return fmt.Errorf("care: %s %s: %w", rec.Type, rec.ID, err)
	}
	return nil
}
