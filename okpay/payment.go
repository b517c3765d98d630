package okpay

import (
	"cmp"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// PaymentID names a payment.
type PaymentID string

// CaptureMethod says who captures a payment.
type CaptureMethod string

const (
	// CaptureAutomatic captures as soon as the customer confirms.
	CaptureAutomatic CaptureMethod = "automatic"
	// CaptureManual holds the money until the merchant captures, in one part or several.
	CaptureManual CaptureMethod = "manual"
)

// Payment is money that a merchant asks a customer for. Its JSON is what merchants see.
type Payment struct {
	ID            PaymentID         `json:"id"`
	Merchant      MerchantID        `json:"merchant"`
	Customer      CustomerID        `json:"customer,omitempty"` // the payer, once known
	State         PaymentState      `json:"state"`
	CaptureMethod CaptureMethod     `json:"capture_method"`
	Amount        money.Amount      `json:"amount"`
	Captured      money.Amount      `json:"captured"`
	Refunded      money.Amount      `json:"refunded"`
	Fee           money.Amount      `json:"fee"`          // paid by the merchant on what was captured
	FeeReturned   money.Amount      `json:"fee_returned"` // of it, given back with refunds
	Reference     string            `json:"reference,omitempty"`
	Description   string            `json:"description,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	Attempts      int               `json:"attempts"`               // how often the customer tried to pay, see Config.MaxAttempts
	LastFailure   *Refused          `json:"last_failure,omitempty"` // of the last attempt; nil once one succeeded
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
	ExpiresAt     time.Time         `json:"expires_at"` // the first instant at which it is expired
	Sequence      int64             `json:"sequence"`   // counts the payment's events

	// Splits are what its parties have of a payment that is divided; none of one that is not.
	Splits []Share `json:"splits,omitempty"`

	// RefundPending is what refunds that have not come to an end reserve of what was captured;
	// the zero Amount if there are none.
	RefundPending money.Amount `json:"refund_pending,omitzero"`
	// Dispute is the report of the customer's that is open; empty if there is none.
	Dispute DisputeID `json:"dispute,omitempty"`
	// NeedsReview says that a funding source sent another amount than was asked for, and that
	// nobody has decided yet whose it is (Payments.ResolveMismatch).
	NeedsReview bool `json:"needs_review,omitempty"`

	// What follows is between the customer and the wallet, and merchants do not see it.

	// PaidWith is the method that paid; nil until one did.
	PaidWith *PaymentMethod `json:"-"`
	// TakenBack says that a funding source took back money that it had sent for the payment,
	// see Payments.AnswerReversal.
	TakenBack bool `json:"-"`
	// ChallengeExpiresAt is the first instant at which a proof is too late, while the payment
	// requires action.
	ChallengeExpiresAt time.Time `json:"-"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// Refused is a refusal that an object remembers.
type Refused struct {
	Code       Code      `json:"code"`
	Fault      Fault     `json:"fault"`
	Retry      string    `json:"retry"`
	NextAction []string  `json:"next_action"`
	MessageEn  string    `json:"message_en"`
	MessageZh  string    `json:"message_zh"`
	At         time.Time `json:"at"`
}

func refusedFor(code Code, at time.Time) *Refused { return NewError(code, "").Failure.refused(at) }

func (f Failure) refused(at time.Time) *Refused {
	return &Refused{
		Code: f.Code, Fault: f.Fault, Retry: f.Retry, NextAction: f.NextAction,
		MessageEn: f.En, MessageZh: f.Zh, At: at,
	}
}

// supportAfter is how many attempts fail before the advice is to contact support.
const supportAfter = 3

// paymentDoc is a payment as its record keeps it: amounts in minor units of one currency.
type paymentDoc struct {
	Payment
	Currency string `json:"currency"`
	Minor    struct {
		Amount, Captured, Refunded, Fee, FeeReturned int64

		// RefundPending is reserved by refunds that have not ended; RefundPosted is what was
		// taken from the merchant for refunds, ended or not.
		RefundPending, RefundPosted int64 `json:",omitempty"`

		// Disputed is what a dispute that is open, or was decided for the payer, is about.
		Disputed int64 `json:",omitempty"`
	} `json:"minor"`
	Hold  bool       `json:"hold,omitempty"`  // a hold named as the payment was placed
	Tried CustomerID `json:"tried,omitempty"` // who tries to pay it, or could not pay it last

	Parties       []Split         `json:"parties,omitempty"`       // whom it is divided among
	Indexed       shareIndex      `json:"indexed,omitempty"`       // of its parties, by which they find it
	Schedule      Fee             `json:"schedule,omitzero"`       // of the fee, as agreed when the payment was made
	Methods       []PaymentMethod `json:"methods,omitempty"`       // to be tried, in order
	Paid          *PaymentMethod  `json:"paid_with,omitempty"`     // the one that paid
	Collections   []collection    `json:"collections,omitempty"`   // what funding sources were asked for, the latest last
	PaidBy        string          `json:"paid_by,omitempty"`       // the collection that paid
	ChallengeEnds time.Time       `json:"challenge_ends,omitzero"` // while it requires action
	Assessed      Assessment      `json:"assessed,omitzero"`       // by Config.Risk, at the last attempt
	Used          []usage         `json:"used,omitempty"`          // of the payer's limits
	Disputed      DisputeID       `json:"dispute,omitempty"`       // the dispute that is open
	Reported      DisputeID       `json:"reported,omitempty"`      // the dispute that was ever opened
	CapturedAt    time.Time       `json:"captured_at,omitzero"`    // of the last capture

	// The amounts of the embedded Payment are kept in Minor.
	Amount      *struct{} `json:"amount,omitempty"`
	Captured    *struct{} `json:"captured,omitempty"`
	Refunded    *struct{} `json:"refunded,omitempty"`
	Fee         *struct{} `json:"fee,omitempty"`
	FeeReturned *struct{} `json:"fee_returned,omitempty"`

	RefundPending *struct{} `json:"refund_pending,omitempty"`
}

// payment returns what the outside sees.
func (w *Wallet) payment(d *paymentDoc) (Payment, error) {
	amount, err := w.restore(d.Minor.Amount, d.Currency)
	if err != nil {
		return Payment{}, err
	}
	c := amount.Currency()
	p := d.Payment
	p.Amount = amount
	p.Captured, p.Refunded = money.New(d.Minor.Captured, c), money.New(d.Minor.Refunded, c)
	p.Fee, p.FeeReturned = money.New(d.Minor.Fee, c), money.New(d.Minor.FeeReturned, c)
	if d.Minor.RefundPending > 0 {
		p.RefundPending = money.New(d.Minor.RefundPending, c)
	}
	if p.Splits, err = d.shares(c); err != nil {
		return Payment{}, err
	}
	p.PaidWith, p.ChallengeExpiresAt, p.Dispute = d.Paid, d.ChallengeEnds, d.Disputed
	p.NeedsReview = slices.ContainsFunc(d.Collections, func(c collection) bool { return c.Suspended != nil })
	p.TakenBack = slices.ContainsFunc(d.Collections, func(c collection) bool { return !c.TakenBackAt.IsZero() })
	return p, nil
}

// move takes a payment through its table.
func (p *paymentDoc) move(on Action, g Guard) (Told, error) {
	return paymentMachine().Move(&p.State, string(p.ID), on, g)
}

func (p *paymentDoc) invalidState(on Action) error {
	return paymentMachine().Refuse(p.State, string(p.ID), on)
}

// due reports whether the payment's time is over and that changes its state.
func (p *paymentDoc) due(now time.Time) bool {
	return !now.Before(p.ExpiresAt) && paymentMachine().Allows(p.State, expire)
}

// lapsed reports whether the customer was too late to prove who they are.
func (p *paymentDoc) lapsed(now time.Time) bool {
	return p.State == PaymentRequiresAction && !now.Before(p.ChallengeEnds)
}

// rest is what may still be captured, in minor units.
func (p *paymentDoc) rest() int64 { return p.Minor.Amount - p.Minor.Captured }

// refundable is what may still be refunded, in minor units.
func (p *paymentDoc) refundable() int64 {
	return p.Minor.Captured - p.Minor.Refunded - p.Minor.RefundPending - p.Minor.Disputed
}

func (p *paymentDoc) amountOf(w *Wallet, minor int64) money.Amount {
	a, err := w.restore(minor, p.Currency)
	if err != nil {
		return money.Amount{}
	}
	return a
}

// tryFailed takes a payment through the row of an attempt that failed, and remembers why.
func (s *Payments) tryFailed(p *paymentDoc, on Action, code Code, now time.Time) (Told, error) {
	g := short
	switch {
	case p.Attempts >= s.w.cfg.MaxAttempts:
		g = shortForLast
	case code == MerchantNotAllowed || code == MerchantRejected:
		g = declinedForGood
	}
	m, err := p.move(on, g)
	p.remember(code, now)
	p.ChallengeEnds = time.Time{}
	return m, err
}

// remember keeps a refusal. After repeated failure, and when the last attempt has failed, the
// advice is to contact support; what blocks the payer has an advice of its own.
func (p *paymentDoc) remember(code Code, now time.Time) {
	f := NewError(code, "").Failure
	last := p.State == PaymentFailed && code != AccountRestricted
	if (p.Attempts >= supportAfter || last) && !slices.Contains(f.NextAction, contactSupport) {
		f.NextAction = append(slices.Clone(f.NextAction), contactSupport)
	}
	p.LastFailure = f.refused(now)
}

const contactSupport = "contact_support"

// write puts the payment's next version into a Change, together with its events. released
// says whether the move gave something back to the customer.
func (s *Payments) write(c *ledger.Change, p *paymentDoc, now time.Time, released bool, moves ...Told) error {
	p.UpdatedAt = now
	for i := range moves {
		if !released {
			moves[i].Emits = slices.DeleteFunc(slices.Clone(moves[i].Emits), func(t string) bool { return t == "payment.hold_released" })
		}
	}
	p.index(c)
	return s.w.write(c, now, p, moves...)
}

func (p *paymentDoc) record() ledger.Put {
	put := ledger.Put{
		Type: "payment", ID: string(p.ID),
		Labels: []string{"m:" + string(p.Merchant), "m:" + string(p.Merchant) + ":" + string(p.State)},
	}
	if payer := cmp.Or(p.Customer, p.Tried); payer != "" {
		put.Labels = append(put.Labels, "c:"+string(payer))
	}
	if p.State == PaymentProcessing { // its money shows in no balance and no hold
		put.Labels = append(put.Labels, openLabel(partyMerchant(p.Merchant)), openLabel(partyCustomer(cmp.Or(p.Customer, p.Tried))))
	}
	for i := range p.Collections {
		c := &p.Collections[i]
		for _, label := range c.Settled.labels(c.Source, c.there()) {
			if !slices.Contains(put.Labels, label) {
				put.Labels = append(put.Labels, label)
			}
		}
	}
	if p.Reference != "" && p.State != PaymentFailed && p.State != PaymentCanceled && p.State != PaymentTimedOut {
		put.Unique = []string{orderKey(p.Merchant, p.Reference)}
	}
	soonest := func(at time.Time) {
		if put.Due.IsZero() || at.Before(put.Due) {
			put.Due = at
		}
	}
	if paymentMachine().Allows(p.State, expire) {
		soonest(p.ExpiresAt)
	}
	if p.State == PaymentRequiresAction {
		soonest(p.ChallengeEnds)
	}
	if c := p.open(); c != nil {
		soonest(c.AskAt)
	}
	return put
}

// orderKey is what only one payment of a merchant's for one order holds.
func orderKey(merchant MerchantID, reference string) string {
	return "order:" + string(merchant) + ":" + reference
}

func (p *paymentDoc) view(w *Wallet) (any, error) { return w.payment(p) }

func (p *paymentDoc) counter() *int64 { return &p.Sequence }

func (p *paymentDoc) parties() (MerchantID, CustomerID) {
	return p.Merchant, cmp.Or(p.Customer, p.Tried)
}
