package care

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Appeals is the service for appeals: what customers say against a restriction, and what is
// decided about it by two people, neither of whom imposed it.
type Appeals struct{ c *Care }

// SubmitAppeal is the input of Appeals.Submit.
type SubmitAppeal struct {
	Customer    okpay.CustomerID
	Restriction RestrictionID
	// Situation is how things stand with the account, Request why the restriction should end:
	// MinAppealText to MaxAppealText characters each, they may have lines.
	Situation string
	Request   string
	Evidence  []Evidence // at most MaxEvidence
	Key       string     // makes the call safe to repeat
}

// Submit appeals against a restriction that is in force. The customer gets a receipt.
//
// Errors, the first that applies: InvalidRequest, AuthenticationRequired, SessionEnded,
// IdempotencyKeyReused, NotFound (another customer's, too), AccountClosed, InvalidState when the
// restriction is over or there is an appeal that is not decided (Object is the appeal),
// TooManyTries after MaxAppeals, or before AppealPause is over (with ResetsAt).
func (s *Appeals) Submit(ctx context.Context, in SubmitAppeal) (Appeal, error) {
	if err := checkAppeal(&in); err != nil {
		return Appeal{}, err
	}
	act := okpay.Act{
		Principal: "c/" + string(in.Customer), Operation: "appeal.submit", Key: in.Key,
		Request: []ledger.Field{
			{Name: "restriction", Value: string(in.Restriction)},
			{Name: "situation", Value: in.Situation},
			{Name: "request", Value: in.Request},
			{Name: "evidence", Value: digestsOf(in.Evidence)},
		},
	}
	submitted := func(d *okpay.Draft) error {
		r, err := s.c.theirs(d, in.Customer, in.Restriction)
		if err != nil {
			return err
		}
		if err := r.appealable(d.Now()); err != nil {
			return err
		}
		a := &appealDoc{
			Appeal: Appeal{
				ID: AppealID(s.c.w.NewID("apl_")), Customer: in.Customer, Restriction: r.ID, CreatedAt: d.Now(), UpdatedAt: d.Now(),
			},
			Situation: in.Situation, Request: in.Request, Evidence: in.Evidence, Quiet: r.Quiet, ImposedBy: r.ImposedBy,
			WaitsFrom: d.Now(), DecideBy: s.c.decideBy(d.Now()),
		}
		if s.c.linkCase != nil {
			if a.Case, err = s.c.linkCase(d, a.Customer(), a.ID); err != nil {
				return err
			}
		}
		r.Appeals.Count++
		r.Appeals.Open = a.ID
		m, err := a.move(d, submit, okpay.Always)
		if err != nil {
			return err
		}
		s.audited(d, a, "submit")
		if err := d.Write(r); err != nil {
			return err
		}
		return d.Write(a, m)
	}
	out, err := s.c.w.Do(ctx, act, submitted)
	for range 4 {
		if !errors.Is(err, ledger.ErrDuplicateKey) {
			break
		}
		// Another contact of the customer's has opened the case meanwhile.
		out, err = s.c.w.Do(ctx, act, submitted)
	}
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = okpay.NewError(okpay.ServiceBusy, "nothing was done")
	}
	return s.after(ctx, out, err)
}

// audited writes into the audit what a customer did with an appeal.
func (s *Appeals) audited(d *okpay.Draft, a *appealDoc, action string) {
	d.Audit(okpay.AuditEntry{
		Actor: "c/" + string(a.Customer()), Action: "appeal." + action, Customer: a.Customer(), Object: string(a.ID), Session: session(d),
		Shown: true, Facts: map[string]string{"restriction": string(a.Restriction)},
	})
	d.Result = string(a.ID)
}

func digestsOf(list []Evidence) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.SHA256 + " ")
	}
	return b.String()
}

func checkAppeal(in *SubmitAppeal) (err error) {
	for field, id := range map[string]string{"customer": string(in.Customer), "restriction": string(in.Restriction)} {
		if err := okpay.CheckID(field, id); err != nil {
			return err
		}
	}
	if in.Situation, err = (prose{field: "situation", least: MinAppealText, most: MaxAppealText, lines: true}).check(in.Situation); err != nil {
		return err
	}
	if in.Request, err = (prose{field: "request", least: MinAppealText, most: MaxAppealText, lines: true}).check(in.Request); err != nil {
		return err
	}
	return checkEvidence("evidence", in.Evidence)
}

// appealable refuses an appeal that is not possible now.
func (r *restrictionDoc) appealable(now time.Time) error {
	refuse := func(code okpay.Code, about string) *okpay.Error {
		e := okpay.NewError(code, "%s", about)
		e.Object = string(r.ID)
		return e
	}
	switch next := r.Appeals.NextFrom; {
	case !slices.Contains(inForce(), r.State) || r.ended(now):
		return refuse(okpay.InvalidState, "the restriction is over")
	case r.Appeals.Open != "":
		e := refuse(okpay.InvalidState, "an appeal is not decided yet")
		e.Object = string(r.Appeals.Open)
		return e
	case r.Appeals.Count >= MaxAppeals:
		return refuse(okpay.TooManyTries, "no further appeal is possible")
	case next != nil && now.Before(*next):
		e := refuse(okpay.TooManyTries, "another appeal is possible later")
		e.ResetsAt = next
		return e
	}
	return nil
}

