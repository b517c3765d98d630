package okpay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Payments is the service for payments.
type Payments struct{ w *Wallet }

// Bounds of a payment's life.
const (
	MinPaymentExpiry = time.Second
	MaxPaymentExpiry = 90 * 24 * time.Hour
)

// CreatePayment is the input of Payments.Create.
type CreatePayment struct {
	Merchant      MerchantID
	Amount        money.Amount  // more than zero
	Customer      CustomerID    // only this customer may pay; empty means whoever confirms
	CaptureMethod CaptureMethod // defaults to CaptureAutomatic
	// ExpiresIn is how long the payment can be confirmed and captured, between
	// MinPaymentExpiry and MaxPaymentExpiry. Defaults to Config.PaymentExpiry.
	ExpiresIn   time.Duration
	Reference   string            // the merchant's order number, at most 128 bytes
	Description string            // what the customer is told, at most 500 bytes
	Metadata    map[string]string // at most 20 entries, keys to 40 bytes, values to 500
	Key         string            // makes the call safe to repeat
}

// Create asks for money. Errors: InvalidRequest, AmountNotPositive, CurrencyNotSupported,
// NotFound for the merchant or the customer, AccountClosed for the merchant, IdempotencyKeyReused.
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
	}, metadataField(in.Metadata))}
	return s.run(ctx, v, "", InsufficientBalance, func(d *ledger.Draft) error {
		if _, err := s.w.openMerchant(d, in.Merchant); err != nil {
			return err
		}
		if in.Customer != "" {
			if err := draftGet(d, "customer", string(in.Customer), &Customer{}); err != nil {
				return err
			}
		}
		now := d.Now()
		p := &paymentDoc{Currency: in.Amount.Currency().Code()}
		p.Payment = Payment{
			ID: PaymentID(s.w.newID("pay_")), Merchant: in.Merchant, Customer: in.Customer,
			State: PaymentCreated, CaptureMethod: in.CaptureMethod,
			Reference: in.Reference, Description: in.Description, Metadata: in.Metadata,
			CreatedAt: now, ExpiresAt: now.Add(in.ExpiresIn),
		}
		p.Minor.Amount = in.Amount.Minor()
		fresh(d, "payment", string(p.ID))
		m, _ := paymentMachine().next("", create, always)
		return s.write(&d.Change, p, now, false, told{emits: m.emits})
	})
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
		return invalidField("capture_method", "is neither automatic nor manual")
	}
	if in.ExpiresIn < MinPaymentExpiry || in.ExpiresIn > MaxPaymentExpiry {
		return invalidField("expires_in", "is %v, want %v to %v", in.ExpiresIn, MinPaymentExpiry, MaxPaymentExpiry)
	}
	if err := checkID("merchant", string(in.Merchant)); err != nil {
		return err
	}
	if in.Customer != "" {
		if err := checkID("customer", string(in.Customer)); err != nil {
			return err
		}
	}
	if err := checkText("reference", in.Reference, 128); err != nil {
		return err
	}
	if err := checkText("description", in.Description, 500); err != nil {
		return err
	}
	return checkMetadata(in.Metadata)
}

// ConfirmPayment is the input of Payments.Confirm.
type ConfirmPayment struct {
	Payment  PaymentID
	Customer CustomerID // who pays
	Key      string     // makes the call safe to repeat
}

