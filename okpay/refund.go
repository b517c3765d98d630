package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// RefundID names a refund.
type RefundID string

// RefundState is where a refund is in its life.
type RefundState string

const (
	// RefundSucceeded gave the money back. Final.
	RefundSucceeded RefundState = "succeeded"
	// RefundFailed gave nothing back. Final.
	RefundFailed RefundState = "failed"
)

// Refund is captured money given back to the customer. Its JSON is what merchants see.
type Refund struct {
	ID          RefundID     `json:"id"`
	Payment     PaymentID    `json:"payment"`
	Merchant    MerchantID   `json:"merchant"`
	Customer    CustomerID   `json:"customer"`
	State       RefundState  `json:"state"`
	Amount      money.Amount `json:"amount"`
	FeeReturned money.Amount `json:"fee_returned"` // of the amount, paid by the wallet from its fee
	Reason      string       `json:"reason,omitempty"`
	Failure     *Refused     `json:"failure,omitempty"`
	CreatedAt   time.Time    `json:"created_at"`
	Sequence    int64        `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// refundDoc is a refund as its record keeps it.
type refundDoc struct {
	Refund
	Currency string `json:"currency"`
	Minor    struct {
		Amount, FeeReturned int64
	} `json:"minor"`

	Amount      *struct{} `json:"amount,omitempty"` // kept in Minor
	FeeReturned *struct{} `json:"fee_returned,omitempty"`
}

func (w *Wallet) refund(d *refundDoc) (Refund, error) {
	amount, err := w.restore(d.Minor.Amount, d.Currency)
	r := d.Refund
	r.Amount, r.FeeReturned = amount, money.New(d.Minor.FeeReturned, amount.Currency())
	return r, err
}

// CreateRefund is the input of Payments.Refund.
type CreateRefund struct {
	Merchant MerchantID
	Payment  PaymentID
	Amount   money.Amount // the zero Amount means all that can be refunded
	Reason   string       // at most 500 bytes
	Key      string       // makes the call safe to repeat
}

// Refund gives captured money back, in part or whole. Errors: NotFound (also for another
// merchant's payment), InvalidState, AmountExceedsRefundable with Limit,
// MerchantFundsInsufficient (recorded: the refund comes back failed),
// AmountNotPositive, CurrencyNotSupported, IdempotencyKeyReused.
func (s *Payments) Refund(ctx context.Context, in CreateRefund) (Refund, error) {
	all := in.Amount == money.Amount{}
	if !all {
		if err := s.w.amount("amount", in.Amount); err != nil {
			return Refund{}, err
		}
	}
	if err := checkText("reason", in.Reason, 500); err != nil {
		return Refund{}, err
	}
	v := verb{"m/" + string(in.Merchant), "refund.create", in.Key, []ledger.Field{
		{Name: "payment", Value: string(in.Payment)}, amountField("amount", in.Amount), {Name: "reason", Value: in.Reason},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		p, err := s.owned(d, in.Merchant, in.Payment)
		if err != nil {
			return err
		}
		if p.Minor.Disputed > 0 {
			e := newError(PaymentDisputed, "")
			e.Object = string(p.ID)
			return e
		}
		if !paymentMachine().allows(p.State, refund) {
			return p.invalidState(refund)
		}
		amount := in.Amount
		if all {
			amount = p.amountOf(s.w, p.refundable())
		}
		if err := p.within("amount", amount, p.refundable(), AmountExceedsRefundable, s.w); err != nil {
			return err
		}
		r := &refundDoc{Currency: p.Currency}
		r.Refund = Refund{
			ID: RefundID(s.w.newID("ref_")), Payment: p.ID, Merchant: p.Merchant, Customer: p.Customer,
			State: RefundFailed, Reason: in.Reason, CreatedAt: d.Now(),
			Failure: refusedFor(MerchantFundsInsufficient, d.Now()),
		}
		r.Minor.Amount = amount.Minor()
		fresh(d, "refund", string(r.ID))
		failed := *r
		if err := s.writeRefund(d.Otherwise(ledger.InsufficientFunds), &failed, "refund.created", "refund.failed"); err != nil {
			return err
		}
		return s.giveBack(d, p, r, amount)
	})
	failure := translate(err)
	if errors.Is(err, ledger.ErrInsufficientFunds) {
		failure = newError(MerchantFundsInsufficient, "")
	}
	if failure != nil && out.Result == "" {
		return Refund{}, failure
	}
	r, err := s.GetRefund(ctx, in.Merchant, RefundID(out.Result))
	r.Replayed = out.Replayed
	return r, errors.Join(failure, err)
}

// giveBack writes a refund that the merchant has the money for.
func (s *Payments) giveBack(d *ledger.Draft, p *paymentDoc, r *refundDoc, amount money.Amount) error {
	r.State, r.Failure = RefundSucceeded, nil
	p.Minor.Refunded += amount.Minor()
	if s.w.cfg.RefundFees == ReturnFeeProportionally {
		r.Minor.FeeReturned = share(p.Minor.Fee, p.Minor.Refunded, p.Minor.Captured) - p.Minor.FeeReturned
		p.Minor.FeeReturned += r.Minor.FeeReturned
	}
	from := merchantAccount(p.Merchant)
	t := ledger.Transaction{Reference: string(r.ID), Metadata: kind("refund")}
	if back := r.Minor.FeeReturned; back > 0 {
		t.Postings = append(t.Postings, ledger.Posting{Debit: feeAccount, Credit: from, Amount: money.New(back, amount.Currency())})
	}
	t.Postings = append(t.Postings, ledger.Posting{Debit: from, Credit: customerAccount(p.Customer), Amount: amount})
	d.Post(t)
	g := part
	if p.refundable() == 0 {
		g = whole
	}
	m, err := p.move(refund, g)
	if err != nil {
		return err
	}
	if err := s.writeRefund(&d.Change, r, "refund.created", "refund.succeeded"); err != nil {
		return err
	}
	return s.write(&d.Change, p, d.Now(), false, m)
}

// writeRefund puts the refund into a Change, together with its events.
func (s *Payments) writeRefund(c *ledger.Change, r *refundDoc, eventTypes ...string) error {
	a := announcer{w: s.w, now: r.CreatedAt, merchant: r.Merchant, subject: string(r.ID), sequence: &r.Sequence}
	for _, eventType := range eventTypes {
		view, err := s.w.refund(r)
		if err != nil {
			return err
		}
		view.Sequence++
		c.Events = append(c.Events, a.event(eventType, view))
	}
	c.Puts = append(c.Puts, ledger.Put{
		Type: "refund", ID: string(r.ID), Content: encode(r),
		Labels: []string{"p:" + string(r.Payment), "m:" + string(r.Merchant), "c:" + string(r.Customer)},
	})
	return nil
}

// GetRefund returns a merchant's refund. Errors: NotFound, also for another merchant's.
func (s *Payments) GetRefund(ctx context.Context, merchant MerchantID, id RefundID) (Refund, error) {
	var doc refundDoc
	if err := s.w.get(ctx, "refund", string(id), &doc); err != nil {
		return Refund{}, translate(err)
	}
	if doc.Merchant != merchant {
		return Refund{}, notFound("refund", string(id))
	}
	return s.w.refund(&doc)
}

// ListRefunds is the input of Payments.Refunds.
type ListRefunds struct {
	Merchant MerchantID
	Payment  PaymentID // only this payment's; empty means all of the merchant's
	After    RefundID  // continue after this refund
	Limit    int       // 1 to 100, 20 unless told
}

// Refunds returns a merchant's refunds, the newest first, and whether there are more.
// Errors: NotFound for another merchant's payment.
func (s *Payments) Refunds(ctx context.Context, in ListRefunds) (page []Refund, more bool, err error) {
	label := "m:" + string(in.Merchant)
	if in.Payment != "" {
		if _, err := s.GetOwned(ctx, in.Merchant, in.Payment); err != nil {
			return nil, false, err
		}
		label = "p:" + string(in.Payment)
	}
	limit := pageSize(in.Limit)
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
		Type: "refund", Label: label, After: string(in.After), Desc: true, Limit: limit + 1,
	})
	if err != nil {
		return nil, false, translate(err)
	}
	for _, record := range records[:min(limit, len(records))] {
		var doc refundDoc
		if err := decodeRecord("refund", record.ID, record, nil, &doc); err != nil {
			return nil, false, err
		}
		r, err := s.w.refund(&doc)
		if err != nil {
			return nil, false, err
		}
		page = append(page, r)
	}
	return page, len(records) > limit, nil
}
