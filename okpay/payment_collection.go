package okpay

import (
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// collection is what a funding source was asked for, for a payment.
type collection struct {
	ID       string     `json:"id"` // the source's key for it, for ever
	Source   string     `json:"source"`
	Customer CustomerID `json:"customer"`         // whose money it is
	Answer   string     `json:"answer,omitempty"` // paid or failed, once known; the first answer, unless paid comes after failed
	AskAt    time.Time  `json:"ask_at,omitzero"`  // when the source is asked again, while there is no answer

	// Suspended is money of another amount than was asked for, whose owner a person decides.
	Suspended *suspended `json:"suspended,omitempty"`

	PaidAt   time.Time  `json:"paid_at,omitzero"`
	Came     *suspended `json:"came,omitempty"`      // what came, where it was not what was asked for
	SentBack bool       `json:"sent_back,omitempty"` // a person sent it back
	HeldBack bool       `json:"held_back,omitempty"` // what came waits on suspense, since the payer's account is closed
	Settled  movements  `json:"settled,omitzero"`    // what statements have of it

	TakenBackAt time.Time  `json:"taken_back_at,omitzero"` // the source took it back
	Parked      *suspended `json:"parked,omitempty"`       // a reversal that was told before the money came; without a currency, of all of it
}

type suspended struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// amount is the zero Amount if it has no currency.
func (a *suspended) amount(w *Wallet) (money.Amount, error) {
	if a.Currency == "" {
		return money.Amount{}, nil
	}
	return w.restore(a.Minor, a.Currency)
}

// there reports whether the money came, and was neither sent nor taken back.
func (c *collection) there() bool { return c.Answer == collectionPaid && !c.gone() }

// gone reports whether the money came and went again.
func (c *collection) gone() bool { return c.SentBack || !c.TakenBackAt.IsZero() }

// came is what a collection has brought.
func (p *paymentDoc) came(w *Wallet, c *collection) (money.Amount, error) {
	if c.Came != nil {
		return c.Came.amount(w)
	}
	return w.restore(p.Minor.Amount, p.Currency)
}

const (
	collectionPaid   = "paid"
	collectionFailed = "failed"
)

// open is the collection that has no answer yet; nil if there is none.
func (p *paymentDoc) open() *collection {
	if n := len(p.Collections); n > 0 && p.Collections[n-1].Answer == "" {
		return &p.Collections[n-1]
	}
	return nil
}

// collection finds one by its id, or the latest; nil if there is none.
func (p *paymentDoc) collection(id string) *collection {
	if id == "" && len(p.Collections) > 0 {
		return &p.Collections[len(p.Collections)-1]
	}
	i := slices.IndexFunc(p.Collections, func(c collection) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &p.Collections[i]
}

// askSource writes that a funding source is going to be asked: the intent is committed before
// the call, and what it uses of limits is reserved already.
func (s *Payments) askSource(d *ledger.Draft, p *paymentDoc, on Action, m PaymentMethod, limits *roomLeft) error {
	if limits != nil {
		s.otherwiseFailed(d, p, on, limits.code)
	}
	move, err := p.move(on, fromSource)
	if err != nil {
		return err
	}
	amount := p.amountOf(s.w, p.Minor.Amount)
	p.ChallengeEnds = time.Time{}
	p.Used = s.w.reserve(&d.Change, OnPayment, partyCustomer(p.Tried), amount, d.Now())
	p.Collections = append(slices.Clone(p.Collections), collection{
		ID: fmt.Sprintf("%s-%d", p.ID, len(p.Collections)+1), Source: m.Source, Customer: p.Tried, AskAt: d.Now().Add(queryAfter),
	})
	return s.write(&d.Change, p, d.Now(), false, move)
}

// settle writes what a funding source said. It is errNothingDue when that is known already,
// or contradicts money that came.
func (s *Payments) settle(d *ledger.Draft, p *paymentDoc, id string, paid bool, got money.Amount, rates *rates) error {
	p.Collections = slices.Clone(p.Collections)
	c := p.collection(id)
	switch {
	case c == nil:
		return notFound("collection", id)
	case c.Answer == collectionPaid, !paid && c.Answer == collectionFailed:
		return ErrNothingDue
	}
	awaited := p.State == PaymentProcessing && c == p.open()
	if awaited && p.due(d.Now()) {
		// The answer came too late, found before the expiry was recorded.
		awaited = false
		if err := s.endFirst(d, p); err != nil {
			return err
		}
	}
	switch {
	case paid:
		parked := c.Parked
		c.Answer, c.AskAt, c.PaidAt, c.Parked = collectionPaid, time.Time{}, d.Now(), nil
		if got != p.amountOf(s.w, p.Minor.Amount) {
			c.Came = &suspended{got.Minor(), got.Currency().Code()}
		}
		if err := s.settlePaid(d, p, c, awaited, got); err != nil || parked == nil {
			return err
		}
		// A reversal that was told first. What came is taken back in the same commit, so that it
		// ends as if they had been told in their order.
		taken, err := parked.amount(s.w)
		if err != nil {
			return err
		}
		return s.takeBack(d, p, id, taken)
	case awaited:
		c.Answer, c.AskAt = collectionFailed, time.Time{}
		return s.settleFailed(d, p, rates)
	}
	c.Answer, c.AskAt = collectionFailed, time.Time{}
	return s.write(&d.Change, p, d.Now(), false)
}

// settlePaid writes that money came. It is the payer's, and pays the payment if that still
// waits for exactly this.
func (s *Payments) settlePaid(d *ledger.Draft, p *paymentDoc, c *collection, awaited bool, got money.Amount) error {
	shut, err := s.shut(d, c.Customer)
	if err != nil {
		return err
	}
	clearing := clearingAccount(c.Source)
	credit := []ledger.Posting{{Debit: clearing, Credit: customerAccount(c.Customer), Amount: got}}
	suspend := []ledger.Posting{{Debit: clearing, Credit: suspenseAccount(c.Source), Amount: got}}
	on, g, postings := sourcePaidLate, toPayer, credit
	switch {
	case shut == AccountClosed:
		g, postings = toSuspense, suspend
	case !awaited:
	case got != p.amountOf(s.w, p.Minor.Amount):
		on, g, postings = sourcePaid, mismatched, suspend
		c.Suspended = &suspended{got.Minor(), got.Currency().Code()}
	case shut != "":
		on, g = sourcePaid, payerShut
		s.giveBack(d, p, p.rest())
	default:
		p.PaidBy = c.ID
		return s.authorize(d, p, sourcePaid, PaymentMethod{Source: c.Source}, funding{}, credit, "")
	}
	m, err := p.move(on, g)
	if err != nil {
		return err
	}
	if g == payerShut {
		p.remember(shut, d.Now())
		p.Methods = nil
	}
	c.HeldBack = g == toSuspense
	d.Post(ledger.Transaction{Reference: string(p.ID), Metadata: kind("topup"), Postings: postings})
	if err := s.write(&d.Change, p, d.Now(), false, m.Without(exceptionRaised)); err != nil {
		return err
	}
	switch g {
	case mismatched:
		return s.w.raise(&d.Change, d.Now(), exceptionAmount, c.Source, string(p.ID), "another amount came than the payment asked for", got)
	case toSuspense:
		// No verb of the payment's decides on it: its payer is gone.
		return s.w.raiseAs(&d.Change, d.Now(), &exceptionDoc{Exception: Exception{
			Kind: exceptionHeldBack, Provider: c.Source, Object: string(p.ID), Detail: "money came for a payer whose account is closed", Suspended: "in",
		}}, got)
	}
	return nil
}

// settleFailed writes that an attempt failed, and tries the methods that are left.
func (s *Payments) settleFailed(d *ledger.Draft, p *paymentDoc, rates *rates) error {
	methods := p.Methods
	p.Methods = nil
	s.giveBack(d, p, p.rest())
	m, err := s.tryFailed(p, sourceFailed, FundingSourceDeclined, d.Now())
	if err != nil {
		return err
	}
	if len(methods) == 0 || p.State == PaymentFailed {
		return s.write(&d.Change, p, d.Now(), false, m)
	}
	shut, err := s.shut(d, p.Tried)
	if err != nil {
		return err
	}
	p.UpdatedAt = d.Now()
	if err := s.w.announce(&d.Change, d.Now(), p, m.Emits...); err != nil {
		return err
	}
	if shut != "" {
		return s.block(d, p, shut)
	}
	p.Attempts++
	return s.pay(d, p, confirm, methods, rates)
}
