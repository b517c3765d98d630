package care

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// RequestSupport is the input of Callers.Request.
type RequestSupport struct {
	By      OperatorID // the agent who has the case
	Why     string     // 3 to 500 characters; for the audit
	Case    CaseID
	Act     CallerAct       // UnlockRisk, ResetContact or ResetFactor
	Contact okpay.ContactID // for ResetContact
	Key     string          // makes the call safe to repeat
}

// Request begins what two agents do to the account of a caller at V3. The owner is told at once,
// at all contacts, with a link that stops it. A second agent has to approve within 24 hours;
// a reset is done 24 hours after that. For a second factor it is the one way of a program that has
// this package: okpay/identity's RequestFactorReset is for one that has not.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied, IdempotencyKeyReused, NotFound
// for the case or the contact, SelfApprovalForbidden, InvalidState without Config.Accounts or when
// one is open for the customer, AccountClosed.
func (s *Callers) Request(ctx context.Context, in RequestSupport) (SupportRequest, error) {
	if callerRow(in.Act).Second == "" {
		return SupportRequest{}, okpay.InvalidField("act", "is not done by two")
	}
	if (in.Act == ResetContact) != (in.Contact != "") {
		return SupportRequest{}, okpay.InvalidField("contact", "is missing, or stands where none is reset")
	}
	ask := AskCaller{By: in.By, Why: in.Why, Case: in.Case, Key: in.Key}
	request := []ledger.Field{{Name: "contact", Value: string(in.Contact)}}
	out, err := s.does(ctx, ask, in.Act, request, func(d *okpay.Draft, by *Operator, k *caseDoc, entry *okpay.AuditEntry) error {
		if _, err := s.accounts(); err != nil {
			return err
		}
		if in.Contact != "" {
			p, err := d.Person(k.Case.Customer)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(p.Contacts, func(c okpay.Contact) bool { return c.ID == in.Contact }) {
				return okpay.NewError(okpay.NotFound, "there is no contact with this id")
			}
		}
		_, err := s.c.w.Ledger().RecordByKey(d.Context(), "support_request:"+string(k.Case.Customer))
		if !errors.Is(err, ledger.ErrNotFound) {
			return cmp.Or(err, error(oneIsOpen()))
		}
		if _, err := s.secret(d); err != nil {
			return err
		}
		g, err := d.Gate(k.Case.Customer)
		if err != nil {
			return err
		}
		if g.State == okpay.GateClosed {
			e := okpay.NewError(okpay.AccountClosed, "the customer's account is closed")
			e.Object = string(k.Case.Customer)
			return e
		}
		r := &supportRequestDoc{RequestedBy: by.ID, Epoch: g.Epoch, SupportRequest: SupportRequest{
			ID: s.c.w.NewID("sup_"), Case: k.ID, Customer: k.Case.Customer, Act: in.Act, Contact: in.Contact, CreatedAt: d.Now(), Until: d.Now().Add(approvalLasts),
		}}
		entry.Facts = map[string]string{"request": r.ID}
		d.Result = r.ID
		return s.moved(d, r, requestSupport, okpay.Always)
	})
	if errors.Is(err, ledger.ErrDuplicateKey) {
		err = oneIsOpen()
	}
	return s.supportAfter(ctx, out, err)
}

func oneIsOpen() *okpay.Error {
	return okpay.NewError(okpay.InvalidState, "a request is open for the customer")
}

// DecideSupport is the input of Callers.ApproveRequest, DenyRequest and CancelRequest.
type DecideSupport struct {
	By      OperatorID // a second agent, not the one who requested it; anybody who may reset for CancelRequest
	Why     string     // 3 to 500 characters; for the audit
	Request string
	Key     string // makes the call safe to repeat
}

// ApproveRequest is the second agent's yes. Errors, the first that applies: InvalidRequest,
// PermissionDenied, IdempotencyKeyReused, NotFound, SelfApprovalForbidden for the agent's own
// account, DuplicateApprover, InvalidState, those of Accounts for what is done at once.
func (s *Callers) ApproveRequest(ctx context.Context, in DecideSupport) (SupportRequest, error) {
	return s.decided(ctx, in, MayApproveResets, approveSupport, func(d *okpay.Draft, r *supportRequestDoc) error {
		row := callerRow(r.Act)
		if err := s.c.fourEyes(d, hand{r.RequestedBy, row.May}, hand{in.By, row.Second}); err != nil {
			return err
		}
		r.ApprovedBy, r.Until = in.By, d.Now().Add(row.Wait)
		if row.Wait > 0 {
			return s.moved(d, r, approveSupport, okpay.Always)
		}
		return errors.Join(s.carryOut(d, r), s.moved(d, r, approveSupport, nothingToWaitFor))
	})
}

