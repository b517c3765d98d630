package care

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// WorkCase is the input of what agents do to cases.
type WorkCase struct {
	By   OperatorID
	Why  string // 3 to 500 characters; for the audit
	Case CaseID
	Key  string // makes the call safe to repeat
}

// SayCase is the input of what agents write into cases.
type SayCase struct {
	By    OperatorID
	Why   string // 3 to 500 characters; for the audit
	Case  CaseID
	Text  string // 1 to 4,000 characters
	Files []Upload
	Key   string // makes the call safe to repeat
}

// Take gives an agent a case that nobody has. Of those who take one at the same time one gets it.
//
// Errors of Take and of what follows, the first that applies: InvalidRequest, PermissionDenied,
// IdempotencyKeyReused, NotFound, SelfApprovalForbidden for the operator's own account,
// PermissionDenied when the operator has not the skill or the level, or the case is another
// agent's, InvalidState, also when the agent has as many cases open as they can.
func (s *Cases) Take(ctx context.Context, in WorkCase) (Case, error) {
	return s.worked(ctx, in, MayWorkCases, takeCase, nil, func(d *okpay.Draft, by *Operator, k *caseDoc, _ *okpay.AuditEntry) (okpay.Told, error) {
		return s.take(d, by, k)
	})
}

func (s *Cases) take(d *okpay.Draft, by *Operator, k *caseDoc) (okpay.Told, error) {
	g := okpay.Always
	if k.State == CaseOpen && k.Agent == "" {
		g = unassignedCase
	}
	m, err := k.move(takeCase, g)
	if err != nil {
		return m, err
	}
	if !s.c.fits(by, k) {
		return m, okpay.NewError(okpay.PermissionDenied, "the case wants another skill or level")
	}
	k.Agent = by.ID
	return m, s.room(d, by.ID)
}

// AssignCase is the input of Cases.Assign.
type AssignCase struct {
	By   OperatorID // who may move cases between agents
	Why  string     // 3 to 500 characters; for the audit
	Case CaseID
	To   OperatorID
	Key  string // makes the call safe to repeat
}

// Assign gives an agent a case, whoever has it. Errors as for Take; PermissionDenied also when To
// can not be given it.
func (s *Cases) Assign(ctx context.Context, in AssignCase) (Case, error) {
	if err := okpay.CheckID("to", string(in.To)); err != nil {
		return Case{}, err
	}
	w := WorkCase{in.By, in.Why, in.Case, in.Key}
	return s.worked(ctx, w, MayAssignCases, assignCase, []ledger.Field{{Name: "to", Value: string(in.To)}},
		func(d *okpay.Draft, _ *Operator, k *caseDoc, entry *okpay.AuditEntry) (okpay.Told, error) {
			m, err := k.move(assignCase, okpay.Always)
			if err != nil {
				return m, err
			}
			to, err := s.c.operator(d, in.To, MayWorkCases)
			if err != nil {
				return m, err
			}
			if err := s.c.notOwn(d, to, k.Case.Customer); err != nil {
				return m, err
			}
			if !s.c.fits(to, k) {
				return m, okpay.NewError(okpay.PermissionDenied, "the case wants another skill or level")
			}
			entry.Facts = map[string]string{"to": string(in.To), "from": string(k.Agent)}
			if k.Agent == in.To {
				return m, nil
			}
			k.Agent = in.To
			if k.State != CaseOpen {
				return m, nil
			}
			return m, s.room(d, in.To)
		})
}

// Release gives a case back to the queue, where it has the place that it had. Errors as for Take.
func (s *Cases) Release(ctx context.Context, in WorkCase) (Case, error) {
	return s.worked(ctx, in, MayWorkCases, releaseCase, nil, func(_ *okpay.Draft, by *Operator, k *caseDoc, _ *okpay.AuditEntry) (okpay.Told, error) {
		m, err := k.move(releaseCase, okpay.Always)
		return m, cmp.Or(err, mine(by, k), give(k, ""))
	})
}

func give(k *caseDoc, agent OperatorID) error {
	k.Agent = agent
	return nil
}

// Answer tells the customer something. Errors as for Take.
func (s *Cases) Answer(ctx context.Context, in SayCase) (Case, error) {
	return s.says(ctx, in, replyCase, EntryReply, func(*okpay.Draft, *caseDoc) {})
}

// Ask asks the customer something, and waits for them: the time to resolve the case pauses. Who
// does not answer for 14 days is not waited for any longer, see Config.PendingLimit. Errors as for Take.
func (s *Cases) Ask(ctx context.Context, in SayCase) (Case, error) {
	return s.says(ctx, in, askCase, EntryQuestion, func(d *okpay.Draft, k *caseDoc) {
		at := d.Now().Add(s.c.cfg.PendingLimit)
		k.GivesUpAt = &at
		k.Resolution.pause(s.c.pace(k, "resolution"), d.Now())
	})
}

