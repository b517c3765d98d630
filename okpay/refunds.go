package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// CreateRefund is the input of Payments.Refund.
type CreateRefund struct {
	Merchant MerchantID
	Payment  PaymentID
	Amount   money.Amount // the zero Amount means all that can be refunded
	Reason   string       // at most 500 bytes
	Key      string       // makes the call safe to repeat
}

// Refund gives captured money back, in part or whole. It comes back succeeded; or
// pending_funds, when the merchant, or one of those whom the payment was divided among, has too little: it is paid as soon as there is enough, after those that
// wait already; or pending_provider, when it goes to a funding source that does not know yet.
// Neither is an error. A locked customer is refunded as any other.
//
// Errors, in this order: AmountNotPositive, CurrencyNotSupported, InvalidRequest,
// IdempotencyKeyReused, NotFound (also for another merchant's payment), InvalidState for a
// payment that is not captured or refunded whole, PaymentDisputed, PaymentNotRefundable after
// Config.RefundWindow or for a customer whose account is closed, AmountExceedsRefundable with
// Limit (refunds that wait count), AmountTooSmall and LimitExceededTransaction with
// Limit, RiskDeclined when Config.Risk does anything but allow it (there is nobody to
// challenge), ServiceBusy when it does not answer, LimitExceededDaily, LimitExceededMonthly,
// VelocityExceeded. None of them is recorded.
func (s *Payments) Refund(ctx context.Context, in CreateRefund) (Refund, error) {
	all := in.Amount == money.Amount{}
	if !all {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return Refund{}, err
		}
	}
	if err := CheckText("reason", in.Reason, 500); err != nil {
		return Refund{}, err
	}
	v := verb{"m/" + string(in.Merchant), "refund.create", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)}, amountField("amount", in.Amount), {Name: "reason", Value: in.Reason},
	}}
	var (
		risk  = s.w.risk()
		tried money.Amount
	)
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		p, err := s.owned(d, in.Merchant, in.Payment)
		if err != nil {
			return err
		}
		amount := in.Amount
		if all {
			amount = p.amountOf(s.w, p.refundable())
		}
		tried = amount
		if err := s.refundAllowed(d, p, amount); err != nil {
			return err
		}
		r := &refundDoc{Currency: p.Currency}
		r.Refund = Refund{
			ID: RefundID(s.w.newID("ref_")), Payment: p.ID, Merchant: p.Merchant, Customer: p.Customer,
			Reason: in.Reason, CreatedAt: d.Now(),
		}
		r.Minor.Amount = amount.Minor()
		r.To, r.Collection = s.refundsTo(p)
		if len(p.Parties) > 0 {
			r.Payers = p.partiesOf()
		}
		r.Assessed, err = risk.ask(d.Context(), RiskCheck{
			Operation: OnRefund, Customer: p.Customer, Merchant: p.Merchant, Object: string(p.ID), Amount: amount, At: d.Now(),
		})
		if err != nil {
			return err
		}
		if r.Assessed.Verdict != Allow {
			return declined(string(p.ID))
		}
		fresh(d, "refund", string(r.ID))
		return s.createRefund(d, p, r, amount)
	})
	if err != nil && !out.Alternative {
		if limited := s.w.refusedByLimit(err, tried, out.Time); limited != nil {
			return Refund{}, limited
		}
		return Refund{}, translate(err)
	}
	r, err := s.askRefund(ctx, RefundID(out.Result))
	if err != nil {
		return Refund{}, translate(err)
	}
	if r.State == RefundPendingFunds {
		for _, m := range r.payers() {
			s.waiting.add(m, r.Currency)
		}
	}
	shown, err := s.w.refund(r)
	shown.Replayed = out.Replayed
	return shown, err
}

