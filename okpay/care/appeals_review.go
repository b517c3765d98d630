package care

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// ReviewAppeal is the input of what operators do with appeals.
type ReviewAppeal struct {
	By     OperatorID
	Why    string // 3 to 500 characters, internal
	Appeal AppealID
	Key    string // makes the call safe to repeat
}

// Take begins to look at an appeal. Who imposed the restriction can not, nor who it is about.
//
// Errors of this and the following, the first that applies: InvalidRequest, PermissionDenied,
// IdempotencyKeyReused, NotFound, SelfApprovalForbidden, InvalidState.
func (s *Appeals) Take(ctx context.Context, in ReviewAppeal) (Appeal, error) {
	return s.decide(ctx, in, takeAppeal, "", nil, func(d *okpay.Draft, by *Operator, a *appealDoc, _ *restrictionDoc) (okpay.Told, error) {
		a.Reviewer = by.ID
		return a.move(d, takeAppeal, okpay.Always)
	})
}

// Release gives an appeal back to the queue, where it keeps its place: for who took it, or who
// may approve appeals.
func (s *Appeals) Release(ctx context.Context, in ReviewAppeal) (Appeal, error) {
	return s.decide(ctx, in, releaseAppeal, MayApproveAppeals, nil, func(d *okpay.Draft, by *Operator, a *appealDoc, r *restrictionDoc) (okpay.Told, error) {
		m, err := a.move(d, releaseAppeal, okpay.Always)
		if err == nil && a.Reviewer != by.ID {
			err = s.c.decides(d, by, r, MayApproveAppeals)
		}
		a.Reviewer, a.Proposed = "", nil
		return m, err
	})
}

// AskAppeal is the input of Appeals.Ask.
type AskAppeal struct {
	By       OperatorID
	Why      string // 3 to 500 characters, internal
	Appeal   AppealID
	Question string // what the customer is asked, 3 to 1,000 characters, may have lines
	Key      string // makes the call safe to repeat
}

// Ask asks the customer for more. They have AppealAnswer, in which the clock stands still.
func (s *Appeals) Ask(ctx context.Context, in AskAppeal) (Appeal, error) {
	question, err := prose{field: "question", least: 3, most: infoQuestion, lines: true}.check(in.Question)
	if err != nil {
		return Appeal{}, err
	}
	request := []ledger.Field{{Name: "question", Value: question}}
	return s.decide(ctx, ReviewAppeal{in.By, in.Why, in.Appeal, in.Key}, askInfo, "", request, func(d *okpay.Draft, by *Operator, a *appealDoc, _ *restrictionDoc) (okpay.Told, error) {
		m, err := a.move(d, askInfo, okpay.Always)
		switch {
		case err != nil:
			return m, err
		case a.Reviewer != by.ID:
			return m, notTheReviewer(a.ID)
		case len(a.Rounds) >= maxInfoRounds:
			return m, okpay.NewError(okpay.TooManyTries, "the customer was asked %d times", maxInfoRounds)
		}
		a.Rounds = append(a.Rounds, infoRound{At: d.Now(), By: by.ID, Question: question})
		a.Question, a.PausedAt, a.AnswerBy, a.Proposed = question, d.Now(), after(d.Now(), AppealAnswer), nil
		return m, nil
	})
}

func notTheReviewer(id AppealID) error {
	e := okpay.NewError(okpay.PermissionDenied, "another operator has taken it")
	e.Object = string(id)
	return e
}

// DenyAppeal is the input of Appeals.Deny.
type DenyAppeal struct {
	By     OperatorID
	Why    string // 3 to 500 characters, internal
	Appeal AppealID
	Reason string // a code of DenialReasons, which the customer is told
	Key    string // makes the call safe to repeat
}