// Solve tells the customer the solution, with a survey; the transcript is theirs to read, see
// Transcript. Errors as for Take.
func (s *Cases) Solve(ctx context.Context, in SayCase) (Case, error) {
	return s.says(ctx, in, solveCase, EntrySolution, func(d *okpay.Draft, k *caseDoc) { s.done(k, d.Now()) })
}

// Note writes down what only operators see; whoever works on cases may, except in closed ones.
// Errors as for Take.
func (s *Cases) Note(ctx context.Context, in SayCase) (Case, error) {
	return s.writes(ctx, in, noteCase, EntryNote, false, func(*okpay.Draft, *caseDoc) {})
}

// Wait waits for somebody else: the time to resolve the case pauses. The text is a note. Errors as for Take.
func (s *Cases) Wait(ctx context.Context, in SayCase) (Case, error) {
	return s.writes(ctx, in, waitCase, EntryNote, true, func(d *okpay.Draft, k *caseDoc) {
		k.GivesUpAt = nil
		k.Resolution.pause(s.c.pace(k, "resolution"), d.Now())
	})
}

// Resume goes on with a case that waited. Errors as for Take.
func (s *Cases) Resume(ctx context.Context, in WorkCase) (Case, error) {
	return s.worked(ctx, in, MayWorkCases, resumeCase, nil, func(d *okpay.Draft, by *Operator, k *caseDoc, _ *okpay.AuditEntry) (okpay.Told, error) {
		m, err := k.move(resumeCase, okpay.Always)
		if err := cmp.Or(err, mine(by, k)); err != nil {
			return m, err
		}
		k.GivesUpAt = nil
		k.Resolution.run(s.c.pace(k, "resolution"), d.Now())
		return m, nil
	})
}

// Escalate hands a case to the second level, one priority up; the text is a note for who takes
// it. Errors as for Take.
func (s *Cases) Escalate(ctx context.Context, in SayCase) (Case, error) {
	e := said{kind: EntryNote, by: string(in.By), text: in.Text}
	return s.entered(ctx, in, MayEscalateCases, escalateCase, e, func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) (okpay.Told, error) {
		g := okpay.Always
		if k.Tier == 1 {
			g = firstTier
		}
		m, err := k.move(escalateCase, g)
		if err := cmp.Or(err, mine(by, k)); err != nil {
			return m, err
		}
		k.Tier, k.Agent = 2, ""
		s.prioritize(k, max(P1, k.Priority-1), d.Now())
		entry.Facts = map[string]string{"priority": fmt.Sprint(k.Priority)}
		return m, nil
	})
}

// LinkCase is the input of Cases.Link.
type LinkCase struct {
	By      OperatorID
	Why     string // 3 to 500 characters; for the audit
	Case    CaseID
	Objects []Link // the customer's own, 1 to 10
	Key     string // makes the call safe to repeat
}

// Link says what a case is about, too. Errors as for Take, and NotFound for an object that is not
// the customer's.
func (s *Cases) Link(ctx context.Context, in LinkCase) (Case, error) {
	objects, err := checkLinks(in.Objects)
	if err == nil && len(objects) == 0 {
		err = okpay.InvalidField("objects", "are missing")
	}
	if err != nil {
		return Case{}, err
	}
	w := WorkCase{in.By, in.Why, in.Case, in.Key}
	return s.worked(ctx, w, MayWorkCases, linkCase, []ledger.Field{{Name: "objects", Value: fmt.Sprint(objects)}},
		func(d *okpay.Draft, by *Operator, k *caseDoc, _ *okpay.AuditEntry) (okpay.Told, error) {
			m, err := k.move(linkCase, okpay.Always)
			if err := cmp.Or(err, mine(by, k)); err != nil {
				return m, err
			}
			for _, o := range objects {
				if err := s.own(d, k.Case.Customer, o); err != nil {
					return m, err
				}
			}
			if k.link(objects); len(k.Objects) > maxLinks {
				return m, okpay.NewError(okpay.InvalidState, "the case has %d objects", maxLinks)
			}
			return m, nil
		})
}

// mine refuses an agent who has not got the case. Errors: PermissionDenied.
func mine(by *Operator, k *caseDoc) error {
	if k.Agent != by.ID {
		return okpay.NewError(okpay.PermissionDenied, "the case is not the operator's")
	}
	return nil
}