// refundAllowed refuses what the documentation of Refund lists.
func (s *Payments) refundAllowed(d *ledger.Draft, p *paymentDoc, amount money.Amount) error {
	if !paymentMachine().Allows(p.State, refundSucceeded) {
		return p.invalidState("refund")
	}
	refuse := func(code Code, detail string) error {
		e := NewError(code, "%s", detail)
		e.Object = string(p.ID)
		return e
	}
	if p.Disputed != "" {
		return refuse(PaymentDisputed, "the customer has reported the payment")
	}
	if window := s.w.cfg.RefundWindow; window > 0 && !d.Now().Before(p.CreatedAt.Add(window)) {
		return refuse(PaymentNotRefundable, "the time for refunds is over")
	}
	if err := s.w.arriving(d, p.Customer); CodeOf(err) == AccountClosed {
		return refuse(PaymentNotRefundable, "the customer's account is closed")
	} else if err != nil {
		return err
	}
	if amount.IsZero() {
		none := p.amountOf(s.w, 0)
		e := NewError(AmountExceedsRefundable, "nothing is left: refunds, those that wait among them, and a decided dispute count")
		e.Field, e.Object, e.Limit = "amount", string(p.ID), &none
		return e
	}
	if err := p.within("amount", amount, p.refundable(), AmountExceedsRefundable, s.w); err != nil {
		return err
	}
	return s.w.within(OnRefund, amount)
}

// refundsTo tells which funding source gets a payment back, and what it had sent; empty for
// the wallet.
func (s *Payments) refundsTo(p *paymentDoc) (source, collection string) {
	if s.w.cfg.RefundTo != RefundToSource || p.PaidBy == "" {
		return "", ""
	}
	c := p.collection(p.PaidBy)
	if c == nil {
		return "", ""
	}
	if _, ok := s.w.cfg.Sources[c.Source].(rails.Refunder); !ok {
		return "", ""
	}
	return c.Source, c.ID
}

// createRefund writes a new refund: done if the merchant has the money, waiting if not.
func (s *Payments) createRefund(d *ledger.Draft, p *paymentDoc, r *refundDoc, amount money.Amount) error {
	made, err := r.move(create, Always)
	if err != nil {
		return err
	}
	if err := s.w.announce(&d.Change, d.Now(), r, made.Emits...); err != nil {
		return err
	}
	r.Used = s.w.reserve(&d.Change, OnRefund, partyMerchant(p.Merchant), amount, d.Now())
	p.Minor.RefundPending += amount.Minor()

	alt := d.Otherwise(ledger.InsufficientFunds)
	alt.Ops, alt.Events = append(alt.Ops, d.Ops...), append(alt.Events, d.Events...)
	waits, payment := *r, *p
	pending, err := waits.move(processRefund, lacksFunds)
	if err != nil {
		return err
	}
	waits.Failure, waits.LookAt = refusedFor(MerchantFundsInsufficient, d.Now()), d.Now().Add(lookAfter)
	if err := s.w.write(alt, d.Now(), &waits, pending); err != nil {
		return err
	}
	if err := s.write(alt, &payment, d.Now(), false); err != nil {
		return err
	}
	return s.payRefund(d, p, r, processRefund)
}

// payRefund writes that the merchant pays a refund whose amount is reserved.
func (s *Payments) payRefund(d *ledger.Draft, p *paymentDoc, r *refundDoc, on Action) error {
	g, to := merchantPays, customerAccount(r.Customer)
	if r.To != "" {
		g, to = sourcePays, refundClearing(r.To)
	}
	m, err := r.move(on, g)
	if err != nil {
		return err
	}
	amount := p.amountOf(s.w, r.Minor.Amount)
	r.Failure, r.LookAt = nil, time.Time{}
	gets, fees, err := s.refundChange(p, r)
	if err != nil {
		return err
	}
	d.Post(ledger.Transaction{
		Reference: string(r.ID), Metadata: kind("refund"), Postings: take(to, amount, p.partiesOf(), gets, fees),
	})
	if r.To != "" {
		r.LookAt = d.Now().Add(queryAfter)
		if err := s.w.write(&d.Change, d.Now(), r, m); err != nil {
			return err
		}
		return s.write(&d.Change, p, d.Now(), false)
	}
	return s.refunded(d, p, r, m)
}