// DenyRequest is the second agent's no. Errors as for ApproveRequest.
func (s *Callers) DenyRequest(ctx context.Context, in DecideSupport) (SupportRequest, error) {
	return s.decided(ctx, in, MayApproveResets, denySupport, func(d *okpay.Draft, r *supportRequestDoc) error {
		return s.moved(d, r, denySupport, okpay.Always)
	})
}

// CancelRequest stops a request; it takes one agent who may begin one. Errors as for ApproveRequest.
func (s *Callers) CancelRequest(ctx context.Context, in DecideSupport) (SupportRequest, error) {
	return s.decided(ctx, in, MayReset, cancelSupport, func(d *okpay.Draft, r *supportRequestDoc) error {
		return s.moved(d, r, cancelSupport, okpay.Always)
	})
}

func (s *Callers) decided(ctx context.Context, in DecideSupport, may Permission, on okpay.Action, fn func(*okpay.Draft, *supportRequestDoc) error) (SupportRequest, error) {
	if err := okpay.CheckID("request", in.Request); err != nil {
		return SupportRequest{}, err
	}
	a := deed{by: in.By, why: in.Why, may: may, action: "support_request." + string(on), object: in.Request, key: in.Key}
	out, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		r, err := s.support(d, in.Request)
		if err != nil {
			return err
		}
		entry.Customer = r.SupportRequest.Customer
		if err := s.c.notOwn(d, by, r.SupportRequest.Customer); err != nil {
			return err
		}
		if !SupportMachine().Allows(r.State, on) || !d.Now().Before(r.Until) {
			return SupportMachine().Refuse(r.State, r.ID, on)
		}
		d.NotAfter = r.Until.Add(-time.Microsecond)
		d.Result = r.ID
		return fn(d, r)
	})
	return s.supportAfter(ctx, out, err)
}

// StopSupport is the input of Callers.StopRequest.
type StopSupport struct {
	Customer okpay.CustomerID // who is signed in; "" with a Token
	Request  string
	Token    string // from the link in the message, see Care.Secret
}

// StopRequest is the owner's no, from a session or with the link of the message about it. Errors,
// the first that applies: InvalidRequest, NotFound for another customer's, AuthenticationFailed
// for a wrong token, whatever there is, InvalidState when it is over.
func (s *Callers) StopRequest(ctx context.Context, in StopSupport) (SupportRequest, error) {
	if err := okpay.CheckID("request", in.Request); err != nil {
		return SupportRequest{}, err
	}
	if (in.Customer == "") == (in.Token == "") || len(in.Token) > 128 {
		return SupportRequest{}, okpay.InvalidField("token", "exactly one of customer and token is set")
	}
	act := okpay.Act{Principal: "c/" + string(in.Customer), Operation: "support_request.stop"}
	actor := act.Principal
	if in.Customer == "" {
		act.Principal, actor = "program", "link"
	}
	out, err := s.c.w.Do(ctx, act, func(d *okpay.Draft) error {
		r, err := s.support(d, in.Request)
		if in.Token != "" {
			key, failed := s.secret(d)
			if failed != nil {
				return failed
			}
			if same(cancelToken(key, in.Request), in.Token) == 0 || errors.Is(err, okpay.NotFound) {
				return okpay.NewError(okpay.AuthenticationFailed, "the link is not right")
			}
		} else if err == nil && r.SupportRequest.Customer != in.Customer {
			err = okpay.NewError(okpay.NotFound, "there is no request with this id")
		}
		if err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{
			Actor: actor, Action: "support_request.stop", Customer: r.SupportRequest.Customer, Object: r.ID, Shown: true,
		})
		d.Result = r.ID
		return s.moved(d, r, cancelSupport, okpay.Always)
	})
	return s.supportAfter(ctx, out, err)
}

// moved moves a request, and writes it.
func (s *Callers) moved(d *okpay.Draft, r *supportRequestDoc, on okpay.Action, g okpay.Guard) error {
	m, err := r.move(on, g)
	if err != nil {
		return err
	}
	r.UpdatedAt = d.Now()
	return d.Write(r, m)
}

// carryOut does what was requested.
func (s *Callers) carryOut(d *okpay.Draft, r *supportRequestDoc) error {
	accounts, err := s.accounts()
	if err != nil {
		return err
	}
	of := AccountDeed{
		Customer: r.SupportRequest.Customer, Case: r.Case, By: r.RequestedBy, Second: r.ApprovedBy, Contact: r.Contact,
		Request: r.ID, Why: "requested as " + r.ID, // the words of both are in the audit
		RequestedAt: r.CreatedAt, Epoch: r.Epoch,
	}
	switch r.Act {
	case UnlockRisk:
		return accounts.UnlockRisk(d, of)
	case ResetContact:
		return accounts.ResetContact(d, of)
	}
	return accounts.ResetFactor(d, of)
}

