package okpay

import (
	"context"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// ConfirmPayment is the input of Payments.Confirm.
type ConfirmPayment struct {
	Payment  PaymentID
	Customer CustomerID // who pays
	// Methods are how to pay, in order: the first one that can pay the whole amount pays it.
	// A funding source is asked, and the methods after it are tried when it says no, which is an
	// attempt of its own (Config.MaxAttempts). At most 8. Defaults to the balance in the payment's
	// currency.
	Methods []PaymentMethod
	Key     string // makes the call safe to repeat
}

// Confirm is the customer's act: it holds the amount (CaptureManual) or pays it at once
// (CaptureAutomatic). The embedding program calls it once it knows that the customer means
// it. Three things other than being paid can become of it, and all are recorded:
//
// The attempt fails. The payment comes back with the error, requires_confirmation, and can be
// confirmed again with another Key, after a top-up or with other Methods; the last attempt of
// Config.MaxAttempts leaves it failed. Errors: AmountTooSmall and LimitExceededTransaction
// with Limit; MerchantUnavailable, MerchantRejected and MerchantNotAllowed (the latter two for
// good: failed); LimitExceededDaily, LimitExceededMonthly and VelocityExceeded;
// InsufficientBalance with Short; FundingSourceDeclined; ProviderUnavailable without an
// exchange rate. From the third attempt on the advice is to contact support with the payment, which is the error's
// Object.
//
// It is blocked: failed, with AccountLocked, AccountClosed or RiskDeclined.
//
// It waits: requires_action with AuthenticationRequired, when Config.Risk asks for a challenge or a review (which
// a payment treats alike: nobody waits at a checkout for a person to look), see Authenticate; or
// processing, without error, when a funding source does not know yet.
//
// Other errors, in this order: InvalidRequest for Methods, IdempotencyKeyReused, NotFound (also
// for a payment meant for another customer), PaymentExpired (recorded), InvalidState,
// ServiceBusy when Config.Risk does not answer. The order above is also the order in which
// they win: blocked, merchant's, waiting for proof, limits, funds.
func (s *Payments) Confirm(ctx context.Context, in ConfirmPayment) (Payment, error) {
	if err := CheckID("customer", string(in.Customer)); err != nil {
		return Payment{}, err
	}
	if err := s.w.checkMethods(in.Methods, ""); err != nil {
		return Payment{}, err
	}
	v := verb{"c/" + string(in.Customer), "payment.confirm", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)}, methodsField(in.Methods),
	}}
	try := s.newAttempt(in.Customer, in.Methods)
	return s.run(ctx, v, in.Payment, true, func(d *ledger.Draft) (*paymentDoc, error) {
		p, err := s.load(d, in.Payment)
		if err != nil {
			return nil, err
		}
		if p.Customer != "" && p.Customer != in.Customer {
			return nil, notFound("payment", string(in.Payment))
		}
		if p.due(d.Now()) {
			return p, s.expireInstead(d, p, PaymentExpired)
		}
		if err := s.w.checkMethods(in.Methods, p.Currency); err != nil {
			return nil, err
		}
		if p.lapsed(d.Now()) {
			// Found by a customer who begins anew.
			m, err := s.tryFailed(p, challengeLapsed, AuthenticationFailed, d.Now())
			if err != nil {
				return nil, err
			}
			if p.State == PaymentFailed {
				d.Refuse(ledger.Refusal{Reason: ledger.Reason(AuthenticationFailed)})
				return p, s.write(&d.Change, p, d.Now(), false, m)
			}
			if err := s.w.announce(&d.Change, d.Now(), p, m.Emits...); err != nil {
				return nil, err
			}
		}
		if !paymentMachine().Allows(p.State, confirm) {
			return nil, p.invalidState(confirm)
		}
		merchant := &Merchant{}
		if err := draftGet(d, "merchant", string(p.Merchant), merchant); err != nil {
			return nil, err
		}
		return p, s.confirm(d, p, merchant, try)
	})
}

// attempt is what one call of a verb tries, over all the times that a conflict makes it run.
type attempt struct {
	payer   CustomerID
	methods []PaymentMethod
	risk    *assessment
	rates   *rates
	order   *orderAnswer
}

func (s *Payments) newAttempt(payer CustomerID, methods []PaymentMethod) *attempt {
	if len(methods) == 0 {
		methods = []PaymentMethod{{}}
	}
	return &attempt{payer: payer, methods: methods, risk: s.w.risk(), rates: &rates{w: s.w}, order: &orderAnswer{}}
}

