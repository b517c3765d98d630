package care

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// ReplyCase is the input of Cases.Reply.
type ReplyCase struct {
	Customer okpay.CustomerID
	Case     CaseID
	Text     string // 1 to 4,000 characters
	Objects  []Link // what it is about, too: the customer's own; at most 10
	Files    []Upload
	Key      string // makes the call safe to repeat
}

// Reply adds what a customer writes to a case. It reopens one that was solved, within 14 days; if
// there is an open case of the category by now, it is added to that one. A closed case takes
// nothing: Open with Follows makes one that is linked to it.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound for a case or an
// object that is not the customer's, InvalidState when it is closed or full, TooManyTries with
// ResetsAt.
func (s *Cases) Reply(ctx context.Context, in ReplyCase) (Case, error) {
	e := said{kind: EntryContact, by: "customer", channel: ByApp, text: in.Text}
	err := s.checkSaid(&e, true)
	if err == nil {
		e.files, err = s.c.checkFiles(in.Files)
	}
	objects := in.Objects
	if err == nil {
		objects, err = checkLinks(in.Objects)
	}
	if err != nil {
		return Case{}, err
	}
	a := own{in.Customer, in.Case, "case.reply", in.Key, append(e.request(), ledger.Field{Name: "objects", Value: fmt.Sprint(objects)})}
	return s.opened(ctx, e.files, func() (ledger.Outcome, error) {
		return s.owned(ctx, a, func(d *okpay.Draft, k *caseDoc, told []okpay.Told) (*caseDoc, []okpay.Told, error) {
			if !CaseMachine().Allows(k.State, contactCase) {
				return nil, nil, CaseMachine().Refuse(k.State, string(k.ID), contactCase)
			}
			if k.State == CaseSolved {
				other, more, err := s.current(d, in.Customer, k.Category)
				switch {
				case err != nil:
					return nil, nil, err
				case other != nil && len(told) > 0: // what time did to the other one is written as well
					err = s.write(d, k, told...)
					fallthrough
				case other != nil:
					k, told = other, more
				}
				if err != nil {
					return nil, nil, err
				}
			}
			if err := s.quota(d, in.Customer, false, true); err != nil {
				return nil, nil, err
			}
			for _, o := range objects {
				if err := s.own(d, in.Customer, o); err != nil {
					return nil, nil, err
				}
			}
			if k.link(objects); len(k.Objects) > maxLinks {
				return nil, nil, okpay.NewError(okpay.InvalidState, "the case has %d objects", maxLinks)
			}
			m, err := s.said(d, k, e)
			return k, append(told, m), err
		})
	})
}

// MoveCase is the input of Cases.Withdraw.
type MoveCase struct {
	Customer okpay.CustomerID
	Case     CaseID
	Key      string // makes the call safe to repeat
}

// Withdraw says that the customer needs no help any more: the case is solved. Errors, the first
// that applies: InvalidRequest, IdempotencyKeyReused, NotFound, InvalidState.
func (s *Cases) Withdraw(ctx context.Context, in MoveCase) (Case, error) {
	out, err := s.owned(ctx, own{in.Customer, in.Case, "case.withdraw", in.Key, nil}, func(d *okpay.Draft, k *caseDoc, told []okpay.Told) (*caseDoc, []okpay.Told, error) {
		m, err := k.move(withdrawCase, okpay.Always)
		if err == nil {
			s.done(k, d.Now())
		}
		return k, append(told, m), err
	})
	return s.after(ctx, out, err)
}

// RateCase is the input of Cases.Rate: the answer to the survey that comes with a solution.
type RateCase struct {
	Customer okpay.CustomerID
	Case     CaseID
	Rating   int    // 1, bad, to 5, good
	Text     string // at most 1,000 characters
	Key      string // makes the call safe to repeat
}