// Confirm is the customer's act: it holds the amount (CaptureManual) or pays it at once
// (CaptureAutomatic). The embedding program calls it once it knows that the customer means
// it.
//
// With too little balance the attempt is recorded and the payment comes back together with
// the error InsufficientBalance, an *Error that says what to do; after a top-up it can be confirmed again, with another
// Key, until Config.MaxAttempts. Other errors: NotFound (also for a payment meant for
// another customer), InvalidState, PaymentExpired (recorded), IdempotencyKeyReused.
func (s *Payments) Confirm(ctx context.Context, in ConfirmPayment) (Payment, error) {
	if err := checkID("customer", string(in.Customer)); err != nil {
		return Payment{}, err
	}
	v := verb{"c/" + string(in.Customer), "payment.confirm", in.Key, []ledger.Field{{Name: "payment", Value: string(in.Payment)}}}
	return s.run(ctx, v, in.Payment, InsufficientBalance, func(d *ledger.Draft) error {
		p, err := s.load(d, in.Payment)
		if err != nil {
			return err
		}
		if err := draftGet(d, "customer", string(in.Customer), &Customer{}); err != nil {
			return err
		}
		if p.Customer != "" && p.Customer != in.Customer {
			return notFound("payment", string(in.Payment))
		}
		if p.due(d.Now()) {
			return s.expireInstead(d, p, PaymentExpired)
		}
		if !paymentMachine().allows(p.State, confirm) {
			return p.invalidState(confirm)
		}
		p.Attempts++

		// Whoever could not pay has not made the payment theirs.
		declined := *p
		declined.Tried = in.Customer
		p.Customer = in.Customer
		failure := short
		if p.Attempts >= s.w.cfg.MaxAttempts {
			failure = shortForLast
		}
		m, err := declined.move(confirm, failure)
		if err != nil {
			return err
		}
		declined.LastFailure = refusedFor(InsufficientBalance, d.Now())
		if err := s.write(d.Otherwise(ledger.InsufficientFunds), &declined, d.Now(), false, m); err != nil {
			return err
		}
		return s.authorize(d, p)
	})
}

// authorize writes the move of a funded payment: a hold, or the capture at once.
func (s *Payments) authorize(d *ledger.Draft, p *paymentDoc) error {
	m, err := p.move(confirm, funded)
	if err != nil {
		return err
	}
	p.LastFailure = nil
	amount, err := s.w.restore(p.Minor.Amount, p.Currency)
	if err != nil {
		return err
	}
	if p.CaptureMethod == CaptureManual {
		p.Hold = true
		d.Hold(ledger.Hold{
			ID: string(p.ID), Expires: p.ExpiresAt, Reference: string(p.ID), Metadata: kind("payment"),
			Postings: []ledger.Posting{{Debit: customerAccount(p.Customer), Credit: merchantAccount(p.Merchant), Amount: amount}},
		})
		return s.write(&d.Change, p, d.Now(), false, m)
	}
	p.UpdatedAt = d.Now()
	// Of a state that the same Change leaves again.
	if err := s.w.announce(&d.Change, d.Now(), p, m.emits...); err != nil {
		return err
	}
	captured, err := p.move(capture, whole)
	if err != nil {
		return err
	}
	postings := []ledger.Posting{{Debit: customerAccount(p.Customer), Credit: merchantAccount(p.Merchant), Amount: amount}}
	d.Post(ledger.Transaction{
		Reference: string(p.ID), Metadata: kind("payment"), Postings: append(postings, s.charge(p, amount, d.Now())...),
	})
	return s.write(&d.Change, p, d.Now(), false, captured)
}

// charge counts an amount as captured and returns the posting of its fee, if there is one: the fee on
// everything captured so far, less what was posted of it.
func (s *Payments) charge(p *paymentDoc, amount money.Amount, now time.Time) []ledger.Posting {
	p.Minor.Captured += amount.Minor()
	p.CapturedAt = now
	total := s.w.cfg.Fees.in(p.Currency).Payment.on(p.Minor.Captured)
	// A schedule may have been changed between two captures: never take back, never take
	// more than is captured.
	fee := min(max(total-p.Minor.Fee, 0), amount.Minor())
	if fee == 0 {
		return nil
	}
	p.Minor.Fee += fee
	return []ledger.Posting{{Debit: merchantAccount(p.Merchant), Credit: feeAccount, Amount: money.New(fee, amount.Currency())}}
}

