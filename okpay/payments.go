package okpay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Payments is the service for payments.
type Payments struct {
	w       *Wallet
	waiting waitingRefunds
}

// Bounds of a payment's life.
const (
	MinPaymentExpiry = time.Second
	MaxPaymentExpiry = 90 * 24 * time.Hour
)

// CreatePayment is the input of Payments.Create.
type CreatePayment struct {
	Merchant MerchantID
	Amount   money.Amount // more than zero
	Customer CustomerID   // only this customer may pay; empty means whoever confirms
	// Confirm says that the customer means it already: the payment is made and confirmed in
	// one commit. It needs a Customer.
	Confirm bool
	// Methods are how to pay, with Confirm; see ConfirmPayment.
	Methods       []PaymentMethod
	CaptureMethod CaptureMethod // defaults to CaptureAutomatic
	// ExpiresIn is how long the payment can be confirmed and captured, between
	// MinPaymentExpiry and MaxPaymentExpiry. Defaults to Config.PaymentExpiry.
	ExpiresIn time.Duration
	// Splits are whom what is captured is divided among, by largest remainder, ties to the
	// earlier: at most MaxSplits merchants, each once. The payment's own may be one of them or not.
	// Refunds and disputes take from them what they have. The fee is the payment's merchant's, up
	// to their share, and the others' by their shares beyond that. Defaults to all of it for
	// the payment's merchant.
	Splits []Split
	// Reference is the merchant's order number, at most 128 bytes. Of all payments of a
	// merchant's with one reference, at most one is open or paid.
	Reference   string
	Description string            // what the customer is told, at most 500 bytes
	Metadata    map[string]string // at most 20 entries, keys to 40 bytes, values to 500
	Key         string            // makes the call safe to repeat
}

// Create asks for money, and with Confirm it also pays, as Payments.Confirm does: with all of
// its errors, recorded with the new payment, and one difference. A payment that is blocked at
// once comes back failed, and nothing is announced of it but payment.blocked.
//
// Errors, in this order: InvalidRequest, AmountNotPositive, CurrencyNotSupported, IdempotencyKeyReused,
// NotFound for the merchant, MerchantNotAllowed (the merchant does not accept the currency), both
// for the merchants of Splits, with Confirm what Actor says of a customer's own verbs, NotFound for the customer, OrderAlreadyPaid and InvalidState with the Object that has the Reference, when
// that one is paid or open; then those of Confirm.
func (s *Payments) Create(ctx context.Context, in CreatePayment) (Payment, error) {
	asked := in // before defaults, which may change between two tries
	if err := s.checkCreate(&in); err != nil {
		return Payment{}, err
	}
	v := verb{"m/" + string(in.Merchant), "payment.create", in.Key, append([]ledger.Field{
		{Name: "amount", Value: in.Amount.String()},
		{Name: "customer", Value: string(in.Customer)},
		{Name: "capture_method", Value: string(in.CaptureMethod)},
		{Name: "expires_in", Value: asked.ExpiresIn.String()},
		{Name: "reference", Value: in.Reference},
		{Name: "description", Value: in.Description},
		{Name: "confirm", Value: strconv.FormatBool(in.Confirm)},
		methodsField(in.Methods),
		splitsField(in.Splits),
	}, metadataField(in.Metadata))}
	try := s.newAttempt(in.Customer, in.Methods)
	// Almost every reference is free, and the block finds one that is not: doFor then runs the verb
	// again, which looks who has it. What asks others first, as a confirmation does, looks at once.
	look := in.Confirm
	of := CustomerID("")
	if in.Confirm {
		of = in.Customer // it is the customer's own yes
	}
	return s.runFor(ctx, of, v, "", in.Confirm, func(d *ledger.Draft) (*paymentDoc, error) {
		merchant, err := s.accepting(d, in.Merchant, in.Amount.Currency())
		if err != nil {
			return nil, err
		}
		if err := s.partiesAccept(d, in.Splits, in.Merchant, in.Amount.Currency()); err != nil {
			return nil, err
		}
		if in.Customer != "" && !in.Confirm {
			if err := draftGet(d, "customer", string(in.Customer), &Customer{}); err != nil {
				return nil, err
			}
		}
		if look {
			if err := s.orderIsFree(d, in.Merchant, in.Reference); err != nil {
				return nil, err
			}
		}
		look = true
		now := d.Now()
		p := &paymentDoc{Currency: in.Amount.Currency().Code()}
		p.Payment = Payment{
			ID: PaymentID(s.w.newID("pay_")), Merchant: in.Merchant, Customer: in.Customer, CaptureMethod: in.CaptureMethod,
			Reference: in.Reference, Description: in.Description, Metadata: ownMetadata(in.Metadata),
			CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(in.ExpiresIn),
		}
		p.Minor.Amount = in.Amount.Minor()
		p.Parties = in.Splits
		p.Schedule = s.w.fees(merchant, p.Currency).Payment
		fresh(d, "payment", string(p.ID))
		if in.Confirm {
			return p, s.confirm(d, p, merchant, try)
		}
		m, err := p.move(create, Always)
		if err != nil {
			return nil, err
		}
		return p, s.write(&d.Change, p, now, false, m)
	})
}