// refundChange counts a refund as taken, and says what each party of its payment gets by it (less than zero),
// and of the fee bears.
func (s *Payments) refundChange(p *paymentDoc, r *refundDoc) (gets, fees []int64, err error) {
	return p.change(p.amountOf(s.w, 0).Currency(), func() {
		r.Minor.FeeReturned = s.feeBack(p, r.Minor.Amount)
		p.Minor.RefundPosted += r.Minor.Amount
		p.Minor.FeeReturned += r.Minor.FeeReturned
	})
}

// feeBack is the share of the fee that goes back with a further amount.
func (s *Payments) feeBack(p *paymentDoc, amount int64) int64 {
	if s.w.cfg.RefundFees != ReturnFeeProportionally {
		return 0
	}
	return share(p.Minor.Fee, p.Minor.RefundPosted+amount, p.Minor.Captured) - p.Minor.FeeReturned
}

// refunded writes a refund whose money is the customer's again, and its payment.
func (s *Payments) refunded(d *ledger.Draft, p *paymentDoc, r *refundDoc, m Told) error {
	r.MovedAt = d.Now()
	p.Minor.RefundPending -= r.Minor.Amount
	p.Minor.Refunded += r.Minor.Amount
	g := part
	if p.Minor.Refunded == p.Minor.Captured {
		g = whole
	}
	moved, err := p.move(refundSucceeded, g)
	if err != nil {
		return err
	}
	if err := s.w.write(&d.Change, d.Now(), r, m); err != nil {
		return err
	}
	return s.write(&d.Change, p, d.Now(), false, moved)
}

// CancelRefund is the input of Payments.CancelRefund.
type CancelRefund struct {
	Merchant MerchantID
	Refund   RefundID
	Key      string // makes the call safe to repeat
}

// CancelRefund calls off a refund that waits for the merchant's funds; what it was about can be
// refunded again. Errors: IdempotencyKeyReused, NotFound (also for another merchant's),
// InvalidState.
func (s *Payments) CancelRefund(ctx context.Context, in CancelRefund) (Refund, error) {
	v := verb{"m/" + string(in.Merchant), "refund.cancel", in.Key, []ledger.Field{{Name: "refund", Value: string(in.Refund)}}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		r, p, err := s.loadRefund(d, in.Refund)
		if err != nil {
			return err
		}
		if r.Merchant != in.Merchant {
			return notFound("refund", string(in.Refund))
		}
		if r.timedOut(d.Now()) {
			if err := s.dropRefund(d, p, r, refundTimeout); err != nil {
				return err
			}
			d.Refuse(ledger.Refusal{Reason: ledger.Reason(InvalidState), Detail: "the refund has failed for want of funds"})
			return nil
		}
		return s.dropRefund(d, p, r, cancel)
	})
	if err != nil && out.Seq == 0 {
		return Refund{}, translate(err)
	}
	r, getErr := s.GetRefund(ctx, in.Merchant, in.Refund)
	r.Replayed = out.Replayed
	if err != nil {
		return r, translate(err)
	}
	return r, getErr
}

// dropRefund ends a refund that waits for funds.
func (s *Payments) dropRefund(d *ledger.Draft, p *paymentDoc, r *refundDoc, on Action) error {
	m, err := r.move(on, Always)
	if err != nil {
		return err
	}
	if r.State == RefundCanceled {
		r.Failure = nil
	}
	r.LookAt = time.Time{}
	p.Minor.RefundPending -= r.Minor.Amount
	s.w.giveBack(&d.Change, r.Used, p.amountOf(s.w, 0).Currency())
	r.Used = nil
	if err := s.w.write(&d.Change, d.Now(), r, m); err != nil {
		return err
	}
	return s.write(&d.Change, p, d.Now(), false)
}

func (r *refundDoc) timedOut(now time.Time) bool {
	return r.State == RefundPendingFunds && !now.Before(r.CreatedAt.Add(refundPatience))
}

func (s *Payments) loadRefund(d *ledger.Draft, id RefundID) (*refundDoc, *paymentDoc, error) {
	r := &refundDoc{}
	if err := draftGet(d, "refund", string(id), r); err != nil {
		return nil, nil, err
	}
	p, err := s.load(d, r.Payment)
	return r, p, err
}