// confirm writes a confirmation; a payment without a state is made in the same Change.
func (s *Payments) confirm(d *ledger.Draft, p *paymentDoc, merchant *Merchant, try *attempt) error {
	shut, err := s.shut(d, try.payer)
	if err != nil {
		return err
	}
	amount := p.amountOf(s.w, p.Minor.Amount)
	p.Tried = try.payer
	if shut != "" {
		return s.block(d, p, shut)
	}
	p.Assessed, err = try.risk.ask(d.Context(), RiskCheck{
		Operation: OnPayment, Customer: try.payer, Merchant: p.Merchant, Object: string(p.ID), Amount: amount, At: d.Now(),
	})
	if err != nil {
		return err
	}
	if p.Assessed.Verdict == Block {
		return s.block(d, p, RiskDeclined)
	}
	if p.State == "" {
		m, err := p.move(create, Always)
		if err != nil {
			return err
		}
		if err := s.w.announce(&d.Change, d.Now(), p, m.Emits...); err != nil {
			return err
		}
	}
	p.Attempts++
	if err := s.partiesAccept(d, p.Parties, p.Merchant, amount.Currency()); CodeOf(err) == MerchantNotAllowed {
		return s.fail(d, p, confirm, MerchantNotAllowed, ledger.Refusal{Reason: ledger.Reason(MerchantNotAllowed)})
	} else if err != nil {
		return err
	}
	if code := s.merchantSays(d.Context(), p, merchant, amount, try.order); code != "" {
		return s.fail(d, p, confirm, code, ledger.Refusal{Reason: ledger.Reason(code)})
	}
	if p.Assessed.Verdict != Allow {
		m, err := p.move(confirm, challenged)
		if err != nil {
			return err
		}
		p.Methods, p.ChallengeEnds = try.methods, d.Now().Add(s.w.cfg.ChallengeExpiry)
		d.Refuse(ledger.Refusal{Reason: ledger.Reason(AuthenticationRequired)})
		return s.write(&d.Change, p, d.Now(), false, m)
	}
	return s.pay(d, p, confirm, try.methods, try.rates)
}

// shut tells why no money of a customer's may leave, which is to be recorded; empty if it may.
// Errors: NotFound.
func (s *Payments) shut(d *ledger.Draft, id CustomerID) (Code, error) {
	err := s.w.leaving(d, id, CanPay)
	switch code := CodeOf(err); code {
	case AccountLocked, AccountRestricted, AccountClosed:
		return code, nil
	}
	return "", err
}

// block records that the payer may not pay.
func (s *Payments) block(d *ledger.Draft, p *paymentDoc, code Code) error {
	on, g := blocked, Always
	if p.State == "" {
		on, g = create, blockedAtOnce
	}
	m, err := p.move(on, g)
	if err != nil {
		return err
	}
	p.remember(code, d.Now())
	p.Methods, p.ChallengeEnds = nil, time.Time{}
	d.Refuse(ledger.Refusal{Reason: ledger.Reason(code)})
	return s.write(&d.Change, p, d.Now(), false, m)
}

// fail records that an attempt failed for what the verb itself found.
func (s *Payments) fail(d *ledger.Draft, p *paymentDoc, on Action, code Code, r ledger.Refusal) error {
	m, err := s.tryFailed(p, on, code, d.Now())
	if err != nil {
		return err
	}
	p.Methods = nil
	d.Refuse(r)
	return s.write(&d.Change, p, d.Now(), false, m)
}

// pay tries methods in order.
func (s *Payments) pay(d *ledger.Draft, p *paymentDoc, on Action, methods []PaymentMethod, rates *rates) error {
	amount := p.amountOf(s.w, p.Minor.Amount)
	if err := s.w.within(OnPayment, amount); err != nil {
		return s.fail(d, p, on, CodeOf(err), ledger.Refusal{Reason: ledger.Reason(CodeOf(err))})
	}
	full, limits, err := s.w.overLimit(d, OnPayment, partyCustomer(p.Tried), amount)
	if err != nil {
		return err
	}
	if full != nil {
		return s.fail(d, p, on, codeOfLimit(full.Account.Name), *full)
	}
	var first *ledger.Refusal
	for i, m := range methods {
		p.Methods = methods[i+1:]
		if m.Source != "" {
			return s.askSource(d, p, on, m, limits)
		}
		if m.only(p.Currency) && i == len(methods)-1 && first == nil && limits == nil {
			// Nothing has to be read: the kernel decides.
			return s.authorize(d, p, on, m, funding{}, nil, InsufficientBalance)
		}
		f, err := s.fund(d, rates, p.Tried, m, amount)
		if err != nil && CodeOf(err) != ProviderUnavailable {
			return err
		}
		if err == nil && f.missing == 0 {
			return s.authorize(d, p, on, m, f, nil, limits.likelier(f.left.Minor()-amount.Minor()))
		}
		if first == nil {
			first = &ledger.Refusal{
				Reason: ledger.InsufficientFunds, Short: f.missing,
				Account: ledger.AccountKey{Name: customerAccount(p.Tried), Currency: p.Currency},
			}
			if err != nil {
				first = &ledger.Refusal{Reason: ledger.Reason(ProviderUnavailable), Detail: "there is no exchange rate"}
			}
		}
	}
	return s.fail(d, p, on, codeOfReason(first.Reason), *first)
}