// says is writes for what the customer sees.
func (s *Cases) says(ctx context.Context, in SayCase, on okpay.Action, kind EntryKind, then func(*okpay.Draft, *caseDoc)) (Case, error) {
	return s.writes(ctx, in, on, kind, true, func(d *okpay.Draft, k *caseDoc) {
		k.First.stop(s.c.pace(k, "first_response"), d.Now())
		k.Next.stop(s.c.pace(k, "next_response"), d.Now())
		then(d, k)
	})
}

func (s *Cases) writes(ctx context.Context, in SayCase, on okpay.Action, kind EntryKind, own bool, then func(*okpay.Draft, *caseDoc)) (Case, error) {
	e := said{kind: kind, by: string(in.By), text: in.Text}
	return s.entered(ctx, in, MayWorkCases, on, e, func(d *okpay.Draft, by *Operator, k *caseDoc, _ *okpay.AuditEntry) (okpay.Told, error) {
		m, err := k.move(on, okpay.Always)
		if err == nil && own {
			err = mine(by, k)
		}
		if err == nil {
			then(d, k)
		}
		return m, err
	})
}

// work is what an operator does to a case, drafted.
type work func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) (okpay.Told, error)

// entered is worked for what comes with an entry of the log.
func (s *Cases) entered(ctx context.Context, in SayCase, may Permission, on okpay.Action, e said, fn work) (Case, error) {
	err := s.checkSaid(&e, true)
	if err == nil {
		e.files, err = s.c.checkFiles(in.Files)
	}
	if err != nil {
		return Case{}, err
	}
	w := WorkCase{in.By, in.Why, in.Case, in.Key}
	return s.opened(ctx, e.files, func() (ledger.Outcome, error) {
		return s.work(ctx, w, may, on, e.request(), func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) (okpay.Told, error) {
			m, err := fn(d, by, k, entry)
			if err != nil {
				return m, err
			}
			return m, s.log(d, k, e)
		})
	})
}

func (s *Cases) worked(ctx context.Context, in WorkCase, may Permission, on okpay.Action, request []ledger.Field, fn work) (Case, error) {
	out, err := s.work(ctx, in, may, on, request, fn)
	return s.after(ctx, out, err)
}

// work commits what an operator does to a case.
func (s *Cases) work(ctx context.Context, in WorkCase, may Permission, on okpay.Action, request []ledger.Field, fn work) (ledger.Outcome, error) {
	if err := okpay.CheckID("case", string(in.Case)); err != nil {
		return ledger.Outcome{}, err
	}
	a := deed{by: in.By, why: in.Why, may: may, action: "case." + string(on), object: string(in.Case), key: in.Key, request: request}
	return s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		k, told, err := s.load(d, in.Case)
		if err != nil {
			return err
		}
		entry.Customer = k.Case.Customer
		if err := s.c.notOwn(d, by, k.Case.Customer); err != nil {
			return err
		}
		m, err := fn(d, by, k, entry)
		if err != nil {
			return err
		}
		d.Result = string(k.ID)
		return s.write(d, k, append(told, m)...)
	})
}

// TakeNext is the input of Cases.TakeNext.
type TakeNext struct {
	By  OperatorID
	Why string // 3 to 500 characters; for the audit
}

// TakeNext gives an agent the first case of the queue that they may be given. Errors: those of
// Take, and NotFound when none waits.
func (s *Cases) TakeNext(ctx context.Context, in TakeNext) (Case, error) {
	by, err := s.c.Operators.May(ctx, in.By, MayWorkCases)
	if err != nil {
		return Case{}, err
	}
	for range 10 {
		queue, err := s.queue(ctx, 1)
		if err == nil && s.c.has(&by, MayWorkEscalated) {
			var second []*caseDoc
			second, err = s.queue(ctx, 2)
			queue = merged(second, queue)
		}
		if err != nil {
			return Case{}, err
		}
		var took Case
		err = okpay.NewError(okpay.NotFound, "no case waits that the operator can be given")
		for _, k := range queue {
			if !s.c.fits(&by, k) {
				continue
			}
			took, err = s.Take(ctx, WorkCase{By: in.By, Why: in.Why, Case: k.ID})
			if err == nil || !errors.Is(err, okpay.InvalidState) {
				return took, err
			}
			// Somebody else was faster, or the agent has no room.
			if full, failed := s.full(ctx, in.By); full || failed != nil {
				return Case{}, cmp.Or(failed, err)
			}
		}
		if errors.Is(err, okpay.NotFound) {
			return Case{}, err
		}
	}
	return Case{}, okpay.NewError(okpay.ServiceBusy, "others were faster each time")
}