// Deny leaves the restriction as it is. The customer is told why, when another appeal is possible,
// and where to complain outside (Config.Complaints).
func (s *Appeals) Deny(ctx context.Context, in DenyAppeal) (Appeal, error) {
	if !slices.ContainsFunc(DenialReasons(), func(r DenialReason) bool { return r.Code == in.Reason }) {
		return Appeal{}, okpay.InvalidField("reason", "is not one of DenialReasons")
	}
	request := []ledger.Field{{Name: "reason", Value: in.Reason}}
	return s.decide(ctx, ReviewAppeal{in.By, in.Why, in.Appeal, in.Key}, denyAppeal, MayApproveAppeals, request, func(d *okpay.Draft, by *Operator, a *appealDoc, r *restrictionDoc) (okpay.Told, error) {
		m, err := a.move(d, denyAppeal, okpay.Always)
		switch {
		case err != nil:
			return m, err
		case a.Quiet && in.Reason != DenialReasons()[0].Code:
			return m, okpay.InvalidField("reason", "is not possible here: %s is", DenialReasons()[0].Code)
		case a.Reviewer != by.ID:
			if err := s.c.decides(d, by, r, MayApproveAppeals); err != nil {
				return m, notTheReviewer(a.ID)
			}
		}
		a.Denial, a.Complaints, a.Proposed = in.Reason, s.c.cfg.Complaints, nil
		r.Appeals.Open, r.Appeals.NextFrom = "", after(d.Now(), AppealPause)
		if r.Appeals.Count < MaxAppeals {
			a.NextFrom = r.Appeals.NextFrom
		}
		return m, d.Write(r)
	})
}

// Approve ends the restriction, and none other. It takes two: who took the appeal proposes, and
// somebody who may approve appeals agrees within seven days. Neither is who imposed it. Further
// error: DuplicateApprover.
func (s *Appeals) Approve(ctx context.Context, in ReviewAppeal) (Appeal, error) {
	return s.decide(ctx, in, approveAppeal, MayApproveAppeals, nil, func(d *okpay.Draft, by *Operator, a *appealDoc, r *restrictionDoc) (okpay.Told, error) {
		if !appealMachine().Allows(a.State, approveAppeal) {
			return okpay.Told{}, appealMachine().Refuse(a.State, string(a.ID), approveAppeal)
		}
		if p := a.Proposed; p != nil && d.Now().Before(p.At.Add(proposalLasts)) {
			err := s.c.fourEyes(d, hand{p.By, s.c.takes(r, MayReviewAppeals)}, hand{by.ID, s.c.takes(r, MayApproveAppeals)})
			if err == nil {
				return s.approve(d, by, a, r)
			}
			if !errors.Is(err, okpay.PermissionDenied) || s.c.may(d, p.By, s.c.takes(r, MayReviewAppeals)) == nil {
				return okpay.Told{}, err
			}
			// The first one's word counts no more.
		}
		if a.Reviewer != by.ID {
			return okpay.Told{}, notTheReviewer(a.ID)
		}
		if err := s.c.decides(d, by, r, MayReviewAppeals); err != nil {
			return okpay.Told{}, err
		}
		a.Proposed = &proposal{On: approveAppeal, By: by.ID, At: d.Now()}
		return a.move(d, approveAppeal, firstOfTwo)
	})
}

// takes is the permission that deciding on a restriction takes.
func (c *Care) takes(r *restrictionDoc, ordinary Permission) Permission {
	switch {
	case r.Hold:
		return MayHold
	case r.Quiet:
		return MayHandleCompliance
	}
	return ordinary
}

func (s *Appeals) approve(d *okpay.Draft, by *Operator, a *appealDoc, r *restrictionDoc) (okpay.Told, error) {
	m, err := a.move(d, approveAppeal, secondOfTwo)
	if err != nil {
		return m, err
	}
	a.Proposed, r.Appeals.Open = nil, ""
	lifted, err := r.move(d, allowAppeal, okpay.Always)
	if err != nil {
		return m, err
	}
	d.Audit(okpay.AuditEntry{
		Actor: "op/" + string(by.ID), Action: "restriction." + string(allowAppeal), Customer: r.Customer(), Object: string(r.ID), Shown: !r.Quiet,
		Facts: map[string]string{"reason": r.Reason, "state": string(r.State), "appeal": string(a.ID)},
	})
	return m, s.c.enforce(d, r, lifted)
}

