package care

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// CallerRequestState is where a request for a proof is in its life.
type CallerRequestState string

// The states. All but the first are final.
const (
	CallerRequestPending  CallerRequestState = "pending"
	CallerRequestApproved CallerRequestState = "approved"
	CallerRequestDeclined CallerRequestState = "declined"
	CallerRequestExpired  CallerRequestState = "expired"
)

const (
	approveCaller okpay.Action = "approve"
	declineCaller okpay.Action = "decline"
	expireCaller  okpay.Action = "expire"
	askCaller     okpay.Action = "ask"
	wrongNumber   okpay.Guard  = "the number is another one"
)

// CallerMachine is the table of requests for a proof that the caller is the customer.
func CallerMachine() okpay.Machine[CallerRequestState] {
	return okpay.Machine[CallerRequestState]{Noun: "caller_request", Rows: []okpay.Row[CallerRequestState]{
		{On: askCaller, To: CallerRequestPending, Emits: []string{"caller_request.asked"}, Mails: []string{"caller_proof_asked"}},
		{From: CallerRequestPending, On: approveCaller, To: CallerRequestApproved, Emits: []string{"caller_request.approved"}},
		{
			From: CallerRequestPending, On: approveCaller, Guard: wrongNumber, To: CallerRequestDeclined,
			Emits: []string{"caller_request.declined"}, Mails: []string{"caller_proof_declined"},
		},
		{
			From: CallerRequestPending, On: declineCaller, To: CallerRequestDeclined,
			Emits: []string{"caller_request.declined"}, Mails: []string{"caller_proof_declined"},
		},
		{From: CallerRequestPending, On: expireCaller, To: CallerRequestExpired, Emits: []string{"caller_request.expired"}},
	}}
}

const callerRequestLasts = 10 * time.Minute

// CallerRequest asks a customer whether it is them who speak with support.
type CallerRequest struct {
	ID        string             `json:"id"`
	Case      CaseID             `json:"case"`
	Customer  okpay.CustomerID   `json:"customer"`
	State     CallerRequestState `json:"state"`
	CreatedAt time.Time          `json:"created_at"`
	ExpiresAt time.Time          `json:"expires_at"`
	Sequence  int64              `json:"sequence"`
}

type callerRequestDoc struct {
	CallerRequest
	Agent  OperatorID `json:"agent"`
	Number string     `json:"number"` // two digits that the agent says and the customer types
}

func (r *callerRequestDoc) Put() ledger.Put {
	put := ledger.Put{Type: "caller_request", ID: r.ID, Chaining: ledger.Plain, Labels: []string{"c:" + string(r.CallerRequest.Customer)}}
	put.Due = r.ExpiresAt
	if r.State != CallerRequestPending {
		put.Due = r.ExpiresAt.Add(callerKept)
	}
	return put
}

func (r *callerRequestDoc) View() any {
	return map[string]any{"id": r.ID, "case": r.Case, "state": r.State, "sequence": r.Sequence}
}
func (r *callerRequestDoc) Customer() okpay.CustomerID { return r.CallerRequest.Customer }
func (r *callerRequestDoc) Counter() *int64            { return &r.Sequence }
func (r *callerRequestDoc) Facts(string) map[string]string {
	return map[string]string{"case": string(r.Case), "number": numberOf(string(r.Case)), "until": r.ExpiresAt.UTC().Format(time.RFC3339)}
}

func (r *callerRequestDoc) move(on okpay.Action, g okpay.Guard) (okpay.Told, error) {
	return CallerMachine().Move(&r.State, r.ID, on, g)
}

// AskProof asks the customer, in the app or where else they proved who they are, whether it is
// them who speak with the agent. number is two digits: the agent says them, and who approves
// types them, so that nobody approves another's call by habit. The agent neither sees nor types
// what the customer proves it with. A newer request of the agent's about the case ends this one.
// Errors: InvalidRequest, PermissionDenied, NotFound, SelfApprovalForbidden, TooManyTries with
// ResetsAt after 10 for the customer in a day.
func (s *Callers) AskProof(ctx context.Context, in AskCaller) (request CallerRequest, number string, err error) {
	in.Key = "" // the number is told once
	var b [8]byte
	if err := s.c.w.Random(b[:]); err != nil {
		return CallerRequest{}, "", err
	}
	digits := 0
	for _, c := range b {
		digits = (digits*256 + int(c)) % 100
	}
	r := &callerRequestDoc{Number: fmt.Sprintf("%02d", digits)}
	_, err = s.does(ctx, in, AskPossession, nil, func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) error {
		if err := s.count(d, "ask."+string(k.Case.Customer), 10); err != nil {
			return err
		}
		c, err := s.caller(d, k, by.ID)
		if err != nil {
			return err
		}
		r.State, r.Sequence = "", 0
		r.Agent = by.ID
		r.CallerRequest = CallerRequest{
			ID: s.c.w.NewID("clr_"), Case: k.ID, Customer: k.Case.Customer, CreatedAt: d.Now(), ExpiresAt: d.Now().Add(callerRequestLasts),
		}
		m, err := r.move(askCaller, okpay.Always)
		if err != nil {
			return err
		}
		entry.Facts = map[string]string{"request": r.ID}
		c.Request, c.AskedAt = r.ID, d.Now()
		return errors.Join(d.Write(c), d.Write(r, m))
	})
	if err != nil {
		return CallerRequest{}, "", err
	}
	return r.CallerRequest, r.Number, nil
}