// Rate says how good the help was, once, while the case is solved and not yet closed. Errors, the
// first that applies: InvalidRequest, IdempotencyKeyReused, NotFound, InvalidState.
func (s *Cases) Rate(ctx context.Context, in RateCase) (Case, error) {
	if in.Rating < 1 || in.Rating > 5 {
		return Case{}, okpay.InvalidField("rating", "is %d, want 1 to 5", in.Rating)
	}
	text, err := prose{field: "text", most: 1000, lines: true}.check(in.Text)
	if err != nil {
		return Case{}, err
	}
	a := own{in.Customer, in.Case, "case.rate", in.Key, []ledger.Field{{Name: "rating", Value: fmt.Sprint(in.Rating)}, {Name: "text", Value: text}}}
	out, err := s.owned(ctx, a, func(d *okpay.Draft, k *caseDoc, told []okpay.Told) (*caseDoc, []okpay.Told, error) {
		g := unratedCase
		if k.Rating != 0 {
			g = okpay.Always
		}
		m, err := k.move(rateCase, g)
		if err != nil {
			return nil, nil, err
		}
		k.Rating = in.Rating
		if text != "" {
			err = s.log(d, k, said{kind: EntryContact, by: "customer", channel: ByApp, text: text})
		}
		return k, append(told, m), err
	})
	return s.after(ctx, out, err)
}

// own is what a customer does to a case of theirs.
type own struct {
	customer okpay.CustomerID
	id       CaseID
	action   string
	key      string
	request  []ledger.Field
}

// owned commits what a customer does to a case. fn returns the case that it was done to.
func (s *Cases) owned(ctx context.Context, a own, fn func(*okpay.Draft, *caseDoc, []okpay.Told) (*caseDoc, []okpay.Told, error)) (ledger.Outcome, error) {
	if err := checkOwn(a.customer, a.id); err != nil {
		return ledger.Outcome{}, err
	}
	act := okpay.Act{
		Principal: "c/" + string(a.customer), Operation: a.action, Key: a.key,
		Request: append([]ledger.Field{{Name: "case", Value: string(a.id)}}, a.request...),
	}
	return s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
		k, told, err := s.loadOwn(d, a.customer, a.id)
		if err != nil {
			return err
		}
		if k, told, err = fn(d, k, told); err != nil {
			return err
		}
		d.Result = string(k.ID)
		d.Audit(okpay.AuditEntry{Actor: act.Principal, Action: a.action, Customer: a.customer, Object: string(k.ID), Shown: true})
		return s.write(d, k, told...)
	})
}

func checkOwn(customer okpay.CustomerID, id CaseID) error {
	return errors.Join(okpay.CheckID("customer", string(customer)), okpay.CheckID("case", string(id)))
}

func (s *Cases) loadOwn(d *okpay.Draft, customer okpay.CustomerID, id CaseID) (*caseDoc, []okpay.Told, error) {
	k, told, err := s.load(d, id)
	if err == nil && k.Case.Customer != customer {
		err = noCase(id)
	}
	return k, told, err
}

// CaseProgress is a case as its customer sees it.
type CaseProgress struct {
	Case
	Queue *QueuePlace `json:"queue,omitempty"` // while it waits for an agent
}

// Get returns a customer's case as it is now, with its place in the queue. Errors: AuthenticationRequired,
// SessionEnded, NotFound, also for another customer's.
func (s *Cases) Get(ctx context.Context, customer okpay.CustomerID, id CaseID) (CaseProgress, error) {
	k, err := s.readOwn(ctx, customer, id)
	if err != nil {
		return CaseProgress{}, err
	}
	p := CaseProgress{Case: k.Case}
	if k.waiting() {
		p.Queue, err = s.place(ctx, k)
	}
	return p, err
}

