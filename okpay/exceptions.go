package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Exceptions is the service for what people have to look at.
type Exceptions struct{ w *Wallet }

// Get returns an exception. Errors: NotFound.
func (s *Exceptions) Get(ctx context.Context, id ExceptionID) (Exception, error) {
	if err := notWithActor(ctx); err != nil {
		return Exception{}, err
	}
	var doc exceptionDoc
	if err := s.w.get(ctx, "exception", string(id), &doc); err != nil {
		return Exception{}, translate(err)
	}
	return s.w.exception(&doc)
}

// ExceptionQuery selects exceptions.
type ExceptionQuery struct {
	State  ExceptionState // empty means open
	Object string         // only those about this object, in any state
	After  ExceptionID    // continue after this one
	Limit  int            // 1 to 100, 20 unless told
}

// List returns a page of exceptions, the newest first, and whether there are more. Errors:
// InvalidRequest for a query with both State and Object, or a state that there is not.
func (s *Exceptions) List(ctx context.Context, in ExceptionQuery) (page []Exception, more bool, err error) {
	if err := notWithActor(ctx); err != nil {
		return nil, false, err
	}
	if err := exceptionMachine().asked(in.State); err != nil {
		return nil, false, err
	}
	label := "state:" + string(ExceptionOpen)
	switch {
	case in.State != "" && in.Object != "":
		return nil, false, InvalidField("state", "is not for the exceptions about one object")
	case in.State != "":
		label = "state:" + string(in.State)
	case in.Object != "":
		label = "o:" + in.Object
	}
	return listed(ctx, s.w, ledger.RecordQuery{Type: "exception", Label: label, After: string(in.After), Limit: in.Limit}, s.w.exception)
}

// ResolveException is the input of Exceptions.Resolve.
type ResolveException struct {
	Exception   ExceptionID
	Disposition Disposition // what becomes of the money; NoMoney where none waits
	Customer    CustomerID  // who gets it, with CreditCustomer
	Merchant    MerchantID  // who gets it, with CreditMerchant
	Reason      string      // a code, 1 to 64 letters, digits, '_' and '-'
	By          string      // the operator, 1 to 64 of the same
	Key         string      // makes the call safe to repeat
}

// Resolve takes an exception off the list of what people have to look at, and moves the money
// that waits for it. One operator is enough. Where the exception is about an object that
// waits for a decision itself (a top-up that needs review, a withdrawal paid after it had failed), the verb
// that decides on that moves its money and resolves the exception too.
//
// Errors, the first that applies: InvalidRequest for the form; NotFound for the exception; InvalidState when it was
// resolved already; InvalidRequest with the field disposition when money waits and it says nothing of it,
// when no money waits, or when it is not for money that went this way; NotFound and AccountClosed for the
// customer or merchant, ServiceBusy in the moment of its closing. IdempotencyKeyReused.
func (s *Exceptions) Resolve(ctx context.Context, in ResolveException) (Exception, error) {
	if err := in.check(); err != nil {
		return Exception{}, err
	}
	v := verb{"op/" + in.By, "exception.resolve", in.Key, []ledger.Field{
		{Name: "exception", Value: string(in.Exception)},
		{Name: "disposition", Value: string(in.Disposition)},
		{Name: "customer", Value: string(in.Customer)},
		{Name: "merchant", Value: string(in.Merchant)},
		{Name: "reason", Value: in.Reason},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		e := &exceptionDoc{}
		if err := draftGet(d, "exception", string(in.Exception), e); err != nil {
			return err
		}
		return s.resolve(d, e, in)
	})
	if err != nil {
		return Exception{}, translate(err)
	}
	e, err := s.Get(ctx, in.Exception)
	e.Replayed = out.Replayed
	return e, err
}

func (in *ResolveException) check() error {
	if err := CheckID("by", in.By); err != nil {
		return err
	}
	if err := CheckID("reason", in.Reason); err != nil {
		return err
	}
	switch in.Disposition {
	case NoMoney, CreditCustomer, CreditMerchant, ReturnToProvider, WriteOff:
	default:
		return InvalidField("disposition", "is not one of the constants")
	}
	if (in.Disposition == CreditCustomer) != (in.Customer != "") {
		return InvalidField("customer", "is for credit_customer, which needs it")
	}
	if (in.Disposition == CreditMerchant) != (in.Merchant != "") {
		return InvalidField("merchant", "is for credit_merchant, which needs it")
	}
	return nil
}

func (s *Exceptions) resolve(d *ledger.Draft, e *exceptionDoc, in ResolveException) error {
	on, waits := Action(in.Disposition), e.waiting()
	if in.Disposition == NoMoney {
		on = "resolve"
	}
	if e.State == ExceptionOpen {
		switch _, ok := exceptionMachine().Next(e.State, on, waits); {
		case !ok && in.Disposition == NoMoney:
			return InvalidField("disposition", "is missing: money waits on %s", suspenseAccount(e.Provider))
		case !ok && waits == Always:
			return InvalidField("disposition", "is not for an exception for which no money waits")
		case !ok:
			return InvalidField("disposition", "is not for %s", waits)
		}
	}
	m, err := e.move(on, waits)
	if err != nil {
		return err
	}
	e.Resolution = &Resolution{
		Disposition: in.Disposition, To: string(in.Customer) + string(in.Merchant), Reason: in.Reason, By: in.By, At: d.Now(),
	}
	if in.Disposition != NoMoney {
		amount, err := s.w.restore(e.Minor, e.Currency)
		if err != nil {
			return err
		}
		other, err := s.other(d, e, in)
		if err != nil {
			return err
		}
		d.Post(ledger.Transaction{
			Reference: string(e.ID), Metadata: kind("exception"), Postings: []ledger.Posting{outOfSuspense(e, other, amount)},
		})
	}
	d.Result = string(e.ID)
	return s.w.write(&d.Change, d.Now(), e, m)
}

// other is the account that takes what waits on suspense.
func (s *Exceptions) other(d *ledger.Draft, e *exceptionDoc, in ResolveException) (string, error) {
	switch in.Disposition {
	case CreditCustomer:
		return customerAccount(in.Customer), s.w.arriving(d, in.Customer)
	case CreditMerchant:
		_, err := s.w.openMerchant(d, in.Merchant)
		return merchantAccount(in.Merchant), err
	case WriteOff:
		return loss, nil
	}
	return clearingAccount(e.Provider), nil
}

func outOfSuspense(e *exceptionDoc, other string, amount money.Amount) ledger.Posting {
	p := ledger.Posting{Debit: suspenseAccount(e.Provider), Credit: other, Amount: amount}
	if e.waiting() == wentOut {
		p.Debit, p.Credit = p.Credit, p.Debit
	}
	return p
}