// ProveCaller is the input of Callers.Approve and Callers.Decline.
type ProveCaller struct {
	Customer okpay.CustomerID
	Request  string
	Number   string // the two digits that the agent said; not for Decline
	// Proof is a proof of identity for this purpose, see Config.UseProof. Without it a session
	// has to be there (okpay.Actor), which proves possession; with both, or with a proof of two
	// independent factors, the caller is at V3. It is never stored.
	Proof string
}

// Approve is the customer's yes: the agent who asked may act for 15 minutes at V2 or V3, about
// this case. A wrong number ends the request.
//
// Errors, the first that applies: InvalidRequest, NotFound, InvalidState when the request is not
// pending, not the agent's newest, or its time is over, AuthenticationRequired without session
// and proof, AuthenticationFailed for a proof that is not good, or a wrong number (recorded).
func (s *Callers) Approve(ctx context.Context, in ProveCaller) (CallerRequest, error) {
	if len(in.Proof) > 1024 || len(in.Number) > 8 {
		return CallerRequest{}, okpay.InvalidField("proof", "is too long")
	}
	_, session := okpay.ActorOf(ctx)
	return s.answered(ctx, in, approveCaller, session || in.Proof != "", func(d *okpay.Draft, r *callerRequestDoc, c *callerDoc) (okpay.Told, error) {
		if !session && in.Proof == "" {
			return okpay.Told{}, okpay.NewError(okpay.AuthenticationRequired, "neither a session nor a proof is there")
		}
		if same(in.Number, r.Number) == 0 {
			c.Level, c.Until = V0, time.Time{}
			m, err := r.move(approveCaller, wrongNumber)
			d.Refuse(ledger.Refusal{Reason: ledger.Reason(okpay.AuthenticationFailed), Detail: "the number is another one"})
			return m, err
		}
		var factors []string
		if session {
			factors = append(factors, "session")
		}
		if in.Proof != "" {
			proven, err := s.c.useProof(d, in.Proof, in.Customer)
			if err != nil {
				return okpay.Told{}, err
			}
			factors = append(factors, proven...)
		}
		m, err := r.move(approveCaller, okpay.Always)
		if err != nil {
			return m, err
		}
		level := V2
		if independent(factors) > 1 {
			level = V3
		}
		c.raise(level, factors, d.Now())
		return m, nil
	})
}

// independent counts the factors that are independent of each other: the codes of an app and
// its recovery codes stand for the same one.
func independent(factors []string) int {
	var seen []string
	for _, f := range factors {
		if f == "recovery_code" {
			f = "totp"
		}
		if f != "" && !slices.Contains(seen, f) {
			seen = append(seen, f)
		}
	}
	return len(seen)
}

// useProof uses up a customer's proof of identity. Errors: AuthenticationFailed.
func (c *Care) useProof(d *okpay.Draft, proof string, customer okpay.CustomerID) ([]string, error) {
	if c.cfg.UseProof == nil {
		return nil, okpay.NewError(okpay.AuthenticationFailed, "nothing verifies proofs here")
	}
	factors, err := c.cfg.UseProof(d, proof, customer)
	if err == nil && independent(factors) == 0 {
		err = okpay.NewError(okpay.AuthenticationFailed, "the proof is not right")
	}
	return factors, err
}

// Decline is the customer's no: whoever speaks with the agent is somebody else. What the agent
// knew of the caller is void, and the case has a note of it. Errors: InvalidRequest, NotFound,
// InvalidState.
func (s *Callers) Decline(ctx context.Context, in ProveCaller) (CallerRequest, error) {
	return s.answered(ctx, in, declineCaller, true, func(d *okpay.Draft, r *callerRequestDoc, c *callerDoc) (okpay.Told, error) {
		c.Level, c.Until = V0, time.Time{}
		return r.move(declineCaller, okpay.Always)
	})
}