// endAppeal settles the appeal against a restriction that has ended otherwise.
func (c *Care) endAppeal(d *okpay.Draft, r *restrictionDoc) error { return c.settleAppeal(d, r, true) }

// settleAppeal is endAppeal, with or without a word to the customer.
func (c *Care) settleAppeal(d *okpay.Draft, r *restrictionDoc, tell bool) error {
	if r.Appeals.Open == "" {
		return nil
	}
	a := &appealDoc{}
	if err := d.Read("appeal", string(r.Appeals.Open), a); err != nil {
		return err
	}
	m, err := a.move(d, settleAppeal, okpay.Always)
	if err != nil {
		return err
	}
	a.Proposed, r.Appeals.Open = nil, ""
	a.AnswerBy, a.Question = nil, ""
	if !tell {
		m.Mails = nil
	}
	d.Audit(okpay.AuditEntry{
		Actor: "program", Action: "appeal.settle", Customer: a.Customer(), Object: string(a.ID), Shown: true,
		Facts: map[string]string{"restriction": string(a.Restriction)},
	})
	return d.Write(a, m)
}

// decide commits what an operator does with an appeal. or is a permission that does as well as the
// one to review.
func (s *Appeals) decide(
	ctx context.Context, in ReviewAppeal, on okpay.Action, or Permission, request []ledger.Field,
	fn func(*okpay.Draft, *Operator, *appealDoc, *restrictionDoc) (okpay.Told, error),
) (Appeal, error) {
	if err := okpay.CheckID("appeal", string(in.Appeal)); err != nil {
		return Appeal{}, err
	}
	e := deed{by: in.By, why: in.Why, may: MayReviewAppeals, or: or, action: "appeal." + string(on), object: string(in.Appeal), key: in.Key, request: request}
	out, err := s.c.acts(ctx, e, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		a, r := &appealDoc{}, &restrictionDoc{}
		if err := d.Read("appeal", string(in.Appeal), a); err != nil {
			return err
		}
		if err := d.Read("restriction", string(a.Restriction), r); err != nil {
			return err
		}
		if err := s.mayDecide(d, by, r, or); err != nil {
			return err
		}
		if err := s.c.notOwn(d, by, a.Customer(), a.ImposedBy); err != nil {
			return err
		}
		reason := entry.Reason
		m, err := fn(d, by, a, r)
		if err != nil {
			return err
		}
		a.Notes = append(a.Notes, Note{At: d.Now(), By: by.ID, Text: reason})
		a.Notes = a.Notes[max(0, len(a.Notes)-maxNotes):]
		entry.Customer, entry.Shown = a.Customer(), len(m.Mails) > 0
		entry.Facts = map[string]string{"restriction": string(a.Restriction), "state": string(a.State)}
		if a.Proposed != nil && on == approveAppeal {
			entry.Facts["step"] = "proposed"
		}
		if a.Quiet {
			entry.Reason = withCompliance
		}
		d.Result = string(a.ID)
		return d.Write(a, m)
	})
	return s.after(ctx, out, err)
}

// mayDecide refuses an operator whose appeals these are not.
func (s *Appeals) mayDecide(d *okpay.Draft, by *Operator, r *restrictionDoc, or Permission) error {
	err := s.c.decides(d, by, r, MayReviewAppeals)
	if err != nil && or != "" && !r.Quiet {
		err = s.c.decides(d, by, r, or)
	}
	return err
}