func (s *Appeals) after(ctx context.Context, out ledger.Outcome, err error) (Appeal, error) {
	if err != nil {
		return Appeal{}, err
	}
	a := &appealDoc{}
	if err := s.c.w.ReadAfter(ctx, out, "appeal", out.Result, a); err != nil {
		return Appeal{}, err
	}
	p := a.public()
	p.Replayed = out.Replayed
	return p, nil
}

// MoveAppeal is the input of Appeals.Withdraw and Appeals.Nudge.
type MoveAppeal struct {
	Customer okpay.CustomerID
	Appeal   AppealID
	Key      string // makes the call safe to repeat
}

// Withdraw calls an appeal back. It counts all the same. Errors, the first that applies:
// InvalidRequest, AuthenticationRequired, SessionEnded, IdempotencyKeyReused, NotFound, AccountClosed,
// InvalidState.
func (s *Appeals) Withdraw(ctx context.Context, in MoveAppeal) (Appeal, error) {
	return s.own(ctx, in, withdrawAppeal, nil, func(d *okpay.Draft, a *appealDoc) (okpay.Told, error) {
		r := &restrictionDoc{}
		if err := d.Read("restriction", string(a.Restriction), r); err != nil {
			return okpay.Told{}, err
		}
		m, err := a.move(d, withdrawAppeal, okpay.Always)
		if err != nil {
			return m, err
		}
		a.Proposed = nil
		r.Appeals.Open = ""
		return m, d.Write(r)
	})
}

// Nudge asks after an appeal that waits for us, at most once in 24 hours; the answer is its
// progress, which Progress tells at any time. Errors as for Withdraw, then TooManyTries with
// ResetsAt.
func (s *Appeals) Nudge(ctx context.Context, in MoveAppeal) (Progress, error) {
	_, err := s.own(ctx, in, nudgeAppeal, nil, func(d *okpay.Draft, a *appealDoc) (okpay.Told, error) {
		m, err := a.move(d, nudgeAppeal, okpay.Always)
		if err != nil {
			return m, err
		}
		if next := a.NudgedAt.Add(NudgeEvery); !a.NudgedAt.IsZero() && d.Now().Before(next) {
			e := okpay.NewError(okpay.TooManyTries, "it was asked after less than a day ago")
			e.Object, e.ResetsAt = string(a.ID), &next
			return m, e
		}
		a.NudgedAt = d.Now()
		a.Nudges++
		return m, nil
	})
	if err != nil {
		return Progress{}, err
	}
	return s.Progress(ctx, in.Customer, in.Appeal)
}

// AnswerAppeal is the input of Appeals.Answer.
type AnswerAppeal struct {
	Customer okpay.CustomerID
	Appeal   AppealID
	Text     string     // 1 to MaxAppealText characters, may have lines
	Evidence []Evidence // at most MaxEvidence
	Key      string     // makes the call safe to repeat
}

// Answer gives what was asked for, within AppealAnswer; the clock goes on. Errors as for Withdraw;
// InvalidState also when the time is over, which is then recorded.
func (s *Appeals) Answer(ctx context.Context, in AnswerAppeal) (Appeal, error) {
	text, err := prose{field: "text", least: 1, most: MaxAppealText, lines: true}.check(in.Text)
	if err != nil {
		return Appeal{}, err
	}
	if err := checkEvidence("evidence", in.Evidence); err != nil {
		return Appeal{}, err
	}
	request := []ledger.Field{{Name: "text", Value: text}, {Name: "evidence", Value: digestsOf(in.Evidence)}}
	return s.own(ctx, MoveAppeal{in.Customer, in.Appeal, in.Key}, answerInfo, request, func(d *okpay.Draft, a *appealDoc) (okpay.Told, error) {
		if a.State == AppealNeedInfo && !d.Now().Before(*a.AnswerBy) {
			d.Refuse(ledger.Refusal{Reason: ledger.Reason(okpay.InvalidState), Detail: "the time to answer is over"})
			return s.expire(d, a)
		}
		m, err := a.move(d, answerInfo, okpay.Always)
		if err != nil {
			return m, err
		}
		last := &a.Rounds[len(a.Rounds)-1]
		last.Answer, last.Evidence, last.Answered = text, in.Evidence, d.Now()
		s.resume(a, d.Now())
		return m, nil
	})
}

// resume has the clock go on where it stood when the customer was asked.
func (s *Appeals) resume(a *appealDoc, now time.Time) {
	left := s.c.cfg.Calendar.Between(a.PausedAt, a.DecideBy)
	if !a.Overdue {
		a.DecideBy = s.c.cfg.Calendar.Add(now, max(left, time.Minute))
	}
	a.PausedAt, a.AnswerBy, a.Question = time.Time{}, nil, ""
}