// CapturePayment is the input of Payments.Capture.
type CapturePayment struct {
	Merchant MerchantID
	Payment  PaymentID
	Amount   money.Amount // the zero Amount means all that is held
	Final    bool         // release what is not captured
	Key      string       // makes the call safe to repeat
}

// Capture takes held money, whole or in parts. Errors: NotFound (also for another
// merchant's payment), AmountExceedsCapturable with Limit, InvalidState (recorded as
// expired when the time is over), AmountNotPositive, CurrencyNotSupported,
// IdempotencyKeyReused.
func (s *Payments) Capture(ctx context.Context, in CapturePayment) (Payment, error) {
	all := in.Amount == money.Amount{}
	if !all {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return Payment{}, err
		}
	}
	v := verb{"m/" + string(in.Merchant), "payment.capture", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)},
		amountField("amount", in.Amount),
		{Name: "final", Value: strconv.FormatBool(in.Final)},
	}}
	return s.run(ctx, v, in.Payment, InsufficientBalance, func(d *ledger.Draft) error {
		p, err := s.owned(d, in.Merchant, in.Payment)
		if err != nil {
			return err
		}
		if p.due(d.Now()) {
			return s.expireInstead(d, p, InvalidState)
		}
		if !paymentMachine().allows(p.State, capture) {
			return p.invalidState(capture)
		}
		amount := in.Amount
		if all {
			amount = p.amountOf(s.w, p.rest())
		}
		if err := p.within("amount", amount, p.rest(), AmountExceedsCapturable, s.w); err != nil {
			return err
		}
		fee := s.charge(p, amount, d.Now())
		g, released := part, false
		if in.Final || p.rest() == 0 {
			g, released = whole, p.rest() > 0
		}
		m, err := p.move(capture, g)
		if err != nil {
			return err
		}
		d.Capture(ledger.Capture{
			Hold: string(p.ID), Final: g == whole, Reference: string(p.ID), Metadata: kind("payment"),
			Postings: []ledger.Posting{{Debit: customerAccount(p.Customer), Credit: merchantAccount(p.Merchant), Amount: amount}},
		})
		if fee != nil {
			d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("payment"), Postings: fee})
		}
		return s.write(&d.Change, p, d.Now(), released, m)
	})
}

// within refuses an amount of another currency, or above what is possible.
func (p *paymentDoc) within(field string, amount money.Amount, most int64, code Code, w *Wallet) error {
	if amount.Currency().Code() != p.Currency {
		e := newError(CurrencyNotSupported, "the payment is in %s", p.Currency)
		e.Field, e.Object = field, string(p.ID)
		return e
	}
	if amount.Minor() > most {
		limit := p.amountOf(w, most)
		e := newError(code, "at most %s is possible", limit)
		e.Field, e.Object, e.Limit = field, string(p.ID), &limit
		return e
	}
	return nil
}

// CancelPayment is the input of Payments.Cancel.
type CancelPayment struct {
	Merchant MerchantID
	Payment  PaymentID
	Key      string // makes the call safe to repeat
}

// Cancel gives held money back; of a payment captured in part, it releases the rest.
// Errors: NotFound (also for another merchant's payment), InvalidState (recorded as expired
// when the time is over), IdempotencyKeyReused.
func (s *Payments) Cancel(ctx context.Context, in CancelPayment) (Payment, error) {
	v := verb{"m/" + string(in.Merchant), "payment.cancel", in.Key, []ledger.Field{{Name: "payment", Value: string(in.Payment)}}}
	return s.run(ctx, v, in.Payment, InsufficientBalance, func(d *ledger.Draft) error {
		p, err := s.owned(d, in.Merchant, in.Payment)
		if err != nil {
			return err
		}
		if p.due(d.Now()) {
			return s.expireInstead(d, p, InvalidState)
		}
		held := p.Hold && paymentMachine().allows(p.State, capture)
		m, err := p.move(cancel, always)
		if err != nil {
			return err
		}
		if held {
			d.Void(string(p.ID))
		}
		return s.write(&d.Change, p, d.Now(), held, m)
	})
}