// AppealFile is what operators see of an appeal.
type AppealFile struct {
	Appeal
	Situation string      `json:"situation"`
	Request   string      `json:"request"`
	Evidence  []Evidence  `json:"evidence,omitempty"`
	Rounds    []InfoRound `json:"rounds,omitempty"`
	Reviewer  OperatorID  `json:"reviewer,omitempty"`
	Proposed  OperatorID  `json:"proposed,omitempty"` // who wants to approve it
	Notes     []Note      `json:"notes,omitempty"`
	DecideBy  time.Time   `json:"decide_by"`
	Nudges    int         `json:"nudges,omitempty"`
}

// InfoRound is a question to the customer, and the answer.
type InfoRound struct {
	Question string     `json:"question"`
	Answer   string     `json:"answer,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// File returns an appeal with all that was written, for who decides on it. Errors, the first that
// applies: InvalidRequest, PermissionDenied, NotFound.
func (s *Appeals) File(ctx context.Context, look LookAt, id AppealID) (AppealFile, error) {
	if err := okpay.CheckID("appeal", string(id)); err != nil {
		return AppealFile{}, err
	}
	var file AppealFile
	e := deed{by: look.By, why: look.Why, may: MayReviewAppeals, or: MayApproveAppeals, action: "appeal.see", object: string(id)}
	_, err := s.c.acts(ctx, e, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		a, r := &appealDoc{}, &restrictionDoc{}
		if err := d.Read("appeal", string(id), a); err != nil {
			return err
		}
		if err := d.Read("restriction", string(a.Restriction), r); err != nil {
			return err
		}
		if err := s.mayDecide(d, by, r, MayApproveAppeals); err != nil {
			return err
		}
		entry.Customer = a.Customer()
		if a.Quiet {
			entry.Reason = withCompliance
		}
		file = a.file()
		return nil
	})
	return file, err
}

func (a *appealDoc) file() AppealFile {
	file := AppealFile{
		Appeal: a.public(), Situation: a.Situation, Request: a.Request, Evidence: a.Evidence, Reviewer: a.Reviewer, Notes: a.Notes,
		DecideBy: a.DecideBy, Nudges: a.Nudges,
	}
	if a.Proposed != nil {
		file.Proposed = a.Proposed.By
	}
	for _, r := range a.Rounds {
		file.Rounds = append(file.Rounds, InfoRound{r.Question, r.Answer, r.Evidence})
	}
	return file
}

// Waiting returns appeals that wait for a decision, the oldest first, and whether there are more:
// those that compliance decides on, or the others. Errors: PermissionDenied.
func (s *Appeals) Waiting(ctx context.Context, by OperatorID, compliance bool, after AppealID, limit int) ([]Appeal, bool, error) {
	need, label := MayReviewAppeals, "queue:review"
	if compliance {
		need, label = MayHandleCompliance, "queue:compliance"
	}
	if _, err := s.c.allowed(ctx, outside{ctx, s.c.w}, by, need); err != nil {
		return nil, false, err
	}
	return s.page(ctx, ledger.RecordQuery{Type: "appeal", Label: label, After: string(after), Limit: limit})
}

// settle does what time does to an appeal: it expires without an answer, or should have been
// decided by now, which is announced once.
func (s *Appeals) settle(ctx context.Context, id string) error {
	_, err := s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "appeal.due"}, func(d *okpay.Draft) error {
		a := &appealDoc{}
		if err := d.Read("appeal", id, a); err != nil {
			return err
		}
		if due := a.Put().Due; due.IsZero() || d.Now().Before(due) {
			return okpay.ErrNothingDue
		}
		on := appealOverdue
		var (
			m   okpay.Told
			err error
		)
		if a.State == AppealNeedInfo {
			on = expire
			m, err = s.expire(d, a)
		} else {
			a.Overdue = true
			m, err = a.move(d, appealOverdue, okpay.Always)
		}
		if err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{
			Actor: "program", Action: "appeal." + string(on), Customer: a.Customer(), Object: id, Shown: on == expire,
			Facts: map[string]string{"restriction": string(a.Restriction)},
		})
		return d.Write(a, m)
	})
	return err
}