// accepting returns a merchant who takes payments in a currency.
func (s *Payments) accepting(d *ledger.Draft, id MerchantID, currency money.Currency) (*Merchant, error) {
	m, err := s.w.openMerchant(d, id)
	if CodeOf(err) == AccountClosed {
		e := NewError(MerchantNotAllowed, "the merchant's account is closed")
		e.Object = string(id)
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return m, m.accepts(currency)
}

// orderIsFree refuses a reference that another payment holds. One whose time is over does
// not hold it any more, whether or not that is recorded yet.
func (s *Payments) orderIsFree(d *ledger.Draft, merchant MerchantID, reference string) error {
	if reference == "" {
		return nil
	}
	r, err := s.w.ledger.RecordByKey(d.Context(), orderKey(merchant, reference))
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	var p paymentDoc
	if err := decodeRecord("payment", r.ID, r, err, &p); err != nil {
		return err
	}
	if p.due(d.Now()) {
		if err := s.expireDue(d.Context(), p.ID); err != nil && !errors.Is(err, ErrNothingDue) {
			return err
		}
		if p.State != PaymentPartiallyCaptured {
			return nil
		}
		p.State = PaymentCaptured
	}
	e := p.invalidState(create).(*Error)
	e.Detail = "a payment for this order is open"
	if paymentMachine().Allows(p.State, refundSucceeded) || p.State == PaymentRefunded {
		e = NewError(OrderAlreadyPaid, "")
		e.Object = string(p.ID)
	}
	e.Field = "reference"
	return e
}

func (s *Payments) checkCreate(in *CreatePayment) error {
	if in.CaptureMethod == "" {
		in.CaptureMethod = CaptureAutomatic
	}
	if in.ExpiresIn == 0 {
		in.ExpiresIn = s.w.cfg.PaymentExpiry
	}
	if err := s.w.amount("amount", in.Amount); err != nil {
		return err
	}
	if in.CaptureMethod != CaptureAutomatic && in.CaptureMethod != CaptureManual {
		return InvalidField("capture_method", "is neither automatic nor manual")
	}
	if in.ExpiresIn < MinPaymentExpiry || in.ExpiresIn > MaxPaymentExpiry {
		return InvalidField("expires_in", "is %v, want %v to %v", in.ExpiresIn, MinPaymentExpiry, MaxPaymentExpiry)
	}
	if err := CheckID("merchant", string(in.Merchant)); err != nil {
		return err
	}
	if in.Customer != "" || in.Confirm {
		if err := CheckID("customer", string(in.Customer)); err != nil {
			return err
		}
	}
	if len(in.Methods) > 0 && !in.Confirm {
		return InvalidField("methods", "are for a payment that is confirmed at once")
	}
	if err := s.w.checkMethods(in.Methods, in.Amount.Currency().Code()); err != nil {
		return err
	}
	if err := checkSplits(in.Splits); err != nil {
		return err
	}
	if err := CheckText("reference", in.Reference, 128); err != nil {
		return err
	}
	if err := CheckText("description", in.Description, 500); err != nil {
		return err
	}
	return checkMetadata(in.Metadata)
}

// Get returns a payment as it is now: expired if its time is over, and not waiting for a proof that would be
// too late, whether or not that is recorded yet. Errors: NotFound.
func (s *Payments) Get(ctx context.Context, id PaymentID) (Payment, error) {
	p, err := s.get(ctx, id)
	if err != nil {
		return Payment{}, translate(err)
	}
	if p.Customer != "" { // until then it is whoever's has the link
		if err := showing(ctx, "payment", string(id), p.Customer); err != nil {
			return Payment{}, err
		}
	}
	return s.w.payment(p)
}

func (s *Payments) get(ctx context.Context, id PaymentID) (*paymentDoc, error) {
	return s.getAfter(ctx, ledger.Outcome{}, id, nil)
}

// getAfter is get for a verb that has committed, with the payment that it wrote if that is known.
func (s *Payments) getAfter(ctx context.Context, out ledger.Outcome, id PaymentID, wrote *paymentDoc) (*paymentDoc, error) {
	p := wrote
	if p == nil {
		p = &paymentDoc{}
		if err := s.w.getAfter(ctx, out, "payment", string(id), p); err != nil {
			return nil, err
		}
	}
	now := s.w.Now()
	var err error
	if p.due(now) {
		_, err = p.move(expire, Always)
	} else if p.lapsed(now) {
		_, err = s.tryFailed(p, challengeLapsed, AuthenticationFailed, now)
	}
	return p, err
}

// GetOwned is Get for a merchant: another merchant's payment is NotFound.
func (s *Payments) GetOwned(ctx context.Context, merchant MerchantID, id PaymentID) (Payment, error) {
	p, err := s.Get(ctx, id)
	if err == nil && p.Merchant != merchant {
		return Payment{}, notFound("payment", string(id))
	}
	return p, err
}

// ListPayments is the input of Payments.List. Exactly one of Merchant and Customer is set.
type ListPayments struct {
	Merchant MerchantID
	Customer CustomerID
	State    PaymentState // only with Merchant; empty means all
	After    PaymentID    // continue after this payment
	Limit    int          // 1 to 100, 20 unless told
}

// List returns payments as they are recorded, the newest first, and whether there are more. Errors: InvalidRequest,
// also for a state that there is not.
func (s *Payments) List(ctx context.Context, in ListPayments) (page []Payment, more bool, err error) {
	if err := paymentMachine().asked(in.State); err != nil {
		return nil, false, err
	}
	label := "c:" + string(in.Customer)
	switch {
	case (in.Merchant == "") == (in.Customer == ""), in.State != "" && in.Merchant == "":
		return nil, false, InvalidField("merchant", "exactly one of merchant and customer is set, and state only with merchant")
	case in.Merchant != "" && in.State != "":
		label = "m:" + string(in.Merchant) + ":" + string(in.State)
	case in.Merchant != "":
		label = "m:" + string(in.Merchant)
	}
	if err := showingList(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	limit := pageSize(in.Limit)
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "payment", Label: label, After: string(in.After), Desc: true, Limit: limit + 1,
	})
	if err != nil {
		return nil, false, translate(err)
	}
	more = len(records) > limit
	for _, r := range records[:min(limit, len(records))] {
		var doc paymentDoc
		if err := decodeRecord("payment", r.ID, r, nil, &doc); err != nil {
			return nil, false, err
		}
		p, err := s.w.payment(&doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, p)
	}
	return page, more, nil
}