func (s *Callers) support(d *okpay.Draft, id string) (*supportRequestDoc, error) {
	r := &supportRequestDoc{}
	err := d.Read("support_request", id, r)
	if errors.Is(err, okpay.NotFound) {
		err = okpay.NewError(okpay.NotFound, "there is no request with this id")
	}
	return r, err
}

func (s *Callers) supportAfter(ctx context.Context, out ledger.Outcome, err error) (SupportRequest, error) {
	if err != nil {
		return SupportRequest{}, err
	}
	r := &supportRequestDoc{}
	err = s.c.w.ReadAfter(ctx, out, "support_request", out.Result, r)
	r.Replayed = out.Replayed
	return r.SupportRequest, err
}

// supportDue does what time does to a request. What can not be done any more when its time
// comes, because an agent who wanted it can act no longer or the account has changed, fails.
func (s *Callers) supportDue(ctx context.Context, id string) error {
	refused := ""
	finish := func(d *okpay.Draft) error {
		r, err := s.support(d, id)
		switch {
		case err != nil:
			return err
		case !r.open() || d.Now().Before(r.Until):
			return okpay.ErrNothingDue
		}
		on := expireSupport
		if r.State == SupportWaiting {
			on = finishSupport
		}
		facts := map[string]string{"act": string(r.Act)}
		if refused != "" && on == finishSupport {
			on, facts["refused"] = failSupport, refused
		}
		if on == finishSupport {
			row := callerRow(r.Act)
			if err := s.c.fourEyes(d, hand{r.RequestedBy, row.May}, hand{r.ApprovedBy, row.Second}); err != nil {
				return err
			}
			if err := s.carryOut(d, r); err != nil {
				return err
			}
		}
		d.Audit(okpay.AuditEntry{
			Actor: "program", Action: "support_request." + string(on), Customer: r.SupportRequest.Customer, Object: r.ID, Facts: facts, Shown: true,
		})
		return s.moved(d, r, on, okpay.Always)
	}
	act := okpay.Act{Principal: "program", Operation: "support_request.due"}
	_, err := s.c.w.Do(ctx, act, finish)
	var e *okpay.Error
	if errors.As(err, &e) && !errors.Is(err, okpay.ServiceBusy) && !errors.Is(err, okpay.NotFound) {
		refused = string(e.Code)
		_, err = s.c.w.Do(ctx, act, finish)
	}
	return err
}

// PendingRequests returns the requests that wait for a second agent or for the owner. Errors:
// PermissionDenied.
func (s *Callers) PendingRequests(ctx context.Context, by OperatorID, after string, limit int) (list []SupportRequest, more bool, err error) {
	if _, err := s.c.Operators.May(ctx, by, MayApproveResets); err != nil {
		return nil, false, err
	}
	docs, more, err := page[supportRequestDoc](ctx, s.c, ledger.RecordQuery{Type: "support_request", Label: "open", After: after, Limit: limit})
	for _, r := range docs {
		list = append(list, r.SupportRequest)
	}
	return list, more, err
}

// secret reads the key of the links, or draws it with the first Change that needs it.
func (s *Callers) secret(d *okpay.Draft) ([]byte, error) {
	r, err := d.Get("secret", "care")
	if !errors.Is(err, ledger.ErrNotFound) {
		return r.Content, err
	}
	key := make([]byte, 32)
	if err := s.c.w.Random(key); err != nil {
		return nil, err
	}
	d.Put(ledger.Put{Type: "secret", ID: "care", Chaining: ledger.Plain, Content: key})
	return key, nil
}

func cancelToken(key []byte, request string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("okpay/care/v1/cancel/" + request))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Secret returns the secret facts of a message of this package, which nobody keeps, for whoever
// sends it: "token" of the link that stops a request of support's. A message that needs none has
// none. Errors: NotFound when the request is over, so that the message is not worth sending.
func (c *Care) Secret(ctx context.Context, m okpay.Message) (map[string]string, error) {
	if m.ObjectType != "support_request" || m.Template != "support_request_requested" && m.Template != "support_request_approved" {
		return nil, nil
	}
	r := &supportRequestDoc{}
	if err := c.w.Read(ctx, "support_request", m.Object, r); err != nil {
		return nil, err
	}
	if !r.open() || r.SupportRequest.Customer != m.Customer {
		return nil, okpay.NewError(okpay.NotFound, "the request is over")
	}
	key, err := c.w.Ledger().Record(ctx, "secret", "care")
	if err != nil {
		return nil, err
	}
	return map[string]string{"token": cancelToken(key.Content, r.ID)}, nil
}