// authorize writes the move of a funded payment: a hold, or the capture at once. brought, if
// given, is what a funding source just sent. What the kernel finds too little is recorded as a
// failed attempt, with otherwise as what was likely too little.
func (s *Payments) authorize(d *ledger.Draft, p *paymentDoc, on Action, method PaymentMethod, f funding, brought []ledger.Posting, otherwise Code) error {
	now := d.Now()
	if brought == nil {
		s.otherwiseFailed(d, p, on, otherwise)
	}
	g := funded
	switch {
	case brought != nil:
		g = paidAsOrdered
	case len(f.exchanges) > 0:
		g = converted
	}
	m, err := p.move(on, g)
	if err != nil {
		return err
	}
	amount := p.amountOf(s.w, p.Minor.Amount)
	p.Customer, p.LastFailure, p.ChallengeEnds, p.Methods, p.Paid = p.Tried, nil, time.Time{}, nil, &method
	if brought == nil {
		p.Used = s.w.reserve(&d.Change, OnPayment, partyCustomer(p.Customer), amount, now)
	}
	for _, x := range f.exchanges {
		d.Post(ledger.Transaction{
			Reference: string(p.ID), Metadata: kind("conversion"), Postings: x.postings(p.Customer, amount.Currency()),
		})
	}
	if brought != nil {
		d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("topup"), Postings: brought})
	}
	if p.CaptureMethod == CaptureManual {
		paying, err := s.held(p, amount)
		if err != nil {
			return err
		}
		p.Hold = true
		d.Hold(ledger.Hold{ID: string(p.ID), Expires: p.ExpiresAt, Reference: string(p.ID), Metadata: kind("payment"), Postings: paying})
		return s.write(&d.Change, p, now, false, m)
	}
	p.UpdatedAt = now
	// Of a state that the same Change leaves again.
	if err := s.w.announce(&d.Change, now, p, m.Emits...); err != nil {
		return err
	}
	captured, err := p.move(capture, whole)
	if err != nil {
		return err
	}
	paid, among, err := s.charge(p, amount, now)
	if err != nil {
		return err
	}
	d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("payment"), Postings: append(paid, among...)})
	return s.write(&d.Change, p, now, false, captured)
}

// held are the postings of a hold: what each party would get if all of it were captured.
func (s *Payments) held(p *paymentDoc, amount money.Amount) ([]ledger.Posting, error) {
	all := *p
	gets, fees, err := all.change(amount.Currency(), func() { all.Minor.Captured = amount.Minor() })
	if err != nil {
		return nil, err
	}
	paid, _ := hand(string(p.ID), customerAccount(p.Customer), amount, p.partiesOf(), gets, fees)
	return paid, nil
}

// otherwiseFailed writes what commits when the kernel finds too little: the attempt failed.
// Whoever could not pay has not made the payment theirs.
func (s *Payments) otherwiseFailed(d *ledger.Draft, p *paymentDoc, on Action, code Code) {
	declined, before := *p, d.Change
	d.OtherwiseLater(func(alt *ledger.Change) error {
		alt.Ops, alt.Events, alt.Puts = slices.Clone(before.Ops), slices.Clone(before.Events), slices.Clone(before.Puts)
		m, err := s.tryFailed(&declined, on, code, d.Now())
		if err != nil {
			return err
		}
		declined.Methods = nil
		return s.write(alt, &declined, d.Now(), false, m)
	}, ledger.InsufficientFunds, ledger.ConditionFailed)
}

// OrderCheck is what Config.Order is asked about: a customer is about to pay.
type OrderCheck struct {
	Payment   PaymentID
	Merchant  MerchantID
	Customer  CustomerID
	Reference string
	Amount    money.Amount
}

// orderAnswer keeps the merchant's answer for one call of a verb.
type orderAnswer struct {
	asked, accepted bool
	err             error
}

// merchantSays tells why the merchant does not take the payment; empty if they do.
func (s *Payments) merchantSays(ctx context.Context, p *paymentDoc, m *Merchant, amount money.Amount, a *orderAnswer) Code {
	if m.accepts(amount.Currency()) != nil {
		return MerchantNotAllowed
	}
	if s.w.cfg.Order == nil {
		return ""
	}
	if !a.asked {
		a.asked = true
		a.accepted, a.err = s.w.cfg.Order(ctx, OrderCheck{
			Payment: p.ID, Merchant: p.Merchant, Customer: p.Tried, Reference: p.Reference, Amount: amount,
		})
	}
	switch {
	case a.err != nil:
		return MerchantUnavailable
	case !a.accepted:
		return MerchantRejected
	}
	return ""
}