func (s *Cases) readOwn(ctx context.Context, customer okpay.CustomerID, id CaseID) (*caseDoc, error) {
	if err := s.c.own(ctx, customer); err != nil {
		return nil, err
	}
	k := &caseDoc{}
	err := s.c.w.Read(ctx, "case", string(id), k)
	if errors.Is(err, okpay.NotFound) || err == nil && k.Case.Customer != customer {
		return nil, noCase(id)
	}
	if k.State == CaseSolved && !s.c.w.Now().Before(*k.ClosesAt) {
		k.State = CaseClosed // as it is, whether somebody has noted it or not
	}
	return k, err
}

// ListCases asks for a page of a customer's cases.
type ListCases struct {
	Customer okpay.CustomerID
	Before   CaseID // continue after this one
	Limit    int    // 1 to 100, 20 unless told
}

// List returns a customer's cases, the newest first, and whether there are more. Errors: NotFound.
func (s *Cases) List(ctx context.Context, in ListCases) (list []Case, more bool, err error) {
	if err := s.c.own(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	docs, more, err := page[caseDoc](ctx, s.c, ledger.RecordQuery{
		Type: "case", Label: "c:" + string(in.Customer), After: string(in.Before), Desc: true, Limit: in.Limit,
	})
	for _, k := range docs {
		list = append(list, k.Case)
	}
	return list, more, err
}

// page returns documents of records, and whether there are more.
func page[D any](ctx context.Context, c *Care, q ledger.RecordQuery) (list []*D, more bool, err error) {
	records, more, err := c.w.Records(ctx, q)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		doc := new(D)
		if r.Erased {
			continue
		}
		if err := json.Unmarshal(r.Content, doc); err != nil {
			return nil, false, fmt.Errorf("care: %s %s: %w", r.Type, r.ID, err)
		}
		list = append(list, doc)
	}
	return list, more, nil
}

// ReadLog asks for a page of a case's log.
type ReadLog struct {
	Customer okpay.CustomerID
	Case     CaseID
	After    int // the Nth of the last entry seen
	Limit    int // 1 to 100, 20 unless told
}

// Log returns what was said in a customer's case, the oldest first, without agents' notes and
// names, and whether there is more. What was erased is left out. Errors: NotFound.
func (s *Cases) Log(ctx context.Context, in ReadLog) (log []Entry, more bool, err error) {
	if _, err := s.readOwn(ctx, in.Customer, in.Case); err != nil {
		return nil, false, err
	}
	return s.entries(ctx, in.Case, shownLabel(in.Case), in.After, in.Limit)
}

// entries returns a page of a log. Notes are only in it when its label is the agents'.
func (s *Cases) entries(ctx context.Context, id CaseID, label string, after, limit int) (log []Entry, more bool, err error) {
	q := ledger.RecordQuery{Type: "case_entry", Label: label, Limit: limit}
	if after > 0 {
		q.After = entryID(id, after)
	}
	docs, more, err := page[entryDoc](ctx, s.c, q)
	for _, e := range docs {
		if label == shownLabel(id) {
			e.Entry = e.shown()
		}
		log = append(log, e.Entry)
	}
	return log, more, err
}

// File returns an attachment of what a customer sees of a case, and its content. Errors: NotFound,
// ServiceBusy, InternalError when the content is not what was attached.
func (s *Cases) File(ctx context.Context, customer okpay.CustomerID, id CaseID, file string) (File, []byte, error) {
	if _, err := s.readOwn(ctx, customer, id); err != nil {
		return File{}, nil, err
	}
	return s.file(ctx, id, shownLabel(id), file)
}

func (s *Cases) file(ctx context.Context, id CaseID, label, file string) (File, []byte, error) {
	for after, more := 0, true; more; {
		var (
			log []Entry
			err error
		)
		if log, more, err = s.entries(ctx, id, label, after, 100); err != nil {
			return File{}, nil, err
		}
		for _, e := range log {
			after = e.Nth
			for _, f := range e.Files {
				if f.ID == file {
					content, err := s.content(ctx, f)
					return f, content, err
				}
			}
		}
		more = more && len(log) > 0
	}
	return File{}, nil, okpay.NewError(okpay.NotFound, "there is no file with this id")
}