// expire ends an appeal that was not answered.
func (s *Appeals) expire(d *okpay.Draft, a *appealDoc) (okpay.Told, error) {
	r := &restrictionDoc{}
	if err := d.Read("restriction", string(a.Restriction), r); err != nil {
		return okpay.Told{}, err
	}
	m, err := a.move(d, expire, okpay.Always)
	if err != nil {
		return m, err
	}
	a.Proposed = nil
	r.Appeals.Open = ""
	return m, d.Write(r)
}

// own commits what a customer does with their appeal.
func (s *Appeals) own(
	ctx context.Context, in MoveAppeal, on okpay.Action, request []ledger.Field, fn func(*okpay.Draft, *appealDoc) (okpay.Told, error),
) (Appeal, error) {
	for field, id := range map[string]string{"customer": string(in.Customer), "appeal": string(in.Appeal)} {
		if err := okpay.CheckID(field, id); err != nil {
			return Appeal{}, err
		}
	}
	act := okpay.Act{
		Principal: "c/" + string(in.Customer), Operation: "appeal." + string(on), Key: in.Key,
		Request: append([]ledger.Field{{Name: "appeal", Value: string(in.Appeal)}}, request...),
	}
	out, err := s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
		g, err := d.Gate(in.Customer)
		if err != nil {
			return err
		}
		if g.State == okpay.GateClosed {
			return okpay.NewError(okpay.AccountClosed, "the customer's account is closed")
		}
		a := &appealDoc{}
		if err := d.Read("appeal", string(in.Appeal), a); err != nil {
			return err
		}
		if a.Customer() != in.Customer {
			return appealNotFound(in.Appeal)
		}
		m, err := fn(d, a)
		if err != nil {
			return err
		}
		s.audited(d, a, string(on))
		return d.Write(a, m)
	})
	return s.after(ctx, out, err)
}

func appealNotFound(id AppealID) error {
	e := okpay.NewError(okpay.NotFound, "there is no appeal with this id")
	e.Object = string(id)
	return e
}

// Get returns a customer's own appeal. Errors: those of okpay.Wallet.Admit, NotFound.
func (s *Appeals) Get(ctx context.Context, customer okpay.CustomerID, id AppealID) (Appeal, error) {
	a, err := s.mine(ctx, customer, id)
	if err != nil {
		return Appeal{}, err
	}
	return a.public(), nil
}

func (s *Appeals) mine(ctx context.Context, customer okpay.CustomerID, id AppealID) (*appealDoc, error) {
	if err := s.c.own(ctx, customer); err != nil {
		return nil, err
	}
	a := &appealDoc{}
	if err := s.c.w.Read(ctx, "appeal", string(id), a); err != nil {
		return nil, err
	}
	if a.Customer() != customer {
		return nil, appealNotFound(id)
	}
	return a, nil
}

// Mine returns a customer's own appeals, the newest first, and whether there are more. Errors:
// those of okpay.Wallet.Admit, NotFound.
func (s *Appeals) Mine(ctx context.Context, customer okpay.CustomerID, before AppealID, limit int) (list []Appeal, more bool, err error) {
	if err := s.c.own(ctx, customer); err != nil {
		return nil, false, err
	}
	return s.page(ctx, ledger.RecordQuery{Type: "appeal", Label: "c:" + string(customer), After: string(before), Desc: true, Limit: limit})
}

func (s *Appeals) page(ctx context.Context, q ledger.RecordQuery) (list []Appeal, more bool, err error) {
	records, more, err := s.c.w.Records(ctx, q)
	if err != nil {
		return nil, false, err
	}
	for _, rec := range records {
		a := &appealDoc{}
		if err := decodeDoc(rec, a); err != nil {
			return nil, false, err
		}
		list = append(list, a.public())
	}
	return list, more, nil
}

// Progress tells a customer how far an appeal of theirs is, at any time: its place among those that
// wait for the same people, and when it is expected to be decided. Errors: those of
// okpay.Wallet.Admit, NotFound.
func (s *Appeals) Progress(ctx context.Context, customer okpay.CustomerID, id AppealID) (Progress, error) {
	a, err := s.mine(ctx, customer, id)
	if err != nil {
		return Progress{}, err
	}
	p := Progress{State: string(a.State), Stage: StageWithUs}
	switch {
	case !a.open():
		p.Stage = StageOver
	case a.State == AppealNeedInfo:
		p.Stage, p.Until, p.Open = StageYourTurn, a.AnswerBy, []string{"answer"}
	default:
		p.Place, err = s.c.place(ctx, "appeal", a.queue(), a.WaitsFrom, string(a.ID), func() waiting { return &appealDoc{} })
		p.expect(s.c.w.Now(), a.DecideBy, s.c.cfg.Calendar)
	}
	return p, err
}