// run runs a verb and returns the payment as it is afterwards, having asked a funding source
// if the payment waits for one. tries says that the verb tries to pay. fn returns the payment as
// its Change writes it: it need not be read again.
func (s *Payments) run(ctx context.Context, v verb, id PaymentID, tries bool, fn func(*ledger.Draft) (*paymentDoc, error)) (Payment, error) {
	return s.runFor(ctx, v.customer(), v, id, tries, fn)
}

// runFor is run for a verb that is a customer's own, whatever its principal.
func (s *Payments) runFor(ctx context.Context, of CustomerID, v verb, id PaymentID, tries bool, fn func(*ledger.Draft) (*paymentDoc, error)) (Payment, error) {
	var wrote *paymentDoc
	out, err := s.doFor(ctx, of, v, func(d *ledger.Draft) (err error) {
		wrote, err = fn(d)
		return err
	})
	if err != nil && (out.Seq == 0 || id == "" && out.Result == "") {
		return Payment{}, translate(err)
	}
	if out.Result != "" {
		id = PaymentID(out.Result)
	}
	if err != nil || out.Replayed {
		wrote = nil // what was committed, if anything, may be something else
	}
	p, loadErr := s.getAfter(ctx, out, id, wrote)
	if loadErr == nil && tries && p.State == PaymentProcessing {
		p, loadErr = s.collect(ctx, p)
	}
	if loadErr != nil {
		return Payment{}, errors.Join(translate(err), translate(loadErr))
	}
	failure := s.refusal(err, p, out.Time)
	// A funding source that said no is known only after the commit.
	if tries && failure == nil && p.LastFailure != nil && (p.State == PaymentRequiresConfirmation || p.State == PaymentFailed) {
		failure = NewError(p.LastFailure.Code, "")
	}
	if p.Minor.Captured > 0 {
		s.creditedOf(p)
	}
	shown, err := s.w.payment(p)
	if err != nil {
		return Payment{}, errors.Join(failure, err)
	}
	shown.Replayed = out.Replayed
	var e *Error
	if errors.As(failure, &e) {
		e.Object = string(id)
		if p.LastFailure != nil && p.LastFailure.Code == e.Code {
			e.NextAction = p.LastFailure.NextAction
		}
	}
	return shown, failure
}