// Get returns a payment, expired if its time is over whether or not that is recorded yet.
// Errors: NotFound.
func (s *Payments) Get(ctx context.Context, id PaymentID) (Payment, error) {
	var p paymentDoc
	if err := s.w.get(ctx, "payment", string(id), &p); err != nil {
		return Payment{}, translate(err)
	}
	if p.due(s.w.Now()) {
		if _, err := p.move(expire, always); err != nil {
			return Payment{}, err
		}
	}
	return s.w.payment(&p)
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

// List returns payments as they are recorded, the newest first, and whether there are more. Errors: InvalidRequest.
func (s *Payments) List(ctx context.Context, in ListPayments) (page []Payment, more bool, err error) {
	label := "c:" + string(in.Customer)
	switch {
	case (in.Merchant == "") == (in.Customer == ""), in.State != "" && in.Merchant == "":
		return nil, false, invalidField("merchant", "exactly one of merchant and customer is set, and state only with merchant")
	case in.Merchant != "" && in.State != "":
		label = "m:" + string(in.Merchant) + ":" + string(in.State)
	case in.Merchant != "":
		label = "m:" + string(in.Merchant)
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

// run runs a verb and returns the payment as it is afterwards. short is what insufficient
// funds mean to this verb.
func (s *Payments) run(ctx context.Context, v verb, id PaymentID, shortCode Code, fn func(*ledger.Draft) error) (Payment, error) {
	out, err := s.w.do(ctx, v, fn)
	for try := 0; try < 3 && errors.Is(err, ledger.ErrHoldExpired); try++ {
		// The hold ran out between the verb's reading of the clock and the block's. The verb
		// now sees the payment expired, and records that.
		out, err = s.w.do(ctx, v, fn)
	}
	failure := translate(err)
	if errors.Is(err, ledger.ErrInsufficientFunds) {
		failure = newError(shortCode, "")
	}
	if failure != nil && out.Seq == 0 {
		return Payment{}, failure
	}
	if out.Result != "" {
		id = PaymentID(out.Result)
	}
	p, err := s.Get(ctx, id)
	if err != nil {
		return Payment{}, errors.Join(failure, err)
	}
	p.Replayed = out.Replayed
	var e *Error
	if errors.As(failure, &e) {
		e.Object = string(id)
	}
	return p, failure
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

// expireInstead records that a payment's time is over, and refuses the verb that found it
// so. The hold ends by itself: from the instant of its expiry it reserves nothing.
func (s *Payments) expireInstead(d *ledger.Draft, p *paymentDoc, code Code) error {
	held := p.Hold && paymentMachine().allows(p.State, capture)
	m, err := p.move(expire, always)
	if err != nil {
		return err
	}
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(code), Detail: "the payment's time is over"})
	return s.write(&d.Change, p, d.Now(), held, m)
}

// expireDue records that a payment's time is over, if it is.
func (s *Payments) expireDue(ctx context.Context, id PaymentID) error {
	v := verb{principal: "program", operation: "payment.expire"}
	_, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		p, err := s.load(d, id)
		if err != nil {
			return err
		}
		if !p.due(d.Now()) {
			return errNothingDue
		}
		held := p.Hold && paymentMachine().allows(p.State, capture)
		m, err := p.move(expire, always)
		if err != nil {
			return err
		}
		return s.write(&d.Change, p, d.Now(), held, m)
	})
	return err
}

func amountField(name string, a money.Amount) ledger.Field {
	if (a == money.Amount{}) {
		return ledger.Field{Name: name}
	}
	return ledger.Field{Name: name, Value: a.String()}
}

func metadataField(m map[string]string) ledger.Field {
	if len(m) == 0 {
		return ledger.Field{Name: "metadata"}
	}
	return ledger.Field{Name: "metadata", Value: string(encode(m))}
}