func (s *Callers) answered(ctx context.Context, in ProveCaller, on okpay.Action, proves bool,
	fn func(*okpay.Draft, *callerRequestDoc, *callerDoc) (okpay.Told, error),
) (CallerRequest, error) {
	if err := errors.Join(okpay.CheckID("customer", string(in.Customer)), okpay.CheckID("request", in.Request)); err != nil {
		return CallerRequest{}, err
	}
	act := okpay.Act{Principal: "c/" + string(in.Customer), Operation: "caller." + string(on)}
	if _, acts := okpay.ActorOf(ctx); !acts && proves && in.Proof != "" {
		act.Principal = "program" // by telephone nobody is signed in: the proof says who it is
	}
	r := &callerRequestDoc{}
	_, err := s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
		*r = callerRequestDoc{}
		err := d.Read("caller_request", in.Request, r)
		if errors.Is(err, okpay.NotFound) || err == nil && r.CallerRequest.Customer != in.Customer {
			return okpay.NewError(okpay.NotFound, "there is no request with this id")
		}
		if err != nil {
			return err
		}
		k, err := s.read(d, r.Case)
		if err != nil {
			return err
		}
		c, err := s.caller(d, k, r.Agent)
		if err != nil {
			return err
		}
		if r.State != CallerRequestPending || c.Request != r.ID || !d.Now().Before(r.ExpiresAt) {
			return CallerMachine().Refuse(r.State, r.ID, on)
		}
		d.NotAfter = r.ExpiresAt.Add(-time.Microsecond)
		m, err := fn(d, r, c)
		if err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{
			Actor: "c/" + string(in.Customer), Action: "caller." + string(r.State), Customer: in.Customer, Object: string(r.Case), Shown: true,
			Facts: map[string]string{"request": r.ID, "level": fmt.Sprint(int(c.at(d.Now())))},
		})
		if r.State == CallerRequestDeclined && k.live() {
			e := said{kind: EntryNote, by: "program", facts: map[Fact]string{LockReason: "caller_declined"}}
			if err := s.c.Cases.log(d, k, e); err != nil {
				return err
			}
			k.read.agent, k.read.state = k.Agent, k.State
			noted, err := k.move(noteCase, okpay.Always)
			if err := errors.Join(err, s.c.Cases.write(d, k, noted)); err != nil {
				return err
			}
		}
		return errors.Join(d.Write(c), d.Write(r, m))
	})
	return r.CallerRequest, err
}

// Requests returns the requests for a proof that a customer can answer at present. Errors: NotFound.
func (s *Callers) Requests(ctx context.Context, customer okpay.CustomerID) ([]CallerRequest, error) {
	if err := s.c.own(ctx, customer); err != nil {
		return nil, err
	}
	docs, _, err := page[callerRequestDoc](ctx, s.c, ledger.RecordQuery{Type: "caller_request", Label: "c:" + string(customer), Desc: true, Limit: 20})
	var out []CallerRequest
	for _, r := range docs {
		if r.State == CallerRequestPending && s.c.w.Now().Before(r.ExpiresAt) {
			out = append(out, r.CallerRequest)
		}
	}
	return out, err
}

// requestDue ends a request that nobody answered, and later forgets it.
func (s *Callers) requestDue(ctx context.Context, id string) error {
	_, err := s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "caller.expire"}, func(d *okpay.Draft) error {
		r := &callerRequestDoc{}
		if err := d.Read("caller_request", id, r); err != nil {
			return err
		}
		switch {
		case d.Now().Before(r.Put().Due):
			return okpay.ErrNothingDue
		case r.State != CallerRequestPending:
			d.Remove(r)
			return nil
		}
		m, err := r.move(expireCaller, okpay.Always)
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "caller.expired", Customer: r.CallerRequest.Customer, Object: string(r.Case)})
		return errors.Join(err, d.Write(r, m))
	})
	return err
}

// forget is a task that removes a record when it is over.
func forget[D any, P interface {
	*D
	okpay.Object
}](c *Care, noun string) okpay.Task {
	return okpay.Task{Noun: noun, Do: func(ctx context.Context, id string) error {
		_, err := c.w.Do(ctx, okpay.Act{Principal: "program", Operation: noun + ".forget"}, func(d *okpay.Draft) error {
			doc := P(new(D))
			if err := d.Read(noun, id, doc); err != nil {
				return err
			}
			if due := doc.Put().Due; due.IsZero() || d.Now().Before(due) {
				return okpay.ErrNothingDue
			}
			d.Remove(doc)
			return nil
		})
		return err
	}}
}