// do runs a verb over the ledger, once more where it met what it could not see.
func (s *Payments) do(ctx context.Context, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	return s.doFor(ctx, v.customer(), v, fn)
}

func (s *Payments) doFor(ctx context.Context, of CustomerID, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	out, err := s.w.doFor(ctx, of, v, fn)
	for try := 0; try < 3 && (errors.Is(err, ledger.ErrHoldExpired) || errors.Is(err, ledger.ErrDuplicateKey)); try++ {
		// The hold ran out, or another payment took the reference, between the verb's
		// reading and the block. The verb now sees that.
		out, err = s.w.doFor(ctx, of, v, fn)
	}
	return out, err
}

// refusal makes the error of a refusal with its facts. p may be nil.
func (s *Payments) refusal(err error, p *paymentDoc, at time.Time) error {
	if err == nil {
		return nil
	}
	failure := translate(err)
	var (
		e       *Error
		refused *ledger.RefusedError
	)
	if p == nil || !errors.As(failure, &e) || !errors.As(err, &refused) {
		return failure
	}
	amount := p.amountOf(s.w, p.Minor.Amount)
	switch {
	case refused.Reason == ledger.ConditionFailed:
		if limited := s.w.refusedByLimit(err, amount, at); limited != nil {
			return limited
		}
	case refused.Reason == ledger.AccountClosed && refused.Account.Name == "":
		return NewError(AccountClosed, "") // not an account of the ledger's, but the payer's
	case refused.Reason == ledger.InsufficientFunds:
		if missing, err := s.w.restore(refused.Short, refused.Account.Currency); err == nil {
			e.Short, e.Detail = &missing, fmt.Sprintf("%s is missing", missing)
		}
	case e.Code == AmountTooSmall || e.Code == LimitExceededTransaction:
		if limited := s.w.within(OnPayment, amount); CodeOf(limited) == e.Code {
			return limited
		}
	}
	return failure
}

func (s *Payments) load(d *ledger.Draft, id PaymentID) (*paymentDoc, error) {
	p := &paymentDoc{}
	err := draftGet(d, "payment", string(id), p)
	return p, err
}

func (s *Payments) owned(d *ledger.Draft, merchant MerchantID, id PaymentID) (*paymentDoc, error) {
	p, err := s.load(d, id)
	if err == nil && p.Merchant != merchant {
		return nil, notFound("payment", string(id))
	}
	return p, err
}

func amountField(name string, a money.Amount) ledger.Field {
	if (a == money.Amount{}) {
		return ledger.Field{Name: name}
	}
	return ledger.Field{Name: name, Value: a.String()}
}

// ownMetadata is a copy that a caller does not alter, nil for none.
func ownMetadata(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

func metadataField(m map[string]string) ledger.Field {
	if len(m) == 0 {
		return ledger.Field{Name: "metadata"}
	}
	return ledger.Field{Name: "metadata", Value: string(encode(m))}
}
